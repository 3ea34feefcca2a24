// Package number holds the one type in which a telephone number travels.
//
// A Number masks itself in every text form: fmt, slog and JSON all show the
// last two digits at most. The plain digits leave through three named methods
// only: Dial, Show and Seal; a reader who wants to know where a victim's
// number can escape searches for those three words.
package number

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Number is a telephone number in E.164 form ("+919876543210"), a short code
// ("112") as a caller may show it, or empty when it was withheld.
type Number struct{ plain string }

// maxDigits is the longest number that is kept: twice what E.164 allows, so
// that nothing real is cut and nobody can make us store a novel.
const maxDigits = 31

// region is where numbers without a country code belong.
const region = "IN"

// FromCaller reads the number that the trunk shows for a caller. It never
// fails: what is not a number of ours is kept as digits, and "anonymous",
// "unknown" and the empty text are the withheld number.
func FromCaller(shown string) Number {
	digits := keepDigits(shown)
	if digits == "" {
		return Number{}
	}
	if n, err := Parse(shown); err == nil {
		return n
	}
	return Number{plain: digits[:min(len(digits), maxDigits)]}
}

// Parse reads a number that can be dialled: 10 digits, 0 and 10 digits, or
// with +91. The error says what is wrong and never repeats the digits.
func Parse(text string) (Number, error) {
	if len(text) > 64 {
		return Number{}, fmt.Errorf("number: too long for a telephone number")
	}
	p, err := phonenumbers.Parse(text, region)
	if err != nil {
		return Number{}, fmt.Errorf("number: not a telephone number: want 10 digits, 0 and 10 digits, or +91 and 10 digits")
	}
	if !phonenumbers.IsValidNumber(p) {
		return Number{}, fmt.Errorf("number: no subscriber can have this number: check its length and first digits")
	}
	return Number{plain: phonenumbers.Format(p, phonenumbers.E164)}, nil
}

// Withheld reports whether the caller showed no number.
func (n Number) Withheld() bool { return n.plain == "" }

// Dial is the plain number for an INVITE. Nothing else may use it.
func (n Number) Dial() string { return n.plain }

// Show is the plain number for a person who is authorised to see it; the
// caller of Show writes the audit row.
func (n Number) Show() string { return n.plain }

// String masks: "+91••••••••10", "withheld".
func (n Number) String() string {
	if n.plain == "" {
		return "withheld"
	}
	if len(n.plain) <= 4 {
		return "••"
	}
	return strings.Repeat("•", len(n.plain)-2) + n.plain[len(n.plain)-2:]
}

// GoString masks as String does, so that %#v leaks nothing either.
func (n Number) GoString() string { return "number.Number(" + n.String() + ")" }

// LogValue masks in structured logs.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText masks in JSON and YAML; there is no way back, on purpose.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// Fingerprint is a keyed hash (HMAC-SHA-256, 128 bits, hex) by which the same
// number is recognised without being stored. A withheld number has none: two
// withheld callers are not the same person.
func (n Number) Fingerprint(key []byte) string {
	if n.plain == "" {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(n.plain))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func keepDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
