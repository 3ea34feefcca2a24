package dialer

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/acd"
	"powerline/internal/postgres"
	"powerline/number"
)

// Engine places calls and shows the floor. *acd.Engine is one.
type Engine interface {
	View() acd.View
	Place(p acd.Placement) error
	TakeBack(attempt, why string)
}

// Tasks is what is due. *postgres.DB serves this and the interfaces below.
type Tasks interface {
	Due(ctx context.Context, rules cases.Rules, now time.Time, limit int) ([]postgres.Work, error)
	Task(ctx context.Context, id cases.TaskID, now time.Time) (postgres.Work, error)
	SetAside(ctx context.Context, id cases.TaskID, by agent.ID, reason string, at time.Time) error
	Abandoned(ctx context.Context, since time.Time, limit int) ([]postgres.Abandoned, error)
	CallBack(ctx context.Context, rules cases.Rules, g cases.GaveUp, n number.Number) (cases.Task, cases.NoCallBack, error)
	CallerRang(ctx context.Context, fingerprint string, at time.Time) (int, error)
}

// Attempts are the dials.
type Attempts interface {
	StartAttempt(ctx context.Context, rules cases.Rules, a postgres.Attempt) error
	NumberToDial(ctx context.Context, attemptID string) (number.Number, error)
	Settle(ctx context.Context, rules cases.Rules, attemptID string, at time.Time) (postgres.Step, error)
	WriteRecords(ctx context.Context, records []postgres.Record) error
}

// Books list what is left to do about attempts.
type Books interface {
	Unsettled(ctx context.Context, before time.Time, limit int) ([]postgres.Ended, error)
	Stale(ctx context.Context, before time.Time, limit int) ([]postgres.Attempt, error)
	CalledOff(ctx context.Context) ([]postgres.Attempt, error)
	Uncoded(ctx context.Context, before time.Time, limit int) ([]postgres.Ended, error)
	PausedKinds(ctx context.Context) ([]postgres.Pause, error)
}

// Overview counts what is in the books, for whoever watches.
type Overview interface {
	CountCases(ctx context.Context) ([]postgres.CaseCount, error)
	Backlogs(ctx context.Context, now, lateBefore time.Time) ([]postgres.Backlog, error)
	Undelivered(ctx context.Context) (waiting, givenUp int, err error)
}

// Timers move cases by time alone.
type Timers interface {
	DueTimers(ctx context.Context, now time.Time, limit int) ([]postgres.Timer, error)
	FireTimer(ctx context.Context, rules cases.Rules, t postgres.Timer, now time.Time) (postgres.Step, error)
}

// Store is all of it.
type Store interface {
	Tasks
	Attempts
	Books
	Overview
	Timers
}

// floorOf is what a decision needs of the engine's view.
type floorOf struct {
	acd.View
}

// calling are the numbers, by fingerprint, that call us at this moment.
func (f floorOf) calling() map[string]bool {
	numbers := map[string]bool{}
	for _, c := range f.Calls {
		if c.Kind != call.Outbound && c.Stage != call.Ended && c.Caller != "" {
			numbers[c.Caller] = true
		}
	}
	return numbers
}

// ringing are our calls that have reached nobody yet, with their agents.
func (f floorOf) ringing() map[string]agent.ID {
	all := map[string]agent.ID{}
	for _, c := range f.Calls {
		if c.Ringing() {
			all[c.ID] = c.Offer.Agent
		}
	}
	return all
}

// profile is the roster's word on an agent.
func (f floorOf) profile(id agent.ID) (agent.Profile, bool) {
	for _, a := range f.Agents {
		if a.Profile.ID == id {
			return a.Profile, true
		}
	}
	return agent.Profile{}, false
}
