package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerline/internal/config"
)

// pairOf writes a certificate and its key, and says where they are.
func pairOf(t *testing.T, from, until time.Time, names ...string) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "desk.example"}, NotBefore: from, NotAfter: until}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			made.IPAddresses = append(made.IPAddresses, ip)
		} else {
			made.DNSNames = append(made.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestGivenTheConsolesCertificate_WhenLookedAt_ThenWhatBrowsersWouldRefuseIsSaidWithWhatToDo(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Now()
	listen := netip.MustParseAddrPort("10.0.0.5:8443")
	good, goodKey := pairOf(t, now.Add(-day), now.Add(90*day), "desk.example", "10.0.0.5")
	other, otherKey := pairOf(t, now.Add(-day), now.Add(90*day), "desk.example")
	soon, soonKey := pairOf(t, now.Add(-day), now.Add(12*day+time.Hour), "desk.example")
	over, overKey := pairOf(t, now.Add(-90*day), now.Add(-day), "desk.example")
	early, earlyKey := pairOf(t, now.Add(day), now.Add(90*day), "desk.example")
	nameless, namelessKey := pairOf(t, now.Add(-day), now.Add(90*day))
	rubbish := filepath.Join(t.TempDir(), "rubbish.pem")
	if err := os.WriteFile(rubbish, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		console config.Console
		want    Level
		says    []string
	}{
		"none is served":        {config.Console{}, OK, []string{"no console.listen"}},
		"this machine alone":    {config.Console{Listen: netip.MustParseAddrPort("127.0.0.1:8443")}, OK, []string{"to this machine alone"}},
		"all well":              {config.Console{Listen: listen, CertFile: good, KeyFile: goodKey}, OK, []string{"desk.example, 10.0.0.5", "good until"}},
		"well, and its address": {config.Console{Listen: listen, CertFile: good, KeyFile: goodKey, OIDC: config.OIDC{URL: "https://desk.example:8443"}}, OK, nil},
		"missing":               {config.Console{Listen: listen, CertFile: good + ".not", KeyFile: goodKey}, Fail, []string{good + ".not", "cannot be read", "put it there", "does not start"}},
		"its key is missing":    {config.Console{Listen: listen, CertFile: good, KeyFile: goodKey + ".not"}, Fail, []string{goodKey + ".not", "cannot be read"}},
		"no certificate":        {config.Console{Listen: listen, CertFile: rubbish, KeyFile: goodKey}, Fail, []string{"no pair in PEM"}},
		"the key of another":    {config.Console{Listen: listen, CertFile: other, KeyFile: goodKey}, Fail, []string{"does not belong to", goodKey, other}},
		"expired":               {config.Console{Listen: listen, CertFile: over, KeyFile: overKey}, Fail, []string{"has expired", "needs no restart"}},
		"not yet":               {config.Console{Listen: listen, CertFile: early, KeyFile: earlyKey}, Fail, []string{"not good before", "clock"}},
		"soon":                  {config.Console{Listen: listen, CertFile: soon, KeyFile: soonKey}, Warn, []string{"expires in 12 days", "order a new one"}},
		"another host":          {config.Console{Listen: listen, CertFile: other, KeyFile: otherKey, OIDC: config.OIDC{URL: "https://console.example"}}, Fail, []string{"for desk.example and not for console.example", "console.oidc.url"}},
		"no host at all":        {config.Console{Listen: listen, CertFile: nameless, KeyFile: namelessKey}, Fail, []string{"names no host", "alternative names"}},
	} {
		found := desks(t.Context(), config.Config{Console: c.console})
		if len(found) != 1 || found[0].Level != c.want || found[0].Subject != "console" {
			t.Errorf("%s: %v, want one %s", what, found, c.want)
			continue
		}
		for _, words := range c.says {
			if !strings.Contains(found[0].Text, words) {
				t.Errorf("%s: %q does not say %q", what, found[0].Text, words)
			}
		}
	}
}
