package figure

import "time"

// ShortWait is the wait under which an abandoned call is short: no answer could
// have met it. It is counted among the abandoned, and apart as well.
const ShortWait = 5 * time.Second

// Share is a part of a whole. The whole is 0 where there was nothing to count.
type Share struct{ Part, Whole int }

// Known reports whether there was anything to divide by.
func (s Share) Known() bool { return s.Whole > 0 }

// Value is the share, 0 to 1; ask Known first.
func (s Share) Value() float64 {
	if s.Whole == 0 {
		return 0
	}
	return float64(s.Part) / float64(s.Whole)
}

// AtLeast reports whether the share is known and no less than this.
func (s Share) AtLeast(target float64) bool { return s.Known() && s.Value() >= target }

// Level counts calls against one threshold.
type Level struct {
	Within time.Duration
	InTime int // answered within it
	Late   int // abandoned in the queue after it, and never answered
}

// Calls are sums over callers' calls that ended.
type Calls struct {
	Ended    int
	Answered int
	// Abandoned in the greeting, waiting, or while an agent's phone rang. InGreeting
	// and Short are among them.
	Abandoned, InGreeting, Short int
	// ToEmergency left for 112 by a key, ToFallback for Asterisk's own queues.
	ToEmergency, ToFallback int
	Crisis, Silent          int
	// Waited is the sum of the waits of answered calls, Longest the longest of them.
	Waited, Longest time.Duration
	// Talked is the sum of their talk time, in the caller's eyes.
	Talked time.Duration
	Levels []Level
}

// Plus adds two sums. Their levels are of the same thresholds, or one has none.
func (c Calls) Plus(o Calls) Calls {
	c.Ended += o.Ended
	c.Answered += o.Answered
	c.Abandoned += o.Abandoned
	c.InGreeting += o.InGreeting
	c.Short += o.Short
	c.ToEmergency += o.ToEmergency
	c.ToFallback += o.ToFallback
	c.Crisis += o.Crisis
	c.Silent += o.Silent
	c.Waited += o.Waited
	c.Talked += o.Talked
	c.Longest = max(c.Longest, o.Longest)
	levels := make([]Level, max(len(c.Levels), len(o.Levels)))
	copy(levels, c.Levels)
	for i, l := range o.Levels {
		levels[i].Within = l.Within
		levels[i].InTime += l.InTime
		levels[i].Late += l.Late
	}
	c.Levels = levels
	return c
}

// ServiceLevel is answered within T / (answered + abandoned after T), for a T
// that was counted.
func (c Calls) ServiceLevel(within time.Duration) Share {
	for _, l := range c.Levels {
		if l.Within == within {
			return Share{l.InTime, c.Answered + l.Late}
		}
	}
	return Share{}
}

// Abandonment is abandoned / all calls that ended.
func (c Calls) Abandonment() Share { return Share{c.Abandoned, c.Ended} }

// AbandonmentWithoutShort leaves the short ones out of both.
func (c Calls) AbandonmentWithoutShort() Share {
	return Share{c.Abandoned - c.Short, c.Ended - c.Short}
}

// ASA is the average speed of answer; false while nothing was answered.
func (c Calls) ASA() (time.Duration, bool) { return mean(c.Waited, c.Answered) }

// AHT is the average handling time: what agents spent talking with callers and
// writing up, for each answered call; false while nothing was answered.
func AHT(c Calls, t Time) (time.Duration, bool) { return mean(t.Handled, c.Answered) }

func mean(sum time.Duration, n int) (time.Duration, bool) {
	if n == 0 {
		return 0, false
	}
	return sum / time.Duration(n), true
}

// Target is a share of calls to be answered within a time.
type Target struct {
	Name   string
	Within time.Duration
	Share  float64
}

// Targets are those of NENA-STA-020.1: 90 % of all calls within 15 s, 95 %
// within 20 s.
var Targets = []Target{{"NENA 90/15", 15 * time.Second, .90}, {"NENA 95/20", 20 * time.Second, .95}}

// Thresholds are all times against which calls are counted: T first, then those
// of the targets that T is not.
func Thresholds(t time.Duration) []time.Duration {
	all := []time.Duration{t}
	for _, target := range Targets {
		if target.Within != t {
			all = append(all, target.Within)
		}
	}
	return all
}

// BurnRate is how many times faster than allowed calls miss the target: the share
// that missed it / the share that may. False where nothing was counted.
func BurnRate(c Calls, t Target) (float64, bool) {
	level := c.ServiceLevel(t.Within)
	if !level.Known() {
		return 0, false
	}
	return (1 - level.Value()) / (1 - t.Share), true
}
