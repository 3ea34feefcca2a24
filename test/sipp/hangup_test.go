package sipp_test

import (
	"context"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 8 of what must hold: callers hang up in every stage, at moments that
// chance picks, and often at the very moment at which the other side acts.

// long tells whether the long versions run.
func long() bool { return os.Getenv("POWERLINE_LONG") != "" }

// moment is where in her call a caller hangs up.
type moment string

const (
	inGreeting  moment = "greeting"
	inQueue     moment = "waiting"
	whileRung   moment = "ringing"
	asAnswered  moment = "answering"
	whileTalks  moment = "talking"
	bothAtOnce  moment = "both at once"
	asRingsOut  moment = "as the ring limit passes"
	ringsBefore        = 400 * time.Millisecond // until an agent answers
	talksFor           = 900 * time.Millisecond // until an agent hangs up
	ringLimit          = 2 * time.Second
	jitter             = 12 * time.Millisecond // to both sides of an event to be met
)

var moments = []moment{inGreeting, inQueue, whileRung, asAnswered, whileTalks, bothAtOnce, asRingsOut}

func TestGivenACallInAnyStage_WhenSheHangsUp_ThenNothingIsLeftOfIt(t *testing.T) {
	callers, limit := 154, 2*time.Minute
	if long() {
		callers, limit = 1000, 15*time.Minute
	} else {
		t.Logf("%d callers; 1,000 with POWERLINE_LONG=1", callers)
	}
	h, ctx := open(t, withLines(helpline.Options{Women: 12, RingFor: ringLimit}, config.Line{DID: ringsOut, Category: "unclassified"}), limit)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Decides(mood)
	}
	stopReturning := letPausedReturn(ctx, h)
	met := hangUpEverywhere(ctx, t, h, callers)
	stopReturning()
	for m, n := range met {
		t.Logf("hung up %s: %d", m, n.Load())
		if n.Load() == 0 {
			t.Errorf("nobody hung up %s", m)
		}
	}
	nothingIsLeft(ctx, t, h)
}

// ringsOut is a number whose calls no agent answers: her phone shows it.
const ringsOut = "1093"

// mood: half of the agents hang up by themselves.
func mood(in phone.Invitation) phone.Policy {
	switch {
	case in.Number == ringsOut:
		return phone.Ignore()
	case in.Nth%2 == 0:
		return phone.AnswerAfter(ringsBefore).TalkFor(talksFor)
	}
	return phone.AnswerAfter(ringsBefore)
}

// letPausedReturn brings those back who let an offer ring out.
func letPausedReturn(ctx context.Context, h *helpline.Helpline) (stop func()) {
	returning, cancel := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-returning.Done():
				return
			case <-tick.C:
				for _, p := range h.People {
					if a, err := h.Agent(ctx, p.ID); err == nil && a.Status == agent.NotReady {
						_ = h.Dial(ctx, p, "*13") // the end of the test judges
					}
				}
			}
		}
	})
	return func() { cancel(); wait.Wait() }
}

// hangUpEverywhere lets callers come, a few at a time, and hang up.
func hangUpEverywhere(ctx context.Context, t *testing.T, h *helpline.Helpline, callers int) map[moment]*atomic.Int64 {
	t.Helper()
	met := map[moment]*atomic.Int64{}
	for _, m := range moments {
		met[m] = new(atomic.Int64)
	}
	const atOnce = 16
	turn := make(chan int)
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for i := range turn {
				m := moments[i%len(moments)]
				if hangUpAt(ctx, t, h, i, m) {
					met[m].Add(1)
				}
			}
		})
	}
	for i := range callers {
		select {
		case turn <- i:
		case <-ctx.Done():
			t.Fatalf("only %d of %d callers could call: %v", i, callers, ctx.Err())
		}
	}
	close(turn)
	wait.Wait()
	return met
}

// hangUpAt is one caller. It reports whether she met the moment.
func hangUpAt(ctx context.Context, t *testing.T, h *helpline.Helpline, i int, m moment) bool {
	line := helpline.Direct
	switch m {
	case inGreeting:
		line = helpline.Main
	case asRingsOut:
		line = ringsOut
	}
	c, err := h.Trunk.Phone(number(i), phone.Sounds(phone.Nothing())).Dial(ctx, line)
	if err != nil {
		t.Error(err)
		return false
	}
	defer c.HangUp()
	if m == inGreeting || m == inQueue { // from before the answer until well into it
		return pause(ctx, rand.N(map[moment]time.Duration{inGreeting: 4 * time.Second, inQueue: 300 * time.Millisecond}[m]))
	}
	if m == asRingsOut {
		return untilRingsOut(ctx, h, c)
	}
	rung, ok := rungFor(ctx, h, c)
	if !ok {
		return false
	}
	at := rung.When(phone.Invited)
	switch m {
	case whileRung:
		at = at.Add(rand.N(ringsBefore))
	case asAnswered:
		at = at.Add(ringsBefore - jitter + rand.N(2*jitter))
	default:
		if _, err := rung.Wait(ctx, phone.Acked, phone.Ended); err != nil {
			return false
		}
		at = rung.When(phone.Acked)
		if at.IsZero() {
			return false
		}
		if m == bothAtOnce {
			at = at.Add(talksFor - jitter + rand.N(2*jitter))
		} else {
			at = at.Add(rand.N(talksFor))
		}
	}
	return pause(ctx, time.Until(at))
}

// pause lets a stretch of the caller's life pass; it synchronises nothing.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// rungFor waits until an agent's phone rings for a caller.
func rungFor(ctx context.Context, h *helpline.Helpline, c *phone.Call) (*phone.Call, bool) {
	var rung *phone.Call
	err := helpline.Until(ctx, "an agent is rung", func() bool {
		k, ok := h.Call(ctx, c)
		if ok && k.Stage == call.Offered {
			for _, live := range h.Agents.Phone(string(k.Offer.Agent)).Live() {
				if live.Invite().Header("X-Powerline-Call") == k.ID {
					rung = live
				}
			}
		}
		return rung != nil || gone(c)
	})
	return rung, err == nil && rung != nil
}

// untilRingsOut waits for an offer that nobody answers and returns at its end.
func untilRingsOut(ctx context.Context, h *helpline.Helpline, c *phone.Call) bool {
	rung, ok := rungFor(ctx, h, c)
	if !ok {
		return false
	}
	limited, cancel := context.WithDeadline(ctx, rung.When(phone.Invited).Add(ringLimit-jitter+rand.N(2*jitter)))
	defer cancel()
	_, err := rung.Wait(limited, phone.Answered, phone.Ended)
	return err != nil // neither happened: she hangs up as the limit passes
}

// nothingIsLeft holds the whole machine to rest: no stuck agent, no orphan leg,
// no bridge, no call, nothing that had to be mended.
func nothingIsLeft(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	t.Helper()
	for _, p := range h.People {
		h.Phone(p).Does(phone.Reject(486))
	}
	resting := func(a agent.Agent) bool { return a.State == agent.Idle && a.Leg == "" && a.Call == "" && !a.Elsewhere }
	if err := h.UntilAgents(ctx, "every agent is free", h.People, resting); err != nil {
		t.Error(err)
	}
	soon(ctx, t, 10*time.Second, "the store holds no call", func() bool {
		state, err := h.State(ctx)
		return err == nil && len(state.Calls) == 0
	})
	var channels, bridges string
	clean := func() bool {
		channels, _ = h.Asterisk.CLI(ctx, "core show channels")
		bridges, _ = h.Asterisk.CLI(ctx, "bridge show all")
		return strings.Contains(channels, "0 active channels") && !strings.Contains(bridges, "stasis")
	}
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := helpline.Until(limited, "Asterisk holds nothing", clean); err != nil {
		t.Errorf("%v:\n%s\n%s", err, channels, bridges)
	}
	for _, p := range h.People {
		if n := h.Phone(p).MostAtOnce(); n > 1 {
			t.Errorf("%s had %d calls at once", p.ID, n)
		}
		if n := len(h.Phone(p).Live()); n > 0 {
			t.Errorf("%s has %d calls left on her phone", p.ID, n)
		}
	}
	for _, e := range h.Engines {
		noneMended(ctx, t, e)
	}
}

// noneMended fails for each repair of reconcile and each refusal of a law.
func noneMended(ctx context.Context, t *testing.T, e *helpline.Engine) {
	t.Helper()
	text, err := e.Metrics(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, bad := range regexp.MustCompile(`(?m)^acd_(reconcile_repairs|law_refusals)_total.* [1-9].*$`).FindAllString(text, -1) {
		t.Errorf("engine %s: %s", e.Name, bad)
	}
}
