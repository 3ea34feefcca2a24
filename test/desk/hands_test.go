package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"powerline/agent"
	"powerline/test/browser"
	"powerline/test/helpline"
)

// Line 8: keyboard only; and what a desk owes to whoever sits at it: two windows
// lose nothing to each other, everything can be hidden at once, help is one key
// away, and signing out takes no word with it.
func TestGivenHandsOnTheKeyboard_WhenSheWorks_ThenEverythingIsWithinReach(t *testing.T) {
	f := open(t, helpline.Options{Women: 1}, 5*time.Minute)
	s := f.sit(f.Women()[0], "agent", f.Engines[0].Console)
	people := []helpline.Person{s.person}
	is := func(what string, ok func(agent.Agent) bool) {
		t.Helper()
		f.must(f.UntilAgents(f.ctx, what, people, ok))
	}

	f.alt(s.Page, "p") // the reasons open, and the first of them has the focus
	f.until(s.Page, `document.activeElement.dataset.wish === "pause"`)
	f.shot(s.Page, "desk-pauses")
	f.must(s.Press(kb.Enter))
	is("she is not ready for a break", func(a agent.Agent) bool { return a.Status == agent.NotReady && a.Reason == "break" })
	f.until(s.Page, `document.getElementById("seat").dataset.state === "not-ready"`)
	f.alt(s.Page, "r")
	is("she is ready again", func(a agent.Agent) bool { return a.Routable() })

	c := f.calls("+919812345678", helpline.Direct)
	f.until(s.Page, `document.getElementById("seat").dataset.state === "talking"`)
	f.twoWindows(s)

	f.alt(s.Page, "h")
	f.until(s.Page, `!document.getElementById("unhold").hidden`)
	f.alt(s.Page, "h")
	f.until(s.Page, `!document.getElementById("hold").hidden`)
	f.must(s.Press(kb.F9))
	f.until(s.Page, `document.getElementById("marks").innerText.includes("supervisor has been called")`)

	f.must(s.Press(kb.Escape))
	f.must(s.Press(kb.Escape))
	f.until(s.Page, `!document.getElementById("blank").hidden && document.title === "…"`)
	f.shot(s.Page, "desk-blank")
	f.must(s.Press("x"))
	f.until(s.Page, `document.getElementById("blank").hidden && document.title !== "…"`)

	f.signedOut(s)
	c.HangUp()
}

// alt presses a key with Alt held down.
func (f *floor) alt(p *browser.Page, key string) {
	f.t.Helper()
	f.must(p.Do(chromedp.KeyEvent(key, chromedp.KeyModifiers(chromedp.ModifierAlt))))
}

// twoWindows writes in two windows at once.
func (f *floor) twoWindows(s *seat) {
	f.t.Helper()
	other, err := s.Window()
	f.must(err)
	defer other.Close()
	f.fill(s.Page, "account", "from the first")
	f.until(s.Page, kept)
	f.must(other.Visit(f.Engines[0].Console + "/desk"))
	f.until(other, `document.querySelector('[name="account"]')?.value === "from the first"`)
	f.fill(other, "victim.name", "Asha")
	f.until(other, kept)
	f.until(s.Page, `document.querySelector('[name="victim.name"]').value === "Asha" && document.getElementById("notice").innerText.includes("Another window")`)
	f.fill(s.Page, "code", "gulab")
	f.until(other, `document.querySelector('[name="code"]').value === "gulab" && document.querySelector('[name="victim.name"]').value === "Asha"`)
}

// signedOut ends her session while she writes: no word goes with it.
func (f *floor) signedOut(s *seat) {
	f.t.Helper()
	db, err := f.Database(f.ctx)
	f.must(err)
	f.must(db.LockAccount(f.ctx, s.account.ID, true, "test", time.Now().UTC()))
	f.fill(s.Page, "ask", "Meena")
	f.until(s.Page, `!document.getElementById("gate").hidden`)
	f.shot(s.Page, "desk-signed-out")
	at, err := browser.Eval[string](s.Page, `location.pathname + " " + document.querySelector('[name="ask"]').value`)
	f.must(err)
	if at != "/desk Meena" {
		f.t.Errorf("after she was signed out the page is %q", at)
	}
	held, err := browser.Eval[string](s.Page, `JSON.stringify(Object.entries(localStorage)) + JSON.stringify(Object.entries(sessionStorage))`)
	f.must(err)
	if strings.Contains(held, "Meena") || held != "[][]" {
		f.t.Errorf("the browser's storage holds %s", held)
	}
}
