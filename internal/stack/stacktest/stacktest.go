// Package stacktest gives a test a stack of its own and takes it away
// afterwards.
package stacktest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerline/internal/stack"
)

// Start runs a stack for one test (or for TestMain's whole package, by way of
// Run). It installs the programs if they are missing, which takes half a minute
// once and shows its progress. When the test ends the stack is stopped; when it
// has failed, the services' logs are copied to $ARTEFACTS, or .stack/artefacts
// in the working directory's repository, first.
func Start(t testing.TB, o stack.Options) *stack.Stack {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	if err := stack.Install(ctx, os.Stderr); err != nil {
		t.Fatal(err)
	}
	s, err := stack.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			keepLogs(t, s)
		}
		s.Stop()
	})
	return s
}

// Run is for TestMain: it starts one stack for all tests of a package, calls
// use, and stops it. The result is the exit status.
func Run(o stack.Options, use func(*stack.Stack) int) int {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := stack.Install(ctx, os.Stderr); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	s, err := stack.Start(ctx, o)
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	defer s.Stop()
	return use(s)
}

func keepLogs(t testing.TB, s *stack.Stack) {
	root := os.Getenv("ARTEFACTS")
	if root == "" {
		tree, err := stack.Root()
		if err != nil {
			t.Log(err)
			return
		}
		root = filepath.Join(filepath.Dir(tree), "artefacts")
	}
	to := filepath.Join(root, strings.ReplaceAll(t.Name(), "/", "_"))
	if err := s.CopyLogs(to); err != nil {
		t.Log(err)
		return
	}
	t.Logf("the services' logs and Asterisk's configuration are in %s", to)
}
