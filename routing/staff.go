package routing

import "powerline/agent"

// Staff is who could take the calls of a category, in any of its rings.
type Staff struct {
	Category string
	Pool     agent.Pool
	// Available are at work with a phone that answers, Idle those of them to whom
	// a call could be offered now.
	Available, Idle int
}

// Staffing counts for each category the agents whom Decide would consider for a
// call of it, by law and by rings, however long it has waited, for a caller who
// named no language. The waiting calls of the snapshot do not matter.
func Staffing(s Snapshot) []Staff {
	b := newBoard(s)
	all := make([]Staff, 0, len(b.rules))
	for i := range b.rules {
		r := &b.rules[i]
		c := &b.classes[b.classOf(r, noLanguage, r.cat.Pool)]
		staff := Staff{Category: r.cat.Name, Pool: r.cat.Pool}
		for level := range r.n {
			staff.Idle += int(c.idle[level])
			staff.Available += int(c.idle[level] + c.busy[level])
		}
		all = append(all, staff)
	}
	return all
}

// HeavyCalls is how many of her last heavy calls ended within Policy.Heavy.Within.
func HeavyCalls(s Snapshot, a agent.Agent) int {
	n := 0
	for _, ended := range a.Heavy {
		if s.Now.Sub(ended) < s.Policy.Heavy.Within {
			n++
		}
	}
	return n
}
