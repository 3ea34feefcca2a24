package phone

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Message is one SIP message as it crossed the socket. It never changes, so any
// goroutine may read it.
type Message struct {
	At    time.Time // received: the kernel's stamp; sent: just before the write
	Sent  bool
	Peer  netip.AddrPort
	Phone string // user of the phone concerned, empty if of none
	Note  string // "dropped", "again", "unparsable"; empty for the ordinary
	Raw   string
}

// StartLine of the message.
func (m *Message) StartLine() string {
	line, _, _ := strings.Cut(m.Raw, "\r\n")
	return line
}

// Status code, 0 for a request.
func (m *Message) Status() int {
	rest, ok := strings.CutPrefix(m.StartLine(), "SIP/2.0 ")
	if !ok || len(rest) < 3 {
		return 0
	}
	code, _ := strconv.Atoi(rest[:3])
	return code
}

// Method of a request, or of the request that a response answers.
func (m *Message) Method() string {
	if m.Status() == 0 {
		method, _, _ := strings.Cut(m.StartLine(), " ")
		return method
	}
	_, method, _ := strings.Cut(m.Header("CSeq"), " ")
	return strings.TrimSpace(method)
}

// Header returns the first value of the header, or the empty string.
func (m *Message) Header(name string) string {
	if values := m.Headers(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

var compactNames = map[string]string{
	"call-id": "i", "from": "f", "to": "t", "via": "v", "contact": "m",
	"content-length": "l", "content-type": "c", "refer-to": "r",
}

// Headers returns every value of the header, one per line of the message.
func (m *Message) Headers(name string) []string {
	head, _, _ := strings.Cut(m.Raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	compact := compactNames[strings.ToLower(name)]
	var values []string
	for _, line := range lines[1:] {
		key, value, ok := strings.Cut(line, ":")
		key = strings.TrimSpace(key)
		if ok && (strings.EqualFold(key, name) || compact != "" && strings.EqualFold(key, compact)) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Body of the message.
func (m *Message) Body() string {
	_, body, _ := strings.Cut(m.Raw, "\r\n\r\n")
	return body
}

// Log keeps every message of a host, up to a limit.
type Log struct{ journal[*Message] }

// Messages in the order in which they crossed the socket.
func (l *Log) Messages() []*Message {
	messages, _, _ := l.since(0)
	return messages
}

// WaitFor returns the first message that the test accepts, past or to come.
func (l *Log) WaitFor(ctx context.Context, accept func(*Message) bool) (*Message, error) {
	message, err := l.wait(ctx, 0, accept)
	if err != nil {
		return nil, fmt.Errorf("no such message: %w; log:\n%s", err, l.Ladder())
	}
	return message, nil
}

// Find returns the messages that the test accepts.
func (l *Log) Find(accept func(*Message) bool) []*Message {
	var found []*Message
	for _, m := range l.Messages() {
		if accept(m) {
			found = append(found, m)
		}
	}
	return found
}

// Containing returns the messages that hold a text: the search for canaries.
func (l *Log) Containing(text string) []*Message {
	return l.Find(func(m *Message) bool { return strings.Contains(m.Raw, text) })
}

// Again counts the retransmissions, sent and received.
func (l *Log) Again() int {
	return len(l.Find(func(m *Message) bool { return m.Note == noteAgain }))
}

// Notes of messages that took another way than the ordinary.
const (
	noteAgain      = "again"
	noteDropped    = "dropped"
	noteUnparsable = "unparsable"
)

// Ladder draws messages as a text ladder, times in milliseconds from the first.
// Without arguments it draws everything; else what contains one of the texts,
// such as a Call-ID or a user.
func (l *Log) Ladder(texts ...string) string {
	var b strings.Builder
	var start time.Time
	for _, m := range l.Messages() {
		if !containsAny(m.Raw, texts) {
			continue
		}
		if start.IsZero() {
			start = m.At
		}
		arrow := "<──"
		if m.Sent {
			arrow = "──>"
		}
		elapsed := float64(m.At.Sub(start).Microseconds()) / 1000
		fmt.Fprintf(&b, "%10.1f  %-12s %s %-21s %s", elapsed, m.Phone, arrow, m.Peer, m.StartLine())
		if m.Status() != 0 {
			fmt.Fprintf(&b, " (%s)", m.Header("CSeq"))
		}
		if m.Note != "" {
			fmt.Fprintf(&b, " [%s]", m.Note)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func containsAny(raw string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(raw, text) {
			return true
		}
	}
	return len(texts) == 0
}
