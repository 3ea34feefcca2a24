package call

import (
	"slices"
	"time"

	"powerline/agent"
)

// Wish is what somebody wants done with a call.
type Wish string

// What the agent of a call may want.
const (
	// ToQueue gives the caller back to the queue, before all others of the category.
	ToQueue Wish = "transfer-queue"
	// ToAgent does so for one agent, who is rung at once; if she does not come,
	// the caller waits as after ToQueue.
	ToAgent Wish = "transfer-agent"
	// Consult puts the caller on hold and rings another agent; ConsultDone leaves
	// the caller to that agent, ConsultCancel takes the caller back, Together
	// lets all three talk.
	Consult       Wish = "consult"
	ConsultDone   Wish = "consult-complete"
	ConsultCancel Wish = "consult-cancel"
	Together      Wish = "conference"
	// ToEmergency and ToStation ring 112 or a police station while the caller is on
	// hold and her agent still there; what then follows is as after Consult.
	ToEmergency Wish = "transfer-112"
	ToStation   Wish = "transfer-station"
	Hold        Wish = "hold"
	Unhold      Wish = "unhold"
	// QuickEnd ends an abusive call, or one under duress, at once; recovery follows.
	QuickEnd Wish = "quick-end"
	// Panic calls for a supervisor; the call goes on.
	Panic Wish = "panic"
	// PauseRecording lets the recording hold silence until ResumeRecording, or until
	// its time is over.
	PauseRecording  Wish = "pause-recording"
	ResumeRecording Wish = "resume-recording"
)

// What a supervisor may want. The first four ring her own phone first, if she is
// not in the call already.
const (
	Listen   Wish = "listen"    // she hears both and is heard by nobody
	Whisper  Wish = "whisper"   // she hears both and is heard by the agent alone
	Barge    Wish = "barge"     // all hear each other
	TakeOver Wish = "take-over" // she becomes the agent of the call
	Leave    Wish = "leave"     // she leaves; nobody else does
	Pull     Wish = "pull"      // a waiting caller is offered to one agent
	Move     Wish = "move"      // a waiting caller gets another category, and keeps the place
)

// Order is a wish with all that it needs.
type Order struct {
	// ID is unique: an order that comes twice is carried out once.
	ID   string
	Wish Wish
	// By is the seat of whoever gives the order: the agent of the call, or a
	// supervisor. Supervises: she may do what agents of other calls may not.
	By         agent.ID
	Supervises bool
	// Agent is whom it is about, as she is known now: the other agent, or for the
	// wishes of supervisors who join a call, herself.
	Agent    agent.Agent
	RingFor  time.Duration
	Category string
	// Outside is a word for where an outside leg goes; Reason a word for why.
	Outside string
	Reason  string
}

// Refusal says why an order is not carried out: a word that pages translate. As an
// error it is final; nothing was done.
type Refusal string

// Error says that it is a refusal.
func (r Refusal) Error() string { return "order refused: " + string(r) }

// The refusals.
const (
	NoSuchCall      Refusal = "no-such-call"
	NotYourCall     Refusal = "not-your-call"
	NotAllowed      Refusal = "not-allowed" // a supervisor's wish, by somebody who is none
	NotTalking      Refusal = "not-talking"
	NotWaiting      Refusal = "not-waiting"
	NotForThisCall  Refusal = "not-for-this-call" // as a transfer into the queue of somebody whom we called
	LawForbids      Refusal = "law-forbids"       // law 3: she may not be in this call
	AgentTaken      Refusal = "agent-taken"       // or away, or her phone does not answer
	UnknownAgent    Refusal = "unknown-agent"
	UnknownCategory Refusal = "unknown-category"
	NobodyThere     Refusal = "nobody-there" // nobody to talk with, to leave, or to leave it to
	SomebodyThere   Refusal = "somebody-there"
	NotRecorded     Refusal = "not-recorded"
	NoDestination   Refusal = "no-destination" // neither configured nor in the directory
	TooLate         Refusal = "too-late"
	NotNow          Refusal = "not-now" // as the end of a wrap-up by somebody who has none
	NotWritten      Refusal = "not-written"
	UnknownWish     Refusal = "unknown-wish"
)

// maxOrders bounds how many orders a call remembers.
const maxOrders = 8

// Obeyed reports whether the order was carried out.
func (c Call) Obeyed(order string) bool { return slices.Contains(c.Orders, order) }

func (c Call) obeyed(order string) Call {
	c.Orders = append(slices.Clone(c.Orders), order)
	c.Orders = c.Orders[max(0, len(c.Orders)-maxOrders):]
	return c
}

// Converses reports whether the call has an agent and somebody who may talk with
// her, be the latter on hold.
func (c Call) Converses() bool {
	return c.Stage == Talking && (c.Kind != Outbound || c.reached())
}

// Refuses says why an order cannot be carried out as the call stands; empty if it can.
func (r Rules) Refuses(c Call, o Order) Refusal {
	switch o.Wish {
	case Listen, Whisper, Barge, TakeOver, Leave, Pull, Move:
		if !o.Supervises {
			return NotAllowed
		}
		return r.refusesSupervisor(c, o)
	case ToQueue, ToAgent, Consult, ConsultDone, ConsultCancel, Together, ToEmergency, ToStation,
		Hold, Unhold, QuickEnd, Panic, PauseRecording, ResumeRecording:
		switch {
		case c.Stage == "" || c.Stage == Ended:
			return NoSuchCall
		case !c.Converses():
			return NotTalking
		case o.By != c.Offer.Agent && !o.Supervises:
			return NotYourCall
		}
		return r.refusesAgent(c, o)
	}
	return UnknownWish
}

// refusesAgent is asked for the wishes of a call's own agent.
func (r Rules) refusesAgent(c Call, o Order) Refusal {
	switch o.Wish {
	case ToQueue, ToAgent:
		switch {
		case c.Kind == Outbound:
			return NotForThisCall
		case o.Wish == ToAgent:
			return refusesOffer(c, o)
		case o.Category != "" && !r.has(c.Kind, o.Category):
			return UnknownCategory
		}
	case PauseRecording, ResumeRecording:
		if c.Recording == 0 {
			return NotRecorded
		}
	case Hold:
		if !c.Joined && !c.Held {
			return NotTalking
		}
	case Unhold:
		if i := c.partner(); i >= 0 && !c.Guests[i].Up {
			return NotNow // she would come into a conversation that she was not asked into
		}
	case Consult, ToEmergency, ToStation:
		switch {
		case c.partner() >= 0 || len(c.Guests) >= maxGuests:
			return SomebodyThere
		case !c.Joined && !c.Held:
			return NotTalking
		case o.Wish != Consult && o.Outside == "":
			return NoDestination
		case o.Wish != Consult:
			return ""
		}
		return refusesOffer(c, o)
	case ConsultCancel:
		if c.partner() < 0 {
			return NobodyThere
		}
	case ConsultDone, Together:
		switch i := c.partner(); {
		case i < 0 || !c.Guests[i].Up:
			return NobodyThere
		case o.Wish == ConsultDone && c.Guests[i].Agent == "" && c.Kind == Outbound:
			return NotForThisCall // whom we called is not left to others
		}
	case QuickEnd, Panic:
	default:
		return NotNow
	}
	return ""
}

func (r Rules) refusesSupervisor(c Call, o Order) Refusal {
	switch o.Wish {
	case Pull, Move:
		switch {
		case c.Stage == "" || c.Stage == Ended:
			return NoSuchCall
		case c.Kind == Outbound:
			return NotForThisCall
		case c.Stage != Waiting:
			return NotWaiting
		case o.Wish == Move && !r.has(c.Kind, o.Category):
			return UnknownCategory
		case o.Wish == Pull:
			return refusesOffer(c, o)
		}
		return ""
	}
	switch {
	case c.Stage == "" || c.Stage == Ended:
		return NoSuchCall
	case !c.Converses():
		return NotTalking
	}
	return refusesJoining(c, o)
}

// refusesJoining is asked before a supervisor comes into a conversation, hears it
// in another way, or leaves it. Law 3 holds for whoever only listens too: a woman
// was promised that women hear her, and no woman is to bear what an offender says.
func refusesJoining(c Call, o Order) Refusal {
	_, guest := c.GuestOf(o.Agent.Profile.ID)
	switch {
	case o.Agent.Profile.ID == "":
		return UnknownAgent
	case o.Wish == Leave && !guest:
		return NobodyThere
	case o.Wish == Leave:
		return ""
	case !o.Agent.Profile.Fits(c.Pool):
		return LawForbids
	case guest:
		return ""
	case !o.Agent.Invitable():
		return AgentTaken
	case len(c.Guests) >= maxGuests:
		return SomebodyThere
	}
	return ""
}

// refusesOffer is asked before a call is given to one agent.
func refusesOffer(c Call, o Order) Refusal {
	switch {
	case o.Agent.Profile.ID == "":
		return UnknownAgent
	case !o.Agent.Profile.Fits(c.Pool):
		return LawForbids
	case !o.Agent.Routable():
		return AgentTaken
	}
	return ""
}

// has reports whether calls of the kind may be of the category.
func (r Rules) has(kind Kind, category string) bool {
	k, known := r.Categories[category]
	return known && (k.Of == "" || k.Of == kind)
}

// ordered carries out an order, if nothing is against it.
func (r Rules) ordered(c Call, ev Ordered) (Call, []Command) {
	o := ev.Order
	if c.Obeyed(o.ID) || r.Refuses(c, o) != "" {
		return c, nil
	}
	c = c.obeyed(o.ID)
	switch o.Wish {
	case Pull:
		return r.offer(c, Matched{At: ev.At, Agent: o.Agent.Profile, RingFor: o.RingFor})
	case Move:
		return r.classify(c, o.Category), []Command{Stamp{}, Log{At: ev.At, Name: Moved, Agent: o.By, Detail: o.Category}}
	case ToQueue, ToAgent:
		return r.sendBack(c, ev)
	case QuickEnd:
		return r.quickEnd(c, ev.At)
	case Panic:
		c.Alarm = ev.At
		return c, []Command{Log{At: ev.At, Name: PanicKey, Agent: o.By}}
	case PauseRecording:
		return r.pause(c, ev.At, o)
	case ResumeRecording:
		return c.unpause(ev.At)
	case Listen, Whisper, Barge, TakeOver:
		return r.supervise(c, ev)
	case Leave:
		g, _ := c.GuestOf(o.Agent.Profile.ID)
		return r.guestGone(c, c.guestIndex(g.Leg), parting{at: ev.At, why: agent.Withdrawn})
	}
	return r.withPartner(c, ev)
}

// withPartner carries out what an agent wants with a caller on hold or somebody else.
func (r Rules) withPartner(c Call, ev Ordered) (Call, []Command) {
	switch ev.Order.Wish {
	case Hold:
		c, cmds := c.hold(ev.At)
		return c, append(cmds, Log{At: ev.At, Name: OnHold, Agent: c.Offer.Agent})
	case Unhold, Together:
		if !c.Held {
			return c, nil
		}
		c, cmds := c.joinAgain()
		return c, append(cmds, Log{At: ev.At, Name: OffHold, Agent: c.Offer.Agent})
	case Consult:
		c, held := c.hold(ev.At)
		c, cmds := r.invite(c, ev.At, ev.Order)
		return c, append(held, cmds...)
	case ToEmergency, ToStation:
		c, held := c.hold(ev.At)
		c, cmds := c.callOut(ev.At, ev.Order)
		return c, append(held, cmds...)
	case ConsultDone:
		if i := c.partner(); c.Guests[i].Agent == "" {
			return r.handOver(c, i, ev.At, agent.Finish{At: ev.At, Call: c.ID, WrapUp: r.wrapUp(c)}, false)
		}
		return r.promote(c, c.partner(), ev.At, agent.Finish{At: ev.At, Call: c.ID, WrapUp: r.wrapUp(c)}, false)
	case ConsultCancel:
		return r.guestGone(c, c.partner(), parting{at: ev.At, why: agent.Withdrawn})
	}
	return c, nil
}

// supervise lets a supervisor come into a conversation, or hear it in another way.
func (r Rules) supervise(c Call, ev Ordered) (Call, []Command) {
	o := ev.Order
	c.Alarm = time.Time{} // whoever called for help has it
	g, guest := c.GuestOf(o.Agent.Profile.ID)
	if !guest {
		return r.invite(c, ev.At, o)
	}
	before, i := g, c.guestIndex(g.Leg)
	g.Wish = o.Wish
	switch {
	case !before.Up || before.Wish == g.Wish:
		return c.withGuest(i, g), nil
	case o.Wish == TakeOver:
		return r.promote(c, i, ev.At, agent.Finish{At: ev.At, Call: c.ID, WrapUp: r.wrapUp(c)}, false)
	}
	c, g = c.numbered(g)
	c = c.withGuest(i, g)
	cmds := append(c.place(g), c.hearsNoMore(before)...)
	return c, append(cmds, Log{At: ev.At, Name: GuestCame, Agent: g.Agent, Detail: string(g.Wish)})
}

// sendBack gives the caller back to the queue. Music comes at once, and her agent
// writes up what she heard.
func (r Rules) sendBack(c Call, ev Ordered) (Call, []Command) {
	o, from := ev.Order, c.Offer
	plan := r.Categories[c.Category].WrapUp
	if o.Category != "" {
		c = r.classify(c, o.Category)
	}
	c, cmds := r.requeue(c, ev.At, agent.Finish{At: ev.At, Call: c.ID, WrapUp: plan})
	detail := c.Category
	if o.Wish == ToAgent {
		detail = string(o.Agent.Profile.ID)
	}
	return c.tried(from.Agent), append(cmds, Log{At: ev.At, Name: BlindTransfer, Agent: from.Agent, Detail: detail})
}

// quickEnd ends a conversation that nobody needs to bear.
func (r Rules) quickEnd(c Call, at time.Time) (Call, []Command) {
	leg := c.Offer.Leg
	rules := r
	rules.Categories = map[string]Category{c.Category: {WrapUp: r.QuickEnd}}
	c, cmds := rules.complete(c, at, CompleteAgent, false, HangUpCaller{})
	return c, append(cmds, HangUpLeg{Leg: leg, Reason: "normal"})
}

// pause lets the recording hold silence. It ends by itself: nobody may be left
// unrecorded because somebody forgot, or died.
func (r Rules) pause(c Call, at time.Time, o Order) (Call, []Command) {
	if !c.Paused.IsZero() {
		return c, nil
	}
	c.Paused, c.Muted = at, true
	return c, []Command{
		MuteRecording{ID: RecordingID(c.ID, c.Recording), At: at, On: true, By: o.By, Why: o.Reason},
		PauseTimer{Since: at, After: r.PauseAtMost},
	}
}

// unpause lets the recording go on.
func (c Call) unpause(at time.Time) (Call, []Command) {
	if c.Paused.IsZero() {
		return c, nil
	}
	since := c.Paused
	c.Paused = time.Time{}
	return c, []Command{MuteRecording{ID: RecordingID(c.ID, c.Recording), At: at, Lasted: max(0, at.Sub(since))}}
}

// pauseUp ends a pause of the recording that has lasted for long enough.
func (c Call) pauseUp(ev PauseUp) (Call, []Command) {
	if c.Paused.IsZero() || !c.Paused.Equal(ev.Since) {
		return c, nil
	}
	return c.unpause(ev.At)
}

// pausedStill repeats what was asked of the recording and arms the end of a pause:
// the engine before this one may have died before the one, and took the other with it.
func (c Call) pausedStill(at time.Time, atMost time.Duration) []Command {
	if !c.Muted || c.Recording == 0 {
		return nil
	}
	cmds := []Command{MuteRecording{ID: RecordingID(c.ID, c.Recording), At: at, On: !c.Paused.IsZero(), Again: true}}
	if !c.Paused.IsZero() {
		cmds = append(cmds, PauseTimer{Since: c.Paused, After: max(0, atMost-at.Sub(c.Paused))})
	}
	return cmds
}
