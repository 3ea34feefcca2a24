package postgres

import (
	"errors"
	"strings"

	"powerline/cases"
)

// Errors that a caller of this package tells apart.
var (
	ErrNoKeys       = errors.New("no keys: set privacy.fingerprintKeyFile and privacy.sealKeyFile")
	ErrNoCase       = errors.New("no case has this id")
	ErrCaseExists   = errors.New("another case has this id already")
	ErrNoTask       = errors.New("no task has this id")
	ErrNoAttempt    = errors.New("no attempt has this id")
	ErrNoParty      = errors.New("the case has no such party")
	ErrNoStation    = errors.New("no police station has this id: import the directory of stations first")
	ErrNumberLive   = errors.New("the number is in another call of ours")
	ErrTaskChanged  = errors.New("the task is no longer what it was: read it again")
	ErrTaskInHand   = errors.New("an attempt of this task is not settled yet")
	ErrKindPaused   = errors.New("an operator has paused this kind of call")
	ErrOtherNumber  = errors.New("a sealed number is not the one of its fingerprint: the row was changed, or the key of fingerprints was")
	ErrSealed       = errors.New("a sealed number cannot be opened: the row was changed, or the seal key is another one")
	ErrCoded        = errors.New("the attempt has an outcome already: it can be coded once")
	ErrNotAllowed   = errors.New("a law or a rule of the ladder forbids it")
	ErrNoToken      = errors.New("no such token: ask an operator for one")
	ErrKeyReused    = errors.New("the idempotency key was used for another request: make a new key")
	ErrKeyInUse     = errors.New("a request with this idempotency key is being worked on: ask again")
	ErrAuditBroken  = errors.New("the audit chain is broken")
	ErrNotDelivered = errors.New("no such delivery is waiting")
	ErrNoRecording  = errors.New("no row knows of this recording")
	ErrNoKey        = errors.New("no recording has this key")
	ErrHeld         = errors.New("a legal hold is on it: release the hold first")
	ErrNotHeld      = errors.New("no hold is on it")
)

// Forbidden says why an attempt may not start now: the answer of cases.Check
// inside of the transaction that would have started it.
type Forbidden struct{ Reasons []cases.Reason }

func (f *Forbidden) Error() string {
	var why []string
	for _, r := range f.Reasons {
		why = append(why, r.String())
	}
	return "the attempt may not start: " + strings.Join(why, ", ")
}

// Is makes the reasons that callers handle apart their errors.
func (f *Forbidden) Is(target error) bool {
	rule := map[error]cases.Rule{
		ErrNumberLive: cases.NumberLive, ErrTaskChanged: cases.NotInHand, ErrKindPaused: cases.KindPaused,
	}[target]
	for _, r := range f.Reasons {
		if rule != "" && r.Rule == rule {
			return true
		}
	}
	return target == ErrNotAllowed
}
