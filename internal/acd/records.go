package acd

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/journal"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

// archive brings history into PostgreSQL, or into the journal while it is away.
type archive struct {
	site   string
	owner  string
	clock  config.LadderClock // by which attempts are booked
	writer *journal.Writer[postgres.Record]
	log    *slog.Logger
}

// Call implements Records. A record that can be put nowhere, because disk and
// database are both full or gone, is tried again until it can: until then the
// ended call stays in the store.
func (a *archive) Call(r CallRecord, stored func()) {
	go func() {
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			err := a.writer.WriteInCompany(ctx, a.record(r))
			cancel()
			if err == nil {
				stored()
				return
			}
			a.log.Error("call record could not be written to database or journal; free disk space", "call", r.Call.ID, "error", err)
			time.Sleep(time.Second)
		}
	}()
}

// CallEvent implements Records.
func (a *archive) CallEvent(r CallEvent) {
	name := string(r.Name)
	if r.Name == call.Complete {
		name = postgres.CompleteAgent
		if call.Outcome(r.Detail) == call.CompleteCaller {
			name = postgres.CompleteCaller
		}
	}
	a.submit(postgres.CallEvent{CallID: r.Call, Seq: r.Seq, At: r.At, Event: name, Agent: string(r.Agent), Data: detail(r.Detail)})
}

// AgentEvent implements Records.
func (a *archive) AgentEvent(r AgentEvent) {
	data, err := json.Marshal(map[string]any{"status": r.Status, "state": r.State, "before": r.Before, "lastedMs": r.Lasted.Milliseconds()})
	if err != nil {
		return // cannot happen: plain words and a number
	}
	a.submit(postgres.AgentEvent{
		ID: fmt.Sprintf("%s-%d-%d", r.Agent, r.At.UnixNano(), r.Version), Agent: string(r.Agent), At: r.At,
		Event: r.Name, Reason: r.Reason, CallID: r.Call, Data: data,
	})
}

func (a *archive) submit(r postgres.Record) {
	if err := a.writer.Submit(r); err != nil {
		a.log.Error("event could not be kept", "kind", r.Kind(), "error", err)
	}
}

func detail(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	data, err := json.Marshal(map[string]string{"detail": text})
	if err != nil {
		return nil
	}
	return data
}

// record is what is kept of a call: of one that we made, how its attempt ended.
func (a *archive) record(r CallRecord) postgres.Record {
	if r.Call.Kind == call.Outbound {
		return a.attemptEnd(r.Call)
	}
	return a.callRecord(r)
}

// attemptEnd says how an attempt ended, in words that package cases knows.
func (a *archive) attemptEnd(c call.Call) postgres.AttemptEnd {
	e := postgres.AttemptEnd{
		Attempt: c.ID, Owner: a.owner, Ended: a.clock.At(c.EndedAt), Dialled: a.clock.At(c.Dialled), Answered: a.clock.At(c.Answered),
		Q850: c.Failure.Q850, SIP: c.Failure.SIP, Detail: c.Failure.Cause,
	}
	if n := len(c.Spoken); n > 0 {
		e.Agent = string(c.Spoken[n-1])
	}
	switch {
	case !c.Answered.IsZero():
		e.Result = string(cases.Answered)
		e.Detail = string(c.Outcome)
	case c.Outcome == call.NotReached && missedCauses[c.Failure.Cause]:
		e.Result = c.Failure.Cause
	case c.Outcome == call.Withdrawn && !c.Dialled.IsZero():
		e.Result = string(cases.Cancelled)
	case c.Outcome == call.Interrupted:
		e.Result = postgres.Interrupted
	default:
		e.Result = postgres.NotPlaced // nobody's phone has rung
	}
	return e
}

// missedCauses are the words of package cases among those of a Failure; any
// other is a rule that forbade the dial.
var missedCauses = map[string]bool{
	string(cases.NoAnswer): true, string(cases.Busy): true, string(cases.Off): true, string(cases.Rejected): true,
	string(cases.Invalid): true, string(cases.Network): true,
}

// callRecord is a call as the table wants it.
func (a *archive) callRecord(r CallRecord) postgres.CallRecord {
	c := r.Call
	row := postgres.CallRecord{
		ID: c.ID, Site: a.site, Owner: a.owner, Line: c.Line, LineKind: string(c.Kind), Pool: string(c.Pool),
		Category: c.Category, Language: c.Language, Crisis: c.Crisis, Silence: string(c.Silence), Redial: c.Redial,
		Arrived: c.Arrived, Queued: c.Queued, Answered: c.Answered, Ended: c.EndedAt,
		Outcome: string(c.Outcome), Offers: c.Offers, CallerFingerprint: c.Caller, CallerSealed: r.Sealed,
	}
	for _, id := range c.Spoken {
		row.Spoken = append(row.Spoken, string(id))
	}
	if n := len(c.Spoken); n > 0 && (c.Outcome == call.CompleteCaller || c.Outcome == call.CompleteAgent) {
		row.Agent = string(c.Spoken[n-1])
	}
	waitEnd := c.EndedAt
	if !c.Answered.IsZero() {
		waitEnd = c.Answered
		row.TalkMS = max(0, c.EndedAt.Sub(c.Answered).Milliseconds())
	}
	if !c.Queued.IsZero() {
		row.WaitMS = max(0, waitEnd.Sub(c.Queued).Milliseconds())
	}
	return row
}

// rosterOf reads agents from PostgreSQL. Checking a PIN costs 25 ms of a core
// by design; one at a time, a change of shift cannot take the CPU from calls.
type rosterOf struct {
	db       *postgres.DB
	checking chan struct{} // holds one
}

func newRoster(db *postgres.DB) rosterOf { return rosterOf{db: db, checking: make(chan struct{}, 1)} }

// RosterVersion implements Roster.
func (r rosterOf) RosterVersion(ctx context.Context) (int64, error) { return r.db.RosterVersion(ctx) }

// Profiles implements Roster.
func (r rosterOf) Profiles(ctx context.Context) ([]agent.Profile, error) {
	persons, _, err := r.db.Roster(ctx)
	if err != nil {
		return nil, err
	}
	return roster.Profiles(persons), nil
}

// PINMatches implements Roster.
func (r rosterOf) PINMatches(ctx context.Context, id agent.ID, pin string) (bool, error) {
	p, err := r.db.Person(ctx, id)
	if err != nil {
		return false, err
	}
	select {
	case r.checking <- struct{}{}:
		defer func() { <-r.checking }()
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	return p.Active && roster.VerifyPIN(p.PIN, pin), nil
}
