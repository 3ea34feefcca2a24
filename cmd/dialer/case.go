package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cases"
	"powerline/cmd/operator"
	"powerline/district"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/redressal"
)

func newCases(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "Register cases, and look at where they stand",
		Long: operator.Long(`
			A case is one registered complaint on its way up the redressal ladder. These
			commands show states, times and reasons by opaque ids; they show no name, no
			number and no word of hers.`),
	}
	cmd.AddCommand(newCasesImport(s), newCasesTemplate(s), newCasesList(s), newCasesShow(s), newCasesHistory(s))
	return cmd
}

// ladderTime is now by the clock of the ladder, which a demo lets run fast.
func ladderTime(c config.Config) time.Time { return c.Outbound.Clock.At(time.Now()) }

// indian is a time as it is said in Lucknow; a dash for none.
func indian(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.In(cases.Local).Format("2006-01-02 15:04")
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// nextView is the one thing that an open case waits for.
type nextView struct {
	What string       `json:"what"`
	Task cases.TaskID `json:"task,omitempty"`
	// Due is when; for a supervisor, since when.
	Due time.Time `json:"due"`
}

// caseView is a case as an operator sees it: no name, no number, no hours of hers.
type caseView struct {
	Case         string     `json:"case"`
	Docket       string     `json:"docket"`
	State        string     `json:"state"`
	Closure      string     `json:"closure,omitempty"`
	Since        time.Time  `json:"since"`
	Cycle        int        `json:"cycle"`
	Round        int        `json:"round,omitempty"`
	Level        int        `json:"level,omitempty"`
	Stage        string     `json:"stage,omitempty"`
	Delivered    bool       `json:"delivered,omitempty"`
	Flags        []string   `json:"flags"`
	Concern      string     `json:"concern,omitempty"`
	Next         []nextView `json:"next"`
	FinalDue     time.Time  `json:"finalDue,omitzero"`
	District     string     `json:"district"`
	Station      string     `json:"station,omitempty"`
	Category     string     `json:"category"`
	LinkedTo     string     `json:"linkedTo,omitempty"`
	RegisteredAt time.Time  `json:"registeredAt"`
	ChangedAt    time.Time  `json:"changedAt"`
	Version      int64      `json:"version"`
}

func viewOf(f postgres.CaseFile) caseView {
	c := f.Case
	v := caseView{
		Case: c.ID, Docket: f.Docket, State: string(c.State), Closure: string(c.Closure), Since: c.Since, Cycle: c.Cycle, Round: c.Round, Level: c.Level,
		Stage: string(c.Stage), Delivered: c.Delivered, Flags: flagsOf(c), Concern: string(c.Supervisor.Why), Next: []nextView{}, FinalDue: c.FinalDue,
		District: f.District, Station: f.Station, Category: f.Category, LinkedTo: f.LinkedTo,
		RegisteredAt: f.RegisteredAt, ChangedAt: f.ChangedAt, Version: c.Version,
	}
	for _, n := range c.Next() {
		what := "supervisor: " + string(n.Supervisor)
		switch {
		case n.Task != "":
			t, _ := c.Task(n.Task)
			what = "call: " + string(t.Kind)
		case n.Timer != "":
			what = "timer: " + string(n.Timer)
		}
		v.Next = append(v.Next, nextView{what, n.Task, n.Due})
	}
	return v
}

// flagsOf are the overlays that lie over a case.
func flagsOf(c cases.Case) []string {
	flags := []string{}
	for _, one := range []struct {
		lies bool
		name string
	}{
		{c.InEmergency(), "emergency"}, {c.Danger, "danger"}, {c.InCare(), "care"}, {c.OnHold(), "hold"}, {c.ForSupervisor(), "supervisor"},
		{c.Minor, "minor"}, {c.OffenderMinor, "offender-minor"}, {c.NoOffenderContact, "no-offender-contact"}, {c.Sealed, "sealed"},
	} {
		if one.lies {
			flags = append(flags, one.name)
		}
	}
	return flags
}

// next in a few words. An open case that waits for nothing is a fault of ours.
func (v caseView) next() string {
	var all []string
	for _, n := range v.Next {
		all = append(all, n.What+" "+indian(n.Due))
	}
	if len(all) == 0 && v.State != string(cases.Closed) {
		return "NOTHING: keep the log and tell the developers"
	}
	return dash(strings.Join(all, ", "))
}

func (v caseView) where() string {
	if v.Closure != "" && v.State == string(cases.Closed) {
		return v.State + ", " + v.Closure
	}
	return v.State
}

type listOpts struct {
	state, district string
	filter          postgres.CaseFilter
	asJSON          bool
}

func newCasesList(s *shared) *cobra.Command {
	var o listOpts
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List cases, and what each waits for",
		Long: operator.Long(`
			Lists cases in order of their ids, with the one thing that each waits for.
			Filters narrow it down together. --concern: who waits for a supervisor. --stuck:
			who has a task set aside, or timers that cannot fire. After a full page go on
			behind its last id.

			Examples:
			  dialer cases list --open --stuck
			  dialer cases list --concern --district Lucknow
			  dialer cases list --docket 123456782
			  dialer cases list --state watch --limit 1000 --json | jq -r '.[].case'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				files, err := db.Cases(cmd.Context(), o.filter)
				if err != nil {
					return err
				}
				views := []caseView{}
				for _, f := range files {
					views = append(views, viewOf(f))
				}
				if o.asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				return s.printCases(views)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.state, "state", "", "only this state, such as watch")
	f.BoolVar(&o.filter.Open, "open", false, "only open cases")
	f.BoolVar(&o.filter.Concern, "concern", false, "only those that wait for a supervisor")
	f.BoolVar(&o.filter.Stuck, "stuck", false, "only those that something stands still for")
	f.StringVar(&o.district, "district", "", "only this district")
	f.StringVar(&o.filter.Category, "category", "", "only this category")
	f.StringVar(&o.filter.Docket, "docket", "", "only this complaint number")
	f.StringVar(&o.filter.After, "after", "", "only behind this id")
	f.IntVar(&o.filter.Limit, "limit", 100, "how many at most; 1000 is the most")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// check refuses filters that nothing can match, so that nobody takes a slip of
// the pen for an empty list.
func (o *listOpts) check() (err error) {
	if o.filter.State = cases.State(o.state); o.state != "" && !slices.Contains(cases.States, o.filter.State) {
		return fmt.Errorf("--state: no such state %q: one of %v", o.state, cases.States[1:])
	}
	if o.district != "" {
		if o.filter.District, err = district.Parse(o.district); err != nil {
			return fmt.Errorf("--district: %w", err)
		}
	}
	if o.filter.Docket != "" && !postgres.ValidDocket(o.filter.Docket) {
		return errors.New("--docket: this is no complaint number: nine digits, of which the last is a check digit")
	}
	if o.filter.Limit < 1 || o.filter.Limit > 1000 {
		return errors.New("--limit: want 1 to 1000")
	}
	return nil
}

func (s *shared) printCases(views []caseView) error {
	if len(views) == 0 {
		fmt.Fprintln(s.Out, "no such case")
		return nil
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "CASE\tDOCKET\tSTATE\tSINCE\tDISTRICT\tFLAGS\tWAITS FOR")
	for _, v := range views {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Case, v.Docket, v.where(), indian(v.Since), v.District, dash(strings.Join(v.Flags, " ")), v.next())
	}
	return w.Flush()
}

// findCase is a case by its id or its docket.
func findCase(ctx context.Context, db *postgres.DB, name string) (postgres.CaseFile, error) {
	if !postgres.ValidDocket(name) {
		f, err := db.Case(ctx, name)
		if errors.Is(err, postgres.ErrNoCase) {
			err = fmt.Errorf("no case %q: want an id of `dialer cases list`, or a complaint number of nine digits", name)
		}
		return f, err
	}
	all, err := db.Cases(ctx, postgres.CaseFilter{Docket: name, Limit: 1})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no case has the complaint number %s", name)
	}
	if err != nil {
		return postgres.CaseFile{}, err
	}
	return all[0], nil
}

func newCasesShow(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID|DOCKET",
		Short: "Show where a case stands, what comes next and when",
		Long: operator.Long(`
			Shows state, cycle, flags, what the case waits for, and its tasks in hand, each
			with every reason for which it is not being dialled now. Who is in the case is
			not shown: that is for agents, and leaves a row in the audit. Exit code 2: an
			open case waits for nothing, or a task of it is set aside.

			Examples:
			  dialer cases show c3f5k2m7q4x6z7ab
			  dialer cases show 123456782 --json`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.WithDB(cmd.Context(), func(c config.Config, db *postgres.DB) error {
				f, err := findCase(cmd.Context(), db, args[0])
				if err != nil {
					return err
				}
				now := ladderTime(c)
				works, err := db.Tasks(cmd.Context(), postgres.TaskFilter{Case: f.Case.ID, Limit: 1000}, now)
				if err != nil {
					return err
				}
				tasks := []dueTask{}
				for _, w := range works {
					tasks = append(tasks, explain(c.Outbound.Ladder, w, now))
				}
				return s.printCase(viewOf(f), tasks, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *shared) printCase(v caseView, tasks []dueTask, asJSON bool) error {
	if asJSON {
		err := operator.PrintJSON(s.Out, struct {
			caseView
			Tasks []dueTask `json:"tasks"`
		}{v, tasks})
		return errors.Join(err, v.finding(tasks))
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"case", v.Case}, {"complaint number", v.Docket}, {"state", v.where() + ", since " + indian(v.Since)}, {"waits for", v.next()},
		{"cycle", fmt.Sprintf("%d, warnings in it %d, police level %d", v.Cycle, v.Round, v.Level)}, {"last stage", v.stage()},
		{"flags", dash(strings.Join(v.Flags, " "))}, {"concern", dash(v.Concern)}, {"final feedback", indian(v.FinalDue)},
		{"district", v.District}, {"station", dash(v.Station)}, {"category", v.Category}, {"linked to", dash(v.LinkedTo)},
		{"registered", indian(v.RegisteredAt)}, {"changed", indian(v.ChangedAt)}, {"version", fmt.Sprint(v.Version)},
	} {
		fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, t := range tasks {
		fmt.Fprintf(s.Out, "task %s: %s, due %s, %d attempts\n", t.Task, t.Kind, indian(t.Due), t.Attempts)
		for _, why := range t.Why {
			fmt.Fprintf(s.Out, "  not now: %s\n", why)
		}
	}
	return v.finding(tasks)
}

func (v caseView) stage() string {
	switch {
	case v.Stage == "":
		return "-"
	case v.Delivered:
		return v.Stage + ", somebody was spoken to"
	}
	return v.Stage + ", nobody was reached"
}

// finding is operator.ErrFindings when the case stands still by a fault.
func (v caseView) finding(tasks []dueTask) error {
	if len(v.Next) == 0 && v.State != string(cases.Closed) || slices.ContainsFunc(tasks, func(t dueTask) bool { return t.SetAside != "" }) {
		return operator.ErrFindings
	}
	return nil
}

// eventView is an event of a history, without what was said in it.
type eventView struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	By      agent.ID  `json:"by,omitempty"`
	What    string    `json:"what"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Moves   []string  `json:"moves"`
	Effects []string  `json:"effects"`
}

func newCasesHistory(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history ID|DOCKET",
		Short: "List what moved a case, in Indian time",
		Long: operator.Long(`
			Lists every event that the case took, oldest first: when, by whom, what, which
			transitions of docs/redressal.md it went along, and what followed.

			Examples:
			  dialer cases history c3f5k2m7q4x6z7ab
			  dialer cases history 123456782 --json | jq -r '.[] | .moves[]'`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				f, err := findCase(cmd.Context(), db, args[0])
				if err != nil {
					return err
				}
				history, err := db.CaseHistory(cmd.Context(), f.Case.ID)
				if err != nil {
					return err
				}
				views := []eventView{}
				for _, e := range history {
					views = append(views, eventView{
						Version: e.Version, At: e.Event.At, By: e.Event.By, What: redressal.Saying(e.Event.What),
						From: string(e.From), To: string(e.To), Moves: append([]string{}, e.Moves...), Effects: append([]string{}, e.Effects...),
					})
				}
				if asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				return s.printHistory(views)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *shared) printHistory(views []eventView) error {
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tAT (IST)\tBY\tWHAT\tSTATE\tBY WAY OF\tFOLLOWED BY")
	for _, v := range views {
		state := v.To
		if v.From != v.To && v.From != "" {
			state = v.From + " → " + v.To
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", v.Version, indian(v.At), dash(string(v.By)), v.What, state,
			dash(strings.Join(v.Moves, " ")), dash(strings.Join(v.Effects, " ")))
	}
	return w.Flush()
}
