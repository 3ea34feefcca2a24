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
		Use:   "acd",
		Short: "The inbound engine of a women's helpline",
		Long: operator.Long(`
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
	}
	root.AddCommand(
		newConfig(s), newAgents(s), newAsteriskConfig(s), newCheck(s), newPrompts(s), newServe(s), newQueue(s), newOrder(s), newDoctor(s),
		newSimulate(s), newStaffing(s), newProfile(s), newRecordings(s), newUsers(s),
	)
	return root
}
