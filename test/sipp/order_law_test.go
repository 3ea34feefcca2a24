package sipp_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	engine "powerline/internal/acd"
	"powerline/recordings"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Law 3 in what supervisors and agents may have done: a woman never lands in an
// offender's call, nor a man in a woman's, and be it only to listen.
func TestGivenAnOffenderAndAWomanInTalks_WhenSupervisorsOfTheOtherPoolWantIn_ThenTheyAreRefusedAndNoPhoneRings(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 1, Seniors: 1, Officers: 2}, 90*time.Second)
	woman, boss, officer, chief := h.People[0], h.People[1], h.People[2], h.People[3]
	if err := h.LogIn(ctx, woman, officer); err != nil {
		t.Fatal(err)
	}
	offender := conversation(ctx, t, h, 1, helpline.RingBack)
	caller := conversation(ctx, t, h, 2, helpline.Direct)
	for _, w := range []call.Wish{call.Listen, call.Whisper, call.Barge, call.TakeOver} {
		if why := wish(ctx, t, h, supervises(boss, offender.id, w)); why != call.LawForbids {
			t.Errorf("a woman may %s in an offender's call: %q", w, why)
		}
		if why := wish(ctx, t, h, supervises(chief, caller.id, w)); why != call.LawForbids {
			t.Errorf("a man may %s in a woman's call: %q", w, why)
		}
	}
	if why := wish(ctx, t, h, engine.Order{Wish: call.Consult, Seat: offender.who.ID, Agent: woman.ID}); why != call.LawForbids {
		t.Errorf("an officer may consult a woman about an offender: %q", why)
	}
	if why := wish(ctx, t, h, engine.Order{Wish: call.Barge, Seat: woman.ID, Call: caller.id}); why != call.NotAllowed {
		t.Errorf("an agent may barge in: %q", why)
	}
	if n := h.Phone(boss).Invites() + h.Phone(chief).Invites(); n != 0 {
		t.Errorf("phones of supervisors rang %d times", n)
	}
	obeyed(ctx, t, h, supervises(chief, offender.id, call.Barge))
	hearsJust(ctx, t, "the offender", offender.caller, offender.tone, h.Tone(string(chief.ID)))
}

// Everything goes on without the engine, and its peer finds everybody where they are.
func TestGivenASupervisorInATalk_WhenTheEngineDies_ThenAllHearEachOtherAndThePeerLetsHerLeave(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: 1, Seniors: 1, Engines: 2}, 2*time.Minute)
	asha, boss := h.People[0], h.People[1]
	if err := h.LogIn(ctx, asha); err != nil {
		t.Fatal(err)
	}
	a := conversation(ctx, t, h, 1, helpline.Direct)
	obeyed(ctx, t, h, supervises(boss, a.id, call.Listen))
	ear := offer(ctx, t, h, a.id, 2)
	hearsJust(ctx, t, "the listening supervisor", ear, callerHz2, a.tone)
	before := callIs(ctx, t, h, a.caller, "has a guest", func(k call.Call) bool { return len(k.Guests) == 1 && k.Guests[0].Up })
	owner := slices.IndexFunc(h.Engines, func(e *helpline.Engine) bool { return e.Name == before.Owner })
	h.Engines[owner].Kill()
	callIs(ctx, t, h, a.caller, "is the peer's", func(k call.Call) bool { return k.Owner != before.Owner })
	hearsJust(ctx, t, "the listening supervisor", ear, callerHz2, a.tone)
	hearsJust(ctx, t, "the caller", a.caller, a.tone)

	obeyed(ctx, t, h, supervises(boss, a.id, call.Barge))
	hearsJust(ctx, t, "the caller", a.caller, a.tone, h.Tone(string(boss.ID)))
	ear.HangUp()
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, callerHz2)
	if err := h.UntilAgents(ctx, "the supervisor is free", []helpline.Person{boss}, free); err != nil {
		t.Fatal(err)
	}
}

// Line 1 of issue "recordings": one record through a supervisor's barge and takeover,
// and through a transfer to a colleague who was asked first.
func TestGivenARecordedTalk_WhenItIsPausedBargedIntoTakenOverAndTransferred_ThenOneRecordingHoldsAllInItsChannels(t *testing.T) {
	h, ctx := recording(t, helpline.Options{Women: 2, Seniors: 1}, 2*time.Minute)
	boss := h.People[slices.IndexFunc(h.People, func(p helpline.Person) bool { return p.Senior })]
	h.Trunk.Phone(number(1), phone.Sings(callerHz))
	c := caller(ctx, t, h, 1, helpline.Direct)
	k := callIs(ctx, t, h, c, "talks", func(k call.Call) bool { return k.Stage == call.Talking && k.Joined })
	hearMore(ctx, t, c, agentHz, 3)
	var rest []agent.ID // who does not talk yet, the supervisor first
	for _, p := range append([]helpline.Person{boss}, h.People...) {
		if p.ID != k.Offer.Agent && !slices.Contains(rest, p.ID) {
			rest = append(rest, p.ID)
		}
	}
	other := supervises(boss, k.ID, call.Barge)
	other.Seat = rest[0]
	obeyed(ctx, t, h, engine.Order{Wish: call.PauseRecording, Seat: k.Offer.Agent, Reason: "address"})
	hearMore(ctx, t, c, agentHz, 2)
	obeyed(ctx, t, h, engine.Order{Wish: call.ResumeRecording, Seat: k.Offer.Agent})
	obeyed(ctx, t, h, other)
	callIs(ctx, t, h, c, "has the supervisor in it", func(k call.Call) bool { return len(k.Guests) == 1 && k.Guests[0].Up })
	hearMore(ctx, t, c, agentHz, 3)
	other.Wish = call.TakeOver
	obeyed(ctx, t, h, other)
	callIs(ctx, t, h, c, "is the supervisor's", func(k call.Call) bool { return k.Offer.Agent == other.Seat && k.Joined })
	hearMore(ctx, t, c, agentHz, 3)
	colleague := engine.Order{Wish: call.Consult, Seat: other.Seat, Agent: rest[1]}
	obeyed(ctx, t, h, colleague)
	callIs(ctx, t, h, c, "waits while they consult", func(k call.Call) bool { return k.Held && len(k.Guests) == 1 && k.Guests[0].Up })
	colleague.Wish = call.ConsultDone
	obeyed(ctx, t, h, colleague)
	callIs(ctx, t, h, c, "is the colleague's", func(k call.Call) bool { return k.Offer.Agent == rest[1] && k.Joined })
	hearMore(ctx, t, c, agentHz, 3)
	c.HangUp()
	all := sealedRecordings(ctx, t, h, 1)
	if len(all) != 1 {
		t.Fatalf("%d recordings of one conversation", len(all))
	}
	wav, err := h.Plain(ctx, all[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, wav)
	inOwnChannels(t, "the conversation", l)
	if off := l.lasts - all[0].End.Bridged; off.Abs() > 200*time.Millisecond+stalled(h) {
		t.Errorf("%v long; by the engine they talked %v", l.lasts, all[0].End.Bridged)
	}
	why := gapsOf(ctx, t, h, k.ID)
	for _, want := range []string{recordings.WhyPaused + "-address", recordings.WhyResumed} {
		if !slices.Contains(why, want) {
			t.Errorf("the gap %s is not written; there are %s", want, strings.Join(why, ", "))
		}
	}
}

func TestGivenATalk_WhenTheAgentBrings112In_ThenAllThreeTalkAndTheCallerStaysWhenTheAgentLeaves(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, with112(helpline.Options{Women: 1}), 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	const tone = 1500
	control := h.Trunk.Phone("112", phone.Sings(tone))
	control.Does(phone.AnswerAfter(300 * time.Millisecond))
	a := conversation(ctx, t, h, 1, helpline.Direct)
	mine := func(w call.Wish) engine.Order { return engine.Order{Wish: w, Seat: a.who.ID} }
	obeyed(ctx, t, h, mine(call.ToEmergency))
	help, err := control.NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the agent", a.agent, tone)
	hearsJust(ctx, t, "112", help, a.tone)
	obeyed(ctx, t, h, mine(call.Together))
	hearsJust(ctx, t, "the caller", a.caller, a.tone, tone)
	hearsJust(ctx, t, "112", help, a.tone, callerHz2)
	everythingForgotten(ctx, t, h)
	callIs(ctx, t, h, a.caller, "is known again, with 112", func(k call.Call) bool { return k.Stage == call.Talking && len(k.Guests) == 1 })
	hearsJust(ctx, t, "the caller", a.caller, a.tone, tone)
	hearsJust(ctx, t, "112", help, a.tone, callerHz2)
	a.agent.HangUp()
	hearsJust(ctx, t, "the caller", a.caller, tone)
	hearsJust(ctx, t, "112", help, callerHz2)
	callIs(ctx, t, h, a.caller, "is handed over", func(k call.Call) bool { return k.Stage == call.HandedOver })
	everythingForgotten(ctx, t, h)
	callIs(ctx, t, h, a.caller, "is known again, without an agent", func(k call.Call) bool { return k.Stage == call.HandedOver })
	hearsJust(ctx, t, "the caller", a.caller, tone)
	hearsJust(ctx, t, "112", help, callerHz2)
	help.HangUp()
	if _, err := a.caller.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
}

// everythingForgotten wipes Redis while no engine runs, and waits until an engine has
// compared what it found often enough to have ended what belongs to nobody.
func everythingForgotten(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	t.Helper()
	e := h.Engines[0]
	e.Kill()
	h.Redis.Kill()
	if err := errors.Join(h.Redis.Wipe(), h.Redis.Start(ctx), e.Start(), e.Ready(ctx)); err != nil {
		t.Fatal(err)
	}
	ready := time.Now()
	soon(ctx, t, 10*time.Second, "three comparisons are over", func() bool { return time.Since(ready) > 7*time.Second })
}

func TestGivenACallerWhoWaitsAndOneWhoAbuses_WhenPulledAndEndedQuickly_ThenTheAgentGetsHerAndRecovers(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 2}, 90*time.Second)
	first, second := h.People[0], h.People[1]
	if err := h.LogIn(ctx, first); err != nil {
		t.Fatal(err)
	}
	abuser := conversation(ctx, t, h, 1, helpline.Direct)
	c := caller(ctx, t, h, 2, helpline.Direct)
	k := callIs(ctx, t, h, c, "waits", waits)
	pull := engine.Order{Wish: call.Pull, Supervises: true, By: "test", Call: k.ID, Agent: second.ID}
	if why := wish(ctx, t, h, pull); why != call.AgentTaken {
		t.Errorf("a caller is pulled to somebody who is not there: %q", why)
	}
	obeyed(ctx, t, h, engine.Order{Wish: call.Move, Supervises: true, By: "test", Call: k.ID, Category: "stalking"})
	moved := callIs(ctx, t, h, c, "is moved", func(k call.Call) bool { return k.Category == "stalking" })
	if !moved.Queued.Equal(k.Queued) {
		t.Error("the move cost her her place")
	}
	obeyed(ctx, t, h, engine.Order{Wish: call.Panic, Seat: first.ID})
	callIs(ctx, t, h, abuser.caller, "rings an alarm", func(k call.Call) bool { return !k.Alarm.IsZero() })
	obeyed(ctx, t, h, engine.Order{Wish: call.QuickEnd, Seat: first.ID})
	if _, err := abuser.caller.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.UntilAgents(ctx, "she recovers", []helpline.Person{first}, func(a agent.Agent) bool { return a.State == agent.Recovery }); err != nil {
		t.Fatal(err)
	}
	if err := h.SignIn(ctx, second); err != nil { // who waits is offered to her at once
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the second caller", c, h.Tone(string(second.ID)))
}
