package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"powerline/cases"
)

var known = Known{Languages: []string{"hi", "bho"}, Categories: []string{"phone", "domestic"}, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}

const good = `ref,registered,taker,district,category,victim_name,victim_numbers,may_call,windows,language,code_word,offender_name,offender_numbers,track,agrees,contact1_name,contact1_numbers,contact1_sex,contact1_approved
K-1,2026-11-23 11:00,asha,Lucknow,phone,Sita Devi,9812345670,yes,mon-fri 14:00-16:00; sat 10:00-12:00,hi,peacock,Ravan,09823456781;+91 98234 56782,counsellable,yes,Mandodari,0522 2345678,woman,yes
K-2,2026-11-23T11:00:00+05:30,bina,agra,domestic,"Gita, the second",9812345671,no,,,,,,police,,,,,
`

const goodJSON = `[
  {"ref": "K-1", "registered": "2026-11-23 11:00", "taker": "asha", "district": "Lucknow", "category": "phone",
   "victim_name": "Sita Devi", "victim_numbers": ["9812345670"], "may_call": true, "windows": ["mon-fri 14:00-16:00", "sat 10:00-12:00"],
   "language": "hi", "code_word": "peacock", "offender_name": "Ravan", "offender_numbers": ["09823456781", "+91 98234 56782"],
   "track": "counsellable", "agrees": true,
   "contacts": [{"name": "Mandodari", "numbers": ["0522 2345678"], "sex": "woman", "approved": true}]},
  {"ref": "K-2", "registered": "2026-11-23T11:00:00+05:30", "taker": "bina", "district": "agra", "category": "domestic",
   "victim_name": "Gita, the second", "victim_numbers": ["9812345671"], "may_call": false, "track": "police"}
]`

func TestGivenAGoodFile_WhenReadAsCSVOrJSON_ThenTheCasesAreTheSame(t *testing.T) {
	fromCSV, err := ReadCSV(strings.NewReader("\ufeff"+strings.ReplaceAll(good, "\n", "\r\n")), known)
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, err := ReadJSON(strings.NewReader(goodJSON), known)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(fromCSV, fromJSON) || len(fromCSV) != 2 {
		t.Fatalf("%+v\n%+v", fromCSV, fromJSON)
	}
	r := fromCSV[0]
	if r.Case != CaseID("import K-1") || r.District != "Lucknow" || r.Victim.Name.Show() != "Sita Devi" || r.Victim.Numbers[0].Show() != "+919812345670" ||
		len(r.Offender.Numbers) != 2 || r.Offender.Numbers[1].Show() != "+919823456782" || r.Safe[0].CodeWord.Show() != "peacock" ||
		len(r.Terms.Windows) != 2 || !r.Terms.Dialable() || r.Triage.Track != cases.Counsellable || !r.Contacts[0].Approved ||
		r.Contacts[0].Numbers[0].Show() != "+915222345678" || !r.At.Equal(time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)) {
		t.Fatalf("%+v", r)
	}
	if fromCSV[1].District != "Agra" || fromCSV[1].Terms.MayCall {
		t.Fatalf("%+v", fromCSV[1])
	}
}

// Each file in testdata begins with the findings that it is refused with, as
// "want: " lines before a line of dashes. What is private in it is written in
// a known way, so that it is seen if a finding repeats it.
func TestGivenAFileWithMistakes_WhenRead_ThenAllAreNamedAndNothingIsTakenOrRepeated(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) < 20 {
		t.Fatalf("only %d files", len(files))
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, body, _ := strings.Cut(string(text), "----\n")
			reader := ReadCSV
			if strings.HasPrefix(name, "json-") {
				reader = ReadJSON
			}
			all, err := reader(strings.NewReader(body), known)
			var r *Refusal
			if !errors.As(err, &r) || all != nil {
				t.Fatalf("%d cases, %v", len(all), err)
			}
			if got := strings.ReplaceAll(r.Error()+"\n", strings.Join(fieldNames(), ", "), "FIELDS"); got != strings.ReplaceAll(want, "want: ", "") {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			for _, private := range []string{"Sita", "98123", "peacock", "Ravan", "secret"} {
				if strings.Contains(r.Error(), private) {
					t.Errorf("repeats %q", private)
				}
			}
		})
	}
}

func TestGivenAHundredMistakes_WhenRead_ThenTwentyAreNamed(t *testing.T) {
	_, err := ReadCSV(strings.NewReader(strings.Split(good, "\n")[0]+"\n"+strings.Repeat("K-1,,,,,,,,,,,,,,,,,,\n", 30)), known)
	if err == nil || strings.Count(err.Error(), "\n") != mostFindings || !strings.HasSuffix(err.Error(), "… and 100 more") {
		t.Fatal(err)
	}
}

func TestGivenTheSameReference_WhenReadAgain_ThenTheCaseHasTheSameIdWhichSaysNothing(t *testing.T) {
	a, b := CaseID("import 9812345670"), CaseID("import 9812345670")
	if a != b || strings.Contains(a, "98123") || a == CaseID("import 9812345671") || len(a) != 17 {
		t.Fatal(a, b)
	}
	if p := PartyID(a, "e", 1); p == PartyID(a, "e", 2) || p == PartyID(a, "f", 1) || p[0] != 'p' {
		t.Fatal(p)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add(good)
	f.Add("ref\n")
	f.Add(strings.Split(good, "\n")[0] + "\n\"")
	f.Fuzz(func(t *testing.T, text string) { checkRead(t, ReadCSV, text) })
}

func FuzzReadJSON(f *testing.F) {
	f.Add(goodJSON)
	f.Add(`[{"ref":`)
	f.Add(`[{"contacts":[{"name":[]}]}]`)
	f.Fuzz(func(t *testing.T, text string) { checkRead(t, ReadJSON, text) })
}

// checkRead: whatever comes in, either there are cases that can be registered,
// or findings with lines, and never both.
func checkRead(t *testing.T, read func(io.Reader, Known) ([]Registration, error), text string) {
	all, err := read(strings.NewReader(text), known)
	if err == nil {
		if len(all) == 0 {
			t.Fatal("neither cases nor findings")
		}
		for _, r := range all {
			if err := r.Check(); err != nil {
				t.Fatalf("cannot be registered: %v", err)
			}
			if j, err := json.Marshal(r); err != nil || strings.Contains(fmt.Sprintf("%s %+v", j, r), "+9198") {
				t.Fatal("shows a number")
			}
		}
		return
	}
	var r *Refusal
	if !errors.As(err, &r) || all != nil || len(r.Findings) == 0 {
		t.Fatalf("%d cases and %v", len(all), err)
	}
	for _, f := range r.Findings {
		if f.Line < 1 || f.Line > 1+strings.Count(text, "\n") || f.Reason == "" {
			t.Fatalf("a finding without a place: %+v", f)
		}
	}
}
