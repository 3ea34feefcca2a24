package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"time"

	"powerline/internal/config"
)

// certificateSoon is how long before its end a certificate is worth a word: a new
// one may take the police's authority weeks.
const certificateSoon = 30 * 24 * time.Hour

// desks looks at how browsers reach desks and consoles.
func desks(_ context.Context, c config.Config) []Finding {
	n := notes{subject: "console"}
	k := c.Console
	switch {
	case !k.On():
		n.add(OK, "no console.listen: no desks and consoles are served")
	case !k.TLS():
		n.add(OK, fmt.Sprintf("desks and consoles are served on %s, unencrypted, to this machine alone", k.Listen))
	default:
		n.certificate(k, time.Now())
	}
	return n.list
}

// certificate holds the console's certificate and key against each other, against
// the clock and against the address by which browsers come.
func (n *notes) certificate(k config.Console, now time.Time) {
	pair, err := tls.LoadX509KeyPair(k.CertFile, k.KeyFile)
	if err != nil {
		n.add(Fail, wrongPair(k, err)+": the acd does not start with it")
		return
	}
	chain, err := parsed(pair)
	if err != nil {
		n.add(Fail, fmt.Sprintf("console.certFile %s is no certificate of X.509: %v", k.CertFile, err))
		return
	}
	before := len(n.list)
	for i, one := range chain {
		n.dates(one, i == 0, now)
	}
	n.host(chain[0], k)
	if len(n.list) == before {
		n.add(OK, fmt.Sprintf("the certificate is for %s, and good until %s", strings.Join(namesOf(chain[0]), ", "), day(chain[0].NotAfter)))
	}
}

// wrongPair says which of the two files is wrong, and what to do.
func wrongPair(k config.Console, err error) string {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return fmt.Sprintf("%s cannot be read (%v): put it there, readable for the acd", path.Path, path.Err)
	case strings.Contains(err.Error(), "does not match"):
		return fmt.Sprintf("the key in console.keyFile %s does not belong to the certificate in console.certFile %s: put the pair there that was made together", k.KeyFile, k.CertFile)
	}
	return fmt.Sprintf("console.certFile %s and console.keyFile %s are no pair in PEM (%v)", k.CertFile, k.KeyFile, err)
}

func parsed(pair tls.Certificate) (chain []*x509.Certificate, err error) {
	for _, der := range pair.Certificate {
		one, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, one)
	}
	return chain, nil
}

// dates holds one certificate of the chain against the clock; own is the console's.
func (n *notes) dates(c *x509.Certificate, own bool, now time.Time) {
	which := "the certificate"
	if !own {
		which = fmt.Sprintf("%q, which signs in the certificate's chain,", c.Subject.CommonName)
	}
	switch {
	case now.After(c.NotAfter):
		n.add(Fail, fmt.Sprintf("%s has expired on %s: browsers refuse desks and consoles; put a new one into console.certFile, which needs no restart", which, day(c.NotAfter)))
	case now.Before(c.NotBefore):
		n.add(Fail, fmt.Sprintf("%s is not good before %s: browsers refuse desks and consoles; look at this machine's clock", which, day(c.NotBefore)))
	case now.After(c.NotAfter.Add(-certificateSoon)):
		n.add(Warn, fmt.Sprintf("%s expires in %d days, on %s: order a new one now", which, int(c.NotAfter.Sub(now).Hours()/24), day(c.NotAfter)))
	}
}

// host holds the certificate's names against the address by which browsers come, as
// far as the configuration says it. Without one the finding names them.
func (n *notes) host(c *x509.Certificate, k config.Console) {
	if len(namesOf(c)) == 0 {
		n.add(Fail, "the certificate names no host: browsers look at its subject alternative names alone, and refuse it; order one with the name of this console among them")
		return
	}
	u, err := url.Parse(k.OIDC.URL) // under which browsers are told to come
	if err == nil && u.Hostname() != "" && c.VerifyHostname(u.Hostname()) != nil {
		n.add(Fail, fmt.Sprintf("the certificate is for %s and not for %s, by which browsers come (console.oidc.url): they refuse it; order one for that name", strings.Join(namesOf(c), ", "), u.Hostname()))
	}
}

// namesOf are the hosts and addresses that a certificate is for.
func namesOf(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func day(at time.Time) string { return at.UTC().Format("2 January 2006") }
