package asterisk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeARI is as much of Asterisk's ARI as faults need: it accepts one password,
// keeps the latest websocket, answers the snapshot's queries, and lets a test
// answer everything else.
type fakeARI struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	socket   *websocket.Conn
	accepted chan struct{} // one token per websocket
	mute     bool          // a websocket reads nothing, hence sends no pong
	deafTo   string        // no echo of the apps whose names contain this
	started  string
	channels string
	requests []string
	answer   func(w http.ResponseWriter, r *http.Request) bool // true: answered
	dials    int
}

const fakePassword = "right"

func newFakeARI(t *testing.T) *fakeARI {
	f := &fakeARI{t: t, accepted: make(chan struct{}, 100), deafTo: "-", started: "2026-11-23T10:00:00.000+0000", channels: "[]"}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			f.mu.Lock()
			f.dials++
			f.mu.Unlock()
		}
	}
	f.server.Start()
	t.Cleanup(func() {
		f.drop()
		f.server.Close()
	})
	return f
}

func (f *fakeARI) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.RequestURI)
	answer, started, channels := f.answer, f.started, f.channels
	f.mu.Unlock()
	if _, password, _ := r.BasicAuth(); password != fakePassword {
		http.Error(w, `{"error":"Authentication required"}`, http.StatusUnauthorized)
		return
	}
	if answer != nil && answer(w, r) {
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/ari"); {
	case path == "/events":
		f.accept(w, r)
	case path == "/asterisk/info":
		fmt.Fprintf(w, `{"system":{"version":"22.10.1"},"status":{"startup_time":%q}}`, started)
	case path == "/channels":
		io.WriteString(w, channels)
	case r.Method == http.MethodGet:
		io.WriteString(w, "[]")
	case strings.HasPrefix(path, "/events/user/"):
		f.echo(r.URL.Query().Get("application"), strings.TrimPrefix(path, "/events/user/"))
		w.WriteHeader(http.StatusNoContent)
	default:
		io.WriteString(w, "{}")
	}
}

func (f *fakeARI) echo(app, name string) {
	f.mu.Lock()
	deaf := f.deafTo != "-" && strings.Contains(app, f.deafTo)
	conn := f.socket
	f.mu.Unlock()
	if !deaf && conn != nil { // nil for a moment after the handshake
		_ = conn.Write(context.Background(), websocket.MessageText, []byte(fmt.Sprintf(
			`{"type":"ChannelUserevent","timestamp":"2026-11-23T11:40:37.266+0000","application":%q,"eventname":%q,"userevent":{}}`, app, name)))
	}
}

func (f *fakeARI) accept(w http.ResponseWriter, r *http.Request) {
	f.set(func() { f.socket = nil })
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.socket = conn
	mute := f.mute
	f.mu.Unlock()
	ctx := context.Background()
	if !mute {
		ctx = conn.CloseRead(ctx) // reading is what answers pings
	}
	f.accepted <- struct{}{}
	if !mute {
		<-ctx.Done()
	}
}

func (f *fakeARI) drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.socket != nil {
		f.socket.CloseNow()
	}
}

func (f *fakeARI) send(frames ...string) {
	f.mu.Lock()
	conn := f.socket
	f.mu.Unlock()
	for _, frame := range frames {
		if err := conn.Write(f.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
			f.t.Errorf("the fake cannot send: %v", err)
			return
		}
	}
}

func (f *fakeARI) seen(substring string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.requests {
		if strings.Contains(r, substring) {
			n++
		}
	}
	return n
}

func (f *fakeARI) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// options are those of a test: quick where production is patient.
func (f *fakeARI) options() Options {
	return Options{
		BaseURL: f.server.URL, User: "acd", Password: fakePassword, App: "acd-a",
		Logger:    slog.New(slog.DiscardHandler),
		EchoEvery: 20 * time.Millisecond, PingEvery: 20 * time.Millisecond, SilenceLimit: 5 * time.Second, RetryMax: 50 * time.Millisecond,
	}
}

// received is how many frames came but for echoes.
func received(c *Client) uint64 { s := c.Stats(); return s.Received - s.Echoes }

// running starts a Client and ends it with the test.
func running(t *testing.T, o Options) *Client {
	c := New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return c
}

// next waits for the next event of type E and refuses any other before it.
func next[E Event](t *testing.T, c *Client) E {
	t.Helper()
	select {
	case ev, open := <-c.Events():
		want, right := ev.(E)
		if !open || !right {
			t.Fatalf("got %T %+v, want %T", ev, ev, want)
		}
		return want
	case <-time.After(30 * time.Second):
		var want E
		t.Fatalf("no %T came", want)
		return want
	}
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("never came true: %s", what)
		case <-tick.C:
		}
	}
}

// frameOf writes an event about a channel as ARI does.
func frameOf(kind, channel string, extra map[string]any) string {
	fields := map[string]any{
		"type": kind, "timestamp": "2026-11-23T11:40:37.266+0000", "application": "acd-a",
		"channel": map[string]any{
			"id": channel, "name": "PJSIP/trunk-00000001", "state": "Up", "protocol_id": "x@y",
			"caller":       map[string]any{"name": "", "number": "9876543210"},
			"dialplan":     map[string]any{"context": "from-trunk", "exten": "1090", "priority": 6, "app_name": "StasisBroadcast", "app_data": "500,^acd,inbound:1090:a b"},
			"creationtime": "2026-11-23T11:40:37.265+0000", "language": "en",
		},
	}
	for k, v := range extra {
		fields[k] = v
	}
	frame, _ := json.Marshal(fields)
	return string(frame)
}
