package acd

import (
	"slices"
	"sync"
	"time"

	"powerline/call"
)

// Key is what a key meant that somebody pressed while talking with an agent. Which
// key it was is not kept: it may be part of a number that she cannot say aloud.
type Key struct {
	At    time.Time
	Meant Meaning
}

// Meaning of a key.
type Meaning string

// The meanings, as agents ask for them: 1 is yes, 2 is no. The same key again at
// once is how somebody who cannot speak says danger.
const (
	KeyYes    Meaning = "yes"
	KeyNo     Meaning = "no"
	KeyOther  Meaning = "other"
	KeyDanger Meaning = "danger"
)

const (
	// pairWithin is how soon the same key must come again to mean danger: sooner than
	// anybody answers two questions.
	pairWithin = 2 * time.Second
	// keysShown of one call are remembered, and those of mostKeyed calls.
	keysShown, mostKeyed = 12, 500
)

// keyLog remembers the last keys of calls.
type keyLog struct {
	mu    sync.Mutex
	calls map[string]*keyed
	order []string // of the calls, oldest first
}

type keyed struct {
	last string // the key itself, for as long as it can become a pair
	at   time.Time
	keys []Key
}

func (l *keyLog) press(callID, key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.calls[callID]
	if k == nil {
		k = l.begin(callID)
	}
	meant := KeyOther
	switch {
	case key == k.last && at.Sub(k.at) <= pairWithin:
		meant, key = KeyDanger, ""
	case key == "1":
		meant = KeyYes
	case key == "2":
		meant = KeyNo
	}
	k.last, k.at = key, at
	k.keys = append(k.keys, Key{at.UTC(), meant})
	k.keys = k.keys[max(0, len(k.keys)-keysShown):]
}

func (l *keyLog) begin(callID string) *keyed {
	if l.calls == nil {
		l.calls = map[string]*keyed{}
	}
	if len(l.order) >= mostKeyed {
		delete(l.calls, l.order[0])
		l.order = l.order[1:]
	}
	k := &keyed{}
	l.calls[callID], l.order = k, append(l.order, callID)
	return k
}

func (l *keyLog) of(callID string) []Key {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := l.calls[callID]; k != nil {
		return slices.Clone(k.keys)
	}
	return nil
}

// pressed takes in a key of whoever called, or was called, while an agent talks
// with them.
func (e *Engine) pressed(channel, key string, at time.Time) {
	c, known := e.floor.Call(channel)
	if !known || c.Stage != call.Talking {
		return
	}
	e.keys.press(c.ID, key, at)
	e.floor.Poke()
}

// Keys are the last keys that were pressed in a call, oldest first.
func (e *Engine) Keys(callID string) []Key { return e.keys.of(callID) }
