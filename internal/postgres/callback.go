package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
	"powerline/number"
)

// CallBack makes the task to call back somebody who gave up waiting, or says
// why there is none. Number, terms and no-contact of g are filled in from n
// and the open cases. Asked again for the same call, the task is the same.
func (db *DB) CallBack(ctx context.Context, rules cases.Rules, g cases.GaveUp, n number.Number) (t cases.Task, why cases.NoCallBack, err error) {
	err = db.within(ctx, "make call-back task", func(ctx context.Context) error {
		if err := db.opts.Keys.check(); err != nil {
			return err
		}
		if n.Dialable() != nil {
			why = cases.Withheld // a short code or a number abroad cannot be rung either
			return nil
		}
		g.Number = n.Fingerprint(db.opts.Keys.Fingerprint)
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
			if g.Terms, g.NoContact, err = termsOf(ctx, tx, g.Number); err != nil {
				return err
			}
			if t, why = rules.CallBackFor(g); why != cases.CallsBack {
				return nil
			}
			return db.insertCallBack(ctx, tx, &t, n)
		})
	})
	if err != nil {
		return cases.Task{}, "", err
	}
	return t, why, nil
}

// termsOf are the terms of all open cases in which the number is the victim's,
// or that of the adult who speaks for her, and whether one says that it must
// never be rung. A case in which she wants no call at all is among the terms.
func termsOf(ctx context.Context, tx pgx.Tx, print string) (all []cases.Terms, never bool, err error) {
	rows, err := tx.Query(ctx, `SELECT c.doc -> 'terms' FROM cases c JOIN parties p ON p.case_id = c.id JOIN party_numbers n ON n.party = p.id
		WHERE c.open AND n.number = $1 AND p.role IN ('victim', 'adult') AND NOT n.bad ORDER BY c.id`, print)
	if err != nil {
		return nil, false, err
	}
	if all, err = pgx.CollectRows(rows, pgx.RowTo[cases.Terms]); err != nil {
		return nil, false, err
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM safe_contacts WHERE number = $1 AND never)`, print).Scan(&never)
	return all, never, err
}

func (db *DB) insertCallBack(ctx context.Context, tx pgx.Tx, t *cases.Task, n number.Number) error {
	// Whoever makes the task of the same call waits here, and then finds it.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('call-back ' || $1, 0))`, string(t.ID)); err != nil {
		return err
	}
	before, err := readWork(ctx, tx, t.ID, t.Made)
	if err == nil {
		*t = before.Task
		return nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	sealed, err := n.Seal(db.opts.Keys.Seal)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO numbers (fingerprint, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING`, t.Number, sealed); err != nil {
		return err
	}
	return insertTask(ctx, tx, "", *t)
}

// CallerRang ends the call-back tasks of a number, by fingerprint, that has
// called us at the moment given. It returns how many. One that is being
// dialled at this moment is among CalledOff then.
func (db *DB) CallerRang(ctx context.Context, fingerprint string, at time.Time) (ended int, err error) {
	err = db.within(ctx, "end call-back tasks", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `SELECT doc FROM tasks WHERE number = $1 AND case_id IS NULL AND ended_as IS NULL ORDER BY id FOR UPDATE`, fingerprint)
			if err != nil {
				return err
			}
			all, err := pgx.CollectRows(rows, pgx.RowTo[cases.Task])
			if err != nil {
				return err
			}
			for _, t := range all {
				if cases.CallBackStands(t, at) {
					continue
				}
				if err := endTask(ctx, tx, t.ID, cases.CalledOff, at); err != nil {
					return err
				}
				ended++
			}
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	return ended, nil
}
