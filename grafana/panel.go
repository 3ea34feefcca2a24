package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// The units that panels use, in Grafana's words.
const (
	count   = "short"
	seconds = "s"
	share   = "percentunit"
	octets  = "bytes"
)

// shape is how a panel shows its figures.
type shape int

const (
	lines   shape = iota // over time, one line each
	stacked              // over time, on top of one another
	number               // one large figure
	bars                 // this moment, one bar each
	matrix               // this moment, rows by columns
)

// instant: the shape shows one moment.
func (s shape) instant() bool { return s == bars || s == matrix }

// panel is one panel. Its description says what the figure means, and for a
// figure of the glossary its formula.
type panel struct {
	shape   shape
	title   string
	unit    string
	about   string
	queries []query
	steps   []step // from which value on which colour; lines draw them
	wide    uint32 // of 24; 0 is the shape's own
	across  [2]string
}

// query is an expression of Prometheus and what its series are called.
type query struct{ expr, legend string }

// step is a colour from a value on.
type step struct {
	from  float64
	color string
}

const (
	good = "green"
	warn = "orange"
	bad  = "red"
)

// rising is bad when it is high, falling when it is low.
func rising(warned, failed float64) []step  { return []step{{warned, warn}, {failed, bad}} }
func falling(failed, warned float64) []step { return []step{{failed, warn}, {warned, good}} }

// some is bad as soon as there is any.
var some = []step{{1, bad}}

// must is bad below one.
var must = []step{{1, good}}

// build is the panel for Grafana.
func (p panel) build(id uint32) cog.Builder[dashboard.Panel] {
	switch p.shape {
	case number:
		return p.number(id)
	case bars:
		return p.bars(id)
	case matrix:
		return p.matrix(id)
	}
	return p.graph(id)
}

func (p panel) width(own uint32) uint32 {
	if p.wide > 0 {
		return p.wide
	}
	return own
}

func (p panel) graph(id uint32) cog.Builder[dashboard.Panel] {
	b := timeseries.NewPanelBuilder().Id(id).Title(p.title).Description(p.about).Datasource(source()).
		Unit(p.unit).Min(0).Span(p.width(12)).Height(8).LineWidth(1).Targets(p.targets()).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeTable).Placement(common.LegendPlacementRight).
			ShowLegend(true).Calcs([]string{"lastNotNull", "max"}))
	if p.shape == stacked {
		b = b.FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal))
	}
	if len(p.steps) > 0 {
		b = b.Thresholds(p.thresholds()).
			ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	return b
}

func (p panel) number(id uint32) cog.Builder[dashboard.Panel] {
	return stat.NewPanelBuilder().Id(id).Title(p.title).Description(p.about).Datasource(source()).
		Unit(p.unit).Span(p.width(4)).Height(4).Targets(p.targets()).Thresholds(p.thresholds()).
		ColorMode(common.BigValueColorModeBackground).GraphMode(common.BigValueGraphModeArea).NoValue("–").
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

func (p panel) bars(id uint32) cog.Builder[dashboard.Panel] {
	return bargauge.NewPanelBuilder().Id(id).Title(p.title).Description(p.about).Datasource(source()).
		Unit(p.unit).Min(0).Span(p.width(8)).Height(8).Targets(p.targets()).Thresholds(p.thresholds()).
		Orientation(common.VizOrientationHorizontal).DisplayMode(common.BarGaugeDisplayModeGradient).NoValue("–").
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

// matrix lays one figure out by two of its labels: rows, then columns.
func (p panel) matrix(id uint32) cog.Builder[dashboard.Panel] {
	return table.NewPanelBuilder().Id(id).Title(p.title).Description(p.about).Datasource(source()).
		Unit(p.unit).Span(p.width(8)).Height(8).Targets(p.targets()).Thresholds(p.thresholds()).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"sum"})).
		WithTransformation(dashboard.DataTransformerConfig{Id: "groupingToMatrix", Options: map[string]any{
			"rowField": p.across[0], "columnField": p.across[1], "valueField": "Value", "emptyValue": "zero",
		}})
}

func (p panel) targets() (all []cog.Builder[variants.Dataquery]) {
	for i, q := range p.queries {
		b := prometheus.NewDataqueryBuilder().RefId(string(rune('A' + i))).Datasource(source()).
			Expr(q.expr).LegendFormat(q.legend).EditorMode(prometheus.QueryEditorModeCode)
		switch {
		case p.shape == matrix:
			b = b.Instant().Format(prometheus.PromQueryFormatTable)
		case p.shape.instant():
			b = b.Instant()
		default:
			b = b.Range()
		}
		all = append(all, b)
	}
	return all
}

func (p panel) thresholds() cog.Builder[dashboard.ThresholdsConfig] {
	base := good
	if len(p.steps) > 0 && p.steps[len(p.steps)-1].color == good {
		base = bad
	}
	steps := []dashboard.Threshold{{Color: base}}
	for _, s := range p.steps {
		steps = append(steps, dashboard.Threshold{Value: &s.from, Color: s.color})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}
