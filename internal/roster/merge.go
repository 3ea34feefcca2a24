package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
)

// Change is what a file would do to the stored roster.
type Change struct {
	Write     []Person // added and changed, to be stored together
	Added     []agent.ID
	Changed   []agent.ID
	Unchanged []agent.ID
	Absent    []agent.ID // stored and not in the file: left as they are
}

// Merge compares entries with the stored roster and computes the secrets'
// digests for the realm. A new person without a secret or PIN is taken: she
// cannot register or log in until they are set.
func Merge(stored []Person, entries []Entry, realm string) (Change, error) {
	byID := map[agent.ID]Person{}
	for _, p := range stored {
		byID[p.Profile.ID] = p
	}
	var c Change
	for _, e := range entries {
		id := e.Person.Profile.ID
		old, exists := byID[id]
		next, err := e.over(old, realm)
		if err != nil {
			return Change{}, fmt.Errorf("roster: merge %s: %w", id, err)
		}
		delete(byID, id)
		switch {
		case !exists:
			c.Added, c.Write = append(c.Added, id), append(c.Write, next)
		case !old.Same(next):
			c.Changed, c.Write = append(c.Changed, id), append(c.Write, next)
		default:
			c.Unchanged = append(c.Unchanged, id)
		}
	}
	for id := range byID {
		c.Absent = append(c.Absent, id)
	}
	slices.Sort(c.Absent)
	return c, nil
}

// over puts the entry over the stored person, keeping secrets that the entry
// does not give or that are the same.
func (e Entry) over(old Person, realm string) (Person, error) {
	next := e.Person
	next.Version, next.SIP, next.PIN = old.Version, old.SIP, old.PIN
	if e.secret != "" {
		next.SIP = Secret{asteriskconfig.HA1(string(next.Profile.ID), realm, e.secret)}
	}
	if e.pin != "" && !VerifyPIN(old.PIN, e.pin) {
		hash, err := HashPIN(e.pin)
		if err != nil {
			return Person{}, err
		}
		next.PIN = hash
	}
	return next, nil
}

// Set applies "column=value" words to a stored person, all or none.
func Set(p Person, assignments []string, realm string, known Known) (Person, error) {
	e := Entry{Person: p}
	var all []error
	for _, a := range assignments {
		column, value, ok := strings.Cut(a, "=")
		switch {
		case !ok:
			all = append(all, fmt.Errorf("%q: want column=value, such as pin=… or languages=\"hi bho\"", clip(column)))
		case column == "id":
			all = append(all, errors.New("id: cannot change; add a new agent and set this one active=no"))
		default:
			if err := e.assign(column, value, known); err != nil {
				all = append(all, fmt.Errorf("%s: %w", clip(column), err))
			}
		}
	}
	if len(all) == 0 {
		if column, err := e.lawful(); err != nil {
			all = append(all, fmt.Errorf("%s: %w", column, err))
		}
	}
	if len(all) > 0 {
		return Person{}, errors.Join(all...)
	}
	return e.over(p, realm)
}
