package ivr

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Verdict is how an order ended. Each has a prompt of its own.
type Verdict string

// The verdicts.
const (
	Done            Verdict = "done"
	WrongPIN        Verdict = "wrong-pin"         // asked again, up to PINTries
	NoPIN           Verdict = "no-pin"            // none was typed in time
	Locked          Verdict = "locked"            // too many wrong ones: a supervisor unlocks
	AlreadyLoggedIn Verdict = "already-logged-in" // here or at another phone
	NotLoggedIn     Verdict = "not-logged-in"
	UnknownCode     Verdict = "unknown-code"
	UnknownReason   Verdict = "unknown-reason"
	NotNow          Verdict = "not-now" // nothing to end or to extend
	Failed          Verdict = "failed"  // the engine could not; she may try again
	Gone            Verdict = "gone"    // she hung up before the order was complete
)

// said are the verdicts that have a prompt "desk-<verdict>".
var said = []Verdict{
	WrongPIN, NoPIN, Locked, AlreadyLoggedIn, NotLoggedIn, UnknownCode, UnknownReason, NotNow, Failed,
}

const (
	promptPIN    = "desk-pin"
	promptReason = "desk-reason"
	// reasonLimit is the time for the key of a reason, once it was asked for.
	reasonLimit = 10 * time.Second
	// actionLimit bounds one action, so that she hears an answer in any case.
	actionLimit = 5 * time.Second
)

// DeskActions carries out orders for the agent whose phone dialled. An order
// that is complete is carried out even when she hangs up meanwhile: its ctx does
// not end with the call.
type DeskActions interface {
	// Login checks the PIN and logs in; WrongPIN lets her try again.
	Login(ctx context.Context, pin PIN) Verdict
	// Do carries out every other order.
	Do(ctx context.Context, order Order) Verdict
}

// Prompts lists the ids of the recordings that Desk needs.
func (c Codes) Prompts() []string {
	ids := []string{promptPIN, promptReason}
	for _, verb := range verbs {
		ids = append(ids, "desk-"+string(verb))
	}
	for _, verdict := range said {
		ids = append(ids, "desk-"+string(verdict))
	}
	return distinct(append(ids, inCall...)...)
}

// Desk serves an agent who dialled a code: it asks for what is missing, has the
// order carried out, and says how that went. It returns when the answer was
// heard or ctx ended.
func Desk(ctx context.Context, line Line, codes Codes, dialled string, actions DeskActions) Verdict {
	line.Language(codes.Language)
	d := desk{line: line, codes: codes, actions: actions, voice: voice{line: line}}
	defer d.voice.hush()
	order, err := codes.Parse(dialled)
	var verdict Verdict
	switch {
	case errors.Is(err, ErrUnknownReason):
		verdict = UnknownReason
	case err != nil:
		verdict = UnknownCode
	case order.Verb == Login:
		verdict = d.login(ctx)
	case order.Verb == Pause && order.Reason == "":
		verdict = d.pause(ctx)
	default:
		verdict = d.do(ctx, order)
	}
	if verdict != Gone {
		d.confirm(ctx, order.Verb, verdict)
	}
	return verdict
}

// desk is one agent's dialogue.
type desk struct {
	line    Line
	codes   Codes
	actions DeskActions
	voice   voice
}

// login asks for the PIN until it is right, refused for good, or asked for
// often enough.
func (d *desk) login(ctx context.Context) Verdict {
	ask := []string{promptPIN}
	for try := 1; ; try++ {
		pin, verdict := d.readPIN(ctx, ask)
		if verdict != Done {
			return verdict
		}
		verdict = d.act(ctx, func(ctx context.Context) Verdict { return d.actions.Login(ctx, pin) })
		if verdict != WrongPIN || try >= d.codes.PINTries {
			return verdict
		}
		ask = []string{"desk-" + string(WrongPIN), promptPIN}
	}
}

// pause asks for the key of the reason that was not dialled.
func (d *desk) pause(ctx context.Context) Verdict {
	d.voice.say(ctx, promptReason)
	key, verdict := d.key(ctx, time.After(reasonLimit))
	if verdict == NoPIN {
		return UnknownReason
	}
	if verdict != Done {
		return verdict
	}
	reason, ok := d.codes.Reasons[key]
	if !ok {
		return UnknownReason
	}
	return d.do(ctx, Order{Verb: Pause, Reason: reason})
}

func (d *desk) do(ctx context.Context, order Order) Verdict {
	return d.act(ctx, func(ctx context.Context) Verdict { return d.actions.Do(ctx, order) })
}

// act runs an action with a time limit of its own, apart from the call. An
// action that overruns is answered with "failed" and left to end by itself.
func (d *desk) act(ctx context.Context, action func(context.Context) Verdict) Verdict {
	d.voice.hush()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionLimit)
	result := make(chan Verdict, 1)
	go func() {
		defer cancel()
		result <- action(ctx)
	}()
	select {
	case verdict := <-result:
		return verdict
	case <-ctx.Done():
	}
	// The action may have ended at the very moment of its own cancel.
	select {
	case verdict := <-result:
		return verdict
	default:
		return Failed
	}
}

// readPIN speaks and reads digits up to #, or until there are as many as a PIN
// may have.
func (d *desk) readPIN(ctx context.Context, ask []string) (PIN, Verdict) {
	d.voice.say(ctx, ask...)
	limit := time.After(d.codes.PINLimit)
	var digits strings.Builder
	for digits.Len() < d.codes.PINDigits {
		key, verdict := d.key(ctx, limit)
		if verdict != Done {
			return PIN{}, verdict
		}
		switch {
		case key == "#" && digits.Len() > 0:
			return NewPIN(digits.String()), Done
		case key == "*":
			digits.Reset() // a star begins again
		case isDigits(key):
			digits.WriteString(key)
		}
	}
	return NewPIN(digits.String()), Done
}

// key waits for one key; the first one stops what is being said.
func (d *desk) key(ctx context.Context, limit <-chan time.Time) (string, Verdict) {
	for {
		select {
		case <-ctx.Done():
			return "", Gone
		case <-limit:
			return "", NoPIN
		case <-d.voice.done:
			d.voice.ended()
		case key, open := <-d.line.Keys():
			if !open {
				return "", Gone
			}
			d.voice.hush()
			return key, Done
		}
	}
}

// confirm says how it went and waits until that was heard.
func (d *desk) confirm(ctx context.Context, verb Verb, verdict Verdict) {
	prompt := "desk-" + string(verdict)
	if verdict == Done {
		prompt = "desk-" + string(verb)
	}
	d.voice.say(ctx, prompt)
	d.voice.finish()
}
