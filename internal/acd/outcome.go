package acd

import (
	"context"
	"fmt"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/postgres"
)

// codesInto brings coded outcomes into the database.
type codesInto struct{ db *postgres.DB }

// Code implements Outcomes. The event is named by the attempt, so that a code
// dialled twice moves the case once.
func (c codesInto) Code(ctx context.Context, o config.Outbound, attempt string, by agent.ID, choice int) error {
	kind, err := c.db.AttemptKind(ctx, attempt)
	if err != nil {
		return err
	}
	outcomes := cases.Outcomes(kind)
	if choice < 1 || choice > len(outcomes) {
		return ErrNoOutcome
	}
	step, err := c.db.RecordOutcome(ctx, o.Ladder, postgres.Report{
		EventID: attempt + ".outcome", Attempt: attempt, By: by, At: o.Clock.At(time.Now()), Outcome: outcomes[choice-1],
	})
	if err == nil && step.Verdict == cases.Refused {
		err = fmt.Errorf("acd: outcome %s of a %s call by %s: refused by the ladder", outcomes[choice-1], kind, by)
	}
	return err
}
