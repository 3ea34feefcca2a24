package helpline

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Engine is one `acd serve` process.
type Engine struct {
	Name   string
	Config string // path of its configuration
	Listen string // address of its metrics
	Log    string // path of its log
	// Console is the address of its desks and consoles, such as http://127.0.0.1:21006;
	// empty when it serves none.
	Console string

	binary string
	args   []string // instead of serve
	ready  string   // the line of its metrics that says it works
	launch func(*exec.Cmd) error
	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	err    error
}

// Start runs the process and returns at once; Ready waits for it.
func (e *Engine) Start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	log, err := os.OpenFile(e.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	args := e.args
	if len(args) == 0 {
		args = []string{"serve"}
	}
	cmd := exec.Command(e.binary, append(slices.Clone(args), "--config", e.Config)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := e.launch(cmd); err != nil {
		return fmt.Errorf("helpline: start engine %s: %w", e.Name, err)
	}
	exited := make(chan struct{})
	go func() {
		err := cmd.Wait()
		e.mu.Lock()
		e.err = err
		e.mu.Unlock()
		close(exited)
	}()
	e.cmd, e.exited = cmd, exited
	return nil
}

// Ready waits until the engine takes calls.
func (e *Engine) Ready(ctx context.Context) error {
	err := Until(ctx, "engine "+e.Name+" takes calls", func() bool {
		text, err := e.Metrics(ctx)
		return err == nil && strings.Contains(text, "\n"+cmp.Or(e.ready, "acd_healthy 1")+"\n") || e.ended()
	})
	if err != nil || e.ended() {
		text, _ := os.ReadFile(e.Log)
		return fmt.Errorf("helpline: engine %s is not ready (%v); the end of its log: %s", e.Name, err, text[max(0, len(text)-2000):])
	}
	return nil
}

// Exited is closed when the process that runs now has ended.
func (e *Engine) Exited() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.exited
}

// ended reports whether the process is gone by itself.
func (e *Engine) ended() bool {
	select {
	case <-e.Exited():
		return true
	default:
		return false
	}
}

// Kill ends the process as a crash does, and waits until it is gone.
func (e *Engine) Kill() { e.signal(syscall.SIGKILL, true) }

// Pause stops the process where it stands; Resume lets it go on.
func (e *Engine) Pause() { e.signal(syscall.SIGSTOP, false) }

// Resume continues a paused process.
func (e *Engine) Resume() { e.signal(syscall.SIGCONT, false) }

// Reload makes the engine read its configuration again.
func (e *Engine) Reload() { e.signal(syscall.SIGHUP, false) }

// Stop ends the process as an operator does.
func (e *Engine) Stop() {
	e.signal(syscall.SIGCONT, false)
	e.signal(syscall.SIGTERM, true)
}

func (e *Engine) signal(s syscall.Signal, wait bool) {
	e.mu.Lock()
	cmd, exited := e.cmd, e.exited
	e.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(s) // it may be gone already
	if !wait {
		return
	}
	select {
	case <-exited:
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		<-exited
	}
}

// PID of the process.
func (e *Engine) PID() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cmd == nil {
		return 0
	}
	return e.cmd.Process.Pid
}

// Until polls a condition. The error says what was waited for.
func Until(ctx context.Context, what string, ok func() bool) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain: %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

var built struct {
	once sync.Once
	path string
	err  error
}

// buildOnce compiles the engine for this test process.
func buildOnce(ctx context.Context) (string, error) {
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "powerline-acd-")
		if err != nil {
			built.err = err
			return
		}
		built.path = filepath.Join(dir, "acd")
		built.err = buildInto(ctx, dir)
	})
	return built.path, built.err
}

// RemoveBinaries removes what buildOnce has made, when all helplines of this
// process are closed.
func RemoveBinaries() error {
	if built.path == "" {
		return nil
	}
	return os.RemoveAll(filepath.Dir(built.path))
}

func buildInto(ctx context.Context, dir string) error {
	return command(ctx, "go", "build", "-o", dir+string(filepath.Separator), "powerline/cmd/acd", "powerline/cmd/dialer")
}
