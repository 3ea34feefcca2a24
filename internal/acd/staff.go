package acd

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/call"
	"powerline/routing"
)

// activity is what an agent's time is spent on: her state, and while no call or
// its aftermath holds her and she is not available, her status. It began at since.
func activity(a agent.Agent) (what string, since time.Time) {
	if a.State != agent.Idle {
		return string(a.State), a.Since
	}
	since = a.Since
	if a.StatusSince.After(since) {
		since = a.StatusSince
	}
	if a.Status != agent.Available {
		return string(a.Status), since
	}
	return string(agent.Idle), since
}

// workOf is the kind of call that holds her, by the call's id. What a supervisor does
// beside an agent is no handling of the call.
func workOf(a agent.Agent) string {
	switch {
	case a.State == agent.Idle || a.State == agent.Delayed || a.Call == "":
		return "none"
	case a.Aside:
		return "aside"
	case call.IsAttempt(a.Call):
		return "outbound"
	}
	return "inbound"
}

// agentChanged counts the time of what she did until this change.
func (m *Metrics) agentChanged(before, after agent.Agent) {
	if before.Version == 0 {
		return // she is new to the store: nothing is known of what was
	}
	what, began := activity(before)
	_, ended := activity(after)
	if lasted := ended.Sub(began); lasted > 0 {
		m.agentSeconds.WithLabelValues(what, workOf(before)).Add(lasted.Seconds())
	}
}

// breakDue is how long she may be available before five minutes of rest are her
// right.
const breakDue = 90 * time.Minute

// staffCollector reads at scrape time who could take which calls, and how the
// agents fare. It never says who.
type staffCollector struct{ e *Engine }

var (
	descServing  = prometheus.NewDesc("acd_agents_serving", "Agents who may take a call of the category, by law and in any of its rings: available (at work, phone answers) or idle (free now).", []string{"category", "pool", "are"}, nil)
	descSpeaking = prometheus.NewDesc("acd_agents_speaking", "Available women who take callers, by language.", []string{"language"}, nil)
	descNotReady = prometheus.NewDesc("acd_agents_not_ready", "Agents who are not ready, by reason.", []string{"reason"}, nil)
	descHeavy    = prometheus.NewDesc("acd_agents_heavy", "Agents logged in, by how many heavy calls they had within routing.heavy.within (at most three are remembered).", []string{"calls"}, nil)
	descBreak    = prometheus.NewDesc("acd_agents_break_due", "Agents who have been available for over 90 minutes without a pause.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c staffCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descServing, descSpeaking, descNotReady, descHeavy, descBreak} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c staffCollector) Collect(ch chan<- prometheus.Metric) {
	settings := c.e.settings()
	s := routing.Snapshot{Now: time.Now(), Policy: settings.Policy, Agents: c.e.floor.Agents()}
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	for _, staff := range routing.Staffing(s) {
		gauge(descServing, staff.Available, staff.Category, string(staff.Pool), "available")
		gauge(descServing, staff.Idle, staff.Category, string(staff.Pool), "idle")
	}
	for language, n := range speaking(s.Agents, settings.Config.Prompts.Languages) {
		gauge(descSpeaking, n, language)
	}
	reasons := []string{agent.ReasonNoAnswer, agent.ReasonPhoneLost}
	for _, r := range settings.Config.Agents.PauseReasons {
		reasons = append(reasons, r.Name)
	}
	for reason, n := range notReady(s.Agents, reasons) {
		gauge(descNotReady, n, reason)
	}
	for calls, n := range heavyCalls(s) {
		gauge(descHeavy, n, strconv.Itoa(calls))
	}
	gauge(descBreak, breaksDue(s))
}

// speaking counts the available women who take callers, by each of the languages.
func speaking(agents []agent.Agent, languages []string) map[string]int {
	count := map[string]int{}
	for _, language := range languages {
		count[language] = 0
	}
	for _, a := range agents {
		takes := a.Status == agent.Available && a.Online && a.Profile.Fits(agent.Women) && len(a.Profile.Categories) > 0
		for language := range count {
			if takes && a.Profile.Speaks(language) {
				count[language]++
			}
		}
	}
	return count
}

// notReady counts agents by reason. A reason that is not in the configuration
// any more counts as other, so that the labels stay few.
func notReady(agents []agent.Agent, reasons []string) map[string]int {
	count := map[string]int{"other": 0}
	for _, reason := range reasons {
		count[reason] = 0
	}
	for _, a := range agents {
		if a.Status != agent.NotReady {
			continue
		}
		if _, known := count[a.Reason]; known {
			count[a.Reason]++
		} else {
			count["other"]++
		}
	}
	return count
}

// heavyCalls counts who is logged in by how many heavy calls she had lately.
func heavyCalls(s routing.Snapshot) (count [4]int) {
	for _, a := range s.Agents {
		if a.Status != agent.LoggedOut {
			count[min(routing.HeavyCalls(s, a), len(count)-1)]++
		}
	}
	return count
}

// breaksDue counts who has been available for too long.
func breaksDue(s routing.Snapshot) (n int) {
	for _, a := range s.Agents {
		if a.Status == agent.Available && s.Now.Sub(a.StatusSince) > breakDue {
			n++
		}
	}
	return n
}
