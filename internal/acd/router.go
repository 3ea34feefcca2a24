package acd

import (
	"context"
	"sync"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/ivr"
	"powerline/routing"
)

// router looks at the floor after each change and proposes offers. It holds no
// state but what is on its way: a proposal is a wish until the store agreed.
type router struct {
	e       *Engine
	decider routing.Decider // of run alone
	mu      sync.Mutex
	pending map[string]agent.ID // calls with a Matched on its way
	held    map[agent.ID]string

	lastPlan time.Time
	places   map[string]ivr.Place
}

func newRouter(e *Engine) *router {
	return &router{e: e, pending: map[string]agent.ID{}, held: map[agent.ID]string{}, places: map[string]ivr.Place{}}
}

// run decides whenever something changed, and when time alone could change the
// outcome.
func (r *router) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.e.floor.Changed():
		case <-timer.C:
		}
		next := r.decide()
		wait := time.Hour
		if !next.IsZero() {
			wait = max(time.Millisecond, time.Until(next))
		}
		timer.Reset(wait)
	}
}

// decide asks routing for a plan and passes on what concerns calls of ours. All
// engines see the same floor and come to the same plan, so that the offers of
// the others are left to them.
func (r *router) decide() time.Time {
	if !r.e.healthy() || !r.e.complete() || r.e.draining.Load() {
		return time.Now().Add(100 * time.Millisecond)
	}
	begun := time.Now()
	snapshot := r.snapshot(begun)
	if len(snapshot.Waiting) == 0 {
		return time.Time{}
	}
	plan := r.decider.Decide(snapshot)
	r.e.metrics.decide.Observe(time.Since(begun).Seconds())
	for _, offer := range plan.Offers {
		r.propose(offer, begun)
	}
	return plan.Next
}

func (r *router) propose(offer routing.Offer, at time.Time) {
	m, ours := r.e.box(offer.Call)
	a, known := r.e.floor.Agent(offer.Agent)
	if !ours || !known {
		return
	}
	r.hold(offer.Call, offer.Agent)
	m.in.put(call.Matched{At: at, Agent: a.Profile, RingFor: offer.RingFor, BreakIn: offer.BreakIn})
}

// hold keeps a call and an agent for each other until that is settled.
func (r *router) hold(callID string, id agent.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending[callID], r.held[id] = id, callID
}

// settled takes a proposal off the list, whatever became of it.
func (r *router) settled(callID string) {
	r.mu.Lock()
	delete(r.held, r.pending[callID])
	delete(r.pending, callID)
	r.mu.Unlock()
	r.e.floor.Poke()
}

// snapshot is the floor as routing wants it, without what is on its way. While
// nobody waits there is nothing to decide, and no agent is looked at: most
// changes of a floor are of that kind.
func (r *router) snapshot(now time.Time) routing.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := routing.Snapshot{Now: now, Policy: r.e.settings().Policy}
	for _, c := range r.e.floor.CallsWhere(r.undecided) {
		s.Waiting = append(s.Waiting, floor.Waiting(c))
	}
	if len(s.Waiting) == 0 {
		return s
	}
	s.Agents = r.e.floor.Agents()
	for i := range s.Agents {
		if callID, held := r.held[s.Agents[i].Profile.ID]; held && s.Agents[i].State != agent.Talking {
			s.Agents[i].State, s.Agents[i].Call = agent.Reserved, callID // as good as
		}
	}
	return s
}

// undecided reports whether a caller waits to whom nobody has been proposed yet.
func (r *router) undecided(c call.Call) bool {
	_, pending := r.pending[c.ID]
	return c.Stage == call.Waiting && c.Kind != call.Outbound && !pending
}

// place is what a waiting caller may be told. It is computed for all at once,
// at most once a second.
func (e *Engine) place(id string) ivr.Place {
	r := e.router
	r.mu.Lock()
	fresh := time.Since(r.lastPlan) < time.Second
	p, known := r.places[id]
	r.mu.Unlock()
	if fresh && known {
		return p
	}
	r.refreshPlaces()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.places[id]
}

func (r *router) refreshPlaces() {
	s := r.snapshot(time.Now())
	places := make(map[string]ivr.Place, len(s.Waiting))
	loggedIn := map[agent.Pool]bool{}
	for _, a := range s.Agents {
		if a.Status == agent.LoggedOut {
			continue
		}
		for _, pool := range []agent.Pool{agent.Women, agent.MaleOfficers} {
			loggedIn[pool] = loggedIn[pool] || a.Profile.Fits(pool)
		}
	}
	for id, wait := range routing.ExpectedWaits(s) {
		places[id] = ivr.Place{Position: wait.Position, Wait: wait.Wait}
	}
	for _, w := range s.Waiting {
		p := places[w.ID]
		p.Nobody = !loggedIn[w.Pool]
		places[w.ID] = p
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.places, r.lastPlan = places, time.Now()
}
