package cases_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
)

// The tests of this file each prove one clause of what the helpline itself has
// laid down. The clause is cited above the test.

const dayLong = 24 * time.Hour

// ladder is a case that is walked by hand.
type ladder struct {
	t  *testing.T
	r  cases.Rules
	c  cases.Case
	at time.Time
	n  int
}

func filedLadder(t *testing.T, f cases.Filed) *ladder {
	l := &ladder{t: t, r: cases.DefaultRules(), c: cases.Case{ID: "case-1"}, at: start}
	l.send("asha", f)
	return l
}

// complaint is an ordinary one: counsellable, he is known, she agrees.
func complaint() cases.Filed {
	return cases.Filed{
		Taker:    women[0],
		Victim:   cases.Party{ID: "her", Numbers: []cases.Number{{Print: "n-her"}}},
		Offender: cases.Party{ID: "him", Numbers: []cases.Number{{Print: "n-him"}}},
		Contacts: []cases.Party{{ID: "brother", Approved: true, Numbers: []cases.Number{{Print: "n-brother"}}}},
		Terms:    cases.Terms{MayCall: true},
		Triage:   cases.Triage{Track: cases.Counsellable, Agrees: true},
	}
}

func (l *ladder) send(by agent.ID, what cases.What) []cases.Effect {
	l.t.Helper()
	l.n++
	next, effects, verdict := l.r.Step(l.c, cases.Event{ID: fmt.Sprintf("e%d", l.n), Version: l.c.Version, At: l.at, By: by, What: what})
	if verdict != cases.Applied {
		l.t.Fatalf("%T in %s: %s", what, l.c.State, verdict)
	}
	l.c = next
	return effects
}

// task is the ladder's task in hand; the clock moves to where it is due.
func (l *ladder) task(k cases.Kind) cases.Task {
	l.t.Helper()
	for _, t := range l.c.Tasks {
		if t.Kind == k {
			l.at = later(l.at, t.Due)
			return t
		}
	}
	l.t.Fatalf("no %s task in hand in %s: %+v", k, l.c.State, l.c.Next())
	return cases.Task{}
}

func (l *ladder) speak(by agent.ID, k cases.Kind, o cases.Outcome) []cases.Effect {
	l.t.Helper()
	t := l.task(k)
	return l.send(by, cases.Spoken{Task: t.ID, Attempt: fmt.Sprintf("a%d", l.n), Number: t.Number, Dialled: l.at, Outcome: o})
}

func (l *ladder) timeUp(n cases.TimerName) {
	l.t.Helper()
	timer, _ := l.c.Timer(n)
	l.at = later(l.at, timer.Due)
	l.send("", cases.TimeUp{Timer: n})
}

func (l *ladder) want(s cases.State) {
	l.t.Helper()
	if l.c.State != s {
		l.t.Fatalf("the case is in %q, want %q", l.c.State, s)
	}
}

// A1: a male representative of the police calls the offender and tells him to
// stop at once; this is the warning before strict action.
func TestA1_GivenSheAgrees_ThenTheFirstCallIsAMaleOfficersToTheOffender(t *testing.T) {
	l := filedLadder(t, complaint())
	task := l.task(cases.CallOffender)
	if bar := task.Takes(men[0]); bar != cases.NoBar {
		t.Errorf("a male officer is barred: %s", bar)
	}
	for _, p := range append(women, agent.Profile{ID: "clerk"}, agent.Profile{ID: "officer", Woman: true, Officer: true}) {
		if task.Takes(p) != cases.WrongPool {
			t.Errorf("%s may warn the offender", p.ID)
		}
	}
}

// A2: if he continues after the initial counselling, family, friends and
// relatives are spoken to, for social pressure.
func TestA2_GivenHeWasWarned_WhenSheIsStillHarassed_ThenFamilyAndFriendsAreCalled(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	l.want(cases.FFRDue)
	if task := l.task(cases.CallContact); task.Party != "brother" {
		t.Errorf("the task is for %s", task.Party)
	}
}

// A2 says family, friends and relatives: whom she did not name or approve is
// not called.
func TestA2_GivenAContactSheDidNotApprove_ThenHeIsNeverCalled(t *testing.T) {
	f := complaint()
	f.Contacts[0].Approved = false
	l := filedLadder(t, f)
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	l.want(cases.FFRFeedback)
	if l.c.Delivered {
		t.Error("nobody was spoken to, and yet the stage counts as delivered")
	}
}

// A3: if he continues despite that, the concerned police station is told.
func TestA3_GivenFamilyAndFriendsWereCalled_WhenSheIsStillHarassed_ThenTheStationGetsADossier(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	l.speak("ekram", cases.CallContact, cases.Counselled)
	effects := l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	l.want(cases.StationOpen)
	for _, e := range effects {
		if d, ok := e.(cases.Dossier); ok && d.Office == cases.StationHouse {
			return
		}
	}
	t.Errorf("no dossier among %v", effects)
}

// A4: several feedbacks are taken from her until she is satisfied.
func TestA4_GivenSheIsNotSure_ThenSheIsAskedAgainAndAgain(t *testing.T) {
	l := filedLadder(t, complaint())
	l.r.Feedback.MaxUnsure = 10
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	for n := range 8 {
		before := l.task(cases.AskFeedback)
		l.speak("bina", cases.AskFeedback, cases.UnsureOutcome)
		l.want(cases.CounselFeedback)
		if next := l.task(cases.AskFeedback); next.ID == before.ID {
			t.Fatalf("after %d verdicts the same task is in hand", n+1)
		}
	}
	l.speak("bina", cases.AskFeedback, cases.Satisfied)
	l.want(cases.Watch)
}

// A5: feedback is taken after every stage.
func TestA5_GivenAnyStageEnds_ThenSheIsAskedExactlyOnce(t *testing.T) {
	l := filedLadder(t, complaint())
	asked := func(state cases.State) {
		t.Helper()
		l.want(state)
		if len(l.c.Tasks) != 1 || l.c.Tasks[0].Kind != cases.AskFeedback || l.c.Tasks[0].Party != "her" {
			t.Fatalf("in %s these tasks are in hand: %+v", state, l.c.Tasks)
		}
	}
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	asked(cases.CounselFeedback)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	l.speak("ekram", cases.CallContact, cases.Counselled)
	asked(cases.FFRFeedback)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	l.timeUp(cases.StationTimer)
	asked(cases.StationFeedback)
}

// A6: the final feedback is taken 30 days after the last feedback.
func TestA6_GivenSheIsSatisfied_ThenTheFinalFeedbackComes30DaysAfterTheLastOneAndNotEarlier(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.UnsureOutcome)
	l.speak("bina", cases.AskFeedback, cases.Satisfied)
	last := l.at
	early := cases.Event{ID: "early", Version: l.c.Version, At: last.Add(30*dayLong - time.Second), What: cases.TimeUp{Timer: cases.FinalTimer}}
	if _, _, verdict := l.r.Step(l.c, early); verdict != cases.Ignored {
		t.Fatalf("a second early the final feedback is %s", verdict)
	}
	l.timeUp(cases.FinalTimer)
	if !l.at.Equal(last.Add(30 * dayLong)) {
		t.Errorf("the final feedback became due %s after the last one", l.at.Sub(last))
	}
	if due := l.task(cases.AskFinal).Due; due.Before(last.Add(30 * dayLong)) {
		t.Errorf("it is dialled %s after the last one", due.Sub(last))
	}
	l.speak("bina", cases.AskFinal, cases.Positive)
	l.want(cases.Closed)
	if l.c.Closure != cases.Resolved {
		t.Errorf("closed as %s", l.c.Closure)
	}
}

// A6: *last* feedback: when a timer comes late, after a downtime, it fires
// once.
func TestA6_GivenAWeekOfDowntime_WhenTheTimerComesLateAndTwice_ThenThereIsOneFinalFeedback(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.Satisfied)
	l.at = l.at.Add(37 * dayLong)
	l.send("", cases.TimeUp{Timer: cases.FinalTimer})
	again := cases.Event{ID: "again", Version: l.c.Version, At: l.at, What: cases.TimeUp{Timer: cases.FinalTimer}}
	if _, _, verdict := l.r.Step(l.c, again); verdict != cases.Ignored {
		t.Fatalf("the second firing is %s", verdict)
	}
	if len(l.c.Tasks) != 1 {
		t.Fatalf("%d tasks in hand", len(l.c.Tasks))
	}
}

// A7: if the final feedback is negative the redressal process starts again.
func TestA7_GivenANegativeFinalFeedback_ThenTheProcessStartsAgainWithTheOffender(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.Satisfied)
	l.timeUp(cases.FinalTimer)
	l.speak("bina", cases.AskFinal, cases.Negative)
	l.want(cases.CounselDue)
	if l.c.Cycle != 2 || l.c.Round != 1 {
		t.Errorf("cycle %d, round %d", l.c.Cycle, l.c.Round)
	}
	l.task(cases.CallOffender)
}

// A8: suicidal callers are taken by the nominated counsellors.
func TestA8_GivenSheIsSuicidal_ThenACounsellorFollowsAndTheOffenderWaits(t *testing.T) {
	l := filedLadder(t, complaint())
	l.send("asha", cases.Called{Outcome: cases.Suicidal})
	follow := l.task(cases.FollowUp)
	if follow.Takes(women[0]) != cases.NotCounsellor || follow.Takes(women[2]) != cases.NoBar {
		t.Error("somebody else than a counsellor follows up")
	}
	if follow.Due.After(start.Add(dayLong)) {
		t.Errorf("the first follow-up is due %s", follow.Due)
	}
	task := l.task(cases.CallOffender)
	if !has(l.r.Check(task, l.c, cases.Facts{Agents: men}, l.at), cases.WaitsForCare) {
		t.Error("the offender is called without the counsellor's word")
	}
	l.send("chitra", cases.CareCleared{})
	if why := l.r.Check(task, l.c, cases.Facts{Agents: men}, l.at); len(why) != 0 {
		t.Errorf("after it he still is not: %v", why)
	}
}

// A9: every registered case matters: none is without a next thing, also when
// nobody decides anything.
func TestA9_GivenAComplaintThatNobodyTriages_ThenASupervisorSeesIt(t *testing.T) {
	f := complaint()
	f.Triage = cases.Triage{}
	l := filedLadder(t, f)
	l.want(cases.Registered)
	l.timeUp(cases.TriageTimer)
	if !l.c.ForSupervisor() {
		t.Errorf("it waits for %+v", l.c.Next())
	}
}

// A9: registration is by a woman.
func TestA9_GivenAManRegisters_ThenHeIsRefused(t *testing.T) {
	f := complaint()
	f.Taker = men[0]
	if _, _, verdict := cases.DefaultRules().Step(cases.Case{ID: "c"}, cases.Event{ID: "e", At: start, What: f}); verdict != cases.Refused {
		t.Errorf("a man registers a complaint: %s", verdict)
	}
}

// A10: without stigma or defamation: what a contact's or the offender's call
// carries says nothing about her.
func TestA10_GivenACallToOffenderOrContact_ThenItsTaskSaysNothingOfHer(t *testing.T) {
	f := complaint()
	f.Terms.Opening, f.Terms.Language = "courier", "bho"
	l := filedLadder(t, f)
	offender := l.task(cases.CallOffender)
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	for _, task := range []cases.Task{offender, l.task(cases.CallContact)} {
		if task.Opening != "" || task.Language != "" || task.Party == "her" || task.Number == "n-her" {
			t.Errorf("%+v", task)
		}
	}
}

func has(why []cases.Reason, rule cases.Rule) bool {
	for _, r := range why {
		if r.Rule == rule {
			return true
		}
	}
	return false
}

// What was heard is acted upon, even when the task behind the call is gone.
func TestGivenTheTaskIsGone_WhenSheSaysThatSheIsInDanger_ThenItIsAnEmergency(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	task := l.task(cases.AskFeedback)
	l.send("asha", cases.Called{Outcome: cases.Satisfied})
	for outcome, want := range map[cases.Outcome]cases.Verdict{cases.InDanger: cases.Applied, cases.StillHarassed: cases.Ignored} {
		ev := cases.Event{ID: "late", Version: l.c.Version, At: l.at, By: "bina", What: cases.Spoken{Task: task.ID, Attempt: "a", Dialled: l.at, Outcome: outcome}}
		next, _, verdict := l.r.Step(l.c, ev)
		if verdict != want || next.InEmergency() != (want == cases.Applied) {
			t.Errorf("%s: %s, emergency %t", outcome, verdict, next.InEmergency())
		}
	}
}

// A task's id is the same when the step is done again, and says nothing of the
// case.
func TestGivenAStepIsDoneAgain_ThenTheTaskHasTheSameOpaqueID(t *testing.T) {
	one, two := filedLadder(t, complaint()).c, filedLadder(t, complaint()).c
	if one.Tasks[0].ID != two.Tasks[0].ID || strings.Contains(string(one.Tasks[0].ID), one.ID) {
		t.Errorf("%s and %s", one.Tasks[0].ID, two.Tasks[0].ID)
	}
}

func BenchmarkStep(b *testing.B) {
	r := cases.DefaultRules()
	c, _, _ := r.Step(cases.Case{ID: "c"}, cases.Event{ID: "f", At: start, What: complaint()})
	ev := cases.Event{ID: "e", Version: 1, At: start, By: "dinesh", What: cases.Spoken{
		Task: c.Tasks[0].ID, Attempt: "a", Number: "n-him", Dialled: start, Outcome: cases.Warned,
	}}
	for b.Loop() {
		if _, _, verdict := r.Step(c, ev); verdict != cases.Applied {
			b.Fatal(verdict)
		}
	}
}
