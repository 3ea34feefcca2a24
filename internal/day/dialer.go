package day

import (
	"fmt"
	"slices"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/routing"
)

// dialer places the day's jobs: routing.Pace says which and by whom, as it does
// twice a second in the dialer of production, and cases.Rules.Check has the last
// word on each.
type dialer struct {
	every    time.Duration
	lines    [][]int // due jobs of each kind and language, in order
	mixed    []bool  // lines into which a job came back, behind those that were due after it
	held     map[agent.Pool]bool
	awake    bool
	news     bool                // something has happened that a dial could come of
	ringing  map[string]agent.ID // attempts whose callee has not answered
	attempts map[string]*live
	placed   int
	left     []int // jobs of each kind that have not had their attempt
	ids      []string
	serves   [][]int // of each agent, the lines that she may and can take
	free     idle    // agents who are free
	idle     []idle  // of each line, those of them who may and can take it
	works    []routing.Work
}

// dialEvery is how often the dialer of production looks (config default).
const dialEvery = 500 * time.Millisecond

// comesBack is after how long a job is due again that was taken back for a
// caller in crisis.
const comesBack = 10 * time.Minute

func newDialer(w *world) dialer {
	d := dialer{
		every: dialEvery, lines: make([][]int, len(w.p.Outbound)*len(w.p.Languages)),
		held: map[agent.Pool]bool{}, ringing: map[string]agent.ID{}, attempts: map[string]*live{}, left: make([]int, len(w.p.Outbound)),
	}
	if w.opt.instant {
		d.every = 1
	}
	d.idle, d.mixed, d.ids = make([]idle, len(d.lines)), make([]bool, len(d.lines)), make([]string, len(w.trace.Jobs))
	for i, j := range w.trace.Jobs {
		d.left[j.Kind]++
		d.ids[i] = fmt.Sprintf("j%06d", i)
	}
	for i := range w.p.Agents {
		d.serves = append(d.serves, w.p.lines(&w.p.Agents[i]))
	}
	for _, k := range w.p.Outbound { // hours open without anything else happening
		w.at(time.Duration(k.Opens)*time.Hour, func() { w.dialer.news, w.changed = true, true })
	}
	for i := range w.trace.Jobs {
		w.at(seconds(w.trace.Jobs[i].Due), func() { w.dialer.line(w, i) })
	}
	return d
}

// wake asks for the next decision at its time. Those of which nothing could come
// are left out: when since the last nobody has become free, nothing due, and no
// caller has come or gone.
func (d *dialer) wake(w *world) {
	callers := len(w.waiting) > 0 && !(d.held[agent.Women] && d.held[agent.MaleOfficers])
	if d.awake || !d.news && !callers || !d.anythingDue(w) {
		return
	}
	d.awake, d.news = true, false
	w.at((w.now+d.every-1)/d.every*d.every, func() {
		d.awake = false
		if w.faults == nil || !w.faults.down() {
			d.decide(w)
		}
	})
}

func (d *dialer) anythingDue(w *world) bool {
	for k := range d.left {
		if d.left[k] > 0 && w.open(&w.p.Outbound[k]) {
			return true
		}
	}
	return false
}

func (w *world) open(k *Kind) bool { return k.open(w.now) || w.opt.mistakes.anyHour }

func (k *Kind) open(at time.Duration) bool {
	return at >= time.Duration(k.Opens)*time.Hour && at < time.Duration(k.Closes)*time.Hour
}

// line puts a job that is due behind those of its kind and language.
func (d *dialer) line(w *world, job int) {
	at := d.lineOf(w, job)
	d.lines[at] = append(d.lines[at], job)
	d.news, w.changed = true, true
}

func (d *dialer) lineOf(w *world, job int) int {
	j := &w.trace.Jobs[job]
	return j.Kind*len(w.p.Languages) + j.Language
}

// decide is one look of the dialer.
func (d *dialer) decide(w *world) {
	p := routing.Pacing{Now: w.clock(), Agents: w.agents, Waiting: w.snapshot().Waiting, Reserve: w.opt.Reserve, Otherwise: w.opt.Otherwise, Policy: w.opt.Policy, Held: d.held}
	if w.opt.mistakes.spendsReserve {
		p.Reserve = routing.Reserve{}
	}
	if w.opt.mistakes.deafToCallers {
		p.Waiting, p.Held = nil, nil
	}
	if w.opt.TakeBack {
		d.giveWay(w, p)
	}
	p.Work = d.work(w, p.Reserve)
	if w.opt.Router.installed() {
		d.placeAll(w, naive(w, p))
		return
	}
	paced := routing.Pace(p)
	d.held = paced.Held
	d.placeAll(w, paced.Assignments)
}

func (d *dialer) placeAll(w *world, given []routing.Assignment) {
	for _, g := range given {
		d.place(w, jobOf(g.Work), w.index[g.Agent])
	}
}

// giveWay takes calls back that still ring, for callers in crisis.
func (d *dialer) giveWay(w *world, p routing.Pacing) {
	for i := range p.Waiting {
		if !p.Waiting[i].Crisis {
			continue
		}
		for _, attempt := range routing.ToTakeBack(p, d.ringing) {
			w.result.TakenBack++
			w.tell(d.attempts[attempt], call.TakenBack{At: w.clock(), Why: "crisis"})
		}
		return
	}
}

// idle are agents who are free: women and officers of whom some are kept for
// callers, and others.
type idle struct{ women, officers, others int }

func (n *idle) count(p *Person, by int) {
	switch {
	case p.callers():
		n.women += by
	case p.ringBacks():
		n.officers += by
	default:
		n.others += by
	}
}

// counts notes that an agent has become free, or is no longer.
func (d *dialer) counts(i int, p *Person, by int) {
	d.free.count(p, by)
	for _, line := range d.serves[i] { // those of another language too: the task may have waited for long
		d.idle[line].count(p, by)
	}
}

// most is how many jobs of a line could be given to somebody now.
func (d *dialer) most(line int, kept routing.Reserve) int {
	n := d.idle[line]
	if d.mixed[line] {
		kept = routing.Reserve{} // the first may not be the longest due
	}
	return n.others + min(n.women, max(0, d.free.women-kept.Women)) + min(n.officers, max(0, d.free.officers-kept.Officers))
}

// work are the first jobs of each line, as many as there are agents who could be
// given one: in one line all are alike, so that no other could be chosen before them.
func (d *dialer) work(w *world, kept routing.Reserve) []routing.Work {
	if w.opt.Router.installed() {
		kept = routing.Reserve{} // their dialer keeps nobody back
	}
	d.works = d.works[:0]
	for at, line := range d.lines {
		k := &w.p.Outbound[at/len(w.p.Languages)]
		if len(line) == 0 || !w.open(k) {
			continue
		}
		for _, job := range line[:min(d.most(at, kept), len(line))] {
			d.works = append(d.works, routing.Work{
				ID: d.ids[job], Pool: k.Pool, Skill: k.Name, Language: w.p.Languages[at%len(w.p.Languages)].Code,
				Due: midnight.Add(seconds(w.trace.Jobs[job].Due)),
			})
		}
	}
	return d.works
}

// lines of work that a person may and is trained to take.
func (p *Profile) lines(a *Person) (lines []int) {
	for at := range len(p.Outbound) * len(p.Languages) {
		if k := &p.Outbound[at/len(p.Languages)]; a.may(k.Pool) && slices.Contains(a.Outbound, k.Name) {
			lines = append(lines, at)
		}
	}
	return lines
}

func jobOf(id string) (n int) {
	for _, digit := range id[1:] {
		n = n*10 + int(digit-'0')
	}
	return n
}

// may asks the ladder whether this attempt may be dialled now.
func (d *dialer) may(w *world, job int, p agent.Profile) []cases.Reason {
	k := &w.p.Outbound[w.trace.Jobs[job].Kind]
	t := cases.Task{
		ID: cases.TaskID(d.ids[job]), Kind: cases.Kind(k.Name), Number: d.ids[job], Due: midnight.Add(seconds(w.trace.Jobs[job].Due)),
		Window: cases.Daily(k.Opens, k.Closes), Pool: k.Pool,
	}
	c := cases.Case{Tasks: []cases.Task{t}, State: stateOf(t.Kind)}
	return w.opt.Ladder.Check(t, c, cases.Facts{Agents: []agent.Profile{p}}, w.clock())
}

// stateOf is where on the ladder a case stands that has a task of this kind.
func stateOf(k cases.Kind) cases.State {
	switch k {
	case cases.CallOffender:
		return cases.CounselDue
	case cases.CallContact:
		return cases.FFRDue
	}
	return cases.CounselFeedback
}

// place begins an attempt: the call, the agent's phone, and then his.
func (d *dialer) place(w *world, job, by int) {
	j := &w.trace.Jobs[job]
	k := &w.p.Outbound[j.Kind]
	if len(d.may(w, job, w.agents[by].Profile)) > 0 && !w.opt.mistakes.anyHour {
		w.result.Refused++
		return
	}
	w.law.dials(j, by)
	d.take(w, job)
	d.placed++
	l := &live{arrival: -1, job: job, rung: -1, kind: 1 + j.Kind, talk: seconds(j.Talk), wrapUp: seconds(j.WrapUp)}
	l.call.ID = call.AttemptID(fmt.Sprintf("%06d", d.placed))
	d.attempts[l.call.ID] = l
	if w.faults != nil {
		w.faults.lives = append(w.faults.lives, l)
	}
	w.step(l, call.Placed{At: w.clock(), Task: d.ids[job], Work: k.Name, Line: "1090", Pool: k.Pool, DialFor: k.RingFor, Language: w.p.Languages[j.Language].Code})
	if !w.step(l, call.Matched{At: w.clock(), Agent: w.agents[by].Profile, RingFor: ringAgentFor}) {
		w.step(l, call.Unmatched{At: w.clock()})
	}
}

// ringAgentFor is how long an agent's phone rings for a call of ours (config
// default).
const ringAgentFor = 10 * time.Second

// take removes a job from its line. It is near the head.
func (d *dialer) take(w *world, job int) {
	line := &d.lines[d.lineOf(w, job)]
	for i, x := range *line {
		if x == job {
			copy((*line)[1:i+1], (*line)[:i])
			*line = (*line)[1:]
			break
		}
	}
	d.left[w.trace.Jobs[job].Kind]--
}

// dial is the other phone: the agent's leg is up, and what comes of it is what
// the trace says.
func (d *dialer) dial(w *world, l *live, leg string) {
	if l.leg != leg || l.legState != call.LegUp || l.caller {
		return
	}
	j := &w.trace.Jobs[l.job]
	l.caller = true
	d.ringing[l.call.ID] = l.call.Offer.Agent
	w.tell(l, call.Dialling{At: w.clock()})
	switch j.Ends {
	case Answered:
		w.after(min(seconds(j.Ring), w.p.Outbound[j.Kind].RingFor-time.Millisecond), func() { d.answers(w, l) })
	case Failed:
		w.after(seconds(j.Ring), func() {
			if l.caller && !l.up {
				l.caller = false
				w.tell(l, call.Missed{At: w.clock(), Failure: call.Failure{Cause: "busy"}})
			}
		})
	}
}

// answers is whom we call.
func (d *dialer) answers(w *world, l *live) {
	if !l.caller || l.up {
		return
	}
	l.up, l.joined = true, l.legState == call.LegUp
	delete(d.ringing, l.call.ID)
	w.law.reached(l)
	w.tell(l, call.Reached{At: w.clock()})
	w.after(l.talk, func() {
		if l.joined {
			w.hangsUp(l)
		}
	})
}

// ended settles an attempt. What was taken back is due again later.
func (d *dialer) ended(w *world, l *live) {
	delete(d.ringing, l.call.ID)
	delete(d.attempts, l.call.ID)
	switch l.call.Outcome {
	case call.Withdrawn, call.NotPlaced, call.Interrupted:
		d.left[w.trace.Jobs[l.job].Kind]++
		w.after(comesBack, func() {
			d.mixed[d.lineOf(w, l.job)] = true
			d.line(w, l.job)
		})
	default:
		w.result.attempt(w, l)
	}
}
