package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"powerline/cases"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// onlyFeedback are the women of the roster who only call back those who have
// complained; alsoFeedback are trained for it and take callers as well.
const (
	onlyFeedback = 5
	alsoFeedback = 4
)

// train says who makes calls: the last women of the roster do nothing else,
// some do both, the others take callers only. Officers warn and take those who
// ring back.
func train(women int) func(*helpline.Person) {
	n := 0
	return func(p *helpline.Person) {
		if !p.Woman || p.Senior || p.Counsellor {
			return
		}
		n++
		switch {
		case n > women-onlyFeedback:
			p.Categories = nil
		case n <= women-onlyFeedback-alsoFeedback:
			p.Outbound = nil
		}
	}
}

// outbound sets the dialer: a ladder that lives a day in the time asked for, at
// any hour, with waits for a person's word that are longer than a conversation.
func (d *demo) outbound(c *config.Config) {
	if d.noOutbound {
		return
	}
	o := &c.Outbound
	o.Clock = d.clock()
	o.Reserve = config.Reserve{Women: 2, Crisis: 1, Officers: 1, Resume: 1}
	o.RingAgentFor, o.Unreached, o.Every = ringFor, time.Second, 250*time.Millisecond
	for i := range o.Kinds {
		o.Kinds[i].WrapUp, o.Kinds[i].Open = wrapUp, true
	}
	all, r := cases.Daily(0, 24), &o.Ladder
	r.Hours = cases.Hours{Feedback: all, Offender: all, FFR: all, Care: all, Urgent: all}
	// A conversation of seconds is days on this clock: what must happen within a
	// day or three of the ladder gets as many as it takes to speak.
	const day = 24 * time.Hour
	r.Hold.For, r.Danger.Give = 14*day, 14*day
	r.Care.After[0] = 7 * day
	r.Callback.Second = max(r.Callback.Second, callBackWithin*time.Duration(o.Clock.Speed))
}

// callBackWithin is how long we try to call back who gave up waiting.
const callBackWithin = 30 * time.Second

// clock is the ladder's, which has its beginning with the demo's.
func (d *demo) clock() config.LadderClock {
	return config.LadderClock{Speed: int(24 * time.Hour / d.day), From: d.began.Truncate(time.Second)}
}

// answer is what a phone on the trunk does when it is called, with its share in
// a thousand: of a victim, of an offender, of his family and friends.
type answer struct {
	victim, offender, contact int
	does                      func(*rand.Rand, func() time.Duration) phone.Policy
}

// answers have the shares that the helpline's sizing assumes. A network gives
// up on a phone that nobody answers by itself here, long before we would.
var answers = []answer{
	{420, 450, 450, func(r *rand.Rand, talk func() time.Duration) phone.Policy {
		return phone.AnswerAfter(between(r, time.Second, 3*time.Second)).TalkFor(talk())
	}},
	{270, 250, 260, func(r *rand.Rand, _ func() time.Duration) phone.Policy { // no answer
		return phone.RejectAfter(between(r, 4*time.Second, 8*time.Second), 487)
	}},
	{160, 140, 150, func(r *rand.Rand, _ func() time.Duration) phone.Policy { // switched off
		return phone.Announce(announcement, between(r, 2*time.Second, 4*time.Second), 480)
	}},
	{80, 80, 80, func(*rand.Rand, func() time.Duration) phone.Policy { return phone.Reject(486) }},
	{30, 50, 30, func(r *rand.Rand, _ func() time.Duration) phone.Policy { // she, or he, presses the red key
		return phone.RejectAfter(between(r, time.Second, 3*time.Second), 603)
	}},
	{20, 20, 20, func(*rand.Rand, func() time.Duration) phone.Policy { return phone.Reject(404) }},
	{20, 10, 10, func(*rand.Rand, func() time.Duration) phone.Policy { return phone.Reject(503) }},
}

// announcement stands for "the number you have dialled is switched off".
var announcement = phone.Tone(950)

func (a answer) share(r cases.Role) int {
	switch r {
	case cases.Victim:
		return a.victim
	case cases.Offender:
		return a.offender
	}
	return a.contact
}

// drawAnswer chooses what the phone of somebody in a case does.
func drawAnswer(r *rand.Rand, role cases.Role, talk func() time.Duration) phone.Policy {
	left := r.IntN(1000)
	for _, a := range answers {
		if left -= a.share(role); left < 0 {
			return a.does(r, talk)
		}
	}
	panic("the shares of the answers of a " + string(role) + " do not make a thousand")
}

// town is everybody outside who can be called: their numbers, given out in turn,
// and what their phones do.
type town struct {
	d *demo

	mu    sync.Mutex
	luck  *rand.Rand
	given map[cases.Role]int
}

func (d *demo) newTown() *town {
	return &town{d: d, luck: rand.New(rand.NewPCG(d.seed, 2)), given: map[cases.Role]int{}}
}

// firstNumber of each role. Nobody has these numbers. They come round again
// after numbersOfARole, long after the cases of whoever had them before.
var firstNumber = map[cases.Role]int{
	cases.Victim: 99_1000_0000, cases.Offender: 97_1000_0000, cases.Contact: 96_1000_0000,
}

const numbersOfARole = 2000

func numberOf(subscriber int) string { return fmt.Sprintf("+91%d", subscriber) }

// somebody has the next number of a role, and a phone that answers as such
// people do.
func (t *town) somebody(role cases.Role) string {
	t.mu.Lock()
	n := t.given[role]
	t.given[role] = (n + 1) % numbersOfARole
	t.mu.Unlock()
	number := numberOf(firstNumber[role] + n)
	t.answers(t.d.line.Trunk.Phone(number, phone.Sings(2000+10*(n%120))), role)
	return number
}

// answers lets a phone do what those of the role do when they are called.
func (t *town) answers(p *phone.Phone, role cases.Role) {
	p.Decides(func(phone.Invitation) phone.Policy {
		t.mu.Lock()
		defer t.mu.Unlock()
		return drawAnswer(t.luck, role, func() time.Duration { return t.d.talk(t.luck) / 2 })
	})
}

// known is a number of the role that was given out before, if there is one: the
// same man in another case.
func (t *town) known(role cases.Role) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.given[role] == 0 {
		return "", false
	}
	return numberOf(firstNumber[role] + t.luck.IntN(t.given[role])), true
}

// complained are the categories of calls out of which a case is registered.
var complained = []string{"phone", "stalking", "social-media", "domestic-violence", "unclassified"}

// complains reports whether a case is to be registered out of a call.
func complains(category string, r *rand.Rand) bool {
	return slices.Contains(complained, category) && r.IntN(1000) < casesOfAThousand
}

// casesOfAThousand calls that an agent answered become a case.
const casesOfAThousand = 350
