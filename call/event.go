package call

import (
	"time"

	"powerline/agent"
)

// Event is something that happened to a call.
type Event interface{ event() }

// The events. At is always the moment by the clock of the shell.
type (
	// Arrived begins the call. Menu is the greeting dialogue, empty for none.
	Arrived struct {
		At, Stamped time.Time // now, and when the dialplan answered her
		Kind        Kind
		Line        string
		Caller      string // fingerprint
		Menu        string
		Category    string
		Language    string
		Pool        agent.Pool
		// Numbered is more than the number of any earlier offer on this channel; zero
		// if there was none. Milliseconds of the clock will do.
		Numbered int
		// Place is when an earlier call of hers began to wait, if she dropped out
		// of the queue a moment ago; zero otherwise.
		Place time.Time
	}
	// Greeted: the greeting dialogue is over.
	Greeted struct {
		At       time.Time
		Category string // empty: she chose none
		Language string
		Silence  Silence
	}
	// Pleaded: a key spoke for her while she waited.
	Pleaded struct {
		At     time.Time
		Danger bool
	}
	// Chose: she pressed a key of the menu after all, while she waited.
	Chose struct {
		At                 time.Time
		Category, Language string // empty: unchanged
	}
	// Spoke: she was heard, so she is not a silent caller.
	Spoke struct{ At time.Time }
	// Emergency: she chose to be connected with 112.
	Emergency struct{ At time.Time }
	// Matched: routing picked an agent.
	Matched struct {
		At      time.Time
		Agent   agent.Profile
		RingFor time.Duration
		BreakIn bool
	}
	// Answered: the agent's leg is up. Agent is the profile as it is now.
	Answered struct {
		At    time.Time
		Leg   string
		Agent agent.Profile
	}
	// RingFailed: the agent's leg ended, or never began, before it was answered.
	RingFailed struct {
		At  time.Time
		Leg string
		Why agent.ReleaseReason
	}
	// Joined: both legs are in the bridge.
	Joined struct {
		At  time.Time
		Leg string
	}
	// JoinFailed: the bridge could not be made because the agent's leg had left. Nth
	// is that of the Join which failed; of one before the latest it says nothing.
	JoinFailed struct {
		At  time.Time
		Leg string
		Nth int
	}
	// LegGone: the agent's leg of a talking call ended; Lost when her phone died
	// rather than hung up.
	LegGone struct {
		At   time.Time
		Leg  string
		Lost bool
	}
	// CallerGone: the caller's leg is gone. Fallback: it lives on in app_queue.
	CallerGone struct {
		At       time.Time
		Fallback bool
	}
	// TimeUp: the ring timer of that epoch ran out.
	TimeUp struct {
		At    time.Time
		Epoch int64
	}
	// PhoneLost: the softphone of the agent she is offered to stopped answering.
	PhoneLost struct {
		At    time.Time
		Agent agent.ID
	}
	// Robbed: another conversation turned out to have had the agent of the offer in
	// hand, when a store was built again.
	Robbed struct {
		At  time.Time
		Leg string // of the offer
	}
	// Placed begins an outbound call, of which the caller's leg is the last to be
	// made. Line is the number that we show, Work the kind of task.
	Placed struct {
		At       time.Time
		Task     string
		Work     string
		Line     string
		Language string
		Pool     agent.Pool
		DialFor  time.Duration
	}
	// Unmatched follows the Matched of an outbound call: if she was not to be had,
	// nothing waits for another.
	Unmatched struct{ At time.Time }
	// Progressed: the other phone rings (Rings), or the network says something in
	// its own voice instead, such as "switched off".
	Progressed struct {
		At    time.Time
		Rings bool
	}
	// Dialling: Asterisk was told to ring the phone of whom we call.
	Dialling struct{ At time.Time }
	// Reached: whoever we call has answered, and hears the agent already.
	Reached struct{ At time.Time }
	// Missed: whom we call was not reached, or may not be called after all.
	Missed struct {
		At      time.Time
		Failure Failure
	}
	// TakenBack: the dialer wants the agent for somebody else, or the call stopped.
	TakenBack struct {
		At  time.Time
		Why string
	}
	// Ordered: somebody who may wants something done with the call. After Until the
	// order is void.
	Ordered struct {
		At, Until time.Time
		Order     Order
	}
	// PauseUp: a recording that holds silence since then has done so for long enough.
	PauseUp struct{ At, Since time.Time }
	// GuestTimeUp: a guest's phone has rung for long enough.
	GuestTimeUp struct {
		At  time.Time
		Leg string
	}
	// SeatFailed: a guest could not be brought to where she hears them.
	SeatFailed struct {
		At  time.Time
		Leg string
	}
	// Resumed: somebody owns the call again after a gap, and this is what
	// Asterisk shows.
	Resumed struct {
		At     time.Time
		Caller bool     // the caller's leg is there and ours
		Up     bool     // and it has been answered
		Leg    LegState // the leg of the offer in hand
		Joined bool     // both are in the call's bridge
		Agent  agent.Profile
		Guests map[string]GuestFacts // by leg
		// Strays are legs of the call that have no part in it any more: whoever was to
		// end them died first.
		Strays []string
	}
)

// LegState is what Asterisk shows of an agent's leg.
type LegState string

// The states of a leg.
const (
	LegAbsent  LegState = "absent"
	LegRinging LegState = "ringing"
	LegUp      LegState = "up"
)

func (Arrived) event()    {}
func (Robbed) event()     {}
func (Greeted) event()    {}
func (Pleaded) event()    {}
func (Chose) event()      {}
func (Spoke) event()      {}
func (Emergency) event()  {}
func (Matched) event()    {}
func (Answered) event()   {}
func (RingFailed) event() {}
func (Joined) event()     {}
func (JoinFailed) event() {}
func (LegGone) event()    {}
func (CallerGone) event() {}
func (TimeUp) event()     {}
func (PhoneLost) event()  {}
func (Resumed) event()    {}
func (Placed) event()     {}
func (Unmatched) event()  {}
func (Progressed) event() {}
func (Dialling) event()   {}
func (Reached) event()    {}
func (Missed) event()     {}
func (TakenBack) event()  {}
func (Ordered) event()    {}
func (PauseUp) event()    {}

func (GuestTimeUp) event() {}
func (SeatFailed) event()  {}

// Command is something to do after the commit.
type Command interface{ command() }

// The commands. Tell belongs into the commit itself; the others follow it.
type (
	// Tell steps an agent in the same commit. Must says that the whole step is
	// void when the agent refuses.
	Tell struct {
		Agent agent.ID
		Event agent.Event
		Must  bool
	}
	// Greet starts the greeting dialogue; it ends in Greeted.
	Greet struct{ Menu string }
	// KeepCompany starts music and announcements; AfterGap leaves out the first
	// announcement, which she may have heard already.
	KeepCompany struct{ AfterGap bool }
	// LeaveAlone stops whatever dialogue or music the caller hears.
	LeaveAlone struct{}
	// Guard arms the dead man's switch for as long as the call waits; false ends it.
	Guard struct{ On bool }
	// Stamp writes what a waiting call needs onto its channel, for a rebuild.
	Stamp struct{}
	// Ring calls the agent's phone with the given channel id.
	Ring struct {
		Leg   string
		Agent agent.ID
		For   time.Duration
	}
	// Timer asks for TimeUp of the epoch.
	Timer struct {
		Epoch int64
		After time.Duration
	}
	// HangUpLeg ends an agent's leg, whatever its state.
	HangUpLeg struct {
		Leg    string
		Reason string // "normal", "answered-elsewhere", "no-answer"
	}
	// Join makes the bridge and puts both legs into it; Alone: the caller is there. Nth
	// counts the call's Joins.
	Join struct {
		Leg, Bridge string
		Alone       bool
		Nth         int
	}
	// HoldCaller takes the caller out of the bridge and lets her hear music, until
	// she is left alone and joined again.
	HoldCaller struct{ Bridge string }
	// Seat puts a guest's leg into the bridge.
	Seat struct{ Leg, Bridge string }
	// Overhear lets a guest hear what the leg Of hears and says, by a snoop in a
	// bridge of their own. Whisper: and that leg, nobody else, hears the guest.
	Overhear struct {
		Leg, Of       string
		Snoop, Bridge string
		Whisper       bool
	}
	// RingOutside makes a leg to 112 or a police station, puts it into the bridge, and
	// only then rings it.
	RingOutside struct {
		Leg, Bridge string
		Wish        Wish
		Outside     string
		For         time.Duration
	}
	// EndBridge ends a bridge in which a guest heard.
	EndBridge struct{ Bridge string }
	// GuestTimer asks for GuestTimeUp.
	GuestTimer struct {
		Leg   string
		After time.Duration
	}
	// Dial puts the agent's leg into the bridge, makes the leg of whom we call,
	// puts it there too, and only then rings his phone. It asks once more whether
	// that may be done.
	Dial struct{ Leg, Bridge string }
	// Record begins the recording of a conversation that has begun: Asterisk writes
	// both sides for as long as they are in the bridge, whatever becomes of us. Again:
	// it may run already, which is to be found out first.
	Record struct {
		ID    string
		Offer int
		Agent agent.ID
		Again bool
	}
	// StopRecording says that the conversation is over and how long it was. On: the
	// recorded channel goes on, so that the recording must be ended. Unseen: the end
	// was found after a gap, so that Lasted may be too long.
	StopRecording struct {
		ID     string
		Offer  int
		At     time.Time
		Lasted time.Duration
		On     bool
		Unseen bool
	}
	// MuteRecording lets a recording hold silence (On, by whom and why), or go on
	// after it did so for that long. Again: it was asked for before, and is written.
	MuteRecording struct {
		ID     string
		At     time.Time
		On     bool
		By     agent.ID
		Why    string
		Lasted time.Duration
		Again  bool
	}
	// PauseTimer asks for PauseUp.
	PauseTimer struct {
		Since time.Time
		After time.Duration
	}
	// HangUpCaller ends the caller's leg.
	HangUpCaller struct{}
	// SendToEmergency hands the caller to the dialplan that dials 112.
	SendToEmergency struct{}
	// Log writes one event of the call's history, in queue_log's words.
	Log struct {
		At     time.Time
		Name   LogName
		Agent  agent.ID
		Detail string // a word, never a number or a name
	}
	// File writes the call's record and then lets go of the call.
	File struct{}
)

func (Tell) command()            {}
func (Greet) command()           {}
func (KeepCompany) command()     {}
func (LeaveAlone) command()      {}
func (Guard) command()           {}
func (Stamp) command()           {}
func (Ring) command()            {}
func (Timer) command()           {}
func (HangUpLeg) command()       {}
func (Join) command()            {}
func (Dial) command()            {}
func (Record) command()          {}
func (StopRecording) command()   {}
func (MuteRecording) command()   {}
func (PauseTimer) command()      {}
func (HoldCaller) command()      {}
func (Seat) command()            {}
func (Overhear) command()        {}
func (RingOutside) command()     {}
func (EndBridge) command()       {}
func (GuestTimer) command()      {}
func (HangUpCaller) command()    {}
func (SendToEmergency) command() {}
func (Log) command()             {}
func (File) command()            {}

// LogName is an event name of queue_log.
type LogName string

// The names.
const (
	EnterQueue   LogName = "EnterQueue"
	Connect      LogName = "Connect"
	Abandon      LogName = "Abandon"
	RingNoAnswer LogName = "RingNoAnswer"
	RingCanceled LogName = "RingCanceled"
	Complete     LogName = "Complete"
	Requeue      LogName = "Requeue"
	Silent       LogName = "Silent"
	Dialed       LogName = "Dialed"
	Unreached    LogName = "Unreached"

	BlindTransfer LogName = "BlindTransfer"
	Moved         LogName = "Moved"
	PanicKey      LogName = "PanicKey"

	AttendedTransfer LogName = "AttendedTransfer"
	TakenOver        LogName = "TakenOver"
	OnHold           LogName = "OnHold"
	OffHold          LogName = "OffHold"
	GuestCame        LogName = "GuestCame"
	GuestLeft        LogName = "GuestLeft"
)
