package journal

import (
	"context"
	"fmt"
	"testing"
)

func TestWhatWaitsCanBeReadAndIsReplayedAllTheSame(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	j, err := Open(dir, Options{SegmentBytes: 64})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		kind := []string{"draft", "call"}[i%2]
		if err := j.Append(ctx, kind, fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	// It is read by the next process, before its database answers.
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = Open(dir, Options{SegmentBytes: 64}); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	drafts, err := j.Waiting("draft")
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, e := range drafts {
		got += string(e.Data)
	}
	if got != "024" {
		t.Errorf("the drafts that wait are %q, want 024", got)
	}
	replayed := 0
	if err := j.Replay(ctx, func(_ context.Context, all []Entry) error { replayed += len(all); return nil }); err != nil || replayed != 6 {
		t.Errorf("%d of 6 were replayed: %v", replayed, err)
	}
	if rest, err := j.Waiting("draft"); err != nil || len(rest) != 0 {
		t.Errorf("%d wait after the replay: %v", len(rest), err)
	}
}
