package routing

import (
	"time"

	"powerline/agent"
)

// Estimate is what can be said to a waiting caller.
type Estimate struct {
	// Position among the waiting calls of her pool, counted from one.
	Position int
	// Serving is how many available agents are in some ring of her call.
	Serving int
	// Wait is the expected time to an offer; only with Serving > 0.
	Wait time.Duration
}

// ExpectedWaits estimates position and wait of every waiting call, by call id.
//
// With n agents of mean handling H who are all busy, and one of them free every
// H/n on average, the call at position p is served after p·H/n. That is the
// wait of a caller who finds p−1 before her in an M/M/n queue; it is exact there
// and too long where callers give up or where some before her need other
// agents, so it errs on the side that does not disappoint. A call that is being
// offered to somebody now has no wait and stands before nobody.
//
// H is Policy.MeanHandling; whoever measures it keeps a moving average and puts
// it there. The figure moves with each snapshot. Announcements say the least of
// what was said before and what is true now, so that it never rises in her ear.
func ExpectedWaits(s Snapshot) map[string]Estimate {
	b := newBoard(s)
	waits := make(map[string]Estimate, len(b.order))
	ahead := map[agent.Pool]int{}
	for i := range b.order {
		w := &b.order[i]
		turn := b.serve(w)
		e := Estimate{Position: 1 + ahead[w.call.Pool]}
		c := &b.classes[b.class(w)]
		for level := range c.rule.n {
			e.Serving += int(c.idle[level] + c.busy[level])
		}
		if !turn.offered {
			ahead[w.call.Pool]++
			if e.Serving > 0 {
				e.Wait = time.Duration(float64(b.policy.MeanHandling) * float64(e.Position) / float64(e.Serving))
			}
		}
		waits[w.call.ID] = e
	}
	return waits
}

// ExpectedWait is the estimate of one call; false if it is not in the snapshot.
// For several calls ask ExpectedWaits once.
func ExpectedWait(s Snapshot, callID string) (Estimate, bool) {
	e, ok := ExpectedWaits(s)[callID]
	return e, ok
}
