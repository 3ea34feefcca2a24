package queue

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"
)

//go:embed keep.lua
var keepSource string
var keepScript = script(keepSource)

//go:embed take.lua
var takeSource string
var takeScript = script(takeSource)

// maxPlaces bounds what is remembered of callers who dropped out. Beyond it
// those who dropped out longest ago are forgotten first.
const maxPlaces = 1000

// KeepPlace remembers, under the fingerprint of her number, since when a caller
// had been waiting who has just dropped out of the queue.
func (s *Store) KeepPlace(ctx context.Context, fingerprint string, queued, droppedAt time.Time) error {
	return s.timed(ctx, "keep-place", s.timeout, func(ctx context.Context) error {
		return keepScript.Run(ctx, s.redis, []string{s.key.places},
			fingerprint, queued.UnixMilli(), droppedAt.UnixMilli(), maxPlaces).Err()
	})
}

// HasPlace reports whether TakePlace may find one for her, and takes nothing.
func (s *Store) HasPlace(ctx context.Context, fingerprint string) (has bool, err error) {
	err = s.timed(ctx, "has-place", s.timeout, func(ctx context.Context) (err error) {
		has, err = s.redis.HExists(ctx, s.key.places, fingerprint).Result()
		return err
	})
	return has, err
}

// TakePlace gives a caller her place back, once, if she dropped out no longer
// than maxAge before now. If the reply is lost, so is the place: that costs her
// what a redial costs everybody, and saves a second table of who got what.
func (s *Store) TakePlace(ctx context.Context, fingerprint string, now time.Time, maxAge time.Duration) (time.Time, bool, error) {
	var raw string
	err := s.timed(ctx, "take-place", s.timeout, func(ctx context.Context) (err error) {
		raw, err = takeScript.Run(ctx, s.redis, []string{s.key.places}, fingerprint).Text()
		return err
	})
	if err != nil || raw == "" {
		return time.Time{}, false, err
	}
	var queued, dropped int64
	if _, err := fmt.Sscanf(raw, "%d %d", &queued, &dropped); err != nil {
		return time.Time{}, false, errors.Join(errors.New("take-place: a place that cannot be read was removed"), err)
	}
	at, ok := place{queued: time.UnixMilli(queued), dropped: time.UnixMilli(dropped)}.since(now, maxAge)
	return at, ok, nil
}

// place is one remembered caller; its times are whole milliseconds.
type place struct{ queued, dropped time.Time }

// since is when her wait began, if the place still counts. The clocks of two
// hosts differ, so one from the near future counts too; one from far ahead is
// the mark of a clock that jumped, and does not.
func (p place) since(now time.Time, maxAge time.Duration) (time.Time, bool) {
	if age := time.UnixMilli(now.UnixMilli()).Sub(p.dropped); age > maxAge || age < -maxAge {
		return time.Time{}, false
	}
	return p.queued, true
}
