package grafana

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Watched is what a Prometheus elsewhere than on a server scrapes.
type Watched struct {
	Engines, Dialers []string // host:port
	Sealers          []string
	Scrape, Evaluate time.Duration
}

// Prometheus are the files for a Prometheus by name: prometheus.yml as it is
// installed on a server but for addresses and pauses, and the rules.
func Prometheus(w Watched) (map[string][]byte, error) {
	text, err := Files.ReadFile("prometheus.yml")
	if err != nil {
		return nil, fmt.Errorf("grafana: read the configuration of Prometheus: %w", err)
	}
	text, err = replace(text, [][2]string{
		{`["127.0.0.1:8090"]`, list(w.Engines)},
		{`["127.0.0.1:8091"]`, list(w.Dialers)},
		{`["127.0.0.1:8092"]`, list(w.Sealers)},
		{"scrape_interval: 5s", "scrape_interval: " + w.Scrape.String()},
		{"evaluation_interval: 15s", "evaluation_interval: " + w.Evaluate.String()},
	})
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"prometheus.yml": text}
	names, err := fs.Glob(Files, "rules/*.yml")
	if err != nil {
		return nil, fmt.Errorf("grafana: list the rules: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.yml") {
			continue
		}
		if files[name], err = Files.ReadFile(name); err != nil {
			return nil, fmt.Errorf("grafana: read the rules: %w", err)
		}
	}
	return files, nil
}

// Install writes provisioning and dashboards into a directory, with Prometheus at
// the URL given: what a Grafana needs that is not installed for this helpline.
func Install(dir, prometheusURL string) error {
	dashboards := filepath.Join(dir, "dashboards")
	return fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(name, "rules/") || name == "prometheus.yml" {
			return err
		}
		text, err := Files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("grafana: install %s: %w", name, err)
		}
		switch {
		case strings.HasPrefix(name, "provisioning/datasources/"):
			text, err = replace(text, [][2]string{{PrometheusURL, prometheusURL}})
		case strings.HasPrefix(name, "provisioning/dashboards/"):
			text, err = replace(text, [][2]string{{DashboardsDir, dashboards}})
		}
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("grafana: install %s: %w", name, err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("grafana: install %s: %w", name, err)
		}
		return nil
	})
}

// replace puts one text in the place of another, which must stand there once.
func replace(text []byte, pairs [][2]string) ([]byte, error) {
	for _, p := range pairs {
		if n := bytes.Count(text, []byte(p[0])); n != 1 {
			return nil, fmt.Errorf("grafana: %q stands %d times in a file that is to be installed, want once", p[0], n)
		}
		text = bytes.Replace(text, []byte(p[0]), []byte(p[1]), 1)
	}
	return text, nil
}

func list(addresses []string) string {
	quoted := make([]string, len(addresses))
	for i, a := range addresses {
		quoted[i] = fmt.Sprintf("%q", a)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
