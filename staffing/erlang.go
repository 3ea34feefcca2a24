// Package staffing has the closed forms of queues with many agents: how long
// callers wait, given how many come and how many answer. They hold for one kind
// of caller, agents who can all do the same, exponential times and a steady rate.
// The simulator needs none of that; it is checked against them where they hold,
// and they are checked against it where people are counted out for a day.
package staffing

import (
	"fmt"
	"math"
	"time"
)

// Load is a queue in its steady state.
type Load struct {
	Agents   int
	PerHour  float64       // callers
	Handling time.Duration // mean, talk and wrap-up
	// Patience is the mean time after which a caller gives up; zero is never.
	Patience time.Duration
}

// Service is what callers of a Load meet.
type Service struct {
	// Delayed is the share of callers who do not find an agent free at once.
	Delayed float64
	// Abandoned is the share who give up.
	Abandoned float64
	// Wait is the mean over all callers, served or not.
	Wait time.Duration
	// Within is the share of all callers who are served within the time asked for.
	Within float64
	// Occupancy of the agents.
	Occupancy float64
}

// Erlangs is the work that comes in: agents who would be busy if there were
// enough.
func (l Load) Erlangs() float64 { return l.PerHour / 3600 * l.Handling.Seconds() }

func (l Load) validate() error {
	if l.Agents < 1 || l.PerHour < 0 || l.Handling <= 0 || l.Patience < 0 || math.IsNaN(l.PerHour) || math.IsInf(l.PerHour, 0) {
		return fmt.Errorf("staffing: %+v is no load: want at least one agent, no fewer than no callers, and times above zero", l)
	}
	return nil
}

// ErlangB is the share of callers lost if nobody could wait: B₀ = 1,
// B_i = a·B_{i−1}/(i + a·B_{i−1}), for a erlangs and n agents.
func ErlangB(n int, erlangs float64) float64 {
	b := 1.0
	for i := 1; i <= n; i++ {
		b = erlangs * b / (float64(i) + erlangs*b)
	}
	return b
}

// ErlangC is the share of callers who wait if nobody gives up (M/M/n):
// C = n·B/(n − a·(1−B)); 1 if the work is more than the agents can do.
func ErlangC(n int, erlangs float64) float64 {
	if erlangs >= float64(n) {
		return 1
	}
	b := ErlangB(n, erlangs)
	return float64(n) * b / (float64(n) - erlangs*(1-b))
}

// Serve is what callers meet, with service counted within a time. Without
// patience it is Erlang-C: P(W > t) = C·e^{−(nμ−λ)t}, E[W] = C/(nμ−λ). With
// patience it is Erlang-A (M/M/n+M) in the integrals of Zeltyn and Mandelbaum,
// Queueing Systems 51, 2005: the wait that is offered has the density
// v(x) = λ·e^{λH(x)−nμx}/(E+λJ) with H(x) = (1−e^{−θx})/θ, J the integral of
// e^{λH(x)−nμx}, and E = 1/B(n−1) for the states in which an agent is free.
func (l Load) Serve(within time.Duration) (Service, error) {
	if err := l.validate(); err != nil {
		return Service{}, err
	}
	if l.PerHour == 0 {
		return Service{Within: 1}, nil
	}
	if l.Patience == 0 {
		return l.patient(within), nil
	}
	return l.impatient(within), nil
}

func (l Load) patient(within time.Duration) Service {
	a, n := l.Erlangs(), float64(l.Agents)
	if a >= n {
		return Service{Delayed: 1, Wait: math.MaxInt64, Occupancy: 1}
	}
	c := ErlangC(l.Agents, a)
	spare := (n - a) / l.Handling.Seconds() // nμ − λ, per second
	return Service{
		Delayed: c, Wait: seconds(c / spare), Within: 1 - c*math.Exp(-spare*within.Seconds()), Occupancy: a / n,
	}
}

// impatient integrates in units of the mean handling time.
func (l Load) impatient(within time.Duration) Service {
	lambda, n := l.Erlangs(), float64(l.Agents)
	theta := l.Handling.Seconds() / l.Patience.Seconds()
	// ln of the density without its constant; its greatest value is taken out, so
	// that nothing overflows.
	form := func(x float64) float64 { return lambda*-math.Expm1(-theta*x)/theta - n*x }
	peak := 0.0
	if lambda > n {
		peak = math.Log(lambda/n) / theta
	}
	top := form(peak)
	end := horizon(form, peak, top)
	density := func(x float64) float64 { return math.Exp(form(x) - top) }
	j := integrate(density, 0, end)
	free := math.Exp(-top) / ErlangB(l.Agents-1, lambda) // E, by the same constant
	all := free + lambda*j
	limit := min(end, within.Seconds()/l.Handling.Seconds())
	served := integrate(func(x float64) float64 { return math.Exp(-theta*x) * density(x) }, 0, limit)
	abandoned := (math.Exp(-top) + (lambda-n)*j) / all
	return Service{
		Delayed: lambda * j / all, Abandoned: abandoned,
		// P(abandon) = θ·E[W].
		Wait:   seconds(abandoned / theta * l.Handling.Seconds()),
		Within: (free + lambda*served) / all, Occupancy: lambda * (1 - abandoned) / n,
	}
}

// horizon is where the density has become nothing.
func horizon(form func(float64) float64, peak, top float64) float64 {
	end := peak + 1
	for form(end)-top > -45 {
		end += end - peak
	}
	return end
}

// integrate is Simpson's rule, fine enough for the smooth densities here.
func integrate(f func(float64) float64, from, to float64) float64 {
	const steps = 4096
	h := (to - from) / steps
	sum := f(from) + f(to)
	for i := 1; i < steps; i++ {
		sum += f(from+float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}

// Need is the least number of agents with whom the share of callers who are
// served within the time reaches the target.
func (l Load) Need(target float64, within time.Duration) (int, error) {
	if !(target > 0 && target < 1) {
		return 0, fmt.Errorf("staffing: a target of %v is not between 0 and 1", target)
	}
	for l.Agents = 1; l.Agents <= mostAgents; l.Agents++ {
		s, err := l.Serve(within)
		if err != nil {
			return 0, err
		}
		if s.Within >= target {
			return l.Agents, nil
		}
	}
	return 0, fmt.Errorf("staffing: %v callers an hour need more than %d agents", l.PerHour, mostAgents)
}

const mostAgents = 20_000

// TwoPriorities are the mean waits of callers who go first and of all others, in
// M/M/n with one handling time and without patience (Cobham, Oper. Res. 2, 1954):
// E[W₁] = C/(nμ(1−ρ₁)), E[W₂] = C/(nμ(1−ρ₁)(1−ρ)). First is the share of those
// who go first.
func (l Load) TwoPriorities(first float64) (urgent, others time.Duration, err error) {
	if err := l.validate(); err != nil {
		return 0, 0, err
	}
	rho := l.Erlangs() / float64(l.Agents)
	if rho >= 1 || first < 0 || first > 1 {
		return 0, 0, fmt.Errorf("staffing: two priorities with a load of %.2f an agent, %.2f of them first: no steady state", rho, first)
	}
	base := ErlangC(l.Agents, l.Erlangs()) * l.Handling.Seconds() / float64(l.Agents)
	before := 1 - rho*first
	return seconds(base / before), seconds(base / before / (1 - rho)), nil
}

// Blend is a queue beside endless outbound work of the same handling time, of
// which a call is begun whenever more than so many agents are idle (Bhulai and
// Koole, IEEE TAC 48(8), 2003). With x busy: w_{c−r} = 1, w_x = w_{x−1}·a/x;
// P(W>0) = (w_c/(1−ρ)) / D and outbound (c−r)·μ/D per second, where
// D = Σ_{x=c−r}^{c−1} w_x + w_c/(1−ρ).
func (l Load) Blend(reserve int) (delayed, outboundPerHour float64, err error) {
	if err := l.validate(); err != nil {
		return 0, 0, err
	}
	a, c := l.Erlangs(), l.Agents
	if a >= float64(c) || reserve < 0 || reserve > c {
		return 0, 0, fmt.Errorf("staffing: a reserve of %d with %d agents and %.1f erlangs: no steady state", reserve, c, a)
	}
	w, sum := 1.0, 0.0
	for x := c - reserve; x < c; x++ {
		sum += w
		w *= a / float64(x+1)
	}
	w /= 1 - a/float64(c)
	d := sum + w
	return w / d, float64(c-reserve) / l.Handling.Hours() / d, nil
}

// Reserve is the least number of idle agents to be kept, so that no more than the
// share beta of callers waits; false if the formula cannot reach it.
func (l Load) Reserve(beta float64) (int, bool) {
	for r := range l.Agents + 1 {
		if delayed, _, err := l.Blend(r); err == nil && delayed <= beta {
			return r, true
		}
	}
	return 0, false
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
