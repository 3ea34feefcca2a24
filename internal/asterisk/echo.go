package asterisk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A living socket does not prove that events come through it. When a connection
// is lost and made anew within moments, Asterisk may clean up after the old one
// last and switch off the apps of the new one: the socket stays, answers pings,
// and is silent for ever. Nothing in ARI shows it. So each app is sent an event
// by ourselves every second, and one whose echo stays away is connected anew.

// echoName marks the events that we send to ourselves.
const echoName = "powerline-echo"

// echo is such an event as it comes back. It is never delivered.
type echo struct{ app, name string }

// echoes remembers when each app's latest echo came.
type echoes struct {
	mu   sync.Mutex
	last map[string]time.Time
	news chan struct{} // holds a token when one came
}

func newEchoes(o Options) echoes {
	return echoes{last: map[string]time.Time{o.App: {}, o.WatchApp: {}}, news: make(chan struct{}, 1)}
}

func (e *echoes) heard(ev echo) {
	if ev.name != echoName {
		return // somebody else's user event
	}
	e.mu.Lock()
	e.last[ev.app] = time.Now()
	e.mu.Unlock()
	select {
	case e.news <- struct{}{}:
	default:
	}
}

// missingSince names an app of which nothing was heard after the given time.
func (e *echoes) missingSince(since time.Time) (app string, missing bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for app, last := range e.last {
		if last.Before(since) {
			return app, true
		}
	}
	return "", false
}

// call sends an event to each app.
func (s *session) call(ctx context.Context) error {
	for _, app := range []string{s.client.opt.App, s.client.opt.WatchApp} {
		if err := s.client.command(ctx, request{
			op: "echo", method: http.MethodPost, path: []string{"events", "user", echoName},
			query: url.Values{"application": {app}}, repeatable: true,
		}); err != nil {
			return err
		}
	}
	return nil
}

// awaitEchoes proves that both apps of a new connection reach us.
func (s *session) awaitEchoes(ctx context.Context) error {
	began := time.Now()
	if err := s.call(ctx); err != nil {
		return err
	}
	limit := time.NewTimer(s.client.opt.QueryTimeout)
	defer limit.Stop()
	again := time.NewTicker(s.client.opt.QueryTimeout / 8)
	defer again.Stop()
	for {
		app, missing := s.echoes.missingSince(began)
		if !missing {
			return nil
		}
		select {
		case <-s.echoes.news:
		case <-again.C:
			if err := s.call(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit.C:
			return errDeaf(app)
		}
	}
}

// keepEchoing goes on proving it and ends the session when the proof fails.
func (s *session) keepEchoing(ctx context.Context) {
	tick := time.NewTicker(s.client.opt.EchoEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if app, missing := s.echoes.missingSince(now.Add(-s.client.opt.EchoLimit)); missing {
				s.cancel(errDeaf(app))
				return
			}
		}
		// A call that fails brings no echo, which is what counts.
		_ = s.call(ctx)
	}
}

func errDeaf(app string) error {
	return fmt.Errorf("events for %s do not reach this connection", app)
}
