package acd

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/internal/asterisk"
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

// extension is how much more time one use of the code gives: a minute of
// wrap-up, or the rest of the long recovery.
func (d deskOf) extension(a agent.Agent, now time.Time) time.Duration {
	conf := d.e.settings().Config.Agents
	if a.State != agent.Recovery {
		return conf.ExtendBy
	}
	return max(time.Second, conf.RestFor-a.Since.Add(a.Lasts).Sub(now))
}
