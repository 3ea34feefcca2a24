package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"powerline/cases"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// seat is one agent of the demo at her softphone.
type seat struct {
	d      *demo
	person helpline.Person
	phone  *phone.Phone
	talks  *rand.Rand    // used under the phone's lock
	moods  *rand.Rand    // used by attend alone
	missed chan struct{} // she lets a call ring out
}

// Codes that agents dial, as in the default configuration.
const (
	codeReady = "*13"
	codePause = "*14" // and the digit of the reason
	codeDone  = "*15"

	codeOutcome = "*17" // and the number of the outcome
)

func (d *demo) newSeat(i int, p helpline.Person) *seat {
	s := &seat{
		d: d, person: p, phone: d.line.Phone(p), missed: make(chan struct{}, 1),
		talks: rand.New(rand.NewPCG(d.seed, uint64(1000+i))), moods: rand.New(rand.NewPCG(d.seed, uint64(2000+i))),
	}
	s.phone.Decides(s.decide)
	return s
}

// decide is what she does when her phone rings. Who calls out stays on the line
// until the other side hangs up, or was not reached.
func (s *seat) decide(i phone.Invitation) phone.Policy {
	switch luck := s.talks.IntN(100); {
	case luck < 3:
		select {
		case s.missed <- struct{}{}:
		default:
		}
		return phone.Ignore()
	case luck < 6:
		return phone.RejectAfter(time.Second, 486)
	}
	rings := between(s.talks, time.Second, 3*time.Second)
	if slices.Contains(cases.Kinds, cases.Kind(i.Display)) {
		return phone.AnswerAfter(rings / 2)
	}
	return phone.AnswerAfter(rings).TalkFor(s.d.talk(s.talks))
}

// attend is her day: pauses, an early end of wrap-up, a softphone that dies.
func (s *seat) attend(ctx context.Context) {
	for {
		next := time.NewTimer(between(s.moods, 20*time.Second, 90*time.Second))
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-s.missed:
			next.Stop()
			// The engine has paused her for not answering; she comes back.
			if pause(ctx, ringFor+between(s.moods, 4*time.Second, 12*time.Second)) {
				s.dial(ctx, codeReady)
			}
		case <-next.C:
			s.doSomething(ctx)
		}
	}
}

func (s *seat) doSomething(ctx context.Context) {
	if len(s.phone.Live()) > 0 {
		return // she is busy
	}
	switch luck := s.moods.IntN(100); {
	case luck < 30:
		reason := []string{"1", "2", "3", "4"}[s.moods.IntN(4)]
		s.dial(ctx, codePause+reason)
		if pause(ctx, between(s.moods, 8*time.Second, 25*time.Second)) {
			s.dial(ctx, codeReady)
		}
	case luck < 34:
		s.phone.Vanish()
		if pause(ctx, between(s.moods, 8*time.Second, 15*time.Second)) {
			s.phone.Reappear()
			if s.phone.Register(ctx) == nil && pause(ctx, 3*time.Second) {
				s.dial(ctx, codeReady)
			}
		}
	case luck < 60:
		s.dial(ctx, codeDone)
	default:
		s.dial(ctx, codeReady) // whatever kept her away is over
	}
}

// dial dials a code and listens to what the engine says about it.
func (s *seat) dial(ctx context.Context, code string) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	c, err := s.phone.Dial(ctx, code, phone.WithSound(phone.Silence()))
	if err != nil {
		return
	}
	defer c.HangUp()
	_, _ = c.WaitEnded(ctx) // the engine hangs up; a silent one is the caller's problem, not hers
}
