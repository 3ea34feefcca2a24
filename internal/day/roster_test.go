package day

import (
	"strings"
	"testing"
	"time"

	"powerline/staffing"
)

// One kind of caller and agents who can all do the same, all day: there Erlang-A
// is right, and a proposal that asks for much else would be wrong.
func TestGivenASteadyDay_ThenTheProposalIsNearErlangA(t *testing.T) {
	o := steady(40, 0, 0, 0)
	p := o.Profile
	p.CallsPerDay = 20 * 480 // 20 erlangs
	p.Categories[1].Parts[0].Talk = Spread{Law: Exponential, Mean: 3 * time.Minute}
	p.Categories[1].Patience = Spread{Law: Exponential, Mean: 150 * time.Second}
	for i := range p.Agents {
		p.Agents[i].Shift = Shift{0, 8 * time.Hour}
	}
	aim := Aim{Share: .9, Within: 15 * time.Second}
	plan, err := Staff(t.Context(), o, aim, 2, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	want, err := staffing.Load{PerHour: 400, Handling: 3 * time.Minute, Patience: 150 * time.Second}.Need(.9, 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if !plan.Met {
		t.Error("no roster was found")
	}
	for i, s := range plan.Slots {
		if s.Erlang != want {
			t.Fatalf("half-hour %d: Erlang-A asks for %d, want %d", i, s.Erlang, want)
		}
		if s.Duty < .9*float64(want) {
			t.Errorf("half-hour %d: %.1f on duty, Erlang-A asks for %d", i, s.Duty, want)
		}
	}
	// Three shifts of eight hours fit a day without any overlap.
	if least := 3 * want; plan.Agents < least-6 || plan.Agents > least+10 {
		t.Errorf("%d agents, want about %d", plan.Agents, least)
	}
}

func TestGivenNobodyToModelAShiftOn_ThenStaffingSaysSo(t *testing.T) {
	p := Weekday()
	p.Agents = p.Agents[120:] // officers and those who only call out
	_, err := Staff(t.Context(), options(&p, 0), Aim{Share: .9, Within: 15 * time.Second}, 1, func(int) {})
	if err == nil || !strings.Contains(err.Error(), "no woman who takes callers") {
		t.Errorf("%v", err)
	}
	if _, err := Staff(t.Context(), options(&p, 0), Aim{Share: 1.5}, 1, func(int) {}); err == nil {
		t.Error("an aim of 150 % is taken")
	}
}
