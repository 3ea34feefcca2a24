package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/postgres"
)

// Floor is what the engine sees and does.
type Floor interface {
	Agent(id agent.ID) (agent.Agent, bool)
	Call(id string) (call.Call, bool)
	// Keys are the last keys that whoever called has pressed while they talked.
	Keys(callID string) []Key
	// Order has a wish carried out. An error that is a Refusal is a no, with
	// nothing done; of any other it is not known whether it was done.
	Order(ctx context.Context, o Order) error
}

// Order is what an agent wants done: with her call, or about herself.
type Order struct {
	// ID is unique: sent again it is carried out once.
	ID string
	// Wish is a word such as hold, ready or panic.
	Wish string
	By   agent.ID
	Call string
	// To is whom or where to: an agent, a category, a station, a reason.
	To string
}

// Books are what lasts, as far as a desk asks for it.
type Books interface {
	Shelf
	EarlierCalls(ctx context.Context, fingerprint, kind string, since time.Time) (postgres.Earlier, error)
	Cases(ctx context.Context, f postgres.CaseFilter) ([]postgres.CaseFile, error)
	ToldIn(ctx context.Context, callID string, by agent.ID) (caseID, docket string, err error)
}

// Options of the desks.
type Options struct {
	Floor Floor
	Books Books
	Book  *Book
	// Choices are the words that the page offers, as they are configured now.
	Choices func() Choices
	// Away reports whether PostgreSQL does not answer.
	Away func() bool
	Log  *slog.Logger
}

// Choices are what the page offers, in the order of the configuration.
type Choices struct {
	PauseReasons []string // why she may pause
	Categories   []string // of a complaint
	Languages    []string
	// RecordingReasons are why a recording may hold silence.
	RecordingReasons []string
}

// office serves the desks of one engine.
type office struct {
	Options

	mu sync.Mutex
	// last is the call of each agent as it was when the floor still had it.
	last map[agent.ID]call.Call
	// late is what became of drafts that had to wait; registering, whose are being
	// registered now.
	late        map[agent.ID][]Late
	registering map[agent.ID]bool
}

func newOffice(o Options) *office {
	return &office{Options: o, last: map[agent.ID]call.Call{}, late: map[agent.ID][]Late{}, registering: map[agent.ID]bool{}}
}

// state is what an agent's page shows now. It looks at memory alone.
func (o *office) state(id agent.ID) State {
	a, _ := o.Floor.Agent(id)
	a.Profile.ID = id
	s := State{Agent: seat(a), Call: talk(a, o.callOf(a)), Away: o.Away()}
	current := ""
	if s.Call != nil {
		current = s.Call.ID
		s.Call.Keys = o.Floor.Keys(current)
		if said, ok := o.Book.Said(id, current); ok {
			s.Call.Done, s.Call.Docket = said.What, said.Docket
		}
	}
	s.Drafts = o.Book.Slips(id, current)
	s.Late = o.lateOf(id)
	return s
}

// callOf is the call that an agent has in hand or writes up, with nothing but its
// id when nobody knows it any more.
func (o *office) callOf(a agent.Agent) call.Call {
	c, known := o.Floor.Call(a.Call)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case known && a.Call != "":
		o.last[a.Profile.ID] = c
		return c
	case o.last[a.Profile.ID].ID == a.Call && a.Call != "":
		c = o.last[a.Profile.ID]
		c.Stage = call.Ended
		return c
	}
	return call.Call{ID: a.Call}
}

// Hint is what is known of the number that calls. It is a hint: a number is not a
// person, and she is asked who she is before anything is said about a case.
type Hint struct {
	Calls  int       `json:"calls"` // before this one
	Silent int       `json:"silent,omitempty"`
	Last   time.Time `json:"last,omitzero"`
	// Cases are the open ones in which it is hers. Accused: it is the offender's
	// in an open case.
	Cases   []Known `json:"cases,omitempty"`
	Accused bool    `json:"accused,omitempty"`
}

// Known is an open case of the number.
type Known struct {
	Case     string      `json:"case"`
	Docket   string      `json:"docket"`
	State    cases.State `json:"state"`
	Category string      `json:"category"`
	Since    time.Time   `json:"since"`
}

// hintsBack is how far back earlier calls are counted.
const hintsBack = 180 * 24 * time.Hour

// hint looks the number of an agent's call up. A man hears how often it rang the
// offenders' line, and nothing else.
func (o *office) hint(ctx context.Context, id agent.ID, women bool, callID string) (Hint, bool, error) {
	a, _ := o.Floor.Agent(id)
	c := o.callOf(a)
	if a.Call != callID || callID == "" || c.Caller == "" || !a.Profile.Fits(c.Pool) {
		return Hint{}, false, nil
	}
	earlier, err := o.Books.EarlierCalls(ctx, c.Caller, string(c.Kind), time.Now().Add(-hintsBack))
	if err != nil {
		return Hint{}, false, err
	}
	h := Hint{Calls: earlier.Calls, Silent: earlier.Silent, Last: earlier.Last}
	if c.Kind != call.Helpline || !women || !a.Profile.Woman {
		h.Silent = 0
		return h, true, nil
	}
	files, err := o.Books.Cases(ctx, postgres.CaseFilter{Number: c.Caller, Open: true, Limit: 20})
	if err != nil {
		return Hint{}, false, err
	}
	for _, f := range files {
		h.add(f, c.Caller)
	}
	return h, true, nil
}

// add counts an open case in. What is sealed is for supervisors.
func (h *Hint) add(f postgres.CaseFile, print string) {
	if f.Case.Sealed {
		return
	}
	if has(f.Case.Offender, print) {
		h.Accused = true
	}
	if has(f.Case.Victim, print) || has(f.Case.Adult, print) {
		h.Cases = append(h.Cases, Known{f.Case.ID, f.Docket, f.Case.State, f.Category, f.RegisteredAt.UTC()})
	}
}

func has(p cases.Party, print string) bool {
	for _, n := range p.Numbers {
		if n.Print == print {
			return true
		}
	}
	return false
}
