package queue

import (
	"powerline/agent"
	"powerline/call"
)

// The laws in Go, for the fake and for the merge of a rebuild. What guards the
// data is commit.lua; the suite holds the two against each other.

// engaged: the call has an agent in hand.
func engaged(c call.Call) bool { return c.Stage == call.Offered || c.Stage == call.Talking }

// names: the call says that she is its agent, or a guest.
func names(c call.Call, id agent.ID) bool { return c.Holds(id) }

// held: a call has her.
func held(a agent.Agent) bool { return a.State == agent.Reserved || a.State == agent.Talking }

// holds: that call has her.
func holds(a agent.Agent, callID string) bool { return held(a) && a.Call == callID }

// pairs: the call and the agent say the same of each other.
func pairs(c call.Call, a agent.Agent) bool {
	return names(c, a.Profile.ID) && a.Call == c.ID && a.State == c.StateOf(a.Profile.ID)
}

// named are all agents whom the call says it holds: its own and its guests.
func named(c call.Call) (ids []agent.ID) {
	if !engaged(c) {
		return nil
	}
	ids = append(ids, c.Offer.Agent)
	for _, g := range c.Guests {
		if g.Agent != "" {
			ids = append(ids, g.Agent)
		}
	}
	return ids
}

// replaced is a new value beside the one it replaces, if there is one.
type replaced[T any] struct {
	old    T
	exists bool
	new    T
}

// trial is a change beside the documents that it would meet.
type trial struct {
	calls      map[string]replaced[call.Call]
	agents     map[agent.ID]replaced[agent.Agent]
	storedCall func(string) (call.Call, bool)
	storedHer  func(agent.ID) (agent.Agent, bool)
}

// callAfter is the call as it will be if the change is made.
func (t trial) callAfter(id string) (call.Call, bool) {
	if w, ok := t.calls[id]; ok {
		return w.new, true
	}
	return t.storedCall(id)
}

// herAfter is the agent as she will be if the change is made.
func (t trial) herAfter(id agent.ID) (agent.Agent, bool) {
	if w, ok := t.agents[id]; ok {
		return w.new, true
	}
	return t.storedHer(id)
}

// callBreaks is the law that the new value of a call would break, or nil.
func (t trial) callBreaks(id string) *LawError {
	w := t.calls[id]
	old, next := w.old, w.new
	if w.exists && old.Stage == call.Ended && next.Stage != call.Ended {
		return &LawError{Law: 0, Rule: RuleEnded, Call: id}
	}
	if w.exists && !old.Queued.IsZero() && !old.Queued.Equal(next.Queued) {
		return &LawError{Law: 1, Rule: RulePlace, Call: id}
	}
	if engaged(next) {
		if broken := t.engages(w); broken != nil {
			return broken
		}
	}
	for _, was := range named(old) {
		if a, there := t.herAfter(was); w.exists && !names(next, was) && there && holds(a, id) {
			return &LawError{Law: 2, Rule: RuleStillHolding, Call: id, Agent: was}
		}
	}
	return nil
}

// engages checks a call that has an agent in hand.
func (t trial) engages(w replaced[call.Call]) *LawError {
	old, next := w.old, w.new
	sameOffer := old.Offer.Agent == next.Offer.Agent && old.Offer.Leg == next.Offer.Leg
	entering := !w.exists || old.Stage != next.Stage || !sameOffer
	breaks := func(law int, rule Rule) *LawError {
		return &LawError{Law: law, Rule: rule, Call: next.ID, Agent: next.Offer.Agent}
	}
	a, there := t.herAfter(next.Offer.Agent)
	switch {
	case entering && next.Stage == call.Offered && (!w.exists || old.Stage != call.Waiting):
		return breaks(2, RuleWaited)
	case entering && next.Stage == call.Talking && !connected(w):
		return breaks(2, RuleConnected)
	case !there || !pairs(next, a):
		return breaks(2, RuleNamed)
	case (entering || old.Pool != next.Pool) && !a.Profile.Fits(next.Pool):
		return breaks(3, RulePool)
	}
	for _, g := range next.Guests {
		if broken := t.invites(w, g); broken != nil {
			return broken
		}
	}
	return nil
}

// connected: the talk follows from the offer of before, or a guest of before goes
// on in the agent's place.
func connected(w replaced[call.Call]) bool {
	old, next := w.old, w.new
	if !w.exists {
		return false
	}
	was, guest := old.GuestOf(next.Offer.Agent)
	return old.Stage == call.Offered && old.Offer.Agent == next.Offer.Agent && old.Offer.Leg == next.Offer.Leg ||
		old.Stage == call.Talking && guest && was.Leg == next.Offer.Leg
}

// invites checks a guest of a call: she is held by it, and law 3 lets her be there.
func (t trial) invites(w replaced[call.Call], g call.Guest) *LawError {
	if g.Agent == "" {
		return nil
	}
	breaks := func(law int, rule Rule) *LawError {
		return &LawError{Law: law, Rule: rule, Call: w.new.ID, Agent: g.Agent}
	}
	was, before := w.old.GuestOf(g.Agent)
	entering := !before || was.Leg != g.Leg
	a, there := t.herAfter(g.Agent)
	switch {
	case w.new.Stage != call.Talking || g.Agent == w.new.Offer.Agent:
		return breaks(2, RuleGuest)
	case !there || !pairs(w.new, a):
		return breaks(2, RuleNamed)
	case (entering || w.old.Pool != w.new.Pool) && !a.Profile.Fits(w.new.Pool):
		return breaks(3, RulePool)
	}
	return nil
}

// agentBreaks is the law that the new value of an agent would break, or nil.
func (t trial) agentBreaks(id agent.ID) *LawError {
	w := t.agents[id]
	old, next := w.old, w.new
	breaks := func(rule Rule, callID string) *LawError {
		return &LawError{Law: 2, Rule: rule, Call: callID, Agent: id}
	}
	if held(next) && !(w.exists && old.State == next.State && old.Call == next.Call) {
		if rule := t.takes(id, w); rule != "" {
			return breaks(rule, next.Call)
		}
	}
	leaves := w.exists && old.Call != "" && (next.Call != old.Call || held(old) && !held(next))
	if _, together := t.calls[old.Call]; leaves && !together {
		if c, there := t.storedCall(old.Call); there && names(c, id) {
			return breaks(RuleStillNamed, old.Call)
		}
	}
	return nil
}

// takes checks an agent who becomes reserved or begins to talk.
func (t trial) takes(id agent.ID, w replaced[agent.Agent]) Rule {
	old, next := w.old, w.new
	if next.State == agent.Reserved {
		return t.reserves(id, w)
	}
	c, there := t.callAfter(next.Call)
	if !w.exists || old.State != agent.Reserved || old.Call != next.Call || !there || c.Stage != call.Talking || !names(c, id) {
		return RuleConnected
	}
	return ""
}

// reserves checks an agent who becomes reserved: for an offer of a waiting call, or
// as a guest of a conversation. A supervisor may come whatever her status.
func (t trial) reserves(id agent.ID, w replaced[agent.Agent]) Rule {
	c, together := t.calls[w.new.Call]
	g, guest := c.new.GuestOf(id)
	_, before := c.old.GuestOf(id)
	invited := together && c.exists && c.old.Stage == call.Talking && c.new.Stage == call.Talking && guest && !before
	offered := together && c.exists && c.old.Stage == call.Waiting && c.new.Stage == call.Offered && c.new.Offer.Agent == id
	free := w.old.Routable() || w.old.BreakInable() || invited && g.Supervises() && w.old.Invitable()
	switch {
	case !w.exists || !free:
		return RuleFree
	case !invited && !offered:
		return RuleWaited
	}
	return ""
}
