package call_test

import (
	"slices"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
)

func TestGivenCategoriesOfTwoKindsOfCall_WhenACallShallMoveAcross_ThenItIsRefused(t *testing.T) {
	r := call.Rules{Categories: map[string]call.Category{
		"crisis": {Of: call.Helpline, Crisis: true}, "stalking": {Of: call.Helpline}, "ring-back": {Of: call.RingBack}, "feedback": {Of: call.Outbound},
	}, CrisisCategory: "crisis"}
	his := call.Call{ID: "his", Kind: call.RingBack, Pool: agent.MaleOfficers, Stage: call.Waiting, Category: "ring-back"}
	hers := call.Call{ID: "hers", Kind: call.Helpline, Pool: agent.Women, Stage: call.Waiting, Category: "stalking"}
	talking := func(c call.Call) call.Call {
		c.Stage, c.Offer = call.Talking, call.Offer{N: 1, Agent: "asha", Leg: call.LegID(c.ID, 1)}
		return c
	}
	for _, one := range []struct {
		of   call.Call
		to   string
		want call.Refusal
	}{
		{his, "ring-back", ""}, {his, "crisis", call.UnknownCategory}, {his, "stalking", call.UnknownCategory}, {his, "feedback", call.UnknownCategory},
		{hers, "crisis", ""}, {hers, "ring-back", call.UnknownCategory}, {hers, "feedback", call.UnknownCategory}, {hers, "none", call.UnknownCategory},
	} {
		for order, got := range map[string]call.Refusal{
			"moved":       r.Refuses(one.of, call.Order{Wish: call.Move, Supervises: true, Category: one.to}),
			"transferred": r.Refuses(talking(one.of), call.Order{Wish: call.ToQueue, By: "asha", Category: one.to}),
		} {
			if got != one.want {
				t.Errorf("%s, %s to %s: refused with %q, want %q", one.of.ID, order, one.to, got, one.want)
			}
		}
	}
}

// The engine that ordered the end of a pause may die while the caller is on hold.
func TestGivenAPausedRecording_WhenTheCallIsTakenOverOnHold_ThenThePauseEndsInItsTime(t *testing.T) {
	paused := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	r := call.Rules{PauseAtMost: 2 * time.Minute}
	for _, held := range []bool{true, false} {
		c := call.Call{ID: "c", Kind: call.Helpline, Stage: call.Talking, Offers: 1, Offer: call.Offer{N: 1, Agent: "a001", Leg: "c.a1"}, Recording: 1, Paused: paused, Muted: true, Held: held}
		_, cmds := r.Step(c, call.Resumed{At: paused.Add(30 * time.Second), Caller: true, Leg: call.LegUp})
		if want := (call.PauseTimer{Since: paused, After: 90 * time.Second}); !slices.Contains(cmds, call.Command(want)) {
			t.Errorf("held %v: %v, want %v among them", held, cmds, want)
		}
	}
}
