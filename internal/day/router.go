package day

import (
	"time"

	"powerline/routing"
)

// router decides whom a waiting caller is offered to.
type router interface {
	// look is called after every change.
	look(w *world)
	// missed: the phone of the agent whom the caller was offered to rang in vain,
	// and she waits again.
	missed(w *world, caller int)
}

// Policy names a router.
type Policy string

// The routers: what runs in production, and models of what people use today. The
// tuned ones have the most that their users can set: all rings at once, retries
// after a second, times of the last call shared between queues, weights.
const (
	Production         Policy = "powerline"
	AppQueue           Policy = "app_queue"
	AppQueueTuned      Policy = "app_queue, tuned"
	ModCallcenter      Policy = "mod_callcenter"
	ModCallcenterTuned Policy = "mod_callcenter, tuned"
)

// installed reports whether it is a router as people install it, who have a simple
// dialer beside it.
func (p Policy) installed() bool { return p == AppQueue || p == ModCallcenter }

// Policies are all of them.
var Policies = []Policy{Production, AppQueue, AppQueueTuned, ModCallcenter, ModCallcenterTuned}

func (p Policy) make() router {
	switch p {
	case AppQueue:
		return &appQueue{retry: 5 * time.Second, timers: true}
	case AppQueueTuned:
		return &appQueue{retry: time.Second, shared: true}
	case ModCallcenter:
		return &modCallcenter{timers: true}
	case ModCallcenterTuned:
		return &modCallcenter{}
	}
	return &production{}
}

// production is the router of the engine: routing.Decide after every change, and
// when time alone could bring an offer.
type production struct {
	decider routing.Decider
	next    time.Duration
}

func (r *production) look(w *world) {
	if len(w.waiting) == 0 {
		return
	}
	w.result.Decisions++
	plan := r.decider.Decide(w.snapshot())
	for _, o := range plan.Offers {
		w.offer(o)
	}
	if plan.Next.IsZero() {
		return
	}
	next := plan.Next.Sub(midnight)
	if r.next > w.now && r.next <= next {
		return // it will be looked at before
	}
	r.next = next
	w.at(next, func() { w.changed = true })
}

func (r *production) missed(*world, int) {}
