package supervisor

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

// pagesOf are all pages that a supervisor can read.
func pagesOf(s *site) []string {
	return []string{
		"/wall", "/wall/big", "/floor", "/cases", "/cases?state=counsel-due&open=true", "/cases/" + s.caseID, "/tasks", "/tasks?stuck=true",
		"/recordings", "/recordings/r" + recordingName, "/recordings/" + string(sealedTalk), "/exports", "/reports", "/reports/day", "/reports/day?part=30m", "/reports/queue", "/reports/agents", "/reports/ladder",
		"/roster", "/roster?all=1", "/roster/a001", "/roster-changes", "/queues",
	}
}

// data is what a page gives its script: keys stand there by right.
var data = regexp.MustCompile(`(?s)<script type="application/json".*?</script>`)

func TestGivenEveryPage_WhenASupervisorReadsIt_ThenItIsWholeInBothLanguagesAndShowsNothingPrivate(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	s.put([]call.Call{waits("c9", "phone", time.Now())}, []agent.Agent{idle("a001", time.Now())})
	for _, language := range []string{"en", "hi"} {
		b.language = language
		for _, path := range pagesOf(s) {
			a := b.visit(path)
			if a.status != http.StatusOK {
				t.Errorf("%s in %s: %d %s", path, language, a.status, a.body)
				continue
			}
			text := data.ReplaceAllString(a.body, "")
			if at := strings.Index(text, "super."); at >= 0 {
				t.Errorf("%s in %s has a text without words: %.60s", path, language, text[at:])
			}
			if strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "%!") {
				t.Errorf("%s in %s: a value that the page cannot show", path, language)
			}
			for _, private := range []string{herName, herNumber, hisNumber, herStory, "Chandravati", "Ravan"} {
				if strings.Contains(a.body, private) {
					t.Errorf("%s shows %q to somebody who did not ask", path, private)
				}
			}
			if strings.Contains(a.body, agentName) {
				t.Errorf("%s writes a name as it stands, not as text", path)
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, herNumber) || strings.Contains(log, "Chandravati") {
		t.Error("something private is in the log")
	}
}

func TestGivenACase_WhenItIsOpenedForAPurpose_ThenItIsShownAndStandsInTheAudit(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	if a := b.post("/cases/"+s.caseID+"/private", "purpose", "Sita's case"); a.status != http.StatusOK || strings.Contains(a.body, herName) || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("without a good purpose: %d", a.status)
	}
	a := b.post("/cases/"+s.caseID+"/private", "purpose", "court-order")
	if a.status != http.StatusOK || !strings.Contains(a.body, herName) || !strings.Contains(a.body, herStory) || a.head.Get("Cache-Control") != "no-store" {
		t.Errorf("for a purpose: %d", a.status)
	}
	deeds := must[[]postgres.Deed](t)(s.db.FindDeeds(t.Context(), postgres.DeedFilter{By: "s001", Subject: s.caseID}))
	if len(deeds) == 0 || !strings.Contains(deeds[0].Detail, "court-order") {
		t.Errorf("the audit has %+v", deeds)
	}
	if a := b.post("/cases/search", "number", herNumber); !strings.Contains(a.body, "/cases/"+s.caseID) || strings.Contains(a.to, herNumber) {
		t.Errorf("not found by her number: %d", a.status)
	}
}

func TestGivenADecision_WhenTheCaseMovedMeanwhile_ThenItIsRefusedInWordsAndElseTheLadderTakesIt(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	f := must[postgres.CaseFile](t)(s.db.Case(t.Context(), s.caseID))
	version := func(n int64) string { text, _ := json.Marshal(n); return string(text) }
	if a := b.post("/cases/"+s.caseID+"/decisions", "do", "hold", "version", version(f.Case.Version+7), "key", "key-of-the-first"); a.status != http.StatusOK || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("on another version: %d", a.status)
	}
	if a := b.post("/cases/"+s.caseID+"/decisions", "do", "hold", "version", version(f.Case.Version), "key", "key-of-the-second"); a.status != http.StatusSeeOther {
		t.Fatalf("on this version: %d %s", a.status, a.body)
	}
	if now := must[postgres.CaseFile](t)(s.db.Case(t.Context(), s.caseID)); now.Case.Supervisor.Why != cases.Held {
		t.Errorf("the case is not held: %+v", now.Case.Supervisor)
	}
	if a := b.visit("/cases?concern=true"); !strings.Contains(a.body, s.caseID) {
		t.Error("it is not among those that wait for a supervisor")
	}
	f = must[postgres.CaseFile](t)(s.db.Case(t.Context(), s.caseID))
	if a := b.post("/cases/"+s.caseID+"/decisions", "do", "resume", "version", version(f.Case.Version), "key", "key-of-the-third"); a.status != http.StatusSeeOther {
		t.Errorf("to go on: %d %s", a.status, a.body)
	}
}

func TestGivenATaskOfTheCase_WhenItIsGivenToSomebody_ThenThePageOffersWhomTheLawAllowsAndItIsHisAlone(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	work := must[[]postgres.Work](t)(s.db.Tasks(t.Context(), postgres.TaskFilter{Case: s.caseID}, time.Now()))[0]
	persons, _, err := s.db.Roster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page := b.visit("/cases/" + s.caseID).body
	var him, her agent.ID
	for _, p := range persons {
		offered := strings.Contains(page, `<option value="`+string(p.Profile.ID)+`">`)
		if fits := p.Active && work.Task.Takes(p.Profile) == cases.NoBar; offered != fits {
			t.Errorf("%s is offered: %v, want %v", p.Profile.ID, offered, fits)
		}
		if p.Profile.Fits(work.Task.Pool) {
			him = p.Profile.ID
		} else if p.Active {
			her = p.Profile.ID
		}
	}
	if him == "" || her == "" {
		t.Fatalf("the roster has nobody for %s, or nobody else", work.Task.Pool)
	}
	give := func(to agent.ID, key string) answer {
		f := must[postgres.CaseFile](t)(s.db.Case(t.Context(), s.caseID))
		return b.post("/cases/"+s.caseID+"/decisions", "do", "reassign", "task", string(work.Task.ID), "agent", string(to), "version", fmt.Sprint(f.Case.Version), "key", key)
	}
	if a := give(her, "key-give-to-her"); a.status != http.StatusOK || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("to somebody of the wrong pool: %d", a.status)
	}
	if a := give(him, "key-give-to-him"); a.status != http.StatusSeeOther {
		t.Fatalf("to %s: %d %s", him, a.status, a.body)
	}
	if page := b.visit("/cases/" + s.caseID).body; !strings.Contains(page, `<option value="`+string(him)+`" selected>`) {
		t.Error("the page does not say whose it is")
	}
	if w := must[postgres.Work](t)(s.db.Task(t.Context(), work.Task.ID, time.Now())); w.Task.Only != him {
		t.Errorf("it is %q's", w.Task.Only)
	}
	deeds := must[[]postgres.Deed](t)(s.db.FindDeeds(t.Context(), postgres.DeedFilter{Limit: 5}))
	if !slices.ContainsFunc(deeds, func(d postgres.Deed) bool {
		return d.Action == "case-decided" && d.Subject == s.caseID && strings.Contains(d.Detail, "reassign")
	}) {
		t.Errorf("the audit does not say it: %+v", deeds)
	}
	if a := give("", "key-give-to-all"); a.status != http.StatusSeeOther {
		t.Errorf("to anybody again: %d %s", a.status, a.body)
	}
}

func TestGivenATask_WhenSetAsideAndTakenBack_ThenTheListSaysSo(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	task := must[[]postgres.Work](t)(s.db.Tasks(t.Context(), postgres.TaskFilter{Case: s.caseID}, time.Now()))[0].Task.ID
	if a := b.post("/tasks/"+string(task)+"/set-aside", "reason", "Not A Word", "key", "key-aside-bad"); a.status != http.StatusOK || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("with a reason that is no word: %d", a.status)
	}
	if a := b.post("/tasks/"+string(task)+"/set-aside", "reason", "wrong-window", "key", "key-aside-good"); a.status != http.StatusSeeOther {
		t.Errorf("set aside: %d %s", a.status, a.body)
	}
	if a := b.visit("/tasks?setAside=true"); !strings.Contains(a.body, string(task)) || !strings.Contains(a.body, "wrong-window") {
		t.Error("it is not in the list of those set aside")
	}
	if a := b.post("/tasks/"+string(task)+"/take-back", "key", "key-aside-back"); a.status != http.StatusSeeOther {
		t.Errorf("taken back: %d %s", a.status, a.body)
	}
	if a := b.post("/kinds/offender/pause", "reason", "line-down", "key", "key-pause-kind"); a.status != http.StatusSeeOther {
		t.Errorf("kind stopped: %d", a.status)
	}
	if a := b.visit("/tasks"); !strings.Contains(a.body, "line-down") {
		t.Error("the page does not say that the kind is stopped")
	}
	if a := b.post("/kinds/offender/resume", "key", "key-resume-kind"); a.status != http.StatusSeeOther {
		t.Errorf("kind goes on: %d", a.status)
	}
}

func TestGivenSkills_WhenChangedAndUndone_ThenBothStandInTheHistoryAndMistakesChangeNothing(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	of := func() postgres.RosterChange {
		return must[[]postgres.RosterChange](t)(s.db.RosterChanges(t.Context(), "a002", 0, 1))[0]
	}
	before := of()
	version := must[string](t)(func() (string, error) {
		m := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(b.visit("/roster/a002").body)
		return m[1], nil
	}())
	if a := b.post("/roster/a002", "version", version, "active", "yes", "why", "no language left"); a.status != http.StatusOK || !strings.Contains(a.body, "languages") || of().ID != before.ID {
		t.Errorf("a woman without a language: %d", a.status)
	}
	if a := b.post("/roster/a002", "version", version, "active", "yes", "languages", "hi", "why", " "); a.status != http.StatusUnprocessableEntity || of().ID != before.ID {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := b.post("/roster/a002", "version", "999", "active", "yes", "languages", "hi", "senior", "yes", "why", "old page"); a.status != http.StatusOK || of().ID != before.ID {
		t.Errorf("from an old page: %d", a.status)
	}
	if a := b.post("/roster/a002", "version", version, "active", "yes", "languages", "hi", "categories", "phone", "senior", "yes", "why", "trained <today>"); a.status != http.StatusSeeOther || a.to != "/roster/a002" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	change := of()
	if !change.After.Senior || change.By != "s001" || change.Why != "trained <today>" {
		t.Errorf("the change: %+v", change)
	}
	if a := b.visit("/roster/a002"); strings.Contains(a.body, "<today>") || !strings.Contains(a.body, "trained &lt;today&gt;") {
		t.Error("the reason is not shown as text")
	}
	undo := "/roster-changes/" + strings.TrimSpace(must[string](t)(func() (string, error) { text, err := json.Marshal(change.ID); return string(text), err }())) + "/undo"
	if a := b.post(undo, "why", "by mistake"); a.status != http.StatusSeeOther {
		t.Fatalf("undo: %d %s", a.status, a.body)
	}
	if c := of(); c.After.Senior || c.Undoes != change.ID {
		t.Errorf("undone: %+v", c)
	}
	if a := b.post(undo, "why", "again"); a.status != http.StatusConflict {
		t.Errorf("undone twice: %d", a.status)
	}
	if a := b.post("/roster-changes/987654/undo", "why", "what is not"); a.status != http.StatusNotFound {
		t.Errorf("a change that is not there: %d", a.status)
	}
}

func TestGivenQueues_WhenChangedAndUndone_ThenTheBooksHoldWhatEnginesTakeAndMistakesChangeNothing(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	form := func(change func(url.Values)) []string {
		v := url.Values{}
		for name, q := range s.conf.Queues() {
			sh := shown{}
			v.Set(name+".headStart", sh.Seconds(q.HeadStart))
			v.Set(name+".ringFor", sh.Seconds(q.RingFor))
			v.Set(name+".wrapUp", sh.Seconds(q.WrapUp))
			for i, after := range q.Rings {
				v.Set(name+".ring"+string(rune('0'+i)), sh.Seconds(after))
			}
		}
		change(v)
		var out []string
		for k := range v {
			out = append(out, k, v.Get(k))
		}
		return out
	}
	newest := func() []postgres.QueueChange {
		return must[[]postgres.QueueChange](t)(s.db.QueueChanges(t.Context(), 10))
	}
	if a := b.post("/queues", form(func(v url.Values) { v.Set("phone.ringFor", "soon"); v.Set("why", "x"); v.Set("version", "0") })...); a.status != http.StatusOK || len(newest()) != 0 {
		t.Errorf("no number: %d", a.status)
	}
	if a := b.post("/queues", form(func(v url.Values) { v.Set("phone.ringFor", "0"); v.Set("why", "x"); v.Set("version", "0") })...); a.status != http.StatusOK || !strings.Contains(a.body, "ringFor") || len(newest()) != 0 {
		t.Errorf("a ring of no time: %d", a.status)
	}
	if a := b.post("/queues", form(func(v url.Values) { v.Set("phone.headStart", "33"); v.Set("why", "a rush"); v.Set("version", "0") })...); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.body)
	}
	all := newest()
	if len(all) != 2 || all[1].By != "configuration" || all[0].Why != "a rush" || readQueues(all[0].Settings)["phone"].HeadStart != 33*time.Second {
		t.Fatalf("%+v", all)
	}
	if a := b.visit("/queues"); !strings.Contains(a.body, "a rush") || !strings.Contains(a.body, "→ 33s") {
		t.Error("the change is not listed")
	}
	if a := b.post("/queues/2/undo", "why", "over", "version", "2"); a.status != http.StatusSeeOther {
		t.Fatalf("undo: %d %s", a.status, a.body)
	}
	if all := newest(); all[0].Undoes != 2 || readQueues(all[0].Settings)["phone"].HeadStart != s.conf.Queues()["phone"].HeadStart {
		t.Errorf("undone: %+v", all[0])
	}
	if a := b.post("/queues/1/undo", "why", "the file's", "version", "3"); a.status != http.StatusConflict {
		t.Errorf("what the file says was undone: %d", a.status)
	}
}

func TestGivenTheAudit_WhenReadAndVerified_ThenItIsForAuditorsAndAdministrators(t *testing.T) {
	s := newSite(t)
	for _, role := range []console.Role{console.Auditor, console.Administrator} {
		b := s.signIn(role)
		if a := b.visit("/audit?action=signed-in"); a.status != http.StatusOK || !strings.Contains(a.body, "signed-in") || strings.Contains(a.body, "account-added") {
			t.Errorf("%s reads: %d", role, a.status)
		}
		if a := b.post("/audit/verify"); a.status != http.StatusOK || !strings.Contains(a.body, "is whole") {
			t.Errorf("%s verifies: %d", role, a.status)
		}
		if a := b.visit("/audit?from=yesterday"); a.status != http.StatusUnprocessableEntity {
			t.Errorf("a day that is none: %d", a.status)
		}
	}
}

func TestGivenEveryRoute_WhenARoleMayNotUseIt_ThenItIsRefusedAndNothingIsDone(t *testing.T) {
	s := newSite(t)
	room, _ := New(Options{Hub: s.hub, Look: s.look, Config: nil, Store: s.db})
	for _, role := range []console.Role{console.Agent, console.Officer, console.Supervisor, console.Auditor, console.Administrator} {
		b := s.signIn(role)
		for _, rt := range room.Routes {
			if (rt.Live || rt.Name == "wall-display") && console.May(role, rt.Name) {
				continue // it would not end; or end her session, which other tests go on with
			}
			path := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(rt.Pattern, "none")
			a := b.ask(rt.Method, path, nil)
			if may := console.May(role, rt.Name); may == (a.status == http.StatusForbidden) {
				t.Errorf("%s %s as %s: %d", rt.Method, path, role, a.status)
			} else if may && a.status >= http.StatusInternalServerError {
				t.Errorf("%s %s as %s: %d %s", rt.Method, path, role, a.status, a.body)
			}
		}
	}
	if len(s.orders.got) != 0 {
		t.Errorf("wishes were carried out: %+v", s.orders.got)
	}
}

func TestGivenAWish_WhenItIsSent_ThenTheEngineGetsItWithWhoItWasOrItIsRefusedInWords(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor)
	s.put([]call.Call{waits("c9", "phone", time.Now())}, []agent.Agent{idle("a001", time.Now()), idle("s001", time.Now())})
	good := map[string]any{"what": "listen", "agent": "a001", "call": "c9", "key": "0123456789"}
	if a := b.wish("/floor/orders", good); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := s.orders.got; len(got) != 1 || got[0].By != "s001" || got[0].Actor != "s001" || got[0].What != "listen" || got[0].Agent != "a001" {
		t.Fatalf("the engine got %+v", got)
	}
	for name, bad := range map[string]map[string]any{
		"an unknown wish":             {"what": "shout", "agent": "a001", "key": "0123456789"},
		"nobody's call":               {"what": "listen", "agent": "a999", "call": "c9", "key": "0123456789"},
		"no key":                      {"what": "listen", "agent": "a001", "call": "c9"},
		"no call":                     {"what": "listen", "agent": "a001", "key": "0123456789"},
		"a category of no name":       {"what": "move", "call": "c9", "category": "chess", "key": "0123456789"},
		"a state that is none":        {"what": "force", "agent": "a001", "status": "asleep", "key": "0123456789"},
		"not ready without a reason":  {"what": "force", "agent": "a001", "status": "not-ready", "key": "0123456789"},
		"available with a reason":     {"what": "force", "agent": "a001", "status": "available", "reason": "meal", "key": "0123456789"},
		"somebody else's seat":        {"what": "listen", "agent": "a001", "by": "a002", "key": "0123456789"},
		"a waiting call without name": {"what": "pull", "agent": "a001", "key": "0123456789"},
	} {
		if a := b.wish("/floor/orders", bad); a.status != http.StatusUnprocessableEntity && a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if len(s.orders.got) != 1 {
		t.Errorf("the engine got %+v", s.orders.got)
	}
	s.orders.with = console.Refuse(http.StatusConflict, "order-law-forbids")
	if a := b.wish("/floor/orders", good); a.status != http.StatusConflict || !strings.Contains(a.body, "Law 3") {
		t.Errorf("a refusal by law: %d %s", a.status, a.body)
	}
}

// pushed reads a stream until a view fits.
func pushed(t *testing.T, b *visitor, path, view string, fits func(string) bool) {
	t.Helper()
	r := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), "GET", b.s.server.URL+path, nil))
	got := must[*http.Response](t)((&http.Client{Jar: b.client.Jar}).Do(r))
	defer got.Body.Close()
	deadline := time.AfterFunc(30*time.Second, func() { got.Body.Close() })
	defer deadline.Stop()
	name := ""
	last := ""
	lines := bufio.NewScanner(got.Body)
	lines.Buffer(nil, 1<<20)
	for {
		if !lines.Scan() {
			t.Fatalf("%s: %s never fitted; last was %s", path, view, last)
		}
		if word, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = word
		}
		if value, ok := strings.CutPrefix(lines.Text(), "data: "); ok && name == view {
			if last = value; fits(value) {
				return
			}
		}
	}
}

func TestGivenAFloorThatChanges_WhenTheWallIsOpen_ThenItIsPushedThere(t *testing.T) {
	s := newSite(t)
	for _, role := range []console.Role{console.Supervisor, console.Auditor} {
		b := s.signIn(role)
		s.put(nil, nil)
		go func() {
			eventuallyOpen(s.hub)
			s.put([]call.Call{waits("c9", "phone", time.Now().Add(-17*time.Second))}, nil)
		}()
		pushed(t, b, "/wall/live", "board", func(text string) bool {
			var v Board
			return json.Unmarshal([]byte(text), &v) == nil && v.Waiting == 1 && v.Oldest >= 17
		})
	}
}

func eventuallyOpen(h *console.Hub) {
	for deadline := time.Now().Add(20 * time.Second); h.Open() == 0 && time.Now().Before(deadline); {
		<-time.After(5 * time.Millisecond)
	}
}

func TestGivenTheFloor_WhenItIsOpen_ThenItSaysWhoMayBeHeardByTheOneWhoLooks(t *testing.T) {
	s := newSite(t)
	b := s.signIn(console.Supervisor) // a woman
	talking := idle("m001", time.Now())
	talking.Profile = agent.Profile{ID: "m001", Officer: true}
	talking.State, talking.Call = agent.Talking, "c5"
	offender := waits("c5", "ring-back", time.Now())
	offender.Kind, offender.Stage, offender.Pool = call.RingBack, call.Talking, agent.MaleOfficers
	s.put([]call.Call{offender}, []agent.Agent{talking})
	pushed(t, b, "/floor/live", "seats", func(text string) bool {
		var v Seats
		return json.Unmarshal([]byte(text), &v) == nil && len(v.Agents) == 1 && v.Agents[0].Call != nil && !v.Agents[0].Call.Lawful && v.Agents[0].Call.Live
	})
}

func TestGivenTheBooks_WhenTheWatchReadsThem_ThenTheWallHasTheFiguresOfNowAndToday(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.watch.read(t.Context(), now)
	got := s.watch.today.Load()
	if got.Stale || got.Now == nil || got.Day == nil || got.Within != 15 || got.Due+got.Late+got.Aside < 0 {
		t.Fatalf("%+v", got)
	}
	if sinceMidnight := now.Sub(dayOf(now)); sinceMidnight > 2*time.Hour && (got.Day.Answered != 1 || *got.Day.Level != 1 || *got.Day.ASA != 4 || *got.Day.AHT != 300) {
		t.Errorf("today: %+v", got.Day)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.watch.read(gone, now)
	if got := s.watch.today.Load(); !got.Stale || got.Day == nil {
		t.Errorf("while the books are away: %+v", got)
	}
}

func TestGivenTheTexts_WhenPagesAndScriptsUseThem_ThenBothLanguagesAreComplete(t *testing.T) {
	for key, text := range words {
		if text.En == "" || !strings.ContainsFunc(text.Hi, func(r rune) bool { return unicode.Is(unicode.Devanagari, r) }) {
			t.Errorf("%s: %+v", key, text)
		}
		if strings.Count(text.En, "%") != strings.Count(text.Hi, "%") {
			t.Errorf("%s takes other arguments in Hindi", key)
		}
	}
	inPages := regexp.MustCompile(`\.T "((?:super|refused)\.[a-z0-9.-]+)"`)
	inScripts := regexp.MustCompile("text\\([\"`](super\\.[a-z.-]+)[\"`]")
	for _, part := range []struct {
		files fs.FS
		form  *regexp.Regexp
	}{{within(pages, "pages"), inPages}, {within(static, "static"), inScripts}} {
		err := fs.WalkDir(part.files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(part.files, name)
			for _, m := range part.form.FindAllSubmatch(text, -1) {
				if _, known := words[string(m[1])]; !known {
					t.Errorf("%s: no text %s", name, m[1])
				}
			}
			if strings.HasSuffix(name, ".html") && regexp.MustCompile(`<style|style=|\son[a-z]+=`).Match(text) {
				t.Errorf("%s: script or style within a page", name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range [][]string{callColumns} {
		for _, key := range table {
			if _, known := words[key]; !known {
				t.Errorf("no text %s", key)
			}
		}
	}
}

// TestGivenTheWordsOfTheCode: whatever state, outcome or rule the code can say has
// words in both languages.
func TestGivenTheWordsOfTheCode_WhenAPageShowsThem_ThenEachHasAText(t *testing.T) {
	var all []string
	add := func(prefix string, some ...string) {
		for _, w := range some {
			all = append(all, "super."+prefix+"."+w)
		}
	}
	for _, s := range cases.States[1:] {
		add("state", string(s))
	}
	for _, k := range cases.Kinds {
		add("kind", string(k))
		for _, o := range cases.Outcomes(k) {
			add("outcome", string(o))
		}
	}
	for _, one := range results {
		add("result", string(one))
	}
	for _, one := range decisions {
		add("decision", string(one))
	}
	for name := range lasting {
		add("alarm", name)
	}
	add("purpose", purposes...)
	for _, c := range (roster.Skills{}).Columns() {
		add("column", c.Name)
	}
	for _, k := range config.Default().Routing.Categories {
		add("category", k.Name)
	}
	for _, r := range config.Default().Agents.PauseReasons {
		add("reason", r.Name)
	}
	for _, l := range config.Default().Prompts.Languages {
		add("language", l)
	}
	for _, key := range all {
		if _, known := words[key]; !known {
			t.Errorf("no text %s", key)
		}
	}
}
