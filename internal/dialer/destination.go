package dialer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/acd"
	"powerline/internal/postgres"
)

// Destination implements acd.Outbound. The agent's leg is up and she hears
// nothing yet: this is the last question before the other phone rings.
func (d *Dialer) Destination(ctx context.Context, attempt string) (acd.Destination, error) {
	d.mu.Lock()
	f, ours := d.flights[attempt]
	d.mu.Unlock()
	if !ours {
		return acd.Destination{}, &acd.Refusal{Rule: "not-ours"} // placed by a dialer that died
	}
	o := d.settings()
	if o.Trunk == "" {
		return acd.Destination{}, &acd.Refusal{Rule: "no-trunk"}
	}
	view := floorOf{d.engine.View()}
	w, err := d.store.Task(ctx, f.task, d.now())
	if err != nil {
		return acd.Destination{}, fmt.Errorf("dialer: read the task of an attempt: %w", err)
	}
	profile, known := view.profile(f.agent)
	if w.InHand == attempt {
		w.Facts.Live = false // it is this very attempt that holds the number
	}
	w.Facts.Calling = view.calling()[w.Task.Number]
	if w.Facts.Agents = nil; known {
		w.Facts.Agents = []agent.Profile{profile}
	}
	if why := o.Ladder.Check(w.Task, w.Case, w.Facts, d.now()); len(why) > 0 {
		d.metrics.refused.WithLabelValues(string(why[0].Rule)).Inc()
		return acd.Destination{}, &acd.Refusal{Rule: string(why[0].Rule)}
	}
	n, err := d.store.NumberToDial(ctx, attempt)
	if err != nil {
		d.poison(ctx, w, err)
		return acd.Destination{}, &acd.Refusal{Rule: "number-unreadable"}
	}
	return acd.Destination{Number: n, Trunk: o.Trunk, Shown: f.shown}, nil
}

// poison sets a task aside that cannot be dialled, so that it is not tried again
// and again.
func (d *Dialer) poison(ctx context.Context, w postgres.Work, err error) {
	if postgres.Away(err) {
		return
	}
	d.log.Error("task cannot be dialled and is set aside for a supervisor", "task", w.Task.ID, "kind", w.Task.Kind, "error", err)
	d.metrics.setAside.Inc()
	if err := d.store.SetAside(ctx, w.Task.ID, "", "its number cannot be opened", d.now()); err != nil && !errors.Is(err, postgres.ErrNoTask) {
		d.log.Error("task could not be set aside", "task", w.Task.ID, "error", err)
	}
}

// IsOurs reports whether we made the call.
func IsOurs(c call.Call) bool { return c.Kind == call.Outbound }

// end writes the end of an attempt that the engine never had.
func (d *Dialer) end(ctx context.Context, attempt, result, detail string) {
	d.mu.Lock()
	delete(d.flights, attempt)
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	e := postgres.AttemptEnd{Attempt: attempt, Owner: "dialer", Ended: d.now(), Result: result, Detail: detail}
	if err := d.store.WriteRecords(ctx, []postgres.Record{e}); err != nil && !d.databaseAway(ctx, err) {
		d.log.Error("end of an attempt could not be written", "call", attempt, "error", err)
	}
}
