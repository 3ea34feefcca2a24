package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"powerline/internal/postgres"
	"powerline/person"
)

func TestGivenRightNamePasswordAndCode_WhenSigningIn_ThenThePagesOpen(t *testing.T) {
	s := newSite(t)
	b := s.signIn(Supervisor)
	if a := b.ask("GET", "/me", nil, "Accept", "application/json"); a.status != http.StatusOK || !strings.Contains(a.body, `"role":"supervisor"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.visit("/login"); a.to() != "/" {
		t.Errorf("who is signed in is asked again: %d", a.status)
	}
}

func TestGivenOnlyThePassword_WhenAPageIsAsked_ThenItIsNotOpen(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	b.post("/login", "login", "login-agent", "password", password)
	if a := b.visit("/me"); a.to() != "/login" {
		t.Errorf("half a sign-in opens pages: %d %s", a.status, a.body)
	}
	if a := b.visit("/api/v1/cases"); a.body != "false   " {
		t.Errorf("half a sign-in opens the API: %s", a.body)
	}
	if a := b.visit("/login/enrol.png"); a.status != http.StatusNotFound {
		t.Errorf("the authenticator's secret is shown to who has one already: %d", a.status)
	}
	if a := b.visit("/login/enrol"); a.to() != "/login" {
		t.Errorf("an authenticator can be set up anew by the password alone: %d", a.status)
	}
	if a := b.visit("/login/password"); a.to() != "/login" {
		t.Errorf("the password can be changed without a code: %d", a.status)
	}
}

func TestGivenAWrongNameOrPassword_WhenSigningIn_ThenTheAnswersAreAlike(t *testing.T) {
	s := newSite(t)
	wrong := s.browser().post("/login", "login", "login-agent", "password", "wrong wrong wrong")
	unknown := s.browser().post("/login", "login", "nobody-here", "password", "wrong wrong wrong")
	if wrong.status != http.StatusUnauthorized || wrong.status != unknown.status || wrong.body != unknown.body {
		t.Errorf("a known name is told from an unknown: %d and %d", wrong.status, unknown.status)
	}
	s.books.change(idOf(Agent), func(u *postgres.Account) { u.Locked = true })
	if locked := s.browser().post("/login", "login", "login-agent", "password", "wrong wrong wrong"); locked.body != wrong.body {
		t.Error("a lock shows to who does not know the password")
	}
	if locked := s.browser().post("/login", "login", "login-agent", "password", password); locked.status != http.StatusUnauthorized || locked.body == wrong.body {
		t.Errorf("who is locked is not told so: %d", locked.status)
	}
}

func TestGivenWrongPasswordsInARow_WhenTheRightOneComes_ThenItMustWait(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	for failed, waits := range map[int]time.Duration{4: 0, 5: 30 * time.Second, 6: time.Minute, 9: 8 * time.Minute, 10: 15 * time.Minute, 1000: 15 * time.Minute} {
		u := postgres.Account{Failed: failed, FailedAt: now}
		if waits > 0 && !mustWait(u, now.Add(waits-time.Second)) || mustWait(u, now.Add(waits)) {
			t.Errorf("after %d wrong ones she does not wait %v", failed, waits)
		}
	}
	for range freeTries {
		s.browser().post("/login", "login", "login-agent", "password", "wrong wrong wrong")
	}
	if a := s.browser().post("/login", "login", "login-agent", "password", password); a.status != http.StatusUnauthorized || !strings.Contains(a.body, ownWords.T(Hindi, "login.wait")) {
		t.Errorf("guessing goes on: %d", a.status)
	}
	s.books.change(idOf(Agent), func(u *postgres.Account) { u.FailedAt = time.Now().Add(-time.Hour) })
	if a := s.browser().post("/login", "login", "login-agent", "password", password); a.to() != "/login/code" {
		t.Errorf("nobody is locked out for good: %d", a.status)
	}
}

func TestGivenManyTries_WhenTheyComeFast_ThenTheyAreSlowedDown(t *testing.T) {
	s := newSite(t)
	slowed := false
	for range 20 {
		slowed = slowed || s.browser().post("/login", "login", "nobody-here", "password", "x").status == http.StatusTooManyRequests
	}
	if !slowed {
		t.Error("twenty tries at one name were all looked at")
	}
	if a := s.browser().post("/login", "login", "login-officer", "password", password); a.to() != "/login/code" {
		t.Errorf("another name suffers: %d", a.status)
	}
}

func TestGivenACodeThatWasUsed_WhenItComesAgain_ThenItIsRefused(t *testing.T) {
	s := newSite(t)
	code := codeFor(t, 0)
	first, second := s.browser(), s.browser()
	for _, b := range []*browser{first, second} {
		b.post("/login", "login", "login-agent", "password", password)
	}
	if a := first.post("/login/code", "code", code); a.to() != "/" {
		t.Fatalf("the code is right: %d", a.status)
	}
	if a := second.post("/login/code", "code", code); a.status != http.StatusUnauthorized {
		t.Errorf("a code is good twice: %d", a.status)
	}
	for _, bad := range []string{"", "000000", "12345", "1234567", "abcdef", codeFor(t, -10), codeFor(t, 10)} {
		if bad == code {
			continue
		}
		if a := second.post("/login/code", "code", bad); a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
			t.Errorf("code %q: %d", bad, a.status)
		}
	}
}

func TestGivenANewAccount_WhenItSignsInFirst_ThenAuthenticatorAndPasswordAreSetUp(t *testing.T) {
	s := newSite(t)
	s.books.change(idOf(Agent), func(u *postgres.Account) {
		u.Enrolled, u.MustChange, u.Authenticator = false, true, person.Words{}
	})
	b := s.browser()
	if a := b.post("/login", "login", "login-agent", "password", password); a.to() != "/login/enrol" {
		t.Fatalf("no authenticator is asked for: %d to %s", a.status, a.to())
	}
	page, image := b.visit("/login/enrol"), b.visit("/login/enrol.png")
	if page.status != http.StatusOK || image.status != http.StatusOK || image.head.Get("Content-Type") != "image/png" {
		t.Fatalf("page %d, image %d", page.status, image.status)
	}
	if stored := s.books.accounts[idOf(Agent)].Authenticator.Show(); stored == "" || !strings.Contains(strings.ReplaceAll(page.body, " ", ""), "<code>"+stored+"</code>") {
		t.Error("the page shows another secret than the one that is stored")
	}
	if again := b.visit("/login/enrol"); again.body != page.body {
		t.Error("the secret is another at each look: what was scanned is worth nothing")
	}
	if a := s.browser().visit("/login/enrol.png"); a.status != http.StatusNotFound {
		t.Errorf("a stranger sees a picture: %d", a.status)
	}
	s.books.change(idOf(Agent), func(u *postgres.Account) { u.Authenticator, _ = person.NewWords(authenticator) })
	if a := b.post("/login/enrol", "code", "000000"); a.status != http.StatusUnauthorized {
		t.Fatalf("a wrong first code: %d", a.status)
	}
	if a := b.post("/login/enrol", "code", codeFor(t, 0)); a.to() != "/login/password" {
		t.Fatalf("the first password may stay: %d to %s", a.status, a.to())
	}
	if a := b.visit("/me"); a.to() != "/login" {
		t.Error("she is in with the first password")
	}
	next := "another long password"
	for what, fields := range map[string][]string{
		"another old one": {"old", "wrong wrong", "new", next, "again", next},
		"not alike":       {"old", password, "new", next, "again", next + "x"},
		"short":           {"old", password, "new", "short", "again", "short"},
		"the same":        {"old", password, "new", password, "again", password},
		"her name":        {"old", password, "new", "my login-agent", "again", "my login-agent"},
	} {
		if a := b.post("/login/password", fields...); a.status != http.StatusUnauthorized {
			t.Errorf("%s: %d to %s", what, a.status, a.to())
		}
	}
	if a := b.post("/login/password", "old", password, "new", next, "again", next); a.to() != "/" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.visit("/me"); a.status != http.StatusOK {
		t.Errorf("she is not in: %d", a.status)
	}
}

func TestGivenSomebodySignsIn_WhenLogsAreRead_ThenNothingSecretIsInThem(t *testing.T) {
	s := newSite(t)
	b := s.signIn(Agent)
	secrets := []string{password, codeFor(t, 0), authenticator, b.token(), "canary-of-a-wrong-password", "canary-login"}
	s.browser().post("/login", "login", "canary-login", "password", "canary-of-a-wrong-password")
	b.visit("/canary-login?x=canary-of-a-wrong-password")
	for _, secret := range secrets {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, s.log)
		}
	}
	if !strings.Contains(s.log.String(), "sign-in refused") {
		t.Error("what was refused is not in the log")
	}
}

func TestGivenTheChoiceOfALanguage_WhenMade_ThenPagesSpeakItAndNoOtherSiteIsReached(t *testing.T) {
	s := newSite(t)
	b := s.browser()
	if a := b.visit("/login"); !strings.Contains(a.body, `<html lang="hi">`) || !strings.Contains(a.body, "पासवर्ड") {
		t.Error("without a choice it is not Hindi")
	}
	if a := b.post("/language", "language", "en", "back", "/login"); a.to() != "/login" {
		t.Errorf("%d to %q", a.status, a.to())
	}
	if a := b.visit("/login"); !strings.Contains(a.body, `<html lang="en">`) || !strings.Contains(a.body, "Password") {
		t.Error("the choice is forgotten")
	}
	for _, evil := range []string{"//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/nothing-here", "", "/login/../../x"} {
		if a := b.post("/language", "language", "en", "back", evil); a.to() != "/" {
			t.Errorf("back to %q leads to %q", evil, a.to())
		}
	}
	if a := b.post("/language", "language", "xx"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown language: %d", a.status)
	}
}
