package api

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/number"
	"powerline/person"
)

// Store is what the API needs of the database; *postgres.DB is one.
type Store interface {
	People
	Requests
	Ladder
	Private
	Works
	Talks
	Pauses
	Office
	Audits
	Recorded
	Exports
}

// People says who asks.
type People interface {
	CheckToken(ctx context.Context, secret string, now time.Time) (postgres.Token, error)
	Person(ctx context.Context, id agent.ID) (roster.Person, error)
}

// Requests makes a request that is sent again the same request.
type Requests interface {
	BeginRequest(ctx context.Context, r postgres.Request) (*postgres.Reply, error)
	EndRequest(ctx context.Context, r postgres.Request, reply postgres.Reply) error
}

// Ladder holds the cases and moves them.
type Ladder interface {
	Register(ctx context.Context, rules cases.Rules, r intake.Registration) (postgres.Registered, error)
	Case(ctx context.Context, id string) (postgres.CaseFile, error)
	Cases(ctx context.Context, f postgres.CaseFilter) ([]postgres.CaseFile, error)
	CaseHistory(ctx context.Context, id string) ([]postgres.CaseEvent, error)
	Apply(ctx context.Context, rules cases.Rules, caseID string, ev cases.Event, told intake.Told) (postgres.Step, error)
}

// Private opens what is sealed, and writes down who looked.
type Private interface {
	OpenParty(ctx context.Context, caseID, partyID string, r postgres.Reader) (postgres.PartyFile, error)
	OpenParties(ctx context.Context, caseID string, r postgres.Reader) ([]postgres.PartyFile, error)
	OpenSafeContact(ctx context.Context, caseID, fingerprint string, r postgres.Reader) (intake.SafeContact, error)
	OpenAccount(ctx context.Context, caseID string, r postgres.Reader) (person.Words, error)
	// CallerNumber is the number from which a call came, for the complaint of an
	// agent who spoke in it; the zero number when that is not to be had. It is shown
	// to nobody.
	CallerNumber(ctx context.Context, callID string, by agent.ID) (number.Number, error)
}

// Works are the tasks.
type Works interface {
	Task(ctx context.Context, id cases.TaskID, now time.Time) (postgres.Work, error)
	Tasks(ctx context.Context, f postgres.TaskFilter, now time.Time) ([]postgres.Work, error)
	SetAside(ctx context.Context, id cases.TaskID, by agent.ID, reason string, at time.Time) error
	TakeBack(ctx context.Context, id cases.TaskID, by agent.ID, at time.Time) error
}

// Talks are attempts and what came of them.
type Talks interface {
	OneAttempt(ctx context.Context, id string) (postgres.AttemptFile, error)
	Attempts(ctx context.Context, task cases.TaskID, caseID string) ([]postgres.AttemptFile, error)
	InHand(ctx context.Context, id agent.ID) (postgres.AttemptFile, error)
	RecordOutcome(ctx context.Context, rules cases.Rules, r postgres.Report) (postgres.Step, error)
}

// Pauses are the kinds of call that an operator has stopped.
type Pauses interface {
	PausedKinds(ctx context.Context) ([]postgres.Pause, error)
	PauseKind(ctx context.Context, p postgres.Pause) error
	ResumeKind(ctx context.Context, kind cases.Kind, by agent.ID, at time.Time) error
}

// Office is the directory of police stations, and what waits to be told to them.
type Office interface {
	Stations(ctx context.Context, district string) ([]postgres.Station, error)
	ImportStations(ctx context.Context, all []postgres.Station, by string, at time.Time) error
	Undelivered(ctx context.Context) (waiting, givenUp int, err error)
	Ping(ctx context.Context) error
}

// Audits is the book of who did what.
type Audits interface {
	Audit(ctx context.Context, d postgres.Deed) error
	Deeds(ctx context.Context, after int64, limit int) ([]postgres.Deed, error)
	VerifyAudit(ctx context.Context) (rows int64, head []byte, err error)
}

// Floor is what only the running dialer sees. Without one the API tells what
// the books know, and says that it does not know the rest.
type Floor interface {
	// Free are the agents who could be given a task now.
	Free() []agent.Profile
	// Calling reports whether the number, by fingerprint, is calling us now.
	Calling(fingerprint string) bool
	// InHand is the task for which the agent is reserved, about which she talks,
	// or which she is writing up; the attempt is empty while she is only
	// reserved. Both are empty when there is none.
	InHand(id agent.ID) (task cases.TaskID, attempt string)
}

// Fingerprint recognises a number again; number.Number's method with the key
// of the configuration.
type Fingerprint func(number.Number) string
