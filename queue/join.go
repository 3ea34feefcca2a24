package queue

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"time"
)

//go:embed join.lua
var joinSource string
var joinScript = script(joinSource)

//go:embed repair.lua
var repairSource string
var repairScript = script(repairSource)

// Join registers a process under its name, with a term above every one before.
// From that moment all writes of an older process of the same name are refused.
func (s *Store) Join(ctx context.Context, name string) (Owner, error) {
	if name == "" {
		return Owner{}, fmt.Errorf("join: a process needs a name")
	}
	if err := s.repair(ctx); err != nil {
		return Owner{}, err
	}
	keys := []string{s.key.era, s.key.owners, s.key.term}
	words, err := s.run(ctx, "join", s.timeout, joinScript, keys, name, time.Now().UnixMilli())
	if err != nil {
		return Owner{}, err
	}
	term, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return Owner{}, fmt.Errorf("join: term %q is no number", words[0])
	}
	return Owner{Name: name, Term: term, Era: words[1]}, nil
}

// repair removes foreign values from the places of our keys.
func (s *Store) repair(ctx context.Context) error {
	keys := []string{s.key.era, s.key.term, s.key.calls, s.key.agents, s.key.owners, s.key.places}
	return s.timed(ctx, "repair", s.timeout, func(ctx context.Context) error {
		return repairScript.Run(ctx, s.redis, keys).Err()
	})
}
