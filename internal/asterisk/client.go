package asterisk

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Client is this process's one connection to Asterisk: events out, commands in.
type Client struct {
	opt      Options
	log      *slog.Logger
	rest     *restClient
	ami      *amiConn
	events   chan Event
	backlog  *backlog
	counts   counts
	replaced atomic.Bool

	mu        sync.Mutex
	connected bool
	lastError error
	renew     context.CancelCauseFunc // ends the session in hand; nil between two
}

type counts struct {
	connects, received, delivered, skipped, unknown, malformed, late, echoes atomic.Uint64
}

// New prepares a Client; nothing is sent before Run or a command.
func New(o Options) *Client {
	o = o.withDefaults()
	c := &Client{
		opt: o, log: o.Logger.With("app", o.App),
		rest: newRESTClient(o), ami: newAMIConn(o), events: make(chan Event),
	}
	c.backlog = newBacklog(o.BacklogAlarm, func(length int) {
		c.log.Warn("events wait to be handled; the acd is slower than Asterisk", "waiting", length)
	})
	return c
}

// Events delivers what happens, in Asterisk's order. It is closed when Run has
// returned. A slow reader loses nothing and holds nothing up.
func (c *Client) Events() <-chan Event { return c.events }

// Run keeps the connection until the context ends (nil) or another process
// takes this app's name (ErrReplaced, after Replaced has been delivered). Events
// that wait at that moment are void and are dropped. Call it once.
func (c *Client) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer close(c.events)
	defer c.rest.close()
	defer c.ami.close()

	var pumping sync.WaitGroup
	pumpCtx, stopPump := context.WithCancel(ctx)
	defer stopPump()
	pumping.Go(func() { c.pump(pumpCtx) })

	err := c.keepConnected(ctx)
	stopPump()
	pumping.Wait()
	if errors.Is(err, ErrReplaced) {
		c.log.Error("another process took this app's name; this one stops acting")
		c.backlog.takeAll()
		select {
		case c.events <- Replaced{Stamp: Stamp{Received: time.Now()}, App: c.opt.App}:
		case <-ctx.Done():
		}
		return ErrReplaced
	}
	return nil
}

// pump carries events from the backlog to the reader of Events.
func (c *Client) pump(ctx context.Context) {
	for {
		ev, some := c.backlog.pop()
		if !some {
			select {
			case <-c.backlog.filled:
				continue
			case <-ctx.Done():
				return
			}
		}
		select {
		case c.events <- ev:
			c.counts.delivered.Add(1)
		case <-ctx.Done():
			return
		}
	}
}

// keepConnected runs one session after the other until the context ends or the
// name is taken.
func (c *Client) keepConnected(ctx context.Context) error {
	var past history
	retry := c.opt.RetryMin
	told := ""
	for {
		err := c.runOne(ctx, &past)
		wasConnected := c.setConnected(false, err)
		switch {
		case errors.Is(err, ErrReplaced):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if wasConnected {
			retry, told = c.opt.RetryMin, ""
		}
		if err.Error() != told {
			told = err.Error()
			c.log.Error("no events from Asterisk; trying again", "reason", told, "lost", wasConnected)
			c.backlog.push(Disconnected{Received: time.Now(), Err: err})
		}
		select {
		case <-time.After(retry/2 + rand.N(retry/2+1)):
		case <-ctx.Done():
			return ctx.Err()
		}
		retry = min(2*retry, c.opt.RetryMax)
	}
}

// runOne runs one session, which Renew may end.
func (c *Client) runOne(ctx context.Context, past *history) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.setRenew(cancel)
	defer c.setRenew(nil)
	err := c.runSession(ctx, past)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (c *Client) setRenew(cancel context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renew = cancel
}

// Renew gives up the connection for a new one, so that Disconnected and
// Connected with a fresh snapshot follow behind all events that were read so far.
func (c *Client) Renew(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.renew != nil {
		c.renew(why)
	}
}

func (c *Client) setConnected(now bool, err error) (before bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before = c.connected
	c.connected, c.lastError = now, err
	return before
}

// Stats are the figures of the event side since New.
type Stats struct {
	Connected   bool
	Connects    uint64 // successful ones
	Backlog     int    // events read and not yet delivered
	BacklogPeak int
	Received    uint64 // frames
	Delivered   uint64 // events
	Skipped     uint64 // known types that nobody needs
	Unknown     uint64 // types that we do not know
	Malformed   uint64 // frames that could not be decoded
	Late        uint64 // events of a channel that came after its Destroyed
	Echoes      uint64 // frames by which this connection proves itself
	LastError   error  // of the latest lost or failed connection, nil while connected
}

// Stats reads the figures now.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	s := Stats{Connected: c.connected, LastError: c.lastError}
	c.mu.Unlock()
	s.Backlog, s.BacklogPeak = c.backlog.length()
	s.Connects = c.counts.connects.Load()
	s.Received = c.counts.received.Load()
	s.Delivered = c.counts.delivered.Load()
	s.Skipped = c.counts.skipped.Load()
	s.Unknown = c.counts.unknown.Load()
	s.Malformed = c.counts.malformed.Load()
	s.Echoes = c.counts.echoes.Load()
	s.Late = c.counts.late.Load()
	return s
}
