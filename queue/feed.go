package queue

import (
	"context"
	"sync"
)

// feedBound is how many updates wait for a slow consumer. Beyond it they are
// worth less than a fresh Load, so they turn into one Gap.
const feedBound = 8192

// feed carries updates from whoever makes them, who never waits, to a consumer
// who may. Nothing is lost without a Gap in its place.
type feed struct {
	mu    sync.Mutex
	gap   bool
	items []Update
	wake  chan struct{}
}

func newFeed() *feed { return &feed{wake: make(chan struct{}, 1)} }

func (f *feed) push(u Update) {
	f.mu.Lock()
	if u.Gap || len(f.items) >= feedBound {
		f.gap, f.items = true, nil // what came before the gap is part of the next Load
	}
	if !u.Gap {
		f.items = append(f.items, u)
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take empties the feed.
func (f *feed) take() []Update {
	f.mu.Lock()
	defer f.mu.Unlock()
	items := f.items
	if f.gap {
		items = append([]Update{{Gap: true}}, items...)
	}
	f.gap, f.items = false, nil
	return items
}

// pump hands updates to the consumer until the context ends.
func (f *feed) pump(ctx context.Context, out chan<- Update) {
	for {
		for _, u := range f.take() {
			select {
			case out <- u:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
			return
		}
	}
}
