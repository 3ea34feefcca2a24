package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"powerline/call"
	"powerline/cases"
	"powerline/internal/postgres"
)

// outbound is what one frame shows of the calls that we make.
type outbound struct {
	pid     int  // of the dialer
	stale   bool // it gave no figures just now
	figures figures
	engine  figures // the engine's: it ends the calls of a dialer that died
	ladder  ladder
	day     time.Duration // since the lines were opened, by the clock of the cases
}

// ladder is where cases stand, and what moved one of them last.
type ladder struct {
	counts []postgres.CaseCount
	moves  []postgres.CaseMove // the newest first
}

func (o *outbound) draw() []string {
	f := o.figures
	ended, _ := o.ended()
	states, closed, concerns := o.ladder.places()
	stages := f.by("acd_outbound_calls", "stage")
	lines := []string{
		"",
		fmt.Sprintf("OUTBOUND  %.0f agents' phones ring, %.0f others ring, %.0f talking; due: %s",
			stages["agent-rings"], stages["dialling"], stages["talking"], list(f.by("dialer_due_tasks", "kind"), "nothing")),
		"  resting " + list(f.by("dialer_resting_tasks", "reason"), "nothing") + o.held(),
		fmt.Sprintf("  calls   %.0f: %s", sum(ended), list(ended, "none yet")),
		fmt.Sprintf("CASES     day %.0f: %.0f open; with a supervisor: %s", o.day.Hours()/24, sum(states), list(concerns, "none")),
		"  ladder  " + inOrder(states, cases.States[:half]),
		"          " + inOrder(states, cases.States[half:]),
		fmt.Sprintf("  closed  %.0f: %s", sum(closed), list(closed, "none yet")),
		"  last    " + o.ladder.last(),
	}
	return lines
}

// half is where the states are cut into two lines, of nearly the same length.
const half = 7

// inOrder writes what is not zero in the order of the ladder, so that a case is
// seen to climb it.
func inOrder(counts map[string]float64, states []cases.State) string {
	var all []string
	for _, s := range states {
		if n := counts[string(s)]; n > 0 {
			all = append(all, fmt.Sprintf("%s %.0f", s, n))
		}
	}
	if len(all) == 0 {
		return "–"
	}
	return strings.Join(all, ", ")
}

// held says for whom dialling rests because a caller has to wait.
func (o *outbound) held() string {
	var pools []string
	for pool, n := range o.figures.by("dialer_held", "pool") {
		if n > 0 {
			pools = append(pools, pool)
		}
	}
	if len(pools) == 0 {
		return ""
	}
	slices.Sort(pools)
	return "; until callers of these are answered: " + strings.Join(pools, ", ")
}

// ended are the calls that we made and that are over: answered, or why not; and
// how many were not dialled after all. Calls are counted by whoever had them at
// their end.
func (o *outbound) ended() (total map[string]float64, notDialled float64) {
	total = map[string]float64{}
	for _, f := range []figures{o.figures, o.engine} {
		f.each("acd_attempts_total", func(labels map[string]string, n float64) {
			switch cause := cases.Cause(labels["cause"]); {
			case spokenIn[labels["outcome"]]:
				total[string(cases.Answered)] += n
			case labels["outcome"] == string(call.NotReached) && slices.Contains(cases.Causes, cause):
				total[string(cause)] += n
			default:
				notDialled += n
			}
		})
	}
	return total, notDialled
}

// spokenIn are the outcomes of calls in which people spoke.
var spokenIn = map[string]bool{string(call.CompleteCaller): true, string(call.CompleteAgent): true, string(call.BrokenOff): true}

// places counts the open cases by state, the closed ones by why, and by concern
// those that wait for a supervisor.
func (l ladder) places() (states, closed, concerns map[string]float64) {
	states, closed, concerns = map[string]float64{}, map[string]float64{}, map[string]float64{}
	for _, c := range l.counts {
		if c.State == cases.Closed {
			closed[string(c.Closure)] += float64(c.N)
			continue
		}
		states[string(c.State)] += float64(c.N)
		if c.Concern != cases.NoConcern {
			concerns[string(c.Concern)] += float64(c.N)
		}
	}
	return states, closed, concerns
}

// last tells the newest event of any case. Its id is cut: it is to be told apart
// on a screen, not to be looked up by whoever passes by.
func (l ladder) last() string {
	if len(l.moves) == 0 {
		return "nothing yet"
	}
	m := l.moves[0]
	what := m.Name
	if m.Outcome != "" {
		what += " " + m.Outcome
	}
	where := string(m.To)
	if m.From != m.To && m.From != cases.Intake {
		where = string(m.From) + " → " + where
	}
	return fmt.Sprintf("case %.5s…: %s: %s", m.Case, what, where)
}

func (o *outbound) process() string {
	f := o.figures
	health := "makes calls"
	switch {
	case o.stale:
		health = "GIVES NO FIGURES; these are its last ones"
	case f.sum("acd_healthy") < 1:
		health = "MAKES NO CALLS"
	case f.sum("dialer_database_answers") < 1:
		health = "WAITS FOR THE DATABASE"
	}
	_, not := o.ended()
	return fmt.Sprintf("  dialer  process %d %s; not dialled after all %.0f; refused by a rule %.0f; set aside %.0f",
		o.pid, health, not, f.sum("dialer_refused_total"), f.sum("dialer_set_aside_total"))
}

// line is the same in one line, for a log.
func (o *outbound) line() string {
	f := o.figures
	states, closed, _ := o.ladder.places()
	ended, _ := o.ended()
	stale := ""
	if o.stale {
		stale = " (the dialer gives no figures; these are its last ones)"
	}
	return fmt.Sprintf("outbound: due %.0f, resting %s; %.0f attempts: %s; cases: %s; closed %s%s",
		f.sum("dialer_due_tasks"), list(f.by("dialer_resting_tasks", "reason"), "0"), sum(ended), list(ended, "none"),
		list(states, "none"), list(closed, "none"), stale)
}
