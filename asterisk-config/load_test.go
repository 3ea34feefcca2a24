package asteriskconfig_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

const secret = "only-for-tests"

// roster is a day's staff in miniature: of every ten agents one is an officer,
// one a counsellor, one a senior, and the rest are constables.
func roster(n int) []asteriskconfig.Agent {
	languages := asteriskconfig.Defaults().Languages
	all := make([]asteriskconfig.Agent, 0, n)
	for i := range n {
		id := fmt.Sprintf("a%03d", i+1)
		a := asteriskconfig.Agent{
			ID: id, SecretMD5: asteriskconfig.HA1(id, asteriskconfig.Defaults().Realm, secret),
			Woman: true, Categories: []string{"other", "status"}, Languages: []string{"hi", languages[i%len(languages)]},
		}
		switch i % 10 {
		case 1:
			a.Woman, a.Officer, a.Categories = false, true, nil
		case 2:
			a.Counsellor = true
		case 3:
			a.Senior = true
		}
		all = append(all, a)
	}
	return all
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func startAsterisk(t *testing.T, configure func(*asteriskconfig.Settings)) *stack.Stack {
	t.Helper()
	return stacktest.Start(t, stack.Options{Only: []string{stack.NameAsterisk}, Configure: configure})
}

func cli(t *testing.T, s *stack.Stack, command string) string {
	t.Helper()
	out, err := s.Asterisk.CLI(within(t, 30*time.Second), command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// expected are lines that Asterisk writes whatever it is given, with the reason
// why nothing of ours causes them.
var expected = []struct{ text, reason string }{
	{"Could not find option 'minimum_size' with type 'threadpool' in module 'stasis'",
		"Asterisk's own documentation lacks an option of its own stasis.conf"},
	{"queue reached 500 scheduled tasks",
		"each of 150 phones has a first device state at start; the queue drains in milliseconds and none is lost"},
	{"not claimed within", "that no acd takes a call is what the fallback is for"},
}

func complaints(t *testing.T, s *stack.Stack) []string {
	t.Helper()
	var found []string
	for _, file := range []string{s.Asterisk.Messages, s.Asterisk.Log} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if isComplaint(line) {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}
	return found
}

func isComplaint(line string) bool {
	for _, e := range expected {
		if strings.Contains(line, e.text) {
			return false
		}
	}
	for _, word := range []string{"WARNING", "ERROR", "Unable", "Could not", "nvalid", "Failed"} {
		if strings.Contains(line, word) {
			return true
		}
	}
	return false
}

func TestGivenAFullRosterWhenAsteriskLoadsItThenItHasNothingToComplainOf(t *testing.T) {
	s := startAsterisk(t, func(c *asteriskconfig.Settings) {
		c.Agents = roster(150)
		c.Trunks = append(c.Trunks, asteriskconfig.Trunk{Name: "second", MatchIPs: []string{"127.1.0.0/16", "127.0.0.22"}})
		c.AgentRTPTimeout = 30
	})
	cli(t, s, "module reload") // reads everything a second time
	cli(t, s, "core waitfullybooted")
	for _, line := range complaints(t, s) {
		t.Error(line)
	}
	if out := cli(t, s, "pjsip show endpoints"); strings.Count(out, " Endpoint:  a") != 150 {
		t.Errorf("not 150 phones:\n%s", out)
	}
	for _, module := range []string{"app_queue", "res_stasis_broadcast", "app_mixmonitor", "codec_opus_open_source"} {
		if out := cli(t, s, "module show like "+module); !strings.Contains(out, "Running") {
			t.Errorf("%s: %s", module, out)
		}
	}
}

func TestGivenAllModulesWhenAsteriskLoadsThemThenEachRuns(t *testing.T) {
	s := startAsterisk(t, nil)
	for line := range strings.Lines(cli(t, s, "module show")) {
		if strings.Contains(line, ".so") && !strings.Contains(line, "Running") {
			t.Error(strings.TrimSpace(line))
		}
	}
}
