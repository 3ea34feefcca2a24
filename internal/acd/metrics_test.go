package acd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/internal/floor"
)

// figures are what a registry exports: the value, or the number of
// observations, by name and labels.
func figures(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			key := f.GetName() + "{" + strings.Join(labels, ",") + "}"
			all[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			for _, b := range m.GetHistogram().GetBucket() {
				all[fmt.Sprintf("%s le %g", key, b.GetUpperBound())] = float64(b.GetCumulativeCount())
			}
		}
	}
	return all
}

func want(t *testing.T, got map[string]float64, wanted map[string]float64) {
	t.Helper()
	for key, value := range wanted {
		if have, there := got[key]; !there || have != value {
			t.Errorf("%s is %g (there: %v), want %g", key, have, there, value)
		}
	}
}

// metricsFor are an engine's metrics without the engine's connections.
func metricsFor(t *testing.T) (*Engine, *Metrics, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	e, m := engineFor(t), NewMetrics(reg)
	e.floor = floor.New()
	m.threshold = func() time.Duration { return e.settings().Config.ServiceLevel.Threshold }
	m.isHeavy = func(category string) bool { return e.settings().Rules.Categories[category].WrapUp.Heavy }
	return e, m, reg
}

func TestGivenAbandonedCalls_WhenCounted_ThenTheStandardsEdgesAreKeptApart(t *testing.T) {
	_, m, reg := metricsFor(t)
	queued := time.Unix(1_000_000, 0)
	for _, wait := range []time.Duration{3 * time.Second, 15 * time.Second, 16 * time.Second, 20 * time.Second, 21 * time.Second} {
		m.ended(call.Call{Category: "phone", Outcome: call.AbandonedWaiting, Queued: queued, EndedAt: queued.Add(wait)})
	}
	// Who hangs up in the greeting has waited for nobody.
	m.ended(call.Call{Category: "phone", Outcome: call.AbandonedGreeting, Arrived: queued, EndedAt: queued.Add(30 * time.Second)})
	key := "acd_abandoned_seconds{category=phone}"
	want(t, figures(t, reg), map[string]float64{
		key: 5, key + " le 15": 2, key + " le 20": 4,
		"acd_abandoned_late_total{}":                           3,
		"acd_short_abandoned_total{outcome=abandoned-waiting}": 1,
	})
}

func TestGivenAnsweredCalls_WhenTheyEnd_ThenTheHeavyOnesAreCountedApart(t *testing.T) {
	_, m, reg := metricsFor(t)
	at := time.Unix(1_000_000, 0)
	for _, category := range []string{"crisis", "domestic-violence", "phone"} {
		m.ended(call.Call{Category: category, Outcome: call.CompleteCaller, Queued: at, Answered: at, EndedAt: at.Add(time.Minute)})
	}
	got := figures(t, reg)
	want(t, got, map[string]float64{"acd_heavy_calls_total{category=crisis}": 1, "acd_heavy_calls_total{category=domestic-violence}": 1})
	if _, there := got["acd_heavy_calls_total{category=phone}"]; there {
		t.Error("a light call counts as heavy")
	}
}

func TestGivenAnEndedCall_WhenItsEndIsCarriedOutAgain_ThenItIsCountedOnce(t *testing.T) {
	e, m, reg := metricsFor(t)
	e.metrics = m
	at := time.Unix(1_000_000, 0)
	box := &mailbox{e: e, c: call.Call{Category: "phone", Outcome: call.CompleteCaller, Queued: at, Answered: at, EndedAt: at.Add(time.Minute)}}
	box.countEnd()
	box.countEnd()
	want(t, figures(t, reg), map[string]float64{"acd_calls_total{category=phone,outcome=complete-caller}": 1})
}

// TestGivenAnAgentsDay…: the seconds of the states must add up to the time that
// passed, and idle may hold only time in which she could have been offered a
// call: occupancy divides by it.
func TestGivenAnAgentsDay_WhenItsTimeIsCounted_ThenEachSecondIsInOnePlace(t *testing.T) {
	_, m, reg := metricsFor(t)
	morning := time.Unix(1_000_000, 0)
	after := func(s int) time.Time { return morning.Add(time.Duration(s) * time.Second) }
	a := agent.New(agent.Profile{ID: "a1", Woman: true}, morning)
	a.Version, a.Online = 1, true
	outbound := call.AttemptID("x")
	for _, ev := range []agent.Event{
		agent.LoggedIn{At: after(1000)}, // the night is no idle time
		agent.Reserve{At: after(1010), Call: "c1", Leg: "c1.a1"},
		agent.Connect{At: after(1013), Call: "c1"},
		agent.Paused{At: after(1020), Reason: "meal"}, // in the call, which goes on
		agent.Finish{At: after(1043), Call: "c1", WrapUp: agent.WrapUpPlan{Lasts: time.Hour}, LegGone: true},
		agent.WrapUpDone{At: after(1063)},
		agent.Ready{At: after(1163)}, // a meal of 100 s
		agent.Reserve{At: after(1168), Call: outbound, Leg: outbound + ".a1"},
		agent.Connect{At: after(1170), Call: outbound},
		agent.Finish{At: after(1179), Call: outbound, LegGone: true},
		agent.LoggedOff{At: after(1180)},
		agent.LoggedIn{At: after(2000)},
	} {
		next, verdict := agent.Step(a, ev)
		if verdict != agent.Applied {
			t.Fatalf("%T: %s", ev, verdict)
		}
		m.agentChanged(a, next)
		a = next
		a.Version++
	}
	name := func(state, work string) string {
		return fmt.Sprintf("acd_agent_seconds_total{state=%s,work=%s}", state, work)
	}
	expected := map[string]float64{
		name("logged-out", "none"): 1000 + 820, name("idle", "none"): 10 + 5 + 1, name("not-ready", "none"): 100,
		name("reserved", "inbound"): 3, name("talking", "inbound"): 30, name("wrap-up", "inbound"): 20,
		name("reserved", "outbound"): 2, name("talking", "outbound"): 9,
	}
	got := figures(t, reg)
	want(t, got, expected)
	sum := 0.0
	for key, value := range got {
		if strings.HasPrefix(key, "acd_agent_seconds_total") {
			sum += value
		}
	}
	if sum != 2000 {
		t.Errorf("the seconds add up to %g, want 2000: %v", sum, got)
	}
}

func TestGivenWaits_WhenSortedByAge_ThenTheEdgesBelongToTheYounger(t *testing.T) {
	for wait, age := range map[time.Duration]string{
		0: "0-15", 15 * time.Second: "0-15", 15*time.Second + 1: "15-20", 20 * time.Second: "15-20",
		time.Minute: "20-60", 2 * time.Minute: "60-120", time.Hour: "120-", -time.Second: "0-15",
	} {
		if got := ages[ageOf(wait)].name; got != age {
			t.Errorf("%v is %s, want %s", wait, got, age)
		}
	}
}

func TestGivenAFloor_WhenItsStaffIsScraped_ThenNobodyIsNamed(t *testing.T) {
	e, _, _ := metricsFor(t)
	now := time.Now()
	at := func(id agent.ID, change func(*agent.Agent)) agent.Agent {
		a := agent.New(agent.Profile{ID: id, Woman: true, Languages: []string{"hi", "xx"}, Categories: []string{"phone"}}, now.Add(-3*time.Hour))
		a.Version, a.Status, a.Online = 1, agent.Available, true
		change(&a)
		return a
	}
	e.floor.Learn(nil, []agent.Agent{
		at("a901", func(a *agent.Agent) { a.Heavy = []time.Time{now, now} }),
		at("a902", func(a *agent.Agent) { a.State, a.StatusSince = agent.Talking, now }),
		at("a903", func(a *agent.Agent) { a.Status, a.Reason = agent.NotReady, "no-answer" }),
		at("a904", func(a *agent.Agent) { a.Status, a.Reason = agent.NotReady, "a reason of last year" }),
		at("a905", func(a *agent.Agent) { a.Status = agent.LoggedOut }),
	})
	reg := prometheus.NewRegistry()
	reg.MustRegister(staffCollector{e})
	got := figures(t, reg)
	want(t, got, map[string]float64{
		"acd_agents_serving{are=available,category=phone,pool=women}":             2,
		"acd_agents_serving{are=idle,category=phone,pool=women}":                  1,
		"acd_agents_serving{are=available,category=ring-back,pool=male-officers}": 0,
		"acd_agents_speaking{language=hi}":                                        2,
		"acd_agents_speaking{language=ur}":                                        0,
		"acd_agents_not_ready{reason=no-answer}":                                  1,
		"acd_agents_not_ready{reason=other}":                                      1,
		"acd_agents_heavy{calls=0}":                                               3,
		"acd_agents_heavy{calls=2}":                                               1,
		"acd_agents_break_due{}":                                                  1,
	})
	for key := range got {
		if strings.Contains(key, "a90") || strings.Contains(key, "last year") || strings.Contains(key, "xx") {
			t.Errorf("%s: what is in no configuration became a label", key)
		}
	}
}

func TestGivenALookAtAsterisk_WhenItsTrunksAreScraped_ThenOnlyOnesThatCanBeReachedAreUp(t *testing.T) {
	e, _, _ := metricsFor(t)
	c := e.settings().Config
	c.Asterisk.Trunks = []config.Trunk{{Name: "one", Contact: "192.0.2.1:5060"}, {Name: "two", Contact: "192.0.2.2:5060"}, {Name: "inward"}}
	settings, err := NewSettings(c)
	if err != nil {
		t.Fatal(err)
	}
	e.current.Store(settings)
	reg := prometheus.NewRegistry()
	reg.MustRegister(neighbourCollector{e})
	if got := figures(t, reg); slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(k string) bool { return strings.HasPrefix(k, "acd_trunk_up") }) {
		t.Errorf("a trunk is shown that nobody has looked at: %v", got)
	}
	e.saw(asterisk.Snapshot{Started: time.Unix(1_790_000_000, 0), Endpoints: []asterisk.Endpoint{
		{Name: "PJSIP/one", Online: true}, {Name: "PJSIP/two"}, {Name: "PJSIP/inward"}, {Name: "PJSIP/a017", Online: true},
	}})
	got := figures(t, reg)
	want(t, got, map[string]float64{
		"acd_trunk_up{trunk=one}": 1, "acd_trunk_up{trunk=two}": 0, "acd_asterisk_start_time_seconds{}": 1_790_000_000,
		"acd_asterisk_connected{}": 0, "acd_store_answers{}": 0,
	})
	for _, key := range []string{"acd_trunk_up{trunk=inward}", "acd_trunk_up{trunk=a017}"} {
		if _, there := got[key]; there {
			t.Errorf("%s: it is no trunk that we call by", key)
		}
	}
	seen := *e.sight.Load()
	seen.at = time.Now().Add(-2 * sightFor)
	e.sight.Store(&seen)
	if _, there := figures(t, reg)["acd_trunk_up{trunk=one}"]; there {
		t.Error("what was seen long ago is shown as if it were true now")
	}
}

func TestTheKernelSaysHowItsClockIs(t *testing.T) {
	_, off, err := kernelClock()
	if err != nil || off < 0 {
		t.Errorf("off by %v, %v", off, err)
	}
}

func TestGivenAnEngineThatHasServedNobody_WhenScraped_ThenWhatRulesReadIsZeroAndThere(t *testing.T) {
	e, m, reg := metricsFor(t)
	m.prepare(e.settings())
	got := figures(t, reg)
	want(t, got, map[string]float64{
		"acd_calls_total{category=crisis,outcome=left-to-fallback}":           0,
		"acd_answer_seconds{category=phone} le 20":                            0,
		"acd_abandoned_seconds{category=phone} le 15":                         0,
		"acd_agent_seconds_total{state=talking,work=inbound}":                 0,
		"acd_attempts_total{cause=network,kind=feedback,outcome=not-reached}": 0,
		"acd_reconcile_repairs_total{what=caller}":                            0,
		"acd_law_refusals_total{rule=pool}":                                   0,
		"acd_heavy_calls_total{category=crisis}":                              0,
		"acd_short_abandoned_total{outcome=abandoned-greeting}":               0,
	})
	if n := len(got); n > 3000 {
		t.Errorf("%d series and buckets: labels have grown out of bounds", n)
	} else {
		t.Logf("%d series and buckets before the first call", n)
	}
}
