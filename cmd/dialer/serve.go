package main

import (
	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/dialer"
)

func newServe(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Make calls",
		Long: operator.Long(`
			Runs the dialer until SIGTERM or SIGINT. It needs PostgreSQL to dial: while that
			is away nothing is dialled, and what goes on goes on. It takes no new callers;
			conversations outlive it, and an acd beside it takes them over. Give it an
			instance.name, an http.listen and a journal.dir of its own. SIGHUP reads the
			configuration again: a bad file is refused whole and the old one stays in force.

			Examples:
			  dialer serve --config /etc/powerline/dialer.yaml`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, log, err := s.LoadAndLog()
			if err != nil {
				return err
			}
			reload := make(chan string)
			stop := s.ReloadOnHangup(cmd.Context(), reload)
			defer stop()
			return dialer.Serve(cmd.Context(), c, reload, log)
		},
	}
}
