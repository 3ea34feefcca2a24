package person

import (
	"errors"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name is the name of a person, or empty when it is not known.
type Name struct{ plain string }

// MaxName and MaxWords are how long the texts may be.
const (
	MaxName  = 80   // characters
	MaxWords = 4000 // bytes of UTF-8
)

// NewName checks that the text can be a name. The error never repeats it. An
// empty text is the empty name.
func NewName(text string) (Name, error) {
	text = strings.TrimSpace(text)
	switch {
	case !utf8.ValidString(text):
		return Name{}, errors.New("not UTF-8: save the file as UTF-8")
	case utf8.RuneCountInString(text) > MaxName:
		return Name{}, errors.New("want at most 80 characters")
	case strings.ContainsFunc(text, unprintable):
		return Name{}, errors.New("holds a character that cannot be printed")
	}
	return Name{text}, nil
}

// unprintable lets the two joiners pass, which Devanagari and Urdu need.
func unprintable(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' }

// Known reports whether there is a name.
func (n Name) Known() bool { return n.plain != "" }

// Show is the plain name, for a person who is authorised to see it; the caller
// of Show writes the audit row.
func (n Name) Show() string { return n.plain }

// String masks: "•••", or nothing when the name is not known.
func (n Name) String() string { return mask(n.plain) }

// GoString masks as String does, so that %#v leaks nothing either.
func (n Name) GoString() string { return "person.Name(" + n.String() + ")" }

// LogValue masks in structured logs.
func (n Name) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText masks in JSON and YAML; there is no way back, on purpose.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// Words are private text of any kind, or empty.
type Words struct{ plain string }

// NewWords checks that the text can be kept: at most 4000 bytes of UTF-8 that
// can be printed; line breaks and tabs may be in it. The error never repeats it.
func NewWords(text string) (Words, error) {
	text = strings.TrimSpace(text)
	switch {
	case !utf8.ValidString(text):
		return Words{}, errors.New("not UTF-8: save the file as UTF-8")
	case len(text) > MaxWords:
		return Words{}, errors.New("want at most 4000 bytes")
	case strings.ContainsFunc(text, func(r rune) bool { return unprintable(r) && r != '\n' && r != '\r' && r != '\t' }):
		return Words{}, errors.New("holds a character that cannot be printed")
	}
	return Words{text}, nil
}

// Known reports whether there are any words.
func (w Words) Known() bool { return w.plain != "" }

// Show is the plain text, for a person who is authorised to see it; the caller
// of Show writes the audit row.
func (w Words) Show() string { return w.plain }

// String masks: "•••", or nothing when there are none.
func (w Words) String() string { return mask(w.plain) }

// GoString masks as String does, so that %#v leaks nothing either.
func (w Words) GoString() string { return "person.Words(" + w.String() + ")" }

// LogValue masks in structured logs.
func (w Words) LogValue() slog.Value { return slog.StringValue(w.String()) }

// MarshalText masks in JSON and YAML; there is no way back, on purpose.
func (w Words) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

func mask(plain string) string {
	if plain == "" {
		return ""
	}
	return "•••"
}
