package sipp_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"powerline/call"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 3 of what must hold: an engine that dies or hangs under 20 who wait and
// 10 who talk, while 20 more arrive.

const (
	talkers   = 10
	waiters   = 20
	newcomers = 20
)

// full is a helpline on which all women talk and others wait. The legs are the
// women's ends of the talks, in the order of the callers.
func full(ctx context.Context, t *testing.T, h *helpline.Helpline, talking, waiting int) (talk, wait *crowd, legs []*phone.Call) {
	t.Helper()
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
	talk = crowdOf(ctx, t, h, helpline.Direct, 0, talking)
	talk.become(ctx, t, call.Talking)
	wait = crowdOf(ctx, t, h, helpline.Direct, 100, waiting)
	wait.become(ctx, t, call.Waiting)
	return talk, wait, talks(h)
}

func TestGivenWaitingAndTalkingCallers_WhenTheEngineIsKilledAndStarted_ThenNobodyNotices(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: talkers}, 90*time.Second)
	talking, waiting, legs := full(ctx, t, h, talkers, waiters)

	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond).TalkFor(1500*time.Millisecond))
	h.Engines[0].Kill()
	arriving := crowdOf(ctx, t, h, helpline.Direct, 200, newcomers)
	hangUp(legs[:3])
	soon(ctx, t, 5*time.Second, "newcomers reach the three free agents through the fallback", func() bool { return len(fromFallback(h)) >= 3 })
	waiting.alive(t, "while the engine is dead")
	arriving.alive(t, "while the engine is dead")

	started := time.Now()
	if err := h.Engines[0].Start(); err != nil {
		t.Fatal(err)
	}
	if err := h.Engines[0].Ready(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("the new engine takes calls %v after its start", time.Since(started).Round(time.Millisecond))
	soon(ctx, t, 5*time.Second, "the three whose agents hung up meanwhile are not left alone", func() bool { return ended(talking) == 3 })
	hangUp(legs[3:])

	waiting.served(ctx, t, "waiting")
	arriving.served(ctx, t, "newcomers")
	for who, c := range map[string]*crowd{"talking": talking, "waiting": waiting, "newcomers": arriving} {
		c.over(ctx, t, who)
		c.neverSilent(t, who, 5*time.Second)
	}
	inOrder(t, "waiting", waiting.firstOffers(t, "waiting"))
	t.Logf("%d calls reached an agent through the fallback", len(fromFallback(h)))
	oneCallEach(t, h)
	nothingLeft(ctx, t, h, 10*time.Second)
}

// ended counts the callers who are no longer on the line.
func ended(c *crowd) int {
	n := 0
	for _, one := range c.calls {
		if gone(one) {
			n++
		}
	}
	return n
}

// TestGivenWaitingAndTalkingCallers_WhenTheEngineHangs_… stops the process for
// longer than the dead man's switch, in the proportion of production (30 s to
// 20 s) unless the long version runs, which takes those times themselves.
func TestGivenWaitingAndTalkingCallers_WhenTheEngineHangs_ThenNewcomersFallBackAndItWakesHarmless(t *testing.T) {
	frozen, deadMan := 9*time.Second, 6*time.Second
	if long() {
		frozen, deadMan = 30*time.Second, 20*time.Second
	} else {
		t.Logf("the engine hangs for %v with a dead man's switch of %v; POWERLINE_LONG=1 takes 30 s and 20 s", frozen, deadMan)
	}
	h, ctx := open(t, helpline.Options{Women: talkers, Officers: 5, DeadMan: deadMan}, 150*time.Second)
	talking, waiting, legs := full(ctx, t, h, talkers, waiters)

	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond).TalkFor(1500*time.Millisecond))
	won := figure(ctx, t, h.Engines[0], `acd_claims_total{result="won"}`)
	h.Engines[0].Pause()
	hung := time.Now()
	officers := crowdOf(ctx, t, h, helpline.RingBack, 300, 5)
	arriving := crowdOf(ctx, t, h, helpline.Direct, 200, newcomers-5)
	fallsBackWithin(ctx, t, h, officers, 600*time.Millisecond)
	hangUp(legs[:3])
	<-time.After(frozen - time.Since(hung)) // the fault itself has this length
	talking.stillThere(t, talkers-3)
	waiting.alive(t, "while the engine hangs")
	arriving.alive(t, "while the engine hangs")

	h.Engines[0].Resume()
	if err := h.Engines[0].Ready(ctx); err != nil {
		t.Fatal(err)
	}
	// Their conversations were over before it woke up, and Asterisk alone does not
	// hang up a caller whose agent has left: that is the engine's first act.
	left := soon(ctx, t, 5*time.Second, "the three whose agents hung up meanwhile are not left alone", func() bool { return ended(talking) >= 3 })
	t.Logf("callers whose agents had left are let go %v after the engine woke up", left.Round(time.Millisecond))
	hangUp(legs[3:])
	waiting.served(ctx, t, "waiting")
	arriving.served(ctx, t, "newcomers")
	talking.over(ctx, t, "talking")
	for who, c := range map[string]*crowd{"waiting": waiting, "newcomers": arriving, "ring-backs": officers} {
		c.over(ctx, t, who)
		c.neverSilent(t, who, 5*time.Second)
	}
	t.Logf("claims won before %v, after %v; late %v, not even tried %v", won,
		figure(ctx, t, h.Engines[0], `acd_claims_total{result="won"}`), figure(ctx, t, h.Engines[0], `acd_claims_total{result="late"}`),
		figure(ctx, t, h.Engines[0], `acd_claims_total{result="not-ready"}`))
	oneCallEach(t, h)
	nothingLeft(ctx, t, h, 10*time.Second)
}

// TestGivenCallersInTheFallback_WhenAnEngineWakes_… hangs for less time than makes
// a connection to Asterisk dead: all that it slept through still lies before it
// when it wakes, and the officers whom it believes idle talk in the fallback.
func TestGivenCallersInTheFallback_WhenAnEngineWakesFromAShortHang_ThenNoPhoneHoldsTwo(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Officers: 5}, 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond).TalkFor(1200*time.Millisecond))
	h.Engines[0].Pause()
	hung := time.Now()
	offenders := crowdOf(ctx, t, h, helpline.RingBack, 300, 15)
	<-time.After(2*time.Second - time.Since(hung)) // the fault itself has this length
	h.Engines[0].Resume()
	offenders.served(ctx, t, "ring-backs")
	offenders.over(ctx, t, "ring-backs")
	if slept := figure(ctx, t, h.Engines[0], "acd_freezes_total"); slept != 1 {
		t.Errorf("the engine noticed %v freezes, want 1", slept)
	}
	oneCallEach(t, h)
	nothingLeft(ctx, t, h, 10*time.Second)
}

// stillThere fails the test if fewer of the crowd are on the line: who talks is
// hung up only after her agent has hung up.
func (c *crowd) stillThere(t *testing.T, least int) {
	t.Helper()
	if n := len(c.calls) - ended(c); n < least {
		t.Errorf("only %d of %d are still on the line, want %d", n, len(c.calls), least)
	}
}

// fallsBackWithin measures from each caller's INVITE to that of an agent whom
// app_queue rings, who was free all the time.
func fallsBackWithin(ctx context.Context, t *testing.T, h *helpline.Helpline, callers *crowd, limit time.Duration) {
	t.Helper()
	soon(ctx, t, 5*time.Second, "app_queue rings the free officers", func() bool { return len(fromFallback(h)) >= len(callers.calls) })
	rung := fromFallback(h)
	var sent, got []time.Time
	for _, one := range callers.calls {
		sent = append(sent, one.When(phone.Dialled))
	}
	for _, one := range rung {
		got = append(got, one.When(phone.Invited))
	}
	for _, took := range pair(sent, got) {
		atMost(t, "from a newcomer's INVITE to that of the agent, by the fallback", took, limit)
	}
}

// pair takes each sent with the first got after it that no other had taken. At
// ten a second the answers come in the order of the questions.
func pair(sent, got []time.Time) []time.Duration {
	slices.SortFunc(got, time.Time.Compare)
	var times []time.Duration
	i := 0
	for _, at := range sent {
		for i < len(got) && got[i].Before(at) {
			i++
		}
		if i == len(got) {
			break
		}
		times = append(times, got[i].Sub(at))
		i++
	}
	return times
}
