package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"powerline/grafana"
	"powerline/internal/stack"
	"powerline/test/helpline"
)

// watch starts what watches the helpline: Prometheus with our rules, and Grafana
// with our dashboards where it is installed.
func (d *demo) watch(ctx context.Context) error {
	files, err := grafana.Prometheus(grafana.Watched{
		Engines: listeners(d.line.Engines), Dialers: listeners(d.line.Dialers), Sealers: []string{d.line.Sealer.Listen},
		Scrape: scrapeEvery, Evaluate: evaluateEvery,
	})
	if err != nil {
		return err
	}
	d.say("starting Prometheus")
	prometheus, err := d.line.StartPrometheus(ctx, files)
	if err != nil {
		return err
	}
	d.prometheus = prometheus.URL
	program, home := grafanaProgram()
	if program == "" {
		d.dashboards = "Grafana is not installed here; its dashboards are in grafana/"
		return nil
	}
	d.say("starting Grafana")
	if d.dashboards, err = d.startGrafana(ctx, program, home); err != nil {
		d.say("%v: the demo goes on without it", err)
		d.dashboards = "Grafana could not be started"
	}
	return nil
}

// A demo's minutes are a helpline's hours, so it is looked at more often.
const (
	scrapeEvery   = time.Second
	evaluateEvery = 2 * time.Second
)

func listeners(processes []*helpline.Engine) (all []string) {
	for _, p := range processes {
		all = append(all, p.Listen)
	}
	return all
}

// grafanaProgram is the program of a packaged Grafana, or of one unpacked from a
// tarball that is on the PATH, with its home; empty if there is none.
func grafanaProgram() (program, home string) {
	homes := []string{"/usr/share/grafana"}
	if path, err := exec.LookPath("grafana"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			homes = append(homes, filepath.Dir(filepath.Dir(path)))
		}
	}
	for _, home := range homes {
		program := filepath.Join(home, "bin", "grafana")
		_, noProgram := os.Stat(program)
		_, noDefaults := os.Stat(filepath.Join(home, "conf", "defaults.ini"))
		if noProgram == nil && noDefaults == nil {
			return program, home
		}
	}
	return "", ""
}

// startGrafana runs Grafana in the stack's directory, at the stack's port, and
// says where. Everybody at this machine may look; nobody may change anything.
func (d *demo) startGrafana(ctx context.Context, program, home string) (string, error) {
	dir := filepath.Join(d.line.Dir, "grafana")
	if err := grafana.Install(dir, d.prometheus); err != nil {
		return "", err
	}
	settings := filepath.Join(dir, "grafana.ini")
	if err := os.WriteFile(settings, grafanaSettings(dir, d.line.Ports.Grafana, d.password), 0o600); err != nil {
		return "", fmt.Errorf("write the settings of Grafana: %w", err)
	}
	url := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(d.line.Ports.Grafana))
	_, err := d.line.Beside(ctx, stack.Companion{
		Name:    "grafana",
		Command: func() *exec.Cmd { return exec.Command(program, "server", "--homepath", home, "--config", settings) },
		Ready:   func(ctx context.Context) error { return stack.Answers(ctx, url+"/api/health") },
	})
	return "Grafana " + url, err
}

// grafanaSettings keep Grafana on loopback and from calling anybody outside.
func grafanaSettings(dir string, port int, password string) []byte {
	return fmt.Appendf(nil, `[paths]
data = %[1]s/data
logs = %[1]s/log
plugins = %[1]s/plugins
provisioning = %[1]s/provisioning
[server]
http_addr = 127.0.0.1
http_port = %[2]d
[security]
admin_password = %[3]s
disable_gravatar = true
[auth.anonymous]
enabled = true
org_role = Viewer
[dashboards]
default_home_dashboard_path = %[1]s/dashboards/floor.json
[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
[news]
news_feed_enabled = false
[plugins]
plugin_admin_enabled = false
preinstall_disabled = true
[snapshots]
external_enabled = false
`, dir, port, password)
}
