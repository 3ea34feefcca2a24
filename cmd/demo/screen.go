package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"powerline/agent"
)

// view is everything that one frame shows.
type view struct {
	now       time.Time
	since     time.Duration
	perMinute float64
	threshold time.Duration // of the service level
	pid       int           // of the engine
	stale     bool          // the engine gave no figures just now
	figures   figures
	news      []item // newest last
	join      []string
	code      string    // by which one signs in to the console now
	outbound  *outbound // nil if no calls are made
}

// tall is from which height on there is room for empty lines.
const tall = 33

// draw is the frame for a terminal, cut to its width and height.
func (v view) draw(width, height int) []string {
	lines := v.head()
	lines = append(lines, v.callers()...)
	lines = append(lines, v.service()...)
	lines = append(lines, v.agents()...)
	if v.outbound != nil {
		lines = append(lines, v.outbound.draw()...)
	}
	lines = append(lines, v.engine()...)
	if height < tall {
		lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	}
	room := max(3, height-len(lines)-len(v.join)-3)
	lines = append(lines, "", "LAST")
	for _, n := range v.news[max(0, len(v.news)-room):] {
		mark := " "
		if n.serious {
			mark = "!"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", mark, n.at.Format(time.TimeOnly), n.text))
	}
	for range room - len(v.news) {
		lines = append(lines, "")
	}
	lines = append(lines, v.join...)
	for i, line := range lines {
		lines[i] = cut(line, width)
	}
	return lines[:min(len(lines), max(1, height-1))]
}

func cut(line string, width int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:max(0, width-1)]) + "…"
}

func (v view) head() []string {
	return []string{
		fmt.Sprintf("POWERLINE DEMO  %s   %.0f callers a minute now   Ctrl-C ends it", clock(v.since), v.perMinute),
		"",
	}
}

func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

func (v view) callers() []string {
	f := v.figures
	waiting := f.sum("acd_calls_waiting")
	line := fmt.Sprintf("CALLERS   %.0f waiting", waiting)
	if waiting > 0 {
		line += fmt.Sprintf(", the longest for %.1f s", f.sum("acd_oldest_wait_seconds"))
	}
	line += fmt.Sprintf("; %.0f in the greeting; %.0f talking", f.sum("acd_calls_greeting"), f.sum("acd_calls_talking"))
	if n := f.sum("acd_fallback_waiting"); n > 0 {
		line += fmt.Sprintf("; %.0f in the fallback queue", n)
	}
	return []string{
		line,
		"  waiting " + list(f.by("acd_calls_waiting", "category"), "nobody"),
		"  talking " + list(f.by("acd_calls_talking", "category"), "nobody"),
	}
}

// list writes what is not zero, the largest first.
func list(counts map[string]float64, none string) string {
	var names []string
	for name, n := range counts {
		if n > 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return none
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return int(counts[b] - counts[a])
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %.0f", name, counts[name])
	}
	return strings.Join(names, ", ")
}

// level is the service level: answered in time, of all who were answered or who
// gave up later than that. NaN before the first of them.
func level(f figures) (share, inTime, answered, late float64) {
	inTime, answered = f.sum("acd_answered_in_time_total"), f.sum("acd_answer_seconds_count")
	late = f.sum("acd_abandoned_late_total")
	return inTime / (answered + late), inTime, answered, late
}

func percent(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

func (v view) service() []string {
	f := v.figures
	share, inTime, answered, late := level(f)
	t := fmt.Sprintf("%.0f s", v.threshold.Seconds())
	lines := []string{
		"",
		fmt.Sprintf("SERVICE   %s within %s = %.0f answered within %s / (%.0f answered + %.0f who gave up after %s)",
			percent(share), t, inTime, t, answered, late, t),
		fmt.Sprintf("  waits   average %s; half %s, nine of ten %s", seconds(f.sum("acd_answer_seconds_sum")/answered), within(f, 0.5), within(f, 0.9)),
	}
	gone := map[string]float64{}
	for outcome, n := range f.by("acd_calls_total", "outcome") {
		if where, abandoned := strings.CutPrefix(outcome, "abandoned-"); abandoned {
			gone[where] = n
		}
	}
	short := f.sum("acd_short_abandoned_total")
	return append(lines, fmt.Sprintf("  abandoned %.0f (%s); %.0f of them within 5 s",
		sum(gone), list(gone, "none"), short))
}

func sum(counts map[string]float64) float64 {
	total := 0.0
	for _, n := range counts {
		total += n
	}
	return total
}

func seconds(s float64) string {
	if math.IsNaN(s) {
		return "–"
	}
	return fmt.Sprintf("%.1f s", s)
}

func within(f figures, q float64) string {
	edge, ok := f.quantile("acd_answer_seconds", q)
	switch {
	case !ok:
		return "–"
	case math.IsInf(edge, 1):
		return "longer than ten minutes"
	}
	return fmt.Sprintf("within %.0f s", edge)
}

// seats draws each agent as one letter, in an order that does not jump.
var seats = []struct {
	state  agent.State
	letter string
}{
	{agent.Talking, "T"}, {agent.Reserved, "r"}, {agent.WrapUp, "w"}, {agent.Recovery, "R"}, {agent.Delayed, "d"}, {agent.Idle, "."},
}

// row is a letter for each agent; no screen is wider than that.
func row(letter string, n float64) string {
	if n > 0 { // which NaN is not
		return strings.Repeat(letter, int(min(n, 500)))
	}
	return ""
}

func (v view) agents() []string {
	f := v.figures
	statuses := f.by("acd_agents", "status")
	var bar strings.Builder
	for _, s := range seats {
		bar.WriteString(row(s.letter, f.sum("acd_agents", "status", string(agent.Available), "state", string(s.state))))
	}
	bar.WriteString(row("p", statuses[string(agent.NotReady)]))
	bar.WriteString(row("-", statuses[string(agent.LoggedOut)]))
	states := map[string]float64{}
	for _, s := range seats {
		states[string(s.state)] = f.sum("acd_agents", "state", string(s.state))
	}
	states[string(agent.Idle)] = f.sum("acd_agents", "state", string(agent.Idle), "status", string(agent.Available))
	delete(statuses, string(agent.Available))
	line := fmt.Sprintf("  state   %s; away: %s", list(states, "nobody"), list(statuses, "nobody"))
	if n := f.sum("acd_agents_unreachable"); n > 0 {
		line += fmt.Sprintf("; %.0f softphones do not answer", n)
	}
	offers := f.by("acd_offers_total", "outcome")
	return []string{
		"",
		"AGENTS    " + bar.String() + "  Talk reserved wrap-up Recovery delayed .idle paused -out",
		line,
		fmt.Sprintf("  offers  %.0f: %s", sum(offers), list(offers, "none yet")),
	}
}

func (v view) engine() []string {
	f := v.figures
	health := "takes calls"
	switch {
	case v.stale:
		health = "GIVES NO FIGURES; these are its last ones"
	case f.sum("acd_healthy") < 1:
		health = "DOES NOT TAKE NEW CALLS"
	}
	lines := []string{
		"",
		fmt.Sprintf("ENGINE    process %d %s; 99 of 100: decisions %s, Redis %s, ringing %s",
			v.pid, health, p99(f, "acd_decide_seconds"), p99(f, "acd_store_seconds"), p99(f, "acd_asterisk_seconds", "op", "originate")),
		fmt.Sprintf("  events waiting %.0f; differences mended %.0f; laws refused %.0f; records waiting %.0f, journal %.0f bytes",
			f.sum("acd_event_backlog"), f.sum("acd_reconcile_repairs_total"), f.sum("acd_law_refusals_total"),
			f.sum("acd_records_queued"), f.sum("acd_journal_bytes")),
	}
	if v.outbound != nil {
		lines = append(lines, v.outbound.process())
	}
	return lines
}

func p99(f figures, name string, labels ...string) string {
	edge, ok := f.quantile(name, 0.99, labels...)
	switch {
	case !ok:
		return "–"
	case math.IsInf(edge, 1):
		return "over 10 s"
	}
	return "≤ " + (time.Duration(edge * float64(time.Second))).String()
}

// line is the view in one line, for a log.
func (v view) line() string {
	f := v.figures
	share, inTime, answered, late := level(f)
	gone := 0.0
	for outcome, n := range f.by("acd_calls_total", "outcome") {
		if strings.HasPrefix(outcome, "abandoned-") {
			gone += n
		}
	}
	stale := ""
	if v.stale {
		stale = " (the engine gives no figures; these are its last ones)"
	}
	out := ""
	if v.outbound != nil {
		out = "; " + v.outbound.line()
	}
	return fmt.Sprintf("%s greeting %.0f; waiting %.0f, longest %.1f s; talking %.0f; within %.0f s %s = %.0f/(%.0f+%.0f); abandoned %.0f, %.0f short; agents: %s%s; code %s%s",
		clock(v.since), f.sum("acd_calls_greeting"), f.sum("acd_calls_waiting"), f.sum("acd_oldest_wait_seconds"), f.sum("acd_calls_talking"),
		v.threshold.Seconds(), percent(share), inTime, answered, late, gone, f.sum("acd_short_abandoned_total"),
		list(f.agentsInShort(), "nobody"), out, v.code, stale)
}

// agentsInShort counts agents by state, those who are away by status.
func (f figures) agentsInShort() map[string]float64 {
	short := map[string]float64{}
	f.each("acd_agents", func(labels map[string]string, n float64) {
		if agent.Status(labels["status"]) == agent.Available {
			short[labels["state"]] += n
		} else {
			short[labels["status"]] += n
		}
	})
	maps.DeleteFunc(short, func(_ string, n float64) bool { return n == 0 })
	return short
}
