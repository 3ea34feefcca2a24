package cases_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/cases"
)

func window(t interface{ Fatal(...any) }, text string) cases.Windows {
	w, err := cases.ParseWindow(text)
	if err != nil {
		t.Fatal(err)
	}
	return cases.Windows{w}
}

// local is a moment of the Monday of start, in local time.
func local(hour, minute, second int) time.Time {
	return time.Date(2026, 11, 23, hour, minute, second, 0, cases.Local)
}

func TestGivenAWindowFrom14To16_ThenItOpensAndClosesToTheSecond(t *testing.T) {
	ws := window(t, "daily 14:00-16:00")
	for _, tt := range []struct {
		at   time.Time
		open bool
	}{
		{local(13, 59, 59), false}, {local(14, 0, 0), true}, {local(15, 59, 59), true}, {local(16, 0, 0), false},
		{local(14, 0, 0).UTC(), true}, {local(13, 59, 59).Add(999 * time.Millisecond), false},
	} {
		if ws.Open(tt.at) != tt.open {
			t.Errorf("at %s open is %t", tt.at, !tt.open)
		}
	}
	if !ws.OpenFor(local(15, 59, 34), 25*time.Second) || ws.OpenFor(local(15, 59, 35), 25*time.Second) {
		t.Error("25 s of ringing must end before 16:00:00")
	}
	if next, ok := ws.NextOpen(local(16, 0, 0)); !ok || !next.Equal(local(14, 0, 0).Add(24*time.Hour)) || next.Location() != time.UTC {
		t.Errorf("after it closed it opens %s", next)
	}
	if next, ok := ws.NextOpen(local(13, 59, 59)); !ok || !next.Equal(local(14, 0, 0)) {
		t.Errorf("before, it opens %s", next)
	}
}

func TestGivenWindowsThatMeet_ThenACallMayRingAcrossTheSeam(t *testing.T) {
	ws := append(window(t, "daily 10:00-12:00"), window(t, "daily 12:00-13:00")...)
	if !ws.OpenFor(local(11, 59, 50), 30*time.Second) {
		t.Error("the seam at 12 closes")
	}
	night := append(window(t, "daily 22:00-24:00"), window(t, "daily 00:00-06:00")...)
	if !night.OpenFor(local(23, 59, 50), 30*time.Second) {
		t.Error("midnight closes")
	}
}

func TestGivenWeekdays_ThenTheWindowKnowsThem(t *testing.T) {
	ws := window(t, "sat,sun 10:00-12:00")
	if next, _ := ws.NextOpen(local(9, 0, 0)); !next.Equal(local(10, 0, 0).AddDate(0, 0, 5)) {
		t.Errorf("from Monday on it opens %s", next.In(cases.Local))
	}
	if ws.Open(local(10, 30, 0)) {
		t.Error("open on a Monday")
	}
}

func TestGivenNoWindowAtAll_ThenItNeverOpens(t *testing.T) {
	var none cases.Windows
	if _, ever := none.NextOpen(start); ever || none.Open(start) || none.OpenFor(start, 0) {
		t.Error("no window is open")
	}
}

func TestGivenHerWindowsAndOurs_ThenACallIsMadeInBothOnly(t *testing.T) {
	r := cases.DefaultRules()
	both := r.HoursOf(cases.AskFeedback, cases.Terms{Windows: window(t, "mon 09:00-11:00")})
	if both.Open(local(9, 59, 59)) || !both.Open(local(10, 0, 0)) || both.Open(local(11, 0, 0)) {
		t.Errorf("windows %v", both)
	}
	if got := r.HoursOf(cases.CallOffender, cases.Terms{Windows: window(t, "mon 14:00-15:00")}); !got.Open(local(9, 0, 0)) {
		t.Error("her windows limit calls to the offender")
	}
}

func TestWindowsThatAreWrongAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "daily", "daily 9-10", "monday 10:00-11:00", "mon 22:00-02:00", "mon 10:00-10:00", "mon 10:00-24:01", "mon 10:60-11:00",
		"mon- 10:00-11:00", "mon 1a:00-12:00", ", 10:00-11:00", "mon 10:00", "-1 10:00-11:00",
	} {
		if w, err := cases.ParseWindow(text); err == nil {
			t.Errorf("%q was taken as %s", text, w)
		}
	}
}

// TestNextOpenIsTheFirstOpenMinute holds NextOpen and OpenFor against a walk,
// minute by minute.
func TestNextOpenIsTheFirstOpenMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ws cases.Windows
		for range rapid.IntRange(0, 3).Draw(t, "windows") {
			from := rapid.IntRange(0, 1439).Draw(t, "from")
			ws = append(ws, cases.Window{
				Days: cases.Days(rapid.IntRange(1, 127).Draw(t, "days")), From: from, To: rapid.IntRange(from+1, 1440).Draw(t, "to"),
			})
		}
		at := start.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "minutes")) * time.Minute)
		next, ever := ws.NextOpen(at)
		walk, found := at, false
		for range 8 * 1440 {
			if ws.Open(walk) {
				found = true
				break
			}
			walk = walk.Add(time.Minute)
		}
		if found != ever || ever && !next.Equal(walk) {
			t.Fatalf("%v from %s: %s, a walk finds %s %t", ws, at, next, walk, found)
		}
		d := time.Duration(rapid.IntRange(0, 3000).Draw(t, "for")) * time.Minute
		want := true
		for m := time.Duration(0); m <= d; m += time.Minute {
			want = want && ws.Open(at.Add(m))
		}
		if ws.OpenFor(at, d) != want {
			t.Fatalf("%v open at %s for %s is %t", ws, at, d, !want)
		}
	})
}

// FuzzParseWindow: what is read is valid, and reads the same again.
func FuzzParseWindow(f *testing.F) {
	for _, text := range []string{"daily 09:00-21:00", "mon-fri 14:00-16:00", "fri-mon 00:00-24:00", "sun,wed 10:00-10:01", "x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := cases.ParseWindow(text)
		if err != nil {
			return
		}
		if w.Days == 0 || w.Days > cases.EveryDay || w.From < 0 || w.From >= w.To || w.To > 1440 {
			t.Fatalf("%q gave %+v", text, w)
		}
		again, err := cases.ParseWindow(w.String())
		if err != nil || again != w {
			t.Fatalf("%q is written %q and read as %+v, %v", text, w, again, err)
		}
	})
}

// FuzzEventJSON: what is read as an event is written and read the same, and a
// step over it does not panic.
func FuzzEventJSON(f *testing.F) {
	for _, what := range cases.Contents {
		text, err := json.Marshal(cases.Event{ID: "e", At: start, What: what})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(`{"name":"spoken","what":null}`)
	f.Add(`{"name":"nothing","what":{}}`)
	filed, _, _ := cases.DefaultRules().Step(cases.Case{ID: "c"}, cases.Event{ID: "f", At: start, What: complaint()})
	f.Fuzz(func(t *testing.T, text string) {
		var ev cases.Event
		if json.Unmarshal([]byte(text), &ev) != nil {
			return
		}
		stored, err := json.Marshal(ev)
		if err != nil {
			t.Skip("a time that JSON cannot hold")
		}
		var again cases.Event
		if err := json.Unmarshal(stored, &again); err != nil {
			t.Fatalf("%s cannot be read: %v", stored, err)
		}
		ev.Version = filed.Version
		cases.DefaultRules().Step(filed, ev)
		cases.DefaultRules().Step(cases.Case{ID: "c"}, ev)
	})
}
