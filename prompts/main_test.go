package prompts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary plays the two tools itself, so that these tests need neither:
// what the real ones make is tested where the whole stack is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "fake-espeak":
			exit(fakeEspeak(os.Args[2:]))
		case "fake-sox":
			exit(fakeSox())
		}
	}
	goleak.VerifyTestMain(m)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fakeEspeak speaks a text as a tone: silence, 50 ms a letter, silence.
func fakeEspeak(args []string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if strings.Contains(string(text), "unspeakable") {
		return errors.New("cannot say that")
	}
	if !strings.Contains(strings.Join(args, " "), "--stdin --stdout") {
		return fmt.Errorf("unexpected arguments %q", args)
	}
	silence := make(sound, rate/2)
	letters := len([]rune(string(text)))
	s := append(append(silence, tone(time.Duration(letters)*50*time.Millisecond, 0.03)...), silence...)
	wav := s.wav()
	copy(wav[40:44], []byte{0, 0xF0, 0xFF, 0x7F}) // a length that it does not know yet
	_, err = os.Stdout.Write(wav)
	return err
}

// fakeSox takes 8 kHz as it is.
func fakeSox() error {
	wav, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(wav, []byte("RIFF")) {
		return errors.New("not a wav file")
	}
	_, err = os.Stdout.Write(wav[44:])
	return err
}

func tone(d time.Duration, amplitude float64) sound {
	s := make(sound, d*rate/time.Second)
	for i := range s {
		s[i] = int16(amplitude * 32767 * math.Sin(2*math.Pi*440*float64(i)/rate))
	}
	return s
}

func fakeTools(t *testing.T) Tools {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A binary built with the race detector waits a second at its end; not as a tool.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	return Tools{Espeak: []string{self, "fake-espeak"}, Sox: []string{self, "fake-sox"}, Recordings: t.TempDir()}
}

// small is a manifest with two languages.
func small(t *testing.T) Manifest {
	t.Helper()
	m, err := Parse([]byte(`
voices:
  hi: {voice: hi+f3, speed: 170}
  en: {voice: en-gb, speed: 170}
callers:
  hello: {hi: "नमस्ते", en: "Hello there"}
  wait: {hi: "रुकिए", en: "Please wait"}
agents:
  done: {en: "Done"}
`))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func put(t *testing.T, content []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
