package config

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a configuration. Line is zero when the value came
// from the defaults and so stands in no file.
type Problem struct {
	File   string
	Line   int
	Column int
	Path   string // as in the file: "lines[0].did"
	Reason string
}

func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
	text := p.Reason
	if p.Path != "" {
		text = p.Path + ": " + p.Reason
	}
	if where == "" {
		return text
	}
	return where + ": " + text
}

// Error is everything that is wrong with one configuration.
type Error struct{ Problems []Problem }

// mostProblems named at once; more would scroll the first ones away.
const mostProblems = 20

func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for i, p := range e.Problems {
		if i == mostProblems {
			lines = append(lines, fmt.Sprintf("… and %d more", len(e.Problems)-mostProblems))
			break
		}
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}
