package simulation

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
	"powerline/routing"
)

const (
	resyncEvery = 2 * time.Second
	beatEvery   = 150 * time.Millisecond
	deadAfter   = 600 * time.Millisecond
)

// connected takes in the facts after each gap.
func (e *engine) connected(s *snapshot) {
	e.w.note("%s    connected, %d channels", e.name, len(s.channels))
	e.takeFacts(s)
	e.synced = true
	for _, ph := range s.phones {
		e.presence(ph)
	}
	for _, a := range e.floor.Agents() {
		e.mirror(a)
	}
	e.router.poke()
}

// takeFacts tells every call of ours what Asterisk shows of it.
func (e *engine) takeFacts(s *snapshot) {
	if e.w.shell.deafToFacts {
		return
	}
	for _, c := range e.floor.Calls() {
		if e.mine(c) {
			m, _ := e.open(c)
			m.put(facts{s.facts, s.began})
		}
	}
	for _, m := range slices.Clone(e.order) {
		if _, onFloor := e.floor.Call(m.id); !onFloor {
			m.put(facts{s.facts, s.began})
		}
	}
	e.drain(s)
	e.sweep(s, nil)
}

// resyncTick compares every few seconds.
func (e *engine) resyncTick() {
	next := func() { e.later(resyncEvery, e.resyncTick) }
	if !e.synced || e.asleep || e.w.shell.deafToFacts {
		next()
		return
	}
	e.w.pbx.look(e, func(s *snapshot, err error) {
		if err != nil {
			e.troubled(0)
			e.suspects = nil
		} else {
			e.suspects = e.compare(s)
		}
		next()
	})
}

// afterFreeze reads the facts again before any timer may act on old ones.
func (e *engine) afterFreeze() {
	again := func() { e.later(commitRetry, e.afterFreeze) }
	e.load(func(err error) {
		if err != nil {
			e.storeFailed(err)
			again()
			return
		}
		e.w.pbx.look(e, func(s *snapshot, err error) {
			switch {
			case err == nil:
				e.takeFacts(s)
			case e.w.shell.looksOnceMore:
				e.synced = false
			default:
				again()
				return
			}
			e.looked()
		})
	})
}

// compare looks for what should not be; seen twice, it is mended.
func (e *engine) compare(s *snapshot) map[string]bool {
	before, now := e.suspects, map[string]bool{}
	confirmed := func(what string) bool {
		now[what] = true
		if before[what] {
			e.w.report.Repairs[strings.SplitN(what, " ", 2)[0]]++
			e.w.note("%s    mends %s", e.name, what)
		}
		return before[what]
	}
	for _, c := range e.floor.Calls() {
		if !e.mine(c) {
			continue
		}
		if (e.boxes[c.ID] == nil || s.facts.Differ(c)) && confirmed("call "+c.ID+" "+string(c.Stage)) {
			m, _ := e.open(c)
			m.put(facts{s.facts, s.began})
		}
	}
	e.drain(s)
	e.sweep(s, confirmed)
	e.compareAgents(s, confirmed)
	return now
}

// sweep hangs up legs that no call waits for, ends empty bridges, and takes in
// callers whom nobody has.
func (e *engine) sweep(s *snapshot, confirmed func(string) bool) {
	sure := func(what string) bool { return confirmed == nil || confirmed(what) }
	for _, ch := range s.channels {
		if callID, isLeg := floor.CallOfLeg(ch.id); isLeg {
			c, known := e.floor.Call(callID)
			if e.w.shell.strayLeg(s.facts, ch.id, c, known) && (!known || e.mine(c)) && sure("leg "+ch.id) {
				e.hangUpLater(ch.id)
			}
			continue
		}
		_, known := e.floor.Call(ch.id)
		if call.IsAttempt(ch.id) {
			stray := !known && e.boxes[ch.id] == nil && e.w.shell.strayDial(s.facts, ch.id)
			if stray && confirmed != nil && confirmed("dialled "+ch.id) {
				e.hangUpLater(ch.id)
			}
			continue
		}
		abandoned := e.boxes[ch.id] == nil && !ch.arrived.IsZero() && ch.app == e
		if !known && abandoned && sure("caller "+ch.id) {
			e.adoptFromChannel(s, ch)
		}
	}
	for _, id := range s.bridges {
		hasty := confirmed == nil && e.w.shell.hastySweep
		if s.facts.EmptyBridge(id) && (hasty || confirmed != nil && confirmed("bridge "+id)) {
			e.command(func() error { return e.w.pbx.destroyBridge(id) }, nil)
		}
	}
}

// adoptFromChannel makes a call out of a channel that no call is known for.
func (e *engine) adoptFromChannel(s *snapshot, ch seenChannel) {
	c := call.Call{
		ID: ch.id, Kind: ch.line, Line: "1090", Category: "unclassified", Pool: poolOf(ch.line),
		Language: "hi", Stage: call.Waiting, Epoch: 1, Queued: ch.arrived,
	}
	if ch.line == call.RingBack {
		c.Category = "offender"
	}
	if ch.stamp != nil {
		c.Category, c.Language, c.Silence, c.Caller = ch.stamp.Category, ch.stamp.Language, ch.stamp.Silence, ch.stamp.Caller
		c.Offers, c.Queued = ch.stamp.Offers, time.UnixMilli(ch.stamp.Queued.UnixMilli()).UTC()
		c.Crisis = e.w.rules.Categories[c.Category].Crisis
	}
	c.Arrived, c.Numbered = ch.arrived, e.numberedFrom()
	c = e.inCompany(c, s)
	e.w.note("%s    rebuilds %s from its channel, %s", e.name, ch.id, c.Stage)
	e.w.covered("call rebuilt from its channel")
	if m, fresh := e.open(call.Call{ID: c.ID}); fresh {
		m.put(found{c})
	}
}

// inCompany makes of a call one that talks with whom its channel shares a bridge, or
// is held by them: the agent is who was rung first, the others are guests.
func (e *engine) inCompany(c call.Call, s *snapshot) call.Call {
	room, legs := s.facts.Company(c.ID)
	if len(legs) == 0 {
		return c
	}
	c.Held = s.facts.Bridge(c.ID) == ""
	c.Stage, c.Answered, c.Muted, c.Joined = call.Talking, c.Arrived, true, !c.Held
	for _, id := range legs {
		at := slices.IndexFunc(s.channels, func(ch seenChannel) bool { return ch.id == id })
		n, who := floor.Number(id), s.channels[at].agent
		if c.Offer.Leg != "" {
			c.Guests = append(c.Guests, call.Guest{N: n, Wish: call.Consult, Agent: who, Leg: id, Up: true, At: c.Arrived})
			continue
		}
		c.Offer, c.Spoken = call.Offer{N: n, Agent: who, Leg: id}, []agent.ID{who}
		if c.Held {
			c.Recording = n
		}
	}
	if n := floor.Number(room); n != c.Offer.N {
		c.Room = n
	}
	c.Offers = max(c.Offers, 1)
	c.Numbered = floor.Number(legs[len(legs)-1]) - c.Offers
	return c
}

func (e *engine) compareAgents(s *snapshot, confirmed func(string) bool) {
	for _, a := range e.floor.Agents() {
		c, known := e.floor.Call(a.Call)
		ev, unheld := floor.Unheld(a, c, known, e.w.clock())
		if unheld && (!known || e.mine(c)) && confirmed("agent "+string(a.Profile.ID)+" "+a.Call) {
			e.tellAgent(a.Profile.ID, ev, nil)
		}
		if ev, dead := s.facts.DeadLeg(a, e.w.clock()); dead && confirmed("agent-leg "+a.Leg) {
			e.tellAgent(a.Profile.ID, ev, nil)
		}
	}
	for _, ph := range s.phones {
		a, known := e.floor.Agent(ph.id)
		if known && (a.Online != ph.online || a.Elsewhere != ph.elsewhere) && confirmed("phone "+string(ph.id)) {
			e.presence(ph)
		}
	}
}

// drain brings callers back from the fallback queue if the facts show some.
func (e *engine) drain(s *snapshot) {
	e.inFallback = s.inFallback
	if s.inFallback == 0 || e.draining || e.dialer != nil {
		return
	}
	e.draining = true
	e.soon(func() {
		if !e.healthy() {
			e.draining = false
			return
		}
		var waiting []string
		e.command(func() error {
			for _, ch := range e.w.pbx.channels {
				if ch.where == fallback && ch.caller != nil {
					waiting = append(waiting, ch.id)
				}
			}
			return nil
		}, func(error) { e.withdraw(waiting) })
	})
}

// withdraw asks for one caller after another.
func (e *engine) withdraw(waiting []string) {
	if len(waiting) == 0 {
		e.draining = false
		return
	}
	e.command(func() error { return e.w.pbx.withdraw(waiting[0]) }, func(error) { e.withdraw(waiting[1:]) })
}

// peerWatch remembers when each peer's counter last moved.
type peerWatch map[string]seenBeat

type seenBeat struct {
	term, beat int64
	at         time.Duration
}

func (w peerWatch) look(peers []queue.Peer, now time.Duration) map[string]bool {
	dead := map[string]bool{}
	for _, p := range peers {
		seen, known := w[p.Name]
		if !known || seen.term != p.Term || seen.beat != p.Beat {
			w[p.Name] = seenBeat{p.Term, p.Beat, now}
			continue
		}
		if now-seen.at > deadAfter {
			dead[p.Name] = true
		}
	}
	return dead
}

// beat shows that this process lives, and takes over from those that do not.
func (e *engine) beat(n int64, watch peerWatch) {
	owner := e.owner
	next := func(watch peerWatch) { e.later(beatEvery, func() { e.beat(n+1, watch) }) }
	ask(e, func(ctx context.Context) ([]queue.Peer, error) { return e.w.store.Beat(ctx, owner, n) },
		func(peers []queue.Peer, err error) {
			switch {
			case errors.Is(err, queue.ErrWiped):
				e.rebuild(owner, func() { next(peerWatch{}) })
				return
			case err != nil:
				e.storeFailed(err)
				next(peerWatch{})
				return
			}
			if e.w.now-e.storeOK >= storePatience {
				e.router.poke()
			}
			e.storeOK = e.w.now
			dead := watch.look(peers, e.w.now)
			if !e.synced || e.asleep {
				next(watch)
				return
			}
			e.takeOver(dead, func() { next(watch) })
		})
}

// takeOver makes the calls of dead peers ours, one after another.
func (e *engine) takeOver(dead map[string]bool, then func()) {
	orphans := e.unanswered
	e.unanswered = nil
	for _, c := range e.floor.Calls() {
		if c.Owner == e.name && c.Term != e.owner.Term || dead[c.Owner] {
			orphans = append(orphans, c)
		}
	}
	self := e.owner
	var adopt func()
	adopt = func() {
		if len(orphans) == 0 {
			then()
			return
		}
		c := orphans[0]
		orphans = orphans[1:]
		ask(e, func(ctx context.Context) (call.Call, error) {
			return e.w.store.Adopt(ctx, self, c, dead[c.Owner])
		}, func(mine call.Call, err error) {
			var conflict *queue.Conflict
			if errors.As(err, &conflict) {
				e.learn(conflict.Calls, conflict.Agents, false)
			}
			if errors.Is(err, queue.ErrUnavailable) {
				e.unanswered = append(e.unanswered, c)
			}
			if errors.As(err, new(*queue.NotOwnerError)) {
				e.lostCall(c.ID)
			}
			if err == nil {
				e.w.note("%s    takes %s over from %s, %s", e.name, c.ID, c.Owner, c.Stage)
				e.w.covered("taken over/" + string(stageOf(c)))
				e.learn([]call.Call{mine}, nil, true)
				e.soon(func() { e.moveHere(mine, c.Owner != e.name) })
			}
			adopt()
		})
	}
	adopt()
}

// moveHere brings a call's channels into our application.
func (e *engine) moveHere(c call.Call, fromPeer bool) {
	if c.Stage == call.Ended {
		e.fileOrphan(c)
		return
	}
	m, _ := e.open(c)
	m.put(adopted{c})
	look := func() { m.put(facts{taken: -1}) }
	if e.w.shell.looksOnce {
		look = func() {
			e.w.pbx.look(e, func(s *snapshot, err error) {
				if err == nil {
					m.put(facts{s.facts, s.began})
				}
			})
		}
	}
	if !fromPeer {
		look()
		return
	}
	e.moveAll(c.Channels(), look)
}

// fileOrphan does what is left to do for a call that another process has ended.
// She may be back on the same channel, and then its mailbox is hers.
func (e *engine) fileOrphan(c call.Call) {
	m, fresh := e.open(c)
	if fresh {
		m.put(facts{taken: -1})
		return
	}
	m = &box{e: e, id: c.ID, c: c}
	m.put(call.Resumed{At: e.w.clock(), Leg: call.LegAbsent})
}

// moveAll asks again for a channel until Asterisk has answered.
func (e *engine) moveAll(channels []string, then func()) {
	if len(channels) == 0 {
		then()
		return
	}
	if channels[0] == "" {
		e.moveAll(channels[1:], then)
		return
	}
	e.command(func() error { return e.w.pbx.move(e, channels[0]) }, func(err error) {
		if errors.Is(err, errUnknown) && !e.w.shell.movesOnce {
			e.moveAll(channels, then)
			return
		}
		e.moveAll(channels[1:], then)
	})
}

// router looks at the floor after each change and proposes offers.
type router struct {
	e       *engine
	pending map[string]agent.ID
	held    map[agent.ID]string
	woken   bool
	timers  int
}

func (r *router) poke() {
	if r.woken {
		return
	}
	r.woken = true
	r.e.soon(func() {
		r.woken = false
		r.decide()
	})
}

func (r *router) decide() {
	e := r.e
	r.timers++
	serial := r.timers
	again := func(d time.Duration) {
		e.later(d, func() {
			if r.timers == serial {
				r.decide()
			}
		})
	}
	if !e.healthy() || !e.complete() {
		again(100 * time.Millisecond)
		return
	}
	s := r.snapshot()
	able := func(a agent.Agent) bool { return a.Routable() || a.BreakInable() }
	if len(s.Waiting) == 0 || !slices.ContainsFunc(s.Agents, able) {
		return // only an event can bring an offer
	}
	plan := e.w.shell.pick(s)
	for _, offer := range plan.Offers {
		m := e.boxes[offer.Call]
		a, known := e.floor.Agent(offer.Agent)
		if m == nil || !known {
			continue
		}
		r.pending[offer.Call], r.held[offer.Agent] = offer.Agent, offer.Call
		m.put(call.Matched{At: s.Now, Agent: a.Profile, RingFor: offer.RingFor, BreakIn: offer.BreakIn})
	}
	if !plan.Next.IsZero() {
		again(max(time.Millisecond, plan.Next.Sub(e.w.clock())))
	}
}

// settled takes a proposal off the list, whatever became of it.
func (r *router) settled(callID string) {
	delete(r.held, r.pending[callID])
	delete(r.pending, callID)
	r.poke()
}

func (r *router) snapshot() routing.Snapshot {
	s := routing.Snapshot{Now: r.e.w.clock(), Policy: r.e.w.policy}
	for _, c := range r.e.floor.Calls() {
		if _, pending := r.pending[c.ID]; c.Stage == call.Waiting && c.Kind != call.Outbound && !pending {
			s.Waiting = append(s.Waiting, asWaiting(c))
		}
	}
	s.Agents = r.e.floor.Agents()
	for i := range s.Agents {
		if callID, held := r.held[s.Agents[i].Profile.ID]; held && s.Agents[i].State != agent.Talking {
			s.Agents[i].State, s.Agents[i].Call = agent.Reserved, callID // as good as
		}
	}
	return s
}

// asWaiting is a caller as routing sees her.
func asWaiting(c call.Call) routing.Call {
	return routing.Call{
		ID: c.ID, Owner: c.Owner, Category: c.Category, Pool: c.Pool,
		Queued: c.Queued, Crisis: c.Crisis, Head: c.Head, Tried: c.Tried,
	}
}

// sorted are the keys of a map in their order, so that nothing depends on Go's.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
