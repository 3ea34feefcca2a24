package phone

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// The timers of RFC 3261 for UDP.
const (
	t1       = 500 * time.Millisecond
	t2       = 4 * time.Second
	lifetime = 64 * t1
)

// outgoing is a request of ours before it has a branch.
type outgoing struct {
	method, uri string
	from, to    string // with tags
	callID      string
	sequence    uint32
	headers     []string // whole lines
	contentType string
	body        string
	destination netip.AddrPort
}

func (o *outgoing) render(via netip.AddrPort, branch string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\n", o.method, o.uri, via, branch)
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", o.from, o.to, o.callID, o.sequence, o.method)
	for _, line := range o.headers {
		b.WriteString(line + "\r\n")
	}
	if o.body != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", o.contentType)
	}
	fmt.Fprintf(&b, "User-Agent: powerline-test-phone\r\nContent-Length: %d\r\n\r\n%s", len(o.body), o.body)
	return b.String()
}

// clientTx is a request of ours that waits for its answer.
type clientTx struct {
	host     *Host
	phone    *Phone
	request  outgoing
	branch   string
	raw      string
	sent     *Message
	timer    *time.Timer
	interval time.Duration
	deadline time.Time
	settled  bool // a final response has come
	quiet    bool // a provisional response to an INVITE ended the repeating
	// answer is called under the host's lock for each response that is not
	// absorbed here; with nil for none within the lifetime.
	answer func(*Message, *sip.Response)
}

// ask sends a request and repeats it until it is answered.
func (h *Host) ask(p *Phone, request outgoing, answer func(*Message, *sip.Response)) *clientTx {
	t := &clientTx{host: h, phone: p, request: request, branch: "z9hG4bK" + h.fresh(), answer: answer}
	h.start(t)
	return t
}

func (h *Host) start(t *clientTx) {
	t.raw = t.request.render(h.address, t.branch)
	t.sent = h.transmit(t.phone, t.request.destination, t.raw, "")
	t.interval, t.deadline = t1, time.Now().Add(lifetime)
	h.asked[t.branch+t.request.method] = t
	t.timer = time.AfterFunc(t.interval, t.tick)
}

// tick repeats the request, or ends the transaction.
func (t *clientTx) tick() {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	switch {
	case t.host.closed:
	case t.settled || !time.Now().Before(t.deadline) && !t.quiet:
		delete(t.host.asked, t.branch+t.request.method)
		if !t.settled {
			t.answer(nil, nil)
		}
	case !t.quiet:
		t.host.transmit(t.phone, t.request.destination, t.raw, noteAgain)
		if t.interval *= 2; t.request.method != "INVITE" {
			t.interval = min(t.interval, t2)
		}
		t.timer.Reset(min(t.interval, time.Until(t.deadline)))
	}
}

func (h *Host) handleResponse(m *Message, response *sip.Response) {
	branch, _ := response.Via().Params.Get("branch")
	t := h.asked[branch+string(response.CSeq().MethodName)]
	if t != nil && t.phone != nil {
		m.Phone = t.phone.user
	}
	if t != nil && t.settled {
		m.Note = noteAgain
	}
	h.log.add(m)
	if t != nil {
		t.take(m, response) // a phone that vanished has forgotten what it asked
	}
}

func (t *clientTx) take(m *Message, response *sip.Response) {
	invite := t.request.method == "INVITE"
	if response.IsProvisional() {
		if t.settled {
			return
		}
		if invite {
			t.quiet = true
		}
		t.answer(m, response)
		return
	}
	if invite && !response.IsSuccess() {
		t.acknowledgeFailure(m)
	}
	if t.settled {
		if invite && response.IsSuccess() {
			t.answer(m, response) // our ACK was lost: the call sends it again
		}
		return
	}
	t.settled, t.quiet = true, false
	t.timer.Reset(lifetime) // late repetitions find us until then
	t.answer(m, response)
}

// acknowledgeFailure sends the ACK that belongs to the transaction itself.
func (t *clientTx) acknowledgeFailure(m *Message) {
	ack := t.request
	ack.method, ack.to, ack.body, ack.headers = "ACK", m.Header("To"), "", nil
	note := ""
	if t.settled {
		note = noteAgain
	}
	t.host.transmit(t.phone, ack.destination, ack.render(t.host.address, t.branch), note)
}

// serverTx is a request of theirs and what we said to it.
type serverTx struct {
	host     *Host
	phone    *Phone
	key      string
	invite   bool
	peer     netip.AddrPort
	message  *Message
	request  *sip.Request
	call     *Call
	last     string // the latest response
	final    int
	acked    bool
	timer    *time.Timer
	interval time.Duration
	deadline time.Time
}

func (h *Host) handleRequest(m *Message, request *sip.Request) {
	p, call := h.owner(request)
	branch, _ := request.Via().Params.Get("branch")
	known := h.served[branch+serverMethod(request.Method)]
	if p == nil && known != nil {
		p = known.phone
	}
	if p != nil {
		m.Phone = p.user
		if p.vanished {
			m.Note = noteDropped
		}
	}
	if known != nil && request.Method != sip.ACK && request.Method != sip.CANCEL {
		m.Note = noteAgain
	}
	h.log.add(m)
	switch {
	case m.Note == noteDropped:
	case request.Method == sip.ACK:
		h.handleAck(m, request, known, call)
	case m.Note == noteAgain:
		if known.last != "" {
			h.transmit(p, m.Peer, known.last, noteAgain)
		}
	case request.Method == sip.CANCEL:
		h.handleCancel(m, request, p, known)
	default:
		h.dispatch(h.serve(m, request, p, branch), call)
	}
}

// serverMethod is the method under which the transaction of a request is kept:
// ACK and CANCEL carry the branch of the INVITE that they are about.
func serverMethod(method sip.RequestMethod) string {
	if method == sip.ACK || method == sip.CANCEL {
		return string(sip.INVITE)
	}
	return string(method)
}

func (h *Host) serve(m *Message, request *sip.Request, p *Phone, branch string) *serverTx {
	t := &serverTx{
		host: h, phone: p, key: branch + string(request.Method), invite: request.Method == sip.INVITE,
		peer: m.Peer, message: m, request: request,
	}
	t.timer = time.AfterFunc(lifetime, t.tick)
	h.served[t.key] = t
	return t
}

// respond sends a response and, for a final one to an INVITE, repeats it until
// the ACK comes.
func (t *serverTx) respond(status int, tag, body string, headers ...string) *Message {
	t.last = renderResponse(t.message, status, tag, body, headers)
	m := t.host.transmit(t.phone, t.peer, t.last, "")
	if status < 200 {
		return m
	}
	t.final = status
	t.deadline, t.interval = time.Now().Add(lifetime), lifetime
	if t.invite {
		t.interval = t1
	}
	t.timer.Reset(t.interval)
	return m
}

func (t *serverTx) tick() {
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	switch {
	case t.host.closed:
	case t.final == 0:
		// An INVITE may ring for ever; anything else was answered at once.
		t.timer.Reset(lifetime)
		if t.call == nil || t.call.end != nil {
			delete(t.host.served, t.key)
			t.timer.Stop()
		}
	case t.invite && !t.acked && time.Now().Before(t.deadline):
		t.host.transmit(t.phone, t.peer, t.last, noteAgain)
		t.interval = min(2*t.interval, t2)
		t.timer.Reset(min(t.interval, time.Until(t.deadline)))
	default:
		delete(t.host.served, t.key)
		if t.invite && !t.acked && t.call != nil && t.final < 300 {
			t.call.neverAcked()
		}
	}
}

// acknowledged ends the repeating. The transaction stays for a while, to absorb
// late repetitions of the INVITE.
func (t *serverTx) acknowledged() {
	t.acked = true
	t.timer.Reset(lifetime)
}

func (h *Host) handleAck(m *Message, request *sip.Request, known *serverTx, call *Call) {
	switch {
	case call != nil && call.inviteTx != nil && call.inviteTx.final < 300:
		first := !call.inviteTx.acked
		call.inviteTx.acknowledged()
		if first {
			call.acknowledged(m)
		}
	case known != nil && !known.acked:
		known.acknowledged()
		if known.call != nil {
			known.call.record(Event{At: m.At, Kind: Acked, Status: known.final, Message: m})
		}
	}
}

func (h *Host) handleCancel(m *Message, request *sip.Request, p *Phone, invite *serverTx) {
	branch, _ := request.Via().Params.Get("branch")
	key := branch + string(sip.CANCEL)
	if again := h.served[key]; again != nil {
		h.transmit(p, m.Peer, again.last, noteAgain)
		return
	}
	t := h.serve(m, request, p, branch)
	if invite == nil {
		t.respond(481, h.fresh(), "")
		return
	}
	tag := ""
	if invite.call != nil {
		tag = invite.call.localTag
	}
	t.respond(200, tag, "")
	if invite.call != nil && invite.final == 0 {
		invite.call.cancelled(m, invite)
	}
}

// dispatch answers a new request.
func (h *Host) dispatch(t *serverTx, call *Call) {
	tag := h.fresh()
	switch method := t.request.Method; {
	case method == sip.INVITE && call != nil:
		call.reinvited(t)
	case call != nil:
		call.requested(t)
	case !isInitial(t.request):
		t.respond(481, tag, "")
	case t.phone == nil:
		t.respond(404, tag, "")
	case method == sip.INVITE:
		t.phone.invited(t)
	case method == sip.OPTIONS:
		t.respond(200, tag, "", allow)
		t.phone.record(Event{At: t.message.At, Kind: Qualified, Message: t.message})
	case method == sip.NOTIFY || method == sip.MESSAGE:
		t.respond(200, tag, "")
	default:
		t.respond(501, tag, "")
	}
}

const allow = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, UPDATE, INFO, MESSAGE"

var reasons = map[int]string{
	100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
	302: "Moved Temporarily", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
	480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here",
	487: "Request Terminated", 488: "Not Acceptable Here", 491: "Request Pending",
	500: "Server Internal Error", 501: "Not Implemented", 503: "Service Unavailable", 603: "Decline",
}

// renderResponse copies what RFC 3261 section 8.2.6 wants copied, as it came.
func renderResponse(to *Message, status int, tag, body string, headers []string) string {
	var b strings.Builder
	reason := reasons[status]
	if reason == "" {
		reason = "Status"
	}
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", status, reason)
	for i, via := range to.Headers("Via") {
		if i == 0 {
			via = markReturn(via, to.Peer)
		}
		b.WriteString("Via: " + via + "\r\n")
	}
	for _, route := range to.Headers("Record-Route") {
		b.WriteString("Record-Route: " + route + "\r\n")
	}
	target := to.Header("To")
	if tag != "" && !strings.Contains(target, ";tag=") {
		target += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n",
		to.Header("From"), target, to.Header("Call-ID"), to.Header("CSeq"))
	for _, line := range headers {
		b.WriteString(line + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// markReturn fills in where the request came from (RFC 3581).
func markReturn(via string, peer netip.AddrPort) string {
	parts := strings.Split(via, ";")
	for i, part := range parts {
		if strings.TrimSpace(part) == "rport" {
			parts[i] = fmt.Sprintf("rport=%d;received=%s", peer.Port(), peer.Addr())
		}
	}
	return strings.Join(parts, ";")
}
