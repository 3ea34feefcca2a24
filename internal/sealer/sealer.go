package sealer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"powerline/internal/postgres"
	"powerline/recordings"
)

// Options of a sealer; all but Step, Seed and AnchorDir must be set.
type Options struct {
	Spool      recordings.Spool
	Store      recordings.Store
	StoreFree  int64  // bytes that must stay free in the store
	PendingDir string // of manifests; on a disk
	Recipients recordings.Recipients
	DB         *postgres.DB
	Host       string // which Asterisk writes into this spool
	SealWithin time.Duration
	Metrics    *Metrics
	Log        *slog.Logger

	AnchorDir   string // empty writes none
	AnchorEvery time.Duration
	Seed        []byte // of the key that signs anchors

	// Step is told before each step, for tests that end the process there.
	Step func(step string)
}

// Sealer seals one spool. Create it with New and run it once.
type Sealer struct {
	Options
	pending recordings.Pending
	alarms  *alarms

	mu      sync.Mutex
	since   time.Time // when the database began to answer; zero while it does not
	waiting map[recordings.ID]time.Time
	failed  error // why the last object could not be stored
}

const (
	roundEvery = 500 * time.Millisecond
	watchEvery = 2 * time.Second
	// keyPatience is how long a key is waited for before a recording gets one of
	// its own: the plain voice must not lie about because a database is slow.
	keyPatience = 3 * time.Second
)

// New is a sealer that does nothing yet.
func New(o Options) (*Sealer, error) {
	pending, err := recordings.OpenPending(o.PendingDir)
	if err != nil {
		return nil, err
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	s := &Sealer{Options: o, pending: pending, waiting: map[recordings.ID]time.Time{}}
	s.alarms = newAlarms(o.Log, o.Metrics)
	return s, nil
}

// errWrittenTo: it was taken for closed too early; the next round tries again.
var errWrittenTo = errors.New("somebody writes to the plain files again")

// ErrTaken: another sealer has this spool.
var ErrTaken = errors.New("sealer: another sealer works on this spool; stop it first")

// Run seals until ctx ends.
func (s *Sealer) Run(ctx context.Context) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	s.heard(s.DB.Ping(ctx))
	var work sync.WaitGroup
	work.Go(func() { every(ctx, roundEvery, s.round) })
	work.Go(func() { every(ctx, watchEvery, s.watch) })
	if s.AnchorDir != "" {
		work.Go(func() { every(ctx, min(s.AnchorEvery, time.Minute), s.anchor) })
	}
	work.Wait()
	return nil
}

func every(ctx context.Context, pause time.Duration, do func(context.Context)) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for ctx.Err() == nil {
		do(ctx)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (s *Sealer) lock() (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(s.PendingDir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sealer: lock the queue: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, ErrTaken
	}
	return f, nil
}

// round takes each recording as far as it will go now.
func (s *Sealer) round(ctx context.Context) {
	manifests, err := s.pending.List()
	if err != nil {
		s.Log.Error("a manifest cannot be read; its recording is not entered", "error", err)
		s.Metrics.failures.WithLabelValues("manifest").Inc()
	}
	noted := map[recordings.ID]bool{}
	for _, m := range manifests {
		noted[m.ID] = true
	}
	plains, strange, err := s.Spool.List()
	if err != nil {
		s.Metrics.failures.WithLabelValues("spool").Inc()
	}
	s.Metrics.strange.Set(float64(len(strange)))
	s.forgetWaiting(plains)
	for _, p := range plains {
		switch {
		case ctx.Err() != nil:
			return
		case noted[p.ID]:
			s.removePlain(p)
		case s.Spool.Closed(p, time.Now()):
			s.note(p)
			if m, ok := s.seal(ctx, p); ok {
				manifests = append(manifests, m)
			}
		}
	}
	for _, m := range manifests {
		if ctx.Err() == nil {
			s.enter(ctx, m)
		}
	}
}

// note remembers since when a closed recording waits.
func (s *Sealer) note(p recordings.Plain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.waiting[p.ID]; !known {
		s.waiting[p.ID] = p.Written
	}
}

func (s *Sealer) forgetWaiting(plains []recordings.Plain) {
	there := map[recordings.ID]bool{}
	for _, p := range plains {
		there[p.ID] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.waiting {
		if !there[id] {
			delete(s.waiting, id)
		}
	}
}

// seal brings a plain recording into the store and notes it.
func (s *Sealer) seal(ctx context.Context, p recordings.Plain) (m recordings.Manifest, ok bool) {
	began := time.Now()
	m = recordings.Manifest{ID: p.ID, Host: s.Host, Written: p.Written, Object: p.ID.Object()}
	s.Step("closed")
	again, err := s.sealedBefore(ctx, p.ID)
	if again {
		s.rename(p)
		return m, false
	}
	if err == nil && p.Fallback != "" {
		err = s.writeFallback(ctx, p)
	}
	if err == nil {
		err = s.giveKey(ctx, &m)
	}
	if err == nil {
		s.Step("key")
		err = s.encrypt(ctx, p, &m)
	}
	if err != nil {
		s.storeFailed(err)
		s.Log.Error("recording could not be sealed; it stays in the spool", "recording", p.ID, "error", err)
		return m, false
	}
	s.storeFailed(nil)
	s.Step("stored")
	m.SealedAt = time.Now().UTC()
	if err := s.pending.Put(ctx, m); err != nil {
		s.storeFailed(err)
		s.Log.Error("recording could not be noted; it stays in the spool", "recording", p.ID, "error", err)
		return m, false
	}
	s.Step("noted")
	s.removePlain(p)
	s.Step("plain-gone")
	s.Metrics.sealed.Inc()
	s.Metrics.bytes.Add(float64(m.Bytes))
	s.Metrics.took.Observe(time.Since(began).Seconds())
	s.Metrics.afterEnd.Observe(time.Since(p.Written).Seconds())
	return m, true
}

func (s *Sealer) storeFailed(err error) {
	if err != nil {
		s.Metrics.failures.WithLabelValues("store").Inc()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = err
}

// sealedBefore reports whether the chain has a recording of this id already. A
// second file of the same id must not take its place. An object alone may be what
// a kill left behind; only the chain can tell.
func (s *Sealer) sealedBefore(ctx context.Context, id recordings.ID) (bool, error) {
	o, err := s.Store.Open(ctx, id.Object())
	if errors.Is(err, recordings.ErrNoObject) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	o.Close()
	ctx, cancel := context.WithTimeout(ctx, keyPatience)
	defer cancel()
	links, err := s.DB.LinksOf(ctx, id)
	s.heard(err)
	return len(links) > 0 && links[0].What == recordings.LinkSealed, err
}

func (s *Sealer) rename(p recordings.Plain) {
	other := recordings.NewID()
	s.Log.Error("a second recording of an id that is sealed already is kept under another", "recording", p.ID, "other", other)
	if err := s.Spool.Rename(p, other); err != nil {
		s.Log.Error("it could not be renamed", "recording", p.ID, "error", err)
	}
}

// writeFallback writes the rows of a conversation that Asterisk's own queue made
// while no engine ran. While the database is away too, it becomes one of which no
// row knows.
func (s *Sealer) writeFallback(ctx context.Context, p recordings.Plain) error {
	if !s.answers() {
		return nil
	}
	talked := recordings.Length(max(p.Heard, p.Spoken))
	err := s.DB.WriteRecords(ctx, []postgres.Record{
		postgres.Recording{ID: p.ID, Call: p.Fallback, Direction: "inbound", What: "fallback", Host: s.Host, Begun: p.Written.Add(-talked)},
		postgres.RecordingEnd{ID: p.ID, Ended: p.Written, Bridged: talked, Unseen: true},
	})
	s.heard(err)
	if err != nil && postgres.Away(err) {
		return nil
	}
	return err
}

// giveKey finds the key of the case or call, or makes one that the manifest
// carries until the database is there.
func (s *Sealer) giveKey(ctx context.Context, m *recordings.Manifest) error {
	if s.answers() {
		ctx, cancel := context.WithTimeout(ctx, keyPatience)
		defer cancel()
		k, err := s.DB.KeyFor(ctx, m.ID, s.Recipients.NewKey)
		s.heard(err)
		if err == nil {
			m.Key, m.Public = k.ID, k.Public
			return nil
		}
		s.Log.Warn("recording gets a key of its own: the database gave none", "recording", m.ID, "error", err)
	}
	public, wrapped, err := s.Recipients.NewKey()
	m.Public, m.Wrapped, m.Recipients = public, wrapped.Wrapped, wrapped.Recipients
	return err
}

func (s *Sealer) encrypt(ctx context.Context, p recordings.Plain, m *recordings.Manifest) error {
	heard, spoken, done, err := s.Spool.Open(p)
	if err != nil {
		return err
	}
	defer done()
	return s.Store.Put(ctx, m.Object, func(w io.Writer) error {
		m.Content, err = recordings.Seal(w, heard, spoken, m.Public)
		if err == nil && !s.Spool.Same(p, time.Now()) {
			err = errWrittenTo
		}
		return err
	})
}

func (s *Sealer) removePlain(p recordings.Plain) {
	if err := s.Spool.Remove(p); err != nil {
		s.Metrics.failures.WithLabelValues("remove").Inc()
		s.Log.Error("plain files of a sealed recording could not be removed", "recording", p.ID, "error", err)
	}
}

// enter appends a sealed recording to the chain. Its row and its end may still
// be in an engine's journal: they are waited for, but not for ever.
func (s *Sealer) enter(ctx context.Context, m recordings.Manifest) {
	if !s.answers() {
		return
	}
	f, err := s.DB.Recording(ctx, m.ID)
	s.heard(err)
	unknown := errors.Is(err, postgres.ErrNoRecording)
	switch {
	case err != nil && !unknown:
		return
	case (unknown || f.End == nil) && !s.waitedLong(m):
		return
	}
	s.Step("entering")
	sealed, gaps, err := s.DB.EnterSealed(ctx, m)
	s.heard(err)
	if err != nil {
		s.Metrics.failures.WithLabelValues("chain").Inc()
		s.Log.Error("sealed recording could not be entered into the chain", "recording", m.ID, "error", err)
		return
	}
	s.Step("entered")
	for _, g := range gaps {
		s.Log.Error("a recording is not complete", "recording", g.ID, "why", g.Why, "missing", g.Missing, "talked", time.Duration(sealed.BridgedMS)*time.Millisecond)
		s.Metrics.gaps.WithLabelValues(g.Why).Inc()
	}
	if err := s.pending.Remove(m.ID); err != nil {
		s.Log.Warn("manifest could not be removed", "recording", m.ID, "error", err)
	}
	s.Step("forgotten")
}

// waitedLong: as long as this, an engine's journal has had to bring its rows
// since the recording was sealed and the database came back.
func (s *Sealer) waitedLong(m recordings.Manifest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := m.SealedAt
	if s.since.After(from) {
		from = s.since
	}
	return !s.since.IsZero() && time.Since(from) > s.SealWithin/2
}

// answers reports whether the database answered when last asked.
func (s *Sealer) answers() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.since.IsZero()
}

// heard notes whether the database answered.
func (s *Sealer) heard(err error) {
	away := err != nil && postgres.Away(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case away:
		s.since = time.Time{}
	case err != nil && errors.Is(err, context.Canceled): // we are about to stop
	case s.since.IsZero():
		s.since = time.Now()
	}
}
