// Command demo runs a whole helpline in one terminal: Asterisk, Redis and
// PostgreSQL of its own, the engine and the dialer as they run in production,
// thirty softphones that log in by the dialled code and PIN, callers who come in
// waves, and whoever is called for the cases that come of it.
//
// # What is real
//
// Everything that is measured. Callers and agents are SIP phones with sound;
// between them stands what a helpline would run. The screen shows the figures of
// engine and dialer, read from their metrics once a second, and cases as they lie
// in PostgreSQL; nothing that the demo knows by itself. Prometheus reads the same.
//
// # What is not
//
// People. Talks last seconds instead of minutes, agents answer after one to
// three seconds, and a random number (with a seed, so that it can be had again)
// decides who rings out, rejects, pauses, presses keys or hangs up, who answers
// when called and what is said. A case's clock runs fast, at any hour. What is no
// telephone call at all is played too: the cyber cell, the police, supervisors.
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
	duration   time.Duration
	perMinute  float64
	seed       uint64
	fast       bool
	open       bool
	plain      bool
	noOutbound bool
	day        time.Duration // how long a day of the ladder lasts
	home       string        // where the pid file, the programs compiled and the like lie
}

func newRoot(out, progress io.Writer) *cobra.Command {
	var o options
	root := &cobra.Command{
		Use:   "demo",
		Short: "A helpline in this terminal: callers, agents, cases, the engine and the dialer",
		Long: `Starts a private Asterisk, Redis and PostgreSQL, the engine and the dialer, logs 30
softphones in, and lets callers come in waves. Out of some calls a case is registered:
the offender is warned, the woman asked whether it helped, until it is closed. A day of
a case lasts --day. The screen shows what the programs themselves say. Prometheus reads
them as well, with the alarms of production; so does Grafana, where it is installed.
Ctrl-C, or "make stop" elsewhere, ends it and leaves nothing running.

Examples:
  demo
  demo --callers 90 --seed 7
  demo --fast --duration 1m
  demo --day 500ms            a case from registration to closure within half a minute
  demo --no-outbound          callers only
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
	f.Float64VarP(&o.perMinute, "callers", "n", 32, "callers a minute, on the average of the waves")
	f.Uint64Var(&o.seed, "seed", 0, "repeat a run's people (default: another crowd each time)")
	f.BoolVar(&o.fast, "fast", false, "shorter talks and twice the callers")
	f.BoolVar(&o.open, "open", false, "listen on all addresses, for softphones on other machines")
	f.BoolVar(&o.noOutbound, "no-outbound", false, "callers only: no cases, no dialer")
	f.DurationVar(&o.day, "day", 2*time.Second, "how long a day of a case lasts; 30 of them lie before its final feedback")
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

// A shorter day would pass while a phone rings, and in a long run bring dates
// that nobody's calendar has; a longer one is a real one.
const (
	shortestDay = 200 * time.Millisecond
	longestDay  = 24 * time.Hour
)

// settle fills in what depends on the place and checks what was given.
func (o *options) settle() error {
	if o.perMinute < 1 || o.perMinute > 600 {
		return fmt.Errorf("--callers %g: want 1 to 600 a minute", o.perMinute)
	}
	if o.duration < 0 {
		return fmt.Errorf("--duration %v: want a time from now on", o.duration)
	}
	if o.day < shortestDay || o.day > longestDay {
		return fmt.Errorf("--day %v: want %v to %v", o.day, shortestDay, longestDay)
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
