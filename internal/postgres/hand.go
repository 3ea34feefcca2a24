package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
)

// attemptFiles reads attempts with what became of them.
func (db *DB) attemptFiles(ctx context.Context, op, which string, args ...any) (all []AttemptFile, err error) {
	err = db.within(ctx, op, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+attemptColumns+`, to_jsonb(e), coalesce(o.outcome, ''), coalesce(o.by, ''), s.at
			FROM attempts a
				LEFT JOIN LATERAL (SELECT attempt, owner, coalesce(agent, '') AS agent, ended_at AS ended, dialled_at AS dialled, answered_at AS answered,
					result, q850, sip, detail FROM attempt_ends WHERE attempt = a.id) e ON true
				LEFT JOIN attempt_outcomes o ON o.attempt = a.id
				LEFT JOIN attempt_settlements s ON s.attempt = a.id `+which, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanFile)
		return err
	})
	return all, err
}

func scanFile(row pgx.CollectableRow) (f AttemptFile, err error) {
	var settled *time.Time
	err = row.Scan(append(f.Attempt.columns(), &f.End, &f.Outcome, &f.By, &settled)...)
	f.Settled = orZero(settled)
	return f, err
}

// OneAttempt reads one attempt; ErrNoAttempt when there is none with this id.
func (db *DB) OneAttempt(ctx context.Context, id string) (AttemptFile, error) {
	return firstFile(db.attemptFiles(ctx, "read attempt", `WHERE a.id = $1`, id))
}

// InHand is the attempt that the agent has in hand: it has not ended, or
// somebody answered it and its outcome is not coded yet. ErrNoAttempt when she
// has none.
func (db *DB) InHand(ctx context.Context, id agent.ID) (AttemptFile, error) {
	return firstFile(db.attemptFiles(ctx, "read what an agent has in hand", `
		WHERE a.agent = $1 AND o.event_id IS NULL AND s.attempt IS NULL AND (e.attempt IS NULL OR e.answered IS NOT NULL)
		ORDER BY a.at DESC LIMIT 1`, string(id)))
}

// firstFile is the first, or ErrNoAttempt.
func firstFile(all []AttemptFile, err error) (AttemptFile, error) {
	if err != nil {
		return AttemptFile{}, err
	}
	if len(all) == 0 {
		return AttemptFile{}, ErrNoAttempt
	}
	return all[0], nil
}
