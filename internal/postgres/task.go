package postgres

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/cases"
)

// Work is a task with everything that cases.Check wants to know, but for what
// only the engine sees: Facts.Calling and Facts.Agents are left empty.
type Work struct {
	Task cases.Task
	// Case is the zero Case for a call back. CaseID is empty then.
	CaseID string
	Case   cases.Case
	Facts  cases.Facts
	// Safe says how the task's number may be used; zero for offenders and contacts.
	Safe NumberTerms
	// End is how the task ended, empty while it is in hand, and Ended when.
	End   cases.TaskEnd
	Ended time.Time
	// SetAside is why the task was set aside as impossible; empty if it was not.
	SetAside string
	// InHand is the attempt that is not settled yet, if there is one.
	InHand string
}

// NumberTerms are the terms of a number in a case that are no secret.
type NumberTerms struct {
	Known                    bool
	Whose                    string
	Never                    bool
	MayMessage, MayLeaveWord bool
	VerifiedAt               time.Time
}

// Due are the tasks that may be dialled at the moment given as far as can be
// told here: due, not expired, within their window, not paused, not set aside,
// no attempt unsettled, number not in a call nor at its limit of the day. The
// most urgent come first, then those that are due for longest. Check
// each all the same. At most limit come back.
func (db *DB) Due(ctx context.Context, rules cases.Rules, now time.Time, limit int) ([]Work, error) {
	return nil, errNotYet
}

// Task reads one task, in hand or ended, with the facts of the moment given;
// ErrNoTask when there is none. With cases.Check it explains why a task is not
// being dialled.
func (db *DB) Task(ctx context.Context, id cases.TaskID, now time.Time) (Work, error) {
	return Work{}, errNotYet
}

// TaskFilter says which tasks in hand to list; zero fields do not limit.
type TaskFilter struct {
	Kind     cases.Kind
	Case     string
	Party    string
	Number   string    // fingerprint
	DueBy    time.Time // only tasks due until then
	Pull     bool      // only those for which she rings us
	SetAside bool      // only those set aside
	Limit    int       // 0 means 100, at most 1000
}

// Tasks lists tasks in hand, the most urgent first, for people: whatever the
// reason for which they are not being dialled.
func (db *DB) Tasks(ctx context.Context, f TaskFilter, now time.Time) ([]Work, error) {
	return nil, errNotYet
}

// SetAside takes a task that cannot be worked on out of the way, with a reason
// that holds nothing private, and tells the supervisors through the outbox.
func (db *DB) SetAside(ctx context.Context, id cases.TaskID, by agent.ID, reason string, at time.Time) error {
	return errNotYet
}

// TakeBack puts a task that was set aside among the others again.
func (db *DB) TakeBack(ctx context.Context, id cases.TaskID, by agent.ID, at time.Time) error {
	return errNotYet
}

// Pause is an operator's stop of one kind of call.
type Pause struct {
	Kind   cases.Kind
	By     agent.ID
	At     time.Time
	Reason string
}

// PausedKinds are the kinds that an operator has stopped.
func (db *DB) PausedKinds(ctx context.Context) ([]Pause, error) { return nil, errNotYet }

// PauseKind stops one kind of call until ResumeKind. Pausing again changes nothing.
func (db *DB) PauseKind(ctx context.Context, p Pause) error { return errNotYet }

// ResumeKind lifts a pause; lifting none changes nothing.
func (db *DB) ResumeKind(ctx context.Context, kind cases.Kind, by agent.ID, at time.Time) error {
	return errNotYet
}
