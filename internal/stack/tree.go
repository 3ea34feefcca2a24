package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNotInstalled says that the tree of programs is missing or of another
// version. Install cures it.
var ErrNotInstalled = errors.New("the stack's programs are not installed: run `make stack`")

// Root is the tree of programs: $STACK_DIR, or .stack/root in the repository
// that the working directory belongs to.
func Root() (string, error) {
	if dir := os.Getenv("STACK_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	repository, err := repository()
	if err != nil {
		return "", err
	}
	return filepath.Join(repository, ".stack", "root"), nil
}

// repository looks upwards from the working directory, which for a test is its
// package's directory.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, script)); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find the repository: no %s above the working directory: set STACK_DIR", script)
		}
		dir = parent
	}
}

const script = "deploy/stack/install.sh"

// installed compares the tree's stamp with the script that makes it.
func installed(root string) error {
	stamp, err := os.ReadFile(filepath.Join(root, "stamp"))
	if err != nil {
		return ErrNotInstalled
	}
	repository, err := repository()
	if err != nil {
		return nil // Outside of the repository a finished tree is taken as it is.
	}
	text, err := os.ReadFile(filepath.Join(repository, script))
	if err != nil {
		return fmt.Errorf("check the stack's programs: %w", err)
	}
	sum := sha256.Sum256(text)
	if strings.TrimSpace(string(stamp)) != hex.EncodeToString(sum[:]) {
		return ErrNotInstalled
	}
	return nil
}

// Install fetches the programs if they are missing or outdated, and tells its
// progress on out. It needs the network and half a minute.
func Install(ctx context.Context, out io.Writer) error {
	root, err := Root()
	if err != nil {
		return err
	}
	if installed(root) == nil {
		return nil
	}
	repository, err := repository()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(repository, script))
	cmd.Env = append(os.Environ(), "STACK_DIR="+root)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("install the stack's programs: %w", err)
	}
	return nil
}

// Program returns a command for one of the tree's programs: sipp, sox,
// espeak-ng, redis-cli, psql, asterisk, redis-server, postgres, initdb,
// prometheus, promtool. The
// process that it starts is the program itself, not a shell around it.
func Program(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(root, "bin", name)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("program %s: %w", name, ErrNotInstalled)
	}
	return exec.CommandContext(ctx, path, args...), nil
}
