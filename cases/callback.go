package cases

import (
	"time"

	"powerline/agent"
)

// GaveUp is a caller to the helpline who hung up before an agent answered.
type GaveUp struct {
	// Call is the id of her call; the task's id follows from it.
	Call string
	// Number is her number's fingerprint, empty when it was withheld.
	Number string
	// Left is when she hung up, Waited how long she had waited then.
	Left   time.Time
	Waited time.Duration
	// Silent: she neither spoke nor pressed a key. Obscene: an agent said so.
	Silent, Obscene bool
	// Terms are those of every open case that the number belongs to.
	Terms []Terms
	// NoContact: a case says that this number must never be rung.
	NoContact bool
	// Language she chose, if any.
	Language string
}

// NoCallBack says why somebody is not called back.
type NoCallBack string

// The reasons.
const (
	CallsBack     NoCallBack = ""
	TooShort      NoCallBack = "too-short" // a missed call, not a wait
	Withheld      NoCallBack = "number-withheld"
	SilentCaller  NoCallBack = "silent" // ringing back might give her away
	ObsceneCaller NoCallBack = "obscene"
	MustNotRing   NoCallBack = "no-contact"
	UnsafeHour    NoCallBack = "outside-safe-window"
)

// CallBackFor is the task to call back somebody who gave up waiting, or why
// there is none. She is rung within Callback.Within, by a woman, once more
// after Callback.Second, and then no more. There is none outside of her safe
// window: it is not put off until the window opens, for then it would be a
// call out of the blue.
func (r Rules) CallBackFor(g GaveUp) (Task, NoCallBack) {
	switch {
	case g.Number == "":
		return Task{}, Withheld
	case g.Waited < r.Callback.MinWait:
		return Task{}, TooShort
	case g.Silent:
		return Task{}, SilentCaller
	case g.Obscene:
		return Task{}, ObsceneCaller
	case g.NoContact:
		return Task{}, MustNotRing
	}
	window := r.Hours.Urgent
	for _, terms := range g.Terms {
		if !terms.Dialable() {
			return Task{}, MustNotRing
		}
		if len(terms.Windows) > 0 {
			window = window.Within(terms.Windows)
		}
	}
	if !window.OpenFor(g.Left, r.Limits.Ring) {
		return Task{}, UnsafeHour
	}
	return Task{
		ID: taskID("call "+g.Call, 1), Kind: CallBack, Why: "gave-up-waiting", Number: g.Number,
		Made: g.Left, Due: g.Left, NotAfter: g.Left.Add(r.Callback.Within + r.Callback.Second + r.Callback.Within),
		Window: window, Pool: agent.Women, Priority: Critical, Language: g.Language,
	}, CallsBack
}

// CallBackAgain is the task after an attempt that nobody answered, and false
// when it was the last one, or the safe window will have closed by then. An
// attempt that we took back ourselves, or that the network lost, is tried again
// soon and does not count.
func (r Rules) CallBackAgain(t Task, a Attempt) (Task, bool) {
	if t.has(a.ID) {
		return t, true
	}
	a.Free = a.Cause.free()
	t.Attempts = append(append([]Attempt(nil), t.Attempts...), a)
	attempts, _ := r.limit(CallBack)
	pause := r.Callback.Second
	if a.Free {
		pause = r.wait(CallBack, a.Cause)
	}
	t.Due = a.At.Add(pause)
	over := t.Counted() >= attempts || len(t.Attempts) > attempts+r.Limits.Free || a.Cause == Invalid || a.Cause == Rejected ||
		!t.Due.Before(t.NotAfter) || !t.Window.Open(t.Due)
	return t, !over
}

// CallBackStands reports whether the task still makes sense when its number
// has called us at the moment given: if she called again after she gave up, it
// is off, whether or not somebody answered her (her place is kept).
func CallBackStands(t Task, called time.Time) bool { return !called.After(t.Made) }
