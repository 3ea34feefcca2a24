package acd

import (
	"errors"

	"powerline/call"
	"powerline/queue"
)

// What becomes of a call when the store and this process disagree on whether,
// and as whose, it exists.

// afterRebuild goes on with the call as the rebuild has left it, if it has. If
// that is newer, the commit had landed and only its answer was lost: what is
// left to do, the facts tell.
func (m *mailbox) afterRebuild() bool {
	c, there := m.e.floor.Call(m.id)
	switch before := m.c.Version; {
	case before == 0:
		return true
	case !there || !m.e.mine(c):
		m.lose() // if she is there still, the next look at Asterisk finds her
		return false
	case c.Version > before:
		m.c = c
		m.in.put(look{})
		return false
	default:
		m.c = c
		return true
	}
}

// earlierVisit: the channel was here before, and the store has a call of it.
func (m *mailbox) earlierVisit(err error) bool {
	var conflict *queue.Conflict
	return m.c.Version == 0 && (errors.As(err, new(*queue.NotOwnerError)) ||
		errors.As(err, &conflict) && len(conflict.Calls) == 1 && conflict.Calls[0].Stage == call.Ended)
}

// comeToUs: a call that goes on belongs to whoever Asterisk has given her channel
// to, which is this engine. One that has ended will be forgotten by whoever ended
// it, in a moment or when it has been taken over; or else by us.
func (m *mailbox) comeToUs() bool {
	if err := m.e.load(m.ctx); err != nil {
		m.e.storeFailed(err)
		return m.pause()
	}
	c, there := m.e.floor.Call(m.id)
	if !there || c.Stage == call.Ended {
		if there && m.e.mine(c) {
			m.e.fileOrphan(c) // a rebuild has made it ours, and there is nobody else to do it
		}
		return m.pause()
	}
	mine, err := m.e.store.Adopt(m.ctx, m.e.owner(), c, true)
	if err != nil {
		return m.pause()
	}
	m.e.log.Info("call comes to us with its channel", "call", c.ID, "from", c.Owner, "stage", c.Stage)
	m.e.metrics.adopted.Inc()
	m.e.learn([]call.Call{mine}, nil)
	m.c = mine
	return true
}
