package day

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"powerline/routing"
)

// target is a figure of a setting and the span in which it must lie on 20 days.
type target struct {
	name     string
	of       func(r *Result) float64
	min, max float64
}

func least(name string, of func(r *Result) float64, min float64) target {
	return target{name, of, min, 1e9}
}
func most(name string, of func(r *Result) float64, max float64) target {
	return target{name, of, -1e9, max}
}

// reached allows three days what chance does to a share of so few callers: two
// standard errors. Twenty days have no allowance.
func (t target) reached(r *Result) bool {
	got, slack := t.of(r), 0.0
	if !long() {
		slack = chance(r, t.name, min(max(t.min, 0), t.max))
	}
	return got >= t.min-slack && got <= t.max+slack
}

// chance is two standard errors, in points, of a share of the callers that the
// name speaks of.
func chance(r *Result, name string, percent float64) float64 {
	callers := r.All.Offered
	switch {
	case strings.HasPrefix(name, "crisis"):
		callers = crisis(r).Offered
	case strings.Contains(name, "language"):
		callers = r.NonFirst.Offered
	}
	p := min(1, percent/100)
	return 200 * math.Sqrt(p*(1-p)/float64(callers))
}

func crisis(r *Result) *Group { return r.Category(routing.Crisis) }

var (
	crisisIn8  = func(r *Result) float64 { return crisis(r).In8() }
	crisisLost = func(r *Result) float64 { return crisis(r).Lost() }
	crisisP99  = func(r *Result) float64 { return crisis(r).Quantile(.99) }
	allIn15    = func(r *Result) float64 { return r.All.In15() }
	allLost    = func(r *Result) float64 { return r.All.Lost() }
	match      = func(r *Result) float64 { return r.NonFirst.Match() }
)

// settings are the days on which production must reach its targets: percent of
// offered callers and jobs, seconds of waiting. The first are tried each time.
var settings = []struct {
	whatIf  string
	always  bool
	targets []target
}{
	{"", true, []target{
		least("crisis ≤8 s", crisisIn8, 98.0),
		least("crisis ≤15 s", func(r *Result) float64 { return crisis(r).In15() }, 99.8),
		most("crisis p95", func(r *Result) float64 { return crisis(r).Quantile(.95) }, 4.5),
		most("crisis p99", crisisP99, 9.0),
		most("crisis lost", crisisLost, .2),
		least("crisis by counsellor", func(r *Result) float64 { return r.CounsellorShare(crisis(r)) }, 48),
		least("all ≤15 s", allIn15, 95.0),
		least("all ≤20 s", func(r *Result) float64 { return r.All.In20() }, 96.0),
		most("all lost", allLost, 1.3),
		most("mean wait", func(r *Result) float64 { return r.All.Mean() }, 4.0),
		most("longest wait", func(r *Result) float64 { return r.All.Quantile(1) }, 240),
		least("domestic violence ≤15 s", func(r *Result) float64 { return r.Category(routing.DomesticViolence).In15() }, 96),
		least("other languages ≤15 s", func(r *Result) float64 { return r.NonFirst.In15() }, 95),
		least("language match", match, 61),
		least("attempts", (*Result).Done, 99.8),
		most("spread of occupancy", func(r *Result) float64 { return r.Spread("constable") }, 6),
	}},
	{"inbound=x1.3", true, []target{
		least("crisis ≤8 s", crisisIn8, 98.3), most("crisis lost", crisisLost, .2), most("crisis p99", crisisP99, 9),
		least("all ≤15 s", allIn15, 73), most("all lost", allLost, 8),
	}},
	{"inbound=x1.15", false, []target{least("crisis ≤8 s", crisisIn8, 98.3), least("all ≤15 s", allIn15, 86.8), most("all lost", allLost, 3.7)}},
	{"inbound=x0.85", false, []target{least("all ≤15 s", allIn15, 98.3), least("crisis ≤8 s", crisisIn8, 98.5)}},
	{"absent=10%", true, []target{least("crisis ≤8 s", crisisIn8, 98), least("all ≤15 s", allIn15, 86.5)}},
	{"missed=3%", false, []target{least("crisis ≤8 s", crisisIn8, 96.7), least("all ≤15 s", allIn15, 94.3)}},
	{"forecast=x1.25", false, []target{least("crisis ≤8 s", crisisIn8, 98), least("all ≤15 s", allIn15, 95)}},
	{"forecast=x0.75", false, []target{least("crisis ≤8 s", crisisIn8, 98), least("all ≤15 s", allIn15, 95)}},
}

func TestGivenTheReferenceDay_ThenTheTargetsAreReached(t *testing.T) {
	p := Weekday()
	for _, s := range settings {
		t.Run(s.whatIf, func(t *testing.T) {
			if !s.always && !long() {
				t.Skip("only with POWERLINE_LONG=1")
			}
			r := days(t, s.whatIf, options(&p, 0))
			for _, want := range s.targets {
				if !want.reached(r) {
					t.Errorf("%s is %.2f, want %s", want.name, want.of(r), want)
				}
			}
		})
	}
}

func (t target) String() string {
	if t.max < 1e9 {
		return fmt.Sprintf("at most %g", t.max)
	}
	return fmt.Sprintf("at least %g", t.min)
}

// The same traces go to what people use today: as they install it, with a dialer
// that keeps nobody back; and as well as it can be tuned, with our dialer.
//
// Two margins are smaller than in the study that the day comes from. It had +27
// points on crisis over app_queue; there senior women also took offenders who ring
// back, and their families, which law 3 forbids, so that a crisis found fewer of
// them free. And it had +0.2 points on all calls over the best tuned, whose dialer
// is ours: since then it keeps rare languages back, which serves them as well.
func TestGivenTheSameDays_ThenProductionIsBetterThanWhatPeopleUse(t *testing.T) {
	p := Weekday()
	ours := days(t, "", options(&p, 0))
	bestCrisis, bestMatch, bestAll := 0.0, 0.0, 0.0
	for _, c := range []struct {
		router      Policy
		tuned       bool
		crisis, all float64 // points that production must be ahead
	}{
		{AppQueue, false, 26, 8.0}, {ModCallcenter, false, 29, 7.7}, {AppQueueTuned, true, 0, 0}, {ModCallcenterTuned, true, 0, 0},
	} {
		o := options(&p, 0)
		o.Router, o.TakeBack = c.router, false
		if !c.tuned {
			o.Reserve = routing.Reserve{}
		}
		theirs := days(t, "", o)
		if c.tuned {
			bestCrisis, bestMatch, bestAll = max(bestCrisis, crisisIn8(theirs)), max(bestMatch, match(theirs)), max(bestAll, allIn15(theirs))
			continue
		}
		ahead(t, ours, fmt.Sprintf("crisis ≤8 s over %s", c.router), crisisIn8(ours), crisisIn8(theirs), c.crisis)
		ahead(t, ours, fmt.Sprintf("all ≤15 s over %s", c.router), allIn15(ours), allIn15(theirs), c.all)
	}
	ahead(t, ours, "crisis ≤8 s over the best tuned", crisisIn8(ours), bestCrisis, 1.5)
	ahead(t, ours, "language match over the best tuned", match(ours), bestMatch, 11)
	ahead(t, ours, "all ≤15 s over the best tuned", allIn15(ours), bestAll, .1)
}

func ahead(t *testing.T, r *Result, what string, ours, theirs, want float64) {
	t.Helper()
	points := ours - theirs
	t.Logf("%s: %+.2f points", what, points)
	if !long() {
		want -= math.Sqrt2 * chance(r, what, theirs) // both shares have their chance
	}
	if points < want {
		t.Errorf("%s: %+.2f points, want at least %+.1f", what, points, want)
	}
}

// No router can do better than people who can all do everything.
func TestGivenPeopleWhoCanDoEverything_ThenProductionIsNearTheBound(t *testing.T) {
	if !long() {
		t.Skip("only with POWERLINE_LONG=1")
	}
	p := Weekday()
	ours := days(t, "", options(&p, 0))
	flexible := p.Flexible(true)
	bound := days(t, "", options(&flexible, 0))
	for what, gap := range map[string][2]float64{
		"crisis ≤8 s": {crisisIn8(bound) - crisisIn8(ours), .8}, "all ≤15 s": {allIn15(bound) - allIn15(ours), 4.3},
	} {
		t.Logf("%s: %.2f points below the bound", what, gap[0])
		if gap[0] > gap[1] {
			t.Errorf("%s: %.2f points below the bound, want at most %.1f", what, gap[0], gap[1])
		}
	}
}

// days plays days of one setting on all cores and adds them up in the order of
// their seeds: 20 with POWERLINE_LONG=1, else 3.
func days(t *testing.T, whatIf string, o Options) *Result {
	t.Helper()
	n := 3
	if long() {
		n = 20
	}
	w, err := ParseWhatIf(whatIf, o.Profile)
	if err != nil {
		t.Fatal(err)
	}
	o = w.Apply(o)
	all, broken := make([]*Result, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			day := o
			day.Seed = uint64(i) + 1
			all[i], broken[i] = Run(t.Context(), day)
		})
	}
	wait.Wait()
	if err := errors.Join(broken...); err != nil {
		t.Fatal(err) // a hard rule was broken: none may be, on any day
	}
	for _, r := range all[1:] {
		all[0].Add(r)
	}
	t.Log(brief(all[0]))
	return all[0]
}

func brief(r *Result) string {
	c := crisis(r)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: crisis ≤8 s %.2f, ≤15 %.2f, p95 %.2f, p99 %.2f, lost %.2f, counsellor %.1f | all ≤15 %.2f, ≤20 %.2f, lost %.2f, mean %.2f, longest %.0f",
		r.Policy, c.In8(), c.In15(), c.Quantile(.95), c.Quantile(.99), c.Lost(), r.CounsellorShare(c), r.All.In15(), r.All.In20(), r.All.Lost(), r.All.Mean(), r.All.Quantile(1))
	fmt.Fprintf(&b, " | DV %.1f | other languages ≤15 %.1f, match %.1f | attempts %.2f | sd %.2f, break-ins %.1f a day, taken back %d",
		r.Category(routing.DomesticViolence).In15(), r.NonFirst.In15(), r.NonFirst.Match(), r.Done(), r.Spread("constable"), float64(r.BreakIns)/float64(r.Days), r.TakenBack)
	return b.String()
}
