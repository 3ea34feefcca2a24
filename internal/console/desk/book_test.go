package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/internal/postgres"
)

// shelf plays PostgreSQL and the writer before it.
type shelf struct {
	mu      sync.Mutex
	drafts  map[string]postgres.Draft
	said    []postgres.Said
	away    bool // reads fail
	refuses bool // neither database nor journal takes anything
	journal []postgres.Record
}

func newShelf() *shelf { return &shelf{drafts: map[string]postgres.Draft{}} }

func (s *shelf) Write(_ context.Context, records ...postgres.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuses {
		return errors.New("disk full")
	}
	s.journal = append(s.journal, records...)
	for _, r := range records {
		switch r := r.(type) {
		case postgres.Draft:
			key := r.Call + " " + string(r.Agent)
			if s.drafts[key].Version < r.Version {
				s.drafts[key] = r
			}
		case postgres.Disposition:
			s.said = append(s.said, postgres.Said{Disposition: r})
		}
	}
	return nil
}

func (s *shelf) Drafts(_ context.Context, id agent.ID, _ time.Time) (all []postgres.Draft, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errors.New("away")
	}
	for _, d := range s.drafts {
		if d.Agent == id {
			all = append(all, d)
		}
	}
	return all, nil
}

func (s *shelf) Dispositions(_ context.Context, id agent.ID, _ time.Time) (all []postgres.Said, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errors.New("away")
	}
	for _, one := range s.said {
		if one.Agent == id {
			all = append(all, one)
		}
	}
	return all, nil
}

func (s *shelf) EarlierCalls(context.Context, string, string, time.Time) (postgres.Earlier, error) {
	return postgres.Earlier{Calls: 2, Silent: 1, Last: noon}, nil
}

func (s *shelf) Cases(context.Context, postgres.CaseFilter) ([]postgres.CaseFile, error) {
	return nil, nil
}

func (s *shelf) ToldIn(context.Context, string, agent.ID) (string, string, error) {
	if s.away {
		return "", "", errors.New("away")
	}
	return "", "", nil
}

var sealKey = bytes.Repeat([]byte{9}, 32)

func bookOn(s *shelf) *Book {
	return NewBook(sealKey, s, s, slog.New(slog.DiscardHandler), func(agent.ID) {})
}

func keep(t *testing.T, b *Book, tab string, base int64, f Form, touched ...string) Kept {
	t.Helper()
	kept, err := b.Keep(t.Context(), "a001", "c1", Entry{Tab: tab, Base: base, Form: f, Touched: touched})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func written1(t *testing.T, b *Book) Form {
	t.Helper()
	f, _, err := b.Draft("a001", "c1")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGivenSheWrites_WhenThePageIsLoadedAnew_ThenAllOfItIsThere(t *testing.T) {
	b := bookOn(newShelf())
	v := keep(t, b, "tab-aaaa", 0, Form{"account": "he calls"}, "account").Version
	keep(t, b, "tab-aaaa", v, Form{"account": "he calls at night", "district": "Agra"}, "account", "district")
	if f := written1(t, b); f["account"] != "he calls at night" || f["district"] != "Agra" {
		t.Errorf("the page shows %v", f)
	}
}

func TestGivenTheEngineDied_WhenAnotherStarts_ThenTheDraftComesFromPostgreSQLOrTheJournal(t *testing.T) {
	s := newShelf()
	keep(t, bookOn(s), "tab-aaaa", 0, Form{"account": "he calls"}, "account")

	fromDB := bookOn(s)
	if err := fromDB.Refresh(t.Context(), "a001"); err != nil {
		t.Fatal(err)
	}
	if f := written1(t, fromDB); f["account"] != "he calls" {
		t.Errorf("out of PostgreSQL comes %v", f)
	}

	fromJournal := bookOn(s)
	s.away = true
	data, _ := json.Marshal(s.journal[0])
	r, err := postgres.DecodeRecord(postgres.KindDraft, data)
	if err != nil {
		t.Fatal(err)
	}
	fromJournal.Recover(r.(postgres.Draft))
	if err := fromJournal.Refresh(t.Context(), "a001"); err == nil {
		t.Error("it is not said that PostgreSQL is away")
	}
	if f := written1(t, fromJournal); f["account"] != "he calls" {
		t.Errorf("out of the journal comes %v", f)
	}
}

func TestGivenTwoWindows_WhenBothWrite_ThenBothAreKeptAndTheNewerWinsWhereBothWrote(t *testing.T) {
	b := bookOn(newShelf())
	base := keep(t, b, "tab-aaaa", 0, Form{"account": "old", "ask": "Meena"}, "account", "ask").Version
	keep(t, b, "tab-aaaa", base, Form{"account": "from the first", "ask": "Meena"}, "account")
	second := keep(t, b, "tab-bbbb", base, Form{"account": "old", "ask": "Meena", "code": "gulab"}, "code")
	if second.Form["account"] != "from the first" || second.Form["code"] != "gulab" {
		t.Errorf("the second window is told %v, want both", second.Form)
	}
	third := keep(t, b, "tab-aaaa", base+1, Form{"account": "newest", "ask": "Meena"}, "account")
	if f := written1(t, b); f["account"] != "newest" || f["code"] != "gulab" || third.Form == nil {
		t.Errorf("the draft is %v", f)
	}
}

func TestGivenNeitherDatabaseNorDisk_WhenSheWrites_ThenThePageIsToldAndTheNextTryKeepsIt(t *testing.T) {
	s := newShelf()
	b := bookOn(s)
	s.refuses = true
	kept, err := b.Keep(t.Context(), "a001", "c1", Entry{Tab: "tab-aaaa", Form: Form{"account": "x"}, Touched: []string{"account"}})
	if !errors.Is(err, ErrNotKept) {
		t.Fatalf("it says %v, want that it is not safe", err)
	}
	s.refuses = false
	keep(t, b, "tab-aaaa", kept.Version, Form{"account": "x"}, "account")
	if f := written1(t, b); f["account"] != "x" {
		t.Errorf("the draft is %v", f)
	}
}

func TestGivenTheCallIsClosed_WhenAnotherWindowWrites_ThenItIsToldAndNoWordIsLeft(t *testing.T) {
	s := newShelf()
	b := bookOn(s)
	keep(t, b, "tab-aaaa", 0, Form{"account": "x"}, "account")
	said := postgres.Said{Disposition: postgres.Disposition{Call: "c1", Agent: "a001", At: noon, What: "prank"}}
	if err := b.Finish(t.Context(), said); err != nil {
		t.Fatal(err)
	}
	_, err := b.Keep(t.Context(), "a001", "c1", Entry{Tab: "tab-bbbb", Base: 1, Form: Form{"account": "y"}, Touched: []string{"account"}})
	if !errors.Is(err, ErrFinished) {
		t.Errorf("the other window is told %v", err)
	}
	if d := s.drafts["c1 a001"]; d.Form != nil || d.Version != 2 {
		t.Errorf("PostgreSQL has version %d with %d bytes", d.Version, len(d.Form))
	}
	if got, ok := b.Said("a001", "c1"); !ok || got.What != "prank" {
		t.Errorf("she said %+v", got)
	}
	if slips := b.Slips("a001", ""); len(slips) != 0 {
		t.Errorf("unfinished are %v", slips)
	}
}

func TestADraftIsItsWritersAlone(t *testing.T) {
	b := bookOn(newShelf())
	keep(t, b, "tab-aaaa", 0, Form{"account": "x"}, "account")
	if f, v, err := b.Draft("a002", "c1"); err != nil || v != 0 || len(f) != 0 {
		t.Errorf("another agent reads %v", f)
	}
	if slips := b.Slips("a002", "c1"); len(slips) != 0 {
		t.Errorf("another agent sees %v", slips)
	}
}

func TestTheDraftOfTheCallInHandStandsFirst(t *testing.T) {
	b := bookOn(newShelf())
	for i := range 3 {
		_, err := b.Keep(t.Context(), "a001", fmt.Sprintf("c%d", i), Entry{Tab: "tab-aaaa", Form: Form{"account": "x"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var order []string
	for _, s := range b.Slips("a001", "c1") {
		order = append(order, s.Call)
	}
	if !slices.Equal(order, []string{"c1", "c2", "c0"}) {
		t.Errorf("they stand %v", order)
	}
}

func TestNobodyFillsTheMemoryWithDrafts(t *testing.T) {
	b := bookOn(newShelf())
	for i := range mostOpen {
		if _, err := b.Keep(t.Context(), "a001", fmt.Sprintf("c%d", i), Entry{Tab: "tab-aaaa"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Keep(t.Context(), "a001", "one-more", Entry{Tab: "tab-aaaa"}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more is answered by %v", err)
	}
}

func TestWhatIsKeptIsSealed(t *testing.T) {
	s := newShelf()
	keep(t, bookOn(s), "tab-aaaa", 0, Form{"account": "Sunita of Mohanlalganj"}, "account")
	data, _ := json.Marshal(s.journal)
	if strings.Contains(string(data), "Sunita") || bytes.Contains(s.drafts["c1 a001"].Form, []byte("Sunita")) {
		t.Error("what she wrote can be read in the journal")
	}
}

func TestGivenTheEndCannotBeWrittenDown_WhenSheCloses_ThenTheDraftIsAsItWas(t *testing.T) {
	s := newShelf()
	b := bookOn(s)
	keep(t, b, "tab-aaaa", 0, Form{"account": "x"}, "account")
	s.refuses = true
	if err := b.Finish(t.Context(), postgres.Said{Disposition: postgres.Disposition{Call: "c1", Agent: "a001", What: "prank"}}); !errors.Is(err, ErrNotKept) {
		t.Errorf("she is told %v", err)
	}
	s.refuses = false
	if f := written1(t, b); f["account"] != "x" {
		t.Errorf("the draft is %v", f)
	}
	if _, ok := b.Said("a001", "c1"); ok {
		t.Error("the call counts as closed")
	}
}
