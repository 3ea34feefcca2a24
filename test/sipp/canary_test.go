package sipp_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// canary is the national number of the i-th caller: ten digits that stand
// nowhere by chance.
func canary(i int) string { return fmt.Sprintf("98371946%02d", 20+i) }

// TestGivenCallersWithKnownNumbers_WhenTheyCallInEveryWay_ThenNoNumberIsWrittenAnywhere
// looks for the canaries in all that is written while they call, PostgreSQL
// away for a while included: logs, metrics, Redis, journal, database, spool.
func TestGivenCallersWithKnownNumbers_WhenTheyCallInEveryWay_ThenNoNumberIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	const callers = 12
	h, ctx := open(t, helpline.Options{Recorded: 64 << 20, Women: 4}, 90*time.Second)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	// The search must be able to find: the phones' own log has every number.
	if h.Postgres.Pause(); len(h.Trunk.Log().Containing(canary(0))) > 0 {
		t.Fatal("a number is there before anybody has called")
	}
	var calling sync.WaitGroup
	for i := range callers {
		calling.Go(func() { callAsCanary(ctx, t, h, i) })
	}
	calling.Wait()
	whileItIsFull := dumpRedis(ctx, t, h)
	journal := findIn(t, h.Dir, "canaries", everyForm(callers))
	h.Postgres.Resume()
	if err := h.Postgres.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	soon(ctx, t, 20*time.Second, "the records have reached the database", func() bool {
		return figure(ctx, t, h.Engines[0], "acd_records_queued")+figure(ctx, t, h.Engines[0], "acd_journal_bytes") == 0
	})
	after := findIn(t, h.Dir, "canaries", everyForm(callers))
	metrics, err := h.Engines[0].Metrics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range everyForm(callers) {
		for what, text := range map[string]string{"Redis": whileItIsFull + dumpRedis(ctx, t, h), "the metrics": metrics} {
			if strings.Contains(text, form) {
				t.Errorf("%s hold %s", what, form)
			}
		}
		if n := len(h.Agents.Log().Containing(form)); n > 0 {
			t.Errorf("%d messages to agents' phones hold %s", n, form)
		}
	}
	for _, hit := range append(journal, after...) {
		t.Error(hit)
	}
	found := findIn(t, h.Dir, "agents", []string{"w001"})
	if len(found) == 0 || len(h.Trunk.Log().Containing(canary(0))) == 0 || !strings.Contains(whileItIsFull, "w001") {
		t.Error("the search cannot find what is surely there")
	}
}

// everyForm is how the numbers might be written.
func everyForm(callers int) []string {
	var all []string
	for i := range callers {
		n := canary(i)
		all = append(all, n, n[:5]+" "+n[5:], n[:5]+"-"+n[5:])
	}
	return all
}

// callAsCanary: some show the number plainly, some in other headers too, some
// talk, some give up, some press keys.
func callAsCanary(ctx context.Context, t *testing.T, h *helpline.Helpline, i int) {
	from := []string{"+91", "0", "", "0091"}[i%4] + canary(i)
	line := []string{helpline.Direct, helpline.Main, helpline.Direct}[i%3]
	c, err := h.Trunk.Phone(from, phone.Display(canary(i))).Dial(ctx, line,
		phone.WithHeader("P-Asserted-Identity: <sip:"+from+"@operator>"),
		phone.WithHeader("Remote-Party-ID: <sip:"+from+"@operator>;party=calling"),
		phone.WithHeader("Diversion: <sip:"+from+"@operator>;reason=unconditional"))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.HangUp()
	if _, err := c.WaitAnswered(ctx); err != nil {
		t.Errorf("caller %d: %v", i, err)
		return
	}
	if line == helpline.Main {
		_ = c.SendDigits(ctx, "44") // two equal keys: danger
	}
	limited, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if _, err := h.Partner(limited, c); err != nil && i%3 == 0 {
		t.Errorf("caller %d: %v", i, err)
	}
	// Longer than a record may wait for the database, so that it goes to the journal.
	_ = c.HearsKind(limited, phone.Single)
}

// dumpRedis is every key with all that it holds, as text.
func dumpRedis(ctx context.Context, t *testing.T, h *helpline.Helpline) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: h.Redis.Addr})
	defer client.Close()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, key := range keys {
		all.WriteString(key + "\n")
		for _, read := range [][]any{
			{"GET", key}, {"HGETALL", key}, {"SMEMBERS", key}, {"LRANGE", key, 0, -1}, {"ZRANGE", key, 0, -1}, {"XRANGE", key, "-", "+"},
		} {
			if value, err := client.Do(ctx, read...).Result(); err == nil { // the others are of another type
				fmt.Fprintf(&all, "%v\n", value)
			}
		}
	}
	return all.String()
}

// findIn searches every file below a directory, and the names of the files.
func findIn(t *testing.T, dir, what string, forms []string) (hits []string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // a file that went away meanwhile, a socket, a link to the sounds
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		looked++
		for _, form := range forms {
			if strings.Contains(path, form) {
				hits = append(hits, fmt.Sprintf("the name of %s is one of the %s", path, what))
			}
			if at := bytes.Index(text, []byte(form)); at >= 0 {
				line := text[max(0, at-120):min(len(text), at+60)]
				hits = append(hits, fmt.Sprintf("%s holds one of the %s: …%q…", path, what, line))
				break
			}
		}
		return nil
	})
	if err != nil || looked < 20 {
		t.Errorf("searched %d files only (%v)", looked, err)
	}
	return hits
}
