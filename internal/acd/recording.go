package acd

import (
	"context"
	"errors"
	"os"
	"time"

	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/postgres"
	"powerline/recordings"
)

// Recordings is where it is written down what is recorded, and what is not.
type Recordings interface {
	// Begun returns when the row is durable, in PostgreSQL or in the journal.
	Begun(ctx context.Context, r postgres.Recording) error
	// Ended and Missing return at once.
	Ended(e postgres.RecordingEnd)
	Missing(g postgres.RecordingGap)
}

// rowPatience is how long the beginning of a recording waits for its row. Then
// it begins without: a file of which no row knows is found by the sealer, but
// words that were not recorded are gone.
const rowPatience = 2 * time.Second

// startTries is how often Asterisk is asked to record, startPause the time
// between: about as long as its manager interface needs to come back.
const (
	startTries = 4
	startPause = 500 * time.Millisecond
)

// record begins the recording of a conversation, beside the mailbox: neither a
// full spool nor a slow database delays a call.
func (m *mailbox) record(cmd call.Record) {
	m.endDetection() // unless that was done before they were joined
	if m.e.settings().Spool.Dir == "" {
		return
	}
	r := recording{e: m.e, channel: m.id, cmd: cmd, call: m.c, asked: time.Now(), unheeded: m.unheeded}
	go r.begin(m.ctx)
}

// hooksGone is how long Asterisk takes, after a channel's last hook was removed, to
// drop what its hooks shared: until the next packet to or from it.
const hooksGone = 50 * time.Millisecond

// endDetection ends the detection of speech on a caller's channel, beside the mailbox.
// A MixMonitor that finds what is left of it may get nothing of the agent's voice for
// as long as it runs (Asterisk 22.10.1: one of 170; one in two where the detection
// goes on). Between two people it says nothing anyway, and costs CPU.
func (m *mailbox) endDetection() {
	if m.unheeded != nil || m.c.Kind == call.Outbound {
		return
	}
	done := make(chan struct{})
	m.unheeded = done
	e, id, ctx := m.e, m.id, m.ctx
	go func() {
		defer close(done)
		for range startTries {
			err := e.ari.EndTalkDetection(ctx, id)
			if !asterisk.IsUnknown(err) || ctx.Err() != nil {
				break
			}
			e.log.Warn("detection of speech could not be ended: the agent may be missing in the recording", "call", id, "error", err)
			pauseFor(ctx, startPause)
		}
		pauseFor(ctx, hooksGone)
	}()
}

// recording is one conversation on its way to be recorded.
type recording struct {
	e       *Engine
	channel string // whose voice is the heard side
	cmd     call.Record
	call    call.Call
	asked   time.Time // to be begun
	// unheeded is closed when nothing but this listens to the channel; nil: nothing did.
	unheeded <-chan struct{}
}

func (r recording) begin(ctx context.Context) {
	spool := r.e.settings().Spool
	if r.cmd.Again {
		if runs, err := r.runs(ctx, spool); runs && err == nil {
			return
		}
	}
	if err := spool.Admit(); err != nil {
		var unfit *recordings.Unfit
		errors.As(err, &unfit)
		r.missing(unfit.Why, err)
		return
	}
	r.write(ctx)
	if r.unheeded != nil {
		<-r.unheeded
	}
	if err := r.start(ctx, spool); err != nil && ctx.Err() == nil {
		r.missing(recordings.WhyNotStarted, err)
		return
	}
	r.late()
}

// write makes the row durable before anything is recorded.
func (r recording) write(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rowPatience)
	defer cancel()
	row := postgres.Recording{
		ID: recordings.ID(r.cmd.ID), Call: r.call.ID, Offer: r.cmd.Offer, Direction: "inbound", What: r.call.Category,
		Agent: string(r.cmd.Agent), Host: r.e.settings().Config.Asterisk.SystemName, Begun: r.call.Bridged,
	}
	if r.call.Kind == call.Outbound {
		row.Direction = "outbound"
	}
	if err := r.e.recordings.Begun(ctx, row); err != nil && ctx.Err() == nil {
		r.e.log.Error("row of a recording could not be written; it begins without", "recording", r.cmd.ID, "error", err)
	}
}

// start asks Asterisk, and after an answer that was lost looks whether it runs.
func (r recording) start(ctx context.Context, spool recordings.Spool) (err error) {
	id := recordings.ID(r.cmd.ID)
	want := asterisk.Recording{
		Heard: spool.Path(id, recordings.Heard), Spoken: spool.Path(id, recordings.Spoken), Mark: call.RecordingMark(r.cmd.Offer),
	}
	for try := range startTries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(startPause):
			}
		}
		if try > 0 || r.cmd.Again || time.Since(r.asked) > lease { // a process that slept may have a successor
			runs, unknown := r.runs(ctx, spool)
			if runs {
				return nil
			}
			if unknown != nil {
				err = unknown
				continue
			}
		}
		err = r.e.ari.StartRecording(ctx, r.channel, want)
		if err == nil || asterisk.IsNotFound(err) { // whoever has hung up has nothing more to record
			r.e.metrics.recordingsBegun.Inc()
			return nil
		}
	}
	return err
}

// runs reports whether this recording was begun: its file is there, or the channel
// says so. While that is not known it must not be begun: a second beginning would
// cut off the first.
func (r recording) runs(ctx context.Context, spool recordings.Spool) (bool, error) {
	if _, err := os.Stat(spool.Path(recordings.ID(r.cmd.ID), recordings.Heard)); err == nil {
		return true, nil
	}
	mark := call.RecordingMark(r.cmd.Offer)
	vars, err := r.e.ari.Variables(ctx, r.channel, mark)
	if asterisk.IsNotFound(err) { // nobody is there to be recorded
		return true, nil
	}
	return vars[mark] != "", err
}

// late notes the beginning of a conversation that was not recorded, as after an
// engine died between bridge and recording.
func (r recording) late() {
	if lack := time.Since(r.call.Bridged); lack > recordings.Tolerance {
		r.gap(recordings.WhyLate, lack, "")
	}
}

func (r recording) missing(why string, err error) {
	r.e.log.Error("conversation is not recorded", "call", r.call.ID, "recording", r.cmd.ID, "why", why, "error", err)
	r.gap(why, 0, err.Error())
}

func (r recording) gap(why string, lack time.Duration, detail string) {
	r.e.metrics.recordingGaps.WithLabelValues(why).Inc()
	r.e.recordings.Missing(postgres.RecordingGap{
		ID: recordings.ID(r.cmd.ID), Why: why, At: r.call.Bridged, Call: r.call.ID, Missing: lack, Detail: detail,
	})
}

// stopRecording writes how long they talked, and ends a recording whose channel
// goes on without its agent.
func (m *mailbox) stopRecording(cmd call.StopRecording) {
	if m.e.settings().Spool.Dir == "" {
		return
	}
	m.e.recordings.Ended(postgres.RecordingEnd{ID: recordings.ID(cmd.ID), Ended: cmd.At, Bridged: cmd.Lasted, Unseen: cmd.Unseen})
	if cmd.On {
		go m.e.stopRecording(m.id, call.RecordingMark(cmd.Offer))
	}
}

// stopRecording ends one recording and no other: the next agent may have come
// already.
func (e *Engine) stopRecording(channel, mark string) {
	ctx, cancel := context.WithTimeout(e.ctx, 3*time.Second)
	defer cancel()
	vars, err := e.ari.Variables(ctx, channel, mark)
	if err == nil && vars[mark] != "" {
		err = e.ari.StopRecording(ctx, channel, vars[mark].Plain())
	}
	if err != nil && e.ctx.Err() == nil && !asterisk.IsNotFound(err) {
		// It records only what is said in a bridge, and ends with the channel.
		e.log.Warn("recording could not be ended", "channel", channel, "error", err)
	}
}

// MuteRecording lets the recording of a call hold silence, or not any more,
// whoever has the call. asterisk.IsNotFound: it is not recorded, or over.
func (e *Engine) MuteRecording(ctx context.Context, callID string, mute bool) error {
	return e.ari.MuteRecording(ctx, callID, mute)
}

// muteRecording writes first what is about to be missing, or no longer is, and
// then asks Asterisk, beside the mailbox but in turn: were a pause that is long in
// coming carried out after its end, the rest of the conversation would be silence.
func (m *mailbox) muteRecording(cmd call.MuteRecording) {
	if m.e.settings().Spool.Dir == "" {
		return
	}
	if !cmd.Again {
		gap := postgres.RecordingGap{ID: recordings.ID(cmd.ID), Why: recordings.WhyResumed, At: cmd.At.UTC(), Call: m.id, Missing: cmd.Lasted}
		if cmd.On {
			gap.Why, gap.Detail = recordings.WhyPaused+"-"+cmd.Why, "by "+string(cmd.By)
		}
		m.e.recordings.Missing(gap)
	}
	m.mutes.then(func() {
		ctx, cancel := context.WithTimeout(m.e.ctx, 3*time.Second)
		defer cancel()
		if err := m.e.MuteRecording(ctx, m.id, cmd.On); err != nil && m.e.ctx.Err() == nil && !asterisk.IsNotFound(err) {
			m.e.log.Error("recording could not be paused, or made to go on", "call", m.id, "pause", cmd.On, "error", err)
			m.in.put(look{}) // which asks for it again
		}
	})
}

// turns lets things be done one after another, beside whoever asks for them.
type turns struct {
	last chan struct{} // closed when the latest has been done; nil: there was none
}

// then does what was asked for after all that was asked for before. It returns at once.
func (t *turns) then(do func()) {
	before, done := t.last, make(chan struct{})
	t.last = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		do()
	}()
}

// pauseTimer asks for the end of a pause.
func (m *mailbox) pauseTimer(cmd call.PauseTimer) {
	time.AfterFunc(cmd.After, func() {
		m.e.awake(m.ctx)
		m.in.put(call.PauseUp{At: time.Now(), Since: cmd.Since})
	})
}

// Begun implements Recordings.
func (a *archive) Begun(ctx context.Context, r postgres.Recording) error {
	return a.writer.Write(ctx, r)
}

// Ended implements Recordings.
func (a *archive) Ended(e postgres.RecordingEnd) { a.submit(e) }

// Missing implements Recordings.
func (a *archive) Missing(g postgres.RecordingGap) { a.submit(g) }
