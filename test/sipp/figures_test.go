package sipp_test

import (
	"context"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"powerline/agent"
	formulas "powerline/figure"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The scripted day: who calls when, who gives up after what, how long agents talk.
const (
	dayAgents   = 10
	dayWrapUp   = time.Second
	dayRing     = 200 * time.Millisecond
	dayEvery    = 270 * time.Millisecond // a little more than the agents can serve
	dayWithin   = 2 * time.Second        // T
	dayPatience = 800 * time.Millisecond
)

// measured is what the telephones say of a day.
type measured struct {
	calls formulas.Calls
	time  formulas.Time
}

// TestGivenAScriptedDay_WhenItIsOver_ThenReportsAndMetricsSayWhatThePhonesMeasured: 500
// calls with POWERLINE_LONG=1, and then to one percent.
func TestGivenAScriptedDay_WhenItIsOver_ThenReportsAndMetricsSayWhatThePhonesMeasured(t *testing.T) {
	callers, tolerance := 120, .04 // one of them is 0.9 points
	if os.Getenv("POWERLINE_LONG") != "" {
		callers, tolerance = 500, .01
	}
	h, ctx := open(t, helpline.Options{
		Women: dayAgents, WrapUp: dayWrapUp, Silent: true,
		Changes: []func(*config.Config){func(c *config.Config) { c.ServiceLevel.Threshold = dayWithin }},
	}, 6*time.Minute)
	rnd := rand.New(rand.NewPCG(36, 500))
	began := time.Now()
	at := shift(ctx, t, h, rnd)
	called := callIn(ctx, t, h, rnd, callers)
	if err := h.UntilAgents(ctx, "everybody is idle", h.People, func(a agent.Agent) bool { return a.Routable() }); err != nil {
		t.Fatal(err)
	}
	home(ctx, t, h, at)

	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	report := booked(ctx, t, db, postgres.Period{From: began, To: time.Now(), Part: time.Hour}, callers)
	want := telephones(t, h, byID(ctx, t, h, called), at)
	compare(t, "the report", want, report, tolerance)
	compare(t, "Prometheus", want, exported(ctx, t, h.Engines[0]), tolerance)
}

// present is when an agent came and went.
type present struct{ from, to time.Time }

// shift logs the agents in and has each answer after a ring and talk for a while
// of her own.
func shift(ctx context.Context, t *testing.T, h *helpline.Helpline, rnd *rand.Rand) map[agent.ID]*present {
	t.Helper()
	at := map[agent.ID]*present{}
	all := errgroup.Group{}
	for _, p := range h.People {
		here := &present{}
		at[p.ID] = here
		all.Go(func() error {
			err := h.SignIn(ctx, p)
			here.from = time.Now()
			return err
		})
		talks := make([]time.Duration, 600)
		for i := range talks {
			talks[i] = time.Second + time.Duration(rnd.IntN(2000))*time.Millisecond
		}
		h.Phone(p).Decides(func(i phone.Invitation) phone.Policy {
			return phone.AnswerAfter(dayRing).TalkFor(talks[i.Nth%len(talks)])
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := h.UntilAgents(ctx, "everybody may be rung", h.People, func(a agent.Agent) bool { return a.Routable() }); err != nil {
		t.Fatal(err)
	}
	return at
}

// home logs them out, and notes when.
func home(ctx context.Context, t *testing.T, h *helpline.Helpline, at map[agent.ID]*present) {
	t.Helper()
	all := errgroup.Group{}
	for _, p := range h.People {
		all.Go(func() error { return h.Dial(ctx, p, "*12") })
		all.Go(func() error {
			err := h.UntilAgents(ctx, string(p.ID)+" has gone", []helpline.Person{p}, func(a agent.Agent) bool { return a.Status == agent.LoggedOut })
			at[p.ID].to = time.Now()
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}

// callIn has everybody call at her moment; every sixth gives up after her patience,
// whatever has come of her call.
func callIn(ctx context.Context, t *testing.T, h *helpline.Helpline, rnd *rand.Rand, callers int) []*phone.Call {
	t.Helper()
	all := make([]*phone.Call, callers)
	var wait sync.WaitGroup
	next := time.NewTicker(dayEvery)
	defer next.Stop()
	for i := range callers {
		gives := time.Duration(0)
		if i%6 == 5 {
			gives = dayPatience + time.Duration(rnd.IntN(2000))*time.Millisecond
		}
		<-next.C
		wait.Go(func() { all[i] = oneCall(ctx, t, h, i, gives) })
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return all
}

func oneCall(ctx context.Context, t *testing.T, h *helpline.Helpline, i int, gives time.Duration) *phone.Call {
	c, err := h.Trunk.Phone(number(i), phone.Deaf()).Dial(ctx, helpline.Direct)
	if err == nil {
		_, err = c.WaitAnswered(ctx)
	}
	if err != nil {
		t.Errorf("caller %d: %v", i, err)
		return nil
	}
	if gives > 0 {
		leave := time.AfterFunc(time.Until(c.When(phone.Answered).Add(gives)), c.HangUp)
		defer leave.Stop()
	}
	if _, err := c.WaitEnded(ctx); err != nil {
		t.Errorf("caller %d: %v", i, err)
	}
	return c
}

// telephones computes the figures from SIP messages alone. A caller's wait begins
// with the 200 that she gets and ends with that of the agent who had her call; one who
// was gone before the agent's 200 was not answered.
func telephones(t *testing.T, h *helpline.Helpline, callers map[string]*phone.Call, at map[agent.ID]*present) measured {
	t.Helper()
	m := measured{calls: formulas.Calls{Ended: len(callers), Levels: []formulas.Level{{Within: dayWithin}}}}
	level := &m.calls.Levels[0]
	gaveUp := maps.Clone(callers)
	for _, p := range h.People {
		free := at[p.ID].to.Sub(at[p.ID].from)
		for _, leg := range h.Phone(p).Calls() {
			if !leg.Incoming() {
				continue
			}
			free -= orElse(leg.When(phone.Answered), leg.When(phone.Ended)).Sub(leg.When(phone.Invited))
			id := leg.Invite().Header("X-Powerline-Call")
			c := callers[id]
			if c == nil {
				t.Fatalf("%s was rung for %s, which is nobody's call", leg.Phone().User(), id)
			}
			if leg.When(phone.Answered).IsZero() || c.When(phone.Ended).Before(leg.When(phone.Answered)) {
				continue
			}
			if gaveUp[id] == nil {
				t.Fatalf("%s was answered twice", id)
			}
			delete(gaveUp, id)
			wait := leg.When(phone.Answered).Sub(c.When(phone.Answered))
			m.calls.Answered++
			m.calls.Waited += wait
			if wait <= dayWithin {
				level.InTime++
			}
			talk := leg.When(phone.Ended).Sub(leg.When(phone.Answered))
			m.time.Add("talking", formulas.Inbound, talk)
			m.time.Add("wrap-up", formulas.Inbound, dayWrapUp)
			free -= talk + dayWrapUp
		}
		m.time.Add("idle", formulas.NoWork, free)
	}
	for _, c := range gaveUp {
		m.calls.Abandoned++
		if c.When(phone.Ended).Sub(c.When(phone.Answered)) > dayWithin {
			level.Late++
		}
	}
	return m
}

// byID names the callers' calls as the agents' phones hear them named. Whose call was
// whose is all that is taken from the books; the times are those of the phones.
func byID(ctx context.Context, t *testing.T, h *helpline.Helpline, callers []*phone.Call) map[string]*phone.Call {
	t.Helper()
	of := map[string]*phone.Call{}
	for _, c := range callers {
		of[h.Fingerprint(c)] = c
	}
	db, err := pgx.Connect(ctx, h.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(ctx))
	rows, err := db.Query(ctx, "SELECT id, caller_fingerprint FROM call_records")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]*phone.Call{}
	var id, print string
	if _, err := pgx.ForEachRow(rows, []any{&id, &print}, func() error {
		named[id] = of[print]
		delete(of, print)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(of) > 0 || len(named) != len(callers) {
		t.Fatalf("%d calls are in the books, those of %d callers are not", len(named), len(of))
	}
	return named
}

func orElse(t, other time.Time) time.Time {
	if t.IsZero() {
		return other
	}
	return t
}

// booked are the figures of the reports.
func booked(ctx context.Context, t *testing.T, db *postgres.DB, p postgres.Period, callers int) measured {
	t.Helper()
	var m measured
	if err := helpline.Until(ctx, "every call is in the books", func() bool {
		m = measured{}
		sums, err := db.CallSums(ctx, p, []time.Duration{dayWithin})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sums {
			m.calls = m.calls.Plus(s.Calls)
		}
		return m.calls.Ended == callers
	}); err != nil {
		t.Fatal(err)
	}
	times, err := db.TimeSums(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range times {
		if s.Part >= 0 {
			m.time.Add(s.Activity, s.Work, s.Lasted)
		}
	}
	return m
}

// exported are the figures of the metrics, by the formulas of the glossary.
func exported(ctx context.Context, t *testing.T, e *helpline.Engine) measured {
	t.Helper()
	sum := func(name string) float64 { return seriesSum(ctx, t, e, name) }
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	m := measured{calls: formulas.Calls{
		Ended: int(sum("acd_calls_total")), Answered: int(sum("acd_answer_seconds_count")), Waited: seconds(sum("acd_answer_seconds_sum")),
		Abandoned: int(sum(`acd_calls_total{category="[^"]*",outcome="abandoned-[^"]*"}`)),
		Levels:    []formulas.Level{{Within: dayWithin, InTime: int(sum("acd_answered_in_time_total")), Late: int(sum("acd_abandoned_late_total"))}},
	}}
	for _, state := range []formulas.Activity{"talking", "wrap-up"} {
		m.time.Add(state, formulas.Inbound, seconds(sum(`acd_agent_seconds_total{state="`+string(state)+`",work="inbound"}`)))
	}
	m.time.Add("idle", formulas.NoWork, seconds(sum(`acd_agent_seconds_total{state="idle",work="none"}`)))
	return m
}

// seriesSum adds up all series of a name; a selector after it is a regular expression.
func seriesSum(ctx context.Context, t *testing.T, e *helpline.Engine, name string) (sum float64) {
	t.Helper()
	text, err := e.Metrics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(name, "{") {
		name += `(?:\{[^}]*\})?`
	}
	for _, found := range regexp.MustCompile(`(?m)^`+strings.NewReplacer("{c", `\{c`, "{s", `\{s`, `"}`, `"\}`).Replace(name)+` (\S+)$`).FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += value
	}
	return sum
}

func compare(t *testing.T, who string, want, got measured, tolerance float64) {
	t.Helper()
	asa, _ := want.calls.ASA()
	gotASA, _ := got.calls.ASA()
	aht, _ := formulas.AHT(want.calls, want.time)
	gotAHT, _ := formulas.AHT(got.calls, got.time)
	occupancy, _ := want.time.Occupancy()
	gotOccupancy, _ := got.time.Occupancy()
	for _, f := range []struct {
		name      string
		want, got float64
		share     bool // is held in points of a percent, a time in parts of itself
	}{
		{"service level", want.calls.ServiceLevel(dayWithin).Value(), got.calls.ServiceLevel(dayWithin).Value(), true},
		{"ASA", asa.Seconds(), gotASA.Seconds(), false}, {"AHT", aht.Seconds(), gotAHT.Seconds(), false},
		{"abandonment", want.calls.Abandonment().Value(), got.calls.Abandonment().Value(), true}, {"occupancy", occupancy, gotOccupancy, true},
	} {
		off := math.Abs(f.got - f.want)
		if !f.share {
			off /= f.want
		}
		t.Logf("%s: %s is %.4f, the phones measured %.4f: %.2f %% off", who, f.name, f.got, f.want, 100*off)
		if off > tolerance || math.IsNaN(off) {
			t.Errorf("%s: %s is %.4f, the phones measured %.4f: more than %.0f %% off", who, f.name, f.got, f.want, 100*tolerance)
		}
	}
	// Who hangs up in the moment of the answer was answered by the phone, and not by
	// the books: they were never in a bridge.
	if off := math.Abs(float64(got.calls.Answered - want.calls.Answered)); off > max(2, tolerance*float64(want.calls.Ended)) || got.calls.Ended != want.calls.Ended {
		t.Errorf("%s: %d answered and %d abandoned of %d, the phones say %d and %d of %d", who,
			got.calls.Answered, got.calls.Abandoned, got.calls.Ended, want.calls.Answered, want.calls.Abandoned, want.calls.Ended)
	}
}
