package check

import (
	"context"
	"fmt"
	"strings"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/queue"
)

// database looks at PostgreSQL, its schema and the roster in it.
func database(ctx context.Context, c config.Config) []Finding {
	return withDatabase(ctx, c, func(db *postgres.DB) []Finding {
		persons, _, err := db.Roster(ctx)
		if err != nil {
			return []Finding{{Fail, "postgres", err.Error()}}
		}
		return staff(c, persons)
	})
}

// withDatabase looks at PostgreSQL and its schema and, if both are well, at more.
func withDatabase(ctx context.Context, c config.Config, more func(*postgres.DB) []Finding) []Finding {
	n := notes{subject: "postgres"}
	password, err := config.Secret(c.Postgres.PasswordFile)
	if err != nil {
		n.add(Fail, "not asked: its password cannot be read")
		return n.list
	}
	db, err := postgres.Open(ctx, c.Postgres.DSN, postgres.Options{
		Password: password, MaxConns: 2, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout,
	})
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	defer db.Close()
	version, behind, err := db.Server(ctx)
	switch {
	case err != nil:
		n.add(Fail, err.Error())
		return n.list
	case behind > 0:
		n.add(Warn, fmt.Sprintf("PostgreSQL %s answers; its schema is %d steps behind: the next `acd serve` or `acd agents import` brings it up", version, behind))
		return n.list
	case behind < 0:
		n.add(Fail, fmt.Sprintf("PostgreSQL %s answers; its schema is newer than this program: install the newer program", version))
		return n.list
	}
	n.add(OK, fmt.Sprintf("PostgreSQL %s answers, schema is current", version))
	return append(n.list, more(db)...)
}

// staff asks whether these persons can answer the lines at all.
func staff(c config.Config, persons []roster.Person) []Finding {
	n := notes{subject: "roster"}
	var women, officers, noPhone, noPIN int
	trained := map[string]bool{}
	for _, p := range persons {
		if !p.Active {
			continue
		}
		if p.Profile.Fits(agent.Women) {
			women++
		}
		if p.Profile.Fits(agent.MaleOfficers) {
			officers++
		}
		if !p.SIP.Set() {
			noPhone++
		}
		if !p.PIN.Set() {
			noPIN++
		}
		for _, k := range p.Profile.Categories {
			trained[k] = true
		}
	}
	n.add(OK, fmt.Sprintf("%d active: %d women, %d male officers", len(roster.Profiles(persons)), women, officers))
	for _, l := range c.Lines {
		if l.Kind == config.Helpline && women == 0 {
			n.add(Fail, fmt.Sprintf("no active woman: nobody may answer line %s", l.DID))
		}
		if l.Kind == config.RingBack && officers == 0 {
			n.add(Fail, fmt.Sprintf("no active male officer: nobody may answer line %s", l.DID))
		}
	}
	if noPhone > 0 {
		n.add(Warn, fmt.Sprintf("%d active without a softphone's secret: they cannot register; see `acd agents list`", noPhone))
	}
	if noPIN > 0 {
		n.add(Warn, fmt.Sprintf("%d active without a PIN: they cannot log in; see `acd agents list`", noPIN))
	}
	var untrained []string
	for _, r := range c.Routing.Categories {
		if r.Pool == agent.Women && !trained[r.Name] {
			untrained = append(untrained, r.Name)
		}
	}
	if len(untrained) > 0 && women > 0 {
		n.add(Warn, "nobody is trained for "+strings.Join(untrained, ", ")+": these calls wait for a wider ring")
	}
	return n.list
}

// liveStore looks at Redis.
func liveStore(ctx context.Context, c config.Config) []Finding {
	n := notes{subject: "redis"}
	password, err := config.Secret(c.Redis.PasswordFile)
	if err != nil {
		n.add(Fail, "not asked: its password cannot be read")
		return n.list
	}
	store, err := queue.Open(ctx, queue.Options{
		Network: c.Redis.Network(), Addr: c.Redis.Address, Username: c.Redis.Username, Password: password,
		Site: c.Instance.Site, Timeout: c.Redis.Timeout,
	})
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	defer store.Close()
	state, err := store.Load(ctx)
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	waiting := 0
	for _, one := range state.Calls {
		if one.Stage == call.Waiting && one.Kind != call.Outbound {
			waiting++
		}
	}
	engines := 0
	for _, p := range state.Owners {
		if p.Beat > 0 { // an operator's command joins, too, and never beats
			engines++
		}
	}
	n.add(OK, fmt.Sprintf("Redis answers; %d calls, %d of them waiting, %d agents, %d engines have been here", len(state.Calls), waiting, len(state.Agents), engines))
	if len(state.Broken) > 0 {
		n.add(Warn, fmt.Sprintf("%d documents cannot be read; the engine removes them at its next rebuild", len(state.Broken)))
	}
	return n.list
}
