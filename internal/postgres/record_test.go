package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"powerline/internal/journal"
)

var noon = time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)

func completed(id string) CallRecord {
	return CallRecord{
		ID: id, Site: "wpl", Owner: "a", Line: "1090", LineKind: "helpline", Pool: "women", Category: "phone", Language: "hi",
		Arrived: noon, Queued: noon.Add(8 * time.Second), Answered: noon.Add(12 * time.Second), Ended: noon.Add(5 * time.Minute),
		Outcome: "complete-caller", Offers: 2, Agent: "a001", Spoken: []string{"a001"},
		WaitMS: 4000, TalkMS: 288000, CallerFingerprint: strings.Repeat("0a", 16), CallerSealed: []byte{1, 2, 3},
	}
}

func abandoned(id string) CallRecord {
	return CallRecord{
		ID: id, Site: "wpl", Owner: "a", Line: "1090", LineKind: "helpline", Pool: "women", Category: "unclassified",
		Arrived: noon, Queued: noon.Add(8 * time.Second), Ended: noon.Add(30 * time.Second), Outcome: "abandoned-waiting", WaitMS: 22000,
	}
}

func TestGivenRecordsOfAllKinds_WhenWrittenTwice_ThenEachIsThereOnce(t *testing.T) {
	db := setup(t)
	all := []Record{
		completed("c1"), abandoned("c2"),
		CallEvent{CallID: "c1", Seq: 0, At: noon, Event: EnterQueue},
		CallEvent{CallID: "c1", Seq: 1, At: noon, Event: Connect, Agent: "a001", Data: json.RawMessage(`{"waitMs":4000}`)},
		AgentEvent{ID: "e1", Agent: "a001", At: noon, Event: AgentLogin},
	}
	for range 2 {
		if err := db.WriteRecords(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	for table, want := range map[string]int{"call_records": 2, "call_events": 2, "agent_events": 1, "refused_records": 0} {
		if n := db.count(t, table); n != want {
			t.Errorf("%s has %d rows, want %d", table, n, want)
		}
	}
	var outcome string
	var queued, answered *time.Time
	if err := db.pool.QueryRow(t.Context(), `SELECT outcome, queued_at, answered_at FROM call_records WHERE id = 'c2'`).Scan(&outcome, &queued, &answered); err != nil {
		t.Fatal(err)
	}
	if outcome != "abandoned-waiting" || answered != nil || !queued.Equal(noon.Add(8*time.Second)) {
		t.Errorf("read back %s %v %v", outcome, queued, answered)
	}
}

// Each of these is a sentence about calls that the schema must not let pass.
func TestGivenARecordThatCannotBeTrue_WhenWritten_ThenItIsKeptAsideAndTheOthersAreStored(t *testing.T) {
	wrong := map[string]func(*CallRecord){
		"a completed call without an agent":        func(r *CallRecord) { r.Agent = "" },
		"a completed call without an answer":       func(r *CallRecord) { r.Answered, r.Spoken, r.TalkMS = time.Time{}, nil, 0 },
		"an answer before the queue":               func(r *CallRecord) { r.Answered = noon.Add(time.Second) },
		"an end before the answer":                 func(r *CallRecord) { r.Ended = noon.Add(9 * time.Second) },
		"an end before the arrival":                func(r *CallRecord) { r.Arrived = noon.Add(time.Hour) },
		"an abandoned call with an agent":          func(r *CallRecord) { r.Outcome = "abandoned-ringing" },
		"an answer that nobody gave":               func(r *CallRecord) { r.Spoken = nil },
		"a negative wait":                          func(r *CallRecord) { r.WaitMS = -1 },
		"a completed call that nobody was offered": func(r *CallRecord) { r.Offers = 0 },
		"a kind of line that does not exist":       func(r *CallRecord) { r.LineKind = "hotline" },
		"a plain number as the fingerprint":        func(r *CallRecord) { r.CallerFingerprint = "+919876543210" },
		"a text that no text column can hold":      func(r *CallRecord) { r.Category = "a\x00b" },
		"more offers than a column can hold":       func(r *CallRecord) { r.Offers = 1 << 40 },
		"a moment that no column can hold":         func(r *CallRecord) { r.Ended = time.Date(400000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no id":                                    func(r *CallRecord) { r.ID = "" },
	}
	db := setup(t)
	for name, spoil := range wrong {
		t.Run(name, func(t *testing.T) {
			if _, err := db.pool.Exec(t.Context(), "TRUNCATE call_records, refused_records"); err != nil {
				t.Fatal(err)
			}
			before := db.Refused()
			bad := completed("bad")
			spoil(&bad)
			for range 2 { // a replay writes it again
				if err := db.WriteRecords(t.Context(), []Record{completed("c1"), bad, abandoned("c2")}); err != nil {
					t.Fatal(err)
				}
			}
			if n, r := db.count(t, "call_records"), db.count(t, "refused_records"); n != 2 || r != 1 || db.Refused() != before+1 {
				t.Fatalf("%d stored, %d refused, counted %d", n, r, db.Refused()-before)
			}
		})
	}
}

func TestGivenAServerThatIsAway_WhenWriting_ThenItFailsInTimeAndRefusesNothing(t *testing.T) {
	db, err := Open(t.Context(), "postgres://powerline@127.0.0.1:1/none", Options{ConnectTimeout: 200 * time.Millisecond, QueryTimeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	began := time.Now()
	if err := db.WriteRecords(t.Context(), []Record{completed("c1")}); err == nil || time.Since(began) > 2*time.Second {
		t.Fatalf("%v after %v", err, time.Since(began))
	}
	if db.Refused() != 0 {
		t.Fatal("an outage is no refusal")
	}
}

func TestRecordsSurviveTheJournal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(0, rapid.Int64Range(0, 4e18).Draw(t, "at")).UTC()
		var r Record
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			c := completed(rapid.String().Draw(t, "id"))
			c.Arrived, c.Outcome, c.CallerSealed = at, rapid.String().Draw(t, "outcome"), rapid.SliceOf(rapid.Byte()).Draw(t, "sealed")
			if len(c.CallerSealed) == 0 {
				c.CallerSealed = nil
			}
			r = c
		case 1:
			r = CallEvent{CallID: "c", Seq: rapid.Int64().Draw(t, "seq"), At: at, Event: Connect, Data: json.RawMessage(`{"a":1}`)}
		case 2:
			r = AgentEvent{ID: "e", Agent: "a", At: at, Event: AgentPause, Reason: rapid.String().Draw(t, "reason")}
		case 3:
			r = AttemptEnd{
				Attempt: rapid.String().Draw(t, "attempt"), Owner: "d", Agent: rapid.String().Draw(t, "agent"), Ended: at, Answered: at,
				Result: rapid.String().Draw(t, "result"), Q850: rapid.IntRange(0, 127).Draw(t, "q850"), SIP: rapid.Int().Draw(t, "sip"),
			}
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeRecord(r.Kind(), data)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(r, back); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(KindCall, []byte(`{"id":"c"}`))
	f.Add(KindCallEvent, []byte(`{"data":[]}`))
	f.Add(KindAttemptEnd, []byte(`{"attempt":"a","result":"busy","sip":486}`))
	f.Add("other", []byte(`{}`))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if r, err := DecodeRecord(kind, data); err == nil && (r.Kind() != kind || r.key() == "\x00") {
			t.Fatal("another kind came out")
		}
	})
}

// The promise of the whole: PostgreSQL is killed and frozen under load, and
// afterwards each record is there, once.
func TestGivenPostgresKilledAndFrozen_WhenRecordsAreWrittenAllTheTime_ThenNoneIsLostOrDoubled(t *testing.T) {
	db := setup(t)
	j, err := journal.Open(t.TempDir(), journal.Options{SegmentBytes: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	w := journal.NewWriter[Record](j, db, DecodeRecord, journal.WriterOptions{
		StoreTimeout: 200 * time.Millisecond, ReplayTimeout: 2 * time.Second, RetryEvery: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()

	writing, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	var mu sync.Mutex
	written, slowest := 0, time.Duration(0)
	for c := range 4 {
		writers.Go(func() {
			for i := 0; writing.Err() == nil; i++ {
				id := fmt.Sprintf("c%d-%d", c, i)
				began := time.Now()
				if err := w.Write(t.Context(), completed(id), CallEvent{CallID: id, At: noon, Event: EnterQueue}); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				written++
				slowest = max(slowest, time.Since(began))
				mu.Unlock()
				<-time.After(3 * time.Millisecond)
			}
		})
	}
	wrote := func(more int) {
		mu.Lock()
		target := written + more
		mu.Unlock()
		eventually(t, "writers go on", func() bool { mu.Lock(); defer mu.Unlock(); return written >= target })
	}
	wrote(100)
	for range 2 {
		server.Postgres.Kill()
		wrote(100)
		if err := server.Postgres.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "written directly again after the kill", func() bool { return w.Stats().Direct })
		wrote(50)
	}
	server.Postgres.Pause()
	wrote(100)
	server.Postgres.Resume()
	eventually(t, "written directly again after the freeze", func() bool { return w.Stats().Direct })
	wrote(50)
	stop()
	writers.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if r, e := db.count(t, "call_records"), db.count(t, "call_events"); r != written || e != written {
		t.Fatalf("%d calls written, %d records and %d events stored", written, r, e)
	}
	s := w.Stats()
	t.Logf("%d calls, %d records through the journal, slowest write %v", written, s.Journaled, slowest)
	if s.Journaled == 0 || !j.Empty() || db.Refused() != 0 {
		t.Fatalf("%+v", s)
	}
	if slowest > 3*time.Second {
		t.Errorf("a write waited %v", slowest)
	}
}

func TestGivenAFrozenServer_WhenAsked_ThenTheAnswerIsAnErrorInTime(t *testing.T) {
	db := setup(t)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Postgres.Pause()
	defer server.Postgres.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := db.RosterVersion(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
		t.Fatalf("%v after %v", err, time.Since(began))
	}
}
