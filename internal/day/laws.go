package day

import (
	"fmt"
	"time"

	"powerline/agent"
	"powerline/call"
)

// Violation is a law that was broken, with what replays it.
type Violation struct {
	Profile string
	Policy  Policy
	Seed    uint64
	Faults  *Faults
	At      time.Duration
	Law     string
	What    string
	Replay  string
}

// Error is one line, with the command that plays the same day again.
func (v *Violation) Error() string {
	replay := fmt.Sprintf("acd simulate --seeds %d%s", v.Seed, v.Replay)
	if v.Faults != nil {
		replay += " --faults"
	}
	return fmt.Sprintf("day %s, seed %d at %s: %s: %s (replay: %s)", v.Profile, v.Seed, clockOf(v.At), v.Law, v.What, replay)
}

func clockOf(t time.Duration) string { return midnight.Add(t).Format("15:04:05.000") }

// laws are checked on what the profile says of people and what has happened, so
// that a mistake in the code under test cannot hide itself.
type laws struct {
	w      *world
	broken *Violation
	holds  []string // of each agent, the call that has her phone
}

func (l *laws) breaks(law, format string, args ...any) {
	if l.broken != nil {
		return
	}
	w := l.w
	l.broken = &Violation{
		Profile: w.p.Name, Policy: w.opt.Router, Seed: w.opt.Seed, Faults: w.opt.Faults, At: w.now, Replay: w.opt.Replay, Law: law, What: fmt.Sprintf(format, args...),
	}
}

// of a person of the profile, without asking the code under test.
func (p *Person) may(pool agent.Pool) bool {
	if pool == agent.MaleOfficers {
		return !p.Woman && p.Officer
	}
	return p.Woman
}

func (w *world) poolOf(l *live) agent.Pool {
	if l.arrival >= 0 {
		return w.p.Categories[w.classes[w.trace.Arrivals[l.arrival].Class].category].Pool
	}
	return w.p.Outbound[w.trace.Jobs[l.job].Kind].Pool
}

// rings: an agent's phone rings for a call.
func (l *laws) rings(c *live, i int) {
	p := l.w.people[i].p
	if !p.may(l.w.poolOf(c)) {
		l.breaks("gender", "%s rings for a call of the %s", p.ID, l.w.poolOf(c))
	}
	if other := l.holds[i]; other != "" && other != c.call.ID {
		l.breaks("one agent, one call", "%s is rung for %s while %s has her phone", p.ID, c.call.ID, other)
	}
	l.holds[i] = c.call.ID
}

// stepped: a call has moved. Its agent's phone is free when it is over, or when
// the offer has failed.
func (l *laws) stepped(c *live) {
	if c.call.Stage == call.Offered || c.call.Stage == call.Talking {
		return
	}
	if c.rung >= 0 && l.holds[c.rung] == c.call.ID {
		l.holds[c.rung] = ""
	}
}

// dials: a job is about to be placed.
func (l *laws) dials(j *Job, by int) {
	w := l.w
	k, p := &w.p.Outbound[j.Kind], w.people[by].p
	if !k.open(w.now) {
		l.breaks("window", "a call of kind %s at %s, open from %d to %d", k.Name, clockOf(w.now), k.Opens, k.Closes)
	}
	for _, i := range w.waiting {
		if w.opt.Router != Production {
			break // it is our promise, not that of others
		}
		class := w.classes[w.trace.Arrivals[i].Class]
		category := &w.p.Categories[class.category]
		if p.may(category.Pool) && p.takes(category.Name) {
			l.breaks("callers first", "%s dials while a caller waits whom she could take", p.ID)
		}
	}
	kept := w.opt.Reserve
	if free := l.free((*Person).callers); p.callers() && free <= kept.Women {
		l.breaks("reserve", "%s dials with %d women free for callers, %d are kept", p.ID, free, kept.Women)
	}
	if free := l.free((*Person).crisis); p.crisis() && free <= kept.Crisis {
		l.breaks("reserve", "%s dials with %d free for a crisis, %d are kept", p.ID, free, kept.Crisis)
	}
	if free := l.free((*Person).ringBacks); p.ringBacks() && free <= kept.Officers {
		l.breaks("reserve", "%s dials with %d officers free, %d are kept", p.ID, free, kept.Officers)
	}
}

func (p *Person) takes(category string) bool {
	for _, c := range p.Categories {
		if c == category {
			return true
		}
	}
	return false
}

func (p *Person) callers() bool {
	return p.Woman && (len(p.Categories) > 0 || p.Counsellor || p.Senior)
}
func (p *Person) crisis() bool    { return p.Woman && (p.Counsellor || p.Senior) }
func (p *Person) ringBacks() bool { return !p.Woman && p.Officer }

// free counts those of a group who could be given a call now.
func (l *laws) free(group func(*Person) bool) int {
	n := 0
	for i := range l.w.people {
		if h := &l.w.people[i]; group(h.p) && h.doing == free && l.w.agents[i].Status == agent.Available && l.w.agents[i].Leg == "" {
			n++
		}
	}
	return n
}

// reached: whom we call has answered.
func (l *laws) reached(c *live) {
	if !c.joined {
		l.breaks("nobody hears silence", "%s was answered without an agent", c.call.ID)
	}
}

// over: at the end every caller has been served or has given up, once.
func (l *laws) over() {
	for i := range l.w.calls {
		c := &l.w.calls[i]
		if c.call.Stage != call.Ended && seconds(l.w.trace.Arrivals[i].At)+4*time.Hour < l.w.end {
			l.breaks("no caller is lost", "%s came at %s and is %q at the end", c.call.ID, clockOf(seconds(l.w.trace.Arrivals[i].At)), c.call.Stage)
		}
	}
	if n := l.w.result.Offered; n > len(l.w.calls) {
		l.breaks("no caller is counted twice", "%d outcomes of %d callers", n, len(l.w.calls))
	}
}
