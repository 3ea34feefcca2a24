package acd

import (
	"context"
	"strings"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
	"powerline/number"
)

// Names that the dialplan and this package share.
const (
	argInbound       = "inbound"
	argAgent         = "agent"
	argLeg           = "leg"
	argMoved         = "moved"
	stampCall        = "POWERLINE_CALL"
	stampArrived     = "POWERLINE_ARRIVED"
	stampWaiting     = "POWERLINE_WAITING"
	emergencyContext = "emergency"
)

func endpointOf(id agent.ID) string { return "PJSIP/" + string(id) }

func agentOf(endpoint string) (agent.ID, bool) {
	id, ok := strings.CutPrefix(endpoint, "PJSIP/")
	return agent.ID(id), ok
}

// dispatch reads Asterisk's events in order and hands each on at once: nothing
// in here waits for the network.
func (e *Engine) dispatch() {
	for ev := range e.ari.Events() {
		switch ev := ev.(type) {
		case asterisk.Connected:
			e.connected(ev)
		case asterisk.Disconnected:
			e.gap.Add(1)
			e.synced.Store(false)
			e.log.Warn("no events from Asterisk", "error", ev.Err)
		case asterisk.Replaced:
			e.stop(ErrFenced)
		case asterisk.Broadcast:
			e.broadcast(ev)
		case asterisk.Entered:
			e.entered(ev)
		case asterisk.Left:
			e.left(ev)
		case asterisk.HangupRequested:
			e.hangupRequested(ev)
		case asterisk.Destroyed:
			e.destroyed(ev)
		case asterisk.Digit:
			e.digit(ev)
		case asterisk.TalkingStarted:
			if l, ok := e.knownLine(ev.Channel.ID); ok {
				l.speak()
			}
		case asterisk.PlaybackFinished:
			if l, ok := e.knownLine(ev.ChannelID); ok {
				l.playbackFinished(ev.Playback, ev.Failed)
			}
		case asterisk.Dialled:
			e.dialled(ev)
		case asterisk.Presence:
			e.phones.say(ev.Endpoint)
		}
	}
}

// digit brings a key to the dialogue with the machine, if there is one, and to the
// page of the agent who is talking with whoever pressed it.
func (e *Engine) digit(ev asterisk.Digit) {
	if ev.Watched {
		e.pressed(ev.Channel.ID, ev.Key.Plain(), time.Now())
		return
	}
	if l, ok := e.knownLine(ev.Channel.ID); ok {
		l.press(ev.Key.Plain())
		return
	}
	e.typedInCall(ev.Channel.ID, ev.Key.Plain(), time.Now())
}

// broadcast claims a call that no engine has. A process that could not serve
// it keeps silent, and the dialplan goes on to the fallback.
func (e *Engine) broadcast(ev asterisk.Broadcast) {
	if e.deaf {
		return
	}
	if !e.healthy() {
		e.metrics.claims.WithLabelValues("not-ready").Inc()
		return
	}
	e.askForPlace(ev.Channel.ID, number.FromCaller(ev.Channel.Caller.Plain()).Fingerprint(e.fingerprintKey))
	go func() {
		ctx, cancel := context.WithTimeout(e.ctx, time.Second)
		defer cancel()
		switch err := e.ari.Claim(ctx, ev.Channel.ID); {
		case err == nil:
			e.metrics.claims.WithLabelValues("won").Inc()
		case asterisk.IsConflict(err):
			e.metrics.claims.WithLabelValues("lost").Inc()
		case asterisk.IsNotFound(err):
			e.metrics.claims.WithLabelValues("late").Inc()
		default:
			e.metrics.claims.WithLabelValues("error").Inc()
			e.log.Warn("call could not be claimed", "call", ev.Channel.ID, "error", err)
		}
	}()
}

// entered takes in a channel that is now ours to speak with.
func (e *Engine) entered(ev asterisk.Entered) {
	id := ev.Channel.ID
	callID, isLeg := floor.CallOfLeg(id)
	if isLeg && call.IsAgentLeg(id) {
		e.legEntered(id, callID, ev.Channel.Endpoint())
		return
	}
	if l, known := e.knownLine(id); isLeg && known {
		l.enter() // a snoop, or somebody outside
	}
	if isLeg {
		return
	}
	if call.IsAttempt(id) {
		e.lineOf(id).enter()
		return
	}
	kind := ""
	if len(ev.Args) > 0 {
		kind = ev.Args[0]
	}
	switch {
	case kind == argMoved:
		// Its mailbox is open and has been told.
	case kind == argInbound && len(ev.Args) > 1:
		e.arrived(ev, ev.Args[1])
	case kind == argAgent && len(ev.Args) > 2:
		e.work.Go(func() { e.desk(ev.Channel, agent.ID(ev.Args[1]), ev.Args[2]) })
	default:
		e.log.Warn("unexpected channel is hung up", "channel", id, "context", ev.Channel.Context)
		e.hangUpLater(id)
	}
}

// arrived begins a call. Whoever is here already was told twice, unless she was
// in the fallback queue meanwhile: then she is back.
func (e *Engine) arrived(ev asterisk.Entered, did string) {
	id := ev.Channel.ID
	again := len(ev.Args) > 3 && ev.Args[3] == "again"
	if _, there := e.box(id); there && !again {
		return
	}
	s := e.settings()
	l := s.line(did)
	n := number.FromCaller(ev.Channel.Caller.Plain())
	e.floor.Remember(id)
	m, _ := e.open(call.Call{ID: id})
	e.remember(id, n)
	now := time.Now()
	arrival := call.Arrived{
		At: now, Stamped: now, Kind: call.Kind(l.Kind), Line: did, Caller: n.Fingerprint(e.fingerprintKey),
		Menu: l.Menu, Category: l.Category, Language: s.Config.Prompts.Languages[0], Pool: l.Kind.Pool(),
	}
	if len(ev.Args) > 2 { // the dialplan's stamp of her first arrival, in milliseconds
		arrival.Stamped = stampTime(ev.Args[2], now)
	}
	if again {
		go e.deliverReturn(m, arrival)
		return
	}
	go e.deliverArrival(m, arrival)
}

// deliverReturn begins the call of a caller who was in the fallback queue, or
// brings her back into it, with the place and the needs that she had.
func (e *Engine) deliverReturn(m *mailbox, ev call.Arrived) {
	ctx, cancel := context.WithTimeout(m.ctx, time.Second)
	defer cancel()
	ev.Menu, ev.Place, ev.Numbered = "", ev.Stamped, numberedFrom(ev.At)
	if vars, err := e.ari.Variables(ctx, m.id, stampWaiting); err == nil {
		if was, ok := e.decodeStamp(m.id, vars.Plain(stampWaiting)); ok {
			ev.Category, ev.Language, ev.Place = was.Category, was.Language, was.Queued
		}
	}
	m.in.put(ev)
}

// deliverArrival looks whether she was here a moment ago, and begins the call.
func (e *Engine) deliverArrival(m *mailbox, ev call.Arrived) {
	if queued, ok := e.takePlace(m.ctx, m.id, ev.Caller, ev.At); ok {
		ev.Place = queued
	}
	m.in.put(ev)
}

// legEntered: an agent's phone was answered.
func (e *Engine) legEntered(leg, callID, endpoint string) {
	m, ok := e.box(callID)
	if !ok {
		return // a peer may have taken the call over; the sweep looks twice
	}
	ev := call.Answered{At: time.Now(), Leg: leg}
	if id, ok := agentOf(endpoint); ok {
		if a, known := e.floor.Agent(id); known {
			ev.Agent = a.Profile
		}
	}
	m.in.put(ev)
}

// left: a channel is no longer with us. If nobody said that it hung up, it may
// live on in the dialplan, taken there by the dead man's switch.
func (e *Engine) left(ev asterisk.Left) {
	m, ok := e.box(ev.Channel.ID)
	if !ok {
		if l, ok := e.knownLine(ev.Channel.ID); ok {
			l.hungUp()
		}
		return
	}
	m.in.put(leftUs{})
}

// leftUs asks where a caller went who is not with us any more. Of a call that is over
// nobody need know: then she hung up, or was hung up on, or sent away by us.
func (m *mailbox) leftUs() {
	if m.c.Stage == call.Ended {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(m.ctx, 2*time.Second)
		defer cancel()
		if _, err := m.e.ari.Variables(ctx, m.id, stampCall); err != nil {
			m.in.put(call.CallerGone{At: time.Now()})
			return
		}
		if s, err := m.e.looking.look(ctx); err == nil { // if not, the next comparison finds it
			m.in.put(whereIs(s, m.id))
		}
	}()
}

// whereIs says what became of a caller who left us and did not hang up: she is
// in the fallback, or was moved to a peer, or is back already.
func whereIs(s asterisk.Snapshot, id string) any {
	for _, ch := range s.Channels {
		switch {
		case ch.ID != id:
		case ch.App != "":
			return look{}
		default:
			return call.CallerGone{At: time.Now(), Fallback: true}
		}
	}
	return call.CallerGone{At: time.Now()}
}

// hangupRequested is the first word of a hang-up, before the channel is gone.
func (e *Engine) hangupRequested(ev asterisk.HangupRequested) {
	if ev.Soft {
		return // asked for by Asterisk or by us: Destroyed tells how it ended
	}
	id := ev.Channel.ID
	if m, ok := e.box(id); ok {
		m.in.put(call.CallerGone{At: time.Now()})
		return
	}
	if callID, ok := floor.CallOfLeg(id); ok {
		if m, ok := e.box(callID); ok {
			m.in.put(call.LegGone{At: time.Now(), Leg: id, Lost: ev.Cause == causeNoMedia})
		}
	}
}

// causeNoMedia is what Asterisk says when rtp_timeout ended a leg (Q.850 44).
const causeNoMedia = 44

// destroyed ends a leg for good, and says why.
func (e *Engine) destroyed(ev asterisk.Destroyed) {
	id := ev.Channel.ID
	if l, ok := e.knownLine(id); ok {
		l.hungUp()
	}
	if m, ok := e.box(id); ok {
		if call.IsAttempt(id) {
			m.in.put(call.Missed{At: time.Now(), Failure: whyMissed(ev)})
		}
		m.in.put(call.CallerGone{At: time.Now()})
		return
	}
	callID, ok := floor.CallOfLeg(id)
	if !ok {
		return
	}
	e.typed.forget(id)
	m, ok := e.box(callID)
	if !ok {
		e.legEndedSoon(id)
		if call.IsAttempt(callID) {
			e.work.Go(func() { e.leftAlone(callID) })
		}
		return
	}
	now := time.Now()
	m.in.put(call.RingFailed{At: now, Leg: id, Why: whyRingFailed(ev)})
	m.in.put(call.LegGone{At: now, Leg: id, Lost: ev.Cause == causeNoMedia})
	if !call.IsAgentLeg(id) {
		m.in.put(tone{false}) // somebody outside rings no more
	}
	m.in.put(legEnded{id})
}

// leftAlone hangs up whom we called if the agent, who has just left, was the last to
// be there and no engine knows of the attempt: the store was wiped, and the engine that
// had it has died. Nobody who answered hears silence until the next comparison.
func (e *Engine) leftAlone(attempt string) {
	s, err := e.looking.look(e.ctx)
	if err != nil {
		return // the comparison will see it
	}
	for _, ch := range s.Channels {
		if ch.ID == attempt && e.strayDial(ch, factsOf(s)) {
			e.hangUpLater(ch.ID)
		}
	}
}

// whyRingFailed reads the causes that ari.md measured.
func whyRingFailed(ev asterisk.Destroyed) agent.ReleaseReason {
	switch {
	case ev.TechCause == 486, ev.TechCause == 603, ev.TechCause == 600, ev.Cause == 17, ev.Cause == 21:
		return agent.Rejected
	case ev.Cause == 19:
		return agent.NoAnswer
	}
	return agent.Unreachable
}

func (e *Engine) hangUpLater(channel string) {
	go func() {
		ctx, cancel := context.WithTimeout(e.ctx, 5*time.Second)
		defer cancel()
		if err := e.ari.HangUp(ctx, channel, asterisk.HangUpNormal); err != nil && e.ctx.Err() == nil {
			e.log.Warn("channel could not be hung up", "channel", channel, "error", err)
		}
	}()
}
