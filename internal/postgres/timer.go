package postgres

import (
	"context"
	"time"

	"powerline/cases"
)

// Timer is something that is due by time: a timer of the ladder, or the end of
// a task's time.
type Timer struct {
	Case string          // empty for a call back
	Name cases.TimerName // empty for the end of a task's time
	Task cases.TaskID    // empty for a timer
	Due  time.Time
}

// DueTimers are those due at the moment given, the longest due first. After
// downtime they are all still here.
func (db *DB) DueTimers(ctx context.Context, now time.Time, limit int) ([]Timer, error) {
	return nil, errNotYet
}

// FireTimer tells the case that the time has come. A timer that is not due or
// no longer runs is Ignored; nothing fires twice. If the ladder does
// not take a timer that is due, the case's timers are put aside until the case
// moves, and the supervisors are told: it must not block the others.
func (db *DB) FireTimer(ctx context.Context, rules cases.Rules, t Timer, now time.Time) (Step, error) {
	return Step{}, errNotYet
}
