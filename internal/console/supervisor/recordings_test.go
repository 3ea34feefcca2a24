package supervisor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"powerline/internal/api"
	"powerline/internal/console"
	"powerline/internal/evidence"
	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/test/browser"
)

// vault is where the tests' sealed recordings lie.
var vault string

// sealedTalk is a quarter of an hour, sealed as the sealer seals: she sings 440 Hz,
// loud in its first half, the agent 880, loud in the second.
const (
	sealedTalk   recordings.ID = "rbbbbbbbbbbbbbbbbbbbbbbbbb"
	talkSeconds                = 900
	loud, softly               = 12000, 400
)

// seal makes the archive of the tests, once.
func seal(t *testing.T, db *postgres.DB) *evidence.Archive {
	t.Helper()
	archive.Do(func() {
		secret := must[*age.X25519Identity](t)(age.GenerateX25519Identity())
		to := must[recordings.Recipients](t)(recordings.ParseRecipients([]byte(secret.Recipient().String())))
		a := &evidence.Archive{DB: db, SealWithin: time.Minute}
		a.Identities = must[recordings.Identities](t)(recordings.ParseIdentities([]byte(secret.String())))
		a.Store = must[*recordings.Disk](t)(recordings.OpenDisk(filepath.Join(vault, "store")))
		begun := time.Now().Add(-2 * time.Hour)
		if err := db.WriteRecords(t.Context(), []postgres.Record{
			postgres.Recording{ID: sealedTalk, Call: "call-sealed", Offer: 1, Direction: "inbound", What: "phone", Agent: "a001", Host: "x", Begun: begun},
			postgres.RecordingEnd{ID: sealedTalk, Ended: begun.Add(talkSeconds * time.Second), Bridged: talkSeconds * time.Second},
		}); err != nil {
			t.Fatal(err)
		}
		k := must[postgres.RecordingKey](t)(db.KeyFor(t.Context(), sealedTalk, to.NewKey))
		m := recordings.Manifest{ID: sealedTalk, Host: "x", SealedAt: begun.Add(time.Hour), Object: sealedTalk.Object(), Key: k.ID, Public: k.Public}
		err := a.Store.Put(t.Context(), m.Object, func(w io.Writer) (err error) {
			m.Content, err = recordings.Seal(w, song(440, loud, softly), song(880, softly, loud), k.Public)
			return err
		})
		if err == nil {
			_, _, err = db.EnterSealed(t.Context(), m)
		}
		if err != nil {
			t.Fatal(err)
		}
		archive.of = a
	})
	return archive.of
}

var archive struct {
	sync.Once
	of *evidence.Archive
}

// song is a tone in A-law, of one loudness in its first half and another in the second.
func song(hz float64, first, second float64) recordings.Raw {
	half := func(amplitude float64) []byte {
		one := make([]byte, recordings.Rate) // whole periods of both tones
		for i := range one {
			one[i] = alaw(amplitude * math.Sin(2*math.Pi*hz*float64(i)/recordings.Rate))
		}
		return bytes.Repeat(one, talkSeconds/2)
	}
	return recordings.Raw{From: io.MultiReader(bytes.NewReader(half(first)), bytes.NewReader(half(second))), Samples: talkSeconds * recordings.Rate}
}

// alaw is the byte whose sample is nearest.
func alaw(v float64) (code byte) {
	best := math.Inf(1)
	for c := range 256 {
		if d := math.Abs(float64(recordings.Linear(byte(c))) - v); d < best {
			best, code = d, byte(c)
		}
	}
	return code
}

// ears open recordings as the dialer's API does.
type ears struct{ *evidence.Archive }

func (e ears) Listen(ctx context.Context, id recordings.ID) (api.Sound, error) {
	a, err := e.Audio(ctx, id)
	if err != nil {
		return nil, err
	}
	return opened{a}, nil
}

type opened struct{ *evidence.Audio }

func (o opened) Samples() int64 { return o.Sealed.Samples }
func (o opened) Size() int64    { return o.Audio.Size }
func (o opened) SHA256() string { return o.Sealed.SHA256.String() }

// deedsAbout are the rows of the audit about a recording, the newest first.
func (s *site) deedsAbout(id recordings.ID, action string) []postgres.Deed {
	s.t.Helper()
	return must[[]postgres.Deed](s.t)(s.db.FindDeeds(s.t.Context(), postgres.DeedFilter{Subject: string(id), Action: action}))
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// askedFor asks for a copy on the recording's page, and returns the export's id.
func askedFor(t *testing.T, b *visitor, order string) string {
	t.Helper()
	page := b.visit("/recordings/" + string(sealedTalk)).body
	key := keyField.FindStringSubmatch(page)
	if key == nil {
		t.Fatalf("no form to ask by: %s", page)
	}
	if a := b.post("/recordings/"+string(sealedTalk)+"/exports", "key", key[1], "order", order); a.status != http.StatusSeeOther || a.to != "/exports" {
		t.Fatalf("asked for a copy: %d %s", a.status, a.body)
	}
	for _, e := range must[[]postgres.Export](t)(b.s.db.Exports(t.Context(), time.Now().Add(-time.Hour))) {
		if e.Order == order {
			return e.ID
		}
	}
	t.Fatal("the books have no such export")
	return ""
}

func TestGivenASupervisorWhoWantsACopy_WhenAnotherApproves_ThenSheAloneFetchesItAndEachStepIsInTheAudit(t *testing.T) {
	s := newSite(t)
	first, second, auditor := s.signIn(console.Supervisor), s.signInAs(secondSupervisor), s.signIn(console.Auditor)
	if a := first.post("/recordings/"+string(sealedTalk)+"/exports", "key", "key-for-a-bad-order", "order", "for\nher"); a.status != http.StatusOK || !strings.Contains(a.body, `role="alert"`) {
		t.Errorf("an order with a line break: %d", a.status)
	}
	id := askedFor(t, first, "CJM 44/2026")
	fetch, approve := "/api/v1/exports/"+id+"/audio?purpose=court-order", "/exports/"+id+"/approve"

	// Who asked sees that it waits for somebody else, and cannot approve it.
	if a := first.visit("/exports"); !strings.Contains(a.body, "CJM 44/2026") || strings.Contains(a.body, approve) {
		t.Errorf("who asked sees %d %s", a.status, a.body)
	}
	if a := first.post(approve, "key", "key-of-who-asked-"+id); a.status != http.StatusForbidden || !strings.Contains(a.body, "two persons") {
		t.Errorf("who asked approves: %d %s", a.status, a.body)
	}
	if a := first.visit(fetch); a.status != http.StatusForbidden {
		t.Errorf("fetched before anybody approved: %d", a.status)
	}
	// An auditor reads, and has no button.
	if a := auditor.visit("/exports"); a.status != http.StatusOK || !strings.Contains(a.body, "CJM 44/2026") || strings.Contains(a.body, "<button class=\"main\"") {
		t.Errorf("the auditor sees %d %s", a.status, a.body)
	}
	if a := auditor.post(approve, "key", "key-of-the-auditor-"+id); a.status != http.StatusForbidden {
		t.Errorf("the auditor approves: %d", a.status)
	}

	page := second.visit("/exports").body
	at := strings.Index(page, approve)
	if at < 0 {
		t.Fatalf("another supervisor has nothing to approve: %s", page)
	}
	if a := second.post(approve, "key", keyField.FindStringSubmatch(page[at:])[1]); a.status != http.StatusSeeOther {
		t.Fatalf("approved by another: %d %s", a.status, a.body)
	}
	if a := second.visit("/exports"); strings.Contains(a.body, "/api/v1/exports/"+id+"/audio") {
		t.Error("who approved is offered the copy")
	}
	if a := second.visit(fetch); a.status != http.StatusForbidden {
		t.Errorf("who approved fetches: %d", a.status)
	}
	if a := first.visit("/exports"); !strings.Contains(a.body, "/api/v1/exports/"+id+"/audio") {
		t.Errorf("who asked is not offered the copy: %s", a.body)
	}
	a := first.visit(fetch)
	whole := sha256Of(a.body)
	if a.status != http.StatusOK || a.head.Get("Repr-Digest-SHA256") != whole || !strings.Contains(a.head.Get("Content-Disposition"), string(sealedTalk)) {
		t.Errorf("fetched: %d, %d bytes, %s, %v", a.status, len(a.body), whole, a.head)
	}
	var told []string
	for _, d := range s.deedsAbout(sealedTalk, "recording-") {
		if strings.Contains(d.Detail, id) {
			told = append(told, d.Action+" "+d.By)
		}
	}
	if want := []string{"recording-exported s001", "recording-export-approved s002", "recording-export-asked s001"}; !slices.Equal(told, want) {
		t.Errorf("the audit has %v, want %v", told, want)
	}
}

func sha256Of(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// rangeForm is a range as the audit has it.
var rangeForm = regexp.MustCompile(`bytes=\d+-\d*`)

// listening gives the page ears on what its player plays: heardAt is true once a
// tone is the loudest in a channel while it plays behind a second.
const listening = `(() => {
	const audio = document.getElementById("audio");
	const context = new AudioContext();
	const split = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
	const sides = [0, 1].map((side) => {
		const ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
		split.connect(ear, side);
		return ear;
	});
	context.createMediaElementSource(audio).connect(split);
	let sought = -1;
	window.heardAt = (second, side, hz) => {
		if (sought !== second) {
			sought = second;
			audio.currentTime = second;
			audio.play();
			return false;
		}
		const bins = new Float32Array(sides[side].frequencyBinCount);
		sides[side].getFloatFrequencyData(bins);
		const best = bins.reduce((b, level, i) => (level > bins[b] ? i : b), 0);
		window.heard = [audio.currentTime, best * context.sampleRate / 8192, bins[best]];
		return audio.currentTime > second && !audio.seeking && bins[best] > -40 && Math.abs(window.heard[1] - hz) < 20;
	};
	return true;
})()`

// The player in a real browser, over a recording that is sealed: what is drawn and
// heard, what is asked for, and what the audit has of it.
func TestGivenASealedRecording_WhenASupervisorListensInABrowser_ThenItIsDrawnHeardAndSoughtInAndEachRangeIsAudited(t *testing.T) {
	s := newSite(t)
	s.signIn(console.Supervisor)
	s.signInAs(secondSupervisor)
	b := must[*browser.Browser](t)(browser.Open(t.Context(), browser.Options{}))
	t.Cleanup(b.Close)
	p := must[*browser.Page](t)(b.Page())
	t.Cleanup(p.Close)
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(p.Visit(s.server.URL + "/test?as=hi"))
	do(p.Visit(s.server.URL + "/recordings/" + string(sealedTalk)))
	before := len(s.deedsAbout(sealedTalk, "recording-heard"))
	heard := func() []postgres.Deed {
		all := s.deedsAbout(sealedTalk, "recording-heard")
		return all[:len(all)-before]
	}
	do(p.Click("#open button"))
	until(t, p, `!document.getElementById("listen").hidden && document.getElementById("audio").readyState >= 1`)

	// Drawn: her half is high in the first half of the time, the agent's in the second.
	high := func(x, y float64) string {
		return fmt.Sprintf(`document.getElementById("wave").getContext("2d").getImageData(%v * 1200, %v * 160, 1, 1).data[3] > 0`, x, y)
	}
	until(t, p, high(0.25, 0.25-0.05)+" && !"+high(0.75, 0.25-0.05)+" && !"+high(0.25, 0.75-0.05)+" && "+high(0.75, 0.75-0.05))

	// Heard: the tone of each side on its own ear, before and behind a place to which it
	// is sought. What lies there is asked for as a range.
	_ = must[bool](t)(browser.Eval[bool](p, listening))
	until(t, p, `heardAt(10, 0, 440)`)
	early := len(heard())
	until(t, p, `heardAt(800, 1, 880)`)
	if late := len(heard()); late <= early {
		t.Errorf("%d rows of the audit before it was sought in, %d after", early, late)
	}
	var from []string
	for _, d := range heard() {
		if !strings.Contains(d.Detail, `"supervision"`) || d.By != "s001" {
			t.Errorf("the audit has %+v", d)
		}
		from = append(from, rangeForm.FindString(d.Detail))
	}
	if !strings.Contains(fmt.Sprint(from), "bytes=0-") || !regexp.MustCompile(`bytes=2\d{7}-`).MatchString(fmt.Sprint(from)) {
		t.Errorf("ranges asked for: %v", from)
	}
	_ = must[bool](t)(browser.Eval[bool](p, `document.getElementById("audio").pause() ?? true`))
	looked(t, p, "-player-hi")

	// A copy: asked for, approved by another, fetched.
	do(p.Type("#order", "CJM 45/2026"))
	do(p.Press("\r"))
	until(t, p, `location.pathname === "/exports" && document.readyState === "complete"`)
	looked(t, p, "/exports-asked-hi")
	e := must[[]postgres.Export](t)(s.db.Exports(t.Context(), time.Now().Add(-time.Minute)))[0]
	do(p.Visit(s.server.URL + "/test?as=en&who=" + secondSupervisor))
	do(p.Visit(s.server.URL + "/exports"))
	looked(t, p, "/exports-to-approve-en")
	do(p.Click(`form[action="/exports/` + e.ID + `/approve"] button`))
	until(t, p, `document.querySelector('form[action="/exports/`+e.ID+`/approve"]') === null`)
	do(p.Visit(s.server.URL + "/test?as=hi"))
	do(p.Visit(s.server.URL + "/exports"))
	until(t, p, `document.querySelector('form[action="/api/v1/exports/`+e.ID+`/audio"] button') !== null`)
	looked(t, p, "/exports-ready-hi")
	size := must[int](t)(browser.Eval[int](p, `fetch("/api/v1/exports/`+e.ID+`/audio?purpose=court-order").then((a) => a.blob()).then((b) => b.size)`))
	if size < 2*talkSeconds*recordings.Rate {
		t.Errorf("the copy has %d bytes", size)
	}
}
