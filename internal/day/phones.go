package day

import (
	"time"

	"powerline/agent"
	"powerline/call"
)

// act is Asterisk and the phones: what a command leads to, and when.
func (w *world) act(l *live, cmd call.Command) {
	switch cmd := cmd.(type) {
	case call.Ring:
		w.ring(l, cmd)
		if w.opt.mistakes.ringsFirst && l.job >= 0 {
			l.legState = call.LegUp
			w.dialer.dial(w, l, cmd.Leg)
			l.legState = call.LegRinging
		}
	case call.Timer:
		w.timer(cmd.After, func() { w.hear(l, call.TimeUp{At: w.clock(), Epoch: cmd.Epoch}) })
	case call.HangUpLeg:
		w.endLeg(l, cmd.Leg)
	case call.HangUpCaller:
		l.caller, l.joined = false, false
	case call.Join:
		w.join(l, cmd.Leg)
	case call.Dial:
		w.dialer.dial(w, l, cmd.Leg)
	}
}

// ring is an agent's phone. Whether and when it is picked up depends on the call
// and on how many phones have rung for it, not on who was chosen: so routers are
// compared on the same chance.
func (w *world) ring(l *live, cmd call.Ring) {
	i := w.index[cmd.Agent]
	w.law.rings(l, i)
	l.rung = i
	l.leg, l.legState = cmd.Leg, call.LegRinging
	l.pickup++
	after, answers := w.opt.PickUpOutbound, true
	if l.arrival >= 0 {
		after, answers = w.p.pickup(l.arrival, l.pickup)
	}
	if !answers {
		return // the call's own timer ends it
	}
	w.after(after, func() {
		if l.leg == cmd.Leg && l.legState == call.LegRinging {
			l.legState = call.LegUp
			w.tell(l, call.Answered{At: w.clock(), Leg: cmd.Leg, Agent: w.agents[i].Profile})
		}
	})
}

// join puts both into a bridge; they talk until the caller hangs up.
func (w *world) join(l *live, leg string) {
	if !l.caller || l.leg != leg || l.legState != call.LegUp || l.joined {
		return
	}
	l.joined = true
	w.tell(l, call.Joined{At: w.clock(), Leg: leg})
	w.after(l.talk, func() {
		if l.joined {
			w.hangsUp(l)
		}
	})
}

// hangsUp is whoever is at the other end.
func (w *world) hangsUp(l *live) {
	l.caller, l.joined = false, false
	w.tell(l, call.CallerGone{At: w.clock()})
}

// legGone is how long after the end of a talk an agent's phone is free again.
const legGone = 30 * time.Millisecond

// endLeg ends an agent's leg. Not the order but the phone says when it is gone.
func (w *world) endLeg(l *live, leg string) {
	if l.leg == leg {
		l.legState, l.joined = call.LegAbsent, false
	}
	i := l.rung
	lasts := legGone
	if w.opt.instant {
		lasts = 0
	}
	w.after(lasts, func() { w.tellAgent(i, agent.LegEnded{At: w.clock(), Leg: leg}) })
}

// tell is an event on its way to a call. Faults may hold it up, double or lose it.
func (w *world) tell(l *live, ev call.Event) {
	if w.faults != nil {
		w.faults.tell(l, ev)
		return
	}
	w.hear(l, ev)
}

// timer belongs to the engine: it dies with it.
func (w *world) timer(d time.Duration, do func()) {
	if w.faults != nil {
		do = w.faults.unlessItDies(do)
	}
	w.after(d, do)
}

// tellAgent steps an agent outside of any call.
func (w *world) tellAgent(i int, ev agent.Event) {
	if w.faults != nil && w.faults.down() {
		w.after(time.Second, func() { w.tellAgent(i, ev) }) // a code dialled again, a fact looked up
		return
	}
	if a, verdict := agent.Step(w.agents[i], ev); verdict == agent.Applied {
		w.changed = true
		w.store(a, nil)
	}
}
