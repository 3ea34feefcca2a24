package routing

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"powerline/agent"
)

func TestTailAgreesWithTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-1, 120).Draw(t, "n")
		mean := rapid.Float64Range(0, 150).Draw(t, "mean")
		if got, want := tail(n, mean), naiveTail(n, mean); math.Abs(got-want) > 1e-9 {
			t.Fatalf("P(Poisson(%v) >= %d): got %v, want %v", mean, n, got, want)
		}
	})
	for _, c := range []struct {
		n          int
		mean, want float64
	}{{1, 1, 1 - math.Exp(-1)}, {0, 0, 1}, {1, 0, 0}, {1, 1e4, 1}, {20000, 1e4, 0}, {10000, 1e4, .5}} {
		if got := tail(c.n, c.mean); math.Abs(got-c.want) > .01 {
			t.Errorf("P(Poisson(%v) >= %d): got %v, want %v", c.mean, c.n, got, c.want)
		}
	}
}

// The shortcut of matters rests on P(N >= n) < (e/r)^n for n > r·mean.
func TestTheShortcutSkipsOnlyWhatIsNegligible(t *testing.T) {
	for n := 16; n < 200; n++ {
		if got := tail(n, float64(n)/16) * 1e3; got > negligible {
			t.Errorf("n=%d of 16·mean: %v", n, got)
		}
		if got := tail(n, float64(n)/8) * 1e6; n >= 32 && got > negligible {
			t.Errorf("n=%d of 8·mean: %v", n, got)
		}
	}
}

// Scarcity: of two who fit alike and are idle as long, the one whom nobody else
// can replace is kept.
func TestGivenEqualFit_WhenOneIsScarce_ThenTheOtherIsChosen(t *testing.T) {
	only := constable("c1", "bho") // the only Bhojpuri speaker
	plan := Decide(snap(DefaultPolicy(), []Call{waited("a", Status, "hi", 0)}, only, constable("c2")))
	if len(plan.Offers) != 1 || plan.Offers[0].Agent != "c2" {
		t.Errorf("got %+v", plan.Offers)
	}
}

// One idle agent for one class, by hand: λ = 10/h, H = 200 s, nobody busy, one
// ring, w = 2: D = τ = 400 s, P = 1 − e^(−λτ), price = w·D·P.
func TestPriceOfOneAgentByHand(t *testing.T) {
	p := Policy{
		Categories: []Category{{Name: Status, DelayCost: 2, Share: 1, Pool: agent.Women, Rings: []Ring{{}}}},
		Default:    Status, MeanHandling: DefaultPolicy().MeanHandling,
		Forecast: Forecast{CallsPerHour: 10},
	}
	plan := Decide(snap(p, []Call{waited("a", Status, "hi", 0)}, constable("c1")))
	want := 2 * 400 * (1 - math.Exp(-10.0/3600*400))
	if len(plan.Offers) != 1 || math.Abs(plan.Offers[0].Score-want) > 1e-5 {
		t.Errorf("got %+v, want score %v", plan.Offers, want)
	}
}
