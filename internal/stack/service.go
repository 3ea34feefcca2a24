package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Service is one program of a stack. Its methods may be called from any
// goroutine, one at a time.
type Service struct {
	Name string
	Log  string // what it printed

	launcher *launcher
	command  func() *exec.Cmd
	ready    func(context.Context) error // one try
	polite   syscall.Signal              // asks it to stop in order

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when it is dead and reaped
}

// ErrExited says that a service ended by itself; its log tells why.
var ErrExited = errors.New("it ended by itself")

// PID is the process id, 0 when it does not run.
func (s *Service) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// Start runs the service and waits until it serves.
func (s *Service) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		if err := s.launch(); err != nil {
			return fmt.Errorf("start %s: %w", s.Name, err)
		}
		err := s.waitReady(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, ErrExited) && strings.Contains(s.tail(), "postmaster.pid") && ctx.Err() == nil {
			// After a kill the old backends take a moment to die.
			continue
		}
		s.Kill()
		return fmt.Errorf("start %s: %w; the end of %s:\n%s", s.Name, err, s.Log, s.tail())
	}
}

func (s *Service) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return errors.New("it already runs")
	}
	out, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := s.command()
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.SysProcAttr.Setpgid = true // Ctrl-C is ours to handle, not theirs.
	if err := s.launcher.start(cmd); err != nil {
		return err
	}
	done := make(chan struct{})
	s.cmd, s.done = cmd, done
	go func() {
		cmd.Wait()
		s.mu.Lock()
		s.cmd = nil
		s.mu.Unlock()
		close(done)
	}()
	return nil
}

func (s *Service) waitReady(ctx context.Context) error {
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := s.ready(try)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-done:
			return ErrExited
		case <-ctx.Done():
			return fmt.Errorf("not ready in time: %w", err)
		case <-tick.C:
		}
	}
}

// Ready waits until the service serves, for use after Resume.
func (s *Service) Ready(ctx context.Context) error {
	if s.PID() == 0 {
		return fmt.Errorf("%s: %w", s.Name, ErrExited)
	}
	return s.waitReady(ctx)
}

// Exited is closed when the service is dead. It is nil before the first Start.
func (s *Service) Exited() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// Kill ends the service and all its children as a power cut would, and waits
// until it is gone. It does nothing to a dead one.
func (s *Service) Kill() {
	s.signalTree(syscall.SIGKILL)
	if done := s.Exited(); done != nil {
		<-done
	}
}

// Pause freezes the service with all its children: it neither answers nor ends.
func (s *Service) Pause() { s.signalTree(syscall.SIGSTOP) }

// Resume thaws it.
func (s *Service) Resume() { s.signalTree(syscall.SIGCONT) }

// Stop asks the service to end in order, and kills it after ten seconds.
func (s *Service) Stop() {
	s.signalTree(syscall.SIGCONT)
	pid := s.PID()
	if pid == 0 {
		return
	}
	syscall.Kill(pid, s.polite)
	select {
	case <-s.Exited():
	case <-time.After(10 * time.Second):
		s.Kill()
	}
}

// Restart is Kill followed by Start.
func (s *Service) Restart(ctx context.Context) error {
	s.Kill()
	return s.Start(ctx)
}

// signalTree signals the service and its descendants, which PostgreSQL puts
// into sessions of their own.
func (s *Service) signalTree(signal syscall.Signal) {
	pid := s.PID()
	if pid == 0 {
		return
	}
	for _, p := range append([]int{pid}, descendants(pid)...) {
		syscall.Kill(p, signal)
	}
}

func descendants(pid int) []int {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	var all []int
	for _, task := range tasks {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		for _, field := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(append(all, child), descendants(child)...)
			}
		}
	}
	return all
}

func (s *Service) tail() string {
	text, err := os.ReadFile(s.Log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

// launcher starts processes from one thread that lives as long as the stack,
// because the kernel's parent-death signal is sent when the thread that
// started the child ends, not the process.
type launcher struct {
	jobs chan func()
	done chan struct{}
}

func newLauncher() *launcher {
	l := &launcher{jobs: make(chan func()), done: make(chan struct{})}
	go l.run()
	return l
}

func (l *launcher) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(l.done)
	for job := range l.jobs {
		job()
	}
}

func (l *launcher) start(cmd *exec.Cmd) error {
	failed := make(chan error, 1)
	l.jobs <- func() { failed <- cmd.Start() }
	return <-failed
}

// close may be called only when every child is dead.
func (l *launcher) close() {
	close(l.jobs)
	<-l.done
}
