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

// frame holds what the library's types have no field for, next to the two
// fields by which a frame is sorted.
type frame struct {
	Type      string       `json:"type"`
	Timestamp ari.DateTime `json:"timestamp"`
	Channel   rawChannel   `json:"channel"`
	Peer      rawChannel   `json:"peer"`
	Called    string       `json:"called"`
	TechCause int          `json:"tech_cause"`
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
	var decoded ari.Event
	if fresh, ok := libraryTypes[f.Type]; ok {
		decoded = fresh()
		if err := json.Unmarshal(data, decoded); err != nil {
			return nil, malformed, fmt.Errorf("%s: the library cannot decode it", f.Type)
		}
	}
	ev = convert(f, decoded, Stamp{At: time.Time(f.Timestamp), Received: received})
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

// libraryTypes are the library's types of the events of which more is needed than
// the frame. Its DecodeEvent does the same after it has read the whole frame once
// more for the type, and events stand in the way of every hand-off.
var libraryTypes = map[string]func() ari.Event{
	applicationReplaced:      func() ari.Event { return new(ari.ApplicationReplaced) },
	"StasisStart":            func() ari.Event { return new(ari.StasisStart) },
	"ChannelDestroyed":       func() ari.Event { return new(ari.ChannelDestroyed) },
	"ChannelHangupRequest":   func() ari.Event { return new(ari.ChannelHangupRequest) },
	"ChannelDtmfReceived":    func() ari.Event { return new(ari.ChannelDtmfReceived) },
	"ChannelTalkingFinished": func() ari.Event { return new(ari.ChannelTalkingFinished) },
	"ChannelEnteredBridge":   func() ari.Event { return new(ari.ChannelEnteredBridge) },
	"ChannelLeftBridge":      func() ari.Event { return new(ari.ChannelLeftBridge) },
	"ApplicationMoveFailed":  func() ari.Event { return new(ari.ApplicationMoveFailed) },
	userEvent:                func() ari.Event { return new(ari.ChannelUserevent) },
	"Dial":                   func() ari.Event { return new(ari.Dial) },
	"PlaybackFinished":       func() ari.Event { return new(ari.PlaybackFinished) },
	"EndpointStateChange":    func() ari.Event { return new(ari.EndpointStateChange) },
}

// conversions names the events that we need; each makes ours from the frame and
// the library's event, or nil when the frame lacks what the event is about.
var conversions = map[string]func(frame, ari.Event, Stamp) Event{
	applicationReplaced: func(_ frame, e ari.Event, s Stamp) Event {
		return Replaced{Stamp: s, App: e.GetApplication()}
	},
	callBroadcast: onChannel(func(f frame, c Channel, _ ari.Event, s Stamp) Event {
		return Broadcast{Stamp: s, Channel: c, Called: f.Called, Args: broadcastArgs(c)}
	}),
	"StasisStart": onChannel(func(_ frame, c Channel, e ari.Event, s Stamp) Event {
		start := e.(*ari.StasisStart)
		c.App = start.Application
		return Entered{Stamp: s, Channel: c, Args: start.Args}
	}),
	"StasisEnd": onChannel(func(_ frame, c Channel, _ ari.Event, s Stamp) Event {
		return Left{Stamp: s, Channel: c}
	}),
	"ChannelDestroyed": onChannel(func(f frame, c Channel, e ari.Event, s Stamp) Event {
		d := e.(*ari.ChannelDestroyed)
		return Destroyed{Stamp: s, Channel: c, Cause: d.Cause, CauseText: d.CauseTxt, TechCause: f.TechCause}
	}),
	"ChannelHangupRequest": onChannel(func(f frame, c Channel, e ari.Event, s Stamp) Event {
		h := e.(*ari.ChannelHangupRequest)
		return HangupRequested{Stamp: s, Channel: c, Cause: h.Cause, TechCause: f.TechCause, Soft: h.Soft}
	}),
	"ChannelDtmfReceived": onChannel(func(_ frame, c Channel, e ari.Event, s Stamp) Event {
		d := e.(*ari.ChannelDtmfReceived)
		return Digit{Stamp: s, Watched: strings.HasPrefix(d.Application, watchPrefix), Channel: c, Key: Private(d.Digit), Duration: milliseconds(d.DurationMs)}
	}),
	"ChannelTalkingStarted": onChannel(func(_ frame, c Channel, _ ari.Event, s Stamp) Event {
		return TalkingStarted{Stamp: s, Channel: c}
	}),
	"ChannelTalkingFinished": onChannel(func(_ frame, c Channel, e ari.Event, s Stamp) Event {
		return TalkingFinished{Stamp: s, Channel: c, Duration: milliseconds(e.(*ari.ChannelTalkingFinished).Duration)}
	}),
	"ChannelEnteredBridge": onChannel(func(_ frame, c Channel, e ari.Event, s Stamp) Event {
		return BridgeEntered{Stamp: s, Channel: c, Bridge: bridge(e.(*ari.ChannelEnteredBridge).Bridge)}
	}),
	"ChannelLeftBridge": onChannel(func(_ frame, c Channel, e ari.Event, s Stamp) Event {
		return BridgeLeft{Stamp: s, Channel: c, Bridge: bridge(e.(*ari.ChannelLeftBridge).Bridge)}
	}),
	"ChannelHold": onChannel(func(_ frame, c Channel, _ ari.Event, s Stamp) Event {
		return Held{Stamp: s, Channel: c, On: true}
	}),
	"ChannelUnhold": onChannel(func(_ frame, c Channel, _ ari.Event, s Stamp) Event {
		return Held{Stamp: s, Channel: c}
	}),
	"ApplicationMoveFailed": onChannel(func(_ frame, c Channel, e ari.Event, s Stamp) Event {
		return MoveFailed{Stamp: s, Channel: c, App: e.(*ari.ApplicationMoveFailed).Destination}
	}),
	userEvent: func(_ frame, e ari.Event, _ Stamp) Event {
		return echo{app: e.GetApplication(), name: e.(*ari.ChannelUserevent).Eventname}
	},
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
func onChannel(convert func(frame, Channel, ari.Event, Stamp) Event) func(frame, ari.Event, Stamp) Event {
	return func(f frame, e ari.Event, s Stamp) Event {
		if f.Channel.ID == "" {
			return nil
		}
		return convert(f, f.Channel.channel(), e, s)
	}
}

func dialled(f frame, e ari.Event, s Stamp) Event {
	if f.Peer.ID == "" {
		return nil
	}
	return Dialled{Stamp: s, Channel: f.Peer.channel(), Status: DialStatus(e.(*ari.Dial).Dialstatus)}
}

func playbackFinished(_ frame, e ari.Event, s Stamp) Event {
	p := e.(*ari.PlaybackFinished).Playback
	if p.ID == "" {
		return nil
	}
	channel, _ := strings.CutPrefix(p.TargetURI, "channel:")
	if channel == p.TargetURI {
		channel = ""
	}
	return PlaybackFinished{Stamp: s, Playback: p.ID, ChannelID: channel, Failed: p.State == "failed"}
}

func presence(_ frame, e ari.Event, s Stamp) Event {
	ep := e.(*ari.EndpointStateChange).Endpoint
	if ep.Resource == "" {
		return nil
	}
	return Presence{Stamp: s, Endpoint: endpoint(ep)}
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
