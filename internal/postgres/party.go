package postgres

import (
	"context"
	"time"

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
	return PartyFile{}, errNotYet
}

// OpenParties opens all parties of a case and writes an audit row.
func (db *DB) OpenParties(ctx context.Context, caseID string, r Reader) ([]PartyFile, error) {
	return nil, errNotYet
}

// OpenSafeContact opens the terms of a number in a case, with code word and
// duress word, and writes an audit row. The zero value when there are none.
func (db *DB) OpenSafeContact(ctx context.Context, caseID, fingerprint string, r Reader) (intake.SafeContact, error) {
	return intake.SafeContact{}, errNotYet
}

// OpenAccount opens what she told about what happened and writes an audit row.
func (db *DB) OpenAccount(ctx context.Context, caseID string, r Reader) (person.Words, error) {
	return person.Words{}, errNotYet
}
