package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"powerline/internal/api"
	"powerline/internal/postgres"
)

// answerWithin is how long an answer may take that is no stream.
const answerWithin = 10 * time.Second

// ServeHTTP answers a browser.
func (c *Console) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	c.secure(w.Header())
	seen := &watched{ResponseWriter: w, status: http.StatusOK}
	switch {
	case strings.HasPrefix(hr.URL.Path, "/static/") && hr.Method == http.MethodGet:
		c.static.ServeHTTP(seen, hr)
	case strings.HasPrefix(hr.URL.Path, "/api/") && c.API != nil:
		c.serve(Route{Name: "api", Changes: hr.Method != http.MethodGet, Limit: 1 << 20, Handle: c.toAPI}, ownRoom).ServeHTTP(seen, hr)
	default:
		c.find(seen, hr)
	}
}

// secure sets what every answer carries.
func (c *Console) secure(h http.Header) {
	h.Set("Content-Security-Policy", c.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if c.TLS {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// find serves what the table has; what it has not is refused as everything else
// is, without a redirect to what the address may have meant.
func (c *Console) find(w http.ResponseWriter, hr *http.Request) {
	_, pattern := c.mux.Handler(hr)
	if pattern != "" && path.Clean(hr.URL.Path) == hr.URL.Path {
		c.mux.ServeHTTP(w, hr)
		return
	}
	refusal := ErrNotFound
	if allowed := api.OtherMethods(c.mux, hr); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		refusal = Refuse(http.StatusMethodNotAllowed, "method")
	}
	c.serve(Route{Name: "none", Handle: func(*Request) error { return refusal }}, ownRoom).ServeHTTP(w, hr)
}

// serve takes one route's requests from the first byte to the last.
func (c *Console) serve(rt Route, room string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		began := time.Now()
		seen, ok := w.(*watched)
		if !ok {
			seen = &watched{ResponseWriter: w, status: http.StatusOK}
		}
		r := &Request{Request: hr, Writer: seen, Language: languageOf(hr), Now: began.UTC(), console: c, route: rt, room: room}
		c.work(r, seen)
		c.metrics.answered(rt, seen.status, time.Since(began))
		c.Log.Debug("console answered", "route", rt.Name, "status", seen.status, "by", r.User.Actor())
	})
}

// work answers. A panic costs one request.
func (c *Console) work(r *Request, seen *watched) {
	defer func() {
		if p := recover(); p != nil {
			// Not the value: it can hold anything. The stack holds code and addresses.
			c.Log.Error("a request to the console broke; its answer is 500", "route", r.route.Name, "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			if !seen.begun {
				c.refuse(r, Refuse(http.StatusInternalServerError, "broken"))
			}
		}
	}()
	err := c.admit(r)
	if err == nil {
		err = r.route.Handle(r)
	}
	if err != nil && !seen.begun {
		c.refuse(r, err)
	}
}

// admit lets a request through to its route, or says why not.
func (c *Console) admit(r *Request) error {
	limit := r.route.Limit
	if limit == 0 {
		limit = 64 << 10
	}
	r.Body = http.MaxBytesReader(r.Writer, r.Body, limit)
	connection := http.NewResponseController(r.Writer)
	_ = connection.SetReadDeadline(r.Now.Add(answerWithin))
	if !r.route.Live {
		_ = connection.SetWriteDeadline(r.Now.Add(answerWithin + 5*time.Second))
	}
	if err := c.origin.Check(r.Request); err != nil {
		return Refuse(http.StatusForbidden, "cross-origin")
	}
	if r.Method != http.MethodGet && !c.limits.address.allow(addressOf(r.Request), r.Now) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	if err := c.know(r); err != nil {
		return err
	}
	if r.route.Live {
		_ = connection.SetReadDeadline(time.Time{}) // a stream's end is seen by reading
	}
	switch {
	case r.route.Name == "none" || r.route.Name == "api" || forEverybody(r.route.Name):
	case r.User.ID == "":
		return Refuse(http.StatusUnauthorized, "sign-in")
	case !May(r.User.Role, r.route.Name):
		return Refuse(http.StatusForbidden, "role")
	}
	if r.route.Changes && r.User.ID != "" && !c.limits.person.allow(r.User.ID, r.Now) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	return nil
}

// refuse answers an error: a page for who reads, JSON for a script.
func (c *Console) refuse(r *Request, err error) {
	f := c.refusalOf(r, err)
	c.metrics.refused(f)
	if f.Status >= http.StatusInternalServerError {
		c.Log.Error("the console could not answer", "route", r.route.Name, "status", f.Status, "error", err)
	} else {
		c.Log.Info("the console refused", "route", r.route.Name, "why", f.Word, "by", r.User.Actor())
	}
	if f.Status == http.StatusServiceUnavailable || f.Status == http.StatusTooManyRequests {
		r.Writer.Header().Set("Retry-After", "2")
	}
	reads := strings.Contains(r.Header.Get("Accept"), "text/html")
	if reads && f.Word == "sign-in" && r.Method == http.MethodGet {
		_ = r.SeeOther("/login")
		return
	}
	if reads && r.render(f.Status, ownRoom, "refused.html", f.Word) == nil {
		return
	}
	_ = r.JSON(f.Status, map[string]string{"refused": f.Word, "text": r.T("refused." + f.Word)})
}

func (c *Console) refusalOf(r *Request, err error) *Refusal {
	var f *Refusal
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return Refuse(499, "gone") // nobody hears it
	case postgres.Away(err):
		return Refuse(http.StatusServiceUnavailable, "store")
	}
	return Refuse(http.StatusInternalServerError, "broken")
}

// addressOf is where a request comes from. What a proxy may have written into
// its headers counts nothing: anybody can.
func addressOf(hr *http.Request) string {
	host, _, err := net.SplitHostPort(hr.RemoteAddr)
	if err != nil {
		return hr.RemoteAddr
	}
	return host
}

// Token is who is signed in, as the API knows its users; false when nobody is,
// or may not use it.
func Token(hr *http.Request) (postgres.Token, bool) {
	u, ok := hr.Context().Value(userKey{}).(User)
	if !ok || u.ID == "" {
		return postgres.Token{}, false
	}
	may := access(u.Role)
	return postgres.Token{ID: u.ID, Label: "console", Access: may, Agent: u.Agent}, may != ""
}

type userKey struct{}

// access is what a role is to the API.
func access(role Role) postgres.Access {
	switch {
	case slices.Contains(Seated, role):
		return postgres.AccessAgent
	case role == Supervisor:
		return postgres.AccessSupervisor
	case role == Auditor:
		return postgres.AccessAuditor
	case role == Administrator:
		return postgres.AccessOperator
	}
	return ""
}

// toAPI hands a request to the API. Its table says who may what.
func (c *Console) toAPI(r *Request) error {
	c.API.ServeHTTP(r.Writer, r.WithContext(context.WithValue(r.Context(), userKey{}, r.User)))
	return nil
}

// watched is a response writer that knows what was answered.
type watched struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (w *watched) WriteHeader(status int) {
	if !w.begun {
		w.status, w.begun = status, true
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
