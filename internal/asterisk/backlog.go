package asterisk

import "sync"

// backlog holds the events that were read and not yet delivered. It has no
// limit: dropping an event loses a call, blocking the reader makes Asterisk
// close the socket, and memory for a minute of the worst flood is there.
type backlog struct {
	mu        sync.Mutex
	waiting   []Event
	peak      int
	alarmFrom int // the first warning
	alarmAt   int // the next one
	alarm     func(length int)
	filled    chan struct{} // holds one token while somebody should look
}

func newBacklog(alarmAt int, alarm func(length int)) *backlog {
	return &backlog{alarmFrom: alarmAt, alarmAt: alarmAt, alarm: alarm, filled: make(chan struct{}, 1)}
}

func (b *backlog) push(events ...Event) {
	b.mu.Lock()
	b.waiting = append(b.waiting, events...)
	length := len(b.waiting)
	b.peak = max(b.peak, length)
	ring := length >= b.alarmAt
	if ring {
		b.alarmAt = 2 * length // the next warning comes at the next doubling
	}
	b.mu.Unlock()
	if ring {
		b.alarm(length)
	}
	select {
	case b.filled <- struct{}{}:
	default:
	}
}

// takeAll empties the backlog.
func (b *backlog) takeAll() []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.waiting
	b.waiting = nil
	return all
}

// pop takes the oldest event. The slice's head moves along, so that append gives
// the memory of delivered events back when it next grows.
func (b *backlog) pop() (Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return nil, false
	}
	first := b.waiting[0]
	b.waiting[0] = nil
	b.waiting = b.waiting[1:]
	if len(b.waiting) == 0 {
		b.waiting = nil
		b.alarmAt = b.alarmFrom
	}
	return first, true
}

func (b *backlog) length() (now, peak int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting), b.peak
}
