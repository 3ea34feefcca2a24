package main

import (
	"fmt"
	"os/user"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cases"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
)

func newDue(s *shared) *cobra.Command {
	var o struct {
		kind   string
		within time.Duration
		asJSON bool
	}
	cmd := &cobra.Command{
		Use:   "due",
		Short: "List the tasks that are due, the most urgent first",
		Long: operator.Long(`
			Lists tasks in hand that are due, with the first reason for which each is not
			being dialled, if there is one. Who is free decides as well and is not asked
			here: "nothing" means that only an agent is missing.

			Examples:
			  dialer due
			  dialer due --kind feedback --within 24h
			  dialer due --json | jq -r '.[] | select(.why | length > 0) | .task'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.WithDB(cmd.Context(), func(c config.Config, db *postgres.DB) error {
				now := ladderTime(c)
				works, err := db.Tasks(cmd.Context(), postgres.TaskFilter{Kind: cases.Kind(o.kind), DueBy: now.Add(o.within), Limit: 1000}, now)
				if err != nil {
					return err
				}
				rows := make([]dueTask, len(works))
				for i, w := range works {
					rows[i] = explain(c.Outbound.Ladder, w, now)
				}
				return s.printDue(rows, o.asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&o.kind, "kind", "", "only this kind of task")
	cmd.Flags().DurationVar(&o.within, "within", 0, "also what becomes due within this time")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// dueTask is a task as an operator sees it: no name, no number.
type dueTask struct {
	Task     cases.TaskID   `json:"task"`
	Kind     cases.Kind     `json:"kind"`
	Case     string         `json:"case,omitempty"`
	Due      time.Time      `json:"due"`
	Priority int            `json:"priority,omitempty"`
	Attempts int            `json:"attempts"`
	SetAside string         `json:"setAside,omitempty"`
	Why      []cases.Reason `json:"why"`
}

// explain says why a task is not being dialled. Who is free is not known here.
func explain(ladder cases.Rules, w postgres.Work, now time.Time) dueTask {
	d := dueTask{
		Task: w.Task.ID, Kind: w.Task.Kind, Case: w.CaseID, Due: w.Task.Due, Priority: w.Task.Priority,
		Attempts: len(w.Task.Attempts), SetAside: w.SetAside, Why: []cases.Reason{},
	}
	if w.SetAside != "" {
		d.Why = append(d.Why, cases.Reason{Rule: "set-aside", Detail: w.SetAside})
	}
	if w.InHand != "" {
		d.Why = append(d.Why, cases.Reason{Rule: "attempt-in-hand", Detail: w.InHand})
	}
	for _, r := range ladder.Check(w.Task, w.Case, w.Facts, now) {
		if r.Rule != cases.NobodyFits {
			d.Why = append(d.Why, r)
		}
	}
	return d
}

func (s *shared) printDue(rows []dueTask, asJSON bool) error {
	if asJSON {
		return operator.PrintJSON(s.Out, rows)
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "TASK\tKIND\tDUE\tATTEMPTS\tWHY NOT NOW")
	for _, r := range rows {
		why := "nothing"
		if len(r.Why) > 0 {
			why = r.Why[0].String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", r.Task, r.Kind, r.Due.In(cases.Local).Format("2006-01-02 15:04"), r.Attempts, why)
	}
	return w.Flush()
}

func newExplain(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain TASK",
		Short: "Say why a task is not being dialled now, each rule by name",
		Long: operator.Long(`
			Asks every rule that the dialer asks before it rings anybody, and names each
			that says no. With none, only an agent is missing: the figures
			dialer_resting_tasks of a running dialer say why. Exit code 2: something says no.

			Examples:
			  dialer explain t4f6qk3x7a2m5p6b
			  dialer explain --json t4f6qk3x7a2m5p6b`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.WithDB(cmd.Context(), func(c config.Config, db *postgres.DB) error {
				now := ladderTime(c)
				work, err := db.Task(cmd.Context(), cases.TaskID(args[0]), now)
				if err != nil {
					return err
				}
				return s.printWhy(explain(c.Outbound.Ladder, work, now), asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *shared) printWhy(d dueTask, asJSON bool) error {
	switch {
	case asJSON:
		if err := operator.PrintJSON(s.Out, d); err != nil {
			return err
		}
	case len(d.Why) == 0:
		fmt.Fprintf(s.Out, "task %s (%s, due %s): nothing is against it; it waits for an agent\n", d.Task, d.Kind, d.Due.In(cases.Local).Format(time.DateTime))
	default:
		fmt.Fprintf(s.Out, "task %s (%s, due %s) is not being dialled:\n", d.Task, d.Kind, d.Due.In(cases.Local).Format(time.DateTime))
		for _, r := range d.Why {
			fmt.Fprintf(s.Out, "  %s\n", r)
		}
	}
	if len(d.Why) > 0 {
		return operator.ErrFindings
	}
	return nil
}

func newPause(s *shared) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "pause KIND",
		Short: "Stop one kind of call until it is resumed",
		Long: operator.Long(`
			No new call of the kind is begun, by any dialer, from the next decision on.
			Phones that ring for it stop ringing; conversations go on.

			Examples:
			  dialer pause feedback --reason trunk-is-tested`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := kindOf(args[0])
			if err == nil {
				err = aWord(reason)
			}
			if err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				err := db.PauseKind(cmd.Context(), postgres.Pause{Kind: kind, By: whoAmI(), At: time.Now(), Reason: reason})
				if err == nil {
					fmt.Fprintf(s.Out, "%s: paused\n", kind)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, as a word, for those who find it paused")
	return cmd
}

func newResume(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "resume KIND",
		Short: "Let a paused kind of call go on",
		Long: operator.Long(`
			Examples:
			  dialer resume feedback`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := kindOf(args[0])
			if err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				err := db.ResumeKind(cmd.Context(), kind, whoAmI(), time.Now())
				if err == nil {
					fmt.Fprintf(s.Out, "%s: goes on\n", kind)
				}
				return err
			})
		},
	}
}

func kindOf(text string) (cases.Kind, error) {
	for _, k := range cases.Kinds {
		if string(k) == text {
			return k, nil
		}
	}
	return "", fmt.Errorf("no such kind of task %q: one of %v", text, cases.Kinds)
}

// whoAmI is who stands in the audit for what an operator does at a shell.
func whoAmI() agent.ID {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return agent.ID("operator-" + u.Username)
	}
	return "operator"
}
