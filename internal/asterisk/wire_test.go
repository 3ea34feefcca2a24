package asterisk

import (
	"net/http"
	"testing"
)

func TestGivenAConnectionThatAsteriskClosed_WhenACommandComes_ThenItGoesOutOnANewOne(t *testing.T) {
	fake := newFakeARI(t)
	c := New(fake.options())
	defer c.rest.close()
	for range 3 {
		// Never sent twice, so that it must not be lost on a dead connection.
		if err := c.Play(t.Context(), "x", Prompt{ID: "p", Media: []string{"sound:x"}}); err != nil {
			t.Fatal(err)
		}
		fake.server.CloseClientConnections()
		eventually(t, "the kept connection is seen to be closed", func() bool {
			kept := c.rest.quick.take()
			c.rest.quick.keep(kept, true)
			return !kept.open()
		})
	}
	if n := fake.seen("POST"); n != 3 {
		t.Errorf("3 commands were %d requests", n)
	}
}

func TestGivenAsteriskClosesWhileACommandIsSent_WhenItMayBeRepeated_ThenItIs(t *testing.T) {
	fake := newFakeARI(t)
	closes := 0
	fake.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		if fake.seen("") != 2 && fake.seen("") != 4 {
			return false
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
		}
		closes++
		conn.Close()
		return true
	}
	c := New(fake.options())
	defer c.rest.close()
	for n := range 2 { // the second finds a connection closed, and sends again
		if err := c.HangUp(t.Context(), "x", HangUpNormal); err != nil {
			t.Fatalf("%d: %v", n+1, err)
		}
	}
	if err := c.Play(t.Context(), "x", Prompt{ID: "p", Media: []string{"sound:x"}}); !IsUnknown(err) {
		t.Errorf("a prompt that may have begun: %v", err)
	}
	if closes != 2 || fake.seen("") != 4 {
		t.Errorf("%d requests, of which %d were cut", fake.seen(""), closes)
	}
}
