package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Delivery is something to be told to the world: a dossier for a police
// station, a reminder, an alert. It was written together with what caused it.
type Delivery struct {
	ID    int64
	Topic string // a word of cases.EffectName, or "set-aside"
	Case  string // empty for what belongs to no case
	// Body is the effect with district and station, without anything private; the
	// dossier itself is made when it is delivered.
	Body  json.RawMessage
	Made  time.Time
	Tries int // with this one
}

// post puts something into the outbox; what is there under the key already
// stays as it is.
func post(ctx context.Context, tx pgx.Tx, key, topic, caseID string, body map[string]any, at time.Time) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO outbox (key, topic, case_id, body, made_at, next_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (key) DO NOTHING`,
		key, topic, unlessEmpty(caseID), string(text), at)
	return err
}

// TakeDeliveries takes deliveries that are due and hides them from other takers
// for as long as hold. One that is neither done nor put off by then comes again.
func (db *DB) TakeDeliveries(ctx context.Context, now time.Time, hold time.Duration, limit int) (all []Delivery, err error) {
	err = db.within(ctx, "take deliveries", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `UPDATE outbox SET tries = tries + 1, next_at = $2
			WHERE id IN (SELECT id FROM outbox WHERE next_at <= $1 ORDER BY next_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
			RETURNING id, topic, coalesce(case_id, ''), body, made_at, tries`, now, now.Add(hold), limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
		return err
	})
	slices.SortFunc(all, func(a, b Delivery) int { return int(a.ID - b.ID) })
	return all, err
}

// Delivered ends a delivery; delivered again, nothing changes.
func (db *DB) Delivered(ctx context.Context, id int64, at time.Time) error {
	return db.endDelivery(ctx, "end delivery", `UPDATE outbox SET next_at = NULL, done_at = coalesce(done_at, $2), reason = '' WHERE id = $1 AND NOT given_up`, id, at)
}

// PutOff tries a delivery again at the moment given. The reason holds nothing private.
func (db *DB) PutOff(ctx context.Context, id int64, until time.Time, reason string) error {
	return db.endDelivery(ctx, "put off delivery", `UPDATE outbox SET next_at = $2, reason = left($3, 500) WHERE id = $1 AND done_at IS NULL`, id, until, reason)
}

// GiveUp ends a delivery that cannot be made. Undelivered counts it.
func (db *DB) GiveUp(ctx context.Context, id int64, at time.Time, reason string) error {
	return db.endDelivery(ctx, "give up delivery",
		`UPDATE outbox SET next_at = NULL, done_at = $2, given_up = true, reason = left($3, 500) WHERE id = $1 AND done_at IS NULL`, id, at, reason)
}

func (db *DB) endDelivery(ctx context.Context, op, statement string, args ...any) error {
	return db.within(ctx, op, func(ctx context.Context) error {
		tag, err := db.pool.Exec(ctx, statement, args...)
		if err == nil && tag.RowsAffected() == 0 {
			return ErrNotDelivered
		}
		return err
	})
}

// Undelivered counts deliveries that wait and such as were given up.
func (db *DB) Undelivered(ctx context.Context) (waiting, givenUp int, err error) {
	err = db.within(ctx, "count deliveries", func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE next_at IS NOT NULL), count(*) FILTER (WHERE given_up) FROM outbox`).Scan(&waiting, &givenUp)
	})
	return waiting, givenUp, err
}
