package cases

import (
	"slices"
	"time"
)

// limit is how many attempts a task of the kind gets, and over how many days
// they are spread.
func (r Rules) limit(k Kind) (attempts, days int) {
	switch k {
	case AskFinal:
		return r.Limits.Final, r.Limits.FinalDays
	case CallContact:
		return r.Limits.Contact, 1
	case Recontact, FollowUp, AskAgain:
		return r.Limits.Task, 1 // their NotAfter is near
	case CallBack:
		return 2, 1
	}
	return r.Limits.Task, r.Limits.TaskDays
}

// wait is how long to leave the number alone after an attempt of the cause.
func (r Rules) wait(k Kind, c Cause) time.Duration {
	urgent := k == Recontact
	switch c {
	case Busy:
		return r.Retry.Busy
	case Network:
		return r.Retry.Network
	case Cancelled:
		return r.Retry.Cancelled
	case Rejected:
		return r.Retry.Rejected
	case Off:
		if urgent {
			return r.Danger.Recontact
		}
		return r.Retry.Off
	}
	if urgent {
		return r.Danger.Recontact
	}
	return r.Retry.NoAnswer
}

// TryAgain is when the task is to be tried again after its newest attempt, which
// must stand last in t.Attempts and which nobody answered; t.Number is the
// number to dial next, and must be good. False: the task is exhausted.
// Elsewhere are the dials of that number for other tasks.
//
// The moment is the earliest that lies far enough behind the attempt for its
// cause, in another part of the day if nobody answered (as long as her windows
// have one within two days), within the window, below the number's limit of
// the day, and so that the attempts of the task spread over their days.
func (r Rules) TryAgain(t Task, elsewhere []time.Time) (time.Time, bool) {
	if len(t.Attempts) == 0 {
		return t.Due, true
	}
	last := t.Attempts[len(t.Attempts)-1]
	from := last.At.Add(r.wait(t.Kind, last.Cause))
	if last.Cause == Invalid {
		from = last.At // the number is another one
	}
	if last.Cause == NoAnswer && t.Kind != Recontact {
		part := r.part(last.At)
		due, ok := r.schedule(t, from, elsewhere, func(at time.Time) bool { return r.part(at) != part })
		if ok && due.Before(last.At.Add(2*day)) {
			return due, true
		}
	}
	return r.schedule(t, from, elsewhere, nil)
}

// schedule is the earliest moment from which on the next attempt may be made;
// false when there is none. Accept may ask for more; nil asks for nothing.
func (r Rules) schedule(t Task, from time.Time, elsewhere []time.Time, accept func(time.Time) bool) (time.Time, bool) {
	attempts, days := r.limit(t.Kind)
	if t.Counted() >= attempts {
		return time.Time{}, false
	}
	if spread := r.spread(t, attempts, days); spread.After(from) {
		from = spread
	}
	at := from
	for range 200 { // ends long before: each round moves at least to the next part of a day
		open, ever := t.Window.NextOpen(at)
		switch {
		case !ever:
			return time.Time{}, false
		case !t.NotAfter.IsZero() && !open.Before(t.NotAfter):
			return time.Time{}, false
		case r.Dialled(t, elsewhere, open) >= r.Limits.PerNumber:
			at = r.morning(open)
		case accept != nil && !accept(open):
			at = r.nextPart(open)
		default:
			return open, true
		}
	}
	return time.Time{}, false
}

// morning is when calls to victims begin on the day after at: a number that was
// dialled often enough today is not dialled as soon as midnight is past, even
// where the hours would allow it.
func (r Rules) morning(at time.Time) time.Time {
	next := midnight(at, 1)
	if opens, ever := r.Hours.Feedback.NextOpen(next); ever && dayOf(opens) == dayOf(next) {
		return opens
	}
	return next
}

// spread is the first moment at which the next attempt may be made so that the
// attempts of the task are spread over its days: the first on the first of
// them, the last on the last.
func (r Rules) spread(t Task, attempts, days int) time.Time {
	first := slices.IndexFunc(t.Attempts, func(a Attempt) bool { return !a.Free })
	if first < 0 || attempts < 2 {
		return time.Time{}
	}
	n := t.Counted() // before the next one
	return midnight(t.Attempts[first].At, n*(days-1)/(attempts-1))
}

// Dialled counts the dials of the task's number on the local day of at, over
// this task and elsewhere.
func (r Rules) Dialled(t Task, elsewhere []time.Time, at time.Time) int {
	n, today := 0, dayOf(at)
	for _, a := range t.Attempts {
		if a.Number == t.Number && a.Cause.Rang() && dayOf(a.At) == today {
			n++
		}
	}
	for _, other := range elsewhere {
		if dayOf(other) == today {
			n++
		}
	}
	return n
}

// part is which part of the day it is, from 0.
func (r Rules) part(at time.Time) int {
	hour, part := at.In(Local).Hour(), 0
	for _, begins := range r.Retry.Parts {
		if hour >= begins {
			part++
		}
	}
	return part
}

// nextPart is when the next part of a day begins.
func (r Rules) nextPart(at time.Time) time.Time {
	for _, begins := range r.Retry.Parts {
		if next := midnight(at, 0).Add(time.Duration(begins) * time.Hour); next.After(at) {
			return next
		}
	}
	return midnight(at, 1)
}

// choose is the number to dial next for a party: for the victim always the
// first good one, since her terms belong to it; for others the one that was
// tried least. Empty when none is good.
func choose(t Task, p Party) string {
	good := p.Good()
	if len(good) == 0 {
		return ""
	}
	if t.Kind.ToVictim() {
		return good[0]
	}
	tried := func(number string) int {
		n := 0
		for _, a := range t.Attempts {
			if a.Number == number {
				n++
			}
		}
		return n
	}
	return slices.MinFunc(good, func(a, b string) int { return tried(a) - tried(b) })
}
