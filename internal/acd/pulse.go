package acd

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// pulse notices that the process did not run for a while: SIGSTOP, a suspended
// machine, a starved CPU. What it believed before is old then, and its timers
// have all run out at once; both wait until the facts were read again.
type pulse struct {
	last   atomic.Int64 // monotonic: since begin
	begin  time.Time
	mu     sync.Mutex
	asleep chan struct{} // not nil while the facts are being read again
	woke   chan struct{} // signalled when a freeze was noticed
}

const (
	pulseEvery  = 50 * time.Millisecond
	pulseMissed = 1500 * time.Millisecond // a garbage collection is no freeze
)

func newPulse() *pulse {
	p := &pulse{begin: time.Now(), woke: make(chan struct{}, 1)}
	return p
}

func (p *pulse) run(ctx context.Context) {
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	p.last.Store(int64(time.Since(p.begin)))
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if p.late() {
				p.sleepUntilRead()
			}
			p.last.Store(int64(time.Since(p.begin)))
		}
	}
}

func (p *pulse) late() bool {
	last := p.last.Load()
	return last != 0 && time.Since(p.begin)-time.Duration(last) > pulseMissed
}

// frozen reports whether the process slept and has not looked around since.
func (p *pulse) frozen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asleep != nil || p.late()
}

func (p *pulse) sleepUntilRead() {
	p.mu.Lock()
	if p.asleep == nil {
		p.asleep = make(chan struct{})
	}
	p.mu.Unlock()
	select {
	case p.woke <- struct{}{}:
	default:
	}
}

// looked says that the facts have been read.
func (p *pulse) looked() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asleep != nil {
		close(p.asleep)
		p.asleep = nil
	}
}

// wait returns once the process is awake and knows what happened meanwhile.
func (p *pulse) wait(ctx context.Context) {
	for {
		p.mu.Lock()
		asleep := p.asleep
		p.mu.Unlock()
		if asleep == nil && p.late() {
			p.sleepUntilRead()
			continue
		}
		if asleep == nil {
			return
		}
		select {
		case <-asleep:
		case <-ctx.Done():
			return
		}
	}
}

// awake holds a timer back until the process is awake.
func (e *Engine) awake(ctx context.Context) { e.pulse.wait(ctx) }
