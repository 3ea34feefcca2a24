package asterisk

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// history is what one session leaves to the next.
type history struct {
	started   time.Time // Asterisk's process of the last connection
	lastHeard time.Time // the end of the last connection, zero before the first
}

// session is one websocket from its dial to its loss.
type session struct {
	client *Client
	conn   *websocket.Conn
	cancel context.CancelCauseFunc
	alarm  *time.Timer // fires when Asterisk has been silent for too long
	echoes echoes
	ended  recent // channels whose Destroyed has passed; the reader's own

	mu        sync.Mutex
	lastHeard time.Time
	open      bool    // Connected has been pushed
	held      []Event // read before that
}

// frameLimit is far above the largest event, an endpoint with thousands of
// channels, and keeps a broken peer from filling the memory with one frame.
const frameLimit = 16 << 20

// runSession dials, makes Asterisk send what we need, takes the snapshot, and
// then lets events flow until the socket is lost. It always returns an error.
func (c *Client) runSession(ctx context.Context, past *history) error {
	// A websocket that is asked for while Asterisk hangs is opened when it
	// wakes, by when we have given it up, and takes our name from the one that
	// we use then. So ask for one only from an Asterisk that answers.
	if err := c.Ping(ctx); err != nil {
		return err
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &session{client: c, conn: conn, cancel: cancel, lastHeard: time.Now(), echoes: newEchoes(c.opt)}
	s.alarm = time.AfterFunc(c.opt.SilenceLimit, func() {
		cancel(fmt.Errorf("asterisk has been silent for %v: it hangs or the connection is dead", c.opt.SilenceLimit))
	})
	defer s.alarm.Stop()

	var working sync.WaitGroup
	working.Go(func() { s.read(ctx) })
	working.Go(func() { s.ping(ctx) })
	if err := s.begin(ctx, past); err != nil {
		cancel(err)
	} else {
		working.Go(func() { s.keepEchoing(ctx) })
	}
	<-ctx.Done()
	conn.CloseNow()
	working.Wait()
	if s.open {
		past.lastHeard = s.lastHeard
	}
	return context.Cause(ctx)
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opt.QueryTimeout)
	defer cancel()
	transport := newTransport(1)
	defer transport.CloseIdleConnections()
	header := http.Header{}
	header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.opt.User+":"+c.opt.Password)))
	target := c.rest.base + "/events?" + queryString(url.Values{"app": {c.opt.App, c.opt.WatchApp}})
	conn, resp, err := websocket.Dial(ctx, target, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header,
	})
	switch {
	case err == nil:
		conn.SetReadLimit(frameLimit)
		return conn, nil
	case resp != nil && resp.StatusCode == http.StatusUnauthorized:
		return nil, ErrUnauthorised
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		return nil, fmt.Errorf("asterisk refuses the websocket with %s: is res_ari loaded", resp.Status)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return nil, fmt.Errorf("asterisk cannot be reached: %w", err)
}

// begin brings the new connection to the point where events flow.
func (s *session) begin(ctx context.Context, past *history) error {
	if err := s.client.subscribe(ctx); err != nil {
		return err
	}
	if err := s.awaitEchoes(ctx); err != nil {
		return err
	}
	snapshot, err := s.client.Snapshot(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	connected := Connected{
		Received: now, Snapshot: snapshot,
		Restarted: !past.started.IsZero() && !past.started.Equal(snapshot.Started),
	}
	if !past.lastHeard.IsZero() {
		connected.Gap = now.Sub(past.lastHeard)
	}
	past.started = snapshot.Started
	s.client.setConnected(true, nil)
	s.client.counts.connects.Add(1)
	s.client.log.Info("connected to Asterisk", "version", snapshot.Version, "channels", len(snapshot.Channels),
		"restarted", connected.Restarted, "gap", connected.Gap)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client.backlog.push(append([]Event{connected}, s.held...)...)
	s.open, s.held = true, nil
	return nil
}

// read takes frames off the socket until it ends. Nothing here waits for
// anybody but the socket: Asterisk closes it on a reader that is slow.
func (s *session) read(ctx context.Context) {
	for {
		_, data, err := s.conn.Read(ctx)
		if err != nil {
			s.cancel(fmt.Errorf("asterisk closed the connection: %w", err))
			return
		}
		now := time.Now()
		s.heard(now)
		s.client.counts.received.Add(1)
		ev := s.client.sort(data, now)
		if ev == nil {
			continue
		}
		switch ev := ev.(type) {
		case Replaced:
			s.client.replaced.Store(true)
			s.cancel(ErrReplaced)
			return
		case echo:
			s.client.counts.echoes.Add(1)
			s.echoes.heard(ev)
			continue
		}
		if s.isLate(ev) {
			s.client.counts.late.Add(1)
			continue
		}
		s.deliver(ev)
	}
}

// sort decodes a frame and counts what is not for delivery.
func (c *Client) sort(data []byte, now time.Time) Event {
	ev, v, err := decode(data, now)
	switch v {
	case skipped:
		c.counts.skipped.Add(1)
	case unknown:
		c.counts.unknown.Add(1)
	case malformed:
		// The frame itself stays out of the log: it may hold a number.
		if n := c.counts.malformed.Add(1); n < 10 || n%100 == 0 {
			c.log.Warn("skipped a malformed event", "reason", err, "bytes", len(data), "so_far", n)
		}
	}
	return ev
}

func (s *session) deliver(ev Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		s.held = append(s.held, ev)
		return
	}
	s.client.backlog.push(ev)
}

// isLate finds events of a channel whose Destroyed has been delivered: the two
// apps of one socket have no common order.
func (s *session) isLate(ev Event) bool {
	id, last := channelOf(ev)
	if id == "" {
		return false
	}
	if s.ended.holds(id) {
		return true
	}
	if last {
		s.ended.add(id)
	}
	return false
}

func (s *session) heard(now time.Time) {
	s.alarm.Reset(s.client.opt.SilenceLimit)
	s.mu.Lock()
	s.lastHeard = now
	s.mu.Unlock()
}

// ping makes a living Asterisk say something. Whether it did is judged by the
// silence alarm, which events satisfy as well.
func (s *session) ping(ctx context.Context) {
	tick := time.NewTicker(s.client.opt.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.conn.Ping(ctx) == nil {
			s.heard(time.Now())
		}
	}
}

// recent remembers the latest ids given to it.
type recent struct {
	known map[string]struct{}
	ring  []string
	next  int
}

const recentSize = 4096 // more channels than end within any reordering

func (r *recent) holds(id string) bool {
	_, yes := r.known[id]
	return yes
}

func (r *recent) add(id string) {
	if r.known == nil {
		r.known = make(map[string]struct{}, recentSize)
		r.ring = make([]string, recentSize)
	}
	delete(r.known, r.ring[r.next])
	r.ring[r.next] = id
	r.known[id] = struct{}{}
	r.next = (r.next + 1) % recentSize
}
