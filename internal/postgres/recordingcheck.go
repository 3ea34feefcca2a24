package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Check is what one verification of recordings found.
type Check struct {
	At         time.Time
	From, To   time.Time // recordings that began in this time; zero = all
	Opened     bool      // the plain audio was compared
	Recordings int64
	Bad        int64
	FirstBad   string
	ChainSeq   int64
	ChainBad   string

	// Oldest is when the first link of the chain was made; zero if there is none.
	// It is read, not written.
	Oldest time.Time
}

// RecordCheck keeps what a verification found.
func (db *DB) RecordCheck(ctx context.Context, c Check) error {
	return db.within(ctx, "record a verification", func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, `INSERT INTO recording_checks (at, from_at, to_at, opened, recordings, bad, first_bad, chain_seq, chain_bad)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			c.At, unlessZero(c.From), unlessZero(c.To), c.Opened, c.Recordings, c.Bad, c.FirstBad, c.ChainSeq, c.ChainBad)
		return err
	})
}

// LastCheck is the newest verification; its At is zero if there was none.
func (db *DB) LastCheck(ctx context.Context) (c Check, err error) {
	err = db.within(ctx, "read the last verification", func(ctx context.Context) error {
		var from, to, oldest *time.Time
		err := db.pool.QueryRow(ctx, `SELECT at, from_at, to_at, opened, recordings, bad, first_bad, chain_seq, chain_bad FROM recording_checks ORDER BY at DESC LIMIT 1`).
			Scan(&c.At, &from, &to, &c.Opened, &c.Recordings, &c.Bad, &c.FirstBad, &c.ChainSeq, &c.ChainBad)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		c.From, c.To = orZero(from), orZero(to)
		if err := db.pool.QueryRow(ctx, `SELECT min(at) FROM recording_chain WHERE seq <= 1`).Scan(&oldest); err != nil {
			return err
		}
		c.Oldest = orZero(oldest)
		return nil
	})
	return c, err
}
