package postgres

import (
	"context"
	"time"

	"powerline/agent"
	"powerline/internal/roster"
)

// Access is a role of the API.
type Access string

// The roles.
const (
	AccessAgent      Access = "agent"      // codes outcomes of her own calls
	AccessSupervisor Access = "supervisor" // decides
	AccessOperator   Access = "operator"   // imports, pauses, looks after the machine
	AccessService    Access = "service"    // another system of the helpline
)

// Token is who may use the API, and as what.
type Token struct {
	ID      string
	Label   string
	Access  Access
	Agent   agent.ID // set exactly for an agent or supervisor
	Made    time.Time
	Expires time.Time // zero: never
	Revoked time.Time // zero: it is good
}

// MintToken makes a token. The secret is shown this once; stored is its hash.
func (db *DB) MintToken(ctx context.Context, t Token, by string) (Token, roster.Secret, error) {
	return Token{}, roster.Secret{}, errNotYet
}

// CheckToken is the token of a secret, if it is good at the moment given; else
// ErrNoToken.
func (db *DB) CheckToken(ctx context.Context, secret string, now time.Time) (Token, error) {
	return Token{}, errNotYet
}

// RevokeToken ends a token; ErrNoToken when there is none with this id.
func (db *DB) RevokeToken(ctx context.Context, id, by string, at time.Time) error { return errNotYet }

// Tokens lists all tokens, without their secrets.
func (db *DB) Tokens(ctx context.Context) ([]Token, error) { return nil, errNotYet }
