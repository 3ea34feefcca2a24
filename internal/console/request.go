package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"powerline/agent"
)

// User is who is signed in.
type User struct {
	ID    string // opaque; it stands in the audit
	Login string
	Role  Role
	Agent agent.ID // empty for auditors and administrators
	// Profile is the agent's, as the roster has it now.
	Profile agent.Profile
	// Women: what concerns victims may be shown. It may to women who take calls,
	// and to supervisors.
	Women bool
}

// Actor is who acts, for the books: an agent, or the id of an account.
func (u User) Actor() string { return cmp.Or(string(u.Agent), u.ID) }

// Request is one request on its way to a route.
type Request struct {
	*http.Request
	Writer   http.ResponseWriter
	User     User // zero on routes for everybody, unless somebody is signed in
	Language Language
	// Now is when it came.
	Now time.Time

	console *Console
	route   Route
	room    string
}

// Refusal is a no that people read. Word is a key of the words: "refused." is
// put before it.
type Refusal struct {
	Status int
	Word   string
}

func (f *Refusal) Error() string { return "refused: " + f.Word }

// Refuse makes one.
func Refuse(status int, word string) *Refusal { return &Refusal{status, word} }

// Refusals that several routes give.
var (
	ErrNotFound = Refuse(http.StatusNotFound, "not-found")
	ErrBadInput = Refuse(http.StatusUnprocessableEntity, "bad-input")
	ErrNotYours = Refuse(http.StatusForbidden, "not-yours")
)

// Render answers with a page of the route's room. The page finds data as .Data;
// see Page for what else it may use.
func (r *Request) Render(name string, data any) error {
	return r.render(http.StatusOK, r.room, name, data)
}

func (r *Request) render(status int, room, name string, data any) error {
	t := r.console.pages[room+"/"+name]
	if t == nil {
		return fmt.Errorf("console: no page %s in %s", name, room)
	}
	// Whole before the first byte is sent: half a page would look like success.
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout", r.page(room, data)); err != nil {
		return fmt.Errorf("console: page %s of %s: %w", name, room, err)
	}
	r.Writer.Header().Set("Content-Type", "text/html; charset=utf-8")
	r.Writer.WriteHeader(status)
	_, _ = r.Writer.Write(out.Bytes()) // whoever asked is gone, then
	return nil
}

// JSON answers with a value.
func (r *Request) JSON(status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("console: answer of %s: %w", r.route.Name, err)
	}
	r.Writer.Header().Set("Content-Type", "application/json")
	r.Writer.WriteHeader(status)
	_, _ = r.Writer.Write(append(body, '\n'))
	return nil
}

// NoContent answers that it is done and there is nothing to say.
func (r *Request) NoContent() error {
	r.Writer.WriteHeader(http.StatusNoContent)
	return nil
}

// SeeOther sends the browser to another page of ours.
func (r *Request) SeeOther(path string) error {
	http.Redirect(r.Writer, r.Request, path, http.StatusSeeOther)
	return nil
}

// Decode reads a JSON body into a value, strictly: what is not understood, comes
// twice or is too much is refused (ErrBadInput).
func (r *Request) Decode(into any) error {
	if kind := r.Header.Get("Content-Type"); kind != "application/json" {
		return Refuse(http.StatusUnsupportedMediaType, "bad-input")
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return badBody(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ErrBadInput
	}
	return nil
}

// Form is one field of a posted form; the error is ErrBadInput when there is no
// form, or it is too long.
func (r *Request) Form(field string) (string, error) {
	if err := r.ParseForm(); err != nil {
		return "", badBody(err)
	}
	return r.PostForm.Get(field), nil
}

func badBody(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return Refuse(http.StatusRequestEntityTooLarge, "too-long")
	}
	return ErrBadInput
}

// T is a text in the language of the request; see Language.T.
func (r *Request) T(key string, args ...any) string {
	return r.console.words.T(r.Language, key, args...)
}
