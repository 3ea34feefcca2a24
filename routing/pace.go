package routing

import (
	"cmp"
	"slices"
	"time"

	"powerline/agent"
)

// Work is a task that may be dialled now as far as its case and its number go.
type Work struct {
	ID   string
	Pool agent.Pool
	// Skill is the outbound kind that the agent must be trained for; empty asks
	// for none.
	Skill    string
	Language string
	// Priority puts the greater before the smaller, Due the earlier before the later.
	Priority int
	Due      time.Time
	// Counsellor and Officer are demanded on top of the pool. Excluded agents may
	// not do it; Only, if set, is the one who may.
	Counsellor, Officer bool
	Excluded            []agent.ID
	Only                agent.ID
}

// Reserve is how many idle agents are kept for callers while we dial: women who
// take callers, those of them who can take a crisis, and officers. Resume more
// must be idle before dialling goes on after a caller had to wait.
type Reserve struct{ Women, Crisis, Officers, Resume int }

// Otherwise is the language in which a task may be done as well once it has been
// due for After; the zero value is none.
type Otherwise struct {
	Language string
	After    time.Duration
}

// widens reports whether the task has been due that long.
func (o Otherwise) widens(w *Work, now time.Time) bool {
	return o.Language != "" && w.Language != o.Language && now.Sub(w.Due) >= o.After
}

// Pacing is everything that a decision about dialling rests on.
type Pacing struct {
	Now     time.Time
	Agents  []agent.Agent
	Waiting []Call // callers without an offer
	Work    []Work
	// Policy says who could take which caller, now or in wider rings; without one
	// it is everybody of the caller's pool.
	Policy  *Policy
	Reserve Reserve
	// Otherwise lets a task be done in another language when nobody of its own has
	// been free for long.
	Otherwise Otherwise
	// Held are the pools in which dialling rests because a caller had to wait; it
	// is what the last decision gave back.
	Held map[agent.Pool]bool
}

// Assignment is one task for one agent.
type Assignment struct {
	Work  string
	Agent agent.ID
}

// Rest says why a task is not dialled although nothing is wrong with it.
type Rest string

// The reasons, from the most to the least that an operator can do about it.
const (
	NobodyFits   Rest = "nobody-fits"   // nobody who may and can do it is logged in
	CallersWait  Rest = "callers-wait"  // a caller waits, or has waited a moment ago
	KeptBack     Rest = "kept-back"     // who is idle is the reserve
	AllBusy      Rest = "all-busy"      // who fits has something else to do
	BehindOthers Rest = "behind-others" // there were agents, and other tasks went first
)

// Resting is a task that is not dialled now.
type Resting struct {
	Work string
	Why  Rest
}

// Paced is what Pace found.
type Paced struct {
	Assignments []Assignment
	// Resting are the tasks that were not assigned, in their order.
	Resting []Resting
	Held    map[agent.Pool]bool
}

// Pace decides which tasks are dialled now, and by whom: agent-first progressive
// dialling with a threshold on idle agents (Gans and Zhou, Oper. Res. 51(2) 2003;
// Bhulai and Koole, IEEE TAC 48(8) 2003: dial only when more than a threshold of
// agents is idle). Of the idle, who has the fewest skills goes first, and of
// those who has been idle longest. Nothing can be abandoned by it: an agent is
// there before a phone rings. It changes nothing of what it is given.
func Pace(p Pacing) Paced {
	d := newDialling(p)
	for _, i := range d.order() {
		w := &p.Work[i]
		if a, rest := d.choose(w); rest == "" {
			d.give(w, a)
		} else {
			d.out.Resting = append(d.out.Resting, Resting{w.ID, rest})
		}
	}
	return d.out
}

// order is the order in which tasks choose, as places in Work. Places are moved about
// and not tasks, for there are many and they are large.
func (d *dialling) order() []int {
	order := make([]int, len(d.p.Work))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int {
		a, b := &d.p.Work[x], &d.p.Work[y]
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID), cmp.Compare(x, y))
	})
	return order
}

// dialling is a decision on its way.
type dialling struct {
	p    Pacing
	idle []idler
	// free counts idle agents who are not taken yet.
	free Reserve
	// asked are, for tasks that ask for the same, how far down the idle they have
	// come. They are few, and each is asked for many times.
	asked []*shortlist
	out   Paced
}

// idler is somebody who could be given a task.
type idler struct {
	*agent.Agent
	breadth int
	taken   bool
}

// demands are all that a task can ask of an agent, but for names.
type demands struct {
	pool                         agent.Pool
	skill, language              string
	counsellor, officer, widened bool
}

// shortlist goes once through the idle in the order in which they are asked, and
// stops at who may and can do a task. Whoever is refused once is refused for the rest
// of the decision: nobody comes back from being taken, and the free only grow fewer.
// So next only moves on.
type shortlist struct {
	demands
	work *Work // the first that asked for this
	next int
	rest Rest // why the first who was refused was refused
}

func newDialling(p Pacing) *dialling {
	d := &dialling{p: p, out: Paced{Held: map[agent.Pool]bool{}}}
	if len(p.Work) > 0 {
		d.idle = make([]idler, 0, len(p.Agents))
		d.out.Resting = make([]Resting, 0, len(p.Work))
	}
	for i := range p.Agents {
		a := &p.Agents[i]
		if !a.Routable() {
			continue
		}
		d.count(a, 1)
		if len(p.Work) > 0 {
			d.idle = append(d.idle, idler{Agent: a, breadth: breadth(&a.Profile)})
		}
	}
	slices.SortStableFunc(d.idle, func(a, b idler) int {
		return cmp.Or(cmp.Compare(a.breadth, b.breadth), a.Since.Compare(b.Since), cmp.Compare(a.Profile.ID, b.Profile.ID))
	})
	for _, pool := range []agent.Pool{agent.Women, agent.MaleOfficers} {
		if d.rests(pool) {
			d.out.Held[pool] = true
		}
	}
	return d
}

// breadth is how much else somebody could do.
func breadth(p *agent.Profile) int {
	n := len(p.Categories) * len(p.Languages)
	if p.Counsellor {
		n += 10
	}
	if p.Senior {
		n += 5
	}
	return n
}

// The groups that the reserve counts.
func takesCallers(p *agent.Profile) bool {
	return p.Fits(agent.Women) && (len(p.Categories) > 0 || takesCrisis(p))
}
func takesCrisis(p *agent.Profile) bool { return p.Fits(agent.Women) && (p.Counsellor || p.Senior) }
func takesRingBacks(p *agent.Profile) bool {
	return p.Fits(agent.MaleOfficers)
}

func (d *dialling) count(a *agent.Agent, by int) {
	if takesCallers(&a.Profile) {
		d.free.Women += by
	}
	if takesCrisis(&a.Profile) {
		d.free.Crisis += by
	}
	if takesRingBacks(&a.Profile) {
		d.free.Officers += by
	}
}

// rests reports whether no task of this pool may be begun: a caller of it waits,
// or one has waited and too few are idle again.
func (d *dialling) rests(pool agent.Pool) bool {
	for i := range d.p.Waiting {
		if d.p.Waiting[i].Pool == pool {
			return true
		}
	}
	if !d.p.Held[pool] {
		return false
	}
	if pool == agent.MaleOfficers {
		return d.free.Officers < d.p.Reserve.Officers+d.p.Reserve.Resume
	}
	return d.free.Women < d.p.Reserve.Women+d.p.Reserve.Resume
}

// choose finds the agent for a task, or says why there is none.
func (d *dialling) choose(w *Work) (*idler, Rest) {
	list := d.shortlist(w)
	for ; list.next < len(d.idle); list.next++ {
		a := &d.idle[list.next]
		switch {
		case !d.fits(list.work, &a.Profile):
		case a.taken:
			list.rest = cmp.Or(list.rest, BehindOthers)
		case d.out.Held[w.Pool] && (takesCallers(&a.Profile) || takesRingBacks(&a.Profile)), d.awaited(a.Agent):
			list.rest = cmp.Or(list.rest, CallersWait)
		case d.keeps(a.Agent):
			list.rest = cmp.Or(list.rest, KeptBack)
		default:
			return a, ""
		}
	}
	if list.rest == "" { // none of the idle fits
		list.rest = d.without(list.work)
	}
	return nil, list.rest
}

// shortlist is that of tasks which ask for the same, or the task's own if it
// names agents.
func (d *dialling) shortlist(w *Work) *shortlist {
	if w.Only != "" || len(w.Excluded) > 0 {
		return &shortlist{work: w}
	}
	asks := demands{w.Pool, w.Skill, w.Language, w.Counsellor, w.Officer, d.p.Otherwise.widens(w, d.p.Now)}
	for _, list := range d.asked {
		if list.demands == asks {
			return list
		}
	}
	list := &shortlist{demands: asks, work: w}
	d.asked = append(d.asked, list)
	return list
}

// without says why nobody is idle for a task.
func (d *dialling) without(w *Work) Rest {
	for i := range d.p.Agents {
		if a := &d.p.Agents[i]; a.Status == agent.Available && d.fits(w, &a.Profile) {
			return AllBusy
		}
	}
	return NobodyFits
}

// awaited reports whether a caller waits whom she could take: in a ring that is
// open, or in one that will open if nobody nearer becomes free.
func (d *dialling) awaited(a *agent.Agent) bool {
	for i := range d.p.Waiting {
		if d.p.Policy.couldTake(&a.Profile, &d.p.Waiting[i]) {
			return true
		}
	}
	return false
}

// couldTake reports whether somebody is in any ring of a call.
func (p *Policy) couldTake(who *agent.Profile, c *Call) bool {
	if !who.Fits(c.Pool) {
		return false
	}
	category := p.categoryOf(c)
	if category == nil {
		return true
	}
	return slices.ContainsFunc(category.Rings, func(r Ring) bool { return r.holds(who, category.Name, c.Language) })
}

// categoryOf is the category whose rings a call has, nil without a policy.
func (p *Policy) categoryOf(c *Call) *Category {
	if p == nil {
		return nil
	}
	name := c.Category
	if c.Crisis {
		name = p.Crisis
	}
	var other *Category
	for i := range p.Categories {
		switch p.Categories[i].Name {
		case name:
			return &p.Categories[i]
		case p.Default:
			other = &p.Categories[i]
		}
	}
	return other
}

// holds reports whether somebody is in the ring for a call of the category and
// language; what board.levelOf asks of bits.
func (r *Ring) holds(who *agent.Profile, category, language string) bool {
	has := func(s Skill) bool {
		switch s {
		case Counsellor:
			return who.Counsellor
		case Senior:
			return who.Senior
		case Trained:
			return who.Takes(category)
		case Inbound:
			return len(who.Categories) > 0
		}
		return false
	}
	wants := r.Language
	if wants == CallerLanguage {
		wants = language
	}
	return (wants == "" || wants == AnyLanguage || who.Speaks(wants)) &&
		(len(r.Skills) == 0 || slices.ContainsFunc(r.Skills, has)) && !slices.ContainsFunc(r.Without, has)
}

// keeps reports whether she is one of those who are kept back.
func (d *dialling) keeps(a *agent.Agent) bool {
	r := d.p.Reserve
	return takesCallers(&a.Profile) && d.free.Women <= r.Women ||
		takesCrisis(&a.Profile) && d.free.Crisis <= r.Crisis ||
		takesRingBacks(&a.Profile) && d.free.Officers <= r.Officers
}

func (d *dialling) give(w *Work, a *idler) {
	a.taken = true
	d.count(a.Agent, -1)
	d.out.Assignments = append(d.out.Assignments, Assignment{Work: w.ID, Agent: a.Profile.ID})
}

// fits reports whether this person may and can do the task, by law 3 and by the
// rules of its case.
func (d *dialling) fits(w *Work, p *agent.Profile) bool {
	speaks := w.Language == "" || w.Pool != agent.Women || p.Speaks(w.Language) ||
		d.p.Otherwise.widens(w, d.p.Now) && p.Speaks(d.p.Otherwise.Language)
	return speaks && p.Fits(w.Pool) &&
		(w.Skill == "" || slices.Contains(p.Outbound, w.Skill)) &&
		(!w.Counsellor || p.Counsellor) && (!w.Officer || p.Officer) &&
		!slices.Contains(w.Excluded, p.ID) && (w.Only == "" || w.Only == p.ID)
}

// ToTakeBack are the calls that are ringing somebody and whose agent a crisis
// caller needs: one for each crisis caller whom no idle agent could take. Nobody
// has answered there yet, so that nobody is left alone. Ringing maps the calls
// to their agents.
func ToTakeBack(p Pacing, ringing map[string]agent.ID) []string {
	free := 0
	profiles := map[agent.ID]*agent.Profile{}
	for i := range p.Agents {
		a := &p.Agents[i]
		profiles[a.Profile.ID] = &a.Profile
		if takesCallers(&a.Profile) && (a.Routable() || a.BreakInable()) {
			free++
		}
	}
	need := -free
	for i := range p.Waiting {
		if p.Waiting[i].Crisis && p.Waiting[i].Pool == agent.Women {
			need++
		}
	}
	var calls []string
	for call, id := range ringing {
		if p := profiles[id]; p != nil && takesCallers(p) {
			calls = append(calls, call)
		}
	}
	slices.SortFunc(calls, func(a, b string) int {
		return cmp.Or(cmp.Compare(crisisRank(profiles[ringing[a]]), crisisRank(profiles[ringing[b]])), cmp.Compare(a, b))
	})
	return calls[:min(max(0, need), len(calls))]
}

// crisisRank puts those first who can take a crisis best.
func crisisRank(p *agent.Profile) int {
	switch {
	case p.Counsellor:
		return 0
	case p.Senior:
		return 1
	}
	return 2
}
