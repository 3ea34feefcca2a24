package sipp_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The benchmarks compare Powerline with app_queue on the same Asterisk, with the
// same phones, in the same run; one thing changes, the number that is dialled.
// Times are between SIP messages. Quote the ratio, not the milliseconds: the
// machine is shared.
//
//	go test -run '^$' -bench . -benchtime 1x -timeout 30m ./test/sipp

// openBench starts a helpline whose phones are silent, so that SIP is all that
// is measured, with app_queue beside it.
func openBench(b *testing.B, agents int) (*helpline.Helpline, context.Context) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	b.Cleanup(cancel)
	h, err := helpline.Open(ctx, helpline.Options{Women: agents, Silent: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(h.Close)
	if err := plainQueue(ctx, h); err != nil {
		b.Fatal(err)
	}
	if err := h.LogIn(ctx, h.People...); err != nil {
		b.Fatal(err)
	}
	return h, ctx
}

// plainQueue adds a number that goes to app_queue as a well-kept dialplan does,
// answered first, with the members and settings of the fallback.
func plainQueue(ctx context.Context, h *helpline.Helpline) error {
	path := filepath.Join(h.Asterisk.Settings.Dirs.Etc, "extensions.conf")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintf(f, "\n[from-trunk](+)\nexten => %s,1,Answer(,i)\n same => n,Queue(unclassified-hi,CiI)\n same => n,Hangup()\n", helpline.AppQueue)
	_, err = h.Asterisk.CLI(ctx, "dialplan reload")
	return err
}

// BenchmarkHandOff: an agent hangs up while callers wait; how long until her
// phone is rung again?
func BenchmarkHandOff(b *testing.B) {
	for _, size := range []struct{ agents, waiting int }{{10, 20}, {30, 40}, {150, 200}, {30, 500}} {
		b.Run(fmt.Sprintf("agents=%d/waiting=%d", size.agents, size.waiting), func(b *testing.B) {
			h, ctx := openBench(b, size.agents)
			for _, system := range []struct{ name, number string }{{"powerline", helpline.Direct}, {"app_queue", helpline.AppQueue}} {
				b.Run(system.name, func(b *testing.B) {
					var times []time.Duration
					for b.Loop() {
						times = handOffs(ctx, b, h, system.number, size.agents, size.waiting)
					}
					report(b, times)
				})
			}
		})
	}
}

// handOffs lets callers wait, every agent talk two seconds and hang up, and
// collects the time from each BYE to the next INVITE at the same phone.
func handOffs(ctx context.Context, b *testing.B, h *helpline.Helpline, number string, agents, waiting int) []time.Duration {
	b.Helper()
	const each = 3 // calls per agent while others still wait
	idle(ctx, b, h)
	defer alone(ctx, b, h, number)()
	for _, p := range h.People {
		h.Phone(p).Does(phone.Ignore())
	}
	begin := len(h.Agents.Log().Messages())
	calls := callAll(ctx, b, h, number, agents*each+waiting)
	for _, p := range h.People {
		h.Phone(p).Decides(func(phone.Invitation) phone.Policy {
			return phone.AnswerAfter(150 * time.Millisecond).TalkFor(talk())
		})
		for _, ringing := range h.Phone(p).Live() {
			_ = ringing.Answer() // it may have been cancelled meanwhile
			time.AfterFunc(talk(), ringing.HangUp)
		}
	}
	need := agents * (each - 1)
	var times []time.Duration
	err := helpline.Until(ctx, "enough calls were handed on", func() bool {
		times = byeToInvite(h.Agents.Log().Messages()[begin:])
		return len(times) >= need
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Does(phone.Reject(486))
	}
	hangUpAll(calls)
	return times[:need]
}

// talk is between 1.5 and 2.5 s, so that the agents do not hang up in step.
func talk() time.Duration { return 1500*time.Millisecond + rand.N(time.Second) }

// callAll dials so many callers at 50 a second and waits until all are answered
// (by the queue).
func callAll(ctx context.Context, b *testing.B, h *helpline.Helpline, number string, n int) []*phone.Call {
	b.Helper()
	calls := make([]*phone.Call, n)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var wait sync.WaitGroup
	for i := range calls {
		<-tick.C
		c, err := h.Trunk.Phone(fmt.Sprintf("+9197%08d", i)).Dial(ctx, number)
		if err != nil {
			b.Fatal(err)
		}
		calls[i] = c
		wait.Go(func() {
			if _, err := c.WaitAnswered(ctx); err != nil {
				b.Error(err)
			}
		})
	}
	wait.Wait()
	return calls
}

func hangUpAll(calls []*phone.Call) {
	for _, c := range calls {
		c.HangUp()
	}
}

// idle waits until every agent may be rung, whatever the run before did to her.
func idle(ctx context.Context, b *testing.B, h *helpline.Helpline) {
	b.Helper()
	ready := func(p helpline.Person) {
		a, err := h.Agent(ctx, p.ID)
		if err == nil && a.Status == agent.NotReady {
			_ = h.Dial(ctx, p, "*13") // Until below judges
		}
	}
	for _, p := range h.People {
		ready(p)
	}
	if err := h.UntilAgents(ctx, "all agents are idle", h.People, agent.Agent.Routable); err != nil {
		b.Fatal(err)
	}
}

// alone stops the engine while app_queue is measured: it would fetch the callers
// out of app_queue, as is its duty. The function starts it again.
func alone(ctx context.Context, b *testing.B, h *helpline.Helpline, number string) func() {
	b.Helper()
	if number != helpline.AppQueue {
		return func() {}
	}
	engine := h.Engines[0]
	engine.Stop()
	return func() {
		if err := errors.Join(engine.Start(), engine.Ready(ctx)); err != nil {
			b.Error(err)
		}
	}
}

// byeToInvite pairs each BYE that a phone sent with the next INVITE it got.
func byeToInvite(log []*phone.Message) []time.Duration {
	bye := map[string]time.Time{}
	var times []time.Duration
	for _, m := range log {
		switch {
		case m.Status() != 0 || m.Note != "":
		case m.Sent && m.Method() == "BYE":
			bye[m.Phone] = m.At
		case !m.Sent && m.Method() == "INVITE":
			if at, ok := bye[m.Phone]; ok {
				times = append(times, m.At.Sub(at))
				delete(bye, m.Phone)
			}
		}
	}
	return times
}

// BenchmarkFirstOffer: a caller who needs no menu arrives and agents are idle;
// how long until one of their phones is rung?
func BenchmarkFirstOffer(b *testing.B) {
	for _, agents := range []int{10, 150} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			h, ctx := openBench(b, agents)
			for _, p := range h.People {
				h.Phone(p).Does(phone.AnswerAfter(20 * time.Millisecond).TalkFor(200 * time.Millisecond))
			}
			for _, system := range []struct{ name, number string }{{"powerline", helpline.Direct}, {"app_queue", helpline.AppQueue}} {
				b.Run(system.name, func(b *testing.B) {
					var times []time.Duration
					for b.Loop() {
						times = firstOffers(ctx, b, h, system.number)
					}
					report(b, times)
				})
			}
		})
	}
}

// firstOffers calls ten times a second and pairs each caller's INVITE with the
// agent's INVITE that followed it.
func firstOffers(ctx context.Context, b *testing.B, h *helpline.Helpline, number string) []time.Duration {
	b.Helper()
	const calls = 200
	idle(ctx, b, h)
	defer alone(ctx, b, h, number)()
	begin := len(h.Agents.Log().Messages())
	begun := time.Now()
	all := make([]*phone.Call, 0, calls)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := range calls {
		<-tick.C
		c, err := h.Trunk.Phone(fmt.Sprintf("+9196%08d", i)).Dial(ctx, number)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		if _, err := c.WaitEnded(ctx); err != nil {
			b.Fatal(err)
		}
	}
	var sent []time.Time
	for _, m := range h.Trunk.Log().Messages() {
		if m.Sent && m.Status() == 0 && m.Method() == "INVITE" && m.Note == "" && !m.At.Before(begun) {
			sent = append(sent, m.At)
		}
	}
	var got []time.Time
	for _, m := range h.Agents.Log().Messages()[begin:] {
		if !m.Sent && m.Status() == 0 && m.Method() == "INVITE" && m.Note == "" {
			got = append(got, m.At)
		}
	}
	return pair(sent, got)
}

// pair takes each sent with the first got after it that no other had taken. At
// ten a second the answers come in the order of the questions.
func pair(sent, got []time.Time) []time.Duration {
	slices.SortFunc(got, time.Time.Compare)
	var times []time.Duration
	i := 0
	for _, at := range sent {
		for i < len(got) && got[i].Before(at) {
			i++
		}
		if i == len(got) {
			break
		}
		times = append(times, got[i].Sub(at))
		i++
	}
	return times
}

func report(b *testing.B, times []time.Duration) {
	b.Helper()
	if len(times) == 0 {
		b.Fatal("nothing was measured")
	}
	slices.Sort(times)
	at := func(q float64) float64 {
		return float64(times[min(len(times)-1, int(q*float64(len(times))))].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(times)), "n")
	b.ReportMetric(at(.5), "p50-ms")
	b.ReportMetric(at(.95), "p95-ms")
	b.ReportMetric(at(.99), "p99-ms")
}
