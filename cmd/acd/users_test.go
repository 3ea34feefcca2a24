package main

import (
	"encoding/json"
	"strings"
	"testing"

	"powerline/cmd/operator"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

func TestGivenARoster_WhenAccountsAreMade_ThenOnlyLawfulOnesAreAndSecretsAreShownOnce(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true})
	cfg := installation(t, s, nil)
	roster := write(t, t.TempDir(), "roster.csv", good, 0o600)
	command(t, "", "agents", "import", roster, "--config", cfg).want(t, operator.ExitOK)
	users := func(in string, args ...string) result {
		return command(t, in, append([]string{"users", "--config", cfg}, args...)...)
	}
	for what, c := range map[string]struct {
		args []string
		want string
	}{
		"no name":           {[]string{"add", "Asha!", "--role", "agent", "--agent", "a001"}, "small letters"},
		"no such role":      {[]string{"add", "x", "--role", "boss"}, "--role: want one of"},
		"a seat of nobody":  {[]string{"add", "x", "--role", "agent"}, "--agent: want the id"},
		"an auditor's seat": {[]string{"add", "x", "--role", "auditor", "--agent", "a001"}, "belongs to nobody"},
		"a man with women":  {[]string{"add", "x", "--role", "agent", "--agent", "b001"}, "is a man"},
		"no officer":        {[]string{"add", "x", "--role", "officer", "--agent", "a001"}, "is no officer"},
		"no counsellor":     {[]string{"add", "x", "--role", "counsellor", "--agent", "a002"}, "is no counsellor"},
		"left the house":    {[]string{"add", "x", "--role", "agent", "--agent", "c001"}, "nobody who works here"},
		"nobody to lock":    {[]string{"lock", "x"}, "no account"},
	} {
		if r := users("", c.args...); r.code != operator.ExitFailed || !strings.Contains(r.err, c.want) {
			t.Errorf("%s: %d %s", what, r.code, r.err)
		}
	}

	first := users("", "add", "asha", "--role", "counsellor", "--agent", "a001").want(t, operator.ExitOK, "shown this once")
	password := strings.TrimSpace(first.out)
	if len(password) < 16 {
		t.Errorf("the first password is %q", password)
	}
	users("a long enough password\n", "add", "control", "--role", "administrator", "--ask").want(t, operator.ExitOK).never(t, "a long enough password")
	users("short\n", "add", "other", "--role", "administrator", "--ask").want(t, operator.ExitFailed, "10 to 128 bytes")
	users("", "add", "ram", "--role", "officer", "--agent", "b001", "--subject", "police-7").want(t, operator.ExitOK, "identity provider")
	users("", "add", "asha", "--role", "auditor").want(t, operator.ExitFailed, "already")

	users("", "set", "asha", "--role", "officer").want(t, operator.ExitFailed, "is no officer")
	users("", "set", "asha", "--role", "supervisor").want(t, operator.ExitOK, "every session of it has ended")
	users("", "lock", "control").want(t, operator.ExitOK, "locked")
	listed := users("", "list").want(t, operator.ExitOK, "asha", "supervisor", "no authenticator yet", "locked", "by provider")
	listed.never(t, password)
	var all []accountView
	if err := json.Unmarshal([]byte(users("", "list", "--json").want(t, operator.ExitOK).out), &all); err != nil || len(all) != 3 {
		t.Errorf("%v %v", all, err)
	}
	users("", "unlock", "control").want(t, operator.ExitOK, "unlocked")
	again := users("", "reset", "asha").want(t, operator.ExitOK, "must be changed")
	if strings.TrimSpace(again.out) == password {
		t.Error("the reset password is the old one")
	}
	command(t, "", "users", "list", "--config", write(t, t.TempDir(), "acd.yaml", "redis:\n  adress: here\n", 0o644)).want(t, operator.ExitFailed, "adress")
}
