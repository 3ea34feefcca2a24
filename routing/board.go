package routing

import (
	"cmp"
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
	rules  []rule
	codes  []string // languages; the index is the bit

	kind  []kind  // of each agent
	group []int32 // of each agent, -1 if she is out

	groups []group
	idle   int // agents left, over all groups
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
	idle   []entry // a heap, longest idle on top
	wrapUp []entry // a heap, shortest in wrap-up on top
	busy   int32
	price  float64
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

func newBoard(s Snapshot) *board {
	if s.Policy == nil {
		p := DefaultPolicy()
		s.Policy = &p
	}
	b := &board{s: s, policy: s.Policy}
	b.readPolicy()
	if len(b.rules) == 0 {
		return b
	}
	b.line()
	b.readLanguages()
	b.readAgents()
	b.direct = make([]int16, len(b.rules)*(len(b.codes)+1))
	return b
}

func (b *board) readPolicy() {
	n := min(len(b.policy.Categories), maxCategories)
	b.rules = make([]rule, n)
	for i := range n {
		c := &b.policy.Categories[i]
		r := &b.rules[i]
		*r = rule{cat: c, index: i, crisis: c.Name == b.policy.Crisis, n: min(len(c.Rings), maxRings)}
		for j := range r.n {
			r.rings[j] = b.readRing(&c.Rings[j])
			if r.atOnce == j && c.Rings[j].After <= 0 {
				r.atOnce = j + 1
			}
		}
	}
	for i := range min(len(b.policy.Forecast.Languages), maxLanguages) {
		b.learn(b.policy.Forecast.Languages[i].Code)
	}
}

func (b *board) readRing(r *Ring) ring {
	out := ring{after: r.After, caller: r.Language == CallerLanguage}
	for _, s := range r.Skills {
		out.any |= s.bit()
	}
	for _, s := range r.Without {
		out.without |= s.bit()
	}
	if !out.caller && r.Language != "" && r.Language != AnyLanguage {
		// A language for which there is no room has no bit: nobody is known to speak it.
		out.langs = 1 << maxLanguages
		if i := b.learn(r.Language); i >= 0 {
			out.langs = 1 << i
		}
	}
	return out
}

// readLanguages adds those of the waiting calls, in their order of urgency so
// that the result does not depend on the order of the slice.
func (b *board) readLanguages() {
	for i := range b.order {
		b.learn(b.order[i].call.Language)
	}
}

// learn is the index of a language code, which it adds if there is room.
func (b *board) learn(code string) int {
	if code == "" {
		return noLanguage
	}
	if i := slices.Index(b.codes, code); i >= 0 {
		return i
	}
	if len(b.codes) == maxLanguages {
		return unknownLanguage
	}
	b.codes = append(b.codes, code)
	return len(b.codes) - 1
}

func (b *board) language(code string) int {
	if code == "" {
		return noLanguage
	}
	if i := slices.Index(b.codes, code); i >= 0 {
		return i
	}
	return unknownLanguage
}

// rule finds the category whose rules govern the call.
func (b *board) rule(c *Call) *rule {
	name := c.Category
	if c.Crisis {
		name = b.policy.Crisis
	}
	other := &b.rules[0]
	for i := range b.rules {
		switch b.rules[i].cat.Name {
		case name:
			return &b.rules[i]
		case b.policy.Default:
			other = &b.rules[i]
		}
	}
	return other
}

// readAgents sorts the agents into groups.
func (b *board) readAgents() {
	agents := b.s.Agents
	b.kind = make([]kind, len(agents))
	b.group = make([]int32, len(agents))
	known := make(map[abilities]int32, 64)
	for i := range agents {
		a := &agents[i]
		b.kind[i] = b.kindOf(a)
		b.group[i] = -1
		if b.kind[i] == isOut {
			continue
		}
		can := b.abilities(a)
		g, ok := known[can]
		if !ok {
			g = int32(len(b.groups))
			known[can] = g
			b.groups = append(b.groups, group{abilities: can})
		}
		b.group[i] = g
	}
	b.sortGroups()
	b.fillGroups()
}

// kindOf: whoever is not available will not come back by herself, so she is
// not busy but out, even while she still talks.
func (b *board) kindOf(a *agent.Agent) kind {
	switch {
	case a.Routable():
		return isIdle
	case a.BreakInable():
		return isWrapUp
	case a.Status == agent.Available && a.Online && (a.Busy() || a.Elsewhere):
		return isBusy
	}
	return isOut
}

func (b *board) abilities(a *agent.Agent) abilities {
	var can abilities
	p := &a.Profile
	if p.Fits(agent.Women) {
		can.profile |= fitsWomen
	}
	if p.Fits(agent.MaleOfficers) {
		can.profile |= fitsOfficers
	}
	if p.Counsellor {
		can.skills |= Counsellor.bit()
	}
	if p.Senior {
		can.skills |= Senior.bit()
	}
	if len(p.Categories) > 0 {
		can.skills |= Inbound.bit()
	}
	for _, code := range p.Languages {
		if i := b.language(code); i >= 0 {
			can.langs |= 1 << i
		}
	}
	for _, name := range p.Categories {
		for i := range b.rules {
			if b.rules[i].cat.Name == name {
				can.trained |= 1 << i
			}
		}
	}
	can.laden = b.laden(a)
	return can
}

// laden reports whether she has had her share of heavy calls lately.
func (b *board) laden(a *agent.Agent) bool {
	h := b.policy.Heavy
	n := len(a.Heavy)
	return h.Calls > 0 && n >= h.Calls && b.s.Now.Sub(a.Heavy[n-h.Calls]) < h.Within
}

// sortGroups makes sums over groups come out the same to the last bit, in
// whatever order the agents came.
func (b *board) sortGroups() {
	place := make([]int32, len(b.groups))
	for i := range b.groups {
		b.groups[i].busy = int32(i)
	}
	slices.SortFunc(b.groups, func(x, y group) int { return compare(&x.abilities, &y.abilities) })
	for i := range b.groups {
		place[b.groups[i].busy] = int32(i)
		b.groups[i].busy = 0
	}
	for i, g := range b.group {
		if g >= 0 {
			b.group[i] = place[g]
		}
	}
}

func compare(x, y *abilities) int {
	if x.laden != y.laden {
		return first(x.laden)
	}
	return cmp.Or(
		cmp.Compare(x.profile, y.profile), cmp.Compare(x.skills, y.skills),
		cmp.Compare(x.langs, y.langs), cmp.Compare(x.trained, y.trained),
	)
}

// fillGroups gives each group its heaps, cut from one array.
func (b *board) fillGroups() {
	idle, wrapUp := make([]int, len(b.groups)), make([]int, len(b.groups))
	total := 0
	for i, g := range b.group {
		switch b.kind[i] {
		case isIdle:
			idle[g]++
			b.idle++
			total++
		case isWrapUp:
			wrapUp[g]++
			b.wrapUp++
			total++
		}
	}
	room := make([]entry, total)
	for i := range b.groups {
		g := &b.groups[i]
		g.idle, room = room[:0:idle[i]], room[idle[i]:]
		g.wrapUp, room = room[:0:wrapUp[i]], room[wrapUp[i]:]
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

// addClass works out the level of every group once and counts the agents.
func (b *board) addClass(c class) {
	if b.levels == nil {
		n := len(b.rules) * (2 + len(b.policy.Forecast.Languages))
		b.levels = make([]int8, 0, n*len(b.groups))
		b.classes = make([]class, 0, n)
	}
	for i := range b.groups {
		g := &b.groups[i]
		level := c.levelOf(&g.abilities, false)
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
