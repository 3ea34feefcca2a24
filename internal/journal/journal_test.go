package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("JOURNAL_TEST_APPEND_TO"); dir != "" {
		appendForEver(dir)
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func add(t testing.TB, j *Journal, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := j.Append(t.Context(), "call", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
}

// collect replays everything and returns the numbers in order.
func collect(t testing.TB, j *Journal) []int {
	t.Helper()
	var got []int
	err := j.Replay(t.Context(), func(_ context.Context, batch []Entry) error {
		for _, e := range batch {
			got = append(got, number(t, e))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func number(t testing.TB, e Entry) int {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(string(e.Data), `{"n":`), "}"))
	if err != nil || e.Kind != "call" {
		t.Fatalf("not what was appended: %q %q", e.Kind, e.Data)
	}
	return n
}

func wantRange(t testing.TB, got []int, from, to int) {
	t.Helper()
	if len(got) != to-from {
		t.Fatalf("got %d records, want %d", len(got), to-from)
	}
	for i, n := range got {
		if n != from+i {
			t.Fatalf("record %d is number %d, want %d", i, n, from+i)
		}
	}
}

func files(t testing.TB, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestGivenRecords_WhenReopenedAndReplayed_ThenAllComeInOrderAndTheFilesAreGone(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{SegmentBytes: 200, Batch: 3})
	add(t, j, 0, 50)
	j.Close()
	if n := len(files(t, dir, "*.journal")); n < 5 {
		t.Fatalf("want several segments, got %d", n)
	}
	j = open(t, dir, Options{SegmentBytes: 200, Batch: 3})
	add(t, j, 50, 60)
	if s := j.Stats(); s.Records != 60 || s.Bytes == 0 || s.Oldest.IsZero() {
		t.Fatalf("figures before: %+v", s)
	}
	wantRange(t, collect(t, j), 0, 60)
	if left := files(t, dir, "*.journal"); len(left) != 0 || !j.Empty() {
		t.Fatalf("left behind: %v", left)
	}
	if s := j.Stats(); s.Records != 0 || s.Bytes != 0 || s.Replayed != 60 || !s.Oldest.IsZero() {
		t.Fatalf("figures after: %+v", s)
	}
	add(t, j, 60, 61)
	wantRange(t, collect(t, j), 60, 61)
}

func TestGivenAReplay_WhenRecordsAreAppendedMeanwhile_ThenTheyFollow(t *testing.T) {
	j := open(t, t.TempDir(), Options{Batch: 2})
	add(t, j, 0, 5)
	var got []int
	err := j.Replay(t.Context(), func(_ context.Context, batch []Entry) error {
		for _, e := range batch {
			got = append(got, number(t, e))
		}
		if len(got) == 2 {
			add(t, j, 5, 12)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantRange(t, got, 0, 12)
}

func TestGivenAReplayThatFailsInTheMiddle_WhenRepeated_ThenNothingIsMissing(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 100, Batch: 2})
	add(t, j, 0, 30)
	broken := errors.New("the database went away")
	seen := map[int]bool{}
	for attempt := range 40 {
		n := 0
		err := j.Replay(t.Context(), func(_ context.Context, batch []Entry) error {
			if n++; n > 3 {
				return broken
			}
			for _, e := range batch {
				seen[number(t, e)] = true
			}
			return nil
		})
		if err == nil {
			if len(seen) != 30 {
				t.Fatalf("saw %d of 30", len(seen))
			}
			return
		}
		if !errors.Is(err, broken) {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
	}
	t.Fatal("never finished although each attempt takes three batches")
}

func TestGivenManyCallers_WhenTheyAppendAtOnce_ThenTheyShareSyncs(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	var all sync.WaitGroup
	for i := range 400 {
		all.Go(func() {
			if err := j.Append(t.Context(), "call", fmt.Appendf(nil, `{"n":%d}`, i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := j.Stats()
	t.Logf("%d records in %d syncs", s.Appended, s.Syncs)
	if s.Records != 400 || s.Syncs >= 400 {
		t.Fatalf("want 400 records in fewer syncs, got %d in %d", s.Records, s.Syncs)
	}
	if got := collect(t, j); len(got) != 400 {
		t.Fatalf("got %d back", len(got))
	}
}

func TestGivenATailTornAnywhere_WhenOpened_ThenExactlyTheWholeRecordsAreThere(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	var ends []int64
	for i := range 4 {
		add(t, j, i, i+1)
		ends = append(ends, j.Stats().Bytes)
	}
	j.Close()
	whole, err := os.ReadFile(files(t, dir, "*.journal")[0])
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		dir := t.TempDir()
		torn := whole[:cut]
		if cut%2 == 1 { // the other way to be torn: room that was never written
			torn = append(bytes.Clone(torn), make([]byte, 64)...)
		}
		if err := os.WriteFile(filepath.Join(dir, "000000000000.journal"), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, end := range ends {
			if int64(cut) >= end {
				want++
			}
		}
		j := open(t, dir, Options{})
		got := collect(t, j)
		wantRange(t, got, 0, want)
		j.Close()
	}
}

func TestGivenABadByteInTheMiddle_WhenOpened_ThenTheRestIsSetAsideAndLaterSegmentsFollow(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{SegmentBytes: 100})
	add(t, j, 0, 20)
	j.Close()
	first := files(t, dir, "*.journal")[0]
	text, _ := os.ReadFile(first)
	text[30] ^= 0x40 // inside the second record
	if err := os.WriteFile(first, text, 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir, Options{})
	got := collect(t, j)
	if s := j.Stats(); s.Damaged != 1 || got[0] != 0 || got[len(got)-1] != 19 {
		t.Fatalf("damaged %d, got %v", s.Damaged, got)
	}
	kept := files(t, dir, "*.damaged")
	if len(kept) != 1 {
		t.Fatalf("the bad bytes were not kept: %v", kept)
	}
	if info, _ := os.Stat(kept[0]); info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Fatalf("%v", info.Mode())
	}
}

func TestGivenTheQuota_WhenReached_ThenAppendRefusesUntilReplayed(t *testing.T) {
	j := open(t, t.TempDir(), Options{Quota: 200})
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		err = j.Append(t.Context(), "call", fmt.Appendf(nil, `{"n":%d}`, n))
	}
	if !errors.Is(err, ErrFull) || j.Stats().Bytes > 200 {
		t.Fatalf("after %d: %v, %d bytes", n, err, j.Stats().Bytes)
	}
	wantRange(t, collect(t, j), 0, n-1)
	add(t, j, 0, 1)
}

func TestGivenADiskThatFailsOnce_WhenAppending_ThenThatAppendFailsAndTheNextIsSafe(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	add(t, j, 0, 3)
	j.mu.Lock()
	j.file.Close() // the next write to it fails
	j.mu.Unlock()
	if err := j.Append(t.Context(), "call", []byte(`{"n":99}`)); err == nil {
		t.Fatal("a failed write was taken for a good one")
	}
	add(t, j, 3, 6)
	j.Close()
	j = open(t, dir, Options{})
	wantRange(t, collect(t, j), 0, 6)
}

func TestGivenAFolderInUse_WhenOpenedAgain_ThenItIsRefused(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	if second, err := Open(dir, Options{}); err == nil {
		second.Close()
		t.Fatal("two owners of one folder")
	}
	j.Close()
	open(t, dir, Options{})
}

func TestGivenAJournal_WhenLookedAt_ThenOnlyItsOwnerMayReadAndNamesSayNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir, Options{})
	add(t, j, 0, 1)
	if err := j.Refuse(Entry{Kind: "call", Data: []byte("x")}, "test"); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("folder is %v", info.Mode())
	}
	for _, name := range files(t, dir, "*") {
		if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", name, info.Mode())
		}
		if strings.ContainsAny(strings.TrimSuffix(filepath.Base(name), ".journal"), "123456789") {
			t.Errorf("%s: a name is a counter and nothing else", name)
		}
	}
}

func TestGivenAClosedJournal_WhenAppending_ThenItSaysSo(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	j.Close()
	if err := j.Append(context.Background(), "call", []byte("{}")); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
}

func TestGivenARecordOutOfBounds_WhenAppended_ThenOnlyItIsRefused(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	for _, e := range []Entry{{Kind: ""}, {Kind: strings.Repeat("k", 65)}, {Kind: "call", Data: make([]byte, maxRecord)}} {
		if err := j.Append(t.Context(), e.Kind, e.Data); !errors.Is(err, ErrBounds) {
			t.Errorf("%q: %v", e.Kind, err)
		}
	}
	add(t, j, 0, 1)
	wantRange(t, collect(t, j), 0, 1)
}

// appendForEver is the other process: it says each number once it is accepted.
func appendForEver(dir string) {
	j, err := Open(dir, Options{SegmentBytes: 4 << 10})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var mu sync.Mutex
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				n := i*4 + worker
				if err := j.Append(context.Background(), "call", fmt.Appendf(nil, `{"n":%d}`, n)); err != nil {
					os.Exit(1)
				}
				mu.Lock()
				fmt.Println(n)
				mu.Unlock()
			}
		}()
	}
	select {}
}

func TestGivenKillMinusNine_WhenReopened_ThenEveryAcceptedRecordIsThere(t *testing.T) {
	for round := range 3 {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "JOURNAL_TEST_APPEND_TO="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		accepted := map[int]bool{}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("the other process says %q", lines.Text())
			}
			accepted[n] = true
			if len(accepted) == 100+50*round {
				_ = cmd.Process.Kill() // what it still says until then counts too
			}
		}
		_ = cmd.Wait()
		j := open(t, dir, Options{})
		there := map[int]int{}
		for _, n := range collect(t, j) {
			there[n]++
		}
		for n := range accepted {
			if there[n] != 1 {
				t.Fatalf("round %d: number %d was accepted and is there %d times", round, n, there[n])
			}
		}
		t.Logf("round %d: %d accepted, %d found, torn %d", round, len(accepted), len(there), j.Stats().Torn)
		j.Close()
	}
}

// Law: a journal is a queue. Whatever is done to it, and however often the
// process restarts, what comes out is what went in, in order.
func TestJournalIsAQueue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "j")
		if err != nil {
			rt.Fatal(err)
		}
		opts := Options{SegmentBytes: int64(rapid.IntRange(1, 300).Draw(rt, "segment")), Batch: rapid.IntRange(1, 5).Draw(rt, "batch")}
		j, err := Open(dir, opts)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { j.Close() }()
		put, taken := 0, 0
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 2).Draw(rt, "step") {
			case 0:
				n := rapid.IntRange(1, 6).Draw(rt, "records")
				var entries []Entry
				for range n {
					entries = append(entries, Entry{Kind: "call", Data: fmt.Appendf(nil, `{"n":%d}`, put)})
					put++
				}
				if err := j.AppendAll(context.Background(), entries); err != nil {
					rt.Fatal(err)
				}
			case 1:
				j.Close()
				if j, err = Open(dir, opts); err != nil {
					rt.Fatal(err)
				}
			case 2:
				if err := j.Replay(context.Background(), func(_ context.Context, batch []Entry) error {
					for _, e := range batch {
						if n := number(t, e); n != taken {
							rt.Fatalf("got %d, want %d", n, taken)
						}
						taken++
					}
					return nil
				}); err != nil {
					rt.Fatal(err)
				}
				if taken != put || !j.Empty() {
					rt.Fatalf("took %d of %d", taken, put)
				}
			}
		}
	})
}

func FuzzSegment(f *testing.F) {
	good, _ := encode(nil, Entry{Kind: "call", Data: []byte(`{"n":1}`)})
	f.Add(good)
	f.Add(good[:9])
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "000000000000.journal"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		before := j.Stats().Records
		if err := j.Append(context.Background(), "new", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		var last Entry
		var n int64
		if err := j.Replay(context.Background(), func(_ context.Context, b []Entry) error {
			n, last = n+int64(len(b)), b[len(b)-1]
			return nil
		}); err != nil || n != before+1 || last.Kind != "new" {
			t.Fatalf("%d records, last %q: %v", n, last.Kind, err)
		}
	})
}
