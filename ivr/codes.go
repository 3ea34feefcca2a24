package ivr

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Verb is what an agent orders by a dialled code.
type Verb string

// The verbs.
const (
	Login      Verb = "login"
	Logout     Verb = "logout"
	Ready      Verb = "ready"
	Pause      Verb = "pause"        // followed by the key of a reason
	WrapUpDone Verb = "wrap-up-done" // ends wrap-up or recovery early
	Extend     Verb = "extend"       // more time for wrap-up or recovery
	Outcome    Verb = "outcome"      // followed by the number of what came of the call that we made
)

var verbs = []Verb{Login, Logout, Ready, Pause, WrapUpDone, Extend, Outcome}

// Order is a code understood.
type Order struct {
	Verb Verb `json:"verb"`
	// Reason comes with Pause.
	Reason string `json:"reason,omitempty"`
	// Choice comes with Outcome: the place in the list of outcomes, from 1.
	Choice int `json:"choice,omitempty"`
}

// Codes is the table of dialled codes. It is configuration.
type Codes struct {
	// Codes maps what is dialled to a verb: a star and digits.
	Codes map[string]Verb `yaml:"codes"`
	// Reasons maps the key after a pause code to the name of a reason.
	Reasons map[string]string `yaml:"reasons"`
	// Language is the one that Desk speaks.
	Language string `yaml:"language"`
	// PINDigits is the longest PIN, which # ends. PINLimit is the time for typing
	// one, PINTries how often it is asked for in one call.
	PINDigits int           `yaml:"pin_digits"`
	PINLimit  time.Duration `yaml:"pin_limit"`
	PINTries  int           `yaml:"pin_tries"`
}

// DefaultCodes is the table that the helpline begins with.
func DefaultCodes() Codes {
	return Codes{
		Codes: map[string]Verb{
			"*11": Login, "*12": Logout, "*13": Ready, "*14": Pause, "*15": WrapUpDone, "*16": Extend, "*17": Outcome,
		},
		Reasons: map[string]string{
			"1": "break", "2": "meal", "3": "training", "4": "supervisor", "5": "paperwork", "9": "other",
		},
		Language:  "hi",
		PINDigits: 10,
		PINLimit:  20 * time.Second,
		PINTries:  3,
	}
}

// What Parse may find wrong. Neither error repeats what was dialled: a confused
// agent may have dialled her PIN.
var (
	ErrUnknownCode   = errors.New("ivr: no such code")
	ErrUnknownReason = errors.New("ivr: no such reason for a pause")
)

// choiceDigits is how many digits the number of an outcome may have.
const choiceDigits = 2

// Parse reads what an agent dialled. A pause without a key gives an order
// without a reason: Desk asks for it.
func (c Codes) Parse(dialled string) (Order, error) {
	if verb, ok := c.Codes[dialled]; ok && verb != Outcome {
		return Order{Verb: verb}, nil
	}
	if choice, ok := c.outcome(dialled); ok {
		return Order{Verb: Outcome, Choice: choice}, nil
	}
	if dialled == "" {
		return Order{}, ErrUnknownCode
	}
	last := len(dialled) - 1
	if c.Codes[dialled[:last]] != Pause {
		return Order{}, ErrUnknownCode
	}
	reason, ok := c.Reasons[dialled[last:]]
	if !ok {
		return Order{}, ErrUnknownReason
	}
	return Order{Verb: Pause, Reason: reason}, nil
}

// outcome reads an outcome's code and the number behind it.
func (c Codes) outcome(dialled string) (choice int, ok bool) {
	for n := 1; n <= choiceDigits && n < len(dialled); n++ {
		code, number := dialled[:len(dialled)-n], dialled[len(dialled)-n:]
		if c.Codes[code] == Outcome && isDigits(number) {
			choice, err := strconv.Atoi(number)
			return choice, err == nil && choice > 0
		}
	}
	return 0, false
}

// Validate checks the table; each finding names its field.
func (c Codes) Validate(known Known) error {
	f := findings{section: "desk", known: known}
	f.language("language", c.Language)
	f.between("pin_limit", c.PINLimit, 5*time.Second, time.Minute)
	if c.PINDigits < 4 || c.PINDigits > 20 {
		f.add("pin_digits", "is %d, must be between 4 and 20", c.PINDigits)
	}
	if c.PINTries < 1 || c.PINTries > 5 {
		f.add("pin_tries", "is %d, must be between 1 and 5", c.PINTries)
	}
	for _, code := range slices.Sorted(maps.Keys(c.Codes)) {
		c.validateCode(&f, code)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Reasons)) {
		if !isDigits(key) || len(key) != 1 {
			f.add("reasons."+key, "must be one of 0-9")
		}
		if c.Reasons[key] == "" {
			f.add("reasons."+key, "must name a reason")
		}
	}
	for _, id := range c.Prompts() {
		f.prompt("prompts", id)
	}
	return f.err()
}

func (c Codes) validateCode(f *findings, code string) {
	field := "codes." + code
	digits, star := strings.CutPrefix(code, "*")
	if !star || !isDigits(digits) || len(digits) > 4 {
		f.add(field, "must be * and one to four digits")
	}
	if !slices.Contains(verbs, c.Codes[code]) {
		f.add(field, "no verb %q; known: %v", c.Codes[code], verbs)
	}
	// A code that begins another one could not be told from it, as the key of a
	// reason follows a pause code without a break.
	for other := range c.Codes {
		if other != code && strings.HasPrefix(other, code) {
			f.add(field, "is the beginning of %s", other)
		}
	}
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// PIN is what an agent typed. It masks itself in every text form.
type PIN struct{ digits string }

// NewPIN wraps digits.
func NewPIN(digits string) PIN { return PIN{digits: digits} }

// Reveal is the plain PIN, to compare with a hash and for nothing else.
func (p PIN) Reveal() string { return p.digits }

// String masks, its length too.
func (p PIN) String() string { return "••••" }

// GoString masks as String does.
func (p PIN) GoString() string { return "ivr.PIN(••••)" }

// LogValue masks in structured logs.
func (p PIN) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText masks in JSON and YAML.
func (p PIN) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Format masks for every verb of fmt, also those that look inside a struct.
func (p PIN) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }
