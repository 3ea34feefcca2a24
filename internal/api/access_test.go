package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

// address fills a route's path with ids that have the right form.
func address(rt route) string {
	return strings.NewReplacer("{case}", "caaaaaaaaaaaaaaaa", "{task}", "taaaaaaaaaaaaaaaa", "{attempt}", "x1", "{agent}", "a002", "{kind}", "offender", "{recording}", string(ashas), "{export}", "x1").Replace(rt.Path)
}

func TestGivenEveryRouteAndEveryRole_WhenAsked_ThenTheTableDecides(t *testing.T) {
	h := newHelpline(t)
	who := map[string]postgres.Access{asha: agents, sudha: supervisors, ops: operators, cell: services}
	for _, rt := range routes {
		path := address(rt)
		if len(rt.Roles) == 0 {
			h.send(rt.Method, path, nobody, nil).is(200)
			continue
		}
		a := h.send(rt.Method, path, nobody, nil).problem(401, "token", "")
		if a.head.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: a 401 without a challenge", rt.pattern())
		}
		h.send(rt.Method, path, "some-secret-that-is-none", nil).problem(401, "token", "")
		for secret, role := range who {
			a := h.send(rt.Method, path, secret, nil)
			if may := slices.Contains(rt.Roles, role); may == (a.status == 403 && strings.Contains(a.body, "problem:role")) {
				t.Errorf("%s as %s: %d %s", rt.pattern(), role, a.status, a.body)
			}
		}
		if slices.Contains(rt.Roles, agents) {
			h.send(rt.Method, path, gone, nil).problem(403, "inactive", "")
		}
		if a := h.send(rt.Method, path, ravi, nil); rt.Women && !strings.Contains(a.body, "women-only") {
			t.Errorf("%s: a man gets %d %s", rt.pattern(), a.status, a.body)
		}
	}
}

func TestGivenARouteAboutVictims_WhenAgentsMayUseIt_ThenOnlyWomenDo(t *testing.T) {
	// These tell nothing about any victim, or check the person themselves.
	others := []string{"taskOutcome", "attemptOutcome", "preview", "listKinds", "listStations", "listRecordings", "readRecording", "hearRecording", "recordingPeaks", "pauseRecording", "resumeRecording"}
	for _, rt := range routes {
		if slices.Contains(rt.Roles, agents) && !rt.Women && !slices.Contains(others, rt.Name) {
			t.Errorf("%s is open to male officers", rt.pattern())
		}
		if strings.Contains(rt.Path, "private") || strings.Contains(rt.Path, "dossier") {
			if !rt.Purpose || !slices.Equal(rt.Roles, may(supervisors)) {
				t.Errorf("%s opens what is private", rt.pattern())
			}
		}
	}
}

func TestGivenAChange_WhenItHasNoGoodKey_ThenItIsRefused(t *testing.T) {
	h := newHelpline(t)
	for _, rt := range routes {
		if !rt.Changes {
			continue
		}
		secret := map[postgres.Access]string{agents: asha, supervisors: sudha, operators: ops, services: cell}[rt.Roles[0]]
		for _, key := range []string{"", "short", "with a space in it", strings.Repeat("k", 201)} {
			h.send(rt.Method, address(rt), secret, nil, "Idempotency-Key", key).problem(422, "field", "Idempotency-Key")
		}
	}
}

func TestGivenARequest_WhenItIsSentAgain_ThenItGetsTheSameAnswerAndDoesNothing(t *testing.T) {
	h := newHelpline(t)
	key := []string{"Idempotency-Key", "the-same-key-0001"}
	first := h.send("POST", "/cases", asha, complaint(), key...).is(201)
	again := h.send("POST", "/cases", asha, complaint(), key...).is(201)
	if first.body != again.body || again.head.Get("Idempotency-Replayed") != "true" || len(h.store.cases) != 1 {
		t.Errorf("%s\n%s\n%d cases", first.body, again.body, len(h.store.cases))
	}
	other := complaint()
	other.Category = "stalking"
	h.send("POST", "/cases", asha, other, key...).problem(422, "key-reused", "")
	// The key is hers: with another's token it is another request.
	h.send("POST", "/cases", bina, complaint(), key...).is(201)
	if len(h.store.cases) != 2 {
		t.Errorf("%d cases", len(h.store.cases))
	}
	for stored := range h.store.digests {
		if strings.Contains(stored, "the-same-key") {
			t.Error("the key is stored as it came")
		}
	}
	for _, r := range h.store.replies {
		h.clean(string(r.Body), all)
	}
}

func TestGivenTheAnswerWasNeverKept_WhenItIsSentAgain_ThenNothingHappensTwice(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	key := []string{"Idempotency-Key", "the-same-key-0002"}
	decision := DecisionIn{Version: h.ladder(id).Version, Do: "hold"}
	h.send("POST", "/cases/"+id+"/decisions", sudha, decision, key...).is(200)
	h.store.replies, h.store.digests = map[string]*postgres.Reply{}, map[string]string{} // the process died before it was kept
	m := into[Moved](h.send("POST", "/cases/"+id+"/decisions", sudha, decision, key...).is(200))
	if m.Verdict != "duplicate" || len(h.store.cases[id].events) != 2 {
		t.Errorf("%+v, %d events", m, len(h.store.cases[id].events))
	}
	// And a registration makes no second case.
	h.send("POST", "/cases", asha, complaint(), key...).is(201)
	h.store.replies, h.store.digests = map[string]*postgres.Reply{}, map[string]string{}
	if r := into[Registered](h.send("POST", "/cases", asha, complaint(), key...).is(201)); !r.Again || len(h.store.cases) != 2 {
		t.Errorf("%+v, %d cases", r, len(h.store.cases))
	}
}

func TestGivenTheStoreIsDown_WhenAsked_Then503AndTheKeyStaysGood(t *testing.T) {
	h := newHelpline(t)
	h.store.down = errors.New("postgres: no answer within 5s")
	for _, rt := range routes {
		switch rt.Name {
		case "openapi":
		case "health":
			h.send("GET", "/health", nobody, nil).is(503)
		default:
			a := h.send(rt.Method, address(rt), sudha, nil).problem(503, "store", "")
			if a.head.Get("Retry-After") == "" || strings.Contains(a.body, "5s") {
				t.Errorf("%s: %s", rt.pattern(), a.body)
			}
		}
	}
	h.store.down = nil
	key := []string{"Idempotency-Key", "the-same-key-0003"}
	h.send("POST", "/cases", asha, complaint(), key...).is(201)
	if len(h.store.cases) != 1 {
		t.Error("not registered")
	}
}

func TestGivenAnExpiredToken_WhenUsed_ThenItIsUnknown(t *testing.T) {
	h := newHelpline(t)
	tk := h.store.tokens[asha]
	tk.Expires = h.now.Add(time.Minute)
	h.store.tokens[asha] = tk
	h.send("GET", "/kinds", asha, nil).is(200)
	h.now = h.now.Add(time.Minute)
	h.send("GET", "/kinds", asha, nil).problem(401, "token", "")
}

func TestGivenAnAddressThatIsNone_WhenAsked_ThenAProblemSaysSo(t *testing.T) {
	h := newHelpline(t)
	h.send("GET", "/nothing/"+hisNumber, sudha, nil).problem(404, "address", "")
	a := h.send("DELETE", "/cases", sudha, nil).problem(405, "method", "")
	if allow := a.head.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow: %q", allow)
	}
	for _, path := range []string{"/cases/" + hisNumber, "/cases/caaaaaaaaaaaaaaaa", "/tasks/" + hisNumber + "/explain", "/cases/x%27%20or%201=1"} {
		h.clean(h.send("GET", path, sudha, nil).is(404).body, all)
	}
}

func TestGivenABodyThatIsBad_WhenSent_ThenTheReasonRepeatsNothing(t *testing.T) {
	h := newHelpline(t)
	for name, c := range map[string]struct {
		body, word, field string
		status            int
	}{
		"empty":           {"", "json", "", 400},
		"no JSON":         {"{" + herNumber, "json", "", 400},
		"cut":             {`{"district":"` + herNumber, "json", "", 400},
		"two":             {`{"district":"Lucknow","category":"phone","victim":{"numbers":["` + herNumber + `"]},"terms":{"mayCall":true}}{}`, "json", "", 400},
		"unknown field":   {`{"` + herNumber + `":1}`, "unknown-field", "", 400},
		"unknown deeper":  {`{"victim":{"` + herName + `":1}}`, "unknown-field", "", 400},
		"other type":      {`{"victim":{"name":` + herNumber + `}}`, "field", "victim.name", 400},
		"window":          {`{"terms":{"windows":["` + herName + `"]}}`, "json", "", 400},
		"nothing":         {`{}`, "field", "district", 422},
		"null":            {`null`, "field", "district", 422},
		"array":           {`[]`, "field", "", 400},
		"number in safe":  {`{"district":"Lucknow","category":"phone","victim":{"numbers":["` + herNumber + `"]},"terms":{"mayCall":true},"safe":[{"whose":"own"}]}`, "field", "safe[0].number", 422},
		"nothing of hers": {`{"district":"Lucknow","category":"phone","terms":{"mayCall":true}}`, "field", "victim", 422},
	} {
		a := h.send("POST", "/cases", asha, c.body)
		if c.body == "" {
			a = h.send("POST", "/cases", asha, nil)
		}
		t.Run(name, func(*testing.T) { h.clean(a.problem(c.status, c.word, c.field).body, all) })
	}
	h.send("POST", "/cases", asha, strings.Repeat(" ", 70<<10)).problem(413, "body", "")
	h.send("GET", "/cases", asha, "{}").problem(413, "body", "")
	h.send("POST", "/cases", asha, complaint(), "Content-Type", "text/plain").problem(415, "body", "")
}

func TestGivenARegistrationThatCannotBe_WhenSent_ThenTheFieldIsNamed(t *testing.T) {
	h := newHelpline(t)
	for field, spoil := range map[string]func(*RegistrationIn){
		"district":               func(r *RegistrationIn) { r.District = "Atlantis" },
		"category":               func(r *RegistrationIn) { r.Category = "gossip" },
		"station":                func(r *RegistrationIn) { r.Station = herName },
		"taker":                  func(r *RegistrationIn) { r.Taker = "a002" },
		"call":                   func(r *RegistrationIn) { r.Call = herName },
		"linkedTo":               func(r *RegistrationIn) { r.LinkedTo = herNumber },
		"account":                func(r *RegistrationIn) { r.Account = strings.Repeat(herAccount, 400) },
		"victim.name":            func(r *RegistrationIn) { r.Victim.Name = herName + "\a" },
		"victim.sex":             func(r *RegistrationIn) { r.Victim.Sex = herName },
		"victim.numbers[0]":      func(r *RegistrationIn) { r.Victim.Numbers = []string{"112"} },
		"victim.numbers[1]":      func(r *RegistrationIn) { r.Victim.Numbers = append(r.Victim.Numbers, "+91"+herNumber) },
		"offender.numbers[0]":    func(r *RegistrationIn) { r.Offender.Numbers = []string{"+14155552671"} },
		"offender.relation":      func(r *RegistrationIn) { r.Offender.Relation = hisName },
		"contacts[0].numbers[0]": func(r *RegistrationIn) { r.Contacts[0].Numbers = []string{"1800 180 1234"} },
		"contacts[1]":            func(r *RegistrationIn) { r.Contacts = append(r.Contacts, PartyIn{}) },
		"safe":                   func(r *RegistrationIn) { r.Safe[0].Number = hisNumber },
		"safe[0].whose":          func(r *RegistrationIn) { r.Safe[0].Whose = hisName },
		"safe[0].verifiedAt":     func(r *RegistrationIn) { r.Safe[0].VerifiedAt = h.now.Add(time.Hour) },
		"safe[1].number":         func(r *RegistrationIn) { r.Safe = append(r.Safe, r.Safe[0]) },
		"terms.opening":          func(r *RegistrationIn) { r.Terms.Opening = herName },
		"terms.language":         func(r *RegistrationIn) { r.Terms.Language = "xx" },
		"terms.pull":             func(r *RegistrationIn) { r.Terms.Pull = true },
		"triage.track":           func(r *RegistrationIn) { r.Triage.Track = "away" },
	} {
		in := complaint()
		spoil(&in)
		h.clean(h.send("POST", "/cases", asha, in).problem(422, "field", field).body, all)
	}
	if len(h.store.cases) != 0 {
		t.Error("something was stored")
	}
	h.send("POST", "/cases", cell, complaint()).problem(422, "field", "taker")
	in := complaint()
	in.Taker = "m001"
	h.send("POST", "/cases", cell, in).problem(422, "refused", "")
	in.Taker = "a001"
	h.send("POST", "/cases", cell, in).is(201)
}

func TestGivenAQueryThatIsBad_WhenSent_ThenTheParameterIsNamed(t *testing.T) {
	h := newHelpline(t)
	for query, field := range map[string]string{
		"/cases?state=happy": "state", "/cases?open=maybe": "open", "/cases?limit=1001": "limit", "/cases?limit=-1": "limit", "/cases?district=Atlantis": "district",
		"/cases?after=" + herNumber: "after", "/cases?number=" + herNumber: "query", "/cases?state=watch&state=closed": "state", "/cases?category=" + strings.Repeat("a", 101): "category",
		"/tasks?due=tomorrow": "due", "/tasks?late=-1m": "late", "/tasks?kind=none": "kind", "/tasks?case=x": "case", "/audit?after=x": "after", "/stations?district=x": "district",
	} {
		h.clean(h.send("GET", query, sudha, nil).problem(422, "field", field).body, all)
	}
}

func TestGivenAHandlerThatPanics_WhenAsked_ThenOneRequestIsLostAndNothingIsTold(t *testing.T) {
	h := newHelpline(t)

	r := route{Path: "/x", act: act(func(*request) (any, error) { panic(herName) })}
	s := &server{}
	s.Options = Options{Store: h.store, Clock: time.Now, Wall: time.Now, Timeout: time.Second, Observe: func(string, int, time.Duration) {}}
	s.Log = logOf(h)
	w := record(s.serve(r))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
	h.clean(w.Body.String(), all)
}

func TestGivenWhoeverAskedHangsUp_WhenTheStoreStops_ThenTheKeyStaysGood(t *testing.T) {
	h := newHelpline(t)
	text, err := json.Marshal(complaint())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h.store.registering = func() error { cancel(); return ctx.Err() }
	r := httptest.NewRequestWithContext(ctx, "POST", Base+"/cases", bytes.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+asha)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "the-same-key-0009")
	w := httptest.NewRecorder()
	h.api.ServeHTTP(w, r)
	for _, reply := range h.store.replies {
		t.Errorf("kept: %d", reply.Status)
	}
	h.store.registering = nil
	h.store.digests = map[string]string{} // a minute later
	h.send("POST", "/cases", asha, complaint(), "Idempotency-Key", "the-same-key-0009").is(201)
}

func TestGivenAClientThatTricklesItsBody_WhenTimeIsUp_ThenItIsSentAway(t *testing.T) {
	h := newHelpline(t)
	api := New(Options{Store: h.store, Rules: cases.DefaultRules, Log: logOf(h), Clock: func() time.Time { return h.now }, Wall: func() time.Time { return h.now }, Timeout: 100 * time.Millisecond})
	server := httptest.NewServer(api)
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = io.WriteString(c, "POST "+Base+"/cases HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+asha+
		"\r\nContent-Type: application/json\r\nIdempotency-Key: the-same-key-0010\r\nContent-Length: 1000\r\n\r\n{\"district\":")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
}

// TestGivenAStoreThatIsSlow_WhenTimeIsUp_ThenTheAnswerIs503 on a real
// connection: it must not look as if the client had hung up.
func TestGivenAStoreThatIsSlow_WhenTimeIsUp_ThenTheAnswerIs503(t *testing.T) {
	h := newHelpline(t)
	h.store.slow = true
	api := New(Options{Store: h.store, Rules: cases.DefaultRules, Log: logOf(h), Clock: func() time.Time { return h.now }, Wall: func() time.Time { return h.now }, Timeout: 50 * time.Millisecond})
	server := httptest.NewServer(api)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+Base+"/deliveries", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+ops)
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
}
