package bench

import (
	"fmt"
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// BenchmarkTalk: 100 conversations with voice both ways, what they cost and
// whether a packet is lost. Recording comes beside it when it is built.
func BenchmarkTalk(b *testing.B) {
	const talks = 100
	s, ctx := open(b, talks)
	for i, p := range s.People {
		s.Agents.Phone(string(p.ID), phone.Hearing(), phone.Sings(300+12*i))
	}
	size := map[string]float64{"talking": talks}
	s.turns(ctx, b, []string{powerline, appQueue, plainDial}, size, func(t turn) map[string]float64 {
		t.everybodyDoes(func(phone.Invitation) phone.Policy { return phone.AnswerAfter(20 * time.Millisecond) })
		rest := t.spend(func() { <-time.After(5 * time.Second) })
		mark := t.Agents.Mark()
		var calls []*phone.Call
		defer func() { hangUp(t.ctx, calls) }()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for i := range talks {
			<-tick.C
			c, err := t.dialFrom(s.Trunk.Phone(fmt.Sprintf("+9195%08d", i), phone.Sings(1600+12*i)), i)
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, c)
		}
		talking := 0
		err := helpline.Until(t.ctx, "everybody talks", func() bool {
			var events []phone.Event
			events, mark = s.Agents.Since(mark)
			for _, e := range events {
				if e.Kind == phone.Acked && e.Call.Incoming() {
					talking++
				}
			}
			return talking == talks
		})
		if err != nil {
			t.Fatalf("%v: %d talk", err, talking)
		}
		spent := t.spend(func() { <-time.After(10 * time.Second) })
		figures := map[string]float64{"lost-packets": lost(calls), "mute-legs": mute(calls)}
		for name := range s.meter.Programs {
			figures[name+"-cores"] = max(0, spent.Cores(name)-rest.Cores(name))
		}
		return figures
	})
}

// lost counts the packets that callers missed.
func lost(calls []*phone.Call) (n float64) {
	for _, c := range calls {
		for _, w := range c.Heard() {
			n += float64(w.Lost)
		}
	}
	return n
}

// mute counts the callers who never heard an agent.
func mute(calls []*phone.Call) (n float64) {
	for _, c := range calls {
		heard := c.Heard().Count(func(w phone.Window) bool { return w.Kind() == phone.Single && w.Peaks[0].Hz < 1550 })
		if heard == 0 {
			n++
		}
	}
	return n
}
