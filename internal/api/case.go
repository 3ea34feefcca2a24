package api

import (
	"cmp"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/district"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/number"
)

// CaseView is a case without anything private. Persons are ids, numbers are
// counted.
type CaseView struct {
	ID           string    `json:"id"`
	Docket       string    `json:"docket" doc:"the complaint number that is spoken to her"`
	District     string    `json:"district"`
	Station      string    `json:"station,omitempty"`
	Category     string    `json:"category"`
	LinkedTo     string    `json:"linkedTo,omitempty" doc:"an earlier case of hers"`
	RegisteredAt time.Time `json:"registeredAt"`
	ChangedAt    time.Time `json:"changedAt"`

	Version      int64         `json:"version" doc:"name it when you decide"`
	State        cases.State   `json:"state"`
	Since        time.Time     `json:"since"`
	Cycle        int           `json:"cycle"`
	Round        int           `json:"round,omitempty" doc:"warnings of the offender in this cycle"`
	Level        int           `json:"level,omitempty" doc:"police office: 1 station, 2 circle, 3 district, 4 state"`
	Stage        cases.Stage   `json:"stage,omitempty" doc:"the stage last tried"`
	Delivered    bool          `json:"delivered,omitempty" doc:"that stage reached somebody"`
	Track        cases.Track   `json:"track,omitempty"`
	Flags        []string      `json:"flags" doc:"what lies over the case: emergency, danger, suicide-care, minor, offender-minor, hold, no-offender-contact, sealed"`
	Concern      cases.Concern `json:"concern,omitempty" doc:"why it waits for a supervisor"`
	LastFeedback time.Time     `json:"lastFeedback,omitzero"`
	FinalDue     time.Time     `json:"finalDue,omitzero"`
	Closure      cases.Closure `json:"closure,omitempty"`
	ClosedAt     time.Time     `json:"closedAt,omitzero"`
	Next         []NextView    `json:"next" doc:"what the case waits for"`
	Beside       []NextView    `json:"beside" doc:"what runs beside the ladder"`
	Persons      []PersonView  `json:"persons"`
	// Terms are for who may call her.
	Terms *TermsIn `json:"terms,omitempty" doc:"when and how she may be called; for agents and supervisors"`
}

// NextView is a thing that a case waits for: a task, a timer or a supervisor.
type NextView struct {
	Task       cases.TaskID    `json:"task,omitempty"`
	Kind       cases.Kind      `json:"kind,omitempty" doc:"of the task"`
	Timer      cases.TimerName `json:"timer,omitempty"`
	Supervisor cases.Concern   `json:"supervisor,omitempty"`
	Due        time.Time       `json:"due" doc:"for a supervisor: since when"`
}

// PersonView is a person in a case, masked.
type PersonView struct {
	ID         string     `json:"id"`
	Role       cases.Role `json:"role"`
	Numbers    int        `json:"numbers" doc:"how many are known"`
	Bad        int        `json:"bad,omitempty" doc:"how many of them turned out wrong"`
	Approved   bool       `json:"approved,omitempty"`
	Tried      bool       `json:"tried,omitempty"`
	Counselled bool       `json:"counselled,omitempty"`
}

// CaseList is a page of cases.
type CaseList struct {
	Cases []CaseView `json:"cases"`
	After string     `json:"after,omitempty" doc:"the next page begins behind this id; absent on the last"`
}

// Registered is the answer to a registration.
type Registered struct {
	Case    string      `json:"case"`
	Docket  string      `json:"docket" doc:"tell it to her"`
	Version int64       `json:"version"`
	State   cases.State `json:"state"`
	Again   bool        `json:"again,omitempty" doc:"it had been registered before; nothing was changed"`
}

// SearchIn is what to look for: one of the two.
type SearchIn struct {
	Docket string     `json:"docket,omitempty" doc:"complaint number"`
	Number string     `json:"number,omitempty" doc:"telephone number, as a caller shows it"`
	Role   cases.Role `json:"role,omitempty" doc:"what the number is in the case"`
}

var caseParameters = []parameter{
	{Name: "state", Doc: "only in this state", Words: names(cases.States)},
	{Name: "open", Doc: "true: only open ones", Words: []string{"true", "false"}},
	{Name: "concern", Doc: "true: only those that wait for a supervisor", Words: []string{"true", "false"}},
	{Name: "stuck", Doc: "true: only those with a task that was set aside, or a timer that the ladder did not take", Words: []string{"true", "false"}},
	{Name: "district", Doc: "by name"}, {Name: "station", Doc: "by id"}, {Name: "category", Doc: "a word"},
	{Name: "after", Doc: "begin behind this id"}, {Name: "limit", Doc: "at most so many: 100 unless given, 1000 at most"},
}

// names are the words of a list, without the empty one.
func names[T ~string](all []T) []string {
	var out []string
	for _, one := range all {
		if one != "" {
			out = append(out, string(one))
		}
	}
	return out
}

var (
	caseForm   = regexp.MustCompile(`^c[a-z2-7]{16}$`)
	docketForm = regexp.MustCompile(`^[1-9][0-9]{8}$`)
	callForm   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)
)

// caseID is the case of the address. What has not the form of an id is not
// asked for.
func (r *request) caseID() (string, error) {
	id := r.PathValue("case")
	if !caseForm.MatchString(id) {
		return "", postgres.ErrNoCase
	}
	return id, nil
}

// theCase reads the case of the address, if whoever asks may see it.
func (r *request) theCase() (postgres.CaseFile, error) {
	id, err := r.caseID()
	if err != nil {
		return postgres.CaseFile{}, err
	}
	f, err := r.Store.Case(r.Context(), id)
	if err != nil {
		return postgres.CaseFile{}, err
	}
	if !r.sees(f) {
		return postgres.CaseFile{}, fault(http.StatusForbidden, "sealed", "the case is sealed: a supervisor may read it")
	}
	return f, nil
}

// sees: the offender of a sealed case is police or staff, so that only
// supervisors see it.
func (r *request) sees(f postgres.CaseFile) bool {
	return !f.Case.Sealed || r.token.Access == supervisors
}

func register(r *request, in RegistrationIn) (any, error) {
	reg, err := registration(r, in)
	if err != nil {
		return nil, err
	}
	done, err := r.Store.Register(r.Context(), r.Rules(), reg)
	if err != nil {
		return nil, orElse(err, postgres.ErrNotAllowed, fault(http.StatusUnprocessableEntity, "refused", "only a woman agent registers a case, and it must have a victim"))
	}
	c := done.File.Case
	return Registered{Case: c.ID, Docket: done.File.Docket, Version: c.Version, State: c.State, Again: done.Again}, nil
}

// registration makes of the body what the store registers.
func registration(r *request, in RegistrationIn) (intake.Registration, error) {
	none := intake.Registration{}
	id := intake.CaseID("api " + r.key)
	reg := intake.Registration{
		Case: id, EventID: r.event(), At: r.now, Taker: cmp.Or(in.Taker, r.token.Agent), Call: in.Call, LinkedTo: in.LinkedTo,
		Station: in.Station, Category: in.Category, Minor: in.Minor, Sealed: in.Sealed,
	}
	if err := checkPlain(r, in, reg); err != nil {
		return none, err
	}
	terms, fromCall := in.hersFromCall()
	var err error
	if reg.District, err = district.Parse(in.District); err != nil {
		return none, field("district", "is none of the 75 districts: see /stations for their spelling")
	}
	if reg.Account, err = words("account", in.Account); err != nil {
		return none, err
	}
	for _, p := range []struct {
		name string
		in   PartyIn
		into *intake.Party
	}{{"victim", in.Victim, &reg.Victim}, {"adult", in.Adult, &reg.Adult}, {"offender", in.Offender, &reg.Offender}} {
		if *p.into, err = p.in.party(p.name); err != nil {
			return none, err
		}
	}
	if reg.Contacts, err = parties("contacts", in.Contacts); err != nil {
		return none, err
	}
	if reg.Safe, err = safes("safe", in.Safe, r.now); err != nil {
		return none, err
	}
	if fromCall {
		if err := addCaller(r, &reg, terms); err != nil {
			return none, err
		}
	}
	if err := checkHers(reg); err != nil {
		return none, err
	}
	if reg.Terms, err = in.Terms.terms(r.Languages); err != nil {
		return none, err
	}
	if reg.Triage, err = in.Triage.triage(); err != nil {
		return none, err
	}
	if err := reg.Check(); err != nil {
		return none, field("victim", err.Error())
	}
	return reg, nil
}

// checkPlain checks what is not private.
func checkPlain(r *request, in RegistrationIn, reg intake.Registration) error {
	switch {
	case r.token.Access == agents && reg.Taker != r.token.Agent:
		return field("taker", "an agent registers as herself: leave it out")
	case reg.Taker == "":
		return field("taker", "name the woman who took it down")
	case !isWord(string(reg.Taker), 64):
		return field("taker", "want the id of an agent")
	case in.Call != "" && !callForm.MatchString(in.Call):
		return field("call", "want the id of a call")
	case in.LinkedTo != "" && !caseForm.MatchString(in.LinkedTo):
		return field("linkedTo", "want the id of a case")
	case in.Station != "" && !isWord(in.Station, 64):
		return field("station", "want the id of a police station: see /stations")
	case !isWord(in.Category, 32) || len(r.Categories) > 0 && !slices.Contains(r.Categories, in.Category):
		return field("category", "want a category of the configuration")
	}
	return nil
}

// checkHers: terms are of her numbers or the adult's.
func checkHers(reg intake.Registration) error {
	mine := slices.Concat(reg.Victim.Numbers, reg.Adult.Numbers)
	for _, s := range reg.Safe {
		if !slices.Contains(mine, s.Number) {
			return field("safe", "terms for a number that is not hers")
		}
	}
	return nil
}

func listCases(r *request) (any, error) {
	p := r.params()
	f := postgres.CaseFilter{
		State: oneOf(p, "state", cases.States), Open: p.yes("open"), Concern: p.yes("concern"), Stuck: p.yes("stuck"),
		District: p.text("district"), Station: p.word("station"), Category: p.word("category"), After: p.text("after"), Limit: int(p.count("limit", 1000)),
	}
	if f.After != "" && !caseForm.MatchString(f.After) {
		p.fail("after", "want the id of a case")
	}
	if f.District != "" {
		name, err := district.Parse(f.District)
		if err != nil {
			p.fail("district", "is none of the 75 districts")
		}
		f.District = name
	}
	if p.err != nil {
		return nil, p.err
	}
	all, err := r.Store.Cases(r.Context(), f)
	if err != nil {
		return nil, err
	}
	return r.caseList(all, cmp.Or(f.Limit, 100)), nil
}

func (r *request) caseList(all []postgres.CaseFile, limit int) CaseList {
	out := CaseList{Cases: []CaseView{}}
	for _, f := range all {
		if r.sees(f) {
			out.Cases = append(out.Cases, r.caseView(f))
		}
	}
	if len(all) > 0 && len(all) == limit {
		out.After = all[len(all)-1].Case.ID
	}
	return out
}

func search(r *request, in SearchIn) (any, error) {
	f := postgres.CaseFilter{Docket: in.Docket, Role: in.Role}
	switch {
	case (in.Docket == "") == (in.Number == ""):
		return nil, field("docket", "give either a complaint number or a telephone number")
	case in.Docket != "" && !docketForm.MatchString(in.Docket):
		return nil, field("docket", "want the 9 digits of a complaint number")
	case in.Role != "" && !slices.Contains([]cases.Role{cases.Victim, cases.Adult, cases.Offender, cases.Contact}, in.Role):
		return nil, field("role", "want victim, adult, offender or contact")
	case in.Number != "" && r.Fingerprint == nil:
		return nil, postgres.ErrNoKeys
	case in.Number != "":
		n := number.FromCaller(in.Number)
		if n.Withheld() {
			return nil, field("number", "is no telephone number")
		}
		f.Number = r.Fingerprint(n)
	}
	all, err := r.Store.Cases(r.Context(), f)
	if err != nil {
		return nil, err
	}
	return r.caseList(all, 100), nil
}

func readCase(r *request) (any, error) {
	f, err := r.theCase()
	if err != nil {
		return nil, err
	}
	return r.caseView(f), nil
}

func (r *request) caseView(f postgres.CaseFile) CaseView {
	c := f.Case
	v := CaseView{
		ID: c.ID, Docket: f.Docket, District: f.District, Station: f.Station, Category: f.Category, LinkedTo: f.LinkedTo,
		RegisteredAt: f.RegisteredAt.UTC(), ChangedAt: f.ChangedAt.UTC(),
		Version: c.Version, State: c.State, Since: c.Since, Cycle: c.Cycle, Round: c.Round, Level: c.Level, Stage: c.Stage,
		Delivered: c.Delivered, Track: c.Triage.Track, Flags: flags(c), Concern: c.Supervisor.Why, LastFeedback: c.LastFeedback,
		FinalDue: c.FinalDue, Closure: c.Closure, ClosedAt: c.ClosedAt, Next: nexts(c), Beside: beside(c), Persons: []PersonView{},
	}
	for _, p := range persons(c) {
		v.Persons = append(v.Persons, personView(p))
	}
	if r.token.Access == agents || r.token.Access == supervisors {
		t := c.Terms
		v.Terms = &TermsIn{MayCall: t.MayCall, Pull: t.Pull, Windows: t.Windows, Opening: t.Opening, Language: t.Language}
	}
	return v
}

// flags are the words for what lies over a case.
func flags(c cases.Case) []string {
	out := []string{}
	for _, f := range []struct {
		lies bool
		word string
	}{
		{c.InEmergency(), "emergency"}, {c.Danger, "danger"}, {c.InCare(), "suicide-care"}, {c.Minor, "minor"},
		{c.OffenderMinor, "offender-minor"}, {c.OnHold(), "hold"}, {c.NoOffenderContact, "no-offender-contact"}, {c.Sealed, "sealed"},
	} {
		if f.lies {
			out = append(out, f.word)
		}
	}
	return out
}

// nexts is what the case waits for.
func nexts(c cases.Case) []NextView {
	out := []NextView{}
	for _, n := range c.Next() {
		t, _ := c.Task(n.Task)
		out = append(out, NextView{Task: n.Task, Kind: t.Kind, Timer: n.Timer, Supervisor: n.Supervisor, Due: n.Due})
	}
	return out
}

// beside is what runs beside the ladder.
func beside(c cases.Case) []NextView {
	out := []NextView{}
	ladder := c.Next()
	for _, t := range c.Tasks {
		if !slices.ContainsFunc(ladder, func(n cases.Next) bool { return n.Task == t.ID }) {
			out = append(out, NextView{Task: t.ID, Kind: t.Kind, Due: t.Due})
		}
	}
	for _, t := range c.Timers {
		if !slices.ContainsFunc(ladder, func(n cases.Next) bool { return n.Timer == t.Name }) {
			out = append(out, NextView{Timer: t.Name, Due: t.Due})
		}
	}
	return out
}

type partyInRole struct {
	cases.Party
	role cases.Role
}

func persons(c cases.Case) []partyInRole {
	var out []partyInRole
	for _, p := range []partyInRole{{c.Victim, cases.Victim}, {c.Adult, cases.Adult}, {c.Offender, cases.Offender}} {
		if p.ID != "" {
			out = append(out, p)
		}
	}
	for _, p := range c.Contacts {
		out = append(out, partyInRole{p, cases.Contact})
	}
	return out
}

func personView(p partyInRole) PersonView {
	return PersonView{
		ID: p.ID, Role: p.role, Numbers: len(p.Numbers), Bad: len(p.Numbers) - len(p.Good()),
		Approved: p.Approved, Tried: p.Tried, Counselled: p.Counselled,
	}
}

// History is what moved a case.
type History struct {
	Events []HistoryEvent `json:"events"`
}

// HistoryEvent is one event of it, without anything private.
type HistoryEvent struct {
	Version  int64          `json:"version" doc:"of the case afterwards"`
	At       time.Time      `json:"at"`
	By       agent.ID       `json:"by,omitempty" doc:"absent when nobody's hand was in it"`
	Event    string         `json:"event"`
	Task     cases.TaskID   `json:"task,omitempty"`
	Outcome  cases.Outcome  `json:"outcome,omitempty"`
	Cause    cases.Cause    `json:"cause,omitempty" doc:"why a dial was not answered"`
	Decision cases.Decision `json:"decision,omitempty"`
	From     cases.State    `json:"from,omitempty"`
	To       cases.State    `json:"to"`
	Moves    []string       `json:"moves" doc:"rows of the ladder's table, such as T6"`
	Effects  []string       `json:"effects"`
}

func history(r *request) (any, error) {
	f, err := r.theCase()
	if err != nil {
		return nil, err
	}
	all, err := r.Store.CaseHistory(r.Context(), f.Case.ID)
	if err != nil {
		return nil, err
	}
	out := History{Events: []HistoryEvent{}}
	for _, e := range all {
		out.Events = append(out.Events, historyEvent(e))
	}
	return out, nil
}

func historyEvent(e postgres.CaseEvent) HistoryEvent {
	v := HistoryEvent{
		Version: e.Version, At: e.Event.At.UTC(), By: e.Event.By, Event: e.Event.Name(), From: e.From, To: e.To,
		Moves: append([]string{}, e.Moves...), Effects: append([]string{}, e.Effects...),
	}
	switch what := e.Event.What.(type) {
	case cases.Spoken:
		v.Task, v.Outcome = what.Task, what.Outcome
	case cases.Called:
		v.Outcome = what.Outcome
	case cases.AttemptEnded:
		v.Task, v.Cause = what.Task, what.Cause
	case cases.Decided:
		v.Task, v.Decision = what.Task, what.Do
	case cases.Expired:
		v.Task = what.Task
	}
	return v
}

// AttemptList is the dials for a case.
type AttemptList struct {
	Attempts []AttemptView `json:"attempts"`
}

// AttemptView is one dial, without the number.
type AttemptView struct {
	ID       string        `json:"id"`
	Task     cases.TaskID  `json:"task"`
	Kind     cases.Kind    `json:"kind"`
	Agent    agent.ID      `json:"agent"`
	At       time.Time     `json:"at"`
	Answered time.Time     `json:"answered,omitzero"`
	Ended    time.Time     `json:"ended,omitzero"`
	Result   string        `json:"result,omitempty" doc:"how it ended; absent while it has not"`
	Outcome  cases.Outcome `json:"outcome,omitempty"`
}

func attempts(r *request) (any, error) {
	f, err := r.theCase()
	if err != nil {
		return nil, err
	}
	all, err := r.Store.Attempts(r.Context(), "", f.Case.ID)
	if err != nil {
		return nil, err
	}
	out := AttemptList{Attempts: []AttemptView{}}
	for _, one := range all {
		out.Attempts = append(out.Attempts, attemptView(one))
	}
	return out, nil
}

func attemptView(f postgres.AttemptFile) AttemptView {
	a := f.Attempt
	v := AttemptView{ID: a.ID, Task: a.Task, Kind: a.Kind, Agent: a.Agent, At: a.At.UTC(), Outcome: f.Outcome}
	if f.End != nil {
		v.Answered, v.Ended, v.Result = f.End.Answered, f.End.Ended, f.End.Result
	}
	return v
}

// none reports whether the error is one of the store's that say: there is none.
func none(err error) bool {
	return errors.Is(err, postgres.ErrNoAttempt) || errors.Is(err, postgres.ErrNoTask)
}
