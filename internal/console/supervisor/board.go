package supervisor

import (
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/routing"
)

// Age is a stretch of waiting, divided where the standards look: 15 and 20 s, and
// where a person should: a minute, two.
type Age struct {
	Word  string // such as "0-15", as in the metric acd_calls_waiting_by_age
	Until time.Duration
}

// Ages are all of them; the last has no end.
var Ages = [...]Age{
	{"0-15", 15 * time.Second}, {"15-20", 20 * time.Second}, {"20-60", time.Minute}, {"60-120", 2 * time.Minute}, {"120-", 0},
}

// ageOf is the place of a wait among the ages.
func ageOf(wait time.Duration) int {
	for i, age := range Ages[:len(Ages)-1] {
		if wait <= age.Until {
			return i
		}
	}
	return len(Ages) - 1
}

// Class are the callers of one category.
type Class struct {
	Category string         `json:"category"`
	Crisis   bool           `json:"crisis,omitempty"`
	Waiting  int            `json:"waiting"`
	Ages     [len(Ages)]int `json:"ages"`
	Oldest   int            `json:"oldest"` // seconds
	Talking  int            `json:"talking"`
	// Free and AtWork are who may take such a call: now, and at all. One agent
	// stands with several classes.
	Free   int        `json:"free"`
	AtWork int        `json:"atWork"`
	Pool   agent.Pool `json:"pool"`
}

// Staff are agents by what they do.
type Staff struct {
	LoggedIn    int            `json:"loggedIn"`
	States      map[string]int `json:"states"`   // of those at work
	NotReady    map[string]int `json:"notReady"` // by reason
	Unreachable int            `json:"unreachable"`
	BreakDue    int            `json:"breakDue"`
	Laden       int            `json:"laden"` // had three heavy calls lately
}

// Board is the wallboard's part that is read off the floor. It is about nobody.
type Board struct {
	Waiting  int     `json:"waiting"`
	Oldest   int     `json:"oldest"` // seconds
	Greeting int     `json:"greeting"`
	Talking  int     `json:"talking"`
	Ringing  int     `json:"ringing"`  // phones that we ring
	Speaking int     `json:"speaking"` // in calls that we made
	Classes  []Class `json:"classes"`
	Staff    Staff   `json:"staff"`
	Alarms   []Alarm `json:"alarms"`
}

// breakDue is how long she may be available before a rest is her right.
const breakDue = 90 * time.Minute

// boardOf reads the board off a moment.
func boardOf(m Moment) Board {
	b := Board{Staff: staffOf(m), Classes: []Class{}, Alarms: []Alarm{}}
	at := map[string]*Class{}
	staffing := routing.Staffing(m.snapshot())
	for i := range m.Policy.Categories {
		k := &m.Policy.Categories[i]
		b.Classes = append(b.Classes, Class{Category: k.Name, Crisis: k.Name == m.Policy.Crisis, Pool: k.Pool})
	}
	for i := range b.Classes {
		at[b.Classes[i].Category] = &b.Classes[i]
	}
	for _, s := range staffing {
		if c := at[s.Category]; c != nil {
			c.Free, c.AtWork, c.Pool = s.Idle, s.Available, s.Pool
		}
	}
	for _, c := range m.Calls {
		b.count(c, at[c.Category], m.At)
	}
	return b
}

func (b *Board) count(c call.Call, class *Class, now time.Time) {
	if c.Kind == call.Outbound {
		switch {
		case c.Ringing():
			b.Ringing++
		case c.Stage == call.Talking:
			b.Speaking++
		}
		return
	}
	switch c.Stage {
	case call.Greeting:
		b.Greeting++
	case call.Talking:
		b.Talking++
		if class != nil {
			class.Talking++
		}
	case call.Waiting, call.Offered:
		wait := now.Sub(c.Queued)
		b.Waiting++
		b.Oldest = max(b.Oldest, whole(wait))
		if class != nil {
			class.Waiting++
			class.Ages[ageOf(wait)]++
			class.Oldest = max(class.Oldest, whole(wait))
		}
	}
}

// whole seconds, none below zero: a clock may have jumped.
func whole(d time.Duration) int { return max(0, int(d/time.Second)) }

func staffOf(m Moment) Staff {
	s := Staff{States: map[string]int{}, NotReady: map[string]int{}}
	for _, state := range []agent.State{agent.Idle, agent.Reserved, agent.Talking, agent.WrapUp, agent.Recovery, agent.Delayed} {
		s.States[string(state)] = 0
	}
	snapshot := m.snapshot()
	for _, a := range m.Agents {
		if a.Status == agent.LoggedOut {
			continue
		}
		s.LoggedIn++
		if !a.Online {
			s.Unreachable++
		}
		if routing.HeavyCalls(snapshot, a) >= 3 {
			s.Laden++
		}
		switch {
		case a.State == agent.Idle && a.Status == agent.NotReady:
			s.NotReady[a.Reason]++
		default:
			s.States[string(a.State)]++
		}
		if isBreakDue(a, m.At) {
			s.BreakDue++
		}
	}
	return s
}

func isBreakDue(a agent.Agent, now time.Time) bool {
	return a.Status == agent.Available && now.Sub(a.StatusSince) > breakDue
}

// Moment is all that the board and the floor are read off.
type Moment struct {
	At     time.Time
	Policy *routing.Policy
	Calls  []call.Call
	Agents []agent.Agent
}

func (m Moment) snapshot() routing.Snapshot {
	return routing.Snapshot{Now: m.At, Policy: m.Policy, Agents: m.Agents}
}
