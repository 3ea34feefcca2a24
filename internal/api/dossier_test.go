package api

import (
	"strings"
	"testing"
	"time"

	"powerline/cases"
)

func TestGivenACaseWithAHistory_WhenItsDossierIsMade_ThenItIsToldStageByStage(t *testing.T) {
	h := newHelpline(t)
	id := h.warned()
	h.now = h.now.Add(4 * 24 * time.Hour)
	h.dialled(id, "x2", "a002")
	h.send("POST", "/attempts/x2/outcome", bina, OutcomeIn{Outcome: cases.StillHarassed}).is(200)
	h.dialled(id, "x3", "m001")
	h.send("POST", "/attempts/x3/outcome", ravi, OutcomeIn{Outcome: cases.Counselled}).is(200)
	h.send("GET", "/cases/"+id+"/dossier", sudha, nil).problem(422, "field", purposeHeader)
	d := into[Dossier](h.send("GET", "/cases/"+id+"/dossier", sudha, nil, purposeHeader, "court-order").is(200))
	var names []string
	for _, s := range d.Stages {
		names = append(names, s.Name)
	}
	if have := strings.Join(names, " | "); have != "registration | counselling of the offender | family, friends and relatives" {
		t.Errorf("%s", have)
	}
	warned := d.Stages[1].Steps[0]
	if warned.What != "spoken with: warned, denied; now counsel-feedback" || warned.By != "m001" || d.Stages[1].To.IsZero() || !d.Stages[2].To.IsZero() {
		t.Errorf("%+v", d.Stages)
	}
	if d.Office != cases.StationHouse || d.Account != herAccount || !d.Contact.MayCall || len(d.Contact.Numbers) != 1 || d.Contact.Numbers[0].AskFor != herAlias {
		t.Errorf("%+v", d)
	}
}

func TestGivenTextThatIsHTML_WhenPrinted_ThenItIsEscapedAndNothingIsFetched(t *testing.T) {
	h := newHelpline(t)
	in := complaint()
	const evil = `<script>alert("x")</script><img src=//evil.example>`
	in.Account, in.Victim.Name, in.Offender.Address = evil, `<b>"'&`, evil
	id := into[Registered](h.send("POST", "/cases", asha, in).is(201)).Case
	a := h.send("GET", "/cases/"+id+"/dossier", sudha, nil, purposeHeader, "print", "Accept", "text/html").is(200)
	if a.head.Get("Content-Type") != "text/html; charset=utf-8" || a.head.Get("Content-Disposition") != `inline; filename="dossier.html"` {
		t.Errorf("%v", a.head)
	}
	if strings.Contains(a.body, "<script") || strings.Contains(a.body, "<img") || !strings.Contains(a.body, "@media print") || !strings.Contains(a.body, "&lt;script&gt;") {
		t.Errorf("%s", a.body)
	}
	if strings.Contains(a.body, herWord) {
		t.Error("her code word is in it")
	}
	if csp := a.head.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("%s", csp)
	}
}
