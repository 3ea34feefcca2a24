package cases

import "time"

// Effect is something to do, or to store, together with the stepped case.
// Carry them out in the commit of the case or after it; each is safe to repeat
// because it is named by the task, the timer or the version it belongs to.
type Effect interface{ effect() string }

// The effects.
type (
	// Open: a task is new. It stands in Case.Tasks as well.
	Open struct {
		Task Task `json:"task"`
	}
	// Change: a task in hand has new terms, attempts or a new due time.
	Change struct {
		Task Task `json:"task"`
	}
	// Shut: a task is no longer in hand. A call that is ringing for it must end,
	// unless it was Done by it.
	Shut struct {
		Task TaskID  `json:"task"`
		Kind Kind    `json:"kind"`
		End  TaskEnd `json:"end"`
	}
	// Moved: the case went along a transition of the table.
	Moved struct {
		By   string `json:"by"` // "T6", "F-danger" …
		From State  `json:"from"`
		To   State  `json:"to"`
	}
	// Raised: the case waits for a supervisor.
	Raised struct {
		Why Concern `json:"why"`
	}
	// Alert tells people at once.
	Alert struct {
		To  Ear   `json:"to"`
		Why Alarm `json:"why"`
	}
	// Dossier goes to the police office of that level.
	Dossier struct {
		Office Office `json:"office"`
		Level  int    `json:"level"`
	}
	// Remind the office that it owes a report. Step counts from 0.
	Remind struct {
		Office Office `json:"office"`
		Step   int    `json:"step"`
	}
	// ReportChild starts the report to the juvenile police unit, which is due at
	// the time given. Offender says that the offender is the minor.
	ReportChild struct {
		Due      time.Time `json:"due,omitzero"`
		Offender bool      `json:"offender,omitempty"`
	}
	// Retire marks a number as bad for a party.
	Retire struct {
		Party  string `json:"party"`
		Number string `json:"number"`
	}
	// Link opens a new case that is linked to this closed one (T25).
	Link struct{}
)

func (Open) effect() string        { return "open" }
func (Change) effect() string      { return "change" }
func (Shut) effect() string        { return "shut" }
func (Moved) effect() string       { return "moved" }
func (Raised) effect() string      { return "raised" }
func (Alert) effect() string       { return "alert" }
func (Dossier) effect() string     { return "dossier" }
func (Remind) effect() string      { return "remind" }
func (ReportChild) effect() string { return "report-child" }
func (Retire) effect() string      { return "retire" }
func (Link) effect() string        { return "link" }

// EffectName is a word for the effect, such as "open".
func EffectName(e Effect) string { return e.effect() }

// TaskEnd says how a task ended.
type TaskEnd string

// The ends.
const (
	Done      TaskEnd = "done"      // somebody was spoken to
	Exhausted TaskEnd = "exhausted" // its attempts or its time are used up
	NoNumber  TaskEnd = "no-number" // every number is bad
	CalledOff TaskEnd = "cancelled" // the case went another way
)

// Ear says who is told.
type Ear string

// The ears.
const (
	Supervisors  Ear = "supervisors"
	Counsellors  Ear = "counsellors-on-call"
	CyberCell    Ear = "cyber-cell"
	Emergency112 Ear = "112"
)

// Alarm says what they are told.
type Alarm string

// The alarms.
const (
	AlarmDanger       Alarm = "danger"
	AlarmUnconfirmed  Alarm = "112-not-confirmed"
	AlarmSuicidal     Alarm = "suicidal"
	AlarmDistressed   Alarm = "offender-distressed"
	AlarmRetaliation  Alarm = "retaliation"
	AlarmChildOverdue Alarm = "child-report-overdue"
	AlarmRestarts     Alarm = "third-cycle" // consider starting at the station
	AlarmTopLevel     Alarm = "no-office-above"
	AlarmWithdrawal   Alarm = "withdrawal-not-possible"
	AlarmIdentify     Alarm = "identify" // the offender's number is wanted
	AlarmSides        Alarm = "contact-sides-with-offender"
)
