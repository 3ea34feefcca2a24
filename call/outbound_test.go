package call_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
	"powerline/call"
)

// TestGivenAnyStory_WhenWeCall_ThenTheAgentIsThereFirstAndNobodyIsLeftAlone
// lets anything happen to an outbound call in any order.
func TestGivenAnyStory_WhenWeCall_ThenTheAgentIsThereFirstAndNobodyIsLeftAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := call.Call{ID: "c1"}
		at := start
		s := story{t: t}
		pool := rapid.SampledFrom([]agent.Pool{agent.Women, agent.MaleOfficers}).Draw(t, "pool")
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			at = at.Add(time.Second)
			ev := stamp(anyOutbound(t, c, pool), at)
			next, cmds := rules.Step(c, ev)
			s.check(c, next, ev, cmds, pool)
			c = next
		}
	})
}

// story remembers what was done for one call.
type story struct {
	t     *rapid.T
	dials int
}

func (s *story) check(old, next call.Call, ev call.Event, cmds []call.Command, pool agent.Pool) {
	var told []agent.Event
	hungUp, hungUpAgent, filed := false, false, false
	for _, cmd := range cmds {
		switch cmd := cmd.(type) {
		case call.Dial:
			s.dials++
			answered := old.Stage == call.Offered && next.Stage == call.Talking && cmd.Leg == old.Offer.Leg
			if !answered || !people[string(old.Offer.Agent)].Fits(pool) || s.dials > 1 {
				s.t.Fatalf("dialled %d times, now by %T from %s with %s", s.dials, ev, old.Stage, old.Offer.Agent)
			}
		case call.Tell:
			told = append(told, cmd.Event)
		case call.HangUpCaller:
			hungUp = true
		case call.HangUpLeg:
			hungUpAgent = hungUpAgent || cmd.Leg == old.Offer.Leg
		case call.File:
			filed = true
		case call.KeepCompany, call.Guard, call.Greet, call.Stamp:
			s.t.Fatalf("%T gave %T: whom we call is never asked to wait", ev, cmd)
		}
	}
	if old.Stage == call.Ended && next.Stage != call.Ended {
		s.t.Fatalf("%T brought it back to life", ev)
	}
	if old.Stage == call.Ended || next.Stage != call.Ended {
		return
	}
	leftHim := func() bool { _, gone := ev.(call.CallerGone); return !gone && !isGone(ev) }()
	if old.Stage == call.Talking && leftHim && !hungUp {
		s.t.Fatalf("%T ended it from talking, and his leg was left: %+v", ev, cmds)
	}
	if (old.Stage == call.Offered || old.Stage == call.Talking) && (len(told) != 1 || !hungUpAgent && !legIsGone(ev)) {
		s.t.Fatalf("%T ended it from %s: agent told %v, her leg hung up %v", ev, old.Stage, told, hungUpAgent)
	}
	if !filed || next.Outcome == "" || next.EndedAt.IsZero() {
		s.t.Fatalf("%T ended it without a record: %+v", ev, next)
	}
}

func isGone(ev call.Event) bool {
	r, ok := ev.(call.Resumed)
	return ok && !r.Caller
}

// legIsGone: nothing is left of her leg to hang up.
func legIsGone(ev call.Event) bool {
	switch ev := ev.(type) {
	case call.LegGone, call.RingFailed:
		return true
	case call.Resumed:
		return ev.Leg == call.LegAbsent
	}
	return false
}

// anyOutbound is something that may happen, likely or not.
func anyOutbound(t *rapid.T, c call.Call, pool agent.Pool) call.Event {
	if c.Stage == "" {
		return call.Placed{Task: "t1", Work: "offender", Line: "1061", Pool: pool, DialFor: 30 * time.Second}
	}
	leg := rapid.SampledFrom([]string{"c1.a1", "c1.a2"}).Draw(t, "leg")
	who := people[rapid.SampledFrom([]string{"asha", "bina", "dinesh"}).Draw(t, "who")]
	yes := rapid.Bool().Draw(t, "yes")
	return rapid.SampledFrom([]call.Event{
		call.Matched{Agent: who, RingFor: 10 * time.Second},
		call.Answered{Leg: leg, Agent: people[string(c.Offer.Agent)]},
		call.Answered{Leg: leg, Agent: who},
		call.RingFailed{Leg: leg, Why: agent.NoAnswer},
		call.Dialling{}, call.Reached{}, call.Reached{}, call.Unmatched{}, call.Progressed{Rings: yes},
		call.Missed{Failure: call.Failure{Cause: "busy"}},
		call.TakenBack{Why: "crisis"},
		call.TimeUp{Epoch: c.Epoch}, call.TimeUp{Epoch: c.Epoch - 1},
		call.LegGone{Leg: leg, Lost: yes}, call.CallerGone{},
		call.PhoneLost{Agent: who.ID}, call.Joined{Leg: leg}, call.JoinFailed{Leg: leg, Nth: c.Joins},
		call.Pleaded{Danger: true}, call.Emergency{}, call.Greeted{},
		call.Resumed{
			Caller: yes, Up: yes && rapid.Bool().Draw(t, "up"), Joined: rapid.Bool().Draw(t, "joined"), Agent: people[string(c.Offer.Agent)],
			Leg: rapid.SampledFrom([]call.LegState{call.LegAbsent, call.LegRinging, call.LegUp}).Draw(t, "leg state"),
		},
	}).Draw(t, "event")
}

// TestGivenSomebodyHasAnswered_WhenTheWordOfItIsLate_ThenNoClockEndsTheConversation:
// events were held up, and what ends a ring comes before the answer.
func TestGivenSomebodyHasAnswered_WhenTheWordOfItIsLate_ThenNoClockEndsTheConversation(t *testing.T) {
	rings := call.Call{ID: "out-1", Kind: call.Outbound, Stage: call.Talking, Epoch: 3, Offer: call.Offer{N: 1, Agent: "w1", Leg: "for-out-1.a1"}}
	timeUp, takenBack := call.TimeUp{At: start, Epoch: 3}, call.TakenBack{At: start, Why: "crisis"}
	for _, ev := range []call.Event{timeUp, takenBack} {
		if !rings.AsksFirst(ev) {
			t.Errorf("%T would end the ring unasked", ev)
		}
	}
	if rings.AsksFirst(call.TimeUp{At: start, Epoch: 2}) {
		t.Error("an old timer asks")
	}
	speaks, _ := rules.Step(rings, call.Resumed{At: start, Caller: true, Up: true, Leg: call.LegUp, Joined: true})
	for _, ev := range []call.Event{timeUp, takenBack} {
		after, cmds := rules.Step(speaks, ev)
		if speaks.AsksFirst(ev) || after.Stage != call.Talking || len(cmds) > 0 {
			t.Errorf("%T after the answer: %s, %v", ev, after.Stage, cmds)
		}
	}
}

// TestGivenALookThatTookLong_WhenAnEventOfBeforeFollowsIt_ThenNoRecordEndsBeforeItWasAnswered:
// the look bears the time at which it was done, and he hung up while it was.
func TestGivenALookThatTookLong_WhenAnEventOfBeforeFollowsIt_ThenNoRecordEndsBeforeItWasAnswered(t *testing.T) {
	rings := call.Call{ID: "out-1", Kind: call.Outbound, Stage: call.Talking, Epoch: 3, Dialled: start, Offer: call.Offer{N: 1, Agent: "w1", Leg: "for-out-1.a1"}}
	looked := start.Add(3 * time.Second)
	speaks, _ := rules.Step(rings, call.Resumed{At: looked, Caller: true, Up: true, Leg: call.LegUp, Joined: true})
	ended, _ := rules.Step(speaks, call.CallerGone{At: looked.Add(-30 * time.Millisecond)})
	if ended.Stage != call.Ended || ended.EndedAt.Before(ended.Answered) || ended.Answered.Before(ended.Dialled) {
		t.Fatalf("%s: dialled %v, answered %v, ended %v", ended.Stage, ended.Dialled, ended.Answered, ended.EndedAt)
	}
}

// TestGivenAPlacement_WhenTheStoreHasNotTakenItWithinTheLease_ThenItIsGivenUp: a peer
// may have taken it over, ended and forgotten it, and it must not begin once more.
func TestGivenAPlacement_WhenTheStoreHasNotTakenItWithinTheLease_ThenItIsGivenUp(t *testing.T) {
	p, lease := call.Placed{At: start}, 400*time.Millisecond
	if p.Old(start.Add(lease), lease) || !p.Old(start.Add(lease+time.Millisecond), lease) {
		t.Fatal("a placement is old after the lease, and not before")
	}
}
