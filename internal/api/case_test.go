package api

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
	"powerline/number"
)

func logOf(h *helpline) *slog.Logger { return slog.New(slog.NewJSONHandler(h.log, nil)) }

func record(handler http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/x", http.NoBody))
	return w
}

func TestGivenARegisteredCase_WhenRead_ThenNothingPrivateIsInIt(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	for _, secret := range []string{asha, bina, sudha, ops, cell} {
		a := h.send("GET", "/cases/"+id, secret, nil).is(200)
		h.clean(a.body, all)
		v := into[CaseView](a)
		if v.State != cases.CounselDue || len(v.Next) != 1 || v.Next[0].Kind != cases.CallOffender || len(v.Persons) != 3 || v.Persons[0].Numbers != 1 {
			t.Errorf("%s", a.body)
		}
		if terms := v.Terms != nil; terms != (secret == asha || secret == bina || secret == sudha) {
			t.Errorf("her terms are shown to the wrong people: %s", a.body)
		}
		list := h.send("GET", "/cases?state=counsel-due&open=true&limit=1", secret, nil).is(200)
		h.clean(list.body, all)
		if l := into[CaseList](list); len(l.Cases) != 1 || l.After != id {
			t.Errorf("%s", list.body)
		}
	}
	h.clean(h.send("GET", "/cases/"+id+"/history", ops, nil).is(200).body, all)
	h.clean(h.send("GET", "/cases/"+id+"/attempts", ops, nil).is(200).body, all)
}

func TestGivenASupervisorWithAPurpose_WhenSheOpensACase_ThenSheSeesItAndTheAuditKnows(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	for _, purpose := range []string{"", "For " + herName, "9876500011x", strings.Repeat("a", 41)} {
		h.clean(h.send("GET", "/cases/"+id+"/private", sudha, nil, purposeHeader, purpose).problem(422, "field", purposeHeader).body, all)
	}
	v := into[PrivateCase](h.send("GET", "/cases/"+id+"/private", sudha, nil, purposeHeader, "court-order").is(200))
	if v.Account != herAccount || len(v.Persons) != 3 || v.Persons[0].Name != herName || v.Persons[0].Numbers[0].Number != "+91"+herNumber ||
		len(v.Safe) != 1 || v.Safe[0].CodeWord != herWord {
		t.Errorf("%+v", v)
	}
	if !h.store.did("s001", "parties-opened-court-order") {
		t.Errorf("the audit does not know: %+v", h.store.deeds)
	}
}

func TestGivenASealedCase_WhenAnybodyButASupervisorReads_ThenItIsHidden(t *testing.T) {
	h := newHelpline(t)
	in := complaint()
	in.Sealed = true
	id := into[Registered](h.send("POST", "/cases", asha, in).is(201)).Case
	for _, secret := range []string{asha, ops, cell} {
		h.send("GET", "/cases/"+id, secret, nil).problem(403, "sealed", "")
		if l := into[CaseList](h.send("GET", "/cases", secret, nil).is(200)); len(l.Cases) != 0 {
			t.Error("it is in the list")
		}
	}
	h.send("GET", "/cases/"+id+"/history", asha, nil).problem(403, "sealed", "")
	h.send("GET", "/cases/"+id, sudha, nil).is(200)
}

func TestGivenHerNumber_WhenSearched_ThenHerCaseIsFoundInAnySpelling(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	for _, in := range []SearchIn{{Number: herNumber}, {Number: "+91 98765 00011"}, {Number: herNumber, Role: cases.Victim}, {Docket: h.ladder(id).Docket}} {
		a := h.send("POST", "/cases/search", asha, in, "Idempotency-Key", "").is(200)
		if l := into[CaseList](a); len(l.Cases) != 1 || l.Cases[0].ID != id {
			t.Errorf("%s", a.body)
		}
		h.clean(a.body, all)
	}
	if l := into[CaseList](h.send("POST", "/cases/search", asha, SearchIn{Number: herNumber, Role: cases.Offender}).is(200)); len(l.Cases) != 0 {
		t.Error("found in another role")
	}
	for field, in := range map[string]SearchIn{"docket": {}, "number": {Number: "anonymous"}, "role": {Number: herNumber, Role: "friend"}} {
		h.clean(h.send("POST", "/cases/search", asha, in).problem(422, "field", field).body, all)
	}
}

func TestGivenASupervisor_WhenSheDecides_ThenTheCaseMovesByTheLadderAlone(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	at := "/cases/" + id + "/decisions"
	v := h.ladder(id)
	h.send("POST", at, sudha, DecisionIn{Version: v.Version + 7, Do: cases.HoldBack}).problem(409, "stale", "")
	m := into[Moved](h.send("POST", at, sudha, DecisionIn{Version: v.Version, Do: cases.HoldBack}).is(200))
	if m.Concern != cases.Held || m.Next[0].Supervisor != cases.Held {
		t.Errorf("%+v", m)
	}
	if p := into[Problem](h.send("POST", at, sudha, DecisionIn{Version: v.Version, Do: cases.Resume}).problem(409, "stale", "")); p.Version != m.Version {
		t.Errorf("%+v", p)
	}
	h.send("POST", at, sudha, DecisionIn{Version: m.Version, Do: cases.Close, Closure: cases.Unreached}).problem(422, "refused", "")
	h.send("POST", at, sudha, DecisionIn{Version: m.Version, Do: cases.Close, Closure: cases.Resolved}).problem(422, "field", "closure")
	m = into[Moved](h.send("POST", at, sudha, DecisionIn{Version: m.Version, Do: cases.Resume}).is(200))
	m = into[Moved](h.send("POST", at, sudha, DecisionIn{Version: m.Version, Do: cases.Close, Closure: cases.Hoax}).is(200))
	if m.State != cases.Closed {
		t.Errorf("%+v", m)
	}
	m = into[Moved](h.send("POST", at, sudha, DecisionIn{Version: m.Version, Do: cases.ReopenCase}).is(200))
	if m.State != cases.CounselDue || !slices.Contains(m.Moves, "T25") || len(m.Opened) != 1 {
		t.Errorf("%+v", m)
	}
	h.send("POST", at, sudha, DecisionIn{Version: m.Version, Do: cases.ReopenCase}).problem(409, "ignored", "")
	for field, in := range map[string]DecisionIn{
		"version": {Do: cases.Resume}, "do": {Version: 1}, "closure": {Version: 1, Do: cases.Close}, "task": {Version: 1, Do: cases.Reassign},
		"due": {Version: 1, Do: cases.Reschedule, Task: "taaaaaaaaaaaaaaaa"}, "agent": {Version: 1, Do: cases.Resume, Agent: "a001"},
	} {
		h.send("POST", at, sudha, in).problem(422, "field", field)
	}
	h.send("POST", at, sudha, DecisionIn{Version: 1, Do: "resolve"}).problem(422, "field", "do")
	if !h.store.did("s001", "case-decided") {
		t.Error("the audit does not know")
	}
}

func TestGivenAnOffendersTask_WhenReassignedToAWoman_ThenTheLawRefuses(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	v := h.ladder(id)
	in := DecisionIn{Version: v.Version, Do: cases.Reassign, Task: v.Next[0].Task, Agent: "a001"}
	h.send("POST", "/cases/"+id+"/decisions", sudha, in).problem(422, "field", "agent")
	in.Agent = "a009"
	h.send("POST", "/cases/"+id+"/decisions", sudha, in).problem(422, "no-agent", "")
	in.Agent = "m001"
	h.send("POST", "/cases/"+id+"/decisions", sudha, in).is(200)
	if l := into[TaskList](h.send("GET", "/tasks?case="+id, sudha, nil).is(200)); l.Tasks[0].Only != "m001" {
		t.Errorf("%+v", l)
	}
	other := h.registered()
	in.Version = h.ladder(other).Version
	h.send("POST", "/cases/"+other+"/decisions", sudha, in).problem(404, "no-task", "")
}

func TestGivenSheCalled_WhenSheNamesContacts_ThenTheyAreInTheCase(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	a := h.send("POST", "/cases/"+id+"/calls", bina, CalledIn{Said: SaidIn{
		Numbers: []string{"9876500044"}, Contacts: []PartyIn{{Name: aContact, Relation: "uncle", Approved: true, Numbers: []string{"9876500055"}}},
	}}).is(200)
	h.clean(a.body, append(all, "9876500044", "9876500055"))
	if v := h.ladder(id); len(v.Persons) != 4 || v.Persons[1].Numbers != 2 {
		t.Errorf("%+v", v.Persons)
	}
	h.send("POST", "/cases/"+id+"/calls", bina, CalledIn{}).problem(409, "ignored", "")
	h.send("POST", "/cases/"+id+"/calls", bina, CalledIn{Outcome: cases.Warned}).problem(422, "field", "outcome")
	m := into[Moved](h.send("POST", "/cases/"+id+"/calls", bina, CalledIn{Outcome: cases.InDanger}).is(200))
	if v := h.ladder(id); !slices.Contains(v.Flags, "emergency") {
		t.Errorf("%+v %+v", m, v)
	}
	h.send("POST", "/cases/"+id+"/help-confirmation", cell, Nothing{}).is(200)
	if !h.store.did(h.store.tokens[cell].ID, "api-help-confirmed") {
		t.Error("the audit does not know which system confirmed it")
	}
	h.send("POST", "/cases/"+id+"/help-confirmation", cell, Nothing{}).problem(409, "ignored", "")
	h.send("POST", "/cases/"+id+"/care-clearance", bina, Nothing{}).problem(403, "counsellors-only", "")
	h.send("POST", "/cases/"+id+"/care-clearance", carer, Nothing{}).problem(409, "ignored", "")
}

func TestGivenHerTerms_WhenChanged_ThenOnlyForHerOwnNumbers(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	at := "/cases/" + id + "/terms"
	in := TermsChange{Terms: TermsIn{Pull: true, Language: "bho"}, Safe: []SafeIn{{Number: hisNumber, Whose: "own"}}}
	h.clean(h.send("POST", at, asha, in).problem(422, "field", "safe[0].number").body, all)
	in.Safe[0].Number = herNumber
	h.send("POST", at, asha, in).is(200)
	if v := h.ladder(id); !v.Terms.Pull || v.Terms.MayCall {
		t.Errorf("%+v", v.Terms)
	}
	if k := h.store.cases[id]; len(k.safe) != 2 {
		t.Error("the terms of her number are not stored")
	}
	// A further number of hers is the first to be rung.
	in = TermsChange{Terms: TermsIn{MayCall: true}, Number: "9876500077", Safe: []SafeIn{{Number: "9876500077", Whose: "sister"}}}
	h.clean(h.send("POST", at, asha, in).is(200).body, append(all, "9876500077"))
	if v := h.ladder(id); v.Persons[0].Numbers != 2 {
		t.Errorf("%+v", v.Persons)
	}
	in.Number = "112"
	h.send("POST", at, asha, in).problem(422, "field", "number")
	m := into[Moved](h.send("POST", "/cases/"+id+"/veto", asha, VersionIn{}).is(200))
	if m.State != cases.CounselFeedback {
		t.Errorf("%+v", m)
	}
}

func TestGivenAnUnknownOffender_WhenTheCyberCellFindsHim_ThenHeIsToBeWarned(t *testing.T) {
	h := newHelpline(t)
	in := complaint()
	in.Offender.Numbers, in.Triage = nil, TriageIn{}
	id := into[Registered](h.send("POST", "/cases", asha, in).is(201)).Case
	h.send("POST", "/cases/"+id+"/triage", asha, TriageDecision{Triage: TriageIn{Agrees: true}}).problem(422, "field", "triage.track")
	m := into[Moved](h.send("POST", "/cases/"+id+"/triage", asha, TriageDecision{Triage: TriageIn{Track: cases.Counsellable, Agrees: true}}).is(200))
	if m.State != cases.Identifying {
		t.Fatalf("%+v", m)
	}
	h.send("POST", "/cases/"+id+"/offender", cell, FoundIn{Offender: PartyIn{Name: hisName}}).problem(422, "field", "offender.numbers")
	a := h.send("POST", "/cases/"+id+"/offender", cell, FoundIn{Offender: PartyIn{Name: hisName, Numbers: []string{hisNumber}}}).is(200)
	if m := into[Moved](a); m.State != cases.CounselDue {
		t.Errorf("%+v", m)
	}
	h.clean(a.body, all)
}

// floor is a running dialer.
type floor struct {
	free    []agent.Profile
	calling string
	task    cases.TaskID
}

func (f *floor) Free() []agent.Profile                            { return f.free }
func (f *floor) Calling(fingerprint string) bool                  { return fingerprint == f.calling }
func (f *floor) InHand(id agent.ID) (task cases.TaskID, a string) { return f.task, "" }

func TestGivenATaskThatIsNotDialled_WhenExplained_ThenEveryRuleIsNamed(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	task := string(h.ladder(id).Next[0].Task)
	v := into[TaskView](h.send("GET", "/tasks/"+task+"/explain", ops, nil).is(200))
	if !v.Dialable || v.FloorKnown || len(v.Reasons) != 0 {
		t.Errorf("%+v", v)
	}
	f := &floor{calling: h.store.cases[id].file.Case.Tasks[0].Number}
	h.build(f)
	h.send("POST", "/kinds/offender/pause", ops, ReasonIn{Reason: "trunk-down"}).is(200)
	h.send("POST", "/tasks/"+task+"/set-aside", sudha, ReasonIn{Reason: "odd-number"}).is(200)
	v = into[TaskView](h.send("GET", "/tasks/"+task+"/explain", ops, nil).is(200))
	var rules []string
	for _, r := range v.Reasons {
		rules = append(rules, r.Rule)
	}
	if want := []string{"set-aside", "number-calls-us", "kind-paused", "no-agent"}; !slices.Equal(rules, want) || v.Dialable || !v.Stuck || !v.FloorKnown {
		t.Errorf("%v: %+v", rules, v)
	}
	if l := into[TaskList](h.send("GET", "/tasks?stuck=true", ops, nil).is(200)); len(l.Tasks) != 1 {
		t.Errorf("%+v", l)
	}
	h.send("POST", "/tasks/"+task+"/take-back", sudha, Nothing{}).is(200)
	h.send("POST", "/kinds/offender/resume", ops, Nothing{}).is(200)
	h.send("POST", "/kinds/identify/pause", ops, ReasonIn{Reason: "x"}).problem(404, "no-kind", "")
	for _, reason := range []string{"", herName, "call " + herNumber} {
		h.clean(h.send("POST", "/tasks/"+task+"/set-aside", sudha, ReasonIn{Reason: reason}).problem(422, "field", "reason").body, all)
	}
	f.calling, f.free = "", []agent.Profile{{ID: "m001", Officer: true}}
	h.now = h.now.Add(2 * time.Hour)
	v = into[TaskView](h.send("GET", "/tasks/"+task+"/explain", ops, nil).is(200))
	if !v.Dialable || v.Late != 2*60*60 {
		t.Errorf("%+v", v)
	}
	for query, want := range map[string]int{"late=1h": 1, "late=3h": 0, "due=now": 1, "due=2026-03-01T00:00:00Z": 0, "stuck=true": 0, "kind=offender": 1, "kind=final": 0} {
		a := h.send("GET", "/tasks?"+query, sudha, nil).is(200)
		h.clean(a.body, all)
		if l := into[TaskList](a); len(l.Tasks) != want {
			t.Errorf("%s: %d tasks", query, len(l.Tasks))
		}
	}
}

func TestGivenTheNight_WhenATaskWaitsForItsWindow_ThenItIsNeitherLateNorStuck(t *testing.T) {
	h := newHelpline(t)
	task := string(h.ladder(h.registered()).Next[0].Task)
	h.now = time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC) // half past one in India
	v := into[TaskView](h.send("GET", "/tasks/"+task+"/explain", ops, nil).is(200))
	if v.Late != 0 || v.Stuck || v.Dialable || v.Reasons[0].Rule != string(cases.OutsideWindow) {
		t.Errorf("%+v", v)
	}
}

func TestGivenSheRingsUs_WhenHerTaskIsExplained_ThenItIsNeitherLateNorStuck(t *testing.T) {
	h := newHelpline(t)
	id := h.warned()
	h.send("POST", "/cases/"+id+"/terms", asha, TermsChange{Terms: TermsIn{Pull: true}}).is(200)
	h.now = h.now.Add(5 * 24 * time.Hour)
	v := into[TaskView](h.send("GET", "/tasks/"+string(h.ladder(id).Next[0].Task)+"/explain", ops, nil).is(200))
	if !v.Pull || v.Dialable || v.Late != 0 || v.Stuck || v.Reasons[0].Rule != string(cases.SheRingsUs) {
		t.Errorf("%+v", v)
	}
}

func TestGivenKinds_WhenListed_ThenOutcomesAndPausesAreThere(t *testing.T) {
	h := newHelpline(t)
	h.send("POST", "/kinds/ffr/pause", sudha, ReasonIn{Reason: "training"}).is(200)
	l := into[KindList](h.send("GET", "/kinds", ravi, nil).is(200))
	for _, k := range l.Kinds {
		if k.Paused != (k.Kind == cases.CallContact) || k.Kind.Dialled() && len(k.Outcomes) == 0 {
			t.Errorf("%+v", k)
		}
	}
}

func TestGivenTheOffice_WhenStationsAndAuditAreAsked_ThenTheyAreThere(t *testing.T) {
	h := newHelpline(t)
	in := StationList{Stations: []StationView{{ID: "lko-hazratganj", District: "Lucknow", Name: "Hazratganj"}}}
	h.send("POST", "/stations", ops, in).is(200)
	if l := into[StationList](h.send("GET", "/stations?district=Lucknow", asha, nil).is(200)); len(l.Stations) != 1 || l.Stations[0] != in.Stations[0] {
		t.Errorf("%+v", l)
	}
	for field, s := range map[string]StationView{
		"stations[1].id": in.Stations[0], "stations[1].district": {ID: "x", District: "Atlantis", Name: "X"}, "stations[1].name": {ID: "x", District: "Lucknow"},
	} {
		h.send("POST", "/stations", ops, StationList{Stations: []StationView{in.Stations[0], s}}).problem(422, "field", field)
	}
	h.registered()
	if l := into[Audit](h.send("GET", "/audit?limit=1", ops, nil).is(200)); len(l.Deeds) != 1 || l.Deeds[0].Seq != 1 {
		t.Errorf("%+v", l)
	}
	if v := into[Verified](h.send("GET", "/audit/verify", ops, nil).is(200)); !v.Whole || v.Rows != 1 || len(v.Head) != 64 {
		t.Errorf("%+v", v)
	}
	h.store.broken = &postgres.BrokenAudit{Seq: 5, Why: "its hash is another"}
	if v := into[Verified](h.send("GET", "/audit/verify", ops, nil).is(200)); v.Whole || v.Broken != 5 {
		t.Errorf("%+v", v)
	}
	if d := into[Deliveries](h.send("GET", "/deliveries", ops, nil).is(200)); d.Waiting != 3 || d.GivenUp != 1 {
		t.Errorf("%+v", d)
	}
}

func TestGivenTheNumberSheCallsFrom_WhenSheRegisters_ThenItIsHersAndNobodyHasSeenIt(t *testing.T) {
	h := newHelpline(t)
	hers, err := number.Parse("9876500077")
	if err != nil {
		t.Fatal(err)
	}
	h.store.callers = map[string]number.Number{"c1 a001": hers}
	in := complaint()
	in.Call, in.Victim.Numbers = "c1", []string{CallersNumber}
	in.Safe = []SafeIn{{Number: CallersNumber, Whose: "own", CodeWord: herWord}}
	a := h.send("POST", "/cases", asha, in).is(201)
	h.clean(a.body, all)
	k := h.store.cases[into[Registered](a).Case]
	if n := k.parties[0].Numbers; len(n) != 1 || n[0].Number != hers || len(k.safe) != 1 || k.safe[0].Number != hers || k.safe[0].Whose != "own" {
		t.Errorf("she has %v with terms %v", n, k.safe)
	}
	// Who did not speak in the call does not get its number, whatever she writes.
	h.send("POST", "/cases", bina, in).problem(422, "field", "victim.numbers[0]")
	in.Call = "c2"
	h.send("POST", "/cases", asha, in).problem(422, "field", "victim.numbers[0]")
	// Elsewhere the word is no number.
	in.Offender.Numbers = []string{CallersNumber}
	h.send("POST", "/cases", asha, in).problem(422, "field", "offender.numbers[0]")
}
