package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/figure"
	"powerline/internal/console"
	"powerline/internal/postgres"
)

// Report is what was in a period, as tables. It is laid out by a page, by paper
// and by CSV from the same cells.
type Report struct {
	Kind     string
	From, To time.Time
	Tiles    []Tile
	Tables   []Table
}

// Tile is one figure with its formula and the numbers in it.
type Tile struct {
	Name    string // key of its text
	Value   Cell
	Formula string // key of its text
	Numbers string // such as 120 / (125 + 3)
	// Judged: it is a target, and Met says whether it was met.
	Judged, Met bool
}

// Table is rows of cells under headings.
type Table struct {
	Name    string // key of its text
	Columns []string
	Rows    [][]Cell
	Note    string // key of a text below it; empty for none
}

// Cell is one value: Text as it is read, Raw as it is computed with. Word is a key
// to be put into the reader's language instead of Text.
type Cell struct {
	Text, Raw string
	Word      string
	Number    bool
}

func count(n int) Cell { return Cell{Text: strconv.Itoa(n), Raw: strconv.Itoa(n), Number: true} }
func text(s string) Cell {
	return Cell{Text: s, Raw: s}
}
func word(prefix, s string) Cell { return Cell{Text: s, Raw: s, Word: prefix + s} }

// unknown is a figure that nothing was there to compute from.
var unknown = Cell{Text: "–", Number: true}

func share(s figure.Share) Cell {
	if !s.Known() {
		return unknown
	}
	return ratio(s.Value(), true)
}

func ratio(v float64, known bool) Cell {
	if !known {
		return unknown
	}
	return Cell{Text: fmt.Sprintf("%.1f %%", 100*v), Raw: strconv.FormatFloat(v, 'f', 4, 64), Number: true}
}

// seconds are shown to a tenth; a sum of hours is shown as h:mm.
func seconds(d time.Duration, known bool) Cell {
	if !known {
		return unknown
	}
	return Cell{Text: fmt.Sprintf("%.1f s", d.Seconds()), Raw: strconv.FormatFloat(d.Seconds(), 'f', 3, 64), Number: true}
}

func hours(d time.Duration) Cell {
	d = d.Round(time.Minute)
	return Cell{Text: fmt.Sprintf("%d:%02d", d/time.Hour, d%time.Hour/time.Minute), Raw: strconv.FormatFloat(d.Seconds(), 'f', 0, 64), Number: true}
}

// The reports, in the order of the page.
const (
	DayReport    = "day"
	QueueReport  = "queue"
	AgentReport  = "agents"
	LadderReport = "ladder"
)

// Reports are all kinds.
var Reports = []string{DayReport, QueueReport, AgentReport, LadderReport}

// longest is how long a period a report may span.
const longest = 31 * 24 * time.Hour

// asked is a period as somebody asks for it.
type asked struct {
	From, To string // days, such as 2026-11-26, both included
	Part     string // "30m" or "1h"
}

// period reads it. Days are India's; an empty one is today.
func (a asked) period(now time.Time) (postgres.Period, error) {
	p := postgres.Period{Part: time.Hour}
	today := dayOf(now).Format(time.DateOnly)
	from, err := time.ParseInLocation(time.DateOnly, cmp.Or(a.From, today), india)
	if err != nil {
		return p, console.ErrBadInput
	}
	to, err := time.ParseInLocation(time.DateOnly, cmp.Or(a.To, a.From, today), india)
	if err != nil || to.Before(from) || to.Sub(from) >= longest {
		return p, console.ErrBadInput
	}
	switch a.Part {
	case "", "1h":
	case "30m":
		p.Part = 30 * time.Minute
	default:
		return p, console.ErrBadInput
	}
	p.From, p.To = from, to.AddDate(0, 0, 1)
	return p, nil
}

// reporter makes reports.
type reporter struct {
	store  Sums
	books  Books
	within time.Duration // T
	heavy  map[string]bool
	now    time.Time // no report goes beyond it
}

// make makes one; ErrNotFound for a kind that is none.
func (r reporter) make(ctx context.Context, kind string, p postgres.Period) (Report, error) {
	out := Report{Kind: kind, From: p.From, To: p.To}
	var err error
	switch kind {
	case DayReport:
		err = r.day(ctx, p, &out)
	case QueueReport:
		err = r.queue(ctx, p, &out)
	case AgentReport:
		err = r.agents(ctx, p, &out)
	case LadderReport:
		err = r.ladder(ctx, p, &out)
	default:
		err = console.ErrNotFound
	}
	return out, err
}

// lived is the part of a period that has been: what agents do is known up to now.
func (r reporter) lived(p postgres.Period) postgres.Period {
	if p.To.After(r.now) {
		p.To = r.now
	}
	if p.To.Before(p.From) {
		p.To = p.From
	}
	return p
}

// sums are the figures of a period: of all of it, and of each of what it is split by.
type sums[K comparable] struct {
	calls   figure.Calls
	spent   figure.Time
	callsBy map[K]figure.Calls
	spentBy map[K]figure.Time
}

// sumsBy splits a period. ofTime says to what a spell of time belongs; false to nothing.
func sumsBy[K comparable](ctx context.Context, r reporter, p postgres.Period, ofCalls func(postgres.CallSum) K, ofTime func(postgres.TimeSum) (K, bool)) (sums[K], error) {
	all := sums[K]{callsBy: map[K]figure.Calls{}, spentBy: map[K]figure.Time{}}
	calls, err := r.store.CallSums(ctx, p, figure.Thresholds(r.within))
	if err != nil {
		return all, err
	}
	times, err := r.store.TimeSums(ctx, r.lived(p))
	if err != nil {
		return all, err
	}
	for _, s := range calls {
		key := ofCalls(s)
		all.calls = all.calls.Plus(s.Calls)
		all.callsBy[key] = all.callsBy[key].Plus(s.Calls)
	}
	for _, s := range times {
		if s.Part >= 0 { // its rows by part are the whole; the others tell it again
			all.spent.Add(s.Activity, s.Work, s.Lasted)
		}
		if key, belongs := ofTime(s); belongs {
			t := all.spentBy[key]
			t.Add(s.Activity, s.Work, s.Lasted)
			all.spentBy[key] = t
		}
	}
	return all, nil
}

// sumsOf are the sums of a whole period.
func sumsOf(ctx context.Context, r reporter, p postgres.Period) (sums[struct{}], error) {
	return sumsBy(ctx, r, p, func(postgres.CallSum) struct{} { return struct{}{} }, func(postgres.TimeSum) (struct{}, bool) { return struct{}{}, false })
}

// day is a period by its hours, with the figures of the whole on top.
func (r reporter) day(ctx context.Context, p postgres.Period, out *Report) error {
	all, err := sumsBy(ctx, r, p, func(s postgres.CallSum) int { return s.Part }, func(s postgres.TimeSum) (int, bool) { return s.Part, s.Part >= 0 })
	if err != nil {
		return err
	}
	out.Tiles = tiles(all.calls, all.spent, r.within)
	table := Table{Name: "super.report.by-part", Columns: append([]string{"super.col.from"}, callColumns...), Note: "super.report.part-note"}
	table.Columns = append(table.Columns, "super.col.occupancy")
	for part := range int(p.To.Sub(p.From) / p.Part) {
		c, t := all.callsBy[part], all.spentBy[part]
		if c.Ended == 0 && t.LoggedIn() == 0 {
			continue
		}
		at := p.From.Add(time.Duration(part) * p.Part)
		row := append([]Cell{{Text: at.In(india).Format("2006-01-02 15:04"), Raw: at.UTC().Format(time.RFC3339)}}, r.callCells(c, t)...)
		table.Rows = append(table.Rows, append(row, ratio(t.Occupancy())))
	}
	out.Tables = append(out.Tables, table)
	return nil
}

// queue is a period by category.
func (r reporter) queue(ctx context.Context, p postgres.Period, out *Report) error {
	all, err := sumsBy(ctx, r, p, func(s postgres.CallSum) string { return s.Category }, func(s postgres.TimeSum) (string, bool) { return s.Category, s.Category != "" })
	if err != nil {
		return err
	}
	out.Tiles = tiles(all.calls, all.spent, r.within)
	table := Table{Name: "super.report.by-category", Columns: append([]string{"super.col.category"}, callColumns...)}
	for _, name := range slices.Sorted(maps.Keys(all.callsBy)) {
		table.Rows = append(table.Rows, append([]Cell{word("category.", name)}, r.callCells(all.callsBy[name], all.spentBy[name])...))
	}
	out.Tables = append(out.Tables, table)
	return nil
}

// callColumns are the headings of callCells.
var callColumns = []string{
	"super.col.ended", "super.col.answered", "super.col.level", "super.col.asa", "super.col.longest", "super.col.abandoned", "super.col.short",
	"super.col.abandonment", "super.col.crisis", "super.col.silent", "super.col.aht",
}

func (r reporter) callCells(c figure.Calls, t figure.Time) []Cell {
	return []Cell{
		count(c.Ended), count(c.Answered), share(c.ServiceLevel(r.within)), seconds(c.ASA()), seconds(c.Longest, c.Answered > 0),
		count(c.Abandoned), count(c.Short), share(c.Abandonment()), count(c.Crisis), count(c.Silent), seconds(figure.AHT(c, t)),
	}
}

// tiles are the figures of the whole, each with its formula.
func tiles(c figure.Calls, t figure.Time, within time.Duration) []Tile {
	level := c.ServiceLevel(within)
	out := []Tile{{
		Name: "super.fig.level", Value: share(level), Formula: "super.formula.level",
		Numbers: fmt.Sprintf("%d / (%d + %d), T = %v", level.Part, c.Answered, max(0, level.Whole-c.Answered), within),
	}}
	for _, target := range figure.Targets {
		reached := c.ServiceLevel(target.Within)
		out = append(out, Tile{
			Name: target.Name, Value: share(reached), Formula: "super.formula.target", Judged: reached.Known(), Met: reached.AtLeast(target.Share),
			Numbers: fmt.Sprintf("%d / %d, T = %v", reached.Part, reached.Whole, target.Within),
		})
	}
	return append(out,
		Tile{Name: "super.fig.asa", Value: seconds(c.ASA()), Formula: "super.formula.asa", Numbers: fmt.Sprintf("%.1f s / %d", c.Waited.Seconds(), c.Answered)},
		Tile{Name: "super.fig.aht", Value: seconds(figure.AHT(c, t)), Formula: "super.formula.aht", Numbers: fmt.Sprintf("%.1f s / %d", t.Handled.Seconds(), c.Answered)},
		Tile{Name: "super.fig.occupancy", Value: ratio(t.Occupancy()), Formula: "super.formula.occupancy",
			Numbers: fmt.Sprintf("%.0f s / (%.0f s + %.0f s)", (t.Talking + t.WrapUp).Seconds(), (t.Talking + t.WrapUp).Seconds(), t.Idle.Seconds())},
		Tile{Name: "super.fig.abandonment", Value: share(c.Abandonment()), Formula: "super.formula.abandonment", Numbers: fmt.Sprintf("%d / %d", c.Abandoned, c.Ended)},
		Tile{Name: "super.fig.abandonment-long", Value: share(c.AbandonmentWithoutShort()), Formula: "super.formula.abandonment-long",
			Numbers: fmt.Sprintf("(%d − %d) / (%d − %d)", c.Abandoned, c.Short, c.Ended, c.Short)})
}

// agents is a period by agent, in order of their ids. There is no average of a
// single one in it, and nothing to rank them by.
func (r reporter) agents(ctx context.Context, p postgres.Period, out *Report) error {
	times, err := r.store.TimeSums(ctx, r.lived(p))
	if err != nil {
		return err
	}
	work, err := r.store.AgentSums(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	names, err := r.names(ctx)
	if err != nil {
		return err
	}
	spent, pauses := map[agent.ID]figure.Time{}, map[agent.ID]map[string]time.Duration{}
	for _, s := range times {
		if s.Agent == "" {
			continue
		}
		t := spent[s.Agent]
		t.Add(s.Activity, s.Work, s.Lasted)
		spent[s.Agent] = t
		if s.Reason != "" {
			if pauses[s.Agent] == nil {
				pauses[s.Agent] = map[string]time.Duration{}
			}
			pauses[s.Agent][s.Reason] += s.Lasted
		}
	}
	table := Table{Name: "super.report.by-agent", Note: "super.report.agent-note", Columns: []string{
		"super.col.agent", "super.col.name", "super.col.logged-in", "super.col.talking", "super.col.wrap-up", "super.col.recovery", "super.col.idle",
		"super.col.not-ready", "super.col.pauses", "super.col.calls", "super.col.heavy", "super.col.rang-out", "super.col.rejected", "super.col.dialled", "super.col.reached",
	}}
	for _, id := range slices.Sorted(maps.Keys(spent)) {
		t, w := spent[id], work[id]
		if t.LoggedIn() == 0 && len(w.Spoken) == 0 && w.Dialled == 0 {
			continue
		}
		calls, heavy := 0, 0
		for category, n := range w.Spoken {
			calls += n
			if r.heavy[category] {
				heavy += n
			}
		}
		table.Rows = append(table.Rows, []Cell{
			text(string(id)), text(names[id]), hours(t.LoggedIn()), hours(t.Talking), hours(t.WrapUp), hours(t.Recovery), hours(t.Idle),
			hours(t.NotReady), text(pausesOf(pauses[id])), count(calls), count(heavy), count(w.Missed[string(agent.NoAnswer)]),
			count(w.Missed[string(agent.Rejected)]), count(w.Dialled), count(w.Reached),
		})
	}
	out.Tables = append(out.Tables, table)
	return nil
}

// names are those of the roster, for whoever leads the shift.
func (r reporter) names(ctx context.Context) (map[agent.ID]string, error) {
	persons, _, err := r.books.Roster(ctx)
	if err != nil {
		return nil, err
	}
	return namesOf(persons), nil
}

func pausesOf(all map[string]time.Duration) string {
	out := ""
	for _, reason := range slices.Sorted(maps.Keys(all)) {
		if out != "" {
			out += ", "
		}
		out += reason + " " + hours(all[reason]).Text
	}
	return out
}

// verdicts are what she can say when she is asked; others are counted together.
var verdicts = []cases.Outcome{cases.Satisfied, cases.Positive, cases.StillHarassed, cases.Negative, cases.UnsureOutcome, cases.Withdraws}

// ladder is what came of the process: unreached beside satisfied, never in it.
func (r reporter) ladder(ctx context.Context, p postgres.Period, out *Report) error {
	s, err := r.store.LadderSums(ctx, p.From, p.To)
	if err != nil {
		return err
	}
	asked := Table{Name: "super.report.verdicts", Note: "super.report.verdict-note", Columns: []string{
		"super.col.stage", "super.col.satisfied", "super.col.unreached", "super.col.harassed", "super.col.unsure", "super.col.withdraws", "super.col.other",
	}}
	for _, state := range []cases.State{cases.CounselFeedback, cases.FFRFeedback, cases.StationFeedback, cases.FinalFeedback} {
		said, other := s.Verdicts[state], 0
		for outcome, n := range said {
			if !slices.Contains(verdicts, outcome) {
				other += n
			}
		}
		asked.Rows = append(asked.Rows, []Cell{
			word("state.", string(state)), count(said[cases.Satisfied] + said[cases.Positive]), count(s.Unreached[state]),
			count(said[cases.StillHarassed] + said[cases.Negative]), count(said[cases.UnsureOutcome]), count(said[cases.Withdraws]), count(other),
		})
	}
	closed := Table{Name: "super.report.closures", Columns: []string{"super.col.closure", "super.col.cases"}}
	for _, why := range []cases.Closure{cases.Resolved, cases.Unreached, cases.Withdrawn, cases.NotOurs, cases.Duplicate, cases.Hoax} {
		closed.Rows = append(closed.Rows, []Cell{word("closure.", string(why)), count(s.Closed[why])})
	}
	closed.Rows = append(closed.Rows, []Cell{word("closure.", "reopened"), count(s.Reopened)})
	filed := Table{Name: "super.report.registered", Columns: []string{"super.col.category", "super.col.cases"}}
	for _, category := range slices.Sorted(maps.Keys(s.Registered)) {
		filed.Rows = append(filed.Rows, []Cell{word("category.", category), count(s.Registered[category])})
	}
	out.Tables = append(out.Tables, asked, closed, filed, dials(s), talks(s))
	return nil
}

// results of a dial, in the order of the table.
var results = []cases.Cause{cases.Answered, cases.NoAnswer, cases.Busy, cases.Off, cases.Rejected, cases.Invalid, cases.Network}

func dials(s postgres.LadderSum) Table {
	t := Table{Name: "super.report.dials", Note: "super.report.dial-note", Columns: []string{"super.col.kind", "super.col.dialled"}}
	for _, one := range results {
		t.Columns = append(t.Columns, "super.result."+string(one))
	}
	t.Columns = append(t.Columns, "super.col.reached-share", "super.col.tasks-done", "super.col.tasks-unreached")
	for _, kind := range cases.Kinds {
		if !kind.Dialled() {
			continue
		}
		dialled := 0
		row := []Cell{word("kind.", string(kind))}
		for result, n := range s.Dials[kind] {
			if result != postgres.NotPlaced {
				dialled += n
			}
		}
		row = append(row, count(dialled))
		for _, one := range results {
			row = append(row, count(s.Dials[kind][string(one)]))
		}
		t.Rows = append(t.Rows, append(row, share(figure.Share{Part: s.Dials[kind][string(cases.Answered)], Whole: dialled}),
			count(s.Ends[kind][cases.Done]), count(s.Ends[kind][cases.Exhausted]+s.Ends[kind][cases.NoNumber])))
	}
	return t
}

func talks(s postgres.LadderSum) Table {
	t := Table{Name: "super.report.talks", Columns: []string{"super.col.kind", "super.col.outcome", "super.col.talks"}}
	for _, kind := range cases.Kinds {
		for _, outcome := range cases.Outcomes(kind) {
			if n := s.Talks[kind][outcome]; n > 0 {
				t.Rows = append(t.Rows, []Cell{word("kind.", string(kind)), word("outcome.", string(outcome)), count(n)})
			}
		}
	}
	return t
}
