package check

import (
	"fmt"
	"strings"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/internal/floor"
)

// suspicion is a finding of one look. The key makes it the same in the next:
// the text may hold times that run on.
type suspicion struct {
	key string
	Finding
}

// suspicions are all differences that one look shows.
func (l look) suspicions() []suspicion {
	w := &suspects{look: l, calls: map[string]call.Call{}, agents: map[agent.ID]agent.Agent{}, channels: map[string]asterisk.Channel{}}
	if l.state != nil {
		for _, c := range l.state.Calls {
			w.calls[c.ID] = c
		}
		for _, a := range l.state.Agents {
			w.agents[a.Profile.ID] = a
		}
		w.store()
		w.pools()
		w.waits()
	}
	if l.facts != nil {
		w.readFacts()
		w.accounts()
	}
	if l.state != nil && l.facts != nil {
		w.callsAndChannels()
		w.channelsAndCalls()
		w.heldAgents()
		w.phones()
		w.mirror()
	}
	w.fallback()
	return w.list
}

type suspects struct {
	look
	calls    map[string]call.Call
	agents   map[agent.ID]agent.Agent
	channels map[string]asterisk.Channel
	fact     floor.Facts
	list     []suspicion
}

func (w *suspects) add(level Level, subject, key, format string, args ...any) {
	w.list = append(w.list, suspicion{subject + " " + key, Finding{level, subject, fmt.Sprintf(format, args...)}})
}

// readFacts puts what Asterisk shows into the floor's form. Inside means here:
// with the engine that the store says has the call.
func (w *suspects) readFacts() {
	w.fact = floor.Facts{Channels: map[string]floor.Channel{}, Bridges: map[string][]string{}}
	for _, ch := range w.facts.Channels {
		w.channels[ch.ID] = ch
		inside := ch.App != ""
		if c, known := w.calls[ch.ID]; known {
			inside = ch.App == config.AppPrefix+c.Owner
		}
		w.fact.Channels[ch.ID] = floor.Channel{Up: ch.State == asterisk.ChannelUp, Inside: inside}
	}
	for _, b := range w.facts.Bridges {
		w.fact.Bridges[b.ID] = b.Members
	}
}

// store: what Redis holds, by itself.
func (w *suspects) store() {
	if w.state.Era == "" {
		w.add(Fail, "redis", "era", "the live state is gone: a running engine rebuilds it at once; if none runs, start one")
	}
	for _, id := range w.state.Broken {
		w.add(Warn, "redis", id, "document %s cannot be read and counts as absent; the next rebuild removes it", id)
	}
	for _, c := range w.state.Calls {
		if c.Stage == call.Ended {
			w.add(Warn, "records", c.ID, "call %s has ended and its record is not safe yet: is the engine's journal full, or PostgreSQL and the disk both away?", c.ID)
		}
	}
	for _, a := range w.state.Agents {
		if a.Locked {
			w.add(Warn, "agents", string(a.Profile.ID)+" locked", "%s is locked after wrong PINs: make sure who she is, then `acd agents unlock %s`", a.Profile.ID, a.Profile.ID)
		}
	}
}

// pools: law 3.
func (w *suspects) pools() {
	for _, c := range w.state.Calls {
		for id, a := range w.agents {
			if !c.Holds(id) || a.Profile.Fits(c.Pool) {
				continue
			}
			w.add(Fail, "law", c.ID, "call %s of the line of %s is with %s, who does not belong there: tell a supervisor now", c.ID, c.Pool, a.Profile.ID)
		}
	}
}

// waits: somebody waits and nobody is there who could take her.
func (w *suspects) waits() {
	waiting, able := map[agent.Pool]int{}, map[agent.Pool]bool{}
	for _, c := range w.state.Calls {
		if c.Stage == call.Waiting && c.Kind != call.Outbound {
			waiting[c.Pool]++
		}
	}
	for _, a := range w.state.Agents {
		for pool := range waiting {
			able[pool] = able[pool] || a.Status == agent.Available && a.Online && a.Profile.Fits(pool)
		}
	}
	for pool, n := range waiting {
		if !able[pool] {
			w.add(Fail, "staff", string(pool), "%d waiting for %s, and none of them is available with a softphone that answers: somebody must log in or end a pause", n, pool)
		}
	}
}

// callsAndChannels: what Redis believes and Asterisk does not show.
func (w *suspects) callsAndChannels() {
	for _, c := range w.state.Calls {
		ch, there := w.channels[c.ID]
		switch {
		case c.Stage == call.Ended || !w.fact.Differ(c):
		case !there:
			w.add(Fail, "calls", c.ID, "call %s is %s in Redis and Asterisk has no such caller: its engine (%s) ends it when it looks; if it does not, restart that engine", c.ID, c.Stage, c.Owner)
		case ch.App != config.AppPrefix+c.Owner:
			w.add(Fail, "calls", c.ID, "call %s is %s with engine %s and Asterisk has its caller elsewhere (%s): restart that engine, and she is taken in again", c.ID, c.Stage, c.Owner, whereabouts(ch))
		default:
			w.add(Fail, "calls", c.ID, "call %s is %s with %s in Redis, and Asterisk does not show it so: its engine (%s) mends it when it looks; if it does not, restart that engine", c.ID, c.Stage, c.Offer.Agent, c.Owner)
		}
	}
}

func whereabouts(ch asterisk.Channel) string {
	switch {
	case ch.App != "":
		return "application " + ch.App
	case ch.Dialplan != "":
		return "dialplan, " + ch.Dialplan
	}
	return "nowhere"
}

// channelsAndCalls: what Asterisk holds and nobody knows of.
func (w *suspects) channelsAndCalls() {
	hangUp := func(ch asterisk.Channel) string {
		return "a running engine hangs it up; by hand: asterisk -rx 'channel request hangup " + ch.Name + "'"
	}
	for _, ch := range w.facts.Channels {
		callID, isLeg := floor.CallOfLeg(ch.ID)
		c, known := w.calls[callID]
		_, isCall := w.calls[ch.ID]
		switch {
		case isLeg && w.fact.StrayLeg(ch.ID, c, known):
			w.add(Fail, "channels", ch.ID, "leg %s to %s belongs to no offer, so its agent hears nobody: %s", ch.ID, ch.Endpoint(), hangUp(ch))
		case isLeg || isCall || !strings.HasPrefix(ch.App, config.AppPrefix):
		case w.isAgent(ch):
			w.add(Warn, "channels", ch.ID, "%s has been dialling a code for more than %v: %s", ch.Endpoint(), between, hangUp(ch))
		default:
			w.add(Fail, "channels", ch.ID, "caller %s is in application %s and no engine knows her: start or restart that engine, and she is taken in", ch.ID, ch.App)
		}
	}
	for _, b := range w.facts.Bridges {
		if w.fact.EmptyBridge(b.ID) {
			w.add(Warn, "bridges", b.ID, "bridge %s has nobody in it: a running engine ends it", b.ID)
		}
		if len(b.Members) == 1 && strings.Contains(b.ID, ".b") {
			w.add(Fail, "bridges", b.ID, "bridge %s has one member, who hears nobody: restart the engine that has the call", b.ID)
		}
	}
}

func (w *suspects) isAgent(ch asterisk.Channel) bool {
	_, known := w.agents[agent.ID(strings.TrimPrefix(ch.Endpoint(), "PJSIP/"))]
	return known
}

// heldAgents: agents who are kept from calls by nothing.
func (w *suspects) heldAgents() {
	for _, a := range w.state.Agents {
		id := a.Profile.ID
		c, known := w.calls[a.Call]
		if _, unheld := floor.Unheld(a, c, known, w.at); unheld {
			w.add(Fail, "agents", string(id)+" held", "%s is %s by call %s, which does not have her: a running engine frees her within four seconds; else restart it", id, a.State, a.Call)
		}
		if _, dead := w.fact.DeadLeg(a, w.at); dead {
			w.add(Fail, "agents", string(id)+" leg", "%s gets no call because of leg %s, which Asterisk does not have: a running engine frees her; else restart it", id, a.Leg)
		}
		if over := w.at.Sub(a.Since) - a.Lasts; a.Lasts > 0 && !a.After.Open && a.State != agent.Reserved && a.State != agent.Talking && over > 5*time.Second {
			w.add(Fail, "agents", string(id)+" timer", "%s has been in %s for %v longer than planned: no engine's timer runs for her; restart one", id, a.State, over.Round(time.Second))
		}
	}
}

// phones: what the store believes about softphones.
func (w *suspects) phones() {
	for _, ep := range w.facts.Endpoints {
		a, known := w.agents[agent.ID(strings.TrimPrefix(ep.Name, "PJSIP/"))]
		if !known {
			continue
		}
		id := a.Profile.ID
		switch {
		case a.Online && !ep.Online:
			w.add(Fail, "phones", string(id), "the softphone of %s does not answer Asterisk and Redis says that it does: calls may be offered to it in vain; does an engine run?", id)
		case !a.Online && ep.Online && a.Status != agent.LoggedOut:
			w.add(Warn, "phones", string(id), "the softphone of %s answers Asterisk and Redis says that it does not: she gets no calls; does an engine run?", id)
		case !ep.Online && a.Status == agent.Available:
			w.add(Warn, "phones", string(id), "%s is available and her softphone does not answer: look at it, or `acd agents logout %s`", id, id)
		}
	}
}

// accounts: who may register, and who should be able to.
func (w *suspects) accounts() {
	have := map[string]bool{}
	for _, ep := range w.facts.Endpoints {
		have[strings.TrimPrefix(ep.Name, "PJSIP/")] = true
	}
	known := map[string]bool{}
	for _, t := range w.config.Asterisk.Trunks {
		known[t.Name] = true
		if !have[t.Name] {
			w.add(Fail, "accounts", t.Name, "trunk %s is in the configuration and not in Asterisk: nobody can call in by it; `acd asterisk-config render`, then reload Asterisk", t.Name)
		}
	}
	for _, p := range w.persons {
		id := string(p.Profile.ID)
		known[id] = true
		if p.Active && p.SIP.Set() && !have[id] {
			w.add(Fail, "accounts", id, "%s is in the roster and Asterisk has no account for her: `acd asterisk-config render`, then reload Asterisk", id)
		}
		if !p.Active && have[id] {
			w.add(Warn, "accounts", id, "%s is not active and her softphone may still register: `acd asterisk-config render`, then reload Asterisk", id)
		}
	}
	for name := range have {
		if !known[name] && w.persons != nil {
			w.add(Warn, "accounts", name, "%s may use Asterisk and is neither in the roster nor a trunk of the configuration: who added it?", name)
		}
	}
}

// mirror: the fallback must ring those who are available, and nobody else.
func (w *suspects) mirror() {
	seen := map[string]bool{}
	for _, q := range w.queues {
		for _, m := range q.Members {
			a, known := w.agents[agent.ID(strings.TrimPrefix(m.Interface, "PJSIP/"))]
			if seen[m.Interface] || !known {
				continue
			}
			seen[m.Interface] = true
			switch available := a.Status == agent.Available; {
			case available && m.Paused:
				w.add(Warn, "fallback", m.Interface, "%s is available and paused in the fallback queues: were all engines to die, she would not be rung; an engine's restart sets it right", a.Profile.ID)
			case !available && !m.Paused:
				w.add(Warn, "fallback", m.Interface, "%s is %s and not paused in the fallback queues: were all engines to die, her phone would ring; an engine's restart sets it right", a.Profile.ID, a.Status)
			}
		}
	}
}

// fallback: callers whom no engine serves.
func (w *suspects) fallback() {
	for _, q := range w.queues {
		if len(q.Callers) == 0 {
			continue
		}
		oldest := q.Callers[0].Waited
		for _, c := range q.Callers {
			oldest = max(oldest, c.Waited)
		}
		w.add(Warn, "fallback", q.Name, "Asterisk's own queue %s has %d waiting, the longest for %v: no engine has claimed them; a healthy engine takes them back within seconds", q.Name, len(q.Callers), oldest)
	}
	if w.facts == nil {
		return
	}
	for _, ch := range w.facts.Channels {
		if _, known := w.calls[ch.ID]; ch.App == "" && ch.Context == "fallback" && ch.Dialplan != "Queue" && !known {
			w.add(Fail, "fallback", ch.ID, "caller %s hears a message and music because nobody is logged in (%s): somebody must log in", ch.ID, ch.Dialplan)
		}
	}
}
