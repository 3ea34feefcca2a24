package redressal

import (
	"math/rand/v2"

	"powerline/cases"
)

// share is one thing that can happen, and how likely it is.
type share[T any] struct {
	p float64
	v T
}

// draw takes one of the shares; what is left of 1 goes to the last.
func draw[T any](r *rand.Rand, shares []share[T]) T {
	at := r.Float64()
	for _, s := range shares[:len(shares)-1] {
		if at < s.p {
			return s.v
		}
		at -= s.p
	}
	return shares[len(shares)-1].v
}

// What becomes of a dial, by whom it rings. From the table of outbound calls;
// assumptions, anchored on two survey houses' reach rates.
var (
	toVictim = []share[cases.Cause]{
		{.42, cases.Answered}, {.27, cases.NoAnswer}, {.16, cases.Off}, {.08, cases.Busy}, {.03, cases.Rejected}, {.02, cases.Invalid},
		{.02, cases.Network},
	}
	toOffender = []share[cases.Cause]{
		{.45, cases.Answered}, {.25, cases.NoAnswer}, {.14, cases.Off}, {.08, cases.Busy}, {.05, cases.Rejected}, {.02, cases.Invalid},
		{.01, cases.Network},
	}
	toContact = []share[cases.Cause]{
		{.45, cases.Answered}, {.26, cases.NoAnswer}, {.15, cases.Off}, {.08, cases.Busy}, {.03, cases.Rejected}, {.02, cases.Invalid},
		{.01, cases.Network},
	}
)

// rightPerson stands for "she herself was reached"; the kind of call says what
// she answers.
const rightPerson cases.Outcome = "right-person"

// What comes of a call that was answered. The victim's, the offender's, the
// feedback and the final shares are the domain's; the others are ours alone,
// and rare.
var (
	victimAnswers = []share[cases.Outcome]{
		{.12, cases.OtherPerson}, {.05, cases.WrongNumber}, {.05, cases.Refuses}, {.02, cases.UnsafeNow}, {.76, rightPerson},
	}
	offenderAnswers = []share[cases.Outcome]{ // 8 % deny that it is they, 7 % are somebody else
		{.15, cases.OtherPerson}, {.05, cases.AbusiveNoWarning}, {.80, cases.Warned},
	}
	contactAnswers = []share[cases.Outcome]{
		{.12, cases.Refuses}, {.05, cases.WrongNumber}, {.05, cases.SidesWithHim}, {.03, cases.LivesWithHer}, {.75, cases.Counselled},
	}
	says = map[cases.Kind][]share[cases.Outcome]{
		cases.AskFeedback: {{.22, cases.StillHarassed}, {.10, cases.UnsureOutcome}, {.68, cases.Satisfied}},
		cases.AskFinal:    {{.08, cases.Negative}, {.02, cases.UnsureOutcome}, {.90, cases.Positive}},
		cases.AskChoice:   {{.40, cases.ChoosesWait}, {.60, cases.ChoosesStation}},
		cases.AskAgain:    {{.30, cases.GoesOn}, {.70, cases.ConfirmsWish}},
		cases.Recontact:   {{.20, cases.Ongoing}, {.80, cases.Safe}},
		cases.FollowUp:    {{.20, cases.Ongoing}, {.80, cases.Safe}},
	}
)

// The shares of new cases. Track, minors, unknown offenders and danger are the
// domain's; the others are ours.
const (
	police        = .36
	minor         = .06
	unknown       = .20
	danger        = .03
	declines      = .10 // violence at home: no contact with him before a safety plan
	suicidal      = .01
	sealed        = .005
	limitedHours  = .40
	ringsUs       = .03
	namesContacts = .70
	serial        = .03 // the number is one we know from another case
)

// The shares of what happens besides the calls; all ours.
const (
	policeReport  = .60 // within the week
	cyberCell     = .50 // finds him within the time
	withdraws     = .02
	reportsAgain  = .03 // in the 30 days
	callsClosed   = .01 // within the half year after closure
	newNumber     = .30 // she knows another number of his
	secondTry     = .30 // a supervisor has one more set of attempts made
	ringsInTime   = .60 // she who wanted to ring us does
	chooseSupport = .40 // nobody is to speak with him, still
)
