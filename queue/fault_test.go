package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/queue"
	"powerline/queue/queuetest"
)

// ownRedis is a server that a test may kill.
func ownRedis(t *testing.T) *stack.Redis {
	return stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis}, DurableRedis: true}).Redis
}

func short(o *queue.Options) { o.Timeout = 200 * time.Millisecond }

// founded is a process in an empty data set with one agent and one waiting call.
func founded(t *testing.T, s queuetest.Store) (queue.Owner, call.Call, agent.Agent) {
	t.Helper()
	o, err := s.Join(t.Context(), "acd-a")
	must(t, err)
	done, err := s.Rebuild(t.Context(), o, nil, nil)
	must(t, err)
	d, err := s.Commit(t.Context(), done.Owner, queue.Change{
		Calls:  []queue.CallWrite{{Call: queuetest.Waiting("c1")}},
		Agents: []queue.AgentWrite{{Agent: queuetest.Woman("a1")}},
	})
	must(t, err)
	return done.Owner, d.Calls[0], d.Agents[0]
}

// eventually repeats until it works, within the patience of a test.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestGivenAHungRedis_WhenAReplyIsLost_ThenTheRepeatedChangeIsRecognised(t *testing.T) {
	server := ownRedis(t)
	s, _, _ := opened(t, server, short)
	o, c, her := founded(t, s)
	offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
	change := queuetest.Pair(c, offered, her, reserved)

	server.Pause()
	begin := time.Now()
	_, err := s.Commit(t.Context(), o, change)
	if took := time.Since(begin); !errors.Is(err, queue.ErrUnavailable) || took > 2*time.Second {
		t.Fatalf("a hung redis gave %v after %s", err, took)
	}
	server.Resume()

	// The first try may be applied before or after the repetition; either way
	// there is one offer, and we know that it is ours.
	var d queue.Documents
	eventually(t, "repeat", func() (err error) { d, err = s.Commit(t.Context(), o, change); return err })
	if d.Calls[0].Version != c.Version+1 || d.Agents[0].State != agent.Reserved {
		t.Fatalf("repeated: %+v", d)
	}
	st, err := s.Load(t.Context())
	must(t, err)
	if encoded(t, st.Calls) != encoded(t, d.Calls) || encoded(t, st.Agents) != encoded(t, d.Agents) {
		t.Fatalf("stored is %+v, told was %+v", st, d)
	}
}

func TestGivenAKilledRedis_WhenItStartsAgain_ThenNothingAcknowledgedIsLostAndWatchersSeeAGap(t *testing.T) {
	noLeaks(t)
	server := ownRedis(t)
	s, _, _ := opened(t, server, short)
	o, c, her := founded(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	news := s.Watch(ctx)
	if u := queuetest.Next(t, news); !u.Gap {
		t.Fatalf("the first news is %+v", u)
	}

	server.Kill()
	if _, err := s.Load(t.Context()); !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("a dead redis gave %v", err)
	}
	must(t, server.Start(t.Context()))

	if u := queuetest.Next(t, news); !u.Gap {
		t.Fatalf("after the restart came %+v, not a gap", u)
	}
	eventually(t, "commit", func() error {
		offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
		_, err := s.Commit(t.Context(), o, queuetest.Pair(c, offered, her, reserved))
		return err
	})
	if u := queuetest.Next(t, news); len(u.Calls) != 1 || u.Calls[0].Stage != call.Offered {
		t.Fatalf("news after the gap is %+v", u)
	}
	cancel()
	for range news { // closes
	}
}

func TestGivenASubscriptionThatHangs_WhenRedisComesBack_ThenTheWatchGoesOn(t *testing.T) {
	server := ownRedis(t)
	failed := make(chan error, 100)
	s, _, _ := opened(t, server, short, func(o *queue.Options) {
		o.Observe = func(op string, _ time.Duration, err error) {
			if op == "watch" {
				failed <- err
			}
		}
	})
	o, _, her := founded(t, s)
	news := s.Watch(t.Context())
	queuetest.Next(t, news)

	// A server that is silent without closing anything is noticed by itself.
	server.Pause()
	select {
	case err := <-failed:
		if !errors.Is(err, queue.ErrUnavailable) {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a hung subscription was taken for a quiet one")
	}
	server.Resume()

	paused, _ := agent.Step(her, agent.Paused{At: queuetest.Noon, Reason: "tea"})
	eventually(t, "commit", func() error {
		_, err := s.Commit(t.Context(), o, queue.Change{Agents: []queue.AgentWrite{{From: her.Version, Agent: paused}}})
		return err
	})
	// A gap comes, or the news itself and then a gap: but not silence.
	if u := queuetest.Next(t, news); !u.Gap && len(u.Agents) != 1 {
		t.Fatalf("news is %+v", u)
	}
}

func TestGivenFlushAll_WhenTheOwnerRebuilds_ThenEveryPlaceIsKept(t *testing.T) {
	server := ownRedis(t)
	s, plain, _ := opened(t, server)
	o, first, _ := founded(t, s)
	calls := []call.Call{first}
	for i := range 30 {
		c := queuetest.Waiting(fmt.Sprintf("w%02d", i))
		c.Queued = c.Queued.Add(time.Duration(i*7919%30) * time.Second)
		d, err := s.Commit(t.Context(), o, queue.Change{Calls: []queue.CallWrite{{Call: c}}})
		must(t, err)
		calls = append(calls, d.Calls[0])
	}
	before, err := s.Load(t.Context())
	must(t, err)
	must(t, plain.FlushAll(t.Context()).Err())
	must(t, plain.ScriptFlush(t.Context()).Err())
	if _, err := s.Beat(t.Context(), o, 1); !errors.Is(err, queue.ErrWiped) {
		t.Fatalf("after FLUSHALL: %v", err)
	}
	done, err := s.Rebuild(t.Context(), o, calls, before.Agents)
	must(t, err)
	if encoded(t, done.State.Calls) != encoded(t, before.Calls) || encoded(t, done.State.Agents) != encoded(t, before.Agents) {
		t.Fatal("a rebuild from memory differs from what was wiped")
	}
}

func TestGivenARedisThatRefusesWrites_WhenACallIsCommitted_ThenItFailsLoudlyAndReadsGoOn(t *testing.T) {
	server := ownRedis(t)
	s, plain, _ := opened(t, server)
	o, c, her := founded(t, s)
	offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
	change := queuetest.Pair(c, offered, her, reserved)

	// A replica takes no writes.
	must(t, plain.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err())
	if _, err := s.Commit(t.Context(), o, change); !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("a replica gave %v", err)
	}
	if st, err := s.Load(t.Context()); err != nil || len(st.Calls) != 1 {
		t.Fatalf("a replica does not let us read: %v", err)
	}
	must(t, plain.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err())

	// A full memory takes ours all the same: they are few.
	must(t, plain.ConfigSet(t.Context(), "maxmemory", "1").Err())
	if err := plain.Set(t.Context(), "foreign", "x", 0).Err(); err == nil {
		t.Fatal("the memory is not full")
	}
	if _, err := s.Commit(t.Context(), o, change); err != nil {
		t.Fatalf("with a full memory: %v", err)
	}
}

func TestGivenForeignValuesInOurKeys_WhenWeRebuild_ThenTheyAreGone(t *testing.T) {
	for _, key := range []string{"era", "calls", "agents", "owners", "term"} {
		t.Run(key, func(t *testing.T) {
			s, plain, prefix := opened(t, shared)
			o, c, her := founded(t, s)
			must(t, plain.Del(t.Context(), prefix+key).Err())
			must(t, plain.LPush(t.Context(), prefix+key, "garbage").Err())
			_, err := s.Beat(t.Context(), o, 1)
			_, loadErr := s.Load(t.Context())
			if key != "term" && !errors.Is(errors.Join(err, loadErr), queue.ErrWiped) {
				t.Fatalf("beat: %v, load: %v", err, loadErr)
			}
			done, err := s.Rebuild(t.Context(), o, []call.Call{c}, []agent.Agent{her})
			must(t, err)
			_, err = s.Beat(t.Context(), done.Owner, 1)
			must(t, err)
			_, err = s.Join(t.Context(), "acd-b")
			must(t, err)
		})
	}
}

func TestGivenADocumentThatCannotBeRead_WhenItsOwnerGoesOn_ThenItIsHealed(t *testing.T) {
	for name, garbage := range map[string]string{
		"no JSON": "garbage", "no document": `"text"`, "empty": "", "no version": `{"id":"c1"}`,
		"another type": `{"version":7,"stage":5,"state":[],"profile":{"id":"a1"},"id":"c1"}`,
		"a list":       `[1,2,3]`, "version is text": `{"version":"7"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, plain, prefix := opened(t, shared)
			o, c, her := founded(t, s)
			must(t, plain.HSet(t.Context(), prefix+"calls", "c1", garbage).Err())
			must(t, plain.HSet(t.Context(), prefix+"agents", "a1", garbage).Err())
			_, err := s.Load(t.Context())
			must(t, err)
			offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
			if _, err := s.Commit(t.Context(), o, queuetest.Pair(c, offered, her, reserved)); err == nil {
				t.Fatal("a change that starts from garbage was taken")
			}
			done, err := s.Rebuild(t.Context(), o, []call.Call{c}, []agent.Agent{her})
			must(t, err)
			_, err = s.Commit(t.Context(), done.Owner, queuetest.Pair(c, offered, her, reserved))
			must(t, err)
		})
	}
}

func TestGivenNoRedis_WhenItIsOpened_ThenTheErrorSaysWhatIsMissing(t *testing.T) {
	noLeaks(t)
	_, err := queue.Open(t.Context(), queue.Options{Network: "tcp", Addr: "127.0.0.1:1", Site: "x"})
	if !errors.Is(err, queue.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	if _, err := queue.Open(t.Context(), queue.Options{Network: "tcp", Addr: shared.Addr, Site: "{x}"}); err == nil {
		t.Fatal("a site with braces would split its keys over shards")
	}
}

func TestGivenAWatchOfOthersOnly_WhenBothCommit_ThenItTellsOfTheOther(t *testing.T) {
	s, plain, prefix := opened(t, shared, func(o *queue.Options) { o.OthersOnly = true })
	other, err := queue.Open(t.Context(), queue.Options{Network: "tcp", Addr: shared.Addr, Site: prefix[1 : len(prefix)-2]})
	must(t, err)
	t.Cleanup(func() { must(t, other.Close()) })
	o, c, her := founded(t, s)
	news := s.Watch(t.Context())
	queuetest.Next(t, news) // the gap of the beginning

	offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
	d, err := s.Commit(t.Context(), o, queuetest.Pair(c, offered, her, reserved))
	must(t, err)
	peer, err := other.Join(t.Context(), "acd-b")
	must(t, err)
	_, err = other.Commit(t.Context(), peer, queue.Change{Calls: []queue.CallWrite{{Call: queuetest.Waiting("c2")}}})
	must(t, err)
	if u := queuetest.Next(t, news); len(u.Calls) != 1 || u.Calls[0].ID != "c2" {
		t.Errorf("told of %+v, not of the other's call first", u)
	}
	gone, freed := queuetest.Step(d.Calls[0], d.Agents[0], call.CallerGone{At: queuetest.Noon})
	_, err = s.Commit(t.Context(), o, queuetest.Pair(d.Calls[0], gone, d.Agents[0], freed))
	must(t, err)
	must(t, s.Forget(t.Context(), o, "c1"))
	if u := queuetest.Next(t, news); len(u.Gone) != 1 {
		t.Errorf("told of %+v, not of what was forgotten", u)
	}
	must(t, plain.Publish(t.Context(), prefix+"changes", "nonsense").Err())
	if u := queuetest.Next(t, news); !u.Gap {
		t.Errorf("told of %+v, not of a gap", u)
	}
}
