package helpline

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"powerline/agent"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/person"
)

// Account signs in to desks and consoles.
type Account struct {
	ID, Login, Password string
	// Authenticator is the secret of its one-time codes, which is set up already.
	Authenticator string
}

// NewAccount makes one as an administrator does: its password must be changed, and
// it has no authenticator yet.
func (h *Helpline) NewAccount(ctx context.Context, role string, of agent.ID) (Account, error) {
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return Account{}, err
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)
	return h.AddAccount(ctx, Account{Login: role + "-" + strings.ToLower(text[:6]), Password: text[6:20], Authenticator: text[:32]}, role, of)
}

// AddAccount is NewAccount with a name and secrets of one's own.
func (h *Helpline) AddAccount(ctx context.Context, a Account, role string, of agent.ID) (Account, error) {
	hash, err := roster.HashPassword(a.Password)
	if err != nil {
		return a, err
	}
	db, err := h.Database(ctx)
	if err != nil {
		return a, err
	}
	now := time.Now().UTC()
	made, err := db.AddAccount(ctx, postgres.Account{Login: a.Login, Role: role, Agent: of, Password: hash, Made: now}, "test")
	if err != nil {
		return a, err
	}
	a.ID = made.ID
	return a, nil
}

// Account makes one of a role (agent, officer, counsellor, supervisor, auditor,
// administrator) that is set up already. The agent is empty for the last two.
func (h *Helpline) Account(ctx context.Context, role string, of agent.ID) (Account, error) {
	a, err := h.NewAccount(ctx, role, of)
	if err != nil {
		return a, err
	}
	return a, h.SetUp(ctx, a)
}

// SetUp does what the owner of a new account does when she first signs in: its
// password and its authenticator are from now on those given.
func (h *Helpline) SetUp(ctx context.Context, a Account) error {
	hash, err := roster.HashPassword(a.Password)
	if err != nil {
		return err
	}
	secret, err := person.NewWords(a.Authenticator)
	if err != nil {
		return err
	}
	db, err := h.Database(ctx)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	if _, err := db.SetPassword(ctx, a.ID, hash, now); err != nil {
		return err
	}
	if err := db.BeginEnrolment(ctx, a.ID, secret); err != nil {
		return err
	}
	return db.UseCode(ctx, a.ID, 1, now)
}
