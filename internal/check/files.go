package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"powerline/internal/config"
)

// files looks at secrets and keys.
func files(_ context.Context, c config.Config) []Finding {
	n := notes{subject: "secrets"}
	if err := c.CheckFiles(); err != nil {
		for line := range strings.Lines(err.Error()) {
			n.add(Fail, strings.TrimSpace(line))
		}
	} else {
		n.add(OK, "all password and key files are readable and private")
	}
	if c.Privacy.SealKeyFile == "" {
		n.add(Warn, "no privacy.sealKeyFile: callers' numbers are not kept, so nobody can be called back")
	}
	return n.list
}

// journalDir tries what the journal will do there, without opening it: an
// engine may be running.
func journalDir(_ context.Context, c config.Config) []Finding {
	n := notes{subject: "journal"}
	dir := c.Journal.Dir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		n.add(Warn, fmt.Sprintf("%s does not exist yet: the engine makes it if it may", dir))
		return n.list
	case err != nil:
		n.add(Fail, fmt.Sprintf("cannot look at it: %v", err))
		return n.list
	case !info.IsDir():
		n.add(Fail, dir+" is no directory")
		return n.list
	case info.Mode().Perm()&0o077 != 0:
		n.add(Warn, fmt.Sprintf("%s is open to other users (%v): chmod 0700 it", dir, info.Mode().Perm()))
	}
	probe, err := os.CreateTemp(dir, "probe")
	if err != nil {
		n.add(Fail, fmt.Sprintf("cannot be written: %v", err))
		return n.list
	}
	probe.Close()
	os.Remove(probe.Name())
	waiting, _ := filepath.Glob(filepath.Join(dir, "*.journal"))
	aside, _ := filepath.Glob(filepath.Join(dir, "*.damaged"))
	refused, err := os.Stat(filepath.Join(dir, "refused.jsonl"))
	switch {
	case len(aside) > 0 || err == nil && refused.Size() > 0:
		n.add(Warn, fmt.Sprintf("%s holds damaged or refused records: see *.damaged and refused.jsonl there", dir))
	case len(waiting) > 0:
		n.add(Warn, fmt.Sprintf("%d files of records wait for PostgreSQL", len(waiting)))
	default:
		n.add(OK, dir+" can be written, nothing waits there")
	}
	return n.list
}
