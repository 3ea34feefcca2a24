package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Marshal writes the configuration as a file that Load reads back to the same
// value, each key with its one-line comment.
func Marshal(c Config) []byte {
	w := &writer{}
	w.line("# Powerline: every key with the value in force. A file of yours needs only")
	w.line("# the keys that differ; a list that you give replaces the whole list.")
	w.structure(reflect.ValueOf(c), 0, true, "")
	return []byte(w.out.String())
}

// writer exists because a person reads the result: comments are aligned with
// their keys, durations are written as people say them, short lists stay on
// one line, and of a list only the first element is commented.
type writer struct{ out strings.Builder }

func (w *writer) line(text string) { w.out.WriteString(text + "\n") }

func (w *writer) structure(v reflect.Value, depth int, commented bool, first string) {
	pad := strings.Repeat("  ", depth)
	lead := pad + first
	if first != "" {
		pad += strings.Repeat(" ", len(first))
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key, ok := keyOf(field)
		if !ok || v.Field(i).IsZero() && strings.HasSuffix(field.Tag.Get("yaml"), ",omitempty") {
			continue
		}
		comment := ""
		if doc := docOf(v.Type(), field); commented && doc != "" {
			comment = "  # " + doc
		}
		if depth == 0 && first == "" {
			w.line("")
		}
		w.value(lead+key+":", pad, comment, v.Field(i), depth+len(first)/2, commented)
		lead = pad
	}
}

func (w *writer) value(head, pad, comment string, v reflect.Value, depth int, commented bool) {
	switch {
	case isScalar(v):
		w.line(head + " " + scalar(v) + comment)
	case v.Kind() == reflect.Struct:
		w.line(head + comment)
		w.structure(v, depth+1, commented, "")
	case v.Kind() == reflect.Slice && v.Len() > 0 && !isScalar(v.Index(0)):
		w.line(head + comment)
		for i := range v.Len() {
			w.structure(v.Index(i), depth+1, commented && i == 0, "- ")
		}
	case v.Kind() == reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = scalar(v.Index(i))
		}
		w.line(head + " [" + strings.Join(items, ", ") + "]" + comment)
	case v.Kind() == reflect.Map:
		w.table(head, pad, comment, v, depth, commented)
	default:
		panic(fmt.Sprintf("config: no way to write a %s", v.Type())) // a programmer's mistake; Default is marshalled in a test
	}
}

func (w *writer) table(head, pad, comment string, v reflect.Value, depth int, commented bool) {
	if v.Len() == 0 {
		w.line(head + " {}" + comment)
		return
	}
	w.line(head + comment)
	for i, key := range sortedKeys(v) {
		w.value(pad+"  "+quoted(key)+":", pad+"  ", "", v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())), depth+1, commented && i == 0)
	}
}

func isScalar(v reflect.Value) bool {
	if _, ok := v.Interface().(encoding.TextMarshaler); ok {
		return true
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return true
	}
	return false
}

func scalar(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return Duration(x)
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			return `""`
		}
		return quoted(string(text))
	}
	switch v.Kind() {
	case reflect.String:
		return quoted(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	}
	return strconv.FormatInt(v.Int(), 10)
}

// Duration writes 90s as "1m30s" and 60s as "1m", without the zeros of the
// standard form.
func Duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// quoted leaves a plain word plain and puts everything else in double quotes,
// so that no value can ever be read as another type.
func quoted(s string) string {
	if s == "" || !plain(s) {
		return strconv.Quote(s)
	}
	return s
}

func plain(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan":
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '/' && i == 0
		later := i > 0 && (r >= '0' && r <= '9' || strings.ContainsRune("-_./@", r))
		if !letter && !later {
			return false
		}
	}
	return true
}
