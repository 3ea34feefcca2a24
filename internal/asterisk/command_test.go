package asterisk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// request1 is one request as the fake received it.
type request1 struct{ line, body string }

// recorded makes a client whose commands all succeed, and the list of them.
func recorded(t *testing.T) (*Client, func() request1) {
	fake := newFakeARI(t)
	got := make(chan request1, 10)
	fake.answer = func(w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		got <- request1{r.Method + " " + r.RequestURI, string(body)}
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	c := New(fake.options())
	t.Cleanup(c.rest.close)
	return c, func() request1 { return <-got }
}

func TestEachCommandIsTheRequestThatAsteriskUnderstands(t *testing.T) {
	c, last := recorded(t)
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		do   func() error
		want string
		body string
	}{
		{"claim", func() error { return c.Claim(ctx, "1.2") }, "POST /ari/events/claim?application=acd-a&channelId=1.2", ""},
		{"an id with a slash, a percent, a question mark", func() error { return c.Answer(ctx, "a/b%c?d e") }, "POST /ari/channels/a%2Fb%25c%3Fd%20e/answer", ""},
		{"hang up", func() error { return c.HangUp(ctx, "x", HangUpAnsweredElsewhere) }, "DELETE /ari/channels/x?reason=answered_elsewhere", ""},
		{"a list of media splits at bare commas only", func() error {
			return c.Play(ctx, "x", Prompt{ID: "p/1", Media: []string{"sound:a b", "sound:c,d+e"}, Language: "hi"})
		}, "POST /ari/channels/x/play/p%2F1?lang=hi&media=sound%3Aa%20b,sound%3Ac%2Cd%2Be", ""},
		{"stop playback", func() error { return c.StopPlayback(ctx, "p/1") }, "DELETE /ari/playbacks/p%2F1", ""},
		{"music", func() error { return c.StartMusic(ctx, "x", "") }, "POST /ari/channels/x/moh", ""},
		{"no music", func() error { return c.StopMusic(ctx, "x") }, "DELETE /ari/channels/x/moh", ""},
		{"bridge", func() error { return c.CreateBridge(ctx, "b") }, "POST /ari/bridges/b?type=mixing%2Cdtmf_events", ""},
		{"join", func() error { return c.AddToBridge(ctx, "b", "x", "y,z") }, "POST /ari/bridges/b/addChannel?channel=x,y%2Cz&inhibitConnectedLineUpdates=true", ""},
		{"a variable's value is in no URL", func() error { return c.ProlongLife(ctx, "x", 90*time.Second) }, "POST /ari/channels/x/variable", `{"value":"90.000","variable":"TIMEOUT(absolute)"}`},
		{"variables", func() error { return c.SetVariables(ctx, "x", map[string]string{"A": "1"}) }, "POST /ari/channels/x/variables", `{"variables":{"A":"1"}}`},
		{"move", func() error { return c.Move(ctx, "x", "acd-b", "resumed", "7") }, "POST /ari/channels/x/move?app=acd-b&appArgs=resumed%2C7", ""},
		{"continue", func() error { return c.Continue(ctx, "x", "fallback", "1090", 1) }, "POST /ari/channels/x/continue?context=fallback&extension=1090&priority=1", ""},
		{"a secret is in no URL", func() error {
			return c.SetObject(ctx, "auth", "a001.browser", map[string]string{"username": "a001", "password_digest": "MD5:x"})
		}, "PUT /ari/asterisk/config/dynamic/res_pjsip/auth/a001.browser", `{"fields":[{"attribute":"password_digest","value":"MD5:x"},{"attribute":"username","value":"a001"}]}`},
		{"drop an object", func() error { return c.DropObject(ctx, "auth", "a001.browser") }, "DELETE /ari/asterisk/config/dynamic/res_pjsip/auth/a001.browser", ""},
		{"originate keeps the number out of the URL", func() error {
			return c.Originate(ctx, Leg{ID: "c-1/ag1", Endpoint: "PJSIP/agent-1", Args: []string{"agent", "c-1"}, CallerID: `"1090" <98765>`, RingFor: 14200 * time.Millisecond, Originator: "x"})
		}, "POST /ari/channels/c-1%2Fag1", `{"endpoint":"PJSIP/agent-1","timeout":15,"callerId":"\"1090\" \u003c98765\u003e","app":"acd-a","appArgs":"agent,c-1","originator":"x"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
			if got := last(); got.line != tt.want || got.body != tt.body {
				t.Errorf("sent %s %s\nwant %s %s", got.line, got.body, tt.want, tt.body)
			}
		})
	}
}

func TestIdsAndNamesThatCannotBeSentAreRefused(t *testing.T) {
	c := New(Options{BaseURL: "http://127.0.0.1:1"})
	ctx := t.Context()
	for name, err := range map[string]error{
		"empty id":           c.HangUp(ctx, "", HangUpNormal),
		"dot dot":            c.DestroyBridge(ctx, ".."),
		"evaluated name":     c.SetVariable(ctx, "x", "A${SHELL(id)}", "1"),
		"several names":      c.SetVariables(ctx, "x", map[string]string{"A B": "1"}),
		"evaluated question": func() error { _, err := c.Variables(ctx, "x", "A})${SHELL(id)"); return err }(),
	} {
		var e *Error
		if !errors.As(err, &e) || !e.unsent || IsUnknown(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestGivenARefusal_WhenACommandFails_ThenItsStatusAndReasonAreTyped(t *testing.T) {
	fake := newFakeARI(t)
	c := New(fake.options())
	defer c.rest.close()
	answer := func(status int, body string) {
		fake.set(func() {
			fake.answer = func(w http.ResponseWriter, _ *http.Request) bool {
				w.WriteHeader(status)
				io.WriteString(w, body)
				return true
			}
		})
	}
	ctx := t.Context()

	answer(404, `{"message":"Channel not found"}`)
	if err := c.Answer(ctx, "x"); !IsNotFound(err) || IsUnknown(err) || err.Error() != "asterisk answer: 404 Channel not found" {
		t.Errorf("404: %v", err)
	}
	for name, err := range map[string]error{
		"hang up": c.HangUp(ctx, "x", HangUpNormal), "stop": c.StopPlayback(ctx, "p"), "destroy": c.DestroyBridge(ctx, "b"),
	} {
		if err != nil {
			t.Errorf("%s of what is gone: %v", name, err)
		}
	}
	answer(409, `{"message":"Bridge with given unique ID already exists."}`)
	if err := c.Claim(ctx, "x"); !IsConflict(err) || IsUnknown(err) {
		t.Errorf("409: %v", err)
	}
	if err := c.CreateBridge(ctx, "b"); err != nil {
		t.Errorf("a bridge that is there already: %v", err)
	}
	answer(500, `{"message":"Allocation failed"}`)
	if err := c.Originate(ctx, Leg{ID: "l"}); IsConflict(err) || IsUnknown(err) || !strings.Contains(err.Error(), "500 Allocation failed") {
		t.Errorf("500: %v", err)
	}
	answer(503, `<html>`)
	if err := c.Ping(ctx); err == nil || err.Error() != "asterisk ping: 503 Service Unavailable" {
		t.Errorf("503 without JSON: %v", err)
	}
	answer(200, `<html>`)
	if _, err := c.Variables(ctx, "x", "A"); err == nil {
		t.Error("an answer that is no JSON was accepted")
	}
}

// Asterisk answers 409 to any failed Originate on a connection that has seen a
// true conflict before, so the conflict has to be looked at.
func TestGivenAConflict_WhenALegIsOriginated_ThenItIsOneOnlyIfTheLegExists(t *testing.T) {
	fake := newFakeARI(t)
	found := http.StatusOK
	fake.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusConflict)
		} else {
			w.WriteHeader(found)
		}
		return true
	}
	c := New(fake.options())
	defer c.rest.close()
	for _, tt := range []struct {
		status            int
		conflict, unknown bool
	}{{http.StatusOK, true, false}, {http.StatusNotFound, false, false}, {http.StatusInternalServerError, false, true}} {
		found = tt.status
		err := c.Originate(t.Context(), Leg{ID: "l"})
		if err == nil || IsConflict(err) != tt.conflict || IsUnknown(err) != tt.unknown {
			t.Errorf("with %d for the leg: %v", tt.status, err)
		}
	}
}

func TestGivenNoAnswer_WhenTheLimitPasses_ThenTheResultIsUnknownAndTheErrorHoldsNoQuery(t *testing.T) {
	fake := newFakeARI(t)
	release := make(chan struct{})
	defer close(release)
	fake.answer = func(http.ResponseWriter, *http.Request) bool { <-release; return true }
	o := fake.options()
	o.CommandTimeout, o.QueryTimeout, o.PatientTimeout = 80*time.Millisecond, 40*time.Millisecond, 160*time.Millisecond
	type observation struct {
		op   string
		took time.Duration
	}
	var mu sync.Mutex
	var seen []observation
	o.Observe = func(op string, took time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, observation{op, took})
		if !IsUnknown(err) {
			t.Errorf("%s: observed %v", op, err)
		}
	}
	c := New(o)
	defer c.rest.close()
	ctx := t.Context()

	for _, err := range []error{c.Ping(ctx), c.Move(ctx, "x", "9876543210"), c.Answer(ctx, "x")} {
		if !IsUnknown(err) || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "98765") {
			t.Errorf("got %v", err)
		}
	}
	for i, limit := range []time.Duration{40 * time.Millisecond, 80 * time.Millisecond, 160 * time.Millisecond} {
		if seen[i].took < limit || seen[i].took > limit+2*time.Second {
			t.Errorf("%s took %v with a limit of %v", seen[i].op, seen[i].took, limit)
		}
	}
}

func TestGivenNobodyListens_WhenACommandFails_ThenItsResultIsCertain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	c := New(Options{BaseURL: "http://" + address})
	if err := c.Answer(t.Context(), "x"); err == nil || IsUnknown(err) || !strings.Contains(err.Error(), "not sent") {
		t.Errorf("got %v", err)
	}
}

func TestGivenManyCommands_WhenTheirBodiesAreNotWanted_ThenTheConnectionIsUsedAgain(t *testing.T) {
	fake := newFakeARI(t)
	fake.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNotFound)
		}
		json.NewEncoder(w).Encode(map[string]string{"message": strings.Repeat("x", 10_000)})
		return true
	}
	c := New(fake.options())
	defer c.rest.close()
	for range 100 {
		if err := c.StartMusic(t.Context(), "x", ""); err != nil {
			t.Fatal(err)
		}
		if err := c.HangUp(t.Context(), "x", HangUpNormal); err != nil {
			t.Fatal(err)
		}
	}
	if fake.dials != 1 {
		t.Errorf("200 commands took %d connections, want 1", fake.dials)
	}
}

func TestGivenCommandsThatWaitBehindPrompts_WhenAQuickOneComes_ThenItDoesNotWaitForThem(t *testing.T) {
	fake := newFakeARI(t)
	release := make(chan struct{})
	fake.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/answer") {
			<-release
		}
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	c := New(fake.options())
	defer c.rest.close()
	var patient sync.WaitGroup
	for range 100 {
		patient.Go(func() {
			if err := c.Answer(context.Background(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all patient commands wait", func() bool { return fake.seen("/answer") == 100 })
	if err := c.HangUp(t.Context(), "x", HangUpNormal); err != nil {
		t.Errorf("the quick one: %v", err)
	}
	close(release)
	patient.Wait()
}

func TestPrivateValuesShowThemselvesOnlyWhenAsked(t *testing.T) {
	ch := Channel{ID: "x", Caller: "9876543210", Variables: Variables{"PIN": "4711"}}
	encoded, err := json.Marshal(Digit{Channel: ch, Key: "7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(encoded), sprint("%v", ch), sprint("%+v", ch), sprint("%#v", ch), sprint("%s", ch.Caller), sprint("%q", ch.Caller), sprint("%x", ch.Caller)} {
		for _, secret := range []string{"98765", "4711", "39383736"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q shows %s", text, secret)
			}
		}
	}
	if ch.Caller.Plain() != "9876543210" || ch.Variables.Plain("PIN") != "4711" || ch.Variables.Plain("NONE") != "" {
		t.Error("Plain does not give the value")
	}
}

func sprint(format string, v any) string { return fmt.Sprintf(format, v) }
