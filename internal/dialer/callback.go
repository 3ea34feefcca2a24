package dialer

import (
	"context"
	"time"

	"powerline/cases"
)

// callBack makes tasks of callers who gave up waiting. It reads the records of
// the last minutes again and again: the task of a call is made once, whoever asks
// how often. Older ones are too late: she would be called out of the blue.
func (d *Dialer) callBack(ctx context.Context, _ floorOf) bool {
	o := d.settings()
	gone, err := d.store.Abandoned(ctx, d.realNow().Add(-o.Ladder.Callback.Within), atOnce)
	if d.databaseAway(ctx, err) {
		return false
	}
	if err != nil {
		d.log.Error("callers who gave up cannot be read: nobody is called back", "error", err)
		return true
	}
	known := map[string]bool{}
	for _, a := range gone {
		known[a.Call] = true
		if d.gaveUp[a.Call] {
			continue
		}
		_, why, err := d.store.CallBack(ctx, o.Ladder, cases.GaveUp{
			Call: a.Call, Left: o.Clock.At(a.Left), Waited: a.Waited, Silent: a.Silent, Language: a.Language,
		}, a.Number)
		if d.databaseAway(ctx, err) {
			return false
		}
		if err != nil {
			d.log.Error("caller who gave up is not called back", "call", a.Call, "error", err)
			continue
		}
		if why == cases.CallsBack {
			why = "called-back"
		}
		d.metrics.gaveUp.WithLabelValues(string(why)).Inc()
	}
	d.gaveUp = known
	return true
}

// realNow is the clock of call records, which the ladder's may outrun in a demo.
func (d *Dialer) realNow() time.Time { return time.Now() }
