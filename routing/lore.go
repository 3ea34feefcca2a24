package routing

import (
	"cmp"
	"slices"
	"time"

	"powerline/agent"
)

// Decider makes one decision after the other and works out only once what follows
// from policy and roster alone. Its answers are those of Decide. The zero value is
// ready; only one decision is made with it at a time.
type Decider struct {
	lore lore
	b    board
}

// Decide applies the policy to the snapshot.
func (d *Decider) Decide(s Snapshot) Plan {
	d.lore.of(s.Policy)
	if d.lore.nobodyFor(&s) {
		return Plan{} // and only an event can change that
	}
	return d.board(s).decide()
}

// nobodyFor reports whether no agent could be offered any of the calls, whatever
// they need. Most decisions of a busy hour end here.
func (l *lore) nobodyFor(s *Snapshot) bool {
	breakable := false
	for i := range s.Agents {
		switch kindOf(&s.Agents[i]) {
		case isIdle:
			return false
		case isWrapUp:
			breakable = l.policy.BreakIn
		}
	}
	return !breakable || len(l.rules) == 0 || !slices.ContainsFunc(s.Waiting, func(c Call) bool { return c.Crisis || l.rule(&c).crisis })
}

// lore is what follows from a policy, and from profiles under it, at any hour. A
// profile is a value whose slices nobody changes, so that it is known again by them.
type lore struct {
	policy *Policy
	usual  *Policy // for snapshots without one
	rules  []rule
	codes  []string // languages of the policy; the index is the bit

	people []person            // by their place in the snapshot
	sets   []abilities         // every one that was met
	setOf  map[abilities]int32 // the index in sets
	order  []int32             // of sets, by compare
	levels map[need][]int8     // of each set, as far as it was asked for
}

// person is who stood at a place of the snapshot, and what she can do.
type person struct {
	profile agent.Profile
	known   bool
	set     [2]int32 // without and with her share of heavy calls; 0 is not yet known, else 1 more than it is
}

// need is what distinguishes classes of calls.
type need struct {
	rule, language int
	pool           agent.Pool
}

// of makes the lore that of a policy.
func (l *lore) of(p *Policy) {
	if p == nil {
		if l.usual == nil {
			usual := DefaultPolicy()
			l.usual = &usual
		}
		p = l.usual
	}
	if l.policy == p {
		return
	}
	*l = lore{policy: p, usual: l.usual}
	l.readPolicy()
}

// withLanguages is a lore of its own for calls in languages that the policy does not
// name, which are rare.
func (l *lore) withLanguages(codes []string) *lore {
	return &lore{policy: l.policy, rules: l.rules, codes: codes}
}

func (l *lore) readPolicy() {
	p := l.policy
	n := min(len(p.Categories), maxCategories)
	l.rules = make([]rule, n)
	for i := range n {
		c := &p.Categories[i]
		r := &l.rules[i]
		*r = rule{cat: c, index: i, crisis: c.Name == p.Crisis, n: min(len(c.Rings), maxRings)}
		for j := range r.n {
			r.rings[j] = l.readRing(&c.Rings[j])
			if r.atOnce == j && c.Rings[j].After <= 0 {
				r.atOnce = j + 1
			}
		}
	}
	for i := range min(len(p.Forecast.Languages), maxLanguages) {
		l.codes, _ = learn(l.codes, p.Forecast.Languages[i].Code)
	}
}

// rule finds the category whose rules govern the call.
func (l *lore) rule(c *Call) *rule {
	name := c.Category
	if c.Crisis {
		name = l.policy.Crisis
	}
	other := &l.rules[0]
	for i := range l.rules {
		switch l.rules[i].cat.Name {
		case name:
			return &l.rules[i]
		case l.policy.Default:
			other = &l.rules[i]
		}
	}
	return other
}

func (l *lore) readRing(r *Ring) ring {
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
		var i int
		if l.codes, i = learn(l.codes, r.Language); i >= 0 {
			out.langs = 1 << i
		}
	}
	return out
}

// learn is the index of a language code, which it adds if there is room.
func learn(codes []string, code string) ([]string, int) {
	i := languageOf(codes, code)
	if i != unknownLanguage || len(codes) == maxLanguages {
		return codes, i
	}
	return append(codes, code), len(codes)
}

func languageOf(codes []string, code string) int {
	if code == "" {
		return noLanguage
	}
	if i := slices.Index(codes, code); i >= 0 {
		return i
	}
	return unknownLanguage
}

// set is the index of what an agent can do; at is her place in the snapshot.
func (l *lore) set(at int, a *agent.Agent, laden bool) int32 {
	p := &l.people[at]
	if !p.known || !sameProfile(&p.profile, &a.Profile) {
		*p = person{profile: a.Profile, known: true}
	}
	variant := &p.set[0]
	if laden {
		variant = &p.set[1]
	}
	if *variant == 0 {
		can := l.abilities(&a.Profile)
		can.laden = laden
		*variant = 1 + l.add(can)
	}
	return *variant - 1
}

func (l *lore) add(can abilities) int32 {
	if i, known := l.setOf[can]; known {
		return i
	}
	if l.setOf == nil {
		l.setOf = map[abilities]int32{}
	}
	i := int32(len(l.sets))
	l.sets, l.setOf[can] = append(l.sets, can), i
	at, _ := slices.BinarySearchFunc(l.order, can, func(x int32, can abilities) int { return compare(&l.sets[x], &can) })
	l.order = slices.Insert(l.order, at, i)
	return i
}

// sameProfile: what abilities depend on is the same. Slices are the same if they are
// the very same memory; equal ones that are not only cost a second look.
func sameProfile(x, y *agent.Profile) bool {
	return x.ID == y.ID && x.Woman == y.Woman && x.Officer == y.Officer && x.Counsellor == y.Counsellor && x.Senior == y.Senior &&
		sameSlice(x.Languages, y.Languages) && sameSlice(x.Categories, y.Categories)
}

func sameSlice(x, y []string) bool {
	return len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
}

func (l *lore) abilities(p *agent.Profile) abilities {
	var can abilities
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
		if i := languageOf(l.codes, code); i >= 0 {
			can.langs |= 1 << i
		}
	}
	for _, name := range p.Categories {
		for i := range l.rules {
			if l.rules[i].cat.Name == name {
				can.trained |= 1 << i
			}
		}
	}
	return can
}

// levelsOf are the levels of all sets for a class of calls.
func (l *lore) levelsOf(c *class) []int8 {
	key := need{c.rule.index, c.language, c.pool}
	levels := l.levels[key]
	if len(levels) == len(l.sets) {
		return levels
	}
	for i := len(levels); i < len(l.sets); i++ {
		levels = append(levels, c.levelOf(&l.sets[i], false))
	}
	if l.levels == nil {
		l.levels = map[need][]int8{}
	}
	l.levels[key] = levels
	return levels
}

// laden reports whether she has had her share of heavy calls lately.
func (p *Policy) laden(a *agent.Agent, now time.Time) bool {
	h := p.Heavy
	n := len(a.Heavy)
	return h.Calls > 0 && n >= h.Calls && now.Sub(a.Heavy[n-h.Calls]) < h.Within
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
