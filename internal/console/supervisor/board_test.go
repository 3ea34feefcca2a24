package supervisor

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/config"
)

var noon = time.Date(2026, 11, 26, 6, 30, 0, 0, time.UTC)

func moment(calls []call.Call, agents ...agent.Agent) Moment {
	c := config.Default()
	return Moment{At: noon, Policy: &c.Routing, Calls: calls, Agents: agents}
}

func classOf(t *testing.T, b Board, category string) Class {
	t.Helper()
	for _, c := range b.Classes {
		if c.Category == category {
			return c
		}
	}
	t.Fatalf("no class %s", category)
	return Class{}
}

func TestGivenCallersAndAgents_WhenTheBoardIsRead_ThenEachIsCountedOnceWhereItBelongs(t *testing.T) {
	at := func(seconds int) time.Time { return noon.Add(-time.Duration(seconds) * time.Second) }
	ringing := waits("c3", "phone", at(18))
	ringing.Stage = call.Offered
	greeted := call.Call{ID: "c4", Kind: call.Helpline, Stage: call.Greeting, Arrived: at(3)}
	talking := waits("c5", "phone", at(99))
	talking.Stage = call.Talking
	out := call.Call{ID: "out-1", Kind: call.Outbound, Stage: call.Talking, Category: "feedback", Answered: noon}
	writes := idle("a002", at(10))
	writes.State = agent.WrapUp
	pauses := idle("a003", at(10))
	pauses.Status, pauses.Reason = agent.NotReady, "meal"
	lost := idle("a004", at(6000))
	lost.Online = false
	gone := idle("a005", at(10))
	gone.Status = agent.LoggedOut
	b := boardOf(moment([]call.Call{waits("c1", "phone", at(2)), waits("c2", "phone", at(130)), ringing, greeted, talking, out}, idle("a001", at(10)), writes, pauses, lost, gone))

	if b.Waiting != 3 || b.Oldest != 130 || b.Greeting != 1 || b.Talking != 1 {
		t.Errorf("callers: %+v", b)
	}
	if c := classOf(t, b, "phone"); c.Ages != [5]int{1, 1, 0, 0, 1} || c.Oldest != 130 || c.Talking != 1 || c.Free != 1 || c.AtWork != 2 {
		t.Errorf("class phone: %+v", c)
	}
	want := Staff{LoggedIn: 4, States: map[string]int{"idle": 2, "wrap-up": 1, "reserved": 0, "talking": 0, "recovery": 0, "delayed": 0}, NotReady: map[string]int{"meal": 1}, Unreachable: 1, BreakDue: 1}
	if diff := cmp.Diff(want, b.Staff); diff != "" {
		t.Error(diff)
	}
}

func TestGivenTheFloor_WhenSeatsAreRead_ThenTheyStandByIdAndCallersInTheOrderOfRouting(t *testing.T) {
	first, second, crisis := waits("c1", "phone", noon.Add(-30*time.Second)), waits("c2", "phone", noon.Add(-5*time.Second)), waits("c3", "crisis", noon)
	crisis.Crisis = true
	busy := idle("a002", noon.Add(-time.Hour))
	busy.State, busy.Since, busy.Call = agent.Talking, noon.Add(-time.Minute), "c5"
	hers := waits("c5", "phone", noon.Add(-2*time.Minute))
	hers.Stage, hers.Offer.Agent, hers.Alarm = call.Talking, "a002", noon
	paused := idle("a001", noon.Add(-time.Hour))
	paused.Status, paused.Reason, paused.StatusSince = agent.NotReady, "meal", noon.Add(-time.Second)
	s := seatsOf(moment([]call.Call{second, first, crisis, hers}, busy, paused), agent.Profile{Woman: true})
	if len(s.Agents) != 2 || s.Agents[0].ID != "a001" || s.Agents[0].Doing != "not-ready" || s.Agents[0].Reason != "meal" || !s.Agents[0].Since.Equal(paused.StatusSince) {
		t.Errorf("a001: %+v", s.Agents)
	}
	if c := s.Agents[1].Call; c == nil || !c.Lawful || !c.Live || !c.Alarm || c.ID != "c5" {
		t.Errorf("the call of a002: %+v", c)
	}
	var order []string
	for _, w := range s.Waiting {
		order = append(order, w.ID)
	}
	if diff := cmp.Diff([]string{"c3", "c1", "c2"}, order); diff != "" {
		t.Error(diff)
	}
	if male := seatsOf(moment([]call.Call{hers}, busy), agent.Profile{Officer: true}); male.Agents[0].Call.Lawful {
		t.Error("a man may be in a victim's call")
	}
}

func TestGivenASign_WhenItLasts_ThenItIsAnAlarmAndWhenItGoesTheAlarmGoes(t *testing.T) {
	seen := alarms{}
	m := moment([]call.Call{waits("c1", "phone", noon.Add(-3*time.Minute))}, idle("a001", noon))
	well := Health{Ready: true, Store: true, Asterisk: true, Database: true}
	signs := signsOf(m, boardOf(m), well, []string{"hi"})
	names := func(all []Alarm) (out []string) {
		for _, a := range all {
			out = append(out, a.Name+" "+a.Of)
		}
		return out
	}
	if got := seen.step(noon, signs); len(got) != 0 {
		t.Errorf("at once: %v", names(got))
	}
	got := seen.step(noon.Add(15*time.Second), signs)
	if diff := cmp.Diff([]string{"CallerWaitsTooLong ", "CallersWaitWhileAgentsAreIdle phone"}, names(got)); diff != "" {
		t.Error(diff)
	}
	if got := seen.step(noon.Add(16*time.Second), nil); len(got) != 0 {
		t.Errorf("when she was answered: %v", names(got))
	}
	if got := seen.step(noon.Add(17*time.Second), signs); len(got) != 0 {
		t.Errorf("a new one counts from its own beginning: %v", names(got))
	}
	panicked := waits("c2", "phone", noon)
	panicked.Stage, panicked.Alarm = call.Talking, noon
	m.Calls = []call.Call{panicked}
	if got := (alarms{}).step(noon, signsOf(m, boardOf(m), well, []string{"hi"})); len(got) != 1 || got[0].Name != calledForHelp {
		t.Errorf("who pressed the panic key waits: %v", names(got))
	}
}

func TestGivenNeighboursThatAreAway_WhenLookedAt_ThenEachHasItsSign(t *testing.T) {
	m := moment(nil)
	for want, h := range map[sign]Health{
		{"RedisAway", ""}:          {Ready: true, Asterisk: true, Database: true},
		{"AsteriskAway", ""}:       {Ready: true, Store: true, Database: true},
		{"DatabaseAway", ""}:       {Ready: true, Store: true, Asterisk: true},
		{"NoEngineTakesCalls", ""}: {Store: true, Asterisk: true, Database: true},
		{"FallbackInUse", ""}:      {Ready: true, Store: true, Asterisk: true, Database: true, InFallback: 1},
		{"TrunkDown", "bsnl"}:      {Ready: true, Store: true, Asterisk: true, Database: true, TrunksDown: []string{"bsnl"}},
	} {
		found := false
		for _, s := range signsOf(m, boardOf(m), h, nil) {
			found = found || s == want
		}
		if !found {
			t.Errorf("no sign %v", want)
		}
	}
}

// TestAlarmsAreThoseOfPrometheus: the wall and the pager speak of the same things.
func TestAlarmsAreThoseOfPrometheus(t *testing.T) {
	severity := map[string]bool{}
	for file, wake := range map[string]bool{"wake.yml": true, "morning.yml": false} {
		text, err := os.ReadFile("../../../grafana/rules/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range strings.Split(string(text), "- alert: ")[1:] {
			name, _, _ := strings.Cut(rule, "\n")
			severity[name] = wake
			lasts := regexp.MustCompile(`\n +for: (\S+)`).FindStringSubmatch(rule)
			if own, here := lasting[name]; here && (lasts == nil || lasts[1] != short(own.after)) {
				t.Errorf("%s lasts %v here and %v there", name, own.after, lasts)
			}
		}
	}
	for name, rule := range lasting {
		if wake, known := severity[name]; (!known || wake != rule.wake) && name != calledForHelp {
			t.Errorf("%s: known to Prometheus %v, wakes there %v and here %v", name, known, wake, rule.wake)
		}
	}
}

// short is a duration as the rules write it.
func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

func TestGivenAWalkUpTheLadder_WhenDrawn_ThenEachMoveIsALineAndNoStepHidesAnother(t *testing.T) {
	l := drawn(nil, "registered")
	for i, a := range l.Steps {
		if a.X < 0 || a.Y < 0 || a.X+a.W > l.Width || a.Y+a.H > l.Height {
			t.Errorf("%s stands over the edge", a.State)
		}
		for _, b := range l.Steps[:i] {
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s hides %s", a.State, b.State)
			}
		}
	}
}
