package sipp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 3 of what must hold: whatever becomes of our processes and of the spool,
// calls are unaffected, what was recorded is sealed once, and gaps are rows.

// converse begins a conversation with a caller who sings.
func converse(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) (caller1, agent *phone.Call) {
	t.Helper()
	h.Trunk.Phone(number(i), phone.Sings(callerHz))
	c := caller(ctx, t, h, i, helpline.Direct)
	partner, err := h.Partner(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Hears(ctx, agentHz), partner.Hears(ctx, callerHz)); err != nil {
		t.Fatal(err)
	}
	return c, partner
}

// whole fails the test unless a recording is as long as wanted, with each tone in
// its channel.
func whole(ctx context.Context, t *testing.T, h *helpline.Helpline, f postgres.RecordingFile, want, within time.Duration) {
	t.Helper()
	wav, err := h.Plain(ctx, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, wav)
	inOwnChannels(t, f.Call, l)
	near(t, "length of "+f.Call, l.lasts, want, within+stalled(h))
}

// stalled is how long the test's own phones were held up at worst: what they did
// not send in that time nobody can record.
func stalled(h *helpline.Helpline) time.Duration { return max(h.Agents.Stalled(), h.Trunk.Stalled()) }

func gapsOf(ctx context.Context, t *testing.T, h *helpline.Helpline, id string) (why []string) {
	t.Helper()
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	gaps, err := db.Gaps(ctx, "", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gaps {
		if g.Call == id {
			why = append(why, g.Why)
		}
	}
	return why
}

func TestGivenConversations_WhenEngineAndSealerAreKilled_ThenEachIsRecordedWholeAndSealedOnce(t *testing.T) {
	h, ctx := recording(t, helpline.Options{Women: 4}, 2*time.Minute)
	const n = 3
	var calls, agents []*phone.Call
	for i := range n {
		c, a := converse(ctx, t, h, i)
		calls, agents = append(calls, c), append(agents, a)
	}
	engine := h.Engines[0]
	h.Sealer.Kill()
	engine.Kill()
	hearMore(ctx, t, calls[0], agentHz, 3) // they talk, and nobody of ours lives
	for i, c := range calls {
		if err := errors.Join(c.Hears(ctx, agentHz), agents[i].Hears(ctx, callerHz)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(engine.Start(), engine.Ready(ctx), h.Sealer.Start()); err != nil {
		t.Fatal(err)
	}
	hearMore(ctx, t, calls[0], agentHz, 5) // the engine compares with the facts
	for i, c := range calls {
		c.HangUp()
		if _, err := agents[i].WaitEnded(ctx); err != nil {
			t.Fatal(err)
		}
		h.Sealer.Kill() // in the middle of whatever it does
		if err := h.Sealer.Start(); err != nil {
			t.Fatal(err)
		}
	}
	all := sealedRecordings(ctx, t, h, n)
	if len(all) != n {
		t.Errorf("%d recordings of %d conversations", len(all), n)
	}
	for i, c := range calls {
		for _, f := range all {
			if f.Call == agents[i].Invite().Header("X-Powerline-Call") {
				whole(ctx, t, h, f, c.When(phone.Ended).Sub(agents[i].When(phone.Answered)), 200*time.Millisecond)
			}
		}
	}
	for _, f := range all {
		if why := gapsOf(ctx, t, h, f.Call); len(why) > 0 {
			t.Errorf("%s has gaps: %v", f.Call, why)
		}
	}
	nothingPlain(t, h)
}

func TestGivenAnAgentWhosePhoneDies_WhenAnotherGoesOn_ThenBothConversationsAreRecordedApart(t *testing.T) {
	h, ctx := recording(t, helpline.Options{Women: 2, AgentRTPTimeout: 2}, 90*time.Second)
	c, first := converse(ctx, t, h, 0)
	id := first.Invite().Header("X-Powerline-Call")
	hearMore(ctx, t, c, agentHz, 3)
	first.Phone().Vanish()
	second := offer(ctx, t, h, id, 2)
	if _, err := second.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := second.Hears(ctx, callerHz); err != nil {
		t.Fatal(err)
	}
	hearMore(ctx, t, c, agentHz, 4)
	c.HangUp()
	all := sealedRecordings(ctx, t, h, 2)
	if len(all) != 2 || all[0].Call != id || all[1].Call != id || all[0].Agent == all[1].Agent {
		t.Fatalf("the rows are %+v", all)
	}
	whole(ctx, t, h, all[1], c.When(phone.Ended).Sub(second.When(phone.Answered)), 200*time.Millisecond)
	near(t, "length of the first by the engine", firstLength(ctx, t, h, all[0].ID), all[0].End.Bridged, 200*time.Millisecond)
}

func firstLength(ctx context.Context, t *testing.T, h *helpline.Helpline, id recordings.ID) time.Duration {
	t.Helper()
	wav, err := h.Plain(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return listenTo(t, wav).lasts
}

func TestGivenNoEngine_WhenTheFallbackServesACaller_ThenTheConversationIsRecordedToo(t *testing.T) {
	h, ctx := recording(t, helpline.Options{Women: 2}, 90*time.Second)
	h.Engines[0].Stop()
	for _, p := range h.People { // she hears music meanwhile
		h.Phone(p).Does(phone.AnswerAfter(1500 * time.Millisecond).Singing(phone.Tone(agentHz)))
	}
	h.Trunk.Phone(number(0), phone.Sings(callerHz))
	c := caller(ctx, t, h, 0, helpline.Direct)
	if err := c.Hears(ctx, agentHz); err != nil {
		t.Fatal(err)
	}
	hearMore(ctx, t, c, agentHz, 4)
	c.HangUp()
	f := sealedRecordings(ctx, t, h, 1)[0]
	if f.What != "fallback" || f.Call == "" {
		t.Errorf("the row says %+v", f)
	}
	wav, err := h.Plain(ctx, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, wav)
	inOwnChannels(t, "fallback", l)
	if l.lasts < 2*time.Second || l.lasts > c.When(phone.Ended).Sub(c.When(phone.Answered)) {
		t.Errorf("%v long", l.lasts)
	}
	nothingPlain(t, h)
}

func TestGivenAFullSpool_WhenACallComes_ThenItIsServedAndAnAlarmAndAGapSayThatItIsNotRecorded(t *testing.T) {
	h, ctx := recording(t, helpline.Options{Women: 3, Recorded: 4 << 20}, 2*time.Minute)
	if !h.Evidence.Limited() {
		t.Skip("only root can mount a spool with a limit")
	}
	cut, cutAgent := converse(ctx, t, h, 0) // under way when the spool becomes full
	hearMore(ctx, t, cut, agentHz, 10)      // longer than Asterisk's buffer
	filler := filepath.Join(h.Evidence.Spool, "filler")
	full := time.Now()
	if err := os.WriteFile(filler, make([]byte, 5<<20), 0o600); err == nil {
		t.Fatal("the spool took more than its limit")
	}
	err := helpline.Until(within(ctx, t, 10*time.Second), "the alarm", func() bool {
		text, err := h.Sealer.Metrics(ctx)
		return err == nil && strings.Contains(text, `recordings_alarm{alarm="spool"} 1`)
	})
	if err != nil {
		t.Fatal(err)
	}
	atMost(t, "alarm after the spool was full", time.Since(full), 10*time.Second)
	c, agent := converse(ctx, t, h, 1) // both hear each other
	hearMore(ctx, t, cut, agentHz, 10)
	if err := errors.Join(cut.Hears(ctx, agentHz), cutAgent.Hears(ctx, callerHz)); err != nil {
		t.Fatal(err)
	}
	c.HangUp()
	cut.HangUp()
	for _, a := range []*phone.Call{agent, cutAgent} {
		if _, err := a.WaitEnded(ctx); err != nil {
			t.Fatal(err)
		}
	}
	refused := agent.Invite().Header("X-Powerline-Call")
	err = helpline.Until(within(ctx, t, 5*time.Second), "the gap", func() bool {
		return fmt.Sprint(gapsOf(ctx, t, h, refused)) == "["+recordings.WhySpoolFull+"]"
	})
	if err != nil {
		t.Errorf("the gaps of the call that came then are %v", gapsOf(ctx, t, h, refused))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	all := sealedRecordings(ctx, t, h, 1)
	if why := gapsOf(ctx, t, h, all[0].Call); fmt.Sprint(why) != "["+recordings.WhyShort+"]" {
		t.Errorf("the gaps of the call that was cut off are %v", why)
	}
	again, agent := converse(ctx, t, h, 2)
	hearMore(ctx, t, again, agentHz, 4)
	again.HangUp()
	if _, err := agent.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	all = sealedRecordings(ctx, t, h, 2)
	whole(ctx, t, h, all[1], again.When(phone.Ended).Sub(agent.When(phone.Answered)), 200*time.Millisecond)
}
