package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

var (
	rounds = flag.Int("rounds", 3, "how often each benchmark is repeated; the systems take turns within a round")
	only   = flag.String("systems", "", "of powerline,app_queue,dial only these, to be quick while something is tried; a ratio needs all")
)

// The systems that are compared, and the number that leads to each.
const (
	powerline = powerlineName
	appQueue  = appQueueName
	plainDial = dialName
)

// dialNumber and three digits ring the agent of that number.
const dialNumber = "1097"

var numbers = map[string]string{powerline: helpline.Direct, appQueue: helpline.AppQueue, plainDial: dialNumber}

// site is a helpline with app_queue and Dial() beside it, and a meter.
type site struct {
	*helpline.Helpline
	meter   *Meter
	machine Machine
	agents  int
}

// open starts a site. Its agents log in as people do, and are deaf from then
// on: SIP and what Asterisk does is measured, not the price of listening.
func open(b *testing.B, agents int) (*site, context.Context) {
	b.Helper()
	return openAs(b, agents, helpline.Options{})
}

// openAs is open for a helpline that has more than agents.
func openAs(b *testing.B, agents int, o helpline.Options) (*site, context.Context) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Minute)
	b.Cleanup(cancel)
	s := &site{agents: agents}
	began := time.Now()
	o.Women, o.Silent, o.Durable, o.AtOnce, o.Changes = agents, true, true, 16, []func(*config.Config){asInProduction}
	h, err := helpline.Open(ctx, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if b.Failed() {
			h.KeepLogs(b.Logf, "bench-"+filepath.Base(b.Name()))
		}
		h.Close()
	})
	s.Helpline = h
	if err := s.besides(ctx); err != nil {
		b.Fatal(err)
	}
	if err := s.logIn(ctx); err != nil {
		b.Fatal(err)
	}
	for _, p := range h.People {
		h.Agents.Phone(string(p.ID), phone.Deaf())
	}
	if s.machine, err = ThisMachine(); err != nil {
		b.Fatal(err)
	}
	if s.meter, err = NewMeter(programsOf(h)); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d agents were logged in %.0f s after the beginning", agents, time.Since(began).Seconds())
	return s, ctx
}

// logIn lets everybody log in, and again those whom a busy machine has let down,
// as the people at the seats would.
func (s *site) logIn(ctx context.Context) (err error) {
	for try := 0; try < 3; try++ {
		limited, cancel := context.WithTimeout(ctx, 30*time.Second+time.Duration(s.agents)*time.Second/2)
		err = s.LogIn(limited, s.People...)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// asInProduction takes back what the tests' helpline makes handy.
func asInProduction(c *config.Config) { c.Log.Level = config.Default().Log.Level }

// The programs of a site, as the tables name them. The phones are this process.
const (
	asterisk = "asterisk"
	acd      = "acd"
	dialer   = "dialer"
	redis    = "redis"
	postgres = "postgres"
	phones   = "phones"
)

func programsOf(h *helpline.Helpline) map[string]func() int {
	programs := map[string]func() int{
		asterisk: h.Asterisk.PID, acd: h.Engines[0].PID, redis: h.Redis.PID, postgres: h.Postgres.PID,
		phones: os.Getpid,
	}
	if len(h.Dialers) > 0 {
		programs[dialer] = h.Dialers[0].PID
	}
	return programs
}

// besides adds a number that goes to app_queue as a well-kept dialplan does,
// answered first, with the members and settings of the fallback; and one that
// rings any agent's phone by a plain Dial().
func (s *site) besides(ctx context.Context) error {
	path := filepath.Join(s.Asterisk.Settings.Dirs.Etc, "extensions.conf")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	fmt.Fprintf(f, "\n[from-trunk](+)\nexten => %s,1,Answer(,i)\n same => n,Queue(women-hi,CiI)\n same => n,Hangup()\n", helpline.AppQueue)
	fmt.Fprintf(f, "exten => _%sXXX,1,Dial(PJSIP/w${EXTEN:-3},30)\n same => n,Hangup()\n", dialNumber)
	// The helpline itself never dials, so its Asterisk does not load this.
	if _, err := s.Asterisk.CLI(ctx, "module load app_dial"); err != nil {
		return err
	}
	_, err = s.Asterisk.CLI(ctx, "dialplan reload")
	return err
}

// idle waits until every agent may be rung, whatever the round before did to her.
func (s *site) idle(ctx context.Context, b *testing.B) {
	b.Helper()
	state, err := s.State(ctx)
	if err != nil {
		b.Fatal(err)
	}
	away := map[agent.ID]bool{}
	for _, a := range state.Agents {
		away[a.Profile.ID] = a.Status == agent.NotReady
	}
	for _, p := range s.People {
		if away[p.ID] {
			_ = s.Dial(ctx, p, "*13") // UntilAgents judges
		}
	}
	if err := s.UntilAgents(ctx, "all agents are idle", s.People, func(a agent.Agent) bool { return a.Routable() }); err != nil {
		b.Fatal(err)
	}
}

// calm waits until Asterisk has no channel left, so that what one step or system
// could not bear does not weigh on the next.
func (s *site) calm(ctx context.Context, b *testing.B, system string) {
	b.Helper()
	err := helpline.Until(ctx, "Asterisk has no channel left", func() bool {
		channels, err := s.Asterisk.CLI(ctx, "core show channels concise")
		return err == nil && strings.TrimSpace(channels) == ""
	})
	if err != nil {
		b.Error(err)
	}
	if system == powerline {
		s.idle(ctx, b)
	}
}

// alone stops the engine while another system is measured: it would fetch the
// callers out of app_queue, as is its duty. The function starts it again.
func (s *site) alone(ctx context.Context, b *testing.B, system string) func() {
	b.Helper()
	if system == powerline {
		return func() {}
	}
	engine := s.Engines[0]
	engine.Stop()
	return func() {
		if err := errors.Join(engine.Start(), engine.Ready(ctx)); err != nil {
			b.Error(err)
		}
	}
}

// turn is one system's turn in one round.
type turn struct {
	*site
	*testing.B
	ctx    context.Context
	system string
	number string
	round  int
	before Reading // when it began
}

// turnLasts bounds a turn: one that hangs must not hold up the others.
const turnLasts = 4 * time.Minute

// turns lets the systems take turns, round after round, and keeps the figures
// of each. A turn without figures has failed and says so itself.
func (s *site) turns(ctx context.Context, b *testing.B, systems []string, size map[string]float64, do func(turn) map[string]float64) {
	b.Helper()
	s.turnsOf(ctx, b, systems, func(t turn) { t.keep(size, do(t)) })
}

// turnsOf is turns for a turn that keeps its results itself, several of them.
func (s *site) turnsOf(ctx context.Context, b *testing.B, systems []string, do func(turn)) {
	b.Helper()
	for round := range *rounds {
		for _, system := range systems {
			if *only != "" && !slices.Contains(strings.Split(*only, ","), system) {
				continue
			}
			b.Run(fmt.Sprintf("round=%d/%s", round+1, system), func(b *testing.B) {
				ctx, cancel := context.WithTimeout(ctx, turnLasts)
				defer cancel()
				s.idle(ctx, b)
				defer s.alone(ctx, b, system)()
				do(turn{s, b, ctx, system, numbers[system], round + 1, must(b)(s.meter.Read())})
			})
		}
	}
}

// keep writes the figures of a turn down, unless it has failed.
func (t turn) keep(size, figures map[string]float64) {
	if t.Failed() || len(figures) == 0 {
		return
	}
	r := Result{At: time.Now().UTC().Truncate(time.Second), Machine: t.machine, Bench: bench(t.B), System: t.system, Round: t.round, Size: size, Figures: figures}
	r.Beside = must(t.B)(t.meter.Read()).Since(t.before).Beside
	if err := Append(resultsPath(t.B), r); err != nil {
		t.Fatal(err)
	}
	t.ReportMetric(0, "ns/op")
	prefix := ""
	if rate, ok := size["calls/s"]; ok {
		prefix = fmt.Sprintf("at-%g/s-", rate)
	}
	for name, value := range figures {
		t.ReportMetric(value, prefix+name)
	}
}

// bench is the name of the benchmark that runs, without what stands behind it.
func bench(b *testing.B) string {
	name, _, _ := strings.Cut(b.Name(), "/")
	return name[len("Benchmark"):]
}

func must(b *testing.B) func(Reading, error) Reading {
	b.Helper()
	return func(r Reading, err error) Reading {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
}

// dial lets the n-th caller call. Dial() chooses nobody: she does, in turn.
func (t turn) dial(n int) (*phone.Call, error) {
	return t.dialFrom(t.caller(n), n)
}

func (t turn) dialFrom(p *phone.Phone, n int) (*phone.Call, error) {
	number := t.number
	if t.system == plainDial {
		number += fmt.Sprintf("%03d", 1+n%t.agents)
	}
	return p.Dial(t.ctx, number)
}

// caller is the phone of the n-th caller.
func (s *site) caller(n int) *phone.Phone {
	return s.Trunk.Phone(fmt.Sprintf("+9196%08d", n), phone.Deaf())
}

// everybodyDoes sets what all agents do with a call.
func (s *site) everybodyDoes(decide func(phone.Invitation) phone.Policy) {
	for _, p := range s.People {
		s.Phone(p).Decides(decide)
	}
}

// hangUp ends calls, the latest first: so those who wait leave before those who
// talk, and nobody is offered a call that is about to end.
func hangUp(ctx context.Context, calls []*phone.Call) {
	var wait sync.WaitGroup
	for i := len(calls) - 1; i >= 0; i-- {
		calls[i].HangUp()
		wait.Go(func() { _, _ = calls[i].WaitEnded(ctx) })
	}
	wait.Wait()
}
