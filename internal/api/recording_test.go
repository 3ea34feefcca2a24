package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/internal/postgres"
	"powerline/recordings"
)

// Recordings of the fake helpline: one of Asha's with a caller, one of Ravi's
// with an offender, one that is not sealed yet.
const (
	ashas    recordings.ID = "raaaaaaaaaaaaaaaaaaaaaaaaa"
	ravis    recordings.ID = "rmmmmmmmmmmmmmmmmmmmmmmmmm"
	unsealed recordings.ID = "ruuuuuuuuuuuuuuuuuuuuuuuuu"
	shredded recordings.ID = "rzzzzzzzzzzzzzzzzzzzzzzzzz"
)

// soundOf the fake: two seconds, as a plain recording is.
var soundOf = func() []byte {
	const samples = 2 * recordings.Rate
	var b bytes.Buffer
	for _, v := range []any{
		[]byte("RIFF"), uint32(50 + 2*samples), []byte("WAVEfmt "), uint32(18), uint16(6), uint16(2), uint32(recordings.Rate), uint32(2 * recordings.Rate),
		uint16(2), uint16(8), uint16(0), []byte("fact"), uint32(4), uint32(samples), []byte("data"), uint32(2 * samples),
	} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	for i := range samples {
		b.Write([]byte{byte(i), byte(i >> 8)})
	}
	return b.Bytes()
}()

type sound struct{ *bytes.Reader }

func (sound) Close() error   { return nil }
func (sound) Samples() int64 { return 2 * recordings.Rate }
func (sound) SHA256() string { return "digest" }

func (f *fake) Listen(_ context.Context, id recordings.ID) (Sound, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	if id == shredded {
		return nil, recordings.ErrShredded
	}
	return sound{bytes.NewReader(soundOf)}, nil
}

func (f *fake) Recording(_ context.Context, id recordings.ID) (postgres.RecordingFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.recordings[id]
	if f.down == nil && !ok {
		return r, postgres.ErrNoRecording
	}
	return r, f.down
}

func (f *fake) Recordings(_ context.Context, q postgres.RecordingsFilter) (all []postgres.RecordingFile, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.recordings {
		if q.Agent == "" || r.Agent == q.Agent {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b postgres.RecordingFile) int { return cmp.Compare(a.ID, b.ID) })
	return all, f.down
}

func (f *fake) Gaps(context.Context, recordings.ID, time.Time) ([]postgres.RecordingGap, error) {
	return []postgres.RecordingGap{{Why: recordings.WhyShort, At: time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC), Missing: time.Second}}, f.down
}

func (f *fake) NoteGap(_ context.Context, g postgres.RecordingGap) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gaps = append(f.gaps, g)
	return f.down
}

func (f *fake) Mute(_ context.Context, callID string, mute bool) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if callID != "call-2" {
		return false, nil
	}
	f.muted = mute
	return true, nil
}

func (f *fake) AskExport(_ context.Context, e postgres.Export) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.exports[e.ID]; !ok && f.down == nil {
		f.exports[e.ID] = e
	}
	return f.down
}

func (f *fake) ApproveExport(_ context.Context, id, by string, at time.Time) (postgres.Export, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.exports[id]
	switch {
	case f.down != nil:
		return e, f.down
	case !ok:
		return e, postgres.ErrNoRecording
	case e.AskedBy == by:
		return e, postgres.ErrNotAllowed
	}
	e.ApprovedBy, e.ApprovedAt = by, at
	f.exports[id] = e
	return e, nil
}

func (f *fake) Export(_ context.Context, id string) (postgres.Export, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.exports[id]
	if f.down == nil && !ok {
		return e, postgres.ErrNoRecording
	}
	return e, f.down
}

func (f *fake) Exports(_ context.Context, since time.Time) (all []postgres.Export, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.exports {
		if !e.AskedAt.Before(since) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b postgres.Export) int { return b.AskedAt.Compare(a.AskedAt) })
	return all, f.down
}

// withRecordings is a helpline in which some conversations were recorded.
func withRecordings(t testing.TB) *helpline {
	h := newHelpline(t)
	for _, r := range []postgres.RecordingFile{
		{Recording: postgres.Recording{ID: ashas, Call: "call-1", Agent: "a001", Direction: "inbound", What: "phone"}, Seq: 1, Key: "k"},
		{Recording: postgres.Recording{ID: ravis, Call: "out-1", Agent: "m001", Direction: "outbound", What: "offender"}, Case: "caaaaaaaaaaaaaaaa", Seq: 2, Key: "k"},
		{Recording: postgres.Recording{ID: unsealed, Call: "call-2", Agent: "a001", Direction: "inbound", What: "phone"}},
		{Recording: postgres.Recording{ID: shredded, Call: "call-3", Agent: "a001", Direction: "inbound", What: "phone"}, Seq: 3, Key: "k"},
	} {
		r.Begun = h.now
		h.store.recordings[r.ID] = r
	}
	return h
}

var purpose = []string{purposeHeader, "complaint"}

func (h *helpline) lastDeed() postgres.Deed {
	h.t.Helper()
	if len(h.store.deeds) == 0 {
		return postgres.Deed{}
	}
	return h.store.deeds[len(h.store.deeds)-1]
}

// Line 5 of what must hold: role, assignment, purpose, and every attempt audited.
func TestGivenARecording_WhenSomebodyWantsToHearIt_ThenOnlyWhoMayDoesAndEveryAttemptIsAudited(t *testing.T) {
	for _, one := range []struct {
		who    string
		id     recordings.ID
		status int
		action string // of the last row of the audit; empty for none
	}{
		{asha, ashas, 200, "recording-heard"}, {asha, ravis, 403, "recording-refused"},
		{bina, ashas, 403, "recording-refused"},
		{ravi, ravis, 200, "recording-heard"}, {ravi, ashas, 403, "recording-refused"},
		{sudha, ashas, 200, "recording-heard"}, {sudha, ravis, 200, "recording-heard"},
		{ops, ashas, 403, "recording-refused"}, {cell, ashas, 403, "recording-refused"}, {gone, ashas, 403, "recording-refused"},
		{sudha, "rbbbbbbbbbbbbbbbbbbbbbbbbb", 404, "recording-refused"}, {sudha, unsealed, 409, ""}, {sudha, shredded, 410, "recording-heard"},
		{nobody, ashas, 401, ""},
	} {
		h := withRecordings(t)
		a := h.send("GET", "/recordings/"+string(one.id)+"/audio", one.who, nil, purpose...)
		if a.status != one.status || h.lastDeed().Action != one.action {
			t.Errorf("%s hears %s: %d, audited %q; want %d, %q: %.100s", one.who, one.id, a.status, h.lastDeed().Action, one.status, one.action, a.body)
		}
		if one.status == 200 && (h.lastDeed().Subject != string(one.id) || !strings.Contains(h.lastDeed().Detail, "complaint")) {
			t.Errorf("the audit says %+v", h.lastDeed())
		}
		if one.status != 200 && strings.Contains(a.body, "RIFF") {
			t.Errorf("%s heard %s", one.who, one.id)
		}
	}
}

func TestGivenNoPurpose_WhenSomebodyWantsToHear_ThenNothingIsOpened(t *testing.T) {
	h := withRecordings(t)
	for _, path := range []string{"/audio", "/peaks"} {
		h.send("GET", "/recordings/"+string(ashas)+path, sudha, nil).problem(422, "field", purposeHeader)
	}
	h.send("GET", "/recordings/"+string(ashas)+"/peaks?purpose=quality", sudha, nil).problem(422, "field", purposeHeader)
	h.send("GET", "/recordings/"+string(ashas)+"/audio?purpose=Her+Name", sudha, nil).problem(422, "field", purposeHeader)
	if h.store.opened > 0 {
		t.Error("something was opened")
	}
	// A player's address says what for.
	h.send("GET", "/recordings/"+string(ashas)+"/audio?purpose=quality", sudha, nil).is(200)
	if d := h.lastDeed(); d.Action != "recording-heard" || !strings.Contains(d.Detail, "quality") {
		t.Errorf("%+v", d)
	}
}

func TestGivenTheAuditCannotBeWritten_WhenSomebodyWantsToHear_ThenNothingIsHeard(t *testing.T) {
	h := withRecordings(t)
	h.store.noAudit = true
	h.send("GET", "/recordings/"+string(ashas)+"/audio", sudha, nil, purpose...).is(503)
	if h.store.opened > 0 {
		t.Error("it was opened")
	}
}

func TestGivenABrowserThatSeeks_WhenItAsksForRanges_ThenItGetsWhatTheWholeHasThere(t *testing.T) {
	h := withRecordings(t)
	for _, channels := range []string{"stereo", "mono"} {
		path := "/recordings/" + string(ashas) + "/audio?channels=" + channels
		whole := h.send("GET", path, sudha, nil, purpose...).is(200)
		size := 44 + map[string]int{"stereo": 4, "mono": 2}[channels]*2*recordings.Rate
		if len(whole.body) != size || whole.head.Get("Accept-Ranges") != "bytes" || whole.head.Get("Content-Type") != "audio/wav" {
			t.Fatalf("%s: %d bytes, want %d, %v", channels, len(whole.body), size, whole.head)
		}
		for _, r := range []struct {
			asked    string
			from, to int
		}{{"bytes=0-43", 0, 44}, {"bytes=1000-1999", 1000, 2000}, {"bytes=45-45", 45, 46}, {"bytes=-10", size - 10, size}, {fmt.Sprintf("bytes=%d-", size-3), size - 3, size}} {
			a := h.send("GET", path, sudha, nil, append([]string{"Range", r.asked}, purpose...)...).is(206)
			if a.body != whole.body[r.from:r.to] {
				t.Errorf("%s %s: other bytes than the whole has there", channels, r.asked)
			}
		}
		h.send("GET", path, sudha, nil, append([]string{"Range", "bytes=99999999-"}, purpose...)...).is(416)
	}
	// Left and right are the two sides of the sealed file.
	stereo := h.send("GET", "/recordings/"+string(ashas)+"/audio", sudha, nil, purpose...).is(200).body
	at := 44 + 4*300 // the 300th sample: 0x2C on the left, 0x01 on the right
	left, right := int16(binary.LittleEndian.Uint16([]byte(stereo[at:]))), int16(binary.LittleEndian.Uint16([]byte(stereo[at+2:])))
	if left != recordings.Linear(0x2C) || right != recordings.Linear(0x01) {
		t.Errorf("sample 300 is %d, %d", left, right)
	}
}

func TestGivenAnAgent_WhenSheListsRecordings_ThenSheSeesHerOwn(t *testing.T) {
	h := withRecordings(t)
	if l := into[RecordingList](h.send("GET", "/recordings?agent=m001", asha, nil).is(200)); len(l.Recordings) != 3 || l.Recordings[0].Agent != "a001" {
		t.Errorf("%+v", l)
	}
	if l := into[RecordingList](h.send("GET", "/recordings", sudha, nil).is(200)); len(l.Recordings) != 4 {
		t.Errorf("%+v", l)
	}
	if v := into[RecordingView](h.send("GET", "/recordings/"+string(ashas), asha, nil).is(200)); len(v.Gaps) != 1 || !v.Sealed {
		t.Errorf("%+v", v)
	}
	if v := into[RecordingView](h.send("GET", "/recordings/"+string(ravis), ravi, nil).is(200)); v.Case != "" {
		t.Errorf("an officer is told her case: %+v", v)
	}
	h.send("GET", "/recordings/"+string(ashas), bina, nil).problem(403, "not-yours", "")
	h.send("POST", "/recordings/search", sudha, NumberIn{"98111 11101"}).is(200)
	h.send("POST", "/recordings/search", asha, NumberIn{"98111 11101"}).is(403)
	h.send("GET", "/recordings?case=caaaaaaaaaaaaaaaa", ravi, nil).problem(422, "field", "case")
	h.send("GET", "/recordings?from=yesterday", sudha, nil).problem(422, "field", "from")
}

func TestGivenPeaks_WhenDrawn_ThenBothSidesAreThere(t *testing.T) {
	h := withRecordings(t)
	p := into[PeaksView](h.send("GET", "/recordings/"+string(ashas)+"/peaks?stretches=10", asha, nil, purpose...).is(200))
	if len(p.Heard) != 10 || len(p.Spoken) != 10 || p.Seconds != 2 || slices.Max(p.Heard) > 1 || slices.Max(p.Heard) < 0.9 {
		t.Errorf("%+v", p)
	}
	if h.lastDeed().Action != "recording-drawn" {
		t.Errorf("%+v", h.lastDeed())
	}
}

func TestGivenARecordingUnderWay_WhenItsAgentPausesIt_ThenTheGapIsMarkedBeforeAndBehind(t *testing.T) {
	h := withRecordings(t)
	pause, resume := "/recordings/"+string(unsealed)+"/pause", "/recordings/"+string(unsealed)+"/resume"
	h.send("POST", pause, bina, PauseIn{"address"}).problem(403, "not-yours", "")
	h.send("POST", pause, asha, PauseIn{"tea"}).problem(422, "field", "reason")
	if v := into[PauseView](h.send("POST", pause, asha, PauseIn{"address"}).is(200)); !v.Paused || !h.store.muted {
		t.Errorf("%+v", v)
	}
	h.send("POST", resume, asha, nil).is(200)
	if h.store.muted || len(h.store.gaps) != 2 || h.store.gaps[0].Why != "paused-address" || h.store.gaps[1].Why != recordings.WhyResumed {
		t.Errorf("muted %v, gaps %+v", h.store.muted, h.store.gaps)
	}
	h.send("POST", "/recordings/"+string(ashas)+"/pause", asha, PauseIn{"address"}).problem(409, "over", "")
}

// An export needs two persons.
func TestGivenAnExport_WhenAskedFor_ThenAnotherPersonMustAgreeAndOnlyWhoAskedFetchesItForADay(t *testing.T) {
	h := withRecordings(t)
	h.store.tokens["secret-of-second-supervisor"] = postgres.Token{ID: "ksecond", Access: supervisors, Agent: "a003"}
	const second = "secret-of-second-supervisor"
	e := into[ExportView](h.send("POST", "/recordings/"+string(ashas)+"/exports", sudha, ExportIn{"CJM 44/2026"}).is(201))
	fetch := "/exports/" + e.ID + "/audio"
	approve := "/exports/" + e.ID + "/approval"
	h.send("GET", fetch, sudha, nil, purpose...).problem(403, "two-persons", "")
	h.send("POST", approve, sudha, nil).problem(403, "two-persons", "")
	if all := into[ExportList](h.send("GET", "/exports", second, nil).is(200)).Exports; len(all) != 1 || all[0].ID != e.ID || all[0].Order != "CJM 44/2026" || !all[0].Until.IsZero() {
		t.Errorf("who is to approve sees %+v", all)
	}
	h.send("POST", approve, second, nil).is(200)
	h.send("GET", fetch, second, nil, purpose...).problem(403, "not-yours", "")
	a := h.send("GET", fetch, sudha, nil, purpose...).is(200)
	if a.body != string(soundOf) || a.head.Get("Repr-Digest-SHA256") != "digest" || !strings.Contains(a.head.Get("Content-Disposition"), string(ashas)) {
		t.Errorf("%d bytes, %v", len(a.body), a.head)
	}
	if d := h.lastDeed(); d.Action != "recording-exported" || !strings.Contains(d.Detail, e.ID) {
		t.Errorf("%+v", d)
	}
	// A browser's download has its purpose in the address.
	h.send("GET", fetch+"?purpose=court-order", sudha, nil).is(200)
	if d := h.lastDeed(); d.Action != "recording-exported" || !strings.Contains(d.Detail, "court-order") {
		t.Errorf("%+v", d)
	}
	h.send("GET", fetch+"?purpose=for+her", sudha, nil).problem(422, "field", purposeHeader)
	h.send("GET", fetch+"?purpose=quality&more=1", sudha, nil).problem(422, "field", "query")
	h.now = h.now.Add(25 * time.Hour)
	h.send("GET", fetch, sudha, nil, purpose...).problem(410, "over", "")
	if all := into[ExportList](h.send("GET", "/exports", sudha, nil).is(200)).Exports; len(all) != 1 || all[0].ApprovedBy != "a003" {
		t.Errorf("the list has %+v", all)
	}
	h.now = h.now.Add(90 * 24 * time.Hour)
	if all := into[ExportList](h.send("GET", "/exports", sudha, nil).is(200)).Exports; len(all) != 0 {
		t.Errorf("after ninety days the list has %+v", all)
	}
	h.send("POST", "/recordings/"+string(ashas)+"/exports", sudha, ExportIn{"for\nher"}).problem(422, "field", "order")
	h.send("GET", "/exports/x-none/audio", sudha, nil, purpose...).problem(404, "no-export", "")
}

// Path tricks, ranges and huge ids: nothing but the recording itself is ever
// sent, and never to somebody else.
func FuzzGivenAnyIdAndRange_WhenAnAgentAsks_ThenSheHearsNothingButHerOwn(f *testing.F) {
	f.Add(string(ashas), "bytes=0-")
	f.Add(string(ravis), "bytes=0-99,100-,-1")
	f.Add("../"+string(ravis), "bytes=-999999999999999999999")
	f.Add(strings.Repeat("r", 10000), "items=1-2")
	f.Add(string(ravis)+"%2f..%2f"+string(ashas), "bytes=5-1")
	h := withRecordings(f)
	f.Fuzz(func(t *testing.T, id, ranges string) {
		if strings.ContainsAny(id, " \r\n?#\x00\x7f") || strings.ContainsAny(ranges, "\r\n\x00") || !printable(id) || !printable(ranges) {
			return // no request of HTTP
		}
		h.t = t
		opened := h.store.opened
		a := h.send("GET", "/recordings/"+id+"/audio", asha, nil, append([]string{"Range", ranges}, purpose...)...)
		if h.store.opened > opened && id != string(ashas) && id != string(shredded) {
			t.Errorf("%q opened something: %d", id, a.status)
		}
		if a.status >= 500 {
			t.Errorf("%q %q: %d %s", id, ranges, a.status, a.body)
		}
	})
}

func printable(s string) bool {
	for _, r := range s {
		if r < 0x21 || r > 0x7e {
			return false
		}
	}
	return true
}

var _ io.ReaderAt = sound{}
