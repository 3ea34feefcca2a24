package sipp_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// open starts a helpline for one test.
func open(t *testing.T, o helpline.Options, limit time.Duration) (*helpline.Helpline, context.Context) {
	t.Helper()
	return helpline.OpenFor(t, o, limit)
}

// number of the i-th caller: a mobile number that nobody has.
func number(i int) string { return fmt.Sprintf("+9198%08d", 10_000_000+i) }

// TestGivenAMixedPool_When200WomenCall_ThenEachIsAnsweredByAWomanAndBothHear is
// line 1 of what must hold.
func TestGivenAMixedPool_When200WomenCall_ThenEachIsAnsweredByAWomanAndBothHear(t *testing.T) {
	const callers = 200
	h, ctx := open(t, helpline.Options{Women: 24, Seniors: 4, Counsellors: 2, Officers: 5, Men: 5}, 3*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Does(phone.AnswerAfter(200 * time.Millisecond))
	}
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() { talkWithAWoman(ctx, t, h, i) })
	}
	wait.Wait()
	for _, p := range h.Men() {
		if n := h.Phone(p).Invites(); n > 0 {
			t.Errorf("%s, a man, was rung %d times for callers to 1090", p.ID, n)
		}
	}
	shown := false
	for _, p := range h.People {
		if n := h.Phone(p).MostAtOnce(); n > 1 {
			t.Errorf("%s had %d calls at once", p.ID, n)
			if !shown {
				shown = true
				t.Log(h.Agents.Log().Ladder(string(p.ID)))
			}
		}
	}
}

// talkWithAWoman calls, and hangs up when both have heard each other.
func talkWithAWoman(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) {
	hz := 2000 + 10*(i%120)
	c, err := h.Trunk.Phone(number(i), phone.Sings(hz)).Dial(ctx, helpline.Direct)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.HangUp()
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Errorf("caller %d: %v", i, err)
		return
	}
	who, err := h.Partner(ctx, c)
	if err != nil {
		t.Errorf("caller %d: %v", i, err)
		return
	}
	if err := c.Hears(ctx, h.Tone(who.Phone().User())); err != nil {
		t.Errorf("caller %d does not hear agent %s: %v", i, who.Phone().User(), err)
	}
	if err := who.Hears(ctx, hz); err != nil {
		t.Errorf("agent %s does not hear caller %d: %v", who.Phone().User(), i, err)
	}
}
