package acd

import (
	"context"
	"errors"
	"sync"
	"time"

	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
	"powerline/ivr"
)

// An agent who has nothing but a telephone gives orders by codes while she talks.
// They are taken from her own leg alone, by the engine that has the call; the
// other side does not hear her keys (AddMuteKeys), and its own mean nothing here.

// typed is what agents have pressed of codes, by leg.
type typed struct {
	mu   sync.Mutex
	legs map[string]*ivr.Typed
}

func (t *typed) press(leg, key string, at time.Time, codes map[string]string) (wish string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.legs[leg] == nil {
		if key != "*" {
			return ""
		}
		if t.legs == nil {
			t.legs = map[string]*ivr.Typed{}
		}
		t.legs[leg] = &ivr.Typed{}
	}
	return codes[t.legs[leg].Press(key, at, func(code string) bool { return codes[code] != "" })]
}

func (t *typed) forget(leg string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.legs, leg)
}

// typedInCall takes a key of an agent in a call of this engine.
func (e *Engine) typedInCall(leg, key string, at time.Time) {
	id, isLeg := floor.CallOfLeg(leg)
	if !isLeg || !call.IsAgentLeg(leg) {
		return
	}
	c, known := e.floor.Call(id)
	if !known || c.Offer.Leg != leg || !c.Converses() {
		return
	}
	wish := e.typed.press(leg, key, at, e.settings().InCall)
	if wish == "" {
		return
	}
	go e.orderByKeys(c, wish)
}

// orderByKeys carries out what an agent has pressed, and tells her what she would
// not notice otherwise.
func (e *Engine) orderByKeys(c call.Call, wish string) {
	o := e.orderOfKeys(c, wish)
	_, err := e.Order(e.ctx, o)
	says := map[call.Wish]string{
		call.PauseRecording: ivr.PromptRecordingPaused, call.ResumeRecording: ivr.PromptRecordingResumed, call.Panic: ivr.PromptPanic,
	}[o.Wish]
	var no call.Refusal
	switch {
	case errors.As(err, &no):
		e.log.Info("order given by keys is refused", "call", c.ID, "wish", o.Wish, "why", no)
		says = ivr.PromptNotNow
	case err != nil:
		e.log.Warn("order given by keys is not carried out", "call", c.ID, "wish", o.Wish, "error", err)
		says = ivr.PromptNotNow
	}
	if says == "" {
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, 3*time.Second)
	defer cancel()
	p := asterisk.Prompt{ID: c.Offer.Leg + ".keys", Media: []string{"sound:powerline/" + says}, Language: e.settings().Codes.Language}
	if err := e.ari.Play(ctx, c.Offer.Leg, p); err != nil && e.ctx.Err() == nil {
		e.log.Info("agent could not be told what came of her keys", "call", c.ID, "error", err)
	}
}

// orderOfKeys is the order that a code stands for as the call is now: some switch.
func (e *Engine) orderOfKeys(c call.Call, wish string) Order {
	o := Order{Wish: call.Wish(wish), By: string(c.Offer.Agent), Seat: c.Offer.Agent, Call: c.ID}
	reasons := e.Config().Recordings.PauseReasons
	switch {
	case wish == "counsellor":
		o.Wish, o.Counsellor = call.ToQueue, true
	case o.Wish == call.Hold && c.Held:
		o.Wish = call.Unhold
	case o.Wish == call.PauseRecording && !c.Paused.IsZero():
		o.Wish = call.ResumeRecording
	case o.Wish == call.PauseRecording && len(reasons) > 0:
		o.Reason = reasons[0]
	}
	return o
}
