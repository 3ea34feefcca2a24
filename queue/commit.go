package queue

import (
	"context"
	_ "embed"
	"fmt"

	"powerline/agent"
)

//go:embed commit.lua
var commitSource string
var commitScript = script(commitSource)

// Commit stores a change whole or not at all, and returns what is stored: each
// version is one above the From that it replaced, and calls bear the owner.
//
// After ErrUnavailable repeat the same change. If it had been applied after all,
// it is recognised; the agents returned are then as they are now, for somebody
// else may have written them since.
func (s *Store) Commit(ctx context.Context, owner Owner, change Change) (Documents, error) {
	change, err := stamped(owner, change)
	if err != nil {
		return Documents{}, err
	}
	args := []any{owner.Era, owner.Name, owner.Term, s.key.changes, len(change.Calls), len(change.Agents)}
	var calls, agents []string
	for _, w := range change.Calls {
		raw, err := encode("commit", w.Call)
		if err != nil {
			return Documents{}, err
		}
		args, calls = append(args, w.Call.ID, w.From, raw), append(calls, raw)
	}
	for _, w := range change.Agents {
		raw, err := encode("commit", w.Agent)
		if err != nil {
			return Documents{}, err
		}
		args, agents = append(args, string(w.Agent.Profile.ID), w.From, raw), append(agents, raw)
	}
	text := announced(owner.Era, calls, agents)
	s.own.begin(owner.Era, text)
	words, err := s.commit(ctx, args)
	s.own.end(text, err == nil && words[0] == "ok")
	if err != nil {
		return Documents{}, err
	}
	switch words[0] {
	case "ok":
		return change.documents(), nil
	case "again":
		return landed(change, words[1:]), nil
	case "conflict":
		return Documents{}, conflict(change, words[1:])
	}
	return Documents{}, fmt.Errorf("commit: %w: reply %q", ErrUnavailable, words[0])
}

// commit runs the script on raw arguments.
func (s *Store) commit(ctx context.Context, args []any) (reply, error) {
	keys := []string{s.key.era, s.key.owners, s.key.calls, s.key.agents}
	return s.run(ctx, "commit", s.timeout, commitScript, keys, args...)
}

// landed is a change that had been applied before.
func landed(change Change, raws []string) Documents {
	now, _ := decodeAll(raws, len(change.Calls))
	return Documents{Calls: change.documents().Calls, Agents: overlay(change, now.Agents)}
}

// overlay are the agents of a change as they are now; one who has been dismissed
// since is as the change left her.
func overlay(change Change, now []agent.Agent) []agent.Agent {
	out := change.documents().Agents
	for i, a := range out {
		for _, n := range now {
			if n.Profile.ID == a.Profile.ID {
				out[i] = n
			}
		}
	}
	return out
}

// conflict reads the current documents. One that is there and cannot be read
// stands in everybody's way; only a rebuild removes it.
func conflict(change Change, raws []string) error {
	d, absent := decodeAll(raws, len(change.Calls))
	for _, i := range absent {
		if raws[i] != "" {
			return fmt.Errorf("commit: %w (a document cannot be read)", ErrWiped)
		}
	}
	return &Conflict{Calls: d.Calls, Agents: d.Agents, Missing: missing(change, absent)}
}

// missing are the agents among the absent documents that ought to exist.
func missing(change Change, absent []int) (ids []agent.ID) {
	for _, i := range absent {
		if i -= len(change.Calls); i >= 0 && change.Agents[i].From > 0 {
			ids = append(ids, change.Agents[i].Agent.Profile.ID)
		}
	}
	return ids
}
