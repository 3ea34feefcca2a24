package ivr

import (
	"strings"
	"testing"
	"time"
)

// known is what the default configuration refers to, and no more.
func known() Known {
	prompts := append(DefaultMenu().Prompts(), DefaultRingBackMenu().Prompts()...)
	prompts = append(prompts, DefaultWaiting().Prompts()...)
	prompts = append(prompts, DefaultCodes().Prompts()...)
	return Known{
		Categories: []string{"crisis", "domestic-violence", "phone", "social-media", "stalking", "status", "unclassified", "ring-back"},
		Languages:  []string{"hi", "en", "ur", "bho", "awa"},
		Prompts:    prompts,
		Length:     func(_, _ string) (time.Duration, bool) { return 2 * time.Second, true },
	}
}

func TestGivenTheDefaults_WhenTheyAreValidated_ThenNothingIsFound(t *testing.T) {
	for what, err := range map[string]error{
		"menu": DefaultMenu().Validate(known()), "ring-back": DefaultRingBackMenu().Validate(known()),
		"waiting": DefaultWaiting().Validate(known()), "codes": DefaultCodes().Validate(known()),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestGivenAMistakeInTheMenu_WhenItIsValidated_ThenItsFieldIsNamed(t *testing.T) {
	for field, spoil := range map[string]func(*Menu){
		"menu.greeting: no prompt":                func(m *Menu) { m.Greeting = "hello" },
		"menu.greeting: must name a prompt":       func(m *Menu) { m.Greeting, m.Choices = "", "" },
		"menu.choices: no prompt":                 func(m *Menu) { m.Choices = "choose" },
		"menu.limit: is 9s":                       func(m *Menu) { m.Limit = 9 * time.Second },
		"menu.limit: is 0s":                       func(m *Menu) { m.Limit = 0 },
		"menu.linger":                             func(m *Menu) { m.Linger = -time.Second },
		"menu.danger":                             func(m *Menu) { m.Danger = time.Hour },
		"menu.language: no language \"xx\"":       func(m *Menu) { m.Language = "xx" },
		"menu.unclassified: no category \"\"":     func(m *Menu) { m.Unclassified = "" },
		"menu.crisis: no category":                func(m *Menu) { m.Crisis = "panic" },
		"menu.keys.1.category: no category":       func(m *Menu) { m.Keys["1"] = MenuKey{Category: "x"} },
		"menu.keys.*6.language: no language":      func(m *Menu) { m.Keys["*6"] = MenuKey{Language: "x"} },
		"menu.keys.12: must be one of":            func(m *Menu) { m.Keys["12"] = MenuKey{Category: "phone"} },
		"menu.keys.*: must be one of":             func(m *Menu) { m.Keys["*"] = MenuKey{Category: "phone"} },
		"menu.keys.: must be one of":              func(m *Menu) { m.Keys[""] = MenuKey{Category: "phone"} },
		"menu.keys.6: must name either":           func(m *Menu) { m.Keys["6"] = MenuKey{} },
		"menu.keys.7: must name either":           func(m *Menu) { m.Keys["7"] = MenuKey{Category: "phone", Language: "hi"} },
		"menu.greeting: greeting and menu lasts ": func(m *Menu) { m.Limit = 3 * time.Second },
	} {
		m := DefaultMenu()
		spoil(&m)
		if err := m.Validate(known()); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("want a finding %q, got %v", field, err)
		}
	}
}

func TestGivenAMistakeInTheWaiting_WhenItIsValidated_ThenItsFieldIsNamed(t *testing.T) {
	for field, spoil := range map[string]func(*Waiting){
		"waiting.comfort: no prompt":         func(w *Waiting) { w.Comfort = "x" },
		"waiting.nobody: must name a prompt": func(w *Waiting) { w.Nobody = "" },
		"waiting.every":                      func(w *Waiting) { w.Every = time.Second },
		"waiting.silent_after":               func(w *Waiting) { w.SilentAfter = 0 },
		"waiting.max_position":               func(w *Waiting) { w.MaxPosition = -1 },
		"waiting.number: no prompt":          func(w *Waiting) { w.MaxPosition = 21 },
		"waiting.wait_steps: must be":        func(w *Waiting) { w.WaitSteps = []int{5, 1} },
		"waiting.wait_steps.0: no prompt":    func(w *Waiting) { w.WaitSteps = []int{4} },
		"waiting.emergency_key":              func(w *Waiting) { w.EmergencyKey = "#" },
	} {
		w := DefaultWaiting()
		spoil(&w)
		if err := w.Validate(known()); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("want a finding %q, got %v", field, err)
		}
	}
}

func TestGivenAPromptThatHoldsUpTheLine_WhenWaitingIsValidated_ThenItIsRefused(t *testing.T) {
	k := known()
	k.Length = func(language, id string) (time.Duration, bool) {
		if language == "ur" && id == "silent" {
			return 9 * time.Second, true
		}
		return time.Second, true
	}
	err := DefaultWaiting().Validate(k)
	if err == nil || !strings.Contains(err.Error(), `waiting.silent: silent lasts 9s in language "ur"`) {
		t.Errorf("got %v", err)
	}
}

func TestGivenAMistakeInTheCodes_WhenTheyAreValidated_ThenItsFieldIsNamed(t *testing.T) {
	for field, spoil := range map[string]func(*Codes){
		"desk.codes.11: must be *":                      func(c *Codes) { c.Codes["11"] = Login },
		"desk.codes.*77: no verb":                       func(c *Codes) { c.Codes["*77"] = "dance" },
		"desk.codes.*14: is the beginning of *143":      func(c *Codes) { c.Codes["*143"] = Ready },
		"desk.reasons.12: must be one of":               func(c *Codes) { c.Reasons["12"] = "x" },
		"desk.reasons.7: must name":                     func(c *Codes) { c.Reasons["7"] = "" },
		"desk.language: no language":                    func(c *Codes) { c.Language = "fr" },
		"desk.pin_digits: is 2":                         func(c *Codes) { c.PINDigits = 2 },
		"desk.pin_tries: is 0":                          func(c *Codes) { c.PINTries = 0 },
		"desk.pin_limit: is 0s, must be between 5s and": func(c *Codes) { c.PINLimit = 0 },
	} {
		c := DefaultCodes()
		spoil(&c)
		if err := c.Validate(known()); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("want a finding %q, got %v", field, err)
		}
	}
}
