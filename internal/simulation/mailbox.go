package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
)

// box is the one place where a call is stepped, committed and acted for.
type box struct {
	e     *engine
	id    string
	c     call.Call
	inbox []any // call.Event, legEnded, facts, adopted or found
	busy  bool  // somebody works on the inbox
	over  bool
	acted time.Duration // when the last command was carried out
	sure  time.Duration // when the call was last known to be ours
	owner queue.Owner   // as which the last commit was asked for
	again bool          // the store was read again because of a refused commit

	dialogue  *dialogue
	guards    int // serial of the renewal of the dead man's switch
	entered   bool
	onEntered func()
	guarded   bool
	mutes     []call.MuteRecording // asked for and not answered
	wasOthers bool
	parting   bool // the caller is about to be hung up
	onParted  func()
	renewing  int // orders about the dead man's switch that are not answered yet
}

type transactFunc = func(call.Rules, call.Call, call.Event, func(agent.ID) (agent.Agent, bool)) (floor.Transaction, floor.Verdict)

// legEnded follows what the end of a leg meant for the call: now its agent's
// phone is free.
type legEnded struct{ leg string }

// facts are a snapshot and the moment at which its reading began.
type facts struct {
	seen  floor.Facts
	taken time.Duration
}

// face steps the call with what Asterisk shows of it. Facts that are older than
// what was done last say nothing about it; then it looks itself.
func (m *box) face(f facts) {
	e := m.e
	if f.taken > m.acted || e.w.shell.staleFacts {
		a, _ := e.floor.Agent(m.c.Offer.Agent)
		c := m.c
		c.ID = m.id
		m.handle(f.seen.Resumed(c, a.Profile, e.w.clock()))
		return
	}
	e.w.covered("looked again")
	taken := e.w.now
	e.w.pbx.look(e, func(s *snapshot, err error) {
		switch {
		case m.over:
		case err != nil:
			e.later(commitRetry, func() { m.face(facts{taken: -1}) })
		default:
			m.face(facts{s.facts, max(taken, m.acted+1)})
		}
	})
}

// adopted brings a call that the store has just given to this process; found
// one that stands in Asterisk and nowhere else.
type (
	adopted struct{ call call.Call }
	found   struct{ call call.Call }
)

const (
	commitRetry = 100 * time.Millisecond
	nextFirst   = 20 * time.Millisecond
)

func (m *box) put(item any) {
	if m.over {
		m.drop(item)
		return
	}
	m.inbox = append(m.inbox, item)
	if !m.busy {
		m.busy = true
		m.e.soon(m.next)
	}
}

// next works on the oldest item.
func (m *box) next() {
	if m.over {
		return
	}
	if len(m.inbox) == 0 {
		m.busy = false
		return
	}
	item := m.inbox[0]
	m.inbox = m.inbox[1:]
	switch item := item.(type) {
	case call.CallerGone:
		if item.Fallback && item.At.Before(epoch.Add(m.acted)) && !m.e.w.shell.staleFacts {
			m.face(facts{taken: -1}) // she may be back
			return
		}
		m.handle(item)
	case call.Event:
		m.handle(item)
	case legEnded:
		m.e.legEndedSoon(item.leg)
		m.next()
	case facts:
		m.face(item)
	case adopted:
		if item.call.Version > m.c.Version {
			m.c = item.call
		}
		m.wasOthers = true
		m.next()
	case found:
		m.takeFound(item.call)
	}
}

// drop loses an item for which it is too late.
func (m *box) drop(item any) {
	if _, ok := item.(call.Matched); ok && !m.e.w.shell.leakyRouter {
		m.e.router.settled(m.id)
	}
}

// end ends the mailbox; a little later it is gone.
func (m *box) end() {
	if m.over {
		return
	}
	m.over = true
	for _, item := range m.inbox {
		m.drop(item)
	}
	m.inbox = nil
	m.guards++
	m.guarded = false
	if d := m.dialogue; d != nil {
		if m.e.w.shell.lateMusic {
			m.e.command(func() error { return m.e.w.pbx.hush(m.id) }, nil)
		} else {
			d.stopped = true // without a word to Asterisk: who has her now, plays to her
		}
	}
	m.e.soon(func() { m.e.retire(m) })
}

// takeFound stores a call that was read off its channel, and goes on with it. A
// talk is stored by a rebuild, which alone may bring an agent into a talk.
func (m *box) takeFound(c call.Call) {
	if c.Stage == call.Talking && !m.e.w.shell.foundByCommit {
		m.rebuildTalk(c)
		return
	}
	m.e.commit(queue.Change{Calls: []queue.CallWrite{{Call: c}}}, func(stored call.Call, err error) {
		if err == nil {
			m.c = stored
			m.face(facts{taken: -1})
			return
		}
		m.refused(call.Resumed{}, err, func(again bool) {
			switch {
			case !again:
				m.end()
			case m.c.Version == 0:
				m.takeFound(c)
			default:
				m.next() // the store has it after all
			}
		})
	})
}

func (m *box) rebuildTalk(c call.Call) {
	e := m.e
	var agents []agent.Agent
	hold := func(id agent.ID, leg string) bool {
		a, known := e.floor.Agent(id)
		a.State, a.Call, a.Leg, a.Since, a.Lasts = agent.Talking, c.ID, leg, e.w.clock(), 0
		a.Epoch++
		a.Version++
		agents = append(agents, a)
		return known
	}
	if !hold(c.Offer.Agent, c.Offer.Leg) {
		m.end()
		return
	}
	c.Guests = slices.DeleteFunc(slices.Clone(c.Guests), func(g call.Guest) bool { return !hold(g.Agent, g.Leg) })
	owner, since := e.owner, e.floor.Mark()
	ask(e, func(ctx context.Context) (queue.Rebuilt, error) {
		return e.w.store.Rebuild(ctx, owner, []call.Call{c}, agents)
	}, func(built queue.Rebuilt, err error) {
		e.tookRebuilt(built, since, 1, err)
		stored, there := e.floor.Call(c.ID)
		switch {
		case m.over:
		case errors.Is(err, queue.ErrUnavailable):
			e.later(commitRetry, func() { m.rebuildTalk(c) })
		case err != nil || !there || !e.mine(stored):
			m.end()
		default:
			m.c = stored
			m.face(facts{taken: -1})
		}
	})
}

// handling is one event on its way through Step, commit and act.
type handling struct {
	m     *box
	ev    call.Event
	acted bool
	tries int
	late  []call.Command // of an end that was acted on before it was committed
}

func (m *box) handle(ev call.Event) {
	h := &handling{m: m, ev: ev}
	m.unlessOvertaken(ev, h.step)
}

// unlessOvertaken goes on with an event that would end a ring, unless somebody has
// answered: then the call goes on with that.
func (m *box) unlessOvertaken(ev call.Event, goOn func()) {
	e := m.e
	if !m.c.AsksFirst(ev) || e.w.shell.endsBlindly {
		goOn()
		return
	}
	e.w.pbx.look(e, func(s *snapshot, err error) {
		switch {
		case m.over:
		case err != nil:
			e.later(commitRetry, func() { m.put(ev) })
			m.next()
		default:
			facts := s.facts.Resumed(m.c, agent.Profile{}, e.w.clock())
			if !facts.Up {
				goOn()
				return
			}
			e.w.covered("ring ended too late")
			m.handle(facts)
		}
	})
}

// done goes on to the next event.
func (h *handling) done() {
	if _, ok := h.ev.(call.Matched); ok {
		h.m.e.router.settled(h.m.id)
	}
	h.m.next()
}

func (h *handling) step() {
	m := h.m
	if m.over {
		h.settleOnly()
		return
	}
	e := m.e
	t, verdict := e.w.shell.transact(e.w.rules, m.c, h.ev, e.floor.Agent)
	if verdict != floor.Moved {
		h.done()
		return
	}
	if e.w.shell.actFirst && h.tries == 0 {
		m.act(t.Commands, stageOf(t.Next), func() { h.acted = true; h.commit(t) })
		return
	}
	e.w.coveredOrder(h.ev)
	e.point("before commit", stageOf(t.Next), func() { h.commit(t) })
}

// settleOnly: the outcome of a proposal is known.
func (h *handling) settleOnly() {
	if _, ok := h.ev.(call.Matched); ok {
		h.m.e.router.settled(h.m.id)
	}
}

func (h *handling) commit(t floor.Transaction) {
	m := h.m
	if p, places := h.ev.(call.Placed); places && p.Old(m.e.w.clock(), lease) && !m.e.w.shell.placesLate {
		m.e.w.covered("placement given up")
		m.end()
		return
	}
	h.tries++
	m.sure, m.owner = m.e.w.now, m.e.owner
	if len(t.Change.Calls) == 0 && len(t.Change.Agents) == 0 {
		h.act(t)
		return
	}
	m.e.commit(t.Change, func(stored call.Call, err error) {
		if m.over {
			h.settleOnly()
			return
		}
		if err == nil {
			if len(t.Change.Calls) > 0 {
				m.c = stored
			}
			m.e.w.note("%s    %s %s -> %s v%d", m.e.name, m.id, describe(h.ev), m.c.Stage, m.c.Version)
			m.e.point("after commit", stageOf(t.Next), func() { h.act(t) })
			return
		}
		m.e.w.note("%s    %s %s refused: %v", m.e.name, m.id, describe(h.ev), err)
		if m.e.w.shell.unfenced && errors.As(err, new(*queue.NotOwnerError)) {
			h.act(t)
			return
		}
		if _, places := h.ev.(call.Placed); places && errors.Is(err, queue.ErrUnavailable) && !m.e.w.shell.placesLate {
			m.e.w.covered("placement given up")
			m.e.storeFailed(err)
			m.end()
			return
		}
		m.refused(h.ev, err, func(again bool) { h.refused(t, err, again) })
	})
}

func (h *handling) act(t floor.Transaction) {
	m := h.m
	cmds := t.Commands
	if h.acted {
		cmds = h.late
	}
	if m.e.w.shell.forgetful && h.tries > 1 {
		cmds = nil
	}
	h.settleOnly()
	m.act(cmds, stageOf(t.Next), func() { m.e.point("after commands", stageOf(t.Next), h.done) })
}

// refused repeats the commit if the store was away, steps again from newer
// documents, or gives the event up. While the store is away an ended call is
// acted on at once, but for its record: silence is worse than a late record.
func (h *handling) refused(t floor.Transaction, err error, again bool) {
	repeat := func() { h.commit(t) }
	_, concluded := h.ev.(call.Resumed)
	switch moved := knownRefusal(err); {
	case moved && concluded && !h.m.e.w.shell.staleFacts:
		repeat = func() { h.m.face(facts{taken: -1}) } // they were about another state of the call
	case moved, h.m.e.w.shell.steppedAnew:
		repeat = h.step
	}
	switch {
	case !again:
		h.done()
	case !h.acted && t.Next.Stage == call.Ended && !knownRefusal(err) && h.witnessed():
		h.m.unlessOvertaken(h.ev, func() { h.endNow(t, repeat) })
	default:
		repeat()
	}
}

// endNow acts on an end that is not committed yet.
func (h *handling) endNow(t floor.Transaction, repeat func()) {
	now := t.Commands
	if !h.m.e.w.shell.filedEarly {
		now, h.late = split(t.Commands)
	}
	h.m.act(now, stageOf(t.Next), func() { h.acted = true; repeat() })
}

// witnessed: an event said that it is over. What is concluded from facts may be
// the work of a peer, and waits for the store.
func (h *handling) witnessed() bool {
	_, concluded := h.ev.(call.Resumed)
	return !concluded || h.m.e.w.shell.filedEarly
}

// split parts what may be done before the commit from what may not.
func split(cmds []call.Command) (now, late []call.Command) {
	for _, cmd := range cmds {
		if _, files := cmd.(call.File); files {
			late = append(late, cmd)
		} else {
			now = append(now, cmd)
		}
	}
	return now, late
}

func knownRefusal(err error) bool {
	var conflict *queue.Conflict
	return errors.As(err, &conflict) || errors.Is(err, queue.ErrWiped)
}

// refused decides what to do about a commit that did not happen.
func (m *box) refused(ev call.Event, err error, then func(again bool)) {
	var conflict *queue.Conflict
	var law *queue.LawError
	var other *queue.NotOwnerError
	switch {
	case m.earlierLife(err) && !m.e.w.shell.takenForStale:
		m.comeToUs(then)
	case errors.As(err, &conflict):
		then(m.conflicted(conflict))
	case errors.As(err, &other), errors.Is(err, queue.ErrFenced):
		m.e.w.covered("fenced")
		m.end()
		m.e.lostCall(m.id)
		then(false)
	case errors.As(err, &law):
		m.unlawful(then)
	case errors.Is(err, queue.ErrWiped):
		m.e.rebuild(m.owner, func() { m.afterRebuild(ev, then) })
	default:
		m.e.storeFailed(err)
		m.e.later(commitRetry, func() { then(true) })
	}
}

// unlawful: the last check refused. Either what we know is old, as after two
// histories met; then the same event is tried once on what the store holds. Or
// it is a bug of ours; then the call stays as it was.
func (m *box) unlawful(then func(again bool)) {
	m.again = !m.again
	if !m.again || m.e.w.shell.leavesOnce {
		then(false)
		return
	}
	m.e.load(func(err error) {
		if c, known := m.e.floor.Call(m.id); err == nil && known && m.e.mine(c) {
			m.c = c
		}
		then(err == nil)
	})
}

// afterRebuild goes on with the call as the rebuild has left it, if it has. If
// that is newer, the commit had landed and only its answer was lost: what is
// left to do, the facts tell.
func (m *box) afterRebuild(ev call.Event, then func(again bool)) {
	c, there := m.e.floor.Call(m.id)
	switch before := m.c.Version; {
	case before == 0 || m.e.w.shell.keepsHigher:
		then(true)
	case !there || !m.e.mine(c):
		m.end() // if she is there still, the next look at Asterisk finds her
		then(false)
	case c.Version > before:
		m.c = c
		m.drop(ev)
		m.face(facts{taken: -1})
	default:
		m.c = c
		then(true)
	}
}

// earlierLife: the channel was here before, and the store has a call of it.
func (m *box) earlierLife(err error) bool {
	var conflict *queue.Conflict
	return m.c.Version == 0 && (errors.As(err, new(*queue.NotOwnerError)) ||
		errors.As(err, &conflict) && len(conflict.Calls) == 1 && conflict.Calls[0].Stage == call.Ended)
}

// comeToUs: a call that goes on belongs to whoever Asterisk has given her
// channel to, which is this engine. One that has ended will be forgotten by
// whoever ended it, in a moment or when it has been taken over.
func (m *box) comeToUs(then func(again bool)) {
	e := m.e
	retry := func() { e.later(commitRetry, func() { then(!m.over) }) }
	e.load(func(err error) {
		c, there := e.floor.Call(m.id)
		if err != nil || !there || c.Stage == call.Ended {
			if err == nil && there && e.mine(c) {
				e.w.covered("earlier visit filed by us")
				e.fileOrphan(c)
			}
			retry()
			return
		}
		self := e.owner
		ask(e, func(ctx context.Context) (call.Call, error) { return e.w.store.Adopt(ctx, self, c, true) },
			func(mine call.Call, err error) {
				if err != nil {
					retry()
					return
				}
				e.w.note("%s    %s comes to us from %s, %s", e.name, c.ID, c.Owner, c.Stage)
				e.w.covered("came by way of a peer")
				e.learn([]call.Call{mine}, nil, true)
				m.c = mine
				then(true)
			})
	})
}

func (m *box) conflicted(conflict *queue.Conflict) bool {
	m.e.learn(conflict.Calls, conflict.Agents, false)
	for _, c := range conflict.Calls {
		switch {
		case c.ID != m.id:
		case c.Owner != m.e.name:
			m.end()
			return false
		case m.c.Version == 0 && c.Stage == call.Ended: // today's acd
			m.c = call.Call{ID: m.id, Version: c.Version}
		default:
			m.c = c
		}
	}
	return true
}

// lease is how long after a commit was asked for, or after a command, the call
// is surely ours still. It is less than a peer's patience: a process that was
// frozen for longer finds out before it acts.
const lease = 400 * time.Millisecond

// act carries out commands in their order.
func (m *box) act(cmds []call.Command, stage call.Stage, then func()) {
	if len(cmds) == 0 {
		then()
		return
	}
	if e := m.e; e.w.now-m.sure > lease && !isLog(cmds[0]) && !e.w.shell.lateActs {
		e.w.covered("late act refused/" + string(stage))
		m.face(facts{taken: -1})
		return
	}
	m.e.w.note("%s    %s   %s", m.e.name, m.id, describe(cmds[0]))
	began, log := m.e.w.now, isLog(cmds[0])
	m.do(cmds[0], func() {
		if !log {
			m.acted, m.sure = m.e.w.now, began
		}
		rest := func() { m.act(cmds[1:], stage, then) }
		if len(cmds) > 1 && !isLog(cmds[1]) {
			m.e.point("between commands", stage, rest)
			return
		}
		rest()
	})
}

func isLog(cmd call.Command) bool {
	_, ok := cmd.(call.Log)
	return ok
}

func (m *box) do(cmd call.Command, then func()) {
	e, p := m.e, m.e.w.pbx
	ignore := func(error) { then() }
	switch cmd := cmd.(type) {
	case call.Greet:
		m.converse(&dialogue{m: m, greets: true}, then)
	case call.KeepCompany:
		m.converse(&dialogue{m: m}, then)
	case call.LeaveAlone:
		m.leaveAlone(then)
	case call.Guard:
		m.setGuard(cmd.On)
		then()
	case call.Stamp:
		c := m.c
		e.command(func() error { return p.setStamp(m.id, c) }, nil)
		then()
	case call.Ring:
		m.ring(cmd, then)
	case call.Timer:
		m.timer(cmd)
		then()
	case call.HangUpLeg:
		e.command(func() error { return p.hangUp(e, cmd.Leg) }, ignore)
	case call.Join:
		m.join(cmd, then)
	case call.Dial:
		m.dial(cmd, then)
	case call.HoldCaller:
		m.hold(then)
	case call.Seat:
		m.placed(cmd.Leg, then, func() error { return p.addToBridge(cmd.Bridge, cmd.Leg) })
	case call.Overhear:
		m.overhear(cmd, then)
	case call.EndBridge:
		e.command(func() error { return p.destroyBridge(cmd.Bridge) }, nil)
		then()
	case call.GuestTimer:
		m.guestTimer(cmd)
		then()
	case call.Record:
		m.record(cmd)
		then()
	case call.StopRecording:
		m.stopRecording(cmd)
		then()
	case call.MuteRecording:
		m.muteRecording(cmd)
		then()
	case call.PauseTimer:
		m.pauseTimer(cmd)
		then()
	case call.HangUpCaller:
		m.leaveAlone(func() { m.part(then) })
	case call.SendToEmergency:
		e.command(func() error { return p.setDeadline(m.id, 0) }, func(error) {
			e.command(func() error { return p.continueAt112(m.id) }, ignore)
		})
	case call.File:
		m.file(then)
	default:
		then()
	}
}

// hangUpCaller ends the caller's call, unless this process has stood still: then she may
// be with the fallback by now.
func (m *box) hangUpCaller(then func(error)) {
	e, p := m.e, m.e.w.pbx
	hangUp := func() { e.command(func() error { return p.hangUp(e, m.id) }, then) }
	if !e.asleep || e.w.shell.sleepwalker {
		hangUp()
		return
	}
	e.awake(func() {
		p.look(e, func(s *snapshot, err error) {
			if err != nil || !s.facts.Channels[m.id].Inside {
				then(nil)
				return
			}
			hangUp()
		})
	})
}

const ringMargin = 3 * time.Second

func (m *box) ring(cmd call.Ring, then func()) {
	e := m.e
	e.command(func() error { return e.w.pbx.originate(e, cmd.Leg, m.id, cmd.Agent, cmd.For+ringMargin) }, func(err error) {
		if errors.Is(err, errRefused) {
			m.put(call.RingFailed{At: e.w.clock(), Leg: cmd.Leg, Why: agent.Unreachable})
		}
		then()
	})
}

func (m *box) timer(cmd call.Timer) {
	e := m.e
	e.later(cmd.After, func() {
		e.awake(func() { m.put(call.TimeUp{At: e.w.clock(), Epoch: cmd.Epoch}) })
	})
}

func (m *box) join(cmd call.Join, then func()) {
	e, p := m.e, m.e.w.pbx
	failed := func(err error) {
		if errors.Is(err, errUnknown) && !e.w.shell.guessesJoin {
			m.put(facts{taken: -1}) // it may have happened
			then()
			return
		}
		e.command(func() error { return p.exists(m.id) }, func(err error) {
			if errors.Is(err, errNotFound) {
				m.put(call.CallerGone{At: e.w.clock()})
			} else {
				m.put(call.JoinFailed{At: e.w.clock(), Leg: cmd.Leg, Nth: cmd.Nth})
			}
			then()
		})
	}
	e.command(func() error { return p.createBridge(cmd.Bridge) }, func(err error) {
		if err != nil {
			failed(err)
			return
		}
		legs := []string{m.id, cmd.Leg}
		if cmd.Alone {
			legs = legs[1:]
		}
		e.command(func() error { return p.addToBridge(cmd.Bridge, legs...) }, func(err error) {
			if err != nil {
				failed(err)
				return
			}
			m.put(call.Joined{At: e.w.clock(), Leg: cmd.Leg})
			if len(m.c.Spoken) > 1 { // she has just left the last one
				m.destroyBridges(m.c)
			}
			then()
		})
	})
}

// setGuard renews the dead man's switch, or takes it off.
func (m *box) setGuard(on bool) {
	m.guards++
	m.guarded = on
	if !on {
		m.takeOff(m.guards)
		return
	}
	if !m.e.w.shell.lazyGuard {
		m.arm(m.guards)
	}
	m.keepAlive(m.guards)
}

// arm sets the switch, however often Asterisk does not answer: it may not be set at all.
func (m *box) arm(serial int) {
	if m.renewing > 0 {
		m.e.later(time.Millisecond, func() { m.armStill(serial) })
		return
	}
	if ch := m.e.w.pbx.byID[m.id]; ch != nil {
		ch.arming = true
	}
	m.renew(func(err error) {
		if errors.Is(err, errUnknown) && m.guards == serial {
			m.e.later(commitRetry, func() {
				m.armStill(serial)
			})
		}
	})
}

func (m *box) armStill(serial int) {
	if m.guards == serial {
		m.arm(serial)
	}
}

func (m *box) renew(then func(error)) {
	m.renewing++
	m.e.command(func() error { return m.e.w.pbx.setDeadline(m.id, deadMan) }, func(err error) {
		m.renewing--
		then(err)
	})
}

func (m *box) takeOffStill(serial int) {
	if m.guards == serial {
		m.takeOff(serial)
	}
}

// takeOff takes the dead man's switch off, however often Asterisk does not answer:
// it would part two people.
func (m *box) takeOff(serial int) {
	if m.renewing > 0 && !m.e.w.shell.guardsRace {
		m.e.later(time.Millisecond, func() { m.takeOffStill(serial) })
		return
	}
	m.renewing++
	m.e.command(func() error { return m.e.w.pbx.setDeadline(m.id, 0) }, func(err error) {
		m.renewing--
		switch {
		case m.guards != serial || m.e.w.shell.guardsOnce:
		case errors.Is(err, errUnknown):
			m.takeOff(serial)
		case m.wasOthers:
			m.wasOthers = false
			m.e.later(3*deadAfter, func() {
				m.takeOffStill(serial)
			})
		}
	})
}

func (m *box) keepAlive(serial int) {
	e := m.e
	e.later(deadMan/4, func() {
		if m.guards != serial || e.w.shell.unguarded {
			return
		}
		if e.healthy() {
			m.renew(func(error) {})
		}
		m.keepAlive(serial)
	})
}

// file writes the call's record; when that is durable, the call is forgotten.
func (m *box) file(then func()) {
	e, w := m.e, m.e.w
	m.leaveAlone(func() {
		m.guards++
		m.guarded = false
		c := m.c
		if c.Kind == call.Outbound {
			m.destroyBridges(c)
			m.fileAttempt(c)
			then()
			return
		}
		written := func() {
			m.destroyBridges(c)
			e.later(w.between(200*time.Microsecond, 4*time.Millisecond), func() {
				w.law.filed(c)
				e.point("record written", c.Stage, func() { m.afterParting(func() { e.letGo(m, c) }) })
			})
			then()
		}
		if c.Outcome != call.AbandonedWaiting && c.Outcome != call.AbandonedRinging {
			written()
			return
		}
		ask(e, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, w.store.KeepPlace(ctx, c.Caller, c.Queued, c.EndedAt)
		}, func(struct{}, error) { written() })
	})
}

// fileAttempt writes how an attempt ended.
func (m *box) fileAttempt(c call.Call) {
	e := m.e
	e.archive(endOf(c), func() {
		e.w.law.filed(c)
		e.point("record written", outEnded, func() { m.afterParting(func() { e.letGo(m, c) }) })
	})
}

// destroyBridges ends the bridges that a call does not need any more.
func (m *box) destroyBridges(c call.Call) {
	for _, id := range c.Bridges() {
		m.e.command(func() error { return m.e.w.pbx.destroyBridge(id) }, nil)
	}
}

// part hangs up the caller: beside the mailbox if her agent has left, who is rung for
// the next one first.
func (m *box) part(then func()) {
	if m.c.Outcome != call.CompleteAgent {
		m.hangUpCaller(func(error) { then() })
		return
	}
	m.parting = true
	m.e.later(nextFirst, func() { m.hangUpCaller(func(error) { m.parted() }) })
	then()
}

// afterParting does what comes after the caller was hung up.
func (m *box) afterParting(do func()) {
	if m.parting {
		m.onParted = do
		return
	}
	do()
}

func (m *box) parted() {
	m.parting = false
	if m.onParted != nil {
		m.e.soon(m.onParted)
	}
}

// letGo forgets a call whose record is durable.
func (e *engine) letGo(m *box, c call.Call) {
	owner := e.owner
	ask(e, func(ctx context.Context) (struct{}, error) { return struct{}{}, e.w.store.Forget(ctx, owner, c.ID) },
		func(_ struct{}, err error) {
			e.w.note("%s    %s forgotten (%v)", e.name, c.ID, err)
			if err != nil && !e.w.shell.forgotOnce {
				switch {
				case errors.Is(err, queue.ErrWiped):
					e.rebuild(owner, func() { e.later(commitRetry, func() { e.letGo(m, c) }) })
					return
				case errors.As(err, new(*queue.NotOwnerError)):
					m.end() // whoever has it forgets it
					return
				case errors.Is(err, queue.ErrUnavailable):
					e.later(commitRetry, func() { e.letGo(m, c) })
					return
				}
			}
			e.floor.Forget(c.ID)
			e.router.poke()
			m.end()
		})
}

// dialogue is what the caller hears while nobody talks with her.
type dialogue struct {
	m       *box
	greets  bool
	stopped bool
	begun   time.Duration // or to be begun again
}

// late: the process slept since it was told to play; the caller may be another's.
func (d *dialogue) late() bool {
	e := d.m.e
	if e.w.now-d.begun <= lease || e.w.shell.lateMusic {
		return false
	}
	d.m.put(facts{taken: -1})
	return true
}

func (m *box) converse(d *dialogue, then func()) {
	d.begun = m.e.w.now
	m.leaveAlone(func() {
		m.dialogue = d
		m.e.soon(d.begin)
		then()
	})
}

func (m *box) leaveAlone(then func()) {
	d := m.dialogue
	if d == nil {
		then()
		return
	}
	d.stopped, m.dialogue = true, nil
	m.e.command(func() error { return m.e.w.pbx.hush(m.id) }, func(error) { then() })
}

func (d *dialogue) begin() {
	e := d.m.e
	if d.stopped || d.late() {
		return
	}
	if !d.greets {
		d.playMusic()
		return
	}
	length := e.w.between(400*time.Millisecond, 2500*time.Millisecond)
	e.command(func() error { return e.w.pbx.prompt(d.m.id, length+500*time.Millisecond) }, nil)
	e.later(length, func() {
		ev := call.Greeted{At: e.w.clock()}
		if e.w.chance(.3) {
			ev.Silence = call.Mute
		}
		d.greeted(ev)
	})
}

func (d *dialogue) greeted(ev call.Greeted) {
	if !d.stopped {
		d.stopped = true
		d.m.put(ev)
	}
}

func (d *dialogue) playMusic() {
	e := d.m.e
	if d.stopped || d.late() {
		return
	}
	e.command(func() error { return e.w.pbx.startMusic(d.m.id) }, func(err error) {
		if err != nil && !errors.Is(err, errNotFound) {
			d.begun = e.w.now + 2*time.Second
			e.later(2*time.Second, d.playMusic)
		}
	})
}

// hears takes in a key or a voice.
func (d *dialogue) hears(s sign) {
	e := d.m.e
	now := e.w.clock()
	if d.greets {
		switch s {
		case signDanger:
			d.greeted(call.Greeted{At: now, Silence: call.Danger})
		case signChose:
			d.greeted(call.Greeted{At: now, Category: "phone"})
		}
		return
	}
	switch s {
	case signSpoke:
		d.m.put(call.Spoke{At: now})
	case signPlea:
		d.m.put(call.Pleaded{At: now})
	case signDanger:
		d.m.put(call.Pleaded{At: now, Danger: true})
	case signChose:
		d.m.put(call.Chose{At: now, Category: "phone"})
	case signEmergency:
		d.m.put(call.Emergency{At: now})
	}
}

func describe(v any) string {
	switch v := v.(type) {
	case call.Matched:
		return fmt.Sprintf("Matched %s", v.Agent.ID)
	case call.Resumed:
		return fmt.Sprintf("Resumed caller=%v up=%v leg=%s joined=%v", v.Caller, v.Up, v.Leg, v.Joined)
	case call.Answered:
		return "Answered " + v.Leg
	case call.RingFailed:
		return fmt.Sprintf("RingFailed %s %s", v.Leg, v.Why)
	case call.LegGone:
		return fmt.Sprintf("LegGone %s lost=%v", v.Leg, v.Lost)
	case call.CallerGone:
		return fmt.Sprintf("CallerGone fallback=%v", v.Fallback)
	case call.Ring:
		return fmt.Sprintf("Ring %s %s", v.Leg, v.Agent)
	case call.HangUpLeg:
		return "HangUpLeg " + v.Leg
	case call.Join:
		return "Join " + v.Leg
	case call.Missed:
		return "Missed " + v.Failure.Cause
	case call.TakenBack:
		return "TakenBack " + v.Why
	}
	return fmt.Sprintf("%T", v)
}
