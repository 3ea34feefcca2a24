package grafana

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Files are what Grafana and Prometheus read, as they are installed:
// dashboards/, provisioning/, rules/ and prometheus.yml.
//
//go:embed dashboards/*.json provisioning rules/*.yml prometheus.yml
var Files embed.FS

// What the files name, for whoever runs them elsewhere than on a server.
const (
	// DashboardsDir is where provisioning looks for the dashboards.
	DashboardsDir = "/var/lib/grafana/dashboards/powerline"
	// PrometheusURL is where provisioning looks for Prometheus.
	PrometheusURL = "http://127.0.0.1:9090"
	// sourceUID names the data source in provisioning and in every panel.
	sourceUID = "powerline-prometheus"
)

// schema is the version of dashboards that Grafana 10.0 wrote; later ones read it
// and bring it up to date by themselves.
const schema = 38

// page is one dashboard.
type page struct {
	name    string // of the file; its uid is powerline- and the name
	title   string
	about   string
	refresh string
	from    string
	rows    []row
}

// row is a heading and the panels beneath it.
type row struct {
	title  string
	panels []panel
}

// pages are all dashboards, in the order of a walk from the floor outwards.
func pages() []page {
	return []page{floor(), serviceLevel(), outbound(), recordings(), telephony(), welfare()}
}

// Dashboards are the dashboards' files by name, such as "floor.json".
func Dashboards() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, p := range pages() {
		text, err := p.json()
		if err != nil {
			return nil, fmt.Errorf("grafana: build dashboard %s: %w", p.name, err)
		}
		files[p.name+".json"] = text
	}
	return files, nil
}

func (p page) json() ([]byte, error) {
	//lint:ignore SA1019 the newer form of dashboards is unknown to Grafana 10 and 11
	b := dashboard.NewDashboardBuilder(p.title).Uid("powerline-"+p.name).Description(p.about).
		Tags([]string{"powerline"}).Timezone("Asia/Kolkata").Refresh(p.refresh).Time(p.from, "now").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).Readonly().
		Link(dashboard.NewDashboardLinkBuilder("Powerline").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"powerline"}).KeepTime(true))
	id := uint32(0)
	for _, r := range p.rows {
		b = b.WithRow(dashboard.NewRowBuilder(r.title))
		for _, one := range r.panels {
			id++
			b = b.WithPanel(one.build(id))
		}
	}
	built, err := b.Build()
	if err != nil {
		return nil, err
	}
	built.SchemaVersion = schema
	text, err := json.MarshalIndent(built, "", "  ")
	return append(text, '\n'), err
}

func source() common.DataSourceRef {
	kind, uid := "prometheus", sourceUID
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}

// Query is one query of one panel.
type Query struct {
	Dashboard, Panel, Expr string
	// Instant queries ask for this moment only.
	Instant bool
}

// Queries are those of all panels.
func Queries() (all []Query) {
	for _, p := range pages() {
		for _, r := range p.rows {
			for _, one := range r.panels {
				for _, q := range one.queries {
					all = append(all, Query{Dashboard: p.name, Panel: one.title, Expr: q.expr, Instant: one.shape.instant()})
				}
			}
		}
	}
	return all
}
