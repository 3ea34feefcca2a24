package floor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Facts are what Asterisk shows at one moment, as far as calls go.
type Facts struct {
	// Channels by id.
	Channels map[string]Channel
	// Members of each bridge.
	Bridges map[string][]string
}

// Channel is one channel of the facts. Inside says that an engine's application
// has it, whichever: a call that is just being taken over is still in the other.
type Channel struct {
	Up     bool
	Inside bool
}

// Bridge is the bridge that holds a channel, empty for none.
func (f Facts) Bridge(channel string) string {
	if channel == "" {
		return ""
	}
	for id, members := range f.Bridges {
		if slices.Contains(members, channel) {
			return id
		}
	}
	return ""
}

// CallOfLeg is the call that a leg was made for.
func CallOfLeg(channel string) (string, bool) { return call.OfLeg(channel) }

// Resumed is what the facts say of a call; profile is the agent of the offer in
// hand as she is known now.
func (f Facts) Resumed(c call.Call, profile agent.Profile, at time.Time) call.Resumed {
	ev := f.resumed(c, profile, at)
	ev.Strays = f.strays(c)
	return ev
}

func (f Facts) resumed(c call.Call, profile agent.Profile, at time.Time) call.Resumed {
	own := f.Channels[c.ID]
	ev := call.Resumed{At: at, Caller: own.Inside, Up: own.Inside && own.Up, Leg: f.leg(c.Offer.Leg), Agent: profile}
	ev.Joined = f.Joined(c.ID, c.Offer.Leg)
	for _, g := range c.Guests {
		if ev.Guests == nil {
			ev.Guests = map[string]call.GuestFacts{}
		}
		ev.Guests[g.Leg] = f.guest(c, g)
	}
	return ev
}

// strays are the legs of a call that it does not know of, in order.
func (f Facts) strays(c call.Call) (legs []string) {
	for id := range f.Channels {
		if of, isLeg := CallOfLeg(id); isLeg && of == c.ID && !slices.Contains(c.Channels(), id) {
			legs = append(legs, id)
		}
	}
	slices.Sort(legs)
	return legs
}

// Company is the bridge in which people of a call talk, and their legs beside the
// caller's, in the order in which they were made. If she is in none and two or more
// talk without her, she is on hold.
func (f Facts) Company(callID string) (bridge string, legs []string) {
	if bridge = f.Bridge(callID); bridge != "" {
		return bridge, f.legsIn(bridge, callID)
	}
	for id := range f.Bridges {
		if in := f.legsIn(id, callID); len(in) > 1 {
			return id, in
		}
	}
	return "", nil
}

// legsIn are the legs of people of a call in a bridge.
func (f Facts) legsIn(bridge, callID string) (legs []string) {
	for _, id := range f.Bridges[bridge] {
		if of, isLeg := CallOfLeg(id); isLeg && of == callID && !call.IsSnoop(id) {
			legs = append(legs, id)
		}
	}
	slices.SortFunc(legs, func(a, b string) int { return cmp.Compare(Number(a), Number(b)) })
	return legs
}

// Number is the number in the name of a leg or bridge: that of the offer, or of the
// guest, for whom it was made; 1 if it has none.
func Number(name string) int {
	n, err := strconv.Atoi(name[min(strings.LastIndexByte(name, '.')+2, len(name)):])
	if err != nil {
		return 1
	}
	return n
}

// Robbed reports whether an agent is not any more the one of an offer in hand: a store
// that was built again has given her to a conversation that had her all the time.
func Robbed(ch AgentChange, c call.Call) bool {
	return c.Stage == call.Offered && c.Offer.Agent == ch.After.Profile.ID && ch.Before.Leg == c.Offer.Leg && ch.After.Call != c.ID
}

func (f Facts) leg(id string) call.LegState {
	switch leg, there := f.Channels[id]; {
	case !there || id == "":
		return call.LegAbsent
	case leg.Up:
		return call.LegUp
	}
	return call.LegRinging
}

// guest is what the facts say of somebody beside the two.
func (f Facts) guest(c call.Call, g call.Guest) call.GuestFacts {
	with := c.Offer.Leg
	switch {
	case c.Stage == call.HandedOver:
		with = c.ID
	case g.Beside():
		with = c.Snoop(g)
	}
	return call.GuestFacts{Leg: f.leg(g.Leg), Placed: f.Joined(g.Leg, with)}
}

// Accompanied reports whether a channel shares a bridge with anybody.
func (f Facts) Accompanied(channel string) bool {
	bridge := f.Bridge(channel)
	return bridge != "" && len(f.Bridges[bridge]) > 1
}

// Joined reports whether two channels share a bridge.
func (f Facts) Joined(one, other string) bool {
	bridge := f.Bridge(other)
	return bridge != "" && bridge == f.Bridge(one)
}

// Differ reports whether the facts contradict what a call believes. An event on
// its way looks the same; so whoever asks asks twice.
func (f Facts) Differ(c call.Call) bool {
	ev := f.resumed(c, agent.Profile{}, time.Time{})
	if c.Kind == call.Outbound {
		return differsOutbound(c, ev)
	}
	switch c.Stage {
	case call.Greeting, call.Waiting:
		return !ev.Caller
	case call.Offered:
		return !ev.Caller || ev.Leg != call.LegRinging
	case call.Talking:
		return !ev.Caller || ev.Joined == c.Held || differsGuest(c, ev)
	case call.HandedOver:
		return !ev.Caller || differsGuest(c, ev)
	}
	return false
}

// differsGuest: a guest is not where the call believes.
func differsGuest(c call.Call, ev call.Resumed) bool {
	for _, g := range c.Guests {
		f := ev.Guests[g.Leg]
		if g.Up && (f.Leg != call.LegUp || !f.Placed) || !g.Up && f.Leg != call.LegRinging {
			return true
		}
	}
	return false
}

// differsOutbound: the leg of whom we call comes last.
func differsOutbound(c call.Call, ev call.Resumed) bool {
	switch {
	case c.Stage == call.Offered:
		return ev.Leg != call.LegRinging
	case c.Ringing():
		return !ev.Caller || ev.Up || ev.Leg != call.LegUp
	case c.Stage == call.Talking:
		return !ev.Caller || ev.Joined == c.Held || differsGuest(c, ev)
	}
	return false
}

// StrayLeg reports whether a leg belongs to no offer and no guest: nobody waits for
// it. The call is the one that the leg was made for. Who talks, talks on, known or not;
// who hears nobody but by a snoop does not.
func (f Facts) StrayLeg(leg string, c call.Call, known bool) bool {
	if known {
		return !slices.Contains(c.Channels(), leg)
	}
	people := slices.DeleteFunc(slices.Clone(f.Bridges[f.Bridge(leg)]), call.IsSnoop)
	return len(people) < 2
}

// StrayDial reports whether a phone that we ring, or were about to ring, belongs to
// nothing, if no call is known for it. Who has answered talks on, known or not; a
// ring that nobody knows of would never be told to end, and one that never began
// would hold its agent in silence.
func (f Facts) StrayDial(channel string) bool {
	return !f.Channels[channel].Up || !f.Accompanied(channel)
}

// EmptyBridge reports whether a bridge of ours has nobody left in it.
func (f Facts) EmptyBridge(id string) bool {
	return strings.Contains(id, ".b") && len(f.Bridges[id]) == 0
}

// StrayBridge reports whether a bridge of ours has nobody left in it and nobody
// on the way to it: that of a talk in hand may be about to be entered.
func (f Facts) StrayBridge(id string, callOf func(string) (call.Call, bool)) bool {
	c, known := callOf(id[:max(0, strings.LastIndex(id, ".b"))])
	return f.EmptyBridge(id) && !(known && c.Expects(id))
}

// Unheld reports whether an agent is held by a call that does not hold her; the
// event frees her. The call is the one that she names.
func Unheld(a agent.Agent, c call.Call, known bool, at time.Time) (agent.Event, bool) {
	switch {
	case known && c.Holds(a.Profile.ID):
	case a.State == agent.Reserved:
		return agent.Release{At: at, Call: a.Call, Why: agent.Withdrawn}, true
	case a.State == agent.Talking:
		return agent.Finish{At: at, Call: a.Call}, true
	}
	return nil, false
}

// DeadLeg reports whether an agent is kept from calls by a leg that Asterisk
// does not have; the event frees her.
func (f Facts) DeadLeg(a agent.Agent, at time.Time) (agent.Event, bool) {
	if a.Leg == "" || a.State == agent.Reserved || a.State == agent.Talking {
		return nil, false
	}
	if _, there := f.Channels[a.Leg]; there {
		return nil, false
	}
	return agent.LegEnded{At: at, Leg: a.Leg}, true
}
