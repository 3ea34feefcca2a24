package helpline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"powerline/agent"
	"powerline/queue"
	"powerline/test/phone"
)

// LogIn makes people dial the login code and their PIN, as they do at their
// seats, a few at a time. Nobody listens to the confirmation to its end.
func (h *Helpline) LogIn(ctx context.Context, people ...Person) error {
	all, dialling := errgroup.WithContext(ctx)
	all.SetLimit(h.Options.AtOnce)
	for _, p := range people {
		all.Go(func() error { return h.logIn(dialling, p) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return h.UntilAgents(ctx, "everybody has logged in", people, func(a agent.Agent) bool {
		return a.Routable()
	})
}

// SignIn is LogIn for one person who may be rung at once: it waits until she is
// available, whatever has come to her since.
func (h *Helpline) SignIn(ctx context.Context, p Person) error { return h.logIn(ctx, p) }

func (h *Helpline) logIn(ctx context.Context, p Person) error {
	call, err := h.Phone(p).Dial(ctx, "*11", phone.WithSound(phone.Silence()))
	if err != nil {
		return err
	}
	defer call.HangUp()
	if _, err := call.WaitAnswered(ctx); err != nil {
		return fmt.Errorf("%s dials the login code: %w", p.ID, err)
	}
	if err := call.SendDigits(ctx, p.PIN+"#"); err != nil {
		return err
	}
	return h.UntilAgents(ctx, string(p.ID)+" has logged in", []Person{p}, func(a agent.Agent) bool {
		return a.Status == agent.Available
	})
}

// Dial makes an agent dial a code and waits until it is over.
func (h *Helpline) Dial(ctx context.Context, p Person, code string) error {
	call, err := h.Phone(p).Dial(ctx, code, phone.WithSound(phone.Silence()))
	if err != nil {
		return err
	}
	_, err = call.WaitEnded(ctx)
	return err
}

// State is what the live store holds.
func (h *Helpline) State(ctx context.Context) (queue.State, error) {
	store, err := h.openStore(ctx)
	if err != nil {
		return queue.State{}, err
	}
	return store.Load(ctx)
}

// Live is the live store, for what only a process beside the engines does.
func (h *Helpline) Live(ctx context.Context) (*queue.Store, error) { return h.openStore(ctx) }

func (h *Helpline) openStore(ctx context.Context) (*queue.Store, error) {
	h.storeMu.Lock()
	defer h.storeMu.Unlock()
	if h.store != nil {
		return h.store, nil
	}
	store, err := queue.Open(ctx, queue.Options{Network: "tcp", Addr: h.Redis.Addr, Site: "wpl", Timeout: 2 * time.Second})
	if err == nil {
		h.store = store
	}
	return store, err
}

// UntilAgents waits until each of these people is as wanted.
func (h *Helpline) UntilAgents(ctx context.Context, what string, people []Person, ok func(agent.Agent) bool) error {
	wanted := map[agent.ID]bool{}
	for _, p := range people {
		wanted[p.ID] = true
	}
	var last []string
	err := Until(ctx, what, func() bool {
		state, err := h.State(ctx)
		if err != nil {
			return false
		}
		last = nil
		found := 0
		for _, a := range state.Agents {
			if !wanted[a.Profile.ID] {
				continue
			}
			found++
			if !ok(a) {
				last = append(last, fmt.Sprintf("%s %s/%s online=%v elsewhere=%v", a.Profile.ID, a.Status, a.State, a.Online, a.Elsewhere))
			}
		}
		return found == len(wanted) && len(last) == 0
	})
	if err != nil && len(last) > 0 {
		return fmt.Errorf("%w: %s", err, strings.Join(last, "; "))
	}
	return err
}
