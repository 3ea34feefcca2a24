package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// wave is how long it takes from one rush to the next.
const wave = 2 * time.Minute

// rate of callers a minute at a time since the start: the average, in waves
// that rise to its 1.6-fold and fall to its 0.4-fold. It begins in the middle,
// rising.
func rate(average float64, at time.Duration) float64 {
	return average * (1 + 0.6*math.Sin(2*math.Pi*at.Seconds()/wave.Seconds()))
}

// nextArrival is how long after a moment the next caller comes: callers know
// nothing of each other, so the gaps are exponential.
func nextArrival(r *rand.Rand, average float64, at time.Duration) time.Duration {
	perSecond := rate(average, at) / 60
	return time.Duration(r.ExpFloat64() / perSecond * float64(time.Second))
}

// between draws a time evenly.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)+1))
}
