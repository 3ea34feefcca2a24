package dialer

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"sync"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/routing"
)

// Deps are what a dialer works with. All must be set.
type Deps struct {
	Store    Store
	Settings func() config.Outbound
	Metrics  *Metrics
	Log      *slog.Logger
	// Now is the clock by which windows open; time.Now but for tests and the demo.
	Now func() time.Time
	// Ago is what that clock said so much real time ago. A record takes as long to
	// be written whether the ladder's days are short or not.
	Ago func(time.Duration) time.Time
}

// Dialer decides what is dialled. Create it with New, give it to the engine as
// its Outbound, and run it once the engine runs.
type Dialer struct {
	store    Store
	settings func() config.Outbound
	metrics  *Metrics
	log      *slog.Logger
	now      func() time.Time
	ago      func(time.Duration) time.Time
	engine   Engine

	mu      sync.Mutex
	flights map[string]flight // attempts that were placed and have not ended
	held    map[agent.Pool]bool
	rang    map[string]bool // inbound calls whose call-back tasks were ended
	gaveUp  map[string]bool // callers who gave up and were looked at
	away    bool            // the database gave no answer when asked last
	unseen  map[string]int  // in how many passes of late an attempt without an end had no call; of settle alone

	// freshFor is how long a decision holds while it is carried out: a caller may
	// come to wait, and an agent be taken, at any moment.
	freshFor time.Duration
}

// flight is an attempt on its way, as Destination needs it.
type flight struct {
	task  cases.TaskID
	agent agent.ID
	shown string
}

// New is a dialer that does nothing before Run.
func New(d Deps) *Dialer {
	return &Dialer{
		store: d.Store, settings: d.Settings, metrics: d.Metrics, log: d.Log, now: d.Now, ago: d.Ago,
		flights: map[string]flight{}, held: map[agent.Pool]bool{}, rang: map[string]bool{}, gaveUp: map[string]bool{},
		freshFor: 250 * time.Millisecond,
	}
}

// settleEvery is how often ends, timers and the dead are looked after.
const settleEvery = time.Second

// Run dials until ctx ends. Calls in hand go on in the engine.
func (d *Dialer) Run(ctx context.Context, engine Engine) {
	d.engine = engine
	var work sync.WaitGroup
	work.Go(func() { d.every(ctx, roundDial, func() time.Duration { return d.settings().Every }, d.dial) })
	work.Go(func() { d.every(ctx, roundSettle, func() time.Duration { return settleEvery }, d.settle) })
	work.Go(func() { d.every(ctx, roundBooks, func() time.Duration { return booksEvery }, d.countBooks) })
	work.Wait()
}

// The rounds, as the metric names them.
const (
	roundDial   = "dial"
	roundSettle = "settle"
	roundBooks  = "count-books"
)

// every does a round of work again and again. Whoever watches sees which rounds
// come to their end.
func (d *Dialer) every(ctx context.Context, round string, pause func() time.Duration, do func(context.Context) (done bool)) {
	for ctx.Err() == nil {
		if do(ctx) {
			d.metrics.rounds.WithLabelValues(round).Inc()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause()):
		}
	}
}

// dueAtOnce is how many due tasks are looked at in one decision: more than there
// are agents, so that a task for whom nobody is free hides none behind it.
const dueAtOnce = 400

// dial is one decision.
func (d *Dialer) dial(ctx context.Context) (done bool) {
	view := floorOf{d.engine.View()}
	if !view.Ready {
		return false
	}
	d.giveWay(view)
	d.callersRang(ctx, view)
	now := d.now()
	due, err := d.store.Due(ctx, d.settings().Ladder, now, dueAtOnce)
	if d.databaseAway(ctx, err) {
		return false
	}
	d.metrics.due(due)
	// The database may have taken its time, and a caller may have come meanwhile.
	if view = (floorOf{d.engine.View()}); !view.Ready {
		return
	}
	decided := time.Now()
	works := d.may(due, view, now)
	paced := routing.Pace(d.pacing(view, works, now))
	d.held = paced.Held
	d.metrics.rest(paced)
	for _, given := range paced.Assignments {
		if time.Since(decided) > d.freshFor {
			return // the next decision is near
		}
		d.place(ctx, works[given.Work], given.Agent, decided)
	}
	return true
}

// giveWay takes ringing calls back whose agents a crisis caller needs.
func (d *Dialer) giveWay(view floorOf) {
	for _, attempt := range routing.ToTakeBack(d.pacing(view, nil, d.now()), view.ringing()) {
		d.log.Info("call taken back for a caller in crisis", "call", attempt)
		d.metrics.takenBack.WithLabelValues("crisis").Inc()
		d.engine.TakeBack(attempt, "crisis")
	}
}

// may are the tasks to which nothing but agents is missing.
func (d *Dialer) may(due []postgres.Work, view floorOf, now time.Time) map[string]postgres.Work {
	calling := view.calling()
	var idle []agent.Profile
	for _, a := range view.Agents {
		idle = append(idle, a.Profile)
	}
	works := map[string]postgres.Work{}
	for _, w := range due {
		w.Facts.Calling, w.Facts.Agents = calling[w.Task.Number], idle
		if why := d.settings().Ladder.Check(w.Task, w.Case, w.Facts, now); len(why) > 0 {
			d.metrics.refused.WithLabelValues(string(why[0].Rule)).Inc()
			continue
		}
		works[string(w.Task.ID)] = w
	}
	return works
}

func (d *Dialer) pacing(view floorOf, works map[string]postgres.Work, now time.Time) routing.Pacing {
	r, other := d.settings().Reserve, d.settings().OtherLanguage
	p := routing.Pacing{
		Now: now, Agents: view.Agents, Held: d.held, Policy: view.Policy,
		Otherwise: routing.Otherwise{Language: other.Code, After: other.After},
		Reserve:   routing.Reserve{Women: r.Women, Crisis: r.Crisis, Officers: r.Officers, Resume: r.Resume},
	}
	for _, c := range view.Calls {
		if w, waits := acd.Waits(c); waits {
			p.Waiting = append(p.Waiting, w)
		}
	}
	if view.InFallback > 0 { // for whom, that queue does not tell us
		p.Waiting = append(p.Waiting, routing.Call{Pool: agent.Women}, routing.Call{Pool: agent.MaleOfficers})
	}
	for id, w := range works {
		t := w.Task
		p.Work = append(p.Work, routing.Work{
			ID: id, Pool: t.Pool, Skill: Skill(t.Kind), Language: t.Language, Priority: t.Priority, Due: t.Due,
			Counsellor: t.Counsellor, Officer: t.Officer, Excluded: t.Excluded, Only: t.Only,
		})
	}
	return p
}

// Skill is the outbound skill of the roster that a kind of task asks for; empty
// asks for none: whoever takes callers may call them back.
func Skill(k cases.Kind) string {
	switch k {
	case cases.CallOffender, cases.CallContact:
		return string(k)
	case cases.AskFeedback, cases.AskFinal, cases.AskChoice, cases.AskAgain, cases.Recontact:
		return string(cases.AskFeedback)
	}
	return ""
}

// Line is the number of ours that a task shows.
func Line(o config.Outbound, k cases.Kind) string {
	if k == cases.CallOffender || k == cases.CallContact {
		return o.OffenderLine
	}
	return o.VictimLine
}

// place writes the attempt and begins it, unless the writing took so long that the
// decision is old.
func (d *Dialer) place(ctx context.Context, w postgres.Work, by agent.ID, decided time.Time) {
	o, t := d.settings(), w.Task
	a := postgres.Attempt{
		ID: call.AttemptID(strings.ToLower(rand.Text())), Task: t.ID, Case: w.CaseID, Kind: t.Kind, Number: t.Number,
		Agent: by, CallerID: Line(o, t.Kind), At: d.now(),
	}
	if err := d.store.StartAttempt(ctx, o.Ladder, a); err != nil {
		if !d.databaseAway(ctx, err) {
			d.log.Info("attempt does not start", "task", t.ID, "kind", t.Kind, "error", err)
			d.metrics.refused.WithLabelValues("at-start").Inc()
		}
		return
	}
	if time.Since(decided) > d.freshFor {
		d.log.Info("attempt is not begun: it took too long to write", "call", a.ID, "task", t.ID)
		d.end(ctx, a.ID, "not-placed", "late")
		return
	}
	d.mu.Lock()
	d.flights[a.ID] = flight{task: t.ID, agent: by, shown: a.CallerID}
	d.mu.Unlock()
	err := d.engine.Place(acd.Placement{
		Attempt: a.ID, Task: string(t.ID), Work: string(t.Kind), Line: a.CallerID, Language: t.Language,
		Pool: t.Pool, DialFor: o.DialFor, Agent: by, RingFor: o.RingAgentFor,
	})
	if err != nil {
		d.log.Warn("attempt could not be placed", "task", t.ID, "error", err)
		d.end(ctx, a.ID, "not-placed", "engine")
	}
}

// callersRang ends the call-back tasks of those who call again.
func (d *Dialer) callersRang(ctx context.Context, view floorOf) {
	seen := map[string]bool{}
	for _, c := range view.Calls {
		if _, waits := acd.Waits(c); c.Caller == "" || IsOurs(c) || !waits && c.Answered.IsZero() {
			continue
		}
		seen[c.ID] = true
		if d.rang[c.ID] {
			continue
		}
		if _, err := d.store.CallerRang(ctx, c.Caller, d.now()); d.databaseAway(ctx, err) {
			delete(seen, c.ID)
		}
	}
	d.rang = seen
}

// databaseAway notes whether the database answers, and says so once.
func (d *Dialer) databaseAway(ctx context.Context, err error) bool {
	away := postgres.Away(err)
	if ctx.Err() != nil {
		return err != nil
	}
	d.mu.Lock()
	changed := away != d.away
	d.away = away
	d.mu.Unlock()
	switch {
	case changed && away:
		d.log.Warn("database gives no answer: nothing is dialled until it does", "error", err)
	case changed:
		d.log.Info("database answers again")
	}
	d.metrics.database(away)
	return away
}
