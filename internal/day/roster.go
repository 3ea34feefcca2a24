package day

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"powerline/agent"
	"powerline/staffing"
)

// Aim is a service level: the share of callers who are answered within a time.
type Aim struct {
	Share  float64
	Within time.Duration
	// Attempts is the share of outbound jobs that must have their attempt; zero
	// leaves them to what is left over.
	Attempts float64
}

// Slot is a half-hour of the day in a Plan.
type Slot struct {
	// Calls is how many women callers are expected.
	Calls float64
	// Erlang is how many agents Erlang-A asks for, Need how many the simulation
	// does, Duty how many the proposed shifts bring, breaks taken off.
	Erlang, Need int
	Duty         float64
	// Level is the share of the simulated callers who were answered in time.
	Level Share
}

// Start is a shift of the proposal and how many begin it.
type Start struct {
	Shift  Shift
	Agents int
}

// Plan is a proposal of shifts for the women who take callers; everybody else of
// the profile stays as she is.
type Plan struct {
	Aim    Aim
	Slots  [slots]Slot
	Starts []Start
	// Agents is their sum, Before how many the profile has; Rounds is how many
	// times the day was played to find it.
	Agents, Before, Rounds int
	Result                 *Result
	Profile                Profile
	// Met: every half-hour with callers reaches the aim, but for what chance does,
	// and so do the attempts.
	Met bool
}

const (
	slots = 48
	half  = 30 * time.Minute
)

// search is a plan on its way.
type search struct {
	o     Options
	seeds int
	plan  Plan
	// women of the profile who take callers: whom the proposed
	// shifts are filled with, each with her own breaks.
	women []Person
	lasts time.Duration // length of every proposed shift
	// duty is the share of each half-hour that a shift from each hour on is worked,
	// on average over those women.
	duty [24][slots]float64
}

// Staff looks for the least shifts with which every half-hour reaches the aim.
// It begins with what Erlang-A asks for in each half-hour, covers that by shifts,
// plays the days with the production code, and asks for more where callers waited
// and for less where none did, until nothing changes. progress is told after each
// round.
func Staff(ctx context.Context, o Options, aim Aim, seeds int, progress func(round int)) (Plan, error) {
	o.Within = aim.Within
	s := &search{o: o, seeds: seeds, plan: Plan{Aim: aim}}
	for _, a := range o.Profile.Agents {
		if a.callers() {
			s.women = append(s.women, a)
		}
	}
	s.plan.Before = len(s.women)
	switch {
	case !within(aim.Attempts, 0, 1):
		return Plan{}, fmt.Errorf("staffing: %v of the attempts is no share", aim.Attempts)
	case !(aim.Share > 0 && aim.Share < 1) || aim.Within <= 0:
		return Plan{}, fmt.Errorf("staffing: %v within %v is no aim: want a share below one, and a time", aim.Share, aim.Within)
	case len(s.women) == 0:
		return Plan{}, errors.New("staffing: the profile has no woman who takes callers: whose skills should the shifts have?")
	}
	s.lasts = s.women[0].Shift.Lasts
	s.count()
	if err := s.erlang(); err != nil {
		return Plan{}, err
	}
	best := Plan{}
	for s.plan.Rounds = 1; s.plan.Rounds <= rounds; s.plan.Rounds++ {
		s.cover()
		if err := s.simulate(ctx); err != nil {
			return Plan{}, err
		}
		progress(s.plan.Rounds)
		if s.better(best) {
			best = s.plan
			best.Starts = append([]Start(nil), s.plan.Starts...)
		}
		if !s.adjust() {
			break
		}
	}
	best.Rounds = min(s.plan.Rounds, rounds)
	return best, nil
}

// rounds of play are enough for the need to settle.
const rounds = 10

// erlang asks the closed form: mean handling and patience over all callers for
// women, those who pick up the phone included.
func (s *search) erlang() error {
	p := s.o.Profile
	handling, patience, share := 0.0, 0.0, 0.0
	for i := range p.Categories {
		c := &p.Categories[i]
		if c.Pool != agent.Women {
			continue
		}
		share += c.Share
		patience += c.Share * c.Patience.average()
		for _, part := range c.Parts {
			handling += c.Share * part.Share * (part.Talk.average() + part.WrapUp.average())
		}
	}
	if share == 0 {
		return errors.New("staffing: the profile has no callers for women")
	}
	pickup := (p.Pickup.From + p.Pickup.To).Seconds() / 2
	for i := range s.plan.Slots {
		slot := &s.plan.Slots[i]
		slot.Calls = p.CallsPerDay * p.Hours[i/2] / 100 / 2 * share
		l := staffing.Load{PerHour: 2 * slot.Calls, Handling: seconds(handling/share + pickup), Patience: seconds(patience / share)}
		if l.PerHour > 0 {
			n, err := l.Need(s.plan.Aim.Share, max(time.Second, s.plan.Aim.Within-seconds(pickup)))
			if err != nil {
				return err
			}
			slot.Erlang, slot.Need = n, n
		}
	}
	return nil
}

// count fills in duty. Shifts that pass midnight are worked from midnight on too.
func (s *search) count() {
	for h := range s.duty {
		for slot := range s.duty[h] {
			at, worked := time.Duration(slot)*half, time.Duration(0)
			for _, before := range []time.Duration{24 * time.Hour, 0} {
				from := time.Duration(h)*time.Hour - before
				for i := range s.women {
					worked += overlap(from, from+s.lasts, at, at+half)
					for _, b := range s.women[i].Breaks {
						worked -= overlap(from+b.After, from+min(s.lasts, b.After+b.Lasts), at, at+half)
					}
				}
			}
			s.duty[h][slot] = float64(worked) / float64(half) / float64(len(s.women))
		}
	}
}

func overlap(a, b, c, d time.Duration) time.Duration { return max(0, min(b, d)-max(a, c)) }

// cover picks shifts, which begin on the hour, so that no half-hour has fewer
// agents than it needs: the one that fills most gaps first, then whatever is not
// needed is taken away again.
func (s *search) cover() {
	var starts [24]int
	duty := func(slot int) (sum float64) {
		for h, n := range starts {
			sum += float64(n) * s.duty[h][slot]
		}
		return sum
	}
	for {
		gaps, any := [slots]float64{}, false
		for i := range gaps {
			gaps[i] = max(0, float64(s.plan.Slots[i].Need)-duty(i))
			any = any || gaps[i] > .5
		}
		best, fills := 0, 0.0
		for h := range starts {
			sum := 0.0
			for i := range gaps {
				sum += min(1, gaps[i]) * s.duty[h][i]
			}
			if sum > fills {
				best, fills = h, sum
			}
		}
		if !any || fills == 0 {
			break
		}
		starts[best]++
	}
	s.prune(&starts, duty)
	s.plan.Starts, s.plan.Agents = nil, 0
	for h, n := range starts {
		if n > 0 {
			s.plan.Starts = append(s.plan.Starts, Start{Shift{float64(h), s.lasts}, n})
			s.plan.Agents += n
		}
	}
	for i := range s.plan.Slots {
		s.plan.Slots[i].Duty = duty(i)
	}
}

// prune takes shifts away as long as every half-hour still has enough.
func (s *search) prune(starts *[24]int, duty func(int) float64) {
	enough := func() bool {
		for i := range slots {
			if duty(i) < float64(s.plan.Slots[i].Need)-.5 {
				return false
			}
		}
		return true
	}
	for h := range starts {
		for starts[h] > 0 {
			starts[h]--
			if !enough() {
				starts[h]++
				break
			}
		}
	}
}

// roster is the profile with the proposed shifts: the women who take callers are
// made after those of the profile, one after the other, so that skills and
// languages stay in proportion.
func (s *search) roster() Profile {
	p := s.o.Profile.clone()
	p.Agents = p.Agents[:0:0]
	for _, a := range s.o.Profile.Agents {
		if !a.callers() {
			p.Agents = append(p.Agents, a)
		}
	}
	n := 0
	for round := 0; ; round++ {
		added := false
		for _, start := range s.plan.Starts {
			if round >= start.Agents {
				continue
			}
			// A stride that shares no factor with their number mixes the teams
			// over the shifts.
			a := s.women[n*stride%len(s.women)]
			a.ID = agent.ID(fmt.Sprintf("s%03d", n))
			a.Shift = start.Shift
			a.Breaks = slices.DeleteFunc(slices.Clone(a.Breaks), func(b Span) bool { return b.After+b.Lasts > s.lasts })
			p.Agents = append(p.Agents, a)
			n++
			added = true
		}
		if !added {
			return p
		}
	}
}

const stride = 37

func (s *search) simulate(ctx context.Context) error {
	p := s.roster()
	o := s.o
	o.Profile = &p
	var sum *Result
	for seed := range s.seeds {
		o.Seed = uint64(seed) + 1
		r, err := Run(ctx, o)
		if err != nil {
			return err
		}
		if sum == nil {
			sum = r
		} else {
			sum.Add(r)
		}
	}
	s.plan.Result, s.plan.Profile = sum, p
	for i := range s.plan.Slots {
		s.plan.Slots[i].Level = sum.halves[i]
	}
	s.plan.Met = s.plan.Result.Done() >= 100*s.plan.Aim.Attempts
	for i := range s.plan.Slots {
		s.plan.Met = s.plan.Met && s.reaches(&s.plan.Slots[i])
	}
	return nil
}

// reaches allows a half-hour what chance does to so few callers: two standard
// errors of a share.
func (s *search) reaches(slot *Slot) bool {
	n := float64(slot.Level.Whole)
	if n == 0 {
		return true
	}
	error := math.Sqrt(s.plan.Aim.Share * (1 - s.plan.Aim.Share) / n)
	return float64(slot.Level.Part)/n >= s.plan.Aim.Share-2*error
}

// adjust asks for more where the aim is missed, and for less where it is passed
// by far; false if nothing changed.
func (s *search) adjust() bool {
	changed := false
	for i := range s.plan.Slots {
		slot := &s.plan.Slots[i]
		n := float64(slot.Level.Whole)
		if n == 0 {
			continue
		}
		miss := s.plan.Aim.Share - float64(slot.Level.Part)/n
		switch {
		case !s.reaches(slot):
			slot.Need = max(slot.Need, int(slot.Duty)) + 1 + int(miss*10)
			changed = true
		case miss < -.06 && slot.Need > 1 && slot.Duty < float64(slot.Need)+1 && s.plan.Result.Done() >= 100*s.plan.Aim.Attempts:
			slot.Need--
			changed = true
		}
	}
	return s.adjustAttempts() || changed
}

// adjustAttempts asks for the agents who would have made the attempts of women
// that nobody made, spread over the hours in which they may be made.
func (s *search) adjustAttempts() bool {
	if s.plan.Result.Done() >= 100*s.plan.Aim.Attempts {
		return false
	}
	changed := false
	for i := range s.o.Profile.Outbound {
		k := &s.o.Profile.Outbound[i]
		made := s.plan.Result.ByKind[i]
		left := float64(made.Jobs-made.Attempts) / float64(s.plan.Result.Days)
		if k.Pool != agent.Women || left < 1 {
			continue
		}
		more := int(math.Ceil(left * k.cycle() / 3600 / float64(k.Closes-k.Opens)))
		for slot := 2 * k.Opens; slot < 2*k.Closes; slot++ {
			n := &s.plan.Slots[slot]
			n.Need = max(n.Need, int(n.Duty)) + more
			changed = true
		}
	}
	return changed
}

// cycle is how long an attempt takes an agent on average, in seconds:
// p(ring + talk + wrap-up) + p_n(T + w) + p_f(fail + w), T being how long it rings
// in vain and w the pause after it.
func (k *Kind) cycle() float64 {
	pause := k.UnansweredWrapUp.Seconds()
	return k.Answered*(k.Ring.average()+k.Talk.average()+k.WrapUp.average()) +
		k.Unanswered*(k.RingFor.Seconds()+pause) + (1-k.Answered-k.Unanswered)*(k.Fail.average()+pause)
}

// better: what reaches the aim with fewer, or misses it less.
func (s *search) better(best Plan) bool {
	switch {
	case best.Result == nil:
		return true
	case s.plan.Met != best.Met:
		return s.plan.Met
	case s.plan.Met:
		return s.plan.Agents < best.Agents
	}
	return s.plan.Result.women().Percent() > best.Result.women().Percent()
}
