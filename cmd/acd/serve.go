package main

import (
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/controlroom"
)

// garbage is how much of it may pile up, in percent of what lives. An engine lives on
// some 15 MiB; with the usual 100 it would collect twice a second at 100 calls/s. A
// simulated day takes a fifth less time with it.
const garbage = 400

// letGarbagePileUp leaves GOGC the last word.
func letGarbagePileUp() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}

func newServe(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Take calls",
		Long: operator.Long(`
			Runs the engine until SIGTERM or SIGINT. It starts without PostgreSQL (records
			wait in the journal), and waits for Asterisk. SIGHUP reads the configuration
			again: a bad file is refused whole and the old one stays in force. With
			console.listen it serves agents' desks and supervisors' consoles as well.

			Examples:
			  acd serve
			  acd serve --config /etc/powerline/acd-b.yaml
			  systemctl reload acd`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, log, err := s.LoadAndLog()
			if err != nil {
				return err
			}
			letGarbagePileUp()
			reload := make(chan string)
			stop := s.ReloadOnHangup(cmd.Context(), reload)
			defer stop()
			return controlroom.Serve(cmd.Context(), c, reload, log)
		},
	}
}
