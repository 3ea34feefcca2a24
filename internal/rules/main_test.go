package rules

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root of the repository, seen from this package.
const root = "../.."

// tracked lists the files that git has, as paths from the root. Files that
// somebody deletes at this moment are left out.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("list the files of the repository: %v", err)
	}
	var files []string
	for name := range bytes.SplitSeq(bytes.TrimRight(out, "\x00"), []byte{0}) {
		if info, err := os.Lstat(filepath.Join(root, string(name))); err == nil && info.Mode().IsRegular() {
			files = append(files, string(name))
		}
	}
	if len(files) < 50 {
		t.Fatalf("git lists %d files only: the rules would hold for nothing", len(files))
	}
	return files
}

// source is one parsed Go file.
type source struct {
	path string // from the root
	set  *token.FileSet
	file *ast.File
}

// line of a node, for a message.
func (s source) line(n ast.Node) int { return s.set.Position(n.Pos()).Line }

// isTest: a test, or a package that exists for tests alone.
func (s source) isTest() bool {
	dir := filepath.Dir(s.path)
	return strings.HasSuffix(s.path, "_test.go") || strings.HasPrefix(s.path, "test/") || strings.HasSuffix(dir, "test")
}

// sources parses every tracked Go file.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, path := range tracked(t) {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(root, path), nil, parser.ParseComments)
		if err != nil {
			t.Errorf("%s cannot be parsed: %v", path, err)
			continue
		}
		all = append(all, source{path, set, file})
	}
	return all
}

// exceptions is a table of what is allowed although a rule forbids it, by
// place, with the reason.
type exceptions struct {
	reasons map[string]string
	used    map[string]bool
}

func except(reasons map[string]string) *exceptions {
	return &exceptions{reasons, map[string]bool{}}
}

func (e *exceptions) allow(place string) bool {
	_, ok := e.reasons[place]
	e.used[place] = true
	return ok
}

// check fails for exceptions without a reason and for those that nobody needs.
func (e *exceptions) check(t *testing.T) {
	t.Helper()
	for place, reason := range e.reasons {
		switch {
		case reason == "":
			t.Errorf("the exception for %s has no reason", place)
		case !e.used[place]:
			t.Errorf("nothing needs the exception for %s any more: remove it", place)
		}
	}
}
