package console

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the console's figures. Labels are routes, statuses and words of
// code: never a person.
type metrics struct {
	answers  *prometheus.HistogramVec // route, status
	refusals *prometheus.CounterVec   // why
	signIns  *prometheus.CounterVec   // how, result
}

func newMetrics(reg prometheus.Registerer, hub *Hub) *metrics {
	m := &metrics{
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "console_request_seconds", Help: "Answers of the console, by route and status; streams are not among them.", Buckets: []float64{.005, .02, .1, .5, 2, 10},
		}, []string{"route", "status"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "console_refusals_total", Help: "Requests that the console refused, by why."}, []string{"why"}),
		signIns:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "console_sign_ins_total", Help: "Sign-ins, by how and by what came of it."}, []string{"how", "result"}),
	}
	reg.MustRegister(m.answers, m.refusals, m.signIns, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "console_streams", Help: "Pages to which the console pushes.",
	}, func() float64 { return float64(hub.Open()) }))
	return m
}

func (m *metrics) answered(rt Route, status int, took time.Duration) {
	if !rt.Live {
		m.answers.WithLabelValues(rt.Name, strconv.Itoa(status)).Observe(took.Seconds())
	}
}

func (m *metrics) refused(f *Refusal) { m.refusals.WithLabelValues(f.Word).Inc() }
