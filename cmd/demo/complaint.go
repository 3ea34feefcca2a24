package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// register is what a woman does after some of the calls that she answered: she
// registers a case.
func (s *seat) register(ctx context.Context) {
	r := rand.New(rand.NewPCG(s.d.seed, uint64(3000+s.talks.IntN(1_000_000))))
	for {
		c, err := s.phone.NextCall(ctx)
		if err != nil {
			return // the demo ends
		}
		category := displayed(c)
		if !complains(category, r) {
			continue
		}
		if _, err := c.WaitAnswered(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			continue // it stopped ringing
		}
		if _, err := c.WaitEnded(ctx); err != nil || !pause(ctx, between(r, time.Second, 3*time.Second)) {
			return
		}
		// What fails (the database is away, say) is not registered: the screen shows the rest.
		_, _ = s.d.line.Register(ctx, s.d.complaint(r, s.person.ID, category, c.Invite().Header("X-Powerline-Call")))
	}
}

// displayed is what a call shows on the agent's softphone: its category.
func displayed(c *phone.Call) string {
	var name string
	_, _ = fmt.Sscanf(c.Invite().Header("From"), "%q", &name)
	return name
}

// complaint draws a case with the shares that the helpline's sizing assumes:
// one in three goes straight to the police, one in five offenders is unknown.
func (d *demo) complaint(r *rand.Rand, by agent.ID, category, call string) helpline.Complaint {
	c := helpline.Complaint{Victim: d.town.somebody(cases.Victim)}
	if r.IntN(100) < 80 {
		c.Offender = d.town.somebody(cases.Offender)
		if again, ok := d.town.known(cases.Offender); ok && r.IntN(10) == 0 {
			c.Offender = again
		}
	}
	for range r.IntN(3) {
		c.Contacts = append(c.Contacts, d.town.somebody(cases.Contact))
	}
	toPolice, agrees, district := r.IntN(100) < 25, r.IntN(100) < 92, districts[r.IntN(len(districts))]
	c.Change = func(reg *intake.Registration) {
		reg.Taker, reg.Call, reg.District = by, call, district
		if category != "unclassified" {
			reg.Category = category
		}
		reg.Triage.Agrees = agrees
		if toPolice {
			reg.Triage.Track = cases.ToPolice
		}
	}
	return c
}

var districts = []string{"Lucknow", "Varanasi", "Agra", "Meerut", "Gorakhpur", "Jhansi"}
