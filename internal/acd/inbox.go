package acd

import "sync"

// inbox is an unbounded, ordered queue with one reader. Put never blocks, so
// the dispatcher cannot be held up by a slow call. What comes when the reader
// has gone is given to late, because somebody may depend on it.
type inbox[T any] struct {
	mu     sync.Mutex
	items  []T
	closed bool
	ready  chan struct{}
	late   func(T)
}

func newInbox[T any](late func(T)) *inbox[T] {
	return &inbox[T]{ready: make(chan struct{}, 1), late: late}
}

func (b *inbox[T]) put(item T) {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		b.late(item)
		return
	}
	b.items = append(b.items, item)
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// take returns the oldest item; the reader waits on ready first and takes until
// there is none.
func (b *inbox[T]) take() (item T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) == 0 {
		return item, false
	}
	item, b.items = b.items[0], b.items[1:]
	return item, true
}

// close is the reader's farewell.
func (b *inbox[T]) close() {
	b.mu.Lock()
	items := b.items
	b.items, b.closed = nil, true
	b.mu.Unlock()
	for _, item := range items {
		b.late(item)
	}
}
