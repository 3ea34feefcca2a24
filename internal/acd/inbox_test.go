package acd

import (
	"slices"
	"testing"
)

func TestGivenAClosedInbox_WhenSomethingWasLeftOrComesLater_ThenNoneOfItIsLost(t *testing.T) {
	var late []int
	b := newInbox(func(n int) { late = append(late, n) })
	for n := range 3 {
		b.put(n)
	}
	if n, ok := b.take(); !ok || n != 0 {
		t.Fatalf("took %d, %v; want the oldest", n, ok)
	}
	b.close()
	b.put(3)
	if !slices.Equal(late, []int{1, 2, 3}) {
		t.Errorf("late were %v, want what was not taken and what came after", late)
	}
	if _, ok := b.take(); ok {
		t.Error("a closed inbox gave something out")
	}
}
