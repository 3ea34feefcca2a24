package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
	"powerline/internal/intake"
	"powerline/number"
	"powerline/person"
)

// newcomers are the persons, numbers and terms that an event brings into a
// case, sealed and ready to be written. They are written only if the ladder
// takes the event.
type newcomers struct {
	numbers map[string][]byte // by fingerprint
	parties []sealedParty
	safe    []sealedSafe
}

type sealedParty struct {
	id, relation  string
	role          cases.Role
	sex           intake.Sex
	name, address []byte
}

type sealedSafe struct {
	print             string
	terms             intake.SafeContact
	code, duress, ask []byte
}

// newcomers takes in what was told beside an event, and puts the ids and
// fingerprints into the event.
func (db *DB) newcomers(c cases.Case, ev *cases.Event, told intake.Told) (newcomers, error) {
	n := newcomers{numbers: map[string][]byte{}}
	if told.Empty() {
		return n, nil
	}
	if err := db.opts.Keys.check(); err != nil {
		return n, err
	}
	said := func(s *cases.Said) error {
		prints, err := db.sealNumbers(&n, told.Numbers)
		if err != nil {
			return err
		}
		s.Numbers = append(s.Numbers, prints...)
		for i, p := range told.Contacts {
			party, err := db.sealParty(&n, intake.PartyID(c.ID, ev.ID, i), cases.Contact, p)
			if err != nil {
				return err
			}
			s.Contacts = append(s.Contacts, party)
		}
		return nil
	}
	var err error
	switch what := ev.What.(type) {
	case cases.Spoken:
		err = said(&what.Said)
		ev.What = what
	case cases.Called:
		err = said(&what.Said)
		ev.What = what
	case cases.Found:
		what.Offender, err = db.sealParty(&n, c.Offender.ID, cases.Offender, told.Offender)
		ev.What = what
	case cases.TermsChanged:
		err = db.hers(&n, c, ev.ID, &what, told)
		ev.What = what
	default:
		err = fmt.Errorf("the event %s has no room for what was told", ev.Name())
	}
	if err != nil {
		return n, err
	}
	return n, db.sealSafe(&n, told.Safe)
}

// hers takes in a further number of the victim, and the adult who speaks for her.
func (db *DB) hers(n *newcomers, c cases.Case, eventID string, what *cases.TermsChanged, told intake.Told) error {
	if !told.Hers.Withheld() {
		prints, err := db.sealNumbers(n, []number.Number{told.Hers})
		if err != nil {
			return err
		}
		what.Number = prints[0]
	}
	if !told.Adult.Known() {
		return nil
	}
	id := c.Adult.ID
	if id == "" {
		id = intake.PartyID(c.ID, eventID, 0)
	}
	adult, err := db.sealParty(n, id, cases.Adult, told.Adult)
	what.Adult = adult
	return err
}

// sealNumbers seals numbers that are to be dialled, and returns their
// fingerprints.
func (db *DB) sealNumbers(n *newcomers, all []number.Number) ([]string, error) {
	var prints []string
	for _, one := range all {
		if err := one.Dialable(); err != nil {
			return nil, err
		}
		print := one.Fingerprint(db.opts.Keys.Fingerprint)
		sealed, err := one.Seal(db.opts.Keys.Seal)
		if err != nil {
			return nil, err
		}
		n.numbers[print] = sealed
		prints = append(prints, print)
	}
	return prints, nil
}

// sealParty seals a party, and returns what the ladder knows of it.
func (db *DB) sealParty(n *newcomers, id string, role cases.Role, p intake.Party) (cases.Party, error) {
	prints, err := db.sealNumbers(n, p.Numbers)
	if err != nil {
		return cases.Party{}, err
	}
	sealed := sealedParty{id: id, role: role, sex: p.Sex, relation: p.Relation}
	if p.Name.Known() {
		if sealed.name, err = p.Name.Seal(db.opts.Keys.Seal); err != nil {
			return cases.Party{}, err
		}
	}
	if sealed.address, err = db.sealWords(p.Address, person.Address); err != nil {
		return cases.Party{}, err
	}
	n.parties = append(n.parties, sealed)
	party := cases.Party{ID: id, Approved: p.Approved, Woman: p.Sex == intake.Woman}
	for _, print := range prints {
		party.Numbers = append(party.Numbers, cases.Number{Print: print})
	}
	return party, nil
}

func (db *DB) sealSafe(n *newcomers, all []intake.SafeContact) (err error) {
	for _, s := range all {
		sealed := sealedSafe{print: s.Number.Fingerprint(db.opts.Keys.Fingerprint), terms: s}
		if sealed.code, err = db.sealWords(s.CodeWord, person.CodeWord); err != nil {
			return err
		}
		if sealed.duress, err = db.sealWords(s.DuressWord, person.DuressWord); err != nil {
			return err
		}
		if sealed.ask, err = db.sealWords(s.AskFor, person.AskFor); err != nil {
			return err
		}
		n.safe = append(n.safe, sealed)
	}
	return nil
}

// neverRing marks numbers of hers that must never be rung as bad, so that the
// ladder chooses another one.
func (n newcomers) neverRing(p *cases.Party) {
	for i, number := range p.Numbers {
		for _, s := range n.safe {
			if s.print == number.Print && s.terms.Never {
				p.Numbers[i].Bad = true
			}
		}
	}
}

// safeIsHers holds terms to numbers that are hers: anybody else's terms are
// none of this case.
func (n newcomers) safeIsHers(c cases.Case) error {
	for _, s := range n.safe {
		is := func(one cases.Number) bool { return one.Print == s.print }
		if !slices.ContainsFunc(c.Victim.Numbers, is) && !slices.ContainsFunc(c.Adult.Numbers, is) {
			return errors.New("terms for a number that is not hers: tell the number as well")
		}
	}
	return nil
}

// setAsideNever takes tasks of hers out of the way whose number must never be
// rung. The ladder does not know that, so a supervisor looks.
func setAsideNever(ctx context.Context, tx pgx.Tx, caseID string, at time.Time) error {
	rows, err := tx.Query(ctx, `SELECT t.id FROM tasks t JOIN safe_contacts s ON s.case_id = t.case_id AND s.number = t.number
		WHERE t.case_id = $1 AND s.never AND t.ended_as IS NULL AND t.set_aside IS NULL AND NOT t.pull AND t.kind NOT IN ('offender', 'ffr') ORDER BY t.id`, caseID)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := setAside(ctx, tx, cases.TaskID(id), "", "its number must never be rung", at); err != nil {
			return err
		}
	}
	return nil
}

// sealWords is nil for no words.
func (db *DB) sealWords(w person.Words, p person.Purpose) ([]byte, error) {
	if !w.Known() {
		return nil, nil
	}
	return w.Seal(db.opts.Keys.Seal, p)
}

// check that both keys are there.
func (k Keys) check() error {
	if len(k.Fingerprint) != 32 || len(k.Seal) != 32 {
		return ErrNoKeys
	}
	return nil
}

// write stores them. A party that is known keeps what is not told anew.
func (n newcomers) write(ctx context.Context, tx pgx.Tx, caseID string, at time.Time) error {
	batch := &pgx.Batch{}
	// In order, so that two who bring the same numbers do not wait for each other.
	for _, print := range slices.Sorted(maps.Keys(n.numbers)) {
		batch.Queue(`INSERT INTO numbers (fingerprint, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING`, print, n.numbers[print])
	}
	for _, p := range n.parties {
		batch.Queue(`INSERT INTO parties (id, case_id, role, sex, relation, name, address, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (id) DO UPDATE SET
				sex = coalesce(nullif(excluded.sex, ''), parties.sex), relation = coalesce(nullif(excluded.relation, ''), parties.relation),
				name = coalesce(excluded.name, parties.name), address = coalesce(excluded.address, parties.address)`,
			p.id, caseID, string(p.role), string(p.sex), p.relation, p.name, p.address, at)
	}
	for _, s := range n.safe {
		t := s.terms
		batch.Queue(`INSERT INTO safe_contacts (case_id, number, whose, never, may_message, may_leave_word, code_word, duress_word, ask_for, verified_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (case_id, number) DO UPDATE SET
				whose = excluded.whose, never = excluded.never, may_message = excluded.may_message, may_leave_word = excluded.may_leave_word,
				code_word = coalesce(excluded.code_word, safe_contacts.code_word), duress_word = coalesce(excluded.duress_word, safe_contacts.duress_word),
				ask_for = coalesce(excluded.ask_for, safe_contacts.ask_for), verified_at = coalesce(excluded.verified_at, safe_contacts.verified_at)`,
			caseID, s.print, t.Whose, t.Never, t.MayMessage, t.MayLeaveWord, s.code, s.duress, s.ask, unlessZero(t.VerifiedAt))
	}
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, batch).Close()
}

// writePartyNumbers brings the table of numbers up to what the case says of
// its parties.
func writePartyNumbers(ctx context.Context, tx pgx.Tx, c cases.Case) error {
	batch := &pgx.Batch{}
	for _, p := range append([]cases.Party{c.Victim, c.Adult, c.Offender}, c.Contacts...) {
		prints := []string{}
		for _, n := range p.Numbers {
			prints = append(prints, n.Print)
		}
		batch.Queue(`DELETE FROM party_numbers WHERE party = $1 AND number <> ALL ($2)`, p.ID, prints)
		for place, n := range p.Numbers {
			batch.Queue(`INSERT INTO party_numbers (party, number, place, bad) VALUES ($1, $2, $3, $4)
				ON CONFLICT (party, number) DO UPDATE SET place = excluded.place, bad = excluded.bad
				WHERE (party_numbers.place, party_numbers.bad) <> (excluded.place, excluded.bad)`, p.ID, n.Print, place, n.Bad)
		}
	}
	return tx.SendBatch(ctx, batch).Close()
}
