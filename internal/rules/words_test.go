package rules

import (
	"go/ast"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// instead names the word to use for each that is refused in names: docs/
// glossary.md has the meanings.
var instead = map[string]string{
	// Words that say nothing.
	"util": "what it does", "utils": "what it does", "common": "what it does", "misc": "what it does",
	"helper": "what it does", "helpers": "what it does", "manager": "what it does", "model": "the thing itself", "models": "the thing itself",
	// Synonyms: one word per thing.
	"customer": "caller", "ticket": "case", "interaction": "call", "rep": "agent", "operative": "agent",
	"acw": "wrap-up", "afterwork": "wrap-up", "spy": "snoop", "conference": "bridge", "tier": "ring",
	"callee": "agent or contact", "presence": "online", "session": "call", "penalty": "cost",
}

// TestNamesUseTheWordsOfTheGlossary looks at every name that is declared.
func TestNamesUseTheWordsOfTheGlossary(t *testing.T) {
	allowed := except(map[string]string{
		"internal/asterisk:session":    "one websocket from dial to loss; no call is meant",
		"internal/asterisk:presence":   "Asterisk's own word for a phone's registration",
		"internal/console:session":     "a person who is signed in; no call is meant",
		"internal/postgres:session":    "where a person's being signed in is stored; no call is meant",
		"internal/simulation:presence": "plays the event of that name",
		"internal/check:manager":       "Asterisk's manager interface",
		"asterisk-config:penalty":      "app_queue's word for the order in a queue",
		"routing:penalty":              "what spreads heavy calls; the key of the configuration",
	})
	for _, s := range sources(t) {
		dir := filepath.ToSlash(filepath.Dir(s.path))
		for _, name := range declared(s.file) {
			for _, word := range words(name.Name) {
				better, bad := instead[word]
				if bad && !s.isTest() && !allowed.allow(dir+":"+word) {
					t.Errorf("%s:%d: %s: not %q but %s", s.path, s.line(name), name.Name, word, better)
				}
			}
		}
	}
	allowed.check(t)
}

// TestFunctionsAreNotCalledGet: a getter is named for what it returns.
func TestFunctionsAreNotCalledGet(t *testing.T) {
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && regexp.MustCompile(`^[Gg]et([A-Z]|$)`).MatchString(f.Name.Name) {
				t.Errorf("%s:%d: %s: name it for what it returns", s.path, s.line(f), f.Name.Name)
			}
		}
	}
}

func TestPackagesAreNamedForOneThing(t *testing.T) {
	plurals := except(map[string]string{
		"cases":      "the word case is Go's own",
		"recordings": "the package keeps all of them, and proves that all are there",
		"prompts":    "the package makes a set of recordings, never one",
		"rules":      "the package is a set of rules, as its tests are",
	})
	for _, s := range sources(t) {
		name := strings.TrimSuffix(s.file.Name.Name, "_test")
		if better, bad := instead[name]; bad || name == "types" {
			t.Errorf("%s: package %s: name it for %s", s.path, name, better)
		}
		if strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss") && !plurals.allow(name) && name != "postgres" {
			t.Errorf("%s: package %s: one thing, not many", s.path, name)
		}
	}
	plurals.check(t)
}

// declared lists the identifiers that a file declares.
func declared(f *ast.File) []*ast.Ident {
	all := []*ast.Ident{f.Name}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			all = append(all, n.Name)
		case *ast.TypeSpec:
			all = append(all, n.Name)
		case *ast.ValueSpec:
			all = append(all, n.Names...)
		case *ast.Field:
			all = append(all, n.Names...)
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if id, ok := left.(*ast.Ident); ok && n.Tok.String() == ":=" {
					all = append(all, id)
				}
			}
		}
		return true
	})
	return all
}

var wordStart = regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`)

// words takes a name apart at its capitals.
func words(name string) []string {
	var all []string
	for _, w := range wordStart.FindAllString(name, -1) {
		all = append(all, strings.ToLower(w))
	}
	return all
}
