package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
)

// CaseCount is how many cases stand at one place of the ladder.
type CaseCount struct {
	State   cases.State
	Closure cases.Closure // of closed cases
	Concern cases.Concern // of those that wait for a supervisor
	N       int
}

// CountCases counts all cases by where they stand, in the order of the ladder's
// names.
func (db *DB) CountCases(ctx context.Context) (all []CaseCount, err error) {
	err = db.within(ctx, "count cases", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT state, closure, concern, count(*) FROM cases GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c CaseCount, err error) {
			err = row.Scan(&c.State, &c.Closure, &c.Concern, &c.N)
			return c, err
		})
		return err
	})
	return all, err
}

// CaseMove is an event of a case as far as it is no secret: neither who was
// spoken with nor what was said.
type CaseMove struct {
	Case    string
	Name    string // of the event, such as "spoken"
	Outcome string // of a conversation; empty if it was none
	From    cases.State
	To      cases.State
	Written time.Time
}

// LatestMoves are the events that were written last, over all cases, the newest
// first. There is no index for it: it is for a screen, not for each call.
func (db *DB) LatestMoves(ctx context.Context, limit int) (all []CaseMove, err error) {
	err = db.within(ctx, "list latest events of cases", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT case_id, name, outcome, from_state, to_state, written_at
			FROM case_events ORDER BY written_at DESC, case_id, version DESC LIMIT $1`, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m CaseMove, err error) {
			err = row.Scan(&m.Case, &m.Name, &m.Outcome, &m.From, &m.To, &m.Written)
			return m, err
		})
		return err
	})
	return all, err
}
