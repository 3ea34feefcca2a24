package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
	"powerline/call"
)

var noon = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)

func woman(state agent.State, callID string) agent.Agent {
	a := agent.New(agent.Profile{ID: "a001", Woman: true}, noon)
	a.Status, a.State, a.Call = agent.Available, state, callID
	return a
}

func TestGivenALegIsOffered_WhenShown_ThenThePopSaysWhoCallsAndNoNumber(t *testing.T) {
	c := call.Call{
		ID: "c1", Kind: call.Helpline, Line: "1090", Stage: call.Offered, Category: "phone", Language: "bho", Pool: agent.Women, Crisis: true, Silence: call.Keyed,
		Caller: "0123456789abcdef0123456789abcdef", Offer: call.Offer{N: 1, Agent: "a001", At: noon},
	}
	got := talk(woman(agent.Reserved, "c1"), c)
	if got == nil || got.Work != Complaint || got.Category != "phone" || got.Language != "bho" || !got.Crisis || got.Silence != call.Keyed || !got.Offered.Equal(noon) {
		t.Fatalf("the pop is %+v", got)
	}
	text, _ := json.Marshal(got)
	if strings.Contains(string(text), c.Caller) {
		t.Error("the fingerprint of her number is on the page")
	}
}

func TestGivenNoCallInHand_WhenShown_ThenThereIsNone(t *testing.T) {
	for _, a := range []agent.Agent{woman(agent.Idle, ""), woman(agent.Idle, "c0"), woman(agent.Delayed, "c0")} {
		if got := talk(a, call.Call{ID: a.Call}); got != nil {
			t.Errorf("%s shows %+v", a.State, got)
		}
	}
}

func TestGivenTheCallIsFiled_WhenSheWritesUp_ThenSheIsStillWritingAboutIt(t *testing.T) {
	got := talk(woman(agent.WrapUp, "c1"), call.Call{ID: "c1"})
	if got == nil || got.ID != "c1" || got.Stage != call.Ended || got.Work != Complaint {
		t.Errorf("she writes up %+v", got)
	}
}

// Law 3 keeps people from calls that are not for them. Should it ever fail, the
// desk shows nothing of such a call (law 5).
func TestAManIsShownNothingOfACallerTo1090(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := woman(rapid.SampledFrom([]agent.State{agent.Reserved, agent.Talking, agent.WrapUp}).Draw(t, "state"), "c1")
		a.Profile.Woman, a.Profile.Officer = false, true
		c := call.Call{
			ID: "c1", Kind: call.Helpline, Line: "1090", Stage: call.Talking, Pool: agent.Women, Category: "domestic-violence", Language: "hi",
			Crisis: rapid.Bool().Draw(t, "crisis"), Silence: call.Danger, Redial: true, Queued: noon, Offer: call.Offer{Agent: "a001", At: noon},
		}
		got := talk(a, c)
		if got.Line+got.Category+got.Language+string(got.Silence) != "" || got.Crisis || got.Redial || got.Work == Complaint || !got.Queued.IsZero() {
			t.Fatalf("he is shown %+v", got)
		}
	})
}

func TestTheSeatSaysUntilWhenAStateLasts(t *testing.T) {
	a := woman(agent.WrapUp, "c1")
	a.Since, a.Lasts, a.After = noon, 2*time.Minute, agent.WrapUpPlan{Open: true}
	if s := seat(a); !s.Until.Equal(noon.Add(2*time.Minute)) || !s.Open {
		t.Errorf("the seat is %+v", s)
	}
	if s := seat(woman(agent.Idle, "")); !s.Until.IsZero() || s.Open {
		t.Errorf("an idle seat is %+v", s)
	}
}

func TestWorkFollowsFromWhoSpeaksWithWhom(t *testing.T) {
	officer := woman(agent.Talking, "c1")
	officer.Profile.Woman = false
	her := woman(agent.Talking, "c1")
	task, back := woman(agent.Talking, "out-1"), woman(agent.Talking, "out-2")
	for _, one := range []struct {
		a    agent.Agent
		c    call.Call
		want Work
	}{
		{her, call.Call{Kind: call.Helpline}, Complaint},
		{officer, call.Call{Kind: call.RingBack}, RingBack},
		{officer, call.Call{}, RingBack},
		{task, call.Call{Kind: call.Outbound, Category: "feedback"}, Task},
		{back, call.Call{Kind: call.Outbound, Category: "callback"}, CallBack},
	} {
		if got := work(one.a, one.c); got != one.want {
			t.Errorf("%s in %+v does %s, want %s", one.a.Profile.ID, one.c, got, one.want)
		}
	}
}
