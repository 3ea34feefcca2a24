package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"powerline/agent"
)

// Columns of a roster file, in the usual order. The order in a file is free;
// secret and pin may be left out.
var Columns = []string{"id", "name", "gender", "officer", "counsellor", "senior", "languages", "categories", "outbound", "active", "secret", "pin"}

var optional = []string{"secret", "pin"}

// Entry is one line of a file: a person, and her secrets as they were typed.
type Entry struct {
	Person      Person
	secret, pin string
}

// Problem is one mistake in a file.
type Problem struct {
	File         string
	Line, Column int
	Reason       string
}

func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Reason)
}

// Error is everything that is wrong with one file.
type Error struct{ Problems []Problem }

// mostProblems are named; more would scroll the first ones away.
const mostProblems = 20

func (e *Error) Error() string {
	var lines []string
	for i, p := range e.Problems {
		if i == mostProblems {
			lines = append(lines, fmt.Sprintf("… and %d more", len(e.Problems)-mostProblems))
			break
		}
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// largest file that is read: thousands of people.
const largest = 4 << 20

// Parse reads a file. Either every line is good, or an *Error names the
// mistakes and no entry comes back.
func Parse(name string, in io.Reader, known Known) ([]Entry, error) {
	text, err := io.ReadAll(io.LimitReader(in, largest+1))
	if err != nil {
		return nil, fmt.Errorf("roster: read %s: %w", name, err)
	}
	p := &reader{name: name, known: known, seen: map[agent.ID]int{}}
	if len(text) > largest {
		p.wrong(1, 1, "longer than %d bytes: this is no roster", largest)
		return nil, &Error{p.problems}
	}
	p.read(bytes.TrimPrefix(text, []byte("\ufeff"))) // spreadsheets write this mark
	if len(p.problems) > 0 {
		return nil, &Error{p.problems}
	}
	return p.entries, nil
}

type reader struct {
	name     string
	known    Known
	header   []string
	seen     map[agent.ID]int // id → line
	entries  []Entry
	problems []Problem
}

func (r *reader) wrong(line, column int, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.name, line, column, fmt.Sprintf(format, args...)})
}

func (r *reader) read(text []byte) {
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1 // counted here, so that the message can say more
	for {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			// What follows a broken quote cannot be told apart into lines.
			r.wrong(syntax.Line, syntax.Column, "%v: the rest of the file was not read", syntax.Err)
			return
		}
		if r.header == nil {
			if !r.readHeader(rows, fields) {
				return
			}
			continue
		}
		r.readRow(rows, fields)
	}
	if r.header == nil {
		r.wrong(1, 1, "empty: want a first line with %s", strings.Join(Columns, ","))
	} else if len(r.entries) == 0 && len(r.problems) == 0 {
		r.wrong(1, 1, "nobody in this file: want a line for each person after the first")
	}
}

func (r *reader) readHeader(rows *csv.Reader, fields []string) bool {
	r.header = fields
	for i, name := range fields {
		line, column := rows.FieldPos(i)
		switch {
		case !slices.Contains(Columns, name):
			r.wrong(line, column, "no such column %q: want %s", clip(name), strings.Join(Columns, ", "))
		case slices.Contains(fields[:i], name):
			r.wrong(line, column, "column %q stands twice", name)
		}
	}
	for _, name := range Columns {
		if !slices.Contains(fields, name) && !slices.Contains(optional, name) {
			r.wrong(1, 1, "column %q is missing", name)
		}
	}
	return len(r.problems) == 0
}

func (r *reader) readRow(rows *csv.Reader, fields []string) {
	line, _ := rows.FieldPos(0)
	if len(fields) != len(r.header) {
		r.wrong(line, 1, "%d columns, the first line has %d", len(fields), len(r.header))
		return
	}
	var e Entry
	before := len(r.problems)
	for i, text := range fields {
		if err := e.assign(r.header[i], strings.TrimSpace(text), r.known); err != nil {
			l, c := rows.FieldPos(i)
			r.wrong(l, c, "%s: %v", r.header[i], err)
		}
	}
	if len(r.problems) > before {
		return
	}
	if column, err := e.lawful(); err != nil {
		l, c := rows.FieldPos(slices.Index(r.header, column))
		r.wrong(l, c, "%s: %v", column, err)
		return
	}
	if other, twice := r.seen[e.Person.Profile.ID]; twice {
		l, c := rows.FieldPos(slices.Index(r.header, "id"))
		r.wrong(l, c, "id: %s stands in line %d already", e.Person.Profile.ID, other)
		return
	}
	r.seen[e.Person.Profile.ID] = line
	r.entries = append(r.entries, e)
}
