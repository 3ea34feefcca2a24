package phone

import (
	"context"
	"slices"
	"sync"
)

// journal is a list that only grows at its end, with a signal for those who
// wait for an entry. With a limit it forgets its oldest entries.
type journal[T any] struct {
	mu        sync.Mutex
	entries   []T
	forgotten int
	limit     int // 0: keep all
	changed   chan struct{}
}

func (j *journal[T]) add(entry T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
	if j.limit > 0 && len(j.entries) >= 2*j.limit {
		surplus := len(j.entries) - j.limit
		j.forgotten += surplus
		j.entries = slices.Clone(j.entries[surplus:])
	}
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// since returns the entries after a mark, the next mark, and a channel that
// closes with the next entry. All three are taken under one lock, so that no
// entry can fall between.
func (j *journal[T]) since(mark int) ([]T, int, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	from := min(max(mark-j.forgotten, 0), len(j.entries))
	return slices.Clone(j.entries[from:]), j.forgotten + len(j.entries), j.changed
}

func (j *journal[T]) end() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.forgotten + len(j.entries)
}

// wait returns the first entry after the mark that is accepted.
func (j *journal[T]) wait(ctx context.Context, mark int, accept func(T) bool) (T, error) {
	for {
		fresh, next, changed := j.since(mark)
		if i := slices.IndexFunc(fresh, accept); i >= 0 {
			return fresh[i], nil
		}
		mark = next
		select {
		case <-changed:
		case <-ctx.Done():
			var none T
			return none, context.Cause(ctx)
		}
	}
}
