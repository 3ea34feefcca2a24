package console

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// CheckWords holds a room's texts and pages together; rooms have a test of their
// own that does the same.
func TestGivenTheTexts_WhenAPageUsesThem_ThenBothLanguagesAreComplete(t *testing.T) {
	for key, text := range ownWords {
		if text.En == "" || !strings.ContainsFunc(text.Hi, func(r rune) bool { return unicode.Is(unicode.Devanagari, r) }) && key != "console.language.en" {
			t.Errorf("%s: %+v", key, text)
		}
		if strings.Count(text.En, "%") != strings.Count(text.Hi, "%") {
			t.Errorf("%s takes other arguments in Hindi", key)
		}
	}
	used := regexp.MustCompile(`\.T "([^"]+)"`)
	err := fs.WalkDir(ownPages, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(ownPages, name)
		for _, m := range used.FindAllSubmatch(text, -1) {
			if _, known := ownWords[string(m[1])]; !known {
				t.Errorf("%s: no text %s", name, m[1])
			}
		}
		if strings.Contains(string(text), "<style") || strings.Contains(string(text), "style=") || regexp.MustCompile(`\son[a-z]+=`).Match(text) {
			t.Errorf("%s: script or style within a page", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range Roles {
		if _, known := ownWords["role."+string(role)]; !known {
			t.Errorf("no text for role %s", role)
		}
	}
}
