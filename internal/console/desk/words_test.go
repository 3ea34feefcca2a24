package desk

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"powerline/call"
	"powerline/cases"
	"powerline/internal/console"
)

// said reports whether both languages have a text of the key.
func said(key string) bool {
	text, known := words[key]
	return known && text.En != "" && text.Hi != ""
}

func TestEveryTextIsThereInBothLanguages(t *testing.T) {
	for key, text := range words {
		if text.En == "" || text.Hi == "" {
			t.Errorf("%s lacks a language: %+v", key, text)
		}
		if strings.Count(text.En, "%s") != strings.Count(text.Hi, "%s") {
			t.Errorf("%s takes other arguments in Hindi", key)
		}
	}
	for kind, text := range scripts {
		if text.En == "" || text.Hi == "" {
			t.Errorf("the script of %s lacks a language", kind)
		}
	}
}

// The words that pages and scripts name as they stand; those put together are below.
func TestThePageNamesNoTextThatIsNotThere(t *testing.T) {
	named := regexp.MustCompile(`"((?:desk|refused)\.[a-z0-9.-]*[a-z0-9])"`)
	for _, files := range []fs.FS{pages, static} {
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".css") {
				return err
			}
			text, err := fs.ReadFile(files, path)
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				if !said(m[1]) {
					t.Errorf("%s names %s, which says nothing", path, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryWordThatCanComeUpIsSaid(t *testing.T) {
	all := map[string][]string{
		"desk.relation.": relations, "desk.opening.": openings, "desk.whose.": whose, "desk.days.": days,
		"desk.disposition.": slices.Concat(callerDispositions, ringBackDispositions, []string{registered, followedUp}),
		"desk.key.":         {string(Yes), string(No), string(Other), string(Danger)},
		"desk.silence.":     {string(call.Mute), string(call.Keyed), string(call.Danger)},
		"desk.call.":        {string(Complaint), string(RingBack), string(Task), string(CallBack)},
		"desk.missing.":     {"choose", "number", "hours", "wrong"},
		"desk.status.":      {"logged-out", "available", "not-ready"},
		"desk.state.":       {"idle", "reserved", "talking", "wrap-up", "recovery", "delayed"},
		"desk.stage.":       {string(cases.Counselling), string(cases.FFR), string(cases.Station)},
		"desk.with.":        {string(call.Consult), string(call.ToEmergency), string(call.ToStation), string(call.Whisper), string(call.Barge), string(call.TakeOver)},
		"desk.no.": {
			string(call.NoSuchCall), string(call.NotYourCall), string(call.NotAllowed), string(call.NotTalking), string(call.NotWaiting), string(call.NotForThisCall),
			string(call.LawForbids), string(call.AgentTaken), string(call.UnknownAgent), string(call.UnknownCategory), string(call.NobodyThere), string(call.SomebodyThere),
			string(call.NotRecorded), string(call.NoDestination), string(call.TooLate), string(call.NotNow), string(call.NotWritten), string(call.UnknownWish), "locked",
		},
		"refused.": {"desk-finished", "desk-too-many-drafts", "desk-not-kept", "desk-away", "desk-not-known", "desk-refused", "desk-api"},
	}
	for _, k := range cases.Kinds {
		all["desk.kind."] = append(all["desk.kind."], string(k))
		for _, o := range cases.Outcomes(k) {
			all["desk.outcome."] = append(all["desk.outcome."], string(o))
		}
		if _, spoken := scripts[k]; k.Dialled() && !spoken {
			t.Errorf("nobody says what to say in a call of kind %s", k)
		}
	}
	for _, s := range cases.States {
		if s != cases.Intake {
			all["desk.case."] = append(all["desk.case."], string(s))
		}
	}
	for prefix, names := range all {
		for _, name := range names {
			if !said(prefix + name) {
				t.Errorf("nothing is said of %s", prefix+name)
			}
		}
	}
}

// What is said to an offender and his family holds nothing of her.
func TestScriptsForOffendersNameNobody(t *testing.T) {
	for kind := range scriptsFor(false) {
		if kind.ToVictim() {
			t.Errorf("an officer is given the script of %s", kind)
		}
	}
	for kind := range scriptsFor(true) {
		if kind == cases.CallOffender {
			t.Error("a woman is given the script of an offender's call")
		}
	}
}

// Each route of a desk is for people at seats, and for nobody else.
func TestDesksAreForPeopleAtSeats(t *testing.T) {
	room := Room(Options{})
	if len(room.Routes) == 0 {
		t.Fatal("a desk has no routes")
	}
	for _, rt := range room.Routes {
		if !slices.Equal(console.Permissions[rt.Name], console.Seated) {
			t.Errorf("%s is for %v", rt.Name, console.Permissions[rt.Name])
		}
		if rt.Method == "GET" && rt.Changes {
			t.Errorf("%s changes something although it is asked for by GET", rt.Name)
		}
	}
}
