package sipp_test

import (
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Codes that an agent presses on her telephone while she talks: each does what the
// button of the desk does, nobody else hears her keys, and nobody else's keys do it.
func TestGivenATalk_WhenTheAgentPressesCodes_ThenSheHoldsPausesCallsOutTransfersAndEndsByThem(t *testing.T) {
	h, ctx := open(t, with112(helpline.Options{Women: 1, Counsellors: 1, Recorded: 64 << 20}), 2*time.Minute)
	asha, counsellor := h.People[0], h.People[1]
	if err := h.LogIn(ctx, asha); err != nil {
		t.Fatal(err)
	}
	const tone = 1500
	control := h.Trunk.Phone("112", phone.Sings(tone))
	control.Does(phone.AnswerAfter(300 * time.Millisecond))
	a := conversation(ctx, t, h, 1, helpline.Direct)
	press := func(c *phone.Call, keys string) {
		t.Helper()
		if err := c.SendDigits(ctx, keys); err != nil {
			t.Fatal(err)
		}
	}
	pressLast := func(c *phone.Call, keys string) { _ = c.SendDigits(ctx, keys) } // her leg ends with the last key
	is := func(what string, ok func(call.Call) bool) { t.Helper(); callIs(ctx, t, h, a.caller, what, ok) }

	press(a.caller, "*4*9*00") // whoever calls presses what she likes
	press(a.agent, "1*7#4*4")  // of which one code is right: the last
	is("is on hold", func(k call.Call) bool { return k.Held && k.Alarm.IsZero() })
	if err := a.caller.Hears(ctx, musicHz2); err != nil {
		t.Fatal(err)
	}
	press(a.agent, "*4")
	hearsJust(ctx, t, "the caller", a.caller, a.tone)
	press(a.agent, "*3")
	is("is recorded as silence", func(k call.Call) bool { return !k.Paused.IsZero() })
	press(a.agent, "*3*9")
	is("is recorded again, and rings an alarm", func(k call.Call) bool { return k.Paused.IsZero() && !k.Alarm.IsZero() })

	press(a.agent, "*112")
	help, err := control.NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the agent", a.agent, tone)
	press(a.agent, "*5")
	hearsJust(ctx, t, "the caller", a.caller, a.tone, tone)
	press(a.agent, "*6")
	if _, err := help.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	hearsJust(ctx, t, "the caller", a.caller, a.tone)

	if err := h.LogIn(ctx, counsellor); err != nil {
		t.Fatal(err)
	}
	pressLast(a.agent, "*2")
	hearsJust(ctx, t, "the caller", a.caller, h.Tone(string(counsellor.ID)))
	second := offer(ctx, t, h, a.id, 2)
	pressLast(second, "*00")
	if _, err := a.caller.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.UntilAgents(ctx, "she recovers", []helpline.Person{counsellor}, func(a agent.Agent) bool { return a.State == agent.Recovery }); err != nil {
		t.Fatal(err)
	}
	if heard := a.caller.Digits() + help.Digits(); heard != "" {
		t.Errorf("the others have heard the keys %q of agents", heard)
	}
}
