package phone

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// End says how a call ended.
type End struct {
	At     time.Time
	ByUs   bool
	Way    string // "bye", "cancel", "rejected", "vanished", "no answer", "never acked"
	Status int    // of the final response, where one ended it
	Reason string // the Reason header, as it came
	Cause  int    // Q.850 cause out of it, 0 if none
}

// Call is one dialog of a phone, in either direction. Its Recorder holds its
// events.
type Call struct {
	Recorder

	host     *Host
	phone    *Phone
	incoming bool
	id       string
	localTag string

	local, remote string // From and To of our requests, with tags
	target        string // Request-URI of our requests in the dialog
	routes        []string
	hop           netip.AddrPort
	sequence      uint32

	inviteTx *serverTx // the latest INVITE of theirs
	dialTx   *clientTx // our INVITE
	dialled  outgoing
	tried    bool // a challenge was answered
	progress bool // a provisional response came
	leaving  bool // we want out: CANCEL as soon as allowed, BYE if answered
	noAck    bool
	answered bool
	acked    bool
	end      *End

	policy  Policy
	leg     *leg
	version int // of our SDP
	event   byte
	timers  []*time.Timer
	windows journal[Window]
}

func (h *Host) newCall(p *Phone, incoming bool, id string) *Call {
	c := &Call{
		host: h, phone: p, incoming: incoming, id: id, localTag: h.fresh(), hop: h.server, event: payloadEvent,
	}
	h.calls[callKey(c.id, c.localTag)] = c
	return c
}

// Phone of this call.
func (c *Call) Phone() *Phone { return c.phone }

// ID is the Call-ID.
func (c *Call) ID() string { return c.id }

// Incoming tells whether the phone was called.
func (c *Call) Incoming() bool { return c.incoming }

// Invite is the INVITE that began the call.
func (c *Call) Invite() *Message {
	for _, e := range c.Events() {
		if e.Kind == Invited || e.Kind == Dialled {
			return e.Message
		}
	}
	return nil
}

// Number of the other side as the INVITE's From shows it (To, for our own).
func (c *Call) Number() string {
	name := "To"
	if c.incoming {
		name = "From"
	}
	_, user := userOf(c.Invite().Header(name))
	return user
}

// When the first event of this kind happened; zero if it did not.
func (c *Call) When(kind EventKind) time.Time {
	event, _ := c.First(kind)
	return event.At
}

// Ladder of this call's messages.
func (c *Call) Ladder() string { return c.host.log.Ladder(c.id) }

// End of the call, false while it lives.
func (c *Call) End() (End, bool) {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.end == nil {
		return End{}, false
	}
	return *c.end, true
}

// WaitAnswered waits until the call is answered and fails when it ends before.
func (c *Call) WaitAnswered(ctx context.Context) (Event, error) {
	event, err := c.Wait(ctx, Answered, Ended)
	if err == nil && event.Kind == Ended {
		return event, fmt.Errorf("wait for answer: the call ended: %s\n%s", event.Detail, c.Ladder())
	}
	return event, err
}

// WaitEnded waits for the end.
func (c *Call) WaitEnded(ctx context.Context) (End, error) {
	if _, err := c.Wait(ctx, Ended); err != nil {
		return End{}, err
	}
	end, _ := c.End()
	return end, nil
}

func (c *Call) record(e Event) {
	e.Phone, e.Call = c.phone, c
	c.add(e)
	c.phone.record(e)
}

// adopt takes the dialog's state out of an INVITE of theirs.
func (c *Call) adopt(t *serverTx) {
	m := t.message
	c.local = m.Header("To") + ";tag=" + c.localTag
	c.remote, c.routes, c.hop = m.Header("From"), m.Headers("Record-Route"), m.Peer
	c.retarget(m)
}

// retarget takes the Contact of a message as the place for our requests.
func (c *Call) retarget(m *Message) {
	var uri sip.Uri
	var params sip.HeaderParams
	if _, err := sip.ParseAddressValue(m.Header("Contact"), &uri, &params); err == nil && uri.Host != "" {
		c.target = uri.String()
		if hop, ok := reach(uri); ok && len(c.routes) == 0 {
			c.hop = hop
		}
	}
}

func reach(uri sip.Uri) (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(uri.Host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	port := uri.Port
	if port == 0 {
		port = 5060
	}
	return netip.AddrPortFrom(ip, uint16(port)), true
}

// compose makes the next request in the dialog.
func (c *Call) compose(method string) outgoing {
	c.sequence++
	request := outgoing{
		method: method, uri: c.target, from: c.local, to: c.remote, callID: c.id,
		sequence: c.sequence, destination: c.hop,
	}
	for _, route := range c.routes {
		request.headers = append(request.headers, "Route: "+route)
	}
	return request
}

// after runs something under the host's lock, unless the call has ended.
func (c *Call) after(d time.Duration, what func()) {
	c.timers = append(c.timers, time.AfterFunc(d, func() {
		c.host.mu.Lock()
		defer c.host.mu.Unlock()
		if !c.host.closed && c.end == nil {
			what()
		}
	}))
}

func (c *Call) stopTimers() {
	for _, timer := range c.timers {
		timer.Stop()
	}
	c.timers = nil
}

// finish ends the call once. Later ways of ending it are ignored.
func (c *Call) finish(end End, m *Message) {
	if c.end != nil {
		return
	}
	if m != nil {
		end.At = m.At
		end.Reason = m.Header("Reason")
		end.Cause = causeOf(end.Reason)
	}
	c.end = &end
	c.stopTimers()
	if c.leg != nil {
		c.leg.close()
	}
	if c.incoming {
		c.phone.left(c)
	}
	c.record(Event{At: end.At, Kind: Ended, Status: end.Status, Detail: end.Way, Message: m})
	// For a while the dialog is still known, so that a crossing BYE gets its 200.
	c.timers = append(c.timers, time.AfterFunc(lifetime, func() {
		c.host.mu.Lock()
		defer c.host.mu.Unlock()
		delete(c.host.calls, callKey(c.id, c.localTag))
	}))
}

// causeOf reads `Q.850;cause=16;text="..."`.
func causeOf(reason string) int {
	_, after, ok := strings.Cut(reason, "cause=")
	if !ok {
		return 0
	}
	digits, _, _ := strings.Cut(after, ";")
	cause, _ := strconv.Atoi(strings.TrimSpace(digits))
	return cause
}

// HangUp ends the call from our side, whatever its stage: CANCEL for a call
// that we dialled and nobody answered, 480 for one that rings here, BYE else.
func (c *Call) HangUp() {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	c.hangUp()
}

func (c *Call) hangUp() {
	switch {
	case c.end != nil || c.host.closed:
	case c.answered:
		c.bye()
	case c.incoming:
		c.refuse(480, "")
	default:
		c.leaving = true
		c.cancel()
	}
}

func (c *Call) bye() {
	t := c.host.ask(c.phone, c.compose("BYE"), func(*Message, *sip.Response) {})
	c.record(Event{At: t.sent.At, Kind: ByeSent, Message: t.sent})
	c.finish(End{At: t.sent.At, ByUs: true, Way: "bye"}, nil)
}

// requested takes a request in the dialog that is no INVITE.
func (c *Call) requested(t *serverTx) {
	m := t.message
	switch t.request.Method {
	case sip.BYE:
		t.respond(200, "", "")
		c.record(Event{At: m.At, Kind: ByeReceived, Detail: m.Header("Reason"), Message: m})
		if c.incoming && !c.answered && c.end == nil {
			c.inviteTx.respond(487, c.localTag, "")
		}
		c.finish(End{Way: "bye"}, m)
	case sip.UPDATE:
		if m.Body() != "" && c.leg != nil {
			c.renegotiate(t)
			return
		}
		c.retarget(m)
		t.respond(200, "", "", "Contact: "+c.phone.contact(), allow)
	case sip.NOTIFY:
		t.respond(200, "", "")
		c.record(Event{At: m.At, Kind: Notified, Detail: strings.TrimSpace(m.Body()), Message: m})
	case sip.INFO, sip.OPTIONS, sip.MESSAGE:
		t.respond(200, "", "", allow)
	default:
		t.respond(501, "", "")
	}
}

// reinvited takes an INVITE inside the dialog.
func (c *Call) reinvited(t *serverTx) {
	switch {
	case c.end != nil || c.leg == nil:
		t.respond(481, "", "")
	case !c.answered:
		t.respond(491, "", "")
	default:
		t.call, c.inviteTx = c, t
		c.retarget(t.message)
		c.renegotiate(t)
	}
}

// renegotiate answers an SDP offer in the dialog; without an offer it makes one.
func (c *Call) renegotiate(t *serverTx) {
	direction := "sendrecv"
	if body := t.message.Body(); body != "" {
		theirs, err := parseSession(body)
		if err != nil {
			t.respond(488, "", "")
			return
		}
		c.connect(theirs)
		direction = theirs.direction
	}
	c.record(Event{At: t.message.At, Kind: ReInvited, Detail: direction, Message: t.message})
	t.respond(200, c.localTag, c.sdp([]byte{c.leg.codec}, mirrored(direction)), "Contact: "+c.phone.contact(), allow)
}

func (c *Call) sdp(audio []byte, direction string) string {
	c.version++
	return describe(c.leg.local, c.version, audio, c.event, direction)
}

// connect points our media at what they described.
func (c *Call) connect(theirs session) {
	if c.incoming && theirs.event != 0 {
		c.event = theirs.event
	}
	speaks := c.answered || c.policy.act == announce
	c.leg.connect(theirs.media, theirs.audio[0], theirs.event, speaks && theirs.accepts())
}
