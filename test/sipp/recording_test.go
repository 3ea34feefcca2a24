package sipp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// Recordings as evidence, on the real stack. Callers sing 440 Hz, agents 880.

const (
	callerHz = 440
	agentHz  = 880
)

// recording is a helpline whose conversations are recorded, with everybody in.
func recording(t *testing.T, o helpline.Options, limit time.Duration) (*helpline.Helpline, context.Context) {
	t.Helper()
	if o.Recorded == 0 {
		o.Recorded = 64 << 20
	}
	h, ctx := open(t, o, limit)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	for _, p := range h.People {
		h.Phone(p).Does(phone.AnswerAfter(20 * time.Millisecond).Singing(phone.Tone(agentHz)))
	}
	return h, ctx
}

// sealedRecordings waits until so many are sealed and entered, and returns all.
func sealedRecordings(ctx context.Context, t *testing.T, h *helpline.Helpline, n int) []postgres.RecordingFile {
	t.Helper()
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var all []postgres.RecordingFile
	sealed := 0
	err = helpline.Until(ctx, fmt.Sprintf("%d recordings are sealed", n), func() bool {
		all, err = db.Recordings(ctx, postgres.RecordingsFilter{Limit: 1000})
		sealed = 0
		for _, f := range all {
			if f.Seq > 0 {
				sealed++
			}
		}
		return err == nil && sealed >= n
	})
	if err != nil {
		log, _ := os.ReadFile(h.Sealer.Log)
		t.Fatalf("%v: %d of %d rows are sealed; the sealer: %s", err, sealed, len(all), log[max(0, len(log)-3000):])
	}
	return all
}

// levels are the strengths in dB of both tones in both channels of a WAV.
type levels struct {
	callerLeft, agentLeft, callerRight, agentRight float64
	lasts                                          time.Duration
}

// listenTo measures a plain recording. Its first and last half second are left
// out: there a phone may not have begun to sing.
func listenTo(t *testing.T, wav []byte) levels {
	t.Helper()
	samples, err := recordings.Samples(wav)
	if err != nil {
		t.Fatal(err)
	}
	sound := wav[len(wav)-int(2*samples):]
	l := levels{lasts: recordings.Length(samples)}
	if samples < 3*recordings.Rate/2 {
		t.Errorf("only %v long", l.lasts)
		return l
	}
	const edge = recordings.Rate / 2
	left, right := make([]float64, 0, samples), make([]float64, 0, samples)
	for i := edge; i < int(samples)-edge; i++ {
		left = append(left, float64(recordings.Linear(sound[2*i])))
		right = append(right, float64(recordings.Linear(sound[2*i+1])))
	}
	l.callerLeft, l.agentLeft = level(left, callerHz), level(left, agentHz)
	l.callerRight, l.agentRight = level(right, callerHz), level(right, agentHz)
	return l
}

// level of one frequency by Goertzel's formula, in dB of a full-scale sine.
func level(x []float64, hz float64) float64 {
	w := 2 * math.Pi * hz / recordings.Rate
	var a, b float64
	for _, v := range x {
		a, b = v+2*math.Cos(w)*a-b, a
	}
	power := a*a + b*b - 2*math.Cos(w)*a*b
	return 20 * math.Log10(2*math.Sqrt(max(power, 1))/float64(len(x))/32768)
}

// inOwnChannels fails the test unless each tone is in its channel, and the other at
// least 30 dB below it.
func inOwnChannels(t *testing.T, what string, l levels) {
	t.Helper()
	if l.callerLeft < -30 || l.agentRight < -30 || l.callerLeft-l.agentLeft < 30 || l.agentRight-l.callerRight < 30 {
		t.Errorf("%s: left has the caller at %.0f dB and the agent at %.0f, right the agent at %.0f and the caller at %.0f",
			what, l.callerLeft, l.agentLeft, l.agentRight, l.callerRight)
	}
}

// hearMore waits until a tone was heard for so many further windows of half a
// second: so they talk for that long.
func hearMore(ctx context.Context, t *testing.T, c *phone.Call, hz, windows int) {
	t.Helper()
	want := c.Heard().Has(hz) + windows
	if err := helpline.Until(ctx, "they talk", func() bool { return c.Heard().Has(hz) >= want }); err != nil {
		t.Errorf("%v: heard %v", err, c.Heard())
	}
}

// scaled is a size that is small but with POWERLINE_LONG.
func scaled(short, long int) int {
	if os.Getenv("POWERLINE_LONG") != "" {
		return long
	}
	return short
}

// Line 1 of what must hold, inbound.
func TestGivenCallersAndAgentsWhoSing_WhenTheyTalk_ThenEachConversationIsRecordedInTwoChannels(t *testing.T) {
	calls, agents := scaled(24, 200), 8
	h, ctx := recording(t, helpline.Options{Women: agents}, 6*time.Minute)
	var mu sync.Mutex
	var shortest, longest float64 = math.Inf(1), math.Inf(-1)
	talked := map[string]time.Duration{} // by call
	var wait sync.WaitGroup
	turns := make(chan struct{}, agents)
	for i := range calls {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			h.Trunk.Phone(number(i), phone.Sings(callerHz))
			c := caller(ctx, t, h, i, helpline.Direct)
			partner, err := h.Partner(ctx, c)
			if err != nil {
				t.Error(err)
				return
			}
			id := partner.Invite().Header("X-Powerline-Call")
			hearMore(ctx, t, c, agentHz, 4+i%4)
			c.HangUp()
			if _, err := partner.WaitEnded(ctx); err != nil {
				t.Error(err)
			}
			mu.Lock()
			talked[id] = c.When(phone.Ended).Sub(partner.When(phone.Answered))
			mu.Unlock()
		})
	}
	wait.Wait()
	all := sealedRecordings(ctx, t, h, calls)
	if len(all) != calls {
		t.Errorf("%d recordings of %d conversations", len(all), calls)
	}
	for _, f := range all {
		wav, err := h.Plain(ctx, f.ID)
		if err != nil {
			t.Fatal(err)
		}
		l := listenTo(t, wav)
		inOwnChannels(t, f.Call, l)
		for what, want := range map[string]time.Duration{"engine": f.End.Bridged, "phones": talked[f.Call]} {
			if off := l.lasts - want; off.Abs() > 200*time.Millisecond+stalled(h) {
				t.Errorf("%s: %v long; by the %s they talked %v", f.Call, l.lasts, what, want)
			}
		}
		off := float64(l.lasts-f.End.Bridged) / float64(time.Millisecond)
		shortest, longest = min(shortest, off), max(longest, off)
	}
	t.Logf("length minus bridged time: %.0f to %.0f ms; the phones were held up for %v at worst", shortest, longest, stalled(h))
	nothingPlain(t, h)
	proved(ctx, t, h, all[0].ID, calls)
}

// proved lets an operator verify everything, and make the papers of one.
func proved(ctx context.Context, t *testing.T, h *helpline.Helpline, id recordings.ID, calls int) {
	t.Helper()
	out, err := h.ACD(ctx, "recordings", "verify", "--all")
	if want := fmt.Sprintf("%d recordings opened and compared (0 shredded, 0 removed, 0 gaps)", calls); err != nil || !strings.Contains(out, want) || !strings.Contains(out, ": 0 bad") {
		t.Errorf("verify: %v: %s", err, out)
	}
	dir := t.TempDir()
	if out, err := h.ACD(ctx, "recordings", "certificate", string(id), "--by", "test", "--order", "CJM 44/2026", "--out", dir); err != nil {
		t.Errorf("certificate: %v: %s", err, out)
	}
	for _, ending := range []string{".pdf", ".json"} {
		if info, err := os.Stat(filepath.Join(dir, string(id)+ending)); err != nil || info.Size() < 1000 {
			t.Errorf("the papers: %v", err)
		}
	}
	// A byte of a file, and verify names it.
	path := filepath.Join(h.Evidence.Store, id.Object())
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = h.ACD(ctx, "recordings", "verify", "--day", "today")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(out, string(id)+": "+recordings.FaultChanged) {
		t.Errorf("verify after a byte was changed: %v: %s", err, out)
	}
	err = helpline.Until(within(ctx, t, 10*time.Second), "the alarm", func() bool {
		text, err := h.Sealer.Metrics(ctx)
		return err == nil && strings.Contains(text, `recordings_alarm{alarm="chain"} 1`)
	})
	if err != nil {
		t.Error(err)
	}
}

// nothingPlain fails the test if spool or store hold anything that sounds, or
// that begins as a WAV does.
func nothingPlain(t *testing.T, h *helpline.Helpline) {
	t.Helper()
	for _, dir := range []string{h.Evidence.Spool, h.Evidence.Store} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if dir == h.Evidence.Spool {
				t.Errorf("%s lies in the spool", filepath.Base(path))
			}
			if bytes.Contains(text, []byte("RIFF")) || bytes.Contains(text, []byte("WAVEfmt")) {
				t.Errorf("%s holds the head of a WAV", path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Line 1, outbound: the side of whom we called is the left one.
func TestGivenAnOffenderWhoSings_WhenAnOfficerCallsHim_ThenTheConversationIsRecordedFromHisAnswer(t *testing.T) {
	h, ctx := recording(t, dialling(helpline.Options{Women: 1, Officers: 2}), time.Minute)
	h.Trunk.Phone(offenderNumber).Does(phone.AnswerAfter(1500 * time.Millisecond).Singing(phone.Tone(callerHz)))
	if _, err := h.Register(ctx, helpline.Complaint{Victim: victimNumber, Offender: offenderNumber}); err != nil {
		t.Fatal(err)
	}
	c, err := h.Trunk.Phone(offenderNumber).NextCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Hears(ctx, agentHz); err != nil {
		t.Fatal(err)
	}
	hearMore(ctx, t, c, agentHz, 4)
	c.HangUp()
	if _, err := c.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	all := sealedRecordings(ctx, t, h, 1)
	f := all[0]
	if f.Direction != "outbound" || f.What != string(cases.CallOffender) || f.Case == "" || agent.ID(f.Agent) == "" {
		t.Errorf("the row says %+v", f)
	}
	wav, err := h.Plain(ctx, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	l := listenTo(t, wav)
	inOwnChannels(t, "outbound", l)
	near(t, "length", l.lasts, c.When(phone.Ended).Sub(c.When(phone.Answered)), 200*time.Millisecond)
	db, err := h.Database(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := db.Key(ctx, f.Key); err != nil || k.Scope != "case:"+f.Case {
		t.Errorf("its key is %v (%v), want that of its case", k.Scope, err)
	}
	nothingPlain(t, h)
}
