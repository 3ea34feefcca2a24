package sipp_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"powerline/call"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The outbound half under faults: the dialer is killed at each point of an
// attempt, callers burst in, tasks are withdrawn while phones ring, PostgreSQL
// goes away.

// ours is the one outbound call on the floor, if there is one.
func ours(ctx context.Context, h *helpline.Helpline) (call.Call, bool) {
	state, err := h.State(ctx)
	if err != nil {
		return call.Call{}, false
	}
	for _, c := range state.Calls {
		if c.Kind == call.Outbound {
			return c, true
		}
	}
	return call.Call{}, false
}

// points are where the dialer is killed: each waits until the attempt is there.
var points = []struct {
	name    string
	officer phone.Policy // what the officer's phone does
	him     phone.Policy // what the phone of whom we call does
	reached func(ctx context.Context, h *helpline.Helpline, him *phone.Phone) bool
}{
	{"agent reserved", phone.Ignore(), phone.Ignore(), func(ctx context.Context, h *helpline.Helpline, _ *phone.Phone) bool {
		c, there := ours(ctx, h)
		return there && c.Stage == call.Offered
	}},
	{"agent just answered", phone.AnswerAfter(150 * time.Millisecond), phone.AnswerAfter(time.Second), func(ctx context.Context, h *helpline.Helpline, _ *phone.Phone) bool {
		c, there := ours(ctx, h)
		return there && c.Stage == call.Talking
	}},
	{"INVITE sent", phone.AnswerAfter(50 * time.Millisecond), phone.AnswerAfter(1500 * time.Millisecond), func(_ context.Context, _ *helpline.Helpline, him *phone.Phone) bool {
		return him.Invites() > 0
	}},
	{"answered", phone.AnswerAfter(50 * time.Millisecond), phone.AnswerAfter(100 * time.Millisecond), func(ctx context.Context, h *helpline.Helpline, _ *phone.Phone) bool {
		c, there := ours(ctx, h)
		return there && !c.Answered.IsZero()
	}},
}

func TestGivenAnAttemptAtAnyPoint_WhenTheDialerIsKilled_ThenItIsNeverDialledTwiceAndEverybodyIsFree(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 1, Officers: 1}), 4*time.Minute)
	if err := h.LogIn(ctx, h.Officers()...); err != nil {
		t.Fatal(err)
	}
	officer := h.Officers()[0]
	for i, point := range points {
		t.Run(point.name, func(t *testing.T) {
			number := fmt.Sprintf("+9198444444%02d", i)
			him := h.Trunk.Phone(number, phone.Sings(2600))
			him.Does(point.him)
			h.Phone(officer).Does(point.officer)
			made, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: number})
			if err != nil {
				t.Fatal(err)
			}
			soon(ctx, t, 15*time.Second, point.name, func() bool { return point.reached(ctx, h, him) })
			h.Dialers[0].Kill()
			h.Phone(officer).Does(phone.AnswerAfter(50 * time.Millisecond))
			him.Does(phone.AnswerAfter(100 * time.Millisecond))
			for _, rings := range h.Phone(officer).Live() {
				_ = rings.Answer() // he may have done so already
			}
			afterTheKill(ctx, t, h, him)
			start(ctx, t, h.Dialers[0])
			concludeAll(ctx, t, h, made, him)
			onceAttempt(t, him)
			nothingAlone(t, h)
			oneCallEach(t, h)
		})
	}
	nothingLeft(ctx, t, h, 15*time.Second)
}

// afterTheKill: the engine beside the dead dialer takes the call over. Whoever
// answers hears the officer all the same, and who is not reached leaves nobody
// held.
func afterTheKill(ctx context.Context, t *testing.T, h *helpline.Helpline, him *phone.Phone) {
	t.Helper()
	soon(ctx, t, 10*time.Second, "the attempt is in good hands, or over", func() bool {
		c, there := ours(ctx, h)
		return !there || c.Owner == "a"
	})
	for _, c := range him.Calls() {
		if !c.When(phone.Answered).IsZero() {
			speaker(within(ctx, t, 5*time.Second), t, h, c)
		}
	}
}

// concludeAll waits until he was warned, by this attempt or by a later one.
func concludeAll(ctx context.Context, t *testing.T, h *helpline.Helpline, made postgres.Registered, him *phone.Phone) {
	t.Helper()
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	officer := h.Officers()[0]
	soon(ctx, t, 60*time.Second, "he was spoken with and the outcome coded", func() bool {
		for _, live := range him.Live() {
			if hearsAgent(live) {
				hangUp(h.Phone(officer).Live())
			}
		}
		files, err := db.Attempts(ctx, "", made.File.Case.ID)
		if err != nil {
			return false
		}
		for _, f := range files {
			if f.End != nil && f.End.Result == string(cases.Answered) && f.Outcome == "" {
				_, _ = h.Code(ctx, f.Attempt.ID, officer.ID, cases.Warned, cases.Said{})
			}
		}
		file, err := db.Case(ctx, made.File.Case.ID)
		return err == nil && file.Case.State != cases.CounselDue
	})
}

// onceAttempt: of each attempt there is one INVITE at most. Asterisk gives each
// channel a Call-ID of its own, so that two INVITEs of one are two calls here.
func onceAttempt(t *testing.T, him *phone.Phone) {
	t.Helper()
	live := 0
	for _, c := range him.Calls() {
		if _, ended := c.End(); !ended {
			live++
		}
	}
	if live > 0 || him.MostAtOnce() > 1 {
		t.Errorf("he has %d calls left and had %d at once", live, him.MostAtOnce())
	}
}

// TestGivenHisPhoneRings_… is the operator's veto, and her own: whoever says stop
// while it rings is heard before he answers.
func TestGivenHisPhoneRings_WhenTheKindIsPausedOrSheVetoesIt_ThenItStopsRinging(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 1, Officers: 1}), 2*time.Minute)
	if err := h.LogIn(ctx, h.Officers()...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	o, err := h.Outbound()
	if err != nil {
		t.Fatal(err)
	}
	for i, veto := range []struct {
		name string
		say  func(postgres.Registered) error
	}{
		{"she vetoes it", func(made postgres.Registered) error {
			_, err := db.Apply(ctx, o.Ladder, made.File.Case.ID, cases.Event{
				ID: "veto", Version: postgres.AnyVersion, At: o.Clock.At(time.Now()), By: h.Women()[0].ID,
				What: cases.Vetoed{},
			}, intake.Told{})
			return err
		}},
		{"the kind is paused", func(postgres.Registered) error {
			return db.PauseKind(ctx, postgres.Pause{Kind: cases.CallOffender, By: "supervisor", At: time.Now(), Reason: "test"})
		}},
	} {
		t.Run(veto.name, func(t *testing.T) {
			number := fmt.Sprintf("+9198222233%02d", i)
			him := h.Trunk.Phone(number)
			him.Does(phone.Ignore())
			made, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: number})
			if err != nil {
				t.Fatal(err)
			}
			ringing, err := him.NextCall(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := veto.say(made); err != nil {
				t.Fatal(err)
			}
			asked := time.Now()
			if _, err := ringing.WaitEnded(within(ctx, t, 10*time.Second)); err != nil {
				t.Fatal(err)
			}
			atMost(t, "from the veto to the CANCEL", time.Since(asked), 3*time.Second)
			if !ringing.When(phone.Answered).IsZero() {
				t.Error("he had answered")
			}
			nothingLeft(ctx, t, h, 10*time.Second)
		})
	}
}

// TestGivenManyTasks_… dials a crowd of phones that answer when they like, and
// looks at every instant at who was rung and who was there to speak.
func TestGivenManyTasks_WhenTheTrunkAnswersAtAnyTime_ThenAnAgentIsThereBeforeEachPhoneRings(t *testing.T) {
	tasks := 40
	if long() {
		tasks = 1000
	} else {
		t.Logf("%d tasks; 1,000 with POWERLINE_LONG=1", tasks)
	}
	const officers = 10
	h, ctx := open(t, dialling(helpline.Options{Women: 3, Officers: officers}), time.Duration(tasks)*time.Second+2*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(100*time.Millisecond).TalkFor(8*time.Second))
	var registering sync.WaitGroup
	limit := make(chan struct{}, 4)
	for i := range tasks {
		number := fmt.Sprintf("+91985555%04d", i)
		h.Trunk.Phone(number, phone.Sings(2000+10*(i%120))).Does(phone.AnswerAfter(time.Duration(i%20) * 250 * time.Millisecond).TalkFor(time.Second))
		registering.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: number}); err != nil {
				t.Error(err)
			}
		})
	}
	registering.Wait()
	soon(ctx, t, time.Duration(tasks)*time.Second+60*time.Second, "everybody was called and has hung up", func() bool {
		done := 0
		for i := range tasks {
			for _, c := range h.Trunk.Phone(fmt.Sprintf("+91985555%04d", i)).Calls() {
				if _, ended := c.End(); ended && !c.When(phone.Answered).IsZero() {
					done++
					break
				}
			}
		}
		return done == tasks
	})
	agentsWereThere(t, h, officers)
	nothingAlone(t, h)
	oneCallEach(t, h)
	for _, p := range h.Women() {
		if n := h.Phone(p).Invites(); n > 0 {
			t.Errorf("%s, a woman, was rung %d times for offenders", p.ID, n)
		}
	}
}

// agentsWereThere holds each INVITE on the trunk against the legs of agents that
// were up at that instant.
func agentsWereThere(t *testing.T, h *helpline.Helpline, most int) {
	t.Helper()
	type leg struct{ up, down time.Time }
	var legs, out []leg
	ended := func(c *phone.Call) time.Time {
		if at := c.When(phone.Ended); !at.IsZero() {
			return at
		}
		return time.Now()
	}
	for _, p := range h.Agents.Phones() {
		for _, c := range p.Calls() {
			if at := c.When(phone.Answered); c.Incoming() && !at.IsZero() {
				legs = append(legs, leg{at, ended(c)})
			}
		}
	}
	slowest := time.Duration(0)
	for _, p := range h.Trunk.Phones() {
		for _, c := range p.Calls() {
			if !c.Incoming() {
				continue
			}
			out = append(out, leg{c.When(phone.Invited), ended(c)})
			if !c.When(phone.Answered).IsZero() {
				slowest = max(slowest, firstVoice(t, h, c))
			}
		}
	}
	during := func(all []leg, at time.Time) (n int) {
		for _, l := range all {
			if !l.up.After(at) && l.down.After(at) {
				n++
			}
		}
		return n
	}
	for _, o := range out {
		if rung, there := during(out, o.up), during(legs, o.up); rung > there || rung > most {
			t.Errorf("%d phones rang or talked and %d agents were there", rung, there)
		}
	}
	t.Logf("%d phones were rung; the slowest heard an agent %v after the answer (limit 200ms and one window of 320ms)", len(out), slowest)
	if limit := 200*time.Millisecond + 320*time.Millisecond; slowest > limit+h.Trunk.Stalled() {
		t.Errorf("somebody heard nobody for %v after the answer", slowest)
	}
}

// firstVoice is how long after the answer any agent was first heard.
func firstVoice(t *testing.T, h *helpline.Helpline, c *phone.Call) time.Duration {
	t.Helper()
	for _, w := range c.Heard() {
		if w.Kind() == phone.Single && w.Peaks[0].Hz > 400 {
			return max(0, w.Start.Sub(c.When(phone.Answered)))
		}
	}
	t.Errorf("%s heard nobody: %v", c.Phone().User(), c.Heard())
	return 0
}

// TestGivenAgentsWhoDial_WhenCallersBurstIn_… is blending: a caller who waits
// stops new dialling at once.
func TestGivenAgentsWhoDial_WhenCallersBurstIn_ThenNobodyNewIsDialledUntilTheyAreServed(t *testing.T) {
	const women, burst = 10, 14
	o := dialling(helpline.Options{Women: women}, func(c *config.Config) { c.Outbound.Reserve.Resume = 2 })
	h, ctx := open(t, o, 3*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond).TalkFor(3*time.Second))
	feedbacks := 60
	for i := range feedbacks {
		number := fmt.Sprintf("+91986666%04d", i)
		h.Trunk.Phone(number, phone.Sings(2500)).Does(phone.AnswerAfter(400 * time.Millisecond))
		if err := dueFeedback(ctx, h, number); err != nil {
			t.Fatal(err)
		}
	}
	invites := func() (n int) {
		for i := range feedbacks {
			n += h.Trunk.Phone(fmt.Sprintf("+91986666%04d", i)).Invites()
		}
		return n
	}
	soon(ctx, t, 20*time.Second, "the women dial", func() bool { return invites() >= women })
	calling := crowdOf(ctx, t, h, helpline.Direct, 500, burst)
	waiting := time.Now()
	soon(ctx, t, 5*time.Second, "a second has passed", func() bool { return time.Since(waiting) > time.Second })
	before := invites()
	calling.served(ctx, t, "the burst")
	t.Logf("%d were dialled when the callers had waited a second", before)
	for i := range feedbacks {
		for _, c := range h.Trunk.Phone(fmt.Sprintf("+91986666%04d", i)).Calls() {
			at := c.When(phone.Invited)
			if c.Incoming() && at.After(waiting.Add(time.Second)) && at.Before(lastServed(calling)) {
				t.Errorf("somebody was dialled %v after callers had begun to wait, %v before the last of them was served", at.Sub(waiting), lastServed(calling).Sub(at))
			}
		}
	}
	after := invites()
	soon(ctx, t, 30*time.Second, "dialling goes on", func() bool { return invites() > after })
}

// lastServed is when the last of a crowd first heard an agent.
func lastServed(c *crowd) (last time.Time) {
	for _, one := range c.calls {
		for _, w := range one.Heard() {
			if w.Kind() == phone.Single && w.Peaks[0].Hz > 400 {
				if w.Start.After(last) {
					last = w.Start
				}
				break
			}
		}
	}
	return last.Add(-320 * time.Millisecond) // a window is that long
}

// dueFeedback makes a case whose victim is to be asked now: she wants no contact
// with him, so that nothing but asking her is left.
func dueFeedback(ctx context.Context, h *helpline.Helpline, number string) error {
	_, err := h.Register(ctx, helpline.Complaint{Victim: number, Offender: offenderNumber, Change: func(r *intake.Registration) {
		r.Triage.Agrees = false
	}})
	return err
}

// TestGivenDialling_WhenPostgreSQLIsAway_… stops dialling and dials nobody twice.
func TestGivenDialling_WhenPostgreSQLIsAway_ThenNothingIsDialledAndNothingTwiceAfterwards(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, dialling(helpline.Options{Women: 1, Officers: 3}), 3*time.Minute)
	if err := h.LogIn(ctx, h.Officers()...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond).TalkFor(2*time.Second))
	const tasks = 12
	for i := range tasks {
		number := fmt.Sprintf("+91987777%04d", i)
		h.Trunk.Phone(number, phone.Sings(2500)).Does(phone.AnswerAfter(300 * time.Millisecond))
		if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: number}); err != nil {
			t.Fatal(err)
		}
	}
	each := func() (n int) {
		for i := range tasks {
			n += h.Trunk.Phone(fmt.Sprintf("+91987777%04d", i)).Invites()
		}
		return n
	}
	soon(ctx, t, 20*time.Second, "some were dialled", func() bool { return each() >= 3 })
	h.Postgres.Kill()
	killed := time.Now()
	soon(ctx, t, 20*time.Second, "calls in hand are over", func() bool { return time.Since(killed) > 6*time.Second })
	before := each()
	soon(ctx, t, 20*time.Second, "some time has passed", func() bool { return time.Since(killed) > 10*time.Second })
	if n := each(); n != before {
		t.Errorf("%d were dialled while the database was away", n-before)
	}
	if err := h.Postgres.Start(ctx); err != nil {
		t.Fatal(err)
	}
	soon(ctx, t, 60*time.Second, "all were dialled", func() bool { return each() >= tasks })
	for i := range tasks {
		if n := h.Trunk.Phone(fmt.Sprintf("+91987777%04d", i)).Invites(); n != 1 {
			t.Errorf("number %d was dialled %d times", i, n)
		}
	}
	nothingAlone(t, h)
}

// TestGivenAWomanRingsSomebody_… lets a caller in crisis have her: nobody has
// answered there yet, so that nobody is left alone.
func TestGivenAWomanRingsSomebody_WhenACrisisCallerHasNobody_ThenThatPhoneStopsRingingAndSheIsServed(t *testing.T) {
	t.Parallel()
	o := dialling(withLines(helpline.Options{Women: 1}, config.Line{DID: lineCrisis, Category: "crisis"}))
	h, ctx := open(t, o, time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond))
	victim := h.Trunk.Phone(victimNumber)
	victim.Does(phone.Ignore())
	if err := dueFeedback(ctx, h, victimNumber); err != nil {
		t.Fatal(err)
	}
	ringing, err := victim.NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	crisis := caller(ctx, t, h, 1, lineCrisis)
	called := time.Now()
	if _, err := ringing.WaitEnded(within(ctx, t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	if !ringing.When(phone.Answered).IsZero() {
		t.Error("the other phone had answered")
	}
	(&crowd{h: h, calls: []*phone.Call{crisis}}).served(within(ctx, t, 5*time.Second), t, "the caller in crisis")
	t.Logf("she heard an agent %v after she was answered", time.Since(called).Round(10*time.Millisecond))
}
