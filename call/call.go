package call

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerline/agent"
)

// Stage is where in its life a call is.
type Stage string

// The stages, in order.
const (
	Greeting Stage = "greeting"
	Waiting  Stage = "waiting"
	Offered  Stage = "offered"
	Talking  Stage = "talking"
	// HandedOver: the caller talks with somebody outside, and her agent has left.
	HandedOver Stage = "handed-over"
	Ended      Stage = "ended"
)

// Outcome says how a call ended.
type Outcome string

// The outcomes. Complete ones had an agent; the words are those of queue_log.
const (
	CompleteCaller    Outcome = "complete-caller"
	CompleteAgent     Outcome = "complete-agent"
	AbandonedGreeting Outcome = "abandoned-greeting"
	AbandonedWaiting  Outcome = "abandoned-waiting"
	AbandonedRinging  Outcome = "abandoned-ringing"
	SentToEmergency   Outcome = "sent-to-emergency" // she chose 112
	LeftToFallback    Outcome = "left-to-fallback"  // the dead man's switch took her to app_queue
)

// The outcomes of outbound calls in which nobody spoke with whom we called;
// those in which somebody did are complete, as above.
const (
	NotPlaced   Outcome = "not-placed"  // no agent came to it: nobody's phone was rung
	NotReached  Outcome = "not-reached" // Failure says why
	Withdrawn   Outcome = "withdrawn"   // we took it back while his phone rang
	Interrupted Outcome = "interrupted" // what became of the dial is not known
	BrokenOff   Outcome = "broken-off"  // the agent's phone died in the conversation
)

// Kind says whose call it is; it follows from the number that was dialled.
type Kind string

const (
	// Helpline is a call to 1090: a woman answers.
	Helpline Kind = "helpline"
	// RingBack is a call to the number that offenders are called from: a male
	// officer answers.
	RingBack Kind = "ring-back"
	// Outbound is a call that we make: outbound.go has its life.
	Outbound Kind = "outbound"
)

// Silence is what we know of a caller who does not speak.
type Silence string

// A caller who pressed two equal keys is in danger; one key is an answer.
const (
	NotSilent Silence = ""
	Mute      Silence = "mute"   // neither speech nor key so far
	Keyed     Silence = "keyed"  // a key spoke for her
	Danger    Silence = "danger" // two equal keys
)

// Offer is one try to give the call to one agent.
type Offer struct {
	N       int           `json:"n"`
	Agent   agent.ID      `json:"agent"`
	Leg     string        `json:"leg"`
	RingFor time.Duration `json:"ringFor"`
	At      time.Time     `json:"at"`
}

// Call is everything the engine knows about one call. It holds no name and no
// number: Caller is the fingerprint of the number.
type Call struct {
	ID string `json:"id"` // also the channel id of the caller's leg
	// Version, Owner and Term belong to the store: compare-and-set and fencing.
	Version int64  `json:"version"`
	Owner   string `json:"owner,omitempty"`
	Term    int64  `json:"term,omitempty"`

	Kind   Kind   `json:"kind"`
	Line   string `json:"line"`
	Caller string `json:"caller,omitempty"`

	Stage Stage `json:"stage"`
	Epoch int64 `json:"epoch"` // rises with each change of Stage

	Arrived time.Time `json:"arrived"`
	// Queued is when her wait began: the end of the greeting, or the time that a
	// dropped call of hers had already reached.
	Queued   time.Time `json:"queued,omitzero"`
	Answered time.Time `json:"answered,omitzero"`
	EndedAt  time.Time `json:"endedAt,omitzero"`

	Category string     `json:"category"`
	Language string     `json:"language,omitempty"`
	Pool     agent.Pool `json:"pool"`
	Crisis   bool       `json:"crisis,omitempty"`
	Silence  Silence    `json:"silence,omitempty"`
	// Head puts the call before all others of its class: it had an agent already.
	Head bool `json:"head,omitempty"`
	// Orders are the ids of the orders that were carried out last, newest last.
	Orders []string `json:"orders,omitempty"`
	// Alarm is when the agent pressed the panic key; zero when nobody needs help.
	Alarm time.Time `json:"alarm,omitzero"`
	// Resumed: this is a redial that took back its place.
	Redial bool `json:"redial,omitempty"`

	Offers int `json:"offers,omitempty"` // offers made, and guests asked, so far
	// Numbered is where the numbers of its offers begin. A channel may have been a
	// call before, and a leg or a bridge of then must not be taken for one of now.
	Numbered int   `json:"numbered,omitempty"`
	Offer    Offer `json:"offer,omitzero"` // the one in hand
	// Joined: caller and agent have been put into the bridge of the offer in hand,
	// and Bridged is when. It outlives the end, which may have to be told again.
	Joined  bool      `json:"joined,omitempty"`
	Joins   int       `json:"joins,omitempty"` // how often it was asked for
	Bridged time.Time `json:"bridged,omitzero"`
	// Recording is the number of the offer whose recording is under way, and Talked
	// what was said in it before Bridged, such as before a hold. Both outlive the end.
	Recording int           `json:"recording,omitempty"`
	Talked    time.Duration `json:"talked,omitempty"`
	// Paused is since when the recording holds silence; zero if it does not, and
	// Muted says that it ever did.
	Paused time.Time `json:"paused,omitzero"`
	Muted  bool      `json:"muted,omitempty"`
	// Held: the caller is out of the bridge and hears music. Room is the number of the
	// bridge, where it is that of an earlier offer. Guests are who is in the
	// conversation beside the two.
	Held   bool    `json:"held,omitempty"`
	Room   int     `json:"room,omitempty"`
	Guests []Guest `json:"guests,omitempty"`
	// Left are the legs of those who have left the last conversation, to be ended
	// again by whoever finds the call after a gap.
	Left []string `json:"left,omitempty"`
	// Tried are agents whose phone rang for this call in vain, newest last.
	Tried []agent.ID `json:"tried,omitempty"`
	// Spoken are the agents who talked with her, in order.
	Spoken []agent.ID `json:"spoken,omitempty"`

	Outcome Outcome `json:"outcome,omitempty"`

	// Of an outbound call alone. Task is the opaque name of why we call; DialFor
	// how long the phone at the other end may ring; Dialled when it was told to,
	// Failure why nobody was reached.
	Task    string        `json:"task,omitempty"`
	DialFor time.Duration `json:"dialFor,omitempty"`
	Dialled time.Time     `json:"dialled,omitzero"`
	Failure Failure       `json:"failure,omitzero"`
	// Rang: the phone at the other end has rung. Told: the network spoke instead.
	Rang bool `json:"rang,omitempty"`
	Told bool `json:"told,omitempty"`
}

// Bridge is the id of the call's bridge for the offer in hand. Bridge ids are
// never reused, so each offer has its own.
func (c Call) Bridge() string { return bridgeID(c.ID, c.room()) }

// room is the number of the call's bridge: an agent who took over from another
// talks where that one did.
func (c Call) room() int {
	if c.Room != 0 {
		return c.Room
	}
	return c.Offer.N
}

// Bridges are the ids of the bridges that the call had and does not need any more.
func (c Call) Bridges() []string {
	var ids []string
	for n := c.Numbered + 1; n <= c.Numbered+c.Offers; n++ {
		if id := bridgeID(c.ID, n); n != c.room() && !c.needs(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// needs reports whether a guest hears in this bridge, or is about to.
func (c Call) needs(bridge string) bool {
	return slices.ContainsFunc(c.Guests, func(g Guest) bool { return g.Beside() && c.SideBridge(g) == bridge })
}

// Expects reports whether people are about to be in this bridge, if they are not yet.
func (c Call) Expects(bridge string) bool {
	return (c.Stage == Talking || c.Stage == HandedOver) && (bridge == c.Bridge() || c.needs(bridge))
}

func bridgeID(callID string, n int) string { return callID + ".b" + strconv.Itoa(n) }

// LegID is the channel id of the agent's leg in the n-th offer of a call. That of
// an outbound call must not begin with the call's own id: the channel of that id
// is made later, and Asterisk refuses an id with which a living one begins.
func LegID(callID string, n int) string { return legID(callID, "a", n) }

func legID(callID, kind string, n int) string {
	if IsAttempt(callID) {
		return outboundLeg + callID + "." + kind + strconv.Itoa(n)
	}
	return callID + "." + kind + strconv.Itoa(n)
}

const outboundLeg = "for-"

// legName finds the call in a leg that we made for it: of an agent (a), of somebody
// outside (x), or a snoop (s, and w for one that whispers). The ids of callers'
// channels never end so.
var legName = regexp.MustCompile(`^(?:` + outboundLeg + `)?(.+)\.([asxw])[0-9]+$`)

// OfLeg is the opposite of LegID: the call that a leg was made for, and false for
// a channel that was made for none.
func OfLeg(channel string) (callID string, ok bool) {
	callID, kind := ofLeg(channel)
	return callID, kind != ""
}

// IsAgentLeg reports whether a leg was made to ring an agent.
func IsAgentLeg(channel string) bool {
	_, kind := ofLeg(channel)
	return kind == "a"
}

// IsSnoop reports whether a channel is the ear of a guest beside the conversation, and
// no person's.
func IsSnoop(channel string) bool {
	_, kind := ofLeg(channel)
	return kind == "s" || kind == "w"
}

func ofLeg(channel string) (callID, kind string) {
	if dot := strings.LastIndexByte(channel, '.'); dot < 0 || dot+1 == len(channel) || !strings.ContainsRune("asxw", rune(channel[dot+1])) {
		return "", "" // nearly all that are none: no pattern is tried on them
	}
	m := legName.FindStringSubmatch(channel)
	if m == nil {
		return "", ""
	}
	return m[1], m[2]
}

// RecordingID names the recording of the conversation of the n-th offer of a
// call. It is the name of a file, so that it says nothing to whoever sees it: 25
// letters and digits of a digest behind an r.
func RecordingID(callID string, n int) string {
	var name [80]byte // most fit, and then nothing is allocated but the id
	digest := sha256.Sum256(strconv.AppendInt(append(append(name[:0], callID...), 0), int64(n), 10))
	var id [1 + 32]byte
	id[0] = 'r'
	lowerBase32.Encode(id[1:], digest[:20])
	return string(id[:1+25])
}

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// RecordingMark is the variable that Asterisk sets on the recorded channel, one
// for each conversation, so that a recording is not begun twice.
func RecordingMark(n int) string { return fmt.Sprintf("POWERLINE_RECORDING_%d", n) }

// attemptPrefix begins the id of every outbound call, which is that of its attempt
// and of the channel of whom we call. No caller's channel begins so: those begin
// with the name of Asterisk's host.
const attemptPrefix = "out-"

// AttemptID is the id of an outbound call, from something unique.
func AttemptID(unique string) string { return attemptPrefix + unique }

// IsAttempt reports whether a call, or a channel, is of an outbound call.
func IsAttempt(id string) bool { return strings.HasPrefix(id, attemptPrefix) }

// Rules are the settings that a step depends on.
type Rules struct {
	Categories map[string]Category
	// Unclassified, Crisis and Silent name categories: for callers who press
	// nothing, for danger, and for those for whom a key spoke.
	Unclassified, CrisisCategory, SilentCategory string
	// RejectDelay keeps an agent from the next offer after a 486 or 603.
	RejectDelay time.Duration
	// Unreached is what follows for the agent when she reached nobody, QuickEnd when
	// she ended a call that nobody needs to bear.
	Unreached, QuickEnd agent.WrapUpPlan
	// PauseAtMost is how long a recording may hold silence.
	PauseAtMost time.Duration
}

// Category is what a step must know of a category.
type Category struct {
	Crisis bool
	WrapUp agent.WrapUpPlan
	// Of is the kind of call that it is for; empty for any. An order moves no call
	// into another kind's category: an offender would go before women there.
	Of Kind
}

// maxTried bounds the list of agents who did not answer.
const maxTried = 5

func (c Call) enter(s Stage) Call {
	switch {
	case s == Talking:
		c.Left = nil
	case c.Stage == Talking, c.Stage == HandedOver:
		c.Left = append(slices.Clone(c.Left), c.Channels()[1:]...)
	}
	c.Stage = s
	c.Epoch++
	c.Joined, c.Paused, c.Alarm = false, time.Time{}, time.Time{}
	c.Held, c.Room, c.Guests = false, 0, nil
	if s != Ended {
		c.Bridged, c.Recording, c.Talked, c.Muted = time.Time{}, 0, 0, false
	}
	if s != Offered && s != Talking {
		c.Offer = Offer{}
	}
	return c
}

// record begins the recording of a conversation. Again: it may run already.
func (c Call) record(again bool) (Call, Command) {
	if c.Recording == 0 {
		c.Recording = c.Offer.N
	}
	return c, Record{ID: RecordingID(c.ID, c.Recording), Offer: c.Recording, Agent: c.Offer.Agent, Again: again}
}

// spokenUntil is how long the conversation of the recording in hand was.
func (c Call) spokenUntil(at time.Time) time.Duration {
	if c.Bridged.IsZero() {
		return c.Talked
	}
	return c.Talked + max(0, at.Sub(c.Bridged))
}

// stopRecording ends it, if there was a conversation. On says that the channel
// goes on without it; seen is false when the end itself came to pass unseen.
func (c Call) stopRecording(at time.Time, on, seen bool) (cmds []Command) {
	if c.Recording == 0 && c.Joined {
		c.Recording = c.Offer.N
	}
	if c.Recording == 0 {
		return nil
	}
	if !c.Paused.IsZero() {
		_, cmds = c.unpause(at)
	}
	return append(cmds, StopRecording{
		ID: RecordingID(c.ID, c.Recording), Offer: c.Recording, At: at, Lasted: c.spokenUntil(at), On: on, Unseen: !seen,
	})
}

// stopRecordingAgain repeats the end of the last conversation of an ended call.
func (c Call) stopRecordingAgain() []Command {
	return c.stopRecording(c.EndedAt, false, false)
}

func (c Call) tried(id agent.ID) Call {
	t := slices.DeleteFunc(slices.Clone(c.Tried), func(x agent.ID) bool { return x == id })
	t = append(t, id)
	c.Tried = t[max(0, len(t)-maxTried):]
	return c
}

func (c Call) spoke(id agent.ID) Call {
	c.Spoken = append(slices.Clone(c.Spoken), id)
	return c
}
