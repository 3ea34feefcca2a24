package day

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/config"
	"powerline/routing"
)

func long() bool { return os.Getenv("POWERLINE_LONG") != "" }

// options are those of production: the defaults of the configuration.
func options(p *Profile, seed uint64) Options {
	c := config.Default()
	o := c.Outbound
	return Options{
		Profile: p, Seed: seed, Policy: &c.Routing, TakeBack: true, Ladder: cases.DefaultRules(),
		Otherwise: routing.Otherwise{Language: o.OtherLanguage.Code, After: o.OtherLanguage.After},
		Reserve:   routing.Reserve{Women: o.Reserve.Women, Crisis: o.Reserve.Crisis, Officers: o.Reserve.Officers, Resume: o.Reserve.Resume},
	}
}

// morning is a day of which only some hours have callers, for tests that need not
// see all of it.
func morning(p Profile) Profile {
	p = p.clone()
	p.Hours = make([]float64, 24)
	for h := 9; h < 12; h++ {
		p.Hours[h] = 6.5
	}
	p.CallsPerDay = 8000
	for i := range p.Outbound {
		p.Outbound[i].Closes = 13
		p.Outbound[i].Attempts /= 3
	}
	return p
}

func TestTheSameSeedGivesTheSameDay(t *testing.T) {
	p := morning(Weekday())
	f := Everything()
	for _, faults := range []*Faults{nil, &f} {
		var first string
		for range 2 {
			o := options(&p, 7)
			o.Faults = faults
			r, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			switch all := fmt.Sprintf("%+v", *r); {
			case first == "":
				first = all
			case first != all:
				t.Errorf("the second run differs (faults %v)", faults != nil)
			}
		}
	}
}

// The laws hold while the engine dies, the store is slow, and events are lost,
// doubled and late.
func TestTheLawsHoldUnderFaults(t *testing.T) {
	p := morning(Weekday())
	days := uint64(6)
	if long() {
		p, days = Weekday(), 100
	}
	hours, began := 0.0, time.Now()
	for seed := range days {
		o := options(&p, seed+1)
		f := Everything()
		o.Faults = &f
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Error(err)
			continue
		}
		if r.Crashes == 0 || r.Faults == 0 || r.Resumed == 0 {
			t.Errorf("seed %d: %d crashes, %d faults, %d calls put back: nothing was tried", seed+1, r.Crashes, r.Faults, r.Resumed)
		}
		hours += r.CallHours
	}
	t.Logf("%.0f call-hours in %v", hours, time.Since(began).Round(time.Second))
}

// A law that cannot fail is none: each is broken by a mistake planted into the
// day.
func TestEachLawFindsItsMistake(t *testing.T) {
	for law, plant := range map[string]mistakes{
		"reserve":              {spendsReserve: true},
		"callers first":        {deafToCallers: true},
		"window":               {anyHour: true},
		"nobody hears silence": {ringsFirst: true},
		"one agent, one call":  {freesEarly: true},
		"no caller is lost":    {forgets: true},
	} {
		t.Run(law, func(t *testing.T) {
			p := morning(Weekday())
			var v *Violation
			for seed := uint64(1); seed < 5 && v == nil; seed++ {
				o := options(&p, seed)
				o.mistakes = plant
				switch law {
				case "window": // something must be left to do when the hours are over
					for i := range p.Outbound {
						p.Outbound[i].Attempts *= 2
					}
				case "nobody hears silence":
					o.PickUpOutbound = 20 * time.Second // longer than her phone rings
				}
				_, err := Run(t.Context(), o)
				errors.As(err, &v)
			}
			if v == nil {
				t.Fatal("nobody noticed")
			}
			if v.Law != law || !strings.Contains(v.Error(), "replay: acd simulate --seeds ") {
				t.Errorf("found %q", v)
			}
		})
	}
}

// BenchmarkDay is one whole day with the production code on one core.
func BenchmarkDay(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as in acd simulate
	p := Weekday()
	o := options(&p, 1)
	o.Trace = p.Draw(1)
	days, before := 0.0, processorTime(b)
	for b.Loop() {
		if _, err := Run(b.Context(), o); err != nil {
			b.Fatal(err)
		}
		days++
	}
	// On a shared machine wall time says who else was running.
	b.ReportMetric((processorTime(b)-before).Seconds()/days, "cpu-s/day")
}

func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
