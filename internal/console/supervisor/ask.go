package supervisor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"powerline/internal/api"
	"powerline/internal/console"
)

// question is what the API is asked, as whoever is signed in: its table says
// whether she may, and it writes the audit.
type question struct {
	method, path string
	query        url.Values
	in           any
	key          string // of a change, so that it may be sent again
	purpose      string // why something private is opened
}

// problem is the API's no, in its own words.
type problem struct{ api.Problem }

func (p *problem) Error() string { return p.Reason }

// ask asks the API in this process and reads its answer.
func (r *room) ask(q *console.Request, what question, out any) error {
	var body bytes.Buffer
	if what.in != nil {
		if err := json.NewEncoder(&body).Encode(what.in); err != nil {
			return fmt.Errorf("ask the API: %w", err)
		}
	}
	u := url.URL{Path: api.Base + what.path, RawQuery: what.query.Encode()}
	request, err := http.NewRequestWithContext(q.Context(), what.method, u.String(), &body)
	if err != nil {
		return fmt.Errorf("ask the API: %w", err)
	}
	for name, value := range map[string]string{"Idempotency-Key": what.key, "Audit-Purpose": what.purpose} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if what.in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer := q.Ask(request)
	if answer.Status >= http.StatusBadRequest {
		return refusalOf(answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body.Bytes(), out); err != nil {
		return fmt.Errorf("ask the API: its answer is not understood: %w", err)
	}
	return nil
}

// refusalOf is the no of an answer: one that a page can explain, or one that the
// console has words for.
func refusalOf(a *console.Answer) error {
	switch a.Status {
	case http.StatusNotFound:
		return console.ErrNotFound
	case http.StatusForbidden, http.StatusUnauthorized:
		p := &api.Problem{}
		if json.Unmarshal(a.Body.Bytes(), p) == nil && strings.HasSuffix(p.Type, ":two-persons") {
			return console.Refuse(http.StatusForbidden, "two-persons")
		}
		return console.Refuse(http.StatusForbidden, "role")
	case http.StatusConflict, http.StatusUnprocessableEntity, http.StatusGone:
		p := &problem{}
		if json.Unmarshal(a.Body.Bytes(), &p.Problem) == nil && p.Reason != "" {
			return p
		}
		return console.ErrBadInput
	}
	return console.Refuse(http.StatusServiceUnavailable, "store")
}
