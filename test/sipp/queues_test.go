package sipp_test

import (
	"encoding/json"
	"testing"
	"time"

	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// TestGivenQueuesThatASupervisorChanges_WhenTheNextCallRings_ThenTheEngineObeysAndASecondFileKeepsIt
// changes how long an offer rings, without a restart.
func TestGivenQueuesThatASupervisorChanges_WhenTheNextCallRings_ThenTheEngineObeysAndASecondFileKeepsIt(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: 1, RingFor: 20 * time.Second}, 2*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := config.Load(h.Engines[0].Config)
	if err != nil {
		t.Fatal(err)
	}
	queues := conf.Queues()
	for name, q := range queues {
		q.RingFor = 2 * time.Second
		queues[name] = q
	}
	settings, err := json.Marshal(queues)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.ChangeQueues(ctx, 0, settings, postgres.Because{By: "s001", Why: "a rush", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := helpline.Until(ctx, "the engine takes the settings", func() bool {
		return figure(ctx, t, h.Engines[0], "acd_queue_settings_version") == 1
	}); err != nil {
		t.Fatal(err)
	}
	h.Engines[0].Reload() // the same file again
	if err := helpline.Until(ctx, "the engine takes the file", func() bool {
		return figure(ctx, t, h.Engines[0], `acd_reloads_total{result="ok"}`) == 1
	}); err != nil {
		t.Fatal(err)
	}
	agent := h.Phone(h.People[0])
	agent.Does(phone.Ignore())
	caller, err := h.Trunk.Phone(number(1), phone.Deaf()).Dial(ctx, helpline.Direct)
	if err != nil {
		t.Fatal(err)
	}
	defer caller.HangUp()
	offer, err := agent.NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := offer.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	if rang := offer.When(phone.Ended).Sub(offer.When(phone.Invited)); rang < 1900*time.Millisecond || rang > 10*time.Second {
		t.Errorf("her phone rang for %v, want the 2 s of the supervisor and not the 20 s of the file", rang)
	}
}
