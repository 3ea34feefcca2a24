package cases

import (
	"fmt"
	"slices"
	"time"

	"powerline/agent"
)

// Rule names a reason for which a task may not be dialled now.
type Rule string

// The rules.
const (
	NotInHand      Rule = "not-in-hand"  // the case does not have the task any more
	DeskWork       Rule = "desk-work"    // not a call at all
	SheRingsUs     Rule = "she-rings-us" // C10
	NotDue         Rule = "not-due"
	Overdue        Rule = "expired" // its NotAfter has passed
	OutsideWindow  Rule = "outside-window"
	WindowCloses   Rule = "window-closes" // before it would have rung long enough
	NoNumberKnown  Rule = "no-number"
	NumberLive     Rule = "number-in-call"  // I8
	NumberCalling  Rule = "number-calls-us" // I8, C7
	NumberCap      Rule = "number-cap"      // dialled often enough today
	TaskCap        Rule = "task-cap"
	KindPaused     Rule = "kind-paused"    // by an operator
	LadderForbids  Rule = "ladder-forbids" // I1; the detail says what
	WaitsForCare   Rule = "waits-for-counsellor"
	OnHoldRule     Rule = "hold"
	WithSupervisor Rule = "supervisor"
	InEmergencyNow Rule = "emergency"
	TooEarlyFinal  Rule = "too-early" // I3
	NobodyFits     Rule = "no-agent"  // the detail counts the bars
)

// Reason is one rule that forbids the dial, with what makes it so: words,
// counts and times, never a name or a number.
type Reason struct {
	Rule   Rule   `json:"rule"`
	Detail string `json:"detail,omitempty"`
}

// String is "rule (detail)".
func (r Reason) String() string {
	if r.Detail == "" {
		return string(r.Rule)
	}
	return fmt.Sprintf("%s (%s)", r.Rule, r.Detail)
}

// Facts are what the case cannot know.
type Facts struct {
	// Live: the task's number is in another call of ours, ringing or talking.
	// Calling: it is calling us at this moment.
	Live, Calling bool
	// Elsewhere are the dials of the number for other tasks, over all cases; days
	// that are over do no harm.
	Elsewhere []time.Time
	// Paused are the kinds that an operator has stopped.
	Paused []Kind
	// Agents are those who could be given the task: all who are free or, after the
	// reservation, the one who is reserved.
	Agents []agent.Profile
}

// Check says why the task may not be dialled now; nothing means that it may.
// All reasons are given, not only the first. The dialler asks it when a task
// is due and again, with the reserved agent alone, before her phone is rung.
// For a call back, which belongs to no case, the case is the zero Case.
func (r Rules) Check(t Task, c Case, f Facts, now time.Time) []Reason {
	var why []Reason
	add := func(bad bool, rule Rule, format string, args ...any) {
		if bad {
			why = append(why, Reason{rule, fmt.Sprintf(format, args...)})
		}
	}
	add(!t.Kind.Dialled(), DeskWork, "")
	add(t.Pull, SheRingsUs, "")
	why = append(why, r.checkCase(t, c, now)...)
	add(now.Before(t.Due), NotDue, "due %s", t.Due.In(Local).Format(stamp))
	add(!t.NotAfter.IsZero() && !now.Before(t.NotAfter), Overdue, "since %s", t.NotAfter.In(Local).Format(stamp))
	switch {
	case !t.Window.Open(now):
		opens, ever := t.Window.NextOpen(now)
		add(ever, OutsideWindow, "opens %s", opens.In(Local).Format(stamp))
		add(!ever, OutsideWindow, "never opens")
	case !t.Window.OpenFor(now, r.Limits.Ring):
		add(true, WindowCloses, "in less than %s", r.Limits.Ring)
	}
	add(t.Number == "", NoNumberKnown, "")
	add(f.Live, NumberLive, "")
	add(f.Calling, NumberCalling, "")
	dialled := r.Dialled(t, f.Elsewhere, now)
	add(dialled >= r.Limits.PerNumber, NumberCap, "%d today, at most %d", dialled, r.Limits.PerNumber)
	attempts, _ := r.limit(t.Kind)
	add(t.Counted() >= attempts, TaskCap, "%d of %d", t.Counted(), attempts)
	add(slices.Contains(f.Paused, t.Kind), KindPaused, "")
	if bars := barred(t, f.Agents); len(bars) == len(f.Agents) {
		add(true, NobodyFits, "%s", tally(bars))
	}
	return why
}

// stamp is how a moment is shown, in local time.
const stamp = "2006-01-02 15:04:05"

// checkCase is what the case itself has against the dial.
func (r Rules) checkCase(t Task, c Case, now time.Time) []Reason {
	if t.Kind == CallBack {
		return nil
	}
	var why []Reason
	add := func(bad bool, rule Rule, detail string) {
		if bad {
			why = append(why, Reason{rule, detail})
		}
	}
	in, known := c.Task(t.ID)
	add(!known, NotInHand, "")
	add(known && in.Number != t.Number, NotInHand, "another number is next")
	if t.Kind == CallOffender || t.Kind == CallContact {
		detail, barred := c.OffenderBarred()
		add(barred, LadderForbids, detail)
		add(c.InCare() && !c.SuicideCare.Cleared, WaitsForCare, "")
	}
	add(c.OnHold() && t.Kind != AskAgain && t.Kind != FollowUp, OnHoldRule, "")
	add(c.InEmergency() && t.Kind != Recontact && t.Kind != FollowUp, InEmergencyNow, "")
	add(c.ForSupervisor() && t.Kind != FollowUp, WithSupervisor, string(c.Supervisor.Why))
	add(t.Kind == AskFinal && now.Before(c.FinalDue), TooEarlyFinal, "")
	return why
}

// barred lists why each of the agents may not do the task; those who may are
// left out.
func barred(t Task, agents []agent.Profile) []Bar {
	var bars []Bar
	for _, p := range agents {
		if bar := t.Takes(p); bar != NoBar {
			bars = append(bars, bar)
		}
	}
	return bars
}

// tally counts the bars, in order of their names.
func tally(bars []Bar) string {
	if len(bars) == 0 {
		return "nobody is there"
	}
	slices.Sort(bars)
	text := ""
	for len(bars) > 0 {
		n := 0
		for n < len(bars) && bars[n] == bars[0] {
			n++
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", n, bars[0])
		bars = bars[n:]
	}
	return text
}
