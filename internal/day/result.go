package day

import (
	"math"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Result is what a day came to, or several days together. Times are in seconds.
type Result struct {
	Profile string
	Policy  Policy
	Days    int
	// Offered are all callers; Answered, Abandoned and Left (still there at the end)
	// are parts of them.
	Offered, Answered, Abandoned, Left int
	// ByCategory has the same for each category, and All for all together.
	ByCategory []Group
	All        Group
	NonFirst   Group // callers who do not speak the first language
	// ByCounsellor counts crisis calls that a counsellor answered.
	ByCounsellor int
	// Jobs that were due, Attempts that were made of them, Talks that came of those.
	Jobs, Attempts, Talks int
	ByKind                []Attempts
	BreakIns, TakenBack   int
	Missed, Refused       int
	Decisions, Steps      int
	// Crashes, Faults and Resumed count what went wrong, and calls put back in
	// their place.
	Crashes, Faults, Resumed int
	// Hours of conversations and of waiting that were played.
	CallHours float64
	// Hours are for the plots.
	Hours [24]Hour
	// Teams in the order in which the profile names them first.
	Teams []Team

	// halves are callers for women by half-hours, and those who were answered
	// within the time of Options.Within.
	halves      [slots]Share
	occupancies []occupancy
	byHourWaits [24][]float32
}

// Group is a set of callers.
type Group struct {
	Name                        string
	Offered, Answered, Matched  int // Matched: answered by an agent of level 0
	Within8, Within15, Within20 int
	Abandoned                   int
	Waits                       []float64 // of those who were answered, sorted by Finish
}

// Attempts are of one outbound kind.
type Attempts struct {
	Name                  string
	Jobs, Attempts, Talks int
}

// Hour of the day, over all days.
type Hour struct {
	Offered, Answered, Within15, Abandoned int
	Attempts                               int
	// Queue is the sum, and QueueMost the greatest, of Samples looks at the number
	// of callers who wait.
	Queue, QueueMost, Samples int
	// ByCategory are offered and answered within 15 s.
	ByCategory []Share
	MeanWait   float64 // of the answered
	P95Wait    float64
}

// Share is a part of a whole.
type Share struct{ Part, Whole int }

// Percent is 0 for nothing of nothing.
func (s Share) Percent() float64 { return percent(s.Part, s.Whole) }

// Team is how a team's time was used, in agent-hours of each hour of the day.
type Team struct {
	Name       string
	Busy, Paid [24]float64
}

// Occupancy of the whole day, in percent of the time without breaks.
func (t *Team) Occupancy() float64 {
	busy, paid := 0.0, 0.0
	for h := range t.Busy {
		busy += t.Busy[h]
		paid += t.Paid[h]
	}
	return ratio(100*busy, paid)
}

// occupancy of one agent on one day, with the shift that it is compared in.
type occupancy struct {
	day         int
	team, shift string
	percent     float64
}

func newResult(p *Profile) *Result {
	r := &Result{Profile: p.Name, Days: 1, All: Group{Name: "all"}, NonFirst: Group{Name: "other languages"}}
	for _, c := range p.Categories {
		r.ByCategory = append(r.ByCategory, Group{Name: c.Name})
	}
	for h := range r.Hours {
		r.Hours[h].ByCategory = make([]Share, len(p.Categories))
	}
	for _, k := range p.Outbound {
		r.ByKind = append(r.ByKind, Attempts{Name: k.Name})
	}
	for _, a := range p.Agents {
		r.team(a.Team)
	}
	return r
}

func (r *Result) team(name string) *Team {
	for i := range r.Teams {
		if r.Teams[i].Name == name {
			return &r.Teams[i]
		}
	}
	r.Teams = append(r.Teams, Team{Name: name})
	return &r.Teams[len(r.Teams)-1]
}

// caller books a caller who is gone.
func (r *Result) caller(w *world, c *inbound) {
	arrival := &w.trace.Arrivals[c.arrival]
	class := w.classes[arrival.Class]
	hour := &r.Hours[min(23, int(arrival.At)/3600)]
	groups := []*Group{&r.All, &r.ByCategory[class.category]}
	if class.language != 0 {
		groups = append(groups, &r.NonFirst)
	}
	answered := !c.call.Answered.IsZero()
	wait := c.call.Answered.Sub(c.call.Queued).Seconds()
	r.Offered++
	hour.Offered++
	hour.ByCategory[class.category].Whole++
	if answered {
		r.Answered++
		hour.Answered++
		r.byHourWaits[min(23, int(arrival.At)/3600)] = append(r.byHourWaits[min(23, int(arrival.At)/3600)], float32(wait))
		if wait <= 15 {
			hour.Within15++
			hour.ByCategory[class.category].Part++
		}
		if c.call.Crisis && len(c.call.Spoken) > 0 && w.people[w.index[c.call.Spoken[0]]].p.Counsellor {
			r.ByCounsellor++
		}
	} else {
		r.Abandoned++
		hour.Abandoned++
	}
	if w.p.Categories[class.category].Pool == agent.Women {
		slot := &r.halves[min(slots-1, int(arrival.At)/int(half/time.Second))]
		slot.Whole++
		if answered && wait <= w.opt.within() {
			slot.Part++
		}
	}
	for _, g := range groups {
		g.add(answered, wait, c.level)
	}
}

func (g *Group) add(answered bool, wait float64, level int) {
	g.Offered++
	if !answered {
		g.Abandoned++
		return
	}
	g.Answered++
	g.Waits = append(g.Waits, wait)
	if level == 0 {
		g.Matched++
	}
	for _, limit := range []struct {
		of    float64
		count *int
	}{{8, &g.Within8}, {15, &g.Within15}, {20, &g.Within20}} {
		if wait <= limit.of {
			*limit.count++
		}
	}
}

// attempt books an attempt that is over.
func (r *Result) attempt(w *world, l *live) {
	k := w.trace.Jobs[l.job].Kind
	r.Attempts++
	r.ByKind[k].Attempts++
	r.Hours[min(23, int(w.now/time.Hour))].Attempts++
	if o := l.call.Outcome; o == call.CompleteAgent || o == call.CompleteCaller {
		r.Talks++
		r.ByKind[k].Talks++
	}
}

func (r *Result) queue(at time.Duration, n int) {
	h := &r.Hours[min(23, int(at/time.Hour))]
	h.Samples++
	h.Queue += n
	h.QueueMost = max(h.QueueMost, n)
}

// worked books a piece of somebody's time to the hours that it lies in.
func (r *Result) worked(team string, doing activity, from, to time.Duration) {
	if doing == absent || doing == onBreak {
		return
	}
	t := r.team(team)
	for from < to {
		hour := from / time.Hour
		end := min(to, (hour+1)*time.Hour)
		if hour < 24 {
			t.Paid[hour] += (end - from).Hours()
			if doing == busy {
				t.Busy[hour] += (end - from).Hours()
			}
		}
		from = end
	}
}

// close ends the books of a day.
func (r *Result) close(w *world) {
	for i := range w.people {
		w.count(i)
		h := &w.people[i]
		if paid := h.totals[free] + h.totals[busy]; paid > 0 {
			text, _ := h.p.Shift.MarshalText()
			r.occupancies = append(r.occupancies, occupancy{0, h.p.Team, string(text), 100 * float64(h.totals[busy]) / float64(paid)})
		}
	}
	for i := range w.calls {
		if s := w.calls[i].call.Stage; s != call.Ended && s != "" {
			r.Left++
		}
	}
	for _, j := range w.trace.Jobs {
		r.Jobs++
		r.ByKind[j.Kind].Jobs++
	}
	r.Steps = w.steps
	r.finish()
}

// finish sorts, and makes what is read from the sorted.
func (r *Result) finish() {
	for _, g := range r.groups() {
		slices.Sort(g.Waits)
	}
	for h := range r.Hours {
		waits := r.byHourWaits[h]
		slices.Sort(waits)
		sum := 0.0
		for _, w := range waits {
			sum += float64(w)
		}
		r.Hours[h].MeanWait = ratio(sum, float64(len(waits)))
		if n := len(waits); n > 0 {
			r.Hours[h].P95Wait = float64(waits[rank(n, .95)])
		}
	}
}

func (r *Result) groups() []*Group {
	all := []*Group{&r.All, &r.NonFirst}
	for i := range r.ByCategory {
		all = append(all, &r.ByCategory[i])
	}
	return all
}

// Category is the group of that name, nil if there is none.
func (r *Result) Category(name string) *Group {
	for i := range r.ByCategory {
		if r.ByCategory[i].Name == name {
			return &r.ByCategory[i]
		}
	}
	return nil
}

// Add takes another day of the same profile in. Counts are summed before
// anything is divided.
func (r *Result) Add(day *Result) {
	r.Days += day.Days
	for _, c := range []struct {
		sum *int
		day int
	}{
		{&r.Offered, day.Offered}, {&r.Answered, day.Answered}, {&r.Abandoned, day.Abandoned}, {&r.Left, day.Left},
		{&r.ByCounsellor, day.ByCounsellor}, {&r.Jobs, day.Jobs}, {&r.Attempts, day.Attempts}, {&r.Talks, day.Talks},
		{&r.BreakIns, day.BreakIns}, {&r.TakenBack, day.TakenBack}, {&r.Missed, day.Missed}, {&r.Refused, day.Refused},
		{&r.Decisions, day.Decisions}, {&r.Steps, day.Steps},
		{&r.Crashes, day.Crashes}, {&r.Faults, day.Faults}, {&r.Resumed, day.Resumed},
	} {
		*c.sum += c.day
	}
	r.CallHours += day.CallHours
	other := day.groups()
	for i, g := range r.groups() {
		g.merge(other[i])
	}
	for i := range r.ByKind {
		r.ByKind[i].Jobs += day.ByKind[i].Jobs
		r.ByKind[i].Attempts += day.ByKind[i].Attempts
		r.ByKind[i].Talks += day.ByKind[i].Talks
	}
	r.addHours(day)
	for _, o := range day.occupancies {
		o.day = r.Days
		r.occupancies = append(r.occupancies, o)
	}
	r.finish()
}

func (r *Result) addHours(day *Result) {
	for h := range r.Hours {
		a, b := &r.Hours[h], &day.Hours[h]
		a.Offered += b.Offered
		a.Answered += b.Answered
		a.Within15 += b.Within15
		a.Abandoned += b.Abandoned
		a.Attempts += b.Attempts
		a.Queue += b.Queue
		a.Samples += b.Samples
		a.QueueMost = max(a.QueueMost, b.QueueMost)
		for i := range a.ByCategory {
			a.ByCategory[i].Part += b.ByCategory[i].Part
			a.ByCategory[i].Whole += b.ByCategory[i].Whole
		}
		r.byHourWaits[h] = append(r.byHourWaits[h], day.byHourWaits[h]...)
	}
	for i := range r.halves {
		r.halves[i].Part += day.halves[i].Part
		r.halves[i].Whole += day.halves[i].Whole
	}
	for i := range r.Teams {
		for h := range r.Teams[i].Busy {
			r.Teams[i].Busy[h] += day.Teams[i].Busy[h]
			r.Teams[i].Paid[h] += day.Teams[i].Paid[h]
		}
	}
}

func (g *Group) merge(o *Group) {
	g.Offered += o.Offered
	g.Answered += o.Answered
	g.Matched += o.Matched
	g.Within8 += o.Within8
	g.Within15 += o.Within15
	g.Within20 += o.Within20
	g.Abandoned += o.Abandoned
	g.Waits = append(g.Waits, o.Waits...)
}

// In8 is the percent of all offered, abandoned ones included, who were answered
// within 8 s.
func (g *Group) In8() float64 { return percent(g.Within8, g.Offered) }

// In15 is In8 for 15 s; NENA-STA-020.1-2020 asks for 90 %.
func (g *Group) In15() float64 { return percent(g.Within15, g.Offered) }

// In20 is In8 for 20 s; NENA asks for 95 %.
func (g *Group) In20() float64 { return percent(g.Within20, g.Offered) }

// Lost is the percent of offered who gave up.
func (g *Group) Lost() float64 { return percent(g.Abandoned, g.Offered) }

// Match is the percent of offered who were answered by an agent of level 0.
func (g *Group) Match() float64 { return percent(g.Matched, g.Offered) }

// Mean wait of the answered, in seconds (ASA).
func (g *Group) Mean() float64 {
	sum := 0.0
	for _, w := range g.Waits {
		sum += w
	}
	return ratio(sum, float64(len(g.Waits)))
}

// Quantile of the waits of the answered by nearest rank, in seconds.
func (g *Group) Quantile(q float64) float64 {
	if len(g.Waits) == 0 {
		return 0
	}
	return g.Waits[rank(len(g.Waits), q)]
}

// women are all callers for women, and those who were answered in time.
func (r *Result) women() (all Share) {
	for _, h := range r.halves {
		all.Part += h.Part
		all.Whole += h.Whole
	}
	return all
}

// Done is the percent of jobs that had their attempt.
func (r *Result) Done() float64 { return percent(r.Attempts, r.Jobs) }

// CounsellorShare is the percent of answered crisis calls that a counsellor took.
func (r *Result) CounsellorShare(crisis *Group) float64 {
	return percent(r.ByCounsellor, crisis.Offered)
}

// Spread is the standard deviation of occupancy, in points, among agents of a
// team in the same shift: pooled over the shifts of a day, mean over the days.
func (r *Result) Spread(team string) float64 {
	type key struct {
		day   int
		shift string
	}
	shifts := map[key][]float64{}
	var order []key
	for _, o := range r.occupancies {
		if o.team != team {
			continue
		}
		k := key{o.day, o.shift}
		if len(shifts[k]) == 0 {
			order = append(order, k)
		}
		shifts[k] = append(shifts[k], o.percent)
	}
	squares, n := map[int]float64{}, map[int]int{}
	var days []int
	for _, k := range order {
		if n[k.day] == 0 {
			days = append(days, k.day)
		}
		mean := 0.0
		for _, x := range shifts[k] {
			mean += x / float64(len(shifts[k]))
		}
		for _, x := range shifts[k] {
			squares[k.day] += (x - mean) * (x - mean)
		}
		n[k.day] += len(shifts[k])
	}
	sum := 0.0
	for _, d := range days {
		sum += math.Sqrt(squares[d] / float64(n[d]))
	}
	return ratio(sum, float64(len(days)))
}

// rank is the index of the nearest rank.
func rank(n int, q float64) int { return min(n-1, max(0, int(math.Ceil(q*float64(n)))-1)) }

func percent(part, whole int) float64 { return ratio(100*float64(part), float64(whole)) }

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
