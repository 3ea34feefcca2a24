package main

import (
	"errors"
	"fmt"
	"regexp"

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
			rings, it stops. The reason is a word: it is read by supervisors and stays in the
			audit, and no name or number fits into it.

			Examples:
			  dialer tasks set-aside t4f6qk3x7a2m5p6b --reason district-asked-to-wait`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := aWord(reason); err != nil {
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
	cmd.Flags().StringVar(&reason, "reason", "", "why, as a word, for supervisors")
	return cmd
}

// wordForm is that of a reason.
var wordForm = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// aWord refuses a reason that is not a word: reasons are stored, read and
// delivered in the plain, and what has no room for a name cannot hold one. The
// API asks for a word too.
func aWord(reason string) error {
	if !wordForm.MatchString(reason) || len(reason) > 64 {
		return errors.New("--reason: want a word such as district-asked-to-wait, without names or numbers")
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
