package acd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/number"
)

// What is done for those who are in a conversation beside its caller and its agent.

// holdCaller takes the caller out of the bridge, and lets her hear music.
func (m *mailbox) holdCaller(cmd call.HoldCaller) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	began := time.Now()
	err := m.e.ari.RemoveFromBridge(ctx, cmd.Bridge, m.id)
	if time.Since(began) > lease {
		m.in.put(look{}) // she may be another engine's by now, and talk again
		return
	}
	if err != nil && !asterisk.IsNotInBridge(err) {
		m.e.log.Info("caller could not be taken out of the bridge", "call", m.id, "error", err)
		m.in.put(look{}) // it is tried again, if she is there: music would sound into their talk
		return
	}
	l := m.e.lineOf(m.id)
	m.converse(func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := l.Music(ctx); err != nil && ctx.Err() == nil {
				pauseFor(ctx, commitRetry)
			}
		}
	})
}

// seat puts a guest into the bridge, where all hear each other.
func (m *mailbox) seat(cmd call.Seat) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	if err := m.addGuest(ctx, cmd.Bridge, cmd.Leg); err != nil {
		m.seatFailed(cmd.Leg, err)
	}
}

func (m *mailbox) seatFailed(leg string, err error) {
	switch {
	case m.ctx.Err() != nil:
	case asterisk.IsUnknown(err):
		m.in.put(look{}) // it may have happened
	default:
		m.e.log.Info("guest could not be brought into a call", "call", m.id, "error", err)
		m.in.put(call.SeatFailed{At: time.Now(), Leg: leg})
	}
}

// overhear lets a guest hear, and if she whispers be heard by, one leg. She is
// brought into the bridge last: nobody hears her where she was before.
func (m *mailbox) overhear(cmd call.Overhear) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	if err := m.listenIn(ctx, cmd); err != nil {
		m.seatFailed(cmd.Leg, err)
	}
}

func (m *mailbox) listenIn(ctx context.Context, cmd call.Overhear) error {
	if err := m.e.ari.CreateBridge(ctx, cmd.Bridge); err != nil {
		return err
	}
	if err := m.addGuest(ctx, cmd.Bridge, cmd.Leg); err != nil {
		return err
	}
	l := m.e.lineOf(cmd.Snoop)
	defer m.e.dropLine(cmd.Snoop)
	snoop := asterisk.Snoop{ID: cmd.Snoop, Of: cmd.Of, Whisper: cmd.Whisper, Args: []string{argLeg, m.id}}
	if err := m.e.ari.Snoop(ctx, snoop); err != nil && !asterisk.IsConflict(err) {
		return fmt.Errorf("acd: make a snoop: %w", err)
	} else if err == nil {
		select {
		case <-l.entered:
		case <-ctx.Done():
			return errors.Join(errors.New("acd: the snoop did not come"), context.Cause(ctx))
		}
	}
	return m.e.ari.AddToBridge(ctx, cmd.Bridge, cmd.Snoop)
}

// guestTimer asks for the end of a guest's ring.
func (m *mailbox) guestTimer(cmd call.GuestTimer) {
	time.AfterFunc(cmd.After, func() {
		m.e.awake(m.ctx)
		m.in.put(call.GuestTimeUp{At: time.Now(), Leg: cmd.Leg})
	})
}

// Stations knows the telephone numbers of police stations.
type Stations interface {
	// StationTelephone is the number of a station that is open; withheld if none is known.
	StationTelephone(ctx context.Context, station string) (number.Number, error)
}

// emergency is the word for 112 among what is outside.
const emergency = "112"

// outsideOf is the word for where an order wants to call; empty if that cannot be.
func (e *Engine) outsideOf(o Order) string {
	conf := e.settings().Config
	switch {
	case o.Wish == call.ToEmergency && conf.Overflow.Endpoint != "":
		return emergency
	case o.Wish == call.ToStation && e.stations != nil && conf.Outbound.Trunk != "":
		return o.Station
	}
	return ""
}

// ringOutside makes a leg, puts it into the bridge where the agent is, and rings it.
func (m *mailbox) ringOutside(cmd call.RingOutside) {
	ctx, cancel := context.WithTimeout(m.ctx, dialLimit)
	defer cancel()
	if err := m.dialOutside(ctx, cmd); err != nil && m.ctx.Err() == nil {
		m.e.log.Warn("somebody outside could not be called", "call", m.id, "where", cmd.Wish, "error", err)
		m.hangUp(cmd.Leg, asterisk.HangUpNormal)
		m.in.put(call.RingFailed{At: time.Now(), Leg: cmd.Leg, Why: agent.Unreachable})
	}
}

func (m *mailbox) dialOutside(ctx context.Context, cmd call.RingOutside) error {
	endpoint, err := m.e.endpointOutside(ctx, cmd)
	if err != nil {
		return err
	}
	l := m.e.lineOf(cmd.Leg)
	defer m.e.dropLine(cmd.Leg)
	leg := asterisk.Leg{ID: cmd.Leg, Endpoint: endpoint, Args: []string{argLeg, m.id}, Variables: asterisk.ShownNumber(m.c.Line)}
	if err := m.e.ari.Create(ctx, leg); err != nil {
		return fmt.Errorf("acd: make the leg to somebody outside: %w", err)
	}
	select {
	case <-l.entered:
	case <-ctx.Done():
		return fmt.Errorf("acd: the leg to somebody outside did not come: %w", context.Cause(ctx))
	}
	if err := m.e.ari.AddToBridge(ctx, cmd.Bridge, cmd.Leg); err != nil {
		return err
	}
	return m.e.ari.Dial(ctx, cmd.Leg, cmd.For+ringMargin)
}

// endpointOutside is where a wish leads to, as Asterisk names it.
func (e *Engine) endpointOutside(ctx context.Context, cmd call.RingOutside) (string, error) {
	conf := e.settings().Config
	if cmd.Wish == call.ToEmergency {
		return "PJSIP/" + conf.Overflow.Number + "@" + conf.Overflow.Endpoint, nil
	}
	n, err := e.stations.StationTelephone(ctx, cmd.Outside)
	switch {
	case err != nil:
		return "", err
	case n.Withheld():
		return "", fmt.Errorf("acd: no telephone number is known of station %s: dialer stations telephone", cmd.Outside)
	}
	return "PJSIP/" + n.Dial() + "@" + conf.Outbound.Trunk, nil
}

// dialledOutside follows a phone outside. While it rings and the network is silent,
// the agent hears a ringing tone.
func (e *Engine) dialledOutside(callID string, ev asterisk.Dialled) {
	m, ok := e.box(callID)
	if !ok {
		return
	}
	switch ev.Status {
	case asterisk.DialRinging:
		m.in.put(tone{true})
	case asterisk.DialProgress:
		m.in.put(tone{false})
	case asterisk.DialAnswered:
		m.in.put(call.Answered{At: time.Now(), Leg: ev.Channel.ID})
		m.in.put(tone{false})
	}
}
