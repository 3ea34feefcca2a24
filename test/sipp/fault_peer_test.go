package sipp_test

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/call"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 5 of what must hold: two engines on one Asterisk, over agents who come
// and go. Phones send no media here; that both sides hear each other is line 1.

const (
	peerAgents   = 100
	peerRate     = 20 // calls a second
	peerRingsFor = 2 * time.Second
	// claimedWithin is how long a call is offered to the engines before the fallback has it.
	claimedWithin = 500 * time.Millisecond
)

func TestGivenTwoEngines_WhenCallsFloodFlappingAgents_ThenNoPhoneHoldsTwoAndOneTakesOverFromTheOther(t *testing.T) {
	calls := 500
	if long() {
		calls = 2000
	} else {
		t.Logf("%d calls; 2,000 with POWERLINE_LONG=1", calls)
	}
	h, ctx := open(t, helpline.Options{Women: peerAgents, Engines: 2, Silent: true, RingFor: peerRingsFor}, 6*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Decides(fickle)
	}
	stopReturning := letPausedReturn(ctx, h)
	stopFlapping, flapped := flap(ctx, h)
	lost := flood(ctx, t, h, calls)
	stopFlapping()
	stopReturning()
	t.Logf("%d calls at %d/s over %d agents, of whom %d went away and came back", calls, peerRate, peerAgents, flapped.Load())
	if n := lost.Load(); n > 0 {
		t.Errorf("%d callers were dropped before an agent had answered", n)
	}
	oneCallEach(t, h)
	offersAddUp(ctx, t, h, calls)
	takesOver(ctx, t, h)
}

// fickle agents mostly answer, and sometimes refuse or let it ring out.
func fickle(phone.Invitation) phone.Policy {
	switch n := rand.IntN(100); {
	case n < 4:
		return phone.Reject(486)
	case n < 6:
		return phone.Ignore()
	}
	return phone.AnswerAfter(time.Duration(50+rand.IntN(300)) * time.Millisecond).TalkFor(time.Duration(1500+rand.IntN(2000)) * time.Millisecond)
}

// flap lets agents' softphones drop out of the network for a moment, with the
// call that they may hold, one every second, until it is stopped.
func flap(ctx context.Context, h *helpline.Helpline) (stop func(), flapped *atomic.Int64) {
	ctx, cancel := context.WithCancel(ctx)
	flapped = new(atomic.Int64)
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			p := h.Phone(h.People[rand.IntN(len(h.People))])
			if len(p.Live()) > 0 { // a phone that dies in a call is line 7
				continue
			}
			_ = p.Unregister(ctx) // an offer may be on its way: that is the point
			_ = p.Register(ctx)
			flapped.Add(1)
		}
	})
	return func() { cancel(); wait.Wait(); _ = h.Agents.Register(context.WithoutCancel(ctx), phonesOf(h)...) }, flapped
}

func phonesOf(h *helpline.Helpline) (all []*phone.Phone) {
	for _, p := range h.People {
		all = append(all, h.Phone(p))
	}
	return all
}

// flood lets callers dial at a steady rate and stay until their agents hang up.
// It counts those whose call ended although nobody had answered it.
func flood(ctx context.Context, t *testing.T, h *helpline.Helpline, calls int) *atomic.Int64 {
	t.Helper()
	lost := new(atomic.Int64)
	var wait sync.WaitGroup
	tick := time.NewTicker(time.Second / peerRate)
	defer tick.Stop()
	for i := range calls {
		<-tick.C
		c, err := h.Trunk.Phone(number(i)).Dial(ctx, helpline.Direct, phone.WithSound(phone.Nothing()))
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			if end, err := c.WaitEnded(ctx); err != nil || c.When(phone.Answered).IsZero() {
				lost.Add(1)
				t.Errorf("caller %d: %v %+v", i, err, end)
			}
		})
	}
	wait.Wait()
	return lost
}

// offersAddUp compares three books on the offers: the calls' records, the
// calls' histories and the engines' counters. Agents' phones saw no more INVITEs of
// ours. If the machine stood still for half a second, the fallback queue rang phones as
// well, as it should: that is no offer, and whom it gave to an agent has no record of
// ours.
func offersAddUp(ctx context.Context, t *testing.T, h *helpline.Helpline, calls int) {
	t.Helper()
	soon(ctx, t, 30*time.Second, "all records have reached the database", func() bool {
		left := 0.0
		for _, e := range h.Engines {
			left += figure(ctx, t, e, "acd_records_queued") + figure(ctx, t, e, "acd_journal_bytes")
		}
		return left == 0
	})
	db, err := pgx.Connect(ctx, h.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	var records, complete, offers, endings int
	if err := db.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE outcome LIKE 'complete-%'), sum(offers) FROM call_records`).Scan(&records, &complete, &offers); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(ctx, `SELECT count(*) FROM call_events WHERE event IN ('Connect', 'RingNoAnswer', 'RingCanceled')`).Scan(&endings); err != nil {
		t.Fatal(err)
	}
	counted := 0.0
	for _, e := range h.Engines {
		counted += sumOf(ctx, t, e, "acd_offers_total")
	}
	invites, byFallback, served := invitesByCall(h)
	rung := 0
	for _, ofCall := range invites {
		rung += len(ofCall)
	}
	t.Logf("%d records, %d of them complete; offers: %d recorded, %d ended, %v counted, %d rung; the fallback queue rang %d phones, of which %d answered", records, complete, offers, endings, counted, rung, byFallback, served)
	if byFallback > 0 && stalled(h) < claimedWithin-100*time.Millisecond {
		t.Errorf("the fallback queue rang %d phones, and this machine stood still for no longer than %v", byFallback, stalled(h))
	}
	if records != calls-served || complete != records {
		t.Errorf("%d calls, %d served by the fallback queue, %d records, %d complete", calls, served, records, complete)
	}
	if offers != endings || float64(offers) != counted || rung > offers {
		tellBeyondOffers(ctx, t, db, invites)
		t.Errorf("the books differ: %d offers recorded, %d endings, %v counted, %d rung", offers, endings, counted, rung)
	}
}

// invitesByCall names the INVITEs that agents' phones saw, by the call of ours that
// they bring, and counts those that bring none: they are the fallback queue's. Served
// of these were answered.
func invitesByCall(h *helpline.Helpline) (byCall map[string][]string, byFallback, served int) {
	byCall = map[string][]string{}
	for _, p := range h.People {
		for _, c := range h.Phone(p).Calls() {
			id := c.Invite().Header("X-Powerline-Call")
			switch {
			case !c.Incoming():
			case id != "":
				byCall[id] = append(byCall[id], string(p.ID)+" "+c.Invite().Header("Call-ID"))
			default:
				byFallback++
				if !c.When(phone.Answered).IsZero() {
					served++
				}
			}
		}
	}
	return byCall, byFallback, served
}

// tellBeyondOffers names the INVITEs of calls that rang more often than they were
// offered.
func tellBeyondOffers(ctx context.Context, t *testing.T, db *pgx.Conn, invites map[string][]string) {
	t.Helper()
	offered := map[string]int{}
	var id string
	var offers int
	rows, err := db.Query(ctx, `SELECT id, offers FROM call_records`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&id, &offers}, func() error { offered[id] = offers; return nil }); err != nil {
		t.Fatal(err)
	}
	for id, ofCall := range invites {
		if len(ofCall) > offered[id] {
			t.Logf("call %q was offered %d times and rung by %d INVITEs: %q", id, offered[id], len(ofCall), ofCall)
		}
	}
}

// sumOf adds a figure up over its labels.
func sumOf(ctx context.Context, t *testing.T, e *helpline.Engine, name string) (sum float64) {
	t.Helper()
	text, err := e.Metrics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^`+name+`(?:\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += value
	}
	return sum
}

// takesOver kills one of the two under calls of both, and measures until the
// other one has all of them.
func takesOver(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	t.Helper()
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond))
	var held []*phone.Call
	for i := range peerAgents + 20 { // as many as can talk, and some who wait
		held = append(held, caller(ctx, t, h, 3000+i, helpline.Direct, phone.WithSound(phone.Nothing())))
	}
	owned := func() map[string]int {
		by := map[string]int{}
		if state, err := h.State(ctx); err == nil {
			for _, c := range state.Calls {
				if c.Stage != call.Ended {
					by[c.Owner]++
				}
			}
		}
		return by
	}
	soon(ctx, t, 15*time.Second, "both engines have calls", func() bool {
		by := owned()
		return by["a"] > 0 && by["b"] > 0 && by["a"]+by["b"] == len(held)
	})
	before := owned()
	h.Engines[0].Kill()
	took := soon(ctx, t, 10*time.Second, "the other engine has all calls", func() bool { by := owned(); return by["a"] == 0 && by["b"] == len(held) })
	t.Logf("engine a had %d calls, engine b %d", before["a"], before["b"])
	atMost(t, "from the end of one engine until the other has its calls", took, time.Second+h.Trunk.Stalled())
	for i, c := range held {
		if gone(c) {
			t.Errorf("caller %d was dropped by the takeover", i)
		}
	}
	everybodyDoes(h, phone.AnswerAfter(20*time.Millisecond).TalkFor(500*time.Millisecond))
	hangUp(talks(h))
	for i, c := range held {
		if _, err := c.WaitEnded(ctx); err != nil {
			t.Errorf("caller %d is still on the line: %v", i, err)
		}
	}
	oneCallEach(t, h)
	nothingLeft(ctx, t, h, 15*time.Second)
}
