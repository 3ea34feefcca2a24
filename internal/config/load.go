package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// largest file that is read: a thousand times a real one, and small enough
// that no file can exhaust the parser.
const largest = 1 << 20

// Load reads the file over Default. Relative paths in it are taken from the
// file's own folder. On any mistake the zero Config and an *Error come back.
func Load(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: open: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err != nil {
		return Config{}, fmt.Errorf("config: read %s: %w", path, err)
	}
	c, err := Parse(path, text)
	if err != nil {
		return Config{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Config{}, fmt.Errorf("config: find the folder of %s: %w", path, err)
	}
	c.resolve(folder)
	return c, nil
}

// Parse is Load without the file system; name stands in the messages.
func Parse(name string, text []byte) (Config, error) {
	if len(text) > largest {
		return Config{}, refuse(name, fmt.Sprintf("longer than %d bytes: this is no configuration", largest))
	}
	body, err := tree(name, text)
	if err != nil {
		return Config{}, err
	}
	c := Default()
	f := filler{file: name, at: map[string]Problem{}}
	if body != nil {
		f.fill(body, valueOf(&c), "")
	}
	if len(f.problems) > 0 {
		return Config{}, &Error{f.problems}
	}
	if err := c.Validate(); err != nil {
		return Config{}, f.place(err)
	}
	return c, nil
}

// tree parses the one document of a file; nil is an empty file, which is a
// whole configuration by defaults.
func tree(name string, text []byte) (body ast.Node, err error) {
	defer func() {
		// The parser is not ours and the text may be anything.
		if r := recover(); r != nil {
			body, err = nil, refuse(name, "not YAML")
		}
	}()
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntax(name, err)
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.CommentGroupType:
		case body != nil:
			return nil, &Error{[]Problem{at(name, doc.Body, "", "a second document: a configuration is one document")}}
		default:
			body = doc.Body
		}
	}
	return body, nil
}

func syntax(name string, err error) error {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
		pos := y.GetToken().Position
		return &Error{[]Problem{{File: name, Line: pos.Line, Column: pos.Column, Reason: y.GetMessage()}}}
	}
	return refuse(name, "not YAML: "+err.Error())
}

func refuse(name, reason string) error {
	return &Error{[]Problem{{File: name, Reason: reason}}}
}

// resolve makes paths independent of the working directory.
func (c *Config) resolve(folder string) {
	for _, p := range c.paths() {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
}

func (c *Config) paths() []*string {
	paths := []*string{
		&c.Asterisk.ARI.PasswordFile, &c.Asterisk.AMI.PasswordFile,
		&c.Asterisk.BrowserPhones.CertificateFile, &c.Asterisk.BrowserPhones.KeyFile,
		&c.Redis.PasswordFile, &c.Postgres.PasswordFile,
		&c.Journal.Dir,
		&c.Privacy.FingerprintKeyFile, &c.Privacy.SealKeyFile,
		&c.Prompts.Dir, &c.Prompts.OverrideDir, &c.Prompts.MusicDir,
	}
	r := &c.Recordings
	paths = append(paths, &r.SpoolDir, &r.StoreDir, &r.Bucket.SecretKeyFile, &r.RecipientsFile, &r.IdentityFile, &r.Anchor.Dir, &r.Anchor.KeyFile)
	paths = append(paths, &c.Console.CertFile, &c.Console.KeyFile, &c.Console.OIDC.ClientSecretFile)
	for i := range c.Outbound.Webhooks {
		paths = append(paths, &c.Outbound.Webhooks[i].SecretFile)
	}
	return paths
}
