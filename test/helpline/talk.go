package helpline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/stack"
	"powerline/queue"
	"powerline/test/phone"
)

// Partner waits until a caller talks with an agent, and returns the agent's
// call. The pairing is read from the live store; the sound is for the test to
// judge.
func (h *Helpline) Partner(ctx context.Context, caller *phone.Call) (*phone.Call, error) {
	var partner *phone.Call
	err := Until(ctx, "caller talks with an agent", func() bool {
		partner = h.partnerNow(ctx, caller)
		return partner != nil
	})
	return partner, err
}

func (h *Helpline) partnerNow(ctx context.Context, caller *phone.Call) *phone.Call {
	state, err := h.State(ctx)
	if err != nil {
		return nil
	}
	for _, c := range state.Calls {
		if c.Stage != call.Talking || c.Caller != h.Fingerprint(caller) {
			continue
		}
		for _, live := range h.Agents.Phone(string(c.Offer.Agent)).Live() {
			return live
		}
	}
	return nil
}

// Call of a caller as the live store has it; false if there is none.
func (h *Helpline) Call(ctx context.Context, caller *phone.Call) (call.Call, bool) {
	state, err := h.State(ctx)
	if err != nil {
		return call.Call{}, false
	}
	return h.CallIn(state, caller)
}

// CallIn finds a caller's call in a state that was read already. A redial has a
// call of its own; the one that is over may still stand beside it.
func (h *Helpline) CallIn(state queue.State, caller *phone.Call) (found call.Call, ok bool) {
	for _, c := range state.Calls {
		if c.Caller == h.Fingerprint(caller) && (!ok || found.Stage == call.Ended) {
			found, ok = c, true
		}
	}
	return found, ok
}

// Offers are the calls that agents' phones got for one call, oldest first.
func (h *Helpline) Offers(id string) []*phone.Call {
	var all []*phone.Call
	for _, p := range h.Agents.Phones() {
		for _, c := range p.Calls() {
			if c.Incoming() && c.Invite().Header("X-Powerline-Call") == id {
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b *phone.Call) int { return a.When(phone.Invited).Compare(b.When(phone.Invited)) })
	return all
}

// Agent as the live store has her.
func (h *Helpline) Agent(ctx context.Context, id agent.ID) (agent.Agent, error) {
	state, err := h.State(ctx)
	if err != nil {
		return agent.Agent{}, err
	}
	for _, a := range state.Agents {
		if a.Profile.ID == id {
			return a, nil
		}
	}
	return agent.Agent{}, fmt.Errorf("helpline: the store does not know agent %s", id)
}

// KeepLogs copies what was printed to the artefacts, before Close removes it.
func (h *Helpline) KeepLogs(logf func(string, ...any), name string) {
	root, err := stack.Root()
	if err != nil || h.Stack == nil {
		return
	}
	to := filepath.Join(filepath.Dir(root), "artefacts", name)
	if dir := os.Getenv("ARTEFACTS"); dir != "" {
		to = filepath.Join(dir, name)
	}
	if err := h.CopyLogs(to); err != nil {
		logf("logs could not be kept: %v", err)
		return
	}
	logf("logs are in %s", to)
}
