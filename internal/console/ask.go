package console

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// Answer is what the API said to a question of ours: kept, not sent.
type Answer struct {
	Status int
	Body   bytes.Buffer
	header http.Header
}

// NewAnswer is one that nothing has been written to.
func NewAnswer() *Answer { return &Answer{Status: http.StatusOK, header: http.Header{}} }

// Header implements http.ResponseWriter.
func (a *Answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *Answer) WriteHeader(status int) { a.Status = status }

// Write implements http.ResponseWriter.
func (a *Answer) Write(p []byte) (int, error) { return a.Body.Write(p) }

// SetReadDeadline lets the API limit the reading of a body that is all here.
func (a *Answer) SetReadDeadline(time.Time) error { return nil }

// Ask has the API work on a request in the name of whoever sent this one. Its table
// says whether she may.
func (r *Request) Ask(request *http.Request) *Answer {
	answer := NewAnswer()
	if r.console.API == nil {
		answer.Status = http.StatusServiceUnavailable
		return answer
	}
	r.console.API.ServeHTTP(answer, request.WithContext(context.WithValue(request.Context(), userKey{}, r.User)))
	return answer
}
