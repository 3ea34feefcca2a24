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

// ways of MixMonitor to record a channel; % is the file's path without its ending.
var ways = []struct{ name, options string }{
	{"ours", ",br(%-heard.alaw)t(%-spoken.alaw)"},
	{"unbridged-too", ",r(%-heard.alaw)t(%-spoken.alaw)"},
	{"16-bit", ",br(%-heard.sln)t(%-spoken.sln)"},
	{"stereo", "%.raw,bD"},
	{"stereo-unbridged-too", "%.raw,D"},
}

// BenchmarkRecording is line 6 of what must hold: what recording costs, with the
// same calls, on the same Asterisk, in the same run. Their bridges report keys, recorded or not, as in
// production. Each way of recording is measured between two stretches without.
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
	callers := callerChannels(ctx, b, h)
	record := func(round int, options string) {
		for i, channel := range callers {
			path := fmt.Sprintf("%s/way%d-%d", h.Evidence.Spool, round, i)
			if _, err := h.Asterisk.CLI(ctx, "mixmonitor start "+channel+" "+strings.ReplaceAll(options, "%", path)); err != nil {
				b.Fatal(err)
			}
		}
	}
	stop := func() {
		for _, channel := range callers {
			if _, err := h.Asterisk.CLI(ctx, "mixmonitor stop "+channel); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		stop() // what the engine began
		before := cpuShare(ctx, b, h, calls)
		for i, way := range ways {
			record(i, way.options)
			recorded := cpuShare(ctx, b, h, calls)
			stop()
			after := cpuShare(ctx, b, h, calls)
			plain := (before + after) / 2
			b.Logf("%-22s %.3f %% of a core for each call, beside %.3f without: +%.0f %%", way.name, recorded, plain, (recorded/plain-1)*100)
			b.ReportMetric((recorded/plain-1)*100, "%added-"+way.name)
			before = after
		}
	}
}

// callerChannels are the names of the callers' channels, on which we record.
func callerChannels(ctx context.Context, b *testing.B, h *helpline.Helpline) (names []string) {
	b.Helper()
	state, err := h.State(ctx)
	if err != nil {
		b.Fatal(err)
	}
	named := channelNames(ctx, b, h)
	for _, c := range state.Calls {
		names = append(names, named[c.ID])
	}
	return names
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
