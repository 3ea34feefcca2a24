package asterisk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestGivenUnknownAndBrokenFrames_WhenTheyArrive_ThenTheyAreCountedAndTheNextEventStillComes(t *testing.T) {
	fake := newFakeARI(t)
	c := running(t, fake.options())
	next[Connected](t, c)

	fake.send(
		`{"type":"ChannelBrandNew","timestamp":"2026-11-23T11:40:37.266+0000"}`,
		frameOf("ChannelToneDetected", "ch-1", nil), // the one that kills the library's own client
		frameOf("ChannelTransfer", "ch-1", nil),
		`{"type":`, ``, `null`, `[1,2]`, `"StasisStart"`, `{"type":7}`, `{}`,
		`{"type":"StasisStart"}`, // about no channel
		`{"type":"StasisStart","channel":5}`,
		`{"type":"ChannelDestroyed","timestamp":"yesterday","channel":{"id":"ch-1"}}`,
		frameOf("ChannelDtmfReceived", "ch-1", map[string]any{"digit": "5", "duration_ms": 180}),
	)

	d := next[Digit](t, c)
	if d.Key.Plain() != "5" || d.Duration != 180*time.Millisecond || d.Channel.ID != "ch-1" {
		t.Errorf("digit is %+v", d)
	}
	s := c.Stats()
	if s.Unknown != 3 || s.Skipped != 2 || s.Malformed != 8 {
		t.Errorf("unknown %d, skipped %d, malformed %d; want 3, 2, 8", s.Unknown, s.Skipped, s.Malformed)
	}
}

func TestGivenASlowConsumer_WhenTenThousandEventsCome_ThenNoneIsLostAndTheOrderIsKept(t *testing.T) {
	const n = 10_000
	fake := newFakeARI(t)
	o := fake.options()
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c := running(t, o)
	next[Connected](t, c)

	for i := range n {
		fake.send(frameOf("ChannelTalkingFinished", "ch-"+strconv.Itoa(i), map[string]any{"duration": i}))
	}
	// Nobody has read one event yet, and all of them are here: the reader of
	// the socket did not wait for anybody.
	eventually(t, "all but the one on offer wait in the backlog", func() bool { return c.Stats().Backlog == n-1 })
	eventually(t, "every frame is counted", func() bool { return received(c) == n })
	if peak := c.Stats().BacklogPeak; peak < n-1 {
		t.Errorf("peak %d, want %d", peak, n)
	}
	for i := range n {
		ev := next[TalkingFinished](t, c)
		if ev.Channel.ID != "ch-"+strconv.Itoa(i) || ev.Duration != time.Duration(i)*time.Millisecond {
			t.Fatalf("event %d is %s", i, ev.Channel.ID)
		}
	}
	if got := strings.Count(log.String(), "events wait to be handled"); got != 4 { // 1000, 2000, 4000, 8000
		t.Errorf("%d backlog warnings, want 4", got)
	}
	if strings.Contains(log.String(), "9876543210") {
		t.Error("a number reached the log")
	}
}

func TestGivenEventsBeforeTheSnapshotIsComplete_WhenItIs_ThenTheyFollowConnected(t *testing.T) {
	fake := newFakeARI(t)
	sent := false
	fake.set(func() {
		fake.answer = func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/channels") && !sent {
				sent = true
				fake.send(frameOf("StasisEnd", "ch-9", nil))
			}
			return false
		}
		fake.channels = `[{"id":"ch-9","name":"PJSIP/agent-7-00000001","state":"Up"}]`
	})
	c := running(t, fake.options())

	connected := next[Connected](t, c)
	if len(connected.Snapshot.Channels) != 1 || connected.Snapshot.Channels[0].Endpoint() != "PJSIP/agent-7" {
		t.Errorf("snapshot is %+v", connected.Snapshot)
	}
	if left := next[Left](t, c); left.Channel.ID != "ch-9" {
		t.Errorf("left is %+v", left)
	}
}

func TestGivenALostSocket_WhenItIsBack_ThenDisconnectedConnectedAndTheGapAreTold(t *testing.T) {
	fake := newFakeARI(t)
	c := running(t, fake.options())
	if first := next[Connected](t, c); first.Restarted || first.Gap != 0 {
		t.Errorf("the first connection has a past: %+v", first)
	}

	fake.drop()
	if lost := next[Disconnected](t, c); lost.Err == nil {
		t.Error("no reason is given")
	}
	if back := next[Connected](t, c); back.Restarted || back.Gap <= 0 || back.Gap > 5*time.Second {
		t.Errorf("after the same process: restarted %v, gap %v", back.Restarted, back.Gap)
	}

	fake.set(func() { fake.started = "2026-11-23T10:07:00.250+0000" })
	fake.drop()
	next[Disconnected](t, c)
	if back := next[Connected](t, c); !back.Restarted {
		t.Error("another startup time was not taken for a restart")
	}
	if s := c.Stats(); !s.Connected || s.Connects != 3 {
		t.Errorf("stats are %+v", s)
	}
	if got := fake.seen("PUT /ari/applications/acd-a/eventFilter"); got != 3 {
		t.Errorf("the filter was set %d times, want once per connection", got)
	}
}

func TestGivenAConnection_WhenItIsRenewed_ThenAFreshSnapshotFollowsWhatWasRead(t *testing.T) {
	fake := newFakeARI(t)
	c := running(t, fake.options())
	next[Connected](t, c)
	fake.send(frameOf("StasisEnd", "ch-1", nil))
	if left := next[Left](t, c); left.Channel.ID != "ch-1" {
		t.Errorf("left is %+v", left)
	}
	why := errors.New("it slept")
	c.Renew(why)
	if lost := next[Disconnected](t, c); !errors.Is(lost.Err, why) {
		t.Errorf("the reason is %v", lost.Err)
	}
	next[Connected](t, c)
	fake.send(frameOf("StasisEnd", "ch-2", nil))
	if left := next[Left](t, c); left.Channel.ID != "ch-2" {
		t.Errorf("left is %+v", left)
	}
}

func TestGivenAnAsteriskThatSaysNothingMore_WhenTheLimitHasPassed_ThenItIsTakenForDead(t *testing.T) {
	fake := newFakeARI(t)
	fake.set(func() { fake.mute = true })
	o := fake.options()
	o.SilenceLimit = 300 * time.Millisecond
	c := running(t, o)
	connected := next[Connected](t, c)
	fake.set(func() { fake.mute, fake.deafTo = false, "" })

	lost := next[Disconnected](t, c)
	took := lost.Received.Sub(connected.Received)
	if took < 200*time.Millisecond || took > 3*time.Second {
		t.Errorf("found out after %v, want about 300ms", took)
	}
	if !strings.Contains(lost.Err.Error(), "silent") {
		t.Errorf("reason is %v", lost.Err)
	}
	fake.set(func() { fake.deafTo = "-" })
	next[Connected](t, c)
	// Pongs and echoes alone keep a quiet connection alive for longer than the limit.
	select {
	case ev := <-c.Events():
		t.Errorf("a quiet but living connection brought %T %+v", ev, ev)
	case <-time.After(900 * time.Millisecond):
	}
}

func TestGivenAnAppThatAsteriskSwitchedOff_WhenItsEchoStaysAway_ThenItIsConnectedAnew(t *testing.T) {
	for _, app := range []string{"watch-acd-a", "acd-a"} {
		fake := newFakeARI(t)
		o := fake.options()
		o.EchoLimit, o.QueryTimeout = 500*time.Millisecond, time.Second
		c := running(t, o)
		next[Connected](t, c)

		fake.set(func() { fake.deafTo = app })
		lost := next[Disconnected](t, c)
		if !strings.Contains(lost.Err.Error(), "do not reach") {
			t.Errorf("reason is %v", lost.Err)
		}
		eventually(t, "further attempts find it still deaf", func() bool { return fake.seen("GET /ari/events") >= 3 })
		if c.Stats().Connected {
			t.Error("a deaf connection counts as connected")
		}
		fake.set(func() { fake.deafTo = "-" })
		for connected := false; !connected; {
			select {
			case ev := <-c.Events():
				_, connected = ev.(Connected)
			case <-time.After(5 * time.Second):
				t.Fatal("never connected again")
			}
		}
	}
}

func TestGivenAWrongPassword_WhenRunning_ThenItSaysSoOnceAndKeepsTrying(t *testing.T) {
	fake := newFakeARI(t)
	o := fake.options()
	o.Password = "wrong"
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	c := running(t, o)

	if lost := next[Disconnected](t, c); !errors.Is(lost.Err, ErrUnauthorised) {
		t.Fatalf("reason is %v", lost.Err)
	}
	eventually(t, "further attempts", func() bool { return fake.seen("/ari/asterisk/ping") >= 4 })
	if err := c.Stats().LastError; !errors.Is(err, ErrUnauthorised) {
		t.Errorf("last error is %v", err)
	}
	select {
	case ev := <-c.Events():
		t.Errorf("the same reason was told again: %+v", ev)
	default:
	}
	if text := log.String(); strings.Count(text, "no events from Asterisk") != 1 || strings.Contains(text, "wrong") {
		t.Errorf("the log is:\n%s", text)
	}
	if err := c.Ping(t.Context()); !errors.Is(err, ErrUnauthorised) {
		t.Errorf("a command says %v", err)
	}
}

func TestGivenAnotherProcessTakesTheName_WhenReplacedComes_ThenRunEndsAndNothingIsSentAnyMore(t *testing.T) {
	fake := newFakeARI(t)
	c := New(fake.options())
	result := make(chan error, 1)
	go func() { result <- c.Run(context.Background()) }()
	next[Connected](t, c)

	fake.send(`{"type":"ApplicationReplaced","timestamp":"2026-11-23T11:40:37.266+0000","application":"acd-a"}`)
	next[Replaced](t, c)
	if err := <-result; !errors.Is(err, ErrReplaced) {
		t.Errorf("Run returned %v", err)
	}
	if _, open := <-c.Events(); open {
		t.Error("Events is still open")
	}
	before := fake.seen("")
	for name, command := range map[string]func() error{
		"hang up": func() error { return c.HangUp(t.Context(), "ch-1", HangUpNormal) },
		"ping":    func() error { return c.Ping(t.Context()) },
		"queues":  func() error { _, err := c.Queues(t.Context()); return err },
	} {
		if err := command(); !errors.Is(err, ErrReplaced) {
			t.Errorf("%s returned %v", name, err)
		}
	}
	if after := fake.seen(""); after != before {
		t.Errorf("%d requests were sent after the name was taken", after-before)
	}
}

func TestGivenAChannelThatIsDestroyed_WhenMoreOfItComes_ThenItIsNotDelivered(t *testing.T) {
	fake := newFakeARI(t)
	c := running(t, fake.options())
	next[Connected](t, c)
	fake.send(
		frameOf("ChannelDestroyed", "ch-1", map[string]any{"cause": 17, "cause_txt": "User busy", "tech_cause": 486}),
		frameOf("StasisStart", "ch-1", map[string]any{"args": []string{"late"}}),
		frameOf("ChannelDestroyed", "ch-1", nil),
		frameOf("StasisStart", "ch-2", map[string]any{"args": []string{"inbound", "1090"}}),
	)
	if d := next[Destroyed](t, c); d.Cause != 17 || d.TechCause != 486 || d.CauseText != "User busy" {
		t.Errorf("destroyed is %+v", d)
	}
	if e := next[Entered](t, c); e.Channel.ID != "ch-2" || e.Channel.App != "acd-a" || fmt.Sprint(e.Args) != "[inbound 1090]" {
		t.Errorf("entered is %+v", e)
	}
	if s := c.Stats(); s.Late != 2 {
		t.Errorf("late is %d, want 2", s.Late)
	}
}

func TestGivenNobodyReads_WhenTheContextEnds_ThenRunReturns(t *testing.T) {
	fake := newFakeARI(t)
	c := New(fake.options())
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- c.Run(ctx) }()
	eventually(t, "connected", func() bool { return c.Stats().Connected })
	cancel()
	select {
	case err := <-result:
		if err != nil {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not return")
	}
}
