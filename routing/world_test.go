package routing

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// seat is an available, idle agent with her phone online, idle for a minute.
func seat(id string, p agent.Profile) agent.Agent {
	p.ID = agent.ID(id)
	a := agent.New(p, noon.Add(-time.Hour))
	a.Status, a.Online, a.Since = agent.Available, true, noon.Add(-time.Minute)
	return a
}

func constable(id string, languages ...string) agent.Agent {
	return seat(id, agent.Profile{Woman: true, Languages: append([]string{"hi"}, languages...),
		Categories: []string{Phone, Stalking, Status, Unclassified}})
}

func senior(id string, languages ...string) agent.Agent {
	return seat(id, agent.Profile{Woman: true, Senior: true, Languages: append([]string{"hi"}, languages...),
		Categories: []string{DomesticViolence, Phone, SocialMedia, Stalking, Status, Unclassified}})
}

func counsellor(id string, languages ...string) agent.Agent {
	return seat(id, agent.Profile{Woman: true, Counsellor: true, Languages: append([]string{"hi"}, languages...),
		Categories: []string{Crisis, DomesticViolence}})
}

func officer(id string) agent.Agent {
	return seat(id, agent.Profile{Officer: true, Languages: []string{"hi"}, Categories: []string{Offender}})
}

func feedback(id string) agent.Agent {
	return seat(id, agent.Profile{Woman: true, Languages: []string{"hi"}, Outbound: []string{"feedback"}})
}

func in(state agent.State, a agent.Agent) agent.Agent {
	a.State = state
	return a
}

func writing(a agent.Agent, since time.Duration) agent.Agent {
	a.State, a.After.Interruptible, a.Since = agent.WrapUp, true, noon.Add(-since)
	return a
}

// waited is a call from a woman that has waited so many seconds.
func waited(id, category, language string, seconds float64) Call {
	return Call{ID: id, Category: category, Language: language, Pool: agent.Women,
		Queued: noon.Add(-time.Duration(seconds * float64(time.Second)))}
}

func snap(p Policy, calls []Call, agents ...agent.Agent) Snapshot {
	return Snapshot{Now: noon, Waiting: calls, Agents: agents, Policy: &p}
}

// drawSnapshot draws a small world in which ties, scarcity, closed rings and
// every state are common.
func drawSnapshot(t *rapid.T) Snapshot {
	p := drawPolicy(t)
	s := Snapshot{Now: noon, Policy: &p}
	for i := range rapid.IntRange(0, 14).Draw(t, "agents") {
		s.Agents = append(s.Agents, drawAgent(t, i))
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "calls") {
		s.Waiting = append(s.Waiting, drawCall(t, i, len(s.Agents)))
	}
	return s
}

func drawPolicy(t *rapid.T) Policy {
	p := DefaultPolicy()
	p.BreakIn = rapid.Bool().Draw(t, "break-in")
	p.MeanHandling = time.Duration(rapid.SampledFrom([]int{1, 20, 60, 200}).Draw(t, "handling")) * time.Second
	p.Forecast.CallsPerHour = rapid.SampledFrom([]float64{0, 333, 5000}).Draw(t, "rate")
	p.Heavy.Calls = rapid.IntRange(0, 3).Draw(t, "heavy")
	if rapid.Bool().Draw(t, "own rings") {
		for i := range p.Categories {
			p.Categories[i].Rings = drawRings(t)
		}
	}
	return p
}

func drawRings(t *rapid.T) []Ring {
	skills := rapid.SliceOfNDistinct(rapid.SampledFrom([]Skill{Counsellor, Senior, Trained, Inbound}), 0, 2, rapid.ID)
	var rings []Ring
	after := time.Duration(0)
	for range rapid.IntRange(1, 4).Draw(t, "rings") {
		rings = append(rings, Ring{After: after, Skills: skills.Draw(t, "skills"), Without: skills.Draw(t, "without"),
			Language: rapid.SampledFrom([]string{"", AnyLanguage, CallerLanguage, "hi", "xx"}).Draw(t, "rule")})
		after += time.Duration(rapid.SampledFrom([]int{0, 5, 20}).Draw(t, "gap")) * time.Second
	}
	return rings
}

func drawAgent(t *rapid.T, i int) agent.Agent {
	languages := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"hi", "bho", "ta"}), 0, 3, rapid.ID)
	categories := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{Crisis, DomesticViolence, Status, Offender, "other"}), 0, 3, rapid.ID)
	flag := rapid.Bool()
	a := seat(fmt.Sprintf("a%02d", i), agent.Profile{
		Woman: flag.Draw(t, "woman"), Officer: flag.Draw(t, "officer"),
		Counsellor: flag.Draw(t, "counsellor"), Senior: flag.Draw(t, "senior"),
		Languages: languages.Draw(t, "languages"), Categories: categories.Draw(t, "categories"),
	})
	often := rapid.SampledFrom([]bool{true, true, true, true, true, false})
	if !often.Draw(t, "available") {
		a.Status = rapid.SampledFrom([]agent.Status{agent.LoggedOut, agent.NotReady}).Draw(t, "status")
	}
	a.State = rapid.SampledFrom([]agent.State{agent.Idle, agent.Idle, agent.Idle, agent.Idle,
		agent.Reserved, agent.Talking, agent.WrapUp, agent.WrapUp, agent.Recovery}).Draw(t, "state")
	a.After.Interruptible = a.State == agent.WrapUp && flag.Draw(t, "interruptible")
	a.Online, a.Elsewhere = often.Draw(t, "online"), !often.Draw(t, "here")
	a.Since = noon.Add(-time.Duration(rapid.SampledFrom([]int{-5, 0, 1, 60, 1800, 1900, 4000}).Draw(t, "since")) * time.Second)
	for range rapid.IntRange(0, 3).Draw(t, "heavy calls") {
		a.Heavy = append(a.Heavy, noon.Add(-time.Hour))
	}
	return a
}

func drawCall(t *rapid.T, i, agents int) Call {
	c := Call{
		ID:       fmt.Sprintf("c%02d", i),
		Category: rapid.SampledFrom([]string{Crisis, DomesticViolence, Status, Unclassified, Offender, "gone"}).Draw(t, "category"),
		Language: rapid.SampledFrom([]string{"", "hi", "hi", "bho", "ta", "xx"}).Draw(t, "language"),
		Pool:     rapid.SampledFrom([]agent.Pool{agent.Women, agent.Women, agent.MaleOfficers, "nobody"}).Draw(t, "pool"),
		Queued:   noon.Add(-time.Duration(rapid.SampledFrom([]int{-3, 0, 1, 3, 7, 8, 15, 20, 39, 40, 41, 300}).Draw(t, "waited")) * time.Second),
		Boost:    time.Duration(rapid.SampledFrom([]int{0, 0, 30}).Draw(t, "boost")) * time.Second,
		Crisis:   rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "crisis"),
		Head:     rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "head"),
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "tried") {
		c.Tried = append(c.Tried, agent.ID(fmt.Sprintf("a%02d", rapid.IntRange(0, agents).Draw(t, "who"))))
	}
	return c
}
