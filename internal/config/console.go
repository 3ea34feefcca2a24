package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Console is the listener of agents' desks and supervisors' consoles.
type Console struct {
	Listen   netip.AddrPort `yaml:"listen" doc:"address and port of desks and consoles; empty serves none"`
	CertFile string         `yaml:"certFile" doc:"certificate of TLS with its chain, PEM; empty serves plain HTTP, on loopback only"`
	KeyFile  string         `yaml:"keyFile" doc:"key of the certificate, mode 0600 or 0640"`
	Idle     time.Duration  `yaml:"idle" doc:"who did nothing for so long must sign in again; a call in hand counts as doing something"`
	Absolute time.Duration  `yaml:"absolute" doc:"who signed in so long ago must sign in again"`
	Display  time.Duration  `yaml:"display" doc:"how long a screen on a wall shows figures before somebody must sign in for it again; it never goes idle"`
	OIDC     OIDC           `yaml:"oidc" doc:"signing in by the identity provider of the police"`
}

// OIDC is OpenID Connect: signing in elsewhere.
type OIDC struct {
	Issuer           string     `yaml:"issuer" doc:"https:// address of the provider; empty offers local accounts only"`
	ClientID         string     `yaml:"clientID" doc:"what the provider calls this console"`
	ClientSecretFile string     `yaml:"clientSecretFile" doc:"file with the secret, mode 0600 or 0640; empty for a public client"`
	URL              string     `yaml:"url" doc:"address of this console as browsers know it, without path; the provider sends them back to it"`
	RoleClaim        string     `yaml:"roleClaim" doc:"claim of the ID token that names roles or groups; empty leaves the account's role alone"`
	Roles            []OIDCRole `yaml:"roles" doc:"which role a value of that claim gives; the first that is found counts"`
	ACR              []string   `yaml:"acr" doc:"values of the claim acr that say a second factor was used; with none, a code is asked here"`
}

// OIDCRole maps a value of a claim.
type OIDCRole struct {
	Value string `yaml:"value" doc:"as the provider sends it"`
	Role  string `yaml:"role" doc:"agent, officer, counsellor, supervisor, auditor or administrator"`
}

// Roles are the roles of the console.
var Roles = []string{"agent", "officer", "counsellor", "supervisor", "auditor", "administrator"}

func defaultConsole() Console {
	return Console{Idle: 15 * time.Minute, Absolute: 12 * time.Hour, Display: 30 * day}
}

// On reports whether desks and consoles are served.
func (c Console) On() bool { return c.Listen.IsValid() }

// TLS reports whether browsers speak with it encrypted.
func (c Console) TLS() bool { return c.CertFile != "" }

func (c Config) checkConsole(v *verdict) {
	k := c.Console
	v.within("console.idle", k.Idle, time.Minute, 12*time.Hour)
	v.within("console.absolute", k.Absolute, 5*time.Minute, 7*day)
	v.need("console.absolute", k.Absolute >= k.Idle, "want at least console.idle")
	v.within("console.display", k.Display, time.Hour, 366*day)
	v.need("console.keyFile", (k.CertFile == "") == (k.KeyFile == ""), "want both console.certFile and console.keyFile, or none")
	k.OIDC.check(v)
	if !k.On() {
		return
	}
	v.need("console.listen", k.Listen.Port() != 0, "want an address and a port such as 10.0.0.5:8443")
	v.need("console.listen", k.TLS() || k.Listen.Addr().IsLoopback(), "without console.certFile want a loopback address: passwords and what victims tell travel over it")
	v.need("console.listen", k.Listen != c.HTTP.Listen, "want another port than http.listen")
	v.need("privacy.sealKeyFile", c.Privacy.SealKeyFile != "", "want a key file: the console seals authenticators' secrets and drafts with it")
}

func (o OIDC) check(v *verdict) {
	for i, r := range o.Roles {
		path := fmt.Sprintf("console.oidc.roles[%d]", i)
		v.need(path+".value", r.Value != "", "want the value that the provider sends")
		v.need(path+".role", slices.Contains(Roles, r.Role), "want "+strings.Join(Roles, ", "))
	}
	if o.Issuer == "" {
		return
	}
	v.need("console.oidc.issuer", secureOrLocal(o.Issuer), "want an https:// address: who answers there says who signs in")
	v.need("console.oidc.clientID", o.ClientID != "", "want what the provider calls this console")
	u, err := url.Parse(o.URL)
	v.need("console.oidc.url", secureOrLocal(o.URL) && err == nil && u.Path == "" && u.RawQuery == "" && u.Fragment == "", "want an address such as https://desk.example without a path")
	v.need("console.oidc.roleClaim", o.RoleClaim != "" || len(o.Roles) == 0, "want the claim that console.oidc.roles speak of")
}

// secureOrLocal: plain HTTP is for this machine alone.
func secureOrLocal(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	a, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (err == nil && a.IsLoopback() || u.Hostname() == "localhost")
}
