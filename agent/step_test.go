package agent_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func at(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }

// story applies events that must all be applied.
func story(t *testing.T, a agent.Agent, events ...agent.Event) agent.Agent {
	t.Helper()
	for _, ev := range events {
		next, verdict := agent.Step(a, ev)
		if verdict != agent.Applied {
			t.Fatalf("%T in %s/%s: %s, want applied", ev, a.Status, a.State, verdict)
		}
		a = next
	}
	return a
}

func ready(t *testing.T) agent.Agent {
	t.Helper()
	return story(t, agent.New(agent.Profile{ID: "asha", Woman: true}, at(0)),
		agent.PhoneChanged{Online: true}, agent.LoggedIn{At: at(1)})
}

func talking(t *testing.T) agent.Agent {
	t.Helper()
	return story(t, ready(t), agent.Reserve{At: at(2), Call: "c1", Leg: "c1.a1"}, agent.Connect{At: at(4), Call: "c1"})
}

func want(t *testing.T, a agent.Agent, status agent.Status, state agent.State) {
	t.Helper()
	if a.Status != status || a.State != state {
		t.Fatalf("agent is %s/%s, want %s/%s", a.Status, a.State, status, state)
	}
}

func TestGivenThreeWrongPINs_WhenTheRightOneComes_ThenTheLoginIsLocked(t *testing.T) {
	a := agent.New(agent.Profile{ID: "asha"}, at(0))
	a = story(t, a, agent.WrongPIN{}, agent.WrongPIN{}, agent.WrongPIN{})
	if _, verdict := agent.Step(a, agent.LoggedIn{At: at(1)}); verdict != agent.Refused {
		t.Fatalf("login of a locked agent: %s", verdict)
	}
	a = story(t, a, agent.Unlocked{}, agent.LoggedIn{At: at(2)})
	want(t, a, agent.Available, agent.Idle)
}

func TestGivenTwoWrongPINs_WhenSheLogsIn_ThenTheCountStartsAnew(t *testing.T) {
	a := agent.New(agent.Profile{ID: "asha"}, at(0))
	a = story(t, a, agent.WrongPIN{}, agent.WrongPIN{}, agent.LoggedIn{At: at(1)}, agent.LoggedOff{At: at(2)}, agent.WrongPIN{})
	if a.Locked {
		t.Fatal("locked by one wrong PIN after a login")
	}
}

func TestGivenSheIsLoggedIn_WhenASecondLoginComes_ThenItIsRefused(t *testing.T) {
	if _, verdict := agent.Step(ready(t), agent.LoggedIn{At: at(5)}); verdict != agent.Refused {
		t.Fatalf("second login: %s", verdict)
	}
}

func TestGivenAnOffer_WhenShePauses_ThenTheOfferEndsFirstAndNoOtherComes(t *testing.T) {
	a := story(t, ready(t), agent.Reserve{At: at(2), Call: "c1", Leg: "c1.a1"}, agent.Paused{At: at(3), Reason: "tea"})
	want(t, a, agent.NotReady, agent.Reserved)
	a = story(t, a, agent.Connect{At: at(4), Call: "c1"}, agent.Finish{At: at(9), Call: "c1"})
	want(t, a, agent.NotReady, agent.Idle)
	if a.Routable() {
		t.Fatal("a paused agent is routable")
	}
}

func TestGivenAnOfferRingsOut_ThenSheIsPausedForNoAnswer(t *testing.T) {
	a := story(t, ready(t), agent.Reserve{At: at(2), Call: "c1"}, agent.Release{At: at(12), Call: "c1", Why: agent.NoAnswer})
	want(t, a, agent.NotReady, agent.Idle)
	if a.Reason != agent.ReasonNoAnswer {
		t.Fatalf("reason %q", a.Reason)
	}
}

func TestGivenShePausedDuringTheOffer_WhenItRingsOut_ThenHerOwnReasonStays(t *testing.T) {
	a := story(t, ready(t), agent.Reserve{At: at(2), Call: "c1"}, agent.Paused{At: at(3), Reason: "tea"},
		agent.Release{At: at(12), Call: "c1", Why: agent.NoAnswer})
	if a.Reason != "tea" {
		t.Fatalf("reason %q, want her own", a.Reason)
	}
}

func TestGivenSheRejects_ThenAShortDelayAndNoPause(t *testing.T) {
	a := story(t, ready(t), agent.Reserve{At: at(2), Call: "c1"}, agent.Release{At: at(3), Call: "c1", Why: agent.Rejected, Delay: 5 * time.Second})
	want(t, a, agent.Available, agent.Delayed)
	if _, verdict := agent.Step(a, agent.Reserve{At: at(4), Call: "c2"}); verdict != agent.Refused {
		t.Fatalf("offer during the delay: %s", verdict)
	}
	a = story(t, a, agent.TimeUp{At: at(8), Epoch: a.Epoch})
	want(t, a, agent.Available, agent.Idle)
}

func TestGivenWrapUp_WhenItsTimerIsOfAnOlderState_ThenItChangesNothing(t *testing.T) {
	a := story(t, talking(t), agent.Finish{At: at(60), Call: "c1", WrapUp: agent.WrapUpPlan{Lasts: 30 * time.Second}})
	if _, verdict := agent.Step(a, agent.TimeUp{At: at(61), Epoch: a.Epoch - 1}); verdict != agent.Ignored {
		t.Fatalf("stale timer: %s", verdict)
	}
	want(t, story(t, a, agent.TimeUp{At: at(90), Epoch: a.Epoch}), agent.Available, agent.Idle)
	want(t, story(t, a, agent.WrapUpDone{At: at(65)}), agent.Available, agent.Idle)
}

func TestGivenWrapUp_WhenSheExtendsIt_ThenTheOldTimerCannotEndIt(t *testing.T) {
	a := story(t, talking(t), agent.Finish{At: at(60), Call: "c1", WrapUp: agent.WrapUpPlan{Lasts: 30 * time.Second}})
	old := a.Epoch
	a = story(t, a, agent.WrapUpExtended{At: at(80), By: time.Minute})
	if _, verdict := agent.Step(a, agent.TimeUp{At: at(90), Epoch: old}); verdict != agent.Ignored {
		t.Fatalf("old timer after an extension: %s", verdict)
	}
	if end := a.Since.Add(a.Lasts); !end.Equal(at(150)) {
		t.Fatalf("wrap-up now ends at %s, want 10 s left + 60 s", end.Sub(start))
	}
}

func TestGivenAHeavyCall_WhenHerOpenWrapUpEnds_ThenRecoveryFollowsAndNothingBreaksIn(t *testing.T) {
	a := story(t, talking(t), agent.Finish{At: at(60), Call: "c1", WrapUp: agent.WrapUpPlan{Lasts: 30 * time.Second, Open: true, Recovery: 10 * time.Minute, Heavy: true}})
	if _, verdict := agent.Step(a, agent.TimeUp{At: at(90), Epoch: a.Epoch}); verdict != agent.Ignored {
		t.Fatalf("the limit of an open wrap-up ended it: %s", verdict)
	}
	a = story(t, a, agent.WrapUpDone{At: at(200)})
	want(t, a, agent.Available, agent.Recovery)
	if _, verdict := agent.Step(a, agent.Reserve{At: at(201), Call: "c2", BreakIn: true}); verdict != agent.Refused {
		t.Fatalf("break-in into recovery: %s", verdict)
	}
	a = story(t, a, agent.TimeUp{At: at(800), Epoch: a.Epoch})
	want(t, a, agent.Available, agent.Idle)
	if len(a.Heavy) != 1 {
		t.Fatalf("heavy calls remembered: %d", len(a.Heavy))
	}
}

func TestGivenACrisisCallBreaksIntoWrapUp_ThenTheRestIsOwedAfterIt(t *testing.T) {
	wrapping := story(t, talking(t), agent.Finish{At: at(60), Call: "c1", LegGone: true, WrapUp: agent.WrapUpPlan{Lasts: 30 * time.Second, Interruptible: true}})
	a := story(t, wrapping, agent.Reserve{At: at(70), Call: "c2", BreakIn: true})
	back := story(t, a, agent.Release{At: at(72), Call: "c2", Why: agent.CallerGone})
	want(t, back, agent.Available, agent.WrapUp)
	if back.Lasts != 20*time.Second {
		t.Fatalf("after an offer that came to nothing %s of wrap-up is left, want 20s", back.Lasts)
	}
	a = story(t, a, agent.Connect{At: at(72), Call: "c2"}, agent.Finish{At: at(100), Call: "c2", WrapUp: agent.WrapUpPlan{Lasts: 40 * time.Second}})
	if a.Lasts != time.Minute {
		t.Fatalf("wrap-up after the crisis call lasts %s, want its own 40s and the 20s owed", a.Lasts)
	}
}

func TestGivenSheLogsOffInACall_ThenTheCallGoesOnAndSheIsGoneAfterIt(t *testing.T) {
	a := story(t, talking(t), agent.LoggedOff{At: at(5)})
	want(t, a, agent.LoggedOut, agent.Talking)
	a = story(t, a, agent.Finish{At: at(60), Call: "c1", WrapUp: agent.WrapUpPlan{Lasts: 30 * time.Second}})
	want(t, a, agent.LoggedOut, agent.Idle)
}

func TestGivenHerLegStillLives_ThenNoCallComesUntilItIsGone(t *testing.T) {
	a := story(t, talking(t), agent.Finish{At: at(60), Call: "c1"})
	if a.Routable() {
		t.Fatal("routable while her last leg may live")
	}
	if _, verdict := agent.Step(a, agent.LegEnded{At: at(61), Leg: "c9.a1"}); verdict != agent.Ignored {
		t.Fatalf("the end of another leg: %s", verdict)
	}
	if a = story(t, a, agent.LegEnded{At: at(61), Leg: "c1.a1"}); !a.Routable() {
		t.Fatal("not routable although her leg is gone")
	}
}

func TestGivenHerPhoneDies_ThenSheIsFreeOfTheCallAndUnreachable(t *testing.T) {
	a := story(t, talking(t), agent.Release{At: at(9), Call: "c1", Why: agent.Unreachable})
	want(t, a, agent.Available, agent.Idle)
	if a.Online || a.Routable() {
		t.Fatal("an agent whose phone died is routable")
	}
}

// TestLawTwo: whatever happens in whatever order, an agent is in at most one
// call, and is offered nothing unless she is free for it.
func TestLawTwo_OneAgentOneCall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := agent.New(agent.Profile{ID: "asha", Woman: true}, start)
		now := start
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * time.Millisecond)
			before := a
			next, verdict := agent.Step(a, drawEvent(t, a, now))
			checkStep(t, before, next, verdict)
			a = next
		}
	})
}

func drawEvent(t *rapid.T, a agent.Agent, now time.Time) agent.Event {
	id := rapid.SampledFrom([]string{"c1", "c2", "c3", a.Call}).Draw(t, "call")
	plan := agent.WrapUpPlan{
		Lasts: time.Duration(rapid.IntRange(0, 60).Draw(t, "wrap")) * time.Second, Open: rapid.Bool().Draw(t, "open"),
		Interruptible: rapid.Bool().Draw(t, "interruptible"), Heavy: rapid.Bool().Draw(t, "heavy"),
		Recovery: time.Duration(rapid.IntRange(0, 60).Draw(t, "recovery")) * time.Second,
	}
	return rapid.SampledFrom([]agent.Event{
		agent.LoggedIn{At: now}, agent.WrongPIN{At: now}, agent.Unlocked{}, agent.LoggedOff{At: now}, agent.Ready{At: now},
		agent.Paused{At: now, Reason: "tea"}, agent.PhoneChanged{At: now, Online: true}, agent.PhoneChanged{At: now, Elsewhere: true, Online: true},
		agent.Reserve{At: now, Call: id, Leg: id + ".a1", BreakIn: rapid.Bool().Draw(t, "break-in")}, agent.Connect{At: now, Call: id},
		agent.Release{At: now, Call: id, Why: rapid.SampledFrom([]agent.ReleaseReason{agent.CallerGone, agent.NoAnswer, agent.Rejected, agent.Unreachable}).Draw(t, "why"), Delay: plan.Lasts, LegGone: plan.Open},
		agent.Finish{At: now, Call: id, WrapUp: plan, LegGone: plan.Heavy}, agent.LegEnded{At: now, Leg: rapid.SampledFrom([]string{a.Leg, "c1.a1"}).Draw(t, "leg")}, agent.TimeUp{At: now, Epoch: a.Epoch - int64(rapid.IntRange(0, 1).Draw(t, "late"))},
		agent.WrapUpDone{At: now}, agent.WrapUpExtended{At: now, By: plan.Lasts},
	}).Draw(t, "event")
}

func checkStep(t *rapid.T, before, after agent.Agent, verdict agent.Verdict) {
	held := after.State == agent.Reserved || after.State == agent.Talking
	wasHeld := before.State == agent.Reserved || before.State == agent.Talking
	switch {
	case held && after.Call == "":
		t.Fatalf("%s without a call", after.State)
	case held && wasHeld && after.Call != before.Call:
		t.Fatalf("moved from call %s to %s without being free", before.Call, after.Call)
	case held && !wasHeld && !before.Routable() && !before.BreakInable():
		t.Fatalf("reserved out of %s/%s", before.Status, before.State)
	case after.State == agent.Idle && after.Call != "":
		t.Fatalf("idle and still in call %s", after.Call)
	case held && !wasHeld && before.Leg != "":
		t.Fatalf("reserved while the leg %s of an earlier call may live", before.Leg)
	case after.Epoch < before.Epoch:
		t.Fatalf("epoch went back")
	case verdict != agent.Applied && after.Epoch != before.Epoch:
		t.Fatalf("%s, and yet the state moved", verdict)
	case after.Lasts < 0:
		t.Fatalf("a state of negative length")
	}
}

func TestLawThree_EveryPersonAndPool(t *testing.T) {
	for _, woman := range []bool{true, false} {
		for _, officer := range []bool{true, false} {
			p := agent.Profile{Woman: woman, Officer: officer}
			if p.Fits(agent.Women) != woman {
				t.Errorf("woman=%v officer=%v in the women's pool: %v", woman, officer, p.Fits(agent.Women))
			}
			if p.Fits(agent.MaleOfficers) != (!woman && officer) {
				t.Errorf("woman=%v officer=%v in the officers' pool: %v", woman, officer, p.Fits(agent.MaleOfficers))
			}
			if p.Fits("") || p.Fits("anybody") {
				t.Error("an unknown pool fits somebody")
			}
		}
	}
}
