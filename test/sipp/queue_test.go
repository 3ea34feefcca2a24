package sipp_test

import (
	"context"
	"testing"
	"time"

	"powerline/call"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Numbers at which callers of one category arrive without a menu.
const (
	lineStalking = "1081"
	lineViolence = "1082"
	lineCrisis   = "1083"
)

// busy is a helpline with one woman, who is in a call; the function ends it.
func busy(t *testing.T, o helpline.Options) (*helpline.Helpline, context.Context, func()) {
	t.Helper()
	h, ctx := open(t, o, 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	h.Phone(h.People[0]).Does(phone.AnswerAfter(50 * time.Millisecond))
	first := caller(ctx, t, h, 900, helpline.Direct)
	callIs(ctx, t, h, first, "talks", func(c call.Call) bool { return c.Stage == call.Talking })
	h.Phone(h.People[0]).Does(phone.AnswerAfter(50 * time.Millisecond).TalkFor(300 * time.Millisecond))
	return h, ctx, first.HangUp
}

// waiting lets a caller wait and returns her call's id in the store.
func waiting(ctx context.Context, t *testing.T, h *helpline.Helpline, i int, line string) (*phone.Call, string) {
	t.Helper()
	c := caller(ctx, t, h, i, line)
	return c, callIs(ctx, t, h, c, "waits", waits).ID
}

func TestGivenSheDroppedOut_WhenSheDialsAgainWithinAMinute_ThenSheHasHerPlaceBack(t *testing.T) {
	h, ctx, free := busy(t, helpline.Options{Women: 1})
	dropped, _ := waiting(ctx, t, h, 1, helpline.Direct)
	_, other := waiting(ctx, t, h, 2, helpline.Direct)
	before, _ := h.Call(ctx, dropped)
	dropped.HangUp()
	err := helpline.Until(ctx, "her first call is over", func() bool {
		_, there := h.Call(ctx, dropped)
		return !there
	})
	if err != nil {
		t.Fatal(err)
	}
	again := caller(ctx, t, h, 1, helpline.Direct)
	c := callIs(ctx, t, h, again, "waits again", waits)
	if !c.Redial || c.Queued.UnixMilli() != before.Queued.UnixMilli() {
		t.Errorf("redial=%v, waiting since %s, want since %s", c.Redial, c.Queued, before.Queued)
	}
	free()
	servedInOrder(ctx, t, h, c.ID, other)
}

func TestGivenOtherPeopleDial_WhenSomebodyDroppedOut_ThenNobodyGetsHerPlace(t *testing.T) {
	h, ctx, free := busy(t, helpline.Options{Women: 1})
	dropped, _ := waiting(ctx, t, h, 1, helpline.Direct)
	_, second := waiting(ctx, t, h, 2, helpline.Direct)
	dropped.HangUp()
	_, stranger := waiting(ctx, t, h, 3, helpline.Direct)
	free()
	servedInOrder(ctx, t, h, second, stranger)
}

// TestGivenCallersOfAllKinds orders by head start and, in the end, by waiting:
// with head starts cut to a tenth, an unclassified caller who waits 7 s longer
// goes before a new one who reports violence (6 s).
func TestGivenCallersOfAllKinds_WhenAWomanIsFree_ThenUrgencyGoesFirstAndAgeWinsInTheEnd(t *testing.T) {
	o := withLines(helpline.Options{Women: 1},
		config.Line{DID: lineStalking, Category: "stalking"}, config.Line{DID: lineViolence, Category: "domestic-violence"},
		config.Line{DID: lineCrisis, Category: "crisis"})
	o = changed(o, func(c *config.Config) {
		for i := range c.Routing.Categories {
			c.Routing.Categories[i].HeadStart /= 10
		}
	})
	h, ctx, free := busy(t, o)
	old, oldest := waiting(ctx, t, h, 1, helpline.Direct)
	queued, _ := h.Call(ctx, old)
	err := helpline.Until(ctx, "she has waited seven seconds", func() bool { return time.Since(queued.Queued) > 7*time.Second })
	if err != nil {
		t.Fatal(err)
	}
	_, plain := waiting(ctx, t, h, 2, helpline.Direct)
	_, stalked := waiting(ctx, t, h, 3, lineStalking)
	_, beaten := waiting(ctx, t, h, 4, lineViolence)
	_, crisis := waiting(ctx, t, h, 5, lineCrisis)
	free()
	servedInOrder(ctx, t, h, crisis, oldest, beaten, stalked, plain)
}

// TestGivenACallerWhoWaits_… listens to her line for two announcements: a prompt
// takes the place of the music, and the music has to come back after it, for a
// woman who hears nothing believes that she was forgotten.
func TestGivenACallerWhoWaits_WhenAnnouncementsEnd_ThenTheMusicComesBack(t *testing.T) {
	t.Parallel()
	const pause = 2 * time.Second // of silence, with the quiet ends of prompt and music
	o := changed(helpline.Options{Women: 1}, func(c *config.Config) {
		c.Waiting.First, c.Waiting.Every = 3*time.Second, 10*time.Second
	})
	h, ctx, _ := busy(t, o)
	c, _ := waiting(ctx, t, h, 1, helpline.Direct)
	began := time.Now()
	soon(ctx, t, 25*time.Second, "she has heard two announcements and what follows", func() bool { return time.Since(began) > 20*time.Second })
	if gap := c.LongestGap(); gap.Length > pause {
		t.Errorf("she heard nothing for %v: %v", gap.Length, c.Heard())
	}
	if n := c.Heard().Has(music); n < 8 {
		t.Errorf("music was heard in %d windows only: %v", n, c.Heard())
	}
}

// music is the tone that the stack's music on hold consists of, in Hz.
const music = 200
