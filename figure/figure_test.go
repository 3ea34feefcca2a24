package figure

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const second = time.Second

func TestGivenADayOfFourCallsEachFigureIsItsFormula(t *testing.T) {
	day := Calls{
		Ended: 6, Answered: 4, Abandoned: 2, InGreeting: 1, Short: 1, Waited: 40 * second, Longest: 25 * second,
		Levels: []Level{{15 * second, 3, 1}, {20 * second, 3, 0}},
	}
	var work Time
	work.Add("talking", Inbound, 400*second)
	work.Add("wrap-up", Inbound, 80*second)
	work.Add("talking", Outbound, 100*second)
	work.Add("idle", NoWork, 420*second)
	work.Add("not-ready", NoWork, 1000*second)
	work.Add("logged-out", NoWork, 9999*second)

	if got := day.ServiceLevel(15 * second); got != (Share{3, 5}) {
		t.Errorf("service level within 15 s is %v, want 3 of 4 answered and 1 late", got)
	}
	if got := day.ServiceLevel(7 * second); got.Known() {
		t.Errorf("a threshold that was not counted has the service level %v", got)
	}
	if asa, ok := day.ASA(); !ok || asa != 10*second {
		t.Errorf("ASA is %v, want 10 s", asa)
	}
	if aht, ok := AHT(day, work); !ok || aht != 120*second {
		t.Errorf("AHT is %v, want 120 s: outbound work is none of the callers'", aht)
	}
	if occupancy, ok := work.Occupancy(); !ok || occupancy != .58 {
		t.Errorf("occupancy is %v, want 580 of 1000 s: pauses are not idle time", occupancy)
	}
	if got := day.Abandonment(); got != (Share{2, 6}) {
		t.Errorf("abandonment is %v", got)
	}
	if got := day.AbandonmentWithoutShort(); got != (Share{1, 5}) {
		t.Errorf("abandonment without short ones is %v", got)
	}
	if burn, ok := BurnRate(day, Targets[0]); !ok || burn < 3.99 || burn > 4.01 {
		t.Errorf("burn rate is %v, want 40 %% missed over 10 %% allowed", burn)
	}
	if got := work.LoggedIn(); got != 2000*second {
		t.Errorf("logged in %v, want all but the time logged out", got)
	}
}

func TestGivenNothingNoFigureIsKnown(t *testing.T) {
	var none Calls
	var idle Time
	_, asa := none.ASA()
	_, aht := AHT(none, idle)
	_, occupancy := idle.Occupancy()
	_, burn := BurnRate(none, Targets[1])
	if asa || aht || occupancy || burn || none.Abandonment().Known() || none.ServiceLevel(15*second).Known() {
		t.Error("a figure of nothing is known")
	}
}

func TestGivenTheThresholdOfATargetItIsCountedOnce(t *testing.T) {
	if got := Thresholds(15 * second); len(got) != 2 {
		t.Errorf("thresholds are %v, want 15 and 20 s", got)
	}
	if got := Thresholds(8 * second); len(got) != 3 || got[0] != 8*second {
		t.Errorf("thresholds are %v, want 8, 15 and 20 s", got)
	}
}

// TestSumsDoNotDependOnHowADayIsCut: the figures of a day are those of its hours,
// added in any order.
func TestSumsDoNotDependOnHowADayIsCut(t *testing.T) {
	part := rapid.Custom(func(t *rapid.T) Calls {
		n := rapid.IntRange(0, 50)
		c := Calls{
			Ended: n.Draw(t, "ended"), Answered: n.Draw(t, "answered"), Abandoned: n.Draw(t, "abandoned"), Short: n.Draw(t, "short"),
			Waited: time.Duration(n.Draw(t, "waited")) * second, Longest: time.Duration(n.Draw(t, "longest")) * second,
		}
		if rapid.Bool().Draw(t, "levels") {
			c.Levels = []Level{{15 * second, n.Draw(t, "in time"), n.Draw(t, "late")}}
		}
		return c
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := part.Draw(t, "a"), part.Draw(t, "b"), part.Draw(t, "c")
		one, other := a.Plus(b).Plus(c), c.Plus(a.Plus(b))
		if one.Ended != other.Ended || one.Longest != other.Longest || one.Waited != other.Waited ||
			one.ServiceLevel(15*second) != other.ServiceLevel(15*second) || one.Abandonment() != other.Abandonment() {
			t.Fatalf("%+v in one order, %+v in another", one, other)
		}
		if level := one.ServiceLevel(15 * second); level.Whole < one.Answered && len(one.Levels) > 0 {
			t.Fatalf("the service level %v leaves answered calls out", level)
		}
	})
}
