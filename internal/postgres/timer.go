package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
	"powerline/internal/intake"
)

// Timer is something that is due by time: a timer of the ladder, or the end of
// a task's time.
type Timer struct {
	Case string          // empty for a call back
	Name cases.TimerName // empty for the end of a task's time
	Task cases.TaskID    // empty for a timer
	Due  time.Time
}

// name is the timer's, or the id of the task whose time it is.
func (t Timer) name() string { return string(t.Name) + string(t.Task) }

// DueTimers are those due at the moment given, the longest due first. After
// downtime they are all still here. The end of a task's time waits for an
// attempt that is in hand: she may be speaking with us. The limit is one of
// cases; call-backs come on top of it, as many at most.
func (db *DB) DueTimers(ctx context.Context, now time.Time, limit int) (all []Timer, err error) {
	var bad []string
	err = db.within(ctx, "list due timers", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT c.id, c.doc, ARRAY(SELECT u.task FROM tasks t JOIN unsettled_attempts u ON u.task = t.id WHERE t.case_id = c.id)
			FROM cases c WHERE c.next_at <= $1 AND c.timers_aside IS DISTINCT FROM c.version ORDER BY c.next_at, c.id LIMIT $2`, now, limit)
		if err != nil {
			return err
		}
		if all, bad, err = collectTimers(rows, now); err != nil {
			return err
		}
		rows, err = db.pool.Query(ctx, `SELECT '', '', id, not_after FROM tasks
			WHERE case_id IS NULL AND ended_as IS NULL AND set_aside IS NULL AND not_after <= $1
				AND NOT EXISTS (SELECT FROM unsettled_attempts u WHERE u.task = tasks.id)
			ORDER BY not_after, id LIMIT $2`, now, limit)
		if err != nil {
			return err
		}
		callBacks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Timer])
		all = append(all, callBacks...)
		slices.SortStableFunc(all, func(a, b Timer) int { return a.Due.Compare(b.Due) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, db.putUnreadableAside(ctx, bad, now)
}

// collectTimers reads the documents that can be read, and names the others.
func collectTimers(rows pgx.Rows, now time.Time) (all []Timer, bad []string, err error) {
	var id string
	var doc []byte
	var inHand []string
	_, err = pgx.ForEachRow(rows, []any{&id, &doc, &inHand}, func() error {
		var c cases.Case
		if json.Unmarshal(doc, &c) != nil {
			bad = append(bad, id)
			return nil
		}
		for _, t := range timersOf(c) {
			if !t.Due.After(now) && !slices.Contains(inHand, string(t.Task)) {
				all = append(all, t)
			}
		}
		return nil
	})
	return all, bad, err
}

// putUnreadableAside stops the timers of cases whose documents nobody can read.
func (db *DB) putUnreadableAside(ctx context.Context, ids []string, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return db.within(ctx, "put timers aside", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			for _, id := range ids {
				if err := putTimersAside(ctx, tx, id, "", now, "its document cannot be read"); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// FireTimer tells the case that the time has come. A timer that is not due or
// no longer runs is Ignored; nothing fires twice. If the ladder does
// not take a timer that is due, the case's timers are put aside until the case
// moves, and the supervisors are told: it must not block the others.
func (db *DB) FireTimer(ctx context.Context, rules cases.Rules, t Timer, now time.Time) (s Step, err error) {
	fire := func(take func(context.Context, pgx.Tx) (Step, error)) error {
		return db.within(ctx, "fire timer", func(ctx context.Context) error {
			return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) (err error) {
				s, err = take(ctx, tx)
				return err
			})
		})
	}
	err = fire(func(ctx context.Context, tx pgx.Tx) (Step, error) {
		if t.Case == "" {
			return expireCallBack(ctx, tx, t, now)
		}
		return db.fire(ctx, tx, rules, t, now)
	})
	if why, yes := impossible(err); yes && t.Case != "" {
		err = fire(func(ctx context.Context, tx pgx.Tx) (Step, error) {
			h, err := hold(ctx, tx, t.Case)
			if err != nil {
				return Step{}, err
			}
			return Step{Verdict: cases.Refused, Case: h.file.Case}, putTimersAside(ctx, tx, t.Case, t.name(), now, why)
		})
	}
	if err != nil {
		return Step{}, err
	}
	return s, nil
}

func (db *DB) fire(ctx context.Context, tx pgx.Tx, rules cases.Rules, t Timer, now time.Time) (Step, error) {
	h, err := hold(ctx, tx, t.Case)
	if err != nil {
		return Step{}, err
	}
	c := h.file.Case
	runs := slices.ContainsFunc(timersOf(c), func(other Timer) bool {
		return other.Name == t.Name && other.Task == t.Task && other.Due.Equal(t.Due)
	})
	if !runs || now.Before(t.Due) {
		return Step{Verdict: cases.Ignored, Case: c}, nil
	}
	ev := cases.Event{ID: fmt.Sprintf("timer/%s/%d/%d", t.Name, t.Due.UnixMicro(), c.Version), Version: c.Version, At: now, What: cases.TimeUp{Timer: t.Name}}
	if t.Task != "" {
		var inHand bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM unsettled_attempts WHERE task = $1)`, string(t.Task)).Scan(&inHand); err != nil || inHand {
			return Step{Verdict: cases.Ignored, Case: c}, err
		}
		ev.ID = fmt.Sprintf("expired/%s/%d", t.Task, c.Version)
		ev.What = cases.Expired{Task: t.Task}
	}
	s, err := db.move(ctx, tx, rules, h, ev, intake.Told{})
	if err != nil || s.Verdict == cases.Applied {
		return s, err
	}
	return s, putTimersAside(ctx, tx, t.Case, t.name(), now, "the ladder does not take it: "+string(s.Verdict))
}

// putTimersAside stops the timers of a case until something moves it.
func putTimersAside(ctx context.Context, tx pgx.Tx, caseID, timer string, now time.Time, reason string) error {
	var version int64
	if err := tx.QueryRow(ctx, `UPDATE cases SET timers_aside = version WHERE id = $1 RETURNING version`, caseID).Scan(&version); err != nil {
		return err
	}
	body := map[string]any{"case": caseID, "timer": timer, "reason": reason}
	if err := post(ctx, tx, fmt.Sprintf("timers-aside/%s/%d", caseID, version), "timers-aside", caseID, body, now); err != nil {
		return err
	}
	return audit(ctx, tx, Deed{At: now, By: engine, Action: "timers-aside", Subject: caseID, Detail: detail("timer", timer, "reason", reason)})
}

// expireCallBack ends the task of somebody whom it is too late to call back.
func expireCallBack(ctx context.Context, tx pgx.Tx, t Timer, now time.Time) (Step, error) {
	tag, err := tx.Exec(ctx, `UPDATE tasks SET ended_as = 'exhausted', ended_at = $2
		WHERE id = $1 AND case_id IS NULL AND ended_as IS NULL AND not_after <= $2
			AND NOT EXISTS (SELECT FROM unsettled_attempts u WHERE u.task = tasks.id)`, string(t.Task), now)
	if err != nil || tag.RowsAffected() == 0 {
		return Step{Verdict: cases.Ignored}, err
	}
	return Step{Verdict: cases.Applied}, nil
}
