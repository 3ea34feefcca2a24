package simulation

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Orders of agents and supervisors: transfers, consultations, supervisors who listen,
// barge in and take over, at any moment and in any order, while everything else fails.

// wishes are what may be wanted of a conversation, the likelier ones more than once.
var wishes = []call.Wish{
	call.Hold, call.Unhold, call.Consult, call.Consult, call.Consult, call.ConsultDone, call.ConsultDone, call.ConsultDone, call.ConsultCancel, call.Together,
	call.Listen, call.Whisper, call.Barge, call.Barge, call.TakeOver, call.TakeOver, call.Leave,
	call.ToQueue, call.ToAgent, call.PauseRecording, call.PauseRecording, call.ResumeRecording,
}

// afterwards are what may be wanted where somebody is a guest.
var afterwards = []call.Wish{
	call.ConsultDone, call.ConsultCancel, call.Together, call.Listen, call.Whisper, call.Barge, call.TakeOver, call.Leave,
}

// wish lets somebody want something of some call, of a conversation if there is one.
func (w *world) wish() {
	var talks, waits []call.Call
	for _, id := range sorted(w.law.calls) {
		switch c := w.law.calls[id]; {
		case c.Kind == call.Outbound:
		case c.Stage == call.Talking:
			talks = append(talks, c)
		case c.Stage == call.Waiting:
			waits = append(waits, c)
		}
	}
	other := w.phones[w.rng.IntN(len(w.phones))].id
	switch {
	case len(talks) > 0 && w.chance(.9):
		c := talks[w.rng.IntN(len(talks))]
		want := wishes[w.rng.IntN(len(wishes))]
		if n := len(c.Guests); n > 0 && w.chance(.6) {
			want, other = afterwards[w.rng.IntN(len(afterwards))], c.Guests[w.rng.IntN(n)].Agent
		}
		w.order(c, want, other)
	case len(waits) > 0:
		want := call.Pull
		if w.chance(.3) {
			want = call.Move
		}
		w.order(waits[w.rng.IntN(len(waits))], want, other)
	}
}

// order gives an order to whichever engine has the call; now and then twice.
func (w *world) order(c call.Call, want call.Wish, other agent.ID) {
	w.minted++
	id := fmt.Sprintf("order-%d", w.minted)
	w.tell(c, id, want, other)
	if w.chance(.1) {
		w.after(w.between(time.Millisecond, 300*time.Millisecond), func() { w.tell(c, id, want, other) })
	}
	if want == call.Hold || want == call.Consult {
		w.after(w.between(300*time.Millisecond, 8*time.Second), func() { w.backFromHold(c.ID) })
	}
}

func (w *world) tell(c call.Call, id string, want call.Wish, other agent.ID) {
	for _, e := range w.engines {
		m := e.boxes[c.ID]
		if !e.alive || m == nil {
			continue
		}
		a, _ := e.floor.Agent(other)
		m.put(call.Ordered{At: w.clock(), Order: call.Order{
			ID: id, Wish: want, By: c.Offer.Agent, Supervises: true, Agent: a, RingFor: ringFor, Category: "phone",
		}})
	}
}

// backFromHold is an agent who does not leave a caller on hold for ever.
func (w *world) backFromHold(id string) {
	c, there := w.law.calls[id]
	if !there || !c.Held {
		return
	}
	ways := []call.Wish{call.Unhold, call.ConsultCancel, call.ConsultDone, call.Together}
	w.order(c, ways[w.rng.IntN(len(ways))], "")
	w.after(time.Second, func() { w.backFromHold(id) })
}

// coveredOrder counts what was carried out.
func (w *world) coveredOrder(ev call.Event) {
	if o, ordered := ev.(call.Ordered); ordered {
		w.covered("order " + string(o.Order.Wish))
	}
}

// snoop makes a channel that hears another one, and ends with it.
func (p *pbx) snoop(e *engine, of, id string) error {
	switch {
	case p.byID[id] != nil:
		return errConflict
	case p.byID[of] == nil:
		return errNotFound
	}
	p.add(&channel{id: id, snoops: p.byID[of], where: inside, up: true, app: e})
	return nil
}

// endSnoops ends what hears a channel that is gone.
func (p *pbx) endSnoops(of *channel) {
	for _, ch := range slices.Clone(p.channels) {
		if ch.snoops == of {
			p.end(ch, true, causeNormal)
		}
	}
}

func (p *pbx) takeOut(id string) error {
	ch := p.byID[id]
	if ch == nil {
		return errNotFound
	}
	p.unbridge(ch)
	return nil
}

// hold takes the caller out of the bridge and plays to her.
func (m *box) hold(then func()) {
	began := m.e.w.now
	m.e.command(func() error { return m.e.w.pbx.takeOut(m.id) }, func(err error) {
		if errors.Is(err, errUnknown) || m.e.w.now-began > lease { // she may talk again, elsewhere
			m.put(facts{taken: -1})
			then()
			return
		}
		m.converse(&dialogue{m: m}, then)
	})
}

// placed runs steps that bring a guest to where she belongs.
func (m *box) placed(leg string, then func(), steps ...func() error) {
	e := m.e
	if len(steps) == 0 {
		then()
		return
	}
	e.command(steps[0], func(err error) {
		switch {
		case errors.Is(err, errUnknown):
			m.put(facts{taken: -1}) // it may have happened
		case err != nil && !errors.Is(err, errConflict):
			m.put(call.SeatFailed{At: e.w.clock(), Leg: leg})
		default:
			m.placed(leg, then, steps[1:]...)
			return
		}
		then()
	})
}

func (m *box) overhear(cmd call.Overhear, then func()) {
	e, p := m.e, m.e.w.pbx
	m.placed(cmd.Leg, then,
		func() error { return p.createBridge(cmd.Bridge) },
		func() error { return p.addToBridge(cmd.Bridge, cmd.Leg) },
		func() error { return p.snoop(e, cmd.Of, cmd.Snoop) },
		func() error { return p.addToBridge(cmd.Bridge, cmd.Snoop) })
}

func (m *box) guestTimer(cmd call.GuestTimer) {
	e := m.e
	e.later(cmd.After, func() {
		e.awake(func() { m.put(call.GuestTimeUp{At: e.w.clock(), Leg: cmd.Leg}) })
	})
}

// ordered: the call is not as it would be without somebody's order, so that it is
// right to end a leg under a talk.
func (l *laws) ordered(callID string) bool { return len(l.calls[callID].Orders) > 0 }
