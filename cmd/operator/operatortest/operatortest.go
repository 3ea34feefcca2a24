// Package operatortest runs an operator's program in a test's own process and
// looks at what it said: exit code, words that must be there, words that must
// never be.
package operatortest

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/stack"
)

// Result of one command.
type Result struct {
	Code     int
	Out, Err string
}

// Run runs one command of a program.
func Run(t *testing.T, name string, root func(*operator.Invocation) *cobra.Command, in string, args ...string) Result {
	t.Helper()
	var out, errs bytes.Buffer
	code := operator.Run(t.Context(), name, args, operator.Streams{In: strings.NewReader(in), Out: &out, Err: &errs}, root)
	return Result{code, out.String(), errs.String()}
}

// Want fails the test unless the command ended so and said all of this.
func (r Result) Want(t *testing.T, code int, parts ...string) Result {
	t.Helper()
	if r.Code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", r.Code, code, r.Out, r.Err)
	}
	for _, p := range parts {
		if !strings.Contains(r.Out+r.Err, p) {
			t.Errorf("want %q in:\n%s%s", p, r.Out, r.Err)
		}
	}
	return r
}

// Never fails the test if the command said any of this.
func (r Result) Never(t *testing.T, parts ...string) Result {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(r.Out+r.Err, p) {
			t.Errorf("%q must not be in:\n%s%s", p, r.Out, r.Err)
		}
	}
	return r
}

// Write makes a file and gives its path.
func Write(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// EveryCommandExplainsItself walks a program: whatever can be run says in a
// line what it does, and at length with examples.
func EveryCommandExplainsItself(t *testing.T, root *cobra.Command) {
	t.Helper()
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() && c.Name() != "help" && !strings.HasPrefix(c.CommandPath(), root.Name()+" completion") {
			_, examples, found := strings.Cut(c.Long, "Examples:")
			if !found || c.Short == "" {
				t.Errorf("%s: want a Long help with examples", c.CommandPath())
			}
			if found && !strings.Contains(examples, c.CommandPath()) {
				t.Errorf("%s: none of its examples shows it", c.CommandPath())
			}
			if strings.Contains(c.Long, "\t") {
				t.Errorf("%s: its help is indented by tabs", c.CommandPath())
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// Installation writes a configuration for a stack, with secrets in files, and
// gives its path.
func Installation(t *testing.T, s *stack.Stack, change func(*config.Config)) string {
	t.Helper()
	dir := t.TempDir()
	c := config.Default()
	dsn, err := url.Parse(s.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := dsn.User.Password()
	dsn.User = url.User(dsn.User.Username())
	c.Postgres.DSN = dsn.String()
	c.Postgres.PasswordFile = Write(t, dir, "postgres", password, 0o600)
	c.Asterisk.ARI.PasswordFile = Write(t, dir, "ari", "not-known-yet", 0o600)
	c.Asterisk.AMI.PasswordFile = Write(t, dir, "ami", "not-known-yet", 0o600)
	c.Privacy.FingerprintKeyFile = Write(t, dir, "fingerprint", strings.Repeat("0f", 32), 0o600)
	c.Journal.Dir = filepath.Join(dir, "journal")
	if s.Redis != nil {
		c.Redis.Address = s.Redis.Addr
	}
	if s.Asterisk != nil {
		useAsterisk(t, &c, s.Asterisk, dir)
	}
	if change != nil {
		change(&c)
	}
	return Write(t, dir, "powerline.yaml", string(config.Marshal(c)), 0o644)
}

func useAsterisk(t *testing.T, c *config.Config, is *stack.Asterisk, dir string) {
	t.Helper()
	a := is.Settings
	c.Asterisk.ARI.URL, c.Asterisk.ARI.Username = is.ARIURL, a.ARIUser.Name
	c.Asterisk.ARI.PasswordFile = Write(t, dir, "ari", a.ARIUser.Password, 0o600)
	c.Asterisk.AMI.Username = a.AMIUser.Name
	c.Asterisk.AMI.PasswordFile = Write(t, dir, "ami", a.AMIUser.Password, 0o600)
	if err := c.Asterisk.AMI.Address.UnmarshalText([]byte("127.0.0.1:" + strconv.Itoa(a.AMIPort))); err != nil {
		t.Fatal(err)
	}
	c.Asterisk.OfferOpus, c.Asterisk.Dirs = a.OfferOpus, config.Dirs(a.Dirs)
	c.Asterisk.SystemName, c.Asterisk.EntityID, c.Prompts.MusicDir = a.SystemName, a.EntityID, a.MusicDir
	c.Asterisk.RTP = config.RTP{First: a.RTPFirst, Last: a.RTPLast}
	c.Asterisk.Trunks = []config.Trunk{{Name: "operator", Match: []string{stack.TrunkAddress}}}
	if err := c.Asterisk.SIP.Bind.UnmarshalText([]byte(is.SIPAddr)); err != nil {
		t.Fatal(err)
	}
}
