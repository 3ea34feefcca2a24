package recordings

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What a link of the chain says of a recording.
const (
	LinkSealed   = "sealed"   // Detail is a Sealed
	LinkGap      = "gap"      // Detail is a Gap: something of it is missing
	LinkRemoved  = "removed"  // Detail is a Removed: its time was over
	LinkShredded = "shredded" // Detail is a Removed: its key was destroyed
)

// Link is a row of the chain.
type Link struct {
	Seq       int64 // from 1, without gaps
	At        time.Time
	What      string
	Recording ID
	Detail    string // a JSON object without anything private
	Hash      []byte // over this row and the hash before it
}

// Sealed is what the chain keeps of a sealed recording.
type Sealed struct {
	Call  string    `json:"call"`
	Offer int       `json:"offer"`
	Kind  string    `json:"kind"`
	Agent string    `json:"agent"`
	Host  string    `json:"host"` // which Asterisk
	Begun time.Time `json:"begun"`
	// Ended and BridgedMS are the engine's; Ended is zero when nobody saw the end.
	Ended     time.Time `json:"ended,omitzero"`
	BridgedMS int64     `json:"bridgedMs"`
	Unseen    bool      `json:"unseen,omitempty"` // BridgedMS may be too long
	Found     bool      `json:"found,omitempty"`  // no row knew of it: Call and what follows are empty
	Key       string    `json:"key"`
	Object    string    `json:"object"`
	SealedAt  time.Time `json:"sealedAt"`
	Content
}

// Gap says what is missing of a recording, and why.
type Gap struct {
	Why       string    `json:"why"`
	At        time.Time `json:"at"`
	Call      string    `json:"call"`
	MissingMS int64     `json:"missingMs"` // 0 = nobody knows
}

// OnPurpose reports whether somebody paused the recording: it holds silence then,
// and is as long as it should be.
func (g Gap) OnPurpose() bool { return OnPurpose(g.Why) }

// OnPurpose is Gap's for the word alone.
func OnPurpose(why string) bool { return strings.HasPrefix(why, WhyPaused) || why == WhyResumed }

// Removed says who let a recording go, and why.
type Removed struct {
	Why string `json:"why"`
	By  string `json:"by"`
	Key string `json:"key,omitempty"`
}

// Entry makes a link's detail.
func Entry(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("recordings: write a link: %w", err)
	}
	return string(b), nil
}

// Sealed reads the detail of a sealed link.
func (l Link) Sealed() (s Sealed, err error) {
	if err := json.Unmarshal([]byte(l.Detail), &s); err != nil {
		return Sealed{}, &Broken{l.Seq, l.Recording, "its detail cannot be read"}
	}
	return s, nil
}

// Broken names the first bad row of the chain.
type Broken struct {
	Seq       int64
	Recording ID // empty if it cannot be known
	Why       string
}

func (b *Broken) Error() string {
	if b.Recording == "" {
		return fmt.Sprintf("recordings: row %d of the chain: %s", b.Seq, b.Why)
	}
	return fmt.Sprintf("recordings: row %d of the chain (recording %s): %s", b.Seq, b.Recording, b.Why)
}

// Walk goes along the chain, from its zero value or from where one stood.
type Walk struct {
	Seq  int64
	Hash []byte
}

// Take is told the next row. An error is a *Broken and names the first row that
// is not what was written; the walk is over then.
func (w *Walk) Take(l Link) error {
	if w.Hash == nil {
		w.Hash = make([]byte, sha256.Size)
	}
	switch want := l.hash(w.Hash); {
	case l.Seq != w.Seq+1:
		return &Broken{w.Seq + 1, "", "it is missing"}
	case !bytes.Equal(want, l.Hash):
		return &Broken{l.Seq, l.Recording, "it is not what was written"}
	default:
		w.Seq, w.Hash = l.Seq, want
		return nil
	}
}

// End compares the walk with the head of the chain.
func (w *Walk) End(seq int64, head []byte) error {
	if w.Hash == nil {
		w.Hash = make([]byte, sha256.Size)
	}
	switch {
	case w.Seq < seq:
		return &Broken{w.Seq + 1, "", "it is missing: the head knows of more rows"}
	case w.Seq == seq && !bytes.Equal(w.Hash, head):
		return &Broken{w.Seq, "", "it is not the row that the head knows"}
	}
	return nil
}

// hash is the formula of the table's comment, computed without the database.
func (l Link) hash(before []byte) []byte {
	h := sha256.New()
	h.Write(before)
	for _, part := range []string{
		strconv.FormatInt(l.Seq, 10), l.At.UTC().Format("2006-01-02T15:04:05.000000Z"), l.What, string(l.Recording), l.Detail,
	} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}

// Gap reads the detail of a gap.
func (l Link) Gap() (g Gap, err error) {
	if err := json.Unmarshal([]byte(l.Detail), &g); err != nil {
		return Gap{}, &Broken{l.Seq, l.Recording, "its detail cannot be read"}
	}
	return g, nil
}

// Removed reads the detail of what let a recording go.
func (l Link) Removed() (*Removed, error) {
	var r Removed
	if err := json.Unmarshal([]byte(l.Detail), &r); err != nil {
		return nil, &Broken{l.Seq, l.Recording, "its detail cannot be read"}
	}
	return &r, nil
}
