package queue

import (
	"context"
	"errors"
	"testing"

	"powerline/agent"
	"powerline/call"
)

// SubmitRaw runs the script of Commit on documents that no honest Go side would
// make; the tests of package queue_test use it.
func (s *Store) SubmitRaw(ctx context.Context, o Owner, callID string, from int64, callDoc, agentID, agentDoc string) error {
	calls, agents := 0, 0
	var writes []any
	if callID != "" {
		calls, writes = 1, append(writes, callID, from, callDoc)
	}
	if agentID != "" {
		agents, writes = 1, append(writes, agentID, from, agentDoc)
	}
	args := append([]any{o.Era, o.Name, o.Term, s.key.changes, calls, agents}, writes...)
	words, err := s.commit(ctx, args)
	if err == nil && words[0] != "ok" {
		err = errors.New(words[0])
	}
	return err
}

func TestLandedKeepsADismissedAgent(t *testing.T) {
	change := Change{
		Calls:  []CallWrite{{Call: call.Call{ID: "c1"}}},
		Agents: []AgentWrite{{Agent: agent.Agent{Profile: agent.Profile{ID: "a1"}, Version: 4}}},
	}
	d := landed(change, []string{`{"id":"c1"}`, ""})
	if len(d.Agents) != 1 || d.Agents[0].Version != 4 {
		t.Fatalf("got %+v", d.Agents)
	}
}
