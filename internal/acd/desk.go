package acd

import (
	"context"
	"errors"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/ivr"
)

// desk serves what an agent dialled on her phone: login, pause, end of wrap-up.
func (e *Engine) desk(channel asterisk.Channel, id agent.ID, dialled string) {
	ctx, cancel := context.WithTimeout(e.ctx, time.Minute)
	defer cancel()
	l := e.lineOf(channel.ID)
	l.onGone(cancel)
	defer e.dropLine(channel.ID)
	defer e.hangUpLater(channel.ID)
	if err := e.ari.Answer(ctx, channel.ID); err != nil {
		return
	}
	verdict := ivr.Desk(ctx, l, e.settings().Codes, dialled, deskOf{e, id})
	e.metrics.desk.WithLabelValues(string(verdict)).Inc()
}

// deskOf carries out what one agent asks for.
type deskOf struct {
	e  *Engine
	id agent.ID
}

// Login implements ivr.DeskActions.
func (d deskOf) Login(ctx context.Context, pin ivr.PIN) ivr.Verdict {
	a, known := d.e.floor.Agent(d.id)
	switch {
	case !known:
		return ivr.Failed
	case a.Locked:
		return ivr.Locked
	case a.Status != agent.LoggedOut:
		return ivr.AlreadyLoggedIn
	}
	ok, err := d.e.roster.PINMatches(ctx, d.id, pin.Reveal())
	if err != nil {
		d.e.log.Warn("PIN could not be checked", "agent", d.id, "error", err)
		return ivr.Failed
	}
	now := time.Now()
	if !ok {
		if a, _ = d.e.tellAgent(ctx, d.id, agent.WrongPIN{At: now}); a.Locked {
			return ivr.Locked
		}
		return ivr.WrongPIN
	}
	if _, verdict := d.e.tellAgent(ctx, d.id, agent.LoggedIn{At: now}); verdict != agent.Applied {
		return ivr.AlreadyLoggedIn
	}
	return ivr.Done
}

// Do implements ivr.DeskActions.
func (d deskOf) Do(ctx context.Context, order ivr.Order) ivr.Verdict {
	now := time.Now()
	a, _ := d.e.floor.Agent(d.id)
	var ev agent.Event
	switch order.Verb {
	case ivr.Logout:
		ev = agent.LoggedOff{At: now}
	case ivr.Ready:
		ev = agent.Ready{At: now}
	case ivr.Pause:
		ev = agent.Paused{At: now, Reason: order.Reason}
	case ivr.WrapUpDone:
		ev = agent.WrapUpDone{At: now}
	case ivr.Outcome:
		return d.outcome(ctx, a, order.Choice)
	case ivr.Extend:
		ev = agent.WrapUpExtended{At: now, By: d.extension(a, now)}
	default:
		return ivr.UnknownCode
	}
	_, verdict := d.e.tellAgent(ctx, d.id, ev)
	switch {
	case verdict == agent.Applied, verdict == agent.Ignored:
		return ivr.Done
	case a.Status == agent.LoggedOut:
		return ivr.NotLoggedIn
	}
	return ivr.NotNow
}

// outcome codes what came of the call that she is writing up, and ends her
// wrap-up: one step.
func (d deskOf) outcome(ctx context.Context, a agent.Agent, choice int) ivr.Verdict {
	switch {
	case a.Status == agent.LoggedOut:
		return ivr.NotLoggedIn
	case d.e.outcomes == nil || a.State != agent.WrapUp || !call.IsAttempt(a.Call):
		return ivr.NotNow
	}
	switch err := d.e.outcomes.Code(ctx, d.e.Config().Outbound, a.Call, d.id, choice); {
	case errors.Is(err, ErrNoOutcome):
		return ivr.UnknownCode
	case err != nil:
		d.e.log.Warn("outcome could not be taken", "call", a.Call, "agent", d.id, "error", err)
		return ivr.Failed
	}
	d.e.Coded(ctx, a.Call, d.id)
	return ivr.Done
}

// Outcomes takes what an agent codes by the number of an outcome, from 1, in the
// order of cases.Outcomes, by the ladder in force. ErrNoOutcome: there is none of that number.
type Outcomes interface {
	Code(ctx context.Context, o config.Outbound, attempt string, by agent.ID, choice int) error
}

// ErrNoOutcome says that a call of this kind has no outcome of that number.
var ErrNoOutcome = errors.New("acd: no outcome of this number")

// Coded ends the wrap-up of a call whose outcome is in the books, by whatever way
// it came there.
func (e *Engine) Coded(ctx context.Context, attempt string, by agent.ID) {
	if a, known := e.floor.Agent(by); known && a.State == agent.WrapUp && a.Call == attempt {
		e.tellAgent(ctx, by, agent.WrapUpDone{At: time.Now()})
	}
}

// extension is how much more time one use of the code gives: a minute of
// wrap-up, or the rest of the long recovery.
func (d deskOf) extension(a agent.Agent, now time.Time) time.Duration {
	conf := d.e.settings().Config.Agents
	if a.State != agent.Recovery {
		return conf.ExtendBy
	}
	return max(time.Second, conf.RestFor-a.Since.Add(a.Lasts).Sub(now))
}
