package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/schedule"
	"powerline/queue"
	"powerline/routing"
)

// Lengths of the day. Everything is shorter than in life, so that more happens
// in a run; what matters is which is longer than which.
const (
	deadMan = 8 * time.Second
	ringFor = 4 * time.Second
	// shortDay is how long callers come on a day of the usual length.
	shortDay = 40 * time.Second
	// evening is how long it takes at most until everybody has gone home.
	evening = 200 * time.Second
)

var epoch = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// world is everything there is: a clock, what will happen, and who it happens
// to. It has one thread and one source of chance.
type world struct {
	opt    Options
	faults Faults
	shell  shell
	rng    *rand.Rand
	rules  call.Rules
	policy *routing.Policy

	now   time.Duration
	seq   uint64
	queue schedule.Queue[item]
	steps int

	store     *queue.Memory
	away      bool          // Redis gives no answer
	storeBack time.Duration // when it last began to again
	pbx       *pbx
	engines   []*engine
	phones    []*phone
	byAgent   map[agent.ID]*phone
	records   map[string]call.Call
	books     *books
	reserve   routing.Reserve
	minted    int // ids of attempts
	law       *laws
	report    Report

	arrive   time.Duration // callers come until then
	storm    time.Duration // machines fail until then
	healed   time.Duration // when the last machine recovered
	tracing  bool
	trace    []string
	violated *Violation
}

// item is something that will happen. One with an engine happens only to the
// incarnation that asked for it, and waits while that one is frozen.
type item struct {
	at  time.Duration
	e   *engine
	inc int
	do  func()
}

func newWorld(opt Options, tracing bool) *world {
	w := &world{
		opt: opt, shell: opt.shell.withDefaults(), tracing: tracing || opt.Trace != nil,
		rng:   rand.New(rand.NewPCG(opt.Seed, 0x9e3779b97f4a7c15)),
		store: queue.NewMemory(), byAgent: map[agent.ID]*phone{}, records: map[string]call.Call{},
		report: Report{
			Seed: opt.Seed, Outcomes: map[call.Outcome]int{}, Endings: map[string]int{}, Results: map[string]int{},
			Repairs: map[string]int{}, Covered: map[string]int{},
		},
	}
	w.settle()
	w.books = newBooks(w)
	w.pbx = newPBX(w)
	w.law = newLaws(w)
	w.store.Before, w.store.After = w.storeBefore, w.storeAfter
	w.populate()
	w.plan()
	return w
}

// settle fills in what the options leave open.
func (w *world) settle() {
	o := &w.opt
	if o.Calls == 0 {
		o.Calls = 8 + w.rng.IntN(10)
	}
	if o.Length == 0 {
		o.Length = shortDay
	}
	if o.Talks == 0 {
		o.Talks = 5 * time.Second
	}
	w.arrive, w.storm = o.Length, o.Length-8*time.Second
	if o.Agents == 0 {
		o.Agents = 3 + w.rng.IntN(5)
	}
	if o.Engines == 0 {
		o.Engines = 1 + w.rng.IntN(2)
	}
	switch {
	case o.Dialers == 0:
		o.Dialers = [...]int{0, 1, 1, 1, 2}[w.rng.IntN(5)]
	case o.Dialers < 0:
		o.Dialers = 0
	}
	switch {
	case o.Tasks < 0 || o.Dialers == 0:
		o.Tasks = 0
	case o.Tasks == 0:
		o.Tasks = 6 + w.rng.IntN(10)
	}
	w.reserve = routing.Reserve{Women: w.rng.IntN(2), Resume: w.rng.IntN(2)}
	switch {
	case o.Faults != nil:
		w.faults = *o.Faults
	case w.chance(.1): // a day on which nothing fails: the narrow bounds hold all day
		w.faults = Faults{}
	default:
		w.faults = Everything()
	}
	w.rules, w.policy = dayRules(), dayPolicy()
}

// dayRules are the production rules with short times.
func dayRules() call.Rules {
	return call.Rules{
		Categories: map[string]call.Category{
			"unclassified": {WrapUp: agent.WrapUpPlan{Lasts: 1500 * time.Millisecond, Interruptible: true}},
			"phone":        {},
			"silent":       {WrapUp: agent.WrapUpPlan{Lasts: time.Second}},
			"crisis": {Crisis: true, WrapUp: agent.WrapUpPlan{
				Lasts: 2 * time.Second, Recovery: time.Second, Heavy: true}},
			"offender": {WrapUp: agent.WrapUpPlan{Lasts: time.Second, Open: true}},
			"feedback": {WrapUp: agent.WrapUpPlan{Lasts: time.Second}},
		},
		Unclassified: "unclassified", CrisisCategory: "crisis", SilentCategory: "silent",
		RejectDelay: time.Second, PauseAtMost: pauseAtMost, Unreached: agent.WrapUpPlan{Lasts: 500 * time.Millisecond, Interruptible: true},
	}
}

// dayPolicy opens all rings at once: that somebody fits and is free is then all
// that an offer needs.
func dayPolicy() *routing.Policy {
	p := routing.DefaultPolicy()
	p.Categories = nil
	for _, name := range []string{"unclassified", "phone", "silent", "crisis", "offender"} {
		c := routing.Category{Name: name, DelayCost: 1, RingFor: ringFor, Pool: agent.Women, Share: .2, Rings: []routing.Ring{{}}}
		switch name {
		case "crisis":
			c.Heavy = true
		case "phone":
			c.HeadStart = 5 * time.Second
		case "offender":
			c.Pool = agent.MaleOfficers
		}
		p.Categories = append(p.Categories, c)
	}
	p.Crisis, p.Default = "crisis", "unclassified"
	return &p
}

func (w *world) clock() time.Time { return epoch.Add(w.now) }

func (w *world) between(lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(w.rng.Int64N(int64(hi-lo)))
}

func (w *world) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// fault is chance while machines still fail.
func (w *world) fault(p float64) bool { return w.now < w.storm && w.chance(p) }

func (w *world) after(d time.Duration, do func()) { w.push(d, nil, do) }

func (w *world) push(d time.Duration, e *engine, do func()) {
	w.seq++
	it := item{at: w.now + max(0, d), e: e, do: do}
	if e != nil {
		it.inc = e.inc
	}
	w.queue.Push(it.at, it)
}

// note writes a line of the trace. Its arguments are only looked at when
// somebody reads along.
func (w *world) note(format string, args ...any) {
	if !w.tracing {
		return
	}
	line := fmt.Sprintf("%11.6f ", w.now.Seconds()) + fmt.Sprintf(format, args...)
	if w.opt.Trace != nil {
		fmt.Fprintln(w.opt.Trace, line)
	}
	w.trace = append(w.trace, line)
	if len(w.trace) > 2*storyLines {
		w.trace = append(w.trace[:0], w.trace[len(w.trace)-storyLines:]...)
	}
}

// storyLines is how much of the trace a violation carries.
const storyLines = 250

// broken ends the run: a law does not hold.
func (w *world) broken(law, format string, args ...any) {
	if w.violated != nil {
		return
	}
	w.violated = &Violation{Seed: w.opt.Seed, At: w.now, Law: law, What: fmt.Sprintf(format, args...)}
	if w.opt.Length != shortDay {
		w.violated.Length = w.opt.Length
	}
	w.note("BROKEN %s: %s", law, w.violated.What)
}

func (w *world) covered(what string) { w.report.Covered[what]++ }

// Run lives through one day. The error is a *Violation if a law was broken.
func Run(opt Options) (Report, error) {
	report, violation := runOnce(opt, false)
	if violation == nil {
		return report, nil
	}
	if opt.Trace == nil { // the same day again, this time with somebody writing it down
		_, violation = runOnce(opt, true)
	}
	return report, violation
}

func runOnce(opt Options, tracing bool) (report Report, v *Violation) {
	w := newWorld(opt, tracing)
	defer func() {
		if r := recover(); r != nil {
			w.broken("panic", "%v", r)
			report, v = w.finish()
		}
	}()
	w.live()
	return w.finish()
}

// live lets everything happen in its order until nothing is left to see.
func (w *world) live() {
	for w.violated == nil && w.queue.Len() > 0 {
		_, it := w.queue.Pop()
		w.now = it.at
		if it.e != nil && !it.e.mayRun(it) {
			continue
		}
		w.steps++
		it.do()
		if w.over() {
			w.law.atTheEnd()
			return
		}
		if w.now > w.arrive+w.opt.Talks+evening {
			w.broken("quiescence", "the day does not end: %s", w.law.whoIsLeft())
		}
	}
}

func (w *world) finish() (Report, *Violation) {
	w.report.Steps, w.report.Virtual = w.steps, w.now
	if w.violated != nil {
		w.violated.Trace = w.trace[max(0, len(w.trace)-storyLines):]
	}
	return w.report, w.violated
}

// over: all callers are gone, and everybody had time to notice.
func (w *world) over() bool {
	return w.now > w.arrive+5*time.Second && w.now-w.law.lastCaller > quiet && w.now-w.healed > quiet && w.books.settledAll()
}
