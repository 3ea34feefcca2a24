package browser_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/browser"
	"powerline/test/helpline"
)

// police is an identity provider with a page of its own, on another site than the
// console: 127.0.0.2.
type police struct {
	issuer string
	key    *rsa.PrivateKey

	mu      sync.Mutex
	sent    map[string]url.Values // by code: how the browser was sent there
	onNonce func(string) string
	onState func(string) string
}

func newPolice(t *testing.T) *police {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.2:0")
	must(t, err)
	same := func(text string) string { return text }
	p := &police{issuer: "http://" + listener.Addr().String(), key: key, sent: map[string]url.Values{}, onNonce: same, onState: same}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token", "jwks_uri": p.issuer + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.page)
	mux.HandleFunc("POST /authorize", p.signedIn)
	mux.HandleFunc("POST /token", p.token)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return p
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// page asks who it is.
func (p *police) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprintf(w, `<!doctype html><title>Police</title><form method="post" action="/authorize?%s"><input id="name" name="name"><button id="go">Sign in</button></form>`, r.URL.RawQuery)
}

// signedIn sends the browser back with a code.
func (p *police) signedIn(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	q.Set("name", r.PostFormValue("name"))
	code := rand.Text()
	p.sent[code] = q
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {p.onState(q.Get("state"))}}.Encode(), http.StatusSeeOther)
}

// token gives the ID token for a code, once, to who has the verifier.
func (p *police) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.sent[r.FormValue("code")]
	delete(p.sent, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if q == nil || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: p.key}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	now := time.Now()
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: p.issuer, Subject: q.Get("name"), Audience: jwt.Audience{q.Get("client_id")}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Claims(map[string]any{"nonce": p.onNonce(q.Get("nonce")), "acr": "two-factors"}).Serialize()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]string{"access_token": "x", "token_type": "Bearer", "id_token": text})
}

// changes lets what comes back be another than went there.
func (p *police) changes(state, nonce string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onState = func(text string) string { return text + state }
	p.onNonce = func(text string) string { return text + nonce }
}

func TestGivenThePolicesOwnSignIn_WhenSheGoesThereAndComesBack_ThenSheIsInAndNobodyByAForgedReturn(t *testing.T) {
	p := newPolice(t)
	h, ctx := helpline.OpenFor(t, helpline.Options{Women: 1, Consoles: true, Changes: []func(*config.Config){func(c *config.Config) {
		c.Console.OIDC = config.OIDC{Issuer: p.issuer, ClientID: "powerline", URL: "http://" + c.Console.Listen.String(), ACR: []string{"two-factors"}}
	}}}, 5*time.Minute)
	b, err := browser.Open(ctx, browser.Options{Language: "en", Flags: map[string]string{"host-resolver-rules": "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE 127.0.0.2"}})
	must(t, err)
	t.Cleanup(b.Close)
	account, err := h.Account(ctx, "agent", h.Women()[0].ID)
	must(t, err)
	db, err := h.Database(ctx)
	must(t, err)
	must(t, db.SetAccount(ctx, postgres.Account{ID: account.ID, Role: "agent", Agent: h.Women()[0].ID, Subject: "police-7"}, "test", time.Now().UTC()))

	s := page(t, b)
	goThere := func(name string) {
		t.Helper()
		must(t, s.Visit(h.Engines[0].Console+"/login"))
		must(t, s.Click(`a[href="/login/provider"]`))
		at(t, s, "/authorize")
		must(t, s.Type("#name", name), s.Click("#go"))
	}
	refused := func(what, says string) {
		t.Helper()
		if _, err := s.UntilText("body", says); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		status, err := browser.Eval[int](s, `fetch("/me").then((answer) => answer.status)`)
		if err != nil || status != http.StatusUnauthorized {
			t.Errorf("%s: she is in: %d, %v", what, status, err)
		}
	}
	p.changes("x", "")
	goThere("police-7")
	refused("another state", "not begun here")
	p.changes("", "x")
	goThere("police-7")
	refused("another nonce", "is not good")
	p.changes("", "")
	goThere("police-8")
	refused("somebody without an account", "no account here")
	goThere("police-7")
	at(t, s, "/desk")
	s.Complaints() // Chromium says that the others were refused
	looked(t, s, "signed-in-by-provider")
	who, err := browser.Eval[string](s, `fetch("/me").then((answer) => answer.json()).then((me) => me.login)`)
	if err != nil || who != account.Login {
		t.Errorf("signed in is %q: %v", who, err)
	}
	// What the sign-in needed is nothing that a script could read.
	cookies, err := browser.Eval[string](s, `document.cookie`)
	if err != nil || strings.Contains(cookies, "errand") {
		t.Errorf("a script reads the cookies %q: %v", cookies, err)
	}
}
