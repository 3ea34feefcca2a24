package acd

import (
	"context"
	"time"

	"powerline/internal/asterisk"
)

// drainLimit is how long offers rest while callers are fetched from the fallback.
// Who is being connected there cannot be withdrawn, and the others need not wait
// for that.
const drainLimit = 600 * time.Millisecond

// drainFallback brings callers back from the dialplan's own queue once this
// process can serve them. Asterisk withdraws only who is not being connected,
// so nobody is torn from an agent. Reading the queues costs Asterisk some work,
// so it is done only when the facts show somebody in them.
//
// Until they are fetched this process offers nothing: app_queue and the router
// would choose the same free agent in the same millisecond, and her phone would
// hold two calls (law 2).
func (e *Engine) drainFallback(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.inFallback:
		}
		for !e.healthy() && ctx.Err() == nil {
			pauseFor(ctx, drainEvery)
		}
		limited, cancel := context.WithTimeout(ctx, drainLimit)
		for e.withdrawAll(limited) && limited.Err() == nil {
			pauseFor(limited, drainEvery)
		}
		cancel()
		e.draining.Store(false)
		e.floor.Poke()
	}
}

// drainEvery is the pause between two looks into the fallback's queues.
const drainEvery = 30 * time.Millisecond

func pauseFor(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// lookForFallback asks for a drain if somebody waits in a fallback queue. Who
// talks with an agent there is left alone.
func (e *Engine) lookForFallback(s asterisk.Snapshot) {
	talking := map[string]bool{}
	for _, b := range s.Bridges {
		for _, member := range b.Members {
			talking[member] = true
		}
	}
	waiting, served := 0, 0
	for _, ch := range s.Channels {
		switch {
		case ch.Dialplan != "Queue":
		case talking[ch.ID]:
			served++
		default:
			waiting++
		}
	}
	e.metrics.fallbackWaiting.Set(float64(waiting))
	e.metrics.fallbackTalking.Set(float64(served))
	e.leftWaiting.Store(int64(waiting))
	if waiting == 0 || e.deaf { // who is deaf would not take them when they come
		return
	}
	e.draining.Store(true)
	select {
	case e.inFallback <- struct{}{}:
	default:
	}
}

// withdrawAll fetches every caller who can be fetched, and reports whether there
// was anybody.
func (e *Engine) withdrawAll(ctx context.Context) (somebody bool) {
	queues, err := e.ari.Queues(ctx)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Info("fallback queues could not be read", "error", err)
		}
		return true
	}
	for _, q := range queues {
		for _, caller := range q.Callers {
			somebody = true
			if err := e.ari.QueueWithdraw(ctx, caller.Channel, q.Name); err != nil && !asterisk.IsNotFound(err) {
				e.log.Info("caller stays in the fallback queue for now", "channel", caller.ChannelID, "error", err)
			}
		}
	}
	return somebody
}
