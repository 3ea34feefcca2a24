package acd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"powerline/call"
	"powerline/internal/asterisk"
)

// What is done for those who are in a conversation beside its caller and its agent.

// holdCaller takes the caller out of the bridge, and lets her hear music.
func (m *mailbox) holdCaller(cmd call.HoldCaller) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	err := m.e.ari.RemoveFromBridge(ctx, cmd.Bridge, m.id)
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
	if err := m.e.ari.AddToBridge(ctx, cmd.Bridge, cmd.Leg); err != nil {
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
	if err := m.e.ari.AddToBridge(ctx, cmd.Bridge, cmd.Leg); err != nil {
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
