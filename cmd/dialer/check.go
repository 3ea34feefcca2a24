package main

import (
	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/check"
)

func newCheck(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at what a dialer needs, and at what waits for it",
		Long: operator.Long(`
			Prints one line per finding: configuration, keys, prompts, who is trained for
			which calls, tasks, outcomes, audit, PostgreSQL, Redis, Asterisk, trunk. It
			changes nothing and may run beside a dialer. FAIL: calls would not be made, or
			not rightly. WARN: somebody should look. The exit code is 2 if there is a FAIL.

			Examples:
			  dialer check
			  dialer check --json | jq -r '.[] | select(.level != "OK") | .text'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.Load()
			if err != nil {
				return err
			}
			report := append([]check.Finding{{Level: check.OK, Subject: "config", Text: s.ConfigPath + " is good"}}, check.Outbound(cmd.Context(), c)...)
			return s.Report(report, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
