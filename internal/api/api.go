package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
	"powerline/recordings"
)

// Base is where the API is mounted.
const Base = "/api/v1"

// Options of the API.
type Options struct {
	Store Store
	// Rules gives the limits of the ladder that are in force now.
	Rules func() cases.Rules
	// Floor may be nil.
	Floor Floor
	// Listening may be nil; then nobody hears recordings here.
	Listening Listening
	// Recorder may be nil; then no recording can be paused here. PauseReasons are
	// why, and PauseAtMost how long.
	Recorder     Recorder
	PauseReasons []string
	PauseAtMost  time.Duration
	// Who, if set, says who asks instead of a bearer token; false when nobody is
	// known.
	Who func(*http.Request) (postgres.Token, bool)
	// Fingerprint may be nil; then no case can be found by a number.
	Fingerprint Fingerprint
	// Categories and Languages are the words that a case may name; none means
	// that every word may be.
	Categories, Languages []string
	Log                   *slog.Logger
	// Clock is the ladder's time and Wall the real one, by which tokens, keys and
	// requests live; both are time.Now unless set. They differ in a demo.
	Clock, Wall func() time.Time
	// Timeout limits the work on one request; 8 s unless set. Give the server a
	// longer WriteTimeout, or nobody hears that it was too long.
	Timeout time.Duration
	// Observe is told of every answered request, for metrics: the route's
	// pattern, never an id. It must not block. May be nil.
	Observe func(route string, status int, took time.Duration)
}

// New is the API, to be mounted at Base + "/".
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, int, time.Duration) {}
	}
	o.Timeout = cmp.Or(o.Timeout, 8*time.Second)
	a := &server{Options: o, mux: http.NewServeMux()}
	for _, rt := range routes {
		a.mux.Handle(rt.Method+" "+Base+rt.Path, a.serve(rt))
	}
	return http.HandlerFunc(a.find)
}

// find serves what the table has. The mux's own answers to what it has not are
// plain text and redirects; ours are problems.
func (a *server) find(w http.ResponseWriter, r *http.Request) {
	_, pattern := a.mux.Handler(r)
	if pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
		a.mux.ServeHTTP(w, r)
		return
	}
	problem := fault(http.StatusNotFound, "address", "nothing has this address: see "+Base+"/openapi.json")
	if allowed := OtherMethods(a.mux, r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		problem = fault(http.StatusMethodNotAllowed, "method", "this address has no such method: see the Allow header")
	}
	a.serve(route{Path: "/…", act: action{do: func(*request) (any, error) { return nil, problem }}}).ServeHTTP(w, r)
}

// OtherMethods are those by which a mux serves the address of a request, besides
// its own: for the Allow header of a 405.
func OtherMethods(mux *http.ServeMux, r *http.Request) []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != "" && method != r.Method {
			out = append(out, method)
		}
	}
	return out
}

// server is the API with what it stands on.
type server struct {
	Options
	mux *http.ServeMux
}

// request is one request on its way through the table.
type request struct {
	*http.Request
	*server
	route   route
	answer  http.ResponseWriter
	token   postgres.Token
	profile agent.Profile // of token.Agent, if it has one
	purpose string        // why something private is opened
	now     time.Time
	// key is made of the idempotency key and its owner. Ids of what the request
	// makes follow from it.
	key  string
	body []byte
}

// actor is who asks, for the books: an agent, or the id of a token.
func (r *request) actor() string {
	return cmp.Or(string(r.token.Agent), r.token.ID)
}

// reader is who opens something private, and what for.
func (r *request) reader(why string) postgres.Reader {
	return postgres.Reader{By: r.actor(), Why: why, At: r.now}
}

// event is the id of the event that the request makes.
func (r *request) event() string { return "api-" + opaque("event", r.key) }

// opaque is a name that cannot be turned back, and is the same for the same text.
func opaque(what, of string) string {
	sum := sha256.Sum256([]byte("powerline api " + what + " " + of))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}

// reply is an answer before it is sent.
type reply struct {
	status int
	kind   string // media type
	body   []byte
	// stream, instead of a body, is audio that is sent as it is read; done lets go
	// of it.
	stream io.ReadSeeker
	done   func() error
}

// serve takes one route's requests from the first byte to the last.
func (a *server) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		began := a.Wall()
		ctx, cancel := context.WithTimeoutCause(hr.Context(), a.Timeout, fmt.Errorf("not done within %v", a.Timeout))
		defer cancel()
		r := &request{Request: hr.WithContext(ctx), server: a, route: rt, answer: w, now: a.Clock().UTC()}
		out := a.work(r)
		h := w.Header()
		h.Set("Content-Type", out.kind)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if out.stream != nil {
			out.status = play(w, r, out)
		} else {
			w.WriteHeader(out.status)
			_, _ = w.Write(out.body) // whoever asked is gone, then
		}
		took := a.Wall().Sub(began)
		a.Observe(rt.pattern(), out.status, took)
		a.Log.Log(ctx, levelOf(out.status), "request answered", "route", rt.pattern(), "status", out.status, "by", r.actor(), "took", took)
	})
}

func levelOf(status int) slog.Level {
	if status >= 500 {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// work makes the answer. A panic costs one request.
func (a *server) work(r *request) (out reply) {
	defer func() {
		if p := recover(); p != nil {
			// Not the value: it can hold anything. The stack holds code and addresses.
			a.Log.Error("a request broke; its answer is 500", "route", r.route.pattern(), "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			out = a.failed(r, fault(http.StatusInternalServerError, "broken", "a fault of the program: tell an operator the time of this answer"))
		}
	}()
	defer func() { a.refused(r, &out) }()
	if err := a.admit(r); err != nil {
		return a.failed(r, err)
	}
	if err := r.read(); err != nil {
		return a.failed(r, err)
	}
	if !r.route.Changes {
		return a.run(r)
	}
	return a.once(r)
}

// refused audits whoever wanted to hear something and was told no.
func (a *server) refused(r *request, out *reply) {
	if !r.route.Heard || r.token.ID == "" || out.status != http.StatusForbidden && out.status != http.StatusNotFound {
		return
	}
	subject := r.PathValue("recording")
	if !recordings.ID(subject).Valid() {
		subject = "" // it can be anything
	}
	if err := r.deed("recording-refused", subject, map[string]any{"route": r.route.Name, "status": out.status}); err != nil {
		*out = a.failed(r, err)
	}
}

// playFor is how long sending audio may take; a listener who pauses asks for the
// rest again.
const playFor = 10 * time.Minute

// play sends audio, or the parts of it that were asked for, and returns the
// status.
func play(w http.ResponseWriter, r *request, out reply) int {
	defer out.done()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(playFor))
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	http.ServeContent(seen, r.Request, "", time.Time{}, out.stream)
	return seen.status
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.Header().Set("Cache-Control", "no-store") // the library takes it away from errors
	s.ResponseWriter.WriteHeader(status)
}

// run calls the route's action.
func (a *server) run(r *request) reply {
	value, err := r.route.act.do(r)
	if err != nil {
		return a.failed(r, err)
	}
	if whole, ok := value.(reply); ok {
		whole.status = cmp.Or(whole.status, http.StatusOK)
		return whole
	}
	return jsonReply(cmp.Or(r.route.Status, http.StatusOK), "application/json", value)
}

// admit asks who it is, and whether the table lets them in.
func (a *server) admit(r *request) error {
	if len(r.route.Roles) == 0 {
		return nil
	}
	token, err := a.who(r)
	if err != nil {
		return err
	}
	r.token = token
	if !slices.Contains(r.route.Roles, token.Access) {
		return fault(http.StatusForbidden, "role", "the role of this token may not do this")
	}
	if err := r.know(); err != nil {
		return err
	}
	if r.route.Purpose {
		r.purpose = r.Header.Get(purposeHeader)
		if r.purpose == "" && r.route.Address {
			r.purpose = r.URL.Query().Get(purposeParameter.Name)
		}
		if !isWord(r.purpose, 40) {
			return field(purposeHeader, "say what it is opened for in a word such as \"complaint\" or \"court-order\"; it stands in the audit")
		}
	}
	return nil
}

// who asks: a bearer token, or whoever Who says.
func (a *server) who(r *request) (postgres.Token, error) {
	if a.Who != nil {
		token, known := a.Who(r.Request)
		if !known {
			return token, r.unknown()
		}
		return token, nil
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(secret) < 16 || len(secret) > 256 || strings.ContainsAny(secret, " \t") {
		return postgres.Token{}, r.unknown()
	}
	token, err := a.Store.CheckToken(r.Context(), secret, a.Wall().UTC())
	return token, orElse(err, postgres.ErrNoToken, r.unknown())
}

const purposeHeader = "Audit-Purpose"

// purposeParameter says the same in an address; it is a word, and nothing private.
var purposeParameter = parameter{Name: "purpose", Doc: "what it is opened for, where the header " + purposeHeader + " cannot be sent; it stands in the audit"}

// know reads the profile of the agent behind the token. A token outlives
// nobody: who no longer works here does not get in.
func (r *request) know() error {
	if r.token.Agent == "" {
		return nil
	}
	p, err := r.Store.Person(r.Context(), r.token.Agent)
	if err != nil {
		return orElse(err, postgres.ErrNoAgent, fault(http.StatusForbidden, "inactive", "the agent of this token does not work here"))
	}
	r.profile = p.Profile
	switch {
	case !p.Active:
		return fault(http.StatusForbidden, "inactive", "the agent of this token does not work here any more")
	case r.route.Women && r.token.Access == postgres.AccessAgent && !p.Profile.Woman:
		return fault(http.StatusForbidden, "women-only", "what concerns victims is for women agents and supervisors")
	}
	return nil
}

// unknown says the same whatever was wrong.
func (r *request) unknown() error {
	r.answer.Header().Set("WWW-Authenticate", `Bearer realm="powerline"`)
	return fault(http.StatusUnauthorized, "token", "send a good token as \"Authorization: Bearer …\": an operator makes them")
}

// read takes the body in, as far as the route allows.
func (r *request) read() error {
	limit := cmp.Or(r.route.Limit, 64<<10)
	if r.route.act.in == nil {
		limit = 0
	}
	// Whoever trickles his body does not hold us for long. When it has come the
	// deadline is lifted, or it would look as if he had hung up while we work.
	connection := http.NewResponseController(r.answer)
	_ = connection.SetReadDeadline(time.Now().Add(r.Timeout))
	body, err := io.ReadAll(http.MaxBytesReader(r.answer, r.Body, int64(limit)))
	if err == nil {
		_ = connection.SetReadDeadline(time.Time{})
	}
	switch {
	case err != nil && limit == 0:
		return fault(http.StatusRequestEntityTooLarge, "body", "this request has no body")
	case err != nil:
		return fault(http.StatusRequestEntityTooLarge, "body", fmt.Sprintf("the body could not be read: at most %d bytes, within %v", limit, r.Timeout))
	}
	r.body = body
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); len(body) > 0 && strings.TrimSpace(kind) != "application/json" {
		return fault(http.StatusUnsupportedMediaType, "body", "send Content-Type: application/json")
	}
	return nil
}

// keyForm is what an idempotency key looks like.
var keyForm = regexp.MustCompile(`^[!-~]{8,200}$`)

// once runs a request that changes something, unless it was answered before.
func (a *server) once(r *request) reply {
	key := r.Header.Get("Idempotency-Key")
	if !keyForm.MatchString(key) {
		return a.failed(r, field("Idempotency-Key", "send a key of your own, such as a random UUID: 8 to 200 characters without spaces; the same key when you send the same request again"))
	}
	r.key = r.token.ID + " " + key
	digest := sha256.New()
	fmt.Fprintf(digest, "%s\n%s\n%s\n%d\n", r.Method, r.URL.Path, r.URL.RawQuery, len(r.body))
	digest.Write(r.body)
	// The key is the sender's text. What is stored of it says nothing.
	claim := postgres.Request{Owner: r.token.ID, Key: opaque("key", r.key), Digest: digest.Sum(nil), At: a.Wall().UTC()}
	before, err := a.Store.BeginRequest(r.Context(), claim)
	if err != nil {
		return a.failed(r, err)
	}
	if before != nil {
		r.answer.Header().Set("Idempotency-Replayed", "true")
		return reply{status: before.Status, kind: kindOf(before.Status), body: before.Body}
	}
	out := a.run(r)
	if out.status >= statusGone {
		return out // nothing was done, or it is not known: the claim runs out, and the key may come again
	}
	// The answer is kept even if whoever asked has gone meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), a.Timeout)
	defer cancel()
	if err := a.Store.EndRequest(ctx, claim, postgres.Reply{Status: out.status, Body: out.body}); err != nil {
		a.Log.Warn("an answer could not be kept; sent again, the request is worked on again, and changes nothing", "route", r.route.pattern(), "error", err)
	}
	return out
}

func kindOf(status int) string {
	if status >= 400 {
		return problemType
	}
	return "application/json"
}

var wordForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// isWord: a reason or purpose is a word, so that nothing private gets into the
// books by it.
func isWord(text string, most int) bool { return len(text) <= most && wordForm.MatchString(text) }
