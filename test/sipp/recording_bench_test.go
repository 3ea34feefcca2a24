package sipp_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// Line 6 of what must hold: what recording costs, with the same calls, on the
// same Asterisk, in the same run. First all are recorded, then Asterisk is told to
// stop recording, and again; each stretch is measured by itself.
//
//	go test -run '^$' -bench Recording -benchtime 1x ./test/sipp
//	POWERLINE_LONG=1 … for 100 calls
func BenchmarkRecording(b *testing.B) {
	calls := scaled(30, 100)
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	b.Cleanup(cancel)
	h, err := helpline.Open(ctx, helpline.Options{Women: calls, Recorded: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(h.Close)
	if err := h.LogIn(ctx, h.People...); err != nil {
		b.Fatal(err)
	}
	for i := range calls {
		c, err := h.Trunk.Phone(number(i), phone.Sings(callerHz)).Dial(ctx, helpline.Direct)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.WaitAnswered(ctx); err != nil {
			b.Fatal(err)
		}
		if _, err := h.Partner(ctx, c); err != nil {
			b.Fatal(err)
		}
	}
	state, err := h.State(ctx)
	if err != nil {
		b.Fatal(err)
	}
	names := channelNames(ctx, b, h)
	for b.Loop() {
		recorded := cpuShare(ctx, b, h, calls)
		for _, c := range state.Calls {
			if _, err := h.Asterisk.CLI(ctx, "mixmonitor stop "+names[c.ID]); err != nil {
				b.Fatal(err)
			}
		}
		plain := cpuShare(ctx, b, h, calls)
		for i, c := range state.Calls {
			path := fmt.Sprintf("%s/again%d", h.Evidence.Spool, i)
			if _, err := h.Asterisk.CLI(ctx, fmt.Sprintf("mixmonitor start %s ,br(%s-heard.alaw)t(%s-spoken.alaw)", names[c.ID], path, path)); err != nil {
				b.Fatal(err)
			}
		}
		again := cpuShare(ctx, b, h, calls)
		b.ReportMetric(plain, "%core/call-plain")
		b.ReportMetric((recorded+again)/2, "%core/call-recorded")
		b.ReportMetric(((recorded+again)/2/plain-1)*100, "%added")
	}
}

func channelNames(ctx context.Context, b *testing.B, h *helpline.Helpline) map[string]string {
	b.Helper()
	out, err := h.Asterisk.CLI(ctx, "core show channels concise")
	if err != nil {
		b.Fatal(err)
	}
	names := map[string]string{}
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "!")
		names[f[len(f)-1]] = f[0]
	}
	return names
}

// cpuShare is how much of a core Asterisk takes for each call, in percent, over
// ten seconds.
func cpuShare(ctx context.Context, b *testing.B, h *helpline.Helpline, calls int) float64 {
	b.Helper()
	const stretch = 10 * time.Second
	before, began := cpuSeconds(b, h.Asterisk.PID()), time.Now()
	select {
	case <-ctx.Done():
		b.Fatal(ctx.Err())
	case <-time.After(stretch):
	}
	return (cpuSeconds(b, h.Asterisk.PID()) - before) / time.Since(began).Seconds() / float64(calls) * 100
}

// cpuSeconds that a process has used, of user and system.
func cpuSeconds(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		b.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		b.Fatal(err)
	}
	return float64(user+system) / 100 // ticks of 10 ms
}
