package call_test

import (
	"os"
	"strings"
	"testing"

	"powerline/call"
)

// BenchmarkStep steps a call through a conversation, from its arrival to its
// record, as the transcript has it. ns/op is for all of it; events tells how
// many steps that are.
func BenchmarkStep(b *testing.B) {
	for _, story := range []string{"inbound_answered", "ring_no_answer", "outbound_reached"} {
		text, err := os.ReadFile("testdata/" + story + ".txt")
		if err != nil {
			b.Fatal(err)
		}
		var events []call.Event
		clock := start
		for line := range strings.Lines(string(text)) {
			if event, ok := strings.CutPrefix(strings.TrimSpace(line), "> "); ok {
				ev, after := parse(b, event)
				clock = clock.Add(after)
				events = append(events, stamp(ev, clock))
			}
		}
		b.Run(story, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := call.Call{ID: "c1"}
				for _, ev := range events {
					c, _ = rules.Step(c, ev)
				}
			}
			b.ReportMetric(float64(len(events)), "events")
		})
	}
}
