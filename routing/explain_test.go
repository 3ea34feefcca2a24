package routing

import (
	"testing"
	"time"

	"powerline/agent"
)

func TestExplainNamesTheReason(t *testing.T) {
	bhojpuri := waited("a", Status, "bho", 0)
	loggedOut, notReady, offline, elsewhere := constable("c1"), constable("c1"), constable("c1"), constable("c1")
	loggedOut.Status, notReady.Status, offline.Online, elsewhere.Elsewhere = agent.LoggedOut, agent.NotReady, false, true
	for _, c := range []struct {
		name string
		call Call
		a    agent.Agent
		want Refusal
	}{
		{"a man", bhojpuri, officer("c1"), Refusal{Reason: GenderOrRole, Level: -1}},
		{"logged out", bhojpuri, loggedOut, Refusal{Reason: LoggedOut, Level: 1}},
		{"not ready", bhojpuri, notReady, Refusal{Reason: NotReady, Level: 1}},
		{"offline", bhojpuri, offline, Refusal{Reason: PhoneOffline, Level: 1}},
		{"elsewhere", bhojpuri, elsewhere, Refusal{Reason: Elsewhere, Level: 1}},
		{"reserved", bhojpuri, in(agent.Reserved, constable("c1")), Refusal{Reason: Reserved, Level: 1}},
		{"talking", bhojpuri, in(agent.Talking, constable("c1")), Refusal{Reason: Talking, Level: 1}},
		{"wrap-up", bhojpuri, writing(constable("c1"), 0), Refusal{Reason: WrapUp, Level: 1}},
		{"recovery", bhojpuri, in(agent.Recovery, constable("c1")), Refusal{Reason: Recovery, Level: 1}},
		{"ring not open for want of the language", bhojpuri, constable("c1"), Refusal{Reason: RingNotOpen, Level: 1, Lacks: Language}},
		{"ring not open for want of training", waited("a", DomesticViolence, "bho", 0), constable("c1", "bho"), Refusal{Reason: RingNotOpen, Level: 2, Lacks: NoSkill}},
		{"not trained, ever", bhojpuri, feedback("c1"), Refusal{Reason: NoSkill, Level: -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			agents := busyWomen(45, senior, "bho")
			got := Explain(snap(DefaultPolicy(), []Call{c.call}, append(agents, c.a)...), "a")
			c.want.Agent = "c1"
			if last := got[len(got)-1]; last != c.want {
				t.Errorf("got %+v, want %+v", last, c.want)
			}
		})
	}
}

func TestExplainTellsWhoWentToWhom(t *testing.T) {
	tried := with(waited("b", Status, "hi", 5), func(c *Call) { c.Tried = []agent.ID{"c2"} })
	s := snap(DefaultPolicy(), []Call{waited("a", Status, "hi", 9), tried, waited("c", Status, "hi", 1)},
		sinceIdle(constable("c1"), time.Hour), constable("c2"), sinceIdle(constable("c3"), time.Second))
	for call, want := range map[string]map[agent.ID]Reason{
		"a": {"c2": AnotherChosen, "c3": AnotherChosen},
		"b": {"c1": TakenByMoreUrgent, "c2": Tried},
		"c": {"c1": TakenByMoreUrgent, "c3": TakenByMoreUrgent},
	} {
		for _, r := range Explain(s, call) {
			if r.Reason != want[r.Agent] {
				t.Errorf("call %s: got %+v, want %s", call, r, want[r.Agent])
			}
		}
	}
	if got := Explain(s, "unknown"); got != nil {
		t.Errorf("unknown call: got %+v", got)
	}
}

func TestGivenALanguageRingOnly_WhenSheDoesNotSpeakIt_ThenTheReasonIsLanguage(t *testing.T) {
	p := DefaultPolicy()
	for i := range p.Categories {
		p.Categories[i].Rings = []Ring{{Language: CallerLanguage}}
	}
	got := Explain(snap(p, []Call{waited("a", Status, "awa", 0)}, constable("c1")), "a")
	if len(got) != 1 || got[0].Reason != Language {
		t.Errorf("got %+v", got)
	}
}

func TestExpectedWait(t *testing.T) {
	s := snap(DefaultPolicy(), []Call{waited("a", Status, "hi", 9), waited("b", Crisis, "hi", 1), waited("c", Status, "hi", 3)},
		busyWomen(10, constable)...)
	off := waited("d", Offender, "hi", 60)
	off.Pool = agent.MaleOfficers
	s.Waiting = append(s.Waiting, off)
	for call, want := range map[string]Estimate{
		"b": {Position: 1, Serving: 10, Wait: 20 * time.Second},
		"a": {Position: 2, Serving: 10, Wait: 40 * time.Second},
		"c": {Position: 3, Serving: 10, Wait: 60 * time.Second},
		"d": {Position: 1}, // no officer: nothing can be said
	} {
		if got, ok := ExpectedWait(s, call); !ok || got != want {
			t.Errorf("%s: got %+v, want %+v", call, got, want)
		}
	}
	s.Agents = append(s.Agents, senior("s1"))
	if got, _ := ExpectedWait(s, "b"); got.Wait != 0 || got.Position != 1 {
		t.Errorf("offered now: got %+v", got)
	}
	if got, _ := ExpectedWait(s, "a"); got.Position != 1 {
		t.Errorf("first of those left: got %+v", got)
	}
}
