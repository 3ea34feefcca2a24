package desk

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/api"
	"powerline/internal/console"
	"powerline/internal/postgres"
)

// floor plays the engine.
type floor struct {
	agents map[agent.ID]agent.Agent
	calls  map[string]call.Call
	orders []Order
	no     error
}

func (f *floor) Agent(id agent.ID) (agent.Agent, bool) { a, ok := f.agents[id]; return a, ok }
func (f *floor) Call(id string) (call.Call, bool)      { c, ok := f.calls[id]; return c, ok }
func (f *floor) Keys(string) []Key                     { return []Key{{At: noon, Meant: Yes}} }
func (f *floor) Order(_ context.Context, o Order) error {
	f.orders = append(f.orders, o)
	return f.no
}

// asked plays the API, and who asks it.
type asked struct {
	ctx    context.Context
	status int
	answer any
	paths  []string
	keys   []string
	bodies []string
}

func (a *asked) Context() context.Context { return a.ctx }

func (a *asked) Ask(r *http.Request) *console.Answer {
	body, _ := io.ReadAll(r.Body)
	a.paths, a.keys, a.bodies = append(a.paths, r.URL.Path), append(a.keys, r.Header.Get("Idempotency-Key")), append(a.bodies, string(body))
	w := console.NewAnswer()
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.answer)
	return w
}

func officeWith(f *floor, s *shelf) *office {
	return newOffice(Options{
		Floor: f, Books: s, Book: bookOn(s), Away: func() bool { return false }, Choices: func() Choices { return Choices{} }, Log: slog.New(slog.DiscardHandler),
	})
}

func talkingWoman() *floor {
	c := call.Call{ID: "c1", Kind: call.Helpline, Line: "1090", Stage: call.Talking, Category: "phone", Pool: agent.Women, Caller: "ff", Offer: call.Offer{N: 1, Agent: "a001", At: noon}}
	return &floor{agents: map[agent.ID]agent.Agent{"a001": woman(agent.Talking, "c1")}, calls: map[string]call.Call{"c1": c}}
}

func TestGivenHerCallIsFiled_WhenSheWritesUp_ThenItsCategoryIsStillShown(t *testing.T) {
	f := talkingWoman()
	o := officeWith(f, newShelf())
	if s := o.state("a001"); s.Call.Category != "phone" || len(s.Call.Keys) != 1 {
		t.Fatalf("in the call she sees %+v", s.Call)
	}
	f.agents["a001"], f.calls = woman(agent.WrapUp, "c1"), nil
	if s := o.state("a001"); s.Call == nil || s.Call.Category != "phone" || s.Call.Stage != call.Ended {
		t.Errorf("she writes up %+v", s.Call)
	}
	f.agents["a001"] = woman(agent.WrapUp, "c2")
	if s := o.state("a001"); s.Call.Category != "" {
		t.Errorf("of a call that nobody knows she sees %+v", s.Call)
	}
}

func TestGivenAComplaint_WhenSheCloses_ThenItIsACaseOnceAndHerWrapUpEnds(t *testing.T) {
	f, s := talkingWoman(), newShelf()
	o := officeWith(f, s)
	f.agents["a001"] = woman(agent.WrapUp, "c1")
	keep(t, o.Book, "tab-aaaa", 0, asha(nil), "district")
	a := &asked{ctx: t.Context(), status: http.StatusCreated, answer: api.Registered{Case: "caaaaaaaaaaaaaaaa", Docket: "123456782"}}
	for range 2 { // the answer was lost, and she presses again
		done, err := o.close(a, "a001", "c1", Closing{What: registered, Form: asha(nil)})
		if err != nil || done.Docket != "123456782" {
			t.Fatalf("she is told %+v: %v", done, err)
		}
	}
	if !slices.Equal(a.paths, []string{"/api/v1/cases", "/api/v1/cases"}) || a.keys[0] != a.keys[1] || len(a.keys[0]) < 8 {
		t.Errorf("the API was asked %v with keys %v: want one key", a.paths, a.keys)
	}
	if len(s.said) == 0 || s.said[0].What != registered || s.said[0].Case != "caaaaaaaaaaaaaaaa" {
		t.Errorf("it is written down that %+v", s.said)
	}
	if s.drafts["c1 a001"].Form != nil {
		t.Error("the draft has its words still")
	}
	if len(f.orders) == 0 || f.orders[0].Wish != wrapUpDone || f.orders[0].By != "a001" {
		t.Errorf("the engine was told %+v", f.orders)
	}
	if st := o.state("a001"); st.Call.Docket != "123456782" || st.Call.Done != registered {
		t.Errorf("the page shows %+v", st.Call)
	}
}

func TestGivenSheIsStillTalking_WhenSheCloses_ThenSheGoesOnTalking(t *testing.T) {
	f, s := talkingWoman(), newShelf()
	o := officeWith(f, s)
	if _, err := o.close(&asked{ctx: t.Context()}, "a001", "c1", Closing{What: "prank"}); err != nil {
		t.Fatal(err)
	}
	if len(f.orders) != 0 {
		t.Errorf("the engine was told %+v", f.orders)
	}
}

func TestGivenTheDatabaseIsAway_WhenSheRegisters_ThenItIsRegisteredOnceAsSoonAsItIsBack(t *testing.T) {
	f, s := talkingWoman(), newShelf()
	f.agents["a001"] = woman(agent.WrapUp, "c1")
	o := officeWith(f, s)
	keep(t, o.Book, "tab-aaaa", 0, asha(nil), "district")
	s.away = true
	closed, err := o.close(&asked{ctx: t.Context()}, "a001", "c1", Closing{What: registered, Form: asha(nil)})
	if err != nil || !closed.Waits || len(s.said) != 0 || len(f.orders) != 1 {
		t.Fatalf("she is told %+v, %v; it is written down that %+v; the engine was told %+v", closed, err, s.said, f.orders)
	}
	if st := o.state("a001"); !st.Drafts[0].Waits {
		t.Errorf("the page shows %+v", st.Drafts)
	}
	a := &asked{ctx: t.Context(), status: http.StatusServiceUnavailable, answer: api.Problem{}}
	o.registerWanted(t.Context(), a, "a001")
	if len(a.paths) != 0 || len(o.state("a001").Late) != 0 {
		t.Errorf("while it is away %v was asked for, and she is told %+v", a.paths, o.state("a001").Late)
	}

	s.away = false
	// The engine that was told so has died: the one after it reads what is kept.
	o = officeWith(f, s)
	if err := o.Book.Refresh(t.Context(), "a001"); err != nil {
		t.Fatal(err)
	}
	o.registerWanted(t.Context(), a, "a001") // the API cannot either
	a = &asked{ctx: t.Context(), status: http.StatusCreated, answer: api.Registered{Case: "cabcdefghijklmnop", Docket: "123456782"}}
	o.registerWanted(t.Context(), a, "a001")
	o.registerWanted(t.Context(), a, "a001")
	st := o.state("a001")
	if len(a.paths) != 1 || strings.Contains(a.bodies[0], registers) || len(s.said) != 1 || s.said[0].Case != "cabcdefghijklmnop" {
		t.Errorf("asked for %v with %v; written down %+v", a.paths, a.bodies, s.said)
	}
	if len(st.Drafts) != 0 || len(st.Late) != 1 || st.Late[0].Docket != "123456782" || st.Call.Docket != "123456782" {
		t.Errorf("the page shows %+v", st)
	}
}

func TestGivenSheHadToWait_WhenTheAPIRefusesHerComplaint_ThenItIsADraftAgainAndSheIsTold(t *testing.T) {
	f, s := talkingWoman(), newShelf()
	o := officeWith(f, s)
	if err := o.Book.Want(t.Context(), "a001", "c1", asha(nil), true); err != nil {
		t.Fatal(err)
	}
	a := &asked{ctx: t.Context(), status: http.StatusUnprocessableEntity, answer: api.Problem{Status: 422, Field: "victim.numbers[0]"}}
	for range 2 {
		o.registerWanted(t.Context(), a, "a001")
	}
	st := o.state("a001")
	if len(a.paths) != 1 || len(st.Drafts) != 1 || st.Drafts[0].Waits || len(st.Late) != 1 || st.Late[0].Docket != "" {
		t.Errorf("asked %d times; the page shows %+v, %+v", len(a.paths), st.Drafts, st.Late)
	}
	if form := written1(t, o.Book); form["district"] != "Lucknow" || form[registers] != "" {
		t.Errorf("the draft says %v", form)
	}
}

func TestGivenTheAPIRefusesAField_WhenSheRegisters_ThenThePageIsToldWhich(t *testing.T) {
	o := officeWith(talkingWoman(), newShelf())
	a := &asked{ctx: t.Context(), status: http.StatusUnprocessableEntity, answer: api.Problem{Type: "urn:powerline:problem:field", Status: 422, Field: "victim.numbers[0]"}}
	_, err := o.close(a, "a001", "c1", Closing{What: registered, Form: asha(nil)})
	var missing *Missing
	if !errors.As(err, &missing) || missing.Field != "number" {
		t.Errorf("she is told %v", err)
	}
}

func TestWhatACallCanHaveBeenFollowsFromWhoSpokeInIt(t *testing.T) {
	f := talkingWoman()
	f.agents["m001"] = agent.Agent{Profile: agent.Profile{ID: "m001", Officer: true}, State: agent.Talking, Call: "c2"}
	o := officeWith(f, newShelf())
	for _, one := range []struct {
		id    agent.ID
		woman bool
		call  string
		what  string
		may   bool
	}{
		{"a001", true, "c1", registered, true}, {"a001", true, "c1", "prank", true}, {"a001", true, "c1", "told-to-stop", false},
		{"m001", false, "c2", "told-to-stop", true}, {"m001", false, "c2", registered, false}, {"m001", false, "c2", followedUp, false},
		{"a001", true, "c0", registered, true}, {"m001", false, "c0", registered, false}, {"a001", true, "c1", "nonsense", false},
	} {
		if got := o.mayBe(one.id, one.woman, one.call, one.what); got != one.may {
			t.Errorf("%s of %s by %s: %v, want %v", one.what, one.call, one.id, got, one.may)
		}
	}
}

func TestTheHintIsForWhoHasTheCallAndTellsAManNothingOfWomen(t *testing.T) {
	f := talkingWoman()
	o := officeWith(f, newShelf())
	if h, known, err := o.hint(t.Context(), "a001", true, "c1"); err != nil || !known || h.Calls != 2 || h.Silent != 1 {
		t.Errorf("she is told %+v, %v: %v", h, known, err)
	}
	if _, known, _ := o.hint(t.Context(), "a001", true, "c2"); known {
		t.Error("she is told of a call that is not hers")
	}
	if _, known, _ := o.hint(t.Context(), "a002", true, "c1"); known {
		t.Error("another agent is told of her call")
	}
	// Should law 3 ever fail, a man with her call is told nothing.
	f.agents["m001"] = agent.Agent{Profile: agent.Profile{ID: "m001", Officer: true}, State: agent.Talking, Call: "c1"}
	if _, known, _ := o.hint(t.Context(), "m001", false, "c1"); known {
		t.Error("a man is told of a caller to 1090")
	}
	c := f.calls["c1"]
	c.Kind, c.Pool = call.RingBack, agent.MaleOfficers
	f.calls["c1"] = c
	if h, known, _ := o.hint(t.Context(), "m001", false, "c1"); !known || h.Silent != 0 || h.Cases != nil || h.Accused {
		t.Errorf("an officer is told %+v, %v", h, known)
	}
}

var _ Books = (*shelf)(nil)
var _ Books = (*postgres.DB)(nil)
