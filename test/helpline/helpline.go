package helpline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/stack"
	"powerline/number"
	"powerline/queue"
	"powerline/test/phone"
)

// Options say how large the helpline is and how its engine is set.
type Options struct {
	Women, Seniors, Counsellors, Officers, Men int

	// Engines run beside each other; 1 if zero.
	Engines int
	// Dialers make calls beside the engines; none if zero.
	Dialers int
	// Consoles: each engine serves desks and consoles too.
	Consoles bool
	// Recorded records every conversation into a spool in memory of this size in
	// bytes, and seals it; 0 records nothing.
	Recorded int64
	// Changes to the engines' and the dialers' configuration.
	Changes []func(*config.Config)
	// WrapUp of every category; zero means that agents are free at once.
	WrapUp time.Duration
	// RingFor is the ring-no-answer limit; 10 s if zero.
	RingFor time.Duration
	// DeadMan is the dead man's switch; 20 s if zero, as in production.
	DeadMan time.Duration
	// AgentRTPTimeout in seconds; 0 is off, as phones without media need it.
	AgentRTPTimeout int
	// Silent phones send no media: for floods and benchmarks.
	Silent bool
	// Log receives what engines print; nil keeps it in files only.
	Log io.Writer
	// Durable makes PostgreSQL wait for its disk, as in production. Tests make
	// many databases and do without.
	Durable bool
	// AtOnce is how many log in at once; 8 if zero.
	AtOnce int
	// Keep leaves the instance's directory behind.
	Keep bool

	// Each may change a person before anybody hears of her.
	Each func(*Person)
	// Guests are agents whose softphones are somebody else's.
	Guests []Person
	// Exchange changes Asterisk's settings, Append adds to its rendered files.
	Exchange func(*asteriskconfig.Settings)
	Append   map[string]string
	// Binary is where the engine is compiled to; if empty, a place that all
	// helplines of this process share.
	Binary string
	// Remember bounds how many events each phone remembers, for a helpline that
	// runs for hours; 0 keeps all.
	Remember int
	// Progress is told what is being done.
	Progress func(what string)
}

// Helpline is a running helpline.
type Helpline struct {
	*stack.Stack
	Options Options
	People  []Person
	Engines []*Engine
	Dialers []*Engine
	// Sealer seals recordings, if they are Recorded.
	Sealer   *Engine
	Evidence Evidence

	// Agents is the host of the softphones, Trunk that of the callers.
	Agents, Trunk *phone.Host

	dir     string // configuration, secrets, journals, logs
	binary  string
	sounds  string
	key     []byte // of fingerprints
	seal    []byte
	db      *postgres.DB
	storeMu sync.Mutex
	store   *queue.Store
}

// Open starts everything but logs nobody in: the agents' phones are registered.
func Open(ctx context.Context, o Options) (*Helpline, error) {
	h := &Helpline{Options: o.withDefaults()}
	h.People = people(h.Options)
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"looking for the programs", install},
		{"compiling the engine", h.build},
		{"making the prompts", h.makePrompts},
		{"making the spool of recordings", h.makeSpool},
		{"starting Asterisk, Redis and PostgreSQL", h.startStack},
		{"making keys and a store of recordings", h.prepareEvidence},
		{"importing the roster and starting the engine", h.startEngines},
		{"starting the sealer", h.startSealer},
		{"registering the softphones", h.openPhones},
		{"starting the dialer", h.startDialers},
	} {
		if h.Options.Progress != nil {
			h.Options.Progress(step.what)
		}
		if err := step.do(ctx); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// install fetches the programs if they are missing, once, and shows it.
func install(ctx context.Context) error { return stack.Install(ctx, os.Stderr) }

func (o Options) withDefaults() Options {
	if o.Engines == 0 {
		o.Engines = 1
	}
	if o.AtOnce == 0 {
		o.AtOnce = 8
	}
	if o.RingFor == 0 {
		o.RingFor = 10 * time.Second
	}
	if o.DeadMan == 0 {
		o.DeadMan = 20 * time.Second
	}
	return o
}

// Close ends everything that Open started.
func (h *Helpline) Close() {
	if h.Agents != nil {
		h.Agents.Close()
	}
	if h.Trunk != nil {
		h.Trunk.Close()
	}
	for _, e := range append(slices.Clone(h.Dialers), h.Engines...) {
		e.Stop()
	}
	if h.Sealer != nil {
		h.Sealer.Stop()
	}
	defer h.closeEvidence()
	if h.store != nil {
		_ = h.store.Close()
	}
	if h.db != nil {
		h.db.Close()
	}
	if h.Stack != nil {
		h.Stack.Stop()
	}
}

// startStack runs the services with the agents' phones known to Asterisk.
func (h *Helpline) startStack(ctx context.Context) error {
	s, err := stack.Start(ctx, stack.Options{
		Keep: h.Options.Keep, FastPostgres: !h.Options.Durable, Sounds: h.sounds, Configure: h.configureAsterisk, Append: h.Options.Append,
	})
	if err != nil {
		return fmt.Errorf("helpline: start the services: %w", err)
	}
	h.Stack = s
	h.dir = filepath.Join(s.Dir, "helpline")
	return os.MkdirAll(h.dir, 0o700)
}

// Lines of the helpline: 1090 with its menu, 1091 for offenders who ring back,
// 1099 straight to the queue (benchmarks compare it with app_queue on 1098).
const (
	Main     = "1090"
	RingBack = "1091"
	Direct   = "1099"
	AppQueue = "1098"
)

func (h *Helpline) configureAsterisk(c *asteriskconfig.Settings) {
	c.Categories = nil
	for _, id := range append([]string{"crisis"}, allCategories...) {
		c.Categories = append(c.Categories, asteriskconfig.Category{ID: id, Weight: 10, RingSeconds: 10, Crisis: id == "crisis"})
	}
	women := asteriskconfig.QueueName(false, "hi")
	c.Lines = []asteriskconfig.Line{
		{DID: Main, Name: "helpline", Queue: women},
		{DID: Direct, Name: "direct", Queue: women},
		{DID: RingBack, Name: "ring-back", Queue: asteriskconfig.OfficersQueue},
	}
	c.DeadManSeconds = int(h.Options.DeadMan / time.Second)
	c.AgentRTPTimeout = h.Options.AgentRTPTimeout
	c.NobodyPrompt = "powerline/nobody-here"
	c.OfferOpus = false
	c.RecordInto = h.Evidence.Spool
	for _, p := range h.everybody() {
		c.Agents = append(c.Agents, asteriskconfig.Agent{
			ID: string(p.ID), SecretMD5: asteriskconfig.HA1(string(p.ID), c.Realm, p.Secret),
			Woman: p.Woman, Officer: p.Officer, Counsellor: p.Counsellor, Senior: p.Senior,
			Categories: p.Categories, Languages: p.Languages,
		})
	}
	if h.Options.Exchange != nil {
		h.Options.Exchange(c)
	}
}

// everybody who is in the roster.
func (h *Helpline) everybody() []Person {
	return append(slices.Clone(h.People), h.Options.Guests...)
}

// openPhones registers every agent's softphone and opens the trunk.
func (h *Helpline) openPhones(ctx context.Context) error {
	var err error
	var options []phone.HostOption
	if n := h.Options.Remember; n > 0 {
		options = append(options, phone.Remember(10*n, n))
	}
	if h.Agents, err = phone.NewHost(ctx, stack.PhoneAddress, h.Asterisk.SIPAddr, options...); err != nil {
		return fmt.Errorf("helpline: open the softphones: %w", err)
	}
	options = append(options, phone.Port(uint16(h.Ports.Callers.First)))
	if h.Trunk, err = phone.NewHost(ctx, stack.TrunkAddress, h.Asterisk.SIPAddr, options...); err != nil {
		return fmt.Errorf("helpline: open the trunk: %w", err)
	}
	var all []*phone.Phone
	for i, p := range h.People {
		f := h.Agents.Phone(string(p.ID), phone.Secret(p.Secret))
		if !h.Options.Silent {
			f = h.Agents.Phone(string(p.ID), phone.Sings(agentTone(i)))
		}
		f.Does(phone.AnswerAfter(20 * time.Millisecond))
		all = append(all, f)
	}
	if err := h.Agents.Register(ctx, all...); err != nil {
		return fmt.Errorf("helpline: register the softphones: %w", err)
	}
	return nil
}

// agentTone gives each agent a voice of her own, 12 Hz apart at least, so that
// a caller can tell who speaks.
func agentTone(i int) int { return 420 + 12*(i%120) }

// Fingerprint of a caller, as the engine makes it.
func (h *Helpline) Fingerprint(c *phone.Call) string {
	return number.FromCaller(c.Phone().User()).Fingerprint(h.key)
}

// Tone of an agent's voice.
func (h *Helpline) Tone(id string) int {
	for i, p := range h.People {
		if string(p.ID) == id {
			return agentTone(i)
		}
	}
	return 0
}

// Phone of an agent.
func (h *Helpline) Phone(p Person) *phone.Phone { return h.Agents.Phone(string(p.ID)) }

// Women and Officers are the people whom law 3 tells apart.
func (h *Helpline) Women() []Person {
	return h.where(func(p Person) bool { return p.Woman })
}

// Men are all who are not women, officers or not.
func (h *Helpline) Men() []Person {
	return h.where(func(p Person) bool { return !p.Woman })
}

// Officers are those who may take an offender's call.
func (h *Helpline) Officers() []Person {
	return h.where(func(p Person) bool { return p.Officer && !p.Woman })
}

func (h *Helpline) where(ok func(Person) bool) []Person {
	var some []Person
	for _, p := range h.People {
		if ok(p) {
			some = append(some, p)
		}
	}
	return some
}

// build compiles the engine, once for all helplines of this process unless it
// has a place of its own.
func (h *Helpline) build(ctx context.Context) error {
	if h.binary = h.Options.Binary; h.binary == "" {
		path, err := buildOnce(ctx)
		h.binary = path
		return err
	}
	return buildInto(ctx, filepath.Dir(h.binary))
}

// dialerBinary lies beside the engine's.
func (h *Helpline) dialerBinary() string { return filepath.Join(filepath.Dir(h.binary), "dialer") }

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

// Metrics reads one engine's figures as text.
func (e *Engine) Metrics(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.Listen+"/metrics", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", errors.New(response.Status)
	}
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
