package sipp_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 6 of what must hold: the stores are emptied, killed and kept away under
// 20 who talk and 30 who wait.

const (
	storeTalkers = 20
	storeWaiters = 30
	// backToRouting is from the moment at which Redis answers again to the next
	// ring of an agent who became free while it did not.
	backToRouting = 5 * time.Second
)

// redisFaults are what happens to Redis. Each returns when Redis answers again.
var redisFaults = map[string]func(ctx context.Context, t *testing.T, h *helpline.Helpline){
	"emptied": func(ctx context.Context, t *testing.T, h *helpline.Helpline) {
		client := redis.NewClient(&redis.Options{Addr: h.Redis.Addr})
		defer client.Close()
		if err := client.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
	},
	"killed and started": func(ctx context.Context, t *testing.T, h *helpline.Helpline) {
		if err := h.Redis.Restart(ctx); err != nil {
			t.Fatal(err)
		}
	},
	"killed, its data lost": func(ctx context.Context, t *testing.T, h *helpline.Helpline) {
		h.Redis.Kill()
		if err := h.Redis.Wipe(); err != nil {
			t.Fatal(err)
		}
		if err := h.Redis.Start(ctx); err != nil {
			t.Fatal(err)
		}
	},
}

func TestGivenWaitingAndTalkingCallers_WhenRedisLosesWhatItHolds_ThenNobodyNoticesAndOrderIsKept(t *testing.T) {
	for name, strike := range redisFaults {
		t.Run(name, func(t *testing.T) {
			h, ctx := open(t, helpline.Options{Women: storeTalkers}, 2*time.Minute)
			talking, waiting, legs := full(ctx, t, h, storeTalkers, storeWaiters)
			everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond).TalkFor(1500*time.Millisecond))
			strike(ctx, t, h)
			struck := time.Now()
			hangUp(legs[:3])
			rung := soon(ctx, t, 2*backToRouting, "an agent who became free is rung", func() bool { return len(talks(h)) > storeTalkers-3 })
			atMost(t, "from Redis's answer to the next ring", rung, backToRouting)
			hangUp(legs[3:])
			waiting.served(ctx, t, "waiting")
			for who, c := range map[string]*crowd{"talking": talking, "waiting": waiting} {
				c.over(ctx, t, who)
				c.neverSilent(t, who, 5*time.Second)
			}
			inOrder(t, "waiting", waiting.firstOffers(t, "waiting"))
			onceEach(t, waiting)
			oneCallEach(t, h)
			nothingLeft(ctx, t, h, 10*time.Second)
			t.Logf("everything was over %v after the fault", time.Since(struck).Round(time.Millisecond))
		})
	}
}

// onceEach fails the test if two agents were rung for one caller at the same
// time, or a second one although the first had answered.
func onceEach(t *testing.T, c *crowd) {
	t.Helper()
	for i, id := range c.ids {
		answered := 0
		for _, o := range c.h.Offers(id) {
			if !o.When(phone.Answered).IsZero() {
				answered++
			}
		}
		if answered > 1 {
			t.Errorf("caller %d was answered by %d agents", i, answered)
		}
	}
}

// TestGivenAStreamOfCalls_… serves callers while the
// database is down, for long enough that records must go to the journal, and
// counts them afterwards.
func TestGivenAStreamOfCalls_WhenPostgreSQLIsAway_ThenAllAreServedAndEachIsRecordedOnce(t *testing.T) {
	t.Parallel()
	away := 12 * time.Second
	if long() {
		away = time.Minute
	} else {
		t.Logf("PostgreSQL is away for %v; 1 min with POWERLINE_LONG=1", away)
	}
	h, ctx := open(t, helpline.Options{Women: 20}, away+90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
	calling := streamOf(ctx, t, h, helpline.Direct, 5, 0)
	soon(ctx, t, 15*time.Second, "calls are served", func() bool { return calling.soFar() > 5 })
	h.Postgres.Kill()
	down := time.Now()
	soon(ctx, t, away+10*time.Second, "the database was away long enough", func() bool { return time.Since(down) > away })
	if err := h.Postgres.Start(ctx); err != nil {
		t.Fatal(err)
	}
	before := calling.soFar()
	soon(ctx, t, 15*time.Second, "calls are served after it came back", func() bool { return calling.soFar() > before+5 })
	calling.end(t, int(away.Seconds()*5))
	soon(ctx, t, 30*time.Second, "all records have reached the database", func() bool {
		return figure(ctx, t, h.Engines[0], "acd_records_queued")+figure(ctx, t, h.Engines[0], "acd_journal_bytes") == 0
	})
	served := calling.soFar()
	soon(ctx, t, 10*time.Second, "each is recorded once, the last one a moment after its end too", func() bool { return recorded(ctx, t, h) >= served })
	if got := recorded(ctx, t, h); got != served {
		t.Errorf("%d calls were served and %d are recorded", served, got)
	}
	t.Logf("%d calls were served, %d of them before the database came back, and each was recorded once", served, before)
	nothingLeft(ctx, t, h, 10*time.Second)
}

// recorded counts the records of completed calls. Their key is the call's id,
// so one that was written twice would have been refused.
func recorded(ctx context.Context, t *testing.T, h *helpline.Helpline) (n int) {
	t.Helper()
	db, err := pgx.Connect(ctx, h.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	if err := db.QueryRow(ctx, "SELECT count(*) FROM call_records WHERE outcome LIKE 'complete-%'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
