package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const pidName = "demo.pid"

// lock marks this process as the demo of a home. The file holds the process id;
// the kernel's lock on it says whether that process lives, so that a file left
// by a crash harms nobody and a number used again is never taken for a demo.
type lock struct{ file *os.File }

// errRunning says that there is a demo already.
var errRunning = errors.New("a demo runs already: watch it there, or end it with `make stop`")

func takeLock(home string) (*lock, error) {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("make the demo's directory: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(home, pidName), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("write the pid file: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, errRunning
	}
	if err = file.Truncate(0); err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("write the pid file: %w", err)
	}
	return &lock{file}, nil
}

func (l *lock) release() {
	os.Remove(l.file.Name())
	l.file.Close()
}

// stopOther tells the demo of a home to end and waits for it. False means that
// there was none.
func stopOther(ctx context.Context, home string) (bool, error) {
	path := filepath.Join(home, pidName)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the pid file: %w", err)
	}
	defer file.Close()
	if syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		os.Remove(path) // left by a demo that was killed
		return false, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("read the pid file: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 2 {
		return false, fmt.Errorf("%s does not hold a process id", path)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return false, fmt.Errorf("end the demo (process %d): %w", pid, err)
	}
	return true, awaitUnlocked(ctx, file)
}

func awaitUnlocked(ctx context.Context, file *os.File) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			return errors.New("the demo was told to end and still runs")
		case <-tick.C:
		}
	}
	return nil
}
