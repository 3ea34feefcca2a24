package postgres

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/number"
)

// Attempt is one dial. It is written before the INVITE, and its id is the name
// of the channel, so that a second INVITE for it is impossible.
type Attempt struct {
	ID     string
	Task   cases.TaskID
	Case   string // empty for a call back
	Kind   cases.Kind
	Number string // fingerprint; must be the one that the task names
	Agent  agent.ID
	// CallerID is the number of ours that is shown. It is not private.
	CallerID string
	At       time.Time
}

// StartAttempt writes the attempt if it may start: it locks case and task,
// asks cases.Check with the roster's profile of the agent, and takes the
// number, of which no two attempts can be live. The error is a *Forbidden
// with all reasons (errors.Is tells ErrNumberLive, ErrTaskChanged,
// ErrKindPaused, ErrNotAllowed), or ErrTaskInHand, ErrNoTask, ErrNoAgent. An
// attempt that was written before under this id is no error.
func (db *DB) StartAttempt(ctx context.Context, rules cases.Rules, a Attempt) error { return errNotYet }

// NumberToDial opens the number of an attempt that has been written and has
// not ended. It is for the INVITE alone.
func (db *DB) NumberToDial(ctx context.Context, attemptID string) (number.Number, error) {
	return number.Number{}, errNotYet
}

// Stale are attempts without an end that began before the moment given: their
// dialer died. Look at Asterisk, then write their ends.
func (db *DB) Stale(ctx context.Context, before time.Time, limit int) ([]Attempt, error) {
	return nil, errNotYet
}

// CalledOff are live attempts whose task is no longer in hand, or which the
// ladder forbids by now: if the phone still rings, the ring must end.
func (db *DB) CalledOff(ctx context.Context) ([]Attempt, error) { return nil, errNotYet }

// Ended is an attempt with its end.
type Ended struct {
	Attempt Attempt
	End     AttemptEnd
}

// Unsettled are attempts that ended before the moment given, to nobody's
// answer, and have not moved their task yet: Settle each.
func (db *DB) Unsettled(ctx context.Context, before time.Time, limit int) ([]Ended, error) {
	return nil, errNotYet
}

// Uncoded are attempts that somebody answered, that ended before the moment
// given, and whose outcome nobody has recorded. Their task waits: silence is
// never an answer.
func (db *DB) Uncoded(ctx context.Context, before time.Time, limit int) ([]Ended, error) {
	return nil, errNotYet
}

// Settle tells the case, or the call-back task, how an attempt ended that
// nobody answered. Settled again, the verdict is Twice.
func (db *DB) Settle(ctx context.Context, rules cases.Rules, attemptID string, at time.Time) (Step, error) {
	return Step{}, errNotYet
}

// Report is the coded outcome of a conversation.
type Report struct {
	// EventID makes the report safe to send twice.
	EventID string
	// Attempt, or else Task: a conversation about a task in hand that we did not
	// dial, for she rang us.
	Attempt   string
	Task      cases.TaskID
	By        agent.ID
	At        time.Time
	Outcome   cases.Outcome
	Demeanour cases.Demeanour
	Said      cases.Said
	Told      intake.Told
}

// RecordOutcome stores the outcome and moves the case by it, in one
// transaction. ErrCoded when the attempt has another outcome already.
func (db *DB) RecordOutcome(ctx context.Context, rules cases.Rules, r Report) (Step, error) {
	return Step{}, errNotYet
}

// AttemptFile is one attempt as it lies in the books.
type AttemptFile struct {
	Attempt Attempt
	End     *AttemptEnd // nil while it has not ended
	Outcome cases.Outcome
	By      agent.ID // who coded the outcome
	Settled time.Time
}

// Attempts are those of a task or, with an empty task, of a case, oldest first.
func (db *DB) Attempts(ctx context.Context, task cases.TaskID, caseID string) ([]AttemptFile, error) {
	return nil, errNotYet
}
