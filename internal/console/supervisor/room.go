package supervisor

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

// Options are what the room stands on. All must be set but Orders, Clock and Log.
type Options struct {
	Hub *console.Hub
	// Look gives the floor as this engine sees it, Health how the engine is: both out
	// of memory.
	Look   func() Moment
	Health func() Health
	// Config is the configuration in force.
	Config func() config.Config
	Store  Store
	// Orders carries out wishes; without it nothing can be done on the floor here.
	Orders Orders
	// Clock is the ladder's time; time.Now unless set.
	Clock func() time.Time
	Log   *slog.Logger
}

// Store is what the room needs of the database; *postgres.DB is one.
type Store interface {
	Sums
	Books
	Queues
	Deeds
	Works
}

// Works are the tasks, as the ladder knows them.
type Works interface {
	Task(ctx context.Context, id cases.TaskID, now time.Time) (postgres.Work, error)
}

// Sums are what reports are made of.
type Sums interface {
	CallSums(ctx context.Context, p postgres.Period, within []time.Duration) ([]postgres.CallSum, error)
	TimeSums(ctx context.Context, p postgres.Period) ([]postgres.TimeSum, error)
	AgentSums(ctx context.Context, from, to time.Time) (map[agent.ID]postgres.AgentSum, error)
	LadderSums(ctx context.Context, from, to time.Time) (postgres.LadderSum, error)
	Backlogs(ctx context.Context, now, lateBefore time.Time) ([]postgres.Backlog, error)
}

// Books are the roster and its history.
type Books interface {
	Roster(ctx context.Context) ([]roster.Person, int64, error)
	Person(ctx context.Context, id agent.ID) (roster.Person, error)
	ChangeAgent(ctx context.Context, p roster.Person, b postgres.Because) error
	RosterChanges(ctx context.Context, id agent.ID, before int64, limit int) ([]postgres.RosterChange, error)
	RosterChange(ctx context.Context, id int64) (postgres.RosterChange, error)
}

// Queues are what supervisors changed of them.
type Queues interface {
	QueueChanges(ctx context.Context, limit int) ([]postgres.QueueChange, error)
	ChangeQueues(ctx context.Context, since int64, settings []byte, b postgres.Because) error
}

// Deeds are the audit.
type Deeds interface {
	FindDeeds(ctx context.Context, f postgres.DeedFilter) ([]postgres.Deed, error)
	VerifyAudit(ctx context.Context) (rows int64, head []byte, err error)
}

//go:embed pages/*.html
var pages embed.FS

//go:embed static
var static embed.FS

// room is the room with what it stands on.
type room struct {
	Options
	watch *Watch
}

// Name is the folder of the room's files.
const Name = "supervisor"

// New is the room, to be given to console.New, and what must run beside it.
func New(o Options) (console.Room, *Watch) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &room{Options: o, watch: newWatch(o)}
	return console.Room{
		Name: Name, Words: words, Pages: within(pages, "pages"), Static: within(static, "static"),
		Routes: r.routes(),
		Links: []console.Link{
			{Path: "/wall", Word: "super.wall", Route: "wall"},
			{Path: "/wall/big", Word: "super.wall", Route: "wall-big", Screen: true},
			{Path: "/floor", Word: "super.floor", Route: "floor"},
			{Path: "/cases", Word: "super.cases", Route: "cases"},
			{Path: "/tasks", Word: "super.tasks", Route: "tasks"},
			{Path: "/recordings", Word: "super.recordings", Route: "recordings"},
			{Path: "/exports", Word: "super.exports", Route: "exports"},
			{Path: "/reports", Word: "super.reports", Route: "reports"},
			{Path: "/roster", Word: "super.roster", Route: "roster"},
			{Path: "/queues", Word: "super.queues", Route: "queues"},
			{Path: "/audit", Word: "super.audit", Route: "audit"},
		},
	}, r.watch
}

// within is a folder of embedded files.
func within(files embed.FS, folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

func (r *room) routes() []console.Route {
	get := func(name, pattern string, handle func(*console.Request) error) console.Route {
		return console.Route{Name: name, Method: http.MethodGet, Pattern: pattern, Handle: handle}
	}
	post := func(name, pattern string, handle func(*console.Request) error) console.Route {
		return console.Route{Name: name, Method: http.MethodPost, Pattern: pattern, Changes: true, Handle: handle}
	}
	live := func(name, pattern string, handle func(*console.Request) error) console.Route {
		return console.Route{Name: name, Method: http.MethodGet, Pattern: pattern, Live: true, Handle: handle}
	}
	return []console.Route{
		get("wall", "/wall", r.wall), get("wall-big", "/wall/big", r.wallBig), live("wall-live", "/wall/live", r.wallLive), post("wall-display", "/wall/display", r.wallDisplay),
		get("floor", "/floor", r.floor), live("floor-live", "/floor/live", r.floorLive), post("floor-order", "/floor/orders", r.order),
		get("roster", "/roster", r.roster), get("roster-agent", "/roster/{agent}", r.rosterAgent),
		post("roster-change", "/roster/{agent}", r.rosterChange), get("roster-changes", "/roster-changes", r.rosterChanges),
		post("roster-undo", "/roster-changes/{change}/undo", r.rosterUndo),
		get("queues", "/queues", r.queues), post("queues-change", "/queues", r.queuesChange), post("queues-undo", "/queues/{version}/undo", r.queuesUndo),
		get("cases", "/cases", r.cases), post("cases-search", "/cases/search", r.casesSearch), get("case", "/cases/{case}", r.oneCase),
		post("case-open", "/cases/{case}/private", r.caseOpen), post("case-decide", "/cases/{case}/decisions", r.caseDecide),
		get("tasks", "/tasks", r.tasks), post("task-aside", "/tasks/{task}/set-aside", r.taskAside), post("task-back", "/tasks/{task}/take-back", r.taskBack),
		post("kind-pause", "/kinds/{kind}/pause", r.kindPause), post("kind-resume", "/kinds/{kind}/resume", r.kindResume),
		get("recordings", "/recordings", r.recordings), post("recordings-search", "/recordings/search", r.recordingsSearch),
		get("recording", "/recordings/{recording}", r.recording),
		get("exports", "/exports", r.exports), post("export-ask", "/recordings/{recording}/exports", r.exportAsk), post("export-approve", "/exports/{export}/approve", r.exportApprove),
		get("reports", "/reports", r.reports), get("report", "/reports/{report}", r.report), get("report-csv", "/reports/{report}/csv", r.reportCSV),
		get("audit", "/audit", r.audit), post("audit-verify", "/audit/verify", r.auditVerify),
	}
}
