package roster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"powerline/agent"
)

var known = Known{Languages: []string{"hi", "bho", "en"}, Categories: []string{"crisis", "phone"}}

const good = `id,name,gender,officer,counsellor,senior,languages,categories,outbound,active,secret,pin
a001,Asha Devi,woman,no,yes,,hi bho,crisis;phone,feedback,yes,phone-secret-1,1234
a002,"Usha, senior",woman,no,no,yes,hi,phone,,yes,,
b001,Ram Singh,man,yes,no,no,hi,,offender ffr,yes,phone-secret-2,87654321
`

func parse(t *testing.T, text string) []Entry {
	t.Helper()
	entries, err := Parse("roster.csv", strings.NewReader(text), known)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestGivenAGoodFile_WhenParsed_ThenEveryColumnIsWhereItBelongs(t *testing.T) {
	for name, text := range map[string]string{
		"as written": good, "with the mark of spreadsheets": "\ufeff" + good, "with carriage returns": strings.ReplaceAll(good, "\n", "\r\n"),
	} {
		entries := parse(t, text)
		if len(entries) != 3 {
			t.Fatalf("%s: %d entries", name, len(entries))
		}
		want := agent.Profile{ID: "a001", Woman: true, Counsellor: true, Languages: []string{"hi", "bho"}, Categories: []string{"crisis", "phone"}, Outbound: []string{"feedback"}}
		if got := entries[0].Person; !reflect.DeepEqual(got.Profile, want) || got.Name.Show() != "Asha Devi" || !got.Active {
			t.Errorf("%s: %+v", name, got.Profile)
		}
		if p := entries[2].Person.Profile; p.Woman || !p.Officer {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Each file in testdata begins with the messages that it is refused with, as
// "want: " lines before a line of dashes.
func TestGivenAFileWithMistakes_WhenParsed_ThenAllAreNamedAndNobodyIsTaken(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) < 15 {
		t.Fatalf("only %d files", len(files))
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, body, _ := strings.Cut(string(text), "----\n")
			entries, err := Parse("roster.csv", strings.NewReader(body), known)
			var e *Error
			if !errors.As(err, &e) || entries != nil {
				t.Fatalf("%d entries, %v", len(entries), err)
			}
			if got := e.Error() + "\n"; got != strings.ReplaceAll(want, "want: ", "") {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestGivenAHundredMistakes_WhenParsed_ThenTwentyAreNamed(t *testing.T) {
	text := strings.Split(good, "\n")[0] + "\n" + strings.Repeat("A B,,,,,,,,,,,\n", 30)
	_, err := Parse("roster.csv", strings.NewReader(text), known)
	if err == nil || strings.Count(err.Error(), "\n") != 20 || !strings.Contains(err.Error(), "more") {
		t.Fatalf("%v", err)
	}
}

func TestGivenAStoredRoster_WhenMergedAgain_ThenOnlyDifferencesAreWritten(t *testing.T) {
	first, err := Merge(nil, parse(t, good), "powerline")
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Added) != 3 || len(first.Write) != 3 {
		t.Fatalf("%+v", first)
	}
	stored := first.Write
	for i := range stored {
		stored[i].Version = 5
	}
	again, err := Merge(stored, parse(t, good), "powerline")
	if err != nil || len(again.Unchanged) != 3 || len(again.Write) != 0 {
		t.Fatalf("the same file is a change: %+v, %v", again, err)
	}
	changed := strings.Replace(strings.Replace(good, ",1234", ",4321", 1), "b001,Ram Singh,man,yes,no,no,hi,,offender ffr,yes,phone-secret-2,87654321\n", "", 1)
	third, err := Merge(stored, parse(t, changed), "powerline")
	if err != nil || !reflect.DeepEqual(third.Changed, []agent.ID{"a001"}) || !reflect.DeepEqual(third.Absent, []agent.ID{"b001"}) {
		t.Fatalf("%+v, %v", third, err)
	}
	p := third.Write[0]
	if p.Version != 5 || !VerifyPIN(p.PIN, "4321") || VerifyPIN(p.PIN, "1234") || p.SIP != stored[0].SIP {
		t.Fatal("the PIN changed and nothing else")
	}
}

func TestGivenNoSecrets_WhenMerged_ThenTheStoredOnesStay(t *testing.T) {
	stored, err := Merge(nil, parse(t, good), "powerline")
	if err != nil {
		t.Fatal(err)
	}
	without := "id,name,gender,officer,counsellor,senior,languages,categories,outbound,active\na001,Asha Devi,woman,no,yes,,hi bho,crisis;phone,feedback,yes\n"
	c, err := Merge(stored.Write, parse(t, without), "powerline")
	if err != nil || len(c.Unchanged) != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestGivenAssignments_WhenSet_ThenAllOrNoneAreTaken(t *testing.T) {
	c, err := Merge(nil, parse(t, good), "powerline")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Set(c.Write[0], []string{"senior=yes", "languages=en", "pin=9999"}, "powerline", known)
	if err != nil || !p.Profile.Senior || !reflect.DeepEqual(p.Profile.Languages, []string{"en"}) || !VerifyPIN(p.PIN, "9999") {
		t.Fatalf("%+v %v", p.Profile, err)
	}
	if !reflect.DeepEqual(c.Write[0].Profile.Languages, []string{"hi", "bho"}) {
		t.Fatal("the stored person was changed in place")
	}
	for _, bad := range [][]string{{"senior=perhaps"}, {"senior"}, {"id=a009"}, {"officer=yes"}, {"wings=two"}, {"pin=12"}, {"languages=tlh"}} {
		if q, err := Set(c.Write[0], append([]string{"name=Other"}, bad...), "powerline", known); err == nil || q.Name.Show() != "" {
			t.Errorf("%v was taken", bad)
		}
	}
}

func TestGivenAPIN_WhenHashed_ThenOnlyItVerifies(t *testing.T) {
	hash, err := HashPIN("123456")
	if err != nil {
		t.Fatal(err)
	}
	other, _ := HashPIN("123456")
	if hash == other {
		t.Error("the same PIN twice has the same hash")
	}
	if !VerifyPIN(hash, "123456") {
		t.Error("the right PIN is refused")
	}
	for _, wrong := range []string{"", "123457", "12345", "1234567", "123456 ", "x"} {
		if VerifyPIN(hash, wrong) {
			t.Errorf("%q fits", wrong)
		}
	}
	for _, broken := range []string{"", "$argon2id$", strings.Replace(hash.Reveal(), "m=19456", "m=4194304", 1), strings.Replace(hash.Reveal(), "t=2", "t=2x", 1), hash.Reveal() + "$"} {
		if VerifyPIN(StoredSecret(broken), "123456") {
			t.Errorf("%q fits", broken)
		}
	}
	if _, err := HashPIN("12"); err == nil {
		t.Error("a PIN of two digits was hashed")
	}
}

func TestNoTextFormShowsANameOrSecret(t *testing.T) {
	c, err := Merge(nil, parse(t, good), "powerline")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Write {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "person", p, "name", p.Name, "secret", p.SIP)
		j, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		all := log.String() + string(j) + fmt.Sprintf("%v %+v %#v %s %q", p, p, p, p.Name, p.SIP)
		for _, plain := range []string{p.Name.Show(), p.SIP.Reveal(), p.PIN.Reveal()} {
			if plain != "" && strings.Contains(all, plain) {
				t.Errorf("%s shows in %s", plain, all)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("id\n\"")
	f.Add("\ufeff\n,")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := Parse("roster.csv", strings.NewReader(text), known)
		var e *Error
		switch {
		case err != nil && (!errors.As(err, &e) || len(e.Problems) == 0 || entries != nil):
			t.Fatalf("%d entries and %v", len(entries), err)
		case err == nil && len(entries) == 0:
			t.Fatal("nobody, and no mistake")
		}
		seen := map[agent.ID]bool{}
		for _, e := range entries {
			p := e.Person
			if seen[p.Profile.ID] || !idForm.MatchString(string(p.Profile.ID)) || p.Name.Show() == "" || p.Profile.Woman && p.Profile.Officer {
				t.Fatalf("taken: %+v", p)
			}
			seen[p.Profile.ID] = true
		}
	})
}

func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if h, ok := parseHash(text); ok && (h.memory > 64<<10 || h.passes > 10) {
			t.Fatal("a hash may not cost that much")
		}
	})
}
