package asterisk

import (
	"crypto/md5"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"powerline/internal/stack"
)

// testPhone is a001's phone as far as registration goes: it registers with
// digest authentication and answers Asterisk's questions whether it is there.
type testPhone struct {
	t         *testing.T
	conn      *net.UDPConn
	responses chan string
	sequence  int
	gone      chan struct{}
}

func newTestPhone(t *testing.T, x exchange) *testPhone {
	t.Helper()
	server, err := net.ResolveUDPAddr("udp", x.Asterisk.SIPAddr)
	must(t, err)
	conn, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(stack.PhoneAddress), Port: x.Ports.Phones.First}, server)
	must(t, err)
	p := &testPhone{t: t, conn: conn, responses: make(chan string, 100), gone: make(chan struct{})}
	go p.listen()
	t.Cleanup(p.die)
	return p
}

func (p *testPhone) die() {
	p.conn.Close()
	<-p.gone
}

func (p *testPhone) listen() {
	defer close(p.gone)
	buffer := make([]byte, 65536)
	for {
		n, err := p.conn.Read(buffer)
		if err != nil {
			return
		}
		message := string(buffer[:n])
		if strings.HasPrefix(message, "SIP/2.0 ") {
			p.responses <- message
			continue
		}
		answer := "SIP/2.0 200 OK\r\n"
		for line := range strings.SplitSeq(message, "\r\n") {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "Via", "From", "Call-ID", "CSeq":
				answer += line + "\r\n"
			case "To":
				answer += line + ";tag=p\r\n"
			}
		}
		p.conn.Write([]byte(answer + "Content-Length: 0\r\n\r\n"))
	}
}

func (p *testPhone) register(expires int) {
	p.t.Helper()
	challenge := p.ask(expires, "")
	nonce := regexp.MustCompile(`nonce="([^"]*)"`).FindStringSubmatch(challenge)
	realm := regexp.MustCompile(`realm="([^"]*)"`).FindStringSubmatch(challenge)
	if nonce == nil || realm == nil {
		p.t.Fatalf("no challenge: %s", challenge)
	}
	hash := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	uri := "sip:" + stack.AsteriskAddress
	first := hash("a001:" + realm[1] + ":" + phoneSecret)
	response := hash(first + ":" + nonce[1] + ":00000001:c0ffee:auth:" + hash("REGISTER:"+uri))
	answer := p.ask(expires, fmt.Sprintf("Authorization: Digest username=\"a001\", realm=%q, nonce=%q, uri=%q, response=%q, algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c0ffee\"\r\n",
		realm[1], nonce[1], uri, response))
	if !strings.HasPrefix(answer, "SIP/2.0 200") {
		p.t.Fatalf("not registered: %s", answer)
	}
}

func (p *testPhone) ask(expires int, authorization string) string {
	p.t.Helper()
	p.sequence++
	me := p.conn.LocalAddr().String()
	fmt.Fprintf(p.conn, "REGISTER sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK%[3]d\r\nFrom: <sip:a001@%[1]s>;tag=1\r\nTo: <sip:a001@%[1]s>\r\n"+
		"Call-ID: register\r\nCSeq: %[3]d REGISTER\r\nContact: <sip:a001@%[2]s>\r\nExpires: %[4]d\r\nMax-Forwards: 70\r\n%[5]sContent-Length: 0\r\n\r\n",
		stack.AsteriskAddress, me, p.sequence, expires, authorization)
	select {
	case response := <-p.responses:
		return response
	case <-time.After(5 * time.Second):
		p.t.Fatal("no answer to REGISTER")
		return ""
	}
}
