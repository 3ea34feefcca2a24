package browser_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/pquerna/otp/totp"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/check"
	"powerline/internal/config"
	"powerline/test/browser"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// What is sung: Chromium's microphone, and a caller.
const browserTone, callerTone = 900, 1500

// seat is an agent whose only telephone is the page that she sees.
type seat struct {
	*helpline.Helpline
	t    *testing.T
	ctx  context.Context
	her  helpline.Person
	page *browser.Page
	road *road
}

// takeSeat opens a helpline in which she is signed in at the page of the softphone.
func takeSeat(t *testing.T, o helpline.Options, changes ...func(*config.Config)) seat {
	t.Helper()
	needsAnAddress(t)
	her := helpline.Person{Name: "Browser", PIN: "4711", Secret: "her-softphone"}
	her.Profile = agent.Profile{ID: "b001", Woman: true, Languages: []string{"hi"}, Categories: []string{"unclassified"}}
	s := seat{t: t, her: her, road: newRoad(t)}
	o.Consoles, o.Guests, o.AgentRTPTimeout = true, []helpline.Person{her}, 5
	o.Exchange = func(x *asteriskconfig.Settings) { x.Browsers.Allowed = true }
	o.Changes = append(o.Changes, func(c *config.Config) {
		ari, _ := url.Parse(c.Asterisk.ARI.URL)
		s.road.to = ari.Host
		c.Asterisk.BrowserPhones = config.BrowserPhones{Allowed: true, OlderAsterisk: true, URL: "ws://" + s.road.address() + "/ws"}
		for _, change := range changes {
			change(c)
		}
	})
	s.Helpline, s.ctx = helpline.OpenFor(t, o, 10*time.Minute)
	b, err := browser.Open(s.ctx, browser.Options{Sound: sung(t, browserTone), Language: "en"})
	s.must(err)
	t.Cleanup(b.Close)
	s.page, err = b.Page()
	s.must(err)
	s.signIn()
	return s
}

// needsAnAddress: Asterisk offers no ICE candidate on loopback, so that a machine
// with nothing else can carry no voice to a browser. None leaves the machine.
func needsAnAddress(t *testing.T) {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if network, ok := one.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() {
			return
		}
	}
	t.Skip("this machine has no address but loopback, where Asterisk knows no ICE")
}

func (s seat) must(errs ...error) {
	s.t.Helper()
	for _, err := range errs {
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s seat) signIn() {
	s.t.Helper()
	account, err := s.Account(s.ctx, "agent", s.her.ID)
	s.must(err)
	p := s.page
	s.must(p.Visit(s.Engines[0].Console+"/login"), p.Type("#login", account.Login), p.Type("#password", account.Password+kb.Enter))
	s.at("/login/code")
	code, err := totp.GenerateCode(account.Authenticator, time.Now())
	s.must(err)
	s.must(p.Type("#code", code+kb.Enter))
	s.until("signed in", `!location.pathname.startsWith("/login") && document.readyState === "complete"`)
	// Chromium would take a tone out of her voice as noise.
	_, err = browser.Eval[bool](p, `localStorage.setItem("powerline-softphone-settings", '{"processing": false}'); true`)
	s.must(err, p.Visit(s.Engines[0].Console+"/softphone"))
}

func (s seat) at(path string) {
	s.t.Helper()
	_, err := s.page.UntilAt(path)
	s.must(err)
}

// until waits for a condition of the page, and says how long it took.
func (s seat) until(what, script string) time.Duration {
	s.t.Helper()
	took, err := s.page.Until(script)
	if err != nil {
		state, _ := browser.Eval[string](s.page, `JSON.stringify(document.querySelector("[data-softphone]")?.softphone?.state ?? null) + " heard " + window.heard`)
		s.t.Fatalf("%s: %v; softphone %s; complaints %v", what, err, state, s.page.Complaints())
	}
	return took
}

func (s seat) lineIs(want string) time.Duration {
	s.t.Helper()
	return s.until("line is "+want, fmt.Sprintf(`document.querySelector("[data-softphone]")?.dataset.lineNow === %q`, want))
}

func (s seat) callIs(want string) time.Duration {
	s.t.Helper()
	return s.until("call is "+want, fmt.Sprintf(`document.querySelector("[data-softphone]")?.dataset.callNow === %q`, want))
}

// turnOn makes the page her telephone.
func (s seat) turnOn() {
	s.t.Helper()
	s.must(s.page.Click(`[data-do="start"]`))
	s.lineIs("ready")
}

// unfold opens what is folded. It does not click: elsewhere on the page something
// may just come or go and move what is clicked at away.
func (s seat) unfold(css string) {
	s.t.Helper()
	s.until("unfolded", fmt.Sprintf(`(document.querySelector(%q) ?? {}).open = true`, css))
}

// logIn dials as on any telephone.
func (s seat) logIn() {
	s.t.Helper()
	p := s.page
	s.unfold(".softphone details")
	s.must(p.Type("[data-code]", "*11"), p.Click(`[data-do="dial"]`))
	s.callIs("talking")
	for _, digit := range s.her.PIN + "#" {
		s.must(p.Click(fmt.Sprintf(`[data-key="%c"]`, digit)))
	}
	s.must(s.UntilAgents(s.ctx, "she has logged in", []helpline.Person{s.her}, func(a agent.Agent) bool { return a.Status == agent.Available }))
	s.callIs("none")
	s.must(s.UntilAgents(s.ctx, "she can be rung", []helpline.Person{s.her}, func(a agent.Agent) bool { return a.Routable() }))
}

// called lets a caller reach her.
func (s seat) called(number string) *phone.Call {
	s.t.Helper()
	c, err := s.Trunk.Phone(number, phone.Sings(callerTone)).Dial(s.ctx, helpline.Direct)
	s.must(err)
	_, err = c.WaitAnswered(s.ctx)
	s.must(err)
	s.callIs("talking")
	return c
}

// bothHear each other, from now on.
func (s seat) bothHear(c *phone.Call) {
	s.t.Helper()
	s.must(c.Hears(s.ctx, browserTone))
	s.until("the browser hears the caller", fmt.Sprintf(loudest, callerTone))
}

// loudest is true if the tone that the page hears loudest is this one, and not as
// soft as nothing. The ear is made once for what she hears: it needs a moment.
const loudest = `(() => {
	const { remote } = document.querySelector("[data-softphone]").softphone;
	if (window.ear?.remote !== remote) {
		const context = new AudioContext();
		const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
		context.createMediaStreamSource(remote).connect(analyser);
		window.ear = { remote, context, analyser };
		return false;
	}
	const { context, analyser } = window.ear;
	const bins = new Float32Array(analyser.frequencyBinCount);
	analyser.getFloatFrequencyData(bins);
	const best = bins.reduce((b, level, i) => (level > bins[b] ? i : b), 0);
	window.heard = [best * context.sampleRate / analyser.fftSize, bins[best], context.state];
	return bins[best] > -70 && Math.abs(window.heard[0] - %d) < 20;
})()`

func (s seat) inWrapUp() {
	s.t.Helper()
	s.must(s.UntilAgents(s.ctx, "her wrap-up", []helpline.Person{s.her}, func(a agent.Agent) bool { return a.State == agent.WrapUp }))
}

// TestGivenABrowserAsTelephone… is line 9 of what must hold on the floor.
func TestGivenABrowserAsTelephone_WhenACallerComes_ThenBothHearAndWrapUpFollowsAndASoftphoneMayFollowToo(t *testing.T) {
	s := takeSeat(t, helpline.Options{WrapUp: time.Minute})
	s.turnOn()
	s.logIn()
	began := time.Now()
	c := s.called("+919811000001")
	t.Logf("talking %v after the caller dialled", time.Since(began).Round(time.Millisecond))
	s.bothHear(c)
	s.look("softphone-talking")
	s.must(s.page.Click(`[data-do="hang-up"]`))
	s.callIs("none")
	_, err := c.WaitEnded(s.ctx)
	s.must(err)
	s.inWrapUp()

	// Her softphone is nobody's while the browser has her endpoint, and hers when she says so.
	other := s.Agents.Phone(string(s.her.ID), phone.Secret(s.her.Secret), phone.Sings(700))
	other.Does(phone.AnswerAfter(20 * time.Millisecond))
	if err := other.Register(s.ctx); err == nil {
		t.Error("two telephones are registered for one agent")
	}
	s.must(s.page.Click(`[data-do="stop"]`))
	s.lineIs("off")
	s.must(other.Register(s.ctx), s.Dial(s.ctx, s.her, "*15"))
	s.must(s.UntilAgents(s.ctx, "she can be rung again", []helpline.Person{s.her}, func(a agent.Agent) bool { return a.Routable() }))
	c, err = s.Trunk.Phone("+919811000002", phone.Sings(callerTone)).Dial(s.ctx, helpline.Direct)
	s.must(err)
	s.must(c.Hears(s.ctx, 700))
	for _, leg := range other.Live() {
		s.must(leg.Hears(s.ctx, callerTone))
	}
	c.HangUp()
	s.look("softphone-off")
}

// look keeps a picture, and lets nothing pass that keeps somebody from using the page.
func (s seat) look(name string) {
	s.t.Helper()
	if _, err := s.page.Shot(name); err != nil {
		s.t.Error(err)
	}
	findings, err := s.page.Axe()
	s.must(err)
	for _, f := range findings {
		s.t.Errorf("%s: %v", name, f)
	}
	for _, complaint := range s.page.Complaints() {
		s.t.Errorf("%s complains: %s", name, complaint)
	}
}

func TestGivenACallInTheBrowser_WhenItsSocketIsCutOrTheEngineDies_ThenTheyTalkOnAndItIsLearntHowItEnded(t *testing.T) {
	s := takeSeat(t, helpline.Options{WrapUp: time.Minute})
	s.turnOn()
	s.logIn()
	c := s.called("+919812000001")
	s.bothHear(c)

	s.road.cut()
	s.lineIs("lost")
	s.bothHear(c)
	s.road.open()
	t.Logf("registered %v after the road was open again", s.lineIs("ready").Round(time.Millisecond))
	s.Engines[0].Kill()
	s.bothHear(c)
	s.must(s.Engines[0].Start(), s.Engines[0].Ready(s.ctx))
	s.bothHear(c)

	c.HangUp()
	t.Logf("the page knows %v after the caller has hung up", s.callIs("none").Round(time.Millisecond))
	s.inWrapUp()

	// A network that swallows everything closes nothing.
	s.road.swallow()
	t.Logf("a silent network is noticed after %v", s.lineIs("lost").Round(time.Millisecond))
	s.road.open()
	t.Logf("registered %v after it is back", s.lineIs("ready").Round(time.Millisecond))
}

func TestGivenACallInTheBrowser_WhenThePageIsLoadedAgain_ThenTheCallerIsNotHungUpOnAndTheNextWomanHasHer(t *testing.T) {
	s := takeSeat(t, helpline.Options{Women: 1, WrapUp: time.Second})
	s.turnOn()
	s.logIn()
	// It is her telephone on the other page too, without a word.
	s.must(s.page.Visit(s.Engines[0].Console + "/desk"))
	s.lineIs("ready")
	s.must(s.UntilAgents(s.ctx, "her telephone has moved", []helpline.Person{s.her}, func(a agent.Agent) bool { return a.Routable() }))
	c := s.called("+919813000001")
	s.bothHear(c)
	s.must(s.LogIn(s.ctx, s.People[0]))
	began := time.Now()
	_, err := browser.Eval[bool](s.page, `window.onbeforeunload !== null && (window.onbeforeunload = null, true)`) // she is asked, and says yes
	s.must(err, s.page.Reload())
	s.lineIs("ready")
	s.unfold(".fold")
	s.look("softphone-desk")
	s.must(c.Hears(s.ctx, s.Tone(string(s.People[0].ID))))
	t.Logf("the caller hears another woman %v after the page was loaded again", time.Since(began).Round(time.Millisecond))
	c.HangUp()

	// Asterisk forgets every browser when it starts.
	s.must(s.Asterisk.Restart(s.ctx))
	t.Logf("registered with a new password %v after Asterisk has started", s.lineIs("ready").Round(time.Millisecond))
	s.must(s.UntilAgents(s.ctx, "her telephone is there again", []helpline.Person{s.her}, func(a agent.Agent) bool { return a.Online }))
}

func TestGivenNoEngine_WhenACallerComes_ThenTheFallbackRingsTheBrowser(t *testing.T) {
	s := takeSeat(t, helpline.Options{WrapUp: time.Second})
	s.turnOn()
	s.logIn()
	s.Engines[0].Kill()
	s.bothHear(s.called("+919814000001"))
}

func TestGivenAnAsteriskWithTheLockInversion_WhenABrowserShallBeATelephone_ThenThePageSaysWhyNot(t *testing.T) {
	s := takeSeat(t, helpline.Options{}, func(c *config.Config) { c.Asterisk.BrowserPhones.OlderAsterisk = false })
	version, err := s.Asterisk.CLI(s.ctx, "core show version") // "Asterisk 22.10.1+dfsg… built by …"
	s.must(err)
	if words := strings.Fields(version); len(words) > 1 && check.CarriesBrowsers(words[1]) {
		t.Skipf("the stack's Asterisk %s has no such inversion", words[1])
	}
	s.must(s.page.Click(`[data-do="start"]`))
	s.lineIs("refused")
	text, err := s.page.Text(".reason")
	s.must(err)
	if text != "The exchange is too old for browsers: use your softphone." {
		t.Errorf("the page says %q", text)
	}
	s.page.Complaints() // Chromium says that it is a 409
	s.look("softphone-refused")
}

// sung is a WAV file of one tone, for Chromium's microphone, which plays it over and over.
func sung(t *testing.T, hz int) string {
	t.Helper()
	const rate, seconds = 48000, 2
	data := make([]byte, 0, 2*rate*seconds)
	for i := range rate * seconds {
		sample := int16(9000 * math.Sin(2*math.Pi*float64(hz)*float64(i)/rate))
		data = binary.LittleEndian.AppendUint16(data, uint16(sample))
	}
	file := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(36+len(data)))...)
	file = append(file, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	file = binary.LittleEndian.AppendUint32(file, rate)
	file = binary.LittleEndian.AppendUint32(file, 2*rate)
	file = append(file, "\x02\x00\x10\x00data"...)
	file = append(binary.LittleEndian.AppendUint32(file, uint32(len(data))), data...)
	path := filepath.Join(t.TempDir(), "voice.wav")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// road is the network between a browser and Asterisk's websocket.
type road struct {
	to       string
	listener net.Listener
	mu       sync.Mutex
	state    roadState
	all      map[net.Conn]bool
}

type roadState int

const (
	roadOpen     roadState = iota
	roadCut                // whoever travels is thrown out, nobody gets in
	roadSwallows           // everything gets in and nothing arrives
)

func newRoad(t *testing.T) *road {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &road{listener: listener, all: map[net.Conn]bool{}}
	t.Cleanup(func() {
		listener.Close()
		r.cut()
	})
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go r.carry(near)
		}
	}()
	return r
}

func (r *road) address() string { return r.listener.Addr().String() }

func (r *road) is() roadState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *road) become(state roadState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state = state
	if state == roadCut {
		for conn := range r.all {
			conn.Close()
		}
	}
}

func (r *road) cut()     { r.become(roadCut) }
func (r *road) swallow() { r.become(roadSwallows) }
func (r *road) open()    { r.become(roadOpen) }

func (r *road) keep(conn net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[conn] = true
}

func (r *road) carry(near net.Conn) {
	defer near.Close()
	if r.is() == roadCut {
		return
	}
	far, err := net.Dial("tcp4", r.to)
	if err != nil {
		return
	}
	defer far.Close()
	r.keep(near)
	r.keep(far)
	go r.oneWay(far, near)
	r.oneWay(near, far)
}

func (r *road) oneWay(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if r.is() == roadSwallows {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil && err != io.EOF {
			return
		}
	}
}
