package postgres

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Away reports whether an error means that the server gave no answer, or not
// the one of a server at work: it may be asked again later. An answer that says
// no, and everything that this package names itself, is none.
func Away(err error) bool {
	if err == nil || errors.As(err, new(*Forbidden)) {
		return false
	}
	for _, known := range answers {
		if errors.Is(err, known) {
			return false
		}
	}
	code := ""
	var s serverError
	var p *pgconn.PgError
	switch {
	case errors.As(err, &s):
		code = s.code
	case errors.As(err, &p):
		code = p.Code
	default:
		return true
	}
	for _, class := range []string{"08", "53", "57", "58"} { // connection, resources, intervention, system
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

// answers are the errors that say no.
var answers = []error{
	ErrNoKeys, ErrNoAgent, ErrRosterChanged, ErrNoCase, ErrCaseExists, ErrNoTask, ErrNoAttempt, ErrNoParty, ErrNoStation, ErrNumberLive, ErrTaskChanged,
	ErrTaskInHand, ErrKindPaused, ErrOtherNumber, ErrSealed, ErrCoded, ErrNotAllowed, ErrNoToken, ErrKeyReused, ErrKeyInUse, ErrAuditBroken, ErrNotDelivered,
	ErrNoRecording, ErrNoKey, ErrHeld, ErrNotHeld, ErrNoAccount, ErrAccountExists, ErrCodeUsed,
}
