// Package report turns simulated days into a page that one would rather look at
// than read: a table of the figures that count, and plots by hour.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/go-analyze/charts"

	"powerline/internal/day"
	"powerline/routing"
)

// Run is one setting of a report: what it is called, and what came of it.
type Run struct {
	Title  string
	Result *day.Result
}

// Page is a whole report. The first run is what the others are compared with.
type Page struct {
	Title, Lead string
	Made        time.Time
	Runs        []Run
}

// Row is a figure of each run. Aim is the value that it should reach, empty for
// none; Met has whether each run does.
type Row struct {
	Name, Aim string
	Values    []string
	Met       []bool
}

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// Write writes the page as one HTML file that needs nothing else.
func (p Page) Write(w io.Writer) error {
	plots, err := p.plots()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = page.Execute(&text, map[string]any{
		"Page": p, "Rows": Rows(p.Runs), "Plots": plots, "Heat": p.heat(), "Hours": hours(),
	})
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if _, err := text.WriteTo(w); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// figure is a row in the making.
type figure struct {
	name, form string
	of         func(*day.Result) float64
	min, max   float64
	aim        string
}

func figures() []figure {
	crisis := func(r *day.Result) *day.Group { return r.Category(routing.Crisis) }
	return []figure{
		{"callers a day", "%.0f", func(r *day.Result) float64 { return float64(r.Offered) / float64(r.Days) }, 0, 0, ""},
		{"crisis: answered within 8 s, %", "%.1f", func(r *day.Result) float64 { return crisis(r).In8() }, 98, 0, "≥ 98"},
		{"crisis: 99 % wait at most, s", "%.1f", func(r *day.Result) float64 { return crisis(r).Quantile(.99) }, 0, 9, "≤ 9"},
		{"all: answered within 15 s, %", "%.1f", func(r *day.Result) float64 { return r.All.In15() }, 90, 0, "≥ 90 (NENA)"},
		{"all: answered within 20 s, %", "%.1f", func(r *day.Result) float64 { return r.All.In20() }, 95, 0, "≥ 95 (NENA)"},
		{"gave up, %", "%.2f", func(r *day.Result) float64 { return r.All.Lost() }, 0, 1.3, "≤ 1.3"},
		{"mean wait of the answered (ASA), s", "%.1f", func(r *day.Result) float64 { return r.All.Mean() }, 0, 0, ""},
		{"longest wait of the answered, s", "%.0f", func(r *day.Result) float64 { return r.All.Quantile(1) }, 0, 0, ""},
		{"other languages: an agent who speaks it, %", "%.1f", func(r *day.Result) float64 { return r.NonFirst.Match() }, 0, 0, ""},
		{"attempts made, of those that were due, %", "%.1f", (*day.Result).Done, 99.8, 0, "≥ 99.8"},
		{"conversations of ours a day", "%.0f", func(r *day.Result) float64 { return float64(r.Talks) / float64(r.Days) }, 0, 0, ""},
		{"crisis calls that broke into a wrap-up, a day", "%.1f", func(r *day.Result) float64 { return float64(r.BreakIns) / float64(r.Days) }, 0, 0, ""},
	}
}

// Rows are the figures that count, for a table.
func Rows(runs []Run) []Row {
	var rows []Row
	for _, f := range figures() {
		row := Row{Name: f.name, Aim: f.aim}
		for _, run := range runs {
			v := 0.0
			if run.Result.Category(routing.Crisis) != nil {
				v = f.of(run.Result)
			}
			row.Values = append(row.Values, fmt.Sprintf(f.form, v))
			row.Met = append(row.Met, (f.min == 0 || v >= f.min) && (f.max == 0 || v <= f.max))
		}
		rows = append(rows, row)
	}
	for i := range runs[0].Result.Teams {
		row := Row{Name: "occupancy of " + runs[0].Result.Teams[i].Name + ", %"}
		for _, run := range runs {
			row.Values = append(row.Values, fmt.Sprintf("%.0f", run.Result.Teams[i].Occupancy()))
			row.Met = append(row.Met, true)
		}
		rows = append(rows, row)
	}
	return rows
}

// plot is a picture with its caption.
type plot struct {
	Title, Caption string
	SVG            template.HTML
}

func (p Page) plots() ([]plot, error) {
	byHour := func(of func(h day.Hour) float64) [][]float64 {
		var all [][]float64
		for _, run := range p.Runs {
			line := make([]float64, 24)
			for h := range line {
				line[h] = of(run.Result.Hours[h])
			}
			all = append(all, line)
		}
		return all
	}
	titles := make([]string, len(p.Runs))
	for i, run := range p.Runs {
		titles[i] = run.Title
	}
	all := []struct {
		title, caption string
		names          []string
		lines          [][]float64
		aim, top       float64
	}{
		{"Service level", "callers who are answered within 15 s, in percent of all; the line is NENA's 90", titles,
			byHour(func(h day.Hour) float64 { return day.Share{Part: h.Within15, Whole: h.Offered}.Percent() }), 90, 100},
		{"Mean wait", "of those who are answered, in seconds", titles, byHour(func(h day.Hour) float64 { return h.MeanWait }), 0, 0},
		{"Long waits", "95 % of the answered waited at most so many seconds", titles, byHour(func(h day.Hour) float64 { return h.P95Wait }), 0, 0},
		{"Queue", "callers who wait, on average over the hour", titles,
			byHour(func(h day.Hour) float64 { return float64(h.Queue) / float64(max(1, h.Samples)) }), 0, 0},
		{"Attempts", "calls that we made, a day", titles, p.perDay(byHour(func(h day.Hour) float64 { return float64(h.Attempts) })), 0, 0},
		{"Occupancy", "percent of the time that they are there and not on a break: " + p.Runs[0].Title, p.teams(), p.occupancy(), 0, 100},
	}
	var plots []plot
	for _, one := range all {
		if one.aim > 0 {
			one.names, one.lines = append(slices.Clone(one.names), "aim"), append(one.lines, slices.Repeat([]float64{one.aim}, 24))
		}
		svg, err := draw(one.names, one.lines, one.top)
		if err != nil {
			return nil, fmt.Errorf("draw %q: %w", one.title, err)
		}
		plots = append(plots, plot{one.title, one.caption, template.HTML(svg)})
	}
	return plots, nil
}

func (p Page) perDay(lines [][]float64) [][]float64 {
	for i := range lines {
		for h := range lines[i] {
			lines[i][h] /= float64(p.Runs[i].Result.Days)
		}
	}
	return lines
}

func (p Page) teams() (names []string) {
	for _, t := range p.Runs[0].Result.Teams {
		names = append(names, t.Name)
	}
	return names
}

func (p Page) occupancy() (lines [][]float64) {
	for _, t := range p.Runs[0].Result.Teams {
		line := make([]float64, 24)
		for h := range line {
			line[h] = charts.GetNullValue()
			if t.Paid[h] > 0 {
				line[h] = 100 * t.Busy[h] / t.Paid[h]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func hours() (names []string) {
	for h := range 24 {
		names = append(names, fmt.Sprintf("%02d", h))
	}
	return names
}

// draw makes one picture.
func draw(names []string, lines [][]float64, top float64) (string, error) {
	o := charts.NewLineChartOptionWithData(lines)
	o.Theme = charts.GetTheme(charts.ThemeLight)
	o.XAxis.Labels = hours()
	o.Legend.SeriesNames = names
	o.Legend.Symbol = charts.SymbolSquare
	o.Symbol.Shape = charts.SymbolNone
	o.LineStrokeWidth = 2
	o.ValueFormatter = func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	if top > 0 {
		o.YAxis[0].Max = charts.Ptr(top)
	}
	p := charts.NewPainter(charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: 760, Height: 280})
	if err := p.LineChart(o); err != nil {
		return "", err
	}
	svg, err := p.Bytes()
	return string(svg), err
}

// heat is the service level by category and hour of the first run, as cells of a
// table with a colour for each.
type heatRow struct {
	Name  string
	Cells []heatCell
}

type heatCell struct {
	Text  string
	Class string
	Title string
}

func (p Page) heat() (rows []heatRow) {
	r := p.Runs[0].Result
	for c := range r.ByCategory {
		row := heatRow{Name: r.ByCategory[c].Name}
		for h := range r.Hours {
			s := r.Hours[h].ByCategory[c]
			row.Cells = append(row.Cells, cell(s))
		}
		rows = append(rows, row)
	}
	return rows
}

// cell shades by how far the share is from what NENA asks.
func cell(s day.Share) heatCell {
	if s.Whole == 0 {
		return heatCell{Class: "none"}
	}
	percent := s.Percent()
	steps := []float64{50, 75, 90, 95, 99}
	n, found := slices.BinarySearch(steps, percent)
	if found {
		n++
	}
	return heatCell{fmt.Sprintf("%.0f", percent), fmt.Sprintf("s%d", n), fmt.Sprintf("%d of %d", s.Part, s.Whole)}
}
