package postgres

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Record is a row of the past. Its JSON is what the journal stores, so a field
// may be added but not renamed.
type Record interface {
	// Kind names the type in the journal.
	Kind() string
	// key identifies the record among its kind.
	key() string
	// insert is the statement that writes it, and writes nothing the second time.
	insert() (sql string, args []any)
}

// The kinds of record.
const (
	KindCall        = "call"
	KindCallEvent   = "call-event"
	KindAgentEvent  = "agent-event"
	KindAttemptEnd  = "attempt-end"
	KindRecording   = "recording"
	KindRecordEnd   = "recording-end"
	KindRecordGap   = "recording-gap"
	KindDraft       = "draft"
	KindDisposition = "disposition"
)

// CallRecord is one call from ring to end. Milliseconds are what the engine's
// monotonic clock measured; the times are of the wall clock.
type CallRecord struct {
	ID       string `json:"id"`
	Site     string `json:"site"`
	Owner    string `json:"owner"`
	Line     string `json:"line"`
	LineKind string `json:"kind"` // helpline or ring-back
	Pool     string `json:"pool"`
	Category string `json:"category"`
	Language string `json:"language"`
	Crisis   bool   `json:"crisis,omitempty"`
	Silence  string `json:"silence,omitempty"`
	Redial   bool   `json:"redial,omitempty"`

	Arrived  time.Time `json:"arrived"`
	Queued   time.Time `json:"queued,omitzero"`
	Answered time.Time `json:"answered,omitzero"`
	Ended    time.Time `json:"ended"`

	Outcome string   `json:"outcome"` // the words of call.Outcome
	Offers  int      `json:"offers"`
	Agent   string   `json:"agent,omitempty"` // only of a completed call
	Spoken  []string `json:"spoken,omitempty"`
	WaitMS  int64    `json:"waitMs"`
	TalkMS  int64    `json:"talkMs"`
	HoldMS  int64    `json:"holdMs"`
	WrapMS  int64    `json:"wrapMs"`

	CallerFingerprint string `json:"callerFingerprint,omitempty"`
	CallerSealed      []byte `json:"callerSealed,omitempty"`
}

// The names of call events, from app_queue's queue_log.
const (
	EnterQueue     = "EnterQueue"
	Offer          = "Offer"
	Connect        = "Connect"
	RingNoAnswer   = "RingNoAnswer"
	RingCanceled   = "RingCanceled"
	Abandon        = "Abandon"
	CompleteCaller = "CompleteCaller"
	CompleteAgent  = "CompleteAgent"
	ExitWithKey    = "ExitWithKey"
	ExitEmpty      = "ExitEmpty"
)

// CallEvent is one thing that happened in a call. Seq is the call's own count,
// minted by its owner: the same number is the same event.
type CallEvent struct {
	CallID string          `json:"callId"`
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Event  string          `json:"event"`
	Agent  string          `json:"agent,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"` // a JSON object without personal data
}

// The names of agent events.
const (
	AgentLogin         = "AgentLogin"
	AgentLogoff        = "AgentLogoff"
	AgentPause         = "AgentPause"
	AgentUnpause       = "AgentUnpause"
	AgentWrapUp        = "AgentWrapUp"
	AgentWrapUpEnd     = "AgentWrapUpEnd"
	AgentRecovery      = "AgentRecovery"
	AgentLocked        = "AgentLocked"
	AgentUnlocked      = "AgentUnlocked"
	AgentPhoneLost     = "AgentPhoneLost"
	AgentPhoneRegained = "AgentPhoneRegained"
)

// AgentEvent is one thing that an agent did or that became of her. ID is
// minted by whoever saw it.
type AgentEvent struct {
	ID     string          `json:"id"`
	Agent  string          `json:"agent"`
	At     time.Time       `json:"at"`
	Event  string          `json:"event"`
	Reason string          `json:"reason,omitempty"`
	CallID string          `json:"callId,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// The results of an attempt that are no cause of package cases.
const (
	// NotPlaced: no INVITE was sent, so that no phone rang.
	NotPlaced = "not-placed"
	// Interrupted: whoever dialled died, and it is not known what became of it.
	Interrupted = "interrupted"
)

// AttemptEnd is how an attempt ended. Written again, it changes nothing; with it
// the number is free for another attempt.
type AttemptEnd struct {
	Attempt string    `json:"attempt"`
	Owner   string    `json:"owner"` // the dialer that saw it
	Agent   string    `json:"agent,omitempty"`
	Ended   time.Time `json:"ended"`
	// Dialled is when the INVITE was sent, Answered when somebody answered.
	Dialled  time.Time `json:"dialled,omitzero"`
	Answered time.Time `json:"answered,omitzero"`
	// Result is a word of cases.Cause, NotPlaced or Interrupted.
	Result string `json:"result"`
	Q850   int    `json:"q850,omitempty"`   // cause of Q.850, 0 when unknown
	SIP    int    `json:"sip,omitempty"`    // last status of SIP, 0 when unknown
	Detail string `json:"detail,omitempty"` // words for an operator, nothing private
}

// Kind names the type in the journal.
func (AttemptEnd) Kind() string { return KindAttemptEnd }

func (e AttemptEnd) key() string { return e.Attempt }

// Kind names the type in the journal.
func (CallRecord) Kind() string { return KindCall }

// Kind names the type in the journal.
func (CallEvent) Kind() string { return KindCallEvent }

// Kind names the type in the journal.
func (AgentEvent) Kind() string { return KindAgentEvent }

func (r CallRecord) key() string { return r.ID }
func (e CallEvent) key() string  { return e.CallID + " " + strconv.FormatInt(e.Seq, 10) }
func (e AgentEvent) key() string { return e.ID }

// decoders turn a record's JSON back, by the name of its type in the journal.
var decoders = map[string]func(data []byte) (Record, error){
	KindCall:        decoded[CallRecord],
	KindCallEvent:   decoded[CallEvent],
	KindAgentEvent:  decoded[AgentEvent],
	KindAttemptEnd:  decoded[AttemptEnd],
	KindRecording:   decoded[Recording],
	KindRecordEnd:   decoded[RecordingEnd],
	KindRecordGap:   decoded[RecordingGap],
	KindDraft:       decoded[Draft],
	KindDisposition: decoded[Disposition],
}

func decoded[R Record](data []byte) (Record, error) {
	var r R
	err := json.Unmarshal(data, &r)
	return r, err
}

// DecodeRecord is the opposite of a record's JSON, for the journal.
func DecodeRecord(kind string, data []byte) (Record, error) {
	decode, known := decoders[kind]
	if !known {
		return nil, fmt.Errorf("postgres: decode record: unknown kind %q", kind)
	}
	r, err := decode(data)
	if err != nil {
		return r, fmt.Errorf("postgres: decode %s: %w", kind, err)
	}
	return r, nil
}

func (r CallRecord) insert() (string, []any) {
	return `INSERT INTO call_records (id, site, owner, line, kind, pool, category, language, crisis, silence, redial,
			arrived_at, queued_at, answered_at, ended_at, outcome, offers, agent, spoken,
			wait_ms, talk_ms, hold_ms, wrap_ms, caller_fingerprint, caller_sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
		ON CONFLICT DO NOTHING`,
		[]any{r.ID, r.Site, r.Owner, r.Line, r.LineKind, r.Pool, r.Category, r.Language, r.Crisis, r.Silence, r.Redial,
			r.Arrived, unlessZero(r.Queued), unlessZero(r.Answered), r.Ended, r.Outcome, r.Offers, unlessEmpty(r.Agent), append([]string{}, r.Spoken...),
			r.WaitMS, r.TalkMS, r.HoldMS, r.WrapMS, r.CallerFingerprint, r.CallerSealed}
}

func (e CallEvent) insert() (string, []any) {
	return `INSERT INTO call_events (call_id, seq, at, event, agent, data) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		[]any{e.CallID, e.Seq, e.At, e.Event, unlessEmpty(e.Agent), object(e.Data)}
}

func (e AgentEvent) insert() (string, []any) {
	return `INSERT INTO agent_events (id, agent, at, event, reason, call_id, data) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		[]any{e.ID, e.Agent, e.At, e.Event, e.Reason, e.CallID, object(e.Data)}
}

// insert also frees the number: the table's trigger does it, so that nothing
// can write the one without the other.
func (e AttemptEnd) insert() (string, []any) {
	return `INSERT INTO attempt_ends (attempt, owner, agent, ended_at, dialled_at, answered_at, result, q850, sip, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		[]any{e.Attempt, e.Owner, unlessEmpty(e.Agent), e.Ended, unlessZero(e.Dialled), unlessZero(e.Answered), e.Result, e.Q850, e.SIP, e.Detail}
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func object(data json.RawMessage) string {
	if len(data) == 0 {
		return "{}"
	}
	return string(data)
}
