package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Skills are the columns of a person that say what she may be given. Gender and
// office are among them so that a history is whole; they decide law 3, and only
// an operator changes them.
type Skills struct {
	Gender     string   `json:"gender"`
	Officer    bool     `json:"officer"`
	Counsellor bool     `json:"counsellor"`
	Senior     bool     `json:"senior"`
	Languages  []string `json:"languages"`
	Categories []string `json:"categories"`
	Outbound   []string `json:"outbound"`
	Active     bool     `json:"active"`
}

// SkillsOf are those of a person.
func SkillsOf(p Person) Skills {
	gender := "man"
	if p.Profile.Woman {
		gender = "woman"
	}
	list := func(words []string) []string { return append([]string{}, words...) }
	return Skills{
		Gender: gender, Officer: p.Profile.Officer, Counsellor: p.Profile.Counsellor, Senior: p.Profile.Senior,
		Languages: list(p.Profile.Languages), Categories: list(p.Profile.Categories), Outbound: list(p.Profile.Outbound), Active: p.Active,
	}
}

// Column is one of them as text, in the words of a roster file.
type Column struct{ Name, Value string }

// Columns are all of them, in the order of a roster file.
func (s Skills) Columns() []Column {
	word := func(yes bool) string {
		if yes {
			return "yes"
		}
		return "no"
	}
	list := func(words []string) string { return strings.Join(words, " ") }
	return []Column{
		{"gender", s.Gender}, {"officer", word(s.Officer)}, {"counsellor", word(s.Counsellor)}, {"senior", word(s.Senior)},
		{"languages", list(s.Languages)}, {"categories", list(s.Categories)}, {"outbound", list(s.Outbound)}, {"active", word(s.Active)},
	}
}

// Difference is a column that changed.
type Difference struct{ Column, Before, After string }

// Differences are the columns in which two differ.
func Differences(before, after Skills) (all []Difference) {
	b, a := before.Columns(), after.Columns()
	for i := range b {
		if b[i].Value != a[i].Value {
			all = append(all, Difference{b[i].Name, b[i].Value, a[i].Value})
		}
	}
	return all
}

// ErrLawful: gender and office decide who may speak with whom, and are not
// changed from a page.
var ErrLawful = errors.New("gender and office are changed by an operator, with `acd agents set`")

// ErrChangedSince: what a change did was changed again since.
var ErrChangedSince = errors.New("this was changed again since: undo the later change first")

// SetSkills puts other skills on a stored person, checked as a roster file is.
// Gender and office must be hers.
func SetSkills(p Person, next Skills, realm string, known Known) (Person, error) {
	now := SkillsOf(p)
	if next.Gender != now.Gender || next.Officer != now.Officer {
		return Person{}, ErrLawful
	}
	var assignments []string
	for _, d := range Differences(now, next) {
		assignments = append(assignments, d.Column+"="+d.After)
	}
	return Set(p, assignments, realm, known)
}

// Undo takes one change of a person back: each column that it changed gets its
// former value. Columns that were changed by others meanwhile stay, and a column
// that was changed again since refuses the whole.
func Undo(p Person, before, after Skills, realm string, known Known) (Person, error) {
	now := SkillsOf(p).Columns()
	var assignments []string
	for _, d := range Differences(before, after) {
		switch i := slices.IndexFunc(now, func(c Column) bool { return c.Name == d.Column }); {
		case d.Column == "gender", d.Column == "officer":
			return Person{}, ErrLawful
		case now[i].Value != d.After:
			return Person{}, fmt.Errorf("%s: %w", d.Column, ErrChangedSince)
		}
		assignments = append(assignments, d.Column+"="+d.Before)
	}
	return Set(p, assignments, realm, known)
}
