package day

import (
	"fmt"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/floor"
	"powerline/internal/schedule"
	"powerline/routing"
)

// midnight begins every simulated day: a Wednesday, in the zone of the windows.
var midnight = time.Date(2026, time.November, 25, 0, 0, 0, 0, cases.Local)

// world is the day while it is played: who calls, who works, and what is on its
// way. It has one thread and no chance of its own: all of that is in the trace.
type world struct {
	opt     Options
	p       *Profile
	trace   Trace
	classes []class
	rules   []call.Rules // of callers, and then of each outbound kind
	router  router
	level   [][]int // of each agent for each class, for the models of other routers
	// hungUp, if set, is told of the end of every talk of a caller with an agent.
	hungUp func(class, agent int)

	now      time.Duration
	end      time.Duration
	schedule schedule.Queue[func()]
	changed  bool // something has happened that a decision may rest on
	steps    int

	agents []agent.Agent // as the store holds them
	index  map[agent.ID]int
	people []person

	calls   []inbound
	waiting []int // those who wait, in the order in which they began
	buffer  []routing.Call

	dialer dialer
	faults *faults
	law    laws
	result *Result
}

// live is a call, the phone at its other end, and the machine that moves it.
type live struct {
	call call.Call
	kind int // of the rules: 0 for callers, 1+k for the outbound kind k
	// talk and wrapUp are what the trace says of the conversation.
	talk, wrapUp time.Duration
	arrival      int // index of the caller, -1 for a call of ours
	job          int // index of the job, -1 for a caller
	pickup       int // how many phones have rung for it
	rung         int // the agent whose phone rang last, -1 for none
	// What Asterisk would show: the phone at the other end, up or not, the agent's
	// leg, and whether both are in a bridge.
	caller, up bool
	leg        string
	legState   call.LegState
	joined     bool
	slow       time.Duration // until when the store holds it up
}

// inbound is a caller of the day.
type inbound struct {
	live
	level int // of the agent who was offered the call last
}

func newWorld(opt Options) *world {
	w := &world{
		opt: opt, p: opt.Profile, trace: opt.Trace, classes: opt.Profile.classes(),
		end: 24*time.Hour + opt.Profile.Drain, index: map[agent.ID]int{}, router: opt.Router.make(),
	}
	w.rules = w.p.rules()
	w.result = newResult(w.p)
	w.law = laws{w: w, holds: make([]string, len(w.p.Agents))}
	w.hire()
	w.calls = make([]inbound, len(w.trace.Arrivals))
	w.dialer = newDialer(w)
	if opt.Faults != nil {
		w.faults = newFaults(w, *opt.Faults)
	}
	return w
}

// rules are those of the call machine: the wrap-up of every kind of call is
// open, because the person decides how long she writes.
func (p *Profile) rules() []call.Rules {
	inbound := call.Rules{Categories: map[string]call.Category{}}
	for i := range p.Categories {
		c := &p.Categories[i]
		plan := agent.WrapUpPlan{Lasts: seconds(c.Parts[0].WrapUp.average()), Open: true, Interruptible: c.Name != routing.Crisis, Recovery: c.Recovery}
		plan.Heavy = c.Name == routing.Crisis
		inbound.Categories[c.Name] = call.Category{Crisis: c.Name == routing.Crisis, WrapUp: plan}
	}
	inbound.Unclassified, inbound.CrisisCategory = p.Categories[0].Name, routing.Crisis
	all := []call.Rules{inbound}
	for i := range p.Outbound {
		k := &p.Outbound[i]
		r := inbound
		r.Categories = map[string]call.Category{k.Name: {WrapUp: agent.WrapUpPlan{Lasts: seconds(k.WrapUp.average()), Open: true, Interruptible: true}}}
		r.Unreached = agent.WrapUpPlan{Lasts: k.UnansweredWrapUp}
		all = append(all, r)
	}
	return all
}

// play lets everything happen in its order.
func (w *world) play(stop func() bool) bool {
	w.expect(0)
	w.sample()
	for w.schedule.Len() > 0 {
		at, do := w.schedule.Pop()
		if at > w.end || w.law.broken != nil {
			break
		}
		w.now = at
		do()
		w.settle()
		if w.steps++; w.steps%4096 == 0 && stop() {
			return false
		}
	}
	w.now = w.end
	return true
}

// settle lets router and dialer look, as they do after every change.
func (w *world) settle() {
	for w.changed {
		w.changed = false
		if w.faults != nil && w.faults.down() {
			return
		}
		if !w.opt.mistakes.deafToCallers {
			w.router.look(w)
		}
		w.dialer.wake(w)
	}
}

func (w *world) clock() time.Time { return midnight.Add(w.now) }

func (w *world) at(t time.Duration, do func()) { w.schedule.Push(max(t, w.now), do) }

func (w *world) after(d time.Duration, do func()) { w.at(w.now+d, do) }

func (w *world) agentOf(id agent.ID) (agent.Agent, bool) {
	i, known := w.index[id]
	if !known {
		return agent.Agent{}, false
	}
	return w.agents[i], true
}

// step is one event of a call: what it changes is stored, and then done.
func (w *world) step(l *live, ev call.Event) bool {
	if _, left := ev.(call.CallerGone); left && w.opt.mistakes.forgets && l.arrival%1000 == 1 {
		return false
	}
	t, verdict := floor.Transact(w.rules[l.kind], l.call, ev, w.agentOf)
	if verdict != floor.Moved {
		return false
	}
	w.changed = true
	before := l.call.Stage
	l.call = t.Next
	l.call.Version++
	for _, write := range t.Change.Agents {
		w.store(write.Agent, l)
	}
	w.stage(l, before)
	for _, cmd := range t.Commands {
		w.act(l, cmd)
	}
	w.law.stepped(l)
	return true
}

// stage notes what the new stage of a call means for the books.
func (w *world) stage(l *live, before call.Stage) {
	after := l.call.Stage
	if l.arrival >= 0 && before != after {
		if before == call.Waiting {
			w.leaveLine(l.arrival)
		}
		if after == call.Waiting {
			w.waiting = append(w.waiting, l.arrival)
		}
	}
	if after == call.Ended && before != call.Ended {
		w.result.CallHours += l.call.EndedAt.Sub(l.call.Arrived).Hours()
		if l.job >= 0 {
			w.dialer.ended(w, l)
		} else {
			w.result.caller(w, &w.calls[l.arrival])
			if n := len(l.call.Spoken); n > 0 && w.hungUp != nil {
				w.hungUp(w.trace.Arrivals[l.arrival].Class, w.index[l.call.Spoken[n-1]])
			}
		}
	}
}

func (w *world) leaveLine(arrival int) {
	for i, x := range w.waiting {
		if x == arrival {
			w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
			w.dialer.news = true
			return
		}
	}
}

// hear is an event that has reached its call.
func (w *world) hear(l *live, ev call.Event) {
	offered := l.call.Stage == call.Offered && l.arrival >= 0
	if w.step(l, ev) && offered && l.call.Stage == call.Waiting {
		w.router.missed(w, l.arrival)
	}
}

// pickup is whether the n-th phone that rings for a caller is answered, and after
// how long.
func (p *Profile) pickup(caller, n int) (time.Duration, bool) {
	id, offer := uint64(caller), uint64(n)
	if hash01(id*999983+offer*104729+17) < p.Pickup.Missed {
		return 0, false
	}
	spread := float64(p.Pickup.To - p.Pickup.From)
	return p.Pickup.From + time.Duration(spread*hash01(id*1000003+offer*7919)), true
}

// expect lets the next caller come, and after her the one behind.
func (w *world) expect(i int) {
	if i < len(w.trace.Arrivals) {
		w.at(seconds(w.trace.Arrivals[i].At), func() {
			w.arrive(i)
			w.expect(i + 1)
		})
	}
}

// arrive is a caller who has come through the greeting: she is in the queue.
func (w *world) arrive(i int) {
	a := &w.trace.Arrivals[i]
	class := w.classes[a.Class]
	c := &w.calls[i]
	*c = inbound{live: live{arrival: i, job: -1, rung: -1, talk: seconds(a.Talk), wrapUp: seconds(a.WrapUp)}}
	c.call.ID, c.caller, c.up = callID(i), true, true
	category := &w.p.Categories[class.category]
	w.tell(&c.live, call.Arrived{
		At: w.clock(), Stamped: w.clock(), Kind: lineOf1090(category.Pool), Line: "1090",
		Category: category.Name, Language: w.p.Languages[class.language].Code, Pool: category.Pool,
	})
	w.after(seconds(a.Patience), func() {
		if c.caller && !c.joined {
			w.hangsUp(&c.live)
		}
	})
}

func lineOf1090(pool agent.Pool) call.Kind {
	if pool == agent.MaleOfficers {
		return call.RingBack
	}
	return call.Helpline
}

func callID(i int) string { return fmt.Sprintf("c%06d", i) }

// callOf is the opposite of callID.
func (w *world) callOf(id string) *inbound {
	n := 0
	for _, digit := range id[1:] {
		n = n*10 + int(digit-'0')
	}
	return &w.calls[n]
}

// offer is a decision of a router: the call and, in the same commit, the agent.
func (w *world) offer(o routing.Offer) bool {
	c := w.callOf(o.Call)
	i := w.index[o.Agent]
	c.level = o.Level
	ok := w.step(&c.live, call.Matched{At: w.clock(), Agent: w.agents[i].Profile, RingFor: o.RingFor, BreakIn: o.BreakIn})
	if ok && o.BreakIn {
		w.result.BreakIns++
	}
	return ok
}

// snapshot is the floor as routing sees it.
func (w *world) snapshot() routing.Snapshot {
	w.buffer = w.buffer[:0]
	for _, i := range w.waiting {
		w.buffer = append(w.buffer, floor.Waiting(w.calls[i].call))
	}
	return routing.Snapshot{Now: w.clock(), Waiting: w.buffer, Agents: w.agents, Policy: w.opt.Policy}
}

// sample looks at the queue once a minute, for the plots.
func (w *world) sample() {
	w.result.queue(w.now, len(w.waiting))
	if w.now < 24*time.Hour {
		w.after(time.Minute, w.sample)
	}
}
