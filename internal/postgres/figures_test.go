package postgres

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"powerline/agent"
	"powerline/cases"
	"powerline/figure"
	"powerline/internal/roster"
)

// morning is a day's period in hours, beginning at noon less two hours.
var morning = Period{From: noon.Add(-2 * time.Hour), To: noon.Add(2 * time.Hour), Part: time.Hour}

func told(id string, who agent.ID, at time.Time, status, state, reason, call string) AgentEvent {
	data, err := json.Marshal(map[string]any{"status": status, "state": state, "before": "", "lastedMs": 0})
	if err != nil {
		panic(err)
	}
	return AgentEvent{ID: id, Agent: string(who), At: at, Event: "AgentTold", Reason: reason, CallID: call, Data: data}
}

func TestGivenCallsOfADay_WhenAddedUp_ThenEachIsInItsHourItsCategoryAndUnderItsThreshold(t *testing.T) {
	db := setup(t)
	late := completed("late") // answered after 17 s, an hour earlier, in a crisis
	late.Arrived, late.Queued, late.Answered, late.WaitMS, late.Category, late.Crisis = noon.Add(-time.Hour), noon.Add(-time.Hour), noon.Add(-time.Hour+17*time.Second), 17000, "crisis", true
	greeting := abandoned("greeting") // left after 3 s in the greeting
	greeting.Queued, greeting.Ended, greeting.Outcome, greeting.WaitMS = time.Time{}, noon.Add(3*time.Second), "abandoned-greeting", 0
	again := completed("again") // was answered, lost her agent and gave up: answered all the same
	again.Outcome, again.Agent, again.TalkMS = "abandoned-waiting", "", 60000
	elsewhere := completed("yesterday")
	elsewhere.Arrived, elsewhere.Queued = noon.Add(-48*time.Hour), noon.Add(-48*time.Hour)
	if err := db.WriteRecords(t.Context(), []Record{completed("c1"), abandoned("c2"), late, greeting, again, elsewhere}); err != nil {
		t.Fatal(err)
	}
	sums, err := db.CallSums(t.Context(), morning, []time.Duration{15 * time.Second, 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	levels := func(in15, late15, in20, late20 int) []figure.Level {
		return []figure.Level{{Within: 15 * time.Second, InTime: in15, Late: late15}, {Within: 20 * time.Second, InTime: in20, Late: late20}}
	}
	want := []CallSum{
		{1, "crisis", figure.Calls{Ended: 1, Answered: 1, Crisis: 1, Waited: 17 * time.Second, Longest: 17 * time.Second, Talked: 288 * time.Second, Levels: levels(0, 0, 1, 0)}},
		{2, "phone", figure.Calls{Ended: 2, Answered: 2, Abandoned: 1, Waited: 8 * time.Second, Longest: 4 * time.Second, Talked: 348 * time.Second, Levels: levels(2, 0, 2, 0)}},
		{2, "unclassified", figure.Calls{Ended: 2, Abandoned: 2, InGreeting: 1, Short: 1, Levels: levels(0, 1, 0, 1)}},
	}
	if diff := cmp.Diff(want, sums); diff != "" {
		t.Error(diff)
	}
}

func TestGivenAnAgentsHistory_WhenItsTimeIsAddedUp_ThenEachMinuteIsWhereItWasSpent(t *testing.T) {
	db := setup(t)
	enrol(t, db, "a001")
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	err := db.WriteRecords(t.Context(), []Record{
		completed("c1"),
		told("1", "a001", at(-600), "available", "idle", "", ""), // since the morning, before the period
		told("2", "a001", at(10), "available", "reserved", "", "c1"),
		told("3", "a001", at(11), "available", "talking", "", "c1"),
		told("4", "a001", at(30), "not-ready", "talking", "meal", "c1"), // she asked for a pause while she talks
		told("5", "a001", at(50), "not-ready", "wrap-up", "meal", "c1"),
		told("6", "a001", at(70), "not-ready", "idle", "meal", ""), // and the next hour has begun
		told("7", "a001", at(90), "available", "idle", "", ""),
		told("8", "a001", at(100), "available", "talking", "", "out-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	sums, err := db.TimeSums(t.Context(), morning)
	if err != nil {
		t.Fatal(err)
	}
	minutes := map[string]float64{}
	for _, s := range sums {
		minutes[fmt.Sprintf("%d %s %s %s %s %s", s.Part, s.Agent, s.Category, s.Activity, s.Reason, s.Work)] = s.Lasted.Minutes()
	}
	want := map[string]float64{
		// of the hours
		"0   idle  none": 60, "1   idle  none": 60, "2   idle  none": 10, "2   reserved  inbound": 1, "2   talking  inbound": 39, "2   wrap-up  inbound": 10,
		"3   wrap-up  inbound": 10, "3   not-ready  none": 20, "3   idle  none": 10, "3   talking  outbound": 20,
		// of the agent
		"-1 a001  idle  none": 140, "-1 a001  reserved  inbound": 1, "-1 a001  talking  inbound": 39, "-1 a001  wrap-up  inbound": 20,
		"-1 a001  not-ready meal none": 20, "-1 a001  talking  outbound": 20,
		// of the category
		"-1  phone talking  inbound": 39, "-1  phone wrap-up  inbound": 20,
	}
	if diff := cmp.Diff(want, minutes); diff != "" {
		t.Error(diff)
	}
}

// TestSumsOfRandomHistoriesAreThoseOfAPlainWalk over them.
func TestSumsOfRandomHistoriesAreThoseOfAPlainWalk(t *testing.T) {
	db := setup(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	p := Period{From: noon, To: noon.Add(8 * time.Hour), Part: 30 * time.Minute}
	byPart, byAgent := map[string]time.Duration{}, map[string]time.Duration{}
	var all []Record
	for n := range 12 {
		who := agent.ID(fmt.Sprintf("a%03d", n))
		enrol(t, db, who)
		at := noon.Add(-time.Duration(rnd.IntN(200)) * time.Minute)
		for i := range 60 {
			state := []string{"idle", "reserved", "talking", "wrap-up", "recovery"}[rnd.IntN(5)]
			status := []string{"available", "not-ready", "logged-out"}[rnd.IntN(3)]
			call := []string{"c1", "out-1"}[rnd.IntN(2)]
			if state == "idle" {
				call = ""
			}
			all = append(all, told(fmt.Sprintf("%s-%d", who, i), who, at, status, state, "", call))
			next := at.Add(time.Duration(1+rnd.IntN(900)) * time.Second)
			if i == 59 {
				next = p.To
			}
			walk(p, at, next, func(part int, lasted time.Duration) {
				what := state
				if state == "idle" && status != "available" {
					what = status
				}
				byPart[fmt.Sprintf("%d %s", part, what)] += lasted
				byAgent[fmt.Sprintf("%s %s", who, what)] += lasted
			})
			at = next
		}
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if err := db.WriteRecords(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	sums, err := db.TimeSums(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	gotPart, gotAgent := map[string]time.Duration{}, map[string]time.Duration{}
	for _, s := range sums {
		switch {
		case s.Agent != "":
			gotAgent[fmt.Sprintf("%s %s", s.Agent, s.Activity)] += s.Lasted
		case s.Part >= 0:
			gotPart[fmt.Sprintf("%d %s", s.Part, s.Activity)] += s.Lasted
		}
	}
	if diff := cmp.Diff(byPart, gotPart); diff != "" {
		t.Error("by part of the day:", diff)
	}
	if diff := cmp.Diff(byAgent, gotAgent); diff != "" {
		t.Error("by agent:", diff)
	}
}

// walk cuts a span at the period's ends and at its parts, a second at a time.
func walk(p Period, from, to time.Time, add func(part int, lasted time.Duration)) {
	for at := from; at.Before(to); at = at.Add(time.Second) {
		if !at.Before(p.From) && at.Before(p.To) {
			add(int(at.Sub(p.From)/p.Part), time.Second)
		}
	}
}

func TestGivenCallsOffersAndAttempts_WhenCountedByAgent_ThenEachHasHerOwn(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "one"))
	d.dial(d.dueTask(monday), "dinesh", monday, "no-answer")
	twice := completed("twice")
	twice.Spoken = []string{"bina", "asha", "asha"}
	twice.Agent = "asha"
	if err := d.WriteRecords(t.Context(), []Record{
		twice, CallEvent{CallID: "twice", Seq: 1, At: noon, Event: RingNoAnswer, Agent: "bina", Data: json.RawMessage(`{"detail":"rejected"}`)},
	}); err != nil {
		t.Fatal(err)
	}
	all, err := d.AgentSums(t.Context(), noon.Add(-time.Hour), monday.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	want := map[agent.ID]AgentSum{
		"asha":   {Agent: "asha", Spoken: map[string]int{"phone": 1}, Missed: map[string]int{}},
		"bina":   {Agent: "bina", Spoken: map[string]int{"phone": 1}, Missed: map[string]int{"rejected": 1}},
		"dinesh": {Agent: "dinesh", Spoken: map[string]int{}, Missed: map[string]int{}, Dialled: 1},
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Error(diff)
	}
}

func TestGivenACaseThatWalkedUpTheLadder_WhenCounted_ThenUnreachedStandsBesideSatisfied(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "one"))
	d.talk(monday, "dinesh", cases.Warned)
	s, err := d.LadderSums(t.Context(), monday.Add(-time.Hour), monday.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if s.Registered["phone"] != 1 || s.Talks[cases.CallOffender][cases.Warned] != 1 || s.Dials[cases.CallOffender]["answered"] != 1 || s.Ends[cases.CallOffender][cases.Done] != 1 {
		t.Errorf("after the warning: %+v", s)
	}
	// Nobody answers when she is asked, until the first set of attempts is used up.
	for at := monday; s.Unreached[cases.CounselFeedback] == 0 && at.Before(monday.Add(60*day)); at = at.Add(3 * time.Hour) {
		due, err := d.Due(t.Context(), d.rules, at, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			continue
		}
		a := d.dial(due[0], "asha", at, "no-answer")
		if _, err := d.Settle(t.Context(), d.rules, a.ID, at.Add(2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if s, err = d.LadderSums(t.Context(), monday.Add(-time.Hour), at.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if s.Unreached[cases.CounselFeedback] != 1 || s.Verdicts[cases.CounselFeedback][cases.Satisfied] != 0 || s.Ends[cases.AskFeedback][cases.Exhausted] != 1 {
		t.Errorf("after a set in vain: %+v", s)
	}
}

func TestGivenACaseResolvedByHer_WhenCounted_ThenItsClosureAndHerWordsAreThere(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "one"))
	d.talk(monday, "dinesh", cases.Warned)
	d.talk(monday.Add(3*day+time.Hour), "bina", cases.Satisfied)
	final := monday.Add(40 * day)
	d.fire(final)
	d.talk(final.Add(time.Hour), "chitra", cases.Positive)
	s, err := d.LadderSums(t.Context(), monday.Add(-time.Hour), final.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if s.Closed[cases.Resolved] != 1 || s.Reopened != 0 || s.Verdicts[cases.CounselFeedback][cases.Satisfied] != 1 || s.Verdicts[cases.FinalFeedback][cases.Positive] != 1 {
		t.Errorf("%+v", s)
	}
	if s, err = d.LadderSums(t.Context(), monday.Add(-time.Hour), final); err != nil || s.Closed[cases.Resolved] != 0 {
		t.Errorf("before she said so: %+v, %v", s, err)
	}
}

func enrol(t *testing.T, db *DB, id agent.ID) {
	t.Helper()
	p := roster.Person{Profile: agent.Profile{ID: id, Woman: true, Languages: []string{"hi"}}, Name: onRoster(t, "x", "Somebody").Name, Active: true}
	if err := db.SetAgent(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}
