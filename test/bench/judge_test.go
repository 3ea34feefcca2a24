package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"powerline/agent"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// TestGivenAVoice_… holds that the judge of BenchmarkDay can find what it looks
// for: a day without violations says nothing otherwise.
func TestGivenAVoice_WhenACallIsJudged_ThenWhoMayNotBeHeardAndSilenceAreFound(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	outside := host(ctx, t, "127.0.0.3", "127.0.0.1:9")
	inside := host(ctx, t, "127.0.0.2", outside.Address().String())
	woman := helpline.Person{Profile: agent.Profile{ID: "w001", Woman: true}}
	officer := helpline.Person{Profile: agent.Profile{ID: "m001", Officer: true}}
	const hers, his, nobody = 0, 119, -1
	stories := []struct {
		who        string
		voice      int
		violations float64
	}{
		{victims, hers, 0}, {victims, his, 1}, {victims, nobody, 1},
		{offenders, his, 0}, {offenders, hers, 1}, {offenders, nobody, 1},
		{contacts, his, 0}, {contacts, hers, 1},
	}
	calls := make([]*phone.Call, len(stories))
	for i, one := range stories {
		sound := phone.Silence()
		if one.voice != nobody {
			sound = phone.Tone(agentTone(one.voice))
		}
		called := outside.Phone(fmt.Sprintf("+91%s%08d", one.who, i))
		called.Does(phone.AnswerAtOnce().TalkFor(2200 * time.Millisecond))
		if _, err := inside.Phone("us").Dial(ctx, called.User(), phone.WithSound(sound)); err != nil {
			t.Fatal(err)
		}
		var err error
		if calls[i], err = called.NextCall(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for i, one := range stories {
		if _, err := calls[i].WaitEnded(ctx); err != nil {
			t.Fatal(err)
		}
		d := &day{counts: map[string]float64{}, voices: map[int]helpline.Person{agentTone(hers): woman, agentTone(his): officer}, tell: t.Logf}
		if d.judgeAttempt(calls[i]); d.counts["violations"] != one.violations || d.counts["attempts-answered"] != 1 {
			t.Errorf("%s hears voice %d: %v, want %v violations", one.who, one.voice, d.counts, one.violations)
		}
	}
}

func host(ctx context.Context, t *testing.T, ip, server string) *phone.Host {
	t.Helper()
	h, err := phone.NewHost(ctx, ip, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}
