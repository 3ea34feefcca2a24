package desk_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// wire is the network between a browser and the engine. When it is cut, nothing
// comes through and nobody is told: as when a cable is pulled.
type wire struct {
	listener net.Listener
	to       string

	mu   sync.Mutex
	open chan struct{} // closed while the wire is whole
	all  map[net.Conn]bool
}

// wireTo lays a wire to an address such as http://127.0.0.1:21006.
func wireTo(t *testing.T, address string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: strings.TrimPrefix(address, "http://"), open: make(chan struct{}), all: map[net.Conn]bool{}}
	close(w.open)
	var working sync.WaitGroup
	working.Go(w.serve)
	t.Cleanup(func() {
		listener.Close()
		w.mend()
		w.mu.Lock()
		for c := range w.all {
			c.Close()
		}
		w.mu.Unlock()
		working.Wait()
	})
	return w
}

func (w *wire) address() string { return "http://" + w.listener.Addr().String() }

func (w *wire) serve() {
	var pumping sync.WaitGroup
	defer pumping.Wait()
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.hold(near)
		pumping.Go(func() { w.carry(near) })
	}
}

func (w *wire) hold(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[c] = true
}

// carry takes bytes both ways until one end closes.
func (w *wire) carry(near net.Conn) {
	defer near.Close()
	w.whole()
	far, err := new(net.Dialer).DialContext(context.Background(), "tcp", w.to)
	if err != nil {
		return // as the engine that is not there would have answered
	}
	defer far.Close()
	w.hold(far)
	var both sync.WaitGroup
	both.Go(func() { w.pump(far, near) })
	both.Go(func() { w.pump(near, far) })
	both.Wait()
}

func (w *wire) pump(to, from net.Conn) {
	defer to.Close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		w.whole()
		if n > 0 {
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				from.Close()
			}
			return
		}
	}
}

// whole waits until the wire is.
func (w *wire) whole() {
	w.mu.Lock()
	open := w.open
	w.mu.Unlock()
	<-open
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = make(chan struct{})
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.open:
	default:
		close(w.open)
	}
}
