package acd

import (
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/internal/asterisk"
)

// sight is what the last look at Asterisk showed of itself and its trunks.
type sight struct {
	at      time.Time
	started time.Time // when Asterisk's process started
	online  map[string]bool
}

// sightFor is how long a look is worth showing: longer than the pause between
// two of them, shorter than an alarm waits.
const sightFor = 5 * resyncEvery

// saw keeps of a look what the metrics show.
func (e *Engine) saw(s asterisk.Snapshot) {
	now := sight{at: time.Now(), started: s.Started, online: map[string]bool{}}
	for _, ep := range s.Endpoints {
		if name, ok := strings.CutPrefix(ep.Name, "PJSIP/"); ok {
			now.online[name] = ep.Online
		}
	}
	e.sight.Store(&now)
}

// neighbourCollector reads at scrape time how the engine's neighbours are, and
// the clock by which all of them live.
type neighbourCollector struct{ e *Engine }

var (
	descConnected = prometheus.NewDesc("acd_asterisk_connected", "1 while events of Asterisk arrive and its facts have been read.", nil, nil)
	descStore     = prometheus.NewDesc("acd_store_answers", "1 while Redis answers.", nil, nil)
	descStarted   = prometheus.NewDesc("acd_asterisk_start_time_seconds", "When Asterisk's process started, in seconds since 1970. A change ended all conversations.", nil, nil)
	descTrunk     = prometheus.NewDesc("acd_trunk_up", "1 while the trunk can be reached. It says something only of trunks that are asked: asterisk.trunks[].qualifyEvery.", []string{"trunk"}, nil)
	descClock     = prometheus.NewDesc("acd_clock_seconds", "This host's clock, in seconds since 1970, to be compared with that of Prometheus.", nil, nil)
	descSynced    = prometheus.NewDesc("acd_clock_synchronised", "1 while the kernel knows its clock to be kept right by NTP or the like.", nil, nil)
	descClockOff  = prometheus.NewDesc("acd_clock_error_seconds", "The most by which the kernel believes its clock to be off.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c neighbourCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descConnected, descStore, descStarted, descTrunk, descClock, descSynced, descClockOff} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c neighbourCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(descConnected, oneIf(c.e.synced.Load()))
	gauge(descStore, oneIf(c.e.storeAnswers()))
	gauge(descClock, float64(time.Now().UnixMilli())/1000)
	if synchronised, off, err := kernelClock(); err == nil {
		gauge(descSynced, oneIf(synchronised))
		gauge(descClockOff, off.Seconds())
	}
	seen := c.e.sight.Load()
	if seen == nil || time.Since(seen.at) > sightFor {
		return // what was true then is not known to be true now
	}
	gauge(descStarted, float64(seen.started.Unix()))
	for _, t := range c.e.settings().Config.Asterisk.Trunks {
		if t.Contact != "" {
			gauge(descTrunk, oneIf(seen.online[t.Name]), t.Name)
		}
	}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// unsynchronised is the kernel's STA_UNSYNC.
const unsynchronised = 0x40

// kernelClock asks the kernel how far its clock may be off (adjtimex(2), which
// changes nothing when asked so).
func kernelClock() (synchronised bool, off time.Duration, err error) {
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return false, 0, err
	}
	return t.Status&unsynchronised == 0, time.Duration(t.Maxerror) * time.Microsecond, nil
}
