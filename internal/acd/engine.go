package acd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/asterisk"
	"powerline/internal/floor"
	"powerline/queue"
)

// Deps are the outside systems of an engine. All must be set.
type Deps struct {
	ARI     *asterisk.Client
	Store   *queue.Store
	Roster  Roster
	Records Records
	// Recordings must be set if the settings name a spool.
	Recordings Recordings
	Metrics    *Metrics
	Log        *slog.Logger
	// FingerprintKey recognises a caller's number again without storing it.
	FingerprintKey []byte
	// SealKey encrypts the number in the call's record; empty keeps none.
	SealKey []byte
	// Outbound says whom to call; nil makes no calls.
	Outbound Outbound
	// Outcomes takes what agents code by telephone; nil takes none.
	Outcomes Outcomes
	// Stations knows the numbers of police stations; nil reaches none.
	Stations Stations
	// Audit takes what supervisors do; nil takes nothing down.
	Audit Audit
	// Deaf engines take no new callers: a dialer leaves those to the acd.
	Deaf bool
}

// Engine serves calls. Create it with New and run it once.
type Engine struct {
	ari            *asterisk.Client
	store          *queue.Store
	roster         Roster
	records        Records
	recordings     Recordings
	metrics        *Metrics
	log            *slog.Logger
	fingerprintKey []byte
	sealKey        []byte
	outbound       Outbound
	outcomes       Outcomes
	audit          Audit
	stations       Stations
	deaf           bool

	current atomic.Pointer[Settings]
	self    atomic.Pointer[queue.Owner]
	floor   *floor.Floor
	router  *router
	pulse   *pulse
	phones  *phones

	mu        sync.Mutex
	boxes     map[string]*mailbox // by call
	lines     map[string]*line    // by channel: who hears prompts
	callers   map[string]sealedNumber
	timers    map[agent.ID]*time.Timer
	awaited   map[string]chan letter // by order: who waits for its answer
	comebacks comebacks
	keys      keyLog // of callers who talk with an agent
	typed     typed  // codes that agents press in calls

	draining   atomic.Bool   // callers are being fetched from the fallback queue: nothing is offered
	inFallback chan struct{} // signalled when callers are in the fallback queue
	// leftWaiting is how many callers the fallback queue held when it was looked at last.
	leftWaiting atomic.Int64
	unanswered  []call.Call // as they were when we asked for them; of the beat alone
	rebuilding  sync.Mutex
	adopting    sync.Mutex
	reloading   atomic.Bool   // the store is about to be read because a call was lost
	blank       atomic.Bool   // the store was empty at the start: who is at work stands in Asterisk alone
	rostered    chan struct{} // closed when the roster was taken in
	gap         atomic.Int64  // counts the beginnings and ends of Asterisk's events
	synced      atomic.Bool   // Asterisk's facts were taken in since the last gap
	storeOK     atomic.Int64  // when the store last answered
	rebuiltAt   atomic.Int64  // when the store was last rebuilt
	storeAway   atomic.Bool   // and that it does not has been said
	looking     looking
	sight       atomic.Pointer[sight] // what the last look at Asterisk showed
	ctx         context.Context
	stop        context.CancelCauseFunc
	work        sync.WaitGroup
}

// New is an engine with its first settings. It does nothing before Run.
func New(s *Settings, d Deps) *Engine {
	e := &Engine{
		ari: d.ARI, store: d.Store, roster: d.Roster, records: d.Records, recordings: d.Recordings, metrics: d.Metrics, log: d.Log,
		fingerprintKey: d.FingerprintKey, sealKey: d.SealKey, outbound: d.Outbound, outcomes: d.Outcomes, audit: d.Audit, stations: d.Stations, deaf: d.Deaf,
		floor: floor.New(), inFallback: make(chan struct{}, 1), rostered: make(chan struct{}),
		boxes: map[string]*mailbox{}, lines: map[string]*line{}, callers: map[string]sealedNumber{}, timers: map[agent.ID]*time.Timer{},
		awaited: map[string]chan letter{}, comebacks: comebacks{asked: map[string]<-chan bool{}},
	}
	e.current.Store(s)
	e.self.Store(&queue.Owner{})
	e.router = newRouter(e)
	e.pulse = newPulse()
	e.looking.e = e
	e.phones = newPhones(e.work.Go, e.phoneChanged)
	d.Metrics.watch(e)
	return e
}

func (e *Engine) settings() *Settings { return e.current.Load() }
func (e *Engine) owner() queue.Owner  { return *e.self.Load() }

// Reload replaces the settings as a whole. Calls in hand go on; what they are
// asked next, and every decision from now on, follows the new ones.
func (e *Engine) Reload(s *Settings) {
	e.current.Store(s)
	e.metrics.prepare(s)
	e.floor.Poke()
}

// ErrFenced: another process has this one's name. It must not go on.
var ErrFenced = errors.New("acd: another process has this instance's name; stop one of them or set instance.name")

// Run serves calls until ctx ends. A clean end returns nil and leaves every
// call where it is, for the next process or the fallback queue.
func (e *Engine) Run(parent context.Context) error {
	e.ctx, e.stop = context.WithCancelCause(parent)
	defer e.stop(nil)
	if err := e.join(); err != nil {
		return err
	}
	e.background(e.watchStore)
	e.background(e.readPost)
	e.background(e.followRoster)
	e.background(e.router.run)
	e.background(e.beat)
	e.background(e.pulse.run)
	e.background(e.resyncLoop)
	e.background(e.drainFallback)
	e.background(e.takeBackBrowsers)
	e.background(func(ctx context.Context) {
		if err := e.ari.Run(ctx); err != nil && ctx.Err() == nil {
			e.stop(fmt.Errorf("acd: serve events of Asterisk: %w", err))
		}
	})
	e.dispatch()
	e.work.Wait()
	if cause := context.Cause(e.ctx); parent.Err() == nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func (e *Engine) background(f func(context.Context)) {
	e.work.Go(func() { f(e.ctx) })
}

// join takes this process's term and loads what the store holds.
func (e *Engine) join() error {
	ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
	defer cancel()
	owner, err := e.store.Join(ctx, e.settings().Config.Instance.Name)
	if err != nil {
		return fmt.Errorf("acd: join the other engines: %w", err)
	}
	e.self.Store(&owner)
	e.storeAnswered()
	if owner.Era == "" {
		e.blank.Store(true)
		e.rebuild(ctx, owner)
		return nil
	}
	return e.load(ctx)
}

// load takes in everything that the store holds.
func (e *Engine) load(ctx context.Context) error {
	since := e.floor.Mark()
	state, err := e.store.Load(ctx)
	if err != nil {
		return fmt.Errorf("acd: load calls and agents: %w", err)
	}
	for _, id := range state.Broken {
		e.log.Error("unreadable document in the store is taken for absent", "id", id)
	}
	e.attend(e.floor.Reload(since, state.Calls, state.Agents, e.ours))
	return nil
}

// mine: this process has the call. ours: a process of this name has or had it;
// what an earlier one had is taken over first, like that of any dead engine.
func (e *Engine) mine(c call.Call) bool {
	self := e.owner()
	return c.Owner == self.Name && c.Term == self.Term
}

func (e *Engine) ours(c call.Call) bool { return c.Owner == e.owner().Name }

// rebuild writes what this process knows into an empty store. The owner is the
// one that was refused: if there is another by now, somebody has rebuilt already.
func (e *Engine) rebuild(ctx context.Context, refused queue.Owner) {
	e.rebuilding.Lock()
	defer e.rebuilding.Unlock()
	if refused.Era != e.owner().Era {
		return
	}
	var calls []call.Call
	for _, c := range e.floor.Calls() {
		if e.ours(c) {
			calls = append(calls, c)
		}
	}
	if built, err := e.store.Rebuild(ctx, e.owner(), calls, e.floor.Agents()); err != nil {
		e.storeFailed(err)
	} else {
		e.log.Warn("live state was gone and has been rebuilt", "calls", len(calls), "refused", len(built.Refused))
		e.tookRebuilt(ctx, built)
	}
}

// tookRebuilt takes the rebuilt store for the truth. What came to pass since is
// read once more.
func (e *Engine) tookRebuilt(ctx context.Context, built queue.Rebuilt) {
	e.metrics.rebuilds.Inc()
	e.self.Store(&built.Owner)
	e.rebuiltAt.Store(time.Now().UnixNano())
	e.storeAnswered()
	e.attend(e.floor.Replace(built.State.Calls, built.State.Agents))
	if err := e.load(ctx); err != nil {
		e.storeFailed(err)
	}
}

// complete reports whether other engines had the time to bring what they know
// into a rebuilt store: until then somebody may look idle who is not.
func (e *Engine) complete() bool {
	return time.Since(time.Unix(0, e.rebuiltAt.Load())) > 2*beatEvery
}

// commit stores a change and takes it in at once. It returns the call as it is
// stored.
func (e *Engine) commit(ctx context.Context, self queue.Owner, change queue.Change) (call.Call, error) {
	before := e.before(change)
	stored, err := e.store.Commit(ctx, self, change)
	if err != nil {
		return call.Call{}, err
	}
	e.storeAnswered()
	e.learn(stored.Calls, stored.Agents)
	for _, a := range stored.Agents {
		e.logAgent(before[a.Profile.ID], a)
	}
	if len(stored.Calls) == 0 {
		return call.Call{}, nil
	}
	return stored.Calls[0], nil
}

// before are the agents of a change as they are until it. They are looked at here,
// for afterwards the floor may have learnt of the change already: the store tells
// everybody of it, us included, and may be faster than its answer.
func (e *Engine) before(change queue.Change) map[agent.ID]agent.Agent {
	if len(change.Agents) == 0 {
		return nil
	}
	all := make(map[agent.ID]agent.Agent, len(change.Agents))
	for _, w := range change.Agents {
		if a, known := e.floor.Agent(w.Agent.Profile.ID); known && a.Version == w.From {
			all[a.Profile.ID] = a
		}
	}
	return all
}

// learn takes in documents.
func (e *Engine) learn(calls []call.Call, agents []agent.Agent) {
	e.attend(e.floor.Learn(calls, agents))
	for _, c := range calls {
		if m, there := e.box(c.ID); there && !e.ours(c) {
			m.in.put(othersNow{c.Version})
		}
	}
}

// lostCall: the store says that a call is not ours, so what the floor believes
// of it is wrong. Whose it is, if anybody's, is read anew, once for all calls
// that are lost together.
func (e *Engine) lostCall(id string) {
	e.floor.Doubt(id)
	if !e.reloading.CompareAndSwap(false, true) {
		return
	}
	time.AfterFunc(lostCalls, func() {
		e.reloading.Store(false)
		if err := e.load(e.ctx); err != nil && e.ctx.Err() == nil {
			e.storeFailed(err)
			e.lostCall(id)
		}
	})
}

// lostCalls is how long further losses are waited for: they come in swarms.
const lostCalls = 50 * time.Millisecond

// storeFailed notes that the store gave no answer; healthy looks at it.
func (e *Engine) storeFailed(err error) {
	switch {
	case errors.Is(err, queue.ErrFenced):
		e.stop(ErrFenced)
		return
	case e.ctx.Err() != nil:
		return
	}
	if !e.storeAnswers() && e.storeAway.CompareAndSwap(false, true) {
		e.log.Warn("store gives no answer; new callers go to the fallback until it does", "error", err)
	}
	e.metrics.storeFailures.Inc()
}

// healthy reports whether this process may take responsibility for a caller.
func (e *Engine) healthy() bool {
	return e.synced.Load() && e.storeAnswers() && !e.pulse.frozen()
}

// storePatience is how long the store may be silent before this process gives
// new callers to others. One slow answer is no outage.
const storePatience = time.Second

func (e *Engine) storeAnswers() bool {
	return time.Since(time.Unix(0, e.storeOK.Load())) < storePatience
}

// storeAnswered notes that the store works.
func (e *Engine) storeAnswered() {
	e.storeOK.Store(time.Now().UnixNano())
	if e.storeAway.CompareAndSwap(true, false) {
		e.log.Info("store answers again")
		e.floor.Poke()
	}
}

// watchStore follows what other processes commit.
func (e *Engine) watchStore(ctx context.Context) {
	for update := range e.store.Watch(ctx) {
		if update.Gap {
			e.loadUntilRead(ctx)
			continue
		}
		e.learn(update.Calls, update.Agents)
		if len(update.Gone) > 0 {
			e.floor.Forget(update.Gone...)
		}
		for _, id := range update.Gone {
			if m, there := e.box(id); there {
				m.in.put(forgotten{})
			}
		}
	}
}

// loadUntilRead takes in what the store holds, however often it gives no answer: what
// a gap has hidden is announced by nobody any more.
func (e *Engine) loadUntilRead(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.load(ctx)
		if err == nil {
			return
		}
		e.storeFailed(err)
		pauseFor(ctx, commitRetry)
	}
}

// box is the mailbox of a call, if this process has it.
func (e *Engine) box(id string) (*mailbox, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m, ok := e.boxes[id]
	return m, ok
}

// open makes the mailbox of a call, unless there is one that is not about to end.
func (e *Engine) open(c call.Call) (m *mailbox, fresh bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if m, ok := e.boxes[c.ID]; ok && m.ctx.Err() == nil {
		return m, false
	}
	m = &mailbox{e: e, id: c.ID, c: c, seq: time.Now().UnixNano(), inherits: c.Version > 0}
	m.in = newInbox(m.late)
	m.ctx, m.end = context.WithCancel(e.ctx)
	e.boxes[c.ID] = m
	e.work.Go(m.run)
	return m, true
}

// retire removes a mailbox that has ended, and what belonged to its caller.
func (e *Engine) retire(m *mailbox) {
	m.end()
	e.mu.Lock()
	if e.boxes[m.id] == m {
		delete(e.boxes, m.id)
		delete(e.lines, m.id)
		delete(e.callers, m.id)
	}
	e.mu.Unlock()
	m.in.close()
	if m.again != nil {
		m.late(*m.again)
	}
}

// lineOf is the line of a channel, made when it is first asked for.
func (e *Engine) lineOf(channel string) *line {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.lines[channel]
	if !ok {
		l = newLine(e, channel, e.settings().Config.Prompts.Languages[0])
		e.lines[channel] = l
	}
	return l
}

func (e *Engine) knownLine(channel string) (*line, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l, ok := e.lines[channel]
	return l, ok
}

func (e *Engine) dropLine(channel string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.lines, channel)
}
