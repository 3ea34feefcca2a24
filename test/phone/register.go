package phone

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// registerExpires is long, so that tests are not disturbed; phones refresh at
// half of what the server grants.
const registerExpires = 600

type registration struct {
	callID   string
	sequence uint32
	refresh  *time.Timer
}

// RegisterError is a registration that was refused.
type RegisterError struct {
	User   string
	Status int // 0: no answer
}

func (e *RegisterError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("register %s: no answer", e.User)
	}
	return fmt.Sprintf("register %s: refused with %d", e.User, e.Status)
}

// Register binds the phone at the host's server and keeps it bound.
func (p *Phone) Register(ctx context.Context) error { return p.register(ctx, registerExpires) }

// Unregister takes the binding back.
func (p *Phone) Unregister(ctx context.Context) error { return p.register(ctx, 0) }

// Register registers many phones, a few at a time, and returns all errors.
func (h *Host) Register(ctx context.Context, phones ...*Phone) error {
	const atOnce = 25
	slots := make(chan struct{}, atOnce)
	failures := make([]error, len(phones))
	var all sync.WaitGroup
	for i, p := range phones {
		all.Go(func() {
			slots <- struct{}{}
			failures[i] = p.Register(ctx)
			<-slots
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

func (p *Phone) register(ctx context.Context, expires int) error {
	done := make(chan error, 1)
	p.host.mu.Lock()
	p.sendRegister(expires, nil, done)
	p.host.mu.Unlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("register %s: %w", p.user, context.Cause(ctx))
	}
}

// sendRegister sends one REGISTER; a challenge makes it send another. The
// result goes to done, which may be nil for a refresh.
func (p *Phone) sendRegister(expires int, challenge *Message, done chan<- error) {
	h := p.host
	if p.registration.callID == "" {
		p.registration.callID = h.fresh() + "@" + h.address.Addr().String()
	}
	p.registration.sequence++
	me := fmt.Sprintf("<sip:%s@%s>", p.user, h.server)
	request := outgoing{
		method: "REGISTER", uri: "sip:" + h.server.String(), from: me + ";tag=" + h.fresh(), to: me,
		callID: p.registration.callID, sequence: p.registration.sequence, destination: h.server,
		headers: []string{"Contact: " + p.contact(), fmt.Sprintf("Expires: %d", expires)},
	}
	if challenge != nil {
		line, err := p.authorise(request, challenge)
		if err != nil {
			p.registerDone(expires, challenge, err, done)
			return
		}
		request.headers = append(request.headers, line)
	}
	h.ask(p, request, func(m *Message, response *sip.Response) {
		switch {
		case m == nil:
			p.registerDone(expires, nil, &RegisterError{User: p.user}, done)
		case response.IsProvisional():
		case response.IsSuccess():
			p.registerDone(expires, m, nil, done)
		case challenge == nil && (response.StatusCode == 401 || response.StatusCode == 407):
			p.sendRegister(expires, m, done)
		default:
			p.registerDone(expires, m, &RegisterError{User: p.user, Status: response.StatusCode}, done)
		}
	})
}

func (p *Phone) registerDone(expires int, m *Message, err error, done chan<- error) {
	event := Event{At: time.Now(), Kind: Registered, Message: m}
	if m != nil {
		event.At, event.Status = m.At, m.Status()
	}
	p.stopRefresh()
	switch {
	case err != nil:
		event.Kind = RegisterFailed
	case expires == 0:
		event.Kind = Unregistered
	default:
		p.registration.refresh = time.AfterFunc(granted(m, expires)/2, p.refreshRegistration)
	}
	p.record(event)
	if done != nil {
		done <- err
	}
}

// granted reads how long the server keeps the binding.
func granted(m *Message, asked int) time.Duration {
	value := m.Header("Expires")
	if _, after, ok := strings.Cut(m.Header("Contact"), "expires="); ok {
		value, _, _ = strings.Cut(after, ";")
	}
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && seconds > 1 {
		asked = seconds
	}
	return time.Duration(asked) * time.Second
}

func (p *Phone) refreshRegistration() {
	p.host.mu.Lock()
	defer p.host.mu.Unlock()
	if !p.host.closed && !p.vanished && p.registration.refresh != nil {
		p.sendRegister(registerExpires, nil, nil)
	}
}

func (p *Phone) stopRefresh() {
	if p.registration.refresh != nil {
		p.registration.refresh.Stop()
		p.registration.refresh = nil
	}
}

func (p *Phone) contact() string {
	return fmt.Sprintf("<sip:%s@%s>", p.user, p.host.address)
}

// authorise answers a digest challenge with a header line.
func (p *Phone) authorise(request outgoing, challenge *Message) (string, error) {
	name, line := "WWW-Authenticate", "Authorization: "
	if challenge.Status() == 407 {
		name, line = "Proxy-Authenticate", "Proxy-Authorization: "
	}
	parsed, err := digest.ParseChallenge(challenge.Header(name))
	if err != nil {
		return "", fmt.Errorf("read digest challenge for %s: %w", p.user, err)
	}
	credentials, err := digest.Digest(parsed, digest.Options{
		Method: request.method, URI: request.uri, Username: p.user, Password: p.secret, Count: 1,
	})
	if err != nil {
		return "", fmt.Errorf("answer digest challenge for %s: %w", p.user, err)
	}
	return line + credentials.String(), nil
}
