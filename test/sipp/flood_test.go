package sipp_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"powerline/call"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// TestGivenAFewWomen_When500CallAt50ASecond_ThenEveryoneIsQueuedAndNobodyRefused
// is the flood of line 9: all answered, all in the engine's queue, none refused.
func TestGivenAFewWomen_When500CallAt50ASecond_ThenEveryoneIsQueuedAndNobodyRefused(t *testing.T) {
	const callers = 500
	h, ctx := open(t, helpline.Options{Women: 5, Silent: true, RingFor: time.Minute}, 4*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Does(phone.AnswerAfter(100 * time.Millisecond))
	}
	calls := make([]*phone.Call, callers)
	answers := make([]time.Duration, callers)
	var wait sync.WaitGroup
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	for i := range calls {
		<-tick.C
		c, err := h.Trunk.Phone(number(i)).Dial(ctx, helpline.Direct, phone.WithSound(phone.Nothing()))
		if err != nil {
			t.Fatal(err)
		}
		calls[i] = c
		wait.Go(func() {
			if _, err := c.WaitAnswered(ctx); err != nil {
				t.Errorf("caller %d was refused: %v", i, err)
				return
			}
			answers[i] = c.When(phone.Answered).Sub(c.When(phone.Dialled))
		})
	}
	wait.Wait()
	stages := map[call.Stage]int{}
	soon(ctx, t, 10*time.Second, "the engine has all of them", func() bool {
		state, err := h.State(ctx)
		clear(stages)
		for _, c := range state.Calls {
			stages[c.Stage]++
		}
		return err == nil && stages[call.Waiting]+stages[call.Talking]+stages[call.Offered] == callers
	})
	slices.Sort(answers)
	t.Logf("INVITE to 200: median %v, p99 %v, slowest %v; %d wait, %d talk",
		answers[callers/2], answers[callers*99/100], answers[callers-1], stages[call.Waiting], stages[call.Talking])
	if stages[call.Talking] != len(h.People) {
		t.Errorf("%d callers talk, want %d", stages[call.Talking], len(h.People))
	}
	for i, c := range calls {
		if gone(c) {
			t.Errorf("caller %d was dropped", i)
		}
	}
	// On a machine that is busy with something else a claim may take longer than
	// the dialplan waits. Then she goes by way of the fallback queue and is fetched
	// back with her place: the stages above have counted her.
	won := figure(ctx, t, h.Engines[0], `acd_claims_total{result="won"}`)
	t.Logf("%v of %d callers came by way of the fallback queue", won-float64(len(h.People))-callers, callers)
	everybodyDoes(h, phone.Reject(486))
	hangUpAll(calls)
	// When 500 hang up in one moment, Asterisk's events come seconds late, and a
	// comparison may mend what an event on its way would have: that is logged.
	nothingLeft(ctx, t, h, 30*time.Second)
	oneCallEach(t, h)
}

func hangUpAll(calls []*phone.Call) {
	for _, c := range calls {
		c.HangUp()
	}
}
