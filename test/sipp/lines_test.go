package sipp_test

import (
	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/config"
	"powerline/test/helpline"
)

// withLines adds numbers that women can be reached at, so that a test needs no
// menu to have callers of several categories.
func withLines(o helpline.Options, lines ...config.Line) helpline.Options {
	o.Changes = append(o.Changes, func(c *config.Config) {
		for _, l := range lines {
			l.Kind = config.Helpline
			c.Lines = append(c.Lines, l)
		}
	})
	before := o.Exchange
	o.Exchange = func(s *asteriskconfig.Settings) {
		if before != nil {
			before(s)
		}
		for _, l := range lines {
			s.Lines = append(s.Lines, asteriskconfig.Line{DID: l.DID, Name: "extra", Queue: asteriskconfig.QueueName(false, "hi")})
		}
	}
	return o
}

// changed adds changes to the engine's configuration.
func changed(o helpline.Options, changes ...func(*config.Config)) helpline.Options {
	o.Changes = append(o.Changes, changes...)
	return o
}

// free is an agent whom nothing holds.
func free(a agent.Agent) bool { return a.State == agent.Idle && a.Leg == "" }

// with112 lets 112 be reached over the trunk.
func with112(o helpline.Options) helpline.Options {
	o = withLines(changed(o, func(c *config.Config) { c.Overflow = config.Overflow{Endpoint: "operator", Number: "112"} }))
	before := o.Exchange
	o.Exchange = func(s *asteriskconfig.Settings) {
		before(s)
		s.EmergencyEndpoint, s.EmergencyNumber = "operator", "112"
	}
	return o
}
