package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/number"
)

// Abandoned is a caller to the helpline who hung up before an agent answered.
type Abandoned struct {
	Call     string
	Left     time.Time
	Waited   time.Duration
	Silent   bool // she neither spoke nor pressed a key
	Language string
	Number   number.Number
}

// Abandoned lists callers who gave up since the moment given and showed a number,
// oldest first. It reads the call records, so that nobody is forgotten who gave
// up while the database was away. Numbers are opened for the dialling of call-backs.
func (db *DB) Abandoned(ctx context.Context, since time.Time, limit int) (all []Abandoned, err error) {
	err = db.within(ctx, "list abandoned callers", func(ctx context.Context) error {
		if err := db.opts.Keys.check(); err != nil {
			return err
		}
		rows, err := db.pool.Query(ctx, `SELECT id, ended_at, wait_ms, silence, language, caller_sealed FROM call_records
			WHERE arrived_at > $1::timestamptz - interval '1 hour' AND ended_at > $1 AND kind = 'helpline'
				AND outcome IN ('abandoned-waiting', 'abandoned-ringing') AND caller_sealed IS NOT NULL
			ORDER BY ended_at LIMIT $2`, since, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Abandoned, err error) {
			var waited int64
			var silence string
			var sealed []byte
			if err := row.Scan(&a.Call, &a.Left, &waited, &silence, &a.Language, &sealed); err != nil {
				return a, err
			}
			a.Waited, a.Silent = time.Duration(waited)*time.Millisecond, silence == "mute"
			a.Number, err = number.Open(db.opts.Keys.Seal, sealed)
			return a, err
		})
		return err
	})
	return all, err
}
