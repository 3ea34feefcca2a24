package dialer

import (
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
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauges := func(name, help, label string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{label})
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
	}
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "dialer_api_seconds", Help: "Requests to the API, by route and status.", Buckets: []float64{.005, .02, .1, .5, 2, 10}}, []string{"route", "status"})
	reg.MustRegister(m.requests, m.setAside, m.uncoded, m.answers)
	return m
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
		count[r]++
	}
	for _, r := range rests {
		m.resting.WithLabelValues(string(r)).Set(float64(count[r]))
	}
	for _, pool := range pools {
		held := 0.0
		if p.Held[pool] {
			held = 1
		}
		m.heldPools.WithLabelValues(string(pool)).Set(held)
	}
}

func (m *Metrics) database(away bool) {
	if away {
		m.answers.Set(0)
		return
	}
	m.answers.Set(1)
}

var pools = []agent.Pool{agent.Women, agent.MaleOfficers}

func (m *Metrics) request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *Metrics) delivery(topic, end string) { m.told.WithLabelValues(topic, end).Inc() }
