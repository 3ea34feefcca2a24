package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Waiting reads the entries of a kind that no replay has taken yet, oldest first,
// and leaves them where they are: for whoever needs what was written before the
// store takes it.
func (j *Journal) Waiting(kind string) ([]Entry, error) {
	j.replaying.Lock() // or what is being read could be removed
	defer j.replaying.Unlock()
	j.mu.Lock()
	segments := slices.Clone(j.segments)
	j.mu.Unlock()
	var all []Entry
	for _, s := range segments {
		some, err := readKind(s, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// readKind reads a segment as far as it is good; what is not is for the replay to
// report.
func readKind(s segment, kind string) (all []Entry, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("journal: read what waits: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(io.LimitReader(f, s.size), 64<<10)
	for {
		e, _, err := decode(r)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, errTorn), errors.Is(err, errDamaged):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("journal: read what waits: %w", err)
		case e.Kind == kind:
			all = append(all, e)
		}
	}
}
