package acd

import (
	"context"
	"errors"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/number"
)

// Errors of SignOn.
var (
	ErrLocked       = errors.New("acd: the agent's login is locked: an operator unlocks it")
	ErrUnknownAgent = errors.New("acd: nobody has this id")
)

// SignOn makes an agent available whom somebody else has recognised: the console,
// by her password and code. Who is on duty already stays as she is.
func (e *Engine) SignOn(ctx context.Context, id agent.ID) error {
	a, known := e.floor.Agent(id)
	switch {
	case !known:
		return ErrUnknownAgent
	case a.Locked:
		return ErrLocked
	case a.Status != agent.LoggedOut:
		return nil
	}
	e.tellAgent(ctx, id, agent.LoggedIn{At: time.Now()})
	return context.Cause(ctx)
}

// SignOff ends her duty; a call in hand goes on.
func (e *Engine) SignOff(ctx context.Context, id agent.ID) error {
	e.tellAgent(ctx, id, agent.LoggedOff{At: time.Now()})
	return context.Cause(ctx)
}

// Call is one call as the floor has it; false when it does not.
func (e *Engine) Call(id string) (call.Call, bool) { return e.floor.Call(id) }

// CallerNumber is the number of whoever calls now, for the complaint of the agent
// who talks or has talked with her; false when it is not known here. Nobody is shown it.
func (e *Engine) CallerNumber(ctx context.Context, callID string, by agent.ID) (number.Number, bool) {
	c, known := e.floor.Call(callID)
	if !known || c.Kind != call.Helpline || !hadCall(c, by) {
		return number.Number{}, false
	}
	e.mu.Lock()
	sealed, kept := e.callers[callID]
	e.mu.Unlock()
	if kept {
		if n, err := number.Open(e.sealKey, sealed); err == nil {
			return n, true
		}
	}
	// Another engine has the call; Asterisk knows who calls.
	s, err := e.looking.look(ctx)
	if err != nil {
		return number.Number{}, false
	}
	for _, ch := range s.Channels {
		if ch.ID == callID {
			n := number.FromCaller(ch.Caller.Plain())
			return n, !n.Withheld() && n.Fingerprint(e.fingerprintKey) == c.Caller
		}
	}
	return number.Number{}, false
}

// hadCall: she talks with the caller, or did.
func hadCall(c call.Call, by agent.ID) bool {
	if c.Stage == call.Talking && c.Offer.Agent == by {
		return true
	}
	for _, id := range c.Spoken {
		if id == by {
			return true
		}
	}
	return false
}
