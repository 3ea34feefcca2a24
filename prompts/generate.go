package prompts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// folder is where Asterisk finds our prompts below a language: "powerline/x".
	folder = "powerline"
	// recipe is part of every fingerprint; raise it when the audio changes.
	recipe = "1"
	// toolLimit bounds one run of a tool.
	toolLimit = 30 * time.Second
	indexName = "powerline-prompts.json"
)

// Tools is what Generate works with.
type Tools struct {
	// Espeak and Sox begin the command lines of espeak-ng and sox. Text and audio
	// go in and out by pipes, so a tool may live in another root directory.
	Espeak, Sox []string
	// Recordings is the directory whose <language>/<id>.wav wins over the text;
	// it need not exist.
	Recordings string
	// Jobs is how many prompts are made at once; zero is one for each processor.
	Jobs int
	// Progress is told after each prompt made, one call at a time; may be nil.
	Progress func(made, of int)
}

// Report is what Generate did.
type Report struct {
	Made, Kept, Recorded, Removed int
}

// Generate makes every prompt of the manifest below dir that is not there yet.
func Generate(ctx context.Context, m Manifest, dir string, tools Tools) (Report, error) {
	want, err := m.jobs(tools.Recordings)
	if err != nil {
		return Report{}, err
	}
	old := readIndex(dir)
	made := index{}
	var open []job
	var report Report
	for _, j := range want {
		if j.recording != nil {
			report.Recorded++
		}
		if entry, ok := old[j.name()]; ok && entry.Source == j.source && j.present(dir, entry) {
			made[j.name()] = entry
			report.Kept++
			continue
		}
		open = append(open, j)
	}
	report.Removed = old.removeOthers(dir, want)
	if len(open) == 0 && report.Removed == 0 && maps.Equal(old, made) {
		return report, nil
	}
	err = makeAll(ctx, open, dir, tools, made)
	report.Made = len(made) - report.Kept
	return report, errors.Join(err, made.write(dir))
}

// makeAll makes the jobs side by side and enters what was made into the index.
func makeAll(ctx context.Context, open []job, dir string, tools Tools, made index) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(tools.Jobs, 0))
	if tools.Jobs <= 0 {
		group.SetLimit(runtime.NumCPU())
	}
	done := 0
	for _, j := range open {
		group.Go(func() error {
			s, err := j.make(ctx, tools)
			if err == nil {
				err = j.write(dir, s)
			}
			if err != nil {
				return fmt.Errorf("prompts: make %s: %w", j.name(), err)
			}
			mu.Lock()
			defer mu.Unlock()
			made[j.name()] = entry{Source: j.source, Samples: len(s)}
			done++
			if tools.Progress != nil {
				tools.Progress(done, len(open))
			}
			return nil
		})
	}
	return group.Wait()
}

// job is one prompt in one language.
type job struct {
	language, id string
	voice        Voice
	text         string
	recording    []byte
	// source is the fingerprint of all of the above.
	source string
}

func (j job) name() string { return j.language + "/" + j.id }

func (j job) path(dir, ext string) string {
	return filepath.Join(dir, j.language, folder, j.id+ext)
}

// jobs lists every prompt that the manifest wants, with its recording if there
// is one. A recording that no prompt wants is an error: it is a mistyped name.
func (m Manifest) jobs(recordings string) ([]job, error) {
	found, err := readRecordings(recordings)
	if err != nil {
		return nil, err
	}
	var list []job
	for _, group := range []map[string]Text{m.Callers, m.Agents} {
		for id, text := range group {
			for language, words := range text {
				j := job{language: language, id: id, voice: m.Voices[language], text: words}
				j.recording = found[j.name()]
				delete(found, j.name())
				j.source = j.fingerprint()
				list = append(list, j)
			}
		}
	}
	if len(found) > 0 {
		return nil, fmt.Errorf("prompts: %s holds recordings of prompts that do not exist: %s",
			recordings, strings.Join(slices.Sorted(maps.Keys(found)), ", "))
	}
	slices.SortFunc(list, func(a, b job) int { return strings.Compare(a.name(), b.name()) })
	return list, nil
}

// readRecordings reads every <language>/<id>.wav.
func readRecordings(dir string) (map[string][]byte, error) {
	found := map[string][]byte{}
	if dir == "" {
		return found, nil
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.wav"))
	if err != nil {
		return nil, fmt.Errorf("prompts: list recordings: %w", err)
	}
	for _, path := range paths {
		audio, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("prompts: read recording: %w", err)
		}
		id := strings.TrimSuffix(filepath.Base(path), ".wav")
		found[filepath.Base(filepath.Dir(path))+"/"+id] = audio
	}
	return found, nil
}

func (j job) fingerprint() string {
	h := sha256.New()
	if j.recording != nil {
		fmt.Fprintf(h, "%s recording\n", recipe)
		h.Write(j.recording)
	} else {
		fmt.Fprintf(h, "%s text\n%s\n%d\n%s", recipe, j.voice.Voice, j.voice.Speed, j.text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// present reports whether both files are there in full length.
func (j job) present(dir string, e entry) bool {
	for ext, size := range map[string]int{".alaw": e.Samples, ".wav": 44 + 2*e.Samples} {
		info, err := os.Stat(j.path(dir, ext))
		if err != nil || info.Size() != int64(size) {
			return false
		}
	}
	return true
}

// make is the prompt's audio, from the recording or from the text.
func (j job) make(ctx context.Context, tools Tools) (sound, error) {
	wav := j.recording
	if wav == nil {
		var err error
		// The text goes in by a pipe: on a command line it could be taken for an
		// option.
		wav, err = run(ctx, "speak the text", []byte(j.text), tools.Espeak,
			"-b", "1", "-v", j.voice.Voice, "-s", strconv.Itoa(j.voice.Speed), "--stdin", "--stdout")
		if err != nil {
			return nil, err
		}
	}
	// The synthesizer does not know the length when it writes its header.
	raw, err := run(ctx, "convert to 8 kHz", wav, tools.Sox, "-V1", "-R", "-t", "wav", "--ignore-length", "-",
		"-t", "raw", "-e", "signed-integer", "-b", "16", "-L", "-c", "1", "-r", strconv.Itoa(rate), "-")
	if err != nil {
		return nil, err
	}
	return fromRaw(raw).finished()
}

// write puts both files into place.
func (j job) write(dir string, s sound) error {
	for ext, content := range map[string][]byte{".alaw": s.alaw(), ".wav": s.wav()} {
		if err := writeFile(j.path(dir, ext), content); err != nil {
			return err
		}
	}
	return nil
}

// run feeds a tool and returns what it gives.
func run(ctx context.Context, what string, in []byte, argv []string, args ...string) ([]byte, error) {
	if len(argv) == 0 {
		return nil, fmt.Errorf("%s: no tool is configured", what)
	}
	ctx, cancel := context.WithTimeout(ctx, toolLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], slices.Concat(argv[1:], args)...)
	var complaint bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &complaint
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return nil, fmt.Errorf("%s with %s: %w: %s", what, filepath.Base(argv[0]), err, first)
	}
	return out, nil
}

// index remembers what each file was made from.
type index map[string]entry

type entry struct {
	Source  string `json:"source"`
	Samples int    `json:"samples"`
}

// readIndex is empty when there is none or it cannot be read: it is a cache.
func readIndex(dir string) index {
	ix := index{}
	text, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil || json.Unmarshal(text, &ix) != nil {
		return index{}
	}
	return ix
}

func (ix index) write(dir string) error {
	text, err := json.MarshalIndent(ix, "", "\t")
	if err != nil {
		return fmt.Errorf("prompts: write index: %w", err)
	}
	return writeFile(filepath.Join(dir, indexName), text)
}

// removeOthers deletes what an earlier manifest made and this one does not want.
// Files that Generate did not make are left alone.
func (ix index) removeOthers(dir string, want []job) (removed int) {
	wanted := map[string]bool{}
	for _, j := range want {
		wanted[j.name()] = true
	}
	for name := range ix {
		language, id, ok := strings.Cut(name, "/")
		if wanted[name] || !ok || !validLanguage.MatchString(language) || !validID.MatchString(id) {
			continue
		}
		j := job{language: language, id: id}
		_ = os.Remove(j.path(dir, ".wav"))
		if err := os.Remove(j.path(dir, ".alaw")); err == nil || errors.Is(err, fs.ErrNotExist) {
			removed++
		}
	}
	return removed
}

// writeFile writes beside the file and renames, so that nobody reads half.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	defer os.Remove(temp.Name()) // without effect once renamed
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}
