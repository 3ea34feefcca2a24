package day

import (
	"context"
	"fmt"
	"slices"
	"time"

	"powerline/cases"
	"powerline/routing"
)

// Options say which day is played, and by whom it is served. Profile and Policy
// must be set.
type Options struct {
	Profile *Profile
	Seed    uint64
	// Trace is drawn from the profile and the seed if it has no arrivals and no jobs.
	Trace Trace
	// Router decides about callers; empty means Production.
	Router Policy
	// Policy of routing, whose categories have the names of the profile's.
	Policy *routing.Policy
	// Reserve is kept idle while dialling. TakeBack lets a caller in crisis take an
	// agent out of a call that still rings.
	Reserve  routing.Reserve
	TakeBack bool
	// Otherwise is the language of calls of ours that wait long for theirs.
	Otherwise routing.Otherwise
	// Ladder has the last word on each attempt.
	Ladder cases.Rules
	// PickUpOutbound is how long an agent takes to answer her phone for a call of
	// ours; zero is a softphone that answers by itself.
	PickUpOutbound time.Duration
	// Absent is the share of agents who do not come; who, follows from the trace.
	Absent float64
	// Within is the time of the service level by half-hours; zero is 15 s.
	Within time.Duration
	// Faults, if set, are what goes wrong.
	Faults *Faults
	// Replay is what a command must be given besides the seed to play this day again.
	Replay string

	// instant is a world without any delay of machines, as the closed forms have it.
	instant bool
	// mistakes are planted by tests, one for each law.
	mistakes mistakes
}

// mistakes that the laws must find.
type mistakes struct {
	spendsReserve bool // dials without a reserve
	deafToCallers bool // dials whoever waits
	anyHour       bool // places jobs of kinds whose hours are over
	ringsFirst    bool // rings the other phone before the agent is there
	freesEarly    bool // offers agents who are still in a call
	forgets       bool // loses one caller in a thousand
}

// within is in seconds.
func (o *Options) within() float64 {
	if o.Within == 0 {
		return 15
	}
	return o.Within.Seconds()
}

// Check reports what does not fit together: a mistake in the profile, or a category
// of it that the policy does not have.
func (o Options) Check() error {
	if err := o.Profile.Validate(); err != nil {
		return fmt.Errorf("profile %s: %w", o.Profile.Name, err)
	}
	for i := range o.Profile.Categories {
		name := o.Profile.Categories[i].Name
		if !slices.ContainsFunc(o.Policy.Categories, func(c routing.Category) bool { return c.Name == name }) {
			return fmt.Errorf("profile %s: categories[%d].name: the routing has no category %q", o.Profile.Name, i, name)
		}
	}
	return nil
}

// Run plays one day. The error is a *Violation if a law was broken, or that of
// the context.
func Run(ctx context.Context, opt Options) (*Result, error) {
	if opt.Router == "" {
		opt.Router = Production
	}
	if len(opt.Trace.Arrivals)+len(opt.Trace.Jobs) == 0 {
		opt.Trace = opt.Profile.Draw(opt.Seed)
	}
	w := newWorld(opt)
	if !w.play(func() bool { return ctx.Err() != nil }) {
		return nil, ctx.Err()
	}
	w.law.over()
	w.result.Policy = opt.Router
	w.result.close(w)
	if w.law.broken != nil {
		return w.result, w.law.broken
	}
	return w.result, nil
}
