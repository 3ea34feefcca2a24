package acd

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/journal"
)

// Metrics are the engine's figures for Prometheus. What is a state is read from
// the floor at scrape time (floorCollector); what happened is counted. No label
// holds anything about a person.
type Metrics struct {
	reg prometheus.Registerer

	calls           *prometheus.CounterVec // outcome, category
	shortAbandoned  *prometheus.CounterVec // place
	answer          *prometheus.HistogramVec
	handle          *prometheus.HistogramVec
	answeredInTime  prometheus.Counter
	abandonedLate   prometheus.Counter
	abandoned       *prometheus.HistogramVec // category
	heavy           *prometheus.CounterVec   // category
	offers          *prometheus.CounterVec   // outcome
	offersRefused   *prometheus.CounterVec
	attempts        *prometheus.CounterVec // kind, outcome, cause
	conversation    *prometheus.HistogramVec
	silent          *prometheus.CounterVec
	agentSeconds    *prometheus.CounterVec // state, work
	claims          *prometheus.CounterVec
	desk            *prometheus.CounterVec
	orders          *prometheus.CounterVec // wish, result
	panics          prometheus.Counter
	repairs         *prometheus.CounterVec
	lawRefusals     *prometheus.CounterVec
	adopted         prometheus.Counter
	rebuilds        prometheus.Counter
	rebuiltCalls    prometheus.Counter
	fenced          prometheus.Counter
	lateActs        prometheus.Counter
	freezes         prometheus.Counter
	storeFailures   prometheus.Counter
	fallbackWaiting prometheus.Gauge
	fallbackTalking prometheus.Gauge
	decide          prometheus.Histogram
	ari             *prometheus.HistogramVec
	store           *prometheus.HistogramVec

	recordingsBegun prometheus.Counter
	recordingGaps   *prometheus.CounterVec // why

	queueVersion prometheus.Gauge

	postgres *prometheus.HistogramVec
	reloads  *prometheus.CounterVec

	threshold func() time.Duration
	isHeavy   func(category string) bool
}

// latency spans what an operation in memory and one over a slow network take.
var latency = []float64{.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10}

// waits spans an answer within the second and one after ten minutes, with the
// edges that the standards name: 8, 10, 15, 20 s.
var waits = []float64{1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600}

// NewMetrics registers all figures.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{reg: reg}
	m.registerCalls()
	m.registerEngine()
	return m
}

func (m *Metrics) registerCalls() {
	m.calls = m.counters("acd_calls_total", "Calls that ended, by outcome (words of queue_log) and category.", "outcome", "category")
	m.shortAbandoned = m.counters("acd_short_abandoned_total", "Abandoned calls whose wait was under 5 s; they are in acd_calls_total too.", "outcome")
	m.answer = m.histograms("acd_answer_seconds", "Wait of answered calls, from EnterQueue to Connect. ASA = sum/count.", waits, "category")
	m.handle = m.histograms("acd_talk_seconds", "Talk time of answered calls.", []float64{15, 30, 60, 120, 240, 480, 900, 1800, 3600}, "category")
	m.answeredInTime = m.counter("acd_answered_in_time_total", "Answered within the threshold T. Service level = this / (answered + acd_abandoned_late_total).")
	m.abandonedLate = m.counter("acd_abandoned_late_total", "Abandoned in the queue after the threshold T.")
	m.abandoned = m.histograms("acd_abandoned_seconds", "Wait of calls that were abandoned in the queue, from EnterQueue to the end. Abandoned after T = count - bucket T.", waits, "category")
	m.heavy = m.counters("acd_heavy_calls_total", "Answered calls of a category that counts as heavy.", "category")
	m.offers = m.counters("acd_offers_total", "Offers of a call to an agent, by what came of them.", "outcome")
	m.offersRefused = m.counters("acd_offers_refused_total", "Proposals of routing that did not become offers, by who refused.", "by")
	m.attempts = m.counters("acd_attempts_total", "Outbound calls that ended, by kind of task, outcome, and why nobody was reached.", "kind", "outcome", "cause")
	m.conversation = m.histograms("acd_outbound_talk_seconds", "Conversations of outbound calls.", []float64{15, 30, 60, 120, 240, 480, 900, 1800, 3600}, "kind")
	m.silent = m.counters("acd_silent_callers_total", "Callers who did not speak, by what a key said for them.", "plea")
	m.agentSeconds = m.counters("acd_agent_seconds_total", "Time that agents spent in a state, counted when it ends; while idle and not available, their status. Work is that of the call: inbound, outbound, aside for a supervisor beside an agent, or none.", "state", "work")
}

func (m *Metrics) registerEngine() {
	m.claims = m.counters("acd_claims_total", "Broadcast calls, by how our claim ended.", "result")
	m.desk = m.counters("acd_agent_codes_total", "Codes dialled by agents, by result.", "result")
	m.orders = m.counters("acd_orders_total", "Orders of agents and supervisors about calls and agents, by result: done, why refused, or error.", "wish", "result")
	m.panics = m.counter("acd_panics_total", "Times that an agent called for a supervisor by the panic key.")
	m.repairs = m.counters("acd_reconcile_repairs_total", "Differences between Asterisk, the store and memory that had to be mended. Target: 0.", "what")
	m.lawRefusals = m.counters("acd_law_refusals_total", "Commits refused by the last check of a law. Target: 0.", "rule")
	m.adopted = m.counter("acd_calls_adopted_total", "Calls taken over from an engine that died.")
	m.rebuilds = m.counter("acd_store_rebuilds_total", "Times that the live state was gone and was rebuilt.")
	m.rebuiltCalls = m.counter("acd_calls_rebuilt_total", "Calls rebuilt from their channels.")
	m.fenced = m.counter("acd_fenced_total", "Actions refused because another engine owns the call.")
	m.lateActs = m.counter("acd_late_acts_total", "Times that too much had passed since a call was known to be ours to act for it.")
	m.freezes = m.counter("acd_freezes_total", "Times that the process did not run for over 1.5 s.")
	m.storeFailures = m.counter("acd_store_failures_total", "Commands that Redis did not answer.")
	m.fallbackWaiting = prometheus.NewGauge(prometheus.GaugeOpts{Name: "acd_fallback_waiting", Help: "Callers in Asterisk's own queues when last looked."})
	m.fallbackTalking = prometheus.NewGauge(prometheus.GaugeOpts{Name: "acd_fallback_talking", Help: "Callers with an agent whom Asterisk's own queues gave them, when last looked."})
	m.reg.MustRegister(m.fallbackWaiting, m.fallbackTalking)
	m.decide = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "acd_decide_seconds", Help: "One decision of routing.", Buckets: latency})
	m.reg.MustRegister(m.decide)
	m.ari = m.histograms("acd_asterisk_seconds", "Commands to Asterisk.", latency, "op", "result")
	m.postgres = m.histograms("acd_database_seconds", "Commands to PostgreSQL.", latency, "op", "result")
	m.recordingsBegun = m.counter("acd_recordings_begun_total", "Conversations that Asterisk was told to record.")
	m.recordingGaps = m.counters("acd_recording_gaps_total", "Conversations, or beginnings of them, that are not recorded, by why. Target: 0.", "why")
	m.queueVersion = prometheus.NewGauge(prometheus.GaugeOpts{Name: "acd_queue_settings_version", Help: "Which of the supervisors' settings of queues is in force; 0 is the file's."})
	m.reg.MustRegister(m.queueVersion)
	m.reloads = m.counters("acd_reloads_total", "Configurations offered while running.", "result")
	m.store = m.histograms("acd_store_seconds", "Commands to Redis.", latency, "op", "result")
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.reg.MustRegister(c)
	return c
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.reg.MustRegister(c)
	return c
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.reg.MustRegister(h)
	return h
}

// ObserveAsterisk and ObserveStore are the hooks of the two adapters.
func (m *Metrics) ObserveAsterisk(op string, took time.Duration, err error) {
	m.ari.WithLabelValues(op, result(err)).Observe(took.Seconds())
}

// ObserveStore is told of each command to Redis.
func (m *Metrics) ObserveStore(op string, took time.Duration, err error) {
	m.store.WithLabelValues(op, result(err)).Observe(took.Seconds())
}

// ObservePostgres is told of each command to PostgreSQL.
func (m *Metrics) ObservePostgres(op string, took time.Duration, err error) {
	m.postgres.WithLabelValues(op, result(err)).Observe(took.Seconds())
}

// watchWriter registers the figures of the record writer.
func (m *Metrics) watchWriter(stats func() journal.WriterStats, quota int64) {
	gauge := func(name, help string, value func(journal.WriterStats) float64) {
		m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(stats()) }))
	}
	gauge("acd_records_queued", "Records in memory, on their way to the database.", func(s journal.WriterStats) float64 { return float64(s.Queued) })
	gauge("acd_records_direct", "1 while records go to the database, 0 while they go to the journal.", func(s journal.WriterStats) float64 {
		return oneIf(s.Direct)
	})
	gauge("acd_journal_bytes", "Size of the journal.", func(s journal.WriterStats) float64 { return float64(s.Journal.Bytes) })
	gauge("acd_journal_max_bytes", "What the journal may hold: journal.maxBytes.", func(journal.WriterStats) float64 { return float64(quota) })
}

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// count follows a call's history.
func (m *Metrics) count(c call.Call, ev call.Log) {
	if ev.Name == call.PanicKey {
		m.panics.Inc()
	}
	if c.Kind == call.Outbound {
		return // ended counts them: an attempt is no offer of a caller
	}
	switch ev.Name {
	case call.Connect:
		m.offers.WithLabelValues("connected").Inc()
		if len(c.Spoken) == 1 { // the first answer is the one she waited for
			wait := c.Answered.Sub(c.Queued)
			m.answer.WithLabelValues(c.Category).Observe(wait.Seconds())
			if wait <= m.threshold() {
				m.answeredInTime.Inc()
			}
		}
	case call.RingNoAnswer:
		m.offers.WithLabelValues(ev.Detail).Inc()
	case call.RingCanceled:
		m.offers.WithLabelValues(string(agent.CallerGone)).Inc()
	case call.Silent:
		m.silent.WithLabelValues(ev.Detail).Inc()
	}
}

// shortAbandon is an abandoned wait that no answer could have met.
const shortAbandon = 5 * time.Second

// ended counts a call that is over.
func (m *Metrics) ended(c call.Call) {
	if c.Kind == call.Outbound {
		m.attempts.WithLabelValues(c.Category, string(c.Outcome), c.Failure.Cause).Inc()
		if !c.Answered.IsZero() {
			m.conversation.WithLabelValues(c.Category).Observe(c.EndedAt.Sub(c.Answered).Seconds())
		}
		return
	}
	m.calls.WithLabelValues(string(c.Outcome), c.Category).Inc()
	if !c.Answered.IsZero() {
		m.handle.WithLabelValues(c.Category).Observe(c.EndedAt.Sub(c.Answered).Seconds())
		if m.isHeavy(c.Category) {
			m.heavy.WithLabelValues(c.Category).Inc()
		}
		return
	}
	began := c.Queued
	if began.IsZero() {
		began = c.Arrived
	}
	wait := c.EndedAt.Sub(began)
	inQueue := c.Outcome == call.AbandonedWaiting || c.Outcome == call.AbandonedRinging
	if inQueue {
		m.abandoned.WithLabelValues(c.Category).Observe(wait.Seconds())
	}
	if wait < shortAbandon {
		m.shortAbandoned.WithLabelValues(string(c.Outcome)).Inc()
	}
	if wait > m.threshold() && inQueue { // also of a short wait, where T is shorter still
		m.abandonedLate.Inc()
	}
}

// watch registers what is read from the engine when somebody looks.
func (m *Metrics) watch(e *Engine) {
	m.threshold = func() time.Duration { return e.settings().Config.ServiceLevel.Threshold }
	m.isHeavy = func(category string) bool { return e.settings().Rules.Categories[category].WrapUp.Heavy }
	m.reg.MustRegister(floorCollector{e}, staffCollector{e}, neighbourCollector{e})
	if s := e.settings(); s != nil {
		m.prepare(s)
	}
}

// DescribeMetrics registers all that an engine exports, without an engine: for
// whoever wants to know the names and labels, not the values.
func DescribeMetrics(reg prometheus.Registerer) {
	m := NewMetrics(reg)
	m.watchWriter(func() journal.WriterStats { return journal.WriterStats{} }, 0)
	m.watch(&Engine{})
}

// floorCollector reads the floor at scrape time.
type floorCollector struct{ e *Engine }

var (
	descWaiting  = prometheus.NewDesc("acd_calls_waiting", "Callers who wait for an agent, those who hear one ring included.", []string{"category"}, nil)
	descAges     = prometheus.NewDesc("acd_calls_waiting_by_age", "The same callers, by how long they have waited in seconds.", []string{"category", "age"}, nil)
	descOldest   = prometheus.NewDesc("acd_oldest_wait_seconds", "The longest of these waits so far.", nil, nil)
	descTalking  = prometheus.NewDesc("acd_calls_talking", "Calls with an agent.", []string{"category"}, nil)
	descGreeted  = prometheus.NewDesc("acd_calls_greeting", "Calls in the greeting.", nil, nil)
	descOutbound = prometheus.NewDesc("acd_outbound_calls", "Calls that we make, by how far they are.", []string{"stage"}, nil)
	descAgents   = prometheus.NewDesc("acd_agents", "Agents by status and state.", []string{"status", "state"}, nil)
	descOffline  = prometheus.NewDesc("acd_agents_unreachable", "Agents who are logged in and whose softphone does not answer.", nil, nil)
	descBacklog  = prometheus.NewDesc("acd_event_backlog", "Events of Asterisk that were read and not yet handed on.", nil, nil)
	descHealthy  = prometheus.NewDesc("acd_healthy", "1 while this engine takes new calls.", nil, nil)
	descUnknown  = prometheus.NewDesc("acd_events_unknown_total", "Events of Asterisk of a type that is not known.", nil, nil)
	descBadJSON  = prometheus.NewDesc("acd_events_malformed_total", "Events of Asterisk that could not be read.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c floorCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descWaiting, descAges, descOldest, descTalking, descGreeted, descOutbound, descAgents, descOffline, descBacklog, descHealthy, descUnknown, descBadJSON} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c floorCollector) Collect(ch chan<- prometheus.Metric) {
	c.collectCalls(ch)
	c.collectAgents(ch)
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	stats := c.e.ari.Stats()
	gauge(descBacklog, float64(stats.Backlog))
	gauge(descHealthy, oneIf(c.e.healthy()))
	ch <- prometheus.MustNewConstMetric(descUnknown, prometheus.CounterValue, float64(stats.Unknown))
	ch <- prometheus.MustNewConstMetric(descBadJSON, prometheus.CounterValue, float64(stats.Malformed))
}

func (c floorCollector) collectCalls(ch chan<- prometheus.Metric) {
	waiting, talking, aged := map[string]int{}, map[string]int{}, map[string][len(ages)]int{}
	greeting, now, oldest := 0, time.Now(), time.Duration(0)
	out := map[string]int{"agent-rings": 0, "dialling": 0, "talking": 0}
	for name := range c.e.settings().Rules.Categories {
		waiting[name], talking[name] = 0, 0
	}
	for _, k := range c.e.floor.Calls() {
		if k.Kind == call.Outbound {
			out[outboundStage(k)]++
			continue
		}
		switch k.Stage {
		case call.Greeting:
			greeting++
		case call.Waiting, call.Offered:
			waiting[k.Category]++
			oldest = max(oldest, now.Sub(k.Queued))
			counts := aged[k.Category]
			counts[ageOf(now.Sub(k.Queued))]++
			aged[k.Category] = counts
		case call.Talking:
			talking[k.Category]++
		}
	}
	for name, n := range waiting {
		ch <- prometheus.MustNewConstMetric(descWaiting, prometheus.GaugeValue, float64(n), name)
		for i, age := range ages {
			ch <- prometheus.MustNewConstMetric(descAges, prometheus.GaugeValue, float64(aged[name][i]), name, age.name)
		}
	}
	for name, n := range talking {
		ch <- prometheus.MustNewConstMetric(descTalking, prometheus.GaugeValue, float64(n), name)
	}
	for stage, n := range out {
		ch <- prometheus.MustNewConstMetric(descOutbound, prometheus.GaugeValue, float64(n), stage)
	}
	ch <- prometheus.MustNewConstMetric(descGreeted, prometheus.GaugeValue, float64(greeting))
	ch <- prometheus.MustNewConstMetric(descOldest, prometheus.GaugeValue, oldest.Seconds())
}

// ages divide waits at the edges that the standards name, and where a person
// should look: see docs/operations.md.
var ages = [...]struct {
	name  string
	until time.Duration
}{
	{"0-15", 15 * time.Second}, {"15-20", 20 * time.Second}, {"20-60", time.Minute}, {"60-120", 2 * time.Minute}, {"120-", 0},
}

// ageOf is the place of a wait among the ages.
func ageOf(wait time.Duration) int {
	for i, age := range ages[:len(ages)-1] {
		if wait <= age.until {
			return i
		}
	}
	return len(ages) - 1
}

// outboundStage is where an outbound call is, in the words of the metric.
func outboundStage(c call.Call) string {
	switch {
	case c.Ringing():
		return "dialling"
	case c.Stage == call.Talking:
		return "talking"
	}
	return "agent-rings"
}

func (c floorCollector) collectAgents(ch chan<- prometheus.Metric) {
	type key struct {
		status agent.Status
		state  agent.State
	}
	count, unreachable := map[key]int{}, 0
	for _, status := range []agent.Status{agent.LoggedOut, agent.Available, agent.NotReady} {
		for _, state := range []agent.State{agent.Idle, agent.Reserved, agent.Talking, agent.WrapUp, agent.Recovery, agent.Delayed} {
			count[key{status, state}] = 0 // that nobody is in it is a figure, too
		}
	}
	for _, a := range c.e.floor.Agents() {
		count[key{a.Status, a.State}]++
		if a.Status != agent.LoggedOut && !a.Online {
			unreachable++
		}
	}
	for k, n := range count {
		ch <- prometheus.MustNewConstMetric(descAgents, prometheus.GaugeValue, float64(n), string(k.status), string(k.state))
	}
	ch <- prometheus.MustNewConstMetric(descOffline, prometheus.GaugeValue, float64(unreachable))
}
