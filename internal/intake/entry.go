package intake

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/district"
	"powerline/number"
	"powerline/person"
)

// required are the fields without which there is no case.
var required = []string{"ref", "registered", "taker", "district", "category"}

// Fields of a file, without those of the contacts: contact1_name,
// contact1_numbers, contact1_sex, contact1_relation, contact1_approved, and so
// on up to contact5. Lists are separated by semicolons.
var Fields = []string{
	"ref", "registered", "taker", "district", "station", "category", "account",
	"victim_name", "victim_numbers", "victim_address", "adult_name", "adult_numbers", "adult_relation",
	"may_call", "pull", "windows", "opening", "language", "whose", "may_message", "may_leave_word", "code_word", "duress_word", "ask_for",
	"offender_name", "offender_numbers", "offender_address", "offender_sex", "offender_relation",
	"track", "agrees", "sexual", "called_herself", "minor", "sealed",
}

const mostContacts = 5

var contactFields = []string{"name", "numbers", "sex", "relation", "approved"}

func fieldNames() []string {
	all := slices.Clone(Fields)
	for _, name := range contactFields {
		all = append(all, "contactN_"+name)
	}
	return all
}

func isField(name string) bool {
	if slices.Contains(Fields, name) {
		return true
	}
	_, _, ok := contactField(name)
	return ok
}

// contactField takes "contact2_name" apart.
func contactField(name string) (n int, field string, ok bool) {
	rest, ok := strings.CutPrefix(name, "contact")
	if !ok || len(rest) < 2 || rest[0] < '1' || rest[0] > '0'+mostContacts || rest[1] != '_' {
		return 0, "", false
	}
	return int(rest[0] - '0'), rest[2:], slices.Contains(contactFields, rest[2:])
}

// entry is a registration in the making.
type entry struct {
	known    Known
	ref      string
	r        Registration
	safe     SafeContact
	contacts [mostContacts]Party
}

var (
	refForm  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/-]{0,39}$`)
	wordForm = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// assign writes one field's text, which is not empty. An error never repeats it.
func (e *entry) assign(field, text string) (err error) {
	if n, name, ok := contactField(field); ok {
		return assignParty(&e.contacts[n-1], name, text)
	}
	for prefix, p := range map[string]*Party{"victim_": &e.r.Victim, "adult_": &e.r.Adult, "offender_": &e.r.Offender} {
		if name, ok := strings.CutPrefix(field, prefix); ok {
			return assignParty(p, name, text)
		}
	}
	switch field {
	case "may_call", "pull", "windows", "opening", "language", "whose", "may_message", "may_leave_word", "code_word", "duress_word", "ask_for":
		return e.assignTerms(field, text)
	case "track", "agrees", "sexual", "called_herself", "minor", "sealed":
		return e.assignTriage(field, text)
	}
	return e.assignCase(field, text)
}

func (e *entry) assignCase(field, text string) (err error) {
	switch field {
	case "ref":
		if !refForm.MatchString(text) {
			return errors.New("want at most 40 letters, digits, hyphens and slashes")
		}
		e.ref = text
	case "registered":
		e.r.At, err = moment(text)
		if err == nil && e.r.At.After(e.known.Now) {
			return errors.New("lies in the future")
		}
	case "taker":
		if !idForm.MatchString(text) || len(text) > 32 {
			return errors.New("want the id of the woman agent who took it down, such as a017")
		}
		e.r.Taker = agent.ID(text)
	case "district":
		e.r.District, err = district.Parse(text)
	case "station":
		if !idForm.MatchString(text) || len(text) > 64 {
			return errors.New("want the id of a police station, in lower-case letters, digits and hyphens")
		}
		e.r.Station = text
	case "category":
		e.r.Category, err = oneOf(text, e.known.Categories)
	case "account":
		e.r.Account, err = person.NewWords(text)
	}
	return err
}

func (e *entry) assignTerms(field, text string) (err error) {
	terms := &e.r.Terms
	switch field {
	case "may_call":
		terms.MayCall, err = yesNo(text)
	case "pull":
		terms.Pull, err = yesNo(text)
	case "windows":
		for _, part := range list(text) {
			w, err := cases.ParseWindow(part)
			if err != nil {
				return errors.New("want days and hours such as mon-fri 14:00-16:00, several separated by semicolons")
			}
			terms.Windows = append(terms.Windows, w)
		}
	case "opening":
		terms.Opening, err = word(text)
	case "language":
		terms.Language, err = oneOf(text, e.known.Languages)
	case "whose":
		e.safe.Whose, err = word(text)
	case "may_message":
		e.safe.MayMessage, err = yesNo(text)
	case "may_leave_word":
		e.safe.MayLeaveWord, err = yesNo(text)
	case "code_word":
		e.safe.CodeWord, err = person.NewWords(text)
	case "duress_word":
		e.safe.DuressWord, err = person.NewWords(text)
	case "ask_for":
		e.safe.AskFor, err = person.NewWords(text)
	}
	return err
}

func (e *entry) assignTriage(field, text string) (err error) {
	switch field {
	case "track":
		var track string
		track, err = oneOf(text, []string{string(cases.Counsellable), string(cases.ToPolice)})
		e.r.Triage.Track = cases.Track(track)
	case "agrees":
		e.r.Triage.Agrees, err = yesNo(text)
	case "sexual":
		e.r.Triage.Sexual, err = yesNo(text)
	case "called_herself":
		e.r.Triage.CalledHerself, err = yesNo(text)
	case "minor":
		e.r.Minor, err = yesNo(text)
	case "sealed":
		e.r.Sealed, err = yesNo(text)
	}
	return err
}

func assignParty(p *Party, field, text string) (err error) {
	switch field {
	case "name":
		p.Name, err = person.NewName(text)
	case "address":
		p.Address, err = person.NewWords(text)
	case "numbers":
		for i, part := range list(text) {
			n, err := number.ParseDialable(part)
			if err != nil {
				return fmt.Errorf("place %d: %w", i+1, err)
			}
			if slices.Contains(p.Numbers, n) {
				return fmt.Errorf("place %d: stands twice", i+1)
			}
			p.Numbers = append(p.Numbers, n)
		}
	case "sex":
		var sex string
		sex, err = oneOf(text, []string{string(Woman), string(Man)})
		p.Sex = Sex(sex)
	case "relation":
		p.Relation, err = word(text)
	case "approved":
		p.Approved, err = yesNo(text)
	}
	return err
}

// finish puts the parts together.
func (e *entry) finish() (Registration, error) {
	r := e.r
	// The reference itself is not stored: somebody may have used a number for it.
	r.Case = CaseID("import " + e.ref)
	r.EventID = "import/" + r.Case
	r.Victim.Sex = Woman
	if r.Taker == "" {
		r.Taker = e.known.Taker
	}
	mine := slices.Concat(r.Victim.Numbers, r.Adult.Numbers)
	switch {
	case len(mine) > 0:
		e.safe.Number, e.safe.VerifiedAt = mine[0], r.At
		r.Safe = []SafeContact{e.safe}
	case e.safe != SafeContact{}:
		return r, errors.New("code word, duress word or other terms without a number that they belong to")
	}
	for i, contact := range e.contacts {
		if !contact.Known() {
			continue
		}
		if len(contact.Numbers) == 0 {
			return r, fmt.Errorf("contact%d: want a number to call", i+1)
		}
		r.Contacts = append(r.Contacts, contact)
	}
	return r, r.Check()
}

// moment reads RFC 3339, or date and time of day in India.
func moment(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, cases.Local)
	if err != nil {
		return time.Time{}, errors.New("want date and time such as 2026-11-23 11:00, in Indian time")
	}
	return at.UTC(), nil
}

func yesNo(text string) (bool, error) {
	switch text {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, errors.New("want yes or no")
}

func oneOf(text string, all []string) (string, error) {
	if !slices.Contains(all, text) {
		return "", fmt.Errorf("want one of %s", strings.Join(all, ", "))
	}
	return text, nil
}

func word(text string) (string, error) {
	if !wordForm.MatchString(text) || len(text) > 32 {
		return "", errors.New("want one word in lower-case letters, or several joined by hyphens")
	}
	return text, nil
}

// list reads parts that are separated by semicolons.
func list(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
