package prompts

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func generate(t *testing.T, m Manifest, dir string, tools Tools) Report {
	t.Helper()
	report, err := Generate(t.Context(), m, dir, tools)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestGivenAManifest_WhenPromptsAreMade_ThenEachStandsWhereAsteriskLooks(t *testing.T) {
	dir, tools := t.TempDir(), fakeTools(t)
	steps := 0
	tools.Progress = func(made, of int) {
		steps++
		if made != steps || of != 5 {
			t.Errorf("progress %d of %d at step %d", made, of, steps)
		}
	}
	if got, want := generate(t, small(t), dir, tools), (Report{Made: 5}); got != want {
		t.Errorf("report %+v, want %+v", got, want)
	}
	for _, name := range []string{"hi/powerline/hello", "en/powerline/wait", "en/powerline/done"} {
		for _, ext := range []string{".alaw", ".wav"} {
			if info, err := os.Stat(filepath.Join(dir, name+ext)); err != nil || info.Mode().Perm() != 0o644 {
				t.Errorf("%s%s: %v %v", name, ext, info, err)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*", "powerline", ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	lengths, err := Durations(dir)
	if err != nil {
		t.Fatal(err)
	}
	// "Hello there" is 11 letters of 50 ms, and the kept frames at both ends.
	if d, ok := lengths.Of("en", "hello"); !ok || d < 550*time.Millisecond || d > 650*time.Millisecond {
		t.Errorf("en/hello lasts %v, %v: the silence was not cut off", d, ok)
	}
	if _, ok := lengths.Of("hi", "done"); ok {
		t.Error("a text that does not exist was spoken")
	}
}

func TestGivenAllIsMade_WhenAskedAgain_ThenNoToolIsRunAndItIsQuick(t *testing.T) {
	dir := t.TempDir()
	m, fixture := Default(), filepath.Join(t.TempDir(), "fixture.wav")
	put(t, tone(time.Second, 0.1).wav(), fixture)
	// Hundreds of prompts: the shell starts faster than this test's own binary.
	generate(t, m, dir, Tools{Espeak: []string{"sh", "-c", "cat " + fixture}, Sox: []string{"sh", "-c", "tail -c +45"}})
	began := time.Now()
	report := generate(t, m, dir, Tools{Espeak: []string{"/nowhere"}, Sox: []string{"/nowhere"}})
	if took := time.Since(began); took > 200*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if report.Made != 0 || report.Kept < 200 {
		t.Errorf("report %+v", report)
	}
}

func TestGivenAChange_WhenAskedAgain_ThenOnlyThatPromptIsMade(t *testing.T) {
	dir, tools := t.TempDir(), fakeTools(t)
	generate(t, small(t), dir, tools)
	for what, change := range map[string]func(Manifest){
		"text":  func(m Manifest) { m.Callers["wait"]["en"] = "Please wait a moment" },
		"voice": func(m Manifest) { m.Voices["hi"] = Voice{"hi+f3", 160}; delete(m.Callers["wait"], "hi") },
		"lost file": func(Manifest) {
			if err := os.Remove(filepath.Join(dir, "en", folder, "done.alaw")); err != nil {
				t.Fatal(err)
			}
		},
		"cut file": func(Manifest) { put(t, []byte("x"), dir, "hi", folder, "hello.wav") },
	} {
		m := small(t)
		generate(t, m, dir, tools)
		change(m)
		if got := generate(t, m, dir, tools); got.Made != 1 {
			t.Errorf("after a change of %s: %+v", what, got)
		}
	}
}

func TestGivenARecording_WhenPromptsAreMade_ThenItWinsAndGoesWhenItIsTakenAway(t *testing.T) {
	dir, tools, m := t.TempDir(), fakeTools(t), small(t)
	generate(t, m, dir, tools)
	spoken, _ := os.ReadFile(filepath.Join(dir, "hi", folder, "hello.alaw"))

	put(t, tone(2*time.Second, 0.4).wav(), tools.Recordings, "hi", "hello.wav")
	if got, want := generate(t, m, dir, tools), (Report{Made: 1, Kept: 4, Recorded: 1}); got != want {
		t.Errorf("report %+v, want %+v", got, want)
	}
	lengths, _ := Durations(dir)
	if d, _ := lengths.Of("hi", "hello"); d < 1990*time.Millisecond || d > 2100*time.Millisecond {
		t.Errorf("the recording is not played: %v", d)
	}

	if err := os.Remove(filepath.Join(tools.Recordings, "hi", "hello.wav")); err != nil {
		t.Fatal(err)
	}
	generate(t, m, dir, tools)
	again, _ := os.ReadFile(filepath.Join(dir, "hi", folder, "hello.alaw"))
	if !bytes.Equal(spoken, again) {
		t.Error("the spoken prompt did not come back")
	}
}

func TestGivenARecordingOfAMistypedName_WhenPromptsAreMade_ThenItIsRefusedByName(t *testing.T) {
	dir, tools := t.TempDir(), fakeTools(t)
	put(t, tone(time.Second, 0.4).wav(), tools.Recordings, "hi", "helo.wav")
	if _, err := Generate(t.Context(), small(t), dir, tools); err == nil || !strings.Contains(err.Error(), "hi/helo") {
		t.Errorf("got %v", err)
	}
}

func TestGivenABadSource_WhenPromptsAreMade_ThenThePromptIsNamedAndTheRestIsKept(t *testing.T) {
	for what, c := range map[string]struct {
		recording []byte
		says      string
	}{
		"silence":  {make(sound, rate).wav(), "nothing can be heard"},
		"endless":  {tone(31*time.Second, 0.4).wav(), "lasts longer"},
		"no audio": {[]byte("hello"), "convert to 8 kHz"},
	} {
		dir, tools := t.TempDir(), fakeTools(t)
		tools.Jobs = 1
		put(t, c.recording, tools.Recordings, "hi", "wait.wav")
		_, err := Generate(t.Context(), small(t), dir, tools)
		if err == nil || !strings.Contains(err.Error(), "hi/wait") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", what, err)
		}
		if err := os.Remove(filepath.Join(tools.Recordings, "hi", "wait.wav")); err != nil {
			t.Fatal(err)
		}
		if got := generate(t, small(t), dir, tools); got.Kept == 0 || got.Kept+got.Made != 5 {
			t.Errorf("%s: what had been made was made again: %+v", what, got)
		}
	}
}

func TestGivenTheToolFails_WhenPromptsAreMade_ThenItsComplaintIsPassedOn(t *testing.T) {
	m := small(t)
	m.Callers["hello"]["en"] = "unspeakable"
	_, err := Generate(t.Context(), m, t.TempDir(), fakeTools(t))
	if err == nil || !strings.Contains(err.Error(), "en/hello: speak the text") || !strings.Contains(err.Error(), "cannot say that") {
		t.Errorf("got %v", err)
	}
}

func TestGivenItIsCancelled_WhenPromptsAreMade_ThenItEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Generate(ctx, Default(), t.TempDir(), fakeTools(t)); err == nil {
		t.Error("want an error")
	}
}

func TestGivenAPromptLeavesTheManifest_WhenAskedAgain_ThenOnlyWhatWasMadeIsRemoved(t *testing.T) {
	dir, tools, m := t.TempDir(), fakeTools(t), small(t)
	generate(t, m, dir, tools)
	put(t, []byte("x"), dir, "hi", folder, "by-hand.alaw")
	delete(m.Agents, "done")
	if got := generate(t, m, dir, tools); got.Removed != 1 || got.Kept != 4 {
		t.Errorf("report %+v", got)
	}
	if err := Check(dir, []string{"done"}, []string{"en"}); err == nil {
		t.Error("the prompt is still there")
	}
	if err := Check(dir, []string{"by-hand"}, []string{"hi"}); err != nil {
		t.Error(err)
	}
}

func TestGivenAMissingPrompt_WhenTheEngineStarts_ThenEachIsNamed(t *testing.T) {
	dir := t.TempDir()
	generate(t, small(t), dir, fakeTools(t))
	if err := Check(dir, []string{"hello", "wait"}, []string{"hi", "en"}); err != nil {
		t.Error(err)
	}
	put(t, nil, dir, "hi", folder, "wait.alaw")
	err := Check(dir, []string{"hello", "wait", "done"}, []string{"hi", "en"})
	if err == nil || !strings.Contains(err.Error(), "hi/done, hi/wait;") {
		t.Errorf("got %v", err)
	}
}

func TestGivenQuietAndLoudSpeech_WhenItIsLeveled_ThenBothSoundAlikeAndNothingClips(t *testing.T) {
	for _, amplitude := range []float64{0.02, 0.1, 0.5, 1} {
		s, err := tone(time.Second, amplitude).finished()
		if err != nil {
			t.Fatal(err)
		}
		if l := s.speechLevel(); math.Abs(l-loudness) > 0.005 {
			t.Errorf("amplitude %v comes out at %v", amplitude, l)
		}
	}
	// A click far above the speech must not clip.
	s := tone(time.Second, 0.05)
	s[4000] = 32767
	if s, _ = s.finished(); s.peak() > ceiling+0.001 {
		t.Errorf("peak %v", s.peak())
	}
}

// alawDecode is the inverse by the book, written apart from the encoder.
func alawDecode(b byte) int {
	b ^= 0x55
	v := int(b&0x0F)<<4 + 8
	if segment := int(b & 0x70 >> 4); segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

func TestGivenAnySample_WhenItIsCompressed_ThenItComesBackWithinItsSegmentsStep(t *testing.T) {
	for v := -32768; v <= 32767; v++ {
		got := alawDecode(alawByte(int16(v)))
		step := max(math.Abs(float64(v))/16, 16)
		if math.Abs(float64(got-v)) > step {
			t.Fatalf("%d comes back as %d", v, got)
		}
	}
	if alawByte(0) != 0xD5 || alawByte(-1) != 0x55 || alawByte(32767) != 0xAA || alawByte(-32768) != 0x2A {
		t.Error("the corner values are not those of G.711")
	}
}

func TestGivenNoMusic_WhenItIsMade_ThenItIsCalmLoopsAndIsNeverSilent(t *testing.T) {
	dir := t.TempDir()
	if err := Music(dir); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(dir, "calm.alaw"))
	if err != nil || before.Size() != musicSeconds*rate {
		t.Fatalf("%v %v", before, err)
	}
	s := music()
	if level := s.rms(); math.Abs(level-musicLevel) > 0.002 || s.peak() > 0.5 {
		t.Errorf("level %v, peak %v", level, s.peak())
	}
	for i := 0; i < len(s); i += rate / 2 {
		if level := s[i : i+rate/2].rms(); level < musicLevel/4 {
			t.Errorf("silent after %d samples: %v", i, level)
		}
	}
	if seam := math.Abs(float64(s[0]) - float64(s[len(s)-1])); seam > 32768*musicLevel {
		t.Errorf("the loop clicks: %v", seam)
	}
	if err := Music(dir); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Stat(filepath.Join(dir, "calm.alaw")); !after.ModTime().Equal(before.ModTime()) {
		t.Error("the music was made again")
	}
}
