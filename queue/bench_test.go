package queue_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
	"powerline/queue/queuetest"
)

// The commit that stands between a caller and a ringing phone: one call and one
// agent, from waiting and idle to offered and reserved.
func BenchmarkCommitOffer(b *testing.B) {
	s, _, _ := opened(b, shared)
	benchmarkOffer(b, s)
}

func BenchmarkCommitOfferInMemory(b *testing.B) { benchmarkOffer(b, queue.NewMemory()) }

func benchmarkOffer(b *testing.B, s queuetest.Store) {
	o := crowd(b, s, 150, 500)
	st, err := s.Load(b.Context())
	must(b, err)
	c, her := st.Calls[0], st.Agents[0]
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		var ev call.Event = queuetest.Matched(her)
		if c.Stage == call.Offered {
			ev = call.RingFailed{At: queuetest.Noon, Leg: c.Offer.Leg, Why: agent.CallerGone}
		}
		next, hers := queuetest.Step(c, her, ev)
		begin := time.Now()
		d, err := s.Commit(b.Context(), o, queuetest.Pair(c, next, her, hers))
		took = append(took, time.Since(begin))
		must(b, err)
		c, her = d.Calls[0], d.Agents[0]
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func BenchmarkLoad(b *testing.B) {
	s, _, _ := opened(b, shared)
	crowd(b, s, 1000, 500)
	for b.Loop() {
		st, err := s.Load(b.Context())
		if err != nil || len(st.Agents) != 1000 || len(st.Calls) != 500 {
			b.Fatalf("%v: %d agents, %d calls", err, len(st.Agents), len(st.Calls))
		}
	}
}

func BenchmarkRebuild(b *testing.B) {
	s, plain, prefix := opened(b, shared)
	o := crowd(b, s, 150, 500)
	st, err := s.Load(b.Context())
	must(b, err)
	for b.Loop() {
		b.StopTimer()
		wipeSite(b, plain, prefix)
		b.StartTimer()
		done, err := s.Rebuild(b.Context(), o, st.Calls, st.Agents)
		must(b, err)
		o = done.Owner
	}
}

// crowd is a busy hour: agents with full profiles, and callers who wait.
func crowd(b *testing.B, s queuetest.Store, agents, calls int) queue.Owner {
	b.Helper()
	o, err := s.Join(b.Context(), "acd-a")
	must(b, err)
	people := make([]agent.Agent, agents)
	for i := range people {
		people[i] = queuetest.Woman(agent.ID(fmt.Sprintf("a%04d", i)))
		people[i].Profile.Languages = []string{"hi", "en", "bho"}
		people[i].Profile.Categories = []string{"domestic", "stalking", "cyber", "other"}
	}
	waiting := make([]call.Call, calls)
	for i := range waiting {
		waiting[i] = queuetest.Waiting(fmt.Sprintf("0192f3c4-%04d-7000-8000-000000000000", i))
		waiting[i].Caller = "0123456789abcdef0123456789abcdef"
	}
	done, err := s.Rebuild(b.Context(), o, waiting, people)
	must(b, err)
	return done.Owner
}

// BenchmarkScript runs each Lua script that Redis has from us, beside a full
// floor of 150 agents and 500 callers. Commit and Rebuild have their own above.
func BenchmarkScript(b *testing.B) {
	s, _, _ := opened(b, shared)
	o := crowd(b, s, 150, 500)
	st, err := s.Load(b.Context())
	must(b, err)
	adopted := st.Calls[0]
	for _, script := range []struct {
		name string
		run  func(n int) error
	}{
		{"beat", func(n int) error {
			_, err := s.Beat(b.Context(), o, int64(n))
			return err
		}},
		{"keep", func(n int) error { // a full table: every so often it is pruned
			return s.KeepPlace(b.Context(), fmt.Sprintf("%032d", n%2000), queuetest.Noon, queuetest.Noon.Add(time.Duration(n)))
		}},
		{"take", func(n int) error {
			_, _, err := s.TakePlace(b.Context(), fmt.Sprintf("%032d", n%2000), queuetest.Noon, time.Hour)
			return err
		}},
		{"adopt", func(int) (err error) {
			adopted, err = s.Adopt(b.Context(), o, adopted, true)
			return err
		}},
		{"commit-twice-and-forget", func(n int) error { return passing(b, s, o, fmt.Sprintf("0192f3c5-%04d-7000-8000-%012d", n%10000, n)) }},
		{"dismiss", func(n int) error { return s.Dismiss(b.Context(), o, st.Agents[n%150].Profile.ID) }},
		{"join-and-repair", func(int) error { // last: it ends the term of the owner above
			_, err := s.Join(b.Context(), "acd-a")
			return err
		}},
	} {
		b.Run(script.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				must(b, script.run(n))
				n++
			}
		})
	}
}

// passing is a call that arrives, ends and is forgotten.
func passing(b *testing.B, s *queue.Store, o queue.Owner, id string) error {
	arrived := queuetest.Waiting(id)
	d, err := s.Commit(b.Context(), o, queue.Change{Calls: []queue.CallWrite{{Call: arrived}}})
	if err != nil {
		return err
	}
	ended, _ := queuetest.Step(d.Calls[0], agent.Agent{}, call.CallerGone{At: queuetest.Noon})
	if _, err := s.Commit(b.Context(), o, queue.Change{Calls: []queue.CallWrite{{From: d.Calls[0].Version, Call: ended}}}); err != nil {
		return err
	}
	return s.Forget(b.Context(), o, id)
}
