package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

// share is an outcome with its share in a thousand.
type share struct {
	of      int
	outcome cases.Outcome
}

// spoken has what comes of the calls that were answered, by kind, with the
// shares that the helpline's sizing assumes. Danger and suicide are rarer than
// one in a hundred.
var spoken = map[cases.Kind][]share{
	cases.CallOffender: {
		{760, cases.Warned}, {70, cases.OtherPerson}, {50, cases.HungUpFirst}, {40, cases.CallbackRequested}, {30, cases.AbusiveNoWarning},
		{20, cases.WrongNumber}, {15, cases.DoubtsPolice}, {10, cases.ThreatensVictim}, {5, cases.Distressed},
	},
	cases.CallContact: {{780, cases.Counselled}, {100, cases.Refuses}, {60, cases.WrongNumber}, {60, cases.SidesWithHim}},
	cases.AskFeedback: {
		{540, cases.Satisfied}, {180, cases.StillHarassed}, {80, cases.UnsureOutcome}, {100, cases.OtherPerson}, {30, cases.Refuses},
		{20, cases.UnsafeNow}, {30, cases.Withdraws}, {10, cases.WrongNumber}, {6, cases.InDanger}, {4, cases.Suicidal},
	},
	cases.AskFinal: {
		{760, cases.Positive}, {70, cases.Negative}, {20, cases.UnsureOutcome}, {100, cases.OtherPerson}, {20, cases.Refuses},
		{20, cases.UnsafeNow}, {10, cases.WrongNumber},
	},
	cases.AskChoice: {{600, cases.ChoosesStation}, {400, cases.ChoosesWait}},
	cases.AskAgain:  {{700, cases.ConfirmsWish}, {300, cases.GoesOn}},
	cases.Recontact: {{800, cases.Safe}, {200, cases.Ongoing}},
	cases.FollowUp:  {{850, cases.Safe}, {150, cases.Ongoing}},
	cases.CallBack:  {{700, cases.Reached}, {300, cases.NotNeeded}},
}

// drawOutcome chooses what comes of a conversation of a kind.
func drawOutcome(r *rand.Rand, k cases.Kind) (cases.Outcome, cases.Said) {
	left := r.IntN(1000)
	for _, s := range spoken[k] {
		if left -= s.of; left < 0 {
			// Who withdraws gave her code word and was alone.
			return s.outcome, cases.Said{Verified: s.outcome == cases.Withdraws || s.outcome == cases.ConfirmsWish}
		}
	}
	panic("the shares of the outcomes of " + string(k) + " do not make a thousand")
}

// writeUp lets each agent code, in her wrap-up, what came of a call that she made
// and somebody answered. Which calls these are the database says: so none is
// forgotten when the engine or the dialer died in it.
func (d *demo) writeUp(ctx context.Context) {
	db, err := d.line.Database(ctx)
	if err != nil {
		d.say("no outcome can be coded: %v", err)
		return
	}
	r := rand.New(rand.NewPCG(d.seed, 4))
	seen := map[string]writing{}
	for pause(ctx, 500*time.Millisecond) {
		ended, err := db.Uncoded(ctx, d.ladderNow(), 200)
		if err != nil {
			continue // it is away, or the demo ends
		}
		for _, e := range ended {
			w := seen[e.Attempt.ID]
			if time.Since(w.began) < 15*time.Second {
				continue // she is at it; after that time she tries again
			}
			seen[e.Attempt.ID] = writing{time.Now(), w.tries + 1}
			outcome, said := drawOutcome(r, e.Attempt.Kind)
			takes := between(r, time.Second, 3*time.Second)
			d.work.Go(func() {
				if pause(ctx, takes) {
					d.code(ctx, e.Attempt, outcome, said, w.tries == 0)
				}
			})
		}
		for id, w := range seen {
			if time.Since(w.began) > time.Minute {
				delete(seen, id)
			}
		}
	}
}

// writing is an agent who writes up a call.
type writing struct {
	began time.Time
	tries int
}

// code is one try. An outcome is dialled, by its number in the list of its kind.
// What comes with more than that (she gave her code word), and what could not be
// dialled, goes into the books by the console, and she ends her wrap-up.
func (d *demo) code(ctx context.Context, a postgres.Attempt, outcome cases.Outcome, said cases.Said, first bool) {
	s := d.seats[a.Agent]
	number := 1 + slices.Index(cases.Outcomes(a.Kind), outcome)
	if first && !said.Verified && number > 0 {
		s.dial(ctx, fmt.Sprintf("%s%d", codeOutcome, number))
	} else if step, err := d.line.Code(ctx, a.ID, a.Agent, outcome, said); err != nil || step.Verdict != cases.Applied {
		return
	} else {
		s.dial(ctx, codeDone)
	}
	switch outcome {
	case cases.InDanger: // who heard it has stayed with her until 112 came
		if pause(ctx, 3*time.Second) {
			d.apply(ctx, a.Case, "112", cases.HelpConfirmed{})
		}
	case cases.Suicidal: // the counsellor has no objection to the ladder going on
		if pause(ctx, 5*time.Second) {
			d.apply(ctx, a.Case, a.Agent, cases.CareCleared{})
		}
	}
}

// ladderNow is the time by which cases live here.
func (d *demo) ladderNow() time.Time { return d.clock().At(time.Now()) }
