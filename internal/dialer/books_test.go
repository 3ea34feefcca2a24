package dialer

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/cases"
	"powerline/internal/postgres"
)

// series are the figures of a registry by name and label values.
func series(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetValue()
			}
			all[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return all
}

func TestGivenOneCase_WhenTheBooksAreCounted_ThenItStandsWhereItIsAndAllElseIsZero(t *testing.T) {
	p := &played{t: t, script: script{name: "counted"}, now: begin.Add(6 * time.Hour), said: map[string]int{}, people: staff(), ladder: cases.DefaultRules()}
	p.start()
	figures := prometheus.NewRegistry()
	p.d.metrics = NewMetrics(figures)
	if !p.d.countBooks(t.Context()) {
		t.Fatal("empty books could not be counted")
	}
	if got := series(t, figures); got["dialer_cases counsel-due"] != 0 || got["dialer_tasks in-hand offender"] != 0 {
		t.Errorf("empty books: %v", got)
	}
	p.register()
	p.now = p.now.Add(lateAfter + time.Hour)
	if !p.d.countBooks(t.Context()) {
		t.Fatal("the books could not be counted")
	}
	got := series(t, figures)
	want := map[string]float64{
		"dialer_cases counsel-due": 1, "dialer_cases watch": 0, "dialer_cases_with_supervisor": 0,
		"dialer_cases_closed resolved": 0, "dialer_cases_closed unreached": 0,
		"dialer_tasks in-hand offender": 1, "dialer_tasks due offender": 1, "dialer_tasks late offender": 1, "dialer_tasks set-aside offender": 0,
		"dialer_tasks in-hand final": 0, "dialer_undelivered given-up": 0,
	}
	for key, value := range want {
		if have, there := got[key]; !there || have != value {
			t.Errorf("%s is %v (there: %v), want %v", key, have, there, value)
		}
	}
	if _, there := got["dialer_cases closed"]; there {
		t.Error("a closed case counts as open")
	}
}

func TestGivenARound_WhenItDoesNotComeToItsEnd_ThenItIsNotCounted(t *testing.T) {
	b := newBench(t, "14:00:00", 1)
	ctx, stop := context.WithCancel(t.Context())
	rounds := 0
	b.d.every(ctx, roundDial, func() time.Duration { return 0 }, func(context.Context) bool {
		rounds++
		if rounds == 3 {
			stop()
		}
		return rounds != 2
	})
	if got := series(t, b.figures)["dialer_rounds_total dial"]; rounds != 3 || got != 2 {
		t.Errorf("%d rounds, counted %v, want 2 of 3", rounds, got)
	}
	b.away = fmt.Errorf("postgres: list due tasks: %w", context.DeadlineExceeded)
	if b.d.dial(t.Context()) {
		t.Error("a round without a database counts as done")
	}
}

func TestGivenAPausedKind_WhenItIsShown_ThenTheOthersReadZero(t *testing.T) {
	figures := prometheus.NewRegistry()
	m := NewMetrics(figures)
	m.pauses([]postgres.Pause{{Kind: cases.AskFeedback}})
	m.pauses([]postgres.Pause{{Kind: cases.CallOffender}})
	got := series(t, figures)
	if got["dialer_paused offender"] != 1 || got["dialer_paused feedback"] != 0 {
		t.Errorf("%v", got)
	}
}
