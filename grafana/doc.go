// Package grafana is what watches a helpline: dashboards, the rules of Prometheus
// with their alarms, and the files by which a packaged Grafana and Prometheus find
// them.
//
// # What is source, what is made
//
// A dashboard is written here, in Go, with the types of Grafana's own SDK: a
// panel is one line that says title, unit, query and what the figure means. From
// it come the files in dashboards/, which Grafana reads. A test fails when they
// are not what the source says; `go test ./grafana -rewrite` writes them anew.
// Rules, provisioning and prometheus.yml are source as they stand.
//
// # Two processes, one helpline
//
// Every engine, the dialer too, mirrors the same floor. So a gauge is read with
// max, over the processes, and counters are summed, because each event is counted
// by the one process that had the call. Only engines that take callers say
// whether new callers are served: acd_healthy{job="acd"}.
//
// # What it holds
//
// No label of any metric has a name, a number, a case or a person in it, and
// there is no figure per agent: nobody is ranked by how fast she talks. Each panel
// over a figure of docs/glossary.md states its formula.
package grafana
