package roster

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"powerline/agent"
)

// Name of a person. Every text form masks it; Show is the way out, for people
// who may see the roster.
type Name struct{ plain string }

// NewName checks that the text can be a name.
func NewName(text string) (Name, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Name{}, errors.New("want a name")
	case !utf8.ValidString(text):
		return Name{}, errors.New("not UTF-8: save the file as UTF-8")
	case utf8.RuneCountInString(text) > 80:
		return Name{}, errors.New("want at most 80 characters")
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' }):
		return Name{}, errors.New("holds a character that cannot be printed")
	}
	return Name{text}, nil
}

// Show is the plain name, for a page or terminal of somebody who may see it.
func (n Name) Show() string { return n.plain }

func (n Name) String() string {
	if n.plain == "" {
		return ""
	}
	return "•••"
}

// GoString masks as String does.
func (n Name) GoString() string { return "roster.Name(" + n.String() + ")" }

// LogValue masks in structured logs.
func (n Name) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText masks in JSON and YAML.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// Secret is a stored proof (digest or hash). It masks like Name.
type Secret struct{ plain string }

// StoredSecret wraps what was read from the database.
func StoredSecret(text string) Secret { return Secret{text} }

// Reveal is the stored text: for the database, for pjsip.conf, to verify.
func (s Secret) Reveal() string { return s.plain }

// Set reports whether there is one.
func (s Secret) Set() bool { return s.plain != "" }

func (s Secret) String() string {
	if s.plain == "" {
		return "not set"
	}
	return "set"
}

// GoString masks as String does.
func (s Secret) GoString() string { return "roster.Secret(" + s.String() + ")" }

// LogValue masks in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText masks in JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Person is one row of the roster. It is a value: replace it, do not change
// its slices.
type Person struct {
	Profile agent.Profile
	Name    Name
	SIP     Secret // digest HA1 in the realm of the configuration
	PIN     Secret // Argon2id
	Active  bool   // an inactive person has no softphone and cannot log in
	Version int64  // of the stored row; 0 = not stored yet
}

// Same reports whether storing q over p would change nothing.
func (p Person) Same(q Person) bool {
	a, b := p.Profile, q.Profile
	return a.ID == b.ID && a.Woman == b.Woman && a.Officer == b.Officer &&
		a.Counsellor == b.Counsellor && a.Senior == b.Senior &&
		slices.Equal(a.Languages, b.Languages) && slices.Equal(a.Categories, b.Categories) &&
		slices.Equal(a.Outbound, b.Outbound) &&
		p.Name == q.Name && p.SIP == q.SIP && p.PIN == q.PIN && p.Active == q.Active
}

// Profiles are the agents that may work: the active persons.
func Profiles(persons []Person) []agent.Profile {
	var all []agent.Profile
	for _, p := range persons {
		if p.Active {
			all = append(all, p.Profile)
		}
	}
	return all
}

// Known is what a roster may refer to.
type Known struct{ Languages, Categories []string }

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	workForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	pinForm  = regexp.MustCompile(`^[0-9]{4,8}$`)
)

// assign writes one column's text into the entry. These are the same words in
// a file and in `acd agents set`.
func (e *Entry) assign(column, text string, known Known) (err error) {
	p := &e.Person.Profile
	switch column {
	case "id":
		if !idForm.MatchString(text) || len(text) > 32 {
			return errors.New("want lower-case letters, digits and hyphens, beginning with a letter, such as a017")
		}
		p.ID = agent.ID(text)
	case "name":
		e.Person.Name, err = NewName(text)
	case "gender":
		switch text {
		case "woman":
			p.Woman = true
		case "man":
			p.Woman = false
		default:
			return errors.New("want woman or man")
		}
	case "officer":
		p.Officer, err = yesNo(text)
	case "counsellor":
		p.Counsellor, err = yesNo(text)
	case "senior":
		p.Senior, err = yesNo(text)
	case "active":
		e.Person.Active, err = yesNo(text)
	case "languages":
		p.Languages, err = list(text, known.Languages)
	case "categories":
		p.Categories, err = list(text, known.Categories)
	case "outbound":
		p.Outbound, err = list(text, nil)
	case "secret":
		if text != "" && (len(text) < 8 || len(text) > 128 || strings.ContainsFunc(text, func(r rune) bool { return r < 33 || r > 126 })) {
			return errors.New("want 8 to 128 printable ASCII characters without spaces, or nothing to keep the stored one")
		}
		e.secret = text
	case "pin":
		if text != "" && !pinForm.MatchString(text) {
			return errors.New("want 4 to 8 digits, or nothing to keep the stored one")
		}
		e.pin = text
	default:
		return fmt.Errorf("no such column: want one of %s", strings.Join(Columns, ", "))
	}
	return err
}

// lawful checks what no single column can.
func (e Entry) lawful() (column string, err error) {
	p := e.Person.Profile
	switch {
	case p.Woman && p.Officer:
		return "officer", errors.New("an officer is a male police officer: a woman is not marked as one")
	case p.Woman && e.Person.Active && len(p.Languages) == 0:
		return "languages", errors.New("want at least one language")
	}
	return "", nil
}

func yesNo(text string) (bool, error) {
	switch text {
	case "yes":
		return true, nil
	case "no", "":
		return false, nil
	}
	return false, errors.New("want yes or no")
}

// list reads words separated by spaces or semicolons; known nil takes any word.
func list(text string, known []string) ([]string, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ';' })
	for i, w := range words {
		switch {
		case known != nil && !slices.Contains(known, w):
			return nil, fmt.Errorf("%q is not in the configuration: want %s", clip(w), strings.Join(known, ", "))
		case !workForm.MatchString(w) || len(w) > 32:
			return nil, fmt.Errorf("%q: want lower-case letters, digits and hyphens", clip(w))
		case slices.Contains(words[:i], w):
			return nil, fmt.Errorf("%q stands twice", clip(w))
		}
	}
	return words, nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 24 {
		return string(r[:24]) + "…"
	}
	return s
}
