package day

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/routing"
	"powerline/staffing"
)

// handling is the mean time of a call: so short that one day has as many calls as
// forty real ones.
const handling = 5 * time.Second

// steady is a day of one kind of caller, alike agents and exponential times: the
// queue of the closed forms. first is the share of callers who go first.
func steady(agents int, erlangs, first float64, patience time.Duration) Options {
	never := Spread{Law: Constant, Mean: 24 * time.Hour}
	gives := never
	if patience > 0 {
		gives = Spread{Law: Exponential, Mean: patience}
	}
	none := Spread{Law: Constant}
	part := []Part{{Share: 1, Talk: Spread{Law: Exponential, Mean: handling}, WrapUp: none}}
	p := Profile{
		Name: "steady", CallsPerDay: erlangs * 86400 / handling.Seconds(), Languages: []Language{{"hi", 1}},
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

// ideal is the queue of the closed forms, with nothing of ours in it: who comes first
// is served first, those of the first category before the others, by alike agents.
//
// It stands between the engine's day and the formula, because chance is large where
// one waits: the mean waits of two days of 300,000 callers lie a tenth apart. This
// queue lives through a month while the engine lives through a day, and is held to
// the formula; the engine is held to it on the same draws, where chance has no part.
type ideal struct{ agents, reserve int }

// lived is what became of a day's callers. Waits are in seconds, of each category.
type lived struct {
	waits               [2][]float64
	abandoned, outbound int
}

func (q ideal) live(p *Profile, t Trace) lived {
	var l lived
	var busy []float64 // when the calls end, in order
	var waiting [2][]Arrival
	begin := func(now, talk float64) {
		at, _ := slices.BinarySearch(busy, now+talk)
		busy = slices.Insert(busy, at, now+talk)
	}
	dial := func(now float64) {
		for q.agents-len(busy) > q.reserve && l.outbound < len(t.Jobs) && now < 86400 {
			begin(now, t.Jobs[l.outbound].Talk)
			l.outbound++
		}
	}
	next := func(now float64) {
		for k := range waiting {
			for len(waiting[k]) > 0 {
				a := waiting[k][0]
				waiting[k] = waiting[k][1:]
				if a.At+a.Patience < now {
					l.abandoned++
					continue
				}
				l.waits[k] = append(l.waits[k], now-a.At)
				begin(now, a.Talk)
				return
			}
		}
		dial(now)
	}
	until := func(end float64) {
		for len(busy) > 0 && busy[0] <= end {
			now := busy[0]
			busy = busy[1:]
			next(now)
		}
	}
	dial(0)
	classes := p.classes()
	for _, a := range t.Arrivals {
		until(a.At)
		k := classes[a.Class].category
		waiting[k] = append(waiting[k], a)
		if len(busy) < q.agents {
			next(a.At)
		}
	}
	until(math.Inf(1))
	return l
}

// lived is the engine's day in the same form.
func (r *Result) lived() lived {
	l := lived{abandoned: r.All.Abandoned, outbound: r.Talks}
	for k := range l.waits {
		l.waits[k] = r.ByCategory[k].Waits
	}
	return l
}

func (l *lived) add(o lived) {
	l.abandoned += o.abandoned
	l.outbound += o.outbound
	for k := range l.waits {
		l.waits[k] = append(l.waits[k], o.waits[k]...)
	}
}

func (l *lived) offered() float64 {
	return float64(l.abandoned + len(l.waits[0]) + len(l.waits[1]))
}

// served is the share of all callers who were answered within a time, in seconds.
func (l *lived) served(within float64) float64 {
	n := 0
	for _, waits := range l.waits {
		for _, w := range waits {
			if w <= within {
				n++
			}
		}
	}
	return float64(n) / l.offered()
}

func (l *lived) delayed() float64 { return 1 - l.served(0) }

func (l *lived) mean(category int) float64 {
	sum := 0.0
	for _, w := range l.waits[category] {
		sum += w
	}
	return sum / float64(len(l.waits[category]))
}

// figure is one number of a day, and what the formula says of it.
type figure struct {
	name    string
	of      func(*lived) float64
	formula float64
}

// holds compares the ideal queue with the formula and the engine with that queue.
func holds(t *testing.T, o Options, figures ...figure) {
	t.Helper()
	days, engines, closely := uint64(10), uint64(1), .05
	if long() {
		days, engines, closely = 300, 3, .01
	}
	if len(o.Profile.Outbound) > 0 { // so many jobs take long to draw, and these waits vary less
		days = max(days/10, 3)
	}
	q := ideal{agents: len(o.Profile.Agents), reserve: o.Reserve.Women}
	var queue, same, engine lived
	for seed := uint64(1); seed <= days; seed++ {
		day := q.live(o.Profile, o.Profile.Draw(seed))
		queue.add(day)
		if seed > engines {
			continue
		}
		same.add(day)
		o.Seed = seed
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		engine.add(r.lived())
	}
	for _, f := range figures {
		t.Logf("%d agents: %s", q.agents, f.name)
		near(t, "the ideal queue and the formula", f.of(&queue), f.formula, closely)
		near(t, "the engine and that queue", f.of(&engine), f.of(&same), .001)
	}
}

func near(t *testing.T, what string, got, want, closely float64) {
	t.Helper()
	off := got/want - 1
	t.Logf("    %-34s %10.5f, %10.5f (%+.3f %%)", what, got, want, 100*off)
	if math.Abs(off) > closely {
		t.Errorf("%s are %+.3f %% apart", what, 100*off)
	}
}

func load(o Options, erlangs float64, patience time.Duration) staffing.Load {
	return staffing.Load{Agents: len(o.Profile.Agents), PerHour: erlangs * 3600 / handling.Seconds(), Handling: handling, Patience: patience}
}

func TestGivenPatientCallers_ThenTheDayIsErlangC(t *testing.T) {
	for _, c := range []struct {
		agents  int
		erlangs float64
	}{{3, 2}, {10, 7}} {
		o := steady(c.agents, c.erlangs, 0, 0)
		s, err := load(o, c.erlangs, 0).Serve(handling / 10)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, o,
			figure{"P(W > 0)", (*lived).delayed, s.Delayed},
			figure{"E[W]", func(l *lived) float64 { return l.mean(1) }, s.Wait.Seconds()},
			figure{"P(W < a tenth of a call)", func(l *lived) float64 { return l.served(handling.Seconds() / 10) }, s.Within})
	}
}

func TestGivenImpatientCallers_ThenTheDayIsErlangA(t *testing.T) {
	patience := handling * 3 / 4
	for _, c := range []struct {
		agents  int
		erlangs float64
	}{{3, 2.5}, {10, 10}} {
		o := steady(c.agents, c.erlangs, 0, patience)
		s, err := load(o, c.erlangs, patience).Serve(handling / 2)
		if err != nil {
			t.Fatal(err)
		}
		holds(t, o,
			figure{"P(W > 0)", (*lived).delayed, s.Delayed},
			figure{"P(abandon)", func(l *lived) float64 { return float64(l.abandoned) / l.offered() }, s.Abandoned},
			figure{"P(served in half a call)", func(l *lived) float64 { return l.served(handling.Seconds() / 2) }, s.Within})
	}
}

func TestGivenTwoPriorities_ThenTheDayIsCobhams(t *testing.T) {
	const erlangs, first = 8, .3
	o := steady(10, erlangs, first, 0)
	urgent, others, err := load(o, erlangs, 0).TwoPriorities(first)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, o,
		figure{"E[W] of those who go first", func(l *lived) float64 { return l.mean(0) }, urgent.Seconds()},
		figure{"E[W] of the others", func(l *lived) float64 { return l.mean(1) }, others.Seconds()})
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
			Name: "feedback", Pool: agent.Women, Attempts: int(20 * 86400 / handling.Seconds()), Opens: 0, Closes: 24, AtOpening: 1, Answered: 1,
			Ring: none, RingFor: time.Minute, Fail: none, Talk: Spread{Law: Exponential, Mean: handling}, WrapUp: none,
		}}
		for i := range o.Profile.Agents {
			o.Profile.Agents[i].Outbound = []string{"feedback"}
		}
		o.Reserve.Women = reserve
		o.Ladder.Limits.Ring = 0
		delayed, perHour, err := load(o, erlangs, 0).Blend(reserve)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d kept in reserve", reserve)
		holds(t, o,
			figure{"P(W > 0)", (*lived).delayed, delayed},
			figure{"outbound : callers", func(l *lived) float64 { return float64(l.outbound) / l.offered() }, perHour / (erlangs * 3600 / handling.Seconds())})
	}
}
