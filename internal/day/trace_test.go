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
