package ivr

import (
	"context"
	"time"
)

// Line is one person's ear, voice and keys. One Line serves one call from its
// start to its end: keys pressed in one dialogue and not yet read are read by
// the next.
type Line interface {
	// Play plays prompts, named by their bare ids, one after the other in the
	// language chosen last. It returns nil when they have been heard to the end.
	// When ctx ends it returns at once, with the order to stop the sound already
	// on its way ahead of any later order for this line. An error says that a
	// prompt could not be played.
	Play(ctx context.Context, prompts ...string) error
	// Music plays the waiting music beneath the prompts: a prompt takes its
	// place and it comes back after. It returns when ctx ends, under the same
	// promise as Play, or earlier with an error when the music failed.
	Music(ctx context.Context) error
	// Keys gives one key per value ("0" … "9", "*", "#"), from the start of the
	// call, buffered so that none is lost.
	Keys() <-chan string
	// Heard gives a value when the person began to speak.
	Heard() <-chan struct{}
	// Language chooses the language of everything that is played from now on.
	Language(code string)
}

const (
	// MaxGreeting bounds the time before the queue.
	MaxGreeting = 8 * time.Second
	// MaxAnnouncement bounds what is played at one go to somebody who waits.
	MaxAnnouncement = 8 * time.Second
	// grace is how long a dialogue that must end waits for its sound to stop. A
	// sound that hangs longer is the Line's trouble, not the caller's.
	grace = 10 * time.Millisecond
)

// longest bounds one sound, so that a Line which never reports the end of a
// prompt does not silence every later one.
const longest = MaxAnnouncement + 2*time.Second

// voice plays one thing at a time beside the select loop of a dialogue.
type voice struct {
	line Line
	stop context.CancelFunc
	// done is closed when the sound has ended; nil while nothing plays.
	done chan struct{}
}

// say starts to play and returns at once. What was playing is stopped first.
// Whether a prompt could be played is the Line's to count: the dialogue goes on
// either way.
func (v *voice) say(ctx context.Context, prompts ...string) {
	v.hush()
	if ctx.Err() != nil {
		return // the hush may have used up the grace that the dialogue has
	}
	ctx, stop := context.WithTimeout(ctx, longest)
	done := make(chan struct{})
	v.stop, v.done = stop, done
	go func() {
		defer close(done)
		if len(prompts) > 0 {
			sound(ctx, func() { _ = v.line.Play(ctx, prompts...) })
		}
	}()
}

// hush stops the sound and waits for it to be gone.
func (v *voice) hush() {
	if v.speaking() {
		v.stop()
		<-v.done
		v.done = nil
	}
}

// finish waits until what is being said has been heard or its ctx ended.
func (v *voice) finish() {
	if v.speaking() {
		<-v.done
		v.ended()
	}
}

// ended forgets a sound that has ended by itself.
func (v *voice) ended() {
	v.stop()
	v.done = nil
}

// speaking reports whether something is being played.
func (v *voice) speaking() bool { return v.done != nil }

// sound runs play and returns when it has returned, but not later than the
// grace after ctx ended: a Line that hangs may hold up nothing else.
func sound(ctx context.Context, play func()) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		play()
	}()
	select {
	case <-over:
		return
	case <-ctx.Done():
	}
	limit := time.NewTimer(grace)
	defer limit.Stop()
	select {
	case <-over:
	case <-limit.C:
	}
}
