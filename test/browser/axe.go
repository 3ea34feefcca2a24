package browser

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed axe/axe.min.js
var axe string

// Finding is what keeps somebody from using a page.
type Finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Where  []string `json:"where"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s (%s): %s: %s", f.ID, f.Impact, f.Help, strings.Join(f.Where, "; "))
}

// Axe looks at the page as it stands with axe-core, by the rules of WCAG 2.2 A and
// AA, and returns what is serious or critical.
func (p *Page) Axe() ([]Finding, error) {
	// Evaluated as a developer's tools do, so that the page's policy may stay strict.
	if _, err := Eval[bool](p, axe+"\n;true"); err != nil {
		return nil, err
	}
	return Eval[[]Finding](p, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then((r) =>
		r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
			.map((v) => ({id: v.id, impact: v.impact, help: v.help, where: v.nodes.map((n) => n.target.join(" ") + " " + n.html.slice(0, 120))})))`)
}
