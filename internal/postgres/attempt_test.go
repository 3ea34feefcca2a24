package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/intake"
	"powerline/number"
)

func TestGivenADueTask_WhenAnAttemptStarts_ThenItsNumberCanBeDialledUntilItEnds(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	w := d.dueTask(monday)
	if w.Task.Kind != cases.CallOffender || w.Case.State != cases.CounselDue || w.Safe.Known {
		t.Fatalf("%+v", w)
	}
	a := d.attempt(w, "dinesh", monday)
	for range 2 { // told twice
		if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
			t.Fatal(err)
		}
	}
	n, err := d.NumberToDial(t.Context(), a.ID)
	if err != nil || n.Dial() != "+91"+hisNumber {
		t.Fatalf("%v, %v", n, err)
	}
	if all, err := d.Due(t.Context(), d.rules, monday, 10); err != nil || len(all) != 0 {
		t.Fatalf("a task in hand is due: %v, %v", all, err)
	}
	d.end(a, "no-answer")
	if _, err := d.NumberToDial(t.Context(), a.ID); !errors.Is(err, ErrNoAttempt) {
		t.Fatalf("dialled after its end: %v", err)
	}
}

func TestGivenAnAttemptThatNobodyAnswered_WhenSettled_ThenTheTaskIsTriedAgainLaterAndOnce(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	a := d.dial(d.dueTask(monday), "dinesh", monday, "busy")
	at := monday.Add(2 * time.Minute)
	all, err := d.Unsettled(t.Context(), at, 10)
	if err != nil || len(all) != 1 || all[0].Attempt.ID != a.ID || all[0].End.Result != "busy" || all[0].End.Dialled.IsZero() {
		t.Fatalf("%+v, %v", all, err)
	}
	if n, _ := d.Unsettled(t.Context(), monday, 10); len(n) != 0 {
		t.Fatal("ended later than asked for")
	}
	for i, want := range []cases.Verdict{cases.Applied, cases.Twice} {
		if s, err := d.Settle(t.Context(), d.rules, a.ID, at); err != nil || s.Verdict != want {
			t.Fatalf("%d: %s, %v", i, s.Verdict, err)
		}
	}
	if all, _ := d.Unsettled(t.Context(), at, 10); len(all) != 0 {
		t.Fatal("still unsettled")
	}
	if all, _ := d.Due(t.Context(), d.rules, at, 10); len(all) != 0 {
		t.Fatal("due at once")
	}
	again := d.dueTask(monday.Add(20 * time.Minute))
	if again.Task.Counted() != 1 || again.Case.ID != f.Case.ID {
		t.Fatalf("%+v", again.Task)
	}
	file, err := d.Attempts(t.Context(), again.Task.ID, "")
	if err != nil || len(file) != 1 || file[0].End == nil || file[0].End.Result != "busy" || file[0].Settled.IsZero() {
		t.Fatalf("%+v, %v", file, err)
	}
}

func TestGivenAnAnswer_WhenNobodyCodesIt_ThenTheTaskWaitsAndIsListed(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	a := d.dial(d.dueTask(monday), "dinesh", monday, "answered")
	at := monday.Add(time.Hour)
	if all, err := d.Unsettled(t.Context(), at, 10); err != nil || len(all) != 0 {
		t.Fatalf("an answer is no cause: %v, %v", all, err)
	}
	if _, err := d.Settle(t.Context(), d.rules, a.ID, at); err == nil {
		t.Fatal("silence was taken for an answer")
	}
	if all, err := d.Uncoded(t.Context(), at, 10); err != nil || len(all) != 1 || all[0].Attempt.ID != a.ID {
		t.Fatalf("%v, %v", all, err)
	}
	if all, _ := d.Due(t.Context(), d.rules, at, 10); len(all) != 0 {
		t.Fatal("dialled again before it is known what was said")
	}
	report := Report{EventID: "o1", Attempt: a.ID, By: "dinesh", At: at, Outcome: cases.Satisfied}
	if s, err := d.RecordOutcome(t.Context(), d.rules, report); err != nil || s.Verdict != cases.Refused {
		t.Fatalf("an outcome of another kind of call: %s, %v", s.Verdict, err)
	}
	report.Outcome = cases.Warned
	for i, want := range []cases.Verdict{cases.Applied, cases.Twice} {
		if s, err := d.RecordOutcome(t.Context(), d.rules, report); err != nil || s.Verdict != want {
			t.Fatalf("%d: %s, %v", i, s.Verdict, err)
		}
	}
	report.EventID = "o2"
	if _, err := d.RecordOutcome(t.Context(), d.rules, report); !errors.Is(err, ErrCoded) {
		t.Fatalf("coded twice: %v", err)
	}
}

func TestGivenAnOutcomeBeforeTheEnd_WhenBothAreThere_ThenTheCaseMovedOnce(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	w := d.dueTask(monday)
	a := d.attempt(w, "dinesh", monday)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	if s, err := d.RecordOutcome(t.Context(), d.rules, Report{EventID: "o1", Attempt: a.ID, By: "dinesh", At: monday.Add(time.Minute), Outcome: cases.Warned}); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	d.end(a, "answered")
	if all, _ := d.Uncoded(t.Context(), monday.Add(time.Hour), 10); len(all) != 0 {
		t.Fatal("listed as not coded")
	}
	if s := d.state(f.Case.ID); s != cases.CounselFeedback {
		t.Fatal(s)
	}
	if n := d.count(t, "live_numbers") + d.count(t, "unsettled_attempts"); n != 0 {
		t.Fatalf("%d rows left", n)
	}
}

func TestGivenTwoCasesWithOneNumber_WhenTwoDialersStartAtOnce_ThenOneWins(t *testing.T) {
	d := openDesk(t)
	for i := range 2 {
		r := complaint(t, fmt.Sprint(i))
		r.Victim, r.Safe = party(t, herName, intake.Woman, fmt.Sprintf("981234500%d", i)), nil
		d.register(r)
	}
	due, err := d.Due(t.Context(), d.rules, monday, 10)
	if err != nil || len(due) != 2 || due[0].Task.Number != due[1].Task.Number {
		t.Fatalf("%v, %v", due, err)
	}
	attempts := []Attempt{d.attempt(due[0], "dinesh", monday), d.attempt(due[1], "ekram", monday)}
	results := make([]error, 2)
	var both sync.WaitGroup
	for i, a := range attempts {
		both.Go(func() { results[i] = d.StartAttempt(t.Context(), d.rules, a) })
	}
	both.Wait()
	won := slices.IndexFunc(results, func(err error) bool { return err == nil })
	if won < 0 || !errors.Is(results[1-won], ErrNumberLive) || !errors.Is(results[1-won], ErrNotAllowed) {
		t.Fatalf("%v", results)
	}
	if n := d.count(t, "attempts"); n != 1 {
		t.Fatalf("%d attempts", n)
	}
	if w, err := d.Task(t.Context(), due[1-won].Task.ID, monday); err != nil || !w.Facts.Live || len(w.Facts.Elsewhere) != 1 {
		t.Fatalf("the other does not know why it waits: %+v, %v", w.Facts, err)
	}
	d.end(attempts[won], "answered")
	// The second case may dial now, the number is free; but not a third time today.
	d.dial(due[1-won], attempts[1-won].Agent, monday.Add(5*time.Minute), "busy")
	if s, err := d.Settle(t.Context(), d.rules, fmt.Sprintf("a%d", d.minted), monday.Add(10*time.Minute)); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	if all, err := d.Due(t.Context(), d.rules, monday.Add(2*time.Hour), 10); err != nil || len(all) != 0 {
		t.Fatalf("due a third time: %v, %v", all, err)
	}
}

func TestGivenManyDialersAtOneTask_WhenTheyStart_ThenOneAttemptIsWritten(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	w := d.dueTask(monday)
	var attempts []Attempt
	for range 8 {
		attempts = append(attempts, d.attempt(w, "dinesh", monday))
	}
	results := make([]error, len(attempts))
	var all sync.WaitGroup
	for i, a := range attempts {
		all.Go(func() { results[i] = d.StartAttempt(t.Context(), d.rules, a) })
	}
	all.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, ErrTaskInHand) {
			t.Error(err)
		}
	}
	if won != 1 || d.count(t, "attempts") != 1 {
		t.Fatalf("%d won", won)
	}
}

func TestGivenWhatForbidsADial_WhenAnAttemptStarts_ThenTheReasonIsNamedAndNothingIsWritten(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	w := d.dueTask(monday)
	apply := func(what cases.What) {
		t.Helper()
		d.minted++
		ev := cases.Event{ID: fmt.Sprint("e", d.minted), Version: AnyVersion, At: monday, By: "asha", What: what}
		if s, err := d.Apply(t.Context(), d.rules, f.Case.ID, ev, intake.Told{}); err != nil || s.Verdict != cases.Applied {
			t.Fatalf("%s, %v", s.Verdict, err)
		}
	}
	refused := func(name string, a Attempt, want error, word string) {
		t.Helper()
		err := d.StartAttempt(t.Context(), d.rules, a)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused("a woman", d.attempt(w, "asha", monday), ErrNotAllowed, "no-agent (pool)")
	refused("a man who is no officer", d.attempt(w, "farid", monday), ErrNotAllowed, "no-agent (pool)")
	refused("nobody", d.attempt(w, "zoya", monday), ErrNoAgent, "")
	refused("too early", d.attempt(w, "dinesh", monday.Add(-time.Hour)), ErrNotAllowed, "not-due")
	refused("at night", d.attempt(w, "dinesh", monday.Add(12*time.Hour)), ErrNotAllowed, "outside-window")
	another := d.attempt(w, "dinesh", monday)
	another.Number = f.Case.Victim.Numbers[0].Print
	refused("another number", another, ErrTaskChanged, "")
	none := d.attempt(w, "dinesh", monday)
	none.Task = "taaaaaaaaaaaaaaaa"
	refused("no task", none, ErrNoTask, "")
	if err := d.PauseKind(t.Context(), Pause{Kind: cases.CallOffender, By: "asha", At: monday, Reason: "trunk"}); err != nil {
		t.Fatal(err)
	}
	refused("paused", d.attempt(w, "dinesh", monday), ErrKindPaused, "kind-paused")
	if all, _ := d.Due(t.Context(), d.rules, monday, 10); len(all) != 0 {
		t.Error("a paused kind is due")
	}
	if err := d.ResumeKind(t.Context(), cases.CallOffender, "asha", monday); err != nil {
		t.Fatal(err)
	}
	if all, err := d.PausedKinds(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if err := d.SetAside(t.Context(), w.Task.ID, "", "impossible", monday); err != nil {
		t.Fatal(err)
	}
	refused("set aside", d.attempt(w, "dinesh", monday), ErrTaskChanged, "")
	if all, err := d.Tasks(t.Context(), TaskFilter{SetAside: true}, monday); err != nil || len(all) != 1 || all[0].SetAside != "impossible" {
		t.Errorf("%v, %v", all, err)
	}
	if err := d.TakeBack(t.Context(), w.Task.ID, "asha", monday); err != nil {
		t.Fatal(err)
	}
	apply(cases.Vetoed{}) // no contact with him any more
	refused("her veto", d.attempt(w, "dinesh", monday), ErrTaskChanged, "")
	if n := d.count(t, "attempts") + d.count(t, "live_numbers") + d.count(t, "unsettled_attempts"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func TestGivenACaseHeldWhileItRings_WhenAsked_ThenTheAttemptIsCalledOff(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	a := d.attempt(d.dueTask(monday), "dinesh", monday)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	if all, err := d.CalledOff(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v", all, err)
	}
	if _, err := d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{
		ID: "hold", Version: AnyVersion, At: monday, By: "asha", What: cases.Decided{Do: cases.HoldBack},
	}, intake.Told{}); err != nil {
		t.Fatal(err)
	}
	if all, err := d.CalledOff(t.Context()); err != nil || len(all) != 1 || all[0].ID != a.ID {
		t.Fatalf("%v, %v", all, err)
	}
	d.end(a, "cancelled")
	if all, _ := d.CalledOff(t.Context()); len(all) != 0 {
		t.Fatal("still called off after its end")
	}
	if s, err := d.Settle(t.Context(), d.rules, a.ID, monday.Add(time.Hour)); err != nil || s.Verdict != cases.Ignored {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	if n := d.count(t, "unsettled_attempts"); n != 0 {
		t.Fatal("not settled")
	}
}

func TestGivenASuicidalPerson_WhenHisTaskIsDue_ThenItWaitsForTheCounsellorsWord(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	his := d.dueTask(monday)
	for _, step := range []struct {
		what cases.What
		due  int
	}{{cases.Called{Outcome: cases.Suicidal}, 0}, {cases.CareCleared{}, 1}} {
		d.minted++
		s, err := d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{ID: fmt.Sprint("e", d.minted), Version: AnyVersion, At: monday, By: "asha", What: step.what}, intake.Told{})
		if err != nil || s.Verdict != cases.Applied {
			t.Fatalf("%s, %v", s.Verdict, err)
		}
		if all, err := d.Due(t.Context(), d.rules, monday, 10); err != nil || len(all) != step.due || step.due == 1 && all[0].Task.ID != his.Task.ID {
			t.Fatalf("%v, %v", all, err)
		}
		if step.due == 0 {
			if err := d.StartAttempt(t.Context(), d.rules, d.attempt(his, "dinesh", monday)); !errors.Is(err, ErrNotAllowed) {
				t.Fatal(err)
			}
		}
	}
	file, err := d.Case(t.Context(), f.Case.ID)
	if err != nil || len(file.Case.Tasks) != 2 || d.count(t, "outbox WHERE topic = 'alert'") == 0 {
		t.Fatalf("no follow-up by a counsellor: %+v, %v", file.Case.Tasks, err)
	}
}

func TestGivenADialerThatDied_WhenItsAttemptsAreLookedFor_ThenTheyAreStaleUntilTheyEnd(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	a := d.attempt(d.dueTask(monday), "dinesh", monday)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	if all, err := d.Stale(t.Context(), monday, 10); err != nil || len(all) != 0 {
		t.Fatalf("%v, %v", all, err)
	}
	if all, err := d.Stale(t.Context(), monday.Add(time.Minute), 10); err != nil || len(all) != 1 || all[0].ID != a.ID || !all[0].At.Equal(a.At) {
		t.Fatalf("%+v, %v", all, err)
	}
	d.end(a, NotPlaced)
	if s, err := d.Settle(t.Context(), d.rules, a.ID, monday.Add(time.Minute)); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	w := d.dueTask(monday.Add(10 * time.Minute))
	if w.Task.Counted() != 0 || d.rules.Dialled(w.Task, w.Facts.Elsewhere, monday) != 0 {
		t.Fatalf("an attempt that rang nobody counts: %+v", w.Task)
	}
}

func TestGivenHerWindow_WhenTheMinuteComesAndGoes_ThenTheTaskIsDueWithinItOnly(t *testing.T) {
	d := openDesk(t)
	r := complaint(t, "r1")
	window, err := cases.ParseWindow("mon-fri 14:00-16:00")
	if err != nil {
		t.Fatal(err)
	}
	r.Terms.Windows = cases.Windows{window}
	d.register(r)
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	thursday := time.Date(2026, 11, 26, 0, 0, 0, 0, cases.Local)
	for clock, want := range map[time.Duration]int{
		13*time.Hour + 59*time.Minute + 59*time.Second: 0, 14 * time.Hour: 1, 15*time.Hour + 59*time.Minute: 1, 16 * time.Hour: 0,
		14*time.Hour + 24*time.Hour: 1, 14*time.Hour + 48*time.Hour: 0, // Saturday
	} {
		all, err := d.Due(t.Context(), d.rules, thursday.Add(clock), 10)
		if err != nil || len(all) != want {
			t.Errorf("%v: %d due, %v", clock, len(all), err)
		}
	}
	// The clock jumps ahead and comes back: she does not lose her hour.
	_, _ = d.Due(t.Context(), d.rules, thursday.Add(17*time.Hour), 10)
	if all, _ := d.Due(t.Context(), d.rules, thursday.Add(15*time.Hour), 10); len(all) != 1 || !all[0].Safe.Known || all[0].Safe.Whose != "own" {
		t.Errorf("%+v", all)
	}
}

func TestGivenANumberThatMustNeverBeRung_WhenHerTaskIsDue_ThenItIsNotDialled(t *testing.T) {
	d := openDesk(t)
	r := complaint(t, "r1")
	r.Victim.Numbers = append(r.Victim.Numbers, party(t, "", intake.Woman, otherNumber).Numbers...)
	r.Safe[0].Never = true // his own telephone, as it turns out
	f := d.register(r)
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	at := monday.Add(3*day + time.Hour)
	w := d.dueTask(at)
	if w.Task.Number != f.Case.Victim.Numbers[1].Print {
		t.Fatal("the number that must never be rung is next")
	}
	second := intake.SafeContact{Number: r.Victim.Numbers[1], Never: true}
	if s, err := d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{
		ID: "terms", Version: AnyVersion, At: at, By: "asha", What: cases.TermsChanged{Terms: r.Terms},
	}, intake.Told{Safe: []intake.SafeContact{second}}); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	if all, _ := d.Due(t.Context(), d.rules, at, 10); len(all) != 0 {
		t.Fatal("due all the same")
	}
	if all, err := d.Tasks(t.Context(), TaskFilter{SetAside: true}, at); err != nil || len(all) != 1 {
		t.Fatalf("a supervisor does not see it: %v, %v", all, err)
	}
	if err := d.StartAttempt(t.Context(), d.rules, d.attempt(w, "bina", at)); err == nil {
		t.Fatal("dialled")
	}
}

func TestGivenAStrangerAtHerNumber_WhenSheTellsANewOne_ThenItIsTheOneThatIsRung(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	at := monday.Add(3*day + time.Hour)
	if s := d.talk(at, "bina", cases.WrongNumber); !s.Case.ForSupervisor() {
		t.Fatalf("in %s", s.Case.State)
	}
	hers := party(t, "", intake.Woman, otherNumber).Numbers[0]
	s, err := d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{
		ID: "terms", Version: AnyVersion, At: at.Add(time.Hour), By: "asha", What: cases.TermsChanged{Terms: f.Case.Terms},
	}, intake.Told{Hers: hers, Safe: []intake.SafeContact{{Number: hers, Whose: "sister"}}})
	if err != nil || s.Verdict != cases.Applied || s.Case.Victim.Numbers[0].Bad {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	if s, err = d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{
		ID: "ask", Version: s.Case.Version, At: at.Add(time.Hour), By: "asha", What: cases.Decided{Do: cases.AskHer},
	}, intake.Told{}); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	a := d.attempt(d.dueTask(at.Add(time.Hour)), "bina", at.Add(time.Hour))
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	if n, err := d.NumberToDial(t.Context(), a.ID); err != nil || n.Dial() != "+91"+otherNumber {
		t.Fatal("another number is dialled")
	}
	adult := party(t, contactName, intake.Woman, contactNumber)
	for i, want := range []string{contactNumber, hisNumber} {
		adult.Numbers = party(t, "", intake.Woman, want).Numbers
		if s, err = d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{
			ID: fmt.Sprint("adult", i), Version: AnyVersion, At: at.Add(2 * time.Hour), By: "asha", What: cases.TermsChanged{Terms: f.Case.Terms},
		}, intake.Told{Adult: adult}); err != nil || s.Verdict != cases.Applied {
			t.Fatalf("%s, %v", s.Verdict, err)
		}
		opened, err := d.OpenParty(t.Context(), f.Case.ID, s.Case.Adult.ID, Reader{By: "asha", At: at})
		if err != nil || len(opened.Numbers) != 1 || opened.Numbers[0].Number.Show() != "+91"+want || opened.Role != cases.Adult {
			t.Fatalf("%+v, %v", opened, err)
		}
	}
}

func TestGivenACallerWhoGaveUp_WhenCalledBack_ThenByAWomanTwiceAtMostAndNotOnceSheCalls(t *testing.T) {
	d := openDesk(t)
	gaveUp := cases.GaveUp{Call: "c1", Left: monday, Waited: time.Minute}
	n := number.FromCaller(otherNumber)
	task, why, err := d.CallBack(t.Context(), d.rules, gaveUp, n)
	if err != nil || why != cases.CallsBack {
		t.Fatalf("%s, %v", why, err)
	}
	if again, _, err := d.CallBack(t.Context(), d.rules, gaveUp, n); err != nil || again.ID != task.ID || d.count(t, "tasks") != 1 {
		t.Fatalf("%v, %v", again.ID, err)
	}
	w := d.dueTask(monday)
	if err := d.StartAttempt(t.Context(), d.rules, d.attempt(w, "dinesh", monday)); !errors.Is(err, ErrNotAllowed) {
		t.Fatalf("a man calls back: %v", err)
	}
	a := d.dial(w, "asha", monday.Add(time.Minute), "no-answer")
	if s, err := d.Settle(t.Context(), d.rules, a.ID, monday.Add(2*time.Minute)); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	second := d.dueTask(monday.Add(12 * time.Minute))
	if ended, err := d.CallerRang(t.Context(), second.Task.Number, monday.Add(12*time.Minute)); err != nil || ended != 1 {
		t.Fatalf("%d, %v", ended, err)
	}
	if all, _ := d.Due(t.Context(), d.rules, monday.Add(13*time.Minute), 10); len(all) != 0 {
		t.Fatal("called back although she called")
	}
	for name, g := range map[cases.NoCallBack]cases.GaveUp{
		cases.TooShort: {Call: "c2", Left: monday, Waited: time.Second}, cases.SilentCaller: {Call: "c3", Left: monday, Waited: time.Minute, Silent: true},
	} {
		if _, why, err := d.CallBack(t.Context(), d.rules, g, n); err != nil || why != name {
			t.Errorf("%s: %s, %v", name, why, err)
		}
	}
	r := complaint(t, "r1")
	r.Safe[0].Never = true
	r.Victim.Numbers = append(r.Victim.Numbers, n)
	d.register(r)
	if _, why, err := d.CallBack(t.Context(), d.rules, cases.GaveUp{Call: "c4", Left: monday, Waited: time.Minute}, number.FromCaller(herNumber)); err != nil || why != cases.MustNotRing {
		t.Errorf("a number that must never be rung: %s, %v", why, err)
	}
	if _, why, err := d.CallBack(t.Context(), d.rules, cases.GaveUp{Call: "c5", Left: monday, Waited: time.Minute}, number.FromCaller("112")); err != nil || why != cases.Withheld {
		t.Errorf("a short code: %s, %v", why, err)
	}
}

func TestGivenACallBackThatNobodyMade_WhenItsTimeIsOver_ThenItEnds(t *testing.T) {
	d := openDesk(t)
	task, _, err := d.CallBack(t.Context(), d.rules, cases.GaveUp{Call: "c1", Left: monday, Waited: time.Minute}, number.FromCaller(otherNumber))
	if err != nil {
		t.Fatal(err)
	}
	d.fire(task.NotAfter)
	if w, err := d.Task(t.Context(), task.ID, monday); err != nil || w.End != cases.Exhausted {
		t.Fatalf("%s, %v", w.End, err)
	}
}

func TestGivenSheIsTalking_WhenTheTimeOfTheTaskRunsOut_ThenItWaitsForWhatSheSays(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	d.talk(monday.Add(3*day+time.Hour), "bina", cases.Satisfied)
	file, _ := d.Case(t.Context(), f.Case.ID)
	d.fire(file.Case.FinalDue)
	file, _ = d.Case(t.Context(), f.Case.ID)
	ends := file.Case.Tasks[0].NotAfter
	at := ends.Add(-time.Minute)
	a := d.attempt(d.dueTask(at), "bina", at)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	if due, err := d.DueTimers(t.Context(), ends.Add(time.Minute), 10); err != nil || len(due) != 0 {
		t.Fatalf("the task ends while she talks: %v, %v", due, err)
	}
	direct := Timer{Case: f.Case.ID, Task: file.Case.Tasks[0].ID, Due: ends}
	if s, err := d.FireTimer(t.Context(), d.rules, direct, ends.Add(time.Minute)); err != nil || s.Verdict != cases.Ignored {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	if s, err := d.RecordOutcome(t.Context(), d.rules, Report{EventID: "o", Attempt: a.ID, By: "bina", At: ends.Add(2 * time.Minute), Outcome: cases.Positive}); err != nil ||
		s.Case.Closure != cases.Resolved {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
}

func TestGivenATimerThatTheLadderDoesNotTake_WhenFired_ThenItIsPutAsideAndBlocksNobody(t *testing.T) {
	d := openDesk(t)
	r := complaint(t, "r1")
	r.Triage = cases.Triage{}
	f := d.register(r)
	other := complaint(t, "r2")
	other.Triage = cases.Triage{}
	d.register(other)
	at := monday.Add(2 * day)
	// A document that nobody could have written: its timer has a name that the ladder does not know.
	if _, err := d.pool.Exec(t.Context(), `ALTER TABLE cases DISABLE TRIGGER case_moves_by_one`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE cases SET doc = jsonb_set(doc, '{tasks}', '[{"id":"tx","kind":"final","notAfter":"2026-11-24T00:00:00Z"}]') WHERE id = $1`, f.Case.ID); err != nil {
		t.Fatal(err)
	}
	due, err := d.DueTimers(t.Context(), at, 10)
	if err != nil || len(due) != 3 {
		t.Fatalf("%v, %v", due, err)
	}
	for _, timer := range due {
		if _, err := d.FireTimer(t.Context(), d.rules, timer, at); err != nil {
			t.Errorf("%+v: %v", timer, err)
		}
	}
	if due, err := d.DueTimers(t.Context(), at, 10); err != nil || len(due) != 0 {
		t.Fatalf("comes back: %v, %v", due, err)
	}
	if s := d.state(other.Case); s != cases.Registered {
		t.Fatal(s)
	}
	stuck, err := d.Cases(t.Context(), CaseFilter{Stuck: true})
	if err != nil || len(stuck) != 1 || stuck[0].Case.ID != f.Case.ID {
		t.Fatalf("%v, %v", stuck, err)
	}
	if n := d.count(t, "outbox WHERE topic = 'timers-aside'"); n != 1 {
		t.Fatalf("%d alerts", n)
	}
}

func TestGivenPoison_WhenWorkIsListed_ThenItIsSetAsideAndTheOthersAreNot(t *testing.T) {
	d := openDesk(t)
	var ids []string
	for i := range 3 {
		r := complaint(t, fmt.Sprint(i))
		r.Victim, r.Safe = party(t, herName, intake.Woman, fmt.Sprintf("981234500%d", i)), nil
		r.Offender = party(t, hisName, intake.Man, fmt.Sprintf("982234500%d", i))
		r.Minor = true // for a timer
		ids = append(ids, d.register(r).Case.ID)
	}
	for _, sql := range []string{
		`ALTER TABLE cases DISABLE TRIGGER case_moves_by_one`,
		`UPDATE tasks SET doc = doc || '{"window":["never at all"]}' WHERE case_id = '` + ids[0] + `'`,
		`UPDATE cases SET doc = doc || '{"timers":7}' WHERE id = '` + ids[1] + `'`,
	} {
		if _, err := d.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if w := d.dueTask(monday); w.CaseID != ids[2] {
		t.Fatalf("%+v", w)
	}
	if n := d.count(t, "tasks WHERE set_aside IS NOT NULL"); n != 2 {
		t.Errorf("%d set aside", n)
	}
	at := monday.Add(2 * day)
	for range 2 {
		timers, err := d.DueTimers(t.Context(), at, 10)
		if err != nil || len(timers) != 2 {
			t.Fatalf("%v, %v", timers, err)
		}
	}
	if n := d.count(t, "outbox WHERE topic IN ('set-aside', 'timers-aside')"); n != 3 {
		t.Errorf("%d alerts", n)
	}
	d.dueTask(monday) // goes on being so
}

func TestGivenSealedNumbersSwapped_WhenOneIsOpened_ThenItIsNotTheOther(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	a := d.attempt(d.dueTask(monday), "dinesh", monday)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE numbers SET sealed = (SELECT sealed FROM numbers WHERE fingerprint = $1)`, f.Case.Victim.Numbers[0].Print); err != nil {
		t.Fatal(err)
	}
	if n, err := d.NumberToDial(t.Context(), a.ID); !errors.Is(err, ErrOtherNumber) || n.Dial() != "" {
		t.Fatalf("%v: her number would be dialled for his", err)
	} else if Away(err) {
		t.Error("who cannot be dialled is taken for a server that gives no answer, and would be tried for ever")
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE numbers SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)`); err != nil {
		t.Fatal(err)
	}
	if n, err := d.NumberToDial(t.Context(), a.ID); !errors.Is(err, ErrSealed) || Away(err) || n.Dial() != "" {
		t.Errorf("a damaged number: %v", err)
	}
}
