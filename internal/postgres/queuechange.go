package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrQueuesChanged: somebody else changed the queues since they were read.
var ErrQueuesChanged = errors.New("the queues were changed meanwhile: read them and try again")

// QueueChange is one change of the queues' settings, as a whole.
type QueueChange struct {
	Version  int64
	At       time.Time
	By, Why  string
	Settings []byte // JSON, by category; package config knows its form
	Undoes   int64  // the version that it takes back; 0 = none
}

// QueueVersion is cheap: poll it, and read the Queues when it moved. 0 is none.
func (db *DB) QueueVersion(ctx context.Context) (version int64, err error) {
	err = db.within(ctx, "read version of queues", func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT coalesce(max(version), 0) FROM queue_changes`).Scan(&version)
	})
	return version, err
}

// QueueChanges are the newest first; the first is in force.
func (db *DB) QueueChanges(ctx context.Context, limit int) (all []QueueChange, err error) {
	err = db.within(ctx, "list changes of queues", func(ctx context.Context) error {
		all, err = query(ctx, db, func(row pgx.CollectableRow) (c QueueChange, err error) {
			err = row.Scan(&c.Version, &c.At, &c.By, &c.Why, &c.Settings, &c.Undoes)
			return c, err
		}, `SELECT version, at, by, why, settings, coalesce(undoes, 0) FROM queue_changes ORDER BY version DESC LIMIT $1`, page(limit))
		return err
	})
	return all, err
}

// ChangeQueues puts other settings in force. Since is the version from which they
// were made; another one in force is ErrQueuesChanged.
func (db *DB) ChangeQueues(ctx context.Context, since int64, settings []byte, b Because) error {
	return db.within(ctx, "change queues", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `INSERT INTO queue_changes (version, at, by, why, settings, undoes)
				SELECT $1 + 1, $2, $3, $4, $5, nullif($6, 0) WHERE $1 = (SELECT coalesce(max(version), 0) FROM queue_changes) ON CONFLICT DO NOTHING`,
				since, b.At, b.By, b.Why, string(settings), b.Undoes)
			if err != nil {
				return err
			}
			if tag.RowsAffected() != 1 {
				return ErrQueuesChanged
			}
			return audit(ctx, tx, Deed{At: b.At, By: b.By, Action: "queues-changed", Subject: "queues", Detail: detail("version", since+1, "undoes", b.Undoes)})
		})
	})
}
