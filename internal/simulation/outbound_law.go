package simulation

import (
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Bounds of the laws about calls that we make.
const (
	// crossing is how near to each other an answer and our hang-up may be: neither
	// side can know of the other's word.
	crossing = 150 * time.Millisecond
	// slowStore is how long a commit takes at most while the store is away.
	slowStore = 400 * time.Millisecond
	// newsIn is how long a dialer that is well may not have heard of a caller, and
	// newsLate one that stood still, or whose store did.
	newsIn   = 60 * time.Millisecond
	newsLate = 2 * time.Second
	// fallbackNews is how long a dialer may not know of callers in the fallback
	// queue, which it sees when it compares.
	fallbackNews = resyncEvery + 500*time.Millisecond
	// sweptIn is how soon one engine that is well hangs up whoever hears nobody,
	// whatever became of the others.
	sweptIn = 8 * time.Second
	// givenWayIn is how long a caller in crisis waits at most for an agent whose
	// call only rings.
	givenWayIn = 2 * time.Second
)

// pool is who may speak with the person on this channel, from what that person is.
func (ch *channel) pool() agent.Pool {
	if ch.contact != nil {
		return poolOfWork(ch.contact.work)
	}
	return poolOf(ch.caller.kind)
}

// ringsForAttempt is an INVITE to an agent for a call that we make.
func (l *laws) ringsForAttempt(e *engine, ph *phone, id string) {
	a := l.w.books.byID[id]
	switch {
	case a == nil:
		l.w.broken("books", "%s rings %s for %s, which is not written", e.name, ph.id, id)
	case !ph.profile.Fits(poolOfWork(a.task.work)):
		l.w.broken("law 3", "%s rings %s for %s, a %s call", e.name, ph.id, id, a.task.work)
	case a.end != nil:
		l.w.broken("books", "%s rings %s for %s, which has ended as %s", e.name, ph.id, id, a.end.result)
	}
}

// oneDial: a number rings, or talks with us, once.
func (l *laws) oneDial(e *engine, ch *channel) {
	for _, other := range l.w.pbx.channels {
		if other != ch && other.contact != nil && other.rung && other.contact.number == ch.contact.number && !l.forgotten(other) {
			l.w.broken("one dial", "%s dials %s while %s is there, to the same number", e.name, ch.id, other.id)
		}
	}
}

// forgotten: Redis was wiped and the engine that had the call is dead, so that
// nobody can know of this dial (doc.go, limits).
func (l *laws) forgotten(ch *channel) bool {
	_, known := l.calls[ch.id]
	return !known && ch.created.Before(epoch.Add(l.lastWipe))
}

// dials is an INVITE to a contact: she is in the bridge, it is she, it is the
// first, and it was written before.
func (l *laws) dials(e *engine, ch *channel) {
	w := l.w
	a := w.books.byID[ch.id]
	if a == nil {
		w.broken("books", "%s dials %s, which is not written", e.name, ch.id)
		return
	}
	a.invites++
	l.oneDial(e, ch)
	leg := ch.partner()
	switch {
	case a.invites > 1:
		w.broken("one INVITE", "%s dials %s for the %d. time", e.name, ch.id, a.invites)
	case leg == nil || leg.phone == nil || !leg.up:
		if !w.justLeft(ch.id, crossing) {
			w.broken("law 4", "%s dials %s, and no agent is in its bridge", e.name, ch.id)
		}
	case leg.phone.id != a.agent:
		w.broken("law 2", "%s dials %s, and %s is in its bridge, not %s", e.name, ch.id, leg.phone.id, a.agent)
	case !leg.phone.profile.Fits(ch.pool()):
		w.broken("law 3", "%s dials %s, a %s call, with %s in its bridge", e.name, ch.id, ch.contact.work, leg.phone.id)
	case a.end != nil:
		w.broken("books", "%s dials %s, which has ended as %s", e.name, ch.id, a.end.result)
	}
}

// justLeft: the agent of this attempt hung up a moment ago, or an engine that
// could have noticed did not run.
func (w *world) justLeft(id string, within time.Duration) bool {
	left, known := w.law.left[id]
	return known && w.now-max(left, w.healed) < within
}

// reached is a contact's answer: she is there to be heard.
func (l *laws) reached(ch *channel) {
	leg := ch.partner()
	if (leg == nil || leg.phone == nil || !leg.up) && !l.w.justLeft(ch.id, newsLate) {
		l.w.broken("law 4", "%s answers, and no agent is there", ch.id)
	}
}

// contactHeard: who answered hears her. What a dead phone does to that, Asterisk
// itself ends (rtp_timeout).
func (l *laws) contactHeard(ch *channel) {
	w := l.w
	l.mark(&ch.aloneSince, ch.up && ch.partner() == nil)
	bound := mended
	if l.calm() > mended {
		bound = 500 * time.Millisecond
	}
	watched := slices.ContainsFunc(w.engines, func(e *engine) bool { return e.alive && !e.frozen && w.now-e.trouble > sweptIn })
	if l.longer(ch.aloneSince, bound) || watched && ch.aloneSince >= 0 && w.now-ch.aloneSince > sweptIn {
		w.broken("law 4", "%s answered and hears nobody since %v; %s", ch.id, ch.aloneSince, l.shown(ch.id))
	}
}

// crosses: what we decided and the contact's answer met on the way.
func (l *laws) crosses(e *engine, ch, other *channel) bool {
	who := ch
	if who.contact == nil {
		who = other
	}
	if who.contact == nil {
		return false
	}
	decided := l.w.now
	if ended, known := l.ended[who.id]; known {
		decided = ended
	}
	bound := crossing
	if l.w.now-l.w.storeBack < time.Second || l.w.now-e.trouble < time.Second {
		bound += slowStore // what was decided waited for its commit, or for us
	}
	return decided-who.reachedAt < bound
}

// waiting keeps the moment since which a caller waits.
func (l *laws) waiting(c call.Call) {
	if c.Stage != call.Waiting || c.Kind == call.Outbound {
		delete(l.waits, c.ID)
	} else if _, marked := l.waits[c.ID]; !marked {
		l.waits[c.ID] = l.w.now
	}
}

// decides: a task is given to an agent, and no caller waits whom somebody of her
// pool could serve (pacing's rule). Age is how old the decision may be.
func (l *laws) decides(e *engine, t *task, by agent.ID, age time.Duration) {
	w := l.w
	if w.now-e.trouble < newsLate {
		return
	}
	for _, id := range sorted(l.waits) {
		ch := w.pbx.byID[id]
		if since := l.waits[id]; ch != nil && l.calls[id].Pool == t.pool && w.now-since > age+newsIn && w.byAgent[by].profile.Fits(ch.pool()) {
			w.broken("passed over", "%s gives %s the task %s while %s waits since %v", e.name, by, t.id, id, since)
		}
	}
	l.passedOverInFallback(e, t, by)
	if a := l.agents[by]; (a.State == agent.Reserved || a.State == agent.Talking) && w.now-a.Since.Sub(epoch) > age+newsIn {
		w.broken("law 2", "%s gives %s the task %s, and she is %s", e.name, by, t.id, a.State)
	}
}

// passedOverInFallback: who waits in the fallback queue waits as well.
func (l *laws) passedOverInFallback(e *engine, t *task, by agent.ID) {
	w := l.w
	if w.now-e.trouble < 2*fallbackNews {
		return
	}
	for _, ch := range w.pbx.channels {
		waits := ch.caller != nil && ch.where == fallback && !w.pbx.ringsFor(ch) && w.now-ch.fellAt > fallbackNews
		if waits && ch.pool() == t.pool {
			w.broken("passed over", "%s gives %s the task %s while %s waits in the fallback since %v", e.name, by, t.id, ch.id, ch.fellAt)
		}
	}
}

// crisisWaits: a caller in crisis does not wait for a woman whose call only rings.
func (l *laws) crisisWaits() {
	w := l.w
	crisis := slices.ContainsFunc(sorted(l.waits), func(id string) bool { c := l.calls[id]; return c.Crisis && c.Pool == agent.Women })
	free := slices.ContainsFunc(w.phones, func(ph *phone) bool {
		a := l.agents[ph.id]
		return ph.profile.Fits(agent.Women) && (a.Routable() || a.BreakInable())
	})
	rings := slices.ContainsFunc(sorted(l.calls), func(id string) bool {
		c := l.calls[id]
		return c.Ringing() && c.Pool == agent.Women
	})
	l.mark(&l.starved, crisis && !free && rings)
	if l.calm() > mended+dialFor && l.longer(l.starved, givenWayIn) {
		w.broken("gives way", "a caller in crisis waits since %v for a woman whose call rings", l.starved)
	}
}

// attemptEnds: an attempt has one end, which agrees with what really happened.
func (l *laws) attemptEnds(a *attempt, end attemptEnd) {
	w := l.w
	switch {
	case end.dialled.IsZero() && !end.answered.IsZero(), !end.dialled.IsZero() && end.result == notPlacedEnd,
		end.dialled.After(end.ended), end.answered.After(end.ended), !end.answered.IsZero() && end.answered.Before(end.dialled):
		w.broken("books", "the database refuses how %s ended: %+v", a.id, end)
	case a.end == nil:
	case !a.end.stale && !end.stale && a.end.result != end.result && !l.rebuilding(): // or two histories meet
		w.broken("books", "%s ended as %s and as %s", a.id, a.end.result, end.result)
	}
	ch := w.pbx.byID[a.id]
	if end.stale && a.end == nil && ch != nil && ch.partner() != nil && !l.forgotten(ch) {
		w.broken("books", "%s is ended as stale and is on the line", a.id)
	}
	if end.result == notPlacedEnd && a.invites > 0 && ch != nil && ch.rung {
		w.broken("books", "%s ended as not placed, and the phone rings", a.id)
	}
}

// accepted: an end that was said to be durable is in the books or on its way into
// them, and nothing is concluded in its place.
func (l *laws) accepted(a *attempt, end attemptEnd) {
	outcome, kept := l.kept[a.id]
	if !end.stale || !kept {
		return
	}
	for _, name := range sorted(l.w.books.journals) {
		if slices.ContainsFunc(l.w.books.journals[name], func(e attemptEnd) bool { return e.attempt == a.id }) {
			return // the engine whose journal it is has been away for too long
		}
	}
	l.w.broken("books", "%s was kept as %s, and is ended as stale", a.id, outcome)
}

// booksAtTheEnd: every attempt has ended, and has moved its task or been coded.
func (l *laws) booksAtTheEnd() {
	b := l.w.books
	for _, a := range b.attempts {
		switch {
		case a.end == nil:
			l.w.broken("books", "attempt %s of %s has no end", a.id, a.task.id)
		case !a.settled:
			l.w.broken("books", "attempt %s, %s, was never settled", a.id, a.end.result)
		}
	}
	for _, number := range sorted(b.live) {
		l.w.broken("books", "number %s is taken by %s for ever", number, b.live[number].id)
	}
	for _, name := range sorted(b.journals) {
		if len(b.journals[name]) > 0 {
			l.w.broken("books", "the journal of %s was not brought in", name)
		}
	}
}

// account adds up who talks and who waits.
func (l *laws) account() {
	talked, waited := &l.w.report.Talked, &l.w.report.Waited
	for _, ch := range l.w.pbx.channels {
		switch {
		case ch.caller != nil && (ch.partner() != nil || ch.where == helped):
			talked.Inbound += lookEvery
		case ch.caller != nil:
			waited.Inbound += lookEvery
		case ch.contact != nil && ch.up:
			talked.Outbound += lookEvery
		case ch.contact != nil && ch.rung:
			waited.Outbound += lookEvery
		}
	}
}

// owner is the engine that has a call.
func (w *world) owner(c call.Call) *engine {
	for _, e := range w.engines {
		if e.name == c.Owner {
			return e
		}
	}
	return w.someEngine()
}

// strike lets something fail in the very moment in which an outbound call has
// reached a stage, or any call its end.
func (w *world) strike(c call.Call) {
	chance := w.faults.Strikes
	switch {
	case stageOf(c) == outPlaced: // it is over in a moment
		chance *= 5
	case c.Kind != call.Outbound:
		chance /= 4
	}
	if !w.fault(chance) {
		return
	}
	blows := []func(){
		func() { w.someEngine().crashAt(w.outage()) },
		func() { w.cover("freeze"); w.someEngine().freeze(w.nap()) },
		func() { w.cover("gap"); w.someEngine().conn.cut() },
		w.redisAway, w.databaseAway, w.blackout,
		func() {
			switch {
			case w.chance(.4):
				w.wipe()
			case w.chance(.3): // two at once
				w.owner(c).crashAt(w.outage())
				w.after(w.between(0, deadAfter), w.wipe)
			}
		},
	}
	w.after(w.between(0, 3*time.Millisecond), blows[w.rng.IntN(len(blows))])
}
