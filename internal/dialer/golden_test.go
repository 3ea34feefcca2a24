package dialer

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/number"
)

var rewrite = flag.Bool("rewrite", false, "write what the dialer does today into testdata")

var server *stack.Stack

func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true}, func(s *stack.Stack) int {
		server = s
		return m.Run()
	}))
}

// The golden ladder: whole lives on a fake clock with scripted answers, over the
// real store and the real dialer. Only the engine is played: what it is told to
// dial is written down, in the order in which it happens.

// script is a case with what everybody says, in the order of their calls.
type script struct {
	name     string
	change   func(*intake.Registration)
	offender []string // outcomes or causes; the last one stays
	contact  []string
	victim   []string
	// later happens to the case on a day.
	later map[int]cases.What
	days  int
}

var scripts = []script{
	{name: "through FFR and station to thirty days and again from the start", days: 120, change: withContacts(2),
		offender: []string{"no-answer", "warned", "warned"}, contact: []string{"counselled", "refuses", "counselled"},
		victim: []string{"still-harassed", "still-harassed", "still-harassed", "satisfied", "negative", "satisfied", "positive"}},
	{name: "several feedbacks until she is satisfied", days: 60, offender: []string{"warned"}, victim: []string{"unsure", "unsure", "satisfied", "positive"}},
	{name: "withdrawal, asked again by another woman", days: 30, offender: []string{"warned"}, victim: []string{"withdraw", "confirms"}},
	{name: "wrong number of the offender", days: 30, offender: []string{"wrong-number"}, victim: []string{"still-harassed", "satisfied", "positive"}},
	{name: "the victim is not reached", days: 40, offender: []string{"warned"}, victim: []string{"no-answer"}},
	{name: "the offender is not reached", days: 30, offender: []string{"off", "busy", "no-answer", "rejected"}, victim: []string{"satisfied", "positive"}},
	{name: "a minor and a sexual offence", days: 30, change: func(r *intake.Registration) {
		r.Minor, r.Triage.Sexual, r.Triage.CalledHerself = true, true, true
	}, offender: []string{"warned"}, victim: []string{"satisfied", "positive"}},
	{name: "danger in a feedback", days: 20, offender: []string{"warned"}, victim: []string{"danger", "safe", "satisfied", "positive"},
		later: map[int]cases.What{4: cases.HelpConfirmed{}}},
	{name: "she wants nobody to speak with him", days: 50, change: func(r *intake.Registration) { r.Triage.Agrees = false },
		offender: []string{"warned"}, victim: []string{"satisfied", "positive"}},
}

func withContacts(n int) func(*intake.Registration) {
	return func(r *intake.Registration) {
		for i := range n {
			p := intake.Party{Sex: intake.Man, Relation: "brother", Approved: true}
			p.Numbers = []number.Number{parse(fmt.Sprintf("+9198333333%02d", i))}
			r.Contacts = append(r.Contacts, p)
		}
	}
}

func parse(text string) number.Number {
	n, err := number.Parse(text)
	if err != nil {
		panic(err)
	}
	return n
}

func TestGivenScriptedAnswers_WhenMonthsPass_ThenTheINVITEsAreThoseOfTheGoldenFile(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			got := live(t, s)
			file := filepath.Join("testdata", strings.ReplaceAll(s.name, " ", "_")+".txt")
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the INVITEs are others now (-want +got):\n%s", diff)
			}
		})
	}
}

// begin is a Monday, six in the morning in Uttar Pradesh.
var begin = time.Date(2026, 3, 2, 0, 30, 0, 0, time.UTC)

// played is the engine, the clock and the people of one script.
type played struct {
	t      *testing.T
	db     *postgres.DB
	d      *Dialer
	ladder cases.Rules
	script script
	now    time.Time
	people []agent.Profile
	said   map[string]int // by role: how many have spoken
	lines  []string
}

// live lives a script's case to its end, an hour at a time.
func live(t *testing.T, s script) string {
	t.Helper()
	p := &played{t: t, script: s, now: begin, said: map[string]int{}, people: staff(), ladder: cases.DefaultRules()}
	p.start()
	id := p.register()
	before := ""
	for day := range s.days {
		if what, there := s.later[day]; there {
			p.apply(id, fmt.Sprintf("later-%d", day), what)
		}
		for range 24 {
			p.step(0)
			file, err := p.db.Case(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if now := describe(file.Case); now != before {
				before = now
				p.note("   %s", now)
			}
			p.now = p.now.Add(time.Hour)
		}
	}
	return strings.Join(p.lines, "\n") + "\n"
}

// start opens the store of a played helpline and its dialer.
func (p *played) start() {
	p.db = database(p.t, p.people)
	settings := config.Default().Outbound
	settings.Trunk, settings.Reserve = "operator", config.Reserve{}
	p.d = New(Deps{
		Store: p.db, Settings: func() config.Outbound { return settings }, Metrics: NewMetrics(prometheus.NewRegistry()),
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return p.now },
		Ago: func(since time.Duration) time.Time { return p.now.Add(-since) },
	})
	p.d.engine = p
}

// step lets the dialer do its work, and time pass.
func (p *played) step(passes time.Duration) {
	p.d.settle(p.t.Context())
	p.d.dial(p.t.Context())
	p.now = p.now.Add(passes)
}

func describe(c cases.Case) string {
	text := fmt.Sprintf("the case is %s, cycle %d", c.State, c.Cycle)
	if c.State == cases.Closed {
		text += ", " + string(c.Closure)
	}
	if c.ForSupervisor() {
		text += ", with a supervisor: " + string(c.Supervisor.Why)
	}
	return text
}

func (p *played) note(format string, args ...any) {
	local := p.now.In(cases.Local)
	days := int(local.Sub(begin.In(cases.Local)).Hours() / 24)
	p.lines = append(p.lines, fmt.Sprintf("day %3d %s %s", days, local.Format("15:04"), fmt.Sprintf(format, args...)))
}

// staff are three women, of whom one registered the case, and two officers.
func staff() []agent.Profile {
	var all []agent.Profile
	for i := range 3 {
		all = append(all, agent.Profile{ID: agent.ID(fmt.Sprintf("w%d", i+1)), Woman: true, Counsellor: i == 2, Languages: []string{"hi"}, Categories: []string{"phone"}, Outbound: []string{"feedback"}})
	}
	for i := range 2 {
		all = append(all, agent.Profile{ID: agent.ID(fmt.Sprintf("m%d", i+1)), Officer: true, Languages: []string{"hi"}, Categories: []string{"ring-back"}, Outbound: []string{"offender", "ffr"}})
	}
	return all
}

// database is one of this test alone, with the staff in its roster.
func database(t *testing.T, people []agent.Profile) *postgres.DB {
	t.Helper()
	keys := postgres.Keys{Fingerprint: []byte(strings.Repeat("f", 32)), Seal: []byte(strings.Repeat("s", 32))}
	name := "golden" + strings.ToLower(rand.Text())
	if out, err := server.Psql(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	db, err := postgres.Open(t.Context(), strings.Replace(server.Postgres.URL, "/postgres?", "/"+name+"?", 1), postgres.Options{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var persons []roster.Person
	for _, p := range people {
		n, err := roster.NewName(string(p.ID))
		if err != nil {
			t.Fatal(err)
		}
		persons = append(persons, roster.Person{Profile: p, Name: n, Active: true})
	}
	if err := db.ImportRoster(t.Context(), persons); err != nil {
		t.Fatal(err)
	}
	return db
}

func (p *played) register() string {
	r := intake.Registration{
		Case: intake.CaseID(p.script.name), EventID: "registered", At: p.now, Taker: "w1", District: "Lucknow", Category: "phone",
		Victim:   intake.Party{Sex: intake.Woman, Numbers: []number.Number{parse("+919811111101")}},
		Offender: intake.Party{Sex: intake.Man, Numbers: []number.Number{parse("+919822222201")}},
		Terms:    cases.Terms{MayCall: true}, Triage: cases.Triage{Track: cases.Counsellable, Agrees: true, Complainants: 1},
	}
	if p.script.change != nil {
		p.script.change(&r)
	}
	if _, err := p.db.Register(p.t.Context(), p.ladder, r); err != nil {
		p.t.Fatal(err)
	}
	return r.Case
}

func (p *played) apply(id, event string, what cases.What) {
	ev := cases.Event{ID: event, Version: postgres.AnyVersion, At: p.now, By: "w1", What: what}
	if step, err := p.db.Apply(p.t.Context(), p.ladder, id, ev, intake.Told{}); err != nil || step.Verdict != cases.Applied {
		p.t.Fatalf("%s: %v %v", event, step.Verdict, err)
	}
}

// View implements Engine: everybody is there and idle.
func (p *played) View() acd.View {
	v := acd.View{Ready: true}
	for _, one := range p.people {
		v.Agents = append(v.Agents, agent.Agent{Profile: one, Version: 1, Status: agent.Available, State: agent.Idle, Online: true, Since: begin})
	}
	return v
}

// TakeBack implements Engine.
func (p *played) TakeBack(string, string) {}

// Place implements Engine: the agent's leg is up at once, and the other side says
// what the script has for it.
func (p *played) Place(a acd.Placement) error {
	ctx := p.t.Context()
	to, err := p.d.Destination(ctx, a.Attempt)
	if err != nil {
		p.note("%-9s %s refused: %v", a.Work, a.Agent, err)
		return p.end(ctx, a, postgres.NotPlaced)
	}
	role := map[string]string{"+919811111101": "victim", "+919822222201": "offender"}[to.Number.Dial()]
	if role == "" {
		role = "contact"
	}
	answer := p.answer(role)
	p.note("INVITE %-8s from %s by %s (%s, %s): %s", role, to.Shown, a.Agent, a.Pool, a.Work, answer)
	p.lawful(role, a, to)
	if slices.Contains(cases.Causes, cases.Cause(answer)) {
		return p.end(ctx, a, answer)
	}
	if err := p.end(ctx, a, string(cases.Answered)); err != nil {
		return err
	}
	step, err := p.db.RecordOutcome(ctx, p.ladder, postgres.Report{
		EventID: a.Attempt + ".outcome", Attempt: a.Attempt, By: a.Agent, At: p.now, Outcome: cases.Outcome(answer),
		Said: cases.Said{Verified: true},
	})
	if err != nil || step.Verdict == cases.Refused {
		p.t.Errorf("%s says %s: %v %v", role, answer, step.Verdict, err)
	}
	return nil
}

// answer is the next word of the role's script; the last one stays.
func (p *played) answer(role string) string {
	all := map[string][]string{"victim": p.script.victim, "offender": p.script.offender, "contact": p.script.contact}[role]
	n := min(p.said[role], len(all)-1)
	p.said[role]++
	return all[n]
}

// lawful holds each INVITE against law 3, whatever the golden file says.
func (p *played) lawful(role string, a acd.Placement, to acd.Destination) {
	i := slices.IndexFunc(p.people, func(one agent.Profile) bool { return one.ID == a.Agent })
	woman := p.people[i].Woman
	if role == "victim" && (!woman || to.Shown != "1090") || role != "victim" && (woman || to.Shown != "1091") {
		p.t.Errorf("%s was called by %s from %s", role, a.Agent, to.Shown)
	}
}

func (p *played) end(ctx context.Context, a acd.Placement, result string) error {
	e := postgres.AttemptEnd{Attempt: a.Attempt, Owner: "played", Ended: p.now, Result: result}
	if result != postgres.NotPlaced {
		e.Dialled = p.now
	}
	if result == string(cases.Answered) {
		e.Answered, e.Agent = p.now, string(a.Agent)
	}
	return p.db.WriteRecords(ctx, []postgres.Record{e})
}

// TestGivenAnAttemptWasWritten_… is the one point at which a dialer can die and
// leave nothing but a row: the attempt holds the number and its task, and nobody
// will ever dial it.
func TestGivenAnAttemptWasWritten_WhenTheDialerDiedBeforeItWasPlaced_ThenItEndsAndTheTaskIsDialledAgain(t *testing.T) {
	t.Parallel()
	p := &played{t: t, now: begin.Add(4 * time.Hour), said: map[string]int{}, people: staff(), ladder: cases.DefaultRules(),
		script: script{name: "died", offender: []string{"warned"}, victim: []string{"satisfied"}}}
	p.start()
	id := p.register()
	due, err := p.db.Due(t.Context(), p.ladder, p.now, 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("%d tasks are due: %v", len(due), err)
	}
	task := due[0].Task
	lost := postgres.Attempt{ID: "out-lost", Task: task.ID, Case: id, Kind: task.Kind, Number: task.Number, Agent: "m1", CallerID: "1091", At: p.now}
	if err := p.db.StartAttempt(t.Context(), p.ladder, lost); err != nil {
		t.Fatal(err)
	}
	p.step(time.Minute)
	if len(p.lines) > 0 {
		t.Errorf("dialled beside an attempt that may live: %v", p.lines)
	}
	p.step(time.Minute) // older than any attempt without a call may be
	for range unseenFor - 1 {
		p.step(time.Second)
	}
	if files, err := p.db.Attempts(t.Context(), task.ID, ""); err != nil || len(files) != 1 || files[0].End != nil {
		t.Errorf("ended while a store may be built again: %+v, %v", files, err)
	}
	p.step(time.Second)
	p.step(p.ladder.Retry.Cancelled)
	p.step(time.Minute)
	if len(p.lines) != 1 || !strings.Contains(p.lines[0], "INVITE offender") {
		t.Errorf("the task was not dialled once: %v", p.lines)
	}
	files, err := p.db.Attempts(t.Context(), task.ID, "")
	if err != nil || len(files) != 2 || files[0].End == nil || files[0].End.Result != postgres.Interrupted {
		t.Errorf("attempts %+v: %v", files, err)
	}
}
