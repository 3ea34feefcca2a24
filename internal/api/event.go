package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/number"
)

// Moved is what became of an event.
type Moved struct {
	Case    string         `json:"case"`
	Verdict cases.Verdict  `json:"verdict" doc:"applied, or duplicate when it had been applied before"`
	Version int64          `json:"version" doc:"of the case afterwards"`
	State   cases.State    `json:"state"`
	Concern cases.Concern  `json:"concern,omitempty"`
	Moves   []string       `json:"moves" doc:"rows of the ladder's table that were taken, such as T6"`
	Opened  []cases.TaskID `json:"opened" doc:"tasks that are new"`
	Next    []NextView     `json:"next" doc:"what the case waits for now"`
}

// tell applies an event to the case of the address. Version 0 means whatever
// version the case has: the event is true anyway.
func (r *request) tell(version int64, what cases.What, told intake.Told) (any, error) {
	id, err := r.caseID()
	if err != nil {
		return nil, err
	}
	if version <= 0 {
		version = postgres.AnyVersion
	}
	ev := cases.Event{ID: r.event(), Version: version, At: r.now, By: r.token.Agent, What: what}
	s, err := r.Store.Apply(r.Context(), r.Rules(), id, ev, told)
	if err != nil {
		return nil, err
	}
	if err := verdict(s); err != nil {
		return nil, err
	}
	if r.token.Agent == "" && s.Verdict == cases.Applied {
		// The event says that no agent's hand was in it; the audit says which system's was.
		err := r.Store.Audit(r.Context(), postgres.Deed{
			At: r.now, By: r.token.ID, Action: "api-" + ev.Name(), Subject: id, Detail: fmt.Sprintf(`{"event":%q}`, ev.ID),
		})
		if err != nil {
			return nil, err // sent again, the event is a duplicate and the row is written
		}
	}
	return moved(s), nil
}

// verdict makes a problem of what the ladder did not take.
func verdict(s postgres.Step) error {
	switch s.Verdict {
	case cases.Applied, cases.Twice:
		return nil
	case cases.Stale:
		p := fault(http.StatusConflict, "stale", "the case has moved meanwhile: read it again and decide again")
		p.Version = s.Case.Version
		return p
	case cases.Refused:
		return fault(http.StatusUnprocessableEntity, "refused", "a law or a rule of the ladder forbids it in the state that the case is in")
	}
	p := fault(http.StatusConflict, "ignored", "it does not apply to the state that the case is in, or tells nothing new: nothing was changed")
	p.Version = s.Case.Version
	return p
}

func moved(s postgres.Step) Moved {
	v := Moved{
		Case: s.Case.ID, Verdict: s.Verdict, Version: s.Case.Version, State: s.Case.State, Concern: s.Case.Supervisor.Why,
		Moves: []string{}, Opened: []cases.TaskID{}, Next: nexts(s.Case),
	}
	for _, e := range s.Effects {
		switch e := e.(type) {
		case cases.Moved:
			v.Moves = append(v.Moves, e.By)
		case cases.Open:
			v.Opened = append(v.Opened, e.Task.ID)
		}
	}
	return v
}

// CalledIn is what she said when she rang us.
type CalledIn struct {
	Outcome cases.Outcome `json:"outcome,omitempty" doc:"as of a feedback or of the task in hand for her; left out when she only told something new"`
	Said    SaidIn        `json:"said,omitzero"`
}

func sheCalled(r *request, in CalledIn) (any, error) {
	known := in.Outcome == ""
	for _, k := range cases.Kinds {
		known = known || k.ToVictim() && k != cases.CallBack && k.Allows(in.Outcome)
	}
	if !known {
		return nil, field("outcome", "want an outcome of a call to the victim: see /kinds")
	}
	said, told, err := in.Said.said()
	if err != nil {
		return nil, err
	}
	return r.tell(0, cases.Called{Outcome: in.Outcome, Said: said}, told)
}

// FoundIn is who the cyber cell has found.
type FoundIn struct {
	Offender PartyIn `json:"offender" doc:"with at least one number"`
}

func found(r *request, in FoundIn) (any, error) {
	p, err := in.Offender.party("offender")
	if err != nil {
		return nil, err
	}
	if len(p.Numbers) == 0 {
		return nil, field("offender.numbers", "want at least one number")
	}
	return r.tell(0, cases.Found{}, intake.Told{Offender: p})
}

// TriageDecision decides the track.
type TriageDecision struct {
	Version int64    `json:"version,omitempty" doc:"of the case on which it was decided; left out: whatever it is"`
	Triage  TriageIn `json:"triage"`
}

func triage(r *request, in TriageDecision) (any, error) {
	t, err := in.Triage.triage()
	if err != nil {
		return nil, err
	}
	if t.Track == cases.Undecided {
		return nil, field("triage.track", "want counsellable or police")
	}
	return r.tell(in.Version, cases.Triaged{Triage: t}, intake.Told{})
}

// TermsChange is new terms.
type TermsChange struct {
	Version int64    `json:"version,omitempty" doc:"of the case on which it was decided; left out: whatever it is"`
	Terms   TermsIn  `json:"terms" doc:"all of them: they take the place of those that are stored"`
	Number  string   `json:"number,omitempty" doc:"a further number of hers, or of the adult who speaks for her; it is the first to be rung from now on"`
	Adult   PartyIn  `json:"adult,omitzero" doc:"a child's safe adult, new or changed"`
	Safe    []SafeIn `json:"safe,omitempty" doc:"new or changed terms of numbers of hers"`
}

func changeTerms(r *request, in TermsChange) (any, error) {
	terms, err := in.Terms.terms(r.Languages)
	if err != nil {
		return nil, err
	}
	var told intake.Told
	if in.Number != "" {
		if told.Hers, err = number.ParseDialable(in.Number); err != nil {
			return nil, field("number", err.Error())
		}
	}
	if told.Adult, err = in.Adult.party("adult"); err != nil {
		return nil, err
	}
	if told.Safe, err = safes("safe", in.Safe, r.now); err != nil {
		return nil, err
	}
	if err := r.hers(told); err != nil {
		return nil, err
	}
	return r.tell(in.Version, cases.TermsChanged{Terms: terms}, told)
}

// hers: terms for a number of somebody else would let us ring a stranger.
func (r *request) hers(told intake.Told) error {
	if len(told.Safe) == 0 {
		return nil
	}
	if r.Fingerprint == nil {
		return postgres.ErrNoKeys
	}
	id, err := r.caseID()
	if err != nil {
		return err
	}
	f, err := r.Store.Case(r.Context(), id)
	if err != nil {
		return err
	}
	mine := slices.Concat(f.Case.Victim.Numbers, f.Case.Adult.Numbers)
	for i, s := range told.Safe {
		print := r.Fingerprint(s.Number)
		isNew := s.Number == told.Hers || slices.Contains(told.Adult.Numbers, s.Number)
		if !isNew && !slices.ContainsFunc(mine, func(n cases.Number) bool { return n.Print == print }) {
			return field(fmt.Sprintf("safe[%d].number", i), "is not a number of hers in this case")
		}
	}
	return nil
}

// VersionIn names the version on which somebody decided.
type VersionIn struct {
	Version int64 `json:"version,omitempty" doc:"of the case on which it was decided; left out: whatever it is"`
}

func veto(r *request, in VersionIn) (any, error) {
	return r.tell(in.Version, cases.Vetoed{}, intake.Told{})
}

// Nothing is a body without a field: the address says it all.
type Nothing struct{}

// fact is an event that is true whatever the case does meanwhile.
func fact(what cases.What) func(*request, Nothing) (any, error) {
	return func(r *request, _ Nothing) (any, error) { return r.tell(0, what, intake.Told{}) }
}

var (
	policeReported = cases.PoliceReported{}
	childReported  = cases.ChildReported{}
	helpConfirmed  = cases.HelpConfirmed{}
)

func clearCare(r *request, _ Nothing) (any, error) {
	if !r.profile.Counsellor {
		return nil, fault(http.StatusForbidden, "counsellors-only", "a counsellor says whether the ladder may go on")
	}
	return r.tell(0, cases.CareCleared{}, intake.Told{})
}

// DecisionIn is what a supervisor decides.
type DecisionIn struct {
	Version int64          `json:"version" doc:"of the case that she saw"`
	Do      cases.Decision `json:"do" doc:"resume: go on; counsel, ffr, station: to that stage; ask: one more feedback; close; hold; reopen; reassign; reschedule"`
	Closure cases.Closure  `json:"closure,omitempty" doc:"of close: unreached, not-ours, duplicate or hoax"`
	Task    cases.TaskID   `json:"task,omitempty" doc:"of reassign and reschedule"`
	Agent   agent.ID       `json:"agent,omitempty" doc:"of reassign: who alone may do it; left out, anybody may again"`
	Due     time.Time      `json:"due,omitzero" doc:"of reschedule"`
}

var decisions = []cases.Decision{
	cases.Resume, cases.ToCounsel, cases.ToFFR, cases.ToStation, cases.AskHer, cases.Close, cases.HoldBack, cases.ReopenCase, cases.Reassign, cases.Reschedule,
}

var closures = []cases.Closure{cases.Unreached, cases.NotOurs, cases.Duplicate, cases.Hoax}

func decide(r *request, in DecisionIn) (any, error) {
	ofTask := in.Do == cases.Reassign || in.Do == cases.Reschedule
	switch {
	case !slices.Contains(decisions, in.Do):
		return nil, field("do", "want one of "+list(decisions))
	case (in.Do == cases.Close) != (in.Closure != ""), in.Closure != "" && !slices.Contains(closures, in.Closure):
		return nil, field("closure", "belongs to close, and is one of "+list(closures))
	case ofTask != taskForm.MatchString(string(in.Task)), !ofTask && in.Task != "":
		return nil, field("task", "belongs to reassign and reschedule, and is the id of a task")
	case in.Agent != "" && (in.Do != cases.Reassign || !isWord(string(in.Agent), 64)):
		return nil, field("agent", "belongs to reassign, and is the id of an agent")
	case (in.Do == cases.Reschedule) == in.Due.IsZero():
		return nil, field("due", "belongs to reschedule, and is a moment")
	}
	if err := r.fits(in); err != nil {
		return nil, err
	}
	what := cases.Decided{Do: in.Do, Closure: in.Closure, Task: in.Task, Agent: in.Agent, Due: in.Due.UTC()}
	return r.tell(in.Version, what, intake.Told{})
}

// fits: nobody is given a task that the law keeps her from. The dialer would
// refuse her anyway; here the supervisor hears it at once.
func (r *request) fits(in DecisionIn) error {
	if in.Agent == "" {
		return nil
	}
	p, err := r.Store.Person(r.Context(), in.Agent)
	if err != nil {
		return err
	}
	if !p.Active {
		return postgres.ErrNoAgent
	}
	w, err := r.Store.Task(r.Context(), in.Task, r.now)
	if err != nil {
		return err
	}
	if w.CaseID != r.PathValue("case") {
		return postgres.ErrNoTask
	}
	w.Task.Only = "" // it is given to her now
	if bar := w.Task.Takes(p.Profile); bar != cases.NoBar {
		return field("agent", "may not do this task: "+string(bar))
	}
	return nil
}
