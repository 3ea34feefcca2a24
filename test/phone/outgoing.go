package phone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo/sip"
)

// DialOption changes one dialled call.
type DialOption func(*dialOptions)

type dialOptions struct {
	headers []string
	sound   *Sound
	noAck   bool
	talk    time.Duration
}

// WithHeader adds a header line to the INVITE, such as
// "P-Asserted-Identity: <sip:+91...@trunk>".
func WithHeader(line string) DialOption {
	return func(o *dialOptions) { o.headers = append(o.headers, line) }
}

// WithSound uses this sound instead of the phone's.
func WithSound(sound *Sound) DialOption {
	return func(o *dialOptions) { o.sound = sound }
}

// WithoutAck never acknowledges the answer: a phantom call.
func WithoutAck() DialOption { return func(o *dialOptions) { o.noAck = true } }

// WithTalk hangs up so long after the answer.
func WithTalk(talk time.Duration) DialOption { return func(o *dialOptions) { o.talk = talk } }

// Dial sends an INVITE for a number to the host's server and returns at once;
// WaitAnswered waits. The phone's user is the caller's number.
func (p *Phone) Dial(ctx context.Context, number string, options ...DialOption) (*Call, error) {
	o := dialOptions{sound: p.sound}
	for _, option := range options {
		option(&o)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	h := p.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || p.vanished {
		return nil, errors.New("dial: the phone is off; make it Reappear first")
	}
	c := h.newCall(p, false, h.fresh()+"@"+h.address.Addr().String())
	leg, err := h.exchange.open(c, o.sound)
	if err != nil {
		delete(h.calls, callKey(c.id, c.localTag))
		return nil, err
	}
	c.leg, c.noAck, c.policy.talk = leg, o.noAck, o.talk
	c.target = fmt.Sprintf("sip:%s@%s", number, h.server)
	c.local = fmt.Sprintf("<sip:%s@%s>;tag=%s", p.user, h.address, c.localTag)
	if p.display != "" {
		c.local = fmt.Sprintf("%q %s", p.display, c.local)
	}
	c.remote = fmt.Sprintf("<%s>", c.target)
	c.dialled = c.compose("INVITE")
	c.dialled.headers = append([]string{"Contact: " + p.contact(), allow}, o.headers...)
	c.dialled.contentType = "application/sdp"
	c.dialled.body = c.sdp([]byte{payloadALaw, payloadULaw}, "sendrecv")
	c.dialTx = h.ask(p, c.dialled, c.dialAnswered)
	c.record(Event{At: c.dialTx.sent.At, Kind: Dialled, Detail: number, Message: c.dialTx.sent})
	return c, nil
}

// dialAnswered takes the responses to our INVITE.
func (c *Call) dialAnswered(m *Message, response *sip.Response) {
	switch {
	case m == nil:
		c.finish(End{At: time.Now(), Way: "no answer", Status: 408}, nil)
	case response.IsProvisional():
		c.progressed(m)
	case response.IsSuccess():
		c.connected(m)
	case (response.StatusCode == 401 || response.StatusCode == 407) && !c.tried && c.phone.secret != "":
		c.challenged(m)
	default:
		way := "rejected"
		if c.leaving {
			way = "cancel"
		}
		c.record(Event{At: m.At, Kind: Rejected, Status: response.StatusCode, Detail: m.Header("Reason"), Message: m})
		c.finish(End{ByUs: c.leaving, Way: way, Status: response.StatusCode}, m)
	}
}

func (c *Call) progressed(m *Message) {
	c.progress = true
	c.record(Event{At: m.At, Kind: Progress, Status: m.Status(), Message: m})
	if theirs, err := parseSession(m.Body()); err == nil && c.end == nil {
		c.connect(theirs)
		c.leg.listen(m.At, false)
	}
	c.cancel()
}

// connected takes a 200: the first connects, a repeated one gets its ACK again.
func (c *Call) connected(m *Message) {
	if c.answered {
		c.acknowledge(c.dialled.sequence, noteAgain)
		return
	}
	c.remote, c.routes = m.Header("To"), reversed(m.Headers("Record-Route"))
	c.retarget(m)
	c.answered = true
	c.record(Event{At: m.At, Kind: Answered, Status: m.Status(), Message: m})
	if theirs, err := parseSession(m.Body()); err == nil && c.end == nil {
		c.connect(theirs)
		c.leg.listen(m.At, true)
	}
	c.acknowledge(c.dialled.sequence, "")
	switch {
	case c.leaving || c.end != nil: // our CANCEL, or our patience, and their 200 crossed
		c.bye()
	case c.policy.talk > 0:
		c.after(c.policy.talk, c.hangUp)
	}
}

func reversed(routes []string) []string {
	turned := make([]string, 0, len(routes))
	for i := len(routes) - 1; i >= 0; i-- {
		turned = append(turned, routes[i])
	}
	return turned
}

// acknowledge sends the ACK of a 200, which is no transaction of its own.
func (c *Call) acknowledge(sequence uint32, note string) {
	if c.noAck {
		return
	}
	ack := c.compose("ACK")
	c.sequence--
	ack.sequence = sequence
	m := c.host.transmit(c.phone, ack.destination, ack.render(c.host.address, "z9hG4bK"+c.host.fresh()), note)
	if note == "" && !c.acked {
		c.acked = true
		c.record(Event{At: m.At, Kind: Acked, Status: 200, Message: m})
	}
}

func (c *Call) challenged(m *Message) {
	c.tried = true
	c.sequence++
	c.dialled.sequence = c.sequence
	line, err := c.phone.authorise(c.dialled, m)
	if err != nil {
		c.finish(End{Way: "rejected", Status: m.Status()}, m)
		return
	}
	c.dialled.headers = append(c.dialled.headers, line)
	c.progress = false
	c.dialTx = c.host.ask(c.phone, c.dialled, c.dialAnswered)
}

// cancel sends CANCEL if we want out and may: not before the first provisional
// response, not twice.
func (c *Call) cancel() {
	if !c.leaving || !c.progress || c.end != nil || c.host.asked[c.dialTx.branch+"CANCEL"] != nil {
		return
	}
	request := c.dialled
	request.method, request.headers, request.body = "CANCEL", nil, ""
	t := &clientTx{host: c.host, phone: c.phone, request: request, branch: c.dialTx.branch, answer: ignoreAnswer}
	c.host.start(t)
	c.record(Event{At: t.sent.At, Kind: CancelSent, Message: t.sent})
}

func ignoreAnswer(*Message, *sip.Response) {}

// Hold puts the other side on hold with a re-INVITE.
func (c *Call) Hold(ctx context.Context) error { return c.reinvite(ctx, "sendonly") }

// Resume takes the other side back.
func (c *Call) Resume(ctx context.Context) error { return c.reinvite(ctx, "sendrecv") }

func (c *Call) reinvite(ctx context.Context, direction string) error {
	return c.inDialog(ctx, "re-INVITE", func(done func(error)) {
		request := c.compose("INVITE")
		request.headers = append(request.headers, "Contact: "+c.phone.contact(), allow)
		request.contentType = "application/sdp"
		request.body = c.sdp([]byte{c.leg.codec}, direction)
		c.host.ask(c.phone, request, func(m *Message, response *sip.Response) {
			if m != nil && response.IsSuccess() {
				c.acknowledge(request.sequence, "")
				if theirs, err := parseSession(m.Body()); err == nil && c.end == nil {
					c.connect(theirs)
				}
			}
			settle(m, response, done)
		})
	})
}

// Refer asks the other side to call somebody else: a blind transfer. It returns
// when the REFER is accepted or refused; NOTIFYs follow as events.
func (c *Call) Refer(ctx context.Context, number string) error {
	return c.inDialog(ctx, "REFER", func(done func(error)) {
		request := c.compose("REFER")
		request.headers = append(request.headers, "Contact: "+c.phone.contact(),
			fmt.Sprintf("Refer-To: <sip:%s@%s>", number, c.host.server),
			fmt.Sprintf("Referred-By: <sip:%s@%s>", c.phone.user, c.host.address))
		c.host.ask(c.phone, request, func(m *Message, response *sip.Response) {
			if m != nil && !response.IsProvisional() {
				c.record(Event{At: m.At, Kind: Referred, Status: m.Status(), Message: m})
			}
			settle(m, response, done)
		})
	})
}

// inDialog sends a request of an answered call and waits for its final answer.
func (c *Call) inDialog(ctx context.Context, name string, send func(done func(error))) error {
	result := make(chan error, 1)
	c.host.mu.Lock()
	if !c.answered || c.end != nil || c.host.closed {
		c.host.mu.Unlock()
		return fmt.Errorf("send %s: the call is not up", name)
	}
	send(func(err error) {
		select {
		case result <- err:
		default: // a repeated answer
		}
	})
	c.host.mu.Unlock()
	select {
	case err := <-result:
		if err != nil {
			return fmt.Errorf("send %s: %w", name, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("send %s: %w", name, context.Cause(ctx))
	}
}

func settle(m *Message, response *sip.Response, done func(error)) {
	switch {
	case m == nil:
		done(errors.New("no answer"))
	case response.IsProvisional():
	case response.IsSuccess():
		done(nil)
	default:
		done(fmt.Errorf("refused with %d", response.StatusCode))
	}
}
