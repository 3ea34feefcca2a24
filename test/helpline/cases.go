package helpline

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/number"
	"powerline/person"
)

// Database is the helpline's own, with the keys for what is private.
func (h *Helpline) Database(ctx context.Context) (*postgres.DB, error) {
	h.storeMu.Lock()
	defer h.storeMu.Unlock()
	if h.db != nil {
		return h.db, nil
	}
	db, err := postgres.Open(ctx, h.Postgres.URL, postgres.Options{Keys: postgres.Keys{Fingerprint: h.key, Seal: h.seal}})
	if err == nil {
		h.db = db
	}
	return db, err
}

// Always lets every kind be called at any hour, and any number of times: a test is not
// run in office hours alone.
func Always(r *cases.Rules) {
	all := cases.Daily(0, 24)
	r.Hours = cases.Hours{Feedback: all, Offender: all, FFR: all, Care: all, Urgent: all}
	r.Limits.PerNumber = 50
}

// Outbound is the dialers' section of the configuration.
func (h *Helpline) Outbound() (config.Outbound, error) {
	c, err := config.Load(h.Dialers[0].Config)
	return c.Outbound, err
}

// Complaint is what a test says about a case: numbers, and what differs from a
// woman who may be called at any hour and wants the offender warned.
type Complaint struct {
	Victim, Offender string
	Contacts         []string
	Name             string // of the victim, for searches
	Change           func(*intake.Registration)
}

// Register registers a case, taken by the first woman of the roster.
func (h *Helpline) Register(ctx context.Context, c Complaint) (postgres.Registered, error) {
	o, err := h.Outbound()
	if err != nil {
		return postgres.Registered{}, err
	}
	r := intake.Registration{
		Case: intake.CaseID(rand.Text()), EventID: rand.Text(), At: o.Clock.At(time.Now()), Taker: h.Women()[0].ID,
		District: "Lucknow", Category: "phone",
		Terms:  cases.Terms{MayCall: true},
		Triage: cases.Triage{Track: cases.Counsellable, Agrees: true, Complainants: 1},
	}
	if r.Victim, err = party(c.Name, intake.Woman, c.Victim); err != nil {
		return postgres.Registered{}, err
	}
	if c.Offender != "" {
		if r.Offender, err = party("", intake.Man, c.Offender); err != nil {
			return postgres.Registered{}, err
		}
	}
	for i, n := range c.Contacts {
		p, err := party(fmt.Sprintf("contact %d", i+1), intake.Man, n)
		if err != nil {
			return postgres.Registered{}, err
		}
		p.Approved, p.Relation = true, "brother"
		r.Contacts = append(r.Contacts, p)
	}
	if c.Change != nil {
		c.Change(&r)
	}
	db, err := h.Database(ctx)
	if err != nil {
		return postgres.Registered{}, err
	}
	return db.Register(ctx, o.Ladder, r)
}

func party(name string, sex intake.Sex, digits string) (p intake.Party, err error) {
	n, err := number.Parse(digits)
	if err != nil {
		return p, err
	}
	p = intake.Party{Sex: sex, Numbers: []number.Number{n}}
	if name != "" {
		p.Name, err = person.NewName(name)
	}
	return p, err
}

// Code records what an agent coded about an attempt.
func (h *Helpline) Code(ctx context.Context, attempt string, by agent.ID, outcome cases.Outcome, said cases.Said) (postgres.Step, error) {
	o, err := h.Outbound()
	if err != nil {
		return postgres.Step{}, err
	}
	db, err := h.Database(ctx)
	if err != nil {
		return postgres.Step{}, err
	}
	return db.RecordOutcome(ctx, o.Ladder, postgres.Report{
		EventID: rand.Text(), Attempt: attempt, By: by, At: o.Clock.At(time.Now()), Outcome: outcome, Said: said,
	})
}
