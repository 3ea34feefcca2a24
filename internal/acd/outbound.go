package acd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/internal/floor"
	"powerline/number"
	"powerline/routing"
)

// Outbound says whom to call. An engine without one makes no calls; it can
// still take over those of a dialer that died.
type Outbound interface {
	// Destination is asked when the agent's leg is up, immediately before the other
	// phone is rung: the last moment at which a window, a hold, or a call from
	// that very number can forbid it. A *Refusal says which rule does.
	Destination(ctx context.Context, attempt string) (Destination, error)
}

// Destination is where an attempt goes.
type Destination struct {
	Number number.Number
	// Trunk names the endpoint of Asterisk that reaches it.
	Trunk string
	// Shown is the number of ours that the other phone displays.
	Shown string
}

// Refusal says that an attempt may not be dialled now.
type Refusal struct{ Rule string }

// Error names the rule.
func (r *Refusal) Error() string { return "acd: not to be dialled now: " + r.Rule }

// Placement is one attempt with the agent who shall speak.
type Placement struct {
	Attempt string // by call.AttemptID; its row is written already
	Task    string
	Work    string // the kind of task, which is the call's category
	Line    string // the number of ours that is shown
	// Language, Pool and DialFor are those of the task.
	Language string
	Pool     agent.Pool
	DialFor  time.Duration
	Agent    agent.ID
	RingFor  time.Duration
}

// View is the floor as a dialer sees it.
type View struct {
	// Ready: the facts were read, the store answers, and this process runs in time.
	Ready  bool
	Agents []agent.Agent
	Calls  []call.Call
	// Policy says who could take which caller.
	Policy *routing.Policy
	// InFallback is how many callers waited in the dialplan's own queue when Asterisk
	// was looked at last, two seconds ago at most: no call of the floor is theirs.
	InFallback int
}

// View is the floor at this moment: copies, the caller's to keep.
func (e *Engine) View() View {
	return View{
		Ready: e.healthy() && e.complete(), Agents: e.floor.Agents(), Calls: e.floor.Calls(),
		Policy: e.settings().Policy, InFallback: int(e.leftWaiting.Load()),
	}
}

// Watch is signalled when the floor has changed; several changes may share one
// signal. Stop ends it.
func (e *Engine) Watch() (changed <-chan struct{}, stop func()) { return e.floor.Watch() }

// Agent is one agent as the floor has her; false when nobody has the id.
func (e *Engine) Agent(id agent.ID) (agent.Agent, bool) { return e.floor.Agent(id) }

// Config is the configuration in force.
func (e *Engine) Config() config.Config { return e.settings().Config }

// Waits is a caller who has no agent, as routing sees her, and false for every
// other call.
func Waits(c call.Call) (routing.Call, bool) {
	if c.Stage != call.Waiting || c.Kind == call.Outbound {
		return routing.Call{}, false
	}
	return floor.Waiting(c), true
}

// Place begins an outbound call. It returns at once; the call's record tells
// what became of it. An error means that nothing was begun.
func (e *Engine) Place(p Placement) error {
	a, known := e.floor.Agent(p.Agent)
	switch {
	case !call.IsAttempt(p.Attempt):
		return fmt.Errorf("acd: place %s: not an id of an attempt", p.Attempt)
	case !known:
		return fmt.Errorf("acd: place %s: agent %s is not known", p.Attempt, p.Agent)
	case !e.healthy() || !e.complete():
		return fmt.Errorf("acd: place %s: this engine is not ready", p.Attempt)
	}
	m, fresh := e.open(call.Call{ID: p.Attempt})
	if !fresh {
		return fmt.Errorf("acd: place %s: it was placed before", p.Attempt)
	}
	e.floor.Remember(p.Attempt)
	now := time.Now()
	m.in.put(call.Placed{
		At: now, Task: p.Task, Work: p.Work, Line: p.Line, Language: p.Language, Pool: p.Pool, DialFor: p.DialFor,
	})
	m.in.put(call.Matched{At: now, Agent: a.Profile, RingFor: p.RingFor})
	m.in.put(call.Unmatched{At: now})
	return nil
}

// TakeBack ends an attempt that has reached nobody yet.
func (e *Engine) TakeBack(attempt, why string) {
	if m, ok := e.box(attempt); ok && call.IsAttempt(attempt) {
		m.in.put(call.TakenBack{At: time.Now(), Why: why})
	}
}

// dialLimit bounds what happens between the agent's answer and the INVITE: she
// hears nothing meanwhile.
const dialLimit = 3 * time.Second

// dial brings the agent into the bridge, then makes the other leg, puts it there
// too, and rings it.
func (m *mailbox) dial(cmd call.Dial) {
	ctx, cancel := context.WithTimeout(m.ctx, dialLimit)
	defer cancel()
	err := m.dialOut(ctx, cmd)
	switch refusal := (*Refusal)(nil); {
	case err == nil:
		m.in.put(call.Dialling{At: time.Now()})
		return
	case m.ctx.Err() != nil:
		return
	case errors.As(err, &refusal):
		m.in.put(call.Missed{At: time.Now(), Failure: call.Failure{Cause: refusal.Rule}})
		return
	}
	m.e.log.Warn("attempt could not be dialled", "call", m.id, "error", err)
	m.in.put(call.Missed{At: time.Now(), Failure: call.Failure{Cause: "network"}})
}

func (m *mailbox) dialOut(ctx context.Context, cmd call.Dial) error {
	if m.e.outbound == nil {
		return &Refusal{"no-dialer"}
	}
	if err := m.e.ari.CreateBridge(ctx, cmd.Bridge); err != nil {
		return err
	}
	if err := m.e.ari.AddToBridge(ctx, cmd.Bridge, cmd.Leg); err != nil {
		return err
	}
	l := m.e.lineOf(m.id)
	to, err := m.e.outbound.Destination(ctx, m.id)
	if err != nil {
		return err
	}
	leg := asterisk.Leg{
		ID: m.id, Endpoint: "PJSIP/" + to.Number.Dial() + "@" + to.Trunk, Args: []string{argLeg, m.id}, Variables: asterisk.ShownNumber(to.Shown),
	}
	if err := m.e.ari.Create(ctx, leg); err != nil {
		return fmt.Errorf("acd: make the leg of an attempt: %w", err)
	}
	select {
	case <-l.entered:
	case <-ctx.Done():
		return fmt.Errorf("acd: the leg of an attempt did not come: %w", context.Cause(ctx))
	}
	if err := m.e.ari.AddToBridge(ctx, cmd.Bridge, m.id); err != nil {
		return err
	}
	if time.Since(m.sure) > lease {
		return &Refusal{"late"} // this process stood still: the call may be a peer's by now
	}
	return m.e.ari.Dial(ctx, m.id, m.c.DialFor+ringMargin)
}

// dialled follows a phone that we ring. While it rings and the network is
// silent, the agent hears a ringing tone.
func (e *Engine) dialled(ev asterisk.Dialled) {
	m, ok := e.box(ev.Channel.ID)
	if callID, isLeg := floor.CallOfLeg(ev.Channel.ID); isLeg && !call.IsAgentLeg(ev.Channel.ID) {
		e.dialledOutside(callID, ev)
		return
	}
	if !ok || !call.IsAttempt(ev.Channel.ID) {
		return
	}
	now := time.Now()
	switch ev.Status {
	case asterisk.DialRinging:
		m.in.put(call.Progressed{At: now, Rings: true})
		m.in.put(tone{true})
	case asterisk.DialProgress:
		m.in.put(call.Progressed{At: now})
		m.in.put(tone{false})
	case asterisk.DialAnswered:
		m.in.put(call.Reached{At: now})
		m.in.put(tone{false})
	}
}

// tone asks for the ringing tone to begin or to end.
type tone struct{ on bool }

// ringing is the tone that an agent hears while the other phone rings. Orders
// may overtake each other on their way to Asterisk, and a tone that is never
// ended would sound into a conversation; so each order carries out what is wanted
// by then.
type ringing struct {
	mu      sync.Mutex
	sounds  bool // as far as Asterisk was told
	wanted  atomic.Bool
	unknown atomic.Bool // an engine before this one may have begun it
}

// setTone lets the agent hear that it rings. It is played to the bridge: the
// other side has not answered, and hears it as little as she would.
func (m *mailbox) setTone(on bool) {
	on = on && (m.c.Ringing() || m.c.RingsOutside())
	if m.inherits {
		m.ringing.unknown.Store(true)
	}
	if m.ringing.wanted.Swap(on) == on && !m.ringing.unknown.Load() {
		return
	}
	bridge := m.c.Bridge()
	go m.applyTone(bridge)
}

func (m *mailbox) applyTone(bridge string) {
	r := &m.ringing
	r.mu.Lock()
	defer r.mu.Unlock()
	on := r.wanted.Load()
	if on == r.sounds && !r.unknown.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(m.ctx, 2*time.Second)
	defer cancel()
	id := playbackName(m.id, 0)
	var err error
	if on {
		err = m.e.ari.PlayOnBridge(ctx, bridge, asterisk.Prompt{ID: id, Media: []string{"tone:ring;tonezone=in"}})
	} else {
		err = m.e.ari.StopPlayback(ctx, id)
	}
	r.sounds = on
	r.unknown.Store(false)
	if err != nil && m.ctx.Err() == nil {
		m.e.log.Info("ringing tone could not be set", "call", m.id, "on", on, "error", err)
	}
}

// whyMissed reads how the leg of whom we called has ended. The network's own
// words are kept beside ours.
func whyMissed(ev asterisk.Destroyed) call.Failure {
	return call.Failure{Cause: missedCause(ev.TechCause, ev.Cause), SIP: ev.TechCause, Q850: ev.Cause}
}

// missedCause tells a SIP status and a Q.850 cause apart into what to do next.
// A gateway that maps a cause to a status loses detail, so the cause goes first
// where it is one of those that name the person's phone.
func missedCause(sip, q850 int) string {
	switch q850 {
	case 18, 20, 31: // no user responding, subscriber absent, normal unspecified
		return "off"
	case 1, 22, 28: // unallocated, changed, invalid format
		return "invalid"
	case 17:
		return "busy"
	case 21:
		return "rejected"
	}
	switch {
	case sip == 486 || sip == 600:
		return "busy"
	case sip == 603 || sip == 403 || sip == 607 || sip == 608:
		return "rejected"
	case sip == 404 || sip == 410 || sip == 484 || sip == 604:
		return "invalid"
	case sip == 480 || sip == 408:
		return "off"
	case q850 == 19 && sip == 0 || sip == 487:
		return "no-answer"
	}
	return "network"
}
