package cases_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"powerline/agent"
	"powerline/cases"
)

// start is a Monday, 09:00 in Lucknow.
var start = time.Date(2026, 11, 23, 3, 30, 0, 0, time.UTC)

var (
	women = []agent.Profile{{ID: "asha", Woman: true}, {ID: "bina", Woman: true}, {ID: "chitra", Woman: true, Counsellor: true}}
	men   = []agent.Profile{{ID: "dinesh", Officer: true}, {ID: "ekram", Officer: true}}
)

// TestLaws plays random lives, with events that are sensible, wild, late, sent
// twice or out of order, and holds I1 to I12 against every step.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := cases.DefaultRules()
		r.MaxRounds = rapid.IntRange(1, 2).Draw(t, "rounds")
		r.Restart = rapid.SampledFrom([]cases.Stage{cases.Counselling, cases.FFR, cases.Station}).Draw(t, "restart")
		life := &life{r: r, c: cases.Case{ID: "case-7f3a"}, at: start}
		life.play(t, filed(t))
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			life.play(t, life.event(t))
		}
	})
}

// life is one case and what was sent to it.
type life struct {
	r    cases.Rules
	c    cases.Case
	at   time.Time
	sent []cases.Event
	n    int
}

// play sends one event, perhaps twice or with an old version, and checks.
func (l *life) play(t *rapid.T, what cases.What) {
	l.n++
	ev := cases.Event{
		ID: fmt.Sprintf("e%d", l.n), Version: l.c.Version, At: l.at, What: what,
		By: rapid.SampledFrom([]agent.ID{"asha", "bina", "chitra", "dinesh", "ekram"}).Draw(t, "by"),
	}
	before, copied := l.c, dump(t, l.c)
	next, effects, verdict := l.r.Step(l.c, ev)
	if dump(t, before) != copied {
		t.Fatalf("%s changed the case that was handed in", ev.Name())
	}
	if verdict != cases.Applied {
		if diff := cmp.Diff(before, next); diff != "" || len(effects) > 0 {
			t.Fatalf("%s was %s and yet changed (-before +after):\n%s%v", ev.Name(), verdict, diff, effects)
		}
		return
	}
	checkIdempotent(t, l.r, before, next, ev, l.sent)
	checkStep(t, before, next, ev, effects)
	checkCase(t, l.r, next)
	l.c, l.sent = next, append(l.sent, ev)
}

func checkIdempotent(t *rapid.T, r cases.Rules, before, next cases.Case, ev cases.Event, sent []cases.Event) {
	if next.Version != before.Version+1 {
		t.Fatalf("I11: version %d after %d", next.Version, before.Version)
	}
	for _, old := range append(slices.Clone(sent), ev) {
		if _, _, verdict := r.Step(next, old); verdict != cases.Twice && verdict != cases.Stale {
			t.Fatalf("I11: event %s sent again: %s", old.ID, verdict)
		}
	}
	other := ev
	other.ID += "-late"
	if _, _, verdict := r.Step(next, other); verdict != cases.Stale {
		t.Fatalf("I11: an event that was decided on an older version: %s", verdict)
	}
}

// checkStep holds what must be true of one step.
func checkStep(t *rapid.T, before, next cases.Case, ev cases.Event, effects []cases.Effect) {
	silent := ev.Name() == "attempt-ended" || ev.Name() == "expired" || ev.Name() == "time-up"
	for _, e := range effects {
		m, ok := e.(cases.Moved)
		if !ok {
			continue
		}
		row := slices.IndexFunc(cases.Transitions, func(tr cases.Transition) bool {
			return tr.ID == m.By && tr.To == m.To && slices.Contains(tr.From, m.From)
		})
		if row < 0 {
			t.Fatalf("%s from %q to %q is not in the table", m.By, m.From, m.To)
		}
		if silent && !slices.Contains([]string{"T7", "T12", "T13", "T15", "T17", "T23", "F-danger", "T3", "T5", "T3b", "F-veto", "T4"}, m.By) {
			t.Fatalf("I5: %s moved the case by %s", ev.Name(), m.By)
		}
	}
	if silent && !next.LastFeedback.Equal(before.LastFeedback) {
		t.Fatalf("I5: %s counted as a feedback", ev.Name())
	}
	if next.Closure == cases.Resolved && before.Closure != cases.Resolved && outcome(ev.What) != cases.Positive {
		t.Fatalf("I4: resolved by %s %s", ev.Name(), outcome(ev.What))
	}
	if s, ok := ev.What.(cases.Spoken); ok && verdictKinds[kindOf(before, s.Task)] && !next.LastFeedback.Equal(before.LastFeedback) {
		if slices.Contains(before.Counsellors, ev.By) {
			t.Fatalf("I7: %s counselled in the case and took its feedback", ev.By)
		}
	}
	entered := next.State != before.State && next.State.AsksHer()
	if n := count(next, cases.AskFeedback); entered && !next.ForSupervisor() && n != 1 {
		t.Fatalf("I2: %d feedbacks after a stage", n)
	}
}

var verdictKinds = map[cases.Kind]bool{cases.AskFeedback: true, cases.AskFinal: true, cases.AskAgain: true}

func kindOf(c cases.Case, id cases.TaskID) cases.Kind {
	task, _ := c.Task(id)
	return task.Kind
}

func outcome(w cases.What) cases.Outcome {
	switch w := w.(type) {
	case cases.Spoken:
		return w.Outcome
	case cases.Called:
		return w.Outcome
	}
	return ""
}

func count(c cases.Case, k cases.Kind) int {
	n := 0
	for _, t := range c.Tasks {
		if t.Kind == k {
			n++
		}
	}
	return n
}

// checkCase holds what must be true of every case.
func checkCase(t *rapid.T, r cases.Rules, c cases.Case) {
	if n := c.Next(); c.State.Open() && len(n) != 1 || !c.State.Open() && len(n) != 0 {
		t.Fatalf("I9: in %s the case has these next things: %+v", c.State, n)
	}
	final := c.State == cases.Watch || c.State == cases.FinalFeedback
	if final && !c.FinalDue.Equal(c.LastFeedback.Add(30*24*time.Hour)) || !final && !c.FinalDue.IsZero() {
		t.Fatalf("I3: in %s final due %s, last feedback %s", c.State, c.FinalDue, c.LastFeedback)
	}
	for _, task := range c.Tasks {
		checkTask(t, c, task)
	}
	for _, timer := range c.Timers {
		if timer.Due.Location() != time.UTC || timer.Due.IsZero() {
			t.Fatalf("I12: timer %s due %s", timer.Name, timer.Due)
		}
		if timer.Name == cases.FinalTimer && !timer.Due.Equal(c.FinalDue) {
			t.Fatalf("I3: final timer at %s, due %s", timer.Due, c.FinalDue)
		}
	}
	if n := c.Next(); c.OnHold() && count(c, cases.AskAgain) == 0 && n[0].Supervisor == "" {
		t.Fatalf("on hold the case waits for %+v", n)
	}
	if n := c.Next(); c.InEmergency() && count(c, cases.Recontact) == 0 && n[0].Supervisor == "" && n[0].Timer != cases.EmergencyTimer {
		t.Fatalf("in an emergency the case waits for %+v", n)
	}
	var back cases.Case
	if err := json.Unmarshal([]byte(dump(t, c)), &back); err != nil {
		t.Fatal(err)
	}
	if dump(t, back) != dump(t, c) {
		t.Fatalf("stored and read again:\n%s\n%s", dump(t, c), dump(t, back))
	}
}

func checkTask(t *rapid.T, c cases.Case, task cases.Task) {
	offender := task.Kind == cases.CallOffender || task.Kind == cases.CallContact
	if why, barred := c.OffenderBarred(); offender && barred {
		t.Fatalf("I1: %s task in hand although %s forbids it", task.Kind, why)
	}
	switch {
	case offender && task.Pool != agent.MaleOfficers, task.Kind.ToVictim() && task.Pool != agent.Women:
		t.Fatalf("I6: %s task for pool %q", task.Kind, task.Pool)
	case task.Kind == cases.AskFinal && (c.State != cases.FinalFeedback || task.Due.Before(c.FinalDue)):
		t.Fatalf("I3: final feedback due %s in %s, not before %s", task.Due, c.State, c.FinalDue)
	case task.Due.Location() != time.UTC, task.Made.Location() != time.UTC:
		t.Fatalf("I12: %s task due %s", task.Kind, task.Due)
	case task.Kind.Dialled() && !task.Pull && (task.Number == "" || len(task.Window) == 0):
		t.Fatalf("a %s task that can never be dialled: %+v", task.Kind, task)
	}
	for _, id := range c.Counsellors {
		if verdictKinds[task.Kind] && task.Takes(agent.Profile{ID: id, Woman: true}) == cases.NoBar {
			t.Fatalf("I7: %s counselled and may take the %s", id, task.Kind)
		}
	}
	if text := dump(t, task); offender {
		for _, secret := range []string{c.ID, c.Victim.ID, "victim-number", c.Terms.Opening} {
			if secret != "" && strings.Contains(text, secret) {
				t.Fatalf("I10: %q stands in %s", secret, text)
			}
		}
	}
}

func dump(t interface{ Fatal(...any) }, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// filed draws a complaint.
func filed(t *rapid.T) cases.What {
	f := cases.Filed{
		Taker:    women[0],
		Victim:   cases.Party{ID: "pv", Numbers: []cases.Number{{Print: "victim-number"}}},
		Offender: cases.Party{ID: "po"},
		Terms:    terms(t),
		Minor:    rapid.IntRange(0, 5).Draw(t, "minor") == 0,
		Sealed:   rapid.IntRange(0, 9).Draw(t, "sealed") == 0,
		Triage:   triage(t),
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "numbers") {
		f.Offender.Numbers = append(f.Offender.Numbers, cases.Number{Print: fmt.Sprintf("o%d", i)})
	}
	if f.Minor && rapid.Bool().Draw(t, "adult") {
		f.Adult = cases.Party{ID: "pa", Numbers: []cases.Number{{Print: "adult-number"}}}
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "contacts") {
		f.Contacts = append(f.Contacts, contact(i))
	}
	return f
}

func contact(i int) cases.Party {
	return cases.Party{ID: fmt.Sprintf("pc%d", i), Approved: i != 1, Numbers: []cases.Number{{Print: fmt.Sprintf("c%d", i)}}}
}

func triage(t *rapid.T) cases.Triage {
	return cases.Triage{
		Track:         rapid.SampledFrom([]cases.Track{cases.Counsellable, cases.Counsellable, cases.Counsellable, cases.ToPolice, cases.Undecided}).Draw(t, "track"),
		Sexual:        rapid.IntRange(0, 4).Draw(t, "sexual") == 0,
		Agrees:        rapid.IntRange(0, 4).Draw(t, "agrees") != 0,
		Complainants:  rapid.IntRange(0, 3).Draw(t, "complainants"),
		CalledHerself: rapid.Bool().Draw(t, "herself"),
	}
}

func terms(t *rapid.T) cases.Terms {
	terms := cases.Terms{MayCall: rapid.IntRange(0, 7).Draw(t, "may") != 0, Pull: rapid.IntRange(0, 7).Draw(t, "pull") == 0, Opening: "courier-opening"}
	text := rapid.SampledFrom([]string{"", "daily 14:00-16:00", "mon-fri 10:00-12:00", "sun 20:00-21:00"}).Draw(t, "window")
	if text != "" {
		w, err := cases.ParseWindow(text)
		if err != nil {
			t.Fatal(err)
		}
		terms.Windows = cases.Windows{w}
	}
	return terms
}

// event draws what happens next: mostly what the case waits for, sometimes
// anything at all. The clock moves on, or stays.
func (l *life) event(t *rapid.T) cases.What {
	if rapid.IntRange(0, 3).Draw(t, "wild") == 0 {
		l.at = l.at.Add(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "later")))
		return l.wild(t)
	}
	next := l.c.Next()
	if len(next) == 0 {
		return l.wild(t)
	}
	if next[0].Due.After(l.at) {
		l.at = next[0].Due
	}
	switch n := next[0]; {
	case n.Timer != "":
		return cases.TimeUp{Timer: n.Timer}
	case n.Supervisor != "":
		return decision(t, l.c)
	case len(l.c.Tasks) > 0:
		return l.dial(t, rapid.SampledFrom(l.c.Tasks).Draw(t, "task"))
	}
	return l.wild(t)
}

// dial draws how a dial of the task ends.
func (l *life) dial(t *rapid.T, task cases.Task) cases.What {
	attempt := fmt.Sprintf("a%d", rapid.IntRange(0, 200).Draw(t, "attempt"))
	switch {
	case task.Pull || task.Kind == cases.Identify || rapid.IntRange(0, 9).Draw(t, "expires") == 0:
		if !task.NotAfter.IsZero() && task.NotAfter.After(l.at) {
			l.at = task.NotAfter
		}
		return cases.Expired{Task: task.ID}
	case rapid.IntRange(0, 2).Draw(t, "fails") == 0:
		return cases.AttemptEnded{
			Task: task.ID, Attempt: attempt, Number: task.Number, Dialled: l.at,
			Cause: rapid.SampledFrom(cases.Causes).Draw(t, "cause"), Elsewhere: elsewhere(t, l.at),
		}
	}
	return cases.Spoken{
		Task: task.ID, Attempt: attempt, Number: task.Number, Dialled: l.at, Said: said(t, l.at), Elsewhere: elsewhere(t, l.at),
		Outcome: rapid.SampledFrom(cases.Outcomes(task.Kind)).Draw(t, "outcome"),
	}
}

func elsewhere(t *rapid.T, at time.Time) []time.Time {
	var dials []time.Time
	for range rapid.IntRange(0, 2).Draw(t, "elsewhere") {
		dials = append(dials, at)
	}
	return dials
}

func said(t *rapid.T, at time.Time) cases.Said {
	s := cases.Said{
		Retaliation: rapid.IntRange(0, 19).Draw(t, "retaliation") == 0,
		Verified:    rapid.Bool().Draw(t, "verified"),
		Duress:      rapid.IntRange(0, 19).Draw(t, "duress") == 0,
		Choice:      rapid.SampledFrom([]cases.Choice{"", cases.ChooseCounsel, cases.ChooseFFR, cases.ChooseStation, cases.ChooseOnlySupport}).Draw(t, "choice"),
	}
	switch rapid.IntRange(0, 5).Draw(t, "says") {
	case 0:
		s.Numbers = []string{fmt.Sprintf("o%d", rapid.IntRange(0, 5).Draw(t, "number"))}
	case 1:
		s.Contacts = []cases.Party{contact(rapid.IntRange(0, 6).Draw(t, "contact"))}
	case 2:
		s.CallAt = at.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
	}
	return s
}

func decision(t *rapid.T, c cases.Case) cases.What {
	d := cases.Decided{
		Do: rapid.SampledFrom([]cases.Decision{
			cases.Resume, cases.ToCounsel, cases.ToFFR, cases.ToStation, cases.AskHer, cases.Close, cases.HoldBack,
			cases.ReopenCase, cases.Reassign, cases.Reschedule, "nonsense",
		}).Draw(t, "do"),
		Closure: rapid.SampledFrom([]cases.Closure{cases.Resolved, cases.Withdrawn, cases.Unreached, cases.Hoax}).Draw(t, "closure"),
		Agent:   rapid.SampledFrom([]agent.ID{"", "asha", "chitra", "dinesh"}).Draw(t, "agent"),
		Due:     start.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "due")) * time.Hour),
	}
	if len(c.Tasks) > 0 {
		d.Task = rapid.SampledFrom(c.Tasks).Draw(t, "of").ID
	}
	return d
}

// wild draws any event, whether it makes sense or not.
func (l *life) wild(t *rapid.T) cases.What {
	everything := []cases.Outcome{"", "nonsense"}
	for _, k := range cases.Kinds {
		everything = append(everything, cases.Outcomes(k)...)
	}
	id := cases.TaskID("unknown")
	if len(l.c.Tasks) > 0 && rapid.Bool().Draw(t, "known") {
		id = rapid.SampledFrom(l.c.Tasks).Draw(t, "task").ID
	}
	any := rapid.SampledFrom(everything).Draw(t, "outcome")
	timers := []cases.TimerName{
		cases.TriageTimer, cases.IdentifyTimer, cases.StationTimer, cases.FinalTimer, cases.EmergencyTimer, cases.ReminderTimer, cases.MinorTimer,
	}
	return rapid.SampledFrom([]cases.What{
		filed(t), cases.Triaged{Triage: triage(t)}, decision(t, l.c),
		cases.AttemptEnded{Task: id, Attempt: "w", Cause: cases.NoAnswer, Dialled: l.at},
		cases.Spoken{Task: id, Attempt: "w", Outcome: any, Said: said(t, l.at), Dialled: l.at},
		cases.Called{Outcome: any, Said: said(t, l.at)},
		cases.Called{Outcome: cases.StillHarassed, Said: said(t, l.at)},
		cases.Called{Outcome: cases.Withdraws, Said: cases.Said{Verified: true}},
		cases.Called{Outcome: rapid.SampledFrom([]cases.Outcome{cases.GoesOn, cases.ConfirmsWish}).Draw(t, "wish"), Said: cases.Said{Verified: true}},
		cases.Called{Outcome: rapid.SampledFrom([]cases.Outcome{cases.InDanger, cases.Suicidal}).Draw(t, "crisis"), Said: said(t, l.at)},
		cases.Expired{Task: id},
		cases.TimeUp{Timer: rapid.SampledFrom(timers).Draw(t, "timer")},
		cases.Found{Offender: cases.Party{Numbers: []cases.Number{{Print: "found"}}}, Complainants: 1},
		cases.PoliceReported{}, cases.ChildReported{}, cases.HelpConfirmed{}, cases.CareCleared{}, cases.Vetoed{},
		cases.TermsChanged{Terms: terms(t), Number: rapid.SampledFrom([]string{"", "victim-number-2"}).Draw(t, "new")},
	}).Draw(t, "what")
}
