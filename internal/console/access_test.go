package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// testRoom has a route for each kind of permission, and a page.
func testRoom(t *testing.T) Room {
	t.Helper()
	hello := func(r *Request) error { return r.JSON(http.StatusOK, "hello") }
	room := Room{Name: "test"}
	for name, roles := range map[string][]Role{
		"test-seated": seated, "test-supervisors": supervisors, "test-watchers": watchers, "test-auditors": auditors, "test-leading": leading, "test-all": signedIn,
	} {
		Permissions[name] = roles
		Permissions[name+"-change"] = roles
		t.Cleanup(func() { delete(Permissions, name); delete(Permissions, name+"-change") })
		room.Routes = append(room.Routes,
			Route{Name: name, Method: "GET", Pattern: "/test/" + name, Handle: hello},
			Route{Name: name + "-change", Method: "POST", Pattern: "/test/" + name + "/change", Changes: true, Handle: hello})
	}
	room.Pages = fstest.MapFS{"page.html": {Data: []byte(`{{define "title"}}{{.Data}}{{end}}{{define "main"}}<p title="{{.Data}}">{{.Data}}</p><a href="{{.Data}}">x</a><script type="application/json" id="texts">{{.Data}}</script>{{end}}`)}}
	return room
}

func TestGivenEveryRouteAndEveryRole_WhenAsked_ThenTheTableDecides(t *testing.T) {
	s := newSite(t, testRoom(t), screenRoom(t))
	for _, role := range anybodyIn {
		enter := s.signIn
		if role == Display {
			enter = func(Role) *browser { return s.screen(Auditor) }
		}
		b := enter(role)
		for _, room := range s.console.rooms {
			for _, rt := range room.Routes {
				if rt.Name == "sign-out" || strings.HasPrefix(rt.Name, "test-screen") || forEverybody(rt.Name) {
					continue
				}
				a := b.ask(rt.Method, strings.TrimSuffix(rt.Pattern, "{$}"), nil, "Accept", "application/json")
				if may := slices.Contains(Permissions[rt.Name], role); may == (a.status == http.StatusForbidden) {
					t.Errorf("%s as %s: %d %s", rt.pattern(), role, a.status, a.body)
				}
			}
		}
	}
}

func TestGivenNoSession_WhenAnyRouteIsAsked_ThenOnlyTheSignInAnswers(t *testing.T) {
	s := newSite(t, testRoom(t))
	for _, room := range s.console.rooms {
		for _, rt := range room.Routes {
			if forEverybody(rt.Name) {
				continue
			}
			path := strings.TrimSuffix(rt.Pattern, "{$}")
			for _, cookie := range []string{"", "session=", "session=AAAA", "session=" + strings.Repeat("A", 43), "session=" + strings.Repeat("A", 5000), "session=../../x; session=%00"} {
				if a := s.browser().ask(rt.Method, path, nil, "Accept", "application/json", "Cookie", cookie); a.status != http.StatusUnauthorized || !strings.Contains(a.body, `"sign-in"`) {
					t.Errorf("%s with cookie %.20q: %d %s", rt.pattern(), cookie, a.status, a.body)
				}
			}
			if a := s.browser().ask(rt.Method, path, nil); rt.Method == "GET" && (a.status != http.StatusSeeOther || a.to() != "/login") {
				t.Errorf("%s for who reads: %d to %q", rt.pattern(), a.status, a.to())
			}
		}
	}
	if a := s.browser().visit("/api/v1/cases"); a.body != "false   " {
		t.Errorf("the API takes a stranger for %q", a.body)
	}
}

func TestGivenAnotherSite_WhenItAsksForAChange_ThenItIsRefused(t *testing.T) {
	s := newSite(t, testRoom(t))
	b := s.signIn(Supervisor)
	foreign := map[string][]string{
		"said by the browser":     {"Sec-Fetch-Site", "cross-site"},
		"another part of a site":  {"Sec-Fetch-Site", "same-site"},
		"an old browser's origin": {"Origin", "https://evil.example"},
		"no origin that is one":   {"Origin", "null"},
	}
	for what, headers := range foreign {
		for _, room := range s.console.rooms {
			for _, rt := range room.Routes {
				if rt.Method != "POST" {
					continue
				}
				if a := b.ask("POST", rt.Pattern, nil, append(headers, "Accept", "application/json")...); a.status != http.StatusForbidden || !strings.Contains(a.body, "cross-origin") {
					t.Errorf("%s, %s: %d %s", rt.pattern(), what, a.status, a.body)
				}
			}
		}
		if a := b.ask("POST", "/api/v1/cases", nil, append(headers, "Accept", "application/json")...); a.status != http.StatusForbidden {
			t.Errorf("the API, %s: %d %s", what, a.status, a.body)
		}
	}
	if a := b.ask("POST", "/here", nil, "Sec-Fetch-Site", "same-origin"); a.status != http.StatusNoContent {
		t.Errorf("our own page is refused: %d %s", a.status, a.body)
	}
}

func TestGivenAWrongMethodOrPath_WhenAsked_ThenItIsRefusedWithoutGuessing(t *testing.T) {
	s := newSite(t, testRoom(t))
	b := s.signIn(Agent)
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
		if a := b.ask(method, "/me", nil); a.status != http.StatusMethodNotAllowed || a.head.Get("Allow") != "GET" {
			t.Errorf("%s /me: %d, Allow %q", method, a.status, a.head.Get("Allow"))
		}
	}
	for _, path := range []string{
		"//evil.example/", "/test/../me", "/me/", "/ME", "/%6de%00", "/static/../console.go", "/static/%2e%2e/doc.go", "/login/..%2f..%2fme", "/.git/config", "/me;x", "/test//test-all",
	} {
		if a := b.visit(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.status, a.to())
		}
	}
}

func TestGivenAnyAnswer_WhenItIsSent_ThenItCarriesThePolicies(t *testing.T) {
	s := newSite(t, testRoom(t))
	b := s.signIn(Supervisor)
	for _, path := range []string{"/login", "/", "/me", "/nothing", "/api/v1/x", s.console.static.address("console/console.css"), "/static/x"} {
		h := b.visit(path).head
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if kept := h.Get("Cache-Control"); kept != "no-store" && !strings.HasPrefix(path, s.console.static.prefix) {
			t.Errorf("%s may be kept: %q", path, kept)
		}
	}
}

func TestGivenWhoIsSignedIn_WhenTheAPIIsAsked_ThenItKnowsHerAsItsOwn(t *testing.T) {
	s := newSite(t, screenRoom(t))
	if a := s.screen(Supervisor).ask("GET", "/api/v1/cases", nil); a.body != "false u-supervisor  " {
		t.Errorf("a screen is %q to the API", a.body)
	}
	for role, want := range map[Role]string{
		Agent: "true u-agent agent w001", Officer: "true u-officer agent m001", Counsellor: "true u-counsellor agent w001",
		Supervisor: "true u-supervisor supervisor s001", Auditor: "true u-auditor auditor ", Administrator: "true u-administrator operator ",
	} {
		if a := s.signIn(role).ask("GET", "/api/v1/cases", nil, "Authorization", "Bearer wpl_of-somebody-else"); a.body != want {
			t.Errorf("%s is %q to the API, want %q", role, a.body, want)
		}
	}
}

func TestGivenTextOfOthers_WhenAPageShowsIt_ThenItStaysText(t *testing.T) {
	room := testRoom(t)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>javascript:alert(1)</script>`
	Permissions["test-page"] = signedIn
	defer delete(Permissions, "test-page")
	room.Routes = append(room.Routes, Route{Name: "test-page", Method: "GET", Pattern: "/test/page", Handle: func(r *Request) error { return r.Render("page.html", evil) }})
	s := newSite(t, room)
	a := s.signIn(Agent).visit("/test/page")
	if a.status != http.StatusOK || strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") || strings.Contains(a.body, `href="javascript`) {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestGivenARoomThatNobodyAllowed_WhenTheConsoleIsMade_ThenItIsRefused(t *testing.T) {
	ok := func(*Request) error { return nil }
	for what, room := range map[string]Room{
		"no row in the table": {Name: "x", Routes: []Route{{Name: "x-unknown", Method: "GET", Pattern: "/x", Handle: ok}}},
		"twice":               {Name: "x", Routes: []Route{{Name: "me", Method: "GET", Pattern: "/x", Handle: ok}}},
		"another method":      {Name: "x", Routes: []Route{{Name: "home", Method: "PUT", Pattern: "/x", Handle: ok}}},
		"a link to nothing":   {Name: "x", Links: []Link{{Path: "/x", Word: "x", Route: "x"}}},
	} {
		if checkRoutes([]Room{{Routes: []Route{{Name: "me", Method: "GET", Pattern: "/me", Handle: ok}}}, room}) == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
