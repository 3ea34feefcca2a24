package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
	"powerline/internal/intake"
	"powerline/number"
	"powerline/person"
)

// Reader is who opens something private, and what for. It stands in the audit.
type Reader struct {
	By  string // an agent's id, or the name of a token
	Why string // a word such as "preview" or "dossier"
	At  time.Time
}

// PartyFile is a party with what is private about it.
type PartyFile struct {
	ID       string
	Role     cases.Role
	Sex      intake.Sex
	Relation string
	Name     person.Name
	Address  person.Words
	Numbers  []PartyNumber
}

// PartyNumber is a number of a party.
type PartyNumber struct {
	Number      number.Number
	Fingerprint string
	Bad         bool // for this party
}

// OpenParty opens one party of a case and writes an audit row; ErrNoParty when
// the case has none with this id.
func (db *DB) OpenParty(ctx context.Context, caseID, partyID string, r Reader) (PartyFile, error) {
	all, err := db.openParties(ctx, caseID, partyID, r)
	if err != nil {
		return PartyFile{}, err
	}
	return all[0], nil
}

// OpenParties opens all parties of a case and writes an audit row.
func (db *DB) OpenParties(ctx context.Context, caseID string, r Reader) ([]PartyFile, error) {
	return db.openParties(ctx, caseID, "", r)
}

func (db *DB) openParties(ctx context.Context, caseID, partyID string, r Reader) (all []PartyFile, err error) {
	err = db.opening(ctx, "open parties", r, "parties-opened", caseID, partyID, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, role, sex, relation, name, address FROM parties
			WHERE case_id = $1 AND $2 IN ('', id) ORDER BY array_position('{victim,adult,offender,contact}', role), id`, caseID, partyID)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, db.scanParty)
		if err == nil && len(all) == 0 {
			err = ErrNoParty
		}
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].Numbers, err = db.openNumbers(ctx, tx, all[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

// opening runs what opens something private. The audit row is written in the
// same transaction: what cannot be written down is not shown.
func (db *DB) opening(ctx context.Context, op string, r Reader, action, subject, what string, do func(context.Context, pgx.Tx) error) error {
	return db.within(ctx, op, func(ctx context.Context) error {
		if err := db.opts.Keys.check(); err != nil {
			return err
		}
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			if err := do(ctx, tx); err != nil {
				return err
			}
			return audit(ctx, tx, Deed{At: r.At, By: r.By, Action: action, Subject: subject, Detail: detail("what", what, "why", r.Why)})
		})
	})
}

func (db *DB) scanParty(row pgx.CollectableRow) (p PartyFile, err error) {
	var name, address []byte
	if err := row.Scan(&p.ID, &p.Role, &p.Sex, &p.Relation, &name, &address); err != nil {
		return p, err
	}
	if name != nil {
		if p.Name, err = person.OpenName(db.opts.Keys.Seal, name); err != nil {
			return p, err
		}
	}
	p.Address, err = db.openWords(address, person.Address)
	return p, err
}

func (db *DB) openNumbers(ctx context.Context, tx pgx.Tx, partyID string) ([]PartyNumber, error) {
	rows, err := tx.Query(ctx, `SELECT n.fingerprint, n.sealed, p.bad FROM party_numbers p JOIN numbers n ON n.fingerprint = p.number
		WHERE p.party = $1 ORDER BY p.place, n.fingerprint`, partyID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (n PartyNumber, err error) {
		var sealed []byte
		if err := row.Scan(&n.Fingerprint, &sealed, &n.Bad); err != nil {
			return n, err
		}
		n.Number, err = db.openNumber(n.Fingerprint, sealed)
		return n, err
	})
}

// openNumber opens a number and holds it against its fingerprint, so that
// whoever can write to the database cannot have one person rung for another.
func (db *DB) openNumber(print string, sealed []byte) (number.Number, error) {
	n, err := number.Open(db.opts.Keys.Seal, sealed)
	if err != nil {
		return number.Number{}, ErrSealed
	}
	if n.Fingerprint(db.opts.Keys.Fingerprint) != print {
		return number.Number{}, ErrOtherNumber
	}
	return n, nil
}

// openWords is the opposite of sealWords.
func (db *DB) openWords(sealed []byte, p person.Purpose) (person.Words, error) {
	if sealed == nil {
		return person.Words{}, nil
	}
	return person.OpenWords(db.opts.Keys.Seal, sealed, p)
}

// OpenSafeContact opens the terms of a number in a case, with code word and
// duress word, and writes an audit row. The zero value when there are none.
func (db *DB) OpenSafeContact(ctx context.Context, caseID, fingerprint string, r Reader) (s intake.SafeContact, err error) {
	err = db.opening(ctx, "open safe contact", r, "safe-contact-opened", caseID, fingerprint, func(ctx context.Context, tx pgx.Tx) error {
		var sealed, code, duress, ask []byte
		var verified *time.Time
		err := tx.QueryRow(ctx, `SELECT n.sealed, s.whose, s.never, s.may_message, s.may_leave_word, s.code_word, s.duress_word, s.ask_for, s.verified_at
			FROM safe_contacts s JOIN numbers n ON n.fingerprint = s.number WHERE s.case_id = $1 AND s.number = $2`, caseID, fingerprint).
			Scan(&sealed, &s.Whose, &s.Never, &s.MayMessage, &s.MayLeaveWord, &code, &duress, &ask, &verified)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		s.VerifiedAt = orZero(verified)
		if s.Number, err = db.openNumber(fingerprint, sealed); err != nil {
			return err
		}
		if s.CodeWord, err = db.openWords(code, person.CodeWord); err != nil {
			return err
		}
		if s.DuressWord, err = db.openWords(duress, person.DuressWord); err != nil {
			return err
		}
		s.AskFor, err = db.openWords(ask, person.AskFor)
		return err
	})
	if err != nil {
		return intake.SafeContact{}, err
	}
	return s, nil
}

// OpenAccount opens what she told about what happened and writes an audit row.
func (db *DB) OpenAccount(ctx context.Context, caseID string, r Reader) (w person.Words, err error) {
	err = db.opening(ctx, "open account", r, "account-opened", caseID, "account", func(ctx context.Context, tx pgx.Tx) error {
		var sealed []byte
		err := tx.QueryRow(ctx, `SELECT account FROM cases WHERE id = $1`, caseID).Scan(&sealed)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoCase
		}
		if err != nil {
			return err
		}
		w, err = db.openWords(sealed, person.Account)
		return err
	})
	return w, err
}
