package supervisor

import (
	"net/http"
	"net/url"

	"powerline/internal/api"
	"powerline/internal/console"
)

type tasksPage struct {
	shown
	List   api.TaskList
	Kinds  []api.KindView
	Filter url.Values
	Wrong  string
}

var taskFilters = []string{"kind", "late", "stuck", "setAside", "pull", "due"}

// tasks lists what is in hand, the most urgent first, each with what keeps it back.
func (r *room) tasks(q *console.Request) error { return r.showTasks(q, "") }

func (r *room) showTasks(q *console.Request, wrong string) error {
	page := tasksPage{shown: shown{q}, Filter: handOn(q.URL.Query(), taskFilters...), Wrong: wrong}
	if err := explained(r.ask(q, question{method: http.MethodGet, path: "/tasks", query: page.Filter}, &page.List), &page.Wrong); err != nil {
		return err
	}
	var kinds api.KindList
	if err := r.ask(q, question{method: http.MethodGet, path: "/kinds"}, &kinds); err != nil {
		return err
	}
	for _, k := range kinds.Kinds {
		if k.Kind.Dialled() {
			page.Kinds = append(page.Kinds, k)
		}
	}
	return q.Render("tasks.html", page)
}

// Lates are how late a task may be, to choose from.
func (tasksPage) Lates() []string { return []string{"30m", "2h", "24h"} }

func (r *room) taskAside(q *console.Request) error {
	return r.changeTasks(q, "/tasks/"+url.PathEscape(q.PathValue("task"))+"/set-aside", true)
}

func (r *room) taskBack(q *console.Request) error {
	return r.changeTasks(q, "/tasks/"+url.PathEscape(q.PathValue("task"))+"/take-back", false)
}

func (r *room) kindPause(q *console.Request) error {
	return r.changeTasks(q, "/kinds/"+url.PathEscape(q.PathValue("kind"))+"/pause", true)
}

func (r *room) kindResume(q *console.Request) error {
	return r.changeTasks(q, "/kinds/"+url.PathEscape(q.PathValue("kind"))+"/resume", false)
}

// changeTasks sends a change to the API; a reason is a word of the form.
func (r *room) changeTasks(q *console.Request, path string, reason bool) error {
	word, err := q.Form("reason")
	if err != nil {
		return err
	}
	var in any = api.Nothing{}
	if reason {
		in = api.ReasonIn{Reason: word}
	}
	wrong := ""
	err = r.ask(q, question{method: http.MethodPost, path: path, in: in, key: q.PostForm.Get("key")}, nil)
	if err := explained(err, &wrong); err != nil {
		return err
	}
	if wrong != "" {
		return r.showTasks(q, wrong)
	}
	return q.SeeOther("/tasks")
}
