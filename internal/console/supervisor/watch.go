package supervisor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"powerline/figure"
	"powerline/internal/console"
	"powerline/internal/postgres"
)

const (
	// recent is what "now" means for a share: fewer calls would jump about.
	recent = 30 * time.Minute
	// figuresEvery is how often figures are read while somebody looks at them,
	// figuresIdle while nobody does.
	figuresEvery, figuresIdle = 5 * time.Second, time.Minute
	// lateAfter is how long a task may have been due, as in the alarm.
	lateAfter = 24 * time.Hour
)

// Figures are the figures of a stretch of time. What is not known is absent.
type Figures struct {
	From      time.Time `json:"from"`
	Answered  int       `json:"answered"`
	InTime    int       `json:"inTime"`
	Late      int       `json:"late"` // abandoned after T
	Abandoned int       `json:"abandoned"`
	Short     int       `json:"short"`
	Level     *float64  `json:"level,omitempty"`
	ASA       *float64  `json:"asa,omitempty"` // seconds
	AHT       *float64  `json:"aht,omitempty"`
	Occupancy *float64  `json:"occupancy,omitempty"`
	Targets   []Met     `json:"targets"`
}

// Met is a target and how far it is met.
type Met struct {
	Name  string   `json:"name"`
	Level *float64 `json:"level,omitempty"`
	Met   bool     `json:"met"`
	Burn  *float64 `json:"burn,omitempty"`
}

// Today is what the wall shows out of the books.
type Today struct {
	At     time.Time `json:"at"` // when it was read
	Within float64   `json:"within"`
	Now    *Figures  `json:"now,omitempty"`
	Day    *Figures  `json:"day,omitempty"`
	Due    int       `json:"due"` // tasks
	Late   int       `json:"late"`
	Aside  int       `json:"aside"`
	// Stale: the books do not answer; what stands here is as old as At says.
	Stale bool `json:"stale,omitempty"`
}

// Watch keeps what the wall shows and no change of the floor announces: time that
// passes, and figures out of the books. Run it beside the console.
type Watch struct {
	Options
	board func() Board
	today atomic.Pointer[Today]

	mu      sync.Mutex
	seen    alarms
	raised  []Alarm
	waiting bool
}

func newWatch(o Options) *Watch {
	w := &Watch{Options: o, seen: alarms{}, raised: []Alarm{}}
	w.board = console.Once(o.Hub, w.look)
	w.today.Store(&Today{Stale: true})
	return w
}

// look is the board of this moment.
func (w *Watch) look() Board {
	b := boardOf(w.Look())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = b.Waiting > 0
	b.Alarms = w.raised
	return b
}

// Run looks at the clock each second and at the books every few, until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var read time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		every := figuresIdle
		if w.Hub.Open() > 0 {
			every = figuresEvery
		}
		if now := time.Now(); now.Sub(read) >= every {
			read = now
			w.read(ctx, now)
		}
		if w.tick(time.Now()) {
			w.Hub.Changed()
		}
	}
}

// tick takes the alarms further, and reports whether the wall shows another
// second: somebody waits, or an alarm came or went.
func (w *Watch) tick(now time.Time) bool {
	m := w.Look()
	signs := signsOf(m, boardOf(m), w.Health(), w.Config().Prompts.Languages)
	w.mu.Lock()
	defer w.mu.Unlock()
	raised := w.seen.step(now, signs)
	changed := len(raised) != len(w.raised)
	for i := range raised {
		changed = changed || raised[i] != w.raised[i]
	}
	w.raised = raised
	return changed || w.waiting
}

// read takes new figures out of the books. Without an answer the old ones stay,
// and say that they are old.
func (w *Watch) read(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, figuresEvery)
	defer cancel()
	next, err := w.figures(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			w.Log.Warn("figures of today could not be read; the wall shows the old ones", "error", err)
		}
		old := *w.today.Load()
		old.Stale = true
		next = old
	}
	w.today.Store(&next)
	w.Hub.Changed()
}

func (w *Watch) figures(ctx context.Context, now time.Time) (Today, error) {
	t := Today{At: now.UTC(), Within: w.Config().ServiceLevel.Threshold.Seconds()}
	midnight := dayOf(now)
	for _, part := range []struct {
		from time.Time
		into **Figures
	}{{now.Add(-recent), &t.Now}, {midnight, &t.Day}} {
		f, err := w.between(ctx, postgres.Period{From: part.from, To: now, Part: now.Sub(part.from)})
		if err != nil {
			return t, err
		}
		*part.into = &f
	}
	ladder := w.Clock()
	all, err := w.Store.Backlogs(ctx, ladder, ladder.Add(-lateAfter))
	for _, b := range all {
		t.Due, t.Late, t.Aside = t.Due+b.Due, t.Late+b.Late, t.Aside+b.SetAside
	}
	return t, err
}

// between are the figures of a period of one part.
func (w *Watch) between(ctx context.Context, p postgres.Period) (Figures, error) {
	none := Figures{}
	if p.Part < time.Second {
		return none, nil // the day has just begun
	}
	within := w.Config().ServiceLevel.Threshold
	all, err := sumsOf(ctx, reporter{store: w.Store, within: within, now: p.To}, p)
	if err != nil {
		return none, err
	}
	return figuresOf(p.From, all.calls, all.spent, within), nil
}

func figuresOf(from time.Time, c figure.Calls, t figure.Time, within time.Duration) Figures {
	f := Figures{From: from.UTC(), Answered: c.Answered, Abandoned: c.Abandoned, Short: c.Short, Targets: []Met{}}
	level := c.ServiceLevel(within)
	f.InTime, f.Late = level.Part, level.Whole-c.Answered
	f.Level = shareOf(level)
	f.ASA, f.AHT = secondsOf(c.ASA()), secondsOf(figure.AHT(c, t))
	if o, known := t.Occupancy(); known {
		f.Occupancy = &o
	}
	for _, target := range figure.Targets {
		reached := c.ServiceLevel(target.Within)
		m := Met{Name: target.Name, Level: shareOf(reached), Met: reached.AtLeast(target.Share)}
		if burn, known := figure.BurnRate(c, target); known {
			m.Burn = &burn
		}
		f.Targets = append(f.Targets, m)
	}
	if !level.Known() {
		f.Late = 0
	}
	return f
}

func shareOf(s figure.Share) *float64 {
	if !s.Known() {
		return nil
	}
	v := s.Value()
	return &v
}

func secondsOf(d time.Duration, known bool) *float64 {
	if !known {
		return nil
	}
	v := d.Seconds()
	return &v
}

// india is the time by which days are cut: the helpline's own.
var india = time.FixedZone("IST", 5*3600+1800)

// dayOf is the midnight, in India, with which the day of a moment began.
func dayOf(at time.Time) time.Time {
	local := at.In(india)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, india)
}
