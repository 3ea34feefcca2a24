package config

import (
	"slices"
	"time"

	asteriskconfig "powerline/asterisk-config"

	"powerline/agent"
	"powerline/internal/roster"
)

// Exchange is what Asterisk's files are rendered from: this configuration, the
// active persons, and the two passwords that Asterisk must know.
func (c Config) Exchange(persons []roster.Person, ariPassword, amiSecret string) asteriskconfig.Settings {
	a, s := c.Asterisk, asteriskconfig.Defaults()
	s.SystemName, s.EntityID = a.SystemName, a.EntityID
	s.Dirs = asteriskconfig.Dirs(a.Dirs)
	s.SIPAddress, s.SIPPort = a.SIP.Bind.Addr().String(), int(a.SIP.Bind.Port())
	s.RTPFirst, s.RTPLast, s.Realm = a.RTP.First, a.RTP.Last, a.SIP.Realm
	s.HTTPAddress, s.HTTPPort = a.ARI.listen()
	s.AMIAddress, s.AMIPort = a.AMI.Address.Addr().String(), int(a.AMI.Address.Port())
	s.ARIUser = asteriskconfig.Credentials{Name: a.ARI.Username, Password: ariPassword}
	s.AMIUser = asteriskconfig.Credentials{Name: a.AMI.Username, Password: amiSecret}
	s.RecordInto = c.Recordings.SpoolDir
	s.BroadcastMS, s.DeadManSeconds = int(a.Broadcast/time.Millisecond), int(a.DeadMan/time.Second)
	s.QualifySeconds, s.QualifyTimeoutMS = int(a.QualifyEvery/time.Second), int(a.QualifyTimeout/time.Millisecond)
	s.AgentRTPTimeout = int(a.AgentRTPTimeout / time.Second)
	s.OfferOpus, s.Languages = a.OfferOpus, slices.Clone(c.Prompts.Languages)
	s.MusicDir = c.Prompts.MusicDir
	s.NobodyPrompt = "powerline/" + c.Waiting.Nobody
	s.Browsers = a.BrowserPhones.settings()
	s.EmergencyEndpoint, s.EmergencyNumber = c.Overflow.Endpoint, c.Overflow.Number
	s.AppPattern = "^" + AppPrefix
	s.Trunks, s.Lines, s.Categories, s.Agents = nil, nil, nil, nil
	for _, t := range a.Trunks {
		s.Trunks = append(s.Trunks, asteriskconfig.Trunk{
			Name: t.Name, MatchIPs: t.Match, Contact: t.Contact, QualifySeconds: int(t.QualifyEvery / time.Second),
		})
	}
	c.fallback(&s)
	for _, p := range persons {
		// Without a secret there is no account that a phone could register with.
		if p.Active && p.SIP.Set() {
			s.Agents = append(s.Agents, phoneOf(p))
		}
	}
	return s
}

func (b BrowserPhones) settings() asteriskconfig.Browsers {
	s := asteriskconfig.Browsers{Allowed: b.Allowed, CertificateFile: b.CertificateFile, KeyFile: b.KeyFile}
	if b.Listen.IsValid() {
		s.TLSAddress, s.TLSPort = b.Listen.Addr().String(), int(b.Listen.Port())
	}
	return s
}

// fallback is what app_queue does while no engine runs: the categories that women
// answer, and the queue of each line.
func (c Config) fallback(s *asteriskconfig.Settings) {
	for _, r := range c.Routing.Categories {
		k, ok := c.Category(r.Name)
		if !ok || r.Pool != agent.Women {
			continue
		}
		s.Categories = append(s.Categories, asteriskconfig.Category{
			ID: k.Name, Weight: k.Weight, RingSeconds: int(r.RingFor.Round(time.Second) / time.Second), Crisis: k.Crisis,
		})
	}
	for _, l := range c.Lines {
		k, _ := c.Category(l.Category)
		queue := asteriskconfig.OfficersQueue
		if l.Kind.Pool() == agent.Women {
			queue = asteriskconfig.QueueName(k.Crisis, c.Prompts.Languages[0])
		}
		s.Lines = append(s.Lines, asteriskconfig.Line{DID: l.DID, Name: string(l.Kind), Queue: queue, Rank: k.Weight})
	}
}

func phoneOf(p roster.Person) asteriskconfig.Agent {
	return asteriskconfig.Agent{
		ID: string(p.Profile.ID), SecretMD5: p.SIP.Reveal(),
		Woman: p.Profile.Woman, Officer: p.Profile.Officer, Counsellor: p.Profile.Counsellor, Senior: p.Profile.Senior,
		Categories: slices.Clone(p.Profile.Categories), Languages: slices.Clone(p.Profile.Languages),
	}
}
