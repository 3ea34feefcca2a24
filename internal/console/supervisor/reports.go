package supervisor

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"

	"powerline/internal/console"
)

type reportsPage struct {
	shown
	Kinds          []string
	From, To, Part string
	Kind           string
	Report         *Report
}

// reports is the page that asks which report.
func (r *room) reports(q *console.Request) error {
	return q.Render("reports.html", reportsPage{shown: shown{q}, Kinds: Reports, Kind: DayReport, From: dayOf(q.Now).Format(time.DateOnly), To: dayOf(q.Now).Format(time.DateOnly)})
}

func (r *room) report(q *console.Request) error {
	in := askedBy(q)
	out, err := r.reported(q, in)
	if err != nil {
		return err
	}
	return q.Render("reports.html", reportsPage{
		shown: shown{q}, Kinds: Reports, Kind: out.Kind, Part: in.Part, Report: &out,
		From: out.From.Format(time.DateOnly), To: out.To.AddDate(0, 0, -1).Format(time.DateOnly),
	})
}

func askedBy(q *console.Request) asked {
	form := q.URL.Query()
	return asked{From: form.Get("from"), To: form.Get("to"), Part: form.Get("part")}
}

func (r *room) reported(q *console.Request, in asked) (Report, error) {
	p, err := in.period(q.Now)
	if err != nil {
		return Report{}, err
	}
	c := r.Config()
	maker := reporter{store: r.Store, books: r.Store, within: c.ServiceLevel.Threshold, heavy: map[string]bool{}, now: q.Now}
	for _, k := range c.Categories {
		maker.heavy[k.Name] = k.Plan().Heavy
	}
	return maker.make(q.Context(), q.PathValue("report"), p)
}

// reportCSV is the same report for a spreadsheet: raw values, seconds and shares,
// one table below the other.
func (r *room) reportCSV(q *console.Request) error {
	out, err := r.reported(q, askedBy(q))
	if err != nil {
		return err
	}
	h := q.Writer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="powerline-%s-%s.csv"`, out.Kind, out.From.Format(time.DateOnly)))
	q.Writer.WriteHeader(http.StatusOK)
	_, _ = q.Writer.Write([]byte("\ufeff")) // by this spreadsheets know UTF-8
	w := csv.NewWriter(q.Writer)
	write(w, out, q.T)
	w.Flush()
	return nil // whoever asked is gone, if it did not arrive
}

func write(w *csv.Writer, out Report, t func(string, ...any) string) {
	_ = w.Write([]string{t("super.report." + out.Kind), out.From.Format(time.DateOnly), out.To.AddDate(0, 0, -1).Format(time.DateOnly)})
	for _, tile := range out.Tiles {
		_ = w.Write([]string{t(tile.Name), tile.Value.Raw, t(tile.Formula), harmless(tile.Numbers)})
	}
	for _, table := range out.Tables {
		_ = w.Write([]string{""})
		_ = w.Write([]string{t(table.Name)})
		heads := make([]string, len(table.Columns))
		for i, column := range table.Columns {
			heads[i] = t(column)
		}
		_ = w.Write(heads)
		for _, row := range table.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = harmless(cell.Raw)
			}
			_ = w.Write(cells)
		}
	}
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
		return "'" + text
	}
	return text
}
