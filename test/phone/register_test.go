package phone_test

import (
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"powerline/test/phone"
)

// registrar is a small SIP server that challenges each REGISTER and checks the
// digest with its own arithmetic, so that a mistake in ours cannot hide.
type registrar struct {
	conn    *net.UDPConn
	secrets map[string]string
	expires int
	done    chan struct{}
}

func startRegistrar(t *testing.T, expires int, secrets map[string]string) *registrar {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r := &registrar{conn: conn, secrets: secrets, expires: expires, done: make(chan struct{})}
	go r.serve()
	t.Cleanup(func() { _ = conn.Close(); <-r.done })
	return r
}

func (r *registrar) address() string { return r.conn.LocalAddr().String() }

func (r *registrar) serve() {
	defer close(r.done)
	data := make([]byte, 4096)
	for {
		n, from, err := r.conn.ReadFromUDP(data)
		if err != nil {
			return
		}
		request := &phone.Message{Raw: string(data[:n])}
		status, extra := r.judge(request)
		var b strings.Builder
		fmt.Fprintf(&b, "SIP/2.0 %s\r\n", status)
		for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
			fmt.Fprintf(&b, "%s: %s\r\n", name, request.Header(name))
		}
		fmt.Fprintf(&b, "%sContent-Length: 0\r\n\r\n", extra)
		_, _ = r.conn.WriteToUDP([]byte(b.String()), from)
	}
}

var field = regexp.MustCompile(`(\w+)="?([^",]+)"?`)

func (r *registrar) judge(request *phone.Message) (status, extra string) {
	const challenge = "WWW-Authenticate: Digest realm=\"test\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n"
	authorization, found := strings.CutPrefix(request.Header("Authorization"), "Digest ")
	if !found {
		return "401 Unauthorized", challenge
	}
	values := map[string]string{}
	for _, match := range field.FindAllStringSubmatch(authorization, -1) {
		values[match[1]] = match[2]
	}
	secret := r.secrets[values["username"]]
	a1 := hash(values["username"], "test", secret)
	a2 := hash("REGISTER", values["uri"])
	if values["response"] != hash(a1, "abc", values["nc"], values["cnonce"], "auth", a2) {
		return "403 Forbidden", ""
	}
	return "200 OK", fmt.Sprintf("Contact: %s;expires=%d\r\n", request.Header("Contact"), r.expires)
}

func hash(parts ...string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(strings.Join(parts, ":"))))
}

func TestGivenARegistrarWithDigest_ThenTheRightSecretRegistersAndAWrongOneDoesNot(t *testing.T) {
	ctx := within(t, 20*time.Second)
	server := startRegistrar(t, 600, map[string]string{"a001": "right", "a002": "right"})
	h := host(t, "127.0.0.3", server.address())
	good, bad := h.Phone("a001", phone.Secret("right")), h.Phone("a002", phone.Secret("wrong"))

	ok(t, good.Register(ctx))
	var refused *phone.RegisterError
	if err := bad.Register(ctx); !errors.As(err, &refused) || refused.Status != 403 {
		t.Errorf("the wrong secret gave %v", err)
	}
	ok(t, good.Unregister(ctx))
	must[phone.Event](t)(good.Wait(ctx, phone.Unregistered))
	must[phone.Event](t)(bad.Wait(ctx, phone.RegisterFailed))
}

func TestGivenAShortBinding_ThenThePhoneRefreshesItByItself(t *testing.T) {
	ctx := within(t, 20*time.Second)
	server := startRegistrar(t, 2, map[string]string{"a001": "s"})
	h := host(t, "127.0.0.3", server.address())
	p := h.Phone("a001", phone.Secret("s"))
	ok(t, p.Register(ctx))
	mark := p.Mark()
	must[phone.Event](t)(p.WaitAfter(ctx, mark, func(e phone.Event) bool { return e.Kind == phone.Registered }))
}

func TestGivenAThousandPhones_ThenTheyAllRegister(t *testing.T) {
	ctx := within(t, 60*time.Second)
	secrets := map[string]string{}
	for i := range 1000 {
		secrets[fmt.Sprintf("a%04d", i)] = fmt.Sprintf("secret%d", i)
	}
	server := startRegistrar(t, 600, secrets)
	h := host(t, "127.0.0.3", server.address())
	var phones []*phone.Phone
	for user, secret := range secrets {
		phones = append(phones, h.Phone(user, phone.Secret(secret)))
	}
	start, cpu := time.Now(), processorTime(t)
	ok(t, h.Register(ctx, phones...))
	t.Logf("1,000 phones registered in %v with %v of processor time", time.Since(start), processorTime(t)-cpu)
}
