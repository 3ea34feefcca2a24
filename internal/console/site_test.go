package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/person"
)

// books are a Store in memory that can be away.
type books struct {
	mu       sync.Mutex
	accounts map[string]*postgres.Account // by id
	sessions map[string]storedSession
	away     bool
	asked    int
}

type storedSession struct {
	data    []byte
	expires time.Time
}

var errAway = errors.New("the server is away")

func (b *books) open(do func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.away {
		return errAway
	}
	return do()
}

func (b *books) setAway(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

// change changes an account as an administrator would.
func (b *books) change(id string, do func(*postgres.Account)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(b.accounts[id])
}

func (b *books) find(fits func(*postgres.Account) bool) (u postgres.Account, err error) {
	err = b.open(func() error {
		for _, one := range b.accounts {
			if fits(one) {
				u = *one
				return nil
			}
		}
		return postgres.ErrNoAccount
	})
	return u, err
}

func (b *books) Account(_ context.Context, id string) (postgres.Account, error) {
	return b.find(func(u *postgres.Account) bool { return u.ID == id })
}

func (b *books) AccountByLogin(_ context.Context, login string) (postgres.Account, error) {
	return b.find(func(u *postgres.Account) bool { return u.Login == login })
}

func (b *books) AccountBySubject(_ context.Context, subject string) (postgres.Account, error) {
	return b.find(func(u *postgres.Account) bool { return u.Subject != "" && u.Subject == subject })
}

func (b *books) with(id string, do func(*postgres.Account) error) error {
	return b.open(func() error {
		if u := b.accounts[id]; u != nil {
			return do(u)
		}
		return postgres.ErrNoAccount
	})
}

func (b *books) SetPassword(_ context.Context, id string, password roster.Secret, _ time.Time) (generation int64, err error) {
	err = b.with(id, func(u *postgres.Account) error {
		u.Password, u.MustChange, u.Generation = password, false, u.Generation+1
		generation = u.Generation
		return nil
	})
	return generation, err
}

func (b *books) BeginEnrolment(_ context.Context, id string, secret person.Words) error {
	return b.with(id, func(u *postgres.Account) error { u.Authenticator = secret; return nil })
}

func (b *books) UseCode(_ context.Context, id string, step int64, _ time.Time) error {
	return b.with(id, func(u *postgres.Account) error {
		if u.UsedStep >= step {
			return postgres.ErrCodeUsed
		}
		u.UsedStep, u.Enrolled = step, true
		return nil
	})
}

func (b *books) SignedIn(_ context.Context, id, _ string, _ time.Time) error {
	return b.with(id, func(u *postgres.Account) error { u.Failed = 0; return nil })
}

func (b *books) SignInFailed(_ context.Context, id string, at time.Time) error {
	return b.with(id, func(u *postgres.Account) error { u.Failed, u.FailedAt = u.Failed+1, at; return nil })
}

func (b *books) SetAccount(_ context.Context, n postgres.Account, _ string, _ time.Time) error {
	return b.with(n.ID, func(u *postgres.Account) error {
		u.Role, u.Agent, u.Subject, u.Generation = n.Role, n.Agent, n.Subject, u.Generation+1
		return nil
	})
}

func (b *books) Session(_ context.Context, hash string, now time.Time) (data []byte, expires time.Time, found bool, err error) {
	err = b.open(func() error {
		s, ok := b.sessions[hash]
		data, expires, found = s.data, s.expires, ok && s.expires.After(now)
		return nil
	})
	return data, expires, found, err
}

func (b *books) KeepSession(_ context.Context, hash string, data []byte, expires time.Time) error {
	return b.open(func() error { b.sessions[hash] = storedSession{data, expires}; return nil })
}

func (b *books) EndSession(_ context.Context, hash string) error {
	return b.open(func() error { delete(b.sessions, hash); return nil })
}

func (b *books) SweepSessions(context.Context, time.Time) error {
	return b.open(func() error { return nil })
}

// The password of every account, and its hash, made once: that takes a while.
const password = "correct horse battery"

var hashed = sync.OnceValue(func() roster.Secret {
	h, err := roster.HashPassword(password)
	if err != nil {
		panic(err)
	}
	return h
})

const authenticator = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// site is a console with one account for each role.
type site struct {
	t       *testing.T
	books   *books
	console *Console
	hub     *Hub
	server  *httptest.Server
	log     *lines
	busy    bool
}

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func idOf(role Role) string { return "u-" + string(role) }

func accountOf(role Role) *postgres.Account {
	secret, err := person.NewWords(authenticator)
	if err != nil {
		panic(err)
	}
	u := &postgres.Account{
		ID: idOf(role), Login: "login-" + string(role), Role: string(role), Password: hashed(),
		Authenticator: secret, Enrolled: true, Generation: 1, Active: true,
	}
	switch role {
	case Agent, Counsellor:
		u.Agent, u.Profile = "w001", agent.Profile{ID: "w001", Woman: true, Counsellor: role == Counsellor}
	case Officer:
		u.Agent, u.Profile = "m001", agent.Profile{ID: "m001", Officer: true}
	case Supervisor:
		u.Agent, u.Profile = "s001", agent.Profile{ID: "s001"}
	}
	return u
}

// newSite serves a console with more rooms than its own.
func newSite(t *testing.T, rooms ...Room) *site {
	t.Helper()
	s := &site{t: t, books: &books{accounts: map[string]*postgres.Account{}, sessions: map[string]storedSession{}}, hub: NewHub(), log: &lines{}}
	for _, role := range Roles {
		s.books.accounts[idOf(role)] = accountOf(role)
	}
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, known := Token(r)
		fmt.Fprintf(w, "%v %s %s %s", known, token.ID, token.Access, token.Agent)
	})
	var err error
	s.console, err = New(Options{
		Store: s.books, Rooms: rooms, Hub: s.hub, API: api, Busy: func(agent.ID) bool { return s.busy },
		Idle: 15 * time.Minute, Absolute: 12 * time.Hour, Display: 30 * 24 * time.Hour, Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.console.Run(ctx) })
	s.server = httptest.NewServer(s.console)
	t.Cleanup(func() {
		cancel()
		running.Wait()
		s.server.Close()
	})
	return s
}

// browser is somebody's, with her cookies.
type browser struct {
	t       *testing.T
	s       *site
	client  *http.Client
	headers []string
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{t: s.t, s: s, client: &http.Client{
		Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type answer struct {
	status int
	body   string
	head   http.Header
}

func (a answer) to() string { return a.head.Get("Location") }

// ask sends a request; headers are names and values in turn.
func (b *browser) ask(method, path string, body io.Reader, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.s.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	headers = append(append([]string{"Accept", "text/html"}, b.headers...), headers...)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{got.StatusCode, string(text), got.Header}
}

func (b *browser) visit(path string) answer { return b.ask("GET", path, nil) }

func (b *browser) post(path string, fields ...string) answer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.ask("POST", path, strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
}

// codeFor is what an authenticator shows so many steps from now.
func codeFor(t *testing.T, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(authenticator, time.Now().Add(time.Duration(steps)*codeStep))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// signIn signs a role in.
func (s *site) signIn(role Role) *browser {
	s.t.Helper()
	b := s.browser()
	if a := b.post("/login", "login", "login-"+string(role), "password", password); a.status != http.StatusSeeOther || a.to() != "/login/code" {
		s.t.Fatalf("password of %s: %d to %q", role, a.status, a.to())
	}
	s.books.change(idOf(role), func(u *postgres.Account) { u.UsedStep = 0 })
	if a := b.post("/login/code", "code", codeFor(s.t, 0)); a.status != http.StatusSeeOther || a.to() != "/" {
		s.t.Fatalf("code of %s: %d to %q", role, a.status, a.to())
	}
	return b
}

func (b *browser) token() string {
	u, err := url.Parse(b.s.server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "session" {
			return c.Value
		}
	}
	return ""
}

// eventually waits for something that others do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("not within 30 s: " + what)
		}
		<-time.After(20 * time.Millisecond)
	}
}
