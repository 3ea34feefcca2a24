package routing

import (
	"cmp"
	"slices"
	"time"

	"powerline/agent"
)

// Call is what the router needs to know of a waiting call.
type Call struct {
	ID string
	// Owner is the process that holds the call. The router carries it along for
	// whoever commits the plan and does not look at it.
	Owner    string
	Category string
	// Language is the caller's code, empty if she named none.
	Language string
	Pool     agent.Pool
	// Queued is when the wait began; a caller who dropped and redialled keeps it.
	Queued time.Time
	// Boost is added to the head start of the category. It moves the call
	// forward in the order and does not open rings.
	Boost time.Duration
	// Crisis puts the call under the rules of the crisis category.
	Crisis bool
	// Head gives the call the place of the first of its category, because an
	// offer to it failed through no fault of the caller.
	Head bool
	// Tried are agents who let this call ring out or rejected it lately. They are
	// asked again only if nobody else can be.
	Tried []agent.ID
}

// Snapshot is everything a decision rests on. Ids are unique in each slice. A
// nil Policy means DefaultPolicy. Decide changes none of it.
type Snapshot struct {
	Now time.Time
	// Waiting holds the calls without an offer.
	Waiting []Call
	// Agents holds all agents, those who cannot be offered a call too: the busy
	// ones say how soon somebody will be free.
	Agents []agent.Agent
	Policy *Policy
}

// Offer is one call for one agent.
type Offer struct {
	Call  string
	Agent agent.ID
	// Level is the ring of the call's category that she belongs to; 0 fits best.
	Level int
	// Score is what choosing her cost; less is better.
	Score float64
	// BreakIn takes her out of wrap-up.
	BreakIn bool
	RingFor time.Duration
}

// Plan is what Decide found.
type Plan struct {
	// Offers in the order of urgency. Why a call has none, and why it went to
	// nobody else, is what Explain says on demand.
	Offers []Offer
	// Next is the earliest moment at which time alone could bring another offer,
	// given that these offers are made; zero if only an event can.
	Next time.Time
}

// Decide applies the policy to the snapshot.
func Decide(s Snapshot) Plan { return new(Decider).Decide(s) }

func (b *board) decide() (plan Plan) {
	for i := range b.order {
		w := &b.order[i]
		if b.exhausted(w.crisis) {
			break // the order puts crisis first, so the others find nobody either
		}
		turn := b.serve(w)
		if turn.offered {
			w.offered = true
			plan.Offers = append(plan.Offers, turn.offer)
		}
	}
	plan.Next = b.next()
	return plan
}

// waiting is a call with what its place in the order depends on.
type waiting struct {
	call    *Call
	rule    *rule
	crisis  bool
	offered bool
	class   int
	waited  time.Duration
	score   time.Duration
}

// line puts the waiting calls into the order of urgency.
func (b *board) line() {
	b.order = zeros(b.order, len(b.s.Waiting))
	var first [maxCategories]time.Duration // best score of each category
	for i := range b.s.Waiting {
		c := &b.s.Waiting[i]
		r := b.lore.rule(c)
		w := waiting{call: c, rule: r, crisis: r.crisis || c.Crisis, waited: clamp(b.s.Now.Sub(c.Queued))}
		w.score = w.waited + clamp(r.cat.HeadStart) + clamp(c.Boost)
		first[r.index] = max(first[r.index], w.score)
		b.order[i] = w
	}
	for i := range b.order {
		if w := &b.order[i]; w.call.Head {
			w.score = first[w.rule.index]
		}
	}
	slices.SortFunc(b.order, before)
}

func before(x, y waiting) int {
	switch {
	case x.crisis != y.crisis:
		return first(x.crisis)
	case x.score != y.score:
		return cmp.Compare(y.score, x.score)
	case x.call.Head != y.call.Head:
		return first(x.call.Head)
	}
	if c := x.call.Queued.Compare(y.call.Queued); c != 0 {
		return c
	}
	return cmp.Compare(x.call.ID, y.call.ID)
}

func first(x bool) int {
	if x {
		return -1
	}
	return 1
}

// turn is what happened when a call's turn came.
type turn struct {
	offer   Offer
	offered bool
	open    int // the widest open level
}

// serve finds an agent for the call and takes her off the board. Agents whom
// the call tried count as absent at first and are asked only if that leaves
// nobody, which for a crisis call includes nobody to break in on.
func (b *board) serve(w *waiting) turn {
	t := b.try(w, w.call.Tried)
	if !t.offered && len(w.call.Tried) > 0 {
		if again := b.try(w, nil); again.offered {
			return again
		}
	}
	return t
}

func (b *board) try(w *waiting, tried []agent.ID) turn {
	k := b.class(w)
	idle := b.classes[k].idle
	b.discount(&idle, k, tried)
	t := turn{open: b.open(k, w.waited, &idle)}
	found, ok := b.cheapest(k, t.open, tried)
	if !ok && w.crisis && b.policy.BreakIn {
		found, ok = b.breakIn(k, t.open, tried)
	}
	if !ok {
		return t
	}
	b.take(found)
	t.offered = true
	t.offer = Offer{
		Call: w.call.ID, Agent: b.s.Agents[found.agent].Profile.ID, Level: found.level,
		Score: found.score, BreakIn: found.breakIn, RingFor: w.rule.cat.RingFor,
	}
	return t
}

// discount takes the tried agents out of the idle counts.
func (b *board) discount(idle *[maxRings]int32, k int, tried []agent.ID) {
	for i, id := range tried {
		if slices.Contains(tried[:i], id) {
			continue
		}
		a, known := b.find(id)
		if !known || b.kind[a] != isIdle {
			continue
		}
		if level := b.level(k, b.group[a]); level >= 0 {
			idle[level]--
		}
	}
}

// open is the widest open level of the class for a call that has waited so long.
func (b *board) open(k int, waited time.Duration, idle *[maxRings]int32) int {
	c := &b.classes[k]
	level, idleNow, busyNow := 0, idle[0], c.busy[0]
	for level+1 < c.rule.n {
		left := c.rule.rings[level+1].after - waited
		if left > 0 && (idleNow > 0 || b.freed(busyNow) < left) {
			break
		}
		level++
		idleNow += idle[level]
		busyNow += c.busy[level]
	}
	return level
}

// freed is how long it takes on average until the first of so many busy agents
// is free. Nobody busy counts as half an agent, which keeps the wait finite.
func (b *board) freed(busy int32) time.Duration {
	return time.Duration(float64(b.policy.MeanHandling) / max(.5, float64(busy)))
}

// choice is an agent and what choosing her costs.
type choice struct {
	agent   int32
	group   int32
	level   int
	score   float64
	idle    time.Duration
	breakIn bool
}

// better is a total order: score, then longer idle, then the smaller id.
func (b *board) better(x, y choice) bool {
	if x.score != y.score {
		return x.score < y.score
	}
	if x.idle != y.idle {
		return x.idle > y.idle
	}
	return b.s.Agents[x.agent].Profile.ID < b.s.Agents[y.agent].Profile.ID
}

// cheapest is the idle agent of the open levels with the least score. Within a
// group all but the idle time is equal, so the longest idle stands for it.
func (b *board) cheapest(k, open int, tried []agent.ID) (best choice, ok bool) {
	c := &b.classes[k]
	cat := c.rule.cat
	b.price()
	for g := range b.groups {
		level := int(b.level(k, int32(g)))
		if level < 0 || level > open {
			continue
		}
		e, some := b.longestIdle(&b.groups[g], tried)
		if !some {
			continue
		}
		score := b.groups[g].price + b.policy.LevelCost*cat.DelayCost*float64(level) -
			b.policy.IdleGain*min(max(0, e.key), b.policy.IdleCap).Seconds()
		if cat.Heavy && b.groups[g].laden {
			score += b.policy.Heavy.Penalty
		}
		x := choice{agent: e.agent, group: int32(g), level: level, score: rounded(score), idle: e.key}
		if !ok || b.better(x, best) {
			best, ok = x, true
		}
	}
	return best, ok
}

// breakIn is the agent in interruptible wrap-up of the nearest level, and of
// those the one who came into it last: she has most of it still before her and
// is owed it. When there is none, the dialer's ringing attempts would come here.
func (b *board) breakIn(k, open int, tried []agent.ID) (best choice, ok bool) {
	for i := range b.groups {
		g := &b.groups[i]
		level := int(b.level(k, int32(i)))
		if level < 0 || level > open || len(g.wrapUp) == 0 || ok && level > best.level {
			continue
		}
		e, some := b.top(&g.wrapUp, tried)
		x := choice{agent: e.agent, group: int32(i), level: level, idle: e.key, breakIn: true}
		if some && (!ok || level < best.level || b.better(x, best)) {
			best, ok = x, true
		}
	}
	best.score = b.policy.LevelCost * b.classes[k].rule.cat.DelayCost * float64(best.level)
	return best, ok
}

// next is the earliest moment at which a ring opens that holds somebody for a
// call still waiting. Rings without such a person change nothing by opening.
func (b *board) next() time.Time {
	var next time.Time
	for i := range b.order {
		w := &b.order[i]
		if w.offered || b.exhausted(w.crisis) {
			continue
		}
		if at, ok := b.opens(w); ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// opens says when the nearest ring that holds somebody for the call opens. All
// rings inside it are without idle agents, so each opens by expected wait.
func (b *board) opens(w *waiting) (time.Time, bool) {
	k := b.class(w)
	c := &b.classes[k]
	var busy int32
	var after time.Duration
	for level := 0; level < c.rule.n; level++ {
		if level > 0 {
			after = max(after, c.rule.rings[level].after-b.freed(busy))
		}
		if c.idle[level] > 0 || w.crisis && b.policy.BreakIn && c.wrapUp[level] > 0 {
			at := w.call.Queued.Add(after)
			if !at.After(b.s.Now) {
				at = b.s.Now.Add(1)
			}
			return at, true
		}
		busy += c.busy[level]
	}
	return time.Time{}, false
}

// clamp keeps sums of times far from overflow, whatever a clock or a stored
// record says.
func clamp(d time.Duration) time.Duration { return min(max(d, 0), 10*maxTime) }
