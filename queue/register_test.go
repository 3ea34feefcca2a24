package queue_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
	"powerline/queue/queuetest"
)

// register is what one agent's document amounts to, seen from outside: a
// version, and who holds her.
type register struct {
	Version int64
	Holder  string
}

// attempt is one compare-and-set on it; with no holder wanted it only reads.
type attempt struct {
	read bool
	from register
	to   string
}

// answer is what came back: the value after a success, or the one in the way.
type answer struct {
	done bool
	now  register
}

var registerModel = porcupine.Model{
	Init: func() any { return register{Version: 1} },
	Step: func(state, input, output any) (bool, any) {
		now, in, out := state.(register), input.(attempt), output.(answer)
		switch {
		case in.read || !out.done:
			return out.now == now && (in.read || now.Version != in.from.Version), now
		case in.from == now:
			next := register{Version: now.Version + 1, Holder: in.to}
			return out.now.Version >= next.Version, next
		}
		return false, now
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("%+v -> %+v", input, output)
	},
}

// client is one caller's call, which wants the agent and lets her go again.
type client struct {
	id    int
	store queuetest.Store
	owner queue.Owner
	mine  call.Call
	her   agent.Agent
	log   func(porcupine.Operation)
	begin time.Time
}

func value(a agent.Agent) register {
	r := register{Version: a.Version}
	if a.State == agent.Reserved {
		r.Holder = a.Call
	}
	return r
}

// try makes one attempt, repeating it as long as nobody answers.
func (c *client) try(t *testing.T) {
	var ev call.Event = queuetest.Matched(c.her)
	if c.mine.Stage == call.Offered {
		ev = call.RingFailed{At: queuetest.Noon, Leg: c.mine.Offer.Leg, Why: agent.CallerGone}
	}
	next, hers := queuetest.Step(c.mine, c.her, ev)
	if hers.Epoch == c.her.Epoch { // somebody else has her: look again
		c.read(t)
		return
	}
	in := attempt{from: value(c.her), to: value(hers).Holder}
	start := time.Since(c.begin)
	var d queue.Documents
	var err error
	eventually(t, "commit", func() error {
		d, err = c.store.Commit(t.Context(), c.owner, queuetest.Pair(c.mine, next, c.her, hers))
		if errors.Is(err, queue.ErrUnavailable) {
			return err
		}
		return nil
	})
	out := answer{done: err == nil}
	var conflict *queue.Conflict
	switch {
	case err == nil:
		c.mine, c.her = d.Calls[0], d.Agents[0]
	case errors.As(err, &conflict):
		c.her = conflict.Agents[0]
	default:
		t.Errorf("client %d: %v", c.id, err)
		return
	}
	out.now = value(c.her)
	c.log(porcupine.Operation{ClientId: c.id, Input: in, Output: out, Call: int64(start), Return: int64(time.Since(c.begin))})
}

func (c *client) read(t *testing.T) {
	start := time.Since(c.begin)
	var st queue.State
	eventually(t, "load", func() (err error) { st, err = c.store.Load(t.Context()); return err })
	c.her = st.Agents[0]
	c.log(porcupine.Operation{ClientId: c.id, Input: attempt{read: true}, Output: answer{now: value(c.her)},
		Call: int64(start), Return: int64(time.Since(c.begin))})
}

// history lets clients fight for one agent while harm is done to the server.
func history(t *testing.T, s queuetest.Store, clients, rounds int, harm func()) []porcupine.Operation {
	o, _, her := founded(t, s)
	var mu sync.Mutex
	var ops []porcupine.Operation
	log := func(op porcupine.Operation) { mu.Lock(); defer mu.Unlock(); ops = append(ops, op) }
	begin := time.Now()
	var all sync.WaitGroup
	for i := range clients {
		d, err := s.Commit(t.Context(), o, queue.Change{Calls: []queue.CallWrite{{Call: queuetest.Waiting(fmt.Sprintf("r%d", i))}}})
		must(t, err)
		c := client{id: i, store: s, owner: o, mine: d.Calls[0], her: her, log: log, begin: begin}
		all.Go(func() {
			for range rounds {
				c.try(t)
			}
		})
	}
	harm()
	all.Wait()
	return ops
}

func check(t *testing.T, ops []porcupine.Operation) {
	t.Helper()
	won := 0
	for _, op := range ops {
		if op.Output.(answer).done {
			won++
		}
	}
	result, _ := porcupine.CheckOperationsVerbose(registerModel, ops, time.Minute)
	if result != porcupine.Ok || won < 10 {
		t.Fatalf("%d operations, %d won: linearizable %v", len(ops), won, result)
	}
	t.Logf("%d operations, %d won", len(ops), won)
}

func TestGivenManyWriters_WhenTheyFightForAnAgent_ThenHerHistoryIsLinearizable(t *testing.T) {
	s, _, _ := opened(t, shared)
	check(t, history(t, s, 6, 60, func() {}))
	check(t, history(t, queue.NewMemory(), 6, 200, func() {}))
}

func TestGivenManyWriters_WhenRedisIsHungAndKilled_ThenHerHistoryIsLinearizable(t *testing.T) {
	server := ownRedis(t)
	s, _, _ := opened(t, server, func(o *queue.Options) { o.Timeout = 100 * time.Millisecond })
	grown := func(by int64) { // the fight has gone on
		from := int64(-1)
		eventually(t, "progress", func() error {
			st, err := s.Load(t.Context())
			if err != nil {
				return err
			}
			if from < 0 {
				from = st.Agents[0].Version
			}
			if st.Agents[0].Version < from+by {
				return errors.New("no progress yet")
			}
			return nil
		})
	}
	check(t, history(t, s, 4, 150, func() {
		for range 3 {
			grown(10)
			server.Pause()
			<-time.After(150 * time.Millisecond) // longer than a command's limit
			server.Resume()
			grown(10)
			server.Kill()
			must(t, server.Start(t.Context()))
		}
	}))
}
