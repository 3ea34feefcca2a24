package recordings

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Anchor is the head of the chain at a moment, signed. Kept where nobody who
// can change the database can, it proves that no row up to it was changed later.
type Anchor struct {
	Seq  int64     `json:"seq"`
	Hash Digest    `json:"hash"`
	At   time.Time `json:"at"`
	// Key and Signature are of Ed25519, in hexadecimal digits.
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

// text is what is signed.
func (a Anchor) text() []byte {
	return fmt.Appendf(nil, "powerline recordings anchor 1\n%d\n%s\n%s\n", a.Seq, a.Hash, a.At.UTC().Format(time.RFC3339))
}

// Sign makes an anchor with a seed of 32 bytes.
func Sign(seed []byte, seq int64, hash []byte, at time.Time) (Anchor, error) {
	if len(seed) != ed25519.SeedSize || len(hash) != len(Digest{}) {
		return Anchor{}, errors.New("recordings: sign an anchor: want a key and a hash of 32 bytes each")
	}
	key := ed25519.NewKeyFromSeed(seed)
	a := Anchor{Seq: seq, Hash: Digest(hash), At: at.UTC().Truncate(time.Second), Key: hex.EncodeToString(key.Public().(ed25519.PublicKey))}
	a.Signature = hex.EncodeToString(ed25519.Sign(key, a.text()))
	return a, nil
}

// Signed reports whether an anchor is what the owner of its key signed.
func (a Anchor) Signed() bool {
	key, err := hex.DecodeString(a.Key)
	signature, err2 := hex.DecodeString(a.Signature)
	return err == nil && err2 == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, a.text(), signature)
}

// Holds compares an anchor with the row that it is about.
func (a Anchor) Holds(l Link) error {
	switch {
	case !a.Signed():
		return fmt.Errorf("recordings: the anchor at row %d is not signed by its key", a.Seq)
	case l.Seq == a.Seq && Digest(l.Hash) != a.Hash:
		return &Broken{l.Seq, l.Recording, "it is not the row of which the anchor of " + a.At.Format(time.RFC3339) + " knows"}
	}
	return nil
}

// WriteAnchor puts an anchor into a directory, under the number of its row.
func WriteAnchor(ctx context.Context, dir string, a Anchor) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("recordings: write an anchor: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("recordings: write an anchor: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("anchor-%012d.json", a.Seq))
	return writeFile(ctx, path+".new", path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// ReadAnchors reads every anchor of a directory, by row.
func ReadAnchors(dir string) (all []Anchor, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("recordings: read anchors: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "anchor-") || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		var a Anchor
		if err == nil {
			err = json.Unmarshal(text, &a)
		}
		if err != nil {
			return nil, fmt.Errorf("recordings: read anchor %s: %w", e.Name(), err)
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Anchor) int { return int(a.Seq - b.Seq) })
	return all, nil
}
