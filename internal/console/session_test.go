package console

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"powerline/internal/postgres"
)

// in reports whether a browser is signed in; a status of its own if it cannot be known.
func (b *browser) in() int {
	return b.ask("GET", "/me", nil, "Accept", "application/json").status
}

func TestGivenATokenThatSomebodyPlanted_WhenSigningIn_ThenItIsAnother(t *testing.T) {
	s := newSite(t)
	u, err := url.Parse(s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	planted := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: planted, Path: "/"}})
	b.post("/login", "login", "login-agent", "password", password)
	half := b.token()
	b.post("/login/code", "code", codeFor(t, 0))
	whole := b.token()
	if half == planted || whole == half || whole == "" {
		t.Fatalf("tokens: planted, then %q, then %q", half, whole)
	}
	for _, old := range []string{planted, half} {
		thief := s.browser()
		thief.client.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: old, Path: "/"}})
		if status := thief.in(); status != http.StatusUnauthorized {
			t.Errorf("an old token opens: %d", status)
		}
	}
	for hash := range s.books.sessions {
		if hash == whole {
			t.Error("the token itself is stored")
		}
	}
}

func TestGivenASession_WhenItsCookieIsSet_ThenNoScriptAndNoOtherSiteHasIt(t *testing.T) {
	for _, secure := range []bool{false, true} {
		m := newSessions(&keeper{}, Options{TLS: secure, Idle: time.Minute, Absolute: time.Hour})
		if c := m.Cookie; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure != secure || (c.Name == "__Host-session") != secure || c.Persist {
			t.Errorf("TLS %v: %+v", secure, c)
		}
	}
}

func TestGivenSheSignsOut_WhenTheTokenComesAgain_ThenItIsNothing(t *testing.T) {
	s := newSite(t)
	u, _ := url.Parse(s.server.URL)
	b := s.signIn(Agent)
	token := b.token()
	if a := b.post("/logout"); a.to() != "/login" {
		t.Fatalf("%d to %s", a.status, a.to())
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: token, Path: "/"}})
	if status := b.in(); status != http.StatusUnauthorized {
		t.Errorf("%d", status)
	}
}

func TestGivenWhatEndsEverySession_WhenItHappens_ThenNoBrowserIsIn(t *testing.T) {
	for what, change := range map[string]func(*postgres.Account){
		"locked":         func(u *postgres.Account) { u.Locked = true },
		"left the house": func(u *postgres.Account) { u.Active = false },
		"another role":   func(u *postgres.Account) { u.Role = "auditor"; u.Generation++ },
	} {
		s := newSite(t)
		one, two := s.signIn(Agent), s.signIn(Agent)
		s.books.change(idOf(Agent), change)
		s.console.people.now = func() time.Time { return time.Now().Add(freshFor) } // what was read is too old to be believed
		for _, b := range []*browser{one, two} {
			if status := b.in(); status != http.StatusUnauthorized {
				t.Errorf("%s: %d", what, status)
			}
		}
	}
}

func TestGivenSheDidNothing_WhenHerTimeIsOver_ThenSheMustSignInAgain(t *testing.T) {
	s := newSite(t)
	s.console.sessions.IdleTimeout = time.Minute
	b := s.signIn(Agent)
	later := func(d time.Duration) {
		s.console.kept.mu.Lock()
		s.console.kept.now = func() time.Time { return time.Now().Add(d) }
		s.console.kept.mu.Unlock()
	}
	later(50 * time.Second)
	if status := b.in(); status != http.StatusOK {
		t.Errorf("too early: %d", status)
	}
	later(61 * time.Second)
	if status := b.in(); status != http.StatusUnauthorized {
		t.Errorf("/me, which a page asks by itself, has kept the session: %d", status)
	}
}

// screenRoom is where a browser becomes a screen, and what the screen shows.
func screenRoom(t *testing.T) Room {
	t.Helper()
	Permissions["test-screen"], Permissions["test-screen-live"] = watchers, screens
	t.Cleanup(func() { delete(Permissions, "test-screen"); delete(Permissions, "test-screen-live") })
	return Room{Name: "screens", Routes: []Route{
		{Name: "test-screen", Method: "POST", Pattern: "/test/screen", Changes: true, Handle: func(r *Request) error {
			if err := r.BecomeDisplay(); err != nil {
				return err
			}
			return r.NoContent()
		}},
		{Name: "test-screen-live", Method: "GET", Pattern: "/test/screen/live", Live: true, Handle: func(r *Request) error {
			return r.Stream(View{"who", func(context.Context) (any, error) { return r.User, nil }})
		}},
	}}
}

// screen is a browser that somebody left as a screen on a wall.
func (s *site) screen(role Role) *browser {
	s.t.Helper()
	b := s.signIn(role)
	if a := b.post("/test/screen"); a.status != http.StatusNoContent {
		s.t.Fatalf("%s puts up a screen: %d %s", role, a.status, a.body)
	}
	return b
}

// ends are when the sessions end, as the store has it.
func (s *site) ends() map[string]time.Time {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	ends := map[string]time.Time{}
	for hash, one := range s.books.sessions {
		ends[hash] = one.expires
	}
	return ends
}

func TestGivenAScreenOnAWall_WhenNobodyTouchesIt_ThenItGoesOnAsNobodyAndNobodyElsesPageDoes(t *testing.T) {
	s := newSite(t, screenRoom(t))
	s.console.sessions.IdleTimeout, s.console.kept.every = 20*time.Second, time.Second
	b, page := s.signIn(Supervisor), s.signIn(Auditor)
	hers := b.token()
	if a := b.post("/test/screen"); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.body)
	}
	thief := s.browser()
	u, _ := url.Parse(s.server.URL)
	thief.client.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: hers, Path: "/"}})
	if status := thief.in(); b.token() == hers || status != http.StatusUnauthorized {
		t.Errorf("she is still signed in here: %d", status)
	}
	screen, others := b.follow(t.Context(), "/test/screen/live"), page.follow(t.Context(), "/test/screen/live")
	if p := next(t, screen); p.data != `{"ID":"u-supervisor","Login":"","Role":"display","Agent":"","Profile":{"id":""},"Women":false}` {
		t.Errorf("the screen is %s", p.data)
	}
	next(t, others)

	before, longer := s.ends(), 0
	eventually(t, "a stream keeps a session", func() bool {
		longer = 0
		for hash, end := range s.ends() {
			if end.After(before[hash].Add(checkEvery / 2)) {
				longer++
			}
		}
		return longer > 0
	})
	if longer != 1 {
		t.Error("a page that nobody touches keeps its session as a screen does")
	}

	s.books.change(idOf(Supervisor), func(u *postgres.Account) { u.Locked = true })
	if p := next(t, screen); p.name != "end" {
		t.Errorf("whose account is locked has a screen: %v", p)
	}
}

func TestGivenAScreen_WhenItsDaysAreOver_ThenSomebodyMustSignInForIt(t *testing.T) {
	s := newSite(t, screenRoom(t))
	s.console.Display = 10 * time.Minute // shorter than the idle time-out, so that it alone is seen
	s.screen(Auditor)
	if ends := slices.Collect(maps.Values(s.ends())); len(ends) != 1 || time.Until(ends[0]) > 10*time.Minute || time.Until(ends[0]) < 9*time.Minute {
		t.Errorf("it ends at %v", ends)
	}
}

func TestGivenTheDatabaseIsAway_WhenSheGoesOn_ThenSheIsIn(t *testing.T) {
	s := newSite(t)
	b, other := s.signIn(Agent), s.signIn(Officer)
	s.books.setAway(true)
	long := func() time.Time { return time.Now().Add(time.Minute) }
	s.console.kept.mu.Lock()
	s.console.kept.now = long
	s.console.kept.mu.Unlock()
	s.console.people.mu.Lock()
	s.console.people.now = long
	s.console.people.mu.Unlock()
	for range 3 {
		if status := b.in(); status != http.StatusOK {
			t.Fatalf("who was in is out: %d", status)
		}
		if a := b.post("/here"); a.status != http.StatusNoContent {
			t.Fatalf("what she does is refused: %d", a.status)
		}
	}
	before := s.books.asked
	for range 10 {
		b.in()
	}
	if after := s.books.asked; after-before > 4 {
		t.Errorf("a database that is away is asked %d times for ten requests", after-before)
	}
	if a := s.browser().post("/login", "login", "login-agent", "password", password); a.status != http.StatusServiceUnavailable {
		t.Errorf("somebody signs in without a database: %d", a.status)
	}
	u, _ := url.Parse(s.server.URL)
	token := other.token()
	other.post("/logout")
	other.client.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: token, Path: "/"}})
	if status := other.in(); status != http.StatusUnauthorized {
		t.Errorf("who signed out meanwhile is still in: %d", status)
	}
	s.books.setAway(false)
	s.console.kept.tidy(t.Context())
	if status := other.in(); status != http.StatusUnauthorized {
		t.Errorf("the database has not heard of the end: %d", status)
	}
	if status := b.in(); status != http.StatusOK {
		t.Errorf("when it is back: %d", status)
	}
}

func FuzzASessionsDataAreRead(f *testing.F) {
	f.Add([]byte(`{"Deadline":"2026-01-01T00:00:00Z","Values":{"account":"u1"}}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"Values":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		deadline, values, err := plainCodec{}.Decode(data)
		if err != nil {
			return
		}
		again, err := plainCodec{}.Encode(deadline, values)
		if err != nil {
			t.Fatal(err)
		}
		d, v, err := plainCodec{}.Decode(again)
		if err != nil || !d.Equal(deadline) || len(v) != len(values) {
			t.Errorf("%s: %v %v %v", again, d, v, err)
		}
	})
}

func FuzzWhereAFormLeadsBackToIsOurs(f *testing.F) {
	for _, seed := range []string{"/login", "//evil", "https://evil", "/\\evil", "/%2f/evil", "/a?b#c", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u := parsePath(text)
		if u.Host != "" || u.Scheme != "" || u.Path == "" || u.Path[0] != '/' {
			t.Errorf("%q leads to %+v", text, u)
		}
	})
}
