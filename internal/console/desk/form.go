package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"powerline/cases"
	"powerline/internal/api"
)

// Form is a complaint as it stands on the page: the text of each field by its
// name. What is ticked is "yes". A field that is empty is not there.
type Form map[string]string

// Contacts is how many people she can name on the page.
const Contacts = 5

// spans are the hours at which she is alone, of which the page has two.
const spans = 2

// fields are the names that a form may have, with the most bytes of each.
var fields = func() map[string]int {
	all := map[string]int{
		"reach": 8, "callers": 3, "number": 40, "whose": 32, "never": 3, "word": 3, "message": 3, "ask": 320, "code": 200, "duress": 200, "opening": 32, "language": 8,
		"victim.name": 320, "victim.address": 4000, "minor": 3, "herself": 3,
		"adult.name": 320, "adult.number": 40, "adult.relation": 32,
		"offender.name": 320, "offender.numbers": 300, "offender.sex": 8, "offender.relation": 32, "offender.address": 4000, "sealed": 3,
		"district": 40, "station": 64, "category": 32, "account": 4000, "track": 16, "agrees": 3, "sexual": 3,
		registers: 3,
	}
	for i := range spans {
		for _, name := range []string{"days", "from", "to"} {
			all[spanField(i, name)] = 16
		}
	}
	for i := range Contacts {
		for name, most := range map[string]int{"name": 320, "relation": 32, "sex": 8, "number": 40, "approved": 3} {
			all[contactField(i, name)] = most
		}
	}
	return all
}()

// registers is no field of the page: it is "yes" in a draft that she wants registered
// as soon as the database answers.
const registers = "registers"

func spanField(i int, name string) string    { return fmt.Sprintf("span%d.%s", i+1, name) }
func contactField(i int, name string) string { return fmt.Sprintf("contact%d.%s", i+1, name) }

// ErrForm: the form is none that the page can have sent.
var ErrForm = errors.New("desk: no form of this page")

// check refuses what the page cannot have sent. The error repeats nothing of it.
func (f Form) check() error {
	for name, text := range f {
		if most, known := fields[name]; !known || len(text) > most {
			return ErrForm
		}
	}
	return nil
}

// text is the form for the draft: an object of texts, without empty ones.
func (f Form) text() string {
	kept := maps.Clone(f)
	maps.DeleteFunc(kept, func(_, text string) bool { return text == "" })
	out, err := json.Marshal(kept)
	if err != nil {
		return "{}" // cannot be: texts only
	}
	return string(out)
}

func parseForm(text string) (Form, error) {
	var f Form
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return nil, ErrForm
	}
	return f, f.check()
}

// merge is the form with the fields that another page has touched since.
func (f Form) merge(newer Form, touched []string) Form {
	out := maps.Clone(f)
	if out == nil {
		out = Form{}
	}
	for _, name := range touched {
		if text := newer[name]; text != "" {
			out[name] = text
		} else {
			delete(out, name)
		}
	}
	return out
}

func (f Form) yes(name string) bool { return f[name] == "yes" }

// empty reports whether none of the fields has a text.
func (f Form) empty(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return f[name] != "" })
}

// Missing is a field that cannot be right, and a word that the page translates.
type Missing struct {
	Field string `json:"field"`
	Word  string `json:"word"`
}

func (m *Missing) Error() string { return "desk: " + m.Field + ": " + m.Word }

// registration makes of the form what the API registers. The error is a *Missing.
func (f Form) registration(callID string) (api.RegistrationIn, error) {
	in := api.RegistrationIn{
		Call: callID, District: f["district"], Station: f["station"], Category: f["category"], Account: f["account"],
		Victim: api.PartyIn{Name: f["victim.name"], Address: f["victim.address"], Sex: "woman"},
		Minor:  f.yes("minor"), Sealed: f.yes("sealed"),
		Triage: api.TriageIn{Track: cases.Track(f["track"]), Agrees: f.yes("agrees"), Sexual: f.yes("sexual"), CalledHerself: f.yes("herself")},
	}
	in.Offender = api.PartyIn{
		Name: f["offender.name"], Address: f["offender.address"], Sex: f["offender.sex"], Relation: f["offender.relation"], Numbers: split(f["offender.numbers"]),
	}
	for _, step := range []func(*api.RegistrationIn) error{f.reach, f.adult, f.contacts, f.required} {
		if err := step(&in); err != nil {
			return in, err
		}
	}
	return in, nil
}

// reach is how she may be reached: asked before anything else.
func (f Form) reach(in *api.RegistrationIn) error {
	switch f["reach"] {
	case "call":
		in.Terms.MayCall = true
	case "pull":
		in.Terms.Pull = true
	default:
		return &Missing{"reach", "choose"}
	}
	in.Terms.Opening, in.Terms.Language = f["opening"], f["language"]
	for i := range spans {
		days, from, to := f[spanField(i, "days")], f[spanField(i, "from")], f[spanField(i, "to")]
		if from == "" && to == "" {
			continue
		}
		w, err := cases.ParseWindow(days + " " + from + "-" + to)
		if err != nil {
			return &Missing{spanField(i, "from"), "hours"}
		}
		in.Terms.Windows = append(in.Terms.Windows, w)
	}
	return f.hers(in)
}

// hers is her number, with its terms.
func (f Form) hers(in *api.RegistrationIn) error {
	number := strings.TrimSpace(f["number"])
	switch {
	case number == "" && f.yes("callers"):
		number = api.CallersNumber
	case number == "" && in.Terms.MayCall && f["adult.number"] == "":
		return &Missing{"number", "number"}
	case number == "":
		if !f.empty("ask", "code", "duress") {
			return &Missing{"number", "number"}
		}
		return nil
	}
	in.Victim.Numbers = []string{number}
	in.Safe = append(in.Safe, api.SafeIn{
		Number: number, Whose: f["whose"], Never: f.yes("never"), MayMessage: f.yes("message"), MayLeaveWord: f.yes("word"),
		AskFor: f["ask"], CodeWord: f["code"], DuressWord: f["duress"],
	})
	return nil
}

// adult is who speaks for a child.
func (f Form) adult(in *api.RegistrationIn) error {
	in.Adult = api.PartyIn{Name: f["adult.name"], Relation: f["adult.relation"], Numbers: split(f["adult.number"])}
	return nil
}

// contacts are people whom she names, without the lines that were left empty.
func (f Form) contacts(in *api.RegistrationIn) error {
	for i := range Contacts {
		p := api.PartyIn{
			Name: f[contactField(i, "name")], Relation: f[contactField(i, "relation")], Sex: f[contactField(i, "sex")],
			Approved: f.yes(contactField(i, "approved")), Numbers: split(f[contactField(i, "number")]),
		}
		switch {
		case p.Name == "" && len(p.Numbers) == 0:
			continue
		case len(p.Numbers) == 0:
			return &Missing{contactField(i, "number"), "number"}
		}
		in.Contacts = append(in.Contacts, p)
	}
	return nil
}

// required are the fields without which there is no case.
func (f Form) required(*api.RegistrationIn) error {
	for _, name := range []string{"district", "category"} {
		if f[name] == "" {
			return &Missing{name, "choose"}
		}
	}
	return nil
}

func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' })
}

// fieldOf is the field of the page that a field of the API's registration came
// from, so that the page can show a refusal where it belongs.
func (f Form) fieldOf(field string) string {
	for _, one := range []struct{ api, page string }{
		{"victim.numbers", "number"}, {"safe[0].number", "number"}, {"safe[0].codeWord", "code"}, {"safe[0].duressWord", "duress"}, {"safe[0].askFor", "ask"},
		{"safe[0].whose", "whose"}, {"terms.opening", "opening"}, {"terms.language", "language"}, {"terms.windows", "span1.from"}, {"terms", "reach"},
		{"adult.numbers", "adult.number"}, {"triage.track", "track"}, {"offender.numbers", "offender.numbers"},
	} {
		if field == one.api || strings.HasPrefix(field, one.api+"[") {
			return one.page
		}
	}
	if rest, ok := strings.CutPrefix(field, "contacts["); ok {
		return f.contactOf(rest)
	}
	if _, known := fields[field]; known {
		return field
	}
	if field == "victim" {
		return "number"
	}
	return ""
}

// contactOf finds the line of the page that became the n-th contact: lines that
// were left empty became none.
func (f Form) contactOf(rest string) string {
	digits, name, _ := strings.Cut(rest, "]")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return ""
	}
	name = strings.TrimPrefix(name, ".")
	if name == "" || strings.HasPrefix(name, "numbers") {
		name = "number"
	}
	for i := range Contacts {
		if f.empty(contactField(i, "name"), contactField(i, "number")) {
			continue
		}
		if n == 0 {
			return contactField(i, name)
		}
		n--
	}
	return ""
}
