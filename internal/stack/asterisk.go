package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	asteriskconfig "powerline/asterisk-config"
)

// The address plan of a stack's SIP side.
const (
	AsteriskAddress = "127.0.0.1"
	TrunkAddress    = "127.0.0.2" // callers
	PhoneAddress    = "127.0.0.3"
	OtherPhones     = "127.0.0.4" // where agents' phones of a second program are
	StrangerAddress = "127.0.0.9" // whom Asterisk does not know
)

// Asterisk is a telephone exchange with Powerline's own configuration.
type Asterisk struct {
	*Service
	Settings asteriskconfig.Settings
	SIPAddr  string // host:port
	ARIURL   string // http://host:port/ari
	Messages string // log file of notices, warnings and errors

	root   string
	dir    string
	append map[string]string // by file
}

func (s *Stack) startAsterisk(ctx context.Context) error {
	dir := filepath.Join(s.Dir, "asterisk")
	a := &Asterisk{
		Service:  s.service(NameAsterisk),
		SIPAddr:  loopback(s.Ports.SIP),
		ARIURL:   fmt.Sprintf("http://%s/ari", loopback(s.Ports.HTTP)),
		Messages: filepath.Join(dir, "log", "messages.log"),
		root:     s.root,
		dir:      dir,
		append:   s.options.Append,
	}
	s.Asterisk = a
	if err := a.layOut(s.options.Sounds); err != nil {
		return fmt.Errorf("start asterisk: lay out its directory: %w", err)
	}
	a.Settings = s.asteriskSettings(dir)
	if s.options.Configure != nil {
		s.options.Configure(&a.Settings)
	}
	if err := a.Configure(ctx, a.Settings); err != nil {
		return fmt.Errorf("start asterisk: %w", err)
	}
	a.command = func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(s.root, "bin", "asterisk"), "-f", "-C", a.configFile())
		// It looks up its own name at start. Where nobody knows that name, and
		// no name server answers, this shall not take half a minute.
		cmd.Env = append(os.Environ(), "RES_OPTIONS=timeout:1 attempts:1")
		return cmd
	}
	a.ready = a.booted
	return a.Start(ctx)
}

// asteriskSettings are the defaults of a test: one trunk, the two helplines,
// no agents.
func (s *Stack) asteriskSettings(dir string) asteriskconfig.Settings {
	c := asteriskconfig.Defaults()
	c.SystemName = fmt.Sprintf("stack-%d", s.Ports.SIP)
	c.EntityID = fmt.Sprintf("02:00:00:00:%02x:%02x", s.Ports.SIP>>8, s.Ports.SIP&0xff)
	in := func(name string) string { return filepath.Join(dir, name) }
	modules, _ := filepath.Glob(filepath.Join(s.root, "forky/usr/lib/*/asterisk/modules"))
	if len(modules) == 1 {
		c.Dirs.Modules = modules[0]
	}
	c.Dirs.Etc, c.Dirs.Data, c.Dirs.VarLib, c.Dirs.DB = in("etc"), in("data"), in("lib"), in("lib")
	c.Dirs.Key, c.Dirs.AGI = in("keys"), in("agi")
	c.Dirs.Spool, c.Dirs.Run, c.Dirs.Log = in("spool"), in("run"), in("log")
	c.MusicDir = in("music")
	c.SIPAddress, c.SIPPort = AsteriskAddress, s.Ports.SIP
	c.RTPFirst, c.RTPLast = s.Ports.RTP.First, s.Ports.RTP.Last
	c.HTTPPort, c.AMIPort = s.Ports.HTTP, s.Ports.AMI
	c.ARIUser = asteriskconfig.Credentials{Name: "acd", Password: "acd-local-secret"}
	c.ARIReadOnlyUser = asteriskconfig.Credentials{Name: "probe", Password: "probe-local-secret"}
	c.AMIUser = asteriskconfig.Credentials{Name: "acd", Password: "acd-local-secret"}
	c.Trunks = []asteriskconfig.Trunk{{
		Name: "operator", MatchIPs: []string{TrunkAddress},
		Contact: fmt.Sprintf("%s:%d", TrunkAddress, s.Ports.Callers.First),
	}}
	c.Lines = []asteriskconfig.Line{
		{DID: "1090", Name: "helpline", Queue: asteriskconfig.QueueName(false, "hi")},
		{DID: "1091", Name: "ring-back", Queue: asteriskconfig.OfficersQueue},
	}
	return c
}

// layOut makes the instance's directories. What is only read lies in the tree
// and is linked.
func (a *Asterisk) layOut(sounds string) error {
	for _, name := range []string{
		"etc", "data/sounds", "lib", "keys", "agi", "run", "log", "music",
		"spool/recording", "spool/monitor", "spool/tmp", "spool/outgoing",
	} {
		if err := os.MkdirAll(filepath.Join(a.dir, name), 0o700); err != nil {
			return err
		}
	}
	share := filepath.Join(a.root, "forky/usr/share/asterisk")
	links := map[string]string{
		"data/documentation": filepath.Join(share, "documentation"),
		"data/rest-api":      filepath.Join(share, "rest-api"),
	}
	languages, err := os.ReadDir(sounds)
	if sounds != "" && err != nil {
		return err
	}
	for _, language := range languages {
		target, err := filepath.Abs(filepath.Join(sounds, language.Name()))
		if err != nil {
			return err
		}
		links[filepath.Join("data/sounds", language.Name())] = target
	}
	if _, ok := links["data/sounds/en"]; !ok {
		links["data/sounds/en"] = filepath.Join(share, "sounds/en_US_f_Allison")
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(a.dir, name)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(a.dir, "music", "hold.alaw"), holdMusic(), 0o600)
}

// holdMusic is half a minute of the softest sound: enough for Asterisk to send
// packets that a test can count, and long enough that hundreds of callers do not
// make it open the file hundreds of times a second.
func holdMusic() []byte {
	sound := make([]byte, 30*8000)
	for i := range sound {
		sound[i] = 0xd5 // silence in A-law
		if i%40 < 20 {
			sound[i] = 0xc5
		}
	}
	return sound
}

// Configure writes the files for new settings. A running Asterisk takes them
// when it is told to reload, or at its next start.
func (a *Asterisk) Configure(ctx context.Context, settings asteriskconfig.Settings) error {
	files, err := asteriskconfig.Render(settings)
	if err != nil {
		return err
	}
	for name, text := range a.append {
		files[name] = append(files[name], text...)
	}
	if err := asteriskconfig.Write(ctx, settings.Dirs.Etc, files); err != nil {
		return err
	}
	a.Settings = settings
	return nil
}

func (a *Asterisk) configFile() string { return filepath.Join(a.dir, "etc", "asterisk.conf") }

// CLI runs a command on Asterisk's console and returns what it prints.
func (a *Asterisk) CLI(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(a.root, "bin", "asterisk"),
		"-C", a.configFile(), "-rx", command)
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("asterisk console %q: %w: %s", command, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// booted tells whether all modules are loaded and ARI answers: the SIP port
// opens earlier.
func (a *Asterisk) booted(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(a.dir, "run", "asterisk.ctl")); err != nil {
		return err
	}
	out, err := a.CLI(ctx, "core waitfullybooted")
	if err != nil {
		return err
	}
	if !strings.Contains(out, "fully booted") {
		return fmt.Errorf("asterisk says %q", strings.TrimSpace(out))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.ARIURL+"/asterisk/ping", nil)
	if err != nil {
		return err
	}
	request.SetBasicAuth(a.Settings.ARIUser.Name, a.Settings.ARIUser.Password)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ARI answers %s", response.Status)
	}
	return nil
}
