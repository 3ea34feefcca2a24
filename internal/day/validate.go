package day

import (
	"fmt"
	"math"
	"time"

	"powerline/agent"
)

// fault is a mistake in a profile: which field, and what is wrong with it.
type fault struct{ path, what string }

func (f *fault) Error() string { return f.path + ": " + f.what }

func wrong(path, format string, args ...any) error {
	return &fault{path, fmt.Sprintf(format, args...)}
}

// The largest profile that makes sense; more is a typing error that would run
// for hours.
const (
	mostCalls    = 1e6
	mostAttempts = 1_000_000
	mostAgents   = 20_000
	mostOthers   = 63
	longest      = 24 * time.Hour
)

// Validate reports the first mistake and names its field.
func (p *Profile) Validate() error {
	if !within(p.CallsPerDay, 0, mostCalls) {
		return wrong("callsPerDay", "%v is not between 0 and %v", p.CallsPerDay, int(mostCalls))
	}
	if len(p.Hours) != 24 {
		return wrong("hours", "has %d entries, want 24", len(p.Hours))
	}
	for i, h := range p.Hours {
		if !within(h, 0, 100) {
			return wrong(fmt.Sprintf("hours[%d]", i), "%v is not between 0 and 100 percent", h)
		}
	}
	if p.Drain < 0 || p.Drain > longest {
		return wrong("drain", "%v is not between 0 and a day", p.Drain)
	}
	for _, check := range []func() error{p.validateLanguages, p.validatePickup, p.validateCategories, p.validateOutbound, p.validateAgents} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) validateLanguages() error {
	if n := len(p.Languages); n == 0 || n > mostOthers {
		return wrong("languages", "has %d entries, want 1 to %d", n, mostOthers)
	}
	names := map[string]bool{}
	sum := 0.0
	for i, l := range p.Languages {
		at := fmt.Sprintf("languages[%d]", i)
		if err := name(at+".code", l.Code, names); err != nil {
			return err
		}
		if !within(l.Share, 0, 1) {
			return wrong(at+".share", "%v is not between 0 and 1", l.Share)
		}
		sum += l.Share
	}
	return whole("languages", sum)
}

func (p *Profile) validatePickup() error {
	u := p.Pickup
	switch {
	case u.From < 0 || u.To < u.From || u.To > time.Hour:
		return wrong("pickup", "from %v to %v is no span of at most an hour", u.From, u.To)
	case !within(u.Missed, 0, 1):
		return wrong("pickup.missed", "%v is not between 0 and 1", u.Missed)
	case u.Pause < 0 || u.Pause > longest:
		return wrong("pickup.pause", "%v is not between 0 and a day", u.Pause)
	}
	return nil
}

func (p *Profile) validateCategories() error {
	if n := len(p.Categories); n == 0 || n > mostOthers {
		return wrong("categories", "has %d entries, want 1 to %d", n, mostOthers)
	}
	names := map[string]bool{}
	sum := 0.0
	for i, c := range p.Categories {
		at := fmt.Sprintf("categories[%d]", i)
		if err := name(at+".name", c.Name, names); err != nil {
			return err
		}
		if err := c.validate(at); err != nil {
			return err
		}
		sum += c.Share
	}
	// A profile may leave some callers out; none may be counted twice.
	if sum > 1+slack {
		return wrong("categories", "the shares add up to %.4g, want at most 1", sum)
	}
	return nil
}

func (c *Category) validate(at string) error {
	if !within(c.Share, 0, 1) {
		return wrong(at+".share", "%v is not between 0 and 1", c.Share)
	}
	if err := pool(at, c.Pool); err != nil {
		return err
	}
	if c.Recovery < 0 || c.Recovery > longest {
		return wrong(at+".recovery", "%v is not between 0 and a day", c.Recovery)
	}
	if err := c.Patience.validate(at + ".patience"); err != nil {
		return err
	}
	sum := 0.0
	for i, part := range c.Parts {
		in := fmt.Sprintf("%s.parts[%d]", at, i)
		if !within(part.Share, 0, 1) {
			return wrong(in+".share", "%v is not between 0 and 1", part.Share)
		}
		if err := part.Talk.validate(in + ".talk"); err != nil {
			return err
		}
		if err := part.WrapUp.validate(in + ".wrapUp"); err != nil {
			return err
		}
		sum += part.Share
	}
	return whole(at+".parts", sum)
}

func (p *Profile) validateOutbound() error {
	if len(p.Outbound) > mostOthers {
		return wrong("outbound", "has %d entries, at most %d", len(p.Outbound), mostOthers)
	}
	names := map[string]bool{}
	for i := range p.Outbound {
		at := fmt.Sprintf("outbound[%d]", i)
		if err := name(at+".name", p.Outbound[i].Name, names); err != nil {
			return err
		}
		if err := p.Outbound[i].validate(at); err != nil {
			return err
		}
	}
	return nil
}

func (k *Kind) validate(at string) error {
	if err := pool(at, k.Pool); err != nil {
		return err
	}
	last := time.Duration(k.Closes-k.Opens)*time.Hour - k.LastBeforeClose
	switch {
	case k.Attempts < 0 || k.Attempts > mostAttempts:
		return wrong(at+".attempts", "%d is not between 0 and %d", k.Attempts, mostAttempts)
	case k.Opens < 0 || k.Closes > 24 || k.Opens >= k.Closes:
		return wrong(at+".opens", "%d to %d are no hours of a day", k.Opens, k.Closes)
	case k.LastBeforeClose < 0 || last < 0:
		return wrong(at+".lastBeforeClose", "%v is longer than the hours are open", k.LastBeforeClose)
	case !within(k.AtOpening, 0, 1):
		return wrong(at+".atOpening", "%v is not between 0 and 1", k.AtOpening)
	case !within(k.Answered, 0, 1) || !within(k.Unanswered, 0, 1) || k.Answered+k.Unanswered > 1+slack:
		return wrong(at+".answered", "%v answered and %v unanswered are no shares of one", k.Answered, k.Unanswered)
	case k.RingFor < time.Second || k.RingFor > 5*time.Minute:
		return wrong(at+".ringFor", "%v is not between 1 s and 5 min", k.RingFor)
	case k.UnansweredWrapUp < 0 || k.UnansweredWrapUp > time.Hour:
		return wrong(at+".unansweredWrapUp", "%v is not between 0 and an hour", k.UnansweredWrapUp)
	}
	for _, s := range []struct {
		field  string
		spread Spread
	}{{"ring", k.Ring}, {"fail", k.Fail}, {"talk", k.Talk}, {"wrapUp", k.WrapUp}} {
		if err := s.spread.validate(at + "." + s.field); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) validateAgents() error {
	if len(p.Agents) > mostAgents {
		return wrong("agents", "has %d entries, at most %d", len(p.Agents), mostAgents)
	}
	ids := map[string]bool{}
	for i := range p.Agents {
		a := &p.Agents[i]
		at := fmt.Sprintf("agents[%d]", i)
		if err := name(at+".id", string(a.ID), ids); err != nil {
			return err
		}
		for j, c := range a.Categories {
			if p.category(c) < 0 {
				return wrong(fmt.Sprintf("%s.categories[%d]", at, j), "%q is no category of this profile", c)
			}
		}
		for j, k := range a.Outbound {
			if p.kind(k) < 0 {
				return wrong(fmt.Sprintf("%s.outbound[%d]", at, j), "%q is no outbound kind of this profile", k)
			}
		}
		if a.Shift.Lasts <= 0 {
			return wrong(at+".shift", "is missing, want such as 22+8h")
		}
		for j, b := range a.Breaks {
			if b.After+b.Lasts > a.Shift.Lasts {
				return wrong(fmt.Sprintf("%s.breaks[%d]", at, j), "ends after the shift")
			}
		}
	}
	return nil
}

// slack is what rounding in a file may take from a sum.
const slack = 1e-6

func whole(path string, sum float64) error {
	if math.Abs(sum-1) > slack {
		return wrong(path, "the shares add up to %.6g, want 1", sum)
	}
	return nil
}

func name(path, name string, seen map[string]bool) error {
	if name == "" || len(name) > 64 {
		return wrong(path, "%q is not a name of 1 to 64 characters", name)
	}
	if seen[name] {
		return wrong(path, "%q is there twice", name)
	}
	seen[name] = true
	return nil
}

func pool(at string, p agent.Pool) error {
	if p != agent.Women && p != agent.MaleOfficers {
		return wrong(at+".pool", "%q is neither %q nor %q", p, agent.Women, agent.MaleOfficers)
	}
	return nil
}

// within is false for NaN.
func within(v, low, high float64) bool { return v >= low && v <= high }
