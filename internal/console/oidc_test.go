package console

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/internal/postgres"
)

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// police is an identity provider in this process. Its token is what change makes
// of a good one.
type police struct {
	server *httptest.Server
	mu     sync.Mutex
	nonce  string // of whom was sent there
	digest string // of the verifier that must come
	change func(head, claims map[string]any)
	forge  bool // signs with nothing
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func newPolice(t *testing.T) *police {
	t.Helper()
	p := &police{change: func(_, _ map[string]any) {}}
	mux := http.NewServeMux()
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		base := p.server.URL
		fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`,
			base, base+"/authorize", base+"/token", base+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		k := signingKey().PublicKey
		text := base64.RawURLEncoding.EncodeToString
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"one","n":%q,"e":%q}]}`, text(k.N.Bytes()), text(big.NewInt(int64(k.E)).Bytes()))
	})
	mux.HandleFunc("/token", p.token)
	return p
}

func (p *police) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if base64.RawURLEncoding.EncodeToString(sum[:]) != p.digest || r.FormValue("code") != "good-code" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant","error_description":"canary of somebody's name"}`)
		return
	}
	head := map[string]any{"alg": "RS256", "kid": "one"}
	claims := map[string]any{
		"iss": p.server.URL, "aud": "powerline", "sub": "police-7", "nonce": p.nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "acr": "two-factors",
	}
	p.change(head, claims)
	signed := part(head) + "." + part(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, signingKey(), crypto.SHA256, digest[:])
	if err != nil {
		panic(err)
	}
	if p.forge {
		signature[7] ^= 1
	}
	fmt.Fprintf(w, `{"access_token":"x","token_type":"Bearer","id_token":%q}`, signed+"."+base64.RawURLEncoding.EncodeToString(signature))
}

// sent follows a browser to the provider, and returns the address to come back to.
func (p *police) sent(t *testing.T, b *browser) string {
	t.Helper()
	a := b.visit("/login/provider")
	to, err := url.Parse(a.to())
	if err != nil || a.status != http.StatusSeeOther {
		t.Fatalf("%d to %q: %v", a.status, a.to(), err)
	}
	q := to.Query()
	if q.Get("code_challenge_method") != "S256" || q.Get("state") == "" || q.Get("nonce") == "" || q.Get("redirect_uri") != "https://desk.example/login/return" {
		t.Fatalf("sent with %v", q)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nonce, p.digest = q.Get("nonce"), q.Get("code_challenge")
	return "/login/return?code=good-code&state=" + q.Get("state")
}

func withPolice(t *testing.T) (*site, *police) {
	t.Helper()
	s, p := newSite(t), newPolice(t)
	s.console.provider = &Provider{
		Issuer: p.server.URL, ClientID: "powerline", URL: "https://desk.example", ACR: []string{"two-factors"},
		RoleClaim: "groups", Roles: []ClaimedRole{{"wpl-lead", Supervisor}, {"wpl-men", Officer}, {"wpl-women", Agent}},
	}
	s.books.change(idOf(Supervisor), func(u *postgres.Account) { u.Subject = "police-7" })
	p.change = func(_, claims map[string]any) { claims["groups"] = []string{"other", "wpl-lead"} }
	return s, p
}

func TestGivenSheSignsInElsewhere_WhenSheComesBack_ThenSheIsIn(t *testing.T) {
	s, p := withPolice(t)
	b := s.browser()
	a := b.visit(p.sent(t, b))
	if a.status != http.StatusOK || !strings.Contains(a.body, `content="0;url=/"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if status := b.in(); status != http.StatusOK {
		t.Errorf("she is not in: %d", status)
	}
	if a := s.browser().post("/login", "login", "login-supervisor", "password", password); a.status != http.StatusUnauthorized {
		t.Errorf("her password here opens too: %d", a.status)
	}
}

func TestGivenNoSecondFactorThere_WhenSheComesBack_ThenACodeIsAskedHere(t *testing.T) {
	s, p := withPolice(t)
	p.change = func(_, claims map[string]any) { claims["groups"], claims["acr"] = "wpl-lead", "password-only" }
	b := s.browser()
	if a := b.visit(p.sent(t, b)); !strings.Contains(a.body, `content="0;url=/login/code"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if status := b.in(); status != http.StatusUnauthorized {
		t.Errorf("she is in without a second factor: %d", status)
	}
	if a := b.post("/login/code", "code", codeFor(t, 0)); a.to() != "/" {
		t.Errorf("code: %d", a.status)
	}
}

func TestGivenWhatIsNotGood_WhenItComesBack_ThenNobodyIsIn(t *testing.T) {
	claim := func(name string, value any) func(s *site, p *police) {
		return func(_ *site, p *police) {
			p.change = func(_, claims map[string]any) { claims["groups"] = "wpl-lead"; claims[name] = value }
		}
	}
	for what, c := range map[string]struct {
		spoil func(s *site, p *police)
		path  func(string) string
		word  string
	}{
		"no errand":         {path: func(string) string { return "/login/return?code=good-code&state=" }, word: "provider-state"},
		"another state":     {path: func(p string) string { return p + "x" }, word: "provider-state"},
		"refused there":     {path: func(p string) string { return strings.Replace(p, "code=good-code", "error=access_denied", 1) }, word: "provider-refused-there"},
		"another code":      {path: func(p string) string { return strings.Replace(p, "good-code", "stolen-code", 1) }, word: "provider-token"},
		"another nonce":     {spoil: claim("nonce", "x"), word: "provider-token"},
		"another audience":  {spoil: claim("aud", "somebody-else"), word: "provider-token"},
		"another issuer":    {spoil: claim("iss", "https://evil.example"), word: "provider-token"},
		"over":              {spoil: claim("exp", time.Now().Add(-time.Hour).Unix()), word: "provider-token"},
		"not signed":        {spoil: func(_ *site, p *police) { p.change = func(head, _ map[string]any) { head["alg"] = "none" } }, word: "provider-token"},
		"forged":            {spoil: func(_ *site, p *police) { p.forge = true }, word: "provider-token"},
		"nobody's":          {spoil: claim("sub", "police-8"), word: "provider-unknown"},
		"no role":           {spoil: claim("groups", "guests"), word: "provider-role"},
		"a role of the law": {spoil: claim("groups", "wpl-women"), word: "provider-role"}, // the supervisor is no woman of the roster
		"locked": {spoil: func(s *site, _ *police) {
			s.books.change(idOf(Supervisor), func(u *postgres.Account) { u.Locked = true })
		}, word: "provider-locked"},
		"the verifier of another": {spoil: func(_ *site, p *police) { p.digest = "x" }, word: "provider-token"},
	} {
		s, p := withPolice(t)
		b := s.browser()
		path := p.sent(t, b)
		p.mu.Lock()
		if c.spoil != nil {
			c.spoil(s, p)
		}
		p.mu.Unlock()
		if c.path != nil {
			path = c.path(path)
		}
		a := b.ask("GET", path, nil, "Accept", "application/json")
		if a.status != http.StatusForbidden || !strings.Contains(a.body, `"`+c.word+`"`) {
			t.Errorf("%s: %d %s, want %s", what, a.status, a.body, c.word)
		}
		if status := b.in(); status != http.StatusUnauthorized {
			t.Errorf("%s: in: %d", what, status)
		}
		if again := b.ask("GET", path, nil, "Accept", "application/json"); !strings.Contains(again.body, "provider-state") {
			t.Errorf("%s: the errand is good twice: %d %s", what, again.status, again.body)
		}
		if strings.Contains(s.log.String(), "canary") || strings.Contains(s.log.String(), "police-") {
			t.Errorf("%s: the log names people:\n%s", what, s.log)
		}
	}
}

func TestGivenAnotherRoleThere_WhenSheComesBack_ThenItIsHersHereIfTheLawAllows(t *testing.T) {
	s, p := withPolice(t)
	s.books.change(idOf(Supervisor), func(u *postgres.Account) { u.Profile.Officer = true })
	p.change = func(_, claims map[string]any) { claims["groups"] = []string{"wpl-men"} }
	b := s.browser()
	b.visit(p.sent(t, b))
	if a := b.ask("GET", "/me", nil, "Accept", "application/json"); !strings.Contains(a.body, `"role":"officer"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestGivenTheProviderIsAway_WhenSomebodyAsksForIt_ThenLocalAccountsGoOn(t *testing.T) {
	s, p := withPolice(t)
	p.server.Close()
	if a := s.browser().visit("/login/provider"); a.status != http.StatusBadGateway {
		t.Errorf("%d", a.status)
	}
	s.signIn(Agent)
	s.console.provider = nil
	for _, path := range []string{"/login/provider", "/login/return?code=x&state=y"} {
		if a := s.browser().visit(path); a.status != http.StatusNotFound {
			t.Errorf("%s without a provider: %d", path, a.status)
		}
	}
}
