// Package schedule says what happens next on a clock that is not the world's: the
// simulations live by it.
package schedule

import "time"

// Queue holds what will happen: the earliest first, and what was asked for first at
// the same moment. The zero value is empty. The heap itself holds no pointers, so
// that moving its entries costs the collector nothing.
type Queue[T any] struct {
	heap  []due
	asked uint64
	items []T
	free  []int32
}

type due struct {
	at   time.Duration
	seq  uint64
	slot int32
}

func (x *due) before(y *due) bool { return x.at < y.at || x.at == y.at && x.seq < y.seq }

// Len is how much is still to happen.
func (q *Queue[T]) Len() int { return len(q.heap) }

// Push adds something that happens at a moment of the clock.
func (q *Queue[T]) Push(at time.Duration, item T) {
	slot := int32(len(q.items))
	if n := len(q.free); n > 0 {
		slot, q.free = q.free[n-1], q.free[:n-1]
		q.items[slot] = item
	} else {
		q.items = append(q.items, item)
	}
	q.asked++
	q.heap = append(q.heap, due{at, q.asked, slot})
	h := q.heap
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h[i].before(&h[up]) {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// Pop takes the next out, with its moment. The queue must not be empty.
func (q *Queue[T]) Pop() (at time.Duration, item T) {
	h := q.heap
	top, last := h[0], len(h)-1
	item = q.items[top.slot]
	var none T
	q.items[top.slot] = none
	q.free = append(q.free, top.slot)
	h[0] = h[last]
	h = h[:last]
	q.heap = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return top.at, item
		}
		if child+1 < last && h[child+1].before(&h[child]) {
			child++
		}
		if !h[child].before(&h[i]) {
			return top.at, item
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
