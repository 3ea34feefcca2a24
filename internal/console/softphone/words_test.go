package softphone

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"powerline/internal/acd"
)

func TestGivenTheTexts_WhenAPageUsesThem_ThenBothLanguagesAreComplete(t *testing.T) {
	for key, text := range words {
		if text.En == "" || !strings.ContainsFunc(text.Hi, func(r rune) bool { return unicode.Is(unicode.Devanagari, r) }) {
			t.Errorf("%s: %+v", key, text)
		}
	}
	unused := map[string]bool{}
	for key := range words {
		unused[key] = true
	}
	delete(unused, "softphone.title") // of the navigation too
	for _, name := range []string{"pages/_panel.html", "pages/softphone.html"} {
		text, err := fs.ReadFile(pages, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllSubmatch(text, -1) {
			if _, known := words[string(m[1])]; !known {
				t.Errorf("%s: no text %s", name, m[1])
			}
			delete(unused, string(m[1]))
		}
		if regexp.MustCompile(`<style|style=|\son[a-z]+=`).Match(text) {
			t.Errorf("%s: script or style within a page", name)
		}
	}
	for key := range unused {
		t.Errorf("nobody reads %s", key)
	}
}

func TestGivenEveryReason_WhenAScriptOrTheEngineSaysIt_ThenThePanelHasItsText(t *testing.T) {
	panel, err := fs.ReadFile(pages, "pages/_panel.html")
	if err != nil {
		t.Fatal(err)
	}
	script, err := fs.ReadFile(static, "static/softphone.js")
	if err != nil {
		t.Fatal(err)
	}
	reasons := []string{string(acd.BrowsersNotAllowed), string(acd.AsteriskTooOld), string(acd.NoPhoneAccount), string(acd.PhoneInUse), "other"}
	for _, reason := range []string{"microphone-denied", "microphone-missing", "not-connected"} {
		if !strings.Contains(string(script), "'"+reason+"'") {
			t.Errorf("the script never says %s", reason)
		}
		reasons = append(reasons, reason)
	}
	for _, reason := range reasons {
		if !strings.Contains(string(panel), `data-reason="`+reason+`"`) {
			t.Errorf("the panel has no text for %s", reason)
		}
	}
}
