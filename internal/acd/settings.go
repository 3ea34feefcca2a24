package acd

import (
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/config"
	"powerline/ivr"
	"powerline/recordings"
	"powerline/routing"
)

// Settings is a configuration in the form that the engine uses. It is replaced
// as a whole by a reload and never changed.
type Settings struct {
	Config  config.Config
	Rules   call.Rules
	Policy  *routing.Policy
	Lines   map[string]config.Line
	Menus   map[string]ivr.Menu
	Waiting ivr.Waiting
	Codes   ivr.Codes
	InCall  map[string]string // the codes pressed while talking, and what each is for
	Spool   recordings.Spool  // without a directory nothing is recorded
}

// deadMan is how long a waiting caller stays without an engine.
func (s *Settings) deadMan() time.Duration { return s.Config.Asterisk.DeadMan }

// line is what is known of a dialled number. An unknown one is taken for the
// helpline without a menu: a caller is never lost over a configuration.
func (s *Settings) line(did string) config.Line {
	if l, ok := s.Lines[did]; ok {
		return l
	}
	return config.Line{DID: did, Kind: config.Helpline, Category: s.Rules.Unclassified}
}

// keysOrder reports whether agents may give orders by keys while they talk.
func (s *Settings) keysOrder() bool { return len(s.InCall) > 0 }

// silentCategory is where callers go for whom a key spoke.
const silentCategory = "silent"

// NewSettings derives what the engine uses from a configuration.
func NewSettings(c config.Config) (*Settings, error) {
	s := &Settings{
		Config: c, Lines: map[string]config.Line{}, Menus: c.Menus,
		Waiting: c.Waiting, Codes: codesOf(c), InCall: c.Agents.InCall.Wishes(), Policy: &c.Routing,
		Spool: recordings.Spool{Dir: c.Recordings.SpoolDir, Quota: c.Recordings.SpoolBytes},
		Rules: call.Rules{
			Categories:   map[string]call.Category{},
			Unclassified: c.Routing.Default, CrisisCategory: c.Routing.Crisis, SilentCategory: silentCategory,
			RejectDelay: c.Ringing.RejectDelay,
			QuickEnd:    agent.WrapUpPlan{Recovery: c.Agents.AfterQuickEnd, Heavy: true},
			PauseAtMost: c.Recordings.PauseAtMost,
		},
	}
	if c.Overflow.Endpoint == "" {
		s.Waiting.EmergencyKey = "" // nobody would answer there
	}
	his := c.CategoriesOf(config.RingBack)
	for _, k := range c.Categories {
		of := call.Helpline
		if slices.Contains(his, k.Name) {
			of = call.RingBack
		}
		s.Rules.Categories[k.Name] = call.Category{Of: of, Crisis: k.Crisis, WrapUp: k.Plan()}
	}
	for _, k := range c.Outbound.Kinds {
		s.Rules.Categories[k.Name] = call.Category{Of: call.Outbound, WrapUp: agent.WrapUpPlan{Lasts: k.WrapUp, Open: k.Open, Interruptible: k.Interruptible}}
	}
	s.Rules.Unreached = agent.WrapUpPlan{Lasts: c.Outbound.Unreached, Interruptible: true}
	for _, l := range c.Lines {
		s.Lines[l.DID] = l
	}
	return s, nil
}

// codesOf is what agents may dial.
func codesOf(c config.Config) ivr.Codes {
	k := ivr.DefaultCodes()
	a := c.Agents
	k.Codes = map[string]ivr.Verb{
		a.Codes.Login: ivr.Login, a.Codes.Logout: ivr.Logout, a.Codes.Ready: ivr.Ready,
		a.Codes.Pause: ivr.Pause, a.Codes.Done: ivr.WrapUpDone, a.Codes.Extend: ivr.Extend, a.Codes.Outcome: ivr.Outcome,
	}
	k.Reasons = map[string]string{}
	for _, r := range a.PauseReasons {
		k.Reasons[r.Digit] = r.Name
	}
	return k
}
