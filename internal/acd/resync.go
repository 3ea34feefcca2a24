package acd

import (
	"context"
	"errors"
	"strings"
	"time"

	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
)

// resyncEvery is how often facts are compared without any sign of a gap.
const resyncEvery = 2 * time.Second

// connected takes in the facts after each gap in Asterisk's events.
func (e *Engine) connected(ev asterisk.Connected) {
	e.log.Info("events from Asterisk", "version", ev.Snapshot.Version, "channels", len(ev.Snapshot.Channels), "gap", ev.Gap)
	gap := e.gap.Add(1)
	e.phones.sayAll(ev.Snapshot)
	e.takeFacts(ev.Snapshot)
	e.work.Go(func() { e.settleIn(gap, ev.Snapshot) })
}

// settleIn makes this process ready after a gap. Who is on the phone with the
// fallback queue, and whose leg has ended meanwhile, must be known before anybody
// is offered a call.
func (e *Engine) settleIn(gap int64, s asterisk.Snapshot) {
	if e.blank.Load() {
		e.recoverStatuses(e.ctx)
		e.blank.Store(false)
		e.phones.sayAll(s) // nobody was known when it was said first
	}
	e.phones.settled(e.ctx)
	f := factsOf(s)
	for _, a := range e.floor.Agents() {
		if ev, dead := f.DeadLeg(a, time.Now()); dead {
			e.tellAgent(e.ctx, a.Profile.ID, ev)
		}
	}
	if e.gap.Load() != gap || e.ctx.Err() != nil {
		return // there is another one already
	}
	e.synced.Store(true)
	e.floor.Poke()
	e.mirrorAll(e.ctx)
}

func (e *Engine) mirrorAll(ctx context.Context) {
	for _, a := range e.floor.Agents() {
		if ctx.Err() != nil {
			return
		}
		e.mirrorOne(ctx, a)
	}
}

// takeFacts lets every call of ours look at what Asterisk shows of it, and takes
// in callers whom nobody has.
func (e *Engine) takeFacts(s asterisk.Snapshot) {
	for _, c := range e.floor.Calls() {
		if e.mine(c) {
			m, _ := e.open(c)
			m.in.put(look{})
		}
	}
	for _, m := range e.openBoxes() {
		if _, onFloor := e.floor.Call(m.id); !onFloor {
			m.in.put(look{})
		}
	}
	e.lookForFallback(s)
	e.takeIn(s, func(string) bool { return true })
}

func (e *Engine) openBoxes() []*mailbox {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]*mailbox, 0, len(e.boxes))
	for _, m := range e.boxes {
		all = append(all, m)
	}
	return all
}

// factsOf is a snapshot as the floor wants it.
func factsOf(s asterisk.Snapshot) floor.Facts {
	f := floor.Facts{Channels: map[string]floor.Channel{}, Bridges: map[string][]string{}}
	for _, ch := range s.Channels {
		f.Channels[ch.ID] = floor.Channel{Up: ch.State == asterisk.ChannelUp, Inside: ch.App != ""}
	}
	for _, b := range s.Bridges {
		f.Bridges[b.ID] = b.Members
	}
	return f
}

// resyncLoop compares every few seconds, and after the process was frozen.
func (e *Engine) resyncLoop(ctx context.Context) {
	tick := time.NewTicker(resyncEvery)
	defer tick.Stop()
	suspects := map[string]bool{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.pulse.woke:
			e.afterFreeze(ctx)
		case <-tick.C:
			if e.synced.Load() && !e.pulse.frozen() {
				suspects = e.compare(ctx, suspects)
			}
		}
	}
}

// errFroze is why the connection to Asterisk is made anew.
var errFroze = errors.New("this process did not run for a while")

// afterFreeze reads the facts again before any timer may act on old ones. What
// Asterisk told meanwhile still lies before us, and who was idle may be on the
// phone with the fallback queue by now: nothing is offered until a connection of
// its own has shown how things are.
func (e *Engine) afterFreeze(ctx context.Context) {
	e.log.Warn("process did not run for a while; reading the facts again")
	e.metrics.freezes.Inc()
	defer e.pulse.looked()
	e.gap.Add(1)
	e.synced.Store(false)
	e.ari.Renew(errFroze)
	for ctx.Err() == nil {
		err := e.load(ctx)
		var s asterisk.Snapshot
		if err == nil {
			s, err = e.looking.look(ctx)
		} else {
			e.storeFailed(err)
		}
		if err == nil {
			e.takeFacts(s)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(commitRetry):
		}
	}
}

// compare looks for what should not be. A difference seen once may be an event
// on its way; seen twice, it is mended and counted.
func (e *Engine) compare(ctx context.Context, before map[string]bool) map[string]bool {
	s, err := e.looking.look(ctx)
	if err != nil {
		return nil
	}
	f := factsOf(s)
	now := map[string]bool{}
	confirmed := func(what string) bool {
		now[what] = true
		if before[what] {
			e.metrics.repairs.WithLabelValues(strings.SplitN(what, " ", 2)[0]).Inc()
			e.log.Warn("difference mended", "what", what)
		}
		return before[what]
	}
	for _, c := range e.floor.Calls() {
		if e.mine(c) {
			e.compareCall(f, c, confirmed)
		}
	}
	e.lookForFallback(s)
	e.takeIn(s, confirmed)
	e.sweep(s, f, confirmed)
	e.compareAgents(ctx, f, s.Endpoints, confirmed)
	return now
}

// compareCall: an own call whose caller, leg or mailbox is not as it should be.
func (e *Engine) compareCall(f floor.Facts, c call.Call, confirmed func(string) bool) {
	_, boxed := e.box(c.ID)
	if (!boxed || f.Differ(c)) && confirmed("call "+c.ID+" "+string(c.Stage)) {
		m, _ := e.open(c)
		m.in.put(look{})
	}
}

// sweep hangs up legs that no call waits for, and ends empty bridges.
func (e *Engine) sweep(s asterisk.Snapshot, f floor.Facts, confirmed func(string) bool) {
	for _, ch := range s.Channels {
		if e.strayDial(ch, f) && confirmed("dialled "+ch.ID) {
			e.hangUpLater(ch.ID)
		}
		callID, isLeg := floor.CallOfLeg(ch.ID)
		if !isLeg {
			continue
		}
		c, known := e.floor.Call(callID)
		if f.StrayLeg(ch.ID, c, known) && (!known || e.mine(c)) && confirmed("leg "+ch.ID) {
			e.hangUpLater(ch.ID)
		}
	}
	expected := e.expectedBridges()
	for id := range f.Bridges {
		if f.EmptyBridge(id) && !expected[id] && confirmed("bridge "+id) {
			go e.destroyBridge(id)
		}
	}
}

// strayDial: a phone that we rang or were about to ring, of whose call nothing is
// known, and who is not in a conversation. Whose application has it does not matter:
// that engine may be dead, and whoever answered would hear nobody until it is back.
func (e *Engine) strayDial(ch asterisk.Channel, f floor.Facts) bool {
	_, known := e.floor.Call(ch.ID)
	_, boxed := e.box(ch.ID)
	return call.IsAttempt(ch.ID) && !known && !boxed && f.StrayDial(ch.ID)
}

// expectedBridges are those in which two people are about to talk.
func (e *Engine) expectedBridges() map[string]bool {
	expected := map[string]bool{}
	for _, c := range e.floor.Calls() {
		if c.Stage == call.Talking {
			expected[c.Bridge()] = true
			for _, g := range c.Guests {
				expected[c.SideBridge(g)] = g.Beside()
			}
		}
		if c.Stage == call.HandedOver {
			expected[c.Bridge()] = true
		}
	}
	return expected
}

// takeIn takes in callers whom nobody has.
func (e *Engine) takeIn(s asterisk.Snapshot, confirmed func(string) bool) {
	var abandoned []asterisk.Channel
	for _, ch := range s.Channels {
		_, isLeg := floor.CallOfLeg(ch.ID)
		_, known := e.floor.Call(ch.ID)
		if !isLeg && !known && e.isAbandoned(ch) && confirmed("caller "+ch.ID) {
			abandoned = append(abandoned, ch)
		}
	}
	if len(abandoned) > 0 {
		e.work.Go(func() { e.adoptAll(s, abandoned) })
	}
}

// isAbandoned: a caller inside our application for whom there is no call.
func (e *Engine) isAbandoned(ch asterisk.Channel) bool {
	_, boxed := e.box(ch.ID)
	_, desk := e.knownLine(ch.ID) // an agent who dialled a code
	return !boxed && !desk && !call.IsAttempt(ch.ID) && ch.App == e.settings().Config.Instance.App()
}

func (e *Engine) destroyBridge(id string) {
	ctx, cancel := context.WithTimeout(e.ctx, 3*time.Second)
	defer cancel()
	if err := e.ari.DestroyBridge(ctx, id); err != nil && e.ctx.Err() == nil {
		e.log.Warn("empty bridge could not be ended", "bridge", id, "error", err)
	}
}

// compareAgents: an agent held by a call that is over, or a phone whose
// presence we have wrong.
func (e *Engine) compareAgents(ctx context.Context, f floor.Facts, endpoints []asterisk.Endpoint, confirmed func(string) bool) {
	for _, a := range e.floor.Agents() {
		c, known := e.floor.Call(a.Call)
		ev, unheld := floor.Unheld(a, c, known, time.Now())
		if unheld && (!known || e.mine(c)) && confirmed("agent "+string(a.Profile.ID)+" "+a.Call) {
			e.tellAgent(ctx, a.Profile.ID, ev)
		}
		if ev, dead := f.DeadLeg(a, time.Now()); dead && confirmed("agent-leg "+a.Leg) {
			e.tellAgent(ctx, a.Profile.ID, ev)
		}
	}
	for _, ep := range endpoints {
		id, ok := agentOf(ep.Name)
		a, known := e.floor.Agent(id)
		if ok && known && (a.Online != ep.Online || a.Elsewhere != elsewhere(ep)) && confirmed("phone "+string(id)) {
			e.phones.say(ep)
		}
	}
}
