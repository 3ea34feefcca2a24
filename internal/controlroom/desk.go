package controlroom

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/console/desk"
	"powerline/internal/postgres"
)

// desk is the room of agents, officers and counsellors.
func (r *room) desk(e *acd.Engine) console.Room {
	book := desk.NewBook(r.opened.SealKey, r.opened.Records, r.opened.DB, r.log, func(agent.ID) { r.hub.Changed() })
	book.Recover(r.draftsOfBefore()...)
	return desk.Room(desk.Options{
		Floor: seats{e}, Books: r.opened.DB, Book: book, Choices: func() desk.Choices { return choices(e) },
		Away: func() bool { return !r.opened.Records.Stats().Direct }, Log: r.log,
	})
}

// draftsOfBefore are those that wait in the journal of the process before this one:
// if PostgreSQL is still away, they are nowhere else.
func (r *room) draftsOfBefore() (drafts []postgres.Draft) {
	entries, err := r.opened.Waiting(postgres.KindDraft)
	if err != nil {
		r.log.Error("drafts in the journal could not be read; they are shown when PostgreSQL has them", "error", err)
	}
	for _, e := range entries {
		var d postgres.Draft
		if err := json.Unmarshal(e.Data, &d); err == nil {
			drafts = append(drafts, d)
		}
	}
	return drafts
}

// choices are the words that desks offer now.
func choices(e *acd.Engine) desk.Choices {
	c := e.Config()
	out := desk.Choices{Languages: c.Prompts.Languages, RecordingReasons: c.Recordings.PauseReasons}
	for _, reason := range c.Agents.PauseReasons {
		out.PauseReasons = append(out.PauseReasons, reason.Name)
	}
	his := c.CategoriesOf(config.RingBack) // of which nobody complains
	for _, category := range c.Categories {
		if !slices.Contains(his, category.Name) {
			out.Categories = append(out.Categories, category.Name)
		}
	}
	return out
}

// seats is the engine as desks see it.
type seats struct{ *acd.Engine }

// Keys implements desk.Floor.
func (s seats) Keys(callID string) (keys []desk.Key) {
	for _, k := range s.Engine.Keys(callID) {
		keys = append(keys, desk.Key{At: k.At, Meant: desk.Meaning(k.Meant)})
	}
	return keys
}

// counsellor stands, as the target of a transfer, for whoever counsels.
const counsellor = "counsellor"

// Order implements desk.Floor.
func (s seats) Order(ctx context.Context, o desk.Order) error {
	switch o.Wish {
	case desk.SignOn:
		if err := s.SignOn(ctx, o.By); errors.Is(err, acd.ErrLocked) {
			return desk.Refusal("locked")
		} else if err != nil {
			return err
		}
		return nil
	case desk.SignOff:
		return s.SignOff(ctx, o.By)
	}
	wanted := acd.Order{ID: o.ID, Wish: call.Wish(o.Wish), By: string(o.By), Seat: o.By, Call: o.Call}
	switch wanted.Wish {
	case call.ToQueue:
		wanted.Counsellor = o.To == counsellor
		if !wanted.Counsellor {
			wanted.Category = o.To
		}
	case call.ToAgent, call.Consult:
		wanted.Agent = agent.ID(o.To)
	case call.ToStation:
		wanted.Station = o.To
	default:
		wanted.Reason = o.To
	}
	_, err := s.Engine.Order(ctx, wanted)
	var no call.Refusal
	if errors.As(err, &no) {
		return desk.Refusal(no)
	}
	return err
}
