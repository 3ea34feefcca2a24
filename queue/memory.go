package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Op is one write to the fake, as its hooks see it. Those fields are set that
// the method has.
type Op struct {
	Name   string // the method, in lower case: "commit", "adopt", ...
	Owner  Owner
	Change Change
	Call   string
}

// Memory is the store without Redis: the same semantics in one process, without
// I/O, goroutines, clock or chance, for the simulation and for tests. The same
// suite (queuetest.Exercise) runs against both.
type Memory struct {
	// Before, if set, may fail a method before it is applied: Redis was not there.
	// After may fail it once it has been applied: the reply was lost, or we
	// crashed between commit and act. Both may call the Memory. Set them before use.
	Before, After func(Op) error

	mu     sync.Mutex
	era    string
	eras   int // minted so far
	lost   int // data sets so far
	term   int64
	owners map[string]Peer
	calls  map[string]call.Call
	agents map[agent.ID]agent.Agent
	places map[string]place

	watchers map[int]func(Update)
	watched  int
}

// NewMemory is an empty store: nothing was ever stored, so Rebuild comes first.
func NewMemory() *Memory {
	m := &Memory{watchers: map[int]func(Update){}}
	m.clear()
	return m
}

func (m *Memory) clear() {
	m.era, m.term = "", 0
	m.lost++
	m.owners, m.places = map[string]Peer{}, map[string]place{}
	m.calls, m.agents = map[string]call.Call{}, map[agent.ID]agent.Agent{}
}

// Wipe loses everything, as FLUSHALL does, and tells nobody.
func (m *Memory) Wipe() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
}

// Restore puts an earlier state back, as a failover to a replica does that had
// not yet received the last writes.
func (m *Memory) Restore(st State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clear()
	m.era = st.Era
	for _, p := range st.Owners {
		m.owners[p.Name] = p
		m.term = max(m.term, p.Term)
	}
	for _, c := range st.Calls {
		m.calls[c.ID] = c
	}
	for _, a := range st.Agents {
		m.agents[a.Profile.ID] = a
	}
}

// Subscribe calls f with every update, in order, while the store is locked: f
// must not call the store. It returns the function that ends it.
func (m *Memory) Subscribe(f func(Update)) (stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watched++
	id := m.watched
	m.watchers[id] = f
	f(Update{Gap: true})
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, id)
	}
}

// Watch is Store.Watch.
func (m *Memory) Watch(ctx context.Context) <-chan Update {
	out, f := make(chan Update), newFeed()
	stop := m.Subscribe(f.push)
	go func() {
		f.pump(ctx, out)
		stop()
		close(out)
	}()
	return out
}

func (m *Memory) publish(u Update) {
	for _, id := range slices.Sorted(maps.Keys(m.watchers)) {
		m.watchers[id](u)
	}
}

// do runs one method between its hooks.
func (m *Memory) do(ctx context.Context, op Op, f func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w: %w", op.Name, ErrUnavailable, err)
	}
	if m.Before != nil {
		if err := m.Before(op); err != nil {
			return err
		}
	}
	m.mu.Lock()
	err := f()
	m.mu.Unlock()
	if err == nil && m.After != nil {
		return m.After(op)
	}
	return err
}

// guard is the refusal that meets a process without the right to write.
func (m *Memory) guard(o Owner) error {
	p, registered := m.owners[o.Name]
	switch {
	case registered && p.Term > o.Term:
		return ErrFenced
	case o.Era == "" || m.era != o.Era, !registered, p.Term < o.Term:
		return ErrWiped
	}
	return nil
}

// memorySeed starts the terms of an empty data set above those of a wiped one,
// in the place of the clock's seconds.
const memorySeed = 1_000_000

// Join is Store.Join.
func (m *Memory) Join(ctx context.Context, name string) (owner Owner, err error) {
	if name == "" {
		return Owner{}, fmt.Errorf("join: a process needs a name")
	}
	err = m.do(ctx, Op{Name: "join"}, func() error {
		if m.term == 0 {
			m.term = memorySeed * int64(m.lost)
		}
		m.term++
		m.owners[name] = Peer{Name: name, Term: m.term}
		owner = Owner{Name: name, Term: m.term, Era: m.era}
		return nil
	})
	return owner, err
}

// Beat is Store.Beat.
func (m *Memory) Beat(ctx context.Context, owner Owner, n int64) (peers []Peer, err error) {
	err = m.do(ctx, Op{Name: "beat", Owner: owner}, func() error {
		if err := m.guard(owner); err != nil {
			return err
		}
		m.owners[owner.Name] = Peer{Name: owner.Name, Term: owner.Term, Beat: n}
		for _, name := range slices.Sorted(maps.Keys(m.owners)) {
			if name != owner.Name {
				peers = append(peers, m.owners[name])
			}
		}
		return nil
	})
	return peers, err
}

// Load is Store.Load.
func (m *Memory) Load(ctx context.Context) (st State, err error) {
	err = m.do(ctx, Op{Name: "load"}, func() error {
		st = m.state()
		return nil
	})
	return st, err
}

func (m *Memory) state() State {
	return State{
		Era: m.era, Calls: slices.Collect(maps.Values(m.calls)),
		Agents: slices.Collect(maps.Values(m.agents)), Owners: slices.Collect(maps.Values(m.owners)),
	}.sorted()
}

// Commit is Store.Commit.
func (m *Memory) Commit(ctx context.Context, owner Owner, change Change) (out Documents, err error) {
	change, err = stamped(owner, change)
	if err != nil {
		return Documents{}, err
	}
	err = m.do(ctx, Op{Name: "commit", Owner: owner, Change: change}, func() error {
		out, err = m.commit(owner, change)
		return err
	})
	if err != nil {
		return Documents{}, err
	}
	return out, nil
}

func (m *Memory) commit(owner Owner, change Change) (Documents, error) {
	if err := m.guard(owner); err != nil {
		return Documents{}, err
	}
	for _, w := range change.Calls {
		old, there := m.calls[w.Call.ID]
		if there && (old.Owner != owner.Name || old.Term != owner.Term) || !there && w.From > 0 {
			return Documents{}, &NotOwnerError{Call: w.Call.ID}
		}
	}
	if m.again(change) {
		now := m.current(change)
		return Documents{Calls: change.documents().Calls, Agents: overlay(change, now.Agents)}, nil
	}
	if err := m.versions(change); err != nil {
		return Documents{}, err
	}
	if broken := m.breaks(change); broken != nil {
		return Documents{}, broken
	}
	d := change.documents()
	for _, c := range d.Calls {
		m.calls[c.ID] = c
	}
	for _, a := range d.Agents {
		m.agents[a.Profile.ID] = a
	}
	m.publish(Update{Calls: d.Calls, Agents: d.Agents})
	return d, nil
}

// again recognises a change that is stored already, by the proof that
// commit.lua uses.
func (m *Memory) again(change Change) bool {
	for _, w := range change.Calls {
		if old, there := m.calls[w.Call.ID]; !there || old.Version != w.Call.Version || !same(old, w.Call) {
			return false
		}
	}
	if len(change.Calls) > 0 {
		return true
	}
	for _, w := range change.Agents {
		if old, there := m.agents[w.Agent.Profile.ID]; !there || old.Version != w.Agent.Version || !same(old, w.Agent) {
			return false
		}
	}
	return len(change.Agents) > 0
}

// same: as they would be stored, the two are one document.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// current are the documents of all that the change names.
func (m *Memory) current(change Change) *Conflict {
	now := &Conflict{}
	for _, w := range change.Calls {
		if c, there := m.calls[w.Call.ID]; there {
			now.Calls = append(now.Calls, c)
		}
	}
	for _, w := range change.Agents {
		switch a, there := m.agents[w.Agent.Profile.ID]; {
		case there:
			now.Agents = append(now.Agents, a)
		case w.From > 0:
			now.Missing = append(now.Missing, w.Agent.Profile.ID)
		}
	}
	return now
}

// versions compares what the change started from with what is there. Less than
// was acknowledged ends the era, as in commit.lua.
func (m *Memory) versions(change Change) error {
	moved := false
	for _, w := range change.Calls {
		old, there := m.calls[w.Call.ID]
		if there && old.Version < w.From {
			m.era = ""
			return ErrWiped
		}
		moved = moved || old.Version != w.From
	}
	for _, w := range change.Agents {
		old, there := m.agents[w.Agent.Profile.ID]
		if there && old.Version < w.From {
			m.era = ""
			return ErrWiped
		}
		moved = moved || old.Version != w.From
	}
	if moved {
		return m.current(change)
	}
	return nil
}

// breaks is the first law that the change would break, in commit.lua's order.
func (m *Memory) breaks(change Change) error {
	t := trial{
		calls:      make(map[string]replaced[call.Call], len(change.Calls)),
		agents:     make(map[agent.ID]replaced[agent.Agent], len(change.Agents)),
		storedCall: func(id string) (call.Call, bool) { c, there := m.calls[id]; return c, there },
		storedHer:  func(id agent.ID) (agent.Agent, bool) { a, there := m.agents[id]; return a, there },
	}
	for _, w := range change.Calls {
		old, there := m.calls[w.Call.ID]
		t.calls[w.Call.ID] = replaced[call.Call]{old: old, exists: there, new: w.Call}
	}
	for _, w := range change.Agents {
		old, there := m.agents[w.Agent.Profile.ID]
		t.agents[w.Agent.Profile.ID] = replaced[agent.Agent]{old: old, exists: there, new: w.Agent}
	}
	for _, w := range change.Agents {
		if broken := t.agentBreaks(w.Agent.Profile.ID); broken != nil {
			return broken
		}
	}
	for _, w := range change.Calls {
		if broken := t.callBreaks(w.Call.ID); broken != nil {
			return broken
		}
	}
	return nil
}

// Forget is Store.Forget.
func (m *Memory) Forget(ctx context.Context, owner Owner, callID string) error {
	return m.do(ctx, Op{Name: "forget", Owner: owner, Call: callID}, func() error {
		if err := m.guard(owner); err != nil {
			return err
		}
		c, there := m.calls[callID]
		switch {
		case !there:
			return nil
		case c.Owner != owner.Name || c.Term != owner.Term:
			return &NotOwnerError{Call: callID}
		case c.Stage != call.Ended:
			return &LawError{Law: 0, Rule: RuleEnded, Call: callID}
		}
		delete(m.calls, callID)
		m.publish(Update{Gone: []string{callID}})
		return nil
	})
}

// Dismiss is Store.Dismiss.
func (m *Memory) Dismiss(ctx context.Context, owner Owner, id agent.ID) error {
	return m.do(ctx, Op{Name: "dismiss", Owner: owner}, func() error {
		if err := m.guard(owner); err != nil {
			return err
		}
		a, there := m.agents[id]
		if held(a) {
			return &LawError{Law: 2, Rule: RuleStillHolding, Call: a.Call, Agent: id}
		}
		if there {
			delete(m.agents, id)
			m.publish(Update{Dismissed: []agent.ID{id}})
		}
		return nil
	})
}

// Adopt is Store.Adopt.
func (m *Memory) Adopt(ctx context.Context, owner Owner, seen call.Call, dead bool) (adopted call.Call, err error) {
	next := adoptedBy(owner, seen)
	err = m.do(ctx, Op{Name: "adopt", Owner: owner, Call: seen.ID}, func() error {
		if err := m.guard(owner); err != nil {
			return err
		}
		c, there := m.calls[seen.ID]
		switch {
		case there && c.Version == next.Version && same(c, next):
			return nil
		case !there:
			return &NotOwnerError{Call: seen.ID}
		case c.Version != seen.Version || c.Owner != seen.Owner || c.Term != seen.Term:
			return &Conflict{Calls: []call.Call{c}}
		}
		if p, registered := m.owners[seen.Owner]; registered && p.Term == c.Term && !dead {
			return &NotOwnerError{Call: seen.ID}
		}
		m.calls[seen.ID] = next
		m.publish(Update{Calls: []call.Call{next}})
		return nil
	})
	if err != nil {
		return call.Call{}, err
	}
	return next, nil
}

// Rebuild is Store.Rebuild.
func (m *Memory) Rebuild(ctx context.Context, owner Owner, calls []call.Call, agents []agent.Agent) (done Rebuilt, err error) {
	err = m.do(ctx, Op{Name: "rebuild", Owner: owner}, func() error {
		if p, registered := m.owners[owner.Name]; registered && p.Term > owner.Term {
			return ErrFenced
		}
		m.eras++
		part := merge(owner, m.state(), calls, agents)
		before := m.era
		m.era = nextEra(owner, m.era, fmt.Sprintf("era-%d", m.eras))
		m.term = max(m.term, owner.Term)
		if m.owners[owner.Name].Term < owner.Term {
			m.owners[owner.Name] = Peer{Name: owner.Name, Term: owner.Term}
		}
		m.calls, m.agents = part.calls, part.agents
		owner.Era = m.era
		done = Rebuilt{Owner: owner, State: m.state(), Refused: part.refused}
		if m.era != before {
			m.publish(Update{Gap: true})
		}
		m.publish(part.news())
		return nil
	})
	if err != nil {
		return Rebuilt{}, err
	}
	return done, nil
}

// KeepPlace is Store.KeepPlace.
func (m *Memory) KeepPlace(ctx context.Context, fingerprint string, queued, droppedAt time.Time) error {
	return m.do(ctx, Op{Name: "keep-place"}, func() error {
		if len(m.places) >= maxPlaces {
			ids := slices.SortedFunc(maps.Keys(m.places), func(a, b string) int {
				return cmp.Or(m.places[a].dropped.Compare(m.places[b].dropped), cmp.Compare(a, b))
			})
			for _, id := range ids[:min(len(ids), len(ids)-maxPlaces+1+maxPlaces/10)] {
				delete(m.places, id)
			}
		}
		m.places[fingerprint] = place{
			queued:  time.UnixMilli(queued.UnixMilli()),
			dropped: time.UnixMilli(droppedAt.UnixMilli()),
		}
		return nil
	})
}

// HasPlace is Store.HasPlace.
func (m *Memory) HasPlace(ctx context.Context, fingerprint string) (has bool, err error) {
	err = m.do(ctx, Op{Name: "has-place"}, func() error {
		_, has = m.places[fingerprint]
		return nil
	})
	return has && err == nil, err
}

// TakePlace is Store.TakePlace.
func (m *Memory) TakePlace(ctx context.Context, fingerprint string, now time.Time, maxAge time.Duration) (queued time.Time, ok bool, err error) {
	err = m.do(ctx, Op{Name: "take-place"}, func() error {
		p, there := m.places[fingerprint]
		delete(m.places, fingerprint)
		if there {
			queued, ok = p.since(now, maxAge)
		}
		return nil
	})
	if err != nil {
		return time.Time{}, false, err
	}
	return queued, ok, nil
}

// Close is Store.Close.
func (m *Memory) Close() error { return nil }
