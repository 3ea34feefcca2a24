package desk

import (
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
)

// State is all that a page shows of its agent, without anything private. It is
// sent whole whenever it has changed, so that it holds moments and no clock: the
// stream's beat has the server's.
type State struct {
	Agent Seat  `json:"agent"`
	Call  *Talk `json:"call,omitempty"` // in hand, or being written up
	// Drafts are complaints that she has not finished, that of the call in hand first.
	Drafts []Slip `json:"drafts"`
	// Late are those that were registered, or refused, after they had waited.
	Late []Late `json:"late,omitempty"`
	// Away: PostgreSQL does not answer, so that drafts go to the journal.
	Away bool `json:"away,omitempty"`
}

// Seat is the agent herself.
type Seat struct {
	ID          agent.ID     `json:"id"`
	Status      agent.Status `json:"status"`
	Reason      string       `json:"reason,omitempty"`
	StatusSince time.Time    `json:"statusSince"`
	State       agent.State  `json:"state"`
	Since       time.Time    `json:"since"`
	// Until is when the state ends by itself; with Open it only warns then.
	Until  time.Time `json:"until,omitzero"`
	Open   bool      `json:"open,omitempty"`
	Online bool      `json:"online"`
	// Elsewhere: her phone is in a call that is none of ours, such as a code.
	Elsewhere bool `json:"elsewhere,omitempty"`
	Locked    bool `json:"locked,omitempty"`
	Woman     bool `json:"woman"`
}

// Talk is the call that she is offered, has in hand, or writes up.
type Talk struct {
	ID string `json:"id"`
	// Work says what the page is for.
	Work     Work         `json:"work"`
	Line     string       `json:"line,omitempty"`
	Category string       `json:"category,omitempty"` // of a task: its kind
	Language string       `json:"language,omitempty"`
	Stage    call.Stage   `json:"stage"` // ended while she writes it up
	Crisis   bool         `json:"crisis,omitempty"`
	Silence  call.Silence `json:"silence,omitempty"`
	Redial   bool         `json:"redial,omitempty"`
	Queued   time.Time    `json:"queued,omitzero"` // since when she waited
	Offered  time.Time    `json:"offered,omitzero"`
	Joined   time.Time    `json:"joined,omitzero"` // since when they speak
	Rings    bool         `json:"rings,omitempty"` // of a task: the other phone is being rung
	// Held: whoever called hears music; Paused: the recording holds silence; Alarm: a
	// supervisor was called for.
	Held   bool   `json:"held,omitempty"`
	Paused bool   `json:"paused,omitempty"`
	Alarm  bool   `json:"alarm,omitempty"`
	With   []With `json:"with,omitempty"` // who else is in the call, or about to be
	Keys   []Key  `json:"keys,omitempty"` // that whoever called has pressed, newest last
	// Done is what she said that it was, once she has; Docket the complaint number.
	Done   string `json:"done,omitempty"`
	Docket string `json:"docket,omitempty"`
}

// With is somebody else in a call, beside whoever called: a colleague, 112, a
// station, a supervisor who joined. Who only listens is not told.
type With struct {
	Who agent.ID `json:"who,omitempty"`
	// What they are there for, as a wish of package call.
	What call.Wish `json:"what"`
	Up   bool      `json:"up,omitempty"` // or still being rung
}

// Work is what an agent does in a call.
type Work string

// The kinds of work.
const (
	Complaint Work = "complaint" // a woman takes down what a caller tells
	RingBack  Work = "ring-back" // an officer speaks with an offender who rang
	Task      Work = "task"      // a call that we make
	CallBack  Work = "call-back" // a call to somebody who gave up waiting, which may become a complaint
)

// Key is what a key meant that whoever called has pressed. Which key it was is
// not kept: it can be part of a number that she does not want to say aloud.
type Key struct {
	At    time.Time `json:"at"`
	Meant Meaning   `json:"meant"`
}

// Meaning of a key.
type Meaning string

// The meanings, as agents ask for them: 1 is yes, 2 is no. The same key twice in
// short order is how a silent caller says danger.
const (
	Yes    Meaning = "yes"
	No     Meaning = "no"
	Other  Meaning = "other"
	Danger Meaning = "danger"
)

// Slip is a draft without its words.
type Slip struct {
	Call    string    `json:"call"`
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	// Tab is the page that wrote it last, so that another one knows that it was
	// not itself.
	Tab string `json:"tab,omitempty"`
	// Waits: she wants it registered, and it will be as soon as PostgreSQL answers.
	Waits bool `json:"waits,omitempty"`
}

// Late is what became of a draft that waited to be registered: its complaint number,
// or none when it was refused and is a draft again.
type Late struct {
	Call   string    `json:"call"`
	At     time.Time `json:"at"`
	Docket string    `json:"docket,omitempty"`
}

// seat is the agent as her page shows her.
func seat(a agent.Agent) Seat {
	s := Seat{
		ID: a.Profile.ID, Status: a.Status, Reason: a.Reason, StatusSince: a.StatusSince, State: a.State, Since: a.Since,
		Open: a.State == agent.WrapUp && a.After.Open, Online: a.Online, Elsewhere: a.Elsewhere, Locked: a.Locked, Woman: a.Profile.Woman,
	}
	if a.Lasts > 0 {
		s.Until = a.Since.Add(a.Lasts)
	}
	return s
}

// talk is the call of an agent as her page shows it; nil when she has none. Of one
// that nobody knows any more there is nothing but its id.
func talk(a agent.Agent, c call.Call) *Talk {
	if a.Call == "" || a.State == agent.Idle || a.State == agent.Delayed {
		return nil
	}
	t := &Talk{ID: a.Call, Work: work(a, c), Stage: call.Ended}
	// Law 3 has kept her from every call that is not for her; should it ever fail,
	// nothing of the call is shown besides.
	if c.ID != a.Call || !a.Profile.Fits(c.Pool) {
		return t
	}
	t.Line, t.Category, t.Language, t.Stage = c.Line, c.Category, c.Language, c.Stage
	t.Redial, t.Queued = c.Redial, c.Queued
	if c.Offer.Agent == a.Profile.ID {
		t.Offered, t.Joined = c.Offer.At, c.Bridged
	}
	t.Held, t.Paused, t.Alarm = c.Held, !c.Paused.IsZero(), !c.Alarm.IsZero()
	for _, g := range c.Guests {
		if g.Wish != call.Listen && g.Agent != a.Profile.ID {
			t.With = append(t.With, With{g.Agent, g.Wish, g.Up})
		}
	}
	if c.Kind == call.Outbound {
		t.Rings = c.Ringing()
	} else {
		t.Crisis, t.Silence = c.Crisis, c.Silence
	}
	return t
}

// work is what the agent does in the call.
func work(a agent.Agent, c call.Call) Work {
	switch {
	case call.IsAttempt(a.Call) && a.Profile.Woman && c.Category == string(cases.CallBack):
		return CallBack
	case call.IsAttempt(a.Call):
		return Task
	case !a.Profile.Woman || c.Kind == call.RingBack:
		return RingBack
	}
	return Complaint
}
