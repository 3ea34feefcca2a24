package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/recordings"
)

// By says who lets recordings go or keeps them, when, and on whose word.
type By struct {
	Actor string // an agent's id, the name of a token, "operator:NAME" or "engine"
	At    time.Time
	Why   string // such as the number of an order; nothing private
}

// Deed is the row of the audit; more is its detail beside the reason.
func (b By) Deed(action, subject string, more map[string]any) (Deed, error) {
	detail := map[string]any{"why": b.Why}
	for k, v := range more {
		detail[k] = v
	}
	text, err := json.Marshal(detail)
	return Deed{At: b.At, By: b.Actor, Action: action, Subject: subject, Detail: string(text)}, err
}

func (b By) audit(ctx context.Context, tx pgx.Tx, action, subject string, more map[string]any) error {
	d, err := b.Deed(action, subject, more)
	if err != nil {
		return err
	}
	return audit(ctx, tx, d)
}

// CaseScope and RecordingScope name what a hold is on.
func CaseScope(caseID string) string { return "case:" + caseID }

// RecordingScope is that of one recording.
func RecordingScope(id recordings.ID) string { return "recording:" + string(id) }

// Hold keeps a case's recordings, or one, whatever their time. ErrHeld: it is
// held already.
func (db *DB) Hold(ctx context.Context, scope string, by By) error {
	return db.within(ctx, "hold recordings", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `INSERT INTO recording_holds (scope, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, scope, by.Why, by.Actor, by.At)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return ErrHeld
			}
			return by.audit(ctx, tx, "recordings-held", scope, nil)
		})
	})
}

// ReleaseHold ends a hold. ErrNotHeld: there is none.
func (db *DB) ReleaseHold(ctx context.Context, scope string, by By) error {
	return db.within(ctx, "release recordings", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `UPDATE recording_holds SET released_by = $2, released_at = $3 WHERE scope = $1 AND released_at IS NULL`, scope, by.Actor, by.At)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return ErrNotHeld
			}
			return by.audit(ctx, tx, "recordings-released", scope, nil)
		})
	})
}

// isHeld reports, in SQL, whether a recording r is under a hold.
const isHeld = `EXISTS (SELECT FROM recording_holds h WHERE h.released_at IS NULL AND (h.scope = 'recording:' || l.recording OR h.scope = 'case:' || ` + caseOfRecording + `))`

// Kept lists what is sealed, not removed, and began before a moment: the
// candidates of retention, oldest first, behind a row of the chain.
func (db *DB) Kept(ctx context.Context, before time.Time, after int64, limit int) (all []recordings.Kept, seqs []int64, err error) {
	err = db.within(ctx, "list what may be let go", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `
			SELECT l.seq, l.recording, coalesce(r.kind, ''), coalesce(r.begun_at, l.at), k.id, k.closed, `+isHeld+`
			FROM recording_chain l LEFT JOIN recordings r ON r.id = l.recording
				LEFT JOIN LATERAL (SELECT c.id, CASE WHEN c.state = 'closed' THEN c.since END AS closed FROM cases c WHERE c.id = `+caseOfRecording+`) k ON true
			WHERE l.what = 'sealed' AND l.seq > $2 AND coalesce(r.begun_at, l.at) < $1
				AND NOT EXISTS (SELECT FROM recording_chain g WHERE g.recording = l.recording AND g.what = 'removed')
			ORDER BY l.seq LIMIT $3`, before, after, page(limit))
		if err != nil {
			return err
		}
		_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
			var k recordings.Kept
			var seq int64
			var caseID *string
			var closed *time.Time
			err := row.Scan(&seq, &k.ID, &k.Kind, &k.Begun, &caseID, &closed, &k.Held)
			if caseID != nil {
				k.Case = *caseID
			}
			k.Closed = orZero(closed)
			all, seqs = append(all, k), append(seqs, seq)
			return struct{}{}, err
		})
		return err
	})
	return all, seqs, err
}

// RemoveRecording writes that a recording's time is over, and destroys its key if
// nothing else is sealed to it. The object itself is for the caller to remove,
// afterwards. ErrHeld: a hold is on it. Removed again, it changes nothing.
func (db *DB) RemoveRecording(ctx context.Context, id recordings.ID, by By) error {
	return db.within(ctx, "remove recording", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			if err := lockChain(ctx, tx); err != nil {
				return err
			}
			var onHold, gone bool
			var key string
			err := tx.QueryRow(ctx, `SELECT `+isHeld+`, EXISTS (SELECT FROM recording_chain g WHERE g.recording = $1 AND g.what = 'removed'), l.detail::jsonb ->> 'key'
				FROM recording_chain l LEFT JOIN recordings r ON r.id = l.recording WHERE l.recording = $1 AND l.what = 'sealed'`, string(id)).Scan(&onHold, &gone, &key)
			switch {
			case errors.Is(err, pgx.ErrNoRows):
				return ErrNoRecording
			case err != nil || gone:
				return err
			case onHold:
				return ErrHeld
			}
			if err := link(ctx, tx, recordings.LinkRemoved, id, by.At, recordings.Removed{Why: by.Why, By: by.Actor}); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `UPDATE recording_keys k SET wrapped = NULL, destroyed_at = $2 WHERE k.id = $1 AND k.wrapped IS NOT NULL AND k.scope NOT LIKE 'case:%'
				AND NOT EXISTS (SELECT FROM recording_chain l WHERE l.what = 'sealed' AND l.detail::jsonb ->> 'key' = k.id
					AND NOT EXISTS (SELECT FROM recording_chain g WHERE g.recording = l.recording AND g.what = 'removed'))`, key, by.At)
			if err != nil {
				return err
			}
			return by.audit(ctx, tx, "recording-removed", string(id), nil)
		})
	})
}

// RemovedSince lists the objects of recordings that were removed since a moment:
// what a crash may have left in the store.
func (db *DB) RemovedSince(ctx context.Context, since time.Time) (objects []string, err error) {
	err = db.within(ctx, "list removed recordings", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT l.detail::jsonb ->> 'object' FROM recording_chain g JOIN recording_chain l ON l.recording = g.recording AND l.what = 'sealed'
			WHERE g.what = 'removed' AND g.at >= $1 ORDER BY g.seq`, since)
		if err != nil {
			return err
		}
		objects, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return objects, err
}

// ShredCase destroys every key to which a recording of the case is sealed, so
// that nobody can ever hear them, wherever copies are. It returns which. ErrHeld:
// a hold is on one of them; nothing is destroyed then.
func (db *DB) ShredCase(ctx context.Context, caseID string, by By) (ids []recordings.ID, err error) {
	err = db.within(ctx, "shred recordings of a case", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			ids, err = shred(ctx, tx, caseID, by)
			return err
		})
	})
	return ids, err
}

func shred(ctx context.Context, tx pgx.Tx, caseID string, by By) ([]recordings.ID, error) {
	var there bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM cases WHERE id = $1)`, caseID).Scan(&there); err != nil || !there {
		return nil, errors.Join(err, map[bool]error{false: ErrNoCase}[there])
	}
	if err := lockChain(ctx, tx); err != nil {
		return nil, err
	}
	// All that share a key with a recording of the case lose it too; a key never
	// serves two cases.
	rows, err := tx.Query(ctx, `
		WITH keys AS (
			SELECT k.id FROM recording_keys k WHERE k.scope = 'case:' || $1
			UNION
			SELECT l.detail::jsonb ->> 'key' FROM recording_chain l JOIN recordings r ON r.id = l.recording WHERE l.what = 'sealed' AND `+caseOfRecording+` = $1
		)
		SELECT l.recording, l.detail::jsonb ->> 'key', `+isHeld+`, EXISTS (SELECT FROM recording_chain g WHERE g.recording = l.recording AND g.what = 'shredded')
		FROM recording_chain l LEFT JOIN recordings r ON r.id = l.recording WHERE l.what = 'sealed' AND l.detail::jsonb ->> 'key' IN (SELECT id FROM keys) ORDER BY l.seq`, caseID)
	if err != nil {
		return nil, err
	}
	type one struct {
		id         recordings.ID
		key        string
		held, gone bool
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o one, err error) {
		return o, row.Scan(&o.id, &o.key, &o.held, &o.gone)
	})
	if err != nil {
		return nil, err
	}
	var ids []recordings.ID
	var keys []string
	for _, o := range all {
		if o.held {
			return nil, ErrHeld
		}
		keys = append(keys, o.key)
		if o.gone {
			continue
		}
		if err := link(ctx, tx, recordings.LinkShredded, o.id, by.At, recordings.Removed{Why: by.Why, By: by.Actor, Key: o.key}); err != nil {
			return nil, err
		}
		ids = append(ids, o.id)
	}
	_, err = tx.Exec(ctx, `UPDATE recording_keys SET wrapped = NULL, destroyed_at = $2 WHERE wrapped IS NOT NULL AND (id = ANY ($1) OR scope = 'case:' || $3)`, keys, by.At, caseID)
	if err != nil {
		return nil, err
	}
	return ids, by.audit(ctx, tx, "recordings-shredded", caseID, map[string]any{"recordings": len(ids)})
}

// Keys lists keys that are not destroyed, behind an id, in order.
func (db *DB) Keys(ctx context.Context, after string, limit int) (all []RecordingKey, err error) {
	err = db.within(ctx, "list keys", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT id, scope, public, wrapped, recipients, destroyed_at FROM recording_keys WHERE id > $1 AND wrapped IS NOT NULL ORDER BY id LIMIT $2`, after, page(limit))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanKey)
		return err
	})
	return all, err
}

// Rewrap replaces how a key is wrapped, unless it was changed or destroyed since
// it was read: false then.
func (db *DB) Rewrap(ctx context.Context, k RecordingKey, w recordings.WrappedKey) (done bool, err error) {
	err = db.within(ctx, "wrap a key again", func(ctx context.Context) error {
		tag, err := db.pool.Exec(ctx, `UPDATE recording_keys SET wrapped = $3, recipients = $4, wrapped_at = now() WHERE id = $1 AND wrapped = $2`, k.ID, k.Wrapped, w.Wrapped, w.Recipients)
		done = err == nil && tag.RowsAffected() == 1
		return err
	})
	return done, err
}

// AuditBy appends what somebody did with recordings.
func (db *DB) AuditBy(ctx context.Context, by By, action, subject string, more map[string]any) error {
	d, err := by.Deed(action, subject, more)
	if err != nil {
		return fmt.Errorf("postgres: audit: %w", err)
	}
	return db.Audit(ctx, d)
}
