package controlroom

import (
	"context"
	"errors"
	"net/http"

	"powerline/call"
	"powerline/internal/acd"
	"powerline/internal/console"
	"powerline/internal/console/supervisor"
)

// orders takes supervisors' wishes to the engine.
type orders struct{ e *acd.Engine }

// Order implements supervisor.Orders. Who may wish at all, the table of routes has
// asked; what the laws say, the engine asks.
func (o orders) Order(ctx context.Context, w supervisor.Wish) error {
	_, err := o.e.Order(ctx, acd.Order{
		ID: w.Actor + " " + w.Key, Wish: call.Wish(w.What), By: w.Actor, Seat: w.By, Supervises: true,
		Call: w.Call, Agent: w.Agent, Category: w.Category, Status: w.Status, Reason: w.Reason,
	})
	var no call.Refusal
	if errors.As(err, &no) {
		return console.Refuse(http.StatusConflict, "order-"+string(no))
	}
	return err
}
