package redressal

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/cases"
)

// due is what the life wants to do at this moment: nil for nothing.
func (l *life) due(w *world, at time.Time) (cases.What, agent.ID, error) {
	for i, m := range l.meetings {
		if !m.at.After(at) {
			l.meetings = slices.Delete(l.meetings, i, i+1)
			return m.what(l.c), m.by, nil
		}
	}
	for _, t := range l.c.Timers {
		if !t.Due.After(at) {
			return cases.TimeUp{Timer: t.Name}, "", nil
		}
	}
	for _, t := range l.c.Tasks {
		switch {
		case !t.NotAfter.IsZero() && !t.NotAfter.After(at):
			return cases.Expired{Task: t.ID}, "", nil
		case t.Pull || !t.Kind.Dialled():
		case !l.dialAt(t, w.o.Rules).After(at):
			return l.dial(w, t, at)
		}
	}
	return nil, "", nil
}

// next is when something will be due; zero when nothing ever will.
func (l *life) next(r cases.Rules) time.Time {
	var next time.Time
	earliest := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, m := range l.meetings {
		earliest(m.at)
	}
	for _, t := range l.c.Timers {
		earliest(t.Due)
	}
	for _, t := range l.c.Tasks {
		earliest(t.NotAfter)
		if !t.Pull && t.Kind.Dialled() {
			earliest(l.dialAt(t, r))
		}
	}
	return next
}

// dialAt is when the task is dialled: up to two hours after it is due, if the
// window allows, for everybody is busy.
func (l *life) dialAt(t cases.Task, r cases.Rules) time.Time {
	if d, known := l.dials[t.ID]; known && d.due.Equal(t.Due) {
		return d.at
	}
	at := l.within(t.Due, 0, 2*time.Hour)
	if at.Before(t.Due) {
		at = t.Due
	}
	if !t.Window.OpenFor(at, r.Limits.Ring) {
		at = t.Due
	}
	for range 10000 {
		if t.Window.OpenFor(at, r.Limits.Ring) {
			break
		}
		at, _ = t.Window.NextOpen(at.Add(r.Limits.Ring))
	}
	l.dials[t.ID] = dial{t.Due, at}
	return at
}

// dial asks whether the task may be dialled, and dials it.
func (l *life) dial(w *world, t cases.Task, at time.Time) (cases.What, agent.ID, error) {
	elsewhere := w.elsewhere(t)
	if why := w.o.Rules.Check(t, l.c, cases.Facts{Elsewhere: elsewhere, Agents: everybody}, at); len(why) > 0 {
		return nil, "", l.putOff(w, t, at, why)
	}
	by := l.somebody(t)
	delete(l.dials, t.ID)
	attempt := fmt.Sprintf("a%d", l.events)
	cause, outcome := l.fate(t)
	if cause != cases.Answered {
		return cases.AttemptEnded{Task: t.ID, Attempt: attempt, Number: t.Number, Dialled: at, Cause: cause, Elsewhere: elsewhere}, by, nil
	}
	return cases.Spoken{
		Task: t.ID, Attempt: attempt, Number: t.Number, Dialled: at, Outcome: outcome, Said: l.said(l.c, outcome), Elsewhere: elsewhere,
	}, by, nil
}

// somebody is an agent who may do the task.
func (l *life) somebody(t cases.Task) agent.ID {
	for {
		if p := everybody[l.r.IntN(len(everybody))]; t.Takes(p) == cases.NoBar {
			return p.ID
		}
	}
}

// putOff waits for what is expected to keep a task from being dialled: the
// number's limit of the day, a counsellor's word, a second lost. Any other reason means
// that the ladder handed out a task that its own rules forbid.
func (l *life) putOff(w *world, t cases.Task, at time.Time, why []cases.Reason) error {
	for _, reason := range why {
		switch reason.Rule {
		case cases.NumberCap:
			w.report.Capped++
		case cases.WaitsForCare:
		case cases.WindowCloses, cases.OutsideWindow:
			if !at.After(l.dials[t.ID].at) {
				return fmt.Errorf("a %s task is dialled when its window closes: %v", t.Kind, why)
			} // something else was due at the same second
		default:
			return fmt.Errorf("a %s task that is due may not be dialled: %v", t.Kind, why)
		}
	}
	y, m, d := at.In(cases.Local).Date()
	tomorrow, _ := t.Window.NextOpen(time.Date(y, m, d+1, 10, 0, 0, 0, cases.Local))
	l.dials[t.ID] = dial{t.Due, tomorrow}
	return nil
}

// fate is how a dial ends, and what was said if somebody answered.
func (l *life) fate(t cases.Task) (cases.Cause, cases.Outcome) {
	if len(l.script) > 0 && t.Kind != cases.FollowUp {
		word := l.script[0]
		if t.Kind.Allows(cases.Outcome(word)) {
			l.script = l.script[1:]
			return cases.Answered, cases.Outcome(word)
		}
		if word != string(cases.Answered) && slices.Contains(cases.Causes, cases.Cause(word)) {
			l.script = l.script[1:]
			return cases.Cause(word), ""
		}
	}
	odds, answers := toVictim, victimAnswers
	switch t.Kind {
	case cases.CallOffender:
		odds, answers = toOffender, offenderAnswers
	case cases.CallContact:
		odds, answers = toContact, contactAnswers
	}
	for {
		cause := draw(l.r, odds)
		outcome := cases.Outcome("")
		if cause == cases.Answered {
			outcome = draw(l.r, answers)
		}
		if l.right[t.Number] && (cause == cases.Invalid || outcome == cases.WrongNumber) {
			continue // known to be right
		}
		if outcome == rightPerson {
			outcome = draw(l.r, says[t.Kind])
		}
		if l.right != nil && outcome != "" && outcome != cases.WrongNumber {
			l.right[t.Number] = true
		}
		return cause, outcome
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Telling is what Tell needs.
type Telling struct {
	Rules cases.Rules
	Seed  uint64
	// Script holds words, each an outcome or a cause ("warned", "no-answer",
	// "still-harassed"), which are used up by the dials one after the other. Where
	// the next word does not fit the call, and when the script is at its end, the
	// odds decide; the seed makes them repeatable.
	Script []string
	// Days is when to stop; 0 means two years.
	Days int
}

// Moment is one event of a life, and what followed from it.
type Moment struct {
	Day   int       `json:"day"`
	At    time.Time `json:"at"`
	State string    `json:"state"` // afterwards
	What  string    `json:"what"`
	Then  []string  `json:"then,omitempty"`
}

// Told is a life as far as it was lived.
type Told struct {
	Moments []Moment
	// Unused are the words of the script that no call took.
	Unused []string
	Closed bool
}

// twoYears is as long as any life is told unless somebody asks for less.
const twoYears = 730

// Tell lives one ordinary case to its end. A word of the script that is neither
// an outcome nor a cause is an error, and so is a broken law; then what had
// happened until then comes with it.
func Tell(t Telling) (Told, error) {
	for _, word := range t.Script {
		if !known(word) {
			return Told{}, fmt.Errorf("%q is neither an outcome nor a cause of a failed call", word)
		}
	}
	if t.Days <= 0 {
		t.Days = twoYears
	}
	o := Options{Seed: t.Seed, Days: t.Days, PerDay: 1, Rules: t.Rules, Start: time.Date(2027, 1, 4, 0, 0, 0, 0, cases.Local)}
	w := newWorld(o)
	var told Told
	l := newLife(o, 1)
	l.script = slices.Clone(t.Script)
	begin := o.Start.Add(10 * time.Hour)
	l.told = func(at time.Time, what cases.What, c cases.Case, effects []cases.Effect, _ cases.Verdict) {
		told.Moments = append(told.Moments, moment(o.Start, at, what, c, effects))
	}
	f := l.ordinary()
	err := w.step(l, begin, f.Taker.ID, f)
	if err == nil {
		l.plan(begin, t.Rules)
		heap.Push(&w.agenda, entry{at: l.next(t.Rules), n: 1, life: l})
		err = w.until(o.Start.AddDate(0, 0, o.Days))
	}
	told.Unused, told.Closed = l.script, l.c.State == cases.Closed
	return told, err
}

// Life is Tell as a text: a line an event, with what followed indented under it.
func Life(r cases.Rules, seed uint64, script []string) (string, error) {
	told, err := Tell(Telling{Rules: r, Seed: seed, Script: script})
	return told.String(), err
}

// String is the timeline, a line an event.
func (t Told) String() string {
	var out strings.Builder
	for _, m := range t.Moments {
		fmt.Fprintf(&out, "day %3d  %s  %-18s %s\n", m.Day, m.At.In(cases.Local).Format("Mon 2 Jan 15:04"), m.State, m.What)
		for _, line := range m.Then {
			fmt.Fprintf(&out, "           %s\n", line)
		}
	}
	return out.String()
}

func known(word string) bool {
	for _, k := range cases.Kinds {
		if k.Allows(cases.Outcome(word)) {
			return true
		}
	}
	return slices.Contains(cases.Causes, cases.Cause(word))
}

// ordinary is the complaint of Life: he is known, she agrees, two contacts.
func (l *life) ordinary() cases.Filed {
	return cases.Filed{
		Taker: women[10], Victim: cases.Party{ID: "her", Numbers: l.number("v")}, Offender: cases.Party{ID: "him", Numbers: l.number("o")},
		Contacts: []cases.Party{
			{ID: "brother", Approved: true, Numbers: l.number("b")}, {ID: "friend", Approved: true, Numbers: l.number("f")},
		},
		Terms:  cases.Terms{MayCall: true, Windows: cases.Windows{{Days: cases.EveryDay, From: 14 * 60, To: 16 * 60}}},
		Triage: cases.Triage{Track: cases.Counsellable, Agrees: true, Complainants: 1},
	}
}

// moment is one event and what followed.
func moment(start, at time.Time, what cases.What, c cases.Case, effects []cases.Effect) Moment {
	m := Moment{Day: int(at.Sub(start) / (24 * time.Hour)), At: at, State: state(c), What: Saying(what)}
	then := func(format string, args ...any) { m.Then = append(m.Then, fmt.Sprintf(format, args...)) }
	for _, e := range effects {
		switch e := e.(type) {
		case cases.Moved:
			then("%s: now %s", e.By, e.To)
		case cases.Open:
			then("to do: %s %s from %s", e.Task.Kind, e.Task.Party, e.Task.Due.In(cases.Local).Format("Mon 2 Jan 15:04"))
		case cases.Change:
			then("again: %s from %s", e.Task.Kind, e.Task.Due.In(cases.Local).Format("Mon 2 Jan 15:04"))
		case cases.Raised:
			then("supervisor: %s", e.Why)
		case cases.Dossier:
			then("dossier to the %s office", e.Office)
		case cases.Remind:
			then("reminder to the %s office", e.Office)
		case cases.Alert:
			then("alert to %s: %s", e.To, e.Why)
		}
	}
	return m
}

func state(c cases.Case) string {
	if c.State == cases.Closed {
		return "closed " + string(c.Closure)
	}
	return string(c.State)
}

// Saying is the event in a few words, none of them private.
func Saying(what cases.What) string {
	name := cases.Event{What: what}.Name()
	switch ev := what.(type) {
	case cases.AttemptEnded:
		return "dialled: " + string(ev.Cause)
	case cases.Spoken:
		return "spoken: " + string(ev.Outcome)
	case cases.Called:
		return "she calls: " + string(ev.Outcome)
	case cases.TimeUp:
		return "time: " + string(ev.Timer)
	case cases.Decided:
		return strings.TrimSpace("supervisor: " + string(ev.Do) + " " + string(ev.Closure))
	}
	return name
}
