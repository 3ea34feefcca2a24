package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Entry is one record: what kind it is and its JSON.
type Entry struct {
	Kind string `json:"kind"`
	Data []byte `json:"data"`
}

// Options of a journal; zero values mean the defaults.
type Options struct {
	// Quota is the size of all segments at which Append refuses; 256 MiB.
	Quota int64
	// SegmentBytes is the size at which a new segment begins; 4 MiB.
	SegmentBytes int64
	// Batch is how many entries a replay hands over at once; 256.
	Batch int
}

func (o Options) orDefaults() Options {
	if o.Quota <= 0 {
		o.Quota = 256 << 20
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 4 << 20
	}
	if o.Batch <= 0 {
		o.Batch = 256
	}
	return o
}

// ErrFull: the quota is reached. ErrClosed: the journal is closed.
var (
	ErrFull   = errors.New("journal: quota reached: make PostgreSQL reachable again or raise journal.maxBytes")
	ErrClosed = errors.New("journal: closed")
)

// Stats are figures for alarms. All but Records, Bytes and Quota only rise.
type Stats struct {
	Records, Bytes, Quota int64 // waiting now
	Oldest                time.Time
	Appended, Replayed    int64
	Syncs                 int64
	Failures              int64 // writes and fsyncs that failed
	Torn, Damaged         int64 // records cut off, and segments with bad bytes
	Refused               int64 // records that can never be stored, kept in refused.jsonl
}

// Journal is an append-only store of records. Its methods may be called from
// any goroutine.
type Journal struct {
	dir  string
	opts Options
	lock *os.File

	appends chan appending
	closed  chan struct{}
	done    chan struct{}
	close   sync.Once

	replaying sync.Mutex // one replay at a time

	mu       sync.Mutex
	segments []segment // oldest first; the last one is being written if file != nil
	file     *os.File
	next     uint64
	stats    Stats
	emptied  chan struct{} // closed by the replay that empties the journal; nil when nobody waits
}

// appending is a group of entries that one caller wants on disk.
type appending struct {
	entries []Entry
	done    chan error
}

// Open takes over the folder: it cuts torn tails off and begins a new segment
// at the next Append.
func Open(dir string, opts Options) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: make folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: open lock: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("journal: %s is in use by another process: give each its own journal.dir", dir)
	}
	j := &Journal{
		dir: dir, opts: opts.orDefaults(), lock: lock,
		appends: make(chan appending), closed: make(chan struct{}), done: make(chan struct{}),
	}
	if err := j.recover(); err != nil {
		lock.Close()
		return nil, err
	}
	go j.run()
	return j, nil
}

// recover reads what an earlier process left.
func (j *Journal) recover() error {
	names, err := filepath.Glob(filepath.Join(j.dir, "*.journal"))
	if err != nil {
		return fmt.Errorf("journal: list segments: %w", err)
	}
	slices.Sort(names) // the numbers have leading zeros
	for _, path := range names {
		number, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), ".journal"), 10, 64)
		if err != nil {
			return fmt.Errorf("journal: %s is no segment of ours: move it away", path)
		}
		j.next = max(j.next, number+1)
		if err := j.adopt(path); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) adopt(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("journal: look at segment: %w", err)
	}
	size, records, err := scan(path)
	switch {
	case err == nil:
	case errors.Is(err, errTorn):
		j.stats.Torn++
		if err := truncate(path, size); err != nil {
			return err
		}
	case errors.Is(err, errDamaged):
		j.stats.Damaged++
		if err := setAside(path, size); err != nil {
			return err
		}
	default:
		return err
	}
	if records == 0 {
		return j.remove(path)
	}
	j.segments = append(j.segments, segment{path: path, size: size, records: records, began: info.ModTime()})
	j.stats.Records += records
	j.stats.Bytes += size
	return nil
}

// setAside keeps the unreadable rest of a segment for whoever can read it.
func setAside(path string, size int64) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("journal: read damaged segment: %w", err)
	}
	if err := os.WriteFile(path+".damaged", text[size:], 0o600); err != nil {
		return fmt.Errorf("journal: keep damaged bytes: %w", err)
	}
	return truncate(path, size)
}

func truncate(path string, size int64) error {
	if err := os.Truncate(path, size); err != nil {
		return fmt.Errorf("journal: cut torn record off: %w", err)
	}
	return nil
}

func (j *Journal) remove(path string) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("journal: remove segment: %w", err)
	}
	return j.syncDir()
}

// syncDir makes a new or removed name itself durable.
func (j *Journal) syncDir() error {
	d, err := os.Open(j.dir)
	if err != nil {
		return fmt.Errorf("journal: open folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("journal: sync folder: %w", err)
	}
	return nil
}

// Append returns nil when the record is on disk. Many callers at once share
// one fsync.
func (j *Journal) Append(ctx context.Context, kind string, data []byte) error {
	return j.AppendAll(ctx, []Entry{{Kind: kind, Data: data}})
}

// refusal is a line of refused.jsonl.
type refusal struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Reason string    `json:"reason"`
	Data   []byte    `json:"data"`
}

// Refuse keeps an entry that can never be stored, so that it neither blocks
// the others nor disappears.
func (j *Journal) Refuse(e Entry, reason string) error {
	line, err := json.Marshal(refusal{At: time.Now().UTC(), Kind: e.Kind, Reason: reason, Data: e.Data})
	if err != nil {
		return fmt.Errorf("journal: refuse: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	f, err := os.OpenFile(filepath.Join(j.dir, "refused.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("journal: refuse: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("journal: refuse: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("journal: refuse: %w", err)
	}
	j.stats.Refused++
	return nil
}

// AppendAll is Append for several records: all of them or none, unless the
// error is the context's, after which they may still reach the disk.
func (j *Journal) AppendAll(ctx context.Context, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	a := appending{entries: entries, done: make(chan error, 1)}
	select {
	case j.appends <- a:
	case <-j.closed:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run is the one writer. It takes whoever is waiting, up to a segment's worth,
// writes all of it and syncs once.
func (j *Journal) run() {
	defer close(j.done)
	for {
		select {
		case <-j.closed:
			return
		case first := <-j.appends:
			j.commit(j.gather(first))
		}
	}
}

func (j *Journal) gather(first appending) []appending {
	group, bytes := []appending{first}, size(first)
	for bytes < int(j.opts.SegmentBytes) {
		select {
		case a := <-j.appends:
			group, bytes = append(group, a), bytes+size(a)
		default:
			return group
		}
	}
	return group
}

func size(a appending) (n int) {
	for _, e := range a.entries {
		n += len(e.Data) + len(e.Kind) + headerBytes + 1
	}
	return n
}

func (j *Journal) commit(group []appending) {
	var text []byte
	var records int64
	var accepted []appending
	for _, a := range group {
		before := text
		var err error
		for _, e := range a.entries {
			if text, err = encode(text, e); err != nil {
				break
			}
		}
		if err == nil && j.waiting()+int64(len(text)) > j.opts.Quota {
			err = ErrFull
		}
		if err != nil {
			text = before
			a.done <- err
			continue
		}
		records += int64(len(a.entries))
		accepted = append(accepted, a)
	}
	if len(accepted) == 0 {
		return
	}
	err := j.write(text, records)
	for _, a := range accepted {
		a.done <- err
	}
}

func (j *Journal) waiting() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.stats.Bytes
}

// write puts the bytes into the newest segment and syncs.
func (j *Journal) write(text []byte, records int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil && j.segments[len(j.segments)-1].size >= j.opts.SegmentBytes {
		j.seal()
	}
	if j.file == nil {
		if err := j.begin(); err != nil {
			j.stats.Failures++
			return err
		}
	}
	last := &j.segments[len(j.segments)-1]
	_, err := j.file.WriteAt(text, last.size)
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		j.stats.Failures++
		j.giveUp(last)
		return fmt.Errorf("journal: append: %w", err)
	}
	last.size += int64(len(text))
	last.records += records
	j.stats.Bytes += int64(len(text))
	j.stats.Records += records
	j.stats.Appended += records
	j.stats.Syncs++
	return nil
}

// begin makes the next segment.
func (j *Journal) begin() error {
	path := filepath.Join(j.dir, fmt.Sprintf("%012d.journal", j.next))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("journal: begin segment: %w", err)
	}
	j.next++
	if err := j.syncDir(); err != nil {
		f.Close()
		return errors.Join(err, os.Remove(path))
	}
	j.file = f
	j.segments = append(j.segments, segment{path: path, began: time.Now()})
	return nil
}

// seal ends the segment that is being written.
func (j *Journal) seal() {
	if j.file != nil {
		j.file.Close() // all of it was synced
		j.file = nil
	}
}

// giveUp leaves a segment after a failed write or sync, cut at its last good
// record so that nothing half-written is ever read. If even that fails, the
// known size protects this process and the checksum the next one.
func (j *Journal) giveUp(last *segment) {
	_ = j.file.Truncate(last.size)
	j.seal()
	if last.records == 0 {
		_ = os.Remove(last.path)
		j.segments = j.segments[:len(j.segments)-1]
	}
}

// Empty reports whether nothing waits.
func (j *Journal) Empty() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.segments) == 0
}

// AwaitEmpty waits until nothing waits any more, or until ctx ends.
func (j *Journal) AwaitEmpty(ctx context.Context) bool {
	j.mu.Lock()
	if len(j.segments) == 0 {
		j.mu.Unlock()
		return true
	}
	if j.emptied == nil {
		j.emptied = make(chan struct{})
	}
	emptied := j.emptied
	j.mu.Unlock()
	select {
	case <-emptied:
		return true
	case <-ctx.Done():
		return false
	}
}

// Stats are the figures at this moment.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.stats
	s.Quota = j.opts.Quota
	if len(j.segments) > 0 {
		s.Oldest = j.segments[0].began
	}
	return s
}

// Close waits for the append in hand and gives the folder back.
func (j *Journal) Close() error {
	j.close.Do(func() {
		close(j.closed)
		<-j.done
		j.mu.Lock()
		j.seal()
		j.mu.Unlock()
		j.lock.Close()
	})
	return nil
}
