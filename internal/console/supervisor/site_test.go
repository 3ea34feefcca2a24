package supervisor

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/api"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/number"
	"powerline/person"
)

// What must stand on no page but the one that was opened for a purpose.
const (
	herName, herNumber, hisNumber, herStory = "Sita Devi Chandravati", "9812345670", "9823456781", "he follows me from the college gate"
	agentName                               = "Asha <b>Kumari</b>"
	authenticator                           = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	password                                = "correct horse battery"
)

var keys = postgres.Keys{Fingerprint: bytes.Repeat([]byte{5}, 32), Seal: bytes.Repeat([]byte{6}, 32)}

var server *stack.Stack

func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true}, func(s *stack.Stack) int {
		server = s
		dir, err := os.MkdirTemp("", "vault")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		vault = dir
		return m.Run()
	}))
}

var database = sync.OnceValues(func() (*postgres.DB, error) {
	db, err := postgres.Open(context.Background(), server.Postgres.URL, postgres.Options{Keys: keys})
	if err != nil {
		return nil, err
	}
	return db, db.Migrate(context.Background())
})

// site is a console with this room alone, over PostgreSQL and the API; the floor
// is what the test says.
type site struct {
	t      *testing.T
	db     *postgres.DB
	hub    *console.Hub
	watch  *Watch
	server *httptest.Server
	orders *orders
	log    *safe
	caseID string

	mu     sync.Mutex
	moment Moment
	health Health
	conf   config.Config
}

// safe is a log that is read while it is written.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// orders takes wishes, and refuses what it is told to.
type orders struct {
	mu   sync.Mutex
	got  []Wish
	with error
}

func (o *orders) Order(_ context.Context, w Wish) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, w)
	return o.with
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, db: must[*postgres.DB](t)(database()), hub: console.NewHub(), orders: &orders{}, log: &safe{}, conf: config.Default()}
	s.health = Health{Ready: true, Store: true, Asterisk: true, Database: true}
	s.moment = Moment{At: time.Now(), Policy: &s.conf.Routing}
	s.caseID = seed(t, s.db)
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	served := api.New(api.Options{
		Store: s.db, Rules: cases.DefaultRules, Fingerprint: func(n number.Number) string { return n.Fingerprint(keys.Fingerprint) }, Log: log, Who: console.Token, Listening: ears{seal(t, s.db)},
	})
	room, watch := New(Options{
		Hub: s.hub, Look: s.look, Health: func() Health { s.mu.Lock(); defer s.mu.Unlock(); return s.health },
		Config: func() config.Config { s.mu.Lock(); defer s.mu.Unlock(); return s.conf }, Store: s.db, Orders: s.orders, Log: log,
	})
	s.watch = watch
	c := must[*console.Console](t)(console.New(console.Options{
		Store: s.db, Hub: s.hub, Rooms: []console.Room{room}, API: served, Idle: time.Hour, Absolute: time.Hour, Registry: prometheus.NewRegistry(), Log: log,
	}))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	s.server = httptest.NewServer(asSupervisor(c))
	t.Cleanup(func() { cancel(); running.Wait(); s.server.Close() })
	return s
}

// asSupervisor gives a real browser the supervisor's session, or whose it asks for,
// and the language that it asks for.
func asSupervisor(c http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if language := r.URL.Query().Get("as"); r.URL.Path == "/test" {
			who := cmp.Or(r.URL.Query().Get("who"), string(console.Supervisor))
			http.SetCookie(w, &http.Cookie{Name: "session", Value: sessions[who], Path: "/"})
			http.SetCookie(w, &http.Cookie{Name: "language", Value: language, Path: "/"})
			_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,">`) // or the browser looks for one
			return
		}
		c.ServeHTTP(w, r)
	})
}

func (s *site) look() Moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.moment
	m.At = time.Now()
	return m
}

// put changes what the floor shows.
func (s *site) put(calls []call.Call, agents []agent.Agent) {
	s.mu.Lock()
	s.moment.Calls, s.moment.Agents = calls, agents
	s.mu.Unlock()
	s.hub.Changed()
}

var seeded struct {
	sync.Once
	caseID string
}

// seed puts people, accounts, a case and a call into the books, once for all tests.
func seed(t *testing.T, db *postgres.DB) string {
	t.Helper()
	seeded.Do(func() {
		var staff []roster.Person
		for _, p := range []agent.Profile{
			{ID: "a001", Woman: true, Languages: []string{"hi"}, Categories: []string{"phone"}}, {ID: "a002", Woman: true, Languages: []string{"hi"}},
			{ID: "m001", Officer: true}, {ID: "s001", Woman: true, Senior: true, Languages: []string{"hi"}}, {ID: "s002", Woman: true, Senior: true, Languages: []string{"hi"}},
		} {
			staff = append(staff, roster.Person{Profile: p, Name: must[roster.Name](t)(roster.NewName(agentName)), Active: true})
		}
		if err := db.ImportRoster(t.Context(), staff); err != nil {
			t.Fatal(err)
		}
		for role, id := range map[console.Role]agent.ID{console.Agent: "a001", console.Officer: "m001", console.Supervisor: "s001", console.Auditor: "", console.Administrator: ""} {
			account(t, db, string(role), role, id)
		}
		account(t, db, secondSupervisor, console.Supervisor, "s002")
		seeded.caseID = file(t, db)
		begun := time.Now().Add(-time.Hour)
		if err := db.WriteRecords(t.Context(), []postgres.Record{
			postgres.CallRecord{
				ID: "call-1", Site: "wpl", Owner: "a", Line: "1090", LineKind: "helpline", Pool: "women", Category: "phone", Language: "hi",
				Arrived: begun, Queued: begun.Add(8 * time.Second), Answered: begun.Add(12 * time.Second), Ended: begun.Add(5 * time.Minute),
				Outcome: "complete-caller", Offers: 1, Agent: "a001", Spoken: []string{"a001"}, WaitMS: 4000, TalkMS: 288000,
			},
			postgres.Recording{ID: "r" + recordingName, Call: "call-1", Offer: 1, Direction: "inbound", What: "phone", Agent: "a001", Host: "x", Begun: begun.Add(12 * time.Second)},
			postgres.AgentEvent{ID: "e1", Agent: "a001", At: begun, Event: "AgentTold", CallID: "call-1", Data: json.RawMessage(`{"status":"available","state":"talking"}`)},
			postgres.AgentEvent{ID: "e2", Agent: "a001", At: begun.Add(5 * time.Minute), Event: "AgentTold", Data: json.RawMessage(`{"status":"available","state":"idle"}`)},
		}); err != nil {
			t.Fatal(err)
		}
	})
	return seeded.caseID
}

const recordingName = "aaaaaaaaaaaaaaaaaaaaaaaaa"

// secondSupervisor signs in by this name: an export needs two.
const secondSupervisor = "second"

func account(t *testing.T, db *postgres.DB, login string, role console.Role, id agent.ID) {
	t.Helper()
	hash := must[roster.Secret](t)(roster.HashPassword(password))
	u := must[postgres.Account](t)(db.AddAccount(t.Context(), postgres.Account{Login: login, Role: string(role), Agent: id, Password: hash, Made: time.Now()}, "test"))
	_, err := db.SetPassword(t.Context(), u.ID, hash, time.Now())
	if err == nil {
		err = db.BeginEnrolment(t.Context(), u.ID, must[person.Words](t)(person.NewWords(authenticator)))
	}
	if err == nil {
		err = db.UseCode(t.Context(), u.ID, 1, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// file registers a complaint.
func file(t *testing.T, db *postgres.DB) string {
	t.Helper()
	party := func(name, digits string, sex intake.Sex) intake.Party {
		return intake.Party{Name: must[person.Name](t)(person.NewName(name)), Sex: sex, Numbers: []number.Number{must[number.Number](t)(number.ParseDialable(digits))}}
	}
	r := intake.Registration{
		Case: intake.CaseID("room test"), EventID: "filed/room", At: time.Now().UTC(), Taker: "a001", District: "Lucknow", Category: "phone",
		Account: must[person.Words](t)(person.NewWords(herStory)), Victim: party(herName, herNumber, intake.Woman), Offender: party("Ravan Kumar", hisNumber, intake.Man),
		Terms: cases.Terms{MayCall: true, Language: "hi"}, Triage: cases.Triage{Track: cases.Counsellable, Agrees: true},
	}
	return must[postgres.Registered](t)(db.Register(t.Context(), cases.DefaultRules(), r)).File.Case.ID
}

// visitor is somebody's, with her cookies.
type visitor struct {
	s        *site
	client   *http.Client
	language string
}

type answer struct {
	status   int
	body, to string
	head     http.Header
}

func (b *visitor) ask(method, path string, body io.Reader, headers ...string) answer {
	b.s.t.Helper()
	r := must[*http.Request](b.s.t)(http.NewRequestWithContext(b.s.t.Context(), method, b.s.server.URL+path, body))
	for i, h := 0, append([]string{"Accept", "text/html", "Accept-Language", b.language}, headers...); i < len(h); i += 2 {
		r.Header.Set(h[i], h[i+1])
	}
	got := must[*http.Response](b.s.t)(b.client.Do(r))
	defer got.Body.Close()
	return answer{got.StatusCode, string(must[[]byte](b.s.t)(io.ReadAll(got.Body))), got.Header.Get("Location"), got.Header}
}

func (b *visitor) visit(path string) answer { return b.ask("GET", path, nil) }

func (b *visitor) post(path string, fields ...string) answer {
	b.s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.ask("POST", path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// wish sends JSON, as the floor's script does.
func (b *visitor) wish(path string, value any) answer {
	return b.ask("POST", path, bytes.NewReader(must[[]byte](b.s.t)(json.Marshal(value))), "Content-Type", "application/json", "Accept", "application/json")
}

// sessions are the cookies of who has signed in, by login: they are good at every
// site, for all are over the same books, and a one-time code is good once.
var sessions = map[string]string{}

// signIn signs a role in.
func (s *site) signIn(role console.Role) *visitor {
	s.t.Helper()
	return s.signInAs(string(role))
}

func (s *site) signInAs(login string) *visitor {
	s.t.Helper()
	b := &visitor{s: s, language: "en", client: &http.Client{
		Jar: must[*cookiejar.Jar](s.t)(cookiejar.New(nil)), Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	home := must[*url.URL](s.t)(url.Parse(s.server.URL))
	if sessions[login] == "" {
		if a := b.post("/login", "login", login, "password", password); a.status != http.StatusSeeOther {
			s.t.Fatalf("password of %s: %d %s", login, a.status, a.body)
		}
		if a := b.post("/login/code", "code", must[string](s.t)(totp.GenerateCode(authenticator, time.Now()))); a.status != http.StatusSeeOther {
			s.t.Fatalf("code of %s: %d %s", login, a.status, a.body)
		}
		for _, c := range b.client.Jar.Cookies(home) {
			if c.Name == "session" {
				sessions[login] = c.Value
			}
		}
	}
	b.client.Jar.SetCookies(home, []*http.Cookie{{Name: "session", Value: sessions[login], Path: "/"}})
	return b
}

func idle(id agent.ID, since time.Time) agent.Agent {
	return agent.Agent{
		Profile: agent.Profile{ID: id, Woman: true, Languages: []string{"hi"}, Categories: []string{"phone", "unclassified"}},
		Status:  agent.Available, StatusSince: since, State: agent.Idle, Since: since, Online: true, Version: 1,
	}
}

func waits(id, category string, since time.Time) call.Call {
	return call.Call{ID: id, Kind: call.Helpline, Stage: call.Waiting, Category: category, Pool: agent.Women, Language: "hi", Arrived: since, Queued: since}
}
