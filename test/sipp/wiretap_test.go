package sipp_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"powerline/internal/config"
)

// wiretap stands between an engine and Asterisk. It hands everything on, keeps
// what the engine asks for, and can put frames of its own among the events.
type wiretap struct {
	listener net.Listener
	server   string // Asterisk's host:port

	mu     sync.Mutex
	events net.Conn // towards the engine, once the websocket is open
	whole  bool     // the last frame ended a message: another may follow
	held   [][]byte // to be put in at the next such place
	said   hearsay  // what the engine asked of Asterisk
}

// hearsay keeps all that is written to it.
type hearsay struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (h *hearsay) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, p...)
	return len(p), nil
}

// length is the place after the last byte; since returns what came after one.
func (h *hearsay) length() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.text)
}

func (h *hearsay) since(place int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.text[place:])
}

// tapWire begins to listen. Use its change in helpline.Options.
func tapWire(t *testing.T) *wiretap {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wiretap{listener: listener, whole: true}
	t.Cleanup(func() { listener.Close() })
	return w
}

// between points a configuration at the tap.
func (w *wiretap) between(c *config.Config) {
	real, err := url.Parse(c.Asterisk.ARI.URL)
	if err != nil {
		panic(err) // the helpline's own address
	}
	if w.server == "" {
		w.server = real.Host
		go w.accept()
	}
	real.Host = w.listener.Addr().String()
	c.Asterisk.ARI.URL = real.String()
}

func (w *wiretap) accept() {
	for {
		engine, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.carry(engine)
	}
}

// carry serves one connection of the engine.
func (w *wiretap) carry(engine net.Conn) {
	defer engine.Close()
	asterisk, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer asterisk.Close()
	request := bufio.NewReader(engine)
	head, _ := request.Peek(len("GET /ari/events"))
	go func() {
		_, _ = io.Copy(asterisk, io.TeeReader(request, &w.said)) // ends with either side
		asterisk.Close()
	}()
	if string(head) != "GET /ari/events" {
		_, _ = io.Copy(engine, asterisk)
		return
	}
	w.carryEvents(engine, bufio.NewReader(asterisk))
}

// carryEvents hands on the answer to the handshake and then frame by frame.
func (w *wiretap) carryEvents(engine net.Conn, from *bufio.Reader) {
	for {
		line, err := from.ReadBytes('\n')
		if err != nil {
			return
		}
		if _, err := engine.Write(line); err != nil {
			return
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	w.mu.Lock()
	w.events = engine
	w.mu.Unlock()
	for {
		frame, payload, err := readFrame(from)
		if err != nil {
			return
		}
		if w.handOn(engine, frame, payload) != nil {
			return
		}
	}
}

// readFrame reads one frame of a server, which never masks.
func readFrame(from *bufio.Reader) (frame, payload []byte, err error) {
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, nil, err
	}
	size := uint64(head[1])
	switch more := 0; {
	case head[1]&0x80 != 0:
		return nil, nil, errors.New("the server masks")
	case size == 126 || size == 127:
		more = map[uint64]int{126: 2, 127: 8}[size]
		head = head[:2+more]
		if _, err := io.ReadFull(from, head[2:]); err != nil {
			return nil, nil, err
		}
		wide := make([]byte, 8)
		copy(wide[8-more:], head[2:])
		size = binary.BigEndian.Uint64(wide)
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(from, payload)
	return head, payload, err
}

func (w *wiretap) handOn(engine net.Conn, head, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := engine.Write(append(head, payload...)); err != nil {
		return err
	}
	if control := head[0]&0x08 != 0; !control {
		w.whole = head[0]&0x80 != 0
	}
	if w.whole {
		for _, frame := range w.held {
			if _, err := engine.Write(frame); err != nil {
				return err
			}
		}
		w.held = nil
	}
	return nil
}

// inject puts a message among Asterisk's.
func (w *wiretap) inject(text string) {
	frame := []byte{0x81}
	switch n := len(text); {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	frame = append(frame, text...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.events == nil || !w.whole {
		w.held = append(w.held, frame)
		return
	}
	_, _ = w.events.Write(frame) // a connection that is gone shows in the test
}
