package supervisor

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"powerline/agent"
	"powerline/internal/console"
	"powerline/routing"
)

// Wish is what a supervisor wants done on the floor.
type Wish struct {
	// What is one of the words of Wishes.
	What string `json:"what"`
	// Agent is to whom it is done: whose call, or whose state.
	Agent agent.ID `json:"agent"`
	// Call is a waiting caller's, for pull and move, or that in which the agent was
	// seen, so that nobody lands in her next one.
	Call string `json:"call"`
	// Category is where a waiting call is moved to.
	Category string `json:"category"`
	// Status is what an agent is to become: available, not-ready with a Reason, or
	// logged-out.
	Status agent.Status `json:"status"`
	Reason string       `json:"reason"`
	// By is the supervisor's own seat, whose phone rings; for listening and the like.
	By agent.ID `json:"-"`
	// Actor is who it was, for the audit.
	Actor string `json:"-"`
	// Key makes a wish that is sent again the same wish.
	Key string `json:"key"`
}

// Wishes are all that can be wished, and what each needs.
var Wishes = map[string]struct{ Seat, Call, Agent, Category, Status bool }{
	"listen":    {Seat: true, Agent: true, Call: true},
	"whisper":   {Seat: true, Agent: true, Call: true},
	"barge":     {Seat: true, Agent: true, Call: true},
	"take-over": {Seat: true, Agent: true, Call: true},
	"leave":     {Seat: true},
	"pull":      {Call: true, Agent: true},
	"move":      {Call: true, Category: true},
	"force":     {Agent: true, Status: true},
}

// Orders takes wishes to the engine that can fulfil them. A *console.Refusal is a
// no that people read; the act and its audit are the engine's.
type Orders interface {
	Order(ctx context.Context, w Wish) error
}

// floor is the floor as a page.
func (r *room) floor(q *console.Request) error {
	page := floorPage{shown: shown{q}, Seat: q.User.Agent, Acts: console.May(q.User.Role, "floor-order") && r.Orders != nil}
	c := r.Config()
	for _, k := range c.Categories {
		page.Categories = append(page.Categories, k.Name)
	}
	for _, reason := range c.Agents.PauseReasons {
		page.Reasons = append(page.Reasons, reason.Name)
	}
	page.Names = map[agent.ID]string{}
	if persons, _, err := r.Store.Roster(q.Context()); err == nil { // without the books the floor goes on by ids
		page.Names = namesOf(persons)
	}
	return q.Render("floor.html", page)
}

type floorPage struct {
	shown
	Seat       agent.ID // the supervisor's own; empty without one
	Acts       bool
	Categories []string
	Reasons    []string
	Names      map[agent.ID]string
}

// Script is what the page's script must know besides what is pushed.
func (p floorPage) Script() map[string]any {
	return map[string]any{"seat": p.Seat, "acts": p.Acts, "names": p.Names}
}

// Doings are the words of what an agent may be doing, to choose from.
func (floorPage) Doings() []string {
	return []string{
		string(agent.Idle), string(agent.Reserved), string(agent.Talking), string(agent.WrapUp), string(agent.Recovery), string(agent.NotReady), string(agent.LoggedOut),
	}
}

func (r *room) floorLive(q *console.Request) error {
	viewer := q.User.Profile
	return q.Stream(
		console.View{Name: "seats", Show: func(context.Context) (any, error) { return seatsOf(r.Look(), viewer), nil }},
	)
}

// order carries a wish to the engine.
func (r *room) order(q *console.Request) error {
	var w Wish
	if err := q.Decode(&w); err != nil {
		return err
	}
	if r.Orders == nil {
		return console.Refuse(http.StatusServiceUnavailable, "no-orders")
	}
	w.By, w.Actor = q.User.Agent, q.User.Actor()
	if err := r.check(w); err != nil {
		return err
	}
	if err := r.Orders.Order(q.Context(), w); err != nil {
		var no *console.Refusal
		if !errors.As(err, &no) {
			r.Log.Warn("a wish could not be carried out", "wish", w.What, "error", err)
		}
		return err
	}
	return q.NoContent()
}

// check holds a wish against what it needs, so that nothing half said travels on.
func (r *room) check(w Wish) error {
	needs, known := Wishes[w.What]
	c := r.Config()
	switch {
	case !known, len(w.Key) < 8, len(w.Key) > 64:
		return console.ErrBadInput
	case needs.Seat && w.By == "":
		return console.Refuse(http.StatusConflict, "no-seat")
	case needs.Agent && !r.there(w.Agent), needs.Call && (w.Call == "" || len(w.Call) > 128):
		return console.ErrNotFound
	case needs.Category && !slices.ContainsFunc(c.Routing.Categories, func(k routing.Category) bool { return k.Name == w.Category }):
		return console.ErrBadInput
	case needs.Status && !slices.Contains([]agent.Status{agent.Available, agent.NotReady, agent.LoggedOut}, w.Status):
		return console.ErrBadInput
	case needs.Status && (w.Status == agent.NotReady) != (w.Reason != ""), len(w.Reason) > 40:
		return console.ErrBadInput
	}
	return nil
}

// there: an agent of this id is on the floor.
func (r *room) there(id agent.ID) bool {
	return slices.ContainsFunc(r.Look().Agents, func(a agent.Agent) bool { return a.Profile.ID == id })
}
