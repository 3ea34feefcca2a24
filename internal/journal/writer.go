package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Record is what the Writer writes; its JSON goes into the journal.
type Record interface{ Kind() string }

// Store is the database. WriteRecords is all or nothing, and writing a record
// again changes nothing.
type Store[R Record] interface {
	WriteRecords(ctx context.Context, records []R) error
	Ping(ctx context.Context) error
}

// WriterOptions; zero values mean the defaults.
type WriterOptions struct {
	StoreTimeout  time.Duration // a write to the store, before it goes to the journal; 300 ms
	ReplayTimeout time.Duration // a batch of the replay, which nobody waits for; 10 s
	RetryEvery    time.Duration // how often a store that failed is asked again; 1 s
	Queue         int           // writes waiting in memory at most; 4096
	Batch         int           // records in one write to the store; 256
	Gather        time.Duration // how long what was submitted waits for company; 50 ms
	Logger        *slog.Logger
}

func (o WriterOptions) orDefaults() WriterOptions {
	or := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	or(&o.StoreTimeout, 300*time.Millisecond)
	or(&o.ReplayTimeout, 10*time.Second)
	or(&o.RetryEvery, time.Second)
	or(&o.Gather, 50*time.Millisecond)
	if o.Queue <= 0 {
		o.Queue = 4096
	}
	if o.Batch <= 0 {
		o.Batch = 256
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// ErrBusy: Submit found the queue full, which means that neither the store nor
// the disk takes anything.
var ErrBusy = errors.New("journal: too many records wait in memory")

// Writer brings records into the store, through the journal when it must.
type Writer[R Record] struct {
	journal *Journal
	store   Store[R]
	decode  func(kind string, data []byte) (R, error)
	opts    WriterOptions

	queue chan pending[R]
	// unsafe are the writes that were handed over and are not in safety yet.
	unsafe atomic.Int64
	// healthy: the last thing that the store was asked, it did.
	healthy atomic.Bool
	wake    chan struct{}
	// patientAgain is used by Run alone: the replay was awaited in vain before.
	patientAgain time.Time

	stored, journaled, busy, failures, slowest atomic.Int64
}

type pending[R Record] struct {
	records []R
	done    chan error // nil for Submit
	urgent  bool       // somebody stands still until it is written
}

func (p pending[R]) reply(err error) {
	if p.done != nil {
		p.done <- err
	}
}

// NewWriter makes a Writer; it works while Run does. decode is the opposite of
// the records' JSON.
func NewWriter[R Record](j *Journal, s Store[R], decode func(kind string, data []byte) (R, error), opts WriterOptions) *Writer[R] {
	opts = opts.orDefaults()
	w := &Writer[R]{
		journal: j, store: s, decode: decode, opts: opts,
		queue: make(chan pending[R], opts.Queue), wake: make(chan struct{}, 1),
	}
	w.healthy.Store(true)
	return w
}

// Write returns nil when the records are in the store or fsynced in the
// journal. It waits about twice StoreTimeout and one fsync at most, while the
// disk works. If ctx ends first, the records are still written as soon as they can.
func (w *Writer[R]) Write(ctx context.Context, records ...R) error {
	return w.write(ctx, pending[R]{records: records, urgent: true})
}

// WriteInCompany is Write for what nobody stands still for: it waits up to Gather
// for more records, which the store then syncs its disk for together.
func (w *Writer[R]) WriteInCompany(ctx context.Context, records ...R) error {
	return w.write(ctx, pending[R]{records: records})
}

func (w *Writer[R]) write(ctx context.Context, p pending[R]) error {
	if len(p.records) == 0 {
		return nil
	}
	p.done = make(chan error, 1)
	w.unsafe.Add(1)
	select {
	case w.queue <- p:
	case <-ctx.Done():
		w.unsafe.Add(-1)
		w.busy.Add(1)
		return fmt.Errorf("journal: write: %w", context.Cause(ctx))
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("journal: write: %w", context.Cause(ctx))
	}
}

// Submit hands records over and does not wait: for events whose loss in a crash
// of the next moment (Gather, and one write) is bearable. ErrBusy if memory is full.
func (w *Writer[R]) Submit(records ...R) error {
	w.unsafe.Add(1)
	select {
	case w.queue <- pending[R]{records: records}:
		return nil
	default:
		w.unsafe.Add(-1)
		w.busy.Add(1)
		return ErrBusy
	}
}

// Run writes until ctx ends, then brings what was handed over to safety, and
// returns. An error says how many records could be put nowhere.
func (w *Writer[R]) Run(ctx context.Context) error {
	var replay sync.WaitGroup
	replay.Go(func() { w.replay(ctx) })
	defer replay.Wait()
	for {
		select {
		case <-ctx.Done():
			return w.flush()
		case first := <-w.queue:
			w.deliver(ctx, w.gather(ctx, first))
		}
	}
}

// flush is the last act: whatever is still in memory gets one more try.
func (w *Writer[R]) flush() error {
	lost := 0
	over, cancel := context.WithCancel(context.Background())
	cancel() // nothing is waited for any more
	for {
		select {
		case p := <-w.queue:
			group := w.gather(over, p)
			if err := w.try(context.Background(), group); err != nil {
				for _, p := range group {
					lost += len(p.records)
					p.reply(err)
				}
			}
			w.unsafe.Add(-int64(len(group)))
		default:
			if lost > 0 {
				return fmt.Errorf("journal: stop: %d records could be written nowhere", lost)
			}
			return nil
		}
	}
}

// gather takes what is there. While nobody stands still for it, it also takes what
// comes within a moment: a call is several events, and each write costs the store
// a sync of its disk, whatever is in it.
func (w *Writer[R]) gather(ctx context.Context, first pending[R]) []pending[R] {
	group, n, urgent := []pending[R]{first}, len(first.records), first.urgent
	company := time.NewTimer(w.opts.Gather)
	defer company.Stop()
	for n < w.opts.Batch {
		var p pending[R]
		select {
		case p = <-w.queue:
		default:
			if urgent {
				return group
			}
			select {
			case p = <-w.queue:
			case <-company.C:
				return group
			case <-ctx.Done():
				return group
			}
		}
		group, n, urgent = append(group, p), n+len(p.records), urgent || p.urgent
	}
	return group
}

// deliver does not give up on records that were accepted: while neither store
// nor disk takes them, they wait here and the queue fills up behind them.
func (w *Writer[R]) deliver(ctx context.Context, group []pending[R]) {
	defer w.unsafe.Add(-int64(len(group)))
	for told := false; ; {
		err := w.try(ctx, group)
		if err == nil {
			return
		}
		if !told {
			w.opts.Logger.Error("records wait in memory: neither PostgreSQL nor the journal takes them", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
			if err := w.try(context.Background(), group); err != nil {
				w.opts.Logger.Error("records lost at stop", "writes", len(group), "error", err)
				for _, p := range group {
					p.reply(err)
				}
			}
			return
		case <-time.After(w.opts.RetryEvery):
			w.healthy.Store(true) // the store is the last hope: ask it again
		}
	}
}

// try puts a group into the store, or else into the journal, and replies. On an
// error nothing was replied and all of it may be tried again.
func (w *Writer[R]) try(ctx context.Context, group []pending[R]) error {
	began := time.Now()
	defer func() { w.slowest.Store(max(w.slowest.Load(), int64(time.Since(began)))) }()
	var records []R
	for _, p := range group {
		records = append(records, p.records...)
	}
	w.letReplayFinish()
	if w.healthy.Load() && w.journal.Empty() {
		err := w.toStore(ctx, records)
		if err == nil {
			w.stored.Add(int64(len(records)))
			for _, p := range group {
				p.reply(nil)
			}
			return nil
		}
		w.failures.Add(1)
		if w.healthy.Swap(false) {
			w.opts.Logger.Warn("records go to the journal: PostgreSQL does not take them", "error", err)
		}
	}
	return w.toJournal(group, len(records))
}

// letReplayFinish holds this group back for a moment when the replay is about
// to empty the journal. Without it a steady stream of records would keep a few
// in the journal for ever, each paying for a file that lives for milliseconds.
func (w *Writer[R]) letReplayFinish() {
	if !w.healthy.Load() || w.journal.Stats().Records > int64(w.opts.Batch) || time.Now().Before(w.patientAgain) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.opts.StoreTimeout)
	defer cancel()
	if !w.journal.AwaitEmpty(ctx) {
		w.patientAgain = time.Now().Add(w.opts.RetryEvery)
	}
}

func (w *Writer[R]) toStore(ctx context.Context, records []R) error {
	// The caller's stop must not cut a write in two: only its own limit does.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.opts.StoreTimeout)
	defer cancel()
	return w.store.WriteRecords(ctx, records)
}

func (w *Writer[R]) toJournal(group []pending[R], n int) error {
	var entries []Entry
	for _, p := range group {
		for _, r := range p.records {
			data, err := json.Marshal(r)
			if err != nil || len(data) > maxRecord-maxKind-1 {
				// It will never fit anywhere: keep the others moving.
				w.opts.Logger.Error("record refused: it cannot be written down", "kind", r.Kind(), "error", err)
				if err := w.journal.Refuse(Entry{Kind: r.Kind()}, "cannot be encoded"); err != nil {
					return err
				}
				continue
			}
			entries = append(entries, Entry{Kind: r.Kind(), Data: data})
		}
	}
	if err := w.journal.AppendAll(context.Background(), entries); err != nil {
		return err
	}
	w.journaled.Add(int64(n))
	for _, p := range group {
		p.reply(nil)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return nil
}

// replay asks a store that failed until it answers, and then empties the
// journal into it. Only replay takes from the journal and only Run puts in, so
// an empty journal that Run sees stays empty until Run itself writes.
func (w *Writer[R]) replay(ctx context.Context) {
	tick := time.NewTicker(w.opts.RetryEvery)
	defer tick.Stop()
	for {
		if !w.journal.Empty() || !w.healthy.Load() {
			waited := w.journal.Stats().Records
			err := w.drain(ctx)
			w.healthy.Store(err == nil)
			switch {
			case err == nil && waited > 0:
				w.opts.Logger.Info("journal emptied into PostgreSQL", "records", waited)
			case err != nil && ctx.Err() == nil:
				w.opts.Logger.Debug("journal not emptied yet", "error", err)
			}
			if err != nil {
				select { // one try per period, however many records arrive
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.wake:
		}
	}
}

func (w *Writer[R]) drain(ctx context.Context) error {
	ping, cancel := context.WithTimeout(ctx, w.opts.ReplayTimeout)
	defer cancel()
	if err := w.store.Ping(ping); err != nil {
		return err
	}
	return w.journal.Replay(ctx, func(ctx context.Context, entries []Entry) error {
		records := make([]R, 0, len(entries))
		for _, e := range entries {
			r, err := w.decode(e.Kind, e.Data)
			if err != nil {
				if err := w.journal.Refuse(e, "cannot be decoded"); err != nil {
					return err
				}
				w.opts.Logger.Error("journal record refused: see refused.jsonl", "kind", e.Kind)
				continue
			}
			records = append(records, r)
		}
		ctx, cancel := context.WithTimeout(ctx, w.opts.ReplayTimeout)
		defer cancel()
		if len(records) == 0 {
			return nil
		}
		err := w.store.WriteRecords(ctx, records)
		if err == nil {
			w.healthy.Store(true)
		}
		return err
	})
}

// WriterStats are figures for metrics; all but Queued and Direct only rise.
type WriterStats struct {
	Queued        int   // writes in memory now, those in hand included
	Direct        bool  // records go to the store, not to the journal
	Stored        int64 // records written straight to the store
	Journaled     int64 // records written to the journal
	StoreFailures int64
	Busy          int64         // writes not accepted because memory was full
	Slowest       time.Duration // longest try so far
	Journal       Stats
}

// Stats are the figures at this moment.
func (w *Writer[R]) Stats() WriterStats {
	return WriterStats{
		Queued: int(w.unsafe.Load()), Direct: w.healthy.Load() && w.journal.Empty(),
		Stored: w.stored.Load(), Journaled: w.journaled.Load(), StoreFailures: w.failures.Load(),
		Busy: w.busy.Load(), Slowest: time.Duration(w.slowest.Load()), Journal: w.journal.Stats(),
	}
}
