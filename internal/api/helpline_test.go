package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

// What must never be seen where it does not belong.
const (
	herName    = "Canaria Quetzal"
	herNumber  = "9876500011"
	herWord    = "heliotrope"
	herDuress  = "saxifrage"
	herAlias   = "Quetzalina"
	herAddress = "7 Lapwing Lane"
	herAccount = "he waits at the bakery"
	hisName    = "Corvus Offendus"
	hisNumber  = "9876500022"
	aContact   = "Nestor Familiar"
	herSister  = "9876500033"
)

// canaries of hers, and all of them.
var (
	hers = []string{herName, "9876500011", herWord, herDuress, herAlias, herAddress, herAccount}
	all  = append([]string{hisName, "9876500022", aContact, "9876500033"}, hers...)
)

// The tokens of the fake helpline.
const (
	asha   = "secret-of-asha-a001"       // a woman agent
	bina   = "secret-of-bina-a002"       // another
	ravi   = "secret-of-ravi-m001"       // a male officer
	sudha  = "secret-of-sudha-s001"      // a supervisor
	ops    = "secret-of-the-operators"   // an operator
	cell   = "secret-of-the-cyber-cell"  // another system
	gone   = "secret-of-somebody-a009"   // who does not work here any more
	carer  = "secret-of-counsellor-a003" // a counsellor
	nobody = ""
)

// helpline is an API over a fake store, with a clock that stands.
type helpline struct {
	t     testing.TB
	store *fake
	api   http.Handler
	now   time.Time
	log   *lockedBuffer
	doc   object
	keys  int
	ids   []string // of cases and complaints: they do not belong into a log either
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func works(t testing.TB, id string, woman, officer, counsellor, active bool) roster.Person {
	t.Helper()
	name, err := roster.NewName("Agent " + id)
	if err != nil {
		t.Fatal(err)
	}
	return roster.Person{Profile: agent.Profile{ID: agent.ID(id), Woman: woman, Officer: officer, Counsellor: counsellor}, Name: name, Active: active}
}

func newHelpline(t testing.TB) *helpline {
	t.Helper()
	h := &helpline{t: t, store: newFake(), now: time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC), log: &lockedBuffer{}, doc: parsed(t)}
	for _, p := range []roster.Person{
		works(t, "a001", true, false, false, true), works(t, "a002", true, false, false, true), works(t, "a003", true, false, true, true),
		works(t, "m001", false, true, false, true), works(t, "s001", true, false, false, true), works(t, "a009", true, false, false, false),
	} {
		h.store.people[p.Profile.ID] = p
	}
	for secret, tk := range map[string]postgres.Token{
		asha: {Access: agents, Agent: "a001"}, bina: {Access: agents, Agent: "a002"}, carer: {Access: agents, Agent: "a003"}, ravi: {Access: agents, Agent: "m001"},
		sudha: {Access: supervisors, Agent: "s001"}, ops: {Access: operators}, cell: {Access: services}, gone: {Access: agents, Agent: "a009"},
	} {
		tk.ID = "k" + strings.ReplaceAll(secret[len(secret)-8:], "-", "x")
		h.store.tokens[secret] = tk
	}
	h.build(nil)
	t.Cleanup(func() { h.clean(h.log.String(), append(h.ids, all...)) })
	return h
}

func (h *helpline) build(floor Floor) {
	h.api = New(Options{
		Store: h.store, Rules: cases.DefaultRules, Floor: floor, Fingerprint: printOf, Listening: h.store, Recorder: h.store, PauseReasons: []string{"address"}, PauseAtMost: time.Hour, Categories: []string{"phone", "stalking"}, Languages: []string{"hi", "bho"},
		Log: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: func() time.Time { return h.now }, Wall: func() time.Time { return h.now },
	})
}

// clean fails when a text holds one of the canaries.
func (h *helpline) clean(text string, canaries []string) {
	h.t.Helper()
	for _, c := range canaries {
		if strings.Contains(text, c) {
			h.t.Errorf("it holds %q: %s", c, text)
		}
	}
}

// answer is what came back.
type answer struct {
	status int
	body   string
	head   http.Header
	t      testing.TB
}

// into reads the body.
func into[T any](a answer) T {
	a.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// is fails unless the status is the one wanted.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// problem fails unless the answer is this problem.
func (a answer) problem(status int, word, field string) answer {
	a.t.Helper()
	p := into[Problem](a.is(status))
	if p.Type != "urn:powerline:problem:"+word || p.Field != field || p.Reason == "" || p.Status != status || a.head.Get("Content-Type") != problemType {
		a.t.Fatalf("want the problem %s of field %q: %s", word, field, a.body)
	}
	return a
}

// send asks the API, and holds the answer to the document.
func (h *helpline) send(method, path, secret string, body any, heads ...string) answer {
	h.t.Helper()
	var text io.Reader = http.NoBody
	switch body := body.(type) {
	case nil:
	case string:
		text = strings.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		text = bytes.NewReader(encoded)
	}
	r := httptest.NewRequestWithContext(h.t.Context(), method, Base+path, text)
	if text != http.NoBody {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret != nobody {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	h.keys++
	if method == "POST" {
		r.Header.Set("Idempotency-Key", fmt.Sprintf("key-of-test-%d", h.keys))
	}
	for i := 0; i < len(heads); i += 2 {
		r.Header.Set(heads[i], heads[i+1])
	}
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	a := answer{w.Code, w.Body.String(), w.Header(), h.t}
	if w.Header().Get("Cache-Control") != "no-store" {
		h.t.Errorf("%s %s may be cached", method, path)
	}
	h.conforms(method, path, a)
	return a
}

// conforms holds an answer to what the document says of it.
func (h *helpline) conforms(method, path string, a answer) {
	h.t.Helper()
	if !strings.Contains(a.head.Get("Content-Type"), "json") {
		return
	}
	var value any
	if err := json.Unmarshal([]byte(a.body), &value); err != nil {
		h.t.Fatalf("%s %s: no JSON: %s", method, path, a.body)
	}
	if a.status >= 400 && path != "/health" {
		if err := conforms(h.doc, object{"$ref": "#/components/schemas/Problem"}, value, "problem"); err != nil {
			h.t.Errorf("%s %s: %v: %s", method, path, err, a.body)
		}
		return
	}
	path, _, _ = strings.Cut(path, "?")
	for _, rt := range routes {
		if rt.Method != method || !matches(rt.Path, path) {
			continue
		}
		op := h.doc["paths"].(object)[rt.Path].(object)[strings.ToLower(method)].(object)
		response, ok := op["responses"].(object)[fmt.Sprint(a.status)].(object)
		if !ok {
			h.t.Fatalf("%s %s: the document has no %d", method, path, a.status)
		}
		schema := response["content"].(object)["application/json"].(object)["schema"].(object)
		if err := conforms(h.doc, schema, value, rt.Name); err != nil {
			h.t.Errorf("%v: %s", err, a.body)
		}
		return
	}
}

// matches reports whether a path is of a route.
func matches(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && !strings.HasPrefix(p[i], "{") {
			return false
		}
	}
	return true
}

// complaint is a registration with every canary in it.
func complaint() RegistrationIn {
	return RegistrationIn{
		District: "Lucknow", Category: "phone", Account: herAccount,
		Victim:   PartyIn{Name: herName, Address: herAddress, Sex: "woman", Numbers: []string{herNumber}},
		Offender: PartyIn{Name: hisName, Sex: "man", Relation: "neighbour", Numbers: []string{hisNumber}},
		Contacts: []PartyIn{{Name: aContact, Relation: "brother", Approved: true, Numbers: []string{herSister}}},
		Safe:     []SafeIn{{Number: herNumber, Whose: "own", CodeWord: herWord, DuressWord: herDuress, AskFor: herAlias}},
		Terms:    TermsIn{MayCall: true, Opening: "courier", Language: "hi", Windows: cases.Daily(14, 16)},
		Triage:   TriageIn{Track: cases.Counsellable, Agrees: true},
	}
}

// registered registers the complaint and gives its id.
func (h *helpline) registered() string {
	h.t.Helper()
	r := into[Registered](h.send("POST", "/cases", asha, complaint()).is(201))
	h.ids = append(h.ids, r.Case, r.Docket)
	return r.Case
}

// ladder is the case as a supervisor sees it.
func (h *helpline) ladder(id string) CaseView {
	h.t.Helper()
	return into[CaseView](h.send("GET", "/cases/"+id, sudha, nil).is(200))
}

// dialled gives the agent the case's task in hand, as the dialer would.
func (h *helpline) dialled(id, attempt string, by agent.ID) cases.Task {
	h.t.Helper()
	defer h.store.lock()()
	t := h.store.cases[id].file.Case.Tasks[0]
	h.store.tries[attempt] = &postgres.AttemptFile{Attempt: postgres.Attempt{ID: attempt, Task: t.ID, Case: id, Kind: t.Kind, Number: t.Number, Agent: by, At: h.now}}
	return t
}
