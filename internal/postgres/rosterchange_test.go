package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"powerline/internal/roster"
)

func TestGivenARosterThatChanges_WhenItsHistoryIsRead_ThenEachChangeHasItsReasonAndNoSecret(t *testing.T) {
	db := setup(t)
	if err := db.SetAgent(t.Context(), onRoster(t, "a001", "Sita Secretname")); err != nil {
		t.Fatal(err)
	}
	p, err := db.Person(t.Context(), "a001")
	if err != nil {
		t.Fatal(err)
	}
	p.Profile.Categories, p.PIN = []string{"crisis", "phone"}, roster.StoredSecret("$argon2id$other")
	if err := db.ChangeAgent(t.Context(), p, Because{By: "usha", Why: "trained for phone", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := db.ChangeAgent(t.Context(), p, Because{By: "usha", Why: "again", At: noon}); !errors.Is(err, ErrRosterChanged) {
		t.Errorf("a change on an old state: %v", err)
	}
	all, err := db.RosterChanges(t.Context(), "a001", 0, 10)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d changes, %v", len(all), err)
	}
	if c := all[1]; c.Before != nil || c.By != "operator" || c.Version != 1 {
		t.Errorf("when she was added: %+v", c)
	}
	c := all[0]
	if c.By != "usha" || c.Why != "trained for phone" || c.Version != 2 || c.Undoes != 0 {
		t.Errorf("the change: %+v", c)
	}
	want := []roster.Difference{{Column: "categories", Before: "crisis", After: "crisis phone"}}
	if diff := cmp.Diff(want, roster.Differences(*c.Before, c.After)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"pin"}, c.Hidden); diff != "" {
		t.Error(diff)
	}
	var text string
	if err := db.pool.QueryRow(t.Context(), `SELECT string_agg(c::text, ' ') FROM roster_changes c`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "Secretname") || strings.Contains(text, "argon2id") || strings.Contains(text, "0f0f") {
		t.Errorf("the history repeats what is private: %s", text)
	}
	if one, err := db.RosterChange(t.Context(), c.ID); err != nil || one.Why != c.Why {
		t.Errorf("read alone: %+v, %v", one, err)
	}
	if _, err := db.RosterChange(t.Context(), 999); !errors.Is(err, ErrNoChange) {
		t.Errorf("a change that is not there: %v", err)
	}
}

func TestGivenAChange_WhenItIsUndone_ThenBothStandInHistoryAndAudit(t *testing.T) {
	db := setup(t)
	if err := db.SetAgent(t.Context(), onRoster(t, "a001", "Sita")); err != nil {
		t.Fatal(err)
	}
	change := func(b Because, by func(roster.Person) roster.Person) RosterChange {
		t.Helper()
		p, err := db.Person(t.Context(), "a001")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.ChangeAgent(t.Context(), by(p), b); err != nil {
			t.Fatal(err)
		}
		all, err := db.RosterChanges(t.Context(), "", 0, 1)
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0]
	}
	first := change(Because{By: "usha", At: noon}, func(p roster.Person) roster.Person { p.Profile.Senior = false; return p })
	undone := change(Because{By: "rani", At: noon, Undoes: first.ID}, func(p roster.Person) roster.Person { p.Profile.Senior = true; return p })
	if undone.Undoes != first.ID || !undone.After.Senior || undone.By != "rani" {
		t.Errorf("%+v", undone)
	}
	deeds, err := db.Deeds(t.Context(), 0, 10)
	if err != nil || len(deeds) != 2 || deeds[1].Action != "roster-changed" || deeds[1].Subject != "a001" || deeds[1].By != "rani" {
		t.Errorf("audit %+v, %v", deeds, err)
	}
}

func TestGivenDeedsOfMany_WhenSearched_ThenThoseThatFitAreThereNewestFirst(t *testing.T) {
	db := setup(t)
	for _, d := range []Deed{
		{By: "usha", Action: "recording-heard", Subject: "r1", At: noon}, {By: "usha", Action: "recording-drawn", Subject: "r1", At: noon.Add(day)},
		{By: "rani", Action: "recording-heard", Subject: "r2", At: noon.Add(day)}, {By: "rani", Action: "recordings", Subject: "r2", At: noon.Add(2 * day)},
	} {
		if err := db.Audit(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	for name, one := range map[string]struct {
		f    DeedFilter
		want []int64
	}{
		"all":            {DeedFilter{}, []int64{4, 3, 2, 1}},
		"of somebody":    {DeedFilter{By: "usha"}, []int64{2, 1}},
		"about it":       {DeedFilter{Subject: "r2"}, []int64{4, 3}},
		"of a kind":      {DeedFilter{Action: "recording-"}, []int64{3, 2, 1}},
		"of one word":    {DeedFilter{Action: "recording-heard"}, []int64{3, 1}},
		"of a day":       {DeedFilter{From: noon.Add(time.Hour), To: noon.Add(2 * day)}, []int64{3, 2}},
		"the next page":  {DeedFilter{Before: 3, Limit: 1}, []int64{2}},
		"what is not":    {DeedFilter{Action: "recording"}, nil},
		"no wildcards":   {DeedFilter{Action: "%-"}, nil},
		"somebody's one": {DeedFilter{By: "rani", Subject: "r2", Action: "recordings"}, []int64{4}},
	} {
		found, err := db.FindDeeds(t.Context(), one.f)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, d := range found {
			got = append(got, d.Seq)
		}
		if diff := cmp.Diff(one.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGivenSettingsOfQueues_WhenChangedTwiceFromTheSameState_ThenTheSecondIsRefused(t *testing.T) {
	db := setup(t)
	b := Because{By: "usha", Why: "a rush", At: noon}
	if v, err := db.QueueVersion(t.Context()); err != nil || v != 0 {
		t.Fatalf("before any change: %d, %v", v, err)
	}
	if err := db.ChangeQueues(t.Context(), 0, []byte(`{"phone":{"headStartMs":5}}`), b); err != nil {
		t.Fatal(err)
	}
	if err := db.ChangeQueues(t.Context(), 0, []byte(`{}`), b); !errors.Is(err, ErrQueuesChanged) {
		t.Errorf("a change on an old state: %v", err)
	}
	b.Undoes = 1
	if err := db.ChangeQueues(t.Context(), 1, []byte(`{}`), b); err != nil {
		t.Fatal(err)
	}
	all, err := db.QueueChanges(t.Context(), 10)
	if err != nil || len(all) != 2 || all[0].Version != 2 || all[0].Undoes != 1 || all[1].Why != "a rush" {
		t.Errorf("%+v, %v", all, err)
	}
	if v, err := db.QueueVersion(t.Context()); err != nil || v != 2 {
		t.Errorf("version %d, %v", v, err)
	}
	if deeds, err := db.FindDeeds(t.Context(), DeedFilter{Action: "queues-changed"}); err != nil || len(deeds) != 2 {
		t.Errorf("audit %+v, %v", deeds, err)
	}
}
