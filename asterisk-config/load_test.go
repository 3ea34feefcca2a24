package asteriskconfig_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

const secret = "only-for-tests"

// roster is a day's staff in miniature: of every ten agents one is an officer,
// one a counsellor, one a senior, and the rest are constables.
func roster(n int) []asteriskconfig.Agent {
	languages := asteriskconfig.Defaults().Languages
	all := make([]asteriskconfig.Agent, 0, n)
	for i := range n {
		id := fmt.Sprintf("a%03d", i+1)
		a := asteriskconfig.Agent{
			ID: id, SecretMD5: asteriskconfig.HA1(id, asteriskconfig.Defaults().Realm, secret),
			Woman: true, Categories: []string{"other", "status"}, Languages: []string{"hi", languages[i%len(languages)]},
		}
		switch i % 10 {
		case 1:
			a.Woman, a.Officer, a.Categories = false, true, nil
		case 2:
			a.Counsellor = true
		case 3:
			a.Senior = true
		}
		all = append(all, a)
	}
	return all
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func startAsterisk(t *testing.T, configure func(*asteriskconfig.Settings)) *stack.Stack {
	t.Helper()
	return stacktest.Start(t, stack.Options{Only: []string{stack.NameAsterisk}, Configure: configure})
}

func cli(t *testing.T, s *stack.Stack, command string) string {
	t.Helper()
	out, err := s.Asterisk.CLI(within(t, 30*time.Second), command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// expected are lines that Asterisk writes whatever it is given, with the reason
// why nothing of ours causes them.
var expected = []struct{ text, reason string }{
	{"Could not find option 'minimum_size' with type 'threadpool' in module 'stasis'",
		"Asterisk's own documentation lacks an option of its own stasis.conf"},
	{"queue reached 500 scheduled tasks",
		"each of 150 phones has a first device state at start; the queue drains in milliseconds and none is lost"},
	{"not claimed within", "that no acd takes a call is what the fallback is for"},
}

func complaints(t *testing.T, s *stack.Stack) []string {
	t.Helper()
	var found []string
	for _, file := range []string{s.Asterisk.Messages, s.Asterisk.Log} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if isComplaint(line) {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}
	return found
}

func isComplaint(line string) bool {
	for _, e := range expected {
		if strings.Contains(line, e.text) {
			return false
		}
	}
	for _, word := range []string{"WARNING", "ERROR", "Unable", "Could not", "nvalid", "Failed"} {
		if strings.Contains(line, word) {
			return true
		}
	}
	return false
}

func TestGivenAFullRosterWhenAsteriskLoadsItThenItHasNothingToComplainOf(t *testing.T) {
	s := startAsterisk(t, func(c *asteriskconfig.Settings) {
		c.Agents = roster(150)
		c.Trunks = append(c.Trunks, asteriskconfig.Trunk{Name: "second", MatchIPs: []string{"127.1.0.0/16", "127.0.0.22"}})
		c.AgentRTPTimeout = 30
		c.Browsers.Allowed = true
	})
	cli(t, s, "module reload") // reads everything a second time
	cli(t, s, "core waitfullybooted")
	for _, line := range complaints(t, s) {
		t.Error(line)
	}
	if out := cli(t, s, "pjsip show endpoints"); strings.Count(out, " Endpoint:  a") != 150 {
		t.Errorf("not 150 phones:\n%s", out)
	}
	for _, module := range []string{"app_queue", "res_stasis_broadcast", "app_mixmonitor", "codec_opus_open_source"} {
		if out := cli(t, s, "module show like "+module); !strings.Contains(out, "Running") {
			t.Errorf("%s: %s", module, out)
		}
	}
}

func TestGivenAllModulesWhenAsteriskLoadsThemThenEachRuns(t *testing.T) {
	s := startAsterisk(t, func(c *asteriskconfig.Settings) { c.Browsers.Allowed = true })
	for line := range strings.Lines(cli(t, s, "module show")) {
		if strings.Contains(line, ".so") && !strings.Contains(line, "Running") {
			t.Error(strings.TrimSpace(line))
		}
	}
}

// TestGivenBrowsers…: the HTTP server with ARI behind it is opened to the network
// for one purpose.
func TestGivenBrowsersAsTelephonesWhenAsteriskListensForThemThenTheyReachTheirSocketAndNothingElse(t *testing.T) {
	certificate, key, pool := selfSigned(t)
	s := startAsterisk(t, func(c *asteriskconfig.Settings) {
		c.Agents = roster(3)
		c.Browsers = asteriskconfig.Browsers{Allowed: true, TLSAddress: "127.0.0.1", TLSPort: freePort(t), CertificateFile: certificate, KeyFile: key}
	})
	for _, line := range complaints(t, s) {
		t.Error(line)
	}
	settings := s.Asterisk.Settings
	secure := fmt.Sprintf("https://127.0.0.1:%d", settings.Browsers.TLSPort)
	plain := fmt.Sprintf("http://127.0.0.1:%d", settings.HTTPPort)
	upgrade := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"sip"}}
	for _, c := range []struct {
		what, from, url string
		header          http.Header
		want            int
	}{
		{"a browser opens its socket", stack.StrangerAddress, secure + "/ws", upgrade, http.StatusSwitchingProtocols},
		{"a stranger with the password asks for ARI", stack.StrangerAddress, secure + "/ari/asterisk/ping", nil, http.StatusForbidden},
		{"a stranger asks for anything else", stack.StrangerAddress, secure + "/httpstatus", nil, http.StatusNotFound},
		{"an engine asks as ever", "127.0.0.1", plain + "/ari/asterisk/ping", nil, http.StatusOK},
	} {
		client := http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true,
			DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(c.from)}}).DialContext,
		}}
		request, err := http.NewRequestWithContext(within(t, 10*time.Second), http.MethodGet, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(request.Header, c.header)
		request.SetBasicAuth(settings.ARIUser.Name, settings.ARIUser.Password)
		answer, err := client.Do(request)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", c.what, answer.Status, c.want)
		}
	}
}

// selfSigned makes a certificate for 127.0.0.1 and whoever shall believe it.
func selfSigned(t *testing.T) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, text := range map[string][]byte{certificate: text, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return certificate, key, pool
}

// freePort is one that nobody has at this moment.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
