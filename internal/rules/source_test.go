package rules

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// screen is how many lines a function may have.
const screen = 70

func TestEveryFunctionFitsAScreen(t *testing.T) {
	allowed := except(map[string]string{})
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := s.set.Position(f.End()).Line - s.line(f) + 1
			if place := s.path + ":" + f.Name.Name; lines > screen && !allowed.allow(place) {
				t.Errorf("%s has %d lines, at most %d fit a screen", place, lines, screen)
			}
		}
	}
	allowed.check(t)
}

// TestTheDeciderReadsNoClock: what decides about calls and agents gets the time
// as an argument, so that a day can be played in a second and again.
func TestTheDeciderReadsNoClock(t *testing.T) {
	for _, s := range sources(t) {
		switch filepath.Dir(s.path) {
		case "agent", "call", "cases", "routing":
		default:
			continue
		}
		if s.isTest() {
			continue
		}
		for _, name := range []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Sleep"} {
			for _, call := range callsOf(s, "time", name) {
				t.Errorf("%s:%d calls time.%s", s.path, s.line(call), name)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s:%d starts a goroutine", s.path, s.line(g))
			}
			return true
		})
	}
}

// TestNoTestSleeps: a test waits for what it wants to see, with a limit. Under
// testing/synctest the clock is not real, and a sleep says how late it is.
func TestNoTestSleeps(t *testing.T) {
	all := sources(t)
	bubbles := map[string]bool{}
	for _, s := range all {
		for _, imported := range s.file.Imports {
			if imported.Path.Value == strconv.Quote("testing/synctest") {
				bubbles[filepath.Dir(s.path)] = true
			}
		}
	}
	for _, s := range all {
		if !s.isTest() || bubbles[filepath.Dir(s.path)] {
			continue
		}
		for _, call := range callsOf(s, "time", "Sleep") {
			t.Errorf("%s:%d sleeps: wait for a sign or poll with a limit", s.path, s.line(call))
		}
	}
}

// callsOf finds the calls of a package's function.
func callsOf(s source, pkg, name string) []*ast.CallExpr {
	var found []*ast.CallExpr
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == name {
			if x, ok := f.X.(*ast.Ident); ok && x.Name == pkg {
				found = append(found, call)
			}
		}
		return true
	})
	return found
}

// TestNoFileNamesARegistryOrAMachine: what is in the repository works anywhere.
// Where packages come from is the host's business.
func TestNoFileNamesARegistryOrAMachine(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]*regexp.Regexp{
		"a package registry": registries(),
		"somebody's home":    regexp.MustCompile(`(^|[\s"'` + "`" + `=:(])/(ro` + `ot|ho` + `me|Us` + `ers)/[a-z.]`),
		"this checkout":      regexp.MustCompile(regexp.QuoteMeta(here) + `\b`),
	}
	if above := filepath.Dir(here); above != "/" && above != filepath.Clean(os.TempDir()) {
		bad["the folder around this checkout"] = regexp.MustCompile(`(^|[\s"'` + "`" + `=:(])` + regexp.QuoteMeta(above) + `/`)
	}
	for _, path := range tracked(t) {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Error(err)
			continue
		}
		for what, pattern := range bad {
			if at := pattern.FindIndex(text); at != nil {
				line := 1 + strings.Count(string(text[:at[0]]), "\n")
				t.Errorf("%s:%d names %s: %q", path, line, what, text[at[0]:at[1]])
			}
		}
	}
}

// registries matches the hosts of package registries. The names are taken
// apart here, so that this file does not hold them.
func registries() *regexp.Regexp {
	hosts := []string{
		"proxy" + `\.golang\.org`, "sum" + `\.golang\.org`, "go" + `proxy\.`, "py" + `pi\.org`, "files" + `\.pythonhosted`,
		"registry" + `\.npmjs`, "crates" + `\.io`, "rubygems" + `\.org`, "deb" + `\.debian\.org`, "snapshot" + `\.debian\.org`,
		"archive" + `\.ubuntu`, "arti" + `factory`, "nexus" + `\.`, "docker" + `\.io`, "ghcr" + `\.io`,
	}
	return regexp.MustCompile(`(?i)\b(` + strings.Join(hosts, "|") + `)`)
}
