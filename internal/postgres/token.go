package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

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
	AccessAuditor    Access = "auditor"    // reads what was done; of the console alone: no token has it
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

// secretPrefix lets a scanner of source code recognise a token that got there.
const secretPrefix = "wpl_"

var plainBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// MintToken makes a token: of t count Label, Access, Agent, Made and Expires.
// The secret is shown this once; stored is its hash.
func (db *DB) MintToken(ctx context.Context, t Token, by string) (Token, roster.Secret, error) {
	random := make([]byte, 42)
	if _, err := rand.Read(random); err != nil {
		return Token{}, roster.Secret{}, fmt.Errorf("postgres: mint token: %w", err)
	}
	t.ID = "k" + strings.ToLower(plainBase32.EncodeToString(random[:10]))
	secret := secretPrefix + strings.ToLower(plainBase32.EncodeToString(random[10:]))
	hash := sha256.Sum256([]byte(secret))
	err := db.within(ctx, "mint token", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO api_tokens (id, hash, label, access, agent, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				t.ID, hash[:], t.Label, string(t.Access), unlessEmpty(string(t.Agent)), t.Made, unlessZero(t.Expires))
			if err != nil {
				return err
			}
			return audit(ctx, tx, Deed{At: t.Made, By: by, Action: "token-minted", Subject: t.ID, Detail: detail("access", t.Access, "agent", t.Agent, "label", t.Label)})
		})
	})
	if err != nil {
		return Token{}, roster.Secret{}, err
	}
	return t, roster.StoredSecret(secret), nil
}

const tokenColumns = `id, label, access, coalesce(agent, ''), made_at, expires_at, revoked_at`

func scanToken(row pgx.CollectableRow) (t Token, err error) {
	var expires, revoked *time.Time
	err = row.Scan(&t.ID, &t.Label, &t.Access, &t.Agent, &t.Made, &expires, &revoked)
	t.Expires, t.Revoked = orZero(expires), orZero(revoked)
	return t, err
}

// CheckToken is the token of a secret, if it is good at the moment given; else
// ErrNoToken. A token of somebody who no longer works here is not good.
func (db *DB) CheckToken(ctx context.Context, secret string, now time.Time) (t Token, err error) {
	hash := sha256.Sum256([]byte(secret))
	err = db.within(ctx, "check token", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+tokenColumns+` FROM api_tokens
			WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
				AND (agent IS NULL OR EXISTS (SELECT FROM agents a WHERE a.id = agent AND a.active))`, hash[:], now)
		if err != nil {
			return err
		}
		t, err = pgx.CollectExactlyOneRow(rows, scanToken)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoToken
		}
		return err
	})
	return t, err
}

// RevokeToken ends a token; ErrNoToken when there is none with this id.
func (db *DB) RevokeToken(ctx context.Context, id, by string, at time.Time) error {
	return db.within(ctx, "revoke token", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `UPDATE api_tokens SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`, id, at)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return ErrNoToken
			}
			return audit(ctx, tx, Deed{At: at, By: by, Action: "token-revoked", Subject: id})
		})
	})
}

// Tokens lists all tokens, without their secrets.
func (db *DB) Tokens(ctx context.Context) (all []Token, err error) {
	err = db.within(ctx, "list tokens", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+tokenColumns+` FROM api_tokens ORDER BY made_at, id`)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanToken)
		return err
	})
	return all, err
}
