package config

import (
	"net/netip"
	"time"

	"powerline/cases"
	"powerline/ivr"
	"powerline/routing"
)

// Default is the configuration of a working engine on one machine. A file
// states what differs from it.
func Default() Config {
	return Config{
		Instance: Instance{Name: "a", Site: "wpl"},
		Log:      Log{Level: "info", Format: "text"},
		HTTP:     HTTP{Listen: netip.MustParseAddrPort("127.0.0.1:8090")},
		Asterisk: Asterisk{
			ARI: ARI{URL: "http://127.0.0.1:8088/ari", Username: "powerline", PasswordFile: "/etc/powerline/ari.password"},
			AMI: AMI{Address: netip.MustParseAddrPort("127.0.0.1:5038"), Username: "powerline", PasswordFile: "/etc/powerline/ami.password"},
			SIP: SIP{Bind: netip.MustParseAddrPort("127.0.0.1:5060"), Realm: "powerline"},
			RTP: RTP{First: 10000, Last: 19999},

			Trunks:     []Trunk{{Name: "pstn", Match: []string{"127.0.0.1"}}},
			SystemName: "powerline",
			EntityID:   "02:00:00:00:00:01",
			Dirs: Dirs{
				Etc: "/etc/asterisk", Modules: "/usr/lib/x86_64-linux-gnu/asterisk/modules",
				Data: "/usr/share/asterisk", VarLib: "/var/lib/asterisk", DB: "/var/lib/asterisk",
				Key: "/var/lib/asterisk", AGI: "/usr/share/asterisk/agi-bin", Spool: "/var/spool/asterisk",
				Run: "/var/run/asterisk", Log: "/var/log/asterisk",
			},
			OfferOpus:       true,
			DeadMan:         20 * time.Second,
			Broadcast:       500 * time.Millisecond,
			QualifyEvery:    2 * time.Second,
			QualifyTimeout:  1500 * time.Millisecond,
			AgentRTPTimeout: 5 * time.Second,
		},
		Redis: Redis{Address: "127.0.0.1:6379", Timeout: 500 * time.Millisecond},
		Postgres: Postgres{
			DSN: "postgres://powerline@127.0.0.1:5432/powerline", MaxConns: 8,
			ConnectTimeout: 2 * time.Second, QueryTimeout: 5 * time.Second, WriteTimeout: 300 * time.Millisecond,
		},
		Journal: Journal{Dir: "/var/lib/powerline/journal", MaxBytes: 256 << 20},
		Privacy: Privacy{FingerprintKeyFile: "/etc/powerline/fingerprint.key"},
		Prompts: Prompts{Dir: "/var/lib/powerline/prompts", MusicDir: "/var/lib/powerline/music", Languages: []string{"hi", "en", "ur", "bho", "awa"}},
		Lines: []Line{
			{DID: "1090", Kind: Helpline, Menu: "helpline", Category: "unclassified"},
			{DID: "1091", Kind: RingBack, Menu: "ring-back", Category: "ring-back"},
		},
		Menus:      map[string]ivr.Menu{"helpline": ivr.DefaultMenu(), "ring-back": ivr.DefaultRingBackMenu()},
		Waiting:    ivr.DefaultWaiting(),
		Categories: defaultCategories(),
		Routing:    defaultRouting(),
		Ringing:    Ringing{RejectDelay: 5 * time.Second},
		Resume:     Resume{MaxAge: time.Minute},
		ServiceLevel: ServiceLevel{
			Threshold: 15 * time.Second,
		},
		Agents:   defaultAgents(),
		Overflow: Overflow{Endpoint: "", Number: "112"},
		Outbound: Outbound{
			VictimLine: "1090", OffenderLine: "1091",
			RingAgentFor: 10 * time.Second, DialFor: 25 * time.Second, Unreached: 4 * time.Second, Every: 500 * time.Millisecond,
			Reserve:       Reserve{Women: 6, Crisis: 3, Officers: 1, Resume: 1},
			OtherLanguage: OtherLanguage{Code: "hi", After: 2 * time.Hour},
			Kinds:         defaultKinds(),
			Clock:         LadderClock{Speed: 1, From: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)},
			Ladder:        cases.DefaultRules(),
		},
		Recordings: defaultRecordings(), Console: defaultConsole(),
	}
}

// defaultCategories gives each kind of call the after-call work that staff
// welfare asks for: open-ended after a complaint, rest after the heaviest.
func defaultCategories() []Category {
	return []Category{
		{Name: "crisis", WrapUp: 10 * time.Minute, Open: true, Recovery: 10 * time.Minute, Heavy: true, Crisis: true, Weight: 100},
		{Name: "domestic-violence", WrapUp: 2 * time.Minute, Open: true, Interruptible: true, Heavy: true, Weight: 50},
		{Name: "phone", WrapUp: 2 * time.Minute, Open: true, Interruptible: true, Weight: 10},
		{Name: "social-media", WrapUp: 2 * time.Minute, Open: true, Interruptible: true, Weight: 10},
		{Name: "stalking", WrapUp: 2 * time.Minute, Open: true, Interruptible: true, Weight: 30},
		{Name: "status", WrapUp: 45 * time.Second, Interruptible: true, Weight: 10},
		{Name: "unclassified", WrapUp: 20 * time.Second, Interruptible: true, Weight: 10},
		{Name: "silent", WrapUp: 5 * time.Second, Interruptible: true, Weight: 10},
		{Name: "ring-back", WrapUp: time.Minute, Interruptible: true, Weight: 10},
	}
}

// defaultRouting is the tuned policy in the words of this configuration: its
// offender's call is our category ring-back, and callers for whom a key spoke
// are routed like those who chose nothing.
func defaultRouting() routing.Policy {
	p := routing.DefaultPolicy()
	var silent routing.Category
	for i, c := range p.Categories {
		switch c.Name {
		case routing.Offender:
			p.Categories[i].Name = "ring-back"
		case routing.Unclassified:
			silent = c
		}
	}
	// The forecast counts them among the unclassified already.
	silent.Name, silent.Share = "silent", 0
	p.Categories = append(p.Categories, silent)
	return p
}

// defaultKinds gives each kind of call the time that domain figures assume for
// writing it up; the wrap-up is open, because every answered call has an outcome.
func defaultKinds() []OutboundKind {
	kinds := []OutboundKind{
		{Name: "offender", WrapUp: 90 * time.Second}, {Name: "ffr", WrapUp: 90 * time.Second},
		{Name: "feedback", WrapUp: 45 * time.Second}, {Name: "final", WrapUp: 45 * time.Second},
		{Name: "choice", WrapUp: 45 * time.Second}, {Name: "reask", WrapUp: 45 * time.Second},
		{Name: "recontact", WrapUp: 2 * time.Minute}, {Name: "follow-up", WrapUp: 2 * time.Minute},
		{Name: "callback", WrapUp: 45 * time.Second},
	}
	for i := range kinds {
		kinds[i].Open, kinds[i].Interruptible = true, true
	}
	return kinds
}

func defaultAgents() Agents {
	return Agents{
		Codes: Codes{Login: "*11", Logout: "*12", Ready: "*13", Pause: "*14", Done: "*15", Extend: "*16", Outcome: "*17"},
		InCall: InCall{
			Counsellor: "*2", Recording: "*3", Hold: "*4", Together: "*5", Back: "*6", Panic: "*9", QuickEnd: "*00", Emergency: "*112",
		},
		PauseReasons: []PauseReason{
			{Digit: "1", Name: "break"}, {Digit: "2", Name: "meal"}, {Digit: "3", Name: "training"},
			{Digit: "4", Name: "debrief"}, {Digit: "5", Name: "supervisor"}, {Digit: "6", Name: "technical"},
		},
		ExtendBy: time.Minute,
		RestFor:  30 * time.Minute, AfterQuickEnd: 10 * time.Minute,
	}
}
