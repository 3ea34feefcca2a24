package queue

import (
	"context"
	_ "embed"

	"powerline/call"
)

//go:embed adopt.lua
var adoptSource string
var adoptScript = script(adoptSource)

// Adopt makes us the owner of a call. c is its document as it was seen. It moves
// only if nothing has been written to it since, and only from an owner who has
// been superseded by a newer process of its name, or whom the adopter declares
// dead, having seen its beat stand still. The old owner's writes are refused
// from then on, be it dead, hung or merely slow.
//
// A *Conflict carries the document as it is now: its owner lives, or another
// adopter was faster.
func (s *Store) Adopt(ctx context.Context, owner Owner, c call.Call, dead bool) (call.Call, error) {
	adopted := adoptedBy(owner, c)
	raw, err := encode("adopt", adopted)
	if err != nil {
		return call.Call{}, err
	}
	declared := "0"
	if dead {
		declared = "1"
	}
	keys := []string{s.key.era, s.key.owners, s.key.calls}
	words, err := s.run(ctx, "adopt", s.timeout, adoptScript, keys,
		owner.Era, owner.Name, owner.Term, s.key.changes, c.ID, c.Version, c.Owner, c.Term, declared, raw)
	if err != nil {
		return call.Call{}, err
	}
	if words[0] == "conflict" {
		d, _ := decodeAll(words[1:], 1)
		return call.Call{}, &Conflict{Calls: d.Calls}
	}
	return adopted, nil
}

func adoptedBy(owner Owner, c call.Call) call.Call {
	c.Version, c.Owner, c.Term = c.Version+1, owner.Name, owner.Term
	return c
}
