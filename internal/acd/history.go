package acd

import (
	"context"
	"errors"
	"reflect"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/number"
	"powerline/queue"
)

// Records is where the history goes. Each method returns at once; what was
// given is durable when stored is called, in PostgreSQL or in the journal.
type Records interface {
	Call(r CallRecord, stored func())
	CallEvent(r CallEvent)
	AgentEvent(r AgentEvent)
}

// CallRecord is a call that is over.
type CallRecord struct {
	Call call.Call
	// Sealed is the caller's number, encrypted; empty when it was withheld or no
	// key is set.
	Sealed []byte
}

// CallEvent is one line of a call's history, in queue_log's words.
type CallEvent struct {
	Call   string
	Seq    int64 // rises with each event of the call
	At     time.Time
	Name   call.LogName
	Agent  agent.ID
	Detail string
}

// AgentEvent is one change of an agent's status or state.
type AgentEvent struct {
	Name    string // AgentLogin, AgentPause …
	Agent   agent.ID
	Version int64
	At      time.Time
	Status  agent.Status
	Reason  string
	State   agent.State
	Call    string
	// Before and Lasted say what ended with this event, and how long it was.
	Before agent.State
	Lasted time.Duration
}

// sealedNumber is what an engine keeps of a caller's number while she calls.
type sealedNumber []byte

// recall keeps the number of a caller whom this engine did not see arrive.
func (e *Engine) recall(s asterisk.Snapshot, id string) {
	e.mu.Lock()
	_, known := e.callers[id]
	e.mu.Unlock()
	if known {
		return
	}
	for _, ch := range s.Channels {
		if ch.ID == id {
			e.remember(id, number.FromCaller(ch.Caller.Plain()))
		}
	}
}

// remember keeps the number of a caller for her record, sealed at once.
func (e *Engine) remember(id string, n number.Number) {
	if len(e.sealKey) == 0 || n.Withheld() {
		return
	}
	sealed, err := n.Seal(e.sealKey)
	if err != nil {
		e.log.Error("number could not be sealed for the record", "call", id, "error", err)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.callers[id] = sealed
}

func (m *mailbox) log(cmd call.Log) {
	m.seq++
	m.e.metrics.count(m.c, cmd)
	m.e.records.CallEvent(CallEvent{Call: m.id, Seq: m.seq, At: cmd.At, Name: cmd.Name, Agent: cmd.Agent, Detail: cmd.Detail})
}

// tidyAfter is how long an empty bridge waits for its end: the agent who has just left
// it may be rung for the next caller first, which is the work of the same Asterisk.
const tidyAfter = 100 * time.Millisecond

// file writes the call's record; when that is durable, the call is forgotten.
func (m *mailbox) file() {
	m.leaveAlone()
	m.setGuardOff()
	if m.c.Outcome == call.AbandonedWaiting || m.c.Outcome == call.AbandonedRinging {
		m.keepPlace()
	}
	m.countEnd()
	m.e.mu.Lock()
	sealed := m.e.callers[m.id]
	m.e.mu.Unlock()
	c := m.c
	go func() {
		pauseFor(m.e.ctx, tidyAfter)
		m.destroyBridges(c)
	}()
	parted := m.parted
	m.e.records.Call(CallRecord{Call: c, Sealed: sealed}, func() {
		if parted != nil {
			<-parted // or she would be taken for a caller of whom nobody knows
		}
		m.e.letGo(m, c)
	})
}

// countEnd counts the call, once: what its end asked for is carried out again as often
// as it is found ended and not yet forgotten.
func (m *mailbox) countEnd() {
	if m.counted {
		return
	}
	m.counted = true
	m.e.metrics.ended(m.c)
}

// letGo forgets a call whose record is durable, however long the store is away.
func (e *Engine) letGo(m *mailbox, c call.Call) {
	for e.ctx.Err() == nil {
		self := e.owner()
		ctx, cancel := context.WithTimeout(e.ctx, 2*time.Second)
		err := e.store.Forget(ctx, self, c.ID)
		cancel()
		switch {
		case err == nil:
			e.floor.Forget(c.ID)
			m.end()
			return
		case errors.As(err, new(*queue.NotOwnerError)):
			m.end() // whoever has it forgets it
			return
		case errors.Is(err, queue.ErrWiped):
			e.rebuild(e.ctx, self)
		}
		select {
		case <-e.ctx.Done():
		case <-time.After(commitRetry):
		}
	}
}

// setGuardOff ends the renewals; the switch itself is gone with the caller, or
// rightly in charge of her.
func (m *mailbox) setGuardOff() {
	if m.guard != nil {
		m.guard()
		m.guard = nil
	}
}

// keepPlace lets her have her place again if she dials again soon.
func (m *mailbox) keepPlace() {
	if m.c.Caller == "" || m.e.settings().Config.Resume.MaxAge <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(m.ctx, 500*time.Millisecond)
	defer cancel()
	if err := m.e.store.KeepPlace(ctx, m.c.Caller, m.c.Queued, m.c.EndedAt); err != nil {
		m.e.log.Info("place in the queue could not be kept", "call", m.id, "error", err)
	}
}

// destroyBridges ends the bridges that a call does not need any more.
func (m *mailbox) destroyBridges(c call.Call) {
	for _, id := range c.Bridges() {
		m.e.destroyBridge(id)
	}
}

// logAgent writes what changed about an agent.
func (e *Engine) logAgent(before, after agent.Agent) {
	e.metrics.agentChanged(before, after)
	same := before.Status == after.Status && before.Reason == after.Reason && before.Epoch == after.Epoch &&
		before.Online == after.Online && before.Locked == after.Locked
	if before.Version != 0 && same {
		return
	}
	r := AgentEvent{
		Name: nameOfChange(before, after), Agent: after.Profile.ID, Version: after.Version, At: time.Now(),
		Status: after.Status, Reason: after.Reason, State: after.State, Call: after.Call,
	}
	if before.Epoch != after.Epoch && before.Version != 0 {
		r.Before, r.Lasted = before.State, max(0, after.Since.Sub(before.Since))
	}
	e.records.AgentEvent(r)
}

// nameOfChange is what happened to her, in the words of the agents' history.
func nameOfChange(before, after agent.Agent) string {
	switch {
	case before.Version == 0:
		return "AgentKnown"
	case before.Locked != after.Locked && after.Locked:
		return "AgentLocked"
	case before.Locked != after.Locked:
		return "AgentUnlocked"
	case before.Status != after.Status && after.Status == agent.LoggedOut:
		return "AgentLogoff"
	case before.Status == agent.LoggedOut && after.Status != agent.LoggedOut:
		return "AgentLogin"
	case after.Status == agent.NotReady && (before.Status != after.Status || before.Reason != after.Reason):
		return "AgentPause"
	case before.Status != after.Status:
		return "AgentUnpause"
	case before.Online != after.Online && after.Online:
		return "AgentPhoneRegained"
	case before.Online != after.Online:
		return "AgentPhoneLost"
	}
	return stateNames[after.State]
}

var stateNames = map[agent.State]string{
	agent.Idle: "AgentIdle", agent.Reserved: "AgentReserved", agent.Talking: "AgentTalking",
	agent.WrapUp: "AgentWrapUp", agent.Recovery: "AgentRecovery", agent.Delayed: "AgentDelayed",
}

func agentEventName(ev agent.Event) string { return reflect.TypeOf(ev).Name() }

func sameProfile(a, b agent.Profile) bool { return reflect.DeepEqual(a, b) }
