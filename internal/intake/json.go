package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// tokens reads JSON piece by piece, so that a finding has its line, and so that
// a key that stands twice is seen.
type tokens struct {
	*json.Decoder
	text []byte
	at   int64 // up to here the lines are counted
	line int
}

// where is the line of what was read last.
func (t *tokens) where() int {
	offset := t.InputOffset()
	t.line += bytes.Count(t.text[t.at:offset], []byte{'\n'})
	t.at = offset
	return t.line
}

// next is the next token. The library's errors may repeat what stands there.
func (t *tokens) next() (json.Token, error) {
	token, err := t.Token()
	if err != nil {
		return nil, errors.New("not JSON from here on: the rest of the file was not read")
	}
	return token, nil
}

func (t *tokens) want(delim json.Delim) error {
	token, err := t.next()
	if err == nil && token != delim {
		err = fmt.Errorf("want %q here: the rest of the file was not read", delim)
	}
	return err
}

func (f *file) readJSON(text []byte) {
	t := &tokens{Decoder: json.NewDecoder(bytes.NewReader(text)), text: text, line: 1}
	if err := f.readArray(t); err != nil {
		f.wrong(t.where(), "", "%v", err)
	}
}

func (f *file) readArray(t *tokens) error {
	if err := t.want('['); err != nil {
		return err
	}
	for t.More() {
		if err := t.want('{'); err != nil {
			return err
		}
		r := row{line: t.where()}
		if err := f.readObject(t, &r, "", true); err != nil {
			return err
		}
		f.take(r)
	}
	if err := t.want(']'); err != nil {
		return err
	}
	if _, err := t.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the end of the array")
	}
	return nil
}

// readObject reads up to the closing brace; prefix stands before each key.
func (f *file) readObject(t *tokens, r *row, prefix string, contacts bool) error {
	for t.More() {
		token, err := t.next()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		line := t.where()
		if contacts && key == "contacts" {
			if err := f.readContacts(t, r); err != nil {
				return err
			}
			continue
		}
		text, err := t.value()
		if err != nil {
			return err
		}
		if !isField(prefix + key) {
			f.wrong(line, "", "no such field: want one of %s", strings.Join(fieldNames(), ", "))
			continue
		}
		r.cells = append(r.cells, cell{prefix + key, text, line})
	}
	return t.want('}')
}

func (f *file) readContacts(t *tokens, r *row) error {
	if err := t.want('['); err != nil {
		return err
	}
	for n := 1; t.More(); n++ {
		if err := t.want('{'); err != nil {
			return err
		}
		if n > mostContacts {
			return fmt.Errorf("more than %d contacts: the rest of the file was not read", mostContacts)
		}
		if err := f.readObject(t, r, fmt.Sprintf("contact%d_", n), false); err != nil {
			return err
		}
	}
	return t.want(']')
}

// value is a text, true or false as yes or no, or an array of texts as a list.
func (t *tokens) value() (string, error) {
	token, err := t.next()
	if err != nil {
		return "", err
	}
	switch v := token.(type) {
	case string:
		return v, nil
	case bool:
		if v {
			return "yes", nil
		}
		return "no", nil
	case json.Delim:
		if v == '[' {
			return t.list()
		}
	}
	return "", errors.New("want a text, true, false or a list of texts: the rest of the file was not read")
}

func (t *tokens) list() (string, error) {
	var parts []string
	for t.More() {
		token, err := t.next()
		if err != nil {
			return "", err
		}
		text, ok := token.(string)
		if !ok || strings.Contains(text, ";") {
			return "", errors.New("want texts in a list: the rest of the file was not read")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ";"), t.want(']')
}
