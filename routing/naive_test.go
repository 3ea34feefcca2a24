package routing

import (
	"math"
	"slices"
	"sort"
	"time"

	"powerline/agent"
)

// naive is the policy written down as a person would explain it, agent by agent
// and call by call, with no thought for speed. It shares nothing with Decide but
// the types. It is the judge of the clever version.
type naive struct {
	s     Snapshot
	p     *Policy
	idle  []agent.Agent
	busy  []agent.Agent
	wraps []agent.Agent // of the busy, those who can be broken into
}

func naiveDecide(s Snapshot) []Offer {
	n := &naive{s: s, p: s.Policy}
	for _, a := range s.Agents {
		switch {
		case a.Routable():
			n.idle = append(n.idle, a)
		case a.Status == agent.Available && a.Online && (a.State != agent.Idle || a.Elsewhere):
			n.busy = append(n.busy, a)
			if a.BreakInable() {
				n.wraps = append(n.wraps, a)
			}
		}
	}
	var offers []Offer
	for _, c := range n.inOrder() {
		if o, ok := n.offer(c, c.Tried); ok {
			offers = append(offers, o)
		} else if o, ok := n.offer(c, nil); ok {
			offers = append(offers, o)
		}
	}
	return offers
}

func (n *naive) category(c Call) *Category {
	pick := func(name string) *Category {
		for i := range n.p.Categories {
			if n.p.Categories[i].Name == name {
				return &n.p.Categories[i]
			}
		}
		return nil
	}
	if c.Crisis {
		return pick(n.p.Crisis)
	}
	if found := pick(c.Category); found != nil {
		return found
	}
	return pick(n.p.Default)
}

func (n *naive) urgent(c Call) bool { return n.category(c).Name == n.p.Crisis }

func (n *naive) score(c Call) time.Duration {
	own := max(0, n.s.Now.Sub(c.Queued)) + n.category(c).HeadStart + c.Boost
	if !c.Head {
		return own
	}
	for _, other := range n.s.Waiting {
		if other.ID != c.ID && n.category(other) == n.category(c) {
			other.Head = false
			own = max(own, n.score(other))
		}
	}
	return own
}

func (n *naive) inOrder() []Call {
	calls := slices.Clone(n.s.Waiting)
	sort.Slice(calls, func(i, j int) bool {
		x, y := calls[i], calls[j]
		if n.urgent(x) != n.urgent(y) {
			return n.urgent(x)
		}
		if a, b := n.score(x), n.score(y); a != b {
			return a > b
		}
		if x.Head != y.Head {
			return x.Head
		}
		if !x.Queued.Equal(y.Queued) {
			return x.Queued.Before(y.Queued)
		}
		return x.ID < y.ID
	})
	return calls
}

func (n *naive) inRing(a agent.Agent, cat *Category, r Ring, language string) bool {
	has := func(s Skill) bool {
		switch s {
		case Counsellor:
			return a.Profile.Counsellor
		case Senior:
			return a.Profile.Senior
		case Inbound:
			return len(a.Profile.Categories) > 0
		}
		return a.Profile.Takes(cat.Name)
	}
	switch r.Language {
	case "", AnyLanguage:
	case CallerLanguage:
		if language != "" && !a.Profile.Speaks(language) {
			return false
		}
	default:
		if !a.Profile.Speaks(r.Language) {
			return false
		}
	}
	return (len(r.Skills) == 0 || slices.ContainsFunc(r.Skills, has)) && !slices.ContainsFunc(r.Without, has)
}

func (n *naive) level(a agent.Agent, cat *Category, language string, pool agent.Pool) int {
	if !a.Profile.Fits(pool) {
		return -1
	}
	for i, r := range cat.Rings {
		if n.inRing(a, cat, r, language) {
			return i
		}
	}
	return -1
}

// count of those whose level lies in [from, to].
func (n *naive) count(in []agent.Agent, cat *Category, language string, pool agent.Pool, from, to int) int {
	count := 0
	for _, a := range in {
		if l := n.level(a, cat, language, pool); l >= from && l <= to {
			count++
		}
	}
	return count
}

func (n *naive) handling(busy int) float64 {
	return n.p.MeanHandling.Seconds() / math.Max(.5, float64(busy))
}

func (n *naive) open(c Call, idle []agent.Agent) int {
	cat := n.category(c)
	waited := max(0, n.s.Now.Sub(c.Queued))
	level := 0
	for level+1 < len(cat.Rings) {
		left := cat.Rings[level+1].After - waited
		nobody := n.count(idle, cat, c.Language, c.Pool, 0, level) == 0
		busy := n.count(n.busy, cat, c.Language, c.Pool, 0, level)
		if left > 0 && !(nobody && n.handling(busy) >= left.Seconds()) {
			break
		}
		level++
	}
	return level
}

func (n *naive) offer(c Call, tried []agent.ID) (Offer, bool) {
	cat := n.category(c)
	untried := func(in []agent.Agent) []agent.Agent {
		return slices.DeleteFunc(slices.Clone(in), func(a agent.Agent) bool {
			return slices.Contains(tried, a.Profile.ID)
		})
	}
	idle := untried(n.idle)
	open := n.open(c, idle)
	var best agent.Agent
	bestLevel, bestScore, found := 0, 0.0, false
	for _, a := range idle {
		l := n.level(a, cat, c.Language, c.Pool)
		if l < 0 || l > open {
			continue
		}
		score := n.cost(a, cat, l)
		if !found || score < bestScore || score == bestScore && (a.Since.Before(best.Since) ||
			a.Since.Equal(best.Since) && a.Profile.ID < best.Profile.ID) {
			best, bestLevel, bestScore, found = a, l, score, true
		}
	}
	broke := false
	if !found && n.urgent(c) && n.p.BreakIn {
		for _, a := range untried(n.wraps) {
			l := n.level(a, cat, c.Language, c.Pool)
			if l < 0 || l > open {
				continue
			}
			if !found || l < bestLevel || l == bestLevel && (a.Since.After(best.Since) ||
				a.Since.Equal(best.Since) && a.Profile.ID < best.Profile.ID) {
				best, bestLevel, found, broke = a, l, true, true
				bestScore = n.p.LevelCost * cat.DelayCost * float64(l)
			}
		}
	}
	if !found {
		return Offer{}, false
	}
	n.take(best, broke)
	return Offer{Call: c.ID, Agent: best.Profile.ID, Level: bestLevel, Score: bestScore, BreakIn: broke, RingFor: cat.RingFor}, true
}

func (n *naive) take(who agent.Agent, broke bool) {
	same := func(a agent.Agent) bool { return a.Profile.ID == who.Profile.ID }
	if broke {
		n.wraps = slices.DeleteFunc(n.wraps, same)
		return
	}
	n.idle = slices.DeleteFunc(n.idle, same)
	n.busy = append(n.busy, who)
}

func (n *naive) cost(a agent.Agent, cat *Category, level int) float64 {
	idle := min(max(0, n.s.Now.Sub(a.Since)), n.p.IdleCap).Seconds()
	score := n.price(a) + n.p.LevelCost*cat.DelayCost*float64(level) - n.p.IdleGain*idle
	if cat.Heavy && n.laden(a) {
		score += n.p.Heavy.Penalty
	}
	return math.Round(score*1e6) / 1e6
}

func (n *naive) laden(a agent.Agent) bool {
	recent := 0
	for _, end := range a.Heavy {
		if n.s.Now.Sub(end) < n.p.Heavy.Within {
			recent++
		}
	}
	return n.p.Heavy.Calls > 0 && recent >= n.p.Heavy.Calls
}

// flow is one class of the forecast.
type flow struct {
	cat      *Category
	language string
	rate     float64
}

func (n *naive) flows() []flow {
	var flows []flow
	for i := range n.p.Categories {
		cat := &n.p.Categories[i]
		rate := n.p.Forecast.CallsPerHour / 3600 * cat.Share
		if !cat.ByLanguage {
			flows = append(flows, flow{cat, "", rate})
			continue
		}
		for _, l := range n.p.Forecast.Languages {
			flows = append(flows, flow{cat, l.Code, rate * l.Share})
		}
	}
	return slices.DeleteFunc(flows, func(f flow) bool { return f.rate <= 0 })
}

func (n *naive) servesAtOnce(a agent.Agent, f flow) bool {
	l := n.level(a, f.cat, f.language, f.cat.Pool)
	return l >= 0 && f.cat.Rings[l].After <= 0
}

func (n *naive) pool(in []agent.Agent, flows ...flow) int {
	count := 0
	for _, a := range in {
		if !slices.ContainsFunc(flows, func(f flow) bool { return !n.servesAtOnce(a, f) }) {
			count++
		}
	}
	return count
}

// price follows the formula of the policy term by term.
func (n *naive) price(a agent.Agent) float64 {
	flows := n.flows()
	total := 0.0
	for _, k := range flows {
		if !n.servesAtOnce(a, k) {
			continue
		}
		pressure := 0.0
		for _, c := range flows {
			if of := n.pool(n.idle, c); of > 0 {
				pressure += c.rate * float64(n.pool(n.idle, k, c)) / float64(of)
			}
		}
		tau := n.handling(n.pool(n.busy, k))
		total += k.cat.DelayCost * n.extra(k, tau) * k.rate / pressure * naiveTail(n.pool(n.idle, k), pressure*tau)
	}
	return total
}

func (n *naive) extra(k flow, tau float64) float64 {
	least := tau
	for l, r := range k.cat.Rings {
		if r.After <= 0 {
			continue
		}
		wait := r.After.Seconds() + n.p.WiderRing.Seconds()
		if n.count(n.idle, k.cat, k.language, k.cat.Pool, l, l) == 0 {
			wait += n.handling(n.count(n.busy, k.cat, k.language, k.cat.Pool, l, l))
		}
		least = math.Min(least, wait)
	}
	return least
}

// naiveTail sums the probabilities that the Poisson variable is below n.
func naiveTail(n int, mean float64) float64 {
	if mean <= 0 {
		if n <= 0 {
			return 1
		}
		return 0
	}
	sum := 0.0
	for i := range n {
		lg, _ := math.Lgamma(float64(i) + 1)
		sum += math.Exp(float64(i)*math.Log(mean) - mean - lg)
	}
	return math.Max(0, 1-sum)
}
