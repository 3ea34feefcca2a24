package simulation

import (
	"errors"
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"powerline/call"
	"powerline/routing"
)

var (
	seeds  = flag.Uint64("seeds", 0, "how many days to live through (1,000; with POWERLINE_LONG=1 10,000)")
	seed   = flag.Uint64("seed", 0, "live through this one day only (also POWERLINE_SEED)")
	length = flag.Duration("length", 0, "of that one day, if it was a long one")
	orders = flag.Bool("orders", false, "that one day is one of TestLawsHoldUnderOrders")
	steps  = flag.Bool("steps", false, "write down every step of that day")
	night  = flag.Float64("night", 0, "live through long days until so many call-hours were lived through")
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(800) // small days, much garbage
	flag.Parse()
	if s := os.Getenv("POWERLINE_SEED"); s != "" && *seed == 0 {
		*seed, _ = strconv.ParseUint(s, 10, 64)
	}
	os.Exit(m.Run())
}

func howMany() uint64 {
	switch {
	case *seeds > 0:
		return *seeds
	case os.Getenv("POWERLINE_LONG") != "":
		return 10_000
	case testing.Short():
		return 100
	}
	return 1_000
}

// days lives through days on all cores and reports each as it ends.
func days(n uint64, opt func(seed uint64) Options, ended func(Report, error)) {
	var next atomic.Uint64
	var mu sync.Mutex
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for s := next.Add(1); s <= n; s = next.Add(1) {
				report, err := Run(opt(s))
				mu.Lock()
				ended(report, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// The laws of the design hold in every day of faults, and the days reach what
// they are meant to reach: each crash point in each stage, and each fault with
// calls in each stage.
func TestLawsHoldUnderFaults(t *testing.T) {
	if *seed != 0 {
		oneDay(t)
		return
	}
	n := howMany()
	total := Report{Covered: map[string]int{}, Repairs: map[string]int{}, Results: map[string]int{}}
	broken := 0
	began := time.Now()
	days(n, func(s uint64) Options { return Options{Seed: s} }, func(r Report, err error) {
		if v := (*Violation)(nil); errors.As(err, &v) {
			if broken++; broken <= 5 {
				t.Error(v)
			}
			return
		}
		total.add(r)
	})
	took := time.Since(began)
	if broken > 0 {
		t.Fatalf("%d of %d days broke a law", broken, n)
	}
	t.Logf("%d days, %v of virtual time, %d steps in %v: %d calls, %d offers, repairs %v",
		n, total.Virtual.Round(time.Minute), total.Steps, took.Round(time.Millisecond), total.Lives, total.Offers, total.Repairs)
	total.scale(t, took)
	if n < 1_000 {
		return // too few days to reach everything
	}
	for _, what := range wanted() {
		if total.Covered[what] == 0 {
			t.Errorf("no day reached %q", what)
		}
	}
}

// TestLawsHoldUnderOrders lives through days on which agents and supervisors want
// something every second, with everything failing that may.
func TestLawsHoldUnderOrders(t *testing.T) {
	if *seed != 0 && !*orders {
		t.Skip("one day without orders only")
	}
	n, first := max(10, howMany()/5), uint64(0)
	if *seed != 0 {
		n, first = 1, *seed-1
	}
	total := Report{Covered: map[string]int{}, Repairs: map[string]int{}, Results: map[string]int{}}
	broken := 0
	days(n, func(s uint64) Options {
		f := Everything()
		if (first+s)%4 == 0 {
			f = Faults{}
		}
		f.Orders = 400
		o := Options{Seed: first + s, Dialers: -1, Tasks: -1, Agents: 10, Calls: 16, Talks: 20 * time.Second, Faults: &f}
		if *seed != 0 && *steps {
			o.Trace = os.Stdout
		}
		return o
	}, func(r Report, err error) {
		if v := (*Violation)(nil); errors.As(err, &v) {
			if broken++; broken <= 5 {
				t.Errorf("%s: %s at %v: replay: go test ./internal/simulation -run TestLawsHoldUnderOrders -orders -seed %d -steps", v.Law, v.What, v.At, v.Seed)
			}
			return
		}
		total.add(r)
	})
	if broken > 0 {
		t.Fatalf("%d of %d days broke a law", broken, n)
	}
	t.Logf("%d days, %d steps, %d calls, repairs %v", n, total.Steps, total.Lives, total.Repairs)
	for _, want := range append(slices.Clone(wishes), call.Pull, call.Move) {
		t.Logf("%s: %d", want, total.Covered["order "+string(want)])
		if total.Covered["order "+string(want)] == 0 && n >= 100 {
			t.Errorf("no day obeyed an order to %s", want)
		}
	}
}

// A day of the usual length has talks of seconds, so that much happens in it. Here
// people take their time, on a floor of forty, and things fail at the rate of the
// clock: what a night of such days lives through is the scale to reach.
func TestLawsHoldOnLongDays(t *testing.T) {
	if *seed != 0 {
		t.Skip("one short day only")
	}
	n, length := uint64(2), 5*time.Minute
	if os.Getenv("POWERLINE_LONG") != "" {
		n, length = 8, 8*time.Hour
	}
	total := Report{Covered: map[string]int{}, Repairs: map[string]int{}, Results: map[string]int{}}
	began := time.Now()
	days(n, func(s uint64) Options { return longDay(s, length) }, func(r Report, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		total.add(r)
	})
	t.Logf("%d days of %v: %d steps, %d calls, repairs %v", n, length, total.Steps, total.Lives, total.Repairs)
	total.scale(t, time.Since(began))
}

// TestLawsHoldThroughANight is what `make night` runs: hours of long days on all cores,
// each night other ones, with a line of progress every minute. A broken law ends it,
// with the line that lives through that day again.
func TestLawsHoldThroughANight(t *testing.T) {
	if *night == 0 {
		t.Skip("only with -night CALL-HOURS (make night)")
	}
	year, month, day := time.Now().Date()
	first := uint64(year*10_000+int(month)*100+day) * 1_000_000
	total := Report{Covered: map[string]int{}, Repairs: map[string]int{}, Results: map[string]int{}}
	lived := func() float64 {
		return (total.Talked.Inbound + total.Waited.Inbound + total.Talked.Outbound + total.Waited.Outbound).Hours()
	}
	began, told := time.Now(), time.Now()
	const length, round = time.Hour, 16
	var n uint64
	for ; lived() < *night && !t.Failed(); n += round {
		days(round, func(s uint64) Options { return longDay(first+n+s, length) }, func(r Report, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			total.add(r)
			if time.Since(told) > time.Minute {
				told = time.Now()
				t.Logf("%v: %.0f of %.0f call-hours", time.Since(began).Round(time.Second), lived(), *night)
			}
		})
	}
	t.Logf("%d days of %v from seed %d: %d steps, %d calls, repairs %v", n, length, first+1, total.Steps, total.Lives, total.Repairs)
	total.scale(t, time.Since(began))
}

// longDay has forty agents, a call every four seconds, and something failing about
// every two minutes.
func longDay(seed uint64, length time.Duration) Options {
	f := Everything()
	per := length.Minutes() / 10
	f.Crashes, f.Freezes, f.Gaps, f.Delays = per, per, per, per
	f.Aways, f.Wipes, f.Blackouts, f.DatabaseAways = per, per/2, per/10, per
	f.AtPoint, f.LostReply, f.LostCommand, f.Strikes = f.AtPoint/40, f.LostReply/40, f.LostCommand/40, f.Strikes/40
	return Options{
		Seed: seed, Length: length, Talks: 5 * time.Minute, Faults: &f,
		Agents: 40, Engines: 2, Dialers: 2, Calls: int(length / (4 * time.Second)), Tasks: int(length / (8 * time.Second)),
	}
}

func oneDay(t *testing.T) {
	opt := Options{Seed: *seed}
	if *length != 0 {
		opt = longDay(*seed, *length)
	}
	if *steps {
		opt.Trace = os.Stdout
	}
	report, err := Run(opt)
	if v := (*Violation)(nil); errors.As(err, &v) && !*steps {
		t.Fatal(v.Story())
	} else if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
}

func (r *Report) add(day Report) {
	r.Steps += day.Steps
	r.Virtual += day.Virtual
	r.Lives += day.Lives
	r.Offers += day.Offers
	r.Attempts += day.Attempts
	for kind, sum := range map[*Lengths]Lengths{&r.Talked: day.Talked, &r.Waited: day.Waited} {
		kind.Inbound += sum.Inbound
		kind.Outbound += sum.Outbound
	}
	for what, n := range day.Results {
		r.Results[what] += n
	}
	for what, n := range day.Covered {
		r.Covered[what] += n
	}
	for what, n := range day.Repairs {
		r.Repairs[what] += n
	}
}

// scale says how much of callers' and agents' life was lived through.
func (r *Report) scale(t *testing.T, took time.Duration) {
	inbound, outbound := r.Talked.Inbound+r.Waited.Inbound, r.Talked.Outbound+r.Waited.Outbound
	rate := func(d time.Duration) float64 { return d.Hours() / took.Hours() }
	t.Logf("outbound: %d attempts, %v", r.Attempts, r.Results)
	t.Logf("scale: inbound %.1f h (talk %.1f h), outbound %.1f h (talk %.1f h): %.0f + %.0f call-hours per hour of the clock on %d cores",
		inbound.Hours(), r.Talked.Inbound.Hours(), outbound.Hours(), r.Talked.Outbound.Hours(), rate(inbound), rate(outbound), runtime.GOMAXPROCS(0))
}

// wanted is what a thousand days must reach.
func wanted() (all []string) {
	stages := []string{"greeting", "waiting", "offered", "talking", "ended"}
	for _, point := range []string{"before commit", "after commit", "between commands", "after commands"} {
		for _, stage := range stages {
			if point == "between commands" && stage == "greeting" {
				stage = "waiting" // counted below as well; a greeting has few commands
			}
			all = append(all, "crash "+point+"/"+stage, "freeze "+point+"/"+stage)
		}
	}
	all = append(all, "crash record written/ended", "freeze record written/ended")
	for _, fault := range []string{
		"crash", "freeze", "gap", "delay", "redis away", "wipe", "blackout", "write lost", "reply lost",
		"command lost", "answer of command lost", "duplicate", "caller hangs up", "agent hangs up", "phone dies",
	} {
		for _, stage := range append(slices.Clone(stages), "wrap-up") {
			all = append(all, fault+"×"+stage)
		}
	}
	for _, stage := range stages {
		all = append(all, "taken over/"+stage, "reply lost after commit/"+stage)
	}
	all = append(all, wantedOutbound()...)
	return append(all, "fallback", "dead man's switch", "served by the fallback", "112", "redial", "rebuild", "fenced",
		"crossing answer and cancel", "answer without an application", "call rebuilt from its channel",
		"freeze noticed", "looked again", "filed again", "came by way of a peer",
		"late act refused/waiting", "late act refused/offered", "late act refused/talking", "late act refused/ended")
}

// wantedOutbound is the same of calls that we make: each stage with each fault, and
// each step on the way from the agent's answer to the INVITE.
func wantedOutbound() (all []string) {
	stages := []call.Stage{outPlaced, outOffered, outDialling, outReached, outEnded}
	both := func(point string, stage call.Stage) {
		for _, fate := range []string{"crash ", "freeze "} {
			all = append(all, fate+point+"/"+string(stage))
		}
	}
	for _, stage := range stages {
		for _, point := range []string{"before commit", "after commit", "after commands"} {
			both(point, stage)
		}
	}
	for _, stage := range []call.Stage{outOffered, outDialling, outEnded} { // the others have one command at most
		both("between commands", stage)
		all = append(all, "late act refused/"+string(stage))
	}
	for _, step := range []string{"bridge made", "agent in the bridge", "last question", "leg made", "leg entered", "leg in the bridge", "rung"} {
		both("dial, "+step, outDialling)
	}
	both("attempt written", outPlaced)
	both("record written", outEnded)
	for _, stage := range stages {
		for _, fault := range []string{
			"crash", "freeze", "gap", "delay", "redis away", "wipe", "blackout", "write lost", "reply lost", "command lost", "answer of command lost",
			"duplicate", "agent hangs up", "phone dies", "database away", "database slow", "answer of the database lost",
		} {
			all = append(all, fault+"×"+string(stage))
		}
		if stage != outPlaced { // it is over within milliseconds
			all = append(all, "contact answers×"+string(stage), "contact is not reached×"+string(stage), "contact hangs up×"+string(stage))
		}
		all = append(all, "taken over/"+string(stage), "reply lost after commit/"+string(stage))
	}
	for _, reason := range []routing.Rest{routing.NobodyFits, routing.CallersWait, routing.KeptBack, routing.AllBusy, routing.BehindOthers} {
		all = append(all, "rests: "+string(reason))
	}
	for _, rule := range []string{"not-ours", "no-dialer", "late", "called-off", "number-calls-us"} {
		all = append(all, "dial refused/"+rule)
	}
	return append(all, "ring ended too late", "decision grew old", "into the journal", "out of the journal", "stale attempt ended",
		"taken back for a crisis", "taken back: called off", "contact calls us")
}
