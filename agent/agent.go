package agent

import (
	"slices"
	"time"
)

// ID names an agent and her SIP account alike: lower-case letters, digits and
// hyphens, for example "a017". It says nothing about the person.
type ID string

// Pool is a hard constraint on who may talk in a call (law 3).
type Pool string

const (
	// Women may take callers to 1090 and victims.
	Women Pool = "women"
	// MaleOfficers may take offenders and, by default, their family and friends.
	MaleOfficers Pool = "male-officers"
)

// Status is what the agent chose.
type Status string

// The statuses. NotReady always has a Reason.
const (
	LoggedOut Status = "logged-out"
	Available Status = "available"
	NotReady  Status = "not-ready"
)

// State is what the system sees.
type State string

// The states, in the order in which a call moves through them. Delayed is the
// short rest after a rejected offer: not work, not a pause.
const (
	Idle     State = "idle"
	Reserved State = "reserved"
	Talking  State = "talking"
	WrapUp   State = "wrap-up"
	Recovery State = "recovery"
	Delayed  State = "delayed"
)

// Reason says why an agent is not ready. Those the agent chooses come from the
// configuration; these two are given by the system.
const (
	ReasonNoAnswer  = "no-answer"  // she let an offer ring out
	ReasonPhoneLost = "phone-lost" // her softphone stopped answering
)

// Profile is what the roster says of an agent. It is a value: replace it, do
// not change its slices.
type Profile struct {
	ID ID `json:"id"`
	// Woman and Officer decide the pools: a woman takes the Women pool, a man who
	// is an officer takes the MaleOfficers pool, everybody else takes nothing.
	Woman   bool `json:"woman,omitempty"`
	Officer bool `json:"officer,omitempty"`
	// Counsellor and Senior are skills that the rings of crisis calls name.
	Counsellor bool `json:"counsellor,omitempty"`
	Senior     bool `json:"senior,omitempty"`
	// Languages are codes such as "hi", "bho"; Categories are the inbound
	// categories she is trained for; Outbound the kinds of outbound work.
	Languages  []string `json:"languages,omitempty"`
	Categories []string `json:"categories,omitempty"`
	Outbound   []string `json:"outbound,omitempty"`
}

// Fits reports whether law 3 allows this person in a call of the given pool.
// An unknown pool fits nobody.
func (p Profile) Fits(pool Pool) bool {
	switch pool {
	case Women:
		return p.Woman
	case MaleOfficers:
		return !p.Woman && p.Officer
	}
	return false
}

// Speaks reports whether the language is among hers.
func (p Profile) Speaks(language string) bool { return slices.Contains(p.Languages, language) }

// Takes reports whether she is trained for the inbound category.
func (p Profile) Takes(category string) bool { return slices.Contains(p.Categories, category) }

// Agent is everything the system knows about one agent at one moment.
type Agent struct {
	Profile Profile `json:"profile"`
	// Version rises by one with each stored change (compare-and-set).
	Version int64 `json:"version"`

	Status Status `json:"status"`
	Reason string `json:"reason,omitempty"`
	// StatusSince is when she chose the status.
	StatusSince time.Time `json:"statusSince"`

	State State `json:"state"`
	// Epoch rises with each change of State; timers carry it.
	Epoch int64     `json:"epoch"`
	Since time.Time `json:"since"`
	// Lasts is how long the state is planned to last (wrap-up, recovery, or a
	// pause after a rejected offer); zero means until somebody ends it.
	Lasts time.Duration `json:"lasts,omitempty"`
	// Call is set in reserved and talking; in wrap-up and recovery it still names
	// the call that she is writing up.
	Call string `json:"call,omitempty"`
	// Leg is the channel that was made to ring her, until it is known to be gone:
	// ending a call takes a moment, and until then her phone is not free.
	Leg string `json:"leg,omitempty"`
	// Aside: she is in the call as a supervisor beside its agent.
	Aside bool `json:"aside,omitempty"`
	// After is the wrap-up in hand. While a crisis call that broke into it is
	// reserved or talking, it is what is still owed to her.
	After WrapUpPlan `json:"after,omitzero"`
	// Heavy holds the ends of her last heavy calls, newest last, at most three.
	Heavy []time.Time `json:"heavy,omitempty"`

	// Online: her softphone is registered and answers. Elsewhere: it is in a call
	// that this engine did not make (a dialled code, the fallback queue).
	Online    bool `json:"online,omitempty"`
	Elsewhere bool `json:"elsewhere,omitempty"`

	// BadPINs counts wrong PINs in a row; at MaxBadPINs she is Locked until a
	// supervisor or operator unlocks her.
	BadPINs int  `json:"badPins,omitempty"`
	Locked  bool `json:"locked,omitempty"`
}

// MaxBadPINs wrong PINs in a row lock the login.
const MaxBadPINs = 3

// New is an agent as the roster first makes her known: logged out and idle.
func New(p Profile, at time.Time) Agent {
	return Agent{Profile: p, Status: LoggedOut, StatusSince: at, State: Idle, Since: at}
}

// Routable reports whether a call may be offered to her now.
func (a *Agent) Routable() bool {
	return a.Status == Available && a.State == Idle && a.Leg == "" && a.Online && !a.Elsewhere
}

// Invitable reports whether a supervisor's phone may be rung so that she comes into
// a call of somebody else. Whether she takes calls herself does not matter.
func (a *Agent) Invitable() bool { return a.State == Idle && a.Leg == "" && a.Online && !a.Elsewhere }

// BreakInable reports whether a crisis call may take her out of after-call work.
func (a *Agent) BreakInable() bool {
	return a.Status == Available && a.State == WrapUp && a.After.Interruptible && a.Leg == "" && a.Online && !a.Elsewhere
}

// Busy reports whether the system holds her for a call or its aftermath.
func (a *Agent) Busy() bool { return a.State != Idle }
