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
		Short: "Look at configuration, roster, Asterisk, Redis and PostgreSQL",
		Long: operator.Long(`
			Prints one line per finding. It changes nothing and may run beside an engine.
			FAIL: calls would suffer. WARN: somebody should look. The exit code is 2 if
			there is a FAIL.

			Examples:
			  acd check
			  acd check --json | jq -r '.[] | select(.level != "OK") | .text'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.Load()
			if err != nil {
				return err
			}
			report := append([]check.Finding{{Level: check.OK, Subject: "config", Text: s.ConfigPath + " is good"}}, check.Run(cmd.Context(), c)...)
			return s.Report(report, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
