package asterisk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// wire carries requests to Asterisk over connections that it keeps. net/http's own
// transport hands each request through three goroutines; a call is ten requests,
// and to wake those was a tenth of what an engine used. Here whoever asks writes
// and reads. The form of what is written and read is net/http's.
type wire struct {
	address string        // host:port
	slots   chan struct{} // as many as there may be connections

	mu     sync.Mutex
	idle   []*wireConn // the one used last stands last
	closed bool
}

// wireConn is one connection, used by one request at a time.
type wireConn struct {
	net.Conn
	in    *bufio.Reader
	out   *bufio.Writer
	since time.Time // when it was last used
}

// newWire caps the connections, since Asterisk counts idle ones against its
// session limit and answers those beyond it with nothing at all.
func newWire(address string, atMost int) *wire {
	return &wire{address: address, slots: make(chan struct{}, atMost)}
}

// answer is what came back.
type answer struct {
	status int
	body   []byte
	last   bool // the connection is of no use any more
}

// do sends a request and reads its whole answer. The context must have a limit. One
// that may be sent twice is, if a connection that was kept turns out to be closed.
func (w *wire) do(ctx context.Context, req *http.Request, again bool) (answer, error) {
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	for {
		conn, kept, err := w.conn(ctx)
		if err != nil {
			return answer{}, err
		}
		a, silent, err := conn.exchange(ctx, req)
		if err == nil {
			w.keep(conn, !a.last)
			return a, nil
		}
		_ = conn.Close()
		switch {
		case ctx.Err() != nil:
			return answer{}, ctx.Err()
		case !again || !kept || !silent:
			return answer{}, err
		case req.GetBody != nil:
			req.Body, _ = req.GetBody() // of bytes in memory: no error
		}
	}
}

// conn is a connection that was kept, or a new one.
func (w *wire) conn(ctx context.Context) (c *wireConn, kept bool, err error) {
	for c := w.take(); c != nil; c = w.take() {
		if time.Since(c.since) < idleLimit && c.open() {
			return c, true, nil
		}
		_ = c.Close()
	}
	dialer := net.Dialer{Timeout: dialLimit}
	conn, err := dialer.DialContext(ctx, "tcp", w.address)
	if err != nil {
		return nil, false, err
	}
	return &wireConn{Conn: conn, in: bufio.NewReader(conn), out: bufio.NewWriter(conn)}, false, nil
}

func (w *wire) take() *wireConn {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.idle)
	if n == 0 {
		return nil
	}
	c := w.idle[n-1]
	w.idle[n-1] = nil
	w.idle = w.idle[:n-1]
	return c
}

// maxIdle is how many connections are kept.
const maxIdle = 32

// keep keeps a connection for the next request, if it is of use. Those that nobody
// has needed for long stand first, and end when others are kept.
func (w *wire) keep(c *wireConn, useful bool) {
	c.since = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !useful || w.closed || len(w.idle) == maxIdle {
		_ = c.Close()
		return
	}
	w.idle = append(w.idle, c)
	if oldest := w.idle[0]; time.Since(oldest.since) > idleLimit {
		_ = oldest.Close()
		w.idle = append(w.idle[:0], w.idle[1:]...)
	}
}

// close ends the connections that are kept, and those in use after their answers.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, c := range w.idle {
		_ = c.Close()
	}
	w.idle = nil
}

// open reports whether the other side has not closed a connection that was idle,
// nor said anything unasked: Asterisk was started anew, or closed what idled.
func (c *wireConn) open() bool {
	raw, err := c.Conn.(syscall.Conn).SyscallConn()
	if err != nil || c.in.Buffered() > 0 {
		return false
	}
	nothing := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, err := syscall.Read(int(fd), b[:])
		nothing = errors.Is(err, syscall.EAGAIN)
		return true // do not wait for more
	})
	return err == nil && nothing
}

// exchange sends a request and reads its answer, until the context ends. silent: not
// a byte of an answer came.
func (c *wireConn) exchange(ctx context.Context, req *http.Request) (a answer, silent bool, err error) {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	a, silent, err = c.speak(req)
	a.last = !stop() || a.last // cut a moment too late to hurt this one
	return a, silent, err
}

func (c *wireConn) speak(req *http.Request) (a answer, silent bool, err error) {
	if err := req.Write(c.out); err != nil {
		return answer{}, true, err
	}
	if err := c.out.Flush(); err != nil {
		return answer{}, true, err
	}
	if _, err := c.in.Peek(1); err != nil {
		return answer{}, true, err
	}
	resp, err := http.ReadResponse(c.in, req)
	if err != nil {
		return answer{}, false, err
	}
	defer resp.Body.Close()
	// Reading to the end is what lets the connection be used again.
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	return answer{resp.StatusCode, body, resp.Close || len(body) == answerLimit}, false, err
}
