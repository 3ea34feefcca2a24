package acd

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWhatAKeyMeansIsKeptAndNotTheKey(t *testing.T) {
	began := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	for _, one := range []struct {
		given string
		keys  string // a key and the tenths of a second after the one before, each
		want  []Meaning
	}{
		{"yes and no to two questions", "1:0 2:40", []Meaning{KeyYes, KeyNo}},
		{"the same answer to two questions", "1:0 1:30", []Meaning{KeyYes, KeyYes}},
		{"the same key at once", "5:0 5:9", []Meaning{KeyOther, KeyDanger}},
		{"the same key at once, and again", "1:0 1:5 1:5", []Meaning{KeyYes, KeyDanger, KeyYes}},
		{"a number", "9:0 8:3 7:3", []Meaning{KeyOther, KeyOther, KeyOther}},
	} {
		var l keyLog
		at := began
		for press := range strings.FieldsSeq(one.keys) {
			var key string
			var tenths int
			fmt.Sscanf(strings.ReplaceAll(press, ":", " "), "%s %d", &key, &tenths)
			at = at.Add(time.Duration(tenths) * 100 * time.Millisecond)
			l.press("c1", key, at)
		}
		var got []Meaning
		for _, k := range l.of("c1") {
			got = append(got, k.Meant)
		}
		if !slices.Equal(got, one.want) {
			t.Errorf("given %s: %v, want %v", one.given, got, one.want)
		}
	}
}

func TestTheKeysOfManyCallsDoNotFillTheMemory(t *testing.T) {
	var l keyLog
	for i := range 3 * mostKeyed {
		for range 3 * keysShown {
			l.press(fmt.Sprint(i), "3", time.Now())
		}
	}
	if len(l.calls) != mostKeyed || len(l.order) != mostKeyed || len(l.of(fmt.Sprint(3*mostKeyed-1))) != keysShown {
		t.Errorf("%d calls, %d in order, %d keys of the last", len(l.calls), len(l.order), len(l.of(fmt.Sprint(3*mostKeyed-1))))
	}
}
