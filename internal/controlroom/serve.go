package controlroom

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"powerline/agent"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/console/softphone"
	"powerline/internal/console/supervisor"
	"powerline/internal/dialer"
)

// Serve runs an acd until ctx ends, and its desks and consoles if the
// configuration names a listener for them. Each value of reload is the path of a
// configuration to take instead.
func Serve(ctx context.Context, c config.Config, reload <-chan string, log *slog.Logger) error {
	if !c.Console.On() {
		return acd.Serve(ctx, c, reload, log)
	}
	return acd.ServeWith(ctx, c, reload, log, func(o acd.Opened) (acd.Extended, error) {
		r := &room{opened: o, log: log, hub: console.NewHub()}
		var err error
		if r.provider, err = provider(c.Console.OIDC); err != nil {
			return acd.Extended{}, err
		}
		if err := r.listen(ctx); err != nil {
			return acd.Extended{}, err
		}
		return acd.Extended{Beside: r.run}, nil
	})
}

// room is what is beside the engine.
type room struct {
	opened   acd.Opened
	log      *slog.Logger
	hub      *console.Hub
	listener net.Listener
	watch    *supervisor.Watch
	provider *console.Provider // nil for local accounts only
}

func (r *room) listen(ctx context.Context) error {
	c := r.opened.Config.Console
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen.String())
	if err != nil {
		return fmt.Errorf("controlroom: listen on %s for desks and consoles: %w", c.Listen, err)
	}
	r.listener = listener
	if !c.TLS() {
		return nil
	}
	pair := &certificate{cert: c.CertFile, key: c.KeyFile}
	if _, err := pair.current(nil); err != nil {
		return errors.Join(fmt.Errorf("controlroom: console.certFile and console.keyFile: %w", err), listener.Close())
	}
	r.listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.current, NextProtos: []string{"h2", "http/1.1"}})
	return nil
}

// run serves until ctx ends.
func (r *room) run(ctx context.Context, e *acd.Engine) {
	handler, err := r.console(e)
	if err != nil {
		r.log.Error("desks and consoles are not served", "error", err)
		_ = r.listener.Close()
		return
	}
	changes, stop := e.Watch()
	defer stop()
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug), // handshakes that strangers broke off
	}
	var work sync.WaitGroup
	work.Go(func() { handler.Run(ctx) })
	work.Go(func() { r.watch.Run(ctx) })
	work.Go(func() { r.hub.Follow(ctx, changes) })
	work.Go(func() {
		if err := server.Serve(r.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			r.log.Error("desks and consoles are not served any more", "error", err)
		}
	})
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(end) != nil {
		_ = server.Close()
	}
	work.Wait()
}

// console is everything that browsers are served.
func (r *room) console(e *acd.Engine) (*console.Console, error) {
	c := r.opened.Config.Console
	return console.New(console.Options{
		Store: r.opened.DB, Hub: r.hub, Rooms: r.rooms(e), API: dialer.API(r.opened, e, r.log, console.Token),
		Busy: func(id agent.ID) bool { return busy(e, id) },
		Idle: c.Idle, Absolute: c.Absolute, Display: c.Display, TLS: c.TLS(), Provider: r.provider, Connect: softphone.Origins(r.opened.Config.Asterisk),
		Registry: r.opened.Registry, Log: r.log,
	})
}

// rooms are all pages but those that sign people in. They look at the engine when
// they are asked, not before.
func (r *room) rooms(e *acd.Engine) []console.Room {
	super, watch := supervisor.New(supervisor.Options{
		Hub: r.hub, Look: func() supervisor.Moment { return momentOf(e) }, Health: func() supervisor.Health { return r.health(e) },
		Config: e.Config, Store: r.opened.DB, Orders: orders{e}, Clock: func() time.Time { return r.opened.Config.Outbound.Clock.At(time.Now()) }, Log: r.log,
	})
	r.watch = watch
	return []console.Room{r.desk(e), softphone.Room(e), super}
}

// momentOf is the floor as the engine sees it now.
func momentOf(e *acd.Engine) supervisor.Moment {
	v := e.View()
	return supervisor.Moment{At: time.Now(), Policy: v.Policy, Calls: v.Calls, Agents: v.Agents}
}

func (r *room) health(e *acd.Engine) supervisor.Health {
	h := e.Health()
	return supervisor.Health{
		Ready: h.Ready, Store: h.Store, Asterisk: h.Asterisk, Database: r.opened.Records.Stats().Direct, InFallback: h.InFallback, TrunksDown: h.TrunksDown,
	}
}

// busy reports whether an agent has a call in hand, or what follows it.
func busy(e *acd.Engine, id agent.ID) bool {
	a, known := e.Agent(id)
	return known && a.State != agent.Idle && a.Status != agent.LoggedOut
}

// certificate is read again when its file has changed, so that a new one needs no
// restart.
type certificate struct {
	cert, key string

	mu   sync.Mutex
	read time.Time
	pair *tls.Certificate
}

func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.cert)
	if err == nil && c.pair != nil && info.ModTime().Equal(c.read) {
		return c.pair, nil
	}
	pair, bad := tls.LoadX509KeyPair(c.cert, c.key)
	if err = errors.Join(err, bad); err != nil {
		if c.pair != nil {
			return c.pair, nil // half written: the old one serves
		}
		return nil, err
	}
	c.pair, c.read = &pair, info.ModTime()
	return c.pair, nil
}
