package helpline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/internal/stack"
	"powerline/prompts"
)

// makePrompts generates the prompts once for this machine; later runs find
// nothing to do.
func (h *Helpline) makePrompts(ctx context.Context) error {
	root, err := stack.Root()
	if err != nil {
		return err
	}
	dir := filepath.Join(filepath.Dir(root), "prompts")
	tools := prompts.Tools{
		Espeak: []string{filepath.Join(root, "bin", "espeak-ng")}, Sox: []string{filepath.Join(root, "bin", "sox")},
	}
	if _, err := prompts.Generate(ctx, prompts.Default(), dir, tools); err != nil {
		return fmt.Errorf("helpline: make the prompts: %w", err)
	}
	h.sounds = dir
	return nil
}

// startEngines writes the roster, keys and configurations, and starts as many
// engines as were asked for.
func (h *Helpline) startEngines(ctx context.Context) error {
	if err := h.importRoster(ctx); err != nil {
		return err
	}
	if err := h.writeSecrets(); err != nil {
		return err
	}
	var ready errgroup.Group
	for i := range h.Options.Engines {
		e, err := h.newEngine(i)
		if err != nil {
			return err
		}
		h.Engines = append(h.Engines, e)
		if err := e.Start(); err != nil {
			return err
		}
		ready.Go(func() error { return e.Ready(ctx) })
	}
	return ready.Wait()
}

// startDialers starts as many dialers as were asked for, each with the engine's
// configuration and a name of its own.
func (h *Helpline) startDialers(ctx context.Context) error {
	for i := range h.Options.Dialers {
		name := fmt.Sprintf("dialer%d", i+1)
		e := &Engine{
			Name: name, binary: h.dialerBinary(), launch: h.Launch, Config: filepath.Join(h.dir, name+".yaml"),
			Log: filepath.Join(h.Dir, "log", name+".log"), Listen: fmt.Sprintf("127.0.0.1:%d", h.Ports.ACD[len(h.Ports.ACD)-1-i]),
		}
		if err := h.Configure(e); err != nil {
			return err
		}
		h.Dialers = append(h.Dialers, e)
		if err := errors.Join(e.Start(), e.Ready(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// outbound lets tests dial at once and at any hour, with nobody kept back; each
// test that is about one of these says so in its changes.
func outbound(c *config.Config) {
	o := &c.Outbound
	o.Trunk, o.VictimLine, o.OffenderLine = "operator", Main, RingBack
	o.Reserve, o.Every, o.RingAgentFor, o.DialFor = config.Reserve{}, 100*time.Millisecond, 5*time.Second, 25*time.Second
	o.Unreached = 0
	for i := range o.Kinds {
		o.Kinds[i].WrapUp, o.Kinds[i].Open = 0, false
	}
}

func (h *Helpline) importRoster(ctx context.Context) error {
	db, err := postgres.Open(ctx, h.Postgres.URL, postgres.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	persons := make([]roster.Person, len(h.everybody()))
	var hashing errgroup.Group
	hashing.SetLimit(2)
	for i, p := range h.everybody() {
		hashing.Go(func() error {
			name, err := roster.NewName(p.Name)
			if err != nil {
				return err
			}
			pin, err := roster.HashPIN(p.PIN)
			ha1 := asteriskconfig.HA1(string(p.ID), h.Asterisk.Settings.Realm, p.Secret)
			persons[i] = roster.Person{Profile: p.Profile, Name: name, Active: true, SIP: roster.StoredSecret(ha1), PIN: pin}
			return err
		})
	}
	if err := hashing.Wait(); err != nil {
		return err
	}
	return db.ImportRoster(ctx, persons)
}

// writeSecrets puts each secret into a file of its own, as in production.
func (h *Helpline) writeSecrets() error {
	key := make([]byte, 64)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	h.key, h.seal = key[:32], key[32:]
	dsn, err := url.Parse(h.Postgres.URL)
	if err != nil {
		return err
	}
	password, _ := dsn.User.Password()
	for name, text := range map[string]string{
		"ari":         h.Asterisk.Settings.ARIUser.Password,
		"ami":         h.Asterisk.Settings.AMIUser.Password,
		"postgres":    password,
		"fingerprint": hex.EncodeToString(key[:32]),
		"seal":        hex.EncodeToString(key[32:]),
	} {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (h *Helpline) newEngine(i int) (*Engine, error) {
	name := string(rune('a' + i))
	e := &Engine{
		Name: name, binary: h.binary, launch: h.Launch,
		Config: filepath.Join(h.dir, "acd-"+name+".yaml"),
		Log:    filepath.Join(h.Dir, "log", "acd-"+name+".log"),
		Listen: fmt.Sprintf("127.0.0.1:%d", h.Ports.ACD[i]),
	}
	if h.Options.Consoles {
		e.Console = fmt.Sprintf("http://127.0.0.1:%d", h.Ports.ACD[6+i])
	}
	if err := os.MkdirAll(filepath.Dir(e.Log), 0o700); err != nil {
		return nil, err
	}
	return e, h.Configure(e)
}

// Configure writes an engine's configuration: the default one, with this
// machine's addresses, and the changes on top of it.
func (h *Helpline) Configure(e *Engine, changes ...func(*config.Config)) error {
	c := config.Default()
	if err := h.addresses(&c, e); err != nil {
		return err
	}
	c.Asterisk.DeadMan = h.Options.DeadMan
	c.Ringing.RejectDelay = 2 * time.Second
	c.Lines = append(c.Lines, config.Line{DID: Direct, Kind: config.Helpline, Category: "unclassified"})
	for i := range c.Categories {
		k := &c.Categories[i]
		k.WrapUp, k.Open, k.Recovery, k.Interruptible = h.Options.WrapUp, false, 0, true
	}
	for i := range c.Routing.Categories {
		if k := &c.Routing.Categories[i]; k.Name != c.Routing.Crisis {
			k.RingFor = h.Options.RingFor
		}
	}
	outbound(&c)
	h.evidence(&c)
	for _, change := range append(h.Options.Changes, changes...) {
		change(&c)
	}
	return os.WriteFile(e.Config, config.Marshal(c), 0o600)
}

// addresses points a configuration at this helpline's services.
func (h *Helpline) addresses(c *config.Config, e *Engine) error {
	dsn, err := url.Parse(h.Postgres.URL)
	if err != nil {
		return err
	}
	dsn.User = url.User(dsn.User.Username())
	s := h.Asterisk.Settings
	c.Instance = config.Instance{Name: e.Name, Site: "wpl"}
	c.Log.Level = "debug"
	c.HTTP.Listen = netip.MustParseAddrPort(e.Listen)
	if e.Console != "" {
		c.Console.Listen = netip.MustParseAddrPort(strings.TrimPrefix(e.Console, "http://"))
	}
	c.Asterisk.ARI = config.ARI{URL: h.Asterisk.ARIURL, Username: s.ARIUser.Name, PasswordFile: "ari"}
	c.Asterisk.AMI = config.AMI{Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(s.AMIPort)), Username: s.AMIUser.Name, PasswordFile: "ami"}
	c.Redis.Address = h.Redis.Addr
	c.Postgres.DSN, c.Postgres.PasswordFile = dsn.String(), "postgres"
	c.Journal.Dir = "journal-" + e.Name
	c.Privacy = config.Privacy{FingerprintKeyFile: "fingerprint", SealKeyFile: "seal"}
	c.Prompts.Dir, c.Prompts.MusicDir = h.sounds, s.MusicDir
	c.Asterisk.SIP = config.SIP{Bind: netip.MustParseAddrPort(h.Asterisk.SIPAddr), Realm: s.Realm}
	c.Asterisk.RTP = config.RTP{First: s.RTPFirst, Last: s.RTPLast}
	c.Asterisk.SystemName, c.Asterisk.EntityID, c.Asterisk.Dirs = s.SystemName, s.EntityID, config.Dirs(s.Dirs)
	c.Asterisk.OfferOpus = s.OfferOpus
	c.Asterisk.Trunks = nil
	for _, t := range s.Trunks {
		c.Asterisk.Trunks = append(c.Asterisk.Trunks, config.Trunk{
			Name: t.Name, Match: t.MatchIPs, Contact: t.Contact, QualifyEvery: time.Duration(t.QualifySeconds) * time.Second,
		})
	}
	return nil
}
