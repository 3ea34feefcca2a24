package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/number"
)

// What the API asks for is what the database gives.
var (
	_ Store  = (*postgres.DB)(nil)
	_ Outbox = (*postgres.DB)(nil)
	_ Source = (*postgres.DB)(nil)
)

// real is a helpline over PostgreSQL.
type real struct {
	*helpline
	db    *postgres.DB
	token map[string]string // secrets by who has them
	tries int
}

func newReal(t *testing.T) *real {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true})
	keys := postgres.Keys{Fingerprint: bytes.Repeat([]byte{5}, 32), Seal: bytes.Repeat([]byte{6}, 32)}
	db, err := postgres.Open(t.Context(), s.Postgres.URL, postgres.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	staff := []roster.Person{
		works(t, "a001", true, false, false, true), works(t, "a002", true, false, false, true), works(t, "m001", false, true, false, true), works(t, "s001", true, false, false, true),
	}
	if err := db.ImportRoster(t.Context(), staff); err != nil {
		t.Fatal(err)
	}
	// Monday, 14:30 in India: within her hours and everybody else's.
	h := &helpline{t: t, now: time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC), log: &lockedBuffer{}, doc: parsed(t)}
	h.api = New(Options{
		Store: db, Rules: cases.DefaultRules, Fingerprint: func(n number.Number) string { return n.Fingerprint(keys.Fingerprint) },
		Log: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: func() time.Time { return h.now }, Wall: func() time.Time { return h.now },
	})
	t.Cleanup(func() { h.clean(h.log.String(), append(h.ids, all...)) })
	r := &real{helpline: h, db: db, token: map[string]string{}}
	for who, tk := range map[string]postgres.Token{
		"asha": {Access: agents, Agent: "a001"}, "bina": {Access: agents, Agent: "a002"}, "ravi": {Access: agents, Agent: "m001"},
		"sudha": {Access: supervisors, Agent: "s001"}, "ops": {Access: operators}, "cell": {Access: services},
	} {
		tk.Label, tk.Made = who, h.now
		_, secret, err := db.MintToken(t.Context(), tk, "test")
		if err != nil {
			t.Fatal(err)
		}
		r.token[who] = secret.Reveal()
	}
	return r
}

// as sends a request of somebody.
func (r *real) as(who, method, path string, body any, heads ...string) answer {
	r.t.Helper()
	return r.send(method, path, r.token[who], body, heads...)
}

// file registers a complaint of its own: each case has an offender of its own,
// for three against one go straight to the station.
func (r *real) file(n int) string {
	r.t.Helper()
	in := complaint()
	in.Offender.Numbers = []string{fmt.Sprintf("98765001%02d", n)}
	done := into[Registered](r.as("asha", "POST", "/cases", in).is(201))
	r.ids = append(r.ids, done.Case, done.Docket)
	return done.Case
}

// speak dials the only task of the case as the dialer does, and codes what
// came of it.
func (r *real) speak(id, who string, by agent.ID, in OutcomeIn) answer {
	r.t.Helper()
	attempt := r.dial(id, by)
	r.as(who, "GET", "/agents/"+string(by)+"/task", nil).is(200)
	return r.as(who, "POST", "/attempts/"+attempt+"/outcome", in)
}

func (r *real) dial(id string, by agent.ID) string {
	r.t.Helper()
	l := into[TaskList](r.as("sudha", "GET", "/tasks?due=now&case="+id, nil).is(200))
	if len(l.Tasks) != 1 || !l.Tasks[0].Dialable {
		r.t.Fatalf("want one task to dial: %+v", l)
	}
	w, err := r.db.Task(r.t.Context(), l.Tasks[0].ID, r.now)
	if err != nil {
		r.t.Fatal(err)
	}
	r.tries++
	a := postgres.Attempt{ID: fmt.Sprintf("x%d", r.tries), Task: w.Task.ID, Case: w.CaseID, Kind: w.Task.Kind, Number: w.Task.Number, Agent: by, CallerID: "1090", At: r.now}
	if err := r.db.StartAttempt(r.t.Context(), cases.DefaultRules(), a); err != nil {
		r.t.Fatal(err)
	}
	end := postgres.AttemptEnd{Attempt: a.ID, Owner: "test", Agent: string(by), Dialled: r.now, Answered: r.now.Add(5 * time.Second), Ended: r.now.Add(time.Minute), Result: "answered"}
	if err := r.db.WriteRecords(r.t.Context(), []postgres.Record{end}); err != nil {
		r.t.Fatal(err)
	}
	r.now = r.now.Add(2 * time.Minute)
	return a.ID
}

func (r *real) see(id string) CaseView {
	r.t.Helper()
	a := r.as("sudha", "GET", "/cases/"+id, nil).is(200)
	r.clean(a.body, all)
	return into[CaseView](a)
}

func TestOnTheRealDatabase(t *testing.T) {
	r := newReal(t)
	for name, run := range map[string]func(*testing.T, *real){
		"GivenAComplaint_WhenItGoesUpTheLadder_ThenThePoliceGetTheDossier": upTheLadder,
		"GivenOneRequest_WhenItIsSentManyTimesAtOnce_ThenThereIsOneCase":   manyAtOnce,
		"GivenSupervisors_WhenTheyDecide_ThenTheAuditHasIt":                decisionsAndAudit,
		"GivenACallThatNobodyAnswered_WhenCoded_ThenItIsNoAnswer":          notAnswered,
	} {
		t.Run(name, func(t *testing.T) {
			r.t, r.helpline.t = t, t
			run(t, r)
		})
	}
}

func upTheLadder(t *testing.T, r *real) {
	id := r.file(1)
	a := r.speak(id, "ravi", "m001", OutcomeIn{Outcome: cases.Warned, Demeanour: cases.Apologised}).is(200)
	r.clean(a.body, append(all, id))
	if v := r.see(id); v.State != cases.CounselFeedback || v.Next[0].Kind != cases.AskFeedback {
		t.Fatalf("%+v", v)
	}
	if l := into[TaskList](r.as("sudha", "GET", "/tasks?due=now&case="+id, nil).is(200)); len(l.Tasks) != 0 {
		t.Fatal("she is asked on the same day")
	}
	r.now = r.now.Add(3*24*time.Hour + time.Minute)
	r.speak(id, "bina", "a002", OutcomeIn{Outcome: cases.StillHarassed, Said: SaidIn{Numbers: []string{"9876500199"}}}).is(200)
	if v := r.see(id); v.State != cases.FFRDue || v.Persons[1].Numbers != 2 {
		t.Fatalf("%+v", v)
	}
	r.speak(id, "ravi", "m001", OutcomeIn{Outcome: cases.Counselled}).is(200)
	r.now = r.now.Add(3*24*time.Hour + time.Minute)
	r.speak(id, "bina", "a002", OutcomeIn{Outcome: cases.StillHarassed}).is(200)
	if v := r.see(id); v.State != cases.StationOpen || v.Level != 1 {
		t.Fatalf("%+v", v)
	}
	m := r.receive("dossier", id)
	if m.Dossier.Persons[0].Name != herName || len(m.Dossier.Stages) != 4 || !strings.Contains(m.Printable.Content, herAlias) || strings.Contains(m.Printable.Content, herWord) {
		t.Errorf("%+v", m.Dossier)
	}
	r.clean(string(m.Body), all)
	moved := into[Moved](r.as("cell", "POST", "/cases/"+id+"/police-report", Nothing{}).is(200))
	if moved.State != cases.StationFeedback {
		t.Errorf("%+v", moved)
	}
	r.now = r.now.Add(7*24*time.Hour + time.Minute)
	r.speak(id, "bina", "a002", OutcomeIn{Outcome: cases.Satisfied}).is(200)
	if v := r.see(id); v.State != cases.Watch || len(v.Next) != 1 || v.Next[0].Timer != cases.FinalTimer {
		t.Errorf("%+v", v)
	}
	for _, path := range []string{"/history", "/attempts"} {
		r.clean(r.as("ops", "GET", "/cases/"+id+path, nil).is(200).body, all)
	}
}

// receive runs the deliverer until a message of the topic has come.
func (r *real) receive(topic, id string) Message {
	r.t.Helper()
	got := make(chan Message, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, hr *http.Request) {
		body, _ := io.ReadAll(hr.Body)
		var m Message
		if err := json.Unmarshal(body, &m); err != nil {
			r.t.Error(err)
		}
		got <- m
	}))
	defer receiver.Close()
	d, err := NewDeliverer(DeliverOptions{
		Outbox: r.db, Source: r.db, Hooks: []Hook{{Name: "police", URL: receiver.URL, Secret: secret}}, Log: slog.New(slog.NewJSONHandler(r.log, nil)),
		Clock: func() time.Time { return r.now }, Every: 10 * time.Millisecond,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() { d.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	for {
		select {
		case m := <-got:
			if m.Topic == topic && m.Case == id {
				return m
			}
		case <-ctx.Done():
			r.t.Fatal("no message of the topic " + topic)
		}
	}
}

func manyAtOnce(t *testing.T, r *real) {
	in := complaint()
	in.Offender.Numbers = []string{"9876500140"}
	var wait sync.WaitGroup
	answers := make(chan answer, 20)
	for range 20 {
		wait.Go(func() {
			text, _ := json.Marshal(in)
			hr := httptest.NewRequestWithContext(t.Context(), "POST", Base+"/cases", bytes.NewReader(text))
			hr.Header.Set("Authorization", "Bearer "+r.token["asha"])
			hr.Header.Set("Content-Type", "application/json")
			hr.Header.Set("Idempotency-Key", "twenty-times-the-same")
			w := httptest.NewRecorder()
			r.api.ServeHTTP(w, hr)
			answers <- answer{w.Code, w.Body.String(), w.Header(), t}
		})
	}
	wait.Wait()
	close(answers)
	ids := map[string]bool{}
	for a := range answers {
		if a.status == 409 {
			a.problem(409, "key-in-use", "")
			continue
		}
		ids[into[Registered](a.is(201)).Case] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d cases", len(ids))
	}
	again := r.as("asha", "POST", "/cases", in, "Idempotency-Key", "twenty-times-the-same").is(201)
	if !ids[into[Registered](again).Case] || again.head.Get("Idempotency-Replayed") == "" {
		t.Errorf("%s", again.body)
	}
	in.Category = "stalking"
	r.as("asha", "POST", "/cases", in, "Idempotency-Key", "twenty-times-the-same").problem(422, "key-reused", "")
}

func decisionsAndAudit(t *testing.T, r *real) {
	r.as("ops", "POST", "/stations", StationList{Stations: []StationView{{ID: "lko-hazratganj", District: "Lucknow", Name: "Hazratganj"}}}).is(200)
	in := complaint()
	in.Station, in.Offender.Numbers = "lko-hazratganj", []string{"9876500150"}
	id := into[Registered](r.as("asha", "POST", "/cases", in).is(201)).Case
	in.Station = "lko-nowhere"
	r.as("asha", "POST", "/cases", in).problem(422, "no-station", "")
	v := r.see(id)
	at := "/cases/" + id + "/decisions"
	m := into[Moved](r.as("sudha", "POST", at, DecisionIn{Version: v.Version, Do: cases.HoldBack}).is(200))
	r.as("sudha", "POST", at, DecisionIn{Version: v.Version, Do: cases.Resume}).problem(409, "stale", "")
	if l := into[CaseList](r.as("sudha", "GET", "/cases?concern=true", nil).is(200)); !slices.ContainsFunc(l.Cases, func(c CaseView) bool { return c.ID == id }) {
		t.Error("it is not among those that wait for a supervisor")
	}
	m = into[Moved](r.as("sudha", "POST", at, DecisionIn{Version: m.Version, Do: cases.Resume}).is(200))
	task := m.Next[0].Task
	r.as("sudha", "POST", at, DecisionIn{Version: m.Version, Do: cases.Reassign, Task: task, Agent: "a001"}).problem(422, "field", "agent")
	m = into[Moved](r.as("sudha", "POST", at, DecisionIn{Version: m.Version, Do: cases.Reassign, Task: task, Agent: "m001"}).is(200))
	r.as("ops", "POST", "/tasks/"+string(task)+"/set-aside", ReasonIn{Reason: "odd-number"}).is(200)
	if l := into[CaseList](r.as("sudha", "GET", "/cases?stuck=true", nil).is(200)); len(l.Cases) != 1 || l.Cases[0].ID != id {
		t.Errorf("%+v", l)
	}
	if v := into[TaskView](r.as("ops", "GET", "/tasks/"+string(task)+"/explain", nil).is(200)); !v.Stuck || v.Only != "m001" || v.Reasons[0].Rule != "set-aside" {
		t.Errorf("%+v", v)
	}
	r.as("ops", "POST", "/tasks/"+string(task)+"/take-back", Nothing{}).is(200)
	r.as("ops", "POST", "/kinds/offender/pause", ReasonIn{Reason: "trunk-down"}).is(200)
	if v := into[TaskView](r.as("ops", "GET", "/tasks/"+string(task)+"/explain", nil).is(200)); v.Dialable || v.Reasons[0].Rule != string(cases.KindPaused) {
		t.Errorf("%+v", v)
	}
	r.as("ops", "POST", "/kinds/offender/resume", Nothing{}).is(200)
	change := TermsChange{Terms: TermsIn{MayCall: true}, Number: "9876500177", Safe: []SafeIn{{Number: "9876500177", Whose: "sister", AskFor: herAlias}}}
	r.clean(r.as("bina", "POST", "/cases/"+id+"/terms", change).is(200).body, append(all, "9876500177"))
	r.as("bina", "POST", "/cases/search", SearchIn{Number: "9876500177"}).is(200)
	p := into[PrivateCase](r.as("sudha", "GET", "/cases/"+id+"/private", nil, purposeHeader, "court-order").is(200))
	if p.Account != herAccount || len(p.Safe) != 2 || p.Persons[0].Name != herName {
		t.Errorf("%+v", p)
	}
	audit := r.as("ops", "GET", "/audit?limit=1000", nil).is(200)
	r.clean(audit.body, all)
	for _, want := range []string{"case-decided", "task-set-aside", "court-order", "kind-paused"} {
		if !strings.Contains(audit.body, want) {
			t.Errorf("the audit does not know of %s", want)
		}
	}
	if v := into[Verified](r.as("ops", "GET", "/audit/verify", nil).is(200)); !v.Whole || v.Rows < 10 {
		t.Errorf("%+v", v)
	}
	r.as("ops", "GET", "/deliveries", nil).is(200)
	r.send("GET", "/health", nobody, nil).is(200)
	r.send("GET", "/kinds", "wpl_nobody-has-this-secret", nil).problem(401, "token", "")
}

func notAnswered(t *testing.T, r *real) {
	id := r.file(60)
	l := into[TaskList](r.as("sudha", "GET", "/tasks?case="+id, nil).is(200))
	w, err := r.db.Task(t.Context(), l.Tasks[0].ID, r.now)
	if err != nil {
		t.Fatal(err)
	}
	a := postgres.Attempt{ID: "busy1", Task: w.Task.ID, Case: id, Kind: w.Task.Kind, Number: w.Task.Number, Agent: "m001", CallerID: "1090", At: r.now}
	if err := r.db.StartAttempt(t.Context(), cases.DefaultRules(), a); err != nil {
		t.Fatal(err)
	}
	if v := into[Preview](r.as("ravi", "GET", "/agents/m001/task", nil).is(200)); v.Attempt != "busy1" || v.Offender.Name != hisName {
		t.Errorf("%+v", v)
	}
	if v := into[TaskView](r.as("ops", "GET", "/tasks/"+string(w.Task.ID)+"/explain", nil).is(200)); v.InHand != "busy1" || v.Dialable || v.Stuck {
		t.Errorf("%+v", v)
	}
	end := postgres.AttemptEnd{Attempt: "busy1", Owner: "test", Dialled: r.now, Ended: r.now.Add(time.Second), Result: "busy", Q850: 17, SIP: 486}
	if err := r.db.WriteRecords(t.Context(), []postgres.Record{end}); err != nil {
		t.Fatal(err)
	}
	r.as("ravi", "POST", "/attempts/busy1/outcome", OutcomeIn{Outcome: cases.Warned}).problem(409, "not-answered", "")
	r.as("asha", "POST", "/attempts/busy1/outcome", OutcomeIn{Outcome: cases.Warned}).problem(403, "not-yours", "")
	r.as("ravi", "GET", "/agents/m001/task", nil).problem(404, "nothing-in-hand", "")
	if v := r.see(id); v.State != cases.CounselDue {
		t.Errorf("%+v", v)
	}
}
