package journal

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

type note struct {
	N   int    `json:"n"`
	Bad bool   `json:"bad,omitempty"`
	Fat string `json:"fat,omitempty"`
}

func (note) Kind() string { return "note" }

func decodeNote(kind string, data []byte) (note, error) {
	var n note
	err := json.Unmarshal(data, &n)
	if n.Bad {
		return n, errors.New("from another world")
	}
	return n, err
}

// fakeStore is a database that can be away, hang, or lose its answer after it
// has committed.
type fakeStore struct {
	mu         sync.Mutex
	away       bool
	hangs      bool
	loseAnswer int
	first      []int // in order of first arrival
	seen       map[int]bool
	writes     int
}

func (s *fakeStore) set(change func(*fakeStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *fakeStore) Ping(ctx context.Context) error { return s.WriteRecords(ctx, nil) }

func (s *fakeStore) WriteRecords(ctx context.Context, records []note) error {
	s.mu.Lock()
	if s.hangs {
		s.mu.Unlock()
		<-ctx.Done()
		return ctx.Err()
	}
	defer s.mu.Unlock()
	if s.away {
		return errors.New("away")
	}
	for _, r := range records {
		if !s.seen[r.N] {
			s.seen[r.N] = true
			s.first = append(s.first, r.N)
		}
	}
	if len(records) > 0 {
		s.writes++
		if s.loseAnswer > 0 {
			s.loseAnswer--
			return errors.New("committed, but the answer was lost")
		}
	}
	return nil
}

func (s *fakeStore) arrived() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int(nil), s.first...)
}

type rig struct {
	*Writer[note]
	store *fakeStore
	dir   string
	stop  func() error
}

func start(t *testing.T, dir string, j Options, o WriterOptions) rig {
	t.Helper()
	journal := open(t, dir, j)
	store := &fakeStore{seen: map[int]bool{}}
	o.StoreTimeout, o.ReplayTimeout, o.RetryEvery = 50*time.Millisecond, 200*time.Millisecond, 10*time.Millisecond
	w := NewWriter(journal, store, decodeNote, o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		err := <-ended
		journal.Close()
		return err
	})
	t.Cleanup(func() { stop() })
	return rig{w, store, dir, stop}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("not within 10 s: " + what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

func write(t *testing.T, w rig, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := w.Write(t.Context(), note{N: i}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGivenAHealthyStore_WhenWritten_ThenItIsThereAndTheJournalIsUntouched(t *testing.T) {
	w := start(t, t.TempDir(), Options{}, WriterOptions{})
	write(t, w, 0, 20)
	wantRange(t, w.store.arrived(), 0, 20)
	if s := w.Stats(); s.Stored != 20 || s.Journaled != 0 || !s.Direct || s.Journal.Appended != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestGivenTheStoreGoesAndComesBack_WhenWritingAllTheTime_ThenNothingIsLostOrOvertaken(t *testing.T) {
	w := start(t, t.TempDir(), Options{SegmentBytes: 200, Batch: 4}, WriterOptions{})
	write(t, w, 0, 10)
	w.store.set(func(s *fakeStore) { s.away = true })
	write(t, w, 10, 40)
	if s := w.Stats(); s.Journaled != 30 || s.Direct || s.Journal.Records != 30 {
		t.Fatalf("%+v", s)
	}
	w.store.set(func(s *fakeStore) { s.away, s.loseAnswer = false, 3 })
	write(t, w, 40, 120)
	eventually(t, "the journal is empty and the store written directly", func() bool { return w.Stats().Direct })
	write(t, w, 120, 130)
	wantRange(t, w.store.arrived(), 0, 130)
	if left := files(t, w.dir, "*.journal"); len(left) != 0 {
		t.Fatalf("left: %v", left)
	}
}

func TestGivenAStoreThatHangs_WhenWriting_ThenOneWriteWaitsForTheLimitAndTheOthersNotAtAll(t *testing.T) {
	w := start(t, t.TempDir(), Options{}, WriterOptions{})
	w.store.set(func(s *fakeStore) { s.hangs = true })
	began := time.Now()
	write(t, w, 0, 1)
	first := time.Since(began)
	write(t, w, 1, 30)
	if s := w.Stats(); s.StoreFailures != 1 || s.Journaled != 30 {
		t.Fatalf("%+v", s)
	}
	if first < 50*time.Millisecond {
		t.Fatalf("the store was not asked: %v", first)
	}
	w.store.set(func(s *fakeStore) { s.hangs = false })
	eventually(t, "all in the store", func() bool { return len(w.store.arrived()) == 30 })
	wantRange(t, w.store.arrived(), 0, 30)
}

func TestGivenAnAnswerThatIsLostAfterTheCommit_WhenReplayed_ThenNothingIsDoubled(t *testing.T) {
	w := start(t, t.TempDir(), Options{}, WriterOptions{})
	w.store.set(func(s *fakeStore) { s.loseAnswer = 1 })
	write(t, w, 0, 5)
	eventually(t, "direct again", func() bool { return w.Stats().Direct })
	wantRange(t, w.store.arrived(), 0, 5)
}

func TestGivenAJournalOfAnEarlierProcess_WhenStarted_ThenItIsReplayedBeforeAnythingNew(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir, Options{}, WriterOptions{})
	first.store.set(func(s *fakeStore) { s.away = true })
	write(t, first, 0, 10)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, dir, Options{}, WriterOptions{})
	write(t, second, 10, 20)
	eventually(t, "all there", func() bool { return len(second.store.arrived()) == 20 })
	wantRange(t, second.store.arrived(), 0, 20)
}

func TestGivenEventsThatNobodyWaitsFor_WhenAWriteIsAwaited_ThenTheyGoWithIt(t *testing.T) {
	w := start(t, t.TempDir(), Options{}, WriterOptions{Gather: time.Hour})
	for i := range 3 {
		if err := w.Submit(note{N: i}); err != nil {
			t.Fatal(err)
		}
	}
	write(t, w, 3, 4)
	wantRange(t, w.store.arrived(), 0, 4)
	w.store.set(func(s *fakeStore) {
		if s.writes != 1 {
			t.Errorf("%d writes", s.writes)
		}
	})
}

func TestGivenAWriteInCompany_WhenUrgentOnesCome_ThenItGoesWithOneOfThem(t *testing.T) {
	w := start(t, t.TempDir(), Options{}, WriterOptions{Gather: time.Hour})
	written := make(chan error, 1)
	go func() { written <- w.WriteInCompany(t.Context(), note{N: 0}) }()
	urgent := 0
	for done := false; !done; {
		urgent++
		write(t, w, urgent, urgent+1)
		select {
		case err := <-written:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
	w.store.set(func(s *fakeStore) {
		if s.writes != urgent {
			t.Errorf("%d writes for %d that were urgent", s.writes, urgent)
		}
	})
	if got := len(w.store.arrived()); got != urgent+1 {
		t.Errorf("%d of %d records are there", got, urgent+1)
	}
}

func TestGivenRecordsHandedOver_WhenStopped_ThenTheyAreBroughtToSafety(t *testing.T) {
	dir := t.TempDir()
	w := start(t, dir, Options{}, WriterOptions{Gather: time.Hour})
	w.store.set(func(s *fakeStore) { s.away = true })
	for i := range 500 {
		if err := w.Submit(note{N: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir, Options{})
	if got := j.Stats().Records; got != 500 {
		t.Fatalf("%d of 500 on disk", got)
	}
}

func TestGivenNeitherStoreNorDisk_WhenWriting_ThenMemoryIsBoundedAndNothingAcceptedIsLost(t *testing.T) {
	w := start(t, t.TempDir(), Options{Quota: 100}, WriterOptions{Queue: 10, Batch: 4})
	w.store.set(func(s *fakeStore) { s.away = true })
	accepted := 0
	eventually(t, "the writer says that it is busy", func() bool {
		if err := w.Submit(note{N: accepted}); errors.Is(err, ErrBusy) {
			return true
		}
		accepted++
		return false
	})
	if accepted > 100 {
		t.Fatalf("%d records were accepted into a queue of 10 writes", accepted)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := w.Write(ctx, note{N: -1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a full writer must wait no longer than its caller: %v", err)
	}
	w.store.set(func(s *fakeStore) { s.away = false })
	eventually(t, "all accepted ones are stored", func() bool { return len(w.store.arrived()) == accepted })
	wantRange(t, w.store.arrived(), 0, accepted)
}

func TestGivenRecordsThatCanNeverBeStored_WhenReplayed_ThenTheyAreKeptAsideAndTheOthersGoOn(t *testing.T) {
	var log strings.Builder
	dir := t.TempDir()
	w := start(t, dir, Options{}, WriterOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	w.store.set(func(s *fakeStore) { s.away = true })
	for _, n := range []note{{N: 0}, {N: 77, Bad: true}, {N: 1}, {N: 78, Fat: strings.Repeat("x", 2<<20)}, {N: 2}} {
		if err := w.Write(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	w.store.set(func(s *fakeStore) { s.away = false })
	eventually(t, "direct again", func() bool { return w.Stats().Direct })
	wantRange(t, w.store.arrived(), 0, 3)
	text, err := os.ReadFile(filepath.Join(dir, "refused.jsonl"))
	if err != nil || strings.Count(string(text), "\n") != 2 || w.Stats().Journal.Refused != 2 {
		t.Fatalf("%v, %d refused: %.200s", err, w.Stats().Journal.Refused, text)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "xxx") {
		t.Error("the log holds a record's content")
	}
}

func TestGivenManyCallers_WhenTheStoreFlaps_ThenEachRecordIsThereOnce(t *testing.T) {
	w := start(t, t.TempDir(), Options{SegmentBytes: 500}, WriterOptions{})
	var callers sync.WaitGroup
	for c := range 20 {
		callers.Go(func() {
			for i := range 25 {
				if err := w.Write(t.Context(), note{N: c*25 + i}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	flapping, done := context.WithCancel(t.Context())
	var flaps sync.WaitGroup
	flaps.Go(func() {
		for i := 0; flapping.Err() == nil; i++ {
			w.store.set(func(s *fakeStore) { s.away, s.hangs = i%3 == 1, i%7 == 3; s.loseAnswer = i % 2 })
			<-time.After(time.Millisecond)
		}
	})
	callers.Wait()
	done()
	flaps.Wait()
	w.store.set(func(s *fakeStore) { s.away, s.hangs, s.loseAnswer = false, false, 0 })
	eventually(t, "all there", func() bool { return len(w.store.arrived()) == 500 && w.Stats().Direct })
	last := map[int]int{}
	for _, n := range w.store.arrived() {
		if c := n / 25; n%25 < last[c] {
			t.Fatalf("caller %d: %d arrived after %d", c, n%25, last[c])
		} else {
			last[c] = n % 25
		}
	}
	t.Logf("%+v", w.Stats())
}
