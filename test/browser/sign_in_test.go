package browser_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"

	"powerline/test/browser"
	"powerline/test/helpline"
)

func TestMain(m *testing.M) {
	status := m.Run()
	_ = helpline.RemoveBinaries()
	os.Exit(status)
}

// desk is a helpline with consoles, and a browser.
func desk(t *testing.T, o helpline.Options) (*helpline.Helpline, *browser.Browser) {
	t.Helper()
	o.Consoles = true
	h, ctx := helpline.OpenFor(t, o, 10*time.Minute)
	b, err := browser.Open(ctx, browser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return h, b
}

func page(t *testing.T, b *browser.Browser) *browser.Page {
	t.Helper()
	p, err := b.Page()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// must ends the test at the first error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func at(t *testing.T, p *browser.Page, path string) {
	t.Helper()
	if _, err := p.UntilAt(path); err != nil {
		t.Fatal(err)
	}
}

// focused waits until the keyboard writes into a field.
func focused(t *testing.T, p *browser.Page, id string) {
	t.Helper()
	if _, err := p.Until(`document.readyState === "complete" && document.activeElement.id === "` + id + `"`); err != nil {
		t.Fatal(err)
	}
}

// looked takes a picture of a page and lets axe look at it.
func looked(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	if _, err := p.Shot(name); err != nil {
		t.Fatal(err)
	}
	findings, err := p.Axe()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Errorf("%s: %v", name, f)
	}
	for _, complaint := range p.Complaints() {
		t.Errorf("%s complains: %s", name, complaint)
	}
	wide, err := browser.Eval[bool](p, `document.documentElement.scrollWidth > innerWidth`)
	if err != nil || wide {
		t.Errorf("%s is wider than the window: %v %v", name, wide, err)
	}
}

func TestGivenANewAccount_WhenSheSignsInByKeyboardAlone_ThenEveryPageServesHer(t *testing.T) {
	h, b := desk(t, helpline.Options{Women: 1})
	account, err := h.NewAccount(t.Context(), "administrator", "")
	must(t, err)
	p := page(t, b)
	must(t, p.Visit(h.Engines[0].Console+"/"))
	at(t, p, "/login")
	looked(t, p, "sign-in-hi")
	focused(t, p, "login")
	must(t, p.Press(account.Login), p.Press(kb.Tab), p.Press(account.Password), p.Press(kb.Enter))
	at(t, p, "/login/enrol")
	looked(t, p, "authenticator-hi")
	secret, err := p.Text("code")
	must(t, err)
	key := strings.ReplaceAll(secret, " ", "")
	code, err := totp.GenerateCode(key, time.Now())
	must(t, err)
	wrong := "000000"
	if wrong == code {
		wrong = "111111"
	}
	focused(t, p, "code")
	must(t, p.Press(wrong), p.Press(kb.Enter))
	if _, err := p.UntilText("[role=alert]", "कोड सही नहीं है"); err != nil {
		t.Fatal(err)
	}
	p.Complaints() // Chromium says that it is a 401
	focused(t, p, "code")
	code, err = totp.GenerateCode(key, time.Now())
	must(t, err)
	must(t, p.Press(code), p.Press(kb.Enter))
	at(t, p, "/login/password")
	looked(t, p, "new-password-hi")
	focused(t, p, "old")
	next := "four words are long"
	must(t, p.Press(account.Password), p.Press(kb.Tab), p.Press(next), p.Press(kb.Tab), p.Press(next), p.Press(kb.Enter))
	if _, err := p.UntilText("h1", "रोस्टर"); err != nil { // where an administrator begins
		t.Fatal(err)
	}
	looked(t, p, "first-page-hi")

	must(t, p.Click(`form[action="/language"] button`))
	if _, err := p.UntilText("h1", "Roster"); err != nil {
		t.Fatal(err)
	}
	looked(t, p, "first-page-en")
	must(t, p.Visit(h.Engines[0].Console+"/nothing-is-here"))
	p.Complaints() // Chromium says that it is a 404
	looked(t, p, "refused-en")
	must(t, p.Visit(h.Engines[0].Console+"/"), p.Click(`form[action="/logout"] button`))
	at(t, p, "/login")
	looked(t, p, "sign-in-en")
}

func TestGivenHindi_WhenAPageIsDrawn_ThenItsLettersAreThere(t *testing.T) {
	h, b := desk(t, helpline.Options{Women: 1})
	p := page(t, b)
	must(t, p.Visit(h.Engines[0].Console+"/login"))
	// A letter that no font has is drawn as the same box as any other such letter.
	alike, err := browser.Eval[bool](p, `(() => {
		const draw = (text) => {
			const c = document.createElement("canvas"); c.width = c.height = 80;
			const x = c.getContext("2d"); x.font = "40px " + getComputedStyle(document.body).fontFamily; x.fillText(text, 10, 50);
			return c.toDataURL();
		};
		const box = draw("\u{10FFF0}");
		return ["क", "ज्ञ", "हि", "ँ", "१"].some((letter) => draw(letter) === box) || draw("क") === draw("ख");
	})()`)
	if err != nil || alike {
		t.Errorf("Devanagari is drawn as boxes: %v %v", alike, err)
	}
}

func TestGivenAPage_WhenSomebodyPlantsAScript_ThenThePolicyRefusesIt(t *testing.T) {
	h, b := desk(t, helpline.Options{Women: 1})
	p := page(t, b)
	must(t, p.Visit(h.Engines[0].Console+"/login"))
	ran, err := browser.Eval[bool](p, `(async () => {
		const s = document.createElement("script"); s.textContent = "window.planted = true"; document.body.append(s);
		const i = document.createElement("img"); i.setAttribute("onerror", "window.planted = true"); i.src = "data:,x"; document.body.append(i);
		const f = document.createElement("form"); f.action = "http://127.0.0.1:1/"; f.target = "_blank"; document.body.append(f);
		await new Promise((done) => { i.addEventListener("error", done); setTimeout(done, 2000); });
		const away = await fetch("http://127.0.0.1:1/").then(() => true, () => false);
		return window.planted === true || away;
	})()`)
	if err != nil || ran {
		t.Errorf("a planted script runs: %v %v", ran, err)
	}
	refused := false
	for _, complaint := range p.Complaints() {
		refused = refused || strings.Contains(complaint, "Content Security Policy")
	}
	if !refused {
		t.Error("the policy had nothing to say")
	}
}

func TestGivenTheVendoredAxe_WhenItIsRead_ThenItIsTheOneOfItsPackage(t *testing.T) {
	text, err := os.ReadFile("axe/axe.min.js")
	must(t, err)
	readme, err := os.ReadFile("axe/README.md")
	must(t, err)
	sum := sha256.Sum256(text)
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("axe.min.js has the SHA-256 %x, which axe/README.md does not name", sum)
	}
}
