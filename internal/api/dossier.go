package api

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

// Dossier is what a police office gets of a case: who, what she told, how she
// may be reached without harm, and all that happened, stage by stage.
type Dossier struct {
	Docket       string       `json:"docket" doc:"the complaint number"`
	Case         string       `json:"case"`
	Made         time.Time    `json:"made"`
	Office       cases.Office `json:"office" doc:"to which it goes"`
	District     string       `json:"district"`
	Station      string       `json:"station,omitempty" doc:"id of the police station"`
	StationName  string       `json:"stationName,omitempty"`
	Category     string       `json:"category"`
	RegisteredAt time.Time    `json:"registeredAt"`
	State        cases.State  `json:"state"`
	Cycle        int          `json:"cycle"`
	Flags        []string     `json:"flags"`
	Complainants int          `json:"complainants,omitempty" doc:"women who have complained about a number of the offender, she included"`

	Account string          `json:"account,omitempty"`
	Persons []PrivatePerson `json:"persons"`
	Contact DossierContact  `json:"contact" doc:"how she may be reached. Any other way can put her in danger"`
	Stages  []DossierStage  `json:"stages"`
}

// DossierContact is how the police may reach her. Her code words are between
// her and the helpline.
type DossierContact struct {
	MayCall  bool            `json:"mayCall"`
	Windows  cases.Windows   `json:"windows" doc:"when she is alone, in India's time; none means any hour"`
	Opening  string          `json:"opening,omitempty" doc:"the persona to speak as until it is sure who answers"`
	Language string          `json:"language,omitempty"`
	Numbers  []DossierNumber `json:"numbers"`
}

// DossierNumber is how one of her numbers may be used.
type DossierNumber struct {
	Number string `json:"number"`
	Whose  string `json:"whose,omitempty"`
	Never  bool   `json:"never,omitempty" doc:"it must not be rung"`
	AskFor string `json:"askFor,omitempty"`
}

// DossierStage is a stage that the case went through.
type DossierStage struct {
	Name  string        `json:"name"`
	Cycle int           `json:"cycle" doc:"which walk up the ladder, from 1"`
	From  time.Time     `json:"from"`
	To    time.Time     `json:"to,omitzero" doc:"absent while it goes on"`
	Steps []DossierStep `json:"steps"`
}

// DossierStep is one thing that happened.
type DossierStep struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	By   string    `json:"by,omitempty" doc:"id of the agent"`
}

// Source is what a dossier is made of.
type Source interface {
	Private
	Histories
}

// Histories are the cases and the police stations.
type Histories interface {
	Case(ctx context.Context, id string) (postgres.CaseFile, error)
	CaseHistory(ctx context.Context, id string) ([]postgres.CaseEvent, error)
	Stations(ctx context.Context, district string) ([]postgres.Station, error)
}

// dossier shows a case's dossier, as JSON or as a page to print.
func dossier(r *request) (any, error) {
	f, err := r.theCase()
	if err != nil {
		return nil, err
	}
	office := cases.Offices[max(1, min(f.Case.Level, len(cases.Offices)))-1]
	d, err := compile(r.Context(), r.Store, f.Case.ID, office, r.reader(r.purpose))
	if err != nil {
		return nil, err
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return d, nil
	}
	page, err := d.Print()
	if err != nil {
		return nil, err
	}
	// The name of a file is seen by whoever passes the screen: nothing is in it.
	r.answer.Header().Set("Content-Disposition", `inline; filename="dossier.html"`)
	return reply{status: http.StatusOK, kind: "text/html; charset=utf-8", body: page}, nil
}

// compile makes the dossier of a case for an office.
func compile(ctx context.Context, s Source, caseID string, office cases.Office, by postgres.Reader) (Dossier, error) {
	f, err := s.Case(ctx, caseID)
	if err != nil {
		return Dossier{}, err
	}
	events, err := s.CaseHistory(ctx, caseID)
	if err != nil {
		return Dossier{}, err
	}
	private, err := open(ctx, s, f, by)
	if err != nil {
		return Dossier{}, err
	}
	c := f.Case
	d := Dossier{
		Docket: f.Docket, Case: c.ID, Made: by.At, Office: office, District: f.District, Station: f.Station, Category: f.Category,
		RegisteredAt: f.RegisteredAt.UTC(), State: c.State, Cycle: c.Cycle, Flags: flags(c), Complainants: c.Triage.Complainants,
		Account: private.Account, Persons: private.Persons, Stages: stages(events),
		Contact: DossierContact{
			MayCall: c.Terms.Dialable(), Windows: append(cases.Windows{}, c.Terms.Windows...), Opening: c.Terms.Opening,
			Language: c.Terms.Language, Numbers: []DossierNumber{},
		},
	}
	for _, n := range private.Safe {
		d.Contact.Numbers = append(d.Contact.Numbers, DossierNumber{n.Number, n.Whose, n.Never, n.AskFor})
	}
	if f.Station == "" {
		return d, nil
	}
	all, err := s.Stations(ctx, f.District)
	if err != nil {
		return Dossier{}, err
	}
	for _, one := range all {
		if one.ID == f.Station {
			d.StationName = one.Name
		}
	}
	return d, nil
}

// stageOf is the stage that a state belongs to.
func stageOf(s cases.State) string {
	switch s {
	case cases.Registered, cases.Identifying:
		return "registration"
	case cases.CounselDue, cases.CounselFeedback:
		return "counselling of the offender"
	case cases.FFRDue, cases.FFRFeedback:
		return "family, friends and relatives"
	case cases.StationOpen, cases.StationFeedback:
		return "police station"
	case cases.Watch, cases.FinalFeedback:
		return "watch and final feedback"
	}
	return "closed"
}

// stages tells the history by stage. A new walk up the ladder begins with a
// negative final feedback, or when a closed case is opened again.
func stages(events []postgres.CaseEvent) []DossierStage {
	out := []DossierStage{}
	cycle := 1
	for _, e := range events {
		for _, m := range e.Moves {
			if m == "T20" || m == "T25" {
				cycle++
			}
		}
		step := DossierStep{At: e.Event.At.UTC(), What: sentence(e), By: string(e.Event.By)}
		// What happens belongs to the stage in which it happened; registration to the one it began.
		began := stageOf(e.From)
		if e.From == cases.Intake {
			began = stageOf(cases.Registered)
		}
		if len(out) == 0 || out[len(out)-1].Name != began {
			out = append(out, DossierStage{Name: began, Cycle: cycle, From: step.At})
		}
		now := &out[len(out)-1]
		now.Steps = append(now.Steps, step)
		if after := stageOf(e.To); after != now.Name || cycle != now.Cycle {
			now.To = step.At
			out = append(out, DossierStage{Name: after, Cycle: cycle, From: step.At, Steps: []DossierStep{}})
		}
	}
	return out
}

// sentence says what happened, in words of ours: nothing of it is private.
func sentence(e postgres.CaseEvent) string {
	text := strings.ReplaceAll(e.Event.Name(), "-", " ")
	switch what := e.Event.What.(type) {
	case cases.Filed:
		text = "complaint registered"
	case cases.Triaged:
		text = "track decided: " + string(what.Triage.Track)
	case cases.Spoken:
		text = "spoken with: " + string(what.Outcome)
		if what.Demeanour != "" {
			text += ", " + string(what.Demeanour)
		}
	case cases.Called:
		text = "she rang us: " + string(what.Outcome)
	case cases.AttemptEnded:
		text = "dialled, not answered: " + string(what.Cause)
	case cases.Expired:
		text = "a call could not be made in time"
	case cases.TimeUp:
		text = "time is up: " + string(what.Timer)
	case cases.Found:
		text = "the cyber cell has found the offender"
	case cases.PoliceReported:
		text = "action report of the police received"
	case cases.ChildReported:
		text = "report on a child filed"
	case cases.HelpConfirmed:
		text = "112 has made contact with her"
	case cases.Decided:
		text = "a supervisor decided: " + string(what.Do)
	}
	if e.From != e.To {
		text += fmt.Sprintf("; now %s", e.To)
	}
	return text
}

//go:embed dossier.html
var dossierPage string

// page escapes whatever is put into it for the place where it stands.
var page = template.Must(template.New("dossier").Funcs(template.FuncMap{
	"when": func(t time.Time) string { return t.In(cases.Local).Format("2 Jan 2006 15:04") },
}).Parse(dossierPage))

// Print is the dossier as a page of HTML that stands alone: no script, nothing
// fetched, and a style for paper.
func (d Dossier) Print() ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, d); err != nil {
		return nil, fmt.Errorf("api: print dossier: %T", err) // the error's text can repeat a value
	}
	return b.Bytes(), nil
}
