package simulation

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
)

const maxAge = time.Minute // a caller who redials sooner has her place back

// dispatch hands one event of Asterisk on.
func (e *engine) dispatch(ev event) {
	switch ev.kind {
	case evConnected:
		e.troubled(0)
		e.connected(ev.snapshot)
	case evDisconnected:
		e.troubled(0)
		e.synced = false
	case evBroadcast:
		if e.dialer == nil && e.healthy() { // a dialer is deaf to callers
			e.command(func() error { return e.w.pbx.claim(e, ev.id) }, nil)
		}
	case evEntered:
		e.entered(ev)
	case evLeft:
		e.left(ev)
	case evHangup:
		e.hangupRequested(ev)
	case evDestroyed:
		e.destroyed(ev)
	case evDigit:
		if m := e.boxes[ev.id]; m != nil && m.dialogue != nil && !m.dialogue.stopped {
			m.dialogue.hears(ev.sign)
		}
	case evDialled:
		e.dialled(ev)
	case evPresence:
		e.presence(ev.phone)
	}
}

func (e *engine) entered(ev event) {
	if callID, ok := floor.CallOfLeg(ev.id); ok {
		if call.IsAgentLeg(ev.id) {
			e.legEntered(ev, callID)
		}
		return
	}
	if call.IsAttempt(ev.id) {
		if m := e.boxes[ev.id]; m != nil {
			m.enter()
		}
		return
	}
	if ev.args == argInbound {
		e.arrived(ev)
	}
}

// arrived begins a call.
func (e *engine) arrived(ev event) {
	if m := e.boxes[ev.id]; m != nil {
		if !e.w.shell.deafToReturn {
			m.put(e.arrivalOf(ev))
		}
		return
	}
	e.floor.Remember(ev.id)
	m, _ := e.open(call.Call{ID: ev.id})
	arrival := e.arrivalOf(ev)
	if !arrival.Place.IsZero() {
		e.soon(func() { m.put(arrival) })
		return
	}
	now := e.w.clock()
	ask(e, func(ctx context.Context) (time.Time, error) {
		queued, ok, err := e.w.store.TakePlace(ctx, ev.from, now, maxAge)
		if !ok {
			queued = time.Time{}
		}
		return queued, err
	}, func(queued time.Time, err error) {
		if err == nil && !queued.IsZero() {
			arrival.Place = queued
			e.w.covered("redial")
		}
		m.put(arrival)
	})
}

func (e *engine) arrivalOf(ev event) call.Arrived {
	a := call.Arrived{
		At: e.w.clock(), Stamped: ev.arrived, Kind: ev.line, Line: "1090", Caller: ev.from,
		Category: "unclassified", Language: "hi", Pool: poolOf(ev.line),
	}
	c := e.w.pbx.byID[ev.id]
	switch {
	case ev.line == call.RingBack:
		a.Category = "offender"
	case c != nil && c.caller.menu:
		a.Menu = "main"
	}
	if ev.again { // she comes back from the fallback queue
		a.Menu, a.Place, a.Numbered = "", ev.arrived, e.numberedFrom()
		if ev.stamp != nil && !e.w.shell.returnsLater {
			a.Place = ev.stamp.Queued
		}
	}
	return a
}

// numberedFrom is where the offers of a call begin that may have been one before.
func (e *engine) numberedFrom() int { return int(e.w.clock().UnixMilli()) }

func (e *engine) legEntered(ev event, callID string) {
	m := e.boxes[callID]
	if m == nil {
		if e.w.shell.hangsUpLegs {
			e.hangUpLater(ev.id)
		}
		return // a peer may have taken the call over: sweep looks twice
	}
	answered := call.Answered{At: e.w.clock(), Leg: ev.id}
	if ph := e.w.pbx.byID[ev.id]; ph != nil {
		if a, known := e.floor.Agent(ph.phone.id); known {
			answered.Agent = a.Profile
		}
	} else if a, known := e.floor.Agent(ev.agent); known {
		answered.Agent = a.Profile
	}
	m.put(answered)
}

// left: a channel is no longer with us, but may live on in the dialplan.
func (e *engine) left(ev event) {
	m := e.boxes[ev.id]
	if m == nil {
		return
	}
	e.command(func() error { return e.w.pbx.exists(ev.id) }, func(err error) {
		if err != nil || e.w.shell.movedIsGone {
			m.put(call.CallerGone{At: e.w.clock(), Fallback: err == nil})
			return
		}
		e.w.pbx.look(e, func(s *snapshot, err error) {
			if err != nil {
				return // the next comparison finds it
			}
			if ch := s.channel(ev.id); ch != nil && ch.app != nil {
				m.put(facts{s.facts, s.began}) // moved to a peer, or back already
			} else {
				m.put(call.CallerGone{At: e.w.clock(), Fallback: ch != nil})
			}
		})
	})
}

func (e *engine) hangupRequested(ev event) {
	if ev.soft {
		return
	}
	if m := e.boxes[ev.id]; m != nil {
		m.put(call.CallerGone{At: e.w.clock()})
		return
	}
	if callID, ok := floor.CallOfLeg(ev.id); ok {
		if m := e.boxes[callID]; m != nil {
			m.put(call.LegGone{At: e.w.clock(), Leg: ev.id, Lost: ev.cause == causeNoMedia})
		}
	}
}

func (e *engine) destroyed(ev event) {
	if call.IsAttempt(ev.id) {
		if m := e.boxes[ev.id]; m != nil {
			m.put(call.Missed{At: e.w.clock(), Failure: whyMissed(ev.cause)})
			m.put(call.CallerGone{At: e.w.clock()})
		}
		return
	}
	callID, ok := floor.CallOfLeg(ev.id)
	m := e.boxes[callID]
	switch {
	case !ok:
		return
	case m == nil:
		e.legEndedSoon(ev.id)
		e.leftAlone(callID)
		return
	}
	why := agent.Unreachable
	switch ev.cause {
	case causeBusy:
		why = agent.Rejected
	case causeNoAnswer:
		why = agent.NoAnswer
	}
	now := e.w.clock()
	m.put(call.RingFailed{At: now, Leg: ev.id, Why: why})
	m.put(call.LegGone{At: now, Leg: ev.id, Lost: ev.cause == causeNoMedia})
	m.put(legEnded{ev.id})
}

// leftAlone hangs up whom we called if nobody is there any more, nor knows of it.
func (e *engine) leftAlone(attempt string) {
	if !call.IsAttempt(attempt) {
		return
	}
	e.w.pbx.look(e, func(s *snapshot, err error) {
		_, known := e.floor.Call(attempt)
		if err == nil && e.w.pbx.byID[attempt] != nil && !known && e.boxes[attempt] == nil && e.w.shell.strayDial(s.facts, attempt) {
			e.hangUpLater(attempt)
		}
	})
}

func (e *engine) hangUpLater(channel string) {
	e.command(func() error { return e.w.pbx.hangUp(e, channel) }, nil)
}

// presence takes in what Asterisk says of a phone, in a goroutine of its own.
func (e *engine) presence(ph seenPhone) {
	if _, known := e.floor.Agent(ph.id); known {
		e.soon(func() {
			e.tellAgent(ph.id, agent.PhoneChanged{At: e.w.clock(), Online: ph.online, Elsewhere: ph.elsewhere}, nil)
		})
	}
}
