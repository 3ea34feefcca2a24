package queuetest

import (
	"context"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
)

// patience is how long a test waits for news before it fails.
const patience = 10 * time.Second

// Next is the next update, or the end of the test.
func Next(t testing.TB, news <-chan queue.Update) queue.Update {
	t.Helper()
	select {
	case u, open := <-news:
		if !open {
			t.Fatal("the watch has ended")
		}
		return u
	case <-time.After(patience):
		t.Fatal("no news")
	}
	return queue.Update{}
}

func testWatch(t *testing.T, s *site) {
	o := s.founded("acd-a")
	ctx, cancel := context.WithCancel(s.ctx)
	news := s.Watch(ctx)
	want := func(what string, u queue.Update) {
		t.Helper()
		got := Next(t, news)
		if got.Gap != u.Gap {
			t.Fatalf("%s: got %+v", what, got)
		}
		s.wantSame(what+": calls", got.Calls, u.Calls)
		s.wantSame(what+": agents", got.Agents, u.Agents)
		s.wantSame(what+": gone", got.Gone, u.Gone)
		s.wantSame(what+": dismissed", got.Dismissed, u.Dismissed)
	}
	want("first", queue.Update{Gap: true})
	her := s.agent(o, 0, Woman("a1"))
	want("a new agent", queue.Update{Agents: []agent.Agent{her}})
	c := s.call(o, 0, Waiting("c1"))
	want("a new call", queue.Update{Calls: []call.Call{c}})
	c, her = s.step(o, c, her, Matched(her))
	want("an offer", queue.Update{Calls: []call.Call{c}, Agents: []agent.Agent{her}})

	// What is refused, repeated or unchanged is no news.
	s.commit(o, queue.Change{Calls: []queue.CallWrite{{From: c.Version - 1, Call: c}}})
	heir := s.join("acd-b")
	adopted, err := s.Adopt(s.ctx, heir, c, true)
	if err != nil {
		t.Fatal(err)
	}
	want("an adoption", queue.Update{Calls: []call.Call{adopted}})
	c, her = s.step(heir, adopted, her, call.CallerGone{At: Noon})
	want("an end", queue.Update{Calls: []call.Call{c}, Agents: []agent.Agent{her}})
	if err := s.Forget(s.ctx, heir, "c1"); err != nil {
		t.Fatal(err)
	}
	want("a call gone", queue.Update{Gone: []string{"c1"}})
	if err := s.Dismiss(s.ctx, heir, "a1"); err != nil {
		t.Fatal(err)
	}
	want("an agent gone", queue.Update{Dismissed: []agent.ID{"a1"}})

	// A new data set is a gap.
	s.Wipe()
	done := s.rebuild(heir, nil, []agent.Agent{her})
	want("a new era", queue.Update{Gap: true})
	want("its first agent", queue.Update{Agents: done.State.Agents})

	cancel()
	for range news { // the channel closes
	}
}
