package api

import (
	"regexp"
	"slices"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
)

var taskForm = regexp.MustCompile(`^t[a-z2-7]{16}$`)

// TaskView is a task in hand, or ended, and why it is not being dialled.
type TaskView struct {
	ID       cases.TaskID  `json:"id"`
	Kind     cases.Kind    `json:"kind"`
	Case     string        `json:"case,omitempty" doc:"absent for a call back"`
	Why      cases.Why     `json:"why" doc:"which event made it"`
	Made     time.Time     `json:"made"`
	Due      time.Time     `json:"due" doc:"the earliest moment of the next attempt"`
	NotAfter time.Time     `json:"notAfter,omitzero" doc:"when it ends untold"`
	Windows  cases.Windows `json:"windows" doc:"when it may be dialled, in India's time"`
	Pull     bool          `json:"pull,omitempty" doc:"she rings us; it is never dialled"`
	Pool     agent.Pool    `json:"pool,omitempty"`
	Only     agent.ID      `json:"only,omitempty" doc:"the one agent who may do it"`
	Priority int           `json:"priority" doc:"the greater first"`
	Attempts int           `json:"attempts" doc:"that count"`
	InHand   string        `json:"inHand,omitempty" doc:"the attempt that is not settled yet"`
	SetAside string        `json:"setAside,omitempty" doc:"why it was set aside"`
	End      cases.TaskEnd `json:"end,omitempty" doc:"how it ended"`
	Ended    time.Time     `json:"ended,omitzero"`

	Dialable bool         `json:"dialable" doc:"nothing forbids it now"`
	Reasons  []ReasonView `json:"reasons" doc:"every rule that forbids it now"`
	Late     int          `json:"lateSeconds,omitempty" doc:"seconds since it could first have been dialled, if nothing but people or lines is missing"`
	Stuck    bool         `json:"stuck,omitempty" doc:"time alone will not change it: somebody must do something"`
	// FloorKnown: without the running dialer nobody knows who is free.
	FloorKnown bool `json:"floorKnown" doc:"who is free and who calls us is known here; if not, these rules are left out"`
}

// ReasonView is a rule that forbids the dial.
type ReasonView struct {
	Rule   string `json:"rule"`
	Detail string `json:"detail,omitempty"`
}

// Rules that the store knows and cases.Check does not.
const (
	ruleSetAside = "set-aside"
	ruleInHand   = "attempt-in-hand"
	ruleEnded    = "ended"
)

// TaskList is the tasks in hand.
type TaskList struct {
	Tasks []TaskView `json:"tasks"`
	At    time.Time  `json:"at" doc:"the moment at which the rules were asked"`
}

var taskParameters = []parameter{
	{Name: "due", Doc: "only tasks due by this moment; now is understood"},
	{Name: "kind", Doc: "only of this kind", Words: names(cases.Kinds)},
	{Name: "case", Doc: "only of this case"},
	{Name: "pull", Doc: "true: only those for which she rings us", Words: []string{"true", "false"}},
	{Name: "setAside", Doc: "true: only those set aside", Words: []string{"true", "false"}},
	{Name: "late", Doc: "only those late by more than this duration, such as 30m"},
	{Name: "stuck", Doc: "true: only those that time alone will not help", Words: []string{"true", "false"}},
	{Name: "limit", Doc: "at most so many are looked at: 100 unless given, 1000 at most"},
}

func listTasks(r *request) (any, error) {
	p := r.params()
	f := postgres.TaskFilter{
		Kind: oneOf(p, "kind", cases.Kinds), Case: p.text("case"), DueBy: p.moment("due", r.now), Pull: p.yes("pull"),
		SetAside: p.yes("setAside"), Limit: int(p.count("limit", 1000)),
	}
	late, stuck := p.span("late"), p.yes("stuck")
	if f.Case != "" && !caseForm.MatchString(f.Case) {
		p.fail("case", "want the id of a case")
	}
	if p.err != nil {
		return nil, p.err
	}
	all, err := r.Store.Tasks(r.Context(), f, r.now)
	if err != nil {
		return nil, err
	}
	out := TaskList{Tasks: []TaskView{}, At: r.now}
	free := r.free()
	for _, w := range all {
		v := r.taskView(w, free)
		if time.Duration(v.Late)*time.Second >= late && (v.Stuck || !stuck) && (late == 0 || v.Late > 0) {
			out.Tasks = append(out.Tasks, v)
		}
	}
	return out, nil
}

func explain(r *request) (any, error) {
	w, err := r.theTask()
	if err != nil {
		return nil, err
	}
	return r.taskView(w, r.free()), nil
}

// theTask reads the task of the address.
func (r *request) theTask() (postgres.Work, error) {
	id := r.PathValue("task")
	if !taskForm.MatchString(id) {
		return postgres.Work{}, postgres.ErrNoTask
	}
	return r.Store.Task(r.Context(), cases.TaskID(id), r.now)
}

// free are the agents who could be given a task now.
func (r *request) free() []agent.Profile {
	if r.Floor == nil {
		return nil
	}
	return r.Floor.Free()
}

func (r *request) taskView(w postgres.Work, free []agent.Profile) TaskView {
	t := w.Task
	v := TaskView{
		ID: t.ID, Kind: t.Kind, Case: w.CaseID, Why: t.Why, Made: t.Made, Due: t.Due, NotAfter: t.NotAfter, Windows: append(cases.Windows{}, t.Window...),
		Pull: t.Pull, Pool: t.Pool, Only: t.Only, Priority: t.Priority, Attempts: t.Counted(), InHand: w.InHand, SetAside: w.SetAside, End: w.End, Ended: w.Ended,
		Reasons: []ReasonView{}, FloorKnown: r.Floor != nil,
	}
	reasons := r.reasons(w, free)
	for _, one := range reasons {
		v.Reasons = append(v.Reasons, ReasonView{string(one.Rule), one.Detail})
	}
	v.Dialable = len(reasons) == 0
	v.Stuck = slices.ContainsFunc(reasons, func(one cases.Reason) bool { return stuck(t, one, r.now) })
	if w.End == "" && !v.Stuck && !slices.ContainsFunc(reasons, waits) {
		v.Late = max(0, int(r.now.Sub(firstOpen(t)).Seconds()))
	}
	return v
}

// reasons asks the ladder, and adds what only the books know.
func (r *request) reasons(w postgres.Work, free []agent.Profile) []cases.Reason {
	facts := w.Facts
	facts.Agents = free
	if r.Floor != nil && w.Task.Number != "" {
		facts.Calling = r.Floor.Calling(w.Task.Number)
	}
	var out []cases.Reason
	add := func(bad bool, rule, detail string) {
		if bad {
			out = append(out, cases.Reason{Rule: cases.Rule(rule), Detail: detail})
		}
	}
	add(w.End != "", ruleEnded, string(w.End))
	add(w.SetAside != "", ruleSetAside, w.SetAside)
	add(w.InHand != "", ruleInHand, "")
	add(w.Safe.Known && w.Safe.Never, string(postgres.NeverRung), "")
	for _, one := range r.Rules().Check(w.Task, w.Case, facts, r.now) {
		if one.Rule != cases.NobodyFits || r.Floor != nil {
			out = append(out, one)
		}
	}
	return out
}

// waits: the rule keeps the task back for a time, and that is nobody's delay.
func waits(one cases.Reason) bool {
	switch one.Rule {
	case cases.NotDue, cases.OutsideWindow, cases.WindowCloses, cases.NumberCap, cases.NumberLive, cases.NumberCalling, cases.DeskWork,
		cases.SheRingsUs, cases.TooEarlyFinal, cases.Overdue, cases.OnHoldRule, ruleInHand:
		return true
	}
	return false
}

// stuck: time alone does not lift the rule.
func stuck(t cases.Task, one cases.Reason, now time.Time) bool {
	dialled := t.Kind.Dialled() && !t.Pull
	switch one.Rule {
	case cases.OutsideWindow:
		_, ever := t.Window.NextOpen(now)
		return !ever && dialled
	case cases.NoNumberKnown:
		return dialled
	case cases.NobodyFits:
		return false // somebody comes on duty, or is late for it: then the task is late
	}
	return !waits(one)
}

// firstOpen is when the task could first have been dialled, as far as its due
// time and its windows go.
func firstOpen(t cases.Task) time.Time {
	if opens, ever := t.Window.NextOpen(t.Due); ever {
		return opens
	}
	return t.Due
}

// ReasonIn is why, as a word.
type ReasonIn struct {
	Reason string `json:"reason" doc:"a word such as wrong-window: what has no room for a name cannot hold one"`
}

func (in ReasonIn) check() error {
	if !isWord(in.Reason, 64) {
		return field("reason", "want a word such as wrong-window, without names or numbers")
	}
	return nil
}

// TaskState is what became of a task.
type TaskState struct {
	Task     cases.TaskID `json:"task"`
	SetAside bool         `json:"setAside"`
}

func setAside(r *request, in ReasonIn) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	w, err := r.theTask()
	if err != nil {
		return nil, err
	}
	if err := r.Store.SetAside(r.Context(), w.Task.ID, agent.ID(r.actor()), in.Reason, r.now); err != nil {
		return nil, err
	}
	return TaskState{w.Task.ID, true}, nil
}

func takeBack(r *request, _ Nothing) (any, error) {
	w, err := r.theTask()
	if err != nil {
		return nil, err
	}
	if err := r.Store.TakeBack(r.Context(), w.Task.ID, agent.ID(r.actor()), r.now); err != nil {
		return nil, err
	}
	return TaskState{w.Task.ID, false}, nil
}

// KindList is the kinds of call.
type KindList struct {
	Kinds []KindView `json:"kinds"`
}

// KindView is one of them.
type KindView struct {
	Kind     cases.Kind      `json:"kind"`
	Outcomes []cases.Outcome `json:"outcomes" doc:"what a call of the kind can come to, in the order in which an agent should see them"`
	Paused   bool            `json:"paused"`
	By       agent.ID        `json:"by,omitempty" doc:"who paused it"`
	Since    time.Time       `json:"since,omitzero"`
	Reason   string          `json:"reason,omitempty"`
}

func listKinds(r *request) (any, error) {
	paused, err := r.Store.PausedKinds(r.Context())
	if err != nil {
		return nil, err
	}
	out := KindList{}
	for _, k := range cases.Kinds {
		v := KindView{Kind: k, Outcomes: append([]cases.Outcome{}, cases.Outcomes(k)...)}
		for _, p := range paused {
			if p.Kind == k {
				v.Paused, v.By, v.Since, v.Reason = true, p.By, p.At, p.Reason
			}
		}
		out.Kinds = append(out.Kinds, v)
	}
	return out, nil
}

// KindState is what became of a kind.
type KindState struct {
	Kind   cases.Kind `json:"kind"`
	Paused bool       `json:"paused"`
}

func (r *request) theKind() (cases.Kind, error) {
	k := cases.Kind(r.PathValue("kind"))
	if !slices.Contains(cases.Kinds, k) || !k.Dialled() {
		return "", fault(404, "no-kind", "no kind of call has this name: see /kinds")
	}
	return k, nil
}

func pauseKind(r *request, in ReasonIn) (any, error) {
	k, err := r.theKind()
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if err := r.Store.PauseKind(r.Context(), postgres.Pause{Kind: k, By: agent.ID(r.actor()), At: r.now, Reason: in.Reason}); err != nil {
		return nil, err
	}
	return KindState{k, true}, nil
}

func resumeKind(r *request, _ Nothing) (any, error) {
	k, err := r.theKind()
	if err != nil {
		return nil, err
	}
	if err := r.Store.ResumeKind(r.Context(), k, agent.ID(r.actor()), r.now); err != nil {
		return nil, err
	}
	return KindState{k, false}, nil
}
