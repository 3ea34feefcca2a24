package day

import (
	"fmt"
	"math"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/routing"
	"powerline/staffing"
)

// handling is the mean time of a call: as short as the machine has time for, as one
// day then has as many calls as a hundred real ones.
func handling() time.Duration {
	if long() {
		return 2 * time.Second
	}
	return 5 * time.Second
}

// steady is a day of one kind of caller, alike agents and exponential times: the
// queue of the closed forms. first is the share of callers who go first.
func steady(agents int, erlangs, first float64, patience time.Duration) Options {
	never := Spread{Law: Constant, Mean: 24 * time.Hour}
	gives := never
	if patience > 0 {
		gives = Spread{Law: Exponential, Mean: patience}
	}
	none := Spread{Law: Constant}
	part := []Part{{Share: 1, Talk: Spread{Law: Exponential, Mean: handling()}, WrapUp: none}}
	p := Profile{
		Name: "steady", CallsPerDay: erlangs * 86400 / handling().Seconds(), Languages: []Language{{"hi", 1}},
		Categories: []Category{
			{Name: routing.Crisis, Share: first, Pool: agent.Women, Patience: gives, Parts: part},
			{Name: "other", Share: 1 - first, Pool: agent.Women, Patience: gives, Parts: part},
		},
	}
	for range 24 {
		p.Hours = append(p.Hours, 100./24)
	}
	for i := range agents {
		p.Agents = append(p.Agents, Person{
			ID: agent.ID(fmt.Sprintf("a%03d", i)), Team: "all", Woman: true, Languages: []string{"hi"}, Categories: []string{"other"},
			Shift: Shift{0, 24 * time.Hour},
		})
	}
	policy := routing.DefaultPolicy()
	policy.Categories = nil
	for i, name := range []string{routing.Crisis, "other"} {
		policy.Categories = append(policy.Categories, routing.Category{
			Name: name, DelayCost: 1, RingFor: time.Minute, Pool: agent.Women, Share: p.Categories[i].Share, Rings: []routing.Ring{{}},
		})
	}
	policy.Default = "other"
	return Options{Profile: &p, Policy: &policy, Ladder: cases.DefaultRules(), instant: true}
}

// closely is how near a simulated figure must come: 1 % where the run is long
// enough for it, 5 % in the short one.
func closely() float64 {
	if long() {
		return .01
	}
	return .05
}

func (r *Result) delayed() float64 {
	late := r.All.Abandoned
	for _, w := range r.All.Waits {
		if w > 0 {
			late++
		}
	}
	return float64(late) / float64(r.All.Offered)
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	off := got/want - 1
	t.Logf("%-28s %10.5f, formula %10.5f (%+.2f %%)", what, got, want, 100*off)
	if math.Abs(off) > closely() {
		t.Errorf("%s is %+.2f %% off", what, 100*off)
	}
}

func steadyDays(t *testing.T, o Options) *Result {
	t.Helper()
	n := uint64(1)
	if long() {
		n = 12
	}
	var sum *Result
	for seed := range n {
		o.Seed = seed + 1
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if sum == nil {
			sum = r
		} else {
			sum.Add(r)
		}
	}
	return sum
}

func load(o Options, erlangs float64, patience time.Duration) staffing.Load {
	return staffing.Load{Agents: len(o.Profile.Agents), PerHour: erlangs * 3600 / handling().Seconds(), Handling: handling(), Patience: patience}
}

func TestGivenPatientCallers_ThenTheDayIsErlangC(t *testing.T) {
	for _, c := range []struct {
		agents  int
		erlangs float64
	}{{3, 2}, {10, 7}} {
		o := steady(c.agents, c.erlangs, 0, 0)
		r := steadyDays(t, o)
		s, err := load(o, c.erlangs, 0).Serve(handling() / 10)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("%d agents: P(W>0)", c.agents), r.delayed(), s.Delayed)
		near(t, "E[W]", r.All.Mean(), s.Wait.Seconds())
		within := 0
		for _, w := range r.All.Waits {
			if w <= handling().Seconds()/10 {
				within++
			}
		}
		near(t, "P(W < a tenth of a call)", float64(within)/float64(r.All.Offered), s.Within)
	}
}

func TestGivenImpatientCallers_ThenTheDayIsErlangA(t *testing.T) {
	patience := handling() * 3 / 4
	for _, c := range []struct {
		agents  int
		erlangs float64
	}{{3, 2.5}, {10, 10}} {
		o := steady(c.agents, c.erlangs, 0, patience)
		r := steadyDays(t, o)
		s, err := load(o, c.erlangs, patience).Serve(handling() / 2)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("%d agents: P(W>0)", c.agents), r.delayed(), s.Delayed)
		near(t, "P(abandon)", float64(r.All.Abandoned)/float64(r.All.Offered), s.Abandoned)
		within := 0
		for _, w := range r.All.Waits {
			if w <= handling().Seconds()/2 {
				within++
			}
		}
		near(t, "P(served in half a call)", float64(within)/float64(r.All.Offered), s.Within)
	}
}

func TestGivenTwoPriorities_ThenTheDayIsCobhams(t *testing.T) {
	const erlangs, first = 8, .3
	o := steady(10, erlangs, first, 0)
	r := steadyDays(t, o)
	urgent, others, err := load(o, erlangs, 0).TwoPriorities(first)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "E[W] of those who go first", r.Category(routing.Crisis).Mean(), urgent.Seconds())
	near(t, "E[W] of the others", r.Category("other").Mean(), others.Seconds())
}

// Endless outbound work of the same length, begun whenever more than the reserve
// is idle.
func TestGivenEndlessOutboundWork_ThenTheDayIsTheBlendOfTheFormula(t *testing.T) {
	const agents, erlangs = 20, 12
	reserves := []int{1, 5}
	if long() {
		reserves = []int{0, 1, 3, 5}
	}
	for _, reserve := range reserves {
		o := steady(agents, erlangs, 0, 0)
		none := Spread{Law: Constant}
		o.Profile.Outbound = []Kind{{
			Name: "feedback", Pool: agent.Women, Attempts: int(20 * 86400 / handling().Seconds()), Opens: 0, Closes: 24, AtOpening: 1, Answered: 1,
			Ring: none, RingFor: time.Minute, Fail: none, Talk: Spread{Law: Exponential, Mean: handling()}, WrapUp: none,
		}}
		for i := range o.Profile.Agents {
			o.Profile.Agents[i].Outbound = []string{"feedback"}
		}
		o.Reserve.Women = reserve
		o.Ladder.Limits.Ring = 0
		r := steadyDays(t, o)
		delayed, perHour, err := load(o, erlangs, 0).Blend(reserve)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("reserve %d: P(W>0)", reserve), r.delayed(), delayed)
		near(t, "outbound an hour", float64(r.Talks)/24/float64(r.Days), perHour)
	}
}
