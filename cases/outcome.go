package cases

import (
	"fmt"
	"slices"
	"strings"
)

// Outcome is what came of a conversation. Each call that was answered has
// exactly one; which ones there are depends on the kind of call.
type Outcome string

// Of a call to the offender.
const (
	Warned            Outcome = "warned" // identity confirmed, told to stop at once
	HungUpFirst       Outcome = "hung-up-before-warning"
	CallbackRequested Outcome = "callback-requested"
	OtherPerson       Outcome = "other-person"
	WrongNumber       Outcome = "wrong-number"
	AbusiveNoWarning  Outcome = "abusive-no-warning"
	ThreatensVictim   Outcome = "threatens-victim"
	ClaimsFault       Outcome = "claims-victim-at-fault" // and was not warned
	Distressed        Outcome = "offender-distressed"
	MinorOffender     Outcome = "minor-offender"
	DoubtsPolice      Outcome = "fake-police-suspicion"
)

// Of a call to a contact of the offender, besides WrongNumber.
const (
	Counselled   Outcome = "counselled"
	Refuses      Outcome = "refuses"
	SidesWithHim Outcome = "sides-with-offender"
	LivesWithHer Outcome = "victims-household"
)

// Of a call to the victim, besides OtherPerson, WrongNumber and Refuses.
const (
	Satisfied      Outcome = "satisfied"
	StillHarassed  Outcome = "still-harassed"
	UnsureOutcome  Outcome = "unsure"
	Positive       Outcome = "positive"
	Negative       Outcome = "negative"
	Withdraws      Outcome = "withdraw"
	UnsafeNow      Outcome = "unsafe-now"
	InDanger       Outcome = "danger"
	Suicidal       Outcome = "suicide"
	ConfirmsWish   Outcome = "confirms" // she does want to withdraw
	GoesOn         Outcome = "goes-on"  // she does not
	ChoosesStation Outcome = "chooses-station"
	ChoosesWait    Outcome = "chooses-wait"
	Safe           Outcome = "safe"
	Ongoing        Outcome = "ongoing"
	UnreachedByUs  Outcome = "unreached" // a counsellor's word that she cannot be reached
)

// Of a call back to somebody who gave up waiting, besides OtherPerson.
const (
	Reached   Outcome = "reached" // the call goes on as an intake
	NotNeeded Outcome = "not-needed"
)

// disturbed are the outcomes that any call to the victim can have.
var disturbed = []Outcome{UnsafeNow, OtherPerson, WrongNumber, Refuses, InDanger, Suicidal}

var outcomes = map[Kind][]Outcome{
	CallOffender: {
		Warned, HungUpFirst, CallbackRequested, OtherPerson, WrongNumber, AbusiveNoWarning, ThreatensVictim,
		ClaimsFault, Distressed, MinorOffender, DoubtsPolice,
	},
	CallContact: {Counselled, Refuses, WrongNumber, SidesWithHim, LivesWithHer},
	AskFeedback: append([]Outcome{Satisfied, StillHarassed, UnsureOutcome, Withdraws}, disturbed...),
	AskFinal:    append([]Outcome{Positive, Negative, UnsureOutcome, Withdraws}, disturbed...),
	AskChoice:   append([]Outcome{ChoosesStation, ChoosesWait, Withdraws}, disturbed...),
	AskAgain:    append([]Outcome{ConfirmsWish, GoesOn}, disturbed...),
	Recontact:   append([]Outcome{Safe, Ongoing}, disturbed...),
	FollowUp:    append([]Outcome{Safe, Ongoing, UnreachedByUs}, disturbed...),
	CallBack:    {Reached, NotNeeded, OtherPerson},
}

// Outcomes are the outcomes that a call of the kind can have, in the order in
// which an agent should see them; none for desk work.
func Outcomes(k Kind) []Outcome { return slices.Clone(outcomes[k]) }

// Codes lists the outcomes of each kind of call with their numbers, by which an
// agent codes them by telephone, as a table of markdown.
func Codes() string {
	var b strings.Builder
	b.WriteString("| call | numbers |\n|---|---|\n")
	for _, k := range Kinds {
		var all []string
		for i, o := range outcomes[k] {
			all = append(all, fmt.Sprintf("%d %s", i+1, o))
		}
		if len(all) > 0 {
			fmt.Fprintf(&b, "| `%s` | %s |\n", k, strings.Join(all, " · "))
		}
	}
	return b.String()
}

// Allows reports whether a call of the kind can have the outcome.
func (k Kind) Allows(o Outcome) bool { return slices.Contains(outcomes[k], o) }

// grave outcomes are acted upon even if their task is no longer in hand: what
// was heard was heard.
func (o Outcome) grave() bool { return o == InDanger || o == Suicidal || o == ThreatensVictim }

// Demeanour is how a warned offender took it; it changes nothing on the ladder.
type Demeanour string

// The demeanours.
const (
	Denied      Demeanour = "denied"
	Abusive     Demeanour = "abusive"
	Apologised  Demeanour = "apologised"
	BlamesHer   Demeanour = "claims-victim-at-fault"
	NoDemeanour Demeanour = ""
)

// Choice is what she wants done when nobody may speak to the offender, or when
// she still is harassed.
type Choice string

// The choices.
const (
	NoChoice          Choice = ""
	ChooseCounsel     Choice = "counselling"
	ChooseFFR         Choice = "ffr"
	ChooseStation     Choice = "station"
	ChooseOnlySupport Choice = "support"
)
