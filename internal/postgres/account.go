package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"powerline/agent"
	"powerline/internal/roster"
	"powerline/person"
)

// Account is who may sign in to desks and consoles.
type Account struct {
	ID       string
	Login    string
	Role     string   // a role of the console
	Agent    agent.ID // set exactly for who takes or leads calls
	Password roster.Secret
	// MustChange: the password was given by an administrator.
	MustChange bool
	// Authenticator is the secret of one-time codes; Enrolled says that the first
	// code was right, and UsedStep which step of its clock was used last.
	Authenticator person.Words
	Enrolled      bool
	UsedStep      int64
	// Subject is who the identity provider says it is; empty: signs in here.
	Subject string
	Locked  bool
	// Failed sign-ins in a row, and when the last was.
	Failed   int
	FailedAt time.Time
	// Generation is raised by whatever ends every session of the account.
	Generation int64
	Made       time.Time

	// Of the agent, as the roster has her now.
	Profile agent.Profile
	Active  bool // true for an account without an agent
}

// Errors that a caller tells apart.
var (
	ErrNoAccount     = errors.New("no account has this name")
	ErrAccountExists = errors.New("another account has this name, agent or subject already")
	ErrCodeUsed      = errors.New("this code was used already")
)

const accountColumns = `u.id, u.login, u.role, coalesce(u.agent, ''), u.password, u.must_change, u.totp, u.totp_set, u.totp_step, u.subject,
	u.locked, u.failed, u.failed_at, u.generation, u.made_at,
	coalesce(a.gender = 'woman', false), coalesce(a.officer, false), coalesce(a.counsellor, false), coalesce(a.senior, false), coalesce(a.languages, '{}'), coalesce(a.active, true)`

const accountRows = ` FROM console_accounts u LEFT JOIN agents a ON a.id = u.agent `

func (db *DB) scanAccount(row pgx.CollectableRow) (u Account, err error) {
	var password string
	var sealed []byte
	var failedAt *time.Time
	p := &u.Profile
	err = row.Scan(&u.ID, &u.Login, &u.Role, &u.Agent, &password, &u.MustChange, &sealed, &u.Enrolled, &u.UsedStep, &u.Subject,
		&u.Locked, &u.Failed, &failedAt, &u.Generation, &u.Made,
		&p.Woman, &p.Officer, &p.Counsellor, &p.Senior, &p.Languages, &u.Active)
	if err != nil {
		return u, err
	}
	p.ID, u.Password, u.FailedAt = u.Agent, roster.StoredSecret(password), orZero(failedAt)
	if len(sealed) > 0 && len(db.opts.Keys.Seal) > 0 {
		u.Authenticator, err = person.OpenWords(db.opts.Keys.Seal, sealed, person.Authenticator)
	}
	return u, err
}

func (db *DB) account(ctx context.Context, op, where string, args ...any) (u Account, err error) {
	err = db.within(ctx, op, func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+accountColumns+accountRows+where, args...)
		if err != nil {
			return err
		}
		u, err = pgx.CollectExactlyOneRow(rows, db.scanAccount)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoAccount
		}
		return err
	})
	return u, err
}

// Account is the one with this id; ErrNoAccount when there is none.
func (db *DB) Account(ctx context.Context, id string) (Account, error) {
	return db.account(ctx, "read account", `WHERE u.id = $1`, id)
}

// AccountByLogin is the one of this name; ErrNoAccount when there is none.
func (db *DB) AccountByLogin(ctx context.Context, login string) (Account, error) {
	return db.account(ctx, "read account by name", `WHERE u.login = $1`, login)
}

// AccountBySubject is the one whom the identity provider means.
func (db *DB) AccountBySubject(ctx context.Context, subject string) (Account, error) {
	return db.account(ctx, "read account by subject", `WHERE u.subject = $1 AND u.subject <> ''`, subject)
}

// Accounts lists all, by name.
func (db *DB) Accounts(ctx context.Context) (all []Account, err error) {
	err = db.within(ctx, "list accounts", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+accountColumns+accountRows+`ORDER BY u.login`)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, db.scanAccount)
		return err
	})
	return all, err
}

// AddAccount stores a new account: of u count Login, Role, Agent, Password,
// Subject and Made. It returns it with its id.
func (db *DB) AddAccount(ctx context.Context, u Account, by string) (Account, error) {
	random := make([]byte, 10)
	if _, err := rand.Read(random); err != nil {
		return Account{}, fmt.Errorf("postgres: add account: %w", err)
	}
	u.ID = "u" + strings.ToLower(plainBase32.EncodeToString(random))
	err := db.within(ctx, "add account", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO console_accounts (id, login, role, agent, password, must_change, subject, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				u.ID, u.Login, u.Role, unlessEmpty(string(u.Agent)), u.Password.Reveal(), u.Password.Set(), u.Subject, u.Made)
			if err != nil {
				return orExists(err)
			}
			return audit(ctx, tx, Deed{At: u.Made, By: by, Action: "account-added", Subject: u.ID, Detail: detail("role", u.Role, "agent", u.Agent)})
		})
	})
	if err != nil {
		return Account{}, err
	}
	return db.Account(ctx, u.ID)
}

func orExists(err error) error {
	var p *pgconn.PgError
	if errors.As(err, &p) && p.Code == "23505" {
		return ErrAccountExists
	}
	return err
}

// changeAccount runs one change of an account with its row of the audit.
func (db *DB) changeAccount(ctx context.Context, op string, d Deed, set string, args ...any) error {
	return db.within(ctx, op, func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			tag, err := tx.Exec(ctx, `UPDATE console_accounts SET `+set+` WHERE id = $1`, append([]any{d.Subject}, args...)...)
			switch {
			case err != nil:
				return orExists(err)
			case tag.RowsAffected() == 0:
				return ErrNoAccount
			}
			return audit(ctx, tx, d)
		})
	})
}

// SetAccount changes what an administrator decides: Role, Agent and Subject.
// Every session of the account ends.
func (db *DB) SetAccount(ctx context.Context, u Account, by string, at time.Time) error {
	return db.changeAccount(ctx, "change account", Deed{At: at, By: by, Action: "account-changed", Subject: u.ID, Detail: detail("role", u.Role, "agent", u.Agent)},
		`role = $2, agent = $3, subject = $4, generation = generation + 1`, u.Role, unlessEmpty(string(u.Agent)), u.Subject)
}

// LockAccount locks or unlocks it. Every session of the account ends.
func (db *DB) LockAccount(ctx context.Context, id string, locked bool, by string, at time.Time) error {
	action := "account-unlocked"
	if locked {
		action = "account-locked"
	}
	return db.changeAccount(ctx, "lock account", Deed{At: at, By: by, Action: action, Subject: id},
		`locked = $2, failed = 0, failed_at = NULL, generation = generation + 1`, locked)
}

// ResetAccount gives it a password that must be changed, and forgets its
// authenticator. Every session of the account ends.
func (db *DB) ResetAccount(ctx context.Context, id string, password roster.Secret, by string, at time.Time) error {
	return db.changeAccount(ctx, "reset account", Deed{At: at, By: by, Action: "account-reset", Subject: id},
		`password = $2, must_change = true, totp = NULL, totp_set = false, totp_step = 0, failed = 0, failed_at = NULL, generation = generation + 1`, password.Reveal())
}

// SetPassword is the person's own change. Every other session of the account
// ends; the generation that hers must go on with comes back.
func (db *DB) SetPassword(ctx context.Context, id string, password roster.Secret, at time.Time) (generation int64, err error) {
	err = db.within(ctx, "set password", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			err := tx.QueryRow(ctx, `UPDATE console_accounts SET password = $2, must_change = false, generation = generation + 1 WHERE id = $1 RETURNING generation`,
				id, password.Reveal()).Scan(&generation)
			if errors.Is(err, pgx.ErrNoRows) {
				return ErrNoAccount
			}
			if err != nil {
				return err
			}
			return audit(ctx, tx, Deed{At: at, By: id, Action: "password-changed", Subject: id})
		})
	})
	return generation, err
}

// BeginEnrolment keeps the secret of an authenticator that is about to be set
// up. One that is set up stays: that is an administrator's to reset.
func (db *DB) BeginEnrolment(ctx context.Context, id string, secret person.Words) error {
	if len(db.opts.Keys.Seal) == 0 {
		return fmt.Errorf("postgres: begin enrolment: %w", ErrNoKeys)
	}
	sealed, err := secret.Seal(db.opts.Keys.Seal, person.Authenticator)
	if err != nil {
		return fmt.Errorf("postgres: begin enrolment: %w", err)
	}
	return db.within(ctx, "begin enrolment", func(ctx context.Context) error {
		tag, err := db.pool.Exec(ctx, `UPDATE console_accounts SET totp = $2, totp_step = 0 WHERE id = $1 AND NOT totp_set`, id, sealed)
		if err == nil && tag.RowsAffected() == 0 {
			return ErrNoAccount
		}
		return err
	})
}

// UseCode marks a step of the authenticator's clock as used, so that its code is
// good once: ErrCodeUsed when it, or a later one, was used before. The first
// code that is used ends the enrolment.
func (db *DB) UseCode(ctx context.Context, id string, step int64, at time.Time) error {
	return db.within(ctx, "use code", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			var enrolled bool
			err := tx.QueryRow(ctx, `UPDATE console_accounts u SET totp_step = $2, totp_set = true FROM (SELECT id, totp_set FROM console_accounts WHERE id = $1 FOR UPDATE) before
				WHERE u.id = before.id AND u.totp IS NOT NULL AND u.totp_step < $2 RETURNING before.totp_set`, id, step).Scan(&enrolled)
			switch {
			case errors.Is(err, pgx.ErrNoRows):
				return ErrCodeUsed
			case err != nil || enrolled:
				return err
			}
			return audit(ctx, tx, Deed{At: at, By: id, Action: "authenticator-enrolled", Subject: id})
		})
	})
}

// SignedIn writes down who has signed in, and how; wrong ones before are forgotten.
func (db *DB) SignedIn(ctx context.Context, id, how string, at time.Time) error {
	return db.changeAccount(ctx, "note sign-in", Deed{At: at, By: id, Action: "signed-in", Subject: id, Detail: detail("how", how)}, `failed = 0, failed_at = NULL`)
}

// SignInFailed counts a wrong password or code.
func (db *DB) SignInFailed(ctx context.Context, id string, at time.Time) error {
	return db.within(ctx, "note failed sign-in", func(ctx context.Context) error {
		_, err := db.pool.Exec(ctx, `UPDATE console_accounts SET failed = failed + 1, failed_at = $2 WHERE id = $1`, id, at)
		return err
	})
}
