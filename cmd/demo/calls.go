package main

import (
	"fmt"
	"time"

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
	due := f.by("dialer_due_tasks", "kind")
	resting := f.by("dialer_resting_tasks", "reason")
	ended := o.ended()
	states, closed, concerns := o.ladder.places()
	stages := f.by("acd_outbound_calls", "stage")
	return []string{
		"",
		fmt.Sprintf("OUTBOUND  %.0f agents' phones ring, %.0f others ring, %.0f talking; due: %s",
			stages["agent-rings"], stages["dialling"], stages["talking"], list(due, "nothing")),
		"  resting " + list(resting, "nothing"),
		fmt.Sprintf("  calls   %.0f: %s", sum(ended), list(ended, "none yet")),
		fmt.Sprintf("CASES     day %.0f; %.0f open: %s", o.day.Hours()/24, sum(states), list(states, "none")),
		fmt.Sprintf("  closed  %.0f: %s; with a supervisor %s", sum(closed), list(closed, "none yet"), list(concerns, "none")),
		"  last    " + o.ladder.last(),
	}
}

// ended are the calls that we made and that are over: answered, or why not.
// Conversations are counted by whoever had them at their end.
func (o *outbound) ended() map[string]float64 {
	total := map[string]float64{}
	for _, f := range []figures{o.figures, o.engine} {
		f.each("acd_attempts_total", func(labels map[string]string, n float64) {
			switch {
			case labels["cause"] != "":
				total[labels["cause"]] += n
			case spokenIn[labels["outcome"]]:
				total["answered"] += n
			default:
				total[labels["outcome"]] += n
			}
		})
	}
	return total
}

// spokenIn are the outcomes of calls in which people spoke.
var spokenIn = map[string]bool{"complete-caller": true, "complete-agent": true, "broken-off": true}

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
	return fmt.Sprintf("  dialer  process %d %s; held %s; refused by a rule %.0f; taken back %.0f; set aside %.0f",
		o.pid, health, list(f.by("dialer_held", "pool"), "nobody"), f.sum("dialer_refused_total"), f.sum("dialer_taken_back_total"), f.sum("dialer_set_aside_total"))
}

// line is the same in one line, for a log.
func (o *outbound) line() string {
	f := o.figures
	states, closed, _ := o.ladder.places()
	stale := ""
	if o.stale {
		stale = " (the dialer gives no figures; these are its last ones)"
	}
	return fmt.Sprintf("outbound: due %.0f, resting %s; %.0f attempts: %s; cases: %s; closed %s%s",
		f.sum("dialer_due_tasks"), list(f.by("dialer_resting_tasks", "reason"), "0"), sum(o.ended()), list(o.ended(), "none"),
		list(states, "none"), list(closed, "none"), stale)
}
