package routing

import (
	"testing"
	"time"

	"powerline/agent"
)

func TestGivenAFloor_WhenItsStaffIsCounted_ThenLawAndRingsDecide(t *testing.T) {
	policy := DefaultPolicy()
	at := func(p agent.Profile, change func(*agent.Agent)) agent.Agent {
		a := agent.New(p, time.Unix(0, 0))
		a.Status, a.Online = agent.Available, true
		if change != nil {
			change(&a)
		}
		return a
	}
	taker := agent.Profile{ID: "a1", Woman: true, Languages: []string{"hi"}, Categories: []string{Stalking}}
	senior := agent.Profile{ID: "a2", Woman: true, Senior: true, Categories: []string{Crisis}}
	officer := agent.Profile{ID: "a3", Officer: true}
	s := Snapshot{Now: time.Unix(100, 0), Policy: &policy, Agents: []agent.Agent{
		at(taker, nil),
		at(senior, func(a *agent.Agent) { a.State = agent.Talking }),
		at(officer, nil),
		at(taker, func(a *agent.Agent) { a.Status = agent.LoggedOut }),
		at(taker, func(a *agent.Agent) { a.Status = agent.NotReady }),
		at(taker, func(a *agent.Agent) { a.Online = false }),
	}}
	want := map[string]Staff{
		Crisis:   {Category: Crisis, Pool: agent.Women, Available: 2, Idle: 1}, // anybody who takes callers, in the last ring
		Stalking: {Category: Stalking, Pool: agent.Women, Available: 2, Idle: 1},
		Offender: {Category: Offender, Pool: agent.MaleOfficers, Available: 1, Idle: 1}, // no woman, ever
	}
	for _, got := range Staffing(s) {
		if expected, asked := want[got.Category]; asked && got != expected {
			t.Errorf("%s: %+v, want %+v", got.Category, got, expected)
		}
		delete(want, got.Category)
	}
	if len(want) > 0 {
		t.Errorf("not counted: %v", want)
	}
}

func TestGivenAnEmptyFloor_WhenItsStaffIsCounted_ThenEveryCategoryHasNobody(t *testing.T) {
	policy := DefaultPolicy()
	all := Staffing(Snapshot{Policy: &policy})
	if len(all) != len(policy.Categories) {
		t.Fatalf("%d categories, want %d", len(all), len(policy.Categories))
	}
	for _, staff := range all {
		if staff.Available != 0 || staff.Idle != 0 {
			t.Errorf("%+v, want nobody", staff)
		}
	}
}

func TestGivenHeavyCalls_WhenCounted_ThenOnlyThoseOfThePolicysTimeCount(t *testing.T) {
	policy := DefaultPolicy()
	now := time.Unix(100_000, 0)
	a := agent.Agent{Heavy: []time.Time{now.Add(-policy.Heavy.Within), now.Add(-time.Hour), now}}
	if got := HeavyCalls(Snapshot{Now: now, Policy: &policy}, a); got != 2 {
		t.Errorf("%d heavy calls, want 2", got)
	}
}
