package simulation

import (
	"time"

	"powerline/agent"
	"powerline/call"
)

// kindOfEvent is which event of Asterisk it is.
type kindOfEvent uint8

const (
	evConnected kindOfEvent = iota
	evDisconnected
	evBroadcast
	evEntered
	evLeft
	evHangup
	evDestroyed
	evDigit
	evPresence
	evDialled
)

// What a channel that enters an application says of itself.
const (
	argInbound = "inbound"
	argLeg     = "leg"
	argMoved   = "moved"
)

// event is one message on the events' connection.
type event struct {
	kind     kindOfEvent
	id       string
	args     string
	arrived  time.Time
	again    bool
	stamp    *call.Call
	line     call.Kind
	from     string
	agent    agent.ID
	soft     bool
	cause    int
	sign     sign
	phone    seenPhone
	status   dialStatus
	snapshot *snapshot
}

// conn is the websocket of one engine. While it is open its application is
// active. Events come in order; those of a connection that broke are lost.
type conn struct {
	e     *engine
	open  bool
	deaf  bool // half-open: nobody has noticed that nothing arrives
	gen   int
	last  time.Duration
	fifo  []event
	until bool    // the snapshot is being read: events wait
	early []event // those that wait
}

// emit sends an event to the engine.
func (c *conn) emit(ev event) {
	w := c.e.w
	if !c.open || c.deaf {
		return
	}
	times := 1
	if w.fault(w.faults.Duplicates) {
		w.cover("duplicate")
		times = 2
	}
	for range times {
		c.last = max(c.last, w.now+w.between(100*time.Microsecond, 5*time.Millisecond))
		c.fifo = append(c.fifo, ev)
		gen := c.gen
		c.e.later(c.last-w.now, func() {
			if c.gen == gen {
				c.receive()
			}
		})
	}
}

// receive takes the oldest event.
func (c *conn) receive() {
	ev := c.fifo[0]
	c.fifo = c.fifo[1:]
	if c.until {
		c.early = append(c.early, ev)
		return
	}
	c.e.dispatch(ev)
}

// close is the end of the connection on Asterisk's side.
func (c *conn) close() {
	c.open, c.deaf, c.until = false, false, false
	c.gen++
	c.fifo, c.early = nil, nil
}

// cut breaks the connection; the engine notices at once and connects again.
func (c *conn) cut() {
	if !c.open {
		return
	}
	c.e.w.note("%s    loses its events", c.e.name)
	c.close()
	c.e.soon(func() { c.e.dispatch(event{kind: evDisconnected}) })
	c.connect(c.e.w.between(5*time.Millisecond, 600*time.Millisecond))
}

// deafen is a half-open connection: it takes a while to be noticed.
func (c *conn) deafen(length time.Duration) {
	if !c.open {
		return
	}
	c.e.w.note("%s    hears nothing for %v", c.e.name, length)
	c.deaf = true
	c.e.troubled(length)
	gen := c.gen
	c.e.later(length, func() {
		if c.gen == gen {
			c.cut()
		}
	})
}

// connect opens it anew, reads a snapshot, and only then lets events through.
func (c *conn) connect(after time.Duration) {
	e := c.e
	e.later(after, func() {
		if c.open {
			return
		}
		c.gen++
		gen := c.gen
		c.open, c.until, c.fifo, c.early = true, true, nil, nil
		c.last = e.w.now
		e.w.pbx.look(e, func(s *snapshot, err error) {
			switch {
			case c.gen != gen:
				return
			case err != nil:
				c.close()
				c.connect(100 * time.Millisecond)
				return
			}
			c.until = false
			early := c.early
			c.early = nil
			e.dispatch(event{kind: evConnected, snapshot: s})
			for _, ev := range early {
				e.dispatch(ev)
			}
		})
	})
}
