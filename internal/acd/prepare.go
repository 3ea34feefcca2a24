package acd

import (
	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/queue"
	"powerline/recordings"
)

// callOutcomes are the ends that a caller's call can have.
var callOutcomes = []call.Outcome{
	call.CompleteCaller, call.CompleteAgent, call.AbandonedGreeting, call.AbandonedWaiting, call.AbandonedRinging, call.SentToEmergency, call.LeftToFallback,
}

// attemptEnds are the ends that a call of ours can have, each with its causes.
var attemptEnds = map[call.Outcome][]cases.Cause{
	call.CompleteCaller: {""}, call.CompleteAgent: {""}, call.NotPlaced: {""},
	call.NotReached: {cases.NoAnswer, cases.Busy, cases.Off, cases.Rejected, cases.Invalid, cases.Network},
}

// prepare gives every series that a rule or a dashboard reads its first value,
// zero. A counter that appears with 1 has no increase for Prometheus, and a ratio
// with a missing part is no number: without this the first call of a category
// would be in no figure, and a quiet morning would look like an outage.
func (m *Metrics) prepare(s *Settings) {
	for _, k := range s.Config.Categories {
		m.answer.WithLabelValues(k.Name)
		m.abandoned.WithLabelValues(k.Name)
		m.handle.WithLabelValues(k.Name)
		for _, outcome := range callOutcomes {
			m.calls.WithLabelValues(string(outcome), k.Name)
		}
		if m.isHeavy(k.Name) {
			m.heavy.WithLabelValues(k.Name)
		}
	}
	for _, outcome := range []call.Outcome{call.AbandonedGreeting, call.AbandonedWaiting, call.AbandonedRinging} {
		m.shortAbandoned.WithLabelValues(string(outcome))
	}
	m.prepareOutbound()
	m.prepareAgents()
	m.prepareEngine()
}

func (m *Metrics) prepareOutbound() {
	for _, kind := range cases.Kinds {
		m.conversation.WithLabelValues(string(kind))
		for outcome, causes := range attemptEnds {
			for _, cause := range causes {
				m.attempts.WithLabelValues(string(kind), string(outcome), string(cause))
			}
		}
	}
}

func (m *Metrics) prepareAgents() {
	for _, work := range []string{"inbound", "outbound", "aside"} {
		for _, state := range []agent.State{agent.Reserved, agent.Talking, agent.WrapUp, agent.Recovery} {
			m.agentSeconds.WithLabelValues(string(state), work)
		}
	}
	for _, what := range []string{string(agent.Idle), string(agent.Delayed), string(agent.NotReady), string(agent.LoggedOut)} {
		m.agentSeconds.WithLabelValues(what, "none")
	}
	for _, end := range []string{"connected", string(agent.NoAnswer), string(agent.Rejected), string(agent.Unreachable), string(agent.CallerGone)} {
		m.offers.WithLabelValues(end)
	}
}

func (m *Metrics) prepareEngine() {
	for _, what := range []string{"call", "leg", "bridge", "dialled", "caller", "agent", "agent-leg", "phone"} {
		m.repairs.WithLabelValues(what)
	}
	for _, rule := range []queue.Rule{
		queue.RuleForm, queue.RuleEnded, queue.RulePlace, queue.RuleFree, queue.RuleWaited, queue.RuleConnected,
		queue.RuleNamed, queue.RuleGuest, queue.RuleStillNamed, queue.RuleStillHolding, queue.RulePool,
	} {
		m.lawRefusals.WithLabelValues(string(rule))
	}
	for _, result := range []string{"won", "lost", "late", "error", "not-ready"} {
		m.claims.WithLabelValues(result)
	}
	for _, result := range []string{"ok", "refused"} {
		m.reloads.WithLabelValues(result)
	}
	for _, why := range recordings.Whys {
		m.recordingGaps.WithLabelValues(why)
	}
	m.offersRefused.WithLabelValues("agent")
}
