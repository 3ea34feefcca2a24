package prompts

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

//go:embed manifest.yaml
var manifest []byte

// Manifest is everything that the engine says.
type Manifest struct {
	// Voices maps each language to the synthesizer's voice.
	Voices map[string]Voice `yaml:"voices"`
	// Callers and Agents map ids to the text in each language. Callers need every
	// language that has a voice; agents need at least one.
	Callers map[string]Text `yaml:"callers"`
	Agents  map[string]Text `yaml:"agents"`
}

// Voice is a voice of espeak-ng and its speed in words a minute.
type Voice struct {
	Voice string `yaml:"voice"`
	Speed int    `yaml:"speed"`
}

// Text maps a language to what is said in it.
type Text map[string]string

// Default is the manifest that comes with the engine. It cannot fail: a test
// holds the embedded file valid.
func Default() Manifest {
	m, err := Parse(manifest)
	if err != nil {
		panic(err)
	}
	return m
}

// Parse reads a manifest. An unknown key, a key given twice and an empty text
// are errors; those of the YAML name the line.
func Parse(text []byte) (Manifest, error) {
	var m Manifest
	if !utf8.Valid(text) {
		return Manifest{}, errors.New("prompts: read manifest: not UTF-8 text")
	}
	if err := yaml.UnmarshalWithOptions(text, &m, yaml.Strict()); err != nil {
		return Manifest{}, fmt.Errorf("prompts: read manifest: %w", err)
	}
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("prompts: read manifest: %w", err)
	}
	return m, nil
}

// Languages lists the languages that have a voice, sorted.
func (m Manifest) Languages() []string { return slices.Sorted(maps.Keys(m.Voices)) }

// IDs lists every prompt, sorted.
func (m Manifest) IDs() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for _, group := range []map[string]Text{m.Callers, m.Agents} {
			for id := range group {
				if !yield(id) {
					return
				}
			}
		}
	})
}

var (
	validID       = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	validLanguage = regexp.MustCompile(`^[a-z]{2,3}$`)
	validVoice    = regexp.MustCompile(`^[a-z][a-zA-Z0-9+-]{0,39}$`)
)

const (
	// maxText keeps a prompt speakable; a longer one is a mistake in the file.
	maxText            = 300
	minSpeed, maxSpeed = 80, 300
)

func (m Manifest) validate() error {
	var list []error
	if len(m.Voices) == 0 {
		list = append(list, errors.New("voices: must name at least one language"))
	}
	for _, language := range m.Languages() {
		voice := m.Voices[language]
		if !validLanguage.MatchString(language) {
			list = append(list, fmt.Errorf("voices.%s: a language has two or three small letters", language))
		}
		if !validVoice.MatchString(voice.Voice) {
			list = append(list, fmt.Errorf("voices.%s.voice: must name a voice of espeak-ng", language))
		}
		if voice.Speed < minSpeed || voice.Speed > maxSpeed {
			list = append(list, fmt.Errorf("voices.%s.speed: is %d, must be between %d and %d words a minute",
				language, voice.Speed, minSpeed, maxSpeed))
		}
	}
	list = append(list, m.validateGroup("callers", m.Callers, m.Languages())...)
	list = append(list, m.validateGroup("agents", m.Agents, nil)...)
	for id := range m.Agents {
		if _, both := m.Callers[id]; both {
			list = append(list, fmt.Errorf("agents.%s: stands among the callers' prompts too", id))
		}
	}
	return errors.Join(list...)
}

func (m Manifest) validateGroup(name string, group map[string]Text, needed []string) (list []error) {
	for _, id := range slices.Sorted(maps.Keys(group)) {
		field, text := name+"."+id, group[id]
		if !validID.MatchString(id) {
			list = append(list, fmt.Errorf("%s: an id has small letters, digits and hyphens", field))
		}
		if len(text) == 0 {
			list = append(list, fmt.Errorf("%s: says nothing in any language", field))
		}
		for _, language := range needed {
			if _, ok := text[language]; !ok {
				list = append(list, fmt.Errorf("%s: is missing in language %q", field, language))
			}
		}
		for _, language := range slices.Sorted(maps.Keys(text)) {
			if _, ok := m.Voices[language]; !ok {
				list = append(list, fmt.Errorf("%s.%s: no voice for this language", field, language))
			}
			if why := unspeakable(text[language]); why != "" {
				list = append(list, fmt.Errorf("%s.%s: %s", field, language, why))
			}
		}
	}
	return list
}

// unspeakable says what is wrong with a text, or nothing.
func unspeakable(text string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "is empty"
	case utf8.RuneCountInString(text) > maxText:
		return fmt.Sprintf("has more than %d letters", maxText)
	case strings.ContainsFunc(text, unicode.IsDigit):
		return "write digits as words, a synthesizer reads them as a quantity"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "must be one line"
	case !strings.ContainsFunc(text, unicode.IsLetter):
		return "has no letter"
	}
	return ""
}
