package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"powerline/test/helpline"
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
	w := d.newWatcher()
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

// source is one process whose metrics are read.
type source struct {
	of      *helpline.Engine
	reading tally
	now     figures
	stale   bool // it gave none just now
}

// read takes in what the process says now, and returns what it said before.
func (s *source) read(ctx context.Context) (before figures) {
	text, err := s.of.Metrics(ctx)
	if ctx.Err() != nil && err == nil {
		return s.now
	}
	var read figures
	if err == nil {
		read, err = parseFigures(text)
	}
	before = s.now
	if s.stale = err != nil; !s.stale {
		s.now = s.reading.add(read)
	}
	return before
}

// watcher reads the metrics and the cases, and remembers what has happened.
type watcher struct {
	d      *demo
	engine source
	dialer *source // nil without one
	ladder ladder
	news   []item
}

func (d *demo) newWatcher() *watcher {
	w := &watcher{d: d, engine: source{of: d.line.Engines[0]}}
	if !d.noOutbound {
		w.dialer = &source{of: d.line.Dialers[0]}
	}
	return w
}

// remembered is how many events a screen may want.
const remembered = 60

func (w *watcher) look(ctx context.Context) {
	if ctx.Err() != nil {
		return // the end: the last figures stand
	}
	limited, cancel := context.WithTimeout(ctx, 800*time.Millisecond)
	defer cancel()
	before := w.engine.read(limited)
	w.tell(before, w.engine.now)
	if w.dialer != nil {
		before = w.dialer.read(limited)
		w.tell(before, w.dialer.now)
		w.readCases(limited)
	}
}

// tell adds what has changed between two readings to the news.
func (w *watcher) tell(before, now figures) {
	if before == nil {
		return
	}
	w.news = append(w.news, changes(before, now, time.Now())...)
	w.news = w.news[max(0, len(w.news)-remembered):]
}

// readCases looks at the cases as they lie in the database. While that is away
// the last look stands.
func (w *watcher) readCases(ctx context.Context) {
	db, err := w.d.line.Database(ctx)
	if err != nil {
		return
	}
	counts, err := db.CountCases(ctx)
	if err != nil {
		return
	}
	if moves, err := db.LatestMoves(ctx, 1); err == nil {
		w.ladder = ladder{counts, moves}
	}
}

func (w *watcher) view() view {
	since := time.Since(w.d.opened)
	v := view{
		now: time.Now(), since: since, perMinute: rate(w.d.perMinute(), since), threshold: w.d.threshold,
		pid: w.engine.of.PID(), stale: w.engine.stale, figures: w.engine.now, news: w.news, join: w.d.join(), code: w.d.doors.code(time.Now()),
	}
	if w.dialer != nil {
		v.outbound = &outbound{
			pid: w.dialer.of.PID(), stale: w.dialer.stale, figures: w.dialer.now, engine: w.engine.now,
			ladder: w.ladder, day: w.d.ladderNow().Sub(w.d.clock().At(w.d.opened)),
		}
	}
	return v
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
