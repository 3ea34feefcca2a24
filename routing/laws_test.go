package routing

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
)

func TestDecideAgreesWithTheNaiveVersion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		compareWithNaive(t, s)
	})
}

// The drawn worlds are small. This one has the reference day's roster, and more
// idle agents than the price's shortcut asks for.
func TestDecideAgreesWithTheNaiveVersionOnARealRoster(t *testing.T) {
	for _, idle := range []float64{.1, .2, .3, .6, 1} {
		for _, agents := range []int{12, 36} {
			compareWithNaive(t, centre(agents, 3, idle))
		}
	}
}

// Sums of prices over many groups must come out the same to the last bit.
func TestScoresDoNotDependOnTheOrderOfARealRoster(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, idle := range []float64{.05, .1, .15, .2} {
		s := centre(150, 40, idle)
		b := newBoard(s)
		b.price()
		r.Shuffle(len(s.Agents), func(i, j int) { s.Agents[i], s.Agents[j] = s.Agents[j], s.Agents[i] })
		other := newBoard(s)
		other.price()
		for g := range b.groups {
			if x, y := b.groups[g], other.groups[g]; x.abilities != y.abilities || x.price != y.price {
				t.Fatalf("idle %v, group %d: %+v at %v and %+v at %v", idle, g, x.abilities, x.price, y.abilities, y.price)
			}
		}
	}
}

func compareWithNaive(t interface{ Fatalf(string, ...any) }, s Snapshot) {
	got, want := Decide(s).Offers, naiveDecide(s)
	if len(got) != len(want) {
		t.Fatalf("got %d offers %+v\nwant %d offers %+v", len(got), got, len(want), want)
	}
	for i := range got {
		g, w := got[i], want[i]
		if d := g.Score - w.Score; d > 2e-6 || d < -2e-6 {
			t.Fatalf("offer %d: got %+v, want %+v", i, g, w)
		}
		g.Score = w.Score
		if g != w {
			t.Fatalf("offer %d: got %+v, want %+v", i, g, w)
		}
	}
}

func TestLawsOfSafety(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		calls, agents := callsByID(s), agentsByID(s)
		usedCall, usedAgent := map[string]bool{}, map[agent.ID]bool{}
		for _, o := range Decide(s).Offers {
			c, a := calls[o.Call], agents[o.Agent]
			switch {
			case !a.Profile.Fits(c.Pool):
				t.Fatalf("law 3 broken: %+v for %s", a.Profile, c.Pool)
			case !o.BreakIn && !a.Routable():
				t.Fatalf("%s is not routable", o.Agent)
			case o.BreakIn && (!a.BreakInable() || !isCrisis(s, c) || !s.Policy.BreakIn):
				t.Fatalf("break-in on %s for call %s is not allowed", o.Agent, o.Call)
			case usedCall[o.Call] || usedAgent[o.Agent]:
				t.Fatalf("call %s or agent %s is in two offers", o.Call, o.Agent)
			}
			usedCall[o.Call], usedAgent[o.Agent] = true, true
		}
	})
}

// A crisis call without an offer means that no other call got somebody who was
// in an open ring of the crisis call. With the rings all open from the start,
// that is anybody who fits.
func TestLawCrisisFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		everybody(s.Policy)
		offers := Decide(s).Offers
		offered := map[string]bool{}
		for _, o := range offers {
			offered[o.Call] = true
		}
		for _, c := range s.Waiting {
			if !isCrisis(s, c) || offered[c.ID] {
				continue
			}
			for _, o := range offers {
				if !isCrisis(s, callsByID(s)[o.Call]) && agentsByID(s)[o.Agent].Profile.Fits(c.Pool) {
					t.Fatalf("crisis call %s waits while %s serves %s", c.ID, o.Agent, o.Call)
				}
			}
		}
	})
}

func TestLawOfLiveness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		plan := Decide(s)
		n := &naive{s: s, p: s.Policy}
		offered, taken := map[string]bool{}, map[agent.ID]bool{}
		for _, o := range plan.Offers {
			offered[o.Call], taken[o.Agent] = true, true
		}
		for _, c := range s.Waiting {
			if offered[c.ID] {
				continue
			}
			cat := n.category(c)
			for _, a := range s.Agents {
				l := n.level(a, cat, c.Language, c.Pool)
				if l >= 0 && a.Routable() && !taken[a.Profile.ID] && cat.Rings[l].After <= s.Now.Sub(c.Queued) {
					t.Fatalf("call %s waits and %s of an open ring is idle", c.ID, a.Profile.ID)
				}
			}
		}
	})
}

func TestThePlanDoesNotDependOnTheOrderOfTheSlices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		want := Decide(s)
		r := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		s.Agents, s.Waiting = slices.Clone(s.Agents), slices.Clone(s.Waiting)
		r.Shuffle(len(s.Agents), func(i, j int) { s.Agents[i], s.Agents[j] = s.Agents[j], s.Agents[i] })
		r.Shuffle(len(s.Waiting), func(i, j int) { s.Waiting[i], s.Waiting[j] = s.Waiting[j], s.Waiting[i] })
		if got := Decide(s); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// Once the plan is applied, nothing happens at any moment before Next; Next is
// therefore never late.
func TestNothingIsOfferedBetweenThePlanAndNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		plan := Decide(s)
		rest := applied(s, plan)
		until := plan.Next
		if until.IsZero() {
			until = s.Now.Add(time.Hour)
		}
		if !until.After(s.Now) {
			t.Fatalf("next %v is not after now", until)
		}
		gap := until.Sub(s.Now) - 1
		for _, later := range []time.Duration{0, gap, time.Duration(rapid.Int64Range(0, int64(gap)).Draw(t, "later"))} {
			rest.Now = s.Now.Add(later)
			if more := Decide(rest).Offers; len(more) > 0 {
				t.Fatalf("after %v of %v: %+v", later, gap, more)
			}
		}
	})
}

// Next is not a false alarm: at that moment there is an offer, unless a call
// that asks first takes the last agent and so changes the others' rings.
func TestSomethingIsOfferedAtNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		plan := Decide(s)
		if plan.Next.IsZero() {
			return
		}
		rest := applied(s, plan)
		rest.Now = plan.Next
		if len(Decide(rest).Offers) == 0 {
			t.Fatalf("nothing happens at %v", plan.Next.Sub(s.Now))
		}
	})
}

func TestExplainAgreesWithDecide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		offers := map[string]Offer{}
		taken := map[agent.ID]bool{}
		for _, o := range Decide(s).Offers {
			offers[o.Call], taken[o.Agent] = o, true
		}
		for _, c := range s.Waiting {
			offer, offered := offers[c.ID]
			refusals := Explain(s, c.ID)
			named := map[agent.ID]Reason{}
			for _, r := range refusals {
				named[r.Agent] = r.Reason
				checkRefusal(t, s, c, r, offered, taken)
			}
			want := len(s.Agents)
			if offered {
				want--
				if _, both := named[offer.Agent]; both {
					t.Fatalf("%s is offered and refused", offer.Agent)
				}
			}
			if len(named) != want || len(refusals) != want {
				t.Fatalf("%d refusals for %d agents", len(refusals), want)
			}
		}
	})
}

func checkRefusal(t *rapid.T, s Snapshot, c Call, r Refusal, offered bool, taken map[agent.ID]bool) {
	a := agentsByID(s)[r.Agent]
	free := a.Routable() || isCrisis(s, c) && s.Policy.BreakIn && a.BreakInable()
	n := &naive{s: s, p: s.Policy}
	level := n.level(a, n.category(c), c.Language, c.Pool)
	consistent := level == r.Level
	switch r.Reason {
	case GenderOrRole:
		consistent = consistent && !a.Profile.Fits(c.Pool)
	case Language, NoSkill:
		consistent = consistent && free && level < 0
	case RingNotOpen:
		consistent = consistent && free && level > 0 && (r.Lacks == Language || r.Lacks == NoSkill) &&
			n.category(c).Rings[level].After > s.Now.Sub(c.Queued)
	case TakenByMoreUrgent:
		consistent = consistent && free && taken[r.Agent]
	case Tried:
		consistent = consistent && free && offered && slices.Contains(c.Tried, r.Agent)
	case AnotherChosen:
		consistent = consistent && free && offered
	default:
		consistent = consistent && !free && r.Reason == unavailable(&a)
	}
	if !consistent {
		t.Fatalf("call %+v offered=%v: %+v does not hold for %+v", c, offered, r, a)
	}
}

func TestExpectedWaitIsSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSnapshot(t)
		offered := map[string]bool{}
		for _, o := range Decide(s).Offers {
			offered[o.Call] = true
		}
		seen := map[agent.Pool]map[int]bool{}
		for _, c := range s.Waiting {
			e, ok := ExpectedWait(s, c.ID)
			if !ok || e.Position < 1 || e.Wait < 0 || offered[c.ID] && e.Wait != 0 {
				t.Fatalf("call %s: %+v %v", c.ID, e, ok)
			}
			if !offered[c.ID] && (e.Wait > 0) != (e.Serving > 0) {
				t.Fatalf("call %s: %+v", c.ID, e)
			}
			if offered[c.ID] {
				continue
			}
			if seen[c.Pool] == nil {
				seen[c.Pool] = map[int]bool{}
			}
			if seen[c.Pool][e.Position] {
				t.Fatalf("two calls at position %d of %s", e.Position, c.Pool)
			}
			seen[c.Pool][e.Position] = true
		}
	})
}

func isCrisis(s Snapshot, c Call) bool { return c.Crisis || c.Category == s.Policy.Crisis }

func everybody(p *Policy) {
	for i := range p.Categories {
		p.Categories[i].Rings = []Ring{{}}
	}
}

func callsByID(s Snapshot) map[string]Call {
	m := map[string]Call{}
	for _, c := range s.Waiting {
		m[c.ID] = c
	}
	return m
}

func agentsByID(s Snapshot) map[agent.ID]agent.Agent {
	m := map[agent.ID]agent.Agent{}
	for _, a := range s.Agents {
		m[a.Profile.ID] = a
	}
	return m
}

// applied is the snapshot with the plan's offers made.
func applied(s Snapshot, plan Plan) Snapshot {
	out := s
	out.Waiting, out.Agents = slices.Clone(s.Waiting), slices.Clone(s.Agents)
	for _, o := range plan.Offers {
		out.Waiting = slices.DeleteFunc(out.Waiting, func(c Call) bool { return c.ID == o.Call })
		for i := range out.Agents {
			if out.Agents[i].Profile.ID == o.Agent {
				out.Agents[i].State = agent.Reserved
			}
		}
	}
	return out
}
