package grafana_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/prometheus/promql/parser"

	"powerline/grafana"
	"powerline/internal/acd"
	"powerline/internal/dialer"
	"powerline/internal/sealer"
	"powerline/internal/stack"
)

var rewrite = flag.Bool("rewrite", false, "write the dashboards' files as the source says")

func TestTheDashboardsFilesAreWhatTheSourceSays(t *testing.T) {
	files, err := grafana.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		path := filepath.Join("dashboards", name)
		if *rewrite {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s differs from the source (%v): go test ./grafana -rewrite; -file +source:\n%s", path, err, cmp.Diff(string(have), string(want)))
		}
	}
	there, err := fs.Glob(os.DirFS("dashboards"), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if _, known := files[name]; !known {
			t.Errorf("dashboards/%s is none of the source's: remove it", name)
		}
	}
}

// TestGrafanaUnderstandsTheDashboards: the files hold what Grafana's own types
// allow, every panel has a source that provisioning brings, and says what its
// figure means.
func TestGrafanaUnderstandsTheDashboards(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	files, err := grafana.Dashboards()
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string]string{}
	for name, text := range files {
		//lint:ignore SA1019 the newer form of dashboards is unknown to Grafana 10 and 11
		var d dashboard.Dashboard
		// The SDK gives an empty list of errors where there are none.
		if err := d.UnmarshalJSONStrict(text); err != nil && err.Error() != "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other, twice := uids[*d.Uid]; twice || len(*d.Uid) > 40 {
			t.Errorf("%s: uid %s is that of %s, or too long", name, *d.Uid, other)
		}
		uids[*d.Uid] = name
		checkPanels(t, name, d)
	}
}

// core are the kinds of panels that every Grafana from 10 on brings along.
var core = []string{"timeseries", "stat", "bargauge", "table"}

//lint:ignore SA1019 the newer form of dashboards is unknown to Grafana 10 and 11
func checkPanels(t *testing.T, name string, d dashboard.Dashboard) {
	t.Helper()
	ids, places := map[uint32]bool{}, map[[2]uint32]bool{}
	for _, p := range d.Panels {
		if p.Panel == nil {
			continue // a row
		}
		at := [2]uint32{p.Panel.GridPos.X, p.Panel.GridPos.Y}
		switch {
		case !slices.Contains(core, p.Panel.Type):
			t.Errorf("%s: %s: %s is no panel of Grafana's own", name, *p.Panel.Title, p.Panel.Type)
		case ids[*p.Panel.Id] || places[at]:
			t.Errorf("%s: %s: its id or its place is taken", name, *p.Panel.Title)
		case p.Panel.GridPos.X+p.Panel.GridPos.W > 24:
			t.Errorf("%s: %s: stands over the edge", name, *p.Panel.Title)
		case p.Panel.Description == nil || *p.Panel.Description == "":
			t.Errorf("%s: %s: does not say what it means", name, *p.Panel.Title)
		case p.Panel.Datasource == nil || *p.Panel.Datasource.Uid != sourceInProvisioning(t):
			t.Errorf("%s: %s: asks a data source that provisioning does not bring", name, *p.Panel.Title)
		}
		ids[*p.Panel.Id], places[at] = true, true
	}
}

func sourceInProvisioning(t *testing.T) string {
	t.Helper()
	var file struct {
		Datasources []struct{ UID, URL string }
	}
	read(t, "provisioning/datasources/powerline.yaml", &file)
	if len(file.Datasources) != 1 || file.Datasources[0].URL != grafana.PrometheusURL {
		t.Fatalf("data sources %+v", file.Datasources)
	}
	return file.Datasources[0].UID
}

func TestProvisioningLooksWhereTheDocumentsSay(t *testing.T) {
	var file struct {
		Providers []struct{ Options struct{ Path string } }
	}
	read(t, "provisioning/dashboards/powerline.yaml", &file)
	if len(file.Providers) != 1 || file.Providers[0].Options.Path != grafana.DashboardsDir {
		t.Errorf("providers %+v", file.Providers)
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := fs.ReadFile(grafana.Files, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// rule is a rule of Prometheus, as far as it is looked at here.
type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

func rules(t *testing.T, file string) (all []rule) {
	t.Helper()
	var text struct{ Groups []struct{ Rules []rule } }
	read(t, "rules/"+file, &text)
	for _, g := range text.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatalf("%s holds no rules", file)
	}
	return all
}

var alarmFiles = []string{"wake.yml", "morning.yml"}

// exported is a registry that keeps the names and labels of what is registered.
type exported map[string][]string

func (e exported) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		if err := e.Register(c); err != nil {
			panic(err)
		}
	}
}

func (e exported) Unregister(prometheus.Collector) bool { return false }

var descForm = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", .*variableLabels: \{([^}]*)\}\}$`)

func (e exported) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() { c.Describe(descs); close(descs) }()
	for d := range descs {
		found := descForm.FindStringSubmatch(d.String())
		if found == nil {
			return fmt.Errorf("a description is not understood: %s", d)
		}
		e[found[1]] = strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	}
	return nil
}

// known are all figures that a rule or a panel may name, with their labels: what
// our programs export, what the rules record, and what Prometheus adds.
func known(t *testing.T) exported {
	t.Helper()
	e := exported{}
	acd.DescribeMetrics(e)
	dialer.NewMetrics(e)
	sealer.NewMetrics(e)
	e.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	e["go_goroutines"] = nil // of the Go collector, which describes itself only in part
	e["up"], e["ALERTS"] = nil, []string{"alertname", "alertstate", "severity"}
	for _, r := range rules(t, "figures.yml") {
		own := slices.Collect(maps.Keys(r.Labels))
		for name, of := range e {
			if strings.Contains(name, ":") && strings.Contains(r.Expr, name) {
				own = append(own, of...) // a figure of a figure
			}
		}
		for _, label := range own {
			if !slices.Contains(e[r.Record], label) {
				e[r.Record] = append(e[r.Record], label)
			}
		}
	}
	return e
}

// check holds a query against what is exported: its syntax, every name, every
// label that selects or groups.
func check(t *testing.T, what, expr string, known exported) {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(plain(expr))
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	used := map[string]bool{"job": true, "instance": true, "le": true}
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		v, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		name := v.Name
		of, there := known[name]
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, cut := strings.CutSuffix(name, suffix); !there && cut {
				of, there = known[base]
			}
		}
		if !there {
			t.Errorf("%s: nobody exports %s", what, name)
		}
		for _, label := range of {
			used[label] = true
		}
		for _, m := range v.LabelMatchers {
			if m.Name != "__name__" && !slices.Contains(append(of, "job", "instance", "le"), m.Name) {
				t.Errorf("%s: %s has no label %s", what, name, m.Name)
			}
		}
		return nil
	})
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if a, ok := n.(*parser.AggregateExpr); ok {
			for _, label := range a.Grouping {
				if !used[label] {
					t.Errorf("%s: groups by %s, which nothing in it has", what, label)
				}
			}
		}
		return nil
	})
}

// plain puts values in the place of Grafana's variables.
func plain(expr string) string {
	return strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h").Replace(expr)
}

func TestEveryPanelAsksForWhatOurProgramsExport(t *testing.T) {
	all := known(t)
	if len(grafana.Queries()) < 60 {
		t.Fatalf("only %d queries were found", len(grafana.Queries()))
	}
	for _, q := range grafana.Queries() {
		check(t, q.Dashboard+": "+q.Panel, q.Expr, all)
	}
}

func TestEveryRuleAsksForWhatOurProgramsExport(t *testing.T) {
	all := known(t)
	for _, file := range append([]string{"figures.yml"}, alarmFiles...) {
		for _, r := range rules(t, file) {
			check(t, file+": "+r.Record+r.Alert, r.Expr, all)
		}
	}
}

// TestNoLabelIsAboutAPerson: a figure per agent, case or number must not slip in.
func TestNoLabelIsAboutAPerson(t *testing.T) {
	allowed := []string{
		"age", "alarm", "alertname", "alertstate", "are", "calls", "category", "cause", "closure", "end", "follows", "kind", "language", "op", "outcome",
		"plea", "pool", "reason", "result", "route", "rule", "by", "severity", "short", "stage", "state", "status", "step", "timer", "topic", "trunk",
		"what", "why", "window", "wish", "within", "work",
	}
	for name, of := range known(t) {
		for _, label := range of {
			if !slices.Contains(allowed, label) {
				t.Errorf("%s has a label %s: is it few, and about nobody? Then name it here", name, label)
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#{1,6} (.*)$`)

// anchor is how a heading is linked to.
func anchor(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestEveryAlarmSaysWhoWhatAndWhatToDoAndItsSectionExists(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(string(text), -1) {
		anchors[anchor(found[1])] = true
	}
	for _, file := range alarmFiles {
		for _, r := range rules(t, file) {
			for _, key := range []string{"summary", "who", "do", "runbook_url"} {
				if strings.TrimSpace(r.Annotations[key]) == "" {
					t.Errorf("%s does not say %s", r.Alert, key)
				}
			}
			if severity := strings.TrimSuffix(file, ".yml"); r.Labels["severity"] != severity {
				t.Errorf("%s: severity %q, want %q", r.Alert, r.Labels["severity"], severity)
			}
			section, ours := strings.CutPrefix(r.Annotations["runbook_url"], "docs/operations.md#")
			if !ours || !anchors[section] {
				t.Errorf("%s: docs/operations.md has no section %q", r.Alert, section)
			}
			if want := anchor(words(r.Alert)); section != want {
				t.Errorf("%s: its section is %q, want %q", r.Alert, section, want)
			}
		}
	}
}

// words takes a name apart: NoEngineTakesCalls is "No engine takes calls".
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// TestPrometheusTriesTheRules runs Prometheus' own tool over the rules, their
// tests and the configuration.
func TestPrometheusTriesTheRules(t *testing.T) {
	for _, args := range [][]string{
		{"check", "config", "--syntax-only", "../prometheus.yml"},
		{"check", "rules", "figures.yml", "wake.yml", "morning.yml"},
		{"test", "rules", "figures_test.yml", "service_level_test.yml", "wake_test.yml", "morning_test.yml"},
	} {
		cmd, err := stack.Program(t.Context(), "promtool", args...)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Dir = "rules"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestEveryAlarmIsTriedBothWays: an alarm without a case in which it must fire,
// or must not, is not known to work.
func TestEveryAlarmIsTriedBothWays(t *testing.T) {
	fires, quiet := map[string]bool{}, map[string]bool{}
	asked := regexp.MustCompile(`alertname="(\w+)"`)
	for _, file := range []string{"wake_test.yml", "morning_test.yml", "service_level_test.yml"} {
		var text struct {
			Tests []struct {
				Asked []struct {
					Expr    string
					Samples []map[string]any `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			}
		}
		read(t, "rules/"+file, &text)
		for _, one := range text.Tests {
			for _, q := range one.Asked {
				name := asked.FindStringSubmatch(q.Expr)[1]
				fires[name] = fires[name] || len(q.Samples) > 0
				quiet[name] = quiet[name] || len(q.Samples) == 0
			}
		}
	}
	for _, file := range alarmFiles {
		for _, r := range rules(t, file) {
			if !fires[r.Alert] || !quiet[r.Alert] {
				t.Errorf("%s: tried that it fires %v, that it keeps quiet %v", r.Alert, fires[r.Alert], quiet[r.Alert])
			}
		}
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	if err := stack.Install(context.Background(), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
