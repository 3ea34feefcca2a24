package console

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the table of docs/security.md anew")

const (
	document   = "../../docs/security.md"
	tableFrom  = "<!-- console routes: go test ./internal/console -run Document -rewrite -->\n"
	tableUntil = "<!-- end of console routes -->\n"
)

// table is Permissions as people read it.
func table() string {
	var b strings.Builder
	b.WriteString("| route |")
	for _, role := range anybodyIn {
		fmt.Fprintf(&b, " %s |", role)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(anybodyIn)) + "\n")
	for _, name := range slices.Sorted(maps.Keys(Permissions)) {
		if forEverybody(name) {
			continue
		}
		fmt.Fprintf(&b, "| %s |", name)
		for _, role := range anybodyIn {
			b.WriteString(map[bool]string{true: " yes |", false: " – |"}[May(role, name)])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestGivenTheDocument_WhenItNamesWhoMayWhat_ThenItIsTheTableOfTheCode(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), tableFrom)
	shown, after, ends := strings.Cut(rest, tableUntil)
	if !found || !ends {
		t.Fatalf("%s has no place for the table", document)
	}
	if shown == table() {
		return
	}
	if !*rewrite {
		t.Fatalf("%s shows another table: go test ./internal/console -run Document -rewrite", document)
	}
	if err := os.WriteFile(document, []byte(before+tableFrom+table()+tableUntil+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
