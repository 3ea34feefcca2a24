package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"powerline/district"
)

// Station is a police station of the directory. It belongs to a district and
// is not one.
type Station struct {
	ID       string // a word such as "lko-hazratganj"
	District string // by name, one of the 75
	Name     string
	Active   bool
}

// StationFields are the columns of a directory; active may be left out and is
// yes then.
var StationFields = []string{"id", "district", "name", "active"}

var stationRequired = []string{"id", "district", "name"}

// directory is a file of stations on its way in.
type directory struct {
	findings
	stored map[string]Station // by id
	ids    map[string]int     // id → line
	places map[string]int     // district and name → line
	lines  []int              // of each of all
	all    []Station
}

// ReadStations reads a directory of police stations from a CSV file whose first
// line names the StationFields. Either every line is good, or a *Refusal names
// the mistakes and no station comes back. Those stored already keep their ids
// and districts, because cases name them.
func ReadStations(in io.Reader, stored []Station) ([]Station, error) {
	d := &directory{stored: map[string]Station{}, ids: map[string]int{}, places: map[string]int{}}
	for _, s := range stored {
		d.stored[s.ID] = s
	}
	text, err := d.text(in)
	if err != nil {
		return nil, err
	}
	if len(d.findings) == 0 {
		d.read(text)
	}
	if len(d.findings) == 0 {
		d.checkPlaces()
	}
	if err := d.refusal(); err != nil {
		return nil, err
	}
	return d.all, nil
}

func (d *directory) read(text []byte) {
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
			d.wrong(syntax.StartLine, "", "%v: the rest of the file was not read", syntax.Err)
			return
		}
		line, _ := rows.FieldPos(0)
		switch {
		case header == nil:
			header = fields
			if !d.checkHeader(header) {
				return
			}
		case len(fields) != len(header):
			d.wrong(line, "", "%d columns, the first line has %d", len(fields), len(header))
		default:
			d.take(line, header, fields)
		}
	}
	switch {
	case header == nil:
		d.wrong(1, "", "empty: want a first line with %s", strings.Join(StationFields, ","))
	case len(d.all) == 0 && len(d.findings) == 0:
		d.wrong(1, "", "no station in this file")
	}
}

func (d *directory) checkHeader(header []string) bool {
	for i, name := range header {
		switch {
		case !slices.Contains(StationFields, name):
			d.wrong(1, "", "column %d: no such field: want one of %s", i+1, strings.Join(StationFields, ", "))
		case slices.Contains(header[:i], name):
			d.wrong(1, name, "stands twice")
		}
	}
	for _, name := range stationRequired {
		if !slices.Contains(header, name) {
			d.wrong(1, name, "is missing")
		}
	}
	return len(d.findings) == 0
}

// take makes a station of a line, or says what is wrong with it.
func (d *directory) take(line int, header, fields []string) {
	before := len(d.findings)
	s := Station{Active: true}
	for i, name := range header {
		text := strings.TrimSpace(fields[i])
		if text == "" {
			if slices.Contains(stationRequired, name) {
				d.wrong(line, name, "is missing")
			}
			continue
		}
		if err := s.assign(name, text); err != nil {
			d.wrong(line, name, "%v", err)
		}
	}
	if len(d.findings) > before {
		return
	}
	if other, twice := d.ids[s.ID]; twice {
		d.wrong(line, "id", "stands in line %d already", other)
		return
	}
	d.ids[s.ID] = line
	if known, ok := d.stored[s.ID]; ok && known.District != s.District {
		d.wrong(line, "district", "the directory has this station in %s: close it with active=no, and give the other one an id of its own", known.District)
		return
	}
	d.all, d.lines = append(d.all, s), append(d.lines, line)
}

func (s *Station) assign(field, text string) (err error) {
	switch field {
	case "id":
		if !idForm.MatchString(text) || len(text) > 64 {
			return errors.New("want at most 64 lower-case letters, digits and hyphens, beginning with a letter, such as lko-hazratganj")
		}
		s.ID = text
	case "district":
		s.District, err = district.Parse(text)
	case "name":
		if utf8.RuneCountInString(text) > 120 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' }) {
			return errors.New("want at most 120 characters that can be printed")
		}
		s.Name = text
	case "active":
		s.Active, err = yesNo(text)
	}
	return err
}

// checkPlaces: one district has no two stations of one name, be they in the file
// or stored and not in it.
func (d *directory) checkPlaces() {
	place := func(s Station) string { return s.District + "\x00" + s.Name }
	kept := map[string]string{}
	for id, s := range d.stored {
		if _, again := d.ids[id]; !again {
			kept[place(s)] = id
		}
	}
	for i, s := range d.all {
		line := d.lines[i]
		if other, twice := d.places[place(s)]; twice {
			d.wrong(line, "name", "line %d has a station of this name in this district", other)
		}
		d.places[place(s)] = line
		if id := kept[place(s)]; id != "" {
			d.wrong(line, "name", "the directory has a station of this name in this district, with the id %s", id)
		}
	}
}
