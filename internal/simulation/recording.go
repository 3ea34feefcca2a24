package simulation

import (
	"errors"
	"time"

	"powerline/call"
)

// Recordings: what Asterisk writes of a channel's talks, the shell that asks for it,
// and what is demanded: every talk with an agent is recorded or there is a gap in the
// books, and none holds silence that nobody asked for.

// pauseAtMost is how long a recording may hold silence.
const pauseAtMost = 6 * time.Second

// startTries and startPause are those of package acd.
const (
	startTries = 4
	startPause = 500 * time.Millisecond
)

// startRecording begins one. A second beginning cuts off what the first has written.
func (p *pbx) startRecording(id, recording string) error {
	ch := p.byID[id]
	if ch == nil {
		return errNotFound
	}
	if _, runs := ch.tapes[recording]; runs {
		if p.w.law.calm() > mended {
			p.w.broken("recordings", "recording %s of %s is begun twice", recording, id)
		}
		return nil
	}
	if ch.tapes == nil {
		ch.tapes = map[string]bool{}
	}
	ch.tapes[recording] = false
	p.w.covered("recording begun")
	return nil
}

func (p *pbx) stopRecording(id, recording string) error {
	ch := p.byID[id]
	if ch == nil {
		return errNotFound
	}
	delete(ch.tapes, recording)
	return nil
}

// mute is for all that runs on the channel, as in Asterisk.
func (p *pbx) mute(id string, on bool) error {
	ch := p.byID[id]
	if ch == nil || len(ch.tapes) == 0 {
		return errNotFound
	}
	for recording := range ch.tapes {
		ch.tapes[recording] = on
	}
	if on {
		p.w.covered("recording paused")
	}
	return nil
}

// record begins a recording beside the mailbox.
func (m *box) record(cmd call.Record) {
	if !m.e.w.shell.unrecorded {
		m.startRecording(cmd, m.e.w.now, 0)
	}
}

// startRecording asks Asterisk. After an answer that was lost, and where it may run
// already, it looks first; what cannot be begun at all is a gap.
func (m *box) startRecording(cmd call.Record, asked time.Duration, try int) {
	e, p := m.e, m.e.w.pbx
	switch {
	case m.over:
		return
	case try == startTries:
		e.w.law.gap(cmd.ID)
		return
	}
	again := func(err error) {
		if errors.Is(err, errUnknown) {
			e.later(startPause, func() { m.startRecording(cmd, asked, try+1) })
		}
	}
	start := func() {
		e.command(func() error { return p.startRecording(m.id, cmd.ID) }, again)
	}
	if !cmd.Again && try == 0 && e.w.now-asked <= lease {
		start()
		return
	}
	runs := false
	e.command(func() error {
		ch := p.byID[m.id]
		if ch != nil {
			_, runs = ch.tapes[cmd.ID]
		}
		runs = runs || ch == nil
		return nil
	}, func(err error) {
		switch {
		case err != nil:
			again(err)
		case !runs:
			start()
		}
	})
}

func (m *box) stopRecording(cmd call.StopRecording) {
	if cmd.On {
		m.e.command(func() error { return m.e.w.pbx.stopRecording(m.id, cmd.ID) }, nil)
	}
}

// muteRecording asks Asterisk, one order after the other was answered.
func (m *box) muteRecording(cmd call.MuteRecording) {
	m.mutes = append(m.mutes, cmd)
	if len(m.mutes) == 1 {
		m.nextMute()
	}
}

func (m *box) nextMute() {
	m.e.command(func() error { return m.e.w.pbx.mute(m.id, m.mutes[0].On) }, func(err error) {
		if errors.Is(err, errUnknown) {
			m.put(facts{taken: -1}) // which asks for it again
		}
		if m.mutes = m.mutes[1:]; len(m.mutes) > 0 {
			m.nextMute()
		}
	})
}

func (m *box) pauseTimer(cmd call.PauseTimer) {
	e := m.e
	if e.w.shell.pausesForEver {
		return
	}
	e.later(cmd.After, func() {
		e.awake(func() { m.put(call.PauseUp{At: e.w.clock(), Since: cmd.Since}) })
	})
}

// gap is a row that says what is missing.
func (l *laws) gap(recording string) {
	l.gaps[recording] = true
	l.w.covered("gap in the recordings")
}

// recorded looks at the channel of a caller, or of whom we called.
func (l *laws) recorded(ch *channel) {
	c, there := l.calls[ch.id]
	recording := call.RecordingID(ch.id, c.Recording)
	muted, runs := ch.tapes[recording]
	talks := there && ch.talksWithAgent() && c.Stage == call.Talking
	l.mark(&ch.unrecordedSince, talks && (c.Recording == 0 || !runs && !l.gaps[recording]))
	if l.longer(ch.unrecordedSince, mended) {
		l.w.broken("recordings", "the talk of %s is not recorded since %v; %s", ch.id, ch.unrecordedSince, l.shown(ch.id))
	}
	l.mark(&ch.mutedSince, talks && runs && muted == c.Paused.IsZero())
	if l.longer(ch.mutedSince, mended) {
		l.w.broken("recordings", "the recording of %s is muted (%v), paused at %v; since %v", ch.id, muted, c.Paused.Sub(epoch), ch.mutedSince)
	}
	if at := c.Paused.Sub(epoch) + pauseAtMost; talks && !c.Paused.IsZero() && l.longer(at, mended) {
		l.w.broken("recordings", "the recording of %s holds silence since %v", ch.id, c.Paused.Sub(epoch))
	}
}

// talksWithAgent: an agent's leg that is up is in her bridge.
func (ch *channel) talksWithAgent() bool {
	if ch.bridge == nil || ch.where != inside {
		return false
	}
	for _, other := range ch.bridge.members {
		if other.phone != nil && other.up && (ch.contact == nil || ch.reachedAt > 0) {
			return true
		}
	}
	return false
}
