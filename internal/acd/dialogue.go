package acd

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/ivr"
)

// dialogue is a conversation of the machine with a caller.
type dialogue struct {
	stop context.CancelFunc
	done chan struct{}
}

// converse ends what she hears and begins something else.
func (m *mailbox) converse(talk func(context.Context)) {
	m.leaveAlone()
	ctx, cancel := context.WithCancel(m.ctx)
	d := &dialogue{stop: cancel, done: make(chan struct{})}
	m.dialogue = d
	go func() {
		defer close(d.done)
		defer cancel()
		talk(ctx)
	}()
}

// leaveAlone stops prompts and music, and waits until Asterisk was told so:
// what still plays would hold up the bridge, or sound into it.
func (m *mailbox) leaveAlone() {
	if m.inherits {
		m.inherits = false
		m.hush()
	}
	if m.dialogue == nil {
		return
	}
	m.dialogue.stop()
	<-m.dialogue.done
	m.dialogue = nil
}

// hush stops what an engine before this one has left her with: it would sound
// on in the bridge, or hold that up until its end.
func (m *mailbox) hush() {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	var stopping sync.WaitGroup
	for n := range playbackNames {
		stopping.Go(func() {
			if err := m.e.ari.StopPlayback(ctx, playbackName(m.id, n)); err != nil && ctx.Err() == nil {
				m.e.log.Info("prompt of an earlier engine could not be stopped", "call", m.id, "error", err)
			}
		})
	}
	stopping.Go(func() {
		if err := m.e.ari.StopMusic(ctx, m.id); err != nil && ctx.Err() == nil && !asterisk.IsNotFound(err) && !asterisk.IsConflict(err) {
			m.e.log.Info("music of an earlier engine could not be stopped", "call", m.id, "error", err)
		}
	})
	stopping.Wait()
}

// A channel's prompts take their names in turn out of a few, so that another
// engine can stop them without having been told what they are.
const playbackNames = 4

func playbackName(channel string, n int) string {
	return fmt.Sprintf("%s.p%d", channel, n%playbackNames)
}

// greet is the dialogue before the queue.
func (m *mailbox) greet(menu string) func(context.Context) {
	s := m.e.settings()
	l := m.e.lineOf(m.id)
	return func(ctx context.Context) {
		answer := ivr.Greet(ctx, l, s.Menus[menu])
		if ctx.Err() != nil {
			return
		}
		l.setAnswer(answer)
		m.in.put(call.Greeted{
			At: time.Now(), Category: answer.Category, Language: answer.Language, Silence: silenceOf(answer),
		})
	}
}

func silenceOf(a ivr.Answer) call.Silence {
	switch {
	case a.Danger:
		return call.Danger
	case a.Silent():
		return call.Mute
	}
	return call.NotSilent
}

// keepCompany is what she hears while she waits.
func (m *mailbox) keepCompany(afterGap bool) func(context.Context) {
	s := m.e.settings()
	l := m.e.lineOf(m.id)
	menu := s.Menus[s.line(m.c.Line).Menu]
	company := ivr.Company{
		Menu: menu, Waiting: s.Waiting, Answer: l.takenAnswer(), Resumed: afterGap, Breath: breath,
		Place: func() ivr.Place { return m.e.place(m.id) },
		Tell:  func(sign ivr.Sign) { m.signed(sign) },
	}
	return func(ctx context.Context) { ivr.KeepCompany(ctx, l, company) }
}

// breath is how long a caller who has just come hears music without a word. If an
// agent is free and her phone picks up by itself she has her by then: without a word
// that breaks off, and without three orders to Asterisk in the way of the phone that
// is to ring: at 100 calls/s those orders were what made a short delay a long one. The
// music is ordered at once, for it goes on should this process hang.
const breath = 600 * time.Millisecond

// signed turns what she did while waiting into events.
func (m *mailbox) signed(sign ivr.Sign) {
	now := time.Now()
	switch sign.Kind {
	case ivr.Spoke:
		m.in.put(call.Spoke{At: now})
	case ivr.Plea:
		m.in.put(call.Pleaded{At: now})
	case ivr.Danger:
		m.in.put(call.Pleaded{At: now, Danger: true})
	case ivr.Chose:
		m.in.put(call.Chose{At: now, Category: sign.Category})
	case ivr.ChoseLanguage:
		m.in.put(call.Chose{At: now, Language: sign.Language})
	case ivr.Emergency:
		m.in.put(call.Emergency{At: now})
	}
}

// line is one channel as a dialogue sees it.
type line struct {
	e        *Engine
	channel  string
	keys     chan string
	heard    chan struct{}
	language atomic.Value // string
	lost     atomic.Bool  // another engine speaks with her: not a word more from here

	mu     sync.Mutex
	answer ivr.Answer
	serial int
	ended  map[string]chan bool // playback id → whether it failed
	onEnd  func()               // called when the channel is gone

	music   sync.Mutex // held while music is ordered on or off, so that off comes last
	musical bool       // she shall hear music whenever nothing is said

	entered chan struct{} // closed when a leg that we made is ours to use
	enter   func()
}

const keysHeld = 64 // more digits than anybody presses before they are read

func newLine(e *Engine, channel, language string) *line {
	l := &line{
		e: e, channel: channel, keys: make(chan string, keysHeld), heard: make(chan struct{}, 1),
		ended: map[string]chan bool{},
	}
	l.language.Store(language)
	l.entered = make(chan struct{})
	l.enter = sync.OnceFunc(func() { close(l.entered) })
	return l
}

// Play implements ivr.Line.
func (l *line) Play(ctx context.Context, prompts ...string) error {
	l.e.awake(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	media := make([]string, len(prompts))
	for i, p := range prompts {
		media[i] = "sound:powerline/" + p
	}
	id, finished := l.expectPlayback()
	defer l.forgetPlayback(id)
	p := asterisk.Prompt{ID: id, Media: media, Language: l.language.Load().(string)}
	if err := l.e.ari.Play(ctx, l.channel, p); err != nil {
		if ctx.Err() != nil {
			l.stopPlayback(id)
		}
		return err
	}
	l.musicAfter()
	select {
	case failed := <-finished:
		if failed {
			return fmt.Errorf("acd: prompt %v did not play: check `acd check` for missing files", prompts)
		}
		return nil
	case <-ctx.Done():
		l.stopPlayback(id)
		return ctx.Err()
	}
}

// Music implements ivr.Line: music on hold until ctx ends.
func (l *line) Music(ctx context.Context) error {
	if err := l.startMusic(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	l.stopMusic(ctx)
	return ctx.Err()
}

// startMusic orders music on from now on. The order is not taken back when ctx
// ends: an order of which nobody knows whether it came could come after "off".
func (l *line) startMusic(ctx context.Context) error {
	l.music.Lock()
	defer l.music.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.musical = true
	return l.orderMusic()
}

// musicAfter orders music behind the prompt that has just been ordered. A prompt
// ends the music beneath it for good; an order that waits behind the prompt
// brings it back even if this process stops or hangs meanwhile.
func (l *line) musicAfter() {
	l.music.Lock()
	defer l.music.Unlock()
	if !l.musical {
		return
	}
	if err := l.orderMusic(); err != nil && !asterisk.IsNotFound(err) && !asterisk.IsConflict(err) && l.e.ctx.Err() == nil {
		l.e.log.Warn("music could not be ordered behind a prompt", "channel", l.channel, "error", err)
	}
}

func (l *line) orderMusic() error {
	ctx, cancel := context.WithTimeout(l.e.ctx, musicLimit)
	defer cancel()
	return l.e.ari.StartMusic(ctx, l.channel, "")
}

func (l *line) stopMusic(ctx context.Context) {
	l.music.Lock()
	defer l.music.Unlock()
	l.musical = false
	if l.lost.Load() {
		return
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), musicLimit)
	defer cancel()
	if err := l.e.ari.StopMusic(stop, l.channel); err != nil && !asterisk.IsNotFound(err) && !asterisk.IsConflict(err) {
		l.e.log.Warn("music could not be stopped", "channel", l.channel, "error", err)
	}
}

// musicLimit is how long an order about music may take.
const musicLimit = 2 * time.Second

// onGone asks for a call when the channel ends.
func (l *line) onGone(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onEnd = f
}

func (l *line) hungUp() {
	l.mu.Lock()
	f := l.onEnd
	l.mu.Unlock()
	if f != nil {
		f()
	}
}

// Keys implements ivr.Line.
func (l *line) Keys() <-chan string { return l.keys }

// Heard implements ivr.Line.
func (l *line) Heard() <-chan struct{} { return l.heard }

// Language implements ivr.Line.
func (l *line) Language(code string) { l.language.Store(code) }

// press brings a key to the dialogue.
func (l *line) press(key string) {
	select {
	case l.keys <- key:
	default: // sixty-four unread keys: nobody is speaking with us in keys
	}
}

func (l *line) speak() {
	select {
	case l.heard <- struct{}{}:
	default:
	}
}

func (l *line) setAnswer(a ivr.Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = a
}

func (l *line) takenAnswer() ivr.Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answer
}

func (l *line) expectPlayback() (string, <-chan bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	id := playbackName(l.channel, l.serial)
	ch := make(chan bool, 1)
	l.ended[id] = ch
	return id, ch
}

func (l *line) forgetPlayback(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ended, id)
}

func (l *line) playbackFinished(id string, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ch, ok := l.ended[id]; ok {
		ch <- failed
		delete(l.ended, id)
	}
}

func (l *line) stopPlayback(id string) {
	if l.lost.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := l.e.ari.StopPlayback(ctx, id); err != nil {
		l.e.log.Warn("prompt could not be stopped", "channel", l.channel, "error", err)
	}
}
