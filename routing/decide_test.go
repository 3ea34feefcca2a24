package routing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"powerline/agent"
)

// given is one situation and what must come of it: "call>agent" for each offer,
// with "!" for a break-in, in order.
type given struct {
	name   string
	change func(*Policy)
	calls  []Call
	agents []agent.Agent
	want   []string
	next   time.Duration
}

func (g given) run(t *testing.T) {
	t.Run(g.name, func(t *testing.T) {
		p := DefaultPolicy()
		p.Forecast.CallsPerHour = 0 // prices have their own tests
		if g.change != nil {
			g.change(&p)
		}
		plan := Decide(snap(p, g.calls, g.agents...))
		var got []string
		for _, o := range plan.Offers {
			s := o.Call + ">" + string(o.Agent)
			if o.BreakIn {
				s += "!"
			}
			got = append(got, s)
		}
		if !slices.Equal(got, g.want) {
			t.Errorf("offers: got %q, want %q", got, g.want)
		}
		var next time.Duration
		if !plan.Next.IsZero() {
			next = plan.Next.Sub(noon)
		}
		if next != g.next {
			t.Errorf("next: got %v, want %v", next, g.next)
		}
	})
}

func with(c Call, change func(*Call)) Call { change(&c); return c }

func sinceIdle(a agent.Agent, d time.Duration) agent.Agent { a.Since = noon.Add(-d); return a }

// Section 1 of the policy: the order of the waiting.
func TestOrder(t *testing.T) {
	s := senior("s1")
	for _, g := range []given{
		{name: "given a crisis call that just came, when others wait long, then it goes first",
			calls: []Call{waited("a", Status, "hi", 300), waited("b", Crisis, "hi", 0)}, agents: []agent.Agent{s}, want: []string{"b>s1"}},
		{name: "given a call of another category in danger, then it counts as crisis",
			calls:  []Call{waited("a", DomesticViolence, "hi", 300), with(waited("b", Status, "hi", 0), func(c *Call) { c.Crisis = true })},
			agents: []agent.Agent{s}, want: []string{"b>s1"}},
		{name: "given domestic violence at 10 s and status at 69 s, then 60 s of head start win",
			calls: []Call{waited("a", Status, "hi", 69), waited("b", DomesticViolence, "hi", 10)}, agents: []agent.Agent{s}, want: []string{"b>s1"}},
		{name: "given domestic violence at 10 s and status at 71 s, then the longer wait wins",
			calls: []Call{waited("a", Status, "hi", 71), waited("b", DomesticViolence, "hi", 10)}, agents: []agent.Agent{s}, want: []string{"a>s1"}},
		{name: "given a boost, then it counts like time waited",
			calls:  []Call{waited("a", Status, "hi", 20), with(waited("b", Status, "hi", 5), func(c *Call) { c.Boost = 16 * time.Second })},
			agents: []agent.Agent{s}, want: []string{"b>s1"}},
		{name: "given a call to be offered again, then it takes the place of the first of its category",
			calls: []Call{waited("a", Status, "hi", 50), waited("b", Phone, "hi", 20), with(waited("c", Status, "hi", 5), func(c *Call) { c.Head = true })},
			// a and c stand at 50 s, b at 20 + 20 s.
			agents: []agent.Agent{sinceIdle(senior("s1"), 3*time.Minute), sinceIdle(senior("s2"), 2*time.Minute)},
			want:   []string{"c>s1", "a>s2"}},
		{name: "given a call to be offered again, then calls of a more urgent category still go first",
			calls:  []Call{waited("a", DomesticViolence, "hi", 10), with(waited("b", Status, "hi", 5), func(c *Call) { c.Head = true })},
			agents: []agent.Agent{s}, want: []string{"a>s1"}},
		{name: "given calls of the same moment, then the smaller id goes first",
			calls: []Call{waited("b", Status, "hi", 5), waited("a", Status, "hi", 5)}, agents: []agent.Agent{s}, want: []string{"a>s1"}},
		{name: "given a category that is not configured, then the default category's rules hold",
			calls: []Call{waited("a", "gone", "hi", 5)}, agents: []agent.Agent{s}, want: []string{"a>s1"}},
	} {
		g.run(t)
	}
}

// busyWomen is enough people talking that the expected wait opens no ring early.
func busyWomen(n int, like func(string, ...string) agent.Agent, languages ...string) []agent.Agent {
	var all []agent.Agent
	for i := range n {
		all = append(all, in(agent.Talking, like(fmt.Sprintf("busy%02d", i), languages...)))
	}
	return all
}

// Section 2: rings open by time, or at once by expected wait.
func TestRings(t *testing.T) {
	speakers := busyWomen(40, constable, "bho") // one free every 5 s
	few := busyWomen(20, constable, "bho")      // one free every 10 s
	untrained := seat("u1", agent.Profile{Woman: true, Languages: []string{"hi"}, Categories: []string{SocialMedia}})
	for _, g := range []given{
		{name: "given only a Hindi speaker is idle, when a Bhojpuri caller has waited 14 s, then the ring is closed and Next says when it opens",
			calls: []Call{waited("a", Status, "bho", 14)}, agents: append([]agent.Agent{constable("c1")}, speakers...), next: time.Second},
		{name: "given the same at 15 s, when the next speaker is 5 s away as is the ring, then it opens",
			calls: []Call{waited("a", Status, "bho", 15)}, agents: append([]agent.Agent{constable("c1")}, speakers...), want: []string{"a>c1"}},
		{name: "given fewer speakers, when the next is 10 s away, then the ring opens at 10 s",
			calls: []Call{waited("a", Status, "bho", 10)}, agents: append([]agent.Agent{constable("c1")}, few...), want: []string{"a>c1"}},
		{name: "given no speaker at all, then the ring opens at once",
			calls: []Call{waited("a", Status, "bho", 0)}, agents: []agent.Agent{constable("c1")}, want: []string{"a>c1"}},
		{name: "given nobody trained, then any inbound woman takes it at once",
			calls: []Call{waited("a", Status, "hi", 0)}, agents: []agent.Agent{untrained}, want: []string{"a>u1"}},
		{name: "given trained women are busy, when 40 s less one mean wait have passed, then the last ring opens",
			calls: []Call{waited("a", Status, "hi", 30)}, agents: append([]agent.Agent{untrained}, few...), want: []string{"a>u1"}},
		{name: "given the ring that opens early holds somebody, then the next stays closed, however long others are idle",
			calls: []Call{waited("a", Status, "bho", 0)}, agents: []agent.Agent{constable("c1"), sinceIdle(untrained, time.Hour)}, want: []string{"a>c1"}},
		{name: "given the only one idle let the call ring out, then she does not keep the next ring closed",
			calls:  []Call{with(waited("a", Status, "hi", 0), func(c *Call) { c.Tried = []agent.ID{"c1"} })},
			agents: []agent.Agent{constable("c1"), untrained}, want: []string{"a>u1"}},
		{name: "given a caller who named no language, then everybody trained fits best",
			calls: []Call{waited("a", Unclassified, "", 0)}, agents: []agent.Agent{constable("c1")}, want: []string{"a>c1"}},
		{name: "given only a counsellor is idle, when a status call waits, then she is kept for what she is trained for",
			calls: []Call{waited("a", Status, "hi", 300)}, agents: []agent.Agent{counsellor("k1")}},
		{name: "given only women for feedback are idle, then they take no inbound call, not even a crisis",
			calls: []Call{waited("a", Status, "hi", 300), waited("b", Crisis, "hi", 300)}, agents: []agent.Agent{feedback("f1")}},
		{name: "given a crisis and 30 counsellors talking, when a constable is idle, then her ring opens 8 s less the expected wait",
			calls:  []Call{waited("a", Crisis, "hi", 0)},
			agents: append([]agent.Agent{constable("c1")}, busyWomen(50, counsellor)...), next: 4 * time.Second},
		{name: "given a crisis and few counsellors talking, then a constable takes it at once",
			calls:  []Call{waited("a", Crisis, "hi", 0)},
			agents: append([]agent.Agent{constable("c1")}, busyWomen(8, counsellor)...), want: []string{"a>c1"}},
	} {
		g.run(t)
	}
}

// Section 3: the choice among those who may take it.
func TestChoice(t *testing.T) {
	laden := counsellor("k1")
	laden.Heavy = []time.Time{noon.Add(-110 * time.Minute), noon.Add(-time.Hour), noon.Add(-time.Minute)}
	rested := counsellor("k1")
	rested.Heavy = []time.Time{noon.Add(-3 * time.Hour), noon.Add(-time.Hour), noon.Add(-time.Minute)}
	laden, rested = sinceIdle(laden, 30*time.Minute), sinceIdle(rested, 30*time.Minute)
	for _, g := range []given{
		{name: "given two alike, then the longer idle is chosen",
			calls:  []Call{waited("a", Status, "hi", 0)},
			agents: []agent.Agent{sinceIdle(constable("c1"), 10*time.Second), sinceIdle(constable("c2"), 11*time.Second)}, want: []string{"a>c2"}},
		{name: "given both idle as long, then the smaller id is chosen",
			calls: []Call{waited("a", Status, "hi", 0)}, agents: []agent.Agent{constable("c2"), constable("c1")}, want: []string{"a>c1"}},
		{name: "given a crisis, then a counsellor of her language goes before one without and before a senior",
			calls:  []Call{waited("a", Crisis, "bho", 0), waited("b", Crisis, "bho", 0)},
			agents: []agent.Agent{sinceIdle(senior("s1", "bho"), time.Hour), counsellor("k1"), counsellor("k2", "bho")}, want: []string{"a>k2", "b>s1"}},
		{name: "given an open wider ring, when idle time outweighs the level, then the less suited is chosen",
			// One level of a status call costs 5, an hour of idleness gives 36.
			calls:  []Call{waited("a", Status, "bho", 25)},
			agents: []agent.Agent{sinceIdle(constable("c1"), time.Hour), constable("c2", "bho")}, want: []string{"a>c1"}},
		{name: "given a counsellor with three heavy calls in two hours, then another counsellor goes before her",
			calls: []Call{waited("a", Crisis, "hi", 0)}, agents: []agent.Agent{laden, sinceIdle(counsellor("k2"), 0)}, want: []string{"a>k2"}},
		{name: "given the first of the three is older, then she is as good as others",
			calls: []Call{waited("a", Crisis, "hi", 0)}, agents: []agent.Agent{rested, sinceIdle(counsellor("k2"), 0)}, want: []string{"a>k1"}},
		{name: "given only she is left, then it is no block, and she goes before a senior",
			calls: []Call{waited("a", Crisis, "hi", 0)}, agents: []agent.Agent{laden, senior("s1")}, want: []string{"a>k1"}},
		{name: "given an agent who let this call ring out, then another goes before her",
			calls:  []Call{with(waited("a", Status, "hi", 0), func(c *Call) { c.Tried = []agent.ID{"c1"} })},
			agents: []agent.Agent{sinceIdle(constable("c1"), time.Hour), constable("c2")}, want: []string{"a>c2"}},
		{name: "given nobody else, then she is asked again",
			calls:  []Call{with(waited("a", Status, "hi", 0), func(c *Call) { c.Tried = []agent.ID{"c1"} })},
			agents: []agent.Agent{constable("c1")}, want: []string{"a>c1"}},
		{name: "given more calls than agents, then each agent has one",
			calls:  []Call{waited("a", Status, "hi", 9), waited("b", Status, "hi", 8), waited("c", Status, "hi", 7)},
			agents: []agent.Agent{constable("c1"), constable("c2")}, want: []string{"a>c1", "b>c2"}},
	} {
		g.run(t)
	}
}

// Section 4: a crisis call may take somebody out of wrap-up.
func TestBreakIn(t *testing.T) {
	closed := writing(constable("c1"), time.Minute)
	closed.After.Interruptible = false
	paused := writing(constable("c1"), time.Minute)
	paused.Status = agent.NotReady
	recovering := in(agent.Recovery, constable("c1"))
	recovering.After.Interruptible = true
	for _, g := range []given{
		{name: "given nobody idle, then the nearest level is taken out of wrap-up",
			calls:  []Call{waited("a", Crisis, "hi", 0)},
			agents: []agent.Agent{writing(constable("c1"), time.Second), writing(counsellor("k1"), time.Minute), writing(senior("s1"), time.Second)}, want: []string{"a>k1!"}},
		{name: "given two of the same level, then the one most recently in wrap-up",
			calls:  []Call{waited("a", Crisis, "hi", 0), waited("b", Crisis, "hi", 0)},
			agents: []agent.Agent{writing(constable("c1"), time.Minute), writing(constable("c2"), time.Second)}, want: []string{"a>c2!", "b>c1!"}},
		{name: "given somebody idle in an open ring, then nobody is broken in on",
			calls:  []Call{waited("a", Crisis, "hi", 0)},
			agents: []agent.Agent{writing(counsellor("k1"), time.Minute), constable("c1")}, want: []string{"a>c1"}},
		{name: "given the one idle let the call ring out, then break-in goes before asking her again",
			calls:  []Call{with(waited("a", Crisis, "hi", 0), func(c *Call) { c.Tried = []agent.ID{"c1"} })},
			agents: []agent.Agent{writing(counsellor("k1"), time.Minute), constable("c1")}, want: []string{"a>k1!"}},
		{name: "given any other call, then wrap-up is left alone", calls: []Call{waited("a", DomesticViolence, "hi", 300)},
			agents: []agent.Agent{writing(senior("s1"), time.Minute)}},
		{name: "given it is switched off, then wrap-up is left alone", change: func(p *Policy) { p.BreakIn = false },
			calls: []Call{waited("a", Crisis, "hi", 0)}, agents: []agent.Agent{writing(counsellor("k1"), time.Minute)}},
		{name: "given recovery, then never", calls: []Call{waited("a", Crisis, "hi", 300)}, agents: []agent.Agent{recovering}},
		{name: "given a wrap-up that is not interruptible, then never", calls: []Call{waited("a", Crisis, "hi", 300)}, agents: []agent.Agent{closed}},
		{name: "given she paused during wrap-up, then never", calls: []Call{waited("a", Crisis, "hi", 300)}, agents: []agent.Agent{paused}},
	} {
		g.run(t)
	}
}

// Section 5: how long an offer rings.
func TestGivenTheDefaultPolicy_WhenOffersAreMade_ThenCrisisRingsSixSecondsAndOthersTen(t *testing.T) {
	plan := Decide(snap(DefaultPolicy(), []Call{waited("a", Crisis, "hi", 0), waited("b", Status, "hi", 0)}, senior("s1"), constable("c1")))
	if len(plan.Offers) != 2 || plan.Offers[0].RingFor != 6*time.Second || plan.Offers[1].RingFor != 10*time.Second {
		t.Errorf("got %+v", plan.Offers)
	}
}

// Law 3, for every person, pool and category: even after a day of waiting, in
// crisis, with nobody else, out of idle and out of wrap-up.
func TestLawThree_Exhaustively(t *testing.T) {
	p := DefaultPolicy()
	for i := range 1 << 6 {
		bit := func(n int) bool { return i>>n&1 == 1 }
		for _, pool := range []agent.Pool{agent.Women, agent.MaleOfficers, "", "anybody"} {
			for _, category := range append(p.Categories, Category{Name: "gone"}) {
				a := seat("a", agent.Profile{Woman: bit(0), Officer: bit(1), Counsellor: bit(2), Senior: bit(3),
					Languages: []string{"hi"}, Categories: []string{category.Name}})
				if bit(4) {
					a = writing(a, time.Second)
				}
				c := waited("c", category.Name, "hi", 86400)
				c.Pool, c.Crisis = pool, bit(5)
				allowed := pool == agent.Women && a.Profile.Woman || pool == agent.MaleOfficers && a.Profile.Officer && !a.Profile.Woman
				if got := len(Decide(snap(p, []Call{c}, a)).Offers); got > 0 && !allowed {
					t.Fatalf("%+v was offered a call of pool %q", a.Profile, pool)
				} else if got == 0 && allowed && !bit(4) && !bit(2) {
					t.Fatalf("%+v was not offered a call of pool %q, category %q", a.Profile, pool, category.Name)
				}
			}
		}
	}
}

func TestGivenAnOffendersCall_WhenOnlyWomenAreFree_ThenItWaitsWithoutATimer(t *testing.T) {
	c := waited("a", Offender, "hi", 3600)
	c.Pool = agent.MaleOfficers
	s := snap(DefaultPolicy(), []Call{c}, senior("s1"), counsellor("k1"), constable("c1"), in(agent.Talking, officer("m1")))
	if plan := Decide(s); len(plan.Offers) != 0 || !plan.Next.IsZero() {
		t.Errorf("got %+v", plan)
	}
}

func TestGivenNothingOrABrokenPolicy_WhenDeciding_ThenThereIsNoOfferAndNoPanic(t *testing.T) {
	for _, s := range []Snapshot{{}, {Policy: &Policy{}}, {Waiting: []Call{{}}}, {Waiting: []Call{{Pool: agent.Women}}, Agents: make([]agent.Agent, 3)},
		{Waiting: []Call{{Pool: agent.Women}}, Agents: []agent.Agent{constable("c1")}, Policy: &Policy{}}} {
		if plan := Decide(s); len(plan.Offers) != 0 {
			t.Errorf("got %+v", plan)
		}
		Explain(s, "")
		ExpectedWaits(s)
	}
}
