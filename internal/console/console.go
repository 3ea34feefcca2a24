package console

import (
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/person"
)

// Store is what the console needs of the database; *postgres.DB is one.
type Store interface {
	Accounts
	Sessions
}

// Accounts are who may sign in.
type Accounts interface {
	Account(ctx context.Context, id string) (postgres.Account, error)
	AccountByLogin(ctx context.Context, login string) (postgres.Account, error)
	AccountBySubject(ctx context.Context, subject string) (postgres.Account, error)
	SetPassword(ctx context.Context, id string, password roster.Secret, at time.Time) (generation int64, err error)
	BeginEnrolment(ctx context.Context, id string, secret person.Words) error
	UseCode(ctx context.Context, id string, step int64, at time.Time) error
	SignedIn(ctx context.Context, id, how string, at time.Time) error
	SignInFailed(ctx context.Context, id string, at time.Time) error
	SetAccount(ctx context.Context, u postgres.Account, by string, at time.Time) error
}

// Sessions are who has.
type Sessions interface {
	Session(ctx context.Context, hash string, now time.Time) (data []byte, expires time.Time, found bool, err error)
	KeepSession(ctx context.Context, hash string, data []byte, expires time.Time) error
	EndSession(ctx context.Context, hash string) error
	SweepSessions(ctx context.Context, now time.Time) error
}

// Options of the console.
type Options struct {
	Store Store
	Rooms []Room
	Hub   *Hub
	// API serves what is below /api/; nil serves nothing there. It asks Token who
	// is signed in.
	API http.Handler
	// Busy reports whether an agent has a call in hand, or what follows it: then
	// her session does not go idle. May be nil.
	Busy func(agent.ID) bool
	// Idle and Absolute are how long a session lasts without and with use.
	Idle, Absolute time.Duration
	// Display is how long a screen on a wall goes on, with or without use.
	Display time.Duration
	// TLS: browsers speak with us encrypted.
	TLS bool
	// Provider signs people in elsewhere; nil offers local accounts only.
	Provider *Provider
	// Connect are origins besides our own that scripts may speak with: a softphone's
	// websocket.
	Connect  []string
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// Console is what browsers speak with.
type Console struct {
	Options
	mux      *http.ServeMux
	routes   map[string]Route // by pattern
	rooms    []Room
	pages    map[string]*template.Template
	static   *static
	words    Catalogue
	origin   *http.CrossOriginProtection
	sessions *scs.SessionManager
	kept     *keeper
	people   *people
	limits   limits
	metrics  *metrics
	provider *Provider
	proof    chan struct{} // held while a password is checked: that takes a core
	policy   string        // Content-Security-Policy
	stopped  chan struct{}
}

// ownRoom is the name of the room that signs people in.
const ownRoom = "console"

// New is a console. Run it beside serving.
func New(o Options) (*Console, error) {
	if o.Store == nil || o.Hub == nil || o.Registry == nil {
		return nil, errors.New("console: want a store, a hub and a registry")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Busy == nil {
		o.Busy = func(agent.ID) bool { return false }
	}
	c := &Console{
		Options: o, mux: http.NewServeMux(), routes: map[string]Route{}, origin: http.NewCrossOriginProtection(),
		limits: newLimits(), metrics: newMetrics(o.Registry, o.Hub), provider: o.Provider,
		proof: make(chan struct{}, 1), policy: policyOf(o.Connect), stopped: make(chan struct{}),
	}
	c.rooms = append([]Room{c.signInRoom()}, o.Rooms...)
	if err := checkRoutes(c.rooms); err != nil {
		return nil, err
	}
	var err error
	if c.pages, err = parsePages(c.rooms); err != nil {
		return nil, err
	}
	if c.static, err = readStatic(c.rooms); err != nil {
		return nil, err
	}
	if c.words, err = join(c.rooms); err != nil {
		return nil, err
	}
	for _, room := range c.rooms {
		for _, rt := range room.Routes {
			c.routes[rt.pattern()] = rt
			c.mux.Handle(rt.pattern(), c.serve(rt, room.Name))
		}
	}
	c.kept = newKeeper(o.Store, o.Log, o.Idle)
	c.people = newPeople(o.Store)
	c.sessions = newSessions(c.kept, o)
	return c, nil
}

// Run looks after sessions until ctx ends; then every stream ends.
func (c *Console) Run(ctx context.Context) {
	defer close(c.stopped)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.kept.tidy(ctx)
			c.limits.tidy(time.Now())
		}
	}
}

func policyOf(connect []string) string {
	speaks := "'self'"
	for _, one := range connect {
		speaks += " " + one
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self' blob:; connect-src " + speaks +
		"; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// parsePath takes a path out of a text; "/" if there is none.
func parsePath(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Host != "" || u.Scheme != "" || len(u.Path) == 0 || u.Path[0] != '/' {
		return &url.URL{Path: "/"}
	}
	return &url.URL{Path: u.Path}
}
