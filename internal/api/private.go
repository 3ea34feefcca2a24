package api

import (
	"context"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

// PrivateCase is everything that is sealed in a case.
type PrivateCase struct {
	Case    string          `json:"case"`
	Docket  string          `json:"docket"`
	Account string          `json:"account,omitempty" doc:"what she told"`
	Persons []PrivatePerson `json:"persons"`
	Safe    []PrivateSafe   `json:"safe" doc:"the terms of her numbers"`
}

// PrivatePerson is a person with what is private.
type PrivatePerson struct {
	ID       string          `json:"id"`
	Role     cases.Role      `json:"role"`
	Name     string          `json:"name,omitempty"`
	Address  string          `json:"address,omitempty"`
	Sex      string          `json:"sex,omitempty"`
	Relation string          `json:"relation,omitempty"`
	Numbers  []PrivateNumber `json:"numbers"`
}

// PrivateNumber is a number of a person.
type PrivateNumber struct {
	Number string `json:"number"`
	Bad    bool   `json:"bad,omitempty" doc:"it turned out not to be his or hers"`
}

// PrivateSafe is how one of her numbers may be used.
type PrivateSafe struct {
	Number       string    `json:"number"`
	Whose        string    `json:"whose,omitempty"`
	Never        bool      `json:"never,omitempty"`
	MayMessage   bool      `json:"mayMessage,omitempty"`
	MayLeaveWord bool      `json:"mayLeaveWord,omitempty"`
	CodeWord     string    `json:"codeWord,omitempty"`
	DuressWord   string    `json:"duressWord,omitempty"`
	AskFor       string    `json:"askFor,omitempty"`
	VerifiedAt   time.Time `json:"verifiedAt,omitzero"`
}

func openCase(r *request) (any, error) {
	f, err := r.theCase()
	if err != nil {
		return nil, err
	}
	return open(r.Context(), r.Store, f, r.reader(r.purpose))
}

// open opens a case. The store writes down each thing that is opened.
func open(ctx context.Context, s Private, f postgres.CaseFile, by postgres.Reader) (PrivateCase, error) {
	c := f.Case
	v := PrivateCase{Case: c.ID, Docket: f.Docket, Persons: []PrivatePerson{}, Safe: []PrivateSafe{}}
	account, err := s.OpenAccount(ctx, c.ID, by)
	if err != nil {
		return v, err
	}
	v.Account = account.Show()
	all, err := s.OpenParties(ctx, c.ID, by)
	if err != nil {
		return v, err
	}
	for _, p := range all {
		one := PrivatePerson{ID: p.ID, Role: p.Role, Name: p.Name.Show(), Address: p.Address.Show(), Sex: string(p.Sex), Relation: p.Relation, Numbers: []PrivateNumber{}}
		for _, n := range p.Numbers {
			one.Numbers = append(one.Numbers, PrivateNumber{n.Number.Show(), n.Bad})
			if p.Role != cases.Victim && p.Role != cases.Adult {
				continue
			}
			t, err := s.OpenSafeContact(ctx, c.ID, n.Fingerprint, by)
			if err != nil {
				return v, err
			}
			if t.Number.Withheld() {
				continue // there are no terms
			}
			v.Safe = append(v.Safe, PrivateSafe{
				Number: t.Number.Show(), Whose: t.Whose, Never: t.Never, MayMessage: t.MayMessage, MayLeaveWord: t.MayLeaveWord,
				CodeWord: t.CodeWord.Show(), DuressWord: t.DuressWord.Show(), AskFor: t.AskFor.Show(), VerifiedAt: t.VerifiedAt,
			})
		}
		v.Persons = append(v.Persons, one)
	}
	return v, nil
}
