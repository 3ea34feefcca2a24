package queuetest

import (
	"fmt"
	"testing"
	"time"
)

const minute = time.Minute

func testPlaces(t *testing.T, s *site) {
	keep := func(who string, queued, dropped time.Time) {
		t.Helper()
		if err := s.KeepPlace(s.ctx, who, queued, dropped); err != nil {
			t.Fatal(err)
		}
	}
	has := func(who string, want bool) {
		t.Helper()
		if got, err := s.HasPlace(s.ctx, who); err != nil || got != want {
			t.Fatalf("%s: has a place: %v, %v; want %v", who, got, err, want)
		}
	}
	want := func(who string, now time.Time, place time.Time) {
		t.Helper()
		got, ok, err := s.TakePlace(s.ctx, who, now, minute)
		if err != nil || ok == place.IsZero() || ok && got.UnixMilli() != place.UnixMilli() {
			t.Fatalf("%s: got %v, %v, %v; want %v", who, got, ok, err, place)
		}
	}
	has("in-time", false)
	keep("in-time", Noon, Noon.Add(3*minute))
	has("in-time", true)
	has("in-time", true) // to ask takes nothing
	want("in-time", Noon.Add(4*minute), Noon)
	has("in-time", false)
	want("in-time", Noon.Add(4*minute), time.Time{}) // once only
	want("unknown", Noon, time.Time{})

	keep("late", Noon, Noon.Add(minute))
	want("late", Noon.Add(2*minute+time.Millisecond), time.Time{})
	want("late", Noon.Add(2*minute), time.Time{}) // and it is gone

	keep("twice", Noon, Noon.Add(minute))
	keep("twice", Noon.Add(-minute), Noon.Add(2*minute))
	want("twice", Noon.Add(2*minute), Noon.Add(-minute)) // the last word counts

	keep("other host", Noon, Noon.Add(5*time.Second))
	want("other host", Noon, Noon) // whose clock is a little ahead
	keep("jumped", Noon, Noon.Add(time.Hour))
	want("jumped", Noon, time.Time{})
	keep("before 1970", time.UnixMilli(-2000), time.UnixMilli(-1000))
	want("before 1970", time.UnixMilli(0), time.UnixMilli(-2000))
}

func testPlacesBounded(t *testing.T, s *site) {
	const callers = 1500
	for i := range callers {
		if err := s.KeepPlace(s.ctx, fmt.Sprintf("f%04d", i), Noon, Noon.Add(time.Duration(i)*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for i := range callers {
		_, ok, err := s.TakePlace(s.ctx, fmt.Sprintf("f%04d", i), Noon.Add(2*time.Second), minute)
		switch {
		case err != nil:
			t.Fatal(err)
		case ok:
			kept++
		case kept > 0:
			t.Fatalf("caller %d was forgotten before an earlier one", i)
		}
	}
	if kept < 800 || kept > 1000 {
		t.Fatalf("%d places are kept", kept)
	}
}
