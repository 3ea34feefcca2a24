package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

// outbound looks at the settings and keys without which nothing is dialled.
func outbound(_ context.Context, c config.Config) []Finding {
	n := notes{subject: "outbound"}
	o := c.Outbound
	if o.Trunk == "" {
		n.add(Fail, "outbound.trunk is empty, so no call is made: name one of asterisk.trunks that has a contact")
	} else {
		n.add(OK, fmt.Sprintf("calls go out by trunk %s; victims see %s, offenders and contacts %s", o.Trunk, o.VictimLine, o.OffenderLine))
	}
	if o.Clock.Speed != 1 {
		n.add(Warn, fmt.Sprintf("outbound.clock.speed is %d: the 30 days pass in less; right for a demo, wrong for the helpline", o.Clock.Speed))
	}
	missing := false
	for _, key := range []struct{ setting, file string }{
		{"privacy.fingerprintKeyFile", c.Privacy.FingerprintKeyFile}, {"privacy.sealKeyFile", c.Privacy.SealKeyFile},
	} {
		if key.file == "" {
			missing = true
			n.add(Fail, key.setting+" is not set: without it no case can be registered and no number dialled")
		} else if _, err := config.Key(key.file); err != nil {
			missing = true // files has named it; here stands what it means
			n.add(Fail, "the key of "+key.setting+" cannot be used: no case can be registered and no number dialled")
		}
	}
	if !missing {
		n.add(OK, "both keys for names and numbers are there")
	}
	return n.list
}

// trunk asks Asterisk for the way out.
func trunk(ctx context.Context, c config.Config) []Finding {
	n := notes{subject: "trunk"}
	if c.Outbound.Trunk == "" {
		return nil // outbound has said so
	}
	password, err := config.Secret(c.Asterisk.ARI.PasswordFile)
	if err != nil {
		n.add(Fail, "not asked: the ARI password cannot be read")
		return n.list
	}
	var endpoints []struct {
		Resource string `json:"resource"`
		State    string `json:"state"`
	}
	if err := ask(ctx, c.Asterisk.ARI, password, "/endpoints/PJSIP", &endpoints); err != nil {
		n.add(Fail, "not asked: "+err.Error())
		return n.list
	}
	for _, e := range endpoints {
		switch {
		case e.Resource != c.Outbound.Trunk:
		case e.State != "online":
			n.add(Fail, fmt.Sprintf("trunk %s is in Asterisk without a contact that it can reach (%s): set its contact, then `acd asterisk-config render` and reload Asterisk", e.Resource, e.State))
			return n.list
		default:
			n.add(OK, fmt.Sprintf("trunk %s is in Asterisk and has a contact", e.Resource))
			return n.list
		}
	}
	n.add(Fail, fmt.Sprintf("trunk %s is in the configuration and not in Asterisk: `acd asterisk-config render`, then reload Asterisk", c.Outbound.Trunk))
	return n.list
}

const (
	// late is how long a task may be due before somebody should look: a day has
	// every window in it.
	late = 24 * time.Hour
	// uncoded is how old a conversation without an outcome may be.
	uncoded = 30 * time.Minute
	// verifyFor is how long the audit is verified here.
	verifyFor = 5 * time.Second
	// most is how many cases or attempts are counted.
	most = 1000
)

// books looks at what PostgreSQL has for a dialer: people, tasks, cases, audit.
func books(ctx context.Context, c config.Config) []Finding {
	return withDatabase(ctx, c, func(db *postgres.DB) []Finding {
		now := c.Outbound.Clock.At(time.Now())
		var found []Finding
		for _, look := range []func(context.Context, config.Config, *postgres.DB, time.Time) []Finding{trained, backlog, conversations, waiting, audited} {
			found = append(found, look(ctx, c, db, now)...)
		}
		return found
	})
}

// trained asks whether somebody can make each kind of call.
func trained(ctx context.Context, _ config.Config, db *postgres.DB, _ time.Time) []Finding {
	n := notes{subject: "roster"}
	persons, _, err := db.Roster(ctx)
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	has := func(p agent.Profile, kind cases.Kind) bool { return slices.Contains(p.Outbound, string(kind)) }
	groups := []struct {
		who, lacks string
		fits       func(agent.Profile) bool
	}{
		{"officers for offenders", "offenders are called by nobody", func(p agent.Profile) bool { return p.Fits(agent.MaleOfficers) && has(p, cases.CallOffender) }},
		{"officers for contacts", "family and friends are called by nobody", func(p agent.Profile) bool { return p.Officer && has(p, cases.CallContact) }},
		{"women for feedback", "victims are called by nobody", func(p agent.Profile) bool { return p.Fits(agent.Women) && has(p, cases.AskFeedback) }},
		{"counsellors for follow-ups", "suicidal persons are followed up by nobody", func(p agent.Profile) bool { return p.Fits(agent.Women) && p.Counsellor }},
		{"women who call back", "who gave up waiting is called back by nobody", func(p agent.Profile) bool { return p.Fits(agent.Women) }},
	}
	var counts []string
	for _, g := range groups {
		count := 0
		for _, p := range roster.Profiles(persons) {
			if g.fits(p) {
				count++
			}
		}
		counts = append(counts, fmt.Sprintf("%d %s", count, g.who))
		if count == 0 {
			n.add(Fail, fmt.Sprintf("no active %s: %s; see the column outbound of `acd agents list`", g.who, g.lacks))
		}
	}
	n.add(OK, strings.Join(counts, ", "))
	return n.list
}

// backlog looks at the tasks in hand.
func backlog(ctx context.Context, _ config.Config, db *postgres.DB, now time.Time) []Finding {
	n := notes{subject: "tasks"}
	all, err := db.Backlogs(ctx, now, now.Add(-late))
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	var sum postgres.Backlog
	for _, b := range all {
		sum.InHand, sum.SetAside = sum.InHand+b.InHand, sum.SetAside+b.SetAside
		if b.Kind.Dialled() { // the cyber cell's desk has its own time
			sum.Due, sum.Late = sum.Due+b.Due, sum.Late+b.Late
		}
	}
	n.add(OK, fmt.Sprintf("%d in hand, %d of them due", sum.InHand, sum.Due))
	if sum.Late > 0 {
		n.add(Warn, fmt.Sprintf("%d due for more than a day: `dialer due` says why each is not dialled", sum.Late))
	}
	if sum.SetAside > 0 {
		n.add(Warn, fmt.Sprintf("%d set aside: `dialer cases list --stuck`, then `dialer tasks take-back` what is mended", sum.SetAside))
	}
	paused, err := db.PausedKinds(ctx)
	if err != nil {
		n.add(Fail, err.Error())
	}
	for _, p := range paused {
		n.add(Warn, fmt.Sprintf("%s is paused by %s since %s: `dialer resume %s` when that is over", p.Kind, p.By, p.At.In(cases.Local).Format("2006-01-02 15:04"), p.Kind))
	}
	return n.list
}

// conversations looks for answered calls of which nobody has said what came.
func conversations(ctx context.Context, _ config.Config, db *postgres.DB, now time.Time) []Finding {
	n := notes{subject: "outcomes"}
	all, err := db.Uncoded(ctx, now.Add(-uncoded), most)
	switch {
	case err != nil:
		n.add(Fail, err.Error())
	case len(all) > 0:
		n.add(Warn, fmt.Sprintf("%s conversations older than half an hour have no outcome: their tasks wait until one is coded", atLeast(len(all))))
	default:
		n.add(OK, "every conversation older than half an hour has its outcome")
	}
	return n.list
}

// waiting looks at cases that stand still.
func waiting(ctx context.Context, _ config.Config, db *postgres.DB, _ time.Time) []Finding {
	n := notes{subject: "cases"}
	stuck, err := db.Cases(ctx, postgres.CaseFilter{Stuck: true, Open: true, Limit: most})
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	concern, err := db.Cases(ctx, postgres.CaseFilter{Concern: true, Limit: most})
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	if len(stuck) > 0 {
		n.add(Warn, fmt.Sprintf("%s cases stand still because something in them is impossible: `dialer cases list --stuck`", atLeast(len(stuck))))
	}
	n.add(OK, fmt.Sprintf("%s wait for a supervisor", atLeast(len(concern))))
	return n.list
}

func atLeast(n int) string {
	if n >= most {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}

// audited computes the chain of the audit again, as far as there is time.
func audited(ctx context.Context, _ config.Config, db *postgres.DB, _ time.Time) []Finding {
	n := notes{subject: "audit"}
	ctx, cancel := context.WithTimeout(ctx, verifyFor)
	defer cancel()
	rows, _, err := db.VerifyAudit(ctx)
	switch {
	case errors.Is(err, postgres.ErrAuditBroken):
		n.add(Fail, err.Error()+": keep a copy of the database as it is, and find out who could write there")
	case ctx.Err() != nil:
		n.add(Warn, "too long to be verified here: `dialer audit verify` takes the time")
	case err != nil:
		n.add(Fail, err.Error())
	default:
		n.add(OK, fmt.Sprintf("the chain of %d rows is whole", rows))
	}
	return n.list
}
