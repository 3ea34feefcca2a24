package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
)

// Bounds, counted from the last failure of a machine.
const (
	quiet      = 9 * time.Second // everything is mended by then
	mended     = 6 * time.Second // nobody hears silence, no leg is alone
	offerAfter = time.Second     // who could be offered a call is
	lookEvery  = 100 * time.Millisecond
)

// laws watch the world. They know the store by its announcements and Asterisk
// by looking at it; they believe no engine.
type laws struct {
	w          *world
	calls      map[string]call.Call
	agents     map[agent.ID]agent.Agent
	queued     map[string]time.Time // when each caller began to wait, wipes or not
	open       map[string]call.Offer
	unfiled    map[string]call.Call
	couldBe    map[string]time.Duration // since when a call could have been offered
	held       map[agent.ID]time.Duration
	lastCaller time.Duration
	lastWipe   time.Duration
	noEngine   time.Duration            // since when no engine runs; -1
	engine     time.Duration            // since when one runs; -1
	waits      map[string]time.Duration // since when each caller waits
	left       map[string]time.Duration // when the agent of an attempt left her bridge
	kept       map[string]call.Outcome  // ends that were accepted as durable
	ended      map[string]time.Duration // when the end of a call that we make was stored
	starved    time.Duration            // since when a crisis waits for somebody who only rings; -1
	gaps       map[string]bool          // recordings of which the books say what is missing
}

func newLaws(w *world) *laws {
	l := &laws{
		w: w, calls: map[string]call.Call{}, agents: map[agent.ID]agent.Agent{}, queued: map[string]time.Time{},
		open: map[string]call.Offer{}, unfiled: map[string]call.Call{}, couldBe: map[string]time.Duration{},
		held: map[agent.ID]time.Duration{}, noEngine: 0, engine: -1, lastWipe: -time.Hour,
		waits: map[string]time.Duration{}, left: map[string]time.Duration{}, ended: map[string]time.Duration{}, kept: map[string]call.Outcome{}, starved: -1, gaps: map[string]bool{},
	}
	w.store.Subscribe(l.observe)
	w.after(lookEvery, l.look)
	return l
}

// calm is how long all machines have been well.
func (l *laws) calm() time.Duration { return l.w.now - l.w.healed }

// observe is called within each write to the store.
func (l *laws) observe(u queue.Update) {
	for _, c := range u.Calls {
		old, there := l.calls[c.ID]
		l.calls[c.ID] = c
		l.waiting(c)
		if (c.Kind == call.Outbound || c.Stage == call.Ended) && stageOf(c) != stageOf(old) {
			l.w.strike(c)
			if c.Stage == call.Ended {
				l.ended[c.ID] = l.w.now
			}
		}
		l.place(old, c)
		l.offers(old, there, c)
	}
	var taken []agent.Agent
	for _, a := range u.Agents {
		old, there := l.agents[a.Profile.ID]
		l.agents[a.Profile.ID] = a
		if isHeld(a) && (!isHeld(old) || old.Call != a.Call) {
			taken = append(taken, a)
		}
		free := old.Routable() || old.BreakInable() || a.Aside && old.Invitable()
		if there && !l.rebuilding() && a.State == agent.Reserved && old.State != agent.Reserved && !free {
			l.w.broken("law 2", "agent %s is reserved while %s and %s", a.Profile.ID, old.Status, old.State)
		}
	}
	for _, id := range u.Gone {
		delete(l.calls, id)
		delete(l.waits, id)
		if l.w.pbx.byID[id] == nil { // she may come back with the place that she had
			delete(l.queued, id)
		}
	}
	l.pairs(taken)
}

// place: the moment at which a caller began to wait never changes.
func (l *laws) place(old, c call.Call) {
	if c.Queued.IsZero() {
		return
	}
	was, known := l.queued[c.ID]
	l.queued[c.ID] = c.Queued
	ch := l.w.pbx.byID[c.ID]
	switch sameLife := !old.Queued.IsZero(); {
	case l.rebuilding() && ch != nil && ch.stamp == nil: // two faults before the stamp was written
	case !known || was.UnixMilli() == c.Queued.UnixMilli():
	case l.justWiped(): // until the engine that knows her place has brought it
		l.queued[c.ID] = was
	case sameLife || was.Before(c.Queued): // back from the fallback she may get an earlier one
		l.w.broken("law 1", "call %s loses its place: queued at %v, now %v", c.ID, was.Sub(epoch), c.Queued.Sub(epoch))
	}
}

// offers: each offer has one end.
func (l *laws) offers(old call.Call, there bool, c call.Call) {
	if there && old.Stage == call.Ended && c.Stage != call.Ended {
		l.w.broken("law 0", "call %s lives again as %s", c.ID, c.Stage)
	}
	if o, open := l.open[c.ID]; open && (c.Stage != call.Offered || c.Offer.Leg != o.Leg) {
		delete(l.open, c.ID)
		l.w.report.Endings[string(c.Stage)]++
	}
	if _, open := l.open[c.ID]; !open && c.Stage == call.Offered {
		l.open[c.ID] = c.Offer
		l.w.report.Offers++
	}
	_, written := l.w.records[recordKey(c)] // a rebuild may bring it back once more
	if c.Stage == call.Ended && (!there || old.Stage != call.Ended) && !written {
		l.w.report.Lives++
		l.unfiled[c.ID] = c
		if c.Outcome == "" {
			l.w.broken("filing", "call %s ended without an outcome", c.ID)
		}
	}
}

func isHeld(a agent.Agent) bool { return a.State == agent.Reserved || a.State == agent.Talking }

// pairs: an agent is taken exactly by the call that names her.
func (l *laws) pairs(taken []agent.Agent) {
	for _, a := range taken {
		c, there := l.calls[a.Call]
		if !l.rebuilding() && (!there || !c.Holds(a.Profile.ID)) {
			l.w.broken("law 2", "agent %s is %s for call %s, which is %s with %q", a.Profile.ID, a.State, a.Call, c.Stage, c.Offer.Agent)
		}
	}
}

// ofNobody: who is in the bridge of this leg has said all, for the call is over.
func (l *laws) ofNobody(leg *channel) bool {
	id, _ := floor.CallOfLeg(leg.id)
	_, known := l.calls[id]
	return !known && l.w.pbx.byID[id] == nil
}

// justWiped: not every engine has brought what it knows.
func (l *laws) justWiped() bool { return l.lastWipe > 0 && l.w.now-l.lastWipe < time.Second }

// lostWithStore: what is carried out now for this call was committed to a store that is
// gone, and so is what was ordered in it.
func (l *laws) lostWithStore(callID string) bool {
	_, known := l.calls[callID]
	return !known && l.justWiped()
}

// rebuilding: after a wipe each engine brings its part, one after the other.
func (l *laws) rebuilding() bool { return l.w.now-l.lastWipe < 15*time.Second }

func (l *laws) wiped() {
	was := l.calls
	l.calls, l.agents = map[string]call.Call{}, map[agent.ID]agent.Agent{}
	l.open, l.waits = map[string]call.Offer{}, map[string]time.Duration{}
	l.forget(func(id string, e *engine) bool { return e.name == was[id].Owner })
	l.lastWipe = l.w.now
}

// died: what a wiped store has lost and only this engine knew, nobody knows any more.
func (l *laws) died(dead *engine) {
	l.forget(func(_ string, e *engine) bool { return e != dead })
}

// forget drops the ends of which no engine knows that counts: two faults at once.
func (l *laws) forget(counts func(id string, e *engine) bool) {
	for _, id := range sorted(l.unfiled) {
		knows := func(e *engine) bool {
			_, known := e.floor.Call(id)
			return e.alive && counts(id, e) && known
		}
		if _, stored := l.calls[id]; !stored && !slices.ContainsFunc(l.w.engines, knows) {
			delete(l.unfiled, id)
		}
	}
}

// refused: the store's last check caught what nobody should have tried.
func (l *laws) refused(e *engine, change queue.Change, err error) {
	var law *queue.LawError
	if errors.As(err, &law) && !l.rebuilding() {
		l.w.broken("last check", "%s: %v", e.name, err)
	}
}

// rings is an INVITE on its way to an agent.
func (l *laws) rings(e *engine, leg *channel, callID string) {
	ph := leg.phone
	if call.IsAttempt(callID) {
		l.ringsForAttempt(e, ph, callID)
	} else if who := l.w.pbx.byID[callID]; who != nil && !ph.profile.Fits(poolOf(who.caller.kind)) {
		l.w.broken("law 3", "%s rings %s for %s, a %s call", e.name, ph.id, callID, who.caller.kind)
	}
	for _, other := range l.w.pbx.channels {
		if other != leg && other.phone == ph && other.app != nil && !l.lost(other) {
			l.w.broken("law 2", "%s rings %s with %s while %s is there", e.name, ph.id, leg.id, other.id)
		}
	}
	a, there := l.agents[ph.id]
	if there && !l.rebuilding() && (a.State != agent.Reserved || a.Leg != leg.id) {
		l.w.broken("law 2", "%s rings %s with %s, who is %s for leg %q", e.name, ph.id, leg.id, a.State, a.Leg)
	}
}

// lost: Redis was wiped and the engine that had the call is dead, so that nobody
// can know that it holds this agent (doc.go, limits).
func (l *laws) lost(leg *channel) bool {
	id, _ := floor.CallOfLeg(leg.id)
	_, known := l.calls[id]
	return !known && leg.created.Before(epoch.Add(l.lastWipe))
}

// invited is the same INVITE as it reaches the phone.
func (l *laws) invited(ph *phone, leg *channel, ours bool) {
	for _, d := range ph.dialogs {
		if ours && d.ours && d.ch != leg && !l.lost(d.ch) {
			l.w.broken("law 2", "phone %s has two dialogs of ours: %s and %s", ph.id, d.ch.id, leg.id)
		}
	}
}

// bridged: law 3 once more, and nobody beside the two but who was ordered into it.
func (l *laws) bridged(b *bridge) {
	var who *channel
	var legs []*channel
	for _, ch := range b.members {
		switch {
		case ch.phone != nil:
			legs = append(legs, ch)
		case ch.snoops == nil:
			who = ch
		}
	}
	if len(b.members) == 1 && (len(legs) == 1 || who != nil && who.contact != nil) {
		return // the first of an outbound call, or an agent whose caller is on hold
	}
	callID, _ := floor.CallOfLeg(b.members[0].id)
	if who != nil {
		callID = who.id
	}
	ordered := l.ordered(callID) || l.lostWithStore(callID)
	switch {
	case !ordered && len(b.members) > 2:
		l.w.broken("law 2", "bridge %s has %d members", b.id, len(b.members))
	case !ordered && (who == nil || len(legs) == 0):
		l.w.broken("law 2", "bridge %s joins two of a kind", b.id)
	}
	for _, leg := range legs {
		if of, _ := floor.CallOfLeg(leg.id); of != callID {
			l.w.broken("law 2", "bridge %s joins %s, of call %s", b.id, leg.id, of)
		}
		if c, there := l.calls[callID]; there && !leg.phone.profile.Fits(c.Pool) {
			l.w.broken("law 3", "%s is in call %s, for %s", leg.phone.id, callID, c.Pool)
		}
		if who != nil && !leg.phone.profile.Fits(who.pool()) {
			l.w.broken("law 3", "%s talks with %s, a call for %s", leg.phone.id, who.id, who.pool())
		}
	}
}

// hungUpByUs is a DELETE of ours.
func (l *laws) hungUpByUs(e *engine, ch *channel) {
	if ch.caller == nil {
		of, _ := floor.CallOfLeg(ch.id)
		other := ch.partner()
		talks := other != nil && other.snoops == nil && ch.snoops == nil
		if talks && !l.lostWithStore(of) && ch.up && other.up && !l.ordered(of) && !l.crosses(e, ch, other) {
			l.w.broken("law 1", "%s tears %s out of a talk with %s", e.name, ch.id, other.id)
		}
		return
	}
	c, there := l.calls[ch.id]
	over := !there || ch.agentLeft || c.Stage == call.Ended && c.Outcome == call.CompleteAgent
	switch {
	case ch.where != inside:
		l.w.broken("law 1", "%s hangs up caller %s, who is %s", e.name, ch.id, ch.where)
	case !ch.talked:
		l.w.broken("law 1", "%s hangs up caller %s, who talked with nobody", e.name, ch.id)
	case ch.partner() != nil && !(l.ordered(ch.id) && !slices.Contains(c.Channels(), ch.partner().id)): // who was ordered away may be there still
		l.w.broken("law 1", "%s hangs up caller %s in her talk with %s", e.name, ch.id, ch.partner().id)
	case !over:
		l.w.broken("law 1", "%s hangs up caller %s, whose call is %s", e.name, ch.id, c.Stage)
	}
}

func (l *laws) unbridgedByUs(b *bridge) {
	pair := slices.ContainsFunc(b.members, func(ch *channel) bool { return ch.phone == nil && ch.snoops == nil })
	if len(b.members) > 1 && pair {
		l.w.broken("law 1", "bridge %s is ended under a talk", b.id)
	}
}

func (l *laws) sentTo112(ch *channel) {
	if !ch.chose112 {
		l.w.broken("law 1", "caller %s is sent to 112 and has not asked for it", ch.id)
	}
}

// parted: the dead man's switch came into a talk. That is right only if no
// engine was there to take it off.
func (l *laws) parted(ch *channel) {
	_, known := l.calls[ch.id]
	if (known || !l.rebuilding()) && l.engine >= 0 && l.w.now-l.engine > 3*time.Second {
		l.w.broken("law 1", "the dead man's switch takes %s out of a talk with %s", ch.id, ch.partner().id)
	}
}

// fellBack: the dead man's switch is for dead engines.
func (l *laws) fellBack(ch *channel) {
	if l.calm() > deadMan+2*time.Second {
		l.w.broken("care", "caller %s goes to the fallback although all engines are well", ch.id)
	}
}

func recordKey(c call.Call) string { return c.ID + " " + strconv.FormatInt(c.EndedAt.UnixNano(), 36) }

// filed is a record that is durable. The same record may come again.
func (l *laws) filed(c call.Call) {
	w := l.w
	key := recordKey(c)
	if before, there := w.records[key]; there {
		if before.Outcome != c.Outcome || before.Offers != c.Offers {
			w.broken("filing", "call %s filed as %s and as %s", c.ID, before.Outcome, c.Outcome)
		}
		w.covered("filed again")
	} else {
		l.kept[c.ID] = c.Outcome
		w.report.Outcomes[c.Outcome]++
	}
	w.records[key] = c
	if open, there := l.unfiled[c.ID]; there && open.EndedAt.Equal(c.EndedAt) {
		delete(l.unfiled, c.ID)
	}
}

// look checks what must not last.
func (l *laws) look() {
	w := l.w
	running := slices.ContainsFunc(w.engines, func(e *engine) bool { return e.alive && !e.frozen })
	switch {
	case running:
		l.noEngine = -1
	case l.noEngine < 0:
		l.noEngine = w.now
	}
	l.mark(&l.engine, running)
	for _, ch := range w.pbx.channels {
		if ch.caller != nil {
			l.lastCaller = w.now
			l.heard(ch)
			l.cared(ch)
			l.recorded(ch)
		} else if ch.contact != nil {
			l.lastCaller = w.now
			l.contactHeard(ch)
			l.recorded(ch)
		} else {
			l.orphan(ch)
		}
	}
	for _, b := range w.pbx.bridges {
		if len(b.members) == 0 && l.longer(b.emptySince, mended) {
			w.broken("convergence", "bridge %s stays empty", b.id)
		}
	}
	l.stuck()
	l.liveness()
	l.crisisWaits()
	l.account()
	w.after(lookEvery, l.look)
}

// longer: something has lasted, and the machines were well all the time.
func (l *laws) longer(since, bound time.Duration) bool {
	return since >= 0 && l.w.now-max(since, l.w.healed) > bound
}

// mark keeps the moment at which something began.
func (l *laws) mark(since *time.Duration, is bool) {
	switch {
	case !is:
		*since = -1
	case *since < 0:
		*since = l.w.now
	}
}

// heard: a caller hears somebody or something.
func (l *laws) heard(ch *channel) {
	hears := ch.where == fallback || ch.where == helped || ch.music || ch.promptEnds > l.w.now || ch.partner() != nil
	l.mark(&ch.silentSince, !hears)
	if l.longer(ch.silentSince, mended) {
		l.w.broken("silence", "caller %s (%s) hears nothing since %v; %s", ch.id, ch.where, ch.silentSince, l.shown(ch.id))
	}
}

// cared: somebody will do something about her: an engine, or the dead man's
// switch. Who talked when the last engine died is a known limit (doc.go).
func (l *laws) cared(ch *channel) {
	c, there := l.calls[ch.id]
	alone := ch.where == inside && ch.partner() == nil && (!there && !ch.talked || c.Stage == call.Greeting || c.Stage == call.Waiting || c.Stage == call.Offered)
	l.mark(&ch.aloneSince, alone)
	if alone && !ch.arming && l.noEngine >= 0 && l.w.now-max(l.noEngine, ch.aloneSince) > deadMan+2*time.Second {
		l.w.broken("care", "caller %s waits without an engine since %v and without the dead man's switch; %s", ch.id, l.noEngine, l.shown(ch.id))
	}
	if alone && c.Stage != call.Waiting && c.Stage != call.Offered && l.longer(ch.aloneSince, deadMan+2*time.Second) {
		l.w.broken("care", "caller %s is in no queue since %v; %s", ch.id, ch.aloneSince, l.shown(ch.id))
	}
}

// orphan: a leg that is up talks with somebody, or hears that it rings.
func (l *laws) orphan(ch *channel) {
	other := ch.partner()
	of, _ := floor.CallOfLeg(ch.id)
	waits := l.calls[of].Held && slices.Contains(l.calls[of].Channels(), ch.id) // for a caller on hold, or a colleague
	l.mark(&ch.aloneSince, ch.where == inside && ch.up && !waits && (other == nil || !other.up && !other.rung))
	if l.longer(ch.aloneSince, mended) {
		l.w.broken("convergence", "leg %s of %s hears nobody since %v", ch.id, ch.phone.id, ch.aloneSince)
	}
}

// stuck: no agent is held by nothing, no wrap-up outlasts its time.
func (l *laws) stuck() {
	w := l.w
	for _, ph := range w.phones {
		a, there := l.agents[ph.id]
		since := l.held[ph.id]
		holding := there && (a.State == agent.Reserved || a.State == agent.Talking)
		busy := slices.ContainsFunc(w.pbx.channels, func(ch *channel) bool { return ch.phone == ph && ch.id == a.Leg })
		if !holding || busy {
			delete(l.held, ph.id)
		} else if _, marked := l.held[ph.id]; !marked {
			l.held[ph.id] = w.now
		} else if l.longer(since, mended) {
			w.broken("convergence", "agent %s stays %s for %s without a leg; %s", ph.id, a.State, a.Call, l.shown(a.Call))
		}
		if there && a.Lasts > 0 && !(a.State == agent.WrapUp && a.After.Open) {
			if due := a.Since.Add(a.Lasts).Sub(epoch); l.longer(due, mended) {
				w.broken("convergence", "agent %s stays in %s", ph.id, a.State)
			}
		}
	}
}

// liveness: who waits while somebody fitting is idle is offered to her.
func (l *laws) liveness() {
	w := l.w
	for _, ch := range w.pbx.channels {
		id := ch.id
		c, there := l.calls[id]
		if !there {
			delete(l.couldBe, id)
			continue
		}
		could := c.Stage == call.Waiting && ch.where == inside && slices.ContainsFunc(w.phones, func(ph *phone) bool {
			a, there := l.agents[ph.id]
			return there && a.Routable() && ph.registered && ph.profile.Fits(c.Pool) && !w.pbx.inUse(ph)
		})
		since, marked := l.couldBe[id]
		switch {
		case !could:
			delete(l.couldBe, id)
		case !marked:
			l.couldBe[id] = w.now
		case l.calm() > mended && w.now-max(since, w.healed+mended) > offerAfter:
			w.broken("liveness", "call %s of %s waits although somebody fitting is idle since %v", id, c.Owner, since)
		}
	}
}

func (l *laws) shown(id string) string {
	c, there := l.calls[id]
	if !there {
		return "the store has no such call"
	}
	return fmt.Sprintf("the store has it as %s of %s/%d v%d", c.Stage, c.Owner, c.Term, c.Version)
}

// atTheEnd: nothing is left of the day but its records.
func (l *laws) atTheEnd() {
	w := l.w
	st, err := w.store.Load(context.Background())
	if err != nil {
		w.broken("quiescence", "the store cannot be read: %v", err)
		return
	}
	for _, c := range st.Calls {
		w.broken("quiescence", "call %s is still in the store: %s of %s, %s", c.ID, c.Stage, c.Owner, c.Outcome)
	}
	for _, a := range st.Agents {
		if a.State == agent.Reserved || a.State == agent.Talking {
			w.broken("quiescence", "agent %s is %s for %s", a.Profile.ID, a.State, a.Call)
		}
	}
	for _, ch := range w.pbx.channels {
		w.broken("quiescence", "channel %s is left", ch.id)
	}
	for _, b := range w.pbx.bridges {
		w.broken("quiescence", "bridge %s is left", b.id)
	}
	for _, id := range sorted(l.unfiled) {
		if a := w.books.byID[id]; a != nil && a.end != nil {
			continue // by settling: wipe and crash in one moment
		}
		w.broken("filing", "call %s (%s) was never filed", id, l.unfiled[id].Outcome)
	}
	for _, id := range sorted(l.open) {
		w.broken("offers", "the offer of %s to %s has no outcome", id, l.open[id].Agent)
	}
	l.booksAtTheEnd()
	for _, e := range w.engines {
		if len(e.order) > 0 {
			w.broken("quiescence", "%s keeps the mailbox of %s", e.name, e.order[0].id)
		}
		if left := e.floor.Calls(); len(left) > 0 {
			w.broken("quiescence", "%s still knows call %s", e.name, left[0].ID)
		}
	}
}

func (l *laws) whoIsLeft() string {
	for _, ch := range l.w.pbx.channels {
		return fmt.Sprintf("%s is %s; %s", ch.id, ch.where, l.shown(ch.id))
	}
	return "no channel is left"
}
