package cases

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerline/agent"
)

// TaskID names a task. It is opaque: an offender's leg may carry it without
// giving the case away (I10).
type TaskID string

// taskID is the id of the n-th task of a case: the same case and number give
// the same id, so that a step that is done again makes no second task.
func taskID(caseID string, n int) TaskID {
	sum := sha256.Sum256(fmt.Appendf(nil, "powerline task %s %d", caseID, n))
	return TaskID("t" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10])))
}

// Kind says what a task is.
type Kind string

// The kinds. Identify is desk work of the cyber cell; all others are calls.
const (
	CallOffender Kind = "offender"
	CallContact  Kind = "ffr"       // family, friend or relative
	AskFeedback  Kind = "feedback"  // after a stage
	AskFinal     Kind = "final"     // 30 days after the last feedback
	AskChoice    Kind = "choice"    // the offender is not found: station, or wait?
	AskAgain     Kind = "reask"     // does she really withdraw?
	Recontact    Kind = "recontact" // after an emergency
	FollowUp     Kind = "follow-up" // a counsellor asks a suicidal person
	Identify     Kind = "identify"
	CallBack     Kind = "callback" // somebody who gave up waiting; belongs to no case
)

// Kinds are all of them.
var Kinds = []Kind{CallOffender, CallContact, AskFeedback, AskFinal, AskChoice, AskAgain, Recontact, FollowUp, Identify, CallBack}

// Dialled reports whether the task is a call.
func (k Kind) Dialled() bool { return k != Identify }

// ToVictim reports whether the task rings the victim, or a caller who may be one.
func (k Kind) ToVictim() bool {
	return k != CallOffender && k != CallContact && k != Identify
}

// Verdict reports whether the task asks her for a verdict, so that nobody who
// counselled in the case may do it (I7).
func (k Kind) Verdict() bool { return k == AskFeedback || k == AskFinal || k == AskAgain }

// ofLadder reports whether a task of this kind is the next thing of a case.
// The others run beside it.
func (k Kind) ofLadder() bool { return k != FollowUp && k != Identify }

// Why says which event made a task; the words stand in explanations.
type Why string

// Task is one person to be called, for one reason. An offender's task holds
// nothing about the victim or the case.
type Task struct {
	ID   TaskID `json:"id"`
	Kind Kind   `json:"kind"`
	Why  Why    `json:"why"`
	// Party is who is called, Number the fingerprint to dial next; both are empty
	// for desk work.
	Party  string `json:"party,omitempty"`
	Number string `json:"number,omitempty"`

	Made time.Time `json:"made"`
	// Due is the earliest moment of the next attempt; NotAfter, if set, the
	// moment at which the task ends untold (Expired).
	Due      time.Time `json:"due"`
	NotAfter time.Time `json:"notAfter,omitzero"`
	// Window is when it may be dialled: the hours of its kind within her own.
	Window Windows `json:"window,omitempty"`
	// Pull: she rings us; the task is shown when she does, and never dialled.
	Pull bool `json:"pull,omitempty"`

	Pool agent.Pool `json:"pool,omitempty"`
	// Excluded agents may not do it. Only, if set, is the one who may.
	Excluded []agent.ID `json:"excluded,omitempty"`
	Only     agent.ID   `json:"only,omitempty"`
	// Counsellor and Officer are demanded on top of the pool.
	Counsellor bool `json:"counsellor,omitempty"`
	Officer    bool `json:"officer,omitempty"`

	// Priority puts the greater before the smaller.
	Priority int `json:"priority,omitempty"`
	// Opening and Language are for the victim's tasks only.
	Opening  string `json:"opening,omitempty"`
	Language string `json:"language,omitempty"`

	Attempts []Attempt `json:"attempts,omitempty"`
}

// The priorities.
const (
	Routine  = 0
	Sooner   = 1 // a case in danger
	Urgent   = 2 // she is to be re-asked, or offers are open
	Critical = 3 // after an emergency, a suicidal person, an abandoned caller
)

// Attempt is one dial, once it has ended.
type Attempt struct {
	ID     string    `json:"id"`
	Number string    `json:"number"`
	At     time.Time `json:"at"` // when it was dialled
	Cause  Cause     `json:"cause"`
	// Outcome is set when somebody answered.
	Outcome Outcome  `json:"outcome,omitempty"`
	Agent   agent.ID `json:"agent,omitempty"`
	// Free: it does not count towards the limit of the task.
	Free bool `json:"free,omitempty"`
}

// Cause says how a dial ended.
type Cause string

// The causes.
const (
	Answered  Cause = "answered"
	NoAnswer  Cause = "no-answer"
	Busy      Cause = "busy"
	Off       Cause = "off" // switched off or out of reach
	Rejected  Cause = "rejected"
	Invalid   Cause = "invalid"   // not allocated, changed
	Network   Cause = "network"   // congestion: her phone did not ring
	Cancelled Cause = "cancelled" // by us, for a caller who needed the agent
)

// Causes are all of them.
var Causes = []Cause{Answered, NoAnswer, Busy, Off, Rejected, Invalid, Network, Cancelled}

// free reports whether an attempt of this cause counts towards no task's limit:
// nobody decided anything.
func (c Cause) free() bool { return c == Network || c == Cancelled }

// Rang reports whether the phone may have rung, so that the dial counts
// towards the number's limit of the day.
func (c Cause) Rang() bool { return c != Network }

// Counted is how many attempts count towards the task's limit.
func (t Task) Counted() int {
	n := 0
	for _, a := range t.Attempts {
		if !a.Free {
			n++
		}
	}
	return n
}

// has reports whether the attempt is known.
func (t Task) has(attempt string) bool {
	return slices.ContainsFunc(t.Attempts, func(a Attempt) bool { return a.ID == attempt })
}

// Bar says why an agent may not do a task.
type Bar string

// The bars.
const (
	NoBar         Bar = ""
	WrongPool     Bar = "pool"          // law 3, I6
	NotOfficer    Bar = "not-officer"   // FFR is police work
	NotCounsellor Bar = "no-counsellor" // a suicidal person's follow-up
	HasCounselled Bar = "counselled"    // I7, or she heard the withdrawal
	Another       Bar = "reassigned"    // a supervisor named somebody else
)

// Takes says what bars the agent from the task; NoBar when nothing does.
func (t Task) Takes(p agent.Profile) Bar {
	switch {
	case !p.Fits(t.Pool):
		return WrongPool
	case t.Officer && !p.Officer:
		return NotOfficer
	case t.Counsellor && !p.Counsellor:
		return NotCounsellor
	case slices.Contains(t.Excluded, p.ID):
		return HasCounselled
	case t.Only != "" && t.Only != p.ID:
		return Another
	}
	return NoBar
}
