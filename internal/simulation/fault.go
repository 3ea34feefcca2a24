package simulation

import (
	"math"
	"time"

	"powerline/agent"
	"powerline/queue"
)

// plan lays down when machines fail.
func (w *world) plan() {
	f := w.faults
	w.often(f.Crashes*float64(w.opt.Engines), func() { w.someEngine().crashAt(w.outage()) })
	w.often(f.Freezes*float64(w.opt.Engines), func() {
		w.cover("freeze")
		w.someEngine().freeze(w.nap())
	})
	w.often(f.Gaps*float64(w.opt.Engines), func() {
		e := w.someEngine()
		if !e.alive || e.frozen {
			return
		}
		w.cover("gap")
		if w.chance(.5) {
			e.conn.cut()
			return
		}
		length := w.between(200*time.Millisecond, 3*time.Second)
		w.healing(length)
		e.conn.deafen(length)
	})
	w.often(f.Delays*float64(w.opt.Engines), func() {
		w.cover("delay")
		e := w.someEngine()
		c := &e.conn
		length := w.between(50*time.Millisecond, 1500*time.Millisecond)
		e.troubled(length)
		w.healing(length)
		c.last = max(c.last, w.now+length)
	})
	w.often(f.Aways, w.redisAway)
	w.often(f.Wipes, w.wipe)
	if w.opt.Tasks > 0 {
		w.often(f.DatabaseAways, w.databaseAway)
	}
	w.often(f.Blackouts, w.blackout)
	w.often(f.Orders, w.wish)
}

// blackout kills all engines, or all that take callers, for longer than the dead
// man's switch waits.
func (w *world) blackout() {
	w.cover("blackout")
	acds := w.chance(.4)
	for _, e := range w.engines {
		if acds && e.dials { // they live on, and are deaf to callers
			continue
		}
		e.crash(deadMan + w.between(2*time.Second, 5*time.Second))
	}
}

// often lets something happen that many times on average.
func (w *world) often(mean float64, do func()) {
	for left := mean; left > 0; left-- {
		// A sum of chances keeps the mean and needs no tables.
		for range 2 {
			if w.chance(math.Min(left, 1) / 2) {
				w.after(w.between(4*time.Second, w.storm), do)
			}
		}
	}
}

func (w *world) someEngine() *engine { return w.engines[w.rng.IntN(len(w.engines))] }

func (e *engine) crashAt(back time.Duration) {
	e.w.cover("crash")
	e.crash(back)
}

// outage is how long a dead process stays away; nap how long a stopped one
// sleeps: shorter than its peer's patience, longer, or longer than its pulse.
func (w *world) outage() time.Duration {
	if w.chance(.1) {
		return w.between(4*time.Second, 14*time.Second)
	}
	return w.between(200*time.Millisecond, 4*time.Second)
}

func (w *world) nap() time.Duration {
	switch w.rng.IntN(3) {
	case 0:
		return w.between(20*time.Millisecond, 500*time.Millisecond)
	case 1:
		return w.between(500*time.Millisecond, pulseMissed)
	}
	return w.between(pulseMissed, 6*time.Second)
}

// healing says that a machine is not well for so long.
func (w *world) healing(length time.Duration) { w.healed = max(w.healed, w.now+length) }

// cover counts a fault with each stage in which it found a call, and marks the
// moment as not healthy.
func (w *world) cover(fault string) {
	w.covered(fault)
	for _, id := range sorted(w.law.calls) {
		w.covered(fault + "×" + string(stageOf(w.law.calls[id])))
	}
	for _, ph := range w.phones {
		if a, there := w.law.agents[ph.id]; there && a.State == agent.WrapUp {
			w.covered(fault + "×wrap-up")
			break
		}
	}
	switch fault {
	case "caller hangs up", "agent hangs up", "phone dies", "duplicate", "contact answers", "contact is not reached", "contact hangs up",
		"taken back for a crisis", "taken back: called off", "decision grew old":
	default:
		w.healing(0)
	}
}

// redisAway takes the store away for a while. Who followed it has missed news.
func (w *world) redisAway() {
	if w.away {
		return
	}
	w.cover("redis away")
	length := w.between(100*time.Millisecond, 3*time.Second)
	w.note("redis    away for %v", length)
	w.away = true
	w.healing(length)
	for _, e := range w.engines {
		e.troubled(length + 100*time.Millisecond)
	}
	w.after(length, func() {
		w.away, w.storeBack = false, w.now
		w.note("redis    back")
		for _, e := range w.engines {
			if e.alive && e.unwatch != nil {
				e.feed = append(e.feed, queue.Update{Gap: true})
				e.later(w.between(time.Millisecond, 50*time.Millisecond), e.read)
			}
		}
	})
}

// wipe is FLUSHALL.
func (w *world) wipe() {
	w.cover("wipe")
	w.note("redis    WIPED")
	w.healing(0)
	for _, e := range w.engines {
		e.troubled(time.Second)
	}
	w.store.Wipe()
	w.law.wiped()
}

// storeBefore and storeAfter fail a write before or after it is applied.
func (w *world) storeBefore(op queue.Op) error {
	switch {
	case w.away:
		return queue.ErrUnavailable
	case w.fault(w.faults.LostReply / 2):
		w.cover("write lost")
		return queue.ErrUnavailable
	}
	return nil
}

func (w *world) storeAfter(op queue.Op) error {
	if w.fault(w.faults.LostReply) {
		w.cover("reply lost")
		if len(op.Change.Calls) > 0 {
			w.covered("reply lost after commit/" + string(stageOf(op.Change.Calls[0].Call)))
		}
		return queue.ErrUnavailable
	}
	return nil
}
