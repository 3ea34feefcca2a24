package main

import (
	"github.com/spf13/cobra"

	"powerline/cmd/operator"
)

// shared is what every command may need.
type shared struct{ *operator.Invocation }

func newRoot(invocation *operator.Invocation) *cobra.Command {
	s := &shared{invocation}
	root := &cobra.Command{
		Use:   "dialer",
		Short: "The outbound half of a women's helpline",
		Long: operator.Long(`
			dialer decides which due task is dialled, by whom and when, rings the agent
			first and then whom the case says, and lets the outcome move the case. It reads
			the configuration of acd; sections "outbound" and "outbound.ladder" are its own.

			Where to begin:
			  dialer check                  does everything answer that it needs?
			  dialer cases import FILE      register cases, whole or not at all
			  dialer due                    what is due
			  dialer explain TASK           why a task is not being dialled now
			  dialer serve                  make calls

			Exit codes: 0 done, 1 failed, 2 done and something was found to be wrong.`),
	}
	root.AddCommand(newServe(s), newCheck(s), newDue(s), newExplain(s), newPause(s), newResume(s))
	root.AddCommand(newCases(s), newTasks(s), newStations(s), newTokens(s), newAudit(s), newSimulate(s))
	return root
}
