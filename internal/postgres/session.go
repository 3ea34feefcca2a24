package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Session reads what is stored under the hash of a session's token; found is
// false when there is nothing, or its time is over.
func (db *DB) Session(ctx context.Context, hash string, now time.Time) (data []byte, expires time.Time, found bool, err error) {
	err = db.within(ctx, "read session", func(ctx context.Context) error {
		err := db.pool.QueryRow(ctx, `SELECT data, expires FROM console_sessions WHERE hash = $1 AND expires > $2`, hash, now).Scan(&data, &expires)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		found = err == nil
		return err
	})
	return data, expires, found, err
}

// KeepSession stores a session until it expires.
func (db *DB) KeepSession(ctx context.Context, hash string, data []byte, expires time.Time) error {
	return db.within(ctx, "keep session", func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, `INSERT INTO console_sessions (hash, data, expires) VALUES ($1, $2, $3)
			ON CONFLICT (hash) DO UPDATE SET data = excluded.data, expires = excluded.expires`, hash, data, expires)
		return err
	})
}

// EndSession removes one; that there is none is no error.
func (db *DB) EndSession(ctx context.Context, hash string) error {
	return db.within(ctx, "end session", func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, `DELETE FROM console_sessions WHERE hash = $1`, hash)
		return err
	})
}

// SweepSessions removes those whose time is over.
func (db *DB) SweepSessions(ctx context.Context, now time.Time) error {
	return db.within(ctx, "sweep sessions", func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, `DELETE FROM console_sessions WHERE expires <= $1`, now)
		return err
	})
}
