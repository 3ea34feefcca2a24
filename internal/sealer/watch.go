package sealer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"powerline/internal/postgres"
	"powerline/recordings"
)

// The alarms. docs/operations.md says of each what to do.
const (
	AlarmSpool      = "spool"      // full, nearly full, or not fit
	AlarmStore      = "store"      // full, nearly full, or it does not take anything
	AlarmUnsealed   = "unsealed"   // a plain recording lies there for too long
	AlarmIncomplete = "incomplete" // something of a conversation was not recorded
	AlarmDatabase   = "database"   // the chain cannot grow
	AlarmChain      = "chain"      // the last verification found something bad
	AlarmUnverified = "unverified" // nobody has verified for too long
	AlarmAnchor     = "anchor"     // the chain's head could not be written
)

var allAlarms = []string{AlarmSpool, AlarmStore, AlarmUnsealed, AlarmIncomplete, AlarmDatabase, AlarmChain, AlarmUnverified, AlarmAnchor}

// noticed is how long an incomplete recording stays an alarm, so that whoever
// looks every few minutes sees it.
const noticed = 10 * time.Minute

// appearsWithin is how long Asterisk may take to make the files of a recording
// that has begun. Together with watchEvery it is less than ten seconds.
const appearsWithin = 6 * time.Second

// verifyEvery is how old the last verification may be.
const verifyEvery = 36 * time.Hour

// alarms are what is wrong now, and since when.
type alarms struct {
	log     *slog.Logger
	metrics *Metrics
	mu      sync.Mutex
	now     map[string]string // why
}

func newAlarms(log *slog.Logger, m *Metrics) *alarms {
	for _, name := range allAlarms {
		m.alarm.WithLabelValues(name).Set(0)
	}
	return &alarms{log: log, metrics: m, now: map[string]string{}}
}

// set raises an alarm, or ends it with an empty reason.
func (a *alarms) set(name, why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.now[name]
	switch {
	case why == "" && before != "":
		delete(a.now, name)
		a.metrics.alarm.WithLabelValues(name).Set(0)
		a.log.Info("alarm is over", "alarm", name)
	case why != "" && before == "":
		a.metrics.alarm.WithLabelValues(name).Set(1)
		a.log.Error("alarm", "alarm", name, "why", why)
		fallthrough
	case why != "":
		a.now[name] = why
	}
}

// Alarms are what is wrong now, in words, by name.
func (s *Sealer) Alarms() []string {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.alarms.now)) {
		all = append(all, name+": "+s.alarms.now[name])
	}
	return all
}

// watch looks at everything that can go wrong beside the sealing itself.
func (s *Sealer) watch(ctx context.Context) {
	s.watchSpool()
	s.watchStore(ctx)
	s.watchUnsealed()
	s.heard(s.DB.Ping(ctx))
	if ctx.Err() != nil {
		return
	}
	if !s.answers() {
		s.alarms.set(AlarmDatabase, "PostgreSQL does not answer: what is sealed is not entered into the chain")
		return
	}
	s.alarms.set(AlarmDatabase, "")
	s.watchMissing(ctx)
	s.watchGaps(ctx)
	s.watchChain(ctx)
}

func (s *Sealer) watchSpool() {
	room, err := s.Spool.Look()
	s.Metrics.spoolUsed.Set(float64(room.Used))
	s.Metrics.spoolFree.Set(float64(room.Free))
	var unfit *recordings.Unfit
	switch {
	case errors.As(err, &unfit):
		s.alarms.set(AlarmSpool, unfit.Why+": no conversation is recorded")
	case room.Full():
		s.alarms.set(AlarmSpool, "it is full: no further conversation is recorded, and those under way are cut off")
	case room.Free < room.Used/4: // four fifths are used
		s.alarms.set(AlarmSpool, fmt.Sprintf("it is filling: %d bytes are used, %d free", room.Used, room.Free))
	default:
		s.alarms.set(AlarmSpool, "")
	}
}

func (s *Sealer) watchStore(ctx context.Context) {
	free, err := s.Store.Free(ctx)
	s.Metrics.storeFree.Set(float64(free))
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	switch {
	case err != nil:
		s.alarms.set(AlarmStore, err.Error())
	case failed != nil:
		s.alarms.set(AlarmStore, failed.Error())
	case free < s.StoreFree:
		s.alarms.set(AlarmStore, fmt.Sprintf("only %d bytes are free", free))
	default:
		s.alarms.set(AlarmStore, "")
	}
}

func (s *Sealer) watchUnsealed() {
	s.mu.Lock()
	n, oldest := len(s.waiting), time.Duration(0)
	for _, since := range s.waiting {
		oldest = max(oldest, time.Since(since))
	}
	s.mu.Unlock()
	s.Metrics.unsealed.Set(float64(n))
	s.Metrics.oldest.Set(oldest.Seconds())
	why := ""
	if oldest > s.SealWithin {
		why = fmt.Sprintf("%d recordings wait, the oldest for %v", n, oldest.Round(time.Second))
	}
	s.alarms.set(AlarmUnsealed, why)
}

// watchMissing looks for recordings of which nothing is in spool, queue or
// chain. They are looked at in this order, in which a recording moves.
func (s *Sealer) watchMissing(ctx context.Context) {
	there := map[recordings.ID]bool{}
	plains, _, err := s.Spool.List()
	if err != nil {
		return
	}
	manifests, err := s.pending.List()
	if err != nil {
		return
	}
	for _, p := range plains {
		there[p.ID] = true
	}
	for _, m := range manifests {
		there[m.ID] = true
	}
	s.Metrics.pending.Set(float64(len(manifests)))
	overdue, err := s.DB.Overdue(ctx, s.Host, time.Now().Add(-appearsWithin))
	s.heard(err)
	for _, f := range overdue {
		if there[f.ID] || ctx.Err() != nil {
			continue
		}
		g := postgres.RecordingGap{ID: f.ID, Why: recordings.WhyMissing, At: f.Begun, Call: f.Call, Detail: "there is no file"}
		if f.End != nil {
			g.Missing = f.End.Bridged
		}
		s.Log.Error("conversation has no recording", "recording", f.ID, "call", f.Call)
		s.Metrics.gaps.WithLabelValues(g.Why).Inc()
		s.heard(s.DB.NoteGap(ctx, g))
	}
}

func (s *Sealer) watchGaps(ctx context.Context) {
	if _, err := s.DB.ChainGaps(ctx); err != nil {
		s.heard(err)
		s.Metrics.failures.WithLabelValues("chain").Inc()
	}
	gaps, err := s.DB.Gaps(ctx, "", time.Now().Add(-noticed))
	s.heard(err)
	if err != nil {
		return
	}
	count := postgres.CountGaps(gaps)
	why := ""
	for _, name := range slices.Sorted(maps.Keys(count)) {
		why += fmt.Sprintf("%d %s ", count[name], name)
	}
	if why != "" {
		why += "within the last ten minutes"
	}
	s.alarms.set(AlarmIncomplete, why)
}

func (s *Sealer) watchChain(ctx context.Context) {
	seq, _, err := s.DB.ChainHead(ctx)
	s.heard(err)
	if err != nil {
		return
	}
	s.Metrics.chain.Set(float64(seq))
	last, err := s.DB.LastCheck(ctx)
	s.heard(err)
	if err != nil {
		return
	}
	s.Metrics.lastCheck.Set(float64(last.At.Unix()))
	s.Metrics.lastBad.Set(float64(last.Bad))
	switch {
	case last.ChainBad != "":
		s.Metrics.chainBroken.Set(1)
		s.alarms.set(AlarmChain, last.ChainBad)
	case last.Bad > 0:
		s.Metrics.chainBroken.Set(0)
		s.alarms.set(AlarmChain, fmt.Sprintf("%d recordings are bad, the first is %s", last.Bad, last.FirstBad))
	default:
		s.Metrics.chainBroken.Set(0)
		s.alarms.set(AlarmChain, "")
	}
	why := ""
	if old := last.Oldest; !old.IsZero() && time.Since(old) > verifyEvery && time.Since(last.At) > verifyEvery {
		why = "nobody has verified the recordings for more than " + verifyEvery.String()
	}
	s.alarms.set(AlarmUnverified, why)
}

// anchor writes the chain's head, if it has grown since the last one.
func (s *Sealer) anchor(ctx context.Context) {
	err := s.writeAnchor(ctx)
	if err != nil && ctx.Err() == nil {
		s.alarms.set(AlarmAnchor, err.Error())
		return
	}
	s.alarms.set(AlarmAnchor, "")
}

func (s *Sealer) writeAnchor(ctx context.Context) error {
	var last recordings.Anchor
	all, err := recordings.ReadAnchors(s.AnchorDir)
	if err == nil && len(all) > 0 {
		last = all[len(all)-1]
	}
	if !s.answers() || time.Since(last.At) < s.AnchorEvery {
		return nil
	}
	seq, hash, err := s.DB.ChainHead(ctx)
	if err != nil || seq <= last.Seq {
		return err
	}
	a, err := recordings.Sign(s.Seed, seq, hash, time.Now())
	if err != nil {
		return err
	}
	if err := recordings.WriteAnchor(ctx, s.AnchorDir, a); err != nil {
		return err
	}
	s.Metrics.anchored.Set(float64(a.At.Unix()))
	return nil
}
