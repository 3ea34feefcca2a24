package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"powerline/agent"
	"powerline/internal/api"
	"powerline/internal/console"
	"powerline/internal/postgres"
)

// A complaint that she registers while PostgreSQL is away is kept with that wish,
// as drafts are. As soon as PostgreSQL answers it is registered in her name, by an
// engine at which her desk is open: what was pressed is done once, because a call has
// one case of each agent (ToldIn), and her page says so.

// registerLater keeps a complaint for as long as the database is away. The form is
// complete; her after-call work ends as if it were registered.
func (o *office) registerLater(ctx context.Context, id agent.ID, callID string, f Form) (Closed, error) {
	switch err := o.Book.Want(ctx, id, callID, f, true); {
	case errors.Is(err, ErrFinished):
		return Closed{}, console.Refuse(http.StatusConflict, "desk-finished")
	case err != nil:
		return Closed{}, err
	}
	o.endWrapUp(ctx, id, callID)
	return Closed{Waits: true}, nil
}

// waitingEvery is how often an open desk looks whether what waits can be registered.
const waitingEvery = 500 * time.Millisecond

// registerWaiting registers what an agent wants registered whenever the database
// answers, until ctx ends: for as long as her desk is open.
func (o *office) registerWaiting(ctx context.Context, r asking, id agent.ID) {
	look := time.NewTicker(waitingEvery)
	defer look.Stop()
	for {
		if !o.Away() {
			o.registerWanted(ctx, r, id)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// registerWanted goes once through what waits. Another window of hers may be at it.
func (o *office) registerWanted(ctx context.Context, r asking, id agent.ID) {
	wanted := o.Book.Wanted(id)
	if len(wanted) == 0 || !o.begin(id) {
		return
	}
	defer o.end(id)
	for _, callID := range wanted {
		late, done := o.registerOne(r, id, callID)
		if ctx.Err() != nil {
			return
		}
		if done {
			o.tellLate(id, late)
		}
	}
}

// registerOne reports what became of a draft that waited; false while it still does.
// What is refused is a draft again, for her to look at.
func (o *office) registerOne(r asking, id agent.ID, callID string) (Late, bool) {
	f, _, err := o.Book.Draft(id, callID)
	if err != nil {
		return Late{}, false
	}
	delete(f, registers)
	closed, err := o.register(r, id, callID, f)
	var refused *api.Problem
	var missing *Missing
	now := time.Now().UTC()
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests:
		return Late{}, false
	case errors.As(err, &refused), errors.As(err, &missing):
		o.Log.Info("complaint that waited for the database is refused", "agent", id, "call", callID, "error", err)
		return Late{Call: callID, At: now}, o.Book.Want(r.Context(), id, callID, f, false) == nil
	case err != nil:
		return Late{}, false
	}
	said := postgres.Said{Disposition: postgres.Disposition{Call: callID, Agent: id, At: now, What: registered, Case: closed.Case}, Docket: closed.Docket}
	return Late{Call: callID, At: now, Docket: closed.Docket}, o.Book.Finish(r.Context(), said) == nil
}

// begin reports whether nobody else registers what waits of this agent.
func (o *office) begin(id agent.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.registering[id] {
		return false
	}
	o.registering[id] = true
	return true
}

func (o *office) end(id agent.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.registering, id)
}

func (o *office) tellLate(id agent.ID, l Late) {
	o.mu.Lock()
	o.late[id] = append(slices.DeleteFunc(o.late[id], func(old Late) bool { return old.Call == l.Call || time.Since(old.At) > remembered }), l)
	o.mu.Unlock()
	o.Book.tell(id)
}

func (o *office) lateOf(id agent.ID) []Late {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.late[id])
}
