package sipp_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	engine "powerline/internal/acd"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// What agents and supervisors may have done with a call, by the tones at each ear.
// The caller sings callerHz; each agent has a tone of her own.

// wish gives an order as an engine beside those of the helpline would, and returns
// the refusal, if any.
func wish(ctx context.Context, t *testing.T, h *helpline.Helpline, o engine.Order) call.Refusal {
	t.Helper()
	store, err := h.Live(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.Submit(ctx, store, o)
	var refusal call.Refusal
	if err != nil && !errors.As(err, &refusal) {
		t.Fatalf("order %s: %v", o.Wish, err)
	}
	return refusal
}

// obeyed gives an order that must be carried out.
func obeyed(ctx context.Context, t *testing.T, h *helpline.Helpline, o engine.Order) {
	t.Helper()
	if why := wish(ctx, t, h, o); why != "" {
		t.Fatalf("order %s: refused as %s", o.Wish, why)
	}
}

// supervises is an order of a supervisor at this seat about a call.
func supervises(p helpline.Person, callID string, w call.Wish) engine.Order {
	return engine.Order{Wish: w, By: "test", Seat: p.ID, Supervises: true, Call: callID}
}

// hearsJust waits until somebody hears these tones and no other, for a while.
func hearsJust(ctx context.Context, t *testing.T, who string, c *phone.Call, tones ...int) {
	t.Helper()
	if err := c.HearsJust(ctx, tones...); err != nil {
		t.Fatalf("%s: %v", who, err)
	}
}

// talk is a caller in conversation with an agent.
type talk struct {
	id            string
	caller, agent *phone.Call
	who           helpline.Person
	tone          int
}

// conversation lets a caller reach an agent and hear her.
func conversation(ctx context.Context, t *testing.T, h *helpline.Helpline, i int, line string) talk {
	t.Helper()
	h.Trunk.Phone(number(i), phone.Sings(callerHz2))
	c := caller(ctx, t, h, i, line)
	k := callIs(ctx, t, h, c, "talks", func(k call.Call) bool { return k.Stage == call.Talking && k.Joined })
	a := talk{id: k.ID, caller: c, agent: offer(ctx, t, h, k.ID, 1), who: person(h, k.Offer.Agent), tone: h.Tone(string(k.Offer.Agent))}
	hearsJust(ctx, t, "the caller", c, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2)
	return a
}

// musicHz2 is all that the music of the test's Asterisk holds.
const musicHz2 = 200

// callerHz2 is far from every agent's tone, also of its first overtones.
const callerHz2 = 1900

func person(h *helpline.Helpline, id agent.ID) helpline.Person {
	i := slices.IndexFunc(h.People, func(p helpline.Person) bool { return p.ID == id })
	return h.People[i]
}

// other is somebody of a kind who is not this one.
func other(h *helpline.Helpline, not helpline.Person) helpline.Person {
	for _, p := range h.People {
		if p.ID != not.ID {
			return p
		}
	}
	return helpline.Person{}
}

func TestGivenATalk_WhenASupervisorListensWhispersBargesAndLeaves_ThenEachEarHearsWhatItMay(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 1, Seniors: 1}, 90*time.Second)
	asha, boss := h.People[0], h.People[1]
	if err := h.LogIn(ctx, asha); err != nil {
		t.Fatal(err)
	}
	a := conversation(ctx, t, h, 1, helpline.Direct)
	tone := h.Tone(string(boss.ID))

	obeyed(ctx, t, h, supervises(boss, a.id, call.Listen))
	ear := offer(ctx, t, h, a.id, 2)
	hearsJust(ctx, t, "the listening supervisor", ear, callerHz2, a.tone)
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2)

	obeyed(ctx, t, h, supervises(boss, a.id, call.Whisper))
	hearsJust(ctx, t, "the whispering supervisor", ear, callerHz2, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2, tone)
	hearsJust(ctx, t, "the caller", a.caller, a.tone)

	obeyed(ctx, t, h, supervises(boss, a.id, call.Barge))
	hearsJust(ctx, t, "the barging supervisor", ear, callerHz2, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2, tone)
	hearsJust(ctx, t, "the caller", a.caller, a.tone, tone)

	obeyed(ctx, t, h, supervises(boss, a.id, call.Listen))
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2)

	obeyed(ctx, t, h, supervises(boss, a.id, call.Leave))
	if _, err := ear.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2)
	a.caller.HangUp()
	if err := h.UntilAgents(ctx, "both are free", h.People, func(a agent.Agent) bool { return a.State == agent.Idle && a.Leg == "" }); err != nil {
		t.Fatal(err)
	}
}

func TestGivenATalk_WhenASupervisorTakesOver_ThenTheAgentLeavesAndTheCallerHearsNoGap(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 1, Seniors: 1, WrapUp: time.Minute}, 90*time.Second)
	asha, boss := h.People[0], h.People[1]
	if err := h.LogIn(ctx, asha); err != nil {
		t.Fatal(err)
	}
	a := conversation(ctx, t, h, 1, helpline.Direct)
	obeyed(ctx, t, h, supervises(boss, a.id, call.TakeOver))
	ear := offer(ctx, t, h, a.id, 2)
	hearsJust(ctx, t, "the caller", a.caller, h.Tone(string(boss.ID)))
	hearsJust(ctx, t, "the supervisor", ear, callerHz2)
	if _, err := a.agent.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.UntilAgents(ctx, "the agent writes up", []helpline.Person{asha}, func(a agent.Agent) bool { return a.State == agent.WrapUp }); err != nil {
		t.Fatal(err)
	}
	if gap := a.caller.LongestGap(); gap.Length > 500*time.Millisecond+stalled(h) {
		t.Errorf("the caller heard nothing for %v", gap.Length)
	}
	ear.HangUp()
	if _, err := a.caller.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestGivenATalk_WhenItIsTransferredToAnAgentOrTheQueue_ThenTheCallerHearsTheNextAndTheFirstWritesUp(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 2, WrapUp: 2 * time.Second}, 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	a := conversation(ctx, t, h, 1, helpline.Direct)
	second := other(h, a.who)
	obeyed(ctx, t, h, engine.Order{Wish: call.ToAgent, Seat: a.who.ID, Agent: second.ID})
	hearsJust(ctx, t, "the caller", a.caller, h.Tone(string(second.ID)))
	if err := h.UntilAgents(ctx, "the first has written up", []helpline.Person{a.who}, free); err != nil {
		t.Fatal(err)
	}
	obeyed(ctx, t, h, engine.Order{Wish: call.ToQueue, Seat: second.ID, Category: "stalking"})
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	k := callIs(ctx, t, h, a.caller, "is the first one's again", func(k call.Call) bool { return k.Stage == call.Talking && k.Offer.Agent == a.who.ID })
	if k.Category != "stalking" || len(k.Spoken) != 3 {
		t.Errorf("category %s, spoken %v", k.Category, k.Spoken)
	}
}

func TestGivenATalk_WhenTheAgentConsultsAColleague_ThenTheCallerHearsMusicAndBothWaysOutWork(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 2}, 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	a := conversation(ctx, t, h, 1, helpline.Direct)
	second := other(h, a.who)
	tone := h.Tone(string(second.ID))
	mine := func(w call.Wish) engine.Order { return engine.Order{Wish: w, Seat: a.who.ID, Agent: second.ID} }

	obeyed(ctx, t, h, mine(call.Hold))
	if err := a.caller.Hears(ctx, musicHz2); err != nil {
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the agent", a.agent)
	obeyed(ctx, t, h, mine(call.Unhold))
	hearsJust(ctx, t, "the caller", a.caller, a.tone)

	obeyed(ctx, t, h, mine(call.Consult))
	colleague := offer(ctx, t, h, a.id, 2)
	hearsJust(ctx, t, "the colleague", colleague, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, tone)
	if err := a.caller.Hears(ctx, musicHz2); err != nil {
		t.Fatal(err)
	}
	obeyed(ctx, t, h, mine(call.ConsultCancel))
	if _, err := colleague.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	if err := h.UntilAgents(ctx, "the colleague is free", []helpline.Person{second}, free); err != nil {
		t.Fatal(err)
	}

	obeyed(ctx, t, h, mine(call.Consult))
	colleague = offer(ctx, t, h, a.id, 3)
	hearsJust(ctx, t, "the colleague", colleague, a.tone)
	obeyed(ctx, t, h, mine(call.Together))
	hearsJust(ctx, t, "the caller", a.caller, a.tone, tone)
	hearsJust(ctx, t, "the colleague", colleague, a.tone, callerHz2)
	a.agent.HangUp() // she leaves the caller to her colleague
	hearsJust(ctx, t, "the caller", a.caller, tone)
	hearsJust(ctx, t, "the colleague", colleague, callerHz2)
	a.caller.HangUp()
	if _, err := colleague.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
}
