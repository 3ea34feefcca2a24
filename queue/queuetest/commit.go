package queuetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
)

func testJoin(t *testing.T, s *site) {
	// Given a process.
	first := s.join("acd-a")
	if first.Era != "" {
		t.Fatalf("an empty store has the era %q", first.Era)
	}
	// When another, and later its successor, join.
	other, second := s.join("acd-b"), s.join("acd-a")
	// Then terms rise across all names, and the data set is known once it is made.
	if first.Term <= 0 || other.Term <= first.Term || second.Term <= other.Term {
		t.Fatalf("terms %d, %d, %d do not rise", first.Term, other.Term, second.Term)
	}
	era := s.rebuild(second, nil, nil).Owner.Era
	if later := s.join("acd-c"); later.Era != era || era == "" {
		t.Fatalf("a later process knows the era %q, want %q", later.Era, era)
	}
}

func testFenced(t *testing.T, s *site) {
	old := s.founded("acd-a")
	c := s.call(old, 0, Waiting("c1"))
	s.join("acd-a")
	_, err := s.Commit(s.ctx, old, queue.Change{Calls: []queue.CallWrite{{From: c.Version, Call: c}}})
	s.wantErr(err, queue.ErrFenced)
	_, err = s.Beat(s.ctx, old, 1)
	s.wantErr(err, queue.ErrFenced)
	s.wantErr(s.Forget(s.ctx, old, "c1"), queue.ErrFenced)
	s.wantErr(s.Dismiss(s.ctx, old, "a1"), queue.ErrFenced)
	_, err = s.Adopt(s.ctx, old, c, true)
	s.wantErr(err, queue.ErrFenced)
	_, err = s.Rebuild(s.ctx, old, nil, nil)
	s.wantErr(err, queue.ErrFenced)
	s.wantStored([]call.Call{c}, nil)
	// A stranger who never joined has no right to write either.
	_, err = s.Commit(s.ctx, queue.Owner{Name: "nobody", Term: 1, Era: old.Era}, queue.Change{})
	s.wantErr(err, queue.ErrWiped)
}

func testBeat(t *testing.T, s *site) {
	a := s.founded("acd-a")
	b := s.join("acd-b")
	if _, err := s.Beat(s.ctx, b, 41); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Beat(s.ctx, b, 42); err != nil {
		t.Fatal(err)
	}
	peers, err := s.Beat(s.ctx, a, 7)
	if err != nil {
		t.Fatal(err)
	}
	s.wantSame("peers", peers, []queue.Peer{{Name: "acd-b", Term: b.Term, Beat: 42}})
	s.wantSame("owners", s.load().Owners, []queue.Peer{{Name: "acd-a", Term: a.Term, Beat: 7}, peers[0]})
}

func testLife(t *testing.T, s *site) {
	o := s.founded("acd-a")
	her := s.agent(o, 0, Woman("a1"))
	c := s.call(o, 0, Waiting("c1"))
	if c.Version != 1 || c.Owner != o.Name || c.Term != o.Term || her.Version != 1 {
		t.Fatalf("a new call has version %d, owner %s, term %d; a new agent version %d", c.Version, c.Owner, c.Term, her.Version)
	}
	c, her = s.step(o, c, her, Matched(her))
	// While her phone rings she may pause, and the caller may plead: each alone.
	paused, _ := agent.Step(her, agent.Paused{At: Noon, Reason: "tea"})
	her = s.agent(o, her.Version, paused)
	pleading, _ := Rules.Step(c, call.Pleaded{At: Noon, Danger: true})
	c = s.call(o, c.Version, pleading)
	c, her = s.step(o, c, her, Answered(c, her))
	if c.Stage != call.Talking || her.State != agent.Talking || her.Status != agent.NotReady {
		t.Fatalf("call %s, agent %s and %s", c.Stage, her.State, her.Status)
	}
	c, her = s.step(o, c, her, call.CallerGone{At: Noon.Add(time.Minute)})
	if c.Version != 5 || her.Version != 5 || her.State != agent.WrapUp {
		t.Fatalf("versions %d and %d, agent %s", c.Version, her.Version, her.State)
	}
	s.wantStored([]call.Call{c}, []agent.Agent{her})
	// Her wrap-up may end while the call's document is still there.
	idle, _ := agent.Step(her, agent.WrapUpDone{At: Noon.Add(2 * time.Minute)})
	her = s.agent(o, her.Version, idle)
	if err := s.Forget(s.ctx, o, "c1"); err != nil {
		t.Fatal(err)
	}
	s.wantStored(nil, []agent.Agent{her})
}

func testConflict(t *testing.T, s *site) {
	o := s.founded("acd-a")
	her := s.agent(o, 0, Woman("a1"))
	c := s.call(o, 0, Waiting("c1"))
	paused, _ := agent.Step(her, agent.Paused{At: Noon, Reason: "tea"})
	now := s.agent(o, her.Version, paused)

	offered, reserved := Step(c, her, Matched(her))
	_, err := s.Commit(s.ctx, o, Pair(c, offered, her, reserved))
	conflict := wantAs[*queue.Conflict](s, err)
	s.wantSame("current calls", conflict.Calls, []call.Call{c})
	s.wantSame("current agents", conflict.Agents, []agent.Agent{now})
	s.wantStored([]call.Call{c}, []agent.Agent{now})

	// What must not exist yet conflicts with what does.
	other := Waiting("c1")
	other.Category = "crisis"
	_, err = s.Commit(s.ctx, o, queue.Change{Calls: []queue.CallWrite{{From: 0, Call: other}}})
	s.wantSame("current calls", wantAs[*queue.Conflict](s, err).Calls, []call.Call{c})

	// A document named twice, or none at all, is a bug that is told.
	twice := queue.Change{Agents: []queue.AgentWrite{{From: 2, Agent: now}, {From: 2, Agent: now}}}
	if _, err := s.Commit(s.ctx, o, twice); err == nil {
		t.Fatal("a change that names an agent twice was taken")
	}
}

func testDismiss(t *testing.T, s *site) {
	o := s.founded("acd-a")
	her, busy := s.agent(o, 0, Woman("a1")), s.agent(o, 0, Woman("a2"))
	c, busy := s.talking(o, "c1", busy)
	for range 2 {
		if err := s.Dismiss(s.ctx, o, "a1"); err != nil {
			t.Fatal(err)
		}
	}
	broken := wantAs[*queue.LawError](s, s.Dismiss(s.ctx, o, "a2"))
	s.wantSame("refusal", broken, &queue.LawError{Law: 2, Rule: queue.RuleStillHolding, Call: "c1", Agent: "a2"})
	_, err := s.Commit(s.ctx, o, queue.Change{Agents: []queue.AgentWrite{{From: her.Version, Agent: her}}})
	s.wantSame("missing", wantAs[*queue.Conflict](s, err).Missing, []agent.ID{"a1"})
	s.wantStored([]call.Call{c}, []agent.Agent{busy})
}

func testRepeat(t *testing.T, s *site) {
	o := s.founded("acd-a")
	her := s.agent(o, 0, Woman("a1"))
	c := s.call(o, 0, Waiting("c1"))
	offered, reserved := Step(c, her, Matched(her))
	change := Pair(c, offered, her, reserved)
	first := s.commit(o, change)

	// The reply was lost: the same change again is a success and changes nothing.
	s.wantSame("repeated", s.commit(o, change), first)

	// Meanwhile somebody paused her: still a success, with her as she is now.
	paused, _ := agent.Step(first.Agents[0], agent.Paused{At: Noon, Reason: "tea"})
	now := s.agent(o, first.Agents[0].Version, paused)
	again := s.commit(o, change)
	s.wantSame("repeated calls", again.Calls, first.Calls)
	s.wantSame("repeated agents", again.Agents, []agent.Agent{now})
	s.wantStored(first.Calls, []agent.Agent{now})

	// An agent alone is recognised too, as long as nobody wrote her since.
	alone := queue.Change{Agents: []queue.AgentWrite{{From: first.Agents[0].Version, Agent: paused}}}
	s.wantSame("repeated agent", s.commit(o, alone).Agents, []agent.Agent{now})

	// Another change from the same version is not mine.
	_, other := Step(c, her, Matched(her))
	other.Reason = "different"
	offered.Category = "different"
	_, err := s.Commit(s.ctx, o, Pair(c, offered, her, other))
	wantAs[*queue.Conflict](s, err)
}

func testRace(t *testing.T, s *site) {
	o := s.founded("acd-a")
	her := s.agent(o, 0, Woman("a1"))
	const callers = 32
	calls := make([]call.Call, callers)
	for i := range calls {
		calls[i] = s.call(o, 0, Waiting(fmt.Sprintf("c%02d", i)))
	}
	var start, done sync.WaitGroup
	start.Add(1)
	errs := make([]error, callers)
	for i, c := range calls {
		done.Go(func() {
			offered, reserved := Step(c, her, Matched(her))
			start.Wait()
			_, errs[i] = s.Commit(s.ctx, o, Pair(c, offered, her, reserved))
		})
	}
	start.Done()
	done.Wait()
	won := 0
	for i, err := range errs {
		var conflict *queue.Conflict
		switch {
		case err == nil:
			won++
		case !errors.As(err, &conflict):
			t.Errorf("caller %d: %v", i, err)
		}
	}
	if won != 1 {
		t.Fatalf("%d callers got the one agent", won)
	}
	st := s.load()
	holder := st.Agents[0].Call
	for _, c := range st.Calls {
		if got := c.Stage == call.Offered; got != (c.ID == holder) {
			t.Errorf("call %s is %s while her document names %s", c.ID, c.Stage, holder)
		}
	}
}

func testForget(t *testing.T, s *site) {
	a, b := s.founded("acd-a"), s.join("acd-b")
	c := s.call(a, 0, Waiting("c1"))
	broken := wantAs[*queue.LawError](s, s.Forget(s.ctx, a, "c1"))
	s.wantSame("refusal", broken, &queue.LawError{Law: 0, Rule: queue.RuleEnded, Call: "c1"})
	ended, _ := Rules.Step(c, call.CallerGone{At: Noon})
	c = s.call(a, c.Version, ended)
	b.Era = a.Era
	if e := wantAs[*queue.NotOwnerError](s, s.Forget(s.ctx, b, "c1")); e.Call != "c1" {
		t.Fatalf("refused for call %q", e.Call)
	}
	for range 2 {
		if err := s.Forget(s.ctx, a, "c1"); err != nil {
			t.Fatal(err)
		}
	}
	s.wantStored(nil, nil)
	// Whoever still writes to it is told that it is not his any more.
	_, err := s.Commit(s.ctx, a, queue.Change{Calls: []queue.CallWrite{{From: c.Version, Call: c}}})
	wantAs[*queue.NotOwnerError](s, err)
}

func testAdopt(t *testing.T, s *site) {
	dead := s.founded("acd-a")
	her := s.agent(dead, 0, Woman("a1"))
	c, her := s.talking(dead, "c1", her)
	heir := s.join("acd-b")

	// A living owner keeps its call.
	_, err := s.Adopt(s.ctx, heir, c, false)
	wantAs[*queue.NotOwnerError](s, err)

	// Declared dead, it loses it; asking twice is the same as once.
	adopted, err := s.Adopt(s.ctx, heir, c, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Adopt(s.ctx, heir, c, true)
	if err != nil {
		t.Fatal(err)
	}
	s.wantSame("adopted twice", again, adopted)
	want := c
	want.Version, want.Owner, want.Term = c.Version+1, heir.Name, heir.Term
	s.wantSame("adopted", adopted, want)

	// What the old owner does late is refused, even with the right version.
	ended, wrapUp := Step(c, her, call.CallerGone{At: Noon})
	for _, from := range []int64{c.Version, adopted.Version} {
		c.Version = from
		_, err = s.Commit(s.ctx, dead, Pair(c, ended, her, wrapUp))
		if e := wantAs[*queue.NotOwnerError](s, err); e.Call != "c1" {
			t.Fatalf("refused for call %q", e.Call)
		}
	}
	s.wantStored([]call.Call{adopted}, []agent.Agent{her})

	// A third, who saw the old document, is too late.
	third := s.join("acd-c")
	_, err = s.Adopt(s.ctx, third, c, true)
	s.wantSame("current", wantAs[*queue.Conflict](s, err).Calls, []call.Call{adopted})

	// A successor takes from its own past without declaring anybody dead.
	s.join("acd-b")
	if _, err := s.Adopt(s.ctx, third, adopted, false); err != nil {
		t.Fatal(err)
	}
}
