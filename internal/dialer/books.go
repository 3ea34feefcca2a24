package dialer

import (
	"context"
	"time"
)

const (
	// booksEvery is how often the books are counted: often enough for a screen, and
	// rarely enough to cost the database nothing.
	booksEvery = 15 * time.Second
	// lateAfter is when a task that is due counts as late, by the ladder's clock.
	lateAfter = 24 * time.Hour
)

// countBooks shows how cases, tasks and deliveries stand. It needs no floor, so
// that the figures are right also while nothing can be dialled.
func (d *Dialer) countBooks(ctx context.Context) (done bool) {
	counts, err := d.store.CountCases(ctx)
	if d.databaseAway(ctx, err) || err != nil {
		return false
	}
	backlogs, err := d.store.Backlogs(ctx, d.now(), d.now().Add(-lateAfter))
	if d.databaseAway(ctx, err) || err != nil {
		return false
	}
	waiting, givenUp, err := d.store.Undelivered(ctx)
	if d.databaseAway(ctx, err) || err != nil {
		return false
	}
	d.metrics.countedCases(counts)
	d.metrics.backlogs(backlogs)
	d.metrics.outbox(waiting, givenUp)
	return true
}
