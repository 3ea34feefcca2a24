package routing

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"powerline/agent"
)

// A decider keeps what it has worked out. Whatever it saw before, other agents at
// the same places, other policies, languages that no policy names, its next answer is
// that of one who has seen nothing.
func TestGivenADeciderThatHasDecidedBefore_WhenItDecides_ThenItsPlanIsThatOfANewOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Decider
		s := drawSnapshot(t)
		for range rapid.IntRange(2, 6).Draw(t, "decisions") {
			if got, want := d.Decide(s), Decide(s); !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v\ngot  %+v\nwant %+v", s, got, want)
			}
			s = another(t, s)
		}
	})
}

// another is what becomes of a snapshot: a new world, or the old one some time later.
func another(t *rapid.T, old Snapshot) Snapshot {
	s := drawSnapshot(t)
	switch rapid.SampledFrom([]string{"policy stays", "policy stays", "people stay", "nothing stays", "no policy"}).Draw(t, "what stays") {
	case "policy stays":
		s.Policy = old.Policy
	case "people stay":
		s.Policy, s.Agents = old.Policy, append([]agent.Agent(nil), old.Agents...)
		for i := range s.Agents {
			switch rapid.SampledFrom([]string{"same", "same", "trained", "moved"}).Draw(t, "she") {
			case "trained":
				s.Agents[i].Profile = drawAgent(t, i).Profile
			case "moved":
				j := rapid.IntRange(0, i).Draw(t, "with")
				s.Agents[i], s.Agents[j] = s.Agents[j], s.Agents[i]
			}
		}
	case "no policy":
		s.Policy = nil
	}
	return s
}
