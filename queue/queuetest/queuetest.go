// Package queuetest is the one suite that every store of live state passes: the
// one in Redis and the fake in memory. What the suite says is the contract;
// whoever needs a promise of the store that is not in here writes it here first.
package queuetest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
)

// Writer changes documents.
type Writer interface {
	Commit(context.Context, queue.Owner, queue.Change) (queue.Documents, error)
	Forget(context.Context, queue.Owner, string) error
	Dismiss(context.Context, queue.Owner, agent.ID) error
	Adopt(context.Context, queue.Owner, call.Call, bool) (call.Call, error)
	Rebuild(context.Context, queue.Owner, []call.Call, []agent.Agent) (queue.Rebuilt, error)
}

// Reader sees everything, and what changes.
type Reader interface {
	Load(context.Context) (queue.State, error)
	Watch(context.Context) <-chan queue.Update
}

// Membership is how processes know of each other.
type Membership interface {
	Join(context.Context, string) (queue.Owner, error)
	Beat(context.Context, queue.Owner, int64) ([]queue.Peer, error)
}

// Places remembers callers who dropped out.
type Places interface {
	KeepPlace(context.Context, string, time.Time, time.Time) error
	HasPlace(context.Context, string) (bool, error)
	TakePlace(context.Context, string, time.Time, time.Duration) (time.Time, bool, error)
}

// Store is the whole contract.
type Store interface {
	Writer
	Reader
	Membership
	Places
}

// Subject is an empty store, and the harm that can be done to it from outside.
type Subject struct {
	Store
	// Wipe loses everything without a word.
	Wipe func()
	// Restore puts an earlier state back, as a failover to a late replica does.
	Restore func(queue.State)
}

// Exercise runs the suite. newSubject is called once for each test.
func Exercise(t *testing.T, newSubject func(testing.TB) Subject) {
	tests := []struct {
		name string
		test func(*testing.T, *site)
	}{
		{"GivenANewName_WhenItJoins_ThenItsTermIsAboveAllOthers", testJoin},
		{"GivenANewerProcessOfTheName_WhenTheOlderWrites_ThenItIsFenced", testFenced},
		{"GivenPeers_WhenAProcessBeats_ThenItSeesTheirCounters", testBeat},
		{"GivenACall_WhenItLivesItsLife_ThenEachStepIsStored", testLife},
		{"GivenAStaleVersion_WhenItIsCommitted_ThenTheCurrentDocumentsComeBack", testConflict},
		{"GivenADismissedAgent_WhenSheIsCommitted_ThenSheIsMissing", testDismiss},
		{"GivenAChangeThatLanded_WhenItIsRepeated_ThenItSucceeds", testRepeat},
		{"GivenOneAgent_WhenManyCallsWantHer_ThenExactlyOneGetsHer", testRace},
		{"GivenABadDocument_WhenItIsCommitted_ThenTheLawRefusesIt", testLaws},
		{"GivenAnEndedCall_WhenItIsForgotten_ThenItIsGone", testForget},
		{"GivenACallOfADeadProcess_WhenAnotherAdoptsIt_ThenTheDeadOneIsRefused", testAdopt},
		{"GivenAWipedStore_WhenTwoProcessesRebuild_ThenNothingIsLost", testRebuild},
		{"GivenAWipedStore_WhenAnIgnorantProcessRebuildsFirst_ThenNobodyTalksTwice", testRebuildIgnorant},
		{"GivenLostWrites_WhenTheirWriterGoesOn_ThenItMustRebuild", testLostWrites},
		{"GivenADroppedCaller_WhenSheRedialsInTime_ThenSheHasHerPlaceOnce", testPlaces},
		{"GivenManyDroppedCallers_WhenTheStoreIsFull_ThenTheOldestMakeRoom", testPlacesBounded},
		{"GivenAWatcher_WhenDocumentsChange_ThenItIsTold", testWatch},
		{"GivenClocksThatJump_WhenDocumentsChange_ThenNothingMovesByItself", testClocks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &site{T: t, Subject: newSubject(t), ctx: t.Context()}
			tt.test(t, s)
		})
	}
}

// Rules are call rules that need no configuration.
var Rules = call.Rules{
	Categories: map[string]call.Category{
		"other":  {WrapUp: agent.WrapUpPlan{Lasts: time.Minute, Interruptible: true}},
		"crisis": {Crisis: true, WrapUp: agent.WrapUpPlan{Lasts: time.Minute}},
	},
	Unclassified: "other", CrisisCategory: "crisis", SilentCategory: "crisis",
	RejectDelay: 5 * time.Second,
}

// Noon is when the stories of the suite begin.
var Noon = time.Date(2026, 3, 8, 12, 0, 0, 123456789, time.UTC)

// Woman is an agent who may be offered a caller of the helpline.
func Woman(id agent.ID) agent.Agent { return ready(agent.Profile{ID: id, Woman: true}) }

// Man is an officer who may be offered a ring-back.
func Man(id agent.ID) agent.Agent { return ready(agent.Profile{ID: id, Officer: true}) }

func ready(p agent.Profile) agent.Agent {
	a := agent.New(p, Noon)
	a.Status, a.Online = agent.Available, true
	return a
}

// Waiting is a caller of the helpline who has no agent yet.
func Waiting(id string) call.Call {
	c, _ := Rules.Step(call.Call{ID: id}, call.Arrived{
		At: Noon, Stamped: Noon, Kind: call.Helpline, Line: "1090", Category: "other", Pool: agent.Women,
	})
	return c
}

// Step is call.Step together with what it tells the agent.
func Step(c call.Call, her agent.Agent, ev call.Event) (call.Call, agent.Agent) {
	next, commands := Rules.Step(c, ev)
	for _, command := range commands {
		if tell, ok := command.(call.Tell); ok && tell.Agent == her.Profile.ID {
			her, _ = agent.Step(her, tell.Event)
		}
	}
	return next, her
}

// Pair is a change of one call and one agent.
func Pair(c0, c1 call.Call, a0, a1 agent.Agent) queue.Change {
	return queue.Change{
		Calls:  []queue.CallWrite{{From: c0.Version, Call: c1}},
		Agents: []queue.AgentWrite{{From: a0.Version, Agent: a1}},
	}
}

// site is a subject with the words in which the tests are written. Whatever
// they expect to succeed ends the test if it fails.
type site struct {
	*testing.T
	Subject
	ctx context.Context
}

func (s *site) join(name string) queue.Owner {
	s.Helper()
	o, err := s.Join(s.ctx, name)
	if err != nil {
		s.Fatalf("join %s: %v", name, err)
	}
	return o
}

// founded is a process in a data set that holds nothing.
func (s *site) founded(name string) queue.Owner {
	s.Helper()
	return s.rebuild(s.join(name), nil, nil).Owner
}

func (s *site) rebuild(o queue.Owner, calls []call.Call, agents []agent.Agent) queue.Rebuilt {
	s.Helper()
	done, err := s.Rebuild(s.ctx, o, calls, agents)
	if err != nil {
		s.Fatalf("rebuild: %v", err)
	}
	return done
}

func (s *site) commit(o queue.Owner, ch queue.Change) queue.Documents {
	s.Helper()
	d, err := s.Commit(s.ctx, o, ch)
	if err != nil {
		s.Fatalf("commit: %v", err)
	}
	return d
}

func (s *site) call(o queue.Owner, from int64, c call.Call) call.Call {
	s.Helper()
	return s.commit(o, queue.Change{Calls: []queue.CallWrite{{From: from, Call: c}}}).Calls[0]
}

func (s *site) agent(o queue.Owner, from int64, a agent.Agent) agent.Agent {
	s.Helper()
	return s.commit(o, queue.Change{Agents: []queue.AgentWrite{{From: from, Agent: a}}}).Agents[0]
}

// step commits what an event does to a call and its agent.
func (s *site) step(o queue.Owner, c call.Call, her agent.Agent, ev call.Event) (call.Call, agent.Agent) {
	s.Helper()
	c1, a1 := Step(c, her, ev)
	d := s.commit(o, Pair(c, c1, her, a1))
	return d.Calls[0], d.Agents[0]
}

func (s *site) offered(o queue.Owner, callID string, who agent.Agent) (call.Call, agent.Agent) {
	s.Helper()
	return s.step(o, s.call(o, 0, Waiting(callID)), who, Matched(who))
}

func (s *site) talking(o queue.Owner, callID string, who agent.Agent) (call.Call, agent.Agent) {
	s.Helper()
	c, a := s.offered(o, callID, who)
	return s.step(o, c, a, Answered(c, a))
}

// Matched offers a call to her.
func Matched(a agent.Agent) call.Event {
	return call.Matched{At: Noon, Agent: a.Profile, RingFor: 15 * time.Second, BreakIn: true}
}

// Answered connects a call with her.
func Answered(c call.Call, a agent.Agent) call.Event {
	return call.Answered{At: Noon, Leg: c.Offer.Leg, Agent: a.Profile}
}

func (s *site) load() queue.State {
	s.Helper()
	st, err := s.Load(s.ctx)
	if err != nil {
		s.Fatalf("load: %v", err)
	}
	return st
}

// wantStored fails unless exactly these documents are stored.
func (s *site) wantStored(calls []call.Call, agents []agent.Agent) {
	s.Helper()
	st := s.load()
	s.wantSame("calls", st.Calls, calls)
	s.wantSame("agents", st.Agents, agents)
}

// wantSame compares as stored: two spellings of a moment are the same.
func (s *site) wantSame(what string, got, want any) {
	s.Helper()
	if g, w := Text(got), Text(want); g != w {
		s.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// Text is a value as it would be stored; nothing and an empty list are the same.
func Text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // only a test's own value can do that
	}
	if string(raw) == "null" {
		return "[]"
	}
	return string(raw)
}

func (s *site) wantErr(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("got error %v, want %v", err, want)
	}
}

func wantAs[E error](s *site, err error) E {
	s.Helper()
	var e E
	if !errors.As(err, &e) {
		s.Fatalf("got error %v, want a %T", err, e)
	}
	return e
}
