package ivr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeLine is a Line on a fake clock. It writes down what the person heard and
// how much of it.
type fakeLine struct {
	keys  chan string
	heard chan struct{}
	// lasts is how long each prompt sounds; others sound for a second.
	lasts map[string]time.Duration
	// missing prompts cannot be played; hangs makes Play and Music deaf to ctx.
	missing map[string]bool
	hangs   time.Duration
	// quickMusic stops at once even so.
	quickMusic bool
	// musicFails makes that many starts of the music fail.
	musicFails int

	began time.Time
	mu    sync.Mutex
	log   []played
	music []played
	tones string // the language
}

// played is one Play: from and to since the line began.
type played struct {
	what, language string
	from, to       time.Duration
	whole          bool
}

func newLine() *fakeLine {
	return &fakeLine{
		keys: make(chan string, 64), heard: make(chan struct{}, 8), began: time.Now(),
		lasts: map[string]time.Duration{"greeting": 1500 * time.Millisecond, "menu": 6 * time.Second}, missing: map[string]bool{},
	}
}

func (l *fakeLine) Keys() <-chan string    { return l.keys }
func (l *fakeLine) Heard() <-chan struct{} { return l.heard }

func (l *fakeLine) Language(code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tones = code
}

func (l *fakeLine) Play(ctx context.Context, prompts ...string) error {
	l.mu.Lock()
	p := played{what: strings.Join(prompts, " "), language: l.tones, from: time.Since(l.began)}
	l.mu.Unlock()
	var total time.Duration
	for _, id := range prompts {
		if l.missing[id] {
			return errors.New("no such prompt")
		}
		if d, ok := l.lasts[id]; ok {
			total += d
		} else {
			total += time.Second
		}
	}
	err := l.sound(ctx, total)
	p.to, p.whole = time.Since(l.began), err == nil
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = append(l.log, p)
	return err
}

func (l *fakeLine) Music(ctx context.Context) error {
	l.mu.Lock()
	p := played{what: "music", from: time.Since(l.began)}
	if l.musicFails > 0 {
		l.musicFails--
		l.mu.Unlock()
		return errors.New("no music")
	}
	l.mu.Unlock()
	var err error
	if l.quickMusic {
		<-ctx.Done()
	} else {
		err = l.sound(ctx, 24*time.Hour)
	}
	p.to = time.Since(l.began)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.music = append(l.music, p)
	return err
}

func (l *fakeLine) sound(ctx context.Context, total time.Duration) error {
	select {
	case <-time.After(total):
		return nil
	case <-ctx.Done():
		time.Sleep(l.hangs)
		return ctx.Err()
	}
}

// plays is what was heard, each with the second at which it began.
func (l *fakeLine) plays() []played {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.log)
}

func (l *fakeLine) heardPrompt(id string) bool {
	return slices.ContainsFunc(l.plays(), func(p played) bool { return p.what == id })
}

// at runs the steps at their times, each since the line began.
func (l *fakeLine) at(steps map[time.Duration]string) {
	for when, what := range steps {
		go func() {
			time.Sleep(when - time.Since(l.began))
			if what == "speaks" {
				l.heard <- struct{}{}
				return
			}
			for _, key := range strings.Fields(what) {
				l.keys <- key
			}
		}()
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
