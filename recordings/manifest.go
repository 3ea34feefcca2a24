package recordings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Manifest says of a sealed recording what the database does not know yet. It
// is on disk before the plain files go, and gone when the chain has its link.
type Manifest struct {
	ID       ID        `json:"id"`
	Host     string    `json:"host"`
	SealedAt time.Time `json:"sealedAt"`
	Written  time.Time `json:"written"` // when the plain files were last written to
	Object   string    `json:"object"`
	// Key is the id of a key that the database has. If it had none, because it was
	// away, Public and Wrapped are one of its own.
	Key        string    `json:"key,omitempty"`
	Public     PublicKey `json:"public,omitempty"`
	Wrapped    []byte    `json:"wrapped,omitempty"`
	Recipients []string  `json:"recipients,omitempty"`
	Content
}

// Pending is the directory of manifests: the queue between store and chain.
type Pending struct{ dir string }

// OpenPending makes the directory if it is missing.
func OpenPending(dir string) (Pending, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Pending{}, fmt.Errorf("recordings: open the queue: %w", err)
	}
	return Pending{dir}, nil
}

const manifestEnding = ".json"

// Put makes a manifest durable.
func (p Pending) Put(ctx context.Context, m Manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("recordings: write a manifest: %w", err)
	}
	path := filepath.Join(p.dir, string(m.ID)+manifestEnding)
	return writeFile(ctx, path+".new", path, func(w io.Writer) error {
		if _, err := w.Write(text); err != nil {
			return fmt.Errorf("recordings: write a manifest: %w", err)
		}
		return nil
	})
}

// List reads every manifest. One that cannot be read is an error and stays.
func (p Pending) List() (all []Manifest, err error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("recordings: list the queue: %w", err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), manifestEnding) {
			continue
		}
		m, bad := p.read(e.Name())
		if errors.Is(bad, fs.ErrNotExist) {
			continue
		}
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		all = append(all, m)
	}
	return all, err
}

func (p Pending) read(name string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		return m, fmt.Errorf("recordings: read a manifest: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil || string(m.ID)+manifestEnding != name {
		return m, fmt.Errorf("recordings: %s is no manifest of ours", name)
	}
	return m, nil
}

// Remove takes a manifest away; one that is not there is no error.
func (p Pending) Remove(id ID) error {
	if err := os.Remove(filepath.Join(p.dir, string(id)+manifestEnding)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("recordings: remove a manifest: %w", err)
	}
	return nil
}
