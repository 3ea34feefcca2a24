package queue

import (
	"context"
	_ "embed"

	"powerline/agent"
)

//go:embed forget.lua
var forgetSource string
var forgetScript = script(forgetSource)

//go:embed dismiss.lua
var dismissSource string
var dismissScript = script(dismissSource)

// Forget removes a call that has ended. One that is gone already is no error.
func (s *Store) Forget(ctx context.Context, owner Owner, callID string) error {
	keys := []string{s.key.era, s.key.owners, s.key.calls}
	_, err := s.run(ctx, "forget", s.timeout, forgetScript, keys,
		owner.Era, owner.Name, owner.Term, s.key.changes, callID)
	return err
}

// Dismiss removes an agent who has left the roster, unless a call holds her. One
// that is gone already is no error.
func (s *Store) Dismiss(ctx context.Context, owner Owner, id agent.ID) error {
	keys := []string{s.key.era, s.key.owners, s.key.agents}
	_, err := s.run(ctx, "dismiss", s.timeout, dismissScript, keys,
		owner.Era, owner.Name, owner.Term, s.key.changes, string(id))
	return err
}
