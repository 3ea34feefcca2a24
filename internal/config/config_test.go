package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var same = cmp.Options{cmpopts.EquateComparable(Default().HTTP.Listen, Default().Asterisk.SIP.Bind.Addr()), cmpopts.EquateEmpty()}

func TestGivenTheDefaults_WhenValidated_ThenNothingIsWrong(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestGivenTheDefaultsWrittenOut_WhenReadBack_ThenTheyAreTheSame(t *testing.T) {
	text := Marshal(Default())
	got, err := Parse("default.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if d := cmp.Diff(Default(), got, same); d != "" {
		t.Fatal(d)
	}
}

func TestGivenAnEmptyFile_WhenLoaded_ThenTheDefaultsAreInForce(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n"} {
		got, err := Parse("empty.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if d := cmp.Diff(Default(), got, same); d != "" {
			t.Fatal(d)
		}
	}
}

func TestGivenAFileWithAFewKeys_WhenLoaded_ThenOnlyThoseDiffer(t *testing.T) {
	want := Default()
	want.Instance.Name = "b"
	want.Ringing.RejectDelay = 12 * time.Second
	want.Lines = []Line{{DID: "01090", Kind: Helpline, Category: "status"}}
	got, err := Parse("few.yaml", []byte("instance: {name: b}\nringing:\n  rejectDelay: 12s\nlines:\n- did: 01090\n  kind: helpline\n  category: status\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, same); d != "" {
		t.Fatal(d)
	}
}

func TestGivenRelativePaths_WhenLoaded_ThenTheyAreTakenFromTheFilesFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "acd.yaml")
	if err := os.WriteFile(path, []byte("journal: {dir: spool}\nasterisk: {ari: {passwordFile: secret/ari}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Journal.Dir != filepath.Join(dir, "spool") || c.Asterisk.ARI.PasswordFile != filepath.Join(dir, "secret/ari") {
		t.Fatalf("got %q and %q", c.Journal.Dir, c.Asterisk.ARI.PasswordFile)
	}
	if c.Asterisk.AMI.PasswordFile != Default().Asterisk.AMI.PasswordFile || c.Prompts.OverrideDir != "" {
		t.Fatal("an absolute or empty path was changed")
	}
}

// Each file in testdata holds one mistake (or says how many) and begins with
// the messages that it must be refused with, one per line after "# want: ".
func TestGivenAFileWithAMistake_WhenLoaded_ThenItIsRefusedWithPlaceAndReason(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("want the wrong files in testdata, found %d (%v)", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(text)) {
				if message, ok := strings.CutPrefix(strings.TrimSpace(line), "# want: "); ok {
					want = append(want, filepath.Base(path)+message)
				}
			}
			c, err := Parse(filepath.Base(path), text)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("want refusal, got %v", err)
			}
			if got := e.Error(); got != strings.Join(want, "\n") {
				t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
			}
			if !reflect.ValueOf(c).IsZero() {
				t.Error("a refused file left something behind")
			}
		})
	}
}

func TestGivenMoreThanTwentyMistakes_WhenLoaded_ThenTwentyAreNamedAndTheRestCounted(t *testing.T) {
	_, err := Parse("many.yaml", []byte(strings.Repeat("x: 1\n", 1)+"instance:\n"+func() string {
		var b strings.Builder
		for i := range 30 {
			b.WriteString("  wrong" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ": 1\n")
		}
		return b.String()
	}()))
	if err == nil || strings.Count(err.Error(), "\n") != 20 || !strings.HasSuffix(err.Error(), "… and 11 more") {
		t.Fatalf("got %v", err)
	}
}

func TestEveryFieldHasASentenceThatFitsBesideIt(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(ty reflect.Type) {
		for ty.Kind() == reflect.Slice || ty.Kind() == reflect.Map {
			ty = ty.Elem()
		}
		if ty.Kind() != reflect.Struct || reflect.PointerTo(ty).Implements(textType) {
			return
		}
		for i := range ty.NumField() {
			f := ty.Field(i)
			if _, ok := keyOf(f); !ok {
				continue
			}
			if doc := docOf(ty, f); doc == "" || len(doc) > 110 || strings.ContainsAny(doc, "\n") {
				t.Errorf("%s.%s: want one sentence of at most 110 characters, got %q", ty, f.Name, doc)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[Config]())
}

func TestEveryPathFieldIsResolved(t *testing.T) {
	var c Config
	n := 0
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		for i := range v.NumField() {
			name, f := v.Type().Field(i).Name, v.Field(i)
			switch {
			case f.Kind() == reflect.Struct && f.NumField() > 0 && f.Type().PkgPath() == "powerline/internal/config":
				walk(f)
			case f.Kind() == reflect.String && (strings.HasSuffix(name, "File") || strings.HasSuffix(name, "Dir")):
				n++
			}
		}
	}
	walk(reflect.ValueOf(c))
	if n != len(c.paths()) {
		t.Fatalf("%d fields are named ...File or ...Dir, paths lists %d", n, len(c.paths()))
	}
}

// Law: whatever happens to the text, Load gives a valid whole or nothing.
func TestGivenAMutatedFile_WhenLoaded_ThenItIsTakenWholeOrRefusedWhole(t *testing.T) {
	text := Marshal(Default())
	lines := strings.SplitAfter(string(text), "\n")
	rapid.Check(t, func(t *rapid.T) {
		mutated := append([]string(nil), lines...)
		for range rapid.IntRange(1, 4).Draw(t, "mutations") {
			i := rapid.IntRange(0, len(mutated)-1).Draw(t, "line")
			switch rapid.IntRange(0, 5).Draw(t, "how") {
			case 0:
				mutated[i] = ""
			case 1:
				mutated[i] += mutated[i]
			case 2:
				mutated[i] = rapid.StringMatching(`[ a-z0-9:\-\[\]{}"'*&!|>%@#.]{0,20}`).Draw(t, "text") + "\n"
			case 3:
				mutated[i] = " " + mutated[i]
			case 4:
				key, _, _ := strings.Cut(mutated[i], ":")
				mutated[i] = key + ": " + rapid.SampledFrom([]string{"", "null", "~", "true", "5", "-1", "5.5", "[]", "{}", "[1]", "&a b", "*a", "!!int x", "''", "1e99", "0x10", "99999999999999999999", "15", "-5s", "9999h"}).Draw(t, "value") + "\n"
			case 5:
				r := []rune(mutated[i])
				if len(r) > 0 {
					r[rapid.IntRange(0, len(r)-1).Draw(t, "at")] = rapid.Rune().Draw(t, "rune")
				}
				mutated[i] = string(r)
			}
		}
		wholeOrNothing(t, strings.Join(mutated, ""))
	})
}

func wholeOrNothing(t interface {
	Fatalf(string, ...any)
}, text string) {
	c, err := Parse("mutated.yaml", []byte(text))
	var e *Error
	switch {
	case err == nil && c.Validate() != nil:
		t.Fatalf("taken although invalid: %v", c.Validate())
	case err != nil && (!errors.As(err, &e) || len(e.Problems) == 0):
		t.Fatalf("refused without a problem: %v", err)
	case err != nil && !reflect.ValueOf(c).IsZero():
		t.Fatalf("refused, but a part came through")
	case err == nil:
		again, err := Parse("again.yaml", Marshal(c))
		if err != nil {
			t.Fatalf("cannot be written and read back: %v", err)
		}
		if d := cmp.Diff(c, again, same); d != "" {
			t.Fatalf("changed by writing and reading: %s", d)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(Marshal(Default())))
	f.Add("instance: {name: b}\n")
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) { wholeOrNothing(t, text) })
}

func TestGivenASecretFile_WhenItIsOpenToOthers_ThenItIsRefused(t *testing.T) {
	for _, c := range []struct {
		content string
		mode    os.FileMode
		want    string // part of the refusal; empty: taken
	}{
		{"s3cret\n", 0o600, ""},
		{"s3cret", 0o640, ""},
		{"s3cret", 0o400, ""},
		{"s3cret", 0o644, "chmod 0600"},
		{"s3cret", 0o602, "chmod 0600"},
		{"s3cret", 0o660, "chmod 0640"},
		{"\n", 0o600, "is empty"},
		{"two\nlines\n", 0o600, "not one line"},
	} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got, err := Secret(path)
		if c.want == "" && (err != nil || got != "s3cret") {
			t.Errorf("mode %o: got %v", c.mode, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("mode %o: want refusal with %q, got %v", c.mode, c.want, err)
		}
	}
	if s, err := Secret(""); s != "" || err != nil {
		t.Error("no path is no secret")
	}
	if _, err := Secret(t.TempDir()); err == nil {
		t.Error("a folder is no secret")
	}
}

func TestGivenAKeyFile_WhenRead_ThenOnly32BytesInHexAreTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for content, ok := range map[string]bool{strings.Repeat("0f", 32): true, strings.Repeat("0f", 16): false, strings.Repeat("zz", 32): false} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := Key(path)
		if ok != (err == nil) || ok && len(key) != 32 {
			t.Errorf("%d characters: %v", len(content), err)
		}
	}
}

func TestGivenAChangedFile_WhenReloaded_ThenOnlyIdentityAndConnectionsNeedARestart(t *testing.T) {
	changed := Default()
	changed.Ringing.RejectDelay = 20 * time.Second
	changed.Categories[0].WrapUp = time.Minute
	if got := RestartNeeded(Default(), changed); len(got) != 0 {
		t.Errorf("skills, queues and limits are taken over while running, got %v", got)
	}
	changed.Instance.Name, changed.Redis.DB = "b", 1
	if got := RestartNeeded(Default(), changed); !reflect.DeepEqual(got, []string{"instance", "redis"}) {
		t.Errorf("got %v", got)
	}
}
