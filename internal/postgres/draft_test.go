package postgres

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"powerline/agent"
	"powerline/number"
	"powerline/person"
)

func draft(t *testing.T, version int64, text string) Draft {
	t.Helper()
	d := Draft{Call: "c1", Agent: "asha", Version: version, At: noon.Add(time.Duration(version) * time.Second)}
	if text == "" {
		return d
	}
	form, err := person.NewForm(text)
	if err != nil {
		t.Fatal(err)
	}
	if d.Form, err = form.Seal(testKeys.Seal, "c1 asha"); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestGivenDraftsThatComeLateAndTwice_WhenWritten_ThenTheNewestStays(t *testing.T) {
	db := setup(t)
	for _, d := range []Draft{draft(t, 1, "a"), draft(t, 3, "ccc"), draft(t, 2, "bb"), draft(t, 3, "ccc")} {
		// As the journal brings it.
		data, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		r, err := DecodeRecord(KindDraft, data)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.WriteRecords(t.Context(), []Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := db.Drafts(t.Context(), "asha", noon)
	if err != nil || len(all) != 1 || all[0].Version != 3 {
		t.Fatalf("there are %+v: %v", all, err)
	}
	if form, err := person.OpenForm(testKeys.Seal, all[0].Form, "c1 asha"); err != nil || form.Show() != "ccc" {
		t.Errorf("it says %q: %v", form.Show(), err)
	}
}

func TestGivenADraftThatIsDoneWith_WhenWritten_ThenItsWordsAreGone(t *testing.T) {
	db := setup(t)
	if err := db.WriteRecords(t.Context(), []Record{draft(t, 1, "a"), draft(t, 2, ""), draft(t, 1, "a")}); err != nil {
		t.Fatal(err)
	}
	all, err := db.Drafts(t.Context(), "asha", noon)
	if err != nil || len(all) != 1 || all[0].Form != nil {
		t.Errorf("done with lately: %+v, %v", all, err)
	}
	if all, err = db.Drafts(t.Context(), "asha", noon.Add(time.Hour)); err != nil || len(all) != 0 {
		t.Errorf("after a shift there are %+v, %v", all, err)
	}
}

func TestWhatACallWasIsSaidOnceAndStays(t *testing.T) {
	db := setup(t)
	first := Disposition{Call: "c1", Agent: "asha", At: noon, What: "prank"}
	second := Disposition{Call: "c1", Agent: "asha", At: noon, What: "information"}
	if err := db.WriteRecords(t.Context(), []Record{first, second, first}); err != nil {
		t.Fatal(err)
	}
	all, err := db.Dispositions(t.Context(), "asha", noon)
	if err != nil || len(all) != 1 || all[0].What != "prank" || all[0].Docket != "" {
		t.Errorf("she said %+v: %v", all, err)
	}
	if _, err := db.pool.Exec(t.Context(), `UPDATE dispositions SET what = 'silent'`); err == nil {
		t.Error("what she said was changed afterwards")
	}
}

func TestEarlierCallsOfANumberAreCountedByLine(t *testing.T) {
	db := setup(t)
	silent, officers := completed("c2"), completed("c3")
	silent.Silence, silent.Arrived = "mute", noon.Add(-time.Hour)
	officers.LineKind = "ring-back"
	if err := db.WriteRecords(t.Context(), []Record{completed("c1"), silent, officers}); err != nil {
		t.Fatal(err)
	}
	e, err := db.EarlierCalls(t.Context(), completed("c1").CallerFingerprint, "helpline", noon.Add(-2*time.Hour))
	if err != nil || e.Calls != 2 || e.Silent != 1 || !e.Last.Equal(noon) {
		t.Errorf("earlier calls to 1090: %+v, %v", e, err)
	}
	if e, err = db.EarlierCalls(t.Context(), completed("c1").CallerFingerprint, "ring-back", noon.Add(-2*time.Hour)); err != nil || e.Calls != 1 {
		t.Errorf("earlier calls to the officers: %+v, %v", e, err)
	}
	if e, err = db.EarlierCalls(t.Context(), "", "helpline", noon); err != nil || e.Calls != 0 {
		t.Errorf("of a withheld number: %+v, %v", e, err)
	}
}

func TestTheNumberOfACallIsForWhoSpokeInIt(t *testing.T) {
	db := setup(t)
	hers, err := number.Parse("9876500077")
	if err != nil {
		t.Fatal(err)
	}
	r := completed("c1")
	r.CallerFingerprint = hers.Fingerprint(testKeys.Fingerprint)
	if r.CallerSealed, err = hers.Seal(testKeys.Seal); err != nil {
		t.Fatal(err)
	}
	none := abandoned("c2")
	if err := db.WriteRecords(t.Context(), []Record{r, none}); err != nil {
		t.Fatal(err)
	}
	if n, err := db.CallerNumber(t.Context(), "c1", "a001"); err != nil || n != hers {
		t.Errorf("who spoke with her gets %v: %v", n, err)
	}
	for _, one := range []struct{ call, by string }{{"c1", "a002"}, {"c2", "a001"}, {"c9", "a001"}} {
		if n, err := db.CallerNumber(t.Context(), one.call, agent.ID(one.by)); err != nil || !n.Withheld() {
			t.Errorf("%s gets the number of %s: %v", one.by, one.call, err)
		}
	}
	if bytes.Contains(r.CallerSealed, []byte("9876500077")) {
		t.Error("the record holds it in plain")
	}
}
