package acd

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/check"
	"powerline/internal/roster"
)

// BrowserPhone is with what an agent's browser registers at Asterisk.
type BrowserPhone struct {
	User     string
	Password roster.Secret // of this login alone
}

// PhoneRefusal says why a browser cannot become, or cease to be, a telephone.
// Its value is a word that a page can translate.
type PhoneRefusal string

// The refusals.
const (
	BrowsersNotAllowed PhoneRefusal = "phone-not-allowed" // asterisk.browserPhones.allowed
	AsteriskTooOld     PhoneRefusal = "phone-old-asterisk"
	NoPhoneAccount     PhoneRefusal = "phone-no-account" // the roster has no secret for her, or it was not rendered since
	PhoneInUse         PhoneRefusal = "phone-in-call"    // on the other telephone
)

func (r PhoneRefusal) Error() string { return "acd: browser as telephone: " + string(r) }

// LendBrowserPhone makes an agent's browser her telephone until
// ReturnBrowserPhone or Asterisk's next start. Each call has a new password,
// with which the browser registers; what knows only an earlier one cannot
// register again. Her other telephone stays silent meanwhile. The error is a
// PhoneRefusal where it is not a failure of Asterisk.
func (e *Engine) LendBrowserPhone(ctx context.Context, id agent.ID) (BrowserPhone, error) {
	if err := e.mayLend(ctx, id); err != nil {
		return BrowserPhone{}, err
	}
	password := rand.Text()
	user := string(id)
	err := e.ari.SetObject(ctx, "auth", asteriskconfig.BrowserAuthID(user), asteriskconfig.BrowserAuth(user, e.Config().Asterisk.SIP.Realm, password))
	if err != nil {
		return BrowserPhone{}, fmt.Errorf("acd: give the browser of %s a password: %w", id, err)
	}
	if err := e.ari.SetObject(ctx, "endpoint", user, asteriskconfig.BrowserEndpoint(user)); err != nil {
		return BrowserPhone{}, fmt.Errorf("acd: make the browser of %s her telephone: %w", id, err)
	}
	return BrowserPhone{User: user, Password: roster.StoredSecret(password)}, nil
}

func (e *Engine) mayLend(ctx context.Context, id agent.ID) error {
	allowed := e.Config().Asterisk.BrowserPhones
	if !allowed.Allowed {
		return BrowsersNotAllowed
	}
	version, err := e.ari.Version(ctx)
	if err != nil {
		return fmt.Errorf("acd: ask Asterisk for its version: %w", err)
	}
	if !allowed.OlderAsterisk && !check.CarriesBrowsers(version) {
		return AsteriskTooOld
	}
	a, known := e.floor.Agent(id)
	if !known {
		return NoPhoneAccount
	}
	account, err := e.ari.HasObject(ctx, "endpoint", string(id))
	if err != nil {
		return fmt.Errorf("acd: look for the telephone of %s: %w", id, err)
	}
	if !account {
		return NoPhoneAccount
	}
	lent, err := e.lentToBrowser(ctx, id)
	if err == nil && !lent && busy(a) {
		return PhoneInUse
	}
	return err
}

// ReturnBrowserPhone gives an agent her other telephone back. The browser shall
// have unregistered; its password is void. If it was none, nothing happens.
func (e *Engine) ReturnBrowserPhone(ctx context.Context, id agent.ID) error {
	lent, err := e.lentToBrowser(ctx, id)
	if err != nil || !lent {
		return err
	}
	if a, _ := e.floor.Agent(id); busy(a) {
		return PhoneInUse
	}
	if err := e.ari.SetObject(ctx, "endpoint", string(id), asteriskconfig.PhoneEndpoint(string(id))); err != nil {
		return fmt.Errorf("acd: give %s the other telephone back: %w", id, err)
	}
	if err := e.ari.DropObject(ctx, "auth", asteriskconfig.BrowserAuthID(string(id))); err != nil {
		return fmt.Errorf("acd: end the password of the browser of %s: %w", id, err)
	}
	return nil
}

// takeBackEvery is how often browsers that went away are looked for. A page that
// comes back after it was taken for gone asks for a new password by itself.
const takeBackEvery = 30 * time.Second

// takeBackBrowsers gives those their other telephone back whose browser is gone:
// closed, switched off or broken. It must have been away at two looks.
func (e *Engine) takeBackBrowsers(ctx context.Context) {
	if !e.Config().Asterisk.BrowserPhones.Allowed {
		return
	}
	away := map[agent.ID]bool{}
	tick := time.NewTicker(takeBackEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		before := away
		away = map[agent.ID]bool{}
		for _, a := range e.floor.Agents() {
			if a.Online || busy(a) {
				continue
			}
			away[a.Profile.ID] = true
			if before[a.Profile.ID] {
				e.takeBack(ctx, a.Profile.ID)
			}
		}
	}
}

func (e *Engine) takeBack(parent context.Context, id agent.ID) {
	ctx, cancel := context.WithTimeout(parent, 3*time.Second)
	defer cancel()
	if err := e.ReturnBrowserPhone(ctx, id); err != nil && ctx.Err() == nil {
		e.log.Warn("a browser that is gone is still an agent's telephone", "agent", id, "error", err)
	}
}

func (e *Engine) lentToBrowser(ctx context.Context, id agent.ID) (bool, error) {
	lent, err := e.ari.HasObject(ctx, "auth", asteriskconfig.BrowserAuthID(string(id)))
	if err != nil {
		return false, fmt.Errorf("acd: ask which telephone %s has: %w", id, err)
	}
	return lent, nil
}

// busy: a leg to her telephone is or may be up.
func busy(a agent.Agent) bool { return a.State == agent.Reserved || a.State == agent.Talking }
