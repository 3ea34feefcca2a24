package acd

import (
	"context"
	"errors"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
	"powerline/queue"
)

// After the store was wiped while no engine ran, Asterisk alone knows who calls
// and who talks with whom. Everything that a call needs stands on its channels
// and in the bridges; who is at work stands in the pauses of the fallback queue.

// adoptAll makes calls out of channels for which no call is known. Conversations
// are stored together, by a rebuild: only that may bring an agent into a talk.
func (e *Engine) adoptAll(s asterisk.Snapshot, channels []asterisk.Channel) {
	e.adopting.Lock()
	defer e.adopting.Unlock()
	ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
	defer cancel()
	f := factsOf(s)
	var talks []call.Call
	for _, ch := range channels {
		if _, known := e.floor.Call(ch.ID); known || !e.isAbandoned(ch) {
			continue
		}
		c, ok := e.callOfChannel(ctx, s, f, ch)
		switch {
		case !ok:
		case c.Stage == call.Talking, c.Stage == call.HandedOver:
			talks = append(talks, c)
		default:
			e.log.Warn("call rebuilt from its channel", "call", c.ID, "stage", c.Stage)
			e.metrics.rebuiltCalls.Inc()
			if m, fresh := e.open(call.Call{ID: c.ID}); fresh {
				m.in.put(found{c})
			}
		}
	}
	if len(talks) > 0 {
		e.bringTalks(ctx, talks)
	}
}

// callOfChannel reads a call off its channel; no says that there is none: the
// caller has left meanwhile, or is none.
func (e *Engine) callOfChannel(ctx context.Context, s asterisk.Snapshot, f floor.Facts, ch asterisk.Channel) (call.Call, bool) {
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	vars, err := e.ari.Variables(limited, ch.ID, stampArrived, stampWaiting)
	if err != nil || vars.Plain(stampArrived) == "" {
		return call.Call{}, false
	}
	arrived := stampTime(vars.Plain(stampArrived), ch.Created)
	c, ok := e.decodeStamp(ch.ID, vars.Plain(stampWaiting))
	if !ok {
		l := e.settings().line(ch.Line)
		c = call.Call{
			ID: ch.ID, Kind: call.Kind(l.Kind), Line: ch.Line, Category: l.Category, Pool: l.Kind.Pool(),
			Language: e.settings().Config.Prompts.Languages[0], Stage: call.Waiting, Epoch: 1, Queued: arrived,
		}
	}
	c.Arrived, c.Numbered = arrived, numberedFrom(time.Now())
	return e.inCompany(c, s, f), true
}

// inCompany makes of a call one that talks with whom its channel shares a bridge.
// The agent of the call is who was rung first of those who are there; the others are
// guests, for of nobody who talks is anybody dropped. Whether they had come as
// supervisors, or from 112 or a station, no channel says. Where two or more talk while
// she is in no bridge, she is on hold. Who only listened is in another bridge, and is
// let go.
func (e *Engine) inCompany(c call.Call, s asterisk.Snapshot, f floor.Facts) call.Call {
	room, legs := f.Company(c.ID)
	held := f.Bridge(c.ID) == ""
	last := 0
	for _, id := range legs {
		at := slices.IndexFunc(s.Channels, func(ch asterisk.Channel) bool { return ch.ID == id })
		if at < 0 {
			continue // gone between the two lists
		}
		leg := s.Channels[at]
		who, ours := agentOf(leg.Endpoint())
		g := call.Guest{N: floor.Number(id), Wish: call.Consult, Agent: who, Leg: id, Up: true, At: leg.Created}
		switch {
		case !call.IsAgentLeg(id):
			g.Wish, g.Agent, g.Outside = e.outsideNow()
		case !ours:
			continue
		case c.Stage != call.Talking:
			c = talking(c, leg, who, held)
			last = g.N
			continue
		}
		c.Guests, last = append(c.Guests, g), max(last, g.N)
	}
	if last == 0 || held && c.Stage != call.Talking {
		c.Guests = nil
		return c // she is alone, and waits
	}
	if n := floor.Number(room); n != c.Offer.N {
		c.Room = n
	}
	c.Offers = max(c.Offers, 1)
	c.Numbered = last - c.Offers
	if c.Stage != call.Talking {
		c.Stage, c.Guests, c.Answered = call.HandedOver, c.Guests[:1], c.Guests[0].At
	}
	return c
}

// outsideNow is what somebody outside is taken for of whom nothing is known.
func (e *Engine) outsideNow() (call.Wish, agent.ID, string) {
	if e.settings().Config.Overflow.Endpoint == "" {
		return call.ToStation, "", "unknown"
	}
	return call.ToEmergency, "", emergency
}

// talking is a call that stands in the bridge with this leg, or is held by it. What
// was recorded until the hold goes on after it, in the same recording.
func talking(c call.Call, leg asterisk.Channel, a agent.ID, held bool) call.Call {
	c.Stage, c.Joined, c.Held, c.Answered = call.Talking, !held, held, leg.Created
	if c.Answered.Before(c.Queued) {
		c.Answered = c.Queued
	}
	c.Muted = true // by a pause, perhaps, of which nobody knows any more
	n := floor.Number(leg.ID)
	if held {
		c.Recording = n
	}
	c.Offers = min(max(c.Offers, 1), n)
	c.Numbered = n - c.Offers
	c.Offer = call.Offer{N: n, Agent: a, Leg: leg.ID, At: leg.Created}
	c.Spoken = []agent.ID{a}
	return c
}

// numberedFrom is where the offers of a call begin that may have been one before:
// above all numbers that its legs had then. The end of such a leg may still be on its
// way, and would else be taken for that of the first leg of now, whose phone rings.
func numberedFrom(now time.Time) int { return int(now.UnixMilli()) }

// bringTalks stores conversations with their agents.
func (e *Engine) bringTalks(ctx context.Context, talks []call.Call) {
	select {
	case <-e.rostered: // or nobody would be known
	case <-ctx.Done():
		return // the next comparison tries again
	}
	for errors.Is(e.bringOnce(ctx, talks), queue.ErrUnavailable) && ctx.Err() == nil {
		time.Sleep(commitRetry)
	}
	for _, c := range talks {
		stored, there := e.floor.Call(c.ID)
		if !there || !e.mine(stored) {
			e.log.Warn("conversation could not be rebuilt yet", "call", c.ID)
			continue
		}
		e.log.Warn("call rebuilt from its channel", "call", c.ID, "stage", stored.Stage)
		e.metrics.rebuiltCalls.Inc()
		m, _ := e.open(stored)
		m.in.put(adopted{stored})
		m.in.put(look{})
	}
}

func (e *Engine) bringOnce(ctx context.Context, talks []call.Call) error {
	e.rebuilding.Lock()
	defer e.rebuilding.Unlock()
	var calls []call.Call
	var agents []agent.Agent
	for _, c := range talks {
		a, known := e.floor.Agent(c.Offer.Agent)
		if !known && c.Stage == call.Talking {
			continue
		}
		calls = append(calls, c)
		if known {
			agents = append(agents, heldAt(a, c, c.Offer.Leg, c.Answered))
		}
		for _, g := range c.Guests {
			if a, known := e.floor.Agent(g.Agent); known {
				agents = append(agents, heldAt(a, c, g.Leg, g.At))
			}
		}
	}
	built, err := e.store.Rebuild(ctx, e.owner(), calls, agents)
	if err != nil {
		e.storeFailed(err)
		return err
	}
	e.tookRebuilt(ctx, built)
	return nil
}

// heldAt is an agent as she is in a talk that was found.
func heldAt(a agent.Agent, c call.Call, leg string, since time.Time) agent.Agent {
	a.State, a.Call, a.Leg, a.Since, a.Lasts = agent.Talking, c.ID, leg, since, 0
	a.Epoch++
	a.Version++
	return a
}

// recoverStatuses makes agents what Asterisk's own queues say that they were. It
// is asked only after a start with an empty store.
func (e *Engine) recoverStatuses(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	select {
	case <-e.rostered:
	case <-limited.Done():
		return
	}
	queues, err := e.ari.Queues(limited)
	if err != nil {
		e.log.Error("nobody knows who was at work: agents must log in again", "error", err)
		return
	}
	recovered := map[agent.ID]bool{}
	for _, q := range queues {
		for _, member := range q.Members {
			id, ok := agentOf(member.Interface)
			if ok && !recovered[id] && e.recoverStatus(limited, id, member) {
				recovered[id] = true
			}
		}
	}
	e.log.Warn("agents' statuses were taken from the fallback queue", "agents", len(recovered))
}

func (e *Engine) recoverStatus(ctx context.Context, id agent.ID, member asterisk.QueueMember) bool {
	a, known := e.floor.Agent(id)
	if !known || a.Status != agent.LoggedOut || member.Paused && (member.PauseReason == "" || member.PauseReason == string(agent.LoggedOut)) {
		return false
	}
	now := time.Now()
	e.tellAgent(ctx, id, agent.LoggedIn{At: now})
	if member.Paused {
		e.tellAgent(ctx, id, agent.Paused{At: now, Reason: member.PauseReason})
	}
	return true
}
