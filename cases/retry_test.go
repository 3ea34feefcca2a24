package cases_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
	"powerline/cases"
)

// failed is a feedback task whose attempts ended so, at the moments given.
func failed(kind cases.Kind, ws cases.Windows, attempts ...cases.Attempt) cases.Task {
	for i := range attempts {
		attempts[i].ID, attempts[i].Number = fmt.Sprintf("a%d", i), "n"
	}
	return cases.Task{ID: "t", Kind: kind, Number: "n", Window: ws, Attempts: attempts, Pool: agent.Women}
}

func TestEachCauseHasItsOwnWait(t *testing.T) {
	r := cases.DefaultRules()
	for _, tt := range []struct {
		cause cases.Cause
		at    time.Time
		want  time.Time
	}{
		{cases.Busy, local(10, 0, 0), local(10, 15, 0)},
		{cases.NoAnswer, local(10, 30, 0), local(12, 30, 0)}, // +2 h, midday
		{cases.NoAnswer, local(12, 30, 0), local(16, 0, 0)},  // +2 h is still midday
		{cases.NoAnswer, local(18, 0, 0), local(34, 0, 0)},   // 10 h of the next day
		{cases.Off, local(10, 0, 0), local(14, 0, 0)},        //
		{cases.Off, local(16, 0, 0), local(34, 0, 0)},        // past the window
		{cases.Rejected, local(11, 0, 0), local(35, 0, 0)},   // never the same day
		{cases.Network, local(11, 0, 0), local(11, 5, 0)},    //
		{cases.Cancelled, local(11, 0, 0), local(11, 5, 0)},  //
		{cases.Invalid, local(11, 0, 0), local(11, 0, 0)},    // another number, at once
		{cases.Busy, local(18, 50, 0), local(24+10, 0, 0)},   // past the window
	} {
		free := tt.cause == cases.Network || tt.cause == cases.Cancelled
		due, again := r.TryAgain(failed(cases.AskFeedback, r.Hours.Feedback, cases.Attempt{At: tt.at, Cause: tt.cause, Free: free}), nil)
		if !again || !due.Equal(tt.want) {
			t.Errorf("%s at %s: %s %t, want %s", tt.cause, tt.at.Format("15:04"), due.In(cases.Local), again, tt.want)
		}
	}
}

func TestGivenHerOnlyWindowIsInOnePartOfTheDay_ThenNoAnswerIsTriedThereAgain(t *testing.T) {
	r := cases.DefaultRules()
	due, again := r.TryAgain(failed(cases.AskFeedback, window(t, "daily 14:00-16:00"), cases.Attempt{At: local(14, 30, 0), Cause: cases.NoAnswer}), nil)
	if !again || !due.Equal(local(24+14, 0, 0)) {
		t.Errorf("tried again %s", due.In(cases.Local))
	}
}

func TestGivenTwoDialsOfTheDayOverAllCases_ThenTheNumberRestsUntilTomorrow(t *testing.T) {
	r := cases.DefaultRules()
	task := failed(cases.CallOffender, r.Hours.Offender, cases.Attempt{At: local(10, 0, 0), Cause: cases.Busy})
	due, again := r.TryAgain(task, []time.Time{local(9, 0, 0)})
	if !again || !due.Equal(local(24+10, 0, 0)) {
		t.Errorf("tried again %s", due.In(cases.Local))
	}
	if due, _ = r.TryAgain(task, []time.Time{local(9, 0, 0).AddDate(0, 0, -1)}); !due.Equal(local(10, 15, 0)) {
		t.Errorf("yesterday's dial counts: %s", due.In(cases.Local))
	}
}

func TestGivenFourAttempts_ThenTheySpreadOverThreeDaysAndEnd(t *testing.T) {
	r := cases.DefaultRules()
	task := cases.Task{ID: "t", Kind: cases.AskFeedback, Number: "n", Window: r.Hours.Feedback, Due: local(10, 0, 0)}
	at, days := task.Due, map[int]bool{}
	for n := 1; ; n++ {
		days[at.In(cases.Local).YearDay()] = true
		task.Attempts = append(task.Attempts, cases.Attempt{ID: fmt.Sprint(n), Number: "n", At: at, Cause: cases.Busy})
		due, again := r.TryAgain(task, nil)
		if !again {
			if n != 4 || len(days) < 3 {
				t.Errorf("exhausted after %d attempts on %d days", n, len(days))
			}
			return
		}
		at = due
	}
}

func TestGivenTheFinalFeedback_ThenSixAttemptsSpreadOverFourteenDays(t *testing.T) {
	r := cases.DefaultRules()
	first := local(10, 0, 0)
	task := cases.Task{ID: "t", Kind: cases.AskFinal, Number: "n", Window: r.Hours.Feedback, NotAfter: first.Add(14 * dayLong)}
	at := first
	for n := 1; ; n++ {
		task.Attempts = append(task.Attempts, cases.Attempt{ID: fmt.Sprint(n), Number: "n", At: at, Cause: cases.NoAnswer})
		due, again := r.TryAgain(task, nil)
		if !again {
			if n != 6 || at.Sub(first) < 12*dayLong || at.Sub(first) > 14*dayLong {
				t.Errorf("exhausted after %d attempts in %s", n, at.Sub(first))
			}
			return
		}
		at = due
	}
}

// TestARetryIsAlwaysAllowed: whatever failed whenever, the next attempt lies in
// the window, later than the last one, below the caps.
func TestARetryIsAlwaysAllowed(t *testing.T) {
	r := cases.DefaultRules()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]cases.Kind{cases.AskFeedback, cases.AskFinal, cases.CallOffender, cases.CallContact, cases.Recontact}).Draw(t, "kind")
		text := rapid.SampledFrom([]string{"daily 10:00-19:00", "mon,thu 14:00-16:00", "sun 10:00-11:00", "daily 09:00-20:00"}).Draw(t, "window")
		task := cases.Task{ID: "t", Kind: kind, Number: "n", Window: window(t, text)}
		at, elsewhere := start, []time.Time(nil)
		for n := range 30 {
			open, _ := task.Window.NextOpen(at)
			at = open.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "late")) * time.Second)
			cause := rapid.SampledFrom(cases.Causes[1:]).Draw(t, "cause")
			task.Attempts = append(task.Attempts, cases.Attempt{ID: fmt.Sprint(n), Number: "n", At: at, Cause: cause, Free: cause == cases.Network})
			if rapid.Bool().Draw(t, "other") {
				elsewhere = append(elsewhere, at)
			}
			due, again := r.TryAgain(task, elsewhere)
			switch {
			case !again:
				return
			case !task.Window.Open(due):
				t.Fatalf("due %s outside of %s", due, text)
			case due.Before(at):
				t.Fatalf("due %s before the last attempt %s", due, at)
			case r.Dialled(task, elsewhere, due) >= r.Limits.PerNumber:
				t.Fatalf("due %s on a day with %d dials", due, r.Dialled(task, elsewhere, due))
			}
			at = due
		}
	})
}
