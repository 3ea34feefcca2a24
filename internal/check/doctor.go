package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"powerline/internal/asterisk"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/queue"
)

// between two looks: longer than an event is on its way, shorter than a running
// engine takes to mend what it sees twice.
const between = 2 * time.Second

// Doctor compares what Asterisk, Redis and PostgreSQL hold, twice, and tells
// what did not fit together both times. Like Run it changes nothing.
func Doctor(ctx context.Context, c config.Config) []Finding {
	parts := []func(context.Context, config.Config) []Finding{unfit, journalDir, soundFiles, recorded}
	found := make([][]Finding, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 2*limit)
			defer cancel()
			found[i] = part(ctx, c)
		})
	}
	all.Wait()
	return slices.Concat(found...)
}

// look is everything at one moment. What could not be asked is nil, and its
// error says why.
type look struct {
	config  config.Config
	at      time.Time
	state   *queue.State
	facts   *asterisk.Snapshot
	queues  []asterisk.FallbackQueue
	persons []roster.Person // nil: not asked

	away []Finding // who did not answer
}

// doctor holds the connections that the looks need.
type doctor struct {
	config   config.Config
	store    *queue.Store
	asterisk *asterisk.Client
	persons  []roster.Person
	away     []Finding
}

// unfit is what does not fit together.
func unfit(ctx context.Context, c config.Config) []Finding {
	d := &doctor{config: c}
	d.open(ctx)
	if d.store != nil {
		defer d.store.Close()
	}
	first := d.look(ctx)
	select {
	case <-ctx.Done():
	case <-time.After(between):
	}
	second := d.look(ctx)
	report := append(slices.Clone(d.away), second.away...)
	before := map[string]bool{}
	for _, s := range first.suspicions() {
		before[s.key] = true
	}
	for _, s := range second.suspicions() {
		if before[s.key] {
			report = append(report, s.Finding)
		}
	}
	report = append(report, engines(first, second)...)
	return append(report, second.summary(Worst(report) == OK)...)
}

func (d *doctor) open(ctx context.Context) {
	fail := func(subject string, err error) {
		d.away = append(d.away, Finding{Fail, subject, fmt.Sprintf("%s; see `acd check`", oneLine(err))})
	}
	var err error
	if d.store, err = openStore(ctx, d.config); err != nil {
		fail("redis", err)
	}
	if d.asterisk, err = openAsterisk(d.config); err != nil {
		fail("asterisk", err)
	}
	if d.persons, err = readRoster(ctx, d.config); err != nil {
		fail("postgres", err)
	}
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

func openStore(ctx context.Context, c config.Config) (*queue.Store, error) {
	password, err := config.Secret(c.Redis.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("its password cannot be read: %w", err)
	}
	return queue.Open(ctx, queue.Options{
		Network: c.Redis.Network(), Addr: c.Redis.Address, Username: c.Redis.Username, Password: password,
		Site: c.Instance.Site, Timeout: c.Redis.Timeout,
	})
}

func openAsterisk(c config.Config) (*asterisk.Client, error) {
	password, err := config.Secret(c.Asterisk.ARI.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("its ARI password cannot be read: %w", err)
	}
	secret, err := config.Secret(c.Asterisk.AMI.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("its AMI password cannot be read: %w", err)
	}
	return asterisk.New(asterisk.Options{
		BaseURL: strings.TrimSuffix(c.Asterisk.ARI.URL, "/ari"), User: c.Asterisk.ARI.Username, Password: password,
		App:        c.Instance.App() + "-check", // it only asks, and takes no engine's place
		AMIAddress: c.Asterisk.AMI.Address.String(), AMIUser: c.Asterisk.AMI.Username, AMISecret: secret,
	}), nil
}

func readRoster(ctx context.Context, c config.Config) ([]roster.Person, error) {
	password, err := config.Secret(c.Postgres.PasswordFile)
	if err != nil {
		return nil, fmt.Errorf("its password cannot be read: %w", err)
	}
	db, err := postgres.Open(ctx, c.Postgres.DSN, postgres.Options{
		Password: password, MaxConns: 1, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout,
	})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	persons, _, err := db.Roster(ctx)
	return persons, err
}

// look asks Redis before Asterisk: a call that begins between the two is then a
// channel without a call, which the other look tells apart from a lost one.
func (d *doctor) look(ctx context.Context) look {
	l := look{config: d.config, at: time.Now(), persons: d.persons}
	fail := func(subject string, err error) {
		l.away = append(l.away, Finding{Fail, subject, fmt.Sprintf("%s; see `acd check`", oneLine(err))})
	}
	if d.store != nil {
		if state, err := d.store.Load(ctx); err != nil {
			fail("redis", err)
		} else {
			l.state = &state
		}
	}
	if d.asterisk == nil {
		return l
	}
	if facts, err := d.asterisk.Snapshot(ctx); err != nil {
		fail("asterisk", err)
	} else {
		l.facts = &facts
	}
	queues, err := d.asterisk.Queues(ctx)
	if err != nil {
		fail("ami", err)
	}
	l.queues = queues
	return l
}

// engines tells who steers: an engine lives if its beat moves.
func engines(first, second look) []Finding {
	n := notes{subject: "engine"}
	if first.state == nil || second.state == nil {
		return nil
	}
	calls := map[string]int{}
	for _, c := range second.state.Calls {
		calls[c.Owner]++
	}
	living := 0
	for _, p := range second.state.Owners {
		switch stands := slices.Contains(first.state.Owners, p); {
		case !stands:
			living++
			n.add(OK, fmt.Sprintf("%s beats and has %d calls", p.Name, calls[p.Name]))
		case calls[p.Name] > 0:
			n.add(Fail, fmt.Sprintf("%s stands still and has %d calls: restart it, or start another engine, which takes them over within a second", p.Name, calls[p.Name]))
		}
	}
	if living == 0 {
		n.add(Fail, "none beats: callers are served by Asterisk's own queues; start one with `acd serve`")
	}
	return n.list
}

// summary says what was compared.
func (l look) summary(well bool) []Finding {
	n := notes{subject: "doctor"}
	if l.state == nil || l.facts == nil {
		n.add(Warn, "not everything answered, so not everything could be compared")
		return n.list
	}
	text := fmt.Sprintf("compared %d calls and %d agents with %d channels and %d bridges", len(l.state.Calls), len(l.state.Agents), len(l.facts.Channels), len(l.facts.Bridges))
	if well {
		text += ": all fit together"
	}
	n.add(OK, text)
	return n.list
}
