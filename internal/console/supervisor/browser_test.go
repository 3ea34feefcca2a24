package supervisor

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/console"
	"powerline/test/browser"
)

// rush is a floor in the middle of a shift.
func rush() ([]call.Call, []agent.Agent) {
	now := time.Now()
	ago := func(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }
	crisis := waits("w1", "crisis", ago(3))
	crisis.Crisis = true
	silent := waits("w2", "silent", ago(12))
	silent.Silence = call.Keyed
	talk := waits("t1", "domestic-violence", ago(400))
	talk.Stage, talk.Offer.Agent = call.Talking, "a002"
	his := waits("t2", "ring-back", ago(200))
	his.Kind, his.Stage, his.Pool, his.Offer.Agent = call.RingBack, call.Talking, agent.MaleOfficers, "m001"
	calls := []call.Call{crisis, silent, waits("w3", "phone", ago(18)), waits("w4", "phone", ago(45)), waits("w5", "stalking", ago(150)), talk, his}
	busy := idle("a002", ago(400))
	busy.State, busy.Call = agent.Talking, "t1"
	officer := idle("m001", ago(200))
	officer.Profile, officer.State, officer.Call = agent.Profile{ID: "m001", Officer: true}, agent.Talking, "t2"
	meal := idle("a004", ago(900))
	meal.Status, meal.Reason = agent.NotReady, "meal"
	writes := idle("a005", ago(20))
	writes.State = agent.WrapUp
	lead := idle("s001", ago(4000))
	lead.Profile.Senior, lead.Status, lead.Reason = true, agent.NotReady, "supervisor"
	return calls, []agent.Agent{idle("a001", ago(75)), busy, officer, meal, writes, lead}
}

// TestGivenTheRoomInABrowser looks at every page as people see it: drawn in both
// languages, usable by keyboard and screen reader, and without a complaint of the
// browser. The pictures are kept.
func TestGivenTheRoomInABrowser_WhenEveryPageIsOpened_ThenAllCanUseItAndTheFloorObeysTheKeyboard(t *testing.T) {
	s := newSite(t)
	s.signIn(console.Supervisor)
	s.watch.read(t.Context(), time.Now())
	s.put(rush())
	b := must[*browser.Browser](t)(browser.Open(t.Context(), browser.Options{}))
	t.Cleanup(b.Close)
	p := must[*browser.Page](t)(b.Page())
	t.Cleanup(p.Close)
	do := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, language := range []string{"hi", "en"} {
		do(p.Visit(s.server.URL + "/test?as=" + language))
		for _, path := range pagesOf(s) {
			if language == "en" && !slices.Contains([]string{"/wall", "/floor", "/reports/day", "/queues", "/cases/" + s.caseID}, path) {
				continue // the pages are the same; Hindi is the harder one
			}
			do(p.Visit(s.server.URL + path))
			switch path {
			case "/wall", "/wall/big":
				until(t, p, `document.querySelector('[data-of="waiting"]').textContent === "5" && document.querySelectorAll("#classes tr").length > 3`)
			case "/floor":
				until(t, p, `document.querySelectorAll("#agents tr").length === 6 && document.querySelectorAll("#waiting tr").length === 5`)
			}
			looked(t, p, path+"-"+language)
		}
	}
	printed(t, s, p)
	obey(t, s, p)
}

// printed looks at reports as they come out of a printer: on A4 across, without what
// only a screen needs, and with nothing cut off.
func printed(t *testing.T, s *site, p *browser.Page) {
	t.Helper()
	media := func(name string) {
		t.Helper()
		if err := commanded(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name}, nil); err != nil {
			t.Fatal(err)
		}
	}
	media("print")
	defer media("screen")
	for _, kind := range []string{"day", "queue", "agents", "ladder"} {
		if err := p.Visit(s.server.URL + "/reports/" + kind); err != nil {
			t.Fatal(err)
		}
		until(t, p, `[".bar", ".no-print", "#print"].every((css) => [...document.querySelectorAll(css)].every((e) => e.getClientRects().length === 0)) && document.querySelector(".report h2") !== null`)
		if wide := must[[]string](t)(browser.Eval[[]string](p, `[...document.querySelectorAll(".wide")].filter((e) => getComputedStyle(e).overflowX !== "visible").map((e) => e.getAttribute("aria-label"))`)); len(wide) > 0 {
			t.Errorf("%s: a printer cuts off what a screen scrolls: %v", kind, wide)
		}
		if _, err := p.Shot("supervisor-reports-" + kind + "-printed"); err != nil {
			t.Error(err)
		}
		var paper page.PrintToPDFResult
		yes := true
		if err := commanded(p, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes}, &paper); err != nil {
			t.Fatal(err)
		}
		size := regexp.MustCompile(`/MediaBox \[0 0 (\d+)[.\d]* (\d+)[.\d]*\]`).FindSubmatch(paper.Data)
		if size == nil || string(size[1]) != "841" && string(size[1]) != "842" || string(size[2]) != "594" && string(size[2]) != "595" {
			t.Errorf("%s: the paper is %q points, want A4 across", kind, size)
		}
	}
}

// commanded has a page's browser carry out one command of its protocol.
func commanded[P, R any](p *browser.Page, command cdp.Command[P, R], params P, into *R) error {
	ctx, cancel := context.WithTimeout(p.Context(), browser.Limit)
	defer cancel()
	got, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, command, params) })
	if into != nil {
		*into = got
	}
	return err
}

// obey joins a conversation without a mouse, and is refused another by law 3.
func obey(t *testing.T, s *site, p *browser.Page) {
	t.Helper()
	if err := p.Visit(s.server.URL + "/floor"); err != nil {
		t.Fatal(err)
	}
	until(t, p, `document.querySelector('tr[data-row="m001"] button[data-act="listen"]')?.disabled === true`)
	until(t, p, `(() => { const b = document.querySelector('tr[data-row="a002"] button[data-act="barge"]'); b?.focus(); return document.activeElement === b && !b.disabled })()`)
	for _, key := range []string{kb.Enter, kb.Enter} { // the button, then the question
		if err := p.Press(key); err != nil {
			t.Fatal(err)
		}
		if key == kb.Enter && len(s.wishes()) == 0 {
			until(t, p, `document.getElementById("ask").open || document.getElementById("answer").hidden === false`)
		}
	}
	until(t, p, `document.getElementById("answer").hidden === false`)
	got := s.wishes()
	if len(got) != 1 || got[0].What != "barge" || got[0].Agent != "a002" || got[0].Call != "t1" || got[0].By != "s001" {
		t.Fatalf("the engine got %+v", got)
	}
	s.orders.mu.Lock()
	s.orders.with = console.Refuse(http.StatusConflict, "order-law-forbids")
	s.orders.mu.Unlock()
	if err := p.Click(`tr[data-row="a002"] button[data-act="listen"]`); err != nil {
		t.Fatal(err)
	}
	if err := p.Click("#ask-yes"); err != nil {
		t.Fatal(err)
	}
	until(t, p, `document.getElementById("answer").textContent.includes("Law 3") && document.getElementById("answer").dataset.state === "bad"`)
	looked(t, p, "/floor-refused-en")
	p.Complaints() // that it was a 409
}

func (s *site) wishes() []Wish {
	s.orders.mu.Lock()
	defer s.orders.mu.Unlock()
	return append([]Wish{}, s.orders.got...)
}

func until(t *testing.T, p *browser.Page, script string) {
	t.Helper()
	if _, err := p.Until(script); err != nil {
		t.Fatal(err)
	}
}

// looked keeps a picture, and lets axe and the browser say what is wrong.
func looked(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	name = "supervisor" + strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(name)
	if _, err := p.Shot(name); err != nil {
		t.Error(err)
	}
	findings, err := p.Axe()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Errorf("%s: %s", name, f)
	}
	for _, complaint := range p.Complaints() {
		if !strings.Contains(complaint, "409") {
			t.Errorf("%s: the browser complains: %s", name, complaint)
		}
	}
	if wide, err := browser.Eval[bool](p, `document.documentElement.scrollWidth > innerWidth + 1`); err != nil || wide {
		t.Errorf("%s: wider than 1366 pixels (%v)", name, err)
	}
}
