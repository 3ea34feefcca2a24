package report

import (
	"powerline/internal/day"
	"powerline/routing"
)

// Setting is a run for programs.
type Setting struct {
	Title    string  `json:"title"`
	Days     int     `json:"days"`
	Callers  int     `json:"callers"`
	Answered int     `json:"answered"`
	GaveUp   int     `json:"gaveUp"`
	Crisis   Service `json:"crisis"`
	All      Service `json:"all"`
	Jobs     int     `json:"jobs"`
	Attempts int     `json:"attempts"`
	Talks    int     `json:"talks"`
	BreakIns int     `json:"breakIns"`
}

// Service is what callers met: shares in percent of all offered, times in seconds.
type Service struct {
	In8  float64 `json:"in8"`
	In15 float64 `json:"in15"`
	In20 float64 `json:"in20"`
	Lost float64 `json:"lost"`
	Mean float64 `json:"mean"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
}

// JSON are the runs for programs.
func JSON(runs []Run) []Setting {
	var all []Setting
	for _, run := range runs {
		r := run.Result
		s := Setting{
			Title: run.Title, Days: r.Days, Callers: r.Offered, Answered: r.Answered, GaveUp: r.Abandoned,
			Jobs: r.Jobs, Attempts: r.Attempts, Talks: r.Talks, BreakIns: r.BreakIns,
		}
		s.All = serviceOf(&r.All)
		if g := r.Category(routing.Crisis); g != nil {
			s.Crisis = serviceOf(g)
		}
		all = append(all, s)
	}
	return all
}

func serviceOf(g *day.Group) Service {
	return Service{g.In8(), g.In15(), g.In20(), g.Lost(), g.Mean(), g.Quantile(.95), g.Quantile(.99)}
}
