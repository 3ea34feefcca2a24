package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/browser"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 1 of what must hold: she calls, the page pops up, the complaint is written
// down and registered, and the offender's call is the dialer's next task.
func TestGivenSheCalls_WhenHerComplaintIsWrittenDown_ThenACaseExistsAndItsFirstTaskIsDue(t *testing.T) {
	f := open(t, helpline.Options{Women: 1, Officers: 1, Dialers: 1, Changes: []func(*config.Config){func(c *config.Config) {
		// An attempt that a busy machine did not write in time is made again at once.
		c.Outbound.Ladder.Retry.Network = time.Second
		helpline.Always(&c.Outbound.Ladder)
	}}}, 5*time.Minute)
	s := f.sit(f.Women()[0], "agent", f.Engines[0].Console)
	f.useable(s.Page)
	f.shot(s.Page, "desk-idle")
	// When the pop is there, by the clock of the machine that the telephones have too.
	_, err := browser.Eval[bool](s.Page, `(() => {
		const pop = document.getElementById("in-call");
		new MutationObserver(() => { if (!pop.hidden && !window.popAt) window.popAt = Date.now(); }).observe(pop, { attributes: true });
		return true;
	})()`)
	f.must(err)
	f.Phone(s.person).Does(phone.AnswerAfter(600 * time.Millisecond))

	c := f.calls("+919812345678", helpline.Main, phone.WithSound(phone.Tone(900)))
	f.until(s.Page, `!document.getElementById("in-call").hidden`)
	f.until(s.Page, `document.getElementById("call-category").innerText !== ""`)
	rung, err := f.Phone(s.person).Wait(f.ctx, phone.Invited)
	f.must(err)
	popped, err := browser.Eval[float64](s.Page, `window.popAt`)
	f.must(err)
	late := time.UnixMilli(int64(popped)).Sub(rung.At)
	t.Logf("the pop was there %v after her leg's INVITE", late)
	if late > 300*time.Millisecond {
		t.Errorf("the pop was there %v after her telephone was rung, at most 300 ms are allowed", late)
	}
	f.until(s.Page, `document.getElementById("seat").dataset.state === "talking"`)
	f.until(s.Page, `document.getElementById("hint-text").innerText.includes("First call")`)
	f.shot(s.Page, "desk-pop")

	f.choose(s.Page, "reach", "call")
	f.must(s.Click("#f-callers"))
	f.choose(s.Page, "whose", "own")
	f.fill(s.Page, "code", "गुलाब")
	f.fill(s.Page, "victim.name", "आशा देवी")
	f.fill(s.Page, "offender.name", planted)
	f.fill(s.Page, "offender.numbers", "9876501234")
	f.choose(s.Page, "category", "phone")
	f.fill(s.Page, "account", "He calls twenty times a day.")
	f.choose(s.Page, "track", "counsellable")
	f.must(s.Click("#f-agrees"))
	f.until(s.Page, kept)
	f.inHindi(s.Page)
	// The district is missing, and the page says so where it belongs.
	f.must(s.Click("#register"))
	f.until(s.Page, `document.getElementById("f-district").getAttribute("aria-invalid") === "true"`)
	f.useable(s.Page)
	f.shot(s.Page, "desk-form")
	f.choose(s.Page, "district", "Lucknow")
	f.must(s.Click("#register"))
	f.until(s.Page, `/^\d{9}$/.test(document.getElementById("docket").innerText)`)
	f.shot(s.Page, "desk-registered")
	docket, err := s.Text("#docket")
	f.must(err)

	db, err := f.Database(f.ctx)
	f.must(err)
	found, err := db.Cases(f.ctx, postgres.CaseFilter{Docket: docket})
	f.must(err)
	if len(found) != 1 || found[0].District != "Lucknow" || found[0].Case.State != cases.CounselDue {
		t.Fatalf("the case of docket %s is %+v", docket, found)
	}
	parties, err := db.OpenParties(f.ctx, found[0].Case.ID, postgres.Reader{By: "test", Why: "test", At: time.Now()})
	f.must(err)
	if n := parties[0].Numbers; parties[0].Name.Show() != "आशा देवी" || len(n) != 1 || n[0].Number.Show() != "+919812345678" {
		t.Errorf("she is in the case with %d numbers: the one from which she called is wanted", len(n))
	}
	tasks, err := db.Tasks(f.ctx, postgres.TaskFilter{Case: found[0].Case.ID}, time.Now())
	f.must(err)
	if !slices.ContainsFunc(tasks, func(w postgres.Work) bool { return w.Task.Kind == cases.CallOffender && w.End == "" }) {
		t.Errorf("no call to the offender is among its tasks: %+v", tasks)
	}

	c.HangUp()
	f.until(s.Page, `document.getElementById("seat").dataset.state === "wrap-up"`)
	f.must(s.Click("#done"))
	f.until(s.Page, `document.getElementById("seat").dataset.state === "idle" && document.getElementById("in-call").hidden`)
	// The registration is for the dialer, which rings an officer for it.
	f.officerIsRung(docket)
	f.sheCallsAgain(s, docket)
	f.clean(s.Page, "422") // the form that lacked the district
}

// sheCallsAgain about her complaint: the hint names it, and what she says moves it.
func (f *floor) sheCallsAgain(s *seat, docket string) {
	f.t.Helper()
	c := f.calls("+919812345678", helpline.Direct)
	f.until(s.Page, `document.getElementById("seat").dataset.state === "talking"`)
	f.until(s.Page, `document.getElementById("hint-text").innerText.includes("`+docket+`")`)
	f.shot(s.Page, "desk-hint")
	f.must(s.Click("#hint-text button"))
	f.until(s.Page, `document.getElementById("follow-title").innerText.includes("`+docket+`")`)
	f.choosePlain(s.Page, "follow-outcome", "satisfied")
	f.must(s.Click("#follow-do"))
	f.until(s.Page, `document.getElementById("closed-what").innerText.includes("about an earlier complaint")`)
	db, err := f.Database(f.ctx)
	f.must(err)
	f.must(helpline.Until(f.ctx, "the case is watched", func() bool {
		found, err := db.Cases(f.ctx, postgres.CaseFilter{Docket: docket})
		return err == nil && len(found) == 1 && found[0].Case.State == cases.Watch
	}))
	c.HangUp()
	f.until(s.Page, `document.getElementById("seat").dataset.state === "wrap-up"`)
}

// inHindi looks at the page in Hindi, where what she wrote still stands.
func (f *floor) inHindi(p *browser.Page) {
	f.t.Helper()
	f.must(p.Click(`button[name="language"][value="hi"]`))
	f.until(p, `document.documentElement.lang === "hi" && document.getElementById("live")?.dataset.state === "live"`)
	f.until(p, `document.querySelector('[name="victim.name"]').value === "आशा देवी"`)
	f.until(p, `document.getElementById("hint-text").innerText !== ""`)
	f.useable(p)
	f.shot(p, "desk-hindi")
	f.must(p.Click(`button[name="language"][value="en"]`))
	f.until(p, `document.documentElement.lang === "en" && document.querySelector('[name="account"]')?.value.startsWith("He calls")`)
}

// planted is a name that a page must show and never obey.
const planted = `Ramesh <img src=x onerror="document.title='taken'">`

// officerIsRung puts an officer on duty and waits for the preview of the offender's
// call: with nothing of her in it.
func (f *floor) officerIsRung(docket string) {
	f.t.Helper()
	him := f.Trunk.Phone("+919876501234", phone.Sings(700))
	him.Does(phone.AnswerAfter(300 * time.Millisecond))
	o := f.sit(f.Officers()[0], "officer", f.Engines[0].Console)
	f.until(o.Page, `document.getElementById("task-facts").innerText.includes("9876501234")`)
	f.until(o.Page, `document.querySelectorAll("#outcome-list button").length > 5`)
	f.useable(o.Page)
	f.shot(o.Page, "desk-officer")
	shown, err := o.Text("#task-facts")
	f.must(err)
	if title, err := browser.Eval[string](o.Page, `document.title`); err != nil || title == "taken" || !strings.Contains(shown, "<img src=x") {
		f.t.Errorf("the page shows %q under the title %q: %v", shown, title, err)
	}
	text, err := browser.Eval[string](o.Page, `document.documentElement.outerHTML`)
	f.must(err)
	for _, hers := range []string{"आशा", "9812345678", "गुलाब", docket, "twenty times"} {
		if strings.Contains(text, hers) {
			f.t.Errorf("the officer's page holds %q, which is hers", hers)
		}
	}
	f.until(o.Page, `document.getElementById("seat").dataset.state === "talking"`)
	_, err = him.Wait(f.ctx, phone.Answered)
	f.must(err)
	f.choosePlain(o.Page, "demeanour", "denied")
	f.must(o.Click("#outcome-list button"))
	f.until(o.Page, `document.getElementById("outcome-done").innerText.includes("Warned")`)
	for _, live := range him.Live() {
		live.HangUp()
	}
	db, err := f.Database(f.ctx)
	f.must(err)
	f.must(helpline.Until(f.ctx, "the case waits for her feedback", func() bool {
		found, err := db.Cases(f.ctx, postgres.CaseFilter{Docket: docket})
		return err == nil && len(found) == 1 && found[0].Case.State == cases.CounselFeedback
	}))
	f.must(f.UntilAgents(f.ctx, "the officer is free again or ends his wrap-up", []helpline.Person{o.person}, func(a agent.Agent) bool {
		return a.State == agent.Idle || a.State == agent.WrapUp || a.State == agent.Reserved || a.State == agent.Talking
	}))
	f.clean(o.Page)
}

// choosePlain picks what a select without a name offers.
func (f *floor) choosePlain(p *browser.Page, id, value string) {
	f.t.Helper()
	_, err := browser.Eval[string](p, `document.getElementById("`+id+`").value = "`+value+`"`)
	f.must(err)
}
