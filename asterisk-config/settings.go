// Package asteriskconfig renders every file that Asterisk needs to be
// Powerline's telephone exchange, from one plain value.
//
// # What Asterisk is told
//
// Asterisk holds the calls and decides nothing. The dialplan answers a
// helpline's number, stamps the call with its id and its arrival time, arms a
// dead man's switch and offers the call to all acd processes by
// StasisBroadcast. The first that claims it has it. If none does, or if the
// one that had it stops renewing the switch, the call goes to app_queue: worse
// routing, but a woman still answers.
//
//	trunk ─▶ from-trunk ─▶ helpline ──claimed──▶ acd
//	                          ▲  └──nobody claims, or the switch fires──▶ fallback ─▶ Queue()
//	                          └──── withdrawn by the acd, or nobody is logged in ◀────┘
//	phone ─▶ from-agents ─▶ acd (dialled codes only; there is no way out to the trunk)
//
// # Who may be rung by the fallback
//
// Two queues for each language, one of them for crises, and one for the officers.
// The members stand in queues.conf, so that the law that a woman's call goes to a
// woman holds without any process of ours running: a man is in no queue but
// the officers', a woman in no officers' queue. There is no queue for each category:
// at each change of a phone's state app_queue walks through all queues and sends two
// messages for each that has her, also while nobody ever waits in them. What a
// category is worth is the caller's rank in line instead (VariableRank). All start paused. The acd
// unpauses who is available and keeps a device state beside it (see
// ReadyDevice); when Asterisk itself restarts, the dialplan reads these states
// and unpauses the same agents again, with or without an acd.
//
// # Trust
//
// Settings come from the operator's configuration and from the roster. Each
// text that ends up in a file is checked against the smallest alphabet that
// serves its purpose, so that no value can begin a new line, option or
// argument; Render refuses everything else with the name of the field.
package asteriskconfig

import (
	"crypto/md5"
	"encoding/hex"
)

// Settings is all that the files depend on. The zero value is not usable:
// begin with Defaults and fill in addresses, directories, credentials, lines
// and agents.
type Settings struct {
	SystemName string // names this Asterisk in channel ids and in asterisk.conf
	EntityID   string // six octets like 02:00:00:00:00:01, unique per instance

	Dirs Dirs

	// SIPAddress is where the trunk and the phones reach us, RTPFirst to
	// RTPLast the ports of their media.
	SIPAddress string
	SIPPort    int
	RTPFirst   int
	RTPLast    int

	// HTTPAddress and AMIAddress must be loopback addresses.
	HTTPAddress string
	HTTPPort    int
	AMIAddress  string
	AMIPort     int

	ARIUser             Credentials // of the acd and the dialer
	ARIReadOnlyUser     Credentials // of probes and dashboards; left out if its name is empty
	AMIUser             Credentials
	RecordInto          string // directory for conversations; empty = none is recorded, and AMIUser may not begin to
	ARISessionLimit     int
	ARIWriteTimeoutMS   int
	Realm               string // of the phones' digest authentication
	Trunks              []Trunk
	Lines               []Line
	Agents              []Agent
	Categories          []Category
	Languages           []string // the first is the common one, for which a second ring opens first
	AppPattern          string   // regular expression over the ARI application names of acds
	BroadcastMS         int      // how long a call is offered to the acds
	DeadManSeconds      int      // how long a call stays with an acd that does not renew the switch
	QualifySeconds      int      // how often a phone is asked whether it is there; 0 = never
	QualifyTimeoutMS    int
	AgentRTPTimeout     int    // seconds without media from a phone until its call is ended; 0 = never
	OfferOpus           bool   // to phones; needs codec_opus_open_source
	MusicDir            string // of the music on hold
	NobodyPrompt        string // sound played when nobody is logged in, without its extension; empty = music only
	NobodyRepeatSeconds int    // music between two repetitions of it
	EmergencyEndpoint   string // PJSIP endpoint that reaches the emergency number; empty = none does
	EmergencyNumber     string // dialled there
	Browsers            Browsers
}

// Dirs are Asterisk's directories. For an instance of the stack they all lie
// in the instance's own directory, but for Modules.
type Dirs struct {
	Etc, Modules, Data, VarLib, DB, Key, AGI, Spool, Run, Log string
}

// Credentials are of a process that commands Asterisk over loopback.
type Credentials struct{ Name, Password string }

// Browsers says whether an agent's browser may be her telephone, and how it
// gets in. See BrowserEndpoint for how one becomes it.
type Browsers struct {
	Allowed bool
	// TLSAddress and TLSPort are where browsers reach the websocket /ws. Port 0
	// opens nothing: a proxy on this machine passes /ws on to HTTPPort.
	TLSAddress      string
	TLSPort         int
	CertificateFile string // PEM, with the chain; read by Asterisk at its start
	KeyFile         string
}

// Trunk is one of the operator's gateways, known by its addresses alone.
type Trunk struct {
	Name     string
	MatchIPs []string // addresses or networks
	Contact  string   // host:port for calls that we make; empty = none are made
	// QualifySeconds is how often the contact is asked whether it is there; 0 = never.
	// No call goes out to a contact that was asked and does not answer.
	QualifySeconds int
}

// Line is a number that callers dial. Queue is where its calls wait if no acd
// is there: OfficersQueue or a QueueName. Rank is their place in it unless the acd
// has said otherwise: the greater goes first.
type Line struct {
	DID, Name, Queue string
	Rank             int
}

// Agent is a seat's phone and the skills that the fallback looks at.
type Agent struct {
	ID         string
	SecretMD5  string // see HA1
	Woman      bool
	Officer    bool // male police, for offenders who ring back
	Counsellor bool
	Senior     bool
	Categories []string // of inbound calls she takes; without any she is in no queue
	Languages  []string
}

// Category is a kind of inbound call.
type Category struct {
	ID          string
	Weight      int  // among callers who wait for the same women
	RingSeconds int  // until the next member is tried
	Crisis      bool // counsellors and seniors first, whatever their language
}

// OfficersQueue is where offenders' calls wait. No woman is a member.
const OfficersQueue = "officers"

// QueueName is the fallback queue of callers of a language whom women answer.
func QueueName(crisis bool, language string) string {
	if crisis {
		return "crisis-" + language
	}
	return "women-" + language
}

// HA1 is what the phone's password is kept as: enough to authenticate her
// phone in this realm, and nothing to log in with elsewhere.
func HA1(id, realm, password string) string {
	sum := md5.Sum([]byte(id + ":" + realm + ":" + password))
	return hex.EncodeToString(sum[:])
}

// Interface is how app_queue and AMI name an agent's phone.
func Interface(agentID string) string { return "PJSIP/" + agentID }

// ReadyDevice is the device whose state the acd keeps over ARI, beside pausing
// the agent's phone over AMI: NOT_INUSE while she is available to callers,
// UNAVAILABLE otherwise (PUT /ari/deviceStates/{device}?deviceState=NOT_INUSE).
// Asterisk keeps such states on its disk, and when it restarts it unpauses
// those who were available.
func ReadyDevice(agentID string) string { return "Stasis:" + agentID }

// readyFamily is where res_stasis_device_state keeps these states.
const readyFamily = "StasisDeviceState"

// Contexts of the dialplan to which the acd may send a channel on with
// `continue`, its DID as the extension.
const (
	ContextHelpline = "helpline" // offers the call to the acds again
	ContextFallback = "fallback" // lets app_queue serve it

	// ContextEmergency dials the emergency number; its extension is s.
	ContextEmergency = "emergency"
)

// Channel variables of a caller. The acd reads the first three; it may set
// VariableQueue and VariableRank when it has learnt what the caller needs, so that
// the fallback rings the right agents if the acd dies.
const (
	VariableCall    = "POWERLINE_CALL"    // the call's id: its first channel's
	VariableArrived = "POWERLINE_ARRIVED" // epoch milliseconds of the INVITE
	VariableLine    = "POWERLINE_LINE"    // the DID she dialled
	VariableQueue   = "POWERLINE_QUEUE"   // a fallback queue's name
	VariableRank    = "QUEUE_PRIO"        // her category's Weight; app_queue's own name for it
	VariableAgain   = "POWERLINE_AGAIN"   // "again" once she has been in the fallback
	VariableSpooled = "POWERLINE_SPOOLED" // where the fallback records, without the ending
)

// Defaults holds every setting that has a sensible value of its own.
func Defaults() Settings {
	return Settings{
		SystemName:        "powerline",
		EntityID:          "02:00:00:00:00:01",
		SIPAddress:        "127.0.0.1",
		SIPPort:           5060,
		RTPFirst:          10000,
		RTPLast:           20000,
		HTTPAddress:       "127.0.0.1",
		HTTPPort:          8088,
		AMIAddress:        "127.0.0.1",
		AMIPort:           5038,
		ARISessionLimit:   500,
		ARIWriteTimeoutMS: 5000,
		Realm:             "powerline",
		Categories: []Category{
			{ID: "crisis", Weight: 100, RingSeconds: 6, Crisis: true},
			{ID: "domestic", Weight: 50, RingSeconds: 10},
			{ID: "stalking", Weight: 30, RingSeconds: 10},
			{ID: "phone", Weight: 10, RingSeconds: 10},
			{ID: "social", Weight: 10, RingSeconds: 10},
			{ID: "status", Weight: 10, RingSeconds: 10},
			{ID: "other", Weight: 10, RingSeconds: 10},
		},
		Languages:           []string{"hi", "en", "ur", "bho", "awa"},
		AppPattern:          "^powerline-acd",
		BroadcastMS:         500,
		DeadManSeconds:      60,
		QualifySeconds:      2,
		QualifyTimeoutMS:    1500,
		OfferOpus:           true,
		Browsers:            Browsers{TLSAddress: "0.0.0.0"},
		NobodyRepeatSeconds: 15,
	}
}

// Membership is an agent's place in one fallback queue.
type Membership struct {
	Queue   string
	Penalty int // app_queue rings the lowest first
}

// Memberships lists the fallback queues of an agent. It is where the fallback
// keeps the law on who may speak with whom: an officer is in the officers'
// queue alone, and only a woman is in any other.
//
// The penalties follow the rings of skill: for a crisis counsellors and
// seniors first, then any woman; for other calls who speaks the language, then
// who speaks the common one, then any woman.
func Memberships(s Settings, a Agent) []Membership {
	switch {
	case a.Officer && !a.Woman:
		return []Membership{{Queue: OfficersQueue}}
	case a.Officer || !a.Woman || !takesInbound(s, a):
		return nil
	}
	var all []Membership
	for _, crisis := range []bool{true, false} {
		for _, language := range s.Languages {
			all = append(all, Membership{QueueName(crisis, language), penalty(s, a, crisis, language)})
		}
	}
	return all
}

func takesInbound(s Settings, a Agent) bool {
	for _, c := range s.Categories {
		if has(a.Categories, c.ID) {
			return true
		}
	}
	return false
}

func penalty(s Settings, a Agent, crisis bool, language string) int {
	speaks := has(a.Languages, language)
	if crisis {
		switch {
		case (a.Counsellor || a.Senior) && speaks:
			return 0
		case a.Counsellor || a.Senior:
			return 1
		}
		return 2
	}
	switch {
	case speaks:
		return 0
	case has(a.Languages, s.Languages[0]):
		return 1
	}
	return 2
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}
