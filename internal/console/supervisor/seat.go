package supervisor

import (
	"cmp"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/routing"
)

// Seat is an agent on the floor.
type Seat struct {
	ID         agent.ID `json:"id"`
	Woman      bool     `json:"woman,omitempty"`
	Officer    bool     `json:"officer,omitempty"`
	Counsellor bool     `json:"counsellor,omitempty"`
	Senior     bool     `json:"senior,omitempty"`

	// Doing is her state, or while nothing holds her and she is not available her
	// status; Since is since when.
	Doing  string    `json:"doing"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
	// Lasts is how long it is planned to last, in seconds; 0 while nobody knows.
	Lasts       int  `json:"lasts,omitempty"`
	Unreachable bool `json:"unreachable,omitempty"`
	Locked      bool `json:"locked,omitempty"`
	// BreakDue: available for too long. Heavy is how many heavy calls she had lately.
	BreakDue bool      `json:"breakDue,omitempty"`
	Heavy    int       `json:"heavy,omitempty"`
	Call     *SeatCall `json:"call,omitempty"`
}

// SeatCall is the call that holds her.
type SeatCall struct {
	ID       string `json:"id"`
	Category string `json:"category"`
	Outbound bool   `json:"outbound,omitempty"`
	Crisis   bool   `json:"crisis,omitempty"`
	Language string `json:"language,omitempty"`
	// Lawful: whoever looks may be in this call (law 3). It is asked again by the
	// engine before anybody hears anything.
	Lawful bool `json:"lawful"`
	Live   bool `json:"live"` // they talk now
	// Hers: the call is hers to end; she does not only listen or help.
	Hers bool `json:"hers,omitempty"`
	// Alarm: she has pressed the panic key in this call.
	Alarm bool `json:"alarm,omitempty"`
}

// Waiter is a caller who waits.
type Waiter struct {
	ID       string     `json:"id"` // of the call
	Category string     `json:"category"`
	Pool     agent.Pool `json:"pool"`
	Language string     `json:"language,omitempty"`
	Crisis   bool       `json:"crisis,omitempty"`
	Silent   bool       `json:"silent,omitempty"`
	Again    bool       `json:"again,omitempty"` // had an agent, or her place, before
	Since    time.Time  `json:"since"`
	Position int        `json:"position"`
	RingsAt  agent.ID   `json:"ringsAt,omitempty"`
}

// Seats is the floor.
type Seats struct {
	Agents  []Seat   `json:"agents"`
	Waiting []Waiter `json:"waiting"`
}

// seatsOf reads the floor off a moment, for somebody who looks at it.
func seatsOf(m Moment, viewer agent.Profile) Seats {
	out := Seats{Agents: []Seat{}, Waiting: waitersOf(m)}
	calls := make(map[string]call.Call, len(m.Calls))
	for _, c := range m.Calls {
		calls[c.ID] = c
	}
	snapshot := m.snapshot()
	for _, a := range m.Agents {
		s := seatOf(a, m.At)
		s.Heavy = routing.HeavyCalls(snapshot, a)
		if c, known := calls[a.Call]; known && (a.State == agent.Reserved || a.State == agent.Talking) {
			s.Call = &SeatCall{
				ID: c.ID, Category: c.Category, Outbound: c.Kind == call.Outbound, Crisis: c.Crisis, Language: c.Language,
				Lawful: viewer.Fits(c.Pool), Live: c.Stage == call.Talking && !c.Ringing(), Hers: c.Offer.Agent == a.Profile.ID, Alarm: !c.Alarm.IsZero() && c.Offer.Agent == a.Profile.ID,
			}
		}
		out.Agents = append(out.Agents, s)
	}
	slices.SortFunc(out.Agents, func(a, b Seat) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// seatOf is an agent without her call.
func seatOf(a agent.Agent, now time.Time) Seat {
	s := Seat{
		ID: a.Profile.ID, Woman: a.Profile.Woman, Officer: a.Profile.Officer, Counsellor: a.Profile.Counsellor, Senior: a.Profile.Senior,
		Doing: string(a.State), Since: a.Since.UTC(), Lasts: whole(a.Lasts), Locked: a.Locked,
		Unreachable: a.Status != agent.LoggedOut && !a.Online, BreakDue: isBreakDue(a, now),
	}
	if a.Status == agent.NotReady {
		s.Reason = a.Reason
	}
	if a.State == agent.Idle {
		if a.Status != agent.Available {
			s.Doing = string(a.Status)
		}
		if a.StatusSince.After(a.Since) {
			s.Since = a.StatusSince.UTC()
		}
	}
	return s
}

// waitersOf are the callers who wait, pool by pool, in the order of routing.
func waitersOf(m Moment) []Waiter {
	s := m.snapshot()
	var waiting []call.Call
	for _, c := range m.Calls {
		if c.Kind != call.Outbound && (c.Stage == call.Waiting || c.Stage == call.Offered) {
			waiting = append(waiting, c)
			s.Waiting = append(s.Waiting, floor.Waiting(c))
		}
	}
	places := routing.ExpectedWaits(s)
	out := []Waiter{}
	for _, c := range waiting {
		out = append(out, Waiter{
			ID: c.ID, Category: c.Category, Pool: c.Pool, Language: c.Language, Crisis: c.Crisis, Silent: c.Silence != call.NotSilent,
			Again: c.Head || c.Redial, Since: c.Queued.UTC(), Position: places[c.ID].Position, RingsAt: c.Offer.Agent,
		})
	}
	slices.SortFunc(out, func(a, b Waiter) int {
		return cmp.Or(cmp.Compare(b.Pool, a.Pool), boolFirst(a.Crisis, b.Crisis), cmp.Compare(a.Position, b.Position), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	return out
}
