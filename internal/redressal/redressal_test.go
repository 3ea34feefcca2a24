package redressal

import (
	"os"
	"strings"
	"testing"
	"time"

	"powerline/cases"
)

// TestFortyDays lives a small town for forty days: every law at every step.
func TestFortyDays(t *testing.T) {
	report, err := Run(Options{Seed: 1, Days: 40, PerDay: 60, Rules: cases.DefaultRules()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("attempts a day in the last week: %.0f\n%s", report.Mean(33), report)
	if report.Watches == 0 || report.Finals == 0 || report.Attempts[cases.CallContact] == 0 {
		t.Errorf("too little happened: %s", report)
	}
}

// TestOtherRules: the laws hold for other settings as well.
func TestOtherRules(t *testing.T) {
	r := cases.DefaultRules()
	r.MaxRounds, r.Restart, r.FFR.WomenForWomen = 2, cases.FFR, true
	r.Feedback.After, r.Limits.PerNumber = 24*time.Hour, 1
	if _, err := Run(Options{Seed: 2, Days: 50, PerDay: 20, Rules: r}); err != nil {
		t.Fatal(err)
	}
}

func TestTheSameSeedGivesTheSameYear(t *testing.T) {
	o := Options{Seed: 3, Days: 15, PerDay: 30, Rules: cases.DefaultRules()}
	one, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Run(o)
	if err != nil || one.String() != two.String() {
		t.Errorf("%v\n%s\n%s", err, one, two)
	}
}

// TestAYear is the whole state for a year, twice. It prints how many attempts a
// day the model makes.
func TestAYear(t *testing.T) {
	if os.Getenv("POWERLINE_LONG") == "" {
		t.Skip("set POWERLINE_LONG=1")
	}
	for _, steady := range []bool{false, true} {
		began := time.Now()
		report, err := Run(Options{Seed: 1, Days: 365, PerDay: 1200, Rules: cases.DefaultRules(), Steady: steady})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("numbers stay right: %t; %s for a year; attempts a day from day 120 on: %.0f\n%s",
			steady, time.Since(began).Round(time.Second), report.Mean(120), report)
	}
}

func TestGivenAScript_ThenTheLifeFollowsItToItsEnd(t *testing.T) {
	text, err := Life(cases.DefaultRules(), 1, strings.Fields("no-answer warned still-harassed counselled counselled satisfied busy positive"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, line := range []string{
		"dialled: no-answer", "spoken: warned", "T9: now ffr-due", "T12: now ffr-feedback", "T17: now final-feedback", "closed resolved",
	} {
		if !strings.Contains(text, line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.Contains(line, "spoken: satisfied") && !strings.Contains(line, " 14:") && !strings.Contains(line, " 15:") {
			t.Errorf("outside of her window: %s", line)
		}
	}
}

func TestGivenAWordThatIsNoOutcome_ThenTheScriptIsRefused(t *testing.T) {
	if _, err := Life(cases.DefaultRules(), 1, []string{"warnd"}); err == nil {
		t.Error("taken")
	}
}

func TestGivenAnEnd_WhenALifeIsTold_ThenItStopsThereAndNamesTheWordsThatNoCallTook(t *testing.T) {
	told, err := Tell(Telling{Rules: cases.DefaultRules(), Seed: 1, Script: strings.Fields("warned still-harassed counselled"), Days: 2})
	if err != nil {
		t.Fatal(err)
	}
	if told.Closed || len(told.Unused) != 2 || told.Unused[0] != "still-harassed" {
		t.Errorf("closed %t, unused %v", told.Closed, told.Unused)
	}
	for _, m := range told.Moments {
		if m.Day >= 2 {
			t.Errorf("lived on: %+v", m)
		}
	}
}

func TestGivenARun_WhenItsDaysAreAddedUp_ThenEveryFigureAgrees(t *testing.T) {
	days := 0
	r, err := Run(Options{Seed: 4, Days: 12, PerDay: 25, Rules: cases.DefaultRules(), EachDay: func(int) error { days++; return nil }})
	if err != nil || days != 12 {
		t.Fatalf("%d days, %v", days, err)
	}
	attempts, conversations, causes := 0, 0, 0
	for day, kinds := range r.Daily {
		sum := 0
		for _, n := range kinds {
			sum += n
		}
		if attempts += sum; sum != r.AttemptsADay[day] {
			t.Errorf("day %d: %d by kind, %d in all", day, sum, r.AttemptsADay[day])
		}
	}
	for kind, outcomes := range r.Outcomes {
		sum := 0
		for _, n := range outcomes {
			sum += n
		}
		if conversations += sum; sum != r.Conversations[kind] {
			t.Errorf("%s: %d by outcome, %d in all", kind, sum, r.Conversations[kind])
		}
	}
	for _, n := range r.Causes {
		causes += n
	}
	if attempts != conversations+causes {
		t.Errorf("%d attempts, %d conversations, %d in vain", attempts, conversations, causes)
	}
}

func TestGivenSomebodyWhoStopsARun_ThenItEndsThatDay(t *testing.T) {
	r, err := Run(Options{Seed: 4, Days: 12, PerDay: 5, Rules: cases.DefaultRules(), EachDay: func(day int) error {
		if day == 3 {
			return os.ErrClosed
		}
		return nil
	}})
	if err != os.ErrClosed || r.Cases != 20 {
		t.Errorf("%d cases, %v", r.Cases, err)
	}
}
