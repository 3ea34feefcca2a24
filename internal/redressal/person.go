package redressal

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/cases"
)

// life is one case and everybody around it.
type life struct {
	c      cases.Case
	r      *rand.Rand
	events int
	// watch is the feedback that the running 30 days count from.
	watch time.Time
	// delayed: an overlay stood in their way, so they may end late.
	delayed bool
	// meetings are what will happen besides calls and timers, if it still can.
	meetings []meeting
	planned  []string // what has been planned for already
	// dials is when each task in hand will be dialled.
	dials map[cases.TaskID]dial
	// right are numbers at which the right person was reached; nil: not kept.
	right map[string]bool
	// script overrides the odds; told, if set, hears of every step.
	script []string
	told   func(at time.Time, what cases.What, c cases.Case, effects []cases.Effect, v cases.Verdict)
}

// meeting is something that happens at a moment; what is nil if it no longer can.
type meeting struct {
	at   time.Time
	by   agent.ID
	what func(c cases.Case) cases.What
}

// dial is the moment at which a task that is due then is dialled.
type dial struct{ due, at time.Time }

// The people at the seats; who is free does not matter here.
var (
	women, officers = crowd("w", 30), crowd("m", 12)
	everybody       = slices.Concat(women, officers)
)

func crowd(letter string, n int) []agent.Profile {
	var all []agent.Profile
	for i := range n {
		p := agent.Profile{ID: agent.ID(fmt.Sprintf("%s%02d", letter, i)), Woman: letter == "w", Officer: letter == "m"}
		p.Counsellor = p.Woman && i < 5
		all = append(all, p)
	}
	return all
}

func newLife(o Options, n int) *life {
	l := &life{
		c: cases.Case{ID: fmt.Sprintf("case-%d", n)}, r: rand.New(rand.NewPCG(o.Seed, uint64(n))), dials: map[cases.TaskID]dial{},
	}
	if o.Steady {
		l.right = map[string]bool{}
	}
	return l
}

func (l *life) chance(p float64) bool { return l.r.Float64() < p }

// within draws a moment of the span that begins at at.
func (l *life) within(at time.Time, from, to time.Duration) time.Time {
	return at.Add(from + time.Duration(l.r.Int64N(int64(to-from)))).Truncate(time.Second)
}

// complaint is what she registers.
func (l *life) complaint(w *world) cases.Filed {
	t := cases.Triage{Track: cases.Counsellable, Agrees: !l.chance(declines), Complainants: 1}
	if l.chance(police) {
		t.Track = cases.ToPolice
	}
	f := cases.Filed{
		Taker: women[l.r.IntN(len(women))], Victim: cases.Party{ID: "her", Numbers: l.number("v")},
		Offender: cases.Party{ID: "him"}, Terms: l.terms(), Sealed: l.chance(sealed),
	}
	if l.chance(minor) {
		f.Minor, t.Sexual, t.CalledHerself = true, l.chance(.3), l.chance(.5)
		if l.chance(.8) {
			f.Adult = cases.Party{ID: "adult", Numbers: l.number("a")}
		}
	}
	switch {
	case l.chance(unknown):
	case len(w.known) > 0 && l.chance(serial):
		t.Complainants = 1 + l.r.IntN(3)
		f.Offender.Numbers = []cases.Number{{Print: w.known[l.r.IntN(len(w.known))]}}
	default:
		f.Offender.Numbers = l.number("o")
		w.known = append(w.known, f.Offender.Numbers[0].Print)
		w.known = w.known[max(0, len(w.known)-5000):]
	}
	if l.chance(namesContacts) {
		for i := range 1 + l.r.IntN(3) {
			f.Contacts = append(f.Contacts, cases.Party{ID: fmt.Sprintf("contact-%d", i), Approved: true, Numbers: l.number(fmt.Sprintf("c%d", i))})
		}
	}
	f.Triage = t
	return f
}

// number is one that nobody else has.
func (l *life) number(letter string) []cases.Number {
	return []cases.Number{{Print: fmt.Sprintf("%s-%s-%d", letter, strings.TrimPrefix(l.c.ID, "case-"), l.events)}}
}

var hours = []cases.Window{
	{Days: cases.EveryDay, From: 10 * 60, To: 13 * 60}, {Days: cases.EveryDay, From: 14 * 60, To: 16 * 60}, {Days: 0b0111110, From: 11 * 60, To: 15 * 60},
	{Days: 0b1000001, From: 10 * 60, To: 19 * 60}, {Days: cases.EveryDay, From: 17 * 60, To: 21 * 60},
}

func (l *life) terms() cases.Terms {
	t := cases.Terms{MayCall: true, Pull: l.chance(ringsUs)}
	if l.chance(limitedHours) {
		t.Windows = cases.Windows{hours[l.r.IntN(len(hours))]}
	}
	return t
}

// meet plans a meeting.
func (l *life) meet(at time.Time, by agent.ID, what func(c cases.Case) cases.What) {
	l.meetings = append(l.meetings, meeting{at, by, what})
}

// once reports whether the thing named is to be planned for the first time.
func (l *life) once(name string, since time.Time) bool {
	name += since.Format(time.RFC3339)
	if slices.Contains(l.planned, name) {
		return false
	}
	l.planned = append(l.planned, name)
	l.planned = l.planned[max(0, len(l.planned)-20):]
	return true
}

// plan plans what the state of the case will bring besides calls and timers.
func (l *life) plan(at time.Time, r cases.Rules) {
	c := l.c
	if c.State != cases.Closed && l.once("start", time.Time{}) {
		l.planStart(at)
	}
	if c.State == cases.Closed || !l.once(string(c.State), c.Since) {
		l.planOverlays(at)
		if c.State == cases.Closed && l.once("closed", c.ClosedAt) && l.chance(callsClosed) && l.script == nil {
			l.meet(l.within(at, time.Hour, 180*24*time.Hour), "w10", calls(cases.StillHarassed, func(c cases.Case) bool { return c.State == cases.Closed }))
		}
		return
	}
	switch c.State {
	case cases.StationOpen:
		if l.chance(policeReport) {
			l.meet(l.within(at, 12*time.Hour, r.Station.Within), "", func(now cases.Case) cases.What {
				if now.State != cases.StationOpen || now.Reported {
					return nil
				}
				return cases.PoliceReported{}
			})
		}
	case cases.Identifying:
		if l.chance(cyberCell) {
			found := l.number("f")
			l.meet(l.within(at, time.Hour, r.Identify.Within), "", func(now cases.Case) cases.What {
				if now.State != cases.Identifying {
					return nil
				}
				return cases.Found{Offender: cases.Party{Numbers: found}}
			})
		}
	case cases.Watch:
		if l.chance(reportsAgain) && l.script == nil {
			l.meet(l.within(at, 24*time.Hour, r.Final.After), "w11", calls(cases.StillHarassed, func(c cases.Case) bool { return c.State == cases.Watch }))
		}
	}
	l.planOverlays(at)
}

// calls is a call of hers that makes sense only as long as the case is so.
func calls(o cases.Outcome, sense func(cases.Case) bool) func(cases.Case) cases.What {
	return func(c cases.Case) cases.What {
		if !sense(c) || c.OnHold() || c.InEmergency() {
			return nil
		}
		return cases.Called{Outcome: o, Said: cases.Said{Verified: true}}
	}
}

// planStart plans what is rare and can come at any time.
func (l *life) planStart(at time.Time) {
	open := func(c cases.Case) bool { return c.State.Open() }
	if l.script != nil {
		return
	}
	if l.chance(danger) {
		l.meet(at.Add(time.Minute), "w12", calls(cases.InDanger, open))
	}
	if l.chance(suicidal) {
		l.meet(at.Add(2*time.Minute), "w13", calls(cases.Suicidal, open))
	}
	if l.chance(withdraws) {
		l.meet(l.within(at, time.Hour, 10*24*time.Hour), "w14", calls(cases.Withdraws, open))
	}
}

// planOverlays plans what people do about an overlay.
func (l *life) planOverlays(at time.Time) {
	c := l.c
	if _, runs := c.Timer(cases.MinorTimer); runs && l.once("child", time.Time{}) {
		l.meet(l.within(at, time.Hour, 20*time.Hour), "w15", func(now cases.Case) cases.What {
			if _, runs := now.Timer(cases.MinorTimer); !runs {
				return nil
			}
			return cases.ChildReported{}
		})
	}
	if c.InEmergency() && !c.Emergency.Confirmed && l.once("emergency", c.Emergency.Since) {
		l.meet(l.within(at, 4*time.Minute, 25*time.Minute), "sup", func(now cases.Case) cases.What {
			if !now.InEmergency() || now.Emergency.Confirmed {
				return nil
			}
			return cases.HelpConfirmed{}
		})
	}
	if c.InCare() && l.once("care", c.SuicideCare.Since) {
		l.meet(l.within(at, 24*time.Hour, 72*time.Hour), "w00", func(now cases.Case) cases.What {
			if !now.InCare() || now.SuicideCare.Cleared {
				return nil
			}
			return cases.CareCleared{}
		})
	}
	if c.ForSupervisor() && l.once("supervisor", c.Supervisor.Since) {
		since := c.Supervisor.Since
		l.meet(l.within(at, 2*time.Hour, 48*time.Hour), "sup", func(now cases.Case) cases.What {
			if !now.ForSupervisor() || !now.Supervisor.Since.Equal(since) {
				return nil
			}
			return l.decide(now)
		})
	}
	for _, t := range c.Tasks {
		if t.Pull && l.once("pull"+string(t.ID), time.Time{}) && l.chance(ringsInTime) {
			l.meet(l.within(later(at, t.Due), time.Minute, 6*24*time.Hour), "w16", func(now cases.Case) cases.What { return l.rings(now, t) })
		}
	}
}

// rings is her call in place of a task that she wanted to ring us for.
func (l *life) rings(now cases.Case, t cases.Task) cases.What {
	if _, known := now.Task(t.ID); !known || says[t.Kind] == nil || t.Kind == cases.FollowUp {
		return nil
	}
	o := draw(l.r, says[t.Kind])
	switch o {
	case cases.ChoosesWait:
		return nil
	case cases.ConfirmsWish, cases.GoesOn, cases.Safe, cases.Ongoing:
		return cases.Called{Outcome: o, Said: cases.Said{Verified: true}}
	}
	return cases.Called{Outcome: o, Said: l.said(now, o)}
}

// decide is what a supervisor does about each concern.
func (l *life) decide(c cases.Case) cases.What {
	station, resume := cases.Decided{Do: cases.ToStation}, cases.Decided{Do: cases.Resume}
	unreached := cases.Decided{Do: cases.Close, Closure: cases.Unreached}
	switch {
	case c.InEmergency() && c.Emergency.Confirmed:
		return station // she cannot be called; asking again would not change it
	case c.OnHold() || c.InEmergency():
		return resume
	}
	switch c.Supervisor.Why {
	case cases.SignStation, cases.AbusiveTwice, cases.SealedCase, cases.ChoiceNotReached, cases.OffenderMinor:
		return station
	case cases.NotReached:
		if l.chance(secondTry) {
			return resume
		}
		return unreached
	case cases.FinalNotReached, cases.WrongVictimNumber, cases.DidNotRing, cases.NobodyToAsk, cases.NoWindow:
		return unreached
	}
	return resume
}

// said is what she tells besides the outcome.
func (l *life) said(c cases.Case, o cases.Outcome) cases.Said {
	s := cases.Said{Verified: true}
	if o != cases.StillHarassed && o != cases.Negative {
		return s
	}
	if !c.Delivered && l.chance(newNumber) {
		s.Numbers = []string{l.number("n")[0].Print}
	}
	if c.NoOffenderContact {
		s.Choice = draw(l.r, []share[cases.Choice]{
			{chooseSupport, cases.ChooseOnlySupport}, {.3, cases.ChooseStation}, {.1, cases.ChooseFFR}, {.2, cases.ChooseCounsel},
		})
	}
	return s
}
