package supervisor

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/api"
	"powerline/internal/console"
	"powerline/internal/roster"
)

type casesPage struct {
	shown
	List   api.CaseList
	Filter url.Values
	States []cases.State
	// Next is the address of the next page.
	Next  string
	Wrong string
	// Searched: the list is what was found by a number or a docket.
	Searched bool
}

// caseFilters are the parameters of the list that a page hands on.
var caseFilters = []string{"state", "open", "concern", "stuck", "district", "category", "after"}

// handOn keeps the parameters that are named, and no empty ones.
func handOn(all url.Values, names ...string) url.Values {
	out := url.Values{}
	for _, name := range names {
		if value := strings.TrimSpace(all.Get(name)); value != "" {
			out.Set(name, value)
		}
	}
	return out
}

func (r *room) cases(q *console.Request) error {
	filter := handOn(q.URL.Query(), caseFilters...)
	if len(q.URL.Query()) == 0 {
		filter.Set("open", "true")
	}
	page := casesPage{shown: shown{q}, Filter: filter, States: cases.States[1:]}
	err := r.ask(q, question{method: http.MethodGet, path: "/cases", query: filter}, &page.List)
	if err := explained(err, &page.Wrong); err != nil {
		return err
	}
	if page.List.After != "" {
		next := handOn(filter, caseFilters...)
		next.Set("after", page.List.After)
		page.Next = "/cases?" + next.Encode()
	}
	return q.Render("cases.html", page)
}

// explained keeps a problem of the API for the page, and gives back any other
// error.
func explained(err error, wrong *string) error {
	var p *problem
	if errors.As(err, &p) {
		*wrong = p.Reason
		return nil
	}
	return err
}

// casesSearch finds by complaint number or telephone number. A form's field, and
// not an address, so that neither stands in a log or a history.
func (r *room) casesSearch(q *console.Request) error {
	docket, err := q.Form("docket")
	if err != nil {
		return err
	}
	in := api.SearchIn{Docket: strings.TrimSpace(docket), Number: strings.TrimSpace(q.PostForm.Get("number"))}
	page := casesPage{shown: shown{q}, Filter: url.Values{}, States: cases.States[1:], Searched: true}
	err = r.ask(q, question{method: http.MethodPost, path: "/cases/search", in: in}, &page.List)
	if err := explained(err, &page.Wrong); err != nil {
		return err
	}
	return q.Render("cases.html", page)
}

type casePage struct {
	shown
	api.CaseView
	Ladder     ladder
	Events     []api.HistoryEvent
	Attempts   []api.AttemptView
	Tasks      []taskInHand
	Recordings []api.RecordingView
	Private    *api.PrivateCase
	Purposes   []string
	Decisions  []cases.Decision
	Closures   []cases.Closure
	Wrong      string
}

// taskInHand is a task of the case, and to whom it may be given.
type taskInHand struct {
	api.TaskView
	Fit []fitAgent
}

// fitAgent is somebody whom neither law nor ladder keeps from a task.
type fitAgent struct {
	ID   agent.ID
	Name string
	Here bool // logged in now
}

// fit are all whom a task may be given to, in the order of their ids. The API asks
// the same again when one is chosen, and the engine before her phone rings.
func (r *room) fit(q *console.Request, id cases.TaskID, persons []roster.Person) ([]fitAgent, error) {
	w, err := r.Store.Task(q.Context(), id, q.Now)
	if err != nil {
		return nil, err
	}
	here := map[agent.ID]bool{}
	for _, a := range r.Look().Agents {
		here[a.Profile.ID] = a.Status != agent.LoggedOut
	}
	names := namesOf(persons)
	w.Task.Only = "" // whoever has it now keeps nobody from it
	var out []fitAgent
	for _, p := range persons {
		if id := p.Profile.ID; p.Active && w.Task.Takes(p.Profile) == cases.NoBar {
			out = append(out, fitAgent{id, names[id], here[id]})
		}
	}
	slices.SortFunc(out, func(a, b fitAgent) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// inHand adds to tasks to whom they may be given.
func (r *room) inHand(q *console.Request, tasks []api.TaskView) (out []taskInHand, err error) {
	persons, _, err := r.Store.Roster(q.Context())
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		one := taskInHand{TaskView: t}
		if t.Kind.Dialled() && !t.Pull {
			if one.Fit, err = r.fit(q, t.ID, persons); err != nil {
				return nil, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// purposes for which something private may be opened; the word stands in the
// audit.
var purposes = []string{"supervision", "complaint", "police-request", "court-order", "quality"}

// decisions that the page offers about the case; each of its tasks has one of its
// own.
var decisions = []cases.Decision{cases.Resume, cases.ToCounsel, cases.ToFFR, cases.ToStation, cases.AskHer, cases.HoldBack, cases.Close, cases.ReopenCase}

func (r *room) oneCase(q *console.Request) error { return r.showCase(q, nil, "") }

func (r *room) showCase(q *console.Request, private *api.PrivateCase, wrong string) error {
	id := url.PathEscape(q.PathValue("case"))
	page := casePage{
		shown: shown{q}, Private: private, Purposes: purposes, Decisions: decisions,
		Closures: []cases.Closure{cases.Unreached, cases.NotOurs, cases.Duplicate, cases.Hoax}, Wrong: wrong,
	}
	var history api.History
	var attempts api.AttemptList
	var tasks api.TaskList
	var heard api.RecordingList
	for _, one := range []struct {
		path  string
		query url.Values
		out   any
	}{
		{"/cases/" + id, nil, &page.CaseView}, {"/cases/" + id + "/history", nil, &history}, {"/cases/" + id + "/attempts", nil, &attempts},
		{"/tasks", url.Values{"case": {q.PathValue("case")}}, &tasks}, {"/recordings", url.Values{"case": {q.PathValue("case")}}, &heard},
	} {
		if err := r.ask(q, question{method: http.MethodGet, path: one.path, query: one.query}, one.out); err != nil {
			return err
		}
	}
	page.Events, page.Attempts, page.Recordings = history.Events, attempts.Attempts, heard.Recordings
	var err error
	if page.Tasks, err = r.inHand(q, tasks.Tasks); err != nil {
		return err
	}
	page.Ladder = drawn(history.Events, page.State)
	return q.Render("case.html", page)
}

// caseOpen shows what is private in a case, for a purpose that stands in the audit.
func (r *room) caseOpen(q *console.Request) error {
	purpose, err := q.Form("purpose")
	if err != nil {
		return err
	}
	var private api.PrivateCase
	err = r.ask(q, question{method: http.MethodGet, path: "/cases/" + url.PathEscape(q.PathValue("case")) + "/private", purpose: purpose}, &private)
	wrong := ""
	if err := explained(err, &wrong); err != nil {
		return err
	}
	if wrong != "" {
		return r.showCase(q, nil, wrong)
	}
	return r.showCase(q, &private, "")
}

// caseDecide carries a supervisor's decision to the ladder, with the version of the
// case that she saw.
func (r *room) caseDecide(q *console.Request) error {
	do, err := q.Form("do")
	if err != nil {
		return err
	}
	version, err := countOf(q.PostForm.Get("version"))
	if err != nil {
		return err
	}
	in := api.DecisionIn{
		Version: version, Do: cases.Decision(do), Task: cases.TaskID(q.PostForm.Get("task")), Agent: agent.ID(q.PostForm.Get("agent")),
	}
	if in.Do == cases.Close {
		in.Closure = cases.Closure(q.PostForm.Get("closure"))
	}
	id := url.PathEscape(q.PathValue("case"))
	err = r.ask(q, question{method: http.MethodPost, path: "/cases/" + id + "/decisions", in: in, key: q.PostForm.Get("key")}, nil)
	wrong := ""
	if err := explained(err, &wrong); err != nil {
		return err
	}
	if wrong != "" {
		return r.showCase(q, nil, wrong)
	}
	return q.SeeOther("/cases/" + id)
}
