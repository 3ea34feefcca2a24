package api

import (
	"slices"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
)

func TestGivenAnOffendersTask_WhenTheOfficerPreviewsIt_ThenNothingOfHersIsInIt(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	h.dialled(id, "x1", "m001")
	a := h.send("GET", "/agents/m001/task", ravi, nil).is(200)
	h.clean(a.body, append(hers, id, h.ladder(id).Docket, "neighbour", aContact))
	v := into[Preview](a)
	if v.Attempt != "x1" || v.Victim != nil || v.Offender.Name != hisName || v.Offender.Number != "+91"+hisNumber || v.Offender.Allegation != "phone" ||
		!slices.Contains(v.Outcomes, cases.Warned) || v.Offender.About != "" {
		t.Errorf("%s", a.body)
	}
	if !h.store.did("m001", "party-opened") {
		t.Error("the audit does not know")
	}
	// A supervisor may look as well; other agents may not, and learn nothing.
	h.send("GET", "/agents/m001/task", sudha, nil).is(200)
	h.clean(h.send("GET", "/agents/m001/task", asha, nil).problem(403, "not-yours", "").body, all)
	h.send("GET", "/agents/a001/task", asha, nil).problem(404, "nothing-in-hand", "")
	h.send("GET", "/agents/A%20b/task", sudha, nil).problem(404, "nothing-in-hand", "")
}

func TestGivenAWomanHoldsAnOffendersTask_WhenSheLooks_ThenSheSeesNothing(t *testing.T) {
	h := newHelpline(t)
	h.dialled(h.registered(), "x1", "a001") // which must never be
	h.clean(h.send("GET", "/agents/a001/task", asha, nil).problem(403, "refused", "").body, all)
}

func TestGivenHisFamily_WhenTheOfficerPreviewsIt_ThenHeKnowsWhomItIsAbout(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	v := h.ladder(id)
	h.send("POST", "/cases/"+id+"/decisions", sudha, DecisionIn{Version: v.Version, Do: cases.ToFFR}).is(200)
	h.dialled(id, "x1", "m001")
	a := h.send("GET", "/agents/m001/task", ravi, nil).is(200)
	h.clean(a.body, append(hers, id))
	if p := into[Preview](a); p.Offender.Name != aContact || p.Offender.Number != "+91"+herSister || p.Offender.About != hisName || p.Offender.Relation != "brother" {
		t.Errorf("%s", a.body)
	}
}

// warned brings a case to where she is asked, by the API alone.
func (h *helpline) warned() string {
	h.t.Helper()
	id := h.registered()
	h.dialled(id, "x1", "m001")
	a := h.send("POST", "/attempts/x1/outcome", ravi, OutcomeIn{Outcome: cases.Warned, Demeanour: cases.Denied}).is(200)
	h.clean(a.body, append(all, id))
	if c := into[Coded](a); c.Verdict != cases.Applied {
		h.t.Fatalf("%+v", c)
	}
	return id
}

func TestGivenHerTask_WhenTheAgentPreviewsIt_ThenSheKnowsHowToSpeak(t *testing.T) {
	h := newHelpline(t)
	id := h.warned()
	h.now = h.now.Add(4 * 24 * time.Hour)
	task := h.dialled(id, "x2", "a002")
	if task.Kind != cases.AskFeedback {
		t.Fatalf("%+v", task)
	}
	for _, secret := range []string{bina, sudha} {
		a := h.send("GET", "/agents/a002/task", secret, nil).is(200)
		h.clean(a.body, []string{"9876500011", "9876500022", hisName, herAddress, herAccount})
		v := into[Preview](a).Victim
		if v.Case != id || v.Opening != "courier" || v.Language != "hi" || v.AskFor != herAlias || v.CodeWord != herWord || v.DuressWord != herDuress || !v.Delivered {
			t.Errorf("%s", a.body)
		}
	}
	h.store.cases[id].safe = nil
	if v := into[Preview](h.send("GET", "/agents/a002/task", bina, nil).is(200)).Victim; v.AskFor != herName {
		t.Errorf("%+v", v)
	}
	// The floor knows of a reservation before there is an attempt.
	f := &floor{task: task.ID}
	h.build(f)
	if v := into[Preview](h.send("GET", "/agents/a001/task", asha, nil).is(200)); v.Attempt != "" || v.Victim.Case != id {
		t.Errorf("%+v", v)
	}
	h.send("GET", "/agents/m001/task", ravi, nil).problem(403, "refused", "")
}

func TestGivenACallBack_WhenPreviewed_ThenOnlyTheLanguageIsKnown(t *testing.T) {
	h := newHelpline(t)
	h.store.extra = []postgres.Work{{Task: cases.Task{ID: "tbbbbbbbbbbbbbbbb", Kind: cases.CallBack, Pool: agent.Women, Language: "bho", Number: "f", Window: cases.Daily(0, 24)}}}
	h.build(&floor{task: "tbbbbbbbbbbbbbbbb"})
	v := into[Preview](h.send("GET", "/agents/a001/task", asha, nil).is(200))
	if v.Victim == nil || *v.Victim != (PreviewVictim{Language: "bho"}) {
		t.Errorf("%+v", v)
	}
}

func TestGivenACall_WhenItsOutcomeIsCoded_ThenTheCaseMovesAndTheNextTaskIsDue(t *testing.T) {
	h := newHelpline(t)
	id := h.warned()
	v := h.ladder(id)
	if v.State != cases.CounselFeedback || v.Next[0].Kind != cases.AskFeedback || !v.Next[0].Due.After(h.now.Add(3*24*time.Hour)) {
		t.Fatalf("%+v", v)
	}
	h.now = h.now.Add(4 * 24 * time.Hour)
	h.dialled(id, "x2", "a002")
	a := h.send("POST", "/attempts/x2/outcome", bina, OutcomeIn{Outcome: cases.StillHarassed, Said: SaidIn{
		Contacts: []PartyIn{{Name: aContact, Approved: true, Numbers: []string{"9876500066"}}},
	}}).is(200)
	h.clean(a.body, append(all, "9876500066", id))
	if v := h.ladder(id); v.State != cases.FFRDue || v.Next[0].Kind != cases.CallContact || len(v.Persons) != 4 {
		t.Errorf("%+v", v)
	}
	h.send("POST", "/attempts/x2/outcome", bina, OutcomeIn{Outcome: cases.Satisfied}).problem(409, "coded", "")
	e := into[History](h.send("GET", "/cases/"+id+"/history", asha, nil).is(200)).Events
	if len(e) != 3 || e[1].Outcome != cases.Warned || e[1].By != "m001" || !slices.Contains(e[1].Moves, "T6") {
		t.Errorf("%+v", e)
	}
}

func TestGivenSheRangUs_WhenTheTasksOutcomeIsCoded_ThenItCounts(t *testing.T) {
	h := newHelpline(t)
	id := h.warned()
	task := string(h.ladder(id).Next[0].Task)
	h.send("POST", "/tasks/"+task+"/outcome", ravi, OutcomeIn{Outcome: cases.Satisfied}).problem(403, "not-yours", "")
	h.send("POST", "/tasks/"+task+"/outcome", sudha, OutcomeIn{Outcome: cases.Satisfied, By: "m001"}).problem(422, "field", "by")
	h.send("POST", "/tasks/"+task+"/outcome", asha, OutcomeIn{Outcome: cases.Satisfied, By: "a002"}).problem(403, "not-yours", "")
	h.send("POST", "/tasks/"+task+"/outcome", asha, OutcomeIn{Outcome: cases.Satisfied}).is(200)
	if v := h.ladder(id); v.State != cases.Watch || v.FinalDue.Sub(v.LastFeedback) != 30*24*time.Hour {
		t.Errorf("%+v", v)
	}
}

func TestGivenAnOutcome_WhenItIsNotHersOrCannotBe_ThenItIsRefused(t *testing.T) {
	h := newHelpline(t)
	id := h.registered()
	h.dialled(id, "x1", "m001")
	for _, path := range []string{"/attempts/x1/outcome", "/attempts/none/outcome", "/attempts/a%20b/outcome", "/tasks/taaaaaaaaaaaaaaaa/outcome"} {
		h.clean(h.send("POST", path, asha, OutcomeIn{Outcome: cases.Warned}).problem(403, "not-yours", "").body, all)
	}
	h.send("POST", "/attempts/none/outcome", sudha, OutcomeIn{Outcome: cases.Warned}).problem(404, "no-attempt", "")
	h.send("POST", "/attempts/x1/outcome", sudha, OutcomeIn{Outcome: cases.Warned, By: "a001"}).problem(422, "field", "by")
	for field, in := range map[string]OutcomeIn{
		"outcome":   {Outcome: cases.Satisfied},
		"demeanour": {Outcome: cases.Warned, Demeanour: "happy"},
		"said":      {Outcome: cases.Warned, Said: SaidIn{Verified: true}},
	} {
		h.send("POST", "/attempts/x1/outcome", ravi, in).problem(422, "field", field)
	}
	h.send("POST", "/attempts/x1/outcome", sudha, OutcomeIn{Outcome: cases.Warned}).is(200) // for the officer
	h.dialled(id, "x2", "a002")
	h.send("POST", "/attempts/x2/outcome", bina, OutcomeIn{Outcome: cases.Satisfied, Said: SaidIn{Choice: "revenge"}}).problem(422, "field", "said.choice")
	h.send("POST", "/attempts/x2/outcome", bina, OutcomeIn{Outcome: cases.Satisfied, Said: SaidIn{Contacts: []PartyIn{{Sex: "x"}}}}).problem(422, "field", "said.contacts[0].sex")
	h.send("POST", "/attempts/x2/outcome", bina, OutcomeIn{Outcome: cases.Satisfied, Demeanour: cases.Denied}).problem(422, "field", "demeanour")
}
