package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"powerline/cases"
	"powerline/cmd/operator"
	"powerline/internal/redressal"
)

type simulateOpts struct {
	population, steady, asJSON bool
	seed                       uint64
	script                     []string
	days, perDay               int
}

func newSimulate(s *shared) *cobra.Command {
	o := simulateOpts{seed: 1, perDay: 100}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Live through a case's months in a moment, on a clock of its own",
		Long: operator.Long(`
			Lets one made-up case live by the ladder of the configuration, and prints its
			life as a timeline. The words of --script, outcomes and causes, are what its
			calls come to, one after the other; where a word does not fit the call, and
			after the last, the odds decide. The same seed gives the same life.

			With --population so many new cases a day live side by side; it prints what is
			dialled each day, what came of it, and which laws held at every step. How likely
			what is stands in internal/redressal/odds.go: assumptions, most of them never
			measured at 1090.

			Nothing outside is asked or changed. Without a configuration file the default
			ladder is used. Exit code 2: a law of the ladder was broken.

			Examples:
			  dialer simulate
			  dialer simulate --script warned,still-harassed,counselled,satisfied,positive
			  dialer simulate --seed 7 --days 60 --json
			  dialer simulate --population --per-day 200 --days 90`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := s.ladder(cmd.Flags().Changed("config"))
			if err != nil {
				return err
			}
			if o.days < 0 || o.days > 3650 || o.perDay < 1 || o.perDay > 100_000 {
				return errors.New("want --days from 1 to 3650, and --per-day from 1 to 100000")
			}
			if o.population {
				return s.populate(cmd.Context(), rules, o)
			}
			return s.tell(rules, o)
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.seed, "seed", o.seed, "which life")
	f.StringSliceVar(&o.script, "script", nil, "what the calls come to, such as no-answer,warned,satisfied")
	f.IntVar(&o.days, "days", 0, "when to stop; a life ends by itself, a population after 60 days")
	f.BoolVar(&o.population, "population", false, "many cases")
	f.IntVar(&o.perDay, "per-day", o.perDay, "new cases a day, with --population")
	f.BoolVar(&o.steady, "steady", false, "with --population: a number at which the right person was reached stays right")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// ladder is that of the configuration. A file that nobody named may be missing:
// one can try the ladder before anything is installed.
func (s *shared) ladder(named bool) (cases.Rules, error) {
	if _, err := os.Stat(s.ConfigPath); !named && errors.Is(err, os.ErrNotExist) {
		return cases.DefaultRules(), nil
	}
	c, err := s.Load()
	return c.Outbound.Ladder, err
}

func (s *shared) tell(rules cases.Rules, o simulateOpts) error {
	told, err := redressal.Tell(redressal.Telling{Rules: rules, Seed: o.seed, Script: o.script, Days: o.days})
	if err != nil && len(told.Moments) == 0 {
		return fmt.Errorf("--script: %w: see docs/redressal.md for the words", err)
	}
	if o.asJSON {
		out := operator.PrintJSON(s.Out, map[string]any{"moments": told.Moments, "unused": append([]string{}, told.Unused...), "closed": told.Closed, "broken": reason(err)})
		return errors.Join(out, broken(err))
	}
	fmt.Fprint(s.Out, told.String())
	if len(told.Unused) > 0 {
		fmt.Fprintf(s.Out, "no call came for: %s\n", strings.Join(told.Unused, ", "))
	}
	if err != nil {
		fmt.Fprintf(s.Out, "a law was broken: %v\n", err)
	}
	return broken(err)
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func broken(err error) error {
	if err == nil {
		return nil
	}
	return operator.ErrFindings
}

// populationView is a run for JSON.
type populationView struct {
	Cases    int                                  `json:"cases"`
	Open     int                                  `json:"open"`
	Steps    int                                  `json:"steps"`
	Days     []map[cases.Kind]int                 `json:"days"` // attempts by kind
	Tasks    map[cases.Kind]int                   `json:"tasks"`
	Outcomes map[cases.Kind]map[cases.Outcome]int `json:"outcomes"`
	InVain   map[cases.Cause]int                  `json:"inVain"`
	Closed   map[cases.Closure]int                `json:"closed"`
	Raised   map[cases.Concern]int                `json:"raised"`
	Watches  int                                  `json:"watches"`
	Finals   int                                  `json:"finals"`
	Capped   int                                  `json:"capped"`
	Laws     []string                             `json:"laws"`
	Broken   string                               `json:"broken,omitempty"`
}

func (s *shared) populate(ctx context.Context, rules cases.Rules, o simulateOpts) error {
	if o.days == 0 {
		o.days = 60
	}
	r, err := redressal.Run(redressal.Options{
		Seed: o.seed, Days: o.days, PerDay: o.perDay, Rules: rules, Steady: o.steady,
		EachDay: func(int) error { return ctx.Err() },
	})
	if ctx.Err() != nil {
		return errors.New("stopped before the end")
	}
	if o.asJSON {
		out := operator.PrintJSON(s.Out, populationView{
			r.Cases, r.Open, r.Steps, r.Daily, r.Tasks, r.Outcomes, r.Causes, r.Closed, r.Raised, r.Watches, r.Finals, r.Capped, redressal.Laws, reason(err),
		})
		return errors.Join(out, broken(err))
	}
	if out := s.printPopulation(r); out != nil {
		return out
	}
	if err != nil {
		fmt.Fprintf(s.Out, "a law was broken after %d steps: %v\n", r.Steps, err)
		return broken(err)
	}
	fmt.Fprintf(s.Out, "held at each of %d steps:\n", r.Steps)
	for _, law := range redressal.Laws {
		fmt.Fprintf(s.Out, "  %s\n", law)
	}
	return nil
}

func (s *shared) printPopulation(r redressal.Report) error {
	var kinds []cases.Kind
	for _, k := range cases.Kinds {
		if r.Attempts[k] > 0 {
			kinds = append(kinds, k)
		}
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "DAY\t")
	for _, k := range kinds {
		fmt.Fprintf(w, "%s\t", k)
	}
	fmt.Fprintln(w, "ATTEMPTS\t")
	for day, count := range r.Daily {
		fmt.Fprintf(w, "%d\t", day+1)
		for _, k := range kinds {
			fmt.Fprintf(w, "%d\t", count[k])
		}
		fmt.Fprintf(w, "%d\t\n", r.AttemptsADay[day])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "\n%d cases, %d open at the end; attempts a day in the last week: %.0f\n", r.Cases, r.Open, r.Mean(max(0, len(r.AttemptsADay)-7)))
	for _, k := range kinds {
		fmt.Fprintf(s.Out, "  %s: %d tasks, %d attempts, %d conversations: %s\n", k, r.Tasks[k], r.Attempts[k], r.Conversations[k], counted(r.Outcomes[k]))
	}
	fmt.Fprintf(s.Out, "  in vain: %s; put off by a number's limit %d\n", counted(r.Causes), r.Capped)
	fmt.Fprintf(s.Out, "  closed: %s\n  to a supervisor: %s\n  30 days began %d times and ended in the asking %d times\n",
		counted(r.Closed), counted(r.Raised), r.Watches, r.Finals)
	return nil
}

// counted is "warned 12, other-person 3", the most frequent first.
func counted[K ~string](count map[K]int) string {
	words := slices.SortedFunc(maps.Keys(count), func(a, b K) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return strings.Compare(string(a), string(b))
	})
	var all []string
	for _, k := range words {
		all = append(all, fmt.Sprintf("%s %d", k, count[k]))
	}
	return dash(strings.Join(all, ", "))
}
