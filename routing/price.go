package routing

import (
	"math"
	"math/bits"
	"slices"
)

// price works out what taking an agent of each group would cost the callers to
// come. For every class k of the forecast that she serves at once:
//
//	delay cost of k · extra wait D · (λ_k / Λ_k) · P(Poisson(Λ_k·τ_k) ≥ n_k)
//
//	n_k  idle agents who serve k at once, she included
//	τ_k  mean handling ÷ busy agents of those levels: time until one is free
//	Λ_k  Σ_c λ_c · |idle pool of k and c| / |idle pool of c|: all the demand that
//	     presses on the idle agents of k
//	D    least wait over the rings once these agents are gone
//
// With idle pools as sums over groups, Λ_k is Σ of (idle in g · density of g)
// over the groups g of k, where the density of g is Σ λ_c/|idle pool of c| over
// the classes c of g. That keeps the work at classes × groups.
func (b *board) price() {
	if b.priced {
		return
	}
	b.priced = true
	b.forecast()
	worthless := len(b.active) == 0
	b.active = b.active[:0]
	for _, k := range b.demand {
		if b.matters(&b.classes[k]) {
			b.active = append(b.active, k)
		}
	}
	if worthless && len(b.active) == 0 {
		return // all prices are zero, as they were
	}
	b.spread()
	for g := range b.groups {
		b.groups[g].price = 0
	}
	for _, k := range b.active {
		cost := b.cost(k)
		for g := range b.idleOf(k) {
			b.groups[g].price += cost
		}
	}
}

// forecast makes the classes of the expected demand, once.
func (b *board) forecast() {
	if b.forecasted {
		return
	}
	b.forecasted = true
	f := &b.policy.Forecast
	b.density = zeros(b.density, len(b.groups))
	b.words = (len(b.groups) + 63) / 64
	b.stocked = zeros(b.stocked, b.words)
	for i := range b.rules {
		cat := b.rules[i].cat
		rate := f.CallsPerHour / 3600 * cat.Share
		if !cat.ByLanguage {
			b.expect(&b.rules[i], noLanguage, rate)
			continue
		}
		for _, l := range f.Languages {
			b.expect(&b.rules[i], b.language(l.Code), rate*l.Share)
		}
	}
}

func (b *board) expect(r *rule, language int, rate float64) {
	if rate <= 0 {
		return
	}
	b.rate += rate
	k := b.classOf(r, language, r.cat.Pool)
	for _, d := range b.demand {
		if b.alike(d, k) {
			b.classes[d].lambda += rate
			b.classes[d].weight += rate * r.cat.DelayCost
			return
		}
	}
	b.demand = append(b.demand, k)
	c := &b.classes[k]
	c.lambda, c.weight = rate, rate*r.cat.DelayCost
	c.members = len(b.members)
	for range b.words {
		b.members = append(b.members, 0)
	}
	for g := range b.groups {
		if level := b.level(k, int32(g)); level >= 0 && int(level) < r.atOnce {
			b.members[c.members+g/64] |= 1 << (g % 64)
		}
	}
}

// alike: the same groups serve both classes, in rings of the same times. In the
// price they differ by their rates alone and count as one.
func (b *board) alike(x, y int) bool {
	p, q := &b.classes[x], &b.classes[y]
	if p.idle != q.idle || p.busy != q.busy || p.rule.n != q.rule.n {
		return false
	}
	for i := range p.rule.n {
		if p.rule.rings[i].after != q.rule.rings[i].after {
			return false
		}
	}
	n := len(b.groups)
	return slices.Equal(b.levels[x*n:(x+1)*n], b.levels[y*n:(y+1)*n])
}

// idleOf yields the groups with idle agents who serve the class at once.
func (b *board) idleOf(k int) func(yield func(g int) bool) {
	return func(yield func(g int) bool) {
		members := b.members[b.classes[k].members:]
		for i, stocked := range b.stocked {
			for set := stocked & members[i]; set != 0; set &= set - 1 {
				if !yield(i*64 + bits.TrailingZeros64(set)) {
					return
				}
			}
		}
	}
}

// negligible is far below what rounded keeps of a score.
const negligible = 1e-9

// matters is a cheap upper bound, as most classes have more idle agents than
// any burst could use. Λ is at most the whole forecast, λ/Λ at most one, and
// where n > r·mean the tail is below (e/r)ⁿ: for r = 16 and n = 16 that is
// 5·10⁻¹³, for r = 8 and n = 32 it is 10⁻¹⁵.
func (b *board) matters(c *class) bool {
	idle, busy := c.now()
	if idle == 0 {
		return false
	}
	n, mean := float64(idle), b.rate*b.freed(busy).Seconds()
	if n < 16 {
		return true
	}
	worst := c.weight / c.lambda * b.extra(c, busy)
	return !(n > 16*mean && worst < negligible*1e12 || n >= 32 && worst < negligible*1e15)
}

// now is how many agents who serve the class at once are idle and busy.
func (c *class) now() (idle, busy int32) {
	for level := range c.rule.atOnce {
		idle += c.idle[level]
		busy += c.busy[level]
	}
	return idle, busy
}

// spread shares each class's demand among the idle agents who serve it.
func (b *board) spread() {
	clear(b.density)
	clear(b.stocked)
	for g := range b.groups {
		if len(b.groups[g].idle) > 0 {
			b.stocked[g/64] |= 1 << (g % 64)
		}
	}
	for _, k := range b.demand {
		idle, _ := b.classes[k].now()
		if idle == 0 {
			continue
		}
		each := b.classes[k].lambda / float64(idle)
		for g := range b.idleOf(k) {
			b.density[g] += each
		}
	}
}

// cost is the class's term of the price.
func (b *board) cost(k int) float64 {
	c := &b.classes[k]
	pressure := 0.0
	for g := range b.idleOf(k) {
		pressure += float64(len(b.groups[g].idle)) * b.density[g]
	}
	idle, busy := c.now()
	tau := b.freed(busy).Seconds()
	return c.weight * b.extra(c, busy) / pressure * tail(int(idle), pressure*tau)
}

// extra is D in seconds: how long a coming call waits if nobody who serves it
// at once is idle. Each wider ring counts from its opening, with the time until
// one of its own agents is free unless one is idle already.
func (b *board) extra(c *class, busy int32) float64 {
	least := b.freed(busy)
	for level := c.rule.atOnce; level < c.rule.n; level++ {
		wait := c.rule.rings[level].after + b.policy.WiderRing
		if c.idle[level] == 0 {
			wait += b.freed(c.busy[level])
		}
		least = min(least, wait)
	}
	return least.Seconds()
}

// tail is P(N ≥ n) for a Poisson variable of the given mean. The terms are
// summed on the side of the mean where they fall.
func tail(n int, mean float64) float64 {
	switch {
	case n <= 0:
		return 1
	case mean <= 0:
		return 0
	case mean >= 700: // beyond what exp can start from; the normal law is close
		return .5 * math.Erfc((float64(n)-.5-mean)/math.Sqrt(2*mean))
	case float64(n) > mean:
		term := probability(n, mean)
		sum := term
		for i := n + 1; term > sum*1e-16; i++ {
			term *= mean / float64(i)
			sum += term
		}
		return sum
	}
	term := math.Exp(-mean)
	below := term
	for i := 1; i < n; i++ {
		term *= mean / float64(i)
		below += term
	}
	return max(0, 1-below)
}

// probability of exactly n. Few factors are multiplied, many go by logarithms.
func probability(n int, mean float64) float64 {
	if n > 64 || mean > 50 {
		logFactorial, _ := math.Lgamma(float64(n) + 1)
		return math.Exp(float64(n)*math.Log(mean) - mean - logFactorial)
	}
	p := math.Exp(-mean)
	for i := 1; i <= n; i++ {
		p *= mean / float64(i)
	}
	return p
}

// rounded takes off the digits in which two ways of summing may differ, so that
// equal scores are equal and their tie is broken by idle time and id.
func rounded(score float64) float64 { return math.Round(score*1e6) / 1e6 }
