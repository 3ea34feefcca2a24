package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/cases"
)

// fileQuery reads attempts with what became of them.
const fileQuery = `
	SELECT a.id, a.task, coalesce(a.case_id, ''), a.kind, a.number, a.agent, a.caller_id, a.at,
		e.owner, coalesce(e.agent, ''), e.ended_at, e.dialled_at, e.answered_at, e.result, e.q850, e.sip, e.detail,
		coalesce(o.outcome, ''), coalesce(o.by, ''), s.at
	FROM attempts a
	LEFT JOIN attempt_ends e ON e.attempt = a.id
	LEFT JOIN attempt_outcomes o ON o.attempt = a.id
	LEFT JOIN attempt_settlements s ON s.attempt = a.id `

// scanFile reads a row of fileQuery.
func scanFile(row pgx.CollectableRow) (AttemptFile, error) {
	var f AttemptFile
	var task, kind, by, outcome, coder string
	var owner, ender, result, detail *string
	var ended, dialled, answered, settled *time.Time
	var q850, sip *int
	err := row.Scan(&f.Attempt.ID, &task, &f.Attempt.Case, &kind, &f.Attempt.Number, &by, &f.Attempt.CallerID, &f.Attempt.At,
		&owner, &ender, &ended, &dialled, &answered, &result, &q850, &sip, &detail, &outcome, &coder, &settled)
	if err != nil {
		return f, err
	}
	f.Attempt.Task, f.Attempt.Kind, f.Attempt.Agent = cases.TaskID(task), cases.Kind(kind), agent.ID(by)
	f.Outcome, f.By = cases.Outcome(outcome), agent.ID(coder)
	if settled != nil {
		f.Settled = *settled
	}
	if ended == nil {
		return f, nil
	}
	f.End = &AttemptEnd{Attempt: f.Attempt.ID, Owner: *owner, Agent: *ender, Ended: *ended, Result: *result, Q850: *q850, SIP: *sip, Detail: *detail}
	if dialled != nil {
		f.End.Dialled = *dialled
	}
	if answered != nil {
		f.End.Answered = *answered
	}
	return f, nil
}

// OneAttempt reads one attempt; ErrNoAttempt when there is none with this id.
func (db *DB) OneAttempt(ctx context.Context, id string) (AttemptFile, error) {
	return db.oneFile(ctx, "read attempt", fileQuery+`WHERE a.id = $1`, id)
}

// InHand is the attempt that the agent has in hand: it has not ended, or
// somebody answered it and its outcome is not coded yet. ErrNoAttempt when she
// has none.
func (db *DB) InHand(ctx context.Context, id agent.ID) (AttemptFile, error) {
	return db.oneFile(ctx, "read what an agent has in hand", fileQuery+`
		WHERE a.agent = $1 AND o.event_id IS NULL AND s.attempt IS NULL AND (e.attempt IS NULL OR e.result = 'answered')
		ORDER BY a.at DESC LIMIT 1`, string(id))
}

func (db *DB) oneFile(ctx context.Context, op, query, arg string) (f AttemptFile, err error) {
	err = db.within(ctx, op, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, query, arg)
		if err != nil {
			return err
		}
		f, err = pgx.CollectExactlyOneRow(rows, scanFile)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoAttempt
		}
		return err
	})
	return f, err
}
