package call

import (
	"slices"
	"time"

	"powerline/agent"
)

// Somebody outside, 112 or a police station, is a guest who is nobody of ours: no
// agent is held, and law 3 does not ask who picks up there. The leg is in the bridge
// with the agent before it rings, so that whoever answers hears her at once. When
// the agent leaves, the caller is handed over: she talks on with them alone.

// callOut makes a leg to somebody outside.
func (c Call) callOut(at time.Time, o Order) (Call, []Command) {
	c.Offers++
	n := c.Numbered + c.Offers
	g := Guest{N: n, Wish: o.Wish, Outside: o.Outside, Leg: legID(c.ID, "x", n), RingFor: o.RingFor, At: at}
	c.Guests = append(slices.Clone(c.Guests), g)
	return c, []Command{
		RingOutside{Leg: g.Leg, Bridge: c.Bridge(), Wish: g.Wish, Outside: g.Outside, For: g.RingFor},
		GuestTimer{Leg: g.Leg, After: g.RingFor},
	}
}

// outside is the guest to whom a caller can be handed over.
func (c Call) outside() int {
	return slices.IndexFunc(c.Guests, func(g Guest) bool { return g.Up && g.Agent == "" })
}

// RingsOutside reports whether a phone outside is being rung.
func (c Call) RingsOutside() bool {
	return c.Stage == Talking && slices.ContainsFunc(c.Guests, func(g Guest) bool { return !g.Up && g.Agent == "" })
}

// handOver leaves the caller to somebody outside. The agent is told; gone says that
// her leg has ended already.
func (r Rules) handOver(c Call, i int, at time.Time, tell agent.Event, gone bool) (Call, []Command) {
	g, old, held := c.Guests[i], c.Offer, c.Held
	cmds := []Command{Tell{Agent: old.Agent, Event: tell}}
	if held {
		cmds = append(cmds, LeaveAlone{})
	}
	cmds = append(cmds, Join{Leg: g.Leg, Bridge: c.Bridge(), Alone: !held}, Guard{})
	if !gone {
		cmds = append(cmds, HangUpLeg{Leg: old.Leg, Reason: "normal"})
	}
	cmds = append(append(cmds, c.letAllGo(at, g.Leg)...), c.stopRecording(at, true, true)...)
	room, left := c.room(), append(slices.Clone(c.Left), old.Leg)
	c = c.enter(HandedOver)
	c.Room, c.Guests, c.Left = room, []Guest{g}, left
	return c, append(cmds, Log{At: at, Name: AttendedTransfer, Agent: old.Agent, Detail: string(g.Wish)})
}

// handedOver: no agent is in the call. It ends with either side; who loses the
// line to them waits for an agent again.
func (r Rules) handedOver(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case LegGone:
		switch {
		case ev.Leg != c.Guests[0].Leg:
			return c, nil
		case ev.Lost:
			return r.waitAgain(c, ev.At)
		}
		return c.endHandedOver(ev.At, CompleteAgent, HangUpCaller{})
	case JoinFailed:
		if ev.Leg == c.Guests[0].Leg {
			return r.waitAgain(c, ev.At)
		}
	}
	return c, nil
}

func (c Call) endHandedOver(at time.Time, how Outcome, last Command) (Call, []Command) {
	c.EndedAt, c.Outcome = at, how
	return c.enter(Ended), []Command{last, Log{At: at, Name: Complete, Detail: string(how)}, File{}}
}

// waitAgain brings a caller who was handed over back before all others.
func (r Rules) waitAgain(c Call, at time.Time) (Call, []Command) {
	leg := c.Guests[0].Leg
	c = c.enter(Waiting)
	c.Head = true
	return c, []Command{
		Guard{On: true}, HangUpLeg{Leg: leg, Reason: "normal"}, KeepCompany{AfterGap: true}, Stamp{},
		Log{At: at, Name: Requeue},
	}
}

func (r Rules) resumeHandedOver(c Call, ev Resumed) (Call, []Command) {
	g := c.Guests[0]
	switch f := ev.Guests[g.Leg]; {
	case f.Leg == LegAbsent || f.Leg == "":
		return c.endHandedOver(ev.At, CompleteAgent, HangUpCaller{})
	case !f.Placed:
		return c, append(c.hangUpLeft(), LeaveAlone{}, Join{Leg: g.Leg, Bridge: c.Bridge()}, Guard{})
	}
	return c, append(c.hangUpLeft(), Guard{})
}
