package recordings

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"
)

// Fault is what is wrong with a recording. Why is a word, Detail a sentence.
type Fault struct {
	Recording ID
	Why       string
	Detail    string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("recordings: %s: %s: %s", f.Recording, f.Why, f.Detail)
}

// The words of a Fault.
const (
	FaultNoObject = "no-object" // the store has lost it
	FaultChanged  = "changed"   // the sealed file is not what was written
	FaultOpened   = "not-opened"
	FaultDigest   = "digest" // the plain audio is not what was sealed
	FaultLength   = "length" // it is not as long as they talked, and no gap says so
	FaultUnsealed = "unsealed"
	FaultNoRow    = "no-recording" // they talked and nothing says why there is no recording
	FaultRow      = "row"          // its row is not what the chain says
)

// Check reads a sealed recording from a store. Without a key only the sealed
// file is compared with its digest; with one it is opened and the plain audio
// compared too. An error that is no *Fault means that it could not be checked.
func Check(ctx context.Context, store Store, id ID, want Content, object string, key *CaseKey) error {
	o, err := store.Open(ctx, object)
	switch {
	case errors.Is(err, ErrNoObject):
		return &Fault{id, FaultNoObject, "the store does not have it"}
	case err != nil:
		return err
	}
	defer o.Close()
	if o.Size() != want.SealedBytes {
		return &Fault{id, FaultChanged, fmt.Sprintf("the sealed file has %d bytes, sealed were %d", o.Size(), want.SealedBytes)}
	}
	sealed := sha256.New()
	from := io.TeeReader(io.NewSectionReader(o, 0, o.Size()), sealed)
	if key == nil {
		if _, err := io.Copy(io.Discard, from); err != nil {
			return fmt.Errorf("recordings: read %s: %w", id, err)
		}
		return same(id, sum(sealed), want.SealedSHA256)
	}
	opened := open(id, *key, from, want)
	// What is wrong with the sealed file explains what is wrong inside.
	if _, err := io.Copy(io.Discard, from); err != nil {
		return fmt.Errorf("recordings: read %s: %w", id, err)
	}
	if err := same(id, sum(sealed), want.SealedSHA256); err != nil {
		return err
	}
	return opened
}

func same(id ID, got, want Digest) error {
	if got != want {
		return &Fault{id, FaultChanged, "the sealed file is not what was written: its SHA-256 differs"}
	}
	return nil
}

// open decrypts and compares the plain audio.
func open(id ID, key CaseKey, sealed io.Reader, want Content) error {
	r, err := key.Open(sealed)
	if err != nil {
		return &Fault{id, FaultOpened, err.Error()}
	}
	plain := sha256.New()
	buffered := bufio.NewReaderSize(io.TeeReader(r, plain), 2*stretch)
	head, err := buffered.Peek(headerSize)
	if err != nil {
		return &Fault{id, FaultOpened, err.Error()}
	}
	samples, err := Samples(head)
	if err != nil {
		return &Fault{id, FaultDigest, err.Error()}
	}
	n, err := io.Copy(io.Discard, buffered)
	switch {
	case err != nil:
		return &Fault{id, FaultOpened, err.Error()}
	case sum(plain) != want.SHA256:
		return &Fault{id, FaultDigest, "the plain audio is not what was sealed: its SHA-256 differs"}
	case n != want.Bytes || samples != want.Samples:
		return &Fault{id, FaultDigest, fmt.Sprintf("it has %d samples in %d bytes, sealed were %d in %d", samples, n, want.Samples, want.Bytes)}
	}
	return nil
}

// Tolerance is how much a recording may be shorter or longer than the engine
// says they talked.
const Tolerance = time.Second

// Missing is how much of a conversation a recording lacks: zero within the
// tolerance. Of a conversation whose end nobody saw, the engine knows only that
// it was not longer.
func (s Sealed) Missing() time.Duration {
	talked := time.Duration(s.BridgedMS) * time.Millisecond
	if lack := talked - Length(s.Samples); lack > Tolerance && !s.Unseen && !s.Found && !s.Ended.IsZero() {
		return lack
	}
	return 0
}

// Longer is how much a recording exceeds what the engine says they talked; zero
// within the tolerance.
func (s Sealed) Longer() time.Duration {
	talked := time.Duration(s.BridgedMS) * time.Millisecond
	if more := Length(s.Samples) - talked; more > Tolerance && !s.Unseen && !s.Found && !s.Ended.IsZero() {
		return more
	}
	return 0
}
