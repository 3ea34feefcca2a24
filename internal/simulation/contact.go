package simulation

import (
	"fmt"
	"slices"
	"time"

	"powerline/agent"
)

// contact is somebody whom we call.
type contact struct {
	w      *world
	number string
	work   string
}

// Kinds of outbound work here. By law 3 the first is for male officers, the
// second for women.
const (
	toOffender = "offender"
	toVictim   = "feedback"
)

func poolOfWork(work string) agent.Pool {
	if work == toOffender {
		return agent.MaleOfficers
	}
	return agent.Women
}

// dialFor is how long a contact's phone rings.
const dialFor = 4 * time.Second

// assign makes tasks: some contacts are wanted for two, and some of them call us
// as well.
func (w *world) assign() {
	for n := range w.opt.Tasks {
		work := toVictim
		if w.chance(.4) {
			work = toOffender
		}
		whom := &contact{w: w, number: fmt.Sprintf("n%d", n), work: work}
		if before := len(w.books.tasks); before > 0 && w.chance(.3) {
			whom = w.books.tasks[w.rng.IntN(before)].whom
		} else if w.chance(.2) {
			whom.number = fmt.Sprintf("f%d", w.rng.IntN(w.opt.Calls))
		}
		t := &task{
			id: fmt.Sprintf("t%d", n), work: whom.work, pool: poolOfWork(whom.work), skill: whom.work, whom: whom,
			due: w.between(4*time.Second, w.arrive),
		}
		w.books.tasks = append(w.books.tasks, t)
		if w.chance(.1) {
			w.after(w.between(5*time.Second, w.arrive), func() { t.off = true })
		}
	}
}

// rings is an INVITE as it reaches the contact's phone.
func (c *contact) rings(ch *channel) {
	w := c.w
	w.note("contact  %s is rung", ch.id)
	tells := func(after time.Duration, status dialStatus) {
		w.after(after, func() {
			if ch.where == inside && !ch.up {
				ch.app.conn.emit(event{kind: evDialled, id: ch.id, status: status})
			}
		})
	}
	ends := func(after time.Duration, cause int) {
		w.after(after, func() {
			if !ch.up {
				w.cover("contact is not reached")
				w.pbx.end(ch, false, cause)
			}
		})
	}
	soon := w.between(20*time.Millisecond, 200*time.Millisecond)
	roll := w.rng.Float64()
	if roll < .1 { // switched off: the network says so, and nothing rings
		tells(soon, dialProgress)
		if w.chance(.5) {
			ends(soon+w.between(time.Second, 3*time.Second), causeAbsent)
		}
		return
	}
	tells(soon, dialRinging)
	switch {
	case roll < .22:
		ends(soon+w.between(0, 300*time.Millisecond), causeBusy)
	case roll < .27:
		ends(soon+w.between(0, time.Second), causeRejected)
	case roll < .38: // rings out
	case roll < .48: // answers as the ring ends
		w.after(dialFor+w.between(-6*time.Millisecond, 4*time.Millisecond), func() { c.answers(ch) })
	case roll < .56: // answers as the agent gives up
		at := w.between(300*time.Millisecond, 2*time.Second)
		w.after(at, func() { c.answers(ch) })
		w.after(at+w.between(-6*time.Millisecond, 6*time.Millisecond), func() { w.agentGivesUp(ch) })
	case roll < .64: // answers and hangs up in the same moment
		at := w.between(300*time.Millisecond, 2*time.Second)
		w.after(at, func() { c.answers(ch) })
		w.after(at+w.between(0, 8*time.Millisecond), func() { w.hangsUp(ch, "answers and hangs up") })
	default:
		w.after(w.between(soon, 3*time.Second), func() { c.answers(ch) })
		if w.chance(.08) {
			w.after(w.between(0, 3*time.Second), func() { w.agentGivesUp(ch) })
		}
	}
}

// agentGivesUp: she hangs up although nobody has answered yet, or as somebody does.
func (w *world) agentGivesUp(ch *channel) {
	if leg := ch.partner(); leg != nil && leg.phone != nil {
		leg.phone.leaves(leg)
	}
}

// answers is a 200 OK from the contact's phone, and the bridge is there already.
func (c *contact) answers(ch *channel) {
	w := c.w
	if ch.where == gone || ch.up {
		return
	}
	w.cover("contact answers")
	w.note("contact  %s answers", ch.id)
	ch.up, ch.reachedAt = true, w.now
	w.law.reached(ch)
	if ch.where == inside {
		ch.app.conn.emit(event{kind: evDialled, id: ch.id, status: dialAnswered})
	}
	if ch.bridge != nil {
		w.talk(ch.bridge)
	}
	w.after(w.opt.Talks+15*time.Second, func() { w.hangsUp(ch, "has had enough") })
}

// create makes the leg of whom we call, without ringing it. Asterisk refuses an
// id with which a living one begins.
func (p *pbx) create(e *engine, id string, whom *contact) error {
	prefix := func(ch *channel) bool { return len(ch.id) >= len(id) && ch.id[:len(id)] == id }
	if slices.ContainsFunc(p.channels, prefix) {
		return errConflict
	}
	ch := p.add(&channel{id: id, contact: whom, where: made, app: e})
	p.w.note("pbx      %s is made", id)
	p.w.after(p.w.between(100*time.Microsecond, 2*time.Millisecond), func() {
		switch {
		case ch.where != made:
		case !e.conn.open:
			p.end(ch, true, causeNormal)
		default:
			p.enter(ch, e, event{kind: evEntered, id: id, args: argLeg})
		}
	})
	return nil
}

// dial rings a leg that was made.
func (p *pbx) dial(e *engine, id string, limit time.Duration) error {
	ch := p.byID[id]
	switch {
	case ch == nil:
		return errNotFound
	case ch.where != inside:
		return errConflict
	}
	ch.rung = true
	p.w.law.dials(e, ch)
	ch.contact.rings(ch)
	p.w.after(limit, func() {
		if !ch.up {
			p.end(ch, true, causeNoAnswer)
		}
	})
	return nil
}
