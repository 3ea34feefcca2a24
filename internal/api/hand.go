package api

import (
	"context"
	"errors"
	"net/http"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
)

// Preview is what an agent has in hand: whom she will speak with, and what it
// is about. For an offender or contact it holds nothing of victim or case (I10).
type Preview struct {
	Task     cases.TaskID    `json:"task"`
	Attempt  string          `json:"attempt,omitempty" doc:"absent while nobody has been dialled"`
	Kind     cases.Kind      `json:"kind"`
	Outcomes []cases.Outcome `json:"outcomes" doc:"what the call can come to, in the order in which to show them"`
	Attempts int             `json:"attempts" doc:"dials for this task before this one"`

	Offender *PreviewOffender `json:"offender,omitempty" doc:"of kind offender and ffr"`
	Victim   *PreviewVictim   `json:"victim,omitempty" doc:"of kinds that ring her"`
}

// PreviewOffender is for the officer: whom he speaks with, about which
// allegation, and not a word of whose.
type PreviewOffender struct {
	Name       string `json:"name,omitempty" doc:"of the person who is called"`
	Number     string `json:"number" doc:"that is dialled"`
	Allegation string `json:"allegation" doc:"type of the allegation: the category of the complaint"`
	About      string `json:"about,omitempty" doc:"of kind ffr: name of the offender whom the call is about"`
	Relation   string `json:"relation,omitempty" doc:"of kind ffr: what the person is to the offender"`
}

// PreviewVictim is for the woman who speaks with her.
type PreviewVictim struct {
	Case       string      `json:"case,omitempty" doc:"absent for a call back"`
	Docket     string      `json:"docket,omitempty"`
	Opening    string      `json:"opening,omitempty" doc:"speak as this persona until she gave her code word"`
	Language   string      `json:"language,omitempty"`
	AskFor     string      `json:"askFor,omitempty" doc:"the name to ask for"`
	CodeWord   string      `json:"codeWord,omitempty" doc:"she is safe when she says it"`
	DuressWord string      `json:"duressWord,omitempty" doc:"she needs help when she says it"`
	Whose      string      `json:"whose,omitempty" doc:"whose telephone it is"`
	LeaveWord  bool        `json:"leaveWord,omitempty" doc:"a word may be left with who answers"`
	Stage      cases.Stage `json:"stage,omitempty" doc:"what she is asked about"`
	Delivered  bool        `json:"delivered,omitempty" doc:"that stage reached somebody; if not, say so and ask for another number"`
}

func preview(r *request) (any, error) {
	id := agent.ID(r.PathValue("agent"))
	if r.token.Access == agents && id != r.token.Agent {
		return nil, fault(http.StatusForbidden, "not-yours", "an agent sees what she has in hand herself")
	}
	if !isWord(string(id), 64) {
		return nil, nothingInHand()
	}
	task, attempt, err := r.inHand(id)
	if err != nil {
		return nil, err
	}
	w, err := r.Store.Task(r.Context(), task, r.now)
	if err != nil {
		return nil, err
	}
	p, err := r.Store.Person(r.Context(), id)
	if err != nil {
		return nil, err
	}
	// The last of the places where the law is held: should anybody ever be given
	// a task of the other pool, she sees nothing of it.
	if bar := w.Task.Takes(p.Profile); bar == cases.WrongPool || bar == cases.NotOfficer {
		return nil, fault(http.StatusForbidden, "refused", "this task is not for this agent: tell a supervisor")
	}
	v := Preview{Task: w.Task.ID, Attempt: attempt, Kind: w.Task.Kind, Outcomes: append([]cases.Outcome{}, cases.Outcomes(w.Task.Kind)...), Attempts: len(w.Task.Attempts)}
	switch {
	case w.Task.Kind == cases.CallOffender || w.Task.Kind == cases.CallContact:
		v.Offender, err = r.previewOffender(w)
	case w.Task.Kind.ToVictim():
		v.Victim, err = r.previewVictim(w)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func nothingInHand() error {
	return fault(http.StatusNotFound, "nothing-in-hand", "this agent has nothing in hand")
}

// inHand asks the floor, which knows of reservations; and the books, which
// know of attempts, also after the dialer has started anew.
func (r *request) inHand(id agent.ID) (cases.TaskID, string, error) {
	if r.Floor != nil {
		if task, attempt := r.Floor.InHand(id); task != "" {
			return task, attempt, nil
		}
	}
	f, err := r.Store.InHand(r.Context(), id)
	if err != nil {
		return "", "", orElse(err, postgres.ErrNoAttempt, nothingInHand())
	}
	return f.Attempt.Task, f.Attempt.ID, nil
}

func (r *request) previewOffender(w postgres.Work) (*PreviewOffender, error) {
	f, err := r.Store.Case(r.Context(), w.CaseID)
	if err != nil {
		return nil, err
	}
	p, err := r.Store.OpenParty(r.Context(), w.CaseID, w.Task.Party, r.reader("preview"))
	if err != nil {
		return nil, err
	}
	v := &PreviewOffender{Name: p.Name.Show(), Allegation: f.Category}
	for _, n := range p.Numbers {
		if n.Fingerprint == w.Task.Number {
			v.Number = n.Number.Show()
		}
	}
	if w.Task.Kind == cases.CallContact {
		v.Relation = p.Relation // to the offender; an offender's own would be to the victim
		about, err := r.Store.OpenParty(r.Context(), w.CaseID, f.Case.Offender.ID, r.reader("preview"))
		if err != nil && !errors.Is(err, postgres.ErrNoParty) {
			return nil, err
		}
		v.About = about.Name.Show()
	}
	return v, nil
}

func (r *request) previewVictim(w postgres.Work) (*PreviewVictim, error) {
	v := &PreviewVictim{Opening: w.Task.Opening, Language: w.Task.Language, Case: w.CaseID}
	if w.CaseID == "" {
		return v, nil // a call back: nothing is known of her but her number
	}
	f, err := r.Store.Case(r.Context(), w.CaseID)
	if err != nil {
		return nil, err
	}
	v.Docket, v.Stage, v.Delivered = f.Docket, f.Case.Stage, f.Case.Delivered
	safe, err := r.Store.OpenSafeContact(r.Context(), w.CaseID, w.Task.Number, r.reader("preview"))
	if err != nil {
		return nil, err
	}
	v.Whose, v.LeaveWord = safe.Whose, safe.MayLeaveWord
	v.AskFor, v.CodeWord, v.DuressWord = safe.AskFor.Show(), safe.CodeWord.Show(), safe.DuressWord.Show()
	if v.AskFor == "" {
		v.AskFor, err = r.herName(r.Context(), w)
	}
	return v, err
}

// herName is asked for when no other name was agreed.
func (r *request) herName(ctx context.Context, w postgres.Work) (string, error) {
	p, err := r.Store.OpenParty(ctx, w.CaseID, w.Task.Party, r.reader("preview"))
	if err != nil {
		return "", err
	}
	return p.Name.Show(), nil
}
