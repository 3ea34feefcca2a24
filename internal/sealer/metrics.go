package sealer

import (
	"github.com/prometheus/client_golang/prometheus"

	"powerline/recordings"
)

// Metrics are the sealer's figures. No label holds anything about a person.
type Metrics struct {
	reg prometheus.Registerer

	sealed, bytes                                    prometheus.Counter
	took, afterEnd                                   prometheus.Histogram
	failures, gaps                                   *prometheus.CounterVec
	alarm                                            *prometheus.GaugeVec
	strange, unsealed, oldest, pending               prometheus.Gauge
	spoolUsed, spoolFree, storeFree                  prometheus.Gauge
	chain, chainBroken, lastCheck, lastBad, anchored prometheus.Gauge
}

// NewMetrics registers all figures.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{reg: reg}
	m.sealed = m.counter("recordings_sealed_total", "Recordings sealed.")
	m.bytes = m.counter("recordings_sealed_bytes_total", "Plain audio sealed, in bytes.")
	m.took = m.histogram("recordings_seal_seconds", "From taking a closed recording to its plain files being gone.", .003, .01, .03, .1, .3, 1, 3, 10, 30)
	m.afterEnd = m.histogram("recordings_sealed_after_seconds", "From the last word written to sealed. Must stay below recordings.sealWithin.", .5, 1, 2, 5, 10, 20, 40, 60, 120, 600)
	m.failures = m.counters("recordings_seal_failures_total", "Steps that failed and are tried again, by step.", "step")
	m.gaps = m.counters("recordings_gaps_total", "Incomplete recordings found by the sealer, by why. Target: 0.", "why")
	m.alarm = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "recordings_alarm", Help: "1 while something is wrong with recordings, by what. docs/operations.md says what to do."}, []string{"alarm"})
	reg.MustRegister(m.alarm)
	m.strange = m.gauge("recordings_spool_strange_files", "Files in the spool that are no recordings.")
	m.unsealed = m.gauge("recordings_unsealed", "Closed recordings in the spool.")
	m.oldest = m.gauge("recordings_unsealed_seconds", "How long the oldest of them waits.")
	m.pending = m.gauge("recordings_pending", "Sealed recordings that the chain does not have yet.")
	m.spoolUsed = m.gauge("recordings_spool_used_bytes", "Size of all files in the spool.")
	m.spoolFree = m.gauge("recordings_spool_free_bytes", "What is left of the spool's quota or of its file system.")
	m.storeFree = m.gauge("recordings_store_free_bytes", "Free space in the store.")
	m.chain = m.gauge("recordings_chain_rows", "Rows of the chain.")
	m.chainBroken = m.gauge("recordings_chain_broken", "1 if the last verification found the chain broken.")
	m.lastCheck = m.gauge("recordings_verified_timestamp_seconds", "When recordings were last verified.")
	m.lastBad = m.gauge("recordings_verified_bad", "Bad recordings in the last verification. Target: 0.")
	m.anchored = m.gauge("recordings_anchored_timestamp_seconds", "When this process last wrote the chain's signed head.")
	m.prepare()
	return m
}

// prepare gives what rules and panels read its first value, zero: a counter that
// appears with 1 has no increase for Prometheus.
func (m *Metrics) prepare() {
	for _, why := range recordings.Whys {
		m.gaps.WithLabelValues(why)
	}
	for _, step := range []string{"manifest", "spool", "store", "remove", "chain"} {
		m.failures.WithLabelValues(step)
	}
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.reg.MustRegister(c)
	return c
}

func (m *Metrics) counters(name, help, label string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	m.reg.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	m.reg.MustRegister(g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.reg.MustRegister(h)
	return h
}
