package recordings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"
)

// Digest is a SHA-256, written as 64 hexadecimal digits.
type Digest [sha256.Size]byte

// String is the digest in hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return errors.New("recordings: a digest has 64 hexadecimal digits")
	}
	_, err := hex.Decode(d[:], text)
	return err
}

func sum(h hash.Hash) (d Digest) {
	copy(d[:], h.Sum(nil))
	return d
}

// Content is what a sealed recording holds, as it was measured while sealing.
type Content struct {
	Samples       int64  `json:"samples"` // a side; the shorter side was filled up
	HeardSamples  int64  `json:"heardSamples"`
	SpokenSamples int64  `json:"spokenSamples"`
	Bytes         int64  `json:"bytes"`  // of the plain WAV
	SHA256        Digest `json:"sha256"` // of the plain WAV
	HeardSHA256   Digest `json:"heardSha256"`
	SpokenSHA256  Digest `json:"spokenSha256"`
	SealedBytes   int64  `json:"sealedBytes"`
	SealedSHA256  Digest `json:"sealedSha256"`
}

// Raw is one side as Asterisk wrote it, and how many samples of it count.
type Raw struct {
	From    io.Reader
	Samples int64
}

// Seal writes both sides to w as one WAV, encrypted to the key. It needs the same
// memory for any length.
func Seal(w io.Writer, heard, spoken Raw, key PublicKey) (Content, error) {
	c := Content{Samples: max(heard.Samples, spoken.Samples), HeardSamples: heard.Samples, SpokenSamples: spoken.Samples}
	if c.Samples > longest {
		return Content{}, ErrTooLong
	}
	recipient, err := key.recipient()
	if err != nil {
		return Content{}, err
	}
	sealed, plain, left, right := sha256.New(), sha256.New(), sha256.New(), sha256.New()
	counted := &counter{}
	sealing, err := age.Encrypt(io.MultiWriter(w, sealed, counted), recipient)
	if err != nil {
		return Content{}, fmt.Errorf("recordings: begin to encrypt: %w", err)
	}
	from := newSides(
		io.TeeReader(io.LimitReader(heard.From, heard.Samples), left),
		io.TeeReader(io.LimitReader(spoken.From, spoken.Samples), right), c.Samples)
	if c.Bytes, err = io.CopyBuffer(io.MultiWriter(sealing, plain), from, make([]byte, 2*stretch)); err != nil {
		return Content{}, fmt.Errorf("recordings: seal: %w", err)
	}
	if err := sealing.Close(); err != nil {
		return Content{}, fmt.Errorf("recordings: finish sealing: %w", err)
	}
	c.SHA256, c.HeardSHA256, c.SpokenSHA256 = sum(plain), sum(left), sum(right)
	c.SealedSHA256, c.SealedBytes = sum(sealed), counted.n
	return c, nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
