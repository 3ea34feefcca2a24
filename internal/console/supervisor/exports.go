package supervisor

import (
	"net/http"
	"net/url"
	"strings"

	"powerline/internal/api"
	"powerline/internal/console"
)

// exportsPage shows copies that leave the house, by what is to be done with each.
type exportsPage struct {
	shown
	Waiting []exportRow // for another person than who asked
	Ready   []exportRow // can be fetched by who asked
	Over    []exportRow
	// Purposes for which a copy may be fetched.
	Purposes []string
	// Reads: whoever looks approves and fetches nothing.
	Reads bool
	Wrong string
}

type exportRow struct {
	api.ExportView
	Mine bool // asked for by whoever looks
}

// With is a row and its page, for a part of the page that shows a row.
func (p exportsPage) With(row exportRow) struct {
	Page exportsPage
	Row  exportRow
} {
	return struct {
		Page exportsPage
		Row  exportRow
	}{p, row}
}

// exports lists copies: supervisors approve and fetch, auditors read.
func (r *room) exports(q *console.Request) error { return r.showExports(q, "") }

func (r *room) showExports(q *console.Request, wrong string) error {
	var list api.ExportList
	if err := r.ask(q, question{method: http.MethodGet, path: "/exports"}, &list); err != nil {
		return err
	}
	page := exportsPage{shown: shown{q}, Purposes: purposes, Reads: !console.May(q.User.Role, "export-approve"), Wrong: wrong}
	for _, e := range list.Exports {
		row := exportRow{e, e.AskedBy == q.User.Actor()}
		switch {
		case e.ApprovedBy == "":
			page.Waiting = append(page.Waiting, row)
		case q.Now.Before(e.Until):
			page.Ready = append(page.Ready, row)
		default:
			page.Over = append(page.Over, row)
		}
	}
	return q.Render("exports.html", page)
}

// exportAsk asks for a copy of a recording, on an order. Another person must approve.
func (r *room) exportAsk(q *console.Request) error {
	order, err := q.Form("order")
	if err != nil {
		return err
	}
	wrong := ""
	path := "/recordings/" + url.PathEscape(q.PathValue("recording")) + "/exports"
	err = r.ask(q, question{method: http.MethodPost, path: path, in: api.ExportIn{Order: strings.TrimSpace(order)}, key: q.PostForm.Get("key")}, nil)
	if err := explained(err, &wrong); err != nil {
		return err
	}
	if wrong != "" {
		return r.showRecording(q, wrong)
	}
	return q.SeeOther("/exports")
}

// exportApprove agrees to a copy that somebody else has asked for.
func (r *room) exportApprove(q *console.Request) error {
	key, err := q.Form("key")
	if err != nil {
		return err
	}
	wrong := ""
	path := "/exports/" + url.PathEscape(q.PathValue("export")) + "/approval"
	if err := explained(r.ask(q, question{method: http.MethodPost, path: path, key: key}, nil), &wrong); err != nil {
		return err
	}
	if wrong != "" {
		return r.showExports(q, wrong)
	}
	return q.SeeOther("/exports")
}
