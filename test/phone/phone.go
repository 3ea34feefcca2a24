package phone

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Phone is one SIP user of a host: it may register, dial and be dialled. Its
// Recorder holds its events and those of its calls.
type Phone struct {
	Recorder

	host    *Host
	user    string
	secret  string
	display string
	sound   *Sound
	deaf    bool
	decide  func(Invitation) Policy

	vanished     bool
	registration registration

	live    []*Call // incoming dialogs, early ones too
	most    int
	invites int
	taken   int // mark behind the last call that NextCall gave out
}

// Option describes a phone.
type Option func(*Phone)

// Secret is the password for digest authentication.
func Secret(password string) Option { return func(p *Phone) { p.secret = password } }

// Display is the name that a call from this phone shows.
func Display(name string) Option { return func(p *Phone) { p.display = name } }

// Sings makes the phone send a tone in every call.
func Sings(hz int) Option { return Sounds(Tone(hz)) }

// Sounds makes the phone send any sound in every call. The default is Silence.
func Sounds(sound *Sound) Option { return func(p *Phone) { p.sound = sound } }

// Deaf makes the phone neither say nor hear anything: its sockets are there, so
// that Asterisk's packets arrive somewhere, but nobody reads them. For loads in
// which the price of listening would be most of what is measured.
func Deaf() Option { return func(p *Phone) { p.deaf, p.sound = true, Nothing() } }

// Hearing takes Deaf back.
func Hearing() Option { return func(p *Phone) { p.deaf = false } }

// User is the name or number of this phone.
func (p *Phone) User() string { return p.user }

// Host of this phone.
func (p *Phone) Host() *Host { return p.host }

func (p *Phone) record(e Event) {
	e.Phone = p
	p.add(e)
	p.host.add(e)
}

// Does sets what the phone does with INVITEs from now on.
func (p *Phone) Does(policy Policy) { p.Decides(always(policy)) }

// Decides asks for each INVITE what to do with it. The function runs inside the
// host: it must return at once and must not call phones.
func (p *Phone) Decides(decide func(Invitation) Policy) {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.decide = decide
}

// Live returns the incoming calls whose dialogs live now, early ones included.
func (p *Phone) Live() []*Call {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	return slices.Clone(p.live)
}

// MostAtOnce is the largest number of incoming dialogs that ever lived together.
func (p *Phone) MostAtOnce() int {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	return p.most
}

// Invites counts the INVITEs that ever reached this phone.
func (p *Phone) Invites() int {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	return p.invites
}

// Calls of this phone, incoming and outgoing, in order.
func (p *Phone) Calls() []*Call {
	var calls []*Call
	for _, e := range p.Events() {
		if e.Kind == Invited || e.Kind == Dialled {
			calls = append(calls, e.Call)
		}
	}
	return calls
}

// NextCall waits for the next incoming call and gives each out once.
func (p *Phone) NextCall(ctx context.Context) (*Call, error) {
	p.host.mu.Lock()
	mark := p.taken
	p.host.mu.Unlock()
	for {
		events, next, changed := p.since(mark)
		for i, e := range events {
			if e.Kind == Invited {
				p.host.mu.Lock()
				p.taken = next - len(events) + i + 1
				p.host.mu.Unlock()
				return e.Call, nil
			}
		}
		mark = next
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for next call to %s: %w", p.user, context.Cause(ctx))
		}
	}
}

// Vanish is a softphone that was killed: from this moment it answers nothing,
// its sockets are closed, and it has forgotten its calls and its registration.
func (p *Phone) Vanish() {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.vanished = true
	p.stopRefresh()
	now := time.Now()
	for _, c := range p.host.calls {
		if c.phone == p {
			c.finish(End{At: now, ByUs: true, Way: "vanished"}, nil)
			delete(p.host.calls, callKey(c.id, c.localTag))
		}
	}
	for key, t := range p.host.asked {
		if t.phone == p {
			t.timer.Stop()
			delete(p.host.asked, key)
			if !t.settled {
				t.answer(nil, nil)
			}
		}
	}
	for key, t := range p.host.served {
		if t.phone == p {
			t.timer.Stop()
			delete(p.host.served, key)
		}
	}
}

// Reappear is the softphone started again. It answers from now on, but is not
// registered before Register.
func (p *Phone) Reappear() {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	p.vanished = false
}

// invited takes a new INVITE. Runs under the host's lock.
func (p *Phone) invited(t *serverTx) {
	c := p.host.newCall(p, true, t.message.Header("Call-ID"))
	c.adopt(t)
	t.call, c.inviteTx = c, t
	p.invites++
	display, number := userOf(t.message.Header("From"))
	invitation := Invitation{Number: number, Display: display, Live: len(p.live), Nth: p.invites, Message: t.message}
	p.live = append(p.live, c)
	p.most = max(p.most, len(p.live))
	c.record(Event{At: t.message.At, Kind: Invited, Detail: number, Message: t.message})
	c.follow(p.decide(invitation))
}

func (p *Phone) left(c *Call) {
	p.live = slices.DeleteFunc(p.live, func(other *Call) bool { return other == c })
}
