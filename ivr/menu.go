package ivr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Menu is what an arriving caller hears and what her keys mean. It is
// configuration; the keys stay in force while she waits.
type Menu struct {
	// Greeting and Choices are the ids of the prompts, played one after the other.
	// Either may be empty: a line for ring-backs offers no choices.
	Greeting string `yaml:"greeting"`
	Choices  string `yaml:"choices"`
	// Limit is the longest time from her arrival to the queue.
	Limit time.Duration `yaml:"limit"`
	// Linger is how long a key is awaited after the last prompt was heard.
	Linger time.Duration `yaml:"linger"`
	// Language is the one that speaks first.
	Language string `yaml:"language"`
	// Unclassified is the category of a caller who chose none.
	Unclassified string `yaml:"unclassified"`
	// Crisis is the category of danger: two equal keys, and the crisis key.
	Crisis string `yaml:"crisis"`
	// Danger is the time within which the same key pressed twice means danger,
	// also before she was asked; zero turns that off in the greeting.
	Danger time.Duration `yaml:"danger"`
	// Keys maps "0" … "9" and "#", or "*0" … "*9", to what they choose.
	Keys map[string]MenuKey `yaml:"keys"`
}

// MenuKey is what one key chooses: a category, which ends the greeting, or a
// language, in which the choices are then spoken again if time is left.
type MenuKey struct {
	Category string `yaml:"category,omitempty"`
	Language string `yaml:"language,omitempty"`
}

// DefaultMenu is the menu of the helpline.
func DefaultMenu() Menu {
	return Menu{
		Greeting:     "greeting",
		Choices:      "menu",
		Limit:        MaxGreeting,
		Linger:       1500 * time.Millisecond,
		Language:     "hi",
		Unclassified: "unclassified",
		Crisis:       "crisis",
		Danger:       3 * time.Second,
		Keys: map[string]MenuKey{
			"0":  {Category: "unclassified"},
			"1":  {Category: "phone"},
			"2":  {Category: "social-media"},
			"3":  {Category: "stalking"},
			"4":  {Category: "domestic-violence"},
			"5":  {Category: "status"},
			"9":  {Category: "crisis"},
			"*1": {Language: "hi"},
			"*2": {Language: "en"},
			"*3": {Language: "ur"},
			"*4": {Language: "bho"},
			"*5": {Language: "awa"},
		},
	}
}

// DefaultRingBackMenu is the menu of the number that offenders ring back: a
// neutral sentence that names no helpline, and no choices.
func DefaultRingBackMenu() Menu {
	return Menu{
		Greeting:     "greeting-plain",
		Limit:        4 * time.Second,
		Language:     "hi",
		Unclassified: "ring-back",
	}
}

// Prompts lists the ids of the recordings that the menu needs.
func (m Menu) Prompts() []string { return distinct(m.Greeting, m.Choices) }

// Languages lists every language that the menu can speak, sorted.
func (m Menu) Languages() []string {
	all := []string{m.Language}
	for _, k := range m.Keys {
		all = append(all, k.Language)
	}
	return distinct(all...)
}

// Known is what a configuration may refer to.
type Known struct {
	Categories, Languages, Prompts []string
	// Length tells how long a prompt lasts in a language, where that is known;
	// nil means that no length is known and none is checked.
	Length func(language, prompt string) (time.Duration, bool)
}

// Validate checks the menu; each finding names its field.
func (m Menu) Validate(known Known) error {
	f := findings{section: "menu", known: known}
	if m.Greeting != "" || m.Choices == "" {
		f.prompt("greeting", m.Greeting)
	}
	if m.Choices != "" {
		f.prompt("choices", m.Choices)
	}
	f.between("limit", m.Limit, time.Second, MaxGreeting)
	f.between("linger", m.Linger, 0, MaxGreeting)
	f.between("danger", m.Danger, 0, 20*time.Second)
	f.language("language", m.Language)
	f.category("unclassified", m.Unclassified)
	if m.Crisis != "" || m.Danger > 0 {
		f.category("crisis", m.Crisis)
	}
	for _, key := range slices.Sorted(maps.Keys(m.Keys)) {
		m.validateKey(&f, key)
	}
	if m.Limit <= MaxGreeting {
		f.lasts("greeting", m.Limit, []string{m.Language}, m.Greeting, m.Choices)
		f.lasts("choices", m.Limit, m.Languages(), m.Choices)
	}
	return f.err()
}

func (m Menu) validateKey(f *findings, key string) {
	field, chosen := "keys."+key, m.Keys[key]
	digits, _ := strings.CutPrefix(key, "*")
	if len(digits) != 1 || !strings.Contains("0123456789#", digits) || key == "*#" {
		f.add(field, "must be one of 0-9 and #, or * and a digit")
	}
	switch {
	case (chosen.Category == "") == (chosen.Language == ""):
		f.add(field, "must name either a category or a language")
	case chosen.Category != "":
		f.category(field+".category", chosen.Category)
	default:
		f.language(field+".language", chosen.Language)
	}
}

// findings gathers what is wrong with one section of the configuration.
type findings struct {
	section string
	known   Known
	list    []error
}

func (f *findings) add(field, format string, args ...any) {
	f.list = append(f.list, fmt.Errorf("%s.%s: %s", f.section, field, fmt.Sprintf(format, args...)))
}

func (f *findings) prompt(field, id string) {
	switch {
	case id == "":
		f.add(field, "must name a prompt")
	case !slices.Contains(f.known.Prompts, id):
		f.add(field, "no prompt %q; add it to the manifest of prompts", id)
	}
}

func (f *findings) language(field, code string) {
	if !slices.Contains(f.known.Languages, code) {
		f.add(field, "no language %q; known: %s", code, strings.Join(f.known.Languages, ", "))
	}
}

func (f *findings) category(field, id string) {
	if !slices.Contains(f.known.Categories, id) {
		f.add(field, "no category %q; known: %s", id, strings.Join(f.known.Categories, ", "))
	}
}

func (f *findings) between(field string, d, low, high time.Duration) {
	if d < low || d > high {
		f.add(field, "is %v, must be between %v and %v", d, low, high)
	}
}

// lasts checks that the prompts, played at one go, fit into the limit in each
// of the languages. A prompt of unknown length counts as nothing.
func (f *findings) lasts(field string, limit time.Duration, languages []string, prompts ...string) {
	if f.known.Length == nil {
		return
	}
	for _, language := range languages {
		var total time.Duration
		for _, id := range prompts {
			d, _ := f.known.Length(language, id)
			total += d
		}
		if total > limit {
			f.add(field, "%s lasts %v in language %q, must fit into %v: shorten the text or the recording",
				strings.Join(distinct(prompts...), " and "), total.Round(10*time.Millisecond), language, limit)
		}
	}
}

func (f *findings) err() error {
	return errors.Join(f.list...)
}

// distinct sorts, and leaves out the empty and the repeated.
func distinct(ids ...string) []string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(s string) bool { return s == "" })
	slices.Sort(ids)
	return slices.Compact(ids)
}
