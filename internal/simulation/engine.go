package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
)

// engine is one instance of the acd: a name under which processes come and go.
// It does what package acd does, in the same order, with a continuation
// wherever that one waits for the network.
type engine struct {
	w    *world
	name string

	inc    int // of the process; what an earlier one asked for never happens
	alive  bool
	frozen bool
	since  time.Duration // of the freeze
	held   []item        // what would have happened meanwhile

	conn   conn
	owner  queue.Owner
	floor  *floor.Floor
	boxes  map[string]*box
	order  []*box
	router router
	dialer *dialer // of an engine that makes calls and takes none; nil for an acd
	dials  bool    // it has one whenever it runs

	synced     bool
	storeOK    time.Duration // when the store last answered
	rebuiltAt  time.Duration // when it was last rebuilt
	asleep     bool          // a freeze was noticed and the facts are being read
	sleepers   []func()      // timers that wait for it
	reloading  bool
	draining   bool
	unanswered []call.Call // that were asked for, without an answer
	inFallback int         // callers, when it looked last
	rebuilding bool
	rebuilt    []func()
	suspects   map[string]bool
	unwatch    func()
	feed       []queue.Update // of the store, not yet read
	timers     map[agent.ID]int
	trouble    time.Duration // until then it could not know what goes on
}

func newEngine(w *world, name string) *engine {
	e := &engine{w: w, name: name}
	e.conn.e = e
	return e
}

// mayRun says whether something may happen to this engine now. For a frozen
// one it happens when it thaws; for a dead one never.
func (e *engine) mayRun(it item) bool {
	switch {
	case it.inc != e.inc || !e.alive:
		return false
	case e.frozen:
		e.held = append(e.held, it)
		return false
	}
	return true
}

// later is a timer or a goroutine of this process.
func (e *engine) later(d time.Duration, do func()) { e.w.push(d, e, do) }

// soon is a goroutine that becomes runnable.
func (e *engine) soon(do func()) { e.later(e.w.between(3*time.Microsecond, 60*time.Microsecond), do) }

// serving reports whether it could take a call.
func (e *engine) serving() bool { return e.alive && !e.frozen && e.healthy() }

func (e *engine) healthy() bool {
	return e.synced && e.w.now-e.storeOK < storePatience && !e.asleep
}

// complete: other engines had the time to bring what they know into a rebuilt
// store. Until then somebody may look idle who is not.
func (e *engine) complete() bool {
	return e.w.now-e.rebuiltAt > 2*beatEvery || e.w.shell.hurriesAfterRebuild
}

// storePatience is how long the store may be silent before an engine gives new
// callers to others.
const storePatience = time.Second

// start is a new process.
func (e *engine) start() {
	e.inc++
	e.alive, e.frozen, e.held = true, false, nil
	e.w.law.noEngine = -1
	e.floor, e.boxes, e.order = floor.New(), map[string]*box{}, nil
	e.router = router{e: e, pending: map[string]agent.ID{}, held: map[agent.ID]string{}}
	e.synced, e.storeOK, e.asleep, e.rebuilding = false, -time.Hour, false, false
	e.reloading, e.draining, e.rebuiltAt, e.inFallback = false, false, -time.Hour, 0
	e.sleepers, e.rebuilt, e.suspects, e.feed, e.unanswered = nil, nil, map[string]bool{}, nil, nil
	e.timers, e.dialer = map[agent.ID]int{}, nil
	if e.dials {
		e.dialer = newDialer(e)
	}
	e.troubled(0)
	e.w.note("%s    starts", e.name)
	e.join()
}

// crash is kill -9.
func (e *engine) crash(back time.Duration) {
	if !e.alive {
		return
	}
	e.w.note("%s    CRASHES", e.name)
	e.w.law.died(e)
	e.alive = false
	e.inc++
	e.conn.close()
	e.stopWatching()
	e.w.healing(back)
	e.w.after(back, func() {
		if !e.alive {
			e.start()
		}
	})
}

func (e *engine) stopWatching() {
	if e.unwatch != nil {
		e.unwatch()
		e.unwatch = nil
	}
}

// freeze is SIGSTOP, thaw SIGCONT. Asterisk and the kernel notice nothing.
func (e *engine) freeze(length time.Duration) {
	if !e.alive || e.frozen {
		return
	}
	e.w.note("%s    FREEZES for %v", e.name, length)
	e.frozen, e.since = true, e.w.now
	e.w.healing(length)
	inc := e.inc
	e.w.after(length, func() {
		if e.inc == inc {
			e.thaw()
		}
	})
}

// pulseMissed is how late the pulse must be to call it a freeze.
const pulseMissed = 1500 * time.Millisecond

func (e *engine) thaw() {
	slept := e.w.now - e.since
	e.troubled(0)
	e.w.note("%s    THAWS", e.name)
	e.frozen = false
	e.w.law.noEngine = -1
	if slept > pulseMissed && !e.w.shell.sleepwalker {
		e.asleep = true
		e.w.covered("freeze noticed")
		e.soon(e.afterFreeze)
	}
	held := e.held
	e.held = nil
	for _, it := range held { // everything became runnable while it slept: any order
		e.soon(it.do)
	}
	if slept > 3*time.Second && e.w.chance(.5) {
		e.conn.cut()
	}
}

// awake runs a timer once the process knows what happened while it slept.
func (e *engine) awake(do func()) {
	if e.asleep {
		e.sleepers = append(e.sleepers, do)
		return
	}
	do()
}

func (e *engine) looked() {
	e.asleep = false
	sleepers := e.sleepers
	e.sleepers = nil
	for _, do := range sleepers {
		e.soon(do)
	}
}

// point is a moment at which a process may die or stop: do happens now, when it
// thaws, or never.
func (e *engine) point(name string, stage call.Stage, do func()) {
	w := e.w
	chance := w.faults.AtPoint
	if strings.HasPrefix(string(stage), outbound) { // there are fewer of these
		chance *= 3
	}
	if w.fault(chance) {
		if w.chance(.6) {
			w.covered(fmt.Sprintf("crash %s/%s", name, stage))
			w.note("%s    dies at %s/%s", e.name, name, stage)
			e.crash(w.outage())
			return
		}
		w.covered(fmt.Sprintf("freeze %s/%s", name, stage))
		e.freeze(w.nap())
		e.later(0, do)
		return
	}
	do()
}

// pushBack brings an answer to the process that asked, if it still is there.
func (e *engine) pushBack(then func()) {
	e.w.push(e.w.between(30*time.Microsecond, 500*time.Microsecond), e, then)
}

// command is one command to Asterisk.
func (e *engine) command(exec func() error, then func(error)) {
	w, inc := e.w, e.inc
	answer := func(d time.Duration, err error) {
		if then != nil && e.inc == inc {
			e.later(d, func() { then(err) })
		}
	}
	lost := w.fault(w.faults.LostCommand)
	if lost && w.chance(.5) {
		w.cover("command lost")
		answer(time.Second, errUnknown)
		return
	}
	w.after(w.between(80*time.Microsecond, 1500*time.Microsecond), func() {
		err := exec()
		if lost {
			w.cover("answer of command lost")
			answer(time.Second, errUnknown)
			return
		}
		answer(w.between(50*time.Microsecond, time.Millisecond), err)
	})
}

// ask is one method of the store.
func ask[T any](e *engine, method func(context.Context) (T, error), then func(T, error)) {
	var out T
	var err error
	inc := e.inc
	slow := time.Duration(0)
	if e.w.away {
		slow = e.w.between(0, 300*time.Millisecond)
	}
	e.w.after(slow+e.w.between(50*time.Microsecond, 600*time.Microsecond), func() {
		out, err = method(context.Background())
		if then != nil && e.inc == inc {
			e.pushBack(func() { then(out, err) })
		}
	})
}

// join takes this process's term and loads what the store holds.
func (e *engine) join() {
	ask(e, func(ctx context.Context) (queue.Owner, error) { return e.w.store.Join(ctx, e.name) }, func(o queue.Owner, err error) {
		if err != nil {
			e.crash(300 * time.Millisecond) // it exits, and is started again
			return
		}
		e.owner, e.storeOK = o, e.w.now
		if o.Era == "" {
			e.rebuild(o, e.run)
			return
		}
		e.load(func(err error) {
			if err != nil {
				e.crash(300 * time.Millisecond)
				return
			}
			e.run()
		})
	})
}

// run begins everything that goes on beside the calls.
func (e *engine) run() {
	e.watchStore()
	e.takeRoster(0)
	e.beat(1, peerWatch{})
	e.later(resyncEvery, e.resyncTick)
	e.conn.connect(e.w.between(time.Millisecond, 20*time.Millisecond))
	e.later(e.w.between(0, replayEvery), e.replay)
	if e.dialer != nil {
		e.dialer.run()
	}
}

func (e *engine) load(then func(error)) {
	since := e.floor.Mark()
	ask(e, e.w.store.Load, func(st queue.State, err error) {
		if err == nil {
			e.attend(e.floor.Reload(since, st.Calls, st.Agents, e.ours), false)
			e.router.poke()
		}
		then(err)
	})
}

// ours: a process of this name has or had the call. mine: this one has it.
func (e *engine) ours(c call.Call) bool { return c.Owner == e.name }

func (e *engine) mine(c call.Call) bool {
	return c.Owner == e.name && (c.Term == e.owner.Term || e.w.shell.anyTerm)
}

// watchStore follows what other processes commit; news travel in order.
func (e *engine) watchStore() {
	var last time.Duration
	inc := e.inc
	e.unwatch = e.w.store.Subscribe(func(u queue.Update) {
		last = max(last, e.w.now+e.w.between(100*time.Microsecond, 2*time.Millisecond))
		if e.inc == inc {
			e.feed = append(e.feed, u)
			e.later(last-e.w.now, e.read)
		}
	})
}

// read takes in the oldest news.
func (e *engine) read() {
	u := e.feed[0]
	e.feed = e.feed[1:]
	if u.Gap {
		e.loadUntilRead()
		return
	}
	e.learn(u.Calls, u.Agents, false)
	if len(u.Gone) > 0 {
		e.floor.Forget(u.Gone...)
		e.router.poke()
	}
	for _, id := range u.Gone {
		if m := e.boxes[id]; m != nil && m.c.Version > 0 && !e.w.shell.hoarder {
			m.end()
		}
	}
}

// loadUntilRead takes in what the store holds, however often it gives no answer.
func (e *engine) loadUntilRead() {
	e.load(func(err error) {
		if err != nil {
			e.storeFailed(err)
			e.later(commitRetry, e.loadUntilRead)
		}
	})
}

// commit stores a change and takes it in at once.
func (e *engine) commit(change queue.Change, then func(call.Call, error)) {
	owner := e.owner
	ask(e, func(ctx context.Context) (queue.Documents, error) { return e.w.store.Commit(ctx, owner, change) },
		func(stored queue.Documents, err error) {
			if err != nil {
				e.w.law.refused(e, change, err)
				then(call.Call{}, err)
				return
			}
			e.storeOK = e.w.now
			e.learn(stored.Calls, stored.Agents, true)
			if len(stored.Calls) == 0 {
				then(call.Call{}, nil)
				return
			}
			then(stored.Calls[0], nil)
		})
}

// lostCall: the store says that a call is not ours, so what the floor believes
// of it is wrong. Whose it is, if anybody's, is read anew.
func (e *engine) lostCall(id string) {
	if e.w.shell.keepsGhosts {
		return
	}
	e.floor.Doubt(id)
	if e.reloading {
		return
	}
	e.reloading = true
	e.later(50*time.Millisecond, func() {
		e.load(func(err error) {
			e.reloading, e.draining, e.rebuiltAt = false, false, -time.Hour
			if err != nil {
				e.lostCall(id)
			}
		})
	})
}

func (e *engine) learn(calls []call.Call, agents []agent.Agent, ours bool) {
	e.attend(e.floor.Learn(calls, agents), ours)
	e.router.poke()
	for _, c := range calls {
		if m := e.boxes[c.ID]; m != nil && c.Owner != e.name && c.Version > m.c.Version && m.c.Version > 0 && !e.w.shell.hoarder {
			m.end() // it is another's now
		}
	}
}

func (e *engine) storeFailed(err error) {
	e.troubled(0)
	if errors.Is(err, queue.ErrFenced) {
		e.w.note("%s    is fenced and exits", e.name)
		e.crash(300 * time.Millisecond)
	}
}

// rebuild writes what this process knows into an empty store; those who ask
// while it runs wait for it. The owner is the one that was refused: if there is
// another by now, somebody has rebuilt already.
func (e *engine) rebuild(refused queue.Owner, then func()) {
	e.rebuilt = append(e.rebuilt, then)
	if e.rebuilding {
		return
	}
	e.rebuilding = true
	finished := func() {
		e.rebuilding = false
		waiting := e.rebuilt
		e.rebuilt = nil
		for _, then := range waiting {
			e.soon(then)
		}
	}
	switch {
	case e.w.shell.keepsHigher:
		ask(e, func(ctx context.Context) ([]queue.Peer, error) { return e.w.store.Beat(ctx, e.owner, int64(e.w.seq)) },
			func(_ []queue.Peer, err error) {
				if err == nil {
					finished()
					return
				}
				e.tryRebuild(finished)
			})
	case refused.Era != e.owner.Era:
		finished()
	default:
		e.tryRebuild(finished)
	}
}

// troubled: something went wrong, by no fault of its own, that keeps news from this
// engine for so long.
func (e *engine) troubled(length time.Duration) { e.trouble = max(e.trouble, e.w.now+length) }

func (e *engine) tryRebuild(finished func()) {
	var calls []call.Call
	for _, c := range e.floor.Calls() {
		if e.ours(c) {
			calls = append(calls, c)
		}
	}
	owner, agents, since := e.owner, e.floor.Agents(), e.floor.Mark()
	ask(e, func(ctx context.Context) (queue.Rebuilt, error) {
		return e.w.store.Rebuild(ctx, owner, calls, agents)
	}, func(built queue.Rebuilt, err error) {
		e.tookRebuilt(built, since, len(calls), err)
		finished()
	})
}

// tookRebuilt takes the rebuilt store for the truth. What came to pass since is
// read once more.
func (e *engine) tookRebuilt(built queue.Rebuilt, since floor.Mark, calls int, err error) {
	if err != nil {
		e.storeFailed(err)
		return
	}
	e.w.note("%s    rebuilt the store with %d calls, %d refused", e.name, calls, len(built.Refused))
	e.w.covered("rebuild")
	e.owner, e.storeOK, e.rebuiltAt = built.Owner, e.w.now, e.w.now
	if e.w.shell.keepsHigher {
		e.attend(e.floor.Reload(since, built.State.Calls, built.State.Agents, e.ours), false)
		e.router.poke()
		return
	}
	e.attend(e.floor.Replace(built.State.Calls, built.State.Agents), false)
	e.load(func(err error) {
		if err != nil {
			e.storeFailed(err)
		}
	})
}

// takeRoster makes the store know every agent.
func (e *engine) takeRoster(from int) {
	for i := from; i < len(e.w.phones); i++ {
		p := e.w.phones[i].profile
		if _, known := e.floor.Agent(p.ID); known {
			continue
		}
		e.commit(queue.Change{Agents: []queue.AgentWrite{{Agent: agent.New(p, e.w.clock())}}}, func(_ call.Call, err error) {
			if err == nil {
				e.takeRoster(i + 1)
				return
			}
			e.retryAgent(err, func(again bool) {
				if again {
					e.takeRoster(i)
				}
			})
		})
		return
	}
}

// tellAgent steps an agent outside of any call.
func (e *engine) tellAgent(id agent.ID, ev agent.Event, then func(agent.Verdict)) {
	finish := func(v agent.Verdict) {
		if then != nil {
			then(v)
		}
	}
	a, known := e.floor.Agent(id)
	if !known {
		finish(agent.Refused)
		return
	}
	next, verdict := agent.Step(a, ev)
	if verdict != agent.Applied {
		finish(verdict)
		return
	}
	e.commit(queue.Change{Agents: []queue.AgentWrite{{From: a.Version, Agent: next}}}, func(_ call.Call, err error) {
		if err == nil {
			e.w.note("%s    %s %T: %s, %s", e.name, id, ev, next.Status, next.State)
			finish(agent.Applied)
			return
		}
		e.retryAgent(err, func(again bool) {
			if again {
				e.tellAgent(id, ev, then)
			} else {
				finish(agent.Refused)
			}
		})
	})
}

// settle is how long after the end of a leg her phone may still be about to get
// its BYE.
const settle = 30 * time.Millisecond

// legEndedSoon frees the agent of a leg once her phone knows that it is over.
func (e *engine) legEndedSoon(leg string) {
	e.later(settle, func() { e.legEnded(leg, func() {}) })
}

// legEnded frees the agent whose leg this was, one after another.
func (e *engine) legEnded(leg string, then func()) {
	for _, a := range e.floor.Agents() {
		if a.Leg == leg {
			e.tellAgent(a.Profile.ID, agent.LegEnded{At: e.w.clock(), Leg: leg}, func(agent.Verdict) { then() })
			return
		}
	}
	then()
}

func (e *engine) retryAgent(err error, then func(again bool)) {
	var conflict *queue.Conflict
	var law *queue.LawError
	switch {
	case errors.As(err, &conflict):
		e.learn(conflict.Calls, conflict.Agents, false)
		then(len(conflict.Missing) == 0)
	case errors.As(err, &law), errors.Is(err, queue.ErrFenced):
		then(false)
	case errors.Is(err, queue.ErrWiped):
		e.rebuild(e.owner, func() { then(true) })
	default:
		e.storeFailed(err)
		e.later(commitRetry, func() { then(true) })
	}
}

// attend reacts to what was learnt about agents.
func (e *engine) attend(changes []floor.AgentChange, _ bool) {
	for _, ch := range changes {
		before, after := ch.Before, ch.After
		if before.Epoch != after.Epoch || before.Version == 0 {
			e.armTimer(after)
		}
		if before.Online && !after.Online && after.State == agent.Reserved {
			if m := e.boxes[after.Call]; m != nil {
				m.put(call.PhoneLost{At: e.w.clock(), Agent: after.Profile.ID})
			}
		}
		if c, known := e.floor.Call(before.Call); known && floor.Robbed(ch, c) {
			if m := e.boxes[c.ID]; m != nil {
				m.put(call.Robbed{At: e.w.clock(), Leg: c.Offer.Leg})
			}
		}
		if before.Status != after.Status || before.Version == 0 {
			if e.synced {
				e.mirror(after)
			}
		}
	}
}

func (e *engine) armTimer(a agent.Agent) {
	id, epoch := a.Profile.ID, a.Epoch
	e.timers[id]++
	serial := e.timers[id]
	if a.Lasts <= 0 {
		return
	}
	left := min(a.Lasts, max(0, a.Since.Add(a.Lasts).Sub(e.w.clock())))
	e.later(left, func() {
		if e.timers[id] != serial {
			return
		}
		e.awake(func() { e.tellAgent(id, agent.TimeUp{At: e.w.clock(), Epoch: epoch}, nil) })
	})
}

// mirror tells the fallback queue who may be rung if all engines die.
func (e *engine) mirror(a agent.Agent) {
	e.command(func() error { e.w.pbx.paused[a.Profile.ID] = a.Status != agent.Available; return nil }, nil)
}

// box is the mailbox of a call, made when there is none.
func (e *engine) open(c call.Call) (*box, bool) {
	if m := e.boxes[c.ID]; m != nil && !m.over {
		return m, false
	} else if m != nil {
		e.retire(m)
	}
	m := &box{e: e, id: c.ID, c: c}
	e.boxes[c.ID] = m
	e.order = append(e.order, m)
	return m, true
}

func (e *engine) retire(m *box) {
	if e.boxes[m.id] == m {
		delete(e.boxes, m.id)
		e.order = slices.DeleteFunc(e.order, func(x *box) bool { return x == m })
	}
}
