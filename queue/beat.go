package queue

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"slices"
)

//go:embed beat.lua
var beatSource string
var beatScript = script(beatSource)

// Beat writes our counter and returns all other processes, by name. It is also
// how a process learns in time that it is fenced, or that the data is gone.
func (s *Store) Beat(ctx context.Context, owner Owner, n int64) ([]Peer, error) {
	words, err := s.run(ctx, "beat", s.timeout, beatScript, []string{s.key.era, s.key.owners},
		owner.Era, owner.Name, owner.Term, n)
	if err != nil {
		return nil, err
	}
	var peers []Peer
	for i := 1; i+1 < len(words); i += 2 {
		if words[i] == owner.Name {
			continue
		}
		if p, ok := peer(words[i], words[i+1]); ok {
			peers = append(peers, p)
		}
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.Name, b.Name) })
	return peers, nil
}

// peer reads one field of the owners' hash.
func peer(name, raw string) (Peer, bool) {
	var doc struct{ Term, Beat int64 }
	if json.Unmarshal([]byte(raw), &doc) != nil {
		return Peer{}, false
	}
	return Peer{Name: name, Term: doc.Term, Beat: doc.Beat}, true
}
