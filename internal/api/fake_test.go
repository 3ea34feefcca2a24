package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/number"
	"powerline/person"
	"powerline/recordings"
)

var fingerprintKey = bytes.Repeat([]byte{3}, 32)

func printOf(n number.Number) string { return n.Fingerprint(fingerprintKey) }

// fake is a store in memory that moves its cases by the real ladder.
type fake struct {
	mu       sync.Mutex
	down     error // what every method fails with
	tokens   map[string]postgres.Token
	people   map[agent.ID]roster.Person
	replies  map[string]*postgres.Reply
	digests  map[string]string
	cases    map[string]*kept
	tries    map[string]*postgres.AttemptFile
	deeds    []postgres.Deed
	paused   map[cases.Kind]postgres.Pause
	stations []postgres.Station
	aside    map[cases.TaskID]string
	broken   *postgres.BrokenAudit
	extra    []postgres.Work          // tasks that belong to no case
	callers  map[string]number.Number // by call and who spoke in it

	recordings map[recordings.ID]postgres.RecordingFile
	exports    map[string]postgres.Export
	gaps       []postgres.RecordingGap
	muted      bool
	opened     int  // times that audio was opened
	noAudit    bool // the audit takes nothing

	slow        bool         // Undelivered takes until its time is up
	registering func() error // called by Register first, if set
}

type kept struct {
	file    postgres.CaseFile
	events  []postgres.CaseEvent
	parties []postgres.PartyFile
	safe    []intake.SafeContact
	account person.Words
}

func newFake() *fake {
	return &fake{
		tokens: map[string]postgres.Token{}, people: map[agent.ID]roster.Person{}, replies: map[string]*postgres.Reply{}, digests: map[string]string{},
		cases: map[string]*kept{}, tries: map[string]*postgres.AttemptFile{}, paused: map[cases.Kind]postgres.Pause{}, aside: map[cases.TaskID]string{},
		recordings: map[recordings.ID]postgres.RecordingFile{}, exports: map[string]postgres.Export{},
	}
}

func (f *fake) lock() func() { f.mu.Lock(); return f.mu.Unlock }

func (f *fake) deed(by, action, subject string) {
	f.deeds = append(f.deeds, postgres.Deed{Seq: int64(len(f.deeds) + 1), By: by, Action: action, Subject: subject, At: time.Unix(1, 0), Detail: "{}", Hash: make([]byte, 32)})
}

func (f *fake) CheckToken(_ context.Context, secret string, now time.Time) (postgres.Token, error) {
	defer f.lock()()
	t, ok := f.tokens[secret]
	if f.down != nil {
		return t, f.down
	}
	if !ok || !t.Expires.IsZero() && !now.Before(t.Expires) {
		return postgres.Token{}, postgres.ErrNoToken
	}
	return t, nil
}

func (f *fake) Person(_ context.Context, id agent.ID) (roster.Person, error) {
	defer f.lock()()
	p, ok := f.people[id]
	if !ok {
		return p, postgres.ErrNoAgent
	}
	return p, f.down
}

func (f *fake) BeginRequest(_ context.Context, r postgres.Request) (*postgres.Reply, error) {
	defer f.lock()()
	if f.down != nil {
		return nil, f.down
	}
	key := r.Owner + " " + r.Key
	if len(r.Key) > 200 || len(r.Digest) != sha256.Size {
		return nil, errors.New("the schema refuses it")
	}
	if before, ok := f.digests[key]; ok && before != string(r.Digest) {
		return nil, postgres.ErrKeyReused
	} else if ok && f.replies[key] == nil {
		return nil, postgres.ErrKeyInUse
	}
	f.digests[key] = string(r.Digest)
	return f.replies[key], nil
}

func (f *fake) EndRequest(_ context.Context, r postgres.Request, reply postgres.Reply) error {
	defer f.lock()()
	f.replies[r.Owner+" "+r.Key] = &reply
	return f.down
}

func (f *fake) party(k *kept, id string, role cases.Role, p intake.Party) cases.Party {
	file := postgres.PartyFile{ID: id, Role: role, Sex: p.Sex, Relation: p.Relation, Name: p.Name, Address: p.Address}
	out := cases.Party{ID: id, Approved: p.Approved, Woman: p.Sex == intake.Woman}
	for _, n := range p.Numbers {
		file.Numbers = append(file.Numbers, postgres.PartyNumber{Number: n, Fingerprint: printOf(n)})
		out.Numbers = append(out.Numbers, cases.Number{Print: printOf(n)})
	}
	k.parties = append(k.parties, file)
	return out
}

func (f *fake) Register(_ context.Context, rules cases.Rules, r intake.Registration) (postgres.Registered, error) {
	defer f.lock()()
	if f.down != nil {
		return postgres.Registered{}, f.down
	}
	if f.registering != nil {
		if err := f.registering(); err != nil {
			return postgres.Registered{}, err
		}
	}
	if k, ok := f.cases[r.Case]; ok {
		return postgres.Registered{File: k.file, Again: true}, nil
	}
	taker, ok := f.people[r.Taker]
	if !ok {
		return postgres.Registered{}, postgres.ErrNoAgent
	}
	k := &kept{account: r.Account, safe: r.Safe}
	id := func(n int) string { return intake.PartyID(r.Case, r.EventID, n) }
	filed := cases.Filed{Taker: taker.Profile, Terms: r.Terms, Minor: r.Minor, Sealed: r.Sealed, Triage: r.Triage, Victim: f.party(k, id(1), cases.Victim, r.Victim)}
	if r.Adult.Known() {
		filed.Adult = f.party(k, id(2), cases.Adult, r.Adult)
	}
	filed.Offender = f.party(k, id(3), cases.Offender, r.Offender)
	for i, c := range r.Contacts {
		filed.Contacts = append(filed.Contacts, f.party(k, id(4+i), cases.Contact, c))
	}
	k.file = postgres.CaseFile{
		Case: cases.Case{ID: r.Case}, Docket: fmt.Sprintf("1%08d", len(f.cases)), District: r.District, Station: r.Station,
		Category: r.Category, Call: r.Call, LinkedTo: r.LinkedTo, RegisteredAt: r.At, ChangedAt: r.At,
	}
	s := f.step(rules, k, cases.Event{ID: r.EventID, At: r.At, By: r.Taker, What: filed})
	if s.Verdict != cases.Applied {
		return postgres.Registered{}, postgres.ErrNotAllowed
	}
	f.cases[r.Case] = k
	return postgres.Registered{File: k.file, Effects: s.Effects}, nil
}

func (f *fake) step(rules cases.Rules, k *kept, ev cases.Event) postgres.Step {
	if ev.Version == postgres.AnyVersion {
		ev.Version = k.file.Case.Version
	}
	from := k.file.Case.State
	next, effects, verdict := rules.Step(k.file.Case, ev)
	if verdict == cases.Applied {
		e := postgres.CaseEvent{Version: next.Version, Event: ev, From: from, To: next.State}
		for _, one := range effects {
			e.Effects = append(e.Effects, cases.EffectName(one))
			if m, ok := one.(cases.Moved); ok {
				e.Moves = append(e.Moves, m.By)
			}
		}
		k.file.Case, k.events = next, append(k.events, e)
		f.deed(string(ev.By), "case-"+ev.Name(), next.ID)
	}
	return postgres.Step{Verdict: verdict, Case: k.file.Case, Effects: effects}
}

func (f *fake) Case(_ context.Context, id string) (postgres.CaseFile, error) {
	defer f.lock()()
	k, ok := f.cases[id]
	if !ok {
		return postgres.CaseFile{}, postgres.ErrNoCase
	}
	return k.file, f.down
}

func (f *fake) Cases(_ context.Context, filter postgres.CaseFilter) ([]postgres.CaseFile, error) {
	defer f.lock()()
	var out []postgres.CaseFile
	for id, k := range f.cases {
		has := filter.Number == "" || slices.ContainsFunc(k.parties, func(p postgres.PartyFile) bool {
			return (filter.Role == "" || p.Role == filter.Role) && slices.ContainsFunc(p.Numbers, func(n postgres.PartyNumber) bool { return n.Fingerprint == filter.Number })
		})
		if id > filter.After && has && (filter.Docket == "" || filter.Docket == k.file.Docket) && (filter.State == "" || filter.State == k.file.Case.State) &&
			(!filter.Concern || k.file.Case.ForSupervisor()) {
			out = append(out, k.file)
		}
	}
	slices.SortFunc(out, func(a, b postgres.CaseFile) int { return strings.Compare(a.Case.ID, b.Case.ID) })
	if filter.Limit > 0 && len(out) > filter.Limit {
		out = out[:filter.Limit]
	}
	return out, f.down
}

func (f *fake) CaseHistory(_ context.Context, id string) ([]postgres.CaseEvent, error) {
	defer f.lock()()
	return f.cases[id].events, f.down
}

func (f *fake) Apply(_ context.Context, rules cases.Rules, id string, ev cases.Event, told intake.Told) (postgres.Step, error) {
	defer f.lock()()
	k, ok := f.cases[id]
	if f.down != nil || !ok {
		return postgres.Step{}, errors.Join(f.down, postgres.ErrNoCase)
	}
	switch what := ev.What.(type) {
	case cases.Called:
		what.Said = f.said(k, ev.ID, what.Said, told)
		ev.What = what
	case cases.Found:
		what.Offender = f.party(k, k.file.Case.Offender.ID, cases.Offender, told.Offender)
		ev.What = what
	}
	if what, ok := ev.What.(cases.TermsChanged); ok && !told.Hers.Withheld() {
		what.Number = printOf(told.Hers)
		ev.What = what
	}
	k.safe = append(k.safe, told.Safe...)
	return f.step(rules, k, ev), nil
}

func (f *fake) said(k *kept, event string, s cases.Said, told intake.Told) cases.Said {
	for _, n := range told.Numbers {
		s.Numbers = append(s.Numbers, printOf(n))
	}
	for i, c := range told.Contacts {
		s.Contacts = append(s.Contacts, f.party(k, intake.PartyID(k.file.Case.ID, event, i), cases.Contact, c))
	}
	return s
}

func (f *fake) OpenParty(_ context.Context, id, party string, r postgres.Reader) (postgres.PartyFile, error) {
	defer f.lock()()
	for _, p := range f.cases[id].parties {
		if p.ID == party {
			f.deed(r.By, "party-opened", id)
			return p, f.down
		}
	}
	return postgres.PartyFile{}, postgres.ErrNoParty
}

func (f *fake) OpenParties(_ context.Context, id string, r postgres.Reader) ([]postgres.PartyFile, error) {
	defer f.lock()()
	f.deed(r.By, "parties-opened-"+r.Why, id)
	return f.cases[id].parties, f.down
}

func (f *fake) OpenSafeContact(_ context.Context, id, print string, r postgres.Reader) (intake.SafeContact, error) {
	defer f.lock()()
	f.deed(r.By, "terms-opened", id)
	for _, s := range slices.Backward(f.cases[id].safe) {
		if printOf(s.Number) == print {
			return s, f.down
		}
	}
	return intake.SafeContact{}, f.down
}

func (f *fake) OpenAccount(_ context.Context, id string, r postgres.Reader) (person.Words, error) {
	defer f.lock()()
	f.deed(r.By, "account-opened", id)
	return f.cases[id].account, f.down
}

func (f *fake) CallerNumber(_ context.Context, callID string, by agent.ID) (number.Number, error) {
	defer f.lock()()
	return f.callers[callID+" "+string(by)], f.down
}

func (f *fake) works() []postgres.Work {
	all := slices.Clone(f.extra)
	for _, k := range f.cases {
		for _, t := range k.file.Case.Tasks {
			var paused []cases.Kind
			for kind := range f.paused {
				paused = append(paused, kind)
			}
			all = append(all, postgres.Work{Task: t, CaseID: k.file.Case.ID, Case: k.file.Case, Facts: cases.Facts{Paused: paused}, SetAside: f.aside[t.ID]})
		}
	}
	slices.SortFunc(all, func(a, b postgres.Work) int { return strings.Compare(string(a.Task.ID), string(b.Task.ID)) })
	return all
}

func (f *fake) Task(_ context.Context, id cases.TaskID, _ time.Time) (postgres.Work, error) {
	defer f.lock()()
	for _, w := range f.works() {
		if w.Task.ID == id {
			return w, f.down
		}
	}
	return postgres.Work{}, postgres.ErrNoTask
}

func (f *fake) Tasks(_ context.Context, filter postgres.TaskFilter, _ time.Time) ([]postgres.Work, error) {
	defer f.lock()()
	var out []postgres.Work
	for _, w := range f.works() {
		if (filter.Kind == "" || filter.Kind == w.Task.Kind) && (filter.Case == "" || filter.Case == w.CaseID) &&
			(filter.DueBy.IsZero() || !w.Task.Due.After(filter.DueBy)) && (!filter.SetAside || w.SetAside != "") {
			out = append(out, w)
		}
	}
	return out, f.down
}

func (f *fake) SetAside(_ context.Context, id cases.TaskID, by agent.ID, reason string, _ time.Time) error {
	defer f.lock()()
	f.aside[id] = reason
	f.deed(string(by), "task-set-aside", string(id))
	return f.down
}

func (f *fake) TakeBack(_ context.Context, id cases.TaskID, by agent.ID, _ time.Time) error {
	defer f.lock()()
	delete(f.aside, id)
	f.deed(string(by), "task-taken-back", string(id))
	return f.down
}

func (f *fake) OneAttempt(_ context.Context, id string) (postgres.AttemptFile, error) {
	defer f.lock()()
	a, ok := f.tries[id]
	if !ok {
		return postgres.AttemptFile{}, postgres.ErrNoAttempt
	}
	return *a, f.down
}

func (f *fake) Attempts(_ context.Context, _ cases.TaskID, id string) (out []postgres.AttemptFile, err error) {
	defer f.lock()()
	for _, a := range f.tries {
		if a.Attempt.Case == id {
			out = append(out, *a)
		}
	}
	return out, f.down
}

func (f *fake) InHand(_ context.Context, id agent.ID) (postgres.AttemptFile, error) {
	defer f.lock()()
	for _, a := range f.tries {
		if a.Attempt.Agent == id && a.Outcome == "" {
			return *a, f.down
		}
	}
	return postgres.AttemptFile{}, postgres.ErrNoAttempt
}

func (f *fake) RecordOutcome(_ context.Context, rules cases.Rules, r postgres.Report) (postgres.Step, error) {
	defer f.lock()()
	if f.down != nil {
		return postgres.Step{}, f.down
	}
	if a := f.tries[r.Attempt]; a != nil && a.Outcome != "" {
		return postgres.Step{}, postgres.ErrCoded
	}
	var k *kept
	for _, w := range f.works() {
		if w.Task.ID == r.Task {
			k = f.cases[w.CaseID]
		}
	}
	if k == nil {
		return postgres.Step{Verdict: cases.Ignored}, nil
	}
	if r.Attempt == "" {
		return f.step(rules, k, cases.Event{ID: r.EventID, Version: postgres.AnyVersion, At: r.At, By: r.By, What: cases.Called{Outcome: r.Outcome, Said: f.said(k, r.EventID, r.Said, r.Told)}}), nil
	}
	a := f.tries[r.Attempt]
	a.Outcome, a.By = r.Outcome, r.By
	return f.step(rules, k, cases.Event{ID: r.EventID, Version: postgres.AnyVersion, At: r.At, By: r.By, What: cases.Spoken{
		Task: r.Task, Attempt: r.Attempt, Number: a.Attempt.Number, Dialled: a.Attempt.At, Outcome: r.Outcome, Demeanour: r.Demeanour,
		Said: f.said(k, r.EventID, r.Said, r.Told),
	}}), nil
}

func (f *fake) PausedKinds(context.Context) (out []postgres.Pause, err error) {
	defer f.lock()()
	for _, p := range f.paused {
		out = append(out, p)
	}
	return out, f.down
}

func (f *fake) PauseKind(_ context.Context, p postgres.Pause) error {
	defer f.lock()()
	f.paused[p.Kind] = p
	return f.down
}

func (f *fake) ResumeKind(_ context.Context, kind cases.Kind, _ agent.ID, _ time.Time) error {
	defer f.lock()()
	delete(f.paused, kind)
	return f.down
}

func (f *fake) Stations(_ context.Context, in string) (out []postgres.Station, err error) {
	defer f.lock()()
	for _, s := range f.stations {
		if in == "" || in == s.District {
			out = append(out, s)
		}
	}
	return out, f.down
}

func (f *fake) ImportStations(_ context.Context, all []postgres.Station, _ string, _ time.Time) error {
	defer f.lock()()
	f.stations = append(f.stations, all...)
	return f.down
}

func (f *fake) Undelivered(ctx context.Context) (int, int, error) {
	if f.slow {
		<-ctx.Done()
		return 0, 0, context.Cause(ctx)
	}
	return 3, 1, f.down
}

func (f *fake) Ping(context.Context) error {
	defer f.lock()()
	return f.down
}

func (f *fake) Audit(_ context.Context, d postgres.Deed) error {
	defer f.lock()()
	if f.noAudit {
		return errors.New("postgres: append to audit: no answer")
	}
	f.deed(d.By, d.Action, d.Subject)
	f.deeds[len(f.deeds)-1].Detail = d.Detail
	return f.down
}

func (f *fake) Deeds(_ context.Context, after int64, limit int) (out []postgres.Deed, err error) {
	defer f.lock()()
	for _, d := range f.deeds {
		if d.Seq > after && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, f.down
}

func (f *fake) VerifyAudit(context.Context) (int64, []byte, error) {
	defer f.lock()()
	if f.broken != nil {
		return 0, nil, f.broken
	}
	return int64(len(f.deeds)), make([]byte, 32), f.down
}

// did reports whether the audit has such a row.
func (f *fake) did(by, action string) bool {
	defer f.lock()()
	return slices.ContainsFunc(f.deeds, func(d postgres.Deed) bool { return d.By == by && d.Action == action })
}
