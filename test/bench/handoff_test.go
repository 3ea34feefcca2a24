package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// waiting is how many callers wait while calls are handed on.
const waiting = 40

// handOnRate is how many agents hang up in a second, whatever their number: the
// helpline's peak is one or two. So the machine is as busy with 150 agents as
// with 30, and the hand-off is measured, not the load of 150 short talks.
const handOnRate = 5

// BenchmarkHandOff: an agent hangs up while 40 callers wait; how long until her
// phone is rung again, BYE sent to INVITE received?
func BenchmarkHandOff(b *testing.B) {
	for _, agents := range []int{1, 30, 150} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			s, ctx := open(b, agents)
			size := map[string]float64{"agents": float64(agents), "waiting": waiting}
			s.turns(ctx, b, []string{powerline, appQueue}, size, handOffs)
		})
	}
}

// handOffs keeps 40 callers waiting behind agents who all talk.
func handOffs(t turn) map[string]float64 {
	need := max(50, min(t.agents, 75))
	talk := max(time.Duration(t.agents)*time.Second/handOnRate, 250*time.Millisecond)
	mark := t.Agents.Mark()
	t.everybodyDoes(func(i phone.Invitation) phone.Policy {
		return phone.AnswerAfter(20 * time.Millisecond).TalkFor(about(talk))
	})
	var calls []*phone.Call
	dial := func() error {
		c, err := t.dial(len(calls))
		calls = append(calls, c)
		return err
	}
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	book := handOnBook{bye: map[*phone.Phone]time.Time{}}
	err := helpline.Until(t.ctx, "enough calls were handed on", func() bool {
		<-tick.C
		var events []phone.Event
		events, mark = t.Agents.Since(mark)
		book.read(events)
		if len(calls) < book.offers+waiting {
			if err := dial(); err != nil {
				t.Fatal(err)
			}
		} else if !book.open {
			book.open = true // from now on 40 wait
		}
		return len(book.times) >= need
	})
	if err != nil {
		t.Fatalf("%v: %d hand-offs", err, len(book.times))
	}
	hangUp(t.ctx, calls)
	return Quantiles(book.times[:need])
}

// about is a time that differs by a quarter at most, so that agents do not hang
// up in step.
func about(d time.Duration) time.Duration { return d*3/4 + rand.N(d/2) }

// handOnBook pairs each BYE that a phone sent with the next INVITE it got.
type handOnBook struct {
	open   bool // count from now on
	offers int
	bye    map[*phone.Phone]time.Time
	times  []time.Duration
}

func (k *handOnBook) read(events []phone.Event) {
	for _, e := range events {
		switch e.Kind {
		case phone.ByeSent:
			if k.open {
				k.bye[e.Phone] = e.At
			}
		case phone.Invited:
			k.offers++
			if at, ok := k.bye[e.Phone]; ok {
				k.times = append(k.times, e.At.Sub(at))
				delete(k.bye, e.Phone)
			}
		}
	}
}
