package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"powerline/internal/config"
)

// The exit codes. findings is for commands that did their work and found
// something wrong, so that a script can tell it from a command that failed.
const (
	exitOK       = 0
	exitFailed   = 1
	exitFindings = 2
)

// errFindings ends a command whose report was printed already.
var errFindings = errors.New("findings")

// run is main without the process: it parses, does, and says how it went.
func run(ctx context.Context, args []string, s streams) int {
	cmd := newRoot(s)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	}
	fmt.Fprintf(s.err, "acd: %v\n", err)
	return exitFailed
}

// shared is what every command may need.
type shared struct {
	streams
	configPath string
}

// load reads the configuration that the command was given.
func (s *shared) load() (config.Config, error) {
	return config.Load(s.configPath)
}

const defaultConfig = "/etc/powerline/acd.yaml"

func newRoot(st streams) *cobra.Command {
	s := &shared{streams: st}
	root := &cobra.Command{
		Use:   "acd",
		Short: "The inbound engine of a women's helpline",
		Long: long(`
			acd takes calls from Asterisk, speaks with callers, lets them wait, and offers
			each to the agent who suits best.

			Where to begin:
			  acd config default > /etc/powerline/acd.yaml   a configuration to edit
			  acd config check                               is it good?
			  acd agents import roster.csv                   who works here
			  acd asterisk-config render --out /etc/asterisk what Asterisk must know
			  acd prompts generate                           what callers hear
			  acd check                                      does everything answer?
			  acd serve                                      take calls

			Exit codes: 0 done, 1 failed, 2 done and something was found to be wrong.`),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(st.in)
	root.SetOut(st.out)
	root.SetErr(st.err)
	root.PersistentFlags().StringVarP(&s.configPath, "config", "c", defaultConfig, "configuration file")
	root.AddCommand(newConfig(s), newAgents(s), newAsteriskConfig(s), newCheck(s), newPrompts(s), newServe(s), newQueue(s), newDoctor(s))
	return root
}

// long takes the indentation of the source out of a help text.
func long(text string) string {
	lines := strings.Split(strings.TrimPrefix(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "\t\t\t")
	}
	return strings.Join(lines, "\n")
}
