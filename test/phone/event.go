package phone

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// EventKind names what happened, in words that a test can print.
type EventKind string

// What can happen to a phone. Sent and received are told apart in the name
// wherever both exist.
const (
	Registered     EventKind = "registered"
	Unregistered   EventKind = "unregistered"
	RegisterFailed EventKind = "register failed" // Status says why; 0: no answer

	Invited     EventKind = "invited" // INVITE received
	Dialled     EventKind = "dialled" // INVITE sent
	RingingSent EventKind = "ringing sent"
	Progress    EventKind = "progress" // any provisional response received, see Status
	Answered    EventKind = "answered" // 200 to the INVITE sent or received
	Acked       EventKind = "acked"    // ACK received or sent
	Rejected    EventKind = "rejected" // final failure sent or received, see Status
	Cancelled   EventKind = "cancelled"
	CancelSent  EventKind = "cancel sent"
	ByeReceived EventKind = "bye received"
	ByeSent     EventKind = "bye sent"
	ReInvited   EventKind = "re-invited"
	Referred    EventKind = "referred" // the answer to our REFER, see Status
	Notified    EventKind = "notified" // a NOTIFY in a call, see Detail
	Ended       EventKind = "ended"    // exactly once per call, whatever the way

	Digit      EventKind = "digit" // RFC 4733 received, see Detail
	DigitsSent EventKind = "digits sent"
	HeardSound EventKind = "heard" // the sound of a window differs from the one before

	Qualified EventKind = "qualified" // OPTIONS answered
)

// Event is one thing that happened at one time. The time of a message is the
// time at which it crossed the socket.
type Event struct {
	At      time.Time
	Kind    EventKind
	Phone   *Phone
	Call    *Call // nil for what does not belong to a call
	Status  int
	Detail  string
	Message *Message // nil where no message caused it
}

// String is one line for a failing test.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.At.Format("15:04:05.000000"), e.Kind)
	if e.Phone != nil {
		fmt.Fprintf(&b, " %s", e.Phone.user)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " %d", e.Status)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, " %s", e.Detail)
	}
	return b.String()
}

// Recorder keeps events in order and lets anybody wait for one. The zero
// Recorder is ready and keeps everything.
type Recorder struct{ journal[Event] }

// Events so far (those still kept, where a limit is set).
func (r *Recorder) Events() []Event {
	events, _, _ := r.since(0)
	return events
}

// Since returns the events after a mark, and the next mark. Start with 0.
func (r *Recorder) Since(mark int) ([]Event, int) {
	events, next, _ := r.since(mark)
	return events, next
}

// Mark is the place after the last event.
func (r *Recorder) Mark() int { return r.end() }

// Count of events that the test accepts.
func (r *Recorder) Count(accept func(Event) bool) int {
	n := 0
	for _, e := range r.Events() {
		if accept(e) {
			n++
		}
	}
	return n
}

// First event of a kind.
func (r *Recorder) First(kind EventKind) (Event, bool) {
	for _, e := range r.Events() {
		if e.Kind == kind {
			return e, true
		}
	}
	return Event{}, false
}

// Wait returns the first event of one of the kinds, past or to come.
func (r *Recorder) Wait(ctx context.Context, kinds ...EventKind) (Event, error) {
	event, err := r.WaitFor(ctx, func(e Event) bool {
		for _, kind := range kinds {
			if e.Kind == kind {
				return true
			}
		}
		return false
	})
	if err != nil {
		return event, fmt.Errorf("wait for %v: %w", kinds, err)
	}
	return event, nil
}

// WaitFor returns the first event that the test accepts, past or to come.
func (r *Recorder) WaitFor(ctx context.Context, accept func(Event) bool) (Event, error) {
	return r.WaitAfter(ctx, 0, accept)
}

// WaitAfter is WaitFor over the events after a mark only.
func (r *Recorder) WaitAfter(ctx context.Context, mark int, accept func(Event) bool) (Event, error) {
	event, err := r.wait(ctx, mark, accept)
	if err != nil {
		return event, fmt.Errorf("no such event: %w; recorded:%s", err, r.tail())
	}
	return event, nil
}

func (r *Recorder) tail() string {
	const lines = 15
	events := r.Events()
	var b strings.Builder
	for _, e := range events[max(0, len(events)-lines):] {
		b.WriteString("\n\t" + e.String())
	}
	if b.Len() == 0 {
		return " nothing"
	}
	return b.String()
}
