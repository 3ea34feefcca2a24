package controlroom

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"powerline/test/helpline"
)

func TestMain(m *testing.M) {
	status := m.Run()
	_ = helpline.RemoveBinaries()
	os.Exit(status)
}

// open is a small helpline with consoles.
func open(t *testing.T, o helpline.Options) *helpline.Helpline {
	t.Helper()
	o.Consoles = true
	h, _ := helpline.OpenFor(t, o, 10*time.Minute)
	return h
}

// visitor is somebody with a browser, without its window.
type visitor struct {
	t      *testing.T
	client *http.Client
	base   string
}

func newVisitor(t *testing.T, base string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, &http.Client{Jar: jar, Timeout: 20 * time.Second}, base}
}

func (v *visitor) ask(method, path string, form url.Values) (int, string) {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	got, err := v.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

func (v *visitor) signIn(a helpline.Account) {
	v.t.Helper()
	code, err := totp.GenerateCode(a.Authenticator, time.Now())
	if err != nil {
		v.t.Fatal(err)
	}
	if status, text := v.ask("POST", "/login", url.Values{"login": {a.Login}, "password": {a.Password}}); status != http.StatusOK {
		v.t.Fatalf("password: %d %s", status, text)
	}
	if status, text := v.ask("POST", "/login/code", url.Values{"code": {code}}); status != http.StatusOK {
		v.t.Fatalf("code: %d %s", status, text)
	}
}

// in is who the console says is signed in; empty for nobody.
func (v *visitor) in() string {
	var me struct{ Login string }
	if status, text := v.ask("GET", "/me", nil); status == http.StatusOK {
		if err := json.Unmarshal([]byte(text), &me); err != nil {
			v.t.Fatal(err)
		}
	}
	return me.Login
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := helpline.Until(ctx, what, ok); err != nil {
		t.Fatal(err)
	}
}

func TestGivenTwoEngines_WhenSheSignedInAtOne_ThenSheIsInAtTheOtherAndAfterItsDeathAndWithoutPostgres(t *testing.T) {
	h := open(t, helpline.Options{Women: 1, Engines: 2})
	asha := h.Women()[0]
	account, err := h.Account(t.Context(), "agent", asha.ID)
	if err != nil {
		t.Fatal(err)
	}
	one, two := h.Engines[0], h.Engines[1]
	v := newVisitor(t, one.Console)
	v.signIn(account)
	if who := v.in(); who != account.Login {
		t.Fatalf("signed in is %q", who)
	}
	// The cookie belongs to the host, whatever the port.
	if v.base = two.Console; v.in() != account.Login {
		t.Error("the other engine does not know her")
	}
	if status, text := v.ask("GET", "/api/v1/kinds", nil); status != http.StatusOK || !strings.Contains(text, `"offender"`) {
		t.Errorf("the API answers her %d %s", status, text)
	}
	if status, _ := v.ask("GET", "/api/v1/audit", nil); status != http.StatusForbidden {
		t.Errorf("the API shows an agent the audit: %d", status)
	}

	h.Postgres.Stop()
	for range 5 {
		if v.in() != account.Login {
			t.Fatal("without PostgreSQL she is out")
		}
	}
	if status, _ := newVisitor(t, two.Console).ask("POST", "/login", url.Values{"login": {account.Login}, "password": {account.Password}}); status != http.StatusServiceUnavailable {
		t.Errorf("without PostgreSQL somebody signs in: %d", status)
	}
	if err := h.Postgres.Start(t.Context()); err != nil {
		t.Fatal(err)
	}

	two.Kill()
	if err := two.Start(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	until(t, "she is in again", func() bool { return v.in() == account.Login })
	t.Logf("%v after its start the engine knew her again", time.Since(began))

	db, err := h.Database(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The test's own connections ended with the server; each is found out once.
	until(t, "the account is locked", func() bool {
		return db.LockAccount(t.Context(), account.ID, true, "test", time.Now()) == nil
	})
	until(t, "a locked account is out", func() bool { return v.in() == "" })
}
