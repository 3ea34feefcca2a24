package phone

import (
	"errors"
	"time"
)

// follow does what the phone's policy says about a new INVITE. Runs under the
// host's lock.
func (c *Call) follow(policy Policy) {
	c.policy = policy
	if !policy.quiet {
		m := c.inviteTx.respond(180, c.localTag, "", "Contact: "+c.phone.contact(), allow)
		c.record(Event{At: m.At, Kind: RingingSent, Status: 180, Message: m})
	}
	act := func() {
		switch policy.act {
		case answer:
			c.accept()
		case refuse, announce:
			c.refuse(policy.status, policy.target)
		}
	}
	if policy.act == announce {
		c.announce()
	}
	switch {
	case policy.act == ringForEver:
	case policy.after <= 0:
		act()
	default:
		c.after(policy.after, act)
	}
}

// ErrNotRinging is the answer to an Answer or Reject that comes too late.
var ErrNotRinging = errors.New("the call does not ring here any more")

// Answer answers a ringing call now.
func (c *Call) Answer() error {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if !c.rings() || c.policy.act == announce { // a network's machine answers nobody
		return ErrNotRinging
	}
	c.accept()
	return nil
}

// Reject refuses a ringing call now.
func (c *Call) Reject(status int) error {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if !c.rings() {
		return ErrNotRinging
	}
	c.refuse(status, "")
	return nil
}

func (c *Call) rings() bool {
	return c.incoming && !c.answered && c.end == nil && !c.host.closed
}

func (c *Call) accept() {
	if !c.rings() {
		return
	}
	body, ok := c.openMedia()
	if !ok {
		return
	}
	c.answered = true
	m := c.inviteTx.respond(200, c.localTag, body, "Contact: "+c.phone.contact(), allow)
	c.leg.listen(m.At, true)
	c.record(Event{At: m.At, Kind: Answered, Status: 200, Message: m})
}

// announce sends early media: the other side hears us, and nobody has answered.
func (c *Call) announce() {
	if !c.rings() {
		return
	}
	if body, ok := c.openMedia(); ok {
		m := c.inviteTx.respond(183, c.localTag, body, "Contact: "+c.phone.contact(), allow)
		c.record(Event{At: m.At, Kind: RingingSent, Status: 183, Message: m})
	}
}

// openMedia begins to send what the policy or the phone says, and is the answer
// to what was offered. False: the call was refused instead.
func (c *Call) openMedia() (body string, ok bool) {
	offer := c.inviteTx.message.Body()
	theirs, err := parseSession(offer)
	if offer != "" && err != nil {
		c.refuse(488, "")
		return "", false
	}
	sound := c.phone.sound
	if c.policy.sings {
		sound = c.policy.sound
	}
	if c.leg, err = c.host.exchange.open(c, sound); err != nil {
		c.refuse(500, "")
		return "", false
	}
	audio := []byte{payloadALaw, payloadULaw}
	if offer != "" {
		if theirs.event == 0 {
			c.event = 0
		}
		c.connect(theirs)
		audio = theirs.audio[:1]
	}
	return c.sdp(audio, mirrored(theirs.directionOr("sendrecv"))), true
}

func (s session) directionOr(fallback string) string {
	if s.direction == "" {
		return fallback
	}
	return s.direction
}

func (c *Call) refuse(status int, target string) {
	if !c.rings() {
		return
	}
	var headers []string
	if target != "" {
		headers = append(headers, "Contact: <"+target+">")
	}
	m := c.inviteTx.respond(status, c.localTag, "", headers...)
	c.record(Event{At: m.At, Kind: Rejected, Status: status, Message: m})
	c.finish(End{At: m.At, ByUs: true, Way: "rejected", Status: status}, nil)
}

// cancelled takes the CANCEL of a ringing call.
func (c *Call) cancelled(m *Message, invite *serverTx) {
	c.record(Event{At: m.At, Kind: Cancelled, Detail: m.Header("Reason"), Message: m})
	invite.respond(487, c.localTag, "")
	c.finish(End{Way: "cancel", Status: 487}, m)
}

// acknowledged takes the ACK of our answer.
func (c *Call) acknowledged(m *Message) {
	if body := m.Body(); body != "" && c.leg != nil {
		if theirs, err := parseSession(body); err == nil {
			c.connect(theirs)
		}
	}
	if c.acked {
		return // of a re-INVITE
	}
	c.acked = true
	c.record(Event{At: m.At, Kind: Acked, Status: 200, Message: m})
	if c.policy.talk > 0 {
		c.after(c.policy.talk, c.hangUp)
	}
}

// neverAcked gives up on an answer that nobody acknowledged.
func (c *Call) neverAcked() {
	if c.end != nil {
		return
	}
	t := c.host.ask(c.phone, c.compose("BYE"), ignoreAnswer)
	c.record(Event{At: t.sent.At, Kind: ByeSent, Message: t.sent})
	c.finish(End{At: time.Now(), ByUs: true, Way: "never acked"}, nil)
}
