package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"powerline/cases"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// plan is what one caller is going to do. It is drawn before she calls, so that
// a seed gives the same crowd whatever the machine does.
type plan struct {
	line    string
	silent  bool
	presses []press
	leaves  time.Duration // hangs up so long after the answer, whatever happens; 0: never
	redials time.Duration // calls again so long after she has left; 0: no
}

// press is keys, and how long before them she waits.
type press struct {
	after time.Duration
	keys  string
}

// kinds of callers, each with its share in a thousand.
var kinds = []struct {
	share int
	draw  func(*rand.Rand) plan
}{
	{420, whoChooses},
	{150, whoSaysNothingByKeys},
	{90, whoWantsSomebody},
	{70, whoChoosesALanguage},
	{60, inACrisis},
	{50, whoCannotSpeak},
	{30, whoHangsUpInTheGreeting},
	{70, whoGivesUp},
	{60, whoRingsBack},
}

// drawPlan chooses a kind by its share, and its details.
func drawPlan(r *rand.Rand) plan {
	left := r.IntN(1000)
	for _, k := range kinds {
		if left -= k.share; left < 0 {
			return k.draw(r)
		}
	}
	panic("the shares of the kinds of callers do not make a thousand")
}

// patient is how long somebody stays who does not give up: the agent ends such
// a call long before, unless there is none.
func patient(r *rand.Rand) time.Duration { return between(r, 80*time.Second, 200*time.Second) }

func whoChooses(r *rand.Rand) plan {
	key := []string{"1", "1", "1", "2", "2", "3", "4", "4", "5"}[r.IntN(9)]
	p := plan{line: helpline.Main, presses: []press{{between(r, time.Second, 6*time.Second), key}}, leaves: patient(r)}
	if r.IntN(4) == 0 {
		p.leaves = between(r, 20*time.Second, 45*time.Second) // often in the middle of the talk
	}
	return p
}

func whoSaysNothingByKeys(r *rand.Rand) plan {
	return plan{line: helpline.Main, leaves: patient(r)}
}

func whoWantsSomebody(r *rand.Rand) plan {
	return plan{line: helpline.Main, presses: []press{{between(r, time.Second, 3*time.Second), "0"}}, leaves: patient(r)}
}

func whoChoosesALanguage(r *rand.Rand) plan {
	language := []string{"*2", "*3", "*4", "*5"}[r.IntN(4)]
	return plan{line: helpline.Main, leaves: patient(r), presses: []press{
		{between(r, time.Second, 2*time.Second), language}, {between(r, time.Second, 3*time.Second), "4"},
	}}
}

func inACrisis(r *rand.Rand) plan {
	return plan{line: helpline.Main, presses: []press{{between(r, 500*time.Millisecond, 2*time.Second), "9"}}, leaves: patient(r)}
}

// whoCannotSpeak lets a key speak for her after she was asked to; two equal keys
// mean danger.
func whoCannotSpeak(r *rand.Rand) plan {
	key := []string{"1", "1", "2", "55"}[r.IntN(4)]
	return plan{line: helpline.Main, silent: true, presses: []press{{between(r, 9*time.Second, 18*time.Second), key}}, leaves: patient(r)}
}

func whoHangsUpInTheGreeting(r *rand.Rand) plan {
	return plan{line: helpline.Main, leaves: between(r, 500*time.Millisecond, 4*time.Second)}
}

// whoGivesUp loses patience; half of these call again and get their place back.
func whoGivesUp(r *rand.Rand) plan {
	p := plan{line: helpline.Main, presses: []press{{between(r, time.Second, 2*time.Second), "1"}}, leaves: between(r, 4*time.Second, 20*time.Second)}
	if r.IntN(2) == 0 {
		p.redials = between(r, 3*time.Second, 15*time.Second)
	}
	return p
}

// whoRingsBack was called by an officer and wants to know what about.
func whoRingsBack(r *rand.Rand) plan {
	return plan{line: helpline.RingBack, leaves: patient(r)}
}

// crowd lets callers come until ctx ends.
func (d *demo) crowd(ctx context.Context) {
	r := rand.New(rand.NewPCG(d.seed, 1))
	for n := 0; ; n++ {
		if !pause(ctx, nextArrival(r, d.perMinute(), time.Since(d.opened))) {
			return
		}
		p, voice := drawPlan(r), 2000+10*r.IntN(120)
		d.work.Go(func() { d.call(ctx, p, callerNumber(n), voice) })
	}
}

// callerNumber is a mobile number that nobody has. They come round again, as a
// town's numbers do; a number that still talks simply calls twice.
func callerNumber(n int) string { return fmt.Sprintf("+9198%08d", 10_000_000+n%500) }

// call is one caller's call, and the second one if she redials.
func (d *demo) call(ctx context.Context, p plan, number string, voice int) {
	d.dialOnce(ctx, p, number, voice)
	if p.redials > 0 && pause(ctx, p.redials) {
		p.leaves = 90 * time.Second
		d.dialOnce(ctx, p, number, voice)
	}
}

func (d *demo) dialOnce(ctx context.Context, p plan, number string, voice int) {
	sound := phone.Tone(voice)
	if p.silent {
		sound = phone.Silence()
	}
	her := d.line.Trunk.Phone(number)
	d.town.answers(her, cases.Victim) // she may be called back if she gives up
	c, err := her.Dial(ctx, p.line, phone.WithSound(sound), phone.WithTalk(p.leaves))
	if err != nil {
		return // the demo is ending
	}
	defer c.HangUp()
	if _, err := c.WaitAnswered(ctx); err != nil {
		return
	}
	for _, press := range p.presses {
		if !pause(ctx, press.after) {
			return
		}
		if _, over := c.End(); over || c.SendDigits(ctx, press.keys) != nil {
			return
		}
	}
	_, _ = c.WaitEnded(ctx) // an error means that the demo ends
}

// pause waits and reports whether the demo goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
