package day

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// Trace is one day as chance made it: what callers and callees will do, whatever
// is decided about them. All times are in seconds, from midnight or as lengths.
type Trace struct {
	Arrivals []Arrival
	// Jobs are in the order in which they become due.
	Jobs []Job
}

// Arrival is a caller.
type Arrival struct {
	At float64
	// Class is her place among Profile.classes.
	Class        int
	Talk, WrapUp float64
	// Patience is how long she waits before she gives up.
	Patience float64
}

// Job is an attempt to be made.
type Job struct {
	Due float64
	// Kind and Language are indices of the profile.
	Kind, Language int
	Ends           Ending
	// Ring is how long the phone rings: until the answer, until we give up, or
	// until the failure.
	Ring         float64
	Talk, WrapUp float64
}

// Ending is what comes of an attempt.
type Ending int

// The endings.
const (
	Answered Ending = iota
	Unanswered
	Failed
)

// stream is the second half of the generator's seed; the first is the trace's.
const stream = 0x1090

// Draw makes the trace of a seed. Callers come as a Poisson process with one
// rate for each hour. The order of draws is part of the format, so that days can
// be compared draw by draw with other implementations: for each hour the gaps,
// of which the last, that leads out of the hour, is dropped; with each caller her
// class, part, talk, wrap-up and patience. Then for each kind and job the time it
// is due (one number, and a second if that is not the opening), language, result,
// ring, failure, talk and wrap-up.
func (p *Profile) Draw(seed uint64) Trace {
	r := rand.New(rand.NewPCG(seed, stream))
	t := Trace{Arrivals: p.drawArrivals(r)}
	for kind := range p.Outbound {
		for range p.Outbound[kind].Attempts {
			t.Jobs = append(t.Jobs, p.drawJob(r, kind))
		}
	}
	slices.SortStableFunc(t.Jobs, func(a, b Job) int { return cmp.Compare(a.Due, b.Due) })
	return t
}

func (p *Profile) drawArrivals(r *rand.Rand) []Arrival {
	classes := p.classes()
	var all []Arrival
	for hour, percent := range p.Hours {
		perSecond := p.CallsPerDay * percent / 100 / 3600
		if perSecond <= 0 {
			continue
		}
		begins, ends := float64(hour)*3600, float64(hour+1)*3600
		for at := begins + r.ExpFloat64()/perSecond; at < ends; at += r.ExpFloat64() / perSecond {
			class := pick(r, len(classes), func(i int) float64 { return classes[i].share })
			c := &p.Categories[classes[class].category]
			part := &c.Parts[pick(r, len(c.Parts), func(i int) float64 { return c.Parts[i].Share })]
			a := Arrival{At: at, Class: class}
			a.Talk, a.WrapUp, a.Patience = part.Talk.draw(r), part.WrapUp.draw(r), c.Patience.draw(r)
			all = append(all, a)
		}
	}
	return all
}

func (p *Profile) drawJob(r *rand.Rand, kind int) Job {
	k := &p.Outbound[kind]
	j := Job{Kind: kind, Due: float64(k.Opens) * 3600, Ends: Failed}
	if r.Float64() >= k.AtOpening {
		open := float64(k.Closes-k.Opens)*3600 - k.LastBeforeClose.Seconds()
		j.Due += r.Float64() * open
	}
	j.Language = pick(r, len(p.Languages), func(i int) float64 { return p.Languages[i].Share })
	switch x := r.Float64(); {
	case x < k.Answered:
		j.Ends = Answered
	case x < k.Answered+k.Unanswered:
		j.Ends = Unanswered
	}
	j.Ring = k.Ring.draw(r)
	fail := k.Fail.draw(r)
	j.Talk, j.WrapUp = k.Talk.draw(r), k.WrapUp.draw(r)
	switch j.Ends {
	case Unanswered:
		j.Ring = k.RingFor.Seconds()
	case Failed:
		j.Ring = fail
	}
	return j
}

// pick is an index by share, with one number. What rounding leaves over goes to
// the last.
func pick(r *rand.Rand, n int, share func(int) float64) int {
	x, sum := r.Float64(), 0.0
	for i := range n - 1 {
		if sum += share(i); x < sum {
			return i
		}
	}
	return n - 1
}

// Digest is the SHA-256 of the trace as text, to the millisecond, in hexadecimal.
func (t Trace) Digest(p *Profile) string {
	h := sha256.New()
	t.write(h, p)
	return hex.EncodeToString(h.Sum(nil))
}

func (t Trace) write(w io.Writer, p *Profile) {
	for _, a := range t.Arrivals {
		fmt.Fprintf(w, "I %.3f %d %.3f %.3f %.3f\n", a.At, a.Class, a.Talk, a.WrapUp, a.Patience)
	}
	for _, j := range t.Jobs {
		fmt.Fprintf(w, "O %.3f %d %d %.3f %.3f %.3f\n", j.Due, j.Kind*len(p.Languages)+j.Language, j.Ends, j.Ring, j.Talk, j.WrapUp)
	}
}
