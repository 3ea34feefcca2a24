package dialer

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
	"powerline/routing"
)

// Metrics are the dialer's figures. Labels are kinds, rules and causes: never a
// person, a number or a case.
type Metrics struct {
	dueTasks  *prometheus.GaugeVec // kind
	resting   *prometheus.GaugeVec // reason
	heldPools *prometheus.GaugeVec // pool
	refused   *prometheus.CounterVec
	takenBack *prometheus.CounterVec
	settled   *prometheus.CounterVec
	timers    *prometheus.CounterVec
	gaveUp    *prometheus.CounterVec
	requests  *prometheus.HistogramVec
	told      *prometheus.CounterVec
	setAside  prometheus.Counter
	uncoded   prometheus.Gauge
	answers   prometheus.Gauge
	rounds    *prometheus.CounterVec // work
	paused    *prometheus.GaugeVec   // kind

	// What countBooks reads.
	tasks          *prometheus.GaugeVec // kind, are
	cases          *prometheus.GaugeVec // state
	closed         *prometheus.GaugeVec // closure
	withSupervisor prometheus.Gauge
	undelivered    *prometheus.GaugeVec // are
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		reg.MustRegister(g)
		return g
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	m := &Metrics{
		dueTasks:  gauges("dialer_due_tasks", "Tasks that are due and within their window, by kind.", "kind"),
		resting:   gauges("dialer_resting_tasks", "Due tasks that only wait for an agent, by why there is none.", "reason"),
		heldPools: gauges("dialer_held", "1 while no task of the pool is begun because a caller had to wait.", "pool"),
		refused:   counters("dialer_refused_total", "Attempts that a rule forbade, by rule.", "rule"),
		takenBack: counters("dialer_taken_back_total", "Calls taken back while they rang, by reason.", "reason"),
		settled:   counters("dialer_settled_total", "Attempts that reached nobody and moved their task, by kind and result.", "kind", "result"),
		timers:    counters("dialer_timers_total", "Timers of cases that fired.", "timer"),
		gaveUp:    counters("dialer_gave_up_total", "Callers who gave up waiting, by what follows: called-back, or why nobody calls them.", "follows"),
		told:      counters("dialer_deliveries_total", "Tries to tell a receiver of webhooks, by topic and how they ended.", "topic", "end"),
		setAside:  prometheus.NewCounter(prometheus.CounterOpts{Name: "dialer_set_aside_total", Help: "Tasks set aside because they cannot be worked on. Wants a supervisor."}),
		uncoded:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "dialer_uncoded", Help: "Conversations older than half an hour without an outcome."}),
		answers:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "dialer_database_answers", Help: "0 while the database is away and nothing is dialled."}),
		rounds:    counters("dialer_rounds_total", "Rounds of work that were done to their end: dial, settle, count-books.", "work"),
		paused:    gauges("dialer_paused", "1 while an operator has paused the kind of task.", "kind"),

		tasks:          gauges("dialer_tasks", "Tasks in hand by kind; due, late (due for over a day) and set-aside are parts of in-hand.", "kind", "are"),
		cases:          gauges("dialer_cases", "Open cases by where they stand on the ladder.", "state"),
		closed:         gauges("dialer_cases_closed", "Closed cases by why; unreached is never counted as resolved.", "closure"),
		withSupervisor: prometheus.NewGauge(prometheus.GaugeOpts{Name: "dialer_cases_with_supervisor", Help: "Open cases that stand still until a supervisor decides."}),
		undelivered:    gauges("dialer_undelivered", "Deliveries to the world: waiting, or given-up.", "are"),
	}
	m.prepare()
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "dialer_api_seconds", Help: "Requests to the API, by route and status.", Buckets: []float64{.005, .02, .1, .5, 2, 10}}, []string{"route", "status"})
	reg.MustRegister(m.requests, m.setAside, m.uncoded, m.answers, m.withSupervisor)
	return m
}

// prepare gives every series its first value: a counter that appears with 1 has
// no increase for Prometheus.
func (m *Metrics) prepare() {
	for _, work := range []string{roundDial, roundSettle, roundBooks} {
		m.rounds.WithLabelValues(work)
	}
	for _, timer := range []cases.TimerName{
		cases.TriageTimer, cases.IdentifyTimer, cases.StationTimer, cases.FinalTimer, cases.EmergencyTimer, cases.ReminderTimer, cases.MinorTimer,
	} {
		m.timers.WithLabelValues(string(timer))
	}
	for _, rule := range []cases.Rule{cases.OutsideWindow, cases.WindowCloses, cases.NumberLive, cases.NumberCalling, cases.NumberCap, cases.KindPaused, "at-start"} {
		m.refused.WithLabelValues(string(rule))
	}
	for _, follows := range []string{"called-back", string(cases.TooShort), string(cases.Withheld), string(cases.SilentCaller), string(cases.MustNotRing), string(cases.UnsafeHour)} {
		m.gaveUp.WithLabelValues(follows)
	}
	for _, reason := range []string{"crisis", "called-off", "paused"} {
		m.takenBack.WithLabelValues(reason)
	}
}

func (m *Metrics) due(due []postgres.Work) {
	count := map[cases.Kind]int{}
	for _, w := range due {
		count[w.Task.Kind]++
	}
	for _, k := range cases.Kinds {
		m.dueTasks.WithLabelValues(string(k)).Set(float64(count[k]))
	}
}

// rests are all reasons, so that one which is no more reads 0.
var rests = []routing.Rest{routing.NobodyFits, routing.CallersWait, routing.KeptBack, routing.AllBusy, routing.BehindOthers}

func (m *Metrics) rest(p routing.Paced) {
	count := map[routing.Rest]int{}
	for _, r := range p.Resting {
		count[r.Why]++
	}
	for _, r := range rests {
		m.resting.WithLabelValues(string(r)).Set(float64(count[r]))
	}
	for _, pool := range pools {
		m.heldPools.WithLabelValues(string(pool)).Set(oneIf(p.Held[pool]))
	}
}

func (m *Metrics) pauses(paused []postgres.Pause) {
	for _, k := range cases.Kinds {
		is := slices.ContainsFunc(paused, func(p postgres.Pause) bool { return p.Kind == k })
		m.paused.WithLabelValues(string(k)).Set(oneIf(is))
	}
}

// backlogs sets every kind, so that one of which nothing is left reads 0.
func (m *Metrics) backlogs(all []postgres.Backlog) {
	of := map[cases.Kind]postgres.Backlog{}
	for _, b := range all {
		of[b.Kind] = b
	}
	for _, k := range cases.Kinds {
		b := of[k]
		for are, n := range map[string]int{"in-hand": b.InHand, "due": b.Due, "late": b.Late, "set-aside": b.SetAside} {
			m.tasks.WithLabelValues(string(k), are).Set(float64(n))
		}
	}
}

// closures are all of them, as rests are.
var closures = []cases.Closure{cases.Resolved, cases.Withdrawn, cases.Unreached, cases.NotOurs, cases.Duplicate, cases.Hoax}

func (m *Metrics) countedCases(all []postgres.CaseCount) {
	open, closed, waiting := map[cases.State]int{}, map[cases.Closure]int{}, 0
	for _, c := range all {
		switch {
		case c.State.Open():
			open[c.State] += c.N
			if c.Concern != cases.NoConcern {
				waiting += c.N
			}
		case c.State == cases.Closed:
			closed[c.Closure] += c.N
		}
	}
	for _, s := range cases.States {
		if s.Open() {
			m.cases.WithLabelValues(string(s)).Set(float64(open[s]))
		}
	}
	for _, c := range closures {
		m.closed.WithLabelValues(string(c)).Set(float64(closed[c]))
	}
	m.withSupervisor.Set(float64(waiting))
}

func (m *Metrics) outbox(waiting, givenUp int) {
	m.undelivered.WithLabelValues("waiting").Set(float64(waiting))
	m.undelivered.WithLabelValues("given-up").Set(float64(givenUp))
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (m *Metrics) database(away bool) {
	m.answers.Set(oneIf(!away))
}

var pools = []agent.Pool{agent.Women, agent.MaleOfficers}

func (m *Metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *Metrics) delivery(topic, end string) { m.told.WithLabelValues(topic, end).Inc() }
