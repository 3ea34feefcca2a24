package console

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"powerline/internal/postgres"
)

// pushed is one event of a stream.
type pushed struct{ name, data string }

// follow opens a stream and hands on its events but for the beats.
func (b *browser) follow(ctx context.Context, path string) <-chan pushed {
	b.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", b.s.server.URL+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	client := *b.client
	client.Timeout = 0
	got, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		b.t.Fatalf("stream: %d %s", got.StatusCode, got.Header.Get("Content-Type"))
	}
	out := make(chan pushed, 100)
	go func() {
		defer close(out)
		defer got.Body.Close()
		var p pushed
		for lines := bufio.NewScanner(got.Body); lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "event":
				p.name = value
			case "data":
				p.data = value
			case "":
				if p.name != "" && p.name != "beat" {
					out <- p
				}
				p = pushed{}
			}
		}
	}()
	return out
}

func next(t *testing.T, events <-chan pushed) pushed {
	t.Helper()
	select {
	case p := <-events:
		return p
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is pushed")
		return pushed{}
	}
}

// liveRoom streams two numbers.
func liveRoom(t *testing.T, one, two *atomic.Int64) Room {
	Permissions["test-live"] = signedIn
	t.Cleanup(func() { delete(Permissions, "test-live") })
	show := func(n *atomic.Int64) func(context.Context) (any, error) {
		return func(context.Context) (any, error) { return map[string]int64{"n": n.Load()}, nil }
	}
	return Room{Name: "test", Routes: []Route{{Name: "test-live", Method: "GET", Pattern: "/test/live", Live: true, Handle: func(r *Request) error {
		return r.Stream(View{"one", show(one)}, View{"two", show(two)})
	}}}}
}

func TestGivenAStream_WhenSomethingChanges_ThenAllComesFirstAndThenWhatChanged(t *testing.T) {
	var one, two atomic.Int64
	s := newSite(t, liveRoom(t, &one, &two))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := s.signIn(Agent)
	events := b.follow(ctx, "/test/live")
	if a, b := next(t, events), next(t, events); a != (pushed{"one", `{"n":0}`}) || b != (pushed{"two", `{"n":0}`}) {
		t.Fatalf("first come %v and %v", a, b)
	}
	s.hub.Changed() // something, but nothing of this page
	two.Store(5)
	s.hub.Changed()
	if p := next(t, events); p != (pushed{"two", `{"n":5}`}) {
		t.Fatalf("then comes %v", p)
	}
	if p := next(t, b.follow(ctx, "/test/live")); p != (pushed{"one", `{"n":0}`}) {
		t.Errorf("who comes again gets %v", p)
	}
	if s.hub.Open() != 2 {
		t.Errorf("%d streams are counted", s.hub.Open())
	}
	cancel()
	eventually(t, "streams end with their browsers", func() bool { return s.hub.Open() == 0 })
}

func TestGivenManyChanges_WhenAStreamLooks_ThenTheLastIsSeen(t *testing.T) {
	var one, two atomic.Int64
	s := newSite(t, liveRoom(t, &one, &two))
	events := s.signIn(Agent).follow(t.Context(), "/test/live")
	next(t, events)
	next(t, events)
	for range 2000 {
		one.Add(1)
		s.hub.Changed()
	}
	var seen struct{ N int64 }
	for pushes := 0; seen.N != 2000; pushes++ {
		if err := json.Unmarshal([]byte(next(t, events).data), &seen); err != nil {
			t.Fatal(err)
		}
		if pushes > 1000 {
			t.Fatal("each change is pushed by itself")
		}
	}
}

func TestGivenAStream_WhenHerSessionEnds_ThenItEnds(t *testing.T) {
	var one, two atomic.Int64
	s := newSite(t, liveRoom(t, &one, &two))
	events := s.signIn(Agent).follow(t.Context(), "/test/live")
	next(t, events)
	next(t, events)
	s.books.change(idOf(Agent), func(u *postgres.Account) { u.Locked = true })
	if p := next(t, events); p.name != "end" {
		t.Errorf("pushed %v", p)
	}
	if _, more := <-events; more {
		t.Error("it goes on")
	}
}

func TestGivenTooManyStreamsOfOne_WhenSheOpensAnother_ThenItIsRefused(t *testing.T) {
	var one, two atomic.Int64
	s := newSite(t, liveRoom(t, &one, &two))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b := s.signIn(Agent)
	for range streamsOfOne {
		b.follow(ctx, "/test/live")
	}
	if a := b.visit("/test/live"); a.status != http.StatusTooManyRequests {
		t.Errorf("%d", a.status)
	}
	s.signIn(Officer).follow(ctx, "/test/live") // others are not hindered
}

func TestGivenASharedValue_WhenManyAskForIt_ThenItIsMadeOnceForEachChange(t *testing.T) {
	hub, made := NewHub(), 0
	value := Once(hub, func() int { made++; return made })
	for want := range 3 {
		for range 2 {
			if got := value(); got != want+1 {
				t.Errorf("value %d after %d changes", got, want)
			}
		}
		hub.Changed()
	}
}
