package controlroom

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/journal"
	"powerline/test/helpline"
)

// served are the routes of all rooms, as an engine serves them.
func served(t *testing.T) (all []console.Route) {
	t.Helper()
	settings, err := acd.NewSettings(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	engine := acd.New(settings, acd.Deps{Metrics: acd.NewMetrics(prometheus.NewRegistry()), Log: slog.New(slog.DiscardHandler)})
	o := acd.Opened{Config: config.Default(), Waiting: func(string) ([]journal.Entry, error) { return nil, nil }}
	r := room{opened: o, log: slog.New(slog.DiscardHandler), hub: console.NewHub()}
	for _, one := range r.rooms(engine) {
		all = append(all, one.Routes...)
	}
	return all
}

var parameter = regexp.MustCompile(`\{[a-z]+\}`)

// try asks for a route as a script of a page would, and gives up a stream at once.
func (v *visitor) try(rt console.Route, headers ...string) (int, string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 20*time.Second)
	defer cancel()
	body := io.Reader(http.NoBody)
	if rt.Method == http.MethodPost {
		body = strings.NewReader("{}")
	}
	r, err := http.NewRequestWithContext(ctx, rt.Method, v.base+parameter.ReplaceAllString(rt.Pattern, "of-another"), body)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := v.client.Do(r)
	if err != nil {
		v.t.Errorf("%s %s: %v", rt.Method, rt.Pattern, err)
		return 0, ""
	}
	defer got.Body.Close()
	if got.Header.Get("Content-Type") == "text/event-stream" {
		return got.StatusCode, ""
	}
	text, _ := io.ReadAll(got.Body)
	return got.StatusCode, string(text)
}

// TestGivenEveryPage_WhenEveryRoleAsks_ThenTheTableDecides: on what a real engine
// serves, with what nobody has as every id in an address.
func TestGivenEveryPage_WhenEveryRoleAsks_ThenTheTableDecides(t *testing.T) {
	routes := served(t)
	h := open(t, helpline.Options{Women: 1, Counsellors: 1, Officers: 1, Men: 1})
	who := map[console.Role]agent.ID{
		console.Agent: "w001", console.Counsellor: "c001", console.Officer: "m001", console.Supervisor: "x001", console.Auditor: "", console.Administrator: "",
	}
	// Every row of the table is tried here, but for those of the room that signs
	// people in, which package console tries: a row that nobody serves is a mistake.
	for name, roles := range console.Permissions {
		own := slices.Contains(roles, console.Everybody) || slices.Contains([]string{"home", "me", "here", "sign-out"}, name)
		if !own && !slices.ContainsFunc(routes, func(rt console.Route) bool { return rt.Name == name }) {
			t.Errorf("%s stands in the table, and no room serves it", name)
		}
	}
	for _, rt := range routes {
		for what, headers := range map[string][]string{"no session": nil, "an invented one": {"Cookie", "session=" + strings.Repeat("A", 43)}} {
			if status, text := newVisitor(t, h.Engines[0].Console).try(rt, headers...); status != http.StatusUnauthorized {
				t.Errorf("%s %s with %s: %d %.200s", rt.Method, rt.Pattern, what, status, text)
			}
		}
	}
	for role, id := range who {
		account, err := h.Account(t.Context(), string(role), id)
		if err != nil {
			t.Fatal(err)
		}
		v := newVisitor(t, h.Engines[0].Console)
		v.signIn(account)
		v.may(role, routes)
		if role == console.Auditor { // who leaves a screen on the wall
			if status, text := v.try(display); status >= http.StatusBadRequest {
				t.Fatalf("a screen: %d %.200s", status, text)
			}
			v.may(console.Display, routes)
		}
	}
}

// display is the one route that makes a session another's.
var display = console.Route{Name: "wall-display", Method: http.MethodPost, Pattern: "/wall/display"}

// may holds what a role is answered against the table.
func (v *visitor) may(role console.Role, routes []console.Route) {
	v.t.Helper()
	for _, rt := range routes {
		allowed := slices.Contains(console.Permissions[rt.Name], role)
		if rt.Name == display.Name && allowed {
			continue // it would be nobody's session afterwards
		}
		status, text := v.try(rt)
		refused := status == http.StatusForbidden && strings.Contains(text, `"role"`)
		if allowed == refused || status == http.StatusUnauthorized {
			v.t.Errorf("%s %s as %s: %d %.200s", rt.Method, rt.Pattern, role, status, text)
		}
		if status == http.StatusInternalServerError {
			v.t.Errorf("%s %s as %s breaks: %.200s", rt.Method, rt.Pattern, role, text)
		}
		if rt.Method == http.MethodPost {
			if status, text := v.try(rt, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden || !strings.Contains(text, "cross-origin") {
				v.t.Errorf("%s asked for by another site: %d %.200s", rt.Pattern, status, text)
			}
		}
	}
}
