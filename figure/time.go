package figure

import "time"

// Activity is what an agent's time is spent on: her state, and while no call and
// no aftermath holds her and she is not available, her status. The words are
// those of package agent.
type Activity string

// Work is the kind of call that holds her.
type Work string

// The kinds of work.
const (
	NoWork   Work = "none"
	Inbound  Work = "inbound"
	Outbound Work = "outbound"
)

// Time are sums over the time of agents.
type Time struct {
	Talking, WrapUp, Idle         time.Duration
	Reserved, Recovery, Delayed   time.Duration
	NotReady, LoggedOut           time.Duration
	Handled                       time.Duration // talking and wrap-up, of callers' calls alone
	OutboundTalking, OutboundWrap time.Duration // among Talking and WrapUp
}

// Add takes in a span of one activity. An unknown activity is none of ours.
func (t *Time) Add(what Activity, work Work, lasted time.Duration) {
	switch what {
	case "talking":
		t.Talking += lasted
		if work == Outbound {
			t.OutboundTalking += lasted
		}
	case "wrap-up":
		t.WrapUp += lasted
		if work == Outbound {
			t.OutboundWrap += lasted
		}
	case "idle":
		t.Idle += lasted
	case "reserved":
		t.Reserved += lasted
	case "recovery":
		t.Recovery += lasted
	case "delayed":
		t.Delayed += lasted
	case "not-ready":
		t.NotReady += lasted
	case "logged-out":
		t.LoggedOut += lasted
	}
	if work == Inbound && (what == "talking" || what == "wrap-up") {
		t.Handled += lasted
	}
}

// LoggedIn is all of it but the time that she was logged out.
func (t Time) LoggedIn() time.Duration {
	return t.Talking + t.WrapUp + t.Idle + t.Reserved + t.Recovery + t.Delayed + t.NotReady
}

// Occupancy is (talk + wrap-up) / (talk + wrap-up + idle), of all work; false
// while there is none of the three.
func (t Time) Occupancy() (float64, bool) {
	busy := t.Talking + t.WrapUp
	if busy+t.Idle == 0 {
		return 0, false
	}
	return float64(busy) / float64(busy+t.Idle), true
}
