package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// filler writes a tree over a value and collects every mistake on the way. It
// stands where the library's decoder would, because that one is lenient (see
// the package comment) and stops at the first mistake.
type filler struct {
	file     string
	problems []Problem
	at       map[string]Problem // where each path stands in the file
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func valueOf(c *Config) reflect.Value { return reflect.ValueOf(c).Elem() }

func at(file string, n ast.Node, path, reason string) Problem {
	p := Problem{File: file, Path: path, Reason: reason}
	if entries, ok := mapping(n); ok && len(entries) > 0 {
		n = entries[0].Key // the token of a mapping itself is its first colon
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	return p
}

func (f *filler) wrong(n ast.Node, path, format string, args ...any) {
	f.problems = append(f.problems, at(f.file, n, path, fmt.Sprintf(format, args...)))
}

// place adds file, line and column to the problems that Validate found.
func (f *filler) place(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	for i, p := range e.Problems {
		e.Problems[i].File = f.file
		// A value that clashes may come from the defaults: then the nearest thing
		// around it that stands in the file is named, or the file alone.
		for path := p.Path; path != ""; path = parent(path) {
			if found, ok := f.at[path]; ok {
				e.Problems[i].Line, e.Problems[i].Column = found.Line, found.Column
				break
			}
		}
	}
	return e
}

// parent of "lines[0].did" is "lines[0]", whose parent is "lines".
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

func (f *filler) fill(n ast.Node, v reflect.Value, path string) {
	f.at[path] = at(f.file, n, path, "")
	switch n.(type) {
	case *ast.NullNode:
		f.wrong(n, path, "no value: give one, or remove the line to keep the default")
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		f.wrong(n, path, "anchors, aliases and tags are not taken here: write the value out")
		return
	}
	if v.CanAddr() && v.Addr().Type().Implements(textType) {
		f.text(n, v, path)
		return
	}
	if v.Type() == durationType {
		f.duration(n, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		f.structure(n, v, path)
	case reflect.Slice:
		f.list(n, v, path)
	case reflect.Map:
		f.table(n, v, path)
	case reflect.String:
		f.words(n, v, path)
	case reflect.Bool:
		f.truth(n, v, path)
	case reflect.Int, reflect.Int64:
		f.integer(n, v, path)
	case reflect.Float64:
		f.float(n, v, path)
	default: // interfaces: the consumer checks what it takes
		if err := yaml.NodeToValue(n, v.Addr().Interface()); err != nil {
			f.wrong(n, path, "not understood")
		}
	}
}

func (f *filler) structure(n ast.Node, v reflect.Value, path string) {
	entries, ok := mapping(n)
	if !ok {
		f.wrong(n, path, "want keys and values, got %s", kindOf(n))
		return
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for _, e := range entries {
		key := keyText(e)
		i, known := fields[key]
		switch {
		case !known:
			f.wrong(e.Key, path, "unknown key %q%s", shorten(key), suggest(key, fields))
		case seen[key]:
			f.wrong(e.Key, path, "key %q stands twice", key)
		default:
			seen[key] = true
			f.fill(e.Value, v.Field(i), join(path, key))
		}
	}
}

// list replaces the whole default list.
func (f *filler) list(n ast.Node, v reflect.Value, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		f.wrong(n, path, "want a list, got %s", kindOf(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		f.fill(item, out.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	if len(seq.Values) == 0 {
		out = reflect.Zero(v.Type())
	}
	v.Set(out)
}

// table replaces the whole default map.
func (f *filler) table(n ast.Node, v reflect.Value, path string) {
	entries, ok := mapping(n)
	if !ok {
		f.wrong(n, path, "want keys and values, got %s", kindOf(n))
		return
	}
	out := reflect.MakeMap(v.Type())
	for _, e := range entries {
		key := reflect.New(v.Type().Key()).Elem()
		if key.Kind() != reflect.String {
			f.wrong(e.Key, path, "this key is not taken here")
			continue
		}
		key.SetString(keyText(e))
		item := reflect.New(v.Type().Elem()).Elem()
		f.fill(e.Value, item, join(path, key.String()))
		out.SetMapIndex(key, item)
	}
	v.Set(out)
}

func (f *filler) words(n ast.Node, v reflect.Value, path string) {
	text, ok := scalarText(n)
	if !ok {
		f.wrong(n, path, "want a text, got %s: put it in quotes if it is meant as a text", kindOf(n))
		return
	}
	v.SetString(text)
}

func (f *filler) text(n ast.Node, v reflect.Value, path string) {
	text, ok := scalarText(n)
	if !ok {
		f.wrong(n, path, "want a text, got %s", kindOf(n))
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
		f.wrong(n, path, "not understood: %v", err)
	}
}

func (f *filler) duration(n ast.Node, v reflect.Value, path string) {
	text, ok := scalarText(n)
	if _, number := n.(*ast.IntegerNode); !ok || number {
		f.wrong(n, path, `want a duration with its unit such as "15s" or "500ms", got %s`, kindOf(n))
		return
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		f.wrong(n, path, `want a duration such as "15s", "500ms" or "2m"`)
		return
	}
	v.SetInt(int64(d))
}

func (f *filler) truth(n ast.Node, v reflect.Value, path string) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		f.wrong(n, path, "want true or false, got %s", kindOf(n))
		return
	}
	v.SetBool(b.Value)
}

func (f *filler) integer(n ast.Node, v reflect.Value, path string) {
	text := n.GetToken().Value
	i, err := strconv.ParseInt(text, 10, 64)
	_, integer := n.(*ast.IntegerNode)
	// The parser makes a text of digits that fit into no number of its own.
	tooLong := errors.Is(err, strconv.ErrRange)
	switch {
	case !integer && !tooLong:
		f.wrong(n, path, "want a whole number, got %s", kindOf(n))
	case err != nil || v.OverflowInt(i):
		f.wrong(n, path, "want a whole number in decimal digits that fits into 64 bits")
	default:
		v.SetInt(i)
	}
}

func (f *filler) float(n ast.Node, v reflect.Value, path string) {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
	default:
		f.wrong(n, path, "want a number, got %s", kindOf(n))
		return
	}
	x, err := strconv.ParseFloat(n.GetToken().Value, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		f.wrong(n, path, "want a number in decimal digits")
		return
	}
	v.SetFloat(x)
}

// mapping gives the entries of a map; a map of one entry has a node of its own.
func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// keyText is a key without its quotes.
func keyText(e *ast.MappingValueNode) string {
	if text, ok := scalarText(e.Key); ok {
		return text
	}
	return e.Key.String()
}

// scalarText takes texts, and whole numbers as they are written, because a
// dialled number such as 1090 is a text to us and a number to YAML.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys and values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode:
		return "a whole number"
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a fraction"
	case *ast.StringNode, *ast.LiteralNode:
		return "a text"
	}
	return "something else"
}

func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		if name, ok := keyOf(t.Field(i)); ok {
			fields[name] = i
		}
	}
	return fields
}

// keyOf is the YAML key of a field: its tag, else its name with a small letter.
func keyOf(field reflect.StructField) (string, bool) {
	if !field.IsExported() {
		return "", false
	}
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	if name == "-" {
		return "", false
	}
	if name == "" {
		name = strings.ToLower(field.Name[:1]) + field.Name[1:]
	}
	return camel(name), true
}

// camel gives the one style of this file to keys of packages with another:
// "pin_limit" is pinLimit.
func camel(key string) string {
	parts := strings.Split(key, "_")
	for i, p := range parts[1:] {
		if p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// suggest names the known keys, the likely one alone when only the case or one
// letter differs.
func suggest(key string, fields map[string]int) string {
	var names []string
	for name := range fields {
		if strings.EqualFold(name, key) || oneEdit(name, key) {
			return fmt.Sprintf(": did you mean %q?", name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return ": known here are " + strings.Join(names, ", ")
}

// oneEdit reports whether one letter was added, left out, swapped or changed.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
