package acd

import (
	"context"
	"errors"
	"sync"
	"time"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
	"powerline/queue"
)

// tellAgent steps an agent outside of any call: what she dialled, what her
// phone does, what the clock says. It steps again when somebody was faster.
func (e *Engine) tellAgent(ctx context.Context, id agent.ID, ev agent.Event) (agent.Agent, agent.Verdict) {
	for ctx.Err() == nil {
		a, known := e.floor.Agent(id)
		if !known {
			return agent.Agent{}, agent.Refused
		}
		next, verdict := agent.Step(a, ev)
		if verdict != agent.Applied {
			return a, verdict
		}
		self := e.owner()
		_, err := e.commit(ctx, self, queue.Change{Agents: []queue.AgentWrite{{From: a.Version, Agent: next}}})
		if err == nil {
			return next, verdict
		}
		if !e.retryAgent(ctx, self, err) {
			e.log.Error("agent's change was refused", "agent", id, "event", agentEventName(ev), "error", err)
			return a, agent.Refused
		}
	}
	return agent.Agent{}, agent.Refused
}

// settle is how long after the end of a leg her phone may still be about to get
// its BYE: Asterisk reports the end of a channel before it has sent that.
const settle = 30 * time.Millisecond

// legEndedSoon frees the agent of a leg once her phone knows that it is over.
func (e *Engine) legEndedSoon(leg string) {
	time.AfterFunc(settle, func() { e.legEnded(leg) })
}

// legEnded frees the agent whose leg this was, if anything still holds her to it.
func (e *Engine) legEnded(leg string) {
	for _, id := range e.floor.OfLeg(leg) {
		e.tellAgent(e.ctx, id, agent.LegEnded{At: time.Now(), Leg: leg})
	}
}

// retryAgent prepares for another try of an agent's commit.
func (e *Engine) retryAgent(ctx context.Context, self queue.Owner, err error) bool {
	var conflict *queue.Conflict
	var law *queue.LawError
	switch {
	case errors.As(err, &conflict):
		e.learn(conflict.Calls, conflict.Agents)
		return len(conflict.Missing) == 0
	case errors.As(err, &law), errors.Is(err, queue.ErrFenced):
		return false
	case errors.Is(err, queue.ErrWiped):
		e.rebuild(ctx, self)
		return true
	}
	e.storeFailed(err)
	select {
	case <-ctx.Done():
	case <-time.After(commitRetry):
	}
	return true
}

// attend reacts to what was learnt about agents: timers of states that end by
// themselves, calls whose agent's phone died, the mirror of the fallback queue.
// The history is written by the process that made the change, when it is stored.
func (e *Engine) attend(changes []floor.AgentChange) {
	for _, ch := range changes {
		before, after := ch.Before, ch.After
		if before.Epoch != after.Epoch || before.Version == 0 {
			e.armTimer(after)
		}
		if before.Online && !after.Online && after.State == agent.Reserved {
			if m, ok := e.box(after.Call); ok {
				m.in.put(call.PhoneLost{At: time.Now(), Agent: after.Profile.ID})
			}
		}
		if c, known := e.floor.Call(before.Call); known && floor.Robbed(ch, c) {
			if m, ok := e.box(c.ID); ok {
				m.in.put(call.Robbed{At: time.Now(), Leg: c.Offer.Leg})
			}
		}
		if before.Status != after.Status || before.Version == 0 {
			e.mirrorPause(after)
		}
	}
}

// armTimer sees to it that a state which ends by itself does. Every engine arms
// it; the first to commit ends it, the others come too late. What is left is
// cut to the planned length, so that a clock that jumped frees nobody early by
// more than it, and holds nobody longer.
func (e *Engine) armTimer(a agent.Agent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.timers[a.Profile.ID]; t != nil {
		t.Stop()
		delete(e.timers, a.Profile.ID)
	}
	if a.Lasts <= 0 || e.ctx == nil {
		return
	}
	left := min(a.Lasts, max(0, time.Until(a.Since.Add(a.Lasts))))
	id, epoch := a.Profile.ID, a.Epoch
	e.timers[id] = time.AfterFunc(left, func() {
		e.awake(e.ctx)
		e.tellAgent(e.ctx, id, agent.TimeUp{At: time.Now(), Epoch: epoch})
	})
}

// mirrorPause tells the fallback queue who may be rung if all engines die.
func (e *Engine) mirrorPause(a agent.Agent) {
	if e.ctx == nil || !e.synced.Load() || e.blank.Load() {
		return // when this process has settled in, all are mirrored
	}
	go e.mirrorOne(e.ctx, a)
}

func (e *Engine) mirrorOne(parent context.Context, a agent.Agent) {
	ctx, cancel := context.WithTimeout(parent, 3*time.Second)
	defer cancel()
	paused := a.Status != agent.Available
	reason := a.Reason
	if a.Status == agent.LoggedOut {
		reason = string(agent.LoggedOut)
	}
	err := e.ari.QueuePause(ctx, endpointOf(a.Profile.ID), paused, reason)
	if asterisk.IsNotFound(err) {
		return // she is in no fallback queue: feedback only, or neither woman nor officer
	}
	// Asterisk forgets pauses when it restarts; the device's state it remembers,
	// and the dialplan unpauses by it.
	state := asterisk.DeviceNotInUse
	if paused {
		state = asterisk.DeviceUnavailable
	}
	err = errors.Join(err, e.ari.SetDeviceState(ctx, asteriskconfig.ReadyDevice(string(a.Profile.ID)), state))
	if err != nil && parent.Err() == nil {
		e.log.Warn("fallback queue could not be told of an agent", "agent", a.Profile.ID, "error", err)
	}
}

// Roster is where agents come from.
type Roster interface {
	// RosterVersion changes with each change of the roster.
	RosterVersion(ctx context.Context) (int64, error)
	// Profiles are all active agents.
	Profiles(ctx context.Context) ([]agent.Profile, error)
	// PINMatches compares in constant time.
	PINMatches(ctx context.Context, id agent.ID, pin string) (bool, error)
}

const rosterEvery = 400 * time.Millisecond

// followRoster brings changes of the roster to the floor within a second.
func (e *Engine) followRoster(ctx context.Context) {
	tick := time.NewTicker(rosterEvery)
	defer tick.Stop()
	var seen int64 = -1
	taken := sync.OnceFunc(func() { close(e.rostered) })
	for {
		if version, err := e.roster.RosterVersion(ctx); err == nil && version != seen {
			if profiles, err := e.roster.Profiles(ctx); err == nil && e.takeRoster(ctx, profiles) {
				seen = version
				taken()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// takeRoster makes the floor know exactly these agents.
func (e *Engine) takeRoster(ctx context.Context, profiles []agent.Profile) bool {
	listed := map[agent.ID]bool{}
	for _, p := range profiles {
		listed[p.ID] = true
		if !e.takeProfile(ctx, p) {
			return false
		}
	}
	for _, a := range e.floor.Agents() {
		if !listed[a.Profile.ID] && a.Status != agent.LoggedOut {
			e.tellAgent(ctx, a.Profile.ID, agent.LoggedOff{At: time.Now()})
		}
	}
	e.log.Info("roster taken in", "agents", len(profiles))
	return true
}

func (e *Engine) takeProfile(ctx context.Context, p agent.Profile) bool {
	a, known := e.floor.Agent(p.ID)
	if known {
		if !sameProfile(a.Profile, p) {
			e.tellAgent(ctx, p.ID, agent.RosterChanged{Profile: p})
		}
		return true
	}
	self := e.owner()
	_, err := e.commit(ctx, self, queue.Change{Agents: []queue.AgentWrite{{Agent: agent.New(p, time.Now())}}})
	return err == nil || e.retryAgent(ctx, self, err) && ctx.Err() == nil && e.takeProfile(ctx, p)
}
