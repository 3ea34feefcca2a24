package sipp_test

import (
	"context"
	"testing"
	"time"

	"powerline/agent"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// order dials a code and hangs up as soon as the agent is as wanted: nobody
// listens to the confirmation to its end.
func order(ctx context.Context, t *testing.T, h *helpline.Helpline, p helpline.Person, code, what string, ok func(agent.Agent) bool) {
	t.Helper()
	c, err := h.Phone(p).Dial(ctx, code, phone.WithSound(phone.Silence()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.HangUp()
	if err := h.UntilAgents(ctx, what, []helpline.Person{p}, ok); err != nil {
		t.Fatal(err)
	}
}

// typePIN dials the login code and types a PIN.
func typePIN(ctx context.Context, t *testing.T, h *helpline.Helpline, p helpline.Person, pin string) *phone.Call {
	t.Helper()
	c, err := h.Phone(p).Dial(ctx, "*11", phone.WithSound(phone.Silence()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.SendDigits(ctx, pin+"#"); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGivenThreeWrongPINs_WhenTheRightOneIsTyped_ThenTheLoginStaysLocked(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 1}, time.Minute)
	p := h.People[0]
	one := []helpline.Person{p}
	for n := 1; n <= agent.MaxBadPINs; n++ {
		c := typePIN(ctx, t, h, p, "9999")
		if err := h.UntilAgents(ctx, "the wrong PIN is counted", one, func(a agent.Agent) bool { return a.BadPINs >= n }); err != nil {
			t.Fatal(err)
		}
		c.HangUp()
	}
	a, err := h.Agent(ctx, p.ID)
	if err != nil || !a.Locked {
		t.Fatalf("not locked after %d wrong PINs: %+v, %v", a.BadPINs, a, err)
	}
	// A locked login does not even ask: the call ends by itself.
	c, err := h.Phone(p).Dial(ctx, "*11", phone.WithSound(phone.Silence()))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SendDigits(ctx, p.PIN+"#") // too late or to no avail; the state decides
	if _, err := c.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	if a, _ = h.Agent(ctx, p.ID); a.Status != agent.LoggedOut || !a.Locked {
		t.Fatalf("a locked agent is %s, locked=%v", a.Status, a.Locked)
	}
}

func TestGivenSheIsLoggedIn_WhenCodesAreDialled_ThenHerStatusFollowsAndASecondLoginIsRefused(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 1}, time.Minute)
	p := h.People[0]
	if err := h.LogIn(ctx, p); err != nil {
		t.Fatal(err)
	}
	before, err := h.Agent(ctx, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Phone(p).Dial(ctx, "*11", phone.WithSound(phone.Silence()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitEnded(ctx); err != nil { // she is told, and the call ends
		t.Fatal(err)
	}
	if after, _ := h.Agent(ctx, p.ID); after.Status != agent.Available || !after.StatusSince.Equal(before.StatusSince) {
		t.Fatalf("a second login changed her: %s since %s", after.Status, after.StatusSince)
	}
	order(ctx, t, h, p, "*141", "she has a break", func(a agent.Agent) bool { return a.Status == agent.NotReady && a.Reason == "break" })
	order(ctx, t, h, p, "*13", "she is back", func(a agent.Agent) bool { return a.Status == agent.Available })
	order(ctx, t, h, p, "*12", "she has logged out", func(a agent.Agent) bool { return a.Status == agent.LoggedOut })
}

func TestGivenAnOffer_WhenShePauses_ThenTheOfferEndsFirstAndNoOtherComes(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: 1, RingFor: 20 * time.Second}, time.Minute)
	p := h.People[0]
	if err := h.LogIn(ctx, p); err != nil {
		t.Fatal(err)
	}
	h.Phone(p).Does(phone.Ignore())
	first, err := h.Trunk.Phone(number(1), phone.Sings(1000)).Dial(ctx, helpline.Direct)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.UntilAgents(ctx, "she is rung", []helpline.Person{p}, func(a agent.Agent) bool { return a.State == agent.Reserved }); err != nil {
		t.Fatal(err)
	}
	ringing, err := h.Phone(p).NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	order(ctx, t, h, p, "*142", "she paused while it rings", func(a agent.Agent) bool {
		return a.Status == agent.NotReady && a.State == agent.Reserved
	})
	if err := ringing.Answer(); err != nil {
		t.Fatal(err)
	}
	if err := first.Hears(ctx, h.Tone(string(p.ID))); err != nil {
		t.Fatalf("the offer in hand did not become a call: %v", err)
	}
	second, err := h.Trunk.Phone(number(2), phone.Sings(1100)).Dial(ctx, helpline.Direct)
	if err != nil {
		t.Fatal(err)
	}
	ringing.HangUp()
	if err := h.UntilAgents(ctx, "her call is over", []helpline.Person{p}, free); err != nil {
		t.Fatal(err)
	}
	if _, err := second.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := second.HearsKind(ctx, phone.Mixed); err != nil {
		t.Fatalf("the second caller does not hear that she waits: %v", err)
	}
	if n := h.Phone(p).Invites(); n != 1 {
		t.Errorf("a paused agent was rung %d times, want once", n)
	}
}

// TestGivenAWrapUp covers its three ends: by time, early, and extended.
func TestGivenAWrapUp_WhenItEndsByTimeOrEarlyOrIsExtended_ThenTheNextCallComesThen(t *testing.T) {
	const wrapUp = 4 * time.Second
	extend := func(c *config.Config) { c.Agents.ExtendBy = 3 * time.Second }
	h, ctx := open(t, changed(helpline.Options{Women: 1, WrapUp: wrapUp}, extend), 90*time.Second)
	p := h.People[0]
	if err := h.LogIn(ctx, p); err != nil {
		t.Fatal(err)
	}
	h.Phone(p).Does(phone.AnswerAfter(50 * time.Millisecond).TalkFor(500 * time.Millisecond))
	for i := range 4 {
		if _, err := h.Trunk.Phone(number(i), phone.Sings(1000)).Dial(ctx, helpline.Direct); err != nil {
			t.Fatal(err)
		}
	}
	wrapping := func(what string) {
		t.Helper()
		if err := h.UntilAgents(ctx, what, []helpline.Person{p}, func(a agent.Agent) bool { return a.State == agent.WrapUp }); err != nil {
			t.Fatal(err)
		}
	}
	nextAfter := func(n int) time.Duration {
		t.Helper()
		err := helpline.Until(ctx, "she is rung again", func() bool { return len(served(h, p)) > n })
		if err != nil {
			t.Fatal(err)
		}
		calls := served(h, p)
		end, _ := calls[n-1].End()
		return calls[n].When(phone.Invited).Sub(end.At)
	}
	wrapping("the first wrap-up")
	byTime := nextAfter(1)
	if byTime < wrapUp-100*time.Millisecond || byTime > wrapUp+time.Second {
		t.Errorf("wrap-up by time: next call after %s, want %s", byTime, wrapUp)
	}
	wrapping("the second wrap-up")
	order(ctx, t, h, p, "*15", "she ended it early", func(a agent.Agent) bool { return a.State != agent.WrapUp })
	early := nextAfter(2)
	if early > wrapUp-500*time.Millisecond {
		t.Errorf("wrap-up ended early: next call after %s, no sooner than by time", early)
	}
	wrapping("the third wrap-up")
	order(ctx, t, h, p, "*16", "she extended it", func(a agent.Agent) bool { return a.Lasts > wrapUp })
	extended := nextAfter(3)
	if extended < wrapUp+2500*time.Millisecond {
		t.Errorf("extended wrap-up: next call after %s, want 3 s more than %s", extended, wrapUp)
	}
	t.Logf("next call after: by time %s, early %s, extended %s", byTime, early, extended)
}

// served are the calls that came to a phone, in order; codes that it dialled are
// left out.
func served(h *helpline.Helpline, p helpline.Person) []*phone.Call {
	var calls []*phone.Call
	for _, c := range h.Phone(p).Calls() {
		if c.Incoming() {
			calls = append(calls, c)
		}
	}
	return calls
}
