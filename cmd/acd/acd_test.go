package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerline/cmd/operator"
	"powerline/cmd/operator/operatortest"
	"powerline/internal/check"
	"powerline/internal/config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/ivr"
)

// result of one command, run in this process.
type result struct {
	code     int
	out, err string
}

func command(t *testing.T, in string, args ...string) result {
	t.Helper()
	r := operatortest.Run(t, "acd", newRoot, in, args...)
	return result{r.Code, r.Out, r.Err}
}

func (r result) want(t *testing.T, code int, parts ...string) result {
	t.Helper()
	operatortest.Result{Code: r.code, Out: r.out, Err: r.err}.Want(t, code, parts...)
	return r
}

func (r result) never(t *testing.T, parts ...string) {
	t.Helper()
	operatortest.Result{Code: r.code, Out: r.out, Err: r.err}.Never(t, parts...)
}

func write(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	return operatortest.Write(t, dir, name, text, mode)
}

func installation(t *testing.T, s *stack.Stack, change func(*config.Config)) string {
	t.Helper()
	return operatortest.Installation(t, s, change)
}

const good = `id,name,gender,officer,counsellor,senior,languages,categories,outbound,active,secret,pin
a001,Asha Devi,woman,no,yes,no,hi bho,crisis phone,,yes,phone-secret-1,1234
a002,Usha Rani,woman,no,no,yes,hi,phone,,yes,phone-secret-2,2345
b001,Ram Singh,man,yes,no,no,hi,,,yes,phone-secret-3,3456
c001,Sita Kumari,woman,no,no,no,hi,phone,,no,,
`

func TestGivenTheDefaultConfiguration_WhenCheckedByThisProgram_ThenItIsGood(t *testing.T) {
	text := command(t, "", "config", "default").want(t, operator.ExitOK, "# ", "deadMan: 20s").out
	path := write(t, t.TempDir(), "acd.yaml", text, 0o644)
	command(t, "", "config", "check", path).want(t, operator.ExitOK, "is good")
	command(t, "", "--config", path, "config", "check").want(t, operator.ExitOK, "is good")
}

func TestGivenAWrongConfiguration_WhenAnyCommandReadsIt_ThenTheLineIsNamedAndNothingIsDone(t *testing.T) {
	path := write(t, t.TempDir(), "acd.yaml", "redis:\n  adress: here\n", 0o644)
	for _, args := range [][]string{{"config", "check"}, {"agents", "list"}, {"check"}, {"serve"}, {"asterisk-config", "render", "--out", t.TempDir()}} {
		command(t, "", append(args, "--config", path)...).want(t, operator.ExitFailed, path+`:2:3: redis: unknown key "adress": did you mean "address"?`)
	}
}

func TestEveryCommandThatDoesSomethingHasExamples(t *testing.T) {
	operatortest.EveryCommandExplainsItself(t, newRoot(&operator.Invocation{}))
}

func TestGivenShells_WhenCompletionIsAsked_ThenEachGetsAScript(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		command(t, "", "completion", shell).want(t, operator.ExitOK, "acd")
	}
	command(t, "", "__complete", "agents", "").want(t, operator.ExitOK, "import", "list", "show", "set")
}

func TestGivenARosterFile_WhenImported_ThenOperatorsSeeItAndSecretsStayHidden(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true})
	cfg := installation(t, s, nil)
	file := write(t, t.TempDir(), "roster.csv", good, 0o600)
	secrets := []string{"phone-secret", "1234", "argon2", "2345"}

	command(t, "", "agents", "import", file, "--dry-run", "-c", cfg).want(t, operator.ExitOK, "nothing was changed", "4 added, 0 changed, 0 unchanged").never(t, secrets...)
	command(t, "", "agents", "list", "-c", cfg).want(t, operator.ExitOK, "nobody")
	command(t, "", "agents", "import", file, "-c", cfg).want(t, operator.ExitOK, "imported: 4 added, 0 changed, 0 unchanged")
	command(t, good, "agents", "import", "-", "-c", cfg).want(t, operator.ExitOK, "imported: 0 added, 0 changed, 4 unchanged")

	list := command(t, "", "agents", "list", "-c", cfg).want(t, operator.ExitOK, "a001  Asha Devi", "counsellor", "ready")
	list.never(t, append(secrets, "Sita")...)
	command(t, "", "agents", "list", "--all", "-c", cfg).want(t, operator.ExitOK, "Sita Kumari", "not active")
	var views []personView
	if err := json.Unmarshal([]byte(command(t, "", "agents", "list", "--json", "--all", "-c", cfg).out), &views); err != nil || len(views) != 4 || !views[0].PIN || views[3].PIN {
		t.Fatalf("%v %+v", err, views)
	}

	command(t, "5678\n", "agents", "set", "a001", "senior=yes", "pin=-", "-c", cfg).want(t, operator.ExitOK, "a001: changed").never(t, "5678")
	command(t, "", "agents", "set", "a001", "senior=yes", "pin=5678", "-c", cfg).want(t, operator.ExitOK, "a001: unchanged")
	command(t, "", "agents", "show", "a001", "-c", cfg).want(t, operator.ExitOK, "counsellor senior", "version", "2").never(t, secrets...)
	command(t, "", "agents", "show", "a009", "-c", cfg).want(t, operator.ExitFailed, `no agent "a009"`)
	command(t, "", "agents", "set", "a001", "languages=tlh", "senior=no", "-c", cfg).want(t, operator.ExitFailed, `languages: "tlh" is not in the configuration`)
	command(t, "", "agents", "show", "a001", "-c", cfg).want(t, operator.ExitOK, "hi bho", "senior")

	bad := strings.Replace(strings.Replace(good, "Usha Rani,woman", "Usha Rani,lady", 1), "3456", "three", 1)
	command(t, bad, "agents", "import", "-", "-c", cfg).
		want(t, operator.ExitFailed, "standard input:3:16: gender: want woman or man", "standard input:4:54: pin: want 4 to 8 digits").
		never(t, "three", "Usha")
	part := strings.Join(strings.SplitAfter(strings.Replace(good, "hi,phone,,yes", "hi bho,phone,,yes", 1), "\n")[:3], "")
	command(t, part, "agents", "import", "-", "-c", cfg).want(t, operator.ExitOK, "0 added, 2 changed", "2 stored agents are not in the file", "b001 c001")
}

func TestGivenADatabaseThatIsAway_WhenTheRosterIsAsked_ThenItFailsInTimeAndShowsNoPassword(t *testing.T) {
	dir := t.TempDir()
	c := config.Default()
	c.Postgres.DSN = "postgres://powerline@127.0.0.1:1/none"
	c.Postgres.PasswordFile = write(t, dir, "postgres", "hunter2", 0o600)
	cfg := write(t, dir, "acd.yaml", string(config.Marshal(c)), 0o644)
	began := time.Now()
	command(t, "", "agents", "list", "-c", cfg).want(t, operator.ExitFailed, "postgres: ping").never(t, "hunter2")
	if time.Since(began) > 10*time.Second {
		t.Errorf("it took %v", time.Since(began))
	}
}

// One installation from the ground: what the commands make is what Asterisk
// takes and what the check finds good.
func TestGivenAnInstallation_WhenEverythingRuns_ThenTheCheckIsGoodAndNamesWhatDies(t *testing.T) {
	s := stacktest.Start(t, stack.Options{FastPostgres: true})
	sounds := t.TempDir()
	cfg := installation(t, s, func(c *config.Config) { c.Prompts.Dir = sounds })
	command(t, good, "agents", "import", "-", "-c", cfg).want(t, operator.ExitOK, "4 added")
	makePrompts(t, cfg, sounds)

	out := s.Asterisk.Settings.Dirs.Etc
	command(t, "", "asterisk-config", "render", "--out", out, "-c", cfg).want(t, operator.ExitOK, "3 softphones, 1 trunks, 2 lines")
	for _, name := range []string{"pjsip.conf", "extensions.conf", "queues.conf"} {
		info, err := os.Stat(filepath.Join(out, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "pjsip.conf"))
	if err != nil || !bytes.Contains(text, []byte("[a001]")) || bytes.Contains(text, []byte("c001")) || bytes.Contains(text, []byte("phone-secret")) {
		t.Errorf("pjsip.conf must have the active agents, with digests: %v", err)
	}
	if err := s.Asterisk.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if phones, err := s.Asterisk.CLI(t.Context(), "pjsip show endpoints"); err != nil || !strings.Contains(phones, "a001") || !strings.Contains(phones, "b001") {
		t.Errorf("Asterisk does not know the softphones: %v\n%s", err, phones)
	}

	good := command(t, "", "check", "-c", cfg).want(t, operator.ExitOK, "config", "version 22.", "modules run", "PostgreSQL", "Redis answers", "3 active: 2 women, 1 male officers", "prompts in hi", "fallback queues with 3 agents")
	good.never(t, "FAIL", s.Asterisk.Settings.ARIUser.Password)
	t.Log("\n" + good.out)

	s.Redis.Kill()
	s.Postgres.Kill()
	s.Asterisk.Kill()
	bad := command(t, "", "check", "--json", "-c", cfg).want(t, operator.ExitFindings)
	var report []check.Finding
	if err := json.Unmarshal([]byte(bad.out), &report); err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	for _, f := range report {
		if f.Level == check.Fail {
			failed[f.Subject] = true
		}
		if strings.Contains(f.Text, "\n") {
			t.Errorf("a finding is one line: %q", f.Text)
		}
	}
	for _, subject := range []string{"redis", "postgres", "asterisk", "ami"} {
		if !failed[subject] {
			t.Errorf("%s is dead and the report does not fail it:\n%s", subject, bad.out)
		}
	}
	if failed["secrets"] || failed["prompts"] {
		t.Errorf("what is well must not fail beside it:\n%s", bad.out)
	}
}

// makePrompts puts a file for each prompt; whether they sound is for others.
func makePrompts(t *testing.T, cfg, dir string) {
	t.Helper()
	c, err := config.Load(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ids := append(c.Waiting.Prompts(), ivr.DefaultCodes().Prompts()...)
	for _, m := range c.Menus {
		ids = append(ids, m.Prompts()...)
	}
	for _, language := range c.Prompts.Languages {
		folder := filepath.Join(dir, language, "powerline")
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			write(t, folder, id+".alaw", "\xd5", 0o644)
		}
	}
}

func FuzzAgentsSet(f *testing.F) {
	f.Add("senior=yes")
	f.Add("=")
	f.Add("pin=-")
	f.Fuzz(func(t *testing.T, text string) {
		s := &shared{&operator.Invocation{Streams: operator.Streams{In: strings.NewReader("1\n"), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}}}
		if filled, err := s.fillIn([]string{text}); err == nil && len(filled) != 1 {
			t.Fatal("an assignment was lost")
		}
	})
}
