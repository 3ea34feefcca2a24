package sipp_test

import (
	"context"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 4 of what must hold: the engine is killed in each stage of a call once.
// (The simulation does it for every interleaving that it reaches.)

// wrapUp is long enough to be killed in and short enough to wait for.
const wrapUp = 1500 * time.Millisecond

// stages bring a caller to where the engine is to be killed. They return her
// call, and what is to be done once a new engine runs.
var stages = []struct {
	name  string
	bring func(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (c *phone.Call, then func())
}{
	{"before it is claimed", untilUnclaimed},
	{"in the greeting", untilGreeting},
	{"waiting", untilWaiting},
	{"reserved, its ring on the way", untilReserved},
	{"ringing", untilRinging},
	{"just answered", untilAnswered},
	{"talking", untilTalking},
}

func TestGivenACallInAnyStage_WhenTheEngineIsKilledAndStarted_ThenSheIsServed(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: 1, WrapUp: wrapUp}, 100*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for i, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			c, then := stage.bring(ctx, t, h, i)
			restart(ctx, t, h.Engines[0])
			then()
			one := &crowd{h: h, calls: []*phone.Call{c}}
			one.served(within(ctx, t, 15*time.Second), t, stage.name)
			one.alive(t, "while she talks")
			one.neverSilent(t, stage.name, 5*time.Second)
			c.HangUp()
			oneCallEach(t, h)
			nothingLeft(ctx, t, h, 10*time.Second)
		})
	}
	t.Run("wrap-up", func(t *testing.T) { killInWrapUp(ctx, t, h) })
}

// TestGivenACallInAnyStage_WhenSheLeavesWhileNoEngineRuns_… is about what
// happens in the gap, of which no event will ever tell.
func TestGivenACallInAnyStage_WhenSheLeavesWhileNoEngineRuns_ThenTheAgentIsFree(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: 1, WrapUp: wrapUp}, 100*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for i, stage := range stages {
		t.Run(stage.name, func(t *testing.T) {
			c, then := stage.bring(ctx, t, h, i)
			h.Engines[0].Kill()
			c.HangUp()
			then()
			if _, err := c.WaitEnded(ctx); err != nil {
				t.Fatal(err)
			}
			start(ctx, t, h.Engines[0])
			oneCallEach(t, h)
			nothingLeft(ctx, t, h, 10*time.Second)
		})
	}
	t.Run("her agent leaves", func(t *testing.T) {
		c, _ := untilTalking(ctx, t, h, len(stages))
		h.Engines[0].Kill()
		hangUp(talks(h))
		start(ctx, t, h.Engines[0])
		if _, err := c.WaitEnded(within(ctx, t, 5*time.Second)); err != nil {
			t.Errorf("she is left alone: %v", err)
		}
		nothingLeft(ctx, t, h, 10*time.Second)
	})
}

func restart(ctx context.Context, t *testing.T, e *helpline.Engine) {
	t.Helper()
	e.Kill()
	start(ctx, t, e)
}

func start(ctx context.Context, t *testing.T, e *helpline.Engine) {
	t.Helper()
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	if err := e.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

// within is a context that ends with the test, or earlier.
func within(ctx context.Context, t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, limit)
	t.Cleanup(cancel)
	return ctx
}

func nothingMore() {}

// untilUnclaimed: the engine has her call before it and cannot say a word.
func untilUnclaimed(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
	h.Engines[0].Pause()
	return caller(ctx, t, h, i, helpline.Direct), nothingMore
}

func untilGreeting(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
	c := caller(ctx, t, h, i, helpline.Main)
	callIs(ctx, t, h, c, "is in the greeting", func(k call.Call) bool { return k.Stage == call.Greeting })
	return c, nothingMore
}

// untilWaiting: the only woman has said no, and rests for two seconds.
func untilWaiting(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	everyCallOnce(h, phone.Reject(486), phone.AnswerAfter(20*time.Millisecond))
	c := caller(ctx, t, h, i, helpline.Direct)
	callIs(ctx, t, h, c, "waits again", func(k call.Call) bool { return k.Stage == call.Waiting && k.Offers == 1 })
	return c, nothingMore
}

// untilReserved: Asterisk stands still when the woman's rest ends, so that she
// is reserved and her phone does not ring yet.
func untilReserved(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	c, _ := untilWaiting(ctx, t, h, i)
	h.Asterisk.Pause()
	callIs(ctx, t, h, c, "is reserved for", func(k call.Call) bool { return k.Stage == call.Offered && k.Offers == 2 })
	h.Engines[0].Kill()
	h.Asterisk.Resume()
	return c, nothingMore
}

func untilRinging(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	everybodyDoes(h, phone.Ignore())
	c := caller(ctx, t, h, i, helpline.Direct)
	k := callIs(ctx, t, h, c, "is offered", func(k call.Call) bool { return k.Stage == call.Offered })
	ringing := offer(ctx, t, h, k.ID, 1)
	return c, func() {
		everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
		_ = ringing.Answer() // her caller may have left
	}
}

// untilAnswered: the agent's 200 and the end of the engine meet.
func untilAnswered(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	c, answer := untilRinging(ctx, t, h, i)
	answer()
	return c, nothingMore
}

func untilTalking(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (*phone.Call, func()) {
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
	c := caller(ctx, t, h, i, helpline.Direct)
	callIs(ctx, t, h, c, "talks", func(k call.Call) bool { return k.Stage == call.Talking && k.Joined })
	return c, nothingMore
}

// killInWrapUp: she is free when her time is over, not earlier and not never,
// and has the next caller.
func killInWrapUp(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	c, _ := untilTalking(ctx, t, h, len(stages))
	c.HangUp()
	if err := h.UntilAgents(ctx, "she writes up", h.People, func(a agent.Agent) bool { return a.State == agent.WrapUp }); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	restart(ctx, t, h.Engines[0])
	next := caller(ctx, t, h, len(stages)+1, helpline.Direct)
	k := callIs(ctx, t, h, next, "is known", func(k call.Call) bool { return k.ID != "" })
	rung := offer(within(ctx, t, 10*time.Second), t, h, k.ID, 1)
	near(t, "wrap-up across a restart", rung.When(phone.Invited).Sub(began), wrapUp, 300*time.Millisecond)
	if _, err := next.WaitEnded(within(ctx, t, time.Millisecond)); err == nil {
		t.Error("the next caller was dropped")
	}
	(&crowd{h: h, calls: []*phone.Call{next}}).served(within(ctx, t, 5*time.Second), t, "the next caller")
	next.HangUp()
	nothingLeft(ctx, t, h, 10*time.Second)
}
