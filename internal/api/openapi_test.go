package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/postgres"
)

var rewrite = flag.Bool("rewrite", false, "write openapi.json anew")

type object = map[string]any

// enums are the words of types that have a list of them.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[cases.State]():    names(cases.States),
	reflect.TypeFor[cases.Kind]():     names(cases.Kinds),
	reflect.TypeFor[cases.Decision](): names(decisions),
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// writer makes the document of the table.
type writer struct{ schemas object }

func makeDocument() []byte {
	w := &writer{schemas: object{}}
	paths := object{}
	for _, rt := range routes {
		at, _ := paths[rt.Path].(object)
		if at == nil {
			at = object{}
			paths[rt.Path] = at
		}
		at[strings.ToLower(rt.Method)] = w.operation(rt)
	}
	problem := w.schema(reflect.TypeFor[Problem]())
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Powerline dialer", "version": "1",
			"description": "Cases, tasks, outcomes and supervision of Women Power Line 1090. Times are in UTC, windows in India's time. Unknown fields are refused. Errors are problem documents and repeat nothing of what was sent.",
			"license":     object{"name": "see the repository", "identifier": "LicenseRef-Repository"},
		},
		"servers":  []any{object{"url": Base}},
		"security": []any{object{"token": []any{}}},
		"paths":    paths,
		"webhooks": object{"delivery": object{"post": w.webhook()}},
		"components": object{
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer", "description": "Made by an operator; shown once."}},
			"responses": object{"Problem": object{
				"description": "What is wrong and what to do.", "content": object{problemType: object{"schema": problem}},
			}},
			"schemas": w.schemas,
		},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (w *writer) operation(rt route) object {
	var all []any
	add := func(in, name, doc string, required bool, schema object) {
		all = append(all, object{"name": name, "in": in, "description": doc, "required": required, "schema": schema})
	}
	for _, m := range pathParameter.FindAllStringSubmatch(rt.Path, -1) {
		add("path", m[1], "id of the "+m[1], true, object{"type": "string"})
	}
	for _, q := range rt.Query {
		schema := object{"type": "string"}
		if len(q.Words) > 0 {
			schema["enum"] = q.Words
		}
		add("query", q.Name, q.Doc, false, schema)
	}
	if rt.Changes {
		add("header", "Idempotency-Key", "A key of your own, such as a random UUID. Sent again with the same key, the request gets the same answer and does nothing again.", true,
			object{"type": "string", "pattern": keyForm.String()})
	}
	if rt.Purpose {
		add("header", purposeHeader, "What it is opened for, as a word; it stands in the audit.", !rt.Address, object{"type": "string", "pattern": wordForm.String(), "maxLength": 40})
	}
	status := fmt.Sprint(max(rt.Status, 200))
	content := object{"application/json": object{"schema": w.schema(reflect.TypeOf(rt.Out))}}
	if strings.HasSuffix(rt.Path, "/audio") {
		content = object{"audio/wav": object{"schema": object{"type": "string", "format": "binary"}}}
	}
	if rt.Name == "caseDossier" {
		content["text/html"] = object{"schema": object{"type": "string"}}
	}
	responses := object{status: object{"description": "Done.", "content": content}, "default": object{"$ref": "#/components/responses/Problem"}}
	if rt.Name == "health" {
		responses["503"] = object{"description": "The store does not answer.", "content": content}
	}
	op := object{"operationId": rt.Name, "summary": rt.Doc, "responses": responses}
	if len(all) > 0 {
		op["parameters"] = all
	}
	if rt.act.in != nil {
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": w.input(reflect.TypeOf(rt.act.in))}}}
	}
	if len(rt.Roles) == 0 {
		op["security"] = []any{}
		return op
	}
	op["x-roles"] = rt.Roles
	if rt.Women {
		op["x-agents"] = "women"
	}
	return op
}

func (w *writer) webhook() object {
	header := func(name, doc string) object {
		return object{"name": name, "in": "header", "description": doc, "required": true, "schema": object{"type": "string"}}
	}
	return object{
		"operationId": "delivery", "summary": "What a receiver gets: dossiers and reminders for the police, alerts for supervisors. Answer 2xx; anything else is tried again.",
		"parameters": []any{
			header(DeliveryHeader, "the same however often it is sent"), header(TopicHeader, "such as dossier"),
			header(SignatureHeader, "t=moment in seconds,v1=HMAC-SHA-256 of moment, a dot and body, in hexadecimal digits"),
		},
		"requestBody": object{"required": true, "content": object{"application/json": object{"schema": w.schema(reflect.TypeFor[Message]())}}},
		"responses":   object{"204": object{"description": "Taken."}, "410": object{"description": "Never send it again."}},
	}
}

// input is a schema that refuses other fields, as decode does.
func (w *writer) input(t reflect.Type) object {
	ref := w.schema(t)
	w.close(t)
	return ref
}

func (w *writer) close(t reflect.Type) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s, ok := w.schemas[t.Name()].(object)
	if !ok || t.Kind() != reflect.Struct || s["additionalProperties"] != nil {
		return
	}
	s["additionalProperties"] = false
	for i := range t.NumField() {
		w.close(t.Field(i).Type)
	}
}

func (w *writer) schema(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[cases.Window]():
		return object{"type": "string", "examples": []any{"mon-fri 14:00-16:00", "daily 09:00-20:00"}}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{"type": "object"}
	case enums[t] != nil:
		return object{"type": "string", "enum": enums[t]}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		return object{"type": "array", "items": w.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object"}
	case reflect.Pointer:
		return w.schema(t.Elem())
	case reflect.Struct:
		w.structure(t)
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	panic("no schema for " + t.String())
}

func (w *writer) structure(t reflect.Type) {
	if w.schemas[t.Name()] != nil {
		return
	}
	properties, required := object{}, []string{}
	w.schemas[t.Name()] = object{"type": "object", "properties": properties}
	for i := range t.NumField() {
		f := t.Field(i)
		name, optional := jsonName(f)
		s := w.schema(f.Type)
		if words := f.Tag.Get("words"); words != "" {
			s["enum"] = append(strings.Split(words, ","), "")
		}
		if doc := f.Tag.Get("doc"); doc != "" {
			s["description"] = doc
		}
		properties[name] = s
		if !optional {
			required = append(required, name)
		}
	}
	if len(required) > 0 {
		w.schemas[t.Name()].(object)["required"] = required
	}
}

func TestTheOpenAPIDocumentIsThatOfTheRoutes(t *testing.T) {
	want := makeDocument()
	if *rewrite {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(openAPI, want) {
		t.Error("openapi.json is not what the table of routes makes: go test ./internal/api -run OpenAPI -rewrite")
	}
}

func parsed(t testing.TB) object {
	t.Helper()
	var doc object
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestTheTableAndTheDocumentSayTheSame reads the document as a stranger would.
func TestTheTableAndTheDocumentSayTheSame(t *testing.T) {
	paths := parsed(t)["paths"].(object)
	seen, ids := 0, map[string]bool{}
	for _, rt := range routes {
		op, ok := paths[rt.Path].(object)[strings.ToLower(rt.Method)].(object)
		if !ok {
			t.Errorf("%s is not in the document", rt.pattern())
			continue
		}
		seen++
		if id := op["operationId"].(string); ids[id] {
			t.Errorf("two operations are called %s", id)
		} else {
			ids[id] = true
		}
		var roles []postgres.Access
		for _, r := range anyList(op["x-roles"]) {
			roles = append(roles, postgres.Access(r.(string)))
		}
		if !slices.Equal(roles, rt.Roles) || (op["x-agents"] == "women") != rt.Women {
			t.Errorf("%s: roles %v in the document, %v in the table", rt.pattern(), roles, rt.Roles)
		}
		if (op["requestBody"] != nil) != (rt.act.in != nil) {
			t.Errorf("%s: body in one and not in the other", rt.pattern())
		}
		declared := map[string]bool{}
		for _, p := range anyList(op["parameters"]) {
			p := p.(object)
			declared[p["in"].(string)+" "+p["name"].(string)] = p["required"].(bool)
		}
		if declared["header Idempotency-Key"] != rt.Changes || declared["header "+purposeHeader] != (rt.Purpose && !rt.Address) {
			t.Errorf("%s: headers %v", rt.pattern(), declared)
		}
		for _, m := range pathParameter.FindAllStringSubmatch(rt.Path, -1) {
			if !declared["path "+m[1]] {
				t.Errorf("%s: %s is not declared", rt.pattern(), m[1])
			}
		}
		if rt.Method == "POST" && !rt.Changes && rt.Name != "searchCases" && rt.Name != "searchRecordings" {
			t.Errorf("%s: a POST that changes nothing", rt.pattern())
		}
	}
	for path, at := range paths {
		seen -= len(at.(object))
		if strings.ContainsAny(path, "?=") {
			t.Errorf("%s: an address without a query", path)
		}
	}
	if seen != 0 {
		t.Errorf("the document has %d operations more than the table", -seen)
	}
	for _, m := range regexp.MustCompile(`"\$ref": "#/components/(\w+)/(\w+)"`).FindAllStringSubmatch(string(openAPI), -1) {
		if parsed(t)["components"].(object)[m[1]].(object)[m[2]] == nil {
			t.Errorf("nothing is called %s", m[2])
		}
	}
}

// TestTheSchemasHaveTheFieldsOfTheTypes encodes a value of each type, with
// every field set, and compares the names.
func TestTheSchemasHaveTheFieldsOfTheTypes(t *testing.T) {
	schemas := parsed(t)["components"].(object)["schemas"].(object)
	types := map[string]reflect.Type{}
	var collect func(reflect.Type)
	collect = func(at reflect.Type) {
		switch at.Kind() {
		case reflect.Slice, reflect.Pointer:
			collect(at.Elem())
		case reflect.Struct:
			if at == reflect.TypeFor[time.Time]() || at == reflect.TypeFor[cases.Window]() || types[at.Name()] == at {
				return
			}
			if other := types[at.Name()]; other != nil {
				t.Errorf("two types are called %s: %v, %v", at.Name(), at, other)
			}
			types[at.Name()] = at
			for i := range at.NumField() {
				collect(at.Field(i).Type)
			}
		}
	}
	collect(reflect.TypeFor[Problem]())
	collect(reflect.TypeFor[Message]())
	for _, rt := range routes {
		collect(reflect.TypeOf(rt.Out))
		if rt.act.in != nil {
			collect(reflect.TypeOf(rt.act.in))
		}
	}
	for name, at := range types {
		s, ok := schemas[name].(object)
		if !ok {
			t.Errorf("the document does not know %s", name)
			continue
		}
		full := reflect.New(at)
		fill(full.Elem(), 0)
		encoded, err := json.Marshal(full.Interface())
		if err != nil {
			t.Fatal(name, err)
		}
		var fields, empty object
		_ = json.Unmarshal(encoded, &fields)
		encoded, err = json.Marshal(reflect.New(at).Interface())
		if err != nil && name != "Message" { // whose body is raw
			t.Fatal(name, err)
		}
		_ = json.Unmarshal(encoded, &empty)
		properties, _ := s["properties"].(object)
		if want, have := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(properties)); !slices.Equal(want, have) {
			t.Errorf("%s has %v, its schema %v", name, want, have)
		}
		for field := range properties {
			if required := slices.Contains(anyList(s["required"]), any(field)); name != "Message" && required != (empty[field] != nil || has(empty, field)) {
				t.Errorf("%s.%s: required is %v in the schema", name, field, required)
			}
		}
	}
	if len(types) != len(schemas) {
		t.Errorf("%d types, %d schemas", len(types), len(schemas))
	}
}

func has(o object, field string) bool { _, ok := o[field]; return ok }

func anyList(v any) []any { all, _ := v.([]any); return all }

// fill sets every field to something.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte("{}"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Struct:
		switch at := v.Addr().Interface().(type) {
		case *time.Time:
			*at = time.Unix(1, 0).UTC()
		case *cases.Window:
			*at = cases.Daily(9, 10)[0]
		default:
			for i := range v.NumField() {
				fill(v.Field(i), depth+1)
			}
		}
	}
}

// conforms says where a JSON value is not as the schema says. Fields that the
// schema does not know are wrong in an answer too.
func conforms(doc object, schema object, value any, at string) error {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		schema = doc["components"].(object)["schemas"].(object)[name].(object)
	}
	bad := func(want string) error { return fmt.Errorf("%s: want %s, have %T", at, want, value) }
	switch schema["type"] {
	case "string":
		text, ok := value.(string)
		if !ok {
			return bad("a string")
		}
		if words := anyList(schema["enum"]); len(words) > 0 && !slices.Contains(words, value) {
			return fmt.Errorf("%s: %q is none of the words", at, text)
		}
		if schema["format"] == "date-time" {
			if moment, err := time.Parse(time.RFC3339, text); err != nil || moment.IsZero() {
				return fmt.Errorf("%s: %q is no moment", at, text)
			}
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return bad("a boolean")
		}
	case "integer":
		if n, ok := value.(float64); !ok || n != float64(int64(n)) {
			return bad("an integer")
		}
	case "array":
		all, ok := value.([]any)
		if !ok {
			return bad("an array")
		}
		for i, one := range all {
			if err := conforms(doc, schema["items"].(object), one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case "object":
		fields, ok := value.(object)
		if !ok {
			return bad("an object")
		}
		return conformsObject(doc, schema, fields, at)
	}
	return nil
}

func conformsObject(doc, schema, fields object, at string) error {
	properties, ok := schema["properties"].(object)
	if !ok {
		return nil
	}
	for _, name := range anyList(schema["required"]) {
		if !has(fields, name.(string)) {
			return fmt.Errorf("%s.%s is missing", at, name)
		}
	}
	for name, value := range fields {
		s, ok := properties[name].(object)
		if !ok {
			return fmt.Errorf("%s.%s is not in the document", at, name)
		}
		if err := conforms(doc, s, value, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// TestThePageForPeopleNamesRoutesThatThereAre reads docs/api.md.
func TestThePageForPeopleNamesRoutesThatThereAre(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?m)(?:^|`)(GET|POST|get|post) '?(/[^ '`?\n]*)").FindAllStringSubmatch(string(text), -1)
	if len(found) < 15 {
		t.Fatalf("only %d addresses are named", len(found))
	}
	for _, m := range found {
		if !slices.ContainsFunc(routes, func(rt route) bool { return rt.Method == strings.ToUpper(m[1]) && matches(rt.Path, m[2]) }) {
			t.Errorf("%s %s is no route", m[1], m[2])
		}
	}
}
