package asterisk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

const phoneSecret = "secret"

// exchange is a real Asterisk with one agent, a001, and SIPp for its far ends.
type exchange struct {
	*stack.Stack
	t *testing.T
}

func startExchange(t *testing.T) exchange {
	s := stacktest.Start(t, stack.Options{
		Only: []string{stack.NameAsterisk},
		Configure: func(c *asteriskconfig.Settings) {
			c.Agents = append(c.Agents, asteriskconfig.Agent{
				ID: "a001", SecretMD5: asteriskconfig.HA1("a001", c.Realm, phoneSecret),
				Woman: true, Categories: []string{"other"}, Languages: []string{"hi"},
			})
		},
	})
	return exchange{Stack: s, t: t}
}

func (x exchange) options(app string) Options {
	c := x.Asterisk.Settings
	return Options{
		BaseURL: x.Asterisk.ARIURL, User: c.ARIUser.Name, Password: c.ARIUser.Password, App: app,
		AMIAddress: fmt.Sprintf("127.0.0.1:%d", c.AMIPort), AMIUser: c.AMIUser.Name, AMISecret: c.AMIUser.Password,
		Variables: []string{"POWERLINE_LINE", "POWERLINE_NEVER_SET"}, Logger: slog.New(slog.DiscardHandler),
	}
}

// sipp runs a scenario of testdata until it is done or the test ends.
func (x exchange) sipp(scenario, ip string, port int, replace []string, args ...string) (wait func() error) {
	x.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", scenario))
	if err != nil {
		x.t.Fatal(err)
	}
	file := filepath.Join(x.t.TempDir(), scenario)
	if err := os.WriteFile(file, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	args = append([]string{"-sf", file, "-i", ip, "-p", strconv.Itoa(port), "-nostdin",
		"-mp", strconv.Itoa(x.Ports.RTP.First + 2*(port%50)), x.Asterisk.SIPAddr}, args...)
	cmd, err := stack.Program(ctx, "sipp", args...)
	if err != nil {
		x.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	result := make(chan error, 1)
	go func() { result <- cmd.Wait() }()
	done := make(chan struct{})
	var outcome error
	go func() { outcome = <-result; close(done) }()
	x.t.Cleanup(func() { cancel(); <-done })
	return func() error { <-done; return outcome }
}

func (x exchange) call(did string, hold time.Duration, port int) {
	x.t.Helper()
	x.calls(did, hold, port, 1, 1)
}

// calls has n callers ring at a rate per second.
func (x exchange) calls(did string, hold time.Duration, port, n, rate int) {
	x.t.Helper()
	x.sipp("caller.xml", stack.TrunkAddress, x.Ports.Callers.First+port,
		[]string{"HOLD", strconv.FormatInt(hold.Milliseconds(), 10)},
		"-s", did, "-m", strconv.Itoa(n), "-r", strconv.Itoa(rate))
}

// until passes over events until one is an E that holds.
func until[E Event](t *testing.T, c *Client, holds func(E) bool) E {
	t.Helper()
	deadline := time.After(20 * time.Second)
	var seen []string
	for {
		select {
		case ev, open := <-c.Events():
			if want, right := ev.(E); right && holds(want) {
				return want
			}
			if !open {
				t.Fatalf("events ended after %v", seen)
			}
			seen = append(seen, fmt.Sprintf("%T", ev))
		case <-deadline:
			var want E
			t.Fatalf("no such %T among %v", want, seen)
			return want
		}
	}
}

func anyOf[E Event](E) bool { return true }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (x exchange) snapshotOf(c *Client, channel string) Channel {
	x.t.Helper()
	s, err := c.Snapshot(x.t.Context())
	must(x.t, err)
	i := slices.IndexFunc(s.Channels, func(ch Channel) bool { return ch.ID == channel })
	if i < 0 {
		return Channel{}
	}
	return s.Channels[i]
}

func TestRealBroadcastIsClaimedOnceAndTheCallObeys(t *testing.T) {
	x := startExchange(t)
	ctx := t.Context()
	a, b := running(t, x.options("powerline-acd-a")), running(t, x.options("powerline-acd-b"))
	next[Connected](t, a)
	next[Connected](t, b)

	x.call("1090", 20*time.Second, 1)
	offer := until(t, a, anyOf[Broadcast])
	other := until(t, b, anyOf[Broadcast])
	id := offer.Channel.ID
	if other.Channel.ID != id || offer.Called != "1090" || !slices.Equal(offer.Args[:2], []string{"inbound", "1090"}) {
		t.Fatalf("offers are %+v and %+v", offer, other)
	}
	must(t, a.Claim(ctx, id))
	if err := b.Claim(ctx, id); !IsConflict(err) {
		t.Errorf("the second claim: %v", err)
	}
	entered := until(t, a, anyOf[Entered])
	if entered.Channel.ID != id || !slices.Equal(entered.Args, offer.Args) || entered.Channel.App != "powerline-acd-a" ||
		entered.Channel.Line != "1090" || entered.Channel.Caller.Plain() != "9876543210" {
		t.Fatalf("entered is %+v", entered)
	}

	t.Run("the snapshot says whose it is, and what is not set is missing", func(t *testing.T) {
		ch := x.snapshotOf(b, id)
		if ch.App != "powerline-acd-a" || ch.Endpoint() != "PJSIP/operator" || ch.Variables.Plain("POWERLINE_LINE") != "1090" || len(ch.Variables) != 1 {
			t.Errorf("channel is %+v", ch)
		}
	})
	t.Run("the dead man's switch is set at once during music", func(t *testing.T) {
		must(t, a.StartMusic(ctx, id, ""))
		began := time.Now()
		must(t, a.ProlongLife(ctx, id, 40*time.Second))
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v", took)
		}
		values, err := a.Variables(ctx, id, "TIMEOUT(absolute)", "CHANNEL(pjsip,call-id)", "NOPE")
		must(t, err)
		left, _ := strconv.ParseFloat(values.Plain("TIMEOUT(absolute)"), 64)
		if left < 30 || left > 40 || values.Plain("CHANNEL(pjsip,call-id)") != entered.Channel.SIPCallID || len(values) != 2 {
			t.Errorf("%v s left, %d values", left, len(values))
		}
		must(t, a.StopMusic(ctx, id))
	})
	t.Run("what waiting needs ends, also when it has ended before", func(t *testing.T) {
		must(t, a.SetVariable(ctx, id, "TALK_DETECT(set)", ""))
		must(t, a.ProlongLife(ctx, id, 40*time.Second))
		for range 2 {
			must(t, a.EndTalkDetection(ctx, id))
			must(t, a.ProlongLife(ctx, id, 0))
			values, err := a.Variables(ctx, id, "TIMEOUT(absolute)")
			must(t, err)
			if left, _ := strconv.ParseFloat(values.Plain("TIMEOUT(absolute)"), 64); left != 0 {
				t.Errorf("the dead man's switch fires in %v s", left)
			}
		}
	})
	t.Run("behind a prompt it waits, and stopping the prompt frees it", func(t *testing.T) {
		must(t, a.Play(ctx, id, Prompt{ID: "p/1%", Media: []string{"tone:ring;tonezone=us"}}))
		set := make(chan error, 1)
		go func() { set <- a.SetVariables(ctx, id, map[string]string{"POWERLINE_NOTE": "x,y"}) }()
		select {
		case err := <-set:
			t.Errorf("it did not wait: %v", err)
		case <-time.After(700 * time.Millisecond):
		}
		must(t, a.StopPlayback(ctx, "p/1%"))
		must(t, <-set)
		end := until(t, a, anyOf[PlaybackFinished])
		if end.Playback != "p/1%" || end.ChannelID != id || end.Failed {
			t.Errorf("end is %+v", end)
		}
		must(t, a.StopPlayback(ctx, "p/1%"))
	})
	t.Run("a prompt that does not exist fails by event", func(t *testing.T) {
		must(t, a.Play(ctx, id, Prompt{ID: "p2", Media: []string{"sound:no/such/file"}}))
		if end := until(t, a, anyOf[PlaybackFinished]); end.Playback != "p2" || !end.Failed {
			t.Errorf("end is %+v", end)
		}
	})
	t.Run("the other takes it by a move", func(t *testing.T) {
		must(t, b.Move(ctx, id, "powerline-acd-b", "resumed", "7"))
		taken := until(t, b, anyOf[Entered])
		if taken.Channel.ID != id || !slices.Equal(taken.Args, []string{"resumed", "7"}) {
			t.Errorf("taken is %+v", taken)
		}
		until(t, a, anyOf[Left])
		if ch := x.snapshotOf(a, id); ch.App != "powerline-acd-b" {
			t.Errorf("the snapshot says %q has it", ch.App)
		}
		must(t, b.Move(ctx, id, "powerline-acd-nobody"))
		if failed := until(t, b, anyOf[MoveFailed]); failed.App != "powerline-acd-nobody" || failed.Channel.ID != id {
			t.Errorf("failed is %+v", failed)
		}
	})
	t.Run("its end reaches both", func(t *testing.T) {
		must(t, b.HangUp(ctx, id, HangUpNormal))
		for _, c := range []*Client{a, b} {
			until(t, c, func(d Destroyed) bool { return d.Channel.ID == id })
		}
		must(t, b.HangUp(ctx, id, HangUpNormal))
		if err := a.Claim(ctx, id); !IsNotFound(err) && !IsConflict(err) {
			t.Errorf("a claim of what is gone: %v", err)
		}
	})
}

func TestRealLegIsOriginatedOnceAndBridged(t *testing.T) {
	x := startExchange(t)
	ctx := t.Context()
	c := running(t, x.options("powerline-acd-a"))
	next[Connected](t, c)
	phone := x.Ports.Callers.First + 5
	x.sipp("phone.xml", stack.TrunkAddress, phone, nil, "-m", "1")

	leg := Leg{
		ID: "leg-1/a", Endpoint: fmt.Sprintf("PJSIP/operator/sip:phone@%s:%d", stack.TrunkAddress, phone),
		Args: []string{"agent", "call 1"}, CallerID: `"1090" <1090>`, RingFor: 10 * time.Second, Variables: AutoAnswer(),
	}
	must(t, c.Originate(ctx, leg))
	if err := c.Originate(ctx, leg); !IsConflict(err) {
		t.Errorf("the same leg again: %v", err)
	}
	// Asterisk itself would call this one a conflict too, after the one above.
	if err := c.Originate(ctx, Leg{ID: "leg-2", Endpoint: "PJSIP/a001", RingFor: time.Second}); err == nil || IsUnknown(err) || IsConflict(err) {
		t.Errorf("a phone that is not there: %v", err)
	}
	if err := c.Originate(ctx, Leg{ID: "leg-3", Endpoint: leg.Endpoint, Originator: "gone", RingFor: time.Second}); err == nil || IsUnknown(err) {
		t.Errorf("an originator that is not there: %v", err)
	}
	until(t, c, func(d Dialled) bool { return d.Channel.ID == leg.ID && d.Status == DialRinging })
	until(t, c, func(d Dialled) bool { return d.Channel.ID == leg.ID && d.Status == DialAnswered })
	up := until(t, c, anyOf[Entered])
	if up.Channel.ID != leg.ID || !slices.Equal(up.Args, leg.Args) {
		t.Fatalf("entered is %+v", up)
	}

	must(t, c.CreateBridge(ctx, "bridge/1"))
	must(t, c.CreateBridge(ctx, "bridge/1"))
	if err := c.AddToBridge(ctx, "bridge/1", leg.ID, "gone"); err == nil {
		t.Error("a channel that is not there was added")
	}
	must(t, c.AddToBridge(ctx, "bridge/1", leg.ID))
	if in := until(t, c, anyOf[BridgeEntered]); in.Bridge.ID != "bridge/1" || !slices.Equal(in.Bridge.Members, []string{leg.ID}) {
		t.Errorf("in is %+v", in)
	}
	s, err := c.Snapshot(ctx)
	must(t, err)
	if len(s.Bridges) != 1 || !slices.Equal(s.Bridges[0].Members, []string{leg.ID}) {
		t.Errorf("bridges are %+v", s.Bridges)
	}
	must(t, c.RemoveFromBridge(ctx, "bridge/1", leg.ID))
	if out := until(t, c, anyOf[BridgeLeft]); len(out.Bridge.Members) != 0 || out.Channel.ID != leg.ID {
		t.Errorf("out is %+v", out)
	}
	must(t, c.HangUp(ctx, leg.ID, HangUpAnsweredElsewhere))
	until(t, c, func(d Destroyed) bool { return d.Channel.ID == leg.ID })
	must(t, c.DestroyBridge(ctx, "bridge/1"))
	must(t, c.DestroyBridge(ctx, "bridge/1"))
}

// TestRealCallsEachHaveOneBeginningAndOneEnd follows a stream of calls through
// two acds and counts what it costs: the two apps of a socket have no common
// order, and yet Destroyed has to be the last word on a channel.
func TestRealCallsEachHaveOneBeginningAndOneEnd(t *testing.T) {
	const n = 80
	x := startExchange(t)
	a, b := running(t, x.options("powerline-acd-a")), running(t, x.options("powerline-acd-b"))
	next[Connected](t, a)
	next[Connected](t, b)
	x.calls("1090", 2*time.Second, 1, n, 20)

	type life struct{ offers, entries, lefts, ends int }
	lives := map[string]*life{}
	kinds := map[string]int{}
	claims := make(chan error, 2*n)
	won, entered, ended, leftAfter := 0, 0, 0, 0
	deadline := time.After(60 * time.Second)
	for handle := func(c *Client, ev Event) {
		kinds[strings.TrimPrefix(fmt.Sprintf("%T", ev), "asterisk.")]++
		id, _ := channelOf(ev)
		l := lives[id]
		if l == nil {
			l = &life{}
			lives[id] = l
		}
		switch ev := ev.(type) {
		case Broadcast:
			l.offers++
			go func() { claims <- c.Claim(context.Background(), ev.Channel.ID) }()
		case Entered:
			l.entries++
			entered++
		case Left:
			l.lefts++
		case Destroyed:
			l.ends++
			ended++
			if l.entries > l.lefts && c == a {
				leftAfter++
			}
		}
	}; ended < 2*n; {
		select {
		case ev := <-a.Events():
			handle(a, ev)
		case ev := <-b.Events():
			handle(b, ev)
		case err := <-claims:
			if err == nil {
				won++
			} else if !IsConflict(err) && !IsNotFound(err) { // late on a busy machine
				t.Errorf("a claim: %v", err)
			}
		case <-deadline:
			t.Fatalf("only %d of %d ends came", ended, 2*n)
		}
	}
	for id, l := range lives {
		if id != "" && (l.offers != 2 || l.ends != 2 || l.entries > 1 || l.lefts > l.entries) {
			t.Errorf("%s had the life %+v", id, *l)
		}
	}
	if won != entered || won == 0 {
		t.Errorf("%d claims won and %d calls entered", won, entered)
	}
	sa, sb := a.Stats(), b.Stats()
	t.Logf("%d frames to both for %d calls, %d claimed; %d skipped, %d late; Left missing at Destroyed: %d; kinds %v",
		received(a)+received(b), n, won, sa.Skipped+sb.Skipped, sa.Late+sb.Late, leftAfter, kinds)
	if sa.Unknown+sb.Unknown+sa.Malformed+sb.Malformed != 0 {
		t.Errorf("stats are %+v and %+v", sa, sb)
	}
}

func TestRealPhoneComesAndGoes(t *testing.T) {
	x := startExchange(t)
	c := running(t, x.options("powerline-acd-a"))
	first := next[Connected](t, c)
	if !slices.ContainsFunc(first.Snapshot.Endpoints, func(e Endpoint) bool { return e.Name == "PJSIP/a001" && !e.Online }) {
		t.Errorf("endpoints are %+v", first.Snapshot.Endpoints)
	}
	online := func(want bool) func(Presence) bool {
		return func(p Presence) bool { return p.Name == "PJSIP/a001" && p.Online == want }
	}
	phone := newTestPhone(t, x)
	phone.register(120)
	until(t, c, online(true))
	phone.register(0)
	until(t, c, online(false))

	phone.register(120)
	until(t, c, online(true))
	died := time.Now()
	phone.die()
	lost := until(t, c, online(false))
	t.Logf("a phone that died was reported after %v", lost.Received.Sub(died))
}

func TestRealFallbackQueueIsSeenAndCommanded(t *testing.T) {
	x := startExchange(t)
	c := running(t, x.options("powerline-acd-a"))
	next[Connected](t, c)
	ctx := t.Context()
	paused := func() (states []string) {
		queues, err := c.Queues(ctx)
		must(t, err)
		for _, q := range queues {
			for _, m := range q.Members {
				if m.Interface == "PJSIP/a001" {
					states = append(states, fmt.Sprint(m.Paused, m.PauseReason))
				}
			}
		}
		return slices.Compact(states)
	}
	must(t, c.QueuePause(ctx, "PJSIP/a001", false, ""))
	if got := paused(); !slices.Equal(got, []string{"false"}) {
		t.Errorf("unpaused she is %q", got)
	}
	must(t, c.QueuePause(ctx, "PJSIP/a001", true, "lunch"))
	if got := paused(); !slices.Equal(got, []string{"truelunch"}) {
		t.Errorf("paused she is %q", got)
	}
	if err := c.QueuePause(ctx, "PJSIP/nobody", true, ""); !IsNotFound(err) {
		t.Errorf("nobody: %v", err)
	}
	if err := c.QueuePause(ctx, "PJSIP/a001\r\n\r\nAction: Command", true, ""); err == nil || IsUnknown(err) {
		t.Errorf("an action inside a name: %v", err)
	}
	if err := c.QueueWithdraw(ctx, "PJSIP/operator-1", "none"); !IsNotFound(err) {
		t.Errorf("a caller who does not wait: %v", err)
	}

	x.Asterisk.Kill()
	if _, err := c.Queues(ctx); err == nil {
		t.Error("a dead Asterisk answered")
	}
	must(t, x.Asterisk.Start(ctx))
	if got := paused(); len(got) != 1 {
		t.Errorf("after the restart she is %q", got)
	}
}

func TestRealAsteriskIsKilledAndComesBack(t *testing.T) {
	x := startExchange(t)
	c := running(t, x.options("powerline-acd-a"))
	first := next[Connected](t, c)
	x.call("1090", 30*time.Second, 1)
	must(t, c.Claim(t.Context(), until(t, c, anyOf[Broadcast]).Channel.ID))
	until(t, c, anyOf[Entered])

	killed := time.Now()
	x.Asterisk.Kill()
	lost := until(t, c, anyOf[Disconnected])
	if took := lost.Received.Sub(killed); took > time.Second {
		t.Errorf("a death was noticed after %v", took)
	}
	if err := c.HangUp(t.Context(), "x", HangUpNormal); err == nil || IsNotFound(err) {
		t.Errorf("a command to the dead: %v", err)
	}
	must(t, x.Asterisk.Start(t.Context()))
	back := until(t, c, anyOf[Connected])
	if !back.Restarted || !back.Snapshot.Started.After(first.Snapshot.Started) || len(back.Snapshot.Channels) != 0 || back.Gap <= 0 {
		t.Errorf("back is %+v", back)
	}
	t.Logf("noticed after %v, connected %v after the death", lost.Received.Sub(killed), back.Received.Sub(killed))

	x.call("1090", 30*time.Second, 2) // filters and subscriptions are back
	offer := until(t, c, anyOf[Broadcast])
	must(t, c.HangUp(t.Context(), offer.Channel.ID, HangUpNormal))
	until(t, c, func(d Destroyed) bool { return d.Channel.ID == offer.Channel.ID })
}

func TestRealAsteriskIsFrozenAndThawed(t *testing.T) {
	x := startExchange(t)
	c := running(t, x.options("powerline-acd-a"))
	next[Connected](t, c)
	x.call("1090", 60*time.Second, 1)
	id := until(t, c, anyOf[Broadcast]).Channel.ID
	must(t, c.Claim(t.Context(), id))
	until(t, c, anyOf[Entered])
	must(t, c.ProlongLife(t.Context(), id, 0))

	x.Asterisk.Pause()
	frozen := time.Now()
	lost := until(t, c, anyOf[Disconnected])
	took := lost.Received.Sub(frozen)
	if took < 1500*time.Millisecond || took > 4*time.Second {
		t.Errorf("a freeze was noticed after %v, want about 3s", took)
	}
	if err := c.Answer(contextOf(t, 300*time.Millisecond), id); !IsUnknown(err) {
		t.Errorf("a command to the frozen: %v", err)
	}
	x.Asterisk.Resume()
	thawed := time.Now()
	back := until(t, c, anyOf[Connected])
	if back.Restarted || back.Gap < took || !slices.ContainsFunc(back.Snapshot.Channels, func(ch Channel) bool {
		return ch.ID == id && ch.App == "powerline-acd-a"
	}) {
		t.Errorf("back is %+v", back)
	}
	t.Logf("noticed after %v, connected %v after the thaw", took, back.Received.Sub(thawed))
	must(t, c.HangUp(t.Context(), id, HangUpNormal)) // and events of the old call still come
	until(t, c, func(d Destroyed) bool { return d.Channel.ID == id })
}

func contextOf(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func TestRealNameIsTakenAndTheFirstStopsActing(t *testing.T) {
	x := startExchange(t)
	first := New(x.options("powerline-acd-a"))
	result := make(chan error, 1)
	go func() { result <- first.Run(context.Background()) }()
	next[Connected](t, first)
	second := running(t, x.options("powerline-acd-a"))
	next[Connected](t, second)
	until(t, first, anyOf[Replaced])
	if err := <-result; !errors.Is(err, ErrReplaced) {
		t.Errorf("Run returned %v", err)
	}
	x.call("1090", 5*time.Second, 1)
	must(t, second.Claim(t.Context(), until(t, second, anyOf[Broadcast]).Channel.ID))
	until(t, second, anyOf[Entered])
}

// TestABrowserTakesTheEndpointOfTheFileAndGivesItBack also holds while pjsip.conf
// is read again, and when Asterisk was told twice.
func TestABrowserTakesTheEndpointOfTheFileAndGivesItBack(t *testing.T) {
	s := stacktest.Start(t, stack.Options{
		Only: []string{stack.NameAsterisk},
		Configure: func(c *asteriskconfig.Settings) {
			c.Browsers.Allowed = true
			c.Agents = append(c.Agents, asteriskconfig.Agent{
				ID: "a001", SecretMD5: asteriskconfig.HA1("a001", c.Realm, phoneSecret),
				Woman: true, Categories: []string{"other"}, Languages: []string{"hi"},
			})
		},
	})
	x := exchange{Stack: s, t: t}
	c := New(x.options("acd-a"))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	browser := asteriskconfig.BrowserAuthID("a001")
	is := func(when string, fields ...string) {
		t.Helper()
		out, err := s.Asterisk.CLI(ctx, "pjsip show endpoint a001")
		if err != nil {
			t.Fatal(err)
		}
		out = strings.Join(strings.Fields(out), " ")
		for _, field := range fields {
			if !strings.Contains(out, field) {
				t.Errorf("%s: want %q in %s", when, field, out)
			}
		}
	}
	file := []string{"webrtc : no", "ice_support : false", "transport : transport-udp", "auth : a001 ", "context : from-agents",
		"bundle : false", "rtcp_mux : false", "use_avpf : false", "media_use_received_transport : false", "media_encryption : no",
		"dtls_verify : No", "dtls_auto_generate_cert : No"}
	page := []string{"webrtc : yes", "ice_support : true", "transport : transport-ws", "auth : a001.browser", "context : from-agents", "aors : a001"}
	is("at the start", file...)
	for range 2 {
		if err := c.SetObject(ctx, "auth", browser, asteriskconfig.BrowserAuth("a001", s.Asterisk.Settings.Realm, "of this login")); err != nil {
			t.Fatal(err)
		}
		if err := c.SetObject(ctx, "endpoint", "a001", asteriskconfig.BrowserEndpoint("a001")); err != nil {
			t.Fatal(err)
		}
	}
	is("lent", page...)
	if _, err := s.Asterisk.CLI(ctx, "module reload res_pjsip.so"); err != nil {
		t.Fatal(err)
	}
	is("read again", page...)
	if there, err := c.HasObject(ctx, "auth", browser); !there || err != nil {
		t.Errorf("lent: its password is there %v, %v", there, err)
	}
	if out, err := s.Asterisk.CLI(ctx, "pjsip list endpoints"); err != nil || strings.Count(out, " a001/a001 ") != 1 {
		t.Errorf("want a001 once (%v):\n%s", err, out)
	}
	if err := errors.Join(c.SetObject(ctx, "endpoint", "a001", asteriskconfig.PhoneEndpoint("a001")), c.DropObject(ctx, "auth", browser)); err != nil {
		t.Fatal(err)
	}
	is("given back", file...)
	if there, err := c.HasObject(ctx, "auth", browser); there || err != nil {
		t.Errorf("given back: its password is there %v, %v", there, err)
	}
	if version, err := c.Version(ctx); err != nil || !strings.HasPrefix(version, "22.") {
		t.Errorf("version %q, %v", version, err)
	}
}
