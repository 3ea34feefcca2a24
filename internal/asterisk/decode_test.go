package asterisk

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// FuzzDecode holds that no frame whatever makes the decoder panic or deliver an
// event about nothing.
func FuzzDecode(f *testing.F) {
	for kind := range conversions {
		f.Add(frameOf(kind, "ch-1", map[string]any{
			"args": []string{"a"}, "digit": "1", "duration_ms": 1, "duration": 1, "cause": 16, "soft": true,
			"bridge":      map[string]any{"id": "b", "channels": []string{"ch-1"}},
			"playback":    map[string]any{"id": "p", "target_uri": "channel:ch-1", "state": "done"},
			"endpoint":    map[string]any{"technology": "PJSIP", "resource": "a1", "state": "online", "channel_ids": []string{}},
			"peer":        map[string]any{"id": "ch-2", "name": "PJSIP/a1-1"},
			"destination": "acd-b", "dialstatus": "RINGING", "eventname": "x",
		}))
	}
	for _, text := range []string{"", "null", "{}", `{"type":"Dial"}`, `{"type":"Dial","peer":null}`, `{"type":"StasisStart","channel":{"id":"x","dialplan":[]}}`, `{"type":"ChannelDestroyed","channel":{"id":"x"},"cause":1e99}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ev, v, err := decode([]byte(text), time.Now())
		if (v == delivered) != (ev != nil) || (v == malformed) != (err != nil) {
			t.Fatalf("event %v, verdict %v, error %v", ev, v, err)
		}
		if err != nil && strings.Contains(err.Error(), "panicked") {
			t.Fatalf("only the guard saved us: %v", err)
		}
		if ev != nil {
			channelOf(ev)
		}
	})
}

func TestEveryKindOfEventIsDecodedOrKnowinglySkipped(t *testing.T) {
	for _, kind := range append(appEvents, watchEvents...) {
		if conversions[kind] == nil {
			t.Errorf("%s is asked for and not understood", kind)
		}
	}
	for kind := range conversions {
		if unneeded[kind] {
			t.Errorf("%s is both needed and not", kind)
		}
	}
	if n := len(conversions) + len(unneeded); n != 46 { // Asterisk 22.10's 45 and MissingParams
		t.Errorf("%d types are known, want 46", n)
	}
}

func TestGivenAPanicInTheDecoder_WhenAFrameIsDecoded_ThenItIsMalformed(t *testing.T) {
	old := conversions["StasisEnd"]
	t.Cleanup(func() { conversions["StasisEnd"] = old })
	conversions["StasisEnd"] = func(*frame, Stamp) Event { panic("boom") }
	ev, v, err := decode([]byte(frameOf("StasisEnd", "x", nil)), time.Now())
	if ev != nil || v != malformed || err == nil {
		t.Errorf("got %v, %v, %v", ev, v, err)
	}
}

// TestTheBacklogIsAQueue compares it with a plain slice.
func TestTheBacklogIsAQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBacklog(3, func(int) {})
		var model []Event
		serial := 0
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				var events []Event
				for range rapid.IntRange(0, 4).Draw(t, "several") {
					serial++
					events = append(events, PlaybackFinished{Playback: string(rune(serial))})
				}
				b.push(events...)
				model = append(model, events...)
				continue
			}
			ev, some := b.pop()
			if some != (len(model) > 0) || some && ev != model[0] {
				t.Fatalf("popped %v %v of %v", ev, some, model)
			}
			model = model[min(1, len(model)):]
		}
		if now, peak := b.length(); now != len(model) || peak < now {
			t.Fatalf("length %d, peak %d, want %d", now, peak, len(model))
		}
	})
}

// TestRecentIdsAreRemembered holds that the latest ids are known and that the
// memory is bounded.
func TestRecentIdsAreRemembered(t *testing.T) {
	var r recent
	id := func(i int) string { return "ch-" + time.Duration(i).String() }
	for i := range 3 * recentSize {
		if r.holds(id(i)) {
			t.Fatalf("%d is known before it came", i)
		}
		r.add(id(i))
		if !r.holds(id(i)) || !r.holds(id(max(0, i-recentSize+1))) || i >= recentSize && r.holds(id(i-recentSize)) {
			t.Fatalf("wrong memory after %d", i)
		}
	}
	if len(r.known) != recentSize {
		t.Errorf("%d ids are held, want %d", len(r.known), recentSize)
	}
}

func BenchmarkDecode(b *testing.B) {
	frame := []byte(frameOf("StasisStart", "ch-1", map[string]any{"args": []string{"inbound", "1090"}}))
	for b.Loop() {
		if _, v, _ := decode(frame, time.Time{}); v != delivered {
			b.Fatal(v)
		}
	}
}
