package simulation

import (
	"flag"
	"testing"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
	"powerline/routing"
)

var hunt = flag.Uint64("hunt", 4_000, "how many days a planted mistake may hide")

var planted = []struct {
	name  string
	plant shell
	laws  []string
}{
	{"transact redials", shell{redials: true, transact: redials}, nil},
	{"transact leavesContact", shell{transact: leavesContact}, nil},
	{"pace blind", shell{pace: blindToCallers}, nil},
	{"pace busy", shell{pace: takesTheBusy}, nil},
	{"strayDial accompanied", shell{strayDial: func(f floor.Facts, id string) bool { return !f.Accompanied(id) }}, nil},
	{"strayLeg never", shell{strayLeg: func(floor.Facts, string, call.Call, bool) bool { return false }}, nil},
	{"ringsFirst", shell{ringsFirst: true}, nil},
	{"endsBlindly", shell{endsBlindly: true}, nil},
	{"sharesNumbers", shell{sharesNumbers: true}, nil},
	{"rowLater", shell{rowLater: true}, nil},
	{"anybody", shell{anybody: true}, nil},
	{"losesJournal", shell{losesJournal: true}, nil},
	{"leavesStale", shell{leavesStale: true}, nil},
	{"sweepsOwnOnly", shell{sweepsOwnOnly: true}, nil},
	{"endsTheLiving", shell{endsTheLiving: true}, nil},
	{"oldView", shell{oldView: true}, nil},
	{"blindToFallback", shell{blindToFallback: true}, nil},
	{"neverGivesWay", shell{neverGivesWay: true}, nil},
	{"actFirst", shell{actFirst: true}, nil},
	{"deafToFacts", shell{deafToFacts: true}, nil},
	{"unfenced", shell{unfenced: true}, nil},
	{"forgetful", shell{forgetful: true}, nil},
	{"unguarded", shell{unguarded: true}, nil},
	{"sleepwalker", shell{sleepwalker: true}, nil},
	{"staleFacts", shell{staleFacts: true}, nil},
	{"steppedAnew", shell{steppedAnew: true}, nil},
	{"filedEarly", shell{filedEarly: true}, nil},
	{"forgotOnce", shell{forgotOnce: true}, nil},
	{"deafToReturn", shell{deafToReturn: true}, nil},
	{"lazyGuard", shell{lazyGuard: true}, nil},
	{"takenForStale", shell{takenForStale: true}, nil},
	{"anyTerm", shell{anyTerm: true}, nil},
	{"lateActs", shell{lateActs: true}, nil},
	{"hastySweep", shell{hastySweep: true}, nil},
	{"looksOnce", shell{looksOnce: true}, nil},
	{"guessesJoin", shell{guessesJoin: true}, nil},
	{"foundByCommit", shell{foundByCommit: true}, nil},
	{"hoarder", shell{hoarder: true}, nil},
	{"movedIsGone", shell{movedIsGone: true}, nil},
	{"hangsUpLegs", shell{hangsUpLegs: true}, nil},
	{"looksOnceMore", shell{looksOnceMore: true}, nil},
	{"lateMusic", shell{lateMusic: true}, nil},
	{"keepsGhosts", shell{keepsGhosts: true}, nil},
	{"keepsHigher", shell{keepsHigher: true}, nil},
	{"returnsLater", shell{returnsLater: true}, nil},
	{"leavesOnce", shell{leavesOnce: true}, nil},
	{"hurriesAfterRebuild", shell{hurriesAfterRebuild: true}, nil},
	{"movesOnce", shell{movesOnce: true}, nil},
	{"guardsOnce", shell{guardsOnce: true}, nil},
	{"leakyRouter", shell{leakyRouter: true}, nil},
}

// redials dials again what was interrupted.
func redials(rules call.Rules, c call.Call, ev call.Event, agentOf func(agent.ID) (agent.Agent, bool)) (floor.Transaction, floor.Verdict) {
	if r, ok := ev.(call.Resumed); ok && c.Ringing() && !r.Caller && r.Leg == call.LegUp {
		return floor.Transaction{
			Next: c, Change: queue.Change{Calls: []queue.CallWrite{{From: c.Version, Call: c}}},
			Commands: []call.Command{call.Dial{Leg: c.Offer.Leg, Bridge: c.Bridge()}},
		}, floor.Moved
	}
	return floor.Transact(rules, c, ev, agentOf)
}

// leavesContact hangs up nobody whose agent has left.
func leavesContact(rules call.Rules, c call.Call, ev call.Event, agentOf func(agent.ID) (agent.Agent, bool)) (floor.Transaction, floor.Verdict) {
	t, v := floor.Transact(rules, c, ev, agentOf)
	if c.Kind == call.Outbound {
		var left []call.Command
		for _, cmd := range t.Commands {
			if _, hangs := cmd.(call.HangUpCaller); !hangs {
				left = append(left, cmd)
			}
		}
		t.Commands = left
	}
	return t, v
}

func blindToCallers(p routing.Pacing) routing.Paced {
	p.Waiting = nil
	return routing.Pace(p)
}

func takesTheBusy(p routing.Pacing) routing.Paced {
	agents := append([]agent.Agent(nil), p.Agents...)
	for i := range agents {
		agents[i].State, agents[i].Leg = agent.Idle, ""
	}
	p.Agents = agents
	return routing.Pace(p)
}

// TestEachPlantedMistakeIsFound: a law that no mistake can break proves nothing.
func TestEachPlantedMistakeIsFound(t *testing.T) {
	for _, mistake := range planted {
		t.Run(mistake.name, func(t *testing.T) {
			for seed := uint64(1); seed <= *hunt; seed++ {
				_, v := runOnce(Options{Seed: seed, shell: mistake.plant}, false)
				if v != nil {
					t.Logf("seed %d: %s: %s", seed, v.Law, v.What)
					return
				}
			}
			t.Errorf("not found in %d days", *hunt)
		})
	}
}
