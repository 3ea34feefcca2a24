package queue

import (
	"embed"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

//go:embed *.lua
var scripts embed.FS

// Clock jumps move nothing because no script and no key knows the time.
func TestScriptsKnowNoTimeAndNoExpiry(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)'(TIME|P?EXPIRE(AT)?|SETEX|PSETEX|P?TTL|EVAL)'|'(EX|PX|EXAT|PXAT)'|os\.|math\.random`)
	files, err := scripts.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := scripts.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if found := forbidden.FindString(string(raw)); found != "" {
			t.Errorf("%s uses %s", f.Name(), found)
		}
		if f.Name() != "prelude.lua" && (!strings.Contains(string(raw), "-- KEYS:") || !strings.Contains(string(raw), "-- Returns:")) {
			t.Errorf("%s does not say its KEYS and what it returns", f.Name())
		}
	}
}

func TestEveryKeyOfASiteHasItsHashTag(t *testing.T) {
	k := keysOf("north")
	for _, key := range []string{k.era, k.calls, k.agents, k.owners, k.term, k.places, k.changes} {
		if !strings.HasPrefix(key, "{north}:") {
			t.Errorf("key %s could live on another shard", key)
		}
	}
}

// Whatever is published, the watcher neither panics nor stays silent.
func FuzzDeliver(f *testing.F) {
	f.Add(`{"era":"e","calls":[],"agents":[],"gone":["c1"],"dismissed":[]}`, "e")
	f.Add(`{"era":"new","calls":[{"id":"c1","version":3}]}`, "old")
	f.Add(`[`, "")
	f.Fuzz(func(t *testing.T, payload, era string) {
		fd := newFeed()
		deliver(fd, payload, era)
		news := fd.take()
		if len(news) == 0 {
			t.Fatal("a message left no trace")
		}
		if !json.Valid([]byte(payload)) && !news[0].Gap {
			t.Fatalf("garbage became %+v", news[0])
		}
	})
}

func TestGivenASlowConsumer_WhenTheFeedIsFull_ThenItIsToldByAGap(t *testing.T) {
	f := newFeed()
	for range feedBound + 3 {
		f.push(Update{Gone: []string{"c"}})
	}
	news := f.take()
	if !news[0].Gap || len(news) != 4 {
		t.Fatalf("%d updates are left, the first is a gap: %v", len(news), news[0].Gap)
	}
	if len(f.take()) != 0 {
		t.Fatal("news came twice")
	}
}
