package queue

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"

	"powerline/agent"
	"powerline/call"
)

//go:embed rebuild.lua
var rebuildSource string
var rebuildScript = script(rebuildSource)

// rebuildAttempts bounds how often a rebuild starts again because others wrote
// at the same time. Each lost attempt is somebody else's success.
const rebuildAttempts = 20

var errMoved = errors.New("the data set moved while it was merged")

// Rebuild brings our calls, and the agents as we know them, back into a data set
// that was wiped or has lost writes. The first process to come makes a new era,
// so that all others are told (ErrWiped) and bring theirs. Doing it twice, or two
// processes at once, changes nothing: the higher version of a document stays.
func (s *Store) Rebuild(ctx context.Context, owner Owner, calls []call.Call, agents []agent.Agent) (Rebuilt, error) {
	if err := s.repair(ctx); err != nil {
		return Rebuilt{}, err
	}
	fresh := rand.Text()
	for range rebuildAttempts {
		done, err := s.rebuildOnce(ctx, owner, fresh, calls, agents)
		if !errors.Is(err, errMoved) {
			return done, err
		}
	}
	return Rebuilt{}, fmt.Errorf("rebuild: %w: %w", ErrUnavailable, errMoved)
}

func (s *Store) rebuildOnce(ctx context.Context, owner Owner, fresh string, calls []call.Call, agents []agent.Agent) (Rebuilt, error) {
	stored, err := s.Load(ctx)
	if err != nil {
		return Rebuilt{}, err
	}
	if err := s.sweep(ctx, stored.Broken); err != nil {
		return Rebuilt{}, err
	}
	era := nextEra(owner, stored.Era, fresh)
	m := merge(owner, stored, calls, agents)
	args := []any{stored.Era, era, owner.Name, owner.Term, s.key.changes, len(m.readCalls), len(m.readAgents)}
	args, err = m.arguments(args)
	if err != nil {
		return Rebuilt{}, err
	}
	keys := []string{s.key.era, s.key.owners, s.key.calls, s.key.agents, s.key.term}
	words, err := s.run(ctx, "rebuild", 4*s.timeout, rebuildScript, keys, args...)
	if err != nil {
		return Rebuilt{}, err
	}
	if words[0] == "moved" {
		return Rebuilt{}, errMoved
	}
	owner.Era = era
	return Rebuilt{Owner: owner, State: m.state(era, stored.Owners), Refused: m.refused}, nil
}

// nextEra: a data set that we did not know was made by somebody who rebuilt
// before us, so we join it. The one that we knew has lost our registration.
func nextEra(owner Owner, stored, fresh string) string {
	if stored == "" || stored == owner.Era {
		return fresh
	}
	return stored
}

// arguments are the documents that the merge read, in the order of their ids,
// each with the version found and the document to be stored, if any.
func (m *merging) arguments(args []any) ([]any, error) {
	for _, id := range sortedKeys(m.readCalls) {
		raw := ""
		if m.writeCalls[id] {
			var err error
			if raw, err = encode("rebuild", m.calls[id]); err != nil {
				return nil, err
			}
		}
		args = append(args, id, m.readCalls[id], raw)
	}
	for _, id := range sortedKeys(m.readAgents) {
		raw := ""
		if m.writeAgents[id] {
			var err error
			if raw, err = encode("rebuild", m.agents[id]); err != nil {
				return nil, err
			}
		}
		args = append(args, string(id), m.readAgents[id], raw)
	}
	return args, nil
}

// sweep removes documents that nobody can read.
func (s *Store) sweep(ctx context.Context, broken []string) error {
	if len(broken) == 0 {
		return nil
	}
	return s.timed(ctx, "sweep", s.timeout, func(ctx context.Context) error {
		return errors.Join(
			s.redis.HDel(ctx, s.key.calls, broken...).Err(),
			s.redis.HDel(ctx, s.key.agents, broken...).Err())
	})
}
