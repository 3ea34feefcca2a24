package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

const sample = `# HELP acd_calls_waiting Callers who wait.
# TYPE acd_calls_waiting gauge
acd_calls_waiting{category="crisis"} 1
acd_calls_waiting{category="phone"} 3
acd_calls_talking{category="phone"} 2
acd_oldest_wait_seconds 12.25
acd_calls_greeting 1
acd_healthy 1
acd_answered_in_time_total 9
acd_abandoned_late_total 2
acd_short_abandoned_total{outcome="abandoned-greeting"} 1
acd_calls_total{category="phone",outcome="abandoned-waiting"} 3
acd_calls_total{category="phone",outcome="complete-agent"} 8
acd_calls_total{category="unclassified",outcome="abandoned-greeting"} 1
acd_answer_seconds_bucket{category="phone",le="1"} 5
acd_answer_seconds_bucket{category="phone",le="15"} 9
acd_answer_seconds_bucket{category="phone",le="20"} 10
acd_answer_seconds_bucket{category="phone",le="+Inf"} 10
acd_answer_seconds_sum{category="phone"} 41
acd_answer_seconds_count{category="phone"} 10
acd_agents{state="idle",status="available"} 3
acd_agents{state="talking",status="available"} 2
acd_agents{state="idle",status="not-ready"} 1
acd_agents_unreachable 1
acd_offers_total{outcome="connected"} 10
acd_offers_total{outcome="rejected"} 2
process_start_time_seconds 100
`

func read(t *testing.T, text string) figures {
	t.Helper()
	f, err := parseFigures(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGivenMetrics_WhenRead_ThenTheyAddUpByLabel(t *testing.T) {
	f := read(t, sample)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"all who wait", f.sum("acd_calls_waiting"), 4},
		{"one category", f.sum("acd_calls_waiting", "category", "crisis"), 1},
		{"two labels", f.sum("acd_agents", "status", "available", "state", "talking"), 2},
		{"a name that begins like another", f.sum("acd_calls"), 0},
		{"what is not there", f.sum("nothing"), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if edge, ok := f.quantile("acd_answer_seconds", 0.9); !ok || edge != 15 {
		t.Errorf("nine of ten waits end within %v %v, want 15", edge, ok)
	}
	if edge, ok := f.quantile("acd_answer_seconds", 0.5); !ok || edge != 1 {
		t.Errorf("half of the waits end within %v %v, want 1", edge, ok)
	}
	if _, ok := f.quantile("acd_decide_seconds", 0.5); ok {
		t.Error("a histogram that is not there has no quantile")
	}
	if share, inTime, answered, late := level(f); share != 0.75 || inTime != 9 || answered != 10 || late != 2 {
		t.Errorf("service level %v = %v/(%v+%v), want 9/(10+2)", share, inTime, answered, late)
	}
}

func TestGivenWhatIsNotMetrics_WhenRead_ThenItIsRefused(t *testing.T) {
	for _, text := range []string{"acd_healthy", "acd_healthy yes", `a{b="c} 1`, `a{b} 1`, `a{b="c" 1`, "<html> 404"} {
		if f, err := parseFigures(text); err == nil {
			t.Errorf("%q was read as %v", text, f)
		}
	}
}

func FuzzParseFigures(f *testing.F) {
	f.Add(sample)
	f.Add(`a{b="\"",c="}"} 1`)
	f.Add(`acd_agents{status="available",state="idle"} -1`)
	f.Add(`acd_agents{status="not-ready",state="idle"} 1e300`)
	f.Add(`acd_agents{status="logged-out",state="idle"} NaN`)
	f.Fuzz(func(t *testing.T, text string) {
		read, err := parseFigures(text)
		if err != nil {
			return
		}
		for series := range read {
			if _, _, err := splitSeries(series); err != nil {
				t.Fatalf("%q was taken and cannot be taken apart: %v", series, err)
			}
		}
		changes(figures{}, read, time.Time{})
		v := view{figures: read, outbound: &outbound{figures: read, engine: read}}
		v.draw(80, 24)
		_ = v.line()
	})
}

func TestGivenAnEngineThatDiedAndCameBack_WhenTallied_ThenNothingThatWasCountedIsLost(t *testing.T) {
	count := &tally{}
	count.add(read(t, "acd_calls_total 5\nacd_calls_waiting 4\nprocess_start_time_seconds 100\n"))
	count.add(read(t, "acd_calls_total 7\nacd_calls_waiting 9\nprocess_start_time_seconds 100\n"))
	now := count.add(read(t, "acd_calls_total 1\nacd_calls_waiting 2\nprocess_start_time_seconds 200\n"))
	if calls, waiting := now.sum("acd_calls_total"), now.sum("acd_calls_waiting"); calls != 8 || waiting != 2 {
		t.Errorf("%v calls and %v waiting, want 7+1 and the present 2", calls, waiting)
	}
	now = count.add(read(t, "acd_calls_total 3\nprocess_start_time_seconds 200\n"))
	if calls := now.sum("acd_calls_total"); calls != 10 {
		t.Errorf("%v calls, want 7+3", calls)
	}
}

func TestGivenFigures_WhenDrawn_ThenEachIsOnTheScreenAndItFits(t *testing.T) {
	v := view{
		now: time.Now(), since: 134 * time.Second, perMinute: 52, threshold: 15 * time.Second, pid: 4242, figures: read(t, sample),
		news: changes(read(t, sample), read(t, strings.Replace(sample, `outcome="rejected"} 2`, `outcome="rejected"} 4`, 1)), time.Now()),
		join: []string{"JOIN IN   here"},
	}
	screen := strings.Join(v.draw(200, 40), "\n")
	for _, part := range []string{
		"02:14", "52 callers a minute", "4 waiting, the longest for 12.2 s", "1 in the greeting", "2 talking", "phone 3, crisis 1",
		"75.0 % within 15 s = 9 answered within 15 s / (10 answered + 2 who gave up after 15 s)",
		"average 4.1 s; half within 1 s, nine of ten within 15 s", "abandoned 4 (waiting 3, greeting 1); 1 of them within 5 s",
		"TT...p  Talk", "away: not-ready 1", "1 softphones do not answer", "12: connected 10, rejected 2", "process 4242 takes calls", "offer not taken: rejected (2 times)", "JOIN IN   here",
	} {
		if !strings.Contains(screen, part) {
			t.Errorf("%q is not on the screen:\n%s", part, screen)
		}
	}
	v.stale = true
	if screen := strings.Join(v.draw(200, 40), "\n"); !strings.Contains(screen, "GIVES NO FIGURES") {
		t.Errorf("an engine that says nothing must be seen:\n%s", screen)
	}
	for _, size := range [][2]int{{20, 5}, {80, 24}, {200, 60}} {
		lines := v.draw(size[0], size[1])
		if len(lines) >= size[1] {
			t.Errorf("%d lines do not fit into %d", len(lines), size[1])
		}
		for _, l := range lines {
			if n := len([]rune(l)); n > size[0] {
				t.Errorf("a line of %d does not fit into %d: %q", n, size[0], l)
			}
		}
	}
}

func TestGivenNothingYet_WhenDrawn_ThenNoFigureIsInvented(t *testing.T) {
	screen := strings.Join(view{threshold: 15 * time.Second}.draw(120, 30), "\n")
	if strings.Contains(screen, "NaN") || !strings.Contains(screen, "SERVICE   – within 15 s = 0") {
		t.Errorf("what is not known must not look like a figure:\n%s", screen)
	}
}

func TestGivenTheWaves_WhenAveraged_ThenTheyAreWhatWasAskedFor(t *testing.T) {
	total, low, high := 0.0, math.Inf(1), 0.0
	for at := time.Duration(0); at < wave; at += time.Second {
		now := rate(60, at)
		total += now
		low, high = min(low, now), max(high, now)
	}
	if mean := total / wave.Seconds(); math.Abs(mean-60) > 0.1 {
		t.Errorf("%v callers a minute on the average, want 60", mean)
	}
	if low > 30 || high < 90 {
		t.Errorf("from %v to %v callers a minute is no wave", low, high)
	}
}
