package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"powerline/internal/postgres"
)

const problemType = "application/problem+json"

// Problem is the body of every answer that is no success, after RFC 9457. It
// never repeats what was sent.
type Problem struct {
	Type   string `json:"type" doc:"which problem it is, for programs: urn:powerline:problem: and a word"`
	Title  string `json:"title" doc:"the status in words"`
	Status int    `json:"status" doc:"the HTTP status again"`
	Field  string `json:"field,omitempty" doc:"which field, header or parameter is wrong"`
	Reason string `json:"reason" doc:"what is wrong and what to do"`
	// Version helps who decided on an old one.
	Version int64 `json:"version,omitempty" doc:"the version that the case has now, when the request was decided on another"`
}

func (p *Problem) Error() string { return p.Type + ": " + p.Reason }

// statusGone: whoever asked hung up, so that nobody knows what was done. It is
// no status of HTTP, and nobody receives it; it stands in logs and metrics.
const statusGone = 499

// fault makes a problem of a status, its word, and what to do.
func fault(status int, word, reason string) *Problem {
	return &Problem{Type: "urn:powerline:problem:" + word, Title: cmp.Or(http.StatusText(status), "Gone"), Status: status, Reason: reason}
}

// field is the problem that a field of the request cannot be right.
func field(name, reason string) *Problem {
	p := fault(http.StatusUnprocessableEntity, "field", reason)
	p.Field = name
	return p
}

// known are the store's errors that whoever asks must hear. Their texts hold
// nothing private.
var known = []struct {
	err    error
	status int
	word   string
}{
	{postgres.ErrNoCase, http.StatusNotFound, "no-case"},
	{postgres.ErrNoTask, http.StatusNotFound, "no-task"},
	{postgres.ErrNoAttempt, http.StatusNotFound, "no-attempt"},
	{postgres.ErrNoParty, http.StatusNotFound, "no-party"},
	{postgres.ErrNoAgent, http.StatusUnprocessableEntity, "no-agent"},
	{postgres.ErrNoStation, http.StatusUnprocessableEntity, "no-station"},
	{postgres.ErrCaseExists, http.StatusConflict, "case-exists"},
	{postgres.ErrCoded, http.StatusConflict, "coded"},
	{postgres.ErrTaskInHand, http.StatusConflict, "task-in-hand"},
	{postgres.ErrTaskChanged, http.StatusConflict, "task-changed"},
	{postgres.ErrNotAllowed, http.StatusUnprocessableEntity, "refused"},
	{postgres.ErrKeyInUse, http.StatusConflict, "key-in-use"},
	{postgres.ErrKeyReused, http.StatusUnprocessableEntity, "key-reused"},
	{postgres.ErrHeld, http.StatusConflict, "held"},
	{postgres.ErrNoKeys, http.StatusServiceUnavailable, "no-keys"},
}

// orElse is the problem when the error is the one expected, else the error.
func orElse(err, expected, problem error) error {
	if errors.Is(err, expected) {
		return problem
	}
	return err
}

// failed makes the answer of an error. What is not known is a store that does
// not answer: it is logged, and whoever asked is told to try again.
func (a *server) failed(r *request, err error) reply {
	var p *Problem
	if !errors.As(err, &p) {
		p = a.problemOf(r, err)
	}
	if p.Status == http.StatusServiceUnavailable {
		r.answer.Header().Set("Retry-After", "60")
	}
	return jsonReply(p.Status, problemType, p)
}

func (a *server) problemOf(r *request, err error) *Problem {
	for _, k := range known {
		if errors.Is(err, k.err) {
			return fault(k.status, k.word, k.err.Error())
		}
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return fault(statusGone, "gone", "whoever asked hung up")
	}
	a.Log.Error("the store failed; the answer is 503", "route", r.route.pattern(), "error", err)
	return fault(http.StatusServiceUnavailable, "store", "the store does not answer, and nothing was changed or it is not known: send the same request with the same key again in a minute")
}

// jsonReply writes a value as JSON.
func jsonReply(status int, kind string, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		return reply{status: http.StatusInternalServerError, kind: problemType, body: []byte(`{"type":"urn:powerline:problem:broken","title":"Internal Server Error","status":500,"reason":"the answer could not be written"}`)}
	}
	return reply{status: status, kind: kind, body: append(body, '\n')}
}
