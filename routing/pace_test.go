package routing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"powerline/agent"
	"powerline/routing"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// idler is an available agent who has been idle for some minutes.
func idler(p agent.Profile, minutes int) agent.Agent {
	return agent.Agent{
		Profile: p, Version: 1, Status: agent.Available, State: agent.Idle, Online: true, Since: noon.Add(-time.Duration(minutes) * time.Minute),
	}
}

func woman(id string, outbound ...string) agent.Profile {
	return agent.Profile{ID: agent.ID(id), Woman: true, Languages: []string{"hi"}, Categories: []string{"phone"}, Outbound: outbound}
}

func officer(id string, outbound ...string) agent.Profile {
	return agent.Profile{ID: agent.ID(id), Officer: true, Languages: []string{"hi"}, Categories: []string{"ring-back"}, Outbound: outbound}
}

func feedback(id string, due int) routing.Work {
	return routing.Work{ID: id, Pool: agent.Women, Skill: "feedback", Due: noon.Add(time.Duration(due) * time.Minute)}
}

func policy() *routing.Policy {
	p := routing.DefaultPolicy()
	return &p
}

func inUrdu(due int) routing.Work {
	w := feedback("u", due)
	w.Language = "ur"
	return w
}

func TestGivenIdleAgents_WhenPacing_ThenThoseWhoMayAreTakenAndTheReserveStays(t *testing.T) {
	women := []agent.Agent{idler(woman("w1", "feedback"), 1), idler(woman("w2", "feedback"), 5), idler(woman("w3", "feedback"), 3)}
	only := idler(agent.Profile{ID: "f1", Woman: true, Languages: []string{"hi"}, Outbound: []string{"feedback"}}, 1)
	man := idler(officer("m1", "offender"), 1)
	counselled := feedback("t1", 0)
	counselled.Excluded = []agent.ID{"w2"}
	offender := routing.Work{ID: "o1", Pool: agent.MaleOfficers, Skill: "offender", Officer: true}
	for name, c := range map[string]struct {
		pacing  routing.Pacing
		give    []routing.Assignment
		resting map[string]routing.Rest
	}{
		"the one who has been idle longest": {
			routing.Pacing{Agents: women, Work: []routing.Work{feedback("t1", 0)}},
			[]routing.Assignment{{Work: "t1", Agent: "w2"}}, nil,
		},
		"who counselled in the case is passed over": {
			routing.Pacing{Agents: women, Work: []routing.Work{counselled}},
			[]routing.Assignment{{Work: "t1", Agent: "w3"}}, nil,
		},
		"two stay for callers": {
			routing.Pacing{Agents: women, Work: []routing.Work{feedback("t1", 0), feedback("t2", 1)}, Reserve: routing.Reserve{Women: 2}},
			[]routing.Assignment{{Work: "t1", Agent: "w2"}}, map[string]routing.Rest{"t2": routing.BehindOthers},
		},
		"all stay for callers, but for her who takes none": {
			routing.Pacing{Agents: append(women, only), Work: []routing.Work{feedback("t1", 0), feedback("t2", 1)}, Reserve: routing.Reserve{Women: 3}},
			[]routing.Assignment{{Work: "t1", Agent: "f1"}}, map[string]routing.Rest{"t2": routing.BehindOthers},
		},
		"a caller waits": {
			routing.Pacing{Agents: women, Waiting: []routing.Call{{ID: "c1", Pool: agent.Women}}, Work: []routing.Work{feedback("t1", 0)}},
			nil, map[string]routing.Rest{"t1": routing.CallersWait},
		},
		"a caller waits whom she, who takes no callers, could not take": {
			routing.Pacing{
				Agents: append(women, only), Policy: policy(), Waiting: []routing.Call{{ID: "c1", Pool: agent.Women, Category: routing.Phone}},
				Work: []routing.Work{feedback("t1", 0)},
			},
			[]routing.Assignment{{Work: "t1", Agent: "f1"}}, nil,
		},
		"a caller waits whom she could take once the widest ring opens": {
			routing.Pacing{
				Agents: women, Policy: policy(), Waiting: []routing.Call{{ID: "c1", Pool: agent.Women, Category: routing.Stalking, Language: "ur"}},
				Work: []routing.Work{feedback("t1", 0)},
			},
			nil, map[string]routing.Rest{"t1": routing.CallersWait},
		},
		"her language is spoken by nobody": {
			routing.Pacing{Agents: women, Work: []routing.Work{inUrdu(-1)}, Otherwise: routing.Otherwise{Language: "hi", After: time.Hour}},
			nil, map[string]routing.Rest{"u": routing.NobodyFits},
		},
		"and she has waited long for it": {
			routing.Pacing{Agents: women, Work: []routing.Work{inUrdu(-60)}, Otherwise: routing.Otherwise{Language: "hi", After: time.Hour}},
			[]routing.Assignment{{Work: "u", Agent: "w2"}}, nil,
		},
		"an offender is for a man": {
			routing.Pacing{Agents: append(women, man), Work: []routing.Work{offender}},
			[]routing.Assignment{{Work: "o1", Agent: "m1"}}, nil,
		},
		"and waits when none is there": {
			routing.Pacing{Agents: women, Work: []routing.Work{offender}},
			nil, map[string]routing.Rest{"o1": routing.NobodyFits},
		},
		"the more urgent goes first": {
			routing.Pacing{Agents: women[:1], Work: []routing.Work{feedback("t1", -60), {ID: "t2", Pool: agent.Women, Skill: "feedback", Priority: 3}}},
			[]routing.Assignment{{Work: "t2", Agent: "w1"}}, map[string]routing.Rest{"t1": routing.BehindOthers},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.pacing.Now = noon
			got := routing.Pace(c.pacing)
			if diff := cmp.Diff(c.give, got.Assignments); diff != "" {
				t.Error(diff)
			}
			resting := map[string]routing.Rest{}
			for _, r := range got.Resting {
				resting[r.Work] = r.Why
			}
			if diff := cmp.Diff(c.resting, resting, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGivenACallerHadToWait_WhenTheQueueIsEmptyAgain_ThenDiallingWaitsForOneMore(t *testing.T) {
	p := routing.Pacing{
		Agents: []agent.Agent{idler(woman("w1", "feedback"), 1), idler(woman("w2", "feedback"), 1)},
		Work:   []routing.Work{feedback("t1", 0)}, Reserve: routing.Reserve{Women: 1, Resume: 2},
		Waiting: []routing.Call{{ID: "c1", Pool: agent.Women}},
	}
	held := routing.Pace(p).Held
	p.Waiting, p.Held = nil, held
	if got := routing.Pace(p); len(got.Assignments) > 0 || !got.Held[agent.Women] {
		t.Errorf("dialled with two idle women: %+v", got)
	}
	p.Agents = append(p.Agents, idler(woman("w3", "feedback"), 1))
	if got := routing.Pace(p); len(got.Assignments) != 1 || got.Held[agent.Women] {
		t.Errorf("did not go on with three: %+v", got)
	}
}

func TestGivenACrisisCaller_WhenNobodyIsIdle_ThenARingingCallIsTakenBackFromWhoSuitsHerBest(t *testing.T) {
	counsellor := woman("c1", "feedback")
	counsellor.Counsellor = true
	busy := func(p agent.Profile) agent.Agent {
		a := idler(p, 1)
		a.State = agent.Talking
		return a
	}
	p := routing.Pacing{
		Agents:  []agent.Agent{busy(woman("w1")), busy(counsellor), busy(officer("m1"))},
		Waiting: []routing.Call{{ID: "x", Pool: agent.Women, Crisis: true}},
	}
	ringing := map[string]agent.ID{"out-1": "w1", "out-2": "c1", "out-3": "m1"}
	if diff := cmp.Diff([]string{"out-2"}, routing.ToTakeBack(p, ringing)); diff != "" {
		t.Error(diff)
	}
	p.Agents = append(p.Agents, idler(woman("w2"), 1))
	if got := routing.ToTakeBack(p, ringing); len(got) > 0 {
		t.Errorf("took %v back although a woman is idle", got)
	}
}

// TestGivenAnyFloor_WhenPacing_ThenTheLawsHold: whoever is given a task may do
// it, is free, and has one; nobody of the reserve is taken; no caller waits who
// could have had her.
func TestGivenAnyFloor_WhenPacing_ThenTheLawsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPacing(t)
		got := routing.Pace(p)
		agents, work := map[agent.ID]agent.Agent{}, map[string]routing.Work{}
		idle, taken := routing.Reserve{}, routing.Reserve{}
		for _, a := range p.Agents {
			agents[a.Profile.ID] = a
			if a.Routable() {
				idle = plus(idle, a.Profile)
			}
		}
		for _, w := range p.Work {
			work[w.ID] = w
		}
		for _, given := range got.Assignments {
			a, w := agents[given.Agent], work[given.Work]
			if !a.Routable() || !a.Profile.Fits(w.Pool) || w.Officer && !a.Profile.Officer || w.Only != "" && w.Only != given.Agent {
				t.Fatalf("%s got %s: %+v for %+v", given.Agent, given.Work, a, w)
			}
			for _, c := range p.Waiting {
				if c.Pool == w.Pool {
					t.Fatalf("%s got %s while %s waits", given.Agent, given.Work, c.ID)
				}
			}
			delete(agents, given.Agent)
			delete(work, given.Work)
			taken = plus(taken, a.Profile)
		}
		if len(got.Resting) != len(work) {
			t.Fatalf("%d tasks rest and %d have a reason", len(work), len(got.Resting))
		}
		r := p.Reserve
		for what, left := range map[string][3]int{
			"women": {idle.Women, taken.Women, r.Women}, "crisis": {idle.Crisis, taken.Crisis, r.Crisis}, "officers": {idle.Officers, taken.Officers, r.Officers},
		} {
			if left[1] > 0 && left[0]-left[1] < left[2] {
				t.Fatalf("of %d idle %s %d were taken, %d must stay", left[0], what, left[1], left[2])
			}
		}
	})
}

func plus(r routing.Reserve, p agent.Profile) routing.Reserve {
	crisis := p.Woman && (p.Counsellor || p.Senior)
	if p.Woman && len(p.Categories) > 0 || crisis {
		r.Women++
	}
	if crisis {
		r.Crisis++
	}
	if p.Officer && !p.Woman {
		r.Officers++
	}
	return r
}

func anyPacing(t *rapid.T) routing.Pacing {
	p := routing.Pacing{Now: noon, Held: map[agent.Pool]bool{}}
	states := []agent.State{agent.Idle, agent.Idle, agent.Idle, agent.Talking, agent.WrapUp, agent.Reserved}
	for i := range rapid.IntRange(0, 12).Draw(t, "agents") {
		a := idler(agent.Profile{
			ID: agent.ID(fmt.Sprintf("a%02d", i)), Woman: rapid.Bool().Draw(t, "woman"), Officer: rapid.Bool().Draw(t, "officer"),
			Counsellor: rapid.IntRange(0, 4).Draw(t, "counsellor") == 0, Languages: []string{"hi"}, Outbound: []string{"feedback", "offender"},
		}, rapid.IntRange(0, 9).Draw(t, "minutes"))
		if rapid.IntRange(0, 3).Draw(t, "takes callers") > 0 {
			a.Profile.Categories = []string{"phone"}
		}
		a.State = rapid.SampledFrom(states).Draw(t, "state")
		a.Online = rapid.IntRange(0, 9).Draw(t, "online") > 0
		p.Agents = append(p.Agents, a)
	}
	pools := []agent.Pool{agent.Women, agent.MaleOfficers}
	for i := range rapid.IntRange(0, 2).Draw(t, "waiting") {
		p.Waiting = append(p.Waiting, routing.Call{ID: fmt.Sprintf("c%d", i), Pool: rapid.SampledFrom(pools).Draw(t, "caller's pool")})
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "work") {
		w := routing.Work{ID: fmt.Sprintf("t%02d", i), Pool: rapid.SampledFrom(pools).Draw(t, "pool"), Priority: rapid.IntRange(0, 3).Draw(t, "priority")}
		w.Officer = w.Pool == agent.MaleOfficers
		if rapid.IntRange(0, 9).Draw(t, "only") == 0 {
			w.Only = "a01"
		}
		p.Work = append(p.Work, w)
	}
	draw := func(name string) int { return rapid.IntRange(0, 3).Draw(t, name) }
	p.Reserve = routing.Reserve{Women: draw("women kept"), Crisis: draw("crisis kept"), Officers: draw("officers kept"), Resume: draw("resume")}
	for _, pool := range pools {
		p.Held[pool] = rapid.Bool().Draw(t, "held")
	}
	return p
}
