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

// Unsealed lists recordings that ended before a moment (or began two days
// before it), are not sealed, and have no gap that explains it; from and to
// narrow their beginning.
func (db *DB) Unsealed(ctx context.Context, from, to, before time.Time) (all []RecordingFile, err error) {
	err = db.within(ctx, "list unsealed recordings", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+recordingColumns+recordingTables+`
			WHERE ($1::timestamptz IS NULL OR r.begun_at >= $1) AND ($2::timestamptz IS NULL OR r.begun_at < $2) AND l.seq IS NULL
				AND coalesce(e.ended_at, r.begun_at + interval '2 days') < $3
				AND NOT EXISTS (SELECT FROM recording_gaps g WHERE g.recording = r.id AND g.why <> 'late' AND g.why NOT LIKE 'paused%' AND g.why <> 'resumed')
			ORDER BY r.begun_at LIMIT 1000`, unlessZero(from), unlessZero(to), before)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanRecording)
		return err
	})
	return all, err
}

// Unrecorded lists calls in which somebody talked for longer than a second, with
// neither a recording nor a gap, since the first recording there is.
func (db *DB) Unrecorded(ctx context.Context, from, to time.Time) (calls []string, err error) {
	err = db.within(ctx, "list unrecorded conversations", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `
			WITH talked AS (
				SELECT id, answered_at FROM call_records WHERE answered_at IS NOT NULL AND talk_ms > 1000
				UNION ALL
				SELECT attempt, answered_at FROM attempt_ends WHERE answered_at IS NOT NULL AND ended_at > answered_at + interval '1 second'
			)
			SELECT t.id FROM talked t
			WHERE t.answered_at >= (SELECT min(begun_at) FROM recordings)
				AND ($1::timestamptz IS NULL OR t.answered_at >= $1) AND ($2::timestamptz IS NULL OR t.answered_at < $2)
				AND NOT EXISTS (SELECT FROM recordings r WHERE r.call_id = t.id) AND NOT EXISTS (SELECT FROM recording_gaps g WHERE g.call_id = t.id)
			ORDER BY t.answered_at LIMIT 1000`, unlessZero(from), unlessZero(to))
		if err != nil {
			return err
		}
		calls, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return calls, err
}
