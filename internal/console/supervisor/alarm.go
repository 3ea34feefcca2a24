package supervisor

import (
	"cmp"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Alarm is something that somebody must look at now. Its name is that of the rule
// of Prometheus which says the same; docs/operations.md has a section for each.
type Alarm struct {
	Name string `json:"name"`
	// Of is what it is about: a category, a language, a trunk.
	Of    string    `json:"of,omitempty"`
	Since time.Time `json:"since"`
	// Wake: it cannot wait for the morning.
	Wake bool `json:"wake"`
}

// Health is what this engine knows of itself and its neighbours.
type Health struct {
	Ready      bool // facts were read, the store answers, it runs in time
	Store      bool // Redis answers
	Asterisk   bool // its events arrive
	Database   bool // records go to PostgreSQL, not to the journal
	InFallback int  // callers in Asterisk's own queues
	TrunksDown []string
}

// sign is one reason for an alarm at one moment.
type sign struct{ name, of string }

// lasting is how long a sign must last before it is an alarm, as in the rules.
var lasting = map[string]struct {
	after time.Duration
	wake  bool
}{
	"CallersWaitWhileAgentsAreIdle": {15 * time.Second, true},
	"CallerWaitsTooLong":            {15 * time.Second, true},
	"NobodyForCategory":             {2 * time.Minute, true},
	"PhonesCutOff":                  {30 * time.Second, true},
	"FallbackInUse":                 {time.Minute, true},
	"NoEngineTakesCalls":            {30 * time.Second, true},
	"RedisAway":                     {15 * time.Second, true},
	"AsteriskAway":                  {15 * time.Second, true},
	"DatabaseAway":                  {time.Minute, true},
	"TrunkDown":                     {time.Minute, true},
	"LanguageNotSpoken":             {30 * time.Minute, false},
	"HeavyCallsPileUp":              {15 * time.Minute, false},
	"BreaksAreDue":                  {15 * time.Minute, false},
	calledForHelp:                   {0, true},
}

// calledForHelp is the one alarm that is no rule of Prometheus: somebody in the
// room pressed the panic key, and the room must hear it at once.
const calledForHelp = "AgentCallsForHelp"

// Limits of the rules.
const (
	waitsTooLong  = 2 * time.Minute
	waitsWhenIdle = time.Minute
	fewPhones     = 3
)

// signsOf are all that can be read off this engine. Rules that need counters over
// time, or other processes, are Prometheus' alone.
func signsOf(m Moment, b Board, h Health, languages []string) []sign {
	var all []sign
	add := func(bad bool, name, of string) {
		if bad && !slices.Contains(all, sign{name, of}) {
			all = append(all, sign{name, of})
		}
	}
	add(!h.Ready, "NoEngineTakesCalls", "")
	add(!h.Store, "RedisAway", "")
	add(!h.Asterisk, "AsteriskAway", "")
	add(!h.Database, "DatabaseAway", "")
	add(h.InFallback > 0, "FallbackInUse", "")
	for _, trunk := range h.TrunksDown {
		add(true, "TrunkDown", trunk)
	}
	add(b.Oldest > whole(waitsTooLong), "CallerWaitsTooLong", "")
	for _, c := range b.Classes {
		add(c.Free > 0 && c.Oldest > whole(waitsWhenIdle), "CallersWaitWhileAgentsAreIdle", c.Category)
		add(c.AtWork == 0 && (c.Pool == agent.Women || c.Waiting > 0), "NobodyForCategory", c.Category)
	}
	for _, c := range m.Calls {
		add(!c.Alarm.IsZero() && c.Stage == call.Talking, calledForHelp, "")
	}
	s := b.Staff
	part := func(n int) float64 { return float64(n) / float64(max(1, s.LoggedIn)) }
	add(s.Unreachable >= fewPhones && part(s.Unreachable) > .2, "PhonesCutOff", "")
	add(part(s.Laden) > .1, "HeavyCallsPileUp", "")
	add(part(s.BreakDue) > .25, "BreaksAreDue", "")
	for _, language := range unspoken(m.Agents, languages) {
		add(true, "LanguageNotSpoken", language)
	}
	return all
}

// unspoken are the languages that no available woman who takes callers speaks,
// while some woman takes callers at all.
func unspoken(agents []agent.Agent, languages []string) (none []string) {
	some := false
	for _, language := range languages {
		spoken := slices.ContainsFunc(agents, func(a agent.Agent) bool {
			return a.Status == agent.Available && a.Online && a.Profile.Fits(agent.Women) && len(a.Profile.Categories) > 0 && a.Profile.Speaks(language)
		})
		some = some || spoken
		if !spoken {
			none = append(none, language)
		}
	}
	if !some {
		return nil
	}
	return none
}

// alarms remembers since when each sign has been there.
type alarms map[sign]time.Time

// step takes in the signs of a moment and gives the alarms: signs that have
// lasted, those that wake first, then the oldest.
func (a alarms) step(now time.Time, signs []sign) []Alarm {
	for known := range a {
		if !slices.Contains(signs, known) {
			delete(a, known)
		}
	}
	out := []Alarm{}
	for _, s := range signs {
		since, known := a[s]
		if !known {
			since = now
			a[s] = now
		}
		if rule := lasting[s.name]; now.Sub(since) >= rule.after {
			out = append(out, Alarm{Name: s.name, Of: s.of, Since: since.UTC(), Wake: rule.wake})
		}
	}
	slices.SortFunc(out, func(x, y Alarm) int {
		return cmp.Or(boolFirst(x.Wake, y.Wake), x.Since.Compare(y.Since), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Of, y.Of))
	})
	return out
}

func boolFirst(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}
