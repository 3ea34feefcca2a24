package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/queue"
)

// secretCaller stands for what no operator may see: the fingerprint of a number.
const secretCaller = "fingerprint-of-a-number"

// liveStore opens the store that a configuration names.
func liveStore(t *testing.T, s *stack.Stack) *queue.Store {
	t.Helper()
	store, err := queue.Open(t.Context(), queue.Options{Network: "tcp", Addr: s.Redis.Addr, Site: config.Default().Instance.Site})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// joined is an engine's right to write into a data set that has an era.
func joined(t *testing.T, store *queue.Store, name string, agents ...agent.Agent) queue.Owner {
	t.Helper()
	owner, err := store.Join(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if owner.Era == "" {
		built, err := store.Rebuild(t.Context(), owner, nil, agents)
		if err != nil {
			t.Fatal(err)
		}
		owner = built.Owner
	}
	return owner
}

func commit(t *testing.T, store *queue.Store, owner queue.Owner, c queue.Change) queue.Documents {
	t.Helper()
	stored, err := store.Commit(t.Context(), owner, c)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// woman is an agent at work.
func woman(id agent.ID, since time.Time) agent.Agent {
	return agent.Agent{
		Profile: agent.Profile{ID: id, Woman: true, Languages: []string{"hi"}, Categories: []string{"phone", "unclassified"}},
		Status:  agent.Available, StatusSince: since, State: agent.Idle, Since: since, Online: true,
	}
}

// waitingCall is a call that has waited for a time.
func waitingCall(id, category string, waited time.Duration) call.Call {
	at := time.Now().Add(-waited)
	return call.Call{
		ID: id, Kind: call.Helpline, Line: "1090", Caller: secretCaller, Stage: call.Waiting, Epoch: 2,
		Arrived: at.Add(-5 * time.Second), Queued: at, Category: category, Language: "hi", Pool: agent.Women, Crisis: category == "crisis",
	}
}

// busyFloor has two who wait, one who talks, an idle, a talking and an absent
// agent, and one who is locked.
func busyFloor(t *testing.T, store *queue.Store) queue.Owner {
	t.Helper()
	since := time.Now().Add(-40 * time.Second)
	away, locked := woman("a003", since), woman("a004", since)
	away.Status, away.Reason = agent.NotReady, "meal"
	locked.Status, locked.Locked = agent.LoggedOut, true
	owner := joined(t, store, "a", woman("a001", since), woman("a002", since), away, locked)
	commit(t, store, owner, queue.Change{Calls: []queue.CallWrite{{Call: waitingCall("c-phone", "phone", 30*time.Second)}}})
	commit(t, store, owner, queue.Change{Calls: []queue.CallWrite{{Call: waitingCall("c-crisis", "crisis", 3*time.Second)}}})
	talk(t, store, owner, "c-talks", "a002")
	return owner
}

// talk brings a new call to an agent by the steps that the store allows.
func talk(t *testing.T, store *queue.Store, owner queue.Owner, id string, who agent.ID) {
	t.Helper()
	state, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(state.Agents, func(a agent.Agent) bool { return a.Profile.ID == who })
	a := state.Agents[at]
	stored := commit(t, store, owner, queue.Change{Calls: []queue.CallWrite{{Call: waitingCall(id, "phone", 9*time.Second)}}})
	c, version := stored.Calls[0], a.Version
	c.Stage, c.Epoch, c.Offers, c.Offer = call.Offered, 3, 1, call.Offer{N: 1, Agent: who, Leg: call.LegID(id, 1), At: time.Now()}
	a.State, a.Call, a.Leg, a.Epoch, a.Since = agent.Reserved, id, c.Offer.Leg, a.Epoch+1, time.Now()
	stored = commit(t, store, owner, queue.Change{Calls: []queue.CallWrite{{From: c.Version, Call: c}}, Agents: []queue.AgentWrite{{From: version, Agent: a}}})
	c, a = stored.Calls[0], stored.Agents[0]
	c.Stage, c.Epoch, c.Answered, c.Joined = call.Talking, 4, time.Now().Add(-4*time.Second), true
	a.State, a.Epoch = agent.Talking, a.Epoch+1
	commit(t, store, owner, queue.Change{Calls: []queue.CallWrite{{From: c.Version, Call: c}}, Agents: []queue.AgentWrite{{From: a.Version, Agent: a}}})
}

func TestGivenCallersWhoWait_WhenShown_ThenTheyComeInTheirOrderAndNobodyIsNamed(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis, stack.NamePostgres}, FastPostgres: true})
	cfg := installation(t, s, nil)
	store := liveStore(t, s)
	command(t, "", "queue", "show", "-c", cfg).want(t, operator.ExitOK, "0 wait", "none runs: Asterisk's own queues serve callers")
	owner := busyFloor(t, store)

	shown := command(t, "", "queue", "show", "-c", cfg).want(t, operator.ExitOK, "2 wait, the longest for 30", "1 talk", "crisis", "not-ready: meal", "logged-out (locked)", "STANDS STILL")
	shown.never(t, secretCaller)
	if crisis, phone := strings.Index(shown.out, "c-crisis"), strings.Index(shown.out, "c-phone"); crisis < 0 || phone < 0 || crisis > phone {
		t.Errorf("a crisis goes first:\n%s", shown.out)
	}
	stop := beating(t, store, owner)
	defer stop()
	var v floorView
	asked := command(t, "", "queue", "show", "--json", "-c", cfg).want(t, operator.ExitOK)
	asked.never(t, secretCaller)
	if err := json.Unmarshal([]byte(asked.out), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Waiting) != 2 || v.Waiting[0].Call != "c-crisis" || v.Waiting[1].Position != 2 || v.Waiting[1].Seconds < 30 {
		t.Errorf("waiting: %+v", v.Waiting)
	}
	if len(v.Talking) != 1 || v.Talking[0].Agent != "a002" || v.Talking[0].Seconds < 4 {
		t.Errorf("talking: %+v", v.Talking)
	}
	if len(v.Engines) != 1 || !v.Engines[0].Beats || v.Engines[0].Calls != 3 {
		t.Errorf("engines: %+v", v.Engines)
	}
	if len(v.Agents) != 4 || v.Out != 1 {
		t.Errorf("agents: %d out, %+v", v.Out, v.Agents)
	}
}

// beating lets an engine live until it is stopped.
func beating(t *testing.T, store *queue.Store, owner queue.Owner) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := int64(1); ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if _, err := store.Beat(ctx, owner, n); err != nil && ctx.Err() == nil {
					t.Errorf("beat: %v", err)
				}
			}
		}
	}()
	return func() { cancel(); <-done }
}

func TestGivenWatch_WhenCallersComeAndGo_ThenEachSecondIsPrintedUntilTheEnd(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis, stack.NamePostgres}, FastPostgres: true})
	cfg := installation(t, s, nil)
	store := liveStore(t, s)
	owner := joined(t, store, "a", woman("a001", time.Now()))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out := &growing{more: make(chan struct{}, 100)}
	code := make(chan int, 1)
	go func() {
		code <- operator.Run(ctx, "acd", []string{"queue", "show", "--watch", "--json", "-c", cfg}, operator.Streams{In: strings.NewReader(""), Out: out, Err: out}, newRoot)
	}()
	waits := func(n int) {
		t.Helper()
		for {
			select {
			case <-ctx.Done():
				t.Fatalf("never showed %d who wait", n)
			case <-out.more:
			}
			var v floorView
			if err := json.Unmarshal(out.last(), &v); err == nil && len(v.Waiting) == n {
				return
			}
		}
	}
	waits(0)
	commit(t, store, owner, queue.Change{Calls: []queue.CallWrite{{Call: waitingCall("c1", "phone", time.Second)}}})
	waits(1)
	cancel()
	if got := <-code; got != operator.ExitOK {
		t.Errorf("exit code %d", got)
	}
}

// growing is an output whose last line can be asked for while it grows.
type growing struct {
	more chan struct{} // a line has come

	mu   sync.Mutex
	text []byte
}

func (g *growing) Write(p []byte) (int, error) {
	g.mu.Lock()
	g.text = append(g.text, p...)
	g.mu.Unlock()
	g.more <- struct{}{}
	return len(p), nil
}

func (g *growing) last() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(g.text), []byte("\n"))
	return bytes.Clone(lines[len(lines)-1])
}
