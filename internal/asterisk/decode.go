package asterisk

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"
)

// verdict is what became of one frame.
type verdict int

const (
	delivered verdict = iota
	skipped           // a type that nobody needs
	unknown           // a type that we have never heard of
	malformed         // not what ARI describes
)

// frame is an event as ARI writes it: the fields of all kinds that we need, so that
// one is read in a single pass. The library's decoder reads each three times, once for
// its kind and twice for what it has a field for; events stand in the way of every
// hand-off.
type frame struct {
	Type        string       `json:"type"`
	Timestamp   ari.DateTime `json:"timestamp"`
	Application string       `json:"application"`
	Channel     rawChannel   `json:"channel"`
	Peer        rawChannel   `json:"peer"`
	Called      string       `json:"called"`
	Args        []string     `json:"args"`
	Cause       int          `json:"cause"`
	CauseText   string       `json:"cause_txt"`
	TechCause   int          `json:"tech_cause"`
	Soft        bool         `json:"soft"`
	Digit       string       `json:"digit"`
	DigitLasted int          `json:"duration_ms"`
	Lasted      int          `json:"duration"`
	Destination string       `json:"destination"`
	EventName   string       `json:"eventname"`
	DialStatus  string       `json:"dialstatus"`

	Bridge   ari.BridgeData   `json:"bridge"`
	Playback ari.PlaybackData `json:"playback"`
	Endpoint ari.EndpointData `json:"endpoint"`
}

// rawChannel is a channel as ARI writes it.
type rawChannel struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	State      string `json:"state"`
	ProtocolID string `json:"protocol_id"`
	Language   string `json:"language"`
	Caller     struct {
		Number string `json:"number"`
	} `json:"caller"`
	Dialplan struct {
		Context string `json:"context"`
		Exten   string `json:"exten"`
		App     string `json:"app_name"`
		Data    string `json:"app_data"`
	} `json:"dialplan"`
	Created ari.DateTime `json:"creationtime"`
}

func (r rawChannel) channel() Channel {
	return Channel{
		ID: r.ID, Name: r.Name, State: ChannelState(r.State), Caller: Private(r.Caller.Number),
		Context: r.Dialplan.Context, Line: r.Dialplan.Exten,
		Dialplan: r.Dialplan.App, DialplanData: r.Dialplan.Data,
		SIPCallID: r.ProtocolID, Language: r.Language, Created: time.Time(r.Created),
	}
}

// decode turns one frame into an event. Whatever the frame is, it returns: the
// socket must outlive anything that Asterisk can send.
func decode(data []byte, received time.Time) (ev Event, v verdict, err error) {
	defer func() {
		if p := recover(); p != nil {
			ev, v, err = nil, malformed, fmt.Errorf("decoder panicked: %v", p)
		}
	}()
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		return unreadable(data, err)
	}
	convert, wanted := conversions[f.Type]
	if !wanted {
		return nil, unwanted(f.Type), nil
	}
	ev = convert(&f, Stamp{At: time.Time(f.Timestamp), Received: received})
	if ev == nil {
		return nil, malformed, fmt.Errorf("%s: names nothing it could be about", f.Type)
	}
	return ev, delivered, nil
}

// unwanted is the verdict on a type that is not converted.
func unwanted(kind string) verdict {
	if unneeded[kind] {
		return skipped
	}
	return unknown
}

// unreadable judges a frame whose form is not what we know. That of a type which
// is not converted anyway is none of our business.
func unreadable(data []byte, err error) (Event, verdict, error) {
	var sort struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(data, &sort) != nil {
		return nil, malformed, shapeOnly(err)
	}
	if _, wanted := conversions[sort.Type]; !wanted {
		return nil, unwanted(sort.Type), nil
	}
	return nil, malformed, fmt.Errorf("%s: %w", sort.Type, shapeOnly(err))
}

// shapeOnly keeps what a JSON error says of the shape and drops its quotations:
// a frame may hold a caller's number.
func shapeOnly(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("field %s has the wrong type", mismatch.Field)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("no JSON at byte %d", syntax.Offset)
	}
	return errors.New("a field has the wrong form")
}

const (
	callBroadcast       = "CallBroadcast"
	applicationReplaced = "ApplicationReplaced"
	userEvent           = "ChannelUserevent"
)

// conversions names the events that we need; each makes ours from the frame, or nil
// when the frame lacks what the event is about.
var conversions = map[string]func(*frame, Stamp) Event{
	applicationReplaced: func(f *frame, s Stamp) Event { return Replaced{Stamp: s, App: f.Application} },
	callBroadcast: onChannel(func(f *frame, c Channel, s Stamp) Event {
		return Broadcast{Stamp: s, Channel: c, Called: f.Called, Args: broadcastArgs(c)}
	}),
	"StasisStart": onChannel(func(f *frame, c Channel, s Stamp) Event {
		c.App = f.Application
		return Entered{Stamp: s, Channel: c, Args: f.Args}
	}),
	"StasisEnd": onChannel(func(_ *frame, c Channel, s Stamp) Event { return Left{Stamp: s, Channel: c} }),
	"ChannelDestroyed": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return Destroyed{Stamp: s, Channel: c, Cause: f.Cause, CauseText: f.CauseText, TechCause: f.TechCause}
	}),
	"ChannelHangupRequest": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return HangupRequested{Stamp: s, Channel: c, Cause: f.Cause, TechCause: f.TechCause, Soft: f.Soft}
	}),
	"ChannelDtmfReceived": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return Digit{Stamp: s, Watched: strings.HasPrefix(f.Application, watchPrefix), Channel: c, Key: Private(f.Digit), Duration: milliseconds(f.DigitLasted)}
	}),
	"ChannelTalkingStarted": onChannel(func(_ *frame, c Channel, s Stamp) Event { return TalkingStarted{Stamp: s, Channel: c} }),
	"ChannelTalkingFinished": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return TalkingFinished{Stamp: s, Channel: c, Duration: milliseconds(f.Lasted)}
	}),
	"ChannelEnteredBridge": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return BridgeEntered{Stamp: s, Channel: c, Bridge: bridge(f.Bridge)}
	}),
	"ChannelLeftBridge": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return BridgeLeft{Stamp: s, Channel: c, Bridge: bridge(f.Bridge)}
	}),
	"ChannelHold":   onChannel(func(_ *frame, c Channel, s Stamp) Event { return Held{Stamp: s, Channel: c, On: true} }),
	"ChannelUnhold": onChannel(func(_ *frame, c Channel, s Stamp) Event { return Held{Stamp: s, Channel: c} }),
	"ApplicationMoveFailed": onChannel(func(f *frame, c Channel, s Stamp) Event {
		return MoveFailed{Stamp: s, Channel: c, App: f.Destination}
	}),
	userEvent:             func(f *frame, _ Stamp) Event { return echo{app: f.Application, name: f.EventName} },
	"Dial":                dialled,
	"PlaybackFinished":    playbackFinished,
	"EndpointStateChange": presence,
}

// unneeded are the other types of Asterisk 22.10. The event filter keeps most of
// them from being sent at all.
var unneeded = func() map[string]bool {
	types := map[string]bool{}
	for name := range strings.FieldsSeq(`
		ApplicationRegistered ApplicationUnregistered BridgeAttendedTransfer BridgeBlindTransfer
		BridgeCreated BridgeDestroyed BridgeMerged BridgeVideoSourceChanged CallClaimed
		ChannelCallerId ChannelConnectedLine ChannelCreated ChannelDialplan ChannelStateChange
		ChannelToneDetected ChannelTransfer ChannelVarset ContactStatusChange
		DeviceStateChanged MissingParams PeerStatusChange PlaybackContinuing PlaybackStarted
		RESTResponse RecordingFailed RecordingFinished RecordingStarted TextMessageReceived`) {
		types[name] = true
	}
	return types
}()

// onChannel refuses a frame that names no channel before it is converted.
func onChannel(convert func(*frame, Channel, Stamp) Event) func(*frame, Stamp) Event {
	return func(f *frame, s Stamp) Event {
		if f.Channel.ID == "" {
			return nil
		}
		return convert(f, f.Channel.channel(), s)
	}
}

func dialled(f *frame, s Stamp) Event {
	if f.Peer.ID == "" {
		return nil
	}
	return Dialled{Stamp: s, Channel: f.Peer.channel(), Status: DialStatus(f.DialStatus)}
}

func playbackFinished(f *frame, s Stamp) Event {
	p := f.Playback
	if p.ID == "" {
		return nil
	}
	channel, _ := strings.CutPrefix(p.TargetURI, "channel:")
	if channel == p.TargetURI {
		channel = ""
	}
	return PlaybackFinished{Stamp: s, Playback: p.ID, ChannelID: channel, Failed: p.State == "failed"}
}

func presence(f *frame, s Stamp) Event {
	if f.Endpoint.Resource == "" {
		return nil
	}
	return Presence{Stamp: s, Endpoint: endpoint(f.Endpoint)}
}

func endpoint(e ari.EndpointData) Endpoint {
	return Endpoint{Name: e.Technology + "/" + e.Resource, Online: e.State == "online", ChannelIDs: e.ChannelIDs}
}

func bridge(b ari.BridgeData) Bridge { return Bridge{ID: b.ID, Members: b.ChannelIDs} }

// broadcastArgs finds the arguments of StasisBroadcast(timeout,pattern,a:b:c):
// the event itself does not carry them, but the channel's dialplan position
// does. Entered brings the same list to whoever claims the call.
func broadcastArgs(c Channel) []string {
	fields := strings.SplitN(c.DialplanData, ",", 4)
	if c.Dialplan != "StasisBroadcast" || len(fields) < 3 || fields[2] == "" {
		return nil
	}
	return strings.Split(fields[2], ":")
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }
