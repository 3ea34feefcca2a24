package desk_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"powerline/internal/postgres"
	"powerline/test/browser"
	"powerline/test/helpline"
)

// liveAgain is how soon the desk shows the truth again when nothing keeps it from
// doing so any more.
const liveAgain = 2 * time.Second

// Line 2 of what must hold: whatever goes away while she writes, no word is lost,
// what is shown of her is right, and the desk lives again two seconds after.
func TestGivenSheWrites_WhenTabNetworkEngineOrDatabaseGoes_ThenNoWordIsLost(t *testing.T) {
	f := open(t, helpline.Options{Women: 1}, 6*time.Minute)
	w := wireTo(t, f.Engines[0].Console)
	s := f.sit(f.Women()[0], "agent", w.address())
	c := f.calls("+919812345678", helpline.Direct)
	f.until(s.Page, `document.getElementById("seat").dataset.state === "talking"`)
	d := &desk{floor: f, seat: s}

	d.writes("one")
	d.kept()
	f.must(s.Reload())
	d.shows("after the page was loaded anew")

	d.frozen(func() { f.must(c.SendDigits(f.ctx, "1")) })
	d.within(liveAgain, "after the tab slept", `document.getElementById("key-list").innerText.includes("Yes")`)

	w.cut()
	d.lost()
	d.writes("two")
	f.until(s.Page, `document.getElementById("kept").innerText.startsWith("Not safe yet")`)
	cutFor(f)
	w.mend()
	d.live("after the network was cut")
	d.kept()

	f.Engines[0].Kill()
	d.writes("three")
	d.lost()
	f.must(f.Engines[0].Start())
	f.must(f.consoleAnswers())
	d.live("after the engine was killed")
	d.kept()
	f.until(s.Page, `document.getElementById("seat").dataset.state === "talking"`)

	f.Postgres.Stop()
	d.writes("four")
	d.kept()
	f.must(s.Reload())
	d.shows("while the database is away")
	d.writes("five")
	d.kept()
	// Now neither the engine that knew it nor the database: only journal and page.
	f.Engines[0].Kill()
	d.writes("six")
	f.must(f.Engines[0].Start())
	f.must(f.consoleAnswers())
	f.must(f.Postgres.Start(f.ctx))
	d.live("after the database was away with the engine")
	d.kept()
	f.must(s.Reload())
	d.shows("in the end")

	d.registersInVain()
	c.HangUp()
	f.until(s.Page, `document.getElementById("seat").dataset.state === "wrap-up"`)
	f.must(s.Click("#done"))
	f.until(s.Page, `document.getElementById("seat").dataset.state === "idle"`)
}

// registersInVain presses "register" while the database is away, and lets the engine
// that was told so die: the complaint is registered once when both are back, and the
// page says under which number.
func (d *desk) registersInVain() {
	t := d.floor.t
	t.Helper()
	d.choose(d.Page, "reach", "pull")
	d.fill(d.Page, "victim.name", "Asha")
	d.fill(d.Page, "offender.numbers", "9876501234")
	d.choose(d.Page, "district", "Lucknow")
	d.choose(d.Page, "category", "phone")
	d.choose(d.Page, "track", "counsellable")
	d.kept()
	d.Postgres.Stop()
	d.must(d.Click("#register"))
	d.until(d.Page, `document.getElementById("closed-what").innerText.includes("as soon as the database answers") && document.getElementById("form").hidden`)
	d.shot(d.Page, "desk-register-waits")
	d.Engines[0].Kill()
	d.must(d.Engines[0].Start())
	d.must(d.consoleAnswers())
	d.must(d.Postgres.Start(d.ctx))
	d.until(d.Page, `/^\d{9}$/.test(document.getElementById("docket").innerText) && document.getElementById("late-list").innerText.includes("Registered now")`)
	d.useable(d.Page)
	d.shot(d.Page, "desk-registered-late")
	docket, err := d.Text("#docket")
	d.must(err)
	db, err := d.Database(d.ctx)
	d.must(err)
	found, err := db.Cases(d.ctx, postgres.CaseFilter{Limit: 10})
	d.must(err)
	if len(found) != 1 || found[0].Docket != docket {
		t.Errorf("she pressed once, and there are %d cases; the page names %s: %+v", len(found), docket, found)
	}
}

// cutFor lets a cut last: half a minute in the long run.
func cutFor(f *floor) {
	lasts := 6 * time.Second
	if os.Getenv("POWERLINE_LONG") != "" {
		lasts = 30 * time.Second
	}
	select {
	case <-f.ctx.Done():
	case <-time.After(lasts):
	}
}

// desk is what she writes, and where.
type desk struct {
	*floor
	*seat
	text string
}

func (d *desk) writes(word string) {
	d.floor.t.Helper()
	d.text += word + " "
	d.must(d.Type(`[name="account"]`, word+" "))
}

// kept waits until the server has all of it.
func (d *desk) kept() {
	d.floor.t.Helper()
	d.until(d.Page, kept)
}

func (d *desk) shows(when string) {
	d.floor.t.Helper()
	d.until(d.Page, fmt.Sprintf(`document.querySelector('[name="account"]')?.value.trim() === %q`, d.text[:len(d.text)-1]))
	d.floor.t.Logf("%s all of it is there: %q", when, d.text)
	d.until(d.Page, `document.getElementById("live").dataset.state === "live"`)
}

// lost waits until the page says that it hears nothing.
func (d *desk) lost() {
	d.floor.t.Helper()
	d.until(d.Page, `document.getElementById("live").dataset.state === "lost"`)
}

// live is asked the moment that nothing is in the way any more.
func (d *desk) live(when string) {
	d.floor.t.Helper()
	d.within(liveAgain, when, `document.getElementById("live").dataset.state === "live"`)
	got, err := browser.Eval[string](d.Page, `document.querySelector('[name="account"]').value.trim()`)
	d.must(err)
	if want := d.text[:len(d.text)-1]; got != want {
		d.floor.t.Errorf("%s the form says %q, want %q", when, got, want)
	}
}

func (d *desk) within(limit time.Duration, when, script string) {
	d.floor.t.Helper()
	took := d.until(d.Page, script)
	d.floor.t.Logf("%s the desk was right after %v", when, took)
	if took > limit {
		d.floor.t.Errorf("%s the desk was right after %v, want at most %v", when, took, limit)
	}
}

// frozen does something while the browser has put the tab to sleep.
func (d *desk) frozen(do func()) {
	d.floor.t.Helper()
	d.lifecycle(page.SetWebLifecycleStateStateFrozen)
	do()
	d.lifecycle(page.SetWebLifecycleStateStateActive)
}

func (d *desk) lifecycle(state page.SetWebLifecycleStateState) {
	d.floor.t.Helper()
	_, err := chromedp.Run(d.Context(), func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state})
	})
	d.must(err)
}

// consoleAnswers waits until the engine serves desks again.
func (f *floor) consoleAnswers() error {
	return helpline.Until(f.ctx, "the console answers", func() bool {
		r, err := http.NewRequestWithContext(f.ctx, http.MethodGet, f.Engines[0].Console+"/login", nil)
		if err != nil {
			return false
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}
