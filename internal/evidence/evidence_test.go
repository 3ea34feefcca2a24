package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"powerline/internal/postgres"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/recordings"
	"powerline/recordings/certificate"
)

var server *stack.Stack

func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true}, func(s *stack.Stack) int {
		server = s
		return m.Run()
	}))
}

// house is an archive of one test, and who may open it.
type house struct {
	*Archive
	t    *testing.T
	dir  string
	sql  *pgx.Conn // as the database's owner, who can do everything
	to   recordings.Recipients
	ids  []recordings.ID
	next int
}

func newHouse(t *testing.T, n int) *house {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), server.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(context.Background())
	name := fmt.Sprintf("t%d", time.Now().UnixNano())
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	dsn := strings.Replace(server.Postgres.URL, "/postgres?", "/"+name+"?", 1)
	h := &house{t: t, dir: t.TempDir(), Archive: &Archive{SealWithin: time.Second}}
	if h.DB, err = postgres.Open(t.Context(), dsn, postgres.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.DB.Close)
	if err := h.DB.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.sql, err = pgx.Connect(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.sql.Close(context.Background()) })
	if h.Store, err = recordings.OpenDisk(filepath.Join(h.dir, "store")); err != nil {
		t.Fatal(err)
	}
	h.to, h.Identities = persons(t)
	for range n {
		h.seal("")
	}
	return h
}

func persons(t *testing.T) (recordings.Recipients, recordings.Identities) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	to, err := recordings.ParseRecipients([]byte(id.Recipient().String()))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := recordings.ParseIdentities([]byte(id.String()))
	if err != nil {
		t.Fatal(err)
	}
	return to, ids
}

// begun is when the test's conversations begin, one a minute.
var begun = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// seal makes a sealed recording of two seconds, as the sealer does. Its call is
// its own unless one is given.
func (h *house) seal(call string) recordings.ID {
	h.t.Helper()
	h.next++
	id := recordings.NewID()
	if call == "" {
		call = fmt.Sprintf("call-%d", h.next)
	}
	at := begun.Add(time.Duration(h.next) * time.Minute)
	h.write(postgres.Recording{ID: id, Call: call, Offer: 1, Direction: "inbound", What: "phone", Agent: "w001", Host: "host", Begun: at},
		postgres.RecordingEnd{ID: id, Ended: at.Add(2 * time.Second), Bridged: 2 * time.Second})
	k, err := h.DB.KeyFor(h.t.Context(), id, h.to.NewKey)
	if err != nil {
		h.t.Fatal(err)
	}
	m := recordings.Manifest{ID: id, Host: "host", SealedAt: at.Add(5 * time.Second), Object: id.Object(), Key: k.ID, Public: k.Public}
	side := func(b byte) recordings.Raw {
		return recordings.Raw{From: bytes.NewReader(bytes.Repeat([]byte{b}, 2*recordings.Rate)), Samples: 2 * recordings.Rate}
	}
	err = h.Store.Put(h.t.Context(), m.Object, func(w io.Writer) (err error) {
		m.Content, err = recordings.Seal(w, side(0x10+byte(h.next)), side(0x20), k.Public)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if _, _, err := h.DB.EnterSealed(h.t.Context(), m); err != nil {
		h.t.Fatal(err)
	}
	h.ids = append(h.ids, id)
	return id
}

func (h *house) write(all ...postgres.Record) {
	h.t.Helper()
	if err := h.DB.WriteRecords(h.t.Context(), all); err != nil {
		h.t.Fatal(err)
	}
}

// breaks does what only the database's owner can: with the triggers off.
func (h *house) breaks(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.sql.Exec(h.t.Context(), "SET session_replication_role = replica"); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.sql.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.sql.Exec(h.t.Context(), "SET session_replication_role = origin"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) verify(s Scope) Report {
	h.t.Helper()
	r, err := h.Verify(h.t.Context(), s, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// first is the first bad thing in words; empty if all is well.
func first(r Report) string {
	if r.Good() {
		return ""
	}
	return r.Bad[0].String()
}

func (h *house) path(i int) string { return filepath.Join(h.dir, "store", h.ids[i].Object()) }

func TestGivenSealedRecordings_WhenVerified_ThenAllIsWell(t *testing.T) {
	h := newHouse(t, 3)
	if r := h.verify(Scope{}); !r.Good() || r.Checked != 3 || !r.Opened || r.ChainRows != 3 {
		t.Errorf("%+v", r)
	}
	if r := h.verify(Scope{ID: h.ids[1]}); !r.Good() || r.Checked != 1 {
		t.Errorf("%+v", r)
	}
	if r := h.verify(Scope{From: begun.Add(2 * time.Minute), To: begun.Add(3 * time.Minute)}); !r.Good() || r.Checked != 1 {
		t.Errorf("%+v", r)
	}
	h.Identities = recordings.Identities{}
	if r := h.verify(Scope{}); !r.Good() || r.Checked != 3 || r.Opened {
		t.Errorf("without an identity: %+v", r)
	}
}

// Line 4 of what must hold: a byte of a file, a row, the order.
func TestGivenAnythingIsChanged_WhenVerified_ThenTheFirstBadOneIsNamed(t *testing.T) {
	flip := func(path string, at int) func(*house) {
		return func(h *house) {
			text, err := os.ReadFile(path)
			if err != nil {
				h.t.Fatal(err)
			}
			text[(at+len(text))%len(text)] ^= 1
			if err := os.WriteFile(path, text, 0o600); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	for name, one := range map[string]struct {
		change func(*house)
		want   func(*house) string // the beginning of what is named
	}{
		"a byte of the header": {func(h *house) { flip(h.path(1), 30)(h) }, named(1, 2, recordings.FaultChanged)},
		"a byte of the sound":  {func(h *house) { flip(h.path(1), -100)(h) }, named(1, 2, recordings.FaultChanged)},
		"two files":            {func(h *house) { flip(h.path(2), 500)(h); flip(h.path(1), 500)(h) }, named(1, 2, recordings.FaultChanged)},
		"a file is gone":       {func(h *house) { _ = os.Remove(h.path(1)) }, named(1, 2, recordings.FaultNoObject)},
		"a file cut short":     {func(h *house) { _ = os.Truncate(h.path(1), 1000) }, named(1, 2, recordings.FaultChanged)},
		"another in its place": {func(h *house) { _ = os.Rename(h.path(2), h.path(1)) }, named(1, 2, recordings.FaultChanged)},
		"a digest in the chain": {func(h *house) {
			h.breaks(`UPDATE recording_chain SET detail = replace(detail, '"sha256":"', '"sha256":"0') WHERE seq = 2`)
		}, broken(2)},
		"a time in the chain": {func(h *house) {
			h.breaks(`UPDATE recording_chain SET at = at + interval '1 microsecond' WHERE seq = 2`)
		}, broken(2)},
		"a row taken out":        {func(h *house) { h.breaks(`DELETE FROM recording_chain WHERE seq = 2`) }, broken(2)},
		"the last row taken out": {func(h *house) { h.breaks(`DELETE FROM recording_chain WHERE seq = 4`) }, broken(4)},
		"two rows swapped": {func(h *house) {
			h.breaks(`UPDATE recording_chain SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)`)
			h.breaks(`UPDATE recording_chain SET seq = -seq WHERE seq < 0`)
		}, broken(2)},
		"the head":             {func(h *house) { h.breaks(`UPDATE recording_chain_head SET hash = decode(repeat('11', 32), 'hex')`) }, broken(4)},
		"whose it was":         {func(h *house) { h.breaks(`UPDATE recordings SET agent = 'w002' WHERE id = $1`, string(h.ids[1])) }, named(1, 2, recordings.FaultRow)},
		"how long they talked": {func(h *house) { h.breaks(`UPDATE recording_ends SET bridged_ms = 900 WHERE id = $1`, string(h.ids[1])) }, named(1, 2, recordings.FaultRow)},
		"its row is gone":      {func(h *house) { h.breaks(`DELETE FROM recordings WHERE id = $1`, string(h.ids[1])) }, named(1, 2, recordings.FaultRow)},
		"a key destroyed by hand": {func(h *house) {
			h.breaks(`UPDATE recording_keys SET wrapped = NULL, destroyed_at = now() WHERE scope = 'call:call-2'`)
		}, named(1, 2, recordings.FaultOpened)},
		"a recording never sealed": {func(h *house) {
			h.write(postgres.Recording{ID: "raaaaaaaaaaaaaaaaaaaaaaaaa", Call: "x", Offer: 1, Direction: "inbound", What: "phone", Agent: "w001", Host: "host", Begun: begun},
				postgres.RecordingEnd{ID: "raaaaaaaaaaaaaaaaaaaaaaaaa", Ended: begun.Add(time.Second), Bridged: time.Second})
		}, func(*house) string { return "raaaaaaaaaaaaaaaaaaaaaaaaa: " + recordings.FaultUnsealed }},
		"a conversation never recorded": {func(h *house) {
			h.write(postgres.CallRecord{
				ID: "talked", Site: "s", Owner: "a", Line: "1090", LineKind: "helpline", Pool: "women", Category: "phone", Language: "hi",
				Arrived: begun.Add(time.Hour), Queued: begun.Add(time.Hour), Answered: begun.Add(time.Hour), Ended: begun.Add(2 * time.Hour),
				Outcome: "complete-caller", Offers: 1, Agent: "w001", Spoken: []string{"w001"}, TalkMS: 3600_000,
			})
		}, func(*house) string { return "talked: " + recordings.FaultNoRow }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 4)
			one.change(h)
			if got, want := first(h.verify(Scope{})), one.want(h); !strings.HasPrefix(got, want) || want == "" {
				t.Errorf("named is %q, want %q", got, want)
			}
		})
	}
}

func named(i int, row int64, why string) func(*house) string {
	return func(h *house) string { return fmt.Sprintf("row %d of the chain, %s: %s", row, h.ids[i], why) }
}

func broken(row int64) func(*house) string {
	return func(*house) string { return fmt.Sprintf("row %d of the chain", row) }
}

func TestGivenAnAnchorKeptElsewhere_WhenTheWholeChainIsWrittenAnew_ThenItShows(t *testing.T) {
	h := newHouse(t, 3)
	h.AnchorDir = filepath.Join(h.dir, "anchors")
	seq, hash, err := h.DB.ChainHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, err := recordings.Sign(bytes.Repeat([]byte{5}, 32), seq, hash, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := recordings.WriteAnchor(t.Context(), h.AnchorDir, a); err != nil {
		t.Fatal(err)
	}
	if r := h.verify(Scope{}); !r.Good() || r.Anchors != 1 {
		t.Errorf("%+v", r)
	}
	// The owner of the database writes the last row and the head anew, by the formula.
	h.breaks(`UPDATE recording_chain SET detail = detail || ' ' WHERE seq = 3`)
	h.breaks(`UPDATE recording_chain c SET hash = sha256(b.hash || audit_part(c.seq::text) || audit_part(to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
		|| audit_part(c.what) || audit_part(c.recording) || audit_part(c.detail)) FROM recording_chain b WHERE c.seq = 3 AND b.seq = 2`)
	h.breaks(`UPDATE recording_chain_head SET hash = (SELECT hash FROM recording_chain WHERE seq = 3)`)
	if got := first(h.verify(Scope{})); !strings.HasPrefix(got, "row 3 of the chain") || !strings.Contains(got, "anchor") {
		t.Errorf("named is %q", got)
	}
	h.AnchorDir = ""
	if r := h.verify(Scope{}); !r.Good() {
		t.Errorf("the test is wrong: without the anchor it shows as well: %+v", r)
	}
}

// Line 2 of what must hold: wrong key, rotated key, shredded case.
func TestGivenKeys_WhenTheyAreOthersRotatedOrDestroyed_ThenWhatOpensIsWhatShould(t *testing.T) {
	h := newHouse(t, 3)
	by := postgres.By{Actor: "operator:test", At: time.Now(), Why: "order 7"}
	others, otherIDs := persons(t)
	mine := h.Identities
	h.Identities = otherIDs
	if _, err := h.Audio(t.Context(), h.ids[0]); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("others' identity: %v", err)
	}
	if got := first(h.verify(Scope{ID: h.ids[0]})); !strings.Contains(got, recordings.FaultOpened) {
		t.Errorf("verified with others' identity: %q", got)
	}
	h.Identities = mine
	done, closed, err := h.Rewrap(t.Context(), others, by)
	if err != nil || done != 3 || closed != 0 {
		t.Fatalf("%d wrapped again, %d closed, %v", done, closed, err)
	}
	h.to, h.Identities = others, otherIDs
	h.seal("") // after the rotation
	for _, id := range h.ids {
		a, err := h.Audio(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 4)
		if _, err := a.ReadAt(head, 0); err != nil || string(head) != "RIFF" {
			t.Errorf("%s plays %q (%v)", id, head, err)
		}
		a.Close()
	}
	if r := h.verify(Scope{}); !r.Good() || r.Checked != 4 {
		t.Errorf("%+v", r)
	}
	if done, closed, err = h.Rewrap(t.Context(), others, by); err != nil || closed != 0 || done != 4 {
		t.Errorf("again: %d, %d, %v", done, closed, err)
	}
	h.Identities = mine
	if _, err := h.Audio(t.Context(), h.ids[0]); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("the old identity still opens: %v", err)
	}
	if rows, _, err := h.DB.VerifyAudit(t.Context()); err != nil || rows != 2 {
		t.Errorf("%d rows of the audit, %v", rows, err)
	}
}

// aCase makes a case that was told in a call, by SQL: how it comes about is not
// this package's.
func (h *house) aCase(id, call string, closed time.Time) {
	h.t.Helper()
	state, closure, nexts := "registered", "", 1
	since := begun
	if !closed.IsZero() {
		state, closure, nexts, since = "closed", "withdrawn", 0, closed
	}
	h.breaks(`INSERT INTO cases (id, docket, version, state, since, cycle, concern, barred, closure, nexts, district, category, call, registered_at, registered_by, doc)
		VALUES ($1, $2, 1, $3, $4, 1, '', '', $5, $6, 'Lucknow', 'phone', $7, $8, 'w001', jsonb_build_object('id', $1::text, 'version', 1, 'state', $3::text))`,
		id, fmt.Sprintf("1%08d", h.next), state, since, closure, nexts, call, begun)
}

func TestGivenACase_WhenItIsShredded_ThenNothingOfItPlaysAndTheChainStillVerifies(t *testing.T) {
	h := newHouse(t, 1)
	before := h.seal("told") // sealed before anybody knew of a case
	const caseID = "caaaaaaaaaaaaaaaa"
	h.aCase(caseID, "told", time.Time{})
	after := h.seal("told") // sealed to the case's key
	other := h.ids[0]
	by := postgres.By{Actor: "operator:test", At: time.Now(), Why: "order 7"}
	if err := h.DB.Hold(t.Context(), postgres.RecordingScope(before), by); err != nil {
		t.Fatal(err)
	}
	if _, err := h.DB.ShredCase(t.Context(), caseID, by); !errors.Is(err, postgres.ErrHeld) {
		t.Errorf("while one is held: %v", err)
	}
	if _, err := h.Audio(t.Context(), after); err != nil {
		t.Errorf("what was refused destroyed something: %v", err)
	}
	if err := h.DB.ReleaseHold(t.Context(), postgres.RecordingScope(before), by); err != nil {
		t.Fatal(err)
	}
	ids, err := h.DB.ShredCase(t.Context(), caseID, by)
	if err != nil || len(ids) != 2 {
		t.Fatalf("%v, %v", ids, err)
	}
	for _, id := range []recordings.ID{before, after} {
		if _, err := h.Audio(t.Context(), id); !errors.Is(err, recordings.ErrShredded) {
			t.Errorf("it plays: %v", err)
		}
	}
	if a, err := h.Audio(t.Context(), other); err != nil {
		t.Errorf("somebody else's does not: %v", err)
	} else {
		a.Close()
	}
	if r := h.verify(Scope{}); !r.Good() || r.Shredded != 2 || r.Checked != 3 {
		t.Errorf("%+v", r)
	}
	// What is recorded of the case from now on has another key, and plays.
	if a, err := h.Audio(t.Context(), h.seal("told")); err != nil {
		t.Errorf("a later recording: %v", err)
	} else {
		a.Close()
	}
	if ids, err := h.DB.ShredCase(t.Context(), caseID, by); err != nil || len(ids) != 1 {
		t.Errorf("shredded again: %v, %v", ids, err)
	}
	if _, _, err := h.DB.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestGivenTimesThatAreOver_WhenExpired_ThenOnlyThoseGoAndTheChainStillVerifies(t *testing.T) {
	h := newHouse(t, 2)
	day := 24 * time.Hour
	open, closed, held := h.seal("open"), h.seal("closed"), h.seal("")
	h.aCase("caaaaaaaaaaaaaaaa", "open", time.Time{})
	h.next++
	h.aCase("cbbbbbbbbbbbbbbbb", "closed", begun.Add(10*day))
	by := postgres.By{Actor: "operator:test", At: time.Now(), Why: "FIR 12"}
	if err := h.DB.Hold(t.Context(), postgres.RecordingScope(held), by); err != nil {
		t.Fatal(err)
	}
	keep := recordings.Keep{NoCase: 90 * day, Case: 365 * day}
	expire := func(now time.Time, want ...recordings.ID) {
		t.Helper()
		dry, err := h.Expire(t.Context(), keep, now, "engine", true)
		if err != nil {
			t.Fatal(err)
		}
		gone, err := h.Expire(t.Context(), keep, now, "engine", false)
		if err != nil || fmt.Sprint(gone) != fmt.Sprint(want) || fmt.Sprint(dry) != fmt.Sprint(want) {
			t.Errorf("gone are %v (announced %v, %v), want %v", gone, dry, err, want)
		}
	}
	expire(begun.Add(89 * day))
	expire(begun.Add(91*day), h.ids[0], h.ids[1])
	for _, i := range []int{0, 1} {
		if _, err := os.Stat(h.path(i)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is there still: %v", err)
		}
		if _, err := h.Audio(t.Context(), h.ids[i]); !errors.Is(err, ErrRemoved) {
			t.Errorf("it plays: %v", err)
		}
	}
	expire(begun.Add(374 * day))
	expire(begun.Add(376*day), closed)
	if r := h.verify(Scope{}); !r.Good() || r.Removed != 3 || r.Checked != 2 {
		t.Errorf("%+v", r)
	}
	for _, id := range []recordings.ID{open, held} {
		a, err := h.Audio(t.Context(), id)
		if err != nil {
			t.Fatalf("what must be kept: %v", err)
		}
		a.Close()
	}
	// A crash came between row and file.
	if err := h.Store.Put(t.Context(), closed.Object(), func(w io.Writer) error { _, err := w.Write([]byte("left over")); return err }); err != nil {
		t.Fatal(err)
	}
	expire(begun.Add(377 * day))
	if _, err := h.Store.Open(t.Context(), closed.Object()); !errors.Is(err, recordings.ErrNoObject) {
		t.Errorf("what a crash left is there still: %v", err)
	}
}

func TestGivenARecording_WhenItIsCertified_ThenThePapersSayWhatTheChainSaysAndTheAuditWho(t *testing.T) {
	h := newHouse(t, 2)
	by := postgres.By{Actor: "operator:Insp. A", At: time.Now(), Why: "CJM 44/2026"}
	p, err := h.Certify(t.Context(), h.ids[1], by, certificate.Device{Kind: "Server", Make: "Maker", Serial: "S1"})
	if err != nil {
		t.Fatal(err)
	}
	if p.Row != 2 || !p.Opened || p.Sealed.SHA256 == (recordings.Digest{}) || p.Order != by.Why {
		t.Errorf("%+v", p)
	}
	var pdf bytes.Buffer
	if err := p.WritePDF(&pdf); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) || pdf.Len() < 3000 {
		t.Errorf("%d bytes that begin %q", pdf.Len(), pdf.Bytes()[:8])
	}
	if dir := os.Getenv("ARTEFACTS"); dir != "" {
		_ = os.WriteFile(filepath.Join(dir, "certificate.pdf"), pdf.Bytes(), 0o600)
	}
	deeds, err := h.DB.Deeds(t.Context(), 0, 10)
	if err != nil || len(deeds) != 1 || deeds[0].Action != "recording-certified" || deeds[0].By != by.Actor {
		t.Errorf("the audit says %+v (%v)", deeds, err)
	}
	// What is not what was sealed is not certified.
	if err := os.Truncate(h.path(0), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Certify(t.Context(), h.ids[0], by, certificate.Device{}); !errors.As(err, new(*recordings.Fault)) {
		t.Errorf("a damaged recording: %v", err)
	}
}
