package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// show plays and shows until somebody ends it or the time is up.
func (d *demo) show(ctx context.Context) error {
	if d.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.duration)
		defer cancel()
	}
	d.play(ctx)
	t := d.display()
	for _, line := range d.join() {
		t.note(line)
	}
	w := watcher{d: d, reading: &tally{}}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			t.end(w.view())
			return nil
		case <-tick.C:
			t.frame(w.view())
		}
	}
}

// watcher reads the engine's metrics and remembers what has happened.
type watcher struct {
	d       *demo
	reading *tally
	now     figures
	stale   bool
	news    []item
}

// remembered is how many events a screen may want.
const remembered = 60

func (w *watcher) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, 800*time.Millisecond)
	defer cancel()
	text, err := w.d.line.Engines[0].Metrics(limited)
	if ctx.Err() != nil {
		return // the end: the last figures stand
	}
	var read figures
	if err == nil {
		read, err = parseFigures(text)
	}
	if w.stale = err != nil; w.stale {
		return
	}
	read = w.reading.add(read)
	if w.now != nil {
		w.news = append(w.news, changes(w.now, read, time.Now())...)
		w.news = w.news[max(0, len(w.news)-remembered):]
	}
	w.now = read
}

func (w *watcher) view() view {
	since := time.Since(w.d.opened)
	return view{
		now: time.Now(), since: since, perMinute: rate(w.d.perMinute(), since), threshold: w.d.threshold,
		pid: w.d.line.Engines[0].PID(), stale: w.stale, figures: w.now, news: w.news, join: w.d.join(),
	}
}

// display shows frames somewhere.
type display interface {
	note(line string)
	frame(v view)
	end(v view)
}

// display is a screen where there is a terminal that knows how, and a log
// everywhere else.
func (d *demo) display() display {
	file, isFile := d.out.(*os.File)
	if d.plain || !isFile || !term.IsTerminal(int(file.Fd())) || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return &logDisplay{out: d.out}
	}
	fmt.Fprint(d.out, "\x1b[?1049h\x1b[?25l") // a screen of its own, without a cursor
	return &terminal{out: file}
}

// logDisplay writes a line every few seconds.
type logDisplay struct {
	out    io.Writer
	frames int
}

const linesEvery = 5 // frames, which come each second

func (l *logDisplay) note(line string) { fmt.Fprintln(l.out, line) }

func (l *logDisplay) frame(v view) {
	if l.frames++; l.frames%linesEvery == 0 {
		fmt.Fprintln(l.out, v.line())
	}
}

func (l *logDisplay) end(v view) { fmt.Fprintln(l.out, "the end: "+v.line()) }

// terminal redraws a whole screen.
type terminal struct{ out *os.File }

func (*terminal) note(string) {} // each frame says it

func (t *terminal) frame(v view) {
	width, height, err := term.GetSize(int(t.out.Fd()))
	if err != nil || width < 20 || height < 5 {
		width, height = 80, 24
	}
	// Each line is cleared behind its text, so that nothing flickers.
	fmt.Fprint(t.out, "\x1b[H"+strings.Join(v.draw(width, height), "\x1b[K\r\n")+"\x1b[J")
}

// end gives the terminal back as it was, and leaves the last figures on it.
func (t *terminal) end(v view) {
	fmt.Fprint(t.out, "\x1b[?25h\x1b[?1049l")
	v.join = nil
	v.news = nil
	for _, line := range v.draw(160, 100) {
		if line == "LAST" {
			break
		}
		fmt.Fprintln(t.out, line)
	}
}
