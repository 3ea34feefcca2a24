package acd

import (
	"context"
	"time"

	"powerline/internal/asterisk"
)

// drainFallback brings callers back from the dialplan's own queue once this
// process can serve them. Asterisk withdraws only who is not being connected,
// so nobody is torn from an agent. Reading the queues costs Asterisk some work,
// so it is done only when the facts show somebody in them.
func (e *Engine) drainFallback(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.inFallback:
		}
		if e.healthy() {
			limited, cancel := context.WithTimeout(ctx, 3*time.Second)
			e.withdrawAll(limited)
			cancel()
		}
	}
}

// lookForFallback asks for a drain if somebody is in a fallback queue.
func (e *Engine) lookForFallback(s asterisk.Snapshot) {
	waiting := 0
	for _, ch := range s.Channels {
		if ch.Dialplan == "Queue" {
			waiting++
		}
	}
	e.metrics.fallbackWaiting.Set(float64(waiting))
	if waiting == 0 || e.deaf { // who is deaf would not take them when they come
		return
	}
	select {
	case e.inFallback <- struct{}{}:
	default:
	}
}

func (e *Engine) withdrawAll(ctx context.Context) {
	queues, err := e.ari.Queues(ctx)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Info("fallback queues could not be read", "error", err)
		}
		return
	}
	for _, q := range queues {
		for _, caller := range q.Callers {
			if err := e.ari.QueueWithdraw(ctx, caller.Channel, q.Name); err != nil && !asterisk.IsNotFound(err) {
				e.log.Info("caller stays in the fallback queue for now", "channel", caller.ChannelID, "error", err)
			}
		}
	}
}
