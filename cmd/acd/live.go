package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/queue"
)

// What an operator does to an agent who is at work is an event like any other:
// it is stepped by the same code as the engine's and stored by compare-and-set,
// and running engines hear of it at once.

func newAgentsUnlock(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "unlock ID",
		Short: "Let an agent log in again after three wrong PINs",
		Long: operator.Long(`
			Takes the lock off a login at once. Ask who she is first: the lock is there
			because somebody tried her PIN.

			Examples:
			  acd agents unlock a017`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.tellAgent(cmd.Context(), agent.ID(args[0]), agent.Unlocked{}, "unlocked")
		},
	}
}

func newAgentsLogout(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "logout ID",
		Short: "Log an agent out; a call in hand goes on",
		Long: operator.Long(`
			Logs an agent out who went home without doing so. She is offered no further
			call; one that she is in goes on to its end.

			Examples:
			  acd agents logout a017`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.tellAgent(cmd.Context(), agent.ID(args[0]), agent.LoggedOff{At: time.Now()}, "logged out")
		},
	}
}

// tellAgent steps one agent in the live store.
func (s *shared) tellAgent(parent context.Context, id agent.ID, ev agent.Event, done string) error {
	ctx, cancel := context.WithTimeout(parent, 10*time.Second)
	defer cancel()
	err := s.WithStore(ctx, func(_ config.Config, store *queue.Store) error { return stepAgent(ctx, store, id, ev) })
	if err == nil {
		fmt.Fprintf(s.Out, "agent %s: %s\n", id, done)
	}
	return err
}

// stepAgent tries until nobody was faster.
func stepAgent(ctx context.Context, store *queue.Store, id agent.ID, ev agent.Event) error {
	owner, err := store.Join(ctx, "operator")
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		a, err := liveAgent(ctx, store, id)
		if err != nil {
			return err
		}
		next, verdict := agent.Step(a, ev)
		if verdict != agent.Applied {
			return fmt.Errorf("agent %s is %s already: nothing to do", id, a.Status)
		}
		_, err = store.Commit(ctx, owner, queue.Change{Agents: []queue.AgentWrite{{From: a.Version, Agent: next}}})
		var conflict *queue.Conflict
		if err == nil || !errors.As(err, &conflict) {
			return err
		}
	}
	return context.Cause(ctx)
}

func liveAgent(ctx context.Context, store *queue.Store, id agent.ID) (agent.Agent, error) {
	state, err := store.Load(ctx)
	if err != nil {
		return agent.Agent{}, err
	}
	for _, a := range state.Agents {
		if a.Profile.ID == id {
			return a, nil
		}
	}
	return agent.Agent{}, fmt.Errorf("no running engine knows agent %s: is she in the roster, and does an engine run?", id)
}
