package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestGivenADemo_WhenAnotherStarts_ThenItIsRefusedUntilTheFirstHasEnded(t *testing.T) {
	home := t.TempDir()
	first, err := takeLock(home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeLock(home); !errors.Is(err, errRunning) {
		t.Errorf("a second demo: %v", err)
	}
	first.release()
	if _, err := os.Stat(filepath.Join(home, pidName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the pid file is left: %v", err)
	}
	again, err := takeLock(home)
	if err != nil {
		t.Fatal(err)
	}
	again.release()
}

func TestGivenAPidFileOfADeadDemo_WhenStopped_ThenNobodyIsSignalled(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, pidName)
	// Were the file believed, this test would end itself.
	if err := os.WriteFile(path, []byte("0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ended, err := stopOther(t.Context(), home)
	if ended || err != nil {
		t.Errorf("%v %v, want that none was running", ended, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stale file is left: %v", err)
	}
	if ended, err := stopOther(t.Context(), home); ended || err != nil {
		t.Errorf("without a file: %v %v", ended, err)
	}
}

func TestGivenAHome_WhenThePasswordIsAskedTwice_ThenItIsTheSameAndPrivate(t *testing.T) {
	home := t.TempDir()
	one, err := guestPassword(home)
	if err != nil {
		t.Fatal(err)
	}
	two, err := guestPassword(home)
	if err != nil || one != two || len(one) < 8 {
		t.Errorf("%q then %q, %v", one, two, err)
	}
	info, err := os.Stat(filepath.Join(home, "demo.password"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}
