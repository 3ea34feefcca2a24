package sipp_test

import (
	"context"
	"regexp"
	"testing"
	"time"

	"powerline/call"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 9: callers who do not speak, those whom nobody can answer, and those who
// were cut off.

// asked waits until the engine, after a mark, has told Asterisk to play a prompt.
func asked(ctx context.Context, t *testing.T, w *wiretap, mark int, prompt string, limit time.Duration) time.Duration {
	t.Helper()
	words := regexp.MustCompile(`sound(:|%3A)powerline(/|%2F)` + prompt + `\b[^-]`)
	return soon(ctx, t, limit, "the engine plays "+prompt, func() bool { return words.MatchString(w.said.since(mark)) })
}

func TestGivenCallersWhoDoNotSpeak_WhenAKeySpeaksForThem_ThenTheyComeFirst(t *testing.T) {
	t.Parallel()
	tap := tapWire(t)
	h, ctx := open(t, changed(helpline.Options{Women: 1}, tap.between, func(c *config.Config) {
		c.Waiting.SilentAfter = 2 * time.Second
	}), 90*time.Second)
	one := h.People[0]
	if err := h.LogIn(ctx, one); err != nil {
		t.Fatal(err)
	}
	h.Phone(one).Does(phone.AnswerAfter(50 * time.Millisecond))
	busy := caller(ctx, t, h, 0, helpline.Direct)
	if err := busy.Hears(ctx, h.Tone(string(one.ID))); err != nil {
		t.Fatal(err)
	}
	early := caller(ctx, t, h, 1, helpline.Direct, phone.WithSound(phone.Tone(900)))
	earlyID := callIs(ctx, t, h, early, "waits", waits).ID
	mute := caller(ctx, t, h, 2, helpline.Main)
	keyed := caller(ctx, t, h, 3, helpline.Main)
	danger := caller(ctx, t, h, 4, helpline.Main)
	muteID := callIs(ctx, t, h, mute, "is known to be silent", func(k call.Call) bool { return waits(k) && k.Silence == call.Mute }).ID
	mark := tap.said.length()
	asked(ctx, t, tap, mark, "silent", 20*time.Second)
	press(ctx, t, keyed, "7")
	keyedID := callIs(ctx, t, h, keyed, "is in the silent category", func(k call.Call) bool {
		return k.Silence == call.Keyed && k.Category == "silent"
	}).ID
	press(ctx, t, danger, "66")
	dangerID := callIs(ctx, t, h, danger, "is in danger", func(k call.Call) bool {
		return k.Silence == call.Danger && k.Crisis && k.Category == "crisis"
	}).ID
	h.Phone(one).Does(phone.AnswerAfter(50 * time.Millisecond).TalkFor(700 * time.Millisecond))
	busy.HangUp()
	servedInOrder(ctx, t, h, dangerID, keyedID, earlyID, muteID)
	for plea, n := range map[string]float64{"keyed": 2, "danger": 1} {
		if got := figure(ctx, t, h.Engines[0], `acd_silent_callers_total{plea="`+plea+`"}`); got != n && !(plea == "keyed" && got == 1) {
			t.Errorf("silent callers %s: %v, want %v", plea, got, n)
		}
	}
}

func press(ctx context.Context, t *testing.T, c *phone.Call, digits string) {
	t.Helper()
	if err := c.SendDigits(ctx, digits); err != nil {
		t.Fatal(err)
	}
}

// servedInOrder waits until each call was offered and compares the INVITEs.
func servedInOrder(ctx context.Context, t *testing.T, h *helpline.Helpline, ids ...string) {
	t.Helper()
	var last time.Time
	for i, id := range ids {
		at := offer(ctx, t, h, id, 1).When(phone.Invited)
		if at.Before(last) {
			t.Errorf("call %d of the order was offered %v before the one that should precede it", i+1, last.Sub(at))
		}
		last = at
	}
}

func TestGivenNobodyLoggedIn_WhenSheCalls_ThenSheIsToldAndMayReach112(t *testing.T) {
	t.Parallel()
	tap := tapWire(t)
	h, ctx := open(t, with112(changed(helpline.Options{Women: 1, Men: 1, Officers: 1}, tap.between)), 100*time.Second)
	if err := h.LogIn(ctx, h.Men()...); err != nil {
		t.Fatal(err)
	}
	control := h.Trunk.Phone("112", phone.Sings(1500))
	control.Does(phone.Reject(503))
	mark := tap.said.length()
	stays := caller(ctx, t, h, 0, helpline.Main)
	asks := caller(ctx, t, h, 1, helpline.Direct)
	callIs(ctx, t, h, asks, "waits", waits)
	asked(ctx, t, tap, mark, "nobody", 16*time.Second)
	press(ctx, t, asks, "1")
	if _, err := control.Wait(ctx, phone.Rejected); err != nil {
		t.Fatal(err)
	}
	mark = tap.said.length()
	asked(ctx, t, tap, mark, "nobody", 20*time.Second) // she is back with us
	callIs(ctx, t, h, asks, "is back in the queue", waits)
	control.Does(phone.AnswerAfter(300 * time.Millisecond))
	press(ctx, t, asks, "1")
	if err := asks.Hears(ctx, 1500); err != nil {
		t.Errorf("112 answered: %v", err)
	}
	callIs(ctx, t, h, stays, "waits", waits)
	if err := h.SignIn(ctx, h.Women()[0]); err != nil {
		t.Fatal(err)
	}
	if err := stays.Hears(ctx, h.Tone(string(h.Women()[0].ID))); err != nil {
		t.Error(err)
	}
	for _, p := range h.Men() {
		if n := h.Phone(p).Invites(); n > 0 {
			t.Errorf("%s was rung %d times for women", p.ID, n)
		}
	}
	quiet := stays.Heard().Count(func(w phone.Window) bool { return w.Kind() == phone.NoRTP || w.Kind() == phone.Quiet })
	t.Logf("the one who stayed heard %v", stays.Heard())
	if all := len(stays.Heard()); quiet > all/4 {
		t.Errorf("she heard nothing for %d of %d half seconds", quiet, all)
	}
}
