package queue

import (
	"powerline/agent"
	"powerline/call"
)

// Owner is a process's right to write: its name, the term under which it
// joined, and the data set (era) that it knows. It is a value; hand it to each
// write and replace it after Rebuild.
type Owner struct {
	Name string
	// Term rises with each Join of any process; the highest of a name is valid.
	Term int64
	// Era names the data set. Empty means that there was none at Join: Rebuild.
	Era string
}

// Peer is another process as Redis shows it.
type Peer struct {
	Name string
	Term int64
	// Beat is whatever counter the peer wrote last. It says nothing by itself:
	// whoever watches it judges by its own monotonic clock whether it still moves.
	Beat int64
}

// CallWrite is a call to be stored in place of version From; zero means that it
// must not exist yet.
type CallWrite struct {
	From int64
	Call call.Call
}

// AgentWrite is an agent to be stored in place of version From; zero means that
// she must not exist yet.
type AgentWrite struct {
	From  int64
	Agent agent.Agent
}

// Change is everything that one step changes. It is stored whole or not at all.
type Change struct {
	Calls  []CallWrite
	Agents []AgentWrite
}

// Documents are calls and agents as they are stored, in the order in which they
// were asked for, or by id where nobody asked.
type Documents struct {
	Calls  []call.Call
	Agents []agent.Agent
}

// State is everything at one moment.
type State struct {
	// Era is empty when there is no data set: it was wiped, or never made.
	Era    string
	Calls  []call.Call
	Agents []agent.Agent
	Owners []Peer
	// Broken are ids of documents that could not be read. They count as absent,
	// and the next Rebuild removes them.
	Broken []string
}

// Update is news of what others, or we ourselves, have stored.
type Update struct {
	// Gap: news may have been lost before this one. Load again.
	Gap    bool
	Calls  []call.Call
	Agents []agent.Agent
	// Gone are ids of calls that were forgotten; Dismissed of agents.
	Gone      []string
	Dismissed []agent.ID
}

// Rebuilt is what a Rebuild came to.
type Rebuilt struct {
	// Owner is the caller's own right to write, now for the new era.
	Owner Owner
	// State is what is stored now, our own part and what others brought.
	State State
	// Refused are calls of ours that were not stored as they are, because
	// somebody else has them or their agent by now. A call that is no longer ours
	// stands in State with its new owner; for the others, step what the facts say
	// and commit with From zero (or the version in State, if it is there).
	Refused []call.Call
}
