package postgres

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
)

// TestRandomLivesAreStored plays cases with sensible and wild events against
// the database: the schema takes every step that the ladder takes, what is
// stored is what was stepped, and every open case goes on having a next thing.
func TestRandomLivesAreStored(t *testing.T) {
	d := openDesk(t)
	const lives = 150
	for n := range lives {
		rnd := rand.New(rand.NewPCG(1, uint64(n)))
		r := complaint(t, fmt.Sprint("life", n))
		r.Victim, r.Safe = party(t, herName, intake.Woman, fmt.Sprintf("98%08d", n)), nil
		r.Offender = party(t, hisName, intake.Man, fmt.Sprintf("97%08d", n))
		r.Contacts[0].Numbers = party(t, "", intake.NotKnown, fmt.Sprintf("96%08d", n)).Numbers
		if rnd.IntN(5) == 0 {
			r.Offender.Numbers = nil
		}
		r.Minor, r.Sealed = rnd.IntN(10) == 0, rnd.IntN(20) == 0
		r.Terms.Pull = rnd.IntN(10) == 0
		r.Triage = cases.Triage{
			Track:  one(rnd, []cases.Track{cases.Undecided, cases.Counsellable, cases.Counsellable, cases.ToPolice}),
			Agrees: rnd.IntN(2) == 0, Sexual: rnd.IntN(2) == 0, CalledHerself: rnd.IntN(2) == 0,
		}
		l := &life{desk: d, id: d.register(r).Case.ID, at: monday}
		for range 1 + rnd.IntN(40) {
			l.goOn(rnd)
			l.check()
		}
	}
	if _, _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := d.count(t, "cases WHERE timers_aside IS NOT NULL") + d.count(t, "tasks WHERE set_aside IS NOT NULL"); n != 0 {
		t.Fatalf("%d were put aside", n)
	}
	t.Logf("%d lives, %d events, %d attempts, %d of the cases are closed", lives, d.count(t, "case_events"), d.count(t, "attempts"), d.count(t, "cases WHERE NOT open"))
}

type life struct {
	*desk
	id string
	at time.Time
}

func (l *life) goOn(rnd *rand.Rand) {
	switch rnd.IntN(9) {
	case 0:
		l.at = l.at.Add(time.Duration(rnd.Int64N(int64(8 * day))))
		l.fireAll()
	case 1, 2, 3, 4, 5, 6:
		l.dialNext(rnd)
	case 7:
		l.apply(rnd, one(rnd, []cases.What{
			cases.HelpConfirmed{}, cases.CareCleared{}, cases.PoliceReported{}, cases.ChildReported{}, cases.Vetoed{},
			cases.Triaged{Triage: cases.Triage{Track: cases.Counsellable, Agrees: true}},
			cases.TermsChanged{Terms: cases.Terms{MayCall: true, Language: "hi"}},
			cases.Called{Outcome: cases.StillHarassed, Said: cases.Said{Choice: cases.ChooseStation}},
			cases.Called{Outcome: cases.Satisfied}, cases.Called{Outcome: cases.Positive}, cases.Called{Outcome: cases.InDanger},
			cases.Called{Outcome: cases.Suicidal}, cases.Called{Outcome: cases.Withdraws, Said: cases.Said{Verified: true}},
			cases.Called{Outcome: cases.ConfirmsWish, Said: cases.Said{Verified: true}},
		}))
	case 8:
		l.apply(rnd, cases.Decided{
			Do:      one(rnd, []cases.Decision{cases.Resume, cases.ToCounsel, cases.ToFFR, cases.ToStation, cases.AskHer, cases.Close, cases.HoldBack, cases.ReopenCase}),
			Closure: one(rnd, []cases.Closure{cases.Unreached, cases.Hoax, cases.NotOurs}),
		})
	}
}

func (l *life) apply(rnd *rand.Rand, what cases.What) {
	l.minted++
	by := one(rnd, []agent.ID{"asha", "bina", "chitra"})
	ev := cases.Event{ID: fmt.Sprint("e", l.minted), Version: AnyVersion, At: l.at, By: by, What: what}
	if _, err := l.Apply(l.t.Context(), l.rules, l.id, ev, intake.Told{}); err != nil {
		l.t.Fatalf("%s: %v", ev.Name(), err)
	}
}

func (l *life) fireAll() {
	due, err := l.DueTimers(l.t.Context(), l.at, 1000)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, timer := range due {
		if timer.Case != l.id {
			continue
		}
		if _, err := l.FireTimer(l.t.Context(), l.rules, timer, l.at); err != nil {
			l.t.Fatalf("%+v: %v", timer, err)
		}
	}
}

func (l *life) dialNext(rnd *rand.Rand) {
	all, err := l.Tasks(l.t.Context(), TaskFilter{Case: l.id}, l.at)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(all) == 0 {
		return
	}
	w := one(rnd, all)
	if w.Task.Due.After(l.at) {
		l.at = w.Task.Due
	}
	if opens, ever := w.Task.Window.NextOpen(l.at); ever {
		l.at = opens
	}
	by := one(rnd, []agent.ID{"asha", "bina", "chitra"})
	if w.Task.Pool == agent.MaleOfficers {
		by = one(rnd, []agent.ID{"dinesh", "ekram", "asha"})
	}
	a := l.attempt(w, by, l.at)
	if err := l.StartAttempt(l.t.Context(), l.rules, a); err != nil {
		if !errors.Is(err, ErrNotAllowed) && !errors.Is(err, ErrTaskChanged) && !errors.Is(err, ErrTaskInHand) {
			l.t.Fatal(err)
		}
		return
	}
	result := one(rnd, []string{"answered", "answered", "answered", "no-answer", "busy", "off", "rejected", "invalid", "network", "cancelled", NotPlaced, Interrupted})
	l.end(a, result)
	l.at = l.at.Add(2 * time.Minute)
	if result != "answered" {
		if _, err := l.Settle(l.t.Context(), l.rules, a.ID, l.at); err != nil {
			l.t.Fatal(err)
		}
		return
	}
	outcome := one(rnd, cases.Outcomes(w.Task.Kind))
	report := Report{EventID: "o/" + a.ID, Attempt: a.ID, By: by, At: l.at, Outcome: outcome, Said: cases.Said{Verified: true}}
	if s, err := l.RecordOutcome(l.t.Context(), l.rules, report); err != nil || s.Verdict != cases.Applied {
		l.t.Fatalf("%s of %s: %s, %v", outcome, w.Task.Kind, s.Verdict, err)
	}
}

// check that what is stored is one thing: the case, its tasks, its next thing.
func (l *life) check() {
	f, err := l.Case(l.t.Context(), l.id)
	if err != nil {
		l.t.Fatal(err)
	}
	stored, err := l.Tasks(l.t.Context(), TaskFilter{Case: l.id}, l.at)
	if err != nil {
		l.t.Fatal(err)
	}
	if len(stored) != len(f.Case.Tasks) {
		l.t.Fatalf("%d tasks in the table, %d in the case", len(stored), len(f.Case.Tasks))
	}
	for _, w := range stored {
		if in, ok := f.Case.Task(w.Task.ID); !ok || !in.Due.Equal(w.Task.Due) || in.Number != w.Task.Number || len(in.Attempts) != len(w.Task.Attempts) {
			l.t.Fatalf("the table has %+v, the case %+v", w.Task, in)
		}
	}
}

// one of several.
func one[T any](rnd *rand.Rand, all []T) T { return all[rnd.IntN(len(all))] }
