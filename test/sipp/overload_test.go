package sipp_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The overload of line 9: more callers than the women on duty can take, for
// long enough that head starts and ageing decide who is served.

// tenth: head starts are cut to a tenth, so that seconds show what minutes do.
const tenth = 10

// offered is one call of the overload: what it was, when it began to wait, when
// a phone first rang for it.
type offered struct {
	category     string
	queued, rung time.Time
}

func TestGivenMoreCallersThanWomen_WhenItLasts_ThenCrisisGoesFirstAndTheOthersByHeadStartAndAge(t *testing.T) {
	load, perSecond := 20*time.Second, 7
	if long() {
		load, perSecond = 10*time.Minute, 5
	} else {
		t.Logf("an overload of %v; 10 min with POWERLINE_LONG=1", load)
	}
	heads := map[string]time.Duration{}
	o := withLines(helpline.Options{Women: 6, Silent: true},
		config.Line{DID: lineStalking, Category: "stalking"}, config.Line{DID: lineViolence, Category: "domestic-violence"},
		config.Line{DID: lineCrisis, Category: "crisis"})
	o = changed(o, func(c *config.Config) {
		for i := range c.Routing.Categories {
			k := &c.Routing.Categories[i]
			k.HeadStart /= tenth
			heads[k.Name] = k.HeadStart
		}
	})
	h, ctx := open(t, o, load+5*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	everybodyDoes(h, phone.AnswerAfter(50*time.Millisecond).TalkFor(1200*time.Millisecond))
	n := overload(ctx, t, h, load, perSecond)
	calls := offeredCalls(ctx, t, h, n)
	inOrderOfNeed(t, calls, heads)
	oneCallEach(t, h)
	nothingLeft(ctx, t, h, 10*time.Second)
}

// overload lets callers of all kinds dial and stay until they were served.
func overload(ctx context.Context, t *testing.T, h *helpline.Helpline, load time.Duration, perSecond int) (n int) {
	t.Helper()
	lines := []string{helpline.Direct, lineStalking, helpline.Direct, lineViolence, helpline.Direct, helpline.Direct, lineStalking, lineViolence, helpline.Direct, lineCrisis}
	var wait sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < load; n++ {
		<-tick.C
		c, err := h.Trunk.Phone(number(n)).Dial(ctx, lines[n%len(lines)], phone.WithSound(phone.Nothing()))
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			if _, err := c.WaitEnded(ctx); err != nil {
				t.Errorf("caller %d was not served: %v", n, err)
			}
		})
	}
	wait.Wait()
	return n
}

// offeredCalls reads what the records say of each call, and from the agents'
// phones when the first of them rang for it.
func offeredCalls(ctx context.Context, t *testing.T, h *helpline.Helpline, n int) []offered {
	t.Helper()
	db, err := pgx.Connect(ctx, h.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	soon(ctx, t, 15*time.Second, "all calls are recorded", func() bool {
		recorded := 0
		return db.QueryRow(ctx, "SELECT count(*) FROM call_records WHERE outcome LIKE 'complete-%'").Scan(&recorded) == nil && recorded == n
	})
	rows, err := db.Query(ctx, "SELECT id, category, queued_at FROM call_records")
	if err != nil {
		t.Fatal(err)
	}
	rung := map[string]time.Time{}
	for _, p := range h.Agents.Phones() {
		for _, c := range p.Calls() {
			id := c.Invite().Header("X-Powerline-Call")
			if at := c.When(phone.Invited); c.Incoming() && (rung[id].IsZero() || at.Before(rung[id])) {
				rung[id] = at
			}
		}
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (offered, error) {
		var id string
		var c offered
		err := row.Scan(&id, &c.category, &c.queued)
		if c.rung = rung[id]; err == nil && c.rung.IsZero() {
			err = fmt.Errorf("no phone rang for call %s", id)
		}
		return c, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// inOrderOfNeed fails the test for each call that was offered although another
// one was waiting that ought to have come first.
func inOrderOfNeed(t *testing.T, calls []offered, heads map[string]time.Duration) {
	t.Helper()
	before := func(a, b offered) bool { // a ought to come first, by more than the clocks' blur
		if a.category == "crisis" || b.category == "crisis" {
			return a.category == "crisis" && b.category != "crisis"
		}
		return a.queued.Add(-heads[a.category]).Add(swap).Before(b.queued.Add(-heads[b.category]))
	}
	wrong, longest := 0, map[string]time.Duration{}
	for _, chosen := range calls {
		longest[chosen.category] = max(longest[chosen.category], chosen.rung.Sub(chosen.queued))
		for _, other := range calls {
			waited := other.queued.Add(swap).Before(chosen.rung) && other.rung.After(chosen.rung.Add(swap))
			if waited && before(other, chosen) {
				if wrong++; wrong <= 5 {
					t.Errorf("a %s call that had waited %v was offered before a %s call that had waited %v", chosen.category,
						chosen.rung.Sub(chosen.queued), other.category, chosen.rung.Sub(other.queued))
				}
			}
		}
	}
	t.Logf("%d calls, %d out of order; longest waits %v", len(calls), wrong, longest)
	if longest["unclassified"] < 2*heads["domestic-violence"]/3 {
		t.Errorf("nobody waited long enough for age to matter: %v", longest)
	}
}
