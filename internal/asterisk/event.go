package asterisk

import (
	"encoding/json"
	"log/slog"
	"time"
)

// Event is what Asterisk, or the connection to it, told us. The set is closed:
// only the types of this file implement it, so a type switch can be complete.
type Event interface{ event() }

// Stamp says when an event happened by Asterisk's clock and when this process
// had read it from the socket. Received carries a monotonic reading, so
// durations between events are to be taken from it and never from At.
type Stamp struct {
	At       time.Time
	Received time.Time
}

// Connected opens each period in which events flow. Everything before it is
// void: compare Snapshot with what you believe, and only then go on. Events
// that were read while the snapshot was taken follow it, so an event may tell
// again what the snapshot already shows, but none is missing.
type Connected struct {
	Received time.Time
	Snapshot Snapshot
	// Restarted is set when Asterisk's process is another one than at the
	// previous Connected of this Client: every call of then is gone.
	Restarted bool
	// Gap is how long events were lost; zero on the first connection.
	Gap time.Duration
}

// Disconnected says that events are not flowing, and why. It comes once per
// lost connection and again when the reason for failing attempts changes.
// Calls go on in Asterisk meanwhile; REST may or may not work.
type Disconnected struct {
	Received time.Time
	Err      error
}

// Replaced says that another process took this app's name. The Client stops
// acting from then on: Run returns ErrReplaced and each command refuses with it.
type Replaced struct {
	Stamp
	App string
}

// Broadcast offers an unanswered call to every acd: whoever Claims it first
// gets an Entered for it. It stands for the dialplan's waiting time only.
type Broadcast struct {
	Stamp
	Channel Channel
	// Called is the number that was dialled.
	Called string
	// Args are those that Entered will bring to the winner.
	Args []string
}

// Entered hands a channel to this app: a claimed caller, a leg of ours that
// answered, or a channel that was moved here.
type Entered struct {
	Stamp
	Channel Channel
	Args    []string
}

// Left takes a channel out of this app: it was moved, continued or hung up. When
// a channel ends, Left usually precedes Destroyed but may be missing.
type Left struct {
	Stamp
	Channel Channel
}

// Destroyed ends a channel and is the last event of it. It comes for every
// channel of this Asterisk, ours or not, once.
type Destroyed struct {
	Stamp
	Channel   Channel
	Cause     int // Q.850
	CauseText string
	TechCause int // for SIP channels the final status, 0 when there was none
}

// HangupRequested says that a channel is about to end, before it does.
type HangupRequested struct {
	Stamp
	Channel   Channel
	Cause     int
	TechCause int
	Soft      bool // asked for by Asterisk or by us, not by the far end
}

// Digit is one key pressed, reported when it is released. Those of all channels
// come Watched; one of a channel that this process has comes once more, without.
type Digit struct {
	Stamp
	Watched  bool
	Channel  Channel
	Key      Private
	Duration time.Duration
}

// TalkingStarted comes when speech begins on a channel with TALK_DETECT set.
type TalkingStarted struct {
	Stamp
	Channel Channel
}

// TalkingFinished comes when that speech ends.
type TalkingFinished struct {
	Stamp
	Channel  Channel
	Duration time.Duration
}

// PlaybackFinished ends a prompt, also one that was stopped. Failed means that
// nothing, or not all of it, could be played: a file is missing, for example.
type PlaybackFinished struct {
	Stamp
	Playback  string
	ChannelID string // empty when it played on a bridge
	Failed    bool
}

// Dialled reports the progress of a leg that we originated. A leg that fails
// may end with no Dialled at all: only Destroyed is certain.
type Dialled struct {
	Stamp
	Channel Channel
	Status  DialStatus
}

// DialStatus is how far the dialling of a leg has come.
type DialStatus string

// The statuses that matter; Asterisk has further ones for failures.
const (
	DialStarted  DialStatus = ""
	DialRinging  DialStatus = "RINGING"
	DialProgress DialStatus = "PROGRESS"
	DialAnswered DialStatus = "ANSWER"
)

// BridgeEntered says that a channel joined a bridge; Members includes it.
type BridgeEntered struct {
	Stamp
	Bridge  Bridge
	Channel Channel
}

// BridgeLeft says that a channel left a bridge; Members excludes it.
type BridgeLeft struct {
	Stamp
	Bridge  Bridge
	Channel Channel
}

// Held comes when a phone puts its call on hold (On) or takes it back.
type Held struct {
	Stamp
	Channel Channel
	On      bool
}

// MoveFailed says that a Move found no such app; the call stays as it was.
type MoveFailed struct {
	Stamp
	Channel Channel
	App     string
}

// Presence says whether a phone is registered and reachable, and which
// channels it has: also calls that are not ours.
type Presence struct {
	Stamp
	Endpoint
}

func (Connected) event()        {}
func (Disconnected) event()     {}
func (Replaced) event()         {}
func (Broadcast) event()        {}
func (Entered) event()          {}
func (Left) event()             {}
func (Destroyed) event()        {}
func (HangupRequested) event()  {}
func (Digit) event()            {}
func (TalkingStarted) event()   {}
func (TalkingFinished) event()  {}
func (PlaybackFinished) event() {}
func (Dialled) event()          {}
func (BridgeEntered) event()    {}
func (BridgeLeft) event()       {}
func (Held) event()             {}
func (MoveFailed) event()       {}
func (Presence) event()         {}
func (echo) event()             {}

// Snapshot is what Asterisk holds at one moment. Its parts are read one after
// the other, channels first; the events that follow fill in the difference.
type Snapshot struct {
	Taken     time.Time // when its reading began
	Started   time.Time // when Asterisk's process started: its identity
	Version   string
	Channels  []Channel
	Bridges   []Bridge
	Endpoints []Endpoint
}

// Channel is one leg as Asterisk sees it.
type Channel struct {
	ID     string
	Name   string
	State  ChannelState
	Caller Private // the number that calls, or for a leg of ours the one shown
	// Context and Line say where the channel stands in the dialplan; Line is
	// the number that was dialled for a caller from the trunk.
	Context string
	Line    string
	// App is the Stasis application that has the channel, "" for none; also
	// one whose process is gone. It is filled in a Snapshot and in Entered,
	// not in other events.
	App string
	// Dialplan and DialplanData are the running dialplan application and its
	// arguments: "Queue", "StasisBroadcast" and so on.
	Dialplan     string
	DialplanData string
	SIPCallID    string
	Language     string
	Created      time.Time
	Variables    Variables // in a Snapshot: those named in Options.Variables
}

// Endpoint is the phone or trunk of this channel, such as "PJSIP/agent-17".
// Asterisk names a channel by its endpoint, a hyphen and a serial number.
func (c Channel) Endpoint() string {
	for i := len(c.Name) - 1; i >= 0; i-- {
		if c.Name[i] == '-' {
			return c.Name[:i]
		}
	}
	return c.Name
}

// ChannelState is the state of a channel in Asterisk's words.
type ChannelState string

// The states that matter to a contact centre.
const (
	ChannelDown    ChannelState = "Down"
	ChannelRing    ChannelState = "Ring"    // a caller, not yet answered
	ChannelRinging ChannelState = "Ringing" // a phone that rings
	ChannelUp      ChannelState = "Up"
)

// Bridge joins the audio of its members.
type Bridge struct {
	ID      string
	Members []string // channel ids
}

// Endpoint is a phone or trunk and the channels it has.
type Endpoint struct {
	Name       string // "PJSIP/agent-17"
	Online     bool
	ChannelIDs []string
}

// Private is a number or a digit: it shows itself only when asked by Plain, so
// that it cannot reach a log, a metric or an error by accident.
type Private string

// Plain gives the hidden value, to dial it, to seal it or to compare it.
func (p Private) Plain() string { return string(p) }

// String masks the value and shows only whether there is one.
func (p Private) String() string {
	if p == "" {
		return ""
	}
	return "***"
}

// GoString masks the value under %#v.
func (p Private) GoString() string { return p.String() }

// LogValue masks the value in structured logs.
func (p Private) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalJSON masks the value in JSON.
func (p Private) MarshalJSON() ([]byte, error) { return json.Marshal(p.String()) }

// Variables are channel variables by name. Their values may be anything a
// caller sent, so that logs get the names alone.
type Variables map[string]Private

// Plain gives the value of one variable, "" when it is not set.
func (v Variables) Plain(name string) string { return v[name].Plain() }

// channelOf names the channel an event is about, "" for none, and says whether
// it is the last event of that channel.
func channelOf(ev Event) (id string, last bool) {
	switch ev := ev.(type) {
	case Broadcast:
		return ev.Channel.ID, false
	case Entered:
		return ev.Channel.ID, false
	case Left:
		return ev.Channel.ID, false
	case Destroyed:
		return ev.Channel.ID, true
	case HangupRequested:
		return ev.Channel.ID, false
	case Digit:
		return ev.Channel.ID, false
	case TalkingStarted:
		return ev.Channel.ID, false
	case TalkingFinished:
		return ev.Channel.ID, false
	case Dialled:
		return ev.Channel.ID, false
	case BridgeEntered:
		return ev.Channel.ID, false
	case Held:
		return ev.Channel.ID, false
	}
	// A playback's end and a bridge's loss of a member matter to others too.
	return "", false
}
