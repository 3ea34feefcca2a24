package queue_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
	"powerline/queue/queuetest"
)

// pair drives the same story through both stores. Terms and eras are minted by
// each store, so they are compared by the order in which they appeared.
type pair struct {
	real, fake side
	ctx        context.Context
}

type side struct {
	queuetest.Subject
	owners map[string]queue.Owner
	past   []queue.Owner // superseded ones go on trying
	terms  []int64
	saved  *queue.State
}

var (
	callIDs  = []string{"c1", "c2", "c3"}
	agentIDs = []agent.ID{"a1", "a2", "m1"}
	names    = []string{"acd-a", "acd-b"}
	term     = regexp.MustCompile(`"([tT]erm)":(\d+)`)
	minted   = regexp.MustCompile(`"Era":"[^"]*"`)
)

// plain is a result without what each store mints for itself.
func (s *side) plain(v any) string {
	text := term.ReplaceAllStringFunc(queuetest.Text(v), func(m string) string {
		n, err := strconv.ParseInt(term.FindStringSubmatch(m)[2], 10, 64)
		if err != nil {
			return m
		}
		return fmt.Sprintf(`"term":#%d`, slices.Index(s.terms, n))
	})
	return strings.ReplaceAll(minted.ReplaceAllString(text, `"Era":"*"`), ":null", ":[]")
}

// outcome is a result and an error as text that can be compared.
func (s *side) outcome(v any, err error) string {
	var conflict *queue.Conflict
	var broken *queue.LawError
	var other *queue.NotOwnerError
	switch {
	case err == nil:
		return "ok " + s.plain(v)
	case errors.As(err, &conflict):
		return "conflict " + s.plain(conflict)
	case errors.As(err, &broken):
		return "law " + s.plain(broken)
	case errors.As(err, &other):
		return "not owner " + other.Call
	case errors.Is(err, queue.ErrFenced):
		return "fenced"
	case errors.Is(err, queue.ErrWiped):
		return "wiped"
	}
	return "error " + err.Error()
}

// both does one thing on both sides and compares.
func (p *pair) both(t *rapid.T, what string, f func(*side) (any, error)) {
	got, want := p.real.outcome(f(&p.real)), p.fake.outcome(f(&p.fake))
	if got != want {
		t.Fatalf("%s\nredis  %s\nmemory %s", what, got, want)
	}
}

func (p *pair) join(t *rapid.T, name string) {
	p.both(t, "join "+name, func(s *side) (any, error) {
		o, err := s.Join(p.ctx, name)
		if old, ok := s.owners[name]; ok {
			s.past = append(s.past, old)
		}
		s.owners[name] = o
		s.terms = append(s.terms, o.Term)
		return o.Era != "", err
	})
}

// rebuild is done from what the side last saw, or from nothing.
func (p *pair) rebuild(t *rapid.T, name string, forgetful bool) {
	p.both(t, "rebuild "+name, func(s *side) (any, error) {
		var calls []call.Call
		var agents []agent.Agent
		if s.saved != nil && !forgetful {
			agents = s.saved.Agents
			for _, c := range s.saved.Calls {
				if c.Owner == name {
					calls = append(calls, c)
				}
			}
		}
		done, err := s.Rebuild(p.ctx, s.owners[name], calls, agents)
		if err == nil {
			s.owners[name] = done.Owner
		}
		return done, err
	})
}

// change is a random change that starts from what is stored: a proper step of
// the pure machines more often than not, then perhaps spoiled.
func change(t *rapid.T, st queue.State) queue.Change {
	c, a := call.Call{ID: rapid.SampledFrom(callIDs).Draw(t, "call")}, agent.Agent{}
	for _, x := range st.Calls {
		if x.ID == c.ID {
			c = x
		}
	}
	her := rapid.SampledFrom(agentIDs).Draw(t, "agent")
	if c.Offer.Agent != "" && rapid.IntRange(0, 4).Draw(t, "the one in hand") > 0 {
		her = c.Offer.Agent
	}
	for _, x := range st.Agents {
		if x.Profile.ID == her {
			a = x
		}
	}
	c1, a1 := step(t, c, a, her)
	if rapid.IntRange(0, 2).Draw(t, "spoil") == 0 {
		c1, a1 = spoiled(t, c1, a1)
	}
	ch := queuetest.Pair(c, c1, a, a1)
	switch rapid.IntRange(0, 9).Draw(t, "part") {
	case 0:
		ch.Calls = nil
	case 1:
		ch.Agents = nil
	case 2:
		ch.Calls[0].From += rapid.Int64Range(-1, 1).Draw(t, "call version")
	case 3:
		ch.Agents[0].From += rapid.Int64Range(-1, 1).Draw(t, "agent version")
	}
	return ch
}

// step is what some event makes of the two.
func step(t *rapid.T, c call.Call, a agent.Agent, her agent.ID) (call.Call, agent.Agent) {
	if a.Profile.ID == "" {
		a = queuetest.Woman(her)
		if her == "m1" {
			a = queuetest.Man(her)
		}
	}
	at := queuetest.Noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "at")) * time.Second)
	if c.Stage == "" {
		c = queuetest.Waiting(c.ID)
		return c, a
	}
	leg := c.Offer.Leg
	events := []call.Event{
		call.Matched{At: at, Agent: a.Profile, BreakIn: true}, call.Matched{At: at, Agent: a.Profile},
		call.Answered{At: at, Leg: leg, Agent: a.Profile},
		call.RingFailed{At: at, Leg: leg, Why: agent.Rejected}, call.RingFailed{At: at, Leg: leg, Why: agent.CallerGone},
		call.CallerGone{At: at}, call.LegGone{At: at, Leg: leg}, call.LegGone{At: at, Leg: leg, Lost: true},
		call.Pleaded{At: at, Danger: true}, call.PhoneLost{At: at, Agent: her},
	}
	c1, a1 := queuetest.Step(c, a, rapid.SampledFrom(events).Draw(t, "event"))
	hers := []agent.Event{
		nil, nil, agent.Ready{At: at}, agent.Paused{At: at, Reason: "tea"}, agent.WrapUpDone{At: at},
		agent.PhoneChanged{At: at, Online: true}, agent.TimeUp{At: at, Epoch: a1.Epoch}, agent.LoggedIn{At: at},
	}
	if ev := rapid.SampledFrom(hers).Draw(t, "her event"); ev != nil {
		a1, _ = agent.Step(a1, ev)
	}
	return c1, a1
}

// spoiled changes one thing that a bug could change.
func spoiled(t *rapid.T, c call.Call, a agent.Agent) (call.Call, agent.Agent) {
	switch rapid.IntRange(0, 12).Draw(t, "what") {
	case 0:
		c.Stage = rapid.SampledFrom([]call.Stage{call.Waiting, call.Offered, call.Talking, call.Ended}).Draw(t, "stage")
	case 1:
		c.Offer.Agent = rapid.SampledFrom(append(agentIDs, "", "nobody")).Draw(t, "offered to")
	case 2:
		c.Offer.Leg = rapid.SampledFrom([]string{"", "leg"}).Draw(t, "leg")
	case 3:
		c.Pool = rapid.SampledFrom([]agent.Pool{agent.Women, agent.MaleOfficers, "", "anybody"}).Draw(t, "pool")
	case 4:
		c.Queued = rapid.SampledFrom([]time.Time{{}, queuetest.Noon, queuetest.Noon.Add(1)}).Draw(t, "queued")
	case 5:
		a.State = rapid.SampledFrom([]agent.State{agent.Idle, agent.Reserved, agent.Talking, agent.WrapUp, agent.Recovery}).Draw(t, "state")
	case 6:
		a.Call = rapid.SampledFrom(append(callIDs, "", "none")).Draw(t, "her call")
	case 7:
		a.Profile.Woman = !a.Profile.Woman
	case 8:
		a.Profile.Officer = !a.Profile.Officer
	case 9:
		a.Status = rapid.SampledFrom([]agent.Status{agent.LoggedOut, agent.Available, agent.NotReady}).Draw(t, "status")
	case 10:
		a.Online = !a.Online
	case 11:
		a.Elsewhere = !a.Elsewhere
	case 12:
		a.After.Interruptible = !a.After.Interruptible
	}
	return c, a
}

// The fake and Redis answer every story alike, with the same documents, the
// same refusals and the same conflicts; and whatever was tried, law 2 holds.
func TestRandomStoriesEndAlikeInRedisAndInMemory(t *testing.T) {
	inRedis := subject(t)
	rapid.Check(t, func(rt *rapid.T) {
		inRedis.Wipe()
		p := &pair{ctx: t.Context()}
		p.real = side{Subject: inRedis, owners: map[string]queue.Owner{}}
		p.fake = side{Subject: inMemory(t), owners: map[string]queue.Owner{}}
		for _, name := range names {
			p.join(rt, name)
			p.rebuild(rt, name, true)
		}
		// The first rebuild was not the last word of the era for the first name.
		p.join(rt, names[0])
		steps := rapid.IntRange(5, 60).Draw(rt, "steps")
		for range steps {
			p.step(rt)
			p.both(rt, "load", func(s *side) (any, error) { st, err := s.Load(p.ctx); return st, err })
			p.lawTwoHolds(rt)
		}
	})
}

func (p *pair) step(t *rapid.T) {
	name := rapid.SampledFrom(names).Draw(t, "process")
	owner := func(s *side) queue.Owner { return s.owners[name] }
	if n := len(p.fake.past); n > 0 && rapid.IntRange(0, 9).Draw(t, "late") == 0 {
		i := rapid.IntRange(0, n-1).Draw(t, "which")
		owner = func(s *side) queue.Owner { return s.past[i] }
	}
	id := rapid.SampledFrom(callIDs).Draw(t, "id")
	switch what := rapid.IntRange(0, 44).Draw(t, "do"); {
	case what < 28:
		p.commit(t, owner)
	case what < 31:
		p.both(t, "forget", func(s *side) (any, error) { return nil, s.Forget(p.ctx, owner(s), id) })
	case what < 32:
		her := rapid.SampledFrom(agentIDs).Draw(t, "her")
		p.both(t, "dismiss", func(s *side) (any, error) { return nil, s.Dismiss(p.ctx, owner(s), her) })
	case what < 35:
		p.adopt(t, owner, id)
	case what < 36:
		n := rapid.Int64Range(0, 9).Draw(t, "beat")
		p.both(t, "beat", func(s *side) (any, error) { peers, err := s.Beat(p.ctx, owner(s), n); return peers, err })
	case what < 37:
		p.join(t, name)
	case what < 39:
		p.both(t, "save", func(s *side) (any, error) { st, err := s.Load(p.ctx); s.saved = &st; return nil, err })
	case what < 41:
		p.harm(t)
	default:
		p.rebuild(t, name, rapid.IntRange(0, 5).Draw(t, "forgetful") == 0)
	}
}

func (p *pair) commit(t *rapid.T, owner func(*side) queue.Owner) {
	st, err := p.fake.Load(p.ctx)
	if err != nil {
		t.Fatal(err)
	}
	ch := change(t, st)
	for range rapid.IntRange(1, 2).Draw(t, "times") { // a lost reply repeats it
		p.both(t, fmt.Sprintf("commit %+v", ch), func(s *side) (any, error) {
			d, err := s.Commit(p.ctx, owner(s), ch)
			return d, err
		})
	}
}

func (p *pair) adopt(t *rapid.T, owner func(*side) queue.Owner, id string) {
	dead := rapid.Bool().Draw(t, "dead")
	behind := rapid.Int64Range(0, 1).Draw(t, "behind")
	p.both(t, "adopt "+id, func(s *side) (any, error) {
		st, err := s.Load(p.ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range st.Calls {
			if c.ID == id {
				c.Version -= behind
				adopted, err := s.Adopt(p.ctx, owner(s), c, dead)
				return adopted, err
			}
		}
		_, err = s.Adopt(p.ctx, owner(s), call.Call{ID: id, Version: 3, Owner: "acd-a"}, dead)
		return nil, err
	})
}

// harm wipes everything, or puts back what was saved.
func (p *pair) harm(t *rapid.T) {
	wipe := p.fake.saved == nil || rapid.Bool().Draw(t, "wipe")
	for _, s := range []*side{&p.real, &p.fake} {
		if wipe {
			s.Wipe()
		} else {
			s.Restore(*s.saved)
		}
	}
	// Redis seeds the terms of an empty data set with milliseconds; no two data
	// sets of one name are that close in life.
	<-time.After(20 * time.Millisecond)
}

// lawTwoHolds: a call in hand and its agent say the same of each other.
func (p *pair) lawTwoHolds(t *rapid.T) {
	st, err := p.real.Load(p.ctx)
	if err != nil {
		t.Fatal(err)
	}
	agents := map[agent.ID]agent.Agent{}
	for _, a := range st.Agents {
		agents[a.Profile.ID] = a
	}
	for _, c := range st.Calls {
		if c.Stage != call.Offered && c.Stage != call.Talking {
			continue
		}
		want := map[call.Stage]agent.State{call.Offered: agent.Reserved, call.Talking: agent.Talking}[c.Stage]
		if a := agents[c.Offer.Agent]; a.Call != c.ID || a.State != want {
			t.Fatalf("call %s is %s with %q, who is %q in %q", c.ID, c.Stage, c.Offer.Agent, a.State, a.Call)
		}
	}
}
