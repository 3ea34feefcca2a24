package acd

import (
	"context"
	"sync"
	"time"
)

// comebacks are callers of whom the store is asked whether they were here a moment ago,
// while Asterisk is still giving them to us: hardly one was, and the others need not
// wait for that answer afterwards.
type comebacks struct {
	mu    sync.Mutex
	asked map[string]<-chan bool // by channel
}

// placeLimit is how long the store is asked for the place of somebody who was here
// before. Without an answer she is new.
const placeLimit = 300 * time.Millisecond

// askForPlace begins to ask, by the fingerprint of her number. An answer that nobody
// fetches is dropped.
func (e *Engine) askForPlace(channel, caller string) {
	if caller == "" || e.settings().Config.Resume.MaxAge == 0 {
		return
	}
	answer := make(chan bool, 1)
	k := &e.comebacks
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked[channel] = answer
	go func() {
		ctx, cancel := context.WithTimeout(e.ctx, placeLimit)
		defer cancel()
		has, err := e.store.HasPlace(ctx, caller)
		answer <- has && err == nil
	}()
	time.AfterFunc(2*placeLimit, func() { k.fetch(channel) })
}

func (k *comebacks) fetch(channel string) (answer <-chan bool, asked bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	answer, asked = k.asked[channel]
	delete(k.asked, channel)
	return answer, asked
}

// takePlace is since when she has been waiting who was here a moment ago, once.
func (e *Engine) takePlace(ctx context.Context, channel, caller string, now time.Time) (queued time.Time, ok bool) {
	maxAge := e.settings().Config.Resume.MaxAge
	if caller == "" || maxAge == 0 {
		return time.Time{}, false
	}
	if answer, asked := e.comebacks.fetch(channel); asked && !<-answer {
		return time.Time{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, placeLimit)
	defer cancel()
	queued, ok, err := e.store.TakePlace(ctx, caller, now, maxAge)
	return queued, ok && err == nil
}
