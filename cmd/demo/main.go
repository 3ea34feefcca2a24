// Command demo runs a whole helpline in one terminal: Asterisk, Redis and
// PostgreSQL of its own, the engine as it runs in production, thirty softphones
// that log in by the dialled code and PIN, and callers who come in waves.
//
// # What is real
//
// Everything that is measured. Callers and agents are SIP phones with sound;
// between them stands what a helpline would run. The screen shows the engine's
// own figures, read from its metrics once a second, and nothing that the demo
// knows by itself: what it shows is what Prometheus would show.
//
// # What is not
//
// People. Talks last seconds instead of minutes, agents answer after one to
// three seconds, and a random number (with a seed, so that it can be had again)
// decides who rings out, rejects, pauses, presses keys or hangs up.
//
// # How it ends
//
// By Ctrl-C, SIGTERM, `demo stop` or --duration. All processes are children of
// this one, and the kernel kills them should it die any other way; the
// instance's directory is removed at the end, or by the next start.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"powerline/internal/stack"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := newRoot(os.Stdout, os.Stderr).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

// options of a run.
type options struct {
	duration  time.Duration
	perMinute float64
	seed      uint64
	fast      bool
	open      bool
	plain     bool
	home      string // where the pid file, the programs compiled and the like lie
}

func newRoot(out, progress io.Writer) *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "demo",
		Short: "A helpline in this terminal: callers, agents, the engine",
		Long: `Starts a private Asterisk, Redis and PostgreSQL and the engine, logs 30 softphones
in, and lets callers come in waves. The screen shows the engine's own figures.
Ctrl-C, or "make stop" elsewhere, ends it and leaves nothing running.

Examples:
  demo
  demo --callers 90 --seed 7
  demo --fast --duration 1m
  demo --open                 softphones on other machines may register, too
  demo stop                   end the demo that runs in another terminal`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.settle(); err != nil {
				return err
			}
			return run(cmd.Context(), o, out, progress)
		},
	}
	f := root.Flags()
	f.DurationVarP(&o.duration, "duration", "d", 0, "end after this time (default: run until told to end)")
	f.Float64VarP(&o.perMinute, "callers", "n", 60, "callers a minute, on the average of the waves")
	f.Uint64Var(&o.seed, "seed", 0, "repeat a run's people (default: another crowd each time)")
	f.BoolVar(&o.fast, "fast", false, "shorter talks and twice the callers")
	f.BoolVar(&o.open, "open", false, "listen on all addresses, for softphones on other machines")
	f.BoolVar(&o.plain, "plain", false, "one line every 5 s, as when the output is no terminal")
	root.PersistentFlags().StringVar(&o.home, "home", "", "directory of the pid file and the compiled engine (default: .stack of this repository)")
	_ = root.PersistentFlags().MarkHidden("home") // for tests
	root.AddCommand(newStop(&o, out))
	return root
}

func newStop(o *options, out io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "End the demo that runs in another terminal",
		Long: `Tells a running demo to end, and waits until it has.

Examples:
  demo stop`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.settle(); err != nil {
				return err
			}
			ended, err := stopOther(cmd.Context(), o.home)
			switch {
			case err != nil:
				return err
			case ended:
				fmt.Fprintln(out, "the demo has ended")
			default:
				fmt.Fprintln(out, "no demo is running")
			}
			return nil
		},
	}
}

// settle fills in what depends on the place and checks what was given.
func (o *options) settle() error {
	if o.perMinute < 1 || o.perMinute > 600 {
		return fmt.Errorf("--callers %g: want 1 to 600 a minute", o.perMinute)
	}
	if o.duration < 0 {
		return fmt.Errorf("--duration %v: want a time from now on", o.duration)
	}
	if o.home != "" {
		return nil
	}
	root, err := stack.Root()
	if err != nil {
		return err
	}
	o.home = filepath.Dir(root)
	return nil
}
