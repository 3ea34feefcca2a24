package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/call"
	"powerline/cmd/operator"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/queue"
)

func newOrder(s *shared) *cobra.Command {
	var o acd.Order
	var other, seat string
	cmd := &cobra.Command{
		Use:   "order WISH",
		Short: "Have something done with a call that goes on",
		Long: operator.Long(`
			Does with a call what its agent or a supervisor may do from the console: the
			engine that has the call carries it out, and the laws are asked as always. It is
			written into the audit first.

			Wishes of a supervisor, whose own phone (--seat) is rung first:
			  listen, whisper, barge, take-over, leave
			of a supervisor, about somebody who waits:
			  pull (--agent), move (--category)
			of the agent of a call (--seat is hers):
			  transfer-queue (--category, or --counsellor), transfer-agent (--agent),
			  transfer-112, transfer-station (--station), consult (--agent),
			  consult-complete, consult-cancel, conference, hold, unhold, quick-end, panic,
			  pause-recording (--reason), resume-recording

			Examples:
			  acd order listen --seat s001 --call ast-1764.7 --by shift-lead
			  acd order leave --seat s001 --by shift-lead
			  acd order move --call ast-1764.9 --category crisis --by shift-lead`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Wish, o.Agent, o.Seat, o.Supervises = call.Wish(args[0]), agent.ID(other), agent.ID(seat), true
			return s.order(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.By, "by", "", "your name, for the audit (required)")
	f.StringVar(&o.Call, "call", "", "id of the call; the one in which --seat is, if empty")
	f.StringVar(&seat, "seat", "", "agent whose wish it is, or the supervisor's own phone")
	f.StringVar(&other, "agent", "", "the other agent")
	f.StringVar(&o.Category, "category", "", "where the caller goes")
	f.BoolVar(&o.Counsellor, "counsellor", false, "to whoever takes crisis calls first")
	f.StringVar(&o.Station, "station", "", "id of a police station (dialer stations)")
	f.StringVar(&o.Reason, "reason", "", "a word that says why")
	_ = cmd.MarkFlagRequired("by")
	return cmd
}

func (s *shared) order(parent context.Context, o acd.Order) error {
	ctx, cancel := context.WithTimeout(parent, 10*time.Second)
	defer cancel()
	if err := s.audited(ctx, o); err != nil {
		return err
	}
	return s.WithStore(ctx, func(_ config.Config, store *queue.Store) error {
		done, err := acd.Submit(ctx, store, o)
		if errors.Is(err, call.TooLate) {
			return fmt.Errorf("%w: no engine has answered; does one run, and is the call still there (acd queue show)?", err)
		}
		if err == nil {
			fmt.Fprintf(s.Out, "%s: done; call %s is %s\n", o.Wish, done.Call, done.Stage)
		}
		return err
	})
}

// audited writes down what is about to be done.
func (s *shared) audited(ctx context.Context, o acd.Order) error {
	return s.WithDB(ctx, func(_ config.Config, db *postgres.DB) error {
		detail, err := json.Marshal(map[string]any{"seat": o.Seat, "agent": o.Agent, "category": o.Category, "station": o.Station, "reason": o.Reason})
		if err != nil {
			return err
		}
		return db.Audit(ctx, postgres.Deed{At: time.Now().UTC(), By: o.By, Action: "order-" + string(o.Wish), Subject: o.Call, Detail: string(detail)})
	})
}
