package ivr

import (
	"context"
	"log/slog"
	"time"
)

// Place is where a waiting caller stands.
type Place struct {
	// Position counts from 1, the next to be answered; zero is unknown.
	Position int
	// Wait is how long it will take from now; zero is unknown.
	Wait time.Duration
	// Nobody: no agent who might take her is logged in.
	Nobody bool
}

// Kind says what a Sign is.
type Kind string

// What a waiting caller can tell.
const (
	Spoke         Kind = "spoke"          // she was heard, for the first time
	Chose         Kind = "chose"          // a key of the menu, later than the greeting
	ChoseLanguage Kind = "chose-language" // the same for a language
	Plea          Kind = "plea"           // asked to, a key speaks for her
	Danger        Kind = "danger"         // the same key twice; told once
	Emergency     Kind = "emergency"      // nobody is there and she asks for 112
)

// Sign is what a waiting caller told.
type Sign struct {
	Kind Kind `json:"kind"`
	// Key is what she pressed, for the agent's eyes only.
	Key string `json:"key,omitempty"`
	// Category comes with Chose and Danger, Language with ChoseLanguage.
	Category string `json:"category,omitempty"`
	Language string `json:"language,omitempty"`
}

// LogValue leaves the key out.
func (s Sign) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kind", string(s.Kind)),
		slog.String("category", s.Category), slog.String("language", s.Language))
}

// Company is what KeepCompany needs to know.
type Company struct {
	Menu    Menu
	Waiting Waiting
	// Answer is what the greeting found out. After a restart of the engine only
	// its Category and Language need be known.
	Answer Answer
	// Resumed leaves out what she has heard already: the first word.
	Resumed bool
	// Breath is how long the music plays before the first word.
	Breath time.Duration
	// Place tells where she stands now. It is asked every second and must answer
	// from memory. Nil when nothing is known.
	Place func() Place
	// Tell takes her signs. It is called from within the dialogue and must not
	// block.
	Tell func(Sign)
}

const (
	// look is how often the place is looked up; it bounds how late she learns
	// that nobody is there.
	look = time.Second
	// musicAgain is the pause before failed music is started again.
	musicAgain = 2 * time.Second
)

// KeepCompany plays music and announcements to a caller who waits and listens
// to what she tells. It never ends by itself: it returns when ctx ends, because
// an agent answers or she hung up, and then within ten milliseconds.
func KeepCompany(ctx context.Context, line Line, c Company) {
	music := make(chan struct{})
	go func() {
		defer close(music)
		playMusic(ctx, line)
	}()
	v := voice{line: line}
	s := newStay(c, time.Now())
	line.Language(s.language)
	begin := time.NewTimer(c.Breath)
	defer begin.Stop()
	wake := time.NewTicker(look)
	defer wake.Stop()
	for keys, heard := line.Keys(), line.Heard(); ctx.Err() == nil; {
		select {
		case <-ctx.Done():
		case <-begin.C:
			if first := s.first(time.Now()); len(first) > 0 && !v.speaking() {
				v.say(ctx, first...)
			}
		case <-v.done:
			v.ended()
			s.quietSince = time.Now()
		case _, open := <-heard:
			if !open {
				heard = nil
				continue
			}
			s.tell(s.heard(time.Now())...)
		case key, open := <-keys:
			if !open {
				keys = nil
				continue
			}
			signs, reply := s.press(key, time.Now())
			line.Language(s.language)
			s.tell(signs...)
			if reply != "" {
				v.say(ctx, reply)
			}
		case <-wake.C:
			if next := s.due(time.Now(), v.speaking()); len(next) > 0 {
				v.say(ctx, next...)
			}
		}
	}
	v.hush()
	<-music
}

// playMusic keeps the music going, also after it failed: she never hears nothing.
func playMusic(ctx context.Context, line Line) {
	for ctx.Err() == nil {
		sound(ctx, func() { _ = line.Music(ctx) })
		select {
		case <-ctx.Done():
		case <-time.After(musicAgain):
		}
	}
}
