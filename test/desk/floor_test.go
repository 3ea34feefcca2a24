package desk_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/postgres"
	"powerline/test/browser"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// hisTone is the offender's.
const hisTone = 2300

// lead is a supervisor before her console, with a telephone of her own.
type lead struct {
	*floor
	page   *browser.Page
	person helpline.Person
}

// leads signs a supervisor in and opens the floor.
func (f *floor) leads(p helpline.Person) *lead {
	f.t.Helper()
	account, err := f.Account(f.ctx, "supervisor", p.ID)
	f.must(err)
	page, err := f.browser.Page()
	f.must(err)
	f.t.Cleanup(page.Close)
	f.signIn(&seat{page, account, p}, f.Engines[0].Console)
	f.must(page.Visit(f.Engines[0].Console + "/floor"))
	f.until(page, `document.getElementById("live")?.dataset.state === "live"`)
	return &lead{f, page, p}
}

// wishes presses a button of a row, has the question filled in, says yes, and waits
// for the answer.
func (l *lead) wishes(row, act string, fill ...string) {
	l.t.Helper()
	l.until(l.page, fmt.Sprintf(`document.querySelector('tr[data-row=%q] button[data-act=%q]')?.disabled === false`, row, act))
	// As soon as there is an answer, it is the answer to this.
	_, err := browser.Eval[bool](l.page, `document.getElementById("answer").hidden = true`)
	l.must(err)
	l.must(l.page.Click(fmt.Sprintf(`tr[data-row=%q] button[data-act=%q]`, row, act)))
	l.until(l.page, `document.getElementById("ask").open`)
	for i := 0; i < len(fill); i += 2 {
		if _, err := browser.Eval[string](l.page, fmt.Sprintf(`document.getElementById(%q).value = %q`, fill[i], fill[i+1])); err != nil {
			l.t.Fatal(err)
		}
	}
	l.must(l.page.Click("#ask-yes"))
	l.answered(act)
}

// answered waits until the page says that it was done.
func (l *lead) answered(what string) {
	l.t.Helper()
	l.until(l.page, `!document.getElementById("answer").hidden`)
	if state, err := browser.Eval[string](l.page, `document.getElementById("answer").dataset.state + ": " + document.getElementById("answer").innerText`); err != nil || state[:4] != "good" {
		l.t.Fatalf("%s: the page says %q, %v", what, state, err)
	}
}

// hears fails unless somebody hears just these tones.
func (l *lead) hears(who string, c *phone.Call, tones ...int) {
	l.t.Helper()
	if err := c.HearsJust(l.ctx, tones...); err != nil {
		l.t.Fatalf("%s: %v", who, err)
	}
}

// talks lets somebody call a line until an agent talks with her.
func (l *lead) talks(number, line string, tone int) (caller *phone.Call, id string) {
	l.t.Helper()
	l.Trunk.Phone(number, phone.Sings(tone))
	caller = l.calls(number, line)
	return caller, l.call(caller, "talks", func(k call.Call) bool { return k.Stage == call.Talking && k.Joined })
}

// call waits until the store shows a caller's call as wanted, and gives its id.
func (l *lead) call(caller *phone.Call, what string, ok func(call.Call) bool) string {
	l.t.Helper()
	var found call.Call
	l.must(helpline.Until(l.ctx, "the call "+what, func() bool {
		var known bool
		found, known = l.Call(l.ctx, caller)
		return known && ok(found)
	}))
	return found.ID
}

// rung waits until agents' phones were rung n times for a call, and gives the last.
func (l *lead) rung(id string, n int) *phone.Call {
	l.t.Helper()
	l.must(helpline.Until(l.ctx, fmt.Sprintf("call %s is offered %d times", id, n), func() bool { return len(l.Offers(id)) >= n }))
	return l.Offers(id)[n-1]
}

// Line 3 of what must hold, from the browser to the ear: what a supervisor presses
// is what each of them hears, nobody is dropped when she leaves, law 3 stands, and
// all of it is in the audit.
func TestGivenASupervisorAtHerConsole_WhenSheStepsInMovesPullsAndForces_ThenEachEarHearsItAndTheAuditKnows(t *testing.T) {
	f := open(t, helpline.Options{Women: 1, Seniors: 1, Counsellors: 1, Officers: 1}, 4*time.Minute)
	asha, boss, counsellor, officer := f.People[0], f.People[1], f.People[2], f.People[3]
	f.must(f.LogIn(f.ctx, asha, counsellor, officer))
	l := f.leads(boss)
	hers, mine := f.Tone(string(asha.ID)), f.Tone(string(boss.ID))
	caller, id := l.talks("+919812345678", helpline.Direct, callerTone)
	agents := l.rung(id, 1)

	l.wishes(string(asha.ID), "listen")
	ear := l.rung(id, 2)
	l.hears("the listening supervisor", ear, callerTone, hers)
	l.hears("the agent", agents, callerTone)
	l.hears("the caller", caller, hers)
	f.until(l.page, `!document.getElementById("leave").hidden`)
	f.useable(l.page)
	f.shot(l.page, "floor-listening")
	l.wishes(string(asha.ID), "whisper")
	l.hears("the agent", agents, callerTone, mine)
	l.hears("the caller", caller, hers)
	l.wishes(string(asha.ID), "barge")
	l.hears("the caller", caller, hers, mine)
	l.hears("the barging supervisor", ear, callerTone, hers)
	l.leaves()
	if _, err := ear.WaitEnded(f.ctx); err != nil {
		t.Fatal(err)
	}
	l.hears("the caller", caller, hers)
	l.hears("the agent", agents, callerTone)

	his := l.refused(officer)

	l.wishes(string(asha.ID), "take-over")
	ear = l.rung(id, 3)
	l.hears("the caller", caller, mine)
	l.hears("the supervisor who took over", ear, callerTone)
	f.until(l.page, `document.getElementById("leave").hidden`) // nobody else is there to leave her to
	f.must(f.UntilAgents(f.ctx, "the agent writes up", []helpline.Person{asha}, func(a agent.Agent) bool { return a.State == agent.WrapUp }))

	moved := l.movesAndPulls(counsellor)
	l.wishes(string(asha.ID), "force", "force-status", "not-ready:meal")
	f.must(f.UntilAgents(f.ctx, "she was sent to her meal", []helpline.Person{asha}, func(a agent.Agent) bool { return a.Status == agent.NotReady && a.Reason == "meal" }))
	f.shot(l.page, "floor-in-the-end")
	f.clean(l.page, "409") // the refusal
	for _, act := range []string{"listen", "whisper", "barge", "take-over"} {
		l.written("order-"+act, id)
		l.written("order-"+act, his) // that she wanted it, too
	}
	l.written("order-leave", id)
	l.written("order-move", moved)
	l.written("order-pull", moved)
	l.written("order-force", string(asha.ID))
}

// leaves presses the one button that is about no row.
func (l *lead) leaves() {
	l.t.Helper()
	_, err := browser.Eval[bool](l.page, `document.getElementById("answer").hidden = true`)
	l.must(err)
	l.must(l.page.Click("#leave"))
	l.answered("leave")
}

// refused: the page offers no woman an offender's call, and who asks for it past
// the page is refused by the engine; her telephone is not rung.
func (l *lead) refused(officer helpline.Person) string {
	l.t.Helper()
	offender, id := l.talks("+919876501234", helpline.RingBack, hisTone)
	row := fmt.Sprintf(`tr[data-row=%q]`, officer.ID)
	for _, act := range []string{"listen", "whisper", "barge", "take-over"} {
		l.until(l.page, fmt.Sprintf(`document.querySelector('%s button[data-act=%q]')?.disabled === true`, row, act))
	}
	rings := l.Phone(l.person).Invites()
	for _, act := range []string{"listen", "whisper", "barge", "take-over"} {
		body, err := json.Marshal(map[string]string{"what": act, "agent": string(officer.ID), "call": id, "key": "past-the-page-" + act})
		l.must(err)
		answer, err := browser.Eval[string](l.page, fmt.Sprintf(`fetch("/floor/orders", { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: %q })
			.then(async (a) => a.status + " " + (await a.json()).refused)`, body))
		l.must(err)
		if answer != "409 order-law-forbids" {
			l.t.Errorf("a woman wants to %s in an offender's call, and the engine says %s", act, answer)
		}
	}
	l.shot(l.page, "floor-law")
	if n := l.Phone(l.person).Invites(); n != rings {
		l.t.Errorf("her telephone was rung %d times for an offender's call", n-rings)
	}
	l.hears("the offender", offender, l.Tone(string(officer.ID)))
	offender.HangUp()
	return id
}

// movesAndPulls: one caller waits, for nobody is free who is trained for her; she
// is moved to another category and given to the counsellor.
func (l *lead) movesAndPulls(counsellor helpline.Person) string {
	l.t.Helper()
	l.Trunk.Phone("+919812345679", phone.Sings(callerTone))
	c := l.calls("+919812345679", helpline.Direct)
	id := l.call(c, "waits", func(k call.Call) bool { return k.Stage == call.Waiting })
	l.until(l.page, fmt.Sprintf(`!!document.querySelector('#waiting tr[data-row=%q]')`, id))
	l.shot(l.page, "floor-waiting")
	l.wishes(id, "move", "move-category", "stalking")
	l.call(c, "is of the other category", func(k call.Call) bool { return k.Category == "stalking" && k.Stage == call.Waiting })
	l.until(l.page, fmt.Sprintf(`document.querySelector('#waiting tr[data-row=%q]')?.innerText.includes("Stalking")`, id))
	l.wishes(id, "pull", "pull-agent", string(counsellor.ID))
	l.hears("the caller who waited", c, l.Tone(string(counsellor.ID)))
	return id
}

// written: the audit knows that she did it, and to whom.
func (l *lead) written(action, subject string) {
	l.t.Helper()
	db, err := l.Database(l.ctx)
	l.must(err)
	found, err := db.FindDeeds(l.ctx, postgres.DeedFilter{By: string(l.person.ID), Action: action, Subject: subject})
	l.must(err)
	if len(found) != 1 {
		l.t.Errorf("%s about %s stands %d times in the audit", action, subject, len(found))
	}
}
