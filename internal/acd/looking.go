package acd

import (
	"context"
	"sync"
	"time"

	"powerline/internal/asterisk"
)

// looking shares looks at Asterisk. Whoever asks gets a snapshot whose reading
// began after the question, so that it shows all that was done before; and when
// a hundred calls ask at once, Asterisk is read twice and not a hundred times.
type looking struct {
	e       *Engine
	mu      sync.Mutex
	running bool
	next    *glance // what those get who ask now
}

type glance struct {
	done chan struct{}
	s    asterisk.Snapshot
	err  error
}

// lookLimit bounds one reading.
const lookLimit = 2 * time.Second

func (l *looking) look(ctx context.Context) (asterisk.Snapshot, error) {
	l.mu.Lock()
	if l.next == nil {
		l.next = &glance{done: make(chan struct{})}
	}
	g := l.next
	if !l.running {
		l.running = true
		l.e.work.Go(l.run)
	}
	l.mu.Unlock()
	select {
	case <-g.done:
		return g.s, g.err
	case <-ctx.Done():
		return asterisk.Snapshot{}, context.Cause(ctx)
	}
}

// run reads until nobody asks any more.
func (l *looking) run() {
	for {
		l.mu.Lock()
		g := l.next
		l.next, l.running = nil, g != nil
		l.mu.Unlock()
		if g == nil {
			return
		}
		ctx, cancel := context.WithTimeout(l.e.ctx, lookLimit)
		g.s, g.err = l.e.ari.Snapshot(ctx)
		cancel()
		if g.err == nil {
			l.e.saw(g.s)
		}
		close(g.done)
	}
}
