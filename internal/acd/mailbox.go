package acd

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
)

// mailbox is the one place where a call is stepped, committed and acted for.
type mailbox struct {
	e   *Engine
	id  string      // of the call and of the caller's channel
	in  *inbox[any] // call.Event or one of the items below
	c   call.Call
	ctx context.Context // ends with the mailbox
	end context.CancelFunc

	owner queue.Owner // as which the last commit was asked for
	sure  time.Time   // when the call was last known to be ours
	acted time.Time   // when the last command was carried out
	lost  atomic.Bool // the call is another engine's, so that nothing may be said to its caller

	dialogue  *dialogue // what the caller hears, while nobody talks with her
	inherits  bool      // an engine before this one may have left her with music or a prompt
	ringing   ringing   // what the agent hears while the other phone rings
	guard     context.CancelFunc
	armed     time.Time     // when the dialplan armed the dead man's switch; zero if that may be long ago
	mutes     turns         // orders to Asterisk that the recording hold silence, or not
	unheeded  chan struct{} // closed when Asterisk does not detect any more whether she speaks; nil until that was asked for
	parted    chan struct{} // closed when the caller was hung up on whom that waits; nil if nobody does
	wasOthers atomic.Bool   // the call was taken over from another engine
	// prolonging is held while the dead man's switch is set.
	prolonging sync.Mutex
	seq        int64         // of the last event of its history
	counted    bool          // its end is in the metrics
	reloaded   bool          // the store was read again because of a refused commit
	again      *call.Arrived // she is back before her last visit was filed
}

// What a mailbox gets beside events of its call.
type (
	// legEnded follows what the end of a leg meant for the call: now its agent's
	// phone is free.
	legEnded struct{ leg string }
	// adopted brings a call that the store has just given to this process.
	adopted struct{ call call.Call }
	// found brings a call that stands in Asterisk and nowhere else.
	found struct{ call call.Call }
	// leftUs: her channel is not with this process any more.
	leftUs struct{}
	// look asks for a look at Asterisk: what was known may be old.
	look struct{}
	// othersNow: the store has the call in this version as another engine's.
	othersNow struct{ version int64 }
	// forgotten: the store has the call no more.
	forgotten struct{}
)

// commitRetry is how often a commit is tried while the store is away.
const commitRetry = 100 * time.Millisecond

// run steps the call until it is filed or belongs to somebody else.
func (m *mailbox) run() {
	defer m.e.retire(m)
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-m.in.ready:
		}
		for m.ctx.Err() == nil {
			item, ok := m.in.take()
			if !ok {
				break
			}
			m.receive(item)
		}
	}
}

func (m *mailbox) receive(item any) {
	switch item := item.(type) {
	case call.Arrived:
		m.arrived(item)
	case call.CallerGone:
		if item.Fallback && item.At.Before(m.acted) {
			m.face() // she may be back
			return
		}
		m.handle(item)
	case call.Event:
		m.handle(item)
	case legEnded:
		m.e.legEndedSoon(item.leg)
	case orderItem:
		m.ordered(item)
	case tone:
		m.setTone(item.on)
	case look:
		m.face()
	case leftUs:
		m.leftUs()
	case adopted:
		m.wasOthers.Store(true)
		if item.call.Version > m.c.Version {
			m.c, m.inherits = item.call, true
		}
	case found:
		m.takeFound(item.call)
	case othersNow:
		if m.c.Version > 0 && item.version > m.c.Version {
			m.lose()
		}
	case forgotten:
		if m.c.Version > 0 && m.c.Stage != call.Ended {
			m.face() // an earlier visit of hers may have been meant
		}
	}
}

// arrived begins the call, or brings her back into it. If her last visit is over
// and not yet filed, she waits for that.
func (m *mailbox) arrived(ev call.Arrived) {
	if m.c.Stage == call.Ended {
		m.again = &ev
		return
	}
	m.armed = ev.Stamped
	m.handle(ev)
}

// late is for what reached the mailbox of a call that is over: somebody may be
// held by it, and nobody else would free her.
func (m *mailbox) late(item any) {
	switch item := item.(type) {
	case legEnded:
		m.e.legEndedSoon(item.leg)
	case call.Matched:
		m.e.router.settled(m.id)
	case call.Answered:
		if !m.lost.Load() {
			m.e.hangUpLater(item.Leg)
		}
	case call.Arrived, adopted, found:
		if m.e.ctx.Err() == nil {
			next, _ := m.e.open(call.Call{ID: m.id})
			next.in.put(item)
		}
	}
}

// lose lets go of a call that is another engine's. Its caller hears what that
// one plays, so that nothing is stopped here.
func (m *mailbox) lose() {
	m.e.log.Info("call belongs to another engine now", "call", m.id)
	m.lost.Store(true)
	if l, ok := m.e.knownLine(m.id); ok {
		l.lost.Store(true)
	}
	m.end()
}

// face steps the call with what Asterisk shows of it. The look begins after the
// last thing that was done for the call: older facts say nothing about it.
func (m *mailbox) face() {
	s, err := m.e.looking.look(m.ctx)
	if m.ctx.Err() != nil {
		return
	}
	if err != nil {
		time.AfterFunc(commitRetry, func() { m.in.put(look{}) })
		return
	}
	c := m.c
	c.ID = m.id
	a, _ := m.e.floor.Agent(c.Offer.Agent)
	m.e.recall(s, m.id)
	m.handle(factsOf(s).Resumed(c, a.Profile, time.Now()))
	if m.c.Kind == call.Outbound && m.c.Stage == call.Talking && !m.c.Ringing() {
		m.setTone(false) // the event that said so may have been lost
	}
}

// takeFound stores a call that was read off its channel, and goes on with it.
func (m *mailbox) takeFound(c call.Call) {
	m.inherits = true
	for m.ctx.Err() == nil {
		err := m.commit(queue.Change{Calls: []queue.CallWrite{{Call: c}}})
		if err == nil {
			m.face()
			return
		}
		if !m.refused(call.Resumed{}, err) {
			m.end()
			return
		}
		if m.c.Version != 0 {
			return // the store has it after all
		}
	}
}

// handle takes one event through Step, commit and act. After an answer was lost
// the same commit is repeated: if it had landed, it is recognised. After any
// other refusal the event is stepped anew.
func (m *mailbox) handle(ev call.Event) {
	if m.overtaken(ev) {
		return
	}
	settled := func() {}
	if _, ok := ev.(call.Matched); ok {
		settled = sync.OnceFunc(func() { m.e.router.settled(m.id) })
		defer settled()
	}
	t, verdict := m.transact(ev)
	var late []call.Command // of an end that was acted on before it was committed
	acted := false
	for verdict == floor.Moved && m.ctx.Err() == nil {
		if p, places := ev.(call.Placed); places && p.Old(time.Now(), lease) {
			m.e.log.Warn("attempt is not begun: the store did not take it in time", "call", m.id)
			m.end()
			return
		}
		if o, ordered := ev.(call.Ordered); ordered && time.Now().After(o.Until) {
			return // the store did not take it in time, and whoever gave it has been told so
		}
		err := m.commit(t.Change)
		switch {
		case err == nil && acted:
			m.act(late)
			return
		case err == nil:
			settled() // before the phone rings: the next decision need not wait for that
			m.act(t.Commands)
			return
		case m.givesUp(ev, err):
			return
		case !m.refused(ev, err):
			return
		case !errors.Is(err, queue.ErrUnavailable):
			if concluded(ev) {
				m.face() // the facts were about another state of the call
				return
			}
			t, verdict = m.transact(ev)
		case !acted && t.Next.Stage == call.Ended && m.overtaken(ev):
			return // in the time that the store took
		case !acted && t.Next.Stage == call.Ended && !concluded(ev):
			// The store is away. A leg left alone with silence is worse than a
			// record that comes late, and nobody else can want this call.
			var now []call.Command
			now, late = split(t.Commands)
			m.sure = time.Now()
			m.act(now)
			acted = true
		}
	}
	if verdict == floor.Refused {
		m.e.metrics.offersRefused.WithLabelValues("agent").Inc()
	}
}

// givesUp: a placement whose commit had no answer is not repeated. It may have been
// stored, and a peer that took this process for dead may have ended and forgotten
// it since; repeated, an attempt that has ended would ring its agent. If it was
// stored and nobody took it, the next comparison finds it and ends it.
func (m *mailbox) givesUp(ev call.Event, err error) bool {
	if _, places := ev.(call.Placed); !places || !errors.Is(err, queue.ErrUnavailable) {
		return false
	}
	m.e.storeFailed(err)
	m.e.log.Warn("attempt is not begun: the store gave no answer", "call", m.id)
	m.end()
	return true
}

// overtaken reports whether an event that would end a ring comes too late, because
// somebody has answered: then the call goes on with that. While Asterisk gives no
// answer either, the event waits.
func (m *mailbox) overtaken(ev call.Event) bool {
	if !m.c.AsksFirst(ev) {
		return false
	}
	s, err := m.e.looking.look(m.ctx)
	switch {
	case m.ctx.Err() != nil:
		return true
	case err != nil:
		time.AfterFunc(commitRetry, func() { m.in.put(ev) })
		return true
	}
	facts := factsOf(s).Resumed(m.c, agent.Profile{}, time.Now())
	if facts.Up {
		m.handle(facts)
	}
	return facts.Up
}

func (m *mailbox) transact(ev call.Event) (floor.Transaction, floor.Verdict) {
	return floor.Transact(m.e.settings().Rules, m.c, ev, m.e.floor.Agent)
}

// concluded: the event is no event but drawn from facts, which may be the work of
// a peer.
func concluded(ev call.Event) bool {
	_, ok := ev.(call.Resumed)
	return ok
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

// commit stores a change of this call. One without documents only asks for
// commands to be carried out again.
func (m *mailbox) commit(change queue.Change) error {
	m.owner, m.sure = m.e.owner(), time.Now()
	if len(change.Calls) == 0 && len(change.Agents) == 0 {
		return nil
	}
	stored, err := m.e.commit(m.ctx, m.owner, change)
	if err == nil && len(change.Calls) > 0 {
		m.c = stored
	}
	return err
}

// refused decides what to do about a commit that did not happen: true means to
// try again.
func (m *mailbox) refused(ev call.Event, err error) bool {
	var conflict *queue.Conflict
	var law *queue.LawError
	switch {
	case m.ctx.Err() != nil:
		return false
	case m.earlierVisit(err):
		return m.comeToUs()
	case errors.As(err, &conflict):
		return m.conflicted(conflict)
	case errors.As(err, new(*queue.NotOwnerError)), errors.Is(err, queue.ErrFenced):
		m.e.metrics.fenced.Inc()
		m.lose()
		m.e.lostCall(m.id)
		return false
	case errors.As(err, &law):
		return m.unlawful(ev, law)
	case errors.Is(err, queue.ErrWiped):
		m.e.rebuild(m.ctx, m.owner)
		return m.afterRebuild()
	}
	m.e.storeFailed(err)
	return m.pause()
}

// pause lets a moment pass before another try; false says that it is over.
func (m *mailbox) pause() bool {
	select {
	case <-m.ctx.Done():
		return false
	case <-time.After(commitRetry):
		return true
	}
}

// unlawful: the last check refused. Either what we know is old, as after two
// histories met; then the same event is tried once on what the store holds. Or
// it is a bug of ours; then the call stays as it was.
func (m *mailbox) unlawful(ev call.Event, law *queue.LawError) bool {
	m.e.log.Error("law refused a commit", "call", m.id, "law", law.Law, "rule", law.Rule, "event", eventName(ev))
	m.e.metrics.lawRefusals.WithLabelValues(string(law.Rule)).Inc()
	if m.reloaded = !m.reloaded; !m.reloaded {
		return false
	}
	if err := m.e.load(m.ctx); err != nil {
		return false
	}
	if c, known := m.e.floor.Call(m.id); known && m.e.mine(c) {
		m.c = c
	}
	return true
}

// conflicted learns what the store holds. If the call itself moved under us and
// is still ours, the store is right.
func (m *mailbox) conflicted(conflict *queue.Conflict) bool {
	m.e.learn(conflict.Calls, conflict.Agents)
	for _, c := range conflict.Calls {
		if c.ID != m.id {
			continue
		}
		if !m.e.ours(c) {
			m.lose()
			return false
		}
		m.c = c
	}
	return true
}

func eventName(ev call.Event) string { return reflect.TypeOf(ev).Name() }
