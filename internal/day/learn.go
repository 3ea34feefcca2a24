package day

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"powerline/agent"
)

// Past is what has been written of some days.
type Past struct {
	// Days is how many days the records cover; Zone is where their hours are counted.
	Days int
	Zone *time.Location
	// Languages is the first language, and all that somebody may speak.
	Languages []string
	Calls     []PastCall
	Attempts  []PastAttempt
	Shifts    []PastShift
	// Missed of all Offers rang out.
	Missed, Offers int
}

// PastCall is a caller: how long she waited, whether she was answered or gave up,
// and then talk and wrap-up.
type PastCall struct {
	At                 time.Time
	Category, Language string
	Pool               agent.Pool
	Wait, Talk, WrapUp time.Duration
	Answered, GaveUp   bool
}

// PastAttempt is a dial of ours.
type PastAttempt struct {
	At                 time.Time
	Kind               string
	Pool               agent.Pool
	Result             Ending
	Ring, Talk, WrapUp time.Duration
}

// PastShift is one person's day.
type PastShift struct {
	Profile    agent.Profile
	Team       string
	Begin, End time.Time
	Breaks     []PastBreak
}

// PastBreak is a pause of a shift.
type PastBreak struct{ Begin, End time.Time }

// fewest observations from which a distribution is learnt; with fewer, that of
// the reference day is kept.
const fewest = 30

// Learn makes a profile of what has been written. Handling times become lognormal
// by their mean and coefficient of variation. Patience is exponential after a
// shortest wait: that is the least after which anybody gave up, and the mean is all
// the time that callers waited beyond it, divided by the number who gave up, as
// those who were answered would have waited longer (the maximum likelihood
// estimate under censoring; see Brown et al., JASA 100(469), 2005). What is too rare to
// learn is taken from like, and notes says so.
func Learn(past Past, like Profile) (p Profile, notes []string, err error) {
	switch {
	case past.Days < 1 || len(past.Calls) == 0:
		return Profile{}, nil, errors.New("learn a profile: there are no records of calls in these days")
	case len(past.Languages) == 0:
		return Profile{}, nil, errors.New("learn a profile: no languages are given")
	}
	l := &learner{past: past, like: like}
	l.p = Profile{Name: "learnt", Drain: like.Drain, Pickup: like.Pickup, CallsPerDay: float64(len(past.Calls)) / float64(past.Days)}
	l.hours()
	l.languages()
	l.categories()
	l.outbound()
	l.agents()
	if past.Offers >= fewest {
		l.p.Pickup.Missed = math.Min(1, float64(past.Missed)/float64(past.Offers))
	} else {
		l.note("pickup: too few offers, as on the reference day")
	}
	if err := l.p.Validate(); err != nil {
		return Profile{}, nil, fmt.Errorf("learn a profile: what was learnt makes no day: %w", err)
	}
	return l.p, l.notes, nil
}

type learner struct {
	past  Past
	like  Profile
	p     Profile
	notes []string
}

func (l *learner) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

func (l *learner) hours() {
	l.p.Hours = make([]float64, 24)
	for _, c := range l.past.Calls {
		l.p.Hours[c.At.In(l.past.Zone).Hour()] += 100 / float64(len(l.past.Calls))
	}
}

// languages counts those whose language is known; the others count as the first.
func (l *learner) languages() {
	counts := make([]int, len(l.past.Languages))
	for _, c := range l.past.Calls {
		counts[max(0, slices.Index(l.past.Languages, c.Language))]++
	}
	for i, code := range l.past.Languages {
		l.p.Languages = append(l.p.Languages, Language{code, float64(counts[i]) / float64(len(l.past.Calls))})
	}
}

func (l *learner) categories() {
	byName := map[string][]PastCall{}
	for _, c := range l.past.Calls {
		byName[c.Category] = append(byName[c.Category], c)
	}
	for _, name := range sortedByCount(byName) {
		calls := byName[name]
		base := l.likeCategory(name)
		c := Category{
			Name: name, Share: float64(len(calls)) / float64(len(l.past.Calls)), Pool: calls[0].Pool, ByLanguage: true,
			Weight: base.Weight, Patience: base.Patience, Recovery: base.Recovery,
		}
		var talk, wrapUp []float64
		for _, call := range calls {
			if call.Answered {
				talk = append(talk, call.Talk.Seconds())
			}
			if call.WrapUp > 0 {
				wrapUp = append(wrapUp, call.WrapUp.Seconds())
			}
		}
		part := Part{1, l.spread("talk of "+name, talk, base.Parts[0].Talk), l.spread("wrap-up of "+name, wrapUp, base.Parts[0].WrapUp)}
		c.Parts = []Part{part}
		if patience, gaveUp := patienceOf(calls); gaveUp >= fewest {
			c.Patience = patience
		} else {
			l.note("patience of %s: only %d gave up, as on the reference day", name, gaveUp)
		}
		l.p.Categories = append(l.p.Categories, c)
	}
}

// patienceOf is the patience of callers, and how many of them showed its end.
func patienceOf(calls []PastCall) (patience Spread, gaveUp int) {
	least := time.Duration(math.MaxInt64)
	for _, c := range calls {
		if c.GaveUp {
			gaveUp++
			least = min(least, c.Wait)
		}
	}
	if gaveUp == 0 {
		return Spread{}, 0
	}
	beyond := time.Duration(0)
	for _, c := range calls {
		beyond += max(0, c.Wait-least)
	}
	mean := (beyond / time.Duration(gaveUp)).Round(time.Second)
	return Spread{Law: Exponential, Mean: max(time.Second, mean), Shift: least.Round(time.Second)}, gaveUp
}

// likeCategory is the category of that name of the reference day, or its most
// frequent.
func (l *learner) likeCategory(name string) Category {
	if i := l.like.category(name); i >= 0 {
		return l.like.Categories[i]
	}
	return slices.MaxFunc(l.like.Categories, func(a, b Category) int { return cmp.Compare(a.Share, b.Share) })
}

func (l *learner) outbound() {
	byKind := map[string][]PastAttempt{}
	for _, a := range l.past.Attempts {
		byKind[a.Kind] = append(byKind[a.Kind], a)
	}
	for _, name := range sortedByCount(byKind) {
		l.kind(name, byKind[name])
	}
}

func (l *learner) kind(name string, all []PastAttempt) {
	k := l.like.Outbound[0]
	if i := l.like.kind(name); i >= 0 {
		k = l.like.Outbound[i]
	}
	k.Name, k.Pool = name, all[0].Pool
	k.Attempts = int(math.Round(float64(len(all)) / float64(l.past.Days)))
	counts := map[Ending]int{}
	var ring, fail, talk, wrapUp []float64
	first, last := 24, 0
	for _, a := range all {
		counts[a.Result]++
		hour := a.At.In(l.past.Zone).Hour()
		first, last = min(first, hour), max(last, hour+1)
		switch a.Result {
		case Answered:
			ring, talk = append(ring, a.Ring.Seconds()), append(talk, a.Talk.Seconds())
			if a.WrapUp > 0 {
				wrapUp = append(wrapUp, a.WrapUp.Seconds())
			}
		case Failed:
			fail = append(fail, a.Ring.Seconds())
		}
	}
	k.Opens, k.Closes = first, last
	if hours := time.Duration(last-first) * time.Hour; k.LastBeforeClose > hours/2 {
		k.LastBeforeClose = hours / 2
	}
	k.Answered, k.Unanswered = share(counts[Answered], len(all)), share(counts[Unanswered], len(all))
	k.Ring, k.Fail = l.spread("ring of "+name, ring, k.Ring), l.spread("failure of "+name, fail, k.Fail)
	k.Talk, k.WrapUp = l.spread("talk of "+name, talk, k.Talk), l.spread("wrap-up of "+name, wrapUp, k.WrapUp)
	l.p.Outbound = append(l.p.Outbound, k)
}

// share is rounded down a little, so that two of them never exceed one.
func share(part, whole int) float64 { return math.Floor(1e6*float64(part)/float64(whole)) / 1e6 }

// spread is the lognormal of the same mean and coefficient of variation.
func (l *learner) spread(what string, times []float64, like Spread) Spread {
	if len(times) < fewest {
		l.note("%s: only %d observed, as on the reference day", what, len(times))
		return like
	}
	mean, square := 0.0, 0.0
	for _, t := range times {
		mean += t / float64(len(times))
	}
	for _, t := range times {
		square += (t - mean) * (t - mean) / float64(len(times)-1)
	}
	if mean <= 0 {
		return Spread{Law: Constant}
	}
	return Spread{Law: Lognormal, Mean: seconds(mean).Round(100 * time.Millisecond), CV: math.Round(100*math.Sqrt(square)/mean) / 100}
}

// agents are the people of the last day on which anybody worked, each as she did.
func (l *learner) agents() {
	if len(l.past.Shifts) == 0 {
		l.p.Agents = l.likePeople()
		l.note("agents: nobody's login was recorded, as on the reference day")
		return
	}
	for _, s := range l.past.Shifts {
		begin := s.Begin.In(l.past.Zone)
		starts := float64(begin.Hour()) + math.Floor(float64(begin.Minute())/15)/4
		p := Person{
			ID: s.Profile.ID, Team: s.Team, Woman: s.Profile.Woman, Officer: s.Profile.Officer, Counsellor: s.Profile.Counsellor,
			Senior: s.Profile.Senior, Languages: s.Profile.Languages, Shift: Shift{starts, min(24*time.Hour, max(15*time.Minute, s.End.Sub(s.Begin).Round(15*time.Minute)))},
		}
		// What nobody asked for on these days has no place in the profile.
		p.Categories = slices.DeleteFunc(slices.Clone(s.Profile.Categories), func(c string) bool { return l.p.category(c) < 0 })
		p.Outbound = slices.DeleteFunc(slices.Clone(s.Profile.Outbound), func(k string) bool { return l.p.kind(k) < 0 })
		for _, b := range s.Breaks {
			span := Span{b.Begin.Sub(s.Begin).Round(time.Minute), b.End.Sub(b.Begin).Round(time.Minute)}
			if span.After >= 0 && span.Lasts > 0 && span.After+span.Lasts <= p.Shift.Lasts {
				p.Breaks = append(p.Breaks, span)
			}
		}
		l.p.Agents = append(l.p.Agents, p)
	}
}

func (l *learner) likePeople() []Person {
	all := l.like.clone().Agents
	for i := range all {
		all[i].Categories = slices.DeleteFunc(slices.Clone(all[i].Categories), func(c string) bool { return l.p.category(c) < 0 })
		all[i].Outbound = slices.DeleteFunc(slices.Clone(all[i].Outbound), func(k string) bool { return l.p.kind(k) < 0 })
	}
	return all
}

// sortedByCount are the keys, the most frequent first.
func sortedByCount[T any](by map[string][]T) []string {
	var names []string
	for name := range by {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(by[b])-len(by[a]), cmp.Compare(a, b)) })
	return names
}
