package simulation

import (
	"errors"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
)

// place is where in the dialplan a channel is.
type place string

const (
	asked    place = "asked"    // StasisBroadcast: who takes her?
	inside   place = "inside"   // an engine's application has it
	ringing  place = "ringing"  // an agent's leg that is not up yet
	made     place = "made"     // a contact's leg on its way into an application
	fallback place = "fallback" // app_queue
	helped   place = "helped"   // connected with 112
	gone     place = "gone"
)

const claimWait = 500 * time.Millisecond

// Answers of Asterisk to a command.
var (
	errNotFound = errors.New("404")
	errConflict = errors.New("409")
	errRefused  = errors.New("400")
	errUnknown  = errors.New("no answer in time")
)

// channel is one leg of a call, as Asterisk has it.
type channel struct {
	id     string
	caller *caller // of a caller's channel
	phone  *phone  // of an agent's leg
	// contact is whom we call, if it is that leg: rung says that the phone was told
	// to ring, reachedAt when it was answered.
	contact   *contact
	snoops    *channel // of a channel that hears another one
	rung      bool
	reachedAt time.Duration
	serves    *channel
	where     place
	up        bool
	app       *engine // whose application has it, or made it
	bridge    *bridge

	music      bool
	promptEnds time.Duration // a prompt plays until then
	deadline   time.Duration // the dead man's switch; zero is off
	armed      int

	arrived, created time.Time
	again, claimed   bool
	stamp            *call.Call

	// What really happened, for the laws.
	talked      bool // with an agent of ours, in this life
	agentLeft   bool // of her own will
	chose112    bool
	fellAt      time.Duration // into the fallback queue
	silentSince time.Duration // -1: she hears something
	aloneSince  time.Duration // of a leg that is up and hears nobody; -1
	unheld      time.Duration // no engine runs that could care; -1
	arming      bool          // an order to set the dead man's switch is out, and has not come

	tapes           map[string]bool // recordings that run, by id, and whether they hold silence
	unrecordedSince time.Duration   // of a talk with an agent; -1
	mutedSince      time.Duration   // its recording holds silence, or goes on, against what was asked; -1
}

// bridge mixes its members.
type bridge struct {
	id         string
	members    []*channel
	emptySince time.Duration
}

// pbx is the Asterisk of this world.
type pbx struct {
	w        *world
	channels []*channel
	byID     map[string]*channel
	bridges  []*bridge
	paused   map[agent.ID]bool // in the fallback queue
	serial   int
}

func newPBX(w *world) *pbx {
	return &pbx{w: w, byID: map[string]*channel{}, paused: map[agent.ID]bool{}}
}

func (p *pbx) add(ch *channel) *channel {
	ch.created, ch.silentSince, ch.aloneSince, ch.unheld = p.w.clock(), -1, -1, -1
	ch.unrecordedSince, ch.mutedSince = -1, -1
	p.channels = append(p.channels, ch)
	p.byID[ch.id] = ch
	return ch
}

// arrival is an INVITE from the trunk, answered by the dialplan.
func (p *pbx) arrival(c *caller, id string) *channel {
	ch := p.add(&channel{id: id, caller: c, up: true})
	ch.arrived = p.w.clock()
	p.w.note("pbx      %s rings in on %s", id, c.kind)
	p.offerToEngines(ch)
	return ch
}

// offerToEngines is StasisBroadcast, with the dead man's switch armed before.
func (p *pbx) offerToEngines(ch *channel) {
	ch.where, ch.claimed, ch.music = asked, false, false
	p.prolong(ch, deadMan)
	for _, e := range p.w.engines {
		e.conn.emit(event{kind: evBroadcast, id: ch.id})
	}
	p.w.after(claimWait, func() {
		if ch.where == asked && !ch.claimed {
			p.toFallback(ch)
		}
	})
}

func (p *pbx) claim(e *engine, id string) error {
	ch := p.byID[id]
	switch {
	case ch == nil || ch.where != asked:
		return errNotFound
	case ch.claimed:
		return errConflict
	}
	ch.claimed = true
	p.w.after(p.w.between(100*time.Microsecond, time.Millisecond), func() {
		switch {
		case ch.where != asked:
		case !e.conn.open:
			p.toFallback(ch)
		default:
			p.enter(ch, e, event{kind: evEntered, id: id, args: argInbound, arrived: ch.arrived, again: ch.again, stamp: ch.stamp, line: ch.caller.kind, from: ch.caller.fingerprint})
		}
	})
	return nil
}

func (p *pbx) enter(ch *channel, e *engine, ev event) {
	ch.where, ch.app = inside, e
	e.conn.emit(ev)
}

// prolong sets the dead man's switch; zero takes it off.
func (p *pbx) prolong(ch *channel, life time.Duration) {
	ch.armed++
	armed := ch.armed
	ch.deadline = 0
	if life == 0 {
		return
	}
	ch.deadline = p.w.now + life
	p.w.after(life, func() {
		if ch.where != inside || ch.armed != armed {
			return
		}
		p.w.note("pbx      %s dead man's switch", ch.id)
		if ch.partner() != nil {
			p.w.law.parted(ch)
		}
		p.w.covered("dead man's switch")
		p.leave(ch)
		p.toFallback(ch)
	})
}

// leave takes a channel out of its application.
func (p *pbx) leave(ch *channel) {
	p.unbridge(ch)
	ch.app.conn.emit(event{kind: evLeft, id: ch.id})
}

func (p *pbx) toFallback(ch *channel) {
	p.w.note("pbx      %s in the fallback queue", ch.id)
	p.w.covered("fallback")
	p.prolong(ch, 0)
	ch.where, ch.again, ch.music, ch.app = fallback, true, true, nil
	ch.fellAt = p.w.now
	p.w.law.fellBack(ch)
}

// continueAt112 is Continue into the dialplan's emergency context.
func (p *pbx) continueAt112(id string) error {
	ch := p.byID[id]
	switch {
	case ch == nil:
		return errNotFound
	case ch.where != inside:
		return errConflict
	}
	p.w.law.sentTo112(ch)
	p.leave(ch)
	p.prolong(ch, 0)
	ch.where, ch.app = helped, nil
	p.w.covered("112")
	p.w.note("pbx      %s talks with 112", id)
	p.w.after(p.w.between(2*time.Second, 8*time.Second), func() { p.w.hangsUp(ch, "had her talk with 112") })
	return nil
}

// end ends a channel. Soft is how Asterisk calls a hang-up that did not come
// from the far end.
func (p *pbx) end(ch *channel, soft bool, cause int) {
	if ch.where == gone {
		return
	}
	p.w.note("pbx      %s ends (cause %d)", ch.id, cause)
	was := ch.where
	if other := ch.partner(); other != nil && ch.phone != nil {
		other.agentLeft = !soft && (cause == causeNormal || ch.app == nil || !ch.app.conn.open || ch.app.conn.deaf)
	}
	p.unbridge(ch)
	defer p.endSnoops(ch)
	ch.where = gone
	delete(p.byID, ch.id)
	p.channels = slices.DeleteFunc(p.channels, func(x *channel) bool { return x == ch })
	if ch.app != nil {
		if was == inside {
			if ch.up {
				ch.app.conn.emit(event{kind: evHangup, id: ch.id, soft: soft, cause: cause})
			}
			ch.app.conn.emit(event{kind: evLeft, id: ch.id})
		}
		if ch.phone != nil || ch.contact != nil || ch.snoops != nil {
			ch.app.conn.emit(event{kind: evDestroyed, id: ch.id, cause: cause})
		}
	}
	if ch.phone != nil && ch.app == nil {
		ch.phone.announce()
	}
}

// hangUp is our DELETE of a channel.
func (p *pbx) hangUp(e *engine, id string) error {
	ch := p.byID[id]
	if ch == nil {
		return nil // gone is what was wanted
	}
	p.w.law.hungUpByUs(e, ch)
	p.end(ch, true, causeNormal)
	switch {
	case ch.caller != nil:
		ch.caller.lost()
	case ch.phone != nil:
		ch.phone.bye(ch)
	}
	return nil
}

// originate calls an agent's phone under the id that we chose.
func (p *pbx) originate(e *engine, leg, serves string, to agent.ID, limit time.Duration) error {
	ph := p.w.byAgent[to]
	switch {
	case p.byID[leg] != nil:
		return errConflict
	case !ph.registered:
		return errRefused
	}
	ch := p.add(&channel{id: leg, phone: ph, where: ringing, app: e, serves: p.byID[serves]})
	p.w.law.rings(e, ch, serves)
	ph.invite(ch, true)
	p.w.after(limit, func() {
		if ch.where == ringing {
			p.end(ch, true, causeNoAnswer)
			ph.bye(ch)
		}
	})
	return nil
}

// answered is a 200 OK from an agent's phone.
func (p *pbx) answered(ch *channel) {
	switch {
	case ch.where == gone:
		ch.phone.bye(ch) // the answer crossed our CANCEL
		p.w.covered("crossing answer and cancel")
	case ch.serves != nil && ch.serves.where == fallback && ch.app == nil:
		ch.up, ch.where = true, fallback
		p.w.fallbackTalk(ch)
	case ch.app == nil:
		p.end(ch, true, causeNormal)
		ch.phone.bye(ch)
	case !ch.app.conn.open:
		p.w.covered("answer without an application")
		p.end(ch, true, causeNormal)
		ch.phone.bye(ch)
	default:
		ch.up = true
		p.enter(ch, ch.app, event{kind: evEntered, id: ch.id, args: argLeg, agent: ch.phone.id})
	}
}

func (p *pbx) move(to *engine, id string) error {
	ch := p.byID[id]
	switch {
	case ch == nil:
		return errNotFound
	case ch.where != inside:
		return errConflict
	case !to.conn.open || ch.app == to:
		return nil
	}
	ch.app.conn.emit(event{kind: evLeft, id: id})
	p.enter(ch, to, event{kind: evEntered, id: id, args: argMoved})
	return nil
}

func (p *pbx) bridgeByID(id string) *bridge {
	for _, b := range p.bridges {
		if b.id == id {
			return b
		}
	}
	return nil
}

func (p *pbx) createBridge(id string) error {
	if p.bridgeByID(id) == nil {
		p.bridges = append(p.bridges, &bridge{id: id, emptySince: p.w.now})
	}
	return nil
}

// addToBridge adds all or none.
func (p *pbx) addToBridge(id string, channels ...string) error {
	b := p.bridgeByID(id)
	if b == nil {
		return errNotFound
	}
	var members []*channel
	for _, name := range channels {
		ch := p.byID[name]
		if ch == nil || ch.where != inside {
			return errRefused
		}
		members = append(members, ch)
	}
	for _, ch := range members {
		if ch.bridge != b {
			p.unbridge(ch)
			ch.bridge, b.members = b, append(b.members, ch)
		}
	}
	p.w.note("pbx      bridge %s holds %v", id, channels)
	p.w.law.bridged(b)
	p.w.talk(b)
	return nil
}

func (p *pbx) unbridge(ch *channel) {
	b := ch.bridge
	if b == nil {
		return
	}
	if callID, isLeg := floor.CallOfLeg(ch.id); isLeg && call.IsAttempt(callID) {
		p.w.law.left[callID] = p.w.now
	}
	ch.bridge = nil
	b.members = slices.DeleteFunc(b.members, func(x *channel) bool { return x == ch })
	b.emptySince = p.w.now
}

func (p *pbx) destroyBridge(id string) error {
	b := p.bridgeByID(id)
	if b == nil {
		return nil
	}
	p.w.law.unbridgedByUs(b)
	for _, ch := range slices.Clone(b.members) {
		p.unbridge(ch)
	}
	p.bridges = slices.DeleteFunc(p.bridges, func(x *bridge) bool { return x == b })
	return nil
}

// partner is the channel that shares a bridge with this one.
func (ch *channel) partner() *channel {
	if ch.bridge == nil {
		return nil
	}
	for _, other := range ch.bridge.members {
		if other != ch {
			return other
		}
	}
	return nil
}

// Causes of a hang-up, by Q.850.
const (
	causeNormal   = 16
	causeAbsent   = 20
	causeRejected = 21
	causeBusy     = 17
	causeNoAnswer = 19
	causeNoMedia  = 44
)

// snapshot is what a listing of Asterisk shows. Its parts are read one after
// another, as in life, so that they may contradict each other.
type snapshot struct {
	began    time.Duration
	channels []seenChannel
	facts    floor.Facts
	bridges  []string
	phones   []seenPhone
	// inFallback is how many callers are in app_queue.
	inFallback int
}

type seenChannel struct {
	id      string
	agent   agent.ID
	up      bool
	app     *engine
	arrived time.Time
	line    call.Kind
	from    string
	stamp   *call.Call
}

type seenPhone struct {
	id                agent.ID
	online, elsewhere bool
}

// look reads a snapshot for an engine.
func (p *pbx) look(e *engine, then func(*snapshot, error)) {
	s := &snapshot{began: p.w.now, facts: floor.Facts{Channels: map[string]floor.Channel{}, Bridges: map[string][]string{}}}
	parts := []func(){
		func() { p.lookAtChannels(s) }, func() { p.lookAtApps(s) }, func() { p.lookAtBridges(s) },
		func() { p.lookAtPhones(s) }, func() { p.lookAtVariables(s) },
	}
	var next func(err error)
	next = func(err error) {
		switch {
		case err != nil:
			then(nil, err)
		case len(parts) == 0:
			for _, ch := range s.channels {
				s.facts.Channels[ch.id] = floor.Channel{Up: ch.up, Inside: ch.app != nil}
			}
			then(s, nil)
		default:
			part := parts[0]
			parts = parts[1:]
			e.command(func() error { part(); return nil }, next)
		}
	}
	next(nil)
}

func (p *pbx) lookAtChannels(s *snapshot) {
	for _, ch := range p.channels {
		seen := seenChannel{id: ch.id, up: ch.up, arrived: ch.arrived}
		if ch.where == fallback && ch.caller != nil {
			s.inFallback++
		}
		if ch.caller != nil {
			seen.line, seen.from = ch.caller.kind, ch.caller.fingerprint
		} else if ch.phone != nil {
			seen.agent = ch.phone.id
		}
		s.channels = append(s.channels, seen)
	}
}

func (p *pbx) lookAtApps(s *snapshot) {
	for i := range s.channels {
		if ch := p.byID[s.channels[i].id]; ch != nil && (ch.where == inside || ch.where == ringing) {
			s.channels[i].app = ch.app
		}
	}
}

func (p *pbx) lookAtBridges(s *snapshot) {
	for _, b := range p.bridges {
		s.bridges = append(s.bridges, b.id)
		members := make([]string, 0, len(b.members))
		for _, ch := range b.members {
			members = append(members, ch.id)
		}
		s.facts.Bridges[b.id] = members
	}
}

func (p *pbx) lookAtPhones(s *snapshot) {
	for _, ph := range p.w.phones {
		s.phones = append(s.phones, ph.seen())
	}
}

// lookAtVariables reads the stamps; who has gone meanwhile leaves the listing.
func (p *pbx) lookAtVariables(s *snapshot) {
	s.channels = slices.DeleteFunc(s.channels, func(seen seenChannel) bool { return p.byID[seen.id] == nil })
	for i := range s.channels {
		s.channels[i].stamp = p.byID[s.channels[i].id].stamp
	}
}

// The smaller commands.

func (p *pbx) exists(id string) error {
	if p.byID[id] == nil {
		return errNotFound
	}
	return nil
}

func (p *pbx) setDeadline(id string, life time.Duration) error {
	ch := p.byID[id]
	if ch == nil {
		return errNotFound
	}
	ch.arming = false
	if ch.where == inside {
		p.prolong(ch, life)
	}
	return nil
}

func (p *pbx) setStamp(id string, c call.Call) error {
	ch := p.byID[id]
	if ch == nil {
		return errNotFound
	}
	ch.stamp = &c
	return nil
}

func (p *pbx) startMusic(id string) error {
	ch := p.byID[id]
	switch {
	case ch == nil:
		return errNotFound
	case ch.where != inside:
		return errConflict
	}
	if other := ch.partner(); other != nil {
		p.w.broken("law 1", "music sounds into the talk of %s with %s", id, other.id)
	}
	ch.music = true
	return nil
}

func (p *pbx) prompt(id string, length time.Duration) error {
	ch := p.byID[id]
	switch {
	case ch == nil:
		return errNotFound
	case ch.where != inside:
		return errConflict
	}
	ch.promptEnds = p.w.now + length
	return nil
}

// hush ends music and prompts of ours.
func (p *pbx) hush(id string) error {
	ch := p.byID[id]
	switch {
	case ch == nil:
		return errNotFound
	case ch.where != inside:
		return errConflict
	}
	ch.music, ch.promptEnds = false, 0
	return nil
}

// channel is what the snapshot shows of one, if it is there.
func (s *snapshot) channel(id string) *seenChannel {
	for i := range s.channels {
		if s.channels[i].id == id {
			return &s.channels[i]
		}
	}
	return nil
}
