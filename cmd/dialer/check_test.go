package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	asteriskconfig "powerline/asterisk-config"
	"powerline/cmd/operator"
	"powerline/internal/check"
	"powerline/internal/config"
	"powerline/internal/stack"
	"powerline/ivr"
)

// found is the finding whose text has these parts.
func found(t *testing.T, report []check.Finding, level check.Level, parts ...string) {
	t.Helper()
	ok := slices.ContainsFunc(report, func(f check.Finding) bool {
		return f.Level == level && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(f.Subject+" "+f.Text, p) })
	})
	if !ok {
		t.Errorf("no %s with %q in %+v", level, parts, report)
	}
}

// check's report, as JSON.
func (h *house) check(t *testing.T, code int) []check.Finding {
	t.Helper()
	var report []check.Finding
	decode(t, h.run(t, "", "check", "--json").Want(t, code), &report)
	for _, f := range report {
		if strings.Contains(f.Text, "\n") {
			t.Errorf("a finding is one line: %q", f.Text)
		}
	}
	return report
}

// prompts makes a file for each; whether they sound is for others.
func prompts(t *testing.T, c config.Config) {
	t.Helper()
	ids := append(c.Waiting.Prompts(), ivr.DefaultCodes().Prompts()...)
	for _, m := range c.Menus {
		ids = append(ids, m.Prompts()...)
	}
	for _, language := range c.Prompts.Languages {
		folder := filepath.Join(c.Prompts.Dir, language, "powerline")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if err := os.WriteFile(filepath.Join(folder, id+".alaw"), []byte("\xd5"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// openExchange is a house with an Asterisk that has the trunk, with or without a
// contact.
func openExchange(t *testing.T, contact string) *house {
	t.Helper()
	return open(t, stack.Options{FastPostgres: true, Configure: func(s *asteriskconfig.Settings) {
		for i := range s.Trunks {
			s.Trunks[i].Contact = contact
		}
	}}, func(c *config.Config) {
		c.Asterisk.Trunks[0].Contact = "127.0.0.2:5060"
		c.Outbound.Trunk = c.Asterisk.Trunks[0].Name
		c.Prompts.Dir = t.TempDir()
		prompts(t, *c)
	})
}

func TestGivenAHelplineThatCanDial_WhenChecked_ThenAllIsWellAndWhatWaitsIsNamed(t *testing.T) {
	h := openExchange(t, "127.0.0.2:5060")
	h.importCases(t)
	good := h.run(t, "", "check").Want(t, operator.ExitOK, "is good", "schema is current", "Redis answers", "version 22.", "modules run",
		"trunk operator is in Asterisk and has a contact", "calls go out by trunk operator", "both keys",
		"1 officers for offenders, 1 officers for contacts, 2 women for feedback, 1 counsellors", "1 in hand", "its outcome", "wait for a supervisor", "rows is whole")
	good.Never(t, "FAIL", h.Asterisk.Settings.ARIUser.Password)
	t.Log("\n" + good.Out)

	var due []dueTask
	decode(t, h.run(t, "", "due", "--json").Want(t, operator.ExitOK), &due)
	h.run(t, "", "tasks", "set-aside", string(due[0].Task), "--reason", "test").Want(t, operator.ExitOK)
	h.run(t, "", "pause", "feedback", "--reason", "trunk-is-tested").Want(t, operator.ExitOK)
	report := h.check(t, operator.ExitOK)
	found(t, report, check.Warn, "1 set aside", "dialer tasks take-back")
	found(t, report, check.Warn, "1 cases stand still")
	found(t, report, check.Warn, "feedback is paused by operator", "dialer resume feedback")
	h.run(t, "", "tasks", "take-back", string(due[0].Task)).Want(t, operator.ExitOK)
	found(t, h.check(t, operator.ExitOK), check.Warn, "1 due for more than a day", "dialer due") // it was registered long ago

	h.spoil(t, `ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET actor = 'somebody-else' WHERE seq = 2; UPDATE agents SET outbound = '{}', version = version + 1000`)
	report = h.check(t, operator.ExitFindings)
	found(t, report, check.Fail, "audit", "row 2")
	found(t, report, check.Fail, "no active officers for offenders", "called by nobody")
	found(t, report, check.Fail, "no active women for feedback", "called by nobody")

	h.Redis.Kill()
	h.Postgres.Kill()
	h.Asterisk.Kill()
	report = h.check(t, operator.ExitFindings)
	for _, subject := range []string{"redis", "postgres", "asterisk", "trunk"} {
		found(t, report, check.Fail, subject)
	}
	found(t, report, check.OK, "both keys")
}

func TestGivenATrunkWithoutAContactAndNoKeys_WhenChecked_ThenWhatKeepsCallsFromBeingMadeIsNamed(t *testing.T) {
	h := openExchange(t, "")
	c, err := config.Load(h.cfg)
	if err != nil {
		t.Fatal(err)
	}
	found(t, h.check(t, operator.ExitFindings), check.Fail, "trunk operator is in Asterisk without a contact", "asterisk-config render")

	c.Asterisk.Trunks = append(c.Asterisk.Trunks, config.Trunk{Name: "another", Match: []string{"127.0.0.7"}, Contact: "127.0.0.7:5060"})
	c.Outbound.Trunk, c.Privacy.SealKeyFile, c.Outbound.Clock.Speed = "another", "", 60
	rewrite(t, h.cfg, c)
	report := h.check(t, operator.ExitFindings)
	found(t, report, check.Fail, "trunk another is in the configuration and not in Asterisk")
	found(t, report, check.Fail, "privacy.sealKeyFile is not set")
	found(t, report, check.Warn, "outbound.clock.speed is 60")

	c.Outbound.Trunk = ""
	rewrite(t, h.cfg, c)
	found(t, h.check(t, operator.ExitFindings), check.Fail, "outbound.trunk is empty")
	// Without its keys nothing is registered, and the reason is said.
	h.run(t, complaints, "cases", "import", "-", "--format", "csv", "--by", "a001").Want(t, operator.ExitFailed, "no case was registered", "privacy.sealKeyFile")
}

func rewrite(t *testing.T, path string, c config.Config) {
	t.Helper()
	if err := os.WriteFile(path, config.Marshal(c), 0o644); err != nil {
		t.Fatal(err)
	}
}
