package bench

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"powerline/test/phone"
)

// With 43 fallback queues 500 agents were 20,000 members, through which Asterisk
// looked at each change of a phone: on two cores the logins did not end within four
// minutes. With 13 queues 500 were logged in after six minutes, at a load of 13 by others.
var many = flag.Bool("many", false, "BenchmarkFirstOffer with 500 and 1,000 agents too; needs a larger machine than two cores")

// BenchmarkFirstOffer: agents are idle and a caller who needs no menu arrives;
// how long until one of their phones is rung, INVITE sent to INVITE received?
func BenchmarkFirstOffer(b *testing.B) {
	sizes := []int{10, 150}
	if *many {
		sizes = append(sizes, 500, 1000)
	}
	for _, agents := range sizes {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			s, ctx := open(b, agents)
			s.turnsOf(ctx, b, []string{powerline, appQueue}, func(t turn) {
				for _, perSecond := range []int{2, 10, 20} {
					l := t.load(perSecond, max(20, 6*perSecond), shortTalk)
					if l.failed > 0 {
						t.Errorf("%d calls failed at %d a second: %v", l.failed, perSecond, l.how)
					}
					t.keep(map[string]float64{"agents": float64(agents), "calls/s": float64(perSecond)}, Quantiles(l.times))
				}
			})
		})
	}
}

// shortTalk is how long a caller and an agent speak where signalling is measured:
// so short that an idle agent is always there.
const shortTalk = 100 * time.Millisecond

// load is what came of callers who arrived at a steady rate.
type load struct {
	times  []time.Duration // from a caller's INVITE to an agent's
	calls  int
	failed int            // not answered by an agent, or not ended by her
	how    map[string]int // and how they ended
}

// load lets callers arrive at a steady rate, who are answered at once and hung up
// on after a talk. Talks differ, or at 20 calls a second each would end just when
// another begins.
func (t turn) load(perSecond, calls int, talk time.Duration) load {
	t.everybodyDoes(func(phone.Invitation) phone.Policy {
		return phone.AnswerAfter(20 * time.Millisecond).TalkFor(about(talk))
	})
	mark := t.Agents.Mark()
	all := t.arrive(perSecond, calls)
	l := load{calls: calls, how: t.settled(all)}
	for _, n := range l.how {
		l.failed += n
	}
	var asked, rung []time.Time
	for _, c := range all {
		asked = append(asked, c.When(phone.Dialled))
	}
	answered := 0
	events, _ := t.Agents.Since(mark)
	for _, e := range events {
		switch e.Kind {
		case phone.Invited:
			rung = append(rung, e.At)
		case phone.Acked:
			answered++
		}
	}
	if lacking := calls - answered; lacking > l.failed {
		l.how["no agent answered"], l.failed = lacking-l.failed, lacking
	}
	l.times = pair(asked, rung)
	return l
}

// arrive dials at a steady rate. A tick that this process missed is made up for.
func (t turn) arrive(perSecond, calls int) []*phone.Call {
	all := make([]*phone.Call, 0, calls)
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for began := time.Now(); len(all) < calls; {
		now := <-tick.C
		for due := 1 + int(now.Sub(began).Seconds()*float64(perSecond)); len(all) < min(due, calls); {
			c, err := t.dial(len(all))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
	}
	return all
}

// settled waits until all calls have ended and counts those that were not
// answered and then ended by the other side, by how they ended. After 20 s it
// looks what the engine has of those that are left, and hangs up itself.
func (t turn) settled(all []*phone.Call) (failed map[string]int) {
	limited, cancel := context.WithTimeout(t.ctx, 20*time.Second)
	defer cancel()
	failed = map[string]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, c := range all {
		wait.Go(func() {
			end, err := c.WaitEnded(limited)
			if err == nil && end.Way == "bye" && !end.ByUs && !c.When(phone.Answered).IsZero() {
				return
			}
			how := fmt.Sprintf("%s %d", end.Way, end.Status)
			if err != nil {
				how = "still there"
			}
			mu.Lock()
			failed[how]++
			mu.Unlock()
		})
	}
	wait.Wait()
	if failed["still there"] > 0 && t.system == powerline {
		t.Logf("what is left: %v", t.left())
	}
	hangUp(t.ctx, all)
	return failed
}

// left counts the calls by stage and the agents by status and state.
func (t turn) left() map[string]int {
	count := map[string]int{}
	state, err := t.State(t.ctx)
	if err != nil {
		t.Error(err)
	}
	for _, c := range state.Calls {
		count[fmt.Sprintf("call %s", c.Stage)]++
	}
	for _, a := range state.Agents {
		count[fmt.Sprintf("agent %s/%s leg=%v elsewhere=%v online=%v", a.Status, a.State, a.Leg != "", a.Elsewhere, a.Online)]++
	}
	return count
}

// pair takes each caller's INVITE with the first agent's INVITE after it that no
// other had taken: an agent's INVITE does not say whose it is. The answers come
// in the order of the questions, or nearly so; where two change places, their
// sum is the same.
func pair(asked, rung []time.Time) []time.Duration {
	slices.SortFunc(asked, time.Time.Compare)
	slices.SortFunc(rung, time.Time.Compare)
	var times []time.Duration
	i := 0
	for _, at := range asked {
		for i < len(rung) && rung[i].Before(at) {
			i++
		}
		if i == len(rung) {
			break
		}
		times = append(times, rung[i].Sub(at))
		i++
	}
	return times
}
