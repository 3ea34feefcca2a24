package acd

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/postgres"
)

// Order is what an agent or a supervisor wants done, by whatever way she says it.
// Whether she may say it at all is for whoever asks; what the laws say, for the call.
type Order struct {
	// ID is unique. The same order given twice is carried out once; if empty, one is made.
	ID string
	// Wish is one of package call, or of those below.
	Wish call.Wish
	// By is who stands in the audit: a login, or an agent's id.
	By string
	// Seat is the agent who gives the order, or the supervisor's own softphone.
	Seat agent.ID
	// Supervises: the wishes of supervisors are open to her.
	Supervises bool
	// Call is the call that is meant; empty for the one in which Seat is.
	Call string
	// Agent is the other agent: to whom to transfer, whom to consult, to whom a
	// waiting call is pulled, whose status is forced.
	Agent agent.ID
	// Category is where a caller is transferred or moved to; Counsellor means whoever
	// the crisis category rings first.
	Category   string
	Counsellor bool
	// Station is the id of a police station of the directory.
	Station string
	// Status is what Force makes of the agent; Reason says why, also of Pause and of
	// a paused recording.
	Status agent.Status
	Reason string
}

// The wishes that are about an agent and no call. All but Force are about Seat.
const (
	Force        call.Wish = "force"
	Ready        call.Wish = "ready"
	Pause        call.Wish = "pause"
	WrapUpDone   call.Wish = "wrap-up-done"
	WrapUpExtend call.Wish = "wrap-up-extend"
)

// ReasonSupervisor is why an agent is not ready whom a supervisor made so.
const ReasonSupervisor = "supervisor"

// Ordered is what came of an order.
type Ordered struct {
	ID string
	// Call is the call it was about, if any, and Stage where that is now.
	Call  string
	Stage call.Stage
}

// Audit takes what supervisors do before it is done.
type Audit interface {
	Audit(ctx context.Context, d postgres.Deed) error
}

// orderLimit is how long an order is tried: whoever gave it waits for the answer.
const orderLimit = 3 * time.Second

// orderAgain is after how long an order that nobody answered is given once more:
// the engine that has the call may have died, and its peer takes that long.
const orderAgain = 300 * time.Millisecond

// Order carries out an order, or has it carried out by the engine that has the
// call. It returns when that is committed. The error is a call.Refusal if nothing
// was done; with TooLate nobody answered in time, and the order is void from then on.
func (e *Engine) Order(ctx context.Context, o Order) (Ordered, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, orderLimit, call.TooLate)
	defer cancel()
	if o.ID == "" {
		o.ID = rand.Text()
	}
	done, err := e.order(ctx, o)
	wish, result := o.Wish, "done"
	var refusal call.Refusal
	switch {
	case errors.As(err, &refusal):
		result = string(refusal)
	case err != nil:
		result = "error"
	}
	if refusal == call.UnknownWish {
		wish = "unknown" // whatever a page sends is no label
	}
	e.metrics.orders.WithLabelValues(string(wish), result).Inc()
	return done, err
}

func (e *Engine) order(ctx context.Context, o Order) (Ordered, error) {
	switch o.Wish {
	case Force, Ready, Pause, WrapUpDone, WrapUpExtend:
		return e.orderAgent(ctx, o)
	}
	if o.Call == "" {
		a, _ := e.floor.Agent(o.Seat)
		o.Call = a.Call
	}
	if _, known := e.floor.Call(o.Call); !known {
		return Ordered{}, call.NoSuchCall
	}
	if err := e.writeDown(ctx, o); err != nil {
		return Ordered{}, err
	}
	return e.deliver(ctx, o)
}

// asked is the order as the call needs it, with the other agent as she is now.
func (e *Engine) asked(o Order) call.Order {
	about := o.Agent
	switch o.Wish {
	case call.Listen, call.Whisper, call.Barge, call.TakeOver, call.Leave:
		about = o.Seat
	}
	if o.Counsellor {
		o.Category = e.settings().Rules.CrisisCategory
	}
	a, _ := e.floor.Agent(about)
	return call.Order{
		ID: o.ID, Wish: o.Wish, By: o.Seat, Supervises: o.Supervises, Agent: a,
		RingFor: e.ringFor(o), Category: o.Category, Outside: e.outsideOf(o), Reason: o.Reason,
	}
}

// ringFor is how long the other phone may ring: as long as for any call of the
// category.
func (e *Engine) ringFor(o Order) time.Duration {
	if o.Wish == call.ToEmergency || o.Wish == call.ToStation {
		return outsideRing
	}
	c, _ := e.floor.Call(o.Call)
	for _, k := range e.settings().Policy.Categories {
		if k.Name == c.Category {
			return k.RingFor
		}
	}
	return usualRing
}

// usualRing is for calls that are no caller's: those have no category that rings.
const usualRing = 10 * time.Second

// outsideRing is for phones that are nobody's of ours.
const outsideRing = 40 * time.Second

// writeDown keeps what a supervisor is about to do: what cannot be written down is
// not done. What an agent does in her own call is history of the call, and not
// kept from her by a database.
func (e *Engine) writeDown(ctx context.Context, o Order) error {
	if !o.Supervises || e.audit == nil {
		return nil
	}
	detail := map[string]string{"order": o.ID}
	for name, value := range map[string]string{
		"seat": string(o.Seat), "agent": string(o.Agent), "category": o.Category, "station": o.Station,
		"status": string(o.Status), "reason": o.Reason,
	} {
		if value != "" {
			detail[name] = value
		}
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	subject := o.Call
	if o.Wish == Force {
		subject = string(o.Agent)
	}
	d := postgres.Deed{At: time.Now().UTC(), By: o.By, Action: "order-" + string(o.Wish), Subject: subject, Detail: string(text)}
	if err := e.audit.Audit(ctx, d); err != nil {
		e.log.Warn("order is not carried out: it could not be written into the audit", "wish", o.Wish, "error", err)
		return call.NotWritten
	}
	return nil
}

// orderAgent carries out an order about an agent and no call.
func (e *Engine) orderAgent(ctx context.Context, o Order) (Ordered, error) {
	id := o.Seat
	if o.Wish == Force {
		id = o.Agent
	}
	a, known := e.floor.Agent(id)
	if !known {
		return Ordered{}, call.UnknownAgent
	}
	ev, refusal := e.agentEvent(o, a)
	if refusal != "" {
		return Ordered{}, refusal
	}
	if err := e.writeDown(ctx, o); err != nil {
		return Ordered{}, err
	}
	_, verdict := e.tellAgent(ctx, id, ev)
	switch {
	case ctx.Err() != nil:
		return Ordered{}, call.TooLate
	case verdict == agent.Refused:
		return Ordered{}, call.NotNow
	}
	return Ordered{ID: o.ID}, nil
}

// agentEvent is what an order means for the agent.
func (e *Engine) agentEvent(o Order, a agent.Agent) (agent.Event, call.Refusal) {
	now := time.Now()
	switch o.Wish {
	case Ready:
		return agent.Ready{At: now}, ""
	case Pause:
		return agent.Paused{At: now, Reason: o.Reason}, ""
	case WrapUpDone:
		return agent.WrapUpDone{At: now}, ""
	case WrapUpExtend:
		return agent.WrapUpExtended{At: now, By: deskOf{e, a.Profile.ID}.extension(a, now)}, ""
	}
	switch {
	case !o.Supervises:
		return nil, call.NotAllowed
	case o.Status == agent.Available:
		return agent.Ready{At: now}, ""
	case o.Status == agent.LoggedOut:
		return agent.LoggedOff{At: now}, ""
	case o.Status == agent.NotReady && o.Reason == "":
		return agent.Paused{At: now, Reason: ReasonSupervisor}, ""
	case o.Status == agent.NotReady:
		return agent.Paused{At: now, Reason: o.Reason}, ""
	}
	return nil, call.UnknownWish
}
