package acd

import (
	"context"
	"sync"
	"time"

	"powerline/agent"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
)

// phones takes in what Asterisk says of agents' phones: for each phone one word
// after the other, and of several that wait only the newest. A word that
// overtook another would show an agent free who talks in the fallback queue,
// and her phone would ring for a second call (law 2).
type phones struct {
	run  func(func()) // beside us
	tell func(agent.ID, asterisk.Endpoint)

	mu     sync.Mutex
	newest map[agent.ID]asterisk.Endpoint // said and not yet taken in
	taking map[agent.ID]bool
	quiet  chan struct{} // closed when nothing is left to take in; nil while nothing is
}

func newPhones(run func(func()), tell func(agent.ID, asterisk.Endpoint)) *phones {
	return &phones{run: run, tell: tell, newest: map[agent.ID]asterisk.Endpoint{}, taking: map[agent.ID]bool{}}
}

// say hands over a word. It does not block.
func (p *phones) say(ep asterisk.Endpoint) {
	id, ok := agentOf(ep.Name)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newest[id] = ep
	if p.quiet == nil {
		p.quiet = make(chan struct{})
	}
	if !p.taking[id] {
		p.taking[id] = true
		p.run(func() { p.take(id) })
	}
}

func (p *phones) sayAll(s asterisk.Snapshot) {
	for _, ep := range s.Endpoints {
		p.say(ep)
	}
}

// take takes in what was said of one phone, until nothing is left.
func (p *phones) take(id agent.ID) {
	for {
		p.mu.Lock()
		ep, more := p.newest[id]
		delete(p.newest, id)
		if !more {
			delete(p.taking, id)
		}
		if len(p.taking) == 0 {
			close(p.quiet)
			p.quiet = nil
		}
		p.mu.Unlock()
		if !more {
			return
		}
		p.tell(id, ep)
	}
}

// settled waits until all that was said has been taken in.
func (p *phones) settled(ctx context.Context) {
	p.mu.Lock()
	quiet := p.quiet
	p.mu.Unlock()
	if quiet == nil {
		return
	}
	select {
	case <-quiet:
	case <-ctx.Done():
	}
}

// phoneChanged tells the agent of a phone what Asterisk says of it.
func (e *Engine) phoneChanged(id agent.ID, ep asterisk.Endpoint) {
	e.tellAgent(e.ctx, id, agent.PhoneChanged{At: time.Now(), Online: ep.Online, Elsewhere: elsewhere(ep)})
}

// elsewhere reports whether the phone has a channel that no engine made.
func elsewhere(ep asterisk.Endpoint) bool {
	for _, ch := range ep.ChannelIDs {
		if _, ours := floor.CallOfLeg(ch); !ours {
			return true
		}
	}
	return false
}
