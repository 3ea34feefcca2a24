package queuetest

import (
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
)

func testRebuild(t *testing.T, s *site) {
	// Given two processes, each with a call that waits and one that talks.
	a := s.founded("acd-a")
	b := s.join("acd-b")
	aTalk, aAgent := s.talking(a, "a-talks", s.agent(a, 0, Woman("a1")))
	bTalk, bAgent := s.talking(b, "b-talks", s.agent(b, 0, Woman("b1")))
	aWait, bWait := s.call(a, 0, Waiting("a-waits")), s.call(b, 0, Waiting("b-waits"))
	idle := s.agent(a, 0, Woman("idle"))
	before := s.load()

	// When everything is wiped, every write says so and does nothing.
	s.Wipe()
	if st := s.load(); st.Era != "" || len(st.Calls)+len(st.Agents) > 0 {
		t.Fatalf("a wiped store holds %+v", st)
	}
	_, err := s.Commit(s.ctx, a, queue.Change{Calls: []queue.CallWrite{{From: aWait.Version, Call: aWait}}})
	s.wantErr(err, queue.ErrWiped)
	_, err = s.Beat(s.ctx, a, 1)
	s.wantErr(err, queue.ErrWiped)
	s.wantErr(s.Forget(s.ctx, a, "a-waits"), queue.ErrWiped)
	s.wantErr(s.Dismiss(s.ctx, a, "idle"), queue.ErrWiped)
	_, err = s.Adopt(s.ctx, a, bWait, true)
	s.wantErr(err, queue.ErrWiped)

	// Then both rebuild at once, each with its own calls and all agents it knows.
	agents := []agent.Agent{aAgent, bAgent, idle}
	var both sync.WaitGroup
	var done [2]queue.Rebuilt
	var errs [2]error
	both.Go(func() { done[0], errs[0] = s.Rebuild(s.ctx, a, []call.Call{aTalk, aWait}, agents) })
	both.Go(func() { done[1], errs[1] = s.Rebuild(s.ctx, b, []call.Call{bTalk, bWait}, agents) })
	both.Wait()
	for i, err := range errs {
		if err != nil || len(done[i].Refused) > 0 {
			t.Fatalf("rebuild %d: %v, refused %v", i, err, done[i].Refused)
		}
	}
	after := s.load()
	s.wantSame("calls", after.Calls, before.Calls)
	s.wantSame("agents", after.Agents, before.Agents)
	if after.Era == "" || after.Era == before.Era || done[0].Owner.Era != after.Era || done[1].Owner.Era != after.Era {
		t.Fatalf("era %q became %q; the processes know %q and %q", before.Era, after.Era, done[0].Owner.Era, done[1].Owner.Era)
	}

	// And life goes on from the versions that were known; the old right does not.
	_, err = s.Commit(s.ctx, a, onlyCall(aWait, aWait))
	s.wantErr(err, queue.ErrWiped)
	s.step(done[0].Owner, aTalk, aAgent, call.CallerGone{At: Noon})
	s.step(done[1].Owner, bTalk, bAgent, call.CallerGone{At: Noon})

	// Terms go on rising, so that a later process fences an earlier one.
	if later := s.join("acd-a"); later.Term <= max(a.Term, b.Term) {
		t.Fatalf("term %d after a rebuild is not above %d and %d", later.Term, a.Term, b.Term)
	}
}

func testRebuildIgnorant(t *testing.T, s *site) {
	// Given b, whose news of a's agents is old: it still holds them for idle.
	a := s.founded("acd-a")
	b := s.join("acd-b")
	old1, old2, old3 := s.agent(a, 0, Woman("a1")), s.agent(a, 0, Woman("a2")), s.agent(a, 0, Woman("a3"))
	talks, busy := s.talking(a, "talks", old1)
	rings, reserved := s.offered(a, "rings", old2)
	spare, held := s.offered(a, "spare", old3)
	waits := s.call(b, 0, Waiting("waits"))
	also := s.call(b, 0, Waiting("also"))

	// When all is wiped, b rebuilds first and offers its calls to a1 and a2.
	s.Wipe()
	rb := s.rebuild(b, []call.Call{waits, also}, []agent.Agent{old1, old2, old3})
	waits, taken := s.step(rb.Owner, waits, old1, Matched(old1))
	for _, reason := range []string{"tea", "lunch"} { // b's version of her overtakes a's
		paused, _ := agent.Step(taken, agent.Paused{At: Noon, Reason: reason})
		taken = s.agent(rb.Owner, taken.Version, paused)
	}
	_, ringing := s.step(rb.Owner, also, old2, Matched(old2))

	// Then a's conversation has its agent back, its offer to a2 is refused, and
	// its offer to a3, whom b left alone, stands.
	ra := s.rebuild(a, []call.Call{talks, rings, spare}, []agent.Agent{busy, reserved, held})
	s.wantSame("refused", ra.Refused, []call.Call{rings})
	byID := map[agent.ID]agent.Agent{}
	for _, x := range s.load().Agents {
		byID[x.Profile.ID] = x
	}
	if x := byID["a1"]; x.Call != "talks" || x.State != agent.Talking || x.Version <= taken.Version {
		t.Fatalf("a1 is %s in %s at version %d, not in the conversation she is in", x.State, x.Call, x.Version)
	}
	s.wantSame("a2", byID["a2"], ringing)
	if x := byID["a3"]; x.Call != "spare" || x.State != agent.Reserved {
		t.Fatalf("a3 is %s in %s, not with the call that rings her", x.State, x.Call)
	}

	// b's offer to a1 will fail, and can be taken back without touching her.
	back, _ := Step(waits, byID["a1"], call.RingFailed{At: Noon, Leg: waits.Offer.Leg, Why: agent.Rejected})
	s.call(rb.Owner, waits.Version, back)
	// a's refused call waits again, as a new document.
	again, _ := Step(rings, ringing, call.RingFailed{At: Noon, Leg: rings.Offer.Leg, Why: agent.Withdrawn})
	s.call(ra.Owner, 0, again)
	// And the conversation ends as it should.
	talks, a1 := ra.State.Calls[indexOf(ra.State.Calls, "talks")], byID["a1"]
	s.step(ra.Owner, talks, a1, call.CallerGone{At: Noon})
}

func indexOf(calls []call.Call, id string) int {
	for i, c := range calls {
		if c.ID == id {
			return i
		}
	}
	return -1
}

func testLostWrites(t *testing.T, s *site) {
	// Given acknowledged writes that a failover has lost.
	a := s.founded("acd-a")
	her := s.agent(a, 0, Woman("a1"))
	c := s.call(a, 0, Waiting("c1"))
	early := s.load()
	c, her = s.step(a, c, her, Matched(her))
	s.Restore(early)

	// When their writer goes on, it learns that they are lost; so does everybody
	// who starts from the lost version of an agent.
	talking, talks := Step(c, her, Answered(c, her))
	_, err := s.Commit(s.ctx, a, Pair(c, talking, her, talks))
	s.wantErr(err, queue.ErrWiped)
	s.Restore(early)
	_, err = s.Commit(s.ctx, a, onlyAgent(her, her))
	s.wantErr(err, queue.ErrWiped)
	// And the era is over, so that every other process learns of it at its beat.
	_, err = s.Beat(s.ctx, a, 1)
	s.wantErr(err, queue.ErrWiped)

	// Then a rebuild brings the newer documents back under a new era.
	done := s.rebuild(a, []call.Call{c}, []agent.Agent{her})
	if done.Owner.Era == a.Era || len(done.Refused) > 0 {
		t.Fatalf("era %q, refused %v", done.Owner.Era, done.Refused)
	}
	s.wantStored([]call.Call{c}, []agent.Agent{her})
	s.step(done.Owner, c, her, Answered(c, her))

	// A process whose registration was lost is told to rebuild, not to die.
	early = s.load()
	late := s.join("acd-b")
	s.Restore(early)
	_, err = s.Beat(s.ctx, late, 1)
	s.wantErr(err, queue.ErrWiped)
	s.rebuild(late, nil, nil)
}

func testClocks(t *testing.T, s *site) {
	// Given a reservation and a place, made when the clock was an hour ahead.
	o := s.founded("acd-a")
	c, her := s.offered(o, "c1", s.agent(o, 0, Woman("a1")))
	// When the clock jumps back and forth, documents move only by who writes them.
	for _, jump := range []time.Duration{-time.Hour, time.Hour, -30 * 24 * time.Hour} {
		phone, _ := agent.Step(her, agent.Paused{At: Noon.Add(jump), Reason: "tea"})
		her = s.agent(o, her.Version, phone)
		s.wantStored([]call.Call{c}, []agent.Agent{her})
	}
	c, her = s.step(o, c, her, call.Answered{At: Noon.Add(-time.Hour), Leg: c.Offer.Leg, Agent: her.Profile})
	s.wantStored([]call.Call{c}, []agent.Agent{her})
}
