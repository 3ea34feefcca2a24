package district

import (
	"slices"
	"strings"
	"testing"
)

func TestThereAre75DistrictsInOrderAndNoneTwice(t *testing.T) {
	if len(Names) != 75 || !slices.IsSorted(Names) || len(slices.Compact(slices.Clone(Names))) != 75 {
		t.Fatalf("%d districts, sorted %v", len(Names), slices.IsSorted(Names))
	}
}

func TestGivenANameOfADistrict_WhenParsed_ThenItIsTheStatesSpelling(t *testing.T) {
	for _, name := range Names {
		for _, text := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if got, err := Parse(text); err != nil || got != name {
				t.Errorf("%s: %s, %v", text, got, err)
			}
		}
	}
}

func TestGivenAnyOtherName_WhenParsed_ThenItIsRefusedAndAnOldOneWithTheNew(t *testing.T) {
	for text, want := range map[string]string{
		"Allahabad": "Prayagraj", "noida": "Gautam Buddha Nagar", "": "Lucknow", "Lucknow ": "Lucknow", "Lukhnow": "Lucknow", "Delhi": "Lucknow",
	} {
		if got, err := Parse(text); err == nil || got != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for old, now := range renamed {
		if !slices.Contains(Names, now) || slices.ContainsFunc(Names, func(n string) bool { return strings.EqualFold(n, old) }) {
			t.Errorf("%s → %s", old, now)
		}
	}
}
