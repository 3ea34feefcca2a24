package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"powerline/agent"
)

// Known is what a file may refer to.
type Known struct {
	Languages, Categories []string
	// Now is the moment of the import: nothing is registered after it.
	Now time.Time
	// Taker is the woman who takes responsibility for cases for which the file
	// names none; empty: the file must name one.
	Taker agent.ID
	// Takers are the women who may register a case, and Stations the directory of
	// police stations. Nil: not looked at.
	Takers   map[agent.ID]bool
	Stations map[string]Station
}

// requires are the fields that every case must have.
func (k Known) requires() []string {
	if k.Taker == "" {
		return required
	}
	return slices.DeleteFunc(slices.Clone(required), func(name string) bool { return name == "taker" })
}

// Finding is one mistake in a file. It repeats nothing of what stands there.
type Finding struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"` // empty when the line as a whole is wrong
	Reason string `json:"reason"`
}

// String is "line 3: district: …".
func (f Finding) String() string {
	if f.Field == "" {
		return fmt.Sprintf("line %d: %s", f.Line, f.Reason)
	}
	return fmt.Sprintf("line %d: %s: %s", f.Line, f.Field, f.Reason)
}

// Refusal is everything that is wrong with one file.
type Refusal struct{ Findings []Finding }

// mostFindings are named; more would scroll the first ones away.
const mostFindings = 20

func (r *Refusal) Error() string {
	var lines []string
	for i, f := range r.Findings {
		if i == mostFindings {
			lines = append(lines, fmt.Sprintf("… and %d more", len(r.Findings)-mostFindings))
			break
		}
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// largest file that is read: some ten thousand cases.
const largest = 32 << 20

// cell is one field of a case as it stands in a file.
type cell struct {
	field, text string
	line        int
}

// row is one case as it stands in a file.
type row struct {
	line  int
	cells []cell
}

// file is a file on its way to registrations.
type file struct {
	findings
	known Known
	refs  map[string]int // reference → line
	all   []Registration
}

// findings are collected while a file is read.
type findings []Finding

func (f *findings) wrong(line int, field, format string, args ...any) {
	*f = append(*f, Finding{line, field, fmt.Sprintf(format, args...)})
}

// refusal is nil when nothing is wrong.
func (f findings) refusal() error {
	if len(f) == 0 {
		return nil
	}
	slices.SortStableFunc(f, func(a, b Finding) int { return a.Line - b.Line })
	return &Refusal{f}
}

// ReadCSV reads cases from a CSV file whose first line names the Fields. Either
// every line is good, or a *Refusal names the mistakes and no case comes back.
func ReadCSV(in io.Reader, known Known) ([]Registration, error) {
	return read(in, known, (*file).readCSV)
}

// ReadJSON reads cases from a JSON array of objects with the Fields as keys.
// Lists are arrays of texts, yes and no are true and false, and "contacts" is
// an array of objects. It refuses as ReadCSV does.
func ReadJSON(in io.Reader, known Known) ([]Registration, error) {
	return read(in, known, (*file).readJSON)
}

func read(in io.Reader, known Known, form func(*file, []byte)) ([]Registration, error) {
	f := &file{known: known, refs: map[string]int{}}
	text, err := f.text(in)
	if err != nil {
		return nil, err
	}
	if len(f.findings) == 0 {
		form(f, text)
		if len(f.all) == 0 && len(f.findings) == 0 {
			f.wrong(1, "", "no case in this file")
		}
	}
	if err := f.refusal(); err != nil {
		return nil, err
	}
	return f.all, nil
}

// text is the whole file, if it can be read at all.
func (f *findings) text(in io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, largest+1))
	if err != nil {
		return nil, fmt.Errorf("intake: read the file: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // spreadsheets write this mark
	switch {
	case len(text) > largest:
		f.wrong(1, "", "longer than %d bytes: import it in parts", largest)
	case !utf8.Valid(text):
		f.wrong(lineOfInvalid(text), "", "not UTF-8: save the file as UTF-8")
	}
	return text, nil
}

func lineOfInvalid(text []byte) int {
	line := 1
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			return line
		}
		if r == '\n' {
			line++
		}
		text = text[size:]
	}
	return line
}

func (f *file) readCSV(text []byte) {
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1 // counted here, so that the message can say more
	var header []string
	for {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			// What follows a broken quote cannot be told apart into lines.
			f.wrong(syntax.StartLine, "", "%v: the rest of the file was not read", syntax.Err)
			return
		}
		line, _ := rows.FieldPos(0)
		if header == nil {
			header = fields
			if !f.checkHeader(header) {
				return
			}
			continue
		}
		if len(fields) != len(header) {
			f.wrong(line, "", "%d columns, the first line has %d", len(fields), len(header))
			continue
		}
		r := row{line: line}
		for i, text := range fields {
			at, _ := rows.FieldPos(i)
			r.cells = append(r.cells, cell{header[i], text, at})
		}
		f.take(r)
	}
	if header == nil {
		f.wrong(1, "", "empty: want a first line with %s and others", strings.Join(f.known.requires(), ","))
	}
}

// checkHeader does not repeat a name that is wrong: without a first line, it
// is the data of a case.
func (f *file) checkHeader(header []string) bool {
	for i, name := range header {
		switch {
		case !isField(name):
			f.wrong(1, "", "column %d: no such field: want one of %s", i+1, strings.Join(fieldNames(), ", "))
		case slices.Contains(header[:i], name):
			f.wrong(1, name, "stands twice")
		}
	}
	for _, name := range f.known.requires() {
		if !slices.Contains(header, name) {
			f.wrong(1, name, "is missing")
		}
	}
	return len(f.findings) == 0
}

// lineOf is the line of a field of the row, or of the row if it is not there.
func (r row) lineOf(field string) int {
	for _, c := range r.cells {
		if c.field == field {
			return c.line
		}
	}
	return r.line
}

// admits says which field names somebody or something that is not known.
func (k Known) admits(r Registration) (field string, err error) {
	if k.Takers != nil && !k.Takers[r.Taker] {
		return "taker", errors.New("no woman who works here has this id: only a woman registers a case")
	}
	if k.Stations == nil || r.Station == "" {
		return "", nil
	}
	switch s, ok := k.Stations[r.Station]; {
	case !ok:
		return "station", errors.New("no police station of the directory has this id")
	case s.District != r.District:
		return "station", errors.New("it belongs to another district")
	}
	return "", nil
}

// take makes a registration of a row, or says what is wrong with it.
func (f *file) take(r row) {
	before := len(f.findings)
	e := entry{known: f.known}
	given := map[string]bool{}
	for _, c := range r.cells {
		switch {
		case given[c.field]:
			f.wrong(c.line, c.field, "stands twice")
			continue
		case strings.TrimSpace(c.text) == "":
			continue
		}
		given[c.field] = true
		if err := e.assign(c.field, strings.TrimSpace(c.text)); err != nil {
			f.wrong(c.line, c.field, "%v", err)
		}
	}
	for _, name := range f.known.requires() {
		if !given[name] {
			f.wrong(r.line, name, "is missing")
		}
	}
	if len(f.findings) > before {
		return
	}
	registration, err := e.finish()
	if err != nil {
		f.wrong(r.line, "", "%v", err)
		return
	}
	if field, err := f.known.admits(registration); err != nil {
		f.wrong(r.lineOf(field), field, "%v", err)
		return
	}
	if other, twice := f.refs[e.ref]; twice {
		f.wrong(r.line, "ref", "stands in line %d already", other)
		return
	}
	f.refs[e.ref] = r.line
	f.all = append(f.all, registration)
}
