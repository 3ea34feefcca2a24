package asterisk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// request is one REST call: a row of what is needed to make it.
type request struct {
	op     string
	method string
	path   []string // segments, escaped when the URL is built
	query  url.Values
	body   any // sent as JSON
	into   any // the answer's JSON is decoded into it
	limit  time.Duration
	// patient requests may be held back by Asterisk behind a prompt. They have
	// connections of their own, lest they take all those of the quick ones.
	patient bool
	// repeatable requests may be sent twice when Asterisk closed an idle
	// connection at the moment of sending.
	repeatable bool
}

// restClient speaks HTTP with Asterisk.
type restClient struct {
	base     string
	user     string
	password string
	quick    *http.Client
	patient  *http.Client
	observe  func(op string, took time.Duration, err error)
}

const (
	// Asterisk closes idle connections after 15 s; leaving first avoids
	// sending into a closing connection.
	idleLimit = 10 * time.Second
	// A listing of a thousand channels has about 1 MB; more than this is not
	// an answer of ARI.
	answerLimit = 64 << 20
	dialLimit   = time.Second
)

func newRESTClient(o Options) *restClient {
	return &restClient{
		base:     strings.TrimSuffix(strings.TrimSuffix(o.BaseURL, "/"), "/ari") + "/ari",
		user:     o.User,
		password: o.Password,
		quick:    &http.Client{Transport: newTransport(48)},
		patient:  &http.Client{Transport: newTransport(256)},
		observe:  o.Observe,
	}
}

// newTransport caps the connections, since Asterisk counts idle ones against
// its session limit and answers those beyond it with nothing at all.
func newTransport(atMost int) *http.Transport {
	dialer := &net.Dialer{Timeout: dialLimit}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		MaxIdleConns:        32,
		MaxIdleConnsPerHost: 32,
		MaxConnsPerHost:     atMost,
		IdleConnTimeout:     idleLimit,
		DisableCompression:  true,
	}
}

func (r *restClient) close() {
	r.quick.CloseIdleConnections()
	r.patient.CloseIdleConnections()
}

// do carries out one request within its limit or the context's, whichever ends
// first, and reports it to the observer.
func (r *restClient) do(ctx context.Context, q request) error {
	began := time.Now()
	limit := fmt.Errorf("no answer within %v: %w", q.limit, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, q.limit, limit)
	defer cancel()
	err := r.send(ctx, q)
	r.observe(q.op, time.Since(began), err)
	return err
}

func (r *restClient) send(ctx context.Context, q request) error {
	req, err := r.build(ctx, q)
	if err != nil {
		return &Error{Op: q.op, Err: err, unsent: true}
	}
	client := r.quick
	if q.patient {
		client = r.patient
	}
	resp, err := client.Do(req)
	if err != nil {
		return unanswered(q.op, timeoutCause(ctx, err))
	}
	defer resp.Body.Close()
	// Reading to the end is what lets the connection be used again.
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return unanswered(q.op, timeoutCause(ctx, err))
	}
	if resp.StatusCode >= 300 {
		return refused(q.op, resp.StatusCode, body)
	}
	if q.into == nil {
		return nil
	}
	if err := json.Unmarshal(body, q.into); err != nil {
		return &Error{Op: q.op, Err: fmt.Errorf("answer is not the JSON expected: %w", err)}
	}
	return nil
}

func (r *restClient) build(ctx context.Context, q request) (*http.Request, error) {
	var target strings.Builder
	target.WriteString(r.base)
	for _, segment := range q.path {
		if segment == "" || segment == "." || segment == ".." {
			return nil, errors.New("an id is empty or a dot")
		}
		target.WriteByte('/')
		target.WriteString(url.PathEscape(segment))
	}
	if len(q.query) > 0 {
		target.WriteByte('?')
		target.WriteString(queryString(q.query))
	}
	var body io.Reader
	if q.body != nil {
		encoded, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target.String(), body)
	if err != nil {
		return nil, errors.New("the base URL cannot be parsed")
	}
	req.SetBasicAuth(r.user, r.password)
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.repeatable {
		// net/http takes an empty list as leave to send again, and does not
		// put the header on the wire.
		req.Header["Idempotency-Key"] = nil
	}
	return req, nil
}

// queryString writes lists as Asterisk splits them: at bare commas, while a
// comma inside a value is escaped. A space is %20, since Asterisk takes a plus
// sign literally in some places.
func queryString(values url.Values) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var escaped []string
		for _, value := range values[name] {
			escaped = append(escaped, strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		}
		parts = append(parts, url.QueryEscape(name)+"="+strings.Join(escaped, ","))
	}
	return strings.Join(parts, "&")
}

func refused(op string, status int, body []byte) *Error {
	var reason struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	_ = json.Unmarshal(body, &reason) // an empty reason is as good as a broken one
	if reason.Message == "" {
		reason.Message = reason.Error
	}
	e := &Error{Op: op, Status: status, Message: reason.Message}
	if status == http.StatusUnauthorized {
		e.Err = ErrUnauthorised
	}
	return e
}
