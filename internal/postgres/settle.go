package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
)

// cause is what the end of an attempt means to the ladder; false when somebody
// answered, so that an outcome must say it.
func (e AttemptEnd) cause() (cases.Cause, bool) {
	switch {
	case !e.Answered.IsZero() || e.Result == string(cases.Answered):
		return cases.Answered, false
	case e.Result == NotPlaced, e.Result == Interrupted && e.Dialled.IsZero():
		return cases.Network, true // no phone rang: soon again, and it counts nowhere
	case e.Result == Interrupted:
		return cases.Cancelled, true // it may have rung: it counts for the number's day
	}
	return cases.Cause(e.Result), true
}

// dialledAt is when the attempt counts as dialled.
func (e Ended) dialledAt() time.Time {
	if !e.End.Dialled.IsZero() {
		return e.End.Dialled
	}
	return e.Attempt.At
}

// Settle tells the case, or the call-back task, how an attempt ended that
// nobody answered. Settled again, the verdict is Twice. If the ladder does not
// take the end although the task is in hand, the task is set aside.
func (db *DB) Settle(ctx context.Context, rules cases.Rules, attemptID string, at time.Time) (s Step, err error) {
	settle := func(take func(context.Context, pgx.Tx, Ended) (Step, error)) error {
		return db.within(ctx, "settle attempt", func(ctx context.Context) error {
			return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
				e, err := readEnded(ctx, tx, attemptID)
				if err != nil {
					return err
				}
				s, err = take(ctx, tx, e)
				return err
			})
		})
	}
	err = settle(func(ctx context.Context, tx pgx.Tx, e Ended) (Step, error) {
		if e.Attempt.Case == "" {
			return settleCallBack(ctx, tx, rules, e, at)
		}
		return db.settle(ctx, tx, rules, e, at)
	})
	if why, yes := impossible(err); yes {
		// It must not come back every second.
		err = settle(func(ctx context.Context, tx pgx.Tx, e Ended) (Step, error) {
			return spoilt(ctx, tx, e, at, why)
		})
	}
	if err != nil {
		return Step{}, err
	}
	return s, nil
}

func (db *DB) settle(ctx context.Context, tx pgx.Tx, rules cases.Rules, e Ended, at time.Time) (Step, error) {
	h, err := hold(ctx, tx, e.Attempt.Case)
	if err != nil {
		return Step{}, err
	}
	if done, err := settled(ctx, tx, e.Attempt.ID); err != nil || done {
		return Step{Verdict: cases.Twice, Case: h.file.Case}, err
	}
	cause, ok := e.End.cause()
	if !ok {
		return Step{}, errors.New("somebody answered: record the outcome")
	}
	elsewhere, err := elsewhere(ctx, tx, e.Attempt, at)
	if err != nil {
		return Step{}, err
	}
	ev := cases.Event{ID: "end/" + e.Attempt.ID, Version: AnyVersion, At: at, By: e.Attempt.Agent, What: cases.AttemptEnded{
		Task: e.Attempt.Task, Attempt: e.Attempt.ID, Number: e.Attempt.Number, Dialled: e.dialledAt(), Cause: cause, Elsewhere: elsewhere,
	}}
	s, err := db.move(ctx, tx, rules, h, ev, intake.Told{})
	if err != nil {
		return Step{}, err
	}
	if err := writeSettlement(ctx, tx, e.Attempt.ID, s.Verdict, at); err != nil {
		return Step{}, err
	}
	if _, inHand := s.Case.Task(e.Attempt.Task); inHand && s.Verdict != cases.Applied && s.Verdict != cases.Twice {
		return s, setAside(ctx, tx, e.Attempt.Task, "", "the ladder does not take how its attempt ended: "+string(s.Verdict), at)
	}
	return s, nil
}

// spoilt settles an attempt whose end the case can never take.
func spoilt(ctx context.Context, tx pgx.Tx, e Ended, at time.Time, reason string) (Step, error) {
	if done, err := settled(ctx, tx, e.Attempt.ID); err != nil || done {
		return Step{Verdict: cases.Twice}, err
	}
	if err := writeSettlement(ctx, tx, e.Attempt.ID, cases.Refused, at); err != nil {
		return Step{}, err
	}
	err := setAside(ctx, tx, e.Attempt.Task, "", reason, at)
	if errors.Is(err, ErrNoTask) {
		err = nil // it has ended meanwhile
	}
	return Step{Verdict: cases.Refused}, err
}

func settleCallBack(ctx context.Context, tx pgx.Tx, rules cases.Rules, e Ended, at time.Time) (Step, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM tasks WHERE id = $1 FOR UPDATE`, string(e.Attempt.Task)); err != nil {
		return Step{}, err
	}
	if done, err := settled(ctx, tx, e.Attempt.ID); err != nil || done {
		return Step{Verdict: cases.Twice}, err
	}
	cause, ok := e.End.cause()
	if !ok {
		return Step{}, errors.New("somebody answered: record the outcome")
	}
	w, err := readWork(ctx, tx, e.Attempt.Task, at)
	if err != nil {
		return Step{}, err
	}
	verdict := cases.Ignored // she has called meanwhile, or its time is over
	if w.End == "" {
		verdict = cases.Applied
		next, again := rules.CallBackAgain(w.Task, cases.Attempt{
			ID: e.Attempt.ID, Number: e.Attempt.Number, At: e.dialledAt(), Cause: cause, Agent: e.Attempt.Agent,
		})
		if err := updateTask(ctx, tx, next); err != nil {
			return Step{}, err
		}
		if !again {
			if err := endTask(ctx, tx, next.ID, cases.Exhausted, at); err != nil {
				return Step{}, err
			}
		}
	}
	return Step{Verdict: verdict}, writeSettlement(ctx, tx, e.Attempt.ID, verdict, at)
}

func readEnded(ctx context.Context, tx pgx.Tx, attemptID string) (Ended, error) {
	rows, err := tx.Query(ctx, `SELECT `+attemptColumns+`, `+endColumns+` FROM attempts a JOIN attempt_ends e ON e.attempt = a.id WHERE a.id = $1`, attemptID)
	if err != nil {
		return Ended{}, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanEnded)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ErrNoAttempt
	}
	return e, err
}

func settled(ctx context.Context, tx pgx.Tx, attemptID string) (yes bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM attempt_settlements WHERE attempt = $1)`, attemptID).Scan(&yes)
	return yes, err
}

func writeSettlement(ctx context.Context, tx pgx.Tx, attemptID string, v cases.Verdict, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO attempt_settlements (attempt, verdict, at) VALUES ($1, $2, $3)`, attemptID, string(v), at)
	return err
}

// elsewhere are the dials of an attempt's number for other tasks, over all cases.
func elsewhere(ctx context.Context, tx pgx.Tx, a Attempt, at time.Time) ([]time.Time, error) {
	rows, err := tx.Query(ctx, `SELECT at FROM rung_attempts WHERE number = $1 AND task <> $2 AND at >= $3 ORDER BY at`, a.Number, string(a.Task), at.Add(-lookBack))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[time.Time])
}

// Report is the coded outcome of a conversation.
type Report struct {
	// EventID makes the report safe to send twice.
	EventID string
	// Attempt, or else Task: a conversation about a task in hand that we did not
	// dial, for she rang us.
	Attempt   string
	Task      cases.TaskID
	By        agent.ID
	At        time.Time
	Outcome   cases.Outcome
	Demeanour cases.Demeanour
	Said      cases.Said
	Told      intake.Told
}

// RecordOutcome stores the outcome and moves the case by it, in one
// transaction. ErrCoded when the attempt has another outcome already. With
// the verdict Refused nothing was stored: the outcome is none of that kind
// of call, or a law is against whoever codes it. With Ignored it was stored
// and moved nothing, for the case went another way meanwhile.
func (db *DB) RecordOutcome(ctx context.Context, rules cases.Rules, r Report) (s Step, err error) {
	err = db.within(ctx, "record outcome", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			a, err := r.attempt(ctx, tx)
			if err != nil {
				return err
			}
			if a.Case == "" {
				s, err = recordCallBack(ctx, tx, r, a)
				return err
			}
			s, err = db.record(ctx, tx, rules, r, a)
			return err
		})
	})
	if err != nil {
		return Step{}, err
	}
	return s, nil
}

// attempt is what the report is about; without an attempt it has no id.
func (r Report) attempt(ctx context.Context, tx pgx.Tx) (Attempt, error) {
	query, id := `SELECT `+attemptColumns+` FROM attempts a WHERE id = $1`, r.Attempt
	none := ErrNoAttempt
	if r.Attempt == "" {
		query = `SELECT '' AS id, a.id, coalesce(a.case_id, ''), a.kind, coalesce(a.number, ''), '', '', a.made FROM tasks a WHERE a.id = $1`
		id, none = string(r.Task), ErrNoTask
	}
	rows, err := tx.Query(ctx, query, id)
	if err != nil {
		return Attempt{}, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAttempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, none
	}
	return a, err
}

func (db *DB) record(ctx context.Context, tx pgx.Tx, rules cases.Rules, r Report, a Attempt) (Step, error) {
	h, err := hold(ctx, tx, a.Case)
	if err != nil {
		return Step{}, err
	}
	if twice, err := coded(ctx, tx, r); err != nil || twice {
		return Step{Verdict: cases.Twice, Case: h.file.Case}, err
	}
	ev := cases.Event{ID: r.EventID, Version: AnyVersion, At: r.At, By: r.By, What: cases.Called{Outcome: r.Outcome, Said: r.Said}}
	if a.ID != "" {
		spoken := cases.Spoken{
			Task: a.Task, Attempt: a.ID, Number: a.Number, Outcome: r.Outcome, Demeanour: r.Demeanour, Said: r.Said, Dialled: a.At,
		}
		// The end may come through the journal later than the outcome.
		e, err := readEnded(ctx, tx, a.ID)
		if err == nil {
			spoken.Dialled = e.dialledAt()
		} else if !errors.Is(err, ErrNoAttempt) {
			return Step{}, err
		}
		if spoken.Elsewhere, err = elsewhere(ctx, tx, a, r.At); err != nil {
			return Step{}, err
		}
		ev.What = spoken
	}
	s, err := db.move(ctx, tx, rules, h, ev, r.Told)
	if err != nil || s.Verdict == cases.Refused {
		return s, err
	}
	return s, writeOutcome(ctx, tx, r, a, s.Verdict)
}

// recordCallBack ends the task of somebody who had given up waiting: she was
// spoken to, or somebody else answered and is not rung again.
func recordCallBack(ctx context.Context, tx pgx.Tx, r Report, a Attempt) (Step, error) {
	if _, err := tx.Exec(ctx, `SELECT FROM tasks WHERE id = $1 FOR UPDATE`, string(a.Task)); err != nil {
		return Step{}, err
	}
	if twice, err := coded(ctx, tx, r); err != nil || twice {
		return Step{Verdict: cases.Twice}, err
	}
	if !cases.CallBack.Allows(r.Outcome) {
		return Step{Verdict: cases.Refused}, nil
	}
	w, err := readWork(ctx, tx, a.Task, r.At)
	if err != nil {
		return Step{}, err
	}
	verdict := cases.Ignored
	if w.End == "" {
		verdict = cases.Applied
		if err := endTask(ctx, tx, a.Task, cases.Done, r.At); err != nil {
			return Step{}, err
		}
	}
	return Step{Verdict: verdict}, writeOutcome(ctx, tx, r, a, verdict)
}

// coded reports whether this very report was stored before; ErrCoded when
// another one was for the attempt.
func coded(ctx context.Context, tx pgx.Tx, r Report) (bool, error) {
	var before string
	err := tx.QueryRow(ctx, `SELECT event_id FROM attempt_outcomes WHERE event_id = $1 OR attempt = $2 ORDER BY event_id <> $1 LIMIT 1`,
		r.EventID, unlessEmpty(r.Attempt)).Scan(&before)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case before != r.EventID:
		return false, ErrCoded
	}
	return true, nil
}

func writeOutcome(ctx context.Context, tx pgx.Tx, r Report, a Attempt, v cases.Verdict) error {
	_, err := tx.Exec(ctx, `INSERT INTO attempt_outcomes (event_id, attempt, task, case_id, outcome, demeanour, by, at, verdict)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.EventID, unlessEmpty(r.Attempt), string(a.Task), unlessEmpty(a.Case), string(r.Outcome), string(r.Demeanour), string(r.By), r.At, string(v))
	if err != nil {
		return fmt.Errorf("outcome: %w", err)
	}
	if r.Attempt == "" {
		return nil
	}
	if done, err := settled(ctx, tx, r.Attempt); err != nil || done {
		return err
	}
	return writeSettlement(ctx, tx, r.Attempt, v, r.At)
}
