package person

import (
	"errors"
	"fmt"
	"log/slog"
	"unicode/utf8"
)

// Form is a complaint form as far as it is written, as text for a program to
// read, or empty. All of it is private.
type Form struct{ plain string }

// MaxForm is how long a form may be, in bytes of UTF-8.
const MaxForm = 32000

// formRooms are the sizes to which forms are padded: how much was written says
// little.
var formRooms = []int{2048, 8192, MaxForm}

// NewForm checks that the text can be kept. The error never repeats it.
func NewForm(text string) (Form, error) {
	switch {
	case !utf8.ValidString(text):
		return Form{}, errors.New("not UTF-8")
	case len(text) > MaxForm:
		return Form{}, fmt.Errorf("want at most %d bytes", MaxForm)
	}
	return Form{text}, nil
}

// Show is the plain text, for who is writing it.
func (f Form) Show() string { return f.plain }

// String masks: "•••", or nothing when nothing is written.
func (f Form) String() string { return mask(f.plain) }

// GoString masks as String does, so that %#v leaks nothing either.
func (f Form) GoString() string { return "person.Form(" + f.String() + ")" }

// LogValue masks in structured logs.
func (f Form) LogValue() slog.Value { return slog.StringValue(f.String()) }

// MarshalText masks in JSON and YAML; there is no way back, on purpose.
func (f Form) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// Seal encrypts the form for storage, bound to what it belongs to: sealed for one
// call and agent it does not open for another. The key has 32 bytes.
func (f Form) Seal(key []byte, of string) ([]byte, error) {
	for _, room := range formRooms {
		if len(f.plain) > room {
			continue
		}
		sealed, err := seal(key, formBound+of, f.plain, room)
		if err != nil {
			return nil, fmt.Errorf("person: seal form: %w", err)
		}
		return sealed, nil
	}
	return nil, errors.New("person: seal form: too long")
}

// OpenForm is the opposite of Form.Seal.
func OpenForm(key, sealed []byte, of string) (Form, error) {
	plain, err := open(key, formBound+of, sealed)
	if err != nil {
		return Form{}, fmt.Errorf("person: open form: %w", err)
	}
	return Form{plain}, nil
}

const formBound = "powerline person form 1 "
