package simulation

import (
	"fmt"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/routing"
)

const (
	dialEvery   = 500 * time.Millisecond
	settleEvery = time.Second
	// freshFor is how long a decision holds while it is carried out.
	freshFor = 250 * time.Millisecond
	// staleAfter is longer than any hand-over between engines takes here.
	staleAfter = 14 * time.Second
	// unseenFor is in how many passes an attempt must have no call.
	unseenFor = 3
)

// dialer is what a dialer is beside its engine: it does what package dialer
// does, in the same order.
type dialer struct {
	e       *engine
	flights map[string]*task
	held    map[agent.Pool]bool
	unseen  map[string]int
}

func newDialer(e *engine) *dialer {
	return &dialer{e: e, flights: map[string]*task{}, held: map[agent.Pool]bool{}}
}

func (d *dialer) run() {
	d.e.later(d.e.w.between(0, dialEvery), d.dialTick)
	d.e.later(d.e.w.between(0, settleEvery), d.settleTick)
}

func (d *dialer) ready() bool { return d.e.healthy() && d.e.complete() }

func (d *dialer) dialTick() {
	next := func() { d.e.later(dialEvery, d.dialTick) }
	if !d.ready() {
		next()
		return
	}
	d.dial(next)
}

// dial is one decision.
func (d *dialer) dial(then func()) {
	e := d.e
	view := d.view()
	d.giveWay(view)
	query(e, queryLimit, func() ([]*task, error) { return e.w.books.dueNow(), nil }, func(due []*task, err error) {
		if err != nil {
			then()
			return
		}
		if !e.w.shell.oldView { // the database may have taken its time
			if view = d.view(); !d.ready() {
				then()
				return
			}
		}
		works := d.may(due, view)
		paced := e.w.shell.pace(d.pacing(view, works))
		d.held = paced.Held
		for _, rest := range paced.Resting {
			e.w.covered("rests: " + string(rest.Why))
		}
		d.placeAll(paced.Assignments, works, e.w.now, then)
	})
}

// floorView is the floor as a dialer sees it.
type floorView struct {
	agents []agent.Agent
	calls  []call.Call
}

func (d *dialer) view() floorView {
	return floorView{d.e.floor.Agents(), d.e.floor.Calls()}
}

// ringing are our calls that have reached nobody yet, with their agents.
func (v floorView) ringing() map[string]agent.ID {
	all := map[string]agent.ID{}
	for _, c := range v.calls {
		if c.Ringing() {
			all[c.ID] = c.Offer.Agent
		}
	}
	return all
}

// calls reports whether a number calls us at this moment.
func (v floorView) callsUs(number string) bool {
	for _, c := range v.calls {
		if c.Kind != call.Outbound && c.Stage != call.Ended && c.Caller == number {
			return true
		}
	}
	return false
}

// giveWay takes ringing calls back whose agents a crisis caller needs.
func (d *dialer) giveWay(view floorView) {
	if d.e.w.shell.neverGivesWay {
		return
	}
	for _, id := range routing.ToTakeBack(d.pacing(view, nil), view.ringing()) {
		d.e.w.cover("taken back for a crisis")
		d.takeBack(id, "crisis")
	}
}

func (d *dialer) takeBack(id, why string) {
	if m := d.e.boxes[id]; m != nil {
		d.e.w.note("%s    takes %s back: %s", d.e.name, id, why)
		m.put(call.TakenBack{At: d.e.w.clock(), Why: why})
	}
}

// may are the tasks to which nothing but agents is missing.
func (d *dialer) may(due []*task, view floorView) []*task {
	var works []*task
	for _, t := range due {
		if view.callsUs(t.whom.number) {
			d.e.w.covered("contact calls us")
			continue
		}
		works = append(works, t)
	}
	return works
}

func (d *dialer) pacing(view floorView, works []*task) routing.Pacing {
	p := routing.Pacing{Now: d.e.w.clock(), Agents: view.agents, Held: d.held, Reserve: d.e.w.reserve}
	for _, c := range view.calls {
		if c.Stage == call.Waiting && c.Kind != call.Outbound {
			p.Waiting = append(p.Waiting, asWaiting(c))
		}
	}
	if d.e.inFallback > 0 && !d.e.w.shell.blindToFallback {
		p.Waiting = append(p.Waiting, routing.Call{Pool: agent.Women}, routing.Call{Pool: agent.MaleOfficers})
	}
	for _, t := range works {
		p.Work = append(p.Work, routing.Work{ID: t.id, Pool: d.poolOf(t), Skill: t.skill, Language: "hi", Due: epoch.Add(t.due)})
	}
	return p
}

// poolOf is who may do a task, by law 3.
func (d *dialer) poolOf(t *task) agent.Pool {
	if d.e.w.shell.anybody {
		return agent.Women
	}
	return t.pool
}

// placeAll begins what was decided, one after another, as long as the decision is
// fresh.
func (d *dialer) placeAll(given []routing.Assignment, works []*task, decided time.Duration, then func()) {
	if len(given) == 0 || d.old(decided) {
		then()
		return
	}
	for _, t := range works {
		if t.id == given[0].Work {
			d.e.w.law.decides(d.e, t, given[0].Agent, freshFor)
			d.place(t, given[0].Agent, decided, func() { d.placeAll(given[1:], works, decided, then) })
			return
		}
	}
}

// old reports whether a decision was taken too long ago to be carried out.
func (d *dialer) old(decided time.Duration) bool {
	return d.e.w.now-decided > freshFor && !d.e.w.shell.oldView
}

// place writes the attempt and begins it.
func (d *dialer) place(t *task, by agent.ID, decided time.Duration, then func()) {
	e, w := d.e, d.e.w
	w.minted++
	a := &attempt{id: call.AttemptID(fmt.Sprintf("%06d", w.minted)), task: t, agent: by}
	begin := func() {
		old := d.old(decided)
		if old {
			w.cover("decision grew old")
		} else {
			w.law.decides(e, t, by, freshFor)
		}
		d.flights[a.id] = t
		if old || !d.begin(a) {
			d.end(attemptEnd{attempt: a.id, result: notPlacedEnd, ended: w.clock()})
		}
		then()
	}
	if w.shell.rowLater {
		begin()
	}
	query(e, queryLimit, func() (struct{}, error) { return struct{}{}, w.books.start(a) }, func(_ struct{}, err error) {
		switch {
		case w.shell.rowLater:
		case err != nil:
			w.note("%s    attempt %s does not start: %v", e.name, a.id, err)
			then()
		default:
			w.note("%s    attempt %s of %s by %s is written", e.name, a.id, t.id, by)
			e.point("attempt written", outPlaced, begin)
		}
	})
}

// begin is Engine.Place.
func (d *dialer) begin(a *attempt) bool {
	e := d.e
	her, known := e.floor.Agent(a.agent)
	if !known || !d.ready() {
		return false
	}
	m, fresh := e.open(call.Call{ID: a.id})
	if !fresh {
		return false
	}
	e.floor.Remember(a.id)
	now := e.w.clock()
	m.put(call.Placed{At: now, Task: a.task.id, Work: a.task.work, Line: "1090", Language: "hi", Pool: d.poolOf(a.task), DialFor: dialFor})
	m.put(call.Matched{At: now, Agent: her.Profile, RingFor: ringFor})
	m.put(call.Unmatched{At: now})
	return true
}

// destination is the last question before the other phone rings.
func (d *dialer) destination(id string, limit time.Duration, then func(*contact, error)) {
	t, ours := d.flights[id]
	if !ours {
		if d.e.w.shell.redials {
			then(d.e.w.books.byID[id].task.whom, nil)
			return
		}
		then(nil, refusal("not-ours"))
		return
	}
	query(d.e, limit, func() (bool, error) { return t.off || t.over, nil }, func(off bool, err error) {
		switch {
		case err != nil:
			then(nil, err)
		case off:
			then(nil, refusal("called-off"))
		case d.view().callsUs(t.whom.number):
			then(nil, refusal("number-calls-us"))
		default:
			then(t.whom, nil)
		}
	})
}

// end writes the end of an attempt that the engine never had.
func (d *dialer) end(end attemptEnd) {
	delete(d.flights, end.attempt)
	query(d.e, queryLimit, func() (struct{}, error) { return struct{}{}, d.e.w.books.write(end) }, func(struct{}, error) {})
}

func (d *dialer) settleTick() {
	next := func() { d.e.later(settleEvery, d.settleTick) }
	if !d.ready() {
		next()
		return
	}
	d.settleEnded(func() { d.endStale(func() { d.callOff(next) }) }, next)
}

// settleEnded moves the tasks of attempts that reached nobody.
func (d *dialer) settleEnded(then, away func()) {
	b := d.e.w.books
	query(d.e, queryLimit, func() ([]*attempt, error) { return b.unsettled(), nil }, func(all []*attempt, err error) {
		if err != nil {
			away()
			return
		}
		d.settleAll(all, then, away)
	})
}

func (d *dialer) settleAll(all []*attempt, then, away func()) {
	if len(all) == 0 {
		then()
		return
	}
	delete(d.flights, all[0].id)
	query(d.e, queryLimit, func() (struct{}, error) { return struct{}{}, d.e.w.books.settle(all[0]) }, func(_ struct{}, err error) {
		if err != nil {
			away()
			return
		}
		d.settleAll(all[1:], then, away)
	})
}

// endStale ends attempts that nobody has any more.
func (d *dialer) endStale(then func()) {
	w := d.e.w
	view := d.view()
	query(d.e, queryLimit, func() ([]*attempt, error) { return w.books.stale(), nil }, func(all []*attempt, err error) {
		if err == nil && !w.shell.leavesStale {
			alive := map[string]bool{}
			for _, c := range view.calls {
				alive[c.ID] = true
			}
			before := d.unseen
			d.unseen = map[string]int{}
			for _, a := range all {
				if alive[a.id] && !w.shell.endsTheLiving {
					continue
				}
				if d.unseen[a.id] = before[a.id] + 1; d.unseen[a.id] >= unseenFor || w.shell.endsTheLiving {
					w.covered("stale attempt ended")
					d.end(attemptEnd{attempt: a.id, result: interruptedEnd, ended: w.clock(), stale: true})
				}
			}
		}
		then()
	})
}

// callOff takes back calls that still ring although their task was withdrawn.
func (d *dialer) callOff(then func()) {
	w := d.e.w
	query(d.e, queryLimit, func() ([]*attempt, error) { return w.books.calledOff(), nil }, func(all []*attempt, err error) {
		if err == nil {
			ringing := d.view().ringing()
			for _, a := range all {
				if _, rings := ringing[a.id]; rings {
					w.cover("taken back: called off")
					d.takeBack(a.id, "called-off")
				}
			}
		}
		then()
	})
}
