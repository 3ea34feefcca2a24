package acd

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
)

// lease is how long after a commit was asked for, or after a command was begun,
// the call is surely ours still. It is less than a peer's patience: a process
// that was stopped for longer finds out before it acts.
const lease = deadAfter * 2 / 3

// act carries out commands in their order. What may take long (dialogues, the
// dead man's switch, records) runs beside the mailbox. When too much time has
// passed since the call was known to be ours, only the history is written, and
// the facts decide what is left to do.
func (m *mailbox) act(cmds []call.Command) {
	late := false
	for _, cmd := range cmds {
		if entry, ok := cmd.(call.Log); ok {
			m.log(entry)
			continue
		}
		if late = late || time.Since(m.sure) > lease; late {
			continue
		}
		began := time.Now()
		m.do(cmd)
		m.acted, m.sure = time.Now(), began
	}
	if late {
		m.e.metrics.lateActs.Inc()
		m.in.put(look{})
	}
}

func (m *mailbox) do(cmd call.Command) {
	switch cmd := cmd.(type) {
	case call.Greet:
		m.converse(m.greet(cmd.Menu))
	case call.KeepCompany:
		m.converse(m.keepCompany(cmd.AfterGap))
	case call.LeaveAlone:
		m.leaveAlone()
	case call.Guard:
		m.setGuard(cmd.On)
	case call.Stamp:
		m.stamp()
	case call.Ring:
		m.ring(cmd)
	case call.Timer:
		m.timer(cmd)
	case call.HangUpLeg:
		m.hangUp(cmd.Leg, hangUpReason(cmd.Reason))
	case call.Join:
		m.join(cmd)
	case call.Dial:
		m.dial(cmd)
	case call.HoldCaller:
		m.holdCaller(cmd)
	case call.Seat:
		m.seat(cmd)
	case call.Overhear:
		m.overhear(cmd)
	case call.RingOutside:
		m.ringOutside(cmd)
	case call.EndBridge:
		go m.e.destroyBridge(cmd.Bridge)
	case call.GuestTimer:
		m.guestTimer(cmd)
	case call.Record:
		m.record(cmd)
	case call.StopRecording:
		m.stopRecording(cmd)
	case call.MuteRecording:
		m.muteRecording(cmd)
	case call.PauseTimer:
		m.pauseTimer(cmd)
	case call.HangUpCaller:
		m.leaveAlone()
		if m.c.Outcome == call.CompleteAgent {
			m.hangUpCallerNext()
			return
		}
		m.hangUpCaller()
	case call.SendToEmergency:
		m.sendToEmergency()
	case call.File:
		m.file()
	}
}

// ring calls the agent's phone. The reserve is committed, so that a failure is
// an ordinary event.
func (m *mailbox) ring(cmd call.Ring) {
	leg := asterisk.Leg{
		ID: cmd.Leg, Endpoint: endpointOf(cmd.Agent), Args: []string{argLeg, m.id},
		CallerID:  asterisk.Private(m.shownToAgent()),
		RingFor:   cmd.For + ringMargin,
		Variables: map[string]string{"PJSIP_HEADER(add,X-Powerline-Call)": m.id},
	}
	err := m.e.ari.Originate(m.ctx, leg)
	switch {
	case err == nil || asterisk.IsConflict(err): // 409: it rings already
		return
	case asterisk.IsUnknown(err):
		return // our own ring timer decides; a leg that came about late is stray
	}
	m.e.log.Info("agent's phone cannot be rung", "agent", cmd.Agent, "error", err)
	m.in.put(call.RingFailed{At: time.Now(), Leg: cmd.Leg, Why: agent.Unreachable})
}

// ringMargin keeps Asterisk's own ring limit behind ours, which is exact.
const ringMargin = 3 * time.Second

// shownToAgent is what the softphone displays: the category, never a number.
func (m *mailbox) shownToAgent() string {
	return `"` + m.c.Category + `" <` + m.c.Line + `>`
}

// join makes the bridge. The caller hears the agent from here on.
func (m *mailbox) join(cmd call.Join) {
	m.endDetection()
	err := m.e.ari.CreateBridge(m.ctx, cmd.Bridge)
	if err == nil {
		err = m.addBoth(cmd)
	}
	if err == nil {
		m.in.put(call.Joined{At: time.Now(), Leg: cmd.Leg})
		if len(m.c.Spoken) > 1 {
			go m.destroyBridges(m.c) // she has just left the last one
		}
		return
	}
	switch {
	case m.ctx.Err() != nil:
		return
	case asterisk.IsUnknown(err):
		m.in.put(look{}) // they may have been joined
		return
	}
	m.e.log.Info("caller and agent could not be joined", "call", m.id, "error", err)
	m.afterFailedJoin(cmd)
}

// addBoth brings the leg into the bridge, and the caller, if she is not there. With
// codes in force they come one after the other, because the agent's keys are for us
// alone; without, both at once.
func (m *mailbox) addBoth(cmd call.Join) error {
	silent := call.IsAgentLeg(cmd.Leg) && m.e.settings().keysOrder()
	switch {
	case !silent && cmd.Alone:
		return m.e.ari.AddToBridge(m.ctx, cmd.Bridge, cmd.Leg)
	case !silent:
		return m.e.ari.AddToBridge(m.ctx, cmd.Bridge, m.id, cmd.Leg)
	}
	if err := m.e.ari.AddMuteKeys(m.ctx, cmd.Bridge, cmd.Leg); err != nil || cmd.Alone {
		return err
	}
	return m.e.ari.AddToBridge(m.ctx, cmd.Bridge, m.id)
}

// addGuest brings a guest of ours into a bridge.
func (m *mailbox) addGuest(ctx context.Context, bridge, leg string) error {
	if m.e.settings().keysOrder() {
		return m.e.ari.AddMuteKeys(ctx, bridge, leg)
	}
	return m.e.ari.AddToBridge(ctx, bridge, leg)
}

// afterFailedJoin finds out which side has left. Nobody is left in silence: one
// of two ordinary events follows.
func (m *mailbox) afterFailedJoin(cmd call.Join) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	if _, err := m.e.ari.Variables(ctx, m.id, stampCall); asterisk.IsNotFound(err) {
		m.in.put(call.CallerGone{At: time.Now()})
		return
	}
	m.in.put(call.JoinFailed{At: time.Now(), Leg: cmd.Leg, Nth: cmd.Nth})
}

// timer asks for TimeUp. Time that the process slept through does not count.
func (m *mailbox) timer(cmd call.Timer) {
	time.AfterFunc(cmd.After, func() {
		m.e.awake(m.ctx)
		m.in.put(call.TimeUp{At: time.Now(), Epoch: cmd.Epoch})
	})
}

// nextFirst is how long somebody whose agent has hung up waits for the end: that agent
// may be rung for the next one first, which is the work of the same Asterisk.
const nextFirst = 20 * time.Millisecond

// hangUpCallerNext is hangUpCaller beside the mailbox. The call is not forgotten before.
func (m *mailbox) hangUpCallerNext() {
	parted := make(chan struct{})
	m.parted = parted
	m.e.work.Go(func() {
		defer close(parted)
		pauseFor(m.e.ctx, nextFirst)
		m.hangUpCaller()
	})
}

// hangUpCaller ends the caller's call, unless this process has stood still: then she may
// be with the fallback by now, whatever the events of before say.
func (m *mailbox) hangUpCaller() {
	if m.e.pulse.frozen() {
		m.e.awake(m.e.ctx)
		s, err := m.e.looking.look(m.e.ctx)
		if err != nil || !factsOf(s).Channels[m.id].Inside {
			return // if she is with us after all, the comparison finds her
		}
	}
	m.hangUp(m.id, asterisk.HangUpNormal)
}

func (m *mailbox) hangUp(channel string, reason asterisk.HangUpReason) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.ctx), 5*time.Second)
	defer cancel()
	if err := m.e.ari.HangUp(ctx, channel, reason); err != nil {
		// The sweep of resync hangs up what belongs to nothing.
		m.e.log.Warn("leg could not be hung up", "call", m.id, "error", err)
	}
}

func hangUpReason(r string) asterisk.HangUpReason {
	switch r {
	case "no-answer":
		return asterisk.HangUpNoAnswer
	case "answered-elsewhere":
		return asterisk.HangUpAnsweredElsewhere
	}
	return asterisk.HangUpNormal
}

// sendToEmergency hands the caller to the dialplan, which dials 112.
func (m *mailbox) sendToEmergency() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.ctx), 10*time.Second)
	defer cancel()
	if err := m.e.ari.ProlongLife(ctx, m.id, 0); err != nil {
		m.e.log.Warn("dead man's switch could not be taken off", "call", m.id, "error", err)
	}
	if err := m.e.ari.Continue(ctx, m.id, emergencyContext, "s", 1); err != nil {
		m.e.log.Error("caller could not be sent to 112", "call", m.id, "error", err)
	}
}

// setGuard keeps the dead man's switch from firing while this process cares
// for the caller, and takes it off when an agent does.
func (m *mailbox) setGuard(on bool) {
	if m.guard != nil {
		m.guard()
		m.guard = nil
	}
	ctx, cancel := context.WithCancel(m.ctx)
	m.guard = cancel
	if on {
		go m.keepAlive(ctx, m.armed)
	} else {
		go m.takeOff(ctx)
	}
	m.armed = time.Time{}
}

// takeOff takes the dead man's switch off, however often Asterisk does not
// answer: it would part two people.
func (m *mailbox) takeOff(ctx context.Context) {
	for ctx.Err() == nil && asterisk.IsUnknown(m.prolong(ctx, 0)) {
		time.Sleep(commitRetry)
	}
	if !m.wasOthers.Load() {
		return
	}
	// The engine that had her may renew it once more before it learns that it lost her.
	pauseFor(ctx, deadAfter*3)
	if ctx.Err() == nil {
		m.prolong(ctx, 0)
	}
}

// prolongLimit is how long an answer is waited for, behind a prompt also.
const prolongLimit = 35 * time.Second

// freshly is how long after the dialplan armed the switch it need not be renewed:
// most callers have an agent by then.
const freshly = time.Second

// keepAlive sets the switch, however often Asterisk does not answer: it may not be set
// at all, or have nearly run out. Then it renews it at a quarter of its time, and only
// while this process can do its work: when the store is away, the fallback is better.
func (m *mailbox) keepAlive(ctx context.Context, armed time.Time) {
	life := m.e.settings().deadMan()
	since := time.Since(armed)
	fresh := since >= 0 && since < freshly
	if fresh {
		pauseFor(ctx, freshly-since)
	}
	if !fresh || m.e.healthy() {
		for ctx.Err() == nil && asterisk.IsUnknown(m.prolong(ctx, life)) {
			pauseFor(ctx, commitRetry)
		}
	}
	tick := time.NewTicker(life / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if m.e.healthy() {
				m.prolong(ctx, life)
			}
		}
	}
}

// prolong gives an order about the switch, one after the other was answered: an order
// to prolong that came to Asterisk after the one to take it off would part two people.
func (m *mailbox) prolong(ctx context.Context, life time.Duration) error {
	m.prolonging.Lock()
	defer m.prolonging.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	sent, cancel := context.WithTimeout(context.WithoutCancel(ctx), prolongLimit)
	defer cancel()
	err := m.e.ari.ProlongLife(sent, m.id, life)
	if err != nil && ctx.Err() == nil && !asterisk.IsNotFound(err) {
		m.e.log.Warn("dead man's switch could not be set", "call", m.id, "error", err)
	}
	return err
}
