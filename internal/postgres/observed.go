package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// Observed is what was written of some days: enough to say what a day is like,
// and nothing of who called.
type Observed struct {
	Calls    []ObservedCall
	Attempts []ObservedAttempt
	// Agents are the events of agents, by agent and time.
	Agents []ObservedState
	// Missed are the offers that rang out.
	Missed int
}

// ObservedCall is a caller.
type ObservedCall struct {
	ID, Category, Language, Pool string
	Arrived                      time.Time
	Wait, Talk                   time.Duration
	Answered, Abandoned          bool
	Offers                       int
}

// ObservedAttempt is a dial of ours.
type ObservedAttempt struct {
	ID, Kind, Result string
	At               time.Time
	// Ring is until the answer, the failure or the end; Talk is zero without one.
	Ring, Talk time.Duration
}

// ObservedState is a change of an agent: what it is called, the state that it
// ended with how long that had lasted, and the state it began.
type ObservedState struct {
	Agent, Event, Reason, Call string
	At                         time.Time
	Before, State              string
	Lasted                     time.Duration
}

// Observed reads what was written of [from, to).
func (db *DB) Observed(ctx context.Context, from, to time.Time) (o Observed, err error) {
	err = db.within(ctx, "read the records of days", func(ctx context.Context) error {
		if o.Calls, err = query(ctx, db, observedCall, `SELECT id, category, language, pool, arrived_at, wait_ms, talk_ms,
				answered_at IS NOT NULL, outcome LIKE 'abandoned-%' AND outcome <> 'abandoned-greeting', offers
			FROM call_records WHERE arrived_at >= $1 AND arrived_at < $2 ORDER BY arrived_at, id`, from, to); err != nil {
			return err
		}
		if o.Attempts, err = query(ctx, db, observedAttempt, `SELECT a.id, a.kind, e.result, a.at, e.dialled_at, e.answered_at, e.ended_at
			FROM attempts a JOIN attempt_ends e ON e.attempt = a.id WHERE a.at >= $1 AND a.at < $2 ORDER BY a.at, a.id`, from, to); err != nil {
			return err
		}
		if o.Agents, err = query(ctx, db, observedState, `SELECT agent, event, reason, call_id, at, data
			FROM agent_events WHERE at >= $1 AND at < $2 ORDER BY agent, at, id`, from, to); err != nil {
			return err
		}
		return db.pool.QueryRow(ctx, `SELECT count(*) FROM call_events WHERE event = $3 AND at >= $1 AND at < $2`, from, to, RingNoAnswer).Scan(&o.Missed)
	})
	return o, err
}

func query[T any](ctx context.Context, db *DB, read pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, read)
}

func observedCall(row pgx.CollectableRow) (c ObservedCall, err error) {
	var wait, talk int64
	err = row.Scan(&c.ID, &c.Category, &c.Language, &c.Pool, &c.Arrived, &wait, &talk, &c.Answered, &c.Abandoned, &c.Offers)
	c.Wait, c.Talk = time.Duration(wait)*time.Millisecond, time.Duration(talk)*time.Millisecond
	return c, err
}

func observedAttempt(row pgx.CollectableRow) (a ObservedAttempt, err error) {
	var dialled, answered *time.Time
	var ended time.Time
	if err := row.Scan(&a.ID, &a.Kind, &a.Result, &a.At, &dialled, &answered, &ended); err != nil {
		return a, err
	}
	switch {
	case dialled == nil:
	case answered != nil:
		a.Ring, a.Talk = answered.Sub(*dialled), ended.Sub(*answered)
	default:
		a.Ring = ended.Sub(*dialled)
	}
	return a, nil
}

func observedState(row pgx.CollectableRow) (s ObservedState, err error) {
	var data []byte
	if err := row.Scan(&s.Agent, &s.Event, &s.Reason, &s.Call, &s.At, &data); err != nil {
		return s, err
	}
	var d struct {
		Before   string `json:"before"`
		State    string `json:"state"`
		LastedMS int64  `json:"lastedMs"`
	}
	err = json.Unmarshal(data, &d)
	s.Before, s.State, s.Lasted = d.Before, d.State, time.Duration(d.LastedMS)*time.Millisecond
	return s, err
}
