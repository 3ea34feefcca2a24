package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
)

// Backlog is how many tasks of one kind are in hand, and how they stand.
type Backlog struct {
	Kind   cases.Kind
	InHand int
	// Due are those whose time has come and that may be worked on; Late are those
	// of them that have been due since before the moment given.
	Due, Late int
	SetAside  int
}

// Backlogs counts the tasks in hand, by kind. Calls for which she rings us are
// in hand and never due.
func (db *DB) Backlogs(ctx context.Context, now, lateBefore time.Time) (all []Backlog, err error) {
	err = db.within(ctx, "count tasks", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT kind, count(*), count(*) FILTER (WHERE waits AND due <= $1), count(*) FILTER (WHERE waits AND due < $2),
				count(*) FILTER (WHERE set_aside IS NOT NULL)
			FROM (SELECT *, set_aside IS NULL AND NOT pull AND (not_after IS NULL OR not_after > $1) AS waits FROM tasks WHERE ended_as IS NULL) t
			GROUP BY kind ORDER BY kind`, now, lateBefore)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Backlog])
		return err
	})
	return all, err
}
