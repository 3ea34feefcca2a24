package console

import "slices"

// The groups of roles that routes are given to.
var (
	everybody   = []Role{Everybody}
	signedIn    = Roles
	seated      = Seated
	supervisors = []Role{Supervisor}
	watchers    = []Role{Supervisor, Auditor}
	auditors    = []Role{Auditor, Administrator}
	leading     = slices.Concat(Seated, []Role{Supervisor})
	screens     = []Role{Supervisor, Auditor, Display}
	anybodyIn   = slices.Concat(Roles, []Role{Display})
)

// Permissions says who may use which route, by its name. It is the only such
// table of the console; docs/security.md shows it, and a test holds the two
// together. What is below /api/v1 has its table in package api.
var Permissions = map[string][]Role{
	// Signing in.
	"sign-in-page":    everybody,
	"sign-in":         everybody,
	"code-page":       everybody,
	"code":            everybody,
	"enrol-page":      everybody,
	"enrol-image":     everybody,
	"enrol":           everybody,
	"password-page":   everybody,
	"password":        everybody,
	"provider":        everybody,
	"provider-return": everybody,
	"language":        everybody,

	// The supervisors' room.
	"wall":              watchers,
	"wall-big":          screens,
	"wall-live":         screens,
	"wall-display":      watchers,
	"floor":             supervisors,
	"floor-live":        supervisors,
	"floor-order":       supervisors,
	"roster":            {Supervisor, Administrator},
	"roster-agent":      {Supervisor, Administrator},
	"roster-change":     supervisors,
	"roster-changes":    {Supervisor, Auditor, Administrator},
	"roster-undo":       supervisors,
	"queues":            {Supervisor, Auditor, Administrator},
	"queues-change":     supervisors,
	"queues-undo":       supervisors,
	"cases":             supervisors,
	"cases-search":      supervisors,
	"case":              supervisors,
	"case-open":         supervisors,
	"case-decide":       supervisors,
	"tasks":             supervisors,
	"task-aside":        supervisors,
	"task-back":         supervisors,
	"kind-pause":        supervisors,
	"kind-resume":       supervisors,
	"recordings":        supervisors,
	"recordings-search": supervisors,
	"recording":         supervisors,
	"export-ask":        supervisors,
	"export-approve":    supervisors,
	"exports":           watchers,
	"reports":           watchers,
	"report":            watchers,
	"report-csv":        watchers,
	"audit":             auditors,
	"audit-verify":      auditors,

	// Everybody who is signed in.
	"home":     anybodyIn,
	"me":       signedIn,
	"here":     signedIn,
	"sign-out": anybodyIn,

	// Desks. Each shows the person who asks, and nobody else; what it may show of a
	// call follows from that person's profile (package desk).
	"desk":         seated,
	"desk-stream":  seated,
	"desk-draft":   seated,
	"desk-keep":    seated,
	"desk-hint":    seated,
	"desk-close":   seated,
	"desk-outcome": seated,
	"desk-order":   seated,

	// The telephone in the browser.
	"softphone-page":   seated,
	"softphone-lend":   seated,
	"softphone-return": seated,
}
