package simulation

import (
	"slices"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/floor"
	"powerline/queue"
	"powerline/routing"
)

// mistake is one in the place of what production does: on days like these it breaks
// one of these laws.
type mistake struct {
	name  string
	plant shell
	days  Options
	laws  []string
}

// often are days on which one thing fails more often than usual.
func often(more func(*Faults)) Options {
	f := Everything()
	more(&f)
	return Options{Faults: &f}
}

var (
	crashing  = often(func(f *Faults) { f.AtPoint = .03 })
	bookless  = often(func(f *Faults) { f.DatabaseAways = 4 })
	wiped     = often(func(f *Faults) { f.AtPoint, f.Wipes, f.Strikes = .04, 3, .1 })
	belated   = Options{Faults: &Faults{Delays: 200}, Agents: 10, Dialers: 2, Tasks: 80}
	replyless = Options{Faults: &Faults{LostReply: .3, Strikes: .3}, Dialers: 1, Tasks: 25}
	leftAlone = Options{Faults: &Faults{Blackouts: 2}, Dialers: 1, Tasks: 25}
	calm      = Options{Faults: &Faults{}, Agents: 4, Calls: 20, Dialers: 1, Tasks: 80}
	ordering  = Options{Faults: &Faults{Orders: 400}, Dialers: -1, Tasks: -1, Agents: 10, Calls: 16, Talks: 20 * time.Second}
)

// outboundMistakes are about calls that we make: each of their laws can fail.
var outboundMistakes = []mistake{
	{"a contact is rung before the agent is in the bridge", shell{ringsFirst: true}, Options{}, []string{"law 4"}},
	{"a contact is not hung up when the agent has left", shell{transact: leavesContact}, Options{}, []string{"law 4"}},
	{"what was interrupted is dialled again", shell{redials: true, transact: redials}, crashing, []string{"one INVITE"}},
	{"two attempts have one number", shell{sharesNumbers: true}, Options{}, []string{"one dial"}},
	{"an attempt begins before it is written", shell{rowLater: true}, Options{}, []string{"books"}},
	{"offenders are given to women", shell{anybody: true}, Options{}, []string{"law 3"}},
	{"an agent with a call is given another", shell{pace: takesTheBusy}, Options{}, []string{"law 2"}},
	{"callers are not counted", shell{pace: blindToCallers}, Options{}, []string{"passed over"}},
	{"the floor was seen before the database was asked", shell{oldView: true}, bookless, []string{"passed over", "law 2"}},
	{"callers in the fallback queue are not counted", shell{blindToFallback: true}, leftAlone, []string{"passed over"}},
	{"nothing is taken back for a crisis", shell{neverGivesWay: true}, calm, []string{"gives way"}},
	{"a ring is ended by the clock although somebody has answered", shell{endsBlindly: true}, belated, []string{"law 1"}},
	{"an end is lost while the database is away", shell{losesJournal: true}, bookless, []string{"books"}},
	{"what nobody has any more is not ended", shell{leavesStale: true}, crashing, []string{"books"}},
	{"what is old is ended, on the line or not", shell{endsTheLiving: true}, Options{}, []string{"books"}},
	{"a leg that was never rung is left beside its agent", shell{strayDial: accompaniedStays}, wiped, []string{"convergence", "quiescence"}},
	{"an attempt begins however late", shell{placesLate: true}, replyless, []string{"books"}},
}

// inboundMistakes are some of those about calls to us.
var inboundMistakes = []mistake{
	{"commands go before the commit", shell{actFirst: true}, Options{}, []string{"law 2"}},
	{"facts are not looked at after a gap", shell{deafToFacts: true}, Options{}, []string{"convergence"}},
	{"a commit that was repeated is not acted on", shell{forgetful: true}, Options{}, []string{"quiescence", "convergence", "silence"}},
	{"the dead man's switch is not renewed", shell{unguarded: true}, Options{}, []string{"care"}},
	{"facts are believed that are older than what was done", shell{staleFacts: true}, Options{}, []string{"law 1", "law 2"}},
	{"an end is filed before it is committed", shell{filedEarly: true}, Options{}, []string{"quiescence"}},
	{"what could not be forgotten is not tried again", shell{forgotOnce: true}, Options{}, []string{"quiescence"}},
	{"a commit is acted on however late", shell{lateActs: true}, Options{}, []string{"law 1"}},
	{"a join without an answer is taken for a failed one", shell{guessesJoin: true}, Options{}, []string{"law 1"}},
	{"talks are not recorded", shell{unrecorded: true}, Options{}, []string{"recordings"}},
	{"a pause of a recording does not end", shell{pausesForEver: true}, ordering, []string{"recordings"}},
}

func accompaniedStays(f floor.Facts, id string) bool { return !f.Accompanied(id) }

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
	if *seed != 0 {
		t.Skip("one day only")
	}
	for _, m := range slices.Concat(outboundMistakes, inboundMistakes) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.find(t, 600)
		})
	}
}

// find lives through days until one breaks a law that it should.
func (m mistake) find(t *testing.T, most uint64) {
	others := map[string]int{}
	for day := uint64(1); day <= most; day++ {
		opt := m.days
		opt.Seed, opt.shell = day, m.plant
		_, v := runOnce(opt, false)
		switch {
		case v == nil:
		case slices.Contains(m.laws, v.Law):
			t.Logf("day %d: %s: %s", day, v.Law, v.What)
			return
		default:
			others[v.Law]++
		}
	}
	t.Errorf("not found in %d days; broken were %v, want one of %v", most, others, m.laws)
}
