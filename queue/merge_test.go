package queue

import (
	"testing"

	"powerline/agent"
	"powerline/call"
)

// Two engines rebuild a wiped store. One made the call anew out of its channel
// and offers it to her; the other still knows her talking in the call of the
// same name that was lost, and in a higher version. She stays with the offer: a
// call and an agent who do not agree could never be parted again, because the
// laws forbid it.
func TestARebuildLeavesAnAgentWithTheCallThatNamesHer(t *testing.T) {
	c := call.Call{
		ID: "c1", Version: 2, Owner: "acd-a", Stage: call.Offered, Pool: agent.Women,
		Offer: call.Offer{N: 1, Agent: "asha", Leg: "c1.a1"},
	}
	her := agent.Agent{Profile: agent.Profile{ID: "asha", Woman: true}, Version: 3, State: agent.Reserved, Call: "c1", Leg: "c1.a1"}
	old := her
	old.Version, old.State = 40, agent.Talking
	stored := State{Calls: []call.Call{c}, Agents: []agent.Agent{her}}
	m := merge(Owner{Name: "acd-b", Term: 7}, stored, nil, []agent.Agent{old})
	if !pairs(m.calls["c1"], m.agents["asha"]) {
		t.Errorf("the call is %s and she is %s", m.calls["c1"].Stage, m.agents["asha"].State)
	}
}
