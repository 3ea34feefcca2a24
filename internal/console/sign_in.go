package console

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/person"
)

// signInRoom is the room that signs people in and shows them where to go.
func (c *Console) signInRoom() Room {
	pages, _ := fs.Sub(ownPages, "pages")
	files, _ := fs.Sub(ownStatic, "static")
	return Room{
		Name: ownRoom, Pages: pages, Static: files, Words: ownWords,
		Routes: []Route{
			{Name: "sign-in-page", Method: "GET", Pattern: "/login", Handle: c.signInPage},
			{Name: "sign-in", Method: "POST", Pattern: "/login", Handle: c.signIn},
			{Name: "code-page", Method: "GET", Pattern: "/login/code", Handle: c.codePage},
			{Name: "code", Method: "POST", Pattern: "/login/code", Handle: c.code},
			{Name: "enrol-page", Method: "GET", Pattern: "/login/enrol", Handle: c.enrolPage},
			{Name: "enrol-image", Method: "GET", Pattern: "/login/enrol.png", Handle: c.enrolImage},
			{Name: "enrol", Method: "POST", Pattern: "/login/enrol", Handle: c.code},
			{Name: "password-page", Method: "GET", Pattern: "/login/password", Handle: c.passwordPage},
			{Name: "password", Method: "POST", Pattern: "/login/password", Handle: c.changePassword},
			{Name: "provider", Method: "GET", Pattern: "/login/provider", Handle: c.toProvider},
			{Name: "provider-return", Method: "GET", Pattern: "/login/return", Handle: c.fromProvider},
			{Name: "language", Method: "POST", Pattern: "/language", Handle: c.chooseLanguage},
			{Name: "home", Method: "GET", Pattern: "/{$}", Handle: c.home},
			{Name: "me", Method: "GET", Pattern: "/me", Live: true, Handle: c.me},
			{Name: "here", Method: "POST", Pattern: "/here", Handle: (*Request).NoContent},
			{Name: "sign-out", Method: "POST", Pattern: "/logout", Handle: c.signOut},
		},
	}
}

// home leads to the first room that is open to her.
func (c *Console) home(r *Request) error {
	if links := r.page(ownRoom, nil).Links; len(links) > 0 {
		return r.SeeOther(links[0].Path)
	}
	return r.Render("home.html", nil)
}

// Me is who is signed in, for scripts.
type Me struct {
	Login    string   `json:"login"`
	Role     Role     `json:"role"`
	Agent    string   `json:"agent,omitempty"`
	Language Language `json:"language"`
}

func (c *Console) me(r *Request) error {
	return r.JSON(http.StatusOK, Me{r.User.Login, r.User.Role, string(r.User.Agent), r.Language})
}

func (c *Console) signOut(r *Request) error {
	if err := c.leave(r); err != nil {
		return err
	}
	return r.SeeOther("/login")
}

func (c *Console) signInPage(r *Request) error {
	if r.User.ID != "" {
		return r.SeeOther("/")
	}
	return r.Render("login.html", "")
}

// again shows a page of the sign-in with what was wrong.
func (c *Console) again(r *Request, page, word string) error {
	c.metrics.signIns.WithLabelValues("local", word).Inc()
	c.Log.Info("sign-in refused", "why", word)
	return r.render(http.StatusUnauthorized, ownRoom, page, word)
}

// Wrong passwords and codes in a row make the next try wait: half a minute at
// first, twice as long each time, a quarter of an hour at most. Nobody is locked
// out for good by somebody else's guesses.
const (
	freeTries = 5
	firstWait = 30 * time.Second
	mostWait  = 15 * time.Minute
)

func mustWait(u postgres.Account, now time.Time) bool {
	if u.Failed < freeTries {
		return false
	}
	wait := mostWait
	if over := u.Failed - freeTries; over < 5 {
		wait = firstWait << over
	}
	return now.Before(u.FailedAt.Add(wait))
}

// signIn takes name and password. Whatever is wrong, the answer and its time are
// the same.
func (c *Console) signIn(r *Request) error {
	login, err := r.Form("login")
	if err != nil {
		return err
	}
	login = strings.ToLower(strings.TrimSpace(login))
	if !c.limits.signIn.allow(addressOf(r.Request), r.Now) || !c.limits.login.allow(login, r.Now) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	u, err := c.Store.AccountByLogin(r.Context(), login)
	if err != nil && !errors.Is(err, postgres.ErrNoAccount) {
		return err
	}
	right, err := c.passwordFits(r.Context(), u, r.PostForm.Get("password"))
	switch {
	case err != nil:
		return err
	case u.ID != "" && mustWait(u, r.Now):
		return c.again(r, "login.html", "wait")
	case u.ID == "" || u.Subject != "":
		return c.again(r, "login.html", "wrong")
	case !right:
		if err := c.Store.SignInFailed(r.Context(), u.ID, r.Now); err != nil {
			return err
		}
		return c.again(r, "login.html", "wrong")
	case u.Locked || !u.Active:
		return c.again(r, "login.html", "locked")
	}
	return c.onward(r, u, "password")
}

// passwordFits compares it, one at a time: each takes a core for 25 ms, and
// guessing must not take the processor from calls.
func (c *Console) passwordFits(ctx context.Context, u postgres.Account, password string) (bool, error) {
	select {
	case c.proof <- struct{}{}:
		defer func() { <-c.proof }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return roster.VerifyPassword(u.Password, password), nil
}

// onward leads to what is still missing after something was right: password,
// code, a new password.
func (c *Console) onward(r *Request, u postgres.Account, right string) error {
	switch {
	case right == "password" && !u.Enrolled:
		var err error
		if u.Authenticator, err = c.beginEnrolment(r, u); err != nil {
			return err
		}
		return c.goOn(r, u, stageEnrol, "/login/enrol")
	case right == "password":
		return c.goOn(r, u, stageCode, "/login/code")
	case u.MustChange && u.Subject == "":
		return c.goOn(r, u, stageChange, "/login/password")
	}
	if err := c.Store.SignedIn(r.Context(), u.ID, right, r.Now); err != nil {
		return err
	}
	c.metrics.signIns.WithLabelValues(right, "in").Inc()
	return c.goOn(r, u, stageIn, "/")
}

func (c *Console) goOn(r *Request, u postgres.Account, stage, path string) error {
	if err := c.enter(r, u, stage); err != nil {
		return err
	}
	if r.route.Name == "provider-return" {
		// A redirect would still be the provider's doing, and the browser would keep the
		// cookie of the session to itself. A page of ours goes on by itself.
		return r.Render("onward.html", path)
	}
	return r.SeeOther(path)
}

// at is the account of whoever has signed in so far, and no further; without one
// the browser is sent to the beginning.
func (c *Console) at(r *Request, stages ...string) (postgres.Account, bool, error) {
	u, stage, err := c.signedInAs(r.Context())
	if err != nil {
		return u, false, err
	}
	if !slices.Contains(stages, stage) {
		return u, false, r.SeeOther("/login")
	}
	return u, true, nil
}

func (c *Console) codePage(r *Request) error {
	if _, there, err := c.at(r, stageCode); !there {
		return err
	}
	return r.Render("code.html", "")
}

// The clock of one-time codes, after RFC 6238: what every authenticator does.
const (
	codeStep   = 30 * time.Second
	codeDigits = otp.DigitsSix
)

// issuer is what authenticators show.
const issuer = "Powerline 1090"

// Code is the one-time code that an authenticator with this secret shows at a
// moment.
func Code(secret string, at time.Time) (string, error) {
	return totp.GenerateCodeCustom(secret, at, totp.ValidateOpts{Period: uint(codeStep / time.Second), Digits: codeDigits})
}

// beginEnrolment gives an account the secret of its authenticator. One that was
// begun before is still good: it may have been scanned.
func (c *Console) beginEnrolment(r *Request, u postgres.Account) (person.Words, error) {
	if u.Authenticator.Known() {
		return u.Authenticator, nil
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: u.Login, Period: uint(codeStep / time.Second), Digits: codeDigits})
	if err != nil {
		return person.Words{}, err
	}
	secret, err := person.NewWords(key.Secret())
	if err != nil {
		return person.Words{}, err
	}
	return secret, c.Store.BeginEnrolment(r.Context(), u.ID, secret)
}

// keyOf is the authenticator of an account.
func keyOf(u postgres.Account) (*otp.Key, error) {
	address := "otpauth://totp/" + strings.ReplaceAll(issuer, " ", "%20") + ":" + u.Login +
		"?issuer=" + strings.ReplaceAll(issuer, " ", "%20") + "&algorithm=SHA1&digits=6&period=30&secret="
	return otp.NewKeyFromURL(address + u.Authenticator.Show())
}

// Enrolment is what the page shows to who sets up an authenticator.
type Enrolment struct{ Secret, Wrong string }

func (c *Console) enrolPage(r *Request) error {
	u, there, err := c.at(r, stageEnrol)
	if !there {
		return err
	}
	return c.showEnrolment(r, http.StatusOK, u, "")
}

func (c *Console) showEnrolment(r *Request, status int, u postgres.Account, wrong string) error {
	key, err := keyOf(u)
	if err != nil {
		return err
	}
	var groups []string
	for group := range slices.Chunk([]byte(key.Secret()), 4) {
		groups = append(groups, string(group))
	}
	return r.render(status, ownRoom, "enrol.html", Enrolment{strings.Join(groups, " "), wrong})
}

// enrolImage is the code to scan.
func (c *Console) enrolImage(r *Request) error {
	u, stage, err := c.signedInAs(r.Context())
	if err != nil {
		return err
	}
	if stage != stageEnrol {
		return ErrNotFound
	}
	key, err := keyOf(u)
	if err != nil {
		return err
	}
	image, err := key.Image(240, 240)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, image); err != nil {
		return err
	}
	r.Writer.Header().Set("Content-Type", "image/png")
	_, _ = r.Writer.Write(out.Bytes())
	return nil
}

// code takes a one-time code, also the first one of an authenticator.
func (c *Console) code(r *Request) error {
	u, there, err := c.at(r, stageCode, stageEnrol)
	if !there {
		return err
	}
	text, err := r.Form("code")
	if err != nil {
		return err
	}
	if !c.limits.signIn.allow(addressOf(r.Request), r.Now) || !c.limits.login.allow(u.ID, r.Now) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	if u, err = c.Store.Account(r.Context(), u.ID); err != nil {
		return err
	}
	word := ""
	switch step := stepOf(u, strings.ReplaceAll(text, " ", ""), r.Now); {
	case mustWait(u, r.Now):
		word = "wait"
	case step == 0:
		word = "wrong-code"
	default:
		err := c.Store.UseCode(r.Context(), u.ID, step, r.Now)
		if err == nil {
			return c.onward(r, u, "code")
		}
		if !errors.Is(err, postgres.ErrCodeUsed) {
			return err
		}
		word = "used-code"
	}
	if word == "wrong-code" {
		if err := c.Store.SignInFailed(r.Context(), u.ID, r.Now); err != nil {
			return err
		}
	}
	if !u.Enrolled {
		return c.showEnrolment(r, http.StatusUnauthorized, u, word)
	}
	return c.again(r, "code.html", word)
}

// stepOf is the step of the clock for which a code is right, one step to either
// side allowed; 0 when it is wrong.
func stepOf(u postgres.Account, code string, now time.Time) int64 {
	key, err := keyOf(u)
	if err != nil || !u.Authenticator.Known() {
		return 0
	}
	for _, off := range []time.Duration{0, -codeStep, codeStep} {
		at := now.Add(off)
		if ok, _ := totp.ValidateCustom(code, key.Secret(), at, totp.ValidateOpts{Period: uint(codeStep / time.Second), Digits: codeDigits}); ok {
			return at.Unix() / int64(codeStep/time.Second)
		}
	}
	return 0
}

func (c *Console) passwordPage(r *Request) error {
	if _, there, err := c.at(r, stageChange, stageIn); !there {
		return err
	}
	return r.Render("password.html", "")
}

// changePassword asks for the old one too: a desk that was left open gives
// nobody the account.
func (c *Console) changePassword(r *Request) error {
	u, there, err := c.at(r, stageChange, stageIn)
	if !there {
		return err
	}
	next, err := r.Form("new")
	if err != nil {
		return err
	}
	if !c.limits.login.allow(u.ID, r.Now) {
		return Refuse(http.StatusTooManyRequests, "too-many")
	}
	right, err := c.passwordFits(r.Context(), u, r.PostForm.Get("old"))
	switch hash, bad := roster.HashPassword(next); {
	case err != nil:
		return err
	case u.Subject != "":
		return ErrNotFound // it is the provider's
	case !right:
		return c.again(r, "password.html", "wrong-old")
	case next != r.PostForm.Get("again"):
		return c.again(r, "password.html", "not-alike")
	case bad != nil || next == r.PostForm.Get("old") || strings.Contains(strings.ToLower(next), u.Login):
		return c.again(r, "password.html", "weak")
	default:
		if u.Generation, err = c.Store.SetPassword(r.Context(), u.ID, hash, r.Now); err != nil {
			return err
		}
	}
	u.MustChange = false
	return c.onward(r, u, "password-change")
}
