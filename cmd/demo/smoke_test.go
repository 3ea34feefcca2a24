package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"powerline/internal/stack"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// transcript collects what a demo prints.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (c *transcript) follow(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		c.mu.Lock()
		c.text.WriteString(lines.Text() + "\n")
		c.mu.Unlock()
	}
}

func (c *transcript) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// until waits for a line and returns its groups.
func (c *transcript) until(ctx context.Context, t *testing.T, pattern string) []string {
	t.Helper()
	form := regexp.MustCompile(pattern)
	var found []string
	if err := helpline.Until(ctx, pattern, func() bool {
		found = form.FindStringSubmatch(c.String())
		return found != nil
	}); err != nil {
		t.Fatalf("%v; the demo says:\n%s", err, c)
	}
	return found
}

// TestGivenADemo_WhenItHasRunAWhileAndIsStopped_ThenCallsWereAnsweredGuestsJoinedAndNothingIsLeft
// runs the very program that a person runs.
func TestGivenADemo_WhenItHasRunAWhileAndIsStopped_ThenCallsWereAnsweredGuestsJoinedAndNothingIsLeft(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	home, place := t.TempDir(), shortDir(t)
	if err := stack.Install(ctx, os.Stderr); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(home, "demo")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(binary, "--home", home, "--seed", "11", "--fast", "--day", "300ms")
	cmd.Env = append(os.Environ(), "TMPDIR="+place)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said := follow(t, cmd)
	join := said.until(ctx, t, `JOIN IN +softphone \(UDP\) at (\S+), password (\S+):`)
	supervisorSignsIn(ctx, t, said)
	guests(ctx, t, said, join[1], join[2])
	said.until(ctx, t, `00:15 .* = [1-9]\d*/`) // somebody was answered in time
	dialerComesBack(ctx, t, filepath.Join(home, "bin", "dialer"))
	said.until(ctx, t, `outbound: .* [1-9]\d* attempts: .*cases: .*(counsel-feedback|station-feedback|watch|final-feedback)`) // a case has moved

	everyPanelHasData(ctx, t, said.until(ctx, t, `WATCH +Prometheus (http://127\.0\.0\.1:\d+), alarms at (\S+)\. +\S+`)[1])

	if other := exec.Command(binary, "--home", home); other.Run() == nil {
		t.Error("a second demo started beside the first")
	}
	stopped, err := exec.CommandContext(ctx, binary, "stop", "--home", home).CombinedOutput()
	if err != nil || !strings.Contains(string(stopped), "the demo has ended") {
		t.Errorf("stop: %v %s", err, stopped)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	said.until(ctx, t, `the end: .* = [1-9]\d*/`)
	t.Log("\n" + said.String())
	nothingIsLeft(t, home, place)
}

// supervisorSignsIn opens the console as it is printed, and sees the floor.
func supervisorSignsIn(ctx context.Context, t *testing.T, said *transcript) {
	t.Helper()
	door := said.until(ctx, t, `CONSOLE +(http://127\.0\.0\.1:\d+) password (\S+), one-time code now (\d{6})`)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	post := func(path string, form url.Values) (at string) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, door[1]+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "text/html")
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatalf("the console does not answer: %v", err)
		}
		answer.Body.Close()
		return answer.Request.URL.Path // where it led
	}
	if at := post("/login", url.Values{"login": {"supervisor"}, "password": {door[2]}}); at != "/login/code" {
		t.Fatalf("the password that is printed leads to %s", at)
	}
	if at := post("/login/code", url.Values{"code": {door[3]}}); at != "/wall" {
		t.Fatalf("the code that is printed leads to %s", at)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, door[1]+"/floor/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), `"id":"`+string(deskAgent)+`"`) {
			return
		}
	}
	t.Errorf("the floor shows no agent %s", deskAgent)
}

// dialerComesBack kills the dialer, as a crash would.
func dialerComesBack(ctx context.Context, t *testing.T, program string) {
	t.Helper()
	killed := processOf(t, program)
	if killed == 0 {
		t.Fatal("no dialer runs")
	}
	if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := helpline.Until(ctx, "the dialer runs again", func() bool {
		now := processOf(t, program)
		return now != 0 && now != killed
	}); err != nil {
		t.Error(err)
	}
}

// processOf is the process that runs a program; 0 if there is none.
func processOf(t *testing.T, program string) int {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range commands {
		line, err := os.ReadFile(path)
		if err == nil && bytes.HasPrefix(line, append([]byte(program), 0)) {
			if pid, err := strconv.Atoi(strings.Split(path, "/")[2]); err == nil {
				return pid
			}
		}
	}
	return 0
}

func follow(t *testing.T, cmd *exec.Cmd) *transcript {
	t.Helper()
	said := &transcript{}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	err = cmd.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		said.follow(read)
		read.Close()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended if all went well
		<-done
	})
	return said
}

// guests register as a person's softphones would, from an address of their own:
// one logs in as an agent, one calls in, and neither can call anywhere else.
func guests(ctx context.Context, t *testing.T, said *transcript, sip, password string) {
	t.Helper()
	host, err := phone.NewHost(ctx, stack.OtherPhones, sip)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	seat := host.Phone(guestAgent, phone.Secret(password), phone.Sings(440))
	seat.Does(phone.AnswerAfter(200 * time.Millisecond).TalkFor(2 * time.Second))
	caller := host.Phone(guestCaller, phone.Secret(password), phone.Sings(900))
	if err := host.Register(ctx, seat, caller); err != nil {
		t.Fatalf("the guests cannot register: %v; the demo says:\n%s", err, said)
	}
	for _, p := range []*phone.Phone{seat, caller} {
		refused(ctx, t, p, "09876543210")
	}
	refused(ctx, t, seat, helpline.Main)
	refused(ctx, t, caller, "*11")

	login, err := seat.Dial(ctx, "*11")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := login.WaitAnswered(ctx); err != nil {
		t.Fatal(err)
	}
	if err := login.SendDigits(ctx, guestPIN+"#"); err != nil {
		t.Fatal(err)
	}
	if _, err := login.WaitEnded(ctx); err != nil {
		t.Fatal(err)
	}
	call, err := caller.Dial(ctx, helpline.Main)
	if err != nil {
		t.Fatal(err)
	}
	defer call.HangUp()
	if _, err := call.WaitAnswered(ctx); err != nil {
		t.Fatalf("the guest's call is not answered: %v", err)
	}
	if err := call.HearsKind(ctx, phone.Mixed); err != nil {
		t.Errorf("the guest does not hear the greeting: %v", err)
	}
	if _, err := seat.NextCall(ctx); err != nil {
		t.Errorf("the guest is offered no call: %v", err)
	}
}

func refused(ctx context.Context, t *testing.T, p *phone.Phone, number string) {
	t.Helper()
	call, err := p.Dial(ctx, number)
	if err != nil {
		t.Fatal(err)
	}
	defer call.HangUp()
	if end, err := call.WaitEnded(ctx); err != nil || end.Way != "rejected" {
		t.Errorf("%s dials %s: %+v %v, want that it is refused", p.User(), number, end, err)
	}
}

// nothingIsLeft: no process that was started, no file outside of the home, and
// in the home only what a second start is quicker by.
func nothingIsLeft(t *testing.T, home, place string) {
	t.Helper()
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range commands {
		line, err := os.ReadFile(path)
		if err == nil && (bytes.Contains(line, []byte(home)) || bytes.Contains(line, []byte(place))) {
			t.Errorf("a process is left: %s: %s", path, bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
		}
	}
	left, err := os.ReadDir(place)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if !strings.HasPrefix(entry.Name(), "go-build") {
			t.Errorf("a file is left: %s", entry.Name())
		}
	}
	for _, name := range []string{pidName, "acd", "dialer"} {
		if _, err := os.Stat(filepath.Join(home, name)); err == nil {
			t.Errorf("%s is left", name)
		}
	}
}

// shortDir is a temporary directory whose path is short enough for Asterisk's
// control socket below it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
