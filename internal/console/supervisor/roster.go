package supervisor

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

// known is what a roster may refer to.
func known(c config.Config) roster.Known {
	k := roster.Known{Languages: c.Prompts.Languages}
	for _, one := range c.Categories {
		k.Categories = append(k.Categories, one.Name)
	}
	return k
}

// personRow is a person as the page lists her.
type personRow struct {
	ID   agent.ID
	Name string
	roster.Skills
}

type rosterPage struct {
	shown
	People []personRow
	All    bool // those who left, too
}

func (r *room) roster(q *console.Request) error {
	persons, _, err := r.Store.Roster(q.Context())
	if err != nil {
		return err
	}
	page := rosterPage{shown: shown{q}, All: q.URL.Query().Get("all") != ""}
	names := namesOf(persons)
	for _, p := range persons {
		if p.Active || page.All {
			page.People = append(page.People, personRow{p.Profile.ID, names[p.Profile.ID], roster.SkillsOf(p)})
		}
	}
	return q.Render("roster.html", page)
}

// namesOf are names in the plain, for whoever leads these people.
func namesOf(persons []roster.Person) map[agent.ID]string {
	out := make(map[agent.ID]string, len(persons))
	for _, p := range persons {
		out[p.Profile.ID] = p.Name.Show()
	}
	return out
}

// choice is a box to tick.
type choice struct {
	Word string
	On   bool
}

func choices(all, on []string) []choice {
	out := make([]choice, 0, len(all))
	for _, w := range all {
		out = append(out, choice{w, slices.Contains(on, w)})
	}
	return out
}

type agentPage struct {
	shown
	ID      agent.ID
	Name    string
	Version int64
	roster.Skills
	LanguageBoxes, CategoryBoxes, OutboundBoxes []choice
	Changes                                     []changeRow
	// Wrong is why what was sent was not taken.
	Wrong string
	Why   string
}

// changeRow is a change as it is listed.
type changeRow struct {
	postgres.RosterChange
	Differences []roster.Difference
}

func changeRows(all []postgres.RosterChange) []changeRow {
	out := make([]changeRow, 0, len(all))
	for _, c := range all {
		row := changeRow{RosterChange: c}
		if c.Before != nil {
			row.Differences = roster.Differences(*c.Before, c.After)
		}
		out = append(out, row)
	}
	return out
}

func (r *room) person(q *console.Request) (roster.Person, error) {
	p, err := r.Store.Person(q.Context(), agent.ID(q.PathValue("agent")))
	if errors.Is(err, postgres.ErrNoAgent) {
		return p, console.ErrNotFound
	}
	return p, err
}

func (r *room) rosterAgent(q *console.Request) error {
	p, err := r.person(q)
	if err != nil {
		return err
	}
	return r.showAgent(q, p, roster.SkillsOf(p), "", "")
}

// showAgent is the page of a person, with skills as they are or as somebody
// wanted them.
func (r *room) showAgent(q *console.Request, p roster.Person, s roster.Skills, why, wrong string) error {
	changes, err := r.Store.RosterChanges(q.Context(), p.Profile.ID, 0, 20)
	if err != nil {
		return err
	}
	c := r.Config()
	k := known(c)
	return q.Render("agent.html", agentPage{
		shown: shown{q}, ID: p.Profile.ID, Name: namesOf([]roster.Person{p})[p.Profile.ID], Version: p.Version, Skills: s,
		LanguageBoxes: choices(k.Languages, s.Languages), CategoryBoxes: choices(k.Categories, s.Categories),
		OutboundBoxes: choices(kindNames(), s.Outbound), Changes: changeRows(changes), Wrong: wrong, Why: why,
	})
}

// kindNames are the kinds of outbound work that somebody can be trained for.
func kindNames() (all []string) {
	for _, k := range cases.Kinds {
		if k.Dialled() {
			all = append(all, string(k))
		}
	}
	return all
}

// longestWhy is how long a reason may be.
const longestWhy = 200

// because reads who changes something and why from a form.
func because(q *console.Request) (postgres.Because, error) {
	why, err := q.Form("why")
	if why = strings.TrimSpace(why); err != nil {
		return postgres.Because{}, err
	}
	if why == "" || len(why) > longestWhy {
		return postgres.Because{}, console.Refuse(http.StatusUnprocessableEntity, "why")
	}
	return postgres.Because{By: q.User.Actor(), Why: why, At: q.Now}, nil
}

func (r *room) rosterChange(q *console.Request) error {
	p, err := r.person(q)
	if err != nil {
		return err
	}
	b, err := because(q)
	if err != nil {
		return err
	}
	form := q.PostForm
	next := roster.SkillsOf(p)
	// What the file knows and no box shows stays as it is.
	next.Languages, next.Categories = ticked(next.Languages, known(r.Config()).Languages, form["languages"]), ticked(next.Categories, known(r.Config()).Categories, form["categories"])
	next.Outbound = ticked(next.Outbound, kindNames(), form["outbound"])
	next.Counsellor, next.Senior, next.Active = form.Get("counsellor") != "", form.Get("senior") != "", form.Get("active") != ""
	if form.Get("version") != strconv.FormatInt(p.Version, 10) {
		return r.showAgent(q, p, next, b.Why, q.T("super.changed-meanwhile"))
	}
	changed, err := roster.SetSkills(p, next, r.Config().Asterisk.SIP.Realm, known(r.Config()))
	if err != nil {
		return r.showAgent(q, p, next, b.Why, err.Error())
	}
	if !changed.Same(p) {
		switch err := r.Store.ChangeAgent(q.Context(), changed, b); {
		case errors.Is(err, postgres.ErrRosterChanged):
			return r.showAgent(q, p, next, b.Why, q.T("super.changed-meanwhile"))
		case err != nil:
			return err
		}
	}
	return q.SeeOther("/roster/" + string(p.Profile.ID))
}

// ticked are the words that somebody has in the end: those of the boxes that are
// ticked, in the order in which she had them and then that of the boxes, and those
// that no box shows.
func ticked(had, boxes, on []string) (all []string) {
	for _, w := range had {
		if slices.Contains(on, w) || !slices.Contains(boxes, w) {
			all = append(all, w)
		}
	}
	for _, w := range boxes {
		if slices.Contains(on, w) && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

type changesPage struct {
	shown
	Changes []changeRow
	Next    int64
}

func (r *room) rosterChanges(q *console.Request) error {
	before, err := countOf(q.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	all, err := r.Store.RosterChanges(q.Context(), "", before, 100)
	if err != nil {
		return err
	}
	page := changesPage{shown: shown{q}, Changes: changeRows(all)}
	if len(all) == 100 {
		page.Next = all[len(all)-1].ID
	}
	return q.Render("roster-changes.html", page)
}

// countOf reads a count out of an address; an empty one is 0.
func countOf(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, console.ErrBadInput
	}
	return n, nil
}

func (r *room) rosterUndo(q *console.Request) error {
	id, err := countOf(q.PathValue("change"))
	if err != nil {
		return err
	}
	b, err := because(q)
	if err != nil {
		return err
	}
	change, err := r.Store.RosterChange(q.Context(), id)
	switch {
	case errors.Is(err, postgres.ErrNoChange):
		return console.ErrNotFound
	case err != nil:
		return err
	case change.Before == nil:
		return console.Refuse(http.StatusConflict, "cannot-undo")
	}
	p, err := r.Store.Person(q.Context(), change.Agent)
	if err != nil {
		return err
	}
	b.Undoes = id
	undone, err := roster.Undo(p, *change.Before, change.After, r.Config().Asterisk.SIP.Realm, known(r.Config()))
	switch {
	case errors.Is(err, roster.ErrChangedSince):
		return console.Refuse(http.StatusConflict, "changed-since")
	case err != nil:
		return console.Refuse(http.StatusConflict, "cannot-undo")
	}
	switch err := r.Store.ChangeAgent(q.Context(), undone, b); {
	case errors.Is(err, postgres.ErrRosterChanged):
		return console.Refuse(http.StatusConflict, "changed-since")
	case err != nil:
		return err
	}
	return q.SeeOther("/roster/" + string(change.Agent))
}
