package sipp_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// TestGivenOffendersAndFlappingAgents_… is law 3 under faults: whatever dies, no
// woman is ever rung for an offender, and he never hears one.
func TestGivenOffendersAndFlappingAgents_WhenDialerAndEngineDieAtRandom_ThenOnlyMenSpeakWithThem(t *testing.T) {
	t.Parallel()
	tasks := 24
	if long() {
		tasks = 500
	} else {
		t.Logf("%d offenders; 500 with POWERLINE_LONG=1", tasks)
	}
	h, ctx := open(t, dialling(helpline.Options{Women: 8, Officers: 4, Men: 2}), time.Duration(tasks)*3*time.Second+2*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Decides(func(phone.Invitation) phone.Policy {
			if rand.IntN(12) == 0 {
				return phone.Reject(486)
			}
			return phone.AnswerAfter(time.Duration(20+rand.IntN(150)) * time.Millisecond).TalkFor(time.Duration(4000+rand.IntN(1500)) * time.Millisecond) // his phone rings for some of it
		})
	}
	offender := func(i int) *phone.Phone { return h.Trunk.Phone(fmt.Sprintf("+91983888%04d", i)) }
	for i := range tasks {
		offender(i).Does(phone.AnswerAfter(time.Duration(rand.IntN(1200)) * time.Millisecond))
		if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: offender(i).User()}); err != nil {
			t.Fatal(err)
		}
	}
	killed := killAtRandom(ctx, t, h)
	stopReturning := letPausedReturn(ctx, h)
	soon(ctx, t, time.Duration(tasks)*3*time.Second+60*time.Second, "each offender has heard somebody", func() bool {
		for i := range tasks {
			if !spoken(offender(i)) {
				return false
			}
		}
		return true
	})
	t.Logf("dialer and engine were killed %d times", killed())
	stopReturning()
	for _, p := range h.People {
		if n := h.Phone(p).Invites(); n > 0 && !p.Officer {
			t.Errorf("%s, who is no officer, was rung %d times", p.ID, n)
		}
	}
	for i := range tasks {
		onlyMenIn(t, h, offender(i))
	}
	oneCallEach(t, h)
	nobodyWithoutMen(ctx, t, h)
}

// killAtRandom kills the dialer or the engine every few seconds and starts it
// again. The function stops that and says how often it was done.
func killAtRandom(ctx context.Context, t *testing.T, h *helpline.Helpline) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	n := 0
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(2500+rand.IntN(2500)) * time.Millisecond):
			}
			one := h.Dialers[0]
			if n%2 == 1 {
				one = h.Engines[0]
			}
			one.Kill()
			n++
			if err := one.Start(); err != nil {
				t.Errorf("start %s: %v", one.Name, err)
				return
			}
		}
	})
	return func() int {
		cancel()
		wait.Wait()
		return n
	}
}

// spoken reports whether one of the calls to a person was answered and heard.
func spoken(p *phone.Phone) bool {
	for _, c := range p.Calls() {
		if c.Incoming() && hearsAgent(c) {
			return true
		}
	}
	return false
}

// onlyMenIn fails the test if a woman's voice was heard in a call to an offender.
func onlyMenIn(t *testing.T, h *helpline.Helpline, offender *phone.Phone) {
	t.Helper()
	for _, c := range offender.Calls() {
		for _, p := range h.Women() {
			for _, w := range c.Heard() {
				if w.Kind() == phone.Single && w.Has(h.Tone(string(p.ID))) {
					t.Errorf("%s heard %s, a woman", offender.User(), p.ID)
				}
			}
		}
	}
	if n := offender.MostAtOnce(); n > 1 {
		t.Errorf("%s had %d calls at once", offender.User(), n)
	}
}

// nobodyWithoutMen logs the men out: from then on no offender's phone rings.
func nobodyWithoutMen(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	t.Helper()
	for _, e := range append(h.Engines, h.Dialers...) {
		if err := e.Ready(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range h.Officers() {
		if err := h.Dial(ctx, p, "*12"); err != nil {
			t.Fatal(err)
		}
	}
	alone := h.Trunk.Phone("+919838889999")
	if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: alone.User()}); err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	soon(ctx, t, 10*time.Second, "some time has passed", func() bool { return time.Since(asked) > 3*time.Second })
	if n := alone.Invites(); n > 0 {
		t.Errorf("he was called %d times although no man is there", n)
	}
}

// TestGivenOneOffenderInFiveCases_… holds the number against all cases.
func TestGivenOneOffenderInFiveCases_WhenAllAreDue_ThenHeIsCalledOnceAtATimeAndNotMoreThanADayAllows(t *testing.T) {
	t.Parallel()
	const aDay = 2
	o := dialling(helpline.Options{Women: 1, Officers: 4}, func(c *config.Config) {
		c.Outbound.Clock.Speed = 1
		c.Outbound.Ladder.Limits.PerNumber, c.Outbound.Ladder.Complainants = aDay, 100
	})
	h, ctx := open(t, o, 90*time.Second)
	if err := h.LogIn(ctx, h.Officers()...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	him := h.Trunk.Phone(offenderNumber)
	him.Does(phone.RejectAfter(700*time.Millisecond, 486))
	for i := range 5 {
		if _, err := h.Register(ctx, helpline.Complaint{Victim: fmt.Sprintf("+91981111%04d", i), Offender: offenderNumber}); err != nil {
			t.Fatal(err)
		}
	}
	soon(ctx, t, 20*time.Second, "he was called as often as a day allows", func() bool { return him.Invites() >= aDay })
	since := time.Now()
	soon(ctx, t, 10*time.Second, "some time has passed", func() bool { return time.Since(since) > 4*time.Second })
	if n := him.Invites(); n != aDay {
		t.Errorf("he was called %d times, at most %d a day over all cases", n, aDay)
	}
	if n := him.MostAtOnce(); n > 1 {
		t.Errorf("he had %d calls at once", n)
	}
}

// TestGivenACaseWithKnownWords_… looks for the victim in all that is written
// while her offender is called and she is asked.
func TestGivenACaseWithKnownWords_WhenItIsWorkedOn_ThenTheyStandNowhere(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 2, Officers: 1}), 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	victim, offender := "+91"+canary(50), "+91"+canary(51)
	for _, n := range []string{victim, offender} {
		h.Trunk.Phone(n).Does(phone.AnswerAfter(200 * time.Millisecond))
	}
	made, err := h.Register(ctx, helpline.Complaint{Victim: victim, Offender: offender, Name: "Zubaida Kanarienvogel"})
	if err != nil {
		t.Fatal(err)
	}
	warned := next(ctx, t, h, offender)
	full := dumpRedis(ctx, t, h)
	conclude(ctx, t, h, warned, cases.Warned)
	asked := next(ctx, t, h, victim)
	full += dumpRedis(ctx, t, h)
	conclude(ctx, t, h, asked, cases.Satisfied)
	words := []string{canary(50), canary(51), "Zubaida", "Kanarienvogel"}
	for _, e := range append(h.Dialers, h.Engines...) {
		text, err := e.Metrics(ctx)
		if err != nil {
			t.Fatal(err)
		}
		full += text
	}
	private := append(words, made.File.Case.ID, made.File.Docket, made.File.Case.Victim.ID)
	for _, word := range private {
		if strings.Contains(full, word) {
			t.Errorf("Redis or the metrics hold %q", word)
		}
		if n := len(h.Agents.Log().Containing(word)); n > 0 {
			t.Errorf("%d messages to agents' phones hold %q", n, word)
		}
		if text := warned.call.Ladder() + fmt.Sprint(warned.call.Invite()); word != canary(51) && strings.Contains(text, word) {
			t.Errorf("an offender's leg holds %q", word)
		}
	}
	for _, hit := range findIn(t, h.Dir, "canaries", words) {
		t.Error(hit)
	}
	if len(h.Trunk.Log().Containing(canary(50))) == 0 {
		t.Error("the search cannot find what is surely there")
	}
}
