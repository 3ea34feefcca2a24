package floor

import (
	"reflect"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
)

// Transaction is what one event would do: the documents to store together, and
// the commands to carry out after they are stored.
type Transaction struct {
	Next     call.Call
	Change   queue.Change
	Commands []call.Command
}

// Verdict says what a Transact came to.
type Verdict string

// Moved: commit it. Unmoved: the event changes nothing. Refused: an agent who
// must agree does not; nothing is to be done.
const (
	Moved   Verdict = "moved"
	Unmoved Verdict = "unmoved"
	Refused Verdict = "refused"
)

// Transact steps a call and, in the same change, the agents that it tells. It
// is the same for the engine and for the simulator, so that what the simulator
// proves is what runs.
//
// A step that changes nothing but wants something done stores the call as it is:
// only so does a process that has lost the call without knowing it find out
// before it plays music into somebody else's conversation.
func Transact(rules call.Rules, c call.Call, ev call.Event, agentOf func(agent.ID) (agent.Agent, bool)) (Transaction, Verdict) {
	next, cmds := rules.Step(c, ev)
	if len(cmds) == 0 && same(&next, &c) {
		return Transaction{}, Unmoved
	}
	t := Transaction{Next: next}
	if c.Version > 0 || !same(&next, &c) {
		t.Change.Calls = []queue.CallWrite{{From: c.Version, Call: next}}
	}
	for _, cmd := range cmds {
		tell, ok := cmd.(call.Tell)
		if !ok {
			t.Commands = append(t.Commands, cmd)
			continue
		}
		if !t.tell(tell, agentOf) {
			return Transaction{}, Refused
		}
	}
	return t, Moved
}

// same compares first what most steps change: to walk through all of a call takes
// longer than the step.
func same(a, b *call.Call) bool {
	return a.Epoch == b.Epoch && a.Joined == b.Joined && a.Dialled.Equal(b.Dialled) && reflect.DeepEqual(*a, *b)
}

func (t *Transaction) tell(tell call.Tell, agentOf func(agent.ID) (agent.Agent, bool)) bool {
	a, known := agentOf(tell.Agent)
	if !known {
		return !tell.Must
	}
	next, verdict := agent.Step(a, tell.Event)
	if verdict != agent.Applied {
		return !tell.Must
	}
	t.Change.Agents = append(t.Change.Agents, queue.AgentWrite{From: a.Version, Agent: next})
	return true
}
