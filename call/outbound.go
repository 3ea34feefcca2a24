package call

import (
	"time"

	"powerline/agent"
)

// An outbound call goes the other way round: the agent's phone is rung first,
// and only when her leg is up that of whom we call. So nobody who answers ever
// hears silence (law 4).
//
//	placed ─▶ waiting ──matched──▶ offered ──her leg is up──▶ talking
//	                                  │                     dialling ─▶ reached
//	                                  ▼                         │          │
//	                                ended ◀─────────────────────┴──────────┘
//
// Talking begins with her leg, because from there on she is taken; Answered is
// when whom we call answered. His leg has the id of the call, and the call is
// named by the attempt: a second INVITE for it is impossible, because Asterisk
// refuses a second channel of that id while the first lives, and because a call
// whose leg is missing after a gap is ended and never dialled again.

// Failure says why nobody was reached. Cause is a word: busy, no-answer, off,
// rejected, invalid, network, or a reason of ours; SIP and Q850 are what the
// network said, 0 if nothing.
type Failure struct {
	Cause string `json:"cause"`
	SIP   int    `json:"sip,omitempty"`
	Q850  int    `json:"q850,omitempty"`
}

// reached reports whether somebody has answered the outbound call.
func (c Call) reached() bool { return !c.Answered.IsZero() }

// Ringing reports whether we ring, or are about to ring, the phone of whom we
// call: such a call can be taken back without harm.
func (c Call) Ringing() bool { return c.Kind == Outbound && c.Stage == Talking && !c.reached() }

// AsksFirst reports whether the event would end a ring that may have been
// answered already. The word of an answer may be late or lost, and neither a clock
// nor a dialer may end a conversation: whoever steps the call looks at Asterisk
// first, and if the phone was answered steps it with that (Resumed) instead.
func (c Call) AsksFirst(ev Event) bool {
	switch ev := ev.(type) {
	case TimeUp:
		return c.Ringing() && ev.Epoch == c.Epoch
	case TakenBack:
		return c.Ringing()
	}
	return false
}

// Old reports whether a placement must be given up, because it is not known to have
// been stored within the lease. It may have been, without an answer, and a peer may
// have taken it over, ended and forgotten it since: begun once more, an attempt that
// has ended would ring its agent.
func (ev Placed) Old(now time.Time, lease time.Duration) bool { return now.Sub(ev.At) > lease }

func (r Rules) place(c Call, ev Placed) (Call, []Command) {
	if c.Stage != "" {
		return c, nil
	}
	c.Kind, c.Task, c.Category, c.Line, c.Language = Outbound, ev.Task, ev.Work, ev.Line, ev.Language
	c.Pool, c.DialFor, c.Arrived, c.Queued = ev.Pool, ev.DialFor, ev.At, ev.At
	return c.enter(Waiting), nil
}

func (r Rules) outbound(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case Resumed:
		return r.resumeOutbound(c, ev)
	case Ordered:
		return r.ordered(c, ev)
	case PauseUp:
		return c.pauseUp(ev)
	case Answered:
		if c.Stage != Offered || ev.Leg != c.Offer.Leg {
			return c, strayLeg(c, ev.Leg)
		}
		return r.dial(c, ev)
	}
	switch c.Stage {
	case Waiting:
		return r.placed(c, ev)
	case Offered:
		return r.ringsAgent(c, ev)
	case Talking:
		if c.reached() {
			return r.speaks(c, ev)
		}
		return r.dialling(c, ev)
	}
	return c, nil
}

func (r Rules) placed(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case Matched:
		return r.offer(c, ev)
	case TakenBack:
		return r.abort(c, ev.At, NotPlaced, ev.Why)
	case Unmatched:
		return r.abort(c, ev.At, NotPlaced, "agent-taken")
	}
	return c, nil
}

// ringsAgent: an agent who does not come to an outbound call ends it. Nobody
// waits for it, and its task is still due.
func (r Rules) ringsAgent(c Call, ev Event) (Call, []Command) {
	if m, failed := c.offerFailed(ev); failed {
		return r.agentMissed(c, m)
	}
	if ev, ok := ev.(TakenBack); ok {
		return r.agentMissed(c, missedOffer{ev.At, agent.Withdrawn, true})
	}
	return c, nil
}

func (r Rules) agentMissed(c Call, m missedOffer) (Call, []Command) {
	cmds := r.giveUpOffer(c, m)
	c, last := r.abort(c, m.at, NotPlaced, string(m.why))
	return c, append(cmds, last...)
}

// abort ends an outbound call that holds nobody.
func (r Rules) abort(c Call, at time.Time, how Outcome, why string) (Call, []Command) {
	c.EndedAt, c.Outcome, c.Failure = at, how, Failure{Cause: why}
	return c.enter(Ended), []Command{File{}}
}

// dial: her leg is up. Law 3 is asked once more before another phone rings.
func (r Rules) dial(c Call, ev Answered) (Call, []Command) {
	if !ev.Agent.Fits(c.Pool) || ev.Agent.ID != c.Offer.Agent {
		return r.agentMissed(c, missedOffer{ev.At, agent.Withdrawn, true})
	}
	c = c.enter(Talking)
	return c, []Command{
		Tell{Agent: ev.Agent.ID, Event: agent.Connect{At: ev.At, Call: c.ID}},
		Dial{Leg: c.Offer.Leg, Bridge: c.Bridge()},
		Timer{Epoch: c.Epoch, After: c.DialFor},
	}
}

// dialling: her leg is up and the other phone rings, or is about to.
func (r Rules) dialling(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case Dialling:
		if c.Dialled.IsZero() {
			c.Dialled = ev.At
			return c, []Command{Log{At: ev.At, Name: Dialed, Agent: c.Offer.Agent, Detail: c.Category}}
		}
	case Reached:
		return r.nowSpeaks(c, ev.At, false)
	case Missed:
		return r.missed(c, ev.At, NotReached, ev.Failure, false)
	case TimeUp:
		if ev.Epoch == c.Epoch {
			return r.missed(c, ev.At, NotReached, Failure{Cause: c.silence()}, false)
		}
	case Progressed:
		c.Rang, c.Told = c.Rang || ev.Rings, c.Told || !ev.Rings
		return c, nil
	case TakenBack:
		return r.missed(c, ev.At, Withdrawn, Failure{Cause: ev.Why}, false)
	case LegGone:
		if ev.Leg == c.Offer.Leg {
			return r.missed(c, ev.At, Withdrawn, Failure{Cause: "agent-left"}, true)
		}
	}
	return c, nil
}

// silence is what it means that nobody answered in time: where the network spoke
// and nothing ever rang, the phone is switched off or out of reach.
func (c Call) silence() string {
	if c.Told && !c.Rang {
		return "off"
	}
	return "no-answer"
}

// nowSpeaks: he has answered. Again: the recording may have been begun.
func (r Rules) nowSpeaks(c Call, at time.Time, again bool) (Call, []Command) {
	if c.Dialled.IsZero() {
		c.Dialled = at // the word of the dial was lost
	}
	c.Answered, c.Joined, c.Bridged = at, true, at
	c, record := c.spoke(c.Offer.Agent).record(again)
	return c, []Command{record, Log{At: at, Name: Connect, Agent: c.Offer.Agent}}
}

// missed ends an outbound call that reached nobody. His leg goes first, so that
// nobody answers into a bridge without her.
func (r Rules) missed(c Call, at time.Time, how Outcome, why Failure, legGone bool) (Call, []Command) {
	o := c.Offer
	c.EndedAt, c.Outcome, c.Failure = at, how, why
	plan := r.Unreached
	if how != NotReached {
		plan = agent.WrapUpPlan{}
	}
	return c.enter(Ended), []Command{
		Tell{Agent: o.Agent, Event: agent.Finish{At: at, Call: c.ID, WrapUp: plan, LegGone: legGone}},
		HangUpCaller{},
		HangUpLeg{Leg: o.Leg, Reason: "normal"},
		Log{At: at, Name: Unreached, Agent: o.Agent, Detail: why.Cause},
		File{},
	}
}

// speaks: as in any conversation, but for the phone that dies. He did not call
// us; so he is not asked to wait for somebody else.
func (r Rules) speaks(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case CallerGone:
		return r.complete(c, ev.At, CompleteCaller, false, HangUpLeg{Leg: c.Offer.Leg, Reason: "normal"})
	case Joined:
		return c.joined(ev)
	case LegGone:
		switch {
		case ev.Leg != c.Offer.Leg:
			return c, nil
		case c.successor() >= 0:
			return r.succeed(c, ev.At, ev.Lost)
		case ev.Lost:
			return r.brokenOff(c, ev.At)
		}
		return r.complete(c, ev.At, CompleteAgent, true, HangUpCaller{})
	case JoinFailed:
		if ev.Leg == c.Offer.Leg {
			leg := HangUpLeg{Leg: c.Offer.Leg, Reason: "normal"}
			c, cmds := r.complete(c, ev.At, CompleteAgent, false, HangUpCaller{})
			return c, append(cmds, leg) // it ought to have left; if it has not, she is held by nobody
		}
	}
	return c, nil
}

func (r Rules) brokenOff(c Call, at time.Time) (Call, []Command) {
	o := c.Offer
	c.EndedAt, c.Outcome = at, BrokenOff
	cmds := []Command{
		Tell{Agent: o.Agent, Event: agent.Release{At: at, Call: c.ID, Why: agent.Unreachable, LegGone: true}},
		HangUpCaller{},
	}
	cmds = append(append(cmds, c.letAllGo(at, "")...), c.stopRecording(at, false, true)...)
	return c.enter(Ended), append(cmds, Log{At: at, Name: Complete, Agent: o.Agent, Detail: string(BrokenOff)}, File{})
}

// resumeOutbound puts an outbound call where the facts say that it is. What is
// not certain is ended: its task comes again, under another attempt.
func (r Rules) resumeOutbound(c Call, ev Resumed) (Call, []Command) {
	switch c.Stage {
	case Waiting:
		return r.abort(c, ev.At, NotPlaced, "interrupted")
	case Offered:
		return r.resumeRingsAgent(c, ev)
	case Talking:
		if c.reached() {
			return r.resumeSpeaks(c, ev)
		}
		return r.resumeDialling(c, ev)
	case Ended:
		return c, endOutboundAgain(c, ev)
	}
	return c, nil
}

func (r Rules) resumeRingsAgent(c Call, ev Resumed) (Call, []Command) {
	switch ev.Leg {
	case LegUp:
		return r.dial(c, Answered{At: ev.At, Leg: c.Offer.Leg, Agent: ev.Agent})
	case LegRinging:
		left := max(0, c.Offer.RingFor-ev.At.Sub(c.Offer.At))
		return c, []Command{Timer{Epoch: c.Epoch, After: left}}
	}
	return r.agentMissed(c, missedOffer{ev.At, agent.Withdrawn, false})
}

func (r Rules) resumeDialling(c Call, ev Resumed) (Call, []Command) {
	switch {
	case ev.Leg != LegUp:
		return r.missed(c, ev.At, Withdrawn, Failure{Cause: "agent-left"}, ev.Leg == LegAbsent)
	case !ev.Caller:
		return r.missed(c, ev.At, Interrupted, Failure{Cause: "interrupted"}, false)
	case ev.Up:
		c, cmds := r.nowSpeaks(c, ev.At, true)
		if !ev.Joined {
			cmds = append(cmds, Join{Leg: c.Offer.Leg, Bridge: c.Bridge()})
		}
		return c, cmds
	}
	began := c.Dialled
	if began.IsZero() {
		began = ev.At
	}
	return c, []Command{Timer{Epoch: c.Epoch, After: max(0, c.DialFor-ev.At.Sub(began))}}
}

func (r Rules) resumeSpeaks(c Call, ev Resumed) (Call, []Command) {
	switch {
	case !ev.Caller:
		return unseen(r.complete(c, ev.At, CompleteCaller, ev.Leg == LegAbsent, HangUpLeg{Leg: c.Offer.Leg, Reason: "normal"}))
	case ev.Leg == LegAbsent:
		if i := c.successor(); i >= 0 && ev.Guests[c.Guests[i].Leg].Leg == LegUp {
			return r.succeed(c, ev.At, false)
		}
		return unseen(r.complete(c, ev.At, CompleteAgent, true, HangUpCaller{}))
	}
	c, guests := r.resumeGuests(c, ev)
	c, cmds := r.resumePair(c, ev)
	return c, append(cmds, guests...)
}

// endOutboundAgain repeats what the end of an outbound call asked for: nobody
// whom we called is left on the line.
func endOutboundAgain(c Call, ev Resumed) (cmds []Command) {
	if ev.Caller {
		cmds = append(cmds, HangUpCaller{})
	}
	return append(append(append(cmds, c.hangUpLeft()...), c.stopRecordingAgain()...), File{})
}
