package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"powerline/internal/stack"
	"powerline/test/helpline"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := helpline.RemoveBinaries(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// resultsPath is where results are appended: $BENCH_RESULTS, or a file among
// the artefacts of the stack.
func resultsPath(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("BENCH_RESULTS"); path != "" {
		return path
	}
	root, err := stack.Root()
	if err != nil {
		b.Fatal(err)
	}
	dir := filepath.Join(filepath.Dir(root), "artefacts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	return filepath.Join(dir, "bench.jsonl")
}
