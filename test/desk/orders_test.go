package desk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/browser"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// The tones of the others; each agent has her own, and music is a tone too.
const (
	callerTone, controlTone, stationTone, musicTone = 1900, 1500, 1300, 200

	station       = "lko-hazratganj"
	stationNumber = "+915222345678"
)

// Each order of the desk, pressed on the page of the one who talks, and what the
// telephones hear of it.
func TestGivenTwoDesksAndACaller_WhenEveryOrderIsPressed_ThenTheTelephonesHearIt(t *testing.T) {
	f := open(t, helpline.Options{Women: 2, Counsellors: 1, Recorded: 64 << 20, Changes: []func(*config.Config){func(c *config.Config) {
		c.Overflow = config.Overflow{Endpoint: "operator", Number: "112"}
	}}}, 6*time.Minute)
	c, asha, beena := f.callerAndDesks()
	h := &hand{floor: f, seat: asha, caller: c}

	h.silentCaller()
	h.recordingPauses()
	h.callsOut("112", f.Trunk.Phone("112", phone.Sings(controlTone)), controlTone, func() { h.press(`#actions > .row [data-wish="transfer-112"]`) })
	h.callsOut("Police station", f.stationOpens(), stationTone, func() { h.transfers("to-station", station, "transfer-station") })
	h.consults(beena)

	// The caller is Beena's now. She gives her back to Asha, who has written up.
	h.wrapsUp()
	h = &hand{floor: f, seat: beena, caller: c}
	h.transfers("to-agent", string(asha.person.ID), "transfer-agent")
	h.heard(f.Tone(string(asha.person.ID)))
	h = &hand{floor: f, seat: asha, caller: c}

	counsellor := f.People[2]
	f.must(f.LogIn(f.ctx, counsellor))
	h.press(`#actions [data-to="counsellor"]`)
	h.heard(f.Tone(string(counsellor.ID)))
	c.HangUp()
	f.until(asha.Page, `document.getElementById("seat").dataset.state === "wrap-up"`)
	f.alt(asha.Page, "w")
	f.until(asha.Page, `document.getElementById("seat").dataset.state === "idle"`)
	f.quickEnd(asha)
	f.clean(asha.Page)
	f.clean(beena.Page)
}

// callerAndDesks lets a caller talk with the first of two women at their desks.
func (f *floor) callerAndDesks() (c *phone.Call, first, second *seat) {
	f.t.Helper()
	women := f.Women()
	first = f.sit(women[0], "agent", f.Engines[0].Console)
	f.Trunk.Phone("+919812345678", phone.Sings(callerTone))
	c = f.calls("+919812345678", helpline.Direct)
	f.until(first.Page, `document.getElementById("seat").dataset.state === "talking"`)
	f.must(c.HearsJust(f.ctx, f.Tone(string(women[0].ID))))
	return c, first, f.sit(women[1], "agent", f.Engines[0].Console)
}

// stationOpens enters a police station into the directory, and gives its phone.
func (f *floor) stationOpens() *phone.Phone {
	f.t.Helper()
	db, err := f.Database(f.ctx)
	f.must(err)
	now := time.Now().UTC()
	f.must(db.ImportStations(f.ctx, []postgres.Station{{ID: station, District: "Lucknow", Name: "Hazratganj", Active: true}}, "test", now))
	_, err = db.SetStationTelephone(f.ctx, station, stationNumber, "test", now)
	f.must(err)
	return f.Trunk.Phone(stationNumber, phone.Sings(stationTone))
}

// hand is somebody at her desk with a caller on her telephone.
type hand struct {
	*floor
	seat   *seat
	caller *phone.Call
}

func (h *hand) press(css string) {
	h.t.Helper()
	h.must(h.seat.Click(css))
}

// transfers presses what stands in the menu of transfers, with what is written
// beside it.
func (h *hand) transfers(field, value, wish string) {
	h.t.Helper()
	h.press("#transfer")
	if field != "" {
		_, err := browser.Eval[string](h.seat.Page, fmt.Sprintf(`document.getElementById(%q).value = ""`, field))
		h.must(err)
		h.must(h.seat.Type("#"+field, value))
	}
	h.press(fmt.Sprintf("#transfers [data-wish=%q]", wish))
}

// is waits until the engine has the call so.
func (h *hand) is(what string, ok func(call.Call) bool) {
	h.t.Helper()
	h.must(helpline.Until(h.ctx, "the call "+what, func() bool {
		c, known := h.Call(h.ctx, h.caller)
		return known && ok(c)
	}))
}

// heard waits until the caller hears these tones and no other.
func (h *hand) heard(tones ...int) {
	h.t.Helper()
	h.must(h.caller.HearsJust(h.ctx, tones...))
}

func (h *hand) tone() int { return h.Tone(string(h.seat.person.ID)) }

// shows waits until the page says who else is in the call, or that nobody is.
func (h *hand) shows(who string) {
	h.t.Helper()
	h.until(h.seat.Page, fmt.Sprintf(`document.getElementById("facts").innerText.includes(%q)`, who))
}

// silentCaller: the keys of whoever cannot speak are on the page as she presses them.
func (h *hand) silentCaller() {
	h.t.Helper()
	h.must(h.caller.SendDigits(h.ctx, "1"))
	h.until(h.seat.Page, `[...document.querySelectorAll("#key-list li")].map((one) => one.dataset.meant).join() === "yes"`)
	h.must(h.caller.SendDigits(h.ctx, "255"))
	h.until(h.seat.Page, `[...document.querySelectorAll("#key-list li")].map((one) => one.dataset.meant).join() === "yes,no,other,danger"`)
	h.useable(h.seat.Page)
	h.shot(h.seat.Page, "desk-keys")
}

func (h *hand) recordingPauses() {
	h.t.Helper()
	h.is("is recorded", func(c call.Call) bool { return c.Recording != 0 })
	h.alt(h.seat.Page, "k")
	h.until(h.seat.Page, `document.activeElement.dataset.wish === "pause-recording"`)
	h.must(h.seat.Press(kb.Enter))
	h.is("is recorded as silence", func(c call.Call) bool { return !c.Paused.IsZero() })
	h.press("#resume-recording")
	h.is("is recorded again", func(c call.Call) bool { return c.Paused.IsZero() })
	h.until(h.seat.Page, `!document.getElementById("pause-recording").hidden`)
}

// callsOut calls somebody outside in, lets all three talk, and lets them go again.
func (h *hand) callsOut(name string, outside *phone.Phone, tone int, press func()) {
	h.t.Helper()
	outside.Does(phone.AnswerAfter(300 * time.Millisecond))
	press()
	help, err := outside.NextCall(h.ctx)
	h.must(err)
	h.must(help.HearsJust(h.ctx, h.tone()))
	h.heard(musicTone)
	h.shows(name)
	h.transfers("", "", "conference")
	h.heard(h.tone(), tone)
	h.must(help.HearsJust(h.ctx, h.tone(), callerTone))
	h.transfers("", "", "consult-cancel")
	_, err = help.WaitEnded(h.ctx)
	h.must(err)
	h.heard(h.tone())
}

// consults asks a colleague, comes back to the caller, asks again, and leaves the
// caller to her. The colleague's page shows the call each time.
func (h *hand) consults(colleague *seat) {
	h.t.Helper()
	tone := h.Tone(string(colleague.person.ID))
	ask := func() {
		h.t.Helper()
		h.transfers("to-colleague", string(colleague.person.ID), "consult")
		h.until(colleague.Page, `document.getElementById("seat").dataset.state === "talking" && !document.getElementById("in-call").hidden`)
		h.is("has the colleague in it", func(c call.Call) bool { return len(c.Guests) == 1 && c.Guests[0].Up })
		h.heard(musicTone)
	}
	ask()
	h.transfers("", "", "consult-cancel")
	h.heard(h.tone())
	h.until(colleague.Page, `document.getElementById("seat").dataset.state === "idle"`)
	ask()
	h.transfers("", "", "consult-complete")
	h.heard(tone)
}

// wrapsUp: more time first, and then none.
func (h *hand) wrapsUp() {
	h.t.Helper()
	people := []helpline.Person{h.seat.person}
	h.until(h.seat.Page, `document.getElementById("seat").dataset.state === "wrap-up"`)
	h.alt(h.seat.Page, "m")
	h.must(h.UntilAgents(h.ctx, "her wrap-up lasts longer", people, func(a agent.Agent) bool { return a.State == agent.WrapUp && a.Lasts > time.Minute }))
	h.alt(h.seat.Page, "w")
	h.until(h.seat.Page, `document.getElementById("seat").dataset.state === "idle"`)
}

// quickEnd ends a call that nobody needs to bear, by the same key twice; one press
// ends nothing.
func (f *floor) quickEnd(s *seat) {
	f.t.Helper()
	abuser := f.calls("+919812345679", helpline.Direct)
	f.until(s.Page, `document.getElementById("seat").dataset.state === "talking"`)
	f.must(s.Press(kb.F8))
	f.until(s.Page, `document.getElementById("said").innerText.includes("Press again")`)
	f.must(s.Press(kb.F8 + kb.F8)) // the first one may have been too long ago
	_, err := abuser.WaitEnded(f.ctx)
	f.must(err)
	f.until(s.Page, `document.getElementById("seat").dataset.state === "recovery"`)
	f.shot(s.Page, "desk-recovery")
}
