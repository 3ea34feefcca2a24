package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/recordings"
)

// Export is a copy of a recording that is to leave the house.
type Export struct {
	ID         string
	Recording  recordings.ID
	Order      string // on which it is made
	AskedBy    string
	AskedAt    time.Time
	ApprovedBy string // empty until another person has agreed
	ApprovedAt time.Time
}

// AskExport writes that somebody wants a copy. Asked again under the same id, it
// changes nothing.
func (db *DB) AskExport(ctx context.Context, e Export) error {
	return db.within(ctx, "ask for an export", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `INSERT INTO recording_exports (id, recording, order_ref, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
				e.ID, string(e.Recording), e.Order, e.AskedBy, e.AskedAt)
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
			return By{Actor: e.AskedBy, At: e.AskedAt, Why: e.Order}.audit(ctx, tx, "recording-export-asked", string(e.Recording), map[string]any{"export": e.ID})
		})
	})
}

// ApproveExport writes that another person agrees. ErrNotAllowed: it is the same
// person. Approved again by the same person, it changes nothing.
func (db *DB) ApproveExport(ctx context.Context, id, by string, at time.Time) (e Export, err error) {
	err = db.within(ctx, "approve an export", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			if e, err = exportOf(ctx, tx, id, " FOR UPDATE"); err != nil {
				return err
			}
			switch {
			case e.AskedBy == by, e.ApprovedBy != "" && e.ApprovedBy != by:
				return ErrNotAllowed
			case e.ApprovedBy == by:
				return nil
			}
			if _, err := tx.Exec(ctx, `UPDATE recording_exports SET approved_by = $2, approved_at = $3 WHERE id = $1`, id, by, at); err != nil {
				return err
			}
			e.ApprovedBy, e.ApprovedAt = by, at
			return By{Actor: by, At: at, Why: e.Order}.audit(ctx, tx, "recording-export-approved", string(e.Recording), map[string]any{"export": id})
		})
	})
	return e, err
}

// Export reads one. ErrNoRecording: there is none.
func (db *DB) Export(ctx context.Context, id string) (e Export, err error) {
	err = db.within(ctx, "read an export", func(ctx context.Context) error {
		e, err = exportOf(ctx, db.pool, id, "")
		return err
	})
	return e, err
}

// exportsRead is how many are read at most.
const exportsRead = 1000

// Exports reads those asked for since a moment, the newest first; a thousand at most.
func (db *DB) Exports(ctx context.Context, since time.Time) (all []Export, err error) {
	err = db.within(ctx, "list exports", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, selectExports+`WHERE asked_at >= $1 ORDER BY asked_at DESC, id LIMIT $2`, since, exportsRead)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanExport)
		return err
	})
	return all, err
}

const selectExports = `SELECT id, recording, order_ref, asked_by, asked_at, coalesce(approved_by, ''), approved_at FROM recording_exports `

func scanExport(row pgx.CollectableRow) (e Export, err error) {
	var approved *time.Time
	err = row.Scan(&e.ID, &e.Recording, &e.Order, &e.AskedBy, &e.AskedAt, &e.ApprovedBy, &approved)
	e.ApprovedAt = orZero(approved)
	return e, err
}

func exportOf(ctx context.Context, q querier, id, lock string) (e Export, err error) {
	rows, err := q.Query(ctx, selectExports+`WHERE id = $1`+lock, id)
	if err != nil {
		return e, err
	}
	e, err = pgx.CollectExactlyOneRow(rows, scanExport)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNoRecording
	}
	return e, err
}
