package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/recordings"
)

// KeepOf is the retention of a configuration.
func KeepOf(c config.Keep) recordings.Keep {
	k := recordings.Keep{NoCase: c.NoCase, Case: c.Case, Kinds: map[string]time.Duration{}}
	for _, one := range c.Kinds {
		k.Kinds[one.Kind] = one.Keep
	}
	return k
}

// leftovers is how far back a removal is repeated: a crash may have come between
// the row and the object.
const leftovers = 7 * 24 * time.Hour

// Expire lets go of every recording whose time is over; dry only lists them. It
// returns which. First it is written, then done.
func (a *Archive) Expire(ctx context.Context, keep recordings.Keep, now time.Time, actor string, dry bool) (gone []recordings.ID, err error) {
	if !dry {
		if err := a.removeLeftovers(ctx, now); err != nil {
			return nil, err
		}
	}
	for after := int64(0); ; {
		all, seqs, err := a.DB.Kept(ctx, now.Add(-keep.Shortest()), after, 1000)
		if err != nil || len(all) == 0 {
			return gone, err
		}
		after = seqs[len(seqs)-1]
		for _, k := range all {
			due, ever := keep.Due(k)
			if !ever || now.Before(due) {
				continue
			}
			if !dry {
				err := a.remove(ctx, k.ID, postgres.By{Actor: actor, At: now, Why: "retention"})
				if errors.Is(err, postgres.ErrHeld) {
					continue // since it was read
				}
				if err != nil {
					return gone, err
				}
			}
			gone = append(gone, k.ID)
		}
	}
}

func (a *Archive) remove(ctx context.Context, id recordings.ID, by postgres.By) error {
	if err := a.DB.RemoveRecording(ctx, id, by); err != nil {
		return err
	}
	return a.Store.Remove(ctx, id.Object())
}

func (a *Archive) removeLeftovers(ctx context.Context, now time.Time) error {
	objects, err := a.DB.RemovedSince(ctx, now.Add(-leftovers))
	if err != nil {
		return err
	}
	for _, name := range objects {
		if err := a.Store.Remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Rewrap wraps every key to the recipients, and returns how many it changed and
// how many none of the identities opens. The audio is not touched.
func (a *Archive) Rewrap(ctx context.Context, to recordings.Recipients, by postgres.By) (done, closed int, err error) {
	if a.Identities.None() {
		return 0, 0, errors.New("evidence: wrap keys again: set recordings.identityFile to one that opens them now")
	}
	if err := a.DB.AuditBy(ctx, by, "recording-keys-rewrapped", "", map[string]any{"recipients": to.Names()}); err != nil {
		return 0, 0, err
	}
	for after := ""; ; {
		keys, err := a.DB.Keys(ctx, after, 1000)
		if err != nil || len(keys) == 0 {
			return done, closed, err
		}
		after = keys[len(keys)-1].ID
		for _, k := range keys {
			w, err := a.Identities.Rewrap(k.WrappedKey, to)
			if errors.Is(err, recordings.ErrWrongKey) {
				closed++
				continue
			}
			if err != nil {
				return done, closed, fmt.Errorf("evidence: key %s: %w", k.ID, err)
			}
			changed, err := a.DB.Rewrap(ctx, k, w)
			if err != nil {
				return done, closed, err
			}
			if changed {
				done++
			}
		}
	}
}
