package main

import (
	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/check"
)

func newDoctor(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is stuck, and say how to repair it",
		Long: operator.Long(`
			Compares what Asterisk, Redis and PostgreSQL hold and names what does not fit
			together: legs that belong to no call, bridges without anybody, agents whom no
			call holds, callers whom no engine has, engines that stand still, records that
			wait, accounts that are not rendered. It looks twice, two seconds apart, and
			tells only what was there both times; a running engine mends most of it within
			four. It changes nothing.

			FAIL: a caller or an agent suffers now. WARN: somebody should look. The exit code
			is 2 if there is a FAIL.

			Examples:
			  acd doctor
			  acd doctor --json | jq -r '.[] | select(.level == "FAIL") | .text'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.Load()
			if err != nil {
				return err
			}
			return s.Report(check.Doctor(cmd.Context(), c), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
