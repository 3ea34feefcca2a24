package prompts_test

import (
	"slices"
	"strings"
	"testing"

	"powerline/ivr"
	"powerline/prompts"
)

func TestGivenTheDefaultManifest_WhenTheDialoguesNeedAPrompt_ThenItIsThereInEveryLanguage(t *testing.T) {
	m := prompts.Default()
	if got, want := m.Languages(), []string{"awa", "bho", "en", "hi", "ur"}; !slices.Equal(got, want) {
		t.Fatalf("languages %v", got)
	}
	needed := slices.Concat(ivr.DefaultMenu().Prompts(), ivr.DefaultRingBackMenu().Prompts(), ivr.DefaultWaiting().Prompts())
	for _, id := range needed {
		if len(m.Callers[id]) != 5 {
			t.Errorf("callers.%s is spoken in %d languages", id, len(m.Callers[id]))
		}
	}
	codes := ivr.DefaultCodes()
	for _, id := range codes.Prompts() {
		if m.Agents[id][codes.Language] == "" {
			t.Errorf("agents.%s is missing", id)
		}
	}
	if !slices.IsSorted(m.IDs()) || len(m.IDs()) != len(m.Callers)+len(m.Agents) {
		t.Error("IDs are not complete")
	}
}

const head = "voices:\n  hi: {voice: hi, speed: 170}\n"

func TestGivenAMistakeInTheManifest_WhenItIsRead_ThenItsPlaceIsNamed(t *testing.T) {
	for text, says := range map[string]string{
		head + "calers:\n  a: {hi: x}\n":                     "[3:1]",
		head + "callers:\n  a: {hi: x}\n  a: {hi: y}\n":      "[5:3]",
		"voices:\n  hi: {voice: hi, speed: 170, pitch: 3}\n": "[2:31]",
		"voices:\n  hi: {voice: hi, speed: fast}\n":          "[2:26]",
		"": "voices: must name",
		"voices:\n  Hi: {voice: hi, speed: 170}\n":                       "voices.Hi",
		"voices:\n  hi: {voice: '--x', speed: 170}\n":                    "voices.hi.voice",
		"voices:\n  hi: {voice: hi, speed: 17}\n":                        "voices.hi.speed: is 17",
		head + "callers:\n  A b: {hi: x}\n":                              "callers.A b: an id",
		head + "callers:\n  a: {}\n":                                     "callers.a: says nothing",
		head + "callers:\n  a: {en: x}\n":                                `callers.a: is missing in language "hi"`,
		head + "agents:\n  a: {en: x}\n":                                 "agents.a.en: no voice",
		head + "callers:\n  a: {hi: ' '}\n":                              "callers.a.hi: is empty",
		head + "callers:\n  a: {hi: 'press 1'}\n":                        "callers.a.hi: write digits as words",
		head + "callers:\n  a: {hi: '...'}\n":                            "callers.a.hi: has no letter",
		head + "callers:\n  a: {hi: \"x\\ny\"}\n":                        "callers.a.hi: must be one line",
		head + "callers:\n  a: {hi: " + strings.Repeat("x", 301) + "}\n": "more than 300",
		head + "callers:\n  a: {hi: x}\nagents:\n  a: {hi: x}\n":         "agents.a: stands among",
		head + "callers:\n  a: [x\n":                                     "read manifest",
		"\xff":                                                           "not UTF-8",
	} {
		_, err := prompts.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: want %q, got %v", text, says, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	for _, text := range []string{
		head + "callers:\n  a: {hi: x}\n", head, "", "a", "[", "{}", "voices: 3", "a: &a [*a]", "voices: *x",
		head + "callers: {a: {hi: \"\\u0915\"}}", "? x\n: y", "!!binary x", "<<: {voices: {}}", "---\n---\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := prompts.Parse(text)
		if err != nil {
			return
		}
		// Whatever is accepted is complete: each caller's prompt in each language.
		for id, texts := range m.Callers {
			for _, language := range m.Languages() {
				if strings.TrimSpace(texts[language]) == "" {
					t.Fatalf("%s is silent in %s", id, language)
				}
			}
		}
	})
}
