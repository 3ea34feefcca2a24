package dialer

import (
	"context"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

const (
	// staleAfter is how long an attempt may be without an end before it is looked
	// whether it has a call: longer than a record waits in memory.
	staleAfter = 90 * time.Second
	// unseenFor is in how many passes, one a second, it must have none: a store that
	// was wiped is without the calls of others until they have brought them, and a
	// call without an engine until another has it.
	unseenFor = 10
	// uncodedAfter is when an answered call without an outcome is worth an alarm.
	uncodedAfter = 30 * time.Minute
	// atOnce bounds one pass, so that a backlog after downtime starves nothing.
	atOnce = 200
)

// settle lets ended attempts move their tasks, lets time move cases, and ends
// what died.
func (d *Dialer) settle(ctx context.Context) (done bool) {
	view := floorOf{d.engine.View()}
	if !view.Ready {
		return false
	}
	for _, step := range []func(context.Context, floorOf) bool{
		d.settleEnded, d.callBack, d.fireTimers, d.endStale, d.callOff, d.countUncoded,
	} {
		if !step(ctx, view) {
			return false
		}
	}
	return true
}

// settleEnded moves the tasks of attempts that reached nobody.
func (d *Dialer) settleEnded(ctx context.Context, _ floorOf) bool {
	ended, err := d.store.Unsettled(ctx, d.now(), atOnce)
	if d.databaseAway(ctx, err) {
		return false
	}
	for _, e := range ended {
		d.forget(e.Attempt.ID)
		step, err := d.store.Settle(ctx, d.settings().Ladder, e.Attempt.ID, d.now())
		switch {
		case d.databaseAway(ctx, err):
			return false
		case err != nil:
			d.log.Error("attempt could not be settled; its task is set aside", "call", e.Attempt.ID, "task", e.Attempt.Task, "error", err)
			d.metrics.setAside.Inc()
			if err := d.store.SetAside(ctx, e.Attempt.Task, "", "its last attempt could not be settled", d.now()); err != nil {
				d.log.Error("task could not be set aside", "task", e.Attempt.Task, "error", err)
			}
		default:
			d.metrics.settled.WithLabelValues(string(e.Attempt.Kind), e.End.Result).Inc()
			d.tellMoves(step)
		}
	}
	return true
}

func (d *Dialer) forget(attempt string) {
	d.mu.Lock()
	delete(d.flights, attempt)
	d.mu.Unlock()
}

// tellMoves logs where a case went, without saying whose it is.
func (d *Dialer) tellMoves(step postgres.Step) {
	if step.Verdict == cases.Applied {
		d.log.Debug("case moved", "case", step.Case.ID, "state", step.Case.State)
	}
}

// fireTimers lets the 30 days, the week of the police, the 72 hours pass.
func (d *Dialer) fireTimers(ctx context.Context, _ floorOf) bool {
	due, err := d.store.DueTimers(ctx, d.now(), atOnce)
	if d.databaseAway(ctx, err) {
		return false
	}
	for _, t := range due {
		if _, err := d.store.FireTimer(ctx, d.settings().Ladder, t, d.now()); d.databaseAway(ctx, err) {
			return false
		} else if err != nil {
			d.log.Error("timer of a case could not be fired", "case", t.Case, "timer", t.Name, "error", err)
			continue
		}
		d.metrics.timers.WithLabelValues(string(t.Name)).Inc()
	}
	return true
}

// endStale ends attempts that nobody has any more: their dialer died before the
// engine had them, or the store lost them.
func (d *Dialer) endStale(ctx context.Context, view floorOf) bool {
	stale, err := d.store.Stale(ctx, d.ago(staleAfter), atOnce)
	if d.databaseAway(ctx, err) {
		return false
	}
	alive := map[string]bool{}
	for _, c := range view.Calls {
		alive[c.ID] = true
	}
	unseen := map[string]int{}
	for _, a := range stale {
		if alive[a.ID] {
			continue
		}
		if unseen[a.ID] = d.unseen[a.ID] + 1; unseen[a.ID] >= unseenFor {
			d.log.Warn("attempt is on no phone any more and is ended", "call", a.ID, "task", a.Task)
			d.end(ctx, a.ID, "interrupted", "stale")
		}
	}
	d.unseen = unseen
	return true
}

// callOff takes back calls that still ring although their task was withdrawn (the
// case was put on hold, say) or an operator has paused their kind.
func (d *Dialer) callOff(ctx context.Context, view floorOf) bool {
	off, err := d.store.CalledOff(ctx)
	if d.databaseAway(ctx, err) {
		return false
	}
	paused, err := d.store.PausedKinds(ctx)
	if d.databaseAway(ctx, err) {
		return false
	}
	d.metrics.pauses(paused)
	why := map[string]string{}
	for _, a := range off {
		why[a.ID] = "called-off"
	}
	for _, c := range view.Calls {
		for _, p := range paused {
			if c.Category == string(p.Kind) {
				why[c.ID] = "paused"
			}
		}
	}
	for id := range view.ringing() {
		if reason := why[id]; reason != "" {
			d.log.Info("call taken back: its task is no more", "call", id, "why", reason)
			d.metrics.takenBack.WithLabelValues(reason).Inc()
			d.engine.TakeBack(id, reason)
		}
	}
	return true
}

// countUncoded shows how many conversations have no outcome yet.
func (d *Dialer) countUncoded(ctx context.Context, _ floorOf) bool {
	uncoded, err := d.store.Uncoded(ctx, d.ago(uncodedAfter), atOnce)
	if d.databaseAway(ctx, err) {
		return false
	}
	d.metrics.uncoded.Set(float64(len(uncoded)))
	return true
}
