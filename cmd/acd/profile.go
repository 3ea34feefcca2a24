package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cases"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/day"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

func newProfile(s *shared) *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "Say what a day is like, for simulate and staffing"}
	cmd.AddCommand(newProfileLearn(s), newProfileShow(s))
	return cmd
}

func newProfileShow(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Print the reference day, to be edited",
		Long: operator.Long(`
			Prints the profile of the reference day as YAML. Its comment says which of its
			figures are the helpline's own and which are assumptions.

			Examples:
			  acd profile show > monday.yaml`),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := s.Out.Write(day.WeekdayText())
			return err
		},
	}
}

func newProfileLearn(s *shared) *cobra.Command {
	var from, out string
	days := 1
	cmd := &cobra.Command{
		Use:   "learn",
		Short: "Make a profile of what was recorded",
		Long: operator.Long(`
			Reads the records of calls, attempts and agents in PostgreSQL, and writes what
			these days were like: callers by hour, category and language, handling times,
			patience, answers, shifts and breaks. Nobody can be recognised in it. What is too
			rare to learn is taken from the reference day, and a note on stderr says so.

			Examples:
			  acd profile learn --out yesterday.yaml
			  acd profile learn --from 2026-11-16 --days 5 --out week.yaml
			  acd simulate --profile yesterday.yaml --what-if agents=+5`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			begin, err := parseDay(from, days)
			if err != nil {
				return err
			}
			return s.learn(cmd.Context(), begin, days, out)
		},
	}
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "first day, such as 2026-11-25; yesterday if empty")
	f.IntVar(&days, "days", days, "how many days")
	f.StringVar(&out, "out", "", "write the profile to this file in place of stdout")
	return cmd
}

func parseDay(text string, days int) (time.Time, error) {
	if days < 1 || days > 366 {
		return time.Time{}, fmt.Errorf("--days %d: want 1 to 366", days)
	}
	if text == "" {
		y, m, d := time.Now().In(cases.Local).AddDate(0, 0, -1).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, cases.Local), nil
	}
	begin, err := time.ParseInLocation(time.DateOnly, text, cases.Local)
	if err != nil {
		return time.Time{}, fmt.Errorf("--from %q: want a day such as 2026-11-25", text)
	}
	return begin, nil
}

func (s *shared) learn(ctx context.Context, begin time.Time, days int, out string) error {
	return s.WithDB(ctx, func(c config.Config, db *postgres.DB) error {
		o, err := db.Observed(ctx, begin, begin.AddDate(0, 0, days))
		if err != nil {
			return err
		}
		persons, _, err := db.Roster(ctx)
		if err != nil {
			return err
		}
		p, notes, err := day.Learn(past(o, persons, c, days), day.Weekday())
		if err != nil {
			return err
		}
		p.Name = begin.Format(time.DateOnly)
		for _, n := range notes {
			fmt.Fprintln(s.Err, n)
		}
		text, err := p.Marshal()
		if err != nil {
			return err
		}
		if out == "" {
			_, err := s.Out.Write(text)
			return err
		}
		return writeFile(out, func(w io.Writer) error { _, err := w.Write(text); return err })
	})
}

// past is what the database has, as the profile wants it.
func past(o postgres.Observed, persons []roster.Person, c config.Config, days int) day.Past {
	wrapUps := wrapUpsOf(o.Agents)
	p := day.Past{Days: days, Zone: cases.Local, Languages: languagesOf(c, persons), Missed: o.Missed}
	for _, call := range o.Calls {
		p.Offers += call.Offers
		p.Calls = append(p.Calls, day.PastCall{
			At: call.Arrived, Category: call.Category, Language: call.Language, Pool: agent.Pool(call.Pool),
			Wait: call.Wait, Talk: call.Talk, WrapUp: wrapUps[call.ID], Answered: call.Answered, GaveUp: call.Abandoned,
		})
	}
	for _, a := range o.Attempts {
		if a.Result == postgres.NotPlaced || a.Result == postgres.Interrupted || a.Result == string(cases.Cancelled) {
			continue // ours, not the day's
		}
		p.Attempts = append(p.Attempts, day.PastAttempt{
			At: a.At, Kind: skillOf(a.Kind), Pool: poolOf(a.Kind), Result: endingOf(a.Result), Ring: a.Ring, Talk: a.Talk, WrapUp: wrapUps[a.ID],
		})
	}
	p.Shifts = shiftsOf(o.Agents, persons)
	return p
}

// skillOf is what an agent must be trained for; callbacks and follow-ups need no
// more than a woman who takes callers and count as feedback.
func skillOf(kind string) string {
	switch cases.Kind(kind) {
	case cases.CallOffender, cases.CallContact:
		return kind
	}
	return string(cases.AskFeedback)
}

func poolOf(kind string) agent.Pool {
	if k := cases.Kind(kind); k == cases.CallOffender || k == cases.CallContact {
		return agent.MaleOfficers
	}
	return agent.Women
}

func endingOf(result string) day.Ending {
	switch cases.Cause(result) {
	case cases.Answered:
		return day.Answered
	case cases.NoAnswer:
		return day.Unanswered
	}
	return day.Failed
}

// languagesOf are those of the prompts, in their order, and whatever else
// somebody on the roster speaks.
func languagesOf(c config.Config, persons []roster.Person) []string {
	all := slices.Clone(c.Prompts.Languages)
	for _, p := range persons {
		for _, code := range p.Profile.Languages {
			if !slices.Contains(all, code) {
				all = append(all, code)
			}
		}
	}
	return all
}

// wrapUpsOf is how long each call was written up. The event that ends a wrap-up
// does not name the call any more, so that the one before it is asked.
func wrapUpsOf(events []postgres.ObservedState) map[string]time.Duration {
	all := map[string]time.Duration{}
	call := map[string]string{}
	for _, e := range events {
		if e.Before == string(agent.WrapUp) && call[e.Agent] != "" {
			all[call[e.Agent]] += e.Lasted
		}
		call[e.Agent] = ""
		if e.State == string(agent.WrapUp) {
			call[e.Agent] = e.Call
		}
	}
	return all
}

// shiftsOf is the longest presence of each agent, from login to logoff, with her
// breaks. A pause that the system gave is none.
func shiftsOf(events []postgres.ObservedState, persons []roster.Person) []day.PastShift {
	profiles := map[string]agent.Profile{}
	for _, p := range persons {
		profiles[string(p.Profile.ID)] = p.Profile
	}
	longest := map[string]day.PastShift{}
	open := map[string]day.PastShift{}
	var order []string
	for _, e := range events {
		profile, known := profiles[e.Agent]
		if !known {
			continue
		}
		shift, on := open[e.Agent]
		switch {
		case e.Event == postgres.AgentLogin:
			open[e.Agent] = day.PastShift{Profile: profile, Team: teamOf(profile), Begin: e.At}
			continue
		case !on:
			continue
		case e.Event == postgres.AgentPause && e.Reason != agent.ReasonNoAnswer && e.Reason != agent.ReasonPhoneLost:
			shift.Breaks = append(shift.Breaks, day.PastBreak{Begin: e.At})
		case e.Event == postgres.AgentUnpause:
			if n := len(shift.Breaks); n > 0 && shift.Breaks[n-1].End.IsZero() {
				shift.Breaks[n-1].End = e.At
			}
		case e.Event == postgres.AgentLogoff:
			shift.End = e.At
			shift.Breaks = slices.DeleteFunc(shift.Breaks, func(b day.PastBreak) bool { return b.End.IsZero() })
			if known := longest[e.Agent]; shift.End.Sub(shift.Begin) > known.End.Sub(known.Begin) {
				if known.Begin.IsZero() {
					order = append(order, e.Agent)
				}
				longest[e.Agent] = shift
			}
			delete(open, e.Agent)
			continue
		}
		open[e.Agent] = shift
	}
	var all []day.PastShift
	for _, id := range order {
		all = append(all, longest[id])
	}
	return all
}

func teamOf(p agent.Profile) string {
	switch {
	case !p.Woman:
		return "officer"
	case p.Counsellor:
		return "counsellor"
	case p.Senior:
		return "senior"
	case len(p.Categories) == 0:
		return "feedback"
	}
	return "constable"
}
