package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"powerline/grafana"
	"powerline/test/helpline"
)

// ask is what Prometheus answers to a path of its API.
func ask(ctx context.Context, base, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", path, answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

// everyPanelHasData runs the query of every panel of every dashboard against the
// Prometheus of a running demo.
func everyPanelHasData(ctx context.Context, t *testing.T, prometheus string) {
	t.Helper()
	allUp(ctx, t, prometheus)
	missing := grafana.Queries()
	all := len(missing)
	if err := helpline.Until(ctx, "every panel has data", func() bool {
		var still []grafana.Query
		for _, q := range missing {
			if !hasData(ctx, t, prometheus, q) {
				still = append(still, q)
			}
		}
		missing = still
		return len(missing) == 0
	}); err != nil {
		for _, q := range missing {
			t.Errorf("%s: %s: no data for %s", q.Dashboard, q.Panel, q.Expr)
		}
		return
	}
	t.Logf("all %d queries of the panels have data", all)
	rulesAreWell(ctx, t, prometheus)
	figuresAgree(ctx, t, prometheus)
}

// allUp waits until Prometheus has read engine, dialer and sealer.
func allUp(ctx context.Context, t *testing.T, prometheus string) {
	t.Helper()
	if err := helpline.Until(ctx, "Prometheus reads engine, dialer and sealer", func() bool {
		var targets struct {
			Active []struct {
				Health string
				Labels map[string]string
			} `json:"activeTargets"`
		}
		if err := ask(ctx, prometheus, "/api/v1/targets", &targets); err != nil {
			return false
		}
		up := map[string]bool{}
		for _, target := range targets.Active {
			up[target.Labels["job"]] = target.Health == "up"
		}
		return up["acd"] && up["dialer"] && up["sealer"]
	}); err != nil {
		t.Error(err)
	}
}

func hasData(ctx context.Context, t *testing.T, prometheus string, q grafana.Query) bool {
	t.Helper()
	var found struct{ Result []struct{ Value [2]any } }
	expr := strings.ReplaceAll(q.Expr, "$__rate_interval", "1m")
	if err := ask(ctx, prometheus, "/api/v1/query?query="+url.QueryEscape(expr), &found); err != nil && ctx.Err() == nil {
		t.Fatalf("%s: %s: %v", q.Dashboard, q.Panel, err)
	}
	return slices.ContainsFunc(found.Result, func(s struct{ Value [2]any }) bool { return s.Value[1] != "NaN" })
}

// value is what an expression with one result is at a moment.
func value(ctx context.Context, prometheus, expr, at string) (string, error) {
	var found struct{ Result []struct{ Value [2]any } }
	path := "/api/v1/query?query=" + url.QueryEscape(expr)
	if at != "" {
		path += "&time=" + at
	}
	if err := ask(ctx, prometheus, path, &found); err != nil {
		return "", err
	}
	if len(found.Result) != 1 {
		return "", fmt.Errorf("%s: %d results, want 1", expr, len(found.Result))
	}
	return fmt.Sprint(found.Result[0].Value[1]), nil
}

// figuresAgree: over a run that is shorter than their window, what the rules
// record is what the engine has counted since its start, within 1 %.
func figuresAgree(ctx context.Context, t *testing.T, prometheus string) {
	t.Helper()
	for recorded, counted := range map[string]string{
		`powerline:service_level:ratio{within="15",window="1h"}`: "sum(acd_answered_in_time_total) / (sum(acd_answer_seconds_count) + sum(acd_abandoned_late_total))",
		`powerline:asa:seconds{window="1h"}`:                     "sum(acd_answer_seconds_sum) / sum(acd_answer_seconds_count)",
	} {
		at, err := value(ctx, prometheus, "timestamp("+recorded+")", "")
		if err != nil {
			t.Fatal(err)
		}
		var figures [2]float64
		for i, expr := range []string{recorded, counted} {
			text, err := value(ctx, prometheus, expr, at)
			if err != nil {
				t.Fatal(err)
			}
			if figures[i], err = strconv.ParseFloat(text, 64); err != nil {
				t.Fatal(err)
			}
		}
		if math.Abs(figures[0]-figures[1]) > 0.01*figures[1] || figures[1] == 0 {
			t.Errorf("%s is %v, and the engine has counted %v", recorded, figures[0], figures[1])
		} else {
			t.Logf("%s is %.4f, as the engine has counted", recorded, figures[0])
		}
	}
}

// rulesAreWell: Prometheus evaluates every rule, and says which alarms fire.
func rulesAreWell(ctx context.Context, t *testing.T, prometheus string) {
	t.Helper()
	var all struct {
		Groups []struct {
			Name  string
			Rules []struct{ Name, Health, State, LastError, Type string }
		}
	}
	if err := ask(ctx, prometheus, "/api/v1/rules", &all); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range all.Groups {
		for _, r := range g.Rules {
			n++
			if r.Health != "ok" {
				t.Errorf("%s: %s is %s: %s", g.Name, r.Name, r.Health, r.LastError)
			}
			if r.State == "firing" {
				t.Logf("in the demo %s fires", r.Name)
			}
		}
	}
	if n < 60 {
		t.Errorf("%d rules are loaded", n)
	}
}

func TestGivenADirectory_WhenGrafanasFilesAreWritten_ThenTheyNameThisDemoAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	if err := grafana.Install(dir, "http://127.0.0.1:10015"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"provisioning/datasources/powerline.yaml": "url: http://127.0.0.1:10015\n",
		"provisioning/dashboards/powerline.yaml":  "path: " + dir + "/dashboards\n",
		"dashboards/floor.json":                   `"uid": "powerline-floor"`,
	} {
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q: %v", path, want, err)
		}
	}
	text := string(grafanaSettings(dir, 10016, "word"))
	for _, want := range []string{"http_addr = 127.0.0.1\n", "http_port = 10016\n", "provisioning = " + dir + "/provisioning\n", "reporting_enabled = false\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("grafana.ini lacks %q", want)
		}
	}
}

func TestGivenAddresses_WhenPrometheusFilesAreMade_ThenTheyAreThoseOfAServerButForThem(t *testing.T) {
	files, err := grafana.Prometheus(grafana.Watched{Engines: []string{"127.0.0.1:10005", "127.0.0.1:10006"}, Scrape: scrapeEvery, Evaluate: evaluateEvery})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files["prometheus.yml"])
	for _, want := range []string{`targets: ["127.0.0.1:10005", "127.0.0.1:10006"]`, "targets: []", "scrape_interval: 1s\n", "evaluation_interval: 2s\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("prometheus.yml lacks %q:\n%s", want, text)
		}
	}
	for _, name := range []string{"rules/figures.yml", "rules/wake.yml", "rules/morning.yml"} {
		if len(files[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
	if len(files) != 4 {
		t.Errorf("%d files", len(files))
	}
}
