package simulation

import (
	"errors"
	"time"

	"powerline/call"
)

// dialStatus is how far a phone is that we ring.
type dialStatus uint8

const (
	dialRinging dialStatus = iota
	dialProgress
	dialAnswered
)

// dialLimit bounds what happens between the agent's answer and the INVITE.
const dialLimit = 3 * time.Second

// refusal is a rule that forbids a dial.
type refusal string

func (r refusal) Error() string { return string(r) }

// dialOut brings the agent into the bridge, makes the other leg, puts it there
// too, and rings it, with a moment between each two at which the process may die.
type dialOut struct {
	m     *box
	cmd   call.Dial
	began time.Duration
	whom  *contact
	left  []dialStep
	then  func()
}

type dialStep struct {
	name string
	do   func(done func(error))
}

func (m *box) dial(cmd call.Dial, then func()) {
	d := &dialOut{m: m, cmd: cmd, began: m.e.w.now, then: then}
	d.left = []dialStep{
		{"bridge made", d.makeBridge}, {"agent in the bridge", d.addAgent}, {"last question", d.ask},
		{"leg made", d.makeLeg}, {"leg entered", d.awaitLeg}, {"leg in the bridge", d.addLeg}, {"rung", d.ring},
	}
	if m.e.w.shell.ringsFirst {
		d.left = []dialStep{d.left[0], d.left[2], d.left[3], d.left[4], d.left[5], d.left[6], d.left[1]}
	}
	d.next()
}

func (d *dialOut) next() {
	m, e := d.m, d.m.e
	if len(d.left) == 0 {
		m.put(call.Dialling{At: e.w.clock()})
		d.then()
		return
	}
	step := d.left[0]
	d.left = d.left[1:]
	step.do(func(err error) {
		if err == nil && e.w.now-d.began > dialLimit {
			err = errUnknown
		}
		switch {
		case m.over:
			d.then()
		case err != nil:
			d.failed(err)
		default:
			e.dialPoint(step.name, d.next)
		}
	})
}

// dialPoint is a moment in the course of a dial at which the process may die.
func (e *engine) dialPoint(name string, do func()) { e.point("dial, "+name, outDialling, do) }

func (d *dialOut) failed(err error) {
	m := d.m
	cause := "network"
	if rule := refusal(""); errors.As(err, &rule) {
		cause = string(rule)
		m.e.w.covered("dial refused/" + cause)
	}
	m.e.w.note("%s    %s is not dialled: %v", m.e.name, m.id, err)
	m.put(call.Missed{At: m.e.w.clock(), Failure: call.Failure{Cause: cause}})
	d.then()
}

func (d *dialOut) makeBridge(done func(error)) {
	e := d.m.e
	if e.dialer == nil {
		done(refusal("no-dialer"))
		return
	}
	e.command(func() error { return e.w.pbx.createBridge(d.cmd.Bridge) }, done)
}

func (d *dialOut) addAgent(done func(error)) {
	e := d.m.e
	e.command(func() error { return e.w.pbx.addToBridge(d.cmd.Bridge, d.cmd.Leg) }, done)
}

// ask is the last question whether this number may be rung.
func (d *dialOut) ask(done func(error)) {
	d.m.e.dialer.destination(d.m.id, dialLimit-(d.m.e.w.now-d.began), func(whom *contact, err error) {
		d.whom = whom
		done(err)
	})
}

func (d *dialOut) makeLeg(done func(error)) {
	e := d.m.e
	d.m.entered, d.m.onEntered = false, nil
	e.command(func() error { return e.w.pbx.create(e, d.m.id, d.whom) }, done)
}

// awaitLeg waits until the leg is ours to use.
func (d *dialOut) awaitLeg(done func(error)) {
	m := d.m
	if m.entered {
		done(nil)
		return
	}
	waits := true
	finish := func(err error) {
		if waits {
			waits = false
			done(err)
		}
	}
	m.onEntered = func() { finish(nil) }
	m.e.later(dialLimit-(m.e.w.now-d.began), func() { finish(errUnknown) })
}

// enter says that the leg of whom we call is in our application.
func (m *box) enter() {
	m.entered = true
	if f := m.onEntered; f != nil {
		m.onEntered = nil
		m.e.soon(f)
	}
}

func (d *dialOut) addLeg(done func(error)) {
	e := d.m.e
	e.command(func() error { return e.w.pbx.addToBridge(d.cmd.Bridge, d.m.id) }, done)
}

// ring is the INVITE. Who stood still since the call was surely ours does not.
func (d *dialOut) ring(done func(error)) {
	m, e := d.m, d.m.e
	if e.w.now-m.sure > lease {
		done(refusal("late"))
		return
	}
	e.command(func() error { return e.w.pbx.dial(e, m.id, dialFor+ringMargin) }, done)
}

// dialled follows a phone that we ring.
func (e *engine) dialled(ev event) {
	m := e.boxes[ev.id]
	if m == nil {
		return
	}
	now := e.w.clock()
	switch ev.status {
	case dialRinging:
		m.put(call.Progressed{At: now, Rings: true})
	case dialProgress:
		m.put(call.Progressed{At: now})
	case dialAnswered:
		m.put(call.Reached{At: now})
	}
}

// whyMissed reads how the leg of whom we called has ended.
func whyMissed(cause int) call.Failure {
	f := call.Failure{Q850: cause, Cause: "network"}
	switch cause {
	case causeBusy:
		f.Cause = "busy"
	case causeAbsent:
		f.Cause = "off"
	case causeRejected:
		f.Cause = "rejected"
	case causeNoAnswer:
		f.Cause = "no-answer"
	}
	return f
}

// Stages of an outbound call, as reports name them.
const (
	outbound               = "outbound "
	outPlaced   call.Stage = "outbound placed"
	outOffered  call.Stage = "outbound offered"
	outDialling call.Stage = "outbound dialling"
	outReached  call.Stage = "outbound reached"
	outEnded    call.Stage = "outbound ended"
)

// stageOf is the stage of a call as reports name it.
func stageOf(c call.Call) call.Stage {
	if c.Kind != call.Outbound {
		return c.Stage
	}
	switch {
	case c.Stage == call.Waiting:
		return outPlaced
	case c.Ringing():
		return outDialling
	case c.Stage == call.Talking:
		return outReached
	}
	return outbound + c.Stage
}
