package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	asteriskconfig "powerline/asterisk-config"
)

// The services that a stack may run.
const (
	NameAsterisk = "asterisk"
	NameRedis    = "redis"
	NamePostgres = "postgres"
)

// Options choose what a stack is made of. The zero value is a whole stack with
// one trunk, two lines and no agents.
type Options struct {
	// Dir is where the instance's directory is made; the system's temporary
	// directory if empty. Keep leaves it there after Stop.
	Dir  string
	Keep bool

	// Only names the services to run; all if empty.
	Only []string

	// Configure changes Asterisk's settings before they are rendered: agents,
	// lines, sounds, times. Ports, directories and credentials are set already.
	Configure func(*asteriskconfig.Settings)

	// Append adds text to rendered files of Asterisk, by name ("pjsip.conf"): for
	// what a demo or a test needs and no helpline has.
	Append map[string]string

	// Sounds is a directory with a folder of sounds per language, which
	// Asterisk finds under these languages' names. None if empty.
	Sounds string

	// FastPostgres gives up surviving a power cut (fsync=off), for tests that
	// make many databases. A kill -9 of the process loses nothing even so.
	FastPostgres bool

	// DurableRedis has Redis write and sync its file before it acknowledges, for
	// tests of what is stored. As in production it puts a write off for up to two
	// seconds while the disk is slow, and a kill -9 then loses what was acknowledged:
	// that is for the engine to notice (queue.ErrWiped) and to build again.
	DurableRedis bool
}

// Stack is a running set of services. A service that was not asked for is nil.
type Stack struct {
	Dir      string
	Ports    Ports
	Asterisk *Asterisk
	Redis    *Redis
	Postgres *Postgres

	beside   []*Service // started on demand
	root     string
	options  Options
	launcher *launcher
	locks    []interface{ Close() error }
	stopOnce sync.Once
}

// Start runs the services of a stack side by side and returns when all of them
// serve. It fails with ErrNotInstalled if the programs are not there.
func Start(ctx context.Context, o Options) (*Stack, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	if err := installed(root); err != nil {
		return nil, err
	}
	sweep(o.Dir)
	s := &Stack{root: root, options: o, launcher: newLauncher()}
	if err := s.prepare(); err != nil {
		s.Stop()
		return nil, err
	}
	if err := s.startAll(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// prepare makes the instance's directory and takes its ports.
func (s *Stack) prepare() error {
	dir, err := os.MkdirTemp(s.options.Dir, directoryPrefix)
	if err != nil {
		return fmt.Errorf("make the stack's directory: %w", err)
	}
	s.Dir = dir
	lock, err := lockDirectory(dir)
	if err != nil {
		return err
	}
	s.locks = append(s.locks, lock)
	ports, portLock, err := reservePorts()
	if err != nil {
		return err
	}
	s.Ports, s.locks = ports, append(s.locks, portLock)
	if err := os.Mkdir(filepath.Join(dir, "log"), 0o700); err != nil {
		return fmt.Errorf("make the stack's directory: %w", err)
	}
	return nil
}

func (s *Stack) startAll(ctx context.Context) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for name, start := range map[string]func(context.Context) error{
		NameAsterisk: s.startAsterisk, NameRedis: s.startRedis, NamePostgres: s.startPostgres,
	} {
		if len(s.options.Only) > 0 && !slices.Contains(s.options.Only, name) {
			continue
		}
		wait.Go(func() {
			if err := start(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

// service makes a Service of this stack; start it to run it.
func (s *Stack) service(name string) *Service {
	return &Service{
		Name:     name,
		Log:      filepath.Join(s.Dir, "log", name+".log"),
		launcher: s.launcher,
		polite:   syscall.SIGTERM,
	}
}

// Launch starts a process that is not a service of the stack and shall not
// outlive this one either: the kernel kills it when this process dies. It must
// have ended before Stop is called.
func (s *Stack) Launch(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr.Setpgid = true // Ctrl-C is ours to handle, not theirs.
	return s.launcher.start(cmd)
}

// Services lists those that belong to the stack, running or not.
func (s *Stack) Services() []*Service {
	var all []*Service
	if s.Asterisk != nil {
		all = append(all, s.Asterisk.Service)
	}
	if s.Redis != nil {
		all = append(all, s.Redis.Service)
	}
	if s.Postgres != nil {
		all = append(all, s.Postgres.Service)
	}
	return append(all, s.beside...)
}

// Stop ends all services at once and removes the instance's directory, unless
// it is to be kept. It may be called more than once.
func (s *Stack) Stop() {
	s.stopOnce.Do(func() {
		var wait sync.WaitGroup
		for _, service := range s.Services() {
			wait.Go(service.Kill)
		}
		wait.Wait()
		s.launcher.close()
		if s.Dir != "" && s.options.Keep {
			os.WriteFile(filepath.Join(s.Dir, keepFile), nil, 0o600)
		} else if s.Dir != "" {
			os.RemoveAll(s.Dir)
		}
		for _, lock := range s.locks {
			lock.Close()
		}
	})
}

const (
	directoryPrefix = "powerline-stack-"
	ownerFile       = "owner"
	keepFile        = "keep"
)

// lockDirectory marks the directory as ours for as long as this process lives.
func lockDirectory(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, ownerFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the stack's directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the stack's directory: %w", err)
	}
	return file, nil
}

// sweep removes what stacks left behind whose process died without Stop.
func sweep(parent string) {
	if parent == "" {
		parent = os.TempDir()
	}
	found, _ := filepath.Glob(filepath.Join(parent, directoryPrefix+"*"))
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, keepFile)); err == nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, ownerFile)); err != nil {
			continue // Just being made.
		}
		lock, err := lockDirectory(dir)
		if err != nil {
			continue
		}
		os.RemoveAll(dir)
		lock.Close()
	}
}

// dial tries whether somebody listens at a port of ours.
func dial(ctx context.Context, port int) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp4", loopback(port))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	return conn, nil
}

// CopyLogs copies what the services wrote, and Asterisk's configuration, to a
// directory which it replaces.
func (s *Stack) CopyLogs(to string) error {
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("copy the stack's logs: %w", err)
	}
	for _, name := range []string{"log", "asterisk/log", "asterisk/etc"} {
		from := filepath.Join(s.Dir, name)
		if _, err := os.Stat(from); err != nil {
			continue
		}
		if err := os.CopyFS(filepath.Join(to, name), os.DirFS(from)); err != nil {
			return fmt.Errorf("copy the stack's logs: %w", err)
		}
	}
	return nil
}
