package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/queue"
	"powerline/queue/queuetest"
)

// shared is the Redis of all tests that do it no harm; each has a site of its
// own in it. Tests that kill or wipe start one for themselves.
var shared *stack.Redis

func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(stack.Options{Only: []string{stack.NameRedis}}, func(s *stack.Stack) int {
		shared = s.Redis
		return m.Run()
	}))
}

var sites atomic.Int64

// opened is a store of a fresh site, and a plain client beside it for harm.
func opened(t testing.TB, server *stack.Redis, change ...func(*queue.Options)) (*queue.Store, *redis.Client, string) {
	t.Helper()
	site := fmt.Sprintf("test-%d", sites.Add(1))
	o := queue.Options{Network: "tcp", Addr: server.Addr, Site: site, Timeout: 5 * time.Second}
	for _, f := range change {
		f(&o)
	}
	s, err := queue.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	plain := redis.NewClient(&redis.Options{Addr: server.Addr, Protocol: 2})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := plain.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, plain, "{" + site + "}:"
}

// subject is a site in the shared Redis that can be harmed alone.
func subject(t testing.TB) queuetest.Subject {
	s, plain, prefix := opened(t, shared)
	wipe := func() { wipeSite(t, plain, prefix) }
	return queuetest.Subject{Store: s, Wipe: wipe, Restore: func(st queue.State) {
		ctx := context.Background()
		wipe()
		must(t, plain.Set(ctx, prefix+"era", st.Era, 0).Err())
		term := int64(0)
		for _, p := range st.Owners {
			term = max(term, p.Term)
			must(t, plain.HSet(ctx, prefix+"owners", p.Name, fmt.Sprintf(`{"term":%d,"beat":%d}`, p.Term, p.Beat)).Err())
		}
		if term > 0 {
			must(t, plain.Set(ctx, prefix+"term", term, 0).Err())
		}
		for _, c := range st.Calls {
			must(t, plain.HSet(ctx, prefix+"calls", c.ID, encoded(t, c)).Err())
		}
		for _, a := range st.Agents {
			must(t, plain.HSet(ctx, prefix+"agents", string(a.Profile.ID), encoded(t, a)).Err())
		}
	}}
}

// wipeSite loses one site of a server that others use.
func wipeSite(t testing.TB, plain *redis.Client, prefix string) {
	t.Helper()
	for _, key := range []string{"era", "calls", "agents", "owners", "term", "places"} {
		must(t, plain.Del(context.Background(), prefix+key).Err())
	}
}

func inMemory(testing.TB) queuetest.Subject {
	m := queue.NewMemory()
	return queuetest.Subject{Store: m, Wipe: m.Wipe, Restore: m.Restore}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

func TestRedis(t *testing.T) { queuetest.Exercise(t, subject) }

func TestMemory(t *testing.T) { queuetest.Exercise(t, inMemory) }

// noLeaks fails the test if goroutines outlive it and its clean-ups.
func noLeaks(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}
