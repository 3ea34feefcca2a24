package config

import (
	"net/netip"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/ivr"
	"powerline/routing"
)

// Config is the whole configuration. The doc tags are the comments of
// `acd config default`.
type Config struct {
	Instance     Instance            `yaml:"instance" doc:"who this process is"`
	Log          Log                 `yaml:"log" doc:"structured logs on standard error"`
	HTTP         HTTP                `yaml:"http" doc:"metrics, health and API"`
	Asterisk     Asterisk            `yaml:"asterisk" doc:"the Asterisk that this process steers, and what is rendered for it"`
	Redis        Redis               `yaml:"redis" doc:"live state that can be rebuilt"`
	Postgres     Postgres            `yaml:"postgres" doc:"roster and records"`
	Journal      Journal             `yaml:"journal" doc:"where records wait while PostgreSQL is away"`
	Privacy      Privacy             `yaml:"privacy" doc:"keys for callers' numbers; each file holds 32 bytes as 64 hexadecimal digits"`
	Prompts      Prompts             `yaml:"prompts" doc:"spoken messages"`
	Lines        []Line              `yaml:"lines" doc:"the numbers that people dial"`
	Menus        map[string]ivr.Menu `yaml:"menus" doc:"dialogues before the queue, by name"`
	Waiting      ivr.Waiting         `yaml:"waiting" doc:"what a caller hears while she waits"`
	Categories   []Category          `yaml:"categories" doc:"what a call is about, and what follows it for the agent"`
	Routing      routing.Policy      `yaml:"routing" doc:"who is offered which call; tuned by simulation"`
	Ringing      Ringing             `yaml:"ringing" doc:"offering a call to an agent's softphone; how long it rings is routing.categories[].ringFor"`
	Resume       Resume              `yaml:"resume" doc:"a caller who was cut off and dials again gets her place back"`
	ServiceLevel ServiceLevel        `yaml:"serviceLevel" doc:"the figure on the wall"`
	Agents       Agents              `yaml:"agents" doc:"what agents dial, and why they may pause"`
	Overflow     Overflow            `yaml:"overflow" doc:"what happens when nobody can take a call"`
	Outbound     Outbound            `yaml:"outbound" doc:"calls that we make: the dialer"`
	Recordings   Recordings          `yaml:"recordings" doc:"conversations as evidence: how they are recorded, sealed and kept"`
	Console      Console             `yaml:"console" doc:"agents' desks and supervisors' consoles in the browser"`
}

// Instance names this process among others.
type Instance struct {
	Name string `yaml:"name" doc:"unique per process; its ARI application is powerline-acd-NAME"`
	Site string `yaml:"site" doc:"prefix of every Redis key; all processes of one call centre share it"`
}

// App is the name of the ARI application of this process.
func (i Instance) App() string { return AppPrefix + i.Name }

// AppPrefix starts the name of every engine's ARI application; the dialplan's
// broadcast finds them by it.
const AppPrefix = "powerline-acd-"

// Log says how to log.
type Log struct {
	Level  string `yaml:"level" doc:"debug, info, warn or error"`
	Format string `yaml:"format" doc:"text or json"`
}

// HTTP is the engine's own listener.
type HTTP struct {
	Listen netip.AddrPort `yaml:"listen" doc:"loopback address and port; anything else is refused"`
}

// Asterisk is how to reach and how to render the switch.
type Asterisk struct {
	ARI             ARI           `yaml:"ari" doc:"events and commands"`
	AMI             AMI           `yaml:"ami" doc:"what ARI has no word for"`
	SIP             SIP           `yaml:"sip" doc:"signalling"`
	RTP             RTP           `yaml:"rtp" doc:"voice"`
	Trunks          []Trunk       `yaml:"trunks" doc:"carriers, known by address; nobody else may call in"`
	SystemName      string        `yaml:"systemName" doc:"stands in channel ids and in asterisk.conf"`
	EntityID        string        `yaml:"entityID" doc:"six octets, unique per Asterisk"`
	Dirs            Dirs          `yaml:"dirs" doc:"where the rendered files and Asterisk's own lie"`
	OfferOpus       bool          `yaml:"offerOpus" doc:"offer the opus codec to softphones; needs codec_opus_open_source"`
	DeadMan         time.Duration `yaml:"deadMan" doc:"a waiting caller whom no engine cared for this long goes to the fallback queue"`
	Broadcast       time.Duration `yaml:"broadcast" doc:"how long a new call waits to be claimed by an engine before the fallback queue takes it"`
	QualifyEvery    time.Duration `yaml:"qualifyEvery" doc:"how often each softphone is asked whether it is there"`
	QualifyTimeout  time.Duration `yaml:"qualifyTimeout" doc:"how long a softphone may take to answer that"`
	AgentRTPTimeout time.Duration `yaml:"agentRTPTimeout" doc:"silence on an agent's leg after which it counts as lost; never applied to callers"`
	BrowserPhones   BrowserPhones `yaml:"browserPhones" doc:"browsers as agents' telephones"`
}

// Dirs are Asterisk's directories; the defaults are those of Debian's package.
type Dirs struct {
	Etc     string `yaml:"etc" doc:"configuration"`
	Modules string `yaml:"modules" doc:"programs"`
	Data    string `yaml:"data" doc:"sounds and documentation"`
	VarLib  string `yaml:"varLib" doc:"what it keeps"`
	DB      string `yaml:"db" doc:"its own database"`
	Key     string `yaml:"key" doc:"keys"`
	AGI     string `yaml:"agi" doc:"not used"`
	Spool   string `yaml:"spool" doc:"recordings before they are sealed"`
	Run     string `yaml:"run" doc:"pid file and control socket"`
	Log     string `yaml:"log" doc:"logs"`
}

// ARI is the REST and websocket interface.
type ARI struct {
	URL          string `yaml:"url" doc:"base address, ending in /ari"`
	Username     string `yaml:"username" doc:"user of ari.conf"`
	PasswordFile string `yaml:"passwordFile" doc:"file with the password, mode 0600 or 0640"`
}

// AMI is the manager interface.
type AMI struct {
	Address      netip.AddrPort `yaml:"address" doc:"loopback address and port"`
	Username     string         `yaml:"username" doc:"user of manager.conf"`
	PasswordFile string         `yaml:"passwordFile" doc:"file with the password, mode 0600 or 0640"`
}

// SIP is Asterisk's signalling side.
type SIP struct {
	Bind  netip.AddrPort `yaml:"bind" doc:"address and UDP port for trunks and softphones"`
	Realm string         `yaml:"realm" doc:"digest realm; stored secrets depend on it, so a change needs a new import with secrets"`
}

// RTP is the range of media ports.
type RTP struct {
	First int `yaml:"first" doc:"first UDP port"`
	Last  int `yaml:"last" doc:"last UDP port; two per call leg are used"`
}

// Trunk is a carrier's side of the telephone network.
type Trunk struct {
	Name    string   `yaml:"name" doc:"lower-case letters, digits, hyphens"`
	Match   []string `yaml:"match" doc:"addresses or networks it sends from"`
	Contact string   `yaml:"contact" doc:"host:port for calls that we make; empty makes none"`
	// A gateway that does not answer OPTIONS would be taken for dead, and no call
	// made by it: so it is asked only where somebody has said so.
	QualifyEvery time.Duration `yaml:"qualifyEvery" doc:"how often it is asked whether it is there, if its gateway answers OPTIONS; 0 never"`
}

// Redis is the live store.
type Redis struct {
	Address      string        `yaml:"address" doc:"host:port, or the path of a Unix socket"`
	DB           int           `yaml:"db" doc:"database number, 0 to 15"`
	Username     string        `yaml:"username" doc:"empty for the default user"`
	PasswordFile string        `yaml:"passwordFile" doc:"empty for none"`
	Timeout      time.Duration `yaml:"timeout" doc:"limit of one command"`
}

// Postgres is the lasting store.
type Postgres struct {
	DSN            string        `yaml:"dsn" doc:"postgres:// address without password"`
	PasswordFile   string        `yaml:"passwordFile" doc:"empty when the server asks for none"`
	MaxConns       int           `yaml:"maxConns" doc:"connections of this process at most"`
	ConnectTimeout time.Duration `yaml:"connectTimeout" doc:"limit of one connection attempt"`
	QueryTimeout   time.Duration `yaml:"queryTimeout" doc:"limit of one question"`
	WriteTimeout   time.Duration `yaml:"writeTimeout" doc:"after this a record goes to the journal instead"`
}

// Journal is the fsynced file for bad times.
type Journal struct {
	Dir      string `yaml:"dir" doc:"a directory of this process alone"`
	MaxBytes int64  `yaml:"maxBytes" doc:"quota; at this size new records are refused loudly"`
}

// Privacy holds the keys by which numbers are recognised and sealed.
type Privacy struct {
	FingerprintKeyFile string `yaml:"fingerprintKeyFile" doc:"recognises a number again without storing it"`
	SealKeyFile        string `yaml:"sealKeyFile" doc:"encrypts the number in call records; empty stores no number at all"`
}

// Prompts says where the audio is.
type Prompts struct {
	Dir         string   `yaml:"dir" doc:"generated prompts, one folder per language"`
	OverrideDir string   `yaml:"overrideDir" doc:"a file here replaces the generated one of the same name; empty for none"`
	MusicDir    string   `yaml:"musicDir" doc:"music for waiting callers"`
	Languages   []string `yaml:"languages" doc:"languages that must be complete, the first is the default"`
}

// LineKind says who may be behind a number.
type LineKind string

// The kinds of line.
const (
	Helpline LineKind = "helpline"
	RingBack LineKind = "ring-back"
)

// Pool is who may answer on a line of this kind.
func (k LineKind) Pool() agent.Pool {
	if k == RingBack {
		return agent.MaleOfficers
	}
	return agent.Women
}

// Line is a number that people dial.
type Line struct {
	DID      string   `yaml:"did" doc:"digits as the trunk presents them"`
	Kind     LineKind `yaml:"kind" doc:"helpline (women answer) or ring-back (male officers answer)"`
	Menu     string   `yaml:"menu" doc:"dialogue before the queue; empty goes straight to it"`
	Category string   `yaml:"category" doc:"category of a caller who chooses none"`
}

// Category is what a call is about.
type Category struct {
	Name          string        `yaml:"name" doc:"lower-case letters, digits, hyphens"`
	WrapUp        time.Duration `yaml:"wrapUp" doc:"soft limit of after-call work; 0s means none"`
	Open          bool          `yaml:"open" doc:"the limit only warns, she ends it herself"`
	Interruptible bool          `yaml:"interruptible" doc:"a crisis call may break into this after-call work"`
	Recovery      time.Duration `yaml:"recovery" doc:"rest after it, which nothing may break into"`
	Heavy         bool          `yaml:"heavy" doc:"counts among the calls that are spread over agents"`
	Crisis        bool          `yaml:"crisis" doc:"goes before every other call"`
	Weight        int           `yaml:"weight" doc:"rank among the callers of a fallback queue while no engine runs, 0 to 1000"`
}

// Plan is what follows a call of this category.
func (c Category) Plan() agent.WrapUpPlan {
	return agent.WrapUpPlan{
		Lasts: c.WrapUp, Open: c.Open, Interruptible: c.Interruptible,
		Recovery: c.Recovery, Heavy: c.Heavy,
	}
}

// Ringing is about one offer.
type Ringing struct {
	RejectDelay time.Duration `yaml:"rejectDelay" doc:"pause before the next offer to an agent who rejected one"`
}

// Resume is about drop and redial.
type Resume struct {
	MaxAge time.Duration `yaml:"maxAge" doc:"how long the place is kept; 0s switches it off"`
}

// ServiceLevel is answered within Threshold / (answered + abandoned after it).
type ServiceLevel struct {
	Threshold time.Duration `yaml:"threshold" doc:"answered within this counts as in time"`
}

// Agents is about people at seats.
type Agents struct {
	Codes        Codes         `yaml:"codes" doc:"dialled on the softphone"`
	InCall       InCall        `yaml:"inCall" doc:"pressed on the softphone while she talks; empty switches one off. Nobody else hears her keys then"`
	PauseReasons []PauseReason `yaml:"pauseReasons" doc:"chosen by the digit after the pause code"`
	ExtendBy     time.Duration `yaml:"extendBy" doc:"one use of the extend code adds this to after-call work"`
	RestFor      time.Duration `yaml:"restFor" doc:"the extend code in recovery prolongs it to this"`
	// AfterQuickEnd is recovery, whatever the category.
	AfterQuickEnd time.Duration `yaml:"afterQuickEnd" doc:"recovery after a call that its agent ended as abusive or under duress"`
}

// Codes are what an agent dials.
type Codes struct {
	Login  string `yaml:"login" doc:"then her PIN"`
	Logout string `yaml:"logout" doc:"a call in hand goes on"`
	Ready  string `yaml:"ready" doc:"ends a pause"`
	Pause  string `yaml:"pause" doc:"followed by the digit of the reason"`
	Done   string `yaml:"done" doc:"ends after-call work or recovery early"`
	Extend string `yaml:"extend" doc:"more after-call work or recovery"`
	// Outcome is followed by one or two digits.
	Outcome string `yaml:"outcome" doc:"followed by the number of what came of a call that we made"`
}

// InCall are the codes that an agent presses in a call, for who has no page to
// press buttons on. They are heard from her telephone alone, never from the other.
type InCall struct {
	Counsellor string `yaml:"counsellor" doc:"gives the caller to whoever counsels"`
	Recording  string `yaml:"recording" doc:"the recording holds silence, for the first of recordings.pauseReasons, and goes on at the next press"`
	Hold       string `yaml:"hold" doc:"music for the other side, and back at the next press"`
	Together   string `yaml:"together" doc:"all three talk, when somebody else has answered"`
	Back       string `yaml:"back" doc:"back to the other side alone; whoever was called in besides leaves"`
	Panic      string `yaml:"panic" doc:"calls a supervisor"`
	QuickEnd   string `yaml:"quickEnd" doc:"ends the call at once, as abusive or under duress; recovery follows"`
	Emergency  string `yaml:"emergency" doc:"calls 112 in, while the other side hears music"`
}

// Wishes are the codes that are on, and what each is for: a word of package call,
// or "counsellor". Of those that switch, the first way.
func (k InCall) Wishes() map[string]string {
	all := map[string]string{
		k.Counsellor: "counsellor", k.Recording: "pause-recording", k.Hold: "hold", k.Together: "conference",
		k.Back: "consult-cancel", k.Panic: "panic", k.QuickEnd: "quick-end", k.Emergency: "transfer-112",
	}
	delete(all, "")
	return all
}

// PauseReason is one that agents may choose.
type PauseReason struct {
	Digit string `yaml:"digit" doc:"one digit"`
	Name  string `yaml:"name" doc:"lower-case letters, digits, hyphens"`
}

// Overflow is what a caller hears when nobody can answer.
type Overflow struct {
	Endpoint string `yaml:"endpoint" doc:"name of the trunk that reaches 112 when she presses waiting.emergencyKey; empty offers none"`
	Number   string `yaml:"number" doc:"number dialled there"`
}

// Outbound is about calls that we make.
type Outbound struct {
	Trunk         string         `yaml:"trunk" doc:"name of the trunk that calls go out by; empty makes none"`
	VictimLine    string         `yaml:"victimLine" doc:"number shown to victims: a helpline line, so that who rings back reaches a woman"`
	OffenderLine  string         `yaml:"offenderLine" doc:"number shown to offenders and contacts: a ring-back line, so that an officer answers who rings back"`
	RingAgentFor  time.Duration  `yaml:"ringAgentFor" doc:"how long the agent's phone rings before her attempt is given up"`
	DialFor       time.Duration  `yaml:"dialFor" doc:"how long the other phone rings; less than 25s would miss who has to fetch it"`
	Unreached     time.Duration  `yaml:"unreached" doc:"the agent's pause after an attempt that reached nobody"`
	Every         time.Duration  `yaml:"every" doc:"how often due tasks are looked up"`
	Reserve       Reserve        `yaml:"reserve" doc:"agents kept idle for callers while we dial"`
	OtherLanguage OtherLanguage  `yaml:"otherLanguage" doc:"in which a victim is called when nobody of her language has been free for long"`
	Kinds         []OutboundKind `yaml:"kinds" doc:"what a call that we make is about, and what follows it for the agent"`
	Webhooks      []Webhook      `yaml:"webhooks" doc:"who is told of escalations, reminders and alerts; the first that takes a delivery gets it"`
	Clock         LadderClock    `yaml:"clock" doc:"the time by which the ladder runs"`
	Ladder        cases.Rules    `yaml:"ladder" doc:"every limit of the redressal process; docs/redressal.md says whose decision each is"`
}

// Reserve is how many idle agents no task may take. routing.md of the founders'
// study has the frontier: with six women kept back 95.7 % of callers are
// answered in time and every task is still attempted.
type Reserve struct {
	Women    int `yaml:"women" doc:"women for callers"`
	Crisis   int `yaml:"crisis" doc:"counsellors and seniors among them"`
	Officers int `yaml:"officers" doc:"officers for offenders who ring back"`
	// Resume is hysteresis: after a caller had to wait, dialling goes on only when
	// so many more are idle.
	Resume int `yaml:"resume" doc:"so many more must be idle before dialling goes on after a caller had to wait"`
}

// OtherLanguage keeps a task from waiting for ever for one of the few who speak a
// rare language.
type OtherLanguage struct {
	Code  string        `yaml:"code" doc:"a language code; empty lets a task wait for its own language"`
	After time.Duration `yaml:"after" doc:"how long a task must have been due"`
}

// OutboundKind is what follows a call of a kind of task.
type OutboundKind struct {
	Name          string        `yaml:"name" doc:"a kind of task"`
	WrapUp        time.Duration `yaml:"wrapUp" doc:"time to code the outcome and write it up"`
	Open          bool          `yaml:"open" doc:"the limit only warns: no further call before the outcome is coded"`
	Interruptible bool          `yaml:"interruptible" doc:"a crisis call may break into it"`
}

// LadderClock lets a demo and tests live through a case's months in minutes.
// All processes of a site must have the same.
type LadderClock struct {
	Speed int       `yaml:"speed" doc:"how many times faster than real the ladder's time passes; 1 but in a demo"`
	From  time.Time `yaml:"from" doc:"the moment from which it runs faster"`
}

// At is the ladder's time at a real moment. A zero moment stays zero.
func (c LadderClock) At(real time.Time) time.Time {
	if c.Speed <= 1 || real.IsZero() || !real.After(c.From) {
		return real
	}
	return c.From.Add(real.Sub(c.From) * time.Duration(c.Speed))
}

// Webhook is a receiver of what the ladder tells the world.
type Webhook struct {
	Name       string   `yaml:"name" doc:"lower-case letters, digits, hyphens"`
	URL        string   `yaml:"url" doc:"https address, or http on loopback"`
	SecretFile string   `yaml:"secretFile" doc:"key that signs, 32 bytes as 64 hexadecimal digits"`
	Topics     []string `yaml:"topics" doc:"dossier, remind, alert, raised, report-child, link, set-aside, timers-aside; none means all"`
	Ears       []string `yaml:"ears" doc:"whose alerts it takes; none means all"`
	Districts  []string `yaml:"districts" doc:"of which districts; none means all"`
}
