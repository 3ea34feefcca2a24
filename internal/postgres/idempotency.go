package postgres

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Request is a request of the API that carries an idempotency key.
type Request struct {
	Owner  string // id of the token
	Key    string // at most 200 characters
	Digest []byte // SHA-256 of method, path and body
	At     time.Time
}

// Reply is what was answered. Body must hold nothing private.
type Reply struct {
	Status int
	Body   []byte
}

// claimLasts is after how long a claim without a reply is handed on: whoever
// made it is dead, for no request takes that long.
const claimLasts = time.Minute

// BeginRequest claims the key. It returns the reply when the request was
// answered before, and nil when it is to be worked on now. ErrKeyReused: the
// key came with another digest. ErrKeyInUse: it is being worked on; a claim
// that is older than a minute belongs to a process that died, and is handed on.
// What the request does must be idempotent by itself all the same.
func (db *DB) BeginRequest(ctx context.Context, r Request) (reply *Reply, err error) {
	err = db.within(ctx, "claim idempotency key", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (owner, key, digest, claimed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
				r.Owner, r.Key, r.Digest, r.At)
			if err != nil || tag.RowsAffected() == 1 {
				return err
			}
			var digest, body []byte
			var claimed time.Time
			var status *int
			err = tx.QueryRow(ctx, `SELECT digest, claimed_at, status, body FROM idempotency_keys WHERE owner = $1 AND key = $2 FOR UPDATE`, r.Owner, r.Key).
				Scan(&digest, &claimed, &status, &body)
			switch {
			case err != nil:
				return err
			case !bytes.Equal(digest, r.Digest):
				return ErrKeyReused
			case status != nil:
				reply = &Reply{Status: *status, Body: body}
				return nil
			case r.At.Sub(claimed) < claimLasts:
				return ErrKeyInUse
			}
			_, err = tx.Exec(ctx, `UPDATE idempotency_keys SET claimed_at = $3 WHERE owner = $1 AND key = $2`, r.Owner, r.Key, r.At)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// EndRequest stores the reply of a claimed key. The first reply stays.
func (db *DB) EndRequest(ctx context.Context, r Request, reply Reply) error {
	return db.within(ctx, "store reply", func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, `UPDATE idempotency_keys SET status = $3, body = $4 WHERE owner = $1 AND key = $2 AND status IS NULL AND digest = $5`,
			r.Owner, r.Key, reply.Status, append([]byte{}, reply.Body...), r.Digest)
		return err
	})
}

// ForgetRequests deletes keys older than the moment given.
func (db *DB) ForgetRequests(ctx context.Context, before time.Time) (n int64, err error) {
	err = db.within(ctx, "forget requests", func(ctx context.Context) error {
		tag, err := db.pool.Exec(ctx, `DELETE FROM idempotency_keys WHERE claimed_at < $1`, before)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}
