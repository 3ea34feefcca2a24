package desk

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"powerline/cases"
	"powerline/internal/api"
)

// asha is a form with what there must be.
func asha(more Form) Form {
	f := Form{"reach": "call", "number": "9876543210", "district": "Lucknow", "category": "phone"}
	maps.Copy(f, more)
	maps.DeleteFunc(f, func(_, text string) bool { return text == "" })
	return f
}

func TestGivenAForm_WhenRegistered_ThenSafeContactComesWithIt(t *testing.T) {
	in, err := asha(Form{
		"number": "", "callers": "yes", "whose": "shared", "code": "gulab", "duress": "kamal", "ask": "Meena", "word": "yes",
		"span1.days": "mon-fri", "span1.from": "14:00", "span1.to": "16:00", "opening": "courier", "language": "bho",
		"victim.name": "Asha", "offender.name": "X", "offender.numbers": "9876500001, 9876500002", "offender.sex": "man",
		"contact2.name": "Ravi", "contact2.number": "9876500003", "contact2.relation": "brother", "contact2.approved": "yes",
		"track": "counsellable", "agrees": "yes", "account": "he calls",
	}).registration("c1")
	if err != nil {
		t.Fatal(err)
	}
	safe := in.Safe[0]
	if safe.Number != api.CallersNumber || safe.CodeWord != "gulab" || safe.DuressWord != "kamal" || safe.AskFor != "Meena" || !safe.MayLeaveWord || safe.MayMessage {
		t.Errorf("the terms of her number are %+v", safe)
	}
	if !slices.Equal(in.Victim.Numbers, []string{api.CallersNumber}) || in.Victim.Sex != "woman" {
		t.Errorf("she is %+v", in.Victim)
	}
	if w := in.Terms.Windows; len(w) != 1 || w[0].From != 14*60 || w[0].To != 16*60 || !in.Terms.MayCall || in.Terms.Opening != "courier" {
		t.Errorf("she may be called %+v", in.Terms)
	}
	if len(in.Offender.Numbers) != 2 || len(in.Contacts) != 1 || !in.Contacts[0].Approved || in.Triage.Track != cases.Counsellable || in.Call != "c1" {
		t.Errorf("the rest is %+v", in)
	}
}

func TestGivenAFormThatLacksSomething_WhenRegistered_ThenTheFieldIsNamed(t *testing.T) {
	for _, one := range []struct {
		given string
		with  Form
		field string
	}{
		{"nobody asked whether she may be called", Form{"reach": ""}, "reach"},
		{"she may be called, at no number", Form{"number": ""}, "number"},
		{"a code word without a number", Form{"reach": "pull", "number": "", "code": "gulab"}, "number"},
		{"hours that end before they begin", Form{"span2.days": "daily", "span2.from": "16:00", "span2.to": "14:00"}, "span2.from"},
		{"no district", Form{"district": ""}, "district"},
		{"no category", Form{"category": ""}, "category"},
		{"a contact whom nobody can call", Form{"contact3.name": "Ravi"}, "contact3.number"},
	} {
		_, err := asha(one.with).registration("c1")
		var missing *Missing
		if !errors.As(err, &missing) || missing.Field != one.field {
			t.Errorf("given %s: %v, want %s named", one.given, err, one.field)
		}
	}
}

func TestWhatTheAPIRefusesIsShownAtItsFieldOfThePage(t *testing.T) {
	f := asha(Form{"contact2.name": "Ravi", "contact2.number": "1", "contact4.name": "Uma", "contact4.number": "2"})
	for api, page := range map[string]string{
		"victim.numbers[0]": "number", "safe[0].codeWord": "code", "terms.windows": "span1.from", "contacts[0].numbers[0]": "contact2.number",
		"contacts[1].name": "contact4.name", "contacts[7].name": "", "offender.numbers[1]": "offender.numbers", "district": "district",
		"victim.name": "victim.name", "terms.opening": "opening", "linkedTo": "", "nonsense": "", "contacts[x].name": "",
	} {
		if got := f.fieldOf(api); got != page {
			t.Errorf("%s is shown at %q, want %q", api, got, page)
		}
	}
}

func TestAFormThatThePageCannotHaveSentIsRefused(t *testing.T) {
	for _, f := range []Form{{"victim.nmae": "x"}, {"minor": "yes!"}, {"account": string(make([]byte, 4001))}} {
		if f.check() == nil {
			t.Errorf("%v was taken", slices.Collect(maps.Keys(f)))
		}
	}
}

func drawForm(t *rapid.T, label string) Form {
	names := slices.Sorted(maps.Keys(fields))
	return rapid.MapOf(rapid.SampledFrom(names), rapid.StringN(1, 3, 3)).Draw(t, label)
}

// Two windows write into one draft: nothing that only one of them has touched is
// lost, and what both have touched is the newer one's.
func TestMergedFormsLoseNothingThatOnlyOneHasTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, newer := drawForm(t, "before"), drawForm(t, "newer")
		touched := rapid.SliceOfDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(fields))), rapid.ID[string]).Draw(t, "touched")
		merged := before.merge(newer, touched)
		for name := range fields {
			want := before[name]
			if slices.Contains(touched, name) {
				want = newer[name]
			}
			if merged[name] != want {
				t.Fatalf("%s is %q, want %q", name, merged[name], want)
			}
		}
	})
}

func TestAFormComesBackAsItWasKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawForm(t, "form")
		back, err := parseForm(f.text())
		if err != nil || !maps.Equal(f, back) {
			t.Fatalf("%v came back as %v: %v", f, back, err)
		}
	})
}

func FuzzParseForm(f *testing.F) {
	f.Add(`{"account":"x"}`)
	f.Add(`{"account":1}`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, text string) {
		form, err := parseForm(text)
		if err != nil {
			return
		}
		if err := form.check(); err != nil {
			t.Fatalf("it was taken and does not hold: %v", err)
		}
		if again, err := parseForm(form.text()); err != nil || len(again) > len(form) {
			t.Fatalf("it does not come back: %v", err)
		}
	})
}
