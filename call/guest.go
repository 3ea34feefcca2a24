package call

import (
	"slices"
	"time"

	"powerline/agent"
)

// Guest is somebody who is in a conversation, or on the way into it, beside its
// caller and its agent. An agent who is a guest is held by the call as its own
// agent is: one agent, one call (law 2), and only where law 3 lets her be.
//
//	asked ──her leg is up──▶ beside (listens, whispers) ◀──▶ among them
//	  │                          │                             │
//	  └────────── gone ◀─────────┴─────────────────────────────┤
//	                                                           └─▶ agent of the call
type Guest struct {
	// N is counted with the offers, so that her leg has a name of its own.
	N    int  `json:"n"`
	Wish Wish `json:"wish"` // what she is here for: Listen, Whisper, Barge, TakeOver, Consult …
	// Agent is empty for somebody outside: 112, or a police station.
	Agent   agent.ID `json:"agent,omitempty"`
	Outside string   `json:"outside,omitempty"`
	Leg     string   `json:"leg"`
	Up      bool     `json:"up,omitempty"`
	// Hears is the number of the snoop by which the guest hears, and of the bridge in
	// which she meets it: none of either is ever used twice.
	Hears   int           `json:"hears,omitempty"`
	RingFor time.Duration `json:"ringFor"`
	At      time.Time     `json:"at"`
}

// Supervises reports whether the guest came as a supervisor.
func (g Guest) Supervises() bool {
	return g.Wish == Listen || g.Wish == Whisper || g.Wish == Barge || g.Wish == TakeOver
}

// Beside reports whether the guest hears the conversation from a bridge beside it.
func (g Guest) Beside() bool { return g.Wish == Listen || g.Wish == Whisper }

// maxGuests bounds how many people may be in a conversation beside its two.
const maxGuests = 3

// Holds reports whether the call holds this agent: as its own, or as a guest.
func (c Call) Holds(id agent.ID) bool {
	if id == "" || c.Stage != Offered && c.Stage != Talking {
		return false
	}
	_, guest := c.GuestOf(id)
	return c.Offer.Agent == id || guest
}

// StateOf is the state in which the call holds this agent.
func (c Call) StateOf(id agent.ID) agent.State {
	g, guest := c.GuestOf(id)
	switch {
	case guest && g.Up, !guest && c.Stage == Talking:
		return agent.Talking
	}
	return agent.Reserved
}

// GuestOf is the guest who is this agent.
func (c Call) GuestOf(id agent.ID) (Guest, bool) {
	i := slices.IndexFunc(c.Guests, func(g Guest) bool { return g.Agent == id && id != "" })
	if i < 0 {
		return Guest{}, false
	}
	return c.Guests[i], true
}

func (c Call) guestIndex(leg string) int {
	return slices.IndexFunc(c.Guests, func(g Guest) bool { return g.Leg == leg })
}

// partner is the guest whom the agent has asked for: a colleague, or somebody outside.
func (c Call) partner() int {
	return slices.IndexFunc(c.Guests, func(g Guest) bool { return !g.Supervises() })
}

func (c Call) without(i int) Call {
	c.Guests = slices.Delete(slices.Clone(c.Guests), i, i+1)
	if len(c.Guests) == 0 {
		c.Guests = nil
	}
	return c
}

func (c Call) withGuest(i int, g Guest) Call {
	c.Guests = slices.Clone(c.Guests)
	c.Guests[i] = g
	return c
}

// Snoop is the channel by which a guest hears the agent's leg. One that whispers
// is another channel than one that does not: what is not made cannot be heard.
func (c Call) Snoop(g Guest) string {
	kind := "s"
	if g.Wish == Whisper {
		kind = "w"
	}
	return legID(c.ID, kind, g.Hears)
}

// numbered gives a guest who hears from beside a new snoop.
func (c Call) numbered(g Guest) (Call, Guest) {
	if g.Beside() {
		c.Offers++
		g.Hears = c.Numbered + c.Offers
	}
	return c, g
}

// SideBridge is where a guest meets the snoop.
func (c Call) SideBridge(g Guest) string { return bridgeID(c.ID, g.Hears) }

// Channels are all channels that the call knows of: its caller's, its agent's,
// its guests' and those by which these hear.
func (c Call) Channels() []string {
	all := []string{c.ID}
	if c.Offer.Leg != "" {
		all = append(all, c.Offer.Leg)
	}
	for _, g := range c.Guests {
		all = append(all, g.Leg)
		if g.Up && g.Beside() {
			all = append(all, c.Snoop(g))
		}
	}
	return all
}

// Facts of a guest, as Asterisk shows them. Placed: her leg is where it belongs.
type GuestFacts struct {
	Leg    LegState
	Placed bool
}

// invite rings a guest. What else must happen first is for whoever calls this.
func (r Rules) invite(c Call, at time.Time, o Order) (Call, []Command) {
	c.Offers++
	n := c.Numbered + c.Offers
	g := Guest{N: n, Wish: o.Wish, Agent: o.Agent.Profile.ID, Leg: LegID(c.ID, n), RingFor: o.RingFor, At: at}
	c.Guests = append(slices.Clone(c.Guests), g)
	return c, []Command{
		Tell{Agent: g.Agent, Must: true, Event: agent.Reserve{At: at, Call: c.ID, Leg: g.Leg, Aside: g.Supervises()}},
		Ring{Leg: g.Leg, Agent: g.Agent, For: g.RingFor},
		GuestTimer{Leg: g.Leg, After: g.RingFor},
	}
}

// guests takes an event that concerns a guest; done says that it did.
func (r Rules) guests(c Call, ev Event) (_ Call, _ []Command, done bool) {
	if len(c.Guests) == 0 || c.Stage != Talking {
		return c, nil, false
	}
	switch ev := ev.(type) {
	case Answered:
		if i := c.guestIndex(ev.Leg); i >= 0 {
			c, cmds := r.guestCame(c, i, ev)
			return c, cmds, true
		}
	case RingFailed:
		if i := c.guestIndex(ev.Leg); i >= 0 {
			if c.Guests[i].Up {
				return c, nil, true // the end of her leg is told too
			}
			c, cmds := r.guestGone(c, i, parting{at: ev.At, why: ev.Why, legGone: true})
			return c, cmds, true
		}
	case LegGone:
		if i := c.guestIndex(ev.Leg); i >= 0 {
			c, cmds := r.guestGone(c, i, parting{at: ev.At, why: agent.Unreachable, legGone: true})
			return c, cmds, true
		}
	case GuestTimeUp:
		if i := c.guestIndex(ev.Leg); i >= 0 && !c.Guests[i].Up {
			c, cmds := r.guestGone(c, i, parting{at: ev.At, why: agent.NoAnswer})
			return c, cmds, true
		}
		return c, nil, true
	case PhoneLost:
		i := slices.IndexFunc(c.Guests, func(g Guest) bool { return g.Agent == ev.Agent && !g.Up })
		if i >= 0 {
			c, cmds := r.guestGone(c, i, parting{at: ev.At, why: agent.Unreachable})
			return c, cmds, true
		}
	case SeatFailed:
		if i := c.guestIndex(ev.Leg); i >= 0 {
			c, cmds := r.guestGone(c, i, parting{at: ev.At, why: agent.Withdrawn})
			return c, cmds, true
		}
		return c, nil, true
	}
	return c, nil, false
}

// guestCame: her leg is up. Law 3 is asked once more before she hears anybody.
func (r Rules) guestCame(c Call, i int, ev Answered) (Call, []Command) {
	g := c.Guests[i]
	switch {
	case g.Up:
		return c, nil
	case g.Agent == "":
		g.Up = true
		return c.withGuest(i, g), []Command{Log{At: ev.At, Name: GuestCame, Detail: string(g.Wish)}}
	case !ev.Agent.Fits(c.Pool) || ev.Agent.ID != g.Agent:
		return r.guestGone(c, i, parting{at: ev.At, why: agent.Withdrawn})
	}
	g.Up = true
	c, g = c.numbered(g)
	c = c.withGuest(i, g)
	if g.Wish == TakeOver {
		return r.promote(c, i, ev.At, agent.Finish{At: ev.At, Call: c.ID, WrapUp: r.wrapUp(c)}, false)
	}
	cmds := []Command{Tell{Agent: g.Agent, Event: agent.Connect{At: ev.At, Call: c.ID, Aside: g.Supervises()}}}
	return c, append(append(cmds, c.place(g)...), Log{At: ev.At, Name: GuestCame, Agent: g.Agent, Detail: string(g.Wish)})
}

// place puts a guest's leg where it belongs.
func (c Call) place(g Guest) []Command {
	if g.Beside() {
		return []Command{Overhear{Leg: g.Leg, Of: c.Offer.Leg, Snoop: c.Snoop(g), Bridge: c.SideBridge(g), Whisper: g.Wish == Whisper}}
	}
	return []Command{Seat{Leg: g.Leg, Bridge: c.Bridge()}}
}

// parting is how a guest leaves.
type parting struct {
	at      time.Time
	why     agent.ReleaseReason
	legGone bool
}

// guestGone: a guest has left, or leaves now. Nobody else does. The caller whom the
// agent had put on hold for her comes back to the agent.
func (r Rules) guestGone(c Call, i int, p parting) (Call, []Command) {
	g := c.Guests[i]
	c = c.without(i)
	cmds := c.letGo(g, p)
	if !g.Supervises() && c.Held {
		var back []Command
		c, back = c.joinAgain()
		cmds = append(cmds, back...)
	}
	return c, append(cmds, Log{At: p.at, Name: GuestLeft, Agent: g.Agent, Detail: string(g.Wish)})
}

// letGo frees a guest, her leg and what was made for her.
func (c Call) letGo(g Guest, p parting) (cmds []Command) {
	switch {
	case g.Agent == "":
	case g.Up:
		cmds = append(cmds, Tell{Agent: g.Agent, Event: agent.Finish{At: p.at, Call: c.ID, LegGone: p.legGone}})
	default:
		why := p.why
		if g.Supervises() && why == agent.NoAnswer {
			why = agent.Withdrawn // who helps others is not taken from her work for it
		}
		cmds = append(cmds, Tell{Agent: g.Agent, Event: agent.Release{At: p.at, Call: c.ID, Why: why, LegGone: p.legGone}})
	}
	if !p.legGone {
		cmds = append(cmds, HangUpLeg{Leg: g.Leg, Reason: "normal"})
	}
	return append(cmds, c.hearsNoMore(g)...)
}

// hearsNoMore ends what was made for a guest who heard from beside.
func (c Call) hearsNoMore(g Guest) []Command {
	if !g.Up || !g.Beside() {
		return nil
	}
	return []Command{HangUpLeg{Leg: c.Snoop(g), Reason: "normal"}, EndBridge{Bridge: c.SideBridge(g)}}
}

// letAllGo frees the guests of a conversation that is over, or has another agent
// now, but for one who stays.
func (c Call) letAllGo(at time.Time, stays string) (cmds []Command) {
	for _, g := range c.Guests {
		if g.Leg != stays {
			cmds = append(cmds, c.letGo(g, parting{at: at, why: agent.CallerGone})...)
		}
	}
	return cmds
}

// promote makes a guest whose leg is up the agent of the call. Caller, bridge and
// recording stay as they are, so that nobody hears a gap. The agent before her is
// told; gone says that her leg has ended already.
func (r Rules) promote(c Call, i int, at time.Time, tell agent.Event, gone bool) (Call, []Command) {
	g, old := c.Guests[i], c.Offer
	c = c.without(i)
	cmds := []Command{
		Tell{Agent: old.Agent, Event: tell},
		Tell{Agent: g.Agent, Event: agent.Connect{At: at, Call: c.ID}},
	}
	for _, other := range c.Guests { // who listened to the old agent's leg hears nothing any more
		cmds = append(cmds, c.letGo(other, parting{at: at, why: agent.Withdrawn})...)
	}
	c.Guests, c.Left = nil, append(slices.Clone(c.Left), old.Leg)
	c.Room = c.room()
	c.Talked, c.Bridged, c.Joined = c.spokenUntil(at), time.Time{}, false
	c.Offer = Offer{N: g.N, Agent: g.Agent, Leg: g.Leg, RingFor: g.RingFor, At: g.At}
	c = c.spoke(g.Agent)
	name := AttendedTransfer
	if g.Supervises() {
		name = TakenOver
	}
	c, join := c.joinAgain()
	cmds = append(append(cmds, join...), c.hearsNoMore(g)...)
	if !gone {
		cmds = append(cmds, HangUpLeg{Leg: old.Leg, Reason: "normal"})
	}
	return c, append(cmds, Log{At: at, Name: name, Agent: g.Agent, Detail: string(old.Agent)})
}

// successor is the guest who goes on with the caller when the agent's leg has
// ended: one who talks with them, and is somebody of ours.
func (c Call) successor() int {
	return slices.IndexFunc(c.Guests, func(g Guest) bool { return g.Up && !g.Beside() && g.Agent != "" })
}

// wrapUp is what follows a call of its category for its agent.
func (r Rules) wrapUp(c Call) agent.WrapUpPlan { return r.Categories[c.Category].WrapUp }

// joinAgain brings the agent of the offer in hand into the bridge, and the caller,
// if she is not there.
func (c Call) joinAgain() (Call, []Command) {
	join := Join{Leg: c.Offer.Leg, Bridge: c.Bridge(), Alone: !c.Held}
	switch {
	case !c.Held:
		return c, []Command{join}
	case c.Kind == Outbound:
		c.Held = false
		return c, []Command{LeaveAlone{}, join}
	}
	c.Held = false
	return c, []Command{LeaveAlone{}, join, Guard{}}
}

// hold takes the caller out of the bridge and lets her hear music. The dead man's
// switch cares for who called us: her agent may be on the phone with somebody else
// when this process dies. Whom we called has no queue to fall back to.
func (c Call) hold(at time.Time) (Call, []Command) {
	if c.Held {
		return c, nil
	}
	c.Talked, c.Bridged = c.spokenUntil(at), time.Time{}
	c.Held, c.Joined = true, false
	return c, c.holdAgain()
}

func (c Call) holdAgain() []Command {
	if c.Kind == Outbound {
		return []Command{HoldCaller{Bridge: c.Bridge()}}
	}
	return []Command{Guard{On: true}, HoldCaller{Bridge: c.Bridge()}}
}

// resumeGuests puts the guests of a conversation where the facts say that they are.
// Who answered in the gap is let go: nobody has asked law 3 of her.
func (r Rules) resumeGuests(c Call, ev Resumed) (Call, []Command) {
	var cmds []Command
	for _, g := range slices.Clone(c.Guests) {
		i := c.guestIndex(g.Leg)
		if i < 0 {
			continue // let go with another
		}
		f := ev.Guests[g.Leg]
		var more []Command
		switch {
		case f.Leg == LegAbsent || f.Leg == "":
			c, more = r.guestGone(c, i, parting{at: ev.At, why: agent.Withdrawn, legGone: true})
		case !g.Up && f.Leg == LegUp && g.Agent == "":
			c, more = r.guestCame(c, i, Answered{At: ev.At, Leg: g.Leg})
		case g.Up != (f.Leg == LegUp):
			c, more = r.guestGone(c, i, parting{at: ev.At, why: agent.Withdrawn})
		case !g.Up:
			more = []Command{GuestTimer{Leg: g.Leg, After: max(0, g.RingFor-ev.At.Sub(g.At))}}
		case !f.Placed:
			more = c.place(g)
		}
		cmds = append(cmds, more...)
	}
	return c, cmds
}
