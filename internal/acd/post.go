package acd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"powerline/call"
)

// A call is stepped by the engine that has it, and by nobody else. An order that was
// given to another engine reaches it by the site's post: said to all, taken by
// the one. Nothing rests on the post: who hears no answer says it again, with
// the same id, until the order's time is over.

// letter is what one engine says to all.
type letter struct {
	From  string    `json:"from"` // the engine that waits for the answer
	Order Order     `json:"order"`
	Until time.Time `json:"until"`
	// Answered: this is the answer, and Refusal why nothing was done.
	Answered bool         `json:"answered,omitempty"`
	Refusal  call.Refusal `json:"refusal,omitempty"`
	Stage    call.Stage   `json:"stage,omitempty"`
}

// orderItem brings an order to the mailbox of its call.
type orderItem struct {
	order  Order
	until  time.Time
	answer func(why call.Refusal, stage call.Stage)
}

// deliver gives an order to whoever has the call, until there is an answer.
func (e *Engine) deliver(ctx context.Context, o Order) (Ordered, error) {
	until, _ := ctx.Deadline()
	answers := e.await(o.ID)
	defer e.awaitNoMore(o.ID)
	for {
		if c, known := e.floor.Call(o.Call); !known {
			return Ordered{}, call.NoSuchCall
		} else if m, here := e.box(o.Call); here && e.mine(c) {
			m.in.put(e.orderOf(letter{From: e.owner().Name, Order: o, Until: until}))
		} else if err := e.post(ctx, letter{From: e.owner().Name, Order: o, Until: until}); err != nil && ctx.Err() == nil {
			e.storeFailed(err)
		}
		select {
		case l := <-answers:
			if l.Refusal != "" {
				return Ordered{}, l.Refusal
			}
			return Ordered{ID: o.ID, Call: o.Call, Stage: l.Stage}, nil
		case <-time.After(orderAgain):
		case <-ctx.Done():
			return Ordered{}, context.Cause(ctx)
		}
	}
}

func (e *Engine) await(order string) <-chan letter {
	answers := make(chan letter, 4) // room for the answers to an order that was said again
	e.mu.Lock()
	defer e.mu.Unlock()
	e.awaited[order] = answers
	return answers
}

func (e *Engine) awaitNoMore(order string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.awaited, order)
}

// answered hands an answer to whoever waits for it here.
func (e *Engine) answered(l letter) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if answers, awaited := e.awaited[l.Order.ID]; awaited {
		select {
		case answers <- l:
		default: // it has its answer
		}
	}
}

// orderOf is a letter as the mailbox takes it.
func (e *Engine) orderOf(l letter) orderItem {
	return orderItem{order: l.Order, until: l.Until, answer: func(why call.Refusal, stage call.Stage) {
		l.Answered, l.Refusal, l.Stage = true, why, stage
		if l.From == e.owner().Name {
			e.answered(l)
			return
		}
		go func() {
			ctx, cancel := context.WithTimeout(e.ctx, time.Second)
			defer cancel()
			if err := e.post(ctx, l); err != nil && e.ctx.Err() == nil {
				e.log.Warn("answer to an order could not be sent; it is asked for again", "order", l.Order.ID, "error", err)
			}
		}()
	}}
}

func (e *Engine) post(ctx context.Context, l letter) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return e.store.Post(ctx, text)
}

// readPost takes the orders for calls of ours, and the answers to ours.
func (e *Engine) readPost(ctx context.Context) {
	e.store.Posts(ctx, func(text []byte) {
		var l letter
		switch err := json.Unmarshal(text, &l); {
		case err != nil:
			e.log.Warn("a message of another engine cannot be read; do all have the same version?", "error", err)
		case l.Answered && l.From == e.owner().Name:
			e.answered(l)
		case !l.Answered && l.From != e.owner().Name:
			e.takeOrder(l)
		}
	})
}

// takeOrder takes an order that was given elsewhere, if the call is ours.
func (e *Engine) takeOrder(l letter) {
	if l.Order.Call == "" {
		a, _ := e.floor.Agent(l.Order.Seat)
		l.Order.Call = a.Call
	}
	if c, known := e.floor.Call(l.Order.Call); !known || !e.mine(c) {
		return
	}
	if m, here := e.box(l.Order.Call); here {
		m.in.put(e.orderOf(l))
	}
}

// ordered carries out an order, or says why not. One that comes late is void:
// whoever gave it has been told so.
func (m *mailbox) ordered(item orderItem) {
	now := time.Now()
	if now.After(item.until) {
		return
	}
	o := m.e.asked(item.order)
	if !m.c.Obeyed(o.ID) {
		if why := m.e.settings().Rules.Refuses(m.c, o); why != "" {
			item.answer(why, m.c.Stage)
			return
		}
		m.obey(call.Ordered{At: now, Until: item.until, Order: o})
	}
	switch {
	case m.c.Obeyed(o.ID):
		item.answer("", m.c.Stage)
	case m.ctx.Err() == nil && !m.lost.Load():
		item.answer(call.AgentTaken, m.c.Stage) // who must agree did not
	}
}

// obey steps the call with an order. A transfer to one agent holds the call back
// from the router until she was asked.
func (m *mailbox) obey(ev call.Ordered) {
	if ev.Order.Wish != call.ToAgent {
		m.handle(ev)
		return
	}
	m.e.router.hold(m.id, ev.Order.Agent.Profile.ID)
	m.handle(ev)
	if !m.c.Obeyed(ev.Order.ID) || m.c.Stage != call.Waiting {
		m.e.router.settled(m.id)
		return
	}
	m.handle(call.Matched{At: time.Now(), Agent: ev.Order.Agent.Profile, RingFor: ev.Order.RingFor})
}

// Poster is the site's post, for whoever is no engine.
type Poster interface {
	Post(ctx context.Context, text []byte) error
	Posts(ctx context.Context, take func(text []byte))
}

// Submit has an order about a call carried out by the engine that has the call, as
// Engine.Order does, from a process that is none. It is written down by nobody but
// the call's history: whoever submits keeps the audit.
func Submit(ctx context.Context, post Poster, o Order) (Ordered, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, orderLimit, call.TooLate)
	defer cancel()
	if o.ID == "" {
		o.ID = rand.Text()
	}
	until, _ := ctx.Deadline()
	l := letter{From: "operator-" + o.ID, Order: o, Until: until}
	text, err := json.Marshal(l)
	if err != nil {
		return Ordered{}, err
	}
	answers := make(chan letter, 4)
	go post.Posts(ctx, func(text []byte) {
		var a letter
		if json.Unmarshal(text, &a) == nil && a.Answered && a.From == l.From {
			select {
			case answers <- a:
			default:
			}
		}
	})
	for again := submitAgain; ; again = orderAgain {
		if err := post.Post(ctx, text); err != nil && ctx.Err() == nil {
			return Ordered{}, err
		}
		select {
		case a := <-answers:
			if a.Refusal != "" {
				return Ordered{}, a.Refusal
			}
			return Ordered{ID: o.ID, Call: a.Order.Call, Stage: a.Stage}, nil
		case <-time.After(again):
		case <-ctx.Done():
			return Ordered{}, context.Cause(ctx)
		}
	}
}

// submitAgain is short: the first answer may come before we are subscribed.
const submitAgain = 100 * time.Millisecond
