package redressal

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"

	"powerline/agent"
	"powerline/cases"
)

// Options are what Run needs.
type Options struct {
	Seed   uint64
	Days   int
	PerDay int // new cases a day
	Rules  cases.Rules
	Start  time.Time // midnight of the first day, local; zero: 1 January 2027
	// Steady: a number at which the right person was reached stays right. Without
	// it each dial draws anew, as the domain's table is written, and a number that
	// was right yesterday can be a stranger's today.
	Steady bool
	// EachDay, if set, is called after each day; an error ends the run with it.
	EachDay func(day int) error
}

// Report is what a run counted. Attempts, Tasks and Conversations are of the
// dialled kinds.
type Report struct {
	Options Options
	Cases   int
	Open    int // at the end
	Steps   int
	// AttemptsADay counts the dials of each day.
	AttemptsADay []int
	// Daily are the same, by kind.
	Daily         []map[cases.Kind]int
	Attempts      map[cases.Kind]int
	Conversations map[cases.Kind]int
	Tasks         map[cases.Kind]int
	// Outcomes are what conversations of each kind came to, and Causes how dials
	// that nobody answered ended.
	Outcomes map[cases.Kind]map[cases.Outcome]int
	Causes   map[cases.Cause]int
	Closed   map[cases.Closure]int
	Raised   map[cases.Concern]int
	// Watches is how often a case began its 30 days, Finals how often they ended
	// in the asking; the difference is in Watch, or reported again.
	Watches, Finals int
	// Capped counts dials that were put off because the number had had enough.
	Capped int
}

// Mean is the mean number of attempts a day from the given day on.
func (r Report) Mean(from int) float64 {
	n := 0
	for _, a := range r.AttemptsADay[from:] {
		n += a
	}
	return float64(n) / float64(len(r.AttemptsADay)-from)
}

// String shows the report, a figure a line.
func (r Report) String() string {
	text := fmt.Sprintf("%d cases, %d steps, %d open at the end; %d watches, %d finals; %d dials put off by the number's limit\n",
		r.Cases, r.Steps, r.Open, r.Watches, r.Finals, r.Capped)
	for _, k := range cases.Kinds {
		if r.Tasks[k] > 0 {
			text += fmt.Sprintf("  %-9s %8d tasks %8d attempts %8d conversations\n", k, r.Tasks[k], r.Attempts[k], r.Conversations[k])
		}
	}
	return text + fmt.Sprintf("  closed %v\n  raised %v\n", r.Closed, r.Raised)
}

// Run lives Days days with PerDay new cases each, and fails at the first step
// that breaks a law of the ladder.
func Run(o Options) (Report, error) {
	if o.Start.IsZero() {
		o.Start = time.Date(2027, 1, 1, 0, 0, 0, 0, cases.Local)
	}
	w := newWorld(o)
	arrivals := rand.New(rand.NewPCG(o.Seed, 0))
	for day := range o.Days {
		for range o.PerDay {
			at := o.Start.AddDate(0, 0, day).Add(time.Duration(arrivals.Int64N(int64(24 * time.Hour))))
			w.report.Cases++
			l := newLife(o, w.report.Cases)
			heap.Push(&w.agenda, entry{at: at, n: w.report.Cases, life: l})
		}
		if err := w.until(o.Start.AddDate(0, 0, day+1)); err != nil {
			return w.report, err
		}
		w.forget(o.Start.AddDate(0, 0, day))
		if o.EachDay != nil {
			if err := o.EachDay(day); err != nil {
				return w.report, err
			}
		}
	}
	for _, e := range w.agenda {
		if e.life.c.State.Open() {
			w.report.Open++
		}
	}
	return w.report, nil
}

// world is the population.
type world struct {
	o      Options
	agenda agenda
	report Report
	dials  map[string][]time.Time // of each number, lately
	// known are offenders' numbers that another case can meet again.
	known []string
}

func newWorld(o Options) *world {
	w := &world{o: o, dials: map[string][]time.Time{}, report: Report{
		Options: o, AttemptsADay: make([]int, o.Days), Daily: make([]map[cases.Kind]int, o.Days),
		Attempts: map[cases.Kind]int{}, Conversations: map[cases.Kind]int{}, Tasks: map[cases.Kind]int{},
		Outcomes: map[cases.Kind]map[cases.Outcome]int{}, Causes: map[cases.Cause]int{},
		Closed: map[cases.Closure]int{}, Raised: map[cases.Concern]int{},
	}}
	for day := range w.report.Daily {
		w.report.Daily[day] = map[cases.Kind]int{}
	}
	for _, k := range cases.Kinds {
		w.report.Outcomes[k] = map[cases.Outcome]int{}
	}
	return w
}

// until lives all lives up to the moment.
func (w *world) until(t time.Time) error {
	for len(w.agenda) > 0 && w.agenda[0].at.Before(t) {
		e := w.agenda[0]
		next, err := w.wake(e.life, e.at)
		if err != nil {
			return fmt.Errorf("case %s, seed %d, %s: %w", e.life.c.ID, w.o.Seed, e.at.In(cases.Local), err)
		}
		if next.IsZero() {
			heap.Pop(&w.agenda)
			continue
		}
		w.agenda[0].at = next
		heap.Fix(&w.agenda, 0)
	}
	return nil
}

// wake lets one life do what is due, and says when it wants to be woken again;
// zero for never.
func (w *world) wake(l *life, at time.Time) (time.Time, error) {
	if l.c.State == cases.Intake {
		f := l.complaint(w)
		if err := w.step(l, at, f.Taker.ID, f); err != nil {
			return time.Time{}, err
		}
		l.plan(at, w.o.Rules)
		return l.next(w.o.Rules), nil
	}
	what, by, err := l.due(w, at)
	if err != nil {
		return time.Time{}, err
	}
	if what != nil {
		if err := w.step(l, at, by, what); err != nil {
			return time.Time{}, err
		}
		l.plan(at, w.o.Rules)
	}
	next := l.next(w.o.Rules)
	if !next.IsZero() && !next.After(at) {
		next = at.Add(time.Second) // something else is due as well
	}
	return next, nil
}

// step sends one event and holds the laws against what came of it.
func (w *world) step(l *life, at time.Time, by agent.ID, what cases.What) error {
	before := l.c
	l.events++
	next, effects, verdict := w.o.Rules.Step(before, cases.Event{
		ID: fmt.Sprintf("%d", l.events), Version: before.Version, At: at, By: by, What: what,
	})
	w.report.Steps++
	if l.told != nil {
		l.told(at, what, next, effects, verdict)
	}
	if verdict != cases.Applied {
		return fmt.Errorf("%T in %s was %s: %+v", what, before.State, verdict, what)
	}
	l.c = next
	l.delayed = l.delayed || next.ForSupervisor() || next.OnHold() || next.InEmergency()
	w.count(at, what, before, effects)
	for _, e := range effects {
		if m, ok := e.(cases.Moved); ok {
			if err := w.moved(l, m, at); err != nil {
				return err
			}
		}
	}
	return lawful(l.c)
}

// moved holds the law of the 30 days: one asking for each, and not early.
func (w *world) moved(l *life, m cases.Moved, at time.Time) error {
	if m.To == cases.Watch {
		w.report.Watches++
		l.watch, l.delayed = l.c.LastFeedback, false
	}
	if m.By != "T17" {
		return nil
	}
	w.report.Finals++
	switch since := at.Sub(l.watch); {
	case l.watch.IsZero():
		return fmt.Errorf("a second final feedback for one feedback")
	case since < w.o.Rules.Final.After:
		return fmt.Errorf("the final feedback comes %s after the last one", since)
	case !l.delayed && since > w.o.Rules.Final.After+time.Minute:
		return fmt.Errorf("the final feedback is late: %s after the last one", since)
	}
	l.watch = time.Time{}
	return nil
}

// Laws are what every run holds each of its steps against; it ends at the first
// step that breaks one.
var Laws = []string{
	"every event that a life sends is one that the ladder takes",
	"an open case has exactly one next thing, a closed one none",
	"no call to an offender or his contacts is in hand where the ladder bars it",
	"a task that is due may be dialled by the ladder's own rules, or waits for its window, its number's limit or a counsellor",
	"the final feedback comes once for each last feedback, never before its time, and not late unless an overlay stood in its way",
}

// lawful checks what must be true of every case at every moment.
func lawful(c cases.Case) error {
	n := len(c.Next())
	if c.State.Open() && n != 1 || !c.State.Open() && n != 0 {
		return fmt.Errorf("in %s the case has %d next things: %+v", c.State, n, c.Next())
	}
	_, barred := c.OffenderBarred()
	for _, t := range c.Tasks {
		if barred && (t.Kind == cases.CallOffender || t.Kind == cases.CallContact) {
			return fmt.Errorf("in %s a %s task is in hand", c.State, t.Kind)
		}
	}
	return nil
}

// count notes what happened.
func (w *world) count(at time.Time, what cases.What, before cases.Case, effects []cases.Effect) {
	task := cases.TaskID("")
	switch ev := what.(type) {
	case cases.Spoken:
		task = ev.Task
		if t, known := before.Task(task); known {
			w.report.Conversations[t.Kind]++
			w.report.Outcomes[t.Kind][ev.Outcome]++
		}
	case cases.AttemptEnded:
		task = ev.Task
		w.report.Causes[ev.Cause]++
	}
	if t, known := before.Task(task); known {
		w.report.Attempts[t.Kind]++
		if day := int(at.Sub(w.o.Start) / (24 * time.Hour)); day < len(w.report.AttemptsADay) {
			w.report.AttemptsADay[day]++
			w.report.Daily[day][t.Kind]++
		}
		w.dials[t.Number] = append(w.dials[t.Number], at)
	}
	for _, e := range effects {
		switch e := e.(type) {
		case cases.Open:
			w.report.Tasks[e.Task.Kind]++
		case cases.Raised:
			w.report.Raised[e.Why]++
		case cases.Moved:
			if e.To == cases.Closed {
				w.report.Closed[closure(what)]++
			}
		}
	}
}

// closure is why the event closes a case.
func closure(what cases.What) cases.Closure {
	switch ev := what.(type) {
	case cases.Decided:
		return ev.Closure
	case cases.Spoken:
		if ev.Outcome == cases.Positive {
			return cases.Resolved
		}
	}
	return cases.Withdrawn
}

// elsewhere are the dials of a number for other tasks than this one.
func (w *world) elsewhere(t cases.Task) []time.Time {
	var others []time.Time
	for _, at := range w.dials[t.Number] {
		mine := false
		for _, a := range t.Attempts {
			mine = mine || a.At.Equal(at)
		}
		if !mine {
			others = append(others, at)
		}
	}
	return others
}

// forget drops dials of days that are over.
func (w *world) forget(before time.Time) {
	for number, dials := range w.dials {
		if dials[len(dials)-1].Before(before) {
			delete(w.dials, number)
		}
	}
}

// agenda is a heap of lives by when they are to be woken.
type agenda []entry

type entry struct {
	at   time.Time
	n    int
	life *life
}

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if !a[i].at.Equal(a[j].at) {
		return a[i].at.Before(a[j].at)
	}
	return a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

// Push adds an entry, for container/heap.
func (a *agenda) Push(x any) {
	if e, ok := x.(entry); ok {
		*a = append(*a, e)
	}
}

// Pop removes the last entry, for container/heap.
func (a *agenda) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = entry{}
	*a = old[:len(old)-1]
	return last
}
