package day

import (
	"time"

	"powerline/agent"
)

// person is what the human at a seat does.
type person struct {
	p *Person
	// leaves: the shift has ended. rests are breaks that are due.
	leaves bool
	rests  []time.Duration
	// needs is how long she will write after the call in hand, doneAt when she
	// will be through; owed what a caller in crisis took from her.
	owed   time.Duration
	doneAt time.Duration
	// away counts her pauses, so that the end of one does not end the next.
	away    int
	resting bool

	since  time.Duration // of what is counted below
	doing  activity
	totals [activities]time.Duration
}

// activity is what her time is counted as.
type activity int

// The activities.
const (
	absent activity = iota
	onBreak
	free // idle, or paused after a missed call
	busy // ring, talk, wrap-up, dialling, recovery
	activities
)

// hire makes the agents and plans their day.
func (w *world) hire() {
	w.agents = make([]agent.Agent, len(w.p.Agents))
	w.people = make([]person, len(w.p.Agents))
	for i := range w.p.Agents {
		p := &w.p.Agents[i]
		a := agent.New(p.profile(), midnight)
		a, _ = agent.Step(a, agent.PhoneChanged{At: midnight, Online: true})
		w.agents[i], w.people[i] = a, person{p: p}
		w.index[p.ID] = i
		// The rule is part of the format of comparable days.
		if hash01(uint64(i)*77+uint64(len(w.trace.Arrivals))) >= w.opt.Absent {
			w.work(i)
		}
	}
}

// work plans one agent's shift and breaks. A shift that passes midnight is also
// worked from midnight on, with the breaks that fall there.
func (w *world) work(i int) {
	p := w.people[i].p
	starts := time.Duration(p.Shift.Starts * float64(time.Hour))
	w.shift(i, starts, starts+p.Shift.Lasts)
	if early := starts + p.Shift.Lasts - 24*time.Hour; early > 0 {
		w.shift(i, starts-24*time.Hour, early)
	}
}

func (w *world) shift(i int, from, to time.Duration) {
	w.at(max(0, from), func() { w.comes(i) })
	w.at(to, func() {
		w.people[i].leaves = true
		w.changes(i)
	})
	for _, b := range w.people[i].p.Breaks {
		if at := from + b.After; at >= 0 {
			w.at(at, func() {
				w.people[i].rests = append(w.people[i].rests, b.Lasts)
				w.changes(i)
			})
		}
	}
}

func (w *world) comes(i int) {
	w.people[i].leaves, w.people[i].rests = false, nil
	w.tellAgent(i, agent.LoggedIn{At: w.clock()})
}

// changes lets her go or rest if that is due and no call holds her.
func (w *world) changes(i int) {
	a, h := &w.agents[i], &w.people[i]
	if a.Busy() || a.Status == agent.LoggedOut {
		return
	}
	switch {
	case h.leaves:
		h.resting = false
		w.tellAgent(i, agent.LoggedOff{At: w.clock()})
	case len(h.rests) > 0 && !h.resting:
		length := h.rests[0]
		h.rests = h.rests[1:]
		h.resting = true
		w.tellAgent(i, agent.Paused{At: w.clock(), Reason: "break"})
		w.back(i, length)
	}
}

// back ends a pause after a while.
func (w *world) back(i int, after time.Duration) {
	w.people[i].away++
	pause := w.people[i].away
	w.after(after, func() {
		if h := &w.people[i]; h.away != pause || w.agents[i].Status != agent.NotReady {
			return
		}
		w.people[i].resting = false
		w.tellAgent(i, agent.Ready{At: w.clock()})
		w.changes(i)
	})
}

// store is an agent as the store now has her, and what she and the engine's
// timers make of it. The call is the one whose step moved her, nil for none.
func (w *world) store(a agent.Agent, l *live) {
	i := w.index[a.Profile.ID]
	before := w.agents[i]
	a.Version++
	if w.opt.mistakes.freesEarly && a.State == agent.Talking && w.now%7 == 0 {
		a.State, a.Leg, a.Call = agent.Idle, "", ""
	}
	w.agents[i] = a
	w.count(i)
	switch free := a.Routable(); {
	case free:
		w.dialer.news = true
		if !before.Routable() {
			w.dialer.counts(i, w.people[i].p, 1)
		}
	case before.Routable():
		w.dialer.counts(i, w.people[i].p, -1)
	}
	if a.Status == agent.NotReady && before.Status == agent.Available && a.Reason == agent.ReasonNoAnswer {
		w.result.Missed++
		w.back(i, w.p.Pickup.Pause)
	}
	if a.Epoch == before.Epoch {
		return
	}
	h := &w.people[i]
	switch a.State {
	case agent.Reserved:
		h.owed = 0
		if before.State == agent.WrapUp {
			h.owed = max(0, h.doneAt-w.now)
		}
	case agent.WrapUp:
		w.writes(i, before, l)
	case agent.Recovery, agent.Delayed:
		w.timeUp(i)
	case agent.Idle:
		w.at(w.now, func() { w.changes(i) })
	}
}

// writes is her wrap-up. What is not open ends by itself.
func (w *world) writes(i int, before agent.Agent, l *live) {
	a, h := &w.agents[i], &w.people[i]
	if !a.After.Open {
		w.timeUp(i)
		return
	}
	needs := h.owed
	if before.State == agent.Talking && l != nil {
		needs += l.wrapUp
	}
	h.owed, h.doneAt = 0, w.now+needs
	epoch := a.Epoch
	w.at(h.doneAt, func() {
		if w.agents[i].Epoch == epoch {
			w.tellAgent(i, agent.WrapUpDone{At: w.clock()})
		}
	})
}

// timeUp is the engine's timer of the state that she has entered.
func (w *world) timeUp(i int) {
	epoch := w.agents[i].Epoch
	w.after(w.agents[i].Lasts, func() { w.tellAgent(i, agent.TimeUp{At: w.clock(), Epoch: epoch}) })
}

// count books the time since she last changed.
func (w *world) count(i int) {
	h := &w.people[i]
	now := activityOf(&w.agents[i], h.resting)
	if now == h.doing && w.now != w.end {
		return
	}
	w.result.worked(h.p.Team, h.doing, h.since, w.now)
	h.totals[h.doing] += w.now - h.since
	h.doing, h.since = now, w.now
}

func activityOf(a *agent.Agent, resting bool) activity {
	switch {
	case a.Busy():
		return busy
	case a.Status == agent.LoggedOut:
		return absent
	case a.Status == agent.NotReady && resting:
		return onBreak
	}
	return free
}
