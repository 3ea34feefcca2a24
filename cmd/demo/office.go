package main

import (
	"context"
	crypto "crypto/rand"
	"math/rand/v2"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/number"
)

// desk is somebody who works on cases without a telephone: which cases lie
// there, and what is done with one.
type desk struct {
	name  agent.ID
	lies  postgres.CaseFilter
	wait  float64 // days of the ladder until a case is taken up, on the average
	works func(*demo, cases.Case) (cases.What, intake.Told)
}

var desks = []desk{
	{"cyber-cell", postgres.CaseFilter{State: cases.Identifying}, 5, (*demo).identify},
	{"police", postgres.CaseFilter{State: cases.StationOpen}, 4, (*demo).report},
	{"supervisor", postgres.CaseFilter{Concern: true}, 4, (*demo).supervise},
}

// backOffice lets them work.
func (d *demo) backOffice(ctx context.Context) {
	db, err := d.line.Database(ctx)
	if err != nil {
		d.say("nobody works on cases: %v", err)
		return
	}
	r := rand.New(rand.NewPCG(d.seed, 5))
	const every = time.Second
	for pause(ctx, every) {
		for _, k := range desks {
			files, err := db.Cases(ctx, k.lies)
			if err != nil {
				continue // the database is away, or the demo ends
			}
			chance := min(1, every.Seconds()/(k.wait*d.day.Seconds()))
			for _, f := range files {
				if r.Float64() >= chance {
					continue
				}
				if what, told := k.works(d, f.Case); what != nil {
					d.apply(ctx, f.Case.ID, k.name, what, told)
				}
			}
		}
	}
}

// apply lets something happen to a case that is true whatever it does meanwhile.
func (d *demo) apply(ctx context.Context, id string, by agent.ID, what cases.What, told ...intake.Told) {
	o, err := d.line.Outbound()
	if err != nil {
		return
	}
	db, err := d.line.Database(ctx)
	if err != nil {
		return
	}
	var all intake.Told
	if len(told) > 0 {
		all = told[0]
	}
	// A step that the ladder does not take any more is none that anybody misses.
	_, _ = db.Apply(ctx, o.Ladder, id, cases.Event{
		ID: crypto.Text(), Version: postgres.AnyVersion, At: d.ladderNow(), By: by, What: what,
	}, all)
}

// identify: the cyber cell has found whose number it was.
func (d *demo) identify(c cases.Case) (cases.What, intake.Told) {
	if c.ForSupervisor() {
		return nil, intake.Told{}
	}
	n, err := number.Parse(d.town.somebody(cases.Offender))
	if err != nil {
		return nil, intake.Told{}
	}
	return cases.Found{Complainants: 1}, intake.Told{Offender: intake.Party{Sex: intake.Man, Numbers: []number.Number{n}}}
}

// report: the police have acted.
func (d *demo) report(cases.Case) (cases.What, intake.Told) {
	return cases.PoliceReported{}, intake.Told{}
}

// supervise is the word of a supervisor about a case that waits for one.
func (d *demo) supervise(c cases.Case) (cases.What, intake.Told) {
	switch why := c.Supervisor.Why; {
	case (why == cases.NotReached || why == cases.FinalNotReached) && c.Version%3 > 0:
		return cases.Decided{Do: cases.Resume}, intake.Told{} // once more
	}
	switch c.Supervisor.Why {
	case cases.NotReached, cases.FinalNotReached, cases.WrongVictimNumber, cases.DidNotRing, cases.ChoiceNotReached:
		return cases.Decided{Do: cases.Close, Closure: cases.Unreached}, intake.Told{}
	case cases.SignStation, cases.AbusiveTwice, cases.TooUnsure, cases.VictimsHousehold, cases.OffenderMinor:
		return cases.Decided{Do: cases.ToStation}, intake.Told{}
	}
	return cases.Decided{Do: cases.Resume}, intake.Told{}
}
