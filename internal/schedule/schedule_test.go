package schedule

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever is pushed and popped in between, things happen in the order of their
// moments, and at one moment in the order in which they were asked for.
func TestGivenAnyPushesAndPops_ThenTheEarliestAskedForComesFirst(t *testing.T) {
	type thing struct {
		at    time.Duration
		asked int
	}
	rapid.Check(t, func(t *rapid.T) {
		var q Queue[thing]
		var want []thing
		for asked := range rapid.IntRange(0, 200).Draw(t, "steps") {
			if len(want) > 0 && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				at, got := q.Pop()
				if got != want[0] || at != got.at || q.Len() != len(want)-1 {
					t.Fatalf("%v at %v with %d left, want %v", got, at, q.Len(), want[0])
				}
				want = want[1:]
				continue
			}
			x := thing{time.Duration(rapid.IntRange(0, 9).Draw(t, "at")), asked}
			q.Push(x.at, x)
			want = append(want, x)
			slices.SortStableFunc(want, func(a, b thing) int { return cmp.Compare(a.at, b.at) })
		}
	})
}
