package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"powerline/cases"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
)

func newTasks(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tasks",
		Short: "Take a task out of the way, or put it back",
		Long: operator.Long(`
			The dialer sets a task aside by itself when it cannot be worked on, so that it
			stands in nobody's way. "dialer cases list --stuck" names their cases, "dialer
			due" the tasks themselves.`),
	}
	cmd.AddCommand(newSetAside(s), newTakeBack(s))
	return cmd
}

func newSetAside(s *shared) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "set-aside TASK",
		Short: "Take a task out of the way, and tell the supervisors",
		Long: operator.Long(`
			The task is not dialled until it is taken back or its case moves; if its phone
			rings, it stops. The reason is read by supervisors and stays in the audit: it
			names no person and holds no number.

			Examples:
			  dialer tasks set-aside t4f6qk3x7a2m5p6b --reason "the district asked us to wait"`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sayable(reason); err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(c config.Config, db *postgres.DB) error {
				err := db.SetAside(cmd.Context(), cases.TaskID(args[0]), whoAmI(), reason, ladderTime(c))
				if err == nil {
					fmt.Fprintf(s.Out, "%s: set aside; the supervisors are told\n", args[0])
				}
				return orNoTask(err, args[0])
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for supervisors")
	return cmd
}

// sayable refuses a reason that is missing, or that looks as if a number stood
// in it: reasons are read, stored and delivered in the plain.
func sayable(reason string) error {
	digits := 0
	for _, r := range reason {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune(" -+()./", r):
		default:
			digits = 0
		}
		if digits > 5 {
			return errors.New("--reason: this looks like a telephone number: a reason is read in the plain, and holds none")
		}
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n == 0 || n > 200 || !utf8.ValidString(reason) {
		return errors.New("--reason: want a few words, at most 200 characters, for those who find it")
	}
	return nil
}

func orNoTask(err error, id string) error {
	if errors.Is(err, postgres.ErrNoTask) {
		return fmt.Errorf("no task %q is in hand so: see `dialer due`, or `dialer explain %s`", id, id)
	}
	return err
}

func newTakeBack(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "take-back TASK",
		Short: "Put a task that was set aside among the others again",
		Long: operator.Long(`
			Do so when what kept it from being worked on is mended. If it cannot be worked
			on, the dialer sets it aside again.

			Examples:
			  dialer tasks take-back t4f6qk3x7a2m5p6b`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.WithDB(cmd.Context(), func(c config.Config, db *postgres.DB) error {
				err := db.TakeBack(cmd.Context(), cases.TaskID(args[0]), whoAmI(), ladderTime(c))
				if err == nil {
					fmt.Fprintf(s.Out, "%s: among the others again\n", args[0])
				}
				return orNoTask(err, args[0])
			})
		},
	}
}
