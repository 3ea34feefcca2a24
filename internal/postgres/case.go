package postgres

import (
	"context"
	"time"

	"powerline/cases"
	"powerline/internal/intake"
)

// AnyVersion as the version of an event means: on whatever version the case
// has when the event is applied. It is for events that are true whatever the
// case does meanwhile (the police reported, 112 confirmed), not for decisions.
const AnyVersion = -1

// Step is what became of an event.
type Step struct {
	// Verdict is as cases.Step gave it. With any but Applied nothing was written.
	Verdict cases.Verdict
	// Case is the case afterwards, in its newest version whatever the verdict.
	Case    cases.Case
	Effects []cases.Effect
}

// CaseFile is a case and what stands beside the ladder. It holds no name and
// no number.
type CaseFile struct {
	Case         cases.Case
	Docket       string // the complaint number that is spoken to her: 9 digits
	District     string
	Station      string // id of the police station, empty while not known
	Category     string
	Call         string // the inbound call in which it was told
	LinkedTo     string // an earlier case of hers
	RegisteredAt time.Time
	ChangedAt    time.Time
}

// CaseFilter says which cases to list; zero fields do not limit.
type CaseFilter struct {
	State    cases.State
	Open     bool // only open ones
	Concern  bool // only those that wait for a supervisor
	Stuck    bool // only those with a task set aside
	District string
	Station  string
	Category string
	Docket   string
	// Number is a fingerprint; Role limits what it is in the case.
	Number string
	Role   cases.Role
	// After and Limit page through, in order of id; 0 means 100, at most 1000.
	After string
	Limit int
}

// CaseEvent is one applied event of a case's history.
type CaseEvent struct {
	Version int64 // of the case afterwards
	Event   cases.Event
	From    cases.State
	To      cases.State
	// Effects are the words of cases.EffectName, in order; Moves the transitions
	// taken, such as "T6".
	Effects []string
	Moves   []string
	Written time.Time
}

// Registered is a case that Register made, or had made before.
type Registered struct {
	File    CaseFile
	Effects []cases.Effect
	// Again: the same registration was stored before; nothing was changed.
	Again bool
}

// Register stores a complaint: parties and numbers sealed, the case stepped by
// cases.Filed, its tasks. It is idempotent by r.Case and r.EventID. The
// number of complainants against the offender's numbers is counted here.
func (db *DB) Register(ctx context.Context, rules cases.Rules, r intake.Registration) (Registered, error) {
	return Registered{}, errNotYet
}

// RegisterAll stores all of them or none.
func (db *DB) RegisterAll(ctx context.Context, rules cases.Rules, all []intake.Registration) ([]Registered, error) {
	return nil, errNotYet
}

// Case reads one case; ErrNoCase when there is none.
func (db *DB) Case(ctx context.Context, id string) (CaseFile, error) { return CaseFile{}, errNotYet }

// Cases lists cases in order of id.
func (db *DB) Cases(ctx context.Context, f CaseFilter) ([]CaseFile, error) { return nil, errNotYet }

// CaseHistory is every event that moved the case, oldest first.
func (db *DB) CaseHistory(ctx context.Context, id string) ([]CaseEvent, error) { return nil, errNotYet }

// Apply is the one way in which a case moves: it locks the case, steps it, and
// writes case, tasks, event, outbox and audit in one transaction. What was
// told beside the event gets ids and fingerprints and is put into it. An
// event that was applied before has the verdict Twice and changes nothing.
func (db *DB) Apply(ctx context.Context, rules cases.Rules, caseID string, ev cases.Event, told intake.Told) (Step, error) {
	return Step{}, errNotYet
}
