package cases

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"powerline/agent"
)

// Event is something that happened to a case, in an envelope that makes it
// safe to send twice.
type Event struct {
	// ID is unique per event. Sent again, it is recognised (Duplicate).
	ID string
	// Version is that of the case on which the sender decided. When the case has
	// moved on the event is Stale: read the case and decide again.
	Version int64
	// At is the moment by the clock of whoever saw it.
	At time.Time
	// By is the agent or supervisor; empty when nobody's hand was in it.
	By agent.ID
	// What happened.
	What What
}

// What is the content of an event.
type What interface{ what() string }

// Said is what she tells in any conversation, besides its outcome. All of it
// may be empty.
type Said struct {
	// Numbers are further numbers of the offender, by fingerprint; Contacts are
	// people she names and approves.
	Numbers  []string `json:"numbers,omitempty"`
	Contacts []Party  `json:"contacts,omitempty"`
	// Retaliation: he took revenge, or threatened to.
	Retaliation bool `json:"retaliation,omitempty"`
	// Choice is what she wants done when she still is harassed.
	Choice Choice `json:"choice,omitempty"`
	// Verified: she gave her code word and was alone. A withdrawal needs it.
	Verified bool `json:"verified,omitempty"`
	// Duress: the call was ended in a hurry; the next needs a supervisor (C5).
	Duress bool `json:"duress,omitempty"`
	// CallAt is when she, or he, asked to be called again.
	CallAt time.Time `json:"callAt,omitzero"`
}

// The events.
type (
	// Filed registers a complaint (T1). Taker must be a woman.
	Filed struct {
		Taker    agent.Profile `json:"taker"`
		Victim   Party         `json:"victim"`
		Adult    Party         `json:"adult,omitzero"`
		Offender Party         `json:"offender,omitzero"`
		Contacts []Party       `json:"contacts,omitempty"`
		Terms    Terms         `json:"terms"`
		Minor    bool          `json:"minor,omitempty"`
		Sealed   bool          `json:"sealed,omitempty"`
		// Triage may be undecided; then Triaged follows.
		Triage Triage `json:"triage"`
	}
	// Triaged decides the track of a registered case (T3, T3b, T4, T5).
	Triaged struct {
		Triage Triage `json:"triage"`
	}
	// AttemptEnded: a dial that nobody answered.
	AttemptEnded struct {
		Task    TaskID    `json:"task"`
		Attempt string    `json:"attempt"`
		Number  string    `json:"number"`
		Dialled time.Time `json:"dialled"`
		Cause   Cause     `json:"cause"`
		// Elsewhere are the dials of this number for other tasks, of today.
		Elsewhere []time.Time `json:"elsewhere,omitempty"`
	}
	// Spoken: a dial that was answered, and what came of it.
	Spoken struct {
		Task      TaskID      `json:"task"`
		Attempt   string      `json:"attempt"`
		Number    string      `json:"number"`
		Dialled   time.Time   `json:"dialled"`
		Outcome   Outcome     `json:"outcome"`
		Demeanour Demeanour   `json:"demeanour,omitempty"`
		Said      Said        `json:"said"`
		Elsewhere []time.Time `json:"elsewhere,omitempty"`
	}
	// Called: she rang us about this case, and what she said. The outcomes are
	// those of feedback, or of the task in hand for her.
	Called struct {
		Outcome Outcome `json:"outcome"`
		Said    Said    `json:"said"`
	}
	// Expired: the task's NotAfter has passed.
	Expired struct {
		Task TaskID `json:"task"`
	}
	// TimeUp: the timer of that name is due.
	TimeUp struct {
		Timer TimerName `json:"timer"`
	}
	// Found: the cyber cell has the offender's numbers.
	Found struct {
		Offender Party `json:"offender"`
		// Complainants as in Triage.
		Complainants int `json:"complainants,omitempty"`
	}
	// PoliceReported: the action report of the police has come.
	PoliceReported struct{}
	// ChildReported: the report on a minor victim has been filed.
	ChildReported struct{}
	// HelpConfirmed: 112 has made contact with her.
	HelpConfirmed struct{}
	// CareCleared: the counsellor has no objection to the ladder going on.
	CareCleared struct{}
	// Vetoed: she wants no contact with the offender any more.
	Vetoed struct{}
	// TermsChanged: when, how and where she may be called.
	TermsChanged struct {
		Terms Terms `json:"terms"`
		// Number, if set, is hers from now on, and the first to be rung; of a child
		// who is not asked herself it is the adult's.
		Number string `json:"number,omitempty"`
		// Adult, if set, is the safe adult of a child.
		Adult Party `json:"adult,omitzero"`
	}
	// Decided by a supervisor.
	Decided struct {
		Do      Decision  `json:"do"`
		Closure Closure   `json:"closure,omitempty"` // of Close
		Task    TaskID    `json:"task,omitempty"`    // of Reassign and Reschedule
		Agent   agent.ID  `json:"agent,omitempty"`   // of Reassign; empty lifts it
		Due     time.Time `json:"due,omitzero"`      // of Reschedule
	}
)

// Decision is what a supervisor can do.
type Decision string

// The decisions. None of them resolves a case, and none lets anybody call an
// offender where the law of the ladder forbids it.
const (
	Resume     Decision = "resume"  // go on in the state at hand
	ToCounsel  Decision = "counsel" // warn the offender
	ToFFR      Decision = "ffr"
	ToStation  Decision = "station"
	AskHer     Decision = "ask"   // one more feedback in the state at hand
	Close      Decision = "close" // not as resolved, nor as withdrawn
	HoldBack   Decision = "hold"  // until another decision
	ReopenCase Decision = "reopen"
	Reassign   Decision = "reassign"
	Reschedule Decision = "reschedule"
)

func (Filed) what() string          { return "filed" }
func (Triaged) what() string        { return "triaged" }
func (AttemptEnded) what() string   { return "attempt-ended" }
func (Spoken) what() string         { return "spoken" }
func (Called) what() string         { return "called" }
func (Expired) what() string        { return "expired" }
func (TimeUp) what() string         { return "time-up" }
func (Found) what() string          { return "found" }
func (PoliceReported) what() string { return "police-reported" }
func (ChildReported) what() string  { return "child-reported" }
func (HelpConfirmed) what() string  { return "help-confirmed" }
func (CareCleared) what() string    { return "care-cleared" }
func (Vetoed) what() string         { return "vetoed" }
func (TermsChanged) what() string   { return "terms-changed" }
func (Decided) what() string        { return "decided" }

// Contents are one empty value of each content, in the order of this file.
var Contents = []What{
	Filed{}, Triaged{}, AttemptEnded{}, Spoken{}, Called{}, Expired{}, TimeUp{}, Found{}, PoliceReported{},
	ChildReported{}, HelpConfirmed{}, CareCleared{}, Vetoed{}, TermsChanged{}, Decided{},
}

// Name is the name of the event's content, such as "spoken"; empty for none.
func (e Event) Name() string {
	if e.What == nil {
		return ""
	}
	return e.What.what()
}

// eventJSON is the stored form.
type eventJSON struct {
	ID      string          `json:"id"`
	Version int64           `json:"version"`
	At      time.Time       `json:"at"`
	By      agent.ID        `json:"by,omitempty"`
	Name    string          `json:"name"`
	What    json.RawMessage `json:"what"`
}

// MarshalJSON writes {"id","version","at","by","name","what"}; the shape of
// "what" follows from "name".
func (e Event) MarshalJSON() ([]byte, error) {
	if e.What == nil {
		return nil, fmt.Errorf("cases: event without content")
	}
	what, err := json.Marshal(e.What)
	if err != nil {
		return nil, fmt.Errorf("cases: event %s: %w", e.Name(), err)
	}
	return json.Marshal(eventJSON{ID: e.ID, Version: e.Version, At: e.At.UTC(), By: e.By, Name: e.Name(), What: what})
}

// UnmarshalJSON reads that form. A name that is not known is an error.
func (e *Event) UnmarshalJSON(text []byte) error {
	var stored eventJSON
	if err := json.Unmarshal(text, &stored); err != nil {
		return fmt.Errorf("cases: event: %w", err)
	}
	for _, empty := range Contents {
		if empty.what() != stored.Name {
			continue
		}
		into := reflect.New(reflect.TypeOf(empty))
		if err := json.Unmarshal(stored.What, into.Interface()); err != nil {
			return fmt.Errorf("cases: event %s: %w", stored.Name, err)
		}
		what, _ := into.Elem().Interface().(What)
		*e = Event{ID: stored.ID, Version: stored.Version, At: stored.At, By: stored.By, What: what}
		return nil
	}
	return fmt.Errorf("cases: no event is called %q", stored.Name)
}

// Verdict says what became of an event. With any but Applied the case is
// returned as it was, and there are no effects.
type Verdict string

// The verdicts.
const (
	Applied Verdict = "applied"
	// Twice: an event of this id was applied before.
	Twice Verdict = "duplicate"
	// Stale: it was decided on another version of the case.
	Stale Verdict = "stale"
	// Ignored: it does not apply, for it came too late, too early, or tells nothing new.
	Ignored Verdict = "ignored"
	// Refused: a law or a rule forbids it; whoever asked must be told.
	Refused Verdict = "refused"
)
