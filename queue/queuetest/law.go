package queuetest

import (
	"slices"
	"testing"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
)

// cast is what the law tests begin with: everything in order.
type cast struct {
	owner                         queue.Owner
	idle, ringing, busy, man      agent.Agent
	waiting, offered, talks, over call.Call
}

func (s *site) cast() cast {
	o := s.founded("acd-a")
	c := cast{
		owner: o, idle: s.agent(o, 0, Woman("idle")), man: s.agent(o, 0, Man("man")),
		waiting: s.call(o, 0, Waiting("waiting")),
	}
	c.offered, c.ringing = s.offered(o, "offered", s.agent(o, 0, Woman("ringing")))
	c.talks, c.busy = s.talking(o, "talks", s.agent(o, 0, Woman("busy")))
	over, _ := Rules.Step(s.call(o, 0, Waiting("over")), call.CallerGone{At: Noon})
	c.over = s.call(o, 1, over)
	return c
}

// offer is the right offer of the waiting call to an agent, to be spoiled.
func (c cast) offer(who agent.Agent) (call.Call, agent.Agent) {
	to := who.Profile
	to.Woman = true // the laws of Step would stop it; the store must too
	next, _ := Rules.Step(c.waiting, call.Matched{At: Noon, Agent: to})
	who.State, who.Call, who.Leg = agent.Reserved, next.ID, next.Offer.Leg
	who.Epoch++
	return next, who
}

type badChange struct {
	name string
	law  int
	rule queue.Rule
	make func(cast) queue.Change
}

func onlyCall(from, to call.Call) queue.Change {
	return queue.Change{Calls: []queue.CallWrite{{From: from.Version, Call: to}}}
}

func onlyAgent(from, to agent.Agent) queue.Change {
	return queue.Change{Agents: []queue.AgentWrite{{From: from.Version, Agent: to}}}
}

// spoil offers the waiting call to an agent who was first changed by f.
func spoil(f func(*agent.Agent)) func(s *site, c cast) queue.Change {
	return func(s *site, c cast) queue.Change {
		her := c.idle
		f(&her)
		her = s.agent(c.owner, her.Version, her)
		next, reserved := c.offer(her)
		return Pair(c.waiting, next, her, reserved)
	}
}

// unfree are all ways in which an agent is not free for an offer.
var unfree = map[string]func(*agent.Agent){
	"logged out": func(a *agent.Agent) { a.Status = agent.LoggedOut },
	"not ready":  func(a *agent.Agent) { a.Status, a.Reason = agent.NotReady, "tea" },
	"offline":    func(a *agent.Agent) { a.Online = false },
	"elsewhere":  func(a *agent.Agent) { a.Elsewhere = true },
	"in wrap-up": func(a *agent.Agent) { a.State = agent.WrapUp },
	"in recovery": func(a *agent.Agent) {
		a.State, a.After = agent.Recovery, agent.WrapUpPlan{Interruptible: true}
	},
	"delayed": func(a *agent.Agent) { a.State = agent.Delayed },
}

func testLaws(t *testing.T, s *site) {
	c := s.cast()
	for _, bad := range badChanges() {
		t.Run(bad.name, func(t *testing.T) {
			before := s.load()
			_, err := s.Commit(s.ctx, c.owner, bad.make(c))
			broken := wantAs[*queue.LawError](&site{T: t}, err)
			if broken.Law != bad.law || broken.Rule != bad.rule {
				t.Fatalf("refused by %v, want law %d (%s)", broken, bad.law, bad.rule)
			}
			(&site{T: t}).wantSame("state after a refusal", s.load(), before)
		})
	}
	for name, f := range unfree {
		t.Run("an agent who is "+name+" is reserved", func(t *testing.T) {
			change := spoil(f)(s, c)
			_, err := s.Commit(s.ctx, c.owner, change)
			broken := wantAs[*queue.LawError](&site{T: t}, err)
			s.wantSame("refusal", broken, &queue.LawError{Law: 2, Rule: queue.RuleFree, Call: "waiting", Agent: "idle"})
			c.idle.Version = change.Agents[0].From // as she is now, to be set right again
			c.idle = s.agent(c.owner, c.idle.Version, c.idle)
		})
	}
	// And what is right is taken: out of wrap-up, if that may be interrupted.
	change := spoil(func(a *agent.Agent) {
		a.State, a.After = agent.WrapUp, agent.WrapUpPlan{Interruptible: true}
	})(s, c)
	s.commit(c.owner, change)
}

// adder appends to a list of changes that must be refused.
func adder(all *[]badChange) func(law int, rule queue.Rule, name string, f func(cast) queue.Change) {
	return func(law int, rule queue.Rule, name string, f func(cast) queue.Change) {
		*all = append(*all, badChange{name, law, rule, f})
	}
}

func badChanges() []badChange {
	return slices.Concat(badReservations(), badConnections(), badPools())
}

// badReservations hold an agent, or offer a call, that must not be (law 2).
func badReservations() (all []badChange) {
	add := adder(&all)
	add(2, queue.RuleWaited, "an agent is reserved without the call", func(c cast) queue.Change {
		_, her := c.offer(c.idle)
		return onlyAgent(c.idle, her)
	})
	add(2, queue.RuleFree, "an agent is reserved who already is", func(c cast) queue.Change {
		next, her := c.offer(c.ringing)
		return Pair(c.waiting, next, c.ringing, her)
	})
	add(2, queue.RuleFree, "an agent is reserved who talks", func(c cast) queue.Change {
		next, her := c.offer(c.busy)
		return Pair(c.waiting, next, c.busy, her)
	})
	add(2, queue.RuleFree, "an agent is reserved who is new", func(c cast) queue.Change {
		next, her := c.offer(Woman("new"))
		next.Offer.Agent = "new"
		return Pair(c.waiting, next, agent.Agent{}, her)
	})
	add(2, queue.RuleWaited, "an agent is reserved for a call offered to another", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.Offer.Agent = "man"
		return Pair(c.waiting, next, c.idle, her)
	})
	add(2, queue.RuleWaited, "an agent is reserved for a call that talks already", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.Stage = call.Talking
		return Pair(c.waiting, next, c.idle, her)
	})
	add(2, queue.RuleWaited, "a call is offered that never waited", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.ID, her.Call = "new", "new"
		return Pair(call.Call{}, next, c.idle, her)
	})
	add(2, queue.RuleWaited, "a call in hand is offered to the next", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.ID, her.Call = c.offered.ID, c.offered.ID
		next.Queued = c.offered.Queued
		return Pair(c.offered, next, c.idle, her)
	})
	add(2, queue.RuleNamed, "a call is offered without the agent", func(c cast) queue.Change {
		next, _ := c.offer(c.idle)
		return onlyCall(c.waiting, next)
	})
	add(2, queue.RuleNamed, "a call is offered to nobody", func(c cast) queue.Change {
		next, _ := c.offer(c.idle)
		next.Offer.Agent = ""
		return onlyCall(c.waiting, next)
	})
	add(2, queue.RuleNamed, "a call talks while its agent is still reserved", func(c cast) queue.Change {
		next, _ := Step(c.offered, c.ringing, Answered(c.offered, c.ringing))
		return onlyCall(c.offered, next)
	})
	add(2, queue.RuleConnected, "an agent talks while her call is still offered", func(c cast) queue.Change {
		_, her := Step(c.offered, c.ringing, Answered(c.offered, c.ringing))
		return onlyAgent(c.ringing, her)
	})
	return all
}

// badConnections begin or end a conversation on one side alone (law 2).
func badConnections() (all []badChange) {
	add := adder(&all)
	add(2, queue.RuleConnected, "a waiting call talks at once", func(c cast) queue.Change {
		next, _ := c.offer(c.idle)
		next.Stage = call.Talking
		return onlyCall(c.waiting, next)
	})
	add(2, queue.RuleConnected, "an idle agent talks at once", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.Stage, her.State = call.Talking, agent.Talking
		return Pair(c.waiting, next, c.idle, her)
	})
	add(2, queue.RuleConnected, "another leg is connected than was offered", func(c cast) queue.Change {
		next, her := Step(c.offered, c.ringing, Answered(c.offered, c.ringing))
		next.Offer.Leg = "offered.a9"
		return Pair(c.offered, next, c.ringing, her)
	})
	add(2, queue.RuleStillNamed, "an agent is freed behind her call's back", func(c cast) queue.Change {
		her, _ := agent.Step(c.ringing, agent.Release{At: Noon, Call: "offered", Why: agent.NoAnswer})
		return onlyAgent(c.ringing, her)
	})
	add(2, queue.RuleStillNamed, "an agent leaves a conversation behind its back", func(c cast) queue.Change {
		her, _ := agent.Step(c.busy, agent.Finish{At: Noon, Call: "talks"})
		return onlyAgent(c.busy, her)
	})
	add(2, queue.RuleStillHolding, "a call ends and leaves its agent held", func(c cast) queue.Change {
		next, _ := Step(c.talks, c.busy, call.CallerGone{At: Noon})
		return onlyCall(c.talks, next)
	})
	add(2, queue.RuleStillHolding, "a call waits again and leaves its agent held", func(c cast) queue.Change {
		next, _ := Step(c.offered, c.ringing, call.TimeUp{At: Noon, Epoch: c.offered.Epoch})
		return onlyCall(c.offered, next)
	})
	return all
}

// badPools bring the wrong person, the wrong place or the dead (laws 3, 1, 0).
func badPools() (all []badChange) {
	add := adder(&all)
	add(3, queue.RulePool, "a man is offered a woman's call", func(c cast) queue.Change {
		next, him := c.offer(c.man)
		return Pair(c.waiting, next, c.man, him)
	})
	add(3, queue.RulePool, "a woman is offered an offender's call", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.Pool = agent.MaleOfficers
		return Pair(c.waiting, next, c.idle, her)
	})
	add(3, queue.RulePool, "a call of no known pool is offered", func(c cast) queue.Change {
		next, her := c.offer(c.idle)
		next.Pool = "anybody"
		return Pair(c.waiting, next, c.idle, her)
	})
	add(3, queue.RulePool, "the one who answers is no longer who was asked", func(c cast) queue.Change {
		next, her := Step(c.offered, c.ringing, Answered(c.offered, c.ringing))
		her.Profile.Woman = false
		return Pair(c.offered, next, c.ringing, her)
	})
	add(3, queue.RulePool, "the pool of a conversation changes", func(c cast) queue.Change {
		next := c.talks
		next.Pool = agent.MaleOfficers
		return onlyCall(c.talks, next)
	})
	add(1, queue.RulePlace, "a caller loses her place", func(c cast) queue.Change {
		next := c.waiting
		next.Queued = next.Queued.Add(1)
		return onlyCall(c.waiting, next)
	})
	add(0, queue.RuleEnded, "an ended call begins again", func(c cast) queue.Change {
		next := c.over
		next.Stage = call.Waiting
		return onlyCall(c.over, next)
	})
	return all
}
