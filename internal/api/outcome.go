package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
)

// OutcomeIn is the coded outcome of a conversation.
type OutcomeIn struct {
	Outcome   cases.Outcome   `json:"outcome" doc:"one of the outcomes of this kind of call: see /kinds"`
	Demeanour cases.Demeanour `json:"demeanour,omitempty" doc:"how a warned offender took it"`
	Said      SaidIn          `json:"said,omitzero"`
	By        agent.ID        `json:"by,omitempty" doc:"who spoke; a supervisor may code for an agent, an agent leaves it out"`
}

// Coded says that the outcome is kept. It tells nothing of the case: the
// officer who codes an offender's call does not know it.
type Coded struct {
	Task    cases.TaskID  `json:"task"`
	Attempt string        `json:"attempt,omitempty"`
	Verdict cases.Verdict `json:"verdict" doc:"applied; duplicate: it was coded before; ignored: the case had gone another way, and the outcome is kept all the same"`
}

var demeanours = []cases.Demeanour{cases.NoDemeanour, cases.Denied, cases.Abusive, cases.Apologised, cases.BlamesHer}

// notHers is the answer to whoever codes what is not hers. It says the same
// for what does not exist: ids are not to be tried out.
func notHers() error {
	return fault(http.StatusForbidden, "not-yours", "an agent codes the outcome of her own calls; a supervisor those of others")
}

func attemptOutcome(r *request, in OutcomeIn) (any, error) {
	id := r.PathValue("attempt")
	if !callForm.MatchString(id) {
		return nil, r.noneOrNotHers(postgres.ErrNoAttempt)
	}
	f, err := r.Store.OneAttempt(r.Context(), id)
	if err != nil {
		return nil, r.noneOrNotHers(err)
	}
	a := f.Attempt
	switch {
	case r.token.Access == agents && (a.Agent != r.token.Agent || in.By != "" && in.By != a.Agent):
		return nil, notHers()
	case in.By != "" && in.By != a.Agent:
		return nil, field("by", "somebody else made this call")
	case f.End != nil && f.End.Answered.IsZero() && f.End.Result != postgres.Interrupted:
		// I5: nobody answered, so nobody said anything.
		return nil, fault(http.StatusConflict, "not-answered", "nobody answered this call: it has no outcome")
	}
	return r.code(in, a.Kind, postgres.Report{Attempt: id, Task: a.Task, By: a.Agent})
}

func taskOutcome(r *request, in OutcomeIn) (any, error) {
	w, err := r.theTask()
	if err != nil {
		return nil, r.noneOrNotHers(err)
	}
	spoke := r.profile
	if in.By != "" && in.By != r.token.Agent {
		if r.token.Access == agents {
			return nil, notHers()
		}
		p, err := r.Store.Person(r.Context(), in.By)
		if err != nil {
			return nil, err
		}
		spoke = p.Profile
	}
	// Her own word may be taken by any woman; I7 and the rest is for the ladder.
	// But nobody may code about a task that is for the other pool.
	if bar := w.Task.Takes(spoke); bar == cases.WrongPool || bar == cases.NotOfficer || bar == cases.NotCounsellor {
		if r.token.Access == agents {
			return nil, notHers()
		}
		return nil, field("by", "may not do this task: "+string(bar))
	}
	return r.code(in, w.Task.Kind, postgres.Report{Task: w.Task.ID, By: cmp.Or(in.By, r.token.Agent)})
}

// noneOrNotHers hides from agents whether there is such a thing.
func (r *request) noneOrNotHers(err error) error {
	if r.token.Access == agents && none(err) {
		return notHers()
	}
	return err
}

// code stores an outcome of a call of the kind.
func (r *request) code(in OutcomeIn, kind cases.Kind, report postgres.Report) (any, error) {
	switch {
	case !kind.Allows(in.Outcome):
		return nil, field("outcome", "a call of this kind has one of: "+list(cases.Outcomes(kind)))
	case !slices.Contains(demeanours, in.Demeanour), in.Demeanour != "" && kind != cases.CallOffender:
		return nil, field("demeanour", "is of an offender's call, and one of "+list(demeanours))
	case !kind.ToVictim() && (len(in.Said.Numbers)+len(in.Said.Contacts) > 0 || in.Said.Choice != "" || in.Said.Verified):
		return nil, field("said", "numbers, contacts, her choice and her code word come from the victim alone")
	}
	said, told, err := in.Said.said()
	if err != nil {
		p, _ := err.(*Problem)
		if p != nil && !strings.HasPrefix(p.Field, "said.") {
			p.Field = "said." + p.Field
		}
		return nil, err
	}
	report.EventID, report.At = r.event(), r.now
	report.Outcome, report.Demeanour, report.Said, report.Told = in.Outcome, in.Demeanour, said, told
	s, err := r.Store.RecordOutcome(r.Context(), r.Rules(), report)
	if err != nil {
		return nil, err
	}
	if s.Verdict == cases.Refused || s.Verdict == cases.Stale {
		return nil, verdict(s)
	}
	return Coded{Task: report.Task, Attempt: report.Attempt, Verdict: s.Verdict}, nil
}
