package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// measured are two rounds in which app_queue takes 50 and 30 times as long.
func measured() []Result {
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	one := func(minute, round int, system string, p50 float64) Result {
		return Result{
			At: at.Add(time.Duration(minute) * time.Minute), Machine: Machine{Cores: 2, Processor: "X", Revision: "abc"}, Bench: "HandOff", System: system, Round: round,
			Size: map[string]float64{"agents": 30, "waiting": 40}, Figures: map[string]float64{"p50-ms": p50}, Beside: Beside{Others: .25},
		}
	}
	return []Result{one(0, 1, powerline, 10), one(1, 1, appQueue, 500), one(2, 2, powerline, 20), one(3, 2, appQueue, 600)}
}

func TestGivenTwoRounds_WhenTheTableIsMade_ThenItHasMedianSpreadAndTheRatioOfEachRound(t *testing.T) {
	text := Tables(measured())["hand-off"]
	for _, want := range []string{"| 30 | 40 | 15 (10–20) | – | – | 550 (500–600) | – | – | 40 (30–50) |\n", "of 2 rounds", "other programs 0.25"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if text := Tables(nil)["hand-off"]; text != "Not measured yet.\n" {
		t.Errorf("without results: %q", text)
	}
}

func TestGivenADocument_WhenItIsFilled_ThenOnlyWhatStandsInThePlacesChanges(t *testing.T) {
	document := "before\n<!-- table: a-b -->\nold\n<!-- end -->\nafter\n"
	got, err := Fill(document, map[string]string{"a-b": "new\n"})
	if want := strings.Replace(document, "old", "new", 1); err != nil || got != want {
		t.Errorf("%v: %q", err, got)
	}
	if again, _ := Fill(got, map[string]string{"a-b": "new\n"}); again != got {
		t.Errorf("filled twice: %q", again)
	}
	if _, err := Fill(document, nil); err == nil || !strings.Contains(err.Error(), `"a-b"`) {
		t.Errorf("a place for no table: %v", err)
	}
}

func TestGivenResults_WhenTheyAreWrittenAndRead_ThenTheyAreTheSameAndABadLineIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.jsonl")
	for _, r := range measured() {
		if err := Append(path, r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil || len(got) != 4 || Tables(got)["hand-off"] != Tables(measured())["hand-off"] {
		t.Errorf("%v: %+v", err, got)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, `{"bench":"HandOff","unknown":1}`...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("a line that is no result: %v", err)
	}
}

func TestGivenTimes_WhenTheirQuantilesAreTaken_ThenEachIsATimeThatWasMeasured(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(200-i)*time.Millisecond)
	}
	q := Quantiles(times)
	for name, want := range map[string]float64{"n": 200, "p50-ms": 100, "p95-ms": 190, "p99-ms": 198, "max-ms": 200} {
		if q[name] != want {
			t.Errorf("%s is %v, want %v", name, q[name], want)
		}
	}
	if q := Quantiles(times[:1]); q["p50-ms"] != 1 || q["p99-ms"] != 1 {
		t.Errorf("of one time: %v", q)
	}
}

func TestGivenCallersAndOffers_WhenTheyArePaired_ThenEachOfferIsTakenOnce(t *testing.T) {
	at := func(ms ...int) (all []time.Time) {
		for _, m := range ms {
			all = append(all, time.Unix(0, 0).Add(time.Duration(m)*time.Millisecond))
		}
		return all
	}
	got := pair(at(100, 0, 10), at(5, 17, 130, 1000))
	want := []time.Duration{5 * time.Millisecond, 7 * time.Millisecond, 30 * time.Millisecond}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestGivenADay_WhenItIsHalfOver_ThenItsCallsAreSpreadByTheHours(t *testing.T) {
	for _, hours := range [][24]float64{inboundHours, outboundHours} {
		if until(hours, 0) != 0 || until(hours, 1) != 1 {
			t.Errorf("a day begins with %v and ends with %v of its calls", until(hours, 0), until(hours, 1))
		}
	}
	if got := until(outboundHours, 9.0/24); got != 0 {
		t.Errorf("%v of the attempts are made before nine", got)
	}
	if got, want := until(outboundHours, 9.5/24), .035/1.0; got < want*.99 || got > want*1.01 {
		t.Errorf("%v of the attempts are made before half past nine, want %v", got, want)
	}
}

// TestGivenTheResultsOfTheDocument_… holds the document against the results that
// lie beside it: nothing in its tables is typed by hand.
func TestGivenTheResultsOfTheDocument_WhenItsTablesAreMade_ThenTheyAreInIt(t *testing.T) {
	results, err := Read("../../docs/performance.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, made := range Tables(results) {
		if !strings.Contains(string(text), "<!-- table: "+name+" -->\n"+made+"<!-- end -->") {
			t.Errorf("the table %s is not what the results say: make performance", name)
		}
	}
}
