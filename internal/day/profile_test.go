package day

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheReferenceDayIsWhatTheHelplineSays(t *testing.T) {
	p, err := Parse("weekday.yaml", weekday)
	if err != nil {
		t.Fatal(err)
	}
	attempts := 0
	for _, k := range p.Outbound {
		attempts += k.Attempts
	}
	if p.CallsPerDay != 8000 || attempts != 10_000 || len(p.Agents) != 150 || len(p.classes()) != 32 {
		t.Errorf("%v callers, %d attempts, %d agents, %d classes", p.CallsPerDay, attempts, len(p.Agents), len(p.classes()))
	}
}

func TestAProfileThatIsWrittenIsReadAgain(t *testing.T) {
	p := Weekday()
	p.Categories[0].Recovery = 10 * time.Minute
	text, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	q, err := Parse("again.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, q); diff != "" {
		t.Error(diff)
	}
}

// Each mistake is refused with its line and its reason.
func TestABadProfileIsRefusedWhole(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"callsPerDay: 8000", "callsPerDay: -1", "w.yaml:5: callsPerDay: -1 is not between"},
		{"callsPerDay: 8000", "callsPerDay: .nan", "callsPerDay: NaN"},
		{"callsPerDay: 8000", "callPerDay: 8000", `unknown field "callPerDay"`},
		{"code: hi, share: 0.84", "code: hi, share: 0.94", "languages: the shares add up to 1.1"},
		{"code: bho", "code: hi", "languages[1].code: \"hi\" is there twice"},
		{"law: exponential, mean: 110s", "law: weibull, mean: 110s", `"weibull" is neither`},
		{"mean: 25m, cv: 0.7", "mean: 25m, cv: -1", "categories[0].parts[0].talk.cv: -1 is not"},
		{"pool: male-officers", "pool: men", `"men" is neither`},
		{"opens: 10", "opens: 20", "no hours of a day"},
		{"answered: 0.55", "answered: 0.95", "are no shares of one"},
		{"shift: 6+8h", "shift: 25+8h", `shift "25+8h": want the hour`},
		{"breaks: [1h+15m", "breaks: [9h+15m", "agents[0].breaks[0]: ends after the shift"},
		{"breaks: [1h+15m", "breaks: [soon", `break "soon": want`},
		{"categories: [phone, ", "categories: [dragons, ", `"dragons" is no category of this profile`},
		{"id: fc02", "id: fc01", "agents[1].id: \"fc01\" is there twice"},
	} {
		text := strings.Replace(string(weekday), c.from, c.to, 1)
		if text == string(weekday) {
			t.Fatalf("%q is not in the profile", c.from)
		}
		_, err := Parse("w.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "w.yaml") {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
}

// Whatever is read as a profile can be played: nothing in it makes a day that
// does not end.
func FuzzParse(f *testing.F) {
	f.Add(weekday)
	f.Add([]byte("name: x\nhours: [1]\n"))
	f.Add([]byte("categories: [{parts: [{talk: {law: constant}}]}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz", text)
		if err != nil {
			return
		}
		again, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("again", again); err != nil && !bytes.Contains(text, []byte("\\")) {
			t.Fatalf("%v\n%s", err, again)
		}
	})
}

func TestWhatIf(t *testing.T) {
	p := Weekday()
	o := options(&p, 1)
	w, err := ParseWhatIf("inbound=x1.5, agents=+15,officer=-4,reserve=+2,absent=10%,missed=2%,outbound=x0.5,handling=x2", &p)
	if err != nil {
		t.Fatal(err)
	}
	got := w.Apply(o)
	officers := 0
	for _, a := range got.Profile.Agents {
		if a.Team == "officer" {
			officers++
		}
	}
	if got.Profile.CallsPerDay != 12000 || len(got.Profile.Agents) != 161 || officers != 33 || got.Reserve.Women != 8 || got.Absent != .1 ||
		got.Profile.Pickup.Missed != .02 || got.Profile.Outbound[0].Attempts != 3450 || got.Profile.Categories[0].Parts[0].Talk.Mean != 50*time.Minute {
		t.Errorf("%v callers, %d agents, %d officers, reserve %d", got.Profile.CallsPerDay, len(got.Profile.Agents), officers, got.Reserve.Women)
	}
	if err := got.Check(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(Weekday(), p); diff != "" {
		t.Errorf("the day itself was changed: %s", diff)
	}
	for _, bad := range []string{"inbound=1.3", "inbound=x-1", "absent=10", "absent=110%", "agents=10", "dragons=+1", "inbound", "agents=+x"} {
		if _, err := ParseWhatIf(bad, &p); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzWhatIf(f *testing.F) {
	p := morning(Weekday())
	f.Add("inbound=x1.3,agents=-500,absent=100%")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseWhatIf(text, &p)
		if err != nil {
			return
		}
		if got := w.Apply(options(&p, 1)); got.Profile.CallsPerDay <= mostCalls {
			_ = got.Check()
		}
	})
}
