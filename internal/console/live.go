package console

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// pace is the least time between two looks of a stream at its views, so that a
	// hundred changes in a second cost no hundred looks.
	pace = 40 * time.Millisecond
	// beatEvery is how often a stream shows that it lives.
	beatEvery = time.Second
	// checkEvery is how often a stream asks whether its session still is.
	checkEvery = 5 * time.Second
	// writeWithin is how long one push may take: who does not read is cut off, and
	// gets all of it again when she is back.
	writeWithin = 5 * time.Second
	// retryAfter is how soon a browser that lost its stream asks for it again.
	retryAfter = 700 * time.Millisecond
	// mostStreams of one person, and of all.
	streamsOfOne, mostStreams = 12, 2000
)

// View is one part of what a page shows.
type View struct {
	Name string
	// Show gives it as it is now, for JSON. It is called again and again: it looks
	// at memory, not at the network. An error leaves out this view this time.
	Show func(ctx context.Context) (any, error)
}

// Hub tells open streams that something has changed. It knows not what: each
// stream looks at its own views, and pushes those that differ.
type Hub struct {
	mu         sync.Mutex
	generation uint64
	wake       chan struct{} // closed at the next change
	streams    map[string]int
	open       int
}

// NewHub is a hub without streams.
func NewHub() *Hub { return &Hub{wake: make(chan struct{}), streams: map[string]int{}} }

// Changed says that something has.
func (h *Hub) Changed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.generation++
	close(h.wake)
	h.wake = make(chan struct{})
}

// Follow calls Changed for each signal until ctx ends.
func (h *Hub) Follow(ctx context.Context, changes <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes:
			h.Changed()
		}
	}
}

// next is closed when something changes after this moment.
func (h *Hub) next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wake
}

func (h *Hub) enter(user string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open >= mostStreams || h.streams[user] >= streamsOfOne {
		return false
	}
	h.open++
	h.streams[user]++
	return true
}

func (h *Hub) leave(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if h.streams[user]--; h.streams[user] <= 0 {
		delete(h.streams, user)
	}
}

// Open is how many streams there are.
func (h *Hub) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// Once makes a value at most once for each change, for all streams together.
// Who gets it must not change it.
func Once[T any](h *Hub, make func() T) func() T {
	var mu sync.Mutex
	var value T
	var of uint64
	var made bool
	return func() T {
		h.mu.Lock()
		now := h.generation
		h.mu.Unlock()
		mu.Lock()
		defer mu.Unlock()
		if !made || of != now {
			value, of, made = make(), now, true
		}
		return value
	}
}

// Stream pushes views until the browser goes, the session ends or the server
// stops: all of them at once, then each when it has changed. Each push is an
// event of the view's name with the JSON of the whole view; an event "beat" with
// the server's time comes every second, and "end" when the session is over.
func (r *Request) Stream(views ...View) error {
	hub := r.console.Hub
	if !hub.enter(r.User.ID) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	defer hub.leave(r.User.ID)
	s := &stream{r: r, connection: http.NewResponseController(r.Writer), views: views, last: make([][]byte, len(views))}
	h := r.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	r.Writer.WriteHeader(http.StatusOK)
	s.run(r.console.stopped)
	return nil
}

type stream struct {
	r          *Request
	connection *http.ResponseController
	views      []View
	last       [][]byte
	out        bytes.Buffer
}

func (s *stream) run(stopped <-chan struct{}) {
	beat, check := time.NewTicker(beatEvery), time.NewTicker(checkEvery)
	defer beat.Stop()
	defer check.Stop()
	fmt.Fprintf(&s.out, "retry: %d\n\n", retryAfter.Milliseconds())
	s.beat(time.Now())
	for ctx := s.r.Context(); ; {
		changed := s.r.console.Hub.next() // before the look: what comes during it is not missed
		s.look(ctx)
		if !s.send() {
			return
		}
		looked := time.NewTimer(pace)
		select {
		case <-ctx.Done():
			looked.Stop()
			return
		case <-stopped:
			looked.Stop()
			return
		case <-looked.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-stopped:
			return
		case <-changed:
		case now := <-beat.C:
			s.beat(now)
		case <-check.C:
			if !s.r.console.still(s.r) {
				s.event("end", []byte(`{}`))
				s.send()
				return
			}
		}
	}
}

// look adds to what is sent next every view that is not what was sent last.
func (s *stream) look(ctx context.Context) {
	for i, v := range s.views {
		value, err := v.Show(ctx)
		if err == nil {
			var text []byte
			if text, err = json.Marshal(value); err == nil && !bytes.Equal(text, s.last[i]) {
				s.event(v.Name, text)
				s.last[i] = text
			}
		}
		if err != nil && ctx.Err() == nil {
			s.r.console.Log.Warn("a view could not be shown; it is shown at the next change", "route", s.r.route.Name, "view", v.Name, "error", err)
		}
	}
}

func (s *stream) beat(now time.Time) {
	s.event("beat", []byte(`{"at":"`+now.UTC().Format(time.RFC3339Nano)+`"}`))
}

func (s *stream) event(name string, data []byte) {
	fmt.Fprintf(&s.out, "event: %s\ndata: %s\n\n", name, data)
}

func (s *stream) send() bool {
	if s.out.Len() == 0 {
		return true
	}
	_ = s.connection.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err := s.r.Writer.Write(s.out.Bytes())
	s.out.Reset()
	return err == nil && s.connection.Flush() == nil
}
