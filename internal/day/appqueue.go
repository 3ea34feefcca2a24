package day

import (
	"slices"
	"time"

	"powerline/agent"
	"powerline/routing"
)

// appQueue is a model of Asterisk's app_queue, after its source (apps/app_queue.c):
// one queue for each category and language, whose members' penalties are the
// rings, strategy leastrecent, autofill, weights. Each caller looks for herself:
// once a second whether it is her turn, and after a try that reached nobody
// after the retry time. It is flattered: the dialer beside it never collides with
// it, and members who do not answer are paused.
type appQueue struct {
	retry time.Duration
	// timers open the penalties one after the other; without, all are open at once
	// and the least is taken.
	timers bool
	// shared: a member's last call counts in all her queues.
	shared bool

	level  [][]int           // of each agent in each queue
	last   [][]time.Duration // when her last call in each queue ended, in whole seconds; 0 for none
	polled map[int]bool      // callers who have begun to look
}

const (
	recheck = time.Second // RECHECK
	ringing = 10 * time.Second
	// stepWeighs is what one ring, a penalty in app_queue's words, outweighs of
	// everything else.
	stepWeighs = 1_000_000
)

func (q *appQueue) look(w *world) {
	if q.level == nil {
		q.level, q.polled = w.levels(), map[int]bool{}
		q.last = make([][]time.Duration, len(w.classes))
		for k := range q.last {
			q.last[k] = make([]time.Duration, len(w.agents))
		}
		w.hungUp = func(class, i int) { q.hungUp(w, class, i) }
	}
	for _, caller := range w.waiting {
		if !q.polled[caller] {
			q.polled[caller] = true
			w.at(w.now, func() { q.poll(w, caller) })
		}
	}
}

func (q *appQueue) missed(w *world, caller int) {
	w.after(q.retry, func() { q.poll(w, caller) })
}

// hungUp notes the end of a member's call.
func (q *appQueue) hungUp(w *world, class, i int) {
	at := w.now.Truncate(time.Second)
	if !q.shared {
		q.last[class][i] = at
		return
	}
	for k := range q.last {
		q.last[k][i] = at
	}
}

// poll is one look of one caller.
func (q *appQueue) poll(w *world, caller int) {
	ahead, waits := w.ahead(caller)
	if !waits {
		return
	}
	class := w.trace.Arrivals[caller].Class
	if ahead >= q.available(w, class) {
		w.after(recheck, func() { q.poll(w, caller) })
		return
	}
	if i, level, found := q.member(w, caller, class); found {
		if w.offer(routing.Offer{Call: w.calls[caller].call.ID, Agent: w.agents[i].Profile.ID, Level: level, RingFor: ringing}) {
			return
		}
	}
	w.after(q.retry, func() { q.poll(w, caller) })
}

// ahead is how many wait before a caller in her queue, and false if she does not
// wait.
func (w *world) ahead(caller int) (n int, waits bool) {
	for _, other := range w.waiting {
		switch {
		case other == caller:
			waits = true
		case other < caller && w.trace.Arrivals[other].Class == w.trace.Arrivals[caller].Class:
			n++
		}
	}
	return n, waits
}

// available members of a queue, whatever their penalty.
func (q *appQueue) available(w *world, class int) int {
	n := 0
	for i := range w.agents {
		if q.level[class][i] >= 0 && w.agents[i].Routable() {
			n++
		}
	}
	return n
}

// member is the available member of the least metric: penalty first, then who
// was called least recently, then the order of the configuration.
func (q *appQueue) member(w *world, caller, class int) (who, level int, found bool) {
	waited := w.now - seconds(w.trace.Arrivals[caller].At)
	rings := w.rings(w.p.Categories[w.classes[class].category].Name)
	least := 0
	for i := range w.agents {
		l := q.level[class][i]
		if l < 0 || !w.agents[i].Routable() || q.timers && rings[l].After > waited || q.outweighed(w, class, i) {
			continue
		}
		metric := l * stepWeighs
		if last := q.last[class][i]; last > 0 {
			metric += stepWeighs - int((w.now.Truncate(time.Second)-last)/time.Second)
		}
		if !found || metric < least {
			who, level, least, found = i, l, metric, true
		}
	}
	return who, level, found
}

// outweighed: another queue of hers with more weight has at least as many callers
// as available members.
func (q *appQueue) outweighed(w *world, class, i int) bool {
	mine := w.p.Categories[w.classes[class].category].Weight
	for k := range w.classes {
		if q.level[k][i] < 0 || w.p.Categories[w.classes[k].category].Weight <= mine {
			continue
		}
		callers := 0
		for _, caller := range w.waiting {
			if w.trace.Arrivals[caller].Class == k {
				callers++
			}
		}
		if callers > 0 && callers >= q.available(w, k) {
			return true
		}
	}
	return false
}

// naive is the dialer of those who have app_queue or mod_callcenter as installed: an
// agent first, as ours, and whoever has been idle longest, unless a caller waits
// whom she may be offered now. It keeps nobody back and knows nothing of rings that
// will open, or of languages that will be missed.
func naive(w *world, p routing.Pacing) (given []routing.Assignment) {
	if w.level == nil {
		w.level = w.levels()
	}
	var idle []int
	for i := range w.agents {
		if w.agents[i].Routable() && !w.awaitedNow(i) {
			idle = append(idle, i)
		}
	}
	slices.SortStableFunc(idle, func(a, b int) int { return w.agents[a].Since.Compare(w.agents[b].Since) })
	slices.SortStableFunc(p.Work, func(a, b routing.Work) int { return a.Due.Compare(b.Due) })
	for _, work := range p.Work {
		at := slices.IndexFunc(idle, func(i int) bool {
			a := w.people[i].p
			speaks := work.Pool != agent.Women || slices.Contains(a.Languages, work.Language) || p.Now.Sub(work.Due) >= p.Otherwise.After
			return a.may(work.Pool) && slices.Contains(a.Outbound, work.Skill) && speaks
		})
		if at >= 0 {
			given = append(given, routing.Assignment{Work: work.ID, Agent: w.agents[idle[at]].Profile.ID})
			idle = slices.Delete(idle, at, at+1)
		}
	}
	return given
}

// awaitedNow reports whether a caller waits for whom this agent's ring is open.
func (w *world) awaitedNow(i int) bool {
	for _, caller := range w.waiting {
		a := &w.trace.Arrivals[caller]
		level := w.level[a.Class][i]
		if level >= 0 && w.rings(w.p.Categories[w.classes[a.Class].category].Name)[level].After <= w.now-seconds(a.At) {
			return true
		}
	}
	return false
}

// modCallcenter is a model of FreeSWITCH's mod_callcenter, after its source: one
// thread looks every 100 ms at all callers in the order of their score, and gives
// each the first usable agent by tier level, end of the last call, and position.
type modCallcenter struct {
	timers  bool // tiers open one after the other
	level   [][]int
	last    []time.Duration
	ticking bool
}

const tick = 100 * time.Millisecond

func (m *modCallcenter) look(w *world) {
	if m.level == nil {
		m.level, m.last = w.levels(), make([]time.Duration, len(w.agents))
		w.hungUp = func(_, i int) { m.last[i] = w.now.Truncate(time.Second) }
	}
	if m.ticking || len(w.waiting) == 0 {
		return
	}
	m.ticking = true
	w.at((w.now/tick+1)*tick, func() { m.tick(w) })
}

func (m *modCallcenter) missed(*world, int) {}

func (m *modCallcenter) tick(w *world) {
	m.ticking = false
	w.changed = true
	for _, caller := range m.order(w) {
		if i, level, found := m.agent(w, caller); found {
			w.offer(routing.Offer{Call: w.calls[caller].call.ID, Agent: w.agents[i].Profile.ID, Level: level, RingFor: ringing})
		}
	}
}

// order is by score: whole seconds waited and the queue's base score.
func (m *modCallcenter) order(w *world) []int {
	order := make([]int, len(w.waiting))
	copy(order, w.waiting)
	score := func(caller int) int {
		a := &w.trace.Arrivals[caller]
		return int((w.now-seconds(a.At))/time.Second) + int(w.headStart(a.Class)/time.Second)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if d := score(b) - score(a); d != 0 {
			return d
		}
		return a - b
	})
	return order
}

// headStart of a class in the policy; a crisis goes before everything.
func (w *world) headStart(class int) time.Duration {
	name := w.p.Categories[w.classes[class].category].Name
	if name == routing.Crisis {
		return 1_000_000 * time.Second
	}
	for i := range w.opt.Policy.Categories {
		if c := &w.opt.Policy.Categories[i]; c.Name == name {
			return c.HeadStart
		}
	}
	return 0
}

func (m *modCallcenter) agent(w *world, caller int) (who, level int, found bool) {
	a := &w.trace.Arrivals[caller]
	waited := w.now - seconds(a.At)
	rings := w.rings(w.p.Categories[w.classes[a.Class].category].Name)
	for i := range w.agents {
		l := m.level[a.Class][i]
		if l < 0 || !w.agents[i].Routable() || m.timers && rings[l].After > waited {
			continue
		}
		if !found || l < level || l == level && m.last[i] < m.last[who] {
			who, level, found = i, l, true
		}
	}
	return who, level, found
}
