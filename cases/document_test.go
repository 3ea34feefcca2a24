package cases_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"powerline/cases"
)

const document = "../docs/redressal.md"

// TestTheDocumentShowsTheLadder: the diagram and the table of docs/redressal.md
// are those of the code. `go test ./cases -rewrite` writes them anew.
func TestTheDocumentShowsTheLadder(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := block(t, string(text), "diagram", "```mermaid\n"+cases.Diagram()+"```\n")
	want = block(t, want, "table", cases.Table())
	want = block(t, want, "codes", cases.Codes())
	if *rewrite {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s does not show the ladder of the code: go test ./cases -rewrite", document)
	}
}

// block replaces what stands between the marks of a generated block.
func block(t *testing.T, text, name, content string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, "<!-- "+name+": generated")
	head, rest, ok2 := strings.Cut(rest, "-->\n")
	_, after, ok3 := strings.Cut(rest, "<!-- /"+name+" -->")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("no block %q in %s", name, document)
	}
	return before + "<!-- " + name + ": generated" + head + "-->\n" + content + "<!-- /" + name + " -->" + after
}

// TestTheDocumentNamesEverything: each event, outcome, concern and limit.
func TestTheDocumentNamesEverything(t *testing.T) {
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	var names []string
	for _, what := range cases.Contents {
		names = append(names, cases.Event{What: what}.Name())
	}
	for _, k := range cases.Kinds {
		for _, o := range cases.Outcomes(k) {
			names = append(names, string(o))
		}
	}
	names = append(names, keys(reflect.TypeFor[cases.Rules](), "")...)
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s does not name %s", document, name)
		}
	}
}

// keys are the keys of the limits in the configuration.
func keys(of reflect.Type, prefix string) []string {
	var all []string
	for i := range of.NumField() {
		f := of.Field(i)
		key := prefix + f.Tag.Get("yaml")
		if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
			all = append(all, prefix+f.Name+" without tags")
		}
		if f.Type.Kind() == reflect.Struct {
			all = append(all, keys(f.Type, key+".")...)
			continue
		}
		all = append(all, key)
	}
	return all
}
