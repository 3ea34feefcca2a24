package queue

import (
	"cmp"
	"slices"

	"powerline/agent"
	"powerline/call"
)

// merging is one process's part of a rebuild, worked out on what is stored. It
// is pure: whether the documents are still the same is for the store to check
// when it writes.
type merging struct {
	owner Owner
	// mine are the agents as we know them.
	mine map[agent.ID]agent.Agent
	// calls and agents are what is stored, with our writes applied as we go.
	calls  map[string]call.Call
	agents map[agent.ID]agent.Agent
	// read are the versions found, of all that a decision rested on.
	readCalls  map[string]int64
	readAgents map[agent.ID]int64
	// write are the documents to be stored.
	writeCalls  map[string]bool
	writeAgents map[agent.ID]bool
	refused     []call.Call
}

// merge brings one process's memory into what is stored. The higher version is
// the newer truth; a tie leaves what is stored. Beyond that, a call keeps the
// agent it had: she is taken from nobody, except that a conversation that is
// going on beats an offer that was made in ignorance of it.
func merge(owner Owner, stored State, calls []call.Call, agents []agent.Agent) *merging {
	m := &merging{
		owner: owner, mine: make(map[agent.ID]agent.Agent, len(agents)),
		calls:  make(map[string]call.Call, len(stored.Calls)+len(calls)),
		agents: make(map[agent.ID]agent.Agent, len(stored.Agents)+len(agents)),
		// Everything starts as unread and unwritten.
		readCalls: map[string]int64{}, readAgents: map[agent.ID]int64{},
		writeCalls: map[string]bool{}, writeAgents: map[agent.ID]bool{},
	}
	for _, c := range stored.Calls {
		m.calls[c.ID] = c
	}
	for _, a := range stored.Agents {
		m.agents[a.Profile.ID] = a
	}
	for _, a := range agents {
		a.Version = max(1, a.Version)
		m.mine[a.Profile.ID] = a
		m.bringAgent(a)
	}
	for _, c := range calls {
		c.Owner, c.Term, c.Version = owner.Name, owner.Term, max(1, c.Version)
		c.Queued = c.Queued.UTC()
		m.bringCall(c)
	}
	return m
}

// bringAgent stores an agent unless what is there is as new, or she is the agent
// of a stored call and would not be any more.
func (m *merging) bringAgent(a agent.Agent) {
	id := a.Profile.ID
	s, there := m.agents[id]
	if there && (s.Version >= a.Version || m.engagedBy(s) != "" && !pairs(m.calls[s.Call], a)) {
		return
	}
	m.readAgents[id] = s.Version
	m.agents[id], m.writeAgents[id] = a, true
}

// bringCall stores a call of ours unless what is there is as new, or its agent
// cannot be had.
func (m *merging) bringCall(c call.Call) {
	s, there := m.calls[c.ID]
	if there && s.Version >= c.Version {
		if s.Owner != c.Owner || s.Term != c.Term {
			m.refused = append(m.refused, c)
		}
		return
	}
	if engaged(c) && !m.bringPair(c, c.Offer.Agent) {
		m.refused = append(m.refused, c)
		return
	}
	// A guest who cannot be had is left out: her leg is nobody's then, and is ended.
	c.Guests = slices.DeleteFunc(slices.Clone(c.Guests), func(g call.Guest) bool {
		return g.Agent != "" && !m.bringPair(c, g.Agent)
	})
	if len(c.Guests) == 0 {
		c.Guests = nil
	}
	m.readCalls[c.ID] = s.Version
	m.calls[c.ID], m.writeCalls[c.ID] = c, true
}

// bringPair makes sure that an agent of a call in hand, or a guest, is stored as such.
func (m *merging) bringPair(c call.Call, id agent.ID) bool {
	s, there := m.agents[id]
	if _, read := m.readAgents[id]; !read && there {
		m.readAgents[id] = s.Version
	}
	mine := m.mine[id]
	switch {
	case there && pairs(c, s):
		return s.Profile.Fits(c.Pool)
	case !pairs(c, mine) || !mine.Profile.Fits(c.Pool):
		return false
	}
	if other := m.engagedBy(s); other != "" && other != c.ID && (c.Stage != call.Talking || s.State == agent.Talking) {
		return false
	}
	mine.Version = max(mine.Version, s.Version+1)
	m.agents[id], m.writeAgents[id] = mine, true
	return true
}

// engagedBy is the call, if any, that holds the agent and names her.
func (m *merging) engagedBy(a agent.Agent) string {
	c, there := m.calls[a.Call]
	if !there || !pairs(c, a) {
		return ""
	}
	if _, read := m.readCalls[c.ID]; !read {
		m.readCalls[c.ID] = c.Version
	}
	return c.ID
}

// state is everything as it will be.
func (m *merging) state(era string, owners []Peer) State {
	st := State{Era: era}
	for _, c := range m.calls {
		st.Calls = append(st.Calls, c)
	}
	for _, a := range m.agents {
		st.Agents = append(st.Agents, a)
	}
	me := Peer{Name: m.owner.Name, Term: m.owner.Term}
	for _, p := range owners {
		if p.Name == me.Name && p.Term == me.Term {
			me = p
		}
	}
	st.Owners = append(slices.DeleteFunc(slices.Clone(owners), func(p Peer) bool { return p.Name == me.Name }), me)
	return st.sorted()
}

// sortedKeys is the order in which documents are written: the same each time.
func sortedKeys[K cmp.Ordered](m map[K]int64) []K {
	ids := make([]K, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// news is what the rebuild changed, in the order of the ids.
func (m *merging) news() Update {
	var u Update
	for _, id := range sortedKeys(m.readCalls) {
		if m.writeCalls[id] {
			u.Calls = append(u.Calls, m.calls[id])
		}
	}
	for _, id := range sortedKeys(m.readAgents) {
		if m.writeAgents[id] {
			u.Agents = append(u.Agents, m.agents[id])
		}
	}
	return u
}
