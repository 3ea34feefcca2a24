package call

import (
	"slices"
	"time"

	"powerline/agent"
)

// Step is the call after the event, and what to do about it. It reads no
// clock, does no I/O and starts no goroutine; the same events give the same
// commands. An event that came too late, or twice, changes nothing, except
// that a leg nobody waits for is hung up.
func (r Rules) Step(c Call, ev Event) (Call, []Command) {
	if failed, ok := ev.(JoinFailed); ok && failed.Nth != c.Joins {
		return c, nil // they may have been joined since, and talk
	}
	next, cmds := r.step(c, ev)
	cmds = r.afterGap(c, next, ev, cmds)
	for i, cmd := range cmds {
		if join, ok := cmd.(Join); ok {
			next.Joins++
			join.Nth = next.Joins
			cmds[i] = join
		}
	}
	return next.inOrder(), cmds
}

// afterGap adds what an engine before this one may have been about to do when it died,
// whatever else the facts lead to: legs to be ended, a pause of the recording.
func (r Rules) afterGap(c, next Call, ev Event, cmds []Command) []Command {
	var at time.Time
	switch ev := ev.(type) {
	case Resumed:
		for i, leg := range ev.Strays {
			cmds = slices.Insert(cmds, i, Command(HangUpLeg{Leg: leg, Reason: "normal"}))
		}
		at = ev.At
	case Arrived:
		at = ev.At
	default:
		return cmds
	}
	if c.Stage == Talking && next.Stage == Talking {
		cmds = append(cmds, next.pausedStill(at, r.PauseAtMost)...) // on hold too: the recording will go on after it
	}
	return cmds
}

// inOrder keeps the moments of a life in the order of the life. What was concluded
// from facts bears the time of the look, and an event that had waited meanwhile an
// earlier one; a record that ends before it was answered is refused by the books.
func (c Call) inOrder() Call {
	if !c.Answered.IsZero() && c.Answered.Before(c.Dialled) {
		c.Answered = c.Dialled
	}
	for _, before := range []time.Time{c.Dialled, c.Answered} {
		if !c.EndedAt.IsZero() && c.EndedAt.Before(before) {
			c.EndedAt = before
		}
	}
	return c
}

func (r Rules) step(c Call, ev Event) (Call, []Command) {
	if next, cmds, done := r.guests(c, ev); done {
		return next, cmds
	}
	if c.Kind == Outbound {
		return r.outbound(c, ev)
	}
	switch ev := ev.(type) {
	case Placed:
		return r.place(c, ev)
	case CallerGone:
		return r.callerGone(c, ev)
	case Resumed:
		return r.resume(c, ev)
	case Ordered:
		return r.ordered(c, ev)
	case PauseUp:
		return c.pauseUp(ev)
	case Answered:
		if c.Stage != Offered || ev.Leg != c.Offer.Leg {
			return c, strayLeg(c, ev.Leg)
		}
		return r.answered(c, ev)
	}
	switch c.Stage {
	case "":
		if ev, ok := ev.(Arrived); ok {
			return r.arrive(c, ev)
		}
		return c, nil
	case Ended:
		return c, nil
	}
	if ev, ok := ev.(Arrived); ok {
		return r.cameBack(c, ev)
	}
	switch c.Stage {
	case Greeting:
		return r.greeting(c, ev)
	case Waiting:
		return r.waiting(c, ev)
	case Offered:
		return r.offered(c, ev)
	case Talking:
		return r.talking(c, ev)
	case HandedOver:
		return r.handedOver(c, ev)
	}
	return c, nil
}

// strayLeg hangs up a leg that belongs to no offer in hand. The leg of a
// talking call that reports itself again is not stray.
func strayLeg(c Call, leg string) []Command {
	if c.Stage == Talking && leg == c.Offer.Leg {
		return nil
	}
	return []Command{HangUpLeg{Leg: leg, Reason: "normal"}}
}

func (r Rules) arrive(c Call, ev Arrived) (Call, []Command) {
	c.Kind, c.Line, c.Caller, c.Numbered = ev.Kind, ev.Line, ev.Caller, ev.Numbered
	c.Arrived, c.Pool, c.Language = ev.Stamped, ev.Pool, ev.Language
	c = r.classify(c, ev.Category)
	if !ev.Place.IsZero() {
		c.Queued, c.Redial = ev.Place, true
	}
	if ev.Menu == "" {
		return r.enqueue(c, ev.At, KeepCompany{}, Guard{On: true})
	}
	cmds := []Command{Guard{On: true}, Greet{Menu: ev.Menu}}
	if c.Redial {
		cmds = append(cmds, Stamp{}) // the place that she has already
	}
	return c.enter(Greeting), cmds
}

// cameBack: she was away without our knowing, in the fallback queue, and what
// she heard has ended. Her place and an offer in hand are as they were.
func (r Rules) cameBack(c Call, ev Arrived) (Call, []Command) {
	switch c.Stage {
	case Greeting:
		return r.enqueue(c, ev.At, KeepCompany{AfterGap: true}, Guard{On: true})
	case HandedOver:
		return c, []Command{LeaveAlone{}, Join{Leg: c.Guests[0].Leg, Bridge: c.Bridge()}, Guard{}}
	case Talking:
		c.Held = true // whatever she was: she is out of the bridge now
		return c.joinAgain()
	}
	return c, []Command{Guard{On: true}, KeepCompany{AfterGap: true}}
}

// classify sets the category and what follows from it. An unknown one is taken
// as unclassified: a caller is never lost over a configuration.
func (r Rules) classify(c Call, category string) Call {
	if _, known := r.Categories[category]; !known {
		category = r.Unclassified
	}
	c.Category, c.Crisis = category, r.Categories[category].Crisis
	return c
}

// enqueue lets the call wait; its place is the one it already had, if any. The
// stamp comes before the first prompt, because Asterisk would hold it back
// until that has ended.
func (r Rules) enqueue(c Call, at time.Time, company KeepCompany, first ...Command) (Call, []Command) {
	if c.Queued.IsZero() {
		c.Queued = at
	}
	c = c.enter(Waiting)
	return c, append(first, Stamp{}, company, Log{At: at, Name: EnterQueue, Detail: c.Category})
}

func (r Rules) greeting(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case Greeted:
		if ev.Category != "" {
			c = r.classify(c, ev.Category)
		}
		if ev.Language != "" {
			c.Language = ev.Language
		}
		c = r.plea(c, ev.Silence)
		return r.enqueue(c, ev.At, KeepCompany{})
	case Emergency:
		return r.toEmergency(c, ev)
	}
	return c, nil
}

// plea raises a call for which a key spoke. A plea is never taken back.
func (r Rules) plea(c Call, s Silence) Call {
	switch {
	case s == NotSilent, c.Silence == Danger, c.Silence == Keyed && s == Mute:
		return c
	}
	c.Silence = s
	switch {
	case s == Danger:
		c = r.classify(c, r.CrisisCategory)
	case s == Keyed && !c.Crisis && c.Category == r.Unclassified:
		c = r.classify(c, r.SilentCategory)
	}
	return c
}

func (r Rules) waiting(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case Matched:
		return r.offer(c, ev)
	case Pleaded, Spoke, Chose:
		return r.heard(c, ev)
	case Emergency:
		return r.toEmergency(c, ev)
	}
	return c, nil
}

// heard takes in a key, a choice or a voice while she waits or while a phone rings.
func (r Rules) heard(c Call, ev Event) (Call, []Command) {
	before := c
	switch ev := ev.(type) {
	case Pleaded:
		if ev.Danger {
			c = r.plea(c, Danger)
		} else {
			c = r.plea(c, Keyed)
		}
		if c.Silence == before.Silence {
			return before, nil
		}
		return c, []Command{Stamp{}, Log{At: ev.At, Name: Silent, Detail: string(c.Silence)}}
	case Chose:
		if ev.Category != "" && c.Silence != Danger {
			c = r.classify(c, ev.Category)
		}
		if ev.Language != "" {
			c.Language = ev.Language
		}
		if c.Category != before.Category || c.Language != before.Language {
			return c, []Command{Stamp{}}
		}
	case Spoke:
		if c.Silence == Mute {
			c.Silence = NotSilent
		}
	}
	return c, nil
}

func (r Rules) toEmergency(c Call, ev Emergency) (Call, []Command) {
	c.EndedAt, c.Outcome = ev.At, SentToEmergency
	return c.enter(Ended), []Command{LeaveAlone{}, Guard{}, SendToEmergency{}, File{}}
}

// offer reserves the agent and rings her. Law 3 is checked here as well as in
// routing and in the script that commits.
func (r Rules) offer(c Call, ev Matched) (Call, []Command) {
	if !ev.Agent.Fits(c.Pool) {
		return c, nil
	}
	c.Offers++
	c = c.enter(Offered)
	n := c.Numbered + c.Offers
	c.Offer = Offer{N: n, Agent: ev.Agent.ID, Leg: LegID(c.ID, n), RingFor: ev.RingFor, At: ev.At}
	return c, []Command{
		Tell{Agent: ev.Agent.ID, Must: true, Event: agent.Reserve{At: ev.At, Call: c.ID, Leg: c.Offer.Leg, BreakIn: ev.BreakIn}},
		Ring{Leg: c.Offer.Leg, Agent: ev.Agent.ID, For: ev.RingFor},
		Timer{Epoch: c.Epoch, After: ev.RingFor},
	}
}

func (r Rules) offered(c Call, ev Event) (Call, []Command) {
	if m, failed := c.offerFailed(ev); failed {
		return r.takeBack(c, m)
	}
	switch ev := ev.(type) {
	case Matched:
		return c, nil // told twice: this call has its agent
	case Pleaded, Spoke, Chose:
		return r.heard(c, ev)
	}
	return c, nil
}

// missedOffer is how the offer in hand failed. HangUp: her leg may still be there.
type missedOffer struct {
	at     time.Time
	why    agent.ReleaseReason
	hangUp bool
}

// offerFailed reads an event that ends the offer in hand without an answer.
func (c Call) offerFailed(ev Event) (m missedOffer, failed bool) {
	switch ev := ev.(type) {
	case RingFailed:
		return missedOffer{ev.At, ev.Why, false}, ev.Leg == c.Offer.Leg
	case TimeUp:
		return missedOffer{ev.At, agent.NoAnswer, true}, ev.Epoch == c.Epoch
	case PhoneLost:
		return missedOffer{ev.At, agent.Unreachable, true}, ev.Agent == c.Offer.Agent
	case Robbed:
		return missedOffer{ev.At, agent.Withdrawn, true}, ev.Leg == c.Offer.Leg
	}
	return missedOffer{}, false
}

// giveUpOffer frees the agent of the offer in hand; what becomes of the call is
// for whoever asks.
func (r Rules) giveUpOffer(c Call, m missedOffer) []Command {
	o := c.Offer
	var delay time.Duration
	if m.why == agent.Rejected {
		delay = r.RejectDelay
	}
	cmds := []Command{Tell{Agent: o.Agent, Event: agent.Release{At: m.at, Call: c.ID, Why: m.why, Delay: delay, LegGone: !m.hangUp}}}
	if m.hangUp {
		cmds = append(cmds, HangUpLeg{Leg: o.Leg, Reason: "no-answer"})
	}
	return append(cmds, Log{At: m.at, Name: RingNoAnswer, Agent: o.Agent, Detail: string(m.why)})
}

// takeBack ends an offer that did not become a call; she waits on, in her old
// place, and hears no difference.
func (r Rules) takeBack(c Call, m missedOffer) (Call, []Command) {
	return c.tried(c.Offer.Agent).enter(Waiting), r.giveUpOffer(c, m)
}

// answered connects her, if law 3 still holds for whoever picked up.
func (r Rules) answered(c Call, ev Answered) (Call, []Command) {
	if !ev.Agent.Fits(c.Pool) || ev.Agent.ID != c.Offer.Agent {
		return r.takeBack(c, missedOffer{ev.At, agent.Withdrawn, true})
	}
	c = c.enter(Talking).spoke(ev.Agent.ID)
	if c.Answered.IsZero() {
		c.Answered = ev.At
	}
	return c, []Command{
		Tell{Agent: ev.Agent.ID, Event: agent.Connect{At: ev.At, Call: c.ID}},
		LeaveAlone{},
		Join{Leg: c.Offer.Leg, Bridge: c.Bridge()},
		Guard{},
		Log{At: ev.At, Name: Connect, Agent: ev.Agent.ID},
	}
}

func (r Rules) talking(c Call, ev Event) (Call, []Command) {
	switch ev := ev.(type) {
	case Joined:
		return c.joined(ev)
	case JoinFailed:
		switch {
		case ev.Leg != c.Offer.Leg:
			return c, nil
		case c.Joined: // they had spoken, and her agent has just left
			return r.complete(c, ev.At, CompleteAgent, false, HangUpCaller{})
		}
		return r.backToHead(c, ev.At, false, false)
	case LegGone:
		switch {
		case ev.Leg != c.Offer.Leg:
			return c, nil
		case c.successor() >= 0 || c.outside() >= 0:
			return r.succeed(c, ev.At, ev.Lost)
		case ev.Lost, !c.Joined: // she has not spoken with anybody, or not to the end
			return r.backToHead(c, ev.At, ev.Lost, true)
		}
		return r.complete(c, ev.At, CompleteAgent, true, HangUpCaller{})
	}
	return c, nil
}

// joined: caller and agent are in the bridge. After a hold, or with another agent
// than before, the recording goes on that had begun.
func (c Call) joined(ev Joined) (Call, []Command) {
	if ev.Leg != c.Offer.Leg || c.Joined || c.Held {
		return c, nil
	}
	c.Joined, c.Bridged = true, ev.At
	if c.Recording != 0 {
		return c, nil
	}
	c, record := c.record(false)
	return c, []Command{record}
}

// succeed: the agent's leg has ended, and a guest who talks with them goes on.
func (r Rules) succeed(c Call, at time.Time, lost bool) (Call, []Command) {
	var tell agent.Event = agent.Finish{At: at, Call: c.ID, WrapUp: r.wrapUp(c), LegGone: true}
	if lost {
		tell = agent.Release{At: at, Call: c.ID, Why: agent.Unreachable, LegGone: true}
	}
	if c.successor() < 0 {
		return r.handOver(c, c.outside(), at, tell, true)
	}
	return r.promote(c, c.successor(), at, tell, true)
}

// backToHead: the agent's phone died, or her leg left at the very moment of
// the bridge. The caller did nothing wrong and is served first.
func (r Rules) backToHead(c Call, at time.Time, phoneLost, legGone bool) (Call, []Command) {
	var tell agent.Event = agent.Finish{At: at, Call: c.ID, LegGone: legGone}
	if phoneLost {
		tell = agent.Release{At: at, Call: c.ID, Why: agent.Unreachable, LegGone: legGone}
	}
	from := c.Offer.Agent
	c, cmds := r.requeue(c, at, tell)
	return c, append(cmds, Log{At: at, Name: Requeue, Agent: from})
}

// requeue lets a caller who had an agent wait once more, before all others of her
// category. Her agent is told, and her leg ended.
func (r Rules) requeue(c Call, at time.Time, tell agent.Event) (Call, []Command) {
	o := c.Offer
	stop := append(append(c.hangUpLeft(), c.letAllGo(at, "")...), c.stopRecording(at, true, true)...)
	c = c.enter(Waiting)
	c.Head = true
	cmds := []Command{
		Tell{Agent: o.Agent, Event: tell},
		Guard{On: true}, // first, lest nobody cares for her if this process dies now
	}
	return c, append(append(cmds, stop...),
		HangUpLeg{Leg: o.Leg, Reason: "normal"},
		KeepCompany{AfterGap: true},
		Stamp{},
	)
}

// complete ends a call that had its agent. legGone says that her leg has ended
// already; if not, she is free for the next call only when it has.
func (r Rules) complete(c Call, at time.Time, how Outcome, legGone bool, last Command) (Call, []Command) {
	o := c.Offer
	c.EndedAt, c.Outcome = at, how
	plan := r.Categories[c.Category].WrapUp
	cmds := []Command{
		Tell{Agent: o.Agent, Event: agent.Finish{At: at, Call: c.ID, WrapUp: plan, LegGone: legGone}},
		last,
	}
	cmds = append(append(cmds, c.letAllGo(at, "")...), c.stopRecording(at, false, true)...)
	return c.enter(Ended), append(cmds, Log{At: at, Name: Complete, Agent: o.Agent, Detail: string(how)}, File{})
}

// goesOn marks whether the recorded channel outlives the end of its recording.
func goesOn(cmds []Command, on bool) []Command {
	for i, cmd := range cmds {
		if stop, ok := cmd.(StopRecording); ok {
			stop.On = on
			cmds[i] = stop
		}
	}
	return cmds
}

// unseen marks the end of a recording that came to pass in a gap.
func unseen(c Call, cmds []Command) (Call, []Command) {
	for i, cmd := range cmds {
		if stop, ok := cmd.(StopRecording); ok {
			stop.Unseen = true
			cmds[i] = stop
		}
	}
	return c, cmds
}

// callerGone ends the call from any stage. Fallback means that the caller is
// still there, in the dialplan's own queue.
func (r Rules) callerGone(c Call, ev CallerGone) (Call, []Command) {
	var cmds []Command
	o := c.Offer
	switch c.Stage {
	case "", Ended:
		return c, nil
	case Greeting:
		c.Outcome = AbandonedGreeting
	case Waiting:
		c.Outcome = AbandonedWaiting
	case Offered:
		c.Outcome = AbandonedRinging
		cmds = []Command{
			Tell{Agent: o.Agent, Event: agent.Release{At: ev.At, Call: c.ID, Why: agent.CallerGone}},
			HangUpLeg{Leg: o.Leg, Reason: "normal"},
			Log{At: ev.At, Name: RingCanceled, Agent: o.Agent},
		}
	case Talking:
		c, cmds := r.complete(c, ev.At, CompleteCaller, false, HangUpLeg{Leg: o.Leg, Reason: "normal"})
		return c, goesOn(cmds, ev.Fallback)
	case HandedOver:
		return c.endHandedOver(ev.At, CompleteCaller, HangUpLeg{Leg: c.Guests[0].Leg, Reason: "normal"})
	}
	if ev.Fallback {
		c.Outcome = LeftToFallback
	}
	c.EndedAt = ev.At
	c = c.enter(Ended)
	return c, append(cmds, LeaveAlone{}, Log{At: ev.At, Name: Abandon, Detail: string(c.Outcome)}, File{})
}

// resume puts the call where the facts say that it is. It is the only recovery
// path: a crash, a takeover, a lost websocket and a wiped Redis all end here.
func (r Rules) resume(c Call, ev Resumed) (Call, []Command) {
	switch {
	case c.Stage == Ended:
		return c, endAgain(c, ev)
	case !ev.Caller:
		return unseen(r.callerGone(c, CallerGone{At: ev.At}))
	}
	switch c.Stage {
	case Greeting: // she has waited long enough for a voice: straight to the queue
		return r.enqueue(c, ev.At, KeepCompany{AfterGap: true}, Guard{On: true})
	case Waiting:
		return c, append(c.hangUpLeft(), waitsOn()...)
	case Offered:
		return r.resumeOffered(c, ev)
	case Talking:
		return r.resumeTalking(c, ev)
	case HandedOver:
		return r.resumeHandedOver(c, ev)
	}
	return c, nil
}

// waitsOn is what a caller needs who waits on. Whoever had her before may have died
// between the commit and the stamp.
func waitsOn() []Command {
	return []Command{Guard{On: true}, Stamp{}, KeepCompany{AfterGap: true}}
}

func (r Rules) resumeTalking(c Call, ev Resumed) (Call, []Command) {
	i := c.successor()
	if i < 0 {
		i = c.outside()
	}
	switch {
	case ev.Leg == LegAbsent && i >= 0 && ev.Guests[c.Guests[i].Leg].Leg == LegUp:
		return r.succeed(c, ev.At, false)
	case ev.Leg == LegAbsent && !c.Joined: // nobody has spoken with her yet, or not to the end
		return r.backToHead(c, ev.At, false, true)
	case ev.Leg == LegAbsent:
		return unseen(r.complete(c, ev.At, CompleteAgent, true, HangUpCaller{}))
	case ev.Leg == LegRinging:
		return r.backToHead(c, ev.At, false, false)
	}
	c, guests := r.resumeGuests(c, ev)
	c, cmds := r.resumePair(c, ev)
	return c, append(cmds, guests...)
}

// resumePair puts caller and agent to where they belong: into the bridge, or the
// caller to her music.
func (r Rules) resumePair(c Call, ev Resumed) (Call, []Command) {
	switch {
	case c.Held:
		return c, c.holdAgain()
	case !ev.Joined && c.Kind == Outbound:
		c, record := c.record(true)
		return c, []Command{Join{Leg: c.Offer.Leg, Bridge: c.Bridge()}, record}
	case !ev.Joined:
		return c, []Command{LeaveAlone{}, Join{Leg: c.Offer.Leg, Bridge: c.Bridge()}, Guard{}}
	}
	if c.Joined = true; c.Bridged.IsZero() {
		c.Bridged = ev.At // nobody saw when
	}
	c, record := c.record(true)
	if c.Kind == Outbound {
		return c, []Command{record}
	}
	return c, []Command{Guard{}, record} // or the dead man's switch would part them
}

// endAgain repeats what the end of a call asked for. Its caller is hung up only
// if her agent had left her: whoever went to 112 or to the fallback is there
// still, and on the same channel.
func endAgain(c Call, ev Resumed) (cmds []Command) {
	cmds = c.hangUpLeft()
	switch {
	case !ev.Caller:
	case c.Outcome == SentToEmergency:
		cmds = append(cmds, SendToEmergency{})
	case c.Outcome == CompleteAgent:
		cmds = append(cmds, HangUpCaller{})
	}
	return append(append(cmds, c.stopRecordingAgain()...), File{})
}

// hangUpLeft ends the legs of the last conversation once more. If there was none, it
// was the last offer that had a leg.
func (c Call) hangUpLeft() (cmds []Command) {
	left := c.Left
	if len(left) == 0 && c.Stage == Ended && c.Offers > 0 {
		left = []string{LegID(c.ID, c.Numbered+c.Offers)}
	}
	for _, leg := range left {
		cmds = append(cmds, HangUpLeg{Leg: leg, Reason: "normal"})
	}
	return cmds
}

func (r Rules) resumeOffered(c Call, ev Resumed) (Call, []Command) {
	company := append(c.hangUpLeft(), waitsOn()...)
	switch ev.Leg {
	case LegUp:
		return r.answered(c, Answered{At: ev.At, Leg: c.Offer.Leg, Agent: ev.Agent})
	case LegRinging:
		left := max(0, c.Offer.RingFor-ev.At.Sub(c.Offer.At))
		return c, append(company, Timer{Epoch: c.Epoch, After: left})
	}
	c, cmds := r.takeBack(c, missedOffer{ev.At, agent.Withdrawn, false})
	return c, append(cmds, company...)
}
