package prompts_test

import (
	"slices"
	"testing"
	"time"

	"powerline/internal/stack"
	"powerline/ivr"
	"powerline/prompts"
)

// realTools are the stack's own espeak-ng and sox.
func realTools(t *testing.T) prompts.Tools {
	t.Helper()
	espeak, err := stack.Program(t.Context(), "espeak-ng")
	if err != nil {
		t.Fatalf("find the synthesizer: %v", err)
	}
	sox, err := stack.Program(t.Context(), "sox")
	if err != nil {
		t.Fatalf("find sox: %v", err)
	}
	return prompts.Tools{Espeak: espeak.Args, Sox: sox.Args}
}

// The texts are written by people and spoken by a machine; only the real machine
// knows whether the greeting is over in time and nothing holds up the line.
func TestGivenTheRealVoices_WhenEveryPromptIsSpoken_ThenTheDefaultDialoguesKeepTheirTimes(t *testing.T) {
	dir, m := t.TempDir(), prompts.Default()
	began := time.Now()
	report, err := prompts.Generate(t.Context(), m, dir, realTools(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d prompts in %v", report.Made, time.Since(began).Round(time.Millisecond))
	lengths, err := prompts.Durations(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := ivr.Known{
		Categories: []string{"crisis", "domestic-violence", "phone", "social-media", "stalking", "status", "unclassified", "ring-back"},
		Languages:  m.Languages(), Prompts: m.IDs(), Length: lengths.Of,
	}
	for what, err := range map[string]error{
		"menu": ivr.DefaultMenu().Validate(known), "ring-back": ivr.DefaultRingBackMenu().Validate(known),
		"waiting": ivr.DefaultWaiting().Validate(known), "codes": ivr.DefaultCodes().Validate(known),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	callers := slices.Concat(ivr.DefaultMenu().Prompts(), ivr.DefaultRingBackMenu().Prompts(), ivr.DefaultWaiting().Prompts())
	if err := prompts.Check(dir, callers, m.Languages()); err != nil {
		t.Error(err)
	}
	codes := ivr.DefaultCodes()
	if err := prompts.Check(dir, codes.Prompts(), []string{codes.Language}); err != nil {
		t.Error(err)
	}
	greeting, _ := lengths.Of("hi", "greeting")
	menu, _ := lengths.Of("hi", "menu")
	t.Logf("greeting and menu in Hindi: %v", greeting+menu)
	// Asterisk needs a moment to begin each of them.
	if greeting+menu > ivr.MaxGreeting-200*time.Millisecond {
		t.Errorf("greeting and menu last %v: no time is left to begin them", greeting+menu)
	}
	// A synthesizer that swallows a word makes a prompt suspiciously short.
	for language, ids := range lengths {
		for id, d := range ids {
			if d < 250*time.Millisecond {
				t.Errorf("%s/%s lasts only %v", language, id, d)
			}
		}
	}
}
