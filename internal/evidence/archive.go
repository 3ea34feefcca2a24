package evidence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/recordings/bucket"
)

// Archive is all recordings of a site.
type Archive struct {
	DB    *postgres.DB
	Store recordings.Store
	// Identities open recordings; there may be none.
	Identities recordings.Identities
	// AnchorDir holds signed heads of the chain; empty for none.
	AnchorDir string
	// SealWithin is how long after its end a recording may be unsealed.
	SealWithin time.Duration
}

// Open makes an archive of what the configuration names.
func Open(c config.Config, db *postgres.DB) (*Archive, error) {
	a := &Archive{DB: db, AnchorDir: c.Recordings.Anchor.Dir, SealWithin: c.Recordings.SealWithin}
	store, err := OpenStore(c.Recordings)
	if err != nil {
		return nil, err
	}
	a.Store = store
	if a.Identities, err = ReadIdentities(c.Recordings.IdentityFile); err != nil {
		return nil, err
	}
	return a, nil
}

// OpenStore is where sealed recordings lie: the bucket, if there is one, or the
// directory. A bucket is not asked whether it is there.
func OpenStore(r config.Recordings) (recordings.Store, error) {
	if !r.Bucket.On() {
		return recordings.OpenDisk(r.StoreDir)
	}
	secret, err := config.Secret(r.Bucket.SecretKeyFile)
	if err != nil {
		return nil, fmt.Errorf("evidence: recordings.bucket.secretKeyFile: %w", err)
	}
	return bucket.Open(bucket.Options{
		Endpoint: r.Bucket.Endpoint, Name: r.Bucket.Name, Prefix: r.Bucket.Prefix, Region: r.Bucket.Region,
		AccessKey: r.Bucket.AccessKey, SecretKey: secret,
	})
}

// ReadIdentities reads a file of secret keys that nobody else may read; no path
// is no identity.
func ReadIdentities(path string) (recordings.Identities, error) {
	if path == "" {
		return recordings.Identities{}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return recordings.Identities{}, fmt.Errorf("evidence: identities: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return recordings.Identities{}, fmt.Errorf("evidence: identities: %s may be used by others than its owner: chmod 0600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return recordings.Identities{}, fmt.Errorf("evidence: identities: %w", err)
	}
	return recordings.ParseIdentities(text)
}

// State is what has become of a sealed recording.
type State struct {
	Link     recordings.Link // that says it was sealed
	Sealed   recordings.Sealed
	Gaps     []recordings.Gap
	Removed  *recordings.Removed // its time was over
	Shredded *recordings.Removed // its key was destroyed
}

// ErrNotSealed: the chain does not have this recording.
var ErrNotSealed = errors.New("evidence: the chain has no such recording")

// State reads the links of a recording.
func (a *Archive) State(ctx context.Context, id recordings.ID) (s State, err error) {
	links, err := a.DB.LinksOf(ctx, id)
	if err != nil {
		return s, err
	}
	for _, l := range links {
		switch l.What {
		case recordings.LinkSealed:
			s.Link = l
			s.Sealed, err = l.Sealed()
		case recordings.LinkGap:
			var g recordings.Gap
			g, err = l.Gap()
			s.Gaps = append(s.Gaps, g)
		case recordings.LinkRemoved:
			s.Removed, err = l.Removed()
		case recordings.LinkShredded:
			s.Shredded, err = l.Removed()
		}
		if err != nil {
			return s, err
		}
	}
	if s.Link.Seq == 0 {
		return s, ErrNotSealed
	}
	return s, nil
}

// key unwraps the key of a recording.
func (a *Archive) key(ctx context.Context, s State) (recordings.CaseKey, error) {
	k, err := a.DB.Key(ctx, s.Sealed.Key)
	if err != nil {
		return recordings.CaseKey{}, err
	}
	return a.Identities.Unwrap(k.WrappedKey)
}

// Audio is a recording that can be read anywhere: the plain WAV.
type Audio struct {
	State
	Size int64

	object recordings.Object
	plain  readerAt
}

type readerAt interface {
	ReadAt(p []byte, off int64) (int, error)
}

// ReadAt reads from the plain WAV.
func (a *Audio) ReadAt(p []byte, off int64) (int, error) { return a.plain.ReadAt(p, off) }

// Close lets go of the sealed file.
func (a *Audio) Close() error { return a.object.Close() }

// Audio opens a recording to be heard. recordings.ErrShredded, ErrRemoved,
// recordings.ErrWrongKey and ErrNotSealed are told apart.
func (a *Archive) Audio(ctx context.Context, id recordings.ID) (*Audio, error) {
	s, err := a.State(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case s.Removed != nil:
		return nil, ErrRemoved
	}
	key, err := a.key(ctx, s)
	if err != nil {
		return nil, err
	}
	object, err := a.Store.Open(ctx, s.Sealed.Object)
	if err != nil {
		return nil, err
	}
	plain, size, err := key.OpenAt(object, object.Size())
	if err != nil {
		object.Close()
		return nil, err
	}
	return &Audio{State: s, Size: size, object: object, plain: plain}, nil
}

// ErrRemoved: its time was over, and it was removed.
var ErrRemoved = errors.New("evidence: the recording was removed when its time was over")
