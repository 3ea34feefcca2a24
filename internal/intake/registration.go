package intake

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/number"
	"powerline/person"
)

// Registration is a complaint as it is registered.
type Registration struct {
	// Case is the id that the case gets (CaseID), EventID the id of the event
	// that registers it. Registered again under them, nothing changes.
	Case    string
	EventID string
	At      time.Time
	// Taker is the woman who registers it; her profile is read from the roster.
	Taker agent.ID
	// Call is the id of the inbound call in which it was told, if there was one.
	Call string
	// LinkedTo is the id of an earlier case of hers, if there is one.
	LinkedTo string

	District string // by name, one of the 75
	Station  string // id of a police station, if it is known
	Category string // a word of the configuration, such as "phone"
	Account  person.Words

	Victim   Party
	Adult    Party // a child's named safe adult; zero if there is none
	Offender Party
	Contacts []Party
	// Safe are the terms of the numbers of victim and adult, one for each number.
	Safe []SafeContact

	Terms  cases.Terms
	Triage cases.Triage
	Minor  bool
	Sealed bool
}

// Party is somebody in a case, as people know them.
type Party struct {
	Name    person.Name
	Address person.Words
	Sex     Sex
	// Relation to the victim, or of a contact to the offender: a word such as
	// "husband" or "sister".
	Relation string
	// Approved: the victim named this contact herself and agrees to the call.
	Approved bool
	Numbers  []number.Number
}

// Known reports whether anything is known of the party.
func (p Party) Known() bool {
	return p.Name.Known() || p.Address.Known() || len(p.Numbers) > 0 || p.Relation != ""
}

// Sex of a party. The zero value is not known.
type Sex string

// The sexes that decide who may call.
const (
	NotKnown Sex = ""
	Woman    Sex = "woman"
	Man      Sex = "man"
)

// SafeContact is how one number of the victim may be used, in one case: the
// same number may be safe in one case and her husband's in another.
type SafeContact struct {
	Number number.Number
	// Whose telephone it is: "own", "shared", or somebody else's as a word.
	Whose string
	// Never: this number must not be rung, whatever else is said.
	Never bool
	// MayMessage and MayLeaveWord are false unless she opted in (C1).
	MayMessage   bool
	MayLeaveWord bool
	CodeWord     person.Words // "I am safe"
	DuressWord   person.Words // "send help"
	AskFor       person.Words // the name to ask for when somebody answers
	VerifiedAt   time.Time    // when the terms were last confirmed with her
}

// Told is what is told in a conversation about persons who are not in the case
// yet. The store gives them ids and fingerprints and puts them into the event.
type Told struct {
	// Numbers are further numbers of the offender.
	Numbers []number.Number
	// Contacts are people she names and approves.
	Contacts []Party
	// Offender is who the cyber cell has found; for the event Found only.
	Offender Party
	// Hers is a further number of the victim, or of the adult who speaks for her,
	// and the first to be rung from now on; Adult a child's safe adult. Both are
	// for the event TermsChanged only.
	Hers  number.Number
	Adult Party
	// Safe are new or changed terms of numbers of hers, in the case or told here.
	Safe []SafeContact
}

// Empty reports whether nothing was told.
func (t Told) Empty() bool {
	return len(t.Numbers) == 0 && len(t.Contacts) == 0 && len(t.Safe) == 0 && !t.Offender.Known() && !t.Adult.Known() && t.Hers.Withheld()
}

// CaseID is the id of the case that is handed in under a reference, such as an
// idempotency key with its owner. The id cannot be turned back, and the same
// reference gives the same id.
func CaseID(reference string) string { return opaque("c", "case", reference) }

// PartyID is the id of the n-th party that an event brings into a case.
func PartyID(caseID, eventID string, n int) string {
	return opaque("p", "party", fmt.Sprintf("%s %s %d", caseID, eventID, n))
}

func opaque(prefix, what, of string) string {
	sum := sha256.Sum256([]byte("powerline " + what + " " + of))
	return prefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

// Check says which field of the registration cannot be right, beyond what the
// types already hold. The error repeats nothing private.
func (r Registration) Check() error {
	switch {
	case r.Case == "" || r.EventID == "":
		return errors.New("case: want an id of the case and of the event")
	case r.At.IsZero():
		return errors.New("at: want the moment of registration")
	case r.Taker == "":
		return errors.New("taker: want the agent who registered it")
	case len(r.Victim.Numbers) == 0 && len(r.Adult.Numbers) == 0 && r.Terms.Dialable():
		return errors.New("victim: want a number to call her at, or terms that she rings us")
	}
	mine := append(append([]number.Number(nil), r.Victim.Numbers...), r.Adult.Numbers...)
	if err := checkSafe(mine, r.Safe); err != nil {
		return err
	}
	for i, p := range r.parties() {
		if err := p.check(); err != nil {
			return fmt.Errorf("%s: %w", r.partyField(i), err)
		}
	}
	return nil
}

// parties are all of them, in the order of partyField.
func (r Registration) parties() []Party {
	return append([]Party{r.Victim, r.Adult, r.Offender}, r.Contacts...)
}

func (r Registration) partyField(i int) string {
	if i < 3 {
		return [...]string{"victim", "adult", "offender"}[i]
	}
	return fmt.Sprintf("contact%d", i-2)
}

func (p Party) check() error {
	seen := map[number.Number]bool{}
	for _, n := range p.Numbers {
		if err := n.Dialable(); err != nil {
			return err
		}
		if seen[n] {
			return errors.New("a number stands twice")
		}
		seen[n] = true
	}
	return nil
}

func checkSafe(mine []number.Number, safe []SafeContact) error {
	for i, s := range safe {
		known := false
		for _, n := range mine {
			known = known || n == s.Number
		}
		if !known {
			return errors.New("safe: terms for a number that is not hers")
		}
		for _, other := range safe[:i] {
			if other.Number == s.Number {
				return errors.New("safe: two terms for one number")
			}
		}
	}
	return nil
}
