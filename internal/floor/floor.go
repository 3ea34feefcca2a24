// Package floor is the contact centre as this process sees it: every call and
// every agent, each in the newest version known here.
//
// # Model
//
// The truth is in the store (package queue); the floor is a mirror, so that
// routing looks at memory and not at the network. It is fed by this process's
// own commits at once, by the commits of others through the store's
// announcements, and as a whole by Load after each gap. Versions make the order
// of these three irrelevant: the newest wins. A mirror that is behind costs one
// refused commit, never a wrong one, because the store compares versions.
package floor

import (
	"maps"
	"slices"
	"sync"

	"powerline/agent"
	"powerline/call"
)

// Floor is safe for concurrent use. The zero value is not ready; use New.
type Floor struct {
	mu      sync.RWMutex
	calls   map[string]call.Call
	agents  map[agent.ID]agent.Agent
	ids     []agent.ID        // of the agents, in order
	gone    map[string]uint64 // calls forgotten lately, and at which count: late news of them is void
	order   []string          // of gone, oldest first
	forgot  uint64            // how many calls were ever forgotten
	changed chan struct{}
	watch   map[chan struct{}]struct{} // others who want to hear of changes
}

// remembered is how many ended calls are kept in mind as ended. News of a call
// travels within milliseconds; at 100 calls/s this is a minute of them.
const remembered = 6000

// New is an empty floor.
func New() *Floor {
	return &Floor{
		calls:   map[string]call.Call{},
		agents:  map[agent.ID]agent.Agent{},
		gone:    map[string]uint64{},
		changed: make(chan struct{}, 1),
		watch:   map[chan struct{}]struct{}{},
	}
}

// AgentChange is an agent before and after something was learnt about her.
type AgentChange struct{ Before, After agent.Agent }

// Learn takes in documents that the store holds, and says which agents moved.
func (f *Floor) Learn(calls []call.Call, agents []agent.Agent) []AgentChange {
	f.mu.Lock()
	defer f.mu.Unlock()
	news := false
	for _, c := range calls {
		old, known := f.calls[c.ID]
		_, gone := f.gone[c.ID]
		if known && !newer(c, old) || !known && gone && c.Stage == call.Ended {
			continue // late news of an end; a call that goes on has begun a new life
		}
		f.calls[c.ID], news = c, true
	}
	var moved []AgentChange
	for _, a := range agents {
		old, known := f.agents[a.Profile.ID]
		if known && old.Version >= a.Version {
			continue
		}
		f.put(a)
		moved = append(moved, AgentChange{Before: old, After: a})
	}
	// What this process commits it may hear of again, and nobody need look again.
	if news || len(moved) > 0 {
		f.signal()
	}
	return moved
}

// newer: a rebuild may give a call to another process without changing it.
func newer(c, old call.Call) bool {
	return c.Version > old.Version || c.Version == old.Version && c.Term > old.Term
}

// Forget drops calls that are over.
func (f *Floor) Forget(ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		delete(f.calls, id)
		f.forgot++
		if _, gone := f.gone[id]; !gone {
			f.order = append(f.order, id)
		}
		f.gone[id] = f.forgot
	}
	for len(f.order) > remembered {
		delete(f.gone, f.order[0])
		f.order = f.order[1:]
	}
	f.signal()
}

// Doubt drops what is believed of a call, because the store has contradicted it.
// Unlike a Forget it says nothing of the call: whatever is learnt next counts.
func (f *Floor) Doubt(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.calls, id)
	f.signal()
}

// Remember takes back a Forget: a caller may come back on the same channel, out
// of the fallback queue.
func (f *Floor) Remember(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, gone := f.gone[id]; !gone {
		return // nearly always: a call that is new
	}
	delete(f.gone, id)
	f.order = slices.DeleteFunc(f.order, func(x string) bool { return x == id })
}

// Mark is a moment in the life of a floor.
type Mark uint64

// Mark is now. Take it before the store is asked for what Reload takes in.
func (f *Floor) Mark() Mark {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return Mark(f.forgot)
}

// Reload takes in all that the store held and drops calls of others that it
// held no more. Calls of mine stay: what I own is mine to say. A call that was
// forgotten after the mark stays forgotten, or as it was learnt since: the store was
// read before.
func (f *Floor) Reload(since Mark, calls []call.Call, agents []agent.Agent, mine func(call.Call) bool) []AgentChange {
	there := make(map[string]bool, len(calls))
	f.mu.Lock()
	calls = slices.DeleteFunc(slices.Clone(calls), func(c call.Call) bool { return f.gone[c.ID] > uint64(since) })
	for _, c := range calls {
		there[c.ID] = true
	}
	for id, c := range f.calls {
		if !there[id] && !mine(c) && f.gone[id] <= uint64(since) {
			delete(f.calls, id)
		}
	}
	f.signal()
	f.mu.Unlock()
	return f.Learn(calls, agents)
}

// Replace makes the floor what a rebuild has left in the store, also where that
// is older: what the rebuild refused has not happened for anybody else, and a
// floor that went on believing in it would be refused for ever.
func (f *Floor) Replace(calls []call.Call, agents []agent.Agent) []AgentChange {
	f.mu.Lock()
	before := f.agents
	f.calls, f.agents, f.ids = make(map[string]call.Call, len(calls)), make(map[agent.ID]agent.Agent, len(agents)), nil
	for _, c := range calls {
		f.calls[c.ID] = c
	}
	var moved []AgentChange
	for _, a := range agents {
		f.put(a)
		if old := before[a.Profile.ID]; old.Version != a.Version || old.Epoch != a.Epoch {
			moved = append(moved, AgentChange{Before: old, After: a})
		}
	}
	f.signal()
	f.mu.Unlock()
	return moved
}

// put takes in an agent. Who is new gets her place in the order: to sort all of
// them for each look of the router cost more than its decision.
func (f *Floor) put(a agent.Agent) {
	if at, known := slices.BinarySearch(f.ids, a.Profile.ID); !known {
		f.ids = slices.Insert(f.ids, at, a.Profile.ID)
	}
	f.agents[a.Profile.ID] = a
}

// Call returns one call.
func (f *Floor) Call(id string) (call.Call, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c, ok := f.calls[id]
	return c, ok
}

// Agent returns one agent.
func (f *Floor) Agent(id agent.ID) (agent.Agent, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	a, ok := f.agents[id]
	return a, ok
}

// Calls returns all calls, by id.
func (f *Floor) Calls() []call.Call {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]call.Call, 0, len(f.calls))
	for _, id := range slices.Sorted(maps.Keys(f.calls)) { // names, not whole calls, are moved about
		all = append(all, f.calls[id])
	}
	return all
}

// CallsWhere returns the calls that are wanted, in any order. The function may not
// ask the floor.
func (f *Floor) CallsWhere(wanted func(call.Call) bool) (some []call.Call) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, c := range f.calls {
		if wanted(c) {
			some = append(some, c)
		}
	}
	return some
}

// OfLeg returns the agents who are held by a leg, by id.
func (f *Floor) OfLeg(leg string) (ids []agent.ID) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, id := range f.ids {
		if f.agents[id].Leg == leg {
			ids = append(ids, id)
		}
	}
	return ids
}

// Agents returns all agents, by id.
func (f *Floor) Agents() []agent.Agent {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]agent.Agent, len(f.ids))
	for i, id := range f.ids {
		all[i] = f.agents[id]
	}
	return all
}

// Changed is signalled after each change; several may share one signal.
func (f *Floor) Changed() <-chan struct{} { return f.changed }

// Watch is signalled after each change as Changed is, but for one more listener:
// Changed belongs to the router. Stop ends it.
func (f *Floor) Watch() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch[c] = struct{}{}
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watch, c)
	}
}

// Poke signals a change that is not in the documents.
func (f *Floor) Poke() {
	f.mu.RLock()
	defer f.mu.RUnlock()
	f.signal()
}

// signal wants the lock held, to read at least.
func (f *Floor) signal() {
	tell(f.changed)
	for c := range f.watch {
		tell(c)
	}
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
