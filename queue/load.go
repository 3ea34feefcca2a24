package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"

	"powerline/agent"
	"powerline/call"
)

// Load reads everything as it was at one moment, in one round trip.
func (s *Store) Load(ctx context.Context) (State, error) {
	var era *redis.StringCmd
	var calls, agents, owners *redis.MapStringStringCmd
	err := s.timed(ctx, "load", 4*s.timeout, func(ctx context.Context) error {
		_, err := s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
			era = p.Get(ctx, s.key.era)
			calls = p.HGetAll(ctx, s.key.calls)
			agents = p.HGetAll(ctx, s.key.agents)
			owners = p.HGetAll(ctx, s.key.owners)
			return nil
		})
		if errors.Is(err, redis.Nil) {
			return nil // no era: that is an answer
		}
		return err
	})
	if err != nil {
		return State{}, err
	}
	st := State{Era: era.Val()}
	for name, raw := range owners.Val() {
		if p, ok := peer(name, raw); ok {
			st.Owners = append(st.Owners, p)
		}
	}
	st.Calls = decodeHash[call.Call](calls.Val(), &st.Broken)
	st.Agents = decodeHash[agent.Agent](agents.Val(), &st.Broken)
	return st.sorted(), nil
}

// decodeHash reads all documents of a hash; those it cannot read go to broken.
func decodeHash[T any](hash map[string]string, broken *[]string) []T {
	docs := make([]T, 0, len(hash))
	for id, raw := range hash {
		var doc T
		if json.Unmarshal([]byte(raw), &doc) != nil {
			*broken = append(*broken, id)
			continue
		}
		docs = append(docs, doc)
	}
	return docs
}

// sorted puts everything in the order of its id, so that the same data is the
// same State whoever holds it.
func (st State) sorted() State {
	slices.SortFunc(st.Calls, func(a, b call.Call) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(st.Agents, func(a, b agent.Agent) int { return cmp.Compare(a.Profile.ID, b.Profile.ID) })
	slices.SortFunc(st.Owners, func(a, b Peer) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(st.Broken)
	return st
}
