package sipp_test

import (
	"context"
	"testing"
	"time"

	"powerline/call"
	engine "powerline/internal/acd"
	"powerline/internal/postgres"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The police station of these tests, and the number under which it stands in the
// directory.
const (
	station       = "lko-hazratganj"
	stationNumber = "+915222345678"
	stationTone   = 1300
)

// stationOpens enters the police station into the directory, and gives its phone.
func stationOpens(ctx context.Context, t *testing.T, h *helpline.Helpline) *phone.Phone {
	t.Helper()
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	if err := db.ImportStations(ctx, []postgres.Station{{ID: station, District: "Lucknow", Name: "Hazratganj", Active: true}}, "test", now); err != nil {
		t.Fatal(err)
	}
	if known, err := db.SetStationTelephone(ctx, station, stationNumber, "test", now); err != nil || !known {
		t.Fatalf("the station's number is not known: %v", err)
	}
	return h.Trunk.Phone(stationNumber, phone.Sings(stationTone))
}

// Nobody outside can be reached: each time the caller is back with her agent, the
// one after music and the other after a ringing tone. Then somebody answers there,
// hears the agent at once, and keeps the caller when she leaves.
func TestGivenATalk_WhenAStationIsBusyMuteOrUnknownAndThenAnswers_ThenTheCallerIsNeverLeftInSilence(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, with112(helpline.Options{Women: 1}), 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	desk := stationOpens(ctx, t, h)
	control := h.Trunk.Phone("112")
	a := conversation(ctx, t, h, 1, helpline.Direct)
	mine := func(w call.Wish, to string) engine.Order { return engine.Order{Wish: w, Seat: a.who.ID, Station: to} }
	backWithHer := func() {
		t.Helper()
		callIs(ctx, t, h, a.caller, "has nobody else in it", func(k call.Call) bool { return len(k.Guests) == 0 && !k.Held && k.Joined })
		hearsJust(ctx, t, "the caller", a.caller, a.tone)
		hearsJust(ctx, t, "the agent", a.agent, callerHz2)
	}

	desk.Does(phone.RejectAfter(300*time.Millisecond, 486))
	obeyed(ctx, t, h, mine(call.ToStation, station))
	backWithHer()
	control.Does(phone.Reject(503)) // 112 cannot be reached at all
	obeyed(ctx, t, h, mine(call.ToEmergency, ""))
	backWithHer()
	obeyed(ctx, t, h, mine(call.ToStation, "lko-nowhere")) // which no directory knows
	backWithHer()

	desk.Does(phone.Ignore())
	obeyed(ctx, t, h, mine(call.ToStation, station))
	if err := a.caller.Hears(ctx, musicHz2); err != nil { // while it rings there
		t.Fatal(err)
	}
	if err := a.agent.Hears(ctx, ringingHz); err != nil {
		t.Fatal(err)
	}
	obeyed(ctx, t, h, mine(call.ConsultCancel, ""))
	backWithHer()

	desk.Does(phone.AnswerAfter(300 * time.Millisecond))
	rung := desk.Invites()
	obeyed(ctx, t, h, mine(call.ToStation, station))
	callIs(ctx, t, h, a.caller, "has the station in it", func(k call.Call) bool { return len(k.Guests) == 1 && k.Guests[0].Up })
	live := desk.Live()
	if len(live) != 1 || desk.Invites() != rung+1 {
		t.Fatalf("%d calls to the station, %d invitations", len(live), desk.Invites()-rung)
	}
	officer := live[0]
	hearsJust(ctx, t, "the station", officer, a.tone)
	hearsJust(ctx, t, "the agent", a.agent, stationTone)
	obeyed(ctx, t, h, mine(call.ConsultDone, ""))
	hearsJust(ctx, t, "the caller", a.caller, stationTone)
	hearsJust(ctx, t, "the station", officer, callerHz2)
	if _, err := a.agent.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	callIs(ctx, t, h, a.caller, "is handed over", func(k call.Call) bool { return k.Stage == call.HandedOver })
	if err := h.UntilAgents(ctx, "she is free for others", h.People, free); err != nil {
		t.Fatal(err)
	}
	if gap := officer.LongestGap(); gap.Length > 500*time.Millisecond+stalled(h) {
		t.Errorf("the station heard nothing for %v", gap.Length)
	}
	officer.HangUp()
	if _, err := a.caller.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
}

// ringingHz is of India's ringing tone.
const ringingHz = 400
