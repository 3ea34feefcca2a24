package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The people outside on BenchmarkDay: who calls, and who is called.

// calls is the n-th caller of the day. One in twenty is an offender who rings
// back, one in ten hears the menu, one in fifty gives up within a second.
func (d *day) calls(ctx context.Context, n int) {
	d.count("inbound")
	line, pool := helpline.Direct, agent.Women
	switch {
	case n%20 == 7:
		line, pool = helpline.RingBack, agent.MaleOfficers
	case n%10 == 3:
		line = helpline.Main
	}
	p := d.somebody("92", n, pool)
	c, err := p.Dial(ctx, line)
	if err != nil {
		d.Error(err)
		return
	}
	tired := time.AfterFunc(patience(n), c.HangUp)
	defer tired.Stop()
	end, err := c.WaitEnded(ctx)
	if err != nil {
		d.violation("caller %d is left: %v", n, err)
		return
	}
	speakers := d.speakers(c)
	d.mayHear(c, pool, speakers)
	switch {
	case len(speakers) > 0:
		d.count("answered")
	case end.ByUs:
		d.count("abandoned")
	default:
		d.count("lost")
		d.Logf("lost: caller %d ended by %s %d after %v, heard %v", n, end.Way, end.Status, end.At.Sub(c.When(phone.Dialled)), c.Heard())
	}
}

// patience is when a caller hangs up, whatever happens then: most stay for as
// long as the agent speaks with them.
func patience(n int) time.Duration {
	if n%50 == 11 {
		return 200*time.Millisecond + rand.N(800*time.Millisecond)
	}
	return 2 * time.Minute
}

// somebody has a number and a phone that answers as people do, and is counted
// and judged when we call.
func (d *day) somebody(prefix string, n int, pool agent.Pool) *phone.Phone {
	p := d.Trunk.Phone(fmt.Sprintf("+91%s%08d", prefix, n), phone.Sings(otherTone(n)))
	p.Decides(func(i phone.Invitation) phone.Policy {
		d.attempts.Add(1)
		if i.Nth == 1 && prefix == offenders {
			d.owed.Add(-1)
		}
		if i.Live > 0 {
			d.violation("%s was called while our call to it lived", p.User())
		}
		return d.answer()
	})
	return p
}

// Numbers that nobody has: callers begin with 92.
const (
	victims   = "93"
	offenders = "94"
	contacts  = "95"
)

// answer is what a phone does that we call, with the shares that the helpline's
// sizing assumes.
func (d *day) answer() phone.Policy {
	soon := 300*time.Millisecond + rand.N(time.Second)
	switch r := rand.IntN(100); {
	case r < 43:
		return phone.AnswerAfter(soon).TalkFor(d.talk())
	case r < 69: // nobody answers; the network gives up before we would
		return phone.RejectAfter(2*time.Second+rand.N(time.Second), 487)
	case r < 84: // switched off, says the network
		return phone.RejectAfter(soon, 480)
	case r < 92:
		return phone.Reject(486)
	case r < 96:
		return phone.RejectAfter(soon, 603)
	case r < 98:
		return phone.Reject(404)
	}
	return phone.Reject(503)
}

// register lets as many cases begin as make the attempts of the day, beside
// those that cases already there make by themselves.
func (d *day) register(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := int64(until(outboundHours, d.over())**share*outboundADay) - d.attempts.Load() - d.owed.Load()
		for range min(due, 3) {
			d.owed.Add(1)
			complaint := helpline.Complaint{
				Victim:   d.somebody(victims, n, agent.Women).User(),
				Offender: d.somebody(offenders, n, agent.MaleOfficers).User(),
				Contacts: []string{d.somebody(contacts, n, agent.MaleOfficers).User()},
			}
			if _, err := d.Register(ctx, complaint); err != nil && ctx.Err() == nil {
				d.Error(err)
				return
			}
			n++
		}
	}
}

// outcomes are what agents code, each as often as it stands there.
var outcomes = map[cases.Kind][]cases.Outcome{
	cases.CallOffender: {cases.Warned, cases.Warned, cases.Warned, cases.OtherPerson},
	cases.CallContact:  {cases.Counselled},
	cases.AskFeedback:  {cases.Satisfied, cases.StillHarassed, cases.StillHarassed, cases.UnsureOutcome},
	cases.AskFinal:     {cases.Positive, cases.Positive, cases.Negative},
	cases.AskChoice:    {cases.ChoosesWait, cases.ChoosesStation},
	cases.AskAgain:     {cases.GoesOn},
	cases.Recontact:    {cases.Safe},
	cases.FollowUp:     {cases.Safe},
	cases.CallBack:     {cases.Reached, cases.NotNeeded},
}

// code writes down, for each call that was answered, what came of it.
func (d *day) code(ctx context.Context) {
	db, err := d.Database(ctx)
	if err != nil {
		d.Error(err)
		return
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		ended, err := db.Uncoded(ctx, d.clock.At(time.Now()), 200)
		if err != nil {
			continue // the day ends
		}
		for _, e := range ended {
			of := outcomes[e.Attempt.Kind]
			if len(of) == 0 {
				d.Errorf("nobody knows what may come of %s", e.Attempt.Kind)
				return
			}
			if _, err := d.Code(ctx, e.Attempt.ID, e.Attempt.Agent, of[rand.IntN(len(of))], cases.Said{}); err != nil && ctx.Err() == nil {
				d.Error(err)
			}
		}
	}
}

// listen judges each call that somebody outside got from us, when it has ended:
// who answered must have heard one of us, and somebody whom he may hear.
func (d *day) listen(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for mark, live := 0, true; live; {
		select {
		case <-ctx.Done():
			live = false // what has ended up to now is judged
		case <-tick.C:
		}
		var events []phone.Event
		events, mark = d.Trunk.Since(mark)
		for _, e := range events {
			if e.Kind == phone.Ended && e.Call.Incoming() {
				d.judgeAttempt(e.Call)
			}
		}
	}
}

func (d *day) judgeAttempt(c *phone.Call) {
	if c.When(phone.Answered).IsZero() {
		d.count("attempts-unanswered")
		return
	}
	d.count("attempts-answered")
	speakers := d.speakers(c)
	if len(speakers) == 0 {
		d.violation("%s answered and heard nobody: %v", c.Phone().User(), c.Heard())
	}
	pool := agent.Women
	if user := c.Phone().User(); user[3:5] == offenders || user[3:5] == contacts {
		pool = agent.MaleOfficers
	}
	d.mayHear(c, pool, speakers)
}
