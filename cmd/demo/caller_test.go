package main

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"powerline/test/helpline"
)

func TestTheSharesOfTheKindsMakeAThousand(t *testing.T) {
	total := 0
	for _, k := range kinds {
		total += k.share
	}
	if total != 1000 {
		t.Errorf("the shares make %d", total)
	}
}

func TestGivenASeed_WhenACrowdIsDrawn_ThenItIsTheSameAgainAndHasEveryKind(t *testing.T) {
	draw := func() (all []plan) {
		r := rand.New(rand.NewPCG(7, 1))
		for range 2000 {
			all = append(all, drawPlan(r))
		}
		return all
	}
	crowd := draw()
	if !reflect.DeepEqual(crowd, draw()) {
		t.Error("the same seed gives another crowd")
	}
	seen := map[string]int{}
	for _, p := range crowd {
		if p.leaves <= 0 {
			t.Fatalf("%+v never leaves: a demo without agents would fill up", p)
		}
		switch {
		case p.line == helpline.RingBack:
			seen["ring-back"]++
		case p.silent:
			seen["silent"]++
		case len(p.presses) == 1 && p.presses[0].keys == "9":
			seen["crisis"]++
		case p.redials > 0:
			seen["redials"]++
		case len(p.presses) == 0:
			seen["presses nothing"]++
		}
	}
	for _, kind := range []string{"ring-back", "silent", "crisis", "redials", "presses nothing"} {
		if seen[kind] < 20 {
			t.Errorf("%d of 2000 are of the kind %q", seen[kind], kind)
		}
	}
}
