package sipp_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Lines 3 to 6 of what must hold: the engine, Redis and PostgreSQL are killed,
// stopped and emptied under callers who wait and callers who talk. What a test
// claims of people is read from their phones; the store is asked only where no
// phone can know.

// crowd are callers in the order in which they called.
type crowd struct {
	h     *helpline.Helpline
	calls []*phone.Call
	ids   []string // of those whom an engine had; see named
}

// apart is how far from each other callers dial, so that their order is known.
const apart = 30 * time.Millisecond

// swap is how close together two offers may be and still count as simultaneous:
// several agents who become free at once are rung side by side.
const swap = 150 * time.Millisecond

// crowdOf lets n people call one after the other. Each is connected with the
// helpline before the next one dials.
func crowdOf(ctx context.Context, t *testing.T, h *helpline.Helpline, line string, first, n int) *crowd {
	t.Helper()
	c := &crowd{h: h}
	tick := time.NewTicker(apart)
	defer tick.Stop()
	for i := range n {
		c.calls = append(c.calls, caller(ctx, t, h, first+i, line, phone.WithSound(phone.Tone(2000+10*((first+i)%120)))))
		<-tick.C
	}
	return c
}

// become waits until each call of the crowd is as wanted, and notes which it is.
func (c *crowd) become(ctx context.Context, t *testing.T, stage call.Stage) {
	t.Helper()
	var seen map[call.Stage]int
	err := helpline.Until(ctx, fmt.Sprintf("%d callers are %s", len(c.calls), stage), func() bool {
		state, err := c.h.State(ctx)
		if err != nil {
			return false
		}
		seen, c.ids = map[call.Stage]int{}, nil
		for _, one := range c.calls {
			k, _ := c.h.CallIn(state, one)
			seen[k.Stage]++
			c.ids = append(c.ids, k.ID)
		}
		return seen[stage] == len(c.calls)
	})
	if err != nil {
		t.Fatalf("%v: they are %v", err, seen)
	}
}

// alive fails the test for each caller whose call has ended although no agent
// spoke with her.
func (c *crowd) alive(t *testing.T, when string) {
	t.Helper()
	for i, one := range c.calls {
		if end, ended := one.End(); ended && !hearsAgent(one) {
			t.Errorf("%s: caller %d was dropped: %+v", when, i, end)
		}
	}
}

// served waits until each caller has heard an agent.
func (c *crowd) served(ctx context.Context, t *testing.T, who string) {
	t.Helper()
	left := 0
	err := helpline.Until(ctx, "all hear an agent", func() bool {
		left = 0
		for _, one := range c.calls {
			if !hearsAgent(one) && !gone(one) {
				left++
			}
		}
		return left == 0
	})
	if err != nil {
		t.Errorf("%s: %d of %d were not served: %v", who, left, len(c.calls), err)
	}
	for i, one := range c.calls {
		if !hearsAgent(one) {
			end, ended := one.End()
			t.Errorf("%s: caller %d heard no agent (ended: %v %+v): %v", who, i, ended, end, one.Heard())
		}
	}
}

// over waits until the calls of all have ended, which their agents do.
func (c *crowd) over(ctx context.Context, t *testing.T, who string) {
	t.Helper()
	for i, one := range c.calls {
		if _, err := one.WaitEnded(ctx); err != nil {
			t.Errorf("%s: caller %d is still on the line: %v", who, i, err)
			return
		}
	}
}

// neverSilent fails the test if a caller heard nothing at all for too long.
// Time in which this process itself was starved is not held against the engine.
func (c *crowd) neverSilent(t *testing.T, who string, limit time.Duration) {
	t.Helper()
	var longest, at time.Duration
	for i, one := range c.calls {
		gap := one.LongestGap()
		if gap.Length > longest {
			longest, at = gap.Length, gap.Start.Sub(one.When(phone.Dialled))
		}
		if gap.Length > limit+c.h.Trunk.Stalled() {
			t.Errorf("%s: caller %d heard nothing for %v: %v", who, i, gap.Length, one.Heard())
		}
	}
	t.Logf("%s: longest time without sound %v, %v after she dialled (limit %v; we were starved for %v)",
		who, longest.Round(time.Millisecond), at.Round(time.Millisecond), limit, c.h.Trunk.Stalled().Round(time.Millisecond))
}

// firstOffers are the moments at which the phone of an agent first rang for
// each of the crowd, by an engine.
func (c *crowd) firstOffers(t *testing.T, who string) []time.Time {
	t.Helper()
	var at []time.Time
	for i, id := range c.ids {
		offers := c.h.Offers(id)
		if len(offers) == 0 {
			t.Errorf("%s: caller %d was offered to nobody", who, i)
			continue
		}
		at = append(at, offers[0].When(phone.Invited))
	}
	return at
}

// inOrder fails the test if somebody was offered an agent before somebody who
// had waited longer.
func inOrder(t *testing.T, who string, at []time.Time) {
	t.Helper()
	latest, worst := time.Time{}, time.Duration(0)
	for i, when := range at {
		if early := latest.Sub(when); early > 0 && !latest.IsZero() {
			worst = max(worst, early)
			if early > swap {
				t.Errorf("%s: caller %d was offered %v before somebody ahead of her", who, i, early)
			}
		}
		if when.After(latest) {
			latest = when
		}
	}
	t.Logf("%s: %d offers in order, at most %v out of it (limit %v)", who, len(at), worst.Round(time.Millisecond), swap)
}

// everybody gives all agents' phones one policy for the calls to come.
func everybodyDoes(h *helpline.Helpline, policy phone.Policy) {
	for _, p := range h.People {
		h.Phone(p).Does(policy)
	}
}

// talks are the calls that agents' phones hold, in the order in which they came.
func talks(h *helpline.Helpline) (all []*phone.Call) {
	for _, p := range h.People {
		all = append(all, h.Phone(p).Live()...)
	}
	slices.SortFunc(all, func(a, b *phone.Call) int { return a.When(phone.Invited).Compare(b.When(phone.Invited)) })
	return all
}

// hangUp ends calls, all from the side whose they are.
func hangUp(calls []*phone.Call) {
	for _, c := range calls {
		c.HangUp()
	}
}

// fromFallback are the calls that agents' phones got from app_queue.
func fromFallback(h *helpline.Helpline) (all []*phone.Call) {
	for _, p := range h.People {
		for _, c := range h.Phone(p).Calls() {
			if c.Incoming() && c.Invite().Header("X-Powerline-Call") == "" {
				all = append(all, c)
			}
		}
	}
	return all
}

// oneCallEach fails the test if a phone ever held two calls.
func oneCallEach(t *testing.T, h *helpline.Helpline) {
	t.Helper()
	var once sync.Once
	for _, p := range h.People {
		if n := h.Phone(p).MostAtOnce(); n > 1 {
			t.Errorf("%s had %d calls at once", p.ID, n)
			once.Do(func() { t.Log(tail(h.Agents.Log().Ladder(string(p.ID)), 60)) })
		}
	}
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// nothingLeft waits until everybody who is logged in is free and neither the
// store nor Asterisk holds anything of a call, and fails the test if a law had
// to step in on the way.
func nothingLeft(ctx context.Context, t *testing.T, h *helpline.Helpline, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var left []string
	err := helpline.Until(ctx, "nothing is left of any call", func() bool {
		left = leftovers(ctx, h)
		return len(left) == 0
	})
	if err != nil {
		t.Errorf("%v: %s", err, strings.Join(left, "; "))
	}
	for _, e := range h.Engines {
		text, err := e.Metrics(ctx)
		if err != nil {
			continue // it was killed for good
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "acd_law_refusals_total") && !strings.HasSuffix(line, " 0") {
				t.Errorf("engine %s: %s", e.Name, line)
			}
			if strings.HasPrefix(line, "acd_reconcile_repairs_total") || strings.HasPrefix(line, "acd_fenced_total") {
				t.Logf("engine %s: %s", e.Name, line)
			}
		}
	}
}

func leftovers(ctx context.Context, h *helpline.Helpline) (left []string) {
	state, err := h.State(ctx)
	if err != nil {
		return []string{"store: " + err.Error()}
	}
	for _, c := range state.Calls {
		left = append(left, fmt.Sprintf("call %s is %s", c.ID, c.Stage))
	}
	for _, a := range state.Agents {
		if a.State != agent.Idle || a.Leg != "" || a.Elsewhere || !a.Online {
			left = append(left, fmt.Sprintf("agent %s is %s/%s leg=%q elsewhere=%v online=%v", a.Profile.ID, a.Status, a.State, a.Leg, a.Elsewhere, a.Online))
		}
	}
	channels, err := h.Asterisk.CLI(ctx, "core show channels concise")
	if channels = strings.TrimSpace(channels); err != nil || channels != "" {
		left = append(left, fmt.Sprintf("channels: %s %v", channels, err))
	}
	bridges, err := h.Asterisk.CLI(ctx, "bridge show all")
	if n := strings.Count(strings.TrimSpace(bridges), "\n"); err != nil || n > 0 {
		left = append(left, fmt.Sprintf("bridges: %s %v", bridges, err))
	}
	return left
}
