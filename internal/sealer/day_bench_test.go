package sealer

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"powerline/internal/postgres"
	"powerline/recordings"
)

// BenchmarkDay is line 7 of what must hold: a day's conversations, from the spool in
// memory through encryption into a store on this machine's disk, a manifest each, and
// into the chain of a real PostgreSQL. The sealer has one core; PostgreSQL has another.
// The helpline's peak hour has about 63 conversations at once, 16 kB/s each: 1 MB/s.
//
// Not all lies on the disk at once: what is sealed is deleted after each hundred.
//
//	go test -run '^$' -bench Day -benchtime 1x ./internal/sealer
//	POWERLINE_LONG=1 … -timeout 30m   for all of the day's 28 GB
func BenchmarkDay(b *testing.B) {
	const (
		peak    = 1e6 // bytes a second
		seconds = 120 // of a conversation
		hundred = 100
		bytesOf = 2 * seconds * recordings.Rate // of a conversation, both sides
	)
	volume := int64(1e9)
	if os.Getenv("POWERLINE_LONG") != "" {
		volume = 28e9
	}
	p := newPlace(b)
	p.SealWithin = time.Minute
	p.Log = slog.New(slog.DiscardHandler)
	sealed := b.TempDir()
	store, err := recordings.OpenDisk(sealed)
	if err != nil {
		b.Fatal(err)
	}
	p.Store = store
	s, err := New(p.Options)
	if err != nil {
		b.Fatal(err)
	}
	s.heard(p.DB.Ping(b.Context()))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	side := bytes.Repeat([]byte{0x35, 0xB1, 0x0C, 0xD5}, seconds*recordings.Rate/4)
	for b.Loop() {
		var took, cpu time.Duration
		var done, first, most int64
		for done < volume {
			ids := p.lay(b, hundred, side)
			before, began := processorTime(b), time.Now()
			for left := hundred; left > 0; left = waiting(b, s) {
				s.round(b.Context())
			}
			took, cpu = took+time.Since(began), cpu+processorTime(b)-before
			done += hundred * bytesOf
			for _, id := range ids {
				if err := os.Remove(filepath.Join(sealed, id.Object())); err != nil {
					b.Fatal(err)
				}
			}
			most = max(most, heap())
			if first == 0 {
				first = most
			}
		}
		b.ReportMetric(float64(done)/1e9, "GB")
		b.ReportMetric(float64(done)/1e6/took.Seconds(), "MB/s")
		b.ReportMetric(float64(done)/took.Seconds()/peak, "x-peak")
		b.ReportMetric(cpu.Seconds()/(float64(done)/1e9), "CPU-s/GB")
		b.ReportMetric(float64(first)/1e6, "MB-heap-first")
		b.ReportMetric(float64(most)/1e6, "MB-heap-most")
		if rate := float64(done) / took.Seconds(); rate < 20*peak {
			b.Errorf("%.1f MB/s are sealed: less than twenty times the peak", rate/1e6)
		}
		if most > 2*first+16<<20 {
			b.Errorf("the heap grew from %d to %d bytes", first, most)
		}
	}
}

// lay leaves the plain files of so many conversations in the spool, closed a while
// ago, and their rows in the database.
func (p *place) lay(b *testing.B, n int, side []byte) (ids []recordings.ID) {
	b.Helper()
	past := time.Now().Add(-5 * time.Second)
	talked := recordings.Length(int64(len(side)))
	var rows []postgres.Record
	for range n {
		id := recordings.NewID()
		for _, of := range []recordings.Side{recordings.Heard, recordings.Spoken} {
			path := p.Spool.Path(id, of)
			if err := errors.Join(os.WriteFile(path, side, 0o600), os.Chtimes(path, past, past)); err != nil {
				b.Fatal(err)
			}
		}
		rows = append(rows,
			postgres.Recording{ID: id, Call: fmt.Sprint("call-", id), Offer: 1, Direction: "inbound", What: "phone", Agent: "w001", Host: "host", Begun: past.Add(-talked)},
			postgres.RecordingEnd{ID: id, Ended: past, Bridged: talked})
		ids = append(ids, id)
	}
	if err := p.DB.WriteRecords(b.Context(), rows); err != nil {
		b.Fatal(err)
	}
	return ids
}

// waiting is how many recordings are not yet through: in the spool, or not in the chain.
func waiting(b *testing.B, s *Sealer) int {
	b.Helper()
	plains, _, err := s.Spool.List()
	manifests, err2 := s.pending.List()
	if err := errors.Join(err, err2); err != nil {
		b.Fatal(err)
	}
	return len(plains) + len(manifests)
}

// processorTime is what this process has taken of all cores.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is how much of it is in use, without what can be collected.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
