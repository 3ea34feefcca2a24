package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/cases"
	"powerline/number"
)

// Attempt is one dial. It is written before the INVITE, and its id is the name
// of the channel, so that a second INVITE for it is impossible.
type Attempt struct {
	ID     string
	Task   cases.TaskID
	Case   string // empty for a call back
	Kind   cases.Kind
	Number string // fingerprint; must be the one that the task names
	Agent  agent.ID
	// CallerID is the number of ours that is shown. It is not private.
	CallerID string
	At       time.Time
}

const attemptColumns = `a.id, a.task, coalesce(a.case_id, ''), a.kind, a.number, a.agent, a.caller_id, a.at`

func (a *Attempt) columns() []any {
	return []any{&a.ID, &a.Task, &a.Case, &a.Kind, &a.Number, &a.Agent, &a.CallerID, &a.At}
}

func scanAttempt(row pgx.CollectableRow) (a Attempt, err error) {
	err = row.Scan(a.columns()...)
	return a, err
}

// StartAttempt writes the attempt if it may start: it locks case and task,
// asks cases.Check with the roster's profile of the agent, and takes the
// number, of which no two attempts can be live. The error is a *Forbidden
// with all reasons (errors.Is tells ErrNumberLive, ErrTaskChanged,
// ErrKindPaused, ErrNotAllowed), or ErrTaskInHand, ErrNoTask, ErrNoAgent. An
// attempt that was written before under this id is no error.
func (db *DB) StartAttempt(ctx context.Context, rules cases.Rules, a Attempt) error {
	a.At = a.At.UTC().Truncate(time.Microsecond)
	return db.within(ctx, "start attempt", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			if known, err := sameAttempt(ctx, tx, a); err != nil || known {
				return err
			}
			w, err := holdTask(ctx, tx, a)
			if err != nil {
				return err
			}
			p, err := profile(ctx, tx, a.Agent)
			if err != nil {
				return err
			}
			// Before the rules are asked, so that of two who want the number the
			// second waits for the first, and then sees what it wrote.
			if err := insertAttempt(ctx, tx, a, w.Task.Takes(p)); err != nil {
				return err
			}
			return allowed(ctx, tx, rules, w, a, p)
		})
	})
}

// sameAttempt reports whether the attempt was written before.
func sameAttempt(ctx context.Context, tx pgx.Tx, a Attempt) (bool, error) {
	rows, err := tx.Query(ctx, `SELECT `+attemptColumns+` FROM attempts a WHERE id = $1`, a.ID)
	if err != nil {
		return false, err
	}
	before, err := pgx.CollectExactlyOneRow(rows, scanAttempt)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case before.Task != a.Task || before.Number != a.Number || before.Agent != a.Agent:
		return false, errors.New("another attempt has this id: mint a new one")
	}
	return true, nil
}

// holdTask locks the case against movers and the task against other attempts,
// and reads the task.
func holdTask(ctx context.Context, tx pgx.Tx, a Attempt) (Work, error) {
	var caseID *string
	err := tx.QueryRow(ctx, `SELECT case_id FROM tasks WHERE id = $1`, string(a.Task)).Scan(&caseID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Work{}, ErrNoTask
	}
	if err != nil {
		return Work{}, err
	}
	if caseID != nil {
		if _, err := tx.Exec(ctx, `SELECT FROM cases WHERE id = $1 FOR SHARE`, *caseID); err != nil {
			return Work{}, err
		}
	}
	if _, err := tx.Exec(ctx, `SELECT FROM tasks WHERE id = $1 FOR UPDATE`, string(a.Task)); err != nil {
		return Work{}, err
	}
	w, err := readWork(ctx, tx, a.Task, a.At)
	switch {
	case err != nil:
		return w, err
	case w.End != "" || w.SetAside != "" || w.Task.Kind != a.Kind || w.Task.Number != a.Number || w.CaseID != a.Case:
		return w, ErrTaskChanged
	case w.InHand != "":
		return w, ErrTaskInHand
	case !w.Task.Kind.Dialled():
		return w, &Forbidden{[]cases.Reason{{Rule: cases.DeskWork}}}
	case w.Task.Number == "":
		return w, &Forbidden{[]cases.Reason{{Rule: cases.NoNumberKnown}}}
	}
	return w, nil
}

func readWork(ctx context.Context, tx pgx.Tx, id cases.TaskID, at time.Time) (Work, error) {
	rows, err := tx.Query(ctx, `SELECT `+workColumns+` FROM `+workTables+` WHERE t.id = $2`, at.Add(-lookBack), string(id))
	if err != nil {
		return Work{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanWork)
}

// insertAttempt writes the attempt and takes number and task. The law of who
// may call whom is a constraint of the table; the bar says it in better words.
func insertAttempt(ctx context.Context, tx pgx.Tx, a Attempt, bar cases.Bar) error {
	if bar != cases.NoBar {
		return &Forbidden{[]cases.Reason{{Rule: cases.NobodyFits, Detail: string(bar)}}}
	}
	_, err := tx.Exec(ctx, `INSERT INTO attempts (id, task, case_id, kind, number, agent, caller_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		a.ID, string(a.Task), unlessEmpty(a.Case), string(a.Kind), a.Number, string(a.Agent), a.CallerID, a.At)
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `INSERT INTO live_numbers (number, attempt) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING`, a.Number, a.ID)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return &Forbidden{[]cases.Reason{{Rule: cases.NumberLive}}}
	}
	_, err = tx.Exec(ctx, `INSERT INTO unsettled_attempts (task, attempt) VALUES ($1, $2)`, string(a.Task), a.ID)
	return err
}

// allowed asks the rules once more, now that the number is ours and nobody can
// move the case. What it reads was written before by whoever had the number.
func allowed(ctx context.Context, tx pgx.Tx, rules cases.Rules, w Work, a Attempt, p agent.Profile) error {
	now, err := readWork(ctx, tx, a.Task, a.At)
	if err != nil {
		return err
	}
	f := now.Facts
	f.Live, f.Agents = false, []agent.Profile{p}
	why := rules.Check(w.Task, w.Case, f, a.At)
	if now.Safe.Never {
		why = append(why, cases.Reason{Rule: NeverRung})
	}
	if len(why) > 0 {
		return &Forbidden{why}
	}
	return nil
}

// NumberToDial opens the number of an attempt that has been written and has
// not ended. It is for the INVITE alone.
func (db *DB) NumberToDial(ctx context.Context, attemptID string) (n number.Number, err error) {
	err = db.within(ctx, "open number to dial", func(ctx context.Context) error {
		if err := db.opts.Keys.check(); err != nil {
			return err
		}
		var print string
		var sealed []byte
		err := db.pool.QueryRow(ctx, `SELECT n.fingerprint, n.sealed FROM live_numbers l JOIN numbers n ON n.fingerprint = l.number WHERE l.attempt = $1`, attemptID).Scan(&print, &sealed)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoAttempt
		}
		if err != nil {
			return err
		}
		n, err = db.openNumber(print, sealed)
		return err
	})
	return n, err
}

// Stale are attempts without an end that began before the moment given: their
// dialer died. Look at Asterisk, then write their ends.
func (db *DB) Stale(ctx context.Context, before time.Time, limit int) ([]Attempt, error) {
	return db.listAttempts(ctx, "list stale attempts", `SELECT `+attemptColumns+` FROM live_numbers l JOIN attempts a ON a.id = l.attempt
		WHERE a.at < $1 ORDER BY a.at, a.id LIMIT $2`, before, limit)
}

// CalledOff are live attempts whose task is no longer in hand, or which the
// ladder forbids by now: if the phone still rings, the ring must end.
func (db *DB) CalledOff(ctx context.Context) ([]Attempt, error) {
	return db.listAttempts(ctx, "list attempts called off", `SELECT `+attemptColumns+`
		FROM live_numbers l JOIN attempts a ON a.id = l.attempt JOIN tasks t ON t.id = a.task LEFT JOIN cases c ON c.id = a.case_id
		WHERE t.ended_as IS NOT NULL OR t.set_aside IS NOT NULL OR (a.kind IN ('offender', 'ffr') AND c.barred <> '')
			OR (a.kind NOT IN ('follow-up', 'callback') AND c.concern <> '') OR t.number IS DISTINCT FROM a.number
		ORDER BY a.at, a.id`)
}

func (db *DB) listAttempts(ctx context.Context, op, query string, args ...any) (all []Attempt, err error) {
	err = db.within(ctx, op, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanAttempt)
		return err
	})
	return all, err
}

// Ended is an attempt with its end.
type Ended struct {
	Attempt Attempt
	End     AttemptEnd
}

const endColumns = `e.attempt, e.owner, coalesce(e.agent, ''), e.ended_at, e.dialled_at, e.answered_at, e.result, e.q850, e.sip, e.detail`

func scanEnded(row pgx.CollectableRow) (e Ended, err error) {
	var dialled, answered *time.Time
	err = row.Scan(append(e.Attempt.columns(), &e.End.Attempt, &e.End.Owner, &e.End.Agent, &e.End.Ended, &dialled, &answered,
		&e.End.Result, &e.End.Q850, &e.End.SIP, &e.End.Detail)...)
	e.End.Dialled, e.End.Answered = orZero(dialled), orZero(answered)
	return e, err
}

// Unsettled are attempts that ended before the moment given, to nobody's
// answer, and have not moved their task yet: Settle each.
func (db *DB) Unsettled(ctx context.Context, before time.Time, limit int) ([]Ended, error) {
	return db.listEnded(ctx, "list unsettled attempts", "e.answered_at IS NULL", before, limit)
}

// Uncoded are attempts that somebody answered, that ended before the moment
// given, and whose outcome nobody has recorded. Their task waits: silence is
// never an answer.
func (db *DB) Uncoded(ctx context.Context, before time.Time, limit int) ([]Ended, error) {
	return db.listEnded(ctx, "list attempts without outcome", "e.answered_at IS NOT NULL", before, limit)
}

func (db *DB) listEnded(ctx context.Context, op, which string, before time.Time, limit int) (all []Ended, err error) {
	err = db.within(ctx, op, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+attemptColumns+`, `+endColumns+`
			FROM unsettled_attempts u JOIN attempts a ON a.id = u.attempt JOIN attempt_ends e ON e.attempt = a.id
			WHERE e.ended_at < $1 AND `+which+` ORDER BY e.ended_at, a.id LIMIT $2`, before, limit)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanEnded)
		return err
	})
	return all, err
}

// AttemptFile is one attempt as it lies in the books.
type AttemptFile struct {
	Attempt Attempt
	End     *AttemptEnd // nil while it has not ended
	Outcome cases.Outcome
	By      agent.ID // who coded the outcome
	Settled time.Time
}

// Attempts are those of a task or, with an empty task, of a case, oldest first.
func (db *DB) Attempts(ctx context.Context, task cases.TaskID, caseID string) ([]AttemptFile, error) {
	return db.attemptFiles(ctx, "list attempts", `WHERE a.task = $1 OR ($1 = '' AND a.case_id = $2) ORDER BY a.at, a.id`, string(task), caseID)
}

// AttemptKind is what an attempt was for; ErrNoAttempt when there is none.
func (db *DB) AttemptKind(ctx context.Context, id string) (kind cases.Kind, err error) {
	err = db.within(ctx, "read kind of attempt", func(ctx context.Context) error {
		var text string
		err := db.pool.QueryRow(ctx, `SELECT kind FROM attempts WHERE id = $1`, id).Scan(&text)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoAttempt
		}
		kind = cases.Kind(text)
		return err
	})
	return kind, err
}
