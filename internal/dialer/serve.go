package dialer

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/acd"
	"powerline/internal/api"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/number"
)

// Serve runs a dialer until ctx ends: an engine that takes no callers and makes
// calls, the API, and the webhooks. Each value of reload is the path of a
// configuration to take instead.
func Serve(ctx context.Context, c config.Config, reload <-chan string, log *slog.Logger) error {
	if c.Outbound.Trunk == "" {
		return fmt.Errorf("dialer: outbound.trunk is empty: name the trunk that calls go out by")
	}
	return acd.ServeWith(ctx, c, reload, log, func(o acd.Opened) (acd.Extended, error) {
		s := &service{opened: o, log: log, metrics: NewMetrics(o.Registry)}
		s.dialer = New(Deps{Store: o.DB, Settings: s.settings, Metrics: s.metrics, Log: log, Now: s.now, Ago: s.ago})
		hooks, err := s.deliverer()
		if err != nil {
			return acd.Extended{}, err
		}
		return acd.Extended{
			Outbound: s.dialer, Deaf: true,
			Handler: func(e *acd.Engine) http.Handler { return s.handler(e, nil, s.metrics.request) },
			Beside: func(ctx context.Context, e *acd.Engine) {
				s.engine.Store(e)
				var work sync.WaitGroup
				work.Go(func() { s.dialer.Run(ctx, e) })
				work.Go(func() { hooks.Run(ctx) })
				work.Wait()
			},
		}, nil
	})
}

// service is what a dialer process consists of beside its engine.
type service struct {
	opened  acd.Opened
	log     *slog.Logger
	metrics *Metrics
	dialer  *Dialer
	engine  atomic.Pointer[acd.Engine] // nil before it runs
}

// settings are those in force: the engine takes in a new configuration.
func (s *service) settings() config.Outbound {
	if e := s.engine.Load(); e != nil {
		return e.Config().Outbound
	}
	return s.opened.Config.Outbound
}

func (s *service) now() time.Time { return s.ago(0) }

// ago is what the ladder's clock said so much real time ago.
func (s *service) ago(since time.Duration) time.Time {
	return s.opened.Config.Outbound.Clock.At(time.Now().Add(-since))
}

// API is the dialer's API over another engine, for those whom who names: an acd
// serves it to its desks and consoles.
func API(o acd.Opened, e *acd.Engine, log *slog.Logger, who func(*http.Request) (postgres.Token, bool)) http.Handler {
	s := &service{opened: o, log: log}
	s.engine.Store(e)
	return s.handler(e, who, nil)
}

func (s *service) handler(e *acd.Engine, who func(*http.Request) (postgres.Token, bool), observe func(string, int, time.Duration)) http.Handler {
	c := s.opened.Config
	var categories []string
	for _, k := range c.Categories {
		categories = append(categories, k.Name)
	}
	return api.New(api.Options{
		Store: coding{s.opened.DB, e}, Rules: func() cases.Rules { return s.settings().Ladder }, Floor: seats{e},
		Listening: s.listening(),
		Recorder:  recorder{e}, PauseReasons: c.Recordings.PauseReasons, PauseAtMost: c.Recordings.PauseAtMost,
		Fingerprint: func(n number.Number) string { return n.Fingerprint(s.opened.FingerprintKey) },
		Categories:  categories, Languages: c.Prompts.Languages, Log: s.log, Clock: s.now,
		Who: who, Observe: observe,
	})
}

// deliverer tells the receivers that the configuration names. Without any the
// outbox waits, and its figures say so.
func (s *service) deliverer() (*api.Deliverer, error) {
	var hooks []api.Hook
	for i, h := range s.opened.Config.Outbound.Webhooks {
		secret, err := config.Key(h.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("dialer: outbound.webhooks[%d].secretFile: %w", i, err)
		}
		one := api.Hook{Name: h.Name, URL: h.URL, Secret: secret, Topics: h.Topics, Districts: h.Districts}
		for _, ear := range h.Ears {
			one.Ears = append(one.Ears, cases.Ear(ear))
		}
		hooks = append(hooks, one)
	}
	return api.NewDeliverer(api.DeliverOptions{
		Outbox: s.opened.DB, Source: s.opened.DB, Hooks: hooks, Log: s.log, Clock: s.now, Observe: s.metrics.delivery,
	})
}

// coding is the store of the API: an outcome that reaches the books ends the
// wrap-up of her who coded it.
type coding struct {
	*postgres.DB
	engine *acd.Engine
}

// RecordOutcome stores the outcome and frees the agent.
func (c coding) RecordOutcome(ctx context.Context, rules cases.Rules, r postgres.Report) (postgres.Step, error) {
	step, err := c.DB.RecordOutcome(ctx, rules, r)
	if err == nil && r.Attempt != "" && (step.Verdict == cases.Applied || step.Verdict == cases.Ignored) {
		c.engine.Coded(ctx, r.Attempt, r.By)
	}
	return step, err
}

// CallerNumber is the number of a call that goes on, which the engine knows, or of
// one that is over.
func (c coding) CallerNumber(ctx context.Context, callID string, by agent.ID) (number.Number, error) {
	if n, known := c.engine.CallerNumber(ctx, callID, by); known {
		return n, nil
	}
	return c.DB.CallerNumber(ctx, callID, by)
}

// seats is the floor as the API asks about it.
type seats struct{ engine *acd.Engine }

// Free implements api.Floor.
func (s seats) Free() (free []agent.Profile) {
	for _, a := range s.engine.View().Agents {
		if a.Routable() {
			free = append(free, a.Profile)
		}
	}
	return free
}

// Calling implements api.Floor.
func (s seats) Calling(fingerprint string) bool {
	return floorOf{s.engine.View()}.calling()[fingerprint]
}

// InHand implements api.Floor. A call that is being written up is gone from the
// floor; the agent still names it.
func (s seats) InHand(id agent.ID) (task cases.TaskID, attempt string) {
	view := s.engine.View()
	for _, c := range view.Calls {
		if c.Kind == call.Outbound && c.Offer.Agent == id {
			if c.Stage == call.Offered {
				return cases.TaskID(c.Task), ""
			}
			return cases.TaskID(c.Task), c.ID
		}
	}
	for _, a := range view.Agents {
		if a.Profile.ID == id && a.State == agent.WrapUp && call.IsAttempt(a.Call) {
			return "", a.Call
		}
	}
	return "", ""
}
