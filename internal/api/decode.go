package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// decode reads a body strictly: one JSON object, with no field that is not
// known, and with every field that is required. The error repeats nothing of
// what was sent, not even the name of an unknown field.
func decode[T any](body []byte) (T, error) {
	var value, none T
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		return none, badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return none, fault(http.StatusBadRequest, "json", "something stands behind the JSON object: send one object")
	}
	if err := demand(reflect.ValueOf(value), ""); err != nil {
		return none, err
	}
	return value, nil
}

func badJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return fault(http.StatusBadRequest, "json", "the body is empty: send a JSON object")
	case errors.As(err, &syntax):
		return fault(http.StatusBadRequest, "json", fmt.Sprintf("not JSON at byte %d", syntax.Offset))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault(http.StatusBadRequest, "json", "the JSON ends in the middle")
	case errors.As(err, &kind):
		p := field(kind.Field, "want "+kindName(kind.Type))
		p.Status, p.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
		return p
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return fault(http.StatusBadRequest, "unknown-field", "it has a field that this request does not know: see "+Base+"/openapi.json for those that there are")
	}
	// What is left are texts that a type of ours refuses: moments and windows.
	return fault(http.StatusBadRequest, "json", "a moment or a window is not written as it must be: 2026-03-08T12:00:00Z, mon-fri 14:00-16:00")
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	}
	return "a number"
}

// demand finds the first required field that is empty. Required is what is not
// marked as left out when empty.
func demand(v reflect.Value, at string) error {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			if err := demand(v.Index(i), fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range v.NumField() {
			name, optional := jsonName(v.Type().Field(i))
			if at != "" {
				name = at + "." + name
			}
			if v.Field(i).IsZero() {
				if !optional {
					return field(name, "is missing")
				}
				continue
			}
			if err := demand(v.Field(i), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// jsonName is a field's name, and whether it may be left out.
func jsonName(f reflect.StructField) (name string, optional bool) {
	name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, strings.Contains(rest, "omit")
}

// params reads the query: every parameter must be one of the route's, and
// stand once.
type params struct {
	values map[string][]string
	err    error
}

func (r *request) params() *params {
	p := &params{values: r.URL.Query()}
	for name, all := range p.values {
		known := false
		for _, q := range r.route.Query {
			known = known || q.Name == name
		}
		switch {
		case !known:
			p.fail("query", "it has a parameter that this address does not know: see "+Base+"/openapi.json")
		case len(all) != 1:
			p.fail(name, "stands more than once")
		case len(all[0]) > 100:
			p.fail(name, "is too long")
		}
	}
	return p
}

func (p *params) fail(name, reason string) {
	if p.err == nil {
		p.err = field(name, reason)
	}
}

// text is a parameter as it is.
func (p *params) text(name string) string {
	if all := p.values[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// word is a parameter that is a word, or empty.
func (p *params) word(name string) string {
	text := p.text(name)
	if text != "" && !isWord(text, 64) {
		p.fail(name, "want a word of lower-case letters, digits and hyphens")
		return ""
	}
	return text
}

// oneOf is a parameter that is one of some words, or empty.
func oneOf[T ~string](p *params, name string, all []T) T {
	text := T(p.text(name))
	if text == "" {
		return text
	}
	for _, one := range all {
		if one == text {
			return text
		}
	}
	p.fail(name, "want one of "+list(all))
	return ""
}

// list is the words with commas between.
func list[T ~string](all []T) string {
	var names []string
	for _, one := range all {
		if one != "" {
			names = append(names, string(one))
		}
	}
	return strings.Join(names, ", ")
}

// yes is a parameter that is true or false.
func (p *params) yes(name string) bool {
	switch p.text(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	p.fail(name, "want true or false")
	return false
}

// count is a parameter that is a number from 0 on.
func (p *params) count(name string, most int64) int64 {
	text := p.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		p.fail(name, fmt.Sprintf("want a number from 0 to %d", most))
		return 0
	}
	return n
}

// moment is a parameter that is a moment, or "now".
func (p *params) moment(name string, now time.Time) time.Time {
	text := p.text(name)
	switch text {
	case "":
		return time.Time{}
	case "now":
		return now
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		p.fail(name, "want now, or a moment such as 2026-03-08T12:00:00Z")
	}
	return at.UTC()
}

// span is a parameter that is a duration, such as 30m.
func (p *params) span(name string) time.Duration {
	text := p.text(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		p.fail(name, "want a duration such as 30m or 24h")
		return 0
	}
	return d
}
