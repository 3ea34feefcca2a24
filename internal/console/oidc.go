package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"powerline/internal/postgres"
)

// Provider signs people in elsewhere, by OpenID Connect: code flow with PKCE, state
// and nonce. Who it names must have an account here; nobody gets one by it.
type Provider struct {
	Issuer, ClientID, ClientSecret string
	// URL is the console's own address as browsers know it, without a path.
	URL string
	// RoleClaim names roles or groups; empty leaves the account's role alone. Roles
	// are what its values give, in order of preference.
	RoleClaim string
	Roles     []ClaimedRole
	// ACR are the values of the claim acr that say that a second factor was used.
	// Otherwise a one-time code is asked here.
	ACR []string

	mu    sync.Mutex
	known *oidc.Provider // once it has answered
}

// ClaimedRole is what a value of the claim gives.
type ClaimedRole struct {
	Value string
	Role  Role
}

const (
	// providerWithin is how long the provider may take to answer.
	providerWithin = 5 * time.Second
	// wayBackWithin is how long somebody may take to sign in there.
	wayBackWithin = 10 * time.Minute
)

// errProvider: it does not answer, or not as it should. What it said is not
// repeated: it can name people.
var errProvider = Refuse(http.StatusBadGateway, "provider")

// provider asks it for its addresses, until it has answered once: a provider that is
// away keeps nobody from serving.
func (p *Provider) provider() (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	// Its keys are fetched with this client later on, so the context is nobody's.
	found, err := oidc.NewProvider(p.context(context.Background()), p.Issuer)
	if err != nil {
		return nil, fmt.Errorf("console: ask the identity provider for its addresses: %w", err)
	}
	p.known = found
	return found, nil
}

func (p *Provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: providerWithin})
}

func (p *Provider) flow(at *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: at.Endpoint(),
		RedirectURL: p.URL + "/login/return", Scopes: []string{oidc.ScopeOpenID},
	}
}

// errand is what must come back from the provider as it went: three random
// texts, kept in a cookie of the browser that was sent there.
type errand struct{ state, nonce, verifier string }

func newErrand() (errand, error) {
	random := make([]byte, 48)
	if _, err := rand.Read(random); err != nil {
		return errand{}, fmt.Errorf("console: begin sign-in by provider: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString
	return errand{text(random[:24]), text(random[24:]), oauth2.GenerateVerifier()}, nil
}

func (c *Console) errandCookie() string {
	if c.TLS {
		return "__Host-errand"
	}
	return "errand"
}

// keepErrand puts it into the browser, or takes it away again. Lax, for the way
// back begins on the provider's site.
func (c *Console) keepErrand(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: c.errandCookie(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: c.TLS, SameSite: http.SameSiteLaxMode,
	})
}

// toProvider sends the browser there.
func (c *Console) toProvider(r *Request) error {
	if c.provider == nil {
		return ErrNotFound
	}
	at, err := c.provider.provider()
	if err != nil {
		c.Log.Warn("sign-in by provider is not possible now", "error", err)
		return errProvider
	}
	e, err := newErrand()
	if err != nil {
		return err
	}
	c.keepErrand(r.Writer, e.state+"."+e.nonce+"."+e.verifier, int(wayBackWithin/time.Second))
	return r.SeeOtherSite(c.provider.flow(at).AuthCodeURL(e.state, oidc.Nonce(e.nonce), oauth2.S256ChallengeOption(e.verifier)))
}

// SeeOtherSite sends the browser to an address that is not ours.
func (r *Request) SeeOtherSite(address string) error {
	r.Writer.Header().Set("Location", address)
	r.Writer.WriteHeader(http.StatusSeeOther)
	return nil
}

// fromProvider takes in who comes back.
func (c *Console) fromProvider(r *Request) error {
	if c.provider == nil {
		return ErrNotFound
	}
	if !c.limits.signIn.allow(addressOf(r.Request), r.Now) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	var e errand
	if cookie, err := r.Cookie(c.errandCookie()); err == nil {
		if parts := strings.Split(cookie.Value, "."); len(parts) == 3 {
			e = errand{parts[0], parts[1], parts[2]}
		}
	}
	c.keepErrand(r.Writer, "", -1) // it is good once
	query := r.URL.Query()
	if e.state == "" || subtle.ConstantTimeCompare([]byte(e.state), []byte(query.Get("state"))) != 1 {
		return c.turnedAway("state")
	}
	if query.Get("code") == "" {
		return c.turnedAway("refused-there")
	}
	token, err := c.provider.identity(r.Context(), query.Get("code"), e)
	if err != nil {
		c.Log.Warn("what the identity provider sent is not good", "error", err)
		return c.turnedAway("token")
	}
	return c.enterAs(r, token)
}

// turnedAway refuses whoever came from the provider.
func (c *Console) turnedAway(word string) error {
	c.metrics.signIns.WithLabelValues("provider", word).Inc()
	return Refuse(http.StatusForbidden, "provider-"+word)
}

// identity exchanges the code, and holds what comes for true only if the provider
// has signed it, for us, now, and for this errand.
func (p *Provider) identity(ctx context.Context, code string, e errand) (*oidc.IDToken, error) {
	at, err := p.provider()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(p.context(ctx), providerWithin)
	defer cancel()
	got, err := p.flow(at).Exchange(ctx, code, oauth2.VerifierOption(e.verifier))
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) {
		return nil, fmt.Errorf("exchange the code: it said %q", answer.ErrorCode) // not its text
	}
	if err != nil {
		return nil, fmt.Errorf("exchange the code: %T", err) // its text holds the answer
	}
	raw, _ := got.Extra("id_token").(string)
	token, err := at.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, errors.New("verify the ID token: it is not signed by the provider for this console, or its time is over")
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(e.nonce)) != 1 {
		return nil, errors.New("verify the ID token: it belongs to another sign-in")
	}
	return token, nil
}

// enterAs signs in the account whom the provider means.
func (c *Console) enterAs(r *Request, token *oidc.IDToken) error {
	u, err := c.Store.AccountBySubject(r.Context(), token.Subject)
	switch {
	case errors.Is(err, postgres.ErrNoAccount):
		return c.turnedAway("unknown")
	case err != nil:
		return err
	case u.Locked || !u.Active:
		return c.turnedAway("locked")
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return c.turnedAway("token")
	}
	if c.provider.RoleClaim != "" {
		role, ok := c.provider.role(claims)
		if !ok {
			return c.turnedAway("role")
		}
		if u, err = c.withRole(r, u, role); err != nil {
			return err
		}
	}
	if acr, _ := claims["acr"].(string); acr != "" && slices.Contains(c.provider.ACR, acr) {
		return c.onward(r, u, "provider")
	}
	return c.onward(r, u, "password") // a code is still missing
}

// role is the first that the claim's values give.
func (p *Provider) role(claims map[string]any) (Role, bool) {
	var values []string
	switch claim := claims[p.RoleClaim].(type) {
	case string:
		values = strings.Fields(claim)
	case []any:
		for _, one := range claim {
			if text, ok := one.(string); ok {
				values = append(values, text)
			}
		}
	}
	for _, one := range p.Roles {
		if slices.Contains(values, one.Value) {
			return one.Role, true
		}
	}
	return "", false
}

// withRole gives the account the role that the provider says it has. Who takes or
// leads calls must be somebody of the roster, and what the law asks of him or her
// is asked again.
func (c *Console) withRole(r *Request, u postgres.Account, role Role) (postgres.Account, error) {
	if Role(u.Role) == role {
		return u, nil
	}
	p := u.Profile
	lawful := map[Role]bool{
		Agent: u.Agent != "" && p.Woman, Counsellor: u.Agent != "" && p.Woman && p.Counsellor, Officer: u.Agent != "" && p.Officer,
		Supervisor: u.Agent != "", Auditor: u.Agent == "", Administrator: u.Agent == "",
	}
	if !lawful[role] {
		return u, c.turnedAway("role")
	}
	u.Role = string(role)
	if err := c.Store.SetAccount(r.Context(), u, "provider", r.Now); err != nil {
		return u, err
	}
	return c.Store.Account(r.Context(), u.ID)
}
