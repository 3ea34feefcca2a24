package routing

import (
	"testing"

	"pgregory.net/rapid"

	"powerline/agent"
)

// The router asks bits and the dialer's pacing asks profiles who could take a
// call; both must give the same answer for everybody.
func TestGivenAnybodyAndAnyCall_ThenPacingAndRoutingAgreeWhoCouldTakeIt(t *testing.T) {
	policy := DefaultPolicy()
	var names []string
	for _, c := range policy.Categories {
		names = append(names, c.Name)
	}
	languages := []string{"hi", "bho", "ur", "xx"}
	some := func(t *rapid.T, of []string, label string) (picked []string) {
		for _, x := range of {
			if rapid.Bool().Draw(t, label) {
				picked = append(picked, x)
			}
		}
		return picked
	}
	rapid.Check(t, func(t *rapid.T) {
		who := agent.Profile{
			ID: "a", Woman: rapid.Bool().Draw(t, "woman"), Officer: rapid.Bool().Draw(t, "officer"), Counsellor: rapid.Bool().Draw(t, "counsellor"),
			Senior: rapid.Bool().Draw(t, "senior"), Languages: some(t, languages, "speaks"), Categories: some(t, names, "trained"),
		}
		c := Call{
			ID: "c", Category: rapid.SampledFrom(append(names, "unheard-of")).Draw(t, "category"), Crisis: rapid.Bool().Draw(t, "crisis"),
			Language: rapid.SampledFrom(append(languages, "")).Draw(t, "language"),
			Pool:     rapid.SampledFrom([]agent.Pool{agent.Women, agent.MaleOfficers}).Draw(t, "pool"),
		}
		a := agent.Agent{Profile: who, Status: agent.Available, State: agent.Idle, Online: true}
		b := newBoard(Snapshot{Policy: &policy, Waiting: []Call{c}, Agents: []agent.Agent{a}})
		takes := b.level(b.class(&b.order[0]), b.group[0]) >= 0
		if could := policy.couldTake(&who, &c); could != takes {
			t.Fatalf("pacing says %v, routing %v: %+v for %+v", could, takes, who, c)
		}
	})
}
