package cases_test

import (
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
)

func TestGivenEverythingFits_ThenNothingForbidsTheDial(t *testing.T) {
	l := filedLadder(t, complaint())
	if why := l.r.Check(l.task(cases.CallOffender), l.c, cases.Facts{Agents: men}, l.at); len(why) != 0 {
		t.Errorf("forbidden: %v", why)
	}
}

func TestEachRuleForbidsTheDialByName(t *testing.T) {
	for _, tt := range []struct {
		rule  cases.Rule
		spoil func(*ladder, *cases.Task, *cases.Facts)
	}{
		{cases.NotDue, func(l *ladder, task *cases.Task, _ *cases.Facts) { task.Due = l.at.Add(time.Second) }},
		{cases.Overdue, func(l *ladder, task *cases.Task, _ *cases.Facts) { task.NotAfter = l.at }},
		{cases.OutsideWindow, func(l *ladder, _ *cases.Task, _ *cases.Facts) { l.at = local(20, 0, 0) }},
		{cases.WindowCloses, func(l *ladder, _ *cases.Task, _ *cases.Facts) { l.at = local(19, 59, 36) }},
		{cases.NoNumberKnown, func(_ *ladder, task *cases.Task, _ *cases.Facts) { task.Number = "" }},
		{cases.NumberLive, func(_ *ladder, _ *cases.Task, f *cases.Facts) { f.Live = true }},
		{cases.NumberCalling, func(_ *ladder, _ *cases.Task, f *cases.Facts) { f.Calling = true }},
		{cases.NumberCap, func(l *ladder, _ *cases.Task, f *cases.Facts) { f.Elsewhere = []time.Time{l.at, l.at} }},
		{cases.TaskCap, func(_ *ladder, task *cases.Task, _ *cases.Facts) { task.Attempts = make([]cases.Attempt, 4) }},
		{cases.KindPaused, func(_ *ladder, _ *cases.Task, f *cases.Facts) { f.Paused = []cases.Kind{cases.CallOffender} }},
		{cases.NobodyFits, func(_ *ladder, _ *cases.Task, f *cases.Facts) { f.Agents = women }},
		{cases.NobodyFits, func(_ *ladder, _ *cases.Task, f *cases.Facts) { f.Agents = nil }},
		{cases.SheRingsUs, func(_ *ladder, task *cases.Task, _ *cases.Facts) { task.Pull = true }},
		{cases.DeskWork, func(_ *ladder, task *cases.Task, _ *cases.Facts) { task.Kind = cases.Identify }},
		{cases.NotInHand, func(_ *ladder, task *cases.Task, _ *cases.Facts) { task.ID = "gone" }},
		{cases.LadderForbids, func(l *ladder, _ *cases.Task, _ *cases.Facts) { l.speak("dinesh", cases.CallOffender, cases.Warned) }},
		{cases.OnHoldRule, func(l *ladder, _ *cases.Task, _ *cases.Facts) {
			l.send("asha", cases.Called{Outcome: cases.Withdraws, Said: cases.Said{Verified: true}})
		}},
		{cases.InEmergencyNow, func(l *ladder, _ *cases.Task, _ *cases.Facts) { l.send("asha", cases.Called{Outcome: cases.InDanger}) }},
		{cases.WithSupervisor, func(l *ladder, _ *cases.Task, _ *cases.Facts) { l.send("sup", cases.Decided{Do: cases.HoldBack}) }},
	} {
		l := filedLadder(t, complaint())
		task, facts := l.task(cases.CallOffender), cases.Facts{Agents: men}
		tt.spoil(l, &task, &facts)
		if why := l.r.Check(task, l.c, facts, l.at); !has(why, tt.rule) {
			t.Errorf("%s is not among %v", tt.rule, why)
		}
	}
}

func TestGivenTheFinalFeedbackIsNotDue_ThenItIsTooEarlyWhateverTheTaskSays(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.Satisfied)
	l.timeUp(cases.FinalTimer)
	task := l.task(cases.AskFinal)
	task.Due = start
	if why := l.r.Check(task, l.c, cases.Facts{Agents: women}, l.c.FinalDue.Add(-time.Second)); !has(why, cases.TooEarlyFinal) {
		t.Errorf("a second early: %v", why)
	}
}

func TestGivenNobodyFits_ThenTheReasonCountsWhy(t *testing.T) {
	l := filedLadder(t, complaint())
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.c.Tasks[0].Excluded = []agent.ID{"asha"}
	why := l.r.Check(l.task(cases.AskFeedback), l.c, cases.Facts{Agents: []agent.Profile{women[0], men[0], men[1]}}, l.at)
	if len(why) != 1 || why[0].Rule != cases.NobodyFits || why[0].Detail != "1 counselled, 2 pool" {
		t.Errorf("%v", why)
	}
}

func TestGivenFFRForAWoman_WhenTheOwnerAllowsIt_ThenAWomanOfficerAndNobodyElseCalls(t *testing.T) {
	f := complaint()
	f.Contacts[0].Woman = true
	l := filedLadder(t, f)
	l.r.FFR.WomenForWomen = true
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.StillHarassed)
	task := l.task(cases.CallContact)
	officer := agent.Profile{ID: "farida", Woman: true, Officer: true}
	if task.Takes(officer) != cases.NoBar || task.Takes(women[0]) != cases.NotOfficer || task.Takes(men[0]) != cases.WrongPool {
		t.Errorf("%s %s %s", task.Takes(officer), task.Takes(women[0]), task.Takes(men[0]))
	}
}

func TestGivenASupervisorReassigns_ThenOnlyThatAgentTakesItAndNoCounsellorEver(t *testing.T) {
	l := filedLadder(t, complaint())
	l.send("asha", cases.Called{Outcome: cases.Suicidal})
	l.speak("chitra", cases.FollowUp, cases.Safe)
	l.send("chitra", cases.CareCleared{})
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	task := l.task(cases.AskFeedback)
	l.send("sup", cases.Decided{Do: cases.Reassign, Task: task.ID, Agent: "bina"})
	task = l.task(cases.AskFeedback)
	if task.Takes(women[0]) != cases.Another || task.Takes(women[1]) != cases.NoBar || task.Takes(women[2]) != cases.HasCounselled {
		t.Errorf("%s %s %s", task.Takes(women[0]), task.Takes(women[1]), task.Takes(women[2]))
	}
	ev := cases.Event{ID: "x", Version: l.c.Version, At: l.at, What: cases.Decided{Do: cases.Reassign, Task: task.ID, Agent: "chitra"}}
	if _, _, verdict := l.r.Step(l.c, ev); verdict != cases.Refused {
		t.Errorf("reassigned to who counselled: %s", verdict)
	}
}

func gaveUp() cases.GaveUp {
	return cases.GaveUp{Call: "call-1", Number: "n", Left: local(15, 0, 0), Waited: 20 * time.Second}
}

func TestWhoGaveUpIsCalledBackWithinFiveMinutesAndOnceMore(t *testing.T) {
	r := cases.DefaultRules()
	task, no := r.CallBackFor(gaveUp())
	if no != cases.CallsBack || !task.Due.Equal(local(15, 0, 0)) || task.Pool != agent.Women || task.Priority != cases.Critical {
		t.Fatalf("%s %+v", no, task)
	}
	if why := r.Check(task, cases.Case{}, cases.Facts{Agents: women}, local(15, 1, 0)); len(why) != 0 {
		t.Errorf("not dialled: %v", why)
	}
	task, more := r.CallBackAgain(task, cases.Attempt{ID: "1", Number: "n", At: local(15, 2, 0), Cause: cases.NoAnswer})
	if !more || !task.Due.Equal(local(15, 12, 0)) {
		t.Fatalf("the second is due %s, %t", task.Due, more)
	}
	if _, more = r.CallBackAgain(task, cases.Attempt{ID: "2", Number: "n", At: local(15, 12, 0), Cause: cases.Busy}); more {
		t.Error("a third call back")
	}
	if cases.CallBackStands(task, local(15, 1, 0)) || !cases.CallBackStands(task, local(14, 59, 0)) {
		t.Error("she called again, or had called before")
	}
}

func TestWhoIsNotCalledBack(t *testing.T) {
	r := cases.DefaultRules()
	for _, tt := range []struct {
		want  cases.NoCallBack
		spoil func(*cases.GaveUp)
	}{
		{cases.TooShort, func(g *cases.GaveUp) { g.Waited = 5999 * time.Millisecond }},
		{cases.CallsBack, func(g *cases.GaveUp) { g.Waited = 6 * time.Second }},
		{cases.Withheld, func(g *cases.GaveUp) { g.Number = "" }},
		{cases.SilentCaller, func(g *cases.GaveUp) { g.Silent = true }},
		{cases.ObsceneCaller, func(g *cases.GaveUp) { g.Obscene = true }},
		{cases.MustNotRing, func(g *cases.GaveUp) { g.NoContact = true }},
		{cases.MustNotRing, func(g *cases.GaveUp) { g.Terms = []cases.Terms{{MayCall: true}, {}} }},
		{cases.UnsafeHour, func(g *cases.GaveUp) {
			g.Terms = []cases.Terms{{MayCall: true, Windows: window(t, "daily 16:00-17:00")}}
		}},
		{cases.CallsBack, func(g *cases.GaveUp) { g.Left = local(3, 0, 0) }},
	} {
		g := gaveUp()
		tt.spoil(&g)
		if _, got := r.CallBackFor(g); got != tt.want {
			t.Errorf("%+v: %q, want %q", g, got, tt.want)
		}
	}
}

func TestTheDefaultRulesAreValidAndAWrongFieldIsNamed(t *testing.T) {
	if err := cases.DefaultRules().Validate(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*cases.Rules){
		"maxRounds":                  func(r *cases.Rules) { r.MaxRounds = 0 },
		"restart":                    func(r *cases.Rules) { r.Restart = "end" },
		"feedback.after":             func(r *cases.Rules) { r.Feedback.After = 0 },
		"final.after":                func(r *cases.Rules) { r.Final.After = time.Hour },
		"limits.ring":                func(r *cases.Rules) { r.Limits.Ring = 20 * time.Second },
		"care.after":                 func(r *cases.Rules) { r.Care.After = nil },
		"care.after[1]":              func(r *cases.Rules) { r.Care.After = []time.Duration{dayLong, 0} },
		"care.earliest":              func(r *cases.Rules) { r.Care.Earliest = 2 * dayLong },
		"hold.reask":                 func(r *cases.Rules) { r.Hold.Reask = r.Hold.For },
		"station.maxLevel":           func(r *cases.Rules) { r.Station.MaxLevel = 5 },
		"station.reminders[1].after": func(r *cases.Rules) { r.Station.Reminders[1].After = dayLong },
		"station.reminders[0].to":    func(r *cases.Rules) { r.Station.Reminders[0].To = "court" },
		"retry.parts[1]":             func(r *cases.Rules) { r.Retry.Parts = []int{12, 12} },
		"hours.ffr":                  func(r *cases.Rules) { r.Hours.FFR = nil },
		"hours.offender[0]":          func(r *cases.Rules) { r.Hours.Offender = cases.Windows{{Days: 1, From: 60, To: 60}} },
	} {
		r := cases.DefaultRules()
		spoil(&r)
		if err := r.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// I1, each clause of it by name: even if an offender's task were in hand when
// it may not be, it would not be dialled.
func TestI1_EachOverlayForbidsACallToTheOffender(t *testing.T) {
	for want, lay := range map[string]func(*cases.Case){
		"state":               func(c *cases.Case) { c.State = cases.Watch },
		"hold":                func(c *cases.Case) { c.Hold.Since = start },
		"emergency":           func(c *cases.Case) { c.Emergency.Since = start },
		"no-offender-contact": func(c *cases.Case) { c.NoOffenderContact = true },
		"supervisor":          func(c *cases.Case) { c.Supervisor.Why = cases.Held },
		"minor-sexual":        func(c *cases.Case) { c.Minor, c.Triage.Sexual = true, true },
		"offender-minor":      func(c *cases.Case) { c.OffenderMinor = true },
	} {
		l := filedLadder(t, complaint())
		task := l.task(cases.CallOffender)
		lay(&l.c)
		found := false
		for _, why := range l.r.Check(task, l.c, cases.Facts{Agents: men}, l.at) {
			found = found || why.String() == "ladder-forbids ("+want+")"
		}
		if !found {
			t.Errorf("%s does not forbid it", want)
		}
	}
	for _, s := range cases.States {
		c := cases.Case{State: s}
		if _, barred := c.OffenderBarred(); barred == (s == cases.CounselDue || s == cases.FFRDue) {
			t.Errorf("in %q barred is %t", s, barred)
		}
	}
}

// A supervisor decides much, but neither closes as unreached whom nobody
// tried, nor has the final feedback asked before its 30 days.
func TestWhatASupervisorIsRefused(t *testing.T) {
	l := filedLadder(t, complaint())
	refused := func(what cases.What) {
		t.Helper()
		ev := cases.Event{ID: "x", Version: l.c.Version, At: l.at, By: "sup", What: what}
		if _, _, verdict := l.r.Step(l.c, ev); verdict != cases.Refused {
			t.Errorf("%+v is %s", what, verdict)
		}
	}
	refused(cases.Decided{Do: cases.Close, Closure: cases.Unreached})
	refused(cases.Decided{Do: cases.Close, Closure: cases.Resolved})
	l.speak("dinesh", cases.CallOffender, cases.Warned)
	l.speak("bina", cases.AskFeedback, cases.Satisfied)
	l.timeUp(cases.FinalTimer)
	task := l.task(cases.AskFinal)
	refused(cases.Spoken{Task: task.ID, Attempt: "a", Dialled: l.c.FinalDue.Add(-time.Second), Outcome: cases.Positive})
	l.at = l.c.FinalDue.Add(-time.Hour) // a clock that went back
	refused(cases.Decided{Do: cases.Reschedule, Task: task.ID, Due: l.c.FinalDue.Add(-time.Second)})
}

func TestGivenAHold_WhenHeTakesRevenge_ThenTheHoldIsOver(t *testing.T) {
	l := filedLadder(t, complaint())
	l.send("asha", cases.Called{Outcome: cases.Withdraws, Said: cases.Said{Verified: true}})
	l.send("bina", cases.Called{Outcome: cases.StillHarassed, Said: cases.Said{Retaliation: true}})
	l.want(cases.StationOpen)
	if l.c.OnHold() {
		t.Error("the case is on hold and with the police")
	}
}
