package asteriskconfig_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/stack"
)

// until polls what cannot be waited for, and says what was missing.
func until(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	ctx := within(t, limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("after %s still not: %s", limit, what)
		case <-tick.C:
		}
	}
}

// sipp runs a scenario and returns at once; the test's end ends it.
func sipp(t *testing.T, s *stack.Stack, args ...string) *exec.Cmd {
	t.Helper()
	cmd, err := stack.Program(t.Context(), "sipp", append([]string{s.Asterisk.SIPAddr, "-nostdin", "-m", "1"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = t.TempDir()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("sipp %v: %.1500s", args, out.String())
		}
	})
	return cmd
}

// call rings a helpline as the operator's trunk does, and keeps the line.
func call(t *testing.T, s *stack.Stack, did string) {
	t.Helper()
	sipp(t, s, "-sn", "uac", "-s", did, "-d", "600000", "-i", stack.TrunkAddress,
		"-p", strconv.Itoa(s.Ports.Callers.First), "-mp", strconv.Itoa(s.Ports.RTP.First))
}

func scenario(t *testing.T, name, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "sipp", name))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// phone registers an agent's phone, which then answers whatever rings it.
func phone(t *testing.T, s *stack.Stack, id string, number int) {
	t.Helper()
	at := []string{"-i", stack.PhoneAddress, "-p", strconv.Itoa(s.Ports.Phones.First + number)}
	if err := registerAt(t, s, id, secret, number); err != nil {
		t.Fatalf("%s does not register: %v", id, err)
	}
	sipp(t, s, append(at, "-sn", "uas", "-rtp_echo", "-mp", strconv.Itoa(s.Ports.RTP.First+2*number))...)
}

// registerAt lets a phone register and leaves its port to whoever wants it.
func registerAt(t *testing.T, s *stack.Stack, id, password string, number int) error {
	t.Helper()
	return sipp(t, s, "-i", stack.PhoneAddress, "-p", strconv.Itoa(s.Ports.Phones.First+number),
		"-sf", scenario(t, "register.xml", "", ""), "-s", id, "-au", id, "-ap", password).Wait()
}

// dial lets an agent's phone dial and wants it refused with this status.
func dial(t *testing.T, s *stack.Stack, id, dialled string, refused int) *exec.Cmd {
	t.Helper()
	return sipp(t, s, "-sf", scenario(t, "dial.xml", "REFUSED", strconv.Itoa(refused)), "-s", id,
		"-key", "dialled", dialled, "-au", id, "-ap", secret,
		"-i", stack.PhoneAddress, "-p", strconv.Itoa(s.Ports.Phones.Last), "-mp", strconv.Itoa(s.Ports.RTP.Last-1))
}

// where lists the channels as "context app data".
func where(t *testing.T, s *stack.Stack) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(cli(t, s, "core show channels concise")) {
		if f := strings.Split(line, "!"); len(f) > 6 {
			all = append(all, f[0]+" "+f[1]+" "+f[5]+" "+f[6])
		}
	}
	return all
}

func untilSomewhere(t *testing.T, s *stack.Stack, limit time.Duration, words ...string) {
	t.Helper()
	until(t, limit, "a channel with "+strings.Join(words, ", "), func() bool {
		for _, channel := range where(t, s) {
			all := true
			for _, word := range words {
				all = all && strings.Contains(channel, word)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// ari sends one request and returns the answer.
func ari(t *testing.T, s *stack.Stack, method, path string, query url.Values) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(within(t, 10*time.Second), method, s.Asterisk.ARIURL+path+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	request.SetBasicAuth(s.Asterisk.Settings.ARIUser.Name, s.Asterisk.Settings.ARIUser.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

func variable(t *testing.T, s *stack.Stack, channel, name string) string {
	t.Helper()
	_, body := ari(t, s, http.MethodGet, "/channels/"+channel+"/variable", url.Values{"variable": {name}})
	var answer struct{ Value string }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return answer.Value
}

// acd is the least that claims calls.
type acd struct {
	socket *websocket.Conn
	starts chan start
}

type start struct {
	Type    string
	Args    []string
	Channel struct{ ID, Name string }
}

func newACD(t *testing.T, s *stack.Stack, app string) *acd {
	t.Helper()
	u := s.Asterisk.Settings.ARIUser
	address := strings.Replace(s.Asterisk.ARIURL, "http", "ws", 1) + "/events?app=" + app + "&api_key=" + u.Name + ":" + u.Password
	socket, _, err := websocket.Dial(within(t, 10*time.Second), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	socket.SetReadLimit(1 << 20)
	a := &acd{socket: socket, starts: make(chan start, 10)}
	go func() {
		defer close(a.starts)
		for {
			_, message, err := socket.Read(t.Context())
			if err != nil {
				return
			}
			var event start
			if json.Unmarshal(message, &event) != nil {
				return
			}
			switch event.Type {
			case "CallBroadcast":
				ari(t, s, http.MethodPost, "/events/claim", url.Values{"channelId": {event.Channel.ID}, "application": {app}})
			case "StasisStart":
				a.starts <- event
			}
		}
	}()
	t.Cleanup(func() { a.die() })
	return a
}

// die closes the connection without a word, as a killed process does.
func (a *acd) die() {
	a.socket.CloseNow()
	for range a.starts {
	}
}

func (a *acd) next(t *testing.T) start {
	t.Helper()
	select {
	case event := <-a.starts:
		return event
	case <-time.After(10 * time.Second):
		t.Fatal("no call reaches the acd")
		return start{}
	}
}

// ami sends one action and returns the answer.
func ami(t *testing.T, s *stack.Stack, fields ...string) string {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.Ports.AMI))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	reader := bufio.NewReader(conn)
	reader.ReadString('\n') // its greeting
	u := s.Asterisk.Settings.AMIUser
	var answer string
	for _, action := range [][]string{
		{"Action: Login", "Username: " + u.Name, "Secret: " + u.Password, "Events: off"}, fields,
	} {
		io.WriteString(conn, strings.Join(action, "\r\n")+"\r\n\r\n")
		answer = ""
		for !strings.HasSuffix(answer, "\r\n\r\n") {
			line, err := reader.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			answer += line
		}
	}
	return answer
}

// available is what the acd does when an agent becomes available.
func available(t *testing.T, s *stack.Stack, id string) {
	t.Helper()
	keep(t, s, id, "NOT_INUSE")
	if answer := ami(t, s, "Action: QueuePause", "Interface: "+asteriskconfig.Interface(id), "Paused: false"); !strings.Contains(answer, "Success") {
		t.Fatal(answer)
	}
}

func keep(t *testing.T, s *stack.Stack, id, state string) {
	t.Helper()
	code, body := ari(t, s, http.MethodPut, "/deviceStates/"+asteriskconfig.ReadyDevice(id), url.Values{"deviceState": {state}})
	if code/100 != 2 {
		t.Fatalf("keep that %s is %s: %d %s", id, state, code, body)
	}
}

func staff(c *asteriskconfig.Settings) {
	c.Agents = roster(6)
	c.DeadManSeconds = 5
	c.QualifySeconds = 0 // SIPp answers only what its scenario expects
	c.NobodyRepeatSeconds = 1
	c.BroadcastMS = 300
}

func TestGivenAnACDWhenACallerRingsThenItGetsTheCallStamped(t *testing.T) {
	s := startAsterisk(t, staff)
	a := newACD(t, s, "powerline-acd-1")
	before := time.Now()
	call(t, s, "1090")
	got := a.next(t)
	wantArgs(t, s, got, "")
	if id := variable(t, s, got.Channel.ID, asteriskconfig.VariableCall); id != got.Channel.ID {
		t.Errorf("call %q, channel %q", id, got.Channel.ID)
	}
	ms, err := strconv.ParseInt(variable(t, s, got.Channel.ID, asteriskconfig.VariableArrived), 10, 64)
	if err != nil || time.UnixMilli(ms).Before(before.Truncate(time.Millisecond)) || time.UnixMilli(ms).After(time.Now()) {
		t.Errorf("arrived %d (%v), rang at %d", ms, err, before.UnixMilli())
	}
	if line := variable(t, s, got.Channel.ID, asteriskconfig.VariableLine); line != "1090" {
		t.Errorf("line %q", line)
	}
}

func TestGivenAnAppOfAnotherNameWhenACallerRingsThenItIsNotAsked(t *testing.T) {
	s := startAsterisk(t, staff)
	a := newACD(t, s, "watch-1")
	call(t, s, "1090")
	untilSomewhere(t, s, 5*time.Second, "MusicOnHold")
	if len(a.starts) != 0 {
		t.Errorf("it was given %v", <-a.starts)
	}
}

func TestGivenNoACDWhenACallerRingsThenAnAvailableWomanAnswersAndNobodyElseIsRung(t *testing.T) {
	s := startAsterisk(t, staff)
	phone(t, s, "a001", 0) // a woman who has logged in
	phone(t, s, "a002", 1) // an officer who has
	phone(t, s, "a003", 2) // a counsellor who never did
	available(t, s, "a001")
	available(t, s, "a002")
	began := time.Now()
	call(t, s, "1090")
	untilSomewhere(t, s, 5*time.Second, "PJSIP/a001", "AppQueue")
	t.Logf("answered %s after the caller's INVITE was asked for", time.Since(began).Round(time.Millisecond))
	for _, channel := range where(t, s) {
		if strings.Contains(channel, "PJSIP/a002") || strings.Contains(channel, "PJSIP/a003") {
			t.Error(channel)
		}
	}
	for _, line := range complaints(t, s) {
		t.Error(line)
	}
}

func TestGivenNoACDWhenAnOffenderRingsBackThenAnOfficerAnswers(t *testing.T) {
	s := startAsterisk(t, staff)
	phone(t, s, "a001", 0)
	phone(t, s, "a002", 1)
	available(t, s, "a001")
	available(t, s, "a002")
	call(t, s, "1091")
	untilSomewhere(t, s, 5*time.Second, "PJSIP/a002", "AppQueue")
	for _, channel := range where(t, s) {
		if strings.Contains(channel, "PJSIP/a001") {
			t.Error(channel)
		}
	}
}

func TestGivenNobodyLoggedInWhenACallerRingsThenSheWaitsWithMusicUntilAnACDComes(t *testing.T) {
	s := startAsterisk(t, staff)
	call(t, s, "1090")
	untilSomewhere(t, s, 5*time.Second, "MusicOnHold")
	id := onlyChannel(t, s)
	arrived := variable(t, s, id, asteriskconfig.VariableArrived)
	a := newACD(t, s, "powerline-acd-1")
	got := a.next(t)
	if got.Channel.ID != id {
		t.Errorf("channel %s, before %s", got.Channel.ID, id)
	}
	if later := variable(t, s, id, asteriskconfig.VariableArrived); later != arrived {
		t.Errorf("arrived %s, before %s", later, arrived)
	}
	wantArgs(t, s, got, "again")
}

func onlyChannel(t *testing.T, s *stack.Stack) string {
	t.Helper()
	_, body := ari(t, s, http.MethodGet, "/channels", nil)
	var channels []struct{ ID string }
	if err := json.Unmarshal(body, &channels); err != nil || len(channels) != 1 {
		t.Fatalf("%v: %s", err, body)
	}
	return channels[0].ID
}

func TestGivenAClaimedCallWhenTheACDDiesThenTheSwitchBringsItToTheFallback(t *testing.T) {
	s := startAsterisk(t, staff)
	a := newACD(t, s, "powerline-acd-1")
	call(t, s, "1090")
	got := a.next(t)
	// It had learnt what she needs.
	ari(t, s, http.MethodPost, "/channels/"+got.Channel.ID+"/variable",
		url.Values{"variable": {asteriskconfig.VariableQueue}, "value": {"crisis-hi"}})
	phone(t, s, "a004", 3)
	available(t, s, "a004")
	a.die()
	untilSomewhere(t, s, 10*time.Second, "PJSIP/a004", "AppQueue")
	untilSomewhere(t, s, time.Second, "fallback", "Queue crisis-hi")
}

func TestGivenACallerInTheFallbackWhenTheACDWithdrawsHerThenItHasHerWithHerPlace(t *testing.T) {
	s := startAsterisk(t, staff)
	phone(t, s, "a001", 0)
	available(t, s, "a001")
	call(t, s, "1090") // talks
	untilSomewhere(t, s, 5*time.Second, "AppQueue")
	sipp(t, s, "-sn", "uac", "-s", "1090", "-d", "600000", "-i", stack.TrunkAddress,
		"-p", strconv.Itoa(s.Ports.Callers.First+1), "-mp", strconv.Itoa(s.Ports.RTP.First+40))
	var waiting string
	until(t, 5*time.Second, "the second caller is in line", func() bool {
		line := waitingCallers(t, s, "women-hi")
		if len(line) == 1 {
			waiting = line[0]
		}
		return waiting != ""
	})
	a := newACD(t, s, "powerline-acd-1")
	if answer := ami(t, s, "Action: QueueWithdrawCaller", "Queue: women-hi", "Caller: "+waiting); !strings.Contains(answer, "Success") {
		t.Fatalf("she is not withdrawn: %s", answer)
	}
	got := a.next(t)
	if got.Channel.Name != waiting {
		t.Errorf("the acd has %s, withdrawn was %s", got.Channel.Name, waiting)
	}
	wantArgs(t, s, got, "again")
}

// waitingCallers are the channels in line in a fallback queue, the first first.
func waitingCallers(t *testing.T, s *stack.Stack, queue string) (channels []string) {
	t.Helper()
	for line := range strings.Lines(cli(t, s, "queue show "+queue)) {
		if strings.Contains(line, "PJSIP/operator-") && strings.Contains(line, "wait:") {
			channels = append(channels, strings.Fields(line)[1])
		}
	}
	return channels
}

// wantArgs looks at what the acd is told of a call to 1090.
func wantArgs(t *testing.T, s *stack.Stack, got start, again string) {
	t.Helper()
	arrived := variable(t, s, got.Channel.ID, asteriskconfig.VariableArrived)
	if want := []string{"inbound", "1090", arrived, again}; arrived == "" || !slices.Equal(got.Args, want) {
		t.Errorf("arguments %q, want %q", got.Args, want)
	}
}

func TestGivenAnAgentWhenSheDialsACodeThenTheACDGetsIt(t *testing.T) {
	s := startAsterisk(t, staff)
	a := newACD(t, s, "powerline-acd-1")
	dial(t, s, "a001", "*11*4711%23", 603)
	got := a.next(t)
	if strings.Join(got.Args, " ") != "agent a001 *11*4711#" {
		t.Errorf("arguments %q", got.Args)
	}
}

func TestGivenAnAgentWhenSheDialsAnythingElseThenThereIsNoWayOut(t *testing.T) {
	s := startAsterisk(t, staff)
	newACD(t, s, "powerline-acd-1")
	for _, dialled := range []string{"1090", "9876543210", "00447700900000", "a002", "s", "T", "h", "i", "operator", "+919876543210", "112"} {
		if err := dial(t, s, "a001", dialled, 404).Wait(); err != nil {
			t.Errorf("%s is not refused as unknown: %v", dialled, err)
		}
	}
	if channels := where(t, s); len(channels) != 0 {
		t.Error(channels)
	}
}

func TestGivenNoACDWhenAnAgentDialsACodeThenSheIsTold(t *testing.T) {
	s := startAsterisk(t, staff)
	if err := dial(t, s, "a001", "*11", 503).Wait(); err != nil {
		t.Error(err)
	}
}

func TestGivenNoACDWhenAPausedAgentDialsACodeThenOnlyWhoWasAvailableIsBack(t *testing.T) {
	s := startAsterisk(t, staff)
	for _, id := range []string{"a001", "a003"} {
		if err := dial(t, s, id, "*11", 503).Wait(); err != nil {
			t.Error(err)
		}
		if !paused(t, s, id) {
			t.Errorf("%s, who never logged in, is rung now", id)
		}
	}
	available(t, s, "a001")
	ami(t, s, "Action: QueuePause", "Interface: PJSIP/a001", "Paused: true") // as app_queue does
	if err := dial(t, s, "a001", "*11", 503).Wait(); err != nil {
		t.Error(err)
	}
	if paused(t, s, "a001") {
		t.Error("she cannot come back")
	}
}

// paused tells whether the fallback would not ring her.
func paused(t *testing.T, s *stack.Stack, id string) bool {
	t.Helper()
	for line := range strings.Lines(cli(t, s, "queue show women-hi")) {
		if strings.Contains(line, "(PJSIP/"+id+")") {
			return strings.Contains(line, "(paused")
		}
	}
	t.Fatalf("%s is no member", id)
	return false
}

func TestGivenAvailableAgentsWhenAsteriskRestartsThenTheyAreAvailableAgain(t *testing.T) {
	s := startAsterisk(t, staff)
	available(t, s, "a001")
	available(t, s, "a004")
	keep(t, s, "a004", "UNAVAILABLE")
	cli(t, s, "queue reload all")
	if paused(t, s, "a001") {
		t.Error("a reload of the queues pauses who was available")
	}
	// In order: what Asterisk was told in the last second before a kill is lost.
	s.Asterisk.Stop()
	if err := s.Asterisk.Start(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	until(t, 5*time.Second, "a001 available", func() bool { return !paused(t, s, "a001") })
	if !paused(t, s, "a003") || !paused(t, s, "a004") {
		t.Error("somebody is available who is not")
	}
	for _, line := range complaints(t, s) {
		t.Error(line)
	}
}

func TestGivenAStrangerWhenHeRingsThenHeIsRefused(t *testing.T) {
	s := startAsterisk(t, staff)
	err := sipp(t, s, "-sn", "uac", "-s", "1090", "-i", stack.StrangerAddress, "-p", strconv.Itoa(s.Ports.Callers.First)).Wait()
	if err == nil {
		t.Error("a stranger's call is taken")
	}
	if channels := where(t, s); len(channels) != 0 {
		t.Error(channels)
	}
}

func TestGivenAWrongPasswordWhenAPhoneRegistersThenItIsRefused(t *testing.T) {
	s := startAsterisk(t, staff)
	if err := registerAt(t, s, "a001", "not-hers-at-all", 0); err == nil {
		t.Error("a wrong password is taken")
	}
	if err := registerAt(t, s, "a001", secret, 0); err != nil {
		t.Errorf("the right one is refused: %v", err)
	}
	if err := registerAt(t, s, "zzz", secret, 1); err == nil {
		t.Error("an unknown name is taken")
	}
}

func TestGivenAPhoneThatDiesWhenAskedWhetherItIsThereThenItIsGoneWithinFiveSeconds(t *testing.T) {
	s := startAsterisk(t, func(c *asteriskconfig.Settings) { c.Agents = roster(2) })
	at := fmt.Sprintf("%s:%d", stack.PhoneAddress, s.Ports.Phones.First)
	if err := registerAt(t, s, "a001", secret, 0); err != nil {
		t.Fatal(err)
	}
	// It is not closed before the test's end: a frozen phone is silent, it does
	// not even let the kernel say that nobody is there.
	phone, err := net.ListenPacket("udp4", at)
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	state := func() string {
		_, body := ari(t, s, http.MethodGet, "/endpoints/PJSIP/a001", nil)
		var endpoint struct{ State string }
		if err := json.Unmarshal(body, &endpoint); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return endpoint.State
	}
	answerOptions(t, phone, 2)
	until(t, 10*time.Second, "the phone is there", func() bool { return state() == "online" })
	began := time.Now()
	until(t, 5*time.Second, "the phone is gone", func() bool { return state() == "offline" })
	t.Logf("gone %s after its last answer", time.Since(began).Round(time.Millisecond))
}

// answerOptions lets a phone answer so many questions and then fall silent.
func answerOptions(t *testing.T, phone net.PacketConn, times int) {
	t.Helper()
	packet := make([]byte, 2000)
	for range times {
		phone.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, from, err := phone.ReadFrom(packet)
		if err != nil {
			t.Fatal(err)
		}
		answer := "SIP/2.0 200 OK\r\n"
		for line := range strings.Lines(string(packet[:n])) {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "Via", "From", "Call-ID", "CSeq":
				answer += line
			case "To":
				answer += strings.TrimRight(line, "\r\n") + ";tag=phone\r\n"
			}
		}
		if _, err := phone.WriteTo([]byte(answer+"Content-Length: 0\r\n\r\n"), from); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGivenAPhoneThatDivertsWhenItIsRungThenTheCallGoesNowhere(t *testing.T) {
	s := startAsterisk(t, staff)
	a := newACD(t, s, "powerline-acd-1")
	other := strconv.Itoa(s.Ports.Phones.First + 1)
	if err := registerAt(t, s, "a003", secret, 1); err != nil {
		t.Fatal(err)
	}
	phone, err := net.ListenPacket("udp4", stack.PhoneAddress+":"+other)
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	for _, elsewhere := range []string{"a003", "1090", "9876543210", "*11", "s"} {
		if err := registerAt(t, s, "a001", secret, 0); err != nil {
			t.Fatal(err)
		}
		diverting := sipp(t, s, "-i", stack.PhoneAddress, "-p", strconv.Itoa(s.Ports.Phones.First),
			"-sf", scenario(t, "divert.xml", "ELSEWHERE", elsewhere))
		code, body := ari(t, s, http.MethodPost, "/channels", url.Values{
			"endpoint": {asteriskconfig.Interface("a001")}, "extension": {"1090"}, "context": {asteriskconfig.ContextFallback}, "timeout": {"3"},
		})
		if code != http.StatusOK {
			t.Fatalf("ring: %d %s", code, body)
		}
		if err := diverting.Wait(); err != nil {
			t.Fatal(err)
		}
		until(t, 10*time.Second, "every channel of the diverted call is gone", func() bool { return len(where(t, s)) == 0 })
	}
	if len(a.starts) != 0 {
		t.Errorf("the acd takes it for something that an agent dialled: %v", <-a.starts)
	}
	packet := make([]byte, 2000)
	phone.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, _, err := phone.ReadFrom(packet); err == nil {
		t.Errorf("the other phone was sent %.20s", packet[:n])
	}
}
