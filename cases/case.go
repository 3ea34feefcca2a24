package cases

import (
	"slices"
	"time"

	"powerline/agent"
)

// State is where on the ladder a case is. The names are those of
// docs/redressal.md.
type State string

// The states, in the order of the ladder.
const (
	// Intake is the zero state: somebody speaks with us, nothing is registered.
	Intake          State = ""
	Registered      State = "registered"
	Identifying     State = "identifying"      // the cyber cell looks for the offender's number
	CounselDue      State = "counsel-due"      // he is to be warned
	CounselFeedback State = "counsel-feedback" // she is asked whether it helped
	FFRDue          State = "ffr-due"          // family, friends, relatives are to be spoken to
	FFRFeedback     State = "ffr-feedback"
	StationOpen     State = "station-open" // the dossier lies with the police
	StationFeedback State = "station-feedback"
	Watch           State = "watch" // she is satisfied; 30 days run
	FinalFeedback   State = "final-feedback"
	Closed          State = "closed"
)

// States are all of them, in order.
var States = []State{
	Intake, Registered, Identifying, CounselDue, CounselFeedback, FFRDue, FFRFeedback,
	StationOpen, StationFeedback, Watch, FinalFeedback, Closed,
}

// Open reports whether a case in this state is still to be worked on.
func (s State) Open() bool { return s != Intake && s != Closed }

// AsksHer reports whether the state waits for her verdict on a stage.
func (s State) AsksHer() bool {
	return s == CounselFeedback || s == FFRFeedback || s == StationFeedback
}

// Stage is the part of the ladder that was last tried.
type Stage string

// The stages, in the order in which they are tried.
const (
	Counselling Stage = "counselling"
	FFR         Stage = "ffr"
	Station     Stage = "station"
)

// Closure says why a case is closed.
type Closure string

// The closures. Resolved has one way in: her positive final feedback (I4).
const (
	Resolved  Closure = "resolved"
	Withdrawn Closure = "withdrawn"
	Unreached Closure = "unreached" // never counted as resolved
	NotOurs   Closure = "not-ours"
	Duplicate Closure = "duplicate"
	Hoax      Closure = "hoax"
)

// Concern says why a case waits for a supervisor. While it does, its ladder
// stands still: nothing is dialled for it and nothing advances by time.
type Concern string

// The concerns.
const (
	NoConcern          Concern = ""
	TooUnsure          Concern = "too-unsure"          // T11
	NotReached         Concern = "not-reached"         // T23
	FinalUnsure        Concern = "final-unsure"        // T21
	FinalNotReached    Concern = "final-not-reached"   // T22
	RefusesFeedback    Concern = "refuses-feedback"    // refused twice
	WrongVictimNumber  Concern = "wrong-victim-number" // a stranger answered
	SignStation        Concern = "sign-station"        // T10: to the station without anybody warned
	AbusiveTwice       Concern = "abusive-twice"       // FFR or station?
	OffenderDistressed Concern = "offender-distressed"
	OffenderMinor      Concern = "offender-minor"
	VictimsHousehold   Concern = "victims-household" // a contact lives with her
	NobodyToAsk        Concern = "nobody-to-ask"     // a child who did not call herself and has no safe adult
	WelfareCheck       Concern = "welfare-check"     // a suicidal person cannot be reached
	Duress             Concern = "duress"            // the call was ended in a hurry (C5)
	DidNotRing         Concern = "did-not-ring"      // she wanted to ring us and has not (C10)
	ChoiceNotReached   Concern = "choice-not-reached"
	NotTriaged         Concern = "not-triaged"
	SealedCase         Concern = "sealed"    // the offender is police or staff
	Held               Concern = "held"      // by a supervisor's own hand
	NoWindow           Concern = "no-window" // her hours and ours have nothing in common
)

// Case is everything the ladder knows about one complaint. It holds no name
// and no number: parties are opaque ids, numbers are fingerprints (I10). Treat
// it as a value: Step returns a new one and leaves the old one as it was.
type Case struct {
	ID string `json:"id"`
	// Version rises by one with each applied event. An event that was decided on
	// another version is refused as stale (I11).
	Version int64 `json:"version"`
	// Seen are the ids of the last applied events, newest last.
	Seen []string `json:"seen,omitempty"`

	State State `json:"state"`
	// Since is when the case came into its state.
	Since time.Time `json:"since,omitzero"`
	// Cycle counts the walks up the ladder from 1; Round the warnings of the
	// offender in this cycle; Level the police office that the case has reached
	// (1 station, 2 circle, 3 district, 4 state).
	Cycle int `json:"cycle"`
	Round int `json:"round,omitempty"`
	Level int `json:"level,omitempty"`
	// Stage is the stage last tried; Delivered says whether it reached anybody.
	Stage     Stage `json:"stage,omitempty"`
	Delivered bool  `json:"delivered,omitempty"`

	Triage Triage `json:"triage"`

	// The overlays: each may lie over any state.
	Emergency         Emergency  `json:"emergency,omitzero"`
	Danger            bool       `json:"danger,omitempty"` // since a threat or an emergency, until she is satisfied
	SuicideCare       Care       `json:"suicideCare,omitzero"`
	Minor             bool       `json:"minor,omitempty"`
	OffenderMinor     bool       `json:"offenderMinor,omitempty"`
	Hold              Hold       `json:"hold,omitzero"`
	NoOffenderContact bool       `json:"noOffenderContact,omitempty"`
	Sealed            bool       `json:"sealed,omitempty"`
	Supervisor        Supervisor `json:"supervisor,omitzero"`

	// LastFeedback is when she last gave a verdict; FinalDue, set in Watch and
	// FinalFeedback, is that and 30 days (I3).
	LastFeedback time.Time `json:"lastFeedback,omitzero"`
	FinalDue     time.Time `json:"finalDue,omitzero"`
	// Unsure, Refusals and Sets count within the present feedback state:
	// verdicts of "unsure", refusals to say, and sets of attempts in vain.
	Unsure   int `json:"unsure,omitempty"`
	Refusals int `json:"refusals,omitempty"`
	Sets     int `json:"sets,omitempty"`
	// FinalUnsures counts final feedbacks of this cycle that ended unsure.
	FinalUnsures int `json:"finalUnsures,omitempty"`
	// Sent: the police have had a dossier of this case. Reported: their report
	// on the level at hand has come.
	Sent     bool      `json:"sent,omitempty"`
	SentAt   time.Time `json:"sentAt,omitzero"`
	Reported bool      `json:"reported,omitempty"`

	Closure  Closure   `json:"closure,omitempty"`
	ClosedAt time.Time `json:"closedAt,omitzero"`

	// Timers and Tasks are what is in hand. Minted counts the tasks ever made.
	Timers []Timer `json:"timers,omitempty"`
	Tasks  []Task  `json:"tasks,omitempty"`
	Minted int     `json:"minted,omitempty"`

	Victim   Party   `json:"victim"`
	Adult    Party   `json:"adult,omitzero"`    // a child's named safe adult
	Offender Party   `json:"offender,omitzero"` // without numbers while unknown
	Contacts []Party `json:"contacts,omitempty"`
	Terms    Terms   `json:"terms"`

	// Counsellors are all who counselled in this case, warned its offender or
	// spoke with his contacts. None of them may take its feedback (I7).
	Counsellors []agent.ID `json:"counsellors,omitempty"`
}

// Track says which way a complaint goes from registration.
type Track string

// The tracks. The zero track has not been decided.
const (
	Undecided    Track = ""
	Counsellable Track = "counsellable"
	ToPolice     Track = "police" // cognizable or serious
)

// Triage is what the registering woman found out.
type Triage struct {
	Track Track `json:"track,omitempty"`
	// Sexual: a sexual offence. With a minor victim nobody calls the offender.
	Sexual bool `json:"sexual,omitempty"`
	// Agrees: she wants the offender to be spoken to. Without it: T3b.
	Agrees bool `json:"agrees,omitempty"`
	// Complainants is how many women, she included, have complained about the
	// offender's number. Zero: not known.
	Complainants int `json:"complainants,omitempty"`
	// CalledHerself: a child who called herself may be asked herself.
	CalledHerself bool `json:"calledHerself,omitempty"`
}

// Emergency lies over a case from the word "danger" until she was spoken to
// again, 112 having confirmed contact with her. Zero: none.
type Emergency struct {
	Since     time.Time `json:"since,omitzero"`
	Confirmed bool      `json:"confirmed,omitempty"` // 112 is with her
}

// Care lies over a case of a suicidal person. Zero: none.
type Care struct {
	Since time.Time `json:"since,omitzero"`
	// Step is the follow-up in hand, from 1.
	Step int `json:"step,omitempty"`
	// Cleared: the counsellor has no objection to the ladder going on.
	Cleared bool `json:"cleared,omitempty"`
	// Missed counts follow-ups in vain, one after the other.
	Missed int `json:"missed,omitempty"`
}

// Hold lies over a case that she wants to withdraw. Zero: none.
type Hold struct {
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// By heard the withdrawal; another woman re-asks.
	By agent.ID `json:"by,omitempty"`
	// Concern is what waited for a supervisor when she withdrew.
	Concern Concern `json:"concern,omitempty"`
}

// Supervisor lies over a case that waits for one. Zero: it does not.
type Supervisor struct {
	Why   Concern   `json:"why,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// Role says what a party is to a case.
type Role string

// The roles.
const (
	Victim   Role = "victim"
	Adult    Role = "adult"
	Offender Role = "offender"
	Contact  Role = "contact"
)

// Party is somebody in a case. The id and the numbers are opaque: what they
// stand for is kept elsewhere, encrypted.
type Party struct {
	ID      string   `json:"id,omitempty"`
	Numbers []Number `json:"numbers,omitempty"`
	// Approved: the victim named this contact herself and agrees to the call.
	Approved bool `json:"approved,omitempty"`
	Woman    bool `json:"woman,omitempty"`
	// Tried and Counselled are kept for contacts, within the present cycle.
	Tried      bool `json:"tried,omitempty"`
	Counselled bool `json:"counselled,omitempty"`
}

// Number is a telephone number of a party, by fingerprint.
type Number struct {
	Print string `json:"print"`
	// Bad: not allocated, or somebody else's. Bad for this party in this case,
	// not for others.
	Bad bool `json:"bad,omitempty"`
}

// Good are the party's numbers that are not known to be bad.
func (p Party) Good() []string {
	var good []string
	for _, n := range p.Numbers {
		if !n.Bad {
			good = append(good, n.Print)
		}
	}
	return good
}

// Terms are what she agreed to about being called, for this case.
type Terms struct {
	// MayCall: we may ring her. Otherwise, and with Pull, she rings us (C10).
	MayCall bool `json:"mayCall,omitempty"`
	Pull    bool `json:"pull,omitempty"`
	// Windows are when she is alone, in local time; none means any hour that the
	// kind of call allows.
	Windows Windows `json:"windows,omitempty"`
	// Opening is the persona that speaks first, such as "courier"; Language a code.
	// Her code and duress words and the name to ask for are private and not here.
	Opening  string `json:"opening,omitempty"`
	Language string `json:"language,omitempty"`
}

// Dialable reports whether we may ring her at all.
func (t Terms) Dialable() bool { return t.MayCall && !t.Pull }

// TimerName names a timer of a case; a case has at most one of each.
type TimerName string

// The timers. Those of the ladder are the case's next thing; the others run
// beside it.
const (
	TriageTimer    TimerName = "triage"    // ladder: nobody has decided the track
	IdentifyTimer  TimerName = "identify"  // ladder: T4
	StationTimer   TimerName = "station"   // ladder: T15
	FinalTimer     TimerName = "final"     // ladder: T17
	EmergencyTimer TimerName = "emergency" // ladder: 112 has not confirmed
	ReminderTimer  TimerName = "reminder"  // beside: the police owe a report
	MinorTimer     TimerName = "minor"     // beside: the report on a child is due
)

// Timer is a moment at which TimeUp is to come.
type Timer struct {
	Name TimerName `json:"name"`
	Due  time.Time `json:"due"`
	// Step is which of a series it is, from 0.
	Step int `json:"step,omitempty"`
}

// ofLadder reports whether the timer is the next thing of a case.
func (n TimerName) ofLadder() bool { return n != ReminderTimer && n != MinorTimer }

// Timer is the timer of that name, if it runs.
func (c Case) Timer(name TimerName) (Timer, bool) {
	i := slices.IndexFunc(c.Timers, func(t Timer) bool { return t.Name == name })
	if i < 0 {
		return Timer{}, false
	}
	return c.Timers[i], true
}

// Task is the task in hand with that id.
func (c Case) Task(id TaskID) (Task, bool) {
	i := slices.IndexFunc(c.Tasks, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return Task{}, false
	}
	return c.Tasks[i], true
}

// Party is the party of that id.
func (c Case) Party(id string) (Party, Role, bool) {
	switch id {
	case "":
		return Party{}, "", false
	case c.Victim.ID:
		return c.Victim, Victim, true
	case c.Adult.ID:
		return c.Adult, Adult, true
	case c.Offender.ID:
		return c.Offender, Offender, true
	}
	for _, p := range c.Contacts {
		if p.ID == id {
			return p, Contact, true
		}
	}
	return Party{}, "", false
}

// OnHold reports whether the case waits for her to be re-asked.
func (c Case) OnHold() bool { return !c.Hold.Since.IsZero() }

// InEmergency reports whether an emergency lies over the case.
func (c Case) InEmergency() bool { return !c.Emergency.Since.IsZero() }

// InCare reports whether a counsellor follows a suicidal person.
func (c Case) InCare() bool { return !c.SuicideCare.Since.IsZero() }

// ForSupervisor reports whether the case waits for a supervisor.
func (c Case) ForSupervisor() bool { return c.Supervisor.Why != NoConcern }

// OffenderBarred reports whether the law of the ladder forbids any call to the
// offender or his contacts at this moment, and in which words (I1).
func (c Case) OffenderBarred() (why string, barred bool) {
	switch {
	case c.State != CounselDue && c.State != FFRDue:
		return "state", true
	case c.OnHold():
		return "hold", true
	case c.InEmergency():
		return "emergency", true
	case c.NoOffenderContact:
		return "no-offender-contact", true
	case c.ForSupervisor():
		return "supervisor", true
	case c.Minor && c.Triage.Sexual:
		return "minor-sexual", true
	case c.OffenderMinor:
		return "offender-minor", true
	}
	return "", false
}

// frozen: an overlay has taken the ladder's place as the next thing.
func (c Case) frozen() bool { return c.OnHold() || c.InEmergency() || c.ForSupervisor() }

// Next is something that a case waits for: exactly one of the fields is set.
type Next struct {
	Task       TaskID    `json:"task,omitempty"`
	Timer      TimerName `json:"timer,omitempty"`
	Supervisor Concern   `json:"supervisor,omitempty"`
	// Due is when; for a supervisor, since when.
	Due time.Time `json:"due"`
}

// Next is what the ladder of the case waits for. An open case has exactly one
// such thing and a closed one none (I9); anything else is a fault of this package.
// What runs beside the ladder is not among it.
func (c Case) Next() []Next {
	var all []Next
	for _, t := range c.Tasks {
		if t.Kind.ofLadder() {
			all = append(all, Next{Task: t.ID, Due: t.Due})
		}
	}
	for _, t := range c.Timers {
		if t.Name.ofLadder() {
			all = append(all, Next{Timer: t.Name, Due: t.Due})
		}
	}
	if c.ForSupervisor() {
		all = append(all, Next{Supervisor: c.Supervisor.Why, Due: c.Supervisor.Since})
	}
	return all
}

// clone copies what Step changes in place.
func (c Case) clone() Case {
	c.Seen = slices.Clone(c.Seen)
	c.Timers = slices.Clone(c.Timers)
	c.Tasks = slices.Clone(c.Tasks)
	for i, t := range c.Tasks {
		c.Tasks[i].Attempts = slices.Clone(t.Attempts)
		c.Tasks[i].Excluded = slices.Clone(t.Excluded)
	}
	c.Offender.Numbers = slices.Clone(c.Offender.Numbers)
	c.Victim.Numbers = slices.Clone(c.Victim.Numbers)
	c.Adult.Numbers = slices.Clone(c.Adult.Numbers)
	c.Contacts = slices.Clone(c.Contacts)
	for i, p := range c.Contacts {
		c.Contacts[i].Numbers = slices.Clone(p.Numbers)
	}
	c.Counsellors = slices.Clone(c.Counsellors)
	c.Terms.Windows = slices.Clone(c.Terms.Windows)
	return c
}
