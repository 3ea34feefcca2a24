package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/cases"
)

// Work is a task with everything that cases.Check wants to know, but for what
// only the engine sees: Facts.Calling and Facts.Agents are left empty.
type Work struct {
	Task cases.Task
	// Case is the zero Case for a call back. CaseID is empty then.
	CaseID string
	Case   cases.Case
	Facts  cases.Facts
	// Safe says how the task's number may be used; zero for offenders and contacts.
	Safe NumberTerms
	// End is how the task ended, empty while it is in hand, and Ended when.
	End   cases.TaskEnd
	Ended time.Time
	// SetAside is why the task was set aside as impossible; empty if it was not.
	SetAside string
	// InHand is the attempt that is not settled yet, if there is one.
	InHand string
}

// NumberTerms are the terms of a number in a case that are no secret.
type NumberTerms struct {
	Known                    bool
	Whose                    string
	Never                    bool
	MayMessage, MayLeaveWord bool
	VerifiedAt               time.Time
}

// NeverRung is the rule of a number that she said must never be rung. The
// ladder does not know numbers, so it is held here.
const NeverRung cases.Rule = "never-rung"

// workColumns are those of a Work; $1 is the moment from which on dials of the
// number for other tasks are of interest.
const workColumns = `t.id, t.doc, coalesce(t.case_id, ''), c.doc, coalesce(t.ended_as, ''), t.ended_at, coalesce(t.set_aside, ''), coalesce(u.attempt, ''),
	EXISTS (SELECT FROM live_numbers l WHERE l.number = t.number AND l.attempt IS DISTINCT FROM u.attempt),
	ARRAY(SELECT a.at FROM rung_attempts a WHERE a.number = t.number AND a.task <> t.id AND a.at >= $1 ORDER BY a.at),
	ARRAY(SELECT kind FROM paused_kinds ORDER BY kind),
	s.case_id IS NOT NULL, coalesce(s.whose, ''), coalesce(s.never, false), coalesce(s.may_message, false), coalesce(s.may_leave_word, false), s.verified_at`

const workTables = `tasks t
	LEFT JOIN cases c ON c.id = t.case_id
	LEFT JOIN unsettled_attempts u ON u.task = t.id
	LEFT JOIN safe_contacts s ON s.case_id = t.case_id AND s.number = t.number AND t.kind NOT IN ('offender', 'ffr')`

// unreadable is a row whose document nobody can read: impossible data. It must
// not keep others from being read.
type unreadable struct{ id string }

func (u unreadable) Error() string { return "the document of " + u.id + " cannot be read" }

func scanWork(row pgx.CollectableRow) (w Work, err error) {
	var task, c []byte
	var id, end string
	var ended, verified *time.Time
	var paused []string
	err = row.Scan(&id, &task, &w.CaseID, &c, &end, &ended, &w.SetAside, &w.InHand, &w.Facts.Live, &w.Facts.Elsewhere, &paused,
		&w.Safe.Known, &w.Safe.Whose, &w.Safe.Never, &w.Safe.MayMessage, &w.Safe.MayLeaveWord, &verified)
	if err != nil {
		return w, err
	}
	// The library's words may repeat what stands in the document.
	if json.Unmarshal(task, &w.Task) != nil || c != nil && json.Unmarshal(c, &w.Case) != nil {
		return Work{}, unreadable{id}
	}
	for _, kind := range paused {
		w.Facts.Paused = append(w.Facts.Paused, cases.Kind(kind))
	}
	w.End, w.Ended, w.Safe.VerifiedAt = cases.TaskEnd(end), orZero(ended), orZero(verified)
	return w, nil
}

// lookBack is how far back dials of a number are looked at: a local day, and
// some more for a clock that jumped.
const lookBack = 48 * time.Hour

// Due are the tasks that may be dialled at the moment given as far as can be
// told here: due, not expired, within their window, not paused, not set aside,
// no attempt unsettled, number not in a call nor at its limit of the day. The
// most urgent come first, then those that are due for longest. Check
// each all the same. At most limit come back.
//
// A task whose document cannot be read is set aside on the way.
//
// The window is looked at here and now, and not written down as "not before":
// so a clock that jumped and came back costs nobody her window.
func (db *DB) Due(ctx context.Context, rules cases.Rules, now time.Time, limit int) (all []Work, err error) {
	local := now.In(cases.Local)
	minute := local.Hour()*60 + local.Minute()
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, cases.Local)
	var bad []string
	err = db.within(ctx, "list due tasks", func(ctx context.Context) error {
		// Picked first and read afterwards: documents are read of those only that come back.
		rows, err := db.pool.Query(ctx, `SELECT `+workColumns+` FROM `+workTables+` WHERE t.id IN (SELECT t.id FROM `+workTables+`
				WHERE t.ended_as IS NULL AND t.set_aside IS NULL AND NOT t.pull AND t.number IS NOT NULL AND t.kind <> 'identify'
					AND t.due <= $2 AND (t.not_after IS NULL OR t.not_after > $2)
					AND EXISTS (SELECT FROM unnest(t.window_days, t.window_from, t.window_to) AS w (days, begins, ends)
						WHERE w.days & $3 <> 0 AND w.begins <= $4 AND $4 < w.ends)
					AND u.task IS NULL AND NOT coalesce(s.never, false)
					AND NOT EXISTS (SELECT FROM live_numbers l WHERE l.number = t.number)
					AND NOT EXISTS (SELECT FROM paused_kinds p WHERE p.kind = t.kind)
					AND (t.kind NOT IN ('offender', 'ffr') OR c.barred = '')
					AND (t.kind IN ('follow-up', 'callback') OR c.concern = '')
					AND (SELECT count(*) FROM rung_attempts a WHERE a.number = t.number AND a.at >= $5) < $6
				ORDER BY t.priority DESC, t.due, t.id LIMIT $7)
			ORDER BY t.priority DESC, t.due, t.id`,
			now.Add(-lookBack), now, 1<<local.Weekday(), minute, midnight, rules.Limits.PerNumber, limit)
		if err != nil {
			return err
		}
		all, bad, err = collectWork(rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, id := range bad {
		if err := db.SetAside(ctx, cases.TaskID(id), "", "its document or that of its case cannot be read", now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// collectWork reads the rows that can be read, and names the others.
func collectWork(rows pgx.Rows) (all []Work, bad []string, err error) {
	defer rows.Close()
	for rows.Next() {
		w, err := scanWork(rows)
		var u unreadable
		switch {
		case errors.As(err, &u):
			bad = append(bad, u.id)
		case err != nil:
			return nil, nil, err
		default:
			all = append(all, w)
		}
	}
	return all, bad, rows.Err()
}

// Task reads one task, in hand or ended, with the facts of the moment given;
// ErrNoTask when there is none. With cases.Check it explains why a task is not
// being dialled.
func (db *DB) Task(ctx context.Context, id cases.TaskID, now time.Time) (w Work, err error) {
	err = db.within(ctx, "read task", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+workColumns+` FROM `+workTables+` WHERE t.id = $2`, now.Add(-lookBack), string(id))
		if err != nil {
			return err
		}
		w, err = pgx.CollectExactlyOneRow(rows, scanWork)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoTask
		}
		return err
	})
	return w, err
}

// TaskFilter says which tasks in hand to list; zero fields do not limit.
type TaskFilter struct {
	Kind     cases.Kind
	Case     string
	Party    string
	Number   string    // fingerprint
	DueBy    time.Time // only tasks due until then
	Pull     bool      // only those for which she rings us
	SetAside bool      // only those set aside
	Limit    int       // 0 means 100, at most 1000
}

// Tasks lists tasks in hand, the most urgent first, for people: whatever the
// reason for which they are not being dialled.
func (db *DB) Tasks(ctx context.Context, f TaskFilter, now time.Time) (all []Work, err error) {
	err = db.within(ctx, "list tasks", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+workColumns+` FROM `+workTables+`
			WHERE t.ended_as IS NULL
				AND ($2 = '' OR t.kind = $2) AND ($3 = '' OR t.case_id = $3) AND ($4 = '' OR t.party = $4) AND ($5 = '' OR t.number = $5)
				AND ($6::timestamptz IS NULL OR t.due <= $6) AND (NOT $7 OR t.pull) AND (NOT $8 OR t.set_aside IS NOT NULL)
			ORDER BY t.priority DESC, t.due, t.id LIMIT $9`,
			now.Add(-lookBack), string(f.Kind), f.Case, f.Party, f.Number, unlessZero(f.DueBy), f.Pull, f.SetAside, page(f.Limit))
		if err != nil {
			return err
		}
		all, _, err = collectWork(rows)
		return err
	})
	return all, err
}

// SetAside takes a task that cannot be worked on out of the way, with a reason
// that holds nothing private, and tells the supervisors through the outbox.
func (db *DB) SetAside(ctx context.Context, id cases.TaskID, by agent.ID, reason string, at time.Time) error {
	return db.within(ctx, "set task aside", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error { return setAside(ctx, tx, id, by, reason, at) })
	})
}

func setAside(ctx context.Context, tx pgx.Tx, id cases.TaskID, by agent.ID, reason string, at time.Time) error {
	var caseID *string
	var kind string
	err := tx.QueryRow(ctx, `UPDATE tasks SET set_aside = $2 WHERE id = $1 AND ended_as IS NULL RETURNING case_id, kind`, string(id), reason).Scan(&caseID, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoTask
	}
	if err != nil {
		return err
	}
	of := ""
	if caseID != nil {
		of = *caseID
	}
	body := map[string]any{"task": id, "kind": kind, "reason": reason}
	if err := post(ctx, tx, fmt.Sprintf("set-aside/%s/%d", id, at.UnixMicro()), "set-aside", of, body, at); err != nil {
		return err
	}
	return audit(ctx, tx, Deed{At: at, By: orEngine(by), Action: "task-set-aside", Subject: string(id), Detail: detail("case", of, "reason", reason)})
}

// TakeBack puts a task that was set aside among the others again.
func (db *DB) TakeBack(ctx context.Context, id cases.TaskID, by agent.ID, at time.Time) error {
	return db.within(ctx, "take task back", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `UPDATE tasks SET set_aside = NULL WHERE id = $1 AND ended_as IS NULL AND set_aside IS NOT NULL`, string(id))
			if err == nil && tag.RowsAffected() == 0 {
				err = ErrNoTask
			}
			if err != nil {
				return err
			}
			return audit(ctx, tx, Deed{At: at, By: orEngine(by), Action: "task-taken-back", Subject: string(id)})
		})
	})
}

func orEngine(by agent.ID) string {
	if by == "" {
		return engine
	}
	return string(by)
}

func insertTask(ctx context.Context, tx pgx.Tx, caseID string, t cases.Task) error {
	args, err := taskArgs(t)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO tasks (id, number, due, not_after, window_days, window_from, window_to, pull, excluded, only_agent,
			priority, opening, language, doc, case_id, kind, why, party, made, pool, officer, counsellor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		append(args, unlessEmpty(caseID), string(t.Kind), string(t.Why), unlessEmpty(t.Party), t.Made, string(t.Pool), t.Officer, t.Counsellor)...)
	return err
}

// updateTask writes a task that changed. If it was set aside, it is another
// task now and gets another chance.
func updateTask(ctx context.Context, tx pgx.Tx, t cases.Task) error {
	args, err := taskArgs(t)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `UPDATE tasks SET number = $2, due = $3, not_after = $4, window_days = $5, window_from = $6, window_to = $7, pull = $8,
			excluded = $9, only_agent = $10, priority = $11, opening = $12, language = $13, doc = $14, set_aside = NULL
		WHERE id = $1`, args...)
	if err == nil && tag.RowsAffected() != 1 {
		return ErrNoTask
	}
	return err
}

// taskArgs are the columns that can change.
func taskArgs(t cases.Task) ([]any, error) {
	doc, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	days, begins, ends := []int16{}, []int16{}, []int16{}
	for _, w := range t.Window {
		days, begins, ends = append(days, int16(w.Days)), append(begins, int16(w.From)), append(ends, int16(w.To))
	}
	excluded := []string{}
	for _, id := range t.Excluded {
		excluded = append(excluded, string(id))
	}
	return []any{string(t.ID), unlessEmpty(t.Number), t.Due, unlessZero(t.NotAfter), days, begins, ends, t.Pull, excluded, string(t.Only),
		t.Priority, t.Opening, t.Language, string(doc)}, nil
}

func endTask(ctx context.Context, tx pgx.Tx, id cases.TaskID, end cases.TaskEnd, at time.Time) error {
	tag, err := tx.Exec(ctx, `UPDATE tasks SET ended_as = $2, ended_at = $3 WHERE id = $1`, string(id), string(end), at)
	if err == nil && tag.RowsAffected() != 1 {
		return ErrNoTask
	}
	return err
}

// Pause is an operator's stop of one kind of call.
type Pause struct {
	Kind   cases.Kind
	By     agent.ID
	At     time.Time
	Reason string
}

// PausedKinds are the kinds that an operator has stopped.
func (db *DB) PausedKinds(ctx context.Context) (all []Pause, err error) {
	err = db.within(ctx, "list paused kinds", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT kind, by, at, reason FROM paused_kinds ORDER BY kind`)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Pause])
		return err
	})
	return all, err
}

// PauseKind stops one kind of call until ResumeKind. Pausing again changes nothing.
func (db *DB) PauseKind(ctx context.Context, p Pause) error {
	return db.within(ctx, "pause kind", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `INSERT INTO paused_kinds (kind, by, at, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
				string(p.Kind), string(p.By), p.At, p.Reason)
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
			return audit(ctx, tx, Deed{At: p.At, By: orEngine(p.By), Action: "kind-paused", Subject: string(p.Kind), Detail: detail("reason", p.Reason)})
		})
	})
}

// ResumeKind lifts a pause; lifting none changes nothing.
func (db *DB) ResumeKind(ctx context.Context, kind cases.Kind, by agent.ID, at time.Time) error {
	return db.within(ctx, "resume kind", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `DELETE FROM paused_kinds WHERE kind = $1`, string(kind))
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
			return audit(ctx, tx, Deed{At: at, By: orEngine(by), Action: "kind-resumed", Subject: string(kind)})
		})
	})
}
