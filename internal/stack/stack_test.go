package stack_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

func TestMain(m *testing.M) {
	if os.Getenv("STACK_TEST_DIE") != "" {
		os.Exit(startAndWait())
	}
	goleak.VerifyTestMain(m)
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func TestGivenAStackWhenItRunsThenEachServiceServes(t *testing.T) {
	s := stacktest.Start(t, stack.Options{})
	ctx := within(t, time.Minute)

	if out, err := s.Asterisk.CLI(ctx, "core show version"); err != nil || !strings.Contains(out, "Asterisk 22") {
		t.Errorf("core show version: %v: %s", err, out)
	}
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.Asterisk.ARIURL+"/applications", nil)
	request.SetBasicAuth(s.Asterisk.Settings.ARIUser.Name, s.Asterisk.Settings.ARIUser.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if response.StatusCode != http.StatusOK {
		t.Errorf("ARI: %s", response.Status)
	}
	if got := redis(t, s, "SET", "key", "value"); got != "OK" {
		t.Errorf("SET answers %q", got)
	}
	if got := query(t, s, "select 'rows'"); got != "rows" {
		t.Errorf("select answers %q", got)
	}
}

// redis runs one command by the tree's own client.
func redis(t *testing.T, s *stack.Stack, args ...string) string {
	t.Helper()
	_, port, _ := strings.Cut(s.Redis.Addr, ":")
	return program(t, "redis-cli", append([]string{"-p", port}, args...)...)
}

func query(t *testing.T, s *stack.Stack, text string) string {
	t.Helper()
	return program(t, "psql", "-XAtq", "-c", text, s.Postgres.URL)
}

func program(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd, err := stack.Program(within(t, 30*time.Second), name, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestGivenTwoStacksWhenBothRunThenTheyShareNothing(t *testing.T) {
	first := stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis}})
	second := stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis}})
	redis(t, first, "SET", "whose", "first")
	if got := redis(t, second, "GET", "whose"); got != "" {
		t.Errorf("the second stack sees %q", got)
	}
	if first.Ports.SIP == second.Ports.SIP || first.Dir == second.Dir {
		t.Errorf("ports %d and %d, directories %s and %s", first.Ports.SIP, second.Ports.SIP, first.Dir, second.Dir)
	}
}

func TestGivenDataWhenAServiceIsKilledAndStartedThenItIsStillThere(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis, stack.NamePostgres}})
	ctx := within(t, time.Minute)
	query(t, s, "create table kept (n int); insert into kept values (7)")
	redis(t, s, "SET", "kept", "7")
	redis(t, s, "WAITAOF", "1", "0", "5000")
	for _, service := range s.Services() {
		before := service.PID()
		if err := service.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		if service.PID() == before || service.PID() == 0 {
			t.Errorf("%s: process %d, before %d", service.Name, service.PID(), before)
		}
	}
	if got := query(t, s, "select n from kept"); got != "7" {
		t.Errorf("postgres has %q", got)
	}
	if got := redis(t, s, "GET", "kept"); got != "7" {
		t.Errorf("redis has %q", got)
	}
}

func TestGivenAFrozenServiceWhenAskedThenItIsSilentUntilThawed(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NamePostgres}})
	session := openSession(t, s)
	if got := session.ask(10 * time.Second); got != "alive" {
		t.Fatalf("postgres answers %q", got)
	}
	s.Postgres.Pause()
	// The session that is open already must not be answered either.
	if got := session.ask(300 * time.Millisecond); got != "" {
		t.Errorf("a frozen postgres answers %q", got)
	}
	s.Postgres.Resume()
	if err := s.Postgres.Ready(within(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
	if got := session.answer(10 * time.Second); got != "alive" {
		t.Errorf("a thawed postgres answers %q to what it was asked while frozen", got)
	}
}

// session is a client that stays connected.
type session struct {
	in    io.Writer
	lines chan string
}

func openSession(t *testing.T, s *stack.Stack) session {
	t.Helper()
	cmd, err := stack.Program(t.Context(), "psql", "-XAtq", s.Postgres.URL)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close()
		for range lines {
		}
		cmd.Wait()
	})
	return session{in: in, lines: lines}
}

func (s session) ask(limit time.Duration) string {
	io.WriteString(s.in, "select 'alive';\n")
	return s.answer(limit)
}

func (s session) answer(limit time.Duration) string {
	select {
	case line := <-s.lines:
		return line
	case <-time.After(limit):
		return ""
	}
}

func TestGivenAStoppedServiceWhenStartedThenItServesAgain(t *testing.T) {
	s := stacktest.Start(t, stack.Options{})
	ctx := within(t, time.Minute)
	for _, service := range s.Services() {
		service.Stop()
		if service.PID() != 0 {
			t.Errorf("%s still runs", service.Name)
		}
		service.Kill() // a dead one stays dead, and nothing hangs
		if err := service.Start(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestGivenAStackWhenPrometheusIsAskedForThenItServesItsPagesAndDiesWithTheRest(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NameRedis}})
	ctx := within(t, time.Minute)
	p, err := s.StartPrometheus(ctx, map[string][]byte{
		"prometheus.yml":   []byte("global: {scrape_interval: 1s}\nrule_files: [rules/one.yml]\n"),
		"rules/one.yml":    []byte("groups: [{name: one, rules: [{record: a, expr: vector(1)}]}]\n"),
		"rules/unused.yml": []byte("not read"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/api/v1/status/buildinfo", "/classic/graph", "/classic/alerts", "/classic/static/bootstrap4/js/bootstrap.min.js", "/classic/static/rickshaw/rickshaw.min.js"} {
		if err := stack.Answers(ctx, p.URL+path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	pid := p.PID()
	s.Stop()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("after Stop process %d is there: %v", pid, err)
	}
}

func TestGivenAStackWhenStoppedThenNothingIsLeft(t *testing.T) {
	s := stacktest.Start(t, stack.Options{})
	var all []int
	for _, service := range s.Services() {
		all = append(all, service.PID())
	}
	s.Stop()
	for _, pid := range all {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d: %v", pid, err)
		}
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", s.Dir, err)
	}
}

// startAndWait is the victim of the next test: a process with a stack, which
// waits to be killed.
func startAndWait() int {
	s, err := stack.Start(context.Background(), stack.Options{Dir: os.Getenv("STACK_TEST_DIE")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, service := range s.Services() {
		fmt.Println(service.PID())
	}
	fmt.Println("ready")
	select {}
}

func TestGivenAStackWhenItsOwnerIsKilledThenItsServicesDieAndTheNextSweeps(t *testing.T) {
	if err := stack.Install(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: Asterisk's socket would have too long a path there.
	dir, err := os.MkdirTemp("", "stack-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	victim := exec.CommandContext(t.Context(), os.Args[0])
	victim.Env = append(os.Environ(), "STACK_TEST_DIE="+dir)
	victim.Stderr = os.Stderr
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for {
		var line string
		if _, err := fmt.Fscanln(out, &line); err != nil {
			t.Fatal(err)
		}
		if line == "ready" {
			break
		}
		pid, _ := strconv.Atoi(line)
		pids = append(pids, pid)
	}
	if len(pids) != 3 {
		t.Fatalf("services %v", pids)
	}
	victim.Process.Kill()
	victim.Wait()
	for _, pid := range pids {
		waitGone(t, pid)
	}

	s := stacktest.Start(t, stack.Options{Dir: dir, Only: []string{stack.NameRedis}})
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 1 || found[0] != s.Dir {
		t.Errorf("left behind: %v", found)
	}
}

// waitGone takes a zombie for gone: it does nothing any more, and only waits
// for a parent that is not ours.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	ctx := within(t, 5*time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("process %d outlives its owner: %s", pid, status)
		case <-tick.C:
		}
	}
}

func TestGivenSettingsThatAreWrongWhenStartedThenNothingIsLeft(t *testing.T) {
	if err := stack.Install(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err := stack.Start(within(t, time.Minute), stack.Options{
		Dir: dir, Only: []string{stack.NameAsterisk}, Sounds: filepath.Join(dir, "missing"),
	})
	if err == nil {
		t.Error("it started")
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 0 {
		t.Errorf("left behind: %v", found)
	}
}

func TestGivenAStackWhenItRunsThenItUsesNoLibraryOfTheHost(t *testing.T) {
	s := stacktest.Start(t, stack.Options{})
	root, err := stack.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range s.Services() {
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", service.PID()))
		if err != nil {
			t.Fatal(err)
		}
		own := 0
		for line := range strings.Lines(string(maps)) {
			f := strings.Fields(line)
			switch file := f[len(f)-1]; {
			case !strings.Contains(file, ".so"):
			case strings.HasPrefix(file, root+"/"):
				own++
			default:
				t.Errorf("%s uses %s", service.Name, file)
			}
		}
		if own == 0 {
			t.Errorf("%s has no library at all", service.Name)
		}
	}
}
