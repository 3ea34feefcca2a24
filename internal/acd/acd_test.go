package acd

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/internal/floor"
	"powerline/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func engineFor(t testing.TB) *Engine {
	t.Helper()
	settings, err := NewSettings(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{}
	e.current.Store(settings)
	return e
}

func TestGivenAStampedChannel_WhenItIsRead_ThenTheCallHasItsPlaceAndNeeds(t *testing.T) {
	e := engineFor(t)
	c := call.Call{
		ID: "pl-1.7", Kind: call.Helpline, Line: "1090", Caller: "00ff", Queued: time.UnixMilli(1_795_000_000_123),
		Category: "crisis", Language: "bho", Silence: call.Danger, Offers: 3, Pool: agent.Women, Crisis: true,
	}
	got, ok := e.decodeStamp(c.ID, encodeStamp(c))
	if !ok {
		t.Fatal("our own stamp was not understood")
	}
	if !got.Queued.Equal(c.Queued) || got.Category != c.Category || got.Silence != c.Silence || got.Offers != c.Offers ||
		got.Pool != c.Pool || !got.Crisis || got.Caller != c.Caller || got.Stage != call.Waiting {
		t.Fatalf("read back as %+v", got)
	}
}

func TestGivenAnOffendersStamp_WhenItIsRead_ThenOnlyMaleOfficersMayAnswer(t *testing.T) {
	got, ok := engineFor(t).decodeStamp("x", "1795000000123|ring-back|1091|ring-back|hi||0|")
	if !ok || got.Pool != agent.MaleOfficers {
		t.Fatalf("pool %q, understood %v", got.Pool, ok)
	}
}

// FuzzStamp: whatever stands in a channel's variable, reading it neither panics
// nor yields a call without a pool.
func FuzzStamp(f *testing.F) {
	f.Add("1795000000123|helpline|1090|crisis|hi|danger|3|00ff")
	f.Add("|||||||")
	e := engineFor(f)
	f.Fuzz(func(t *testing.T, text string) {
		if c, ok := e.decodeStamp("x", text); ok && c.Pool != agent.Women && c.Pool != agent.MaleOfficers {
			t.Fatalf("pool %q", c.Pool)
		}
	})
}

func TestGivenAPeer_WhenItsCounterStandsStill_ThenItIsDeadAfterTheLimitAndNotBefore(t *testing.T) {
	w, start := peerWatch{}, time.Now()
	still := []queue.Peer{{Name: "b", Term: 4, Beat: 9}}
	if dead := w.look(still, start); len(dead) != 0 {
		t.Fatal("dead at first sight")
	}
	if dead := w.look(still, start.Add(deadAfter)); dead["b"] {
		t.Fatal("dead at the limit")
	}
	if dead := w.look(still, start.Add(deadAfter+time.Millisecond)); !dead["b"] {
		t.Fatal("alive after the limit")
	}
	moved := []queue.Peer{{Name: "b", Term: 5, Beat: 9}}
	if dead := w.look(moved, start.Add(time.Second)); dead["b"] {
		t.Fatal("dead although it has a new term")
	}
}

func TestGivenTheProcessSlept_WhenATimerFires_ThenItWaitsUntilTheFactsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := newPulse()
		p.last.Store(int64(time.Millisecond)) // it ran once, a moment after the start
		time.Sleep(10 * time.Second)          // and then not at all, as under SIGSTOP
		fired := make(chan struct{})
		go func() {
			p.wait(ctx)
			close(fired)
		}()
		synctest.Wait()
		select {
		case <-fired:
			t.Fatal("the timer acted on what was true ten seconds ago")
		case <-p.woke:
		}
		if !p.frozen() {
			t.Fatal("calls would be claimed before the facts are read")
		}
		p.last.Store(int64(time.Since(p.begin)))
		p.looked()
		<-fired
		if p.frozen() {
			t.Fatal("still frozen after the facts were read")
		}
	})
}

func TestGivenCauses_WhenALegFails_ThenTheAgentIsBlamedOnlyForWhatSheDid(t *testing.T) {
	for _, c := range []struct {
		cause, tech int
		want        agent.ReleaseReason
	}{
		{17, 486, agent.Rejected}, {21, 603, agent.Rejected}, {19, 480, agent.NoAnswer},
		{1, 404, agent.Unreachable}, {34, 503, agent.Unreachable}, {0, 0, agent.Unreachable},
	} {
		got := whyRingFailed(asterisk.Destroyed{Cause: c.cause, TechCause: c.tech})
		if got != c.want {
			t.Errorf("cause %d, SIP %d: %s, want %s", c.cause, c.tech, got, c.want)
		}
	}
}

func TestGivenAPhone_WhenItHasAChannelOfNoEngine_ThenSheIsElsewhere(t *testing.T) {
	for channels, want := range map[string]bool{"pl-1.7.a1": false, "pl-1.7": true} {
		if got := elsewhere(asterisk.Endpoint{ChannelIDs: []string{channels}}); got != want {
			t.Errorf("channel %s: elsewhere=%v, want %v", channels, got, want)
		}
	}
}

// Wiped and crashed, an engine finds a call of which it knows only the channel. A leg
// of its life before may be ending at this moment, under the name that a new one would
// have if the numbers began again.
func TestGivenACallReadOffItsChannel_WhenItIsOfferedAgain_ThenNoLegHasTheNameOfAnEarlierOne(t *testing.T) {
	e := engineFor(t)
	c, _ := e.decodeStamp("pl-1.7", "1795000000123|helpline|1090|crisis|hi||0|00ff")
	first := call.LegID(c.ID, 1)
	now := time.UnixMilli(1_795_000_060_000)
	c.Numbered = numberedFrom(now)
	woman := agent.Profile{ID: "a017", Woman: true}
	offered, _ := e.settings().Rules.Step(c, call.Matched{At: now, Agent: woman})
	if offered.Stage != call.Offered || offered.Offer.Leg == first {
		t.Fatalf("%s with leg %s", offered.Stage, offered.Offer.Leg)
	}
	again := c
	again.Numbered = numberedFrom(now.Add(time.Second))
	talks := talking(again, asterisk.Channel{ID: offered.Offer.Leg, Created: now}, woman.ID, false)
	if talks.Bridge() != offered.Bridge() || talks.Offers != 1 || len(talks.Bridges()) != 0 {
		t.Fatalf("found in bridge %s as offer %d of %d, and %d bridges to end", talks.Bridge(), talks.Offer.N, talks.Offers, len(talks.Bridges()))
	}
	back, _ := e.settings().Rules.Step(talks, call.LegGone{At: now, Leg: talks.Offer.Leg, Lost: true})
	next, _ := e.settings().Rules.Step(back, call.Matched{At: now, Agent: woman})
	if next.Offer.N <= talks.Offer.N {
		t.Fatalf("offer %d follows offer %d", next.Offer.N, talks.Offer.N)
	}
}

// After everything but Asterisk was forgotten, whoever shares her bridge is in her call.
func TestGivenAConversationInAsteriskAlone_WhenItIsRead_ThenNobodyInItIsLeftOut(t *testing.T) {
	e := engineFor(t)
	leg := func(id, endpoint string) asterisk.Channel {
		return asterisk.Channel{ID: id, Name: "PJSIP/" + endpoint + "-00000001", State: asterisk.ChannelUp, App: "acd"}
	}
	agentLeg, colleague, outside, ear := leg("c1.a4", "w001"), leg("c1.a6", "w002"), leg("c1.x7", "operator"), leg("c1.a8", "s001")
	waiting := call.Call{ID: "c1", Stage: call.Waiting, Offers: 2}
	for _, one := range []struct {
		what   string
		bridge string
		held   bool
		in     []asterisk.Channel
		stage  call.Stage
		agent  agent.ID
		room   int
		guests []string
	}{
		{"nobody is there", "", false, nil, call.Waiting, "", 0, nil},
		{"two talk", "c1.b4", false, []asterisk.Channel{agentLeg}, call.Talking, "w001", 0, nil},
		{"one has taken over", "c1.b4", false, []asterisk.Channel{colleague}, call.Talking, "w002", 4, nil},
		{"a conference", "c1.b4", false, []asterisk.Channel{outside, colleague, agentLeg}, call.Talking, "w001", 0, []string{"c1.a6", "c1.x7"}},
		{"handed over", "c1.b4", false, []asterisk.Channel{outside}, call.HandedOver, "", 4, []string{"c1.x7"}},
		{"two talk about her", "c1.b4", true, []asterisk.Channel{colleague, agentLeg}, call.Talking, "w001", 0, []string{"c1.a6"}},
		{"one is left without her", "c1.b4", true, []asterisk.Channel{agentLeg}, call.Waiting, "", 0, nil},
	} {
		var members []string
		if !one.held {
			members = append(members, "c1")
		}
		for _, ch := range one.in {
			members = append(members, ch.ID)
		}
		s := asterisk.Snapshot{Channels: append(one.in, ear), Bridges: []asterisk.Bridge{{ID: "c1.b9", Members: []string{ear.ID, "c1.s9"}}}}
		if one.bridge != "" {
			s.Bridges = append(s.Bridges, asterisk.Bridge{ID: one.bridge, Members: members})
		}
		got := e.inCompany(waiting, s, factsOf(s))
		var guests []string
		for _, g := range got.Guests {
			guests = append(guests, g.Leg)
		}
		if got.Stage != one.stage || got.Offer.Agent != one.agent || got.Room != one.room || !slices.Equal(guests, one.guests) || got.Held != (one.held && got.Stage == call.Talking) {
			t.Errorf("%s: %+v", one.what, got)
		}
		if got.Stage != call.Waiting && got.Bridge() != one.bridge {
			t.Errorf("%s: they are in %s, and the call says %s", one.what, one.bridge, got.Bridge())
		}
		if last := got.Numbered + got.Offers; got.Stage != call.Waiting && last < floor.Number(one.in[0].ID) {
			t.Errorf("%s: the next leg would be number %d", one.what, last+1)
		}
	}
}
