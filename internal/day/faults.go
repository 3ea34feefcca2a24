package day

import (
	"math/rand/v2"
	"time"

	"powerline/call"
)

// Faults is what goes wrong on a day: with the engine, the store and the events
// between Asterisk and us. Phones and people stay as they are, so that what a
// caller does is known whatever we have heard of it. Chances are for each event.
type Faults struct {
	// Lost events are never heard of; a comparison with Asterisk finds out.
	Lost float64
	// Doubled events come twice, Late ones up to two seconds after they happened,
	// and so after others that happened later.
	Doubled, Late float64
	// Slow is the chance that the store takes up to a second for a step, for which
	// everything else of that call waits.
	Slow float64
	// Crashes of the engine in an hour, each followed by up to eight seconds of
	// nobody who listens.
	Crashes float64
}

// Everything is a day on which all of it goes wrong.
func Everything() Faults { return Faults{Lost: .003, Doubled: .02, Late: .02, Slow: .01, Crashes: 6} }

// mend is when a comparison with Asterisk has found what was not heard: it is
// made every two seconds, and a difference counts when it is seen twice.
const mend = 4 * time.Second

type faults struct {
	w     *world
	f     Faults
	rng   *rand.Rand
	lives []*live
	// inc counts the lives of the engine; until is the end of the present gap.
	inc   int
	until time.Duration
}

func newFaults(w *world, f Faults) *faults {
	x := &faults{w: w, f: f, rng: rand.New(rand.NewPCG(w.opt.Seed, 0xfa17))}
	x.nextCrash()
	return x
}

func (x *faults) down() bool { return x.w.now < x.until }

func (x *faults) chance(p float64) bool { return x.rng.Float64() < p }

func (x *faults) upTo(d time.Duration) time.Duration { return time.Duration(x.rng.Int64N(int64(d))) }

func (x *faults) nextCrash() {
	if x.f.Crashes > 0 {
		x.w.after(time.Duration(x.rng.ExpFloat64()/x.f.Crashes*float64(time.Hour)), x.crash)
	}
}

// crash ends the engine with all that it remembers. Whoever comes after it puts
// every call where the facts say that it is.
func (x *faults) crash() {
	x.nextCrash()
	if x.down() {
		return
	}
	x.inc++
	x.w.result.Crashes++
	x.until = x.w.now + 200*time.Millisecond + x.upTo(8*time.Second)
	x.w.at(x.until, func() {
		kept := x.lives[:0]
		for _, l := range x.lives {
			if l.call.Stage != call.Ended {
				kept = append(kept, l)
			}
		}
		x.lives = kept
		for _, l := range kept {
			x.resume(l)
		}
		x.w.changed, x.w.dialer.news = true, true
	})
}

// unlessItDies is a timer of the engine's present life.
func (x *faults) unlessItDies(do func()) func() {
	inc := x.inc
	return func() {
		if x.inc == inc {
			do()
		}
	}
}

// tell lets an event come to its call, or not.
func (x *faults) tell(l *live, ev call.Event) {
	if ev, arrived := ev.(call.Arrived); arrived {
		x.arrives(l, ev)
		return
	}
	switch {
	case x.down():
	case x.chance(x.f.Lost):
		x.w.result.Faults++
		x.w.after(mend, func() { x.resume(l) })
	case x.chance(x.f.Late):
		x.w.result.Faults++
		x.hears(l, ev, x.upTo(2*time.Second))
	case x.chance(x.f.Doubled):
		x.w.result.Faults++
		x.hears(l, ev, 0)
		x.hears(l, ev, x.upTo(time.Second))
	default:
		x.hears(l, ev, 0)
	}
}

// hears brings an event to its call after a while, behind what waits for a slow
// store.
func (x *faults) hears(l *live, ev call.Event, after time.Duration) {
	if x.chance(x.f.Slow) {
		x.w.result.Faults++
		l.slow = max(l.slow, x.w.now+x.upTo(time.Second))
	}
	at := max(x.w.now+after, l.slow)
	if at == x.w.now {
		x.w.hear(l, ev)
		return
	}
	x.w.at(at, func() {
		if !x.down() { // else the facts will say it
			x.w.hear(l, ev)
		}
	})
}

// arrives is a caller. If nobody listens she waits in the dialplan until
// somebody does, and may have gone by then.
func (x *faults) arrives(l *live, ev call.Arrived) {
	if x.down() {
		x.w.at(x.until, func() { x.arrives(l, ev) })
		return
	}
	x.lives = append(x.lives, l)
	ev.At = x.w.clock()
	x.w.hear(l, ev)
	if !l.caller {
		x.w.hear(l, call.CallerGone{At: x.w.clock()})
	}
}

// resume tells a call what Asterisk shows of it.
func (x *faults) resume(l *live) {
	if l.call.Stage == "" || l.call.Stage == call.Ended || x.down() {
		return
	}
	leg := call.LegAbsent
	if l.leg == l.call.Offer.Leg && l.legState != "" {
		leg = l.legState
	}
	ev := call.Resumed{At: x.w.clock(), Caller: l.caller, Up: l.up, Leg: leg, Joined: l.joined}
	if a, known := x.w.agentOf(l.call.Offer.Agent); known {
		ev.Agent = a.Profile
	}
	x.w.result.Resumed++
	x.w.hear(l, ev)
}
