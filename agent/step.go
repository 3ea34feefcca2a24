package agent

import "time"

// Event is something that happened to an agent. At is the moment by the clock
// of whoever saw it.
type Event interface{ event() }

// The events. Those that name a Call or an Epoch are ignored when the agent is
// no longer in that call or epoch: they came too late.
type (
	// RosterChanged replaces the profile. An agent in a call keeps it.
	RosterChanged struct{ Profile Profile }
	// LoggedIn: the right PIN was entered. She becomes available.
	LoggedIn struct{ At time.Time }
	// WrongPIN was entered; the third in a row locks.
	WrongPIN struct{ At time.Time }
	// Unlocked by an operator.
	Unlocked struct{}
	// LoggedOff by herself or by a supervisor; a call in hand goes on.
	LoggedOff struct{ At time.Time }
	// Ready: she is available again; ends wrap-up and recovery early.
	Ready struct{ At time.Time }
	// Paused for a reason; an offer or call in hand goes on.
	Paused struct {
		At     time.Time
		Reason string
	}
	// Reserve holds her for an offer. BreakIn allows it out of wrap-up; Aside lets
	// her come as a supervisor, whatever her status.
	Reserve struct {
		At        time.Time
		Call, Leg string
		BreakIn   bool
		Aside     bool
	}
	// Release gives her back after an offer that did not become a call.
	Release struct {
		At   time.Time
		Call string
		Why  ReleaseReason
		// Delay keeps her from the next offer after a rejection.
		Delay time.Duration
		// LegGone: her leg has ended already, or never began.
		LegGone bool
	}
	// Connect: her leg is being bridged with the caller. Aside: she is not the agent of
	// the call, but a supervisor; that may change while she is in it.
	Connect struct {
		At    time.Time
		Call  string
		Aside bool
	}
	// Finish: the call is over; wrap-up begins.
	Finish struct {
		At     time.Time
		Call   string
		WrapUp WrapUpPlan
		// LegGone: her leg has ended already.
		LegGone bool
	}
	// LegEnded: a leg that was made to ring her is gone.
	LegEnded struct {
		At  time.Time
		Leg string
	}
	// TimeUp: the planned length of the state of that epoch has passed.
	TimeUp struct {
		At    time.Time
		Epoch int64
	}
	// WrapUpDone: she ended wrap-up or recovery early.
	WrapUpDone struct{ At time.Time }
	// WrapUpExtended: she asked for more time.
	WrapUpExtended struct {
		At time.Time
		By time.Duration
	}
	// PhoneChanged: what Asterisk says of her softphone.
	PhoneChanged struct {
		At                time.Time
		Online, Elsewhere bool
	}
)

func (RosterChanged) event()  {}
func (LoggedIn) event()       {}
func (WrongPIN) event()       {}
func (Unlocked) event()       {}
func (LoggedOff) event()      {}
func (Ready) event()          {}
func (Paused) event()         {}
func (Reserve) event()        {}
func (Release) event()        {}
func (Connect) event()        {}
func (Finish) event()         {}
func (LegEnded) event()       {}
func (TimeUp) event()         {}
func (WrapUpDone) event()     {}
func (WrapUpExtended) event() {}
func (PhoneChanged) event()   {}

// ReleaseReason says how an offer to her ended.
type ReleaseReason string

// How an offer can end without becoming a call.
const (
	CallerGone  ReleaseReason = "caller-gone" // not her doing: idle again
	Withdrawn   ReleaseReason = "withdrawn"   // the engine took the offer back
	NoAnswer    ReleaseReason = "no-answer"   // rang out: not ready
	Rejected    ReleaseReason = "rejected"    // 486, 603: a short delay, no pause
	Unreachable ReleaseReason = "unreachable" // the softphone is gone: not ready
)

// WrapUpPlan says what follows a call of a category.
type WrapUpPlan struct {
	// Lasts is the soft limit; zero means no wrap-up at all, idle at once.
	Lasts time.Duration `json:"lasts,omitempty"`
	// Open: the limit warns and does not end the wrap-up; only she does.
	Open bool `json:"open,omitempty"`
	// Interruptible by a crisis call.
	Interruptible bool `json:"interruptible,omitempty"`
	// Recovery follows the wrap-up of a heavy call. It cannot be broken into.
	Recovery time.Duration `json:"recovery,omitempty"`
	// Heavy counts the call among those the router spreads.
	Heavy bool `json:"heavy,omitempty"`
}

// Verdict says what became of an event.
type Verdict string

// Applied changed the agent. Ignored came too late or told nothing new.
// Refused was asked by somebody who must be told no.
const (
	Applied Verdict = "applied"
	Ignored Verdict = "ignored"
	Refused Verdict = "refused"
)

// maxHeavy is how many heavy calls are remembered: the router spreads them by
// looking at the third last (at most three in two hours).
const maxHeavy = 3

// Step is the agent after the event. With any verdict but Applied the agent is
// returned as she was.
func Step(a Agent, ev Event) (Agent, Verdict) {
	switch ev := ev.(type) {
	case RosterChanged:
		a.Profile = ev.Profile
		return a, Applied
	case PhoneChanged:
		if a.Online == ev.Online && a.Elsewhere == ev.Elsewhere {
			return a, Ignored
		}
		a.Online, a.Elsewhere = ev.Online, ev.Elsewhere
		return a, Applied
	case LoggedIn, WrongPIN, Unlocked, LoggedOff, Ready, Paused:
		return stepStatus(a, ev)
	case Reserve:
		return reserve(a, ev)
	case Release:
		return release(a, ev)
	case Connect:
		return connect(a, ev)
	case Finish:
		return finish(a, ev)
	case LegEnded:
		held := a.State == Reserved || a.State == Talking
		if a.Leg == "" || a.Leg != ev.Leg || held {
			return a, Ignored // in a call, the call's own events say what it means
		}
		a.Leg = ""
		return a, Applied
	default:
		return stepAfterWork(a, ev)
	}
}

// stepStatus handles what she chooses.
func stepStatus(a Agent, ev Event) (Agent, Verdict) {
	switch ev := ev.(type) {
	case LoggedIn:
		if a.Locked || a.Status != LoggedOut {
			return a, Refused
		}
		a.BadPINs = 0
		return choose(a, Available, "", ev.At), Applied
	case WrongPIN:
		a.BadPINs++
		a.Locked = a.BadPINs >= MaxBadPINs
		return a, Applied
	case Unlocked:
		a.BadPINs, a.Locked = 0, false
		return a, Applied
	case LoggedOff:
		if a.Status == LoggedOut {
			return a, Ignored
		}
		return leaveAfterWork(choose(a, LoggedOut, "", ev.At), ev.At), Applied
	case Ready:
		if a.Status == LoggedOut {
			return a, Refused
		}
		return leaveAfterWork(choose(a, Available, "", ev.At), ev.At), Applied
	case Paused:
		if a.Status == LoggedOut || ev.Reason == "" {
			return a, Refused
		}
		return choose(a, NotReady, ev.Reason, ev.At), Applied
	}
	return a, Ignored
}

// reserve holds her for an offer, if nothing else holds her (law 2).
func reserve(a Agent, ev Reserve) (Agent, Verdict) {
	switch {
	case ev.Call == "":
		return a, Refused
	case a.Routable():
	case ev.Aside && a.Invitable():
	case ev.BreakIn && a.BreakInable():
		a.After.Lasts = max(0, a.Since.Add(a.Lasts).Sub(ev.At))
	default:
		return a, Refused
	}
	if a.State == Idle {
		a.After = WrapUpPlan{}
	}
	a.Call, a.Leg, a.Aside = ev.Call, ev.Leg, ev.Aside
	return enter(a, Reserved, ev.At, 0), Applied
}

func connect(a Agent, ev Connect) (Agent, Verdict) {
	switch {
	case a.Call != ev.Call:
		return a, Ignored
	case a.State == Talking && a.Aside != ev.Aside:
		a.Aside = ev.Aside
		return a, Applied
	case a.State != Reserved:
		return a, Ignored
	}
	a.Aside = ev.Aside
	return enter(a, Talking, ev.At, 0), Applied
}

// release gives her back after an offer that did not become a call, or whose
// phone died under it.
func release(a Agent, ev Release) (Agent, Verdict) {
	held := a.State == Reserved || a.State == Talking && ev.Why == Unreachable
	if !held || a.Call != ev.Call {
		return a, Ignored
	}
	a = clearLeg(a, ev.LegGone)
	switch ev.Why {
	case NoAnswer:
		if a.Status == Available {
			a = choose(a, NotReady, ReasonNoAnswer, ev.At)
		}
	case Unreachable:
		a.Online = false
	}
	switch {
	case a.After != (WrapUpPlan{}):
		return startWrapUp(a, a.After, ev.At), Applied // the crisis call did not come to her: she writes on
	case ev.Delay > 0:
		return enter(a, Delayed, ev.At, ev.Delay), Applied
	}
	return enter(a, Idle, ev.At, 0), Applied
}

// finish ends her call. What a broken-into wrap-up still owed is added to the
// new one, so that no report goes unwritten because of a crisis call.
func finish(a Agent, ev Finish) (Agent, Verdict) {
	if a.State != Talking || a.Call != ev.Call {
		return a, Ignored
	}
	a = clearLeg(a, ev.LegGone)
	if ev.WrapUp.Heavy {
		a.Heavy = append(append([]time.Time(nil), a.Heavy...), ev.At)
		a.Heavy = a.Heavy[max(0, len(a.Heavy)-maxHeavy):]
	}
	plan, owed := ev.WrapUp, a.After
	plan.Lasts += owed.Lasts
	plan.Open = plan.Open || owed.Open
	plan.Recovery = max(plan.Recovery, owed.Recovery)
	return startWrapUp(a, plan, ev.At), Applied
}

func clearLeg(a Agent, gone bool) Agent {
	if gone {
		a.Leg = ""
	}
	return a
}

func startWrapUp(a Agent, plan WrapUpPlan, at time.Time) Agent {
	a.After = plan
	if a.Status == LoggedOut {
		return enter(a, Idle, at, 0)
	}
	if plan.Lasts > 0 || plan.Open {
		return enter(a, WrapUp, at, plan.Lasts)
	}
	return recuperate(a, at)
}

// recuperate follows the wrap-up of a heavy call, or goes idle at once.
func recuperate(a Agent, at time.Time) Agent {
	if a.After.Recovery > 0 {
		return enter(a, Recovery, at, a.After.Recovery)
	}
	return enter(a, Idle, at, 0)
}

// stepAfterWork handles the ends of wrap-up, recovery and delay.
func stepAfterWork(a Agent, ev Event) (Agent, Verdict) {
	switch ev := ev.(type) {
	case TimeUp:
		switch {
		case ev.Epoch != a.Epoch || a.Lasts == 0:
			return a, Ignored
		case a.State == WrapUp && !a.After.Open:
			return recuperate(a, ev.At), Applied
		case a.State == Recovery, a.State == Delayed:
			return enter(a, Idle, ev.At, 0), Applied
		}
	case WrapUpDone:
		switch a.State {
		case WrapUp:
			return recuperate(a, ev.At), Applied
		case Recovery:
			return enter(a, Idle, ev.At, 0), Applied
		}
		return a, Refused
	case WrapUpExtended:
		if a.State != WrapUp && a.State != Recovery || ev.By <= 0 {
			return a, Refused
		}
		// The new limit counts from now, and starts a new epoch, so that the old
		// timer cannot end what she has just asked for.
		left := max(0, a.Since.Add(a.Lasts).Sub(ev.At))
		a.Epoch++
		a.Lasts = ev.At.Sub(a.Since) + left + ev.By
		return a, Applied
	}
	return a, Ignored
}

// leaveAfterWork ends wrap-up, recovery or delay when she says that she is
// ready, or goes home.
func leaveAfterWork(a Agent, at time.Time) Agent {
	if a.State == WrapUp || a.State == Recovery || a.State == Delayed {
		return enter(a, Idle, at, 0)
	}
	return a
}

func choose(a Agent, s Status, reason string, at time.Time) Agent {
	a.Status, a.Reason, a.StatusSince = s, reason, at
	return a
}

// enter moves her into a state and starts its epoch.
func enter(a Agent, s State, at time.Time, lasts time.Duration) Agent {
	a.State, a.Since, a.Lasts = s, at, lasts
	a.Epoch++
	a.Aside = a.Aside && (s == Reserved || s == Talking)
	switch s {
	case Idle, Delayed:
		a.Call, a.After = "", WrapUpPlan{}
	}
	return a
}
