package roster

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"powerline/agent"
)

func asha() Person {
	return Person{Profile: agent.Profile{ID: "a001", Woman: true, Languages: []string{"hi"}, Categories: []string{"phone"}}, Active: true, Version: 3}
}

func TestGivenOtherSkills_WhenPutOn_ThenTheyAreCheckedAsAFileIs(t *testing.T) {
	next := SkillsOf(asha())
	next.Languages, next.Senior = []string{"hi", "bho"}, true
	p, err := SetSkills(asha(), next, "realm", known)
	if err != nil || !p.Profile.Senior || !p.Profile.Speaks("bho") || p.Version != 3 {
		t.Fatalf("%+v, %v", p, err)
	}
	for name, change := range map[string]func(*Skills){
		"a language nobody configured": func(s *Skills) { s.Languages = []string{"xx"} },
		"a category nobody configured": func(s *Skills) { s.Categories = []string{"chess"} },
		"a woman without a language":   func(s *Skills) { s.Languages = nil },
		"a category twice":             func(s *Skills) { s.Categories = []string{"phone", "phone"} },
	} {
		bad := SkillsOf(asha())
		change(&bad)
		if _, err := SetSkills(asha(), bad, "realm", known); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestGivenAChangeOfGenderOrOffice_WhenPutOnOrUndone_ThenItIsAnOperators(t *testing.T) {
	next := SkillsOf(asha())
	next.Gender, next.Officer = "man", true
	if _, err := SetSkills(asha(), next, "realm", known); !errors.Is(err, ErrLawful) {
		t.Errorf("put on: %v", err)
	}
	if _, err := Undo(asha(), next, SkillsOf(asha()), "realm", known); !errors.Is(err, ErrLawful) {
		t.Errorf("undone: %v", err)
	}
}

func TestGivenALaterChange_WhenTheEarlierIsUndone_ThenOnlyWhatItDidIsTakenBack(t *testing.T) {
	first, second := SkillsOf(asha()), SkillsOf(asha())
	second.Senior = true
	third := second
	third.Categories = []string{"crisis", "phone"}
	now, err := SetSkills(asha(), third, "realm", known)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Undo(now, first, second, "realm", known)
	if err != nil || p.Profile.Senior || !slices.Equal(p.Profile.Categories, []string{"crisis", "phone"}) {
		t.Errorf("%+v, %v", p.Profile, err)
	}
	if _, err := Undo(asha(), first, second, "realm", known); !errors.Is(err, ErrChangedSince) {
		t.Errorf("what is not there any more was undone: %v", err)
	}
}

// TestUndoingTheLastChangeBringsBackWhatWasThere, whatever it was.
func TestUndoingTheLastChangeBringsBackWhatWasThere(t *testing.T) {
	some := rapid.Custom(func(t *rapid.T) Skills {
		s := SkillsOf(asha())
		s.Counsellor, s.Senior, s.Active = rapid.Bool().Draw(t, "counsellor"), rapid.Bool().Draw(t, "senior"), rapid.Bool().Draw(t, "active")
		s.Languages = rapid.SliceOfNDistinct(rapid.SampledFrom(known.Languages), 1, 3, rapid.ID[string]).Draw(t, "languages")
		s.Categories = rapid.SliceOfNDistinct(rapid.SampledFrom(known.Categories), 0, 2, rapid.ID[string]).Draw(t, "categories")
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		before, err := SetSkills(asha(), some.Draw(t, "before"), "realm", known)
		if err != nil {
			t.Fatal(err)
		}
		after, err := SetSkills(before, some.Draw(t, "after"), "realm", known)
		if err != nil {
			t.Fatal(err)
		}
		undone, err := Undo(after, SkillsOf(before), SkillsOf(after), "realm", known)
		if err != nil || !reflect.DeepEqual(SkillsOf(undone), SkillsOf(before)) {
			t.Fatalf("%+v, %v; want %+v", SkillsOf(undone), err, SkillsOf(before))
		}
	})
}
