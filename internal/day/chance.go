package day

import (
	"math"
	"math/rand/v2"
	"time"
)

// Law is the form of a distribution of times.
type Law string

// The laws. Handling times of call centres are lognormal, patience is near an
// exponential after a shortest wait (Brown et al., JASA 100(469), 2005).
const (
	Lognormal   Law = "lognormal"   // by mean and coefficient of variation
	Exponential Law = "exponential" // Shift + an exponential of mean Mean
	Constant    Law = "constant"    // always Mean
)

// Spread is a distribution of times.
type Spread struct {
	Law   Law           `yaml:"law"`
	Mean  time.Duration `yaml:"mean"`
	CV    float64       `yaml:"cv,omitempty"`
	Shift time.Duration `yaml:"shift,omitempty"`
}

func (s Spread) validate(path string) error {
	switch {
	case s.Law != Lognormal && s.Law != Exponential && s.Law != Constant:
		return wrong(path+".law", "%q is neither lognormal, exponential nor constant", s.Law)
	case s.Mean < 0 || s.Mean > longest || s.Mean == 0 && s.Law == Lognormal:
		return wrong(path+".mean", "%v is no mean of a %s time of at most a day", s.Mean, s.Law)
	case !within(s.CV, 0, 10):
		return wrong(path+".cv", "%v is not between 0 and 10", s.CV)
	case s.Shift < 0 || s.Shift > longest:
		return wrong(path+".shift", "%v is not between 0 and a day", s.Shift)
	}
	return nil
}

// draw is in seconds. A lognormal uses one normal number, an exponential one
// exponential number, a constant none.
//
// The lognormal of mean m and coefficient of variation c is exp(μ + σZ) with
// σ² = ln(1+c²) and μ = ln m − σ²/2.
func (s Spread) draw(r *rand.Rand) float64 {
	mean := s.Mean.Seconds()
	switch s.Law {
	case Lognormal:
		variance := math.Log(1 + s.CV*s.CV)
		mu := math.Log(mean) - variance/2
		return math.Exp(mu + math.Sqrt(variance)*r.NormFloat64())
	case Exponential:
		return s.Shift.Seconds() + mean*r.ExpFloat64()
	}
	return mean
}

// average is the mean of the whole distribution in seconds.
func (s Spread) average() float64 { return s.Mean.Seconds() + s.Shift.Seconds() }

// hash01 is the 64-bit finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA
// 2014), as a number in [0, 1). It gives what must be the same for every router:
// whether and when the n-th phone that rings for a call is picked up.
func hash01(x uint64) float64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

// seconds makes a time of a number of seconds.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
