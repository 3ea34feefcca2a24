package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"powerline/internal/acd"
	"powerline/internal/config"
)

func newServe(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Take calls",
		Long: long(`
			Runs the engine until SIGTERM or SIGINT. It starts without PostgreSQL (records
			wait in the journal), and waits for Asterisk. SIGHUP reads the configuration
			again: a bad file is refused whole and the old one stays in force.

			Examples:
			  acd serve
			  acd serve --config /etc/powerline/acd-b.yaml
			  systemctl reload acd`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			log, err := s.logger(c)
			if err != nil {
				return err
			}
			reload := make(chan string)
			stop := s.reloadOnHangup(cmd.Context(), reload)
			defer stop()
			return acd.Serve(cmd.Context(), c, reload, log)
		},
	}
}

func (s *shared) logger(c config.Config) (*slog.Logger, error) {
	level, err := c.Log.SlogLevel()
	if err != nil {
		return nil, err
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(s.err, o)), nil
	}
	return slog.New(slog.NewTextHandler(s.err, o)), nil
}

// reloadOnHangup turns SIGHUP into the path of the configuration.
func (s *shared) reloadOnHangup(ctx context.Context, reload chan<- string) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-ended:
				return
			case <-hangup:
			}
			select {
			case reload <- s.configPath:
			case <-ctx.Done():
				return
			case <-ended:
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangup)
		close(ended)
	}
}
