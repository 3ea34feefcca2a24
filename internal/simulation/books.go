package simulation

import (
	"errors"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
)

// books are the database of this world, as far as tasks and attempts go.
type books struct {
	w        *world
	away     bool
	slow     bool
	tasks    []*task
	attempts []*attempt // oldest first
	byID     map[string]*attempt
	live     map[string]*attempt // by number
	journals map[string][]attemptEnd
}

// task is a reason to call somebody.
type task struct {
	id     string
	work   string
	pool   agent.Pool
	skill  string
	whom   *contact
	due    time.Duration
	tries  int // attempts that rang and reached nobody
	inHand *attempt
	over   bool
	off    bool // an operator has withdrawn it
}

// attempt is one dial, written before anybody's phone rings.
type attempt struct {
	id      string
	task    *task
	agent   agent.ID
	at      time.Duration
	end     *attemptEnd
	settled bool
	invites int // what really happened
}

// attemptEnd is how an attempt ended, in the words of the books.
type attemptEnd struct {
	attempt, result          string
	dialled, answered, ended time.Time
	stale                    bool // concluded, because nobody has the call
}

// The results that mean something here; the others are causes of the network.
const (
	answeredEnd    = "answered"
	notPlacedEnd   = "not-placed"
	interruptedEnd = "interrupted"
	cancelledEnd   = "cancelled"
)

// Answers of the database.
var (
	errAway      = errors.New("the database gives no answer")
	errForbidden = errors.New("the attempt may not start")
)

func newBooks(w *world) *books {
	return &books{w: w, byID: map[string]*attempt{}, live: map[string]*attempt{}, journals: map[string][]attemptEnd{}}
}

const (
	queryLimit = 5 * time.Second
	writeLimit = 300 * time.Millisecond // after which a record goes to the journal
)

// query asks the database. Who gets no answer in time does not know whether it
// was asked.
func query[T any](e *engine, limit time.Duration, method func() (T, error), then func(T, error)) {
	w, inc := e.w, e.inc
	answer := func(out T, err error) {
		if e.inc == inc {
			e.pushBack(func() { then(out, err) })
		}
	}
	var none T
	took := w.between(200*time.Microsecond, 4*time.Millisecond)
	if w.books.slow {
		took = w.between(100*time.Millisecond, 2*time.Second)
	}
	lost := w.fault(w.faults.LostReply)
	w.after(min(took, limit), func() {
		switch {
		case w.books.away:
			answer(none, errAway)
		case took > limit:
			w.after(took-limit, func() { _, _ = method() }) // too late for whoever asked
			answer(none, errAway)
		default:
			out, err := method()
			if lost {
				w.cover("answer of the database lost")
				out, err = none, errAway
			}
			answer(out, err)
		}
	})
}

// dueNow are the tasks to be dialled, most urgent first.
func (b *books) dueNow() (due []*task) {
	if b.w.now > b.w.arrive { // the windows have closed
		return nil
	}
	for _, t := range b.tasks {
		if !t.over && !t.off && t.inHand == nil && t.due <= b.w.now && b.live[t.whom.number] == nil {
			due = append(due, t)
		}
	}
	return due
}

// start writes an attempt, unless its task or its number is taken.
func (b *books) start(a *attempt) error {
	if before := b.byID[a.id]; before != nil {
		if before.task != a.task || before.agent != a.agent {
			b.w.broken("books", "attempt %s is written for two tasks", a.id)
		}
		return nil
	}
	t := a.task
	taken := b.live[t.whom.number] != nil && !b.w.shell.sharesNumbers
	if t.over || t.off || t.inHand != nil || taken {
		return errForbidden
	}
	a.at = b.w.now
	b.attempts = append(b.attempts, a)
	b.byID[a.id], b.live[t.whom.number], t.inHand = a, a, a
	b.w.report.Attempts++
	return nil
}

// write takes in the end of an attempt; the first word stands.
func (b *books) write(end attemptEnd) error {
	a := b.byID[end.attempt]
	if a == nil {
		b.w.broken("books", "the end of %s comes without an attempt", end.attempt)
		return nil
	}
	b.w.law.attemptEnds(a, end)
	if a.end != nil {
		return nil
	}
	b.w.law.accepted(a, end)
	a.end = &end
	b.w.report.Results[end.result]++
	if b.live[a.task.whom.number] == a {
		delete(b.live, a.task.whom.number)
	}
	if !end.answered.IsZero() {
		b.w.after(b.w.between(300*time.Millisecond, 2*time.Second), func() { b.code(a) })
	}
	return nil
}

// code is the outcome that an agent writes down; while the database is away she
// cannot.
func (b *books) code(a *attempt) {
	if b.away {
		b.w.after(time.Second, func() { b.code(a) })
		return
	}
	a.settled, a.task.over, a.task.inHand = true, true, nil
}

// unsettled are the attempts that reached nobody and have not moved their task.
func (b *books) unsettled() (all []*attempt) {
	for _, a := range b.attempts {
		if a.end != nil && a.end.answered.IsZero() && !a.settled {
			all = append(all, a)
		}
	}
	return all
}

// settle moves the task of an attempt that reached nobody, once.
func (b *books) settle(a *attempt) error {
	if a.settled {
		return nil
	}
	t := a.task
	a.settled, t.inHand = true, nil
	t.due = b.w.now + b.w.between(500*time.Millisecond, 4*time.Second)
	if r := a.end.result; r != notPlacedEnd && r != "network" && !(r == interruptedEnd && a.end.dialled.IsZero()) {
		t.tries++
	}
	t.over = t.tries >= 3
	return nil
}

// stale are attempts that have no end although they began long ago.
func (b *books) stale() (all []*attempt) {
	after := staleAfter
	if b.w.shell.endsTheLiving {
		after = 3 * time.Second
	}
	for _, a := range b.attempts {
		if a.end == nil && b.w.now-a.at > after {
			all = append(all, a)
		}
	}
	return all
}

// calledOff are attempts without an end whose task is no more.
func (b *books) calledOff() (all []*attempt) {
	for _, a := range b.attempts {
		if a.end == nil && a.task.off {
			all = append(all, a)
		}
	}
	return all
}

// settledAll reports whether nothing is left to be written or settled, but for
// what should have been long ago.
func (b *books) settledAll() bool {
	return !slices.ContainsFunc(b.attempts, func(a *attempt) bool {
		return !a.settled && b.w.now-max(a.at, b.w.healed) < staleAfter+2*quiet
	})
}

// databaseAway takes the database away for a while, or lets it take its time.
func (w *world) databaseAway() {
	b := w.books
	if b.away || b.slow {
		return
	}
	length := w.between(200*time.Millisecond, 4*time.Second)
	w.healing(length)
	if w.chance(.4) {
		w.cover("database slow")
		w.note("database slow for %v", length)
		b.slow = true
	} else {
		w.cover("database away")
		w.note("database away for %v", length)
		b.away = true
	}
	w.after(length, func() {
		b.away, b.slow = false, false
		w.note("database back")
	})
}

// endOf says how an outbound call ended, as package acd does.
func endOf(c call.Call) attemptEnd {
	e := attemptEnd{attempt: c.ID, ended: c.EndedAt, dialled: c.Dialled, answered: c.Answered}
	switch {
	case !c.Answered.IsZero():
		e.result = answeredEnd
	case c.Outcome == call.NotReached && missedCauses[c.Failure.Cause]:
		e.result = c.Failure.Cause
	case c.Outcome == call.Withdrawn && !c.Dialled.IsZero():
		e.result = cancelledEnd
	case c.Outcome == call.Interrupted:
		e.result = interruptedEnd
	default:
		e.result = notPlacedEnd
	}
	return e
}

var missedCauses = map[string]bool{"no-answer": true, "busy": true, "off": true, "rejected": true, "invalid": true, "network": true}

// archive brings the end of an attempt into the database, or into this engine's
// journal on disk; stored is called when it is in either.
func (e *engine) archive(end attemptEnd, stored func()) {
	query(e, writeLimit, func() (struct{}, error) { return struct{}{}, e.w.books.write(end) }, func(_ struct{}, err error) {
		if err == nil {
			stored()
			return
		}
		e.w.covered("into the journal")
		e.later(e.w.between(200*time.Microsecond, 3*time.Millisecond), func() {
			if !e.w.shell.losesJournal {
				e.w.books.journals[e.name] = append(e.w.books.journals[e.name], end)
			}
			stored()
		})
	})
}

const replayEvery = 300 * time.Millisecond

// replay brings the journal into the database, also what a process of this name
// has left behind.
func (e *engine) replay() {
	again := func() { e.later(replayEvery, e.replay) }
	b := e.w.books
	if len(b.journals[e.name]) == 0 {
		again()
		return
	}
	end := b.journals[e.name][0]
	query(e, writeLimit, func() (struct{}, error) { return struct{}{}, b.write(end) }, func(_ struct{}, err error) {
		if err == nil {
			e.w.covered("out of the journal")
			b.journals[e.name] = b.journals[e.name][1:]
		}
		again()
	})
}
