package api

import (
	"fmt"
	"slices"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/number"
	"powerline/person"
)

// What people tell comes in as plain text and becomes a type that masks itself
// here, before anything else is done with it.

// PartyIn is a person in a case, as told.
type PartyIn struct {
	Name     string   `json:"name,omitempty" doc:"at most 80 characters"`
	Address  string   `json:"address,omitempty" doc:"at most 4000 bytes"`
	Sex      string   `json:"sex,omitempty" doc:"woman, man, or empty when it is not known" words:"woman,man"`
	Relation string   `json:"relation,omitempty" doc:"to the victim, or of a contact to the offender: a word such as brother"`
	Approved bool     `json:"approved,omitempty" doc:"of a contact: she named him or her herself and agrees to the call"`
	Numbers  []string `json:"numbers,omitempty" doc:"10 digits, 0 and 10 digits, or with +91; only subscribers in India. Of the victim of a registration also the word caller: the number from which the call came, if the taker spoke in it"`
}

// SafeIn is how one number of hers may be used.
type SafeIn struct {
	Number       string    `json:"number" doc:"one of her numbers in this case; of a complaint that is registered it may be the word caller"`
	Whose        string    `json:"whose,omitempty" doc:"whose telephone it is: own, shared, or another word"`
	Never        bool      `json:"never,omitempty" doc:"it must not be rung, whatever else is said"`
	MayMessage   bool      `json:"mayMessage,omitempty"`
	MayLeaveWord bool      `json:"mayLeaveWord,omitempty"`
	CodeWord     string    `json:"codeWord,omitempty" doc:"by which she says that she is safe; left out, the one that is stored stays"`
	DuressWord   string    `json:"duressWord,omitempty" doc:"by which she asks for help; left out, the one that is stored stays"`
	AskFor       string    `json:"askFor,omitempty" doc:"the name to ask for; left out, the one that is stored stays"`
	VerifiedAt   time.Time `json:"verifiedAt,omitzero" doc:"when the terms were confirmed with her"`
}

// TermsIn is when and how she may be called.
type TermsIn struct {
	MayCall  bool          `json:"mayCall,omitempty" doc:"we may ring her"`
	Pull     bool          `json:"pull,omitempty" doc:"she rings us"`
	Windows  cases.Windows `json:"windows,omitempty" doc:"when she is alone, in India's time; none means any hour"`
	Opening  string        `json:"opening,omitempty" doc:"the persona that speaks first: a word such as courier"`
	Language string        `json:"language,omitempty" doc:"a code such as hi"`
}

// TriageIn is what the registering woman found out.
type TriageIn struct {
	Track         cases.Track `json:"track,omitempty" doc:"counsellable, police, or empty while undecided"`
	Sexual        bool        `json:"sexual,omitempty" doc:"a sexual offence"`
	Agrees        bool        `json:"agrees,omitempty" doc:"she wants the offender to be spoken to"`
	CalledHerself bool        `json:"calledHerself,omitempty" doc:"a child who called herself may be asked herself"`
}

func (t TriageIn) triage() (cases.Triage, error) {
	if !slices.Contains([]cases.Track{cases.Undecided, cases.Counsellable, cases.ToPolice}, t.Track) {
		return cases.Triage{}, field("triage.track", "want counsellable or police, or leave it out")
	}
	return cases.Triage{Track: t.Track, Sexual: t.Sexual, Agrees: t.Agrees, CalledHerself: t.CalledHerself}, nil
}

func (t TermsIn) terms(languages []string) (cases.Terms, error) {
	switch {
	case t.Opening != "" && !isWord(t.Opening, 32):
		return cases.Terms{}, field("terms.opening", "want a word such as courier")
	case t.Language != "" && (!isWord(t.Language, 8) || len(languages) > 0 && !slices.Contains(languages, t.Language)):
		return cases.Terms{}, field("terms.language", "want the code of a language of the configuration")
	case t.MayCall && t.Pull:
		return cases.Terms{}, field("terms.pull", "either we ring her, or she rings us")
	case len(t.Windows) > 50:
		return cases.Terms{}, field("terms.windows", "want at most 50 windows")
	}
	return cases.Terms{MayCall: t.MayCall, Pull: t.Pull, Windows: t.Windows, Opening: t.Opening, Language: t.Language}, nil
}

// party makes a person of what was told.
func (p PartyIn) party(at string) (intake.Party, error) {
	none := intake.Party{}
	name, err := person.NewName(p.Name)
	if err != nil {
		return none, field(at+".name", err.Error())
	}
	address, err := words(at+".address", p.Address)
	if err != nil {
		return none, err
	}
	sex := intake.Sex(p.Sex)
	if sex != intake.NotKnown && sex != intake.Woman && sex != intake.Man {
		return none, field(at+".sex", "want woman or man, or leave it out")
	}
	if p.Relation != "" && !isWord(p.Relation, 32) {
		return none, field(at+".relation", "want a word such as brother")
	}
	all, err := numbers(at+".numbers", p.Numbers)
	if err != nil {
		return none, err
	}
	return intake.Party{Name: name, Address: address, Sex: sex, Relation: p.Relation, Approved: p.Approved, Numbers: all}, nil
}

// parties makes several.
func parties(at string, all []PartyIn) ([]intake.Party, error) {
	var out []intake.Party
	if len(all) > 20 {
		return nil, field(at, "want at most 20 persons")
	}
	for i, p := range all {
		one, err := p.party(fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		if !one.Known() {
			return nil, field(fmt.Sprintf("%s[%d]", at, i), "nothing is told about this person")
		}
		out = append(out, one)
	}
	return out, nil
}

// numbers are those that may be dialled. No error repeats a digit.
func numbers(at string, texts []string) ([]number.Number, error) {
	var all []number.Number
	if len(texts) > 10 {
		return nil, field(at, "want at most 10 numbers")
	}
	for i, text := range texts {
		place := fmt.Sprintf("%s[%d]", at, i)
		n, err := number.ParseDialable(text)
		if err != nil {
			return nil, field(place, err.Error())
		}
		if slices.Contains(all, n) {
			return nil, field(place, "stands twice")
		}
		all = append(all, n)
	}
	return all, nil
}

func words(at, text string) (person.Words, error) {
	w, err := person.NewWords(text)
	if err != nil {
		return person.Words{}, field(at, err.Error())
	}
	return w, nil
}

func (s SafeIn) terms(at string, now time.Time) (intake.SafeContact, error) {
	n, err := number.ParseDialable(s.Number)
	if err != nil {
		return intake.SafeContact{}, field(at+".number", err.Error())
	}
	return s.of(at, n, now)
}

// of are the terms of a number that is known already.
func (s SafeIn) of(at string, n number.Number, now time.Time) (intake.SafeContact, error) {
	out := intake.SafeContact{
		Number: n, Whose: s.Whose, Never: s.Never, MayMessage: s.MayMessage, MayLeaveWord: s.MayLeaveWord, VerifiedAt: s.VerifiedAt.UTC(),
	}
	var err error
	if s.Whose != "" && !isWord(s.Whose, 32) {
		return out, field(at+".whose", "want own, shared, or another word")
	}
	if s.VerifiedAt.After(now.Add(time.Minute)) {
		return out, field(at+".verifiedAt", "lies in the future")
	}
	for _, w := range []struct {
		name, text string
		into       *person.Words
	}{{"codeWord", s.CodeWord, &out.CodeWord}, {"duressWord", s.DuressWord, &out.DuressWord}, {"askFor", s.AskFor, &out.AskFor}} {
		if len(w.text) > 200 {
			return out, field(at+"."+w.name, "want at most 200 bytes")
		}
		if *w.into, err = words(at+"."+w.name, w.text); err != nil {
			return out, err
		}
	}
	return out, nil
}

// CallersNumber stands, in a registration, for the number from which the call came
// in which it was told. Nobody need hear it, and nobody sees it.
const CallersNumber = "caller"

// hersFromCall takes the word for the caller's number out of a registration.
func (in *RegistrationIn) hersFromCall() (terms []SafeIn, asked bool) {
	is := func(text string) bool { return text == CallersNumber }
	asked = slices.ContainsFunc(in.Victim.Numbers, is)
	in.Victim.Numbers = slices.DeleteFunc(slices.Clone(in.Victim.Numbers), is)
	var others []SafeIn
	for _, s := range in.Safe {
		if is(s.Number) {
			terms = append(terms, s)
		} else {
			others = append(others, s)
		}
	}
	in.Safe = others
	return terms, asked || len(terms) > 0
}

// addCaller makes the number from which she called her first one.
func addCaller(r *request, reg *intake.Registration, terms []SafeIn) error {
	n, err := r.Store.CallerNumber(r.Context(), reg.Call, reg.Taker)
	if err != nil {
		return err
	}
	if n.Withheld() || n.Dialable() != nil {
		return field("victim.numbers[0]", "the number from which she called is not known, or cannot be dialled: ask her for one")
	}
	if len(terms) > 1 {
		return field("safe", "terms for the caller's number stand twice")
	}
	if !slices.Contains(reg.Victim.Numbers, n) {
		reg.Victim.Numbers = append([]number.Number{n}, reg.Victim.Numbers...)
	}
	for _, s := range terms {
		one, err := s.of("safe[0]", n, r.now)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(reg.Safe, func(o intake.SafeContact) bool { return o.Number == n }) {
			reg.Safe = append(reg.Safe, one)
		}
	}
	return nil
}

func safes(at string, all []SafeIn, now time.Time) ([]intake.SafeContact, error) {
	var out []intake.SafeContact
	if len(all) > 20 {
		return nil, field(at, "want at most 20 numbers")
	}
	for i, s := range all {
		place := fmt.Sprintf("%s[%d]", at, i)
		one, err := s.terms(place, now)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o intake.SafeContact) bool { return o.Number == one.Number }) {
			return nil, field(place+".number", "stands twice")
		}
		out = append(out, one)
	}
	return out, nil
}

// SaidIn is what is told in a conversation besides its outcome.
type SaidIn struct {
	Numbers     []string     `json:"numbers,omitempty" doc:"further numbers of the offender"`
	Contacts    []PartyIn    `json:"contacts,omitempty" doc:"people she names and approves"`
	Retaliation bool         `json:"retaliation,omitempty" doc:"he took revenge, or threatened to"`
	Choice      cases.Choice `json:"choice,omitempty" doc:"what she wants done"`
	Verified    bool         `json:"verified,omitempty" doc:"she gave her code word and was alone"`
	Duress      bool         `json:"duress,omitempty" doc:"the call was ended in a hurry; the next needs a supervisor"`
	CallAt      time.Time    `json:"callAt,omitzero" doc:"when she, or he, asked to be called again"`
}

var choices = []cases.Choice{cases.NoChoice, cases.ChooseCounsel, cases.ChooseFFR, cases.ChooseStation, cases.ChooseOnlySupport}

// said takes it apart: what the ladder hears, and who and what is new.
func (s SaidIn) said() (cases.Said, intake.Told, error) {
	if !slices.Contains(choices, s.Choice) {
		return cases.Said{}, intake.Told{}, field("choice", "want one of "+list(choices))
	}
	all, err := numbers("numbers", s.Numbers)
	if err != nil {
		return cases.Said{}, intake.Told{}, err
	}
	contacts, err := parties("contacts", s.Contacts)
	if err != nil {
		return cases.Said{}, intake.Told{}, err
	}
	heard := cases.Said{Retaliation: s.Retaliation, Choice: s.Choice, Verified: s.Verified, Duress: s.Duress, CallAt: s.CallAt.UTC()}
	return heard, intake.Told{Numbers: all, Contacts: contacts}, nil
}

// RegistrationIn is a complaint as it is registered.
type RegistrationIn struct {
	Taker    agent.ID  `json:"taker,omitempty" doc:"the woman who took it down; an agent leaves it out or names herself"`
	Call     string    `json:"call,omitempty" doc:"id of the inbound call in which it was told"`
	LinkedTo string    `json:"linkedTo,omitempty" doc:"id of an earlier case of hers"`
	District string    `json:"district" doc:"one of the 75, by name"`
	Station  string    `json:"station,omitempty" doc:"id of the police station, if it is known"`
	Category string    `json:"category" doc:"a word of the configuration, such as phone"`
	Account  string    `json:"account,omitempty" doc:"what she told, at most 4000 bytes"`
	Victim   PartyIn   `json:"victim"`
	Adult    PartyIn   `json:"adult,omitzero" doc:"a child's named safe adult"`
	Offender PartyIn   `json:"offender,omitzero" doc:"without numbers while he is unknown"`
	Contacts []PartyIn `json:"contacts,omitempty" doc:"family, friends and relatives whom she names"`
	Safe     []SafeIn  `json:"safe,omitempty" doc:"the terms of her numbers, and of the adult's"`
	Terms    TermsIn   `json:"terms" doc:"when and how she may be called"`
	Triage   TriageIn  `json:"triage,omitzero"`
	Minor    bool      `json:"minor,omitempty" doc:"she is under 18"`
	Sealed   bool      `json:"sealed,omitempty" doc:"the offender is police or staff"`
}
