package routing

import (
	"slices"
	"time"

	"powerline/agent"
)

// entry is an agent in a heap; the largest key is on top. A heap rather than a
// sort, because most of the idle are not asked.
type entry struct {
	key   time.Duration
	agent int32
}

func (b *board) above(x, y entry) bool {
	if x.key != y.key {
		return x.key > y.key
	}
	return b.s.Agents[x.agent].Profile.ID < b.s.Agents[y.agent].Profile.ID
}

func (b *board) heapify(h []entry) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		b.down(h, i)
	}
}

func (b *board) down(h []entry, i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && b.above(h[child+1], h[child]) {
			child++
		}
		if !b.above(h[child], h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (b *board) pop(h *[]entry) entry {
	s := *h
	top := s[0]
	s[0] = s[len(s)-1]
	*h = s[:len(s)-1]
	b.down(*h, 0)
	return top
}

func (b *board) longestIdle(g *group, tried []agent.ID) (entry, bool) { return b.top(&g.idle, tried) }

// top is the first entry whose agent was not tried. Those above it are few; they
// go back in by rebuilding.
func (b *board) top(h *[]entry, tried []agent.ID) (entry, bool) {
	if len(*h) == 0 {
		return entry{}, false
	}
	if !slices.Contains(tried, b.s.Agents[(*h)[0].agent].Profile.ID) {
		return (*h)[0], true
	}
	var found entry
	ok := false
	for _, e := range *h {
		if slices.Contains(tried, b.s.Agents[e.agent].Profile.ID) {
			continue
		}
		if !ok || b.above(e, found) {
			found, ok = e, true
		}
	}
	return found, ok
}

// remove takes an agent out, who is on top unless those above her were tried.
func (b *board) remove(h *[]entry, who int32) {
	if (*h)[0].agent == who {
		b.pop(h)
		return
	}
	i := slices.IndexFunc(*h, func(e entry) bool { return e.agent == who })
	s := *h
	s[i] = s[len(s)-1]
	*h = s[:len(s)-1]
	b.heapify(*h)
}
