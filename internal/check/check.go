// Package check looks at an installation as a whole: is the configuration
// usable, does everything around the engine answer, is it the right version,
// can the roster staff the lines. It changes nothing and takes no call.
//
// Each finding is one line that says what is wrong and what to do. FAIL means
// that calls would suffer, WARN that somebody should look, OK that it was
// looked at. A part that cannot be reached fails alone; the others are looked
// at all the same, side by side, each within its own time limit.
package check

import (
	"context"
	"sync"
	"time"

	"powerline/internal/config"
)

// Level of a finding.
type Level string

// The levels, from good to bad.
const (
	OK   Level = "OK"
	Warn Level = "WARN"
	Fail Level = "FAIL"
)

// Finding is one line of the report.
type Finding struct {
	Level   Level  `json:"level"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// limit of one part of the check: an operator waits for it.
const limit = 8 * time.Second

// part looks at one thing.
type part func(context.Context, config.Config) []Finding

// Run looks at everything the configuration names.
func Run(ctx context.Context, c config.Config) []Finding {
	return sideBySide(ctx, c, files, journalDir, soundFiles, database, liveStore, rest, manager, recorded, desks)
}

// Outbound looks at the same things as a dialer needs them, and at what only a
// dialer needs: the trunk, the keys, the tasks, the audit.
func Outbound(ctx context.Context, c config.Config) []Finding {
	return sideBySide(ctx, c, files, journalDir, soundFiles, outbound, books, liveStore, rest, trunk)
}

func sideBySide(ctx context.Context, c config.Config, parts ...part) []Finding {
	found := make([][]Finding, len(parts))
	var all sync.WaitGroup
	for i, look := range parts {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			found[i] = look(ctx, c)
		})
	}
	all.Wait()
	var report []Finding
	for _, f := range found {
		report = append(report, f...)
	}
	return report
}

// Worst is the level of the whole report.
func Worst(report []Finding) Level {
	worst := OK
	for _, f := range report {
		if f.Level == Fail {
			return Fail
		}
		if f.Level == Warn {
			worst = Warn
		}
	}
	return worst
}

// notes collects the findings of one part.
type notes struct {
	subject string
	list    []Finding
}

func (n *notes) add(level Level, text string) {
	n.list = append(n.list, Finding{level, n.subject, text})
}
