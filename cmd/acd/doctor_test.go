package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/call"
	"powerline/cmd/operator"
	"powerline/internal/asterisk"
	"powerline/internal/check"
	"powerline/internal/config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/ivr"
	"powerline/queue"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// infirmary is a whole installation in which a test plants what is wrong.
type infirmary struct {
	*stack.Stack
	cfg    string
	config config.Config
	store  *queue.Store
}

func openInfirmary(t *testing.T) *infirmary {
	t.Helper()
	s := stacktest.Start(t, stack.Options{FastPostgres: true, Configure: func(c *asteriskconfig.Settings) {
		for _, id := range []string{"a001", "a002", "b001"} {
			c.Agents = append(c.Agents, asteriskconfig.Agent{
				ID: id, SecretMD5: asteriskconfig.HA1(id, c.Realm, "secret"), Woman: id != "b001", Officer: id == "b001",
				Categories: []string{"other"}, Languages: []string{"hi"},
			})
		}
	}})
	sounds := t.TempDir()
	cfg := installation(t, s, func(c *config.Config) { c.Prompts.Dir = sounds })
	makePrompts(t, cfg, sounds)
	command(t, good, "agents", "import", "-", "-c", cfg).want(t, operator.ExitOK, "4 added")
	c, err := config.Load(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &infirmary{Stack: s, cfg: cfg, config: c, store: liveStore(t, s)}
}

// doctor's report, as JSON.
func (in *infirmary) doctor(t *testing.T, code int) []check.Finding {
	t.Helper()
	r := command(t, "", "doctor", "--json", "-c", in.cfg).want(t, code)
	r.never(t, secretCaller)
	var report []check.Finding
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// found is the finding whose text has these parts.
func found(t *testing.T, report []check.Finding, level check.Level, parts ...string) {
	t.Helper()
	ok := slices.ContainsFunc(report, func(f check.Finding) bool {
		return f.Level == level && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(f.Text, p) })
	})
	if !ok {
		t.Errorf("no %s with %q in %+v", level, parts, report)
	}
}

func TestGivenAnInstallationInWhichAllIsWell_WhenTheDoctorLooks_ThenNothingIsWrong(t *testing.T) {
	in := openInfirmary(t)
	since := time.Now()
	out := func(a agent.Agent) agent.Agent { a.Status, a.Online = agent.LoggedOut, false; return a }
	owner := joined(t, in.store, "a", out(woman("a001", since)), out(woman("a002", since)))
	defer beating(t, in.store, owner)()
	report := in.doctor(t, operator.ExitOK)
	found(t, report, check.OK, "all fit together")
	found(t, report, check.OK, "a beats")
	for _, f := range report {
		if f.Level == check.Fail {
			t.Errorf("%+v", f)
		}
	}
	command(t, "", "doctor", "-c", in.cfg).want(t, operator.ExitOK, "OK", "all fit together")
}

func TestGivenWhatCanGoWrong_WhenTheDoctorLooks_ThenEachIsNamedWithWhatToDo(t *testing.T) {
	in := openInfirmary(t)
	in.plantInTheStore(t)
	in.plantInAsterisk(t)
	in.plantOnTheDisk(t)
	report := in.doctor(t, operator.ExitFindings)
	for _, want := range []struct {
		level check.Level
		parts []string
	}{
		{check.Fail, []string{"none beats", "acd serve"}},
		{check.Fail, []string{"a stands still and has", "restart it"}},
		{check.Fail, []string{"call c-phone is waiting in Redis and Asterisk has no such caller"}},
		{check.Fail, []string{"call c-talks is talking in Redis and Asterisk has no such caller"}},
		{check.Warn, []string{"call c-ended has ended and its record is not safe"}},
		{check.Fail, []string{"1 waiting for male-officers, and none of them is available"}},
		{check.Warn, []string{"a004 is locked", "acd agents unlock a004"}},
		{check.Fail, []string{"the softphone of a002 does not answer"}},
		{check.Warn, []string{"the softphone of a001 answers Asterisk and Redis says that it does not"}},
		{check.Warn, []string{"a002 is available and paused in the fallback queues"}},
		{check.Warn, []string{"Asterisk's own queue", "has 1 waiting"}},
		{check.Warn, []string{"bridge lost.b1 has nobody in it"}},
		{check.Fail, []string{"trunk another is in the configuration and not in Asterisk", "acd asterisk-config render"}},
		{check.Warn, []string{"files of records wait for PostgreSQL"}},
		{check.Fail, []string{"missing", "hi/greeting"}},
		{check.Fail, []string{"a005 is in the roster and Asterisk has no account for her"}},
	} {
		found(t, report, want.level, want.parts...)
	}
	for _, f := range report {
		if strings.Contains(f.Text, "\n") {
			t.Errorf("a finding is one line: %q", f.Text)
		}
	}
}

func (in *infirmary) plantInTheStore(t *testing.T) {
	t.Helper()
	owner := busyFloor(t, in.store)
	ended := waitingCall("c-ended", "phone", time.Minute)
	ended.Stage, ended.Outcome, ended.EndedAt = call.Ended, call.AbandonedWaiting, time.Now()
	commit(t, in.store, owner, queue.Change{Calls: []queue.CallWrite{{Call: ended}}})
	back := waitingCall("c-back", "ring-back", time.Second)
	back.Kind, back.Pool, back.Line = call.RingBack, agent.MaleOfficers, "1091"
	commit(t, in.store, owner, queue.Change{Calls: []queue.CallWrite{{Call: back}}})
	// a001 is available by her status, and her softphone is gone.
	state, err := in.store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := state.Agents[0]
	from := a.Version
	a.Online = false
	commit(t, in.store, owner, queue.Change{Agents: []queue.AgentWrite{{From: from, Agent: a}}})
	line := "a005,Nita Devi,woman,no,no,no,hi,phone,,yes,phone-secret-5,1234\n"
	command(t, strings.SplitAfter(good, "\n")[0]+line, "agents", "import", "-", "-c", in.cfg).want(t, operator.ExitOK, "1 added")
}

func (in *infirmary) plantInAsterisk(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	client := asterisk.New(asterisk.Options{
		BaseURL: strings.TrimSuffix(in.Asterisk.ARIURL, "/ari"), App: "powerline-test",
		User: in.Asterisk.Settings.ARIUser.Name, Password: in.Asterisk.Settings.ARIUser.Password,
	})
	if err := client.CreateBridge(ctx, "lost.b1"); err != nil {
		t.Fatal(err)
	}
	// A caller, while no engine runs.
	trunk, err := phone.NewHost(ctx, stack.TrunkAddress, in.Asterisk.SIPAddr, phone.Port(uint16(in.Ports.Callers.First)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trunk.Close)
	// Somebody whom the fallback rings must be there, or it plays a message.
	phones, err := phone.NewHost(ctx, stack.PhoneAddress, in.Asterisk.SIPAddr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(phones.Close)
	if err := phones.Phone("a001", phone.Secret("secret")).Register(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Asterisk.CLI(ctx, "queue unpause member PJSIP/a001"); err != nil {
		t.Fatal(err)
	}
	c, err := trunk.Phone("+919810000001", phone.Sings(900)).Dial(ctx, "1090")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.HangUp)
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := helpline.Until(ctx, "the caller is in the fallback queue", func() bool {
		queues, err := in.Asterisk.CLI(ctx, "queue show")
		return err == nil && strings.Contains(queues, "has 1 calls")
	}); err != nil {
		t.Fatal(err)
	}
}

func (in *infirmary) plantOnTheDisk(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(in.config.Journal.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, in.config.Journal.Dir, "1.journal", "x", 0o600)
	if err := os.Remove(filepath.Join(in.config.Prompts.Dir, "hi", "powerline", "greeting.alaw")); err != nil {
		t.Fatal(err)
	}
	c := in.config
	c.Asterisk.Trunks = append(c.Asterisk.Trunks, config.Trunk{Name: "another", Match: []string{"192.0.2.7"}})
	if err := os.WriteFile(in.cfg, config.Marshal(c), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestGivenServicesThatAreAway_WhenTheDoctorLooks_ThenItSaysWhichAndInTime(t *testing.T) {
	in := openInfirmary(t)
	in.Redis.Kill()
	in.Asterisk.Kill()
	in.Postgres.Kill()
	began := time.Now()
	report := in.doctor(t, operator.ExitFindings)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	subjects := map[string]bool{}
	for _, f := range report {
		if f.Level == check.Fail {
			subjects[f.Subject] = true
		}
	}
	for _, want := range []string{"redis", "asterisk", "postgres"} {
		if !subjects[want] {
			t.Errorf("%s is away and no finding says so: %+v", want, report)
		}
	}
}

func TestGivenAPromptThatIsMissing_WhenAnEngineStarts_ThenItIsRefusedWithItsName(t *testing.T) {
	dir, sounds := t.TempDir(), t.TempDir()
	c := config.Default()
	c.Prompts.Dir = sounds
	cfg := write(t, dir, "acd.yaml", string(config.Marshal(c)), 0o644)
	makePrompts(t, cfg, sounds)
	command(t, "", "prompts", "check", "-c", cfg).want(t, operator.ExitOK, "all prompts are in")

	long := filepath.Join(sounds, "ur", "powerline", c.Menus["helpline"].Choices+".alaw")
	if err := os.WriteFile(long, make([]byte, 9*8000), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"prompts", "check"}} {
		r := command(t, "", append(args, "-c", cfg)...)
		if r.code == operator.ExitOK || !strings.Contains(r.out+r.err, `menus.helpline.choices: menu lasts 9s in language "ur", must fit into 8s`) {
			t.Errorf("%v: %d\n%s%s", args, r.code, r.out, r.err)
		}
	}
	desk := ivr.DefaultCodes().Prompts()[0]
	for _, name := range []string{"bho/powerline/comfort.alaw", "hi/powerline/" + desk + ".alaw"} {
		if err := os.Remove(filepath.Join(sounds, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"serve"}, {"prompts", "check"}} {
		r := command(t, "", append(args, "-c", cfg)...)
		if r.code == operator.ExitOK || !strings.Contains(r.out+r.err, "bho/comfort") || !strings.Contains(r.out+r.err, "hi/"+desk) {
			t.Errorf("%v: %d\n%s%s", args, r.code, r.out, r.err)
		}
	}
}

func TestGivenTexts_WhenPromptsAreGenerated_ThenTheyAreThereAndWhatIsMissingIsNamed(t *testing.T) {
	if err := stack.Install(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := config.Default()
	c.Prompts.Dir, c.Prompts.MusicDir = filepath.Join(dir, "prompts"), filepath.Join(dir, "music")
	cfg := write(t, dir, "acd.yaml", string(config.Marshal(c)), 0o644)
	manifest := write(t, dir, "texts.yaml", "voices:\n  hi: {voice: hi, speed: 150}\ncallers:\n  greeting:\n    hi: नमस्ते\n", 0o644)
	args := []string{"prompts", "generate", "--manifest", manifest, "--espeak", filepath.Join(root, "bin", "espeak-ng"), "--sox", filepath.Join(root, "bin", "sox"), "-c", cfg}
	command(t, "", args...).want(t, operator.ExitFailed, "1 made, 0 kept", "hi/comfort").never(t, "hi/greeting,")
	command(t, "", args...).want(t, operator.ExitFailed, "0 made, 1 kept")
	for _, name := range []string{"prompts/hi/powerline/greeting.alaw", "music/calm.alaw"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	command(t, "", "prompts", "generate", "--espeak", "/none/espeak-ng", "-c", cfg).want(t, operator.ExitFailed, "/none/espeak-ng")
	write(t, dir, "texts.yaml", "voices: {}\nsongs: {}\n", 0o644)
	command(t, "", args...).want(t, operator.ExitFailed, "texts.yaml", "songs")
}
