package phone

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Host is one IP address with any number of phones behind one SIP socket.
type Host struct {
	Recorder // all events of all phones

	conn     *net.UDPConn
	address  netip.AddrPort
	server   netip.AddrPort
	log      Log
	exchange *exchange
	stop     context.CancelFunc
	running  sync.WaitGroup
	prefix   string // makes our tags, branches and Call-IDs differ from others'
	counter  atomic.Uint64

	mu       sync.Mutex
	closed   bool
	phones   map[string]*Phone
	stranger Policy
	anybody  bool
	calls    map[string]*Call // Call-ID and local tag
	asked    map[string]*clientTx
	served   map[string]*serverTx
}

// HostOption changes how a host is made.
type HostOption func(*hostOptions)

type hostOptions struct {
	port       uint16
	logLimit   int
	eventLimit int
}

// Port binds a certain SIP port. Without it the kernel chooses.
func Port(port uint16) HostOption { return func(o *hostOptions) { o.port = port } }

// Remember bounds the memory of hosts that run for hours: at least so many
// messages and events are kept, and at most twice as many. Without it a host
// keeps everything, as a test wants.
func Remember(messages, events int) HostOption {
	return func(o *hostOptions) { o.logLimit, o.eventLimit = messages, events }
}

// NewHost binds an address. The server is where its phones register and dial,
// such as "127.0.0.1:5060". The host closes when the context ends.
func NewHost(ctx context.Context, ip, server string, options ...HostOption) (*Host, error) {
	var o hostOptions
	for _, option := range options {
		option(&o)
	}
	local, err := netip.ParseAddr(ip)
	if err != nil {
		return nil, fmt.Errorf("parse address of phone host: %w", err)
	}
	remote, err := netip.ParseAddrPort(server)
	if err != nil {
		return nil, fmt.Errorf("parse SIP server %q, want ip:port: %w", server, err)
	}
	conn, err := openSIP(netip.AddrPortFrom(local, o.port))
	if err != nil {
		return nil, err
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails, by its documentation
	ctx, stop := context.WithCancel(ctx)
	h := &Host{
		conn: conn, address: conn.LocalAddr().(*net.UDPAddr).AddrPort(), server: remote,
		exchange: newExchange(local), stop: stop, prefix: hex.EncodeToString(random[:]),
		phones: make(map[string]*Phone), calls: make(map[string]*Call),
		asked: make(map[string]*clientTx), served: make(map[string]*serverTx),
	}
	h.log.limit, h.limit = o.logLimit, o.eventLimit
	h.running.Add(2)
	go func() { defer h.running.Done(); h.exchange.run(ctx) }()
	go func() { defer h.running.Done(); h.read() }()
	context.AfterFunc(ctx, h.shut)
	return h, nil
}

// Close stops the host at once and says goodbye to nobody. It returns when its
// goroutines have ended.
func (h *Host) Close() {
	h.stop()
	h.shut()
	h.running.Wait()
}

func (h *Host) shut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	for _, p := range h.phones {
		p.stopRefresh()
	}
	for _, c := range h.calls {
		c.stopTimers()
	}
	for _, t := range h.asked {
		t.timer.Stop()
	}
	for _, t := range h.served {
		t.timer.Stop()
	}
	h.exchange.closeAll()
	_ = h.conn.Close()
}

// Address of the host's SIP socket.
func (h *Host) Address() netip.AddrPort { return h.address }

// Log of all messages.
func (h *Host) Log() *Log { return &h.log }

// Phone returns the phone of this user, making it if it is new. Options apply
// in both cases.
func (h *Host) Phone(user string, options ...Option) *Phone {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.phone(user, options...)
}

func (h *Host) phone(user string, options ...Option) *Phone {
	p := h.phones[user]
	if p == nil {
		p = &Phone{host: h, user: user, sound: Silence(), decide: always(Ignore())}
		p.limit = h.limit
		h.phones[user] = p
	}
	for _, option := range options {
		option(p)
	}
	return p
}

// Phones of this host, in no order.
func (h *Host) Phones() []*Phone {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*Phone
	for _, p := range h.phones {
		all = append(all, p)
	}
	return all
}

// Everybody makes the host answer for numbers that it does not know, as the far
// end of a trunk does: a phone is made for each number when its INVITE comes.
// Without it such INVITEs get 404.
func (h *Host) Everybody(policy Policy) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.anybody, h.stranger = true, policy
}

// SendRaw sends any bytes to the server: malformed messages, floods.
func (h *Host) SendRaw(data []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errors.New("send raw message: the host is closed")
	}
	h.transmit(nil, h.server, string(data), "")
	return nil
}

// fresh makes a text that nobody else uses.
func (h *Host) fresh() string { return fmt.Sprintf("%s%x", h.prefix, h.counter.Add(1)) }

// transmit stamps, logs and sends. A vanished phone sends nothing.
func (h *Host) transmit(p *Phone, to netip.AddrPort, raw, note string) *Message {
	m := &Message{At: time.Now(), Sent: true, Peer: to, Raw: raw, Note: note}
	if p != nil {
		m.Phone = p.user
		if p.vanished {
			m.Note = noteDropped
		}
	}
	if m.Note != noteDropped && !h.closed {
		// An error here is a lost datagram: retransmission is the cure for both.
		_, _ = h.conn.WriteToUDPAddrPort([]byte(raw), to)
	}
	h.log.add(m)
	return m
}

// read takes datagrams until the socket is closed.
func (h *Host) read() {
	data, control := make([]byte, 65535), make([]byte, 128)
	for {
		n, c, _, from, err := h.conn.ReadMsgUDPAddrPort(data, control)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n <= 4 {
			continue // keep-alives; an ICMP error of an earlier write
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		m := &Message{At: arrival(control[:c]), Peer: from, Raw: string(data[:n])}
		h.handle(m)
	}
}

func (h *Host) handle(m *Message) {
	parsed, err := parse(m.Raw)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	if err != nil {
		m.Note = noteUnparsable
		h.log.add(m)
		return
	}
	switch parsed := parsed.(type) {
	case *sip.Request:
		h.handleRequest(m, parsed)
	case *sip.Response:
		h.handleResponse(m, parsed)
	}
}

// parse refuses what lacks the headers that every message must have, so that
// nothing behind it needs to ask.
func parse(raw string) (sip.Message, error) {
	parsed, err := sip.ParseMessage([]byte(raw))
	if err != nil {
		return nil, fmt.Errorf("parse SIP message: %w", err)
	}
	via := parsed.Via()
	if via == nil || parsed.From() == nil || parsed.To() == nil || parsed.CallID() == nil || parsed.CSeq() == nil {
		return nil, errors.New("parse SIP message: a mandatory header is missing")
	}
	return parsed, nil
}

// owner finds the phone that a request is for.
func (h *Host) owner(request *sip.Request) (*Phone, *Call) {
	if tag, ok := request.To().Params.Get("tag"); ok {
		if call := h.calls[callKey(request.CallID().Value(), tag)]; call != nil {
			return call.phone, call
		}
	}
	user := request.Recipient.User
	p := h.phones[user]
	if p == nil && h.anybody && request.Method == sip.INVITE && user != "" {
		p = h.phone(user)
		p.decide = always(h.stranger)
	}
	return p, nil
}

func callKey(callID, localTag string) string { return callID + " " + localTag }

func isInitial(request *sip.Request) bool {
	_, tagged := request.To().Params.Get("tag")
	return !tagged
}

// userOf takes the user out of a header such as `"Meena" <sip:a001@host>;tag=1`.
func userOf(header string) (display, user string) {
	var uri sip.Uri
	var params sip.HeaderParams
	display, err := sip.ParseAddressValue(header, &uri, &params)
	if err != nil {
		return "", ""
	}
	return strings.TrimSpace(display), uri.User
}
