package desk_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"powerline/agent"
	"powerline/internal/config"
	"powerline/test/browser"
	"powerline/test/helpline"
	"powerline/test/phone"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := helpline.RemoveBinaries(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// floor is a helpline with a browser before it.
type floor struct {
	*helpline.Helpline
	t       *testing.T
	ctx     context.Context
	browser *browser.Browser
}

// open starts a helpline whose wrap-ups are open, as in production, and a browser.
func open(t *testing.T, o helpline.Options, limit time.Duration) *floor {
	t.Helper()
	o.Consoles = true
	o.Changes = append(o.Changes, func(c *config.Config) {
		for i := range c.Categories {
			c.Categories[i].WrapUp, c.Categories[i].Open, c.Categories[i].Recovery = time.Minute, true, 0
		}
	})
	h, ctx := helpline.OpenFor(t, o, limit)
	b, err := browser.Open(ctx, browser.Options{Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return &floor{h, t, ctx, b}
}

// must ends the test on an error.
func (f *floor) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// until waits for what is to be seen on the page, and says how long that took.
func (f *floor) until(p *browser.Page, script string) time.Duration {
	f.t.Helper()
	took, err := p.Until(script)
	f.must(err)
	return took
}

// seat is a person at a desk: her page, signed in and on duty, and her telephone.
type seat struct {
	*browser.Page
	account helpline.Account
	person  helpline.Person
}

// sit signs a person in by password and code, at the console's address or the one
// given, and makes her available.
func (f *floor) sit(p helpline.Person, role, address string) *seat {
	f.t.Helper()
	account, err := f.Account(f.ctx, role, p.ID)
	f.must(err)
	page, err := f.browser.Page()
	f.must(err)
	f.t.Cleanup(page.Close)
	s := &seat{page, account, p}
	f.signIn(s, address)
	f.must(s.Visit(address + "/desk"))
	f.until(s.Page, `document.getElementById("live")?.dataset.state === "live"`)
	f.must(s.Click("#sign-on"))
	// Whoever has a task waiting is rung at once.
	f.until(s.Page, `["idle", "reserved", "talking"].includes(document.getElementById("seat").dataset.state)`)
	f.must(f.UntilAgents(f.ctx, string(p.ID)+" is available", []helpline.Person{p}, func(a agent.Agent) bool { return a.Routable() || a.Call != "" }))
	return s
}

func (f *floor) signIn(s *seat, address string) {
	f.t.Helper()
	f.must(s.Visit(address + "/login"))
	f.must(s.Type("#login", s.account.Login))
	f.must(s.Type("#password", s.account.Password))
	f.must(s.Click("button.main"))
	f.until(s.Page, `!!document.getElementById("code")`)
	code, err := totp.GenerateCode(s.account.Authenticator, time.Now())
	f.must(err)
	f.must(s.Type("#code", code))
	f.must(s.Click("button.main"))
	f.until(s.Page, `!location.pathname.startsWith("/login")`)
}

// calls dials the helpline as somebody outside does.
func (f *floor) calls(number, line string, options ...phone.DialOption) *phone.Call {
	f.t.Helper()
	c, err := f.Trunk.Phone(number).Dial(f.ctx, line, options...)
	f.must(err)
	_, err = c.WaitAnswered(f.ctx)
	f.must(err)
	return c
}

// shot keeps a picture for the artefacts.
func (f *floor) shot(p *browser.Page, name string) {
	f.t.Helper()
	path, err := p.Shot(name)
	f.must(err)
	f.t.Logf("picture: %s", path)
}

// clean says what the page has complained of.
func (f *floor) clean(p *browser.Page, but ...string) {
	f.t.Helper()
	for _, complaint := range p.Complaints() {
		expected := false
		for _, one := range but {
			expected = expected || strings.Contains(complaint, one)
		}
		if !expected {
			f.t.Errorf("the page complains: %s", complaint)
		}
	}
}

// useable says what keeps people from using the page.
func (f *floor) useable(p *browser.Page) {
	f.t.Helper()
	findings, err := p.Axe()
	f.must(err)
	for _, one := range findings {
		f.t.Error(one)
	}
	wide, err := browser.Eval[int](p, `document.documentElement.scrollWidth - innerWidth`)
	f.must(err)
	if wide > 0 {
		f.t.Errorf("the page is %d pixels wider than its window", wide)
	}
}

// fill writes into a field as she would, and leaves it.
func (f *floor) fill(p *browser.Page, name, text string) {
	f.t.Helper()
	f.must(p.Type(fmt.Sprintf(`[name=%q]`, name), text))
}

// choose picks what a select offers.
func (f *floor) choose(p *browser.Page, name, value string) {
	f.t.Helper()
	ok, err := browser.Eval[bool](p, fmt.Sprintf(`(() => {
		const field = document.querySelector('[name=%q]');
		field.value = %q;
		field.dispatchEvent(new Event("input", { bubbles: true }));
		field.dispatchEvent(new Event("change", { bubbles: true }));
		return field.value === %q;
	})()`, name, value, value))
	f.must(err)
	if !ok {
		f.t.Fatalf("%s does not offer %s", name, value)
	}
}

const kept = `document.getElementById("kept").innerText.startsWith("Kept")`
