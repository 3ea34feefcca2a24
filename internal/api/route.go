package api

import (
	"powerline/internal/postgres"
)

// route is a row of the table: what is served, to whom, and what it takes and
// gives. The OpenAPI document is made of it.
type route struct {
	Method, Path string
	// Name is the operation's id in the OpenAPI document, Doc what it does.
	Name, Doc string
	// Roles may use it; none means everybody, without a token.
	Roles []postgres.Access
	// Women: agents who use it are women, for it is about victims.
	Women bool
	// Changes: it carries an idempotency key.
	Changes bool
	// Purpose: it opens something private, and says why.
	Purpose bool
	// Address: the purpose may stand in the address instead of the header. Players
	// and downloads of a browser send no headers of ours.
	Address bool
	// Heard: it is about audio. What it refuses is audited as well.
	Heard  bool
	Query  []parameter
	Status int // of success; 200 unless set
	Out    any // an empty value of the answer
	Limit  int // bytes of the body; 64 KiB unless set
	act    action
}

func (rt route) pattern() string {
	if rt.Method == "" {
		return Base + rt.Path
	}
	return rt.Method + " " + Base + rt.Path
}

// parameter of the query.
type parameter struct {
	Name, Doc string
	Words     []string // what it can be; empty for anything of its form
}

// action is what a route does. In is an empty value of its body; nil for none.
type action struct {
	in any
	do func(*request) (any, error)
}

// act is an action without a body.
func act(do func(*request) (any, error)) action { return action{do: do} }

// takes is an action with a body.
func takes[T any](do func(*request, T) (any, error)) action {
	return action{in: *new(T), do: func(r *request) (any, error) {
		in, err := decode[T](r.body)
		if err != nil {
			return nil, err
		}
		return do(r, in)
	}}
}

// The roles in short.
const (
	agents      = postgres.AccessAgent
	supervisors = postgres.AccessSupervisor
	operators   = postgres.AccessOperator
	auditors    = postgres.AccessAuditor // of the console: reads what was done, and nothing private
	services    = postgres.AccessService // the cyber cell, 112, the police's and the intake's systems
)

func may(roles ...postgres.Access) []postgres.Access { return roles }

// routes is the whole API. It is filled in by init, because the document that
// it serves is checked against it.
var routes []route

func init() {
	for _, some := range [][]route{openRoutes, caseRoutes, eventRoutes, taskRoutes, officeRoutes, recordingRoutes} {
		routes = append(routes, some...)
	}
}

var openRoutes = []route{
	{Method: "GET", Path: "/health", Name: "health", Doc: "Whether the API and its store answer. Needs no token.", Out: Health{}, act: act(health)},
	{Method: "GET", Path: "/openapi.json", Name: "openapi", Doc: "This document. Needs no token.", Out: map[string]any{}, act: act(document)},
}

var caseRoutes = []route{
	{Method: "POST", Path: "/cases", Name: "registerCase", Roles: may(agents, supervisors, services), Women: true, Changes: true, Status: 201, Out: Registered{},
		Doc: "Registers a complaint with its persons, numbers and safe-contact terms. An agent registers as herself; others name the woman who took it down.", act: takes(register)},
	{Method: "GET", Path: "/cases", Name: "listCases", Roles: may(agents, supervisors, operators, services, auditors), Women: true, Out: CaseList{}, Query: caseParameters,
		Doc: "Lists cases in order of id, without anything private. Sealed cases are shown to supervisors only.", act: act(listCases)},
	{Method: "POST", Path: "/cases/search", Name: "searchCases", Roles: may(agents, supervisors), Women: true, Out: CaseList{},
		Doc: "Finds cases by complaint number or telephone number. A POST, so that neither stands in an address.", act: takes(search)},
	{Method: "GET", Path: "/cases/{case}", Name: "readCase", Roles: may(agents, supervisors, operators, services, auditors), Women: true, Out: CaseView{},
		Doc: "Reads a case without anything private. Her terms are shown to agents and supervisors.", act: act(readCase)},
	{Method: "GET", Path: "/cases/{case}/private", Name: "openCase", Roles: may(supervisors), Purpose: true, Out: PrivateCase{},
		Doc: "Opens names, numbers, what she told, and the terms of her numbers. The purpose stands in the audit.", act: act(openCase)},
	{Method: "GET", Path: "/cases/{case}/history", Name: "caseHistory", Roles: may(agents, supervisors, operators, auditors), Women: true, Out: History{},
		Doc: "Everything that moved the case, oldest first.", act: act(history)},
	{Method: "GET", Path: "/cases/{case}/attempts", Name: "caseAttempts", Roles: may(supervisors, operators, auditors), Out: AttemptList{},
		Doc: "Every dial for the case, oldest first.", act: act(attempts)},
	{Method: "GET", Path: "/cases/{case}/dossier", Name: "caseDossier", Roles: may(supervisors), Purpose: true, Out: Dossier{},
		Doc: "What a police station gets: all that happened, stage by stage. With Accept: text/html a page to print.", act: act(dossier)},
}

var eventRoutes = []route{
	{Method: "POST", Path: "/cases/{case}/calls", Name: "sheCalled", Roles: may(agents, supervisors), Women: true, Changes: true, Out: Moved{},
		Doc: "She rang us about the case: what she said, with new numbers of the offender and contacts whom she names.", act: takes(sheCalled)},
	{Method: "POST", Path: "/cases/{case}/offender", Name: "offenderFound", Roles: may(supervisors, services), Changes: true, Out: Moved{},
		Doc: "The cyber cell has found who the offender is.", act: takes(found)},
	{Method: "POST", Path: "/cases/{case}/triage", Name: "triage", Roles: may(agents, supervisors), Women: true, Changes: true, Out: Moved{},
		Doc: "Decides the track of a registered case.", act: takes(triage)},
	{Method: "POST", Path: "/cases/{case}/terms", Name: "changeTerms", Roles: may(agents, supervisors), Women: true, Changes: true, Out: Moved{},
		Doc: "Changes when and how she may be called, and the terms of her numbers. The terms are replaced as a whole.", act: takes(changeTerms)},
	{Method: "POST", Path: "/cases/{case}/veto", Name: "veto", Roles: may(agents, supervisors), Women: true, Changes: true, Out: Moved{},
		Doc: "She wants no contact with the offender any more.", act: takes(veto)},
	{Method: "POST", Path: "/cases/{case}/decisions", Name: "decide", Roles: may(supervisors), Changes: true, Out: Moved{},
		Doc: "A supervisor decides: holds, goes on, reopens, reassigns a task, sends to a stage, closes. Names the version on which she decided.", act: takes(decide)},
	{Method: "POST", Path: "/cases/{case}/police-report", Name: "policeReport", Roles: may(supervisors, services), Changes: true, Out: Moved{},
		Doc: "The action report of the police has come.", act: takes(fact(policeReported))},
	{Method: "POST", Path: "/cases/{case}/child-report", Name: "childReport", Roles: may(supervisors, services), Changes: true, Out: Moved{},
		Doc: "The report on a child has been filed.", act: takes(fact(childReported))},
	{Method: "POST", Path: "/cases/{case}/help-confirmation", Name: "helpConfirmation", Roles: may(supervisors, services), Changes: true, Out: Moved{},
		Doc: "112 has made contact with her.", act: takes(fact(helpConfirmed))},
	{Method: "POST", Path: "/cases/{case}/care-clearance", Name: "careClearance", Roles: may(agents), Women: true, Changes: true, Out: Moved{},
		Doc: "A counsellor has no objection to the ladder going on.", act: takes(clearCare)},
}

var taskRoutes = []route{
	{Method: "GET", Path: "/tasks", Name: "listTasks", Roles: may(supervisors, operators, auditors), Out: TaskList{}, Query: taskParameters,
		Doc: "Lists tasks in hand, the most urgent first, each with the rules that forbid dialling it now.", act: act(listTasks)},
	{Method: "GET", Path: "/tasks/{task}/explain", Name: "explainTask", Roles: may(supervisors, operators, auditors), Out: TaskView{},
		Doc: "Why a task is not being dialled now, each rule by name.", act: act(explain)},
	{Method: "POST", Path: "/tasks/{task}/set-aside", Name: "setAside", Roles: may(supervisors, operators), Changes: true, Out: TaskState{},
		Doc: "Takes a task that cannot be worked on out of the way.", act: takes(setAside)},
	{Method: "POST", Path: "/tasks/{task}/take-back", Name: "takeBack", Roles: may(supervisors, operators), Changes: true, Out: TaskState{},
		Doc: "Puts a task that was set aside among the others again.", act: takes(takeBack)},
	{Method: "POST", Path: "/tasks/{task}/outcome", Name: "taskOutcome", Roles: may(agents, supervisors), Changes: true, Out: Coded{},
		Doc: "Codes a conversation about a task in hand that we did not dial, for she or he rang us.", act: takes(taskOutcome)},
	{Method: "POST", Path: "/attempts/{attempt}/outcome", Name: "attemptOutcome", Roles: may(agents, supervisors), Changes: true, Out: Coded{},
		Doc: "Codes the outcome of a call that was answered. An agent codes her own calls.", act: takes(attemptOutcome)},
	{Method: "GET", Path: "/agents/{agent}/task", Name: "preview", Roles: may(agents, supervisors), Out: Preview{},
		Doc: "What the agent has in hand: whom she will speak with and what it is about. For herself and supervisors. It is audited.", act: act(preview)},
	{Method: "GET", Path: "/kinds", Name: "listKinds", Roles: may(agents, supervisors, operators, auditors), Out: KindList{},
		Doc: "The kinds of call, their outcomes, and which are paused.", act: act(listKinds)},
	{Method: "POST", Path: "/kinds/{kind}/pause", Name: "pauseKind", Roles: may(supervisors, operators), Changes: true, Out: KindState{},
		Doc: "Stops one kind of call.", act: takes(pauseKind)},
	{Method: "POST", Path: "/kinds/{kind}/resume", Name: "resumeKind", Roles: may(supervisors, operators), Changes: true, Out: KindState{},
		Doc: "Lets it go on.", act: takes(resumeKind)},
}

var officeRoutes = []route{
	{Method: "GET", Path: "/stations", Name: "listStations", Roles: may(agents, supervisors, operators, services, auditors), Out: StationList{},
		Query: []parameter{{Name: "district", Doc: "only those of one district"}}, Doc: "The directory of police stations.", act: act(listStations)},
	{Method: "POST", Path: "/stations", Name: "importStations", Roles: may(operators), Changes: true, Limit: 1 << 20, Out: Imported{},
		Doc: "Stores police stations, all or none. Those that are not named stay as they are.", act: takes(importStations)},
	{Method: "GET", Path: "/deliveries", Name: "deliveries", Roles: may(supervisors, operators, auditors), Out: Deliveries{},
		Doc: "How much waits to be delivered by webhook, and how much was given up.", act: act(deliveries)},
	{Method: "GET", Path: "/audit", Name: "listAudit", Roles: may(supervisors, operators, auditors), Out: Audit{}, Doc: "Who did what to what, in order.", act: act(listAudit),
		Query: []parameter{{Name: "after", Doc: "only rows behind this sequence number"}, {Name: "limit", Doc: "at most so many: 100 unless given, 1000 at most"}}},
	{Method: "GET", Path: "/audit/verify", Name: "verifyAudit", Roles: may(supervisors, operators, auditors), Out: Verified{},
		Doc: "Computes the chain of the audit again. Keep the last hash elsewhere from time to time.", act: act(verifyAudit)},
}
