package routing

import (
	"cmp"
	"slices"

	"powerline/agent"
)

// Reason is why an agent was passed over. There are few of them, so they can
// label a metric.
type Reason string

// The reasons, in the order in which they are looked for: the first that
// applies is the one given.
const (
	GenderOrRole Reason = "gender-or-role" // law 3
	LoggedOut    Reason = "logged-out"
	NotReady     Reason = "not-ready"
	PhoneOffline Reason = "phone-offline"
	Elsewhere    Reason = "elsewhere" // in a call that is not ours
	Reserved     Reason = "reserved"
	Talking      Reason = "talking"
	WrapUp       Reason = "wrap-up"
	Recovery     Reason = "recovery"
	// Language, NoSkill: she is in no ring of the category, and would or would not
	// be if she spoke every language.
	Language          Reason = "language"
	NoSkill           Reason = "skill"
	RingNotOpen       Reason = "ring-not-open"
	TakenByMoreUrgent Reason = "taken-by-more-urgent"
	Tried             Reason = "tried"
	// AnotherChosen: she could have had the call; another's score was less, or,
	// in wrap-up, somebody idle or nearer was found.
	AnotherChosen Reason = "another-chosen"
)

// Refusal says why one agent was not offered the call.
type Refusal struct {
	Agent  agent.ID
	Reason Reason
	// Level is her ring, -1 if she is in none.
	Level int
	// Lacks says, when her ring is not open, what keeps her out of the open ones:
	// Language or NoSkill.
	Lacks Reason
}

// Explain says for each agent whom Decide does not offer the call why not, by
// agent id. It repeats the decision up to the call's turn, so it costs as much
// as Decide and is meant for a person's question, a log of a long wait, or a
// test. A call that is not in the snapshot has no refusals.
func Explain(s Snapshot, callID string) []Refusal {
	b := newBoard(s)
	for i := range b.order {
		w := &b.order[i]
		if w.call.ID == callID {
			return b.explain(w)
		}
		b.serve(w)
	}
	return nil
}

func (b *board) explain(w *waiting) []Refusal {
	k := b.class(w)
	taken := slices.Clone(b.kind) // as the call's turn finds them
	t := b.serve(w)
	refusals := make([]Refusal, 0, len(b.s.Agents))
	for i := range b.s.Agents {
		a := &b.s.Agents[i]
		if t.offered && a.Profile.ID == t.offer.Agent {
			continue
		}
		refusals = append(refusals, b.refusal(w, k, t.open, a, taken[i]))
	}
	slices.SortFunc(refusals, func(x, y Refusal) int { return cmp.Compare(x.Agent, y.Agent) })
	return refusals
}

func (b *board) refusal(w *waiting, k, open int, a *agent.Agent, now kind) Refusal {
	c := &b.classes[k]
	can := b.lore.abilities(&a.Profile)
	level := int(c.levelOf(&can, false))
	polyglot := int(c.levelOf(&can, true))
	r := Refusal{Agent: a.Profile.ID, Level: level}
	breakable := w.crisis && b.policy.BreakIn && a.BreakInable()
	switch {
	case !can.fits(c.pool):
		r.Reason = GenderOrRole
	case !a.Routable() && !breakable:
		r.Reason = unavailable(a)
	case level < 0 && polyglot >= 0:
		r.Reason = Language
	case level < 0:
		r.Reason = NoSkill
	case level > open:
		r.Reason, r.Lacks = RingNotOpen, NoSkill
		if polyglot <= open {
			r.Lacks = Language
		}
	case now == isBusy:
		r.Reason = TakenByMoreUrgent
	case slices.Contains(w.call.Tried, a.Profile.ID):
		r.Reason = Tried
	default:
		r.Reason = AnotherChosen
	}
	return r
}

// unavailable names why she is neither routable nor open to a break-in.
func unavailable(a *agent.Agent) Reason {
	switch {
	case a.Status == agent.LoggedOut:
		return LoggedOut
	case a.Status != agent.Available:
		return NotReady
	case !a.Online:
		return PhoneOffline
	case a.Elsewhere:
		return Elsewhere
	}
	switch a.State {
	case agent.Reserved:
		return Reserved
	case agent.Talking:
		return Talking
	case agent.WrapUp:
		return WrapUp
	case agent.Recovery:
		return Recovery
	}
	return NotReady // a state this package does not know takes no calls
}
