package day

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"
)

// The traces of the reference day: seed, callers, crisis callers, attempts, which
// are those of the study that the day comes from, and the digest of ours.
//
// The study's own digests are others, and it was not found why. That the counts agree
// on twenty seeds proves the order of the draws for callers, for each shift would move
// all that follows; of attempts they prove nothing. In vain 2.2 million texts of seed 8
// were tried: classes numbered through, by category and language, by language and
// category, by category alone, from nought and one, with and without gaps, before and
// behind those of attempts; languages in their order and in the alphabet's; talk and
// wrap-up exchanged; kinds in each order; the results in each numbering and order; ring,
// talk and wrap-up of who was not reached as drawn, as nought and as their constants;
// draws that are not needed left out; a second draw for the moment always, or the other
// way round. Of what changes the draws one thing was tried at a time.
//
//go:embed testdata/weekday.digests
var references string

func TestTheReferenceDayIsDrawnAsInTheStudy(t *testing.T) {
	p := Weekday()
	for line := range strings.Lines(references) {
		var seed uint64
		var callers, crisis, attempts int
		var digest string
		if _, err := fmt.Sscan(line, &seed, &callers, &crisis, &attempts, &digest); err != nil {
			t.Fatal(err)
		}
		trace := p.Draw(seed)
		found := 0
		for _, a := range trace.Arrivals {
			if p.classes()[a.Class].category == 0 {
				found++
			}
		}
		if len(trace.Arrivals) != callers || found != crisis || len(trace.Jobs) != attempts {
			t.Errorf("seed %d: %d callers, %d in crisis, %d attempts; want %d, %d, %d", seed, len(trace.Arrivals), found, len(trace.Jobs), callers, crisis, attempts)
		}
		if got := trace.Digest(&p); got != digest {
			t.Errorf("seed %d: the trace is %s, want %s", seed, got, digest)
		}
	}
}
