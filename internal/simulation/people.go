package simulation

import (
	"fmt"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
)

// caller is a person who dials, once or again.
type caller struct {
	w           *world
	n           int
	kind        call.Kind
	fingerprint string
	menu        bool
	redials     int
	dials       int
	ch          *channel
}

// populate makes the people and when they do what.
func (w *world) populate() {
	for n := range w.opt.Agents {
		w.hire(n)
	}
	for n := range w.opt.Engines {
		w.engines = append(w.engines, newEngine(w, fmt.Sprintf("acd-%c", 'a'+n)))
	}
	for n := range w.opt.Dialers {
		e := newEngine(w, fmt.Sprintf("dialer-%c", 'a'+n))
		e.dials = true
		w.engines = append(w.engines, e)
	}
	w.assign()
	for n := range w.opt.Calls {
		c := &caller{w: w, n: n, kind: call.Helpline, fingerprint: fmt.Sprintf("f%d", n), menu: w.chance(.5), redials: w.rng.IntN(2)}
		if w.chance(.15) {
			c.kind, c.menu = call.RingBack, false
		}
		at := w.between(2*time.Second, w.arrive)
		if w.chance(.3) && n > 0 { // in the same moment as others
			at = 10*time.Second + w.between(0, 3*time.Millisecond)
		}
		w.after(at, c.dial)
	}
	for _, e := range w.engines {
		w.after(w.between(0, 200*time.Millisecond), e.start)
	}
	w.after(time.Second, w.serveFallback)
}

// dial is a fresh INVITE of hers, with plans of her own.
func (c *caller) dial() {
	w := c.w
	c.dials++
	c.ch = w.pbx.arrival(c, fmt.Sprintf("c%d-%d", c.n, c.dials))
	ch := c.ch
	patience := w.between(50*time.Second, 80*time.Second)
	if w.chance(.3) {
		patience = w.between(0, 12*time.Second)
	}
	w.after(patience, func() { w.hangsUp(ch, "loses patience") })
	for w.chance(.35) {
		key := signs[w.rng.IntN(len(signs))]
		w.after(w.between(0, 10*time.Second), func() { c.presses(ch, key) })
	}
}

// sign is what a key or a voice comes to in the dialogue.
type sign string

const (
	signSpoke     sign = "spoke"
	signPlea      sign = "plea"
	signDanger    sign = "danger"
	signChose     sign = "chose"
	signEmergency sign = "112"
)

var signs = []sign{signSpoke, signPlea, signDanger, signChose, signEmergency}

func (c *caller) presses(ch *channel, key sign) {
	if ch.where == inside {
		ch.chose112 = ch.chose112 || key == signEmergency
		ch.app.conn.emit(event{kind: evDigit, id: ch.id, sign: key})
	}
}

// hangsUp is a BYE from the caller's side.
func (w *world) hangsUp(ch *channel, why string) {
	if ch.where == gone {
		return
	}
	w.note("caller   %s %s", ch.id, why)
	if ch.contact != nil {
		w.cover("contact hangs up")
		w.pbx.end(ch, false, causeNormal)
		return
	}
	w.cover("caller hangs up")
	dropped := ch.where == inside && ch.partner() == nil
	w.pbx.end(ch, false, causeNormal)
	ch.caller.mayRedial(dropped)
}

func (c *caller) mayRedial(dropped bool) {
	if dropped && c.redials > 0 && c.w.now < c.w.arrive {
		c.redials--
		c.w.after(c.w.between(50*time.Millisecond, 6*time.Second), c.dial)
	}
}

// lost: we ended her call.
func (c *caller) lost() {}

// phone is an agent's softphone and the person at it.
type phone struct {
	w          *world
	id         agent.ID
	profile    agent.Profile
	alive      bool
	registered bool // as far as Asterisk knows
	dialogs    []*dialog
	down, up   time.Duration // when the last message on each way arrives
}

// dialog is one INVITE as the phone sees it.
type dialog struct {
	ch       *channel
	ours     bool
	answered bool
}

// hire makes an agent: women, male officers, and men who may take nothing.
func (w *world) hire(n int) {
	p := agent.Profile{ID: agent.ID(fmt.Sprintf("a%02d", n)), Languages: []string{"hi"}, Categories: []string{"phone"}, Outbound: []string{toOffender, toVictim}}
	switch {
	case n == 1:
		p.Officer = true
	case n == 2 && w.chance(.5):
	case n == 3 && w.chance(.5):
		p.Woman, p.Officer = true, true
	default:
		p.Woman = true
	}
	ph := &phone{w: w, id: p.ID, profile: p, alive: true, registered: true}
	w.phones = append(w.phones, ph)
	w.byAgent[p.ID], w.pbx.paused[p.ID] = ph, true
	w.after(w.between(300*time.Millisecond, 3*time.Second), func() { ph.dials(agent.LoggedIn{}) })
	w.after(w.between(3*time.Second, 8*time.Second), ph.whim)
	w.after(w.between(3*time.Second, 5*time.Second), ph.looksUp)
}

// looksUp: an agent who finds herself paused, or done with an open wrap-up,
// makes herself ready sooner or later.
func (ph *phone) looksUp() {
	w := ph.w
	w.after(w.between(time.Second, 2500*time.Millisecond), ph.looksUp)
	for _, d := range slices.Clone(ph.dialogs) {
		if d.ours && d.answered && w.law.ofNobody(d.ch) && w.chance(.3) {
			ph.leaves(d.ch)
		}
	}
	a, known := w.law.agents[ph.id]
	switch {
	case !known || !ph.alive || w.chance(.4):
	case a.Status == agent.LoggedOut:
		ph.dials(agent.LoggedIn{})
	case a.Status == agent.NotReady, a.State == agent.WrapUp && a.After.Open:
		ph.dials(agent.Ready{})
	}
}

// seen is what Asterisk shows of the phone.
func (ph *phone) seen() seenPhone {
	s := seenPhone{id: ph.id, online: ph.registered}
	for _, ch := range ph.w.pbx.channels {
		s.elsewhere = s.elsewhere || ch.phone == ph && ch.app == nil
	}
	return s
}

// announce tells the engines of the phone's presence.
func (ph *phone) announce() {
	for _, e := range ph.w.engines {
		e.conn.emit(event{kind: evPresence, phone: ph.seen()})
	}
}

// toPhone and toPBX carry messages in order.
func (ph *phone) toPhone(f func()) {
	ph.down = max(ph.down, ph.w.now+ph.w.between(100*time.Microsecond, 3*time.Millisecond))
	ph.w.after(ph.down-ph.w.now, func() {
		if ph.alive {
			f()
		}
	})
}

func (ph *phone) toPBX(f func()) {
	if !ph.alive {
		return
	}
	ph.up = max(ph.up, ph.w.now+ph.w.between(100*time.Microsecond, 3*time.Millisecond))
	ph.w.after(ph.up-ph.w.now, f)
}

// invite rings the phone; bye ends what it has of a channel.
func (ph *phone) invite(ch *channel, ours bool) {
	ph.toPhone(func() {
		busy := len(ph.dialogs) > 0
		ph.w.law.invited(ph, ch, ours)
		if busy {
			ph.rejects(ch)
			return
		}
		d := &dialog{ch: ch, ours: ours}
		ph.dialogs = append(ph.dialogs, d)
		ph.w.note("phone    %s rings with %s", ph.id, ch.id)
		ph.react(d)
	})
}

func (ph *phone) bye(ch *channel) {
	ph.toPhone(func() { ph.drop(ch) })
}

func (ph *phone) drop(ch *channel) {
	ph.dialogs = slices.DeleteFunc(ph.dialogs, func(d *dialog) bool { return d.ch == ch })
}

func (ph *phone) has(d *dialog) bool { return slices.Contains(ph.dialogs, d) }

// react is what the person does about a ringing phone.
func (ph *phone) react(d *dialog) {
	w := ph.w
	limit := ringFor
	callID, _ := floor.CallOfLeg(d.ch.id)
	switch roll := w.rng.Float64(); {
	case roll > .4 && call.IsAttempt(callID): // her phone picks up by itself
		w.after(w.between(100*time.Millisecond, time.Second), func() { ph.answers(d) })
	case w.now < w.arrive && roll < w.faults.Phones:
		w.after(w.between(0, limit), func() { ph.dies("while it rings", d) })
	case w.now < w.arrive && roll < w.faults.Phones+.10:
		w.after(w.between(100*time.Millisecond, 3*time.Second), func() { ph.rejectsNow(d) })
	case w.now < w.arrive && roll < w.faults.Phones+.16: // rings out
	case w.now < w.arrive && roll < w.faults.Phones+.26: // answers as the ring ends
		w.after(limit+w.between(-4*time.Millisecond, 2*time.Millisecond), func() { ph.answers(d) })
	default:
		at := w.between(500*time.Millisecond, 3*time.Second)
		w.after(at, func() { ph.answers(d) })
		if ch := d.ch.serves; ch != nil && w.chance(.08) { // she gives up in the same moment
			w.after(at+w.between(-3*time.Millisecond, 6*time.Millisecond), func() { w.hangsUp(ch, "gives up as the phone is answered") })
		}
	}
}

func (ph *phone) answers(d *dialog) {
	if !ph.alive || !ph.has(d) || d.answered {
		return
	}
	d.answered = true
	ph.w.note("phone    %s answers %s", ph.id, d.ch.id)
	ph.toPBX(func() { ph.w.pbx.answered(d.ch) })
	ph.w.after(25*time.Second, func() { // nobody stays that long with silence
		if d.ch.where == inside && d.ch.partner() == nil {
			ph.leaves(d.ch)
		}
	})
}

func (ph *phone) rejectsNow(d *dialog) {
	if ph.alive && ph.has(d) && !d.answered {
		ph.drop(d.ch)
		ph.rejects(d.ch)
	}
}

func (ph *phone) rejects(ch *channel) {
	ph.w.note("phone    %s rejects %s", ph.id, ch.id)
	ph.toPBX(func() { ph.w.pbx.end(ch, false, causeBusy) })
}

// leaves is a BYE from the agent's side.
func (ph *phone) leaves(ch *channel) {
	if !ph.alive || ch.where == gone {
		return
	}
	ph.w.note("phone    %s hangs up %s", ph.id, ch.id)
	ph.w.cover("agent hangs up")
	ph.drop(ch)
	ph.toPBX(func() { ph.w.pbx.end(ch, false, causeNormal) })
}

// dies: no message from it or to it any more. Asterisk notices a talk without
// sound by rtp_timeout, and the phone itself by its qualify.
func (ph *phone) dies(when string, d *dialog) {
	w := ph.w
	if !ph.alive || !ph.has(d) {
		return
	}
	w.note("phone    %s dies %s", ph.id, when)
	w.cover("phone dies")
	ph.alive, ph.dialogs = false, nil
	w.after(w.between(time.Second, 4*time.Second), func() { ph.register(false) })
	w.after(5*time.Second, func() {
		if d.ch.up {
			w.pbx.end(d.ch, false, causeNoMedia)
		}
	})
	w.after(w.between(5500*time.Millisecond, 12*time.Second), func() {
		ph.alive = true
		ph.register(true)
	})
}

func (ph *phone) register(online bool) {
	ph.registered = online
	ph.announce()
}

// whim is what an agent does of her own accord, again and again.
func (ph *phone) whim() {
	w := ph.w
	if w.now > w.storm {
		return
	}
	acts := []agent.Event{
		agent.Paused{Reason: "tea"}, agent.Paused{Reason: "tea"}, agent.Ready{}, agent.Ready{},
		agent.WrapUpDone{}, agent.WrapUpExtended{By: time.Second}, agent.LoggedOff{},
	}
	act := acts[w.rng.IntN(len(acts))]
	ph.dials(act)
	w.after(w.between(4*time.Second, 12*time.Second), ph.whim)
}

// dials is a code on her phone, served by whichever engine claims it; if none
// does she tries again, as people do.
func (ph *phone) dials(ev agent.Event) {
	w := ph.w
	var healthy []*engine
	for _, e := range w.engines {
		if e.serving() {
			healthy = append(healthy, e)
		}
	}
	if len(healthy) == 0 {
		w.after(w.between(500*time.Millisecond, 2*time.Second), func() { ph.dials(ev) })
		return
	}
	e := healthy[w.rng.IntN(len(healthy))]
	w.note("phone    %s dials %T", ph.id, ev)
	e.later(w.between(time.Millisecond, 5*time.Millisecond), func() { e.tellAgent(ph.id, stampAgent(ev, w.clock()), nil) })
}

func stampAgent(ev agent.Event, at time.Time) agent.Event {
	switch ev := ev.(type) {
	case agent.LoggedIn:
		ev.At = at
		return ev
	case agent.LoggedOff:
		ev.At = at
		return ev
	case agent.Ready:
		ev.At = at
		return ev
	case agent.Paused:
		ev.At = at
		return ev
	case agent.WrapUpDone:
		ev.At = at
		return ev
	case agent.WrapUpExtended:
		ev.At = at
		return ev
	}
	return ev
}

// talk lets a conversation that has just begun end some day.
func (w *world) talk(b *bridge) {
	var who, leg *channel
	for _, ch := range b.members {
		switch {
		case ch.phone != nil:
			leg = ch
		case ch.snoops == nil:
			who = ch
		}
	}
	if who == nil || leg == nil || !who.up {
		return
	}
	who.talked, who.agentLeft, who.music = true, false, false
	long := w.between(300*time.Millisecond, w.opt.Talks)
	ends := w.rng.Float64()
	if w.now < w.arrive && w.chance(w.faults.Phones) {
		w.after(w.between(0, long), func() {
			if i := slices.IndexFunc(leg.phone.dialogs, func(d *dialog) bool { return d.ch == leg }); i >= 0 {
				leg.phone.dies("in a talk", leg.phone.dialogs[i])
			}
		})
	}
	if ends < .55 {
		w.after(long, func() { leg.phone.leaves(leg) })
	}
	if ends > .45 { // in between: both in the same moment
		w.after(long+w.between(0, time.Millisecond), func() {
			if who.partner() == leg || w.chance(.5) {
				w.hangsUp(who, "has said all")
			}
		})
	}
}

// serveFallback is app_queue: it rings members who are not paused and not in
// use, one a caller, and connects who answers.
func (w *world) serveFallback() {
	w.after(500*time.Millisecond, w.serveFallback)
	for _, ch := range slices.Clone(w.pbx.channels) {
		if ch.where != fallback || ch.caller == nil || w.pbx.ringsFor(ch) {
			continue
		}
		for _, ph := range w.phones {
			free := ph.registered && !w.pbx.paused[ph.id] && ph.profile.Fits(poolOf(ch.caller.kind)) && !w.pbx.inUse(ph)
			if free {
				w.pbx.ringFromFallback(ch, ph)
				break
			}
		}
	}
}

func (p *pbx) ringsFor(ch *channel) bool {
	return slices.ContainsFunc(p.channels, func(x *channel) bool { return x.serves == ch && x.app == nil })
}

func (p *pbx) inUse(ph *phone) bool {
	return slices.ContainsFunc(p.channels, func(x *channel) bool { return x.phone == ph })
}

func (p *pbx) ringFromFallback(ch *channel, ph *phone) {
	p.serial++
	leg := p.add(&channel{id: fmt.Sprintf("q%d", p.serial), phone: ph, where: ringing, serves: ch})
	p.w.covered("fallback rings")
	ph.announce()
	ph.invite(leg, false)
	p.w.after(ringFor, func() {
		if leg.where == ringing {
			p.paused[ph.id] = true // autopause
			p.endFallback(leg)
		}
	})
}

func (p *pbx) endFallback(leg *channel) {
	if leg.where == gone {
		return
	}
	p.end(leg, true, causeNormal)
	leg.phone.bye(leg)
}

// fallbackTalk is a caller and an agent in app_queue's own bridge.
func (w *world) fallbackTalk(leg *channel) {
	ch := leg.serves
	w.note("pbx      %s served by the fallback", ch.id)
	w.covered("served by the fallback")
	ch.where, leg.where = helped, helped
	w.after(w.between(500*time.Millisecond, 4*time.Second), func() {
		w.hangsUp(ch, "was served by the fallback")
		w.pbx.endFallback(leg)
	})
}

// withdraw takes a caller back out of app_queue, unless she is being connected.
func (p *pbx) withdraw(id string) error {
	ch := p.byID[id]
	if ch == nil || ch.where != fallback {
		return errNotFound
	}
	for _, x := range slices.Clone(p.channels) {
		if x.serves == ch && x.app == nil {
			p.endFallback(x)
		}
	}
	p.w.note("pbx      %s withdrawn from the fallback", id)
	p.offerToEngines(ch)
	return nil
}

func poolOf(k call.Kind) agent.Pool {
	if k == call.RingBack {
		return agent.MaleOfficers
	}
	return agent.Women
}
