package routing

import (
	"slices"
	"time"

	"powerline/agent"
)

// board is the working state of one decision: agents in groups of equal
// abilities, calls in classes of equal needs, and for each class how many
// agents of each level are idle, busy, or in a wrap-up that can be broken into.
type board struct {
	s      Snapshot
	policy *Policy
	lore   *lore
	rules  []rule
	codes  []string // languages; the index is the bit

	kind  []kind  // of each agent
	group []int32 // of each agent, -1 if she is out
	place []int32 // of each set of abilities among the groups

	groups []group
	room   []entry // of all their heaps
	idle   int     // agents left, over all groups
	wrapUp int

	classes []class
	levels  []int8 // of each group in each class, class by class
	direct  []int16

	order []waiting
	byID  map[agent.ID]int32 // built when first asked for

	demand  []int   // the classes of the forecast
	rate    float64 // of all of them together
	active  []int   // those that cost something now
	density []float64
	words   int      // of a set of groups
	members []uint64 // for each class of the forecast, who serves it at once
	stocked []uint64 // the groups with idle agents
	priced  bool

	forecasted bool
}

// kind is what an agent can be used for now.
type kind uint8

const (
	isOut kind = iota
	isIdle
	isBusy   // will be free some day
	isWrapUp // busy, and a crisis call may break in
)

// group is a set of agents whom no rule tells apart except by idle time.
type group struct {
	abilities
	set    int32
	idle   []entry // a heap, longest idle on top
	wrapUp []entry // a heap, shortest in wrap-up on top
	busy   int32
	price  float64

	idling, writing int32 // how many idle and wrapUp began with
}

// abilities are all that rings and laws can ask of an agent, as bits.
type abilities struct {
	profile int8 // law 3: which pools she fits
	skills  skills
	laden   bool // has had her share of heavy calls
	langs   uint64
	trained uint64 // categories of the policy
}

const (
	fitsWomen int8 = 1 << iota
	fitsOfficers
)

type skills uint8

func (s Skill) bit() skills {
	switch s {
	case Counsellor:
		return 1
	case Senior:
		return 2
	case Inbound:
		return 4
	case Trained:
		return 8
	}
	return 0
}

// rule is a category made ready for bit tests.
type rule struct {
	cat    *Category
	index  int
	crisis bool
	n      int // rings
	atOnce int // how many of them are open from the start
	rings  [maxRings]ring
}

type ring struct {
	after        time.Duration
	any, without skills
	caller       bool // she speaks the caller's language
	langs        uint64
}

// class is a set of calls with equal needs.
type class struct {
	rule     *rule
	pool     agent.Pool
	language int // index of its code; -1: none named; unknownLanguage: nobody speaks it
	idle     [maxRings]int32
	busy     [maxRings]int32
	wrapUp   [maxRings]int32
	lambda   float64 // forecast calls per second
	weight   float64 // delay cost · λ
	members  int     // where its set of groups begins
}

const (
	noLanguage      = -1
	unknownLanguage = -2
)

func newBoard(s Snapshot) *board { return new(Decider).board(s) }

// board lays a snapshot out, in the memory of the last one.
func (d *Decider) board(s Snapshot) *board {
	d.lore.of(s.Policy)
	b := &d.b
	b.clear()
	b.s, b.policy, b.lore, b.rules, b.codes = s, d.lore.policy, &d.lore, d.lore.rules, d.lore.codes
	b.s.Policy = b.policy
	if len(b.rules) == 0 {
		return b
	}
	b.line()
	b.readLanguages()
	b.readAgents()
	b.direct = zeros(b.direct, len(b.rules)*(len(b.codes)+1))
	return b
}

// clear forgets everything but the memory that it lay in.
func (b *board) clear() {
	*b = board{
		kind: b.kind, group: b.group, place: b.place, groups: b.groups[:0], room: b.room, classes: b.classes[:0], levels: b.levels[:0],
		direct: b.direct, order: b.order, demand: b.demand[:0], active: b.active[:0], density: b.density, members: b.members[:0], stocked: b.stocked,
	}
}

// zeros is a slice of n zeros, in the memory of another if that is large enough.
func zeros[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n, n+n/2)
	}
	old = old[:n]
	clear(old)
	return old
}

// readLanguages adds those of the waiting calls, in their order of urgency so
// that the result does not depend on the order of the slice.
func (b *board) readLanguages() {
	for i := range b.order {
		code := b.order[i].call.Language
		if len(b.codes) == len(b.lore.codes) && languageOf(b.codes, code) == unknownLanguage {
			b.codes = slices.Clone(b.codes) // the policy's own stay as they are
		}
		b.codes, _ = learn(b.codes, code)
	}
	if len(b.codes) > len(b.lore.codes) {
		b.lore = b.lore.withLanguages(b.codes)
	}
}

func (b *board) language(code string) int { return languageOf(b.codes, code) }

// readAgents sorts the agents into groups.
func (b *board) readAgents() {
	agents := b.s.Agents
	b.kind, b.group = zeros(b.kind, len(agents)), zeros(b.group, len(agents))
	if n := len(agents) - len(b.lore.people); n > 0 {
		b.lore.people = append(b.lore.people, make([]person, n)...)
	}
	for i := range agents {
		a := &agents[i]
		b.group[i] = -1
		if b.kind[i] = kindOf(a); b.kind[i] != isOut {
			b.group[i] = b.lore.set(i, a, b.policy.laden(a, b.s.Now))
		}
	}
	b.gather()
	b.fillGroups()
}

// gather makes a group of each set of abilities that is there. Their order makes sums
// over groups come out the same to the last bit, in whatever order the agents came.
func (b *board) gather() {
	const absent, present = 0, -1
	b.place = zeros(b.place, len(b.lore.sets))
	for _, set := range b.group {
		if set >= 0 {
			b.place[set] = present
		}
	}
	for _, set := range b.lore.order {
		if b.place[set] != absent {
			b.place[set] = int32(len(b.groups))
			b.groups = append(b.groups, group{abilities: b.lore.sets[set], set: set})
		}
	}
	for i, set := range b.group {
		if set >= 0 {
			b.group[i] = b.place[set]
		}
	}
}

// kindOf: whoever is not available will not come back by herself, so she is
// not busy but out, even while she still talks.
func kindOf(a *agent.Agent) kind {
	switch {
	case a.Status != agent.Available:
		return isOut
	case a.Routable():
		return isIdle
	case a.BreakInable():
		return isWrapUp
	case a.Online && (a.Busy() || a.Elsewhere):
		return isBusy
	}
	return isOut
}

// fillGroups gives each group its heaps, cut from one array.
func (b *board) fillGroups() {
	for i, g := range b.group {
		switch b.kind[i] {
		case isIdle:
			b.groups[g].idling++
			b.idle++
		case isWrapUp:
			b.groups[g].writing++
			b.wrapUp++
		}
	}
	b.room = zeros(b.room, b.idle+b.wrapUp)
	room := b.room
	for i := range b.groups {
		g := &b.groups[i]
		g.idle, room = room[:0:g.idling], room[g.idling:]
		g.wrapUp, room = room[:0:g.writing], room[g.writing:]
	}
	for i, gi := range b.group {
		if gi < 0 {
			continue
		}
		g := &b.groups[gi]
		since := b.s.Now.Sub(b.s.Agents[i].Since)
		switch b.kind[i] {
		case isIdle:
			g.idle = append(g.idle, entry{key: since, agent: int32(i)})
		case isWrapUp:
			g.wrapUp = append(g.wrapUp, entry{key: -since, agent: int32(i)})
			g.busy++
		case isBusy:
			g.busy++
		}
	}
	for i := range b.groups {
		b.heapify(b.groups[i].idle)
		b.heapify(b.groups[i].wrapUp)
	}
}

// exhausted reports whether nobody is left for any call of this kind.
func (b *board) exhausted(crisis bool) bool {
	return b.idle == 0 && !(crisis && b.policy.BreakIn && b.wrapUp > 0)
}

// class of a waiting call, looked up once.
func (b *board) class(w *waiting) int {
	if w.class == 0 {
		w.class = 1 + b.classOf(w.rule, b.language(w.call.Language), w.call.Pool)
	}
	return w.class - 1
}

func (b *board) classOf(r *rule, language int, pool agent.Pool) int {
	var slot *int16
	if language >= noLanguage {
		slot = &b.direct[r.index*(len(b.codes)+1)+language+1]
		if k := int(*slot) - 1; k >= 0 && b.classes[k].pool == pool {
			return k
		}
	}
	for k := range b.classes {
		if c := &b.classes[k]; c.rule == r && c.language == language && c.pool == pool {
			return k
		}
	}
	b.addClass(class{rule: r, language: language, pool: pool})
	if slot != nil {
		*slot = int16(len(b.classes))
	}
	return len(b.classes) - 1
}

// addClass looks the level of every group up and counts the agents.
func (b *board) addClass(c class) {
	levels := b.lore.levelsOf(&c)
	for i := range b.groups {
		g := &b.groups[i]
		level := levels[g.set]
		b.levels = append(b.levels, level)
		if level >= 0 {
			c.idle[level] += int32(len(g.idle))
			c.wrapUp[level] += int32(len(g.wrapUp))
			c.busy[level] += g.busy
		}
	}
	b.classes = append(b.classes, c)
}

func (b *board) level(k int, g int32) int8 { return b.levels[k*len(b.groups)+int(g)] }

// levelOf is the first ring that the abilities fit, -1 if law or rings forbid.
// With polyglot set it asks as if she spoke every language.
func (c *class) levelOf(can *abilities, polyglot bool) int8 {
	if !can.fits(c.pool) {
		return -1
	}
	has := can.skills
	if can.trained>>c.rule.index&1 != 0 {
		has |= Trained.bit()
	}
	callers := c.language == noLanguage || c.language >= 0 && can.langs>>c.language&1 != 0
	for i := range c.rule.n {
		r := &c.rule.rings[i]
		speaks := polyglot || (!r.caller || callers) && (r.langs == 0 || can.langs&r.langs != 0)
		if speaks && (r.any == 0 || has&r.any != 0) && has&r.without == 0 {
			return int8(i)
		}
	}
	return -1
}

func (can *abilities) fits(pool agent.Pool) bool {
	switch pool {
	case agent.Women:
		return can.profile&fitsWomen != 0
	case agent.MaleOfficers:
		return can.profile&fitsOfficers != 0
	}
	return false
}

// take removes the chosen agent: from now on she is busy.
func (b *board) take(x choice) {
	g := &b.groups[x.group]
	if x.breakIn {
		b.remove(&g.wrapUp, x.agent)
		b.wrapUp--
	} else {
		b.remove(&g.idle, x.agent)
		b.idle--
		g.busy++
	}
	b.kind[x.agent] = isBusy
	for k := range b.classes {
		level := b.level(k, x.group)
		if level < 0 {
			continue
		}
		c := &b.classes[k]
		if x.breakIn {
			c.wrapUp[level]--
		} else {
			c.idle[level]--
			c.busy[level]++
		}
	}
	b.priced = false
}

// find is the index of an agent by id.
func (b *board) find(id agent.ID) (int32, bool) {
	if b.byID == nil {
		b.byID = make(map[agent.ID]int32, len(b.s.Agents))
		for i := range b.s.Agents {
			b.byID[b.s.Agents[i].Profile.ID] = int32(i)
		}
	}
	i, ok := b.byID[id]
	return i, ok
}
