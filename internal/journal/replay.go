package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Replay hands over all that waits, oldest first, in batches, and removes each
// segment when its last batch was taken. It ends when nothing waits, also of
// what was appended meanwhile, or at the first error. An entry can come again
// in a later Replay if this one was interrupted: take must be idempotent.
func (j *Journal) Replay(ctx context.Context, take func(context.Context, []Entry) error) error {
	j.replaying.Lock()
	defer j.replaying.Unlock()
	for {
		s, ok := j.oldest()
		if !ok {
			return nil
		}
		if err := j.replaySegment(ctx, s, take); err != nil {
			return err
		}
		if err := j.finish(s); err != nil {
			return err
		}
	}
}

// oldest seals the segment in writing if it is the only one, so that appends
// go elsewhere while this one is read.
func (j *Journal) oldest() (segment, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.segments) == 0 {
		return segment{}, false
	}
	if len(j.segments) == 1 {
		j.seal()
	}
	return j.segments[0], true
}

func (j *Journal) replaySegment(ctx context.Context, s segment, take func(context.Context, []Entry) error) error {
	f, err := os.Open(s.path)
	if err != nil {
		return fmt.Errorf("journal: replay: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(io.LimitReader(f, s.size), 64<<10)
	batch := make([]Entry, 0, j.opts.Batch)
	for good := int64(0); ; {
		e, n, err := decode(r)
		end := err != nil
		switch {
		case errors.Is(err, errTorn) || errors.Is(err, errDamaged):
			// It was whole when it was written: the disk lost it since.
			if err := j.damaged(s, good); err != nil {
				return err
			}
		case end && !errors.Is(err, io.EOF):
			return fmt.Errorf("journal: replay: %w", err)
		case !end:
			batch, good = append(batch, e), good+n
		}
		if len(batch) == j.opts.Batch || end && len(batch) > 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			if err := take(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if end {
			return nil
		}
	}
}

func (j *Journal) damaged(s segment, good int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stats.Damaged++
	return setAside(s.path, good)
}

// finish forgets a segment that was taken whole.
func (j *Journal) finish(s segment) error {
	if err := j.remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = j.segments[1:]
	j.stats.Records -= s.records
	j.stats.Bytes -= s.size
	j.stats.Replayed += s.records
	if len(j.segments) == 0 && j.emptied != nil {
		close(j.emptied)
		j.emptied = nil
	}
	return nil
}
