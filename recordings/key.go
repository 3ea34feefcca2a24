package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
)

// PublicKey is the half of a case's key to which audio is encrypted: an age
// recipient. It opens nothing.
type PublicKey string

func (k PublicKey) recipient() (age.Recipient, error) {
	r, err := age.ParseX25519Recipient(string(k))
	if err != nil {
		return nil, errors.New("recordings: the public key of a case cannot be read")
	}
	return r, nil
}

// WrappedKey is the other half, encrypted to the recipients.
type WrappedKey struct {
	Wrapped    []byte
	Recipients []string // to whom, for a list of what is to be wrapped again
}

// Recipients are who may open recordings: public keys of age.
type Recipients struct {
	names []string
	keys  []age.Recipient
}

// ParseRecipients reads public keys, one a line, as age writes them
// (age1…, or age1pq1… against quantum computers); # begins a comment.
func ParseRecipients(text []byte) (Recipients, error) {
	keys, err := age.ParseRecipients(bytes.NewReader(text))
	if err != nil {
		return Recipients{}, fmt.Errorf("recordings: read recipients: %w", err)
	}
	r := Recipients{keys: keys}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			r.names = append(r.names, line)
		}
	}
	slices.Sort(r.names)
	return r, nil
}

// Names are the public keys, sorted.
func (r Recipients) Names() []string { return slices.Clone(r.names) }

// NewKey makes the key of a case or a call, and forgets its secret half when it
// is wrapped.
func (r Recipients) NewKey() (PublicKey, WrappedKey, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", WrappedKey{}, fmt.Errorf("recordings: make a key: %w", err)
	}
	w, err := r.wrap(id.String())
	return PublicKey(id.Recipient().String()), w, err
}

func (r Recipients) wrap(secret string) (WrappedKey, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r.keys...)
	if err == nil {
		_, err = io.WriteString(w, secret)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return WrappedKey{}, fmt.Errorf("recordings: wrap a key: %w", err)
	}
	return WrappedKey{Wrapped: b.Bytes(), Recipients: r.Names()}, nil
}

// Identities are the secret halves of recipients.
type Identities struct{ ids []age.Identity }

// ParseIdentities reads an identity file of age.
func ParseIdentities(text []byte) (Identities, error) {
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		// The library's message can repeat a line, which is a secret.
		return Identities{}, errors.New("recordings: this is no identity file of age: want lines that begin with AGE-SECRET-KEY-")
	}
	return Identities{ids}, nil
}

// None reports whether there is no identity.
func (i Identities) None() bool { return len(i.ids) == 0 }

// String hides the identities.
func (Identities) String() string { return "•••" }

// GoString hides the identities.
func (Identities) GoString() string { return "recordings.Identities(•••)" }

// ErrWrongKey: none of the identities opens this.
var ErrWrongKey = errors.New("recordings: none of the identities opens it")

// ErrShredded: the key was destroyed, and the audio with it.
var ErrShredded = errors.New("recordings: its key was destroyed, so that nobody can ever open it")

// CaseKey is an unwrapped key; it opens the recordings of one case or call.
type CaseKey struct{ id *age.X25519Identity }

// Unwrap opens a wrapped key. ErrShredded: there is none any more. ErrWrongKey:
// it was wrapped to others.
func (i Identities) Unwrap(w WrappedKey) (CaseKey, error) {
	if len(w.Wrapped) == 0 {
		return CaseKey{}, ErrShredded
	}
	if i.None() {
		return CaseKey{}, ErrWrongKey
	}
	r, err := age.Decrypt(bytes.NewReader(w.Wrapped), i.ids...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return CaseKey{}, ErrWrongKey
	case err != nil:
		return CaseKey{}, fmt.Errorf("recordings: unwrap a key: %w", err)
	}
	secret, err := io.ReadAll(io.LimitReader(r, 1<<10))
	if err != nil {
		return CaseKey{}, fmt.Errorf("recordings: unwrap a key: %w", err)
	}
	id, err := age.ParseX25519Identity(string(secret))
	if err != nil {
		return CaseKey{}, errors.New("recordings: a wrapped key holds no key")
	}
	return CaseKey{id}, nil
}

// Rewrap wraps a key to other recipients. The audio stays as it is.
func (i Identities) Rewrap(w WrappedKey, to Recipients) (WrappedKey, error) {
	k, err := i.Unwrap(w)
	if err != nil {
		return WrappedKey{}, err
	}
	return to.wrap(k.id.String())
}

// Public is the half to which audio is encrypted.
func (k CaseKey) Public() PublicKey { return PublicKey(k.id.Recipient().String()) }

// Open reads a sealed recording from its beginning.
func (k CaseKey) Open(sealed io.Reader) (io.Reader, error) {
	r, err := age.Decrypt(sealed, k.id)
	if err != nil {
		return nil, opening(err)
	}
	return r, nil
}

// OpenAt reads a sealed recording of that size anywhere. It returns the plain
// size.
func (k CaseKey) OpenAt(sealed io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	r, plain, err := age.DecryptReaderAt(sealed, size, k.id)
	if err != nil {
		return nil, 0, opening(err)
	}
	return r, plain, nil
}

func opening(err error) error {
	var noMatch *age.NoIdentityMatchError
	if errors.As(err, &noMatch) {
		return ErrWrongKey
	}
	return fmt.Errorf("recordings: open a sealed recording: %w", err)
}
