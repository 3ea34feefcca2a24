package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"powerline/cases"
	"powerline/internal/api"
)

// ladder is the redressal ladder as a drawing: where the case went, and where it
// stands. The page turns it into SVG; nothing of it needs a script.
type ladder struct {
	Width, Height int
	Steps         []step
	Ways          []way
}

// step is a state.
type step struct {
	State        cases.State
	X, Y, W, H   int
	Now, Visited bool
	Times        int // how often the case came here
}

// Middle is where the step's text is centred.
func (s step) Middle() int { return s.X + s.W/2 }

// way is a move that the case made.
type way struct {
	Path   string // of SVG
	Label  string // rows of the ladder's table, such as T9
	LX, LY int
	Last   bool
}

// Where each state stands: columns and rows of the drawing.
var places = []struct {
	state    cases.State
	col, row int
}{
	{cases.Registered, 0, 0}, {cases.Identifying, 0, 1}, {cases.CounselDue, 1, 0}, {cases.CounselFeedback, 2, 0}, {cases.FFRDue, 3, 0},
	{cases.FFRFeedback, 4, 0}, {cases.StationOpen, 5, 0}, {cases.StationFeedback, 6, 0},
	{cases.Watch, 3, 2}, {cases.FinalFeedback, 4, 2}, {cases.Closed, 6, 2},
}

const (
	stepWide, stepHigh = 128, 44
	colWide, rowHigh   = 158, 86
	left, top          = 12, 56
)

// drawn draws the walk of a case.
func drawn(events []api.HistoryEvent, now cases.State) ladder {
	l := ladder{Width: left*2 + 6*colWide + stepWide, Height: top + 2*rowHigh + stepHigh + 40}
	times := map[cases.State]int{}
	type move struct{ from, to cases.State }
	labels := map[move][]string{}
	var order []move
	last := move{}
	for _, e := range events {
		if e.From == e.To && len(e.Moves) == 0 {
			continue
		}
		if e.From != e.To {
			times[e.To]++
		}
		if e.From == "" {
			if times[cases.Registered]++; e.To == cases.Registered {
				times[cases.Registered]--
				continue
			}
			e.From = cases.Registered // registered and sent on in one breath
		}
		m := move{e.From, e.To}
		if _, known := labels[m]; !known {
			order = append(order, m)
		}
		last = m
		for _, label := range e.Moves {
			if !slices.Contains(labels[m], label) {
				labels[m] = append(labels[m], label)
			}
		}
		if labels[m] == nil {
			labels[m] = []string{}
		}
	}
	for _, p := range places {
		l.Steps = append(l.Steps, step{
			State: p.state, X: left + p.col*colWide, Y: top + p.row*rowHigh, W: stepWide, H: stepHigh,
			Now: p.state == now, Visited: times[p.state] > 0, Times: times[p.state],
		})
	}
	for _, m := range order {
		a, okA := l.step(m.from)
		b, okB := l.step(m.to)
		if okA && okB {
			w := wayBetween(a, b)
			w.Label, w.Last = strings.Join(labels[m], " "), m == last
			l.Ways = append(l.Ways, w)
		}
	}
	return l
}

func (l ladder) step(of cases.State) (step, bool) {
	i := slices.IndexFunc(l.Steps, func(s step) bool { return s.State == of })
	if i < 0 {
		return step{}, false
	}
	return l.Steps[i], true
}

// wayBetween bends so that it crosses no step: along the row between neighbours,
// above the row where it jumps or goes back, from below to above between rows.
func wayBetween(a, b step) way {
	ax, bx := a.X+a.W/2, b.X+b.W/2
	switch {
	case a.State == b.State: // again
		return way{Path: fmt.Sprintf("M%d %d C%d %d %d %d %d %d", ax-20, a.Y, ax-26, a.Y-34, ax+26, a.Y-34, ax+20, a.Y), LX: ax, LY: a.Y - 28}
	case a.Y == b.Y && b.X-a.X == colWide: // the next
		y := a.Y + a.H/2
		return way{Path: fmt.Sprintf("M%d %d L%d %d", a.X+a.W, y, b.X, y), LX: (a.X + a.W + b.X) / 2, LY: y - 5}
	case a.Y == b.Y:
		high := a.Y - 22 - abs(bx-ax)/colWide*4
		return way{Path: fmt.Sprintf("M%d %d C%d %d %d %d %d %d", ax, a.Y, ax, high, bx, high, bx, b.Y), LX: (ax + bx) / 2, LY: high + 10}
	case a.Y < b.Y:
		return way{Path: fmt.Sprintf("M%d %d C%d %d %d %d %d %d", ax, a.Y+a.H, ax, a.Y+a.H+40, bx, b.Y-40, bx, b.Y), LX: (ax + bx) / 2, LY: (a.Y+a.H+b.Y)/2 - 2}
	}
	return way{Path: fmt.Sprintf("M%d %d C%d %d %d %d %d %d", ax-10, a.Y, ax-10, a.Y-40, bx-10, b.Y+b.H+40, bx-10, b.Y+b.H), LX: (ax+bx)/2 - 10, LY: (a.Y+b.Y+b.H)/2 + 12}
}

func abs(n int) int { return max(n, -n) }
