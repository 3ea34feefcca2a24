package prompts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Check makes sure that every prompt is there in every language, and names
// those that are not.
func Check(dir string, ids, languages []string) error {
	var missing []string
	for _, language := range languages {
		for _, id := range ids {
			info, err := os.Stat(job{language: language, id: id}.path(dir, ".alaw"))
			if err != nil || info.Size() == 0 {
				missing = append(missing, language+"/"+id)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("prompts: missing in %s: %s; add the text to the manifest or the recording <language>/<id>.wav, and generate",
		dir, strings.Join(slices.Compact(missing), ", "))
}

// Lengths is how long each prompt lasts: language, then id.
type Lengths map[string]map[string]time.Duration

// Of looks one up.
func (l Lengths) Of(language, id string) (time.Duration, bool) {
	d, ok := l[language][id]
	return d, ok
}

// Durations measures the prompts below dir. A-law has one byte a sample, so the
// size of a file is its length.
func Durations(dir string) (Lengths, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", folder, "*.alaw"))
	if err != nil {
		return nil, fmt.Errorf("prompts: measure: %w", err)
	}
	lengths := Lengths{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // replaced meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("prompts: measure: %w", err)
		}
		language := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if lengths[language] == nil {
			lengths[language] = map[string]time.Duration{}
		}
		id := strings.TrimSuffix(filepath.Base(path), ".alaw")
		lengths[language][id] = time.Duration(info.Size()) * time.Second / rate
	}
	return lengths, nil
}
