package sipp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/stack"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// TestGivenCallsGoOn_WhenAnythingBadComesIn_ThenItIsRefusedOrCountedAndCallsGoOn
// is line 10 of what must hold, a chapter for each way in. Real callers come
// all the time, and each must reach an agent.
func TestGivenCallsGoOn_WhenAnythingBadComesIn_ThenItIsRefusedOrCountedAndCallsGoOn(t *testing.T) {
	t.Parallel()
	wire := tapWire(t)
	h, ctx := open(t, helpline.Options{Women: 14, Officers: 1, Changes: []func(*config.Config){wire.between}}, 2*time.Minute)
	atWork, spare := h.Women()[:10], h.Women()[10:]
	if err := h.LogIn(ctx, atWork...); err != nil {
		t.Fatal(err)
	}
	pids := []int{h.Engines[0].PID(), h.Asterisk.PID()}
	callers := streamOf(ctx, t, h, helpline.Direct, 3, 1000)
	t.Run("configuration", func(t *testing.T) { badConfiguration(ctx, t, h) })
	t.Run("roster", func(t *testing.T) { badRoster(ctx, t, h) })
	t.Run("codes", func(t *testing.T) { oddCodes(ctx, t, h, spare[0]) })
	t.Run("strangers", func(t *testing.T) { strangers(ctx, t, h, spare[1]) })
	t.Run("events", func(t *testing.T) { badEvents(ctx, t, h, wire) })
	t.Run("bytes", func(t *testing.T) { badBytes(ctx, t, h) })
	callers.end(t, 20)
	if now := []int{h.Engines[0].PID(), h.Asterisk.PID()}; now[0] != pids[0] || now[1] != pids[1] {
		t.Errorf("somebody died: the processes were %v and are %v", pids, now)
	}
	soon(ctx, t, 10*time.Second, "nothing is left of any call", func() bool {
		state, err := h.State(ctx)
		return err == nil && len(state.Calls) == 0
	})
	if n := figure(ctx, t, h.Engines[0], "acd_law_refusals_total"); n > 0 {
		t.Errorf("laws had to refuse %v times", n)
	}
}

// acd runs the engine's own program with other arguments.
func acd(ctx context.Context, t *testing.T, h *helpline.Helpline, args ...string) (status int, said string) {
	t.Helper()
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", h.Engines[0].PID()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("acd %v does not end; it says: %s", args, out)
	}
	if cmd.ProcessState == nil {
		t.Fatalf("acd %v: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// keyLine is a line of a configuration that sets a key.
var keyLine = regexp.MustCompile(`^(\s*(?:- )?)([a-zA-Z]+)(:.*)$`)

// misspellings are a configuration with one key misspelt, for each of its
// keys; the index is the line, from 1.
func misspellings(text string) map[int]string {
	lines := strings.Split(text, "\n")
	all := map[int]string{}
	for i, line := range lines {
		part := keyLine.FindStringSubmatch(line)
		if part == nil {
			continue
		}
		changed := append([]string{}, lines...)
		changed[i] = part[1] + part[2] + "x" + part[3]
		all[i+1] = strings.Join(changed, "\n")
	}
	return all
}

func badConfiguration(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	e := h.Engines[0]
	good, err := os.ReadFile(e.Config)
	if err != nil {
		t.Fatal(err)
	}
	wrong := misspellings(string(good))
	// Names of menus are the operator's own, so that one may be called anything.
	for line, text := range wrong {
		_, err := config.Parse("acd.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("acd.yaml:%d:", line)) && !strings.Contains(err.Error(), "menu") {
			t.Errorf("line %d misspelt: %v", line, err)
		}
	}
	t.Logf("%d keys misspelt, each refused", len(wrong))
	bad := filepath.Join(filepath.Dir(e.Config), "bad.yaml")
	tried := 0
	for line, text := range wrong {
		if tried++; tried > 5 {
			break
		}
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, said := acd(ctx, t, h, "serve", "--config", bad)
		if status != 1 || !strings.Contains(said, "bad.yaml:") {
			t.Errorf("acd starts with line %d misspelt: status %d, it says %s", line, status, said)
		}
	}
	refusedWhileRunning(ctx, t, h, wrong)
	if err := os.WriteFile(e.Config, good, 0o600); err != nil {
		t.Fatal(err)
	}
	e.Reload()
	soon(ctx, t, 2*time.Second, "the good file is taken in again", func() bool {
		return figure(ctx, t, e, `acd_reloads_total{result="ok"}`) == 1
	})
}

// refusedWhileRunning gives a running engine one bad file after the other.
func refusedWhileRunning(ctx context.Context, t *testing.T, h *helpline.Helpline, wrong map[int]string) {
	e := h.Engines[0]
	files := []string{"", "\x00\xff\xfe", "lines: []\n", "instance: {name: \"../x\"}\n", "%!PS\n\t- x:\n"}
	for _, text := range wrong {
		if files = append(files, text); len(files) == 9 {
			break
		}
	}
	for i, text := range files[1:] {
		if err := os.WriteFile(e.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e.Reload()
		soon(ctx, t, 2*time.Second, "the engine has refused a bad file", func() bool {
			return figure(ctx, t, e, `acd_reloads_total{result="refused"}`) == float64(i+1)
		})
	}
	log, err := os.ReadFile(e.Log)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(log, []byte("configuration refused; the old one stays")); n != len(files)-1 {
		t.Errorf("the log tells of %d refused files, want %d", n, len(files)-1)
	}
	if n := len(regexp.MustCompile(regexp.QuoteMeta(filepath.Base(e.Config))+`:\d+:\d+`).FindAll(log, -1)); n < 5 {
		t.Errorf("the log names the place of %d mistakes only", n)
	}
}

func badRoster(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	db, err := postgres.Open(ctx, h.Postgres.URL, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before, err := db.RosterVersion(ctx)
	if err != nil {
		t.Fatal(err)
	}
	head := "id,name,gender,officer,counsellor,senior,languages,categories,outbound,active,secret,pin\n"
	lines := []string{
		"w001,Asha,woman,no,no,no,hi,phone,,yes,secret-one-two,2481,one-too-many",
		"W 01,Asha,woman,no,no,no,hi,phone,,yes,secret-one-two,2481",
		"w001,Asha,lady,no,no,no,hi,phone,,yes,secret-one-two,2481",
		"w001,Asha,woman,perhaps,no,no,hi,phone,,yes,secret-one-two,2481",
		"w001,Asha,woman,yes,no,no,hi,phone,,yes,secret-one-two,2481",
		"w001,Asha,woman,no,no,no,klingon,phone,,yes,secret-one-two,2481",
		"w001,Asha,woman,no,no,no,hi,gardening,,yes,secret-one-two,2481",
		"w001,Asha,woman,no,no,no,hi,phone,,yes,secret-one-two,12ab",
		"w001,\"Asha,woman,no",
		"w001;Asha;woman",
		strings.Repeat("x", 70000) + ",Asha,woman,no,no,no,hi,phone,,yes,,",
		"w001,Asha\x00,woman,no,no,no,hi,phone,,yes,,",
	}
	file := filepath.Join(filepath.Dir(h.Engines[0].Config), "roster.csv")
	for _, line := range lines {
		if err := os.WriteFile(file, []byte(head+"w900,Good,woman,no,no,no,hi,phone,,yes,secret-nine-hundred,2481\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		status, said := acd(ctx, t, h, "agents", "import", file, "--config", h.Engines[0].Config)
		if status == 0 || !strings.Contains(said, "roster.csv:3:") {
			t.Errorf("line %.60q is taken: status %d, it says %.300s", line, status, said)
		}
		if strings.Contains(said, "2481") || strings.Contains(said, "secret-one-two") {
			t.Errorf("line %.60q: the message repeats a secret: %.300s", line, said)
		}
	}
	if after, err := db.RosterVersion(ctx); err != nil || after != before {
		t.Errorf("the roster changed from version %d to %d (%v)", before, after, err)
	}
}

// oddCodes: whatever an agent dials, no phone rings and nothing changes.
func oddCodes(ctx context.Context, t *testing.T, h *helpline.Helpline, p helpline.Person) {
	odd := []string{
		"*", "**", "#", "0", "1090", "1091", "112", "+919812345678", "09812345678", "*99", "*1", "*140", "*14x", "*11*11",
		"*12&PJSIP", "*11,1", "*11|x", "s", "h", "i", "T", "fallback", "w001", "m001", "*${EXTEN}", "$[1+1]",
		strings.Repeat("9", 200), strings.Repeat("*", 60), "*%31%31", "*1;phone-context=x",
	}
	for _, code := range odd {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		c, err := h.Phone(p).Dial(limited, code)
		if err != nil {
			cancel()
			continue // the phone itself cannot say that
		}
		// Some are a login or a pause when the rest is left out, and are asked for
		// more; some are no URI, and are not answered at all.
		_, _ = c.WaitEnded(limited)
		c.HangUp()
		cancel()
	}
	a, err := h.Agent(ctx, p.ID)
	if err != nil || a.Status != agent.LoggedOut || a.Locked {
		t.Errorf("she was logged out and is %s, locked %v (%v)", a.Status, a.Locked, err)
	}
	if n := h.Phone(h.Officers()[0]).Invites(); n > 0 {
		t.Errorf("an officer's phone rang %d times", n)
	}
	for _, m := range h.Trunk.Log().Find(func(m *phone.Message) bool { return !m.Sent && m.Status() == 0 && m.Method() == "INVITE" }) {
		t.Errorf("a call left for the telephone network: %s", m.StartLine())
	}
}

// strangers dial from an address that nobody knows, with and without a name.
func strangers(ctx context.Context, t *testing.T, h *helpline.Helpline, p helpline.Person) {
	host, err := phone.NewHost(ctx, stack.StrangerAddress, h.Asterisk.SIPAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	for _, user := range []string{"+919800000099", "anonymous", "nobody-we-know", string(p.ID), "operator", "1090"} {
		for _, number := range []string{"1090", "1091", "*11", "+919812345678"} {
			limited, cancel := context.WithTimeout(ctx, 3*time.Second)
			c, err := host.Phone(user, phone.Secret("guessed")).Dial(limited, number)
			if err != nil {
				t.Fatal(err)
			}
			end, err := c.WaitEnded(limited)
			answered := !c.When(phone.Answered).IsZero()
			c.HangUp()
			cancel()
			if answered {
				t.Errorf("%s from a strange address dials %s and is answered", user, number)
			}
			if err == nil && end.Status != 401 && end.Status != 403 && end.Status != 404 {
				t.Errorf("%s from a strange address dials %s and gets %d", user, number, end.Status)
			}
		}
	}
	if err := host.Phone(string(p.ID), phone.Secret("guessed")).Register(ctx); err == nil {
		t.Error("a phone registers with a guessed password")
	}
	junk(t, host)
}

func badEvents(ctx context.Context, t *testing.T, h *helpline.Helpline, wire *wiretap) {
	e := h.Engines[0]
	stamp := `"timestamp":"2026-01-01T00:00:00.000+0000","application":"` + config.AppPrefix + e.Name + `"`
	channel := `"channel":{"id":"nobody.1","name":"PJSIP/operator-ffffffff","state":"Up","caller":{"name":"","number":""},` +
		`"connected":{"name":"","number":""},"dialplan":{"context":"from-trunk","exten":"1090","priority":1},"creationtime":"2026-01-01T00:00:00.000+0000","language":"hi"}`
	unknown := []string{
		`{"type":"TeaIsReady",` + stamp + `}`, `{"type":"StasisStartX",` + stamp + `,` + channel + `}`, `{"type":"stasisstart",` + stamp + `}`,
	}
	malformed := []string{
		`{"type":"StasisStart",` + stamp + `,"channel":`, `{`, `]`, `null x`, `{"type":5}`, "\x00\x01\x02", `{"type":"ChannelDestroyed",` + stamp + `,"channel":"no object"}`,
		`{"type":"ChannelDtmfReceived",` + stamp + `,"digit":{},"channel":[]}`, strings.Repeat("[", 20000), strings.Repeat("x", 200_000),
	}
	// Well-formed words about what does not exist are neither; they do nothing.
	idle := []string{
		`{"type":"ChannelDestroyed",` + stamp + `,"cause":16,"cause_txt":"x",` + channel + `}`,
		`{"type":"ChannelDtmfReceived",` + stamp + `,"digit":"9","duration_ms":80,` + channel + `}`,
		`{"type":"StasisEnd",` + stamp + `,` + channel + `}`,
	}
	before := figure(ctx, t, e, "acd_events_unknown_total")
	beforeBad := figure(ctx, t, e, "acd_events_malformed_total")
	for _, text := range append(append(unknown, malformed...), idle...) {
		wire.inject(text)
	}
	soon(ctx, t, 5*time.Second, "each event is counted as unknown or malformed", func() bool {
		return figure(ctx, t, e, "acd_events_unknown_total") == before+float64(len(unknown)) &&
			figure(ctx, t, e, "acd_events_malformed_total") == beforeBad+float64(len(malformed))
	})
}

// badBytes: the trunk itself sends what no phone would.
func badBytes(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	junk(t, h.Trunk)
	junk(t, h.Agents)
	c, err := h.Trunk.Phone(number(7)).Dial(ctx, helpline.Direct)
	if err != nil {
		t.Fatal(err)
	}
	defer c.HangUp()
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Errorf("after the junk: %v", err)
	}
}

// junk sends messages that are wrong in every way we could think of.
func junk(t *testing.T, host *phone.Host) {
	t.Helper()
	from := host.Address().String()
	// The number is nobody's: a good INVITE without an ACK would be a real call.
	whole := "INVITE sip:7777@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP " + from + ";branch=z9hG4bK-junk-%d\r\nFrom: <sip:x@y>;tag=%d\r\n" +
		"To: <sip:1090@127.0.0.1>\r\nCall-ID: junk-%d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:x@" + from + ">\r\n%s\r\n"
	bad := []string{
		"", "\r\n\r\n", "\x00", strings.Repeat("\xff", 1400), "INVITE\r\n\r\n", "INVITE sip:1090 SIP/9.9\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n",
		"SIP/2.0 999999999999 x\r\nCSeq: 1 INVITE\r\n\r\n", strings.Repeat("A", 60000), "NOTIFY sip:x@127.0.0.1 SIP/2.0\r\n\r\n",
		"BYE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP " + from + ";branch=z9hG4bKq\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: none\r\nCSeq: 1 BYE\r\n\r\n",
	}
	for i, extra := range []string{
		"Content-Length: -1\r\n", "Content-Length: 99999999\r\n", "Content-Type: application/sdp\r\nContent-Length: 9\r\n\r\nv=0\r\no=",
		"Content-Type: application/sdp\r\nContent-Length: 60\r\n\r\nv=0\r\no=- 1 1 IN IP4 999.999.999.999\r\ns=-\r\nm=audio 99999 RTP/AVP\r\n",
		"Require: telepathy\r\n", strings.Repeat("Via: SIP/2.0/UDP 127.0.0.1\r\n", 200), "From: <<<>>>\r\n", "X: " + strings.Repeat("y", 30000) + "\r\n",
		"Authorization: Digest username=\"w001\",realm=\"\x00\",nonce=\"\",uri=\"\",response=\"" + strings.Repeat("0", 4000) + "\"\r\n",
	} {
		bad = append(bad, fmt.Sprintf(whole, i, i, i, extra))
	}
	for i := 0; i < len(whole); i += 37 {
		bad = append(bad, whole[:i]) // cut off anywhere
	}
	for _, text := range bad {
		if err := host.SendRaw([]byte(text)); err != nil && len(text) < 1500 {
			t.Logf("the network refuses %.20q: %v", text, err)
		}
	}
}

// TestGivenAgentsPhonesThatTransferOrDivert_ThenNobodyIsSentAnywhere: a call
// goes only where the engine sends it.
func TestGivenAgentsPhonesThatTransferOrDivert_ThenNobodyIsSentAnywhere(t *testing.T) {
	t.Parallel()
	h, ctx := open(t, helpline.Options{Women: 2}, time.Minute)
	host, err := phone.NewHost(ctx, stack.StrangerAddress, h.Asterisk.SIPAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	host.Everybody(phone.AnswerAtOnce())
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	first, second := h.Phone(h.People[0]), h.Phone(h.People[1])

	// The first phone diverts; whoever is offered next serves the caller.
	first.Does(phone.RedirectTo("sip:+919812345678@" + host.Address().String()))
	c, err := h.Trunk.Phone(number(1)).Dial(ctx, helpline.Direct)
	if err != nil {
		t.Fatal(err)
	}
	defer c.HangUp()
	partner, err := h.Partner(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if partner.Phone() != second {
		t.Errorf("the caller talks with %s, whose phone diverts", partner.Phone().User())
	}

	// The second phone wants to transfer her, to a number and to an agent. No
	// module of Asterisk knows of transfers here, so that it gets no answer.
	for _, target := range []string{"+919812345678", "w001", "1090", "*11"} {
		limited, cancel := context.WithTimeout(ctx, time.Second)
		err := partner.Refer(limited, target)
		cancel()
		if err == nil {
			t.Errorf("a transfer to %s is accepted", target)
		}
	}
	if err := c.Hears(ctx, h.Tone(second.User())); err != nil {
		t.Errorf("after the attempts to transfer her: %v", err)
	}
	if n := len(host.Phones()); n > 0 {
		t.Errorf("%d calls reached the stranger", n)
	}
	for _, m := range h.Trunk.Log().Find(func(m *phone.Message) bool { return !m.Sent && m.Status() == 0 && m.Method() == "INVITE" }) {
		t.Errorf("a call left for the telephone network: %s", m.StartLine())
	}
}
