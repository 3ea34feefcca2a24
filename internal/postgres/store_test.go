package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/cases"
	"powerline/district"
	"powerline/internal/journal"
)

// Each of these is a sentence about the end of an attempt that cannot be true.
func TestGivenAnEndThatCannotBeTrue_WhenWritten_ThenItIsKeptAsideAndTheNumberStaysLive(t *testing.T) {
	wrong := map[string]func(*AttemptEnd){
		"an end of nothing":                     func(e *AttemptEnd) { e.Attempt = "none" },
		"an answer that nobody gave":            func(e *AttemptEnd) { e.Result = "answered" },
		"busy, and answered":                    func(e *AttemptEnd) { e.Answered = e.Ended },
		"an answer before the dial":             func(e *AttemptEnd) { e.Result, e.Answered = "answered", e.Dialled.Add(-time.Second) },
		"an end before the dial":                func(e *AttemptEnd) { e.Ended = e.Dialled.Add(-time.Second) },
		"not placed, and dialled":               func(e *AttemptEnd) { e.Result = NotPlaced },
		"an answer to nothing that was dialled": func(e *AttemptEnd) { e.Result, e.Answered, e.Dialled = "answered", e.Ended, time.Time{} },
		"a result that does not exist":          func(e *AttemptEnd) { e.Result = "satisfied" },
		"a cause that does not exist":           func(e *AttemptEnd) { e.Q850 = 500 },
		"a status that does not exist":          func(e *AttemptEnd) { e.SIP = 20 },
		"a text that no column can hold":        func(e *AttemptEnd) { e.Detail = "a\x00b" },
	}
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	a := d.attempt(d.dueTask(monday), "dinesh", monday)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	good := AttemptEnd{Attempt: a.ID, Owner: "dialer-1", Result: "busy", Dialled: monday, Ended: monday.Add(time.Minute), Q850: 17, SIP: 486}
	for name, spoil := range wrong {
		if _, err := d.pool.Exec(t.Context(), "TRUNCATE refused_records"); err != nil {
			t.Fatal(err)
		}
		before := d.Refused()
		bad := good
		spoil(&bad)
		if err := d.WriteRecords(t.Context(), []Record{completed("c-" + name), bad}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d.Refused() != before+1 || d.count(t, "attempt_ends") != 0 || d.count(t, "live_numbers") != 1 {
			t.Errorf("%s: was taken", name)
		}
	}
	for range 2 {
		if err := d.WriteRecords(t.Context(), []Record{good}); err != nil {
			t.Fatal(err)
		}
	}
	if d.count(t, "attempt_ends") != 1 || d.count(t, "live_numbers") != 0 {
		t.Error("written twice, it must be there once, and the number free")
	}
	for _, sql := range []string{`UPDATE attempt_ends SET result = 'off'`, `DELETE FROM attempt_ends`, `TRUNCATE attempt_ends`, `UPDATE attempts SET agent = 'ekram'`, `DELETE FROM attempts`,
		`UPDATE attempt_outcomes SET outcome = 'warned'`, `TRUNCATE attempt_outcomes`, `DELETE FROM attempt_settlements`, `DELETE FROM tasks`} {
		if _, err := d.pool.Exec(t.Context(), sql); err == nil {
			t.Error("the past was changed: " + sql)
		}
	}
}

func TestGivenALiveNumber_WhenSomebodyFreesItByHand_ThenItIsRefused(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	if err := d.StartAttempt(t.Context(), d.rules, d.attempt(d.dueTask(monday), "dinesh", monday)); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`DELETE FROM live_numbers`, `DELETE FROM unsettled_attempts`} {
		if _, err := d.pool.Exec(t.Context(), sql); err == nil {
			t.Error("taken: " + sql)
		}
	}
}

// The promise that lets a dialer go on: PostgreSQL dies under a call, the end
// goes into the journal, and afterwards it is there once and the number free.
func TestGivenPostgresKilledDuringACall_WhenItEnds_ThenTheEndArrivesThroughTheJournal(t *testing.T) {
	d := openDesk(t)
	d.register(complaint(t, "r1"))
	a := d.attempt(d.dueTask(monday), "dinesh", monday)
	if err := d.StartAttempt(t.Context(), d.rules, a); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	w := journal.NewWriter[Record](j, d.DB, DecodeRecord, journal.WriterOptions{
		StoreTimeout: 200 * time.Millisecond, ReplayTimeout: 2 * time.Second, RetryEvery: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	server.Postgres.Kill()
	end := AttemptEnd{Attempt: a.ID, Owner: "dialer-1", Result: "no-answer", Dialled: monday, Ended: monday.Add(time.Minute)}
	for range 2 {
		if err := w.Write(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.StartAttempt(t.Context(), d.rules, a); err == nil {
		t.Error("an attempt started without a database")
	}
	if err := server.Postgres.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the journal is emptied", func() bool { return w.Stats().Direct })
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if d.count(t, "attempt_ends") != 1 || d.count(t, "live_numbers") != 0 || d.Refused() != 0 {
		t.Fatalf("%d ends, %d live", d.count(t, "attempt_ends"), d.count(t, "live_numbers"))
	}
	if s, err := d.Settle(t.Context(), d.rules, a.ID, monday.Add(time.Hour)); err != nil || s.Verdict != cases.Applied {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
}

func TestGivenWhatAnEndSays_WhenToldToTheLadder_ThenOnlyAnAnswerNeedsAWord(t *testing.T) {
	for _, c := range []struct {
		end   AttemptEnd
		cause cases.Cause
		ok    bool
	}{
		{AttemptEnd{Result: "busy", Dialled: noon}, cases.Busy, true},
		{AttemptEnd{Result: "answered", Dialled: noon, Answered: noon}, cases.Answered, false},
		{AttemptEnd{Result: NotPlaced}, cases.Network, true},
		{AttemptEnd{Result: Interrupted}, cases.Network, true},
		{AttemptEnd{Result: Interrupted, Dialled: noon}, cases.Cancelled, true},
		{AttemptEnd{Result: Interrupted, Dialled: noon, Answered: noon}, cases.Answered, false},
	} {
		if cause, ok := c.end.cause(); cause != c.cause || ok != c.ok {
			t.Errorf("%+v: %s, %v", c.end, cause, ok)
		}
	}
}

func TestGivenAnAudit_WhenARowIsChangedPutInOrTakenOut_ThenTheFirstBadRowIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		sql string
		bad int64
	}{
		"changed":              {`UPDATE audit SET actor = 'nobody' WHERE seq = 3`, 3},
		"moved in time":        {`UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 5`, 5},
		"taken out":            {`DELETE FROM audit WHERE seq = 4`, 4},
		"cut off":              {`DELETE FROM audit WHERE seq > 7`, 8},
		"changed and rehashed": {`UPDATE audit SET actor = 'nobody', hash = audit_hash((SELECT hash FROM audit WHERE seq = 2), seq, at, 'nobody', action, subject, detail) WHERE seq = 3`, 4},
		"last row rehashed":    {`UPDATE audit SET actor = 'nobody', hash = audit_hash((SELECT hash FROM audit WHERE seq = 9), seq, at, 'nobody', action, subject, detail) WHERE seq = 10`, 10},
		"put in":               {`INSERT INTO audit VALUES (11, now(), 'nobody', 'x', 'y', '{}', decode(repeat('00', 32), 'hex'))`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			db := setup(t)
			for i := range 10 {
				if err := db.Audit(t.Context(), Deed{At: noon.Add(time.Duration(i) * 1234567 * time.Microsecond), By: "ए" + fmt.Sprint(i), Action: "read", Subject: "c1", Detail: `{"n": 1}`}); err != nil {
					t.Fatal(err)
				}
			}
			rows, head, err := db.VerifyAudit(t.Context())
			if err != nil || rows != 10 || len(head) != sha256.Size {
				t.Fatalf("%d, %x, %v", rows, head, err)
			}
			// Somebody with all rights over the database.
			tamper := `ALTER TABLE audit DISABLE TRIGGER ALL; ` + c.sql + `; ALTER TABLE audit ENABLE TRIGGER ALL`
			for statement := range strings.SplitSeq(tamper, "; ") {
				if _, err := db.pool.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err = db.VerifyAudit(t.Context())
			var broken *BrokenAudit
			switch {
			case c.bad == 0 && err == nil: // behind the head nobody looks yet; the next row collides with it
				if err := db.Audit(t.Context(), Deed{At: noon, By: "asha", Action: "read"}); err == nil {
					t.Fatal("a row that was put in stays unseen")
				}
			case c.bad == 0 || !errors.As(err, &broken) || !errors.Is(err, ErrAuditBroken) || broken.Seq != c.bad:
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestGivenManyWhoAppendToTheAudit_WhenAtOnce_ThenTheChainHasOneOrder(t *testing.T) {
	db := setup(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 10 {
				if err := db.Audit(t.Context(), Deed{At: noon, By: fmt.Sprint("a", i), Action: "read"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if rows, _, err := db.VerifyAudit(t.Context()); err != nil || rows != 80 {
		t.Fatalf("%d, %v", rows, err)
	}
}

func TestTheDistrictsOfTheSchemaAreThoseOfTheList(t *testing.T) {
	db := setup(t)
	rows, err := db.pool.Query(t.Context(), `SELECT name FROM districts ORDER BY name COLLATE "C"`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if !slices.Equal(names, district.Names) {
		t.Fatalf("%v", names)
	}
}

func TestGivenAToken_WhenChecked_ThenItIsGoodUntilItExpiresIsRevokedOrItsAgentLeaves(t *testing.T) {
	d := openDesk(t)
	token, secret, err := d.MintToken(t.Context(), Token{Label: "desk 7", Access: AccessAgent, Agent: "asha", Made: noon, Expires: noon.Add(time.Hour)}, "operator")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.CheckToken(t.Context(), secret.Reveal(), noon); err != nil || got.ID != token.ID || got.Agent != "asha" || got.Access != AccessAgent {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := d.CheckToken(t.Context(), secret.Reveal(), noon.Add(time.Hour)); !errors.Is(err, ErrNoToken) {
		t.Errorf("expired: %v", err)
	}
	if _, err := d.CheckToken(t.Context(), secret.Reveal()+"x", noon); !errors.Is(err, ErrNoToken) {
		t.Errorf("forged: %v", err)
	}
	asha, err := d.Person(t.Context(), "asha")
	if err != nil {
		t.Fatal(err)
	}
	asha.Active = false
	if err := d.SetAgent(t.Context(), asha); err != nil {
		t.Fatal(err)
	}
	if _, err := d.CheckToken(t.Context(), secret.Reveal(), noon); !errors.Is(err, ErrNoToken) {
		t.Errorf("of somebody who left: %v", err)
	}
	service, other, err := d.MintToken(t.Context(), Token{Label: "web", Access: AccessService, Made: noon}, "operator")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.RevokeToken(t.Context(), service.ID, "operator", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := d.CheckToken(t.Context(), other.Reveal(), noon); !errors.Is(err, ErrNoToken) {
		t.Errorf("revoked: %v", err)
	}
	if err := d.RevokeToken(t.Context(), "k", "operator", noon); !errors.Is(err, ErrNoToken) {
		t.Error(err)
	}
	if _, _, err := d.MintToken(t.Context(), Token{Label: "x", Access: AccessSupervisor, Made: noon}, "operator"); err == nil {
		t.Error("a supervisor without a name")
	}
	if all, err := d.Tokens(t.Context()); err != nil || len(all) != 2 || strings.Contains(d.dump(t.Context()), secret.Reveal()) {
		t.Errorf("%v, %v", all, err)
	}
}

func TestGivenAnIdempotencyKey_WhenTheRequestComesAgain_ThenItIsAnsweredAndNotDoneAgain(t *testing.T) {
	db := setup(t)
	digest := sha256.Sum256([]byte("POST /cases"))
	r := Request{Owner: "k1", Key: "a", Digest: digest[:], At: noon}
	if reply, err := db.BeginRequest(t.Context(), r); err != nil || reply != nil {
		t.Fatalf("%v, %v", reply, err)
	}
	if _, err := db.BeginRequest(t.Context(), r); !errors.Is(err, ErrKeyInUse) {
		t.Fatalf("twice at once: %v", err)
	}
	late := r
	late.At = noon.Add(2 * time.Minute) // whoever began it died
	if reply, err := db.BeginRequest(t.Context(), late); err != nil || reply != nil {
		t.Fatalf("%v, %v", reply, err)
	}
	if err := db.EndRequest(t.Context(), r, Reply{Status: 201, Body: []byte(`{"id":"c1"}`)}); err != nil {
		t.Fatal(err)
	}
	if reply, err := db.BeginRequest(t.Context(), r); err != nil || reply == nil || reply.Status != 201 || !bytes.Equal(reply.Body, []byte(`{"id":"c1"}`)) {
		t.Fatalf("%v, %v", reply, err)
	}
	other := sha256.Sum256([]byte("POST /outcomes"))
	reused := r
	reused.Digest = other[:]
	if _, err := db.BeginRequest(t.Context(), reused); !errors.Is(err, ErrKeyReused) {
		t.Fatalf("%v", err)
	}
	stranger := r
	stranger.Owner = "k2"
	if reply, err := db.BeginRequest(t.Context(), stranger); err != nil || reply != nil {
		t.Fatalf("somebody else's key: %v, %v", reply, err)
	}
	if n, err := db.ForgetRequests(t.Context(), noon.Add(day)); err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
}

func TestGivenDeliveries_WhenTakenByMany_ThenEachIsMadeOnceOrTriedAgainOrGivenUp(t *testing.T) {
	d := openDesk(t)
	for i := range 12 {
		r := complaint(t, fmt.Sprint(i))
		r.Triage.Track = cases.ToPolice
		d.register(r)
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	var takers sync.WaitGroup
	for range 4 {
		takers.Go(func() {
			for {
				taken, err := d.TakeDeliveries(t.Context(), monday, time.Minute, 2)
				if err != nil {
					t.Error(err)
				}
				if len(taken) == 0 {
					return
				}
				for _, one := range taken {
					mu.Lock()
					seen[one.ID]++
					mu.Unlock()
				}
			}
		})
	}
	takers.Wait()
	if len(seen) != 12 {
		t.Fatalf("%d of 12 taken", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%d was taken %d times", id, n)
		}
	}
	again, err := d.TakeDeliveries(t.Context(), monday.Add(2*time.Minute), time.Minute, 100)
	if err != nil || len(again) != 12 || again[0].Tries != 2 || again[0].Topic != "dossier" {
		t.Fatalf("%v, %v", again, err)
	}
	for range 2 {
		if err := d.Delivered(t.Context(), again[0].ID, monday); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.PutOff(t.Context(), again[1].ID, monday.Add(time.Hour), "503"); err != nil {
		t.Fatal(err)
	}
	if err := d.GiveUp(t.Context(), again[2].ID, monday, "410"); err != nil {
		t.Fatal(err)
	}
	if err := d.PutOff(t.Context(), again[0].ID, monday, "x"); !errors.Is(err, ErrNotDelivered) {
		t.Errorf("a delivery that was made: %v", err)
	}
	if waiting, givenUp, err := d.Undelivered(t.Context()); err != nil || waiting != 10 || givenUp != 1 {
		t.Errorf("%d wait, %d given up, %v", waiting, givenUp, err)
	}
	if left, err := d.TakeDeliveries(t.Context(), monday.Add(10*time.Minute), time.Minute, 100); err != nil || len(left) != 9 {
		t.Errorf("%d, %v", len(left), err)
	}
}
