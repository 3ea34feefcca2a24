package asterisk

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/CyCoreSystems/ari/v5"
)

// Claim takes a broadcast call for this app. IsConflict: another was first, or
// an earlier Claim of ours succeeded and its answer was lost (Entered tells).
// IsNotFound: the offer is over and the dialplan went on.
func (c *Client) Claim(ctx context.Context, channel string) error {
	return c.command(ctx, request{
		op: "claim", method: http.MethodPost, path: []string{"events", "claim"},
		query: url.Values{"channelId": {channel}, "application": {c.opt.App}},
	})
}

// Answer answers a channel. Asterisk holds it back while a prompt plays.
func (c *Client) Answer(ctx context.Context, channel string) error {
	return c.command(ctx, request{
		op: "answer", method: http.MethodPost, path: []string{"channels", channel, "answer"},
		patient: true, repeatable: true,
	})
}

// Ring lets an unanswered caller hear ringing. Done after any prompt.
func (c *Client) Ring(ctx context.Context, channel string) error {
	return c.command(ctx, request{
		op: "ring", method: http.MethodPost, path: []string{"channels", channel, "ring"},
		repeatable: true,
	})
}

// HangUpReason becomes the SIP status or Reason that the far end sees.
type HangUpReason string

// Reasons that a contact centre gives.
const (
	HangUpNormal            HangUpReason = "normal"
	HangUpBusy              HangUpReason = "busy"
	HangUpCongestion        HangUpReason = "congestion"
	HangUpNoAnswer          HangUpReason = "no_answer"
	HangUpAnsweredElsewhere HangUpReason = "answered_elsewhere" // no missed call on the phone
)

// HangUp ends a channel at once, whatever plays on it. A channel that is
// already gone is what was wanted: no error.
func (c *Client) HangUp(ctx context.Context, channel string, reason HangUpReason) error {
	return goneIsFine(c.command(ctx, request{
		op: "hang up", method: http.MethodDelete, path: []string{"channels", channel},
		query: url.Values{"reason": {string(reason)}}, repeatable: true,
	}))
}

// Prompt is something to play.
type Prompt struct {
	ID       string   // ours: it comes back in PlaybackFinished
	Media    []string // "sound:powerline/greeting", "digits:12", "tone:ring;tonezone=in"
	Language string   // "" for the channel's own
}

// Play starts a prompt on a channel; a prompt that is under way goes first.
func (c *Client) Play(ctx context.Context, channel string, p Prompt) error {
	return c.command(ctx, playRequest("play", p, "channels", channel))
}

// PlayOnBridge starts a prompt that all members hear, over their speech.
func (c *Client) PlayOnBridge(ctx context.Context, bridge string, p Prompt) error {
	return c.command(ctx, playRequest("play on bridge", p, "bridges", bridge))
}

func playRequest(op string, p Prompt, kind, id string) request {
	query := url.Values{"media": p.Media}
	if p.Language != "" {
		query.Set("lang", p.Language)
	}
	return request{op: op, method: http.MethodPost, path: []string{kind, id, "play", p.ID}, query: query}
}

// StopPlayback ends a prompt at once; one that has ended is no error.
func (c *Client) StopPlayback(ctx context.Context, playback string) error {
	return goneIsFine(c.command(ctx, request{
		op: "stop playback", method: http.MethodDelete, path: []string{"playbacks", playback},
		repeatable: true,
	}))
}

// StartMusic plays music on hold of a class ("" for the default) until
// StopMusic. It goes on inside a bridge, so stop it before AddToBridge.
func (c *Client) StartMusic(ctx context.Context, channel, class string) error {
	q := request{op: "start music", method: http.MethodPost, path: []string{"channels", channel, "moh"}, repeatable: true}
	if class != "" {
		q.query = url.Values{"mohClass": {class}}
	}
	return c.command(ctx, q)
}

// StopMusic ends the music on a channel.
func (c *Client) StopMusic(ctx context.Context, channel string) error {
	return c.command(ctx, request{
		op: "stop music", method: http.MethodDelete, path: []string{"channels", channel, "moh"}, repeatable: true,
	})
}

// Leg is a channel to be originated.
type Leg struct {
	ID       string   // ours, never used before
	Endpoint string   // "PJSIP/agent-17"
	Args     []string // of the Entered that follows its answer
	// CallerID is what the phone shows: `"Name" <number>`.
	CallerID Private
	// RingFor is rounded up to whole seconds, since Asterisk counts those; for
	// a finer limit HangUp the leg yourself.
	RingFor time.Duration
	// Originator is the caller whose codecs the leg shall match; "" for none.
	Originator string
	// Variables are set before the INVITE, for example with AutoAnswer.
	Variables map[string]string
}

// AutoAnswer is the Variables with which softphones pick up by themselves.
func AutoAnswer() map[string]string {
	return map[string]string{
		"PJSIP_HEADER(add,Call-Info)":  "<sip:powerline>;answer-after=0",
		"PJSIP_HEADER(add,Alert-Info)": "info=alert-autoanswer",
	}
}

// Originate rings a phone. IsConflict: this leg exists already, so repeating an
// Originate of unknown result is safe. A phone that is not registered is a 500,
// an Originator that is gone a 400.
func (c *Client) Originate(ctx context.Context, leg Leg) error {
	err := c.originate(ctx, leg)
	if !IsConflict(err) {
		return err
	}
	// Asterisk remembers its last conflict per connection and, on that
	// connection, answers 409 to any later Originate that fails for whatever
	// reason. Only the channel itself tells whether it is there.
	check := c.query(ctx, request{op: "find leg", path: []string{"channels", leg.ID}})
	switch {
	case check == nil:
		return err
	case IsNotFound(check):
		return &Error{Op: "originate", Status: http.StatusInternalServerError, Message: "the leg could not be made"}
	default:
		// Not wrapped: the status is that of the question, not of the leg.
		return &Error{Op: "originate", Err: fmt.Errorf("a conflict, and whether the leg exists: %v", check)}
	}
}

func (c *Client) originate(ctx context.Context, leg Leg) error {
	return c.command(ctx, request{
		op: "originate", method: http.MethodPost, path: []string{"channels", leg.ID},
		// The body carries what belongs in no URL: the caller's number.
		body: ari.OriginateRequest{
			Endpoint: leg.Endpoint, App: c.opt.App, AppArgs: strings.Join(leg.Args, ","),
			CallerID: leg.CallerID.Plain(), Originator: leg.Originator, Variables: leg.Variables,
			Timeout: int((leg.RingFor + time.Second - 1) / time.Second),
		},
	})
}

// Create makes a leg without ringing its phone: it Enters this app, can be put
// into a bridge, and is rung by Dial. So what it answers into is there before it
// answers. IsConflict: there is a channel of this id; it is never made twice.
func (c *Client) Create(ctx context.Context, leg Leg) error {
	return c.command(ctx, request{
		op: "create leg", method: http.MethodPost, path: []string{"channels", "create"},
		// The number to dial stands in no URL.
		body: map[string]any{
			"endpoint": leg.Endpoint, "app": c.opt.App, "appArgs": strings.Join(leg.Args, ","),
			"channelId": leg.ID, "variables": leg.Variables,
		},
	})
}

// Dial rings the phone of a created leg. Dialled tells how it goes, Destroyed how
// it ended. RingFor is a limit behind our own, in whole seconds.
func (c *Client) Dial(ctx context.Context, channel string, ringFor time.Duration) error {
	return c.command(ctx, request{
		op: "dial leg", method: http.MethodPost, path: []string{"channels", channel, "dial"},
		query: url.Values{"timeout": {strconv.Itoa(int((ringFor + time.Second - 1) / time.Second))}},
	})
}

// Snoop is a channel that hears what another one hears and says.
type Snoop struct {
	ID string // ours, never used before
	Of string // the channel that is listened to
	// Whisper: what is said into the snoop is heard by that channel, and only there.
	Whisper bool
	Args    []string // of the Entered that follows
}

// Snoop makes one: it Enters this app and ends with the channel. IsConflict: it
// exists already. IsNotFound: there is no such channel.
func (c *Client) Snoop(ctx context.Context, s Snoop) error {
	whisper := "none"
	if s.Whisper {
		whisper = "out"
	}
	return c.command(ctx, request{
		op: "snoop", method: http.MethodPost, path: []string{"channels", s.Of, "snoop", s.ID},
		query: url.Values{"spy": {"both"}, "whisper": {whisper}, "app": {c.opt.App}, "appArgs": {strings.Join(s.Args, ",")}},
	})
}

// ShownNumber is the Variables with which a created leg shows a number of ours,
// and nothing else, to whom it rings.
func ShownNumber(number string) map[string]string {
	return map[string]string{
		"CONNECTEDLINE(num,i)":      number,
		"CONNECTEDLINE(num-pres,i)": "allowed",
		"CONNECTEDLINE(name,i)":     "",
	}
}

// CreateBridge makes a mixing bridge that reports digits. A bridge that exists
// under this id is ours already: no error.
func (c *Client) CreateBridge(ctx context.Context, bridge string) error {
	err := c.command(ctx, request{
		op: "create bridge", method: http.MethodPost, path: []string{"bridges", bridge},
		query: url.Values{"type": {"mixing,dtmf_events"}}, repeatable: true,
	})
	if IsConflict(err) {
		return nil
	}
	return err
}

// AddToBridge joins channels, all or none: with one of them gone Asterisk
// answers 400 and adds nobody. Connected-line updates stay off, since they
// would show one party's identity to the other.
func (c *Client) AddToBridge(ctx context.Context, bridge string, channels ...string) error {
	return c.command(ctx, request{
		op: "add to bridge", method: http.MethodPost, path: []string{"bridges", bridge, "addChannel"},
		query: url.Values{
			"channel":                     channels,
			"inhibitConnectedLineUpdates": {"true"},
		},
		patient: true, repeatable: true,
	})
}

// AddMuteKeys joins one channel whose keys the others do not hear. They are
// reported as those of any other.
func (c *Client) AddMuteKeys(ctx context.Context, bridge, channel string) error {
	return c.command(ctx, request{
		op: "add to bridge", method: http.MethodPost, path: []string{"bridges", bridge, "addChannel"},
		query:   url.Values{"channel": {channel}, "absorbDTMF": {"true"}, "inhibitConnectedLineUpdates": {"true"}},
		patient: true, repeatable: true,
	})
}

// RemoveFromBridge takes a channel out; it stays in the app.
func (c *Client) RemoveFromBridge(ctx context.Context, bridge, channel string) error {
	return c.command(ctx, request{
		op: "remove from bridge", method: http.MethodPost, path: []string{"bridges", bridge, "removeChannel"},
		query: url.Values{"channel": {channel}},
	})
}

// DestroyBridge ends a bridge; one that is gone, or is just going, is no error.
// Hang its channels up first, or their causes are overwritten.
func (c *Client) DestroyBridge(ctx context.Context, bridge string) error {
	err := c.command(ctx, request{
		op: "destroy bridge", method: http.MethodDelete, path: []string{"bridges", bridge}, repeatable: true,
	})
	if IsConflict(err) { // not Stasis's any more: it is being taken down
		return nil
	}
	return goneIsFine(err)
}

// SetVariable sets a channel variable or function, such as TIMEOUT(absolute).
// Asterisk holds it back while a prompt plays, not while music does.
func (c *Client) SetVariable(ctx context.Context, channel, name, value string) error {
	if !variableName.MatchString(name) {
		return &Error{Op: "set variable", Err: errBadVariable, unsent: true}
	}
	return c.command(ctx, request{
		op: "set variable", method: http.MethodPost, path: []string{"channels", channel, "variable"},
		body:    map[string]string{"variable": name, "value": value},
		patient: true, repeatable: true,
	})
}

// SetVariables sets several at once, with the same delay behind a prompt.
func (c *Client) SetVariables(ctx context.Context, channel string, values map[string]string) error {
	for name := range values {
		if !variableName.MatchString(name) {
			return &Error{Op: "set variables", Err: errBadVariable, unsent: true}
		}
	}
	return c.command(ctx, request{
		op: "set variables", method: http.MethodPost, path: []string{"channels", channel, "variables"},
		body:    map[string]any{"variables": values},
		patient: true, repeatable: true,
	})
}

// DeviceState is the state of a device that exists only in Asterisk's books.
type DeviceState string

// The two states that say whether somebody is available.
const (
	DeviceNotInUse    DeviceState = "NOT_INUSE"
	DeviceUnavailable DeviceState = "UNAVAILABLE"
)

// SetDeviceState keeps a state for a device such as "Stasis:a001". Asterisk
// remembers it across its own restart.
func (c *Client) SetDeviceState(ctx context.Context, device string, state DeviceState) error {
	return c.command(ctx, request{
		op: "set device state", method: http.MethodPut, path: []string{"deviceStates", device},
		query: url.Values{"deviceState": {string(state)}}, repeatable: true,
	})
}

// ProlongLife sets the dead man's switch: the dialplan takes the channel back
// after this time. Zero switches it off.
func (c *Client) ProlongLife(ctx context.Context, channel string, life time.Duration) error {
	seconds := strconv.FormatFloat(life.Seconds(), 'f', 3, 64)
	return c.SetVariable(ctx, channel, "TIMEOUT(absolute)", seconds)
}

// EndTalkDetection ends the detection of speech on a channel. One that has none is
// no error, but Asterisk writes a warning.
func (c *Client) EndTalkDetection(ctx context.Context, channel string) error {
	return c.SetVariable(ctx, channel, "TALK_DETECT(remove)", "1")
}

// Move hands a channel to another app, which gets an Entered with the args.
// Done after any prompt; MoveFailed comes when there is no such app.
func (c *Client) Move(ctx context.Context, channel, app string, args ...string) error {
	query := url.Values{"app": {app}}
	if len(args) > 0 {
		query.Set("appArgs", strings.Join(args, ","))
	}
	return c.command(ctx, request{
		op: "move", method: http.MethodPost, path: []string{"channels", channel, "move"}, query: query,
	})
}

// Continue gives a channel back to the dialplan. Done after any prompt.
func (c *Client) Continue(ctx context.Context, channel, dialplanContext, exten string, priority int) error {
	return c.command(ctx, request{
		op: "continue", method: http.MethodPost, path: []string{"channels", channel, "continue"},
		query: url.Values{
			"context": {dialplanContext}, "extension": {exten}, "priority": {strconv.Itoa(priority)},
		},
	})
}

func goneIsFine(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}

// command adds the limit and refuses once this app's name has been taken.
func (c *Client) command(ctx context.Context, q request) error {
	if c.replaced.Load() {
		return ErrReplaced
	}
	switch {
	case q.patient:
		q.limit = c.opt.PatientTimeout
	default:
		q.limit = c.opt.CommandTimeout
	}
	return c.rest.do(ctx, q)
}

// SetObject gives Asterisk's SIP side an object while it runs, or changes the
// fields of one: kind is "endpoint" or "auth". What stands in pjsip.conf is
// covered until Asterisk's next start.
func (c *Client) SetObject(ctx context.Context, kind, id string, fields map[string]string) error {
	type field struct {
		Attribute string `json:"attribute"`
		Value     string `json:"value"`
	}
	var all []field
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, field{name, fields[name]})
	}
	return c.command(ctx, request{
		op: "set " + kind, method: http.MethodPut, path: []string{"asterisk", "config", "dynamic", "res_pjsip", kind, id},
		body: map[string]any{"fields": all}, repeatable: true,
	})
}

// DropObject takes away what SetObject gave; one that is not there is no error.
// An endpoint must not be dropped: Asterisk would forget the presence of the one
// in pjsip.conf too, and die when its console is asked for it (22.10.1).
func (c *Client) DropObject(ctx context.Context, kind, id string) error {
	return goneIsFine(c.command(ctx, request{
		op: "drop " + kind, method: http.MethodDelete, path: []string{"asterisk", "config", "dynamic", "res_pjsip", kind, id},
		repeatable: true,
	}))
}
