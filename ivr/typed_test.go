package ivr

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestGivenKeysInACall_WhenTheyAreReadAsCodes_ThenOnlyWholeCodesInTimeCount(t *testing.T) {
	codes := []string{"*4", "*00", "*112"}
	for _, one := range []struct {
		keys string
		gap  time.Duration
		want []string
	}{
		{"*4", time.Second, []string{"*4"}},
		{"4", time.Second, nil},
		{"*0*00", time.Second, []string{"*00"}},
		{"**112", time.Second, []string{"*112"}},
		{"*7 4*4", time.Second, []string{"*4"}},
		{"*9999999999*4", time.Second, []string{"*4"}},
		{"*112*112", time.Second, []string{"*112", "*112"}},
		{"*44", time.Second, []string{"*4"}},
		{"*4", starWaits + time.Second, nil},
	} {
		var typed Typed
		var got []string
		now := time.Unix(0, 0)
		for _, key := range one.keys {
			now = now.Add(one.gap)
			if code := typed.Press(string(key), now, func(c string) bool { return slices.Contains(codes, c) }); code != "" {
				got = append(got, code)
			}
		}
		if !slices.Equal(got, one.want) {
			t.Errorf("%s, a key each %v: %v, want %v", one.keys, one.gap, got, one.want)
		}
	}
}

// Whatever was pressed before, a code pressed whole is understood.
func TestGivenAnyKeys_WhenACodeFollows_ThenItIsUnderstood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.StringMatching(`[0-9*#]{0,20}`).Draw(t, "before")
		var typed Typed
		last := ""
		for _, key := range before + "*112" {
			last = typed.Press(string(key), time.Unix(0, 0), func(c string) bool { return c == "*112" })
		}
		if last != "*112" {
			t.Fatalf("after %q the code is read as %q", before, last)
		}
	})
}
