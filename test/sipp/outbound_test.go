package sipp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The outbound half on the real stack: who is called, from which number, by
// whom, and what the other side hears.

// secondsADay is how long a day of the ladder lasts here.
const secondsADay = 1

// dialling is a helpline with a dialer, whose ladder lives a day in a second,
// at any hour.
func dialling(o helpline.Options, changes ...func(*config.Config)) helpline.Options {
	if o.Dialers == 0 {
		o.Dialers = 1
	}
	from := time.Now()
	o.Changes = append(o.Changes, func(c *config.Config) {
		c.Outbound.Clock = config.LadderClock{Speed: 86400 / secondsADay, From: from}
		helpline.Always(&c.Outbound.Ladder)
	})
	o.Changes = append(o.Changes, changes...)
	return o
}

const (
	victimNumber   = "+919811111101"
	offenderNumber = "+919822222201"
)

// called is one call that somebody outside got from us.
type called struct {
	call *phone.Call
	by   helpline.Person // whose voice he hears
}

// next waits for the next call that a person outside gets from us, and for the
// voice in it.
func next(ctx context.Context, t *testing.T, h *helpline.Helpline, number string) called {
	t.Helper()
	c, err := h.Trunk.Phone(number).NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	return called{c, speaker(ctx, t, h, c)}
}

// speaker is the agent whose voice is heard in a call.
func speaker(ctx context.Context, t *testing.T, h *helpline.Helpline, c *phone.Call) (who helpline.Person) {
	t.Helper()
	err := helpline.Until(ctx, "somebody speaks", func() bool {
		for _, p := range h.People {
			if c.Heard().Has(h.Tone(string(p.ID))) > 0 {
				who = p
				return true
			}
		}
		return false
	})
	if err != nil {
		t.Fatalf("%v: %v", err, c.Heard())
	}
	return who
}

// from is the user part of what a call shows as its caller.
func from(c *phone.Call) string {
	_, rest, _ := strings.Cut(c.Invite().Header("From"), "sip:")
	user, _, _ := strings.Cut(rest, "@")
	return user
}

// attempt is the id of the call that an agent's phone holds.
func attempt(t *testing.T, h *helpline.Helpline, p helpline.Person) string {
	t.Helper()
	live := h.Phone(p).Live()
	if len(live) != 1 {
		t.Fatalf("agent %s has %d calls", p.ID, len(live))
	}
	return live[0].Invite().Header("X-Powerline-Call")
}

// conclude lets the agent code the outcome and hang up.
func conclude(ctx context.Context, t *testing.T, h *helpline.Helpline, c called, outcome cases.Outcome) postgres.Step {
	t.Helper()
	id := attempt(t, h, c.by)
	hangUp(h.Phone(c.by).Live())
	if _, err := c.call.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	var step postgres.Step
	var err error
	if until := helpline.Until(within(ctx, t, 10*time.Second), "the outcome is taken", func() bool {
		step, err = h.Code(ctx, id, c.by.ID, outcome, cases.Said{})
		return err == nil && step.Verdict == cases.Applied
	}); until != nil {
		t.Fatalf("outcome %s: %v, %v %s", outcome, until, err, step.Verdict)
	}
	return step
}

// TestGivenAComplaint_… lives a case from its registration to its end: warned by
// a man, asked by a woman after three days, asked again thirty days later.
func TestGivenAComplaint_WhenItsLadderIsClimbed_ThenTheRightPeopleCallFromTheRightNumbersAndItIsResolved(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 3, Officers: 1, Men: 1}), 3*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	for i, n := range []string{victimNumber, offenderNumber} {
		h.Trunk.Phone(n, phone.Sings(2000+300*i)).Does(phone.AnswerAfter(300 * time.Millisecond))
	}
	began := time.Now()
	made, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: offenderNumber, Name: "Asha Canary"})
	if err != nil {
		t.Fatal(err)
	}
	warned := next(ctx, t, h, offenderNumber)
	if !warned.by.Officer || warned.by.Woman || from(warned.call) != helpline.RingBack {
		t.Errorf("the offender was called by %s from %s", warned.by.ID, from(warned.call))
	}
	if err := warned.call.Hears(ctx, h.Tone(string(warned.by.ID))); err != nil {
		t.Error(err)
	}
	noVictimIn(t, warned.call, made, "Asha")
	atMost(t, "from the 200 of whom we call to the agent's voice", firstSound(t, warned.call, h.Tone(string(warned.by.ID))), 250*time.Millisecond)
	if step := conclude(ctx, t, h, warned, cases.Warned); step.Case.State != cases.CounselFeedback {
		t.Errorf("warned: the case is %s", step.Case.State)
	}
	asked := next(ctx, t, h, victimNumber)
	near(t, "from registration to the first feedback", time.Since(began), 3*secondsADay*time.Second, 5*time.Second)
	if !asked.by.Woman || from(asked.call) != helpline.Main {
		t.Errorf("she was called by %s from %s", asked.by.ID, from(asked.call))
	}
	satisfied := time.Now()
	if step := conclude(ctx, t, h, asked, cases.Satisfied); step.Case.State != cases.Watch {
		t.Errorf("satisfied: the case is %s", step.Case.State)
	}
	final := next(ctx, t, h, victimNumber)
	if waited := time.Since(satisfied); waited < 30*secondsADay*time.Second-time.Second {
		t.Errorf("the final feedback came after %v, which is not 30 days", waited)
	}
	if step := conclude(ctx, t, h, final, cases.Positive); step.Case.State != cases.Closed || step.Case.Closure != cases.Resolved {
		t.Errorf("positive: the case is %s %s", step.Case.State, step.Case.Closure)
	}
	for _, p := range h.Men() {
		for _, c := range h.Phone(p).Calls() {
			if c.Incoming() && !p.Officer {
				t.Errorf("%s, who is no officer, was rung", p.ID)
			}
		}
	}
	oneCallEach(t, h)
	nothingLeft(ctx, t, h, 10*time.Second)
}

// firstSound is how long after the answer an agent's voice was first heard.
func firstSound(t *testing.T, c *phone.Call, hz int) time.Duration {
	t.Helper()
	for _, w := range c.Heard() {
		if w.Has(hz) {
			return w.Start.Sub(c.When(phone.Answered))
		}
	}
	t.Error("she was never heard")
	return -1
}

// noVictimIn fails the test if a message of a call tells anything of the case.
func noVictimIn(t *testing.T, c *phone.Call, made postgres.Registered, words ...string) {
	t.Helper()
	text := c.Ladder() + fmt.Sprint(c.Invite())
	for _, secret := range append(words, strings.TrimPrefix(victimNumber, "+91"), made.File.Case.ID, made.File.Docket, made.File.Case.Victim.ID) {
		if strings.Contains(text, secret) {
			t.Errorf("an offender's leg says %q", secret)
		}
	}
}

// TestGivenOnlyWomen_… is law 3 for calls that we make.
func TestGivenOnlyWomen_WhenAnOffenderIsDue_ThenNobodyCallsHimUntilAManIsThere(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 4, Officers: 1}), 90*time.Second)
	if err := h.LogIn(ctx, h.Women()...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	h.Trunk.Phone(offenderNumber).Does(phone.AnswerAfter(100 * time.Millisecond))
	if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: offenderNumber}); err != nil {
		t.Fatal(err)
	}
	soon(ctx, t, 10*time.Second, "the dialer sees that nobody fits", func() bool {
		return figure(ctx, t, h.Dialers[0], `dialer_resting_tasks{reason="nobody-fits"}`)+figure(ctx, t, h.Dialers[0], `dialer_refused_total{rule="no-agent"}`) > 0
	})
	if n := h.Trunk.Phone(offenderNumber).Invites(); n > 0 {
		t.Errorf("he was called %d times", n)
	}
	if err := h.SignIn(ctx, h.Officers()[0]); err != nil { // who is rung at once
		t.Fatal(err)
	}
	if c := next(ctx, t, h, offenderNumber); c.by.Woman {
		t.Errorf("he was called by %s", c.by.ID)
	}
	for _, p := range h.Women() {
		if n := h.Phone(p).Invites(); n > 0 {
			t.Errorf("%s, a woman, was rung %d times", p.ID, n)
		}
	}
}

// TestGivenPhonesThatDoNotAnswer_… plays what networks say, and reads what was
// understood of it.
func TestGivenPhonesThatDoNotAnswer_WhenTheyAreCalled_ThenEachCauseIsToldApart(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 1, Officers: 4}), 2*time.Minute)
	if err := h.LogIn(ctx, h.Officers()...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	want := map[string]struct {
		policy phone.Policy
		cause  cases.Cause
	}{
		"+919833333301": {phone.RejectAfter(200*time.Millisecond, 486), cases.Busy},
		"+919833333302": {phone.RejectAfter(200*time.Millisecond, 603), cases.Rejected},
		"+919833333303": {phone.Reject(404), cases.Invalid},
		"+919833333304": {phone.Reject(480), cases.Off},
		"+919833333305": {phone.Reject(503), cases.Network},
		"+919833333306": {phone.Ignore(), cases.NoAnswer},
	}
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]postgres.Registered{}
	for n, one := range want {
		h.Trunk.Phone(n).Does(one.policy)
		if made[n], err = h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: n}); err != nil {
			t.Fatal(err)
		}
	}
	for n, one := range want {
		var file postgres.AttemptFile
		soon(ctx, t, 60*time.Second, "the first attempt to "+string(one.cause)+" has ended", func() bool {
			files, err := db.Attempts(ctx, "", made[n].File.Case.ID)
			if err == nil && len(files) > 0 {
				file = files[0]
			}
			return file.End != nil
		})
		if file.End.Result != string(one.cause) {
			t.Errorf("a phone that is %s was understood as %s (SIP %d, Q.850 %d)", one.cause, file.End.Result, file.End.SIP, file.End.Q850)
		}
	}
	nothingAlone(t, h)
}

// nothingAlone fails the test if somebody outside was ever connected with us and
// heard nobody.
func nothingAlone(t *testing.T, h *helpline.Helpline) {
	t.Helper()
	for _, p := range h.Trunk.Phones() {
		for _, c := range p.Calls() {
			if c.Incoming() && !c.When(phone.Answered).IsZero() && !hearsAgent(c) {
				t.Errorf("%s answered and heard nobody: %v", p.User(), c.Heard())
			}
		}
	}
}

// TestGivenAnAnsweredCall_… codes the outcome by telephone: one step moves the
// case and ends the wrap-up, and without it there is no further call.
func TestGivenAnAnsweredCall_WhenTheOfficerDialsTheOutcome_ThenTheCaseMovesAndHeIsFree(t *testing.T) {
	t.Parallel()
	o := dialling(helpline.Options{Women: 1, Officers: 1}, func(c *config.Config) {
		for i := range c.Outbound.Kinds {
			c.Outbound.Kinds[i].WrapUp, c.Outbound.Kinds[i].Open = time.Second, true
		}
	})
	h, ctx := open(t, o, 90*time.Second)
	if err := h.LogIn(ctx, h.Officers()...); err != nil {
		t.Fatal(err)
	}
	officer := h.Officers()[0]
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	him, other := h.Trunk.Phone(offenderNumber), h.Trunk.Phone("+919822222202")
	him.Does(phone.AnswerAfter(200 * time.Millisecond))
	other.Does(phone.AnswerAfter(200 * time.Millisecond))
	made, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: offenderNumber})
	if err != nil {
		t.Fatal(err)
	}
	first := next(ctx, t, h, offenderNumber)
	if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: "+919822222202"}); err != nil {
		t.Fatal(err)
	}
	hangUp(h.Phone(officer).Live())
	if _, err := first.call.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	ended := time.Now()
	if err := h.UntilAgents(ctx, "he writes up", h.Officers(), func(a agent.Agent) bool { return a.State == agent.WrapUp }); err != nil {
		t.Fatal(err)
	}
	soon(ctx, t, 10*time.Second, "he writes up for longer than planned", func() bool { return time.Since(ended) > 3*time.Second })
	if n := other.Invites(); n > 0 {
		t.Error("the next was called before the outcome was coded")
	}
	if err := h.Dial(ctx, officer, "*1799"); err != nil {
		t.Fatal(err)
	}
	if err := h.Dial(ctx, officer, "*171"); err != nil { // the first of the list: warned
		t.Fatal(err)
	}
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	soon(ctx, t, 5*time.Second, "the case has moved", func() bool {
		file, err := db.Case(ctx, made.File.Case.ID)
		return err == nil && file.Case.State == cases.CounselFeedback
	})
	if second := next(ctx, t, h, "+919822222202"); second.by.ID != officer.ID {
		t.Errorf("%s called the next", second.by.ID)
	}
}

// TestGivenSheGaveUpWaiting_… rings a woman back who hung up in the queue, once,
// and not if she calls again.
func TestGivenSheGaveUpWaiting_WhenAWomanIsFree_ThenSheIsCalledBackUnlessSheCallsAgain(t *testing.T) {
	t.Parallel()
	o := dialling(helpline.Options{Women: 1}, func(c *config.Config) {
		c.Outbound.Clock.Speed = 1
		c.Outbound.Ladder.Callback.MinWait = time.Second
	})
	h, ctx := open(t, o, 2*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	busy := caller(ctx, t, h, 900, helpline.Direct)
	callIs(ctx, t, h, busy, "talks", func(c call.Call) bool { return c.Stage == call.Talking })
	var gaveUp []*phone.Call
	for i := range 2 {
		c := caller(ctx, t, h, 910+i, helpline.Direct, phone.WithSound(phone.Tone(2200)))
		callIs(ctx, t, h, c, "waits", waits)
		gaveUp = append(gaveUp, c)
	}
	soon(ctx, t, 10*time.Second, "they have waited", func() bool { return time.Since(gaveUp[1].When(phone.Dialled)) > 2500*time.Millisecond })
	hangUp(gaveUp)
	for i := range 2 {
		h.Trunk.Phone(number(910 + i)).Does(phone.AnswerAfter(200 * time.Millisecond))
	}
	soon(ctx, t, 15*time.Second, "both are to be called back", func() bool {
		return figure(ctx, t, h.Dialers[0], `dialer_gave_up_total{follows="called-back"}`) == 2
	})
	again := caller(ctx, t, h, 911, helpline.Direct)
	callIs(ctx, t, h, again, "waits", waits)
	soon(ctx, t, 10*time.Second, "her task has ended", func() bool {
		return figure(ctx, t, h.Dialers[0], `dialer_due_tasks{kind="callback"}`) == 1
	})
	h.Phone(h.People[0]).Does(phone.AnswerAfter(50 * time.Millisecond).TalkFor(time.Second))
	hangUp(h.Phone(h.People[0]).Live())
	if back := next(ctx, t, h, number(910)); !back.by.Woman || from(back.call) != helpline.Main {
		t.Errorf("she was called back by %s from %s", back.by.ID, from(back.call))
	}
	if _, err := again.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	if n := h.Trunk.Phone(number(911)).Invites(); n > 0 {
		t.Errorf("who called again was called back %d times", n)
	}
}
