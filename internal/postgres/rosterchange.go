package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/internal/roster"
)

// ErrNoChange: no change of the roster has this id.
var ErrNoChange = errors.New("no change of the roster has this id")

// RosterChange is one change of one row of the roster.
type RosterChange struct {
	ID      int64
	Agent   agent.ID
	Version int64 // of the row afterwards
	At      time.Time
	By, Why string
	// Before is nil when she was added.
	Before *roster.Skills
	After  roster.Skills
	// Hidden names what changed too and is not shown: name, secret, pin.
	Hidden []string
	Undoes int64 // the change that it takes back; 0 = none
}

// Because is who changes something, and why.
type Because struct {
	By, Why string
	At      time.Time
	Undoes  int64 // the change that is taken back; 0 = none
}

// ChangeAgent stores one person as SetAgent does, and writes down who did it and
// why, in the changes of the roster and in the audit.
func (db *DB) ChangeAgent(ctx context.Context, p roster.Person, b Because) error {
	return db.within(ctx, "change agent", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			undoes := ""
			if b.Undoes != 0 {
				undoes = strconv.FormatInt(b.Undoes, 10)
			}
			if _, err := tx.Exec(ctx, `SELECT set_config('powerline.by', $1, true), set_config('powerline.why', $2, true), set_config('powerline.undoes', $3, true)`,
				b.By, b.Why, undoes); err != nil {
				return err
			}
			batch := &pgx.Batch{}
			queuePerson(batch, p)
			results := tx.SendBatch(ctx, batch)
			tag, err := results.Exec()
			if err = errors.Join(err, results.Close()); err != nil {
				return err
			}
			if tag.RowsAffected() != 1 {
				return ErrRosterChanged
			}
			return audit(ctx, tx, Deed{At: b.At, By: b.By, Action: "roster-changed", Subject: string(p.Profile.ID), Detail: detail("version", p.Version+1, "undoes", b.Undoes)})
		})
	})
}

// RosterChanges are the newest first, of one agent or, with "", of all; those
// before an id, or all with 0.
func (db *DB) RosterChanges(ctx context.Context, id agent.ID, before int64, limit int) (all []RosterChange, err error) {
	err = db.within(ctx, "list changes of the roster", func(ctx context.Context) error {
		all, err = query(ctx, db, scanChange, `SELECT id, agent, version, at, by, why, before, after, hidden, coalesce(undoes, 0) FROM roster_changes
			WHERE ($1 = '' OR agent = $1) AND ($2 = 0 OR id < $2) ORDER BY id DESC LIMIT $3`, string(id), before, page(limit))
		return err
	})
	return all, err
}

// RosterChange is one of them; ErrNoChange when there is none of this id.
func (db *DB) RosterChange(ctx context.Context, id int64) (c RosterChange, err error) {
	err = db.within(ctx, "read a change of the roster", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT id, agent, version, at, by, why, before, after, hidden, coalesce(undoes, 0) FROM roster_changes WHERE id = $1`, id)
		if err != nil {
			return err
		}
		c, err = pgx.CollectExactlyOneRow(rows, scanChange)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoChange
		}
		return err
	})
	return c, err
}

func scanChange(row pgx.CollectableRow) (c RosterChange, err error) {
	var before, after []byte
	if err := row.Scan(&c.ID, &c.Agent, &c.Version, &c.At, &c.By, &c.Why, &before, &after, &c.Hidden, &c.Undoes); err != nil {
		return c, err
	}
	if before != nil {
		c.Before = &roster.Skills{}
		if err := json.Unmarshal(before, c.Before); err != nil {
			return c, fmt.Errorf("change %d: %w", c.ID, err)
		}
	}
	return c, json.Unmarshal(after, &c.After)
}
